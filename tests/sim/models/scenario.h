/* SPDX-License-Identifier: MIT */
/* A scenario is data drawn from a seed: topology, traffic, faults; one run of it is a result that
 * can be compared. */
#ifndef VDC_TESTS_SIM_MODELS_SCENARIO_H
#define VDC_TESTS_SIM_MODELS_SCENARIO_H

#include "check.h"
#include "relay.h"
#include "talker.h"
#include "vdc/sim.h"

#define SCENARIO_TASKS  8u
#define SCENARIO_HUBS   3u
#define SCENARIO_COMPS  (SCENARIO_TASKS + SCENARIO_HUBS)
#define SCENARIO_WIRES  (SCENARIO_TASKS + SCENARIO_HUBS)
#define SCENARIO_FAULTS 6u
#define SCENARIO_TRACE  8192u

/* What a command line says: enough to repeat a run exactly. */
struct scenario_args {
    uint64_t seed;
    uint32_t talker_bug; /* of the first talker */
    uint32_t relay_bug;  /* of the first relay */
    uint32_t faults;     /* mask of fault kinds, 0 = none */
    uint32_t n_fault_max;
    uint32_t task_max; /* talkers at most, 0 = as drawn */
    uint32_t send_max; /* requests per talker at most, 0 = as drawn */
    uint32_t zero;
    uint64_t quantum_ps; /* 0 = exact */
    uint64_t bound_ps;   /* relaxed mode with that bound, 0 = not */
    uint64_t lie_ps;     /* the first relay declares a forwarding time that is too long by this */
};

struct scenario {
    struct scenario_args args;
    struct vdc_sim_cfg cfg;
    struct vdc_sim_comp comp[SCENARIO_COMPS];
    struct vdc_sim_wire wire[SCENARIO_WIRES];
    struct vdc_fault fault[SCENARIO_FAULTS];
    struct talker_cfg talker[SCENARIO_TASKS];
    struct relay_cfg relay[SCENARIO_HUBS];
    char name[SCENARIO_COMPS][16];
    uint32_t n_task;
    uint32_t n_hub;
    vtime_t stop;
};

struct result {
    int err;
    struct vdc_digest digest;
    struct vdc_sim_stat stat;
    struct check check;
    uint64_t n_trace;
    size_t n_rec;
    struct vdc_trace_rec rec[SCENARIO_TRACE];
};

void scenario_draw(struct scenario *sc, const struct scenario_args *args);
/* Runs it; cut NULL: the sequential engine. cuts > 1: in so many calls with increasing stop times.
 */
void scenario_run(const struct scenario *sc, const struct vdc_sim_cut *cut, uint32_t parts,
                  struct result *r);
/* NULL if equal, else where they differ first (static text, next call overwrites it). */
const char *scenario_diff(const struct scenario *sc, const struct result *a,
                          const struct result *b);
/* The command line that repeats the run, and its faults. */
void scenario_print(const struct scenario *sc, const char *program, const char *cut);
void scenario_print_trace(const struct scenario *sc, const struct result *r);

#endif
