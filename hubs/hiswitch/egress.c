/* SPDX-License-Identifier: MIT */
/* Way out of a frame: the scheduler's decision, the tag, the link and what it does to the frame. */
#include "state.h"

#include <string.h>

#include "vdc/rng.h"

#define ADDR_BYTES 12u
#define TAG_BYTES  4u
#define ETH_BYTES  14u

void vdc_hs_egress_arm(const struct vdc_hs_env *e, uint32_t p, vtime_t head_ok)
{
    struct vdc_hs_port *port = &e->sw->port[p];
    vtime_t t;

    if (!port->is_up || head_ok == VTIME_NEVER) {
        return;
    }
    t = vtime_max(vtime_max(head_ok, e->hub->port[p].tx.busy_until), e->now);
    if (t < port->egress_t) {
        port->egress_t = t;
        vdc_hs_port_arm(e->sw, p);
    }
}

/* Puts the tag in front of the type: the addresses move into the gap. Undone by untag(). */
static uint8_t *tag(struct vdc_frame *f)
{
    uint8_t *d = vdc_frame_data(f) - TAG_BYTES;

    memmove(d, d + TAG_BYTES, ADDR_BYTES);
    d[12] = 0x81;
    d[13] = 0x00;
    d[14] = (uint8_t)(f->tci >> 8);
    d[15] = (uint8_t)f->tci;
    return d;
}

static void untag(struct vdc_frame *f)
{
    uint8_t *d = vdc_frame_data(f);

    memmove(d, d - TAG_BYTES, ADDR_BYTES);
}

/* The bit that corruption turns: one of the payload, drawn from the link's stream beside the
 * decision itself. */
static uint64_t bad_bit(const struct vdc_link_cfg *link, uint64_t n, uint32_t len)
{
    const uint64_t bits = ((uint64_t)len - ETH_BYTES) * 8;

    return ETH_BYTES * 8 + vdc_rand_below(vdc_key(link->key, VDC_RNG_LINK_CORRUPT, 0, 1), n, bits);
}

struct tx {
    uint32_t p;
    struct vdc_frame *f;
    uint8_t *data;
    uint32_t len;  /* bytes present */
    uint32_t size; /* bytes on the link */
    uint64_t n;    /* number of the frame on the link */
};

static void emit(const struct vdc_hs_env *e, const struct tx *x, const struct vdc_link_sent *s)
{
    struct vdc_hs_port *port = &e->sw->port[x->p];
    struct vdc_msg m = { .t = s->arrive,
                         .seq = port->seq++,
                         .port = port->id,
                         .type = VDC_MSG_ETH,
                         .flags = x->f->flags,
                         .len = x->len,
                         .depart = e->now,
                         .wire_len = x->size,
                         .user = x->f->user };
    uint64_t bit = 0;

    if (s->fate == VDC_LINK_CORRUPT) {
        e->hub->port[x->p].cnt.tx_corrupt++;
        vdc_hs_note_event(e, VDC_HISWITCH_EV_FAULT, x->p, 2, x->n);
        if ((port->flags & VDC_HISWITCH_PORT_CORRUPT_PAYLOAD) && x->len > ETH_BYTES) {
            bit = bad_bit(&port->link, x->n, x->len);
            x->data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        } else {
            m.flags |= VDC_MSG_BAD_FCS;
        }
    }
    e->io->emit(e->io->ctx, x->p, &m, x->data);
    if (bit > 0) { /* other copies are whole */
        x->data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

/* One step of the burst chain: true if it loses this frame. */
static bool burst_lost(const struct vdc_hs_env *e, uint32_t p)
{
    struct vdc_hs_port *port = &e->sw->port[p];
    const uint32_t was_bad = port->burst.is_bad;
    bool is_lost;

    if (port->burst_cfg.p_gb_p32 == 0) {
        return false;
    }
    is_lost = vdc_burst_lost(&port->burst, &port->burst_cfg);
    if (port->burst.is_bad != was_bad) {
        vdc_hs_fold(e->sw, e->now);
        vdc_hs_fold(e->sw, p | (uint64_t)port->burst.is_bad << 8);
    }
    return is_lost;
}

static void send(const struct vdc_hs_env *e, uint32_t p, uint32_t cell, uint32_t tc)
{
    struct vdc_hub_port *hp = &e->hub->port[p];
    struct vdc_frame *f = vdc_hub_frame(e->hub, cell);
    const bool is_tagged = (e->sw->vlan[f->tci & 0xfff].tagged & vdc_hs_bit(p)) != 0;
    const uint32_t base = f->size - (f->is_tag_in ? TAG_BYTES : 0);
    struct tx x = {
        .p = p, .f = f, .data = vdc_frame_data(f), .len = f->len, .size = base, .n = hp->tx.n_frame
    };
    struct vdc_link_sent s;

    if (is_tagged) {
        x.data = tag(f);
        x.len += TAG_BYTES;
        x.size += TAG_BYTES;
    }
    s = vdc_link_send(&hp->tx, &e->sw->port[p].link, e->now, x.size);
    assert(s.start == e->now);
    if (burst_lost(e, p)) {
        s.fate = VDC_LINK_LOST;
    }
    if (e->sw->tap[p].is_tx) {
        vdc_hs_note_frame(
            e, p, vdc_hiswitch_capture_user(VDC_HISWITCH_DIR_TX, p, f->prio, hp->q[tc].bytes),
            x.data, x.len, x.size);
    }
    if (s.fate == VDC_LINK_LOST) {
        vdc_hub_drop(e->hub, p, VDC_HUB_DROP_LINK_LOST, f->size);
        vdc_hs_note_event(e, VDC_HISWITCH_EV_FAULT, p, 1, x.n);
    } else {
        emit(e, &x, &s);
        vdc_hub_sent(e->hub, p, cell, x.size);
    }
    if (is_tagged && f->refs > 1) {
        untag(f);
    }
    vdc_hub_put(e->hub, cell);
}

void vdc_hs_egress(const struct vdc_hs_env *e, uint32_t p)
{
    struct vdc_hs_port *port = &e->sw->port[p];
    struct vdc_hub_port *hp = &e->hub->port[p];
    const uint32_t tc = vdc_hub_pick(hp, e->now);

    assert(port->is_up);
    assert(hp->tx.busy_until <= e->now);
    if (tc != VDC_HUB_NONE) {
        send(e, p, vdc_hub_dequeue(e->hub, p, tc, e->now), tc);
    }
    port->egress_t = hp->backlog == 0 ? VTIME_NEVER
                                      : vtime_max(hp->tx.busy_until, vdc_hub_ready(hp));
    vdc_hs_port_arm(e->sw, p);
}
