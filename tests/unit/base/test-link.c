/* SPDX-License-Identifier: MIT */
/* Link arithmetic: exactness, no drift, order, quantum, streams of fate. */
#include "vdc/link.h"

#include "tap.h"
#include "vdc/rng.h"

typedef unsigned __int128 u128;

static struct vdc_link_cfg eth(uint64_t rate)
{
    return (struct vdc_link_cfg){ .rate_bps = rate,
                                  .latency_ps = 500 * VTIME_PS_PER_NS,
                                  .tx_quantum_ps = 1,
                                  .wire_overhead = VDC_LINK_ETH_OVERHEAD,
                                  .min_frame = VDC_LINK_ETH_MIN_FRAME,
                                  .mtu = 4200,
                                  .key = 1 };
}

static const uint64_t rates[] = { 1000000,
                                  UINT64_C(3000000),
                                  UINT64_C(10000000000),
                                  UINT64_C(25000000000),
                                  UINT64_C(40000000000),
                                  UINT64_C(100000000000),
                                  UINT64_C(333333333333),
                                  UINT64_C(400000000000),
                                  UINT64_C(1600000000000) };

static void worked_example(void)
{
    const struct vdc_link_cfg c = eth(UINT64_C(100000000000));
    struct vdc_link_tx tx = { 0 };
    struct vdc_link_sent s = vdc_link_send(&tx, &c, 1000, 60);

    CHECK_EQ(vdc_link_min_ps(&c), 506720); /* 84 B at 100 Gb/s + 500 ns */
    CHECK_EQ(s.start, 1000);
    CHECK_EQ(s.end, 1000 + 6720);
    CHECK_EQ(s.arrive, 1000 + 506720);
    s = vdc_link_send(&tx, &c, 1000, 1514); /* waits for the first */
    CHECK_EQ(s.start, 7720);
    CHECK_EQ(s.end, 7720 + (1514 + 24) * 80);
    s = vdc_link_send(&tx, &c, 10000000, 1); /* padded */
    CHECK_EQ(s.end - s.start, 6720);
}

/* Back-to-back frames end exactly at floor(total bits * 10^12 / rate): all rates, all sizes. */
static void no_drift(void)
{
    for (size_t r = 0; r < sizeof(rates) / sizeof(rates[0]); r++) {
        const struct vdc_link_cfg c = eth(rates[r]);
        struct vdc_link_tx tx = { 0 };
        u128 bytes = 0;

        for (uint32_t len = 1; len <= 9216; len++) {
            const struct vdc_link_sent s = vdc_link_send(&tx, &c, 0, len);

            bytes += (len < 60 ? 60 : len) + 24;
            CHECK_EQ(s.end, (uint64_t)(bytes * 8 * VTIME_PS_PER_S / rates[r]));
            CHECK(s.end - s.start >= vdc_link_min_ps(&c) - c.latency_ps);
        }
        CHECK_EQ(tx.n_frame, 9216);
    }
}

/* 10^7 frames at a rate that divides nothing (the formula makes 10^9 no different; the remainder is
 * exact). */
static void no_drift_long(void)
{
    const struct vdc_link_cfg c = eth(UINT64_C(333333333333));
    struct vdc_link_tx tx = { 0 };

    for (uint32_t i = 0; i < 10000000; i++) {
        (void)vdc_link_send(&tx, &c, 0, 1024);
    }
    CHECK_EQ(tx.busy_until, (uint64_t)((u128)1048 * 8 * VTIME_PS_PER_S * 10000000 / c.rate_bps));
}

static void largest_frame(void)
{
    struct vdc_link_cfg c = eth(VDC_LINK_RATE_MAX);
    struct vdc_link_tx tx = { .rem = VDC_LINK_RATE_MAX - 1 };
    struct vdc_link_sent s;

    c.wire_overhead = 256;
    s = vdc_link_send(&tx, &c, 0, VDC_LINK_LEN_MAX);
    CHECK_EQ(s.end, ((u128)(VDC_LINK_LEN_MAX + 256) * 8 * VTIME_PS_PER_S + VDC_LINK_RATE_MAX - 1) /
                        VDC_LINK_RATE_MAX);
}

static void quantum(void)
{
    struct vdc_link_cfg c = eth(UINT64_C(100000000000));
    struct vdc_link_tx tx = { 0 };
    struct vdc_link_sent s;

    c.tx_quantum_ps = VTIME_PS_PER_NS;
    c.wire_overhead = 0;
    c.min_frame = 0;
    s = vdc_link_send(&tx, &c, 0, 1048); /* 83.84 ns: the reference simulator's 83 */
    CHECK_EQ(s.end, 83000);
    CHECK_EQ(tx.rem, 0);
    s = vdc_link_send(&tx, &c, 0, 1); /* 80 ps: at least one quantum */
    CHECK_EQ(s.end - s.start, 1000);
    CHECK_EQ(vdc_link_min_ps(&c), 1000 + c.latency_ps);
}

/* A lower rate makes the carried remainder meaningless; it must not become a pause of microseconds.
 */
static void rate_change(void)
{
    struct vdc_link_cfg c = eth(UINT64_C(1600000000000));
    struct vdc_link_tx tx = { .rem = UINT64_C(1599999999999) };

    c.rate_bps = VDC_LINK_RATE_MIN;
    CHECK_EQ(vdc_link_send(&tx, &c, 0, 60).end, 84 * 8 * VTIME_PS_PER_US);
}

/* Jitter within its range, order kept, and the lookahead is a true lower bound. */
static void jitter_keeps_order(void)
{
    struct vdc_link_cfg c = eth(UINT64_C(100000000000));
    struct vdc_link_tx tx = { 0 };
    vtime_t last = 0;
    vtime_t now = 0;
    uint64_t widest = 0;

    c.jitter_ps = 100000;
    for (uint64_t i = 0; i < 100000; i++) {
        const uint32_t len = (uint32_t)vdc_rand_below(5, i, 1500) + 1;
        struct vdc_link_sent s;

        now += vdc_rand_below(6, i, 200000);
        s = vdc_link_send(&tx, &c, now, len);
        CHECK(s.arrive > last);
        CHECK(s.arrive >= now + vdc_link_min_ps(&c));
        CHECK(s.arrive <= s.end + c.latency_ps + c.jitter_ps || s.arrive == last + 1);
        widest = s.arrive - s.end - c.latency_ps > widest ? s.arrive - s.end - c.latency_ps
                                                          : widest;
        last = s.arrive;
    }
    CHECK(widest > 99000);
}

/* Frame n of a direction meets the same fate whatever the other probabilities are (one draw per
 * frame and stream). */
static void fate_streams(void)
{
    struct vdc_link_cfg a = eth(UINT64_C(100000000000));
    struct vdc_link_cfg b = a;
    struct vdc_link_tx ta = { 0 };
    struct vdc_link_tx tb = { 0 };
    uint32_t lost = 0;
    uint32_t corrupt = 0;

    a.loss_p32 = UINT32_MAX / 10;
    b.loss_p32 = a.loss_p32;
    b.corrupt_p32 = UINT32_MAX / 10;
    b.jitter_ps = 1000;
    for (uint32_t i = 0; i < 100000; i++) {
        const struct vdc_link_sent x = vdc_link_send(&ta, &a, 0, 100);
        const struct vdc_link_sent y = vdc_link_send(&tb, &b, 0, 100);

        CHECK((x.fate == VDC_LINK_LOST) == (y.fate == VDC_LINK_LOST));
        lost += x.fate == VDC_LINK_LOST;
        corrupt += y.fate == VDC_LINK_CORRUPT;
        CHECK(x.fate != VDC_LINK_CORRUPT);
    }
    CHECK(lost > 9500 && lost < 10500);
    CHECK(corrupt > 8500 && corrupt < 9500); /* of the nine tenths that were not lost */
    a.loss_p32 = UINT64_C(1) << 32;
    CHECK_EQ(vdc_link_send(&ta, &a, 0, 100).fate, VDC_LINK_LOST);
    a.loss_p32 = 0;
    CHECK_EQ(vdc_link_send(&ta, &a, 0, 100).fate, VDC_LINK_OK);
    /* Another direction has another stream. */
    b = a;
    a.loss_p32 = b.loss_p32 = UINT32_MAX / 2;
    b.key = 2;
    ta = tb = (struct vdc_link_tx){ 0 };
    lost = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        lost += vdc_link_send(&ta, &a, 0, 100).fate == vdc_link_send(&tb, &b, 0, 100).fate;
    }
    CHECK(lost > 400 && lost < 600);
}

static void saturation(void)
{
    const struct vdc_link_cfg c = eth(UINT64_C(100000000000));
    struct vdc_link_tx tx = { 0 };

    CHECK_EQ(vdc_link_send(&tx, &c, VTIME_NEVER - 1, 60).arrive, VTIME_NEVER);
}

static const struct tap_case cases[] = {
    { "worked example", worked_example },
    { "no drift: all rates x 1..9216 B", no_drift },
    { "no drift: 10^7 frames", no_drift_long },
    { "largest frame fits 64 bits", largest_frame },
    { "transmit quantum", quantum },
    { "rate change", rate_change },
    { "jitter keeps order", jitter_keeps_order },
    { "streams of fate", fate_streams },
    { "saturation", saturation },
};

TAP_MAIN(cases)
