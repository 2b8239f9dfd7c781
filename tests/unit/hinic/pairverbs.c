/* SPDX-License-Identifier: MIT */
/* What a verbs provider does, for one end of a pair: objects by admin commands, work requests in
 * rings, doorbells, completions. */
#include "pair.h"

#include <assert.h>
#include <string.h>

#define PAGE 4096u

static void doorbell(struct pair_end *e, uint32_t off, uint64_t v)
{
    host_db(e->o, (uint64_t)e->uar * PAGE + off, v);
}

static uint32_t log2_ceil(uint64_t n)
{
    uint32_t l = 0;

    while ((UINT64_C(1) << l) < n) {
        l++;
    }
    return l;
}

/* Contiguous memory for a ring or a region, and its list: pages as large as needed for four at
 * most. */
static uint64_t flat(struct pair_end *e, uint64_t bytes, struct hinic_pbl *pbl)
{
    uint32_t log = log2_ceil((bytes + 3) / 4);
    uint64_t addr;
    uint32_t n;

    log = log < 12 ? 12 : log;
    n = (uint32_t)((bytes + (UINT64_C(1) << log) - 1) >> log);
    addr = host_alloc(e->o, (uint64_t)n << log, UINT64_C(1) << log);
    *pbl = host_pbl(addr, log, n);
    return addr;
}

/* ---- memory ---- */

struct pair_mr pair_mr(struct pair_end *e, uint64_t len, uint32_t access, enum pair_mr_kind kind)
{
    struct hinic_mb_reg_mr m = { .pdn = e->pdn, .access = access, .len = len, .key8 = 0x5a };
    struct pair_mr r = { .len = len, .access = access, .is_shuffled = kind == PAIR_MR_SHUFFLED };

    if (r.is_shuffled) {
        const uint32_t n = (uint32_t)((len + PAGE - 1) / PAGE);
        const uint64_t table = host_alloc(e->o, PAGE, PAGE);

        assert(n > 0 && n <= PAGE / 8);
        r.addr = host_alloc(e->o, (uint64_t)n * PAGE, PAGE);
        for (uint32_t i = 0; i < n; i++) {
            const uint64_t page = r.addr + (uint64_t)(n - 1 - i) * PAGE;

            memcpy(host_ptr(e->o, table + 8 * (uint64_t)i, 8), &page, 8);
        }
        m.pbl = (struct hinic_pbl){ .log_pgsz = 12, .levels = 1, .n = n, .root = { table } };
    } else {
        r.addr = flat(e, len, &m.pbl);
    }
    r.va = m.iova = UINT64_C(0x7f0000000000) + r.addr;
    assert(pair_cmd(e, HINIC_AQ_REG_MR, 0, NULL, 0, &m, sizeof(m), NULL, 0) == 0);
    r.key = e->o->out[0];
    return r;
}

void pair_mr_dereg(struct pair_end *e, const struct pair_mr *m)
{
    const struct hinic_inl_obj o = { .id = m->key };

    assert(pair_cmd(e, HINIC_AQ_DEREG_MR, 0, &o, sizeof(o), NULL, 0, NULL, 0) == 0);
}

/* Bus memory of one byte of the region; *n becomes the bytes that follow it in one piece. */
static uint8_t *mr_at(struct pair_end *e, const struct pair_mr *m, uint64_t off, uint64_t *n)
{
    const uint64_t pages = (m->len + PAGE - 1) / PAGE;
    uint64_t addr = m->addr + off;

    assert(off + *n <= m->len);
    if (m->is_shuffled) {
        addr = m->addr + (pages - 1 - off / PAGE) * PAGE + off % PAGE;
        *n = *n < PAGE - off % PAGE ? *n : PAGE - off % PAGE;
    }
    return host_ptr(e->o, addr, *n);
}

void pair_mr_write(struct pair_end *e, const struct pair_mr *m, uint64_t off, const void *b,
                   uint64_t n)
{
    const uint8_t *from = b;

    while (n > 0) {
        uint64_t k = n;
        uint8_t *to = mr_at(e, m, off, &k);

        memcpy(to, from, k);
        from += k;
        off += k;
        n -= k;
    }
}

void pair_mr_read(struct pair_end *e, const struct pair_mr *m, uint64_t off, void *b, uint64_t n)
{
    uint8_t *to = b;

    while (n > 0) {
        uint64_t k = n;
        const uint8_t *from = mr_at(e, m, off, &k);

        memcpy(to, from, k);
        to += k;
        off += k;
        n -= k;
    }
}

static uint8_t pattern(uint32_t seed, uint64_t off)
{
    const uint64_t x = (off + 1) * 0x9e3779b97f4a7c15u + seed * 0xd1b54a32d192ed03u;

    return (uint8_t)(x >> 56);
}

void pair_mr_fill(struct pair_end *e, const struct pair_mr *m, uint64_t off, uint64_t n,
                  uint32_t seed)
{
    for (uint64_t i = 0; i < n; i++) {
        const uint8_t b = pattern(seed, off + i);

        pair_mr_write(e, m, off + i, &b, 1);
    }
}

uint64_t pair_mr_check(struct pair_end *e, const struct pair_mr *m, uint64_t off, uint64_t n,
                       uint32_t seed, uint64_t seed_off)
{
    for (uint64_t i = 0; i < n; i++) {
        uint8_t b;

        pair_mr_read(e, m, off + i, &b, 1);
        if (b != pattern(seed, seed_off + i)) {
            return i;
        }
    }
    return n;
}

/* ---- completion queues ---- */

struct pair_cq pair_cq(struct pair_end *e, uint32_t log_cqe, uint32_t flags)
{
    struct hinic_mb_create_cq m = { .log_cqe = (uint8_t)log_cqe,
                                    .flags = (uint8_t)flags,
                                    .eqn = (uint8_t)e->eqn,
                                    .uar = e->uar,
                                    .cookie = 0xc0 };
    struct pair_cq q = { .log_cqe = log_cqe };

    q.ring = flat(e, (uint64_t)sizeof(struct hinic_cqe) << log_cqe, &m.pbl);
    assert(pair_cmd(e, HINIC_AQ_CREATE_CQ, 0, NULL, 0, &m, sizeof(m), NULL, 0) == 0);
    q.cqn = e->o->out[0];
    return q;
}

bool pair_poll(struct pair_end *e, struct pair_cq *q, struct hinic_cqe *c)
{
    const uint32_t n = 1u << q->log_cqe;

    memcpy(c, host_ptr(e->o, q->ring + (uint64_t)(q->ci & (n - 1)) * sizeof(*c), sizeof(*c)),
           sizeof(*c));
    if ((c->own & 1) != ((q->ci >> q->log_cqe & 1) ^ 1)) {
        return false;
    }
    q->ci = (q->ci + 1) & 0xffffff;
    q->n_polled++;
    if (n < 4 || q->n_polled % (n / 4) == 0) {
        doorbell(e, HINIC_DB_CQ_CI, q->cqn | (uint64_t)q->ci << 32);
    }
    return true;
}

void pair_cq_arm(struct pair_end *e, struct pair_cq *q, bool is_solicited_only)
{
    q->arm_sn = (q->arm_sn + 1) & 3;
    doorbell(e, HINIC_DB_CQ_ARM,
             q->cqn | (uint64_t)q->ci << 32 | (is_solicited_only ? HINIC_DB_CQ_SOLICITED : 0) |
                 (uint64_t)q->arm_sn << 57);
}

bool pair_wait(struct pair_end *e, struct pair_cq *q, struct hinic_cqe *c, vtime_t limit)
{
    struct pair *p = e->p;
    const vtime_t old = p->limit;
    bool is_there = pair_poll(e, q, c);

    p->limit = limit;
    while (!is_there && pair_step(p)) {
        is_there = pair_poll(e, q, c);
    }
    p->limit = old;
    return is_there;
}

bool pair_eqe(struct pair_end *e, struct hinic_eqe *q)
{
    const uint32_t mask = (1u << e->log_eq) - 1;

    memcpy(q, host_ptr(e->o, e->eq + (uint64_t)(e->eq_ci & mask) * sizeof(*q), sizeof(*q)),
           sizeof(*q));
    if ((q->own & 1) != ((e->eq_ci >> e->log_eq & 1) ^ 1)) {
        return false;
    }
    e->eq_ci++;
    host_db(e->o, HINIC_DB_EQ, e->eqn | (uint64_t)(e->eq_ci & 0xffffff) << 32 | HINIC_DB_ARM);
    return true;
}

bool pair_aeqe(struct pair_end *e, struct hinic_eqe *q)
{
    return host_aeqe(e->o, q);
}

/* ---- queue pairs ---- */

struct pair_srq pair_srq(struct pair_end *e, uint32_t log_wqe, uint32_t max_sge, uint32_t limit)
{
    struct pair_srq s = { .log_wqe = log_wqe,
                          .log_stride = log2_ceil(sizeof(struct hinic_srq_hdr) + 16u * max_sge),
                          .max_sge = max_sge };
    struct hinic_mb_create_srq m = { .log_wqe = (uint8_t)log_wqe,
                                     .log_stride = (uint8_t)s.log_stride,
                                     .max_sge = (uint16_t)max_sge,
                                     .pdn = e->pdn,
                                     .uar = e->uar,
                                     .limit = limit,
                                     .cookie = 0x50 };

    s.ring = flat(e, UINT64_C(1) << (log_wqe + s.log_stride), &m.pbl);
    assert(pair_cmd(e, HINIC_AQ_CREATE_SRQ, 0, NULL, 0, &m, sizeof(m), NULL, 0) == 0);
    s.srqn = e->o->out[0];
    return s;
}

struct pair_qp pair_qp(struct pair_end *e, const struct pair_qp_cfg *cfg)
{
    const uint32_t n_recv = cfg->max_recv_sge ? cfg->max_recv_sge : 4;
    struct pair_qp q = { .e = e,
                         .type = cfg->type,
                         .log_sq_bb = cfg->log_sq_bb ? cfg->log_sq_bb : 8,
                         .log_rq = cfg->log_rq ? cfg->log_rq : 6,
                         .log_rq_stride = log2_ceil(16u * n_recv),
                         .scq = cfg->scq ? cfg->scq : &e->cq,
                         .rcq = cfg->rcq ? cfg->rcq : &e->cq };
    struct hinic_mb_create_qp m = { .type = (uint8_t)cfg->type,
                                    .flags = (uint8_t)(cfg->flags | (cfg->srq ? HINIC_QP_SRQ : 0)),
                                    .port = 1,
                                    .pdn = e->pdn,
                                    .scqn = q.scq->cqn,
                                    .rcqn = q.rcq->cqn,
                                    .srqn = cfg->srq ? cfg->srq->srqn : 0,
                                    .uar = e->uar,
                                    .cookie = 0x90,
                                    .log_sq_bb = (uint8_t)q.log_sq_bb,
                                    .max_send_sge = (uint16_t)(cfg->max_send_sge ? cfg->max_send_sge
                                                                                 : 4),
                                    .max_recv_sge = (uint16_t)n_recv,
                                    .max_inline = 256 };

    q.sq = flat(e, (uint64_t)HINIC_BB_SIZE << q.log_sq_bb, &m.sq);
    if (cfg->srq) {
        m.max_recv_sge = 0;
    } else {
        m.log_rq = (uint8_t)q.log_rq;
        m.log_rq_stride = (uint8_t)q.log_rq_stride;
        q.rq = flat(e, UINT64_C(1) << (q.log_rq + q.log_rq_stride), &m.rq);
    }
    assert(pair_cmd(e, HINIC_AQ_CREATE_QP, 0, NULL, 0, &m, sizeof(m), NULL, 0) == 0);
    q.qpn = e->o->out[0];
    return q;
}

uint32_t pair_qp_destroy(struct pair_qp *q)
{
    const struct hinic_inl_obj o = { .id = q->qpn };

    return pair_cmd(q->e, HINIC_AQ_DESTROY_QP, 0, &o, sizeof(o), NULL, 0, NULL, 0);
}

uint32_t pair_qp_modify(struct pair_qp *q, const struct hinic_mb_modify_qp *m)
{
    const struct hinic_inl_obj o = { .id = q->qpn };
    const uint32_t status = pair_cmd(q->e, HINIC_AQ_MODIFY_QP, 0, &o, sizeof(o), m, sizeof(*m),
                                     NULL, 0);

    if (status == 0 && (m->mask & HINIC_QPA_STATE) && m->state == HINIC_QPS_RESET) {
        q->sq_pi = q->rq_pi = 0;
        q->n_send = q->n_recv = 0;
        memset(host_ptr(q->e->o, q->sq, (uint64_t)HINIC_BB_SIZE << q->log_sq_bb), 0,
               (size_t)HINIC_BB_SIZE << q->log_sq_bb);
    }
    return status;
}

uint32_t pair_qp_state(struct pair_qp *q)
{
    const struct hinic_inl_obj o = { .id = q->qpn };
    struct hinic_mb_modify_qp m;

    assert(pair_cmd(q->e, HINIC_AQ_QUERY_QP, 0, &o, sizeof(o), NULL, 0, &m, sizeof(m)) == 0);
    return m.state;
}

uint32_t pair_qp_to(struct pair_qp *q, uint32_t state)
{
    const struct hinic_mb_modify_qp m = { .mask = HINIC_QPA_STATE, .state = (uint8_t)state };

    return pair_qp_modify(q, &m);
}

struct hinic_av pair_av(struct pair_end *from, struct pair_end *to, uint32_t gid)
{
    struct hinic_av a = {
        .port = 1, .flags = HINIC_AV_GRH, .sgid_idx = (uint8_t)gid, .hop = 64, .vlan = 0xffff
    };

    (void)from;
    memcpy(a.dgid, to->gid[gid], 16);
    memcpy(a.dmac, to->mac, 6);
    return a;
}

static uint32_t mtu_enum(uint32_t bytes)
{
    return log2_ceil(bytes) - 7; /* 256 is 1 */
}

static void to_init(struct pair_qp *q, uint32_t access, uint32_t qkey)
{
    const bool is_dgram = q->type == HINIC_QPT_UD || q->type == HINIC_QPT_GSI;
    const struct hinic_mb_modify_qp m = {
        .mask = HINIC_QPA_STATE | HINIC_QPA_PKEY | (q->type == HINIC_QPT_GSI ? 0 : HINIC_QPA_PORT) |
                (is_dgram ? HINIC_QPA_QKEY : HINIC_QPA_ACCESS),
        .state = HINIC_QPS_INIT,
        .port = 1,
        .qkey = is_dgram ? qkey : 0,
        .access = is_dgram ? 0 : access,
    };

    assert(pair_qp_modify(q, &m) == 0);
}

static void to_rtr(struct pair_qp *q, struct pair_qp *peer, const struct pair_conn *c,
                   uint32_t rq_psn)
{
    const bool is_rc = q->type == HINIC_QPT_RC;
    struct hinic_mb_modify_qp m = {
        .mask = HINIC_QPA_STATE | HINIC_QPA_AV | HINIC_QPA_PATH_MTU | HINIC_QPA_DEST_QPN |
                HINIC_QPA_RQ_PSN | (is_rc ? HINIC_QPA_DEST_RD_ATOM | HINIC_QPA_MIN_RNR : 0),
        .state = HINIC_QPS_RTR,
        .path_mtu = (uint8_t)mtu_enum(c->path_mtu ? c->path_mtu : 4096),
        .dest_qpn = peer->qpn,
        .rq_psn = rq_psn,
        .min_rnr_timer = (uint8_t)(is_rc ? (c->min_rnr_timer ? c->min_rnr_timer : 1) : 0),
        .max_dest_rd_atomic = (uint8_t)(is_rc ? (c->rd_atomic ? c->rd_atomic : 16) : 0),
        .av = pair_av(q->e, peer->e, c->gid),
    };

    m.av.tclass = (uint8_t)c->tclass;
    q->dest_qpn = peer->qpn;
    assert(pair_qp_modify(q, &m) == 0);
}

static void to_rts(struct pair_qp *q, const struct pair_conn *c, uint32_t sq_psn)
{
    struct hinic_mb_modify_qp m = { .mask = HINIC_QPA_STATE | HINIC_QPA_SQ_PSN,
                                    .state = HINIC_QPS_RTS,
                                    .sq_psn = sq_psn };

    if (q->type == HINIC_QPT_RC) {
        m.mask |= HINIC_QPA_TIMEOUT | HINIC_QPA_RETRY_CNT | HINIC_QPA_RNR_RETRY |
                  HINIC_QPA_RD_ATOMIC;
        m.timeout = (uint8_t)(c->timeout == 0 ? 8 : c->timeout & 31);
        m.retry_cnt = (uint8_t)(c->retry_cnt == 0 ? 7 : c->retry_cnt & 7);
        m.rnr_retry = (uint8_t)(c->rnr_retry == 0 ? 7 : c->rnr_retry & 7);
        m.max_rd_atomic = (uint8_t)(c->rd_atomic ? c->rd_atomic : 16);
    }
    assert(pair_qp_modify(q, &m) == 0);
}

void pair_connect(struct pair_qp *a, struct pair_qp *b, const struct pair_conn *conn)
{
    const struct pair_conn none = { 0 };
    const struct pair_conn *c = conn ? conn : &none;
    const uint32_t access = c->access ? c->access
                                      : HINIC_ACCESS_REMOTE_WRITE | HINIC_ACCESS_REMOTE_READ |
                                            HINIC_ACCESS_REMOTE_ATOMIC | HINIC_ACCESS_FLUSH_GLOBAL |
                                            HINIC_ACCESS_FLUSH_PERSISTENT;
    const uint32_t psn_a = c->psn[0] ? c->psn[0] - 1 : PAIR_PSN;
    const uint32_t psn_b = c->psn[1] ? c->psn[1] - 1 : PAIR_PSN + 0x100;

    to_init(a, access, 0);
    to_init(b, access, 0);
    to_rtr(a, b, c, psn_b);
    to_rtr(b, a, c, psn_a);
    if (!c->is_rtr_only[0]) {
        to_rts(a, c, psn_a);
    }
    if (!c->is_rtr_only[1]) {
        to_rts(b, c, psn_b);
    }
}

void pair_ud_start(struct pair_qp *q, uint32_t qkey, uint32_t sq_psn)
{
    const struct pair_conn none = { 0 };

    to_init(q, 0, qkey);
    assert(pair_qp_to(q, HINIC_QPS_RTR) == 0);
    to_rts(q, &none, sq_psn);
}

/* ---- work requests ---- */

struct hinic_sge pair_sge(const struct pair_mr *m, uint64_t off, uint32_t len)
{
    return (struct hinic_sge){ .addr = m->va + off, .len = len, .lkey = m->key };
}

/* The segments of a WQE behind each other; returns their bytes. */
static uint32_t segments(const struct pair_qp *q, const struct pair_wr *wr, uint8_t *b)
{
    const struct hinic_wqe_rdma rdma = { .raddr = wr->raddr, .rkey = wr->rkey };
    const struct hinic_wqe_atomic atomic = {
        .raddr = wr->raddr, .rkey = wr->rkey, .swap_add = wr->swap_add, .compare = wr->compare
    };
    const struct hinic_wqe_flush flush = { .raddr = wr->raddr,
                                           .rkey = wr->rkey,
                                           .type_level = wr->flush };
    const struct hinic_wqe_ud ud = { .dqpn = wr->dqpn, .qkey = wr->qkey, .av = wr->av };
    uint32_t n = sizeof(struct hinic_wqe_ctrl);

    if (q->type == HINIC_QPT_UD || q->type == HINIC_QPT_GSI) {
        memcpy(b + n, &ud, sizeof(ud));
        n += (uint32_t)sizeof(ud);
    }
    switch (wr->op) {
    case HINIC_WQE_WRITE:
    case HINIC_WQE_WRITE_IMM:
    case HINIC_WQE_READ:
    case HINIC_WQE_ATOMIC_WRITE:
        memcpy(b + n, &rdma, sizeof(rdma));
        n += (uint32_t)sizeof(rdma);
        break;
    case HINIC_WQE_CAS:
    case HINIC_WQE_FADD:
        memcpy(b + n, &atomic, sizeof(atomic));
        n += (uint32_t)sizeof(atomic);
        break;
    case HINIC_WQE_FLUSH:
        memcpy(b + n, &flush, sizeof(flush));
        n += (uint32_t)sizeof(flush);
        break;
    case HINIC_WQE_REG_MR:
    case HINIC_WQE_BIND_MW:
        memcpy(b + n, &wr->reg, sizeof(wr->reg));
        n += (uint32_t)sizeof(wr->reg);
        break;
    default:
        break;
    }
    if (wr->flags & HINIC_WQE_F_INLINE) {
        if (wr->length > 0) {
            memcpy(b + n, wr->data, wr->length);
        }
        n += (wr->length + 15) & ~15u;
    } else {
        memcpy(b + n, wr->sge, wr->n_sge * sizeof(wr->sge[0]));
        n += wr->n_sge * (uint32_t)sizeof(wr->sge[0]);
    }
    return n;
}

uint32_t pair_post(struct pair_qp *q, const struct pair_wr *wr)
{
    uint8_t b[HINIC_WQE_BB_MAX * HINIC_BB_SIZE] = { 0 };
    const uint32_t n_bb = (segments(q, wr, b) + HINIC_BB_SIZE - 1) / HINIC_BB_SIZE;
    struct hinic_wqe_ctrl c = { .opcode = (uint8_t)wr->op,
                                .flags = (uint8_t)(wr->flags | n_bb),
                                .num_sge = (uint8_t)(wr->flags & HINIC_WQE_F_INLINE ? 0
                                                                                    : wr->n_sge),
                                .imm = wr->imm,
                                .length = wr->length,
                                .sw_idx = q->n_send };

    for (uint32_t i = 0; i < wr->n_sge && wr->length == 0; i++) {
        c.length += wr->sge[i].len;
    }
    /* Phase 1 in the first pass of the ring, by the WQE's first block. */
    c.own = q->sq_pi >> q->log_sq_bb & 1 ? 0 : HINIC_WQE_OWN_PHASE;
    memcpy(b, &c, sizeof(c));
    for (uint32_t i = 0; i < n_bb; i++) {
        const uint64_t slot = (q->sq_pi + i) & ((1u << q->log_sq_bb) - 1);

        memcpy(host_ptr(q->e->o, q->sq + slot * HINIC_BB_SIZE, HINIC_BB_SIZE),
               b + (size_t)i * HINIC_BB_SIZE, HINIC_BB_SIZE);
    }
    q->sq_pi = (uint16_t)(q->sq_pi + n_bb);
    return q->n_send++;
}

void pair_ring(struct pair_qp *q)
{
    doorbell(q->e, HINIC_DB_SQ, HINIC_DB_VAL(q->qpn, q->sq_pi));
}

uint32_t pair_send(struct pair_qp *q, const struct pair_wr *wr)
{
    const uint32_t i = pair_post(q, wr);

    pair_ring(q);
    return i;
}

/* SGEs of a receive WQE, ended if shorter than the list may be. */
static void put_sges(struct pair_end *e, uint64_t at, const struct hinic_sge *sge, uint32_t n,
                     uint32_t room)
{
    const struct hinic_sge end = { .lkey = HINIC_SGE_END_LKEY };

    assert(n <= room);
    if (n > 0) {
        memcpy(host_ptr(e->o, at, n * sizeof(*sge)), sge, n * sizeof(*sge));
    }
    if (n < room) {
        memcpy(host_ptr(e->o, at + n * sizeof(end), sizeof(end)), &end, sizeof(end));
    }
}

uint32_t pair_post_recv(struct pair_qp *q, const struct hinic_sge *sge, uint32_t n)
{
    const uint64_t slot = q->rq_pi & ((1u << q->log_rq) - 1);

    put_sges(q->e, q->rq + (slot << q->log_rq_stride), sge, n, 1u << (q->log_rq_stride - 4));
    q->rq_pi++;
    return q->n_recv++;
}

void pair_ring_recv(struct pair_qp *q)
{
    doorbell(q->e, HINIC_DB_RQ, HINIC_DB_VAL(q->qpn, q->rq_pi));
}

uint32_t pair_recv(struct pair_qp *q, const struct hinic_sge *sge, uint32_t n)
{
    const uint32_t i = pair_post_recv(q, sge, n);

    pair_ring_recv(q);
    return i;
}

/* WQEs are used in order of their index here: next_idx of each names the one behind it. */
void pair_srq_post(struct pair_end *e, struct pair_srq *s, const struct hinic_sge *sge, uint32_t n)
{
    const uint32_t mask = (1u << s->log_wqe) - 1;
    const uint32_t slot = s->pi & mask;
    const struct hinic_srq_hdr hdr = { .next_idx = (uint16_t)((slot + 1) & mask) };
    const uint64_t at = s->ring + ((uint64_t)slot << s->log_stride);

    memcpy(host_ptr(e->o, at, sizeof(hdr)), &hdr, sizeof(hdr));
    put_sges(e, at + sizeof(hdr), sge, n, (1u << (s->log_stride - 4)) - 1);
    s->pi++;
}

void pair_srq_ring(struct pair_end *e, struct pair_srq *s)
{
    doorbell(e, HINIC_DB_SRQ, HINIC_DB_VAL(s->srqn, s->pi));
}
