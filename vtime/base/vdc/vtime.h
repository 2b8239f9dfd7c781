/* SPDX-License-Identifier: MIT */
/* Virtual time: u64 picoseconds since the start of the experiment, with saturating arithmetic. */
#ifndef VDC_VTIME_BASE_VTIME_H
#define VDC_VTIME_BASE_VTIME_H

#include <stdint.h>

typedef uint64_t vtime_t;

/* "No such instant": later than every event. 2^64 ps are 213 days. */
#define VTIME_NEVER     UINT64_MAX
#define VTIME_PS_PER_NS UINT64_C(1000)
#define VTIME_PS_PER_US UINT64_C(1000000)
#define VTIME_PS_PER_MS UINT64_C(1000000000)
#define VTIME_PS_PER_S  UINT64_C(1000000000000)

/* t + d ps; VTIME_NEVER absorbs, overflow saturates to it. */
static inline vtime_t vtime_add(vtime_t t, uint64_t d)
{
    return d > VTIME_NEVER - t ? VTIME_NEVER : t + d;
}

static inline vtime_t vtime_min(vtime_t a, vtime_t b)
{
    return a < b ? a : b;
}

static inline vtime_t vtime_max(vtime_t a, vtime_t b)
{
    return a > b ? a : b;
}

/* Guests keep whole ns: an instant becomes visible at the first ns that is not before it. */
static inline uint64_t vtime_ns_ceil(vtime_t t)
{
    return t / VTIME_PS_PER_NS + (t % VTIME_PS_PER_NS != 0);
}

/* A horizon becomes the last whole ns not after it. */
static inline uint64_t vtime_ns_floor(vtime_t t)
{
    return t / VTIME_PS_PER_NS;
}

/* ns to ps, saturating. */
static inline vtime_t vtime_from_ns(uint64_t ns)
{
    return ns > VTIME_NEVER / VTIME_PS_PER_NS ? VTIME_NEVER : ns * VTIME_PS_PER_NS;
}

#endif
