/* SPDX-License-Identifier: MIT */
/* Admin commands of queue pairs: create, modify with its legal transitions and attributes, query.
 */
#include "state.h"

#include <string.h>

#define LOG_STRIDE_MIN 4u
#define LOG_STRIDE_MAX 9u
#define PSN_MAX        0xffffffu
#define QPN_MAX        0xffffffu
#define TIMEOUT_MAX    31u
#define RETRY_MAX      7u
#define MTU_CODE_MIN   1u
#define MTU_CODE_MAX   5u
#define MTU_BYTES(c)   (128u << (c))
/* Headers that a packet may have beside the path MTU: GRH, UDP, BTH, the largest extension, ICRC.
 */
#define MTU_HEADERS    96u

uint32_t vdc_hinic_cmd_id(const struct vdc_hinic *h)
{
    struct hinic_inl_obj m;

    memcpy(&m, h->dev.aq.sqe.inl, sizeof(m));
    return m.id;
}

uint32_t vdc_hinic_active_mtu(const struct vdc_hinic *h)
{
    const struct port *p = &h->dev.port;
    const uint32_t l3 = p->mtu < p->link.mtu ? p->mtu : p->link.mtu;
    uint32_t code = MTU_CODE_MIN;

    while (code < MTU_CODE_MAX && MTU_BYTES(code + 1) + MTU_HEADERS <= l3) {
        code++;
    }
    return code;
}

_Static_assert(1u << LOG_STRIDE_MAX == RQ_CACHE_BYTES, "the largest WQE fits the cache");

/* ---- create ---- */

static bool is_known_type(uint32_t type)
{
    return type == HINIC_QPT_GSI || type == HINIC_QPT_RC || type == HINIC_QPT_UC ||
           type == HINIC_QPT_UD;
}

static enum hinic_aq_status check_sizes(const struct hinic_mb_create_qp *m, bool has_rq)
{
    if (m->log_sq_bb > RDMA_LOG_BB_MAX || m->max_send_sge > HINIC_SGE_MAX ||
        m->max_recv_sge > HINIC_SGE_MAX || m->max_inline > RDMA_INLINE_MAX) {
        return HINIC_AQ_LIMIT;
    }
    if (!has_rq) {
        return m->log_rq == 0 && m->log_rq_stride == 0 ? HINIC_AQ_OK : HINIC_AQ_BAD_PARAM;
    }
    if (m->log_rq > RDMA_LOG_RQ_MAX || m->log_rq_stride < LOG_STRIDE_MIN ||
        m->log_rq_stride > LOG_STRIDE_MAX ||
        m->max_recv_sge * sizeof(struct hinic_sge) > UINT64_C(1) << m->log_rq_stride) {
        return HINIC_AQ_LIMIT;
    }
    return HINIC_AQ_OK;
}

static bool objects_exist(struct vdc_hinic *h, const struct hinic_mb_create_qp *m)
{
    if (!vdc_hinic_pd_ok(h, m->pdn) || !vdc_hinic_uar_ok(h, m->uar) || !vdc_hinic_cq(h, m->scqn) ||
        !vdc_hinic_cq(h, m->rcqn)) {
        return false;
    }
    return m->flags & HINIC_QP_SRQ ? vdc_hinic_srq(h, m->srqn) != NULL : m->srqn == 0;
}

enum hinic_aq_status vdc_hinic_cmd_create_qp(struct vdc_hinic *h, vtime_t now)
{
    struct hinic_mb_create_qp m;
    struct pblq sq;
    struct pblq rq;
    const struct qp *qp;
    enum hinic_aq_status s;
    bool has_rq;

    memcpy(&m, h->mbox_in, sizeof(m));
    has_rq = !(m.flags & HINIC_QP_SRQ) && m.rq.n > 0;
    if (m.rsv != 0 || m.rsv1 != 0 || m.rsv2 != 0 || !is_known_type(m.type) || m.port > 1 ||
        (m.flags & ~(HINIC_QP_SIG_ALL | HINIC_QP_SRQ | HINIC_QP_KERNEL)) ||
        (!has_rq && (m.rq.n != 0 || m.max_recv_sge > HINIC_SGE_MAX))) {
        return HINIC_AQ_BAD_PARAM;
    }
    s = check_sizes(&m, has_rq);
    if (s != HINIC_AQ_OK) {
        return s;
    }
    memset(&rq, 0, sizeof(rq));
    if (!objects_exist(h, &m) ||
        !vdc_hinic_pblq_open(&sq, &m.sq, 0, (uint64_t)HINIC_BB_SIZE << m.log_sq_bb) ||
        (has_rq &&
         !vdc_hinic_pblq_open(&rq, &m.rq, 0, UINT64_C(1) << (m.log_rq + m.log_rq_stride)))) {
        return HINIC_AQ_BAD_PARAM;
    }
    if (m.type == HINIC_QPT_GSI) {
        if (m.flags & HINIC_QP_SRQ) {
            return HINIC_AQ_BAD_PARAM;
        }
        if (vdc_hinic_qp_slot(h, 1)->id != 0) {
            return HINIC_AQ_BUSY;
        }
    }
    qp = vdc_hinic_qp_make(h, now, &m, &sq, &rq);
    if (!qp) {
        return HINIC_AQ_NO_RES;
    }
    h->dev.aq.out[0] = qp->qpn;
    return HINIC_AQ_OK;
}

enum hinic_aq_status vdc_hinic_cmd_destroy_qp(struct vdc_hinic *h, vtime_t now)
{
    const struct qp *qp = vdc_hinic_qp(h, vdc_hinic_cmd_id(h));

    if (!qp) {
        return HINIC_AQ_BAD_PARAM;
    }
    /* What is on the bus already touches memory before the reply does. */
    vdc_hinic_qp_destroy(h, now, qp->slot);
    return HINIC_AQ_OK;
}

/* ---- modify ---- */

#define A_ACC   HINIC_QPA_ACCESS
#define A_PKEY  HINIC_QPA_PKEY
#define A_PORT  HINIC_QPA_PORT
#define A_QKEY  HINIC_QPA_QKEY
#define A_CUR   HINIC_QPA_CUR_STATE
#define A_RATE  HINIC_QPA_RATE_LIMIT
#define A_RTR   (HINIC_QPA_AV | HINIC_QPA_PATH_MTU | HINIC_QPA_DEST_QPN | HINIC_QPA_RQ_PSN)
#define A_RTRRC (HINIC_QPA_DEST_RD_ATOM | HINIC_QPA_MIN_RNR)
#define A_RTSRC                                                                                    \
    (HINIC_QPA_TIMEOUT | HINIC_QPA_RETRY_CNT | HINIC_QPA_RNR_RETRY | HINIC_QPA_RD_ATOMIC)

enum type_class { T_DATAGRAM, T_GSI, T_UC, T_RC, T_CLASSES };

/* Attributes a transition must and may bring, beside STATE. */
struct step {
    uint8_t from, to;
    uint8_t zero[2];
    uint32_t must[T_CLASSES], may[T_CLASSES];
};

#define UD_ONLY(x) { x, x, 0, 0 }

static const struct step steps[] = {
    { .from = HINIC_QPS_RESET,
      .to = HINIC_QPS_INIT,
      .must = { A_PKEY | A_PORT | A_QKEY, A_PKEY | A_QKEY, A_PKEY | A_PORT | A_ACC,
                A_PKEY | A_PORT | A_ACC },
      .may = { 0, A_PORT, 0, 0 } },
    { .from = HINIC_QPS_INIT,
      .to = HINIC_QPS_INIT,
      .may = { A_PKEY | A_PORT | A_QKEY, A_PKEY | A_QKEY, A_PKEY | A_PORT | A_ACC,
               A_PKEY | A_PORT | A_ACC } },
    { .from = HINIC_QPS_INIT,
      .to = HINIC_QPS_RTR,
      .must = { 0, 0, A_RTR, A_RTR | A_RTRRC },
      .may = { A_PKEY | A_QKEY, A_PKEY | A_QKEY, A_PKEY | A_ACC, A_PKEY | A_ACC } },
    { .from = HINIC_QPS_RTR,
      .to = HINIC_QPS_RTS,
      .must = { HINIC_QPA_SQ_PSN, HINIC_QPA_SQ_PSN, HINIC_QPA_SQ_PSN, HINIC_QPA_SQ_PSN | A_RTSRC },
      .may = { A_CUR | A_QKEY | A_RATE, A_CUR | A_QKEY, A_CUR | A_ACC | A_RATE,
               A_CUR | A_ACC | A_RATE | HINIC_QPA_MIN_RNR } },
    { .from = HINIC_QPS_RTS,
      .to = HINIC_QPS_RTS,
      .may = { A_CUR | A_QKEY | A_RATE, A_CUR | A_QKEY, A_CUR | A_ACC | A_RATE,
               A_CUR | A_ACC | A_RATE | HINIC_QPA_MIN_RNR } },
    { .from = HINIC_QPS_RTS,
      .to = HINIC_QPS_SQD,
      .may = { HINIC_QPA_SQD_NOTIFY, HINIC_QPA_SQD_NOTIFY, HINIC_QPA_SQD_NOTIFY,
               HINIC_QPA_SQD_NOTIFY } },
    { .from = HINIC_QPS_SQD,
      .to = HINIC_QPS_RTS,
      .may = { A_CUR | A_QKEY, A_CUR | A_QKEY, A_CUR | A_ACC, A_CUR | A_ACC | HINIC_QPA_MIN_RNR } },
    { .from = HINIC_QPS_SQD,
      .to = HINIC_QPS_SQD,
      .may = { A_PKEY | A_QKEY, A_PKEY | A_QKEY, A_PKEY | A_ACC | HINIC_QPA_AV,
               A_PKEY | A_PORT | A_ACC | HINIC_QPA_AV | A_RTSRC | A_RTRRC } },
    { .from = HINIC_QPS_SQE,
      .to = HINIC_QPS_RTS,
      .may = { A_CUR | A_QKEY, A_CUR | A_QKEY, A_CUR | A_ACC, 0 } },
};

static enum type_class class_of(uint32_t type)
{
    switch (type) {
    case HINIC_QPT_UD:
        return T_DATAGRAM;
    case HINIC_QPT_GSI:
        return T_GSI;
    case HINIC_QPT_UC:
        return T_UC;
    default:
        return T_RC;
    }
}

static enum hinic_aq_status check_step(const struct qp *qp, const struct hinic_mb_modify_qp *m)
{
    const uint32_t to = m->mask & HINIC_QPA_STATE ? m->state : qp->state;
    const uint32_t mask = m->mask & ~HINIC_QPA_STATE;
    const enum type_class c = class_of(qp->type);

    if (to > HINIC_QPS_ERR) {
        return HINIC_AQ_BAD_PARAM;
    }
    if ((mask & A_CUR) && m->cur_state != qp->state) {
        return HINIC_AQ_BAD_STATE;
    }
    if (to == HINIC_QPS_RESET || to == HINIC_QPS_ERR) {
        return mask & ~A_CUR ? HINIC_AQ_BAD_PARAM : HINIC_AQ_OK;
    }
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        const struct step *s = &steps[i];

        if (s->from == qp->state && s->to == to && !(c == T_RC && s->from == HINIC_QPS_SQE)) {
            return (mask & s->must[c]) == s->must[c] && !(mask & ~(s->must[c] | s->may[c]))
                       ? HINIC_AQ_OK
                       : HINIC_AQ_BAD_PARAM;
        }
    }
    return HINIC_AQ_BAD_STATE;
}

/* Every attribute that is given is in its range. */
static bool values_ok(const struct vdc_hinic *h, const struct hinic_mb_modify_qp *m)
{
    const uint32_t k = m->mask;
    struct av av;

    return m->rsv == 0 && m->rsv1 == 0 &&
           (!(k & HINIC_QPA_PKEY) || vdc_hinic_pkey(h, m->pkey_index) != 0) &&
           (!(k & HINIC_QPA_PORT) || m->port == 1) &&
           (!(k & HINIC_QPA_ACCESS) || !(m->access & ~HINIC_ACCESS_ALL)) &&
           (!(k & HINIC_QPA_PATH_MTU) ||
            (m->path_mtu >= MTU_CODE_MIN && m->path_mtu <= vdc_hinic_active_mtu(h))) &&
           (!(k & HINIC_QPA_RQ_PSN) || m->rq_psn <= PSN_MAX) &&
           (!(k & HINIC_QPA_SQ_PSN) || m->sq_psn <= PSN_MAX) &&
           (!(k & HINIC_QPA_DEST_QPN) || m->dest_qpn <= QPN_MAX) &&
           (!(k & HINIC_QPA_TIMEOUT) || m->timeout <= TIMEOUT_MAX) &&
           (!(k & HINIC_QPA_RETRY_CNT) || m->retry_cnt <= RETRY_MAX) &&
           (!(k & HINIC_QPA_RNR_RETRY) || m->rnr_retry <= RETRY_MAX) &&
           (!(k & HINIC_QPA_MIN_RNR) || m->min_rnr_timer <= TIMEOUT_MAX) &&
           (!(k & HINIC_QPA_RD_ATOMIC) || m->max_rd_atomic <= RDMA_RD_ATOMIC) &&
           (!(k & HINIC_QPA_DEST_RD_ATOM) || m->max_dest_rd_atomic <= RDMA_RD_ATOMIC) &&
           (!(k & HINIC_QPA_AV) || vdc_hinic_av_resolve(h, &m->av, &av));
}

static void apply(const struct vdc_hinic *h, struct qp *qp, const struct hinic_mb_modify_qp *m)
{
    const uint32_t k = m->mask;

    qp->is_sqd_notify = k & HINIC_QPA_SQD_NOTIFY ? m->sqd_notify != 0 : qp->is_sqd_notify;
    qp->access = k & HINIC_QPA_ACCESS ? m->access : qp->access;
    qp->pkey_index = k & HINIC_QPA_PKEY ? m->pkey_index : qp->pkey_index;
    qp->port = k & HINIC_QPA_PORT ? m->port : qp->port;
    qp->qkey = k & HINIC_QPA_QKEY ? m->qkey : qp->qkey;
    qp->path_mtu = k & HINIC_QPA_PATH_MTU ? MTU_BYTES(m->path_mtu) : qp->path_mtu;
    qp->timeout = k & HINIC_QPA_TIMEOUT ? m->timeout : qp->timeout;
    qp->retry_cnt = k & HINIC_QPA_RETRY_CNT ? m->retry_cnt : qp->retry_cnt;
    qp->rnr_retry = k & HINIC_QPA_RNR_RETRY ? m->rnr_retry : qp->rnr_retry;
    qp->min_rnr_timer = k & HINIC_QPA_MIN_RNR ? m->min_rnr_timer : qp->min_rnr_timer;
    qp->rq_psn = k & HINIC_QPA_RQ_PSN ? m->rq_psn : qp->rq_psn;
    qp->sq_psn = k & HINIC_QPA_SQ_PSN ? m->sq_psn : qp->sq_psn;
    qp->dest_qpn = k & HINIC_QPA_DEST_QPN ? m->dest_qpn : qp->dest_qpn;
    qp->max_rd_atomic = k & HINIC_QPA_RD_ATOMIC ? m->max_rd_atomic : qp->max_rd_atomic;
    qp->max_dest_rd_atomic = k & HINIC_QPA_DEST_RD_ATOM ? m->max_dest_rd_atomic
                                                        : qp->max_dest_rd_atomic;
    qp->rate_limit_kbps = k & HINIC_QPA_RATE_LIMIT ? m->rate_limit_kbps : qp->rate_limit_kbps;
    if (k & HINIC_QPA_AV) {
        qp->av_hw = m->av;
        (void)vdc_hinic_av_resolve(h, &m->av, &qp->av);
    }
}

/* RESET forgets what MODIFY_QP has set. */
static void forget_attributes(struct qp *qp)
{
    const struct hinic_mb_modify_qp none = { .mask = ~(uint32_t)(HINIC_QPA_AV | A_PORT) };

    apply(NULL, qp, &none);
    qp->path_mtu = 0;
    memset(&qp->av_hw, 0, sizeof(qp->av_hw));
    memset(&qp->av, 0, sizeof(qp->av));
}

enum hinic_aq_status vdc_hinic_cmd_modify_qp(struct vdc_hinic *h, vtime_t now)
{
    struct qp *qp = vdc_hinic_qp(h, vdc_hinic_cmd_id(h));
    struct hinic_mb_modify_qp m;
    enum hinic_aq_status s;

    memcpy(&m, h->mbox_in, sizeof(m));
    if (!qp) {
        return HINIC_AQ_BAD_PARAM;
    }
    s = check_step(qp, &m);
    if (s != HINIC_AQ_OK) {
        return s;
    }
    if (!values_ok(h, &m)) {
        return HINIC_AQ_BAD_PARAM;
    }
    apply(h, qp, &m);
    if (m.mask & HINIC_QPA_STATE) {
        vdc_hinic_qp_move(h, now, qp, m.state);
        if (m.state == HINIC_QPS_RESET) {
            forget_attributes(qp);
        }
    }
    return HINIC_AQ_OK;
}

/* ---- query ---- */

static uint8_t mtu_code(uint32_t bytes)
{
    uint32_t code = 0;

    for (uint32_t c = MTU_CODE_MIN; c <= MTU_CODE_MAX; c++) {
        code = MTU_BYTES(c) == bytes ? c : code;
    }
    return (uint8_t)code;
}

static struct hinic_mb_modify_qp attributes(const struct qp *qp)
{
    return (struct hinic_mb_modify_qp){
        .state = qp->state,
        .cur_state = qp->state,
        .path_mtu = mtu_code(qp->path_mtu),
        .port = qp->port,
        .qkey = qp->qkey,
        .rq_psn = qp->state >= HINIC_QPS_RTR ? qp->rsp.epsn : qp->rq_psn,
        .sq_psn = qp->state >= HINIC_QPS_RTS ? qp->req.psn_next & PSN_MAX : qp->sq_psn,
        .dest_qpn = qp->dest_qpn,
        .access = qp->access,
        .pkey_index = qp->pkey_index,
        .timeout = qp->timeout,
        .retry_cnt = qp->retry_cnt,
        .rnr_retry = qp->rnr_retry,
        .min_rnr_timer = qp->min_rnr_timer,
        .max_rd_atomic = qp->max_rd_atomic,
        .max_dest_rd_atomic = qp->max_dest_rd_atomic,
        .sqd_notify = qp->state == HINIC_QPS_SQD && !qp->is_drained, /* draining */
        .cc_algo = qp->cc_algo,
        .rate_limit_kbps = qp->rate_limit_kbps,
        .av = qp->av_hw,
    };
}

enum hinic_aq_status vdc_hinic_cmd_query_qp(struct vdc_hinic *h, vtime_t now)
{
    const struct qp *qp = vdc_hinic_qp_peek(h, vdc_hinic_cmd_id(h));
    struct hinic_mb_modify_qp m;

    (void)now;
    if (!qp) {
        return HINIC_AQ_BAD_PARAM;
    }
    m = attributes(qp);
    memcpy(h->mbox_out, &m, sizeof(m));
    return HINIC_AQ_OK;
}

enum hinic_aq_status vdc_hinic_cmd_dump_qp(struct vdc_hinic *h, vtime_t now)
{
    const struct qp *qp = vdc_hinic_qp_peek(h, vdc_hinic_cmd_id(h));
    const struct req *q;
    struct hinic_mb_dump_qp m;

    (void)now;
    if (!qp) {
        return HINIC_AQ_BAD_PARAM;
    }
    q = &qp->req;
    m = (struct hinic_mb_dump_qp){
        .attr = attributes(qp),
        .qpn = qp->qpn,
        .type_flags = qp->type | (uint32_t)qp->flags << 8 | (uint32_t)qp->state << 16,
        .pdn = qp->pdn,
        .scqn = qp->scqn,
        .rcqn = qp->rcqn,
        .srqn = qp->srqn,
        .uar = qp->uar,
        .cookie = qp->cookie,
        .sq_pi = qp->sq_pi,
        .sq_ci = q->bb_done,
        .rq_pi = qp->rq_pi,
        .rq_ci = qp->rsp.rq.ci,
        .psn_next = q->psn_next & PSN_MAX,
        .psn_una = q->psn_una & PSN_MAX,
        .n_rd = q->n_rd,
        .n_pkt = q->n_pkt,
        .n_bytes = q->n_bytes,
        .epsn = qp->rsp.epsn,
        .msn = qp->rsp.msn,
        .timeout_ns = q->t_rto != 0 && q->t_rto != VTIME_NEVER ? vdc_hinic_ns(h, q->t_rto) : 0,
    };
    memcpy(h->mbox_out, &m, sizeof(m));
    return HINIC_AQ_OK;
}
