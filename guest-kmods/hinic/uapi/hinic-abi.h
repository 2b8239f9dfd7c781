/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Private data of the verbs commands between hicain_ib and its libibverbs provider, version 1. */
#ifndef VDC_GUEST_KMODS_HINIC_UAPI_HINIC_ABI_H
#define VDC_GUEST_KMODS_HINIC_UAPI_HINIC_ABI_H

/*
 * Every struct has no padding, the same layout on 32 and 64 bits and a length of 8 n bytes. Queue
 * memory is made by the provider: zeroed, on a page boundary, not shared between queues. It stays
 * until the object is destroyed. Entries have the layout of hinic_hw.h.
 *
 * Reserved fields of requests must be 0. A request that breaks a rule below ends with EINVAL.
 */
#include <linux/types.h>

#define HINIC_IB_ABI_VERSION 1 /* ib_device_ops.uverbs_abi_ver */

/*
 * Answer of alloc_ucontext (its request has no private data). The two offsets are for mmap() of one
 * page of the command's file: MAP_SHARED, the doorbell page PROT_WRITE, the clock page PROT_READ.
 * Offset 0 of the clock page is virtual time in ns, one aligned 8-byte read.
 */
struct hinic_ib_alloc_ucontext_resp {
	__aligned_u64 uar_mmap_off;
	__aligned_u64 clock_mmap_off;
	__u32 uar_index;    /* number of the doorbell page */
	__u32 max_inline;   /* bytes, largest max_inline_data of a QP */
	__aligned_u64 caps; /* HINIC_CAP_* of the device */
};

/*
 * Answer of create_ah: what the address vector of a request needs beside the caller's attributes.
 * The core has resolved the next hop. InfiniBand ports answer zeros and 0xffff.
 */
struct hinic_ib_create_ah_resp {
	__u8 dmac[6];
	__u16 vlan; /* 12 bits of the source GID's VLAN, 0xffff none */
};

/*
 * create_cq: entries of 64 bytes. buf_len = 64 * n, n a power of two, at least the number of
 * entries asked for; all n can be used.
 */
struct hinic_ib_create_cq {
	__aligned_u64 buf;
	__u32 buf_len;
	__u32 reserved;
};

struct hinic_ib_create_cq_resp {
	__u32 cqn;
	__u32 cqe; /* n */
};

/*
 * resize_cq: new ring, rules of create_cq. The device copies nothing: it writes the entry of
 * consumer index i into slot i mod n of the new ring from the moment the command is done, phase by
 * the new n. Entries not read before stay in the old ring (those with the old phase); the provider
 * copies them to the slot of their index in the new ring and gives each the phase of that slot.
 */
struct hinic_ib_resize_cq {
	__aligned_u64 buf;
	__u32 buf_len;
	__u32 reserved;
};

/*
 * create_srq: stride = smallest power of two that holds 16 * (1 + max_sge) bytes (a header and the
 * list). buf_len = stride * n, n a power of two <= 32768, more than max_wr: one entry stays free.
 */
struct hinic_ib_create_srq {
	__aligned_u64 buf;
	__u32 buf_len;
	__u32 reserved;
};

struct hinic_ib_create_srq_resp {
	__u32 srqn;
	__u32 reserved;
};

/*
 * create_qp: sq_len = 64 * n, n a power of two (basic blocks), 16 <= n <= 32768. rq_len = stride *
 * m, stride = smallest power of two that holds 16 * max(max_recv_sge, 1) bytes, m a power of two
 * <= 32768, at least max_recv_wr. Without receive queue (SRQ, or max_recv_wr 0) rq_buf and rq_len
 * are 0. n is at least max_send_wr; the provider makes it large enough for the blocks of its
 * largest request times max_send_wr.
 */
struct hinic_ib_create_qp {
	__aligned_u64 sq_buf;
	__aligned_u64 rq_buf;
	__u32 sq_len;
	__u32 rq_len;
};

struct hinic_ib_create_qp_resp {
	__u32 qpn;
	__u32 reserved;
};

#endif
