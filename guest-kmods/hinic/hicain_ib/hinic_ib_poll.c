// SPDX-License-Identifier: GPL-2.0
/* Completion queues of the kernel: read, arm, forget the entries of a QP. */
#include "hinic_ib.h"

static struct hinic_cqe *hinic_ib_cqe(struct hinic_ib_cq *cq, u32 i)
{
	return (struct hinic_cqe *)cq->mem.va + (i & ((1u << cq->log_cqe) - 1));
}

/* The entry of index i, or NULL if the device has not written it. */
static struct hinic_cqe *hinic_ib_cqe_peek(struct hinic_ib_cq *cq, u32 i)
{
	struct hinic_cqe *cqe = hinic_ib_cqe(cq, i);

	if ((READ_ONCE(cqe->own) & 1) != (((i >> cq->log_cqe) & 1) ^ 1))
		return NULL;
	dma_rmb(); /* pairs with the device, which writes the phase with or after the rest */
	return cqe;
}

static enum ib_wc_opcode hinic_ib_wc_sent(u8 op)
{
	switch (op) {
	case HINIC_WQE_WRITE:
	case HINIC_WQE_WRITE_IMM:
		return IB_WC_RDMA_WRITE;
	case HINIC_WQE_READ:
		return IB_WC_RDMA_READ;
	case HINIC_WQE_CAS:
		return IB_WC_COMP_SWAP;
	case HINIC_WQE_FADD:
		return IB_WC_FETCH_ADD;
	case HINIC_WQE_LOCAL_INV:
		return IB_WC_LOCAL_INV;
	case HINIC_WQE_REG_MR:
		return IB_WC_REG_MR;
	default:
		return IB_WC_SEND;
	}
}

static void hinic_ib_wc_send(struct hinic_ib_qp *qp, const struct hinic_cqe *cqe, struct ib_wc *wc)
{
	struct hinic_ib_sq *sq = &qp->sq;
	u16 slot = (u16)le32_to_cpu(cqe->sw_idx) & ((1u << sq->log_bb) - 1);
	u16 first = (u16)(sq->ci + ((u16)(slot - sq->ci) & ((1u << sq->log_bb) - 1)));

	wc->opcode = hinic_ib_wc_sent((u8)(le32_to_cpu(cqe->qpn_op) >> 24));
	wc->wr_id = sq->wr_id[slot];
	/* Requests before it without a completion of their own end with it. */
	WRITE_ONCE(sq->ci, (u16)(first + sq->n_bb[slot]));
}

static void hinic_ib_wc_recv(struct hinic_ib_qp *qp, const struct hinic_cqe *cqe, struct ib_wc *wc)
{
	u16 i = le16_to_cpu(cqe->wqe_idx);

	wc->opcode = (le32_to_cpu(cqe->qpn_op) >> 24) == HINIC_WQE_WRITE_IMM
			     ? IB_WC_RECV_RDMA_WITH_IMM
			     : IB_WC_RECV;
	if (qp->ibqp.srq) {
		wc->wr_id = hinic_ib_srq_take(hinic_ib_srq_of(qp->ibqp.srq), i);
	} else {
		wc->wr_id = qp->rq.wr_id[i & ((1u << qp->rq.log_wqe) - 1)];
		WRITE_ONCE(qp->rq.ci, (u16)(qp->rq.ci + 1));
	}
	if (cqe->flags & HINIC_CQE_IMM) {
		wc->wc_flags |= IB_WC_WITH_IMM;
		wc->ex.imm_data = cqe->imm;
	} else if (cqe->flags & HINIC_CQE_INVALIDATED) {
		wc->wc_flags |= IB_WC_WITH_INVALIDATE;
		wc->ex.invalidate_rkey = le32_to_cpu((__force __le32)cqe->imm);
	}
	if (cqe->flags & HINIC_CQE_GRH)
		wc->wc_flags |= IB_WC_GRH;
	if (qp->ibqp.qp_type != IB_QPT_GSI && qp->ibqp.qp_type != IB_QPT_UD)
		return;
	wc->src_qp = le32_to_cpu(cqe->src_qp_sl) & 0xffffff;
	wc->sl = (u8)(le32_to_cpu(cqe->src_qp_sl) >> 24);
	wc->slid = le16_to_cpu(cqe->slid);
	wc->pkey_index = le16_to_cpu(cqe->pkey_index);
	wc->dlid_path_bits = cqe->path_bits;
	memcpy(wc->smac, cqe->smac, sizeof(wc->smac));
	wc->wc_flags |= IB_WC_WITH_SMAC;
	if (cqe->flags & HINIC_CQE_VLAN) {
		wc->vlan_id = le16_to_cpu(cqe->vlan);
		wc->wc_flags |= IB_WC_WITH_VLAN;
	}
	/* Without this flag the core finds the type in the headers in front of the message. */
	if (cqe->net_hdr_type == RDMA_NETWORK_IPV4 || cqe->net_hdr_type == RDMA_NETWORK_IPV6) {
		wc->network_hdr_type = cqe->net_hdr_type;
		wc->wc_flags |= IB_WC_WITH_NETWORK_HDR_TYPE;
	}
}

/* Reads one entry. False if it belongs to no QP any more. */
static bool hinic_ib_wc_fill(struct hinic_ib_dev *hdev, const struct hinic_cqe *cqe,
			     struct ib_wc *wc)
{
	struct hinic_ib_qp *qp = xa_load(&hdev->qps, le32_to_cpu(cqe->qpn_op) & 0xffffff);

	if (!qp || qp->is_user)
		return false;
	memset(wc, 0, sizeof(*wc));
	wc->qp = &qp->ibqp;
	wc->status = cqe->status;
	wc->vendor_err = le32_to_cpu(cqe->vendor_err);
	wc->byte_len = le32_to_cpu(cqe->byte_len);
	wc->port_num = HINIC_IB_PORT;
	if (cqe->flags & HINIC_CQE_RECV)
		hinic_ib_wc_recv(qp, cqe, wc);
	else
		hinic_ib_wc_send(qp, cqe, wc);
	return true;
}

/* poll_cq */
int hinic_ib_poll_cq(struct ib_cq *ibcq, int n, struct ib_wc *wc)
{
	struct hinic_ib_dev *hdev = hinic_ib_dev_of(ibcq->device);
	struct hinic_ib_cq *cq = hinic_ib_cq_of(ibcq);
	struct hinic_cqe *cqe;
	unsigned long flags;
	int filled = 0;
	u32 first;

	if (!cq->mem.va)
		return -EINVAL;
	spin_lock_irqsave(&cq->lock, flags);
	first = cq->ci;
	while (filled < n) {
		cqe = hinic_ib_cqe_peek(cq, cq->ci);
		if (!cqe)
			break;
		cq->ci++;
		if (hinic_ib_wc_fill(hdev, cqe, &wc[filled]))
			filled++;
	}
	/* At once, not now and then: the ring may be no larger than what its user keeps in flight. */
	if (cq->ci != first)
		hinic_ib_ring(hdev, HINIC_DB_CQ_CI, HINIC_DB_VAL(cq->cqn, cq->ci & 0xffffff));
	spin_unlock_irqrestore(&cq->lock, flags);
	return filled;
}

/* req_notify_cq */
int hinic_ib_req_notify_cq(struct ib_cq *ibcq, enum ib_cq_notify_flags notify)
{
	struct hinic_ib_dev *hdev = hinic_ib_dev_of(ibcq->device);
	struct hinic_ib_cq *cq = hinic_ib_cq_of(ibcq);
	unsigned long flags;
	int missed = 0;
	u64 value;

	if (!cq->mem.va)
		return -EINVAL;
	spin_lock_irqsave(&cq->lock, flags);
	/*
	 * The device makes an event at once if an entry from the index on exists that was not there
	 * at the last event. Arming again before that is seen has no effect: it carries its number.
	 */
	value = HINIC_DB_VAL(cq->cqn, cq->ci & 0xffffff) | (u64)(READ_ONCE(cq->arm_sn) & 3) << 57;
	if ((notify & IB_CQ_SOLICITED_MASK) == IB_CQ_SOLICITED)
		value |= HINIC_DB_CQ_SOLICITED;
	hinic_ib_ring(hdev, HINIC_DB_CQ_ARM, value);
	if (notify & IB_CQ_REPORT_MISSED_EVENTS)
		missed = hinic_ib_cqe_peek(cq, cq->ci) ? 1 : 0;
	spin_unlock_irqrestore(&cq->lock, flags);
	return missed;
}

/**
 * hinic_ib_cq_clean() - forget the unread entries of a QP that is destroyed or reset
 * @cq: queue, NULL or of a process is left alone
 * @qp: the device makes no further entry for it
 */
void hinic_ib_cq_clean(struct hinic_ib_cq *cq, struct hinic_ib_qp *qp)
{
	struct hinic_cqe *cqe;
	unsigned long flags;
	u32 i;

	if (!cq || !cq->mem.va)
		return;
	spin_lock_irqsave(&cq->lock, flags);
	for (i = cq->ci; i - cq->ci < 1u << cq->log_cqe; i++) {
		cqe = hinic_ib_cqe_peek(cq, i);
		if (!cqe)
			break;
		if ((le32_to_cpu(cqe->qpn_op) & 0xffffff) != qp->qpn)
			continue;
		if ((cqe->flags & HINIC_CQE_RECV) && qp->ibqp.srq)
			hinic_ib_srq_take(hinic_ib_srq_of(qp->ibqp.srq), le16_to_cpu(cqe->wqe_idx));
		cqe->qpn_op = cpu_to_le32(HINIC_IB_QPN_NONE);
	}
	spin_unlock_irqrestore(&cq->lock, flags);
}
