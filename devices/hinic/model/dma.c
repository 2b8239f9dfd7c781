/* SPDX-License-Identifier: MIT */
/* DMA engine: one ring of reads and one of posted writes, each in order, serialised at the rate of
 * the bus. */
#include "state.h"

#include <string.h>

static struct rd_op *rd_at(struct vdc_hinic *h, uint32_t i)
{
    return (struct rd_op *)vdc_hinic_at(h, h->lay.rd) + i % RD_RING;
}

static struct wr_op *wr_at(struct vdc_hinic *h, uint32_t i)
{
    return (struct wr_op *)vdc_hinic_at(h, h->lay.wr) + i % WR_RING;
}

/* Time of len bytes on the bus, ps, rounded up. */
static uint64_t bus_ps(const struct vdc_hinic *h, uint32_t len)
{
    return ((uint64_t)len * 8000 + h->cfg.pcie_gbps - 1) / h->cfg.pcie_gbps;
}

uint32_t vdc_hinic_rd_room(const struct vdc_hinic *h)
{
    const struct dma *d = &h->dev.dma;

    return RD_N - (d->rd_tail - d->rd_head - d->mem_rd);
}

uint32_t vdc_hinic_wr_room(const struct vdc_hinic *h)
{
    const struct dma *d = &h->dev.dma;

    return WR_N - (d->wr_tail - d->wr_head - d->mem_wr);
}

static bool is_mem_rd(uint32_t kind)
{
    return kind == RD_MEM || kind == RD_ATOMIC || kind == RD_LEAF;
}

static bool is_mem_wr(uint32_t kind)
{
    return kind == WR_MEM || kind == WR_CQE;
}

/* When a read touches memory. Those of the memory engine do not pass a posted write. */
static vtime_t read_time(struct vdc_hinic *h, vtime_t now, uint32_t kind)
{
    const struct dma *d = &h->dev.dma;
    vtime_t t = vtime_add(now, h->cfg.timing.t_pcie_up);

    if (is_mem_rd(kind) && d->wr_head != d->wr_tail) {
        t = vtime_max(t, wr_at(h, d->wr_tail - 1)->t);
    }
    if (d->rd_mem != d->rd_tail) {
        t = vtime_max(t, rd_at(h, d->rd_tail - 1)->t_mem);
    }
    return t;
}

void vdc_hinic_dma_read(struct vdc_hinic *h, vtime_t now, const struct rd_op *op)
{
    struct dma *d = &h->dev.dma;
    struct rd_op *o = rd_at(h, d->rd_tail);

    assert(is_mem_rd(op->kind) || vdc_hinic_rd_room(h) > 0);
    assert(d->rd_tail - d->rd_head < RD_RING);
    assert(op->len > 0 && op->len <= HINIC_PAGE_SIZE);
    *o = *op;
    o->t_mem = read_time(h, now, op->kind);
    o->t_cpl = VTIME_NEVER;
    o->is_failed = 0;
    d->mem_rd += is_mem_rd(op->kind);
    if (d->rd_mem == d->rd_tail++) {
        vdc_hinic_ev_arm(h, EV_RD_MEM, 0, o->t_mem);
    }
}

/* The other half of an atomic operation, at the instant of its read. */
static bool modify(struct vdc_hinic *h, const struct rd_op *o, const struct vdc_hinic_env *env)
{
    uint64_t val;

    memcpy(&val, vdc_hinic_at(h, o->dst), sizeof(val));
    return !vdc_hinic_mem_modify(h, o, val, &val) ||
           env->dma_write(env->ctx, o->addr, &val, sizeof(val)) >= 0;
}

void vdc_hinic_rd_mem(struct vdc_hinic *h, vtime_t now, const struct vdc_hinic_env *env)
{
    struct dma *d = &h->dev.dma;

    while (d->rd_mem != d->rd_tail && rd_at(h, d->rd_mem)->t_mem <= now) {
        struct rd_op *o = rd_at(h, d->rd_mem);
        uint8_t *dst = vdc_hinic_at(h, o->dst);

        if (env->dma_read(env->ctx, o->addr, dst, o->len) < 0 ||
            (o->kind == RD_ATOMIC && !modify(h, o, env))) {
            memset(dst, 0, o->len);
            o->is_failed = 1;
            vdc_hinic_guest_err(h, HINIC_GERR_DMA, o->addr);
        }
        d->rd_busy = vtime_add(vtime_max(d->rd_busy, now), bus_ps(h, o->len));
        o->t_cpl = vtime_add(d->rd_busy, h->cfg.timing.t_pcie_dn);
        if (d->rd_head == d->rd_mem++) {
            vdc_hinic_ev_arm(h, EV_RD_CPL, 0, o->t_cpl);
        }
    }
    if (d->rd_mem != d->rd_tail) {
        vdc_hinic_ev_arm(h, EV_RD_MEM, 0, rd_at(h, d->rd_mem)->t_mem);
    }
}

static void deliver(struct vdc_hinic *h, vtime_t now, const struct rd_op *op)
{
    switch ((enum rd_kind)op->kind) {
    case RD_AQ_SQE:
    case RD_AQ_MBOX:
    case RD_AQ_PBL:
        vdc_hinic_aq_arrived(h, now, op);
        break;
    case RD_DESC:
        vdc_hinic_ethq_arrived(h, now, op);
        break;
    case RD_TX_DATA:
        vdc_hinic_tx_data(h, now, op);
        break;
    case RD_MEM:
    case RD_ATOMIC:
    case RD_LEAF:
        vdc_hinic_mem_read_done(h, now, op);
        break;
    }
}

void vdc_hinic_rd_cpl(struct vdc_hinic *h, vtime_t now)
{
    struct dma *d = &h->dev.dma;

    while (d->rd_head != d->rd_mem && rd_at(h, d->rd_head)->t_cpl <= now) {
        const struct rd_op op = *rd_at(h, d->rd_head);

        d->rd_head++;
        d->mem_rd -= is_mem_rd(op.kind);
        deliver(h, now, &op);
    }
    if (d->rd_head != d->rd_mem && !vdc_hinic_ev_is_armed(h, EV_RD_CPL, 0)) {
        vdc_hinic_ev_arm(h, EV_RD_CPL, 0, rd_at(h, d->rd_head)->t_cpl);
    }
    vdc_hinic_mem_kick(h, now);
    vdc_hinic_tx_load(h, now); /* reads and descriptors have come free */
}

bool vdc_hinic_dma_write(struct vdc_hinic *h, vtime_t now, const struct wr_op *op)
{
    struct dma *d = &h->dev.dma;
    struct wr_op *o = wr_at(h, d->wr_tail);

    assert(op->len > 0 && op->len <= HINIC_PAGE_SIZE);
    assert(op->src != 0 || op->len <= WR_INLINE);
    assert(!is_mem_wr(op->kind) || d->mem_wr < MEM_OPS_MAX);
    if (!is_mem_wr(op->kind) && vdc_hinic_wr_room(h) == 0) {
        vdc_hinic_fatal(h, HINIC_FATAL_INTERNAL);
        return false;
    }
    *o = *op;
    d->mem_wr += is_mem_wr(op->kind);
    d->wr_busy = vtime_add(vtime_max(d->wr_busy, now), bus_ps(h, o->len));
    o->t = vtime_add(d->wr_busy, h->cfg.timing.t_pcie_up);
    if (d->wr_head == d->wr_tail++) {
        vdc_hinic_ev_arm(h, EV_WR_MEM, 0, o->t);
    }
    return true;
}

static void written(struct vdc_hinic *h, vtime_t now, const struct wr_op *op, bool is_failed)
{
    switch ((enum wr_kind)op->kind) {
    case WR_RX_DATA:
        vdc_hinic_rx_written(h, now, op, is_failed);
        break;
    case WR_ETH_CPL:
        vdc_hinic_ethq_written(h, now, op, is_failed);
        break;
    case WR_EQE:
        vdc_hinic_eq_written(h, now, op, is_failed);
        break;
    case WR_AQ_MBOX:
        if (is_failed) {
            vdc_hinic_fatal(h, HINIC_FATAL_AQ);
        }
        break;
    case WR_AQ_CQE:
        vdc_hinic_aq_replied(h, now, is_failed);
        break;
    case WR_MEM:
        vdc_hinic_mem_write_done(h, now, op, is_failed);
        break;
    case WR_CQE:
        vdc_hinic_cq_written(h, now, op, is_failed);
        break;
    }
}

/* A completion of a queue that has failed since it was queued says so: the driver must not use the
 * data. */
static void mark_failed(struct vdc_hinic *h, struct wr_op *op)
{
    const struct ethq *e;
    struct hinic_eth_cpl c;

    if (op->kind != WR_ETH_CPL) {
        return;
    }
    e = &h->dev.ethq[op->obj];
    if (vdc_hinic_ethq_is_rx(op->obj) && e->gen == op->gen && e->err) {
        memcpy(&c, op->inl, sizeof(c));
        c.flags |= HINIC_CPL_ERR;
        c.hash = e->err;
        memcpy(op->inl, &c, sizeof(c));
    }
}

void vdc_hinic_wr_mem(struct vdc_hinic *h, vtime_t now, const struct vdc_hinic_env *env)
{
    struct dma *d = &h->dev.dma;

    while (d->wr_head != d->wr_tail && wr_at(h, d->wr_head)->t <= now) {
        struct wr_op op = *wr_at(h, d->wr_head);
        const void *data = op.src ? vdc_hinic_at(h, op.src) : op.inl;
        bool is_failed;

        mark_failed(h, &op);
        is_failed = env->dma_write(env->ctx, op.addr, data, op.len) < 0;
        if (is_failed) {
            vdc_hinic_guest_err(h, HINIC_GERR_DMA, op.addr);
        }
        memset(wr_at(h, d->wr_head), 0, sizeof(struct wr_op));
        d->wr_head++;
        d->mem_wr -= is_mem_wr(op.kind);
        written(h, now, &op, is_failed);
    }
    if (d->wr_head != d->wr_tail && !vdc_hinic_ev_is_armed(h, EV_WR_MEM, 0)) {
        vdc_hinic_ev_arm(h, EV_WR_MEM, 0, wr_at(h, d->wr_head)->t);
    }
    vdc_hinic_mem_kick(h, now);
    vdc_hinic_rx_kick(h, now); /* writes have come free */
    vdc_hinic_tx_kick(h, now);
}
