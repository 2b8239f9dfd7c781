/* SPDX-License-Identifier: MIT */
/* Private to packets, scheduler and receive dispatch: their block of state, and what they offer
 * each other. */
#ifndef VDC_DEVICES_HINIC_MODEL_RNET_H
#define VDC_DEVICES_HINIC_MODEL_RNET_H

#include "rdma.h"
#include "rpkt.h"
#include "state.h"

struct rnet {
    struct rpool pool;
    struct sched sched;
    uint32_t out_bytes_max; /* of frames in turn order when a turn begins */
    uint32_t crc_way;       /* of the host; no result depends on it, nor does the digest */
};

static inline struct rnet *vdc_hinic_rnet(struct vdc_hinic *h)
{
    return vdc_hinic_at(h, h->lay.rnet);
}

static inline const struct rnet *vdc_hinic_rnet_peek(const struct vdc_hinic *h)
{
    return (const struct rnet *)(const void *)((const uint8_t *)h + h->lay.rnet);
}

static inline enum vdc_crc_way vdc_hinic_crc_way(const struct vdc_hinic *h)
{
    return (enum vdc_crc_way)vdc_hinic_rnet_peek(h)->crc_way;
}

static inline bool vdc_hinic_has_rnet(const struct vdc_hinic *h)
{
    return h->lay.rnet != 0;
}

/* ---- rpkt.c ---- */

static inline const struct rpkt *vdc_hinic_rpkt_peek(const struct vdc_hinic *h, uint32_t i)
{
    assert(i != RPKT_NONE && i < h->lay.n_pkt);
    return (const struct rpkt *)(const void *)((const uint8_t *)h + h->lay.pkt) + i;
}

bool vdc_hinic_rpkt_has_room(const struct vdc_hinic *h, enum rpkt_class cls);
/* Data in loopback leaves some of the receive buffers to control packets. */
bool vdc_hinic_rpkt_has_loop_room(const struct vdc_hinic *h);
/* Moves a packet to another class, which has room. */
void vdc_hinic_rpkt_recycle(struct vdc_hinic *h, uint32_t i, enum rpkt_class cls);

/* ---- sched.c ---- */

uint32_t vdc_hinic_sched_bytes_max(const struct vdc_hinic *h);
void vdc_hinic_sched_kick(struct vdc_hinic *h, vtime_t now);   /* a turn, if there can be one */
void vdc_hinic_sched_resume(struct vdc_hinic *h, vtime_t now); /* loopback has got room */

/* ---- rrx.c ---- */

/* VID of a packet, RDMA_VLAN_NONE without one. */
uint32_t vdc_hinic_rrx_vlan(const struct wire_hdr *w);

#endif
