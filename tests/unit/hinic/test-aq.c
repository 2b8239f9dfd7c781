/* SPDX-License-Identifier: MIT */
/* Admin queue: order, timing, form of commands, full rings, failing memory. */
#include "host.h"
#include "tap.h"

#define T(o) (&(o)->cfg.timing)

static uint64_t bus(const struct host *o, uint32_t len)
{
    return ((uint64_t)len * 8000 + o->cfg.pcie_gbps - 1) / o->cfg.pcie_gbps;
}

static void query(void)
{
    struct host *o = host_new(NULL);
    struct hinic_mb_query_dev q;
    struct hinic_mb_query_port p;

    host_start(o);
    CHECK_EQ(host_cmd(o, HINIC_AQ_QUERY_DEV, 0, NULL, 0, NULL, 0, &q, sizeof(q)), HINIC_AQ_OK);
    CHECK_EQ(q.eth_qpairs, o->cfg.n_qpairs);
    CHECK_EQ(q.caps & HINIC_CAP_ETH, HINIC_CAP_ETH);
    CHECK_EQ(q.n_counters, HINIC_CNT_N);
    CHECK_EQ(q.node_guid, UINT64_C(0x0248434149000000));
    CHECK_EQ(host_cmd(o, HINIC_AQ_QUERY_PORT, 1, NULL, 0, NULL, 0, &p, sizeof(p)), HINIC_AQ_OK);
    CHECK_EQ(p.state, HINIC_PORT_ACTIVE);
    CHECK_EQ(p.mbps, 100000);
    CHECK_EQ(p.mtu, 4200);
    CHECK_EQ(host_counter(o, HINIC_CNT_GUEST_ERRORS), 0);
    host_free(o);
}

/* From the doorbell to the interrupt: the sum of the configured terms. */
static void timing(void)
{
    struct host *o = host_new(NULL);
    struct hinic_mb_set_port m = { .mask = HINIC_SET_PORT_MTU, .mtu = 1500 };
    uint32_t n_msi;
    vtime_t t0;
    vtime_t want;

    host_start(o);
    n_msi = o->n_msi[0];
    t0 = o->now;
    CHECK_EQ(host_cmd(o, HINIC_AQ_SET_PORT, 1, NULL, 0, &m, sizeof(m), NULL, 0), HINIC_AQ_OK);
    want = t0 + T(o)->t_db + 2 * (T(o)->t_pcie_up + T(o)->t_pcie_dn) + bus(o, 64) +
           bus(o, sizeof(m)) + T(o)->t_aq + bus(o, 16) + T(o)->t_pcie_up;
    CHECK_EQ(o->t_cqe, want);
    host_idle(o);
    CHECK_EQ(o->n_msi[0], n_msi + 1);
    CHECK_EQ(o->t_msi[0], want + T(o)->t_msi);
    host_free(o);
}

/* Many commands in the ring at once: in order, one after another, and over the wrap. */
static void in_order(void)
{
    struct host *o = host_new(NULL);

    host_start(o);
    for (uint32_t round = 0; round < 5; round++) {
        const uint16_t first = o->sq_pi;

        for (uint32_t i = 0; i < 11; i++) {
            struct hinic_aq_sqe s = { .opcode = HINIC_AQ_CLEAR_STATS,
                                      .cmd_id = (uint16_t)(100 + i),
                                      .port = 1 };

            if (i % 3 == 1) {
                s.opcode = 0xee;
            }
            memcpy(host_ptr(o, o->sq + (uint64_t)(o->sq_pi++ & 15) * 64, 64), &s, sizeof(s));
        }
        host_write(o, HINIC_R_AQ_DB, 4, o->sq_pi);
        host_idle(o);
        for (uint32_t i = 0; i < 11; i++) {
            const struct hinic_aq_cqe *c = host_ptr(o, o->cq + (uint64_t)(o->cq_ci & 15) * 16, 16);

            CHECK_EQ(c->cmd_id, 100 + i);
            CHECK_EQ(c->own & 1, (o->cq_ci >> 4 & 1) ^ 1);
            CHECK_EQ(c->status, i % 3 == 1 ? HINIC_AQ_BAD_OP : HINIC_AQ_OK);
            o->cq_ci++;
        }
        CHECK_EQ((uint16_t)(o->sq_pi - first), 11);
        host_write(o, HINIC_R_AQ_CQ_CI, 4, o->cq_ci);
        host_idle(o);
    }
    host_free(o);
}

/* With a full completion ring the device waits. */
static void full_cq(void)
{
    struct host *o = host_new(NULL);

    host_start(o);
    for (uint32_t i = 0; i < 20; i++) {
        struct hinic_aq_sqe s = { .opcode = HINIC_AQ_CLEAR_STATS,
                                  .cmd_id = (uint16_t)i,
                                  .port = 1 };

        memcpy(host_ptr(o, o->sq + (uint64_t)(o->sq_pi++ & 15) * 64, 64), &s, sizeof(s));
        host_write(o, HINIC_R_AQ_DB, 4, o->sq_pi);
        host_idle(o);
    }
    CHECK_EQ(((struct hinic_aq_cqe *)host_ptr(o, o->cq + 15 * 16, 16))->cmd_id, 15);
    CHECK_EQ(((struct hinic_aq_cqe *)host_ptr(o, o->cq, 16))->cmd_id, 0); /* 16 waits */
    host_write(o, HINIC_R_AQ_CQ_CI, 4, 4);
    host_idle(o);
    CHECK_EQ(((struct hinic_aq_cqe *)host_ptr(o, o->cq + 3 * 16, 16))->cmd_id, 19);
    host_free(o);
}

static void refused(void)
{
    struct host *o = host_new(NULL);
    struct hinic_aq_sqe ok = { .opcode = HINIC_AQ_QUERY_PORT, .port = 1 };
    uint64_t n;

    host_start(o);
    ok.out_pa = o->mb_out;
    CHECK_EQ(host_sqe(o, &ok), HINIC_AQ_OK);
    n = host_counter(o, HINIC_CNT_AQ_ERRORS);
    for (uint32_t i = 0; i < 12; i++) {
        struct hinic_aq_sqe s = ok;

        s.opcode = i == 0 ? 0 : s.opcode;
        s.flags = (uint8_t)(i == 1 ? 2 : i == 2 ? HINIC_AQ_F_IN : 0);
        s.vf = i == 3;
        s.port = (uint8_t)(i == 4 ? 0 : i == 5 ? 2 : 1);
        s.rsv = i == 6;
        s.in_pa = i == 7 ? o->mb_in : 0;
        s.out_pa += i == 8 ? 64 : 0;
        s.inl[0] = i == 9;
        s.inl[39] = i == 10;
        if (i == 11) {
            s.opcode = HINIC_AQ_CLEAR_STATS; /* has no output */
        }
        CHECK_EQ(host_sqe(o, &s), i == 0 ? HINIC_AQ_BAD_OP : HINIC_AQ_BAD_PARAM);
    }
    CHECK_EQ(host_counter(o, HINIC_CNT_AQ_ERRORS), n + 12);
    CHECK_EQ(host_counter(o, HINIC_CNT_GUEST_ERRORS), 12);
    CHECK_EQ(o->last_gerr, HINIC_GERR_AQ_CMD);
    host_free(o);
}

/* Every opcode with junk: an answer, no crash, and the queue works afterwards. */
static void every_opcode(void)
{
    struct host *o = host_new(NULL);
    struct hinic_mb_query_dev q;

    host_start(o);
    for (uint32_t op = 0; op < 256; op++) {
        struct hinic_aq_sqe s;

        memset(&s, 0xff, sizeof(s));
        s.opcode = (uint8_t)op;
        CHECK(host_sqe(o, &s) != HINIC_AQ_OK);
        memset(&s, 0, sizeof(s));
        s.opcode = (uint8_t)op;
        s.flags = HINIC_AQ_F_IN;
        s.port = op >= HINIC_AQ_CREATE_TXQ;
        s.in_pa = o->mb_in;
        memset(host_ptr(o, o->mb_in, 4096), 0xff, 4096);
        CHECK(host_sqe(o, &s) != HINIC_AQ_OK);
    }
    CHECK_EQ(host_cmd(o, HINIC_AQ_QUERY_DEV, 0, NULL, 0, NULL, 0, &q, sizeof(q)), HINIC_AQ_OK);
    host_free(o);
}

static void fatal_if(uint64_t sq, uint64_t cq, uint64_t in)
{
    struct host *o = host_new(NULL);
    struct hinic_aq_sqe s = { .opcode = HINIC_AQ_SET_PORT, .port = 1, .flags = HINIC_AQ_F_IN };
    struct hinic_eqe e;

    host_enable(o);
    host_idle(o);
    s.in_pa = in ? in : o->mb_in;
    memcpy(host_ptr(o, o->sq, 64), &s, sizeof(s));
    if (sq) {
        o->hole_from = o->sq;
        o->hole_to = o->sq + 64;
    }
    if (cq) {
        o->hole_from = o->cq;
        o->hole_to = o->cq + 16;
    }
    host_write(o, HINIC_R_AQ_DB, 4, 1);
    host_idle(o);
    CHECK_EQ(host_read(o, HINIC_R_DEV_STATUS, 4) & ~1u,
             HINIC_DEV_STATUS_FATAL | HINIC_FATAL_AQ << 8);
    CHECK(host_aeqe(o, &e));
    CHECK_EQ(e.type, HINIC_EQE_DEVICE_FATAL);
    CHECK_EQ(e.data, HINIC_FATAL_AQ);
    CHECK_EQ(o->n_msi[0], 1);
    /* Nothing works until a reset, then everything does. */
    host_write(o, HINIC_R_AQ_DB, 4, 2);
    host_idle(o);
    o->hole_to = 0;
    host_enable(o);
    CHECK_EQ(host_cmd(o, HINIC_AQ_CLEAR_STATS, 1, NULL, 0, NULL, 0, NULL, 0), HINIC_AQ_OK);
    host_free(o);
}

static void failing_memory(void)
{
    fatal_if(1, 0, 0);
    fatal_if(0, 1, 0);
    fatal_if(0, 0, UINT64_C(0xdead0000000));
}

static void doorbell(void)
{
    struct host *o = host_new(NULL);

    host_write(o, HINIC_R_AQ_DB, 4, 1); /* not enabled */
    CHECK_EQ(host_counter(o, HINIC_CNT_GUEST_ERRORS), 1);
    host_start(o);
    host_write(o, HINIC_R_AQ_DB, 4, 17);
    host_write(o, HINIC_R_AQ_DB, 4, 65535);
    host_write(o, HINIC_R_AQ_DB, 4, 65536);
    host_write(o, HINIC_R_AQ_CQ_CI, 4, 1);
    CHECK_EQ(host_counter(o, HINIC_CNT_GUEST_ERRORS), 5);
    CHECK_EQ(host_read(o, HINIC_R_LAST_GUEST_ERR, 4), HINIC_GERR_AQ_DB);
    host_idle(o);
    CHECK_EQ(o->n_gerr, 5);
    CHECK_EQ(host_cmd(o, HINIC_AQ_CLEAR_STATS, 1, NULL, 0, NULL, 0, NULL, 0), HINIC_AQ_OK);
    host_free(o);
}

static const struct tap_case cases[] = {
    { "query commands answer", query },
    { "time of a command is the sum of its terms", timing },
    { "commands run in order over the wrap", in_order },
    { "a full completion ring holds the queue", full_cq },
    { "malformed commands are refused without effect", refused },
    { "every opcode with junk gets an answer", every_opcode },
    { "failing memory is fatal and reset recovers", failing_memory },
    { "index jumps are ignored", doorbell },
};

TAP_MAIN(cases)
