/* SPDX-License-Identifier: MIT */
/* From a resolved experiment to the configuration of the shared segment and of the switches in it.
 */
#include "segcfg.h"

#include <stdlib.h>
#include <string.h>

#include "vdc/link.h"
#include "vdc/rng.h"

const struct vdc_model_ops *const segcfg_ops[] = { &vdc_hiswitch_ops };

#define NOTE_BYTES                                                                                 \
    (4u << 20) /* room for a burst of captured frames until the daemon drains them                 \
                */

static void set_link(struct vdc_link_cfg *cfg, const struct vdc_link_keys *k)
{
    cfg->rate_bps = k->rate;
    cfg->latency_ps = k->latency;
    cfg->tx_quantum_ps = k->tx_quantum;
    cfg->wire_overhead = (uint32_t)k->wire_overhead;
    cfg->min_frame = (uint32_t)k->min_frame;
    cfg->mtu = (uint32_t)k->mtu;
    cfg->loss_p32 = k->loss;
    cfg->corrupt_p32 = k->corrupt;
    cfg->jitter_ps = k->jitter;
}

static void make_switch(struct segcfg *s, const struct vdc_resolved *r, uint32_t idx)
{
    const struct vdc_switch *sw = &r->switches[idx];
    struct vdc_hiswitch_cfg *h = &s->hiswitch[idx];
    vdc_hiswitch_cfg_default(h, sw->id, (uint32_t)sw->keys.ports, r->seed);
    memset(h->name, 0, sizeof(h->name));
    memcpy(h->name, sw->name, strnlen(sw->name, sizeof(h->name) - 1));
    h->buffer = sw->keys.buffer;
    h->fwd_latency_ps = sw->keys.fwd_latency;
    h->aging_ps = sw->keys.aging;
    for (uint32_t p = 0; p < h->n_ports; p++) {
        h->port[p].flags &= ~(uint32_t)VDC_HISWITCH_PORT_CONNECTED;
    }
    s->hubs[idx] = (struct vdc_seg_hub_cfg){
        .name = sw->name,
        .ops = 0,
        .n_port = h->n_ports,
        .blob = h,
        .blob_len = sizeof(*h),
        .fwd_ps = h->fwd_latency_ps,
        .note_bytes = NOTE_BYTES,
    };
}

static struct vdc_hiswitch_port_cfg *port_of(struct segcfg *s, const struct vdc_link_end *e)
{
    return &s->hiswitch[e->idx].port[e->port];
}

/* The ports at the switch ends of a link. */
static void make_ports(struct segcfg *s, const struct vdc_resolved *r, const struct vdc_link *l)
{
    for (int side = 0; side < 2; side++) {
        const struct vdc_link_keys *out = &l->dir[side]; /* what leaves at this end */
        if (!l->end[side].is_switch) {
            continue;
        }
        struct vdc_hiswitch_port_cfg *port = port_of(s, &l->end[side]);
        port->id = l->end[side].port_id;
        port->peer = l->end[1 - side].port_id;
        port->mode = VDC_LINK_ETH;
        port->flags |= VDC_HISWITCH_PORT_CONNECTED;
        set_link(&port->link, out);
        port->burst = (struct vdc_burst_cfg){ .key = vdc_key(r->seed, VDC_RNG_LINK_GE, port->id, 0),
                                              .p_gb_p32 = out->burst_enter,
                                              .p_bg_p32 = out->burst_leave,
                                              .bad_p32 = out->burst_loss };
        port->capture_snaplen = (uint32_t)r->snaplen;
    }
}

static void make_switches(struct segcfg *s, const struct vdc_resolved *r)
{
    for (uint32_t i = 0; i < r->n_switches; i++) {
        make_switch(s, r, i);
    }
    for (size_t i = 0; i < r->n_links; i++) {
        make_ports(s, r, &r->links[i]);
    }
    for (size_t i = 0; i < r->n_captures; i++) {
        const struct vdc_link *l = &r->links[r->captures[i]];
        for (int side = 0; side < 2; side++) {
            if (l->end[side].is_switch) {
                port_of(s, &l->end[side])->flags |= VDC_HISWITCH_PORT_CAPTURE_RX |
                                                    VDC_HISWITCH_PORT_CAPTURE_TX;
            }
        }
    }
    for (size_t i = 0; i < r->n_flaps; i++) {
        const struct vdc_link_flap *f = &r->flaps[i];
        /* One end has the schedule and tells the other, a guest or a switch, as a cable that was
         * pulled at this end would. */
        struct vdc_hiswitch_port_cfg *port = port_of(s, &r->links[f->link].end[1]);
        port->flap[port->n_flap++] = (struct vdc_hiswitch_flap){ f->down_ps, f->up_ps };
    }
}

static bool has_work(const struct vdc_resolved *r, uint32_t node)
{
    for (size_t i = 0; i < r->n_workloads; i++) {
        if (r->workloads[i].node == node) {
            return true;
        }
    }
    return false;
}

static void make_run_id(uint8_t id[16], const char *digest)
{
    for (int i = 0; i < 16; i++) {
        char byte[3] = { digest[2 * i], digest[2 * i + 1], '\0' };
        id[i] = (uint8_t)strtoul(byte, NULL, 16);
    }
}

void segcfg_make(struct segcfg *s, const struct vdc_resolved *r, const char *digest)
{
    memset(s, 0, sizeof(*s));
    make_switches(s, r);
    uint64_t slack = UINT64_C(10000000); /* the engine's own default */
    for (size_t i = 0; i < r->n_nodes; i++) {
        const struct vdc_node *n = &r->nodes[i];
        s->tasks[i] = (struct vdc_seg_task_cfg){
            .name = n->name,
            .kind = VDC_SEG_GUEST,
            /* A live session ends by its stop time or by hand, not when the scripted work is done.
             */
            .is_workload = !r->is_interactive && has_work(r, n->id),
            .react_ps = n->nic.t_rx + n->nic.t_ack + n->nic.t_tx,
        };
        uint64_t promise = n->nic.t_db + 2 * (n->nic.t_pcie_up + n->nic.t_pcie_dn) + n->nic.t_tx;
        slack = promise > slack ? promise : slack;
    }
    for (size_t i = 0; i < r->n_nodes; i++) {
        const struct vdc_link *l = &r->links[i];
        struct vdc_link_cfg up = { 0 };
        set_link(&up, &l->dir[VDC_DIR_UP]);
        s->ports[i] = (struct vdc_seg_port_cfg){
            .task = l->end[0].idx,
            .hub = l->end[1].idx,
            .hub_port = l->end[1].port,
            .id_up = l->end[0].port_id,
            .id_down = l->end[1].port_id,
            .out_ps = vdc_link_min_ps(&up),
            .in_ps = vdc_hiswitch_in_ps(&s->hiswitch[l->end[1].idx], l->end[1].port),
        };
    }
    for (size_t i = r->n_nodes; i < r->n_links; i++) {
        const struct vdc_link *l = &r->links[i];
        struct vdc_seg_link_cfg *to = &s->links[i - r->n_nodes];
        for (int side = 0; side < 2; side++) {
            to->hub[side] = l->end[side].idx;
            to->port[side] = l->end[side].port;
            to->id[side] = l->end[side].port_id;
            to->link_ps[side] = vdc_link_min_ps(&port_of(s, &l->end[side])->link);
        }
    }
    s->cfg = (struct vdc_seg_cfg){
        .seed = r->seed,
        .mode = r->time.mode == VDC_TIME_QUANTIZED ? VDC_SEG_QUANTIZED : VDC_SEG_EXACT,
        .runner = VDC_SEG_BY_COMPLETER,
        .quantum = r->time.quantum,
        .stop = r->time.stop,
        .digest_every = r->time.digest_every,
        .exit_slack = (slack + 999) / 1000 * 1000,
        .n_task = (uint32_t)r->n_nodes,
        .n_port = (uint32_t)r->n_nodes,
        .n_hub = (uint32_t)r->n_switches,
        .n_link = (uint32_t)(r->n_links - r->n_nodes),
        .task = s->tasks,
        .port = s->ports,
        .hub = s->hubs,
        .link = s->links,
    };
    make_run_id(s->cfg.run_id, digest);
}
