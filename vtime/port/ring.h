/* SPDX-License-Identifier: MIT */
/* Single-producer single-consumer ring of messages in shared memory: free-running byte counters,
 * read in place. */
#ifndef VDC_VTIME_PORT_RING_H
#define VDC_VTIME_PORT_RING_H

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "vdc/msg.h"

#define RING_MAGIC 0x474e5256u /* "VRNG" */

/* A message never wraps: a filler takes what is left before the end. Data follow the struct. */
struct ring {
    uint32_t magic;
    uint32_t bytes; /* of the data, power of two */
    uint32_t port;  /* id of the producer's port, for people */
    uint32_t zero[13];
    _Alignas(64) _Atomic uint64_t head; /* written by the consumer */
    _Alignas(64) _Atomic uint64_t tail; /* written by the producer */
    uint64_t zero1[7];
};
_Static_assert(sizeof(struct ring) == 192, "ring header");

/* A side's view in its own memory: its own counter and what it last saw of the other's. */
struct ring_tx {
    struct ring *r;
    uint64_t tail, head;
};

struct ring_rx {
    struct ring *r;
    uint64_t head, tail;
};

static inline uint64_t ring_space(uint32_t bytes)
{
    return sizeof(struct ring) + bytes;
}

/* mem: ring_space(bytes) zeroed bytes, 64-aligned; bytes a power of two >= 128. */
void ring_init(struct ring *r, uint32_t bytes, uint32_t port);

/* Starts or renews a side's view; the caller must be the only one on that side. */
static inline void ring_tx_load(struct ring_tx *tx)
{
    assert(tx->r->magic == RING_MAGIC);
    tx->tail = atomic_load_explicit(&tx->r->tail, memory_order_relaxed);
    tx->head = atomic_load_explicit(&tx->r->head, memory_order_acquire);
}

static inline void ring_rx_load(struct ring_rx *rx)
{
    assert(rx->r->magic == RING_MAGIC);
    rx->head = atomic_load_explicit(&rx->r->head, memory_order_relaxed);
    rx->tail = atomic_load_explicit(&rx->r->tail, memory_order_acquire);
}

/*
 * Room for a message with len bytes of payload, to be filled in place and then committed; NULL when
 * the ring is full. Nothing is visible to the consumer before ring_commit.
 */
struct vdc_msg *ring_reserve(struct ring_tx *tx, uint32_t len);

/* Publishes the reserved message, whose len field must be the reserved one. */
void ring_commit(struct ring_tx *tx, const struct vdc_msg *m);

/* Above 75 %: the producer should let the consumer run. */
bool ring_is_high(struct ring_tx *tx);

/* First message, NULL when empty; read-only until ring_pop (the consumer may stamp it). */
struct vdc_msg *ring_peek(struct ring_rx *rx);

/* Takes the message that ring_peek returned. */
void ring_pop(struct ring_rx *rx);

#endif
