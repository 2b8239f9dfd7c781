/* SPDX-License-Identifier: MIT */
/* The store-and-forward core of a hub: frames, queues, shared buffer, scheduler and the books that
 * must balance. */
#ifndef VDC_HUBS_CORE_HUB_H
#define VDC_HUBS_CORE_HUB_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "vdc/arena.h"
#include "vdc/hubcnt.h"
#include "vdc/link.h"
#include "vdc/vtime.h"

#define VDC_HUB_PORTS_MAX 64u
#define VDC_HUB_SLOTS_MAX (1u << 20)
#define VDC_HUB_NONE      UINT32_MAX

/* Order of events at one instant: (t, class, port, seq). */
enum vdc_hub_class {
    VDC_HUB_CLASS_LINK,
    VDC_HUB_CLASS_FRAME,
    VDC_HUB_CLASS_TX,
    VDC_HUB_CLASS_TIMER,
    VDC_HUB_CLASS_CMD,
    VDC_HUB_CLASS_SAMPLE
};

/* A stored frame: 32 bytes in front of its payload, in one arena cell; shared by all copies of a
 * flood. */
struct vdc_frame {
    uint64_t user; /* opaque, from the message */
    uint32_t refs; /* copies queued */
    uint32_t len;  /* payload bytes stored */
    uint32_t
        size; /* bytes it counts for: as it arrived, tag included, header-only frames in full */
    uint16_t flags; /* enum vdc_msg_flags */
    uint8_t in_port;
    uint8_t prio;
    uint16_t tci;       /* Ethernet: priority, DEI and VLAN id; the tag itself is not stored */
    uint16_t is_tag_in; /* it arrived with a tag */
    uint8_t gap[4];     /* room for a tag: the addresses move here when the frame leaves tagged */
};
_Static_assert(sizeof(struct vdc_frame) == 32, "vdc_frame layout");

#define VDC_FRAME_LEN_MAX (VDC_ARENA_CELL_MAX - (uint32_t)sizeof(struct vdc_frame))

/* One queued copy. */
struct vdc_hub_slot {
    vtime_t t_ready; /* earliest start of its transmission */
    uint32_t next;
    uint32_t frame;
    uint32_t size; /* of the frame: the queue need not look at a frame before its turn */
    uint32_t zero;
};
_Static_assert(sizeof(struct vdc_hub_slot) == 24, "vdc_hub_slot layout");

/* FIFO of one traffic class. What a decision needs of the head is kept here. */
struct vdc_hub_queue {
    vtime_t head_ok; /* earliest start of the head: its t_ready and the rate limit; undefined when
                        empty */
    uint64_t bytes;
    uint32_t head, tail; /* slots, VDC_HUB_NONE when empty */
    uint32_t frames;
    uint32_t head_size;
    vtime_t next_ok; /* rate limit: no start before */
};
_Static_assert(sizeof(struct vdc_hub_queue) == 40, "vdc_hub_queue layout");

struct vdc_hub_port {
    struct vdc_link_tx tx;
    uint64_t ingress_bytes;             /* of frames that came in here and are still stored */
    uint64_t queue_limit;               /* bytes per queue */
    uint32_t backlog;                   /* mask of TCs with frames */
    uint32_t strict;                    /* mask of strict TCs, the others share by deficit */
    uint32_t cur;                       /* TC whose turn it is */
    uint32_t is_visited;                /* it has had its quantum of this turn */
    uint32_t quantum[VDC_HUB_TCS];      /* bytes per turn, >= the largest frame */
    uint32_t deficit[VDC_HUB_TCS];      /* bytes */
    uint32_t maxrate_kbps[VDC_HUB_TCS]; /* 0 = none */
    struct vdc_hub_queue q[VDC_HUB_TCS];
    struct vdc_hub_cnt cnt;
};
_Static_assert(sizeof(struct vdc_hub_port) % 8 == 0, "vdc_hub_port has no padding");

/* Frames and bytes (struct vdc_frame's size) since t = 0: in + copies = out + dropped + queued. */
struct vdc_hub_books {
    uint64_t in_frames, in_bytes;
    uint64_t copy_frames, copy_bytes; /* copies beyond the first */
    uint64_t out_frames, out_bytes;
    uint64_t drop_frames, drop_bytes;
    uint64_t queued_frames, queued_bytes;
};

struct vdc_hub_cfg {
    uint32_t n_ports;
    uint32_t zero;
    uint64_t buffer; /* bytes */
};

/* Flat, 64-aligned; slots and arena lie behind it. */
struct vdc_hub {
    uint32_t n_ports;
    uint32_t n_slots;
    uint32_t slot_free;  /* first returned slot */
    uint32_t slot_fresh; /* slots handed out at least once */
    uint64_t buffer;
    uint64_t shared_used; /* bytes of all stored frames */
    uint64_t off_slots, off_arena;
    uint64_t off_cells; /* of the arena's cells */
    uint64_t zero;
    struct vdc_hub_books books;
    struct vdc_hub_port port[VDC_HUB_PORTS_MAX];
};

size_t vdc_hub_size(const struct vdc_hub_cfg *cfg);
/* All queues strict, no limits but the buffer. */
void vdc_hub_init(void *mem, const struct vdc_hub_cfg *cfg);

static inline struct vdc_arena *vdc_hub_arena(struct vdc_hub *h)
{
    return (struct vdc_arena *)(void *)((char *)h + h->off_arena);
}

static inline struct vdc_hub_slot *vdc_hub_slot(struct vdc_hub *h, uint32_t i)
{
    return (struct vdc_hub_slot *)(void *)((char *)h + h->off_slots) + i;
}

static inline struct vdc_frame *vdc_hub_frame(struct vdc_hub *h, uint32_t cell)
{
    return (struct vdc_frame *)(void *)((char *)h + h->off_cells + (size_t)cell * VDC_ARENA_UNIT);
}

static inline uint8_t *vdc_frame_data(struct vdc_frame *f)
{
    return (uint8_t *)(f + 1);
}

/*
 * Way of a frame: vdc_hub_arrive (books), then either vdc_hub_drop or
 *   vdc_hub_store   admission to the shared buffer; the caller fills payload, user, flags and tag
 *   vdc_hub_enqueue once per egress port
 *   vdc_hub_settle  after the last enqueue: books of copies, frees a frame that no queue took
 * and per copy, later: vdc_hub_dequeue, then vdc_hub_sent or vdc_hub_drop, then vdc_hub_put.
 */
void vdc_hub_arrive(struct vdc_hub *h, uint32_t in_port, uint32_t size);
void vdc_hub_drop(struct vdc_hub *h, uint32_t port, enum vdc_hub_drop why, uint32_t size);
/* len: payload bytes to store; size: bytes it counts for. VDC_HUB_NONE = no room (drop it with
 * reason buf). */
uint32_t vdc_hub_store(struct vdc_hub *h, uint32_t in_port, uint32_t prio, uint32_t len,
                       uint32_t size);
/* Queues one copy; t_ready never decreases on a queue. When the queue or the slots are full the
 * copy is dropped and counted (reason egress or buf of that port). */
void vdc_hub_enqueue(struct vdc_hub *h, uint32_t port, uint32_t tc, uint32_t frame,
                     vtime_t t_ready);
/* n_copies: calls of vdc_hub_enqueue, plus the copies that the caller dropped itself. */
void vdc_hub_settle(struct vdc_hub *h, uint32_t frame, uint32_t n_copies);
/* Takes the head of a queue that is not empty; its transmission starts now. */
uint32_t vdc_hub_dequeue(struct vdc_hub *h, uint32_t port, uint32_t tc, vtime_t now);
/* The link took a copy as `wire` bytes (with or without tag). */
void vdc_hub_sent(struct vdc_hub *h, uint32_t port, uint32_t frame, uint32_t wire);
/* Gives one copy back; the last one frees frame and buffer. */
void vdc_hub_put(struct vdc_hub *h, uint32_t frame);

/* Drops everything that waits for this port. */
void vdc_hub_flush(struct vdc_hub *h, uint32_t port, enum vdc_hub_drop why);

/* Weights in percent, 0 = strict; max_frame in bytes. Deficits start anew. */
void vdc_hub_weights(struct vdc_hub_port *p, const uint8_t weight[VDC_HUB_TCS], uint32_t max_frame);
/* The TC to send from now, charged to its deficit; VDC_HUB_NONE if no head is ready. One call, one
 * frame. */
uint32_t vdc_hub_pick(struct vdc_hub_port *p, vtime_t now);
/* Earliest start over all heads, VTIME_NEVER without any. */
vtime_t vdc_hub_ready(const struct vdc_hub_port *p);

/* Recomputes every sum from the queues and asserts that the books balance. Walks everything: for
 * tests. */
void vdc_hub_check(struct vdc_hub *h);

#endif
