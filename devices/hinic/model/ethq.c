/* SPDX-License-Identifier: MIT */
/* What both directions of Ethernet share: descriptor fetch in batches, completion ring, queue
 * errors. */
#include "state.h"

#include <string.h>

#define DESC_SIZE 16u

_Static_assert(sizeof(struct hinic_tx_desc) == DESC_SIZE, "one cache serves both");
_Static_assert(sizeof(struct hinic_rx_desc) == DESC_SIZE, "one cache serves both");
_Static_assert((DESC_CACHE & (DESC_CACHE - 1)) == 0, "index mask");

static uint64_t cache_off(const struct vdc_hinic *h, uint32_t q, uint32_t idx)
{
    return h->lay.desc + ((uint64_t)q * DESC_CACHE + idx % DESC_CACHE) * DESC_SIZE;
}

void vdc_hinic_ethq_open(struct vdc_hinic *h, uint32_t q, const struct ring *desc,
                         const struct ring *cpl, uint32_t vector, uint32_t count, uint32_t ns)
{
    struct ethq *e = &h->dev.ethq[q];
    const uint16_t gen = (uint16_t)(e->gen + 1);

    assert(!e->is_used);
    memset(e, 0, sizeof(*e));
    e->is_used = 1;
    e->gen = gen;
    e->pkt_first = e->pkt_last = NO_INDEX;
    e->desc = *desc;
    e->cpl = *cpl;
    vdc_hinic_notify_open(h, vdc_hinic_ethq_notify(h, q), UINT16_MAX, vector, count, ns);
}

void vdc_hinic_ethq_close(struct vdc_hinic *h, uint32_t q)
{
    struct ethq *e = &h->dev.ethq[q];
    const uint16_t gen = e->gen;

    if (!e->is_used) {
        return;
    }
    vdc_hinic_tx_flush(h, q);
    vdc_hinic_ev_cancel(h, EV_DB_QUEUE, q);
    vdc_hinic_notify_close(h, vdc_hinic_ethq_notify(h, q));
    memset(vdc_hinic_at(h, cache_off(h, q, 0)), 0, DESC_CACHE * DESC_SIZE);
    memset(e, 0, sizeof(*e));
    e->gen = gen;
    e->pkt_first = e->pkt_last = NO_INDEX;
}

uint32_t vdc_hinic_ethq_cached(const struct ethq *e)
{
    return (uint16_t)(e->fetched - e->n_fetch - e->head);
}

const void *vdc_hinic_ethq_desc(struct vdc_hinic *h, uint32_t q, uint32_t i)
{
    const struct ethq *e = &h->dev.ethq[q];

    assert(i < vdc_hinic_ethq_cached(e));
    return vdc_hinic_at(h, cache_off(h, q, (uint32_t)(e->head + i)));
}

static uint32_t min(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Descriptors of the next fetch: contiguous in the ring, in their page and in the cache. */
static uint32_t batch(const struct ethq *e)
{
    const uint32_t depth = 1u << e->desc.log_depth;
    const uint32_t slot = e->fetched & (depth - 1);
    const uint32_t page = 1u << (e->desc.log_pgsz - 4);
    uint32_t n = min((uint16_t)(e->pi - e->fetched), DESC_BATCH);

    n = min(n, DESC_CACHE - vdc_hinic_ethq_cached(e));
    n = min(n, depth - slot);
    n = min(n, page - (slot & (page - 1)));
    return min(n, DESC_CACHE - e->fetched % DESC_CACHE);
}

void vdc_hinic_ethq_fetch(struct vdc_hinic *h, vtime_t now, uint32_t q)
{
    struct ethq *e = &h->dev.ethq[q];
    struct rd_op op = { .kind = RD_DESC, .obj = (uint16_t)q, .tag = e->gen };
    uint32_t n;

    if (!e->is_used || e->err || e->err_pending || e->n_fetch > 0 || e->fetched == e->pi ||
        vdc_hinic_ethq_cached(e) > DESC_CACHE - DESC_BATCH) {
        return;
    }
    n = batch(e);
    assert(n > 0);
    op.addr = vdc_hinic_ring_addr(&e->desc, e->fetched & ((1u << e->desc.log_depth) - 1));
    op.dst = cache_off(h, q, e->fetched);
    op.len = n * DESC_SIZE;
    e->fetched = (uint16_t)(e->fetched + n);
    e->n_fetch = (uint16_t)n;
    vdc_hinic_dma_read(h, now, &op); /* one per queue: RD_RESERVE has room */
}

_Static_assert(2 * HINIC_QPAIRS_MAX + 8 <= RD_RESERVE,
               "each queue fetches once, and the admin queue");

void vdc_hinic_ethq_arrived(struct vdc_hinic *h, vtime_t now, const struct rd_op *op)
{
    struct ethq *e = &h->dev.ethq[op->obj];

    if (!e->is_used || e->gen != op->tag || e->err) {
        return; /* destroyed or stopped meanwhile */
    }
    e->n_fetch = 0;
    if (op->is_failed) {
        e->fetched = (uint16_t)(e->fetched - op->len / DESC_SIZE);
        if (vdc_hinic_ethq_is_rx(op->obj)) {
            vdc_hinic_ethq_fail(h, now, op->obj, HINIC_ETHQ_DMA);
        } else {
            e->err_pending = HINIC_ETHQ_DMA;
            e->err_idx = e->fetched;
        }
    } else {
        vdc_hinic_ethq_fetch(h, now, op->obj);
    }
    if (vdc_hinic_ethq_is_rx(op->obj)) {
        vdc_hinic_rx_kick(h, now);
    } else {
        vdc_hinic_tx_load(h, now);
    }
}

uint32_t vdc_hinic_ethq_cpl_room(struct vdc_hinic *h, uint32_t q)
{
    const struct ethq *e = &h->dev.ethq[q];
    const struct notify *n = vdc_hinic_notify(h, vdc_hinic_ethq_notify(h, q));

    return (1u << e->cpl.log_depth) - ((e->cpl_pi - n->ci) & UINT16_MAX);
}

void vdc_hinic_ethq_complete(struct vdc_hinic *h, vtime_t now, uint32_t q, struct hinic_eth_cpl c,
                             bool is_event)
{
    struct ethq *e = &h->dev.ethq[q];
    const uint32_t depth = 1u << e->cpl.log_depth;
    struct wr_op op = { .kind = WR_ETH_CPL, .obj = (uint16_t)q, .gen = e->gen, .len = sizeof(c) };

    assert(vdc_hinic_ethq_cpl_room(h, q) > 0);
    if ((e->cpl_pi >> e->cpl.log_depth & 1) == 0) {
        c.flags |= HINIC_CPL_PHASE;
    }
    memcpy(op.inl, &c, sizeof(c));
    op.addr = vdc_hinic_ring_addr(&e->cpl, e->cpl_pi & (depth - 1));
    e->cpl_pi++;
    op.tag = e->cpl_pi | (is_event ? UINT32_C(1) << 16 : 0);
    (void)vdc_hinic_dma_write(h, now, &op); /* without room the device is fatal */
}

void vdc_hinic_ethq_written(struct vdc_hinic *h, vtime_t now, const struct wr_op *op,
                            bool is_failed)
{
    const struct ethq *e = &h->dev.ethq[op->obj];

    if (!e->is_used || e->gen != op->gen) {
        return;
    }
    if (is_failed && !e->err) {
        vdc_hinic_ethq_fail(h, now, op->obj, HINIC_ETHQ_DMA);
    }
    if (!is_failed && op->tag >> 16) {
        vdc_hinic_notify_event(h, now, vdc_hinic_ethq_notify(h, op->obj), op->tag & UINT16_MAX);
    }
}

void vdc_hinic_ethq_fail(struct vdc_hinic *h, vtime_t now, uint32_t q, enum hinic_ethq_err err)
{
    struct ethq *e = &h->dev.ethq[q];
    const bool is_rx = vdc_hinic_ethq_is_rx(q);
    const uint32_t n = q % HINIC_QPAIRS_MAX;
    const struct hinic_eqe ev = {
        .type = HINIC_EQE_ETHQ_ERR, .port = 1, .id = n | (is_rx ? UINT32_C(1) << 8 : 0), .data = err
    };

    assert(e->is_used && !e->err);
    e->err = (uint8_t)err;
    vdc_hinic_count(h, is_rx ? HINIC_CNT_RX_QUEUE_ERR : HINIC_CNT_TX_QUEUE_ERR, 1);
    vdc_hinic_guest_err(h, is_rx ? HINIC_GERR_RX_DESC : HINIC_GERR_TX_DESC,
                        n | (uint64_t)err << 16);
    vdc_hinic_tx_flush(h, q);
    vdc_hinic_eq_post(h, now, 0, ev);
}
