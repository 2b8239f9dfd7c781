// SPDX-License-Identifier: GPL-2.0
/* What the device says of itself. */
#include "hinic_ib.h"

#define CLOCK_KHZ    1000000 /* completion timestamps are ns of virtual time */
#define ACK_DELAY    8	     /* 4.096 us * 2^8: far above what the device needs */
#define MAX_MR_BYTES BIT_ULL(47)

/* query_device */
int hinic_ib_query_device(struct ib_device *ibdev, struct ib_device_attr *attr,
			  struct ib_udata *udata)
{
	struct hinic_ib_dev *hdev = hinic_ib_dev_of(ibdev);
	const struct hinic_mb_query_dev *lim = hdev->limits;

	if (udata && (udata->inlen || udata->outlen))
		return -EINVAL;
	memset(attr, 0, sizeof(*attr));
	attr->fw_ver = readq(hdev->rdma->regs + HINIC_R_FW_VER);
	attr->sys_image_guid = cpu_to_be64(le64_to_cpu(lim->system_guid));
	attr->max_mr_size = MAX_MR_BYTES;
	attr->page_size_cap = le64_to_cpu(lim->page_caps);
	attr->vendor_id = HINIC_VENDOR_OUI;
	attr->vendor_part_id = hdev->rdma->pdev->device;
	attr->hw_ver = hdev->rdma->pdev->revision;
	attr->max_qp = (int)le32_to_cpu(lim->max_qp);
	attr->max_qp_wr = (int)le32_to_cpu(lim->max_qp_wr);
	attr->device_cap_flags = IB_DEVICE_BAD_PKEY_CNTR | IB_DEVICE_BAD_QKEY_CNTR |
				 IB_DEVICE_CURR_QP_STATE_MOD | IB_DEVICE_PORT_ACTIVE_EVENT |
				 IB_DEVICE_SYS_IMAGE_GUID | IB_DEVICE_RC_RNR_NAK_GEN;
	if (hinic_ib_can(hdev, HINIC_CAP_FRWR))
		attr->device_cap_flags |= IB_DEVICE_MEM_MGT_EXTENSIONS;
	if (hinic_ib_can(hdev, HINIC_CAP_MW))
		attr->device_cap_flags |= IB_DEVICE_MEM_WINDOW | IB_DEVICE_MEM_WINDOW_TYPE_2B;
	if (hinic_ib_can(hdev, HINIC_CAP_FLUSH))
		attr->device_cap_flags |= IB_DEVICE_FLUSH_GLOBAL | IB_DEVICE_FLUSH_PERSISTENT;
	if (hinic_ib_can(hdev, HINIC_CAP_ATOMIC_WRITE))
		attr->device_cap_flags |= IB_DEVICE_ATOMIC_WRITE;
	attr->kernel_cap_flags = IBK_LOCAL_DMA_LKEY;
	attr->max_send_sge = le16_to_cpu(lim->max_sge);
	attr->max_recv_sge = le16_to_cpu(lim->max_sge);
	attr->max_sge_rd = le16_to_cpu(lim->max_sge);
	attr->max_cq = (int)le32_to_cpu(lim->max_cq);
	attr->max_cqe = (int)le32_to_cpu(lim->max_cqe);
	attr->max_mr = (int)le32_to_cpu(lim->max_mr);
	attr->max_pd = (int)le32_to_cpu(lim->max_pd);
	attr->max_qp_rd_atom = le16_to_cpu(lim->max_rd_atom);
	attr->max_qp_init_rd_atom = le16_to_cpu(lim->max_init_rd_atom);
	attr->max_res_rd_atom = attr->max_qp_rd_atom * attr->max_qp;
	attr->atomic_cap = hinic_ib_can(hdev, HINIC_CAP_ATOMIC) ? IB_ATOMIC_HCA : IB_ATOMIC_NONE;
	attr->max_mw = hinic_ib_can(hdev, HINIC_CAP_MW) ? (int)le32_to_cpu(lim->max_mw) : 0;
	attr->max_mcast_grp = le16_to_cpu(lim->max_mc_groups);
	attr->max_mcast_qp_attach = le16_to_cpu(lim->max_mc_qps);
	attr->max_total_mcast_qp_attach = attr->max_mcast_grp * attr->max_mcast_qp_attach;
	attr->max_ah = HINIC_IB_AH_MAX;
	if (hinic_ib_can(hdev, HINIC_CAP_SRQ)) {
		attr->max_srq = (int)le32_to_cpu(lim->max_srq);
		/* One entry of the free list is never in use. */
		attr->max_srq_wr = (int)le32_to_cpu(lim->max_srq_wr) - 1;
		attr->max_srq_sge = le16_to_cpu(lim->max_sge);
	}
	attr->max_fast_reg_page_list_len = HINIC_IB_FRWR_PAGES;
	attr->max_pkeys = 1;
	attr->local_ca_ack_delay = ACK_DELAY;
	if (hinic_ib_can(hdev, HINIC_CAP_TS_CQE)) {
		attr->timestamp_mask = U64_MAX;
		attr->hca_core_clock = CLOCK_KHZ;
	}
	attr->cq_caps.max_cq_moderation_count = U16_MAX;
	attr->cq_caps.max_cq_moderation_period = U16_MAX;
	return 0;
}

/* modify_device: the node description, which the core shows */
int hinic_ib_modify_device(struct ib_device *ibdev, int mask, struct ib_device_modify *modify)
{
	if (mask & ~IB_DEVICE_MODIFY_NODE_DESC)
		return -EOPNOTSUPP;
	if (mask & IB_DEVICE_MODIFY_NODE_DESC)
		memcpy(ibdev->node_desc, modify->node_desc, sizeof(ibdev->node_desc));
	return 0;
}

/* get_dev_fw_str */
void hinic_ib_get_fw_str(struct ib_device *ibdev, char *str)
{
	struct hinic_ib_dev *hdev = hinic_ib_dev_of(ibdev);
	u64 ver = readq(hdev->rdma->regs + HINIC_R_FW_VER);

	snprintf(str, IB_FW_VERSION_NAME_MAX, "%u.%u.%u", (u32)(ver >> 48),
		 (u32)(ver >> 32) & 0xffff, (u32)ver);
}
