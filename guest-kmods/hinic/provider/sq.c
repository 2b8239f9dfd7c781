// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// Building of requests in the ring of a send queue, and their completion.
#include "sq.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

static void *ring_at(const struct hinic_sq *sq, uint32_t pos_bb, uint32_t off)
{
	size_t at = (size_t)(pos_bb & (sq->n_bb - 1)) * HINIC_BB_SIZE + off;

	return sq->ring + (at & ((size_t)sq->n_bb * HINIC_BB_SIZE - 1));
}

static uint32_t blocks(uint32_t len)
{
	return (len + HINIC_BB_SIZE - 1) / HINIC_BB_SIZE;
}

/* Fixed parts do not wrap: they lie in the first block. */
static void *head_at(struct hinic_wqe *w, uint32_t len)
{
	uint8_t *at = (uint8_t *)w->ctrl + w->head;

	w->head += len;
	return at;
}

int hinic_wqe_begin(struct hinic_sq *sq, struct hinic_wqe *w, uint8_t op, uint8_t flags,
		    uint64_t wr_id)
{
	w->room = hinic_sq_room(sq);
	if (w->room == 0) {
		w->ctrl = NULL;
		return ENOMEM;
	}
	w->ctrl = ring_at(sq, sq->pi, 0);
	w->ctrl->imm = 0;
	w->wr_id = wr_id;
	w->head = sizeof(*w->ctrl);
	w->data = 0;
	w->length = 0;
	w->op = op;
	w->flags = flags;
	w->n_sge = 0;
	return 0;
}

void hinic_wqe_rdma(struct hinic_wqe *w, uint64_t raddr, uint32_t rkey)
{
	struct hinic_wqe_rdma *seg = head_at(w, sizeof(*seg));

	seg->raddr = htole64(raddr);
	seg->rkey = htole32(rkey);
	seg->rsv = 0;
}

void hinic_wqe_atomic(struct hinic_wqe *w, uint64_t raddr, uint32_t rkey, uint64_t swap_add,
		      uint64_t compare)
{
	struct hinic_wqe_atomic *seg = head_at(w, sizeof(*seg));

	seg->raddr = htole64(raddr);
	seg->rkey = htole32(rkey);
	seg->rsv = 0;
	seg->swap_add = htole64(swap_add);
	seg->compare = htole64(compare);
}

void hinic_wqe_bind(struct hinic_wqe *w, uint32_t key, uint32_t access, uint64_t iova, uint64_t len,
		    uint32_t mr_key)
{
	struct hinic_wqe_reg *seg = head_at(w, sizeof(*seg));

	memset(seg, 0, sizeof(*seg));
	seg->key = htole32(key);
	seg->access = htole32(access);
	seg->iova = htole64(iova);
	seg->len = htole64(len);
	seg->n_pages = htole32(mr_key);
}

void hinic_wqe_flush(struct hinic_wqe *w, uint64_t raddr, uint32_t rkey, uint32_t len, uint8_t type,
		     uint8_t level)
{
	struct hinic_wqe_flush *seg = head_at(w, sizeof(*seg));

	seg->raddr = htole64(raddr);
	seg->rkey = htole32(rkey);
	seg->type_level = htole32((type & 0xfu) | (uint32_t)(level & 0xfu) << 4);
	w->length = len;
}

void hinic_wqe_ud_reserve(struct hinic_wqe *w)
{
	(void)head_at(w, sizeof(struct hinic_wqe_ud));
}

void hinic_wqe_ud(struct hinic_wqe *w, uint32_t dqpn, uint32_t qkey, const struct hinic_av *av)
{
	struct hinic_wqe_ud *seg = (struct hinic_wqe_ud *)(w->ctrl + 1);

	seg->dqpn = htole32(dqpn);
	seg->qkey = htole32(qkey);
	seg->av = *av;
}

void hinic_wqe_imm(struct hinic_wqe *w, uint32_t imm_be)
{
	w->ctrl->imm = imm_be;
}

void hinic_wqe_inv(struct hinic_wqe *w, uint32_t rkey)
{
	w->ctrl->imm = htole32(rkey);
}

int hinic_wqe_sge(struct hinic_sq *sq, struct hinic_wqe *w, uint64_t addr, uint32_t len,
		  uint32_t lkey)
{
	uint32_t off = w->head + w->data;
	struct hinic_sge *sge;

	if (w->n_sge == sq->max_sge || (w->flags & HINIC_WQE_F_INLINE))
		return EINVAL;
	if (blocks(off + (uint32_t)sizeof(*sge)) > w->room)
		return ENOMEM;
	sge = ring_at(sq, sq->pi, off);
	sge->addr = htole64(addr);
	sge->len = htole32(len);
	sge->lkey = htole32(lkey);
	w->data += (uint32_t)sizeof(*sge);
	w->length += len;
	w->n_sge++;
	return 0;
}

int hinic_wqe_const(struct hinic_sq *sq, struct hinic_wqe *w, const void *data, uint32_t len)
{
	size_t size = (size_t)sq->n_bb * HINIC_BB_SIZE, upto_end;
	uint32_t off = w->head + w->data;
	uint8_t *dst;

	if (blocks(off + len) > w->room)
		return ENOMEM;
	dst = ring_at(sq, sq->pi, off);
	upto_end = size - (size_t)(dst - sq->ring);
	if (len <= upto_end) {
		memcpy(dst, data, len);
	} else {
		memcpy(dst, data, upto_end);
		memcpy(sq->ring, (const uint8_t *)data + upto_end, len - upto_end);
	}
	w->data += len;
	w->length += len;
	return 0;
}

int hinic_wqe_inline(struct hinic_sq *sq, struct hinic_wqe *w, const void *data, size_t len)
{
	if (!(w->flags & HINIC_WQE_F_INLINE) || len > sq->max_inline ||
	    w->data + (uint32_t)len > sq->max_inline)
		return EINVAL;
	return len ? hinic_wqe_const(sq, w, data, (uint32_t)len) : 0;
}

void hinic_wqe_finish(struct hinic_sq *sq, struct hinic_wqe *w)
{
	uint32_t idx = sq->pi & (sq->n_bb - 1), n_bb = blocks(w->head + w->data);

	w->ctrl->opcode = w->op;
	w->ctrl->flags = (uint8_t)(n_bb | w->flags);
	w->ctrl->num_sge = w->n_sge;
	w->ctrl->length = htole32(w->length);
	w->ctrl->sw_idx = htole32(idx);
	sq->slot[idx].wr_id = w->wr_id;
	sq->slot[idx].n_bb = n_bb;
	sq->pi += n_bb;
	w->ctrl = NULL;
}

void hinic_sq_publish(struct hinic_sq *sq, uint32_t from)
{
	struct hinic_wqe_ctrl *ctrl;

	while (from != sq->pi) {
		ctrl = ring_at(sq, from, 0);
		ctrl->own = from & sq->n_bb ? 0 : HINIC_WQE_OWN_PHASE;
		from += sq->slot[from & (sq->n_bb - 1)].n_bb;
	}
}

int hinic_sq_complete(struct hinic_sq *sq, uint32_t sw_idx, uint64_t *wr_id)
{
	uint32_t ci = atomic_load_explicit(&sq->ci, memory_order_relaxed);
	uint32_t idx = sw_idx & (sq->n_bb - 1), skipped = (idx - ci) & (sq->n_bb - 1);

	/* n_bb of a slot is 0 until a request begins there. */
	if (sw_idx >= sq->n_bb || sq->slot[idx].n_bb == 0)
		return EIO;
	*wr_id = sq->slot[idx].wr_id;
	atomic_store_explicit(&sq->ci, ci + skipped + sq->slot[idx].n_bb, memory_order_release);
	return 0;
}
