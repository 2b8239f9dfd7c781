// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// Sizes of user-mapped queues.
#include "size.h"

#include <errno.h>

#include "hinic_hw.h"

static uint32_t log2_up(uint64_t v)
{
	uint32_t log = 0;

	while (log < 63 && (1ULL << log) < v)
		log++;
	return log;
}

int hinic_cq_size(uint32_t n_cqe, uint32_t max_cqe, struct hinic_cq_size *size)
{
	uint32_t log_max = log2_up(max_cqe), log, quarter;

	if (n_cqe == 0 || n_cqe > max_cqe || log_max > HINIC_CQE_LOG_MAX)
		return EINVAL;

	/* A quarter more, so that the index needs telling only once per quarter. */
	log = log2_up(n_cqe + n_cqe / 3);
	if (log > log_max)
		log = log_max;

	size->n = 1u << log;
	quarter = size->n / 4 ? size->n / 4 : 1;
	size->usable = size->n - (quarter - 1);
	if (size->usable < n_cqe)
		size->usable = n_cqe;
	size->lag = size->n - size->usable + 1;
	return 0;
}

int hinic_sq_size(bool is_ud, uint32_t max_wr, uint32_t max_sge, uint32_t max_inline,
		  struct hinic_sq_size *size)
{
	uint32_t head, data;
	uint64_t n_bb;

	if (max_sge > HINIC_SGE_MAX || max_inline > HINIC_WQE_BB_MAX * HINIC_BB_SIZE)
		return EINVAL;

	/* All other fixed parts together with their data fit into one block. */
	head = sizeof(struct hinic_wqe_ctrl) +
	       (uint32_t)(is_ud ? sizeof(struct hinic_wqe_ud) : sizeof(struct hinic_wqe_rdma));
	data = max_sge * (uint32_t)sizeof(struct hinic_sge);
	if (data < max_inline)
		data = max_inline;

	size->wqe_bb = (head + data + HINIC_BB_SIZE - 1) / HINIC_BB_SIZE;
	if (size->wqe_bb > HINIC_WQE_BB_MAX)
		return EINVAL;

	n_bb = (uint64_t)max_wr * size->wqe_bb;
	if (n_bb > HINIC_RING_MAX)
		return EINVAL;
	size->n_bb = 1u << log2_up(n_bb < HINIC_SQ_BB_MIN ? HINIC_SQ_BB_MIN : n_bb);
	return 0;
}

int hinic_rq_size(uint32_t max_wr, uint32_t max_sge, struct hinic_rq_size *size)
{
	size->n = 0;
	size->log_stride = 0;
	if (max_wr == 0)
		return 0;
	if (max_wr > HINIC_RING_MAX || max_sge > HINIC_SGE_MAX)
		return EINVAL;
	size->n = 1u << log2_up(max_wr);
	size->log_stride = log2_up((max_sge ? max_sge : 1) * sizeof(struct hinic_sge));
	return 0;
}

int hinic_srq_size(uint32_t max_wr, uint32_t max_sge, struct hinic_rq_size *size)
{
	if (max_wr == 0 || max_wr >= HINIC_RING_MAX || max_sge > HINIC_SGE_MAX)
		return EINVAL;
	size->n = 1u << log2_up(max_wr + 1);
	size->log_stride = log2_up(sizeof(struct hinic_srq_hdr) +
				   (max_sge ? max_sge : 1) * sizeof(struct hinic_sge));
	return 0;
}
