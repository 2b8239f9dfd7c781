/* SPDX-License-Identifier: MIT */
/* Ends of work requests: flush in order, SQE and recovery, posting in ERR, full completion path. */
#include "reqrig.h"
#include "requester.h"
#include "tap.h"

/* WQEs that have ended, are on the way, are cached, and have not been read: all of them end once,
 * in order; then the receive queue. */
static void flush_order(void)
{
    for (uint32_t step = 0; step < 15; step++) {
        struct reqrig *r = reqrig_new(NULL, HINIC_QPT_RC, NULL);
        const struct hinic_sge in = pair_sge(&r->local, 0, 64);
        uint32_t n_ok = 0, n_sent = 0, n_recv = 0;
        struct hinic_cqe c;

        for (uint32_t k = 0; k < 3; k++) {
            (void)pair_recv(&r->a, &in, 1);
        }
        for (uint32_t k = 0; k < 100; k++) {
            struct pair_wr wr = reqrig_wr(r, k % 3 ? HINIC_WQE_WRITE : HINIC_WQE_READ, 1000 + k);

            wr.flags = k % 2 ? HINIC_WQE_F_SIGNALED : 0;
            (void)pair_post(&r->a, &wr);
        }
        pair_ring(&r->a);
        pair_run(r->p, r->p->now + step * 1400 * VTIME_PS_PER_NS);
        CHECK_EQ(pair_qp_to(&r->a, HINIC_QPS_ERR), 0);
        pair_idle(r->p);
        while (pair_poll(&r->p->end[0], &r->p->end[0].cq, &c)) {
            if (c.flags & HINIC_CQE_RECV) {
                CHECK_EQ(c.status, HINIC_WC_WR_FLUSH_ERR);
                CHECK_EQ(n_sent, 100);
                n_recv++;
            } else if (c.status == HINIC_WC_SUCCESS) {
                CHECK_EQ(c.sw_idx, n_sent % 2 ? n_sent : n_sent + 1);
                n_sent = c.sw_idx + 1;
                n_ok = n_sent;
            } else {
                CHECK_EQ(c.status, HINIC_WC_WR_FLUSH_ERR);
                /* An unsignaled one may have ended well just before. */
                CHECK(c.sw_idx == n_sent || (c.sw_idx == n_sent + 1 && n_sent == n_ok));
                n_sent = c.sw_idx + 1;
            }
        }
        CHECK_EQ(n_sent, 100);
        CHECK_EQ(n_recv, 3);
        reqrig_free(r);
    }
}

static void post_in_error(void)
{
    struct reqrig *r = reqrig_new(NULL, HINIC_QPT_RC, NULL);
    const struct pair_wr wr = reqrig_wr(r, HINIC_WQE_WRITE, 100);
    struct hinic_cqe c;

    CHECK_EQ(pair_qp_to(&r->a, HINIC_QPS_ERR), 0);
    for (uint32_t k = 0; k < 600; k++) { /* more than the ring holds */
        (void)pair_send(&r->a, &wr);
        c = reqrig_cqe(r, 0);
        CHECK_EQ(c.status, HINIC_WC_WR_FLUSH_ERR);
        CHECK_EQ(c.sw_idx, k);
    }
    CHECK_EQ(r->n_log, 0);
    CHECK_EQ(pair_counter(r->p, 0, HINIC_CNT_REQ_CQE_FLUSH_ERROR), 600);
    CHECK_EQ(pair_counter(r->p, 0, HINIC_CNT_REQ_CQE_ERROR), 0);
    reqrig_free(r);
}

/* UD: the queue pair goes to SQE, receives on, and sends again after RTS. */
static void send_queue_error(void)
{
    struct reqrig *r = reqrig_new(NULL, HINIC_QPT_UD, NULL);
    const struct hinic_sge in = pair_sge(&r->local, 0x8000, 4200);
    const struct hinic_sge peer_in = pair_sge(&r->peer, 0x8000, 4200);
    const struct hinic_mb_modify_qp rts = { .mask = HINIC_QPA_STATE | HINIC_QPA_CUR_STATE,
                                            .state = HINIC_QPS_RTS,
                                            .cur_state = HINIC_QPS_SQE };
    struct pair_wr wr = reqrig_wr(r, HINIC_WQE_SEND, 100);
    struct pair_wr back = wr;
    struct hinic_cqe c;

    for (uint32_t k = 0; k < 5; k++) {
        (void)pair_recv(&r->b, &peer_in, 1);
    }
    for (uint32_t k = 0; k < 5; k++) {
        wr.sge[0].lkey = k == 2 ? 0x123400 : r->local.key;
        (void)pair_post(&r->a, &wr);
    }
    pair_ring(&r->a);
    for (uint32_t k = 0; k < 5; k++) {
        static const uint32_t want[] = { HINIC_WC_SUCCESS, HINIC_WC_SUCCESS, HINIC_WC_LOC_PROT_ERR,
                                         HINIC_WC_WR_FLUSH_ERR, HINIC_WC_WR_FLUSH_ERR };

        c = reqrig_cqe(r, 0);
        CHECK_EQ(c.sw_idx, k);
        CHECK_EQ(c.status, want[k]);
    }
    CHECK_EQ(pair_qp_state(&r->a), HINIC_QPS_SQE);
    CHECK_EQ(r->n_log, 2);

    (void)pair_recv(&r->a, &in, 1);
    back.dqpn = r->a.qpn;
    back.sge[0] = pair_sge(&r->peer, 0, 100);
    back.av = pair_av(&r->p->end[1], &r->p->end[0], 0);
    (void)pair_send(&r->b, &back);
    c = reqrig_cqe(r, 0);
    CHECK_EQ(c.status, HINIC_WC_SUCCESS);
    CHECK(c.flags & HINIC_CQE_RECV);

    wr.sge[0].lkey = r->local.key;
    (void)pair_send(&r->a, &wr); /* flushed */
    c = reqrig_cqe(r, 0);
    CHECK_EQ(c.status, HINIC_WC_WR_FLUSH_ERR);
    CHECK_EQ(pair_qp_modify(&r->a, &rts), 0);
    (void)pair_send(&r->a, &wr);
    c = reqrig_cqe(r, 0);
    CHECK_EQ(c.status, HINIC_WC_SUCCESS);
    CHECK_EQ(c.sw_idx, 6);
    reqrig_free(r);
}

/* Both ends fail: the answers of one arrive at a queue pair that is in ERR. */
static void both(void)
{
    struct reqrig *r = reqrig_new(NULL, HINIC_QPT_RC, NULL);
    struct pair_wr wr = reqrig_wr(r, HINIC_WQE_WRITE, 300000);
    struct hinic_cqe c;

    wr.rkey ^= 0x5500;
    (void)pair_send(&r->a, &wr);
    (void)pair_send(&r->a, &wr);
    c = reqrig_cqe(r, 0);
    CHECK_EQ(c.status, HINIC_WC_REM_ACCESS_ERR);
    CHECK_EQ(c.vendor_err & 0xff, REQ_WHY_NAK);
    c = reqrig_cqe(r, 0);
    CHECK_EQ(c.status, HINIC_WC_WR_FLUSH_ERR);
    pair_idle(r->p);
    CHECK_EQ(pair_qp_state(&r->a), HINIC_QPS_ERR);
    CHECK_EQ(pair_qp_state(&r->b), HINIC_QPS_ERR);
    /* From RESET on both work again. */
    CHECK_EQ(pair_qp_to(&r->a, HINIC_QPS_RESET), 0);
    CHECK_EQ(pair_qp_to(&r->b, HINIC_QPS_RESET), 0);
    pair_connect(&r->a, &r->b, NULL);
    wr = reqrig_wr(r, HINIC_WQE_WRITE, 100);
    (void)pair_send(&r->a, &wr);
    c = reqrig_cqe(r, 0);
    CHECK_EQ(c.status, HINIC_WC_SUCCESS);
    CHECK_EQ(c.sw_idx, 0);
    reqrig_free(r);
}

int main(void)
{
    static const struct tap_case cases[] = {
        { "flush: everything once, in order, send before receive", flush_order },
        { "posting in ERR", post_in_error },
        { "SQE and back", send_queue_error },
        { "REM_ACCESS_ERR, both ends, and again", both },
    };

    return tap_run(cases, (int)(sizeof(cases) / sizeof(cases[0])));
}
