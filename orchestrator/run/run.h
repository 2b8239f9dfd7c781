/* SPDX-License-Identifier: MIT */
/* What the parts of a local run share: children, phases, and the verdict. */
#ifndef VDC_ORCHESTRATOR_RUN_LOCAL_H
#define VDC_ORCHESTRATOR_RUN_LOCAL_H

#include <stdio.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "perturb.h"
#include "segcfg.h"
#include "vdc/hashlog.h"
#include "vdc/run.h"

#define RUN_COMPONENTS_MAX (VDC_NODES_MAX + VDC_SWITCHES_MAX) /* lines of a digest point */
_Static_assert(RUN_COMPONENTS_MAX <= VDC_HASHLOG_COMPONENTS_MAX, "all fit into hash.log");

#define SEG_FD 9 /* number of the segment's descriptor in every child */

enum phase {
    PHASE_BOOT,
    PHASE_RUN,
    PHASE_ENDING /* the segment is DONE or FAILED, or the run was given up: children go */
};

struct run;

struct child {
    struct run *run;
    const char *name; /* node3, sw0 */
    pid_t pid;        /* 0: not started, -1: has ended */
    uint32_t who;     /* task index, or VDC_SEG_WHO_HUB + hub index */
    uint64_t start_us;
    uint64_t cpu_ms;
    int status; /* of wait */
    sd_event_source *source;
};

struct run {
    const struct vdc_resolved *resolved;
    const struct vdc_artefacts *artefacts;
    const struct vdc_rundir *dir;
    const struct vdc_run_opts *opts;
    struct vdc_run_result *result;

    struct segcfg *segcfg;
    struct vdc_seg *seg;
    sd_event *event;
    enum phase phase;
    struct child guests[VDC_NODES_MAX];
    struct child daemons[VDC_SWITCHES_MAX];
    uint32_t n_started; /* guests */
    uint32_t n_daemons;
    uint32_t n_cores;
    int core[VDC_NODES_MAX]; /* usable cores, in order */

    struct vdc_hashlog *hashlog;
    FILE *traces[RUN_COMPONENTS_MAX];

    uint64_t begin_us, run_us, ending_us; /* monotonic; of the phases */
    uint64_t sample_us;                   /* last progress sample */
    uint64_t line_us;                     /* last progress line */
    uint64_t first_signal_us;
    bool is_interrupted;
    bool is_given_up; /* the reason is set by us, not by the segment */

    /* Of the last progress sample. */
    vtime_t seen_vt;
    uint64_t seen_windows, seen_us;
    uint64_t speed_ps, windows_per_s;
    /* Stall detection: who held the run up, since when, and its CPU time then. */
    uint32_t stall_who;
    uint64_t stall_since_us, stall_cpu, stall_warned_us;
    /* The same for virtual time as a whole. */
    vtime_t stuck_vt;
    uint64_t stuck_us, stuck_cpu;

    struct perturb perturb; /* of the supervisor itself */
};

/* --- children (spawn.c, guest.c) --- */

struct arguments {
    const char *list[128]; /* NULL at the end */
    size_t n;
};

/* Adds a copy of the formatted text; programmer error if it does not fit. */
void arguments_add(struct arguments *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void arguments_free(struct arguments *a);

/*
 * Starts a program in the run directory: own process group, killed when we die, stdin null, stdout
 * and stderr into hosts/local/<log>, the segment as descriptor SEG_FD. core: pinned to it, -1: as
 * we are. 0 or -errno.
 */
int child_start(struct child *c, const char *program, const struct arguments *a, const char *log,
                int core);

/* To the whole process group. */
void child_signal(const struct child *c, int signal);

int guest_start(struct run *r, uint32_t node);
int daemon_start(struct run *r, uint32_t hub);

/* Writes the job text and makes the directory of a node. */
int guest_prepare(struct run *r, uint32_t node);

/* --- members (member.c) --- */

/* Starts a child by start(r, index) and watches it; an early end fails the run. False after failing
 * the run. */
bool member_start(struct run *r, struct child *c, int (*start)(struct run *, uint32_t),
                  uint32_t index);
bool members_have_left(const struct run *r);
void members_signal(struct run *r, int signal);

uint64_t run_now_us(const struct run *r);

/* --- results while running (drain.c) --- */

int drain_open(struct run *r);
/* Takes what the rings hold. Returns true if there was something. */
bool drain_rings(struct run *r);
void drain_close(struct run *r);

/* --- watching (watch.c, progress.c) --- */

/* Progress and stall verdicts, every 200 ms. */
void watch_sample(struct run *r, uint64_t now_us);
void progress_line(struct run *r, uint64_t now_us, bool is_last);
/* "500 ns", "12.4 ms": four digits at most. */
char *progress_time(vtime_t t, char s[32]);

/* The run failed: the first reason stays. who: task index, or
 * VDC_SEG_WHO_HUB + hub index. */
void run_fail(struct run *r, uint32_t who, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
const char *run_component(const struct run *r, uint32_t who);

/* Last line of a guest's console, without control characters; empty if there is none. */
void guest_last_line(const struct vdc_rundir *d, const char *node, char *s, size_t size);

#endif
