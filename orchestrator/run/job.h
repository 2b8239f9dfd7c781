/* SPDX-License-Identifier: MIT */
/* The job text of a node, as its agent reads it (docs/specs/agent.md, section 4). */
#ifndef VDC_ORCHESTRATOR_RUN_JOB_H
#define VDC_ORCHESTRATOR_RUN_JOB_H

#include "vdc/resolved.h"

#define JOB_MAX (512u << 10) /* bytes */

/* Writes the text; *text belongs to the caller. 0, -EFBIG (above JOB_MAX) or -ENOMEM. */
int job_text(const struct vdc_resolved *r, uint32_t node, char **text, size_t *len);

#endif
