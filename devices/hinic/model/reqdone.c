/* SPDX-License-Identifier: MIT */
/* Ends of work requests: completions in order, failure, flush, drain. */
#include "state.h"

#include <string.h>

#include "rdma.h"

static bool is_live(const struct qp *qp)
{
    return (qp->state == HINIC_QPS_RTS || qp->state == HINIC_QPS_SQD) && !qp->req.is_flushing;
}

void vdc_hinic_req_defer(struct vdc_hinic *h, vtime_t now, const struct qp *qp)
{
    if (!vdc_hinic_ev_is_armed(h, EV_REQ_WORK, qp->slot)) {
        vdc_hinic_ev_arm(h, EV_REQ_WORK, qp->slot, now);
    }
}

static void post(struct vdc_hinic *h, vtime_t now, struct qp *qp, const struct req_msg *m)
{
    const struct hinic_cqe c = { .qpn_op = qp->qpn | (uint32_t)m->opcode << 24,
                                 .status = m->status,
                                 .wqe_idx = (uint16_t)(m->bb & ((1u << qp->log_sq_bb) - 1)),
                                 .byte_len = m->length,
                                 .cookie = qp->cookie,
                                 .pkey_index = qp->pkey_index,
                                 .vendor_err = m->why,
                                 .sw_idx = m->sw_idx,
                                 .timestamp = vdc_hinic_ns(h, m->t_done) };

    if (m->status == HINIC_WC_WR_FLUSH_ERR) {
        vdc_hinic_count(h, HINIC_CNT_REQ_CQE_FLUSH_ERROR, 1);
    } else if (m->status != HINIC_WC_SUCCESS) {
        vdc_hinic_count(h, HINIC_CNT_REQ_CQE_ERROR, 1);
    }
    vdc_hinic_cq_post(h, now, qp->scqn, &c, m->status != HINIC_WC_SUCCESS);
}

/* The oldest message is over. */
static void retire(struct req *r)
{
    const struct req_msg *m = vdc_hinic_req_msg(r, r->m_una);

    r->bb_done = (uint16_t)(m->bb + m->n_bb);
    r->m_una++;
}

void vdc_hinic_req_complete(struct vdc_hinic *h, vtime_t now, struct qp *qp)
{
    struct req *r = &qp->req;

    while (is_live(qp) && r->m_una != r->m_end) {
        const struct req_msg *m = vdc_hinic_req_msg(r, r->m_una);

        if (m->status != HINIC_WC_SUCCESS) {
            vdc_hinic_req_defer(h, now, qp); /* changes the state of the QP: not in here */
            return;
        }
        if (!m->is_done || m->n_write > 0) {
            return;
        }
        if ((m->flags & HINIC_WQE_F_SIGNALED) || (qp->flags & HINIC_QP_SIG_ALL)) {
            post(h, now, qp, m);
        }
        retire(r);
    }
    if (r->is_draining && r->m_una == r->m_end) {
        vdc_hinic_req_defer(h, now, qp);
    }
}

void vdc_hinic_req_fail(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t idx,
                        uint8_t status, uint32_t why)
{
    struct req *r = &qp->req;
    struct req_msg *m = vdc_hinic_req_msg(r, idx);

    assert(idx - r->m_una < r->m_end - r->m_una);
    assert(status != HINIC_WC_SUCCESS);
    m->status = status;
    m->why = why;
    m->t_done = now;
    m->is_done = 1;
    r->is_stopped = 1;
    /* What follows has not happened; the flush finds it in the send queue. */
    r->m_end = idx + 1;
    if (r->m_cur - r->m_una > idx - r->m_una) {
        r->m_cur = idx;
    }
    if (r->m_ack - r->m_una > idx - r->m_una) {
        r->m_ack = idx;
    }
    r->psn_next = r->psn_hi = vdc_psn_add(m->psn, m->n_psn);
    if (vdc_psn_diff(r->psn_cur, r->psn_next) > 0) {
        r->psn_cur = r->psn_next;
    }
    if (r->m_ack == idx) {
        r->t_rto = 0;
        r->is_rnr = 0;
    }
    if (r->m_una == idx) {
        vdc_hinic_req_defer(h, now, qp);
    }
}

/* ---- flush ---- */

static void begin_flush(struct vdc_hinic *h, vtime_t now, struct qp *qp)
{
    struct req *r = &qp->req;

    vdc_hinic_sched_drop(h, now, qp->qpn, false);
    vdc_hinic_req_drop_held(h, now, qp);
    r->t_rto = 0;
    r->is_rnr = r->is_draining = 0;
    r->is_flushing = 1;
    r->bb_flush = qp->sq_pi;
    vdc_hinic_req_defer(h, now, qp);
}

/* True if one completion more may be posted in this turn; else the flush goes on later. */
static bool has_turn(struct vdc_hinic *h, vtime_t now, const struct qp *qp, uint32_t *n)
{
    if (*n == REQ_FLUSH_TURN || vdc_hinic_cq_room(h) == 0) {
        vdc_hinic_ev_cancel(h, EV_REQ_WORK, qp->slot);
        vdc_hinic_ev_arm(h, EV_REQ_WORK, qp->slot,
                         vtime_add(now, REQ_FLUSH_TURN * h->cfg.timing.t_pkt));
        return false;
    }
    ++*n;
    return true;
}

/* Started messages; false if the rest has to wait. */
static bool flush_messages(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t *n)
{
    struct req *r = &qp->req;

    while (r->m_una != r->m_end) {
        struct req_msg *m = vdc_hinic_req_msg(r, r->m_una);

        if (!has_turn(h, now, qp, n)) {
            return false;
        }
        if (m->status == HINIC_WC_SUCCESS) {
            m->status = HINIC_WC_WR_FLUSH_ERR;
            m->why = REQ_WHY_FLUSH;
            m->t_done = now;
        }
        post(h, now, qp, m);
        retire(r);
    }
    r->m_ack = r->m_cur = r->m_end;
    r->psn_una = r->psn_cur = r->psn_sent = r->psn_hi = r->psn_next;
    r->n_rd = r->n_pkt = r->n_bytes = r->n_unasked = 0;
    return true;
}

static void flush(struct vdc_hinic *h, vtime_t now, struct qp *qp)
{
    struct req *r = &qp->req;
    uint32_t n = 0;

    if (!flush_messages(h, now, qp, &n)) {
        return;
    }
    while (r->bb_done != r->bb_flush && !r->is_lost) {
        struct hinic_wqe_ctrl c;
        struct req_msg m;
        uint32_t n_bb;

        vdc_hinic_sq_seek(r, r->bb_done, false);
        if (!vdc_hinic_sq_glance(qp, &c, &n_bb)) {
            vdc_hinic_sq_fetch(h, now, qp);
            return;
        }
        if (!has_turn(h, now, qp, &n)) {
            return;
        }
        if (n_bb == 0 || n_bb > (uint16_t)(r->bb_flush - r->bb_done)) {
            r->is_lost = 1;
            break;
        }
        m = (struct req_msg){ .t_done = now,
                              .length = c.length,
                              .sw_idx = c.sw_idx,
                              .why = REQ_WHY_FLUSH,
                              .bb = r->bb_done,
                              .opcode = c.opcode,
                              .status = HINIC_WC_WR_FLUSH_ERR };
        post(h, now, qp, &m);
        r->bb_done = (uint16_t)(r->bb_done + n_bb);
    }
    r->bb_done = r->bb_flush;
    r->is_flushing = r->is_lost = r->is_stopped = 0;
    vdc_hinic_sq_seek(r, r->bb_done, true);
    if (qp->state == HINIC_QPS_ERR) {
        vdc_hinic_rsp_flush(h, now, qp);
    }
    vdc_hinic_req_kick(h, now, qp);
}

bool vdc_hinic_req_is_flushed(const struct qp *qp)
{
    return !qp->req.is_flushing;
}

void vdc_hinic_req_work(struct vdc_hinic *h, vtime_t now, struct qp *qp)
{
    struct req *r = &qp->req;

    if (r->is_flushing) {
        flush(h, now, qp);
        return;
    }
    vdc_hinic_req_complete(h, now, qp);
    if (!is_live(qp)) {
        return;
    }
    if (r->m_una != r->m_end && vdc_hinic_req_msg(r, r->m_una)->status != HINIC_WC_SUCCESS) {
        const uint8_t aeq = r->is_lost ? HINIC_EQE_QP_FATAL : 0;

        post(h, now, qp, vdc_hinic_req_msg(r, r->m_una));
        retire(r);
        if (qp->type == HINIC_QPT_RC || r->is_lost) {
            vdc_hinic_qp_error(h, now, qp->qpn, aeq);
        } else {
            vdc_hinic_qp_sq_error(h, now, qp->qpn);
        }
        return;
    }
    if (r->is_draining && r->m_una == r->m_end) {
        r->is_draining = 0;
        vdc_hinic_qp_drained(h, now, qp->qpn);
    }
    vdc_hinic_req_kick(h, now, qp);
}

/* ---- what the QP state machine and the doorbell ask for ---- */

void vdc_hinic_req_doorbell(struct vdc_hinic *h, vtime_t now, struct qp *qp)
{
    struct req *r = &qp->req;

    if (qp->state == HINIC_QPS_ERR || qp->state == HINIC_QPS_SQE) {
        r->is_flushing = 1;
        r->bb_flush = qp->sq_pi;
        vdc_hinic_req_defer(h, now, qp);
    } else {
        vdc_hinic_req_kick(h, now, qp);
    }
}

void vdc_hinic_req_close(struct vdc_hinic *h, vtime_t now, struct qp *qp)
{
    vdc_hinic_sched_drop(h, now, qp->qpn, false);
    vdc_hinic_req_drop_held(h, now, qp);
    vdc_hinic_ev_cancel(h, EV_REQ_TIMER, qp->slot);
    vdc_hinic_ev_cancel(h, EV_REQ_WORK, qp->slot);
    memset(&qp->req, 0, sizeof(qp->req));
}

void vdc_hinic_req_transition(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint8_t from,
                              uint8_t to)
{
    struct req *r = &qp->req;

    switch (to) {
    case HINIC_QPS_RESET:
        vdc_hinic_req_close(h, now, qp);
        break;
    case HINIC_QPS_RTS:
        if (from == HINIC_QPS_RTR) {
            r->psn_una = r->psn_cur = r->psn_sent = r->psn_hi = r->psn_next = qp->sq_psn &
                                                                              WIRE_PSN_MASK;
        }
        r->is_draining = 0;
        vdc_hinic_req_retries_reset(qp);
        vdc_hinic_req_kick(h, now, qp);
        break;
    case HINIC_QPS_SQD:
        r->is_draining = from != HINIC_QPS_SQD;
        if (r->is_draining) {
            vdc_hinic_req_defer(h, now, qp);
        }
        break;
    case HINIC_QPS_SQE:
    case HINIC_QPS_ERR:
        if (from != to) {
            begin_flush(h, now, qp);
        }
        break;
    default:
        break;
    }
}
