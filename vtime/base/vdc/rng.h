/* SPDX-License-Identifier: MIT */
/* Counter-based random numbers (SplitMix64 output function): one stream per (domain, object, sub).
 */
#ifndef VDC_VTIME_BASE_RNG_H
#define VDC_VTIME_BASE_RNG_H

#include <stdint.h>

enum vdc_rng_domain {
    VDC_RNG_LINK_LOSS = 1,
    VDC_RNG_LINK_GE,
    VDC_RNG_LINK_CORRUPT,
    VDC_RNG_LINK_JITTER,
    VDC_RNG_RED,
    VDC_RNG_ECMP,
    VDC_RNG_FLOWGEN,
    VDC_RNG_CC,
    VDC_RNG_HOOK,
    VDC_RNG_NIC,   /* QPN and PSN start values, RSS default key */
    VDC_RNG_GUEST, /* QEMU's -seed */
    VDC_RNG_SIM,   /* scenarios of the in-process simulator */
    VDC_RNG_PERTURB
};

/* Value n of stream key: SplitMix64's output of key + n * 0x9E3779B97F4A7C15. */
uint64_t vdc_rand(uint64_t key, uint64_t n);

/* Key of the stream of object (id, sub) in a domain of the run with seed run_seed. */
uint64_t vdc_key(uint64_t run_seed, enum vdc_rng_domain domain, uint64_t id, uint64_t sub);

/* Uniform in [0, bound), bound > 0, without bias worth naming (high half of the 128-bit product,
 * error < bound / 2^64). */
uint64_t vdc_rand_below(uint64_t key, uint64_t n, uint64_t bound);

#endif
