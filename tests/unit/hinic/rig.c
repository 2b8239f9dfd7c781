/* SPDX-License-Identifier: MIT */
/* Everything that packets, scheduler and receive dispatch call, played by a table. */
#include "rig.h"

#include <stdlib.h>
#include <string.h>

const uint8_t rig_mac[6] = { 2, 0x48, 0x43, 0, 0, 1 };
const uint8_t rig_peer_mac[6] = { 2, 0x48, 0x43, 0, 0, 0x11 };
const uint8_t rig_gid[16] = { [10] = 0xff, [11] = 0xff, [12] = 10, [15] = 1 };
const uint8_t rig_peer_gid[16] = { [10] = 0xff, [11] = 0xff, [12] = 10, [15] = 2 };
const uint8_t rig_group[16] = { [10] = 0xff, [11] = 0xff, [12] = 239, [15] = 9 };

static struct rig *the_rig; /* the functions below have no other way to it */

static void note(const struct rig_entry *e)
{
    assert(the_rig->n_log < RIG_LOG);
    the_rig->log[the_rig->n_log] = *e;
    the_rig->log[the_rig->n_log++].t = the_rig->now;
}

/* ---- events ---- */

void vdc_hinic_ev_arm(struct vdc_hinic *h, enum ev_kind kind, uint32_t i, vtime_t t)
{
    (void)h;
    assert(i == 0 && the_rig->ev[kind] == VTIME_NEVER && t >= the_rig->now);
    the_rig->ev[kind] = t;
}

void vdc_hinic_ev_cancel(struct vdc_hinic *h, enum ev_kind kind, uint32_t i)
{
    (void)h;
    (void)i;
    the_rig->ev[kind] = VTIME_NEVER;
}

/* ---- objects ---- */

const struct qp *vdc_hinic_qp_peek(const struct vdc_hinic *h, uint32_t qpn)
{
    (void)h;
    for (uint32_t i = 0; i < RIG_QPS; i++) {
        if (the_rig->qp[i].qpn == qpn) {
            return &the_rig->qp[i];
        }
    }
    return NULL;
}

struct qp *vdc_hinic_qp(struct vdc_hinic *h, uint32_t qpn)
{
    const struct qp *q = vdc_hinic_qp_peek(h, qpn);

    return q ? &the_rig->qp[q->slot] : NULL;
}

static const struct gid own_gid = { .is_used = 1,
                                    .type = HINIC_GID_ROCE_V2,
                                    .vlan = RDMA_VLAN_NONE,
                                    .mac = { 2, 0x48, 0x43, 0, 0, 1 },
                                    .gid = { [10] = 0xff, [11] = 0xff, [12] = 10, [15] = 1 } };

int vdc_hinic_gid_find(const struct vdc_hinic *h, uint32_t port, const uint8_t gid[16],
                       uint32_t vlan)
{
    (void)h;
    return port == 1 && vlan == RDMA_VLAN_NONE && memcmp(gid, own_gid.gid, 16) == 0 ? 3 : -1;
}

const struct gid *vdc_hinic_gid(const struct vdc_hinic *h, uint32_t index)
{
    (void)h;
    return index == 3 ? &own_gid : NULL;
}

uint16_t vdc_hinic_pkey(const struct vdc_hinic *h, uint32_t index)
{
    (void)h;
    return index == 0 ? 0xffff : index == 1 ? 0x1234 : index == 2 ? 0x9234 : 0;
}

uint32_t vdc_hinic_mc_members(const struct vdc_hinic *h, const uint8_t mgid[16], uint32_t *qpn,
                              uint32_t max)
{
    (void)h;
    if (memcmp(mgid, rig_group, 16) != 0) {
        return 0;
    }
    for (uint32_t i = 0; i < the_rig->n_mc && i < max; i++) {
        qpn[i] = the_rig->mc[i];
    }
    return the_rig->n_mc;
}

/* ---- sources ---- */

static enum sched_built build(uint32_t qpn, uint32_t pkt, bool is_responder)
{
    const struct qp *q = vdc_hinic_qp_peek(the_rig->h, qpn);
    struct rig_src *s = &the_rig->src[q->slot][is_responder];
    struct rpkt *k = vdc_hinic_rpkt(the_rig->h, pkt);
    uint8_t *payload = vdc_hinic_at(the_rig->h, vdc_hinic_rpkt_payload(the_rig->h, pkt));

    assert(k->qpn == qpn && (k->is_responder != 0) == is_responder && k->cls == RPKT_TX_DATA);
    if (s->n_left == 0) {
        return SCHED_IDLE;
    }
    s->n_left--;
    k->w.opcode = s->is_multicast ? WIRE_UD_SEND_ONLY : WIRE_SEND_ONLY;
    k->w.pkey = 0xffff;
    k->w.psn = s->psn++;
    k->w.dqpn = s->is_multicast ? WIRE_QPN_MC : s->is_loop ? RIG_QPN(1) : 0x77;
    k->w.pay_len = s->pay_len;
    memcpy(k->w.sgid, rig_gid, 16);
    memcpy(k->w.dgid, s->is_multicast ? rig_group : s->is_loop ? rig_gid : rig_peer_gid, 16);
    memcpy(k->w.smac, rig_mac, 6);
    memcpy(k->w.dmac, s->is_loop ? rig_mac : rig_peer_mac, 6);
    for (uint32_t i = 0; i < s->pay_len; i++) {
        payload[i] = (uint8_t)(i * 7);
    }
    if (s->is_fetching) {
        the_rig->fetch[the_rig->n_fetch++] = pkt;
        return SCHED_FETCHING;
    }
    return SCHED_BUILT;
}

enum sched_built vdc_hinic_req_build(struct vdc_hinic *h, vtime_t now, uint32_t qpn, uint32_t pkt)
{
    (void)h;
    assert(now == the_rig->now);
    return build(qpn, pkt, false);
}

enum sched_built vdc_hinic_rsp_build(struct vdc_hinic *h, vtime_t now, uint32_t qpn, uint32_t pkt)
{
    (void)h;
    assert(now == the_rig->now);
    return build(qpn, pkt, true);
}

static void sent(uint32_t qpn, uint32_t pkt, bool is_responder)
{
    const struct rpkt *k = vdc_hinic_rpkt(the_rig->h, pkt);

    note(&(struct rig_entry){
        .what = RIG_SENT, .qpn = qpn, .psn = k->w.psn, .is_responder = is_responder });
}

void vdc_hinic_req_sent(struct vdc_hinic *h, vtime_t now, uint32_t qpn, uint32_t pkt)
{
    (void)h;
    (void)now;
    sent(qpn, pkt, false);
}

void vdc_hinic_rsp_sent(struct vdc_hinic *h, vtime_t now, uint32_t qpn, uint32_t pkt)
{
    (void)h;
    (void)now;
    sent(qpn, pkt, true);
}

static void received(const struct qp *qp, uint32_t pkt, enum rig_what what)
{
    const struct rpkt *k = vdc_hinic_rpkt(the_rig->h, pkt);

    assert(k->qpn == qp->qpn && k->cls == RPKT_RX && k->state == RPKT_HELD);
    note(&(struct rig_entry){ .what = what,
                              .qpn = qp->qpn,
                              .psn = k->w.psn,
                              .opcode = k->w.opcode,
                              .pkt = pkt,
                              .pay_len = k->w.pay_len });
}

void vdc_hinic_req_packet(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt)
{
    (void)h;
    (void)now;
    received(qp, pkt, RIG_REQ);
}

void vdc_hinic_rsp_packet(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt)
{
    (void)h;
    (void)now;
    received(qp, pkt, RIG_RSP);
}

/* ---- link ---- */

void vdc_hinic_port_send(struct vdc_hinic *h, vtime_t now, const uint8_t *bytes, uint32_t len,
                         const struct vdc_hinic_env *env)
{
    struct wire_hdr w;

    (void)env;
    assert(vdc_wire_parse(bytes, len, &w) == WIRE_OK);
    assert(vdc_wire_icrc_ok(&w, bytes, false));
    memcpy(the_rig->frame, bytes, len);
    the_rig->frame_len = len;
    h->dev.tx.free_at = now + the_rig->wire_ps;
    note(&(struct rig_entry){
        .what = RIG_LINK, .qpn = w.dqpn, .psn = w.psn, .opcode = w.opcode, .pay_len = w.pay_len });
}

void vdc_hinic_tx_start(struct vdc_hinic *h, vtime_t now)
{
    (void)h;
    (void)now; /* rig_run() asks for the time itself */
}

void vdc_hinic_rx_kick(struct vdc_hinic *h, vtime_t now)
{
    (void)h;
    (void)now;
    note(&(struct rig_entry){ .what = RIG_RX_KICK });
}

/* ---- loop ---- */

static vtime_t transmit_time(const struct rig *r)
{
    const vtime_t t = r->has_eth ? r->now : vdc_hinic_sched_time(r->h);

    return t == VTIME_NEVER ? t : vtime_max(vtime_max(t, r->h->dev.tx.free_at), r->now);
}

void rig_run(struct rig *r, vtime_t t)
{
    for (;;) {
        vtime_t next = vtime_min(r->ev[EV_SCHED], r->ev[EV_LOOP]);

        next = vtime_min(next, transmit_time(r));
        if (next > t) {
            break;
        }
        r->now = next;
        if (r->ev[EV_LOOP] == next) {
            r->ev[EV_LOOP] = VTIME_NEVER;
            vdc_hinic_loop_run(r->h, next);
        } else if (r->ev[EV_SCHED] == next) {
            r->ev[EV_SCHED] = VTIME_NEVER;
            vdc_hinic_sched_run(r->h, next);
        } else if (!vdc_hinic_sched_transmit(r->h, next, r->has_eth, NULL) && r->has_eth) {
            note(&(struct rig_entry){ .what = RIG_ETH });
            r->h->dev.tx.free_at = next + r->wire_ps;
        }
    }
    r->now = vtime_max(t, r->now);
}

void rig_give(struct rig *r, uint32_t qp, bool is_responder, uint32_t n, uint32_t pay_len)
{
    r->src[qp][is_responder].n_left += n;
    r->src[qp][is_responder].pay_len = pay_len;
    vdc_hinic_sched_arm(r->h, r->now, r->qp[qp].qpn, is_responder);
}

struct wire_hdr rig_hdr(const struct rig *r, uint32_t qp, uint8_t opcode, uint32_t psn)
{
    struct wire_hdr w = { .opcode = opcode,
                          .hop = 64,
                          .ip_frag = WIRE_DF,
                          .pkey = 0xffff,
                          .dqpn = r->qp[qp].qpn,
                          .psn = psn };

    memcpy(w.sgid, rig_peer_gid, 16);
    memcpy(w.dgid, rig_gid, 16);
    memcpy(w.smac, rig_peer_mac, 6);
    memcpy(w.dmac, rig_mac, 6);
    return w;
}

uint32_t rig_build(const struct wire_hdr *w, uint8_t *frame)
{
    const uint32_t hdr = vdc_wire_build(w, frame, 256);

    for (uint32_t i = 0; i < w->pay_len; i++) {
        frame[hdr + i] = (uint8_t)(i * 7);
    }
    vdc_wire_finish(w, frame, false);
    return vdc_wire_frame_len(w);
}

enum rrx_verdict rig_rx(struct rig *r, const struct wire_hdr *w)
{
    uint8_t frame[4400];

    return vdc_hinic_rrx_frame(r->h, r->now, r->now, frame, rig_build(w, frame));
}

uint32_t rig_count(const struct rig *r, enum rig_what what)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < r->n_log; i++) {
        n += r->log[i].what == what;
    }
    return n;
}

const struct rig_entry *rig_nth(const struct rig *r, enum rig_what what, uint32_t n)
{
    static const struct rig_entry none = { .t = VTIME_NEVER, .qpn = UINT32_MAX };

    for (uint32_t i = 0; i < r->n_log; i++) {
        if (r->log[i].what == what && n-- == 0) {
            return &r->log[i];
        }
    }
    return &none;
}

/* n bytes behind the layout so far. */
static uint64_t take(struct layout *l, uint64_t n)
{
    const uint64_t at = l->size;

    l->size = (at + n + 63) & ~UINT64_C(63);
    return at;
}

struct rig *rig_new(void)
{
    struct rig *r = calloc(1, sizeof(*r));
    static const uint8_t type[RIG_QPS] = { HINIC_QPT_RC, HINIC_QPT_RC, HINIC_QPT_UC,
                                           HINIC_QPT_UD, HINIC_QPT_UD, HINIC_QPT_GSI };
    struct vdc_hinic_cfg cfg = { .n_qp = 32 /* as many buffers as there can be */ };
    struct layout l = { .size = (sizeof(struct vdc_hinic) + 63) & ~UINT64_C(63), .n_qp = 32 };

    assert(r && !the_rig);
    the_rig = r;
    cfg.timing = (struct vdc_hinic_timing){ .t_pcie_up = 250 * RIG_NS,
                                            .t_pcie_dn = 250 * RIG_NS,
                                            .t_tx = 100 * RIG_NS,
                                            .t_rx = 150 * RIG_NS,
                                            .t_pkt = 20 * RIG_NS,
                                            .t_ack = 50 * RIG_NS };
    l.n_pkt = vdc_hinic_rpkt_total(&cfg);
    l.rnet = take(&l, sizeof(struct rnet));
    l.src = take(&l, (1 + 2 * l.n_qp) * sizeof(struct sched_src));
    l.pkt = take(&l, l.n_pkt * sizeof(struct rpkt));
    l.pktmem = take(&l, (uint64_t)l.n_pkt * RPKT_STRIDE);
    l.ev_t = take(&l, EV_KINDS * sizeof(vtime_t));
    for (uint32_t i = 0; i <= EV_KINDS; i++) {
        l.ev_base[i] = i;
    }
    r->h = aligned_alloc(64, l.size);
    assert(r->h);
    memset(r->h, 0xa5, l.size); /* nothing is counted on */
    memset(r->h, 0, sizeof(*r->h));
    r->h->cfg = cfg;
    r->h->lay = l;
    r->ev = vdc_hinic_at(r->h, l.ev_t);
    r->h->dev.port.link = (struct vdc_link_cfg){ .rate_bps = UINT64_C(100000000000),
                                                 .wire_overhead = 24 };
    vdc_hinic_rnet_init(r->h);
    r->wire_ps = 30 * RIG_NS;
    for (uint32_t i = 0; i < EV_KINDS; i++) {
        r->ev[i] = VTIME_NEVER;
    }
    for (uint32_t i = 0; i < RIG_QPS; i++) {
        struct qp *q = &r->qp[i];

        q->qpn = type[i] == HINIC_QPT_GSI ? 1 : RIG_QPN(i);
        q->slot = (uint16_t)i;
        q->type = type[i];
        q->state = HINIC_QPS_RTS;
        memcpy(q->av.sgid, rig_gid, 16);
        memcpy(q->av.dgid, rig_peer_gid, 16);
        r->src[i][0].psn = 0x1000 * (i + 1);
        r->src[i][1].psn = 0x1000 * (i + 1) + 0x800;
    }
    return r;
}

void rig_free(struct rig *r)
{
    free(r->h);
    free(r);
    the_rig = NULL;
}
