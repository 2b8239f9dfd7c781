/* SPDX-License-Identifier: MIT */
/* Tournament tree against a scan of all sources. */
#include "tap.h"
#include "vdc/evtree.h"
#include "vdc/rng.h"

static const struct vdc_evkey *scan(const struct vdc_evtree *tr, uint32_t n)
{
    const struct vdc_evkey *w = vdc_evtree_get(tr, 0);

    for (uint32_t i = 1; i < n; i++) {
        const struct vdc_evkey *k = vdc_evtree_get(tr, i);

        if (k->t < w->t || (k->t == w->t && k->sub < w->sub)) {
            w = k;
        }
    }
    return w;
}

static void winner(void)
{
    static struct vdc_evtree tr;
    uint64_t draw = 0;

    for (uint32_t n = 1; n <= VDC_EVTREE_LEAVES_MAX; n = n * 3 / 2 + 1) {
        vdc_evtree_init(&tr, n);
        CHECK_EQ(vdc_evtree_min(&tr)->t, VTIME_NEVER);
        for (int step = 0; step < 2000; step++) {
            const uint32_t leaf = (uint32_t)vdc_rand_below(1, draw++, n);
            const uint64_t t = vdc_rand_below(1, draw++, 20); /* many ties */
            const uint32_t cls = (uint32_t)vdc_rand_below(1, draw++, 3);

            vdc_evtree_set(&tr, leaf, t == 0 ? VTIME_NEVER : t, cls << 8 | leaf);
            /* Sources without an event tie at NEVER: any of them will do. */
            CHECK_EQ(vdc_evtree_min(&tr)->t, scan(&tr, n)->t);
            if (vdc_evtree_min(&tr)->t != VTIME_NEVER) {
                CHECK_EQ(vdc_evtree_min(&tr)->leaf, scan(&tr, n)->leaf);
            }
        }
    }
}

static void ties(void)
{
    static struct vdc_evtree tr;

    vdc_evtree_init(&tr, 3);
    vdc_evtree_set(&tr, 0, 5, 2 << 8 | 0);
    vdc_evtree_set(&tr, 2, 5, 1 << 8 | 2);
    CHECK_EQ(vdc_evtree_min(&tr)->leaf, 2); /* class first */
    vdc_evtree_set(&tr, 1, 5, 1 << 8 | 1);
    CHECK_EQ(vdc_evtree_min(&tr)->leaf, 1); /* then the port */
    vdc_evtree_set(&tr, 1, 6, 1 << 8 | 1);
    CHECK_EQ(vdc_evtree_min(&tr)->leaf, 2);
}

static const struct tap_case cases[] = {
    { "the winner is the smallest key", winner },
    { "ties go by class, then source", ties },
};

TAP_MAIN(cases)
