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

static bool is_datagram(const struct qp *qp)
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

static bool has_window(const struct vdc_hinic *h, const struct qp *qp, uint32_t len)
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
    } else if (has_window(h, qp, 0)) {
        vdc_hinic_sched_arm(h, now, qp->qpn, false);
    }
}

/* ---- messages ---- */

static uint32_t mtu_of(const struct vdc_hinic *h, const struct qp *qp)
{
    return is_datagram(qp) ? vdc_hinic_ud_mtu(h) : qp->path_mtu;
}

/* PSNs that a message takes; 0: local operation. */
static uint32_t count_psn(const struct vdc_hinic *h, const struct qp *qp, const struct sq_wqe *w)
{
    const uint32_t mtu = mtu_of(h, qp);

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

/* The send cursor leaves the message m_cur, whose blocks are in the cache or read again later. */
static void pass(struct req *r)
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
    pass(r);
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

    if (is_datagram(qp) && n_psn > 1) {
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

/* ---- packets ---- */

/* What a packet of the message at m_cur carries. */
struct slice {
    uint32_t i; /* of packets, or of responses already received for a READ */
    uint32_t off, len;
    bool is_first, is_last;
};

static struct slice slice_of(const struct vdc_hinic *h, const struct qp *qp,
                             const struct req_msg *m)
{
    const uint32_t mtu = mtu_of(h, qp);
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
        if (is_datagram(qp)) {
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
        pass(r);
        vdc_hinic_sq_fetch(h, now, qp);
    }
}

static enum sched_built build_packet(struct vdc_hinic *h, vtime_t now, struct qp *qp,
                                     const struct sq_wqe *w, uint32_t pkt)
{
    const uint32_t idx = qp->req.m_cur;
    const struct req_msg *m = vdc_hinic_req_msg(&qp->req, idx);
    const struct slice s = slice_of(h, qp, m);
    struct rpkt *p = vdc_hinic_rpkt(h, pkt);
    enum sched_built built = SCHED_BUILT;

    if (!has_window(h, qp, s.len)) {
        return SCHED_IDLE;
    }
    if (!is_datagram(qp)) {
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

/* ---- one turn ---- */

/* Finds the message of the next packet, with its WQE in w. */
static enum step find(struct vdc_hinic *h, vtime_t now, struct qp *qp, struct sq_wqe *w)
{
    struct req *r = &qp->req;
    const bool is_new = r->m_cur == r->m_end;
    const struct req_msg *m = vdc_hinic_req_msg(r, r->m_cur);
    enum sq_look look;

    if (!may_send(qp) || (is_new && (!may_start(qp) || !has_window(h, qp, 0)))) {
        return STEP_IDLE;
    }
    if (!is_new && m->status != HINIC_WC_SUCCESS) {
        return STEP_IDLE;
    }
    if (!is_new && m->n_psn == 0) {
        pass(r); /* local operation, done when it was passed first */
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
            return build_packet(h, now, qp, &w, pkt);
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

/* ---- memory ---- */

/* The payload of a packet is there, or cannot be had. */
static void payload_done(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt,
                         uint32_t status)
{
    const uint32_t idx = vdc_hinic_rpkt(h, pkt)->user[0];
    struct req *r = &qp->req;
    const bool is_wanted = idx - r->m_una < r->m_end - r->m_una && !r->is_flushing &&
                           vdc_hinic_req_msg(r, idx)->status == HINIC_WC_SUCCESS;

    if (status == MEM_OK && is_wanted) {
        vdc_hinic_sched_ready(h, now, pkt);
        return;
    }
    if (status != MEM_OK && is_wanted) {
        vdc_hinic_req_fail(h, now, qp, idx, HINIC_WC_LOC_PROT_ERR, REQ_WHY_SGE);
        vdc_hinic_req_complete(h, now, qp);
    }
    vdc_hinic_sched_abort(h, now, pkt);
}

static void blocks_done(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t seq,
                        uint32_t status)
{
    struct req *r = &qp->req;

    if ((r->fetch_seq & REQ_TAG_MASK) != seq) {
        return; /* moved elsewhere since */
    }
    if (status == MEM_OK) {
        r->bb_have = r->bb_want;
    } else {
        r->bb_want = r->bb_have;
        r->is_lost = 1;
    }
    if (r->is_flushing) {
        vdc_hinic_req_defer(h, now, qp);
    } else {
        vdc_hinic_req_kick(h, now, qp);
    }
}

void vdc_hinic_req_mem_done(struct vdc_hinic *h, vtime_t now, uint32_t slot, uint32_t tag,
                            uint32_t status)
{
    const uint32_t v = tag & REQ_TAG_MASK;
    struct qp *qp = status == MEM_STALE ? NULL : vdc_hinic_qp_at(h, slot);

    switch ((enum req_tag)(tag >> 28)) {
    case REQ_TAG_WQE:
        if (qp) {
            blocks_done(h, now, qp, v, status);
        }
        break;
    case REQ_TAG_SEND:
        if (qp) {
            payload_done(h, now, qp, v, status);
        } else {
            vdc_hinic_sched_abort(h, now, v);
        }
        break;
    case REQ_TAG_RESP:
        if (qp) {
            vdc_hinic_req_scattered(h, now, qp, v, status);
        } else {
            vdc_hinic_rpkt_free(h, now, v);
        }
        break;
    }
}

void vdc_hinic_req_mem_room(struct vdc_hinic *h, vtime_t now, uint32_t slot)
{
    struct qp *qp = vdc_hinic_qp_at(h, slot);

    if (qp->req.is_flushing) {
        vdc_hinic_req_defer(h, now, qp);
        return;
    }
    vdc_hinic_req_resume(h, now, qp);
    vdc_hinic_sq_fetch(h, now, qp);
    vdc_hinic_req_kick(h, now, qp);
}

void vdc_hinic_req_digest(const struct req *r, struct vdc_digest *d)
{
    vdc_digest_fold(d, r, offsetof(struct req, msg));
    for (uint32_t i = r->m_una; i != r->m_end; i++) {
        vdc_digest_fold(d, &r->msg[i % REQ_MSG_N], sizeof(r->msg[0]));
    }
    for (uint32_t i = r->i_rd - r->n_rd; i != r->i_rd; i++) {
        vdc_digest_fold(d, &r->rd[i % REQ_RD_N], sizeof(r->rd[0]));
    }
    for (uint16_t i = r->bb_head; i != r->bb_have; i++) {
        vdc_digest_fold(d, r->bb[i % REQ_BB_CACHE], HINIC_BB_SIZE);
    }
}
