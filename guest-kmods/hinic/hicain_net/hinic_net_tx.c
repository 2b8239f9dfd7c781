// SPDX-License-Identifier: GPL-2.0
/* Transmit: socket buffers to descriptors, completions back to the stack. */
#include <linux/dma-mapping.h>
#include <linux/etherdevice.h>
#include <linux/skbuff.h>
#include <net/netdev_queues.h>

#include "hinic_net.h"

/*
 * Bytes of one descriptor. Fits the 16-bit length, and a power of two so that pieces stay aligned.
 */
#define HINIC_NET_TX_PIECE    32768u
/* A packet of HINIC_TSO_LEN_MAX bytes is cut at most twice beyond its head and fragments. */
#define HINIC_NET_TX_DESC_MAX (1 + MAX_SKB_FRAGS + 2)
/* Room at which a stopped queue is woken. */
#define HINIC_NET_TX_WAKE     (2 * HINIC_TX_DESC_PER_PKT)

/* A packet while it is being written into the ring. */
struct hinic_net_tx_cursor {
	u16 pi; /* next descriptor */
	struct hinic_tx_desc
		desc; /* its flags, mss and vlan: the packet's for the first one, then zero */
};

static void hinic_net_tx_unmap(struct device *dev, struct hinic_net_tx_buf *buf)
{
	if (buf->is_page)
		dma_unmap_page(dev, buf->dma, buf->len_bytes, DMA_TO_DEVICE);
	else
		dma_unmap_single(dev, buf->dma, buf->len_bytes, DMA_TO_DEVICE);
}

/* Tells the device of the descriptors written so far. Under the queue's xmit lock. */
static void hinic_net_tx_doorbell(struct hinic_net_qp *qp)
{
	struct hinic_net_ring *ring = &qp->tx.ring;

	if (ring->db_pi == ring->pi)
		return;
	ring->db_pi = ring->pi;
	/* writeq() orders the descriptors before it; the device fetches them after it. */
	writeq(HINIC_DB_VAL(qp->idx, ring->pi), qp->hn->db + HINIC_DB_ETH_TX);
}

/*
 * Writes the descriptors of one contiguous part of a packet: of @frag, or of the memory at @head.
 */
static int hinic_net_tx_map(struct hinic_net_qp *qp, struct hinic_net_tx_cursor *cur,
			    const skb_frag_t *frag, void *head, unsigned int len)
{
	struct hinic_net_ring *ring = &qp->tx.ring;
	struct hinic_tx_desc *descs = ring->desc;
	struct device *dev = &qp->hn->pdev->dev;
	unsigned int off, n;

	for (off = 0; off < len; off += n) {
		u16 slot = cur->pi & hinic_net_ring_mask(ring);
		struct hinic_net_tx_buf *buf = &qp->tx.buf[slot];
		dma_addr_t dma;

		n = min(len - off, HINIC_NET_TX_PIECE);
		dma = frag ? skb_frag_dma_map(dev, frag, off, n, DMA_TO_DEVICE)
			   : dma_map_single(dev, head + off, n, DMA_TO_DEVICE);
		if (dma_mapping_error(dev, dma))
			return -ENOMEM;
		buf->dma = dma;
		buf->len_bytes = n;
		buf->is_page = frag;
		cur->desc.addr = cpu_to_le64(dma);
		cur->desc.len = cpu_to_le16((u16)n);
		descs[slot] = cur->desc;
		memset(&cur->desc, 0, sizeof(cur->desc));
		cur->pi++;
	}
	return 0;
}

/* What the device is to do with the packet. */
static void hinic_net_tx_offloads(const struct sk_buff *skb, struct hinic_tx_desc *desc)
{
	u16 flags = 0;

	if (skb_is_gso(skb)) {
		flags |= HINIC_TXD_TSO;
		desc->mss = cpu_to_le16(skb_shinfo(skb)->gso_size);
	} else if (skb->ip_summed == CHECKSUM_PARTIAL) {
		flags |= HINIC_TXD_L4_CSUM;
	}
	if (skb_vlan_tag_present(skb)) {
		flags |= HINIC_TXD_VLAN;
		desc->vlan = cpu_to_le16(skb_vlan_tag_get(skb));
	}
	desc->flags = cpu_to_le16(flags);
}

/*
 * A packet the device would stop its queue for. ndo_features_check has sent the others the software
 * way.
 */
static bool hinic_net_tx_is_bad(const struct sk_buff *skb)
{
	return skb->len > (skb_is_gso(skb) ? HINIC_TSO_LEN_MAX : HINIC_FRAME_MAX);
}

static void hinic_net_tx_count_drop(struct hinic_net_qp *qp)
{
	u64_stats_update_begin(&qp->tx_stats.xmit_sync);
	qp->tx_stats.dropped++;
	u64_stats_update_end(&qp->tx_stats.xmit_sync);
}

/**
 * hinic_net_start_xmit() - ndo_start_xmit
 * @skb: packet; transferred, unless the result is NETDEV_TX_BUSY
 * @netdev: interface
 *
 * Return: NETDEV_TX_OK, or NETDEV_TX_BUSY if the queue should have been stopped.
 */
netdev_tx_t hinic_net_start_xmit(struct sk_buff *skb, struct net_device *netdev)
{
	struct hinic_net *hn = netdev_priv(netdev);
	struct hinic_net_qp *qp = &hn->qp[skb_get_queue_mapping(skb)];
	struct netdev_queue *txq = netdev_get_tx_queue(netdev, qp->idx);
	struct hinic_net_ring *ring = &qp->tx.ring;
	struct hinic_tx_desc *descs = ring->desc;
	struct hinic_net_tx_cursor cur = { .pi = ring->pi };
	unsigned int i;
	u16 last;

	BUILD_BUG_ON(HINIC_NET_TX_DESC_MAX > HINIC_TX_DESC_PER_PKT);
	BUILD_BUG_ON(HINIC_NET_TX_WAKE > 1 << HINIC_NET_RING_LOG_MIN);
	if (unlikely(hinic_net_ring_room(ring) < HINIC_TX_DESC_PER_PKT)) {
		netif_tx_stop_queue(txq);
		hinic_net_tx_doorbell(qp);
		u64_stats_update_begin(&qp->tx_stats.xmit_sync);
		qp->tx_stats.busy++;
		u64_stats_update_end(&qp->tx_stats.xmit_sync);
		return NETDEV_TX_BUSY;
	}
	if (unlikely(skb_put_padto(skb, HINIC_FRAME_MIN))) { /* it freed the packet */
		hinic_net_tx_count_drop(qp);
		goto out;
	}
	if (unlikely(hinic_net_tx_is_bad(skb)))
		goto drop;

	hinic_net_tx_offloads(skb, &cur.desc);
	if (hinic_net_tx_map(qp, &cur, NULL, skb->data, skb_headlen(skb)))
		goto unmap;
	for (i = 0; i < skb_shinfo(skb)->nr_frags; i++) {
		const skb_frag_t *frag = &skb_shinfo(skb)->frags[i];

		if (hinic_net_tx_map(qp, &cur, frag, NULL, skb_frag_size(frag)))
			goto unmap;
	}
	last = (u16)(cur.pi - 1) & hinic_net_ring_mask(ring);
	/*
	 * Every packet is an event. How many make one interrupt is left to moderation and to NAPI,
	 * which arms.
	 */
	descs[last].flags |= cpu_to_le16(HINIC_TXD_EOP | HINIC_TXD_INT);
	qp->tx.buf[last].skb = skb;
	skb_tx_timestamp(skb);

	WRITE_ONCE(ring->pi, cur.pi);
	netif_txq_maybe_stop(txq, hinic_net_ring_room(ring), HINIC_TX_DESC_PER_PKT,
			     HINIC_NET_TX_WAKE);
	if (__netdev_tx_sent_queue(txq, skb->len, netdev_xmit_more()))
		hinic_net_tx_doorbell(qp);
	return NETDEV_TX_OK;

unmap:
	while (cur.pi != ring->pi) {
		cur.pi--;
		hinic_net_tx_unmap(&hn->pdev->dev, &qp->tx.buf[cur.pi & hinic_net_ring_mask(ring)]);
	}
drop:
	hinic_net_tx_count_drop(qp);
	dev_kfree_skb_any(skb);
out:
	if (!netdev_xmit_more()) /* earlier packets of the batch wait for this doorbell */
		hinic_net_tx_doorbell(qp);
	return NETDEV_TX_OK;
}

/*
 * Unmaps the oldest packet in the ring and moves @done behind it. Returns it, or NULL if there is
 * none.
 */
static struct sk_buff *hinic_net_tx_take(struct hinic_net_qp *qp, u16 *done)
{
	struct hinic_net_ring *ring = &qp->tx.ring;
	struct sk_buff *skb = NULL;

	while (!skb && *done != READ_ONCE(ring->pi)) {
		struct hinic_net_tx_buf *buf = &qp->tx.buf[*done & hinic_net_ring_mask(ring)];

		hinic_net_tx_unmap(&qp->hn->pdev->dev, buf);
		skb = buf->skb;
		buf->skb = NULL;
		(*done)++;
	}
	return skb;
}

/**
 * hinic_net_tx_clean() - give transmitted packets back to the stack
 * @qp: queue pair
 * @budget: of the NAPI poll, 0 from netpoll
 *
 * NAPI. Does not tell the device what was read (hinic_net_ring_ack() does).
 *
 * Return: whether nothing is left to do.
 */
bool hinic_net_tx_clean(struct hinic_net_qp *qp, int budget)
{
	struct hinic_net_ring *ring = &qp->tx.ring;
	struct hinic_net_tx_stats *stats = &qp->tx_stats;
	unsigned int limit = 1u << (ring->log_depth -
				    2); /* the device wants to hear of every quarter */
	unsigned int packets = 0, bytes = 0, tso_packets = 0;
	const struct hinic_eth_cpl *cpl;
	u16 done = ring->done;

	while (packets < limit && (cpl = hinic_net_ring_peek(ring))) {
		struct sk_buff *skb = NULL;

		if (likely(!(le16_to_cpu(cpl->flags) & HINIC_CPL_ERR)))
			skb = hinic_net_tx_take(qp, &done);
		/* One completion per packet, in order, with the slot of its last descriptor. */
		if (unlikely(!skb || le16_to_cpu(cpl->id) !=
					     ((u16)(done - 1) & hinic_net_ring_mask(ring)))) {
			ring->is_dead = true;
			netdev_err(qp->hn->netdev,
				   "TX queue %u: bad completion, slot %u, flags 0x%x\n", qp->idx,
				   le16_to_cpu(cpl->id), le16_to_cpu(cpl->flags));
			hinic_net_request_recovery(qp->hn);
		}
		if (unlikely(!skb))
			break;
		ring->cpl_ci++;
		packets++;
		bytes += skb->len;
		tso_packets += skb_is_gso(skb);
		napi_consume_skb(skb, budget);
	}
	if (!packets)
		return true;

	u64_stats_update_begin(&stats->sync);
	stats->packets += packets;
	stats->bytes += bytes;
	stats->tso_packets += tso_packets;
	u64_stats_update_end(&stats->sync);
	WRITE_ONCE(ring->done, done);
	netif_txq_completed_wake(netdev_get_tx_queue(qp->hn->netdev, qp->idx), packets, bytes,
				 hinic_net_ring_room(ring), HINIC_NET_TX_WAKE);
	return packets < limit;
}

/**
 * hinic_net_tx_drain() - free the packets the device has not transmitted
 * @qp: queue pair; the device no longer accesses it and nobody transmits
 */
void hinic_net_tx_drain(struct hinic_net_qp *qp)
{
	struct hinic_net_ring *ring = &qp->tx.ring;
	struct sk_buff *skb;

	while ((skb = hinic_net_tx_take(qp, &ring->done)))
		dev_kfree_skb_any(skb);
	netdev_tx_reset_queue(netdev_get_tx_queue(qp->hn->netdev, qp->idx));
}
