/* SPDX-License-Identifier: MIT */
/* HiSwitch as a model: memory, start, the event loop and the digest. */
#include "state.h"

#include <string.h>

static size_t hub_at(void)
{
    return (sizeof(struct vdc_hs) + 63) & ~(size_t)63;
}

static struct vdc_hub_cfg hub_cfg(const struct vdc_hiswitch_cfg *c)
{
    return (struct vdc_hub_cfg){ .n_ports = c->n_ports, .buffer = c->buffer };
}

static bool is_valid(const struct vdc_hiswitch_cfg *cfg)
{
    char err[128];

    return vdc_hiswitch_cfg_check(cfg, err, sizeof(err)) == 0;
}

static size_t model_size(const void *cfg)
{
    struct vdc_hub_cfg h;

    if (!is_valid(cfg)) {
        return 0;
    }
    h = hub_cfg(cfg);
    return hub_at() + vdc_hub_size(&h);
}

static void init_tables(struct vdc_hs *sw, const struct vdc_hiswitch_cfg *c)
{
    sw->vlan[1].untagged = vdc_hs_all_ports(c->n_ports);
    for (uint32_t i = 0; i < c->n_vlan; i++) {
        sw->vlan[c->vlan[i].vid] = (struct vdc_hs_vlan){ .tagged = c->vlan[i].tagged,
                                                         .untagged = c->vlan[i].untagged };
    }
    for (uint32_t i = 0; i < c->n_mdb; i++) {
        (void)vdc_hs_mdb_set(sw, vdc_hs_key(c->mdb[i].vid, vdc_hs_mac(c->mdb[i].mac)),
                             c->mdb[i].ports);
    }
    for (uint32_t i = 0; i < c->n_static; i++) {
        const bool is_in = vdc_hs_fdb_add_static(
            sw, vdc_hs_key(c->addr[i].vid, vdc_hs_mac(c->addr[i].mac)), c->addr[i].port, 0);

        assert(is_in); /* the check counts the entries of every bucket */
        (void)is_in;
    }
}

static int model_init(void *state, const void *cfg)
{
    const struct vdc_hiswitch_cfg *c = cfg;
    struct vdc_hs *sw = state;
    struct vdc_hub_cfg h;
    struct vdc_hub *hub;

    if (!is_valid(c)) {
        return -1;
    }
    h = hub_cfg(c);
    memset(sw, 0, hub_at());
    hub = (struct vdc_hub *)(void *)((char *)state + hub_at());
    vdc_hub_init(hub, &h);
    memcpy(sw->name, c->name, sizeof(sw->name));
    sw->index = c->index;
    sw->n_ports = c->n_ports;
    sw->seed = c->seed;
    sw->fwd_latency_ps = c->fwd_latency_ps;
    sw->aging_ps = c->aging_ps;
    sw->off_hub = hub_at();
    sw->is_checked = c->is_checked;
    vdc_evtree_init(&sw->own, c->n_ports + VDC_HS_N_LEAF);
    for (uint32_t p = 0; p < c->n_ports; p++) {
        const uint32_t max = c->port[p].link.mtu + VDC_HS_HEADER_MAX;

        sw->frame_max = max > sw->frame_max ? max : sw->frame_max;
    }
    for (uint32_t p = 0; p < c->n_ports; p++) {
        vdc_hs_port_init(sw, hub, c, p);
    }
    init_tables(sw, c);
    sw->sampler[0] = (struct vdc_hs_sampler){ .every_ps = c->sample_ps,
                                              .ports = c->sample_ports,
                                              .next_t = c->sample_ps };
    vdc_hs_sample_arm(sw);
    return 0;
}

static vtime_t model_next(const void *state)
{
    const struct vdc_hs *sw = state;

    return vdc_evtree_min(&sw->own)->t;
}

/* The heads of those inputs that have something due, as a tree of their own: one call of run() sees
 * few of them. */
struct inputs {
    struct vdc_evtree tree;
    uint32_t n;
    uint8_t port[VDC_HISWITCH_PORTS_MAX + 1];
    const struct vdc_msg *head[VDC_HISWITCH_PORTS_MAX + 1];
};

static void input_set(const struct vdc_hs *sw, struct inputs *in, uint32_t leaf, vtime_t to)
{
    const struct vdc_msg *m = in->head[leaf];
    const uint32_t p = in->port[leaf];
    uint32_t cls = VDC_HUB_CLASS_FRAME;
    vtime_t t = VTIME_NEVER;

    if (m) {
        t = m->t;
        if (p == sw->n_ports) {
            cls = VDC_HUB_CLASS_CMD;
            t = vtime_max(t, sw->now); /* people are late, frames never */
        } else if (m->type == VDC_MSG_LINK) {
            cls = VDC_HUB_CLASS_LINK;
        }
        assert(t >= sw->now);
        if (t >= to) {
            t = VTIME_NEVER;
        }
    }
    vdc_evtree_set(&in->tree, leaf, t, cls << 8 | p);
}

static void inputs_gather(const struct vdc_hs *sw, struct inputs *in, vtime_t to,
                          const struct vdc_model_io *io)
{
    in->n = 0;
    for (uint32_t p = 0; p <= sw->n_ports; p++) {
        const struct vdc_msg *m = io->peek(io->ctx, p);

        if (m && m->t < to) {
            in->port[in->n] = (uint8_t)p;
            in->head[in->n] = m;
            in->n++;
        }
    }
    vdc_evtree_init(&in->tree, in->n > 0 ? in->n : 1);
    for (uint32_t i = 0; i < in->n; i++) {
        input_set(sw, in, i, to);
    }
}

static void input_step(struct vdc_hs_env *e, struct inputs *in, const struct vdc_evkey *k,
                       vtime_t to)
{
    const uint32_t leaf = k->leaf;
    const uint32_t p = in->port[leaf];
    const struct vdc_msg *m = in->head[leaf];

    e->now = k->t;
    if (p == e->sw->n_ports) {
        vdc_hs_command(e, m);
    } else if (m->type == VDC_MSG_LINK) {
        vdc_hs_port_link(e, p, m);
    } else {
        vdc_hs_ingress(e, p, m);
    }
    e->io->pop(e->io->ctx, p);
    in->head[leaf] = e->io->peek(e->io->ctx, p);
    input_set(e->sw, in, leaf, to);
}

static void own_step(struct vdc_hs_env *e, const struct vdc_evkey *k)
{
    const uint32_t leaf = k->leaf;
    const uint32_t cls = k->sub >> 8;

    e->now = k->t;
    if (leaf == e->sw->n_ports + VDC_HS_LEAF_PENDING) {
        vdc_hs_pending_due(e);
    } else if (leaf == e->sw->n_ports + VDC_HS_LEAF_SAMPLE) {
        vdc_hs_sample(e);
    } else if (cls == VDC_HUB_CLASS_LINK) {
        vdc_hs_port_timer(e, leaf);
    } else {
        assert(cls == VDC_HUB_CLASS_TX);
        vdc_hs_egress(e, leaf);
    }
}

static void check(const struct vdc_hs *sw, struct vdc_hub *hub)
{
    const struct vdc_hub_books *b = &hub->books;

    assert(b->in_frames + b->copy_frames == b->out_frames + b->drop_frames + b->queued_frames);
    assert(b->in_bytes + b->copy_bytes == b->out_bytes + b->drop_bytes + b->queued_bytes);
    if (sw->is_checked) {
        vdc_hub_check(hub);
    }
}

static struct vdc_hub *hub_of(struct vdc_hs *sw)
{
    return (struct vdc_hub *)(void *)((char *)sw + sw->off_hub);
}

static void model_run(void *state, vtime_t to, const struct vdc_model_io *io)
{
    struct vdc_hs *sw = state;
    struct vdc_hs_env e = { .sw = sw, .hub = hub_of(sw), .io = io };
    struct inputs in;

    assert(to >= sw->now);
    inputs_gather(sw, &in, to, io);
    for (;;) {
        const struct vdc_evkey *a = vdc_evtree_min(&sw->own);
        const struct vdc_evkey *b = vdc_evtree_min(&in.tree);

        /* Our own event goes first among equals: a flap that the message's sender acted on as well.
         */
        if (b->t < a->t || (b->t == a->t && b->sub < a->sub)) {
            if (b->t >= to) {
                break;
            }
            input_step(&e, &in, b, to);
        } else {
            if (a->t >= to) {
                break;
            }
            own_step(&e, a);
        }
    }
    sw->now = to;
    check(sw, e.hub);
}

struct vdc_digest vdc_hs_digest(const void *state)
{
    const struct vdc_hs *sw = state;
    const struct vdc_hub *hub = (const struct vdc_hub *)(const void *)((const char *)state +
                                                                       sw->off_hub);
    const struct {
        uint64_t history, up_mask, shared_used;
        struct vdc_hub_books books;
    } head = { sw->history, sw->up_mask, hub->shared_used, hub->books };
    struct vdc_digest d = vdc_digest_bytes(hub->port, sw->n_ports * sizeof(hub->port[0]));

    /* Tables and the contents of queues are in `history`: it folds every decision that made them.
     */
    vdc_digest_fold(&d, &head, sizeof(head));
    return d;
}

const struct vdc_model_ops vdc_hiswitch_ops = {
    .name = "hiswitch",
    .size = model_size,
    .init = model_init,
    .next = model_next,
    .run = model_run,
    .digest = vdc_hs_digest,
};
