/* SPDX-License-Identifier: MIT */
/* Commands that wait for their time: inputs, in order of (at, arrival). */
#include "state.h"

#include <string.h>

static void arm(struct vdc_hs *sw)
{
    const struct vdc_hs_pending *w = &sw->pending;
    const uint32_t leaf = sw->n_ports + VDC_HS_LEAF_PENDING;
    const vtime_t t = w->n > 0 ? w->cmd[w->order[w->n - 1]].at : VTIME_NEVER;

    vdc_evtree_set(&sw->own, leaf, t, VDC_HUB_CLASS_CMD << 8 | leaf);
}

bool vdc_hs_pending_add(struct vdc_hs *sw, const struct vdc_hiswitch_cmd *cmd, uint64_t user)
{
    struct vdc_hs_pending *w = &sw->pending;
    uint32_t slot;
    uint32_t i = 0;

    if (w->n == VDC_HISWITCH_PENDING_MAX) {
        return false;
    }
    slot = w->n_free > 0 ? w->free[--w->n_free] : w->n_fresh++;
    assert(slot < VDC_HISWITCH_PENDING_MAX);
    w->cmd[slot] = *cmd;
    w->user[slot] = user;
    /* The last row is the first out, so a later arrival goes below all of its time. */
    while (i < w->n && w->cmd[w->order[i]].at > cmd->at) {
        i++;
    }
    memmove(&w->order[i + 1], &w->order[i], (w->n - i) * sizeof(w->order[0]));
    w->order[i] = (uint16_t)slot;
    w->n++;
    arm(sw);
    return true;
}

void vdc_hs_pending_due(const struct vdc_hs_env *e)
{
    struct vdc_hs_pending *w = &e->sw->pending;
    uint32_t slot;

    assert(w->n > 0);
    slot = w->order[--w->n];
    assert(w->cmd[slot].at == e->now);
    w->free[w->n_free++] = (uint16_t)slot;
    arm(e->sw);
    vdc_hs_execute(e, &w->cmd[slot], w->user[slot]);
}
