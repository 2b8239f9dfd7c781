/* SPDX-License-Identifier: MIT */
/* Doorbell pages: a process owns one, and its objects go with it. */
#include "state.h"

#include <string.h>

static uint8_t *used(struct vdc_hinic *h)
{
    return vdc_hinic_at(h, h->lay.uar);
}

bool vdc_hinic_uar_ok(const struct vdc_hinic *h, uint32_t uar)
{
    return uar == 0 || (uar < h->cfg.n_uar && ((const uint8_t *)h + h->lay.uar)[uar] != 0);
}

enum hinic_aq_status vdc_hinic_cmd_alloc_uar(struct vdc_hinic *h, vtime_t now)
{
    (void)now;
    for (uint32_t i = 1; i < h->cfg.n_uar; i++) {
        if (!used(h)[i]) {
            used(h)[i] = 1;
            h->dev.aq.out[0] = i;
            return HINIC_AQ_OK;
        }
    }
    return HINIC_AQ_NO_RES;
}

/* A process may have died in the middle of anything: what it made goes in the order that leaves
 * nothing in use. */
enum hinic_aq_status vdc_hinic_cmd_free_uar(struct vdc_hinic *h, vtime_t now)
{
    const uint32_t uar = vdc_hinic_cmd_id(h);

    if (uar == 0 || !vdc_hinic_uar_ok(h, uar)) {
        return HINIC_AQ_BAD_PARAM;
    }
    for (uint32_t i = 0; i < h->lay.n_qp; i++) {
        if (vdc_hinic_qp_slot(h, i)->id != 0 && vdc_hinic_qp_slot(h, i)->uar == uar) {
            vdc_hinic_qp_destroy(h, now, i);
        }
    }
    for (uint32_t i = 0; i < h->lay.n_srq; i++) {
        const struct srq *s = vdc_hinic_srq_slot(h, i);

        if (s->id != 0 && s->uar == uar && s->n_ref == 0) {
            vdc_hinic_srq_destroy(h, now, i);
        }
    }
    for (uint32_t i = 0; i < h->lay.n_cq; i++) {
        const struct cq *c = vdc_hinic_cq_slot(h, i);

        if (c->id != 0 && c->uar == uar && c->n_ref == 0) {
            vdc_hinic_cq_destroy(h, i);
        }
    }
    used(h)[uar] = 0;
    return HINIC_AQ_OK;
}
