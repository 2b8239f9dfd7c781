// SPDX-License-Identifier: GPL-2.0
/* Queue pairs: create and destroy. */
#include <linux/log2.h>
#include <linux/slab.h>

#include "hinic_ib.h"

#define SQ_BB_MIN    16 /* two of the largest requests */
#define SGE_BYTES    sizeof(struct hinic_sge)
#define SQ_HDR_BYTES 64 /* control and the largest segment behind it: UD, or fast registration */

static int hinic_ib_qp_type(const struct hinic_ib_dev *hdev, enum ib_qp_type type, u8 *hw)
{
	u64 cap;

	switch (type) {
	case IB_QPT_GSI:
		*hw = HINIC_QPT_GSI;
		cap = HINIC_CAP_UD;
		break;
	case IB_QPT_UD:
		*hw = HINIC_QPT_UD;
		cap = HINIC_CAP_UD;
		break;
	case IB_QPT_RC:
		*hw = HINIC_QPT_RC;
		cap = HINIC_CAP_RC;
		break;
	case IB_QPT_UC:
		*hw = HINIC_QPT_UC;
		cap = HINIC_CAP_UC;
		break;
	case IB_QPT_RAW_PACKET:
		*hw = HINIC_QPT_RAW_ETH;
		cap = HINIC_CAP_RAW_ETH;
		break;
	default:
		return -EOPNOTSUPP;
	}
	return hinic_ib_can(hdev, cap) ? 0 : -EOPNOTSUPP;
}

static int hinic_ib_qp_check(const struct hinic_ib_dev *hdev, const struct ib_qp_init_attr *init)
{
	const struct hinic_mb_query_dev *lim = hdev->limits;
	const struct ib_qp_cap *cap = &init->cap;
	u32 max_wr = le32_to_cpu(lim->max_qp_wr), max_sge = le16_to_cpu(lim->max_sge);

	if (init->create_flags)
		return -EOPNOTSUPP;
	if (cap->max_send_wr > max_wr || cap->max_send_sge > max_sge ||
	    cap->max_inline_data > le16_to_cpu(lim->max_inline))
		return -EINVAL;
	if (!init->srq && (cap->max_recv_wr > max_wr || cap->max_recv_sge > max_sge))
		return -EINVAL;
	return 0;
}

static u8 hinic_ib_rq_log_stride(const struct ib_qp_cap *cap)
{
	return (u8)order_base_2(SGE_BYTES * max(cap->max_recv_sge, 1u));
}

static int hinic_ib_qp_user(struct hinic_ib_dev *hdev, struct hinic_ib_qp *qp,
			    struct ib_udata *udata)
{
	struct hinic_ib_create_qp req;
	u32 n;
	int err;

	err = hinic_ib_udata_in(udata, &req, sizeof(req));
	if (err)
		return err;
	n = req.sq_len / HINIC_BB_SIZE;
	if (req.sq_len % HINIC_BB_SIZE || !is_power_of_2(n) || n < SQ_BB_MIN ||
	    n > BIT(HINIC_IB_LOG_RING_MAX) || n < qp->cap.max_send_wr)
		return -EINVAL;
	qp->sq.log_bb = (u8)ilog2(n);
	if (qp->has_rq) {
		n = req.rq_len >> qp->rq.log_stride;
		if (req.rq_len & (BIT(qp->rq.log_stride) - 1) || !is_power_of_2(n) ||
		    n > BIT(HINIC_IB_LOG_RING_MAX) || n < qp->cap.max_recv_wr)
			return -EINVAL;
		qp->rq.log_wqe = (u8)ilog2(n);
	} else if (req.rq_buf || req.rq_len) {
		return -EINVAL;
	}

	err = hinic_ib_mem_get(hdev, &qp->sq.mem, req.sq_buf, req.sq_len);
	if (err)
		return err;
	if (!qp->has_rq)
		return 0;
	err = hinic_ib_mem_get(hdev, &qp->rq.mem, req.rq_buf, req.rq_len);
	if (err)
		hinic_ib_mem_free(hdev, &qp->sq.mem);
	return err;
}

static void hinic_ib_qp_mem_free(struct hinic_ib_dev *hdev, struct hinic_ib_qp *qp)
{
	hinic_ib_mem_free(hdev, &qp->sq.mem);
	hinic_ib_mem_free(hdev, &qp->rq.mem);
	kvfree(qp->sq.wr_id);
	kvfree(qp->sq.n_bb);
	kvfree(qp->rq.wr_id);
}

static int hinic_ib_qp_kernel(struct hinic_ib_dev *hdev, struct hinic_ib_qp *qp)
{
	u32 data = max_t(u32, qp->cap.max_send_sge * SGE_BYTES, qp->cap.max_inline_data);
	u32 n_bb = DIV_ROUND_UP(SQ_HDR_BYTES + data, HINIC_BB_SIZE);
	u32 n = max_t(u32, SQ_BB_MIN, roundup_pow_of_two(qp->cap.max_send_wr * n_bb + 1));
	int err = -ENOMEM;

	if (n > BIT(HINIC_IB_LOG_RING_MAX))
		return -EINVAL;
	qp->sq.log_bb = (u8)ilog2(n);
	qp->sq.wr_id = kvcalloc(n, sizeof(*qp->sq.wr_id), GFP_KERNEL);
	qp->sq.n_bb = kvcalloc(n, sizeof(*qp->sq.n_bb), GFP_KERNEL);
	if (!qp->sq.wr_id || !qp->sq.n_bb)
		goto err;
	err = hinic_ib_mem_alloc(hdev, &qp->sq.mem, (size_t)n * HINIC_BB_SIZE);
	if (err || !qp->has_rq)
		goto err;

	qp->rq.log_wqe = (u8)order_base_2(qp->cap.max_recv_wr);
	err = -ENOMEM;
	qp->rq.wr_id = kvcalloc(BIT(qp->rq.log_wqe), sizeof(*qp->rq.wr_id), GFP_KERNEL);
	if (!qp->rq.wr_id)
		goto err;
	err = hinic_ib_mem_alloc(hdev, &qp->rq.mem, BIT(qp->rq.log_wqe + qp->rq.log_stride));
err:
	if (err)
		hinic_ib_qp_mem_free(hdev, qp);
	return err;
}

static int hinic_ib_qp_make(struct hinic_ib_dev *hdev, struct hinic_ib_qp *qp,
			    const struct ib_qp_init_attr *init, u8 type)
{
	struct hinic_mb_create_qp in = {
		.type = type,
		.port = HINIC_IB_PORT,
		.pdn = cpu_to_le32(hinic_ib_pd_of(qp->ibqp.pd)->pdn),
		.scqn = cpu_to_le32(hinic_ib_cq_of(init->send_cq)->cqn),
		.rcqn = cpu_to_le32(hinic_ib_cq_of(init->recv_cq)->cqn),
		.uar = cpu_to_le32(qp->uar),
		.log_sq_bb = qp->sq.log_bb,
		.max_send_sge = cpu_to_le16((u16)max(qp->cap.max_send_sge, 1u)),
		.max_inline = cpu_to_le16((u16)qp->cap.max_inline_data),
		.sq = qp->sq.mem.pbl.hw,
	};

	if (init->sq_sig_type == IB_SIGNAL_ALL_WR)
		in.flags |= HINIC_QP_SIG_ALL;
	if (!qp->is_user)
		in.flags |= HINIC_QP_KERNEL;
	if (init->srq) {
		in.flags |= HINIC_QP_SRQ;
		in.srqn = cpu_to_le32(hinic_ib_srq_of(init->srq)->srqn);
	}
	if (qp->has_rq) {
		in.log_rq = qp->rq.log_wqe;
		in.log_rq_stride = qp->rq.log_stride;
		in.max_recv_sge = cpu_to_le16((u16)max(qp->cap.max_recv_sge, 1u));
		in.rq = qp->rq.mem.pbl.hw;
	}
	return hinic_ib_cmd_object(hdev, HINIC_AQ_CREATE_QP, &in, sizeof(in), &qp->qpn);
}

/**
 * hinic_ib_qp_forget() - remove what completion queues hold of a QP and empty its queues
 * @qp: destroyed, or in RESET
 */
void hinic_ib_qp_forget(struct hinic_ib_qp *qp)
{
	struct ib_cq *scq = qp->ibqp.send_cq, *rcq = qp->ibqp.recv_cq;

	if (qp->is_user)
		return;
	hinic_ib_cq_clean(scq ? hinic_ib_cq_of(scq) : NULL, qp);
	if (rcq != scq)
		hinic_ib_cq_clean(rcq ? hinic_ib_cq_of(rcq) : NULL, qp);
	qp->sq.pi = 0;
	qp->sq.ci = 0;
	qp->rq.pi = 0;
	qp->rq.ci = 0;
}

/* After this nothing in the driver or device refers to the QP. */
static void hinic_ib_qp_unmake(struct hinic_ib_dev *hdev, struct hinic_ib_qp *qp)
{
	hinic_ib_cmd_id(hdev, HINIC_AQ_DESTROY_QP, qp->qpn);
	xa_erase_irq(&hdev->qps, qp->qpn);
	hinic_ib_qp_forget(qp); /* under the locks of the queues, hence behind every poll */
	hinic_ib_events_flush(hdev);
}

/* create_qp */
int hinic_ib_create_qp(struct ib_qp *ibqp, struct ib_qp_init_attr *init, struct ib_udata *udata)
{
	struct hinic_ib_dev *hdev = hinic_ib_dev_of(ibqp->device);
	struct hinic_ib_qp *qp = hinic_ib_qp_of(ibqp);
	struct hinic_ib_create_qp_resp resp = {};
	u8 type;
	int err;

	err = hinic_ib_qp_type(hdev, init->qp_type, &type);
	if (err)
		return err;
	err = hinic_ib_qp_check(hdev, init);
	if (err)
		return err;

	mutex_init(&qp->mutex);
	spin_lock_init(&qp->sq.lock);
	spin_lock_init(&qp->rq.lock);
	qp->state = IB_QPS_RESET;
	qp->uar = hinic_ib_udata_uar(udata);
	qp->is_user = udata;
	qp->has_rq = !init->srq && init->cap.max_recv_wr;
	qp->is_sig_all = init->sq_sig_type == IB_SIGNAL_ALL_WR;
	qp->cap = init->cap;
	if (qp->has_rq)
		qp->rq.log_stride = hinic_ib_rq_log_stride(&qp->cap);

	err = udata ? hinic_ib_qp_user(hdev, qp, udata) : hinic_ib_qp_kernel(hdev, qp);
	if (err)
		return err;
	err = hinic_ib_qp_make(hdev, qp, init, type);
	if (err)
		goto err_mem;
	/* The core and the wire know the general services QP by its fixed number. */
	ibqp->qp_num = init->qp_type == IB_QPT_GSI ? 1 : qp->qpn;
	err = xa_err(xa_store_irq(&hdev->qps, qp->qpn, qp, GFP_KERNEL));
	if (err)
		goto err_qp;
	if (udata) {
		resp.qpn = qp->qpn;
		err = hinic_ib_udata_out(udata, &resp, sizeof(resp));
		if (err)
			goto err_qp;
	}
	return 0;

err_qp:
	hinic_ib_qp_unmake(hdev, qp);
err_mem:
	hinic_ib_qp_mem_free(hdev, qp);
	return err;
}

/* destroy_qp */
int hinic_ib_destroy_qp(struct ib_qp *ibqp, struct ib_udata *udata)
{
	struct hinic_ib_dev *hdev = hinic_ib_dev_of(ibqp->device);
	struct hinic_ib_qp *qp = hinic_ib_qp_of(ibqp);

	hinic_ib_qp_unmake(hdev, qp);
	hinic_ib_qp_mem_free(hdev, qp);
	return 0;
}
