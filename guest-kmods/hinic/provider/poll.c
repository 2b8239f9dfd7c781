// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// Polling of completion queues, into arrays and one entry at a time.
#include <errno.h>
#include <string.h>

#include "hinic.h"

void hinic_cq_tell(struct hinic_cq *cq)
{
	if (cq->ring.ci - cq->told < cq->lag)
		return;
	hinic_doorbell(cq->vcq.cq.context, HINIC_DB_CQ_CI, hinic_db_ci(cq->cqn, cq->ring.ci));
	cq->told = cq->ring.ci;
}

/*
 * Takes the next entry off the CQ and gives its request back. It stays readable until the device
 * is told. ENOENT: there is none; EIO: it does not belong to a request of ours.
 */
static inline int take(struct hinic_cq *cq, const struct hinic_cqe **entry, uint64_t *wr_id)
{
	const struct hinic_cqe *cqe = hinic_cq_peek(&cq->ring);
	struct hinic_qp *qp = cq->last_qp;
	uint32_t qpn;
	int ret;

	if (!cqe)
		return ENOENT;
	/* The owner byte is written last: read it first. */
	udma_from_device_barrier();
	cq->ring.ci++;

	qpn = hinic_cqe_qpn(cqe);
	if (!qp || qp->vqp.qp.qp_num != qpn) {
		qp = hinic_qp_find(to_hctx(cq->vcq.cq.context), qpn);
		if (!qp)
			return EIO;
		cq->last_qp = qp;
	}
	if (!(cqe->flags & HINIC_CQE_RECV)) {
		ret = hinic_sq_complete(&qp->sq, le32toh(cqe->sw_idx), wr_id);
	} else if (qp->srq) {
		hinic_lock(&qp->srq->lock);
		ret = hinic_srq_complete(&qp->srq->ring, le16toh(cqe->wqe_idx), wr_id);
		hinic_unlock(&qp->srq->lock);
	} else {
		ret = hinic_rq_complete(&qp->rq, le16toh(cqe->wqe_idx), wr_id);
	}
	*entry = cqe;
	return ret;
}

static enum ibv_wc_opcode wc_opcode(const struct hinic_cqe *cqe)
{
	uint8_t op = hinic_cqe_op(cqe);

	if (cqe->flags & HINIC_CQE_RECV)
		return op == HINIC_WQE_WRITE_IMM ? IBV_WC_RECV_RDMA_WITH_IMM : IBV_WC_RECV;
	switch (op) {
	case HINIC_WQE_WRITE:
	case HINIC_WQE_WRITE_IMM:
		return IBV_WC_RDMA_WRITE;
	case HINIC_WQE_READ:
		return IBV_WC_RDMA_READ;
	case HINIC_WQE_CAS:
		return IBV_WC_COMP_SWAP;
	case HINIC_WQE_FADD:
		return IBV_WC_FETCH_ADD;
	case HINIC_WQE_LOCAL_INV:
		return IBV_WC_LOCAL_INV;
	case HINIC_WQE_BIND_MW:
		return IBV_WC_BIND_MW;
	case HINIC_WQE_ATOMIC_WRITE:
		return IBV_WC_ATOMIC_WRITE;
	case HINIC_WQE_FLUSH:
		return IBV_WC_FLUSH;
	default:
		return IBV_WC_SEND;
	}
}

static unsigned int wc_flags(const struct hinic_cqe *cqe)
{
	unsigned int flags = 0;

	if (cqe->flags & HINIC_CQE_IMM)
		flags |= IBV_WC_WITH_IMM;
	if (cqe->flags & HINIC_CQE_INVALIDATED)
		flags |= IBV_WC_WITH_INV;
	if (cqe->flags & HINIC_CQE_GRH)
		flags |= IBV_WC_GRH;
	return flags;
}

/* Immediate data stays as it travelled; a key is a number. */
static __be32 wc_imm(const struct hinic_cqe *cqe)
{
	return cqe->flags & HINIC_CQE_INVALIDATED ? (__be32)le32toh((__le32)cqe->imm) : cqe->imm;
}

static void fill_wc(struct ibv_wc *wc, const struct hinic_cqe *cqe)
{
	wc->status = (enum ibv_wc_status)cqe->status;
	wc->opcode = wc_opcode(cqe);
	wc->vendor_err = le32toh(cqe->vendor_err);
	wc->byte_len = le32toh(cqe->byte_len);
	wc->imm_data = wc_imm(cqe);
	wc->qp_num = hinic_cqe_qpn(cqe);
	wc->src_qp = le32toh(cqe->src_qp_sl) & 0xffffff;
	wc->wc_flags = wc_flags(cqe);
	wc->pkey_index = le16toh(cqe->pkey_index);
	wc->slid = le16toh(cqe->slid);
	wc->sl = (uint8_t)(le32toh(cqe->src_qp_sl) >> 24);
	wc->dlid_path_bits = cqe->path_bits;
}

int hinic_poll_cq(struct ibv_cq *ibcq, int n_max, struct ibv_wc *wc)
{
	struct hinic_cq *cq = to_hcq(ibcq);
	const struct hinic_cqe *cqe;
	int n, ret = 0;

	hinic_lock(&cq->lock);
	for (n = 0; n < n_max; n++) {
		ret = take(cq, &cqe, &wc[n].wr_id);
		if (ret)
			break;
		fill_wc(&wc[n], cqe);
	}
	if (n || ret == EIO)
		hinic_cq_tell(cq);
	hinic_unlock(&cq->lock);
	/* What was read before is delivered; the entry in error is gone. */
	return n == 0 && ret == EIO ? -EIO : n;
}

static int next_entry(struct hinic_cq *cq)
{
	int ret = take(cq, &cq->cqe, &cq->vcq.cq_ex.wr_id);

	if (!ret)
		cq->vcq.cq_ex.status = (enum ibv_wc_status)cq->cqe->status;
	return ret;
}

static int start_poll(struct ibv_cq_ex *ibcq, struct ibv_poll_cq_attr *attr)
{
	struct hinic_cq *cq = to_hcq_ex(ibcq);
	int ret;

	if (attr->comp_mask)
		return EINVAL;
	hinic_lock(&cq->lock);
	ret = next_entry(cq);
	if (ret) {
		/* No end_poll follows. */
		hinic_cq_tell(cq);
		hinic_unlock(&cq->lock);
	}
	return ret;
}

static int next_poll(struct ibv_cq_ex *ibcq)
{
	return next_entry(to_hcq_ex(ibcq));
}

static void end_poll(struct ibv_cq_ex *ibcq)
{
	struct hinic_cq *cq = to_hcq_ex(ibcq);

	hinic_cq_tell(cq);
	hinic_unlock(&cq->lock);
}

static enum ibv_wc_opcode read_opcode(struct ibv_cq_ex *ibcq)
{
	return wc_opcode(to_hcq_ex(ibcq)->cqe);
}

static uint32_t read_vendor_err(struct ibv_cq_ex *ibcq)
{
	return le32toh(to_hcq_ex(ibcq)->cqe->vendor_err);
}

static uint32_t read_byte_len(struct ibv_cq_ex *ibcq)
{
	return le32toh(to_hcq_ex(ibcq)->cqe->byte_len);
}

static __be32 read_imm_data(struct ibv_cq_ex *ibcq)
{
	return wc_imm(to_hcq_ex(ibcq)->cqe);
}

static uint32_t read_qp_num(struct ibv_cq_ex *ibcq)
{
	return hinic_cqe_qpn(to_hcq_ex(ibcq)->cqe);
}

static uint32_t read_src_qp(struct ibv_cq_ex *ibcq)
{
	return le32toh(to_hcq_ex(ibcq)->cqe->src_qp_sl) & 0xffffff;
}

static unsigned int read_wc_flags(struct ibv_cq_ex *ibcq)
{
	return wc_flags(to_hcq_ex(ibcq)->cqe);
}

static uint32_t read_slid(struct ibv_cq_ex *ibcq)
{
	return le16toh(to_hcq_ex(ibcq)->cqe->slid);
}

static uint8_t read_sl(struct ibv_cq_ex *ibcq)
{
	return (uint8_t)(le32toh(to_hcq_ex(ibcq)->cqe->src_qp_sl) >> 24);
}

static uint8_t read_dlid_path_bits(struct ibv_cq_ex *ibcq)
{
	return to_hcq_ex(ibcq)->cqe->path_bits;
}

/* The device's clock counts ns of virtual time, which is the guest's only time: both are the same. */
static uint64_t read_timestamp(struct ibv_cq_ex *ibcq)
{
	return le64toh(to_hcq_ex(ibcq)->cqe->timestamp);
}

static uint16_t read_cvlan(struct ibv_cq_ex *ibcq)
{
	return le16toh(to_hcq_ex(ibcq)->cqe->vlan);
}

void hinic_cq_ex_init(struct ibv_cq_ex *cq, uint64_t flags)
{
	cq->start_poll = start_poll;
	cq->next_poll = next_poll;
	cq->end_poll = end_poll;
	cq->read_opcode = read_opcode;
	cq->read_vendor_err = read_vendor_err;
	cq->read_wc_flags = read_wc_flags;
	if (flags & IBV_WC_EX_WITH_BYTE_LEN)
		cq->read_byte_len = read_byte_len;
	if (flags & IBV_WC_EX_WITH_IMM)
		cq->read_imm_data = read_imm_data;
	if (flags & IBV_WC_EX_WITH_QP_NUM)
		cq->read_qp_num = read_qp_num;
	if (flags & IBV_WC_EX_WITH_SRC_QP)
		cq->read_src_qp = read_src_qp;
	if (flags & IBV_WC_EX_WITH_SLID)
		cq->read_slid = read_slid;
	if (flags & IBV_WC_EX_WITH_SL)
		cq->read_sl = read_sl;
	if (flags & IBV_WC_EX_WITH_DLID_PATH_BITS)
		cq->read_dlid_path_bits = read_dlid_path_bits;
	if (flags & IBV_WC_EX_WITH_COMPLETION_TIMESTAMP)
		cq->read_completion_ts = read_timestamp;
	if (flags & IBV_WC_EX_WITH_COMPLETION_TIMESTAMP_WALLCLOCK)
		cq->read_completion_wallclock_ns = read_timestamp;
	if (flags & IBV_WC_EX_WITH_CVLAN)
		cq->read_cvlan = read_cvlan;
}
