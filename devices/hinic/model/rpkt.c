/* SPDX-License-Identifier: MIT */
/* Buffers of RDMA packets: one pool in three classes, and the block of state they lie in. */
#include "rnet.h"

#include <string.h>

uint32_t vdc_hinic_rpkt_total(const struct vdc_hinic_cfg *cfg)
{
    const uint32_t n = cfg->n_qp < RPKT_N / 32 ? 32 * cfg->n_qp : RPKT_N;

    return n < RPKT_N_MIN ? RPKT_N_MIN : n;
}

static uint32_t class_max(const struct vdc_hinic *h, enum rpkt_class cls)
{
    return cls == RPKT_RX ? h->lay.n_pkt / 2 - 1 : h->lay.n_pkt / 4; /* buffer 0 is not used */
}

bool vdc_hinic_rpkt_has_room(const struct vdc_hinic *h, enum rpkt_class cls)
{
    const struct rnet *n = vdc_hinic_rnet_peek(h);

    return n->pool.n_used[cls] < class_max(h, cls);
}

bool vdc_hinic_rpkt_has_loop_room(const struct vdc_hinic *h)
{
    const struct rnet *n = vdc_hinic_rnet_peek(h);

    return n->pool.n_used[RPKT_RX] < class_max(h, RPKT_RX) - class_max(h, RPKT_RX) / 8;
}

uint32_t vdc_hinic_rpkt_alloc(struct vdc_hinic *h, enum rpkt_class cls)
{
    struct rnet *n = vdc_hinic_rnet(h);
    struct rpool *p = &n->pool;
    struct rpkt *k;
    uint32_t i = p->free;

    if (!vdc_hinic_rpkt_has_room(h, cls)) {
        return RPKT_NONE;
    }
    if (i == RPKT_NONE) {
        assert(p->fresh + 1 < h->lay.n_pkt); /* the classes together are smaller */
        i = ++p->fresh;
    } else {
        p->free = vdc_hinic_rpkt(h, i)->next;
    }
    p->n_used[cls]++;
    k = vdc_hinic_rpkt(h, i);
    memset(k, 0, sizeof(*k));
    k->cls = (uint8_t)cls;
    k->state = RPKT_HELD;
    return i;
}

void vdc_hinic_rpkt_recycle(struct vdc_hinic *h, uint32_t i, enum rpkt_class cls)
{
    struct rpool *p = &vdc_hinic_rnet(h)->pool;
    struct rpkt *k = vdc_hinic_rpkt(h, i);

    assert(p->n_used[k->cls] > 0);
    p->n_used[k->cls]--;
    p->n_used[cls]++;
    k->cls = (uint8_t)cls;
}

void vdc_hinic_rpkt_free(struct vdc_hinic *h, vtime_t now, uint32_t i)
{
    struct rpool *p = &vdc_hinic_rnet(h)->pool;
    struct rpkt *k = vdc_hinic_rpkt(h, i);
    const uint8_t cls = k->cls;

    assert(k->state != RPKT_FREE);
    assert(p->n_used[cls] > 0);
    p->n_used[cls]--;
    k->state = RPKT_FREE;
    k->next = p->free;
    p->free = i;
    if (cls == RPKT_TX_DATA) {
        vdc_hinic_sched_kick(h, now);
    } else if (cls == RPKT_RX) {
        if (p->rx_waits) {
            p->rx_waits = 0;
            vdc_hinic_rx_kick(h, now);
        }
        if (p->loop_waits) {
            p->loop_waits = 0;
            vdc_hinic_sched_resume(h, now);
        }
    }
}

/* ---- the block ---- */

void vdc_hinic_rnet_init(struct vdc_hinic *h)
{
    struct rnet *n;

    if (!vdc_hinic_has_rnet(h)) {
        return;
    }
    n = vdc_hinic_rnet(h);
    memset(n, 0, sizeof(*n));
    n->out_bytes_max = vdc_hinic_sched_bytes_max(h);
    n->crc_way = vdc_crc_best();
    memset(vdc_hinic_at(h, h->lay.src), 0, (1 + 2 * h->lay.n_qp) * sizeof(struct sched_src));
}

void vdc_hinic_rnet_digest(const struct vdc_hinic *h, struct vdc_digest *d)
{
    const struct rnet *n;
    const struct sched_src *s;

    if (!vdc_hinic_has_rnet(h)) {
        return;
    }
    n = vdc_hinic_rnet_peek(h);
    if (n->pool.fresh == 0 && n->sched.src_head == 0) {
        return; /* never used since the reset */
    }
    vdc_digest_fold(d, &n->pool, sizeof(n->pool));
    vdc_digest_fold(d, &n->sched, sizeof(n->sched));
    s = (const struct sched_src *)(const void *)((const uint8_t *)h + h->lay.src);
    for (uint32_t i = n->sched.src_head; i != 0; i = s[i].next) {
        vdc_digest_fold(d, &s[i], sizeof(s[i]));
    }
    for (uint32_t i = 1; i <= n->pool.fresh; i++) {
        const struct rpkt *k = vdc_hinic_rpkt_peek(h, i);

        if (k->state != RPKT_FREE) {
            vdc_digest_fold(d, k, sizeof(*k));
        }
    }
}
