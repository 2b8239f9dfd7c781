/* SPDX-License-Identifier: MIT */
/* Test hub: store and forward between n ports by a fixed table, flooding, bounded queues. */
#ifndef VDC_TESTS_SIM_MODELS_RELAY_H
#define VDC_TESTS_SIM_MODELS_RELAY_H

#include "vdc/link.h"
#include "vdc/model.h"

#define RELAY_PORT_MAX 16u
#define RELAY_PEER_MAX 64u
#define RELAY_NO_PORT  255u

enum relay_bug {
    RELAY_OK,
    RELAY_BUG_ARRIVAL, /* handles port by port what has arrived, not in order of time */
    RELAY_BUG_TIE,     /* of equal times the higher port first */
    RELAY_BUG_SKIP,    /* leaves out a sequence number */
    RELAY_BUG_EARLY,   /* sends 1 ps before the wire allows */
    RELAY_BUG_LOSE,    /* forgets one copy of a flood */
    RELAY_BUG_COUNT,   /* counts a drop twice */
    RELAY_BUG_BOUND,   /* forgets its queue limit */
    RELAY_BUG_SWAP     /* lets a frame overtake another one */
};

struct relay_cfg {
    uint32_t index;
    uint32_t n_port;
    uint32_t bug;   /* enum relay_bug */
    uint32_t flood; /* mask of ports on the spanning tree */
    uint64_t fwd_ps;
    uint32_t queue_max; /* frames that wait for forwarding, all ports */
    uint32_t zero;
    uint8_t route[RELAY_PEER_MAX]; /* endpoint to port */
    struct vdc_link_cfg link[RELAY_PORT_MAX];
};

struct relay_stat {
    uint64_t n_in, n_out, n_copy; /* copies made by floods beyond the first */
    uint64_t n_drop_queue, n_drop_route, n_drop_short;
    uint64_t n_queued; /* frames inside now */
    uint64_t queue_high;
};

extern const struct vdc_model_ops relay_ops;

const struct relay_stat *relay_stat(const void *state);

#endif
