/* SPDX-License-Identifier: MIT */
/* Bounded queue of fixed-size records in shared memory, drained by the supervisor: digest points,
 * traces. */
#ifndef VDC_VTIME_PORT_SPOOL_H
#define VDC_VTIME_PORT_SPOOL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Records follow the struct. One producer, one consumer; the producer may move between processes
 * with the run's phases. */
struct spool {
    uint32_t n;    /* records, power of two */
    uint32_t size; /* bytes of one */
    uint64_t zero[7];
    _Alignas(64) _Atomic uint64_t head;
    _Alignas(64) _Atomic uint64_t tail;
    uint64_t zero1[7];
};
_Static_assert(sizeof(struct spool) == 192, "spool header");

static inline uint64_t spool_space(uint32_t n, uint32_t size)
{
    return sizeof(struct spool) + (uint64_t)n * size;
}

void spool_init(struct spool *s, uint32_t n, uint32_t size);
/* False when full. */
bool spool_put(struct spool *s, const void *rec);
/* False when empty. */
bool spool_get(struct spool *s, void *rec);

#endif
