/* SPDX-License-Identifier: MIT */
/* CRC-32 of IEEE 802.3, reflected polynomial 0xEDB88320, eight bytes at a time. */
#include "vdc/crc32.h"

#include <assert.h>

#include "crc32_table.h"

/* Eight bytes in memory order as one word, whatever the host's order is. */
static uint32_t le32(const uint8_t *b)
{
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

uint32_t vdc_crc32(uint32_t crc, const void *p, size_t n)
{
    const uint8_t *b = p;

    assert(p || n == 0);
    crc = ~crc;
    for (; n >= 8; n -= 8, b += 8) {
        const uint32_t lo = crc ^ le32(b);
        const uint32_t hi = le32(b + 4);

        crc = crc32_table[7][lo & 0xff] ^ crc32_table[6][lo >> 8 & 0xff] ^
              crc32_table[5][lo >> 16 & 0xff] ^ crc32_table[4][lo >> 24] ^
              crc32_table[3][hi & 0xff] ^ crc32_table[2][hi >> 8 & 0xff] ^
              crc32_table[1][hi >> 16 & 0xff] ^ crc32_table[0][hi >> 24];
    }
    for (; n > 0; n--, b++) {
        crc = crc32_table[0][(crc ^ *b) & 0xff] ^ crc >> 8;
    }
    return ~crc;
}
