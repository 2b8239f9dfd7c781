// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// Address handles: the address vector that is copied into each datagram request.
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "abi.h"
#include "hinic.h"

static void fill_av(struct hinic_av *av, const struct ibv_ah_attr *attr,
		    const struct hinic_cmd_create_ah_resp *resp)
{
	av->port = attr->port_num;
	av->sl = attr->sl;
	av->path_bits = attr->src_path_bits;
	av->dlid = htole16(attr->dlid);
	av->rate = attr->static_rate;
	if (attr->is_global) {
		av->flags |= HINIC_AV_GRH;
		av->sgid_idx = attr->grh.sgid_index;
		av->hop = attr->grh.hop_limit;
		av->tclass = attr->grh.traffic_class;
		av->flow = htole32(attr->grh.flow_label);
		memcpy(av->dgid, attr->grh.dgid.raw, sizeof(av->dgid));
	}
	memcpy(av->dmac, resp->dmac, sizeof(av->dmac));
	av->vlan = htole16(resp->vlan);
	if (resp->vlan <= 0xfff)
		av->flags |= HINIC_AV_VLAN;
}

/* The kernel resolves the next hop; the answer of a port without one stays as it is set here. */
struct ibv_ah *hinic_create_ah(struct ibv_pd *ibpd, struct ibv_ah_attr *attr)
{
	struct hinic_cmd_create_ah_resp resp = { .vlan = 0xffff };
	struct hinic_ah *ah;

	ah = calloc(1, sizeof(*ah));
	if (!ah)
		return NULL;
	if (ibv_cmd_create_ah(ibpd, &ah->ah, attr, &resp.ibv_resp, sizeof(resp))) {
		free(ah);
		return NULL;
	}
	fill_av(&ah->av, attr, &resp);
	return &ah->ah;
}

int hinic_destroy_ah(struct ibv_ah *ibah)
{
	int ret = ibv_cmd_destroy_ah(ibah);

	if (ret)
		return ret;
	free(to_hah(ibah));
	return 0;
}
