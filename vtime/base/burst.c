/* SPDX-License-Identifier: MIT */
/* Burst loss (Gilbert-Elliott): two draws per frame, used or not. */
#include "vdc/burst.h"

#include <assert.h>

#include "vdc/rng.h"

#define P32_ONE (UINT64_C(1) << 32)

bool vdc_burst_lost(struct vdc_burst *b, const struct vdc_burst_cfg *cfg)
{
    const uint64_t step = vdc_rand(cfg->key, 2 * b->n) >> 32;
    const uint64_t loss = vdc_rand(cfg->key, 2 * b->n + 1) >> 32;

    assert(cfg->p_gb_p32 <= P32_ONE && cfg->p_bg_p32 <= P32_ONE);
    assert(cfg->good_p32 <= P32_ONE && cfg->bad_p32 <= P32_ONE);
    b->n++;
    if (step < (b->is_bad ? cfg->p_bg_p32 : cfg->p_gb_p32)) {
        b->is_bad = !b->is_bad;
    }
    return loss < (b->is_bad ? cfg->bad_p32 : cfg->good_p32);
}
