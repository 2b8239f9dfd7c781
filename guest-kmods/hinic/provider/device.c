// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// The provider as libibverbs sees it: matching of devices, contexts and the table of verbs.
#include <stdlib.h>
#include <sys/mman.h>

#include "abi.h"
#include "hinic.h"

static void hinic_free_context(struct ibv_context *ibctx)
{
	struct hinic_context *ctx = to_hctx(ibctx);

	munmap((void *)ctx->clock, HINIC_UAR_SIZE);
	munmap(ctx->uar, HINIC_UAR_SIZE);
	hinic_qp_table_free(ctx);
	pthread_mutex_destroy(&ctx->qp_mutex);
	verbs_uninit_context(&ctx->vctx);
	free(ctx);
}

static const struct verbs_context_ops hinic_ops = {
	.alloc_mw = hinic_alloc_mw,
	.alloc_parent_domain = hinic_alloc_parent_domain,
	.alloc_pd = hinic_alloc_pd,
	.alloc_td = hinic_alloc_td,
	.attach_mcast = ibv_cmd_attach_mcast,
	.bind_mw = hinic_bind_mw,
	.cq_event = hinic_cq_event,
	.create_ah = hinic_create_ah,
	.create_cq = hinic_create_cq,
	.create_cq_ex = hinic_create_cq_ex,
	.create_qp = hinic_create_qp,
	.create_qp_ex = hinic_create_qp_ex,
	.create_srq = hinic_create_srq,
	.create_srq_ex = hinic_create_srq_ex,
	.dealloc_mw = hinic_dealloc_mw,
	.dealloc_pd = hinic_dealloc_pd,
	.dealloc_td = hinic_dealloc_td,
	.dereg_mr = hinic_dereg_mr,
	.destroy_ah = hinic_destroy_ah,
	.destroy_cq = hinic_destroy_cq,
	.destroy_qp = hinic_destroy_qp,
	.destroy_srq = hinic_destroy_srq,
	.detach_mcast = ibv_cmd_detach_mcast,
	.free_context = hinic_free_context,
	.get_srq_num = hinic_get_srq_num,
	.modify_cq = hinic_modify_cq,
	.modify_qp = hinic_modify_qp,
	.modify_srq = hinic_modify_srq,
	.poll_cq = hinic_poll_cq,
	.post_recv = hinic_post_recv,
	.post_send = hinic_post_send,
	.post_srq_recv = hinic_post_srq_recv,
	.query_device_ex = hinic_query_device_ex,
	.query_port = hinic_query_port,
	.query_qp = hinic_query_qp,
	.query_rt_values = hinic_query_rt_values,
	.query_srq = hinic_query_srq,
	.reg_dmabuf_mr = hinic_reg_dmabuf_mr,
	.reg_mr = hinic_reg_mr,
	.req_notify_cq = hinic_req_notify_cq,
	.rereg_mr = hinic_rereg_mr,
	.resize_cq = hinic_resize_cq,
};

static struct verbs_context *hinic_alloc_context(struct ibv_device *ibdev, int cmd_fd,
						 void *private_data)
{
	struct hinic_cmd_alloc_context_resp resp = {};
	struct hinic_cmd_alloc_context cmd = {};
	struct ib_uverbs_ex_query_device_resp dev;
	struct ibv_device_attr_ex attr = {};
	size_t dev_size = sizeof(dev);
	struct hinic_context *ctx;
	void *map;

	(void)private_data; /* of other providers' direct interfaces */
	ctx = verbs_init_and_alloc_context(ibdev, cmd_fd, ctx, vctx, RDMA_DRIVER_UNKNOWN);
	if (!ctx)
		return NULL;
	pthread_mutex_init(&ctx->qp_mutex, NULL);

	if (ibv_cmd_get_context(&ctx->vctx, &cmd.ibv_cmd, sizeof(cmd), &resp.ibv_resp,
				sizeof(resp)))
		goto err_context;
	ctx->caps = resp.caps;
	ctx->max_inline = resp.max_inline;

	if (ibv_cmd_query_device_any(&ctx->vctx.context, NULL, &attr, sizeof(attr), &dev,
				     &dev_size))
		goto err_context;
	ctx->max_cqe = (uint32_t)attr.orig_attr.max_cqe;

	map = mmap(NULL, HINIC_UAR_SIZE, PROT_WRITE, MAP_SHARED, cmd_fd, (off_t)resp.uar_mmap_off);
	if (map == MAP_FAILED)
		goto err_context;
	ctx->uar = map;

	map = mmap(NULL, HINIC_UAR_SIZE, PROT_READ, MAP_SHARED, cmd_fd, (off_t)resp.clock_mmap_off);
	if (map == MAP_FAILED)
		goto err_uar;
	ctx->clock = map;

	verbs_set_ops(&ctx->vctx, &hinic_ops);
	return &ctx->vctx;

err_uar:
	munmap(ctx->uar, HINIC_UAR_SIZE);
err_context:
	pthread_mutex_destroy(&ctx->qp_mutex);
	verbs_uninit_context(&ctx->vctx);
	free(ctx);
	return NULL;
}

static struct verbs_device *hinic_alloc_device(struct verbs_sysfs_dev *sysfs_dev)
{
	(void)sysfs_dev; /* one kind of device */
	return calloc(1, sizeof(struct verbs_device));
}

static void hinic_uninit_device(struct verbs_device *vdev)
{
	free(vdev);
}

/* The name is for probes without a PCI device; the kernel driver has no number of its own. */
static const struct verbs_match_ent hinic_match[] = {
	VERBS_PCI_MATCH(HINIC_PCI_VENDOR, HINIC_PCI_DEVICE, NULL),
	VERBS_PCI_MATCH(HINIC_PCI_VENDOR, HINIC_PCI_DEVICE_VF, NULL),
	VERBS_NAME_MATCH("hinic_", NULL),
	{},
};

static const struct verbs_device_ops hinic_device_ops = {
	.name = "hinic",
	.match_min_abi_version = HINIC_IB_ABI_VERSION,
	.match_max_abi_version = HINIC_IB_ABI_VERSION,
	.match_table = hinic_match,
	.alloc_device = hinic_alloc_device,
	.uninit_device = hinic_uninit_device,
	.alloc_context = hinic_alloc_context,
};

static __attribute__((constructor)) void hinic_register(void)
{
	if (hinic_release_matches())
		verbs_register_driver(&hinic_device_ops);
}
