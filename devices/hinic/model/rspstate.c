/* SPDX-License-Identifier: MIT */
/* The responder beside its packets: what memory has done, state changes, the flush of the receive
 * queue. */
#include "state.h"

#include <string.h>

#include "rdma.h"

/* ---- what memory has done ---- */

static void stale(struct vdc_hinic *h, vtime_t now, uint32_t tag)
{
    switch (RSP_TAG(tag)) {
    case RSP_TAG_PLACE:
    case RSP_TAG_ATOMIC:
        vdc_hinic_rpkt_free(h, now, RSP_TAG_PKT(tag));
        break;
    case RSP_TAG_READ:
        vdc_hinic_sched_abort(h, now, RSP_TAG_PKT(tag));
        break;
    default:
        break;
    }
}

void vdc_hinic_rsp_mem_done(struct vdc_hinic *h, vtime_t now, uint32_t slot, uint32_t tag,
                            uint32_t status)
{
    const uint32_t pkt = RSP_TAG_PKT(tag);
    struct qp *qp;

    if (status == MEM_STALE) {
        stale(h, now, tag);
        return;
    }
    qp = vdc_hinic_qp_at(h, slot);
    switch (RSP_TAG(tag)) {
    case RSP_TAG_PLACE:
        vdc_hinic_rpkt(h, pkt)->user[RSP_U_FLAGS] |= RSP_F_PLACED |
                                                     (status == MEM_PROT ? RSP_F_PROT : 0) |
                                                     (status == MEM_FAULT ? RSP_F_FAULT : 0);
        vdc_hinic_rsp_retire(h, now, qp);
        break;
    case RSP_TAG_ATOMIC:
        vdc_hinic_rsp_atomic_done(h, now, qp, pkt, status);
        break;
    case RSP_TAG_READ:
        vdc_hinic_rsp_read_done(h, now, qp, pkt, status);
        break;
    default:
        vdc_hinic_rq_arrived(h, now, qp, status);
        break;
    }
}

void vdc_hinic_rsp_mem_room(struct vdc_hinic *h, vtime_t now, uint32_t slot)
{
    struct qp *qp = vdc_hinic_qp_at(h, slot);

    vdc_hinic_rsp_run(h, now, qp);
    vdc_hinic_rq_fetch(h, now, qp);
    vdc_hinic_rsp_respond(h, now, qp);
}

/* ---- states ---- */

/* Packets that memory has come back as stale or done, and are freed then. */
static void forget(struct vdc_hinic *h, vtime_t now, struct qp *qp, bool is_reset)
{
    struct rsp *r = &qp->rsp;

    while (r->wait_first != RPKT_NONE) {
        const uint32_t pkt = r->wait_first;

        r->wait_first = vdc_hinic_rpkt(h, pkt)->next;
        vdc_hinic_rpkt_free(h, now, pkt);
    }
    r->wait_last = RPKT_NONE;
    while (is_reset && r->exec_first != RPKT_NONE) {
        const uint32_t pkt = r->exec_first;

        r->exec_first = vdc_hinic_rpkt(h, pkt)->next;
        if (vdc_hinic_rpkt(h, pkt)->user[RSP_U_FLAGS] & RSP_F_PLACED) {
            vdc_hinic_rpkt_free(h, now, pkt); /* empty, behind one in memory */
        }
    }
    vdc_hinic_rq_unwait(h, qp);
    vdc_hinic_ev_cancel(h, EV_RSP_TIMER, qp->slot);
    vdc_hinic_ev_cancel(h, EV_RSP_WORK, qp->slot);
    vdc_hinic_sched_drop(h, now, qp->qpn, true);
    r->n_op = r->n_op_new = 0;
    r->n_out = 0;
    r->nak = r->is_ack_due = 0;
}

void vdc_hinic_rsp_close(struct vdc_hinic *h, vtime_t now, struct qp *qp)
{
    forget(h, now, qp, true);
    memset(&qp->rsp, 0, sizeof(qp->rsp));
}

void vdc_hinic_rsp_transition(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint8_t from,
                              uint8_t to)
{
    struct rsp *r = &qp->rsp;

    if (to == HINIC_QPS_RESET) {
        vdc_hinic_rsp_close(h, now, qp);
    } else if (to == HINIC_QPS_RTR && from != to) {
        r->epsn = qp->rq_psn & WIRE_PSN_MASK;
        r->done_psn = vdc_psn_add(qp->rq_psn, WIRE_PSN_MASK);
    } else if (to == HINIC_QPS_ERR && from != to) {
        forget(h, now, qp, false);
        vdc_hinic_rsp_flush(h, now, qp);
    }
}

void vdc_hinic_rsp_flush(struct vdc_hinic *h, vtime_t now, struct qp *qp)
{
    struct rsp *r = &qp->rsp;
    struct rq *rq = &r->rq;
    const uint16_t mask = (uint16_t)((1u << qp->log_rq) - 1);
    uint32_t n = RSP_FLUSH_BATCH;

    if (qp->state != HINIC_QPS_ERR || r->exec_first != RPKT_NONE || !vdc_hinic_req_is_flushed(qp) ||
        vdc_hinic_ev_is_armed(h, EV_RSP_WORK, qp->slot)) {
        return;
    }
    if (r->is_wqe) {
        vdc_hinic_rsp_complete(h, now, qp, RPKT_NONE, r->wqe.idx, HINIC_WC_WR_FLUSH_ERR);
        r->is_wqe = 0;
    }
    if (qp->flags & HINIC_QP_SRQ) {
        if (!r->is_last_wqe) {
            r->is_last_wqe = 1;
            vdc_hinic_qp_event(h, now, qp->qpn, HINIC_EQE_LAST_WQE);
        }
        return;
    }
    for (; n > 0 && rq->ci != qp->rq_pi && vdc_hinic_cq_room(h) > 0; n--) {
        vdc_hinic_rsp_complete(h, now, qp, RPKT_NONE, rq->ci & mask, HINIC_WC_WR_FLUSH_ERR);
        rq->ci++;
    }
    if (rq->ci != qp->rq_pi) {
        vdc_hinic_ev_arm(h, EV_RSP_WORK, qp->slot,
                         vtime_add(now, RSP_FLUSH_BATCH * h->cfg.timing.t_pkt));
    }
}

void vdc_hinic_rsp_work(struct vdc_hinic *h, vtime_t now, struct qp *qp)
{
    vdc_hinic_rsp_flush(h, now, qp);
}

void vdc_hinic_rsp_doorbell(struct vdc_hinic *h, vtime_t now, struct qp *qp)
{
    if (qp->state == HINIC_QPS_ERR) {
        vdc_hinic_rsp_flush(h, now, qp);
    } else {
        vdc_hinic_rq_fetch(h, now, qp);
        vdc_hinic_rsp_run(h, now, qp);
    }
}
