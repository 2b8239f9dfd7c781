/* SPDX-License-Identifier: MIT */
/* Burst loss (Gilbert-Elliott): a two-state chain that steps once per frame of a link direction. */
#ifndef VDC_VTIME_BASE_BURST_H
#define VDC_VTIME_BASE_BURST_H

#include <stdbool.h>
#include <stdint.h>

/* Probabilities as p * 2^32, 0..2^32. */
struct vdc_burst_cfg {
    uint64_t key;      /* vdc_key(seed, VDC_RNG_LINK_GE, link, direction) */
    uint64_t p_gb_p32; /* good to bad */
    uint64_t p_bg_p32; /* bad to good */
    uint64_t good_p32; /* loss in the good state */
    uint64_t bad_p32;  /* loss in the bad state */
};

/* Part of a model's state; zeroed = good state, first frame. */
struct vdc_burst {
    uint64_t n; /* frames so far */
    uint32_t is_bad;
    uint32_t zero;
};

/* True if the next frame is lost: steps the chain, then draws in the new state. */
bool vdc_burst_lost(struct vdc_burst *b, const struct vdc_burst_cfg *cfg);

#endif
