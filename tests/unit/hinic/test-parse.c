/* SPDX-License-Identifier: MIT */
/* Header parser: every kind of packet, and every packet cut at every byte. */
#include "host.h"
#include "parse.h"
#include "tap.h"

#include <stdlib.h>

static void kinds(void)
{
    for (uint32_t k = 0; k < 8; k++) {
        const bool is_v6 = k & 1;
        const bool is_tcp = k & 2;
        const int32_t tag = k & 4 ? 0xbeef : -1;
        const uint32_t l3 = k & 4 ? 18 : 14;
        struct hinic_parse p;
        struct host_pkt f;

        host_ip(&f, is_v6, is_tcp, 77, tag);
        vdc_hinic_parse(&p, f.b, f.len, f.len, false);
        CHECK_EQ(p.l3, is_v6 ? HINIC_L3_IPV6 : HINIC_L3_IPV4);
        CHECK_EQ(p.l4, is_tcp ? HINIC_L4_TCP : HINIC_L4_UDP);
        CHECK_EQ(p.l3_off, l3);
        CHECK_EQ(p.l4_off, l3 + (is_v6 ? 40 : 20));
        CHECK_EQ(p.payload_off, f.len - 77);
        CHECK_EQ(p.l3_end, f.len);
        CHECK_EQ(p.is_tagged, tag >= 0);
        CHECK_EQ(p.tci, tag >= 0 ? 0xbeef : 0);
        CHECK_EQ(p.is_fragment, 0);
    }
}

static void extension_headers(void)
{
    struct host_pkt f;
    struct hinic_parse p;

    host_ip(&f, true, true, 100, -1);
    memmove(f.b + 14 + 40 + 24, f.b + 14 + 40, f.len - 54);
    memset(f.b + 54, 0, 24);
    f.len += 24;
    f.b[14 + 5] = (uint8_t)(f.b[14 + 5] + 24);
    f.b[14 + 6] = 0; /* hop by hop, 8 bytes */
    f.b[54] = 60;    /* then destination options, 16 bytes */
    f.b[62] = 6;
    f.b[63] = 1;
    vdc_hinic_parse(&p, f.b, f.len, f.len, false);
    CHECK_EQ(p.l4, HINIC_L4_TCP);
    CHECK_EQ(p.l4_off, 78);
    f.b[62] = 44; /* a fragment header */
    vdc_hinic_parse(&p, f.b, f.len, f.len, false);
    CHECK_EQ(p.l4, HINIC_L4_NONE);
    CHECK_EQ(p.is_fragment, 1);
    f.b[62] = 0;
    f.b[63] = 255; /* longer than the packet */
    vdc_hinic_parse(&p, f.b, f.len, f.len, false);
    CHECK_EQ(p.l4, HINIC_L4_NONE);
}

/* Cut anywhere: no read beyond the bytes that are there (a sanitizer sees it), offsets inside. */
static void cut(void)
{
    for (uint32_t k = 0; k < 16; k++) {
        struct host_pkt f;

        host_ip(&f, k & 1, k & 2, 30, k & 4 ? 3 : -1);
        for (uint32_t n = 0; n <= f.len; n++) {
            uint8_t *b = malloc(n + 1);
            struct hinic_parse p;

            memcpy(b, f.b, n);
            vdc_hinic_parse(&p, b, n, n, k & 8);
            CHECK(p.l3_end <= n && p.l4_off <= n && p.payload_off <= n);
            CHECK(p.l3 != HINIC_L3_NONE || p.l4 == HINIC_L4_NONE);
            free(b);
        }
    }
}

/* All bytes of the headers random, one at a time: offsets stay inside. */
static void junk(void)
{
    for (uint32_t k = 0; k < 8; k++) {
        struct host_pkt f;

        host_ip(&f, k & 1, k & 2, 10, k & 4 ? 3 : -1);
        for (uint32_t at = 12; at < f.len; at++) {
            const uint8_t old = f.b[at];

            for (uint32_t v = 0; v < 256; v++) {
                struct hinic_parse p;

                f.b[at] = (uint8_t)v;
                vdc_hinic_parse(&p, f.b, f.len, f.len, false);
                CHECK(p.l3_end <= f.len && p.l4_off <= p.l3_end && p.payload_off <= p.l3_end);
            }
            f.b[at] = old;
        }
    }
}

static const struct tap_case cases[] = {
    { "every kind of packet", kinds },
    { "extension headers", extension_headers },
    { "cut at every byte", cut },
    { "each byte of the headers", junk },
};

TAP_MAIN(cases)
