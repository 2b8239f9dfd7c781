// SPDX-License-Identifier: GPL-2.0
/* Brings the device up, takes it down and recovers it by reset. */
#include <linux/interrupt.h>
#include <linux/iopoll.h>
#include <linux/rtnetlink.h>

#include "hinic_net.h"

#define HINIC_NET_TEST_WORD 0x5aa5c33cu

/**
 * hinic_net_device_check() - see that the registers are those of a device this module can drive
 * @pdev: for messages
 * @regs: BAR0
 *
 * Return: 0 or -ENODEV.
 */
int hinic_net_device_check(struct pci_dev *pdev, void __iomem *regs)
{
	u32 magic = readl(regs + HINIC_R_MAGIC);
	u32 ver = readl(regs + HINIC_R_SPEC_VER);
	u32 test;

	if (magic != HINIC_MAGIC) {
		dev_err(&pdev->dev, "%s: MAGIC reads 0x%08x instead of 0x%08x\n", HINIC_NET_NAME,
			magic, HINIC_MAGIC);
		return -ENODEV;
	}
	if (ver >> 16 != HINIC_SPEC_MAJOR) {
		dev_err(&pdev->dev,
			"%s: device speaks HiNIC spec %u.%u, this module %u.x: update the module\n",
			HINIC_NET_NAME, ver >> 16, ver & 0xffff, HINIC_SPEC_MAJOR);
		return -ENODEV;
	}
	writel(HINIC_NET_TEST_WORD, regs + HINIC_R_TEST);
	test = readl(regs + HINIC_R_TEST);
	if (test != ~HINIC_NET_TEST_WORD) {
		dev_err(&pdev->dev, "%s: TEST reads 0x%08x instead of 0x%08x\n", HINIC_NET_NAME,
			test, ~HINIC_NET_TEST_WORD);
		return -ENODEV;
	}
	return 0;
}

/**
 * hinic_net_device_reset() - stop the device at this instant and end all commands
 * @hn: device
 *
 * Any context. When it returns, the device makes no further DMA and no interrupt.
 */
void hinic_net_device_reset(struct hinic_net *hn)
{
	hinic_net_wr(hn, HINIC_R_DEV_CTRL, HINIC_DEV_CTRL_RESET);
	hinic_net_rd(hn, HINIC_R_DEV_STATUS); /* the posted write has arrived when this returns */
	hinic_net_aq_abort(hn);
}

/* Settings that a reset has cleared and that do not depend on queues. */
static int hinic_net_device_configure(struct hinic_net *hn)
{
	unsigned int vid;
	int err;

	err = hinic_net_cmd_set_mtu(hn, hn->params.mtu);
	if (err)
		return err;
	err = hinic_net_cmd_set_offload(hn, hinic_net_offload_flags(hn->netdev->features));
	if (err)
		return err;
	err = hinic_net_cmd_set_mac(hn, hn->netdev->dev_addr);
	if (err)
		return err;
	for_each_set_bit(vid, hn->vlans, VLAN_N_VID) {
		err = hinic_net_cmd_set_vlan(hn, (u16)vid, true);
		if (err)
			return err;
	}
	return 0;
}

/**
 * hinic_net_device_up() - reset the device and make it take commands and report events
 * @hn: device, down, with its admin memory allocated and vector 0 requested
 *
 * May sleep. RTNL, or not registered yet.
 *
 * Return: 0, or a negative errno with the device reset.
 */
int hinic_net_device_up(struct hinic_net *hn)
{
	u32 status;
	int err;

	hinic_net_device_reset(hn);
	err = read_poll_timeout(hinic_net_rd, status, status & HINIC_DEV_STATUS_RESET_DONE, 100,
				5 * USEC_PER_SEC, false, hn, HINIC_R_DEV_STATUS);
	if (err) {
		dev_err(&hn->pdev->dev, "reset does not end, device status 0x%x\n", status);
		return err;
	}
	synchronize_irq(pci_irq_vector(hn->pdev, 0));

	hinic_net_aq_reset(hn);
	hinic_net_aeq_reset(hn);
	hinic_net_wr(hn, HINIC_R_DEV_CTRL, HINIC_DEV_CTRL_ENABLE);
	status = hinic_net_rd(hn, HINIC_R_DEV_STATUS);
	if (!(status & HINIC_DEV_STATUS_READY)) {
		dev_err(&hn->pdev->dev, "device does not become ready, device status 0x%x\n",
			status);
		err = -EIO;
		goto err_reset;
	}
	hinic_net_aq_open(hn);
	hinic_net_aeq_arm(hn);

	err = hinic_net_cmd_query_dev(hn, &hn->limits);
	if (err)
		goto err_reset;
	err = hinic_net_device_configure(hn);
	if (err)
		goto err_reset;
	hn->is_live = true;
	return 0;

err_reset:
	hinic_net_device_reset(hn);
	return err;
}

/**
 * hinic_net_device_down() - reset the device and wait for the handler of vector 0
 * @hn: device, with no queue
 */
void hinic_net_device_down(struct hinic_net *hn)
{
	hn->is_live = false;
	hinic_net_device_reset(hn);
	synchronize_irq(pci_irq_vector(hn->pdev, 0));
}

/**
 * hinic_net_halt() - detach the netdev and take the device down under it
 * @hn: device; traffic may be in flight
 *
 * RTNL.
 */
void hinic_net_halt(struct hinic_net *hn)
{
	ASSERT_RTNL();
	netif_device_detach(hn->netdev);
	/* Before the queues go: what follows needs no answers of the device. */
	hinic_net_device_reset(hn);
	if (hn->is_open)
		hinic_net_queues_stop(hn);
	hinic_net_device_down(hn);
}

/**
 * hinic_net_restart() - undo hinic_net_halt()
 * @hn: device
 *
 * RTNL. May sleep.
 *
 * Return: 0, or a negative errno with the netdev still detached.
 */
int hinic_net_restart(struct hinic_net *hn)
{
	struct net_device *netdev = hn->netdev;
	int err;

	ASSERT_RTNL();
	err = hinic_net_device_up(hn);
	if (err)
		goto err_carrier;
	if (netif_running(netdev)) {
		err = hinic_net_queues_start(hn);
		if (err)
			goto err_down;
		err = hinic_net_apply_rx_mode(hn, netdev->features);
		if (err)
			goto err_queues;
	}
	netif_device_attach(netdev);
	hinic_net_update_link(hn);
	return 0;

err_queues:
	hinic_net_queues_stop(hn);
err_down:
	hinic_net_device_down(hn);
err_carrier:
	netif_carrier_off(netdev);
	return err;
}

/**
 * hinic_net_recover_work() - reset a device that failed and set it up as it was
 * @work: recover_work of a struct hinic_net
 */
void hinic_net_recover_work(struct work_struct *work)
{
	struct hinic_net *hn = container_of(work, struct hinic_net, recover_work);
	u32 status;
	int err = -ENODEV;

	hinic_net_rdma_remove(hn, true);
	rtnl_lock();
	/*
	 * Down already: between the two halves of a function reset, or a recovery that did not
	 * succeed.
	 */
	if (hn->netdev->reg_state != NETREG_REGISTERED || !hn->is_live)
		goto out;
	status = hinic_net_rd(hn, HINIC_R_DEV_STATUS);
	if (status & HINIC_DEV_STATUS_FATAL)
		netdev_err(hn->netdev, "device fatal, code %u: resetting\n",
			   HINIC_DEV_STATUS_CODE(status));
	hinic_net_halt(hn);
	err = hinic_net_restart(hn);
	if (err)
		netdev_err(hn->netdev, "recovery failed (%d); the interface stays detached\n", err);
	else
		netdev_info(hn->netdev, "recovered by reset\n");
out:
	rtnl_unlock();
	if (!err)
		hinic_net_rdma_add(hn);
}

/**
 * hinic_net_request_recovery() - have the device reset and set up again soon
 * @hn: device
 *
 * Any context.
 */
void hinic_net_request_recovery(struct hinic_net *hn)
{
	schedule_work(&hn->recover_work);
}
