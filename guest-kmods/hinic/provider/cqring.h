/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Completion ring: which entries are there, and moving them when a QP goes or the ring changes. */
#ifndef VDC_GUEST_KMODS_HINIC_PROVIDER_CQRING_H
#define VDC_GUEST_KMODS_HINIC_PROVIDER_CQRING_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hinic_hw.h"

struct hinic_cq_ring {
	struct hinic_cqe *cqe; /* 1 << log_n entries, zeroed when created */
	uint32_t log_n;
	uint32_t ci; /* entries ever consumed */
};

/* Called for each entry that goes away. */
typedef void (*hinic_cqe_drop_fn)(void *arg, const struct hinic_cqe *cqe);

/*
 * The entry at ci, or NULL. The caller puts a barrier between this and its reads of the entry, and
 * moves ci when it has read it.
 */
static inline struct hinic_cqe *hinic_cq_peek(const struct hinic_cq_ring *ring)
{
	struct hinic_cqe *cqe = ring->cqe + (ring->ci & ((1u << ring->log_n) - 1));
	uint8_t own = *(volatile uint8_t *)&cqe->own;

	return (own & 1) == (((ring->ci >> ring->log_n) & 1) ^ 1) ? cqe : NULL;
}

static inline uint32_t hinic_cqe_qpn(const struct hinic_cqe *cqe)
{
	return le32toh(cqe->qpn_op) & 0xffffff;
}

static inline uint8_t hinic_cqe_op(const struct hinic_cqe *cqe)
{
	return (uint8_t)(le32toh(cqe->qpn_op) >> 24);
}

/* Entries that are there and not consumed. */
uint32_t hinic_cq_unread(const struct hinic_cq_ring *ring);

/*
 * Removes the entries of a QP and closes the gaps: ci moves forward by the number returned, and
 * the others keep their order. The device writes behind what is there, so this needs no stop.
 */
uint32_t hinic_cq_clean(struct hinic_cq_ring *ring, uint32_t qpn, hinic_cqe_drop_fn drop,
			void *arg);

/*
 * A ring of another size takes over at index ci. First, before the device may write to @to, each
 * slot is marked absent: in every second pass zeros would be entries. Then, when the device has
 * changed over and so has written all of @from, the unread entries go to the slots of their index.
 */
void hinic_cq_take_over(const struct hinic_cq_ring *from, struct hinic_cq_ring *to);
void hinic_cq_copy(const struct hinic_cq_ring *from, struct hinic_cq_ring *to);

#endif
