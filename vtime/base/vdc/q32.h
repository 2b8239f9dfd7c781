/* SPDX-License-Identifier: MIT */
/* Integer arithmetic that a model needs: 64 x 64 / 64 without overflow, Q32 fixed point, square
 * root. */
#ifndef VDC_VTIME_BASE_Q32_H
#define VDC_VTIME_BASE_Q32_H

#include <stdint.h>

/*
 * Nothing here uses a 128-bit type, a loop without a constant bound or a call, so that the same
 * text compiles to BPF. A Q32 is a u64 with 32 fraction bits: 1.0 is VDC_Q32_ONE. All results round
 * down unless the name says otherwise.
 */
#define VDC_Q32_ONE (UINT64_C(1) << 32)

/* High half of the 128-bit product. */
static inline uint64_t vdc_mul_hi(uint64_t a, uint64_t b)
{
    const uint64_t al = a & UINT32_MAX;
    const uint64_t ah = a >> 32;
    const uint64_t bl = b & UINT32_MAX;
    const uint64_t bh = b >> 32;
    const uint64_t mid = ah * bl + (al * bl >> 32); /* <= 2^64 - 2^32 */
    const uint64_t mid2 = al * bh + (mid & UINT32_MAX);

    return ah * bh + (mid >> 32) + (mid2 >> 32);
}

/* Digit of the long division below: (rem : next 32 bits of the numerator) / d, d normalised, rem <
 * d. Knuth D3. */
static inline uint64_t vdc_div_digit(uint64_t rem, uint64_t next, uint64_t d)
{
    const uint64_t dh = d >> 32;
    const uint64_t dl = d & UINT32_MAX;
    uint64_t q = rem / dh;
    uint64_t r = rem % dh;

    /* The estimate is at most 2 too large. */
    if (q > UINT32_MAX || q * dl > (r << 32 | next)) {
        q--;
        r += dh;
        if (r <= UINT32_MAX && (q > UINT32_MAX || q * dl > (r << 32 | next))) {
            q--;
        }
    }
    return q;
}

/* (hi * 2^64 + lo) / d; UINT64_MAX if that does not fit 64 bits or d is 0. */
static inline uint64_t vdc_div128(uint64_t hi, uint64_t lo, uint64_t d)
{
    unsigned int s = 0;
    uint64_t q1;
    uint64_t q0;

    if (hi >= d) {
        return UINT64_MAX;
    }
    if (hi == 0) {
        return lo / d;
    }
    for (unsigned int step = 32; step > 0; step /= 2) {
        if (d >> (64 - step) == 0) {
            d <<= step;
            s += step;
        }
    }
    if (s > 0) {
        hi = hi << s | lo >> (64 - s);
        lo <<= s;
    }
    q1 = vdc_div_digit(hi, lo >> 32, d);
    hi = (hi << 32 | lo >> 32) - q1 * d; /* modulo 2^64: the true value is < d */
    q0 = vdc_div_digit(hi, lo & UINT32_MAX, d);
    return q1 << 32 | q0;
}

/* a * b / c, saturating to UINT64_MAX (c == 0 too). */
static inline uint64_t vdc_muldiv(uint64_t a, uint64_t b, uint64_t c)
{
    return vdc_div128(vdc_mul_hi(a, b), a * b, c);
}

/* a * b of two Q32, or Q32 times integer >> 32; saturating. */
static inline uint64_t vdc_q32_mul(uint64_t a, uint64_t b)
{
    const uint64_t hi = vdc_mul_hi(a, b);

    return hi > UINT32_MAX ? UINT64_MAX : hi << 32 | a * b >> 32;
}

/* num / den as Q32 (integers or two Q32), saturating. */
static inline uint64_t vdc_q32_div(uint64_t num, uint64_t den)
{
    return vdc_div128(num >> 32, num << 32, den);
}

/* Integer to Q32, saturating. */
static inline uint64_t vdc_q32_from(uint64_t n)
{
    return n > UINT32_MAX ? UINT64_MAX : n << 32;
}

/* a + b, saturating. */
static inline uint64_t vdc_q32_add(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* a - b, not below 0. */
static inline uint64_t vdc_q32_sub(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

/* Largest r with r * r <= n. */
static inline uint64_t vdc_isqrt(uint64_t n)
{
    uint64_t r = 0;

    for (unsigned int i = 0; i < 32; i++) {
        const uint64_t bit = UINT64_C(1) << (62 - 2 * i);

        if (n >= r + bit) {
            n -= r + bit;
            r = r / 2 + bit;
        } else {
            r /= 2;
        }
    }
    return r;
}

/* Square root of a Q32, as Q32 with 16 exact fraction bits. */
static inline uint64_t vdc_q32_sqrt(uint64_t a)
{
    return vdc_isqrt(a) << 16;
}

#endif
