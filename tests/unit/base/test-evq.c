/* SPDX-License-Identifier: MIT */
/* Event queue against a sorted list: order, cancel, full, snapshot by memcpy. */
#include "vdc/evq.h"

#include <stdlib.h>

#include "tap.h"
#include "vdc/rng.h"

#define CAP 64u

struct ref {
    struct vdc_ev ev;
    uint32_t handle;
    int is_live;
};

static int ref_before(const struct vdc_ev *a, const struct vdc_ev *b)
{
    if (a->t != b->t) {
        return a->t < b->t;
    }
    if (a->cls != b->cls) {
        return a->cls < b->cls;
    }
    if (a->id != b->id) {
        return a->id < b->id;
    }
    return a->seq < b->seq;
}

static int ref_first(const struct ref *r)
{
    int first = -1;

    for (uint32_t i = 0; i < CAP; i++) {
        if (r[i].is_live && (first < 0 || ref_before(&r[i].ev, &r[first].ev))) {
            first = (int)i;
        }
    }
    return first;
}

static struct vdc_evq *make(uint32_t cap)
{
    struct vdc_evq *q = aligned_alloc(64, (vdc_evq_size(cap) + 63) & ~(size_t)63);

    if (!q) {
        abort();
    }
    vdc_evq_init(q, cap);
    return q;
}

/* Random adds, cancels and pops with few distinct keys, so that every level of the order decides.
 */
static void against_oracle(void)
{
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct vdc_evq *q = make(CAP);
        struct ref ref[CAP] = { 0 };
        uint64_t seq = 0;
        uint32_t len = 0;

        for (uint64_t n = 0; n < 2000; n++) {
            const uint64_t r = vdc_rand(seed, n);
            const int first = ref_first(ref);

            if (r % 8 < 4) {
                struct vdc_ev e = { .t = r >> 8 & 15,
                                    .cls = (uint16_t)(r >> 16 & 3),
                                    .id = (uint32_t)(r >> 20 & 3),
                                    .kind = (uint16_t)(r >> 24),
                                    .arg = r };
                const uint32_t h = vdc_evq_add(q, e.t, e.cls, e.kind, e.id, e.arg);

                CHECK((h == VDC_EVQ_NONE) == (len == CAP));
                if (h != VDC_EVQ_NONE) {
                    e.seq = seq++;
                    CHECK(!ref[h].is_live);
                    ref[h] = (struct ref){ e, h, 1 };
                    len++;
                }
            } else if (r % 8 < 6) {
                const uint32_t h = (uint32_t)(r >> 8) % CAP;

                if (ref[h].is_live) {
                    vdc_evq_cancel(q, h);
                    ref[h].is_live = 0;
                    len--;
                }
            } else {
                struct vdc_ev e;
                const vtime_t until = r >> 8 & 15;

                if (vdc_evq_pop(q, until, &e)) {
                    CHECK(first >= 0);
                    CHECK(memcmp(&e, &ref[first].ev, sizeof(e)) == 0);
                    CHECK(e.t <= until);
                    ref[first].is_live = 0;
                    len--;
                } else {
                    CHECK(first < 0 || ref[first].ev.t > until);
                }
            }
            CHECK_EQ(vdc_evq_len(q), len);
            CHECK_EQ(vdc_evq_next(q), ref_first(ref) < 0 ? VTIME_NEVER : ref[ref_first(ref)].ev.t);
        }
        free(q);
    }
}

/* State is bytes: a copy behaves like the original, and equal histories give equal bytes. */
static void is_bytes(void)
{
    struct vdc_evq *a = make(CAP);
    struct vdc_evq *b = make(CAP);
    struct vdc_ev x;
    struct vdc_ev y;

    for (uint64_t n = 0; n < CAP; n++) {
        (void)vdc_evq_add(a, vdc_rand_below(1, n, 100), 0, 1, (uint32_t)n, n);
    }
    vdc_evq_cancel(a, 7);
    memcpy(b, a, vdc_evq_size(CAP));
    while (vdc_evq_pop(a, VTIME_NEVER, &x)) {
        CHECK(vdc_evq_pop(b, VTIME_NEVER, &y));
        CHECK(memcmp(&x, &y, sizeof(x)) == 0);
    }
    CHECK(memcmp(a, b, vdc_evq_size(CAP)) == 0);
    CHECK_EQ(vdc_evq_next(b), VTIME_NEVER);
    free(a);
    free(b);
}

static void one_slot(void)
{
    struct vdc_evq *q = make(1);
    struct vdc_ev e;

    CHECK_EQ(vdc_evq_add(q, 5, 1, 2, 3, 4), 0);
    CHECK_EQ(vdc_evq_add(q, 4, 1, 2, 3, 4), VDC_EVQ_NONE);
    CHECK(!vdc_evq_pop(q, 4, &e));
    CHECK(vdc_evq_pop(q, 5, &e));
    CHECK_EQ(e.arg, 4);
    CHECK_EQ(vdc_evq_len(q), 0);
    free(q);
}

static const struct tap_case cases[] = {
    { "against a sorted list", against_oracle },
    { "state is bytes", is_bytes },
    { "one slot", one_slot },
};

TAP_MAIN(cases)
