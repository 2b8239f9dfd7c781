/* SPDX-License-Identifier: MIT */
/* Tests of the ICRC: both ways of the CRC, the fields that do not count, vectors made outside. */
#include "tap.h"
#include "wire.h"

#include <stdlib.h>

#include "vdc/crc32.h"
#include "vdc/rng.h"

/* Bit by bit, from the definition. */
static uint32_t ref_crc(const uint8_t *p, uint32_t n)
{
    uint32_t r = UINT32_MAX;

    for (uint32_t i = 0; i < n; i++) {
        r ^= p[i];
        for (int b = 0; b < 8; b++) {
            r = r & 1 ? r >> 1 ^ 0xedb88320u : r >> 1;
        }
    }
    return ~r;
}

static uint8_t buf[4400];

static void fill(uint64_t seed)
{
    for (uint32_t i = 0; i < sizeof(buf); i++) {
        buf[i] = (uint8_t)vdc_rand(seed, i);
    }
}

static void test_crc(void)
{
    fill(1);
    CHECK_EQ(vdc_crc_update(0, (const uint8_t *)"123456789", 9, VDC_CRC_TABLE), 0xcbf43926);
    for (enum vdc_crc_way way = VDC_CRC_TABLE; way <= vdc_crc_best(); way++) {
        for (uint32_t n = 0; n < 800; n++) {
            const uint8_t *p = buf + n % 17;

            CHECK_EQ(vdc_crc_update(0, p, n, way), ref_crc(p, n));
        }
        CHECK_EQ(vdc_crc_update(0, buf, 4203, way), ref_crc(buf, 4203));
    }
}

/* In pieces of any size, from any start value. */
static void test_pieces(void)
{
    const enum vdc_crc_way fast = vdc_crc_best();
    uint32_t whole;

    fill(1);
    whole = ref_crc(buf, 4200);
    for (uint64_t k = 0; k < 300; k++) {
        const uint32_t a = (uint32_t)vdc_rand_below(2, 2 * k, 4200);
        const uint32_t b = a + (uint32_t)vdc_rand_below(2, 2 * k + 1, 4200 - a + 1);
        uint32_t crc = vdc_crc_update(0, buf, a, fast);

        crc = vdc_crc_update(crc, buf + a, b - a, fast);
        CHECK_EQ(vdc_crc_update(crc, buf + b, 4200 - b, fast), whole);
    }
}

/* Every bit counts but those that routers and marks may change. */
static void test_masked(void)
{
    for (uint32_t v6 = 0; v6 < 2; v6++) {
        const uint32_t ip = v6 ? 40 : 20;
        const uint32_t n = ip + 8 + 12 + 16;
        uint32_t want;

        fill(3);
        want = vdc_icrc(buf, n, v6 != 0, VDC_CRC_TABLE);
        for (uint32_t bit = 0; bit < 8 * n; bit++) {
            const uint32_t at = bit / 8;
            const bool is_v4_free = at == 1 || at == 8 || at == 10 || at == 11;
            const bool is_v6_free = (at == 0 && bit % 8 < 4) || (at >= 1 && at <= 3) || at == 7;
            const bool is_free = (v6 ? is_v6_free : is_v4_free) || at == ip + 6 || at == ip + 7 ||
                                 at == ip + 8 + 4;

            buf[at] ^= (uint8_t)(1u << bit % 8);
            CHECK((vdc_icrc(buf, n, v6 != 0, VDC_CRC_TABLE) == want) == is_free);
            CHECK((vdc_icrc(buf, n, v6 != 0, vdc_crc_best()) == want) == is_free);
            buf[at] ^= (uint8_t)(1u << bit % 8);
        }
    }
}

/* The eight bytes in front and the masks, written out. */
static void test_definition(void)
{
    for (uint32_t n = 40; n < 500; n++) {
        const bool v6 = n >= 60 && n % 2;
        const uint32_t ip = v6 ? 40 : 20;
        uint8_t whole[600];

        fill(n);
        memset(whole, 0xff, 8);
        memcpy(whole + 8, buf, n);
        if (v6) {
            whole[8] |= 0x0f;
            whole[9] = whole[10] = whole[11] = whole[15] = 0xff;
        } else {
            whole[9] = whole[16] = whole[18] = whole[19] = 0xff;
        }
        whole[8 + ip + 6] = whole[8 + ip + 7] = whole[8 + ip + 8 + 4] = 0xff;
        CHECK_EQ(vdc_icrc(buf, n, v6, VDC_CRC_TABLE), ref_crc(whole, n + 8));
        CHECK_EQ(vdc_icrc(buf, n, v6, vdc_crc_best()), ref_crc(whole, n + 8));
    }
}

/* The remainder of a big buffer is the one of the library's table: what other parts use. */
static void test_same_as_table(void)
{
    fill(9);
    for (uint32_t n = 4000; n < 4400; n++) {
        CHECK_EQ(vdc_crc_update(0x12345678, buf, n, vdc_crc_best()), vdc_crc32(0x12345678, buf, n));
    }
}

int main(void)
{
    static const struct tap_case cases[] = {
        { "crc", test_crc },
        { "pieces", test_pieces },
        { "masked fields", test_masked },
        { "definition", test_definition },
        { "same as the table", test_same_as_table },
    };

    if (vdc_crc_best() != VDC_CRC_WIDE) {
        printf("# this processor lacks some ways of the CRC: only %u of 3 are tested\n",
               1 + (unsigned)vdc_crc_best());
    }
    return tap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
