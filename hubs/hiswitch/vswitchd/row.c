/* SPDX-License-Identifier: MIT */
/* Rows of answers as JSON objects: each kind of row is a table of its members. */
#include "row.h"

#include <assert.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "vdc/digest.h"
#include "vdc/hiswitchcmd.h"
#include "vdc/hubcnt.h"

#define VERSION "0.1.0"
#define P32_ONE 4294967296.0

static const char *const mode_names[] = { "eth", "ib", "auto", NULL };
static const char *const trust_names[] = { "pcp", "dscp", "port", NULL };
static const char *const tsa_names[] = { "strict", "ets", NULL };
static const char *const up_names[] = { "down", "up", NULL };
const char *const row_reason_names[] = { "none", "unconnected", "admin", "flap",
                                         "peer", "mode",        NULL };

enum kind {
    NUMBER, /* n > 1: an array */
    EACH,   /* n numbers, each a member; `#` in the key stands for its index */
    WORD,   /* an index of names; n > 1: an array */
    FLAG,   /* bit `mask` as a bool, or as a word if there are names */
    MAC,
    PORTS, /* mask of ports as an array */
    P32,   /* probability * 2^32 */
    HEX,   /* 64 bits without a sign */
    TEXT,  /* n bytes with a NUL */
    SUM    /* struct vdc_digest */
};

struct member {
    const char *key;
    uint16_t at;  /* offset in the row */
    uint8_t size; /* of one number: 1, 2, 4 or 8 */
    uint8_t kind; /* enum kind */
    uint32_t n;
    uint32_t mask;
    const char *const *names;
};

#define AT(type, field)                                                                            \
    (uint16_t)offsetof(struct type, field), (uint8_t)sizeof(((struct type *)0)->field)
#define ALL(type, field)                                                                           \
    (uint16_t)offsetof(struct type, field), (uint8_t)sizeof(((struct type *)0)->field[0])
#define NUM(type, key, field)             { key, AT(type, field), NUMBER, 1, 0, NULL }
#define NUMS(type, key, field, n)         { key, ALL(type, field), NUMBER, n, 0, NULL }
#define WORDS(type, key, field, n, names) { key, ALL(type, field), WORD, n, 0, names }
#define ONE(type, key, field, names)      { key, AT(type, field), WORD, 1, 0, names }
#define KIND(type, key, field, kind)                                                               \
    { key, (uint16_t)offsetof(struct type, field), 8, kind, 1, 0, NULL }
#define BIT(type, key, field, mask, names) { key, AT(type, field), FLAG, 1, mask, names }

static const struct member hello[] = {
    { "name", (uint16_t)offsetof(struct vdc_hiswitch_hello, name), 1, TEXT,
      sizeof(((struct vdc_hiswitch_hello *)0)->name), 0, NULL },
    NUM(vdc_hiswitch_hello, "switch", index),
    NUM(vdc_hiswitch_hello, "ports", n_ports),
    KIND(vdc_hiswitch_hello, "seed", seed, HEX),
    NUM(vdc_hiswitch_hello, "buffer", buffer),
    NUM(vdc_hiswitch_hello, "fwd_latency", fwd_latency_ps),
    NUM(vdc_hiswitch_hello, "aging", aging_ps),
};

static const struct member port[] = {
    NUM(vdc_hiswitch_port_info, "port", port),
    NUM(vdc_hiswitch_port_info, "id", id),
    NUM(vdc_hiswitch_port_info, "peer", peer),
    BIT(vdc_hiswitch_port_info, "state", flags, VDC_HISWITCH_PORT_UP, up_names),
    BIT(vdc_hiswitch_port_info, "link", is_up, UINT32_MAX, up_names),
    ONE(vdc_hiswitch_port_info, "reason", reason, row_reason_names),
    NUM(vdc_hiswitch_port_info, "since", since),
    ONE(vdc_hiswitch_port_info, "mode", mode, mode_names),
    ONE(vdc_hiswitch_port_info, "peer_mode", peer_mode, mode_names),
    NUM(vdc_hiswitch_port_info, "rate", rate_bps),
    NUM(vdc_hiswitch_port_info, "latency", latency_ps),
    NUM(vdc_hiswitch_port_info, "mtu", mtu),
    NUM(vdc_hiswitch_port_info, "peer_rate", peer_rate_bps),
    NUM(vdc_hiswitch_port_info, "peer_latency", peer_latency_ps),
    NUM(vdc_hiswitch_port_info, "peer_mtu", peer_mtu),
    NUM(vdc_hiswitch_port_info, "pvid", pvid),
    BIT(vdc_hiswitch_port_info, "filter", flags, VDC_HISWITCH_PORT_VLAN_FILTER, NULL),
    BIT(vdc_hiswitch_port_info, "learn", flags, VDC_HISWITCH_PORT_LEARN, NULL),
    BIT(vdc_hiswitch_port_info, "capture_rx", flags, VDC_HISWITCH_PORT_CAPTURE_RX, NULL),
    BIT(vdc_hiswitch_port_info, "capture_tx", flags, VDC_HISWITCH_PORT_CAPTURE_TX, NULL),
    KIND(vdc_hiswitch_port_info, "loss", loss_p32, P32),
    KIND(vdc_hiswitch_port_info, "corrupt", corrupt_p32, P32),
};

static const struct member fdb[] = {
    NUM(vdc_hiswitch_fdb_row, "vid", vid),
    KIND(vdc_hiswitch_fdb_row, "mac", mac, MAC),
    NUM(vdc_hiswitch_fdb_row, "port", port),
    BIT(vdc_hiswitch_fdb_row, "static", is_static, UINT32_MAX, NULL),
    NUM(vdc_hiswitch_fdb_row, "seen", seen),
};

static const struct member vlan[] = {
    NUM(vdc_hiswitch_vlan_cfg, "vid", vid),
    KIND(vdc_hiswitch_vlan_cfg, "tagged", tagged, PORTS),
    KIND(vdc_hiswitch_vlan_cfg, "untagged", untagged, PORTS),
};

static const struct member mdb[] = {
    NUM(vdc_hiswitch_mdb_cfg, "vid", vid),
    KIND(vdc_hiswitch_mdb_cfg, "mac", mac, MAC),
    KIND(vdc_hiswitch_mdb_cfg, "ports", ports, PORTS),
};

static const struct member qos[] = {
    ONE(vdc_hiswitch_qos, "trust", trust, trust_names),
    NUM(vdc_hiswitch_qos, "prio", prio),
    NUMS(vdc_hiswitch_qos, "pcp_prio", pcp_prio, 8),
    NUMS(vdc_hiswitch_qos, "dscp_prio", dscp_prio, 64),
    NUMS(vdc_hiswitch_qos, "prio_tc", prio_tc, 8),
    WORDS(vdc_hiswitch_qos, "tsa", tsa, 8, tsa_names),
    NUMS(vdc_hiswitch_qos, "weights", weight, 8),
    NUMS(vdc_hiswitch_qos, "maxrate", maxrate_kbps, 8),
};

#define PER(key, field) { key, ALL(vdc_hub_cnt, field), EACH, 8, 0, NULL }
#define DROP(id, name)                                                                             \
    { "drop_" #name,                                                                               \
      (uint16_t)(offsetof(struct vdc_hub_cnt, drop) + 8 * VDC_HUB_DROP_##id),                      \
      8,                                                                                           \
      NUMBER,                                                                                      \
      1,                                                                                           \
      0,                                                                                           \
      NULL },
static const struct member counters[] = {
    NUM(vdc_hub_cnt, "rx_frames", rx_frames),
    NUM(vdc_hub_cnt, "rx_bytes", rx_bytes),
    NUM(vdc_hub_cnt, "tx_frames", tx_frames),
    NUM(vdc_hub_cnt, "tx_bytes", tx_bytes),
    PER("rx_prio#_frames", rx_prio_frames),
    PER("rx_prio#_bytes", rx_prio_bytes),
    PER("tx_prio#_frames", tx_prio_frames),
    PER("tx_prio#_bytes", tx_prio_bytes),
    PER("q#_max", q_max),
    VDC_HUB_DROPS(DROP) NUM(vdc_hub_cnt, "flood", flood),
    NUM(vdc_hub_cnt, "fdb_full", fdb_full),
    NUM(vdc_hub_cnt, "tx_corrupt", tx_corrupt),
    NUM(vdc_hub_cnt, "link_down_events", link_down_events),
};

static const struct member queues[] = {
    NUM(vdc_hiswitch_queues, "port", port),
    NUM(vdc_hiswitch_queues, "shared", shared_used),
    NUM(vdc_hiswitch_queues, "ingress", ingress_bytes),
    NUM(vdc_hiswitch_queues, "busy_until", busy_until),
    NUMS(vdc_hiswitch_queues, "bytes", bytes, 8),
    NUMS(vdc_hiswitch_queues, "frames", frames, 8),
};

static const struct member digest[] = {
    { "digest", 0, 0, SUM, 1, 0, NULL },
};

#define FORM(op, type, is_list, key, table)                                                        \
    { VDC_HISWITCH_OP_##op,                                                                        \
      sizeof(struct type),                                                                         \
      is_list,                                                                                     \
      key,                                                                                         \
      table,                                                                                       \
      sizeof(table) / sizeof(table[0]) }
static const struct row_form forms[] = {
    FORM(HELLO, vdc_hiswitch_hello, false, "", hello),
    FORM(PORT_SHOW, vdc_hiswitch_port_info, true, "ports", port),
    FORM(FDB_SHOW, vdc_hiswitch_fdb_row, true, "fdb", fdb),
    FORM(VLAN_SHOW, vdc_hiswitch_vlan_cfg, true, "vlans", vlan),
    FORM(MDB_SHOW, vdc_hiswitch_mdb_cfg, true, "mdb", mdb),
    FORM(QOS_SHOW, vdc_hiswitch_qos, true, "ports", qos),
    FORM(COUNTERS_SHOW, vdc_hub_cnt, true, "ports", counters),
    FORM(QUEUES_SHOW, vdc_hiswitch_queues, true, "ports", queues),
    FORM(DIGEST, vdc_digest, false, "", digest),
};

const struct row_form *row_form_of(uint16_t op)
{
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (forms[i].op == op) {
            return &forms[i];
        }
    }
    return NULL;
}

const char *row_name(const char *const *names, uint64_t i)
{
    for (uint64_t k = 0; names[k]; k++) {
        if (k == i) {
            return names[k];
        }
    }
    return "?";
}

/* Number i of a member. */
static uint64_t number(const struct member *m, const uint8_t *row, uint32_t i)
{
    const uint8_t *p = row + m->at + (size_t)i * m->size;
    uint64_t v64;
    uint32_t v32;
    uint16_t v16;

    switch (m->size) {
    case 1:
        return *p;
    case 2:
        memcpy(&v16, p, sizeof(v16));
        return v16;
    case 4:
        memcpy(&v32, p, sizeof(v32));
        return v32;
    default:
        assert(m->size == 8);
        memcpy(&v64, p, sizeof(v64));
        return v64;
    }
}

/* Number i, or the word it stands for. */
static json_t *item(const struct member *m, const uint8_t *row, uint32_t i)
{
    const uint64_t v = number(m, row, i);

    return m->kind == WORD ? json_string(row_name(m->names, v)) : json_integer((json_int_t)v);
}

static json_t *array(const struct member *m, const uint8_t *row)
{
    json_t *a = json_array();

    for (uint32_t i = 0; i < m->n; i++) {
        (void)json_array_append_new(a, item(m, row, i));
    }
    return a;
}

static json_t *ports_of(uint64_t mask)
{
    json_t *a = json_array();

    for (int p = 0; p < 64; p++) {
        if (mask >> p & 1) {
            (void)json_array_append_new(a, json_integer(p));
        }
    }
    return a;
}

/* Kinds that are spelled in letters; s has room for 40 bytes. */
static json_t *spelled(const struct member *m, const uint8_t *row)
{
    const uint8_t *p = row + m->at;
    struct vdc_digest d;
    char s[40];

    switch (m->kind) {
    case MAC:
        (void)snprintf(s, sizeof(s), "%02x:%02x:%02x:%02x:%02x:%02x", p[0], p[1], p[2], p[3], p[4],
                       p[5]);
        break;
    case HEX:
        (void)snprintf(s, sizeof(s), "0x%016" PRIx64, number(m, row, 0));
        break;
    case TEXT:
        assert(m->n <= sizeof(s));
        memcpy(s, p, m->n);
        s[m->n - 1] = '\0';
        break;
    default:
        assert(m->kind == SUM);
        memcpy(&d, p, sizeof(d));
        vdc_digest_hex(d, s);
        break;
    }
    return json_string(s);
}

static json_t *value(const struct member *m, const uint8_t *row)
{
    bool is_set;

    switch (m->kind) {
    case NUMBER:
    case WORD:
        return m->n > 1 ? array(m, row) : item(m, row, 0);
    case FLAG:
        is_set = (number(m, row, 0) & m->mask) != 0;
        return m->names ? json_string(m->names[is_set]) : json_boolean(is_set);
    case PORTS:
        return ports_of(number(m, row, 0));
    case P32:
        return json_real((double)number(m, row, 0) / P32_ONE);
    default:
        return spelled(m, row);
    }
}

/* "rx_prio#_frames" with each index in place of the mark. */
static void set_each(json_t *o, const struct member *m, const uint8_t *row)
{
    const char *mark = strchr(m->key, '#');
    char key[32];

    assert(mark);
    for (uint32_t i = 0; i < m->n; i++) {
        (void)snprintf(key, sizeof(key), "%.*s%" PRIu32 "%s", (int)(mark - m->key), m->key, i,
                       mark + 1);
        (void)json_object_set_new(o, key, item(m, row, i));
    }
}

json_t *row_object(const struct row_form *f, const void *row)
{
    json_t *o = json_object();

    if (f->members == hello) {
        (void)json_object_set_new(o, "version", json_string(VERSION));
    }
    for (size_t i = 0; i < f->n_members; i++) {
        const struct member *m = &f->members[i];

        if (m->kind == EACH) {
            set_each(o, m, row);
        } else {
            (void)json_object_set_new(o, m->key, value(m, row));
        }
    }
    return o;
}
