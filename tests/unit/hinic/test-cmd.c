/* SPDX-License-Identifier: MIT */
/* Device and port commands: what they answer and refuse. */
#include "host.h"
#include "tap.h"

static uint32_t set_port(struct host *o, uint32_t mask, uint32_t set, uint32_t mtu)
{
    const struct hinic_mb_set_port m = { .mask = mask, .set = set, .mtu = mtu };

    return host_cmd(o, HINIC_AQ_SET_PORT, 1, NULL, 0, &m, sizeof(m), NULL, 0);
}

static void mtu(void)
{
    struct host *o = host_new(NULL);
    struct hinic_mb_query_port q;

    host_start(o);
    CHECK_EQ(set_port(o, HINIC_SET_PORT_MTU, 0, 67), HINIC_AQ_LIMIT);
    CHECK_EQ(set_port(o, HINIC_SET_PORT_MTU, 0, 9001), HINIC_AQ_LIMIT);
    CHECK_EQ(set_port(o, 0, 0, 1500), HINIC_AQ_BAD_PARAM);
    CHECK_EQ(set_port(o, HINIC_SET_PORT_CAP, 1, 0), HINIC_AQ_BAD_PARAM);
    CHECK_EQ(set_port(o, 4, 0, 0), HINIC_AQ_BAD_PARAM);
    CHECK_EQ(host_cmd(o, HINIC_AQ_QUERY_PORT, 1, NULL, 0, NULL, 0, &q, sizeof(q)), HINIC_AQ_OK);
    CHECK_EQ(q.mtu, 4200);
    CHECK_EQ(set_port(o, HINIC_SET_PORT_MTU, 0, 68), HINIC_AQ_OK);
    CHECK_EQ(set_port(o, HINIC_SET_PORT_MTU, 0, 9000), HINIC_AQ_OK);
    CHECK_EQ(host_cmd(o, HINIC_AQ_QUERY_PORT, 1, NULL, 0, NULL, 0, &q, sizeof(q)), HINIC_AQ_OK);
    CHECK_EQ(q.mtu, 9000);
    CHECK_EQ(q.mtu_max, 4200);
    host_free(o);
}

static void stats(void)
{
    struct host *o = host_new(NULL);
    uint64_t s[HINIC_CNT_N];
    struct host_queue tx;

    host_start(o);
    CHECK_EQ(host_queue(o, &tx, 0, false, 4, 1), HINIC_AQ_OK);
    for (uint32_t i = 0; i < 5; i++) {
        host_tx(o, &tx, HOST_BASE, 100, HINIC_TXD_EOP);
    }
    host_ring(o, &tx);
    host_idle(o);
    CHECK_EQ(host_cmd(o, HINIC_AQ_GET_STATS, 1, NULL, 0, NULL, 0, s, sizeof(s)), HINIC_AQ_OK);
    for (uint32_t i = 0; i < HINIC_CNT_N; i++) {
        CHECK_EQ(s[i], i == HINIC_CNT_VTIME_NS ? s[i] : host_counter(o, i));
    }
    CHECK_EQ(s[HINIC_CNT_TX_FRAMES], 5);
    CHECK_EQ(s[HINIC_CNT_TX_BYTES], 500);
    CHECK_EQ(s[HINIC_CNT_OF_PRIO(0, HINIC_PRIO_TX_PACKETS)], 5);
    CHECK(s[HINIC_CNT_VTIME_NS] > 0);
    CHECK_EQ(host_read(o, HINIC_R_COUNTERS(0) + 8 * HINIC_CNT_TX_FRAMES, 8), 5);
    CHECK_EQ(host_counter(o, HINIC_CNT_N), 0);
    CHECK_EQ(host_cmd(o, HINIC_AQ_CLEAR_STATS, 1, NULL, 0, NULL, 0, NULL, 0), HINIC_AQ_OK);
    for (uint32_t i = 0; i < HINIC_CNT_N; i++) {
        CHECK_EQ(host_counter(o, i), 0);
    }
    host_free(o);
}

/* Only the bytes of the answer are written, and nothing if the command failed. */
static void output_bytes(void)
{
    struct host *o = host_new(NULL);
    struct hinic_aq_sqe s = { .opcode = HINIC_AQ_QUERY_DEV };
    const uint8_t *b;

    host_start(o);
    s.out_pa = o->mb_out;
    b = host_ptr(o, o->mb_out, 4096);
    memset(host_ptr(o, o->mb_out, 4096), 0xcc, 4096);
    s.vf = 1;
    CHECK_EQ(host_sqe(o, &s), HINIC_AQ_BAD_PARAM);
    CHECK_EQ(b[0], 0xcc);
    s.vf = 0;
    CHECK_EQ(host_sqe(o, &s), HINIC_AQ_OK);
    CHECK(b[sizeof(struct hinic_mb_query_dev) - 1] != 0xcc);
    for (size_t i = sizeof(struct hinic_mb_query_dev); i < 4096; i++) {
        CHECK_EQ(b[i], 0xcc);
    }
    host_free(o);
}

static const struct tap_case cases[] = {
    { "MTU", mtu },
    { "counters", stats },
    { "output mailbox", output_bytes },
};

TAP_MAIN(cases)
