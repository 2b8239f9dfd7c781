/* SPDX-License-Identifier: MIT */
/* Clocks and cores for the bench. */
#include "load.h"

#include <sched.h>
#include <time.h>

static uint64_t read_ns(clockid_t id)
{
    struct timespec ts;

    (void)clock_gettime(id, &ts);
    return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

uint64_t load_wall_ns(void)
{
    return read_ns(CLOCK_MONOTONIC);
}

uint64_t load_cpu_ns(void)
{
    return read_ns(CLOCK_PROCESS_CPUTIME_ID);
}

void load_pin(uint32_t i)
{
    cpu_set_t may, one;
    uint32_t k = 0;

    if (sched_getaffinity(0, sizeof(may), &may) < 0) {
        return;
    }
    i %= (uint32_t)CPU_COUNT(&may);
    CPU_ZERO(&one);
    for (uint32_t c = 0; c < CPU_SETSIZE; c++) {
        if (CPU_ISSET(c, &may) && k++ == i) {
            CPU_SET(c, &one);
        }
    }
    (void)sched_setaffinity(0, sizeof(one), &one); /* unpinned, it only gets slower */
}
