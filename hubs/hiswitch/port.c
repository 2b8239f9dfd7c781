/* SPDX-License-Identifier: MIT */
/* Links: hello and LINK messages, mode agreement, administrative state, flap schedules. */
#include "state.h"

#include <string.h>

#define NEVER VTIME_NEVER

void vdc_hs_port_arm(struct vdc_hs *sw, uint32_t p)
{
    const struct vdc_hs_port *port = &sw->port[p];

    if (port->link_t <= port->egress_t) { /* class 0 comes before class 2 at one instant */
        vdc_evtree_set(&sw->own, p, port->link_t, VDC_HUB_CLASS_LINK << 8 | p);
    } else {
        vdc_evtree_set(&sw->own, p, port->egress_t, VDC_HUB_CLASS_TX << 8 | p);
    }
}

static void flap_scan(const struct vdc_hiswitch_flap *f, uint32_t n, vtime_t now, bool *is_down,
                      vtime_t *next)
{
    for (uint32_t i = 0; i < n; i++) {
        if (now < f[i].down) {
            *next = vtime_min(*next, f[i].down);
        } else if (now < f[i].up) {
            *is_down = true;
            *next = vtime_min(*next, f[i].up);
        }
    }
}

/* Is the link down at `now` by the schedule that both ends may know, and when does that change? */
static bool plan_state(const struct vdc_hs_port *port, vtime_t now, vtime_t *next)
{
    bool is_down = false;

    flap_scan(port->flap, port->n_flap, now, &is_down, next);
    if (port->flap_period > 0) {
        struct vdc_hiswitch_flap f = { .down = port->flap_first };

        if (now >= f.down) {
            f.down += (now - f.down) / port->flap_period * port->flap_period;
        }
        f.up = vtime_add(f.down, port->flap_down_for);
        if (now >= f.up) {
            f.down = vtime_add(f.down, port->flap_period);
            f.up = vtime_add(f.down, port->flap_down_for);
        }
        flap_scan(&f, 1, now, &is_down, next);
    }
    return is_down;
}

void vdc_hs_port_init(struct vdc_hs *sw, struct vdc_hub *hub, const struct vdc_hiswitch_cfg *cfg,
                      uint32_t p)
{
    const struct vdc_hiswitch_port_cfg *c = &cfg->port[p];
    struct vdc_hs_port *port = &sw->port[p];
    const uint32_t taps = VDC_HISWITCH_PORT_CAPTURE_RX | VDC_HISWITCH_PORT_CAPTURE_TX;
    uint8_t weight[VDC_HUB_TCS];

    port->link = c->link;
    port->burst_cfg = c->burst;
    port->base_loss_p32 = c->link.loss_p32;
    port->base_corrupt_p32 = c->link.corrupt_p32;
    port->egress_t = NEVER;
    port->id = c->id;
    port->peer = c->peer;
    port->flags = c->flags & ~taps;
    port->mode = c->mode;
    port->peer_mode = VDC_LINK_AUTO;
    port->reason = c->flags & VDC_HISWITCH_PORT_CONNECTED ? VDC_HISWITCH_DOWN_PEER
                                                          : VDC_HISWITCH_DOWN_UNCONNECTED;
    port->is_payload_base = c->flags & VDC_HISWITCH_PORT_CORRUPT_PAYLOAD;
    port->pvid = c->pvid;
    port->n_flap = c->n_flap;
    memcpy(port->flap, c->flap, sizeof(port->flap));
    port->flap_period = c->flap_period;
    port->flap_down_for = c->flap_down_for;
    port->flap_first = c->flap_first;
    port->qos = c->qos;
    port->is_hello_due = c->flags & VDC_HISWITCH_PORT_CONNECTED ? 1 : 0;
    if (port->is_hello_due) {
        port->link_t = 0;
    } else {
        port->link_t = NEVER;
    }
    sw->tap[p] = (struct vdc_hs_tap){ .is_rx = (c->flags & VDC_HISWITCH_PORT_CAPTURE_RX) != 0,
                                      .is_tx = (c->flags & VDC_HISWITCH_PORT_CAPTURE_TX) != 0,
                                      .snaplen = c->capture_snaplen };
    for (uint32_t tc = 0; tc < VDC_HUB_TCS; tc++) {
        weight[tc] = c->qos.tsa[tc] == VDC_HISWITCH_TSA_ETS ? c->qos.weight[tc] : 0;
        hub->port[p].maxrate_kbps[tc] = c->qos.maxrate_kbps[tc];
    }
    vdc_hub_weights(&hub->port[p], weight, sw->frame_max);
    if (c->queue_limit > 0) {
        hub->port[p].queue_limit = c->queue_limit;
    }
    vdc_hs_port_arm(sw, p);
}

/* Both ends AUTO is Ethernet; this pipeline has no other mode, so whatever asks for IB does not
 * match. */
static bool mode_matches(const struct vdc_hs_port *port)
{
    return port->mode != VDC_LINK_IB && port->peer_mode != VDC_LINK_IB;
}

static enum vdc_hiswitch_reason reason_now(const struct vdc_hs_port *port)
{
    if (!(port->flags & VDC_HISWITCH_PORT_CONNECTED)) {
        return VDC_HISWITCH_DOWN_UNCONNECTED;
    }
    if (!(port->flags & VDC_HISWITCH_PORT_UP)) {
        return VDC_HISWITCH_DOWN_ADMIN;
    }
    if (port->is_flap_down) {
        return VDC_HISWITCH_DOWN_FLAP;
    }
    if (!port->is_peer_up) {
        return VDC_HISWITCH_DOWN_PEER;
    }
    return mode_matches(port) ? VDC_HISWITCH_DOWN_NONE : VDC_HISWITCH_DOWN_MODE;
}

/* Works out is_up and reason again; `is_cut`: the link itself was down until now. */
static void update(const struct vdc_hs_env *e, uint32_t p, bool is_cut)
{
    struct vdc_hs_port *port = &e->sw->port[p];
    const enum vdc_hiswitch_reason reason = reason_now(port);
    const bool is_up = reason == VDC_HISWITCH_DOWN_NONE;

    if (is_cut) {
        port->t_cut = e->now;
    }
    if (is_up == (port->is_up != 0) && (uint32_t)reason == port->reason) {
        return;
    }
    port->reason = reason;
    vdc_hs_fold(e->sw, e->now);
    vdc_hs_fold(e->sw, p | (uint64_t)reason << 8 | (uint64_t)is_up << 16);
    if (is_up != (port->is_up != 0)) {
        port->is_up = is_up;
        port->since = e->now;
        port->egress_t = NEVER;
        if (is_up) {
            e->sw->up_mask |= vdc_hs_bit(p);
            vdc_hs_egress_arm(e, p, vdc_hub_ready(&e->hub->port[p]));
        } else {
            e->sw->up_mask &= ~vdc_hs_bit(p);
            e->hub->port[p].cnt.link_down_events++;
            vdc_hs_fdb_flush(e->sw, p, 0, false); /* who was there is gone */
        }
        vdc_hs_port_arm(e->sw, p);
    }
    vdc_hs_note_event(e, VDC_HISWITCH_EV_LINK, p, is_up, reason);
}

/* Behind what is already on the link, which is a FIFO. */
static void send_aside(const struct vdc_hs_env *e, uint32_t p, uint16_t type, const void *body,
                       uint32_t len)
{
    struct vdc_hs_port *port = &e->sw->port[p];
    struct vdc_link_tx *tx = &e->hub->port[p].tx;
    struct vdc_msg m = { .seq = port->seq++,
                         .port = port->id,
                         .type = type,
                         .len = len,
                         .depart = e->now,
                         .wire_len = len };

    m.t = vtime_max(vtime_add(e->now, vdc_link_min_ps(&port->link)), vtime_add(tx->arrive_last, 1));
    tx->arrive_last = m.t;
    e->io->emit(e->io->ctx, p, &m, body);
}

void vdc_hs_port_tell(const struct vdc_hs_env *e, uint32_t p, const void *text, uint32_t len)
{
    assert(e->sw->port[p].is_up);
    send_aside(e, p, VDC_MSG_CMD, text, len);
}

/* Tells the peer what our end is. */
static void tell(const struct vdc_hs_env *e, uint32_t p, bool is_up)
{
    struct vdc_hs_port *port = &e->sw->port[p];
    const struct vdc_msg_link body = { .is_up = is_up,
                                       .mtu = port->link.mtu,
                                       .rate_bps = port->link.rate_bps,
                                       .latency_ps = port->link.latency_ps,
                                       .mode = port->mode };

    port->is_told_up = is_up;
    send_aside(e, p, VDC_MSG_LINK, &body, (uint32_t)sizeof(body));
}

void vdc_hs_port_timer(const struct vdc_hs_env *e, uint32_t p)
{
    struct vdc_hs_port *port = &e->sw->port[p];
    const bool was_down = port->is_flap_down != 0;
    bool is_plan_down;
    bool is_cmd_down = false;
    bool want_up;

    port->link_t = NEVER;
    is_plan_down = plan_state(port, e->now, &port->link_t);
    flap_scan(port->cmd_flap, port->n_cmd_flap, e->now, &is_cmd_down, &port->link_t);
    port->is_flap_down = is_plan_down || is_cmd_down;
    /* A schedule that the peer knows is not news; flaps made by commands always are. */
    want_up = (port->flags & VDC_HISWITCH_PORT_UP) && !is_cmd_down &&
              !(is_plan_down && (port->flags & VDC_HISWITCH_PORT_FLAP_TELL));
    if ((port->flags & VDC_HISWITCH_PORT_CONNECTED) &&
        (port->is_hello_due || want_up != (port->is_told_up != 0))) {
        tell(e, p, want_up);
    }
    port->is_hello_due = 0;
    update(e, p, was_down && !port->is_flap_down);
    vdc_hs_port_arm(e->sw, p);
}

void vdc_hs_port_admin(const struct vdc_hs_env *e, uint32_t p, bool is_up)
{
    struct vdc_hs_port *port = &e->sw->port[p];

    if (is_up == ((port->flags & VDC_HISWITCH_PORT_UP) != 0)) {
        return;
    }
    port->flags ^= VDC_HISWITCH_PORT_UP;
    if (is_up && !port->is_flap_down) {
        port->t_cut = e->now;
    }
    vdc_hs_port_timer(e, p);
}

void vdc_hs_port_link(const struct vdc_hs_env *e, uint32_t p, const struct vdc_msg *m)
{
    struct vdc_hs_port *port = &e->sw->port[p];
    struct vdc_msg_link body;

    if (m->len < sizeof(body)) { /* a broken peer is not believed */
        return;
    }
    memcpy(&body, vdc_msg_payload(m), sizeof(body));
    port->is_peer_up = body.is_up != 0;
    port->peer_mode = body.mode <= VDC_LINK_AUTO ? body.mode : VDC_LINK_IB;
    port->peer_rate_bps = body.rate_bps;
    port->peer_latency_ps = body.latency_ps;
    port->peer_mtu = body.mtu;
    if (!port->is_peer_up || !mode_matches(port)) {
        /* Nothing may wait for a word of the peer: frames that left because of it would reach the
         * peer sooner than anything it can expect in return for a message of its own. */
        vdc_hub_flush(e->hub, p, VDC_HUB_DROP_LINK_LOST);
    }
    update(e, p, false);
}
