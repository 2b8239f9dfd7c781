/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Commands to the kernel: structs of libibverbs with the private data of hinic-abi.h behind. */
#ifndef VDC_GUEST_KMODS_HINIC_PROVIDER_ABI_H
#define VDC_GUEST_KMODS_HINIC_PROVIDER_ABI_H

#include <infiniband/kern-abi.h>
#include <kernel-abi/hinic-abi.h>

#include "hinic-abi.h"

DECLARE_DRV_CMD(hinic_cmd_alloc_context, IB_USER_VERBS_CMD_GET_CONTEXT, empty,
		hinic_ib_alloc_ucontext_resp);
DECLARE_DRV_CMD(hinic_cmd_create_ah, IB_USER_VERBS_CMD_CREATE_AH, empty, hinic_ib_create_ah_resp);
DECLARE_DRV_CMD(hinic_cmd_create_cq, IB_USER_VERBS_EX_CMD_CREATE_CQ, hinic_ib_create_cq,
		hinic_ib_create_cq_resp);
DECLARE_DRV_CMD(hinic_cmd_resize_cq, IB_USER_VERBS_CMD_RESIZE_CQ, hinic_ib_resize_cq, empty);
DECLARE_DRV_CMD(hinic_cmd_create_srq, IB_USER_VERBS_CMD_CREATE_SRQ, hinic_ib_create_srq,
		hinic_ib_create_srq_resp);
DECLARE_DRV_CMD(hinic_cmd_create_qp, IB_USER_VERBS_CMD_CREATE_QP, hinic_ib_create_qp,
		hinic_ib_create_qp_resp);

#endif
