// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// Shared receive queues.
#include <errno.h>
#include <stdlib.h>

#include "abi.h"
#include "hinic.h"
#include "size.h"

static struct hinic_srq *create_srq(struct ibv_pd *ibpd, struct ibv_srq_init_attr *attr)
{
	struct hinic_cmd_create_srq_resp resp = {};
	struct hinic_cmd_create_srq cmd = {};
	struct hinic_rq_size size;
	struct hinic_srq *srq;
	int ret;

	ret = hinic_srq_size(attr->attr.max_wr, attr->attr.max_sge, &size);
	if (ret)
		goto err;
	ret = ENOMEM;
	srq = calloc(1, sizeof(*srq));
	if (!srq)
		goto err;
	srq->ring.wr_id = calloc(size.n, sizeof(*srq->ring.wr_id));
	if (!srq->ring.wr_id)
		goto err_srq;
	srq->pd = hinic_parent_get(ibpd);
	ret = hinic_buf_alloc(&srq->buf, srq->pd, HINIC_BUF_SRQ, (size_t)size.n << size.log_stride);
	if (ret)
		goto err_pd;

	srq->ring.ring = srq->buf.addr;
	srq->ring.n = size.n;
	srq->ring.log_stride = size.log_stride;
	srq->ring.max_sge = attr->attr.max_sge ? attr->attr.max_sge : 1;
	hinic_srq_link(&srq->ring);

	cmd.buf = (uintptr_t)srq->buf.addr;
	cmd.buf_len = size.n << size.log_stride;
	ret = ibv_cmd_create_srq(ibpd, &srq->vsrq.srq, attr, &cmd.ibv_cmd, sizeof(cmd),
				 &resp.ibv_resp, sizeof(resp));
	if (ret)
		goto err_buf;

	srq->vsrq.srq_type = IBV_SRQT_BASIC;
	srq->vsrq.srq_num = resp.srqn;
	hinic_lock_init(&srq->lock, hinic_pd_locked(srq->pd));
	return srq;

err_buf:
	hinic_buf_free(&srq->buf);
err_pd:
	hinic_parent_put(srq->pd);
	free(srq->ring.wr_id);
err_srq:
	free(srq);
err:
	errno = ret;
	return NULL;
}

struct ibv_srq *hinic_create_srq(struct ibv_pd *ibpd, struct ibv_srq_init_attr *attr)
{
	struct hinic_srq *srq = create_srq(ibpd, attr);

	return srq ? &srq->vsrq.srq : NULL;
}

struct ibv_srq *hinic_create_srq_ex(struct ibv_context *ibctx, struct ibv_srq_init_attr_ex *attr)
{
	struct ibv_srq_init_attr basic = { .srq_context = attr->srq_context, .attr = attr->attr };
	struct hinic_srq *srq;

	(void)ibctx; /* that of the domain */
	if (!check_comp_mask(attr->comp_mask, IBV_SRQ_INIT_ATTR_TYPE | IBV_SRQ_INIT_ATTR_PD) ||
	    ((attr->comp_mask & IBV_SRQ_INIT_ATTR_TYPE) && attr->srq_type != IBV_SRQT_BASIC)) {
		errno = EOPNOTSUPP;
		return NULL;
	}
	if (!(attr->comp_mask & IBV_SRQ_INIT_ATTR_PD)) {
		errno = EINVAL;
		return NULL;
	}
	srq = create_srq(attr->pd, &basic);
	if (!srq)
		return NULL;
	attr->attr = basic.attr;
	return &srq->vsrq.srq;
}

int hinic_modify_srq(struct ibv_srq *ibsrq, struct ibv_srq_attr *attr, int mask)
{
	struct ibv_modify_srq cmd;

	return ibv_cmd_modify_srq(ibsrq, attr, mask, &cmd, sizeof(cmd));
}

int hinic_query_srq(struct ibv_srq *ibsrq, struct ibv_srq_attr *attr)
{
	struct ibv_query_srq cmd;

	return ibv_cmd_query_srq(ibsrq, attr, &cmd, sizeof(cmd));
}

int hinic_get_srq_num(struct ibv_srq *ibsrq, uint32_t *srq_num)
{
	*srq_num = to_hsrq(ibsrq)->vsrq.srq_num;
	return 0;
}

int hinic_destroy_srq(struct ibv_srq *ibsrq)
{
	struct hinic_srq *srq = to_hsrq(ibsrq);
	int ret = ibv_cmd_destroy_srq(ibsrq);

	if (ret)
		return ret;
	pthread_spin_destroy(&srq->lock.spin);
	hinic_buf_free(&srq->buf);
	hinic_parent_put(srq->pd);
	free(srq->ring.wr_id);
	free(srq);
	return 0;
}

int hinic_post_srq_recv(struct ibv_srq *ibsrq, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad)
{
	struct hinic_srq *srq = to_hsrq(ibsrq);
	struct hinic_srq_ring *ring = &srq->ring;
	struct hinic_sge *list;
	uint32_t from;
	int ret = 0;

	hinic_lock(&srq->lock);
	from = ring->pi;
	for (; wr; wr = wr->next) {
		ret = hinic_srq_begin(ring, (uint32_t)wr->num_sge, &list);
		if (ret) {
			*bad = wr;
			break;
		}
		for (int i = 0; i < wr->num_sge; i++)
			hinic_sge_put(list + i, wr->sg_list[i].addr, wr->sg_list[i].length,
				      wr->sg_list[i].lkey);
		hinic_srq_finish(ring, list, (uint32_t)wr->num_sge, wr->wr_id);
	}
	if (ring->pi != from)
		hinic_doorbell(ibsrq->context, HINIC_DB_SRQ,
			       hinic_db_pi(srq->vsrq.srq_num, ring->pi));
	hinic_unlock(&srq->lock);
	return ret;
}
