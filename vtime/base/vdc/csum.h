/* SPDX-License-Identifier: MIT */
/* Internet checksum (RFC 1071) over pieces of a packet. */
#ifndef VDC_VTIME_BASE_CSUM_H
#define VDC_VTIME_BASE_CSUM_H

#include <stddef.h>
#include <stdint.h>

/* Adds n bytes to a running sum; start with 0. Every piece but the last has an even length. */
static inline uint64_t vdc_csum_add(uint64_t sum, const void *p, size_t n)
{
    const uint8_t *b = (const uint8_t *)p;

    for (; n >= 2; n -= 2, b += 2) {
        sum += (uint32_t)b[0] << 8 | b[1];
    }
    if (n > 0) {
        sum += (uint32_t)b[0] << 8;
    }
    return sum;
}

/* Adds one 16-bit word (host order) of a pseudo header. */
static inline uint64_t vdc_csum_add16(uint64_t sum, uint16_t v)
{
    return sum + v;
}

/* The value of the checksum field, host order (store big endian). 0 over data that holds a right
 * checksum. */
static inline uint16_t vdc_csum_fold(uint64_t sum)
{
    sum = (sum >> 32) + (sum & UINT32_MAX);
    sum = (sum >> 16) + (sum & UINT16_MAX);
    sum = (sum >> 16) + (sum & UINT16_MAX);
    sum = (sum >> 16) + (sum & UINT16_MAX);
    return (uint16_t)(~sum & UINT16_MAX);
}

/* UDP and TCP over IPv4: sum of the pseudo header; addresses as the 4 bytes of the packet. */
static inline uint64_t vdc_csum_pseudo4(const void *src, const void *dst, uint8_t proto,
                                        uint16_t l4_len)
{
    return vdc_csum_add(vdc_csum_add((uint64_t)proto + l4_len, src, 4), dst, 4);
}

/* UDP and TCP over IPv6: addresses as the 16 bytes of the packet. */
static inline uint64_t vdc_csum_pseudo6(const void *src, const void *dst, uint8_t proto,
                                        uint32_t l4_len)
{
    return vdc_csum_add(
        vdc_csum_add((uint64_t)proto + (l4_len >> 16) + (l4_len & UINT16_MAX), src, 16), dst, 16);
}

#endif
