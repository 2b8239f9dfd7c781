/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Receive queues: the ring of a QP and the linked list of a shared receive queue. */
#ifndef VDC_GUEST_KMODS_HINIC_PROVIDER_RQ_H
#define VDC_GUEST_KMODS_HINIC_PROVIDER_RQ_H

#include <endian.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "hinic_hw.h"

/*
 * Use: begin, fill the list, finish; after the last request a barrier and the doorbell with pi.
 * Functions return 0 or a positive errno: EINVAL for a list longer than max_sge, ENOMEM for a full
 * queue. The caller holds the lock of the queue; hinic_rq_complete() alone may run beside posting,
 * hinic_srq_complete() needs the lock.
 */
struct hinic_rq {
	uint8_t *ring;	 /* n entries of 1 << log_stride bytes */
	uint64_t *wr_id; /* n */
	uint32_t n;	 /* power of two; 0: the QP has none */
	uint32_t log_stride;
	uint32_t max_sge;
	uint32_t pi;
	_Atomic(uint32_t) ci;
};

/*
 * Entries [head .. tail] along next_idx are free, and tail is never posted: its link is written
 * when the next entry is returned. The device takes entries along the same links, from entry 0.
 */
struct hinic_srq_ring {
	uint8_t *ring;
	uint64_t *wr_id;
	uint32_t n;
	uint32_t log_stride;
	uint32_t max_sge;
	uint32_t pi; /* entries ever posted */
	uint32_t head;
	uint32_t tail;
};

static inline void hinic_sge_put(struct hinic_sge *sge, uint64_t addr, uint32_t len, uint32_t lkey)
{
	sge->addr = htole64(addr);
	sge->len = htole32(len);
	sge->lkey = htole32(lkey);
}

int hinic_rq_begin(struct hinic_rq *rq, uint32_t n_sge, struct hinic_sge **list);
void hinic_rq_finish(struct hinic_rq *rq, struct hinic_sge *list, uint32_t n_sge, uint64_t wr_id);
/* EIO: nothing is outstanding. */
int hinic_rq_complete(struct hinic_rq *rq, uint32_t wqe_idx, uint64_t *wr_id);

/* Links all entries; the memory is n << log_stride bytes of zeros. */
void hinic_srq_link(struct hinic_srq_ring *srq);
int hinic_srq_begin(struct hinic_srq_ring *srq, uint32_t n_sge, struct hinic_sge **list);
void hinic_srq_finish(struct hinic_srq_ring *srq, struct hinic_sge *list, uint32_t n_sge,
		      uint64_t wr_id);
/* Returns the entry to the free list. EIO: there is no such entry. */
int hinic_srq_complete(struct hinic_srq_ring *srq, uint32_t wqe_idx, uint64_t *wr_id);

#endif
