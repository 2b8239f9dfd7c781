/* SPDX-License-Identifier: MIT */
/* Requester without faults: every operation, sizes around the MTU, completions, window, fence,
 * local operations, drain; times to the ps. */
#include "reqrig.h"
#include "tap.h"

#include <stdlib.h>

#define SIGNALED HINIC_WQE_F_SIGNALED

/* ---- times ---- */

/* Doorbell to the data in the peer's memory, and to the completion, of an RC WRITE of n bytes that
 * fits one packet, over IPv4. All terms come from the configuration. */
static void write_form(const struct vdc_hinic_cfg *c, uint32_t n, bool is_inline, uint32_t n_bb,
                       uint64_t *data, uint64_t *cqe)
{
    const struct vdc_hinic_timing *t = &c->timing;
    const uint32_t frame = 14 + 20 + 8 + 12 + 16 + n + vdc_wire_pad(n) + 4;
    const uint32_t ack = 14 + 20 + 8 + 12 + 4 + 4;

    *data = t->t_db + reqrig_read_ps(c, n_bb * HINIC_BB_SIZE) +
            (is_inline ? 0 : reqrig_read_ps(c, n)) + t->t_tx + reqrig_wire_ps(c, frame) + t->t_rx +
            reqrig_write_ps(c, n);
    *cqe = *data + t->t_ack + t->t_tx + reqrig_wire_ps(c, ack) + t->t_rx +
           reqrig_write_ps(c, sizeof(struct hinic_cqe));
}

static void measure_write(const struct vdc_hinic_cfg *cfg, bool is_inline)
{
    struct reqrig *r = reqrig_new(cfg, HINIC_QPT_RC, NULL);
    const struct vdc_hinic_cfg *c = &r->p->end[0].o->cfg;
    const uint64_t value = UINT64_C(0x1122334455667788);
    struct pair_wr wr = reqrig_wr(r, HINIC_WQE_WRITE, 8);
    uint64_t data, cqe, t0, t_data = 0, seen = 0;
    struct hinic_cqe e;

    if (is_inline) {
        wr.flags |= HINIC_WQE_F_INLINE;
        wr.data = &value;
        wr.length = 8;
    }
    pair_mr_write(&r->p->end[0], &r->local, 0, &value, 8);
    write_form(c, 8, is_inline, 1, &data, &cqe);
    t0 = r->p->now;
    (void)pair_send(&r->a, &wr);
    while (seen != value && pair_step(r->p)) {
        pair_mr_read(&r->p->end[1], &r->peer, 0, &seen, 8);
        t_data = r->p->now;
    }
    CHECK_EQ(seen, value);
    CHECK_EQ(t_data - t0, data);
    e = reqrig_cqe(r, 0);
    CHECK_EQ(e.status, HINIC_WC_SUCCESS);
    CHECK_EQ(r->p->now - t0, cqe);
    /* The timestamp is that of the acknowledgement at the device. */
    CHECK_EQ(e.timestamp,
             (t0 + cqe - reqrig_write_ps(c, sizeof(e)) - r->p->end[0].o->epoch) / VTIME_PS_PER_NS);
    reqrig_free(r);
}

static void latency(void)
{
    struct vdc_hinic_cfg c = vdc_hinic_cfg_default();
    uint64_t data, cqe;

    /* The figures of docs/rdma-latency.md. */
    write_form(&c, 8, false, 1, &data, &cqe);
    CHECK_EQ(data, 2310980);
    CHECK_EQ(cqe, 3369860);
    write_form(&c, 8, true, 1, &data, &cqe);
    CHECK_EQ(data, 1810730);
    CHECK_EQ(cqe, 2869610);
    measure_write(NULL, false);
    measure_write(NULL, true);
    c.timing.t_db = 123000;
    c.timing.t_pcie_up = 77000;
    c.timing.t_pcie_dn = 311000;
    c.timing.t_tx = 41000;
    c.timing.t_rx = 59000;
    c.timing.t_ack = 17000;
    c.pcie_gbps = 63;
    c.link.rate_bps = UINT64_C(25000000000);
    c.link.latency_ps = 1234567;
    measure_write(&c, false);
    measure_write(&c, true);
}

/* ---- operations ---- */

static void check_cqe(const struct hinic_cqe *c, uint32_t op, uint32_t sw_idx)
{
    CHECK_EQ(c->status, HINIC_WC_SUCCESS);
    CHECK_EQ(reqrig_opcode(c), op);
    CHECK_EQ(c->sw_idx, sw_idx);
    CHECK_EQ(c->cookie, 0x90);
    CHECK_EQ(c->flags & HINIC_CQE_RECV, 0);
}

static void one_size(struct reqrig *r, uint32_t len)
{
    struct pair_end *e0 = &r->p->end[0];
    struct pair_end *e1 = &r->p->end[1];
    struct pair_wr wr = reqrig_wr(r, HINIC_WQE_WRITE, len);
    const struct hinic_sge in = pair_sge(&r->peer, 0x80000, 0x40000);
    struct hinic_cqe c;

    pair_mr_fill(e0, &r->local, 0, len, len + 1);
    (void)pair_send(&r->a, &wr);
    c = reqrig_cqe(r, 0);
    CHECK_EQ(c.status, HINIC_WC_SUCCESS);
    CHECK_EQ(pair_mr_check(e1, &r->peer, 0, len, len + 1, 0), len);

    (void)pair_recv(&r->b, &in, 1);
    wr.op = HINIC_WQE_SEND;
    (void)pair_send(&r->a, &wr);
    c = reqrig_cqe(r, 1);
    CHECK_EQ(c.status, HINIC_WC_SUCCESS);
    CHECK_EQ(c.byte_len, len);
    CHECK_EQ(pair_mr_check(e1, &r->peer, 0x80000, len, len + 1, 0), len);
    c = reqrig_cqe(r, 0);
    CHECK_EQ(c.status, HINIC_WC_SUCCESS);

    wr.op = HINIC_WQE_READ;
    wr.sge[0] = pair_sge(&r->local, 0x80000, len);
    pair_mr_fill(e1, &r->peer, 0, len, len + 2);
    (void)pair_send(&r->a, &wr);
    c = reqrig_cqe(r, 0);
    CHECK_EQ(c.status, HINIC_WC_SUCCESS);
    CHECK_EQ(c.byte_len, len);
    CHECK_EQ(pair_mr_check(e0, &r->local, 0x80000, len, len + 2, 0), len);
}

static void sizes(void)
{
    static const uint32_t mtu[] = { 256, 1024, 4096 };

    for (uint32_t i = 0; i < 3; i++) {
        const struct pair_conn conn = { .path_mtu = mtu[i], .gid = i & 1 };
        struct reqrig *r = reqrig_new(NULL, HINIC_QPT_RC, &conn);
        const uint32_t size[] = {
            0, 1, 3, mtu[i] - 1, mtu[i], mtu[i] + 1, 33 * mtu[i] + 5, 200000
        };

        for (uint32_t k = 0; k < sizeof(size) / sizeof(size[0]); k++) {
            one_size(r, size[k]);
        }
        CHECK_EQ(pair_counter(r->p, 0, HINIC_CNT_RETX_BYTES), 0);
        CHECK_EQ(pair_counter(r->p, 0, HINIC_CNT_LOCAL_ACK_TIMEOUT_ERR), 0);
        reqrig_free(r);
    }
}

/* A list of odd pieces, in and out. */
static void scattered(void)
{
    struct reqrig *r = reqrig_new(NULL, HINIC_QPT_RC, NULL);
    struct pair_wr wr = reqrig_wr(r, HINIC_WQE_WRITE, 0);
    uint32_t total = 0;

    pair_mr_fill(&r->p->end[0], &r->local, 0, 0x40000, 7);
    wr.n_sge = 16;
    for (uint32_t i = 0; i < wr.n_sge; i++) { /* consecutive memory, cut anywhere */
        const uint32_t n = i == 5 ? 0 : 1 + 977 * i;

        wr.sge[i] = pair_sge(&r->local, total, n);
        total += n;
    }
    (void)pair_send(&r->a, &wr);
    CHECK_EQ(reqrig_cqe(r, 0).status, HINIC_WC_SUCCESS);
    CHECK_EQ(pair_mr_check(&r->p->end[1], &r->peer, 0, total, 7, 0), total);
    for (uint32_t i = 0; i < wr.n_sge; i++) {
        wr.sge[i].addr += 0x80000;
    }
    wr.op = HINIC_WQE_READ;
    (void)pair_send(&r->a, &wr);
    CHECK_EQ(reqrig_cqe(r, 0).status, HINIC_WC_SUCCESS);
    CHECK_EQ(pair_mr_check(&r->p->end[0], &r->local, 0x80000, total, 7, 0), total);
    reqrig_free(r);
}

static void small_operations(void)
{
    struct reqrig *r = reqrig_new(NULL, HINIC_QPT_RC, NULL);
    struct pair_end *e1 = &r->p->end[1];
    struct pair_wr wr = reqrig_wr(r, HINIC_WQE_CAS, 8);
    const struct hinic_sge in = pair_sge(&r->peer, 0x1000, 0x1000);
    uint64_t v = 41, old = 0;
    struct hinic_cqe c;

    pair_mr_write(e1, &r->peer, 0, &v, 8);
    wr.compare = 41;
    wr.swap_add = UINT64_C(0xffffffff00000001);
    (void)pair_send(&r->a, &wr);
    c = reqrig_cqe(r, 0);
    check_cqe(&c, HINIC_WQE_CAS, 0);
    pair_mr_read(&r->p->end[0], &r->local, 0, &old, 8);
    pair_mr_read(e1, &r->peer, 0, &v, 8);
    CHECK_EQ(old, 41);
    CHECK_EQ(v, UINT64_C(0xffffffff00000001));

    wr.op = HINIC_WQE_FADD;
    wr.swap_add = UINT64_C(0xffffffff);
    (void)pair_send(&r->a, &wr);
    c = reqrig_cqe(r, 0);
    check_cqe(&c, HINIC_WQE_FADD, 1);
    pair_mr_read(&r->p->end[0], &r->local, 0, &old, 8);
    pair_mr_read(e1, &r->peer, 0, &v, 8);
    CHECK_EQ(old, UINT64_C(0xffffffff00000001));
    CHECK_EQ(v, 0);

    wr = reqrig_wr(r, HINIC_WQE_ATOMIC_WRITE, 8);
    v = 0x77;
    pair_mr_write(&r->p->end[0], &r->local, 0, &v, 8);
    (void)pair_send(&r->a, &wr);
    c = reqrig_cqe(r, 0);
    check_cqe(&c, HINIC_WQE_ATOMIC_WRITE, 2);
    v = 0;
    pair_mr_read(e1, &r->peer, 0, &v, 8);
    CHECK_EQ(v, 0x77);

    wr = reqrig_wr(r, HINIC_WQE_FLUSH, 0);
    wr.n_sge = 0;
    wr.length = 64;
    wr.flush = 1; /* global visibility of a range */
    (void)pair_send(&r->a, &wr);
    c = reqrig_cqe(r, 0);
    check_cqe(&c, HINIC_WQE_FLUSH, 3);

    (void)pair_recv(&r->b, &in, 1);
    wr = reqrig_wr(r, HINIC_WQE_SEND_IMM, 5);
    wr.imm = 0x04030201;
    wr.flags |= HINIC_WQE_F_SOLICITED;
    (void)pair_send(&r->a, &wr);
    c = reqrig_cqe(r, 1);
    CHECK_EQ(c.imm, 0x04030201);
    CHECK_EQ(c.flags & (HINIC_CQE_IMM | HINIC_CQE_SOLICITED), HINIC_CQE_IMM | HINIC_CQE_SOLICITED);
    c = reqrig_cqe(r, 0);
    check_cqe(&c, HINIC_WQE_SEND_IMM, 4);

    (void)pair_recv(&r->b, &in, 1);
    wr = reqrig_wr(r, HINIC_WQE_WRITE_IMM, 9);
    wr.imm = 0x08070605;
    (void)pair_send(&r->a, &wr);
    c = reqrig_cqe(r, 1);
    CHECK_EQ(c.imm, 0x08070605);
    CHECK_EQ(c.byte_len, 9);
    c = reqrig_cqe(r, 0);
    check_cqe(&c, HINIC_WQE_WRITE_IMM, 5);
    reqrig_free(r);
}

/* ---- completions ---- */

static void unsignaled(void)
{
    struct reqrig *r = reqrig_new(NULL, HINIC_QPT_RC, NULL);
    struct pair_wr wr = reqrig_wr(r, HINIC_WQE_WRITE, 100);
    struct hinic_cqe c;

    for (uint32_t i = 0; i < 300; i++) { /* the ring of 256 blocks goes round */
        wr.flags = i % 50 == 49 ? SIGNALED : 0;
        wr.op = i % 7 == 3 ? HINIC_WQE_READ : HINIC_WQE_WRITE;
        (void)pair_post(&r->a, &wr);
        if (i % 50 == 49) {
            pair_ring(&r->a);
            c = reqrig_cqe(r, 0);
            check_cqe(&c, wr.op, i);
            CHECK_EQ(c.wqe_idx, i % 256);
        }
    }
    pair_idle(r->p);
    CHECK(!pair_poll(&r->p->end[0], &r->p->end[0].cq, &c));
    reqrig_free(r);
}

/* A READ is answered later than the WRITEs behind it: their completions wait. */
static void in_order(void)
{
    struct reqrig *r = reqrig_new(NULL, HINIC_QPT_RC, NULL);
    struct hinic_cqe c;
    uint64_t last = 0;

    for (uint32_t i = 0; i < 40; i++) {
        const uint32_t op = i % 4 == 0   ? HINIC_WQE_READ
                            : i % 4 == 1 ? HINIC_WQE_FADD
                                         : HINIC_WQE_WRITE;
        struct pair_wr wr = reqrig_wr(r, op, op == HINIC_WQE_FADD ? 8 : 1 + 700 * i);

        (void)pair_post(&r->a, &wr);
    }
    pair_ring(&r->a);
    for (uint32_t i = 0; i < 40; i++) {
        c = reqrig_cqe(r, 0);
        CHECK_EQ(c.status, HINIC_WC_SUCCESS);
        CHECK_EQ(c.sw_idx, i);
        CHECK(c.timestamp >= last);
        last = c.timestamp;
    }
    reqrig_free(r);
}

/* ---- what limits ---- */

static void window(void)
{
    struct vdc_hinic_cfg cfg = vdc_hinic_cfg_default();
    const struct pair_conn conn = { .path_mtu = 256, .timeout = 14 };
    struct reqrig *r;
    struct pair_wr wr;
    uint32_t n = 0, gap = 0;

    cfg.link.latency_ps = 50 * VTIME_PS_PER_US; /* all leaves before the first ACK */
    r = reqrig_new(&cfg, HINIC_QPT_RC, &conn);
    wr = reqrig_wr(r, HINIC_WQE_WRITE, 256 * 200);
    (void)pair_send(&r->a, &wr);
    CHECK_EQ(reqrig_cqe(r, 0).status, HINIC_WC_SUCCESS);
    while (n < r->n_log && r->log[n].from == 0) {
        const bool is_asked = r->log[n].w.is_ack_req != 0;

        gap = is_asked ? 0 : gap + 1;
        CHECK(gap < 32);
        n++;
    }
    CHECK_EQ(n, 64);
    CHECK_EQ(pair_counter(r->p, 0, HINIC_CNT_RETX_BYTES), 0);
    CHECK_EQ(pair_mr_check(&r->p->end[1], &r->peer, 0, 0, 0, 0), 0);
    reqrig_free(r);
}

/* READs on the way: never more than max_rd_atomic; a fence waits for all. */
static void outstanding(void)
{
    const struct pair_conn conn = { .rd_atomic = 3 };
    struct reqrig *r = reqrig_new(NULL, HINIC_QPT_RC, &conn);
    struct pair_wr wr = reqrig_wr(r, HINIC_WQE_READ, 64);
    int32_t out = 0, most = 0;

    for (uint32_t i = 0; i < 20; i++) {
        wr.flags = i == 19 ? SIGNALED : 0;
        (void)pair_post(&r->a, &wr);
    }
    pair_ring(&r->a);
    CHECK_EQ(reqrig_cqe(r, 0).status, HINIC_WC_SUCCESS);
    for (uint32_t i = 0; i < r->n_log; i++) {
        out += r->log[i].w.opcode == WIRE_READ_REQ ? 1 : -1;
        most = out > most ? out : most;
    }
    CHECK_EQ(most, 3);
    CHECK_EQ(out, 0);

    r->n_log = 0;
    (void)pair_post(&r->a, &wr);
    wr = reqrig_wr(r, HINIC_WQE_WRITE, 64);
    wr.flags |= HINIC_WQE_F_FENCE;
    (void)pair_send(&r->a, &wr);
    while (reqrig_cqe(r, 0).sw_idx != 21) {
    }
    CHECK_EQ(r->n_log, 4);
    CHECK_EQ(r->log[0].w.opcode, WIRE_READ_REQ);
    CHECK_EQ(r->log[1].w.opcode, WIRE_READ_RESP_ONLY);
    CHECK_EQ(r->log[2].w.opcode, WIRE_WRITE_ONLY);
    reqrig_free(r);
}

static void psn_wrap(void)
{
    const struct pair_conn conn = { .path_mtu = 256, .psn = { 0xfffff1, 0xffffff } };
    struct reqrig *r = reqrig_new(NULL, HINIC_QPT_RC, &conn);

    one_size(r, 256 * 40);
    one_size(r, 256 * 3);
    CHECK_EQ(pair_counter(r->p, 0, HINIC_CNT_RETX_BYTES), 0);
    reqrig_free(r);
}

/* ---- local operations, states ---- */

static void local_operations(void)
{
    struct reqrig *r = reqrig_new(NULL, HINIC_QPT_RC, NULL);
    struct pair_wr wr = reqrig_wr(r, HINIC_WQE_NOP, 0);
    struct hinic_cqe c;

    wr.n_sge = 0;
    for (uint32_t i = 0; i < 200; i++) { /* more than one turn handles */
        wr.flags = i % 100 == 99 ? SIGNALED : 0;
        (void)pair_post(&r->a, &wr);
    }
    pair_ring(&r->a);
    c = reqrig_cqe(r, 0);
    check_cqe(&c, HINIC_WQE_NOP, 99);
    c = reqrig_cqe(r, 0);
    check_cqe(&c, HINIC_WQE_NOP, 199);
    CHECK_EQ(r->n_log, 0);

    /* Behind a WRITE it completes behind it. */
    wr = reqrig_wr(r, HINIC_WQE_WRITE, 10000);
    (void)pair_post(&r->a, &wr);
    wr = reqrig_wr(r, HINIC_WQE_NOP, 0);
    wr.n_sge = 0;
    (void)pair_send(&r->a, &wr);
    c = reqrig_cqe(r, 0);
    check_cqe(&c, HINIC_WQE_WRITE, 200);
    c = reqrig_cqe(r, 0);
    check_cqe(&c, HINIC_WQE_NOP, 201);

    /* A key that cannot be invalidated: a plain region. */
    wr.op = HINIC_WQE_LOCAL_INV;
    wr.imm = r->local.key;
    (void)pair_send(&r->a, &wr);
    c = reqrig_cqe(r, 0);
    CHECK(c.status != HINIC_WC_SUCCESS);
    CHECK_EQ(c.sw_idx, 202);
    reqrig_free(r);
}

static void drain(void)
{
    struct reqrig *r = reqrig_new(NULL, HINIC_QPT_RC, NULL);
    struct pair_wr wr = reqrig_wr(r, HINIC_WQE_WRITE, 200000);
    const struct hinic_mb_modify_qp m = { .mask = HINIC_QPA_STATE | HINIC_QPA_SQD_NOTIFY,
                                          .state = HINIC_QPS_SQD,
                                          .sqd_notify = 1 };
    struct hinic_eqe e = { 0 };
    struct hinic_cqe c;

    (void)pair_send(&r->a, &wr);
    pair_run(r->p, r->p->now + 5 * VTIME_PS_PER_US); /* under way */
    CHECK_EQ(pair_qp_modify(&r->a, &m), 0);
    (void)pair_send(&r->a, &wr); /* not started */
    CHECK_EQ(reqrig_cqe(r, 0).sw_idx, 0);
    pair_idle(r->p);
    CHECK(pair_aeqe(&r->p->end[0], &e));
    CHECK_EQ(e.type, HINIC_EQE_SQ_DRAINED);
    CHECK_EQ(e.id, r->a.qpn);
    CHECK(!pair_aeqe(&r->p->end[0], &e));
    CHECK(!pair_poll(&r->p->end[0], &r->p->end[0].cq, &c));
    CHECK_EQ(pair_qp_to(&r->a, HINIC_QPS_RTS), 0);
    CHECK_EQ(reqrig_cqe(r, 0).sw_idx, 1);
    reqrig_free(r);
}

/* ---- UC, UD ---- */

static void unreliable(void)
{
    const struct pair_conn conn = { .path_mtu = 1024 };
    struct reqrig *r = reqrig_new(NULL, HINIC_QPT_UC, &conn);
    const struct hinic_sge in = pair_sge(&r->peer, 0x80000, 0x40000);
    struct pair_wr wr = reqrig_wr(r, HINIC_WQE_SEND_IMM, 5000);
    struct hinic_cqe c;

    pair_mr_fill(&r->p->end[0], &r->local, 0, 5000, 3);
    (void)pair_recv(&r->b, &in, 1);
    wr.imm = 99;
    (void)pair_send(&r->a, &wr);
    c = reqrig_cqe(r, 0);
    check_cqe(&c, HINIC_WQE_SEND_IMM, 0);
    c = reqrig_cqe(r, 1);
    CHECK_EQ(c.byte_len, 5000);
    CHECK_EQ(c.imm, 99);
    CHECK_EQ(pair_mr_check(&r->p->end[1], &r->peer, 0x80000, 5000, 3, 0), 5000);
    CHECK_EQ(r->n_log, 5); /* no acknowledgement */
    for (uint32_t i = 0; i < 5; i++) {
        CHECK_EQ(r->log[i].w.is_ack_req, 0);
        CHECK_EQ(WIRE_TYPE(r->log[i].w.opcode), WIRE_UC);
    }
    wr = reqrig_wr(r, HINIC_WQE_WRITE, 5000);
    (void)pair_send(&r->a, &wr);
    c = reqrig_cqe(r, 0);
    check_cqe(&c, HINIC_WQE_WRITE, 1);
    pair_idle(r->p);
    CHECK_EQ(pair_mr_check(&r->p->end[1], &r->peer, 0, 5000, 3, 0), 5000);
    reqrig_free(r);
}

static void datagrams(void)
{
    struct reqrig *r = reqrig_new(NULL, HINIC_QPT_UD, NULL);
    const struct hinic_sge in = pair_sge(&r->peer, 0x1000, 8192);
    struct pair_wr wr = reqrig_wr(r, HINIC_WQE_SEND, 4096);
    struct hinic_cqe c;

    pair_mr_fill(&r->p->end[0], &r->local, 0, 4096, 5);
    for (uint32_t gid = 0; gid < 2; gid++) {
        wr.av = pair_av(&r->p->end[0], &r->p->end[1], gid);
        (void)pair_recv(&r->b, &in, 1);
        (void)pair_send(&r->a, &wr);
        c = reqrig_cqe(r, 0);
        check_cqe(&c, HINIC_WQE_SEND, gid);
        c = reqrig_cqe(r, 1);
        CHECK_EQ(c.status, HINIC_WC_SUCCESS);
        CHECK_EQ(c.byte_len, 4096 + 40);
        CHECK_EQ(c.src_qp_sl & 0xffffff, r->a.qpn);
        CHECK_EQ(pair_mr_check(&r->p->end[1], &r->peer, 0x1000 + 40, 4096, 5, 0), 4096);
    }
    /* Top bit of the posted key: the key of the QP itself. */
    wr.qkey = 0x80000000u;
    (void)pair_recv(&r->b, &in, 1);
    (void)pair_send(&r->a, &wr);
    CHECK_EQ(reqrig_cqe(r, 1).status, HINIC_WC_SUCCESS);
    CHECK_EQ(r->log[2].w.qkey, PAIR_QKEY);
    CHECK_EQ(r->log[2].w.sqpn, r->a.qpn);
    CHECK_EQ(r->log[2].w.psn, PAIR_PSN + 2);
    reqrig_free(r);
}

/* Management datagrams between QP 1 of both ends. */
static void management(void)
{
    struct reqrig *r = reqrig_new(NULL, HINIC_QPT_GSI, NULL);
    const struct hinic_sge in = pair_sge(&r->peer, 0x1000, 296);
    struct pair_wr wr = reqrig_wr(r, HINIC_WQE_SEND, 256);
    struct hinic_cqe c;

    CHECK_EQ(r->a.qpn, 1);
    wr.qkey = 0x80010000u;
    (void)pair_recv(&r->b, &in, 1);
    pair_mr_fill(&r->p->end[0], &r->local, 0, 256, 8);
    (void)pair_send(&r->a, &wr);
    c = reqrig_cqe(r, 0);
    check_cqe(&c, HINIC_WQE_SEND, 0);
    c = reqrig_cqe(r, 1);
    CHECK_EQ(c.status, HINIC_WC_SUCCESS);
    CHECK_EQ(c.src_qp_sl & 0xffffff, 1);
    CHECK_EQ(pair_mr_check(&r->p->end[1], &r->peer, 0x1000 + 40, 256, 8, 0), 256);
    reqrig_free(r);
}

/* ---- scale ---- */

#define MANY 900u /* more than the memory engine has places for */

/* All doorbells ring at one instant; then all queue pairs are flushed at one. */
static void many(void)
{
    struct pair *p = pair_new(NULL, 3);
    struct pair_end *e = &p->end[0];
    const struct pair_srq srq = pair_srq(e, 2, 1, 0);
    const struct pair_qp_cfg qc = {
        .type = HINIC_QPT_UD, .log_sq_bb = 4, .max_send_sge = 1, .srq = &srq
    };
    struct pair_qp *q = calloc(MANY, sizeof(*q));
    struct pair_mr m = pair_mr(e, 4096, 0, PAIR_MR_FLAT);
    struct pair_wr wr = { .op = HINIC_WQE_SEND,
                          .flags = SIGNALED,
                          .n_sge = 1,
                          .sge = { pair_sge(&m, 0, 512) },
                          .dqpn = 5,
                          .qkey = PAIR_QKEY,
                          .av = pair_av(e, &p->end[1], 0) };
    struct hinic_cqe c;
    uint32_t n = 0;

    CHECK(q != NULL);
    for (uint32_t i = 0; i < MANY; i++) {
        q[i] = pair_qp(e, &qc);
        pair_ud_start(&q[i], PAIR_QKEY, 0);
    }
    pair_idle(p);
    for (uint32_t i = 0; i < MANY; i++) {
        (void)pair_post(&q[i], &wr);
        (void)pair_send(&q[i], &wr);
    }
    while (pair_wait(e, &e->cq, &c, VTIME_NEVER)) {
        CHECK_EQ(c.status, HINIC_WC_SUCCESS);
        n++;
    }
    CHECK_EQ(n, 2 * MANY);
    CHECK_EQ(p->dir[0].n_sent, 2 * MANY);
    wr.sge[0].lkey ^= 1;
    for (uint32_t i = 0; i < MANY; i++) {
        for (uint32_t k = 0; k < 4; k++) {
            (void)pair_send(&q[i], &wr);
        }
    }
    for (n = 0; pair_wait(e, &e->cq, &c, VTIME_NEVER); n++) {
        CHECK_EQ(c.status, c.sw_idx == 2 ? HINIC_WC_LOC_PROT_ERR : HINIC_WC_WR_FLUSH_ERR);
    }
    CHECK_EQ(n, 4 * MANY);
    free(q);
    pair_free(p);
}

int main(void)
{
    static const struct tap_case cases[] = {
        { "RC WRITE of 8 bytes: latency term by term", latency },
        { "sizes around the MTU, SEND, WRITE, READ", sizes },
        { "lists of 16 pieces", scattered },
        { "atomics, ATOMIC_WRITE, FLUSH, immediate data", small_operations },
        { "unsignaled work requests are skipped", unsignaled },
        { "completions in order", in_order },
        { "window of 64 packets, AckReq every 32", window },
        { "max_rd_atomic and fence", outstanding },
        { "sequence numbers wrap", psn_wrap },
        { "local operations", local_operations },
        { "SQD finishes what has started", drain },
        { "UC", unreliable },
        { "UD, both families, queue keys", datagrams },
        { "GSI", management },
        { "900 queue pairs at once", many },
    };

    return tap_run(cases, (int)(sizeof(cases) / sizeof(cases[0])));
}
