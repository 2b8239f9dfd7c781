/* SPDX-License-Identifier: MIT */
/* Tournament tree: setting it up; everything else is inline in the header. */
#include "vdc/evtree.h"

void vdc_evtree_init(struct vdc_evtree *tr, uint32_t n)
{
    assert(n > 0);
    assert(n <= VDC_EVTREE_LEAVES_MAX);
    /* Nodes beyond the sources stay untouched: a tree of two costs little to set up. */
    tr->n_leaf = 1;
    tr->zero[0] = tr->zero[1] = tr->zero[2] = 0;
    while (tr->n_leaf < n) {
        tr->n_leaf *= 2;
    }
    for (uint32_t k = 2 * tr->n_leaf - 1; k > 0; k--) {
        /* Inner nodes copy the left-most leaf below them, as a tree of equal keys would. */
        const uint32_t leaf = k >= tr->n_leaf ? k - tr->n_leaf : tr->node[2 * k].leaf;

        tr->node[k] = (struct vdc_evkey){ .t = VTIME_NEVER, .leaf = leaf };
    }
}
