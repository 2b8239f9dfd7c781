/* SPDX-License-Identifier: MIT */
/* Tests of the check of captures: readers of pcap and pcapng, bad ICRCs, repeated and missing
 * packets. */
#include "capture.h"
#include "rocecheck.h"
#include "tap.h"
#include "vdc/pcapng.h"
#include "wire.h"

static uint8_t file[1u << 16];
static struct vdc_rocecheck check;

static uint32_t frame(uint8_t *b, uint8_t opcode, uint32_t psn, uint32_t pay_len)
{
    const struct wire_hdr w = { .opcode = opcode,
                                .hop = 64,
                                .ip_frag = WIRE_DF,
                                .sgid = { [10] = 0xff, [11] = 0xff, [12] = 10, [15] = 1 },
                                .dgid = { [10] = 0xff, [11] = 0xff, [12] = 10, [15] = 2 },
                                .dqpn = 7,
                                .psn = psn,
                                .dma_len = opcode == WIRE_READ_REQ ? 1024 : 0,
                                .pay_len = pay_len };
    const uint32_t hdr = vdc_wire_build(&w, b, 256);

    memset(b + hdr, 0x33, pay_len);
    vdc_wire_finish(&w, b, false);
    return vdc_wire_frame_len(&w);
}

static void give(uint8_t opcode, uint32_t psn)
{
    uint8_t b[512];
    const uint32_t len = frame(b, opcode, psn, 0);

    vdc_rocecheck_frame(&check, b, len, len);
}

static void test_order(void)
{
    vdc_rocecheck_init(&check);
    give(WIRE_SEND_ONLY, 0xfffffe);
    give(WIRE_SEND_ONLY, 0xffffff);
    give(WIRE_SEND_ONLY, 0); /* wraps */
    give(WIRE_SEND_ONLY, 0xffffff);
    give(WIRE_SEND_ONLY, 2); /* 1 is missing */
    give(WIRE_ACK, 0x100);
    give(WIRE_ACK, 0x120); /* coalesced: no gap */
    CHECK_EQ(check.n_roce, 7);
    CHECK_EQ(check.n_flow, 2);
    CHECK_EQ(check.flow[0].n, 5);
    CHECK_EQ(check.flow[0].n_repeat, 1);
    CHECK_EQ(check.flow[0].n_gap, 1);
    CHECK_EQ(check.flow[0].first, 0xfffffe);
    CHECK_EQ(check.flow[0].newest, 2);
    CHECK_EQ(check.flow[1].n_gap, 0);
    CHECK(vdc_rocecheck_is_good(&check));
    /* A READ takes the sequence numbers of its responses. */
    give(WIRE_READ_REQ, 3);
    give(WIRE_SEND_ONLY, 7);
    CHECK_EQ(check.flow[0].n_gap, 1);
    give(WIRE_READ_REQ, 8);
    give(WIRE_SEND_ONLY, 20);
    CHECK_EQ(check.flow[0].n_gap, 2);
}

static void test_bad(void)
{
    uint8_t b[512];
    const uint32_t len = frame(b, WIRE_SEND_ONLY, 1, 100);

    vdc_rocecheck_init(&check);
    vdc_rocecheck_frame(&check, b, len, len);
    b[80] ^= 1;
    vdc_rocecheck_frame(&check, b, len, len);
    CHECK_EQ(check.n_bad_icrc, 1);
    CHECK_EQ(check.first_bad, 2);
    CHECK(!vdc_rocecheck_is_good(&check));
    b[80] ^= 1;
    b[42] = 0xff; /* opcode */
    vdc_rocecheck_frame(&check, b, len, len);
    CHECK_EQ(check.n_bad_header, 1);
    CHECK_EQ(check.first_bad, 2);
    vdc_rocecheck_frame(&check, b, 70, len);
    CHECK_EQ(check.n_cut, 1);
    b[36] ^= 0xff; /* another port */
    vdc_rocecheck_frame(&check, b, len, len);
    CHECK_EQ(check.n_roce, 3);
    CHECK_EQ(check.n_frame, 5);
}

static void test_many_flows(void)
{
    vdc_rocecheck_init(&check);
    for (uint32_t i = 0; i <= VDC_ROCECHECK_FLOWS; i++) {
        uint8_t b[512];
        struct wire_hdr w = { .opcode = WIRE_SEND_ONLY, .hop = 1, .dqpn = i };

        (void)vdc_wire_build(&w, b, sizeof(b));
        vdc_wire_finish(&w, b, false);
        CHECK_EQ(check.has_more, 0);
        vdc_rocecheck_frame(&check, b, vdc_wire_frame_len(&w), vdc_wire_frame_len(&w));
    }
    CHECK_EQ(check.n_flow, VDC_ROCECHECK_FLOWS);
    CHECK_EQ(check.has_more, 1);
    CHECK(vdc_rocecheck_is_good(&check));
}

/* A file of n frames as our captures are; returns its length. */
static size_t ng_file(uint32_t n)
{
    size_t at = vdc_pcapng_section(file, sizeof(file), "test");

    at += vdc_pcapng_interface(file + at, sizeof(file) - at, VDC_PCAPNG_ETHERNET, 0, "p0");
    for (uint32_t i = 0; i < n; i++) {
        uint8_t b[512];
        const uint32_t len = frame(b, WIRE_SEND_ONLY, i, i);
        const struct vdc_pcapng_packet p = { .cap_len = len,
                                             .wire_len = len,
                                             .t = 1000 * i,
                                             .data = b,
                                             .comment = i % 2 ? "q=1" : NULL };

        at += vdc_pcapng_put_packet(file + at, sizeof(file) - at, &p);
    }
    return at;
}

static void test_pcapng(void)
{
    const size_t len = ng_file(9);
    struct vdc_capture c;
    struct vdc_capture_frame f;
    uint32_t n = 0;

    vdc_rocecheck_init(&check);
    CHECK(vdc_capture_open(&c, file, len));
    for (; vdc_capture_next(&c, &f); n++) {
        CHECK_EQ(c.link_type, VDC_PCAPNG_ETHERNET);
        vdc_rocecheck_frame(&check, f.data, f.len, f.wire_len);
    }
    CHECK(c.error == NULL);
    CHECK_EQ(n, 9);
    CHECK_EQ(check.n_roce, 9);
    CHECK_EQ(check.flow[0].newest, 8);
    CHECK(vdc_rocecheck_is_good(&check));
}

/* A file that ends anywhere is an error or has fewer frames, and nothing behind it is read. */
static void test_cut_file(void)
{
    const size_t len = ng_file(3);

    for (size_t k = 0; k < len; k++) {
        struct vdc_capture c;
        struct vdc_capture_frame f;
        uint32_t n = 0;

        if (vdc_capture_open(&c, file, k)) {
            while (vdc_capture_next(&c, &f)) {
                CHECK((size_t)(f.data - file) + f.len <= k);
                n++;
            }
        }
        CHECK(n < 3);
    }
}

/* Lengths that lie are refused. */
static void test_bad_file(void)
{
    static const uint32_t bad[] = { 0, 11, 13, 0x7fffffff, UINT32_MAX };
    const size_t len = ng_file(1);
    struct vdc_capture c;
    struct vdc_capture_frame f;
    uint32_t section;

    memcpy(&section, file + 4, 4);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        memcpy(file + section + 4, &bad[i], 4);
        CHECK(vdc_capture_open(&c, file, len));
        CHECK(!vdc_capture_next(&c, &f));
        CHECK(c.error != NULL);
    }
    CHECK(!vdc_capture_open(&c, "no capture, only text here", 26));
    CHECK(!vdc_capture_open(&c, file, 3));
}

static void test_pcap(void)
{
    uint8_t b[512];
    const uint32_t len = frame(b, WIRE_SEND_ONLY, 5, 3);

    for (uint32_t swapped = 0; swapped < 2; swapped++) {
        uint32_t head[10] = { 0xa1b2c3d4, 4u << 16 | 2, 0, 0, 65535, 1, 0, 0, len, len };
        struct vdc_capture c;
        struct vdc_capture_frame f;

        for (uint32_t i = 0; swapped && i < 10; i++) {
            head[i] = __builtin_bswap32(head[i]);
        }
        memcpy(file, head, sizeof(head));
        memcpy(file + sizeof(head), b, len);
        CHECK(vdc_capture_open(&c, file, sizeof(head) + len));
        CHECK_EQ(c.link_type, 1);
        CHECK(vdc_capture_next(&c, &f));
        CHECK_EQ(f.len, len);
        CHECK(memcmp(f.data, b, len) == 0);
        CHECK(!vdc_capture_next(&c, &f) && !c.error);
        CHECK(vdc_capture_open(&c, file, sizeof(head) + len - 1));
        CHECK(!vdc_capture_next(&c, &f) && c.error);
    }
}

static const struct tap_case cases[] = {
    { "order", test_order },   { "bad frames", test_bad },    { "many flows", test_many_flows },
    { "pcapng", test_pcapng }, { "cut file", test_cut_file }, { "bad file", test_bad_file },
    { "pcap", test_pcap },
};
TAP_MAIN(cases)
