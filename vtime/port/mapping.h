/* SPDX-License-Identifier: MIT */
/* One process's mapping of the segment, and the small things every part of it does. */
#ifndef VDC_VTIME_PORT_MAPPING_H
#define VDC_VTIME_PORT_MAPPING_H

#include <assert.h>

#include "segment.h"
#include "vdc/sync.h"

struct vdc_seg {
    uint8_t *base;
    size_t len;
    int fd;
    uint32_t n_ops;
    const struct vdc_model_ops *const *ops;
    struct seg_hdr *hdr;
    struct seg_ctl *ctl;
    struct seg_task *task;
    struct seg_port *port;
    struct seg_link *link;
    struct seg_hub *hub;
    struct seg_comp *comp;
    const struct vdc_sync *sync;
    _Atomic uint64_t *wait; /* [n_task][n_task + n_hub + 1] ns */
};

static inline void *seg_at(const struct vdc_seg *seg, uint64_t off)
{
    assert(off != 0);
    assert(off < seg->len);
    return seg->base + off;
}

static inline enum vdc_seg_state seg_state(const struct vdc_seg *seg)
{
    return (enum vdc_seg_state)atomic_load_explicit(&seg->hdr->state, memory_order_acquire);
}

/* Maps fd, which then belongs to *out; the parts are bound by seg_bind once the header is there. */
int seg_map(int fd, size_t len, const struct vdc_model_ops *const *ops, uint32_t n_ops,
            struct vdc_seg **out);
void seg_bind(struct vdc_seg *seg);

/* Component of a who: tasks first, then hubs; UINT32_MAX if there is none. */
uint32_t seg_comp_index(const struct vdc_seg *seg, uint32_t who);

/* Moves the state and wakes everybody who may wait for that. */
void seg_enter(struct vdc_seg *seg, enum vdc_seg_state state);
void seg_wake_all(struct vdc_seg *seg);

/* vdc_seg_fail with a formatted text. */
void seg_failf(struct vdc_seg *seg, uint32_t who, int32_t code, vtime_t vt, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/*
 * Puts a record into a spool. Waits (wall time) while it is full: nothing is ever lost. False: the
 * run FAILED meanwhile.
 */
bool seg_spool_put(struct vdc_seg *seg, uint64_t off, const void *rec);

/* Remembers and, if asked to, traces a message sent by component comp. */
void seg_record(struct vdc_seg *seg, uint32_t comp, const struct vdc_msg *m, uint32_t dst,
                const void *payload);

/* What a task's promise is worth: a workload that has not exited may end the run. */
static inline vtime_t seg_send_bound(const struct seg_hdr *hdr, const struct seg_task *t,
                                     vtime_t now, vtime_t next, vtime_t send)
{
    return t->is_workload && !t->has_exited
               ? vtime_min(send, vtime_add(vtime_max(now, next), hdr->exit_slack))
               : send;
}

static inline void seg_last_set(struct vdc_seg_last *l, const struct vdc_msg *m, uint32_t dst)
{
    *l = (struct vdc_seg_last){ .t = m->t,
                                .depart = m->depart,
                                .seq = m->seq,
                                .port = m->port,
                                .dst = dst,
                                .len = m->len,
                                .type = m->type };
}

#endif
