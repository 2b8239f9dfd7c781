// SPDX-License-Identifier: GPL-2.0
/* Send queues of the kernel: build a request and ring. */
#include "hinic_ib.h"

#define WQE_BYTES_MAX (HINIC_WQE_BB_MAX * HINIC_BB_SIZE)

/* A request under construction; the queue may wrap inside of it. */
struct hinic_ib_wqe {
	union {
		struct hinic_wqe_ctrl ctrl;
		u8 byte[WQE_BYTES_MAX];
	};
	u32 len;
};

static void *hinic_ib_wqe_add(struct hinic_ib_wqe *wqe, u32 len)
{
	void *segment = wqe->byte + wqe->len;

	wqe->len += len;
	memset(segment, 0, len);
	return segment;
}

static __be32 hinic_ib_rkey(u32 key)
{
	return (__force __be32)cpu_to_le32(key); /* keys are in the device's order */
}

static void hinic_ib_wqe_rdma(struct hinic_ib_wqe *wqe, u64 addr, u32 rkey)
{
	struct hinic_wqe_rdma *rdma = hinic_ib_wqe_add(wqe, sizeof(*rdma));

	rdma->raddr = cpu_to_le64(addr);
	rdma->rkey = cpu_to_le32(rkey);
}

static void hinic_ib_wqe_atomic(struct hinic_ib_wqe *wqe, const struct ib_atomic_wr *wr)
{
	struct hinic_wqe_atomic *atomic = hinic_ib_wqe_add(wqe, sizeof(*atomic));
	bool is_cas = wr->wr.opcode == IB_WR_ATOMIC_CMP_AND_SWP;

	atomic->raddr = cpu_to_le64(wr->remote_addr);
	atomic->rkey = cpu_to_le32(wr->rkey);
	atomic->swap_add = cpu_to_le64(is_cas ? wr->swap : wr->compare_add);
	atomic->compare = cpu_to_le64(is_cas ? wr->compare_add : 0);
}

static void hinic_ib_wqe_ud(struct hinic_ib_wqe *wqe, const struct ib_ud_wr *wr)
{
	struct hinic_wqe_ud *ud = hinic_ib_wqe_add(wqe, sizeof(*ud));

	ud->dqpn = cpu_to_le32(wr->remote_qpn);
	ud->qkey = cpu_to_le32(wr->remote_qkey);
	ud->av = hinic_ib_ah_of(wr->ah)->av;
}

static void hinic_ib_wqe_reg(struct hinic_ib_wqe *wqe, const struct ib_reg_wr *wr)
{
	struct hinic_wqe_reg *reg = hinic_ib_wqe_add(wqe, sizeof(*reg));
	struct hinic_ib_mr *mr = hinic_ib_mr_of(wr->mr);

	reg->key = cpu_to_le32(wr->key);
	reg->access = cpu_to_le32(hinic_ib_access(wr->access));
	reg->iova = cpu_to_le64(wr->mr->iova);
	reg->len = cpu_to_le64(wr->mr->length);
	reg->log_pgsz = (u8)ilog2(wr->mr->page_size);
	reg->n_pages = cpu_to_le32(mr->n_pages);
	reg->page_list_pa = cpu_to_le64(mr->pages_dma);
}

/* What stands between control and data. The length of data follows from the list. */
static int hinic_ib_wqe_head(struct hinic_ib_qp *qp, struct hinic_ib_wqe *wqe,
			     const struct ib_send_wr *wr)
{
	struct hinic_wqe_ctrl *ctrl = &wqe->ctrl;
	bool is_rc = qp->ibqp.qp_type == IB_QPT_RC;

	if (qp->ibqp.qp_type == IB_QPT_GSI || qp->ibqp.qp_type == IB_QPT_UD) {
		if (wr->opcode != IB_WR_SEND && wr->opcode != IB_WR_SEND_WITH_IMM)
			return -EINVAL;
		hinic_ib_wqe_ud(wqe, ud_wr(wr));
	}
	switch (wr->opcode) {
	case IB_WR_SEND:
		ctrl->opcode = HINIC_WQE_SEND;
		return 0;
	case IB_WR_SEND_WITH_IMM:
		ctrl->opcode = HINIC_WQE_SEND_IMM;
		ctrl->imm = wr->ex.imm_data;
		return 0;
	case IB_WR_SEND_WITH_INV:
		ctrl->opcode = HINIC_WQE_SEND_INV;
		ctrl->imm = hinic_ib_rkey(wr->ex.invalidate_rkey);
		return is_rc ? 0 : -EINVAL;
	case IB_WR_RDMA_WRITE:
	case IB_WR_RDMA_WRITE_WITH_IMM:
		ctrl->opcode = HINIC_WQE_WRITE;
		if (wr->opcode == IB_WR_RDMA_WRITE_WITH_IMM) {
			ctrl->opcode = HINIC_WQE_WRITE_IMM;
			ctrl->imm = wr->ex.imm_data;
		}
		hinic_ib_wqe_rdma(wqe, rdma_wr(wr)->remote_addr, rdma_wr(wr)->rkey);
		return 0;
	case IB_WR_RDMA_READ:
		ctrl->opcode = HINIC_WQE_READ;
		hinic_ib_wqe_rdma(wqe, rdma_wr(wr)->remote_addr, rdma_wr(wr)->rkey);
		return is_rc ? 0 : -EINVAL;
	case IB_WR_ATOMIC_CMP_AND_SWP:
	case IB_WR_ATOMIC_FETCH_AND_ADD:
		ctrl->opcode = wr->opcode == IB_WR_ATOMIC_CMP_AND_SWP ? HINIC_WQE_CAS
								      : HINIC_WQE_FADD;
		hinic_ib_wqe_atomic(wqe, atomic_wr(wr));
		return is_rc ? 0 : -EINVAL;
	case IB_WR_LOCAL_INV:
		ctrl->opcode = HINIC_WQE_LOCAL_INV;
		ctrl->imm = hinic_ib_rkey(wr->ex.invalidate_rkey);
		return wr->num_sge ? -EINVAL : 0;
	case IB_WR_REG_MR:
		ctrl->opcode = HINIC_WQE_REG_MR;
		hinic_ib_wqe_reg(wqe, reg_wr(wr));
		return wr->num_sge ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}

static int hinic_ib_wqe_inline(struct hinic_ib_qp *qp, struct hinic_ib_wqe *wqe,
			       const struct ib_send_wr *wr)
{
	u32 total = 0;
	int i;

	for (i = 0; i < wr->num_sge; i++) {
		const struct ib_sge *sge = &wr->sg_list[i];

		if (sge->length > qp->cap.max_inline_data - total)
			return -EINVAL;
		memcpy(wqe->byte + wqe->len + total, (void *)(uintptr_t)sge->addr, sge->length);
		total += sge->length;
	}
	memset(wqe->byte + wqe->len + total, 0, ALIGN(total, 16) - total);
	wqe->len += ALIGN(total, 16);
	wqe->ctrl.flags |= HINIC_WQE_F_INLINE;
	wqe->ctrl.length = cpu_to_le32(total);
	return 0;
}

static int hinic_ib_wqe_list(struct hinic_ib_wqe *wqe, const struct ib_send_wr *wr)
{
	u64 total = 0;
	int i;

	for (i = 0; i < wr->num_sge; i++) {
		const struct ib_sge *from = &wr->sg_list[i];
		struct hinic_sge *sge = hinic_ib_wqe_add(wqe, sizeof(*sge));

		sge->addr = cpu_to_le64(from->addr);
		sge->len = cpu_to_le32(from->length);
		sge->lkey = cpu_to_le32(from->lkey);
		total += from->length;
	}
	if (total > U32_MAX)
		return -EINVAL;
	wqe->ctrl.num_sge = (u8)wr->num_sge;
	wqe->ctrl.length = cpu_to_le32((u32)total);
	return 0;
}

static int hinic_ib_wqe_build(struct hinic_ib_qp *qp, struct hinic_ib_wqe *wqe,
			      const struct ib_send_wr *wr)
{
	int err;

	if (wr->num_sge < 0 || (u32)wr->num_sge > max(qp->cap.max_send_sge, 1u))
		return -EINVAL;
	wqe->len = 0;
	hinic_ib_wqe_add(wqe, sizeof(wqe->ctrl));
	err = hinic_ib_wqe_head(qp, wqe, wr);
	if (err)
		return err;
	if (wr->send_flags & IB_SEND_INLINE)
		err = hinic_ib_wqe_inline(qp, wqe, wr);
	else
		err = hinic_ib_wqe_list(wqe, wr);
	if (err)
		return err;
	hinic_ib_wqe_add(wqe, ALIGN(wqe->len, HINIC_BB_SIZE) - wqe->len);
	wqe->ctrl.flags |= (u8)(wqe->len / HINIC_BB_SIZE);
	if ((wr->send_flags & IB_SEND_SIGNALED) || qp->is_sig_all)
		wqe->ctrl.flags |= HINIC_WQE_F_SIGNALED;
	if (wr->send_flags & IB_SEND_SOLICITED)
		wqe->ctrl.flags |= HINIC_WQE_F_SOLICITED;
	if (wr->send_flags & IB_SEND_FENCE)
		wqe->ctrl.flags |= HINIC_WQE_F_FENCE;
	return 0;
}

static int hinic_ib_wqe_put(struct hinic_ib_sq *sq, struct hinic_ib_wqe *wqe, u64 wr_id)
{
	u16 mask = (u16)(BIT(sq->log_bb) - 1), slot = sq->pi & mask;
	u16 n_bb = (u16)(wqe->len / HINIC_BB_SIZE), i;
	struct hinic_wqe_ctrl *ctrl = sq->mem.va + slot * HINIC_BB_SIZE;
	u8 own = (sq->pi >> sq->log_bb) & 1 ? 0 : HINIC_WQE_OWN_PHASE;

	if ((u16)(sq->pi - READ_ONCE(sq->ci)) + n_bb > BIT(sq->log_bb))
		return -ENOMEM;
	wqe->ctrl.sw_idx = cpu_to_le32(slot);
	wqe->ctrl.own = own ^ HINIC_WQE_OWN_PHASE; /* of the round before */
	for (i = 0; i < n_bb; i++)
		memcpy(sq->mem.va + ((slot + i) & mask) * HINIC_BB_SIZE,
		       wqe->byte + i * HINIC_BB_SIZE, HINIC_BB_SIZE);
	dma_wmb(); /* the device may look at the request as soon as it is its own */
	WRITE_ONCE(ctrl->own, own);
	sq->wr_id[slot] = wr_id;
	sq->n_bb[slot] = (u8)n_bb;
	sq->pi = (u16)(sq->pi + n_bb);
	return 0;
}

/* post_send: requests before a bad one are posted */
int hinic_ib_post_send(struct ib_qp *ibqp, const struct ib_send_wr *wr,
		       const struct ib_send_wr **bad)
{
	struct hinic_ib_dev *hdev = hinic_ib_dev_of(ibqp->device);
	struct hinic_ib_qp *qp = hinic_ib_qp_of(ibqp);
	enum ib_qp_state state = READ_ONCE(qp->state);
	struct hinic_ib_wqe wqe;
	unsigned long flags;
	int err = 0;
	u16 first;

	if (qp->is_user || state < IB_QPS_RTS) {
		*bad = wr;
		return -EINVAL;
	}
	spin_lock_irqsave(&qp->sq.lock, flags);
	for (first = qp->sq.pi; wr; wr = wr->next) {
		err = hinic_ib_wqe_build(qp, &wqe, wr);
		if (!err)
			err = hinic_ib_wqe_put(&qp->sq, &wqe, wr->wr_id);
		if (err) {
			*bad = wr;
			break;
		}
	}
	if (qp->sq.pi != first)
		hinic_ib_ring(hdev, HINIC_DB_SQ, HINIC_DB_VAL(qp->qpn, qp->sq.pi));
	spin_unlock_irqrestore(&qp->sq.lock, flags);
	return err;
}
