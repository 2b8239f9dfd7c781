/* SPDX-License-Identifier: MIT */
/* Burst loss: share of losses and length of bursts against the chain's formulas. */
#include "vdc/burst.h"

#include "tap.h"

#define P32(percent) ((UINT64_C(1) << 32) * (percent) / 100)

static void share_and_length(void)
{
    const struct vdc_burst_cfg c = {
        .key = 7, .p_gb_p32 = P32(1), .p_bg_p32 = P32(10), .bad_p32 = P32(100)
    };
    struct vdc_burst b = { 0 };
    uint32_t lost = 0;
    uint32_t bursts = 0;
    bool was = false;

    for (uint32_t i = 0; i < 1000000; i++) {
        const bool is = vdc_burst_lost(&b, &c);

        lost += is;
        bursts += is && !was;
        was = is;
    }
    CHECK_EQ(b.n, 1000000);
    CHECK(lost > 87000 && lost < 95000);              /* 1/11 = 90909 */
    CHECK(lost / bursts == 9 || lost / bursts == 10); /* mean length 1 / p_bg */
}

static void limits(void)
{
    struct vdc_burst_cfg c = { .key = 7, .good_p32 = P32(100) };
    struct vdc_burst b = { 0 };

    CHECK(vdc_burst_lost(&b, &c));
    c.good_p32 = 0;
    for (int i = 0; i < 1000; i++) {
        CHECK(!vdc_burst_lost(&b, &c));
    }
    CHECK_EQ(b.is_bad, 0);
    c.p_gb_p32 = P32(100);
    c.bad_p32 = P32(100);
    CHECK(vdc_burst_lost(&b, &c));
    CHECK_EQ(b.is_bad, 1);
}

static const struct tap_case cases[] = {
    { "share and length of bursts", share_and_length },
    { "limits", limits },
};

TAP_MAIN(cases)
