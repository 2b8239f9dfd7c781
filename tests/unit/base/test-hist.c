/* SPDX-License-Identifier: MIT */
/* Histogram: buckets cover all values, error bound, ranks against a sorted array, exact merge. */
#include "vdc/hist.h"

#include <stdlib.h>

#include "tap.h"
#include "vdc/rng.h"

#define N 20000u

static void buckets(void)
{
    CHECK_EQ(vdc_hist_low(0), 0);
    CHECK_EQ(vdc_hist_index(UINT64_MAX), VDC_HIST_BUCKETS - 1);
    CHECK_EQ(vdc_hist_high(VDC_HIST_BUCKETS - 1), UINT64_MAX);
    for (uint32_t i = 0; i < VDC_HIST_BUCKETS; i++) {
        const uint64_t lo = vdc_hist_low(i);
        const uint64_t hi = vdc_hist_high(i);

        CHECK(lo <= hi);
        CHECK_EQ(vdc_hist_index(lo), i);
        CHECK_EQ(vdc_hist_index(hi), i);
        CHECK(hi - lo <= lo / 64); /* error of at most 1/64 */
    }
}

static int by_value(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static void ranks(void)
{
    static uint64_t v[N];
    static struct vdc_hist h;
    static const uint64_t per_mille[] = { 1, 10, 500, 900, 990, 999, 1000 };
    unsigned __int128 sum = 0;

    memset(&h, 0, sizeof(h));
    for (uint64_t i = 0; i < N; i++) {
        v[i] = vdc_rand(3, i) >> (vdc_rand(4, i) & 63);
        sum += v[i];
        vdc_hist_add(&h, v[i]);
    }
    qsort(v, N, sizeof(v[0]), by_value);
    CHECK_EQ(h.min, v[0]);
    CHECK_EQ(h.max, v[N - 1]);
    CHECK_EQ(vdc_hist_mean(&h), (uint64_t)(sum / N));
    for (size_t k = 0; k < sizeof(per_mille) / sizeof(per_mille[0]); k++) {
        const uint64_t rank = (N * per_mille[k] + 999) / 1000;
        const uint64_t got = vdc_hist_rank(&h, per_mille[k], 1000);
        const uint64_t want = v[rank - 1];

        CHECK(got >= want);
        CHECK(got - want <= want / 64);
    }
    CHECK_EQ(vdc_hist_rank(&h, 1, 1), h.max);
}

static void merge_is_exact(void)
{
    static struct vdc_hist all, a, b;

    memset(&all, 0, sizeof(all));
    memset(&a, 0, sizeof(a));
    memset(&b, 0, sizeof(b));
    vdc_hist_merge(&a, &b);
    CHECK(memcmp(&a, &all, sizeof(a)) == 0);
    for (uint64_t i = 0; i < N; i++) {
        const uint64_t v = vdc_rand(5, i);

        vdc_hist_add(&all, v);
        vdc_hist_add(i % 3 ? &a : &b, v);
    }
    vdc_hist_merge(&a, &b);
    CHECK(memcmp(&a, &all, sizeof(a)) == 0);
}

static void empty_and_bulk(void)
{
    static struct vdc_hist h, g;

    memset(&h, 0, sizeof(h));
    memset(&g, 0, sizeof(g));
    CHECK_EQ(vdc_hist_rank(&h, 1, 2), 0);
    CHECK_EQ(vdc_hist_mean(&h), 0);
    vdc_hist_add_n(&h, UINT64_MAX, 3);
    vdc_hist_add_n(&h, 5, 0);
    for (int i = 0; i < 3; i++) {
        vdc_hist_add(&g, UINT64_MAX);
    }
    CHECK(memcmp(&h, &g, sizeof(h)) == 0);
    CHECK_EQ(h.sum_hi, 2);
    CHECK_EQ(vdc_hist_mean(&h), UINT64_MAX);
}

static const struct tap_case cases[] = {
    { "buckets", buckets },
    { "ranks", ranks },
    { "merge is exact", merge_is_exact },
    { "empty and bulk", empty_and_bulk },
};

TAP_MAIN(cases)
