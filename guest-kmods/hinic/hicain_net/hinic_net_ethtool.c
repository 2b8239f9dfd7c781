// SPDX-License-Identifier: GPL-2.0
/* ethtool: what the device and the driver tell about themselves and let be tuned. */
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>

#include "hinic_net.h"

#define HINIC_NET_TEST_WORD 0x12345678u
#define HINIC_NET_USECS_MAX                                                                        \
	100000u /* the device counts ns in 32 bits; a longer delay looks like a dead queue */

static void hinic_net_get_drvinfo(struct net_device *netdev, struct ethtool_drvinfo *info)
{
	struct hinic_net *hn = netdev_priv(netdev);
	u64 fw = hinic_net_rd64(hn, HINIC_R_FW_VER);

	strscpy(info->driver, HINIC_NET_NAME, sizeof(info->driver));
	strscpy(info->version, HINIC_NET_VERSION, sizeof(info->version));
	strscpy(info->bus_info, pci_name(hn->pdev), sizeof(info->bus_info));
	snprintf(info->fw_version, sizeof(info->fw_version), "%llu.%llu.%llu", fw >> 48,
		 fw >> 32 & 0xffff, fw & 0xffffffff);
}

static const struct {
	u32 mbps;
	u32 mode; /* enum ethtool_link_mode_bit_indices */
} hinic_net_link_modes[] = {
	{ 1000, ETHTOOL_LINK_MODE_1000baseKX_Full_BIT },
	{ 10000, ETHTOOL_LINK_MODE_10000baseCR_Full_BIT },
	{ 25000, ETHTOOL_LINK_MODE_25000baseCR_Full_BIT },
	{ 40000, ETHTOOL_LINK_MODE_40000baseCR4_Full_BIT },
	{ 50000, ETHTOOL_LINK_MODE_50000baseCR_Full_BIT },
	{ 100000, ETHTOOL_LINK_MODE_100000baseCR4_Full_BIT },
	{ 200000, ETHTOOL_LINK_MODE_200000baseCR4_Full_BIT },
	{ 400000, ETHTOOL_LINK_MODE_400000baseCR4_Full_BIT },
	{ 800000, ETHTOOL_LINK_MODE_800000baseCR8_Full_BIT },
};

static int hinic_net_get_link_ksettings(struct net_device *netdev,
					struct ethtool_link_ksettings *ks)
{
	struct hinic_net *hn = netdev_priv(netdev);
	u32 mbps = hinic_net_rd(hn, HINIC_R_PORT(0) + HINIC_PORT_MBPS);
	unsigned int i;

	/* The link has the rate of the experiment, which need not be one that Ethernet names. */
	ethtool_link_ksettings_zero_link_mode(ks, supported);
	ethtool_link_ksettings_zero_link_mode(ks, advertising);
	ethtool_link_ksettings_add_link_mode(ks, supported, FIBRE);
	for (i = 0; i < ARRAY_SIZE(hinic_net_link_modes); i++)
		if (hinic_net_link_modes[i].mbps == mbps)
			__set_bit(hinic_net_link_modes[i].mode, ks->link_modes.supported);
	ks->base.port = PORT_DA;
	ks->base.autoneg = AUTONEG_DISABLE;
	ks->base.speed = netif_carrier_ok(netdev) ? mbps : (u32)SPEED_UNKNOWN;
	ks->base.duplex = netif_carrier_ok(netdev) ? DUPLEX_FULL : DUPLEX_UNKNOWN;
	return 0;
}

static void hinic_net_get_ringparam(struct net_device *netdev, struct ethtool_ringparam *ring,
				    struct kernel_ethtool_ringparam *kernel_ring,
				    struct netlink_ext_ack *extack)
{
	struct hinic_net *hn = netdev_priv(netdev);

	ring->rx_max_pending = 1u << hn->limits.ethq_log_max;
	ring->tx_max_pending = 1u << hn->limits.ethq_log_max;
	ring->rx_pending = 1u << hn->params.rx_log;
	ring->tx_pending = 1u << hn->params.tx_log;
}

/* Depths are powers of two: the next one up, as the core has checked the maximum. */
static u8 hinic_net_ring_log(const struct hinic_net *hn, u32 entries)
{
	u32 log = order_base_2(entries);
	u32 low = max_t(u32, hn->limits.ethq_log_min, HINIC_NET_RING_LOG_MIN);

	return (u8)clamp_t(u32, log, low, hn->limits.ethq_log_max);
}

static int hinic_net_set_ringparam(struct net_device *netdev, struct ethtool_ringparam *ring,
				   struct kernel_ethtool_ringparam *kernel_ring,
				   struct netlink_ext_ack *extack)
{
	struct hinic_net *hn = netdev_priv(netdev);
	struct hinic_net_params params = hn->params;

	if (ring->rx_mini_pending || ring->rx_jumbo_pending)
		return -EINVAL;
	params.rx_log = hinic_net_ring_log(hn, ring->rx_pending);
	params.tx_log = hinic_net_ring_log(hn, ring->tx_pending);
	if (params.rx_log == hn->params.rx_log && params.tx_log == hn->params.tx_log)
		return 0;
	return hinic_net_reconfigure(hn, &params);
}

static void hinic_net_get_channels(struct net_device *netdev, struct ethtool_channels *ch)
{
	struct hinic_net *hn = netdev_priv(netdev);

	ch->max_combined = hn->max_qps;
	ch->combined_count = hn->params.n_qps;
}

static int hinic_net_set_channels(struct net_device *netdev, struct ethtool_channels *ch)
{
	struct hinic_net *hn = netdev_priv(netdev);
	struct hinic_net_params params = hn->params;

	/*
	 * The core has checked the maximum and that the receive table, if the user wrote one, stays
	 * valid.
	 */
	if (ch->combined_count == params.n_qps)
		return 0;
	params.n_qps = (u16)ch->combined_count;
	return hinic_net_reconfigure(hn, &params);
}

static int hinic_net_get_coalesce(struct net_device *netdev, struct ethtool_coalesce *ec,
				  struct kernel_ethtool_coalesce *kernel_ec,
				  struct netlink_ext_ack *extack)
{
	struct hinic_net *hn = netdev_priv(netdev);

	ec->rx_coalesce_usecs = hn->rx_mod.usecs;
	ec->rx_max_coalesced_frames = hn->rx_mod.frames;
	ec->tx_coalesce_usecs = hn->tx_mod.usecs;
	ec->tx_max_coalesced_frames = hn->tx_mod.frames;
	return 0;
}

static int hinic_net_check_moderation(const struct hinic_net_moderation *mod,
				      struct netlink_ext_ack *extack)
{
	if (mod->usecs > HINIC_NET_USECS_MAX) {
		NL_SET_ERR_MSG_MOD(extack, "usecs over 100000");
		return -EINVAL;
	}
	if (mod->frames > 1 && !mod->usecs) {
		/* The rest of a burst would never be announced. */
		NL_SET_ERR_MSG_MOD(extack, "frames over 1 need usecs");
		return -EINVAL;
	}
	return 0;
}

static int hinic_net_apply_moderation(struct hinic_net *hn, bool is_rx,
				      const struct hinic_net_moderation *mod)
{
	u16 i;
	int err;

	for (i = 0; hn->is_open && i < hn->params.n_qps; i++) {
		err = hinic_net_cmd_set_moderation(hn, is_rx, i, mod);
		if (err)
			return err;
	}
	*(is_rx ? &hn->rx_mod : &hn->tx_mod) = *mod;
	return 0;
}

static int hinic_net_set_coalesce(struct net_device *netdev, struct ethtool_coalesce *ec,
				  struct kernel_ethtool_coalesce *kernel_ec,
				  struct netlink_ext_ack *extack)
{
	struct hinic_net_moderation rx = { ec->rx_coalesce_usecs, ec->rx_max_coalesced_frames };
	struct hinic_net_moderation tx = { ec->tx_coalesce_usecs, ec->tx_max_coalesced_frames };
	struct hinic_net *hn = netdev_priv(netdev);
	int err;

	err = hinic_net_check_moderation(&rx, extack);
	if (err)
		return err;
	err = hinic_net_check_moderation(&tx, extack);
	if (err)
		return err;
	err = hinic_net_apply_moderation(hn, true, &rx);
	if (err)
		return err;
	return hinic_net_apply_moderation(hn, false, &tx);
}

static u32 hinic_net_get_rxfh_key_size(struct net_device *netdev)
{
	return HINIC_RSS_KEY_LEN;
}

static u32 hinic_net_get_rxfh_indir_size(struct net_device *netdev)
{
	return HINIC_RSS_TABLE_LEN;
}

static int hinic_net_get_rxfh(struct net_device *netdev, struct ethtool_rxfh_param *rxfh)
{
	struct hinic_net *hn = netdev_priv(netdev);
	unsigned int i;

	rxfh->hfunc = ETH_RSS_HASH_TOP;
	if (rxfh->key)
		memcpy(rxfh->key, hn->rss.key, sizeof(hn->rss.key));
	if (rxfh->indir)
		for (i = 0; i < HINIC_RSS_TABLE_LEN; i++)
			rxfh->indir[i] = hn->rss.table[i];
	return 0;
}

static int hinic_net_set_rxfh(struct net_device *netdev, struct ethtool_rxfh_param *rxfh,
			      struct netlink_ext_ack *extack)
{
	struct hinic_net *hn = netdev_priv(netdev);
	struct hinic_mb_rss rss = hn->rss;
	unsigned int i;
	int err;

	if (rxfh->hfunc != ETH_RSS_HASH_NO_CHANGE && rxfh->hfunc != ETH_RSS_HASH_TOP)
		return -EOPNOTSUPP;
	if (rxfh->key)
		memcpy(rss.key, rxfh->key, sizeof(rss.key));
	if (rxfh->indir) /* each entry is below the number of channels: the core has checked */
		for (i = 0; i < HINIC_RSS_TABLE_LEN; i++)
			rss.table[i] = (u8)rxfh->indir[i];
	err = hinic_net_cmd_set_rss(hn, &rss);
	if (!err)
		hn->rss = rss;
	return err;
}

/* The hash type that decides whether ports of a flow count; 0 for flows without ports. */
static u32 hinic_net_rss_type(u32 flow_type)
{
	switch (flow_type) {
	case TCP_V4_FLOW:
		return HINIC_RSS_V4_TCP;
	case UDP_V4_FLOW:
		return HINIC_RSS_V4_UDP;
	case TCP_V6_FLOW:
		return HINIC_RSS_V6_TCP;
	case UDP_V6_FLOW:
		return HINIC_RSS_V6_UDP;
	default:
		return 0;
	}
}

static int hinic_net_get_rxnfc(struct net_device *netdev, struct ethtool_rxnfc *nfc, u32 *rule_locs)
{
	struct hinic_net *hn = netdev_priv(netdev);

	switch (nfc->cmd) {
	case ETHTOOL_GRXRINGS:
		nfc->data = hn->params.n_qps;
		return 0;
	case ETHTOOL_GRXFH:
		nfc->data = RXH_IP_SRC | RXH_IP_DST;
		if (le32_to_cpu(hn->rss.types) & hinic_net_rss_type(nfc->flow_type))
			nfc->data |= RXH_L4_B_0_1 | RXH_L4_B_2_3;
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

static int hinic_net_set_rxnfc(struct net_device *netdev, struct ethtool_rxnfc *nfc)
{
	struct hinic_net *hn = netdev_priv(netdev);
	u32 type = hinic_net_rss_type(nfc->flow_type);
	struct hinic_mb_rss rss = hn->rss;
	int err;

	if (nfc->cmd != ETHTOOL_SRXFH)
		return -EOPNOTSUPP;
	if (nfc->data == (RXH_IP_SRC | RXH_IP_DST))
		rss.types &= cpu_to_le32(~type);
	else if (type && nfc->data == (RXH_IP_SRC | RXH_IP_DST | RXH_L4_B_0_1 | RXH_L4_B_2_3))
		rss.types |= cpu_to_le32(type);
	else
		return -EINVAL;
	err = hinic_net_cmd_set_rss(hn, &rss);
	if (!err)
		hn->rss = rss;
	return err;
}

enum {
	HINIC_NET_TEST_REGISTER,
	HINIC_NET_TEST_ADMIN,
	HINIC_NET_TEST_LINK,
	HINIC_NET_TEST_N
};

static const char hinic_net_test_names[HINIC_NET_TEST_N][ETH_GSTRING_LEN] = {
	[HINIC_NET_TEST_REGISTER] = "register (online)",
	[HINIC_NET_TEST_ADMIN] = "admin queue (online)",
	[HINIC_NET_TEST_LINK] = "link (online)",
};

static void hinic_net_self_test(struct net_device *netdev, struct ethtool_test *test, u64 *result)
{
	struct hinic_net *hn = netdev_priv(netdev);
	struct hinic_mb_query_port port;
	unsigned int i;

	hinic_net_wr(hn, HINIC_R_TEST, HINIC_NET_TEST_WORD);
	result[HINIC_NET_TEST_REGISTER] = hinic_net_rd(hn, HINIC_R_TEST) != ~HINIC_NET_TEST_WORD;
	result[HINIC_NET_TEST_ADMIN] = hinic_net_cmd_query_port(hn, &port) != 0;
	result[HINIC_NET_TEST_LINK] = !netif_carrier_ok(netdev);
	for (i = 0; i < HINIC_NET_TEST_N; i++)
		if (result[i])
			test->flags |= ETH_TEST_FL_FAILED;
}

static int hinic_net_get_sset_count(struct net_device *netdev, int sset)
{
	switch (sset) {
	case ETH_SS_STATS:
		return hinic_net_stats_count(netdev_priv(netdev));
	case ETH_SS_TEST:
		return HINIC_NET_TEST_N;
	default:
		return -EOPNOTSUPP;
	}
}

static void hinic_net_get_strings(struct net_device *netdev, u32 sset, u8 *data)
{
	if (sset == ETH_SS_STATS)
		hinic_net_stats_names(netdev_priv(netdev), data);
	else if (sset == ETH_SS_TEST)
		memcpy(data, hinic_net_test_names, sizeof(hinic_net_test_names));
}

static void hinic_net_get_ethtool_stats(struct net_device *netdev, struct ethtool_stats *stats,
					u64 *data)
{
	hinic_net_stats_values(netdev_priv(netdev), data);
}

const struct ethtool_ops hinic_net_ethtool_ops = {
	.supported_coalesce_params = ETHTOOL_COALESCE_USECS | ETHTOOL_COALESCE_MAX_FRAMES,
	.get_drvinfo = hinic_net_get_drvinfo,
	.get_link = ethtool_op_get_link,
	.get_link_ksettings = hinic_net_get_link_ksettings,
	.get_ringparam = hinic_net_get_ringparam,
	.set_ringparam = hinic_net_set_ringparam,
	.get_channels = hinic_net_get_channels,
	.set_channels = hinic_net_set_channels,
	.get_coalesce = hinic_net_get_coalesce,
	.set_coalesce = hinic_net_set_coalesce,
	.get_rxfh_key_size = hinic_net_get_rxfh_key_size,
	.get_rxfh_indir_size = hinic_net_get_rxfh_indir_size,
	.get_rxfh = hinic_net_get_rxfh,
	.set_rxfh = hinic_net_set_rxfh,
	.get_rxnfc = hinic_net_get_rxnfc,
	.set_rxnfc = hinic_net_set_rxnfc,
	.self_test = hinic_net_self_test,
	.get_sset_count = hinic_net_get_sset_count,
	.get_strings = hinic_net_get_strings,
	.get_ethtool_stats = hinic_net_get_ethtool_stats,
	.get_ts_info = ethtool_op_get_ts_info,
};
