// SPDX-License-Identifier: GPL-2.0
/* hicain_net: PCI side and lifetime of a HiNIC device. */
#include <linux/dma-mapping.h>
#include <linux/etherdevice.h>
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/rtnetlink.h>

#include "hinic_net.h"

/*
 * Vector 0 is the device's; then n_eqs for completion queues of RDMA, kept free so that numbers do
 * not move when they come into use; then one per Ethernet queue pair. If there are too few, RDMA
 * loses first.
 */
static int hinic_net_alloc_vectors(struct hinic_net *hn)
{
	u32 limits = hinic_net_rd(hn, HINIC_R_LIMITS);
	u32 eth = hinic_net_rd(hn, HINIC_R_ETH_LIMITS);
	unsigned int n_eqs = 0, n_qps;
	int n;

	n_qps = clamp(HINIC_ETH_LIMITS_QPAIRS(eth), 1u, HINIC_NET_QPAIRS_MAX);
	if (hn->caps & (HINIC_CAP_ROCEV2 | HINIC_CAP_IB))
		n_eqs = min3(HINIC_ETH_LIMITS_EQS(eth), num_online_cpus(), HINIC_NET_EQS_MAX);
	n = pci_alloc_irq_vectors(hn->pdev, 2, min(1 + n_eqs + n_qps, HINIC_LIMITS_VECTORS(limits)),
				  PCI_IRQ_MSIX);
	if (n < 0)
		return n;
	hn->max_qps = (u16)min(n_qps, n - 1u);
	hn->n_eqs = (u16)(n - 1 - hn->max_qps);
	return 0;
}

static int hinic_net_map(struct hinic_net *hn)
{
	hn->regs = pci_iomap(hn->pdev, HINIC_BAR_REGS, HINIC_BAR0_SIZE);
	if (!hn->regs)
		return -ENOMEM;
	hn->db = pci_iomap_range(hn->pdev, HINIC_BAR_DB, 0, HINIC_UAR_SIZE);
	if (!hn->db) {
		pci_iounmap(hn->pdev, hn->regs);
		return -ENOMEM;
	}
	return 0;
}

static void hinic_net_unmap(struct hinic_net *hn)
{
	pci_iounmap(hn->pdev, hn->db);
	pci_iounmap(hn->pdev, hn->regs);
}

static void hinic_net_read_mac(struct hinic_net *hn)
{
	u64 mac = hinic_net_rd64(hn, HINIC_R_MAC);
	u8 addr[ETH_ALEN];

	u64_to_ether_addr(mac, addr);
	eth_hw_addr_set(hn->netdev, addr);
	ether_addr_copy(hn->netdev->perm_addr, addr);
}

static int hinic_net_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct net_device *netdev;
	struct hinic_net *hn;
	int err;

	err = pci_enable_device_mem(pdev);
	if (err)
		return err;
	err = pci_request_mem_regions(pdev, HINIC_NET_NAME);
	if (err)
		goto err_disable;

	netdev = alloc_etherdev_mq(sizeof(*hn), HINIC_NET_QPAIRS_MAX);
	if (!netdev) {
		err = -ENOMEM;
		goto err_regions;
	}
	SET_NETDEV_DEV(netdev, &pdev->dev);
	pci_set_drvdata(pdev, netdev);
	hn = netdev_priv(netdev);
	hn->pdev = pdev;
	hn->netdev = netdev;
	INIT_WORK(&hn->rx_mode_work, hinic_net_rx_mode_work);
	INIT_WORK(&hn->recover_work, hinic_net_recover_work);
	mutex_init(&hn->rdma_mutex);
	spin_lock_init(&hn->rdma_lock);

	err = hinic_net_map(hn);
	if (err)
		goto err_netdev;
	err = hinic_net_device_check(pdev, hn->regs);
	if (err)
		goto err_unmap;
	err = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (err)
		goto err_unmap;
	pci_set_master(pdev);

	hn->caps = hinic_net_rd64(hn, HINIC_R_CAPS);
	err = hinic_net_alloc_vectors(hn);
	if (err) {
		dev_err(&pdev->dev, "needs at least 2 MSI-X vectors (%d)\n", err);
		goto err_master;
	}
	hn->qp = kcalloc(hn->max_qps, sizeof(*hn->qp), GFP_KERNEL);
	if (!hn->qp) {
		err = -ENOMEM;
		goto err_vectors;
	}
	err = hinic_net_aq_alloc(hn);
	if (err)
		goto err_qp;
	err = hinic_net_aeq_alloc(hn);
	if (err)
		goto err_aq;
	hinic_net_read_mac(hn);
	hinic_net_netdev_setup(hn);
	err = request_irq(pci_irq_vector(pdev, 0), hinic_net_event_irq, 0, HINIC_NET_NAME, hn);
	if (err)
		goto err_aeq;
	err = hinic_net_device_up(hn);
	if (err)
		goto err_irq;

	netif_carrier_off(netdev);
	err = register_netdev(netdev);
	if (err)
		goto err_down;
	hinic_net_update_link(hn);
	netdev_info(netdev, "HiNIC spec %u.%u, node %u, %u of %u queue pairs, %pM\n",
		    hinic_net_rd(hn, HINIC_R_SPEC_VER) >> 16,
		    hinic_net_rd(hn, HINIC_R_SPEC_VER) & 0xffff, hinic_net_rd(hn, HINIC_R_NODE_ID),
		    hn->params.n_qps, hn->max_qps, netdev->dev_addr);
	hinic_net_rdma_add(hn);
	return 0;

err_down:
	hinic_net_device_down(hn);
err_irq:
	disable_work_sync(&hn->recover_work);
	free_irq(pci_irq_vector(pdev, 0), hn);
err_aeq:
	hinic_net_aeq_free(hn);
err_aq:
	hinic_net_aq_free(hn);
err_qp:
	kfree(hn->qp);
err_vectors:
	pci_free_irq_vectors(pdev);
err_master:
	pci_clear_master(pdev);
err_unmap:
	hinic_net_unmap(hn);
err_netdev:
	free_netdev(netdev);
err_regions:
	pci_release_mem_regions(pdev);
err_disable:
	pci_disable_device(pdev);
	return err;
}

static void hinic_net_remove(struct pci_dev *pdev)
{
	struct net_device *netdev = pci_get_drvdata(pdev);
	struct hinic_net *hn = netdev_priv(netdev);

	/* From here on a failure of the device is answered by going on without it. */
	disable_work_sync(&hn->recover_work);
	hinic_net_rdma_remove(hn, false);
	unregister_netdev(netdev);
	disable_work_sync(&hn->rx_mode_work);
	hinic_net_device_down(hn);
	free_irq(pci_irq_vector(pdev, 0), hn);
	hinic_net_aeq_free(hn);
	hinic_net_aq_free(hn);
	kfree(hn->qp);
	pci_free_irq_vectors(pdev);
	pci_clear_master(pdev);
	hinic_net_unmap(hn);
	free_netdev(netdev);
	pci_release_mem_regions(pdev);
	pci_disable_device(pdev);
}

/* Power-off and kexec: the next kernel must not find the device writing into its memory. */
static void hinic_net_shutdown(struct pci_dev *pdev)
{
	struct hinic_net *hn = netdev_priv(pci_get_drvdata(pdev));

	rtnl_lock();
	if (hn->is_live)
		hinic_net_halt(hn);
	pci_clear_master(pdev);
	rtnl_unlock();
}

static void hinic_net_reset_prepare(struct pci_dev *pdev)
{
	struct hinic_net *hn = netdev_priv(pci_get_drvdata(pdev));

	hinic_net_rdma_remove(hn, true);
	rtnl_lock();
	if (hn->is_live)
		hinic_net_halt(hn);
	rtnl_unlock();
}

static void hinic_net_reset_done(struct pci_dev *pdev)
{
	struct hinic_net *hn = netdev_priv(pci_get_drvdata(pdev));
	int err;

	rtnl_lock();
	err = hinic_net_restart(hn);
	if (err)
		netdev_err(hn->netdev, "set-up after a function reset failed (%d)\n", err);
	rtnl_unlock();
	if (!err)
		hinic_net_rdma_add(hn);
}

static const struct pci_error_handlers hinic_net_err_handler = {
	.reset_prepare = hinic_net_reset_prepare,
	.reset_done = hinic_net_reset_done,
};

static const struct pci_device_id hinic_net_pci_ids[] = {
	{ PCI_DEVICE(HINIC_PCI_VENDOR, HINIC_PCI_DEVICE) }, {}
};
MODULE_DEVICE_TABLE(pci, hinic_net_pci_ids);

static struct pci_driver hinic_net_driver = {
	.name = HINIC_NET_NAME,
	.id_table = hinic_net_pci_ids,
	.probe = hinic_net_probe,
	.remove = hinic_net_remove,
	.shutdown = hinic_net_shutdown,
	.err_handler = &hinic_net_err_handler,
};
module_pci_driver(hinic_net_driver);

MODULE_DESCRIPTION("HiNIC Ethernet driver");
MODULE_LICENSE("GPL");
MODULE_VERSION(HINIC_NET_VERSION);
