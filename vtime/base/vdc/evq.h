/* SPDX-License-Identifier: MIT */
/* Event queue: 4-ary heap over a fixed array, total order (t, class, id, seq), cancel by handle. */
#ifndef VDC_VTIME_BASE_EVQ_H
#define VDC_VTIME_BASE_EVQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vdc/vtime.h"

struct vdc_ev {
    vtime_t t;
    uint64_t seq;  /* set by the queue: order of insertion */
    uint32_t id;   /* object the event belongs to */
    uint16_t cls;  /* class: order among kinds of events at one instant */
    uint16_t kind; /* meaning, for the owner */
    uint64_t arg;
};
_Static_assert(sizeof(struct vdc_ev) == 32, "vdc_ev layout");

#define VDC_EVQ_NONE UINT32_MAX

struct vdc_evq; /* flat bytes, no pointers */

size_t vdc_evq_size(uint32_t capacity);
/* mem: vdc_evq_size(capacity) bytes, 8-aligned, belongs to the caller. */
void vdc_evq_init(void *mem, uint32_t capacity);
/* Returns a handle for vdc_evq_cancel, or VDC_EVQ_NONE when the queue is full (state unchanged). */
uint32_t vdc_evq_add(struct vdc_evq *q, vtime_t t, uint16_t cls, uint16_t kind, uint32_t id,
                     uint64_t arg);
/* The handle must be of an event that is still queued (asserted). O(log n). */
void vdc_evq_cancel(struct vdc_evq *q, uint32_t handle);
/* Earliest time, VTIME_NEVER when empty. */
vtime_t vdc_evq_next(const struct vdc_evq *q);
/* Takes the first event if its time is <= until. */
bool vdc_evq_pop(struct vdc_evq *q, vtime_t until, struct vdc_ev *out);
uint32_t vdc_evq_len(const struct vdc_evq *q);
/* One of the queued events, i < vdc_evq_len(), in an order that means nothing. */
struct vdc_ev vdc_evq_at(const struct vdc_evq *q, uint32_t i);

#endif
