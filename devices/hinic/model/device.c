/* SPDX-License-Identifier: MIT */
/* Life of the device: start of the experiment, reset, stop, fatal errors, guest errors. */
#include "state.h"

#include <string.h>

#include "vdc/rng.h"

void vdc_hinic_guest_err(struct vdc_hinic *h, enum hinic_guest_err code, uint64_t arg)
{
    vdc_hinic_count(h, HINIC_CNT_GUEST_ERRORS, 1);
    h->dev.last_gerr = code;
    if (h->n_gerr < GERR_N) { /* the count is exact, the log is not */
        h->gerr[h->n_gerr++] = (struct gerr){ .arg = arg, .code = code };
    }
}

void vdc_hinic_fatal(struct vdc_hinic *h, enum hinic_fatal code)
{
    if (h->dev.fatal == HINIC_FATAL_NONE) {
        h->dev.fatal = (uint16_t)code;
    }
}

/* Drops all work: no DMA, interrupt or frame starts afterwards. Messages that are yet to arrive
 * stay. */
static void drop_work(struct vdc_hinic *h)
{
    struct dma *d = &h->dev.dma;
    const vtime_t hello = vdc_hinic_ev_time(h, EV_HELLO, 0);

    vdc_hinic_ev_init(h);
    vdc_hinic_port_arm(h);
    vdc_hinic_ev_arm(h, EV_HELLO, 0, hello); /* the link's, not the guest's */
    memset(vdc_hinic_at(h, h->lay.rd), 0, RD_RING * sizeof(struct rd_op));
    memset(vdc_hinic_at(h, h->lay.wr), 0, WR_RING * sizeof(struct wr_op));
    d->rd_head = d->rd_mem = d->rd_tail = 0;
    d->wr_head = d->wr_tail = 0;
    d->mem_rd = d->mem_wr = 0;
    for (uint32_t q = 0; q < 2 * HINIC_QPAIRS_MAX; q++) {
        h->dev.ethq[q].pkt_first = h->dev.ethq[q].pkt_last = NO_INDEX;
    }
    memset(vdc_hinic_txpkt(h, 0), 0, h->cfg.n_qpairs * TXPKT_PER_Q * sizeof(struct txpkt));
    memset(&h->dev.tx, 0, offsetof(struct tx, free_at));
    vdc_hinic_rx_drop_all(h);
}

void vdc_hinic_halt(struct vdc_hinic *h, vtime_t now)
{
    const struct hinic_eqe e = { .type = HINIC_EQE_DEVICE_FATAL, .data = h->dev.fatal };

    assert(h->dev.fatal != HINIC_FATAL_NONE);
    drop_work(h);
    h->dev.is_halted = 1;
    if (h->dev.fatal != HINIC_FATAL_AEQ) {
        vdc_hinic_eq_post(h, now, 0, e);
    }
}

void vdc_hinic_stop(struct vdc_hinic *h)
{
    struct aq *aq = &h->dev.aq;

    drop_work(h);
    vdc_hinic_object_reset(h);
    for (uint32_t i = 0; i <= h->cfg.n_eq; i++) {
        vdc_hinic_eq_close(h, i);
    }
    for (uint32_t q = 0; q < 2 * HINIC_QPAIRS_MAX; q++) {
        vdc_hinic_ethq_close(h, q);
    }
    aq->sq_pi = aq->sq_ci = aq->cq_pi = aq->cq_ci = 0;
    aq->step = AQ_IDLE;
    h->dev.is_enabled = 0;
    h->dev.msi_held = 0;
}

/* First octet of the MAC in bits 47:40. */
static void put_mac(uint8_t mac[6], uint64_t v)
{
    for (uint32_t i = 0; i < 6; i++) {
        mac[i] = (uint8_t)(v >> (40 - 8 * i));
    }
}

static void default_filter(struct vdc_hinic *h)
{
    struct filter *f = &h->dev.filter;
    const uint64_t key = vdc_key(h->cfg.seed, VDC_RNG_NIC, h->cfg.port_id, 0);

    memset(f, 0, sizeof(*f));
    put_mac(f->mac, vdc_hinic_mac(h));
    for (uint32_t i = 0; i < HINIC_RSS_KEY_LEN; i++) {
        f->rss_key[i] = (uint8_t)vdc_rand(key, i);
    }
}

void vdc_hinic_reset(struct vdc_hinic *h, vtime_t now, enum vdc_hinic_reset_kind kind)
{
    assert(now >= h->now);
    vdc_hinic_stop(h);
    memset(&h->dev.aq, 0, sizeof(h->dev.aq));
    default_filter(h);
    h->dev.is_int_masked = 0;
    h->dev.fatal = HINIC_FATAL_NONE;
    h->dev.is_halted = 0;
    h->dev.scratch = h->dev.test = h->dev.vclock_hi = 0;
    h->dev.port.mtu = h->cfg.mtu;
    h->dev.reset_done = 1;
    if (kind != VDC_HINIC_RESET_SOFT) {
        memset(h->dev.cnt, 0, sizeof(h->dev.cnt));
        h->dev.last_gerr = HINIC_GERR_NONE;
    }
}

void vdc_hinic_ready(struct vdc_hinic *h, vtime_t now, vtime_t epoch)
{
    assert(now >= h->now);
    assert(epoch <= now);
    assert(!h->dev.is_ready);
    h->dev.epoch = epoch;
    h->dev.is_ready = 1;
    h->dev.vclock_epoch++;
    vdc_hinic_ev_arm(h, EV_HELLO, 0, now);
    vdc_hinic_port_set(h, now);
}
