/* SPDX-License-Identifier: MIT */
/* Payloads of HiSwitch's command port and notes: commands, replies, samples, events, captures.
 * Little endian. */
#ifndef VDC_HUBS_HISWITCH_HISWITCHCMD_H
#define VDC_HUBS_HISWITCH_HISWITCHCMD_H

#include <stdint.h>

#include "vdc/hiswitch.h"
#include "vdc/hubcnt.h"

/*
 * A command is a VDC_MSG_CMD message on the port after the last one, payload struct
 * vdc_hiswitch_cmd. It takes effect at max(message t, time the switch has reached, at) as an event
 * of class 4 at that time, in order of arrival among equal times. The note of type VDC_MSG_CMD with
 * the same `user` and t = that time is its reply. Commands that wait for their time are input, not
 * state: the digest does not cover them.
 */
enum vdc_hiswitch_op {
    VDC_HISWITCH_OP_HELLO = 1,      /* -> vdc_hiswitch_hello */
    VDC_HISWITCH_OP_PORT_SHOW,      /* port(s) -> n x vdc_hiswitch_port_info */
    VDC_HISWITCH_OP_PORT_SET,       /* u.port */
    VDC_HISWITCH_OP_FDB_SHOW,       /* cursor -> n x vdc_hiswitch_fdb_row */
    VDC_HISWITCH_OP_FDB_ADD,        /* u.fdb: static entry, replaces a learned one */
    VDC_HISWITCH_OP_FDB_DEL,        /* u.fdb */
    VDC_HISWITCH_OP_FDB_FLUSH,      /* u.flush */
    VDC_HISWITCH_OP_FDB_SET,        /* u.fdbset */
    VDC_HISWITCH_OP_VLAN_SHOW,      /* cursor -> n x vdc_hiswitch_vlan_cfg */
    VDC_HISWITCH_OP_VLAN_SET,       /* u.vlan: replaces both sets */
    VDC_HISWITCH_OP_VLAN_DEL,       /* u.vlan.vid */
    VDC_HISWITCH_OP_MDB_SHOW,       /* cursor -> n x vdc_hiswitch_mdb_cfg */
    VDC_HISWITCH_OP_MDB_ADD,        /* u.mdb: replaces the port set */
    VDC_HISWITCH_OP_MDB_DEL,        /* u.mdb */
    VDC_HISWITCH_OP_QOS_SHOW,       /* port(s) -> n x vdc_hiswitch_qos */
    VDC_HISWITCH_OP_QOS_SET,        /* port, u.qos, fields */
    VDC_HISWITCH_OP_COUNTERS_SHOW,  /* port(s) -> n x vdc_hub_cnt */
    VDC_HISWITCH_OP_COUNTERS_CLEAR, /* port or VDC_HISWITCH_ALL */
    VDC_HISWITCH_OP_QUEUES_SHOW,    /* port(s) -> n x vdc_hiswitch_queues */
    VDC_HISWITCH_OP_SAMPLE_SET,     /* u.sample */
    VDC_HISWITCH_OP_FAULT_SET,      /* port, u.fault, fields */
    VDC_HISWITCH_OP_FAULT_CLEAR,    /* port: loss, corruption and flaps that commands made */
    VDC_HISWITCH_OP_CAPTURE_SET,    /* port, u.capture */
    VDC_HISWITCH_OP_DIGEST,         /* -> struct vdc_digest of the state before this command */
    VDC_HISWITCH_OP_TELL,           /* port, u.tell: a VDC_MSG_CMD message to the peer */
    VDC_HISWITCH_N_OP
};

#define VDC_HISWITCH_TELL_MAX    160u
#define VDC_HISWITCH_ALL         0xffffu /* every port */
#define VDC_HISWITCH_PENDING_MAX 1024u   /* commands that wait for their time */
#define VDC_HISWITCH_SAMPLERS    4u      /* sampler 0 is the configured one */

/* "port(s)": one, or VDC_HISWITCH_ALL for all in ascending order. Bits of `fields`: which members a
 * set command carries. */
enum vdc_hiswitch_field {
    VDC_HISWITCH_F_STATE = 1u << 0, /* port.set */
    VDC_HISWITCH_F_MODE = 1u << 1,
    VDC_HISWITCH_F_PVID = 1u << 2,
    VDC_HISWITCH_F_FILTER = 1u << 3,
    VDC_HISWITCH_F_LEARN = 1u << 4, /* port.set, fdb.set */
    VDC_HISWITCH_F_TRUST = 1u << 5, /* qos.set */
    VDC_HISWITCH_F_PRIO = 1u << 6,
    VDC_HISWITCH_F_PCP = 1u << 7,
    VDC_HISWITCH_F_DSCP = 1u << 8,
    VDC_HISWITCH_F_TC = 1u << 9,
    VDC_HISWITCH_F_TSA = 1u << 10, /* with weight */
    VDC_HISWITCH_F_MAXRATE = 1u << 11,
    VDC_HISWITCH_F_AGING = 1u << 12,   /* fdb.set */
    VDC_HISWITCH_F_LOSS = 1u << 13,    /* fault.set */
    VDC_HISWITCH_F_CORRUPT = 1u << 14, /* fault.set */
    VDC_HISWITCH_F_FLAP = 1u << 15,    /* fault.set */
    VDC_HISWITCH_F_PORT = 1u << 16,    /* fdb.flush: entries of a port */
    VDC_HISWITCH_F_VID = 1u << 17,     /* fdb.flush: entries of a VLAN */
    VDC_HISWITCH_F_STATIC = 1u << 18   /* fdb.flush: static entries too */
};

struct vdc_hiswitch_cmd {
    uint16_t op;   /* enum vdc_hiswitch_op */
    uint16_t port; /* of commands that name one, or VDC_HISWITCH_ALL */
    uint32_t fields;
    vtime_t at;      /* 0 = at once */
    uint32_t cursor; /* of show commands: where to go on, 0 = from the start */
    uint32_t zero;
    union {
        struct {
            uint32_t is_up, mode, pvid, is_filter, is_learn, zero;
        } port;
        struct {
            uint16_t vid;
            uint8_t mac[6];
        } fdb; /* with port */
        struct {
            uint16_t vid, port;
            uint32_t zero;
        } flush;
        struct {
            uint64_t aging_ps; /* 0 = never */
            uint32_t is_learn; /* of every port */
            uint32_t zero;
        } fdbset;
        struct vdc_hiswitch_vlan_cfg vlan;
        struct vdc_hiswitch_mdb_cfg mdb;
        struct vdc_hiswitch_qos qos;
        struct {
            uint64_t every_ps; /* 0 = off */
            uint64_t ports;
            uint32_t sampler; /* 0..VDC_HISWITCH_SAMPLERS-1 */
            uint32_t zero;
        } sample;
        struct {
            uint64_t loss_p32, corrupt_p32;
            struct vdc_hiswitch_flap flap; /* one more down interval, in the future */
            uint32_t is_payload;           /* corruption: flip a payload bit instead of a bad FCS */
            uint32_t zero;
        } fault;
        struct {
            uint32_t is_rx, is_tx; /* both 0 = stop */
            uint32_t snaplen;      /* 0 = all */
            uint32_t zero;
        } capture;
        struct {
            uint32_t len; /* 1..VDC_HISWITCH_TELL_MAX */
            uint32_t zero;
            uint8_t text[160]; /* payload of the message */
        } tell;
        uint8_t size[168];
    } u;
};
_Static_assert(sizeof(struct vdc_hiswitch_cmd) == 192, "a command with its message is 256 bytes");

enum vdc_hiswitch_status {
    VDC_HISWITCH_OK,
    VDC_HISWITCH_ENOCMD,
    VDC_HISWITCH_EARG,
    VDC_HISWITCH_ERANGE, /* allowed[] says what would do */
    VDC_HISWITCH_ENOENT,
    VDC_HISWITCH_EBUSY,
    VDC_HISWITCH_EFULL
};

/* What an error is about. */
enum vdc_hiswitch_subject {
    VDC_HISWITCH_S_NONE,
    VDC_HISWITCH_S_CMD,
    VDC_HISWITCH_S_PORT,
    VDC_HISWITCH_S_AT,
    VDC_HISWITCH_S_MODE,
    VDC_HISWITCH_S_PVID,
    VDC_HISWITCH_S_VID,
    VDC_HISWITCH_S_MAC,
    VDC_HISWITCH_S_PORTS,
    VDC_HISWITCH_S_TAGGED,
    VDC_HISWITCH_S_TRUST,
    VDC_HISWITCH_S_PRIO,
    VDC_HISWITCH_S_TC,
    VDC_HISWITCH_S_TSA,
    VDC_HISWITCH_S_WEIGHT,
    VDC_HISWITCH_S_AGING,
    VDC_HISWITCH_S_INTERVAL,
    VDC_HISWITCH_S_SAMPLER,
    VDC_HISWITCH_S_LOSS,
    VDC_HISWITCH_S_CORRUPT,
    VDC_HISWITCH_S_FLAP,
    VDC_HISWITCH_S_CURSOR,
    VDC_HISWITCH_S_TEXT
};

/* Payload of a reply note; `bytes` of data follow. */
struct vdc_hiswitch_reply {
    uint16_t op;
    uint16_t status;  /* enum vdc_hiswitch_status */
    uint16_t subject; /* enum vdc_hiswitch_subject */
    uint16_t port;
    uint32_t n;      /* rows that follow */
    uint32_t bytes;  /* of all rows */
    uint32_t cursor; /* 0 = complete, else the next page */
    uint32_t zero;
    uint64_t allowed[2]; /* with ERANGE: inclusive */
};
_Static_assert(sizeof(struct vdc_hiswitch_reply) == 40, "vdc_hiswitch_reply layout");

#define VDC_HISWITCH_PAGE_BYTES 32256u /* rows of one reply: the counters of all ports fit */

struct vdc_hiswitch_hello {
    char name[32];
    uint32_t index, n_ports;
    uint64_t seed, buffer, fwd_latency_ps, aging_ps;
};
_Static_assert(sizeof(struct vdc_hiswitch_hello) == 72, "vdc_hiswitch_hello layout");

enum vdc_hiswitch_reason { /* why a link is down */
                           VDC_HISWITCH_DOWN_NONE,
                           VDC_HISWITCH_DOWN_UNCONNECTED,
                           VDC_HISWITCH_DOWN_ADMIN,
                           VDC_HISWITCH_DOWN_FLAP,
                           VDC_HISWITCH_DOWN_PEER, /* no hello yet, or the peer said down */
                           VDC_HISWITCH_DOWN_MODE
};

struct vdc_hiswitch_port_info {
    uint32_t id, peer;
    uint32_t flags; /* enum vdc_hiswitch_port_flags as they are now */
    uint32_t mode, peer_mode;
    uint32_t is_up, reason; /* of the link; enum vdc_hiswitch_reason */
    uint16_t pvid, port;
    uint64_t rate_bps, latency_ps, peer_rate_bps, peer_latency_ps;
    uint32_t mtu, peer_mtu;
    uint64_t loss_p32, corrupt_p32;
    vtime_t since; /* of the last change of is_up */
};
_Static_assert(sizeof(struct vdc_hiswitch_port_info) == 96, "vdc_hiswitch_port_info layout");

struct vdc_hiswitch_fdb_row {
    uint16_t vid;
    uint8_t mac[6];
    uint32_t port;
    uint32_t is_static;
    vtime_t seen;
};
_Static_assert(sizeof(struct vdc_hiswitch_fdb_row) == 24, "vdc_hiswitch_fdb_row layout");

struct vdc_hiswitch_queues {
    uint32_t port, zero;
    uint64_t shared_used;   /* bytes of the whole buffer */
    uint64_t ingress_bytes; /* bytes that came in through this port and have not left */
    vtime_t busy_until;     /* of the transmitter */
    uint64_t bytes[VDC_HUB_TCS];
    uint64_t frames[VDC_HUB_TCS];
};
_Static_assert(sizeof(struct vdc_hiswitch_queues) == 160, "vdc_hiswitch_queues layout");

/* VDC_MSG_SAMPLE: one per port and tick, t = the tick; totals since t = 0. */
struct vdc_hiswitch_sample {
    uint32_t port, sampler;
    uint64_t q[VDC_HUB_TCS]; /* bytes */
    uint64_t tx_bytes, rx_bytes;
    uint64_t shared_used;
    uint64_t drops; /* all reasons */
};
_Static_assert(sizeof(struct vdc_hiswitch_sample) == 104, "vdc_hiswitch_sample layout");

enum vdc_hiswitch_event_kind {
    VDC_HISWITCH_EV_LINK = 1, /* a: 1 up 0 down, b: enum vdc_hiswitch_reason */
    VDC_HISWITCH_EV_FAULT /* a: 1 lost 2 corrupt, b: number of the frame on that link direction */
};

/* VDC_MSG_EVENT */
struct vdc_hiswitch_event {
    uint32_t kind, port;
    uint64_t a, b;
};
_Static_assert(sizeof(struct vdc_hiswitch_event) == 24, "vdc_hiswitch_event layout");

/*
 * VDC_MSG_CAPTURE: the payload is the frame (the first snaplen bytes), wire_len its full length,
 * port the port id, t the arrival of the last bit (rx) or the time of the first bit (tx). `user`
 * says what else was so: bits 31:0 bytes in the queue behind it (tx: its TC after removal; rx: the
 * shared buffer in use), saturated bits 39:32 enum vdc_hiswitch_dir, bits 47:40 port index, bits
 * 55:48 priority (tx)
 */
enum vdc_hiswitch_dir { VDC_HISWITCH_DIR_RX, VDC_HISWITCH_DIR_TX, VDC_HISWITCH_DIR_LLDP };

static inline uint64_t vdc_hiswitch_capture_user(enum vdc_hiswitch_dir dir, uint32_t port,
                                                 uint32_t prio, uint64_t queue_bytes)
{
    const uint64_t q = queue_bytes < UINT32_MAX ? queue_bytes : UINT32_MAX;

    return q | (uint64_t)dir << 32 | (uint64_t)port << 40 | (uint64_t)prio << 48;
}

#endif
