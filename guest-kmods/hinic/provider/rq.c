// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// Posting to and completion of receive queues and shared receive queues.
#include "rq.h"

#include <errno.h>

static void end_list(struct hinic_sge *list, uint32_t n_sge, uint32_t n_room)
{
	if (n_sge < n_room)
		hinic_sge_put(list + n_sge, 0, 0, HINIC_SGE_END_LKEY);
}

int hinic_rq_begin(struct hinic_rq *rq, uint32_t n_sge, struct hinic_sge **list)
{
	if (n_sge > rq->max_sge)
		return EINVAL;
	if (rq->pi - atomic_load_explicit(&rq->ci, memory_order_acquire) == rq->n)
		return ENOMEM;
	*list = (struct hinic_sge *)(rq->ring + ((size_t)(rq->pi & (rq->n - 1)) << rq->log_stride));
	return 0;
}

void hinic_rq_finish(struct hinic_rq *rq, struct hinic_sge *list, uint32_t n_sge, uint64_t wr_id)
{
	end_list(list, n_sge, (1u << rq->log_stride) / (uint32_t)sizeof(*list));
	rq->wr_id[rq->pi & (rq->n - 1)] = wr_id;
	rq->pi++;
}

int hinic_rq_complete(struct hinic_rq *rq, uint32_t wqe_idx, uint64_t *wr_id)
{
	uint32_t ci = atomic_load_explicit(&rq->ci, memory_order_relaxed);

	if (rq->n == 0)
		return EIO;
	*wr_id = rq->wr_id[wqe_idx & (rq->n - 1)];
	atomic_store_explicit(&rq->ci, ci + ((wqe_idx - ci) & (rq->n - 1)) + 1,
			      memory_order_release);
	return 0;
}

static struct hinic_srq_hdr *srq_at(struct hinic_srq_ring *srq, uint32_t idx)
{
	return (struct hinic_srq_hdr *)(srq->ring + ((size_t)idx << srq->log_stride));
}

void hinic_srq_link(struct hinic_srq_ring *srq)
{
	for (uint32_t i = 0; i < srq->n; i++)
		srq_at(srq, i)->next_idx = htole16((uint16_t)((i + 1) & (srq->n - 1)));
	srq->pi = 0;
	srq->head = 0;
	srq->tail = srq->n - 1;
}

int hinic_srq_begin(struct hinic_srq_ring *srq, uint32_t n_sge, struct hinic_sge **list)
{
	if (n_sge > srq->max_sge)
		return EINVAL;
	if (srq->head == srq->tail)
		return ENOMEM;
	*list = (struct hinic_sge *)(srq_at(srq, srq->head) + 1);
	return 0;
}

void hinic_srq_finish(struct hinic_srq_ring *srq, struct hinic_sge *list, uint32_t n_sge,
		      uint64_t wr_id)
{
	/* The header takes the room of one element. */
	end_list(list, n_sge, (1u << srq->log_stride) / (uint32_t)sizeof(*list) - 1);
	srq->wr_id[srq->head] = wr_id;
	srq->head = le16toh(srq_at(srq, srq->head)->next_idx) & (srq->n - 1);
	srq->pi++;
}

int hinic_srq_complete(struct hinic_srq_ring *srq, uint32_t wqe_idx, uint64_t *wr_id)
{
	if (wqe_idx >= srq->n)
		return EIO;
	*wr_id = srq->wr_id[wqe_idx];
	srq_at(srq, srq->tail)->next_idx = htole16((uint16_t)wqe_idx);
	srq->tail = wqe_idx;
	return 0;
}
