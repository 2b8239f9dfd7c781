/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Sizes of user-mapped queues: from what a caller asks for to what the memory must hold. */
#ifndef VDC_GUEST_KMODS_HINIC_PROVIDER_SIZE_H
#define VDC_GUEST_KMODS_HINIC_PROVIDER_SIZE_H

#include <stdbool.h>
#include <stdint.h>

#define HINIC_CQE_LOG_MAX 16
#define HINIC_SQ_BB_MIN	  16
#define HINIC_RING_MAX	  32768 /* blocks or entries: producer indices have 16 bits */

/*
 * The consumer index is told to the device once per @lag entries, because each doorbell leaves the
 * guest. What the device has not been told is not free, so the caller may use @usable entries of
 * the @n that exist, usable + lag - 1 <= n.
 */
struct hinic_cq_size {
	uint32_t n; /* power of two */
	uint32_t usable;
	uint32_t lag;
};

struct hinic_sq_size {
	uint32_t n_bb;	 /* power of two */
	uint32_t wqe_bb; /* blocks of the largest request */
};

struct hinic_rq_size {
	uint32_t n; /* power of two; 0: no receive queue */
	uint32_t log_stride;
};

/* Each returns 0, or EINVAL if no ring of the hardware can hold it. */
int hinic_cq_size(uint32_t n_cqe, uint32_t max_cqe, struct hinic_cq_size *size);
int hinic_sq_size(bool is_ud, uint32_t max_wr, uint32_t max_sge, uint32_t max_inline,
		  struct hinic_sq_size *size);
int hinic_rq_size(uint32_t max_wr, uint32_t max_sge, struct hinic_rq_size *size);

/*
 * A shared receive queue has a header per entry, room for one element at least, and keeps one entry
 * free.
 */
int hinic_srq_size(uint32_t max_wr, uint32_t max_sge, struct hinic_rq_size *size);

#endif
