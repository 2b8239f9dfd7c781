/* SPDX-License-Identifier: MIT */
/* Queue pairs: numbers, life, states and what follows from them. */
#include "state.h"

#include <string.h>

#include "vdc/rng.h"

#define QPN_BITS 24u

/* ---- numbers ---- */

/* The low bits of a number are the slot, so that finding costs nothing; those above change with
 * each use of it. */
static uint32_t make_qpn(struct vdc_hinic *h, uint32_t slot)
{
    const uint32_t bits = h->lay.log_qp;
    const uint64_t start = vdc_rand(vdc_key(h->cfg.seed, VDC_RNG_NIC, h->cfg.node, h->cfg.port_id),
                                    0);
    struct memslot *m = vdc_hinic_memslot(h, MEM_REQ, slot);
    const uint32_t pass = (uint32_t)(start + m->n_made++) & ((1u << (QPN_BITS - bits)) - 1);

    return slot < RDMA_QP_SPECIAL ? slot : pass << bits | slot;
}

const struct qp *vdc_hinic_qp_peek(const struct vdc_hinic *h, uint32_t qpn)
{
    const struct qp *qp = (const struct qp *)(const void *)((const uint8_t *)h + h->lay.qp);
    uint32_t i;

    if (h->lay.n_qp == 0) {
        return NULL;
    }
    i = qpn & ((1u << h->lay.log_qp) - 1);
    return i < h->lay.n_qp && qp[i].id != 0 && qp[i].qpn == qpn ? &qp[i] : NULL;
}

struct qp *vdc_hinic_qp(struct vdc_hinic *h, uint32_t qpn)
{
    const struct qp *qp = vdc_hinic_qp_peek(h, qpn);

    return qp ? vdc_hinic_qp_at(h, qp->slot) : NULL;
}

struct qp *vdc_hinic_qp_at(struct vdc_hinic *h, uint32_t slot)
{
    struct qp *qp = vdc_hinic_qp_slot(h, slot);

    assert(qp->id != 0);
    vdc_hinic_object_mark(h, OBJ_QP, slot);
    return qp;
}

/* ---- states ---- */

static bool may_send(uint32_t state)
{
    return state == HINIC_QPS_RTS || state == HINIC_QPS_SQD;
}

/* No event of the QP is left, and nothing under way finds it again. */
static void quiesce(struct vdc_hinic *h, vtime_t now, struct qp *qp)
{
    static const enum ev_kind kinds[] = { EV_DB_SQ,    EV_DB_RQ,     EV_REQ_TIMER,
                                          EV_REQ_WORK, EV_RSP_TIMER, EV_RSP_WORK };

    vdc_hinic_req_close(h, now, qp);
    vdc_hinic_rsp_close(h, now, qp);
    vdc_hinic_sched_close(h, now, qp->qpn);
    qp->gen = vdc_hinic_mem_renew(h, now, MEM_REQ, qp->slot);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        vdc_hinic_ev_cancel(h, kinds[i], qp->slot);
    }
    qp->sq_pi = qp->rq_pi = qp->db_sq_pi = qp->db_rq_pi = 0;
}

void vdc_hinic_qp_move(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t to)
{
    const uint8_t from = qp->state;

    if (to == HINIC_QPS_RESET && from != HINIC_QPS_RESET) {
        quiesce(h, now, qp);
    }
    h->dev.rdma.n_send += may_send(to);
    h->dev.rdma.n_send -= may_send(from);
    qp->state = (uint8_t)to;
    if (to != HINIC_QPS_SQD) {
        qp->is_sqd_notify = 0;
    }
    if (to == from) {
        return;
    }
    qp->is_drained = 0;
    vdc_hinic_req_transition(h, now, qp, from, (uint8_t)to);
    vdc_hinic_rsp_transition(h, now, qp, from, (uint8_t)to);
}

void vdc_hinic_qp_event(struct vdc_hinic *h, vtime_t now, uint32_t qpn, uint8_t aeq)
{
    const struct qp *qp = vdc_hinic_qp_peek(h, qpn);
    const struct hinic_eqe e = { .type = aeq, .port = 1, .id = qpn, .data = qp ? qp->cookie : 0 };

    vdc_hinic_eq_post(h, now, 0, e);
}

void vdc_hinic_qp_error(struct vdc_hinic *h, vtime_t now, uint32_t qpn, uint8_t aeq)
{
    struct qp *qp = vdc_hinic_qp(h, qpn);

    if (!qp || qp->state == HINIC_QPS_ERR || qp->state == HINIC_QPS_RESET) {
        return;
    }
    if (aeq) {
        vdc_hinic_qp_event(h, now, qpn, aeq);
    }
    vdc_hinic_qp_move(h, now, qp, HINIC_QPS_ERR);
}

void vdc_hinic_qp_sq_error(struct vdc_hinic *h, vtime_t now, uint32_t qpn)
{
    struct qp *qp = vdc_hinic_qp(h, qpn);

    if (qp && may_send(qp->state)) {
        vdc_hinic_qp_move(h, now, qp, HINIC_QPS_SQE);
    }
}

void vdc_hinic_qp_drained(struct vdc_hinic *h, vtime_t now, uint32_t qpn)
{
    struct qp *qp = vdc_hinic_qp(h, qpn);

    if (!qp || qp->state != HINIC_QPS_SQD || qp->is_drained) {
        return;
    }
    qp->is_drained = 1;
    if (qp->is_sqd_notify) {
        vdc_hinic_qp_event(h, now, qpn, HINIC_EQE_SQ_DRAINED);
    }
}

void vdc_hinic_qp_doorbell(struct vdc_hinic *h, vtime_t now, uint32_t slot, bool is_rq)
{
    struct qp *qp = vdc_hinic_qp_at(h, slot);

    if (is_rq) {
        qp->rq_pi = qp->db_rq_pi;
        vdc_hinic_rsp_doorbell(h, now, qp);
    } else {
        qp->sq_pi = qp->db_sq_pi;
        vdc_hinic_req_doorbell(h, now, qp);
    }
}

/* ---- life ---- */

static void use_cq(struct vdc_hinic *h, uint32_t cqn, bool is_used)
{
    struct cq *cq = vdc_hinic_cq(h, cqn);

    cq->n_ref += is_used ? 1u : UINT32_MAX;
}

struct qp *vdc_hinic_qp_make(struct vdc_hinic *h, vtime_t now, const struct hinic_mb_create_qp *m,
                             const struct pblq *sq, const struct pblq *rq)
{
    uint32_t slot = RDMA_QP_SPECIAL - 1;
    struct qp *qp;

    if (m->type != HINIC_QPT_GSI) {
        slot = vdc_hinic_object_find(h, OBJ_QP, RDMA_QP_SPECIAL, h->lay.n_qp,
                                     &h->dev.rdma.next[OBJ_QP]);
        if (slot == UINT32_MAX) {
            return NULL;
        }
    }
    vdc_hinic_object_mark(h, OBJ_QP, slot);
    qp = vdc_hinic_qp_slot(h, slot);
    memset(qp, 0, sizeof(*qp));
    qp->id = vdc_hinic_object_id(OBJ_QP, slot);
    qp->slot = (uint16_t)slot;
    qp->qpn = make_qpn(h, slot);
    qp->gen = vdc_hinic_mem_renew(h, now, MEM_REQ, qp->slot);
    qp->type = m->type;
    qp->flags = m->flags;
    qp->port = 1;
    qp->pdn = m->pdn;
    qp->scqn = m->scqn;
    qp->rcqn = m->rcqn;
    qp->srqn = m->srqn;
    qp->uar = m->uar;
    qp->cookie = m->cookie;
    qp->log_sq_bb = m->log_sq_bb;
    qp->log_rq = m->log_rq;
    qp->log_rq_stride = m->log_rq_stride;
    qp->max_send_sge = m->max_send_sge;
    qp->max_recv_sge = m->max_recv_sge;
    qp->max_inline = m->max_inline;
    qp->sq = *sq;
    qp->rq = *rq;
    use_cq(h, qp->scqn, true);
    use_cq(h, qp->rcqn, true);
    vdc_hinic_pd_get(h, qp->pdn);
    if (qp->flags & HINIC_QP_SRQ) {
        vdc_hinic_srq(h, qp->srqn)->n_ref++;
    }
    h->dev.rdma.n_used[OBJ_QP]++;
    return qp;
}

void vdc_hinic_qp_destroy(struct vdc_hinic *h, vtime_t now, uint32_t slot)
{
    struct qp *qp = vdc_hinic_qp_at(h, slot);

    quiesce(h, now, qp);
    h->dev.rdma.n_send -= may_send(qp->state);
    vdc_hinic_mc_forget(h, qp->qpn);
    vdc_hinic_pblq_close(h, &qp->sq);
    vdc_hinic_pblq_close(h, &qp->rq);
    use_cq(h, qp->scqn, false);
    use_cq(h, qp->rcqn, false);
    vdc_hinic_pd_put(h, qp->pdn);
    if (qp->flags & HINIC_QP_SRQ) {
        vdc_hinic_srq(h, qp->srqn)->n_ref--;
    }
    memset(qp, 0, sizeof(*qp));
    h->dev.rdma.n_used[OBJ_QP]--;
}
