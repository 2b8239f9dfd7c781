/* SPDX-License-Identifier: MIT */
/* Queue pairs: what a transition leads to, events, and the promise of a device that may send. */
#include "pair.h"
#include "state.h"
#include "tap.h"

static struct pair *pair;
static struct pair_qp a, b;
static struct pair_mr peer;
static vtime_t first; /* departure of the first frame seen */

static void tap(void *ctx, uint32_t from, const struct vdc_msg *m, const uint8_t *bytes)
{
    (void)ctx;
    (void)bytes;
    if (from == 0 && first == VTIME_NEVER) {
        first = m->depart + pair->end[0].o->epoch;
    }
}

static void open_pair(void)
{
    const struct pair_qp_cfg c = { .type = HINIC_QPT_RC };

    pair = pair_new(NULL, 1);
    a = pair_qp(&pair->end[0], &c);
    b = pair_qp(&pair->end[1], &c);
    peer = pair_mr(&pair->end[1], 4096, 0xf, PAIR_MR_FLAT);
    pair->tap = tap;
    first = VTIME_NEVER;
}

static const uint8_t bytes[64];

static struct pair_wr inline_write(void)
{
    return (struct pair_wr){ .op = HINIC_WQE_WRITE,
                             .flags = HINIC_WQE_F_SIGNALED | HINIC_WQE_F_INLINE,
                             .data = bytes,
                             .length = 16,
                             .rkey = peer.key,
                             .raddr = peer.va };
}

/* Two trips over the bus until a queue pair may send, one from then on, two again without it; and a
 * doorbell reaches the wire no earlier. */
static void promise(void)
{
    const struct vdc_hinic_timing *t;
    const struct vdc_hinic *h;
    uint64_t trip;
    struct pair_wr w;
    vtime_t least;

    open_pair();
    h = pair->end[0].o->h;
    t = &pair->end[0].o->cfg.timing;
    trip = t->t_pcie_up + t->t_pcie_dn;
    pair_idle(pair);
    CHECK_EQ(vdc_hinic_promise(h, pair->now), pair->now + t->t_db + 2 * trip + t->t_tx);
    pair_connect(&a, &b, NULL);
    pair_idle(pair);
    least = vdc_hinic_promise(h, pair->now);
    CHECK_EQ(least, pair->now + t->t_db + trip + t->t_tx);
    w = inline_write();
    (void)pair_send(&a, &w);
    pair_idle(pair);
    CHECK(first != VTIME_NEVER);
    CHECK(first >= least);
    CHECK(first <= least + 50 * VTIME_PS_PER_NS); /* it is the shortest way */
    CHECK_EQ(pair_qp_to(&a, HINIC_QPS_SQD), HINIC_AQ_OK);
    pair_idle(pair);
    CHECK_EQ(vdc_hinic_promise(h, pair->now), pair->now + t->t_db + trip + t->t_tx);
    CHECK_EQ(pair_qp_to(&a, HINIC_QPS_ERR), HINIC_AQ_OK);
    pair_idle(pair);
    CHECK_EQ(vdc_hinic_promise(h, pair->now), pair->now + t->t_db + 2 * trip + t->t_tx);
    pair_free(pair);
}

static uint32_t count(struct pair_end *e, uint32_t type, uint32_t id)
{
    struct hinic_eqe q;
    uint32_t n = 0;

    while (pair_aeqe(e, &q)) {
        n += q.type == type && q.id == id;
    }
    return n;
}

/* SQD with notice: one event, when what was started has ended. */
static void drained(void)
{
    struct hinic_mb_modify_qp m = { .mask = HINIC_QPA_STATE | HINIC_QPA_SQD_NOTIFY,
                                    .state = HINIC_QPS_SQD,
                                    .sqd_notify = 1 };
    struct hinic_inl_obj o;
    struct pair_wr w;
    struct hinic_cqe c;

    open_pair();
    pair_connect(&a, &b, NULL);
    w = inline_write();
    (void)pair_send(&a, &w);
    CHECK_EQ(pair_qp_modify(&a, &m), HINIC_AQ_OK);
    pair_idle(pair);
    CHECK(pair_poll(&pair->end[0], &pair->end[0].cq, &c) && c.status == HINIC_WC_SUCCESS);
    CHECK_EQ(count(&pair->end[0], HINIC_EQE_SQ_DRAINED, a.qpn), 1);
    (void)pair_send(&a, &w); /* waits */
    pair_idle(pair);
    CHECK(!pair_poll(&pair->end[0], &pair->end[0].cq, &c));
    o.id = a.qpn;
    CHECK_EQ(pair_cmd(&pair->end[0], HINIC_AQ_QUERY_QP, 0, &o, sizeof(o), NULL, 0, &m, sizeof(m)),
             HINIC_AQ_OK);
    CHECK_EQ(m.sqd_notify, 0); /* not draining any more */
    CHECK_EQ(pair_qp_to(&a, HINIC_QPS_RTS), HINIC_AQ_OK);
    pair_idle(pair);
    CHECK(pair_poll(&pair->end[0], &pair->end[0].cq, &c) && c.status == HINIC_WC_SUCCESS);
    CHECK_EQ(count(&pair->end[0], HINIC_EQE_SQ_DRAINED, a.qpn), 0);
    pair_free(pair);
}

/* An error is reported once; RESET starts over with indices 0 and leaves nothing under way. */
static void errors(void)
{
    struct vdc_hinic *h;
    struct pair_wr w;
    struct hinic_cqe c;

    open_pair();
    h = pair->end[0].o->h;
    pair_connect(&a, &b, NULL);
    w = inline_write();
    vdc_hinic_qp_error(h, pair->now, a.qpn, HINIC_EQE_QP_ACCESS);
    vdc_hinic_qp_error(h, pair->now, a.qpn, HINIC_EQE_QP_ACCESS);
    vdc_hinic_qp_error(h, pair->now, a.qpn + 1, HINIC_EQE_QP_ACCESS);
    pair_idle(pair);
    CHECK_EQ(count(&pair->end[0], HINIC_EQE_QP_ACCESS, a.qpn), 1);
    CHECK_EQ(pair_qp_state(&a), HINIC_QPS_ERR);
    (void)pair_send(&a, &w);
    pair_idle(pair);
    CHECK(pair_poll(&pair->end[0], &pair->end[0].cq, &c) && c.status == HINIC_WC_WR_FLUSH_ERR);
    CHECK_EQ(first, VTIME_NEVER);
    CHECK_EQ(pair_qp_to(&a, HINIC_QPS_RESET), HINIC_AQ_OK);
    CHECK_EQ(pair_qp_to(&b, HINIC_QPS_RESET), HINIC_AQ_OK);
    pair_connect(&a, &b, NULL);
    (void)pair_send(&a, &w);
    pair_run(pair, pair->now + 600 * VTIME_PS_PER_NS); /* the work request is being fetched */
    CHECK_EQ(pair_qp_to(&a, HINIC_QPS_RESET), HINIC_AQ_OK);
    pair_idle(pair);
    CHECK_EQ(h->dev.rdma.mem.n_free, MEM_N);
    CHECK_EQ(vdc_hinic_qp_peek(h, a.qpn)->sq_pi, 0);
    pair_free(pair);
}

static const struct tap_case cases[] = {
    { "promise", promise },
    { "drained", drained },
    { "errors and RESET", errors },
};

TAP_MAIN(cases)
