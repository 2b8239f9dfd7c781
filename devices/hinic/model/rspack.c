/* SPDX-License-Identifier: MIT */
/* The end of a request: retired in order, completed, acknowledged; NAKs, and the end of a QP by
 * one. */
#include "state.h"

#include <string.h>

#include "rdma.h"

#define RETRY_PS (1000 * VTIME_PS_PER_NS) /* until a packet buffer is looked for again */
#define NET_IPV4 2u                       /* enum rdma_network_type */
#define NET_IPV6 3u
#define VID_MASK 0xfffu

/* ---- completions ---- */

static void address(const struct rpkt *p, struct hinic_cqe *c)
{
    const struct wire_hdr *w = &p->w;

    c->flags |= HINIC_CQE_GRH;
    c->src_qp_sl = w->sqpn & WIRE_QPN_MASK;
    c->pkey_index = p->pkey_index;
    c->net_hdr_type = w->is_v6 ? NET_IPV6 : NET_IPV4;
    memcpy(c->smac, w->smac, sizeof(c->smac));
    if (w->is_tagged) {
        c->flags |= HINIC_CQE_VLAN;
        c->vlan = w->tci & VID_MASK;
        c->src_qp_sl |= (uint32_t)(w->tci >> 13) << 24;
    }
}

void vdc_hinic_rsp_complete(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt,
                            uint32_t idx, uint8_t status)
{
    const struct rpkt *p = pkt != RPKT_NONE ? vdc_hinic_rpkt(h, pkt) : NULL;
    const uint32_t f = p ? vdc_wire_flags(p->w.opcode) : 0;
    uint32_t op = f & WIRE_F_WRITE ? HINIC_WQE_WRITE_IMM : HINIC_WQE_SEND;
    struct hinic_cqe c = { .status = status,
                           .flags = HINIC_CQE_RECV,
                           .wqe_idx = (uint16_t)idx,
                           .sw_idx = idx,
                           .cookie = qp->cookie,
                           .timestamp = vdc_hinic_ns(h, p ? p->t : now) };

    if (status != HINIC_WC_SUCCESS) {
        vdc_hinic_count(h, HINIC_CNT_RESP_CQE_ERROR, 1);
        if (status == HINIC_WC_WR_FLUSH_ERR) {
            vdc_hinic_count(h, HINIC_CNT_RESP_CQE_FLUSH_ERROR, 1);
        }
    } else if (p) {
        c.byte_len = p->user[RSP_U_LEN];
        if (f & WIRE_F_IMM) {
            c.flags |= HINIC_CQE_IMM;
            c.imm = p->w.imm;
            op = f & WIRE_F_WRITE ? HINIC_WQE_WRITE_IMM : HINIC_WQE_SEND_IMM;
        } else if (f & WIRE_F_IETH) {
            c.flags |= HINIC_CQE_INVALIDATED;
            c.imm = p->w.ieth;
            op = HINIC_WQE_SEND_INV;
        }
        c.flags |= p->w.is_solicited ? HINIC_CQE_SOLICITED : 0;
        if (f & WIRE_F_DETH) {
            address(p, &c);
        }
    }
    c.qpn_op = qp->qpn | op << 24;
    vdc_hinic_cq_post(h, now, qp->rcqn, &c,
                      status != HINIC_WC_SUCCESS || (c.flags & HINIC_CQE_SOLICITED) != 0);
}

/* ---- sending ---- */

void vdc_hinic_rsp_header(const struct vdc_hinic *h, const struct qp *qp, struct wire_hdr *w)
{
    const struct av *a = &qp->av;

    memcpy(w->sgid, a->sgid, sizeof(w->sgid));
    memcpy(w->dgid, a->dgid, sizeof(w->dgid));
    memcpy(w->smac, a->smac, sizeof(w->smac));
    memcpy(w->dmac, a->dmac, sizeof(w->dmac));
    w->is_tagged = a->has_vlan;
    w->tci = a->has_vlan ? (uint16_t)((a->sl & 7u) << 13 | (a->vlan & VID_MASK)) : 0;
    w->is_v6 = !a->is_v4;
    w->tclass = a->tclass;
    w->hop = a->hop;
    w->flow = a->flow;
    w->ip_frag = a->is_v4 ? WIRE_DF : 0;
    w->sport = vdc_wire_sport(a->flow, qp->qpn, qp->dest_qpn);
    w->pkey = vdc_hinic_pkey(h, qp->pkey_index);
    w->dqpn = qp->dest_qpn;
}

/* A response without payload; false if there is no buffer: tried again later. */
static bool send(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint8_t opcode, uint32_t psn,
                 uint8_t syndrome, uint32_t msn, uint64_t result)
{
    const uint32_t pkt = vdc_hinic_rpkt_alloc(h, RPKT_TX_CTL);
    struct rpkt *p;

    if (pkt == RPKT_NONE) {
        if (!vdc_hinic_ev_is_armed(h, EV_RSP_TIMER, qp->slot)) {
            vdc_hinic_ev_arm(h, EV_RSP_TIMER, qp->slot, vtime_add(now, RETRY_PS));
        }
        return false;
    }
    p = vdc_hinic_rpkt(h, pkt);
    p->qpn = qp->qpn;
    p->is_responder = 1;
    vdc_hinic_rsp_header(h, qp, &p->w);
    p->w.opcode = opcode;
    p->w.psn = psn;
    p->w.syndrome = syndrome;
    p->w.msn = msn;
    p->w.swap_add = result;
    vdc_hinic_sched_control(h, now, pkt);
    return true;
}

/* The QP ends: the WQE that the error is about, then all the others. */
static void die(struct vdc_hinic *h, vtime_t now, struct qp *qp)
{
    struct rsp *r = &qp->rsp;

    if (r->nak_status != 0 && r->is_wqe) {
        vdc_hinic_rsp_complete(h, now, qp, RPKT_NONE, r->wqe.idx, r->nak_status);
        r->is_wqe = 0;
    }
    vdc_hinic_qp_error(h, now, qp->qpn, r->nak_event);
}

/* The oldest op; false if it is not its turn or nothing could be sent. */
static bool answer(struct vdc_hinic *h, vtime_t now, struct qp *qp)
{
    struct rsp *r = &qp->rsp;
    const struct rsp_op *op = &r->op[r->op_head];
    const bool is_after = (int32_t)(r->n_done - op->after) >= 0;

    if (op->kind == RSP_READ) {
        if (op->len > 0 || is_after) {
            vdc_hinic_sched_arm(h, now, qp->qpn, true);
        }
        return false;
    }
    if (r->n_out > 0 || (op->kind == RSP_ATOMIC ? !op->is_ready : !is_after) ||
        !send(h, now, qp, op->kind == RSP_ATOMIC ? WIRE_ATOMIC_ACK : WIRE_READ_RESP_ONLY, op->psn,
              RSP_ACK, op->msn, op->result)) {
        return false;
    }
    vdc_hinic_rsp_op_pop(r);
    return true;
}

void vdc_hinic_rsp_respond(struct vdc_hinic *h, vtime_t now, struct qp *qp)
{
    struct rsp *r = &qp->rsp;

    if (qp->state == HINIC_QPS_ERR) {
        return;
    }
    while (r->n_op > 0) {
        if (!answer(h, now, qp)) {
            return;
        }
    }
    if (r->n_out > 0) {
        return;
    }
    if (r->nak != 0 || r->is_dead) {
        if (r->n_done != r->n_issued || r->n_atomic > 0) {
            return;
        }
        if (r->nak != 0 && !send(h, now, qp, WIRE_ACK, r->nak_psn, r->nak, r->done_msn, 0)) {
            return;
        }
        r->nak = 0;
        r->is_ack_due = 0;
        r->n_unacked = 0;
        if (r->is_dead) {
            die(h, now, qp);
        }
    } else if (r->is_ack_due && send(h, now, qp, WIRE_ACK, r->done_psn, RSP_ACK, r->done_msn, 0)) {
        r->is_ack_due = 0;
        r->n_unacked = 0;
    }
}

void vdc_hinic_rsp_timer(struct vdc_hinic *h, vtime_t now, struct qp *qp)
{
    vdc_hinic_rsp_respond(h, now, qp);
}

/* ---- ops ---- */

struct rsp_op *vdc_hinic_rsp_op_add(struct rsp *r, enum rsp_op_kind kind, uint32_t psn,
                                    uint32_t n_psn, bool is_dup)
{
    struct rsp_op *op;

    if (r->n_op == RSP_OPS) {
        return NULL;
    }
    op = &r->op[(r->op_head + r->n_op) % RSP_OPS];
    memset(op, 0, sizeof(*op));
    op->kind = (uint8_t)kind;
    op->psn = op->first_psn = psn;
    op->end_psn = vdc_psn_add(psn, n_psn);
    op->msn = r->msn;
    op->after = r->n_issued;
    op->is_dup = is_dup;
    r->n_op++;
    r->n_op_new = (uint8_t)(r->n_op_new + !is_dup);
    return op;
}

/* False if something newer has been answered already. */
static bool advance(struct rsp *r, uint32_t psn, uint32_t msn)
{
    if (vdc_psn_diff(psn, r->done_psn) <= 0) {
        return false;
    }
    r->done_psn = psn;
    r->done_msn = msn;
    return true;
}

void vdc_hinic_rsp_op_pop(struct rsp *r)
{
    const struct rsp_op *op = &r->op[r->op_head];

    assert(r->n_op > 0);
    if (!op->is_dup) {
        const uint32_t last = vdc_psn_add(op->end_psn, WIRE_PSN_MASK);

        if (advance(r, last, op->msn)) {
            r->is_ack_due = 0; /* its answer acknowledges all before it */
            r->n_unacked = 0;
        }
        r->n_op_new--;
    }
    r->op_head = (uint8_t)((r->op_head + 1u) % RSP_OPS);
    r->n_op--;
}

/* ---- retirement ---- */

void vdc_hinic_rsp_fail(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t psn,
                        uint8_t syndrome, uint8_t status)
{
    struct rsp *r = &qp->rsp;

    if (qp->state == HINIC_QPS_ERR || (r->is_dead && vdc_psn_diff(psn, r->nak_psn) >= 0)) {
        return; /* the older request decides */
    }
    r->is_dead = 1;
    r->nak = qp->type == HINIC_QPT_RC ? syndrome : 0;
    r->nak_psn = psn;
    r->nak_status = status;
    r->nak_event = syndrome == RSP_NAK_INV_REQ ? HINIC_EQE_QP_REQ_ERR : HINIC_EQE_QP_ACCESS;
    if (syndrome == RSP_NAK_ACCESS) {
        vdc_hinic_count(h, HINIC_CNT_RESP_REMOTE_ACCESS_ERRORS, 1);
    }
    vdc_hinic_rsp_respond(h, now, qp);
}

void vdc_hinic_rsp_op_cut(struct rsp *r, uint32_t psn)
{
    uint8_t n = 0;
    uint8_t n_new = 0;

    while (n < r->n_op) {
        const struct rsp_op *op = &r->op[(r->op_head + n) % RSP_OPS];

        if (!op->is_dup && vdc_psn_diff(op->first_psn, psn) >= 0) {
            break;
        }
        n_new = (uint8_t)(n_new + !op->is_dup);
        n++;
    }
    r->n_op = n;
    r->n_op_new = n_new;
}

/* Memory refused a packet: nothing behind it is answered. */
static void refused(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt)
{
    const struct rpkt *p = vdc_hinic_rpkt(h, pkt);
    struct rsp *r = &qp->rsp;
    const bool is_recv = p->user[RSP_U_WQE] != 0 && !(vdc_wire_flags(p->w.opcode) & WIRE_F_WRITE);
    const uint8_t syndrome = !is_recv && (p->user[RSP_U_FLAGS] & RSP_F_PROT) ? RSP_NAK_ACCESS
                                                                             : RSP_NAK_OP;

    if (qp->type == HINIC_QPT_UC && !is_recv) {
        return; /* WRITE errors drop */
    }
    vdc_hinic_rsp_op_cut(r, p->w.psn);
    r->is_cut = 1;
    r->is_dead = 0; /* whatever was refused meanwhile is newer */
    if (is_recv) {
        const uint32_t idx = p->user[RSP_U_WQE] - 1;

        r->dead_idx = idx + 1;
        vdc_hinic_rsp_complete(h, now, qp, RPKT_NONE, idx, HINIC_WC_LOC_PROT_ERR);
        if (r->is_wqe && r->wqe.idx == idx) {
            r->is_wqe = 0;
        }
    }
    vdc_hinic_rsp_fail(h, now, qp, p->w.psn, syndrome, 0);
}

static void retire(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt)
{
    struct rpkt *p = vdc_hinic_rpkt(h, pkt);
    struct rsp *r = &qp->rsp;
    const uint32_t f = p->user[RSP_U_FLAGS];

    if (r->is_cut || qp->state == HINIC_QPS_ERR) {
        if ((f & RSP_F_MSG_END) && p->user[RSP_U_WQE] != r->dead_idx) {
            vdc_hinic_rsp_complete(h, now, qp, RPKT_NONE, p->user[RSP_U_WQE] - 1,
                                   HINIC_WC_WR_FLUSH_ERR);
        }
        return;
    }
    if (f & (RSP_F_FAULT | RSP_F_PROT)) {
        refused(h, now, qp, pkt);
        return;
    }
    if ((vdc_wire_flags(p->w.opcode) & WIRE_F_IETH) &&
        vdc_hinic_mr_remote_inv(h, qp, p->w.ieth) != HINIC_WC_SUCCESS) {
        vdc_hinic_rsp_complete(h, now, qp, RPKT_NONE, p->user[RSP_U_WQE] - 1,
                               HINIC_WC_REM_INV_REQ_ERR);
        r->dead_idx = p->user[RSP_U_WQE];
        r->is_cut = 1;
        r->is_dead = 0;
        vdc_hinic_rsp_op_cut(r, p->w.psn);
        vdc_hinic_rsp_fail(h, now, qp, p->w.psn, RSP_NAK_ACCESS, 0);
        return;
    }
    if (f & RSP_F_MSG_END) {
        vdc_hinic_rsp_complete(h, now, qp, pkt, p->user[RSP_U_WQE] - 1, HINIC_WC_SUCCESS);
    }
    if (qp->type == HINIC_QPT_RC && advance(r, p->w.psn, p->user[RSP_U_MSN])) {
        r->n_unacked++;
        if ((p->w.is_ack_req && p->w.opcode != WIRE_ATOMIC_WRITE) ||
            r->n_unacked >= RSP_ACK_PACKETS) {
            r->is_ack_due = 1;
        }
    }
}

void vdc_hinic_rsp_issue(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt,
                         bool is_placed)
{
    struct rpkt *p = vdc_hinic_rpkt(h, pkt);
    struct rsp *r = &qp->rsp;

    p->next = RPKT_NONE;
    if (r->exec_last != RPKT_NONE) {
        vdc_hinic_rpkt(h, r->exec_last)->next = pkt;
    } else {
        r->exec_first = pkt;
    }
    r->exec_last = pkt;
    r->n_issued++;
    if (is_placed) {
        p->user[RSP_U_FLAGS] |= RSP_F_PLACED;
        vdc_hinic_rsp_retire(h, now, qp);
    }
}

void vdc_hinic_rsp_retire(struct vdc_hinic *h, vtime_t now, struct qp *qp)
{
    struct rsp *r = &qp->rsp;
    bool is_any = false;

    while (r->exec_first != RPKT_NONE) {
        const uint32_t pkt = r->exec_first;
        struct rpkt *p = vdc_hinic_rpkt(h, pkt);

        if (!(p->user[RSP_U_FLAGS] & RSP_F_PLACED)) {
            break;
        }
        r->exec_first = p->next;
        if (r->exec_first == RPKT_NONE) {
            r->exec_last = RPKT_NONE;
        }
        r->n_done++;
        retire(h, now, qp, pkt);
        vdc_hinic_rpkt_free(h, now, pkt);
        is_any = true;
    }
    if (is_any) {
        vdc_hinic_rsp_respond(h, now, qp);
        vdc_hinic_rsp_flush(h, now, qp);
    }
}
