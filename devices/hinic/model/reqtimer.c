/* SPDX-License-Identifier: MIT */
/* Loss: response timer, RNR wait, going back to the oldest packet that is not acknowledged. */
#include "state.h"

#include "rdma.h"

/* By code of an RNR NAK, in 10 us. */
static const uint16_t rnr_10us[32] = { 0,    1,    2,    3,     4,     6,     8,     12,
                                       16,   24,   32,   48,    64,    96,    128,   192,
                                       256,  384,  512,  768,   1024,  1536,  2048,  3072,
                                       4096, 6144, 8192, 12288, 16384, 24576, 32768, 49152 };

vtime_t vdc_hinic_rnr_ps(uint32_t code)
{
    const uint32_t n = code == 0 ? 65536u : rnr_10us[code & 31];

    return n * (10 * VTIME_PS_PER_US);
}

/* One event for both waits; it may come early, after the timer has been moved on. */
static void arm(struct vdc_hinic *h, const struct qp *qp)
{
    const struct req *r = &qp->req;
    const vtime_t t = r->is_rnr ? r->t_rnr : r->t_rto;

    if (t == 0 || vdc_hinic_ev_time(h, EV_REQ_TIMER, qp->slot) <= t) {
        return;
    }
    vdc_hinic_ev_cancel(h, EV_REQ_TIMER, qp->slot);
    vdc_hinic_ev_arm(h, EV_REQ_TIMER, qp->slot, t);
}

void vdc_hinic_req_rto(struct vdc_hinic *h, vtime_t now, struct qp *qp)
{
    struct req *r = &qp->req;

    r->t_rto = 0;
    if (r->m_ack == r->m_end || vdc_hinic_req_msg(r, r->m_ack)->status != HINIC_WC_SUCCESS) {
        return;
    }
    if (qp->type == HINIC_QPT_RC && qp->timeout > 0 && r->psn_sent != r->psn_una && !r->is_rnr) {
        r->t_rto = vtime_add(now, REQ_RTO_UNIT << (qp->timeout & 31));
        arm(h, qp);
    }
}

void vdc_hinic_req_retries_reset(struct qp *qp)
{
    qp->req.retry_left = qp->retry_cnt;
    qp->req.rnr_left = qp->rnr_retry;
    qp->req.is_rec = 0;
}

void vdc_hinic_req_go_back(struct vdc_hinic *h, vtime_t now, struct qp *qp)
{
    struct req *r = &qp->req;

    vdc_hinic_sched_drop(h, now, qp->qpn, false);
    r->m_cur = r->m_ack;
    r->psn_cur = r->psn_sent = r->psn_una;
    r->n_pkt = r->n_bytes = r->n_unasked = 0;
    r->t_rto = 0;
    if (r->m_ack != r->m_end) {
        vdc_hinic_sq_seek(r, vdc_hinic_req_msg(r, r->m_ack)->bb, true);
    }
}

void vdc_hinic_req_retry(struct vdc_hinic *h, vtime_t now, struct qp *qp)
{
    struct req *r = &qp->req;

    if (r->m_ack == r->m_end) {
        return;
    }
    if (r->retry_left == 0) {
        vdc_hinic_count(h, HINIC_CNT_REQ_TRANSPORT_RETRIES_EXCEEDED, 1);
        vdc_hinic_req_fail(h, now, qp, r->m_ack, HINIC_WC_RETRY_EXC_ERR, REQ_WHY_RETRY);
        return;
    }
    r->retry_left--;
    r->is_rec = 1;
    r->psn_rec = r->psn_una;
    vdc_hinic_req_go_back(h, now, qp);
    vdc_hinic_req_kick(h, now, qp);
}

void vdc_hinic_req_rnr(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t code)
{
    struct req *r = &qp->req;

    vdc_hinic_count(h, HINIC_CNT_RNR_NAK_RETRY_ERR, 1);
    if (r->rnr_left == 0 && qp->rnr_retry != 7) {
        vdc_hinic_count(h, HINIC_CNT_REQ_RNR_RETRIES_EXCEEDED, 1);
        vdc_hinic_req_fail(h, now, qp, r->m_ack, HINIC_WC_RNR_RETRY_EXC_ERR, REQ_WHY_RNR);
        return;
    }
    if (qp->rnr_retry != 7) {
        r->rnr_left--;
    }
    vdc_hinic_req_go_back(h, now, qp);
    r->is_rec = 0;
    r->is_rnr = 1;
    r->t_rnr = vtime_add(now, vdc_hinic_rnr_ps(code));
    arm(h, qp);
}

void vdc_hinic_req_timer(struct vdc_hinic *h, vtime_t now, struct qp *qp)
{
    struct req *r = &qp->req;

    if (r->is_rnr && r->t_rnr <= now) {
        r->is_rnr = 0;
        vdc_hinic_req_kick(h, now, qp);
    } else if (!r->is_rnr && r->t_rto != 0 && r->t_rto <= now) {
        r->t_rto = 0;
        vdc_hinic_count(h, HINIC_CNT_LOCAL_ACK_TIMEOUT_ERR, 1);
        vdc_hinic_req_retry(h, now, qp);
    }
    arm(h, qp);
}
