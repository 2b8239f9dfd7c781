/* SPDX-License-Identifier: MIT */
/* ICRC of RoCEv2: CRC-32 over the packet with the fields that change on the way as ones; folding
 * with carry-less multiplication where the processor has it. */
#include <assert.h>
#include <string.h>

#include "vdc/crc32.h"
#include "wire.h"

#define IPV4_HDR 20u
#define IPV6_HDR 40u
#define UDP_BTH  20u

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

#define CLMUL __attribute__((target("pclmul,sse4.1")))
#define WIDE  __attribute__((target("pclmul,sse4.1,avx512f,vpclmulqdq")))

/*
 * Constants of the reflected polynomial P = 0x104c11db7, each x^n mod P bit-reversed and shifted by
 * one: n = 128 * w +- 32 fold w = 16, 4 or 1 words of 128 bits, 64 reduces to 64 bits. Then
 * Barrett: P itself, and floor(x^64 / P), both reflected.
 */
#define K_16X_LO 0x11542778a
#define K_16X_HI 0x1322d1430
#define K_4X_LO  0x154442bd4
#define K_4X_HI  0x1c6e41596
#define K_1X_LO  0x1751997d0
#define K_1X_HI  0x0ccaa009e
#define K_64     0x163cd6124
#define P_REFL   0x1db710641
#define MU_REFL  0x1f7011641

#define FOLD_MIN 16u /* bytes */
#define FOUR_MIN 64u
#define WIDE_MIN 256u

CLMUL static __m128i load(const uint8_t *p)
{
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

/* Moves the 128 bits of x over the distance of k, onto y. */
CLMUL static __m128i fold(__m128i x, __m128i k, __m128i y)
{
    const __m128i lo = _mm_clmulepi64_si128(x, k, 0x00);
    const __m128i hi = _mm_clmulepi64_si128(x, k, 0x11);

    return _mm_xor_si128(_mm_xor_si128(lo, hi), y);
}

/* Remainder of 128 bits. */
CLMUL static uint32_t reduce(__m128i x)
{
    const __m128i mask = _mm_set_epi32(0, -1, 0, -1);
    const __m128i k1 = _mm_set_epi64x(K_1X_HI, K_1X_LO);
    const __m128i k64 = _mm_set_epi64x(0, K_64);
    const __m128i barrett = _mm_set_epi64x(MU_REFL, P_REFL);
    __m128i t;

    /* 128 to 96 bits, to 64 bits, to 32 bits. */
    t = _mm_clmulepi64_si128(x, k1, 0x10);
    x = _mm_xor_si128(_mm_srli_si128(x, 8), t);
    t = _mm_srli_si128(x, 4);
    x = _mm_xor_si128(_mm_clmulepi64_si128(_mm_and_si128(x, mask), k64, 0x00), t);
    t = _mm_clmulepi64_si128(_mm_and_si128(x, mask), barrett, 0x10);
    t = _mm_clmulepi64_si128(_mm_and_si128(t, mask), barrett, 0x00);
    return (uint32_t)_mm_extract_epi32(_mm_xor_si128(x, t), 1);
}

/* n >= FOLD_MIN, a multiple of 16. crc is the register, not inverted. */
CLMUL static uint32_t crc_fold(uint32_t crc, const uint8_t *p, uint32_t n)
{
    const __m128i k4 = _mm_set_epi64x(K_4X_HI, K_4X_LO);
    const __m128i k1 = _mm_set_epi64x(K_1X_HI, K_1X_LO);
    __m128i x0 = _mm_xor_si128(load(p), _mm_cvtsi32_si128((int)crc));
    uint32_t first = 16;

    if (n >= FOUR_MIN) {
        __m128i x1 = load(p + 16);
        __m128i x2 = load(p + 32);
        __m128i x3 = load(p + 48);

        for (first = 64; n - first >= 64; first += 64) {
            x0 = fold(x0, k4, load(p + first));
            x1 = fold(x1, k4, load(p + first + 16));
            x2 = fold(x2, k4, load(p + first + 32));
            x3 = fold(x3, k4, load(p + first + 48));
        }
        x0 = fold(x0, k1, x1);
        x0 = fold(x0, k1, x2);
        x0 = fold(x0, k1, x3);
    }
    for (p += first, n -= first; n >= 16; p += 16, n -= 16) {
        x0 = fold(x0, k1, load(p));
    }
    return reduce(x0);
}

/* ---- four words in a register ---- */

WIDE static __m512i load4(const uint8_t *p)
{
    return _mm512_loadu_si512((const void *)p);
}

WIDE static __m512i fold4(__m512i x, __m512i k, __m512i y)
{
    const __m512i lo = _mm512_clmulepi64_epi128(x, k, 0x00);
    const __m512i hi = _mm512_clmulepi64_epi128(x, k, 0x11);

    return _mm512_xor_si512(_mm512_xor_si512(lo, hi), y);
}

/* As crc_fold(), n >= WIDE_MIN. */
WIDE static uint32_t crc_fold_wide(uint32_t crc, const uint8_t *p, uint32_t n)
{
    const __m512i k16 = _mm512_broadcast_i32x4(_mm_set_epi64x(K_16X_HI, K_16X_LO));
    const __m512i k4 = _mm512_broadcast_i32x4(_mm_set_epi64x(K_4X_HI, K_4X_LO));
    const __m128i k1 = _mm_set_epi64x(K_1X_HI, K_1X_LO);
    const __m512i start = _mm512_zextsi128_si512(_mm_cvtsi32_si128((int)crc));
    __m512i x0 = _mm512_xor_si512(load4(p), start);
    __m512i x1 = load4(p + 64);
    __m512i x2 = load4(p + 128);
    __m512i x3 = load4(p + 192);
    __m128i x;

    for (p += 256, n -= 256; n >= 256; p += 256, n -= 256) {
        x0 = fold4(x0, k16, load4(p));
        x1 = fold4(x1, k16, load4(p + 64));
        x2 = fold4(x2, k16, load4(p + 128));
        x3 = fold4(x3, k16, load4(p + 192));
    }
    x0 = fold4(x0, k4, x1);
    x0 = fold4(x0, k4, x2);
    x0 = fold4(x0, k4, x3);
    for (; n >= 64; p += 64, n -= 64) {
        x0 = fold4(x0, k4, load4(p));
    }
    x = fold(_mm512_extracti32x4_epi32(x0, 0), k1, _mm512_extracti32x4_epi32(x0, 1));
    x = fold(x, k1, _mm512_extracti32x4_epi32(x0, 2));
    x = fold(x, k1, _mm512_extracti32x4_epi32(x0, 3));
    for (; n >= 16; p += 16, n -= 16) {
        x = fold(x, k1, load(p));
    }
    return reduce(x);
}

/* The system keeps the wide registers: XMM, YMM, and the three parts of ZMM. */
static bool has_wide_state(void)
{
    uint32_t lo, hi;

    __asm__("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
    return (lo & 0xe6) == 0xe6;
}

enum vdc_crc_way vdc_crc_best(void)
{
    uint32_t a, b, c, d, b7, c7;

    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_PCLMUL) || !(c & bit_SSE4_1)) {
        return VDC_CRC_TABLE;
    }
    if (!(c & bit_OSXSAVE) || !__get_cpuid_count(7, 0, &a, &b7, &c7, &d) || !(b7 & bit_AVX512F) ||
        !(c7 & bit_VPCLMULQDQ) || !has_wide_state()) {
        return VDC_CRC_CLMUL;
    }
    return VDC_CRC_WIDE;
}

uint32_t vdc_crc_update(uint32_t crc, const uint8_t *p, uint32_t n, enum vdc_crc_way way)
{
    if (way != VDC_CRC_TABLE && n >= FOLD_MIN) {
        const uint32_t whole = n & ~15u;
        const bool is_wide = way == VDC_CRC_WIDE && n >= WIDE_MIN;

        crc = ~(is_wide ? crc_fold_wide(~crc, p, whole) : crc_fold(~crc, p, whole));
        p += whole;
        n -= whole;
    }
    return vdc_crc32(crc, p, n);
}
#else
enum vdc_crc_way vdc_crc_best(void)
{
    return VDC_CRC_TABLE;
}

uint32_t vdc_crc_update(uint32_t crc, const uint8_t *p, uint32_t n, enum vdc_crc_way way)
{
    assert(way == VDC_CRC_TABLE);
    (void)way;
    return vdc_crc32(crc, p, n);
}
#endif

uint32_t vdc_icrc(const uint8_t *l3, uint32_t n, bool is_v6, enum vdc_crc_way way)
{
    const uint32_t ip = is_v6 ? IPV6_HDR : IPV4_HDR;
    const uint32_t udp = 8 + ip;
    uint8_t head[8 + IPV6_HDR + UDP_BTH + 16]; /* 8 bytes in place of an LRH, then the packet */
    uint32_t n_head = ip + UDP_BTH;

    assert(n >= n_head);
    memset(head, 0xff, 8);
    n_head += n - n_head < 16 ? n - n_head : 16;
    memcpy(head + 8, l3, n_head);
    if (is_v6) {
        head[8] |= 0x0f; /* traffic class, flow label */
        memset(head + 9, 0xff, 3);
        head[8 + 7] = 0xff; /* hop limit */
    } else {
        head[8 + 1] = 0xff; /* TOS */
        head[8 + 8] = 0xff; /* TTL */
        memset(head + 8 + 10, 0xff, 2);
    }
    memset(head + udp + 6, 0xff, 2); /* UDP checksum */
    head[udp + 8 + 4] = 0xff;        /* FECN, BECN, reserved */
    return vdc_crc_update(vdc_crc_update(0, head, 8 + n_head, way), l3 + n_head, n - n_head, way);
}
