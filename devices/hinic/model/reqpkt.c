/* SPDX-License-Identifier: MIT */
/* Packets of the requester: opcode, headers, payload of the message that is to be sent. */
#include "state.h"

#include <string.h>

#include "rdma.h"

/* What a packet of the message at m_cur carries. */
struct slice {
    uint32_t i; /* of packets, or of responses already received for a READ */
    uint32_t off, len;
    bool is_first, is_last;
};

static struct slice slice_of(const struct vdc_hinic *h, const struct qp *qp,
                             const struct req_msg *m)
{
    const uint32_t mtu = vdc_hinic_req_mtu(h, qp);
    struct slice s = { .i = (qp->req.psn_cur - m->psn) & WIRE_PSN_MASK };

    s.off = s.i * mtu;
    switch (m->opcode) {
    case HINIC_WQE_READ:
    case HINIC_WQE_CAS:
    case HINIC_WQE_FADD:
    case HINIC_WQE_FLUSH:
        s.is_first = s.is_last = true;
        return s;
    default:
        s.is_first = s.i == 0;
        s.is_last = s.i + 1 == m->n_psn;
        s.len = m->length - s.off < mtu ? m->length - s.off : mtu;
        return s;
    }
}

static uint8_t send_opcode(const struct req_msg *m, const struct slice *s)
{
    static const uint8_t end[2][3] = { /* by is_first: plain, immediate, invalidate */
                                       { WIRE_SEND_LAST, WIRE_SEND_LAST_IMM, WIRE_SEND_LAST_INV },
                                       { WIRE_SEND_ONLY, WIRE_SEND_ONLY_IMM, WIRE_SEND_ONLY_INV }
    };

    if (!s->is_last) {
        return s->is_first ? WIRE_SEND_FIRST : WIRE_SEND_MIDDLE;
    }
    return end[s->is_first ? 1 : 0][m->opcode - HINIC_WQE_SEND];
}

static uint8_t write_opcode(const struct req_msg *m, const struct slice *s)
{
    const bool has_imm = m->opcode == HINIC_WQE_WRITE_IMM;

    if (!s->is_last) {
        return s->is_first ? WIRE_WRITE_FIRST : WIRE_WRITE_MIDDLE;
    }
    if (s->is_first) {
        return has_imm ? WIRE_WRITE_ONLY_IMM : WIRE_WRITE_ONLY;
    }
    return has_imm ? WIRE_WRITE_LAST_IMM : WIRE_WRITE_LAST;
}

static uint8_t opcode_of(const struct qp *qp, const struct req_msg *m, const struct slice *s)
{
    const enum wire_type type = qp->type == HINIC_QPT_UC ? WIRE_UC : WIRE_RC;

    switch (m->opcode) {
    case HINIC_WQE_SEND:
    case HINIC_WQE_SEND_IMM:
    case HINIC_WQE_SEND_INV:
        if (vdc_hinic_req_is_datagram(qp)) {
            return m->opcode == HINIC_WQE_SEND ? WIRE_UD_SEND_ONLY : WIRE_UD_SEND_ONLY_IMM;
        }
        return WIRE_OP(type, send_opcode(m, s));
    case HINIC_WQE_WRITE:
    case HINIC_WQE_WRITE_IMM:
        return WIRE_OP(type, write_opcode(m, s));
    case HINIC_WQE_READ:
        return WIRE_READ_REQ;
    case HINIC_WQE_CAS:
        return WIRE_CAS;
    case HINIC_WQE_FADD:
        return WIRE_FADD;
    case HINIC_WQE_ATOMIC_WRITE:
        return WIRE_ATOMIC_WRITE;
    default:
        assert(m->opcode == HINIC_WQE_FLUSH);
        return WIRE_FLUSH;
    }
}

/* Headers behind the address; fields that the opcode does not have stay 0. */
static void fill(const struct qp *qp, const struct sq_wqe *w, const struct req_msg *m,
                 const struct slice *s, struct wire_hdr *out)
{
    uint32_t f;

    out->opcode = opcode_of(qp, m, s);
    f = vdc_wire_flags(out->opcode);
    out->psn = qp->req.psn_cur;
    out->is_migrated = 1;
    out->pay_len = s->len;
    out->is_solicited = s->is_last && (f & WIRE_F_RECV) && (m->flags & HINIC_WQE_F_SOLICITED);
    out->is_ack_req = qp->type == HINIC_QPT_RC &&
                      (s->is_last || qp->req.n_unasked + 1 >= REQ_ACK_EVERY);
    if (f & WIRE_F_RETH) {
        out->va = w->raddr + (m->opcode == HINIC_WQE_READ ? s->off : 0);
        out->rkey = w->rkey;
        out->dma_len = m->length - (m->opcode == HINIC_WQE_READ ? s->off : 0);
    }
    if (f & WIRE_F_ATOMICETH) {
        out->va = w->raddr;
        out->rkey = w->rkey;
        out->swap_add = w->swap_add;
        out->compare = m->opcode == HINIC_WQE_CAS ? w->compare : 0;
    }
    if (f & WIRE_F_FETH) {
        out->feth = w->feth;
    }
    if (f & WIRE_F_IMM) {
        out->imm = w->ctrl.imm;
    }
    if (f & WIRE_F_IETH) {
        out->ieth = w->ctrl.imm;
    }
}

/* Asks for the payload; false if the memory engine has no room. */
static bool fetch_payload(struct vdc_hinic *h, vtime_t now, const struct qp *qp,
                          const struct sq_wqe *w, const struct slice *s, uint32_t pkt)
{
    struct mem_req mr = { .client = MEM_REQ,
                          .obj = qp->slot,
                          .tag = REQ_TAG(REQ_TAG_SEND, pkt),
                          .buf = vdc_hinic_rpkt_payload(h, pkt),
                          .skip = s->off,
                          .len = s->len,
                          .pdn = qp->pdn,
                          .qpn = qp->qpn,
                          .n_sge = w->n_sge };

    for (uint32_t i = 0; i < w->n_sge; i++) {
        mr.sge[i] = (struct mem_sge){ .va = w->sge[i].addr,
                                      .len = w->sge[i].len,
                                      .key = w->sge[i].lkey };
    }
    return vdc_hinic_mem_submit(h, now, &mr);
}

/* The packet has its place in the turn order: cursor and window move on. */
static void account(struct vdc_hinic *h, vtime_t now, struct qp *qp, const struct req_msg *m,
                    const struct slice *s, bool is_ack_req)
{
    struct req *r = &qp->req;

    if (vdc_psn_diff(r->psn_cur, r->psn_hi) < 0) {
        vdc_hinic_count(h, HINIC_CNT_RETX_BYTES, s->len);
    }
    r->psn_cur = m->opcode == HINIC_WQE_READ ? vdc_psn_add(m->psn, m->n_psn)
                                             : vdc_psn_add(r->psn_cur, 1);
    if (vdc_hinic_req_is_behind(r->psn_cur, r->psn_hi)) {
        r->psn_hi = r->psn_cur;
    }
    r->n_pkt++;
    r->n_bytes += s->len;
    r->n_unasked = is_ack_req ? 0 : r->n_unasked + 1;
    if (s->is_last) {
        vdc_hinic_req_pass(r);
        vdc_hinic_sq_fetch(h, now, qp);
    }
}

enum sched_built vdc_hinic_req_packet_build(struct vdc_hinic *h, vtime_t now, struct qp *qp,
                                            const struct sq_wqe *w, uint32_t pkt)
{
    const uint32_t idx = qp->req.m_cur;
    const struct req_msg *m = vdc_hinic_req_msg(&qp->req, idx);
    const struct slice s = slice_of(h, qp, m);
    struct rpkt *p = vdc_hinic_rpkt(h, pkt);
    enum sched_built built = SCHED_BUILT;

    if (!vdc_hinic_req_has_window(h, qp, s.len)) {
        return SCHED_IDLE;
    }
    if (!vdc_hinic_req_is_datagram(qp)) {
        vdc_hinic_rsp_header(h, qp, &p->w);
    } else if (!vdc_hinic_ud_address(h, qp, w, &p->w)) {
        vdc_hinic_req_fail(h, now, qp, idx, HINIC_WC_LOC_QP_OP_ERR, REQ_WHY_AV);
        return SCHED_IDLE;
    }
    fill(qp, w, m, &s, &p->w);
    p->user[0] = idx;
    p->user[1] = m->opcode == HINIC_WQE_READ ? vdc_psn_add(m->psn, m->n_psn)
                                             : vdc_psn_add(qp->req.psn_cur, 1);
    if (s.len > 0 && w->inl > 0) {
        memcpy(vdc_hinic_at(h, vdc_hinic_rpkt_payload(h, pkt)), w->raw + w->inl + s.off, s.len);
    } else if (s.len > 0) {
        if (!fetch_payload(h, now, qp, w, &s, pkt)) {
            return SCHED_IDLE;
        }
        built = SCHED_FETCHING;
    }
    account(h, now, qp, m, &s, p->w.is_ack_req != 0);
    return built;
}
