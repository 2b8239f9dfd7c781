/* SPDX-License-Identifier: MIT */
/* Performance agent: what it answers, what it leaves to others, clearing. */
#include "pair.h"
#include "state.h"
#include "tap.h"

static struct host *o;

static struct hinic_mb_mad ask(uint32_t cls, uint32_t method, uint32_t attr, uint32_t port)
{
    struct hinic_mb_mad m = { .port = 1 };
    struct hinic_mb_mad r;

    m.mad[0] = 1;
    m.mad[1] = (uint8_t)cls;
    m.mad[2] = 1;
    m.mad[3] = (uint8_t)method;
    m.mad[15] = 0x99; /* transaction */
    vdc_hinic_put_be16(m.mad + 16, attr);
    m.mad[65] = (uint8_t)port;
    CHECK_EQ(host_cmd(o, HINIC_AQ_MAD_IFC, 0, NULL, 0, &m, sizeof(m), &r, sizeof(r)), HINIC_AQ_OK);
    CHECK_EQ(r.mad[15], 0x99);
    return r;
}

static void answers(void)
{
    struct hinic_mb_mad r;

    o = host_new(NULL);
    host_start(o);
    o->h->dev.cnt[HINIC_CNT_TX_BYTES] = UINT64_C(0x1234567890) * 4;
    o->h->dev.cnt[HINIC_CNT_RX_FRAMES] = 77;
    o->h->dev.cnt[HINIC_CNT_TX_DISCARDS] = 70000;
    r = ask(4, 1, 0x12, 1);
    CHECK_EQ(r.port, 3); /* SUCCESS, REPLY */
    CHECK_EQ(r.mad[3], 0x81);
    CHECK_EQ(vdc_hinic_be16(r.mad + 4), 0);
    CHECK_EQ(vdc_hinic_be32(r.mad + 64 + 24), UINT32_MAX); /* stays at the end */
    CHECK_EQ(vdc_hinic_be32(r.mad + 64 + 36), 77);
    CHECK_EQ(vdc_hinic_be16(r.mad + 64 + 14), UINT16_MAX);
    r = ask(4, 1, 0x1d, 1);
    CHECK_EQ(vdc_hinic_be32(r.mad + 64 + 8), 0x12);
    CHECK_EQ(vdc_hinic_be32(r.mad + 64 + 12), 0x34567890);
    CHECK_EQ(vdc_hinic_be32(r.mad + 64 + 36), 77);
    r = ask(4, 1, 1, 0);
    CHECK_EQ(vdc_hinic_be16(r.mad + 66), 0x200); /* extended counters */
    r = ask(4, 2, 0x12, 1);
    CHECK_EQ(vdc_hinic_be32(r.mad + 64 + 36), 0);
    o->h->dev.cnt[HINIC_CNT_RX_FRAMES] += 5;
    r = ask(4, 1, 0x12, 0xff);
    CHECK_EQ(vdc_hinic_be32(r.mad + 64 + 36), 5);
    CHECK_EQ(vdc_hinic_be16(ask(4, 1, 0x77, 1).mad + 4), 0x0c);
    CHECK_EQ(vdc_hinic_be16(ask(4, 1, 0x12, 2).mad + 4), 0x1c);
    r = ask(7, 1, 0x12, 1); /* another class: not answered */
    CHECK_EQ(r.port, 1);
    CHECK_EQ(r.mad[3], 1);
    host_free(o);
}

static void refusals(void)
{
    struct hinic_mb_mad m = { .port = 2 };
    struct hinic_mb_mad r;

    o = host_new(NULL);
    host_start(o);
    CHECK_EQ(host_cmd(o, HINIC_AQ_MAD_IFC, 0, NULL, 0, &m, sizeof(m), &r, sizeof(r)),
             HINIC_AQ_BAD_PARAM);
    m.port = 1;
    m.rsv0 = 1;
    CHECK_EQ(host_cmd(o, HINIC_AQ_MAD_IFC, 0, NULL, 0, &m, sizeof(m), &r, sizeof(r)),
             HINIC_AQ_BAD_PARAM);
    host_free(o);
}

static const struct tap_case cases[] = { { "answers", answers }, { "refusals", refusals } };

TAP_MAIN(cases)
