// SPDX-License-Identifier: GPL-2.0
/* Counters of the driver's queues and of the device, for ethtool -S and interface statistics. */
#include <linux/ethtool.h>
#include <linux/slab.h>

#include "hinic_net.h"

static const struct {
	char name[ETH_GSTRING_LEN];
	u16 idx; /* enum hinic_counter */
} hinic_net_dev_counters[] = {
	{ "port_tx_frames", HINIC_CNT_TX_FRAMES },
	{ "port_tx_bytes", HINIC_CNT_TX_BYTES },
	{ "port_rx_frames", HINIC_CNT_RX_FRAMES },
	{ "port_rx_bytes", HINIC_CNT_RX_BYTES },
	{ "rx_discards", HINIC_CNT_RX_DISCARDS },
	{ "tx_discards", HINIC_CNT_TX_DISCARDS },
	{ "rx_fifo", HINIC_CNT_RX_FIFO },
	{ "rx_no_buffer", HINIC_CNT_RX_NO_BUFFER },
	{ "rx_no_cpl", HINIC_CNT_RX_NO_CPL },
	{ "rx_no_queue", HINIC_CNT_RX_NO_QUEUE },
	{ "rx_filtered", HINIC_CNT_RX_FILTERED },
	{ "rx_length", HINIC_CNT_RX_LENGTH },
	{ "rx_fcs", HINIC_CNT_RX_FCS },
	{ "rx_csum_err", HINIC_CNT_RX_CSUM_ERR },
	{ "rx_multicast", HINIC_CNT_RX_MULTICAST },
	{ "rx_broadcast", HINIC_CNT_RX_BROADCAST },
	{ "tx_giant", HINIC_CNT_TX_GIANT },
	{ "tx_link_down", HINIC_CNT_TX_LINK_DOWN },
	{ "tx_link_lost", HINIC_CNT_TX_LINK_LOST },
	{ "tx_tso_packets", HINIC_CNT_TX_TSO_PACKETS },
	{ "tx_queue_err", HINIC_CNT_TX_QUEUE_ERR },
	{ "rx_queue_err", HINIC_CNT_RX_QUEUE_ERR },
	{ "aq_errors", HINIC_CNT_AQ_ERRORS },
	{ "guest_errors", HINIC_CNT_GUEST_ERRORS },
	{ "tx_pause_storm_warning_events", HINIC_CNT_TX_PAUSE_STORM_WARNING },
	{ "tx_pause_storm_error_events", HINIC_CNT_TX_PAUSE_STORM_ERROR },
	{ "rx_pause_ctrl_phy", HINIC_CNT_RX_PAUSE_CTRL_PHY },
	{ "tx_pause_ctrl_phy", HINIC_CNT_TX_PAUSE_CTRL_PHY },
};

/*
 * Per priority, with the direction in front and the rest behind the number, as other drivers name
 * them.
 */
static const struct {
	char direction[3];
	char what[20];
} hinic_net_prio_counters[HINIC_CNT_PRIO_N] = {
	[HINIC_PRIO_RX_BYTES] = { "rx", "bytes" },
	[HINIC_PRIO_RX_PACKETS] = { "rx", "packets" },
	[HINIC_PRIO_TX_BYTES] = { "tx", "bytes" },
	[HINIC_PRIO_TX_PACKETS] = { "tx", "packets" },
	[HINIC_PRIO_RX_DISCARDS] = { "rx", "discards" },
	[HINIC_PRIO_RX_BUF_DISCARD] = { "rx", "buf_discard" },
	[HINIC_PRIO_RX_CONG_DISCARD] = { "rx", "cong_discard" },
	[HINIC_PRIO_RX_MARKED] = { "rx", "marked" },
	[HINIC_PRIO_RX_PAUSE] = { "rx", "pause" },
	[HINIC_PRIO_TX_PAUSE] = { "tx", "pause" },
	[HINIC_PRIO_RX_PAUSE_DURATION] = { "rx", "pause_duration" },
	[HINIC_PRIO_TX_PAUSE_DURATION] = { "tx", "pause_duration" },
	[HINIC_PRIO_RX_PAUSE_TRANSITION] = { "rx", "pause_transition" },
};

#define HINIC_NET_PRIOS	     8
#define HINIC_NET_QP_STATS_N 8

/**
 * hinic_net_stats_count() - number of values of ethtool -S
 * @hn: device
 *
 * Return: it; constant from probe on.
 */
int hinic_net_stats_count(const struct hinic_net *hn)
{
	return hn->max_qps * HINIC_NET_QP_STATS_N + ARRAY_SIZE(hinic_net_dev_counters) +
	       HINIC_NET_PRIOS * HINIC_CNT_PRIO_N;
}

/**
 * hinic_net_stats_names() - their names
 * @hn: device
 * @data: hinic_net_stats_count() strings of ETH_GSTRING_LEN
 */
void hinic_net_stats_names(const struct hinic_net *hn, u8 *data)
{
	unsigned int i, prio;

	for (i = 0; i < hn->max_qps; i++) {
		ethtool_sprintf(&data, "tx%u_packets", i);
		ethtool_sprintf(&data, "tx%u_bytes", i);
		ethtool_sprintf(&data, "tx%u_tso_packets", i);
		ethtool_sprintf(&data, "tx%u_dropped", i);
		ethtool_sprintf(&data, "rx%u_packets", i);
		ethtool_sprintf(&data, "rx%u_bytes", i);
		ethtool_sprintf(&data, "rx%u_csum_ok", i);
		ethtool_sprintf(&data, "rx%u_alloc_failed", i);
	}
	for (i = 0; i < ARRAY_SIZE(hinic_net_dev_counters); i++)
		ethtool_puts(&data, hinic_net_dev_counters[i].name);
	for (prio = 0; prio < HINIC_NET_PRIOS; prio++)
		for (i = 0; i < HINIC_CNT_PRIO_N; i++)
			ethtool_sprintf(&data, "%s_prio%u_%s", hinic_net_prio_counters[i].direction,
					prio, hinic_net_prio_counters[i].what);
}

static void hinic_net_read_tx_stats(const struct hinic_net_tx_stats *stats,
				    struct hinic_net_tx_stats *out)
{
	unsigned int start;

	do {
		start = u64_stats_fetch_begin(&stats->sync);
		out->packets = stats->packets;
		out->bytes = stats->bytes;
		out->tso_packets = stats->tso_packets;
	} while (u64_stats_fetch_retry(&stats->sync, start));
	do {
		start = u64_stats_fetch_begin(&stats->xmit_sync);
		out->dropped = stats->dropped;
		out->busy = stats->busy;
	} while (u64_stats_fetch_retry(&stats->xmit_sync, start));
}

static void hinic_net_read_rx_stats(const struct hinic_net_rx_stats *stats,
				    struct hinic_net_rx_stats *out)
{
	unsigned int start;

	do {
		start = u64_stats_fetch_begin(&stats->sync);
		out->packets = stats->packets;
		out->bytes = stats->bytes;
		out->csum_ok = stats->csum_ok;
		out->alloc_failed = stats->alloc_failed;
	} while (u64_stats_fetch_retry(&stats->sync, start));
}

/**
 * hinic_net_stats_values() - the values, the device's all of one instant
 * @hn: device
 * @data: hinic_net_stats_count() values, 0 for what the device does not answer
 *
 * RTNL. May sleep.
 */
void hinic_net_stats_values(struct hinic_net *hn, u64 *data)
{
	unsigned int n = min_t(unsigned int, le16_to_cpu(hn->limits.n_counters), HINIC_CNT_N);
	unsigned int i;
	__le64 *cnt;

	for (i = 0; i < hn->max_qps; i++) {
		struct hinic_net_tx_stats tx;
		struct hinic_net_rx_stats rx;

		hinic_net_read_tx_stats(&hn->qp[i].tx_stats, &tx);
		hinic_net_read_rx_stats(&hn->qp[i].rx_stats, &rx);
		*data++ = tx.packets;
		*data++ = tx.bytes;
		*data++ = tx.tso_packets;
		*data++ = tx.dropped;
		*data++ = rx.packets;
		*data++ = rx.bytes;
		*data++ = rx.csum_ok;
		*data++ = rx.alloc_failed;
	}
	memset(data, 0,
	       (ARRAY_SIZE(hinic_net_dev_counters) + HINIC_NET_PRIOS * HINIC_CNT_PRIO_N) *
		       sizeof(*data));
	cnt = kcalloc(HINIC_CNT_N, sizeof(*cnt), GFP_KERNEL);
	if (!cnt || hinic_net_cmd_get_stats(hn, cnt, n))
		goto out;
	for (i = 0; i < ARRAY_SIZE(hinic_net_dev_counters); i++)
		*data++ = le64_to_cpu(cnt[hinic_net_dev_counters[i].idx]);
	for (i = 0; i < HINIC_NET_PRIOS * HINIC_CNT_PRIO_N; i++)
		*data++ = le64_to_cpu(cnt[HINIC_CNT_PRIO + i]);
out:
	kfree(cnt);
}

static u64 hinic_net_counter(const struct hinic_net *hn, unsigned int idx)
{
	return hinic_net_rd64(hn, HINIC_R_COUNTERS(0) + 8 * idx);
}

/**
 * hinic_net_get_stats64() - ndo_get_stats64
 * @netdev: interface
 * @stats: filled in
 *
 * Any context: reads the device's counters from its registers.
 */
void hinic_net_get_stats64(struct net_device *netdev, struct rtnl_link_stats64 *stats)
{
	struct hinic_net *hn = netdev_priv(netdev);
	unsigned int i;

	BUILD_BUG_ON(HINIC_CNT_AQ_ERRORS >= HINIC_R_COUNTERS_N);
	for (i = 0; i < hn->max_qps; i++) {
		struct hinic_net_tx_stats tx;
		struct hinic_net_rx_stats rx;

		hinic_net_read_tx_stats(&hn->qp[i].tx_stats, &tx);
		hinic_net_read_rx_stats(&hn->qp[i].rx_stats, &rx);
		stats->tx_packets += tx.packets;
		stats->tx_bytes += tx.bytes;
		stats->tx_dropped += tx.dropped;
		stats->rx_packets += rx.packets;
		stats->rx_bytes += rx.bytes;
		stats->rx_dropped += rx.alloc_failed;
	}
	stats->multicast = hinic_net_counter(hn, HINIC_CNT_RX_MULTICAST);
	stats->rx_missed_errors = hinic_net_counter(hn, HINIC_CNT_RX_NO_BUFFER) +
				  hinic_net_counter(hn, HINIC_CNT_RX_NO_CPL);
	stats->rx_fifo_errors = hinic_net_counter(hn, HINIC_CNT_RX_FIFO);
	stats->rx_length_errors = hinic_net_counter(hn, HINIC_CNT_RX_LENGTH);
	stats->rx_crc_errors = hinic_net_counter(hn, HINIC_CNT_RX_FCS);
	stats->rx_errors = stats->rx_fifo_errors + stats->rx_length_errors + stats->rx_crc_errors;
	stats->tx_carrier_errors = hinic_net_counter(hn, HINIC_CNT_TX_LINK_DOWN);
	stats->tx_errors = hinic_net_counter(hn, HINIC_CNT_TX_DISCARDS);
}
