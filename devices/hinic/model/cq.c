/* SPDX-License-Identifier: MIT */
/* Completion queues: entries in order, one event per arm, overrun ends the queue and its users. */
#include "state.h"

#include <string.h>

#define INDEX_MASK 0xffffffu
#define SN_NONE    0xffu
#define CQE_SIZE   ((uint64_t)sizeof(struct hinic_cqe))
#define DB_ARM     1u
#define DB_SOL     2u
#define DB_SN      2u /* shift */

struct cq *vdc_hinic_cq(struct vdc_hinic *h, uint32_t cqn)
{
    if (cqn >= h->lay.n_cq || vdc_hinic_cq_slot(h, cqn)->id == 0) {
        return NULL;
    }
    vdc_hinic_object_mark(h, OBJ_CQ, cqn);
    return vdc_hinic_cq_slot(h, cqn);
}

/* ---- events ---- */

/* From one index to another that is not before it, else 0. */
static uint32_t ahead(uint32_t to, uint32_t from)
{
    const uint32_t d = (to - from) & INDEX_MASK;

    return d > INDEX_MASK / 2 ? 0 : d;
}

/* Entries on the bus that an arm waits for: not consumed, and not there at the last event. */
static uint32_t pending(const struct cq *cq)
{
    const uint32_t from = ahead(cq->told, cq->ci) > 0 ? cq->told : cq->ci;

    return ahead(cq->is_solicited ? cq->ev_pi : cq->out, from);
}

static void fire(struct vdc_hinic *h, vtime_t now, struct cq *cq)
{
    const struct hinic_eqe e = { .type = HINIC_EQE_COMPLETION, .id = cq->cqn, .data = cq->cookie };

    cq->is_armed = 0;
    cq->last_sn = cq->arm_sn;
    cq->told = cq->out;
    vdc_hinic_ev_cancel(h, EV_CQ_TIMER, cq->cqn);
    vdc_hinic_eq_post(h, now, cq->eqn, e);
}

static void evaluate(struct vdc_hinic *h, vtime_t now, struct cq *cq)
{
    const uint32_t n = cq->is_armed ? pending(cq) : 0;

    if (n == 0) {
        return;
    }
    if ((cq->count == 0 && cq->usec == 0) || (cq->count > 0 && n >= cq->count)) {
        fire(h, now, cq);
    } else if (!vdc_hinic_ev_is_armed(h, EV_CQ_TIMER, cq->cqn)) {
        vdc_hinic_ev_arm(h, EV_CQ_TIMER, cq->cqn,
                         vtime_add(now, (uint64_t)cq->usec * VTIME_PS_PER_US));
    }
}

void vdc_hinic_cq_timer(struct vdc_hinic *h, vtime_t now, uint32_t cqn)
{
    struct cq *cq = vdc_hinic_cq(h, cqn);

    if (cq->is_armed && pending(cq) > 0) {
        fire(h, now, cq);
    }
}

void vdc_hinic_cq_doorbell(struct vdc_hinic *h, vtime_t now, uint32_t cqn)
{
    struct cq *cq = vdc_hinic_cq(h, cqn);
    const uint32_t arm = cq->db_arm;

    cq->db_arm = 0;
    if (((cq->db_ci - cq->ci) & INDEX_MASK) > ((cq->out - cq->ci) & INDEX_MASK)) {
        vdc_hinic_guest_err(h, HINIC_GERR_DB_INDEX, cq->db_ci);
        return;
    }
    cq->ci = cq->db_ci;
    if ((arm & DB_ARM) && (arm >> DB_SN) != cq->last_sn) {
        cq->is_armed = 1;
        cq->is_solicited = (arm & DB_SOL) != 0;
        cq->arm_sn = (uint8_t)(arm >> DB_SN);
        vdc_hinic_ev_cancel(h, EV_CQ_TIMER, cqn);
        evaluate(h, now, cq);
    }
}

/* ---- completions ---- */

void vdc_hinic_cq_fail(struct vdc_hinic *h, vtime_t now, uint32_t cqn)
{
    struct cq *cq = vdc_hinic_cq(h, cqn);
    const struct hinic_eqe e = { .type = HINIC_EQE_CQ_ERR, .id = cqn, .data = cq->cookie };

    if (cq->is_dead) {
        return;
    }
    cq->is_dead = 1;
    cq->is_armed = 0;
    vdc_hinic_ev_cancel(h, EV_CQ_TIMER, cqn);
    vdc_hinic_eq_post(h, now, 0, e);
    /* Its queue pairs end, but not from inside of one that is posting. */
    if (!vdc_hinic_ev_is_armed(h, EV_CQ_ERR, 0)) {
        vdc_hinic_ev_arm(h, EV_CQ_ERR, 0, now);
    }
}

void vdc_hinic_cq_errors(struct vdc_hinic *h, vtime_t now)
{
    for (uint32_t i = 0; i < h->lay.n_qp; i++) {
        const struct qp *qp = vdc_hinic_qp_slot(h, i);

        if (qp->id != 0 &&
            (vdc_hinic_cq_slot(h, qp->scqn)->is_dead || vdc_hinic_cq_slot(h, qp->rcqn)->is_dead)) {
            vdc_hinic_qp_error(h, now, qp->qpn, HINIC_EQE_QP_FATAL);
        }
    }
}

void vdc_hinic_cq_post(struct vdc_hinic *h, vtime_t now, uint32_t cqn, const struct hinic_cqe *c,
                       bool is_solicited_or_error)
{
    struct cq *cq = vdc_hinic_cq(h, cqn);
    struct memcqe m = { .c = *c, .cqn = cqn, .is_event = is_solicited_or_error };

    if (!cq || cq->is_dead) {
        return;
    }
    if (((cq->pi - cq->ci) & INDEX_MASK) >= 1u << cq->log_cqe &&
        !(cq->flags & HINIC_CQ_IGNORE_OVERRUN)) {
        vdc_hinic_cq_fail(h, now, cqn);
        return;
    }
    m.gen = cq->gen;
    m.pi = cq->pi;
    m.c.own = (uint8_t)((cq->pi >> cq->log_cqe & 1) ^ 1);
    cq->pi = (cq->pi + 1) & INDEX_MASK;
    cq->n_pending++;
    vdc_hinic_mem_cqe(h, now, &m);
}

void vdc_hinic_cq_issued(struct vdc_hinic *h, vtime_t now, const struct memcqe *m)
{
    struct cq *cq = vdc_hinic_cq(h, m->cqn);

    cq->n_pending--;
    cq->out = (m->pi + 1) & INDEX_MASK;
    if (m->is_event) {
        cq->ev_pi = cq->out;
    }
    evaluate(h, now, cq); /* an event is a posted write too: it lands behind the completion */
}

void vdc_hinic_cq_written(struct vdc_hinic *h, vtime_t now, const struct wr_op *op, bool is_failed)
{
    const struct cq *cq = vdc_hinic_cq_slot(h, op->obj);

    if (is_failed && cq->id != 0 && cq->gen == op->gen) {
        vdc_hinic_cq_fail(h, now, op->obj);
    }
}

/* ---- commands ---- */

bool vdc_hinic_cq_uses_eq(struct vdc_hinic *h, uint32_t eqn)
{
    for (uint32_t i = 0; i < h->lay.n_cq; i++) {
        if (vdc_hinic_cq_slot(h, i)->id != 0 && vdc_hinic_cq_slot(h, i)->eqn == eqn) {
            return true;
        }
    }
    return false;
}

void vdc_hinic_cq_destroy(struct vdc_hinic *h, uint32_t cqn)
{
    struct cq *cq = vdc_hinic_cq(h, cqn);
    const uint32_t gen = cq->gen;

    assert(cq->n_ref == 0);
    vdc_hinic_ev_cancel(h, EV_CQ_TIMER, cqn);
    vdc_hinic_ev_cancel(h, EV_DB_CQ, cqn);
    vdc_hinic_pblq_close(h, &cq->ring);
    memset(cq, 0, sizeof(*cq));
    cq->gen = gen;
    h->dev.rdma.n_used[OBJ_CQ]--;
}

enum hinic_aq_status vdc_hinic_cmd_create_cq(struct vdc_hinic *h, vtime_t now)
{
    struct hinic_mb_create_cq m;
    struct pblq ring;
    uint32_t cqn;
    struct cq *cq;

    (void)now;
    memcpy(&m, h->mbox_in, sizeof(m));
    if (m.rsv != 0 || m.rsv1 != 0 || (m.flags & ~(HINIC_CQ_TIMESTAMP | HINIC_CQ_IGNORE_OVERRUN))) {
        return HINIC_AQ_BAD_PARAM;
    }
    if (m.log_cqe > RDMA_LOG_CQE_MAX) {
        return HINIC_AQ_LIMIT;
    }
    if (m.eqn == 0 || m.eqn > h->cfg.n_eq || !vdc_hinic_eq(h, m.eqn)->is_used ||
        !vdc_hinic_uar_ok(h, m.uar) ||
        !vdc_hinic_pblq_open(&ring, &m.pbl, 0, CQE_SIZE << m.log_cqe)) {
        return HINIC_AQ_BAD_PARAM;
    }
    cqn = vdc_hinic_object_find(h, OBJ_CQ, 0, h->lay.n_cq, &h->dev.rdma.next[OBJ_CQ]);
    if (cqn == UINT32_MAX) {
        return HINIC_AQ_NO_RES;
    }
    vdc_hinic_object_mark(h, OBJ_CQ, cqn);
    cq = vdc_hinic_cq_slot(h, cqn);
    *cq = (struct cq){ .id = vdc_hinic_object_id(OBJ_CQ, cqn),
                       .cqn = cqn,
                       .gen = cq->gen + 1,
                       .uar = m.uar,
                       .cookie = m.cookie,
                       .eqn = m.eqn,
                       .flags = m.flags,
                       .log_cqe = m.log_cqe,
                       .last_sn = SN_NONE,
                       .ring = ring };
    h->dev.rdma.n_used[OBJ_CQ]++;
    h->dev.aq.out[0] = cqn;
    return HINIC_AQ_OK;
}

enum hinic_aq_status vdc_hinic_cmd_destroy_cq(struct vdc_hinic *h, vtime_t now)
{
    const struct cq *cq = vdc_hinic_cq(h, vdc_hinic_cmd_id(h));

    (void)now;
    if (!cq) {
        return HINIC_AQ_BAD_PARAM;
    }
    if (cq->n_ref > 0) {
        return HINIC_AQ_BUSY;
    }
    vdc_hinic_cq_destroy(h, cq->cqn);
    return HINIC_AQ_OK;
}

/* From here on entries go to the new ring, at the same index modulo its size. Those that the driver
 * has not consumed are in the old one when the reply comes, before the index in the reply. */
enum hinic_aq_status vdc_hinic_cmd_resize_cq(struct vdc_hinic *h, vtime_t now)
{
    struct hinic_mb_create_cq m;
    struct pblq ring;
    struct cq *cq;

    (void)now;
    memcpy(&m, h->mbox_in, sizeof(m));
    cq = vdc_hinic_cq(h, m.cookie);
    if (m.rsv != 0 || m.rsv1 != 0 || m.flags != 0 || m.eqn != 0 || m.uar != 0 || !cq) {
        return HINIC_AQ_BAD_PARAM;
    }
    if (cq->is_dead) {
        return HINIC_AQ_BAD_STATE;
    }
    if (m.log_cqe > RDMA_LOG_CQE_MAX) {
        return HINIC_AQ_LIMIT;
    }
    if (!vdc_hinic_pblq_open(&ring, &m.pbl, 0, CQE_SIZE << m.log_cqe)) {
        return HINIC_AQ_BAD_PARAM;
    }
    if (cq->n_pending > 0) {
        return AQ_AGAIN;
    }
    if (((cq->pi - cq->ci) & INDEX_MASK) > 1u << m.log_cqe) {
        return HINIC_AQ_LIMIT;
    }
    vdc_hinic_pblq_close(h, &cq->ring);
    cq->ring = ring;
    cq->log_cqe = m.log_cqe;
    h->dev.aq.out[0] = cq->pi;
    return HINIC_AQ_OK;
}

enum hinic_aq_status vdc_hinic_cmd_modify_cq(struct vdc_hinic *h, vtime_t now)
{
    struct hinic_inl_modify_cq m;
    struct cq *cq;

    (void)now;
    memcpy(&m, h->dev.aq.sqe.inl, sizeof(m));
    cq = vdc_hinic_cq(h, m.cqn);
    if (!cq || !vdc_hinic_moderation_ok(m.count, m.usec)) {
        return HINIC_AQ_BAD_PARAM;
    }
    cq->count = m.count;
    cq->usec = m.usec;
    return HINIC_AQ_OK;
}
