/* SPDX-License-Identifier: MIT */
/* Protection domains: a number and a count of what belongs to it. */
#include "state.h"

#define PD_USED (UINT32_C(1) << 31)

static uint32_t *pd_at(struct vdc_hinic *h, uint32_t pdn)
{
    assert(pdn < h->lay.n_pd);
    return (uint32_t *)vdc_hinic_at(h, h->lay.pd) + pdn;
}

bool vdc_hinic_pd_ok(const struct vdc_hinic *h, uint32_t pdn)
{
    const uint32_t *pd = (const uint32_t *)(const void *)((const uint8_t *)h + h->lay.pd);

    return pdn > 0 && pdn < h->lay.n_pd && (pd[pdn] & PD_USED) != 0;
}

void vdc_hinic_pd_get(struct vdc_hinic *h, uint32_t pdn)
{
    assert(*pd_at(h, pdn) & PD_USED);
    ++*pd_at(h, pdn);
}

void vdc_hinic_pd_put(struct vdc_hinic *h, uint32_t pdn)
{
    assert(*pd_at(h, pdn) > PD_USED);
    --*pd_at(h, pdn);
}

enum hinic_aq_status vdc_hinic_cmd_alloc_pd(struct vdc_hinic *h, vtime_t now)
{
    uint32_t *next = &h->dev.rdma.next[OBJ_PD];

    (void)now;
    for (uint32_t k = 1; k < h->lay.n_pd; k++) {
        const uint32_t i = *next == 0 || *next >= h->lay.n_pd ? 1 : *next;

        *next = i + 1;
        if (*pd_at(h, i) == 0) {
            *pd_at(h, i) = PD_USED;
            h->dev.rdma.n_used[OBJ_PD]++;
            h->dev.aq.out[0] = i;
            return HINIC_AQ_OK;
        }
    }
    return HINIC_AQ_NO_RES;
}

enum hinic_aq_status vdc_hinic_cmd_free_pd(struct vdc_hinic *h, vtime_t now)
{
    const uint32_t pdn = vdc_hinic_cmd_id(h);

    (void)now;
    if (!vdc_hinic_pd_ok(h, pdn)) {
        return HINIC_AQ_BAD_PARAM;
    }
    if (*pd_at(h, pdn) != PD_USED) {
        return HINIC_AQ_BUSY;
    }
    *pd_at(h, pdn) = 0;
    h->dev.rdma.n_used[OBJ_PD]--;
    return HINIC_AQ_OK;
}
