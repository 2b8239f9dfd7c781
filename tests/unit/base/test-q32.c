/* SPDX-License-Identifier: MIT */
/* Integer helpers against a 128-bit oracle. */
#include "vdc/q32.h"

#include "tap.h"
#include "vdc/rng.h"

typedef unsigned __int128 u128;

/* Values of all magnitudes, all ones and near powers of two included. */
static uint64_t draw(uint64_t stream, uint64_t n)
{
    const uint64_t v = vdc_rand(stream, n) >> (vdc_rand(stream + 100, n) & 63);

    switch (vdc_rand(stream + 200, n) & 15) {
    case 0:
        return UINT64_MAX - (v & 3);
    case 1:
        return (UINT64_C(1) << (v & 63)) - (v >> 8 & 1);
    default:
        return v;
    }
}

static void muldiv(void)
{
    for (uint64_t n = 0; n < 1000000; n++) {
        const uint64_t a = draw(1, n);
        const uint64_t b = draw(2, n);
        const uint64_t c = draw(3, n);
        const u128 p = (u128)a * b;

        CHECK_EQ(vdc_mul_hi(a, b), (uint64_t)(p >> 64));
        CHECK_EQ(vdc_muldiv(a, b, c), c == 0 || p / c >> 64 ? UINT64_MAX : (uint64_t)(p / c));
    }
    CHECK_EQ(vdc_muldiv(5, 6, 0), UINT64_MAX);
    CHECK_EQ(vdc_muldiv(UINT64_MAX, UINT64_MAX, UINT64_MAX), UINT64_MAX);
    CHECK_EQ(vdc_div128(1, 0, 2), UINT64_C(1) << 63);
}

static void fixed_point(void)
{
    for (uint64_t n = 0; n < 300000; n++) {
        const uint64_t a = draw(4, n);
        const uint64_t b = draw(5, n);
        const u128 m = (u128)a * b >> 32;
        const u128 d = b ? ((u128)a << 32) / b : 0;

        CHECK_EQ(vdc_q32_mul(a, b), m >> 64 ? UINT64_MAX : (uint64_t)m);
        CHECK_EQ(vdc_q32_div(a, b), b == 0 || d >> 64 ? UINT64_MAX : (uint64_t)d);
        CHECK_EQ(vdc_q32_add(a, b), (u128)a + b > UINT64_MAX ? UINT64_MAX : a + b);
        CHECK_EQ(vdc_q32_sub(a, b), a > b ? a - b : 0);
    }
    CHECK_EQ(vdc_q32_from(3), 3 * VDC_Q32_ONE);
    CHECK_EQ(vdc_q32_from(UINT64_C(1) << 32), UINT64_MAX);
}

static void roots(void)
{
    for (uint64_t n = 0; n < 300000; n++) {
        const uint64_t a = draw(6, n);
        const u128 r = vdc_isqrt(a);

        CHECK(r * r <= a);
        CHECK((r + 1) * (r + 1) > a);
    }
    CHECK_EQ(vdc_q32_sqrt(4 * VDC_Q32_ONE), 2 * VDC_Q32_ONE);
    CHECK_EQ(vdc_isqrt(UINT64_MAX), UINT32_MAX);
}

static const struct tap_case cases[] = {
    { "mul_hi, muldiv, div128", muldiv },
    { "Q32", fixed_point },
    { "square roots", roots },
};

TAP_MAIN(cases)
