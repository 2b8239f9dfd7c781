/* SPDX-License-Identifier: MIT */
/* Digests: known values, canonical bytes of a message, both forms of the fold, the chain. */
#include "vdc/digest.h"

#include <stdlib.h>

#include "tap.h"
#include "vdc/rng.h"

static int same(struct vdc_digest a, struct vdc_digest b)
{
    return a.lo == b.lo && a.hi == b.hi;
}

/* XXH3-128 of nothing, as published by xxHash: 99aa06d3014798d86001c324468d497f. */
static void known(void)
{
    char s[33];

    vdc_digest_hex(vdc_digest_bytes("", 0), s);
    CHECK_STR(s, "99aa06d3014798d86001c324468d497f");
    vdc_digest_hex((struct vdc_digest){ .lo = 1, .hi = UINT64_C(0xa) << 60 }, s);
    CHECK_STR(s, "a0000000000000000000000000000001");
}

/* fold(d, x) = H(d || x) for every length, on both sides of the size where the form changes. */
static void fold_is_concatenation(void)
{
    static uint8_t buf[16 + 70000];
    static const size_t len[] = { 0, 1, 15, 16, 17, 240, 241, 511, 512, 513, 1024, 4096, 70000 };

    for (size_t i = 0; i < sizeof(buf); i++) {
        buf[i] = (uint8_t)vdc_rand(1, i);
    }
    for (size_t k = 0; k < sizeof(len) / sizeof(len[0]); k++) {
        struct vdc_digest d;

        memcpy(&d, buf, 16);
        vdc_digest_fold(&d, buf + 16, len[k]);
        CHECK(same(d, vdc_digest_bytes(buf, 16 + len[k])));
    }
}

static void message_bytes(void)
{
    struct vdc_msg m = { .t = UINT64_C(0x0102030405060708),
                         .seq = UINT64_C(0x1112131415161718),
                         .port = 0x21222324,
                         .type = 0x3132,
                         .len = 3 };
    static const uint8_t want[16 + 26 + 3] = {
        0,    0,    0,    0,    0,    0,    0,    0,    0, 0, 0, 0, 0, 0, 0, 0, /* start */
        8,    7,    6,    5,    4,    3,    2,    1,                            /* t */
        0x24, 0x23, 0x22, 0x21,                                                 /* port */
        0x18, 0x17, 0x16, 0x15, 0x14, 0x13, 0x12, 0x11,                         /* seq */
        0x32, 0x31,                                                             /* type */
        3,    0,    0,    0,                                                    /* len */
        'a',  'b',  'c',
    };
    struct vdc_digest d = { 0 };
    struct vdc_digest e = { 0 };

    vdc_digest_msg(&d, &m, "abc");
    CHECK(same(d, vdc_digest_bytes(want, sizeof(want))));
    /* What the transport adds does not count: dst, depart, user. What a frame says does. */
    m.dst = 5;
    m.depart = 6;
    m.user = 7;
    vdc_digest_msg(&e, &m, "abc");
    CHECK(same(d, e));
    /* A header-only frame counts its length on the wire. */
    d = e = (struct vdc_digest){ 0 };
    m.flags = VDC_MSG_HDR_ONLY;
    m.wire_len = 1000;
    vdc_digest_msg(&d, &m, "abc");
    m.wire_len = 1001;
    vdc_digest_msg(&e, &m, "abc");
    CHECK(!same(d, e));
}

/* Every field of a point moves the link, and so does everything before it. */
static void chain(void)
{
    struct vdc_digest prev = { 0 };
    struct vdc_digest_point base = {
        .k = 1, .t = 2, .stream = { 3, 4 }, .state = { 5, 6 }, .text = { 7, 8 }
    };
    struct vdc_digest first;

    vdc_digest_chain(&prev, &base);
    first = base.link;
    CHECK(same(prev, first));
    for (size_t byte = 0; byte < offsetof(struct vdc_digest_point, link); byte++) {
        struct vdc_digest_point p = base;
        struct vdc_digest start = { 0 };

        ((uint8_t *)&p)[byte] ^= 1;
        vdc_digest_chain(&start, &p);
        CHECK(!same(p.link, first));
    }
    vdc_digest_chain(&prev, &base);
    CHECK(!same(base.link, first));
}

static const struct tap_case cases[] = {
    { "known values", known },
    { "fold is hash of the concatenation", fold_is_concatenation },
    { "canonical bytes of a message", message_bytes },
    { "chain", chain },
};

TAP_MAIN(cases)
