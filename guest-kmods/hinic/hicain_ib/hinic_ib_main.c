// SPDX-License-Identifier: GPL-2.0
/* hicain_ib: RDMA driver of HiNIC, on the auxiliary device that hicain_net gives. */
#include <linux/module.h>

#include "hinic_ib.h"

static const struct ib_device_ops hinic_ib_ops = {
	.owner = THIS_MODULE,
	.driver_id = RDMA_DRIVER_UNKNOWN,
	.uverbs_abi_ver = HINIC_IB_ABI_VERSION,

	.add_gid = hinic_ib_add_gid,
	.alloc_hw_port_stats = hinic_ib_alloc_hw_port_stats,
	.alloc_mr = hinic_ib_alloc_mr,
	.alloc_mw = hinic_ib_alloc_mw,
	.alloc_pd = hinic_ib_alloc_pd,
	.alloc_ucontext = hinic_ib_alloc_ucontext,
	.attach_mcast = hinic_ib_attach_mcast,
	.create_ah = hinic_ib_create_ah,
	.create_cq = hinic_ib_create_cq,
	.create_qp = hinic_ib_create_qp,
	.create_srq = hinic_ib_create_srq,
	.create_user_ah = hinic_ib_create_ah,
	.dealloc_mw = hinic_ib_dealloc_mw,
	.dealloc_pd = hinic_ib_dealloc_pd,
	.dealloc_ucontext = hinic_ib_dealloc_ucontext,
	.del_gid = hinic_ib_del_gid,
	.dereg_mr = hinic_ib_dereg_mr,
	.destroy_ah = hinic_ib_destroy_ah,
	.destroy_cq = hinic_ib_destroy_cq,
	.destroy_qp = hinic_ib_destroy_qp,
	.destroy_srq = hinic_ib_destroy_srq,
	.detach_mcast = hinic_ib_detach_mcast,
	.disassociate_ucontext = hinic_ib_disassociate_ucontext,
	.fill_res_cq_entry = hinic_ib_fill_res_cq,
	.fill_res_mr_entry = hinic_ib_fill_res_mr,
	.fill_res_qp_entry = hinic_ib_fill_res_qp,
	.fill_res_srq_entry = hinic_ib_fill_res_srq,
	.get_dev_fw_str = hinic_ib_get_fw_str,
	.get_dma_mr = hinic_ib_get_dma_mr,
	.get_hw_stats = hinic_ib_get_hw_stats,
	.get_link_layer = hinic_ib_get_link_layer,
	.get_port_immutable = hinic_ib_get_port_immutable,
	.map_mr_sg = hinic_ib_map_mr_sg,
	.mmap = hinic_ib_mmap,
	.mmap_free = hinic_ib_mmap_free,
	.modify_cq = hinic_ib_modify_cq,
	.modify_device = hinic_ib_modify_device,
	.modify_qp = hinic_ib_modify_qp,
	.modify_srq = hinic_ib_modify_srq,
	.poll_cq = hinic_ib_poll_cq,
	.post_recv = hinic_ib_post_recv,
	.post_send = hinic_ib_post_send,
	.post_srq_recv = hinic_ib_post_srq_recv,
	.process_mad = hinic_ib_process_mad,
	.query_ah = hinic_ib_query_ah,
	.query_device = hinic_ib_query_device,
	.query_pkey = hinic_ib_query_pkey,
	.query_port = hinic_ib_query_port,
	.query_qp = hinic_ib_query_qp,
	.query_srq = hinic_ib_query_srq,
	.reg_user_mr = hinic_ib_reg_user_mr,
	.reg_user_mr_dmabuf = hinic_ib_reg_user_mr_dmabuf,
	.req_notify_cq = hinic_ib_req_notify_cq,
	.rereg_user_mr = hinic_ib_rereg_user_mr,
	.resize_cq = hinic_ib_resize_cq,

	INIT_RDMA_OBJ_SIZE(ib_ah, hinic_ib_ah, ibah),
	INIT_RDMA_OBJ_SIZE(ib_cq, hinic_ib_cq, ibcq),
	INIT_RDMA_OBJ_SIZE(ib_mw, hinic_ib_mw, ibmw),
	INIT_RDMA_OBJ_SIZE(ib_pd, hinic_ib_pd, ibpd),
	INIT_RDMA_OBJ_SIZE(ib_qp, hinic_ib_qp, ibqp),
	INIT_RDMA_OBJ_SIZE(ib_srq, hinic_ib_srq, ibsrq),
	INIT_RDMA_OBJ_SIZE(ib_ucontext, hinic_ib_ucontext, ibuc),
};

static void hinic_ib_setup(struct hinic_ib_dev *hdev, struct hinic_rdma *rdma)
{
	struct ib_device *ibdev = &hdev->ibdev;

	hdev->rdma = rdma;
	hdev->limits = &rdma->limits;
	xa_init_flags(&hdev->cqs, XA_FLAGS_LOCK_IRQ);
	xa_init_flags(&hdev->qps, XA_FLAGS_LOCK_IRQ);
	xa_init_flags(&hdev->srqs, XA_FLAGS_LOCK_IRQ);
	hinic_ib_events_init(hdev);

	ibdev->node_type = RDMA_NODE_IB_CA;
	ibdev->node_guid = cpu_to_be64(le64_to_cpu(rdma->limits.node_guid));
	ibdev->phys_port_cnt = 1;
	ibdev->local_dma_lkey = 0; /* bus addresses, for queues of the kernel */
	ibdev->dev.parent = &rdma->pdev->dev;
	snprintf(ibdev->node_desc, sizeof(ibdev->node_desc), "HiNIC node %u",
		 readl(rdma->regs + HINIC_R_NODE_ID));
	ib_set_device_ops(ibdev, &hinic_ib_ops);
}

static int hinic_ib_probe(struct auxiliary_device *adev, const struct auxiliary_device_id *id)
{
	struct hinic_rdma *rdma = hinic_rdma_of(adev);
	struct hinic_ib_dev *hdev;
	int err;

	if (readl(rdma->regs + HINIC_R_PORT(0) + HINIC_PORT_STATUS) & HINIC_PORT_STATUS_IB) {
		dev_err(&adev->dev, "%s drives Ethernet ports, this one is InfiniBand\n",
			HINIC_IB_NAME);
		return -EOPNOTSUPP;
	}
	hdev = ib_alloc_device(hinic_ib_dev, ibdev);
	if (!hdev)
		return -ENOMEM;
	hinic_ib_setup(hdev, rdma);
	err = hinic_ib_eqs_start(hdev);
	if (err) {
		dev_err(&adev->dev, "cannot make the completion event queues (%d)\n", err);
		goto err_device;
	}
	hdev->ibdev.num_comp_vectors = hdev->n_eqs;
	err = ib_device_set_netdev(&hdev->ibdev, rdma->netdev, HINIC_IB_PORT);
	if (err)
		goto err_eqs;
	hinic_rdma_attach(rdma, &hdev->client);
	err = ib_register_device(&hdev->ibdev, "hinic_%d", &rdma->pdev->dev);
	if (err) {
		dev_err(&adev->dev, "the RDMA core refuses the device (%d)\n", err);
		goto err_detach;
	}
	auxiliary_set_drvdata(adev, hdev);
	ibdev_info(&hdev->ibdev, "%u completion vectors, %u QPs\n", hdev->n_eqs,
		   le32_to_cpu(hdev->limits->max_qp));
	return 0;

err_detach:
	hinic_rdma_detach(rdma);
	hinic_ib_events_flush(hdev);
err_eqs:
	hinic_ib_eqs_stop(hdev);
err_device:
	ib_dealloc_device(&hdev->ibdev);
	return err;
}

/* The core takes all users away first, live or not; then nobody has an object of the device. */
static void hinic_ib_remove(struct auxiliary_device *adev)
{
	struct hinic_ib_dev *hdev = auxiliary_get_drvdata(adev);

	ib_unregister_device(&hdev->ibdev);
	hinic_rdma_detach(hdev->rdma);
	hinic_ib_events_flush(hdev);
	hinic_ib_eqs_stop(hdev);
	xa_destroy(&hdev->cqs);
	xa_destroy(&hdev->qps);
	xa_destroy(&hdev->srqs);
	ib_dealloc_device(&hdev->ibdev);
}

static const struct auxiliary_device_id hinic_ib_ids[] = {
	{ .name = "hicain_net." HINIC_RDMA_DEV_NAME }, {}
};
MODULE_DEVICE_TABLE(auxiliary, hinic_ib_ids);

static struct auxiliary_driver hinic_ib_driver = {
	.name = HINIC_IB_NAME,
	.id_table = hinic_ib_ids,
	.probe = hinic_ib_probe,
	.remove = hinic_ib_remove,
};
module_auxiliary_driver(hinic_ib_driver);

MODULE_DESCRIPTION("HiNIC RDMA driver");
MODULE_LICENSE("GPL");
MODULE_VERSION(__stringify(HINIC_SPEC_MAJOR) "." __stringify(HINIC_SPEC_MINOR));
