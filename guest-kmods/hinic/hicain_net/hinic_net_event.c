// SPDX-License-Identifier: GPL-2.0
/* Vector 0: answers of the admin queue, asynchronous events, link state. */
#include <linux/dma-mapping.h>
#include <linux/interrupt.h>

#include "hinic_net.h"

/**
 * hinic_net_aeq_alloc() - allocate the ring of asynchronous events
 * @hn: device
 *
 * Return: 0 or -ENOMEM.
 */
int hinic_net_aeq_alloc(struct hinic_net *hn)
{
	BUILD_BUG_ON(HINIC_NET_AEQ_DEPTH * sizeof(struct hinic_eqe) > HINIC_PAGE_SIZE);
	spin_lock_init(&hn->link_lock);
	hn->aeq.ring = dma_alloc_coherent(&hn->pdev->dev, HINIC_PAGE_SIZE, &hn->aeq.dma,
					  GFP_KERNEL);
	return hn->aeq.ring ? 0 : -ENOMEM;
}

/**
 * hinic_net_aeq_free() - free the ring of asynchronous events
 * @hn: device, reset
 */
void hinic_net_aeq_free(struct hinic_net *hn)
{
	dma_free_coherent(&hn->pdev->dev, HINIC_PAGE_SIZE, hn->aeq.ring, hn->aeq.dma);
}

/**
 * hinic_net_aeq_reset() - empty the ring and write its place into the registers
 * @hn: device, reset and not enabled, with the interrupt of vector 0 quiet
 */
void hinic_net_aeq_reset(struct hinic_net *hn)
{
	memset(hn->aeq.ring, 0, HINIC_PAGE_SIZE);
	hn->aeq.ci = 0;
	hinic_net_wr64(hn, HINIC_R_AEQ_BASE, hn->aeq.dma);
	hinic_net_wr(hn, HINIC_R_AEQ_DEPTH, HINIC_NET_AEQ_LOG);
}

/**
 * hinic_net_aeq_arm() - ask for an interrupt at the next event; free the slots of those read
 * @hn: device, enabled
 */
void hinic_net_aeq_arm(struct hinic_net *hn)
{
	hinic_net_wr(hn, HINIC_R_AEQ_CI, (hn->aeq.ci & 0xffffff) | HINIC_AEQ_CI_ARM);
}

/**
 * hinic_net_update_link() - set the carrier to what the port says
 * @hn: device
 *
 * Any context. A netdev that is not registered yet keeps its carrier.
 */
void hinic_net_update_link(struct hinic_net *hn)
{
	struct net_device *netdev = hn->netdev;
	unsigned long flags;
	bool is_up;

	if (READ_ONCE(netdev->reg_state) != NETREG_REGISTERED)
		return;
	/* Status and carrier under one lock: of two callers the later one has the newer status. */
	spin_lock_irqsave(&hn->link_lock, flags);
	is_up = hinic_net_rd(hn, HINIC_R_PORT(0) + HINIC_PORT_STATUS) & HINIC_PORT_STATUS_UP;
	if (is_up != netif_carrier_ok(netdev)) {
		if (is_up) {
			netif_carrier_on(netdev);
			netdev_info(netdev, "link up, %u Mb/s\n",
				    hinic_net_rd(hn, HINIC_R_PORT(0) + HINIC_PORT_MBPS));
		} else {
			netif_carrier_off(netdev);
			netdev_info(netdev, "link down\n");
		}
	}
	spin_unlock_irqrestore(&hn->link_lock, flags);
}

static void hinic_net_event(struct hinic_net *hn, const struct hinic_eqe *eqe)
{
	u32 id = le32_to_cpu(eqe->id);

	hinic_net_rdma_event(hn, eqe);
	switch (eqe->type) {
	case HINIC_EQE_PORT_CHANGE:
		hinic_net_update_link(hn);
		break;
	case HINIC_EQE_ETHQ_ERR:
		netdev_err(hn->netdev, "%s queue %u stopped, reason %u\n",
			   id >> 8 & 1 ? "RX" : "TX", id & 0xff, le32_to_cpu(eqe->data));
		hinic_net_request_recovery(hn);
		break;
	case HINIC_EQE_DEVICE_FATAL:
		/*
		 * The recovery reports it. The device has stopped: nobody will answer the pending
		 * commands.
		 */
		hinic_net_aq_abort(hn);
		hinic_net_request_recovery(hn);
		break;
	default: /* events of RDMA objects */
		break;
	}
}

static void hinic_net_aeq_poll(struct hinic_net *hn)
{
	struct hinic_net_aeq *aeq = &hn->aeq;
	u32 first = aeq->ci;

	while (aeq->ci - first < HINIC_NET_AEQ_DEPTH) {
		const struct hinic_eqe *eqe = &aeq->ring[aeq->ci & (HINIC_NET_AEQ_DEPTH - 1)];

		if ((READ_ONCE(eqe->own) & 1) != (((aeq->ci >> HINIC_NET_AEQ_LOG) & 1) ^ 1))
			break;
		/*
		 * Pairs with the device, which writes the phase together with or after the event.
		 */
		dma_rmb();
		aeq->ci++;
		hinic_net_event(hn, eqe);
	}
	/* One interrupt per arm: if nothing was read, the last arm still stands. */
	if (aeq->ci != first)
		hinic_net_aeq_arm(hn);
}

/**
 * hinic_net_event_irq() - interrupt handler of vector 0
 * @irq: number
 * @data: struct hinic_net
 *
 * Return: IRQ_HANDLED: the vector is not shared.
 */
irqreturn_t hinic_net_event_irq(int irq, void *data)
{
	struct hinic_net *hn = data;

	hinic_net_aq_poll(hn);
	hinic_net_aeq_poll(hn);
	return IRQ_HANDLED;
}
