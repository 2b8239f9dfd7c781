/* SPDX-License-Identifier: MIT */
/* Tests of the checkers: every seeded bug must be found, and by the checker that is there for it.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

#include "scenario.h"

#define SEEDS_MAX 200u

enum finder { BY_RULE, BY_DIGEST, BY_ERROR };

static const struct mutant {
    const char *name;
    uint32_t talker_bug;
    uint32_t relay_bug;
    uint64_t lie_ps;
    enum finder finder;
    int what; /* enum check_rule or enum vdc_sim_err */
} mutants[] = {
    { "works at the end of a window", TALKER_BUG_WINDOW, 0, 0, BY_DIGEST, 0 },
    { "looks at a message before its time", TALKER_BUG_PEEK, 0, 0, BY_DIGEST, 0 },
    { "answers sooner than declared", TALKER_BUG_HASTY, 0, 0, BY_ERROR, VDC_SIM_ERR_EARLY },
    { "never answers one request", TALKER_BUG_DEAF, 0, 0, BY_RULE, CHECK_LIVENESS },
    { "sends under a used number", TALKER_BUG_TWICE, 0, 0, BY_RULE, CHECK_ONCE },
    { "processes on arrival", 0, RELAY_BUG_ARRIVAL, 0, BY_RULE, CHECK_ORDER },
    { "processes on arrival (results)", 0, RELAY_BUG_ARRIVAL, 0, BY_DIGEST, 0 },
    { "turns ties round", 0, RELAY_BUG_TIE, 0, BY_RULE, CHECK_ORDER },
    { "leaves out a sequence number", 0, RELAY_BUG_SKIP, 0, BY_RULE, CHECK_ORDER },
    { "lets a frame overtake", 0, RELAY_BUG_SWAP, 0, BY_RULE, CHECK_ORDER },
    { "sends 1 ps early", 0, RELAY_BUG_EARLY, 0, BY_RULE, CHECK_CAUSALITY },
    { "forgets a copy of a flood", 0, RELAY_BUG_LOSE, 0, BY_RULE, CHECK_CONSERVATION },
    { "counts a drop twice", 0, RELAY_BUG_COUNT, 0, BY_RULE, CHECK_CONSERVATION },
    { "forgets its queue limit", 0, RELAY_BUG_BOUND, 0, BY_RULE, CHECK_BOUNDS },
    { "declares too much lookahead", 0, 0, 400000, BY_ERROR, VDC_SIM_ERR_LATE },
};

static struct scenario sc;
static struct result want;
static struct result got;

static bool is_found(const struct mutant *m, const struct result *r)
{
    switch (m->finder) {
    case BY_RULE:
        return r->check.n_bad[m->what] > 0;
    case BY_ERROR:
        return r->err == m->what;
    default:
        return want.err == 0 && r->err == 0 && scenario_diff(&sc, &want, r) != NULL;
    }
}

/* Oracle, one full and one random cut per seed; returns the number of seeds it took, 0 if not
 * found. */
static uint32_t hunt(const struct mutant *m)
{
    for (uint32_t n = 1; n <= SEEDS_MAX; n++) {
        const struct vdc_sim_cut cut[] = { { VDC_SIM_CUT_FULL, 0, n },
                                           { VDC_SIM_CUT_RANDOM, 0, n } };

        scenario_draw(&sc, &(struct scenario_args){ .seed = n,
                                                    .talker_bug = m->talker_bug,
                                                    .relay_bug = m->relay_bug,
                                                    .lie_ps = m->lie_ps });
        scenario_run(&sc, NULL, 1, &want);
        if (is_found(m, &want)) {
            return n;
        }
        for (int k = 0; k < 2; k++) {
            scenario_run(&sc, &cut[k], 1, &got);
            if (is_found(m, &got)) {
                return n;
            }
        }
    }
    return 0;
}

int main(void)
{
    const size_t n = sizeof(mutants) / sizeof(mutants[0]);
    int bad = 0;

    printf("1..%zu\n", n);
    for (size_t i = 0; i < n; i++) {
        const struct mutant *m = &mutants[i];
        const uint32_t seeds = hunt(m);
        const char *by = m->finder == BY_DIGEST  ? "digest"
                         : m->finder == BY_ERROR ? "error"
                                                 : check_name((enum check_rule)m->what);

        printf("%s %zu - %s: %s by %s, %u seeds\n", seeds ? "ok" : "not ok", i + 1, m->name,
               seeds ? "found" : "NOT found", by, seeds ? seeds : SEEDS_MAX);
        bad += seeds == 0;
    }
    return bad != 0;
}
