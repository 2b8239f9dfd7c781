/* SPDX-License-Identifier: MIT */
/* What vtime/sync keeps of one control block: the checked configuration and the shortest paths made
 * from it. */
#ifndef VDC_VTIME_SYNC_STATE_H
#define VDC_VTIME_SYNC_STATE_H

#include "vdc/sync.h"

struct sync_port {
    uint64_t out_ps;
    uint64_t in_ps;
    uint64_t egress_ps; /* in_ps without the hub's forwarding: for what waits there already */
    uint32_t task;
    uint32_t hub;
};

struct vdc_sync {
    uint32_t mode;
    uint32_t n_task, n_port, n_hub, n_ext, n_scope;
    uint64_t quantum_ps;
    struct vdc_sync_task task[VDC_SYNC_TASK_MAX];
    struct vdc_sync_hub hub[VDC_SYNC_HUB_MAX];
    struct vdc_sync_scope scope[VDC_SYNC_SCOPE_MAX];
    struct sync_port port[VDC_SYNC_PORT_MAX];
    struct vdc_sync_ext ext[VDC_SYNC_PORT_MAX];
    uint64_t echo_ps[VDC_SYNC_TASK_MAX];
    uint64_t reflex_ps[VDC_SYNC_HUB_MAX]; /* per group: delivery anywhere to an arrival at the group
                                             it causes */
    uint64_t dist[VDC_SYNC_HUB_MAX]
                 [VDC_SYNC_HUB_MAX]; /* [a][b]: arrival at hub a to arrival at hub b */
    uint64_t path[VDC_SYNC_TASK_MAX]
                 [VDC_SYNC_TASK_MAX]; /* [j][i]: departure at vtask j to arrival at i */
};

#endif
