/* SPDX-License-Identifier: MIT */
/* States of a QP as the responder sees them: first packet, flush, reset and destruction in flight.
 */
#include "inject.h"
#include "rnet.h"
#include "tap.h"

static struct inj *new_mtu(uint32_t mtu)
{
    const struct inj_cfg c = { .conn = { .path_mtu = mtu } };

    return inj_new(&c);
}

static void check_buffers(struct inj *i)
{
    const struct rpool *p = &vdc_hinic_rnet_peek(i->e->o->h)->pool;

    pair_idle(i->p);
    for (uint32_t k = 0; k < RPKT_CLASSES; k++) {
        CHECK_EQ(p->n_used[k], 0);
    }
}

static void first_packet_in_rtr(void)
{
    const struct inj_cfg cfg = { .conn = { .is_rtr_only = { false, true } } };
    struct inj *i = inj_new(&cfg);

    CHECK_EQ(inj_event(i), 255);
    inj_write(i, WIRE_WRITE_ONLY, 0, 4, 0, 4, INJ_A);
    inj_write(i, WIRE_WRITE_ONLY, 1, 4, 0, 4, INJ_A);
    CHECK(inj_is(i, WIRE_ACK, 0, INJ_ACK, 1));
    CHECK_EQ(inj_event(i), HINIC_EQE_COMM_EST);
    CHECK_EQ(inj_event(i), 255);
    inj_free(i);
}

static void flush(void)
{
    struct inj *i = inj_new(NULL);
    struct hinic_cqe c;

    for (uint32_t k = 0; k < 50; k++) {
        const struct hinic_sge g = pair_sge(&i->buf, 0, 64);

        (void)pair_post_recv(&i->q, &g, 1);
    }
    pair_ring_recv(&i->q);
    pair_idle(i->p);
    inj_send(i, WIRE_SEND_ONLY, 0, 8, INJ_A);
    CHECK(inj_is(i, WIRE_ACK, 0, INJ_ACK, 1));
    CHECK_EQ(pair_qp_to(&i->q, HINIC_QPS_ERR), HINIC_AQ_OK);
    for (uint32_t k = 0; k < 50; k++) {
        CHECK(inj_cqe(i, &c));
        CHECK_EQ(c.wqe_idx, k);
        CHECK_EQ(c.status, k == 0 ? HINIC_WC_SUCCESS : HINIC_WC_WR_FLUSH_ERR);
    }
    CHECK(!inj_cqe(i, &c));
    inj_recv(i, 0, 64); /* posted in ERR: flushed */
    CHECK(inj_cqe(i, &c));
    CHECK_EQ(c.wqe_idx, 50);
    CHECK_EQ(c.status, HINIC_WC_WR_FLUSH_ERR);
    inj_send(i, WIRE_SEND_ONLY, 1, 8, INJ_A);
    CHECK(inj_is_silent(i));
    CHECK_EQ(inj_event(i), 255);
    inj_free(i);
}

/* RESET in the middle of everything: no completion, and the QP works again from the start. */
static void reset_in_flight(void)
{
    struct inj *i = new_mtu(1024);
    struct hinic_cqe c;

    inj_recv(i, 0, 4096);
    inj_recv(i, 4096, 4096);
    inj_send(i, WIRE_SEND_FIRST, 0, 1024, 0);
    inj_send(i, WIRE_SEND_LAST, 1, 1024, INJ_A);
    inj_read(i, 2, 0, 8192);
    inj_atomic(i, WIRE_FADD, 10, 8192, 1, 0);
    pair_run(i->p, i->t + i->e->o->cfg.timing.t_rx); /* all are in memory */
    CHECK_EQ(pair_qp_to(&i->q, HINIC_QPS_RESET), HINIC_AQ_OK);
    pair_idle(i->p);
    while (inj_next(i)) {
    }
    while (inj_cqe(i, &c)) {
        CHECK_EQ(c.status, HINIC_WC_SUCCESS);
    }
    CHECK_EQ(pair_qp_to(&i->peer, HINIC_QPS_RESET), HINIC_AQ_OK);
    {
        const struct pair_conn conn = { .path_mtu = 1024, .psn = { INJ_PSN + 1 } };

        pair_connect(&i->peer, &i->q, &conn);
    }
    inj_recv(i, 0, 4096);
    inj_send(i, WIRE_SEND_ONLY, 0, 100, INJ_A);
    CHECK(inj_is(i, WIRE_ACK, 0, INJ_ACK, 1));
    CHECK(inj_cqe(i, &c));
    CHECK_EQ(c.wqe_idx, 0);
    CHECK(inj_buf_is(i, 0, 0, 100));
    CHECK(inj_is_silent(i));
    inj_free(i);
}

/* The send queue first, then the receive queue, t_pkt each. */
static void flush_of_both_queues(void)
{
    const struct inj_cfg cfg = { .qp = { .log_rq = 9 },
                                 .conn = { .is_rtr_only = { false, false } } };
    struct inj *i = inj_new(&cfg);
    const struct vdc_hinic_timing *t = &i->e->o->cfg.timing;
    const struct pair_wr wr = { .op = HINIC_WQE_SEND, .flags = HINIC_WQE_F_SIGNALED };
    const struct hinic_sge g = pair_sge(&i->buf, 0, 64);
    struct hinic_cqe c;
    vtime_t t0;

    for (uint32_t k = 0; k < 300; k++) {
        (void)pair_post_recv(&i->q, &g, 1);
    }
    pair_ring_recv(&i->q);
    for (uint32_t k = 0; k < 3; k++) {
        (void)pair_post(&i->q, &wr);
    }
    pair_ring(&i->q);
    CHECK_EQ(pair_qp_to(&i->q, HINIC_QPS_ERR), HINIC_AQ_OK);
    t0 = i->p->now;
    pair_idle(i->p);
    CHECK(i->p->now - t0 >= 280 * t->t_pkt);
    for (uint32_t k = 0; k < 303; k++) {
        CHECK(inj_cqe(i, &c));
        CHECK_EQ(c.status, HINIC_WC_WR_FLUSH_ERR);
        CHECK_EQ(c.flags & HINIC_CQE_RECV, k < 3 ? 0 : HINIC_CQE_RECV);
        CHECK_EQ(k < 3 ? c.sw_idx : c.wqe_idx, k < 3 ? k : k - 3);
    }
    CHECK(!inj_cqe(i, &c));
    CHECK_EQ(inj_count(i, HINIC_CNT_RESP_CQE_FLUSH_ERROR), 300);
    inj_free(i);
}

/* Every kind of request is under way when the QP goes. */
static void destroyed_in_flight(void)
{
    for (uint32_t k = 0; k < 12; k++) {
        struct inj *i = new_mtu(1024);
        struct hinic_inl_obj uar = { .id = i->e->uar };

        inj_recv(i, 0, 4096);
        inj_recv(i, 4096, 4096);
        inj_write(i, WIRE_WRITE_FIRST, 0, 1024, 0, 1500, 0);
        inj_write(i, WIRE_WRITE_LAST_IMM, 1, 476, 0, 0, 0);
        inj_send(i, WIRE_SEND_ONLY, 2, 0, 0);
        inj_read(i, 3, 0, 20000);
        inj_atomic(i, WIRE_FADD, 23, 8, 1, 0);
        inj_write(i, WIRE_WRITE_ONLY, 24, 64, 0, 64, INJ_A); /* waits for the atomic */
        /* from the arrival of all to their end */
        pair_run(i->p, i->t + i->e->o->cfg.timing.t_rx + k * 60 * VTIME_PS_PER_NS);
        if (k & 1) {
            vdc_hinic_qp_destroy(i->e->o->h, i->p->now, vdc_hinic_qp(i->e->o->h, i->q.qpn)->slot);
        } else {
            CHECK_EQ(pair_cmd(i->e, HINIC_AQ_FREE_UAR, 0, &uar, sizeof(uar), NULL, 0, NULL, 0),
                     HINIC_AQ_OK);
        }
        check_buffers(i);
        CHECK(vdc_hinic_qp(i->e->o->h, i->q.qpn) == NULL);
        inj_free(i);
    }
}

static void device_reset_in_flight(void)
{
    struct inj *i = new_mtu(1024);

    inj_recv(i, 0, 4096);
    inj_send(i, WIRE_SEND_FIRST, 0, 1024, 0);
    inj_read(i, 1, 0, 0);
    pair_run(i->p, i->t + i->e->o->cfg.timing.t_rx);
    vdc_hinic_reset(i->e->o->h, i->p->now, VDC_HINIC_RESET_FLR);
    check_buffers(i);
    inj_free(i);
}

static const struct tap_case cases[] = {
    { "the first packet in RTR is an event", first_packet_in_rtr },
    { "ERR flushes the receive queue in order", flush },
    { "the receive queue is flushed behind the send queue", flush_of_both_queues },
    { "RESET in flight", reset_in_flight },
    { "destruction in flight", destroyed_in_flight },
    { "reset of the device in flight", device_reset_in_flight },
};
TAP_MAIN(cases)
