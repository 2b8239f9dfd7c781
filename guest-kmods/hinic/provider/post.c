// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// Posting of lists of requests, and the binding of memory windows.
#include <errno.h>

#include "hinic.h"

#define BIT(n) (1u << (n))
#define ON_RC  BIT(IBV_QPT_RC)
#define ON_RCC (BIT(IBV_QPT_RC) | BIT(IBV_QPT_UC))
#define ON_ALL (ON_RCC | BIT(IBV_QPT_UD))

enum part {
	PART_NONE,
	PART_RDMA,
	PART_CAS,
	PART_FADD,
	PART_BIND
};

/*
 * What a request of ibv_post_send() becomes. Only sources may be inline. FLUSH and ATOMIC_WRITE
 * have no fields in struct ibv_send_wr: they exist as ibv_wr_* only.
 */
static const struct op {
	uint8_t on; /* types of QP; 0: not an operation */
	uint8_t wqe_op;
	uint8_t part;
	bool is_source;
	bool has_imm;
	bool has_inv;
} ops[] = {
	[IBV_WR_SEND] = { .on = ON_ALL, .wqe_op = HINIC_WQE_SEND, .is_source = true },
	[IBV_WR_SEND_WITH_IMM] = { .on = ON_ALL,
				   .wqe_op = HINIC_WQE_SEND_IMM,
				   .is_source = true,
				   .has_imm = true },
	[IBV_WR_SEND_WITH_INV] = { .on = ON_RC,
				   .wqe_op = HINIC_WQE_SEND_INV,
				   .is_source = true,
				   .has_inv = true },
	[IBV_WR_RDMA_WRITE] = { .on = ON_RCC,
				.wqe_op = HINIC_WQE_WRITE,
				.part = PART_RDMA,
				.is_source = true },
	[IBV_WR_RDMA_WRITE_WITH_IMM] = { .on = ON_RCC,
					 .wqe_op = HINIC_WQE_WRITE_IMM,
					 .part = PART_RDMA,
					 .is_source = true,
					 .has_imm = true },
	[IBV_WR_RDMA_READ] = { .on = ON_RC, .wqe_op = HINIC_WQE_READ, .part = PART_RDMA },
	[IBV_WR_ATOMIC_CMP_AND_SWP] = { .on = ON_RC, .wqe_op = HINIC_WQE_CAS, .part = PART_CAS },
	[IBV_WR_ATOMIC_FETCH_AND_ADD] = { .on = ON_RC,
					  .wqe_op = HINIC_WQE_FADD,
					  .part = PART_FADD },
	[IBV_WR_LOCAL_INV] = { .on = ON_RCC, .wqe_op = HINIC_WQE_LOCAL_INV, .has_inv = true },
	[IBV_WR_BIND_MW] = { .on = ON_RCC, .wqe_op = HINIC_WQE_BIND_MW, .part = PART_BIND },
};

bool hinic_qp_can_send(const struct hinic_qp *qp)
{
	switch (qp->vqp.qp.state) {
	case IBV_QPS_RESET:
	case IBV_QPS_INIT:
	case IBV_QPS_RTR:
		return false;
	default:
		return true; /* SQD keeps, SQE and ERR flush */
	}
}

void hinic_sq_ring(struct hinic_qp *qp, uint32_t from)
{
	/* The device may not see an owner byte without the request it vouches for. */
	udma_to_device_barrier();
	hinic_sq_publish(&qp->sq, from);
	hinic_doorbell(qp->vqp.qp.context, HINIC_DB_SQ, hinic_db_pi(qp->vqp.qp.qp_num, qp->sq.pi));
}

int hinic_put_bind(struct hinic_qp *qp, const struct ibv_mw *mw, uint32_t rkey,
		   const struct ibv_mw_bind_info *info)
{
	const unsigned int access = IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_READ |
				    IBV_ACCESS_REMOTE_ATOMIC | IBV_ACCESS_ZERO_BASED;

	/* Local access goes through the region: callers may name it, a window does not have it. */
	if (info->mw_access_flags & ~(access | IBV_ACCESS_LOCAL_WRITE))
		return EINVAL;
	if (info->length && !info->mr)
		return EINVAL;
	/* Parent domains share the handle of the domain they extend. */
	if (mw->pd->handle != qp->vqp.qp.pd->handle ||
	    (info->mr && info->mr->pd->handle != mw->pd->handle))
		return EPERM;
	hinic_wqe_bind(&qp->wr, rkey, info->mw_access_flags & access, info->addr, info->length,
		       info->mr ? info->mr->lkey : 0);
	return 0;
}

static uint8_t wqe_flags(const struct hinic_qp *qp, unsigned int send_flags)
{
	uint8_t flags = 0;

	if (qp->sig_all || (send_flags & IBV_SEND_SIGNALED))
		flags |= HINIC_WQE_F_SIGNALED;
	if (send_flags & IBV_SEND_SOLICITED)
		flags |= HINIC_WQE_F_SOLICITED;
	if (send_flags & IBV_SEND_FENCE)
		flags |= HINIC_WQE_F_FENCE;
	if (send_flags & IBV_SEND_INLINE)
		flags |= HINIC_WQE_F_INLINE;
	return flags;
}

static int put_part(struct hinic_qp *qp, const struct op *op, const struct ibv_send_wr *wr)
{
	struct hinic_wqe *w = &qp->wr;

	if (op->has_imm)
		hinic_wqe_imm(w, wr->imm_data);
	if (op->has_inv)
		hinic_wqe_inv(w, wr->invalidate_rkey);

	if (qp->vqp.qp.qp_type == IBV_QPT_UD) {
		hinic_wqe_ud_reserve(w);
		hinic_wqe_ud(w, wr->wr.ud.remote_qpn, wr->wr.ud.remote_qkey,
			     &to_hah(wr->wr.ud.ah)->av);
		return 0;
	}
	switch (op->part) {
	case PART_RDMA:
		hinic_wqe_rdma(w, wr->wr.rdma.remote_addr, wr->wr.rdma.rkey);
		return 0;
	case PART_CAS:
		hinic_wqe_atomic(w, wr->wr.atomic.remote_addr, wr->wr.atomic.rkey,
				 wr->wr.atomic.swap, wr->wr.atomic.compare_add);
		return 0;
	case PART_FADD:
		hinic_wqe_atomic(w, wr->wr.atomic.remote_addr, wr->wr.atomic.rkey,
				 wr->wr.atomic.compare_add, 0);
		return 0;
	case PART_BIND:
		return hinic_put_bind(qp, wr->bind_mw.mw, wr->bind_mw.rkey, &wr->bind_mw.bind_info);
	default:
		return 0;
	}
}

static int put_data(struct hinic_qp *qp, const struct ibv_send_wr *wr)
{
	struct hinic_wqe *w = &qp->wr;
	int ret = 0;

	for (int i = 0; i < wr->num_sge && !ret; i++) {
		const struct ibv_sge *sge = &wr->sg_list[i];

		if (w->flags & HINIC_WQE_F_INLINE)
			ret = hinic_wqe_inline(&qp->sq, w, (const void *)(uintptr_t)sge->addr,
					       sge->length);
		else
			ret = hinic_wqe_sge(&qp->sq, w, sge->addr, sge->length, sge->lkey);
	}
	return ret;
}

static int put_request(struct hinic_qp *qp, const struct ibv_send_wr *wr)
{
	uint8_t flags = wqe_flags(qp, wr->send_flags);
	const struct op *op;
	int ret;

	if ((unsigned int)wr->opcode >= sizeof(ops) / sizeof(ops[0]))
		return EINVAL;
	op = &ops[wr->opcode];
	if (!(op->on & BIT(qp->vqp.qp.qp_type)) || wr->num_sge > qp->sq.max_sge ||
	    ((flags & HINIC_WQE_F_INLINE) && !op->is_source && wr->num_sge))
		return EINVAL;
	if (!op->is_source)
		flags &= (uint8_t)~HINIC_WQE_F_INLINE;
	ret = hinic_wqe_begin(&qp->sq, &qp->wr, op->wqe_op, flags, wr->wr_id);
	if (!ret)
		ret = put_part(qp, op, wr);
	/* Local operations move no data. */
	if (!ret && op->part != PART_BIND && op->wqe_op != HINIC_WQE_LOCAL_INV)
		ret = put_data(qp, wr);
	if (!ret)
		hinic_wqe_finish(&qp->sq, &qp->wr);
	return ret;
}

int hinic_post_send(struct ibv_qp *ibqp, struct ibv_send_wr *wr, struct ibv_send_wr **bad)
{
	struct hinic_qp *qp = to_hqp(ibqp);
	uint32_t from;
	int ret = 0;

	if (!hinic_qp_can_send(qp)) {
		*bad = wr;
		return EINVAL;
	}
	hinic_lock(&qp->sq_lock);
	from = qp->sq.pi;
	for (; wr; wr = wr->next) {
		ret = put_request(qp, wr);
		if (ret) {
			*bad = wr;
			break;
		}
	}
	if (qp->sq.pi != from)
		hinic_sq_ring(qp, from);
	hinic_unlock(&qp->sq_lock);
	return ret;
}

int hinic_post_recv(struct ibv_qp *ibqp, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad)
{
	struct hinic_qp *qp = to_hqp(ibqp);
	struct hinic_sge *list;
	uint32_t from;
	int ret = 0;

	if (ibqp->state == IBV_QPS_RESET || qp->srq) {
		*bad = wr;
		return EINVAL;
	}
	hinic_lock(&qp->rq_lock);
	from = qp->rq.pi;
	for (; wr; wr = wr->next) {
		ret = hinic_rq_begin(&qp->rq, (uint32_t)wr->num_sge, &list);
		if (ret) {
			*bad = wr;
			break;
		}
		for (int i = 0; i < wr->num_sge; i++)
			hinic_sge_put(list + i, wr->sg_list[i].addr, wr->sg_list[i].length,
				      wr->sg_list[i].lkey);
		hinic_rq_finish(&qp->rq, list, (uint32_t)wr->num_sge, wr->wr_id);
	}
	if (qp->rq.pi != from)
		hinic_doorbell(ibqp->context, HINIC_DB_RQ, hinic_db_pi(ibqp->qp_num, qp->rq.pi));
	hinic_unlock(&qp->rq_lock);
	return ret;
}

/* A window of type 1 gets a new key with each binding; the caller sees it if posting succeeded. */
int hinic_bind_mw(struct ibv_qp *ibqp, struct ibv_mw *mw, struct ibv_mw_bind *bind)
{
	struct ibv_send_wr wr = {
		.wr_id = bind->wr_id,
		.opcode = IBV_WR_BIND_MW,
		.send_flags = bind->send_flags,
		.bind_mw = { .mw = mw,
			     .rkey = ibv_inc_rkey(mw->rkey),
			     .bind_info = bind->bind_info },
	};
	struct ibv_send_wr *bad;
	int ret = hinic_post_send(ibqp, &wr, &bad);

	if (!ret)
		mw->rkey = wr.bind_mw.rkey;
	return ret;
}
