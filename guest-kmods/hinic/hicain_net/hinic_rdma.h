/* SPDX-License-Identifier: GPL-2.0 */
/* What hicain_net gives to the RDMA driver: one auxiliary device `hicain_net.rdma` per function. */
#ifndef VDC_GUEST_KMODS_HINIC_RDMA_H
#define VDC_GUEST_KMODS_HINIC_RDMA_H

#include <linux/auxiliary_bus.h>
#include <linux/netdevice.h>
#include <linux/pci.h>

#include "hinic_hw.h"

#define HINIC_RDMA_DEV_NAME "rdma"

struct hinic_net;

/*
 * Constant while the auxiliary device exists. A reset of the device takes the auxiliary device away
 * and brings a new one: no object of the device outlives it.
 */
struct hinic_rdma {
	struct auxiliary_device adev;
	struct hinic_net *hn; /* private to hicain_net */
	struct pci_dev *pdev;
	struct net_device *netdev;
	void __iomem *regs;	/* BAR0 */
	void __iomem *db;	/* doorbell page 0 */
	phys_addr_t uar_base;	/* doorbell page 0; page n is n * HINIC_UAR_SIZE behind it */
	phys_addr_t clock_page; /* the page of BAR0 that a process may map */
	u64 caps;		/* HINIC_CAP_* */
	u16 n_vectors;		/* for completion event queues, at least 1 */
	struct hinic_mb_query_dev limits;
};

static inline struct hinic_rdma *hinic_rdma_of(struct auxiliary_device *adev)
{
	return container_of(adev, struct hinic_rdma, adev);
}

/**
 * struct hinic_rdma_client - what hicain_net calls
 * @event: an asynchronous event of an RDMA object, the port or the device; hard interrupt
 * @down: the device has failed or will be reset, remove() follows; process context, once at most
 */
struct hinic_rdma_client {
	void (*event)(struct hinic_rdma_client *client, const struct hinic_eqe *eqe);
	void (*down)(struct hinic_rdma_client *client);
};

/**
 * struct hinic_rdma_cmd - one admin command
 * @opcode: enum hinic_aq_op
 * @port: counts from 1; 0 for commands without a port
 * @inl: inline part, @inl_len bytes, or NULL
 * @in: input mailbox, @in_len bytes, or NULL
 * @out: receives the first @out_len bytes of the output mailbox on success, or NULL
 * @reply: the three answer words, valid on success
 * @inl_len: at most HINIC_AQ_INLINE_LEN
 * @in_len: at most HINIC_PAGE_SIZE
 * @out_len: at most HINIC_PAGE_SIZE
 */
struct hinic_rdma_cmd {
	u8 opcode, port;
	const void *inl, *in;
	void *out;
	size_t inl_len, in_len, out_len;
	u32 reply[3];
};

int hinic_rdma_exec(struct hinic_rdma *rdma, struct hinic_rdma_cmd *cmd);
int hinic_rdma_irq(struct hinic_rdma *rdma, unsigned int i);
unsigned int hinic_rdma_vector(unsigned int i);
void hinic_rdma_attach(struct hinic_rdma *rdma, struct hinic_rdma_client *client);
void hinic_rdma_detach(struct hinic_rdma *rdma);

#endif
