/* SPDX-License-Identifier: MIT */
/* Way in of a frame: checks, VLAN, learning, where it goes, admission and queueing. */
#include "state.h"

#include <string.h>

/* 01:80:c2:00:00:00..0f in memory order: never forwarded. */
#define RESERVED_BASE UINT64_C(0x0000c28001)
#define RESERVED_LLDP (RESERVED_BASE | UINT64_C(0x0e) << 40)
#define BROADCAST     VDC_HS_MAC_MASK
#define ADDR_BYTES    12u
#define TAG_BYTES     4u
#define TYPE_BYTES    2u

struct rx {
    const struct vdc_hs_env *e;
    const struct vdc_msg *m;
    const uint8_t *data;
    uint32_t p;
    uint32_t size; /* as on the link; header-only frames in full */
    uint32_t vid;
    uint32_t prio;
    struct vdc_hs_parsed h;
};

static void drop_at(const struct rx *r, uint32_t port, enum vdc_hub_drop why)
{
    vdc_hub_drop(r->e->hub, port, why, r->size);
    vdc_hs_fold(r->e->sw, port | (uint64_t)why << 8 | UINT64_C(1) << 32);
}

static bool is_reserved(uint64_t dst)
{
    return (dst & UINT64_C(0xf0ffffffffff)) == RESERVED_BASE;
}

/* Everything that does not need the tables of addresses. Returns VDC_HUB_N_DROP to go on. */
static enum vdc_hub_drop check(struct rx *r)
{
    const struct vdc_hs *sw = r->e->sw;
    const struct vdc_hs_port *port = &sw->port[r->p];
    enum vdc_hub_drop why;

    if (r->m->depart < port->t_cut) {
        return VDC_HUB_DROP_LINK_LOST;
    }
    if (!port->is_up) {
        return port->reason == VDC_HISWITCH_DOWN_FLAP ? VDC_HUB_DROP_LINK_LOST
                                                      : VDC_HUB_DROP_PORT_DOWN;
    }
    if (r->m->type != VDC_MSG_ETH) {
        return VDC_HUB_DROP_MODE;
    }
    if (r->m->flags & VDC_MSG_BAD_FCS) {
        return VDC_HUB_DROP_FCS;
    }
    why = vdc_hs_parse(r->data, r->m->len, &r->h);
    if (why != VDC_HUB_N_DROP) {
        return why;
    }
    if (r->size - r->h.l2_len > port->link.mtu || r->m->len > VDC_HS_FRAME_MAX) {
        return VDC_HUB_DROP_GIANT;
    }
    if (is_reserved(r->h.dst)) {
        return VDC_HUB_DROP_RESERVED;
    }
    r->vid = r->h.tci & 0xfff;
    if (r->vid == 0) {
        r->vid = port->pvid;
    }
    if ((port->flags & VDC_HISWITCH_PORT_VLAN_FILTER) &&
        !((sw->vlan[r->vid].tagged | sw->vlan[r->vid].untagged) & vdc_hs_bit(r->p))) {
        return VDC_HUB_DROP_VLAN_IN;
    }
    return VDC_HUB_N_DROP;
}

static void learn(const struct rx *r)
{
    if ((r->e->sw->port[r->p].flags & VDC_HISWITCH_PORT_LEARN) &&
        vdc_hs_fdb_learn(r->e->sw, vdc_hs_key(r->vid, r->h.src), r->p, r->e->now) == VDC_HS_FULL) {
        r->e->hub->port[r->p].cnt.fdb_full++;
    }
}

/* Stores the frame without its tag. */
static uint32_t store(const struct rx *r)
{
    const uint32_t cut = r->h.is_tagged ? TAG_BYTES : 0;
    const uint32_t len = r->m->len - cut;
    const uint32_t cell = vdc_hub_store(r->e->hub, r->p, r->prio, len, r->size);
    struct vdc_frame *f;
    uint8_t *to;

    if (cell == VDC_HUB_NONE) {
        return cell;
    }
    f = vdc_hub_frame(r->e->hub, cell);
    to = vdc_frame_data(f);
    f->user = r->m->user;
    f->flags = r->m->flags & VDC_MSG_HDR_ONLY;
    f->is_tag_in = r->h.is_tagged;
    f->tci = (uint16_t)((r->h.is_tagged ? r->h.tci & 0xf000u : r->prio << 13) | r->vid);
    if (cut == 0) {
        memcpy(to, r->data, len);
    } else {
        memcpy(to, r->data, ADDR_BYTES);
        memcpy(to + ADDR_BYTES, r->data + ADDR_BYTES + cut, len - ADDR_BYTES);
    }
    return cell;
}

/* Queues one copy at port `out` unless its link cannot take it. */
static void queue_at(const struct rx *r, uint32_t out, uint32_t cell)
{
    const struct vdc_hs_env *e = r->e;
    const struct vdc_hs_port *port = &e->sw->port[out];
    const uint32_t tc = port->qos.prio_tc[r->prio];

    if (r->size - r->h.l2_len > port->link.mtu) {
        drop_at(r, out, VDC_HUB_DROP_GIANT);
        return;
    }
    vdc_hub_enqueue(e->hub, out, tc, cell, vtime_add(e->now, e->sw->fwd_latency_ps));
    if (e->hub->port[out].backlog >> tc & 1) {
        vdc_hs_egress_arm(e, out, e->hub->port[out].q[tc].head_ok);
    }
}

static void send_to(const struct rx *r, uint64_t ports)
{
    const uint32_t cell = store(r);
    uint32_t n = 0;

    assert(ports != 0);
    if (cell == VDC_HUB_NONE) {
        drop_at(r, r->p, VDC_HUB_DROP_BUF);
        return;
    }
    for (uint32_t out = 0; out < r->e->sw->n_ports; out++) {
        if (ports >> out & 1) {
            queue_at(r, out, cell);
            n++;
        }
    }
    vdc_hub_settle(r->e->hub, cell, n);
}

static void forward_known(const struct rx *r, uint32_t out)
{
    const struct vdc_hs *sw = r->e->sw;
    const uint64_t bit = vdc_hs_bit(out);
    uint32_t cell;

    if (out == r->p) {
        drop_at(r, out, VDC_HUB_DROP_SAME_PORT);
    } else if (!((sw->vlan[r->vid].tagged | sw->vlan[r->vid].untagged) & bit)) {
        drop_at(r, out, VDC_HUB_DROP_VLAN_OUT);
    } else if (!(sw->up_mask & bit)) {
        drop_at(r, out, VDC_HUB_DROP_PORT_DOWN);
    } else {
        cell = store(r);
        if (cell == VDC_HUB_NONE) {
            drop_at(r, r->p, VDC_HUB_DROP_BUF);
            return;
        }
        vdc_hs_fold(r->e->sw, out);
        queue_at(r, out, cell);
        vdc_hub_settle(r->e->hub, cell, 1);
    }
}

static void forward_many(const struct rx *r, uint64_t ports)
{
    const struct vdc_hs_vlan *v = &r->e->sw->vlan[r->vid];

    ports &= (v->tagged | v->untagged) & r->e->sw->up_mask & ~vdc_hs_bit(r->p);
    vdc_hs_fold(r->e->sw, ports);
    if (ports == 0) {
        drop_at(r, r->p, VDC_HUB_DROP_NO_ROUTE);
        return;
    }
    r->e->hub->port[r->p].cnt.flood++;
    send_to(r, ports);
}

static void forward(const struct rx *r)
{
    const struct vdc_hs *sw = r->e->sw;
    const uint64_t key = vdc_hs_key(r->vid, r->h.dst);
    uint64_t ports = UINT64_MAX;

    if (!(r->h.dst & 1)) {
        const uint32_t out = vdc_hs_fdb_find(sw, key, r->e->now);

        if (out != VDC_HS_NO_PORT) {
            forward_known(r, out);
            return;
        }
    } else if (r->h.dst != BROADCAST) {
        (void)vdc_hs_mdb_find(sw, key, &ports); /* an unknown group floods */
    }
    forward_many(r, ports);
}

static void tap(const struct rx *r, enum vdc_hiswitch_dir dir)
{
    vdc_hs_note_frame(r->e, r->p, vdc_hiswitch_capture_user(dir, r->p, 0, r->e->hub->shared_used),
                      r->data, r->m->len, r->size);
}

void vdc_hs_ingress(const struct vdc_hs_env *e, uint32_t p, const struct vdc_msg *m)
{
    struct rx r = { .e = e, .m = m, .data = vdc_msg_payload(m), .p = p, .size = m->len };
    enum vdc_hub_drop why;
    struct vdc_hub_cnt *cnt = &e->hub->port[p].cnt;

    if ((m->flags & VDC_MSG_HDR_ONLY) && m->wire_len > m->len) {
        r.size = m->wire_len;
    }
    vdc_hub_arrive(e->hub, p, r.size);
    vdc_hs_fold(e->sw, m->t);
    vdc_hs_fold(e->sw, p | (uint64_t)r.size << 8);
    if (e->sw->tap[p].is_rx) {
        tap(&r, VDC_HISWITCH_DIR_RX);
    }
    why = check(&r);
    if (why != VDC_HUB_N_DROP) {
        if (why == VDC_HUB_DROP_RESERVED && r.h.dst == RESERVED_LLDP) {
            tap(&r, VDC_HISWITCH_DIR_LLDP); /* a copy for the control plane */
        }
        drop_at(&r, p, why);
        return;
    }
    r.prio = vdc_hs_classify(&e->sw->port[p].qos, &r.h);
    cnt->rx_prio_frames[r.prio]++;
    cnt->rx_prio_bytes[r.prio] += r.size;
    learn(&r);
    forward(&r);
}
