/* SPDX-License-Identifier: MIT */
/* CRC-32 against the bit-by-bit definition. */
#include "vdc/crc32.h"

#include "tap.h"
#include "vdc/rng.h"

static uint32_t slow(uint32_t crc, const uint8_t *b, size_t n)
{
    crc = ~crc;
    for (size_t i = 0; i < n; i++) {
        crc ^= b[i];
        for (int k = 0; k < 8; k++) {
            crc = crc & 1 ? crc >> 1 ^ UINT32_C(0xEDB88320) : crc >> 1;
        }
    }
    return ~crc;
}

static void known(void)
{
    CHECK_EQ(vdc_crc32(0, "123456789", 9), 0xCBF43926u); /* the check value of CRC-32/ISO-HDLC */
    CHECK_EQ(vdc_crc32(0, "", 0), 0);
}

static void all_lengths_and_splits(void)
{
    uint8_t buf[300];

    for (size_t i = 0; i < sizeof(buf); i++) {
        buf[i] = (uint8_t)vdc_rand(1, i);
    }
    for (size_t n = 0; n <= 280; n++) {
        for (size_t off = 0; off < 8; off++) { /* any alignment */
            const uint32_t want = slow(0, buf + off, n);
            const size_t cut = vdc_rand_below(2, n * 8 + off, n + 1);

            CHECK_EQ(vdc_crc32(0, buf + off, n), want);
            CHECK_EQ(vdc_crc32(vdc_crc32(0, buf + off, cut), buf + off + cut, n - cut), want);
        }
    }
    /* Every entry of every table is used. */
    for (uint32_t v = 0; v < 256; v++) {
        for (size_t pos = 0; pos < 8; pos++) {
            uint8_t word[8] = { 0 };

            word[pos] = (uint8_t)v;
            CHECK_EQ(vdc_crc32(UINT32_MAX, word, 8), slow(UINT32_MAX, word, 8));
        }
    }
}

static const struct tap_case cases[] = {
    { "known values", known },
    { "all lengths, alignments, splits, table entries", all_lengths_and_splits },
};

TAP_MAIN(cases)
