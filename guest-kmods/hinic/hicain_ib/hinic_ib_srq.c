// SPDX-License-Identifier: GPL-2.0
/* Shared receive queues: create, modify, query, destroy; the free list of those of the kernel. */
#include <linux/log2.h>
#include <linux/slab.h>

#include "hinic_ib.h"

static struct hinic_srq_hdr *hinic_ib_srq_hdr(struct hinic_ib_srq *srq, u16 slot)
{
	return srq->mem.va + ((size_t)slot << srq->log_stride);
}

/**
 * hinic_ib_srq_take() - put the entry of a completion back into the free list
 * @srq: shared queue of the kernel
 * @slot: entry the device has used
 *
 * Return: the wr_id it was posted with.
 */
u64 hinic_ib_srq_take(struct hinic_ib_srq *srq, u16 slot)
{
	unsigned long flags;
	u64 wr_id;

	slot &= BIT(srq->log_wqe) - 1;
	spin_lock_irqsave(&srq->lock, flags);
	wr_id = srq->wr_id[slot];
	hinic_ib_srq_hdr(srq, srq->tail)->next_idx = cpu_to_le16(slot);
	srq->tail = slot;
	spin_unlock_irqrestore(&srq->lock, flags);
	return wr_id;
}

static int hinic_ib_srq_user(struct hinic_ib_dev *hdev, struct hinic_ib_srq *srq,
			     struct ib_udata *udata)
{
	struct hinic_ib_create_srq req;
	u32 n;
	int err;

	err = hinic_ib_udata_in(udata, &req, sizeof(req));
	if (err)
		return err;
	n = req.buf_len >> srq->log_stride;
	if (req.reserved || req.buf_len & (BIT(srq->log_stride) - 1) || !is_power_of_2(n) ||
	    n <= srq->max_wr || n > BIT(HINIC_IB_LOG_RING_MAX))
		return -EINVAL;
	srq->log_wqe = (u8)ilog2(n);
	return hinic_ib_mem_get(hdev, &srq->mem, req.buf, req.buf_len);
}

static int hinic_ib_srq_kernel(struct hinic_ib_dev *hdev, struct hinic_ib_srq *srq)
{
	u32 n = roundup_pow_of_two(srq->max_wr + 1), i;
	int err;

	srq->log_wqe = (u8)ilog2(n);
	srq->wr_id = kvcalloc(n, sizeof(*srq->wr_id), GFP_KERNEL);
	if (!srq->wr_id)
		return -ENOMEM;
	err = hinic_ib_mem_alloc(hdev, &srq->mem, (size_t)n << srq->log_stride);
	if (err) {
		kvfree(srq->wr_id);
		return err;
	}
	for (i = 0; i < n; i++)
		hinic_ib_srq_hdr(srq, (u16)i)->next_idx = cpu_to_le16((u16)((i + 1) & (n - 1)));
	srq->tail = (u16)(n - 1);
	return 0;
}

static void hinic_ib_srq_unmake(struct hinic_ib_dev *hdev, struct hinic_ib_srq *srq)
{
	hinic_ib_cmd_id(hdev, HINIC_AQ_DESTROY_SRQ, srq->srqn);
	xa_erase_irq(&hdev->srqs, srq->srqn);
	hinic_ib_events_flush(hdev);
}

/* create_srq */
int hinic_ib_create_srq(struct ib_srq *ibsrq, struct ib_srq_init_attr *init, struct ib_udata *udata)
{
	struct hinic_ib_dev *hdev = hinic_ib_dev_of(ibsrq->device);
	struct hinic_ib_srq *srq = hinic_ib_srq_of(ibsrq);
	struct hinic_ib_create_srq_resp resp = {};
	struct hinic_mb_create_srq in = {};
	int err;

	if (init->srq_type != IB_SRQT_BASIC || !hinic_ib_can(hdev, HINIC_CAP_SRQ))
		return -EOPNOTSUPP;
	if (!init->attr.max_wr || init->attr.max_wr >= le32_to_cpu(hdev->limits->max_srq_wr) ||
	    init->attr.max_sge > le16_to_cpu(hdev->limits->max_sge) ||
	    init->attr.srq_limit > init->attr.max_wr)
		return -EINVAL;
	spin_lock_init(&srq->lock);
	srq->is_user = udata;
	srq->max_wr = init->attr.max_wr;
	srq->max_sge = max(init->attr.max_sge, 1u);
	srq->log_stride = (u8)order_base_2(sizeof(struct hinic_srq_hdr) +
					   srq->max_sge * sizeof(struct hinic_sge));
	err = udata ? hinic_ib_srq_user(hdev, srq, udata) : hinic_ib_srq_kernel(hdev, srq);
	if (err)
		return err;

	in.log_wqe = srq->log_wqe;
	in.log_stride = srq->log_stride;
	in.max_sge = cpu_to_le16((u16)srq->max_sge);
	in.pdn = cpu_to_le32(hinic_ib_pd_of(ibsrq->pd)->pdn);
	in.uar = cpu_to_le32(hinic_ib_udata_uar(udata));
	in.limit = cpu_to_le32(init->attr.srq_limit);
	in.pbl = srq->mem.pbl.hw;
	err = hinic_ib_cmd_object(hdev, HINIC_AQ_CREATE_SRQ, &in, sizeof(in), &srq->srqn);
	if (err)
		goto err_mem;
	err = xa_err(xa_store_irq(&hdev->srqs, srq->srqn, srq, GFP_KERNEL));
	if (err)
		goto err_srq;
	if (udata) {
		resp.srqn = srq->srqn;
		err = hinic_ib_udata_out(udata, &resp, sizeof(resp));
		if (err)
			goto err_srq;
	}
	return 0;

err_srq:
	hinic_ib_srq_unmake(hdev, srq);
err_mem:
	hinic_ib_mem_free(hdev, &srq->mem);
	kvfree(srq->wr_id);
	return err;
}

/* modify_srq: the limit; the size is fixed */
int hinic_ib_modify_srq(struct ib_srq *ibsrq, struct ib_srq_attr *attr, enum ib_srq_attr_mask mask,
			struct ib_udata *udata)
{
	struct hinic_ib_srq *srq = hinic_ib_srq_of(ibsrq);
	struct hinic_inl_modify_srq inl = {
		.srqn = cpu_to_le32(srq->srqn),
		.limit = cpu_to_le32(attr->srq_limit),
	};

	if (mask & ~IB_SRQ_LIMIT)
		return -EOPNOTSUPP;
	if (!(mask & IB_SRQ_LIMIT))
		return 0;
	if (attr->srq_limit > srq->max_wr)
		return -EINVAL;
	return hinic_ib_cmd_inline(hinic_ib_dev_of(ibsrq->device), HINIC_AQ_MODIFY_SRQ, 0, &inl,
				   sizeof(inl), NULL);
}

/* query_srq */
int hinic_ib_query_srq(struct ib_srq *ibsrq, struct ib_srq_attr *attr)
{
	struct hinic_ib_srq *srq = hinic_ib_srq_of(ibsrq);
	struct hinic_inl_obj inl = { .id = cpu_to_le32(srq->srqn) };
	u32 limit;
	int err;

	err = hinic_ib_cmd_inline(hinic_ib_dev_of(ibsrq->device), HINIC_AQ_QUERY_SRQ, 0, &inl,
				  sizeof(inl), &limit);
	if (err)
		return err;
	attr->max_wr = srq->max_wr;
	attr->max_sge = srq->max_sge;
	attr->srq_limit = limit;
	return 0;
}

/* destroy_srq */
int hinic_ib_destroy_srq(struct ib_srq *ibsrq, struct ib_udata *udata)
{
	struct hinic_ib_dev *hdev = hinic_ib_dev_of(ibsrq->device);
	struct hinic_ib_srq *srq = hinic_ib_srq_of(ibsrq);

	hinic_ib_srq_unmake(hdev, srq);
	hinic_ib_mem_free(hdev, &srq->mem);
	kvfree(srq->wr_id);
	return 0;
}
