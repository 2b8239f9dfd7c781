/* SPDX-License-Identifier: MIT */
/* One run on this host: segment, children, supervision, results. */
#ifndef VDC_ORCHESTRATOR_RUN_RUN_H
#define VDC_ORCHESTRATOR_RUN_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "vdc/artefacts.h"
#include "vdc/digest.h"
#include "vdc/resolved.h"
#include "vdc/rundir.h"
#include "vdc/vtime.h"

struct vdc_run_opts {
    FILE *progress;    /* progress lines, NULL: none */
    bool is_terminal;  /* of progress */
    const char *label; /* in front of the progress line, NULL: none */
    /* Absolute path of a control journal, or of a directory with one per switch if there are
     * several (vdc_run_journal); NULL: none. */
    const char *replay;
    /* Host perturbation and window cuts: they must not change results. */
    uint64_t perturb;  /* seed, 0 = off */
    uint64_t cut_ps;   /* longest window, 0 = as far as the horizons allow */
    uint64_t cut_seed; /* 0 = no random cuts */
    /* Part of a run, for finding where two runs part. */
    vtime_t until;                /* earlier stop, 0 = none */
    vtime_t trace_from, trace_to; /* record messages that depart in [from, to) into trace/NAME */
};

enum vdc_run_status { VDC_RUN_DONE, VDC_RUN_FAILED, VDC_RUN_INTERRUPTED };

struct vdc_run_reason {
    char component[64];
    vtime_t vt;
    char text[512];
    char console[256];    /* last line of the guest's console, empty if it has none */
    char last_frame[128]; /* "sent t=.. seq=.." or empty */
};

struct vdc_run_result {
    enum vdc_run_status status;
    const char *end;              /* stop exit idle command, or empty */
    struct vdc_run_reason reason; /* of FAILED and INTERRUPTED */
    bool has_digest;
    struct vdc_digest digest;
    uint64_t n_points;
    vtime_t vt_end;
    uint64_t moves; /* windows that a task made longer by itself, all tasks */
    uint64_t windows, hub_runs, hub_skipped, skipped_ps, late, faults;
    uint64_t wall_ms, boot_wall_ms, cpu_ms;
    bool is_interactive;                                          /* live commands came in */
    uint64_t hub_in[VDC_SWITCHES_MAX], hub_out[VDC_SWITCHES_MAX]; /* messages */
    char started[32];                                             /* UTC, wall clock */
};

/*
 * Runs the experiment into d (which exists, with frozen artefacts) and returns when every child has
 * ended. digest: 64 hex digits naming the inputs. Blocks SIGINT and SIGTERM while it runs.
 * Single thread. Returns 0 with *out filled whatever became of the run, or -errno after a message
 * on stderr when it could not begin.
 */
int vdc_run_local(const struct vdc_resolved *r, const struct vdc_artefacts *a,
                  const struct vdc_rundir *d, const char *digest, const struct vdc_run_opts *opts,
                  struct vdc_run_result *out);

#define VDC_RUN_JOURNAL_MAX 64
/* Name of the file in a run directory with the commands to a switch: control.log, or
 * control-NAME.log where there are several. Returns name. */
char *vdc_run_journal(const struct vdc_resolved *r, size_t hub, char name[VDC_RUN_JOURNAL_MAX]);

/* "exact", "quantized(Q=2us)" and what else describes the result; s has room for 128 bytes. */
char *vdc_run_label(const struct vdc_resolved *r, const struct vdc_run_result *res, char s[128]);

/* The line a run ends with: digest, label, times, windows, violations. s has room for 256 bytes. */
char *vdc_run_summary(const struct vdc_resolved *r, const struct vdc_run_result *res, char s[256]);

#endif
