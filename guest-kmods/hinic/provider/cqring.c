// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// Entries of a completion ring, counted, removed and moved.
#include "cqring.h"

static struct hinic_cqe *slot(const struct hinic_cq_ring *ring, uint32_t pos)
{
	return ring->cqe + (pos & ((1u << ring->log_n) - 1));
}

static uint8_t phase(const struct hinic_cq_ring *ring, uint32_t pos)
{
	return (uint8_t)(((pos >> ring->log_n) & 1) ^ 1);
}

uint32_t hinic_cq_unread(const struct hinic_cq_ring *ring)
{
	struct hinic_cq_ring at = *ring;

	while (at.ci - ring->ci < 1u << ring->log_n && hinic_cq_peek(&at))
		at.ci++;
	return at.ci - ring->ci;
}

uint32_t hinic_cq_clean(struct hinic_cq_ring *ring, uint32_t qpn, hinic_cqe_drop_fn drop, void *arg)
{
	uint32_t n = hinic_cq_unread(ring), n_gone = 0, pos;
	struct hinic_cqe *cqe, *to;
	uint8_t own;

	/* From the newest back, so that no entry is overwritten before it has moved. */
	for (pos = ring->ci + n; pos != ring->ci;) {
		cqe = slot(ring, --pos);
		if (hinic_cqe_qpn(cqe) == qpn) {
			drop(arg, cqe);
			n_gone++;
		} else if (n_gone) {
			to = slot(ring, pos + n_gone);
			own = to->own;
			*to = *cqe;
			to->own = own;
		}
	}
	ring->ci += n_gone;
	return n_gone;
}

void hinic_cq_take_over(const struct hinic_cq_ring *from, struct hinic_cq_ring *to)
{
	uint32_t i;

	to->ci = from->ci;
	for (i = 0; i < 1u << to->log_n; i++)
		slot(to, to->ci + i)->own = phase(to, to->ci + i) ^ 1;
}

void hinic_cq_copy(const struct hinic_cq_ring *from, struct hinic_cq_ring *to)
{
	uint32_t n = hinic_cq_unread(from), pos;
	struct hinic_cqe *cqe;

	for (pos = from->ci; pos != from->ci + n; pos++) {
		cqe = slot(to, pos);
		*cqe = *slot(from, pos);
		cqe->own = phase(to, pos);
	}
}
