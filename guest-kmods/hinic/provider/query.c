// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// Attributes of device and port, and the clock.
#include <errno.h>
#include <stdio.h>

#include "hinic.h"

int hinic_query_device_ex(struct ibv_context *ibctx, const struct ibv_query_device_ex_input *input,
			  struct ibv_device_attr_ex *attr, size_t attr_size)
{
	struct ib_uverbs_ex_query_device_resp resp;
	size_t resp_size = sizeof(resp);
	uint64_t fw;
	int ret;

	ret = ibv_cmd_query_device_any(ibctx, input, attr, attr_size, &resp, &resp_size);
	if (ret)
		return ret;
	fw = resp.base.fw_ver;
	snprintf(attr->orig_attr.fw_ver, sizeof(attr->orig_attr.fw_ver), "%u.%u.%u",
		 (unsigned int)(fw >> 48), (unsigned int)(fw >> 32) & 0xffff, (unsigned int)fw);
	return 0;
}

int hinic_query_port(struct ibv_context *ibctx, uint8_t port, struct ibv_port_attr *attr)
{
	struct ibv_query_port cmd;

	return ibv_cmd_query_port(ibctx, port, attr, &cmd, sizeof(cmd));
}

/* The raw clock is a number of cycles, by convention in tv_nsec alone; here cycles are virtual ns. */
int hinic_query_rt_values(struct ibv_context *ibctx, struct ibv_values_ex *values)
{
	uint32_t mask = 0;

	if (values->comp_mask & IBV_VALUES_MASK_RAW_CLOCK) {
		values->raw_clock.tv_sec = 0;
		values->raw_clock.tv_nsec = (long)mmio_read64(to_hctx(ibctx)->clock);
		mask |= IBV_VALUES_MASK_RAW_CLOCK;
	}
	values->comp_mask = mask;
	return 0;
}
