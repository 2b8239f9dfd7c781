/* SPDX-License-Identifier: MIT */
/* Random work on up to eight queue pairs of RC, UC and UD over a bad link, and a checker that knows
 * nothing of the transport: data, order and number of completions, results of atomics, counters. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pair.h"
#include "requester.h"
#include "tap.h"
#include "vdc/rng.h"

#define QPS        8u
#define OPS        60u /* per queue pair and direction */
#define LEN_MAX    9000u
#define PAT        65536u       /* bytes of the pattern that everything is taken from */
#define LAND_BYTES (280u << 10) /* of all messages of a direction */
#define SLOTS      32u          /* receive buffers of UC and UD */
#define SLOT       4160u
#define OUT_MAX    24u /* posted and not completed */
#define DEADLINE   (60 * VTIME_PS_PER_MS)
#define ALL                                                                                        \
    (HINIC_ACCESS_LOCAL_WRITE | HINIC_ACCESS_REMOTE_WRITE | HINIC_ACCESS_REMOTE_READ |             \
     HINIC_ACCESS_REMOTE_ATOMIC | HINIC_ACCESS_FLUSH_GLOBAL)

struct scenario {
    const char *name;
    struct pair_fault fault; /* of both directions */
};

#define P32(permille) ((uint64_t)(permille) * 4294967ull)
/* Damage hits IPv4 only: behind its BTH every bit is covered by the ICRC. */
static const struct scenario scenario[] = {
    { "no faults", { 0 } },
    { "loss 0.1 %", { .loss_p32 = P32(1) } },
    { "loss 1 %", { .loss_p32 = P32(10) } },
    { "duplicates 1 %", { .dup_p32 = P32(10), .reorder_ps = 3000000 } },
    { "reorder 1 %", { .reorder_p32 = P32(10), .reorder_ps = 2000000 } },
    { "corruption 1 %", { .corrupt_p32 = P32(10) } },
    { "everything",
      { .loss_p32 = P32(5),
        .dup_p32 = P32(5),
        .corrupt_p32 = P32(5),
        .reorder_p32 = P32(5),
        .reorder_ps = 3000000 } },
};

struct op {
    uint32_t op, len, src, dst; /* offsets in the pattern, in the landing area */
};

/* One direction of a queue pair: what end `from` sends. */
struct flow {
    struct pair_qp *q, *peer;
    struct op op[OPS];
    uint32_t n_posted, n_done;
    uint32_t n_recv_posted, n_recv; /* receive WQEs of the peer */
    uint32_t recv_of[OPS];          /* RC: message that takes receive WQE number i */
    uint32_t n_taking;              /* RC: messages posted that take one */
    uint32_t n_fadd;
    uint32_t last_imm; /* UC, UD: newest message seen + 1 */
    bool is_seen[OPS];
    struct pair_mr land;  /* at the receiver: written by WRITE and SEND */
    struct pair_mr back;  /* at the sender: READ and ATOMIC results */
    struct pair_mr count; /* at the receiver: 8 bytes */
};

struct world {
    struct pair *p;
    const struct scenario *s;
    uint32_t n_qp;
    uint32_t type[QPS];
    struct pair_qp qp[2][QPS];
    struct flow flow[2][QPS];
    struct pair_mr pat[2];
    uint8_t bytes[PAT];
    uint64_t key, n_draw;
    uint64_t log; /* digest of all completions */
    uint32_t bad;
};

static uint32_t rnd(struct world *w, uint32_t below)
{
    return (uint32_t)vdc_rand_below(w->key, w->n_draw++, below);
}

static void wrong(struct world *w, uint32_t end, uint32_t i, const char *what, uint64_t a,
                  uint64_t b)
{
    if (w->bad++ < 10) {
        printf("# end %u queue pair %u (type %u): %s, %llu, %llu\n", end, i, w->type[i], what,
               (unsigned long long)a, (unsigned long long)b);
    }
}

/* ---- set up ---- */

static uint32_t take_op(struct world *w, uint32_t type)
{
    static const uint32_t rc[] = { HINIC_WQE_SEND,  HINIC_WQE_SEND_IMM,  HINIC_WQE_WRITE,
                                   HINIC_WQE_WRITE, HINIC_WQE_WRITE_IMM, HINIC_WQE_READ,
                                   HINIC_WQE_READ,  HINIC_WQE_FADD,      HINIC_WQE_NOP };
    static const uint32_t uc[] = { HINIC_WQE_SEND_IMM, HINIC_WQE_WRITE_IMM };

    switch (type) {
    case HINIC_QPT_RC:
        return rc[rnd(w, 9)];
    case HINIC_QPT_UC:
        return uc[rnd(w, 2)];
    default:
        return HINIC_WQE_SEND_IMM;
    }
}

static void plan(struct world *w, struct flow *f, uint32_t type)
{
    uint32_t at = type == HINIC_QPT_RC ? 0 : SLOTS * SLOT;

    for (uint32_t k = 0; k < OPS; k++) {
        struct op *o = &f->op[k];
        const uint32_t max = rnd(w, 3) ? 600 : type == HINIC_QPT_RC ? LEN_MAX : 4096;

        o->op = take_op(w, type);
        o->len = o->op == HINIC_WQE_FADD ? 8 : o->op == HINIC_WQE_NOP ? 0 : rnd(w, max + 1);
        o->src = rnd(w, PAT - LEN_MAX);
        o->dst = at;
        at = (at + o->len + 7) & ~7u;
    }
    assert(at <= LAND_BYTES);
}

static struct world *open_world(const struct scenario *s, uint64_t seed)
{
    struct world *w = calloc(1, sizeof(*w));
    static const uint32_t types[] = { HINIC_QPT_RC, HINIC_QPT_RC, HINIC_QPT_UC, HINIC_QPT_UD };

    assert(w);
    w->s = s;
    w->key = vdc_key(seed, VDC_RNG_SIM, 1, 0);
    w->p = pair_new(NULL, seed);
    w->n_qp = 1 + rnd(w, QPS);
    for (uint32_t i = 0; i < PAT; i++) {
        w->bytes[i] = (uint8_t)vdc_rand(w->key, UINT64_C(1) << 40 | i);
    }
    for (uint32_t e = 0; e < 2; e++) {
        w->pat[e] = pair_mr(&w->p->end[e], PAT, ALL, PAIR_MR_SHUFFLED);
        pair_mr_write(&w->p->end[e], &w->pat[e], 0, w->bytes, PAT);
    }
    for (uint32_t i = 0; i < w->n_qp; i++) {
        const struct pair_conn conn = { .path_mtu = 256u << rnd(w, 5),
                                        .gid = w->s->fault.corrupt_p32 ? 0 : rnd(w, 2),
                                        .timeout = 4 + rnd(w, 3),
                                        .rd_atomic = 1 + rnd(w, 16),
                                        .psn = { 1 + rnd(w, 1u << 24), 1 + rnd(w, 1u << 24) } };

        w->type[i] = types[rnd(w, 4)];
        for (uint32_t e = 0; e < 2; e++) {
            const struct pair_qp_cfg qc = { .type = w->type[i], .log_sq_bb = 7 };

            w->qp[e][i] = pair_qp(&w->p->end[e], &qc);
        }
        if (w->type[i] == HINIC_QPT_UD) {
            pair_ud_start(&w->qp[0][i], PAIR_QKEY, conn.psn[0] - 1);
            pair_ud_start(&w->qp[1][i], PAIR_QKEY, conn.psn[1] - 1);
        } else {
            pair_connect(&w->qp[0][i], &w->qp[1][i], &conn);
        }
        for (uint32_t e = 0; e < 2; e++) {
            struct flow *f = &w->flow[e][i];

            f->q = &w->qp[e][i];
            f->peer = &w->qp[1 - e][i];
            plan(w, f, w->type[i]);
            f->land = pair_mr(&w->p->end[1 - e], LAND_BYTES, ALL, (enum pair_mr_kind)rnd(w, 2));
            f->back = pair_mr(&w->p->end[e], LAND_BYTES, ALL, (enum pair_mr_kind)rnd(w, 2));
            f->count = pair_mr(&w->p->end[1 - e], 4096, ALL, PAIR_MR_FLAT);
        }
    }
    for (uint32_t e = 0; e < 2; e++) {
        w->p->dir[e].fault = s->fault;
    }
    return w;
}

static void close_world(struct world *w)
{
    pair_free(w->p);
    free(w);
}

/* ---- posting ---- */

static bool takes_recv(const struct op *o)
{
    return o->op == HINIC_WQE_SEND || o->op == HINIC_WQE_SEND_IMM || o->op == HINIC_WQE_WRITE_IMM;
}

/* RC: the buffer of a message is where its bytes belong. UC, UD: messages may be lost, any of them
 * may take any buffer. */
static void post_recvs(struct world *w, struct flow *f, uint32_t type)
{
    const bool is_rc = type == HINIC_QPT_RC;
    const uint32_t n = is_rc ? f->n_taking : f->n_recv + SLOTS;

    while (f->n_recv_posted < n && f->n_recv_posted - f->n_recv < 60) {
        const struct op *o = &f->op[is_rc ? f->recv_of[f->n_recv_posted] : 0];
        const struct hinic_sge s = is_rc
                                       ? pair_sge(&f->land, o->dst, o->len)
                                       : pair_sge(&f->land, f->n_recv_posted % SLOTS * SLOT, SLOT);

        if (is_rc && rnd(w, 8) == 0) {
            return; /* late: the sender has to wait */
        }
        (void)pair_recv(f->peer, &s, 1);
        f->n_recv_posted++;
    }
}

static void post_one(struct world *w, uint32_t e, uint32_t i)
{
    struct flow *f = &w->flow[e][i];
    const struct op *o = &f->op[f->n_posted];
    struct pair_wr wr = { .op = o->op,
                          .flags = HINIC_WQE_F_SIGNALED | (rnd(w, 4) ? 0 : HINIC_WQE_F_FENCE),
                          .n_sge = o->op == HINIC_WQE_NOP ? 0 : 1 + rnd(w, 4),
                          .length = o->len,
                          .imm = f->n_posted,
                          .raddr = f->land.va + o->dst,
                          .rkey = f->land.key,
                          .swap_add = 1,
                          .dqpn = f->peer->qpn,
                          .qkey = PAIR_QKEY,
                          .av = pair_av(&w->p->end[e], &w->p->end[1 - e],
                                        w->s->fault.corrupt_p32 ? 0 : i & 1) };
    const bool is_back = o->op == HINIC_WQE_READ || o->op == HINIC_WQE_FADD;
    uint32_t at = 0;

    if (o->op == HINIC_WQE_READ) {
        wr.raddr = w->pat[1 - e].va + o->src;
        wr.rkey = w->pat[1 - e].key;
    } else if (o->op == HINIC_WQE_FADD) {
        wr.raddr = f->count.va;
        wr.rkey = f->count.key;
    }
    for (uint32_t k = 0; k < wr.n_sge; k++) {
        const uint32_t left = o->len - at;
        const uint32_t n = k + 1 == wr.n_sge ? left : rnd(w, left + 1);

        wr.sge[k] = is_back ? pair_sge(&f->back, o->dst + at, n)
                            : pair_sge(&w->pat[e], o->src + at, n);
        at += n;
    }
    if (o->len <= 128 && !is_back && o->op != HINIC_WQE_NOP && rnd(w, 2)) {
        wr.flags |= HINIC_WQE_F_INLINE;
        wr.data = w->bytes + o->src;
    }
    if (takes_recv(o)) {
        f->recv_of[f->n_taking++] = f->n_posted;
    }
    (void)pair_post(f->q, &wr);
    f->n_posted++;
}

static void post(struct world *w, uint32_t e, uint32_t i)
{
    struct flow *f = &w->flow[e][i];
    uint32_t n = rnd(w, 5);

    while (n-- > 0 && f->n_posted < OPS && f->n_posted - f->n_done < OUT_MAX) {
        post_one(w, e, i);
    }
    pair_ring(f->q);
    post_recvs(w, f, w->type[i]);
}

/* ---- checking ---- */

static bool same(struct world *w, uint32_t end, const struct pair_mr *m, uint64_t off,
                 const uint8_t *want, uint32_t n)
{
    uint8_t b[LEN_MAX];

    pair_mr_read(&w->p->end[end], m, off, b, n);
    return memcmp(b, want, n) == 0;
}

static void check_send(struct world *w, uint32_t e, uint32_t i, const struct hinic_cqe *c)
{
    struct flow *f = &w->flow[e][i];
    const struct op *o = &f->op[f->n_done];

    if (c->status != HINIC_WC_SUCCESS) {
        wrong(w, e, i, "a send has failed: status, reason", c->status, c->vendor_err);
    }
    if (c->sw_idx != f->n_done || c->qpn_op >> 24 != o->op) {
        wrong(w, e, i, "completions out of order: found, expected", c->sw_idx, f->n_done);
    }
    if (o->op == HINIC_WQE_READ && !same(w, e, &f->back, o->dst, w->bytes + o->src, o->len)) {
        wrong(w, e, i, "wrong data of a READ: message, length", f->n_done, o->len);
    }
    if (o->op == HINIC_WQE_FADD) {
        uint64_t v;

        pair_mr_read(&w->p->end[e], &f->back, o->dst, &v, 8);
        if (v != f->n_fadd) {
            wrong(w, e, i, "an ATOMIC was not done once: found, expected", v, f->n_fadd);
        }
        f->n_fadd++;
    }
    f->n_done++;
}

static void check_recv(struct world *w, uint32_t e, uint32_t i, const struct hinic_cqe *c)
{
    struct flow *f = &w->flow[1 - e][i]; /* who sent it */
    const bool is_rc = w->type[i] == HINIC_QPT_RC;
    const uint32_t grh = w->type[i] == HINIC_QPT_UD ? 40 : 0;
    const uint32_t msg = is_rc ? f->recv_of[f->n_recv] : c->imm;
    const struct op *o;
    uint32_t len, at;

    if (c->status != HINIC_WC_SUCCESS || msg >= f->n_posted) {
        wrong(w, e, i, "a receive has failed: status, message", c->status, msg);
        f->n_recv++;
        return;
    }
    o = &f->op[msg];
    len = o->len + grh;
    if (c->byte_len != len || ((c->flags & HINIC_CQE_IMM) != 0) != (o->op != HINIC_WQE_SEND) ||
        ((c->flags & HINIC_CQE_IMM) && c->imm != msg)) {
        wrong(w, e, i, "wrong receive completion: message, length", msg, c->byte_len);
    }
    /* A second copy of a whole message is a message: the transport allows it. */
    if (w->type[i] == HINIC_QPT_UC && msg < f->last_imm && !w->s->fault.reorder_ps) {
        wrong(w, e, i, "UC repeats or reorders: message, newest", msg, f->last_imm);
    }
    if (w->type[i] == HINIC_QPT_UD && f->is_seen[msg] && !w->s->fault.dup_p32) {
        wrong(w, e, i, "UD repeats: message", msg, 0);
    }
    f->is_seen[msg] = true;
    f->last_imm = msg + 1;
    at = is_rc || o->op == HINIC_WQE_WRITE_IMM ? o->dst : f->n_recv % SLOTS * SLOT + grh;
    if (!same(w, e, &f->land, at, w->bytes + o->src, o->len)) {
        wrong(w, e, i, "wrong data received: message, length", msg, o->len);
    }
    f->n_recv++;
}

static void poll(struct world *w, uint32_t e)
{
    struct pair_end *end = &w->p->end[e];
    struct hinic_cqe c;

    while (pair_poll(end, &end->cq, &c)) {
        uint32_t i = 0;

        while (i < w->n_qp && w->qp[e][i].qpn != (c.qpn_op & 0xffffff)) {
            i++;
        }
        if (i == w->n_qp) {
            wrong(w, e, 0, "completion of no queue pair", c.qpn_op, 0);
            continue;
        }
        c.own = 0;
        for (size_t b = 0; b < sizeof(c); b++) {
            w->log = vdc_rand(w->log, ((const uint8_t *)&c)[b]);
        }
        if (c.flags & HINIC_CQE_RECV) {
            check_recv(w, e, i, &c);
        } else {
            check_send(w, e, i, &c);
        }
    }
}

static bool is_done(const struct world *w)
{
    for (uint32_t e = 0; e < 2; e++) {
        for (uint32_t i = 0; i < w->n_qp; i++) {
            const struct flow *f = &w->flow[e][i];

            if (f->n_done < OPS || (w->type[i] == HINIC_QPT_RC && f->n_recv < f->n_taking)) {
                return false;
            }
        }
    }
    return true;
}

/* Everything that was written lies where it belongs, after all else has happened too. */
static void check_end(struct world *w)
{
    struct pair *p = w->p;
    uint64_t retx = 0, icrc = 0, corrupt = 0, faults = 0;

    for (uint32_t e = 0; e < 2; e++) {
        for (uint32_t i = 0; i < w->n_qp; i++) {
            const struct flow *f = &w->flow[e][i];
            uint64_t v;

            for (uint32_t k = 0; k < OPS && w->type[i] == HINIC_QPT_RC; k++) {
                const struct op *o = &f->op[k];
                const bool is_to = o->op == HINIC_WQE_WRITE || takes_recv(o);

                if (is_to && !same(w, 1 - e, &f->land, o->dst, w->bytes + o->src, o->len)) {
                    wrong(w, e, i, "wrong data at the end: message, length", k, o->len);
                }
            }
            pair_mr_read(&p->end[1 - e], &f->count, 0, &v, 8);
            if (v != f->n_fadd) {
                wrong(w, e, i, "counter at the end: found, expected", v, f->n_fadd);
            }
        }
        retx += pair_counter(p, e, HINIC_CNT_RETX_BYTES) +
                pair_counter(p, e, HINIC_CNT_PACKET_SEQ_ERR) +
                pair_counter(p, e, HINIC_CNT_IMPLIED_NAK_SEQ_ERR) +
                pair_counter(p, e, HINIC_CNT_LOCAL_ACK_TIMEOUT_ERR);
        retx -= pair_counter(p, e, HINIC_CNT_RNR_NAK_RETRY_ERR) ? retx : 0;
        icrc += pair_counter(p, e, HINIC_CNT_RX_ICRC_ENCAPSULATED);
        corrupt += p->dir[e].n_corrupt;
        faults += p->dir[e].n_lost + p->dir[e].n_dup + p->dir[e].n_reordered + p->dir[e].n_corrupt;
        if (pair_counter(p, e, HINIC_CNT_REQ_CQE_ERROR) ||
            pair_counter(p, e, HINIC_CNT_REQ_CQE_FLUSH_ERROR)) {
            wrong(w, e, 0, "errors counted", 0, 0);
        }
    }
    if (faults == 0 && retx > 0) {
        wrong(w, 0, 0, "sent again without a fault", retx, 0);
    }
    if (w->s->fault.dup_p32 == 0 && icrc != corrupt) {
        wrong(w, 0, 0, "bad ICRCs: counted, made", icrc, corrupt);
    }
}

/* cut: key of the pieces in which the models run between two looks of the program, 0 = at once.
 * That must not matter. Returns a digest of all completions and of the state at the end. */
static uint64_t play(const struct scenario *s, uint64_t seed, uint64_t cut, uint32_t *bad)
{
    struct world *w = open_world(s, seed);
    struct vdc_digest d;
    uint64_t n_cut = 0;
    uint64_t sum;

    while (!is_done(w) && w->p->now < DEADLINE && w->bad == 0) {
        const vtime_t to = w->p->now + 1 + rnd(w, 8 * VTIME_PS_PER_US);

        for (uint32_t e = 0; e < 2; e++) {
            for (uint32_t i = 0; i < w->n_qp; i++) {
                post(w, e, i);
            }
        }
        while (cut && w->p->now < to) {
            pair_run(w->p, vtime_min(to, w->p->now + 1 + vdc_rand_below(cut, n_cut++, 700000)));
        }
        pair_run(w->p, to);
        poll(w, 0);
        poll(w, 1);
    }
    if (!is_done(w)) {
        wrong(w, 0, 0, "not done in time, now ps", w->p->now, 0);
    }
    if (w->bad == 0) { /* else somebody may wait for a receive WQE without end */
        pair_idle(w->p);
        poll(w, 0);
        poll(w, 1);
        check_end(w);
    }
    d = pair_digest(w->p);
    sum = w->log ^ d.lo ^ d.hi;
    *bad += w->bad;
    close_world(w);
    return sum;
}

static void check_seed(const struct scenario *s, uint64_t seed)
{
    uint32_t bad = 0;
    const uint64_t a = play(s, seed, 0, &bad);
    const uint64_t b = play(s, seed, 0x77 + seed, &bad);

    CHECK_EQ(bad, 0);
    CHECK_EQ(a, b);
    if (bad || a != b) {
        printf("# again: test-rdma-random %llu    # %s\n", (unsigned long long)seed, s->name);
    }
}

#define N_SCENARIO (sizeof(scenario) / sizeof(scenario[0]))
#define SEEDS      4u /* per scenario; seed s is of scenario s % N_SCENARIO */

static void run_scenario(uint32_t k)
{
    for (uint64_t n = 0; n < SEEDS; n++) {
        check_seed(&scenario[k], k + n * N_SCENARIO);
    }
}

#define CASE(k)                                                                                    \
    static void case_##k(void)                                                                     \
    {                                                                                              \
        run_scenario(k);                                                                           \
    }
CASE(0)
CASE(1)
CASE(2)
CASE(3)
CASE(4)
CASE(5)
CASE(6)

int main(int argc, char **argv)
{
    static void (*const fn[N_SCENARIO])(void) = { case_0, case_1, case_2, case_3,
                                                  case_4, case_5, case_6 };
    struct tap_case cases[N_SCENARIO];

    if (argc > 1) {
        const uint64_t seed = strtoull(argv[1], NULL, 0);

        check_seed(&scenario[seed % N_SCENARIO], seed);
        return tap_failed != 0;
    }
    for (uint32_t k = 0; k < N_SCENARIO; k++) {
        cases[k] = (struct tap_case){ scenario[k].name, fn[k] };
    }
    return tap_run(cases, (int)N_SCENARIO);
}
