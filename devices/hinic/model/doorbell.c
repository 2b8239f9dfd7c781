/* SPDX-License-Identifier: MIT */
/* BAR2: a doorbell stores an index and arms its queue at now + t_db; it never processes work. */
#include "state.h"

#define INDEX16(v) ((uint16_t)((v) >> 32))
#define INDEX24(v) ((uint32_t)((v) >> 32) & 0xffffffu)
#define OBJECT(v)  ((uint32_t)(v) & 0xffffffu)

static void queue_db(struct vdc_hinic *h, vtime_t now, uint64_t v, bool is_rx)
{
    const uint32_t n = (uint32_t)(v & 0xff);
    const uint32_t q = n + (is_rx ? HINIC_QPAIRS_MAX : 0);
    const uint16_t pi = INDEX16(v);
    struct ethq *e;

    if (n >= h->cfg.n_qpairs || !h->dev.ethq[q].is_used) {
        vdc_hinic_guest_err(h, HINIC_GERR_DB_OBJECT, v);
        return;
    }
    e = &h->dev.ethq[q];
    /* Posted and not completed: at most the ring; an index never goes back. */
    if ((uint16_t)(pi - e->done) > 1u << e->desc.log_depth ||
        (uint16_t)(pi - e->done) < (uint16_t)(e->pi - e->done)) {
        vdc_hinic_guest_err(h, HINIC_GERR_DB_INDEX, v);
        return;
    }
    e->pi = pi;
    if (!vdc_hinic_ev_is_armed(h, EV_DB_QUEUE, q)) {
        vdc_hinic_ev_arm(h, EV_DB_QUEUE, q, vtime_add(now, h->cfg.timing.t_db));
    }
}

static void completion_db(struct vdc_hinic *h, vtime_t now, uint64_t v)
{
    const uint32_t n = (uint32_t)(v & 0xff);
    const uint32_t q = n + (v & HINIC_DB_CPL_RX ? HINIC_QPAIRS_MAX : 0);

    if (n >= h->cfg.n_qpairs || !h->dev.ethq[q].is_used) {
        vdc_hinic_guest_err(h, HINIC_GERR_DB_OBJECT, v);
        return;
    }
    vdc_hinic_notify_db(h, now, vdc_hinic_ethq_notify(h, q), INDEX16(v), (v & HINIC_DB_ARM) != 0);
}

static void eq_db(struct vdc_hinic *h, vtime_t now, uint64_t v)
{
    const uint32_t eqn = (uint32_t)(v & 0xff);

    if (eqn == 0 || eqn > h->cfg.n_eq || !vdc_hinic_eq(h, eqn)->is_used) {
        vdc_hinic_guest_err(h, HINIC_GERR_DB_OBJECT, v);
        return;
    }
    vdc_hinic_notify_db(h, now, eqn, INDEX24(v), (v & HINIC_DB_ARM) != 0);
}

/* ---- RDMA: on the page of the object's owner ---- */

static void arm(struct vdc_hinic *h, vtime_t now, enum ev_kind kind, uint32_t i)
{
    if (!vdc_hinic_ev_is_armed(h, kind, i)) {
        vdc_hinic_ev_arm(h, kind, i, vtime_add(now, h->cfg.timing.t_db));
    }
}

/* Entries posted and not consumed: at most the ring; an index never goes back. */
static bool index_ok(uint16_t pi, uint16_t old, uint16_t ci, uint32_t depth)
{
    return (uint16_t)(pi - ci) <= depth && (uint16_t)(pi - ci) >= (uint16_t)(old - ci);
}

static void qp_db(struct vdc_hinic *h, vtime_t now, uint64_t page, uint64_t v, bool is_rq)
{
    const uint16_t pi = INDEX16(v);
    struct qp *qp = vdc_hinic_qp(h, OBJECT(v));
    bool ok;

    if (!qp || qp->uar != page || qp->state == HINIC_QPS_RESET || (is_rq && qp->rq.len == 0)) {
        vdc_hinic_guest_err(h, HINIC_GERR_DB_OBJECT, v);
        return;
    }
    ok = is_rq ? index_ok(pi, qp->db_rq_pi, qp->rsp.rq.ci, 1u << qp->log_rq)
               : index_ok(pi, qp->db_sq_pi, qp->req.bb_done, 1u << qp->log_sq_bb);
    if (!ok) {
        vdc_hinic_guest_err(h, HINIC_GERR_DB_INDEX, v);
    } else if (is_rq) {
        qp->db_rq_pi = pi;
        arm(h, now, EV_DB_RQ, qp->slot);
    } else {
        qp->db_sq_pi = pi;
        arm(h, now, EV_DB_SQ, qp->slot);
    }
}

static void srq_db(struct vdc_hinic *h, vtime_t now, uint64_t page, uint64_t v)
{
    struct srq *s = vdc_hinic_srq(h, OBJECT(v));

    if (!s || s->uar != page) {
        vdc_hinic_guest_err(h, HINIC_GERR_DB_OBJECT, v);
    } else if (!index_ok(INDEX16(v), s->db_pi, s->rsp.rq.ci, 1u << s->log_wqe)) {
        vdc_hinic_guest_err(h, HINIC_GERR_DB_INDEX, v);
    } else {
        s->db_pi = INDEX16(v);
        arm(h, now, EV_DB_SRQ, s->srqn);
    }
}

/* A consumer index without an arm does not take back an arm that is on its way. */
static void cq_db(struct vdc_hinic *h, vtime_t now, uint64_t page, uint64_t v, bool is_arm)
{
    struct cq *cq = vdc_hinic_cq(h, OBJECT(v));

    if (!cq || cq->uar != page) {
        vdc_hinic_guest_err(h, HINIC_GERR_DB_OBJECT, v);
        return;
    }
    cq->db_ci = INDEX24(v);
    if (is_arm) {
        cq->db_arm = (uint8_t)(1u | (v & HINIC_DB_CQ_SOLICITED ? 2u : 0u) | (v >> 57 & 3) << 2);
    }
    arm(h, now, EV_DB_CQ, cq->cqn);
}

/* False if the offset is not a doorbell that every page has. */
static bool rdma_doorbell(struct vdc_hinic *h, vtime_t now, uint64_t page, uint64_t off,
                          uint64_t value)
{
    if (h->lay.n_qp == 0 || !vdc_hinic_uar_ok(h, (uint32_t)page)) {
        return false;
    }
    switch (off) {
    case HINIC_DB_SQ:
        qp_db(h, now, page, value, false);
        return true;
    case HINIC_DB_RQ:
        qp_db(h, now, page, value, true);
        return true;
    case HINIC_DB_SRQ:
        srq_db(h, now, page, value);
        return true;
    case HINIC_DB_CQ_ARM:
        cq_db(h, now, page, value, true);
        return true;
    case HINIC_DB_CQ_CI:
        cq_db(h, now, page, value, false);
        return true;
    default:
        return false;
    }
}

void vdc_hinic_doorbell(struct vdc_hinic *h, vtime_t now, uint64_t off, uint64_t value)
{
    const uint64_t page = off / HINIC_UAR_SIZE;

    if (page >= h->cfg.n_uar) {
        vdc_hinic_guest_err(h, HINIC_GERR_DB, off);
        return;
    }
    if (!vdc_hinic_is_alive(h)) {
        vdc_hinic_guest_err(h, HINIC_GERR_DB_OBJECT, off);
        return;
    }
    if (rdma_doorbell(h, now, page, off % HINIC_UAR_SIZE, value)) {
        return;
    }
    switch (off) { /* with page 0: the queues of the kernel */
    case HINIC_DB_EQ:
        eq_db(h, now, value);
        break;
    case HINIC_DB_ETH_TX:
        queue_db(h, now, value, false);
        break;
    case HINIC_DB_ETH_RX:
        queue_db(h, now, value, true);
        break;
    case HINIC_DB_ETH_CPL:
        completion_db(h, now, value);
        break;
    default:
        vdc_hinic_guest_err(h, HINIC_GERR_DB, off);
        break;
    }
}
