// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// Queue pairs: creation, state and removal.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "abi.h"
#include "hinic.h"
#include "size.h"

#define ATOMIC_WRITE_LEN 8

static int check_attr(struct hinic_context *ctx, const struct ibv_qp_init_attr_ex *attr)
{
	if (!check_comp_mask(attr->comp_mask, IBV_QP_INIT_ATTR_PD | IBV_QP_INIT_ATTR_CREATE_FLAGS |
						      IBV_QP_INIT_ATTR_SEND_OPS_FLAGS))
		return EOPNOTSUPP;
	/* The field is there, but no flag is known. */
	if ((attr->comp_mask & IBV_QP_INIT_ATTR_CREATE_FLAGS) && attr->create_flags)
		return EOPNOTSUPP;
	switch (attr->qp_type) {
	case IBV_QPT_RC:
		if (!(ctx->caps & HINIC_CAP_RC))
			return EOPNOTSUPP;
		break;
	case IBV_QPT_UC:
		if (!(ctx->caps & HINIC_CAP_UC))
			return EOPNOTSUPP;
		break;
	case IBV_QPT_UD:
		if (!(ctx->caps & HINIC_CAP_UD))
			return EOPNOTSUPP;
		break;
	default:
		return EOPNOTSUPP;
	}
	if (!(attr->comp_mask & IBV_QP_INIT_ATTR_PD) || !attr->send_cq || !attr->recv_cq ||
	    attr->cap.max_inline_data > ctx->max_inline)
		return EINVAL;
	return 0;
}

/* Memory of both queues and what is remembered of their requests. */
static int alloc_queues(struct hinic_qp *qp, const struct ibv_qp_init_attr_ex *attr,
			struct hinic_cmd_create_qp *cmd)
{
	uint32_t max_recv_wr = attr->srq ? 0 : attr->cap.max_recv_wr;
	struct hinic_sq_size sq;
	struct hinic_rq_size rq;
	int ret;

	ret = hinic_sq_size(attr->qp_type == IBV_QPT_UD, attr->cap.max_send_wr,
			    attr->cap.max_send_sge, attr->cap.max_inline_data, &sq);
	if (!ret)
		ret = hinic_rq_size(max_recv_wr, attr->cap.max_recv_sge, &rq);
	if (ret)
		return ret;

	qp->sq.slot = calloc(sq.n_bb, sizeof(*qp->sq.slot));
	if (!qp->sq.slot)
		return ENOMEM;
	ret = hinic_buf_alloc(&qp->sq_buf, qp->pd, HINIC_BUF_SQ, (size_t)sq.n_bb * HINIC_BB_SIZE);
	if (ret)
		return ret;
	qp->sq.ring = qp->sq_buf.addr;
	qp->sq.n_bb = sq.n_bb;
	cmd->sq_buf = (uintptr_t)qp->sq_buf.addr;
	cmd->sq_len = sq.n_bb * HINIC_BB_SIZE;

	if (!rq.n)
		return 0;
	qp->rq.wr_id = calloc(rq.n, sizeof(*qp->rq.wr_id));
	if (!qp->rq.wr_id)
		return ENOMEM;
	ret = hinic_buf_alloc(&qp->rq_buf, qp->pd, HINIC_BUF_RQ, (size_t)rq.n << rq.log_stride);
	if (ret)
		return ret;
	qp->rq.ring = qp->rq_buf.addr;
	qp->rq.n = rq.n;
	qp->rq.log_stride = rq.log_stride;
	cmd->rq_buf = (uintptr_t)qp->rq_buf.addr;
	cmd->rq_len = rq.n << rq.log_stride;
	return 0;
}

static void free_qp(struct hinic_qp *qp)
{
	hinic_buf_free(&qp->rq_buf);
	hinic_buf_free(&qp->sq_buf);
	free(qp->rq.wr_id);
	free(qp->sq.slot);
	hinic_parent_put(qp->pd);
	free(qp);
}

struct ibv_qp *hinic_create_qp_ex(struct ibv_context *ibctx, struct ibv_qp_init_attr_ex *attr)
{
	uint64_t ops = attr->comp_mask & IBV_QP_INIT_ATTR_SEND_OPS_FLAGS ? attr->send_ops_flags : 0;
	struct hinic_context *ctx = to_hctx(ibctx);
	struct hinic_cmd_create_qp_resp resp = {};
	struct hinic_cmd_create_qp cmd = {};
	const uint32_t comp_mask = attr->comp_mask;
	struct ibv_qp_cap cap = attr->cap;
	struct hinic_qp *qp;
	int ret;

	ret = check_attr(ctx, attr);
	if (ret)
		goto err;
	/* Its operand travels as inline data. */
	if ((ops & IBV_QP_EX_WITH_ATOMIC_WRITE) && attr->cap.max_inline_data < ATOMIC_WRITE_LEN)
		attr->cap.max_inline_data = ATOMIC_WRITE_LEN;

	ret = ENOMEM;
	qp = calloc(1, sizeof(*qp));
	if (!qp)
		goto err_cap;
	qp->pd = hinic_parent_get(attr->pd);
	qp->vqp.qp.qp_type = attr->qp_type;
	if (ops) {
		ret = hinic_qp_ex_init(qp, ctx->caps, ops);
		if (ret)
			goto err_qp;
	}
	ret = alloc_queues(qp, attr, &cmd);
	if (ret)
		goto err_qp;
	qp->sq.max_sge = (uint16_t)attr->cap.max_send_sge;
	qp->sq.max_inline = (uint16_t)attr->cap.max_inline_data;
	qp->rq.max_sge = attr->cap.max_recv_sge;
	/* What is reported is what can be posted: the entries of the ring. */
	if (qp->rq.n)
		attr->cap.max_recv_wr = qp->rq.n;
	qp->srq = attr->srq ? to_hsrq(attr->srq) : NULL;
	qp->sig_all = attr->sq_sig_all;

	/* The command of this form has no flags; check_attr() has seen that there are none. */
	attr->comp_mask &= ~(uint32_t)IBV_QP_INIT_ATTR_CREATE_FLAGS;
	ret = ibv_cmd_create_qp_ex(ibctx, &qp->vqp, attr, &cmd.ibv_cmd, sizeof(cmd), &resp.ibv_resp,
				   sizeof(resp));
	attr->comp_mask = comp_mask;
	if (ret)
		goto err_qp;
	hinic_lock_init(&qp->sq_lock, hinic_pd_locked(qp->pd));
	hinic_lock_init(&qp->rq_lock, hinic_pd_locked(qp->pd));
	ret = hinic_qp_store(ctx, qp);
	if (ret)
		goto err_cmd;
	if (ops)
		qp->vqp.comp_mask |= VERBS_QP_EX;
	return &qp->vqp.qp;

err_cmd:
	(void)ibv_cmd_destroy_qp(&qp->vqp.qp); /* nothing refers to it yet */
err_qp:
	free_qp(qp);
err_cap:
	attr->cap = cap;
err:
	errno = ret;
	return NULL;
}

struct ibv_qp *hinic_create_qp(struct ibv_pd *ibpd, struct ibv_qp_init_attr *attr)
{
	struct ibv_qp_init_attr_ex attr_ex = {
		.qp_context = attr->qp_context,
		.send_cq = attr->send_cq,
		.recv_cq = attr->recv_cq,
		.srq = attr->srq,
		.cap = attr->cap,
		.qp_type = attr->qp_type,
		.sq_sig_all = attr->sq_sig_all,
		.comp_mask = IBV_QP_INIT_ATTR_PD,
		.pd = ibpd,
	};
	struct ibv_qp *ibqp = hinic_create_qp_ex(ibpd->context, &attr_ex);

	if (ibqp)
		attr->cap = attr_ex.cap;
	return ibqp;
}

/* The device starts again at index 0 in pass 0, and nothing of before shows up any more. */
static void reset_queues(struct hinic_qp *qp)
{
	hinic_cq_forget_qp(qp, false);

	hinic_lock(&qp->sq_lock);
	qp->sq.pi = 0;
	atomic_store(&qp->sq.ci, 0);
	memset(qp->sq.slot, 0, qp->sq.n_bb * sizeof(*qp->sq.slot));
	hinic_unlock(&qp->sq_lock);

	hinic_lock(&qp->rq_lock);
	qp->rq.pi = 0;
	atomic_store(&qp->rq.ci, 0);
	hinic_unlock(&qp->rq_lock);
}

int hinic_modify_qp(struct ibv_qp *ibqp, struct ibv_qp_attr *attr, int mask)
{
	struct ib_uverbs_ex_modify_qp_resp resp = {};
	struct ibv_modify_qp_ex cmd_ex = {};
	struct ibv_modify_qp cmd = {};
	int ret;

	if (mask & IBV_QP_RATE_LIMIT)
		ret = ibv_cmd_modify_qp_ex(ibqp, attr, mask, &cmd_ex, sizeof(cmd_ex), &resp,
					   sizeof(resp));
	else
		ret = ibv_cmd_modify_qp(ibqp, attr, mask, &cmd, sizeof(cmd));
	if (ret)
		return ret;
	if (mask & IBV_QP_STATE) {
		/* Posting looks at the state: after the device has it. */
		if (attr->qp_state == IBV_QPS_RESET)
			reset_queues(to_hqp(ibqp));
		ibqp->state = attr->qp_state;
	}
	return 0;
}

int hinic_query_qp(struct ibv_qp *ibqp, struct ibv_qp_attr *attr, int mask,
		   struct ibv_qp_init_attr *init_attr)
{
	struct ibv_query_qp cmd;
	int ret;

	ret = ibv_cmd_query_qp(ibqp, attr, mask, init_attr, &cmd, sizeof(cmd));
	if (ret)
		return ret;
	/* The device changes the state by itself on errors. */
	ibqp->state = attr->qp_state;
	return 0;
}

int hinic_destroy_qp(struct ibv_qp *ibqp)
{
	struct hinic_qp *qp = to_hqp(ibqp);
	int ret = ibv_cmd_destroy_qp(ibqp);

	if (ret)
		return ret;
	hinic_cq_forget_qp(qp, true);
	pthread_spin_destroy(&qp->rq_lock.spin);
	pthread_spin_destroy(&qp->sq_lock.spin);
	free_qp(qp);
	return 0;
}
