/* SPDX-License-Identifier: MIT */
/* From JSON to commands: one table of verbs, one reader each. */
#include "request.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "args.h"

#define VID_MAX       4094u
#define PORT_MAX      (VDC_HISWITCH_PORTS_MAX - 1)
#define SAMPLE_MIN_PS (100 * VTIME_PS_PER_NS)
#define TIME_MAX      ((uint64_t)INT64_MAX) /* ps; integers of JSON have a sign */
#define SNAPLEN_MAX   65472u

static const char *const state_names[] = { "down", "up" };
static const char *const mode_names[] = { "eth", "ib", "auto" };
static const char *const trust_names[] = { "pcp", "dscp", "port" };
static const char *const tsa_names[] = { "strict", "ets" };
static const char *const corrupt_names[] = { "fcs", "payload" };
static const char *const dir_names[] = { "both", "rx", "tx" };
static const char *const sample_names[] = { "q", "tx", "rx", "shared", "drop" };

bool request_fail(struct request_error *e, const char *err, const char *field, const char *fmt, ...)
{
    va_list ap;

    e->err = err;
    (void)snprintf(e->field, sizeof(e->field), "%s", field);
    va_start(ap, fmt);
    (void)vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
    va_end(ap);
    return false;
}

bool request_time(const char *s, uint64_t *ps)
{
    static const struct {
        const char *unit;
        uint64_t ps;
    } units[] = { { "ps", 1 },
                  { "ns", VTIME_PS_PER_NS },
                  { "us", VTIME_PS_PER_US },
                  { "ms", VTIME_PS_PER_MS },
                  { "s", VTIME_PS_PER_S } };
    uint64_t v = 0;

    if (!isdigit((unsigned char)*s)) {
        return false;
    }
    for (; isdigit((unsigned char)*s); s++) {
        if (v > (UINT64_MAX - 9) / 10) {
            return false;
        }
        v = v * 10 + (uint64_t)(*s - '0');
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(s, units[i].unit) == 0 && v <= TIME_MAX / units[i].ps) {
            *ps = v * units[i].ps;
            return true;
        }
    }
    return false;
}

static void read_port(struct request *r, struct args *a, bool is_needed)
{
    uint64_t p = 0;

    r->has_port = args_u64(a, "port", is_needed, 0, PORT_MAX, &p);
    r->cmd.port = r->has_port ? (uint16_t)p : VDC_HISWITCH_ALL;
}

static uint16_t read_vid(struct request *r, struct args *a, bool is_needed)
{
    uint64_t v = 0;

    r->has_vid = args_u64(a, "vid", is_needed, 1, VID_MAX, &v);
    return (uint16_t)v;
}

static void read_port_set(struct request *r, struct args *a)
{
    struct vdc_hiswitch_cmd *c = &r->cmd;
    uint64_t v = 0;
    bool b = false;

    read_port(r, a, true);
    c->fields |= args_word(a, "state", false, state_names, 2, &c->u.port.is_up)
                     ? VDC_HISWITCH_F_STATE
                     : 0;
    c->fields |= args_word(a, "mode", false, mode_names, 3, &c->u.port.mode) ? VDC_HISWITCH_F_MODE
                                                                             : 0;
    if (args_u64(a, "pvid", false, 1, VID_MAX, &v)) {
        c->fields |= VDC_HISWITCH_F_PVID;
        c->u.port.pvid = (uint32_t)v;
    }
    if (args_bool(a, "filter", false, &b)) {
        c->fields |= VDC_HISWITCH_F_FILTER;
        c->u.port.is_filter = b;
    }
    if (args_bool(a, "learn", false, &b)) {
        c->fields |= VDC_HISWITCH_F_LEARN;
        c->u.port.is_learn = b;
    }
}

static void read_port_tell(struct request *r, struct args *a)
{
    char text[VDC_HISWITCH_TELL_MAX + 1];

    read_port(r, a, true);
    if (args_text(a, "text", true, text, sizeof(text))) {
        r->cmd.u.tell.len = (uint32_t)strlen(text);
        memcpy(r->cmd.u.tell.text, text, r->cmd.u.tell.len);
    }
}

static void read_fdb(struct request *r, struct args *a)
{
    r->cmd.u.fdb.vid = read_vid(r, a, true);
    (void)args_mac(a, "mac", r->cmd.u.fdb.mac);
    if (r->verb->op == VDC_HISWITCH_OP_FDB_ADD) {
        bool is_static = true;

        read_port(r, a, true);
        if (args_bool(a, "static", false, &is_static) && !is_static) {
            a->is_bad = true;
            (void)request_fail(a->err, "EARG", "static", "added entries are static, allowed true");
        }
    }
}

static void read_fdb_flush(struct request *r, struct args *a)
{
    bool is_dynamic = true;

    read_port(r, a, false);
    r->cmd.u.flush.vid = read_vid(r, a, false);
    r->cmd.u.flush.port = r->cmd.port;
    r->cmd.fields |= r->has_port ? VDC_HISWITCH_F_PORT : 0;
    r->cmd.fields |= r->has_vid ? VDC_HISWITCH_F_VID : 0;
    if (args_bool(a, "dynamic", false, &is_dynamic) && !is_dynamic) {
        r->cmd.fields |= VDC_HISWITCH_F_STATIC;
    }
}

static void read_fdb_set(struct request *r, struct args *a)
{
    bool b = false;

    if (args_time(a, "aging", false, 0, TIME_MAX, &r->cmd.u.fdbset.aging_ps)) {
        r->cmd.fields |= VDC_HISWITCH_F_AGING;
    }
    if (args_bool(a, "learn", false, &b)) {
        r->cmd.fields |= VDC_HISWITCH_F_LEARN;
        r->cmd.u.fdbset.is_learn = b;
    }
}

static void read_vlan(struct request *r, struct args *a)
{
    r->cmd.u.vlan.vid = read_vid(r, a, true);
    if (r->verb->op == VDC_HISWITCH_OP_VLAN_SET) {
        (void)args_ports(a, "tagged", false, &r->cmd.u.vlan.tagged);
        (void)args_ports(a, "untagged", false, &r->cmd.u.vlan.untagged);
    }
}

static void read_mdb(struct request *r, struct args *a)
{
    r->cmd.u.mdb.vid = read_vid(r, a, true);
    (void)args_mac(a, "mac", r->cmd.u.mdb.mac);
    if (r->verb->op == VDC_HISWITCH_OP_MDB_ADD) {
        (void)args_ports(a, "ports", true, &r->cmd.u.mdb.ports);
    }
}

static void read_qos(struct request *r, struct args *a)
{
    struct vdc_hiswitch_qos *q = &r->cmd.u.qos;
    uint32_t trust = 0;
    uint64_t prio = 0;
    bool has_tsa;
    bool has_weight;

    read_port(r, a, true);
    r->cmd.fields |= args_word(a, "trust", false, trust_names, 3, &trust) ? VDC_HISWITCH_F_TRUST
                                                                          : 0;
    r->cmd.fields |= args_u64(a, "prio", false, 0, 7, &prio) ? VDC_HISWITCH_F_PRIO : 0;
    q->trust = (uint8_t)trust;
    q->prio = (uint8_t)prio;
    r->cmd.fields |= args_bytes(a, "pcp_prio", 8, 0, 7, q->pcp_prio) ? VDC_HISWITCH_F_PCP : 0;
    r->cmd.fields |= args_bytes(a, "dscp_prio", 64, 0, 7, q->dscp_prio) ? VDC_HISWITCH_F_DSCP : 0;
    r->cmd.fields |= args_bytes(a, "prio_tc", 8, 0, 7, q->prio_tc) ? VDC_HISWITCH_F_TC : 0;
    has_tsa = args_words(a, "tsa", 8, tsa_names, 2, q->tsa);
    has_weight = args_bytes(a, "weights", 8, 0, 100, q->weight);
    if (has_weight && !has_tsa && !a->is_bad) {
        a->is_bad = true;
        (void)request_fail(a->err, "EARG", "weights", "'weights' needs 'tsa'");
    }
    r->cmd.fields |= has_tsa ? VDC_HISWITCH_F_TSA : 0;
    r->cmd.fields |= args_u32s(a, "maxrate", 8, 0, UINT32_MAX, q->maxrate_kbps)
                         ? VDC_HISWITCH_F_MAXRATE
                         : 0;
}

static void read_flap(struct request *r, struct args *a)
{
    json_t *o = json_object_get(a->o, "flap");
    struct args f;

    if (a->is_bad || !o) {
        return;
    }
    args_open(&f, json_is_object(o) ? o : a->o, a->err);
    (void)args_time(&f, "down", true, 1, TIME_MAX, &r->cmd.u.fault.flap.down);
    (void)args_time(&f, "up", true, r->cmd.u.fault.flap.down + 1, TIME_MAX,
                    &r->cmd.u.fault.flap.up);
    if (!args_close(&f)) {
        a->is_bad = true;
        return;
    }
    (void)json_object_del(a->o, "flap");
    r->cmd.fields |= VDC_HISWITCH_F_FLAP;
}

static void read_fault(struct request *r, struct args *a)
{
    read_port(r, a, true);
    if (r->verb->op == VDC_HISWITCH_OP_FAULT_CLEAR) {
        return;
    }
    r->cmd.fields |= args_p32(a, "loss", &r->cmd.u.fault.loss_p32) ? VDC_HISWITCH_F_LOSS : 0;
    r->cmd.fields |= args_p32(a, "corrupt", &r->cmd.u.fault.corrupt_p32) ? VDC_HISWITCH_F_CORRUPT
                                                                         : 0;
    (void)args_word(a, "mode", false, corrupt_names, 2, &r->cmd.u.fault.is_payload);
    read_flap(r, a);
}

static void read_telemetry(struct request *r, struct args *a)
{
    const bool is_unsub = strcmp(r->verb->name, "telemetry.unsub") == 0;
    uint64_t v = 0;

    (void)args_u64(a, "sub", is_unsub, 1, VDC_HISWITCH_SAMPLERS - 1, &v);
    r->cmd.u.sample.sampler = (uint32_t)v; /* 0: the server takes a free one */
    if (is_unsub) {
        return;
    }
    r->cmd.u.sample.ports = UINT64_MAX;
    (void)args_time(a, "interval", true, SAMPLE_MIN_PS, TIME_MAX, &r->cmd.u.sample.every_ps);
    (void)args_ports(a, "ports", false, &r->cmd.u.sample.ports);
    (void)args_word_mask(a, "fields", sample_names, 5, &r->fields);
    if (args_text(a, "sink", false, r->path, sizeof(r->path)) && strcmp(r->path, "socket") == 0) {
        r->path[0] = '\0';
    }
}

static void read_capture(struct request *r, struct args *a)
{
    uint32_t dir = 0;
    uint64_t snaplen = 0;

    read_port(r, a, true);
    if (strcmp(r->verb->name, "capture.stop") == 0) {
        return;
    }
    (void)args_word(a, "dir", false, dir_names, 3, &dir);
    (void)args_u64(a, "snaplen", false, 64, SNAPLEN_MAX, &snaplen);
    (void)args_text(a, "path", false, r->path, sizeof(r->path));
    r->cmd.u.capture.is_rx = dir != 2;
    r->cmd.u.capture.is_tx = dir != 1;
    r->cmd.u.capture.snaplen = (uint32_t)snaplen;
}

static const struct verb verbs[] = {
    { "hello", VDC_HISWITCH_OP_HELLO, REQUEST_SHOW, 0 },
    { "port.show", VDC_HISWITCH_OP_PORT_SHOW, REQUEST_SHOW, 0 },
    { "port.set", VDC_HISWITCH_OP_PORT_SET, REQUEST_CHANGE, 0 },
    { "port.tell", VDC_HISWITCH_OP_TELL, REQUEST_CHANGE, 0 },
    { "fdb.show", VDC_HISWITCH_OP_FDB_SHOW, REQUEST_SHOW, 0 },
    { "fdb.add", VDC_HISWITCH_OP_FDB_ADD, REQUEST_CHANGE, 0 },
    { "fdb.del", VDC_HISWITCH_OP_FDB_DEL, REQUEST_CHANGE, 0 },
    { "fdb.flush", VDC_HISWITCH_OP_FDB_FLUSH, REQUEST_CHANGE, 0 },
    { "fdb.set", VDC_HISWITCH_OP_FDB_SET, REQUEST_CHANGE, 0 },
    { "vlan.show", VDC_HISWITCH_OP_VLAN_SHOW, REQUEST_SHOW, 0 },
    { "vlan.set", VDC_HISWITCH_OP_VLAN_SET, REQUEST_CHANGE, 0 },
    { "vlan.del", VDC_HISWITCH_OP_VLAN_DEL, REQUEST_CHANGE, 0 },
    { "mdb.show", VDC_HISWITCH_OP_MDB_SHOW, REQUEST_SHOW, 0 },
    { "mdb.add", VDC_HISWITCH_OP_MDB_ADD, REQUEST_CHANGE, 0 },
    { "mdb.del", VDC_HISWITCH_OP_MDB_DEL, REQUEST_CHANGE, 0 },
    { "qos.show", VDC_HISWITCH_OP_QOS_SHOW, REQUEST_SHOW, 0 },
    { "qos.set", VDC_HISWITCH_OP_QOS_SET, REQUEST_CHANGE, 0 },
    { "counters.show", VDC_HISWITCH_OP_COUNTERS_SHOW, REQUEST_SHOW, 0 },
    { "counters.clear", VDC_HISWITCH_OP_COUNTERS_CLEAR, REQUEST_CHANGE, 0 },
    { "queues.show", VDC_HISWITCH_OP_QUEUES_SHOW, REQUEST_SHOW, 0 },
    { "telemetry.sub", VDC_HISWITCH_OP_SAMPLE_SET, REQUEST_LOCAL, 0 },
    { "telemetry.unsub", VDC_HISWITCH_OP_SAMPLE_SET, REQUEST_LOCAL, 0 },
    { "fault.set", VDC_HISWITCH_OP_FAULT_SET, REQUEST_CHANGE, 0 },
    { "fault.clear", VDC_HISWITCH_OP_FAULT_CLEAR, REQUEST_CHANGE, 0 },
    { "capture.start", VDC_HISWITCH_OP_CAPTURE_SET, REQUEST_LOCAL, 0 },
    { "capture.stop", VDC_HISWITCH_OP_CAPTURE_SET, REQUEST_LOCAL, 0 },
    { "digest", VDC_HISWITCH_OP_DIGEST, REQUEST_SHOW, 0 },
};

static void read_args(struct request *r, struct args *a)
{
    switch (r->verb->op) {
    case VDC_HISWITCH_OP_PORT_SHOW:
    case VDC_HISWITCH_OP_QOS_SHOW:
    case VDC_HISWITCH_OP_COUNTERS_SHOW:
    case VDC_HISWITCH_OP_COUNTERS_CLEAR:
    case VDC_HISWITCH_OP_QUEUES_SHOW:
        read_port(r, a, false);
        return;
    case VDC_HISWITCH_OP_PORT_SET:
        read_port_set(r, a);
        return;
    case VDC_HISWITCH_OP_TELL:
        read_port_tell(r, a);
        return;
    case VDC_HISWITCH_OP_FDB_ADD:
    case VDC_HISWITCH_OP_FDB_DEL:
        read_fdb(r, a);
        return;
    case VDC_HISWITCH_OP_FDB_FLUSH:
        read_fdb_flush(r, a);
        return;
    case VDC_HISWITCH_OP_FDB_SET:
        read_fdb_set(r, a);
        return;
    case VDC_HISWITCH_OP_VLAN_SET:
    case VDC_HISWITCH_OP_VLAN_DEL:
        read_vlan(r, a);
        return;
    case VDC_HISWITCH_OP_MDB_ADD:
    case VDC_HISWITCH_OP_MDB_DEL:
        read_mdb(r, a);
        return;
    case VDC_HISWITCH_OP_QOS_SET:
        read_qos(r, a);
        return;
    case VDC_HISWITCH_OP_FAULT_SET:
    case VDC_HISWITCH_OP_FAULT_CLEAR:
        read_fault(r, a);
        return;
    case VDC_HISWITCH_OP_SAMPLE_SET:
        read_telemetry(r, a);
        return;
    case VDC_HISWITCH_OP_CAPTURE_SET:
        read_capture(r, a);
        return;
    default:
        return; /* no arguments */
    }
}

static bool find_verb(struct request *r, json_t *object, struct request_error *err)
{
    const char *name = json_string_value(json_object_get(object, "cmd"));

    if (!name) {
        return request_fail(err, "EARG", "cmd", "'cmd' must be a string");
    }
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(verbs[i].name, name) == 0) {
            r->verb = &verbs[i];
            r->cmd.op = verbs[i].op;
            return true;
        }
    }
    return request_fail(err, "ENOCMD", "cmd", "no command '%.40s'", name);
}

bool request_read(struct request *r, json_t *object, bool is_journal, struct request_error *err)
{
    struct args a;
    char cmd[32];
    uint64_t id = 0;

    memset(r, 0, sizeof(*r));
    memset(err, 0, sizeof(*err));
    if (!json_is_object(object)) {
        return request_fail(err, "EPARSE", "", "a request is one JSON object");
    }
    if (!is_journal) {
        args_open(&a, object, err);
        r->has_id = args_u64(&a, "id", true, 0, INT64_MAX, &id);
        r->id = (int64_t)id;
        json_decref(a.o);
        if (!r->has_id) {
            return false;
        }
    }
    if (!find_verb(r, object, err)) {
        return false;
    }
    r->args = json_copy(object);
    (void)json_object_del(r->args, "id");
    args_open(&a, r->args, err);
    (void)args_text(&a, "cmd", true, cmd, sizeof(cmd));
    if (r->verb->kind != REQUEST_SHOW && !is_journal) {
        (void)args_time(&a, "at", false, 0, TIME_MAX, &r->cmd.at);
        (void)json_object_del(r->args, "at");
    }
    read_args(r, &a);
    return args_close(&a);
}

bool request_parse(struct request *r, const char *line, size_t n, struct request_error *err)
{
    json_error_t je;
    json_t *o = json_loadb(line, n, JSON_REJECT_DUPLICATES, &je);
    bool is_ok;

    if (!o) {
        memset(r, 0, sizeof(*r));
        memset(err, 0, sizeof(*err));
        return request_fail(err, "EPARSE", "", "column %d: %.150s", je.column, je.text);
    }
    is_ok = request_read(r, o, false, err);
    json_decref(o);
    return is_ok;
}

void request_clear(struct request *r)
{
    json_decref(r->args);
    r->args = NULL;
}
