/* SPDX-License-Identifier: MIT */
/* Host perturbation: seeded sleeps, cuts and poll rules that must never change a result (design:
 * vtime, section 12). */
#ifndef VDC_VTIME_PORT_PERTURB_H
#define VDC_VTIME_PORT_PERTURB_H

#include <stdbool.h>
#include <stdint.h>

#include "vdc/rng.h"

struct perturb {
    bool is_on;
    uint64_t key, n;
};

static inline void perturb_init(struct perturb *p, uint64_t seed, uint64_t who)
{
    p->is_on = seed != 0;
    p->key = vdc_key(seed, VDC_RNG_PERTURB, who, 0);
    p->n = 0;
}

/* Uniform in [0, bound). */
static inline uint64_t perturb_below(struct perturb *p, uint64_t bound)
{
    return vdc_rand_below(p->key, p->n++, bound);
}

/* One chance in `odds`; never when off. */
static inline bool perturb_hits(struct perturb *p, uint64_t odds)
{
    return p->is_on && perturb_below(p, odds) == 0;
}

/* Sleeps 0-2 ms in one of a hundred calls. */
void perturb_pause(struct perturb *p);

#endif
