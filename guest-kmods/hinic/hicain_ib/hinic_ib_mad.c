// SPDX-License-Identifier: GPL-2.0
/* Management datagrams that the device's performance agent answers. */
#include <linux/slab.h>
#include <rdma/ib_mad.h>

#include "hinic_ib.h"

/*
 * process_mad: also behind the files of counters/. What is not the agent's business is SUCCESS
 * without REPLY and goes on to whoever has registered for it, the connection manager first of all.
 */
int hinic_ib_process_mad(struct ib_device *ibdev, int flags, u32 port, const struct ib_wc *wc,
			 const struct ib_grh *grh, const struct ib_mad *in, struct ib_mad *out,
			 size_t *out_len, u16 *out_pkey_index)
{
	struct hinic_mb_mad *mb;
	int ret, err;

	if (in->mad_hdr.mgmt_class != IB_MGMT_CLASS_PERF_MGMT ||
	    (in->mad_hdr.method != IB_MGMT_METHOD_GET && in->mad_hdr.method != IB_MGMT_METHOD_SET))
		return IB_MAD_RESULT_SUCCESS;
	BUILD_BUG_ON(sizeof(*in) != sizeof(mb->mad));
	mb = kzalloc(sizeof(*mb), GFP_KERNEL);
	if (!mb)
		return IB_MAD_RESULT_FAILURE;
	mb->port = (u8)port;
	mb->flags = flags & IB_MAD_IGNORE_MKEY ? 1 : 0;
	if (wc) {
		mb->slid = cpu_to_le16((u16)wc->slid);
		mb->pkey_index = cpu_to_le16(wc->pkey_index);
		mb->src_qp = cpu_to_le32(wc->src_qp);
		mb->sl = wc->sl;
	}
	if (grh)
		memcpy(mb->grh, grh, sizeof(mb->grh));
	memcpy(mb->mad, in, sizeof(mb->mad));

	err = hinic_ib_cmd_mad(hinic_ib_dev_of(ibdev), mb, mb);
	/* The answer has the result where the request had the port. */
	ret = err ? IB_MAD_RESULT_FAILURE
		  : mb->port & (IB_MAD_RESULT_SUCCESS | IB_MAD_RESULT_REPLY);
	if (ret & IB_MAD_RESULT_REPLY)
		memcpy(out, mb->mad, sizeof(mb->mad));
	kfree(mb);
	return ret;
}
