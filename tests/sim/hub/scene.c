/* SPDX-License-Identifier: MIT */
/* Making of random scenes: every feature of the switch turns up in some seed. */
#include "scene.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "vdc/rng.h"

struct dice {
    uint64_t key, n;
};

static uint64_t roll(struct dice *d, uint64_t bound)
{
    return vdc_rand_below(d->key, d->n++, bound);
}

static void make_port(struct dice *d, struct vdc_hiswitch_cfg *c, uint32_t p)
{
    static const uint64_t rates[] = { 10000000000, 25000000000, 40000000000, 100000000000 };
    struct vdc_hiswitch_port_cfg *port = &c->port[p];

    port->link.rate_bps = rates[roll(d, 4)];
    port->link.latency_ps = 1000 + roll(d, 900000);
    port->link.mtu = roll(d, 6) == 0 ? 512 : 1500;
    port->link.loss_p32 = roll(d, 4) == 0 ? UINT64_C(1) << 28 : 0;
    port->link.corrupt_p32 = roll(d, 4) == 0 ? UINT64_C(1) << 28 : 0;
    port->link.jitter_ps = roll(d, 4) == 0 ? roll(d, 50000) : 0;
    port->queue_limit = roll(d, 3) == 0 ? 4000 : 0;
    if (roll(d, 2)) {
        port->flags |= VDC_HISWITCH_PORT_CORRUPT_PAYLOAD;
    }
    if (roll(d, 3) == 0) {
        port->flags |= VDC_HISWITCH_PORT_VLAN_FILTER;
        port->pvid = (uint16_t)(1 + roll(d, 3));
    }
    if (roll(d, 4) == 0) {
        port->flags ^= VDC_HISWITCH_PORT_FLAP_TELL;
        port->n_flap = 1;
        port->flap[0] = (struct vdc_hiswitch_flap){ .down = 10000000 + roll(d, 5000000),
                                                    .up = 16000000 };
    } else if (roll(d, 4) == 0) {
        port->flap_period = 9000000;
        port->flap_down_for = 1 + roll(d, 2000000);
        port->flap_first = 5000000;
    }
    if (roll(d, 2)) {
        const uint8_t weight[8] = { 50, 0, 0, 30, 20, 0, 0, 0 };

        for (int tc = 0; tc < 8; tc++) {
            port->qos.weight[tc] = weight[tc];
            port->qos.tsa[tc] = weight[tc] > 0 ? VDC_HISWITCH_TSA_ETS : VDC_HISWITCH_TSA_STRICT;
        }
        port->qos.maxrate_kbps[3] = 2000000;
    }
    port->qos.trust = (uint8_t)roll(d, 3);
    port->qos.prio = (uint8_t)roll(d, 8);
}

static void make_cfg(struct dice *d, struct vdc_hiswitch_cfg *c, uint64_t seed)
{
    vdc_hiswitch_cfg_default(c, (uint32_t)roll(d, 100), (uint32_t)(2 + roll(d, 9)), seed);
    c->buffer = roll(d, 2) ? VDC_HISWITCH_BUFFER_MIN : 1u << 20;
    c->fwd_latency_ps = roll(d, 3) == 0 ? 0 : 300000;
    c->aging_ps = roll(d, 3) == 0 ? 3000000 : 0;
    c->sample_ps = roll(d, 2) ? 700000 : 0;
    c->sample_ports = 5;
    c->is_checked = 1;
    for (uint32_t p = 0; p < c->n_ports; p++) {
        make_port(d, c, p);
    }
    c->n_vlan = 2;
    for (uint32_t i = 0; i < 2; i++) {
        const uint64_t all = (UINT64_C(1) << c->n_ports) - 1;
        const uint64_t tagged = roll(d, all + 1);

        c->vlan[i] = (struct vdc_hiswitch_vlan_cfg){ .tagged = tagged,
                                                     .untagged = roll(d, all + 1) & ~tagged,
                                                     .vid = (uint16_t)(2 + i) };
    }
    c->n_mdb = 1;
    c->mdb[0] = (struct vdc_hiswitch_mdb_cfg){ .ports = 3,
                                               .vid = 1,
                                               .mac = { 1, 0, 0x5e, 0, 0, 9 } };
    c->n_static = 1;
    c->addr[0] = (struct vdc_hiswitch_static_cfg){ .vid = 1,
                                                   .mac = { 2, 0, 0, 0, 0, 200 },
                                                   .port = 1 };
}

static void make_frame(struct dice *d, const struct scene *s, struct rig_eth *f, uint32_t port)
{
    static const uint32_t odd[] = { RIG_BROADCAST,   RIG_GROUP(9),     RIG_GROUP(10),
                                    RIG_RESERVED(0), RIG_RESERVED(14), 200 };
    const uint64_t kind = roll(d, 12);

    *f = (struct rig_eth){ .src = 1 + port + (roll(d, 20) == 0), .fill = (uint32_t)roll(d, 256) };
    f->dst = kind == 0 ? odd[roll(d, 6)] : 1 + (uint32_t)roll(d, s->cfg.n_ports + 1);
    f->len = 60 + (roll(d, 3) == 0 ? (uint32_t)roll(d, 1600) : 0);
    f->is_tagged = roll(d, 3) == 0;
    f->vid = (uint32_t)roll(d, 5);
    f->pcp = (uint32_t)roll(d, 8);
    f->dscp = roll(d, 2) ? (uint32_t)roll(d, 64) : 0;
    f->wire_len = roll(d, 5) == 0 ? f->len + (uint32_t)roll(d, 1400) : 0;
}

static void make_cmd(struct dice *d, const struct scene *s, struct vdc_hiswitch_cmd *c, vtime_t t)
{
    const uint16_t port = (uint16_t)roll(d, s->cfg.n_ports);

    *c = (struct vdc_hiswitch_cmd){ .port = port, .at = roll(d, 2) ? t + roll(d, 3000000) : 0 };
    switch (roll(d, 8)) {
    case 0:
        c->op = VDC_HISWITCH_OP_PORT_SET;
        c->fields = VDC_HISWITCH_F_STATE;
        c->u.port.is_up = (uint32_t)roll(d, 2);
        break;
    case 1:
        c->op = VDC_HISWITCH_OP_FDB_FLUSH;
        break;
    case 2:
        c->op = VDC_HISWITCH_OP_VLAN_SET;
        c->u.vlan.vid = 2;
        c->u.vlan.tagged = 1;
        break;
    case 3:
        c->op = VDC_HISWITCH_OP_FAULT_SET;
        c->fields = VDC_HISWITCH_F_LOSS | VDC_HISWITCH_F_FLAP;
        c->u.fault.loss_p32 = roll(d, UINT64_C(1) << 31);
        c->u.fault.flap.down = t + 1 + roll(d, 6000000);
        c->u.fault.flap.up = c->u.fault.flap.down + 1 + roll(d, 2000000);
        break;
    case 4:
        c->op = VDC_HISWITCH_OP_FAULT_CLEAR;
        break;
    case 5:
        c->op = VDC_HISWITCH_OP_FDB_ADD;
        c->u.fdb.vid = 1;
        memcpy(c->u.fdb.mac, (const uint8_t[]){ 2, 0, 0, 0, 0, 3 }, 6);
        break;
    case 6:
        c->op = VDC_HISWITCH_OP_PORT_SHOW;
        break;
    default:
        c->op = VDC_HISWITCH_OP_PORT_SET;
        c->fields = VDC_HISWITCH_F_PVID;
        c->u.port.pvid = 1 + (uint32_t)roll(d, 3);
        break;
    }
}

static void add(struct scene *s, struct rig *r, uint32_t port)
{
    struct rig_queue *q = &r->in[port];

    assert(q->n - q->head == 1);
    s->ev[s->n].port = port;
    s->ev[s->n].m = q->m[q->head++];
    s->n++;
}

struct scene *scene_new(uint64_t seed, uint32_t n)
{
    struct scene *s = calloc(1, sizeof(*s));
    struct dice d = { .key = vdc_key(seed, VDC_RNG_SIM, 7, 0) };
    struct rig *r; /* only makes messages */
    vtime_t t[RIG_PORTS];
    vtime_t now = 0;

    assert(s);
    make_cfg(&d, &s->cfg, seed);
    s->ev = calloc(n + s->cfg.n_ports, sizeof(s->ev[0]));
    assert(s->ev);
    r = rig_new(&s->cfg);
    for (uint32_t p = 0; p <= s->cfg.n_ports; p++) {
        t[p] = 1000000 + p;
        if (p < s->cfg.n_ports) {
            rig_link(r, p, t[p], true, roll(&d, 12) == 0 ? VDC_LINK_IB : VDC_LINK_ETH);
            add(s, r, p);
        }
    }
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t port = roll(&d, 40) == 0 ? s->cfg.n_ports
                                                : (uint32_t)roll(&d, s->cfg.n_ports);
        /* Multiples of 10 ns: many ties between ports, none within one. */
        const uint64_t step = 10000 * (1 + roll(&d, 12));
        struct rig_eth f;
        struct vdc_hiswitch_cmd c;

        now += step / s->cfg.n_ports * (roll(&d, 2) + 1);
        t[port] = (now > t[port] ? now : t[port]) / 10000 * 10000 + 10000;
        if (port == s->cfg.n_ports) {
            make_cmd(&d, s, &c, t[port]);
            rig_cmd_put(r, t[port], &c, i);
        } else if (roll(&d, 60) == 0) {
            rig_link(r, port, t[port], roll(&d, 3) > 0, VDC_LINK_AUTO);
        } else {
            make_frame(&d, s, &f, port);
            rig_send(r, port, t[port], &f);
        }
        add(s, r, port);
        s->end = t[port] > s->end ? t[port] : s->end;
    }
    s->end += 40000000;
    rig_free(r);
    return s;
}

void scene_free(struct scene *s)
{
    for (uint32_t i = 0; i < s->n; i++) {
        free(s->ev[i].m);
    }
    free(s->ev);
    free(s);
}

struct vdc_msg *scene_copy(const struct scene *s, uint32_t i)
{
    const struct vdc_msg *m = s->ev[i].m;
    struct vdc_msg *c = malloc(sizeof(*m) + m->len);

    assert(c);
    memcpy(c, m, sizeof(*m) + m->len);
    return c;
}
