// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// Requests built call by call: ibv_wr_start(), one call per part, ibv_wr_complete() or _abort().
#include <errno.h>

#include "hinic.h"

/*
 * Requests go straight into the ring but the device does not see them before complete. The first
 * error is kept: everything after it does nothing, and complete gives all of it up.
 */
#define OPS_UD (IBV_QP_EX_WITH_SEND | IBV_QP_EX_WITH_SEND_WITH_IMM)
#define OPS_UC                                                                                     \
	(OPS_UD | IBV_QP_EX_WITH_RDMA_WRITE | IBV_QP_EX_WITH_RDMA_WRITE_WITH_IMM |                 \
	 IBV_QP_EX_WITH_LOCAL_INV | IBV_QP_EX_WITH_BIND_MW)
#define OPS_RC                                                                                     \
	(OPS_UC | IBV_QP_EX_WITH_SEND_WITH_INV | IBV_QP_EX_WITH_RDMA_READ | OPS_ATOMIC |           \
	 IBV_QP_EX_WITH_FLUSH | IBV_QP_EX_WITH_ATOMIC_WRITE)
#define OPS_ATOMIC (IBV_QP_EX_WITH_ATOMIC_CMP_AND_SWP | IBV_QP_EX_WITH_ATOMIC_FETCH_AND_ADD)
#define OPS_MW	   (IBV_QP_EX_WITH_LOCAL_INV | IBV_QP_EX_WITH_BIND_MW | IBV_QP_EX_WITH_SEND_WITH_INV)

static void fail(struct hinic_qp *qp, int err)
{
	if (!qp->wr_err)
		qp->wr_err = err;
	qp->wr.ctrl = NULL;
}

/* The request before is complete when the next one begins, or at the end. */
static void finish(struct hinic_qp *qp)
{
	if (!qp->wr.ctrl)
		return;
	if (qp->wr_needs_ud)
		fail(qp, EINVAL);
	else
		hinic_wqe_finish(&qp->sq, &qp->wr);
}

/* NULL after an error. */
static struct hinic_wqe *begin(struct ibv_qp_ex *ibqp, uint8_t op)
{
	struct hinic_qp *qp = to_hqp_ex(ibqp);
	uint8_t flags = 0;
	int ret;

	finish(qp);
	if (qp->wr_err)
		return NULL;
	/* Inline data says so by its own call. */
	if (qp->sig_all || (ibqp->wr_flags & IBV_SEND_SIGNALED))
		flags |= HINIC_WQE_F_SIGNALED;
	if (ibqp->wr_flags & IBV_SEND_SOLICITED)
		flags |= HINIC_WQE_F_SOLICITED;
	if (ibqp->wr_flags & IBV_SEND_FENCE)
		flags |= HINIC_WQE_F_FENCE;
	ret = hinic_wqe_begin(&qp->sq, &qp->wr, op, flags, ibqp->wr_id);
	if (ret) {
		fail(qp, ret);
		return NULL;
	}
	qp->wr_needs_ud = qp->vqp.qp.qp_type == IBV_QPT_UD;
	if (qp->wr_needs_ud)
		hinic_wqe_ud_reserve(&qp->wr);
	return &qp->wr;
}

static void wr_start(struct ibv_qp_ex *ibqp)
{
	struct hinic_qp *qp = to_hqp_ex(ibqp);

	hinic_lock(&qp->sq_lock);
	qp->wr.ctrl = NULL;
	qp->wr_from = qp->sq.pi;
	qp->wr_err = hinic_qp_can_send(qp) ? 0 : EINVAL;
}

static int wr_complete(struct ibv_qp_ex *ibqp)
{
	struct hinic_qp *qp = to_hqp_ex(ibqp);
	int ret;

	finish(qp);
	ret = qp->wr_err;
	if (ret)
		qp->sq.pi = qp->wr_from;
	else if (qp->sq.pi != qp->wr_from)
		hinic_sq_ring(qp, qp->wr_from);
	hinic_unlock(&qp->sq_lock);
	return ret;
}

static void wr_abort(struct ibv_qp_ex *ibqp)
{
	struct hinic_qp *qp = to_hqp_ex(ibqp);

	qp->wr.ctrl = NULL;
	qp->sq.pi = qp->wr_from;
	hinic_unlock(&qp->sq_lock);
}

static void wr_send(struct ibv_qp_ex *ibqp)
{
	(void)begin(ibqp, HINIC_WQE_SEND);
}

static void wr_send_imm(struct ibv_qp_ex *ibqp, __be32 imm_data)
{
	struct hinic_wqe *w = begin(ibqp, HINIC_WQE_SEND_IMM);

	if (w)
		hinic_wqe_imm(w, imm_data);
}

static void wr_send_inv(struct ibv_qp_ex *ibqp, uint32_t invalidate_rkey)
{
	struct hinic_wqe *w = begin(ibqp, HINIC_WQE_SEND_INV);

	if (w)
		hinic_wqe_inv(w, invalidate_rkey);
}

static void rdma(struct ibv_qp_ex *ibqp, uint8_t op, uint32_t rkey, uint64_t remote_addr)
{
	struct hinic_wqe *w = begin(ibqp, op);

	if (w)
		hinic_wqe_rdma(w, remote_addr, rkey);
}

static void wr_rdma_write(struct ibv_qp_ex *ibqp, uint32_t rkey, uint64_t remote_addr)
{
	rdma(ibqp, HINIC_WQE_WRITE, rkey, remote_addr);
}

static void wr_rdma_write_imm(struct ibv_qp_ex *ibqp, uint32_t rkey, uint64_t remote_addr,
			      __be32 imm_data)
{
	struct hinic_wqe *w = begin(ibqp, HINIC_WQE_WRITE_IMM);

	if (!w)
		return;
	hinic_wqe_rdma(w, remote_addr, rkey);
	hinic_wqe_imm(w, imm_data);
}

static void wr_rdma_read(struct ibv_qp_ex *ibqp, uint32_t rkey, uint64_t remote_addr)
{
	rdma(ibqp, HINIC_WQE_READ, rkey, remote_addr);
}

static void wr_atomic_cmp_swp(struct ibv_qp_ex *ibqp, uint32_t rkey, uint64_t remote_addr,
			      uint64_t compare, uint64_t swap)
{
	struct hinic_wqe *w = begin(ibqp, HINIC_WQE_CAS);

	if (w)
		hinic_wqe_atomic(w, remote_addr, rkey, swap, compare);
}

static void wr_atomic_fetch_add(struct ibv_qp_ex *ibqp, uint32_t rkey, uint64_t remote_addr,
				uint64_t add)
{
	struct hinic_wqe *w = begin(ibqp, HINIC_WQE_FADD);

	if (w)
		hinic_wqe_atomic(w, remote_addr, rkey, add, 0);
}

static void wr_atomic_write(struct ibv_qp_ex *ibqp, uint32_t rkey, uint64_t remote_addr,
			    const void *atomic_wr)
{
	struct hinic_qp *qp = to_hqp_ex(ibqp);
	struct hinic_wqe *w = begin(ibqp, HINIC_WQE_ATOMIC_WRITE);
	int ret;

	if (!w)
		return;
	w->flags |= HINIC_WQE_F_INLINE;
	hinic_wqe_rdma(w, remote_addr, rkey);
	ret = hinic_wqe_inline(&qp->sq, w, atomic_wr, sizeof(uint64_t));
	if (ret)
		fail(qp, ret);
}

static void wr_flush(struct ibv_qp_ex *ibqp, uint32_t rkey, uint64_t remote_addr, size_t len,
		     uint8_t type, uint8_t level)
{
	struct hinic_wqe *w = begin(ibqp, HINIC_WQE_FLUSH);

	if (!w)
		return;
	if (len > UINT32_MAX)
		fail(to_hqp_ex(ibqp), EINVAL);
	else
		hinic_wqe_flush(w, remote_addr, rkey, (uint32_t)len, type, level);
}

static void wr_local_inv(struct ibv_qp_ex *ibqp, uint32_t invalidate_rkey)
{
	struct hinic_wqe *w = begin(ibqp, HINIC_WQE_LOCAL_INV);

	if (w)
		hinic_wqe_inv(w, invalidate_rkey);
}

static void wr_bind_mw(struct ibv_qp_ex *ibqp, struct ibv_mw *mw, uint32_t rkey,
		       const struct ibv_mw_bind_info *info)
{
	struct hinic_qp *qp = to_hqp_ex(ibqp);
	int ret;

	if (!begin(ibqp, HINIC_WQE_BIND_MW))
		return;
	ret = mw->type == IBV_MW_TYPE_2 ? hinic_put_bind(qp, mw, rkey, info) : EINVAL;
	if (ret)
		fail(qp, ret);
}

static void wr_set_ud_addr(struct ibv_qp_ex *ibqp, struct ibv_ah *ah, uint32_t remote_qpn,
			   uint32_t remote_qkey)
{
	struct hinic_qp *qp = to_hqp_ex(ibqp);

	if (!qp->wr.ctrl)
		return;
	hinic_wqe_ud(&qp->wr, remote_qpn, remote_qkey, &to_hah(ah)->av);
	qp->wr_needs_ud = false;
}

static void wr_set_sge(struct ibv_qp_ex *ibqp, uint32_t lkey, uint64_t addr, uint32_t length)
{
	struct hinic_qp *qp = to_hqp_ex(ibqp);
	int ret;

	if (!qp->wr.ctrl)
		return;
	ret = hinic_wqe_sge(&qp->sq, &qp->wr, addr, length, lkey);
	if (ret)
		fail(qp, ret);
}

static void wr_set_sge_list(struct ibv_qp_ex *ibqp, size_t num_sge, const struct ibv_sge *list)
{
	for (size_t i = 0; i < num_sge; i++)
		wr_set_sge(ibqp, list[i].lkey, list[i].addr, list[i].length);
}

static void put_inline(struct hinic_qp *qp, const void *data, size_t len)
{
	int ret;

	if (!qp->wr.ctrl)
		return;
	/* One kind of data per request; READ and atomics return theirs into memory. */
	if (qp->wr.n_sge || qp->wr.op == HINIC_WQE_READ || qp->wr.op == HINIC_WQE_CAS ||
	    qp->wr.op == HINIC_WQE_FADD) {
		fail(qp, EINVAL);
		return;
	}
	qp->wr.flags |= HINIC_WQE_F_INLINE;
	ret = hinic_wqe_inline(&qp->sq, &qp->wr, data, len);
	if (ret)
		fail(qp, ret);
}

static void wr_set_inline_data(struct ibv_qp_ex *ibqp, void *addr, size_t length)
{
	put_inline(to_hqp_ex(ibqp), addr, length);
}

static void wr_set_inline_data_list(struct ibv_qp_ex *ibqp, size_t num_buf,
				    const struct ibv_data_buf *list)
{
	for (size_t i = 0; i < num_buf; i++)
		put_inline(to_hqp_ex(ibqp), list[i].addr, list[i].length);
}

static uint64_t ops_of(enum ibv_qp_type type, uint64_t caps)
{
	uint64_t ops = type == IBV_QPT_RC ? OPS_RC : type == IBV_QPT_UC ? OPS_UC : OPS_UD;

	if (!(caps & HINIC_CAP_ATOMIC))
		ops &= ~(uint64_t)OPS_ATOMIC;
	if (!(caps & HINIC_CAP_MW))
		ops &= ~(uint64_t)OPS_MW;
	if (!(caps & HINIC_CAP_FLUSH))
		ops &= ~(uint64_t)IBV_QP_EX_WITH_FLUSH;
	if (!(caps & HINIC_CAP_ATOMIC_WRITE))
		ops &= ~(uint64_t)IBV_QP_EX_WITH_ATOMIC_WRITE;
	return ops;
}

int hinic_qp_ex_init(struct hinic_qp *qp, uint64_t caps, uint64_t ops)
{
	struct ibv_qp_ex *ex = &qp->vqp.qp_ex;

	if (!check_comp_mask(ops, ops_of(qp->vqp.qp.qp_type, caps)))
		return EOPNOTSUPP;

	ex->wr_start = wr_start;
	ex->wr_complete = wr_complete;
	ex->wr_abort = wr_abort;
	ex->wr_set_sge = wr_set_sge;
	ex->wr_set_sge_list = wr_set_sge_list;
	ex->wr_set_inline_data = wr_set_inline_data;
	ex->wr_set_inline_data_list = wr_set_inline_data_list;
	if (qp->vqp.qp.qp_type == IBV_QPT_UD)
		ex->wr_set_ud_addr = wr_set_ud_addr;

	if (ops & IBV_QP_EX_WITH_SEND)
		ex->wr_send = wr_send;
	if (ops & IBV_QP_EX_WITH_SEND_WITH_IMM)
		ex->wr_send_imm = wr_send_imm;
	if (ops & IBV_QP_EX_WITH_SEND_WITH_INV)
		ex->wr_send_inv = wr_send_inv;
	if (ops & IBV_QP_EX_WITH_RDMA_WRITE)
		ex->wr_rdma_write = wr_rdma_write;
	if (ops & IBV_QP_EX_WITH_RDMA_WRITE_WITH_IMM)
		ex->wr_rdma_write_imm = wr_rdma_write_imm;
	if (ops & IBV_QP_EX_WITH_RDMA_READ)
		ex->wr_rdma_read = wr_rdma_read;
	if (ops & IBV_QP_EX_WITH_ATOMIC_CMP_AND_SWP)
		ex->wr_atomic_cmp_swp = wr_atomic_cmp_swp;
	if (ops & IBV_QP_EX_WITH_ATOMIC_FETCH_AND_ADD)
		ex->wr_atomic_fetch_add = wr_atomic_fetch_add;
	if (ops & IBV_QP_EX_WITH_LOCAL_INV)
		ex->wr_local_inv = wr_local_inv;
	if (ops & IBV_QP_EX_WITH_BIND_MW)
		ex->wr_bind_mw = wr_bind_mw;
	if (ops & IBV_QP_EX_WITH_FLUSH)
		ex->wr_flush = wr_flush;
	if (ops & IBV_QP_EX_WITH_ATOMIC_WRITE)
		ex->wr_atomic_write = wr_atomic_write;
	return 0;
}
