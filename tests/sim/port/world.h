/* SPDX-License-Identifier: MIT */
/* A small experiment in real processes: endpoints and guests around one or two hubs, supervised by
 * the test itself. */
#ifndef VDC_TESTS_SIM_PORT_WORLD_H
#define VDC_TESTS_SIM_PORT_WORLD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "vdc/seg.h"
#include "vdc/task.h"

#define WORLD_MAX 16u

enum world_fault {
    WORLD_OK = 0,
    WORLD_KILL,          /* SIGKILL of `victim` at fault_t, from inside its window */
    WORLD_KILL_SEND,     /* in the middle of writing a message */
    WORLD_KILL_PHASE,    /* whoever runs the hub phase at fault_t */
    WORLD_STOP_PHASE,    /* SIGSTOP of the same */
    WORLD_STOP,          /* SIGSTOP for ever */
    WORLD_STOP_ANYWHERE, /* SIGSTOP from outside after fault_ms, wherever it is */
    WORLD_STOP_SHORT,    /* SIGSTOP, SIGCONT after 150 ms */
    WORLD_LATE,          /* goes beyond its grant */
    WORLD_BROKEN_PROMISE,
    WORLD_BACKWARD, /* its now goes back */
    WORLD_ENDLESS   /* never comes back from its window */
};

/* Inputs first; results may depend on these only. */
struct world {
    uint32_t n; /* endpoints */
    uint32_t
        n_guest; /* the first of them are guests: whole ns, always runnable unless is_idle_guest */
    bool is_idle_guest; /* guests sleep between their sends */
    uint32_t n_hub;     /* 0..2 */
    uint64_t seed;
    uint32_t gap_ns;   /* mean gap between own sends, 0: silent */
    uint32_t n_sender; /* the first so many send, 0: all */
    uint32_t reply;    /* answers one of so many messages, 0: none */
    vtime_t stop;
    uint64_t digest_every;
    uint64_t quantum;    /* 0: exact */
    uint64_t sends_max;  /* per endpoint, 0: no limit */
    uint32_t n_workload; /* the last so many endpoints exit after sends_max sends */
    uint32_t n_cmd;      /* commands queued before the start, <= 4 */
    vtime_t cmd_t[4];
    vtime_t trace_from, trace_to;
    /* Host side: must not matter. */
    uint64_t cut_ps, cut_seed, perturb;
    enum vdc_task_poll poll;
    enum vdc_seg_runner runner;
    bool is_reversed;       /* start the processes in reverse order */
    uint32_t live_cmds;     /* <= 4 commands while it runs (these do matter) */
    uint32_t stop_after_ms; /* wall time after which vdc_seg_stop_at(0) is called, 0: never (matters
                               too) */
    /* Fault and supervision. */
    enum world_fault fault;
    uint32_t victim;
    vtime_t fault_t;
    uint32_t fault_ms;
    uint32_t stall_ms; /* no progress for so long fails the run; 0: 1000 */
};

struct world_result {
    struct vdc_digest digest;
    uint64_t n_points;
    struct vdc_seg_stat stat;
    struct vdc_seg_failure failure;
    vtime_t end_t;
    uint64_t rx;    /* messages received by all endpoints */
    uint64_t moved; /* grants moved by live promises */
    uint64_t n_note;
    uint64_t cmd_t[4]; /* effective times of the commands */
    uint32_t blame;    /* root of what task 0 waited for when the run stalled */
    uint64_t n_trace,
        n_trace_bad; /* records traced; those outside of [trace_from, trace_to) or out of order */
    struct vdc_digest trace; /* of all traced records, component by component */
    uint32_t n_last;         /* records remembered of endpoint 0 */
    uint64_t last_seq;       /* of the last of them */
    bool all_gone; /* every process ended by itself after the run's end (the victim aside) */
    uint32_t wall_ms;
};

/* Runs it and waits for everybody. Returns 0, or -1 after printing what went wrong in the harness
 * itself. */
int world_run(const struct world *w, struct world_result *out);

#endif
