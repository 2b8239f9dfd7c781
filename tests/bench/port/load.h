/* SPDX-License-Identifier: MIT */
/* One load for both engines: n processes around a switch, each sends a frame every so often, all
 * always runnable. */
#ifndef VDC_TESTS_BENCH_PORT_LOAD_H
#define VDC_TESTS_BENCH_PORT_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#define LOAD_MAX       16u
#define LOAD_LINK_PS   UINT64_C(500000)   /* one link */
#define LOAD_WINDOW_PS (2 * LOAD_LINK_PS) /* endpoint to endpoint: a window of a lock step */
#define LOAD_BYTES     1448u

struct load {
    uint32_t n;       /* endpoints; the switch is one more */
    uint32_t frames;  /* per endpoint and window */
    uint64_t windows; /* virtual time, in windows */
    uint64_t wall_ms; /* gives up after that */
    bool is_pinned;   /* each process on a core of its own */
    bool is_yielding; /* null messages: sched_yield instead of spinning */
    bool by_daemon;   /* windows: the switch in its own process */
};

struct load_result {
    double windows; /* virtual time reached, in windows */
    double wall_us; /* of the whole run */
    double cpu_us;  /* of all processes, after they started */
    uint64_t rx;
    double hub_runs, wakes;
};

/* Windows of vtime/port. 0 or -errno. */
int load_windows(const struct load *l, struct load_result *out);
/* Pairwise null messages in shared rings, every process polling: the baseline. */
int load_nullmsg(const struct load *l, struct load_result *out);

uint64_t load_wall_ns(void);
uint64_t load_cpu_ns(void);
/* Pins the caller to core i of those it may use. */
void load_pin(uint32_t i);

#endif
