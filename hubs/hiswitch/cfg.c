/* SPDX-License-Identifier: MIT */
/* Configuration of a HiSwitch: defaults, the check with exact ranges, lookahead. */
#include <string.h>

#include "state.h"
#include "vdc/rng.h"

#define LATENCY_MAX   (10 * VTIME_PS_PER_S)
#define JITTER_MAX    VTIME_PS_PER_S
#define QUANTUM_MAX   VTIME_PS_PER_US
#define FWD_MAX       VTIME_PS_PER_S
#define SAMPLE_MIN    (100 * VTIME_PS_PER_NS)
#define OVERHEAD_MAX  256u
#define MIN_FRAME_MAX 1518u
#define P32_ONE       (UINT64_C(1) << 32)
#define VID_MAX       4094u

/* Where the text of the first violation goes. */
struct ck {
    char *to;
    size_t room;
    bool is_bad;
};

static void put_text(struct ck *c, const char *s)
{
    while (*s && c->room > 1) {
        *c->to++ = *s++;
        c->room--;
    }
    *c->to = '\0';
}

static void put_u64(struct ck *c, uint64_t v)
{
    char s[21];
    char *p = s + sizeof(s) - 1;

    *p = '\0';
    do {
        *--p = (char)('0' + v % 10);
        v /= 10;
    } while (v > 0);
    put_text(c, p);
}

/* "what[i].field: " */
static void put_where(struct ck *c, const char *what, uint32_t i, const char *field)
{
    put_text(c, what);
    if (field) {
        put_text(c, "[");
        put_u64(c, i);
        put_text(c, "].");
        put_text(c, field);
    }
    put_text(c, ": ");
}

/* field NULL: `what` has no index. */
static void in_range(struct ck *c, const char *what, uint32_t i, const char *field, uint64_t v,
                     uint64_t lo, uint64_t hi)
{
    if (c->is_bad || (v >= lo && v <= hi)) {
        return;
    }
    c->is_bad = true;
    put_where(c, what, i, field);
    put_u64(c, v);
    put_text(c, ", allowed ");
    put_u64(c, lo);
    put_text(c, "..");
    put_u64(c, hi);
}

static void require(struct ck *c, bool is_true, const char *what, uint32_t i, const char *field,
                    const char *rule)
{
    if (c->is_bad || is_true) {
        return;
    }
    c->is_bad = true;
    put_where(c, what, i, field);
    put_text(c, rule);
}

static void check_link(struct ck *c, uint32_t p, const struct vdc_link_cfg *l)
{
    in_range(c, "port", p, "link.rate_bps", l->rate_bps, VDC_LINK_RATE_MIN, VDC_LINK_RATE_MAX);
    in_range(c, "port", p, "link.latency_ps", l->latency_ps, 1, LATENCY_MAX);
    in_range(c, "port", p, "link.tx_quantum_ps", l->tx_quantum_ps, 1, QUANTUM_MAX);
    in_range(c, "port", p, "link.wire_overhead", l->wire_overhead, 0, OVERHEAD_MAX);
    in_range(c, "port", p, "link.min_frame", l->min_frame, 0, MIN_FRAME_MAX);
    in_range(c, "port", p, "link.mtu", l->mtu, VDC_HISWITCH_MTU_MIN, VDC_HISWITCH_MTU_MAX);
    in_range(c, "port", p, "link.loss_p32", l->loss_p32, 0, P32_ONE);
    in_range(c, "port", p, "link.corrupt_p32", l->corrupt_p32, 0, P32_ONE);
    in_range(c, "port", p, "link.jitter_ps", l->jitter_ps, 0, JITTER_MAX);
}

static void check_burst(struct ck *c, uint32_t p, const struct vdc_burst_cfg *b)
{
    in_range(c, "port", p, "burst.p_gb_p32", b->p_gb_p32, 0, P32_ONE);
    in_range(c, "port", p, "burst.p_bg_p32", b->p_bg_p32, b->p_gb_p32 > 0 ? 1 : 0, P32_ONE);
    in_range(c, "port", p, "burst.good_p32", b->good_p32, 0, P32_ONE);
    in_range(c, "port", p, "burst.bad_p32", b->bad_p32, 0, P32_ONE);
}

static void check_qos(struct ck *c, uint32_t p, const struct vdc_hiswitch_qos *q)
{
    uint32_t sum = 0;
    uint32_t n_ets = 0;

    in_range(c, "port", p, "qos.trust", q->trust, VDC_HISWITCH_TRUST_PCP, VDC_HISWITCH_TRUST_PORT);
    in_range(c, "port", p, "qos.prio", q->prio, 0, VDC_HUB_PRIOS - 1);
    for (uint32_t i = 0; i < 64; i++) {
        in_range(c, "port", p, "qos.dscp_prio", q->dscp_prio[i], 0, VDC_HUB_PRIOS - 1);
    }
    for (uint32_t i = 0; i < 8; i++) {
        in_range(c, "port", p, "qos.pcp_prio", q->pcp_prio[i], 0, VDC_HUB_PRIOS - 1);
        in_range(c, "port", p, "qos.prio_tc", q->prio_tc[i], 0, VDC_HUB_TCS - 1);
        in_range(c, "port", p, "qos.tsa", q->tsa[i], VDC_HISWITCH_TSA_STRICT, VDC_HISWITCH_TSA_ETS);
        if (q->tsa[i] == VDC_HISWITCH_TSA_ETS) {
            in_range(c, "port", p, "qos.weight", q->weight[i], 1, 100);
            sum += q->weight[i];
            n_ets++;
        } else {
            require(c, q->weight[i] == 0, "port", p, "qos.weight",
                    "a strict TC has no weight, allowed 0..0");
        }
    }
    if (n_ets > 0) {
        in_range(c, "port", p, "qos.weight (sum)", sum, 100, 100);
    }
}

static void check_flap(struct ck *c, uint32_t p, const struct vdc_hiswitch_port_cfg *port)
{
    in_range(c, "port", p, "n_flap", port->n_flap, 0, VDC_HISWITCH_FLAPS_MAX);
    if (c->is_bad) {
        return;
    }
    for (uint32_t i = 0; i < port->n_flap; i++) {
        require(c, port->flap[i].up > port->flap[i].down, "port", p, "flap",
                "up must be after down");
        require(c, i == 0 || port->flap[i].down > port->flap[i - 1].up, "port", p, "flap",
                "intervals must ascend and not touch");
    }
    if (port->flap_period > 0) {
        require(c, port->n_flap == 0, "port", p, "flap_period",
                "not together with a list of flaps");
        in_range(c, "port", p, "flap_period", port->flap_period, 2, VTIME_NEVER / 4);
        in_range(c, "port", p, "flap_down_for", port->flap_down_for, 1, port->flap_period - 1);
        in_range(c, "port", p, "flap_first", port->flap_first, 0, VTIME_NEVER / 4);
    }
}

static void check_port(struct ck *c, const struct vdc_hiswitch_cfg *cfg, uint32_t p)
{
    const struct vdc_hiswitch_port_cfg *port = &cfg->port[p];
    const uint32_t id = vdc_port_id(VDC_PORT_SWITCH, cfg->index, p);

    in_range(c, "port", p, "id", port->id, id, id);
    require(c, port->mode == VDC_LINK_ETH || port->mode == VDC_LINK_AUTO, "port", p, "mode",
            "allowed eth, auto: this version has no InfiniBand pipeline");
    in_range(c, "port", p, "flags", port->flags, 0, 2 * VDC_HISWITCH_PORT_CORRUPT_PAYLOAD - 1);
    in_range(c, "port", p, "pvid", port->pvid, 1, VID_MAX);
    in_range(c, "port", p, "queue_limit", port->queue_limit, 0, cfg->buffer);
    check_link(c, p, &port->link);
    check_burst(c, p, &port->burst);
    check_qos(c, p, &port->qos);
    check_flap(c, p, port);
}

static void check_vlan(struct ck *c, const struct vdc_hiswitch_cfg *cfg, uint32_t i)
{
    const struct vdc_hiswitch_vlan_cfg *v = &cfg->vlan[i];
    const uint64_t all = vdc_hs_all_ports(cfg->n_ports);

    in_range(c, "vlan", i, "vid", v->vid, 1, VID_MAX);
    in_range(c, "vlan", i, "tagged", v->tagged & ~all, 0, 0);
    in_range(c, "vlan", i, "untagged", v->untagged & ~all, 0, 0);
    require(c, (v->tagged & v->untagged) == 0, "vlan", i, "tagged",
            "a port is both tagged and untagged");
    for (uint32_t k = 0; k < i; k++) {
        require(c, cfg->vlan[k].vid != v->vid, "vlan", i, "vid", "given twice");
    }
}

static void check_mdb(struct ck *c, const struct vdc_hiswitch_cfg *cfg, uint32_t i)
{
    const struct vdc_hiswitch_mdb_cfg *m = &cfg->mdb[i];

    in_range(c, "mdb", i, "vid", m->vid, 1, VID_MAX);
    in_range(c, "mdb", i, "ports", m->ports & ~vdc_hs_all_ports(cfg->n_ports), 0, 0);
    require(c, (m->mac[0] & 1) && vdc_hs_mac(m->mac) != VDC_HS_MAC_MASK, "mdb", i, "mac",
            "must be a group address and not broadcast");
    for (uint32_t k = 0; k < i; k++) {
        require(c, cfg->mdb[k].vid != m->vid || memcmp(cfg->mdb[k].mac, m->mac, 6) != 0, "mdb", i,
                "mac", "given twice");
    }
}

static uint64_t static_key(const struct vdc_hiswitch_static_cfg *s)
{
    return vdc_hs_key(s->vid, vdc_hs_mac(s->mac));
}

static void check_static(struct ck *c, const struct vdc_hiswitch_cfg *cfg, uint32_t i)
{
    const struct vdc_hiswitch_static_cfg *s = &cfg->addr[i];
    const uint64_t key = static_key(s);
    uint32_t n = 0;

    in_range(c, "addr", i, "vid", s->vid, 1, VID_MAX);
    in_range(c, "addr", i, "port", s->port, 0, cfg->n_ports - 1);
    require(c, !(s->mac[0] & 1) && vdc_hs_mac(s->mac) != 0, "addr", i, "mac",
            "must be a unicast address and not zero");
    for (uint32_t k = 0; k < i; k++) {
        const uint64_t other = static_key(&cfg->addr[k]);

        require(c, other != key, "addr", i, "mac", "given twice");
        n += vdc_hs_fdb_bucket(other) == vdc_hs_fdb_bucket(key);
    }
    require(c, n < VDC_HS_WAYS, "addr", i, "mac",
            "its bucket is full of static entries, allowed 4");
}

static bool is_name(const char *s, size_t n)
{
    return s[0] != '\0' && s[n - 1] == '\0';
}

int vdc_hiswitch_cfg_check(const struct vdc_hiswitch_cfg *cfg, char *err, size_t size)
{
    struct ck c = { .to = err, .room = size };

    assert(size > 0);
    err[0] = '\0';
    require(&c, is_name(cfg->name, sizeof(cfg->name)), "name", 0, NULL,
            "1..31 bytes and a NUL are needed");
    in_range(&c, "index", 0, NULL, cfg->index, 0, 65535);
    in_range(&c, "n_ports", 0, NULL, cfg->n_ports, 1, VDC_HISWITCH_PORTS_MAX);
    in_range(&c, "buffer", 0, NULL, cfg->buffer, VDC_HISWITCH_BUFFER_MIN, VDC_HISWITCH_BUFFER_MAX);
    in_range(&c, "fwd_latency_ps", 0, NULL, cfg->fwd_latency_ps, 0, FWD_MAX);
    if (cfg->sample_ps > 0) {
        in_range(&c, "sample_ps", 0, NULL, cfg->sample_ps, SAMPLE_MIN, VTIME_NEVER);
    }
    in_range(&c, "n_vlan", 0, NULL, cfg->n_vlan, 0, VDC_HISWITCH_VLANS_MAX);
    in_range(&c, "n_mdb", 0, NULL, cfg->n_mdb, 0, VDC_HISWITCH_MDB_MAX);
    in_range(&c, "n_static", 0, NULL, cfg->n_static, 0, VDC_HISWITCH_STATIC_MAX);
    for (uint32_t p = 0; !c.is_bad && p < cfg->n_ports; p++) {
        check_port(&c, cfg, p);
    }
    for (uint32_t i = 0; !c.is_bad && i < cfg->n_vlan; i++) {
        check_vlan(&c, cfg, i);
    }
    for (uint32_t i = 0; !c.is_bad && i < cfg->n_mdb; i++) {
        check_mdb(&c, cfg, i);
    }
    for (uint32_t i = 0; !c.is_bad && i < cfg->n_static; i++) {
        check_static(&c, cfg, i);
    }
    return c.is_bad ? -1 : 0;
}

static void default_port(struct vdc_hiswitch_cfg *cfg, uint32_t p)
{
    struct vdc_hiswitch_port_cfg *port = &cfg->port[p];

    port->id = vdc_port_id(VDC_PORT_SWITCH, cfg->index, p);
    port->mode = VDC_LINK_AUTO;
    port->flags = VDC_HISWITCH_PORT_CONNECTED | VDC_HISWITCH_PORT_UP | VDC_HISWITCH_PORT_LEARN |
                  VDC_HISWITCH_PORT_FLAP_TELL;
    port->link = (struct vdc_link_cfg){ .rate_bps = UINT64_C(100000000000),
                                        .latency_ps = 500 * VTIME_PS_PER_NS,
                                        .tx_quantum_ps = 1,
                                        .wire_overhead = VDC_LINK_ETH_OVERHEAD,
                                        .min_frame = VDC_LINK_ETH_MIN_FRAME,
                                        .mtu = 4200,
                                        .key = vdc_key(cfg->seed, VDC_RNG_LINK_LOSS, port->id, 0) };
    port->pvid = 1;
    for (uint32_t i = 0; i < 8; i++) {
        port->qos.pcp_prio[i] = (uint8_t)i;
        port->qos.prio_tc[i] = (uint8_t)i;
    }
    for (uint32_t i = 0; i < 64; i++) {
        port->qos.dscp_prio[i] = (uint8_t)(i / 8); /* class selectors */
    }
}

void vdc_hiswitch_cfg_default(struct vdc_hiswitch_cfg *cfg, uint32_t index, uint32_t n_ports,
                              uint64_t seed)
{
    assert(n_ports > 0);
    assert(n_ports <= VDC_HISWITCH_PORTS_MAX);
    memset(cfg, 0, sizeof(*cfg));
    memcpy(cfg->name, "switch", sizeof("switch"));
    cfg->index = index;
    cfg->n_ports = n_ports;
    cfg->seed = seed;
    cfg->buffer = UINT64_C(32) << 20;
    cfg->fwd_latency_ps = 300 * VTIME_PS_PER_NS;
    cfg->aging_ps = 300 * VTIME_PS_PER_S;
    for (uint32_t p = 0; p < n_ports; p++) {
        default_port(cfg, p);
    }
}

uint64_t vdc_hiswitch_in_ps(const struct vdc_hiswitch_cfg *cfg, uint32_t port)
{
    assert(port < cfg->n_ports);
    return vtime_add(cfg->fwd_latency_ps, vdc_link_min_ps(&cfg->port[port].link));
}
