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

/*
 * Constants of the reflected polynomial P = 0x104c11db7, each x^n mod P bit-reversed and shifted by
 * one: n = 4 * 128 +- 32 and 128 +- 32 fold four and one words of 128 bits, 64 reduces to 64 bits.
 * Then Barrett: P itself, and floor(x^64 / P), both reflected.
 */
#define K_4X_LO 0x154442bd4
#define K_4X_HI 0x1c6e41596
#define K_1X_LO 0x1751997d0
#define K_1X_HI 0x0ccaa009e
#define K_64    0x163cd6124
#define P_REFL  0x1db710641
#define MU_REFL 0x1f7011641

#define FOLD_MIN 64u /* bytes */

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
    __m128i x1 = load(p + 16);
    __m128i x2 = load(p + 32);
    __m128i x3 = load(p + 48);

    for (p += 64, n -= 64; n >= 64; p += 64, n -= 64) {
        x0 = fold(x0, k4, load(p));
        x1 = fold(x1, k4, load(p + 16));
        x2 = fold(x2, k4, load(p + 32));
        x3 = fold(x3, k4, load(p + 48));
    }
    x0 = fold(x0, k1, x1);
    x0 = fold(x0, k1, x2);
    x0 = fold(x0, k1, x3);
    for (; n >= 16; p += 16, n -= 16) {
        x0 = fold(x0, k1, load(p));
    }
    return reduce(x0);
}

bool vdc_crc_has_clmul(void)
{
    uint32_t a, b, c, d;

    return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_PCLMUL) && (c & bit_SSE4_1);
}

uint32_t vdc_crc_update(uint32_t crc, const uint8_t *p, uint32_t n, bool has_clmul)
{
    if (has_clmul && n >= FOLD_MIN) {
        const uint32_t whole = n & ~15u;

        crc = ~crc_fold(~crc, p, whole);
        p += whole;
        n -= whole;
    }
    return vdc_crc32(crc, p, n);
}
#else
bool vdc_crc_has_clmul(void)
{
    return false;
}

uint32_t vdc_crc_update(uint32_t crc, const uint8_t *p, uint32_t n, bool has_clmul)
{
    assert(!has_clmul);
    return vdc_crc32(crc, p, n);
}
#endif

uint32_t vdc_icrc(const uint8_t *l3, uint32_t n, bool is_v6, bool has_clmul)
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
    return vdc_crc_update(vdc_crc_update(0, head, 8 + n_head, has_clmul), l3 + n_head, n - n_head,
                          has_clmul);
}
