/* SPDX-License-Identifier: MIT */
/* Shared receive queues: their commands, doorbell and limit event; WQEs are the responder's. */
#include "state.h"

#include <string.h>

#define LOG_STRIDE_MIN 5u /* header and one SGE */
#define LOG_STRIDE_MAX 9u

_Static_assert(1u << LOG_STRIDE_MAX == RQ_CACHE_BYTES, "the largest WQE fits the cache");

struct srq *vdc_hinic_srq(struct vdc_hinic *h, uint32_t srqn)
{
    if (srqn >= h->lay.n_srq || vdc_hinic_srq_slot(h, srqn)->id == 0) {
        return NULL;
    }
    vdc_hinic_object_mark(h, OBJ_SRQ, srqn);
    return vdc_hinic_srq_slot(h, srqn);
}

void vdc_hinic_srq_armed(struct vdc_hinic *h, vtime_t now, uint32_t srqn)
{
    struct srq *s = vdc_hinic_srq(h, srqn);

    s->pi = s->db_pi;
    vdc_hinic_srq_doorbell(h, now, s);
}

void vdc_hinic_srq_limit(struct vdc_hinic *h, vtime_t now, uint32_t srqn)
{
    struct srq *s = vdc_hinic_srq(h, srqn);
    const struct hinic_eqe e = { .type = HINIC_EQE_SRQ_LIMIT, .id = srqn, .data = s->cookie };

    s->limit = 0;
    vdc_hinic_eq_post(h, now, 0, e);
}

void vdc_hinic_srq_destroy(struct vdc_hinic *h, vtime_t now, uint32_t srqn)
{
    struct srq *s = vdc_hinic_srq(h, srqn);

    assert(s->n_ref == 0);
    vdc_hinic_srq_close(h, now, s);
    (void)vdc_hinic_mem_renew(h, now, MEM_SRQ, (uint16_t)srqn);
    vdc_hinic_ev_cancel(h, EV_DB_SRQ, srqn);
    vdc_hinic_pblq_close(h, &s->ring);
    vdc_hinic_pd_put(h, s->pdn);
    memset(s, 0, sizeof(*s));
    h->dev.rdma.n_used[OBJ_SRQ]--;
}

/* ---- commands ---- */

static uint32_t remaining(const struct srq *s)
{
    return (uint16_t)(s->pi - s->rsp.rq.ci);
}

enum hinic_aq_status vdc_hinic_cmd_create_srq(struct vdc_hinic *h, vtime_t now)
{
    struct hinic_mb_create_srq m;
    struct pblq ring;
    uint32_t srqn;
    struct srq *s;

    memcpy(&m, h->mbox_in, sizeof(m));
    if (m.rsv != 0) {
        return HINIC_AQ_BAD_PARAM;
    }
    if (m.log_wqe > RDMA_LOG_RQ_MAX || m.log_stride < LOG_STRIDE_MIN ||
        m.log_stride > LOG_STRIDE_MAX || m.max_sge > HINIC_SGE_MAX ||
        sizeof(struct hinic_srq_hdr) + m.max_sge * sizeof(struct hinic_sge) > UINT64_C(1)
                                                                                  << m.log_stride ||
        m.limit > 1u << m.log_wqe) {
        return HINIC_AQ_LIMIT;
    }
    if (!vdc_hinic_pd_ok(h, m.pdn) || !vdc_hinic_uar_ok(h, m.uar) ||
        !vdc_hinic_pblq_open(&ring, &m.pbl, 0, UINT64_C(1) << (m.log_wqe + m.log_stride))) {
        return HINIC_AQ_BAD_PARAM;
    }
    srqn = vdc_hinic_object_find(h, OBJ_SRQ, 0, h->lay.n_srq, &h->dev.rdma.next[OBJ_SRQ]);
    if (srqn == UINT32_MAX) {
        return HINIC_AQ_NO_RES;
    }
    vdc_hinic_object_mark(h, OBJ_SRQ, srqn);
    s = vdc_hinic_srq_slot(h, srqn);
    memset(s, 0, sizeof(*s));
    s->id = vdc_hinic_object_id(OBJ_SRQ, srqn);
    s->srqn = srqn;
    s->gen = vdc_hinic_mem_renew(h, now, MEM_SRQ, (uint16_t)srqn);
    s->pdn = m.pdn;
    s->uar = m.uar;
    s->cookie = m.cookie;
    s->limit = m.limit;
    s->max_sge = m.max_sge;
    s->log_wqe = m.log_wqe;
    s->log_stride = m.log_stride;
    s->ring = ring;
    vdc_hinic_pd_get(h, m.pdn);
    h->dev.rdma.n_used[OBJ_SRQ]++;
    h->dev.aq.out[0] = srqn;
    return HINIC_AQ_OK;
}

enum hinic_aq_status vdc_hinic_cmd_modify_srq(struct vdc_hinic *h, vtime_t now)
{
    struct hinic_inl_modify_srq m;
    struct srq *s;

    memcpy(&m, h->dev.aq.sqe.inl, sizeof(m));
    s = vdc_hinic_srq(h, m.srqn);
    if (!s) {
        return HINIC_AQ_BAD_PARAM;
    }
    if (m.limit > 1u << s->log_wqe) {
        return HINIC_AQ_LIMIT;
    }
    s->limit = m.limit;
    if (remaining(s) < m.limit) {
        vdc_hinic_srq_limit(h, now, m.srqn); /* the condition holds already */
    }
    return HINIC_AQ_OK;
}

enum hinic_aq_status vdc_hinic_cmd_query_srq(struct vdc_hinic *h, vtime_t now)
{
    const struct srq *s = vdc_hinic_srq(h, vdc_hinic_cmd_id(h));

    (void)now;
    if (!s) {
        return HINIC_AQ_BAD_PARAM;
    }
    h->dev.aq.out[0] = s->limit;
    h->dev.aq.out[1] = remaining(s);
    h->dev.aq.out[2] = 1u << s->log_wqe;
    return HINIC_AQ_OK;
}

enum hinic_aq_status vdc_hinic_cmd_destroy_srq(struct vdc_hinic *h, vtime_t now)
{
    const struct srq *s = vdc_hinic_srq(h, vdc_hinic_cmd_id(h));

    if (!s) {
        return HINIC_AQ_BAD_PARAM;
    }
    if (s->n_ref > 0) {
        return HINIC_AQ_BUSY;
    }
    vdc_hinic_srq_destroy(h, now, s->srqn);
    return HINIC_AQ_OK;
}
