/* SPDX-License-Identifier: MIT */
/* Memory engine: requests by key become bus operations; reads side by side, writes and completions
 * in one order. */
#include "state.h"

#include <string.h>

#define RSP_RESERVE 256u /* requests that the requester leaves to the responder */

enum issue { ISSUED, BLOCKED, BUS_FULL };

static struct memreq *req_at(struct vdc_hinic *h, uint32_t i)
{
    assert(i < MEM_N);
    return (struct memreq *)vdc_hinic_at(h, h->lay.memreq) + i;
}

static uint16_t *fifo_at(struct vdc_hinic *h, uint32_t i)
{
    return (uint16_t *)vdc_hinic_at(h, h->lay.memfifo) + i % FIFO_N;
}

static struct memcqe *cqe_at(struct vdc_hinic *h, uint32_t i)
{
    return (struct memcqe *)vdc_hinic_at(h, h->lay.memcqe) + i % MEM_CQE_N;
}

struct memslot *vdc_hinic_memslot(struct vdc_hinic *h, enum mem_client client, uint32_t obj)
{
    const uint32_t i = client == MEM_SRQ ? h->lay.n_qp + obj : obj;

    assert(obj < (client == MEM_SRQ ? h->lay.n_srq : h->lay.n_qp));
    return (struct memslot *)vdc_hinic_at(h, h->lay.memslot) + i;
}

static struct memslot *slot_of(struct vdc_hinic *h, uint32_t client, uint32_t obj)
{
    return vdc_hinic_memslot(h, (enum mem_client)client, obj);
}

static struct memq *queue_of(struct vdc_hinic *h, const struct mem_req *r)
{
    return &slot_of(h, r->client, r->obj)->q[r->client == MEM_RSP][r->is_write != 0];
}

void vdc_hinic_mem_init(struct vdc_hinic *h)
{
    struct mem *m = &h->dev.rdma.mem;
    const uint32_t n_slot = h->lay.n_qp + h->lay.n_srq;
    struct memslot *s;

    if (n_slot == 0) {
        return;
    }
    memset(m, 0, sizeof(*m));
    m->rd_first = m->rd_last = m->end_first = m->end_last = MEM_NONE;
    memset(req_at(h, 0), 0, MEM_N * sizeof(struct memreq));
    for (uint32_t i = 0; i < MEM_N; i++) {
        req_at(h, i)->link = (uint16_t)(i + 1 < MEM_N ? i + 1 : MEM_NONE);
    }
    m->n_free = MEM_N;
    memset(vdc_hinic_at(h, h->lay.leaf), 0, MEM_LEAVES * sizeof(struct leaf));
    s = vdc_hinic_at(h, h->lay.memslot);
    for (uint32_t i = 0; i < n_slot; i++) {
        for (uint32_t k = 0; k < 4; k++) {
            s[i].q[k / 2][k % 2] = (struct memq){ .head = MEM_NONE, .tail = MEM_NONE };
        }
    }
}

/* ---- requests ---- */

static void wait_for_room(struct vdc_hinic *h, uint32_t client, uint32_t obj)
{
    struct mem *m = &h->dev.rdma.mem;
    struct memq *q = &slot_of(h, client, obj)->q[client == MEM_RSP][0];
    uint32_t *ring = vdc_hinic_at(h, h->lay.memwait);

    if (!q->is_waiting) {
        q->is_waiting = 1; /* an object is in the ring once per client, so it cannot overflow */
        ring[m->wait_tail++ % (2 * (h->lay.n_qp + h->lay.n_srq))] = client << 16 | obj;
    }
}

static uint32_t reserve(uint32_t client)
{
    return client == MEM_REQ ? RSP_RESERVE : 0;
}

static void wake_later(struct vdc_hinic *h, vtime_t now)
{
    if (!vdc_hinic_ev_is_armed(h, EV_MEM, 0)) {
        vdc_hinic_ev_arm(h, EV_MEM, 0, now);
    }
}

/* Frees a request: it is zero but for the list again, and costs what was used of it. */
static void clear(struct vdc_hinic *h, uint16_t i)
{
    struct mem *m = &h->dev.rdma.mem;
    struct memreq *o = req_at(h, i);
    const uint32_t n = o->r.n_sge;

    memset(o->r.sge, 0, n * sizeof(o->r.sge[0]));
    memset(o->key_gen, 0, n * sizeof(o->key_gen[0]));
    memset(o, 0, offsetof(struct memreq, r.sge));
    memset((uint8_t *)o + sizeof(o->r), 0, offsetof(struct memreq, key_gen) - sizeof(o->r));
    o->link = m->free;
    m->free = i;
    m->n_free++;
}

/* A new request at the end of its object's queue; MEM_NONE if there is no room. */
static uint16_t enqueue(struct vdc_hinic *h, const struct mem_req *r)
{
    struct mem *m = &h->dev.rdma.mem;
    struct memslot *s = slot_of(h, r->client, r->obj);
    struct memq *q = queue_of(h, r);
    const uint16_t i = m->free;
    struct memreq *o;

    assert(r->len > 0 && r->len <= MEM_LEN_MAX && r->n_sge <= MEM_SGE);
    if (m->n_free <= reserve(r->client)) {
        wait_for_room(h, r->client, r->obj);
        return MEM_NONE;
    }
    o = req_at(h, i);
    m->free = o->link;
    m->n_free--;
    memcpy(&o->r, r, offsetof(struct mem_req, sge));
    for (uint32_t k = 0; k < r->n_sge; k++) {
        o->r.sge[k] = r->sge[k];
    }
    o->gen = s->gen;
    o->next = o->link = MEM_NONE;
    if (q->tail == MEM_NONE) {
        q->head = i;
    } else {
        req_at(h, q->tail)->next = i;
    }
    q->tail = i;
    q->n_unissued++;
    return i;
}

/* Skips the bytes that are not wanted and checks every key of the rest. */
static bool check_keys(struct vdc_hinic *h, struct memreq *o)
{
    const struct mem_req *r = &o->r;
    uint32_t skip = r->skip;
    uint32_t left = r->len;

    for (uint32_t i = 0; i < r->n_sge && left > 0; i++) {
        const struct mem_sge *s = &r->sge[i];
        uint32_t n;

        if (skip >= s->len) {
            skip -= s->len;
            continue;
        }
        if (left == r->len) {
            o->sge = i;
            o->sge_at = skip;
        }
        n = s->len - skip < left ? s->len - skip : left;
        if (vdc_hinic_mr_check(h, s->key, r->pdn, r->qpn, s->va + skip, n, r->access) != MR_OK) {
            return false;
        }
        o->key_gen[i] = s->key ? vdc_hinic_key_slot(h, s->key >> 8)->gen : 0;
        left -= n;
        skip = 0;
    }
    return left == 0;
}

/* The request needs nothing more from the bus, at least not before what it has asked for is back.
 */
static void issued(struct vdc_hinic *h, vtime_t now, uint16_t i)
{
    struct mem *m = &h->dev.rdma.mem;
    struct memreq *o = req_at(h, i);

    assert(!o->is_issued);
    o->is_issued = 1;
    o->link = MEM_NONE;
    queue_of(h, &o->r)->n_unissued--;
    if (o->n_dma > 0) {
        return;
    }
    if (m->end_last == MEM_NONE) {
        m->end_first = i;
    } else {
        req_at(h, m->end_last)->link = i;
    }
    m->end_last = i;
    wake_later(h, now);
}

/* ---- bus ---- */

static uint32_t min(uint64_t a, uint64_t b)
{
    return (uint32_t)(a < b ? a : b);
}

/* Address and length of the next piece. */
static enum pblq_answer next_piece(struct vdc_hinic *h, vtime_t now, struct memreq *o,
                                   uint64_t *addr, uint32_t *len)
{
    const struct mem_req *r = &o->r;
    uint64_t room = HINIC_PAGE_SIZE;
    uint64_t n = r->len - o->at;
    enum pblq_answer a = PBLQ_OK;

    if (o->pblq) {
        a = vdc_hinic_pblq_find(h, now, vdc_hinic_at(h, o->pblq), r->sge[0].va + o->at, addr,
                                &room);
    } else {
        const struct mem_sge *s;

        while (o->sge_at == r->sge[o->sge].len) {
            o->sge++;
            o->sge_at = 0;
            assert(o->sge < r->n_sge);
        }
        s = &r->sge[o->sge];
        n = min(n, s->len - o->sge_at);
        *addr = s->va + o->sge_at;
        if (s->key) {
            a = vdc_hinic_mr_find(h, now, s->key, o->key_gen[o->sge], *addr, addr, &room);
        }
    }
    if (a == PBLQ_OK) {
        room = min(room, HINIC_PAGE_SIZE - (*addr & (HINIC_PAGE_SIZE - 1)));
        *len = min(n, room);
    }
    return a;
}

static void put_on_bus(struct vdc_hinic *h, vtime_t now, uint16_t i, uint64_t addr, uint32_t len)
{
    struct memreq *o = req_at(h, i);

    if (o->r.is_write) {
        const struct wr_op op = {
            .kind = WR_MEM, .obj = i, .addr = addr, .src = o->r.buf + o->at, .len = len
        };

        (void)vdc_hinic_dma_write(h, now, &op);
    } else {
        const struct rd_op op = { .kind = o->is_atomic ? RD_ATOMIC : RD_MEM,
                                  .obj = i,
                                  .addr = addr,
                                  .dst = o->r.buf + o->at,
                                  .len = len };

        vdc_hinic_dma_read(h, now, &op);
    }
    o->at += len;
    o->sge_at += len;
    o->n_dma++;
}

static bool is_stale(struct vdc_hinic *h, const struct memreq *o)
{
    return slot_of(h, o->r.client, o->r.obj)->gen != o->gen;
}

/* Asks the bus for as much of the request as possible. */
static enum issue issue(struct vdc_hinic *h, vtime_t now, uint16_t i)
{
    const struct dma *d = &h->dev.dma;
    struct memreq *o = req_at(h, i);

    if (is_stale(h, o)) {
        o->status = MEM_STALE;
    }
    while (o->status == MEM_OK && o->at < o->r.len) {
        uint64_t addr = 0;
        uint32_t len = 0;
        enum pblq_answer a;

        if ((o->r.is_write ? d->mem_wr : d->mem_rd) >= MEM_OPS_MAX) {
            return BUS_FULL;
        }
        a = next_piece(h, now, o, &addr, &len);
        if (a == PBLQ_WAIT) {
            return BLOCKED;
        }
        if (a == PBLQ_BAD) {
            o->status = o->pblq ? MEM_FAULT : MEM_PROT;
        } else {
            put_on_bus(h, now, i, addr, len);
        }
    }
    issued(h, now, i);
    return ISSUED;
}

/* Reads pass each other unless they are of the same object, and none passes a write of its own. */
static void kick_reads(struct vdc_hinic *h, vtime_t now)
{
    struct mem *m = &h->dev.rdma.mem;
    uint64_t held = 0; /* objects with an earlier read in the list, by the low bits of a number */
    uint16_t prev = MEM_NONE;
    uint16_t i = m->rd_first;

    while (i != MEM_NONE) {
        struct memreq *o = req_at(h, i);
        const struct memslot *s = slot_of(h, o->r.client, o->r.obj);
        const uint64_t bit = UINT64_C(1) << ((o->r.obj * 3u + o->r.client) & 63);
        const uint16_t next = o->link;
        enum issue r = BLOCKED;

        if (!(held & bit) && (s->q[o->r.client == MEM_RSP][1].n_unissued == 0 || is_stale(h, o))) {
            r = issue(h, now, i);
        }
        if (r == BUS_FULL) {
            return;
        }
        if (r == BLOCKED) {
            held |= bit;
            prev = i;
        } else {
            if (prev == MEM_NONE) {
                m->rd_first = next;
            } else {
                req_at(h, prev)->link = next;
            }
            if (next == MEM_NONE) {
                m->rd_last = prev;
            }
        }
        i = next;
    }
}

/* The first completion of the list; false if its queue's page list has to be read first. */
static bool issue_cqe(struct vdc_hinic *h, vtime_t now)
{
    struct mem *m = &h->dev.rdma.mem;
    struct memcqe *c = cqe_at(h, m->cqe_head);
    struct cq *cq = vdc_hinic_cq_slot(h, c->cqn);
    struct wr_op op = {
        .kind = WR_CQE, .obj = (uint16_t)c->cqn, .gen = c->gen, .len = sizeof(c->c)
    };
    enum pblq_answer a = PBLQ_BAD;

    if (cq->id != 0 && cq->gen == c->gen && !cq->is_dead) {
        const uint64_t off = (uint64_t)(c->pi & ((1u << cq->log_cqe) - 1)) * sizeof(c->c);
        uint64_t room;

        a = vdc_hinic_pblq_find(h, now, &cq->ring, off, &op.addr, &room);
        if (a == PBLQ_WAIT) {
            return false;
        }
        if (a == PBLQ_BAD) {
            vdc_hinic_cq_fail(h, now, c->cqn);
        }
    }
    if (a == PBLQ_OK) {
        memcpy(op.inl, &c->c, sizeof(c->c));
        (void)vdc_hinic_dma_write(h, now, &op);
        vdc_hinic_cq_issued(h, now, c);
    }
    memset(c, 0, sizeof(*c));
    m->cqe_head++;
    return true;
}

static void kick_writes(struct vdc_hinic *h, vtime_t now)
{
    struct mem *m = &h->dev.rdma.mem;

    while (m->wr_head != m->wr_tail) {
        const uint16_t i = *fifo_at(h, m->wr_head);

        if (h->dev.dma.mem_wr >= MEM_OPS_MAX ||
            !(i == FIFO_CQE ? issue_cqe(h, now) : issue(h, now, i) == ISSUED)) {
            return;
        }
        m->wr_head++;
    }
}

void vdc_hinic_mem_go(struct vdc_hinic *h, vtime_t now)
{
    kick_writes(h, now);
    kick_reads(h, now);
}

/* ---- submission ---- */

static void submit(struct vdc_hinic *h, vtime_t now, uint16_t i)
{
    struct mem *m = &h->dev.rdma.mem;
    struct memreq *o = req_at(h, i);

    if (o->r.is_write) {
        *fifo_at(h, m->wr_tail++) = i;
        kick_writes(h, now);
        return;
    }
    if (m->rd_last == MEM_NONE) {
        m->rd_first = i;
    } else {
        req_at(h, m->rd_last)->link = i;
    }
    m->rd_last = i;
    kick_reads(h, now);
}

bool vdc_hinic_mem_submit(struct vdc_hinic *h, vtime_t now, const struct mem_req *r)
{
    const uint16_t i = enqueue(h, r);

    if (i == MEM_NONE) {
        return false;
    }
    if (!check_keys(h, req_at(h, i))) {
        req_at(h, i)->status = MEM_PROT;
    }
    submit(h, now, i);
    return true;
}

bool vdc_hinic_qmem_read(struct vdc_hinic *h, vtime_t now, const struct pblq *q, uint64_t off,
                         uint32_t len, uint64_t buf, enum mem_client client, uint16_t obj,
                         uint32_t tag)
{
    const struct mem_req r = { .client = (uint8_t)client,
                               .obj = obj,
                               .tag = tag,
                               .buf = buf,
                               .len = len,
                               .n_sge = 1,
                               .sge = { { .va = off, .len = len } } };
    const uint16_t i = enqueue(h, &r);

    assert(off + len <= q->len);
    if (i == MEM_NONE) {
        return false;
    }
    req_at(h, i)->pblq = (uint64_t)((const uint8_t *)q - (const uint8_t *)h);
    submit(h, now, i);
    return true;
}

bool vdc_hinic_mem_atomic(struct vdc_hinic *h, vtime_t now, const struct mem_req *r,
                          enum mem_atomic op, uint64_t swap_add, uint64_t compare)
{
    const uint16_t i = enqueue(h, r);
    struct memreq *o;

    assert(r->len == sizeof(uint64_t) && r->n_sge == 1 && !r->is_write);
    if (i == MEM_NONE) {
        return false;
    }
    o = req_at(h, i);
    o->is_atomic = 1;
    o->op = (uint8_t)op;
    o->swap_add = swap_add;
    o->compare = compare;
    if ((r->sge[0].va & 7) != 0 || !check_keys(h, o)) {
        o->status = MEM_PROT;
    }
    submit(h, now, i);
    return true;
}

void vdc_hinic_mem_cqe(struct vdc_hinic *h, vtime_t now, const struct memcqe *c)
{
    struct mem *m = &h->dev.rdma.mem;

    if (m->cqe_tail - m->cqe_head == MEM_CQE_N) {
        vdc_hinic_fatal(h, HINIC_FATAL_INTERNAL);
        return;
    }
    *cqe_at(h, m->cqe_tail++) = *c;
    *fifo_at(h, m->wr_tail++) = FIFO_CQE;
    kick_writes(h, now);
}

uint32_t vdc_hinic_cq_room(const struct vdc_hinic *h)
{
    return MEM_CQE_N - (h->dev.rdma.mem.cqe_tail - h->dev.rdma.mem.cqe_head);
}

/* ---- ends ---- */

static void tell(struct vdc_hinic *h, vtime_t now, uint32_t client, uint32_t obj, uint32_t tag,
                 uint32_t status)
{
    if (client == MEM_REQ) {
        vdc_hinic_req_mem_done(h, now, obj, tag, status);
    } else if (client == MEM_RSP) {
        vdc_hinic_rsp_mem_done(h, now, obj, tag, status);
    } else {
        vdc_hinic_srq_mem_done(h, now, obj, tag, status);
    }
}

/* The requests of an object end in order. */
static void finish(struct vdc_hinic *h, vtime_t now, uint16_t i)
{
    struct mem *m = &h->dev.rdma.mem;
    const uint32_t client = req_at(h, i)->r.client, obj = req_at(h, i)->r.obj;
    struct memq *q = queue_of(h, &req_at(h, i)->r);

    req_at(h, i)->is_done = 1;
    while (q->head != MEM_NONE && req_at(h, q->head)->is_done) {
        const uint16_t k = q->head;
        const struct memreq *o = req_at(h, k);
        const uint32_t status = is_stale(h, o) ? MEM_STALE : o->status;
        const uint32_t tag = o->r.tag;

        q->head = o->next;
        if (q->head == MEM_NONE) {
            q->tail = MEM_NONE;
        }
        clear(h, k);
        tell(h, now, client, obj, tag, status);
    }
    if (m->wait_head != m->wait_tail) {
        wake_later(h, now);
    }
}

static void room(struct vdc_hinic *h, vtime_t now, uint32_t client, uint32_t obj)
{
    slot_of(h, client, obj)->q[client == MEM_RSP][0].is_waiting = 0;
    if (client == MEM_SRQ) {
        if (vdc_hinic_srq(h, obj)) {
            vdc_hinic_srq_mem_room(h, now, obj);
        }
    } else if (vdc_hinic_qp_slot(h, obj)->id != 0) {
        vdc_hinic_object_mark(h, OBJ_QP, obj);
        if (client == MEM_REQ) {
            vdc_hinic_req_mem_room(h, now, obj);
        } else {
            vdc_hinic_rsp_mem_room(h, now, obj);
        }
    }
}

/* Tells those that found no room, in order; whoever finds none again goes to the end. */
static void serve_waiters(struct vdc_hinic *h, vtime_t now)
{
    struct mem *m = &h->dev.rdma.mem;
    const uint32_t *ring = vdc_hinic_at(h, h->lay.memwait);
    const uint32_t n_ring = 2 * (h->lay.n_qp + h->lay.n_srq);

    for (uint32_t n = m->wait_tail - m->wait_head; n > 0; n--) {
        const uint32_t v = ring[m->wait_head % n_ring];

        if (m->n_free <= reserve(v >> 16)) {
            return;
        }
        m->wait_head++;
        room(h, now, v >> 16, v & UINT16_MAX);
    }
}

void vdc_hinic_mem_ended(struct vdc_hinic *h, vtime_t now)
{
    struct mem *m = &h->dev.rdma.mem;

    while (m->end_first != MEM_NONE) {
        const uint16_t i = m->end_first;

        m->end_first = req_at(h, i)->link;
        if (m->end_first == MEM_NONE) {
            m->end_last = MEM_NONE;
        }
        finish(h, now, i);
    }
    serve_waiters(h, now);
    vdc_hinic_mem_kick(h, now);
}

static void piece_done(struct vdc_hinic *h, vtime_t now, uint16_t i, bool is_failed)
{
    struct memreq *o = req_at(h, i);

    assert(o->n_dma > 0);
    o->n_dma--;
    if (is_failed && o->status == MEM_OK) {
        o->status = MEM_FAULT;
    }
    if (o->is_issued && o->n_dma == 0) {
        finish(h, now, i);
    }
}

void vdc_hinic_mem_read_done(struct vdc_hinic *h, vtime_t now, const struct rd_op *op)
{
    if (op->kind == RD_LEAF) {
        vdc_hinic_pblq_arrived(h, now, op);
    } else {
        piece_done(h, now, op->obj, op->is_failed != 0);
    }
}

void vdc_hinic_mem_write_done(struct vdc_hinic *h, vtime_t now, const struct wr_op *op,
                              bool is_failed)
{
    piece_done(h, now, op->obj, is_failed);
}

bool vdc_hinic_mem_modify(struct vdc_hinic *h, const struct rd_op *op, uint64_t old, uint64_t *val)
{
    const struct memreq *o = req_at(h, op->obj);

    *val = o->op == MEM_CAS ? o->swap_add : old + o->swap_add;
    return o->op == MEM_FADD || old == o->compare;
}

uint32_t vdc_hinic_mem_renew(struct vdc_hinic *h, vtime_t now, enum mem_client client, uint16_t obj)
{
    struct memslot *s = slot_of(h, client, obj);

    s->gen++;
    wake_later(h, now);
    return s->gen;
}

void vdc_hinic_mem_digest(const struct vdc_hinic *h, struct vdc_digest *d)
{
    const struct mem *m = &h->dev.rdma.mem;
    const struct memreq *req = (const void *)((const uint8_t *)h + h->lay.memreq);
    const struct memcqe *cqe = (const void *)((const uint8_t *)h + h->lay.memcqe);
    const struct leaf *leaf = (const void *)((const uint8_t *)h + h->lay.leaf);

    if (m->n_free != MEM_N) {
        for (uint32_t i = 0; i < MEM_N; i++) {
            if (req[i].r.len > 0) {
                vdc_digest_fold(d, &req[i], sizeof(req[i]));
            }
        }
    }
    for (uint32_t i = m->cqe_head; i != m->cqe_tail; i++) {
        vdc_digest_fold(d, &cqe[i % MEM_CQE_N], sizeof(cqe[0]));
    }
    if (h->dev.rdma.n_used[OBJ_KEY] + h->dev.rdma.n_used[OBJ_CQ] > 0) {
        vdc_digest_fold(d, leaf, MEM_LEAVES * sizeof(*leaf)); /* what is kept decides on the time */
    }
}
