/* SPDX-License-Identifier: MIT */
/* Host perturbation: the sleeps. */
#include "perturb.h"

#include "futex.h"

#define PAUSE_ODDS   100u
#define PAUSE_MAX_NS 2000000u

void perturb_pause(struct perturb *p)
{
    if (perturb_hits(p, PAUSE_ODDS)) {
        wall_sleep_ns(perturb_below(p, PAUSE_MAX_NS));
    }
}
