/* SPDX-License-Identifier: MIT */
/* Any packets at a responder: no buffer stays behind, each receive WQE completes once and in order,
 * the QP can always be used again. */
#include "inject.h"
#include "rnet.h"
#include "tap.h"
#include "vdc/rng.h"

#define ROUNDS 120u
#define STEPS  60u

static uint64_t n_rand;
static uint64_t seed;

static uint32_t below(uint32_t n)
{
    return (uint32_t)vdc_rand_below(seed, n_rand++, n);
}

static uint32_t any_len(uint32_t mtu)
{
    switch (below(6)) {
    case 0:
        return 0;
    case 1:
        return mtu;
    case 2:
        return 8;
    case 3:
        return below(mtu + 1);
    case 4:
        return below(4096 + 1);
    default:
        return 1 + below(mtu);
    }
}

/* What comes next if all is accepted. */
static struct {
    uint32_t psn, msg, left;
} state;

static uint32_t any_of(const uint8_t *op, uint32_t n)
{
    return op[below(n)];
}

static uint32_t right_opcode(bool is_rc)
{
    static const uint8_t first[] = {
        WIRE_SEND_FIRST,
        WIRE_SEND_ONLY,
        WIRE_SEND_ONLY_IMM,
        WIRE_WRITE_FIRST,
        WIRE_WRITE_ONLY_IMM,
        WIRE_WRITE_ONLY,
        /* RC only: */ WIRE_READ_REQ,
        WIRE_CAS,
        WIRE_FADD,
        WIRE_FLUSH,
        WIRE_ATOMIC_WRITE,
    };
    static const uint8_t send[] = { WIRE_SEND_MIDDLE, WIRE_SEND_LAST, WIRE_SEND_LAST_IMM };
    static const uint8_t last[] = { WIRE_WRITE_LAST, WIRE_WRITE_LAST_IMM };

    if (state.msg == RSP_MSG_SEND) {
        return any_of(send, sizeof(send));
    }
    if (state.msg == RSP_MSG_WRITE) {
        return state.left > 256 ? WIRE_WRITE_MIDDLE : any_of(last, sizeof(last));
    }
    return any_of(first, is_rc ? sizeof(first) : 6);
}

static void right_packet(struct inj *i, struct wire_hdr *w, uint32_t mtu)
{
    const bool is_ud = i->q.type == HINIC_QPT_UD;
    const uint32_t op = right_opcode(i->q.type == HINIC_QPT_RC);
    uint32_t f, n_psn = 1;

    *w = inj_hdr(i, is_ud ? WIRE_UD_SEND_ONLY : op, 0);
    f = vdc_wire_flags(w->opcode);
    w->psn = state.psn;
    w->pay_len = !(f & WIRE_F_LAST) ? mtu : below(mtu) + 1;
    w->va = i->mr.va + 8 * below(INJ_MR_LEN / 8 - 4096);
    w->rkey = i->mr.key;
    w->feth = 1;
    if (state.msg == RSP_MSG_WRITE && (f & WIRE_F_LAST)) {
        w->pay_len = state.left;
    }
    if (!(f & WIRE_F_PAYLOAD)) {
        w->pay_len = 0;
        w->dma_len = below(20 * mtu);
        n_psn = op == WIRE_READ_REQ && w->dma_len > 0 ? (w->dma_len - 1) / mtu + 1 : 1;
    } else if (op == WIRE_ATOMIC_WRITE) {
        w->dma_len = w->pay_len = 8;
    } else if (f & WIRE_F_RETH) {
        w->dma_len = w->pay_len + (f & WIRE_F_LAST ? 0 : 1 + below(3 * mtu));
        state.left = w->dma_len;
    }
    state.left -= f & WIRE_F_WRITE ? w->pay_len : 0;
    state.msg = f & WIRE_F_LAST ? RSP_MSG_NONE : f & WIRE_F_WRITE ? RSP_MSG_WRITE : RSP_MSG_SEND;
    state.psn = vdc_psn_add(state.psn, n_psn);
}

/* The packet that is right, mostly; then often with one thing wrong. */
static void any_packet(struct inj *i, uint32_t mtu)
{
    static const uint8_t b[WIRE_PAYLOAD_MAX];
    const struct qp *qp = vdc_hinic_qp_peek(i->e->o->h, i->q.qpn);
    struct wire_hdr w;
    uint32_t f;

    if (below(10) == 0) { /* what the device thinks */
        state.psn = qp->rsp.epsn;
        state.msg = qp->rsp.msg;
        state.left = qp->rsp.write_left;
    }
    right_packet(i, &w, mtu);
    w.ieth = i->mr.key;
    w.is_ack_req = below(3) == 0;
    w.is_solicited = below(3) == 0;
    w.qkey = PAIR_QKEY;
    w.swap_add = 1;
    switch (below(300)) {
    case 0:
        w.opcode = (uint8_t)((w.opcode & 0xe0) | below(32));
        break;
    case 1:
        w.pay_len = any_len(mtu);
        break;
    case 2:
        w.dma_len = (uint32_t)vdc_rand(seed, n_rand++);
        break;
    case 3:
        w.dma_len++;
        break;
    case 4:
        w.va += 1 + below(INJ_MR_LEN);
        break;
    case 5:
        w.rkey ^= 1u << below(32);
        break;
    case 6:
        w.feth = below(256);
        break;
    default:
        break;
    }
    switch (below(30)) {
    case 0:
        w.psn = vdc_psn_add(w.psn, WIRE_PSN_MASK - below(40));
        break;
    case 1:
        w.psn = vdc_psn_add(w.psn, 1 + below(3));
        break;
    case 2:
        w.qkey++;
        break;
    default:
        break;
    }
    f = vdc_wire_flags(w.opcode);
    if (!(f & WIRE_F_KNOWN) || (f & WIRE_F_RESPONSE)) {
        return;
    }
    if (!(f & WIRE_F_PAYLOAD)) {
        w.pay_len = 0;
    }
    for (uint32_t n = below(20) == 0 ? 2 : 1; n > 0; n--) {
        (void)inj_put(i, &w, b);
    }
}

static void any_recv(struct inj *i)
{
    struct hinic_sge g[4];
    const uint32_t n = below(5);

    for (uint32_t k = 0; k < n; k++) {
        g[k] = pair_sge(&i->buf, below(INJ_MR_LEN - 8192), below(6) == 0 ? below(100) : 4200);
        if (below(800) == 0) {
            g[k].lkey ^= 1u << below(32);
        }
    }
    if (i->srq.ring) {
        pair_srq_post(i->e, &i->srq, g, n);
        pair_srq_ring(i->e, &i->srq);
    } else {
        (void)pair_recv(&i->q, g, n);
    }
}

/* Each completion is the next WQE, and behind the first error all are flushed. */
static void check_completions(struct inj *i, uint32_t *n_done, bool *is_bad)
{
    struct hinic_cqe c;

    while (pair_poll(i->e, &i->e->cq, &c)) {
        CHECK_EQ(c.wqe_idx, *n_done & (i->srq.ring ? 31u : 63u));
        CHECK_EQ(c.qpn_op & 0xffffff, i->q.qpn);
        if (*is_bad) {
            CHECK_EQ(c.status, HINIC_WC_WR_FLUSH_ERR);
        }
        *is_bad |= c.status != HINIC_WC_SUCCESS;
        (*n_done)++;
    }
}

static void check_idle(struct inj *i)
{
    const struct rpool *p = &vdc_hinic_rnet_peek(i->e->o->h)->pool;

    pair_idle(i->p);
    for (uint32_t k = 0; k < RPKT_CLASSES; k++) {
        CHECK_EQ(p->n_used[k], 0);
    }
}

static void connect(struct inj *i, uint32_t mtu)
{
    const struct pair_conn conn = { .path_mtu = mtu, .rd_atomic = 4, .psn = { INJ_PSN + 1 } };

    if (i->q.type == HINIC_QPT_UD) {
        pair_ud_start(&i->q, PAIR_QKEY, 0);
        return;
    }
    CHECK_EQ(pair_qp_to(&i->peer, HINIC_QPS_RESET), HINIC_AQ_OK);
    pair_connect(&i->peer, &i->q, &conn);
}

static void fuzz(uint32_t type, bool has_srq)
{
    const uint32_t mtu = 256;
    const struct inj_cfg cfg = { .type = type,
                                 .srq_log = has_srq ? 5 : 0,
                                 .conn = { .path_mtu = mtu, .rd_atomic = 4 } };
    struct inj *i = inj_new(&cfg);
    uint32_t n_all = 0;
    uint32_t n_posted = 0;
    uint32_t n_done = 0;
    uint32_t n_err = 0;

    seed = 100 + type * 2 + has_srq;
    n_rand = 0;
    state.psn = INJ_PSN;
    state.msg = RSP_MSG_NONE;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        bool is_bad = false;

        for (uint32_t s = 0; s < STEPS; s++) {
            if (below(3) != 0 && n_posted - n_done < 20) {
                any_recv(i);
                n_posted++;
            }
            for (uint32_t k = below(6); k > 0; k--) {
                any_packet(i, mtu);
            }
            if (below(2) == 0) {
                pair_run(i->p, i->p->now + 1 + below(1000000));
            } else {
                pair_idle(i->p);
            }
            check_completions(i, &n_done, &is_bad);
            while (inj_event(i) != 255) {
            }
            n_all += i->n_resp;
            i->n_resp = i->n_seen = 0;
        }
        if (below(4) == 0) {
            (void)pair_qp_to(&i->q, HINIC_QPS_ERR);
        }
        check_idle(i);
        check_completions(i, &n_done, &is_bad);
        n_err += is_bad;
        if (pair_qp_state(&i->q) == HINIC_QPS_ERR && !has_srq) {
            CHECK_EQ(n_done, n_posted); /* everything was flushed */
        }
        if (!has_srq) {
            n_posted = n_done = 0; /* indices begin again with RESET */
        }
        if (below(2) == 0) { /* in the middle of something */
            any_packet(i, mtu);
            any_packet(i, mtu);
            pair_run(i->p, i->t + i->e->o->cfg.timing.t_rx);
        }
        CHECK_EQ(pair_qp_to(&i->q, HINIC_QPS_RESET), HINIC_AQ_OK);
        check_idle(i);
        while (pair_poll(i->e, &i->e->cq, &(struct hinic_cqe){ 0 })) {
            n_done += has_srq;
        }
        if (has_srq) { /* a RESET may have swallowed one that was in use */
            const struct srq *srq = vdc_hinic_srq(i->e->o->h, i->srq.srqn);

            CHECK(srq->rsp.rq.ci == (uint16_t)n_done || srq->rsp.rq.ci == (uint16_t)(n_done + 1));
            n_done = srq->rsp.rq.ci;
        }
        connect(i, mtu);
        state.psn = INJ_PSN;
        state.msg = RSP_MSG_NONE;
        i->n_resp = i->n_seen = 0;
    }
    CHECK(type != HINIC_QPT_RC || n_all > 2000);
    CHECK(n_err > 0);
    printf("# %u responses, %u rounds with an error, %" PRIu64 " duplicates\n", n_all, n_err,
           inj_count(i, HINIC_CNT_DUPLICATE_REQUEST));
    inj_free(i);
}

static void rc(void)
{
    fuzz(HINIC_QPT_RC, false);
}

static void rc_srq(void)
{
    fuzz(HINIC_QPT_RC, true);
}

static void uc(void)
{
    fuzz(HINIC_QPT_UC, false);
}

static void ud(void)
{
    fuzz(HINIC_QPT_UD, false);
}

static const struct tap_case cases[] = {
    { "RC", rc },
    { "RC with an SRQ", rc_srq },
    { "UC", uc },
    { "UD", ud },
};
TAP_MAIN(cases)
