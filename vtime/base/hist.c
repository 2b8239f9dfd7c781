/* SPDX-License-Identifier: MIT */
/* Log-linear histogram: a value's bucket is its exponent and the six bits behind the leading one.
 */
#include "vdc/hist.h"

#include <assert.h>

#include "vdc/q32.h"

#define SUB_BITS 6u

/* Position of the highest set bit, v > 0. */
static uint32_t top_bit(uint64_t v)
{
    uint32_t n = 0;

    for (uint32_t step = 32; step > 0; step /= 2) {
        if (v >> step != 0) {
            v >>= step;
            n += step;
        }
    }
    return n;
}

uint32_t vdc_hist_index(uint64_t v)
{
    uint32_t e;

    if (v < VDC_HIST_SUB) {
        return (uint32_t)v;
    }
    e = top_bit(v);
    return (e - SUB_BITS + 1) * VDC_HIST_SUB + (uint32_t)(v >> (e - SUB_BITS) & (VDC_HIST_SUB - 1));
}

uint64_t vdc_hist_low(uint32_t index)
{
    assert(index < VDC_HIST_BUCKETS);
    if (index < VDC_HIST_SUB) {
        return index;
    }
    return (uint64_t)(VDC_HIST_SUB + index % VDC_HIST_SUB) << (index / VDC_HIST_SUB - 1);
}

uint64_t vdc_hist_high(uint32_t index)
{
    assert(index < VDC_HIST_BUCKETS);
    return index + 1 < VDC_HIST_BUCKETS ? vdc_hist_low(index + 1) - 1 : UINT64_MAX;
}

static void add_sum(struct vdc_hist *h, uint64_t lo, uint64_t hi)
{
    h->sum_lo += lo;
    h->sum_hi += hi + (h->sum_lo < lo);
}

void vdc_hist_add_n(struct vdc_hist *h, uint64_t v, uint64_t count)
{
    if (count == 0) {
        return;
    }
    if (h->n == 0 || v < h->min) {
        h->min = v;
    }
    if (v > h->max) {
        h->max = v;
    }
    assert(h->n <= UINT64_MAX - count);
    h->n += count;
    add_sum(h, v * count, vdc_mul_hi(v, count));
    h->bucket[vdc_hist_index(v)] += count;
}

void vdc_hist_add(struct vdc_hist *h, uint64_t v)
{
    vdc_hist_add_n(h, v, 1);
}

void vdc_hist_merge(struct vdc_hist *h, const struct vdc_hist *other)
{
    if (other->n == 0) {
        return;
    }
    if (h->n == 0 || other->min < h->min) {
        h->min = other->min;
    }
    if (other->max > h->max) {
        h->max = other->max;
    }
    assert(h->n <= UINT64_MAX - other->n);
    h->n += other->n;
    add_sum(h, other->sum_lo, other->sum_hi);
    for (uint32_t i = 0; i < VDC_HIST_BUCKETS; i++) {
        h->bucket[i] += other->bucket[i];
    }
}

uint64_t vdc_hist_rank(const struct vdc_hist *h, uint64_t num, uint64_t den)
{
    uint64_t rank;
    uint64_t seen = 0;

    assert(num > 0);
    assert(num <= den);
    if (h->n == 0) {
        return 0;
    }
    /* ceil(n * num / den) = n - floor(n * (den - num) / den) */
    rank = h->n - vdc_muldiv(h->n, den - num, den);
    for (uint32_t i = 0; i < VDC_HIST_BUCKETS; i++) {
        seen += h->bucket[i];
        if (seen >= rank) {
            const uint64_t v = vdc_hist_high(i);

            return v < h->max ? v : h->max;
        }
    }
    return h->max;
}

uint64_t vdc_hist_mean(const struct vdc_hist *h)
{
    return h->n > 0 ? vdc_div128(h->sum_hi, h->sum_lo, h->n) : 0;
}
