/* SPDX-License-Identifier: MIT */
/* Wires: a message leaves a model here, meets the faults of its wire and waits in the receiver's
 * input. */
#include <assert.h>
#include <string.h>

#include "simstate.h"
#include "vdc/crc32.h"
#include "vdc/rng.h"

struct vdc_msg *vdc_sim_slot(const struct vdc_sim *s, uint32_t slot)
{
    return (struct vdc_msg *)(void *)(s->slot + slot * s->slot_stride);
}

static void trace(struct vdc_sim *s, struct sim_comp *c, enum vdc_trace_verb verb, uint32_t port,
                  const struct vdc_msg *m, const void *payload, vtime_t vt)
{
    const uint64_t n = c->n_verb[verb]++;

    if (s->n_trace < s->cfg.n_trace) {
        s->trace[s->n_trace] = (struct vdc_trace_rec){ .vt = vt,
                                                       .n = n,
                                                       .t = m->t,
                                                       .seq = m->seq,
                                                       .comp = c->id,
                                                       .port = port,
                                                       .verb = (uint16_t)verb,
                                                       .type = m->type,
                                                       .len = m->len,
                                                       .crc = vdc_crc32(0, payload, m->len) };
    }
    s->n_trace++;
}

/* Order in one input: time, then the sender's order; of two copies the first. */
static bool is_behind(const struct vdc_msg *a, const struct vdc_msg *b)
{
    return a->t != b->t ? a->t > b->t : a->seq > b->seq;
}

uint32_t vdc_sim_enqueue(struct vdc_sim *s, struct sim_comp *to, uint32_t port,
                         const struct vdc_msg *m, const void *payload, vtime_t t)
{
    struct sim_port *q = &s->port[to->port_base + port];
    const uint32_t slot = s->free_slot;
    struct vdc_msg *copy;
    uint32_t after;

    if (slot == SLOT_NONE || m->len > s->cfg.slot_payload) {
        vdc_sim_fail(s, VDC_SIM_ERR_POOL, to->id, t);
        return SLOT_NONE;
    }
    s->free_slot = s->link[slot].next;
    copy = vdc_sim_slot(s, slot);
    *copy = *m;
    copy->t = t;
    if (m->len > 0) {
        memcpy(copy + 1, payload, m->len);
    }
    if (t < to->run.now) {
        if (s->cfg.mode != VDC_SYNC_RELAXED) {
            vdc_sim_fail(s, VDC_SIM_ERR_LATE, to->id, t);
        }
        s->stat.n_late++;
        s->stat.late_ps += to->run.now - t;
        copy->t = to->run.now;
        copy->flags |= VDC_MSG_LATE;
    }
    after = q->tail;
    while (after != SLOT_NONE && is_behind(vdc_sim_slot(s, after), copy)) {
        after = s->link[after].prev;
    }
    s->link[slot].prev = after;
    s->link[slot].next = after == SLOT_NONE ? q->head : s->link[after].next;
    if (after == SLOT_NONE) {
        q->head = slot;
    } else {
        s->link[after].next = slot;
    }
    if (s->link[slot].next == SLOT_NONE) {
        q->tail = slot;
    } else {
        s->link[s->link[slot].next].prev = slot;
    }
    return slot;
}

const struct vdc_msg *vdc_sim_peek(void *ctx, uint32_t port)
{
    const struct sim_comp *c = ctx;
    const struct vdc_sim *s = c->sim;

    assert(port < s->cfg.comp[c->id].n_port);
    if (s->port[c->port_base + port].head == SLOT_NONE) {
        return NULL;
    }
    return vdc_sim_slot(s, s->port[c->port_base + port].head);
}

void vdc_sim_pop(void *ctx, uint32_t port)
{
    struct sim_comp *c = ctx;
    struct vdc_sim *s = c->sim;
    struct sim_port *q = &s->port[c->port_base + port];
    const uint32_t slot = q->head;
    const struct vdc_msg *m;

    assert(port < s->cfg.comp[c->id].n_port);
    assert(slot != SLOT_NONE);
    m = vdc_sim_slot(s, slot);
    trace(s, c, VDC_TRACE_RECV, port, m, m + 1, m->t);
    if (s->watch.take) {
        s->watch.take(s->watch.ctx, c->id, port, m, m + 1);
    }
    if (q->wire != WIRE_NONE) {
        struct vdc_sim_count *n = &s->dir[2 * q->wire + !q->end].count;

        n->taken++;
        n->queued--;
    }
    q->head = s->link[slot].next;
    if (q->head == SLOT_NONE) {
        q->tail = SLOT_NONE;
    } else {
        s->link[q->head].prev = SLOT_NONE;
    }
    s->link[slot].next = s->free_slot;
    s->free_slot = slot;
}

/* What the faults of a wire do to one message. */
struct fate {
    vtime_t t;
    bool is_lost;
    bool is_flipped;
    bool is_copied;
    bool is_reordered;
    uint64_t flip;
};

static bool is_hit(const struct vdc_sim *s, uint32_t fault, uint64_t n, uint64_t p32)
{
    const struct vdc_fault *f = &s->cfg.fault[fault];

    return vdc_rand(vdc_key(s->cfg.seed, VDC_RNG_SIM, fault, f->target), n) >> 32 < p32;
}

static void meet(struct vdc_sim *s, uint32_t fault, const struct vdc_msg *m, uint64_t n,
                 struct fate *o)
{
    const struct vdc_fault *f = &s->cfg.fault[fault];
    /* Another value of the same stream for amounts; n of a wire stays far below 2^63. */
    const uint64_t amount = n | UINT64_C(1) << 63;
    const uint64_t key = vdc_key(s->cfg.seed, VDC_RNG_SIM, fault, f->target);

    switch (f->kind) {
    case VDC_FAULT_LOSS:
        o->is_lost |= is_hit(s, fault, n, f->arg[1]);
        break;
    case VDC_FAULT_BURST: {
        const struct vdc_burst_cfg c = {
            .key = key, .p_gb_p32 = f->arg[1], .p_bg_p32 = f->arg[2], .bad_p32 = f->arg[3]
        };

        o->is_lost |= vdc_burst_lost(&s->burst[fault], &c);
        break;
    }
    case VDC_FAULT_CORRUPT:
        if (m->type != VDC_MSG_LINK && m->len > 0 && is_hit(s, fault, n, f->arg[1])) {
            o->is_flipped = true;
            o->flip = vdc_rand_below(key, amount, (uint64_t)m->len * 8);
        }
        break;
    case VDC_FAULT_JITTER:
        o->t = vtime_add(o->t, vdc_rand_below(key, amount, f->arg[1] + 1));
        break;
    case VDC_FAULT_DUP:
        o->is_copied |= is_hit(s, fault, n, f->arg[1]);
        break;
    case VDC_FAULT_REORDER:
        if (is_hit(s, fault, n, f->arg[1])) {
            o->t = vtime_add(o->t, 1 + vdc_rand_below(key, amount, f->arg[2]));
            o->is_reordered = true;
        }
        break;
    default:
        break;
    }
}

/* Faults in order of their list; each has its own stream, advanced by the number of the message on
 * the wire. */
static struct fate meet_all(struct vdc_sim *s, uint32_t dir, const struct vdc_msg *m, uint64_t n)
{
    struct fate o = { .t = m->t };

    for (uint32_t i = 0; i < s->cfg.n_fault; i++) {
        const struct vdc_fault *f = &s->cfg.fault[i];

        if (f->kind == VDC_FAULT_FLAP) {
            o.is_lost |= f->target / 2 == dir / 2 && m->depart < f->arg[0] && m->t >= f->t;
        } else if (f->target == dir && m->depart >= f->t && m->depart < f->arg[0]) {
            meet(s, i, m, n, &o);
        }
    }
    return o;
}

/* Puts a message that survived into the peer's input; from_port is of the sender, for the trace. */
static void deliver(struct vdc_sim *s, struct sim_comp *from, uint32_t from_port,
                    const struct vdc_msg *m, const void *payload, const struct fate *f)
{
    const struct sim_port *q = &s->port[from->port_base + from_port];
    const struct vdc_sim_wire *w = &s->cfg.wire[q->wire];
    struct sim_comp *to = &s->comp[w->comp[!q->end]];
    vtime_t t = f->t;
    uint32_t slot;

    if (!s->cfg.comp[to->id].is_hub) {
        t = vdc_sync_visible(s->sync, t, m->depart);
    }
    slot = vdc_sim_enqueue(s, to, w->port[!q->end], m, payload, t);
    if (f->is_flipped && slot != SLOT_NONE) {
        struct vdc_msg *copy = vdc_sim_slot(s, slot);
        uint8_t *b = (uint8_t *)(copy + 1);

        b[f->flip / 8] ^= (uint8_t)(1u << f->flip % 8);
        trace(s, from, VDC_TRACE_FLIP, from_port, copy, b, m->depart);
    }
}

void vdc_sim_emit(void *ctx, uint32_t port, const struct vdc_msg *m, const void *payload)
{
    struct sim_comp *c = ctx;
    struct vdc_sim *s = c->sim;
    const struct sim_port *q;
    struct sim_dir *d;
    struct fate f;
    uint64_t n;

    if (s->err != VDC_SIM_OK) {
        return;
    }
    if (port >= s->cfg.comp[c->id].n_port || s->port[c->port_base + port].wire == WIRE_NONE) {
        vdc_sim_fail(s, VDC_SIM_ERR_PORT, c->id, m->depart);
        return;
    }
    if (s->is_checked && !s->cfg.comp[c->id].is_hub && m->depart < c->promise) {
        vdc_sim_fail(s, VDC_SIM_ERR_EARLY, c->id, m->depart);
        return;
    }
    if (!c->has_sent) {
        c->has_sent = 1;
        c->first_send = m->depart;
    }
    trace(s, c, VDC_TRACE_SEND, port, m, payload, m->depart);
    if (s->watch.send) {
        s->watch.send(s->watch.ctx, c->id, port, m, payload);
    }
    q = &s->port[c->port_base + port];
    d = &s->dir[2 * q->wire + q->end];
    n = d->count.sent++;
    f = meet_all(s, 2 * q->wire + q->end, m, n);
    if (f.is_lost) {
        d->count.lost++;
        trace(s, c, VDC_TRACE_LOSE, port, m, payload, m->depart);
        return;
    }
    if (!f.is_reordered) {
        if (s->cfg.n_fault > 0) {
            f.t = vtime_max(f.t, d->last_t); /* delayed ones push their followers */
        }
        d->last_t = f.t;
    }
    d->count.flipped += f.is_flipped;
    d->count.queued++;
    deliver(s, c, port, m, payload, &f);
    if (f.is_copied) {
        f.t = vtime_add(f.t, 1);
        f.is_flipped = false;
        if (!f.is_reordered) {
            d->last_t = f.t;
        }
        d->count.copied++;
        d->count.queued++;
        trace(s, c, VDC_TRACE_COPY, port, m, payload, m->depart);
        deliver(s, c, port, m, payload, &f);
    }
}
