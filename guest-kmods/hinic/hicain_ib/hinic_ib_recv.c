// SPDX-License-Identifier: GPL-2.0
/* Receive queues of the kernel, of a QP and shared: post. */
#include "hinic_ib.h"

/* Lists shorter than the queue's longest end with a marker. */
static void hinic_ib_list(struct hinic_sge *sge, const struct ib_recv_wr *wr, u32 max_sge)
{
	int i;

	for (i = 0; i < wr->num_sge; i++) {
		sge[i].addr = cpu_to_le64(wr->sg_list[i].addr);
		sge[i].len = cpu_to_le32(wr->sg_list[i].length);
		sge[i].lkey = cpu_to_le32(wr->sg_list[i].lkey);
	}
	if ((u32)i < max_sge) {
		sge[i].addr = 0;
		sge[i].len = 0;
		sge[i].lkey = cpu_to_le32(HINIC_SGE_END_LKEY);
	}
}

static int hinic_ib_rq_put(struct hinic_ib_qp *qp, const struct ib_recv_wr *wr)
{
	struct hinic_ib_rq *rq = &qp->rq;
	u16 slot = rq->pi & (u16)(BIT(rq->log_wqe) - 1);

	if (wr->num_sge < 0 || (u32)wr->num_sge > max(qp->cap.max_recv_sge, 1u))
		return -EINVAL;
	if ((u16)(rq->pi - READ_ONCE(rq->ci)) >= BIT(rq->log_wqe))
		return -ENOMEM;
	hinic_ib_list(rq->mem.va + ((size_t)slot << rq->log_stride), wr,
		      max(qp->cap.max_recv_sge, 1u));
	rq->wr_id[slot] = wr->wr_id;
	rq->pi++;
	return 0;
}

/* post_recv: requests before a bad one are posted */
int hinic_ib_post_recv(struct ib_qp *ibqp, const struct ib_recv_wr *wr,
		       const struct ib_recv_wr **bad)
{
	struct hinic_ib_dev *hdev = hinic_ib_dev_of(ibqp->device);
	struct hinic_ib_qp *qp = hinic_ib_qp_of(ibqp);
	unsigned long flags;
	int err = 0;
	u16 first;

	if (qp->is_user || !qp->has_rq || READ_ONCE(qp->state) == IB_QPS_RESET) {
		*bad = wr;
		return -EINVAL;
	}
	spin_lock_irqsave(&qp->rq.lock, flags);
	for (first = qp->rq.pi; wr; wr = wr->next) {
		err = hinic_ib_rq_put(qp, wr);
		if (err) {
			*bad = wr;
			break;
		}
	}
	if (qp->rq.pi != first)
		hinic_ib_ring(hdev, HINIC_DB_RQ, HINIC_DB_VAL(qp->qpn, qp->rq.pi));
	spin_unlock_irqrestore(&qp->rq.lock, flags);
	return err;
}

static int hinic_ib_srq_put(struct hinic_ib_srq *srq, const struct ib_recv_wr *wr)
{
	struct hinic_srq_hdr *hdr = srq->mem.va + ((size_t)srq->head << srq->log_stride);

	if (wr->num_sge < 0 || (u32)wr->num_sge > srq->max_sge)
		return -EINVAL;
	if (srq->head == srq->tail)
		return -ENOMEM;
	hinic_ib_list((struct hinic_sge *)(hdr + 1), wr, srq->max_sge);
	srq->wr_id[srq->head] = wr->wr_id;
	/* The device follows the list by the same links. */
	srq->head = le16_to_cpu(hdr->next_idx);
	srq->pi++;
	return 0;
}

/* post_srq_recv: requests before a bad one are posted */
int hinic_ib_post_srq_recv(struct ib_srq *ibsrq, const struct ib_recv_wr *wr,
			   const struct ib_recv_wr **bad)
{
	struct hinic_ib_dev *hdev = hinic_ib_dev_of(ibsrq->device);
	struct hinic_ib_srq *srq = hinic_ib_srq_of(ibsrq);
	unsigned long flags;
	int err = 0;
	u16 first;

	if (srq->is_user) {
		*bad = wr;
		return -EINVAL;
	}
	spin_lock_irqsave(&srq->lock, flags);
	for (first = srq->pi; wr; wr = wr->next) {
		err = hinic_ib_srq_put(srq, wr);
		if (err) {
			*bad = wr;
			break;
		}
	}
	if (srq->pi != first)
		hinic_ib_ring(hdev, HINIC_DB_SRQ, HINIC_DB_VAL(srq->srqn, srq->pi));
	spin_unlock_irqrestore(&srq->lock, flags);
	return err;
}
