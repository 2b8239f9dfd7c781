/* SPDX-License-Identifier: MIT */
/* Atomics at the responder: results, replay, order, refusals; FLUSH and ATOMIC_WRITE. */
#include "inject.h"
#include "tap.h"

static struct inj *new_rd(uint32_t rd_atomic)
{
    const struct inj_cfg c = { .conn = { .rd_atomic = rd_atomic } };

    return inj_new(&c);
}

static uint64_t word(struct inj *i, uint64_t off)
{
    uint64_t v;

    pair_idle(i->p);
    pair_mr_read(i->e, &i->mr, off, &v, sizeof(v));
    return v;
}

static void set_word(struct inj *i, uint64_t off, uint64_t v)
{
    pair_mr_write(i->e, &i->mr, off, &v, sizeof(v));
}

static bool result_is(struct inj *i, uint32_t psn, uint32_t msn, uint64_t v)
{
    if (!inj_is(i, WIRE_ATOMIC_ACK, psn, INJ_ACK, msn)) {
        return false;
    }
    return i->resp[i->n_seen - 1].w.swap_add == v;
}

static void results(void)
{
    struct inj *i = new_rd(0);
    const struct vdc_hinic_timing *t = &i->e->o->cfg.timing;

    set_word(i, 8, 100);
    inj_atomic(i, WIRE_FADD, 0, 8, 5, 0);
    CHECK(result_is(i, 0, 1, 100));
    CHECK_EQ(word(i, 8), 105);
    inj_atomic(i, WIRE_CAS, 1, 8, 7, 104);
    CHECK(result_is(i, 1, 2, 105));
    CHECK_EQ(word(i, 8), 105);
    inj_atomic(i, WIRE_CAS, 2, 8, 7, 105);
    CHECK(result_is(i, 2, 3, 105));
    CHECK_EQ(word(i, 8), 7);
    inj_atomic(i, WIRE_FADD, 3, 8, UINT64_MAX, 0);
    CHECK(result_is(i, 3, 4, 7));
    CHECK_EQ(word(i, 8), 6);
    CHECK_EQ(i->resp[3].depart,
             i->t + t->t_rx + t->t_pcie_up + /* 8 bytes */ 250 + t->t_pcie_dn + t->t_ack + t->t_tx);
    CHECK_EQ(inj_count(i, HINIC_CNT_RX_ATOMIC_REQUESTS), 4);
    inj_free(i);
}

/* The response was lost: the same result again, and the operation is not repeated. */
static void replay(void)
{
    struct inj *i = new_rd(4);

    set_word(i, 0, 1000);
    for (uint32_t k = 0; k < 5; k++) {
        inj_atomic(i, WIRE_FADD, k, 0, 1, 0);
        CHECK(result_is(i, k, k + 1, 1000 + k));
    }
    inj_atomic(i, WIRE_FADD, 4, 0, 1, 0);
    CHECK(result_is(i, 4, 5, 1004));
    inj_atomic(i, WIRE_FADD, 1, 0, 1, 0);
    CHECK(result_is(i, 1, 5, 1001));
    inj_atomic(i, WIRE_FADD, 1, 0, 1, 0);
    CHECK(result_is(i, 1, 5, 1001));
    CHECK_EQ(word(i, 0), 1005);
    inj_atomic(i, WIRE_FADD, 0, 0, 1, 0); /* no longer remembered */
    CHECK(inj_is_silent(i));
    CHECK_EQ(word(i, 0), 1005);
    CHECK_EQ(inj_count(i, HINIC_CNT_RX_ATOMIC_REQUESTS), 5);
    CHECK_EQ(inj_count(i, HINIC_CNT_DUPLICATE_REQUEST), 4);
    inj_free(i);
}

/* A copy right behind the original: one result. */
static void copy_in_progress(void)
{
    struct inj *i = new_rd(4);

    inj_atomic(i, WIRE_FADD, 0, 0, 1, 0);
    inj_atomic(i, WIRE_FADD, 0, 0, 1, 0);
    inj_atomic(i, WIRE_FADD, 1, 0, 1, 0);
    CHECK(result_is(i, 0, 1, 0));
    CHECK(result_is(i, 1, 2, 1));
    CHECK(inj_is_silent(i));
    CHECK_EQ(word(i, 0), 2);
    inj_free(i);
}

static void order(void)
{
    struct inj *i = new_rd(8);

    /* WRITE, atomic, WRITE of the same word; and a READ between answers */
    inj_write(i, WIRE_WRITE_ONLY, 0, 8, 64, 8, 0);
    inj_atomic(i, WIRE_FADD, 1, 64, 0, 0);
    inj_write(i, WIRE_WRITE_ONLY, 2, 8, 64, 8, 0);
    inj_read(i, 3, 64, 8);
    inj_atomic(i, WIRE_CAS, 4, 128, 0, 1);
    inj_write(i, WIRE_WRITE_ONLY, 5, 8, 64, 8, INJ_A);
    {
        uint64_t v0 = 0;
        uint8_t b[8];

        for (uint32_t k = 0; k < 8; k++) {
            b[k] = inj_byte(0, k);
        }
        memcpy(&v0, b, 8);
        CHECK(result_is(i, 1, 2, v0));
    }
    CHECK(inj_is(i, WIRE_READ_RESP_ONLY, 3, INJ_ACK, 4));
    CHECK_EQ(i->resp[i->n_seen - 1].pay[0], inj_byte(2, 0));
    CHECK(result_is(i, 4, 5, 0));
    CHECK(inj_is(i, WIRE_ACK, 5, INJ_ACK, 6));
    CHECK(inj_mr_is(i, 64, 5, 8));
    inj_free(i);
}

static void refused(void)
{
    static const struct {
        uint64_t off;
        uint32_t key, syndrome;
    } c[] = {
        { 4, 0, INJ_INV },
        { 1, 0, INJ_INV },
        { INJ_MR_LEN, 0, INJ_ACCESS },
        { 0, 1, INJ_ACCESS },
    };

    for (uint32_t k = 0; k < 2 * sizeof(c) / sizeof(c[0]); k++) {
        struct inj *i = new_rd(0);
        struct wire_hdr w = inj_hdr(i, k & 1 ? WIRE_CAS : WIRE_FADD, 0);

        w.va = i->mr.va + c[k / 2].off;
        w.rkey = i->mr.key ^ c[k / 2].key;
        (void)inj_put(i, &w, NULL);
        inj_atomic(i, WIRE_FADD, 1, 8, 1, 0); /* behind it: not executed */
        CHECK(inj_is(i, WIRE_ACK, 0, c[k / 2].syndrome, 0));
        CHECK(inj_is_silent(i));
        CHECK_EQ(word(i, 8), 0);
        CHECK_EQ(pair_qp_state(&i->q), HINIC_QPS_ERR);
        inj_free(i);
    }
}

static void too_many(void)
{
    struct inj *i = new_rd(1);

    inj_atomic(i, WIRE_FADD, 0, 0, 1, 0);
    inj_atomic(i, WIRE_FADD, 1, 0, 1, 0);
    CHECK(result_is(i, 0, 1, 0));
    CHECK(inj_is(i, WIRE_ACK, 1, INJ_INV, 1));
    CHECK_EQ(word(i, 0), 1);
    inj_free(i);
}

static void fault(void)
{
    struct inj *i = new_rd(4);

    i->e->o->hole_from = i->mr.addr;
    i->e->o->hole_to = i->mr.addr + INJ_MR_LEN;
    inj_atomic(i, WIRE_FADD, 0, 0, 1, 0);
    inj_atomic(i, WIRE_FADD, 1, 0, 1, 0);
    CHECK(inj_is(i, WIRE_ACK, 0, INJ_OP, 0));
    CHECK(inj_is_silent(i));
    CHECK_EQ(inj_event(i), HINIC_EQE_QP_ACCESS);
    inj_free(i);
}

/* Two real ends, a bad link: each FADD is executed once, and each result is told once. */
static void exactly_once(void)
{
    enum { N = 600 };
    struct pair *p = pair_new(NULL, 11);
    const struct pair_qp_cfg qc = { .type = HINIC_QPT_RC };
    const struct pair_conn conn = { .timeout = 3, .rd_atomic = 4 };
    struct pair_qp a = pair_qp(&p->end[0], &qc);
    struct pair_qp b = pair_qp(&p->end[1], &qc);
    const struct pair_mr from = pair_mr(&p->end[0], 8 * N, HINIC_ACCESS_LOCAL_WRITE, PAIR_MR_FLAT);
    const struct pair_mr to = pair_mr(
        &p->end[1], 8, HINIC_ACCESS_LOCAL_WRITE | HINIC_ACCESS_REMOTE_ATOMIC, PAIR_MR_FLAT);
    struct hinic_cqe c;
    uint64_t sum;

    pair_connect(&a, &b, &conn);
    for (uint32_t d = 0; d < 2; d++) {
        p->dir[d].fault = (struct pair_fault){ .loss_p32 = UINT64_C(1) << 27, /* 3 % */
                                               .dup_p32 = UINT64_C(1) << 28,
                                               .reorder_p32 = UINT64_C(1) << 26,
                                               .reorder_ps = 3000000 };
    }
    for (uint32_t k = 0; k < N; k++) {
        const struct pair_wr wr = { .op = HINIC_WQE_FADD,
                                    .flags = HINIC_WQE_F_SIGNALED,
                                    .n_sge = 1,
                                    .sge = { pair_sge(&from, 8 * k, 8) },
                                    .raddr = to.va,
                                    .rkey = to.key,
                                    .swap_add = 1 };

        (void)pair_send(&a, &wr);
        if (k % 20 == 19) {
            for (uint32_t n = 0; n < 20; n++) {
                CHECK(pair_wait(&p->end[0], &p->end[0].cq, &c, PAIR_NEVER));
                CHECK_EQ(c.status, HINIC_WC_SUCCESS);
            }
        }
    }
    pair_mr_read(&p->end[1], &to, 0, &sum, 8);
    CHECK_EQ(sum, N);
    for (uint32_t k = 0; k < N; k++) {
        uint64_t v;

        pair_mr_read(&p->end[0], &from, 8 * k, &v, 8);
        CHECK_EQ(v, k);
    }
    CHECK(p->dir[0].n_lost > 0 && p->dir[1].n_lost > 0 && p->dir[0].n_dup > 0);
    CHECK(pair_counter(p, 1, HINIC_CNT_DUPLICATE_REQUEST) > 0);
    pair_free(p);
}

/* ---- ATOMIC_WRITE, FLUSH ---- */

static void atomic_write(void)
{
    struct inj *i = new_rd(4);

    inj_write(i, WIRE_ATOMIC_WRITE, 0, 8, 64, 8, INJ_A);
    CHECK(inj_is(i, WIRE_READ_RESP_ONLY, 0, INJ_ACK, 1));
    CHECK_EQ(i->resp[0].w.pay_len, 0);
    CHECK(inj_mr_is(i, 64, 0, 8));
    inj_write(i, WIRE_WRITE_ONLY, 1, 8, 64, 8, 0);
    inj_write(i, WIRE_ATOMIC_WRITE, 0, 8, 64, 8, INJ_A); /* a copy: answered, not written */
    CHECK(inj_is(i, WIRE_READ_RESP_ONLY, 0, INJ_ACK, 2));
    CHECK(inj_mr_is(i, 64, 1, 8));
    CHECK(inj_is_silent(i));
    inj_free(i);
}

static void atomic_write_refused(void)
{
    static const struct {
        uint32_t n, len, off, syndrome;
    } c[] = {
        { 8, 8, 4, INJ_INV },
        { 4, 4, 0, INJ_INV },
        { 16, 16, 0, INJ_INV },
        { 8, 8, INJ_MR_LEN, INJ_ACCESS },
    };

    for (uint32_t k = 0; k < sizeof(c) / sizeof(c[0]); k++) {
        struct inj *i = new_rd(4);

        inj_write(i, WIRE_ATOMIC_WRITE, 0, c[k].n, c[k].off, c[k].len, INJ_A);
        CHECK(inj_is(i, WIRE_ACK, 0, c[k].syndrome, 0));
        inj_free(i);
    }
}

static void put_flush(struct inj *i, uint32_t psn, uint32_t feth, uint64_t off, uint32_t len)
{
    struct wire_hdr w = inj_hdr(i, WIRE_FLUSH, psn);

    w.feth = feth;
    w.va = i->mr.va + off;
    w.rkey = i->mr.key;
    w.dma_len = len;
    (void)inj_put(i, &w, NULL);
}

/* Answered when the bytes before it are in memory, not earlier. */
static void flush(void)
{
    struct inj *i = new_rd(4);
    const struct vdc_hinic_cfg *cfg = &i->e->o->cfg;
    const struct vdc_hinic_timing *t = &cfg->timing;
    const struct inj_resp *r;
    vtime_t first;

    inj_write(i, WIRE_WRITE_ONLY, 0, 4096, 0, 4096, INJ_A); /* the page list is known afterwards */
    CHECK(inj_is(i, WIRE_ACK, 0, INJ_ACK, 1));
    inj_write(i, WIRE_WRITE_ONLY, 1, 4096, 0, 4096, 0);
    first = i->t;
    put_flush(i, 2, 1, 0, 4096); /* global visibility */
    r = inj_next(i);
    CHECK(r && r->w.opcode == WIRE_READ_RESP_ONLY && r->w.msn == 3);
    CHECK_EQ(r ? r->depart : 0, first + t->t_rx +
                                    (4096ull * 8000 + cfg->pcie_gbps - 1) / cfg->pcie_gbps +
                                    t->t_pcie_up + t->t_ack + t->t_tx);
    put_flush(i, 3, 1 << 4 | 2, 0, 0); /* all of the region, persistent */
    CHECK(inj_is(i, WIRE_READ_RESP_ONLY, 3, INJ_ACK, 4));
    put_flush(i, 2, 1, 0, 4096); /* a copy */
    CHECK(inj_is(i, WIRE_READ_RESP_ONLY, 2, INJ_ACK, 4));
    CHECK(inj_is_silent(i));
    inj_free(i);
}

static void flush_refused(void)
{
    static const struct {
        uint32_t feth, len, syndrome;
    } c[] = {
        { 0, 64, INJ_INV },
        { 4, 64, INJ_INV },
        { 2 << 4 | 1, 64, INJ_INV },
        { 1, INJ_MR_LEN + 1, INJ_ACCESS },
    };
    const struct inj_cfg none = { .conn = { .access = HINIC_ACCESS_REMOTE_WRITE } };

    for (uint32_t k = 0; k < sizeof(c) / sizeof(c[0]); k++) {
        struct inj *i = new_rd(4);

        put_flush(i, 0, c[k].feth, 0, c[k].len);
        CHECK(inj_is(i, WIRE_ACK, 0, c[k].syndrome, 0));
        inj_free(i);
    }
    {
        struct inj *i = inj_new(&none);

        put_flush(i, 0, 1, 0, 64); /* the QP does not allow it */
        CHECK(inj_is(i, WIRE_ACK, 0, INJ_INV, 0));
        inj_free(i);
    }
}

static const struct tap_case cases[] = {
    { "results of CAS and FADD", results },
    { "a result is told again, the operation is not repeated", replay },
    { "a copy right behind the original", copy_in_progress },
    { "order with READ and WRITE", order },
    { "atomics that are refused", refused },
    { "more atomics than agreed", too_many },
    { "a fault of memory", fault },
    { "each FADD once over a bad link", exactly_once },
    { "ATOMIC_WRITE and its copy", atomic_write },
    { "ATOMIC_WRITE that is refused", atomic_write_refused },
    { "FLUSH waits for what is before it", flush },
    { "FLUSH that is refused", flush_refused },
};
TAP_MAIN(cases)
