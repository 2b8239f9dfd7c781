/* SPDX-License-Identifier: MIT */
/* Event sources: each (kind, index) has at most one event queued, ordered by (t, class, kind,
 * index). */
#include "state.h"

#include "vdc/rng.h"

static const uint8_t class_of[EV_KINDS] = {
    [EV_FRAME] = CLS_FRAME,     [EV_RD_CPL] = CLS_DMA_CPL, [EV_WR_MEM] = CLS_TIMER,
    [EV_RD_MEM] = CLS_TIMER,    [EV_MEM] = CLS_TIMER,      [EV_AQ] = CLS_TIMER,
    [EV_RX_PROC] = CLS_TIMER,   [EV_LOOP] = CLS_TIMER,     [EV_TX_READY] = CLS_TIMER,
    [EV_REQ_TIMER] = CLS_TIMER, [EV_REQ_WORK] = CLS_TIMER, [EV_RSP_TIMER] = CLS_TIMER,
    [EV_RSP_WORK] = CLS_TIMER,  [EV_CQ_TIMER] = CLS_TIMER, [EV_MODERATION] = CLS_TIMER,
    [EV_MSI] = CLS_TIMER,       [EV_CQ_ERR] = CLS_TIMER,   [EV_DB_AQ] = CLS_ARMED,
    [EV_DB_NOTIFY] = CLS_ARMED, [EV_DB_QUEUE] = CLS_ARMED, [EV_DB_CQ] = CLS_ARMED,
    [EV_DB_SRQ] = CLS_ARMED,    [EV_DB_RQ] = CLS_ARMED,    [EV_DB_SQ] = CLS_ARMED,
    [EV_SCHED] = CLS_ARMED,     [EV_HELLO] = CLS_TRANSMIT, [EV_TRANSMIT] = CLS_TRANSMIT,
};

static uint32_t source(const struct vdc_hinic *h, enum ev_kind kind, uint32_t i)
{
    const uint32_t s = h->lay.ev_base[kind] + i;

    assert(kind < EV_KINDS);
    assert(s < h->lay.ev_base[kind + 1]);
    return s;
}

static struct vdc_evq *queue(struct vdc_hinic *h)
{
    return vdc_hinic_at(h, h->lay.evq);
}

static uint32_t *handles(struct vdc_hinic *h)
{
    return vdc_hinic_at(h, h->lay.ev_handle);
}

static vtime_t *times(struct vdc_hinic *h)
{
    return vdc_hinic_at(h, h->lay.ev_t);
}

uint32_t vdc_hinic_ev_layout(const struct vdc_hinic_cfg *cfg, struct layout *l)
{
    const uint32_t n_notify = 1 + cfg->n_eq + 2 * HINIC_QPAIRS_MAX;
    uint32_t n = 0;

    for (uint32_t k = 0; k < EV_KINDS; k++) {
        l->ev_base[k] = n;
        switch (k) {
        case EV_MODERATION:
        case EV_DB_NOTIFY:
            n += n_notify;
            break;
        case EV_MSI:
            n += cfg->n_vectors;
            break;
        case EV_DB_QUEUE:
            n += 2 * HINIC_QPAIRS_MAX;
            break;
        case EV_REQ_TIMER:
        case EV_REQ_WORK:
        case EV_RSP_TIMER:
        case EV_RSP_WORK:
        case EV_DB_RQ:
        case EV_DB_SQ:
            n += l->n_qp;
            break;
        case EV_CQ_TIMER:
        case EV_DB_CQ:
            n += l->n_cq;
            break;
        case EV_DB_SRQ:
            n += l->n_srq;
            break;
        default:
            n += 1;
            break;
        }
    }
    l->ev_base[EV_KINDS] = n;
    l->n_notify = n_notify;
    return n;
}

void vdc_hinic_ev_init(struct vdc_hinic *h)
{
    const uint32_t n = h->lay.ev_base[EV_KINDS];

    vdc_evq_init(queue(h), n);
    for (uint32_t s = 0; s < n; s++) {
        handles(h)[s] = VDC_EVQ_NONE;
        times(h)[s] = VTIME_NEVER;
    }
}

void vdc_hinic_ev_arm(struct vdc_hinic *h, enum ev_kind kind, uint32_t i, vtime_t t)
{
    const uint32_t s = source(h, kind, i);

    assert(handles(h)[s] == VDC_EVQ_NONE);
    if (t == VTIME_NEVER) {
        return; /* beyond the end of time */
    }
    handles(h)[s] = vdc_evq_add(queue(h), t, class_of[kind], (uint16_t)kind,
                                (uint32_t)kind << 16 | i, i);
    assert(handles(h)[s] != VDC_EVQ_NONE); /* capacity = number of sources */
    times(h)[s] = t;
}

void vdc_hinic_ev_cancel(struct vdc_hinic *h, enum ev_kind kind, uint32_t i)
{
    const uint32_t s = source(h, kind, i);

    if (handles(h)[s] != VDC_EVQ_NONE) {
        vdc_evq_cancel(queue(h), handles(h)[s]);
        handles(h)[s] = VDC_EVQ_NONE;
        times(h)[s] = VTIME_NEVER;
    }
}

vtime_t vdc_hinic_ev_time(const struct vdc_hinic *h, enum ev_kind kind, uint32_t i)
{
    return ((const vtime_t *)((const uint8_t *)h + h->lay.ev_t))[source(h, kind, i)];
}

bool vdc_hinic_ev_is_armed(const struct vdc_hinic *h, enum ev_kind kind, uint32_t i)
{
    return vdc_hinic_ev_time(h, kind, i) != VTIME_NEVER;
}

bool vdc_hinic_ev_pop(struct vdc_hinic *h, vtime_t until, struct vdc_ev *out)
{
    uint32_t s;

    if (!vdc_evq_pop(queue(h), until, out)) {
        return false;
    }
    s = source(h, (enum ev_kind)out->kind, (uint32_t)out->arg);
    handles(h)[s] = VDC_EVQ_NONE;
    times(h)[s] = VTIME_NEVER;
    return true;
}

vtime_t vdc_hinic_next(const struct vdc_hinic *h)
{
    return vdc_evq_next((const struct vdc_evq *)((const uint8_t *)h + h->lay.evq));
}

void vdc_hinic_ev_digest(const struct vdc_hinic *h, struct vdc_digest *d)
{
    const struct vdc_evq *q = (const struct vdc_evq *)((const uint8_t *)h + h->lay.evq);
    struct vdc_digest sum = { 0 };

    for (uint32_t i = 0; i < vdc_evq_len(q); i++) {
        const struct vdc_ev e = vdc_evq_at(q, i);

        if (e.kind != EV_FRAME) { /* the arrival of input is not state */
            sum.lo += vdc_rand(e.t, e.id);
            sum.hi += vdc_rand(~e.t, e.id);
        }
    }
    vdc_digest_fold(d, &sum, sizeof(sum));
}
