/* SPDX-License-Identifier: MIT */
/* Live promises: the horizon that they give. */
#include "live.h"

#include "vdc/sync.h"

void live_init(struct live *l, const struct vdc_seg *seg, uint32_t me)
{
    l->n = 0;
    l->min_path_ps = VTIME_NEVER;
    for (uint32_t j = 0; j < seg->hdr->n_task; j++) {
        const uint64_t path = j == me ? VTIME_NEVER : vdc_sync_path(seg->sync, j, me);

        if (path != VTIME_NEVER) {
            l->peer[l->n++] = (struct live_peer){ .task = &seg->task[j], .path_ps = path };
            l->min_path_ps = vtime_min(l->min_path_ps, path);
        }
    }
}

vtime_t live_horizon(const struct live *l, bool *moves)
{
    vtime_t h = VTIME_NEVER;

    *moves = false;
    for (uint32_t k = 0; k < l->n; k++) {
        const uint64_t w = atomic_load_explicit(&l->peer[k].task->live, memory_order_acquire);
        const vtime_t t = vtime_add(w & ~LIVE_MOVES, l->peer[k].path_ps);

        if (t < h) {
            h = t;
            *moves = (w & LIVE_MOVES) != 0;
        }
    }
    return h;
}
