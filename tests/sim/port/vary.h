/* SPDX-License-Identifier: MIT */
/* Checks that one experiment gives one digest however the host runs it; TAP. */
#ifndef VDC_TESTS_SIM_PORT_VARY_H
#define VDC_TESTS_SIM_PORT_VARY_H

#include "world.h"

void check(bool ok, const char *name, const char *detail);
/* Prints the plan; returns the exit code. */
int finish(void);

struct world_result run(const struct world *w);
/* DONE, every process gone by itself, nothing late. */
bool is_done(const struct world_result *r);
void expect_same(const struct world_result *base, const struct world *w, const char *name);
/* base, then every cut, poll rule, runner and n_perturb perturbation seeds of it. Returns base's
 * result. */
struct world_result vary(const char *what, const struct world *base, uint32_t n_perturb);

#endif
