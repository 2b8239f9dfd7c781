/* SPDX-License-Identifier: MIT */
/* Event queues: index 0 is the AEQ, whose ring the registers describe; overrun is fatal for the
 * device. */
#include "state.h"

#include <string.h>

#define INDEX_MASK 0xffffffu

void vdc_hinic_eq_open(struct vdc_hinic *h, uint32_t eqn, const struct ring *r, uint32_t vector,
                       uint32_t count, uint32_t ns)
{
    struct eq *e = vdc_hinic_eq(h, eqn);

    assert(!e->is_used);
    *e = (struct eq){ .is_used = 1, .ring = *r };
    vdc_hinic_notify_open(h, eqn, INDEX_MASK, vector, count, ns);
}

void vdc_hinic_eq_close(struct vdc_hinic *h, uint32_t eqn)
{
    memset(vdc_hinic_eq(h, eqn), 0, sizeof(struct eq));
    vdc_hinic_notify_close(h, eqn);
}

void vdc_hinic_eq_post(struct vdc_hinic *h, vtime_t now, uint32_t eqn, struct hinic_eqe e)
{
    struct eq *q = vdc_hinic_eq(h, eqn);
    const uint32_t depth = 1u << q->ring.log_depth;
    struct wr_op op = { .kind = WR_EQE, .obj = (uint16_t)eqn, .len = sizeof(e) };

    if (!q->is_used) {
        return; /* not enabled yet: nobody listens */
    }
    if (((q->pi - vdc_hinic_notify(h, eqn)->ci) & INDEX_MASK) >= depth) {
        vdc_hinic_fatal(h, HINIC_FATAL_OVERRUN);
        return;
    }
    e.own = (uint8_t)((q->pi >> q->ring.log_depth & 1) ^ 1);
    memcpy(op.inl, &e, sizeof(e));
    op.addr = vdc_hinic_ring_addr(&q->ring, q->pi & (depth - 1));
    q->pi = (q->pi + 1) & INDEX_MASK;
    op.tag = q->pi;
    (void)vdc_hinic_dma_write(h, now,
                              &op); /* without room the device is fatal: nothing more to undo */
}

void vdc_hinic_eq_written(struct vdc_hinic *h, vtime_t now, const struct wr_op *op, bool is_failed)
{
    if (!vdc_hinic_eq(h, op->obj)->is_used) {
        return;
    }
    if (is_failed) {
        vdc_hinic_fatal(h, op->obj == 0 ? HINIC_FATAL_AEQ : HINIC_FATAL_EQ);
        return;
    }
    vdc_hinic_notify_event(h, now, op->obj, op->tag);
}
