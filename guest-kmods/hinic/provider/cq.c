// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// Completion queues: creation, resizing, events, and the removal of a QP's completions.
#include <errno.h>
#include <stdlib.h>

#include "abi.h"
#include "hinic.h"
#include "size.h"

#define WC_FLAGS_SUPPORTED                                                                         \
	(IBV_WC_STANDARD_FLAGS | IBV_WC_EX_WITH_COMPLETION_TIMESTAMP | IBV_WC_EX_WITH_CVLAN |      \
	 IBV_WC_EX_WITH_COMPLETION_TIMESTAMP_WALLCLOCK)
#define WC_FLAGS_TIME                                                                              \
	(IBV_WC_EX_WITH_COMPLETION_TIMESTAMP | IBV_WC_EX_WITH_COMPLETION_TIMESTAMP_WALLCLOCK)
#define CQ_FLAGS_SUPPORTED (IBV_CREATE_CQ_ATTR_SINGLE_THREADED | IBV_CREATE_CQ_ATTR_IGNORE_OVERRUN)

#define ARM_SN_SHIFT 57 /* in HINIC_DB_CQ_ARM */

static uint32_t log2_of(uint32_t n)
{
	return 31 - (uint32_t)__builtin_clz(n);
}

static struct hinic_cq *create_cq(struct ibv_context *ibctx, struct ibv_cq_init_attr_ex *attr,
				  bool single_threaded)
{
	struct ibv_pd *ibpd = attr->comp_mask & IBV_CQ_INIT_ATTR_MASK_PD ? attr->parent_domain
									 : NULL;
	struct hinic_cmd_create_cq_resp resp = {};
	struct hinic_cmd_create_cq cmd = {};
	struct hinic_cq_size size;
	struct hinic_cq *cq;
	int ret;

	ret = hinic_cq_size(attr->cqe, to_hctx(ibctx)->max_cqe, &size);
	if (ret)
		goto err;
	ret = ENOMEM;
	cq = calloc(1, sizeof(*cq));
	if (!cq)
		goto err;
	cq->pd = hinic_parent_get(ibpd);
	if (ibpd && !cq->pd) {
		ret = EINVAL; /* an ordinary domain means nothing to a CQ */
		goto err_cq;
	}
	ret = hinic_buf_alloc(&cq->buf, cq->pd, HINIC_BUF_CQ,
			      (size_t)size.n * sizeof(struct hinic_cqe));
	if (ret)
		goto err_pd;

	cmd.buf = (uintptr_t)cq->buf.addr;
	cmd.buf_len = size.n * (uint32_t)sizeof(struct hinic_cqe);
	ret = ibv_cmd_create_cq_ex(ibctx, attr, &cq->vcq, &cmd.ibv_cmd, sizeof(cmd), &resp.ibv_resp,
				   sizeof(resp), 0);
	if (ret)
		goto err_buf;

	cq->ring.cqe = cq->buf.addr;
	cq->ring.log_n = log2_of(size.n);
	cq->cqn = resp.cqn;
	cq->lag = size.lag;
	cq->vcq.cq.cqe = (int)size.usable;
	atomic_init(&cq->arm_sn, 1);
	hinic_lock_init(&cq->lock, !single_threaded && hinic_pd_locked(cq->pd));
	return cq;

err_buf:
	hinic_buf_free(&cq->buf);
err_pd:
	hinic_parent_put(cq->pd);
err_cq:
	free(cq);
err:
	errno = ret;
	return NULL;
}

struct ibv_cq *hinic_create_cq(struct ibv_context *ibctx, int n_cqe,
			       struct ibv_comp_channel *channel, int comp_vector)
{
	struct ibv_cq_init_attr_ex attr = {
		.cqe = n_cqe > 0 ? (uint32_t)n_cqe : 0,
		.channel = channel,
		.comp_vector = (uint32_t)comp_vector,
		.wc_flags = IBV_WC_STANDARD_FLAGS,
	};
	struct hinic_cq *cq = create_cq(ibctx, &attr, false);

	return cq ? &cq->vcq.cq : NULL;
}

struct ibv_cq_ex *hinic_create_cq_ex(struct ibv_context *ibctx, struct ibv_cq_init_attr_ex *attr)
{
	uint32_t flags = attr->comp_mask & IBV_CQ_INIT_ATTR_MASK_FLAGS ? attr->flags : 0;
	struct hinic_cq *cq;

	if (!check_comp_mask(attr->comp_mask,
			     IBV_CQ_INIT_ATTR_MASK_FLAGS | IBV_CQ_INIT_ATTR_MASK_PD) ||
	    !check_comp_mask(attr->wc_flags, WC_FLAGS_SUPPORTED) ||
	    !check_comp_mask(flags, CQ_FLAGS_SUPPORTED) ||
	    ((attr->wc_flags & WC_FLAGS_TIME) && !(to_hctx(ibctx)->caps & HINIC_CAP_TS_CQE))) {
		errno = EOPNOTSUPP;
		return NULL;
	}
	cq = create_cq(ibctx, attr, flags & IBV_CREATE_CQ_ATTR_SINGLE_THREADED);
	if (!cq)
		return NULL;
	hinic_cq_ex_init(&cq->vcq.cq_ex, attr->wc_flags);
	return &cq->vcq.cq_ex;
}

int hinic_resize_cq(struct ibv_cq *ibcq, int n_cqe)
{
	struct hinic_cq *cq = to_hcq(ibcq);
	struct ib_uverbs_resize_cq_resp resp = {};
	struct hinic_cmd_resize_cq cmd = {};
	struct hinic_cq_ring ring = {};
	struct hinic_cq_size size;
	struct hinic_buf buf;
	int ret;

	ret = hinic_cq_size(n_cqe > 0 ? (uint32_t)n_cqe : 0, to_hctx(ibcq->context)->max_cqe,
			    &size);
	if (ret)
		return ret;
	ret = hinic_buf_alloc(&buf, cq->pd, HINIC_BUF_CQ,
			      (size_t)size.n * sizeof(struct hinic_cqe));
	if (ret)
		return ret;

	hinic_lock(&cq->lock);
	/* The device refuses a ring that is too small as well, but counts what it has not been told. */
	if (hinic_cq_unread(&cq->ring) > size.usable) {
		ret = EINVAL;
		goto out;
	}
	hinic_doorbell(ibcq->context, HINIC_DB_CQ_CI, hinic_db_ci(cq->cqn, cq->ring.ci));
	cq->told = cq->ring.ci;
	ring.cqe = buf.addr;
	ring.log_n = log2_of(size.n);
	hinic_cq_take_over(&cq->ring, &ring);

	cmd.buf = (uintptr_t)buf.addr;
	cmd.buf_len = size.n * (uint32_t)sizeof(struct hinic_cqe);
	ret = ibv_cmd_resize_cq(ibcq, n_cqe, &cmd.ibv_cmd, sizeof(cmd), &resp, sizeof(resp));
	if (ret)
		goto out;

	/* The entries lie in memory before the command is done, and the command before this. */
	udma_from_device_barrier();
	hinic_cq_copy(&cq->ring, &ring);
	cq->ring = ring;
	cq->lag = size.lag;
	ibcq->cqe = (int)size.usable;
	hinic_unlock(&cq->lock);

	hinic_buf_free(&cq->buf);
	cq->buf = buf;
	return 0;

out:
	hinic_unlock(&cq->lock);
	hinic_buf_free(&buf);
	return ret;
}

int hinic_modify_cq(struct ibv_cq *ibcq, struct ibv_modify_cq_attr *attr)
{
	struct ibv_modify_cq cmd = {};

	return ibv_cmd_modify_cq(ibcq, attr, &cmd, sizeof(cmd));
}

int hinic_destroy_cq(struct ibv_cq *ibcq)
{
	struct hinic_cq *cq = to_hcq(ibcq);
	int ret = ibv_cmd_destroy_cq(ibcq);

	if (ret)
		return ret;
	pthread_spin_destroy(&cq->lock.spin);
	hinic_buf_free(&cq->buf);
	hinic_parent_put(cq->pd);
	free(cq);
	return 0;
}

/*
 * The device compares ci with what it has written, so an event is due at once if there is anything
 * unread. A ci that another thread moves meanwhile is at worst too old: one event too many.
 */
int hinic_req_notify_cq(struct ibv_cq *ibcq, int solicited_only)
{
	struct hinic_cq *cq = to_hcq(ibcq);
	uint64_t sn = atomic_load_explicit(&cq->arm_sn, memory_order_acquire) & 3;
	uint32_t ci = *(volatile uint32_t *)&cq->ring.ci;

	hinic_doorbell(ibcq->context, HINIC_DB_CQ_ARM,
		       hinic_db_ci(cq->cqn, ci) | (solicited_only ? HINIC_DB_CQ_SOLICITED : 0) |
			       sn << ARM_SN_SHIFT);
	return 0;
}

/* An arm with the number of the last event is ignored: only one after the event was seen counts. */
void hinic_cq_event(struct ibv_cq *ibcq)
{
	atomic_fetch_add_explicit(&to_hcq(ibcq)->arm_sn, 1, memory_order_release);
}

static void drop_entry(void *arg, const struct hinic_cqe *cqe)
{
	struct hinic_qp *qp = arg;
	uint64_t wr_id;

	if (!qp->srq || !(cqe->flags & HINIC_CQE_RECV))
		return;
	hinic_lock(&qp->srq->lock);
	(void)hinic_srq_complete(&qp->srq->ring, le16toh(cqe->wqe_idx), &wr_id);
	hinic_unlock(&qp->srq->lock);
}

static void forget_in(struct hinic_cq *cq, struct hinic_qp *qp)
{
	udma_from_device_barrier();
	if (hinic_cq_clean(&cq->ring, qp->vqp.qp.qp_num, drop_entry, qp))
		hinic_cq_tell(cq);
	if (cq->last_qp == qp)
		cq->last_qp = NULL;
}

void hinic_cq_forget_qp(struct hinic_qp *qp, bool forget)
{
	struct hinic_cq *scq = to_hcq(qp->vqp.qp.send_cq), *rcq = to_hcq(qp->vqp.qp.recv_cq);
	struct hinic_cq *first = scq < rcq ? scq : rcq, *second = scq < rcq ? rcq : scq;

	hinic_lock(&first->lock);
	if (second != first)
		hinic_lock(&second->lock);

	forget_in(first, qp);
	if (second != first)
		forget_in(second, qp);
	if (forget)
		hinic_qp_remove(to_hctx(qp->vqp.qp.context), qp);

	if (second != first)
		hinic_unlock(&second->lock);
	hinic_unlock(&first->lock);
}
