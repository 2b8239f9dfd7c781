/* SPDX-License-Identifier: MIT */
/* Event selection: a tournament tree over a fixed set of sources, each with one pending event (t,
 * sub). */
#ifndef VDC_HUBS_CORE_EVTREE_H
#define VDC_HUBS_CORE_EVTREE_H

#include <assert.h>
#include <stdint.h>

#include "vdc/vtime.h"

#define VDC_EVTREE_LEAVES_MAX 128u

struct vdc_evkey {
    vtime_t t;     /* VTIME_NEVER = no event */
    uint32_t sub;  /* order at one instant; different for every source */
    uint32_t leaf; /* the source */
};
_Static_assert(sizeof(struct vdc_evkey) == 16, "four keys to a cache line");

/* Flat. node[1] is the winner, node[n_leaf + i] the event of source i; siblings share a cache line.
 */
struct vdc_evtree {
    uint32_t n_leaf; /* a power of two */
    uint32_t zero[3];
    struct vdc_evkey node[2 * VDC_EVTREE_LEAVES_MAX];
};

/* n sources, 1..VDC_EVTREE_LEAVES_MAX, without events. */
void vdc_evtree_init(struct vdc_evtree *tr, uint32_t n);

/* Replaces the event of source `leaf`. O(log n), stops where nothing changes; no branch depends on
 * who wins. */
static inline void vdc_evtree_set(struct vdc_evtree *tr, uint32_t leaf, vtime_t t, uint32_t sub)
{
    uint32_t k = tr->n_leaf + leaf;

    assert(leaf < tr->n_leaf);
    tr->node[k] = (struct vdc_evkey){ .t = t, .sub = sub, .leaf = leaf };
    for (k >>= 1; k > 0; k >>= 1) {
        const struct vdc_evkey *a = &tr->node[2 * k];
        const uint32_t is_b = (uint32_t)(a[1].t < a[0].t) |
                              ((uint32_t)(a[1].t == a[0].t) & (uint32_t)(a[1].sub < a[0].sub));
        const struct vdc_evkey w = a[is_b];

        if (tr->node[k].t == w.t && tr->node[k].sub == w.sub && tr->node[k].leaf == w.leaf) {
            break;
        }
        tr->node[k] = w;
    }
}

static inline const struct vdc_evkey *vdc_evtree_min(const struct vdc_evtree *tr)
{
    return &tr->node[1];
}

/* The pending event of a source. */
static inline const struct vdc_evkey *vdc_evtree_get(const struct vdc_evtree *tr, uint32_t leaf)
{
    assert(leaf < tr->n_leaf);
    return &tr->node[tr->n_leaf + leaf];
}

#endif
