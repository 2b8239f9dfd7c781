/* SPDX-License-Identifier: MIT */
/* Horizon arithmetic of one control block: how far each vtask may run, and who holds it back
 * (design: vtime, section 2). */
#ifndef VDC_VTIME_SYNC_SYNC_H
#define VDC_VTIME_SYNC_SYNC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vdc/vtime.h"

#define VDC_SYNC_TASK_MAX    64u
#define VDC_SYNC_SCOPE_MAX   16u
#define VDC_SYNC_HUB_MAX     64u
#define VDC_SYNC_HOST_MAX    32u
#define VDC_SYNC_PORT_MAX    512u /* of all vtasks and hosts together */
#define VDC_SYNC_LINK_MAX    1024u
#define VDC_SYNC_QUANTUM_MAX VTIME_PS_PER_MS

enum vdc_sync_mode { VDC_SYNC_EXACT = 0, VDC_SYNC_QUANTIZED = 1, VDC_SYNC_RELAXED = 2 };

/* A vtask that keeps whole ns: it sees an instant at the next ns and stops at the ns before its
 * horizon. */
#define VDC_SYNC_TASK_NS 1u

struct vdc_sync_task {
    uint32_t flags;
    uint32_t zero;
    uint64_t react_ps; /* least time from the arrival of a message to a departure that it causes */
};

/* Attachment of a vtask to a hub. A vtask may have several; a pack has one per port. */
struct vdc_sync_port {
    uint32_t task;
    uint32_t hub;
    uint64_t out_ps; /* departure to arrival at the hub: shortest serialisation + link latency */
    uint64_t in_ps;  /* arrival at the hub to arrival at the vtask, empty queues: fwd of the hub +
                        shortest  serialisation + link latency; > fwd of the hub */
};

struct vdc_sync_hub {
    uint32_t group;       /* hubs that are stepped together; links join hubs of one group only */
    uint32_t can_hairpin; /* sends out of the port a message came in by (reflection, pause and
                             credit frames) */
    uint64_t fwd_ps;      /* least time from an arrival to a departure that it causes; 0 if it makes
                             pause frames */
};

/* One direction of a link between two hubs. */
struct vdc_sync_link {
    uint32_t from;
    uint32_t to;
    uint64_t link_ps; /* shortest serialisation + link latency, > 0 */
};

/* A cut link from another host: its promise is the earliest arrival at this hub. */
struct vdc_sync_ext {
    uint32_t host;
    uint32_t hub;
};

struct vdc_sync_scope {
    uint64_t members; /* bit = vtask */
    uint64_t
        bound_ps; /* skew bound, 0 = auto: none beyond the messages (refused in relaxed mode) */
};

struct vdc_sync_cfg {
    enum vdc_sync_mode mode;
    uint32_t n_task, n_port, n_hub, n_link, n_ext, n_host, n_scope;
    uint64_t quantum_ps; /* quantized mode: 1 ns .. 1 ms */
    const struct vdc_sync_task *task;
    const struct vdc_sync_port *port;
    const struct vdc_sync_hub *hub;
    const struct vdc_sync_link *link;
    const struct vdc_sync_ext *ext;
    const struct vdc_sync_scope *scope;
};

/* 0, or what is wrong with the configuration. */
enum vdc_sync_err {
    VDC_SYNC_OK = 0,
    VDC_SYNC_ERR_LIMIT =
        -1, /* more tasks, ports, hubs, links, hosts or scopes than the limits above */
    VDC_SYNC_ERR_INDEX =
        -2, /* a task, hub, host or member that does not exist, a link between groups */
    VDC_SYNC_ERR_ZERO = -3, /* a path or bound without lookahead: no progress would be possible */
    VDC_SYNC_ERR_NS = -4,  /* a path or bound to a vtask that keeps whole ns is shorter than 2 ns */
    VDC_SYNC_ERR_MODE = -5 /* quantum out of range (or no whole ns beside a vtask that keeps them);
                              relaxed mode and a vtask without an explicit bound */
};

/* State of one vtask, as it published it; lowered by whoever puts a message due at t into its down
 * ring: next = min(next, t), send = min(send, t + react). */
struct vdc_sync_in {
    vtime_t now;  /* everything before has been done */
    vtime_t next; /* earliest own event or message to handle */
    vtime_t send; /* promise: earliest departure of a message that is not yet in a ring, >= next */
    vtime_t cap;  /* own limit (stop, next digest point of a runnable guest), VTIME_NEVER if none */
};

enum vdc_sync_cause_kind {
    VDC_SYNC_BY_NONE = 0, /* nobody: may run for ever */
    VDC_SYNC_BY_TASK = 1, /* a message that vtask may send */
    VDC_SYNC_BY_HUB = 2,  /* a frame waiting in that hub */
    VDC_SYNC_BY_HOST = 3, /* the promise of that host */
    VDC_SYNC_BY_SKEW = 4, /* bound of a scope: that vtask is behind */
    VDC_SYNC_BY_CAP = 5,  /* own limit */
    VDC_SYNC_BY_GRID = 6 /* end of the quantum; that vtask is the earliest, or VDC_SYNC_CAUSE_ANY */
};
#define VDC_SYNC_CAUSE_ANY 0xffffffu

/* Cause record: kind 31:24, index 23:0. It fits the u32 of a task record. */
static inline enum vdc_sync_cause_kind vdc_sync_cause_kind(uint32_t cause)
{
    return (enum vdc_sync_cause_kind)(cause >> 24);
}

static inline uint32_t vdc_sync_cause_index(uint32_t cause)
{
    return cause & 0xffffffu;
}

struct vdc_sync_out {
    vtime_t h;         /* may process everything with time < h */
    uint32_t cause;    /* who gave the minimum; of equal ones the first of: grid, task, host, hub,
                          skew, cap */
    uint32_t selected; /* 1: has something to do before h */
    /* h without the promises of other vtasks, >= h: how far their later promises alone may move it
     * before hubs and caps have to be looked at again. h itself with hosts and in other modes. */
    vtime_t reach;
};

struct vdc_sync; /* flat bytes, no pointers */

size_t vdc_sync_size(void);
/* mem: vdc_sync_size() bytes, 8-aligned, belongs to the caller. cfg is copied. Returns enum
 * vdc_sync_err. */
int vdc_sync_init(void *mem, const struct vdc_sync_cfg *cfg);

/*
 * Horizons of all vtasks. in and out: n_task entries. hub_next: per hub, the earliest thing it
 * still has to do (own timer or a message in one of its up rings), VTIME_NEVER if nothing. The
 * result is safe at any moment; it is largest after the hub phase has run to vdc_sync_H(). ext: per
 * host the promise received from it; NULL without hosts. Returns the number of selected vtasks: 0
 * means blocked (a remote promise or caps hold everybody) or quiescent (vdc_sync_is_quiescent).
 */
uint32_t vdc_sync_solve(const struct vdc_sync *s, const struct vdc_sync_in *in,
                        const vtime_t *hub_next, const vtime_t *ext, struct vdc_sync_out *out);

/*
 * Horizon of the hub phase of a group: no message arrives at one of its hubs before it, except
 * those already in rings. first: the earliest thing any hub of the control block has to do (min of
 * hub_next). It limits the result, because a delivery may be answered: run, deliver, lower next and
 * send of the receivers, and call again, until first >= H. Then solve.
 */
vtime_t vdc_sync_H(const struct vdc_sync *s, uint32_t group, const struct vdc_sync_in *in,
                   const vtime_t *ext, vtime_t first);

/*
 * Promise to a neighbour host for the cut link that leaves hub with egress_ps (shortest
 * serialisation + link latency): earliest arrival there of a frame that is not yet in the stream.
 * Same inputs and moment as solve.
 */
vtime_t vdc_sync_promise(const struct vdc_sync *s, uint32_t hub, uint64_t egress_ps,
                         const struct vdc_sync_in *in, const vtime_t *hub_next, const vtime_t *ext);

/* Shortest time from a departure at vtask j to an arrival at vtask i, j != i; VTIME_NEVER if there
 * is no path. */
uint64_t vdc_sync_path(const struct vdc_sync *s, uint32_t j, uint32_t i);

/* Shortest time from a departure at i until i may receive its echo. Inside a window, at the first
 * departure d: limit = min(limit, d + echo). VTIME_NEVER in quantized and relaxed mode. */
uint64_t vdc_sync_echo(const struct vdc_sync *s, uint32_t i);

/* Least time of a window of a lock step: min over pairs of D and explicit bounds; the default
 * window of the engines. */
uint64_t vdc_sync_lookahead(const struct vdc_sync *s);

/* All next, hub_next are VTIME_NEVER and no host has a finite promise. */
bool vdc_sync_is_quiescent(const struct vdc_sync *s, const struct vdc_sync_in *in,
                           const vtime_t *hub_next, const vtime_t *ext);

/*
 * Instant at which the receiving vtask sees a message with arrival t whose sender (the hub's port)
 * committed to it at depart. exact and relaxed: t. quantized: max(t, end of the quantum of depart);
 * messages of one instant keep their order (t, port, seq). Pure: any finer cut of windows sees the
 * same.
 */
vtime_t vdc_sync_visible(const struct vdc_sync *s, vtime_t t, vtime_t depart);

#endif
