// SPDX-License-Identifier: GPL-2.0
/* Completion queues: create, resize, moderate, destroy. */
#include <linux/interrupt.h>
#include <linux/log2.h>
#include <rdma/uverbs_ioctl.h>

#include "hinic_ib.h"

#define CQE_BYTES sizeof(struct hinic_cqe)

static u32 hinic_ib_cq_max(const struct hinic_ib_dev *hdev)
{
	return le32_to_cpu(hdev->limits->max_cqe);
}

/* A ring that a process gives: a power of two that holds what was asked for. */
static int hinic_ib_cq_user_ring(struct hinic_ib_dev *hdev, struct hinic_ib_mem *mem, u64 buf,
				 u32 buf_len, u32 entries, u8 *log_cqe)
{
	u32 n = buf_len / CQE_BYTES;

	if (buf_len % CQE_BYTES || !is_power_of_2(n) || n < entries ||
	    n > roundup_pow_of_two(hinic_ib_cq_max(hdev)))
		return -EINVAL;
	*log_cqe = (u8)ilog2(n);
	return hinic_ib_mem_get(hdev, mem, buf, buf_len);
}

static int hinic_ib_cq_user(struct hinic_ib_dev *hdev, struct hinic_ib_cq *cq, u32 entries,
			    struct ib_udata *udata)
{
	struct hinic_ib_create_cq req;
	int err;

	err = hinic_ib_udata_in(udata, &req, sizeof(req));
	if (err)
		return err;
	if (req.reserved)
		return -EINVAL;
	return hinic_ib_cq_user_ring(hdev, &cq->mem, req.buf, req.buf_len, entries, &cq->log_cqe);
}

static int hinic_ib_cq_kernel(struct hinic_ib_dev *hdev, struct hinic_ib_cq *cq, u32 entries)
{
	cq->log_cqe = (u8)order_base_2(entries);
	return hinic_ib_mem_alloc(hdev, &cq->mem, CQE_BYTES << cq->log_cqe);
}

static int hinic_ib_cq_make(struct hinic_ib_dev *hdev, struct hinic_ib_cq *cq, u8 flags, u32 uar)
{
	struct hinic_mb_create_cq in = {
		.log_cqe = cq->log_cqe,
		.flags = flags,
		.eqn = cq->eq->eqn,
		.uar = cpu_to_le32(uar),
		.pbl = cq->mem.pbl.hw,
	};

	return hinic_ib_cmd_object(hdev, HINIC_AQ_CREATE_CQ, &in, sizeof(in), &cq->cqn);
}

/* After this nothing in the driver or device refers to the queue. */
static void hinic_ib_cq_unmake(struct hinic_ib_dev *hdev, struct hinic_ib_cq *cq)
{
	hinic_ib_cmd_id(hdev, HINIC_AQ_DESTROY_CQ, cq->cqn);
	xa_erase_irq(&hdev->cqs, cq->cqn);
	synchronize_irq((unsigned int)cq->eq->irq);
	hinic_ib_events_flush(hdev);
}

/* create_cq */
int hinic_ib_create_cq(struct ib_cq *ibcq, const struct ib_cq_init_attr *attr,
		       struct uverbs_attr_bundle *attrs)
{
	struct ib_udata *udata = attrs ? &attrs->driver_udata : NULL;
	struct hinic_ib_dev *hdev = hinic_ib_dev_of(ibcq->device);
	struct hinic_ib_cq *cq = hinic_ib_cq_of(ibcq);
	struct hinic_ib_create_cq_resp resp = {};
	u8 flags = 0;
	int err;

	if (attr->flags &
	    ~(IB_UVERBS_CQ_FLAGS_TIMESTAMP_COMPLETION | IB_UVERBS_CQ_FLAGS_IGNORE_OVERRUN))
		return -EOPNOTSUPP;
	if (!attr->cqe || attr->cqe > hinic_ib_cq_max(hdev) || attr->comp_vector >= hdev->n_eqs)
		return -EINVAL;
	if (attr->flags & IB_UVERBS_CQ_FLAGS_TIMESTAMP_COMPLETION) {
		if (!hinic_ib_can(hdev, HINIC_CAP_TS_CQE))
			return -EOPNOTSUPP;
		flags |= HINIC_CQ_TIMESTAMP;
	}
	if (attr->flags & IB_UVERBS_CQ_FLAGS_IGNORE_OVERRUN)
		flags |= HINIC_CQ_IGNORE_OVERRUN;

	spin_lock_init(&cq->lock);
	cq->eq = &hdev->eq[attr->comp_vector];
	cq->arm_sn = 1;
	if (udata)
		err = hinic_ib_cq_user(hdev, cq, attr->cqe, udata);
	else
		err = hinic_ib_cq_kernel(hdev, cq, attr->cqe);
	if (err)
		return err;
	err = hinic_ib_cq_make(hdev, cq, flags, hinic_ib_udata_uar(udata));
	if (err)
		goto err_mem;
	ibcq->cqe = 1 << cq->log_cqe;
	err = xa_err(xa_store_irq(&hdev->cqs, cq->cqn, cq, GFP_KERNEL));
	if (err)
		goto err_cq;
	if (udata) {
		resp.cqn = cq->cqn;
		resp.cqe = (u32)ibcq->cqe;
		err = hinic_ib_udata_out(udata, &resp, sizeof(resp));
		if (err)
			goto err_cq;
	}
	return 0;

err_cq:
	hinic_ib_cq_unmake(hdev, cq);
err_mem:
	hinic_ib_mem_free(hdev, &cq->mem);
	return err;
}

/* destroy_cq */
int hinic_ib_destroy_cq(struct ib_cq *ibcq, struct ib_udata *udata)
{
	struct hinic_ib_dev *hdev = hinic_ib_dev_of(ibcq->device);
	struct hinic_ib_cq *cq = hinic_ib_cq_of(ibcq);

	hinic_ib_cq_unmake(hdev, cq);
	hinic_ib_mem_free(hdev, &cq->mem);
	return 0;
}

/* resize_cq: for processes; no user in the kernel resizes. The provider moves what is unread. */
int hinic_ib_resize_cq(struct ib_cq *ibcq, int entries, struct ib_udata *udata)
{
	struct hinic_ib_dev *hdev = hinic_ib_dev_of(ibcq->device);
	struct hinic_ib_cq *cq = hinic_ib_cq_of(ibcq);
	struct hinic_mb_create_cq in = {};
	struct hinic_ib_resize_cq req;
	struct hinic_ib_mem mem;
	u8 log_cqe;
	int err;

	if (!udata || !cq->mem.umem)
		return -EOPNOTSUPP;
	if (entries < 1 || (u32)entries > hinic_ib_cq_max(hdev))
		return -EINVAL;
	err = hinic_ib_udata_in(udata, &req, sizeof(req));
	if (err)
		return err;
	if (req.reserved)
		return -EINVAL;
	err = hinic_ib_cq_user_ring(hdev, &mem, req.buf, req.buf_len, (u32)entries, &log_cqe);
	if (err)
		return err;
	in.log_cqe = log_cqe;
	in.cookie = cpu_to_le32(cq->cqn);
	in.pbl = mem.pbl.hw;
	err = hinic_ib_cmd_object(hdev, HINIC_AQ_RESIZE_CQ, &in, sizeof(in), NULL);
	if (err) {
		hinic_ib_mem_free(hdev, &mem);
		return err;
	}
	hinic_ib_mem_free(hdev, &cq->mem);
	cq->mem = mem;
	cq->log_cqe = log_cqe;
	ibcq->cqe = 1 << log_cqe;
	return 0;
}

/* modify_cq: an event after that many completions or that many us */
int hinic_ib_modify_cq(struct ib_cq *ibcq, u16 count, u16 period)
{
	struct hinic_inl_modify_cq inl = {
		.cqn = cpu_to_le32(hinic_ib_cq_of(ibcq)->cqn),
		.count = cpu_to_le32(count),
		.usec = cpu_to_le32(period),
	};

	return hinic_ib_cmd_inline(hinic_ib_dev_of(ibcq->device), HINIC_AQ_MODIFY_CQ, 0, &inl,
				   sizeof(inl), NULL);
}
