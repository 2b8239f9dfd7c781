/* SPDX-License-Identifier: MIT */
/* Process-shared futex calls and the wall clock, which here only bounds waits and labels people's
 * views. */
#ifndef VDC_VTIME_PORT_FUTEX_H
#define VDC_VTIME_PORT_FUTEX_H

#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S UINT64_C(1000000000)

static inline uint64_t wall_ns(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail for this clock */
    return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

/* Returns after a wake with one of `bits`, when *word != seen, on a signal, or after timeout_ns:
 * callers look again. */
static inline void futex_wait_bits(_Atomic uint32_t *word, uint32_t seen, uint32_t bits,
                                   uint64_t timeout_ns)
{
    const uint64_t until = wall_ns() + timeout_ns;
    const struct timespec ts = { .tv_sec = (time_t)(until / NS_PER_S),
                                 .tv_nsec = (long)(until % NS_PER_S) };

    (void)syscall(SYS_futex, word, FUTEX_WAIT_BITSET, seen, &ts, NULL, bits);
}

static inline void futex_wake_bits(_Atomic uint32_t *word, uint32_t bits)
{
    (void)syscall(SYS_futex, word, FUTEX_WAKE_BITSET, INT_MAX, NULL, NULL, bits);
}

static inline void futex_wait(_Atomic uint32_t *word, uint32_t seen, uint64_t timeout_ns)
{
    futex_wait_bits(word, seen, FUTEX_BITSET_MATCH_ANY, timeout_ns);
}

static inline void futex_wake(_Atomic uint32_t *word)
{
    futex_wake_bits(word, FUTEX_BITSET_MATCH_ANY);
}

static inline void wall_sleep_ns(uint64_t ns)
{
    const struct timespec ts = { .tv_sec = (time_t)(ns / NS_PER_S),
                                 .tv_nsec = (long)(ns % NS_PER_S) };

    (void)nanosleep(&ts, NULL); /* a signal makes it shorter, which is fine */
}

#endif
