/* SPDX-License-Identifier: MIT */
/* Receive WQEs: fetched ahead, wrapped, of every stride; shared queues with good and hostile lists.
 */
#include "inject.h"
#include "state.h"
#include "tap.h"
#include "vdc/rng.h"

static void check_recv(struct inj *i, uint32_t psn, uint64_t off, uint32_t idx)
{
    struct hinic_cqe c;

    inj_send(i, WIRE_SEND_ONLY, psn, 16, INJ_A);
    if (!inj_is(i, WIRE_ACK, psn, INJ_ACK, psn + 1)) {
        printf("# message %u\n", psn);
        CHECK(0);
        return;
    }
    CHECK(inj_cqe(i, &c));
    CHECK_EQ(c.status, HINIC_WC_SUCCESS);
    CHECK_EQ(c.wqe_idx, idx);
    CHECK(inj_buf_is(i, off, psn, 16));
}

/* ---- own queue ---- */

/* A packet that comes while its WQE is on the way waits for it. */
static void packet_meets_fetch(void)
{
    struct inj *i = inj_new(NULL);
    const struct vdc_hinic_timing *t = &i->e->o->cfg.timing;
    const struct hinic_sge g = pair_sge(&i->buf, 0, 64);
    const vtime_t bell = i->p->now;
    struct wire_hdr w = inj_hdr(i, WIRE_SEND_ONLY, 0);
    struct hinic_cqe c;

    (void)pair_recv(&i->q, &g, 1);
    w.is_ack_req = 1;
    (void)inj_put_at(i, bell + t->t_db + t->t_pcie_up - t->t_rx, &w, NULL);
    w.psn++;
    (void)inj_put(i, &w, NULL); /* and another one that has none */
    CHECK(inj_is(i, WIRE_ACK, 0, INJ_ACK, 1));
    CHECK(i->resp[0].depart >= bell + t->t_db + t->t_pcie_up + t->t_pcie_dn);
    CHECK(inj_is(i, WIRE_ACK, 1, INJ_RNR, 1));
    CHECK(inj_cqe(i, &c));
    CHECK_EQ(c.timestamp, (bell + t->t_db + t->t_pcie_up - t->t_rx - i->e->o->epoch) / 1000);
    inj_free(i);
}

static void wrap(void)
{
    const struct inj_cfg cfg = { .qp = { .log_rq = 2, .max_recv_sge = 1 } };
    struct inj *i = inj_new(&cfg);
    uint32_t psn = 0;

    for (uint32_t round = 0; round < 9; round++) {
        const uint32_t n = 1 + round % 4;

        for (uint32_t k = 0; k < n; k++) {
            inj_recv(i, (psn + k) % 100 * 64, 64);
        }
        for (uint32_t k = 0; k < n; k++, psn++) {
            check_recv(i, psn, psn % 100 * 64, psn % 4);
        }
    }
    CHECK_EQ(inj_count(i, HINIC_CNT_OUT_OF_BUFFER), 0);
    inj_free(i);
}

static void strides(void)
{
    for (uint32_t n_sge = 1; n_sge <= 16; n_sge++) {
        const struct inj_cfg cfg = { .qp = { .log_rq = 6, .max_recv_sge = n_sge } };
        struct inj *i = inj_new(&cfg);

        for (uint32_t k = 0; k < 64; k++) { /* fewer and fewer SGEs of 16 bytes, then all */
            struct hinic_sge g[16];
            const uint32_t n = k % n_sge + 1;

            for (uint32_t s = 0; s < n; s++) {
                g[s] = pair_sge(&i->buf, k * 4096 + s * 100, 16);
            }
            (void)pair_post_recv(&i->q, g, n);
        }
        pair_ring_recv(&i->q);
        pair_idle(i->p);
        for (uint32_t k = 0; k < 64; k++) {
            const uint32_t n = k % n_sge + 1;
            struct hinic_cqe c;

            inj_send(i, WIRE_SEND_ONLY, k, n * 16, 0);
            CHECK(inj_cqe(i, &c));
            CHECK_EQ(c.wqe_idx, k);
            CHECK_EQ(c.byte_len, n * 16);
            for (uint32_t s = 0; s < n; s++) {
                uint8_t b[17];

                pair_mr_read(i->e, &i->buf, k * 4096 + s * 100, b, 17);
                CHECK_EQ(b[0], inj_byte(k, s * 16));
                CHECK_EQ(b[15], inj_byte(k, s * 16 + 15));
                CHECK_EQ(b[16], 0);
            }
        }
        inj_free(i);
    }
}

static void queue_is_a_hole(void)
{
    struct inj *i = inj_new(NULL);
    struct hinic_cqe c;

    i->e->o->hole_from = i->q.rq;
    i->e->o->hole_to = i->q.rq + 4096;
    (void)pair_ring_recv(&i->q);
    i->q.rq_pi = 3;
    pair_ring_recv(&i->q);
    pair_idle(i->p);
    CHECK_EQ(pair_qp_state(&i->q), HINIC_QPS_RTS); /* nobody needs one yet */
    inj_send(i, WIRE_SEND_ONLY, 0, 16, INJ_A);
    CHECK(inj_is(i, WIRE_ACK, 0, INJ_OP, 0));
    CHECK_EQ(pair_qp_state(&i->q), HINIC_QPS_ERR);
    for (uint32_t k = 0; k < 3; k++) {
        CHECK(inj_cqe(i, &c));
        CHECK_EQ(c.status, HINIC_WC_WR_FLUSH_ERR);
        CHECK_EQ(c.wqe_idx, k);
    }
    CHECK(!inj_cqe(i, &c));
    inj_free(i);
}

/* ---- shared queue ---- */

static struct inj *new_srq(uint32_t log, uint32_t limit)
{
    const struct inj_cfg cfg = { .srq_log = log, .srq_limit = limit };

    return inj_new(&cfg);
}

/* WQE slot: header and one SGE of 64 bytes at slot * 64 of the buffer. */
static void srq_wqe(struct inj *i, uint32_t slot, uint32_t next)
{
    const struct hinic_srq_hdr hdr = { .next_idx = (uint16_t)next };
    const struct hinic_sge g[2] = { pair_sge(&i->buf, slot * 64, 64),
                                    { .lkey = HINIC_SGE_END_LKEY } };
    uint8_t *b = host_ptr(i->e->o, i->srq.ring + ((uint64_t)slot << i->srq.log_stride), 48);

    memcpy(b, &hdr, sizeof(hdr));
    memcpy(b + sizeof(hdr), g, sizeof(g));
}

static void srq_bell(struct inj *i, uint32_t n)
{
    i->srq.pi = (uint16_t)(i->srq.pi + n);
    pair_srq_ring(i->e, &i->srq);
    pair_idle(i->p);
}

static void srq_in_order(void)
{
    struct inj *i = new_srq(3, 0);

    for (uint32_t k = 0; k < 50; k++) {
        inj_recv(i, k * 64, 64);
        check_recv(i, k, k * 64, k % 8);
    }
    inj_send(i, WIRE_SEND_ONLY, 50, 16, INJ_A);
    CHECK(inj_is(i, WIRE_ACK, 50, INJ_RNR, 50));
    inj_free(i);
}

/* Free slots in any order, as after completions out of order. */
static void srq_shuffled(void)
{
    struct inj *i = new_srq(6, 0);
    uint32_t list[64] = { 0 };

    for (uint32_t k = 1; k < 64; k++) { /* the list begins with slot 0 */
        list[k] = k;
    }
    for (uint32_t k = 63; k > 1; k--) {
        const uint32_t j = 1 + (uint32_t)vdc_rand_below(3, k, k);
        const uint32_t was = list[k];

        list[k] = list[j];
        list[j] = was;
    }
    for (uint32_t k = 0; k < 64; k++) {
        srq_wqe(i, list[k], k < 63 ? list[k + 1] : 0xffff);
    }
    srq_bell(i, 40);
    for (uint32_t k = 0; k < 40; k++) {
        check_recv(i, k, list[k] * 64, list[k]);
    }
    srq_bell(i, 24); /* the last one leads out of the queue, but nobody goes there */
    for (uint32_t k = 40; k < 64; k++) {
        check_recv(i, k, list[k] * 64, list[k]);
    }
    CHECK_EQ(pair_qp_state(&i->q), HINIC_QPS_RTS);
    inj_free(i);
}

static void srq_loop(void)
{
    struct inj *i = new_srq(3, 0);

    srq_wqe(i, 0, 0); /* names itself */
    srq_bell(i, 5);
    for (uint32_t k = 0; k < 5; k++) {
        check_recv(i, k, 0, 0);
    }
    inj_send(i, WIRE_SEND_ONLY, 5, 16, INJ_A);
    CHECK(inj_is(i, WIRE_ACK, 5, INJ_RNR, 5)); /* as many as were posted, no more */
    inj_free(i);
}

static void srq_leads_out(void)
{
    static const uint16_t bad[] = { 8, 9, 0x7fff, 0xffff };

    for (uint32_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
        struct inj *i = new_srq(3, 0);

        srq_wqe(i, 0, 1);
        srq_wqe(i, 1, bad[k]);
        srq_bell(i, 4);
        check_recv(i, 0, 0, 0);
        check_recv(i, 1, 64, 1);
        inj_send(i, WIRE_SEND_ONLY, 2, 16, INJ_A);
        CHECK(inj_is(i, WIRE_ACK, 2, INJ_OP, 2));
        CHECK_EQ(pair_qp_state(&i->q), HINIC_QPS_ERR);
        CHECK(i->e->o->n_gerr > 0);
        inj_free(i);
    }
}

static void srq_limit(void)
{
    struct inj *i = new_srq(4, 3);
    uint32_t type;

    for (uint32_t k = 0; k < 6; k++) {
        inj_recv(i, k * 64, 64);
    }
    CHECK_EQ(inj_event(i), 255);
    for (uint32_t k = 0; k < 6; k++) {
        check_recv(i, k, k * 64, k);
        type = inj_event(i);
        CHECK_EQ(type, k == 3 ? HINIC_EQE_SRQ_LIMIT : 255); /* two are left; once */
    }
    inj_free(i);
}

static void srq_last_wqe(void)
{
    const struct inj_cfg cfg = { .srq_log = 4, .conn = { .path_mtu = 256 } };
    struct inj *i = inj_new(&cfg);
    struct hinic_cqe c;

    inj_recv(i, 0, 1024);
    inj_recv(i, 1024, 1024);
    inj_send(i, WIRE_SEND_FIRST, 0, 256, 0);
    pair_idle(i->p);
    CHECK_EQ(pair_qp_to(&i->q, HINIC_QPS_ERR), HINIC_AQ_OK);
    CHECK(inj_cqe(i, &c)); /* the one in use, not the one in the shared queue */
    CHECK_EQ(c.status, HINIC_WC_WR_FLUSH_ERR);
    CHECK_EQ(c.wqe_idx, 0);
    CHECK(!inj_cqe(i, &c));
    CHECK_EQ(inj_event(i), HINIC_EQE_LAST_WQE);
    CHECK_EQ(inj_event(i), 255);
    inj_free(i);
}

/* QPs that meet an empty cache take WQEs in the order in which they came. */
static void srq_shared(void)
{
    struct inj *i = new_srq(5, 0);
    struct pair_qp q[4], peer[4];
    const struct pair_qp own = i->q;
    const struct pair_qp_cfg qc = { .type = HINIC_QPT_RC, .srq = &i->srq };
    const struct pair_qp_cfg pc = { .type = HINIC_QPT_RC };
    const struct pair_conn conn = { .psn = { INJ_PSN + 1 } };
    struct hinic_cqe c;

    for (uint32_t k = 0; k < 4; k++) {
        q[k] = pair_qp(i->e, &qc);
        peer[k] = pair_qp(&i->p->end[0], &pc);
        pair_connect(&peer[k], &q[k], &conn);
    }
    for (uint32_t k = 0; k < 16; k++) { /* one after the other in a list: a fetch each */
        srq_wqe(i, k * 2, k * 2 + 2);
    }
    pair_idle(i->p);
    i->srq.pi = 12;
    pair_srq_ring(i->e, &i->srq);
    pair_run(i->p, i->p->now + i->e->o->cfg.timing.t_db);
    for (uint32_t k = 0; k < 12; k++) {
        i->q = q[3 - k % 4];
        inj_send(i, WIRE_SEND_ONLY, k / 4, 16, INJ_A);
    }
    for (uint32_t k = 0; k < 12; k++) {
        CHECK(inj_cqe(i, &c));
        CHECK_EQ(c.status, HINIC_WC_SUCCESS);
        CHECK_EQ(c.wqe_idx & 1, 0);
        if (k < 4) {
            CHECK_EQ(c.wqe_idx, 2 * k);
            CHECK_EQ(c.qpn_op & 0xffffff, q[3 - k].qpn);
        }
    }
    CHECK(!inj_cqe(i, &c));
    /* One of three that wait goes away; the others are served. */
    i->srq.pi += 2;
    pair_srq_ring(i->e, &i->srq);
    pair_run(i->p, i->p->now + i->e->o->cfg.timing.t_db);
    for (uint32_t k = 0; k < 3; k++) {
        i->q = q[k];
        inj_send(i, WIRE_SEND_ONLY, 3, 16, 0);
    }
    pair_run(i->p, i->t + i->e->o->cfg.timing.t_rx + i->e->o->cfg.timing.t_pkt * 3);
    vdc_hinic_qp_error(i->e->o->h, i->p->now, q[1].qpn, 0);
    for (uint32_t k = 0; k < 2; k++) {
        CHECK(inj_cqe(i, &c));
        CHECK_EQ(c.status, HINIC_WC_SUCCESS);
        CHECK_EQ(c.wqe_idx, 24 + 2 * k);
        CHECK_EQ(c.qpn_op & 0xffffff, q[2 * k].qpn);
    }
    CHECK(!inj_cqe(i, &c));
    CHECK_EQ(inj_event(i), HINIC_EQE_LAST_WQE);
    i->q = own;
    inj_free(i);
}

static const struct tap_case cases[] = {
    { "a packet waits for a WQE on its way", packet_meets_fetch },
    { "the ring wraps", wrap },
    { "every number of SGEs, and shorter lists", strides },
    { "a queue that cannot be read", queue_is_a_hole },
    { "SRQ in order", srq_in_order },
    { "SRQ in any order", srq_shuffled },
    { "SRQ: a list that names itself", srq_loop },
    { "SRQ: a list that leads out", srq_leads_out },
    { "SRQ: limit", srq_limit },
    { "SRQ: last WQE reached", srq_last_wqe },
    { "SRQ of several QPs", srq_shared },
};
TAP_MAIN(cases)
