/* SPDX-License-Identifier: MIT */
/* The waiting rule: spin, yield or sleep until the next grant. Changes wall time only
 * (docs/specs/segment.md, section 5). */
#ifndef VDC_VTIME_PORT_WAIT_H
#define VDC_VTIME_PORT_WAIT_H

#include "mapping.h"
#include "perturb.h"
#include "vdc/task.h"

struct waiter {
    struct vdc_seg *seg;
    uint32_t me;
    enum vdc_task_poll poll;
    uint32_t n_cpu;            /* usable ones */
    bool is_pinned_apart;      /* every task has a core of its own */
    uint32_t spin_n, spin_hit; /* of the current 64 spins */
    uint32_t spin_off;         /* waits until spinning is tried again */
    uint32_t yield_off;        /* the same for yielding */
    uint32_t yield_back;       /* length of the next switch-off */
    uint32_t slow_n;           /* slow yields in a row of clean polls */
    uint64_t window_ns;        /* mean wall time between two grants */
    uint64_t last_wake_ns;
    struct perturb *perturb;
};

/* In a polling loop. */
static inline void cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

void waiter_init(struct waiter *w, struct vdc_seg *seg, uint32_t me, enum vdc_task_poll poll,
                 struct perturb *perturb);

/* Looks at the tasks' cores once all are known; between park and the first window. */
void waiter_learn_pins(struct waiter *w);

/*
 * Waits until the task's ticket differs from `have`; start_ns is the wall clock at the arrival.
 * Returns 0, -ESHUTDOWN (DONE) or -ECANCELED (FAILED).
 */
int waiter_wait(struct waiter *w, uint32_t have, uint64_t start_ns);

/* May the task poll for a moment instead of waiting? Everybody else has a core of its own. */
bool waiter_may_poll(const struct waiter *w);

/* Cores this process may use: affinity mask, limited by the cgroup's cpu.max. At least 1. */
uint32_t waiter_usable_cpus(void);
/* The one core the thread is pinned to, + 1; 0 if it may use several. */
uint32_t waiter_pinned_cpu(void);

#endif
