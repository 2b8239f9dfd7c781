/* SPDX-License-Identifier: MIT */
/* Bytes on the way out: tags come and go without touching other copies, corruption turns one bit of
 * one copy. */
#include <assert.h>

#include "rig.h"
#include "tap.h"

#define PORTS 6u

struct seen {
    uint32_t n[PORTS];
    uint32_t len[PORTS];
    uint16_t flags[PORTS];
    uint8_t frame[PORTS][2048];
};

static struct vdc_hiswitch_cfg cfg;

static void keep(void *ctx, uint32_t port, const struct vdc_msg *m, const uint8_t *frame)
{
    struct seen *s = ctx;

    assert(m->len <= sizeof(s->frame[0]));
    s->n[port]++;
    s->len[port] = m->len;
    s->flags[port] = m->flags;
    memcpy(s->frame[port], frame, m->len);
}

/* VLAN 7: ports 0, 2, 4 tagged, 1, 3, 5 untagged. */
static struct rig *fresh(struct seen *s)
{
    struct rig *r;

    memset(s, 0, sizeof(*s));
    cfg.is_checked = 1;
    r = rig_new(&cfg);
    r->on_frame = keep;
    r->frame_ctx = s;
    rig_hello(r, 506720);
    rig_run(r, 600000);
    return r;
}

static void setup(void)
{
    vdc_hiswitch_cfg_default(&cfg, 0, PORTS, 3);
    cfg.n_vlan = 1;
    cfg.vlan[0] = (struct vdc_hiswitch_vlan_cfg){ .vid = 7, .tagged = 0x15, .untagged = 0x2a };
    cfg.port[1].pvid = 7;
    for (uint32_t p = 0; p < PORTS; p++) { /* every order of tagged and untagged copies */
        cfg.port[p].link.rate_bps = (p + 1) * 10000000000;
    }
}

/* The frame that port `in` got, as it must look at a port. */
static uint32_t expected(const struct vdc_msg *m, bool is_tagged_out, uint8_t *out)
{
    const uint8_t *f = vdc_msg_payload(m);
    const bool is_tagged_in = f[12] == 0x81 && f[13] == 0;
    const uint32_t from = is_tagged_in ? 16 : 12;
    uint32_t n = 12;

    memcpy(out, f, 12);
    if (is_tagged_out) {
        memcpy(out + 12, (const uint8_t[]){ 0x81, 0, (uint8_t)(is_tagged_in ? f[14] : 0), 7 }, 4);
        n = 16;
    }
    memcpy(out + n, f + from, m->len - from);
    return n + m->len - from;
}

static void tags(void)
{
    static struct seen s;
    static uint8_t want[2048];

    setup();
    for (uint32_t in = 0; in < 2; in++) {
        struct rig *r = fresh(&s);
        const struct rig_eth f = { .dst = RIG_BROADCAST,
                                   .src = 1,
                                   .len = 333,
                                   .is_tagged = in == 0,
                                   .vid = 7,
                                   .pcp = 5,
                                   .fill = 9 };
        struct vdc_msg *m = rig_make(r, in, 1000000, &f);
        struct vdc_msg *copy = rig_make(r, in, 1000000, &f);

        rig_put(r, in, m);
        rig_run(r, 10000000);
        for (uint32_t p = 0; p < PORTS; p++) {
            const uint32_t n = expected(copy, p % 2 == 0, want);

            CHECK_EQ(s.n[p], p != in);
            if (p != in) {
                CHECK_EQ(s.len[p], n);
                CHECK(memcmp(s.frame[p], want, n) == 0);
            }
        }
        CHECK(rig_is_conserved(r));
        rig_put(r, in, copy); /* for the rig to release */
        rig_free(r);
    }
}

static uint32_t bits_off(const uint8_t *a, const uint8_t *b, uint32_t n, uint32_t *first)
{
    uint32_t bits = 0;

    for (uint32_t i = 0; i < n; i++) {
        for (uint8_t x = a[i] ^ b[i]; x; x &= (uint8_t)(x - 1)) {
            *first = bits == 0 ? i : *first;
            bits++;
        }
    }
    return bits;
}

static void corruption(void)
{
    static struct seen s;
    static uint8_t want[2048];

    setup();
    cfg.port[3].link.corrupt_p32 = UINT64_C(1) << 32;
    cfg.port[3].flags |= VDC_HISWITCH_PORT_CORRUPT_PAYLOAD;
    cfg.port[4].link.corrupt_p32 = UINT64_C(1) << 32;
    for (uint32_t i = 0; i < 50; i++) {
        struct rig *r = fresh(&s);
        const struct rig_eth f = { .dst = RIG_BROADCAST, .src = 1, .len = 60 + i, .fill = i };
        struct vdc_msg *copy = rig_make(r, 1, 2000000, &f);
        uint32_t at = 0;

        rig_send(r, 1, 1000000, &f);
        rig_run(r, 2000000);
        for (uint32_t p = 0; p < PORTS; p++) {
            if (p == 1) {
                continue;
            }
            CHECK_EQ(s.len[p], expected(copy, p % 2 == 0, want));
            CHECK_EQ(bits_off(s.frame[p], want, s.len[p], &at), p == 3 ? 1 : 0);
            CHECK_EQ((s.flags[p] & VDC_MSG_BAD_FCS) != 0, p == 4);
            CHECK(p != 3 || at >= 14);
        }
        CHECK_EQ(rig_counters(r, 3).tx_corrupt, 1);
        rig_put(r, 1, copy);
        rig_free(r);
    }
}

/* A header-only frame keeps its full size through a change of tags. */
static void header_only(void)
{
    static struct seen s;
    struct rig *r;

    setup();
    r = fresh(&s);
    rig_send(r, 1, 1000000,
             &(struct rig_eth){ .dst = RIG_BROADCAST, .src = 1, .len = 60, .wire_len = 1500 });
    rig_run(r, 10000000);
    CHECK_EQ(s.len[3], 60);
    CHECK_EQ(s.len[0], 64);
    CHECK_EQ(s.flags[0], VDC_MSG_HDR_ONLY);
    CHECK_EQ(r->bytes_out[3], 1500);
    CHECK_EQ(r->bytes_out[0], 1504);
    CHECK(rig_is_conserved(r));
    rig_free(r);
}

/* Burst loss by the chain of vdc/burst.h, one step per frame of this port; other ports are whole.
 */
static void bursts(void)
{
    enum { FRAMES = 120 };
    static struct seen s;
    struct vdc_burst chain = { 0 };
    uint32_t n_lost = 0;
    uint32_t n_runs = 0; /* of lost frames in a row */
    bool was_lost = false;
    struct rig *r;

    setup();
    cfg.port[3].burst = (struct vdc_burst_cfg){
        .key = 77, .p_gb_p32 = 1u << 29, .p_bg_p32 = 1u << 30, .bad_p32 = UINT64_C(1) << 32
    };
    r = fresh(&s);
    for (uint32_t i = 0; i < FRAMES; i++) {
        const struct rig_eth f = { .dst = RIG_BROADCAST, .src = 1, .fill = i };
        const uint32_t before = s.n[3];
        const bool is_lost = vdc_burst_lost(&chain, &cfg.port[3].burst);

        rig_send(r, 1, 1000000 + i * UINT64_C(1000000), &f);
        rig_run(r, 1900000 + i * UINT64_C(1000000));
        CHECK_EQ(s.n[3] - before, is_lost ? 0 : 1);
        n_lost += is_lost;
        n_runs += is_lost && !was_lost;
        was_lost = is_lost;
    }
    CHECK(n_runs > 5);
    CHECK(n_lost > 2 * n_runs); /* losses come together */
    CHECK_EQ(rig_counters(r, 3).drop[VDC_HUB_DROP_LINK_LOST], n_lost);
    CHECK_EQ(s.n[5], FRAMES);
    CHECK(rig_is_conserved(r));
    rig_free(r);
    cfg.port[3].burst = (struct vdc_burst_cfg){ 0 };
}

static const struct tap_case cases[] = {
    { "tags of a flood", tags },
    { "corruption of one copy", corruption },
    { "header-only frames", header_only },
    { "burst loss", bursts },
};

TAP_MAIN(cases)
