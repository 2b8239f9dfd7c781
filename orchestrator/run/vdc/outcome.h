/* SPDX-License-Identifier: MIT */
/* What became of a run: ends of the workloads, result.json, manifest.json, summary.txt. */
#ifndef VDC_ORCHESTRATOR_RUN_OUTCOME_H
#define VDC_ORCHESTRATOR_RUN_OUTCOME_H

#include <jansson.h>

#include "vdc/run.h"

struct vdc_workload_end {
    bool has_ended;
    uint32_t code; /* 0..255, 128 + signal */
    uint64_t end_ns;
    bool is_met; /* what the experiment expects of it */
};

struct vdc_outcome {
    struct vdc_workload_end *ends; /* one per workload of the resolved experiment, in its order */
    size_t n;
    bool is_met; /* all expectations */
};

/* Reads the events of all nodes of a run. 0 or -ENOMEM; what cannot be read counts as not ended. */
int vdc_outcome_collect(const struct vdc_resolved *r, const struct vdc_rundir *d,
                        struct vdc_outcome *out);
void vdc_outcome_free(struct vdc_outcome *o);

/* Writes result.json, summary.txt, nodes/N/workload-K.rc and, last, manifest.json. 0 or -errno. */
int vdc_outcome_write(const struct vdc_resolved *r, const struct vdc_artefacts *a,
                      const struct vdc_rundir *d, const char *digest,
                      const struct vdc_run_result *res, const struct vdc_outcome *o);

/* The object of `vdc run --json`, with outputs of the workloads; belongs to the caller. NULL: out
 * of memory. */
json_t *vdc_outcome_report(const struct vdc_resolved *r, const struct vdc_rundir *d,
                           const struct vdc_run_result *res, const struct vdc_outcome *o);

const char *vdc_run_status_name(enum vdc_run_status status);

/* A text as JSON string; bytes that are not UTF-8 become '?'. */
json_t *vdc_json_text(const char *s, size_t len);

#endif
