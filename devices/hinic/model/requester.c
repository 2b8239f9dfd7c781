/* SPDX-License-Identifier: MIT */
/* Requester: takes the next WQE, starts messages, builds their packets. */
#include "state.h"

#include <string.h>

#include "rdma.h"

enum step {
    STEP_IDLE, /* an event that is to come goes on */
    STEP_MORE, /* a WQE without a packet is over */
    STEP_PACKET
};

bool vdc_hinic_req_is_datagram(const struct qp *qp)
{
    return qp->type != HINIC_QPT_RC && qp->type != HINIC_QPT_UC;
}

uint32_t vdc_hinic_req_window(const struct vdc_hinic *h, const struct qp *qp, uint32_t *bytes)
{
    (void)h;
    (void)qp;
    *bytes = REQ_WIN_BYTES;
    return REQ_WIN_PKTS;
}

static bool may_send(const struct qp *qp)
{
    const struct req *r = &qp->req;

    if (r->is_flushing || r->is_rnr) {
        return false;
    }
    return qp->state == HINIC_QPS_RTS || (qp->state == HINIC_QPS_SQD && r->m_cur != r->m_end);
}

static bool may_start(const struct qp *qp)
{
    const struct req *r = &qp->req;

    return qp->state == HINIC_QPS_RTS && !r->is_stopped && r->m_end - r->m_una < REQ_MSG_N;
}

bool vdc_hinic_req_has_window(const struct vdc_hinic *h, const struct qp *qp, uint32_t len)
{
    uint32_t bytes;
    const uint32_t pkts = vdc_hinic_req_window(h, qp, &bytes);

    return qp->req.n_pkt == 0 || (qp->req.n_pkt < pkts && qp->req.n_bytes + len <= bytes);
}

void vdc_hinic_req_kick(struct vdc_hinic *h, vtime_t now, struct qp *qp)
{
    struct req *r = &qp->req;

    if (!may_send(qp)) {
        return;
    }
    if (r->m_cur == r->m_end && (!may_start(qp) || r->bb_head == qp->sq_pi)) {
        return;
    }
    if (r->bb_head == r->bb_have && !r->is_lost) {
        vdc_hinic_sq_fetch(h, now, qp); /* its arrival goes on */
    } else if (vdc_hinic_req_has_window(h, qp, 0)) {
        vdc_hinic_sched_arm(h, now, qp->qpn, false);
    }
}

/* ---- messages ---- */

uint32_t vdc_hinic_req_mtu(const struct vdc_hinic *h, const struct qp *qp)
{
    return vdc_hinic_req_is_datagram(qp) ? vdc_hinic_ud_mtu(h) : qp->path_mtu;
}

/* PSNs that a message takes; 0: local operation. */
static uint32_t count_psn(const struct vdc_hinic *h, const struct qp *qp, const struct sq_wqe *w)
{
    const uint32_t mtu = vdc_hinic_req_mtu(h, qp);

    switch (w->ctrl.opcode) {
    case HINIC_WQE_NOP:
    case HINIC_WQE_LOCAL_INV:
    case HINIC_WQE_BIND_MW:
    case HINIC_WQE_REG_MR:
        return 0;
    case HINIC_WQE_CAS:
    case HINIC_WQE_FADD:
    case HINIC_WQE_ATOMIC_WRITE:
    case HINIC_WQE_FLUSH:
        return 1;
    default:
        return w->ctrl.length == 0 ? 1 : (w->ctrl.length - 1) / mtu + 1;
    }
}

/* Appends a message for the WQE at bb_head. */
static struct req_msg *append(struct qp *qp, const struct sq_wqe *w, uint32_t n_psn)
{
    struct req *r = &qp->req;
    struct req_msg *m = vdc_hinic_req_msg(r, r->m_end);

    assert(r->m_cur == r->m_end && r->m_end - r->m_una < REQ_MSG_N);
    *m = (struct req_msg){ .psn = r->psn_next,
                           .n_psn = n_psn,
                           .length = w->ctrl.length,
                           .sw_idx = w->ctrl.sw_idx,
                           .bb = r->bb_head,
                           .n_bb = (uint8_t)w->n_bb,
                           .opcode = w->ctrl.opcode,
                           .flags = w->ctrl.flags };
    r->m_end++;
    r->psn_next = vdc_psn_add(r->psn_next, n_psn);
    return m;
}

void vdc_hinic_req_pass(struct req *r)
{
    const struct req_msg *m = vdc_hinic_req_msg(r, r->m_cur);

    vdc_hinic_sq_seek(r, (uint16_t)(m->bb + m->n_bb), false);
    r->m_cur++;
}

/* A new WQE that fails before its first packet. */
static enum step refuse(struct vdc_hinic *h, vtime_t now, struct qp *qp, const struct sq_wqe *w,
                        uint8_t status, uint32_t why)
{
    struct req *r = &qp->req;

    r->is_lost = r->is_lost || w->is_lost;
    (void)append(qp, w, 0);
    vdc_hinic_req_fail(h, now, qp, r->m_end - 1, status, why);
    return STEP_IDLE;
}

static enum step run_local(struct vdc_hinic *h, vtime_t now, struct qp *qp, const struct sq_wqe *w)
{
    struct req *r = &qp->req;
    struct req_msg *m = append(qp, w, 0);
    const uint8_t status = vdc_hinic_req_local(h, qp, w);

    if (status != HINIC_WC_SUCCESS) {
        vdc_hinic_req_fail(h, now, qp, r->m_end - 1, status, REQ_WHY_LOCAL);
        return STEP_IDLE;
    }
    m->is_done = 1;
    m->t_done = now;
    vdc_hinic_req_pass(r);
    vdc_hinic_req_skip_local(r);
    vdc_hinic_req_complete(h, now, qp);
    return STEP_MORE;
}

/* True if the WQE may start now as far as those before it are concerned. */
static bool is_in_turn(const struct qp *qp, const struct sq_wqe *w, uint32_t n_psn)
{
    const struct req *r = &qp->req;
    const uint32_t rd_max = qp->max_rd_atomic < REQ_RD_N ? qp->max_rd_atomic : REQ_RD_N;

    if ((w->ctrl.flags & HINIC_WQE_F_FENCE) && r->n_rd > 0) {
        return false;
    }
    if (vdc_hinic_req_is_rd(w->ctrl.opcode) && r->n_rd >= rd_max) {
        return false;
    }
    if (w->ctrl.opcode == HINIC_WQE_LOCAL_INV && r->m_una != r->m_end) {
        return false; /* what uses the key may have to be sent again */
    }
    return ((r->psn_next - r->psn_una) & WIRE_PSN_MASK) + n_psn <= REQ_PSN_MAX;
}

static enum step start(struct vdc_hinic *h, vtime_t now, struct qp *qp, const struct sq_wqe *w)
{
    struct req *r = &qp->req;
    const uint32_t n_psn = count_psn(h, qp, w);
    struct req_msg *m;

    if (vdc_hinic_req_is_datagram(qp) && n_psn > 1) {
        return refuse(h, now, qp, w, HINIC_WC_LOC_LEN_ERR, REQ_WHY_LENGTH);
    }
    if (!is_in_turn(qp, w, n_psn)) {
        return STEP_IDLE;
    }
    if (n_psn == 0) {
        return run_local(h, now, qp, w);
    }
    m = append(qp, w, n_psn);
    if (vdc_hinic_req_is_rd(m->opcode)) {
        m->rd = (uint8_t)(r->i_rd++ % REQ_RD_N);
        r->rd[m->rd].n_sge = w->n_sge;
        memcpy(r->rd[m->rd].sge, w->sge, sizeof(w->sge));
        r->n_rd++;
    }
    return STEP_PACKET;
}

/* A WQE that is sent again has to be the one that was sent first. */
static bool is_same(const struct vdc_hinic *h, const struct qp *qp, const struct req_msg *m,
                    const struct sq_wqe *w)
{
    return m->opcode == w->ctrl.opcode && m->length == w->ctrl.length && m->n_bb == w->n_bb &&
           m->n_psn == count_psn(h, qp, w);
}

/* ---- one turn ---- */

/* Finds the message of the next packet, with its WQE in w. */
static enum step find(struct vdc_hinic *h, vtime_t now, struct qp *qp, struct sq_wqe *w)
{
    struct req *r = &qp->req;
    const bool is_new = r->m_cur == r->m_end;
    const struct req_msg *m = vdc_hinic_req_msg(r, r->m_cur);
    enum sq_look look;

    if (!may_send(qp) || (is_new && (!may_start(qp) || !vdc_hinic_req_has_window(h, qp, 0)))) {
        return STEP_IDLE;
    }
    if (!is_new && m->status != HINIC_WC_SUCCESS) {
        return STEP_IDLE;
    }
    if (!is_new && m->n_psn == 0) {
        vdc_hinic_req_pass(r); /* local operation, done when it was passed first */
        return STEP_MORE;
    }
    look = vdc_hinic_sq_look(qp, w);
    if (look == SQ_NONE && r->is_lost) {
        look = SQ_BAD;
        w->status = HINIC_WC_LOC_QP_OP_ERR;
        w->why = REQ_WHY_QUEUE;
        w->is_lost = 1;
    }
    if (look == SQ_NONE) {
        vdc_hinic_sq_fetch(h, now, qp);
        return STEP_IDLE;
    }
    if (look == SQ_BAD && is_new) {
        return refuse(h, now, qp, w, w->status, w->why);
    }
    if (is_new) {
        return start(h, now, qp, w);
    }
    if (look == SQ_BAD || !is_same(h, qp, m, w)) {
        vdc_hinic_req_fail(h, now, qp, r->m_cur, HINIC_WC_LOC_QP_OP_ERR, REQ_WHY_CHANGED);
        return STEP_IDLE;
    }
    return STEP_PACKET;
}

enum sched_built vdc_hinic_req_build(struct vdc_hinic *h, vtime_t now, uint32_t qpn, uint32_t pkt)
{
    struct qp *qp = vdc_hinic_qp(h, qpn);
    struct sq_wqe w;

    assert(qp);
    for (uint32_t n = 0; n < REQ_WQE_TURN; n++) {
        switch (find(h, now, qp, &w)) {
        case STEP_IDLE:
            return SCHED_IDLE;
        case STEP_MORE:
            break;
        case STEP_PACKET:
            return vdc_hinic_req_packet_build(h, now, qp, &w, pkt);
        }
    }
    vdc_hinic_sched_arm(h, now, qpn, false); /* others first */
    return SCHED_IDLE;
}

void vdc_hinic_req_sent(struct vdc_hinic *h, vtime_t now, uint32_t qpn, uint32_t pkt)
{
    struct qp *qp = vdc_hinic_qp(h, qpn);
    const struct rpkt *p = vdc_hinic_rpkt(h, pkt);
    const uint32_t end = p->user[1];
    struct req *r;

    assert(qp);
    r = &qp->req;
    if (p->user[0] - r->m_una >= r->m_end - r->m_una || r->is_flushing) {
        return; /* answered already, or not wanted any more */
    }
    if (qp->type != HINIC_QPT_RC) {
        (void)vdc_hinic_req_ack(h, now, qp, end);
        vdc_hinic_req_complete(h, now, qp);
        vdc_hinic_req_kick(h, now, qp);
        return;
    }
    if (vdc_hinic_req_is_behind(end, r->psn_sent)) {
        r->psn_sent = end;
    }
    if (r->t_rto == 0) {
        vdc_hinic_req_rto(h, now, qp);
    }
}
