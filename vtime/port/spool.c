/* SPDX-License-Identifier: MIT */
/* Bounded queue of fixed-size records in shared memory. */
#include "spool.h"

#include <assert.h>
#include <string.h>

static uint8_t *record(struct spool *s, uint64_t i)
{
    return (uint8_t *)(s + 1) + (i & (s->n - 1)) * s->size;
}

void spool_init(struct spool *s, uint32_t n, uint32_t size)
{
    assert(n > 0);
    assert((n & (n - 1)) == 0);
    memset(s, 0, sizeof(*s));
    s->n = n;
    s->size = size;
}

bool spool_put(struct spool *s, const void *rec)
{
    const uint64_t tail = atomic_load_explicit(&s->tail, memory_order_relaxed);

    if (tail - atomic_load_explicit(&s->head, memory_order_acquire) >= s->n) {
        return false;
    }
    memcpy(record(s, tail), rec, s->size);
    atomic_store_explicit(&s->tail, tail + 1, memory_order_release);
    return true;
}

bool spool_get(struct spool *s, void *rec)
{
    const uint64_t head = atomic_load_explicit(&s->head, memory_order_relaxed);

    if (head == atomic_load_explicit(&s->tail, memory_order_acquire)) {
        return false;
    }
    memcpy(rec, record(s, head), s->size);
    atomic_store_explicit(&s->head, head + 1, memory_order_release);
    return true;
}
