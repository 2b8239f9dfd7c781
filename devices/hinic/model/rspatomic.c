/* SPDX-License-Identifier: MIT */
/* Atomics at the responder: executed once at one instant, their result kept to be told again; FLUSH
 * and ATOMIC_WRITE. */
#include "state.h"

#include <string.h>

#include "rdma.h"

#define OPERAND 8u

#define FLUSH_GLOBAL     (1u << 0) /* type bits of the FETH */
#define FLUSH_PERSISTENT (1u << 1)
#define FLUSH_TYPES      15u
#define FLUSH_LEVEL(v)   (((v) >> 4) & 3u)
#define FLUSH_MR         1u

static enum rsp_begun refuse(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt,
                             uint8_t syndrome)
{
    const uint32_t psn = vdc_hinic_rpkt(h, pkt)->w.psn;

    vdc_hinic_rpkt_free(h, now, pkt);
    vdc_hinic_rsp_fail(h, now, qp, psn, syndrome, 0);
    return RSP_DROPPED;
}

/* Takes the next PSN as a message of its own. */
static void accept(struct rsp *r, struct rsp_op *op)
{
    r->msn = op->msn = vdc_psn_add(r->msn, 1);
    r->epsn = op->end_psn;
}

enum rsp_begun vdc_hinic_rsp_begin_atomic(struct vdc_hinic *h, vtime_t now, struct qp *qp,
                                          uint32_t pkt)
{
    struct rpkt *p = vdc_hinic_rpkt(h, pkt);
    const struct wire_hdr *w = &p->w;
    struct rsp *r = &qp->rsp;
    const struct mem_req m = { .client = MEM_RSP,
                               .obj = qp->slot,
                               .tag = RSP_TAG_ATOMIC | pkt,
                               .buf = vdc_hinic_rpkt_payload(h, pkt),
                               .len = OPERAND,
                               .pdn = qp->pdn,
                               .qpn = qp->qpn,
                               .access = HINIC_ACCESS_REMOTE_ATOMIC,
                               .n_sge = 1,
                               .sge[0] = { .va = w->va, .len = OPERAND, .key = w->rkey } };
    struct rsp_op *op;

    if (!(qp->access & HINIC_ACCESS_REMOTE_ATOMIC) || (w->va & (OPERAND - 1)) != 0 ||
        r->n_op_new >= qp->max_dest_rd_atomic) {
        return refuse(h, now, qp, pkt, RSP_NAK_INV_REQ);
    }
    if (vdc_hinic_mr_check(h, w->rkey, qp->pdn, qp->qpn, w->va, OPERAND,
                           HINIC_ACCESS_REMOTE_ATOMIC) != MR_OK) {
        return refuse(h, now, qp, pkt, RSP_NAK_ACCESS);
    }
    if (r->n_op == RSP_OPS) {
        vdc_hinic_rpkt_free(h, now, pkt); /* all taken by duplicates: as if lost on the way */
        return RSP_DROPPED;
    }
    if (!vdc_hinic_mem_atomic(h, now, &m, w->opcode == WIRE_CAS ? MEM_CAS : MEM_FADD, w->swap_add,
                              w->compare)) {
        return RSP_BLOCKED;
    }
    vdc_hinic_count(h, HINIC_CNT_RX_ATOMIC_REQUESTS, 1);
    op = vdc_hinic_rsp_op_add(r, RSP_ATOMIC, w->psn, 1, false);
    assert(op);
    p->user[RSP_U_FLAGS] = (uint32_t)(op - r->op);
    accept(r, op);
    r->n_atomic++;
    return RSP_BEGUN;
}

void vdc_hinic_rsp_atomic_done(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt,
                               uint32_t status)
{
    const struct rpkt *p = vdc_hinic_rpkt(h, pkt);
    struct rsp *r = &qp->rsp;
    struct rsp_op *op = &r->op[p->user[RSP_U_FLAGS]];
    const uint32_t psn = p->w.psn;
    uint64_t result;

    memcpy(&result, vdc_hinic_at(h, vdc_hinic_rpkt_payload(h, pkt)), sizeof(result));
    vdc_hinic_rpkt_free(h, now, pkt);
    assert(r->n_atomic > 0);
    r->n_atomic--;
    if (qp->state == HINIC_QPS_ERR) {
        return;
    }
    if (r->is_dead && vdc_psn_diff(psn, r->nak_psn) >= 0) {
        vdc_hinic_rsp_respond(h, now, qp); /* behind a request that was refused */
        return;
    }
    if (status != MEM_OK) {
        vdc_hinic_rsp_op_cut(r, psn);
        r->is_cut = 1;
        vdc_hinic_rsp_fail(h, now, qp, psn, status == MEM_PROT ? RSP_NAK_ACCESS : RSP_NAK_OP, 0);
        return;
    }
    op->result = result;
    op->is_ready = 1;
    r->atomic[r->at_next] = (struct rsp_atomic){ .result = result, .psn = psn, .is_valid = 1 };
    r->at_next++;
    if (r->at_next >= qp->max_dest_rd_atomic) {
        r->at_next = 0;
    }
    vdc_hinic_rsp_respond(h, now, qp);
    if (r->n_atomic == 0) {
        vdc_hinic_rsp_run(h, now, qp);
    }
}

static bool is_in_progress(const struct rsp *r, uint32_t psn)
{
    for (uint32_t i = 0; i < r->n_op; i++) {
        const struct rsp_op *op = &r->op[(r->op_head + i) % RSP_OPS];

        if (op->kind != RSP_READ && op->first_psn == psn) {
            return true;
        }
    }
    return false;
}

void vdc_hinic_rsp_again_atomic(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt)
{
    const uint32_t psn = vdc_hinic_rpkt(h, pkt)->w.psn;
    struct rsp *r = &qp->rsp;

    (void)now;
    if (is_in_progress(r, psn)) {
        return;
    }
    for (uint32_t i = 0; i < RSP_OPS; i++) {
        if (r->atomic[i].is_valid && r->atomic[i].psn == psn) {
            struct rsp_op *op = vdc_hinic_rsp_op_add(r, RSP_ATOMIC, psn, 1, true);

            if (op) {
                op->result = r->atomic[i].result;
                op->is_ready = 1;
            }
            return;
        }
    }
}

void vdc_hinic_rsp_again_empty(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt)
{
    const uint32_t psn = vdc_hinic_rpkt(h, pkt)->w.psn;
    struct rsp *r = &qp->rsp;

    (void)now;
    if (!is_in_progress(r, psn)) {
        (void)vdc_hinic_rsp_op_add(r, RSP_EMPTY, psn, 1, true); /* full: as if lost */
    }
}

static bool flush_is_allowed(struct vdc_hinic *h, const struct qp *qp, const struct wire_hdr *w,
                             uint32_t access)
{
    uint64_t va = w->va, len = w->dma_len;

    if (FLUSH_LEVEL(w->feth) == FLUSH_MR) { /* all of the region, whatever the address */
        const struct mr *mr = vdc_hinic_mr(h, w->rkey >> 8);

        if (!mr) {
            return false;
        }
        va = mr->va;
        len = 1;
    }
    return vdc_hinic_mr_check(h, w->rkey, qp->pdn, qp->qpn, va, len, access) == MR_OK;
}

/* What is flushed is visible as soon as everything before is. */
enum rsp_begun vdc_hinic_rsp_begin_flush(struct vdc_hinic *h, vtime_t now, struct qp *qp,
                                         uint32_t pkt)
{
    const struct wire_hdr w = vdc_hinic_rpkt(h, pkt)->w;
    const uint32_t type = w.feth & FLUSH_TYPES;
    const uint32_t access = (type & FLUSH_GLOBAL ? HINIC_ACCESS_FLUSH_GLOBAL : 0) |
                            (type & FLUSH_PERSISTENT ? HINIC_ACCESS_FLUSH_PERSISTENT : 0);
    struct rsp *r = &qp->rsp;
    struct rsp_op *op;

    if (access == 0 || (type & ~(FLUSH_GLOBAL | FLUSH_PERSISTENT)) != 0 ||
        FLUSH_LEVEL(w.feth) > FLUSH_MR || (qp->access & access) != access ||
        r->n_op_new >= qp->max_dest_rd_atomic) {
        return refuse(h, now, qp, pkt, RSP_NAK_INV_REQ);
    }
    if (!flush_is_allowed(h, qp, &w, access)) {
        return refuse(h, now, qp, pkt, RSP_NAK_ACCESS);
    }
    vdc_hinic_rpkt_free(h, now, pkt);
    op = vdc_hinic_rsp_op_add(r, RSP_EMPTY, w.psn, 1, false);
    if (!op) {
        return RSP_DROPPED;
    }
    accept(r, op);
    vdc_hinic_rsp_respond(h, now, qp);
    return RSP_BEGUN;
}

enum rsp_begun vdc_hinic_rsp_begin_put(struct vdc_hinic *h, vtime_t now, struct qp *qp,
                                       uint32_t pkt)
{
    struct rpkt *p = vdc_hinic_rpkt(h, pkt);
    const struct wire_hdr *w = &p->w;
    struct rsp *r = &qp->rsp;
    struct rsp_op *op;

    if (r->n_atomic > 0) {
        return RSP_BLOCKED;
    }
    if (w->dma_len != OPERAND || w->pay_len != OPERAND || (w->va & (OPERAND - 1)) != 0 ||
        !(qp->access & HINIC_ACCESS_REMOTE_WRITE) || r->n_op_new >= qp->max_dest_rd_atomic) {
        return refuse(h, now, qp, pkt, RSP_NAK_INV_REQ);
    }
    if (vdc_hinic_mr_check(h, w->rkey, qp->pdn, qp->qpn, w->va, OPERAND,
                           HINIC_ACCESS_REMOTE_WRITE) != MR_OK) {
        return refuse(h, now, qp, pkt, RSP_NAK_ACCESS);
    }
    if (r->n_op == RSP_OPS) {
        vdc_hinic_rpkt_free(h, now, pkt);
        return RSP_DROPPED;
    }
    if (!vdc_hinic_rsp_place(h, now, qp, pkt, w->va, w->rkey, OPERAND)) {
        return RSP_BLOCKED;
    }
    vdc_hinic_count(h, HINIC_CNT_RX_WRITE_REQUESTS, 1);
    op = vdc_hinic_rsp_op_add(r, RSP_EMPTY, w->psn, 1, false);
    assert(op);
    op->after++; /* behind its own write */
    accept(r, op);
    p->user[RSP_U_MSN] = r->msn;
    p->user[RSP_U_WQE] = 0;
    p->user[RSP_U_FLAGS] = 0;
    vdc_hinic_rsp_issue(h, now, qp, pkt, false);
    return RSP_BEGUN;
}
