/* SPDX-License-Identifier: MIT */
/* Random numbers: published vectors, independence of streams, bounds. */
#include "vdc/rng.h"

#include "tap.h"

static void vectors(void)
{
    static const struct {
        uint64_t key, n, want;
    } v[] = {
        { 0, 1, UINT64_C(0xe220a8397b1dcdaf) },
        { 0, 2, UINT64_C(0x6e789e6aa1b965f4) },
        { 0, 3, UINT64_C(0x06c45d188009454f) },
        { UINT64_C(0x123456789abcdef), 0, UINT64_C(0xb2c058e4ebb5112c) },
        { 42, 1000000, UINT64_C(0xdc36f32f5f0c7d01) },
    };

    for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
        CHECK_EQ(vdc_rand(v[i].key, v[i].n), v[i].want);
    }
}

/* Neighbouring (domain, id, sub) give different keys, and the key depends on each part. */
static void keys_differ(void)
{
    uint64_t seen[4 * 8 * 8 * 2];
    uint32_t n = 0;

    for (uint64_t seed = 1; seed <= 2; seed++) {
        for (int d = VDC_RNG_LINK_LOSS; d <= VDC_RNG_LINK_JITTER; d++) {
            for (uint64_t id = 0; id < 8; id++) {
                for (uint64_t sub = 0; sub < 8; sub++) {
                    seen[n++] = vdc_key(seed, (enum vdc_rng_domain)d, id, sub);
                }
            }
        }
    }
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t j = 0; j < i; j++) {
            CHECK(seen[i] != seen[j]);
        }
    }
}

/* Keys are part of results that people publish: they must never move. */
static void key_vectors(void)
{
    CHECK_EQ(vdc_key(1, VDC_RNG_LINK_LOSS, 0, 0), vdc_rand(vdc_rand(vdc_rand(1, 1), 0), 0));
    CHECK_EQ(vdc_key(7, VDC_RNG_PERTURB, 3, 9), vdc_rand(vdc_rand(vdc_rand(7, 13), 3), 9));
    CHECK_EQ(VDC_RNG_RED, 5);
    CHECK_EQ(VDC_RNG_SIM, 12);
}

static void below_is_uniform(void)
{
    uint32_t count[10] = { 0 };

    for (uint64_t n = 0; n < 100000; n++) {
        const uint64_t v = vdc_rand_below(99, n, 10);

        CHECK(v < 10);
        count[v < 10 ? v : 0]++;
    }
    for (int i = 0; i < 10; i++) {
        CHECK(count[i] > 9500 && count[i] < 10500); /* 5 sigma of a fair draw is 474 */
    }
    CHECK_EQ(vdc_rand_below(5, 6, 1), 0);
    for (uint64_t n = 0; n < 1000; n++) {
        const unsigned __int128 p = (unsigned __int128)vdc_rand(3, n) * (UINT64_MAX - n);

        CHECK_EQ(vdc_rand_below(3, n, UINT64_MAX - n), (uint64_t)(p >> 64));
    }
}

static const struct tap_case cases[] = {
    { "vectors", vectors },
    { "keys differ", keys_differ },
    { "keys are fixed", key_vectors },
    { "bounded draws", below_is_uniform },
};

TAP_MAIN(cases)
