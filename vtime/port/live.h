/* SPDX-License-Identifier: MIT */
/* Live promises: what running tasks tell each other inside a window, so that nobody waits for a
 * barrier while no message is on its way. */
#ifndef VDC_VTIME_PORT_LIVE_H
#define VDC_VTIME_PORT_LIVE_H

#include "mapping.h"

/*
 * The live word of a task: a time before which no message of it departs that no completer has seen
 * yet, in even ps (rounded down), and in bit 0 whether the task may still raise it in this window.
 * A task raises it only while it has neither sent nor exited since its grant: from then on it waits
 * for the completer like everybody (docs/specs/segment.md, section 4).
 */
#define LIVE_MOVES UINT64_C(1)

static inline void live_store(struct seg_task *t, vtime_t send, bool moves)
{
    atomic_store_explicit(&t->live, (send & ~LIVE_MOVES) | (moves ? LIVE_MOVES : 0),
                          memory_order_release);
}

/* The task will not raise its word again before the next grant. */
static inline void live_stop(struct seg_task *t)
{
    const uint64_t w = atomic_load_explicit(&t->live, memory_order_relaxed);

    atomic_store_explicit(&t->live, w & ~LIVE_MOVES, memory_order_release);
}

/* One reader: a task, and the others that a message may reach it from. */
struct live {
    uint64_t min_path_ps; /* the shortest */
    uint32_t n, zero;
    struct live_peer {
        const struct seg_task *task;
        uint64_t path_ps; /* from a departure there to an arrival here */
    } peer[VDC_SEG_TASK_MAX];
};

void live_init(struct live *l, const struct vdc_seg *seg, uint32_t me);

/* Nothing arrives before it that is not in a down ring yet. *moves: it may be later soon, without a
 * completer. */
vtime_t live_horizon(const struct live *l, bool *moves);

#endif
