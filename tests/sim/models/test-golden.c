/* SPDX-License-Identifier: MIT */
/* Prints what must never move: the trace of small runs, digests of larger ones. Compared with
 * tests/golden/sim-models.txt. */
#include <inttypes.h>
#include <stdio.h>

#include "scenario.h"

static struct scenario sc;
static struct result r;

static void trace(const char *title, const struct scenario_args *args, size_t n_max)
{
    scenario_draw(&sc, args);
    scenario_run(&sc, NULL, 1, &r);
    printf("== %s: seed %" PRIu64 ", error %d\n", title, args->seed, r.err);
    for (uint32_t i = 0; i < sc.cfg.n_fault; i++) {
        char line[200];

        (void)vdc_fault_text(&sc.fault[i], line, sizeof(line));
        printf("fault %s\n", line);
    }
    r.n_rec = r.n_rec < n_max ? r.n_rec : n_max;
    scenario_print_trace(&sc, &r);
}

int main(void)
{
    trace("two talkers on a wire", &(struct scenario_args){ .seed = 9 }, 30);
    trace("relays", &(struct scenario_args){ .seed = 2 }, 40);
    trace("faults",
          &(struct scenario_args){ .seed = 31, .faults = VDC_FAULT_PROFILE_TEST, .n_fault_max = 6 },
          40);
    trace("quantized", &(struct scenario_args){ .seed = 5, .quantum_ps = 2000000 }, 40);
    printf("== digests\n");
    for (uint64_t seed = 0; seed < 30; seed++) {
        char hex[33];

        scenario_draw(&sc, &(struct scenario_args){ .seed = seed,
                                                    .faults = seed % 2 ? VDC_FAULT_PROFILE_LINK : 0,
                                                    .n_fault_max = 6 });
        scenario_run(&sc, NULL, 1, &r);
        vdc_digest_hex(r.digest, hex);
        printf("seed %" PRIu64 " records %" PRIu64 " digest %s\n", seed, r.n_trace, hex);
    }
    return 0;
}
