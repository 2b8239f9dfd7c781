/* SPDX-License-Identifier: MIT */
/* Requests of every kind on several queue pairs over a bad link, into one shared receive queue:
 * order, contents, and memory at the end. */
#include <stdlib.h>

#include "pair.h"
#include "tap.h"
#include "vdc/rng.h"

#define N_QP    3u
#define N_OP    700u /* per QP */
#define DEPTH   8u   /* outstanding per QP */
#define AREA    (64u << 10)
#define MSG     2000u
#define SOURCE  (512u << 10)
#define SLOT    2048u
#define LOG_SRQ 10u   /* more than there are messages: none is used twice */
#define WORDS   4096u /* behind the areas: counters, ATOMIC_WRITE */

struct soak {
    struct pair *p;
    struct pair_qp a[N_QP], b[N_QP];
    struct pair_srq srq;
    struct pair_mr from, into, to, recv;
    uint8_t *want; /* of `to` */
    uint8_t *source;
    uint64_t seed, n_rand;
    uint64_t sum[N_QP];
    uint32_t n_posted[N_QP], n_done[N_QP];
    uint32_t n_sent[N_QP], n_got[N_QP]; /* messages */
    uint32_t at[N_QP][N_OP], len[N_QP][N_OP];
    uint32_t srq_slot; /* of the next receive WQE */
};

static uint32_t below(struct soak *s, uint32_t n)
{
    return (uint32_t)vdc_rand_below(s->seed, s->n_rand++, n);
}

static void post_recv(struct soak *s)
{
    if (s->srq_slot >> LOG_SRQ) {
        return;
    }
    {
        const struct hinic_sge g = pair_sge(&s->recv, s->srq_slot++ * SLOT, SLOT);

        pair_srq_post(&s->p->end[1], &s->srq, &g, 1);
        pair_srq_ring(&s->p->end[1], &s->srq);
    }
}

static void post_message(struct soak *s, uint32_t k, struct pair_wr *w, bool is_write)
{
    w->op = is_write ? HINIC_WQE_WRITE_IMM : HINIC_WQE_SEND_IMM;
    w->imm = k << 24 | s->n_sent[k];
    s->at[k][s->n_sent[k]] = is_write ? UINT32_MAX : (uint32_t)(w->sge[0].addr - s->from.va);
    s->len[k][s->n_sent[k]] = w->sge[0].len;
    s->n_sent[k]++;
}

/* One request; what it does to memory is done to the copy at once. */
static void post(struct soak *s, uint32_t k)
{
    const uint32_t n = 1 + below(s, MSG);
    const uint32_t src = below(s, SOURCE - MSG) & ~7u;
    const uint32_t dst = k * AREA + below(s, AREA - MSG);
    const uint32_t word = N_QP * AREA + k * 8;
    struct pair_wr w = { .flags = HINIC_WQE_F_SIGNALED,
                         .n_sge = 1,
                         .sge = { pair_sge(&s->from, src, n) },
                         .raddr = s->to.va + dst,
                         .rkey = s->to.key };

    switch (below(s, 8)) {
    case 0:
    case 1:
        post_message(s, k, &w, false);
        break;
    case 2:
        post_message(s, k, &w, true);
        memcpy(s->want + dst, s->source + src, n);
        break;
    case 3:
        w.op = HINIC_WQE_READ; /* of what nobody writes */
        w.sge[0] = pair_sge(&s->into, (k * DEPTH + s->n_posted[k] % DEPTH) * 4096, n);
        w.raddr = s->to.va + N_QP * AREA + WORDS;
        break;
    case 4:
        w.op = HINIC_WQE_FADD;
        w.sge[0] = pair_sge(&s->into, N_QP * DEPTH * 4096 + k * 8, 8);
        w.raddr = s->to.va + word;
        w.swap_add = n;
        s->sum[k] += n;
        break;
    case 5:
        w.op = HINIC_WQE_ATOMIC_WRITE;
        w.sge[0] = pair_sge(&s->from, src, 8);
        w.raddr = s->to.va + word + 64;
        memcpy(s->want + word + 64, s->source + src, 8);
        break;
    case 6:
        w.op = HINIC_WQE_FLUSH;
        w.n_sge = 0;
        w.length = n;
        w.flush = 1;
        break;
    default:
        w.op = HINIC_WQE_WRITE;
        memcpy(s->want + dst, s->source + src, n);
        break;
    }
    (void)pair_send(&s->a[k], &w);
    s->n_posted[k]++;
}

/* Messages of a QP come in order, each with its bytes. */
static void check_messages(struct soak *s)
{
    struct hinic_cqe c;

    while (pair_poll(&s->p->end[1], &s->p->end[1].cq, &c)) {
        const uint32_t k = c.imm >> 24;
        const uint32_t i = c.imm & 0xffffff;
        uint8_t got[4096];

        CHECK_EQ(c.status, HINIC_WC_SUCCESS);
        if (k >= N_QP || c.status != HINIC_WC_SUCCESS) {
            CHECK(0);
            return;
        }
        CHECK_EQ(c.qpn_op & 0xffffff, s->b[k].qpn);
        CHECK_EQ(i, s->n_got[k]++);
        CHECK_EQ(c.byte_len, s->len[k][i]);
        if (s->at[k][i] != UINT32_MAX) {
            pair_mr_read(&s->p->end[1], &s->recv, c.wqe_idx * SLOT, got, s->len[k][i]);
            CHECK(memcmp(got, s->source + s->at[k][i], s->len[k][i]) == 0);
        }
        post_recv(s);
    }
}

static void check_end(struct soak *s)
{
    uint8_t *got = malloc(s->to.len);

    if (!got) {
        abort();
    }
    pair_mr_read(&s->p->end[1], &s->to, 0, got, s->to.len);
    for (uint32_t k = 0; k < N_QP; k++) {
        memcpy(s->want + N_QP * AREA + k * 8, &s->sum[k], 8);
        CHECK_EQ(s->n_got[k], s->n_sent[k]);
    }
    for (uint32_t i = 0; i < s->to.len; i++) {
        if (got[i] != s->want[i]) {
            printf("# first difference at %u\n", i);
            CHECK(0);
            break;
        }
    }
    free(got);
}

static void open_soak(struct soak *s, uint64_t seed, uint32_t mtu, uint32_t n_recv)
{
    const uint32_t all = HINIC_ACCESS_LOCAL_WRITE | HINIC_ACCESS_REMOTE_WRITE |
                         HINIC_ACCESS_REMOTE_READ | HINIC_ACCESS_REMOTE_ATOMIC |
                         HINIC_ACCESS_FLUSH_GLOBAL;
    const struct pair_qp_cfg qa = { .type = HINIC_QPT_RC };
    const struct pair_conn conn = { .path_mtu = mtu, .timeout = 4, .rd_atomic = 4 };
    struct pair_qp_cfg qb = qa;

    s->p = pair_new(NULL, seed);
    s->seed = vdc_key(seed, VDC_RNG_SIM, 1, 0);
    s->from = pair_mr(&s->p->end[0], SOURCE, all, PAIR_MR_SHUFFLED);
    s->into = pair_mr(&s->p->end[0], (N_QP * DEPTH + 1) * 4096, all, PAIR_MR_FLAT);
    s->to = pair_mr(&s->p->end[1], N_QP * AREA + WORDS + 4096, all, PAIR_MR_SHUFFLED);
    s->recv = pair_mr(&s->p->end[1], SLOT << LOG_SRQ, HINIC_ACCESS_LOCAL_WRITE, PAIR_MR_SHUFFLED);
    s->srq = pair_srq(&s->p->end[1], LOG_SRQ, 2, 0);
    qb.srq = &s->srq;
    for (uint32_t k = 0; k < N_QP; k++) {
        s->a[k] = pair_qp(&s->p->end[0], &qa);
        s->b[k] = pair_qp(&s->p->end[1], &qb);
        pair_connect(&s->a[k], &s->b[k], &conn);
    }
    s->source = malloc(SOURCE);
    s->want = calloc(1, s->to.len);
    if (!s->source || !s->want) {
        abort();
    }
    for (uint32_t i = 0; i < SOURCE; i++) {
        s->source[i] = (uint8_t)vdc_rand(seed, i);
    }
    pair_mr_write(&s->p->end[0], &s->from, 0, s->source, SOURCE);
    for (uint32_t i = 0; i < n_recv; i++) {
        post_recv(s);
    }
}

static void soak(uint64_t seed, uint32_t mtu, uint32_t n_recv, const struct pair_fault *fault)
{
    struct soak *s = calloc(1, sizeof(*s));
    struct hinic_cqe c;
    uint32_t n_left = N_QP * N_OP;

    if (!s) {
        abort();
    }
    open_soak(s, seed, mtu, n_recv);
    s->p->dir[0].fault = s->p->dir[1].fault = *fault;
    while (n_left > 0 && tap_failed == 0) {
        for (uint32_t k = 0; k < N_QP; k++) {
            while (s->n_posted[k] < N_OP && s->n_posted[k] - s->n_done[k] < DEPTH) {
                post(s, k);
            }
        }
        if (!pair_step(s->p)) {
            CHECK(0); /* nothing is left to do, and not all is done */
            break;
        }
        while (pair_poll(&s->p->end[0], &s->p->end[0].cq, &c)) {
            uint32_t k = 0;

            while (k + 1 < N_QP && s->a[k].qpn != (c.qpn_op & 0xffffff)) {
                k++;
            }
            CHECK_EQ(c.status, HINIC_WC_SUCCESS);
            CHECK_EQ(c.sw_idx, s->n_done[k]);
            s->n_done[k]++;
            n_left--;
        }
        check_messages(s);
    }
    pair_idle(s->p);
    check_messages(s);
    check_end(s);
    printf("# %" PRIu64 " frames lost, %" PRIu64 " twice, %" PRIu64 " old requests, %" PRIu64
           " gaps, %" PRIu64 " without a buffer\n",
           s->p->dir[0].n_lost + s->p->dir[1].n_lost, s->p->dir[0].n_dup + s->p->dir[1].n_dup,
           pair_counter(s->p, 1, HINIC_CNT_DUPLICATE_REQUEST),
           pair_counter(s->p, 1, HINIC_CNT_OUT_OF_SEQUENCE),
           pair_counter(s->p, 1, HINIC_CNT_OUT_OF_BUFFER));
    pair_free(s->p);
    free(s->source);
    free(s->want);
    free(s);
}

static void good_link(void)
{
    const struct pair_fault none = { 0 };

    soak(1, 4096, 30, &none);
    soak(2, 256, 2, &none);
}

static void loss(void)
{
    const struct pair_fault f = { .loss_p32 = UINT64_C(1) << 26 };

    soak(3, 1024, 30, &f);
    soak(4, 256, 2, &f);
}

static void all_faults(void)
{
    const struct pair_fault f = { .loss_p32 = UINT64_C(1) << 25,
                                  .dup_p32 = UINT64_C(1) << 27,
                                  .corrupt_p32 = UINT64_C(1) << 24,
                                  .reorder_p32 = UINT64_C(1) << 26,
                                  .reorder_ps = 5000000 };

    for (uint64_t seed = 5; seed < 11; seed++) {
        soak(seed, seed & 1 ? 512 : 4096, seed % 3 == 0 ? 1 : 30, &f);
    }
}

static const struct tap_case cases[] = {
    { "a good link", good_link },
    { "loss", loss },
    { "loss, copies, damage, reordering", all_faults },
};
TAP_MAIN(cases)
