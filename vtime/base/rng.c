/* SPDX-License-Identifier: MIT */
/* Counter-based random numbers: the output function of SplitMix64. */
#include "vdc/rng.h"

#include <assert.h>

#include "vdc/q32.h"

#define GOLDEN UINT64_C(0x9E3779B97F4A7C15)

uint64_t vdc_rand(uint64_t key, uint64_t n)
{
    uint64_t z = key + n * GOLDEN;

    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

/* Each part goes through the full mix before the next is added, so that no two (domain, id, sub)
 * cancel out. */
uint64_t vdc_key(uint64_t run_seed, enum vdc_rng_domain domain, uint64_t id, uint64_t sub)
{
    assert(domain >= VDC_RNG_LINK_LOSS);
    assert(domain <= VDC_RNG_PERTURB);
    return vdc_rand(vdc_rand(vdc_rand(run_seed, (uint64_t)domain), id), sub);
}

uint64_t vdc_rand_below(uint64_t key, uint64_t n, uint64_t bound)
{
    assert(bound > 0);
    return vdc_mul_hi(vdc_rand(key, n), bound);
}
