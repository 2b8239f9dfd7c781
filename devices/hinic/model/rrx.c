/* SPDX-License-Identifier: MIT */
/* Receive dispatch of RDMA: which frames are the engine's, which packets are good, and whose they
 * are. */
#include "rnet.h"

#include <string.h>

#define ECN_CE 3u

uint32_t vdc_hinic_rrx_vlan(const struct wire_hdr *w)
{
    const uint32_t vid = w->is_tagged ? w->tci & 0xfffu : 0;

    return vid != 0 ? vid : RDMA_VLAN_NONE; /* a tag may carry a priority only */
}

static void drop(struct vdc_hinic *h)
{
    vdc_hinic_count(h, HINIC_CNT_RX_DISCARDS, 1);
}

/* ---- whose frame ---- */

static bool is_multicast_gid(const uint8_t gid[16])
{
    return gid[0] == 0xff || (vdc_wire_is_v4(gid) && gid[12] >> 4 == 14);
}

/* The destination is a GID of this port, or a group with a member here, and the MAC fits it. */
static bool is_ours(const struct vdc_hinic *h, const struct wire_hdr *w)
{
    uint32_t qpn;
    int i;

    if (is_multicast_gid(w->dgid)) {
        return (w->dmac[0] & 1) != 0 && vdc_hinic_mc_members(h, w->dgid, &qpn, 1) > 0;
    }
    i = vdc_hinic_gid_find(h, 1, w->dgid, vdc_hinic_rrx_vlan(w));
    return i >= 0 && memcmp(w->dmac, vdc_hinic_gid(h, (uint32_t)i)->mac, sizeof(w->dmac)) == 0;
}

/* ---- whose packet ---- */

static bool pkey_fits(uint32_t a, uint32_t b)
{
    return (a & 0x7fff) == (b & 0x7fff) && (a & 0x7fff) != 0 && ((a | b) & 0x8000) != 0;
}

/* Finds the entry of the P_Key table that the packet matches; the general services QP has them all.
 */
static bool find_pkey(const struct vdc_hinic *h, const struct qp *qp, uint32_t pkey,
                      uint16_t *index)
{
    if (qp->type != HINIC_QPT_GSI) {
        *index = qp->pkey_index;
        return pkey_fits(vdc_hinic_pkey(h, qp->pkey_index), pkey);
    }
    for (uint32_t i = 0; i < RDMA_PKEYS; i++) {
        if (pkey_fits(vdc_hinic_pkey(h, i), pkey)) {
            *index = (uint16_t)i;
            return true;
        }
    }
    return false;
}

static bool type_fits(uint32_t qp_type, uint8_t opcode)
{
    switch (qp_type) {
    case HINIC_QPT_RC:
        return WIRE_TYPE(opcode) == WIRE_RC;
    case HINIC_QPT_UC:
        return WIRE_TYPE(opcode) == WIRE_UC;
    case HINIC_QPT_UD:
    case HINIC_QPT_GSI:
        return WIRE_TYPE(opcode) == WIRE_UD;
    default:
        return false;
    }
}

static bool state_fits(uint32_t state, uint32_t flags)
{
    if (flags & WIRE_F_RESPONSE) {
        return state == HINIC_QPS_RTS || state == HINIC_QPS_SQD;
    }
    return state == HINIC_QPS_RTR || state == HINIC_QPS_RTS || state == HINIC_QPS_SQD ||
           state == HINIC_QPS_SQE;
}

/* A connected QP hears its peer only. */
static bool peer_fits(const struct qp *qp, const struct wire_hdr *w)
{
    if (qp->type != HINIC_QPT_RC && qp->type != HINIC_QPT_UC) {
        return true;
    }
    return memcmp(qp->av.dgid, w->sgid, 16) == 0 && memcmp(qp->av.sgid, w->dgid, 16) == 0;
}

/* True if QP qpn takes the packet. */
static bool accept(struct vdc_hinic *h, uint32_t qpn, const struct wire_hdr *w,
                   uint16_t *pkey_index)
{
    const struct qp *qp = vdc_hinic_qp_peek(h, qpn);

    if (!qp || !type_fits(qp->type, w->opcode) ||
        !state_fits(qp->state, vdc_wire_flags(w->opcode)) || !peer_fits(qp, w)) {
        return false;
    }
    if (!find_pkey(h, qp, w->pkey, pkey_index)) {
        vdc_hinic_count(h, HINIC_CNT_PKEY_VIOLATIONS, 1);
        return false;
    }
    return true;
}

/* ---- delivery ---- */

static void deliver(struct vdc_hinic *h, vtime_t now, uint32_t pkt, uint32_t qpn,
                    uint16_t pkey_index)
{
    struct rpkt *k = vdc_hinic_rpkt(h, pkt);
    struct qp *qp = vdc_hinic_qp(h, qpn);

    k->qpn = qpn;
    k->pkey_index = pkey_index;
    if (vdc_wire_flags(k->w.opcode) & WIRE_F_RESPONSE) {
        vdc_hinic_req_packet(h, now, qp, pkt);
    } else {
        vdc_hinic_rsp_packet(h, now, qp, pkt);
    }
}

/* One more buffer with the same packet, for another member of its group. */
static uint32_t clone(struct vdc_hinic *h, uint32_t pkt)
{
    const uint32_t i = vdc_hinic_rpkt_alloc(h, RPKT_RX);
    const struct rpkt *from;
    struct rpkt *to;

    if (i == RPKT_NONE) {
        return i;
    }
    from = vdc_hinic_rpkt(h, pkt);
    to = vdc_hinic_rpkt(h, i);
    to->w = from->w;
    to->t = from->t;
    to->is_multicast = 1;
    memcpy(vdc_hinic_at(h, vdc_hinic_rpkt_payload(h, i) - WIRE_GRH),
           vdc_hinic_at(h, vdc_hinic_rpkt_payload(h, pkt) - WIRE_GRH), WIRE_GRH + from->w.pay_len);
    return i;
}

/* To each member that takes it and for which there is a buffer, in the order of QPNs. The original
 * stays until the last. */
static bool deliver_to_group(struct vdc_hinic *h, vtime_t now, uint32_t pkt)
{
    uint32_t qpn[RDMA_MC_QPS];
    const uint32_t n = vdc_hinic_mc_members(h, vdc_hinic_rpkt(h, pkt)->w.dgid, qpn, RDMA_MC_QPS);
    bool is_given = false;

    for (uint32_t i = 0; i < n; i++) {
        const struct wire_hdr *w = &vdc_hinic_rpkt(h, pkt)->w;
        uint16_t pkey_index;
        uint32_t copy;

        if (!accept(h, qpn[i], w, &pkey_index)) {
            continue;
        }
        copy = clone(h, pkt);
        if (copy != RPKT_NONE) {
            deliver(h, now, copy, qpn[i], pkey_index);
            is_given = true;
        }
    }
    vdc_hinic_rpkt_free(h, now, pkt);
    return is_given;
}

/* Congestion notification: nobody slows down yet. */
static void take_cnp(struct vdc_hinic *h)
{
    vdc_hinic_count(h, HINIC_CNT_RP_CNP_IGNORED, 1);
}

bool vdc_hinic_rrx_packet(struct vdc_hinic *h, vtime_t now, uint32_t pkt)
{
    struct rpkt *k = vdc_hinic_rpkt(h, pkt);
    const struct wire_hdr *w = &k->w;
    uint8_t *payload = vdc_hinic_at(h, vdc_hinic_rpkt_payload(h, pkt));
    uint16_t pkey_index;

    if (w->opcode == WIRE_CNP) {
        take_cnp(h);
        vdc_hinic_rpkt_free(h, now, pkt);
        return true;
    }
    if (WIRE_TYPE(w->opcode) == WIRE_UD) {
        uint8_t grh[WIRE_GRH];

        vdc_wire_grh(w, payload - w->hdr_len, grh); /* in place of the other headers */
        memcpy(payload - WIRE_GRH, grh, WIRE_GRH);
    }
    if (w->dqpn == WIRE_QPN_MC && is_multicast_gid(w->dgid)) {
        return deliver_to_group(h, now, pkt);
    }
    if (!accept(h, w->dqpn, w, &pkey_index)) {
        vdc_hinic_rpkt_free(h, now, pkt);
        return false;
    }
    deliver(h, now, pkt, w->dqpn, pkey_index);
    return true;
}

static void count_frame(struct vdc_hinic *h, const struct wire_hdr *w, uint32_t len)
{
    const uint32_t prio = w->is_tagged ? (uint32_t)w->tci >> 13 : 0u;

    vdc_hinic_count(h, HINIC_CNT_RX_FRAMES, 1);
    vdc_hinic_count(h, HINIC_CNT_RX_BYTES, len);
    vdc_hinic_count(h, HINIC_CNT_OF_PRIO(prio, HINIC_PRIO_RX_PACKETS), 1);
    vdc_hinic_count(h, HINIC_CNT_OF_PRIO(prio, HINIC_PRIO_RX_BYTES), len);
    if ((w->tclass & ECN_CE) == ECN_CE) {
        vdc_hinic_count(h, HINIC_CNT_NP_ECN_MARKED_ROCE_PACKETS, 1);
    }
}

enum rrx_verdict vdc_hinic_rrx_frame(struct vdc_hinic *h, vtime_t now, vtime_t t_arrival,
                                     const uint8_t *frame, uint32_t len)
{
    struct wire_hdr w;
    enum wire_verdict v;
    uint32_t pkt;
    uint8_t *payload;

    if (!vdc_hinic_has_rnet(h)) {
        return RRX_NOT_OURS;
    }
    v = vdc_wire_parse(frame, len, &w);
    if (v == WIRE_NOT_ROCE || !is_ours(h, &w)) {
        return RRX_NOT_OURS;
    }
    if (v != WIRE_OK) {
        drop(h);
        return RRX_DONE;
    }
    pkt = vdc_hinic_rpkt_alloc(h, RPKT_RX);
    if (pkt == RPKT_NONE) {
        vdc_hinic_rnet(h)->pool.rx_waits = 1;
        return RRX_WAIT;
    }
    if (!vdc_wire_icrc_ok(&w, frame, vdc_hinic_crc_way(h))) {
        vdc_hinic_count(h, HINIC_CNT_RX_ICRC_ENCAPSULATED, 1);
        drop(h);
        vdc_hinic_rpkt_free(h, now, pkt);
        return RRX_DONE;
    }
    vdc_hinic_rpkt(h, pkt)->w = w;
    vdc_hinic_rpkt(h, pkt)->t = t_arrival;
    payload = vdc_hinic_at(h, vdc_hinic_rpkt_payload(h, pkt));
    memcpy(payload - w.hdr_len, frame, w.hdr_len + w.pay_len);
    if (vdc_hinic_rrx_packet(h, now, pkt)) {
        count_frame(h, &w, len);
    } else {
        drop(h);
    }
    return RRX_DONE;
}
