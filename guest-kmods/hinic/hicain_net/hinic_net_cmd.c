// SPDX-License-Identifier: GPL-2.0
/* Typed admin commands: builds each command and its mailboxes, nothing else. All may sleep. */
#include <linux/dma-mapping.h>
#include <linux/etherdevice.h>

#include "hinic_net.h"

static int hinic_net_cmd_inline(struct hinic_net *hn, u8 opcode, const void *inl, size_t len)
{
	struct hinic_aq_sqe sqe = { .opcode = opcode, .port = HINIC_NET_PORT };

	BUILD_BUG_ON(sizeof(sqe.inl) != HINIC_AQ_INLINE_LEN);
	memcpy(sqe.inl, inl, len);
	return hinic_net_aq_exec(hn, &sqe, NULL);
}

/* A command with an input mailbox (in != NULL) or an output mailbox (out != NULL). */
static int hinic_net_cmd_mailbox(struct hinic_net *hn, u8 opcode, u8 port, const void *in,
				 size_t in_len, void *out, size_t out_len)
{
	struct hinic_aq_sqe sqe = { .opcode = opcode, .port = port };
	struct device *dev = &hn->pdev->dev;
	dma_addr_t dma;
	void *page;
	int err;

	/* Coherent memory of a page is aligned to a page; no command has both directions. */
	page = dma_alloc_coherent(dev, HINIC_PAGE_SIZE, &dma, GFP_KERNEL);
	if (!page)
		return -ENOMEM;
	if (in) {
		memcpy(page, in, in_len);
		sqe.flags = HINIC_AQ_F_IN;
		sqe.in_pa = cpu_to_le64(dma);
	} else {
		sqe.out_pa = cpu_to_le64(dma);
	}
	err = hinic_net_aq_exec(hn, &sqe, NULL);
	if (!err && out)
		memcpy(out, page, out_len);
	dma_free_coherent(dev, HINIC_PAGE_SIZE, page, dma);
	return err;
}

/**
 * hinic_net_cmd_query_dev() - QUERY_DEV
 * @hn: device
 * @out: filled in on success
 *
 * Return: 0 or a negative errno of hinic_net_aq_exec(), like every command of this file.
 */
int hinic_net_cmd_query_dev(struct hinic_net *hn, struct hinic_mb_query_dev *out)
{
	return hinic_net_cmd_mailbox(hn, HINIC_AQ_QUERY_DEV, 0, NULL, 0, out, sizeof(*out));
}

/**
 * hinic_net_cmd_query_port() - QUERY_PORT
 * @hn: device
 * @out: filled in on success
 *
 * Return: 0 or a negative errno.
 */
int hinic_net_cmd_query_port(struct hinic_net *hn, struct hinic_mb_query_port *out)
{
	return hinic_net_cmd_mailbox(hn, HINIC_AQ_QUERY_PORT, HINIC_NET_PORT, NULL, 0, out,
				     sizeof(*out));
}

/**
 * hinic_net_cmd_set_mtu() - SET_PORT
 * @hn: device
 * @mtu: L3 bytes, HINIC_MTU_MIN to HINIC_MTU_MAX
 *
 * Return: 0 or a negative errno.
 */
int hinic_net_cmd_set_mtu(struct hinic_net *hn, u32 mtu)
{
	struct hinic_mb_set_port in = {
		.mask = cpu_to_le32(HINIC_SET_PORT_MTU),
		.mtu = cpu_to_le32(mtu),
	};

	return hinic_net_cmd_mailbox(hn, HINIC_AQ_SET_PORT, HINIC_NET_PORT, &in, sizeof(in), NULL,
				     0);
}

/**
 * hinic_net_cmd_create_q() - CREATE_TXQ or CREATE_RXQ
 * @hn: device
 * @is_rx: which
 * @in: number, rings, vector and moderation of the queue
 *
 * Return: 0 or a negative errno.
 */
int hinic_net_cmd_create_q(struct hinic_net *hn, bool is_rx, const struct hinic_mb_create_q *in)
{
	return hinic_net_cmd_mailbox(hn, is_rx ? HINIC_AQ_CREATE_RXQ : HINIC_AQ_CREATE_TXQ,
				     HINIC_NET_PORT, in, sizeof(*in), NULL, 0);
}

/**
 * hinic_net_cmd_destroy_q() - DESTROY_Q
 * @hn: device
 * @is_rx: direction of the queue
 * @queue: its number
 *
 * Afterwards, whatever the result, the device makes no access to the queue's memory: it has either
 * answered that, or never knew the queue, or it has been reset.
 *
 * Return: 0 or a negative errno.
 */
int hinic_net_cmd_destroy_q(struct hinic_net *hn, bool is_rx, u16 queue)
{
	struct hinic_inl_destroy_q in = { .queue = cpu_to_le16(queue), .is_rx = is_rx };

	return hinic_net_cmd_inline(hn, HINIC_AQ_DESTROY_Q, &in, sizeof(in));
}

/**
 * hinic_net_cmd_set_moderation() - SET_MODERATION
 * @hn: device
 * @is_rx: direction of the queue
 * @queue: its number
 * @mod: new values
 *
 * Return: 0 or a negative errno.
 */
int hinic_net_cmd_set_moderation(struct hinic_net *hn, bool is_rx, u16 queue,
				 const struct hinic_net_moderation *mod)
{
	struct hinic_inl_moderation in = {
		.queue = cpu_to_le16(queue),
		.is_rx = is_rx,
		.count = cpu_to_le32(mod->frames),
		.ns = cpu_to_le32(mod->usecs * NSEC_PER_USEC),
	};

	return hinic_net_cmd_inline(hn, HINIC_AQ_SET_MODERATION, &in, sizeof(in));
}

/**
 * hinic_net_cmd_set_rx_mode() - SET_RX_MODE
 * @hn: device
 * @flags: HINIC_RX_MODE_*
 * @hash: one bit per accepted multicast hash
 *
 * Return: 0 or a negative errno.
 */
int hinic_net_cmd_set_rx_mode(struct hinic_net *hn, u32 flags, u64 hash)
{
	struct hinic_inl_rx_mode in = { .flags = cpu_to_le32(flags), .hash = cpu_to_le64(hash) };

	return hinic_net_cmd_inline(hn, HINIC_AQ_SET_RX_MODE, &in, sizeof(in));
}

/**
 * hinic_net_cmd_set_mac() - SET_MAC
 * @hn: device
 * @mac: unicast address
 *
 * Return: 0 or a negative errno.
 */
int hinic_net_cmd_set_mac(struct hinic_net *hn, const u8 *mac)
{
	struct hinic_inl_mac in = {};

	ether_addr_copy(in.mac, mac);
	return hinic_net_cmd_inline(hn, HINIC_AQ_SET_MAC, &in, sizeof(in));
}

/**
 * hinic_net_cmd_set_vlan() - SET_VLAN
 * @hn: device
 * @vid: VLAN
 * @add: accept its frames, else refuse them
 *
 * Return: 0 or a negative errno.
 */
int hinic_net_cmd_set_vlan(struct hinic_net *hn, u16 vid, bool add)
{
	struct hinic_inl_vlan in = { .vid = cpu_to_le16(vid), .add = add };

	return hinic_net_cmd_inline(hn, HINIC_AQ_SET_VLAN, &in, sizeof(in));
}

/**
 * hinic_net_cmd_set_rss() - SET_RSS
 * @hn: device
 * @rss: key, table and hash types
 *
 * Return: 0 or a negative errno.
 */
int hinic_net_cmd_set_rss(struct hinic_net *hn, const struct hinic_mb_rss *rss)
{
	return hinic_net_cmd_mailbox(hn, HINIC_AQ_SET_RSS, HINIC_NET_PORT, rss, sizeof(*rss), NULL,
				     0);
}

/**
 * hinic_net_cmd_set_offload() - SET_OFFLOAD
 * @hn: device
 * @flags: HINIC_OFFLOAD_*
 *
 * Return: 0 or a negative errno.
 */
int hinic_net_cmd_set_offload(struct hinic_net *hn, u32 flags)
{
	struct hinic_inl_offload in = { .flags = cpu_to_le32(flags) };

	return hinic_net_cmd_inline(hn, HINIC_AQ_SET_OFFLOAD, &in, sizeof(in));
}

/**
 * hinic_net_cmd_get_stats() - GET_STATS: all counters at one instant
 * @hn: device
 * @out: receives the first @n counters, order of enum hinic_counter
 * @n: at most what a page holds
 *
 * Return: 0 or a negative errno.
 */
int hinic_net_cmd_get_stats(struct hinic_net *hn, __le64 *out, unsigned int n)
{
	BUILD_BUG_ON(HINIC_CNT_N * sizeof(*out) > HINIC_PAGE_SIZE);
	return hinic_net_cmd_mailbox(hn, HINIC_AQ_GET_STATS, HINIC_NET_PORT, NULL, 0, out,
				     n * sizeof(*out));
}
