/* SPDX-License-Identifier: MIT */
/* Send queue: blocks are read ahead into a cache, WQEs are taken apart and checked. */
#include "state.h"

#include <string.h>

#include "rdma.h"

#define LOW_WATER (REQ_BB_CACHE / 2) /* cached blocks below which more are read */

/* ---- cache ---- */

static uint32_t ring_mask(const struct qp *qp)
{
    return (1u << qp->log_sq_bb) - 1;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

void vdc_hinic_sq_fetch(struct vdc_hinic *h, vtime_t now, struct qp *qp)
{
    struct req *r = &qp->req;
    const uint32_t n_cached = (uint16_t)(r->bb_have - r->bb_head);
    const uint32_t slot = r->bb_have % REQ_BB_CACHE;
    const uint32_t at = r->bb_have & ring_mask(qp);
    uint32_t n = (uint16_t)(qp->sq_pi - r->bb_have);

    if (r->bb_want != r->bb_have || n_cached >= LOW_WATER || r->is_lost) {
        return;
    }
    n = smaller(n, REQ_BB_BATCH);
    n = smaller(n, REQ_BB_CACHE - slot); /* one piece, there and here */
    n = smaller(n, ring_mask(qp) + 1 - at);
    if (n > 0 &&
        vdc_hinic_qmem_read(h, now, &qp->sq, (uint64_t)at * HINIC_BB_SIZE, n * HINIC_BB_SIZE,
                            (uint64_t)((const uint8_t *)r->bb[slot] - (const uint8_t *)h), MEM_REQ,
                            qp->slot, REQ_TAG(REQ_TAG_WQE, r->fetch_seq & REQ_TAG_MASK))) {
        r->bb_want = (uint16_t)(r->bb_have + n);
    }
}

void vdc_hinic_sq_seek(struct req *r, uint16_t bb, bool is_again)
{
    if (!is_again && (uint16_t)(bb - r->bb_head) <= (uint16_t)(r->bb_have - r->bb_head)) {
        r->bb_head = bb;
        return;
    }
    r->bb_head = r->bb_have = r->bb_want = bb;
    r->fetch_seq++; /* reads complete in order: a stale one never follows a new one */
}

/* ---- taking a WQE apart ---- */

static bool bad(struct sq_wqe *w, uint8_t status, enum req_reason why)
{
    w->status = status;
    w->why = (uint8_t)why;
    return false;
}

/* True if the operation exists for this type of QP. */
static bool op_is_allowed(const struct qp *qp, uint32_t op)
{
    switch (op) {
    case HINIC_WQE_NOP:
    case HINIC_WQE_SEND:
    case HINIC_WQE_SEND_IMM:
        return true;
    case HINIC_WQE_WRITE:
    case HINIC_WQE_WRITE_IMM:
    case HINIC_WQE_LOCAL_INV:
    case HINIC_WQE_BIND_MW:
        return qp->type == HINIC_QPT_RC || qp->type == HINIC_QPT_UC;
    case HINIC_WQE_REG_MR: /* names bus addresses */
        return (qp->type == HINIC_QPT_RC || qp->type == HINIC_QPT_UC) &&
               (qp->flags & HINIC_QP_KERNEL);
    case HINIC_WQE_SEND_INV:
        return qp->type == HINIC_QPT_RC;
    case HINIC_WQE_READ:
    case HINIC_WQE_CAS:
    case HINIC_WQE_FADD:
    case HINIC_WQE_ATOMIC_WRITE:
    case HINIC_WQE_FLUSH:
        return qp->type == HINIC_QPT_RC && qp->max_rd_atomic > 0;
    default:
        return false;
    }
}

static bool is_datagram(const struct qp *qp)
{
    return qp->type == HINIC_QPT_UD || qp->type == HINIC_QPT_GSI || qp->type == HINIC_QPT_SMI;
}

/* Reads the segment behind ctrl; returns where data begin. */
static uint32_t take_segment(const struct qp *qp, struct sq_wqe *w)
{
    const uint8_t *s = w->raw + sizeof(struct hinic_wqe_ctrl);
    uint32_t n = 0;

    switch (w->ctrl.opcode) {
    case HINIC_WQE_SEND:
    case HINIC_WQE_SEND_IMM:
        if (is_datagram(qp)) {
            n = sizeof(w->ud);
            memcpy(&w->ud, s, n);
        }
        break;
    case HINIC_WQE_WRITE:
    case HINIC_WQE_WRITE_IMM:
    case HINIC_WQE_READ:
    case HINIC_WQE_ATOMIC_WRITE: {
        struct hinic_wqe_rdma x;

        n = sizeof(x);
        memcpy(&x, s, n);
        w->raddr = x.raddr;
        w->rkey = x.rkey;
        break;
    }
    case HINIC_WQE_CAS:
    case HINIC_WQE_FADD: {
        struct hinic_wqe_atomic x;

        n = sizeof(x);
        memcpy(&x, s, n);
        w->raddr = x.raddr;
        w->rkey = x.rkey;
        w->swap_add = x.swap_add;
        w->compare = x.compare;
        break;
    }
    case HINIC_WQE_FLUSH: {
        struct hinic_wqe_flush x;

        n = sizeof(x);
        memcpy(&x, s, n);
        w->raddr = x.raddr;
        w->rkey = x.rkey;
        w->feth = x.type_level & 0xff;
        break;
    }
    case HINIC_WQE_BIND_MW:
    case HINIC_WQE_REG_MR:
        n = sizeof(w->reg);
        memcpy(&w->reg, s, n);
        break;
    default:
        break;
    }
    return (uint32_t)sizeof(struct hinic_wqe_ctrl) + n;
}

/* Inline data or the list of SGEs, from offset `at` on. */
static bool take_data(const struct qp *qp, struct sq_wqe *w, uint32_t at)
{
    const uint32_t op = w->ctrl.opcode;
    const uint32_t end = w->n_bb * HINIC_BB_SIZE;
    const bool has_data = !vdc_hinic_req_is_local(op) && op != HINIC_WQE_FLUSH;
    const bool is_source = has_data && op != HINIC_WQE_READ && op != HINIC_WQE_CAS &&
                           op != HINIC_WQE_FADD;
    uint64_t sum = 0;

    if (at > end) {
        return bad(w, HINIC_WC_LOC_QP_OP_ERR, REQ_WHY_SIZE);
    }
    if (w->ctrl.flags & HINIC_WQE_F_INLINE) {
        if (!is_source) {
            return bad(w, HINIC_WC_LOC_QP_OP_ERR, REQ_WHY_OPCODE);
        }
        if (w->ctrl.length > qp->max_inline || w->ctrl.length > end - at) {
            return bad(w, HINIC_WC_LOC_LEN_ERR, REQ_WHY_LENGTH);
        }
        w->inl = at;
        return true;
    }
    w->n_sge = w->ctrl.num_sge;
    if (w->n_sge > HINIC_SGE_MAX || w->n_sge > (has_data ? qp->max_send_sge : 0u) ||
        w->n_sge * sizeof(struct hinic_sge) > end - at) {
        return bad(w, HINIC_WC_LOC_QP_OP_ERR, REQ_WHY_SIZE);
    }
    memcpy(w->sge, w->raw + at, w->n_sge * sizeof(struct hinic_sge));
    for (uint32_t i = 0; i < w->n_sge; i++) {
        sum += w->sge[i].len;
    }
    if (has_data && sum != w->ctrl.length) {
        return bad(w, HINIC_WC_LOC_LEN_ERR, REQ_WHY_LENGTH);
    }
    return true;
}

static bool length_is_right(const struct sq_wqe *w)
{
    switch (w->ctrl.opcode) {
    case HINIC_WQE_CAS:
    case HINIC_WQE_FADD:
    case HINIC_WQE_ATOMIC_WRITE:
        return w->ctrl.length == 8;
    case HINIC_WQE_FLUSH: /* of memory, no message */
        return true;
    default:
        return w->ctrl.length <= REQ_LEN_MAX;
    }
}

static bool take_apart(const struct qp *qp, struct sq_wqe *w)
{
    if (!op_is_allowed(qp, w->ctrl.opcode)) {
        return bad(w, HINIC_WC_LOC_QP_OP_ERR, REQ_WHY_OPCODE);
    }
    return take_data(qp, w, take_segment(qp, w)) &&
           (length_is_right(w) || bad(w, HINIC_WC_LOC_LEN_ERR, REQ_WHY_LENGTH));
}

bool vdc_hinic_sq_glance(const struct qp *qp, struct hinic_wqe_ctrl *c, uint32_t *n_bb)
{
    const struct req *r = &qp->req;

    if (r->bb_head == r->bb_have) {
        return false;
    }
    memcpy(c, r->bb[r->bb_head % REQ_BB_CACHE], sizeof(*c));
    *n_bb = c->flags & 0xfu;
    if (*n_bb == 0 || *n_bb > HINIC_WQE_BB_MAX || *n_bb > (uint16_t)(qp->sq_pi - r->bb_head)) {
        *n_bb = 0; /* the next WQE cannot be found */
    }
    return true;
}

enum sq_look vdc_hinic_sq_look(const struct qp *qp, struct sq_wqe *w)
{
    const struct req *r = &qp->req;
    const bool is_odd_pass = (r->bb_head >> qp->log_sq_bb & 1) != 0;

    memset(w, 0, offsetof(struct sq_wqe, raw));
    if (!vdc_hinic_sq_glance(qp, &w->ctrl, &w->n_bb)) {
        return SQ_NONE;
    }
    if (w->n_bb == 0) {
        w->is_lost = 1;
        (void)bad(w, HINIC_WC_LOC_QP_OP_ERR, REQ_WHY_SIZE);
        return SQ_BAD;
    }
    if (w->n_bb > (uint16_t)(r->bb_have - r->bb_head)) {
        return SQ_NONE;
    }
    for (uint32_t i = 0; i < w->n_bb; i++) {
        memcpy(w->raw + (size_t)i * HINIC_BB_SIZE, r->bb[(r->bb_head + i) % REQ_BB_CACHE],
               HINIC_BB_SIZE);
    }
    if (((w->ctrl.own & HINIC_WQE_OWN_PHASE) != 0) == is_odd_pass) { /* 1 in the first pass */
        (void)bad(w, HINIC_WC_LOC_QP_OP_ERR, REQ_WHY_OWN);
        return SQ_BAD;
    }
    return take_apart(qp, w) ? SQ_GOOD : SQ_BAD;
}
