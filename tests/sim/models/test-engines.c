/* SPDX-License-Identifier: MIT */
/* Both engines, every cut, every order, faults or not: one digest, one trace, no checker complains.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario.h"

static const struct {
    const char *name;
    struct vdc_sim_cut cut;
    uint32_t parts;
} cuts[] = {
    { "full", { VDC_SIM_CUT_FULL, 0, 0 }, 1 },     { "shuffled", { VDC_SIM_CUT_FULL, 0, 1 }, 3 },
    { "half", { VDC_SIM_CUT_PART, 2, 2 }, 1 },     { "seventh", { VDC_SIM_CUT_PART, 7, 3 }, 2 },
    { "random", { VDC_SIM_CUT_RANDOM, 0, 4 }, 1 }, { "one", { VDC_SIM_CUT_ONE, 0, 5 }, 1 },
};
#define N_CUT (sizeof(cuts) / sizeof(cuts[0]))

static const struct suite {
    const char *name;
    uint32_t faults;
    uint64_t quantum_ps;
} suites[] = {
    { "exact", 0, 0 },
    { "exact, faults of links", VDC_FAULT_PROFILE_LINK, 0 },
    { "exact, faults that break order", VDC_FAULT_PROFILE_TEST, 0 },
    { "quantized, 2 us", 0, 2000000 },
    { "quantized, 700 ns, faults of links", VDC_FAULT_PROFILE_LINK, 700000 },
};

static struct scenario sc;
static struct result want;
static struct result got;
static const char *program;

/* The seed varies the order of vtasks too. */
static struct vdc_sim_cut cut_of(size_t k, uint64_t seed)
{
    struct vdc_sim_cut c = cuts[k].cut;

    if (c.seed) {
        c.seed += seed * 16;
    }
    return c;
}

/* Returns what is wrong with one scenario under one cut, NULL if nothing. `want` is the oracle's
 * result. */
static const char *judge(size_t k)
{
    const struct vdc_sim_cut c = cut_of(k, sc.args.seed);
    const char *diff;

    scenario_run(&sc, &c, cuts[k].parts, &got);
    if (got.err) {
        static char text[100];

        (void)snprintf(text, sizeof(text), "error %d at %s, t=%" PRIu64, got.err,
                       sc.comp[got.stat.err_comp].name, got.stat.err_t);
        return text;
    }
    diff = scenario_diff(&sc, &want, &got);
    if (diff) {
        return diff;
    }
    return check_total(&got.check) ? got.check.first : NULL;
}

/* True if the scenario with these arguments fails under the cut; it is drawn and judged then. */
static bool fails(const struct scenario_args *a, size_t k)
{
    scenario_draw(&sc, a);
    scenario_run(&sc, NULL, 1, &want);
    return judge(k) != NULL;
}

/* Halves faults, requests and talkers as long as the failure stays: what is left is easier to read.
 */
static void shrink(size_t k)
{
    struct scenario_args best = sc.args;
    bool is_smaller = true;

    best.n_fault_max = sc.cfg.n_fault;
    best.task_max = sc.n_task;
    best.send_max = 16;
    if (!fails(&best, k)) {
        best = sc.args; /* limits moved the draws: keep what was found */
        best.task_max = best.send_max = 0;
        best.n_fault_max = SCENARIO_FAULTS;
        is_smaller = false;
    }
    while (is_smaller) {
        is_smaller = false;
        for (int what = 0; what < 3; what++) {
            struct scenario_args a = best;
            uint32_t *v = what == 0 ? &a.n_fault_max : what == 1 ? &a.send_max : &a.task_max;

            if (*v > (what == 0 ? 0u : what == 1 ? 1u : 2u)) {
                *v = what == 2 && *v / 2 < 2 ? 2 : *v / 2;
                if (fails(&a, k)) {
                    best = a;
                    is_smaller = true;
                }
            }
        }
    }
    (void)fails(&best, k);
}

static bool run_seed(const struct scenario_args *args)
{
    scenario_draw(&sc, args);
    scenario_run(&sc, NULL, 1, &want);
    if (want.err || check_total(&want.check)) {
        printf("# oracle: error %d at t=%" PRIu64 ", %s\n", want.err, want.stat.err_t,
               want.check.first);
        scenario_print(&sc, program, "none");
        return false;
    }
    for (size_t k = 0; k < N_CUT; k++) {
        const char *what = judge(k);

        if (what) {
            printf("# %s\n", what);
            shrink(k);
            scenario_print(&sc, program, cuts[k].name);
            return false;
        }
    }
    return true;
}

/* One run, for reading: its trace and its verdict. */
static int repeat(const struct scenario_args *args, const char *cut, bool is_traced)
{
    const char *what;

    scenario_draw(&sc, args);
    scenario_run(&sc, NULL, 1, &want);
    if (is_traced) {
        scenario_print_trace(&sc, &want);
    }
    for (size_t k = 0; k < N_CUT; k++) {
        if (strcmp(cuts[k].name, cut) == 0) {
            what = judge(k);
            if (is_traced && what) {
                printf("--- %s\n", cut);
                scenario_print_trace(&sc, &got);
            }
            printf("# %s\n", what ? what : "equal");
            return what != NULL;
        }
    }
    printf("# oracle: error %d, %s\n", want.err, want.check.first);
    return want.err || check_total(&want.check);
}

static bool option(const char *arg, const char *name, uint64_t *v)
{
    const size_t n = strlen(name);

    if (strncmp(arg, name, n) != 0 || arg[n] != '=') {
        return false;
    }
    *v = strtoull(arg + n + 1, NULL, 0);
    return true;
}

int main(int argc, char **argv)
{
    uint64_t n_seed = 300;
    uint64_t from = 0;
    uint64_t seed = UINT64_MAX;
    uint64_t v[7] = { 0, 0, 0, SCENARIO_FAULTS, 0, 0, 0 };
    const char *cut = "full";
    bool is_traced = false;
    int bad = 0;

    program = argv[0];
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--cut=", 6) == 0) {
            cut = argv[i] + 6;
        } else if (strcmp(argv[i], "--trace") == 0) {
            is_traced = true;
        } else if (!option(argv[i], "--seeds", &n_seed) && !option(argv[i], "--from", &from) &&
                   !option(argv[i], "--seed", &seed) && !option(argv[i], "--talker-bug", &v[0]) &&
                   !option(argv[i], "--relay-bug", &v[1]) && !option(argv[i], "--faults", &v[2]) &&
                   !option(argv[i], "--n-fault", &v[3]) && !option(argv[i], "--quantum", &v[4]) &&
                   !option(argv[i], "--tasks", &v[5]) && !option(argv[i], "--sends", &v[6])) {
            fprintf(stderr, "%s: unknown argument %s\n", argv[0], argv[i]);
            return 2;
        }
    }
    if (seed != UINT64_MAX) {
        const struct scenario_args a = { .seed = seed,
                                         .talker_bug = (uint32_t)v[0],
                                         .relay_bug = (uint32_t)v[1],
                                         .faults = (uint32_t)v[2],
                                         .n_fault_max = (uint32_t)v[3],
                                         .task_max = (uint32_t)v[5],
                                         .send_max = (uint32_t)v[6],
                                         .quantum_ps = v[4] };

        return repeat(&a, cut, is_traced);
    }
    printf("1..%zu\n", sizeof(suites) / sizeof(suites[0]));
    for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
        bool is_ok = true;

        for (uint64_t s = from; s < from + n_seed && is_ok; s++) {
            is_ok = run_seed(&(struct scenario_args){ .seed = s,
                                                      .talker_bug = (uint32_t)v[0],
                                                      .relay_bug = (uint32_t)v[1],
                                                      .faults = suites[i].faults,
                                                      .n_fault_max = SCENARIO_FAULTS,
                                                      .quantum_ps = suites[i].quantum_ps });
        }
        printf("%s %zu - %s: %" PRIu64 " seeds x %zu cuts\n", is_ok ? "ok" : "not ok", i + 1,
               suites[i].name, n_seed, N_CUT);
        bad += !is_ok;
    }
    return bad != 0;
}
