/* SPDX-License-Identifier: GPL-2.0 */
/* State of one HiNIC device and the functions its source files share. */
#ifndef VDC_GUEST_KMODS_HINIC_NET_H
#define VDC_GUEST_KMODS_HINIC_NET_H

/*
 * Locks, outermost first:
 *   rdma_mutex       protects the auxiliary device of the RDMA driver; outside of RTNL, which that
 *                    driver takes
 *   RTNL             protects everything in struct hinic_net that has no other lock named beside it
 *   link_lock        protects reading the port status together with setting the carrier
 *   aq.lock          protects the admin rings and the table of pending commands
 *   rdma_lock        protects the RDMA driver's client, also while it is called
 * The hard interrupt of vector 0 takes link_lock, aq.lock and rdma_lock, never two of them.
 */
#include <linux/bitmap.h>
#include <linux/completion.h>
#include <linux/if_vlan.h>
#include <linux/io.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/pci.h>
#include <linux/semaphore.h>
#include <linux/spinlock.h>
#include <linux/u64_stats_sync.h>
#include <linux/workqueue.h>

#include "hinic_hw.h"

#define HINIC_NET_NAME	  "hicain_net"
#define HINIC_NET_VERSION __stringify(HINIC_SPEC_MAJOR) "." __stringify(HINIC_SPEC_MINOR)

struct hinic_rdma;
struct hinic_rdma_client;

#define HINIC_NET_QPAIRS_MAX  8
#define HINIC_NET_EQS_MAX     8
#define HINIC_NET_AQ_LOG      6 /* 64 commands of 64 bytes: one page */
#define HINIC_NET_AQ_DEPTH    BIT(HINIC_NET_AQ_LOG)
#define HINIC_NET_AEQ_LOG     8 /* 256 events of 16 bytes: one page */
#define HINIC_NET_AEQ_DEPTH   BIT(HINIC_NET_AEQ_LOG)
#define HINIC_NET_CMD_TIMEOUT (5 * HZ) /* guest time */

#define HINIC_NET_RING_LOG_DEFAULT 9
#define HINIC_NET_RING_LOG_MIN	   6 /* a TX ring must hold two packets of the most descriptors */
#define HINIC_NET_MTU_DEFAULT	   4200
#define HINIC_NET_PORT		   1 /* ports count from 1; this driver serves the first */

/* One command the device has and has not answered. */
struct hinic_net_cmd_slot {
	struct completion done;
	u16 cmd_id; /* slot 7:0, generation 15:8 */
	bool is_pending;
	int err;   /* valid when done */
	u8 status; /* enum hinic_aq_status, valid when done and !err */
	__le32 out[3];
};

struct hinic_net_adminq {
	/* Protects every member below, except credits. Taken in hard interrupts. */
	spinlock_t lock;
	struct hinic_aq_sqe *sq;
	struct hinic_aq_cqe *cq;
	u16 pi, ci; /* free-running */
	u8 generation;
	bool is_up; /* commands are accepted */
	struct hinic_net_cmd_slot slot[HINIC_NET_AQ_DEPTH];

	struct semaphore credits;  /* free slots */
	dma_addr_t sq_dma, cq_dma; /* constant */
};

/*
 * Asynchronous events; used by the interrupt of vector 0 and, while that is quiet, by device start.
 */
struct hinic_net_aeq {
	struct hinic_eqe *ring;
	dma_addr_t dma;
	u32 ci; /* free-running, 24 bits count */
};

/* The part that both directions of a queue have: a descriptor ring and its completion ring. */
struct hinic_net_ring {
	void *desc;
	struct hinic_eth_cpl *cpl;
	dma_addr_t desc_dma, cpl_dma;
	u8 log_depth;
	bool is_rx;
	bool is_created; /* the device knows the queue */
	bool is_armed;	 /* the last completion doorbell asked for an interrupt */
	bool is_dead;	 /* the device stopped the queue: nothing is read or armed until recovery */
	u16 pi;		 /* next descriptor to write; all indices are free-running */
	u16 db_pi;	 /* pi the device has been told */
	u16 done;	 /* first descriptor that is not completed */
	u16 cpl_ci;	 /* next completion to read */
	u16 cpl_acked;	 /* cpl_ci the device has been told */
};

struct hinic_net_tx_buf {
	struct sk_buff *skb; /* in the slot of a packet's last descriptor */
	dma_addr_t dma;
	u32 len_bytes;
	bool is_page;
};

/*
 * xmit writes pi and db_pi under the queue's xmit lock; NAPI writes done, cpl_ci, cpl_acked and
 * is_armed. Each side reads the other's index with READ_ONCE.
 */
struct hinic_net_tx {
	struct hinic_net_ring ring;
	struct hinic_net_tx_buf *buf;
};

/* Statistics live as long as the device: queues come and go. */
struct hinic_net_tx_stats {
	struct u64_stats_sync sync; /* packets, bytes, tso_packets: written in NAPI only */
	u64 packets, bytes, tso_packets;
	struct u64_stats_sync xmit_sync; /* dropped, busy: written under the xmit lock only */
	u64 dropped, busy;
};

struct hinic_net_rx_buf {
	struct page *page;
	u32 offset;
};

/* Used by NAPI only, except at queue start and stop when NAPI is disabled. */
struct hinic_net_rx {
	struct hinic_net_ring ring;
	struct hinic_net_rx_buf *buf;
	struct page_pool *pool;
	struct sk_buff *skb; /* frame whose last buffer has not come yet */
	bool is_dropping;    /* skip the rest of the current frame */
	u32 truesize, buf_len_bytes;
};

struct hinic_net_rx_stats {
	struct u64_stats_sync sync; /* written in NAPI only */
	u64 packets, bytes, csum_ok, alloc_failed;
};

struct hinic_net_qp {
	struct napi_struct napi;
	struct hinic_net *hn;
	u16 idx;
	int irq;
	char irq_name[IFNAMSIZ + 8];
	struct hinic_net_tx tx;
	struct hinic_net_rx rx;
	struct hinic_net_tx_stats tx_stats;
	struct hinic_net_rx_stats rx_stats;
};

/* What ethtool -L and -G change, swapped as a whole by hinic_net_reconfigure(). */
struct hinic_net_params {
	u16 n_qps;
	u8 tx_log, rx_log;
	u32 mtu;
};

struct hinic_net_moderation {
	u32 usecs, frames;
};

struct hinic_net {
	struct pci_dev *pdev;
	struct net_device *netdev;
	void __iomem *regs;
	void __iomem *db; /* doorbell page 0 */
	u64 caps;
	u16 n_eqs, max_qps; /* vectors: 0, then n_eqs for RDMA, then max_qps */

	struct hinic_net_adminq aq;
	struct hinic_net_aeq aeq;
	spinlock_t link_lock; /* see the top of this file; taken in hard interrupts */
	bool is_link_known;   /* link_lock; the link has been reported since probe */

	bool is_live; /* the device is initialised */
	bool is_open; /* the queues exist */
	struct hinic_net_params params;
	struct hinic_net_moderation rx_mod, tx_mod;
	struct hinic_net_qp *qp; /* max_qps entries */
	struct hinic_mb_query_dev limits;
	struct hinic_mb_rss rss;
	DECLARE_BITMAP(vlans, VLAN_N_VID);

	struct mutex rdma_mutex;
	struct hinic_rdma *rdma; /* rdma_mutex; NULL while the device is not offered */
	spinlock_t rdma_lock;	 /* taken in hard interrupts */
	struct hinic_rdma_client *rdma_client; /* rdma_lock; NULL without a driver */

	struct work_struct rx_mode_work; /* ndo_set_rx_mode runs under a spinlock, commands sleep */
	struct work_struct recover_work;
};

static inline u32 hinic_net_rd(const struct hinic_net *hn, u32 reg)
{
	return readl(hn->regs + reg);
}

static inline u64 hinic_net_rd64(const struct hinic_net *hn, u32 reg)
{
	return readq(hn->regs + reg);
}

static inline void hinic_net_wr(struct hinic_net *hn, u32 reg, u32 value)
{
	writel(value, hn->regs + reg);
}

static inline void hinic_net_wr64(struct hinic_net *hn, u32 reg, u64 value)
{
	writeq(value, hn->regs + reg);
}

static inline u16 hinic_net_ring_mask(const struct hinic_net_ring *ring)
{
	return (u16)((1u << ring->log_depth) - 1);
}

static inline unsigned int hinic_net_ring_room(const struct hinic_net_ring *ring)
{
	return (1u << ring->log_depth) - (u16)(READ_ONCE(ring->pi) - READ_ONCE(ring->done));
}

/* hinic_net_adminq.c */
int hinic_net_aq_alloc(struct hinic_net *hn);
void hinic_net_aq_free(struct hinic_net *hn);
void hinic_net_aq_reset(struct hinic_net *hn);
void hinic_net_aq_open(struct hinic_net *hn);
void hinic_net_aq_abort(struct hinic_net *hn);
void hinic_net_aq_poll(struct hinic_net *hn);
int hinic_net_aq_try(struct hinic_net *hn, struct hinic_aq_sqe *sqe, __le32 *out);
int hinic_net_aq_exec(struct hinic_net *hn, struct hinic_aq_sqe *sqe, __le32 *out);

/* hinic_net_cmd.c */
int hinic_net_cmd_query_dev(struct hinic_net *hn, struct hinic_mb_query_dev *out);
int hinic_net_cmd_query_port(struct hinic_net *hn, struct hinic_mb_query_port *out);
int hinic_net_cmd_set_mtu(struct hinic_net *hn, u32 mtu);
int hinic_net_cmd_create_q(struct hinic_net *hn, bool is_rx, const struct hinic_mb_create_q *in);
int hinic_net_cmd_destroy_q(struct hinic_net *hn, bool is_rx, u16 queue);
int hinic_net_cmd_set_moderation(struct hinic_net *hn, bool is_rx, u16 queue,
				 const struct hinic_net_moderation *mod);
int hinic_net_cmd_set_rx_mode(struct hinic_net *hn, u32 flags, u64 hash);
int hinic_net_cmd_set_mac(struct hinic_net *hn, const u8 *mac);
int hinic_net_cmd_set_vlan(struct hinic_net *hn, u16 vid, bool add);
int hinic_net_cmd_set_rss(struct hinic_net *hn, const struct hinic_mb_rss *rss);
int hinic_net_cmd_set_offload(struct hinic_net *hn, u32 flags);
int hinic_net_cmd_get_stats(struct hinic_net *hn, __le64 *out, unsigned int n);

/* hinic_net_event.c */
int hinic_net_aeq_alloc(struct hinic_net *hn);
void hinic_net_aeq_free(struct hinic_net *hn);
void hinic_net_aeq_reset(struct hinic_net *hn);
void hinic_net_aeq_arm(struct hinic_net *hn);
irqreturn_t hinic_net_event_irq(int irq, void *data);
void hinic_net_update_link(struct hinic_net *hn);

/* hinic_net_device.c */
int hinic_net_device_check(struct pci_dev *pdev, void __iomem *regs);
int hinic_net_device_up(struct hinic_net *hn);
void hinic_net_device_reset(struct hinic_net *hn);
void hinic_net_device_down(struct hinic_net *hn);
void hinic_net_halt(struct hinic_net *hn);
int hinic_net_restart(struct hinic_net *hn);
void hinic_net_recover_work(struct work_struct *work);
void hinic_net_request_recovery(struct hinic_net *hn);

/* hinic_net_queue.c */
int hinic_net_queues_start(struct hinic_net *hn);
void hinic_net_queues_stop(struct hinic_net *hn);
int hinic_net_reconfigure(struct hinic_net *hn, const struct hinic_net_params *params);
void hinic_net_ring_ack(struct hinic_net_qp *qp, struct hinic_net_ring *ring, bool arm);
const struct hinic_eth_cpl *hinic_net_ring_peek(const struct hinic_net_ring *ring);

/* hinic_net_tx.c */
netdev_tx_t hinic_net_start_xmit(struct sk_buff *skb, struct net_device *netdev);
bool hinic_net_tx_clean(struct hinic_net_qp *qp, int budget);
void hinic_net_tx_drain(struct hinic_net_qp *qp);

/* hinic_net_rx.c */
int hinic_net_rx_alloc(struct hinic_net_qp *qp);
void hinic_net_rx_free(struct hinic_net_qp *qp);
bool hinic_net_rx_fill(struct hinic_net_qp *qp);
int hinic_net_rx_poll(struct hinic_net_qp *qp, int budget);

/* hinic_net_netdev.c */
void hinic_net_netdev_setup(struct hinic_net *hn);
u32 hinic_net_offload_flags(netdev_features_t features);
int hinic_net_apply_rx_mode(struct hinic_net *hn, netdev_features_t features);
void hinic_net_rx_mode_work(struct work_struct *work);

/* hinic_net_ethtool.c */
extern const struct ethtool_ops hinic_net_ethtool_ops;

/* hinic_net_rdma.c */
void hinic_net_rdma_add(struct hinic_net *hn);
void hinic_net_rdma_remove(struct hinic_net *hn, bool is_down);
void hinic_net_rdma_event(struct hinic_net *hn, const struct hinic_eqe *eqe);

/* hinic_net_stats.c */
int hinic_net_stats_count(const struct hinic_net *hn);
void hinic_net_stats_names(const struct hinic_net *hn, u8 *data);
void hinic_net_stats_values(struct hinic_net *hn, u64 *data);
void hinic_net_get_stats64(struct net_device *netdev, struct rtnl_link_stats64 *stats);

#endif
