/* SPDX-License-Identifier: MIT */
/* Ethernet commands: every refusal, and that a refused command changes nothing. */
#include "host.h"
#include "tap.h"

static uint32_t inl(struct host *o, uint32_t op, const void *p, uint32_t n)
{
    return host_cmd(o, op, 1, p, n, NULL, 0, NULL, 0);
}

static void create(void)
{
    struct host *o = host_new(NULL);
    struct hinic_mb_create_q good = { .log_depth = 5, .vector = 1, .queue = 3 };

    host_start(o);
    good.desc = host_pbl(host_alloc(o, 4096, 4096), 12, 1);
    good.cpl = host_pbl(host_alloc(o, 4096, 4096), 12, 1);
    for (uint32_t op = HINIC_AQ_CREATE_TXQ; op <= HINIC_AQ_CREATE_RXQ; op++) {
        struct host_queue k = { .q = 3, .is_rx = op == HINIC_AQ_CREATE_RXQ };

        for (uint32_t i = 0; i < 9; i++) {
            static const uint8_t want[] = { HINIC_AQ_BAD_PARAM, HINIC_AQ_BAD_PARAM, HINIC_AQ_LIMIT,
                                            HINIC_AQ_LIMIT,     HINIC_AQ_LIMIT,     HINIC_AQ_LIMIT,
                                            HINIC_AQ_BAD_PARAM, HINIC_AQ_OK,        HINIC_AQ_BUSY };
            struct hinic_mb_create_q m = good;

            m.rsv = i == 0;
            m.count = i == 1 ? 2 : 0;
            m.log_depth = i == 2 ? 3 : i == 3 ? 13 : 5;
            m.vector = i == 4 ? 16 : 1;
            m.queue = i == 5 ? 4 : 3;
            m.cpl.n = i == 6 ? 2 : 1;
            CHECK_EQ(host_cmd(o, op, 1, NULL, 0, &m, sizeof(m), NULL, 0), want[i]);
        }
        CHECK_EQ(host_destroy(o, &k), HINIC_AQ_OK);
        CHECK_EQ(host_destroy(o, &k), HINIC_AQ_BAD_STATE);
    }
    host_free(o);
}

static void inline_forms(void)
{
    struct host *o = host_new(NULL);
    struct hinic_inl_destroy_q d = { .queue = 4 };
    struct hinic_inl_rx_mode r = { .flags = 8 };
    struct hinic_inl_mac m = { .mac = { 1 } };
    struct hinic_inl_vlan v = { .vid = 4096, .add = 1 };
    struct hinic_inl_offload f = { .flags = 32 };
    struct hinic_inl_moderation n = { .queue = 0, .count = 2 };
    struct host_queue k;

    host_start(o);
    CHECK_EQ(inl(o, HINIC_AQ_DESTROY_Q, &d, sizeof(d)), HINIC_AQ_LIMIT);
    d = (struct hinic_inl_destroy_q){ .is_rx = 2 };
    CHECK_EQ(inl(o, HINIC_AQ_DESTROY_Q, &d, sizeof(d)), HINIC_AQ_BAD_PARAM);
    d = (struct hinic_inl_destroy_q){ .rsv = 1 };
    CHECK_EQ(inl(o, HINIC_AQ_DESTROY_Q, &d, sizeof(d)), HINIC_AQ_BAD_PARAM);
    CHECK_EQ(inl(o, HINIC_AQ_SET_RX_MODE, &r, sizeof(r)), HINIC_AQ_BAD_PARAM);
    r = (struct hinic_inl_rx_mode){ .rsv = 1 };
    CHECK_EQ(inl(o, HINIC_AQ_SET_RX_MODE, &r, sizeof(r)), HINIC_AQ_BAD_PARAM);
    CHECK_EQ(inl(o, HINIC_AQ_SET_MAC, &m, sizeof(m)), HINIC_AQ_BAD_PARAM);
    memset(&m, 0, sizeof(m));
    CHECK_EQ(inl(o, HINIC_AQ_SET_MAC, &m, sizeof(m)), HINIC_AQ_BAD_PARAM);
    m = (struct hinic_inl_mac){ .mac = { 2 }, .rsv = 1 };
    CHECK_EQ(inl(o, HINIC_AQ_SET_MAC, &m, sizeof(m)), HINIC_AQ_BAD_PARAM);
    CHECK_EQ(inl(o, HINIC_AQ_SET_VLAN, &v, sizeof(v)), HINIC_AQ_BAD_PARAM);
    v = (struct hinic_inl_vlan){ .vid = 4095, .add = 2 };
    CHECK_EQ(inl(o, HINIC_AQ_SET_VLAN, &v, sizeof(v)), HINIC_AQ_BAD_PARAM);
    v = (struct hinic_inl_vlan){ .vid = 4095, .rsv = 1 };
    CHECK_EQ(inl(o, HINIC_AQ_SET_VLAN, &v, sizeof(v)), HINIC_AQ_BAD_PARAM);
    CHECK_EQ(inl(o, HINIC_AQ_SET_OFFLOAD, &f, sizeof(f)), HINIC_AQ_BAD_PARAM);
    CHECK_EQ(inl(o, HINIC_AQ_SET_MODERATION, &n, sizeof(n)), HINIC_AQ_BAD_PARAM);
    n = (struct hinic_inl_moderation){ .queue = 4 };
    CHECK_EQ(inl(o, HINIC_AQ_SET_MODERATION, &n, sizeof(n)), HINIC_AQ_LIMIT);
    n = (struct hinic_inl_moderation){ .queue = 0 };
    CHECK_EQ(inl(o, HINIC_AQ_SET_MODERATION, &n, sizeof(n)), HINIC_AQ_BAD_STATE);
    CHECK_EQ(host_queue(o, &k, 0, false, 4, 1), HINIC_AQ_OK);
    CHECK_EQ(inl(o, HINIC_AQ_SET_MODERATION, &n, sizeof(n)), HINIC_AQ_OK);
    n.is_rx = 1;
    CHECK_EQ(inl(o, HINIC_AQ_SET_MODERATION, &n, sizeof(n)), HINIC_AQ_BAD_STATE);
    host_free(o);
}

static void rss(void)
{
    struct host *o = host_new(NULL);
    struct hinic_mb_rss m = { .types = HINIC_RSS_ALL };

    host_start(o);
    CHECK_EQ(host_cmd(o, HINIC_AQ_SET_RSS, 1, NULL, 0, &m, sizeof(m), NULL, 0), HINIC_AQ_OK);
    m.table[127] = 4;
    CHECK_EQ(host_cmd(o, HINIC_AQ_SET_RSS, 1, NULL, 0, &m, sizeof(m), NULL, 0), HINIC_AQ_LIMIT);
    m.table[127] = 3;
    CHECK_EQ(host_cmd(o, HINIC_AQ_SET_RSS, 1, NULL, 0, &m, sizeof(m), NULL, 0), HINIC_AQ_OK);
    m.types = 64;
    CHECK_EQ(host_cmd(o, HINIC_AQ_SET_RSS, 1, NULL, 0, &m, sizeof(m), NULL, 0), HINIC_AQ_BAD_PARAM);
    m.types = 0;
    m.rsv = 1;
    CHECK_EQ(host_cmd(o, HINIC_AQ_SET_RSS, 1, NULL, 0, &m, sizeof(m), NULL, 0), HINIC_AQ_BAD_PARAM);
    host_free(o);
}

static const struct tap_case cases[] = {
    { "creating queues", create },
    { "inline commands", inline_forms },
    { "RSS", rss },
};

TAP_MAIN(cases)
