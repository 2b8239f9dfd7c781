/* SPDX-License-Identifier: MIT */
/* The message every port carries, and the one total order (t, port, seq) on messages. */
#ifndef VDC_VTIME_BASE_MSG_H
#define VDC_VTIME_BASE_MSG_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "vdc/vtime.h"

enum vdc_msg_type {
    VDC_MSG_FILLER = 0, /* ring wrap filler, never seen by a model */
    VDC_MSG_ETH = 1,    /* payload: Ethernet frame without FCS */
    VDC_MSG_IB = 2,
    VDC_MSG_LINK = 3, /* payload: struct vdc_msg_link */
    VDC_MSG_HILINK = 4,
    VDC_MSG_CMD = 5,    /* control command to a model; as a note: its reply */
    VDC_MSG_EVENT = 6,  /* note: something happened (link, fault, storm) */
    VDC_MSG_SAMPLE = 7, /* note: telemetry record */
    VDC_MSG_CAPTURE = 8 /* note: frame seen on a port */
};

enum vdc_msg_flags {
    VDC_MSG_HDR_ONLY = 1, /* payload holds the headers only, wire_len counts the whole frame */
    VDC_MSG_POOL = 2,     /* payload lies in a pool at `off` */
    VDC_MSG_LATE = 4,     /* delivered after its time (inexact modes only) */
    VDC_MSG_BAD_FCS = 8   /* corrupted on the link: the receiving port counts it and drops it */
};

#define VDC_MSG_ALIGN       64u
#define VDC_MSG_PAYLOAD_MAX 65472u /* so that header and payload fit 64 KiB */

/* Little endian, 64 bytes, payload directly behind it, total rounded up to VDC_MSG_ALIGN. */
struct vdc_msg {
    uint64_t t;        /*  0: ps, arrival of the last bit at the receiver's port */
    uint64_t seq;      /*  8: per sending port, from 0, no gaps */
    uint32_t port;     /* 16: sending port id (resolved experiment file) */
    uint32_t dst;      /* 20: receiving port id */
    uint16_t type;     /* 24: enum vdc_msg_type */
    uint16_t flags;    /* 26: enum vdc_msg_flags */
    uint32_t len;      /* 28: payload bytes present, <= VDC_MSG_PAYLOAD_MAX */
    uint64_t depart;   /* 32: ps, first instant at which the sender was committed to it */
    uint32_t wire_len; /* 40: bytes on the wire, for HDR_ONLY frames */
    uint32_t off;      /* 44: offset into the payload pool if flag POOL */
    uint64_t user;     /* 48: opaque to the transport */
    uint64_t zero;     /* 56 */
};
_Static_assert(sizeof(struct vdc_msg) == 64, "vdc_msg is one cache line");
_Static_assert(offsetof(struct vdc_msg, depart) == 32, "vdc_msg layout");

enum vdc_link_mode { VDC_LINK_ETH = 0, VDC_LINK_IB = 1, VDC_LINK_AUTO = 2 };

/* Payload of VDC_MSG_LINK: what the receiver's end of the link becomes at the message's time. */
struct vdc_msg_link {
    uint32_t is_up;
    uint32_t mtu;        /* bytes */
    uint64_t rate_bps;   /* bit/s */
    uint64_t latency_ps; /* propagation */
    uint32_t mode;       /* enum vdc_link_mode of the sender's end */
    uint32_t zero;
};
_Static_assert(sizeof(struct vdc_msg_link) == 32, "vdc_msg_link layout");

/* Bytes that the message occupies in a ring. */
static inline uint32_t vdc_msg_space(uint32_t len)
{
    return (uint32_t)(sizeof(struct vdc_msg) + len + VDC_MSG_ALIGN - 1) & ~(VDC_MSG_ALIGN - 1);
}

/* <0 if a comes before b. Equal keys mean a broken sender and are asserted against. */
static inline int vdc_msg_cmp(const struct vdc_msg *a, const struct vdc_msg *b)
{
    if (a->t != b->t) {
        return a->t < b->t ? -1 : 1;
    }
    if (a->port != b->port) {
        return a->port < b->port ? -1 : 1;
    }
    assert(a->seq != b->seq);
    return a->seq < b->seq ? -1 : 1;
}

static inline const void *vdc_msg_payload(const struct vdc_msg *m)
{
    return m + 1;
}

/* Port id u32 = kind 31:24, component index 23:8, port 7:0. */
enum vdc_port_kind {
    VDC_PORT_NIC = 1,
    VDC_PORT_SWITCH = 2,
    VDC_PORT_HILINK_GPU = 3,
    VDC_PORT_HILINK_SWITCH = 4,
    VDC_PORT_TEST = 5
};

static inline uint32_t vdc_port_id(enum vdc_port_kind kind, uint32_t component, uint32_t port)
{
    assert(component < 65536);
    assert(port < 256);
    return (uint32_t)kind << 24 | component << 8 | port;
}

#endif
