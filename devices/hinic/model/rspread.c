/* SPDX-License-Identifier: MIT */
/* READ at the responder: requests become ops, the scheduler asks for their responses one packet at
 * a time. */
#include "state.h"

#include "rdma.h"

static uint32_t n_packets(const struct qp *qp, uint32_t len)
{
    return len == 0 ? 1 : (len - 1) / qp->path_mtu + 1;
}

static bool key_is_right(struct vdc_hinic *h, const struct qp *qp, const struct wire_hdr *w)
{
    return w->dma_len == 0 || vdc_hinic_mr_check(h, w->rkey, qp->pdn, qp->qpn, w->va, w->dma_len,
                                                 HINIC_ACCESS_REMOTE_READ) == MR_OK;
}

static void set(struct rsp_op *op, const struct wire_hdr *w)
{
    op->va = w->va;
    op->key = w->rkey;
    op->len = w->dma_len;
    op->is_started = 0;
}

enum rsp_begun vdc_hinic_rsp_begin_read(struct vdc_hinic *h, vtime_t now, struct qp *qp,
                                        uint32_t pkt)
{
    const struct wire_hdr w = vdc_hinic_rpkt(h, pkt)->w;
    struct rsp *r = &qp->rsp;
    struct rsp_op *op;

    vdc_hinic_rpkt_free(h, now, pkt);
    if (w.dma_len > RSP_MSG_LEN_MAX || r->n_op_new >= qp->max_dest_rd_atomic ||
        !(qp->access & HINIC_ACCESS_REMOTE_READ)) {
        vdc_hinic_rsp_fail(h, now, qp, w.psn, RSP_NAK_INV_REQ, 0);
        return RSP_DROPPED;
    }
    if (!key_is_right(h, qp, &w)) {
        vdc_hinic_rsp_fail(h, now, qp, w.psn, RSP_NAK_ACCESS, 0);
        return RSP_DROPPED;
    }
    op = vdc_hinic_rsp_op_add(r, RSP_READ, w.psn, n_packets(qp, w.dma_len), false);
    if (!op) {
        return RSP_DROPPED; /* all taken by duplicates: as if lost on the way */
    }
    vdc_hinic_count(h, HINIC_CNT_RX_READ_REQUESTS, 1);
    set(op, &w);
    r->msn = op->msn = vdc_psn_add(r->msn, 1);
    r->epsn = op->end_psn;
    vdc_hinic_rsp_respond(h, now, qp);
    return RSP_BEGUN;
}

/* In progress: goes on from the place asked for. Over: executed again, if it lies in what was. */
void vdc_hinic_rsp_again_read(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt)
{
    const struct wire_hdr *w = &vdc_hinic_rpkt(h, pkt)->w;
    struct rsp *r = &qp->rsp;
    const uint32_t n = n_packets(qp, w->dma_len);
    const uint32_t end = vdc_psn_add(w->psn, n);
    struct rsp_op *op;

    (void)now;
    if (n > (uint32_t)vdc_psn_diff(r->epsn, w->psn) || !key_is_right(h, qp, w) ||
        !(qp->access & HINIC_ACCESS_REMOTE_READ)) {
        return;
    }
    for (uint32_t i = 0; i < r->n_op; i++) {
        op = &r->op[(r->op_head + i) % RSP_OPS];
        if (op->kind == RSP_READ && vdc_psn_diff(w->psn, op->first_psn) >= 0 &&
            vdc_psn_diff(w->psn, op->end_psn) < 0) {
            if (end == op->end_psn) {
                op->psn = w->psn;
                set(op, w);
            }
            return;
        }
    }
    op = vdc_hinic_rsp_op_add(r, RSP_READ, w->psn, n, true);
    if (op) {
        set(op, w);
    }
}

enum sched_built vdc_hinic_rsp_build(struct vdc_hinic *h, vtime_t now, uint32_t qpn, uint32_t pkt)
{
    struct qp *qp = vdc_hinic_qp(h, qpn);
    struct rpkt *p = vdc_hinic_rpkt(h, pkt);
    struct rsp *r;
    struct rsp_op *op;
    uint32_t n;
    bool is_last;

    if (!qp || qp->state == HINIC_QPS_ERR || qp->rsp.n_op == 0) {
        return SCHED_IDLE;
    }
    r = &qp->rsp;
    op = &r->op[r->op_head];
    if (op->kind != RSP_READ || (op->len == 0 && (int32_t)(r->n_done - op->after) < 0)) {
        return SCHED_IDLE;
    }
    is_last = op->len <= qp->path_mtu;
    n = is_last ? op->len : qp->path_mtu;
    if (n > 0) {
        const struct mem_req m = { .client = MEM_RSP,
                                   .obj = qp->slot,
                                   .tag = RSP_TAG_READ | pkt,
                                   .buf = vdc_hinic_rpkt_payload(h, pkt),
                                   .len = n,
                                   .pdn = qp->pdn,
                                   .qpn = qp->qpn,
                                   .access = HINIC_ACCESS_REMOTE_READ,
                                   .n_sge = 1,
                                   .sge[0] = { .va = op->va, .len = n, .key = op->key } };

        if (!vdc_hinic_mem_submit(h, now, &m)) {
            return SCHED_IDLE; /* vdc_hinic_rsp_mem_room() arms again */
        }
    }
    vdc_hinic_rsp_header(h, qp, &p->w);
    if (op->is_started) {
        p->w.opcode = is_last ? WIRE_READ_RESP_LAST : WIRE_READ_RESP_MIDDLE;
    } else {
        p->w.opcode = is_last ? WIRE_READ_RESP_ONLY : WIRE_READ_RESP_FIRST;
    }
    p->w.psn = op->psn;
    p->w.syndrome = RSP_ACK;
    p->w.msn = op->msn;
    p->w.pay_len = n;
    r->n_out++;
    op->is_started = 1;
    op->psn = vdc_psn_add(op->psn, 1);
    op->va += n;
    op->len -= n;
    if (is_last) {
        vdc_hinic_rsp_op_pop(r);
    }
    return n > 0 ? SCHED_FETCHING : SCHED_BUILT;
}

void vdc_hinic_rsp_sent(struct vdc_hinic *h, vtime_t now, uint32_t qpn, uint32_t pkt)
{
    struct qp *qp = vdc_hinic_qp(h, qpn);

    (void)pkt;
    if (qp && qp->rsp.n_out > 0 && --qp->rsp.n_out == 0) {
        vdc_hinic_rsp_respond(h, now, qp);
    }
}

void vdc_hinic_rsp_read_done(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt,
                             uint32_t status)
{
    struct rsp *r = &qp->rsp;
    const uint32_t psn = vdc_hinic_rpkt(h, pkt)->w.psn;
    const bool is_over = qp->state == HINIC_QPS_ERR ||
                         (r->is_dead && vdc_psn_diff(psn, r->nak_psn) >= 0);

    if (status == MEM_OK && !is_over) {
        vdc_hinic_sched_ready(h, now, pkt);
        return;
    }
    vdc_hinic_sched_abort(h, now, pkt);
    if (r->n_out > 0) {
        r->n_out--;
    }
    if (status != MEM_OK && !is_over) {
        r->n_op = r->n_op_new = 0; /* all are behind it: nothing more is answered */
        r->is_cut = 1;
        vdc_hinic_rsp_fail(h, now, qp, psn, status == MEM_PROT ? RSP_NAK_ACCESS : RSP_NAK_OP, 0);
    }
    vdc_hinic_rsp_respond(h, now, qp);
}
