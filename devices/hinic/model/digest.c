/* SPDX-License-Identifier: MIT */
/* Digest of the state: logical content only, nothing that depends on when the shell called. */
#include "state.h"

static const void *at(const struct vdc_hinic *h, uint64_t off)
{
    return (const uint8_t *)h + off;
}

static void fold_dma(struct vdc_digest *d, const struct vdc_hinic *h)
{
    const struct dma *dma = &h->dev.dma;
    const struct rd_op *rd = at(h, h->lay.rd);
    const struct wr_op *wr = at(h, h->lay.wr);

    for (uint32_t i = dma->rd_head; i != dma->rd_tail; i++) {
        vdc_digest_fold(d, &rd[i % RD_RING], sizeof(*rd));
    }
    for (uint32_t i = dma->wr_head; i != dma->wr_tail; i++) {
        vdc_digest_fold(d, &wr[i % WR_RING], sizeof(*wr));
    }
}

static void fold_packets(struct vdc_digest *d, const struct vdc_hinic *h)
{
    const struct tx *tx = &h->dev.tx;
    const struct txpkt *p = at(h, h->lay.txpkt);
    const struct txready *r = at(h, h->lay.ready);
    const uint32_t n = h->cfg.n_qpairs * TXPKT_PER_Q;

    for (uint32_t i = 0; i < n; i++) {
        if (p[i].is_used) {
            vdc_digest_fold(d, &p[i], sizeof(p[i]));
        }
    }
    for (uint64_t i = tx->ready_head; i != tx->ready_tail; i++) {
        vdc_digest_fold(d, &r[i % n], sizeof(r[i % n]));
    }
}

static void fold_frames(struct vdc_digest *d, const struct vdc_hinic *h)
{
    const struct frm *frm = at(h, h->lay.frm);

    for (uint64_t i = h->dev.rx.i_free; i != h->dev.rx.i_tail; i++) {
        vdc_digest_fold(d, &frm[i % h->lay.n_frm], sizeof(*frm));
    }
}

static void fold_descriptors(struct vdc_digest *d, const struct vdc_hinic *h)
{
    const size_t n = DESC_CACHE * sizeof(struct hinic_tx_desc);

    for (uint32_t q = 0; q < 2 * HINIC_QPAIRS_MAX; q++) {
        if (h->dev.ethq[q].is_used) {
            vdc_digest_fold(d, at(h, h->lay.desc + q * n), n);
        }
    }
}

/* Bytes in transmit and receive memory are left out: they are bytes of a guest, or of a frame in
 * its sender's stream. */
struct vdc_digest vdc_hinic_digest(const struct vdc_hinic *h)
{
    struct vdc_digest d = vdc_digest_bytes(&h->dev, sizeof(h->dev));

    vdc_hinic_ev_digest(h, &d);
    vdc_digest_fold(&d, at(h, h->lay.notify), h->lay.n_notify * sizeof(struct notify));
    vdc_digest_fold(&d, at(h, h->lay.eq), (1 + h->cfg.n_eq) * sizeof(struct eq));
    fold_descriptors(&d, h);
    fold_dma(&d, h);
    fold_packets(&d, h);
    fold_frames(&d, h);
    if (h->lay.n_qp > 0) {
        vdc_hinic_object_digest(h, &d);
        vdc_hinic_gid_digest(h, &d);
        vdc_hinic_mem_digest(h, &d);
        vdc_hinic_rnet_digest(h, &d);
    }
    return d;
}

uint64_t vdc_hinic_counter(const struct vdc_hinic *h, uint32_t index)
{
    return index < HINIC_CNT_N ? h->dev.cnt[index] : 0;
}
