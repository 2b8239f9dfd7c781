/* SPDX-License-Identifier: MIT */
/* Responses: acknowledgements, READ and ATOMIC answers, NAKs. */
#include "state.h"

#include <string.h>

#include "rdma.h"

enum nak_code { NAK_SEQUENCE, NAK_INVALID, NAK_ACCESS, NAK_OPERATION };

static uint32_t at_most(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Answered by something else than an ACK. FLUSH and ATOMIC_WRITE have an answer of their own too,
 * but it says no more than the ACK of a later packet. */
static bool needs_answer(const struct req_msg *m)
{
    return m->opcode == HINIC_WQE_READ || m->opcode == HINIC_WQE_CAS || m->opcode == HINIC_WQE_FADD;
}

void vdc_hinic_req_skip_local(struct req *r)
{
    while (r->m_ack != r->m_end) {
        const struct req_msg *m = vdc_hinic_req_msg(r, r->m_ack);

        if (m->n_psn > 0 || m->status != HINIC_WC_SUCCESS) {
            return;
        }
        r->m_ack++;
    }
}

/* Payload of the first n packets of a message. */
static uint32_t bytes_of(const struct qp *qp, const struct req_msg *m, uint32_t n)
{
    if (needs_answer(m) || m->opcode == HINIC_WQE_FLUSH) {
        return 0;
    }
    return n == m->n_psn ? m->length : at_most(n * qp->path_mtu, m->length);
}

/* Moves psn_una to `to`, inside of message m_ack or behind it. */
static void advance(struct qp *qp, vtime_t now, uint32_t to)
{
    struct req *r = &qp->req;
    struct req_msg *m = vdc_hinic_req_msg(r, r->m_ack);
    const uint32_t from_pkt = (uint32_t)vdc_psn_diff(r->psn_una, m->psn);
    const uint32_t to_pkt = (to - m->psn) & WIRE_PSN_MASK;
    const bool is_whole = to_pkt == m->n_psn;

    if (vdc_psn_diff(r->psn_cur, to) >= 0) {
        const uint32_t n_pkt = m->opcode == HINIC_WQE_READ ? is_whole : to_pkt - from_pkt;
        const uint32_t n_bytes = bytes_of(qp, m, to_pkt) - bytes_of(qp, m, from_pkt);

        r->n_pkt -= at_most(r->n_pkt, n_pkt);
        r->n_bytes -= at_most(r->n_bytes, n_bytes);
    } else { /* the answer to what was sent before a go-back: not sent again */
        r->psn_cur = to;
        r->n_pkt = r->n_bytes = 0;
    }
    r->psn_una = to;
    if (vdc_psn_diff(r->psn_sent, to) < 0) {
        r->psn_sent = to;
    }
    if (is_whole) {
        m->is_done = 1;
        m->t_done = now;
        r->n_rd -= vdc_hinic_req_is_rd(m->opcode) && r->n_rd > 0;
        r->m_ack++;
        vdc_hinic_req_skip_local(r);
    }
    if (r->psn_cur == r->psn_una && r->m_cur - r->m_una < r->m_ack - r->m_una) {
        const struct req_msg *last = vdc_hinic_req_msg(r, r->m_ack - 1);

        r->m_cur = r->m_ack;
        vdc_hinic_sq_seek(r, (uint16_t)(last->bb + last->n_bb), false);
    }
}

enum req_acked vdc_hinic_req_ack(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t psn)
{
    struct req *r = &qp->req;

    (void)h;
    vdc_hinic_req_skip_local(r);
    while (vdc_psn_diff(psn, r->psn_una) > 0) {
        const struct req_msg *m = vdc_hinic_req_msg(r, r->m_ack);
        uint32_t end;

        if (r->m_ack == r->m_end || m->status != HINIC_WC_SUCCESS) {
            return REQ_ACKED_STOP;
        }
        if (needs_answer(m)) {
            return REQ_ACKED_READ;
        }
        end = vdc_psn_add(m->psn, m->n_psn);
        advance(qp, now, vdc_psn_diff(psn, end) > 0 ? end : psn);
    }
    if (r->m_ack == r->m_end || vdc_hinic_req_msg(r, r->m_ack)->status != HINIC_WC_SUCCESS) {
        return REQ_ACKED_STOP;
    }
    return REQ_ACKED;
}

/* ---- one response ---- */

/* Something new was acknowledged since psn_una was `before`. */
static void progress(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t before)
{
    if (qp->req.psn_una != before) {
        vdc_hinic_req_retries_reset(qp);
        vdc_hinic_req_rto(h, now, qp);
        vdc_hinic_req_complete(h, now, qp);
        vdc_hinic_req_kick(h, now, qp);
    }
}

/* A later answer came first. Every answer that follows says the same: one go-back for all. */
static void implied_nak(struct vdc_hinic *h, vtime_t now, struct qp *qp)
{
    if (!qp->req.is_rec && !qp->req.is_rnr) {
        vdc_hinic_count(h, HINIC_CNT_IMPLIED_NAK_SEQ_ERR, 1);
        vdc_hinic_req_retry(h, now, qp);
    }
}

static void nak(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint8_t syndrome)
{
    static const uint8_t status[] = { [NAK_INVALID] = HINIC_WC_REM_INV_REQ_ERR,
                                      [NAK_ACCESS] = HINIC_WC_REM_ACCESS_ERR,
                                      [NAK_OPERATION] = HINIC_WC_REM_OP_ERR };
    const uint32_t code = syndrome & 0x1fu;

    if (code == NAK_SEQUENCE) {
        vdc_hinic_req_retry(h, now, qp);
    } else if (code <= NAK_OPERATION) {
        if (code == NAK_INVALID) {
            vdc_hinic_count(h, HINIC_CNT_REQ_REMOTE_INVALID_REQUEST, 1);
        } else if (code == NAK_ACCESS) {
            vdc_hinic_count(h, HINIC_CNT_REQ_REMOTE_ACCESS_ERRORS, 1);
        }
        vdc_hinic_req_fail(h, now, qp, qp->req.m_ack, status[code],
                           REQ_WHY_NAK | (uint32_t)syndrome << 8);
    }
}

static void take_ack(struct vdc_hinic *h, vtime_t now, struct qp *qp, const struct wire_hdr *w)
{
    const uint32_t before = qp->req.psn_una;
    const uint32_t kind = w->syndrome >> 5;
    const bool is_ack = kind == 0;
    enum req_acked a;

    if (kind != 0 && kind != 1 && kind != 3) {
        return; /* reserved */
    }
    if (kind == 3 && (w->syndrome & 0x1f) == NAK_SEQUENCE) {
        vdc_hinic_count(h, HINIC_CNT_PACKET_SEQ_ERR, 1);
    }
    a = vdc_hinic_req_ack(h, now, qp, is_ack ? vdc_psn_add(w->psn, 1) : w->psn);
    progress(h, now, qp, before);
    if (a == REQ_ACKED_READ) {
        implied_nak(h, now, qp);
    } else if (a == REQ_ACKED && kind == 1 && !qp->req.is_rnr) {
        vdc_hinic_req_rnr(h, now, qp, w->syndrome & 0x1fu);
    } else if (a == REQ_ACKED && kind == 3) {
        nak(h, now, qp, w->syndrome);
    }
}

static void bad_response(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint8_t opcode)
{
    vdc_hinic_req_fail(h, now, qp, qp->req.m_ack, HINIC_WC_BAD_RESP_ERR,
                       REQ_WHY_RESP | (uint32_t)opcode << 8);
}

/* What the answer to message m at psn_una has to look like. */
static bool answer_is_right(const struct qp *qp, const struct req_msg *m, const struct wire_hdr *w)
{
    const uint32_t i = (w->psn - m->psn) & WIRE_PSN_MASK;
    const bool is_last = i + 1 == m->n_psn;
    uint32_t off;

    switch (m->opcode) {
    case HINIC_WQE_CAS:
    case HINIC_WQE_FADD:
        return w->opcode == WIRE_ATOMIC_ACK;
    case HINIC_WQE_FLUSH:
    case HINIC_WQE_ATOMIC_WRITE:
        return w->opcode == WIRE_READ_RESP_ONLY && w->pay_len == 0;
    case HINIC_WQE_READ:
        break;
    default:
        return false;
    }
    off = i * qp->path_mtu;
    if (off > m->length || w->pay_len != at_most(qp->path_mtu, m->length - off)) {
        return false;
    }
    return is_last ? w->opcode == WIRE_READ_RESP_LAST || w->opcode == WIRE_READ_RESP_ONLY
                   : w->opcode == WIRE_READ_RESP_FIRST || w->opcode == WIRE_READ_RESP_MIDDLE;
}

/* Sends the data of an answer on their way; false if the memory engine has no room. */
static bool scatter(struct vdc_hinic *h, vtime_t now, struct qp *qp, struct req_msg *m,
                    uint32_t pkt, uint32_t len)
{
    struct rpkt *p = vdc_hinic_rpkt(h, pkt);
    const struct req_rd *rd = &qp->req.rd[m->rd];
    struct mem_req mr = { .client = MEM_REQ,
                          .is_write = 1,
                          .obj = qp->slot,
                          .tag = REQ_TAG(REQ_TAG_RESP, pkt),
                          .buf = vdc_hinic_rpkt_payload(h, pkt),
                          .skip = ((p->w.psn - m->psn) & WIRE_PSN_MASK) * qp->path_mtu,
                          .len = len,
                          .pdn = qp->pdn,
                          .qpn = qp->qpn,
                          .access = HINIC_ACCESS_LOCAL_WRITE,
                          .n_sge = rd->n_sge };

    for (uint32_t i = 0; i < rd->n_sge; i++) {
        mr.sge[i] = (struct mem_sge){ .va = rd->sge[i].addr,
                                      .len = rd->sge[i].len,
                                      .key = rd->sge[i].lkey };
    }
    if (!vdc_hinic_mem_submit(h, now, &mr)) {
        return false;
    }
    p->user[0] = qp->req.m_ack;
    m->n_write++;
    return true;
}

enum fate { FREE, KEPT, HOLD };

static enum fate take_answer(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt)
{
    struct req *r = &qp->req;
    struct rpkt *p = vdc_hinic_rpkt(h, pkt);
    const uint32_t before = r->psn_una;
    const enum req_acked a = vdc_hinic_req_ack(h, now, qp, p->w.psn);
    enum fate fate = FREE;
    struct req_msg *m;
    uint32_t len;

    progress(h, now, qp, before);
    if (a == REQ_ACKED_READ) {
        implied_nak(h, now, qp);
    }
    if (a != REQ_ACKED) {
        return FREE;
    }
    m = vdc_hinic_req_msg(r, r->m_ack);
    if (!answer_is_right(qp, m, &p->w)) {
        bad_response(h, now, qp, p->w.opcode);
        return FREE;
    }
    len = p->w.pay_len;
    if (p->w.opcode == WIRE_ATOMIC_ACK) {
        len = sizeof(p->w.swap_add);
        memcpy(vdc_hinic_at(h, vdc_hinic_rpkt_payload(h, pkt)), &p->w.swap_add, len);
    }
    if (len > 0) {
        if (!scatter(h, now, qp, m, pkt, len)) {
            return HOLD;
        }
        fate = KEPT;
    }
    advance(qp, now, vdc_psn_add(p->w.psn, 1));
    progress(h, now, qp, vdc_psn_add(r->psn_una, WIRE_PSN_MASK)); /* always some */
    return fate;
}

static enum fate take(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt)
{
    const struct req *r = &qp->req;
    const struct wire_hdr *w = &vdc_hinic_rpkt(h, pkt)->w;

    if ((qp->state != HINIC_QPS_RTS && qp->state != HINIC_QPS_SQD) || r->is_flushing ||
        qp->type != HINIC_QPT_RC || r->m_ack == r->m_end) {
        return FREE;
    }
    if (vdc_psn_diff(w->psn, r->psn_una) < 0 || vdc_psn_diff(w->psn, r->psn_hi) >= 0) {
        return FREE; /* old, or about something that was never sent */
    }
    if (w->opcode == WIRE_ACK) {
        take_ack(h, now, qp, w);
        return FREE;
    }
    return take_answer(h, now, qp, pkt);
}

/* ---- in and out ---- */

void vdc_hinic_req_packet(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt)
{
    struct req *r = &qp->req;
    struct rpkt *p = vdc_hinic_rpkt(h, pkt);
    const enum fate fate = r->hold_first ? HOLD : take(h, now, qp, pkt);

    if (fate == FREE) {
        vdc_hinic_rpkt_free(h, now, pkt);
    } else if (fate == HOLD) {
        p->next = RPKT_NONE;
        if (r->hold_first) {
            vdc_hinic_rpkt(h, r->hold_last)->next = pkt;
        } else {
            r->hold_first = pkt;
        }
        r->hold_last = pkt;
    }
}

void vdc_hinic_req_resume(struct vdc_hinic *h, vtime_t now, struct qp *qp)
{
    struct req *r = &qp->req;

    while (r->hold_first) {
        const uint32_t pkt = r->hold_first;
        const uint32_t next = vdc_hinic_rpkt(h, pkt)->next;
        const enum fate fate = take(h, now, qp, pkt);

        if (fate == HOLD) {
            return;
        }
        r->hold_first = next;
        if (fate == FREE) {
            vdc_hinic_rpkt_free(h, now, pkt);
        }
    }
    r->hold_last = 0;
}

void vdc_hinic_req_drop_held(struct vdc_hinic *h, vtime_t now, struct qp *qp)
{
    struct req *r = &qp->req;

    while (r->hold_first) {
        const uint32_t pkt = r->hold_first;

        r->hold_first = vdc_hinic_rpkt(h, pkt)->next;
        vdc_hinic_rpkt_free(h, now, pkt);
    }
    r->hold_last = 0;
}

void vdc_hinic_req_scattered(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt,
                             uint32_t status)
{
    struct req *r = &qp->req;
    const uint32_t idx = vdc_hinic_rpkt(h, pkt)->user[0];

    vdc_hinic_rpkt_free(h, now, pkt);
    if (idx - r->m_una >= r->m_end - r->m_una) {
        return; /* flushed, or behind one that has failed */
    }
    vdc_hinic_req_msg(r, idx)->n_write--;
    if (status != MEM_OK) {
        vdc_hinic_req_fail(h, now, qp, idx, HINIC_WC_LOC_PROT_ERR, REQ_WHY_SGE);
    }
    vdc_hinic_req_complete(h, now, qp);
    vdc_hinic_req_kick(h, now, qp);
}
