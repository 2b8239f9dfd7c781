// SPDX-License-Identifier: GPL-2.0
/* The network interface: what the stack asks of it outside the data path. */
#include <linux/crc32.h>
#include <linux/etherdevice.h>
#include <linux/rtnetlink.h>

#include "hinic_net.h"

#define HINIC_NET_TX_TIMEOUT (5 * HZ) /* guest time */

/* The key of the RSS specification: the same in every run and on every node. */
static const u8 hinic_net_rss_key[HINIC_RSS_KEY_LEN] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
	0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
	0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

/**
 * hinic_net_offload_flags() - the device's offload bits for a set of features
 * @features: of the interface
 *
 * Transmit offloads are always allowed: the stack asks for them per packet, and a packet on its way
 * while a feature is switched off must not stop the queue.
 *
 * Return: HINIC_OFFLOAD_*.
 */
u32 hinic_net_offload_flags(netdev_features_t features)
{
	u32 flags = HINIC_OFFLOAD_TX_CSUM | HINIC_OFFLOAD_TSO | HINIC_OFFLOAD_VLAN_INSERT;

	if (features & NETIF_F_RXCSUM)
		flags |= HINIC_OFFLOAD_RX_CSUM;
	if (features & NETIF_F_HW_VLAN_CTAG_RX)
		flags |= HINIC_OFFLOAD_VLAN_STRIP;
	return flags;
}

/**
 * hinic_net_apply_rx_mode() - program the receive filter
 * @hn: device, live
 * @features: of the interface, for VLAN filtering
 *
 * RTNL. May sleep.
 *
 * Return: 0 or a negative errno.
 */
int hinic_net_apply_rx_mode(struct hinic_net *hn, netdev_features_t features)
{
	struct net_device *netdev = hn->netdev;
	const struct netdev_hw_addr *ha;
	u32 flags = 0;
	u64 hash = 0;

	netif_addr_lock_bh(netdev);
	if (netdev->flags & IFF_PROMISC)
		flags |= HINIC_RX_MODE_PROMISC;
	if (netdev->flags & (IFF_PROMISC | IFF_ALLMULTI))
		flags |= HINIC_RX_MODE_ALLMULTI;
	netdev_for_each_mc_addr(ha, netdev)
		hash |= BIT_ULL(ether_crc(ETH_ALEN, ha->addr) >> 26);
	netif_addr_unlock_bh(netdev);
	if ((features & NETIF_F_HW_VLAN_CTAG_FILTER) && !(flags & HINIC_RX_MODE_PROMISC))
		flags |= HINIC_RX_MODE_VLAN_FILTER;
	return hinic_net_cmd_set_rx_mode(hn, flags, hash);
}

/**
 * hinic_net_rx_mode_work() - carry out the last ndo_set_rx_mode
 * @work: rx_mode_work of a struct hinic_net
 */
void hinic_net_rx_mode_work(struct work_struct *work)
{
	struct hinic_net *hn = container_of(work, struct hinic_net, rx_mode_work);

	rtnl_lock();
	/* Without queues: programmed when they come back. Failure: reported by its command. */
	if (hn->is_open)
		(void)hinic_net_apply_rx_mode(hn, hn->netdev->features);
	rtnl_unlock();
}

static void hinic_net_set_rx_mode(struct net_device *netdev)
{
	struct hinic_net *hn = netdev_priv(netdev);

	schedule_work(&hn->rx_mode_work);
}

static int hinic_net_open(struct net_device *netdev)
{
	struct hinic_net *hn = netdev_priv(netdev);
	int err;

	err = netif_set_real_num_queues(netdev, hn->params.n_qps, hn->params.n_qps);
	if (err)
		return err;
	err = hinic_net_queues_start(hn);
	if (err)
		return err;
	netif_tx_start_all_queues(netdev);
	hinic_net_update_link(hn);
	return 0;
}

static int hinic_net_stop(struct net_device *netdev)
{
	struct hinic_net *hn = netdev_priv(netdev);

	if (hn->is_open) /* not after a recovery that failed */
		hinic_net_queues_stop(hn);
	return 0;
}

static int hinic_net_set_mac_address(struct net_device *netdev, void *data)
{
	struct hinic_net *hn = netdev_priv(netdev);
	const struct sockaddr *addr = data;
	int err;

	err = eth_prepare_mac_addr_change(netdev, data);
	if (err)
		return err;
	err = hinic_net_cmd_set_mac(hn, addr->sa_data);
	if (err)
		return err;
	eth_commit_mac_addr_change(netdev, data);
	return 0;
}

static int hinic_net_change_mtu(struct net_device *netdev, int mtu)
{
	struct hinic_net *hn = netdev_priv(netdev);
	struct hinic_net_params params = hn->params;
	int err;

	params.mtu = (u32)mtu;
	err = hinic_net_reconfigure(hn, &params); /* the size of receive buffers depends on it */
	if (err)
		return err;
	WRITE_ONCE(netdev->mtu, (unsigned int)mtu);
	return 0;
}

static int hinic_net_set_features(struct net_device *netdev, netdev_features_t features)
{
	struct hinic_net *hn = netdev_priv(netdev);
	netdev_features_t changed = netdev->features ^ features;
	int err = 0;

	if (!hn->is_live) /* programmed by the recovery */
		return 0;
	if (hinic_net_offload_flags(features) != hinic_net_offload_flags(netdev->features))
		err = hinic_net_cmd_set_offload(hn, hinic_net_offload_flags(features));
	if (!err && hn->is_open && (changed & NETIF_F_HW_VLAN_CTAG_FILTER))
		err = hinic_net_apply_rx_mode(hn, features);
	return err;
}

static netdev_features_t hinic_net_features_check(struct sk_buff *skb, struct net_device *netdev,
						  netdev_features_t features)
{
	if (skb_is_gso(skb)) {
		u16 mss = skb_shinfo(skb)->gso_size;

		if (mss < HINIC_MSS_MIN || mss > HINIC_MSS_MAX || skb->len > HINIC_TSO_LEN_MAX)
			features &= ~NETIF_F_GSO_MASK;
	}
	return vlan_features_check(skb, features);
}

static int hinic_net_vlan_rx_add_vid(struct net_device *netdev, __be16 proto, u16 vid)
{
	struct hinic_net *hn = netdev_priv(netdev);
	int err;

	if (proto != htons(ETH_P_8021Q) || vid >= VLAN_N_VID)
		return -EINVAL;
	if (hn->is_live) {
		err = hinic_net_cmd_set_vlan(hn, vid, true);
		if (err)
			return err;
	}
	__set_bit(vid, hn->vlans);
	return 0;
}

static int hinic_net_vlan_rx_kill_vid(struct net_device *netdev, __be16 proto, u16 vid)
{
	struct hinic_net *hn = netdev_priv(netdev);

	if (proto != htons(ETH_P_8021Q) || vid >= VLAN_N_VID)
		return -EINVAL;
	__clear_bit(vid, hn->vlans);
	return hn->is_live ? hinic_net_cmd_set_vlan(hn, vid, false) : 0;
}

static void hinic_net_tx_timeout(struct net_device *netdev, unsigned int txqueue)
{
	struct hinic_net *hn = netdev_priv(netdev);
	const struct hinic_net_ring *ring = &hn->qp[txqueue].tx.ring;

	netdev_err(netdev, "TX queue %u stuck at %u of %u (told %u), device status 0x%x\n", txqueue,
		   ring->done, ring->pi, ring->db_pi, hinic_net_rd(hn, HINIC_R_DEV_STATUS));
	hinic_net_request_recovery(hn);
}

static const struct net_device_ops hinic_net_netdev_ops = {
	.ndo_open = hinic_net_open,
	.ndo_stop = hinic_net_stop,
	.ndo_start_xmit = hinic_net_start_xmit,
	.ndo_features_check = hinic_net_features_check,
	.ndo_set_rx_mode = hinic_net_set_rx_mode,
	.ndo_set_mac_address = hinic_net_set_mac_address,
	.ndo_validate_addr = eth_validate_addr,
	.ndo_change_mtu = hinic_net_change_mtu,
	.ndo_tx_timeout = hinic_net_tx_timeout,
	.ndo_get_stats64 = hinic_net_get_stats64,
	.ndo_vlan_rx_add_vid = hinic_net_vlan_rx_add_vid,
	.ndo_vlan_rx_kill_vid = hinic_net_vlan_rx_kill_vid,
	.ndo_set_features = hinic_net_set_features,
};

/**
 * hinic_net_netdev_setup() - fill in the interface and the driver's defaults before registration
 * @hn: device with its registers mapped and its vectors allocated
 */
void hinic_net_netdev_setup(struct hinic_net *hn)
{
	struct net_device *netdev = hn->netdev;
	u32 link_mtu = hinic_net_rd(hn, HINIC_R_PORT(0) + HINIC_PORT_MTU);
	unsigned int i;

	netdev->netdev_ops = &hinic_net_netdev_ops;
	netdev->ethtool_ops = &hinic_net_ethtool_ops;
	netdev->watchdog_timeo = HINIC_NET_TX_TIMEOUT;
	netdev->priv_flags |= IFF_LIVE_ADDR_CHANGE;
	netdev->vlan_features = NETIF_F_SG | NETIF_F_HIGHDMA | NETIF_F_IP_CSUM | NETIF_F_IPV6_CSUM |
				NETIF_F_RXCSUM | NETIF_F_TSO | NETIF_F_TSO6 | NETIF_F_TSO_ECN;
	netdev->hw_features = netdev->vlan_features | NETIF_F_RXHASH | NETIF_F_HW_VLAN_CTAG_TX |
			      NETIF_F_HW_VLAN_CTAG_RX | NETIF_F_HW_VLAN_CTAG_FILTER;
	netdev->hw_features &= ~NETIF_F_HIGHDMA;
	netdev->features = netdev->hw_features | NETIF_F_HIGHDMA;

	/* A frame the link does not carry would vanish: refuse the MTU instead. */
	netdev->min_mtu = HINIC_MTU_MIN;
	netdev->max_mtu = clamp(link_mtu, (u32)HINIC_MTU_MIN, (u32)HINIC_MTU_MAX);
	netdev->mtu = min_t(u32, HINIC_NET_MTU_DEFAULT, netdev->max_mtu);

	hn->params.mtu = netdev->mtu;
	hn->params.n_qps = (u16)min_t(unsigned int, num_online_cpus(), hn->max_qps);
	hn->params.tx_log = HINIC_NET_RING_LOG_DEFAULT;
	hn->params.rx_log = HINIC_NET_RING_LOG_DEFAULT;
	/* Receive at once; let transmit completions gather, nobody waits for the first of them. */
	hn->tx_mod.usecs = 16;
	hn->tx_mod.frames = 32;
	memcpy(hn->rss.key, hinic_net_rss_key, sizeof(hn->rss.key));
	hn->rss.types = cpu_to_le32(HINIC_RSS_ALL);
	for (i = 0; i < hn->max_qps; i++) {
		u64_stats_init(&hn->qp[i].tx_stats.sync);
		u64_stats_init(&hn->qp[i].tx_stats.xmit_sync);
		u64_stats_init(&hn->qp[i].rx_stats.sync);
	}
}
