/* SPDX-License-Identifier: MIT */
/* Runs the workloads of a node at their virtual times and forwards what they print. */
#ifndef VDC_GUEST_AGENT_RUN_H
#define VDC_GUEST_AGENT_RUN_H

#include "bar.h"
#include "job.h"
#include "netcfg.h"

/* Runs everything in @job (scripts are in @text), reports ends and EXIT, then serves live commands
 * and reaps orphans. Does not return unless an object it needs cannot be made: then one line is in
 * @err. */
void vdc_run(const struct vdc_bar *bar, const struct vdc_job *job, const char *text,
             const struct vdc_netcfg *net, char *err, size_t err_size);

#endif
