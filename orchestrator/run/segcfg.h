/* SPDX-License-Identifier: MIT */
/* From a resolved experiment to the configuration of the shared segment and of the switches in it.
 */
#ifndef VDC_ORCHESTRATOR_RUN_SEGCFG_H
#define VDC_ORCHESTRATOR_RUN_SEGCFG_H

#include "vdc/hiswitch.h"
#include "vdc/resolved.h"
#include "vdc/seg.h"

struct segcfg {
    struct vdc_seg_cfg cfg;
    struct vdc_seg_task_cfg tasks[VDC_NODES_MAX];
    struct vdc_seg_port_cfg ports[VDC_NODES_MAX];
    struct vdc_seg_link_cfg links[VDC_SWITCHES_MAX];
    struct vdc_seg_hub_cfg hubs[VDC_SWITCHES_MAX];
    struct vdc_hiswitch_cfg hiswitch[VDC_SWITCHES_MAX];
};

extern const struct vdc_model_ops *const segcfg_ops[];
#define SEGCFG_N_OPS 1u

/* All pointers in s->cfg point into s. digest: 64 hex digits that name the inputs. */
void segcfg_make(struct segcfg *s, const struct vdc_resolved *r, const char *digest);

#endif
