// SPDX-License-Identifier: GPL-2.0
/* Queue pairs: state transitions, attributes, multicast groups. */
#include "hinic_ib.h"

/* What MODIFY_QP knows; its mask has the core's values. */
#define MASK_HW                                                                                    \
	(IB_QP_STATE | IB_QP_CUR_STATE | IB_QP_EN_SQD_ASYNC_NOTIFY | IB_QP_ACCESS_FLAGS |          \
	 IB_QP_PKEY_INDEX | IB_QP_PORT | IB_QP_QKEY | IB_QP_AV | IB_QP_PATH_MTU | IB_QP_TIMEOUT |  \
	 IB_QP_RETRY_CNT | IB_QP_RNR_RETRY | IB_QP_RQ_PSN | IB_QP_MAX_QP_RD_ATOMIC |               \
	 IB_QP_MIN_RNR_TIMER | IB_QP_SQ_PSN | IB_QP_MAX_DEST_RD_ATOMIC | IB_QP_DEST_QPN |          \
	 IB_QP_RATE_LIMIT)
/* There is one path: a migration state may be set, an alternate path or new sizes may not. */
#define MASK_IGNORED IB_QP_PATH_MIG_STATE

static int hinic_ib_attr_check(const struct hinic_ib_dev *hdev, const struct hinic_ib_qp *qp,
			       const struct ib_qp_attr *attr, int mask)
{
	enum ib_qp_state cur = mask & IB_QP_CUR_STATE ? attr->cur_qp_state : qp->state;
	enum ib_qp_state next = mask & IB_QP_STATE ? attr->qp_state : cur;

	if (mask & ~(MASK_HW | MASK_IGNORED))
		return -EOPNOTSUPP;
	if (!ib_modify_qp_is_ok(cur, next, qp->ibqp.qp_type, mask & ~IB_QP_RATE_LIMIT))
		return -EINVAL;
	if ((mask & IB_QP_PORT) && attr->port_num != HINIC_IB_PORT)
		return -EINVAL;
	if ((mask & IB_QP_PKEY_INDEX) && attr->pkey_index)
		return -EINVAL;
	if ((mask & IB_QP_MAX_QP_RD_ATOMIC) &&
	    attr->max_rd_atomic > le16_to_cpu(hdev->limits->max_init_rd_atom))
		return -EINVAL;
	if ((mask & IB_QP_MAX_DEST_RD_ATOMIC) &&
	    attr->max_dest_rd_atomic > le16_to_cpu(hdev->limits->max_rd_atom))
		return -EINVAL;
	return 0;
}

static void hinic_ib_attr_fill(struct hinic_mb_modify_qp *in, const struct ib_qp_attr *attr,
			       int mask)
{
	memset(in, 0, sizeof(*in));
	in->mask = cpu_to_le32((u32)(mask & MASK_HW));
	if (mask & IB_QP_STATE)
		in->state = attr->qp_state;
	if (mask & IB_QP_CUR_STATE)
		in->cur_state = attr->cur_qp_state;
	if (mask & IB_QP_PATH_MTU)
		in->path_mtu = attr->path_mtu;
	if (mask & IB_QP_PORT)
		in->port = (u8)attr->port_num;
	if (mask & IB_QP_QKEY)
		in->qkey = cpu_to_le32(attr->qkey);
	if (mask & IB_QP_RQ_PSN)
		in->rq_psn = cpu_to_le32(attr->rq_psn & 0xffffff);
	if (mask & IB_QP_SQ_PSN)
		in->sq_psn = cpu_to_le32(attr->sq_psn & 0xffffff);
	if (mask & IB_QP_DEST_QPN)
		in->dest_qpn = cpu_to_le32(attr->dest_qp_num);
	if (mask & IB_QP_ACCESS_FLAGS)
		in->access = cpu_to_le32(hinic_ib_access(attr->qp_access_flags));
	if (mask & IB_QP_PKEY_INDEX)
		in->pkey_index = cpu_to_le16(attr->pkey_index);
	if (mask & IB_QP_TIMEOUT)
		in->timeout = attr->timeout;
	if (mask & IB_QP_RETRY_CNT)
		in->retry_cnt = attr->retry_cnt;
	if (mask & IB_QP_RNR_RETRY)
		in->rnr_retry = attr->rnr_retry;
	if (mask & IB_QP_MIN_RNR_TIMER)
		in->min_rnr_timer = attr->min_rnr_timer;
	if (mask & IB_QP_MAX_QP_RD_ATOMIC)
		in->max_rd_atomic = attr->max_rd_atomic;
	if (mask & IB_QP_MAX_DEST_RD_ATOMIC)
		in->max_dest_rd_atomic = attr->max_dest_rd_atomic;
	if (mask & IB_QP_EN_SQD_ASYNC_NOTIFY)
		in->sqd_notify = attr->en_sqd_async_notify;
	if (mask & IB_QP_RATE_LIMIT)
		in->rate_limit_kbps = cpu_to_le32(attr->rate_limit);
	if (mask & IB_QP_AV)
		hinic_ib_av_fill(&in->av, &attr->ah_attr);
}

/* modify_qp */
int hinic_ib_modify_qp(struct ib_qp *ibqp, struct ib_qp_attr *attr, int mask,
		       struct ib_udata *udata)
{
	struct hinic_ib_dev *hdev = hinic_ib_dev_of(ibqp->device);
	struct hinic_ib_qp *qp = hinic_ib_qp_of(ibqp);
	struct hinic_mb_modify_qp in;
	int err;

	mutex_lock(&qp->mutex);
	err = hinic_ib_attr_check(hdev, qp, attr, mask);
	if (err)
		goto out;
	hinic_ib_attr_fill(&in, attr, mask);
	err = hinic_ib_cmd_modify_qp(hdev, qp->qpn, &in);
	/* On a device that is down a QP can always go to an end state: its user is cleaning up. */
	if (err == -EIO && (mask & IB_QP_STATE) &&
	    (attr->qp_state == IB_QPS_ERR || attr->qp_state == IB_QPS_RESET))
		err = 0;
	if (err || !(mask & IB_QP_STATE))
		goto out;
	WRITE_ONCE(qp->state, attr->qp_state);
	if (attr->qp_state == IB_QPS_RESET)
		hinic_ib_qp_forget(qp);
out:
	mutex_unlock(&qp->mutex);
	return err;
}

/* query_qp */
int hinic_ib_query_qp(struct ib_qp *ibqp, struct ib_qp_attr *attr, int mask,
		      struct ib_qp_init_attr *init)
{
	struct hinic_ib_dev *hdev = hinic_ib_dev_of(ibqp->device);
	struct hinic_ib_qp *qp = hinic_ib_qp_of(ibqp);
	struct hinic_mb_modify_qp mb;
	int err;

	err = hinic_ib_cmd_query(hdev, HINIC_AQ_QUERY_QP, 0, qp->qpn, &mb, sizeof(mb));
	if (err)
		return err;
	memset(attr, 0, sizeof(*attr));
	attr->qp_state = mb.state;
	attr->cur_qp_state = mb.state;
	attr->path_mtu = mb.path_mtu;
	attr->path_mig_state = IB_MIG_MIGRATED;
	attr->qkey = le32_to_cpu(mb.qkey);
	attr->rq_psn = le32_to_cpu(mb.rq_psn);
	attr->sq_psn = le32_to_cpu(mb.sq_psn);
	attr->dest_qp_num = le32_to_cpu(mb.dest_qpn);
	attr->qp_access_flags = (int)le32_to_cpu(mb.access);
	attr->cap = qp->cap;
	attr->pkey_index = le16_to_cpu(mb.pkey_index);
	/* The answer to a query says here whether requests are still under way. */
	attr->sq_draining = mb.state == IB_QPS_SQD && mb.sqd_notify;
	attr->max_rd_atomic = mb.max_rd_atomic;
	attr->max_dest_rd_atomic = mb.max_dest_rd_atomic;
	attr->min_rnr_timer = mb.min_rnr_timer;
	attr->port_num = mb.port;
	attr->timeout = mb.timeout;
	attr->retry_cnt = mb.retry_cnt;
	attr->rnr_retry = mb.rnr_retry;
	attr->rate_limit = le32_to_cpu(mb.rate_limit_kbps);
	attr->ah_attr.type = RDMA_AH_ATTR_TYPE_ROCE;
	if (ibqp->qp_type == IB_QPT_RC || ibqp->qp_type == IB_QPT_UC)
		hinic_ib_av_read(&mb.av, &attr->ah_attr);

	init->event_handler = ibqp->event_handler;
	init->qp_context = ibqp->qp_context;
	init->send_cq = ibqp->send_cq;
	init->recv_cq = ibqp->recv_cq;
	init->srq = ibqp->srq;
	init->cap = qp->cap;
	init->sq_sig_type = qp->is_sig_all ? IB_SIGNAL_ALL_WR : IB_SIGNAL_REQ_WR;
	init->qp_type = ibqp->qp_type;
	init->port_num = HINIC_IB_PORT;
	return 0;
}

/* Groups of an Ethernet port have no LID, whatever the user says. */
static int hinic_ib_mcast(struct ib_qp *ibqp, u8 opcode, const union ib_gid *gid)
{
	struct hinic_inl_mc inl = {
		.qpn = cpu_to_le32(hinic_ib_qp_of(ibqp)->qpn),
	};

	memcpy(inl.mgid, gid->raw, sizeof(inl.mgid));
	return hinic_ib_cmd_inline(hinic_ib_dev_of(ibqp->device), opcode, HINIC_IB_PORT, &inl,
				   sizeof(inl), NULL);
}

/* attach_mcast */
int hinic_ib_attach_mcast(struct ib_qp *ibqp, union ib_gid *gid, u16 lid)
{
	return hinic_ib_mcast(ibqp, HINIC_AQ_ATTACH_MC, gid);
}

/* detach_mcast */
int hinic_ib_detach_mcast(struct ib_qp *ibqp, union ib_gid *gid, u16 lid)
{
	return hinic_ib_mcast(ibqp, HINIC_AQ_DETACH_MC, gid);
}
