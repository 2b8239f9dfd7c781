/* SPDX-License-Identifier: MIT */
/* Single-producer single-consumer ring of messages: wrap filler, acquire and release on the two
 * counters. */
#include "ring.h"

#include <stddef.h>
#include <string.h>

static uint8_t *data(const struct ring *r, uint64_t pos)
{
    return (uint8_t *)(uintptr_t)(r + 1) + (pos & (r->bytes - 1));
}

void ring_init(struct ring *r, uint32_t bytes, uint32_t port)
{
    assert(bytes >= 2 * VDC_MSG_ALIGN);
    assert((bytes & (bytes - 1)) == 0);
    memset(r, 0, sizeof(*r));
    r->magic = RING_MAGIC;
    r->bytes = bytes;
    r->port = port;
}

struct vdc_msg *ring_reserve(struct ring_tx *tx, uint32_t len)
{
    struct ring *r = tx->r;
    const uint64_t space = vdc_msg_space(len);
    const uint64_t rest = r->bytes - (tx->tail & (r->bytes - 1));
    const uint64_t need = space <= rest ? space : rest + space;

    assert(len <= VDC_MSG_PAYLOAD_MAX);
    assert(rest % VDC_MSG_ALIGN == 0);
    if (need > r->bytes - (tx->tail - tx->head)) {
        tx->head = atomic_load_explicit(&r->head, memory_order_acquire);
        if (need > r->bytes - (tx->tail - tx->head)) {
            return NULL;
        }
    }
    if (space > rest) {
        struct vdc_msg *filler = (struct vdc_msg *)(void *)data(r, tx->tail);

        memset(filler, 0, sizeof(*filler));
        filler->type = VDC_MSG_FILLER;
        filler->len = (uint32_t)(rest - sizeof(*filler));
        tx->tail += rest;
    }
    return (struct vdc_msg *)(void *)data(r, tx->tail);
}

void ring_commit(struct ring_tx *tx, const struct vdc_msg *m)
{
    assert((const uint8_t *)m == data(tx->r, tx->tail));
    assert(m->type != VDC_MSG_FILLER);
    tx->tail += vdc_msg_space(m->len);
    atomic_store_explicit(&tx->r->tail, tx->tail, memory_order_release);
}

bool ring_is_high(struct ring_tx *tx)
{
    const uint64_t high = tx->r->bytes - tx->r->bytes / 4;

    if (tx->tail - tx->head <= high) {
        return false;
    }
    tx->head = atomic_load_explicit(&tx->r->head, memory_order_acquire);
    return tx->tail - tx->head > high;
}

struct vdc_msg *ring_peek(struct ring_rx *rx)
{
    struct vdc_msg *m;

    for (;;) {
        if (rx->head == rx->tail) {
            rx->tail = atomic_load_explicit(&rx->r->tail, memory_order_acquire);
            if (rx->head == rx->tail) {
                return NULL;
            }
        }
        m = (struct vdc_msg *)(void *)data(rx->r, rx->head);
        if (m->type != VDC_MSG_FILLER) {
            return m;
        }
        rx->head += sizeof(*m) + m->len;
        assert((rx->head & (rx->r->bytes - 1)) == 0);
    }
}

void ring_pop(struct ring_rx *rx)
{
    const struct vdc_msg *m = (const struct vdc_msg *)(const void *)data(rx->r, rx->head);

    assert(rx->head != rx->tail);
    assert(m->type != VDC_MSG_FILLER);
    rx->head += vdc_msg_space(m->len);
    atomic_store_explicit(&rx->r->head, rx->head, memory_order_release);
}
