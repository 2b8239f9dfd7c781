/* SPDX-License-Identifier: MIT */
/* BAR2: a doorbell stores an index and arms its queue at now + t_db; it never processes work. */
#include "state.h"

#define INDEX16(v) ((uint16_t)((v) >> 32))
#define INDEX24(v) ((uint32_t)((v) >> 32) & 0xffffffu)

static void queue_db(struct vdc_hinic *h, vtime_t now, uint64_t v, bool is_rx)
{
    const uint32_t n = (uint32_t)(v & 0xff);
    const uint32_t q = n + (is_rx ? HINIC_QPAIRS_MAX : 0);
    const uint16_t pi = INDEX16(v);
    struct ethq *e;

    if (n >= h->cfg.n_qpairs || !h->dev.ethq[q].is_used) {
        vdc_hinic_guest_err(h, HINIC_GERR_DB_OBJECT, v);
        return;
    }
    e = &h->dev.ethq[q];
    /* Posted and not completed: at most the ring; an index never goes back. */
    if ((uint16_t)(pi - e->done) > 1u << e->desc.log_depth ||
        (uint16_t)(pi - e->done) < (uint16_t)(e->pi - e->done)) {
        vdc_hinic_guest_err(h, HINIC_GERR_DB_INDEX, v);
        return;
    }
    e->pi = pi;
    if (!vdc_hinic_ev_is_armed(h, EV_DB_QUEUE, q)) {
        vdc_hinic_ev_arm(h, EV_DB_QUEUE, q, vtime_add(now, h->cfg.timing.t_db));
    }
}

static void completion_db(struct vdc_hinic *h, vtime_t now, uint64_t v)
{
    const uint32_t n = (uint32_t)(v & 0xff);
    const uint32_t q = n + (v & HINIC_DB_CPL_RX ? HINIC_QPAIRS_MAX : 0);

    if (n >= h->cfg.n_qpairs || !h->dev.ethq[q].is_used) {
        vdc_hinic_guest_err(h, HINIC_GERR_DB_OBJECT, v);
        return;
    }
    vdc_hinic_notify_db(h, now, vdc_hinic_ethq_notify(h, q), INDEX16(v), (v & HINIC_DB_ARM) != 0);
}

static void eq_db(struct vdc_hinic *h, vtime_t now, uint64_t v)
{
    const uint32_t eqn = (uint32_t)(v & 0xff);

    if (eqn == 0 || eqn > h->cfg.n_eq || !vdc_hinic_eq(h, eqn)->is_used) {
        vdc_hinic_guest_err(h, HINIC_GERR_DB_OBJECT, v);
        return;
    }
    vdc_hinic_notify_db(h, now, eqn, INDEX24(v), (v & HINIC_DB_ARM) != 0);
}

void vdc_hinic_doorbell(struct vdc_hinic *h, vtime_t now, uint64_t off, uint64_t value)
{
    const uint64_t page = off / HINIC_UAR_SIZE;

    if (page >= h->cfg.n_uar) {
        vdc_hinic_guest_err(h, HINIC_GERR_DB, off);
        return;
    }
    if (!vdc_hinic_is_alive(h)) {
        vdc_hinic_guest_err(h, HINIC_GERR_DB_OBJECT, off);
        return;
    }
    switch (off) { /* with page 0: the queues of the kernel */
    case HINIC_DB_EQ:
        eq_db(h, now, value);
        break;
    case HINIC_DB_ETH_TX:
        queue_db(h, now, value, false);
        break;
    case HINIC_DB_ETH_RX:
        queue_db(h, now, value, true);
        break;
    case HINIC_DB_ETH_CPL:
        completion_db(h, now, value);
        break;
    default:
        vdc_hinic_guest_err(h, HINIC_GERR_DB, off);
        break;
    }
}
