/* SPDX-License-Identifier: MIT */
/* The oracle: one global order, nobody is ever ahead of anybody by more than one instant. */
#include <assert.h>

#include "simstate.h"

int vdc_sim_run_sequential(struct vdc_sim *s, vtime_t stop)
{
    assert(stop < VTIME_NEVER);
    s->is_checked = 0;
    while (s->err == VDC_SIM_OK) {
        vtime_t t = VTIME_NEVER;

        for (uint32_t i = 0; i < s->cfg.n_comp; i++) {
            t = vtime_min(t, vdc_sim_next_t(s, &s->comp[i]));
        }
        if (t >= stop) {
            vdc_sim_finish(s, stop);
            break;
        }
        /* A message takes at least 1 ps, so what happens at t cannot depend on what others do at t.
         */
        for (uint32_t i = 0; i < s->cfg.n_comp && s->err == VDC_SIM_OK; i++) {
            if (vdc_sim_next_t(s, &s->comp[i]) == t) {
                vdc_model_run_to(&s->comp[i].run, t + 1);
            }
        }
    }
    return s->err;
}
