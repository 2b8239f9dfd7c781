/* SPDX-License-Identifier: MIT */
/* Internet checksum: the example of RFC 1071, a real IPv4 header, pieces, odd length. */
#include "vdc/csum.h"

#include "tap.h"
#include "vdc/rng.h"

static void rfc_example(void)
{
    static const uint8_t b[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };

    CHECK_EQ(vdc_csum_fold(vdc_csum_add(0, b, sizeof(b))), (uint16_t)~0xddf2);
}

static void ipv4_header(void)
{
    uint8_t h[20] = { 0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
                      0x00, 0x00, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7 };

    CHECK_EQ(vdc_csum_fold(vdc_csum_add(0, h, sizeof(h))), 0xb861);
    h[10] = 0xb8;
    h[11] = 0x61;
    CHECK_EQ(vdc_csum_fold(vdc_csum_add(0, h, sizeof(h))), 0);
}

static void pieces(void)
{
    uint8_t buf[301];

    for (size_t i = 0; i < sizeof(buf); i++) {
        buf[i] = (uint8_t)vdc_rand(1, i);
    }
    for (size_t cut = 0; cut < sizeof(buf); cut += 2) {
        CHECK_EQ(vdc_csum_add(vdc_csum_add(0, buf, cut), buf + cut, sizeof(buf) - cut),
                 vdc_csum_add(0, buf, sizeof(buf)));
    }
    memset(buf, 0xff, sizeof(buf));
    CHECK_EQ(vdc_csum_fold(vdc_csum_add(0, buf, 300)), 0);
    CHECK_EQ(vdc_csum_fold(UINT64_MAX), 0);
}

static void pseudo_headers(void)
{
    static const uint8_t a4[] = { 10, 0, 0, 1 };
    static const uint8_t b4[] = { 10, 0, 0, 2 };
    static const uint8_t a6[16] = { 0xfe, 0x80, [15] = 1 };
    static const uint8_t b6[16] = { 0xfe, 0x80, [15] = 2 };

    CHECK_EQ(vdc_csum_pseudo4(a4, b4, 17, 8), 0x0a00 + 1 + 0x0a00 + 2 + 17 + 8);
    CHECK_EQ(vdc_csum_pseudo6(a6, b6, 6, 0x10008), 2 * 0xfe80 + 1 + 2 + 6 + 1 + 8);
    CHECK_EQ(vdc_csum_add16(5, 0xffff), 5 + 0xffff);
}

static const struct tap_case cases[] = {
    { "RFC 1071", rfc_example },
    { "IPv4 header", ipv4_header },
    { "pieces", pieces },
    { "pseudo headers", pseudo_headers },
};

TAP_MAIN(cases)
