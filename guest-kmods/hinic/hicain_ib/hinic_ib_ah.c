// SPDX-License-Identifier: GPL-2.0
/* Address handles and address vectors. Handles live in the driver: the device has none. */
#include <rdma/ib_addr.h>
#include <rdma/ib_cache.h>

#include "hinic_ib.h"

#define VLAN_NONE 0xffff

/**
 * hinic_ib_av_fill() - the device's form of address attributes
 * @av: filled in
 * @attr: attributes; for RoCE with the next hop resolved
 */
void hinic_ib_av_fill(struct hinic_av *av, const struct rdma_ah_attr *attr)
{
	const struct ib_global_route *grh = rdma_ah_read_grh(attr);
	u16 vlan = VLAN_NONE;

	memset(av, 0, sizeof(*av));
	av->port = (u8)rdma_ah_get_port_num(attr);
	av->sl = rdma_ah_get_sl(attr);
	av->rate = rdma_ah_get_static_rate(attr);
	if (rdma_ah_get_ah_flags(attr) & IB_AH_GRH) {
		av->flags |= HINIC_AV_GRH;
		av->sgid_idx = grh->sgid_index;
		av->hop = grh->hop_limit;
		av->tclass = grh->traffic_class;
		av->flow = cpu_to_le32(grh->flow_label);
		memcpy(av->dgid, grh->dgid.raw, sizeof(av->dgid));
	}
	if (attr->type == RDMA_AH_ATTR_TYPE_ROCE) {
		memcpy(av->dmac, attr->roce.dmac, sizeof(av->dmac));
		if (grh->sgid_attr && !rdma_read_gid_l2_fields(grh->sgid_attr, &vlan, NULL) &&
		    vlan != VLAN_NONE)
			av->flags |= HINIC_AV_VLAN;
	} else {
		av->dlid = cpu_to_le16((u16)rdma_ah_get_dlid(attr));
		av->path_bits = rdma_ah_get_path_bits(attr);
	}
	av->vlan = cpu_to_le16(av->flags & HINIC_AV_VLAN ? vlan : VLAN_NONE);
}

/**
 * hinic_ib_av_read() - address attributes from the device's form
 * @av: from the device
 * @attr: filled in, with its type set
 */
void hinic_ib_av_read(const struct hinic_av *av, struct rdma_ah_attr *attr)
{
	union ib_gid dgid;

	rdma_ah_set_port_num(attr, av->port);
	rdma_ah_set_sl(attr, av->sl);
	rdma_ah_set_static_rate(attr, av->rate);
	if (av->flags & HINIC_AV_GRH) {
		memcpy(dgid.raw, av->dgid, sizeof(dgid.raw));
		rdma_ah_set_grh(attr, &dgid, le32_to_cpu(av->flow), av->sgid_idx, av->hop,
				av->tclass);
	}
	if (attr->type == RDMA_AH_ATTR_TYPE_ROCE) {
		memcpy(attr->roce.dmac, av->dmac, sizeof(av->dmac));
	} else {
		rdma_ah_set_dlid(attr, le16_to_cpu(av->dlid));
		rdma_ah_set_path_bits(attr, av->path_bits);
	}
}

/* create_ah, create_user_ah: the core has resolved the next hop; the provider is told it. */
int hinic_ib_create_ah(struct ib_ah *ibah, struct rdma_ah_init_attr *init, struct ib_udata *udata)
{
	struct hinic_ib_ah *ah = hinic_ib_ah_of(ibah);
	struct hinic_ib_create_ah_resp resp = {};

	if (init->ah_attr->type == RDMA_AH_ATTR_TYPE_ROCE &&
	    !(rdma_ah_get_ah_flags(init->ah_attr) & IB_AH_GRH))
		return -EINVAL;
	hinic_ib_av_fill(&ah->av, init->ah_attr);
	ah->attr = *init->ah_attr;
	ah->attr.grh.sgid_attr = NULL; /* belongs to the caller; ib_ah holds its own */
	if (!udata || !udata->outlen)
		return 0;
	memcpy(resp.dmac, ah->av.dmac, sizeof(resp.dmac));
	resp.vlan = le16_to_cpu(ah->av.vlan);
	return hinic_ib_udata_out(udata, &resp, sizeof(resp));
}

/* query_ah */
int hinic_ib_query_ah(struct ib_ah *ibah, struct rdma_ah_attr *attr)
{
	*attr = hinic_ib_ah_of(ibah)->attr;
	return 0;
}

/* destroy_ah: any context */
int hinic_ib_destroy_ah(struct ib_ah *ibah, u32 flags)
{
	return 0;
}
