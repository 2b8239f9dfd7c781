/* SPDX-License-Identifier: MIT */
/* Fault schedules: within their limits, sorted, printed, one per seed. */
#include "vdc/fault.h"

#include "tap.h"

static void draws(void)
{
    uint32_t seen = 0;
    uint32_t n_all = 0;

    for (uint64_t seed = 0; seed < 2000; seed++) {
        struct vdc_fault f[8];
        struct vdc_fault again[8];
        const uint32_t n = vdc_fault_draw(seed, VDC_FAULT_PROFILE_TEST, 3, 1000000, f, 8);

        CHECK(n <= 8);
        CHECK_EQ(vdc_fault_draw(seed, VDC_FAULT_PROFILE_TEST, 3, 1000000, again, 8), n);
        CHECK(memcmp(f, again, n * sizeof(f[0])) == 0);
        for (uint32_t i = 0; i < n; i++) {
            CHECK(i == 0 || f[i - 1].t <= f[i].t);
            CHECK(f[i].t < 1000000);
            CHECK(f[i].arg[0] > f[i].t && f[i].arg[0] <= 1000000 + 1);
            CHECK(f[i].target < 6);
            CHECK(f[i].kind >= VDC_FAULT_LOSS && f[i].kind < VDC_FAULT_KINDS);
            seen |= 1u << f[i].kind;
        }
        n_all += n;
    }
    CHECK_EQ(seen, VDC_FAULT_PROFILE_TEST);
    CHECK(n_all > 7000 && n_all < 9000);
}

static void kinds_are_kept(void)
{
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct vdc_fault f[4];
        const uint32_t n = vdc_fault_draw(seed, 1u << VDC_FAULT_FLAP, 1, 1000, f, 4);

        for (uint32_t i = 0; i < n; i++) {
            CHECK_EQ(f[i].kind, VDC_FAULT_FLAP);
        }
    }
}

static void text(void)
{
    const struct vdc_fault f = { 12, VDC_FAULT_BURST, 0, 7, { 90, 1, 2, 3 } };
    const struct vdc_fault flap = { 12, VDC_FAULT_FLAP, 0, 4, { 90 } };
    char s[100];

    CHECK_EQ(vdc_fault_text(&f, s, sizeof(s)), strlen(s));
    CHECK_STR(s, "t=12 burst wire=3 dir=1 until=90 gb_p32=1 bg_p32=2 bad_p32=3");
    (void)vdc_fault_text(&flap, s, sizeof(s));
    CHECK_STR(s, "t=12 flap wire=2 dir=0 until=90");
    CHECK_EQ(vdc_fault_text(&f, s, 7), 6);
    CHECK_STR(s, "t=12 b");
    CHECK_EQ(vdc_fault_text(&f, s, 1), 0);
}

static const struct tap_case cases[] = {
    { "drawn schedules", draws },
    { "only the kinds asked for", kinds_are_kept },
    { "text", text },
};

TAP_MAIN(cases)
