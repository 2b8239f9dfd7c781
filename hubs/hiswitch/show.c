/* SPDX-License-Identifier: MIT */
/* Commands that change nothing: what a HiSwitch says about itself. */
#include "state.h"

#include <string.h>

static void put_row(struct vdc_hs_reply *r, const void *row, size_t n)
{
    assert(r->head.bytes + n <= sizeof(r->data));
    memcpy(r->data + r->head.bytes, row, n);
    r->head.bytes += (uint32_t)n;
    r->head.n++;
}

static void show_hello(const struct vdc_hs_env *e, struct vdc_hs_reply *r)
{
    const struct vdc_hs *sw = e->sw;
    struct vdc_hiswitch_hello row = { .index = sw->index,
                                      .n_ports = sw->n_ports,
                                      .seed = sw->seed,
                                      .buffer = e->hub->buffer,
                                      .fwd_latency_ps = sw->fwd_latency_ps,
                                      .aging_ps = sw->aging_ps };

    memcpy(row.name, sw->name, sizeof(row.name));
    put_row(r, &row, sizeof(row));
}

static void show_port(const struct vdc_hs_env *e, uint32_t p, struct vdc_hs_reply *r)
{
    const struct vdc_hs_port *port = &e->sw->port[p];
    const struct vdc_hs_tap *tap = &e->sw->tap[p];
    const struct vdc_hiswitch_port_info row = {
        .id = port->id,
        .peer = port->peer,
        .flags = port->flags | (tap->is_rx ? VDC_HISWITCH_PORT_CAPTURE_RX : 0u) |
                 (tap->is_tx ? VDC_HISWITCH_PORT_CAPTURE_TX : 0u),
        .mode = port->mode,
        .peer_mode = port->peer_mode,
        .is_up = port->is_up,
        .reason = port->reason,
        .pvid = (uint16_t)port->pvid,
        .port = (uint16_t)p,
        .rate_bps = port->link.rate_bps,
        .latency_ps = port->link.latency_ps,
        .peer_rate_bps = port->peer_rate_bps,
        .peer_latency_ps = port->peer_latency_ps,
        .mtu = port->link.mtu,
        .peer_mtu = port->peer_mtu,
        .loss_p32 = port->link.loss_p32,
        .corrupt_p32 = port->link.corrupt_p32,
        .since = port->since,
    };

    put_row(r, &row, sizeof(row));
}

static void show_queues(const struct vdc_hs_env *e, uint32_t p, struct vdc_hs_reply *r)
{
    const struct vdc_hub_port *hp = &e->hub->port[p];
    struct vdc_hiswitch_queues row = { .port = p,
                                       .shared_used = e->hub->shared_used,
                                       .ingress_bytes = hp->ingress_bytes,
                                       .busy_until = hp->tx.busy_until };

    for (uint32_t tc = 0; tc < VDC_HUB_TCS; tc++) {
        row.bytes[tc] = hp->q[tc].bytes;
        row.frames[tc] = hp->q[tc].frames;
    }
    put_row(r, &row, sizeof(row));
}

static void show_vlans(const struct vdc_hs_env *e, uint32_t from, struct vdc_hs_reply *r)
{
    for (uint32_t vid = from; vid < VDC_HS_VLANS; vid++) {
        const struct vdc_hs_vlan *v = &e->sw->vlan[vid];
        const struct vdc_hiswitch_vlan_cfg row = { .tagged = v->tagged,
                                                   .untagged = v->untagged,
                                                   .vid = (uint16_t)vid };

        if ((v->tagged | v->untagged) == 0) {
            continue;
        }
        if (r->head.bytes + sizeof(row) > sizeof(r->data)) {
            r->head.cursor = vid;
            return;
        }
        put_row(r, &row, sizeof(row));
    }
}

static void show_mdb(const struct vdc_hs_env *e, uint32_t from, struct vdc_hs_reply *r)
{
    for (uint32_t i = from; i < e->sw->n_mdb; i++) {
        struct vdc_hiswitch_mdb_cfg row = { .ports = e->sw->mdb[i].ports };

        if (r->head.bytes + sizeof(row) > sizeof(r->data)) {
            r->head.cursor = i;
            return;
        }
        vdc_hs_key_split(e->sw->mdb[i].key, &row.vid, row.mac);
        put_row(r, &row, sizeof(row));
    }
}

static void show_fdb(const struct vdc_hs_env *e, uint32_t from, struct vdc_hs_reply *r)
{
    r->head.cursor = from;
    r->head.n = vdc_hs_fdb_rows(e->sw, &r->head.cursor, e->now,
                                (struct vdc_hiswitch_fdb_row *)(void *)r->data,
                                sizeof(r->data) / sizeof(struct vdc_hiswitch_fdb_row));
    r->head.bytes = r->head.n * (uint32_t)sizeof(struct vdc_hiswitch_fdb_row);
}

static void show_qos(const struct vdc_hs_env *e, uint32_t p, struct vdc_hs_reply *r)
{
    put_row(r, &e->sw->port[p].qos, sizeof(e->sw->port[p].qos));
}

static void show_counters(const struct vdc_hs_env *e, uint32_t p, struct vdc_hs_reply *r)
{
    put_row(r, &e->hub->port[p].cnt, sizeof(e->hub->port[p].cnt));
}

_Static_assert(VDC_HISWITCH_PORTS_MAX * sizeof(struct vdc_hub_cnt) <= VDC_HISWITCH_PAGE_BYTES,
               "the largest row of a port fits a page for every port");

static void show_ports(const struct vdc_hs_env *e, const struct vdc_hiswitch_cmd *cmd,
                       struct vdc_hs_reply *r,
                       void (*show)(const struct vdc_hs_env *, uint32_t, struct vdc_hs_reply *))
{
    for (uint32_t p = 0; p < e->sw->n_ports; p++) {
        if (cmd->port == VDC_HISWITCH_ALL || cmd->port == p) {
            show(e, p, r);
        }
    }
}

bool vdc_hs_show(const struct vdc_hs_env *e, const struct vdc_hiswitch_cmd *cmd,
                 struct vdc_hs_reply *r)
{
    struct vdc_digest d;

    switch (cmd->op) {
    case VDC_HISWITCH_OP_HELLO:
        show_hello(e, r);
        return true;
    case VDC_HISWITCH_OP_PORT_SHOW:
        show_ports(e, cmd, r, show_port);
        return true;
    case VDC_HISWITCH_OP_QOS_SHOW:
        show_ports(e, cmd, r, show_qos);
        return true;
    case VDC_HISWITCH_OP_COUNTERS_SHOW:
        show_ports(e, cmd, r, show_counters);
        return true;
    case VDC_HISWITCH_OP_QUEUES_SHOW:
        show_ports(e, cmd, r, show_queues);
        return true;
    case VDC_HISWITCH_OP_FDB_SHOW:
        show_fdb(e, cmd->cursor, r);
        return true;
    case VDC_HISWITCH_OP_VLAN_SHOW:
        show_vlans(e, cmd->cursor, r);
        return true;
    case VDC_HISWITCH_OP_MDB_SHOW:
        show_mdb(e, cmd->cursor, r);
        return true;
    case VDC_HISWITCH_OP_DIGEST:
        d = vdc_hs_digest(e->sw);
        put_row(r, &d, sizeof(d));
        return true;
    default:
        return false;
    }
}
