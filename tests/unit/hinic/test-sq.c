/* SPDX-License-Identifier: MIT */
/* Send queues of hostile guests: every bad WQE ends with its status, nothing leaves, the device
 * goes on. */
#include "inject.h"
#include "requester.h"
#include "tap.h"

#include "vdc/rng.h"

#define BB HINIC_BB_SIZE

struct bad {
    const char *name;
    uint32_t type; /* enum hinic_qp_type */
    uint32_t op, len;
    uint32_t n_sge; /* pieces of len / n_sge */
    /* Bytes of the WQE to change: offset, and value where `has` is set. */
    uint32_t at[2];
    uint8_t value[2];
    uint32_t n_change;
    uint32_t status, why;
};

#define CTRL_OP    0
#define CTRL_FLAGS 1
#define CTRL_NSGE  2
#define CTRL_OWN   3
#define CTRL_LEN   8
#define F_SIG      HINIC_WQE_F_SIGNALED
#define F_INL      HINIC_WQE_F_INLINE
#define RC         HINIC_QPT_RC
#define UC         HINIC_QPT_UC
#define UD         HINIC_QPT_UD
#define QP_OP      HINIC_WC_LOC_QP_OP_ERR
#define LEN_ERR    HINIC_WC_LOC_LEN_ERR

static const struct bad bad[] = {
    { "own bit of another pass",
      RC,
      HINIC_WQE_WRITE,
      100,
      1,
      { CTRL_OWN },
      { 0 },
      1,
      QP_OP,
      REQ_WHY_OWN },
    { "no block", RC, HINIC_WQE_WRITE, 100, 1, { CTRL_FLAGS }, { F_SIG }, 1, QP_OP, REQ_WHY_SIZE },
    { "nine blocks",
      RC,
      HINIC_WQE_WRITE,
      100,
      1,
      { CTRL_FLAGS },
      { F_SIG | 9 },
      1,
      QP_OP,
      REQ_WHY_SIZE },
    { "more blocks than posted",
      RC,
      HINIC_WQE_WRITE,
      100,
      1,
      { CTRL_FLAGS },
      { F_SIG | 2 },
      1,
      QP_OP,
      REQ_WHY_SIZE },
    { "unknown opcode",
      RC,
      HINIC_WQE_WRITE,
      100,
      1,
      { CTRL_OP },
      { 14 },
      1,
      QP_OP,
      REQ_WHY_OPCODE },
    { "opcode 255", RC, HINIC_WQE_WRITE, 100, 1, { CTRL_OP }, { 255 }, 1, QP_OP, REQ_WHY_OPCODE },
    { "REG_MR by a user",
      RC,
      HINIC_WQE_WRITE,
      100,
      1,
      { CTRL_OP },
      { HINIC_WQE_REG_MR },
      1,
      QP_OP,
      REQ_WHY_OPCODE },
    { "READ on UC", UC, HINIC_WQE_READ, 100, 1, { 0 }, { 0 }, 0, QP_OP, REQ_WHY_OPCODE },
    { "ATOMIC on UC", UC, HINIC_WQE_FADD, 8, 1, { 0 }, { 0 }, 0, QP_OP, REQ_WHY_OPCODE },
    { "SEND_INV on UC", UC, HINIC_WQE_SEND_INV, 8, 1, { 0 }, { 0 }, 0, QP_OP, REQ_WHY_OPCODE },
    { "WRITE on UD", UD, HINIC_WQE_WRITE, 100, 1, { 0 }, { 0 }, 0, QP_OP, REQ_WHY_OPCODE },
    { "more SGEs than the WQE has",
      RC,
      HINIC_WQE_WRITE,
      100,
      1,
      { CTRL_NSGE },
      { 4 },
      1,
      QP_OP,
      REQ_WHY_SIZE },
    { "more SGEs than the queue pair allows",
      RC,
      HINIC_WQE_WRITE,
      100,
      5,
      { 0 },
      { 0 },
      0,
      QP_OP,
      REQ_WHY_SIZE },
    { "255 SGEs", RC, HINIC_WQE_WRITE, 100, 1, { CTRL_NSGE }, { 255 }, 1, QP_OP, REQ_WHY_SIZE },
    { "length above the sum",
      RC,
      HINIC_WQE_WRITE,
      100,
      1,
      { CTRL_LEN },
      { 101 },
      1,
      LEN_ERR,
      REQ_WHY_LENGTH },
    { "length below the sum",
      RC,
      HINIC_WQE_SEND,
      100,
      1,
      { CTRL_LEN },
      { 99 },
      1,
      LEN_ERR,
      REQ_WHY_LENGTH },
    { "ATOMIC of 7 bytes", RC, HINIC_WQE_CAS, 7, 1, { 0 }, { 0 }, 0, LEN_ERR, REQ_WHY_LENGTH },
    { "ATOMIC_WRITE of 16 bytes",
      RC,
      HINIC_WQE_ATOMIC_WRITE,
      16,
      1,
      { 0 },
      { 0 },
      0,
      LEN_ERR,
      REQ_WHY_LENGTH },
    { "inline READ",
      RC,
      HINIC_WQE_READ,
      16,
      1,
      { CTRL_FLAGS },
      { F_SIG | F_INL | 1 },
      1,
      QP_OP,
      REQ_WHY_OPCODE },
    { "inline beyond its blocks",
      RC,
      HINIC_WQE_WRITE,
      200,
      1,
      { CTRL_FLAGS },
      { F_SIG | F_INL | 1 },
      1,
      LEN_ERR,
      REQ_WHY_LENGTH },
    { "inline of 4 GiB",
      RC,
      HINIC_WQE_WRITE,
      200,
      1,
      { CTRL_FLAGS, CTRL_LEN + 3 },
      { F_SIG | F_INL | 1, 0xff },
      2,
      LEN_ERR,
      REQ_WHY_LENGTH },
    { "UD above the MTU", UD, HINIC_WQE_SEND, 4097, 1, { 0 }, { 0 }, 0, LEN_ERR, REQ_WHY_LENGTH },
    { "UD from a GID that is not there",
      UD,
      HINIC_WQE_SEND,
      100,
      1,
      { 16 + 8 + 6 /* sgid_idx */ },
      { 60 },
      1,
      QP_OP,
      REQ_WHY_AV },
    { "FLUSH with an SGE", RC, HINIC_WQE_FLUSH, 8, 1, { 0 }, { 0 }, 0, QP_OP, REQ_WHY_SIZE },
};

static struct inj *open_rig(uint32_t type)
{
    const struct inj_cfg cfg = { .type = type, .conn = { .timeout = 14 } };

    return inj_new(&cfg);
}

static struct pair_wr make(const struct inj *i, uint32_t op, uint32_t len, uint32_t n_sge)
{
    struct pair_wr wr = { .op = op,
                          .flags = HINIC_WQE_F_SIGNALED,
                          .n_sge = n_sge,
                          .length = len,
                          .raddr = 0x1000,
                          .rkey = 0x77,
                          .dqpn = 5,
                          .qkey = PAIR_QKEY,
                          .av = pair_av(i->e, &i->p->end[0], 0) };

    for (uint32_t k = 0; k < n_sge; k++) {
        wr.sge[k] = pair_sge(&i->mr, 0x1000 * k, len / n_sge);
    }
    return wr;
}

static void every_kind(void)
{
    for (uint32_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
        const struct bad *b = &bad[k];
        struct inj *i = open_rig(b->type);
        const struct pair_wr good = make(i, HINIC_WQE_SEND, 64, 1);
        const struct pair_wr wr = make(i, b->op, b->len, b->n_sge);
        const int before = tap_failed;
        struct hinic_cqe c = { 0 };
        uint32_t at;
        uint8_t *wqe;

        (void)pair_post(&i->q, &good); /* leaves, and is acknowledged by nobody */
        at = i->q.sq_pi;
        wqe = host_ptr(i->e->o, i->q.sq + (uint64_t)at * BB, BB);
        (void)pair_post(&i->q, &wr);
        for (uint32_t n = 0; n < b->n_change; n++) {
            wqe[b->at[n]] = b->value[n];
        }
        pair_ring(&i->q);
        pair_run(i->p, i->p->now + 20 * VTIME_PS_PER_US);
        CHECK_EQ(i->n_resp, 1);
        if (b->type == RC) { /* the good one is over first */
            struct wire_hdr w = inj_hdr(i, WIRE_ACK, 0);

            CHECK(!pair_poll(i->e, &i->e->cq, &c));
            w.psn = PAIR_PSN + 0x100;
            w.syndrome = INJ_ACK;
            (void)inj_put(i, &w, NULL);
            pair_run(i->p, i->p->now + 20 * VTIME_PS_PER_US);
        }
        CHECK(pair_poll(i->e, &i->e->cq, &c));
        CHECK_EQ(c.status, HINIC_WC_SUCCESS);
        CHECK(pair_poll(i->e, &i->e->cq, &c));
        CHECK_EQ(c.status, b->status);
        CHECK_EQ(c.vendor_err, b->why);
        CHECK_EQ(c.sw_idx, 1);
        CHECK_EQ(c.wqe_idx, at);
        CHECK(!pair_poll(i->e, &i->e->cq, &c));
        CHECK_EQ(pair_qp_state(&i->q), b->type == RC ? HINIC_QPS_ERR : HINIC_QPS_SQE);
        CHECK_EQ(inj_count(i, HINIC_CNT_REQ_CQE_ERROR), 1);
        if (tap_failed != before) {
            printf("# case: %s\n", b->name);
        }
        inj_free(i);
    }
}

/* Keys, bounds and rights of local buffers; the device or the bus says no. */
static void buffers(void)
{
    for (uint32_t k = 0; k < 6; k++) {
        struct inj *i = open_rig(RC);
        struct pair_wr wr = make(i, HINIC_WQE_WRITE, 5000, 1);
        struct hinic_cqe c = { 0 };

        switch (k) {
        case 0:
            wr.sge[0].lkey ^= 1;
            break;
        case 1:
            wr.sge[0].lkey = 0; /* of the kernel */
            break;
        case 2:
            wr.sge[0].addr = i->mr.va + i->mr.len - 4999;
            break;
        case 3:
            wr.sge[0].addr = UINT64_MAX - 10;
            break;
        case 4: /* page 1 of 2 is not there */
            i->e->o->hole_from = 0;
            i->e->o->hole_to = UINT64_MAX;
            i->e->o->hole_from = i->mr.addr;
            i->e->o->hole_to = i->mr.addr + i->mr.len;
            break;
        default:
            pair_mr_dereg(i->e, &i->mr);
            break;
        }
        (void)pair_send(&i->q, &wr);
        (void)pair_send(&i->q, &wr);
        pair_run(i->p, i->p->now + 20 * VTIME_PS_PER_US);
        CHECK_EQ(i->n_resp, 0);
        CHECK(pair_poll(i->e, &i->e->cq, &c));
        CHECK_EQ(c.status, HINIC_WC_LOC_PROT_ERR);
        CHECK_EQ(c.vendor_err, REQ_WHY_SGE);
        CHECK(pair_poll(i->e, &i->e->cq, &c));
        CHECK_EQ(c.status, HINIC_WC_WR_FLUSH_ERR);
        CHECK(!pair_poll(i->e, &i->e->cq, &c));
        inj_free(i);
    }
}

/* The queue itself cannot be read. */
static void no_queue(void)
{
    struct inj *i = open_rig(RC);
    const struct pair_wr wr = make(i, HINIC_WQE_SEND, 64, 1);
    struct hinic_cqe c = { 0 };

    (void)pair_post(&i->q, &wr);
    i->e->o->hole_from = i->q.sq;
    i->e->o->hole_to = i->q.sq + BB;
    pair_ring(&i->q);
    pair_run(i->p, i->p->now + 20 * VTIME_PS_PER_US);
    CHECK(pair_poll(i->e, &i->e->cq, &c));
    CHECK_EQ(c.status, HINIC_WC_LOC_QP_OP_ERR);
    CHECK_EQ(c.vendor_err, REQ_WHY_QUEUE);
    CHECK(!pair_poll(i->e, &i->e->cq, &c));
    CHECK_EQ(inj_event(i), HINIC_EQE_QP_FATAL);
    CHECK_EQ(pair_qp_state(&i->q), HINIC_QPS_ERR);
    inj_free(i);
}

/* A WQE that is another one when it is sent again. */
static void changed(void)
{
    struct inj *i = open_rig(RC);
    const struct pair_wr wr = make(i, HINIC_WQE_WRITE, 64, 1);
    struct wire_hdr w = inj_hdr(i, WIRE_ACK, 0);
    struct hinic_cqe c = { 0 };
    uint8_t *wqe = host_ptr(i->e->o, i->q.sq, BB);

    (void)pair_send(&i->q, &wr);
    pair_run(i->p, i->p->now + 20 * VTIME_PS_PER_US);
    wqe[CTRL_OP] = HINIC_WQE_READ;
    w.psn = PAIR_PSN + 0x100;
    w.syndrome = INJ_SEQ;
    (void)inj_put(i, &w, NULL);
    pair_run(i->p, i->p->now + 20 * VTIME_PS_PER_US);
    CHECK(pair_poll(i->e, &i->e->cq, &c));
    CHECK_EQ(c.status, HINIC_WC_LOC_QP_OP_ERR);
    CHECK_EQ(c.vendor_err, REQ_WHY_CHANGED);
    CHECK_EQ(i->n_resp, 1);
    inj_free(i);
}

static uint64_t rnd_n, rnd_key;

static uint32_t rnd(uint32_t below)
{
    return (uint32_t)vdc_rand_below(rnd_key, rnd_n++, below);
}

/* Random bytes as WQEs, while a peer says random things: no assertion, no endless loop, and a reset
 * works. */
static void noise(void)
{
    static const uint32_t type[] = { RC, UC, UD };

    for (uint32_t round = 0; round < 36; round++) {
        struct inj *i = open_rig(type[round % 3]);
        struct hinic_cqe c;

        rnd_key = 0x5e9d + round;
        for (uint32_t k = 0; k < 60; k++) {
            const uint32_t op = rnd(14);
            const struct pair_wr wr = make(i, op, 8 + 8 * rnd(1000), 1);
            uint8_t *wqe = host_ptr(i->e->o, i->q.sq + (i->q.sq_pi & 255u) * (uint64_t)BB, BB);
            struct wire_hdr w = inj_hdr(i, rnd(30), 0);

            (void)pair_post(&i->q, &wr);
            for (uint32_t b = rnd(4); b > 0; b--) {
                const uint32_t at = rnd(BB);

                wqe[at] = (uint8_t)rnd(256);
            }
            pair_ring(&i->q);
            if (type[round % 3] == RC && (vdc_wire_flags(w.opcode) & WIRE_F_KNOWN)) {
                w.psn = PAIR_PSN + 0x100 + rnd(30);
                w.syndrome = (uint8_t)rnd(256);
                (void)inj_put(i, &w, NULL);
            }
            pair_run(i->p, vtime_max(i->p->now, i->t) + rnd(3 * VTIME_PS_PER_US));
        }
        pair_run(i->p, i->p->now + VTIME_PS_PER_S);
        while (pair_poll(i->e, &i->e->cq, &c)) {
        }
        CHECK_EQ(pair_qp_to(&i->q, HINIC_QPS_RESET), 0);
        pair_idle(i->p);
        CHECK(!pair_poll(i->e, &i->e->cq, &c));
        inj_free(i);
    }
}

int main(void)
{
    static const struct tap_case cases[] = {
        { "bad WQEs of every kind", every_kind },
        { "bad buffers", buffers },
        { "send queue out of reach", no_queue },
        { "WQE changed before it is sent again", changed },
        { "noise", noise },
    };

    return tap_run(cases, (int)(sizeof(cases) / sizeof(cases[0])));
}
