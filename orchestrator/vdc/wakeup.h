/* SPDX-License-Identifier: MIT */
/* Cost of handing over between two threads on this machine, measured now. */
#ifndef VDC_ORCHESTRATOR_VDC_WAKEUP_H
#define VDC_ORCHESTRATOR_VDC_WAKEUP_H

#include <stdint.h>

struct wakeup_cost {
    uint64_t wake_ns;  /* futex sleep and wake-up of the other thread, one way */
    uint64_t yield_ns; /* one sched_yield with nobody waiting */
};

/* Measures for about `ms` of wall time each. 0 or -errno. */
int wakeup_measure(unsigned ms, struct wakeup_cost *out);

#endif
