/* SPDX-License-Identifier: MIT */
/* Link arithmetic: one struct per direction, owned by the sender; exact serialisation without
 * drift. */
#ifndef VDC_VTIME_BASE_LINK_H
#define VDC_VTIME_BASE_LINK_H

#include <stdint.h>

#include "vdc/vtime.h"

#define VDC_LINK_RATE_MIN      UINT64_C(1000000)       /* 1 Mb/s */
#define VDC_LINK_RATE_MAX      UINT64_C(1600000000000) /* 1.6 Tb/s */
#define VDC_LINK_LEN_MAX       (2u << 20) /* bytes, so that the product below fits 64 bits */
#define VDC_LINK_ETH_OVERHEAD  24u        /* preamble 8 + FCS 4 + gap 12 (IEEE 802.3) */
#define VDC_LINK_ETH_MIN_FRAME 60u        /* without FCS */

struct vdc_link_cfg {
    uint64_t rate_bps;
    uint64_t latency_ps;    /* propagation */
    uint64_t tx_quantum_ps; /* 1 = exact */
    uint32_t wire_overhead; /* bytes per frame */
    uint32_t min_frame;     /* bytes, padding before overhead */
    uint32_t mtu; /* bytes of a frame's L3 payload; a larger frame is counted tx_giant and dropped
                     by the owner */
    uint32_t zero;
    uint64_t key;         /* base of the loss, corruption and jitter streams of this direction */
    uint64_t loss_p32;    /* probability * 2^32 */
    uint64_t corrupt_p32; /* probability * 2^32 */
    uint64_t jitter_ps;   /* uniform [0, jitter], order kept */
};

/* Part of a model's state. */
struct vdc_link_tx {
    vtime_t busy_until; /* end of the last bit of the last frame */
    vtime_t arrive_last;
    uint64_t rem;     /* remainder of the division by the rate, carried: no drift */
    uint64_t n_frame; /* counter of the random streams */
};

enum vdc_link_fate { VDC_LINK_OK, VDC_LINK_LOST, VDC_LINK_CORRUPT };

struct vdc_link_sent {
    vtime_t start;  /* first bit out */
    vtime_t end;    /* last bit out = busy_until */
    vtime_t arrive; /* last bit in at the peer */
    enum vdc_link_fate fate;
};

/* Sends a frame of len bytes (without FCS) not before now. len <= VDC_LINK_LEN_MAX. */
struct vdc_link_sent vdc_link_send(struct vdc_link_tx *tx, const struct vdc_link_cfg *cfg,
                                   vtime_t now, uint32_t len);

/* Least time from the start of a transmission to the arrival of the shortest frame: the lookahead
 * of this direction. */
uint64_t vdc_link_min_ps(const struct vdc_link_cfg *cfg);

#endif
