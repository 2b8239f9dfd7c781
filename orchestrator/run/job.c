/* SPDX-License-Identifier: MIT */
/* The job text of a node, as its agent reads it (docs/specs/agent.md, section 4). */
#include "job.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

int job_text(const struct vdc_resolved *r, uint32_t node, char **text, size_t *len)
{
    FILE *f = open_memstream(text, len);
    if (!f) {
        return -ENOMEM;
    }
    fprintf(f, "vdc-job 1\narp %s\ninteractive %d\n",
            r->nodes[node].keys.arp == 0 ? "static" : "dynamic", r->is_interactive);
    for (size_t i = 0; i < r->n_workloads; i++) {
        const struct vdc_workload *w = &r->workloads[i];
        if (w->node == node) {
            fprintf(f, "workload %" PRIu32 " at %" PRIu64 " len %zu\n%s\n", w->k, w->at_ps / 1000,
                    strlen(w->run), w->run);
        }
    }
    int rc = ferror(f) ? -ENOMEM : 0;
    if (fclose(f) != 0) {
        rc = -ENOMEM;
    }
    if (rc == 0 && *len > JOB_MAX) {
        rc = -EFBIG;
    }
    if (rc < 0) {
        free(*text);
        *text = NULL;
    }
    return rc;
}
