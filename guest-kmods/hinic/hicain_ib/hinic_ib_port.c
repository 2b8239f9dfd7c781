// SPDX-License-Identifier: GPL-2.0
/* The port: state, capabilities, GID and P_Key tables. */
#include <rdma/ib_addr.h>
#include <rdma/ib_cache.h>
#include <rdma/ib_mad.h>

#include "hinic_ib.h"

#define VLAN_NONE 0xffff

/* Nearest names the core has for a rate. */
static void hinic_ib_speed(u32 mbps, struct ib_port_attr *attr)
{
	static const struct {
		u32 mbps;
		u16 speed;
		u8 width;
	} rate[] = {
		{ 2500, IB_SPEED_SDR, IB_WIDTH_1X },	{ 5000, IB_SPEED_DDR, IB_WIDTH_1X },
		{ 10000, IB_SPEED_FDR10, IB_WIDTH_1X }, { 14000, IB_SPEED_FDR, IB_WIDTH_1X },
		{ 25000, IB_SPEED_EDR, IB_WIDTH_1X },	{ 40000, IB_SPEED_FDR10, IB_WIDTH_4X },
		{ 56000, IB_SPEED_HDR, IB_WIDTH_1X },	{ 100000, IB_SPEED_EDR, IB_WIDTH_4X },
		{ 200000, IB_SPEED_HDR, IB_WIDTH_4X },	{ 400000, IB_SPEED_NDR, IB_WIDTH_4X },
		{ 800000, IB_SPEED_XDR, IB_WIDTH_4X },
	};
	unsigned int i = 0;

	while (i < ARRAY_SIZE(rate) - 1 && mbps > rate[i].mbps)
		i++;
	attr->active_speed = rate[i].speed;
	attr->active_width = rate[i].width;
}

/* query_port */
int hinic_ib_query_port(struct ib_device *ibdev, u32 port, struct ib_port_attr *attr)
{
	struct hinic_ib_dev *hdev = hinic_ib_dev_of(ibdev);
	struct hinic_mb_query_port mb;
	u32 mtu;
	int err;

	err = hinic_ib_cmd_query(hdev, HINIC_AQ_QUERY_PORT, (u8)port, 0, &mb, sizeof(mb));
	if (err)
		return err;
	mtu = READ_ONCE(hdev->rdma->netdev->mtu);
	attr->state = mb.state == HINIC_PORT_ACTIVE ? IB_PORT_ACTIVE : IB_PORT_DOWN;
	attr->phys_state = mb.phys == HINIC_PHYS_LINK_UP ? IB_PORT_PHYS_STATE_LINK_UP
							 : IB_PORT_PHYS_STATE_POLLING;
	attr->max_mtu = mb.max_mtu;
	/* Headers of a packet come out of the interface's MTU. */
	attr->active_mtu = min_t(u8, mb.max_mtu, iboe_get_mtu((int)mtu));
	attr->phys_mtu = mtu;
	attr->gid_tbl_len = le16_to_cpu(hdev->limits->max_gids);
	attr->ip_gids = true;
	attr->port_cap_flags = IB_PORT_CM_SUP;
	attr->max_msg_sz = (u32)min_t(u64, le64_to_cpu(hdev->limits->max_msg), U32_MAX);
	attr->pkey_tbl_len = 1;
	attr->bad_pkey_cntr = le32_to_cpu(mb.pkey_violations);
	attr->qkey_viol_cntr = le32_to_cpu(mb.qkey_violations);
	attr->max_vl_num = 1;
	hinic_ib_speed(le32_to_cpu(mb.mbps), attr);
	return 0;
}

/* get_port_immutable */
int hinic_ib_get_port_immutable(struct ib_device *ibdev, u32 port,
				struct ib_port_immutable *immutable)
{
	struct hinic_ib_dev *hdev = hinic_ib_dev_of(ibdev);

	immutable->core_cap_flags = RDMA_CORE_PORT_IBA_ROCE_UDP_ENCAP;
	immutable->gid_tbl_len = le16_to_cpu(hdev->limits->max_gids);
	immutable->pkey_tbl_len = 1;
	immutable->max_mad_size = IB_MGMT_MAD_SIZE;
	return 0;
}

/* get_link_layer */
enum rdma_link_layer hinic_ib_get_link_layer(struct ib_device *ibdev, u32 port)
{
	return IB_LINK_LAYER_ETHERNET;
}

/* query_pkey: a RoCE port has the default partition only */
int hinic_ib_query_pkey(struct ib_device *ibdev, u32 port, u16 index, u16 *pkey)
{
	if (index)
		return -EINVAL;
	*pkey = IB_DEFAULT_PKEY_FULL;
	return 0;
}

/* add_gid: the core follows the addresses of the netdev */
int hinic_ib_add_gid(const struct ib_gid_attr *attr, void **context)
{
	struct hinic_inl_gid inl = {
		.index = cpu_to_le16(attr->index),
		.type = HINIC_GID_ROCE_V2,
	};
	u16 vlan = VLAN_NONE;
	int err;

	if (attr->gid_type != IB_GID_TYPE_ROCE_UDP_ENCAP)
		return -EOPNOTSUPP;
	err = rdma_read_gid_l2_fields(attr, &vlan, inl.mac);
	if (err)
		return err;
	inl.vlan = cpu_to_le16(vlan);
	memcpy(inl.gid, attr->gid.raw, sizeof(inl.gid));
	return hinic_ib_cmd_inline(hinic_ib_dev_of(attr->device), HINIC_AQ_SET_GID,
				   (u8)attr->port_num, &inl, sizeof(inl), NULL);
}

/* del_gid */
int hinic_ib_del_gid(const struct ib_gid_attr *attr, void **context)
{
	struct hinic_inl_gid inl = { .index = cpu_to_le16(attr->index) };

	return hinic_ib_cmd_inline(hinic_ib_dev_of(attr->device), HINIC_AQ_DEL_GID,
				   (u8)attr->port_num, &inl, sizeof(inl), NULL);
}
