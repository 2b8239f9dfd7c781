/* SPDX-License-Identifier: MIT */
/* Every kind of response the requester can get, right and wrong. The peer is made by hand. */
#include "inject.h"
#include "requester.h"
#include "tap.h"

#define Q_PSN (PAIR_PSN + 0x100u) /* of the queue pair under test */
#define MTU   256u

static struct inj *open_rig(void)
{
    const struct inj_cfg cfg = { .conn = { .path_mtu = MTU, .timeout = 20, .retry_cnt = 3 } };

    return inj_new(&cfg);
}

static void post(struct inj *i, uint32_t op, uint32_t len)
{
    struct pair_wr wr = { .op = op,
                          .flags = HINIC_WQE_F_SIGNALED,
                          .n_sge = 1,
                          .raddr = 0x1000,
                          .rkey = 0x77,
                          .swap_add = 1 };

    wr.sge[0] = pair_sge(&i->mr, 0x10000, len);
    (void)pair_send(&i->q, &wr);
}

static void settle(struct inj *i)
{
    pair_run(i->p, vtime_max(i->p->now, i->t) + 20 * VTIME_PS_PER_US);
}

static void ack(struct inj *i, uint32_t psn_off, uint32_t syndrome)
{
    struct wire_hdr w = inj_hdr(i, WIRE_ACK, 0);

    w.psn = Q_PSN + psn_off;
    w.syndrome = (uint8_t)syndrome;
    (void)inj_put(i, &w, NULL);
    settle(i);
}

/* A READ response, ATOMIC_ACK with len bytes of the pattern of its PSN. */
static void answer(struct inj *i, uint32_t opcode, uint32_t psn_off, uint32_t len)
{
    struct wire_hdr w = inj_hdr(i, opcode, 0);
    uint8_t b[WIRE_PAYLOAD_MAX];

    for (uint32_t k = 0; k < len; k++) {
        b[k] = inj_byte(psn_off, k);
    }
    w.psn = Q_PSN + psn_off;
    w.syndrome = INJ_ACK;
    w.swap_add = UINT64_C(0x0102030405060708);
    w.pay_len = len;
    (void)inj_put(i, &w, b);
    settle(i);
}

/* What has been sent already; NULL if that is all. */
static const struct inj_resp *next_sent(struct inj *i)
{
    return i->n_seen == i->n_resp ? NULL : &i->resp[i->n_seen++];
}

/* The next packet of the queue pair is this one. */
static bool sent(struct inj *i, uint32_t opcode, uint32_t psn_off)
{
    const struct inj_resp *f = next_sent(i);

    if (!f || f->w.opcode != opcode || f->w.psn != Q_PSN + psn_off) {
        printf("# sent opcode %x psn %d\n", f ? f->w.opcode : 0xfffu,
               f ? (int)(f->w.psn - Q_PSN) : -1);
        return false;
    }
    return true;
}

static bool ended(struct inj *i, uint32_t status, uint32_t sw_idx)
{
    struct hinic_cqe c;

    if (!pair_poll(i->e, &i->e->cq, &c) || c.status != status || c.sw_idx != sw_idx) {
        printf("# not ended: %u with status %u\n", sw_idx, status);
        return false;
    }
    return true;
}

static bool nothing_ended(struct inj *i)
{
    struct hinic_cqe c;

    return !pair_poll(i->e, &i->e->cq, &c);
}

static void cumulative(void)
{
    struct inj *i = open_rig();

    for (uint32_t n = 0; n < 5; n++) {
        post(i, HINIC_WQE_WRITE, 100);
    }
    settle(i);
    CHECK_EQ(i->n_resp, 5);
    ack(i, 2, INJ_ACK);
    for (uint32_t n = 0; n < 3; n++) {
        CHECK(ended(i, HINIC_WC_SUCCESS, n));
    }
    CHECK(nothing_ended(i));
    ack(i, 1, INJ_ACK);        /* old */
    ack(i, 0xfffffe, INJ_ACK); /* very old */
    ack(i, 5, INJ_ACK);        /* never sent */
    ack(i, 4, 0x40);           /* reserved syndromes */
    ack(i, 4, 0x80);
    ack(i, 2, INJ_SEQ); /* old */
    ack(i, 1, INJ_ACCESS);
    CHECK(nothing_ended(i));
    CHECK_EQ(i->n_resp, 5);
    ack(i, 4, INJ_ACK);
    CHECK(ended(i, HINIC_WC_SUCCESS, 3));
    CHECK(ended(i, HINIC_WC_SUCCESS, 4));
    CHECK_EQ(inj_count(i, HINIC_CNT_RETX_BYTES), 0);
    inj_free(i);
}

static void go_back(void)
{
    struct inj *i = open_rig();

    post(i, HINIC_WQE_WRITE, 3 * MTU);
    post(i, HINIC_WQE_WRITE, 100);
    settle(i);
    i->n_seen = i->n_resp;
    ack(i, 1, INJ_SEQ); /* packet 0 has arrived, 1 has not */
    CHECK(sent(i, WIRE_WRITE_MIDDLE, 1));
    CHECK(sent(i, WIRE_WRITE_LAST, 2));
    CHECK(sent(i, WIRE_WRITE_ONLY, 3));
    CHECK(next_sent(i) == NULL);
    CHECK_EQ(inj_count(i, HINIC_CNT_RETX_BYTES), 2 * MTU + 100);
    CHECK_EQ(inj_count(i, HINIC_CNT_PACKET_SEQ_ERR), 1);
    ack(i, 3, INJ_ACK);
    CHECK(ended(i, HINIC_WC_SUCCESS, 0));
    CHECK(ended(i, HINIC_WC_SUCCESS, 1));
    inj_free(i);
}

/* ACKs of what was sent before a go-back end it: nothing is sent that is known to be there. */
static void overtaken(void)
{
    struct inj *i = open_rig();
    struct wire_hdr w = inj_hdr(i, WIRE_ACK, 0);

    post(i, HINIC_WQE_WRITE, 3 * MTU);
    post(i, HINIC_WQE_WRITE, 2 * MTU);
    settle(i);
    i->n_seen = i->n_resp;
    w.psn = Q_PSN;
    w.syndrome = INJ_SEQ;
    (void)inj_put(i, &w, NULL);
    w.psn = Q_PSN + 3;
    w.syndrome = INJ_ACK;
    (void)inj_put(i, &w, NULL);
    settle(i);
    CHECK(ended(i, HINIC_WC_SUCCESS, 0));
    CHECK(sent(i, WIRE_WRITE_LAST, 4));
    CHECK(next_sent(i) == NULL);
    ack(i, 4, INJ_ACK);
    CHECK(ended(i, HINIC_WC_SUCCESS, 1));
    inj_free(i);
}

static void fatal_naks(void)
{
    static const struct {
        uint32_t syndrome, status;
        enum hinic_counter counter;
    } t[] = { { INJ_INV, HINIC_WC_REM_INV_REQ_ERR, HINIC_CNT_REQ_REMOTE_INVALID_REQUEST },
              { INJ_ACCESS, HINIC_WC_REM_ACCESS_ERR, HINIC_CNT_REQ_REMOTE_ACCESS_ERRORS },
              { INJ_OP, HINIC_WC_REM_OP_ERR, HINIC_CNT_REQ_CQE_ERROR } };

    for (uint32_t k = 0; k < 3; k++) {
        struct inj *i = open_rig();

        for (uint32_t n = 0; n < 4; n++) {
            post(i, HINIC_WQE_WRITE, 2 * MTU);
        }
        settle(i);
        ack(i, 3, t[k].syndrome); /* in the second message */
        CHECK(ended(i, HINIC_WC_SUCCESS, 0));
        CHECK(ended(i, t[k].status, 1));
        CHECK(ended(i, HINIC_WC_WR_FLUSH_ERR, 2));
        CHECK(ended(i, HINIC_WC_WR_FLUSH_ERR, 3));
        CHECK(nothing_ended(i));
        CHECK_EQ(inj_count(i, t[k].counter), 1);
        CHECK_EQ(inj_count(i, HINIC_CNT_REQ_CQE_FLUSH_ERROR), 2);
        CHECK_EQ(pair_qp_state(&i->q), HINIC_QPS_ERR);
        inj_free(i);
    }
}

static void read_data(void)
{
    struct inj *i = open_rig();

    post(i, HINIC_WQE_WRITE, 10);
    post(i, HINIC_WQE_READ, 2 * MTU + 9);
    post(i, HINIC_WQE_WRITE, 10);
    settle(i);
    CHECK(sent(i, WIRE_WRITE_ONLY, 0));
    CHECK(sent(i, WIRE_READ_REQ, 1));
    CHECK(sent(i, WIRE_WRITE_ONLY, 4));
    answer(i, WIRE_READ_RESP_FIRST, 1, MTU); /* says that the WRITE has arrived */
    CHECK(ended(i, HINIC_WC_SUCCESS, 0));
    answer(i, WIRE_READ_RESP_FIRST, 1, MTU); /* duplicate */
    answer(i, WIRE_READ_RESP_MIDDLE, 2, MTU);
    CHECK(nothing_ended(i));
    answer(i, WIRE_READ_RESP_LAST, 3, 9);
    CHECK(ended(i, HINIC_WC_SUCCESS, 1));
    ack(i, 4, INJ_ACK);
    CHECK(ended(i, HINIC_WC_SUCCESS, 2));
    CHECK(inj_mr_is(i, 0x10000, 1, MTU));
    CHECK(inj_mr_is(i, 0x10000 + MTU, 2, MTU));
    CHECK(inj_mr_is(i, 0x10000 + 2 * MTU, 3, 9));
    CHECK_EQ(inj_count(i, HINIC_CNT_IMPLIED_NAK_SEQ_ERR), 0);
    inj_free(i);
}

/* A response is missing: those behind it ask for it once, from where it is missing. */
static void read_hole(void)
{
    struct inj *i = open_rig();
    const struct inj_resp *f;

    post(i, HINIC_WQE_READ, 6 * MTU);
    settle(i);
    i->n_seen = i->n_resp;
    answer(i, WIRE_READ_RESP_FIRST, 0, MTU);
    answer(i, WIRE_READ_RESP_MIDDLE, 1, MTU);
    answer(i, WIRE_READ_RESP_MIDDLE, 3, MTU);
    answer(i, WIRE_READ_RESP_MIDDLE, 4, MTU);
    answer(i, WIRE_READ_RESP_LAST, 5, MTU);
    f = next_sent(i);
    CHECK(f && f->w.opcode == WIRE_READ_REQ && f->w.psn == Q_PSN + 2);
    CHECK(f && f->w.va == 0x1000 + 2 * MTU && f->w.dma_len == 4 * MTU);
    CHECK(next_sent(i) == NULL);
    CHECK_EQ(inj_count(i, HINIC_CNT_IMPLIED_NAK_SEQ_ERR), 1);
    answer(i, WIRE_READ_RESP_FIRST, 2, MTU); /* of the new request */
    for (uint32_t n = 3; n < 5; n++) {
        answer(i, WIRE_READ_RESP_MIDDLE, n, MTU);
    }
    answer(i, WIRE_READ_RESP_LAST, 5, MTU);
    CHECK(ended(i, HINIC_WC_SUCCESS, 0));
    for (uint32_t n = 0; n < 6; n++) {
        CHECK(inj_mr_is(i, 0x10000 + n * MTU, n, MTU));
    }
    inj_free(i);
}

/* An ACK of a later packet says that the answer is lost: everything before it is done. */
static void read_skipped(void)
{
    struct inj *i = open_rig();

    post(i, HINIC_WQE_WRITE, 10);
    post(i, HINIC_WQE_FADD, 8);
    post(i, HINIC_WQE_WRITE, 10);
    settle(i);
    i->n_seen = i->n_resp;
    ack(i, 2, INJ_ACK);
    CHECK(ended(i, HINIC_WC_SUCCESS, 0));
    CHECK(nothing_ended(i));
    CHECK(sent(i, WIRE_FADD, 1));
    CHECK(sent(i, WIRE_WRITE_ONLY, 2));
    CHECK_EQ(inj_count(i, HINIC_CNT_IMPLIED_NAK_SEQ_ERR), 1);
    answer(i, WIRE_ATOMIC_ACK, 1, 0);
    CHECK(ended(i, HINIC_WC_SUCCESS, 1));
    ack(i, 2, INJ_ACK);
    CHECK(ended(i, HINIC_WC_SUCCESS, 2));
    inj_free(i);
}

static void atomic_value(void)
{
    struct inj *i = open_rig();
    uint64_t v = 0;

    post(i, HINIC_WQE_CAS, 8);
    settle(i);
    answer(i, WIRE_ATOMIC_ACK, 0, 0);
    CHECK(ended(i, HINIC_WC_SUCCESS, 0));
    pair_mr_read(i->e, &i->mr, 0x10000, &v, 8);
    CHECK_EQ(v, UINT64_C(0x0102030405060708));
    inj_free(i);
}

static void bad_answers(void)
{
    static const struct {
        uint32_t op, len;     /* what was asked for */
        uint32_t opcode, pay; /* what comes */
    } t[] = {
        { HINIC_WQE_READ, 2 * MTU, WIRE_READ_RESP_FIRST, MTU - 4 },
        { HINIC_WQE_READ, 2 * MTU, WIRE_READ_RESP_ONLY, MTU },
        { HINIC_WQE_READ, 2 * MTU, WIRE_READ_RESP_LAST, MTU },
        { HINIC_WQE_READ, MTU, WIRE_READ_RESP_FIRST, MTU },
        { HINIC_WQE_READ, 100, WIRE_READ_RESP_ONLY, 99 },
        { HINIC_WQE_READ, 100, WIRE_READ_RESP_ONLY, 101 },
        { HINIC_WQE_READ, 100, WIRE_READ_RESP_ONLY, 0 },
        { HINIC_WQE_READ, 100, WIRE_ATOMIC_ACK, 0 },
        { HINIC_WQE_CAS, 8, WIRE_READ_RESP_ONLY, 8 },
        { HINIC_WQE_WRITE, 100, WIRE_READ_RESP_ONLY, 100 },
        { HINIC_WQE_WRITE, 100, WIRE_ATOMIC_ACK, 0 },
        { HINIC_WQE_ATOMIC_WRITE, 8, WIRE_READ_RESP_ONLY, 8 },
    };

    for (uint32_t k = 0; k < sizeof(t) / sizeof(t[0]); k++) {
        struct inj *i = open_rig();
        struct hinic_cqe c = { 0 };

        post(i, t[k].op, t[k].len);
        settle(i);
        answer(i, t[k].opcode, 0, t[k].pay);
        CHECK(pair_poll(i->e, &i->e->cq, &c));
        CHECK_EQ(c.status, HINIC_WC_BAD_RESP_ERR);
        CHECK_EQ(c.vendor_err, REQ_WHY_RESP | t[k].opcode << 8);
        CHECK_EQ(pair_qp_state(&i->q), HINIC_QPS_ERR);
        inj_free(i);
    }
}

/* Data that may not be stored, in the middle of other work. */
static void no_place(void)
{
    struct inj *i = open_rig();
    struct pair_mr ro = pair_mr(i->e, 4096, 0, PAIR_MR_FLAT);
    struct pair_wr wr = { .op = HINIC_WQE_READ, .flags = HINIC_WQE_F_SIGNALED, .n_sge = 1 };

    post(i, HINIC_WQE_READ, 50);
    wr.sge[0] = pair_sge(&ro, 0, 50);
    (void)pair_send(&i->q, &wr);
    post(i, HINIC_WQE_READ, 50);
    settle(i);
    CHECK_EQ(i->n_resp, 3);
    answer(i, WIRE_READ_RESP_ONLY, 0, 50);
    answer(i, WIRE_READ_RESP_ONLY, 1, 50);
    CHECK(ended(i, HINIC_WC_SUCCESS, 0));
    CHECK(ended(i, HINIC_WC_LOC_PROT_ERR, 1));
    CHECK(ended(i, HINIC_WC_WR_FLUSH_ERR, 2));
    answer(i, WIRE_READ_RESP_ONLY, 2, 50);
    CHECK(nothing_ended(i));
    inj_free(i);
}

/* Answers at every instant of a destroy or reset: nothing may be written or completed afterwards.
 */
static void gone(void)
{
    for (uint32_t step = 0; step < 16; step++) {
        struct inj *i = open_rig();

        post(i, HINIC_WQE_READ, 4 * MTU);
        settle(i);
        for (uint32_t n = 0; n < 3; n++) {
            struct wire_hdr w = inj_hdr(i, n ? WIRE_READ_RESP_MIDDLE : WIRE_READ_RESP_FIRST, 0);
            uint8_t b[MTU] = { 0 };

            w.psn = Q_PSN + n;
            w.syndrome = INJ_ACK;
            w.pay_len = MTU;
            (void)inj_put(i, &w, b);
        }
        pair_run(i->p, i->t - 2000 * VTIME_PS_PER_NS + step * 75 * VTIME_PS_PER_NS);
        if (step % 2) {
            CHECK_EQ(pair_qp_destroy(&i->q), 0);
        } else {
            CHECK_EQ(pair_qp_to(&i->q, HINIC_QPS_RESET), 0);
        }
        settle(i);
        CHECK(nothing_ended(i));
        inj_free(i);
    }
}

int main(void)
{
    static const struct tap_case cases[] = {
        { "ACKs are cumulative; old and unknown ones are ignored", cumulative },
        { "sequence NAK goes back", go_back },
        { "an ACK overtakes a go-back", overtaken },
        { "fatal NAKs", fatal_naks },
        { "READ responses", read_data },
        { "READ with a hole", read_hole },
        { "an ACK skips an ATOMIC", read_skipped },
        { "ATOMIC result", atomic_value },
        { "bad responses", bad_answers },
        { "response without a place", no_place },
        { "responses to a queue pair that goes away", gone },
    };

    return tap_run(cases, (int)(sizeof(cases) / sizeof(cases[0])));
}
