/* SPDX-License-Identifier: MIT */
/* Responder of connected QPs: sequence of packets and messages, placing of SEND and WRITE. */
#include "state.h"

#include "rdma.h"

/* ---- to memory ---- */

bool vdc_hinic_rsp_scatter(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt,
                           uint64_t buf, uint32_t n, uint32_t skip)
{
    const struct rsp_wqe *w = &qp->rsp.wqe;
    struct mem_req r = { .client = MEM_RSP,
                         .is_write = 1,
                         .obj = qp->slot,
                         .tag = RSP_TAG_PLACE | pkt,
                         .buf = buf,
                         .skip = skip,
                         .len = n,
                         .pdn = w->pdn,
                         .qpn = qp->qpn,
                         .access = HINIC_ACCESS_LOCAL_WRITE,
                         .n_sge = w->n_sge };

    for (uint32_t i = 0; i < w->n_sge; i++) {
        r.sge[i].va = w->sge[i].addr;
        r.sge[i].len = w->sge[i].len;
        r.sge[i].key = w->sge[i].lkey;
    }
    return vdc_hinic_mem_submit(h, now, &r);
}

bool vdc_hinic_rsp_place(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt, uint64_t va,
                         uint32_t key, uint32_t n)
{
    const struct mem_req r = { .client = MEM_RSP,
                               .is_write = 1,
                               .obj = qp->slot,
                               .tag = RSP_TAG_PLACE | pkt,
                               .buf = vdc_hinic_rpkt_payload(h, pkt),
                               .len = n,
                               .pdn = qp->pdn,
                               .qpn = qp->qpn,
                               .access = HINIC_ACCESS_REMOTE_WRITE,
                               .n_sge = 1,
                               .sge[0] = { .va = va, .len = n, .key = key } };

    return vdc_hinic_mem_submit(h, now, &r);
}

/* ---- one packet of a SEND or WRITE ---- */

/* A packet that cannot be executed. UC: the rest of its message is ignored. */
static enum rsp_begun bad(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt,
                          uint8_t syndrome, uint8_t status)
{
    struct rsp *r = &qp->rsp;
    const uint32_t psn = vdc_hinic_rpkt(h, pkt)->w.psn;

    vdc_hinic_rpkt_free(h, now, pkt);
    if (qp->type == HINIC_QPT_UC && status == 0 && syndrome != RSP_NAK_OP) {
        r->epsn = vdc_psn_add(psn, 1);
        r->msg = RSP_MSG_DROP;
    } else {
        vdc_hinic_rsp_fail(h, now, qp, psn, syndrome, status);
    }
    return RSP_DROPPED;
}

static enum rsp_begun no_wqe(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt)
{
    struct rsp *r = &qp->rsp;

    vdc_hinic_count(h, HINIC_CNT_OUT_OF_BUFFER, 1);
    if (qp->type == HINIC_QPT_UC) {
        return bad(h, now, qp, pkt, RSP_NAK_INV_REQ, 0);
    }
    vdc_hinic_rpkt_free(h, now, pkt);
    r->is_nak_sent = 1;
    r->nak = (uint8_t)(RSP_NAK_RNR | (qp->min_rnr_timer & 31u));
    r->nak_psn = r->epsn;
    vdc_hinic_rsp_respond(h, now, qp);
    return RSP_DROPPED;
}

/* Takes the receive WQE of the message; RSP_BEGUN if there is one. */
static enum rsp_begun take_wqe(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt)
{
    switch (vdc_hinic_rq_take(h, now, qp)) {
    case RQ_EMPTY:
        return no_wqe(h, now, qp, pkt);
    case RQ_WAIT:
        return RSP_BLOCKED;
    case RQ_BROKEN:
        return bad(h, now, qp, pkt, RSP_NAK_OP, 0);
    case RQ_TAKEN:
        break;
    }
    return RSP_BEGUN;
}

/* Payload lengths: whole packets but for the last of a message, which is not empty. */
static bool length_is_right(const struct qp *qp, const struct wire_hdr *w, uint32_t f)
{
    if (!(f & WIRE_F_LAST)) {
        return w->pay_len == qp->path_mtu;
    }
    return w->pay_len <= qp->path_mtu && ((f & WIRE_F_FIRST) || w->pay_len > 0);
}

/* Syndrome for a WRITE packet that disagrees with the RETH of its message, 0 if it is right. */
static uint8_t check_write(struct vdc_hinic *h, const struct qp *qp, const struct wire_hdr *w,
                           uint32_t f)
{
    const uint32_t left = f & WIRE_F_FIRST ? w->dma_len : qp->rsp.write_left;

    if (f & WIRE_F_LAST ? w->pay_len != left : w->pay_len >= left) {
        return RSP_NAK_INV_REQ;
    }
    if (!(f & WIRE_F_FIRST)) {
        return 0;
    }
    if (w->dma_len > RSP_MSG_LEN_MAX || !(qp->access & HINIC_ACCESS_REMOTE_WRITE)) {
        return RSP_NAK_INV_REQ;
    }
    if (w->dma_len > 0 && vdc_hinic_mr_check(h, w->rkey, qp->pdn, qp->qpn, w->va, w->dma_len,
                                             HINIC_ACCESS_REMOTE_WRITE) != MR_OK) {
        return RSP_NAK_ACCESS;
    }
    return 0;
}

static enum rsp_begun begin_write(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt,
                                  uint32_t f)
{
    struct rpkt *p = vdc_hinic_rpkt(h, pkt);
    struct rsp *r = &qp->rsp;
    const uint8_t syndrome = check_write(h, qp, &p->w, f);
    const uint64_t va = f & WIRE_F_FIRST ? p->w.va : r->write_va;
    const uint32_t key = f & WIRE_F_FIRST ? p->w.rkey : r->write_key;
    const uint32_t n = p->w.pay_len;

    if (syndrome != 0) {
        return bad(h, now, qp, pkt, syndrome, 0);
    }
    if (f & WIRE_F_RECV) {
        const enum rsp_begun taken = take_wqe(h, now, qp, pkt);

        if (taken != RSP_BEGUN) {
            return taken;
        }
    }
    if (n > 0 && !vdc_hinic_rsp_place(h, now, qp, pkt, va, key, n)) {
        return RSP_BLOCKED;
    }
    if (f & WIRE_F_FIRST) {
        vdc_hinic_count(h, HINIC_CNT_RX_WRITE_REQUESTS, 1);
        r->write_left = p->w.dma_len;
        r->write_key = key;
        r->msg_len = p->w.dma_len;
    }
    r->write_va = va + n;
    r->write_left -= n;
    r->msg = f & WIRE_F_LAST ? RSP_MSG_NONE : RSP_MSG_WRITE;
    return RSP_BEGUN;
}

static enum rsp_begun begin_send(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt,
                                 uint32_t f)
{
    const struct rpkt *p = vdc_hinic_rpkt(h, pkt);
    struct rsp *r = &qp->rsp;
    const uint32_t n = p->w.pay_len;
    const uint32_t at = f & WIRE_F_FIRST ? 0 : r->msg_len;
    const enum rsp_begun taken = take_wqe(h, now, qp, pkt);

    if (taken != RSP_BEGUN) {
        return taken;
    }
    if ((uint64_t)at + n > r->wqe.len || at + n > RSP_MSG_LEN_MAX) {
        vdc_hinic_count(h, HINIC_CNT_RESP_LOCAL_LENGTH_ERROR, 1);
        return bad(h, now, qp, pkt, RSP_NAK_INV_REQ, HINIC_WC_LOC_LEN_ERR);
    }
    if (n > 0 && !vdc_hinic_rsp_scatter(h, now, qp, pkt, vdc_hinic_rpkt_payload(h, pkt), n, at)) {
        return RSP_BLOCKED;
    }
    r->msg_len = at + n;
    r->msg = f & WIRE_F_LAST ? RSP_MSG_NONE : RSP_MSG_SEND;
    return RSP_BEGUN;
}

static enum rsp_begun begin_message(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt,
                                    uint32_t f)
{
    struct rsp *r = &qp->rsp;
    struct rpkt *p = vdc_hinic_rpkt(h, pkt);
    const uint32_t psn = p->w.psn, n = p->w.pay_len;
    enum rsp_begun v;

    if (r->n_atomic > 0) {
        return RSP_BLOCKED; /* a write does not pass an atomic of its QP */
    }
    if (!length_is_right(qp, &p->w, f)) {
        return bad(h, now, qp, pkt, RSP_NAK_INV_REQ, 0);
    }
    v = f & WIRE_F_WRITE ? begin_write(h, now, qp, pkt, f) : begin_send(h, now, qp, pkt, f);
    if (v != RSP_BEGUN) {
        return v;
    }
    r->epsn = vdc_psn_add(psn, 1);
    if (f & WIRE_F_LAST) {
        r->msn = vdc_psn_add(r->msn, 1);
    }
    p->user[RSP_U_MSN] = r->msn;
    p->user[RSP_U_LEN] = r->msg_len;
    p->user[RSP_U_FLAGS] = 0;
    if (r->is_wqe) {
        p->user[RSP_U_WQE] = r->wqe.idx + 1u;
        if ((f & WIRE_F_LAST) && (f & (WIRE_F_SEND | WIRE_F_RECV))) {
            p->user[RSP_U_FLAGS] = RSP_F_MSG_END;
            r->is_wqe = 0;
        }
    }
    vdc_hinic_rsp_issue(h, now, qp, pkt, n == 0);
    return RSP_BEGUN;
}

/* ---- sequence ---- */

/* True if the packet continues what is in progress, or starts when nothing is. */
static bool order_is_right(const struct rsp *r, uint32_t f)
{
    if (f & WIRE_F_FIRST) {
        return r->msg == RSP_MSG_NONE;
    }
    return r->msg == (f & WIRE_F_WRITE ? RSP_MSG_WRITE : RSP_MSG_SEND);
}

static void again(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt, uint32_t f)
{
    vdc_hinic_count(h, HINIC_CNT_DUPLICATE_REQUEST, 1);
    switch (vdc_hinic_rpkt(h, pkt)->w.opcode) {
    case WIRE_READ_REQ:
        vdc_hinic_rsp_again_read(h, now, qp, pkt);
        break;
    case WIRE_CAS:
    case WIRE_FADD:
        vdc_hinic_rsp_again_atomic(h, now, qp, pkt);
        break;
    case WIRE_FLUSH:
    case WIRE_ATOMIC_WRITE:
        vdc_hinic_rsp_again_empty(h, now, qp, pkt);
        break;
    default:
        assert(f & (WIRE_F_SEND | WIRE_F_WRITE));
        (void)f;
        qp->rsp.is_ack_due = 1;
        break;
    }
    vdc_hinic_rpkt_free(h, now, pkt);
    vdc_hinic_rsp_respond(h, now, qp);
}

static enum rsp_begun begin_rc(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt)
{
    struct rsp *r = &qp->rsp;
    const struct wire_hdr *w = &vdc_hinic_rpkt(h, pkt)->w;
    const uint32_t f = vdc_wire_flags(w->opcode);
    const int32_t ahead = vdc_psn_diff(w->psn, r->epsn);

    if (ahead < 0) {
        again(h, now, qp, pkt, f);
        return RSP_DROPPED;
    }
    if (ahead > 0) {
        vdc_hinic_rpkt_free(h, now, pkt);
        vdc_hinic_count(h, HINIC_CNT_OUT_OF_SEQUENCE, 1);
        if (!r->is_nak_sent) {
            r->is_nak_sent = 1;
            r->nak = RSP_NAK_SEQ;
            r->nak_psn = r->epsn;
            vdc_hinic_rsp_respond(h, now, qp);
        }
        return RSP_DROPPED;
    }
    r->is_nak_sent = 0;
    r->nak = 0;
    if (!order_is_right(r, f)) {
        return bad(h, now, qp, pkt, RSP_NAK_INV_REQ, 0);
    }
    switch (w->opcode) {
    case WIRE_READ_REQ:
        return vdc_hinic_rsp_begin_read(h, now, qp, pkt);
    case WIRE_CAS:
    case WIRE_FADD:
        return vdc_hinic_rsp_begin_atomic(h, now, qp, pkt);
    case WIRE_FLUSH:
        return vdc_hinic_rsp_begin_flush(h, now, qp, pkt);
    case WIRE_ATOMIC_WRITE:
        return vdc_hinic_rsp_begin_put(h, now, qp, pkt);
    default:
        return begin_message(h, now, qp, pkt, f);
    }
}

static enum rsp_begun begin_uc(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt)
{
    struct rsp *r = &qp->rsp;
    const struct wire_hdr *w = &vdc_hinic_rpkt(h, pkt)->w;
    const uint32_t f = vdc_wire_flags(w->opcode);

    if (w->psn != r->epsn) {
        vdc_hinic_count(h, HINIC_CNT_OUT_OF_SEQUENCE, 1);
        r->msg = RSP_MSG_DROP;
    }
    if (f & WIRE_F_FIRST) {
        r->msg = RSP_MSG_NONE; /* what was in progress is forgotten; its WQE is used again */
    } else if (!order_is_right(r, f)) {
        r->msg = RSP_MSG_DROP;
        r->epsn = vdc_psn_add(w->psn, 1);
        vdc_hinic_rpkt_free(h, now, pkt);
        return RSP_DROPPED;
    }
    r->epsn = w->psn;
    return begin_message(h, now, qp, pkt, f);
}

static enum rsp_begun begin(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt)
{
    if (qp->rsp.is_dead || qp->state < HINIC_QPS_RTR || qp->state == HINIC_QPS_ERR) {
        vdc_hinic_rpkt_free(h, now, pkt);
        return RSP_DROPPED;
    }
    switch (qp->type) {
    case HINIC_QPT_RC:
        return begin_rc(h, now, qp, pkt);
    case HINIC_QPT_UC:
        return begin_uc(h, now, qp, pkt);
    default:
        return vdc_hinic_rsp_begin_ud(h, now, qp, pkt);
    }
}

void vdc_hinic_rsp_run(struct vdc_hinic *h, vtime_t now, struct qp *qp)
{
    struct rsp *r = &qp->rsp;

    while (r->wait_first != RPKT_NONE) {
        const uint32_t pkt = r->wait_first;
        struct rpkt *p = vdc_hinic_rpkt(h, pkt);

        r->wait_first = p->next;
        if (r->wait_first == RPKT_NONE) {
            r->wait_last = RPKT_NONE;
        }
        if (begin(h, now, qp, pkt) == RSP_BLOCKED) {
            p->next = r->wait_first;
            r->wait_first = pkt;
            if (r->wait_last == RPKT_NONE) {
                r->wait_last = pkt;
            }
            return;
        }
    }
}

void vdc_hinic_rsp_packet(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt)
{
    struct rsp *r = &qp->rsp;

    if (qp->state == HINIC_QPS_RTR && !r->is_est) {
        r->is_est = 1;
        vdc_hinic_qp_event(h, now, qp->qpn, HINIC_EQE_COMM_EST);
    }
    vdc_hinic_rpkt(h, pkt)->next = RPKT_NONE;
    if (r->wait_first != RPKT_NONE) {
        vdc_hinic_rpkt(h, r->wait_last)->next = pkt;
        r->wait_last = pkt;
    } else if (begin(h, now, qp, pkt) == RSP_BLOCKED) {
        r->wait_first = r->wait_last = pkt;
    }
}
