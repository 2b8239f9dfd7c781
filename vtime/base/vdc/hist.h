/* SPDX-License-Identifier: MIT */
/* Log-linear histogram of u64 values: exact below 64, then 64 buckets per power of two (error <=
 * 1/64). */
#ifndef VDC_VTIME_BASE_HIST_H
#define VDC_VTIME_BASE_HIST_H

#include <stdint.h>

#define VDC_HIST_SUB     64u
#define VDC_HIST_BUCKETS (59u * VDC_HIST_SUB) /* values of 0..2^6-1, then exponents 6..63 */

/* Flat and of fixed size, so that it is mapped, stored and merged across hosts as bytes. A zeroed
 * one is empty. */
struct vdc_hist {
    uint64_t n;
    uint64_t min;    /* 0 when empty */
    uint64_t max;    /* 0 when empty */
    uint64_t sum_lo; /* 128-bit sum: exact, and merging is associative */
    uint64_t sum_hi;
    uint64_t zero[4096 - 5 - VDC_HIST_BUCKETS];
    uint64_t bucket[VDC_HIST_BUCKETS];
};
_Static_assert(sizeof(struct vdc_hist) == 32768, "vdc_hist layout");

void vdc_hist_add(struct vdc_hist *h, uint64_t v);
/* count values at once. */
void vdc_hist_add_n(struct vdc_hist *h, uint64_t v, uint64_t count);
/* h becomes the histogram of both sets of values, exactly. */
void vdc_hist_merge(struct vdc_hist *h, const struct vdc_hist *other);
/* Value of rank ceil(n * num / den), 0 < num <= den (99.9 %: 999, 1000): the largest value its
 * bucket can hold, not above max. 0 when empty. */
uint64_t vdc_hist_rank(const struct vdc_hist *h, uint64_t num, uint64_t den);
/* Floor of the mean, exact; 0 when empty. */
uint64_t vdc_hist_mean(const struct vdc_hist *h);

/* Bucket of a value, and the smallest and largest value of a bucket: for printing. */
uint32_t vdc_hist_index(uint64_t v);
uint64_t vdc_hist_low(uint32_t index);
uint64_t vdc_hist_high(uint32_t index);

#endif
