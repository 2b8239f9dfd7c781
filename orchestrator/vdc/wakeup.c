/* SPDX-License-Identifier: MIT */
/* Cost of handing over between two threads on this machine, measured now. */
#include "wakeup.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Two threads hand a turn to each other: word 0 is ours, 1 is theirs. */
struct ping {
    _Atomic uint32_t turn;
    _Atomic bool is_over;
};

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void wait_turn(struct ping *p, uint32_t mine)
{
    uint32_t seen;
    while ((seen = atomic_load(&p->turn)) != mine && !atomic_load(&p->is_over)) {
        const struct timespec limit = { 0, 100000000 };
        (void)syscall(SYS_futex, &p->turn, FUTEX_WAIT_PRIVATE, seen, &limit, NULL,
                      0); /* looks again */
    }
}

static void give_turn(struct ping *p, uint32_t other)
{
    atomic_store(&p->turn, other);
    (void)syscall(SYS_futex, &p->turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0); /* nobody may wait */
}

static void *answer(void *arg)
{
    struct ping *p = arg;
    while (!atomic_load(&p->is_over)) {
        wait_turn(p, 1);
        give_turn(p, 0);
    }
    return NULL;
}

int wakeup_measure(unsigned ms, struct wakeup_cost *out)
{
    struct ping p = { 0 };
    pthread_t thread;
    uint64_t n = 0;
    int rc = pthread_create(&thread, NULL, answer, &p);
    if (rc != 0) {
        return -rc;
    }
    uint64_t start = now_ns();
    uint64_t end = start;
    while (end - start < (uint64_t)ms * 1000000u) {
        give_turn(&p, 1);
        wait_turn(&p, 0);
        n++;
        end = now_ns();
    }
    out->wake_ns = (end - start) / (2 * n);
    atomic_store(&p.is_over, true);
    give_turn(&p, 1);
    pthread_join(thread, NULL);

    start = now_ns();
    for (n = 0, end = start; end - start < (uint64_t)ms * 1000000u; n++) {
        sched_yield();
        end = now_ns();
    }
    out->yield_ns = (end - start) / n;
    return 0;
}
