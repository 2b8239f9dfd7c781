/* SPDX-License-Identifier: MIT */
/* Receive WQEs: fetched ahead from a QP's ring or an SRQ's linked list, taken one per message. */
#include "state.h"

#include <string.h>

#include "rdma.h"

/* What a fetch needs to know of either kind of queue. */
struct source {
    struct rq *rq;
    const struct pblq *ring;
    uint32_t log_n, log_stride;
    uint16_t pi;
    bool is_list;
    enum mem_client client;
    uint16_t obj;
};

static struct source of_qp(struct qp *qp)
{
    return (struct source){ .rq = &qp->rsp.rq,
                            .ring = &qp->rq,
                            .log_n = qp->log_rq,
                            .log_stride = qp->log_rq_stride,
                            .pi = qp->rq_pi,
                            .client = MEM_RSP,
                            .obj = qp->slot };
}

static struct source of_srq(struct srq *srq)
{
    return (struct source){ .rq = &srq->rsp.rq,
                            .ring = &srq->ring,
                            .log_n = srq->log_wqe,
                            .log_stride = srq->log_stride,
                            .pi = srq->pi,
                            .is_list = true,
                            .client = MEM_SRQ,
                            .obj = (uint16_t)srq->srqn };
}

static uint32_t min32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t slots(const struct source *s)
{
    assert(s->log_stride >= RQ_LOG_STRIDE && RQ_CACHE_BYTES >> s->log_stride > 0);
    return RQ_CACHE_BYTES >> s->log_stride;
}

/*
 * One fetch at a time, when half of the cache is free. WQEs that follow each other in memory come
 * together; of a list only the first is sure, and the others count if the list turns out to go on
 * with them.
 */
static void fetch(struct vdc_hinic *h, vtime_t now, const struct source *s)
{
    struct rq *rq = s->rq;
    const uint32_t cached = (uint16_t)(rq->fetched - rq->ci);
    const uint32_t posted = (uint16_t)(s->pi - rq->fetched);
    const uint32_t idx = s->is_list ? rq->head_idx : rq->fetched & ((1u << s->log_n) - 1);
    uint32_t n_slot, slot, n, in_page;
    uint64_t off;

    if (rq->is_bad || rq->n_fetch > 0 || posted == 0 || s->log_stride == 0) {
        return; /* stride 0: there is no queue */
    }
    n_slot = slots(s);
    if (cached > n_slot / 2 || cached == n_slot) {
        return;
    }
    slot = rq->fetched & (n_slot - 1);
    if (idx >> s->log_n != 0) {
        rq->is_bad = 1; /* next_idx of a WQE in use leads out of the queue */
        return;
    }
    off = (uint64_t)idx << s->log_stride;
    in_page = (HINIC_PAGE_SIZE - (uint32_t)(off & (HINIC_PAGE_SIZE - 1))) >> s->log_stride;
    n = min32(min32(posted, n_slot - cached), min32(n_slot - slot, (1u << s->log_n) - idx));
    n = min32(n, in_page);
    assert(n > 0);
    if (vdc_hinic_qmem_read(h, now, s->ring, off, n << s->log_stride,
                            (uint64_t)(rq->wqe + (slot << s->log_stride) - (uint8_t *)h), s->client,
                            s->obj, RSP_TAG_RQ)) {
        rq->n_fetch = (uint16_t)n;
    }
}

static void arrived(const struct source *s, uint32_t status)
{
    struct rq *rq = s->rq;
    const uint32_t n_slot = slots(s);
    const uint32_t n = rq->n_fetch;

    rq->n_fetch = 0;
    if (status != MEM_OK) {
        rq->is_bad = 1;
        return;
    }
    if (!s->is_list) {
        rq->fetched = (uint16_t)(rq->fetched + n);
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t slot = rq->fetched & (n_slot - 1);
        const uint16_t idx = rq->head_idx;
        struct hinic_srq_hdr hdr;

        memcpy(&hdr, rq->wqe + (slot << s->log_stride), sizeof(hdr));
        rq->idx[slot] = idx;
        rq->head_idx = hdr.next_idx;
        rq->fetched++;
        if (hdr.next_idx != idx + 1) {
            break;
        }
    }
}

/* The WQE in a cache slot, as SGEs. */
static void load(struct rsp_wqe *w, const uint8_t *wqe, uint32_t bytes, uint32_t max_sge)
{
    const uint32_t n = min32(min32(bytes / (uint32_t)sizeof(struct hinic_sge), max_sge),
                             HINIC_SGE_MAX);

    memset(w, 0, sizeof(*w));
    for (uint32_t i = 0; i < n; i++) {
        struct hinic_sge *g = &w->sge[i];

        memcpy(g, wqe + i * sizeof(*g), sizeof(*g));
        if (g->lkey == HINIC_SGE_END_LKEY && g->len == 0) {
            memset(g, 0, sizeof(*g));
            break;
        }
        w->len += g->len;
        w->n_sge++;
    }
}

static void wait_for(struct srq *srq, struct qp *qp, struct vdc_hinic *h)
{
    struct rq *rq = &srq->rsp.rq;
    struct rsp *r = &qp->rsp;

    if (r->is_wait_srq) {
        return;
    }
    r->is_wait_srq = 1;
    r->srq_prev = rq->wait_last;
    r->srq_next = 0;
    if (rq->wait_last != 0) {
        vdc_hinic_qp_at(h, rq->wait_last - 1)->rsp.srq_next = qp->slot + 1u;
    } else {
        rq->wait_first = qp->slot + 1u;
    }
    rq->wait_last = qp->slot + 1u;
}

void vdc_hinic_rq_unwait(struct vdc_hinic *h, struct qp *qp)
{
    struct rsp *r = &qp->rsp;
    struct srq *srq;

    if (!r->is_wait_srq) {
        return;
    }
    srq = vdc_hinic_srq(h, qp->srqn);
    assert(srq);
    if (r->srq_prev != 0) {
        vdc_hinic_qp_at(h, r->srq_prev - 1)->rsp.srq_next = r->srq_next;
    } else {
        srq->rsp.rq.wait_first = r->srq_next;
    }
    if (r->srq_next != 0) {
        vdc_hinic_qp_at(h, r->srq_next - 1)->rsp.srq_prev = r->srq_prev;
    } else {
        srq->rsp.rq.wait_last = r->srq_prev;
    }
    r->is_wait_srq = 0;
    r->srq_next = r->srq_prev = 0;
}

static enum rq_take take_of_srq(struct vdc_hinic *h, vtime_t now, struct qp *qp)
{
    struct srq *srq = vdc_hinic_srq(h, qp->srqn);
    struct rsp *r = &qp->rsp;
    struct source s;
    uint32_t slot;

    if (!srq || srq->is_dead) {
        return RQ_BROKEN;
    }
    s = of_srq(srq);
    if (s.rq->ci == s.pi) {
        return RQ_EMPTY;
    }
    if (s.rq->ci == s.rq->fetched) {
        fetch(h, now, &s);
        if (s.rq->is_bad) {
            return RQ_BROKEN;
        }
        wait_for(srq, qp, h);
        return RQ_WAIT;
    }
    slot = s.rq->ci & (slots(&s) - 1);
    load(&r->wqe, s.rq->wqe + (slot << s.log_stride) + sizeof(struct hinic_srq_hdr),
         (1u << s.log_stride) - (uint32_t)sizeof(struct hinic_srq_hdr), srq->max_sge);
    r->wqe.idx = s.rq->idx[slot];
    r->wqe.pdn = srq->pdn;
    s.rq->ci++;
    if (srq->limit != 0 && (uint16_t)(s.pi - s.rq->ci) < srq->limit) {
        vdc_hinic_srq_limit(h, now, srq->srqn);
    }
    fetch(h, now, &s);
    return RQ_TAKEN;
}

static enum rq_take take_of_qp(struct vdc_hinic *h, vtime_t now, struct qp *qp)
{
    const struct source s = of_qp(qp);
    struct rsp *r = &qp->rsp;
    uint32_t slot;

    if (s.rq->ci == s.pi || s.log_stride == 0) {
        return RQ_EMPTY;
    }
    if (s.rq->ci == s.rq->fetched) {
        fetch(h, now, &s);
        return s.rq->is_bad ? RQ_BROKEN : RQ_WAIT;
    }
    slot = s.rq->ci & (slots(&s) - 1);
    load(&r->wqe, s.rq->wqe + (slot << s.log_stride), 1u << s.log_stride, qp->max_recv_sge);
    r->wqe.idx = (uint16_t)(s.rq->ci & ((1u << s.log_n) - 1));
    r->wqe.pdn = qp->pdn;
    s.rq->ci++;
    fetch(h, now, &s);
    return RQ_TAKEN;
}

enum rq_take vdc_hinic_rq_take(struct vdc_hinic *h, vtime_t now, struct qp *qp)
{
    enum rq_take v;

    if (qp->rsp.is_wqe) {
        return RQ_TAKEN;
    }
    v = qp->flags & HINIC_QP_SRQ ? take_of_srq(h, now, qp) : take_of_qp(h, now, qp);
    if (v == RQ_TAKEN) {
        qp->rsp.is_wqe = 1;
    } else if (v == RQ_BROKEN) {
        vdc_hinic_guest_err(h, HINIC_GERR_WQE, qp->qpn);
    }
    return v;
}

void vdc_hinic_rq_fetch(struct vdc_hinic *h, vtime_t now, struct qp *qp)
{
    const struct source s = of_qp(qp);

    if (!(qp->flags & HINIC_QP_SRQ)) {
        fetch(h, now, &s);
    }
}

void vdc_hinic_rq_arrived(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t status)
{
    const struct source s = of_qp(qp);

    arrived(&s, status);
    vdc_hinic_rsp_run(h, now, qp);
    vdc_hinic_rq_fetch(h, now, qp);
}

/* ---- shared receive queues ---- */

void vdc_hinic_srq_doorbell(struct vdc_hinic *h, vtime_t now, struct srq *srq)
{
    const struct source s = of_srq(srq);

    fetch(h, now, &s);
}

/* A QP at a time while there is something to take: each leaves the list or goes to its end. */
static void wake(struct vdc_hinic *h, vtime_t now, struct srq *srq)
{
    struct rq *rq = &srq->rsp.rq;

    while (rq->wait_first != 0 && (rq->ci != rq->fetched || rq->is_bad)) {
        struct qp *qp = vdc_hinic_qp_at(h, rq->wait_first - 1);

        vdc_hinic_rq_unwait(h, qp);
        vdc_hinic_rsp_run(h, now, qp);
    }
}

void vdc_hinic_srq_mem_done(struct vdc_hinic *h, vtime_t now, uint32_t srqn, uint32_t tag,
                            uint32_t status)
{
    struct srq *srq = status == MEM_STALE ? NULL : vdc_hinic_srq(h, srqn);
    struct source s;

    assert(tag == RSP_TAG_RQ);
    (void)tag;
    if (!srq) {
        return;
    }
    s = of_srq(srq);
    arrived(&s, status);
    wake(h, now, srq);
    fetch(h, now, &s);
}

void vdc_hinic_srq_mem_room(struct vdc_hinic *h, vtime_t now, uint32_t srqn)
{
    struct srq *srq = vdc_hinic_srq(h, srqn);

    if (srq) {
        vdc_hinic_srq_doorbell(h, now, srq);
        wake(h, now, srq);
    }
}

void vdc_hinic_srq_close(struct vdc_hinic *h, vtime_t now, struct srq *srq)
{
    (void)h;
    (void)now;
    assert(srq->rsp.rq.wait_first == 0); /* no QP uses it any more */
    memset(&srq->rsp, 0, sizeof(srq->rsp));
}
