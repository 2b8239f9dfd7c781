/* SPDX-License-Identifier: MIT */
/* Scheduler: strict classes first, highest number first, then deficit round robin; one frame per
 * decision. */
#include "vdc/hub.h"

void vdc_hub_weights(struct vdc_hub_port *p, const uint8_t weight[VDC_HUB_TCS], uint32_t max_frame)
{
    uint32_t least = 0;

    assert(max_frame > 0);
    for (uint32_t tc = 0; tc < VDC_HUB_TCS; tc++) {
        if (weight[tc] > 0 && (least == 0 || weight[tc] < least)) {
            least = weight[tc];
        }
    }
    p->strict = 0;
    p->cur = 0;
    p->is_visited = 0;
    for (uint32_t tc = 0; tc < VDC_HUB_TCS; tc++) {
        p->deficit[tc] = 0;
        p->quantum[tc] = 0;
        if (weight[tc] == 0) {
            p->strict |= 1u << tc;
        } else {
            /* The smallest quantum covers the largest frame, so that every visit sends. */
            p->quantum[tc] = weight[tc] * ((max_frame + least - 1) / least);
            assert(p->quantum[tc] >= max_frame);
        }
    }
}

static uint32_t highest(uint32_t mask)
{
    uint32_t tc = VDC_HUB_TCS - 1;

    assert(mask != 0);
    while (!(mask >> tc & 1)) {
        tc--;
    }
    return tc;
}

static void next_turn(struct vdc_hub_port *p)
{
    p->cur = (p->cur + 1) % VDC_HUB_TCS;
    p->is_visited = 0;
}

static uint32_t pick_deficit(struct vdc_hub_port *p, uint32_t ready)
{
    /* A class keeps its deficit while its head is not ready, so the first visit may fall short
     * once. */
    for (uint32_t n = 0;; n++) {
        const uint32_t tc = p->cur;

        assert(n <= 2 * VDC_HUB_TCS);
        if (!(ready >> tc & 1)) {
            next_turn(p);
            continue;
        }
        if (!p->is_visited) {
            p->deficit[tc] += p->quantum[tc];
            p->is_visited = 1;
        }
        if (p->deficit[tc] >= p->q[tc].head_size) {
            p->deficit[tc] -= p->q[tc].head_size;
            if (p->q[tc].frames == 1) {
                next_turn(p); /* the queue empties: what is left of the deficit goes with it */
            }
            return tc;
        }
        next_turn(p);
    }
}

uint32_t vdc_hub_pick(struct vdc_hub_port *p, vtime_t now)
{
    uint32_t ready = 0;
    uint32_t left = p->backlog;

    for (uint32_t tc = 0; left != 0; tc++, left >>= 1) {
        if ((left & 1) && p->q[tc].head_ok <= now) {
            ready |= 1u << tc;
        }
    }
    if (ready == 0) {
        return VDC_HUB_NONE;
    }
    if (ready & p->strict) {
        return highest(ready & p->strict);
    }
    return pick_deficit(p, ready);
}

vtime_t vdc_hub_ready(const struct vdc_hub_port *p)
{
    vtime_t t = VTIME_NEVER;
    uint32_t left = p->backlog;

    for (uint32_t tc = 0; left != 0; tc++, left >>= 1) {
        if (left & 1) {
            t = vtime_min(t, p->q[tc].head_ok);
        }
    }
    return t;
}
