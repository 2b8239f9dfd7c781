/* SPDX-License-Identifier: MIT */
/* Tests of RoCEv2 headers: table of opcodes, build and parse, malformed frames, frames of another
 * implementation. */
#include "tap.h"
#include "wire.h"

#include <stdlib.h>

#include "capture.h"
#include "vdc/rng.h"

/* Header bytes behind the BTH, from the tables of the specification. */
struct op {
    uint8_t opcode;
    uint8_t ext;
    bool has_payload, is_response;
};

static const struct op ops[] = {
    { 0x00, 0, true, false },   { 0x01, 0, true, false },   { 0x02, 0, true, false },
    { 0x03, 4, true, false },   { 0x04, 0, true, false },   { 0x05, 4, true, false },
    { 0x06, 16, true, false },  { 0x07, 0, true, false },   { 0x08, 0, true, false },
    { 0x09, 4, true, false },   { 0x0a, 16, true, false },  { 0x0b, 20, true, false },
    { 0x0c, 16, false, false }, { 0x0d, 4, true, true },    { 0x0e, 0, true, true },
    { 0x0f, 4, true, true },    { 0x10, 4, true, true },    { 0x11, 4, false, true },
    { 0x12, 12, false, true },  { 0x13, 28, false, false }, { 0x14, 28, false, false },
    { 0x16, 4, true, false },   { 0x17, 4, true, false },   { 0x1c, 20, false, false },
    { 0x1d, 16, true, false },  { 0x20, 0, true, false },   { 0x21, 0, true, false },
    { 0x22, 0, true, false },   { 0x23, 4, true, false },   { 0x24, 0, true, false },
    { 0x25, 4, true, false },   { 0x26, 16, true, false },  { 0x27, 0, true, false },
    { 0x28, 0, true, false },   { 0x29, 4, true, false },   { 0x2a, 16, true, false },
    { 0x2b, 20, true, false },  { 0x64, 8, true, false },   { 0x65, 12, true, false },
    { 0x81, 0, true, false },
};
#define N_OPS (sizeof(ops) / sizeof(ops[0]))

static void test_table(void)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < 256; i++) {
        n += vdc_wire_flags((uint8_t)i) != 0;
    }
    CHECK_EQ(n, N_OPS);
    for (uint32_t i = 0; i < N_OPS; i++) {
        const uint32_t f = vdc_wire_flags(ops[i].opcode);
        const struct wire_hdr w = { .opcode = ops[i].opcode };

        CHECK(f & WIRE_F_KNOWN);
        CHECK_EQ(vdc_wire_hdr_len(&w), 14u + 20 + 8 + 12 + ops[i].ext);
        CHECK_EQ((f & WIRE_F_PAYLOAD) != 0, ops[i].has_payload);
        CHECK_EQ((f & WIRE_F_RESPONSE) != 0, ops[i].is_response);
    }
    CHECK(vdc_wire_flags(WIRE_SEND_ONLY) & WIRE_F_FIRST);
    CHECK(vdc_wire_flags(WIRE_SEND_ONLY) & WIRE_F_LAST);
    CHECK(!(vdc_wire_flags(WIRE_SEND_MIDDLE) & (WIRE_F_FIRST | WIRE_F_LAST)));
    CHECK(vdc_wire_flags(WIRE_WRITE_ONLY_IMM) & WIRE_F_RECV);
    CHECK(!(vdc_wire_flags(WIRE_WRITE_ONLY) & WIRE_F_RECV));
}

static uint64_t rnd;

static uint32_t r32(void)
{
    return (uint32_t)vdc_rand(77, rnd++);
}

static void random_gid(uint8_t gid[16], bool is_v6)
{
    for (uint32_t i = 0; i < 16; i++) {
        gid[i] = is_v6 || i >= 12 ? (uint8_t)r32() : i >= 10 ? 0xff : 0;
    }
    gid[0] = is_v6 ? 0xfd : gid[0];
}

/* Every field that the opcode has, at random. */
static struct wire_hdr random_hdr(const struct op *o, bool is_v6, bool is_tagged)
{
    const uint32_t f = vdc_wire_flags(o->opcode);
    struct wire_hdr w = { .is_v6 = is_v6,
                          .is_tagged = is_tagged,
                          .tci = is_tagged ? (uint16_t)r32() : 0,
                          .tclass = (uint8_t)r32(),
                          .hop = (uint8_t)r32(),
                          .ip_frag = is_v6 ? 0 : WIRE_DF,
                          .ip_id = is_v6 ? 0 : (uint16_t)r32(),
                          .flow = is_v6 ? r32() & 0xfffff : 0,
                          .sport = (uint16_t)r32(),
                          .opcode = o->opcode,
                          .is_solicited = r32() & 1,
                          .is_migrated = r32() & 1,
                          .ecn = (uint8_t)r32(),
                          .is_ack_req = r32() & 1,
                          .ack_rsv = r32() & 0x7f,
                          .pkey = (uint16_t)r32(),
                          .dqpn = r32() & WIRE_QPN_MASK,
                          .psn = r32() & WIRE_PSN_MASK };

    random_gid(w.sgid, is_v6);
    random_gid(w.dgid, is_v6);
    for (uint32_t i = 0; i < 6; i++) {
        w.smac[i] = (uint8_t)r32();
        w.dmac[i] = (uint8_t)r32();
    }
    if (f & (WIRE_F_RETH | WIRE_F_ATOMICETH)) {
        w.va = (uint64_t)r32() << 32 | r32();
        w.rkey = r32();
    }
    w.dma_len = f & WIRE_F_RETH ? r32() : 0;
    if (f & (WIRE_F_ATOMICETH | WIRE_F_ATOMICACK)) {
        w.swap_add = (uint64_t)r32() << 32 | r32();
    }
    w.compare = f & WIRE_F_ATOMICETH ? (uint64_t)r32() << 32 | r32() : 0;
    w.syndrome = f & WIRE_F_AETH ? (uint8_t)r32() : 0;
    w.msn = f & WIRE_F_AETH ? r32() & 0xffffff : 0;
    w.qkey = f & WIRE_F_DETH ? r32() : 0;
    w.sqpn = f & WIRE_F_DETH ? r32() & 0xffffff : 0;
    w.imm = f & WIRE_F_IMM ? r32() : 0;
    w.ieth = f & WIRE_F_IETH ? r32() : 0;
    w.feth = f & WIRE_F_FETH ? r32() : 0;
    w.pay_len = f & WIRE_F_PAYLOAD ? r32() % (WIRE_PAYLOAD_MAX + 1) : 0;
    return w;
}

static uint8_t frame[4400];

/* Builds a whole frame; returns its length. */
static uint32_t build(const struct wire_hdr *w)
{
    const uint32_t hdr = vdc_wire_build(w, frame, sizeof(frame));

    CHECK_EQ(hdr, vdc_wire_hdr_len(w));
    for (uint32_t i = 0; i < w->pay_len; i++) {
        frame[hdr + i] = (uint8_t)(i * 7);
    }
    vdc_wire_finish(w, frame, vdc_crc_best());
    return vdc_wire_frame_len(w);
}

static void test_round_trip(void)
{
    for (uint32_t k = 0; k < 4; k++) {
        for (uint32_t i = 0; i < N_OPS; i++) {
            struct wire_hdr w = random_hdr(&ops[i], k & 1, k & 2);
            const uint32_t len = build(&w);
            struct wire_hdr got;

            CHECK_EQ(vdc_wire_parse(frame, len, &got), WIRE_OK);
            CHECK(vdc_wire_icrc_ok(&got, frame, false));
            CHECK_EQ(got.hdr_len, vdc_wire_hdr_len(&w));
            w.hdr_len = got.hdr_len;
            w.icrc = got.icrc;
            CHECK(memcmp(&w, &got, sizeof(w)) == 0);
            /* Padding of a short Ethernet frame does not matter. */
            memset(frame + len, 0x55, 40);
            CHECK_EQ(vdc_wire_parse(frame, len + 40, &got), WIRE_OK);
            CHECK(memcmp(&w, &got, sizeof(w)) == 0);
        }
    }
}

static void test_no_room(void)
{
    const struct wire_hdr w = { .opcode = WIRE_CAS };
    uint8_t b[128];

    CHECK_EQ(vdc_wire_build(&w, b, 81), 0);
    CHECK_EQ(vdc_wire_build(&w, b, 82), 82);
}

/* Whatever is cut off, no frame is taken for whole. */
static void test_truncated(void)
{
    for (uint32_t i = 0; i < N_OPS; i++) {
        struct wire_hdr w = random_hdr(&ops[i], i & 1, i & 2);
        uint32_t len;

        w.pay_len = w.pay_len ? 9 : 0;
        len = build(&w);
        for (uint32_t n = 0; n < len; n++) {
            uint8_t *b = malloc(n ? n : 1); /* its end is the end of what may be read */
            struct wire_hdr got;

            memcpy(b, frame, n);
            CHECK(vdc_wire_parse(b, n, &got) != WIRE_OK);
            free(b);
        }
    }
}

/* Sets the lengths of the IPv4 packet in `frame` to those of len bytes. */
static void set_lengths(uint32_t len)
{
    const uint32_t ip = len - 14;

    frame[16] = (uint8_t)(ip >> 8);
    frame[17] = (uint8_t)ip;
    frame[38] = (uint8_t)((ip - 20) >> 8);
    frame[39] = (uint8_t)(ip - 20);
}

static void test_malformed(void)
{
    const struct wire_hdr w = {
        .opcode = WIRE_WRITE_ONLY, .pay_len = 6, .hop = 64, .ip_frag = WIRE_DF
    };
    const uint32_t len = build(&w);
    const struct {
        uint32_t at;
        uint8_t xor ;
        enum wire_verdict want;
    } cases[] = {
        { 12, 0x01, WIRE_NOT_ROCE },                               /* EtherType */
        { 14, 0x01, WIRE_NOT_ROCE },                               /* IHL 4 */
        { 14, 0x03, WIRE_NOT_ROCE },                               /* IHL 6: options */
        { 20, 0x20, WIRE_NOT_ROCE },                               /* more fragments */
        { 21, 0x01, WIRE_NOT_ROCE },                               /* fragment offset */
        { 23, 0x01, WIRE_NOT_ROCE },                               /* protocol */
        { 36, 0x80, WIRE_NOT_ROCE },                               /* port */
        { 39, 0x04, WIRE_BAD_LEN },                                /* UDP length */
        { 42, 0x80, WIRE_BAD_OPCODE },                             /* 0x8a */
        { 42, 0x1f, WIRE_BAD_OPCODE },                             /* 0x15 */
        { 43, 0x01, WIRE_BAD_TVER },   { 42, 0x06, WIRE_BAD_LEN }, /* READ request with a payload */
    };
    struct wire_hdr got;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        frame[cases[i].at] ^= cases[i].xor ;
        CHECK_EQ(vdc_wire_parse(frame, len, &got), cases[i].want);
        frame[cases[i].at] ^= cases[i].xor ;
    }
    CHECK_EQ(vdc_wire_parse(frame, len, &got), WIRE_OK);
    /* Not a multiple of four bytes; more pad than there is; longer than the largest payload. */
    set_lengths(len - 1);
    CHECK_EQ(vdc_wire_parse(frame, len, &got), WIRE_BAD_LEN);
    set_lengths(len - 8);
    CHECK_EQ(vdc_wire_parse(frame, len, &got), WIRE_BAD_LEN);
    set_lengths(4300);
    CHECK_EQ(vdc_wire_parse(frame, 4300, &got), WIRE_BAD_LEN);
    set_lengths(65535);
    CHECK_EQ(vdc_wire_parse(frame, 4300, &got), WIRE_NOT_ROCE);
}

/* IPv6 with a tag; the ICRC was computed outside, with zlib, from the masking rules. */
static void test_ipv6_vector(void)
{
    static const char
        *hex = "0248430000210248430000118100600586dd66a1234500401140fd0000000000000000000000"
               "00000001fd000000000000000000000000000002c12312b7004000000af0ffffc000123480ab"
               "cdef00007f001234567801020304000000150102030405060708090a0b0c0d0e0f1011121314"
               "1500000020d7d4a7";
    uint8_t b[122], again[122];
    struct wire_hdr w;

    for (uint32_t i = 0; i < sizeof(b); i++) {
        const char digits[3] = { hex[2 * i], hex[2 * i + 1], 0 };

        b[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    CHECK_EQ(vdc_wire_parse(b, sizeof(b), &w), WIRE_OK);
    CHECK_EQ(w.icrc, 0xa7d4d720);
    CHECK(vdc_wire_icrc_ok(&w, b, false));
    CHECK_EQ(w.opcode, WIRE_WRITE_ONLY);
    CHECK_EQ(w.psn, 0xabcdef);
    CHECK_EQ(w.dqpn, 0x1234);
    CHECK_EQ(w.tci, 0x6005);
    CHECK_EQ(w.tclass, 0x6a);
    CHECK_EQ(w.flow, 0x12345);
    CHECK_EQ(w.va, 0x7f0012345678);
    CHECK_EQ(w.dma_len, 21);
    CHECK_EQ(w.pay_len, 21);
    CHECK_EQ(vdc_wire_build(&w, again, sizeof(again)), w.hdr_len);
    memcpy(again + w.hdr_len, b + w.hdr_len, w.pay_len);
    vdc_wire_finish(&w, again, false);
    CHECK(memcmp(b, again, sizeof(b)) == 0);
}

static void test_grh(void)
{
    uint8_t grh[WIRE_GRH];

    for (uint32_t k = 0; k < 4; k++) {
        const struct wire_hdr w = random_hdr(&ops[37], k & 1, k & 2);
        const uint8_t *ip = frame + 14 + (k & 2 ? 4 : 0);
        struct wire_hdr got;

        CHECK_EQ(ops[37].opcode, WIRE_UD_SEND_ONLY);
        CHECK_EQ(vdc_wire_parse(frame, build(&w), &got), WIRE_OK);
        vdc_wire_grh(&got, frame, grh);
        if (k & 1) {
            CHECK(memcmp(grh, ip, 40) == 0);
        } else {
            CHECK(memcmp(grh + 20, ip, 20) == 0);
            for (uint32_t i = 0; i < 20; i++) {
                CHECK_EQ(grh[i], 0);
            }
        }
    }
}

static void test_psn(void)
{
    CHECK_EQ(vdc_psn_add(0xffffff, 1), 0);
    CHECK_EQ(vdc_psn_add(5, 0x1000000 - 6), 0xffffff);
    CHECK(vdc_psn_diff(0, 0xffffff) == 1);
    CHECK(vdc_psn_diff(0xffffff, 0) == -1);
    CHECK(vdc_psn_diff(0x7fffff, 0) == 0x7fffff);
    CHECK(vdc_psn_diff(0x800000, 0) == -0x800000);
    CHECK(vdc_psn_diff(0x123456, 0x123456) == 0);
}

/* Values computed outside. */
static void test_sport(void)
{
    CHECK_EQ(vdc_wire_sport(0, 0x11, 0x11), 0xc121);
    CHECK_EQ(vdc_wire_sport(0, 0xabcdef, 0x123456), 0xc3c8);
    CHECK_EQ(vdc_wire_sport(0x12345, 1, 2), 0xe341);
    CHECK_EQ(vdc_wire_sport(0xfffff, 0, 0), 0xffc0);
    CHECK_EQ(vdc_wire_sport(0, 1, 1), 0xc001);
}

/* ---- frames of rxe ---- */

static uint8_t golden[32u << 20];
static size_t golden_len;

/* Every RoCE frame parses, is the same when it is built again, and has the right ICRC. */
static void test_golden(void)
{
    static uint8_t again[4400];
    uint32_t n_op[256] = { 0 };
    uint32_t n = 0;
    uint32_t n_kinds = 0;
    uint32_t n_other = 0;
    struct vdc_capture c;
    struct vdc_capture_frame f;

    CHECK(vdc_capture_open(&c, golden, golden_len));
    while (vdc_capture_next(&c, &f)) {
        struct wire_hdr w;
        const enum wire_verdict v = vdc_wire_parse(f.data, f.len, &w);
        uint32_t len;

        if (v == WIRE_NOT_ROCE) {
            n_other++;
            continue;
        }
        CHECK_EQ(v, WIRE_OK);
        CHECK(vdc_wire_icrc_ok(&w, f.data, false));
        CHECK(vdc_wire_icrc_ok(&w, f.data, vdc_crc_best()));
        len = vdc_wire_frame_len(&w);
        CHECK(len <= f.len);
        CHECK_EQ(vdc_wire_build(&w, again, sizeof(again)), w.hdr_len);
        memcpy(again + w.hdr_len, f.data + w.hdr_len, w.pay_len);
        vdc_wire_finish(&w, again, vdc_crc_best());
        CHECK(memcmp(again, f.data, len) == 0);
        n_kinds += n_op[w.opcode]++ == 0;
        n++;
    }
    CHECK(c.error == NULL);
    printf("# %u frames, %u opcodes, %u others\n", n, n_kinds, n_other);
    CHECK(n >= 158 && n_kinds == 20 && n_other > 0);
}

int main(int argc, char **argv)
{
    static const struct tap_case cases[] = {
        { "table of opcodes", test_table },
        { "build and parse", test_round_trip },
        { "no room", test_no_room },
        { "truncated", test_truncated },
        { "malformed", test_malformed },
        { "IPv6 vector", test_ipv6_vector },
        { "GRH", test_grh },
        { "sequence numbers", test_psn },
        { "UDP source port", test_sport },
        { "frames of rxe", test_golden },
    };
    char cmd[4096];
    FILE *xz;

    if (argc != 2 || snprintf(cmd, sizeof(cmd), "xz -dc '%s'", argv[1]) >= (int)sizeof(cmd)) {
        fprintf(stderr, "usage: test-hinic-wire CAPTURE.pcap.xz\n");
        return 2;
    }
    xz = popen(cmd, "r");
    if (xz) {
        golden_len = fread(golden, 1, sizeof(golden), xz);
    }
    if (!xz || pclose(xz) != 0 || golden_len == 0) {
        printf("1..0 # SKIP xz cannot unpack %s\n", argv[1]);
        return 77;
    }
    return tap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
