// SPDX-License-Identifier: GPL-2.0
/* Receive: buffers for the device, completions to the stack. */
#include <linux/dma-mapping.h>
#include <linux/etherdevice.h>
#include <linux/mm.h>
#include <net/page_pool/helpers.h>

#include "hinic_net.h"

/*
 * In front of the bytes of each buffer, so that the first one becomes the head of a socket buffer.
 */
#define HINIC_NET_RX_HEADROOM (NET_SKB_PAD + NET_IP_ALIGN)
#define HINIC_NET_RX_OVERHEAD                                                                      \
	(HINIC_NET_RX_HEADROOM + SKB_DATA_ALIGN(sizeof(struct skb_shared_info)))
/*
 * Frames up to this size are copied: a TCP ACK should not occupy a whole buffer in a
 * socket's queue.
 */
#define HINIC_NET_RX_COPY 256u

/**
 * hinic_net_rx_alloc() - give a receive queue its table of buffers and a pool they come from
 * @qp: queue pair with its rings
 *
 * A frame of the MTU in force fits into one buffer of 2, 4 or 8 KiB, or, above that, into two.
 *
 * Return: 0 or a negative errno.
 */
int hinic_net_rx_alloc(struct hinic_net_qp *qp)
{
	struct hinic_net *hn = qp->hn;
	struct hinic_net_rx *rx = &qp->rx;
	u32 need = hn->params.mtu + ETH_HLEN + 2 * VLAN_HLEN + HINIC_NET_RX_OVERHEAD;
	struct page_pool_params params = {
		.flags = PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV,
		.pool_size = 1u << rx->ring.log_depth,
		.nid = dev_to_node(&hn->pdev->dev),
		.dev = &hn->pdev->dev,
		.napi = &qp->napi,
		.netdev = hn->netdev,
		.dma_dir = DMA_FROM_DEVICE,
	};

	rx->truesize = clamp_t(u32, roundup_pow_of_two(need), 2048, 8192);
	rx->buf_len_bytes = rx->truesize - HINIC_NET_RX_OVERHEAD;
	params.order = (unsigned int)get_order(rx->truesize);
	params.max_len = (unsigned int)(PAGE_SIZE << params.order);

	rx->buf = kvcalloc(1u << rx->ring.log_depth, sizeof(*rx->buf), GFP_KERNEL);
	if (!rx->buf)
		return -ENOMEM;
	rx->pool = page_pool_create(&params);
	if (IS_ERR(rx->pool)) {
		int err = (int)PTR_ERR(rx->pool);

		kvfree(rx->buf);
		return err;
	}
	return 0;
}

/**
 * hinic_net_rx_free() - free what hinic_net_rx_alloc() and hinic_net_rx_fill() allocated
 * @qp: queue pair with NAPI disabled; the device no longer accesses it
 */
void hinic_net_rx_free(struct hinic_net_qp *qp)
{
	struct hinic_net_rx *rx = &qp->rx;
	unsigned int i;

	dev_kfree_skb_any(rx->skb);
	rx->skb = NULL;
	for (i = 0; i < 1u << rx->ring.log_depth; i++)
		if (rx->buf[i].page)
			page_pool_put_full_page(rx->pool, rx->buf[i].page, false);
	page_pool_destroy(rx->pool);
	rx->pool = NULL;
	kvfree(rx->buf);
	rx->buf = NULL;
}

static void hinic_net_rx_count_failure(struct hinic_net_qp *qp)
{
	u64_stats_update_begin(&qp->rx_stats.sync);
	qp->rx_stats.alloc_failed++;
	u64_stats_update_end(&qp->rx_stats.sync);
}

/**
 * hinic_net_rx_fill() - post buffers once enough slots are empty
 * @qp: queue pair
 *
 * NAPI, or before it is enabled.
 *
 * Return: whether the ring can be left alone: false means that memory is short and fewer
 * than half of the buffers are posted.
 */
bool hinic_net_rx_fill(struct hinic_net_qp *qp)
{
	struct hinic_net_rx *rx = &qp->rx;
	struct hinic_net_ring *ring = &rx->ring;
	unsigned int depth = 1u << ring->log_depth;
	struct hinic_rx_desc *descs = ring->desc;
	bool is_short = false;
	u16 pi = ring->pi;

	if (hinic_net_ring_room(ring) < depth / 16)
		return true;
	while ((u16)(pi - ring->done) < depth) {
		u16 slot = pi & hinic_net_ring_mask(ring);
		struct hinic_net_rx_buf *buf = &rx->buf[slot];
		struct hinic_rx_desc *desc = &descs[slot];

		buf->page = page_pool_dev_alloc_frag(rx->pool, &buf->offset, rx->truesize);
		if (unlikely(!buf->page)) {
			is_short = true;
			break;
		}
		desc->addr = cpu_to_le64(page_pool_get_dma_addr(buf->page) + buf->offset +
					 HINIC_NET_RX_HEADROOM);
		desc->len = cpu_to_le16((u16)rx->buf_len_bytes);
		desc->id = cpu_to_le16(slot);
		desc->rsv = 0;
		pi++;
	}
	if (pi != ring->pi) {
		ring->pi = pi;
		ring->db_pi = pi;
		/* writeq() orders the descriptors before it; the device fetches them after it. */
		writeq(HINIC_DB_VAL(qp->idx, pi), qp->hn->db + HINIC_DB_ETH_RX);
	}
	if (is_short)
		hinic_net_rx_count_failure(qp);
	return !is_short || hinic_net_ring_room(ring) <= depth / 2;
}

/*
 * Builds a socket buffer from the first buffer of a frame, or NULL. The page is used up in either
 * case.
 */
static struct sk_buff *hinic_net_rx_first(struct hinic_net_qp *qp, struct hinic_net_rx_buf *buf,
					  u32 len, bool is_eop)
{
	struct hinic_net_rx *rx = &qp->rx;
	void *va = page_address(buf->page) + buf->offset;
	struct sk_buff *skb;

	prefetch(va + HINIC_NET_RX_HEADROOM);
	if (is_eop && len <= HINIC_NET_RX_COPY) {
		skb = napi_alloc_skb(&qp->napi, len);
		if (skb)
			skb_put_data(skb, va + HINIC_NET_RX_HEADROOM, len);
		page_pool_put_full_page(rx->pool, buf->page, true);
		return skb;
	}
	skb = napi_build_skb(va, rx->truesize);
	if (!skb) {
		page_pool_put_full_page(rx->pool, buf->page, true);
		return NULL;
	}
	skb_reserve(skb, HINIC_NET_RX_HEADROOM);
	skb_put(skb, len);
	skb_mark_for_recycle(skb);
	return skb;
}

/* Puts one completed buffer into the frame under construction. */
static void hinic_net_rx_add(struct hinic_net_qp *qp, struct hinic_net_rx_buf *buf, u32 len,
			     bool is_eop)
{
	struct hinic_net_rx *rx = &qp->rx;

	dma_sync_single_range_for_cpu(&qp->hn->pdev->dev, page_pool_get_dma_addr(buf->page),
				      buf->offset + HINIC_NET_RX_HEADROOM, len, DMA_FROM_DEVICE);
	if (unlikely(rx->is_dropping)) {
		page_pool_put_full_page(rx->pool, buf->page, true);
	} else if (!rx->skb) {
		rx->skb = hinic_net_rx_first(qp, buf, len, is_eop);
		if (unlikely(!rx->skb)) {
			rx->is_dropping = true;
			hinic_net_rx_count_failure(qp);
		}
	} else {
		/* The device uses at most HINIC_RX_BUF_PER_FRAME buffers for a frame: they fit. */
		BUILD_BUG_ON(HINIC_RX_BUF_PER_FRAME > MAX_SKB_FRAGS);
		skb_add_rx_frag(rx->skb, skb_shinfo(rx->skb)->nr_frags, buf->page,
				(int)(buf->offset + HINIC_NET_RX_HEADROOM), (int)len, rx->truesize);
	}
	buf->page = NULL;
}

/*
 * Fills in what the last completion of a frame says about it. Returns whether its checksums are
 * good.
 */
static bool hinic_net_rx_describe(struct hinic_net_qp *qp, struct sk_buff *skb,
				  const struct hinic_eth_cpl *cpl)
{
	struct net_device *netdev = qp->hn->netdev;
	u16 flags = le16_to_cpu(cpl->flags);
	bool is_good = false;

	skb_record_rx_queue(skb, qp->idx);
	if (flags & HINIC_CPL_VLAN)
		__vlan_hwaccel_put_tag(skb, htons(ETH_P_8021Q), le16_to_cpu(cpl->vlan));
	if ((netdev->features & NETIF_F_RXCSUM) && (flags & HINIC_CPL_IP_OK) &&
	    (flags & HINIC_CPL_L4_OK)) {
		skb->ip_summed = CHECKSUM_UNNECESSARY;
		is_good = true;
	}
	if (netdev->features & NETIF_F_RXHASH) {
		switch (HINIC_CPL_RSS(flags)) {
		case HINIC_RSS_T_V4:
		case HINIC_RSS_T_V6:
			skb_set_hash(skb, le32_to_cpu(cpl->hash), PKT_HASH_TYPE_L3);
			break;
		case HINIC_RSS_T_V4_TCP:
		case HINIC_RSS_T_V4_UDP:
		case HINIC_RSS_T_V6_TCP:
		case HINIC_RSS_T_V6_UDP:
			skb_set_hash(skb, le32_to_cpu(cpl->hash), PKT_HASH_TYPE_L4);
			break;
		default:
			break;
		}
	}
	skb->protocol = eth_type_trans(skb, netdev);
	return is_good;
}

/* Checks a completion against the ring. */
static bool hinic_net_rx_is_sane(const struct hinic_net_qp *qp, const struct hinic_eth_cpl *cpl)
{
	const struct hinic_net_ring *ring = &qp->rx.ring;
	u16 want = ring->done & hinic_net_ring_mask(ring);
	u16 len = le16_to_cpu(cpl->len);
	const struct sk_buff *skb = qp->rx.skb;

	if (le16_to_cpu(cpl->flags) & HINIC_CPL_ERR)
		return false; /* the queue has stopped; its asynchronous event says why */
	if (ring->done != ring->pi && le16_to_cpu(cpl->id) == want && len &&
	    len <= qp->rx.buf_len_bytes && (skb || qp->rx.is_dropping || len >= ETH_HLEN) &&
	    (!skb || skb_shinfo(skb)->nr_frags < HINIC_RX_BUF_PER_FRAME))
		return true;
	netdev_err(qp->hn->netdev,
		   "RX queue %u: completion of slot %u with %u bytes instead of slot %u\n", qp->idx,
		   le16_to_cpu(cpl->id), len, want);
	return false;
}

/**
 * hinic_net_rx_poll() - pass received frames to the stack
 * @qp: queue pair
 * @budget: most frames to pass
 *
 * NAPI. Does not tell the device what was read (hinic_net_ring_ack() does).
 *
 * Return: the number of frames.
 */
int hinic_net_rx_poll(struct hinic_net_qp *qp, int budget)
{
	struct hinic_net_rx *rx = &qp->rx;
	struct hinic_net_ring *ring = &rx->ring;
	const struct hinic_eth_cpl *cpl;
	struct hinic_net_rx_stats *stats = &qp->rx_stats;
	unsigned int bytes = 0, packets = 0, csum_ok = 0;
	int work = 0;

	while (work < budget && (cpl = hinic_net_ring_peek(ring))) {
		bool is_eop = le16_to_cpu(cpl->flags) & HINIC_CPL_EOP;

		if (unlikely(!hinic_net_rx_is_sane(qp, cpl))) {
			ring->is_dead = true;
			hinic_net_request_recovery(qp->hn);
			break;
		}
		hinic_net_rx_add(qp, &rx->buf[ring->done & hinic_net_ring_mask(ring)],
				 le16_to_cpu(cpl->len), is_eop);
		ring->done++;
		ring->cpl_ci++;
		if (!is_eop)
			continue;
		work++;
		rx->is_dropping = false;
		if (unlikely(!rx->skb))
			continue;
		packets++;
		bytes += rx->skb->len;
		csum_ok += hinic_net_rx_describe(qp, rx->skb, cpl);
		napi_gro_receive(&qp->napi, rx->skb);
		rx->skb = NULL;
	}
	u64_stats_update_begin(&stats->sync);
	stats->packets += packets;
	stats->bytes += bytes;
	stats->csum_ok += csum_ok;
	u64_stats_update_end(&stats->sync);
	return work;
}
