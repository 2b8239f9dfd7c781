/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Send queue: a ring of 64-byte blocks, the requests built in it and what their owner recalls. */
#ifndef VDC_GUEST_KMODS_HINIC_PROVIDER_SQ_H
#define VDC_GUEST_KMODS_HINIC_PROVIDER_SQ_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "hinic_hw.h"

/*
 * Order of a batch, which the caller keeps: begin..finish for every request, barrier, publish,
 * barrier, doorbell with pi. Functions return 0 or a positive errno. Not reentrant: the caller
 * holds the lock of the queue; only hinic_sq_complete() may run beside the others.
 */
struct hinic_sq_slot {
	uint64_t wr_id;
	uint32_t n_bb;
};

struct hinic_sq {
	uint8_t *ring;		    /* n_bb blocks, shared with the device */
	struct hinic_sq_slot *slot; /* n_bb, by the first block of a request */
	uint32_t n_bb;		    /* power of two */
	uint32_t pi;		    /* blocks ever written */
	_Atomic(uint32_t) ci;	    /* blocks ever completed */
	uint16_t max_sge;
	uint16_t max_inline;
};

/* The request being built. ctrl is NULL if there is none. */
struct hinic_wqe {
	struct hinic_wqe_ctrl *ctrl;
	uint64_t wr_id;
	uint32_t room;	 /* free blocks of the ring when it was begun */
	uint32_t head;	 /* bytes of the fixed part, a multiple of 16, at most one block */
	uint32_t data;	 /* bytes behind it */
	uint32_t length; /* of the message */
	uint8_t op;
	uint8_t flags; /* HINIC_WQE_F_* */
	uint8_t n_sge;
};

static inline uint32_t hinic_sq_room(struct hinic_sq *sq)
{
	return sq->n_bb - (sq->pi - atomic_load_explicit(&sq->ci, memory_order_acquire));
}

/* ENOMEM: no block is free. */
int hinic_wqe_begin(struct hinic_sq *sq, struct hinic_wqe *w, uint8_t op, uint8_t flags,
		    uint64_t wr_id);

/* Fixed parts, at most one of these per request, before any data. */
void hinic_wqe_rdma(struct hinic_wqe *w, uint64_t raddr, uint32_t rkey);
void hinic_wqe_atomic(struct hinic_wqe *w, uint64_t raddr, uint32_t rkey, uint64_t swap_add,
		      uint64_t compare);
void hinic_wqe_bind(struct hinic_wqe *w, uint32_t key, uint32_t access, uint64_t iova, uint64_t len,
		    uint32_t mr_key);
void hinic_wqe_flush(struct hinic_wqe *w, uint64_t raddr, uint32_t rkey, uint32_t len, uint8_t type,
		     uint8_t level);
/* Reserves the part of a datagram; hinic_wqe_ud() fills it in, also after the data. */
void hinic_wqe_ud_reserve(struct hinic_wqe *w);
void hinic_wqe_ud(struct hinic_wqe *w, uint32_t dqpn, uint32_t qkey, const struct hinic_av *av);

/* Immediate data as it travels, or the key to invalidate. */
void hinic_wqe_imm(struct hinic_wqe *w, uint32_t imm_be);
void hinic_wqe_inv(struct hinic_wqe *w, uint32_t rkey);

/*
 * Data: a list of regions or bytes, not both. Bytes need HINIC_WQE_F_INLINE. EINVAL: more than the
 * queue was created for; ENOMEM: the ring has no room for it now. hinic_wqe_const() stores bytes
 * that are part of the operation and not bounded by max_inline.
 */
int hinic_wqe_sge(struct hinic_sq *sq, struct hinic_wqe *w, uint64_t addr, uint32_t len,
		  uint32_t lkey);
int hinic_wqe_inline(struct hinic_sq *sq, struct hinic_wqe *w, const void *data, size_t len);
int hinic_wqe_const(struct hinic_sq *sq, struct hinic_wqe *w, const void *data, uint32_t len);

/* Completes the request but for its owner byte; pi moves behind it. */
void hinic_wqe_finish(struct hinic_sq *sq, struct hinic_wqe *w);

/* Writes the owner bytes of the requests in [from, pi). */
void hinic_sq_publish(struct hinic_sq *sq, uint32_t from);

/*
 * The request at block @sw_idx is done, and all before it. EIO: no request is outstanding there.
 */
int hinic_sq_complete(struct hinic_sq *sq, uint32_t sw_idx, uint64_t *wr_id);

#endif
