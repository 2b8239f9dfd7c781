/* SPDX-License-Identifier: MIT */
/* From an experiment file to a finished run directory: the steps that run and verify share. */
#ifndef VDC_ORCHESTRATOR_VDC_EXECUTE_H
#define VDC_ORCHESTRATOR_VDC_EXECUTE_H

#include "cli.h"
#include "vdc/outcome.h"
#include "vdc/run.h"

struct execution {
    struct vdc_resolved *resolved;
    struct vdc_artefacts *artefacts;
    char *resolved_text; /* resolved.yaml */
    size_t resolved_len;
    char digest[65]; /* sha256 of resolved_text: the name of the inputs */
    struct vdc_rundir dir;
    struct vdc_run_result result;
    struct vdc_outcome outcome;
};

/*
 * Reads and resolves a file and finds its artefacts; frozen: directory with artefacts/, or NULL.
 * Returns EXIT_OK, or an exit code after telling why.
 */
int execution_load(struct execution *x, const struct cli *cli, const char *file,
                   const char *const *sets, size_t n_sets, const char *frozen);

/* Writes the inputs into x->dir, which exists. source: the experiment file to keep beside, or NULL.
 */
int execution_freeze(struct execution *x, const struct cli *cli, const char *source, bool is_copy);

/* Runs and writes the outcome. Returns EXIT_OK when there is an outcome, whatever it is. */
int execution_run(struct execution *x, const struct cli *cli, const struct vdc_run_opts *opts);

/* Tells on stderr why a run failed or was interrupted; nothing for a good one. */
void execution_tell(const struct execution *x);

/* Exit code of a finished run. */
int execution_code(const struct execution *x);

/* Accepts a zeroed struct. */
void execution_free(struct execution *x);

/*
 * "L", "L/7", "500ns" or "random:SEED", where L is the experiment's own window (its shortest path).
 * Returns false if it is none of these.
 */
bool execution_windows(const struct vdc_resolved *r, const char *text, struct vdc_run_opts *opts);

#endif
