/* SPDX-License-Identifier: MIT */
/* Transmit scheduler of RDMA: queue pairs take turns to build packets, which leave in the order of
 * their turns; control packets pass them; loopback. */
#include "rnet.h"

#include <string.h>

#define OUT_MAX 128u /* packets in turn order */

static struct sched *sched(struct vdc_hinic *h)
{
    return &vdc_hinic_rnet(h)->sched;
}

static struct sched_src *src_at(struct vdc_hinic *h, uint32_t s)
{
    assert(s > 0 && s <= 2 * h->cfg.n_qp);
    return (struct sched_src *)vdc_hinic_at(h, h->lay.src) + s;
}

static uint32_t src_number(const struct vdc_hinic *h, uint32_t qpn, bool is_responder)
{
    const struct qp *qp = vdc_hinic_qp_peek(h, qpn);

    assert(qp);
    return 1 + 2 * (uint32_t)qp->slot + (is_responder ? 1 : 0);
}

/* ---- round robin ---- */

static void link_src(struct vdc_hinic *h, uint32_t s)
{
    struct sched *d = sched(h);
    struct sched_src *p = src_at(h, s);

    assert(!p->is_armed);
    p->is_armed = 1;
    p->next = 0;
    p->prev = d->src_tail;
    if (d->src_tail) {
        src_at(h, d->src_tail)->next = s;
    } else {
        d->src_head = s;
    }
    d->src_tail = s;
}

static void unlink_src(struct vdc_hinic *h, uint32_t s)
{
    struct sched *d = sched(h);
    struct sched_src *p = src_at(h, s);

    assert(p->is_armed);
    if (p->prev) {
        src_at(h, p->prev)->next = p->next;
    } else {
        d->src_head = p->next;
    }
    if (p->next) {
        src_at(h, p->next)->prev = p->prev;
    } else {
        d->src_tail = p->prev;
    }
    p->is_armed = p->next = p->prev = 0;
}

void vdc_hinic_sched_arm(struct vdc_hinic *h, vtime_t now, uint32_t qpn, bool is_responder)
{
    const uint32_t s = src_number(h, qpn, is_responder);

    src_at(h, s)->qpn = qpn;
    if (!src_at(h, s)->is_armed) {
        link_src(h, s);
        vdc_hinic_sched_kick(h, now);
    }
}

/* ---- packets in turn order ---- */

static uint32_t wire_bytes(const struct vdc_hinic *h, const struct rpkt *k)
{
    return vdc_wire_frame_len(&k->w) + h->dev.port.link.wire_overhead;
}

/* Bytes that keep the link busy while payload is fetched: two round trips over the bus, since a
 * page list may have to be read first, and what is on the link meanwhile. */
uint32_t vdc_hinic_sched_bytes_max(const struct vdc_hinic *h)
{
    const struct vdc_hinic_timing *t = &h->cfg.timing;
    const uint64_t ns = (2 * (t->t_pcie_up + t->t_pcie_dn) + t->t_tx) / VTIME_PS_PER_NS;
    const uint64_t mbps = h->dev.port.link.rate_bps / 1000000;

    return (uint32_t)(ns * mbps / 8000) + 2 * RPKT_STRIDE;
}

static void append(struct vdc_hinic *h, uint32_t *head, uint32_t *tail, uint32_t i)
{
    vdc_hinic_rpkt(h, i)->next = RPKT_NONE;
    if (*head == RPKT_NONE) {
        *head = i;
    } else {
        vdc_hinic_rpkt(h, *tail)->next = i;
    }
    *tail = i;
}

static uint32_t take_first(struct vdc_hinic *h, uint32_t *head)
{
    const uint32_t i = *head;

    assert(i != RPKT_NONE);
    *head = vdc_hinic_rpkt(h, i)->next;
    return i;
}

static uint32_t source_of(const struct vdc_hinic *h, const struct rpkt *k)
{
    return src_number(h, k->qpn, k->is_responder);
}

/* Takes the first packet out of the turn order; the buffer is the caller's. */
static uint32_t take_out(struct vdc_hinic *h)
{
    struct sched *d = sched(h);
    const uint32_t i = take_first(h, &d->out_head);
    const struct rpkt *k = vdc_hinic_rpkt(h, i);

    assert(d->n_out > 0);
    d->n_out--;
    d->out_bytes -= wire_bytes(h, k);
    if (!k->is_dead) {
        src_at(h, source_of(h, k))->n_out--;
    }
    return i;
}

/* No data packet that was hidden behind another one leaves without the time of a fresh one: the
 * promise counts on it. */
static void hold_back(struct vdc_hinic *h, vtime_t now)
{
    sched(h)->gate = vtime_max(sched(h)->gate, vtime_add(now, h->cfg.timing.t_tx));
}

/* Drops the dead at the head of the turn order whose fetch has ended. */
static void skip_dead(struct vdc_hinic *h, vtime_t now)
{
    struct sched *d = sched(h);

    while (d->out_head != RPKT_NONE) {
        const struct rpkt *k = vdc_hinic_rpkt(h, d->out_head);

        if (!k->is_dead || k->state != RPKT_READY) {
            break;
        }
        vdc_hinic_rpkt_free(h, now, take_out(h));
        hold_back(h, now);
    }
}

static void settle(struct vdc_hinic *h, vtime_t now)
{
    skip_dead(h, now);
    vdc_hinic_sched_kick(h, now);
    vdc_hinic_tx_start(h, now);
}

void vdc_hinic_sched_ready(struct vdc_hinic *h, vtime_t now, uint32_t pkt)
{
    struct rpkt *k = vdc_hinic_rpkt(h, pkt);

    assert(k->state == RPKT_FETCH);
    k->state = RPKT_READY;
    k->t = vtime_add(now, h->cfg.timing.t_tx);
    settle(h, now);
}

void vdc_hinic_sched_abort(struct vdc_hinic *h, vtime_t now, uint32_t pkt)
{
    struct rpkt *k = vdc_hinic_rpkt(h, pkt);

    assert(k->state == RPKT_FETCH);
    if (!k->is_dead) {
        src_at(h, source_of(h, k))->n_out--;
        k->is_dead = 1;
    }
    k->state = RPKT_READY;
    k->t = now;
    settle(h, now);
}

void vdc_hinic_sched_drop(struct vdc_hinic *h, vtime_t now, uint32_t qpn, bool is_responder)
{
    struct sched *d = sched(h);
    struct sched_src *p = src_at(h, src_number(h, qpn, is_responder));

    for (uint32_t i = d->out_head; i != RPKT_NONE && p->n_out > 0;) {
        struct rpkt *k = vdc_hinic_rpkt(h, i);

        if (!k->is_dead && k->qpn == qpn && (k->is_responder != 0) == is_responder) {
            k->is_dead = 1;
            p->n_out--;
        }
        i = k->next;
    }
    assert(p->n_out == 0);
    settle(h, now);
}

void vdc_hinic_sched_close(struct vdc_hinic *h, vtime_t now, uint32_t qpn)
{
    for (uint32_t r = 0; r < 2; r++) {
        const uint32_t s = src_number(h, qpn, r != 0);

        if (src_at(h, s)->is_armed) {
            unlink_src(h, s);
        }
        vdc_hinic_sched_drop(h, now, qpn, r != 0);
        memset(src_at(h, s), 0, sizeof(struct sched_src));
    }
}

/* ---- turns ---- */

static bool may_turn(const struct vdc_hinic *h)
{
    const struct rnet *n = vdc_hinic_rnet_peek(h);
    const struct sched *d = &n->sched;

    return d->src_head != 0 && d->n_out < OUT_MAX && d->out_bytes < n->out_bytes_max &&
           vdc_hinic_rpkt_has_room(h, RPKT_TX_DATA);
}

void vdc_hinic_sched_kick(struct vdc_hinic *h, vtime_t now)
{
    if (!vdc_hinic_ev_is_armed(h, EV_SCHED, 0) && may_turn(h)) {
        vdc_hinic_ev_arm(h, EV_SCHED, 0, vtime_max(now, sched(h)->free_at));
    }
}

/* One source builds; true if there is a packet now. */
static bool turn(struct vdc_hinic *h, vtime_t now)
{
    struct sched *d = sched(h);
    const uint32_t s = d->src_head;
    const uint32_t qpn = src_at(h, s)->qpn;
    const bool is_responder = (s & 1) == 0;
    const uint32_t i = vdc_hinic_rpkt_alloc(h, RPKT_TX_DATA);
    struct rpkt *k = vdc_hinic_rpkt(h, i);
    enum sched_built b;

    assert(i != RPKT_NONE); /* may_turn() */
    k->qpn = qpn;
    k->is_responder = is_responder;
    unlink_src(h, s); /* a source that arms itself while it builds stays so */
    b = is_responder ? vdc_hinic_rsp_build(h, now, qpn, i) : vdc_hinic_req_build(h, now, qpn, i);
    if (b == SCHED_IDLE) {
        vdc_hinic_rpkt_free(h, now, i);
        return false;
    }
    if (!src_at(h, s)->is_armed) {
        link_src(h, s);
    }
    src_at(h, s)->n_out++;
    k->state = b == SCHED_BUILT ? RPKT_READY : RPKT_FETCH;
    k->t = vtime_add(now, h->cfg.timing.t_tx);
    d->n_out++;
    d->out_bytes += wire_bytes(h, k);
    append(h, &d->out_head, &d->out_tail, i);
    return true;
}

void vdc_hinic_sched_run(struct vdc_hinic *h, vtime_t now)
{
    while (may_turn(h)) {
        if (turn(h, now)) {
            sched(h)->free_at = vtime_add(now, h->cfg.timing.t_pkt);
            break;
        }
    }
    settle(h, now);
}

void vdc_hinic_sched_control(struct vdc_hinic *h, vtime_t now, uint32_t pkt)
{
    struct sched *d = sched(h);
    struct rpkt *k = vdc_hinic_rpkt(h, pkt);

    assert(k->state == RPKT_HELD && k->cls == RPKT_TX_CTL);
    k->state = RPKT_READY;
    k->t = vtime_add(now, h->cfg.timing.t_ack + h->cfg.timing.t_tx);
    append(h, &d->ctl_head, &d->ctl_tail, pkt);
    vdc_hinic_tx_start(h, now);
}

/* ---- onto the link, or back ---- */

static vtime_t ctl_time(const struct vdc_hinic *h)
{
    const struct rnet *n = vdc_hinic_rnet_peek(h);
    const uint32_t i = n->sched.ctl_head;

    return i == RPKT_NONE ? VTIME_NEVER : vdc_hinic_rpkt_peek(h, i)->t;
}

static vtime_t data_time(const struct vdc_hinic *h)
{
    const struct rnet *n = vdc_hinic_rnet_peek(h);
    const uint32_t i = n->sched.out_head;

    if (i == RPKT_NONE || n->pool.loop_waits || vdc_hinic_rpkt_peek(h, i)->state != RPKT_READY) {
        return VTIME_NEVER;
    }
    return vtime_max(vdc_hinic_rpkt_peek(h, i)->t, n->sched.gate);
}

vtime_t vdc_hinic_sched_time(const struct vdc_hinic *h)
{
    return vdc_hinic_has_rnet(h) ? vtime_min(ctl_time(h), data_time(h)) : VTIME_NEVER;
}

void vdc_hinic_sched_resume(struct vdc_hinic *h, vtime_t now)
{
    hold_back(h, now);
    vdc_hinic_tx_start(h, now);
}

static bool is_multicast(const struct wire_hdr *w)
{
    return w->dqpn == WIRE_QPN_MC && WIRE_TYPE(w->opcode) == WIRE_UD;
}

/* To an address of this port: such a packet does not reach the link. */
static bool is_own(const struct vdc_hinic *h, const struct wire_hdr *w)
{
    return memcmp(w->dmac, w->smac, sizeof(w->dmac)) == 0 &&
           vdc_hinic_gid_find(h, 1, w->dgid, vdc_hinic_rrx_vlan(w)) >= 0;
}

static void enter_loop(struct vdc_hinic *h, vtime_t now, uint32_t i)
{
    struct sched *d = sched(h);
    struct rpkt *k = vdc_hinic_rpkt(h, i);

    k->state = RPKT_LOOP;
    k->t = now;
    append(h, &d->loop_head, &d->loop_tail, i);
    if (!vdc_hinic_ev_is_armed(h, EV_LOOP, 0)) {
        vdc_hinic_ev_arm(h, EV_LOOP, 0, vtime_add(now, h->cfg.timing.t_rx));
    }
}

void vdc_hinic_loop_run(struct vdc_hinic *h, vtime_t now)
{
    struct sched *d = sched(h);
    const uint32_t i = take_first(h, &d->loop_head);

    if (d->loop_head != RPKT_NONE) {
        const vtime_t t = vtime_add(vdc_hinic_rpkt(h, d->loop_head)->t, h->cfg.timing.t_rx);

        vdc_hinic_ev_arm(h, EV_LOOP, 0, vtime_max(t, vtime_add(now, h->cfg.timing.t_pkt)));
    }
    vdc_hinic_rpkt(h, i)->state = RPKT_HELD;
    if (!vdc_hinic_rrx_packet(h, now, i)) {
        vdc_hinic_count(h, HINIC_CNT_TX_DISCARDS, 1);
    }
}

/* A group may have members here too: they get a copy, if there is room for it. */
static void copy_to_loop(struct vdc_hinic *h, vtime_t now, uint32_t i)
{
    const struct wire_hdr *w = &vdc_hinic_rpkt(h, i)->w;
    const uint32_t hdr = vdc_wire_hdr_len(w);
    uint32_t qpn, copy;

    if (vdc_hinic_mc_members(h, w->dgid, &qpn, 1) == 0) {
        return;
    }
    copy = vdc_hinic_rpkt_alloc(h, RPKT_RX);
    if (copy == RPKT_NONE) {
        vdc_hinic_count(h, HINIC_CNT_TX_DISCARDS, 1);
        return;
    }
    vdc_hinic_rpkt(h, copy)->w = *w;
    vdc_hinic_rpkt(h, copy)->w.hdr_len = hdr;
    memcpy(vdc_hinic_at(h, vdc_hinic_rpkt_payload(h, copy) - hdr),
           vdc_hinic_at(h, vdc_hinic_rpkt_payload(h, i) - hdr), hdr + w->pay_len);
    enter_loop(h, now, copy);
}

/* Sends a packet that is nobody's any more; the buffer is freed, or becomes a received one. */
static void emit(struct vdc_hinic *h, vtime_t now, uint32_t i, const struct vdc_hinic_env *env)
{
    struct rpkt *k = vdc_hinic_rpkt(h, i);
    const uint32_t hdr = vdc_wire_hdr_len(&k->w);
    uint8_t *frame = vdc_hinic_at(h, vdc_hinic_rpkt_payload(h, i) - hdr);
    uint32_t len = vdc_wire_build(&k->w, frame, WIRE_HDR_MAX);

    assert(len == hdr);
    if (is_own(h, &k->w)) {
        h->dev.tx.free_at = vtime_add(now, h->cfg.timing.t_pkt);
        if (!vdc_hinic_rpkt_has_room(h, RPKT_RX)) {
            vdc_hinic_count(h, HINIC_CNT_TX_DISCARDS, 1);
            vdc_hinic_rpkt_free(h, now, i);
            return;
        }
        k->w.hdr_len = hdr;
        vdc_hinic_rpkt_recycle(h, i, RPKT_RX);
        enter_loop(h, now, i);
        return;
    }
    if (is_multicast(&k->w)) {
        copy_to_loop(h, now, i);
    }
    vdc_wire_finish(&k->w, frame, vdc_hinic_crc_way(h));
    len = vdc_wire_frame_len(&k->w);
    if (len < VDC_LINK_ETH_MIN_FRAME) {
        memset(frame + len, 0, VDC_LINK_ETH_MIN_FRAME - len);
        len = VDC_LINK_ETH_MIN_FRAME;
    }
    vdc_hinic_port_send(h, now, frame, len, env);
    vdc_hinic_rpkt_free(h, now, i);
}

/* Sends the first packet in turn order; false if it must wait for a buffer. */
static bool send_data(struct vdc_hinic *h, vtime_t now, const struct vdc_hinic_env *env)
{
    const uint32_t i = sched(h)->out_head;
    const struct rpkt *k = vdc_hinic_rpkt(h, i);

    if (is_own(h, &k->w) && !vdc_hinic_rpkt_has_loop_room(h)) {
        vdc_hinic_rnet(h)->pool.loop_waits = 1;
        return false;
    }
    (void)take_out(h);
    if (k->is_responder) {
        vdc_hinic_rsp_sent(h, now, k->qpn, i);
    } else {
        vdc_hinic_req_sent(h, now, k->qpn, i);
    }
    emit(h, now, i, env);
    settle(h, now);
    return true;
}

bool vdc_hinic_sched_transmit(struct vdc_hinic *h, vtime_t now, bool has_eth,
                              const struct vdc_hinic_env *env)
{
    struct sched *d;

    if (!vdc_hinic_has_rnet(h)) {
        return false;
    }
    d = sched(h);
    if (ctl_time(h) <= now) {
        emit(h, now, take_first(h, &d->ctl_head), env);
        return true;
    }
    if (data_time(h) <= now && !(has_eth && d->is_eth_next) && send_data(h, now, env)) {
        d->is_eth_next = 1;
        return true;
    }
    d->is_eth_next = 0;
    return false;
}
