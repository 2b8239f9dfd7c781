// SPDX-License-Identifier: GPL-2.0
/* Ethernet queue pairs: their rings, interrupt and NAPI, from creation to destruction. */
#include <linux/dma-mapping.h>
#include <linux/ethtool.h>
#include <linux/interrupt.h>
#include <linux/mm.h>

#include "hinic_net.h"

/* Descriptors and completions have the same size, so both rings of a queue do. */
static size_t hinic_net_ring_bytes(u8 log_depth)
{
	BUILD_BUG_ON(sizeof(struct hinic_tx_desc) != sizeof(struct hinic_eth_cpl));
	BUILD_BUG_ON(sizeof(struct hinic_rx_desc) != sizeof(struct hinic_eth_cpl));
	return max_t(size_t, sizeof(struct hinic_eth_cpl) << log_depth, HINIC_PAGE_SIZE);
}

static int hinic_net_ring_alloc(struct hinic_net *hn, struct hinic_net_ring *ring, u8 log_depth,
				bool is_rx)
{
	struct device *dev = &hn->pdev->dev;
	size_t bytes = hinic_net_ring_bytes(log_depth);

	memset(ring, 0, sizeof(*ring));
	ring->log_depth = log_depth;
	ring->is_rx = is_rx;
	ring->desc = dma_alloc_coherent(dev, bytes, &ring->desc_dma, GFP_KERNEL);
	if (!ring->desc)
		return -ENOMEM;
	ring->cpl = dma_alloc_coherent(dev, bytes, &ring->cpl_dma, GFP_KERNEL);
	if (!ring->cpl) {
		dma_free_coherent(dev, bytes, ring->desc, ring->desc_dma);
		return -ENOMEM;
	}
	return 0;
}

static void hinic_net_ring_free(struct hinic_net *hn, struct hinic_net_ring *ring)
{
	size_t bytes = hinic_net_ring_bytes(ring->log_depth);

	dma_free_coherent(&hn->pdev->dev, bytes, ring->cpl, ring->cpl_dma);
	dma_free_coherent(&hn->pdev->dev, bytes, ring->desc, ring->desc_dma);
}

/* A ring is contiguous and aligned to its size, so its page list is one page of that size. */
static void hinic_net_ring_pbl(struct hinic_pbl *pbl, dma_addr_t dma, size_t bytes)
{
	pbl->log_pgsz = (u8)ilog2(bytes);
	pbl->n = cpu_to_le32(1);
	pbl->root[0] = cpu_to_le64(dma);
}

static int hinic_net_ring_create(struct hinic_net_qp *qp, struct hinic_net_ring *ring)
{
	struct hinic_net *hn = qp->hn;
	const struct hinic_net_moderation *mod = ring->is_rx ? &hn->rx_mod : &hn->tx_mod;
	size_t bytes = hinic_net_ring_bytes(ring->log_depth);
	struct hinic_mb_create_q in = {
		.log_depth = ring->log_depth,
		.vector = (u8)(1 + hn->n_eqs + qp->idx),
		.queue = cpu_to_le16(qp->idx),
		.count = cpu_to_le32(mod->frames),
		.ns = cpu_to_le32(mod->usecs * NSEC_PER_USEC),
	};
	int err;

	hinic_net_ring_pbl(&in.desc, ring->desc_dma, bytes);
	hinic_net_ring_pbl(&in.cpl, ring->cpl_dma, bytes);
	err = hinic_net_cmd_create_q(hn, ring->is_rx, &in);
	ring->is_created = !err;
	return err;
}

static void hinic_net_ring_destroy(struct hinic_net_qp *qp, struct hinic_net_ring *ring)
{
	if (ring->is_created)
		hinic_net_cmd_destroy_q(qp->hn, ring->is_rx, qp->idx);
	ring->is_created = false;
}

/**
 * hinic_net_ring_peek() - look at the next completion
 * @ring: one direction of a queue pair
 *
 * NAPI of the queue.
 *
 * Return: it, valid until cpl_ci moves, or NULL when the device has not written it yet.
 */
const struct hinic_eth_cpl *hinic_net_ring_peek(const struct hinic_net_ring *ring)
{
	const struct hinic_eth_cpl *cpl = &ring->cpl[ring->cpl_ci & hinic_net_ring_mask(ring)];
	bool phase = le16_to_cpu(READ_ONCE(cpl->flags)) & HINIC_CPL_PHASE;

	if (phase == ((ring->cpl_ci >> ring->log_depth) & 1) || unlikely(ring->is_dead))
		return NULL;
	/*
	 * Pairs with the device, which makes the frame visible before its completion and the phase
	 * last.
	 */
	dma_rmb();
	return cpl;
}

/**
 * hinic_net_ring_ack() - give the completions that were read back to the device
 * @qp: queue pair
 * @ring: one of its directions
 * @arm: ask for an interrupt at the next completion, also if it is there already
 *
 * NAPI of the queue. Writes nothing that the device knows: a doorbell costs a trip out of the
 * guest.
 */
void hinic_net_ring_ack(struct hinic_net_qp *qp, struct hinic_net_ring *ring, bool arm)
{
	u64 value = HINIC_DB_VAL(qp->idx, ring->cpl_ci);

	if (ring->cpl_ci == ring->cpl_acked && (ring->is_armed || !arm))
		return;
	if (unlikely(ring->is_dead)) /* its unread completions would interrupt again and again */
		return;
	if (ring->is_rx)
		value |= HINIC_DB_CPL_RX;
	if (arm)
		value |= HINIC_DB_ARM;
	ring->cpl_acked = ring->cpl_ci;
	ring->is_armed = arm;
	writeq(value, qp->hn->db + HINIC_DB_ETH_CPL);
}

static irqreturn_t hinic_net_queue_irq(int irq, void *data)
{
	struct hinic_net_qp *qp = data;

	/* Nothing to mask: both rings stay quiet until they are armed again. */
	napi_schedule_irqoff(&qp->napi);
	return IRQ_HANDLED;
}

static int hinic_net_poll(struct napi_struct *napi, int budget)
{
	struct hinic_net_qp *qp = container_of(napi, struct hinic_net_qp, napi);
	bool is_done = hinic_net_tx_clean(qp, budget);
	int work = 0;

	if (!budget) { /* netpoll: transmit side only, and no arming */
		hinic_net_ring_ack(qp, &qp->tx.ring, false);
		return 0;
	}
	work = hinic_net_rx_poll(qp, budget);
	/* A receive ring without memory has no interrupt to wait for: keep polling. */
	is_done = hinic_net_rx_fill(qp) && is_done && work < budget;
	if (!is_done) {
		hinic_net_ring_ack(qp, &qp->tx.ring, false);
		hinic_net_ring_ack(qp, &qp->rx.ring, false);
		return budget;
	}
	/* Last of all: once armed, another CPU may be in here. */
	if (napi_complete_done(napi, work)) {
		hinic_net_ring_ack(qp, &qp->tx.ring, true);
		hinic_net_ring_ack(qp, &qp->rx.ring, true);
	}
	return work;
}

/* Gives both directions of a queue pair their memory. */
static int hinic_net_qp_alloc(struct hinic_net_qp *qp)
{
	struct hinic_net *hn = qp->hn;
	int err;

	memset(&qp->tx, 0, sizeof(qp->tx));
	memset(&qp->rx, 0, sizeof(qp->rx));
	err = hinic_net_ring_alloc(hn, &qp->tx.ring, hn->params.tx_log, false);
	if (err)
		return err;
	qp->tx.buf = kvcalloc(1u << hn->params.tx_log, sizeof(*qp->tx.buf), GFP_KERNEL);
	if (!qp->tx.buf) {
		err = -ENOMEM;
		goto err_tx_ring;
	}
	err = hinic_net_ring_alloc(hn, &qp->rx.ring, hn->params.rx_log, true);
	if (err)
		goto err_tx_buf;
	err = hinic_net_rx_alloc(qp);
	if (err)
		goto err_rx_ring;
	return 0;

err_rx_ring:
	hinic_net_ring_free(hn, &qp->rx.ring);
err_tx_buf:
	kvfree(qp->tx.buf);
err_tx_ring:
	hinic_net_ring_free(hn, &qp->tx.ring);
	return err;
}

static void hinic_net_qp_free(struct hinic_net_qp *qp)
{
	hinic_net_tx_drain(qp);
	hinic_net_rx_free(qp);
	hinic_net_ring_free(qp->hn, &qp->rx.ring);
	kvfree(qp->tx.buf);
	qp->tx.buf = NULL;
	hinic_net_ring_free(qp->hn, &qp->tx.ring);
}

static int hinic_net_qp_start(struct hinic_net *hn, u16 idx)
{
	struct net_device *netdev = hn->netdev;
	struct hinic_net_qp *qp = &hn->qp[idx];
	unsigned int cpu = cpumask_local_spread(idx, dev_to_node(&hn->pdev->dev));
	int err;

	qp->hn = hn;
	qp->idx = idx;
	qp->irq = pci_irq_vector(hn->pdev, 1 + hn->n_eqs + idx);
	netif_napi_add(netdev, &qp->napi, hinic_net_poll);
	err = hinic_net_qp_alloc(qp);
	if (err)
		goto err_napi;
	snprintf(qp->irq_name, sizeof(qp->irq_name), "%s-%u", netdev->name, idx);
	err = request_irq(qp->irq, hinic_net_queue_irq, 0, qp->irq_name, qp);
	if (err)
		goto err_free;
	irq_set_affinity_and_hint(qp->irq, cpumask_of(cpu));
	netif_set_xps_queue(netdev, cpumask_of(cpu), idx);
	err = hinic_net_ring_create(qp, &qp->rx.ring);
	if (err)
		goto err_irq;
	err = hinic_net_ring_create(qp, &qp->tx.ring);
	if (err)
		goto err_rxq;
	if (!hinic_net_rx_fill(qp)) {
		err = -ENOMEM;
		goto err_txq;
	}
	napi_enable(&qp->napi);
	hinic_net_ring_ack(qp, &qp->tx.ring, true);
	hinic_net_ring_ack(qp, &qp->rx.ring, true);
	return 0;

err_txq:
	hinic_net_ring_destroy(qp, &qp->tx.ring);
err_rxq:
	hinic_net_ring_destroy(qp, &qp->rx.ring);
err_irq:
	irq_set_affinity_and_hint(qp->irq, NULL);
	free_irq(qp->irq, qp);
err_free:
	hinic_net_qp_free(qp);
err_napi:
	netif_napi_del(&qp->napi);
	return err;
}

/* NAPI is disabled and nobody transmits. */
static void hinic_net_qp_stop(struct hinic_net_qp *qp)
{
	hinic_net_ring_destroy(qp, &qp->tx.ring);
	hinic_net_ring_destroy(qp, &qp->rx.ring);
	irq_set_affinity_and_hint(qp->irq, NULL);
	free_irq(qp->irq, qp);
	hinic_net_qp_free(qp);
	netif_napi_del(&qp->napi);
}

/* Stops the first @n queue pairs. NAPI first: it wakes transmit queues. */
static void hinic_net_qps_stop(struct hinic_net *hn, u16 n)
{
	u16 i;

	for (i = 0; i < n; i++)
		napi_disable(&hn->qp[i].napi);
	netif_tx_disable(hn->netdev);
	while (n--)
		hinic_net_qp_stop(&hn->qp[n]);
}

/**
 * hinic_net_queues_start() - create all queue pairs and spread traffic over them
 * @hn: device, live, without queues
 *
 * RTNL. May sleep. The transmit queues of the netdev are left stopped: the caller starts them.
 *
 * Return: 0 or a negative errno with no queue left.
 */
int hinic_net_queues_start(struct hinic_net *hn)
{
	unsigned int k;
	u16 i;
	int err;

	if (!netif_is_rxfh_configured(hn->netdev))
		for (k = 0; k < HINIC_RSS_TABLE_LEN; k++)
			hn->rss.table[k] = (u8)ethtool_rxfh_indir_default(k, hn->params.n_qps);
	err = hinic_net_cmd_set_rss(hn, &hn->rss);
	if (err)
		return err;
	for (i = 0; i < hn->params.n_qps; i++) {
		err = hinic_net_qp_start(hn, i);
		if (err) {
			netdev_err(hn->netdev, "queue pair %u does not start (%d)\n", i, err);
			hinic_net_qps_stop(hn, i);
			return err;
		}
	}
	hn->is_open = true;
	return 0;
}

/**
 * hinic_net_queues_stop() - destroy all queue pairs; frames in them are lost
 * @hn: device, with queues; may be dead
 *
 * RTNL. May sleep.
 */
void hinic_net_queues_stop(struct hinic_net *hn)
{
	hn->is_open = false;
	hinic_net_qps_stop(hn, hn->params.n_qps);
}

/* Takes over parameters while there are no queues, and makes the queues again. */
static int hinic_net_apply_params(struct hinic_net *hn, const struct hinic_net_params *params,
				  bool open)
{
	int err;

	hn->params = *params;
	err = hinic_net_cmd_set_mtu(hn, params->mtu);
	if (err)
		return err;
	err = netif_set_real_num_queues(hn->netdev, params->n_qps, params->n_qps);
	if (err)
		return err;
	return open ? hinic_net_queues_start(hn) : 0;
}

/**
 * hinic_net_reconfigure() - change what needs new queues
 * @hn: device, live; open or not
 * @params: all parameters, changed or not
 *
 * RTNL. May sleep.
 *
 * Return: 0, or a negative errno with the old parameters in force.
 */
int hinic_net_reconfigure(struct hinic_net *hn, const struct hinic_net_params *params)
{
	struct hinic_net_params old = hn->params;
	bool was_open = hn->is_open;
	int err;

	if (was_open)
		hinic_net_queues_stop(hn);
	err = hinic_net_apply_params(hn, params, was_open);
	if (err && hinic_net_apply_params(hn, &old, was_open)) {
		netdev_err(hn->netdev, "cannot go back to the old parameters: resetting\n");
		hinic_net_request_recovery(hn);
		return err;
	}
	if (was_open)
		netif_tx_wake_all_queues(hn->netdev);
	return err;
}
