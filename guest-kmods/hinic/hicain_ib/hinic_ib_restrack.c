// SPDX-License-Identifier: GPL-2.0
/* Numbers of the device in `rdma resource show ... -dd`, to compare with its own records. */
#include <net/netlink.h>
#include <rdma/rdma_netlink.h>
#include <rdma/restrack.h>

#include "hinic_ib.h"

struct hinic_ib_number {
	const char *name;
	u32 value;
};

static int hinic_ib_fill(struct sk_buff *msg, const struct hinic_ib_number *number, unsigned int n)
{
	struct nlattr *table = nla_nest_start(msg, RDMA_NLDEV_ATTR_DRIVER);
	unsigned int i;

	if (!table)
		return -EMSGSIZE;
	for (i = 0; i < n; i++) {
		if (rdma_nl_put_driver_u32(msg, number[i].name, number[i].value)) {
			nla_nest_cancel(msg, table);
			return -EMSGSIZE;
		}
	}
	nla_nest_end(msg, table);
	return 0;
}

/* fill_res_cq_entry */
int hinic_ib_fill_res_cq(struct sk_buff *msg, struct ib_cq *ibcq)
{
	struct hinic_ib_cq *cq = hinic_ib_cq_of(ibcq);
	const struct hinic_ib_number number[] = {
		{ "hw_cqn", cq->cqn },
		{ "log_cqe", cq->log_cqe },
		{ "eqn", cq->eq->eqn },
	};

	return hinic_ib_fill(msg, number, ARRAY_SIZE(number));
}

/* fill_res_qp_entry */
int hinic_ib_fill_res_qp(struct sk_buff *msg, struct ib_qp *ibqp)
{
	struct hinic_ib_qp *qp = hinic_ib_qp_of(ibqp);
	const struct hinic_ib_number number[] = {
		{ "hw_qpn", qp->qpn },
		{ "log_sq_bb", qp->sq.log_bb },
		{ "log_rq", qp->rq.log_wqe },
		{ "uar", qp->uar },
	};

	return hinic_ib_fill(msg, number, ARRAY_SIZE(number));
}

/* fill_res_mr_entry */
int hinic_ib_fill_res_mr(struct sk_buff *msg, struct ib_mr *ibmr)
{
	struct hinic_ib_mr *mr = hinic_ib_mr_of(ibmr);
	const struct hinic_ib_number number[] = {
		{ "hw_pages", le32_to_cpu(mr->pbl.hw.n) },
		{ "hw_log_page_size", mr->pbl.hw.log_pgsz },
		{ "hw_levels", mr->pbl.hw.levels },
	};

	return hinic_ib_fill(msg, number, ARRAY_SIZE(number));
}

/* fill_res_srq_entry */
int hinic_ib_fill_res_srq(struct sk_buff *msg, struct ib_srq *ibsrq)
{
	struct hinic_ib_srq *srq = hinic_ib_srq_of(ibsrq);
	const struct hinic_ib_number number[] = {
		{ "hw_srqn", srq->srqn },
		{ "log_wqe", srq->log_wqe },
	};

	return hinic_ib_fill(msg, number, ARRAY_SIZE(number));
}
