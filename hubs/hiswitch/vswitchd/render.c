/* SPDX-License-Identifier: MIT */
/* What a HiSwitch says, as JSON: integers stay integers, times in ps. */
#include "render.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "vdc/digest.h"

#define VERSION "0.1.0"

static const char *const mode_names[] = { "eth", "ib", "auto" };
static const char *const reason_names[] = {
    "none", "unconnected", "admin", "flap", "peer", "mode"
};
static const char *const trust_names[] = { "pcp", "dscp", "port" };
static const char *const status_names[] = { "",       "ENOCMD", "EARG", "ERANGE",
                                            "ENOENT", "EBUSY",  "EFULL" };
static const char *const subject_names[] = {
    "",         "cmd",    "port",  "at",      "mode", "pvid",   "vid",     "mac",
    "ports",    "tagged", "trust", "prio",    "tc",   "tsa",    "weights", "aging",
    "interval", "sub",    "loss",  "corrupt", "flap", "cursor", "text",
};

static json_t *num(uint64_t v)
{
    return json_integer((json_int_t)v);
}

static void set(json_t *o, const char *key, uint64_t v)
{
    (void)json_object_set_new(o, key, num(v));
}

static void set_text(json_t *o, const char *key, const char *v)
{
    (void)json_object_set_new(o, key, json_string(v));
}

static void set_bool(json_t *o, const char *key, uint64_t v)
{
    (void)json_object_set_new(o, key, json_boolean(v != 0));
}

static void set_mac(json_t *o, const uint8_t *m)
{
    char s[18];

    (void)snprintf(s, sizeof(s), "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4],
                   m[5]);
    set_text(o, "mac", s);
}

static void set_ports(json_t *o, const char *key, uint64_t mask)
{
    json_t *a = json_array();

    for (uint32_t p = 0; p < 64; p++) {
        if (mask >> p & 1) {
            (void)json_array_append_new(a, num(p));
        }
    }
    (void)json_object_set_new(o, key, a);
}

static json_t *array_u64(const uint64_t *v, uint32_t n)
{
    json_t *a = json_array();

    for (uint32_t i = 0; i < n; i++) {
        (void)json_array_append_new(a, num(v[i]));
    }
    return a;
}

static json_t *array_u8(const uint8_t *v, uint32_t n)
{
    json_t *a = json_array();

    for (uint32_t i = 0; i < n; i++) {
        (void)json_array_append_new(a, num(v[i]));
    }
    return a;
}

static json_t *row_hello(const void *row)
{
    struct vdc_hiswitch_hello h;
    json_t *o = json_object();
    char seed[24];

    memcpy(&h, row, sizeof(h));
    h.name[sizeof(h.name) - 1] = '\0';
    (void)snprintf(seed, sizeof(seed), "0x%016" PRIx64, h.seed); /* 64 bits without a sign */
    set_text(o, "version", VERSION);
    set_text(o, "name", h.name);
    set(o, "switch", h.index);
    set(o, "ports", h.n_ports);
    set_text(o, "seed", seed);
    set(o, "buffer", h.buffer);
    set(o, "fwd_latency", h.fwd_latency_ps);
    set(o, "aging", h.aging_ps);
    return o;
}

static const char *name_of(const char *const *names, size_t n, uint32_t i)
{
    return i < n ? names[i] : "?";
}
#define NAME(table, i) name_of(table, sizeof(table) / sizeof((table)[0]), i)

static json_t *row_port(const void *row)
{
    struct vdc_hiswitch_port_info p;
    json_t *o = json_object();

    memcpy(&p, row, sizeof(p));
    set(o, "port", p.port);
    set(o, "id", p.id);
    set(o, "peer", p.peer);
    set_text(o, "state", p.flags & VDC_HISWITCH_PORT_UP ? "up" : "down");
    set_text(o, "link", p.is_up ? "up" : "down");
    set_text(o, "reason", NAME(reason_names, p.reason));
    set(o, "since", p.since);
    set_text(o, "mode", NAME(mode_names, p.mode));
    set_text(o, "peer_mode", NAME(mode_names, p.peer_mode));
    set(o, "rate", p.rate_bps);
    set(o, "latency", p.latency_ps);
    set(o, "mtu", p.mtu);
    set(o, "peer_rate", p.peer_rate_bps);
    set(o, "peer_latency", p.peer_latency_ps);
    set(o, "peer_mtu", p.peer_mtu);
    set(o, "pvid", p.pvid);
    set_bool(o, "filter", p.flags & VDC_HISWITCH_PORT_VLAN_FILTER);
    set_bool(o, "learn", p.flags & VDC_HISWITCH_PORT_LEARN);
    set_bool(o, "capture_rx", p.flags & VDC_HISWITCH_PORT_CAPTURE_RX);
    set_bool(o, "capture_tx", p.flags & VDC_HISWITCH_PORT_CAPTURE_TX);
    (void)json_object_set_new(o, "loss", json_real((double)p.loss_p32 / 4294967296.0));
    (void)json_object_set_new(o, "corrupt", json_real((double)p.corrupt_p32 / 4294967296.0));
    return o;
}

static json_t *row_fdb(const void *row)
{
    struct vdc_hiswitch_fdb_row f;
    json_t *o = json_object();

    memcpy(&f, row, sizeof(f));
    set(o, "vid", f.vid);
    set_mac(o, f.mac);
    set(o, "port", f.port);
    set_bool(o, "static", f.is_static);
    set(o, "seen", f.seen);
    return o;
}

static json_t *row_vlan(const void *row)
{
    struct vdc_hiswitch_vlan_cfg v;
    json_t *o = json_object();

    memcpy(&v, row, sizeof(v));
    set(o, "vid", v.vid);
    set_ports(o, "tagged", v.tagged);
    set_ports(o, "untagged", v.untagged);
    return o;
}

static json_t *row_mdb(const void *row)
{
    struct vdc_hiswitch_mdb_cfg m;
    json_t *o = json_object();

    memcpy(&m, row, sizeof(m));
    set(o, "vid", m.vid);
    set_mac(o, m.mac);
    set_ports(o, "ports", m.ports);
    return o;
}

static json_t *row_qos(const void *row)
{
    struct vdc_hiswitch_qos q;
    json_t *o = json_object();
    json_t *tsa = json_array();
    json_t *rate = json_array();

    memcpy(&q, row, sizeof(q));
    set_text(o, "trust", NAME(trust_names, q.trust));
    set(o, "prio", q.prio);
    (void)json_object_set_new(o, "pcp_prio", array_u8(q.pcp_prio, 8));
    (void)json_object_set_new(o, "dscp_prio", array_u8(q.dscp_prio, 64));
    (void)json_object_set_new(o, "prio_tc", array_u8(q.prio_tc, 8));
    for (uint32_t i = 0; i < 8; i++) {
        (void)json_array_append_new(
            tsa, json_string(q.tsa[i] == VDC_HISWITCH_TSA_ETS ? "ets" : "strict"));
        (void)json_array_append_new(rate, num(q.maxrate_kbps[i]));
    }
    (void)json_object_set_new(o, "tsa", tsa);
    (void)json_object_set_new(o, "weights", array_u8(q.weight, 8));
    (void)json_object_set_new(o, "maxrate", rate);
    return o;
}

static void set_per(json_t *o, const char *fmt, const uint64_t *v)
{
    char key[32];

    for (int i = 0; i < 8; i++) {
        (void)snprintf(key, sizeof(key), "%.*s%d%s", (int)(strchr(fmt, '#') - fmt), fmt, i,
                       strchr(fmt, '#') + 1);
        set(o, key, v[i]);
    }
}

static json_t *row_counters(const void *row)
{
    static const char *const drops[] = {
#define DROP_NAME(id, name) "drop_" #name,
        VDC_HUB_DROPS(DROP_NAME)
#undef DROP_NAME
    };
    struct vdc_hub_cnt c;
    json_t *o = json_object();

    memcpy(&c, row, sizeof(c));
    set(o, "rx_frames", c.rx_frames);
    set(o, "rx_bytes", c.rx_bytes);
    set(o, "tx_frames", c.tx_frames);
    set(o, "tx_bytes", c.tx_bytes);
    set_per(o, "rx_prio#_frames", c.rx_prio_frames);
    set_per(o, "rx_prio#_bytes", c.rx_prio_bytes);
    set_per(o, "tx_prio#_frames", c.tx_prio_frames);
    set_per(o, "tx_prio#_bytes", c.tx_prio_bytes);
    set_per(o, "q#_max", c.q_max);
    for (uint32_t i = 0; i < VDC_HUB_N_DROP; i++) {
        set(o, drops[i], c.drop[i]);
    }
    set(o, "flood", c.flood);
    set(o, "fdb_full", c.fdb_full);
    set(o, "tx_corrupt", c.tx_corrupt);
    set(o, "link_down_events", c.link_down_events);
    return o;
}

static json_t *row_queues(const void *row)
{
    struct vdc_hiswitch_queues q;
    json_t *o = json_object();

    memcpy(&q, row, sizeof(q));
    set(o, "port", q.port);
    set(o, "shared", q.shared_used);
    set(o, "ingress", q.ingress_bytes);
    set(o, "busy_until", q.busy_until);
    (void)json_object_set_new(o, "bytes", array_u64(q.bytes, 8));
    (void)json_object_set_new(o, "frames", array_u64(q.frames, 8));
    return o;
}

static json_t *row_digest(const void *row)
{
    struct vdc_digest d;
    json_t *o = json_object();
    char s[33];

    memcpy(&d, row, sizeof(d));
    vdc_digest_hex(d, s);
    set_text(o, "digest", s);
    return o;
}

struct form {
    uint16_t op;
    uint16_t size; /* of a row */
    bool is_list;  /* an array under `key`, else the one object itself */
    const char *key;
    json_t *(*row)(const void *row);
};

static const struct form forms[] = {
    { VDC_HISWITCH_OP_HELLO, sizeof(struct vdc_hiswitch_hello), false, "", row_hello },
    { VDC_HISWITCH_OP_PORT_SHOW, sizeof(struct vdc_hiswitch_port_info), true, "ports", row_port },
    { VDC_HISWITCH_OP_FDB_SHOW, sizeof(struct vdc_hiswitch_fdb_row), true, "fdb", row_fdb },
    { VDC_HISWITCH_OP_VLAN_SHOW, sizeof(struct vdc_hiswitch_vlan_cfg), true, "vlans", row_vlan },
    { VDC_HISWITCH_OP_MDB_SHOW, sizeof(struct vdc_hiswitch_mdb_cfg), true, "mdb", row_mdb },
    { VDC_HISWITCH_OP_QOS_SHOW, sizeof(struct vdc_hiswitch_qos), true, "ports", row_qos },
    { VDC_HISWITCH_OP_COUNTERS_SHOW, sizeof(struct vdc_hub_cnt), true, "ports", row_counters },
    { VDC_HISWITCH_OP_QUEUES_SHOW, sizeof(struct vdc_hiswitch_queues), true, "ports", row_queues },
    { VDC_HISWITCH_OP_DIGEST, sizeof(struct vdc_digest), false, "", row_digest },
};

json_t *render_result(const struct request *r, const void *rows, size_t bytes, uint32_t n)
{
    json_t *o;
    json_t *list;
    const struct form *f = NULL;

    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (forms[i].op == r->verb->op) {
            f = &forms[i];
        }
    }
    if (!f) {
        return json_object();
    }
    assert(bytes == (size_t)n * f->size);
    if (!f->is_list) {
        return n == 1 ? f->row(rows) : json_object();
    }
    list = json_array();
    for (uint32_t i = 0; i < n; i++) {
        json_t *row = f->row((const char *)rows + (size_t)i * f->size);

        if (strcmp(f->key, "ports") == 0 && !json_object_get(row, "port")) {
            set(row, "port", r->has_port ? r->cmd.port : i);
        }
        (void)json_array_append_new(list, row);
    }
    o = json_object();
    (void)json_object_set_new(o, f->key, list);
    return o;
}

void render_error(const struct vdc_hiswitch_reply *reply, struct request_error *err)
{
    const char *field = NAME(subject_names, reply->subject);

    memset(err, 0, sizeof(*err));
    if (reply->status == VDC_HISWITCH_ERANGE) {
        err->has_allowed = true;
        memcpy(err->allowed, reply->allowed, sizeof(err->allowed));
    }
    switch (reply->status) {
    case VDC_HISWITCH_ENOENT:
        (void)request_fail(err, "ENOENT", field, "no such %s", field);
        break;
    case VDC_HISWITCH_EFULL:
        (void)request_fail(err, "EFULL", field, "no room for another %s", field);
        break;
    case VDC_HISWITCH_ERANGE:
        (void)request_fail(err, "ERANGE", field, "'%s' is out of range", field);
        break;
    default:
        (void)request_fail(err, NAME(status_names, reply->status), field,
                           "'%s' is not allowed here", field);
        break;
    }
}

json_t *render_ok(int64_t id, vtime_t vt, json_t *result)
{
    json_t *o = json_object();

    (void)json_object_set_new(o, "id", json_integer(id));
    (void)json_object_set_new(o, "ok", json_true());
    set(o, "vt", vt);
    (void)json_object_set_new(o, "result", result);
    return o;
}

json_t *render_fail(const struct request *r, const struct request_error *err)
{
    json_t *o = json_object();

    (void)json_object_set_new(o, "id", r->has_id ? json_integer(r->id) : json_null());
    (void)json_object_set_new(o, "ok", json_false());
    set_text(o, "err", err->err);
    set_text(o, "field", err->field);
    set_text(o, "msg", err->msg);
    if (err->has_allowed) {
        (void)json_object_set_new(o, "allowed", array_u64(err->allowed, 2));
    }
    return o;
}

json_t *render_sample(const char *name, const struct vdc_msg *m,
                      const struct vdc_hiswitch_sample *s, uint32_t fields)
{
    json_t *o = json_object();
    const uint32_t want = fields ? fields : UINT32_MAX;

    set(o, "t", m->t);
    set_text(o, "sw", name);
    set(o, "port", s->port);
    if (want & SAMPLE_Q) {
        (void)json_object_set_new(o, "q", array_u64(s->q, 8));
    }
    if (want & SAMPLE_TX) {
        set(o, "tx", s->tx_bytes);
    }
    if (want & SAMPLE_RX) {
        set(o, "rx", s->rx_bytes);
    }
    if (want & SAMPLE_SHARED) {
        set(o, "shared", s->shared_used);
    }
    if (want & SAMPLE_DROP) {
        set(o, "drop", s->drops);
    }
    return o;
}

json_t *render_event(const char *name, const struct vdc_msg *m, const struct vdc_hiswitch_event *ev)
{
    json_t *o = json_object();

    set(o, "t", m->t);
    set_text(o, "sw", name);
    set(o, "port", ev->port);
    if (ev->kind == VDC_HISWITCH_EV_LINK) {
        set_text(o, "ev", "link");
        set_text(o, "link", ev->a ? "up" : "down");
        set_text(o, "reason", NAME(reason_names, (uint32_t)ev->b));
    } else {
        set_text(o, "ev", "fault");
        set_text(o, "kind", ev->a == 1 ? "lost" : "corrupt");
        set(o, "frame", ev->b);
    }
    return o;
}
