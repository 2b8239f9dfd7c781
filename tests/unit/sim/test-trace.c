/* SPDX-License-Identifier: MIT */
/* Trace: order of records whatever order they came in, text. */
#include "vdc/trace.h"

#include "tap.h"
#include "vdc/rng.h"

#define N 500u

static int cmp(const struct vdc_trace_rec *a, const struct vdc_trace_rec *b)
{
    if (a->vt != b->vt) {
        return a->vt < b->vt ? -1 : 1;
    }
    if (a->comp != b->comp) {
        return a->comp < b->comp ? -1 : 1;
    }
    if (a->verb != b->verb) {
        return a->verb < b->verb ? -1 : 1;
    }
    return a->n < b->n ? -1 : a->n > b->n;
}

static void sorting(void)
{
    static struct vdc_trace_rec r[N];

    for (uint64_t seed = 0; seed < 200; seed++) {
        const size_t n = vdc_rand_below(seed, 0, N + 1);
        uint64_t sum = 0;

        for (size_t i = 0; i < n; i++) {
            r[i] = (struct vdc_trace_rec){ .vt = vdc_rand_below(seed, 4 * i + 1, 20),
                                           .n = i,
                                           .comp = (uint32_t)vdc_rand_below(seed, 4 * i + 2, 3),
                                           .verb = (uint16_t)vdc_rand_below(seed, 4 * i + 3, 3) };
            sum += vdc_rand(i, r[i].vt);
        }
        vdc_trace_sort(r, n);
        for (size_t i = 0; i < n; i++) {
            CHECK(i == 0 || cmp(&r[i - 1], &r[i]) < 0);
            sum -= vdc_rand(r[i].n, r[i].vt);
        }
        CHECK_EQ(sum, 0); /* nothing lost, nothing doubled */
    }
}

static void text(void)
{
    const struct vdc_trace_rec r = { .vt = 1234,
                                     .n = 9,
                                     .t = 5678,
                                     .seq = 3,
                                     .comp = 1,
                                     .port = 2,
                                     .verb = VDC_TRACE_LOSE,
                                     .type = 1,
                                     .len = 60,
                                     .crc = 0xdeadbeef };
    const struct vdc_trace_rec big = { .vt = UINT64_MAX };
    char s[200];

    CHECK_EQ(vdc_trace_text(&r, "leaf0", s, sizeof(s)), strlen(s));
    CHECK_STR(s, "[        1234] leaf0 > lose port=2 t=5678 seq=3 type=1 len=60 crc=deadbeef");
    (void)vdc_trace_text(&big, "x", s, sizeof(s));
    CHECK_STR(s, "[18446744073709551615] x > recv port=0 t=0 seq=0 type=0 len=0 crc=00000000");
    CHECK_EQ(vdc_trace_text(&r, "leaf0", s, 10), 9);
}

static const struct tap_case cases[] = {
    { "sorting", sorting },
    { "text", text },
};

TAP_MAIN(cases)
