/* SPDX-License-Identifier: GPL-2.0 */
/* State of one RDMA device and the functions its source files share. */
#ifndef VDC_GUEST_KMODS_HINIC_IB_H
#define VDC_GUEST_KMODS_HINIC_IB_H

/*
 * Locks, outermost first:
 *   qp.mutex             attributes and state of a QP; sleeps in commands
 *   cq.lock              consumer index and kernel ring of a CQ
 *   sq.lock, rq.lock     producer side of a kernel QP
 *   srq.lock             producer side and free list of a kernel SRQ
 * Completion interrupts take none of them: they find the CQ in an xarray and call its handler.
 * Destroying a CQ waits for the interrupt, destroying any object waits for the event work.
 *
 * Every object number is the device's. Commands sleep; with the device down they fail at once, and
 * then destroying an object frees its memory: the device makes no access to it any more.
 */
#include <linux/kfifo.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <rdma/ib_umem.h>
#include <rdma/ib_verbs.h>

#include "hinic-abi.h"
#include "hinic_hw.h"
#include "hinic_rdma.h"

#define HINIC_IB_NAME	      "hicain_ib"
#define HINIC_IB_PORT	      1
#define HINIC_IB_EQ_LOG	      HINIC_EQ_LOG_MAX
#define HINIC_IB_EQ_DEPTH     BIT(HINIC_IB_EQ_LOG)
#define HINIC_IB_EVENTS	      1024 /* asynchronous events that wait for their work */
#define HINIC_IB_AH_MAX	      32768
#define HINIC_IB_FRWR_PAGES   512 /* one page of addresses */
#define HINIC_IB_LOG_RING_MAX 15  /* indices of queues are 16 bits, with one to tell the phase */
#define HINIC_IB_QPN_NONE     0xffffff /* a completion nobody wants */

/* Addresses of the pages of a queue or region, as the device reads them. */
struct hinic_ib_table {
	__le64 *entry; /* 512 */
	dma_addr_t dma;
};

struct hinic_ib_pbl {
	struct hinic_pbl hw;
	struct hinic_ib_table *table; /* n_tables, leaves first; NULL if hw holds all addresses */
	u32 n_tables;
};

/* Memory of a queue: of a process (umem) or of the kernel (va). */
struct hinic_ib_mem {
	struct ib_umem *umem;
	void *va;
	dma_addr_t dma;
	size_t len_bytes;
	struct hinic_ib_pbl pbl;
};

struct hinic_ib_eq {
	struct hinic_ib_dev *hdev;
	struct hinic_eqe *ring;
	dma_addr_t dma;
	u32 ci; /* free-running, 24 bits count; used by the interrupt */
	int irq;
	u8 eqn;
	char name[32];
};

struct hinic_ib_dev {
	struct ib_device ibdev;
	struct hinic_rdma *rdma;
	struct hinic_rdma_client client;
	const struct hinic_mb_query_dev *limits;
	struct hinic_ib_eq *eq;
	u16 n_eqs;
	atomic_t next_key; /* key8 of the next memory region */
	bool is_down;	   /* written once; the fatal event has been given out */

	struct xarray cqs, qps, srqs; /* by number of the device */
	struct work_struct event_work;
	DECLARE_KFIFO(events, struct hinic_eqe, HINIC_IB_EVENTS); /* interrupt in, work out */
	unsigned long events_lost;
};

struct hinic_ib_mmap {
	struct rdma_user_mmap_entry entry;
	phys_addr_t addr;
	bool is_clock; /* the clock page, read-only; else a doorbell page */
};

struct hinic_ib_ucontext {
	struct ib_ucontext ibuc;
	u32 uar;
	struct hinic_ib_mmap *uar_map, *clock_map;
};

struct hinic_ib_pd {
	struct ib_pd ibpd;
	u32 pdn;
};

struct hinic_ib_ah {
	struct ib_ah ibah;
	struct hinic_av av;
	struct rdma_ah_attr attr;
};

struct hinic_ib_cq {
	struct ib_cq ibcq;
	struct hinic_ib_mem mem;
	struct hinic_ib_eq *eq;
	u32 cqn;
	u8 log_cqe;
	spinlock_t lock; /* ci and the entries from there on, of a kernel ring */
	u32 ci;		 /* free-running, 24 bits count */
	u8 arm_sn;	 /* counts events; written by the interrupt */
};

/* Send queue of a kernel QP; of a process's QP only mem and log_bb. Indices count blocks. */
struct hinic_ib_sq {
	spinlock_t lock; /* all but ci, which polling writes */
	struct hinic_ib_mem mem;
	u64 *wr_id; /* by slot of a request's first block */
	u8 *n_bb;
	u16 pi, ci; /* free-running */
	u8 log_bb;
};

struct hinic_ib_rq {
	spinlock_t lock; /* all but ci, which polling writes */
	struct hinic_ib_mem mem;
	u64 *wr_id; /* by slot */
	u16 pi, ci; /* free-running */
	u8 log_wqe, log_stride;
};

struct hinic_ib_qp {
	struct ib_qp ibqp;
	struct mutex mutex; /* one change of state or attributes at a time */
	enum ib_qp_state state;
	u32 qpn;
	u32 uar;
	bool is_user, has_rq, is_sig_all;
	struct ib_qp_cap cap;
	struct hinic_ib_sq sq;
	struct hinic_ib_rq rq;
};

struct hinic_ib_srq {
	struct ib_srq ibsrq;
	struct hinic_ib_mem mem;
	u32 srqn;
	bool is_user;
	u32 max_wr, max_sge;
	u8 log_wqe, log_stride;
	spinlock_t lock; /* everything below, and the links in memory */
	u64 *wr_id;
	u16 pi;		/* requests posted, free-running */
	u16 head, tail; /* free list: next entry to use, last one */
};

struct hinic_ib_mr {
	struct ib_mr ibmr;
	struct ib_umem *umem; /* regions of processes */
	struct hinic_ib_pbl pbl;
	u64 iova, len_bytes;
	int access;
	u32 pdn;
	__le64 *pages; /* fast registration */
	dma_addr_t pages_dma;
	u32 n_pages, max_pages;
};

struct hinic_ib_mw {
	struct ib_mw ibmw;
};

#define HINIC_IB_OF(type, ib, member)                                                              \
	static inline struct hinic_ib_##type *hinic_ib_##type##_of(struct ib *x)                   \
	{                                                                                          \
		return container_of(x, struct hinic_ib_##type, member);                            \
	}
HINIC_IB_OF(dev, ib_device, ibdev)
HINIC_IB_OF(ucontext, ib_ucontext, ibuc)
HINIC_IB_OF(pd, ib_pd, ibpd)
HINIC_IB_OF(ah, ib_ah, ibah)
HINIC_IB_OF(cq, ib_cq, ibcq)
HINIC_IB_OF(qp, ib_qp, ibqp)
HINIC_IB_OF(srq, ib_srq, ibsrq)
HINIC_IB_OF(mr, ib_mr, ibmr)
HINIC_IB_OF(mw, ib_mw, ibmw)

/* A doorbell of page 0, the kernel's. Orders the queue's memory before it. */
static inline void hinic_ib_ring(struct hinic_ib_dev *hdev, u32 doorbell, u64 value)
{
	writeq(value, hdev->rdma->db + doorbell);
}

static inline bool hinic_ib_can(const struct hinic_ib_dev *hdev, u64 cap)
{
	return (hdev->rdma->caps & cap) == cap;
}

/* hinic_ib_cmd.c */
int hinic_ib_cmd_object(struct hinic_ib_dev *hdev, u8 opcode, const void *in, size_t in_len,
			u32 *id);
int hinic_ib_cmd_inline(struct hinic_ib_dev *hdev, u8 opcode, u8 port, const void *inl, size_t len,
			u32 *id);
int hinic_ib_cmd_id(struct hinic_ib_dev *hdev, u8 opcode, u32 id);
int hinic_ib_cmd_query(struct hinic_ib_dev *hdev, u8 opcode, u8 port, u32 id, void *out,
		       size_t out_len);
int hinic_ib_cmd_modify_qp(struct hinic_ib_dev *hdev, u32 qpn, const struct hinic_mb_modify_qp *in);
int hinic_ib_cmd_mad(struct hinic_ib_dev *hdev, const struct hinic_mb_mad *in,
		     struct hinic_mb_mad *out);

/* hinic_ib_pbl.c */
int hinic_ib_pbl_umem(struct hinic_ib_dev *hdev, struct hinic_ib_pbl *pbl, struct ib_umem *umem,
		      unsigned long pgsz);
int hinic_ib_pbl_identity(struct hinic_ib_dev *hdev, struct hinic_ib_pbl *pbl, u64 *len_bytes);
void hinic_ib_pbl_free(struct hinic_ib_dev *hdev, struct hinic_ib_pbl *pbl);
int hinic_ib_mem_alloc(struct hinic_ib_dev *hdev, struct hinic_ib_mem *mem, size_t len);
int hinic_ib_mem_get(struct hinic_ib_dev *hdev, struct hinic_ib_mem *mem, u64 addr, u32 len);
void hinic_ib_mem_free(struct hinic_ib_dev *hdev, struct hinic_ib_mem *mem);

/* hinic_ib_eq.c */
int hinic_ib_eqs_start(struct hinic_ib_dev *hdev);
void hinic_ib_eqs_stop(struct hinic_ib_dev *hdev);

/* hinic_ib_event.c */
void hinic_ib_events_init(struct hinic_ib_dev *hdev);
void hinic_ib_events_flush(struct hinic_ib_dev *hdev);

/* hinic_ib_device.c */
int hinic_ib_query_device(struct ib_device *ibdev, struct ib_device_attr *attr,
			  struct ib_udata *udata);
int hinic_ib_modify_device(struct ib_device *ibdev, int mask, struct ib_device_modify *modify);
void hinic_ib_get_fw_str(struct ib_device *ibdev, char *str);

/* hinic_ib_port.c */
int hinic_ib_query_port(struct ib_device *ibdev, u32 port, struct ib_port_attr *attr);
int hinic_ib_get_port_immutable(struct ib_device *ibdev, u32 port,
				struct ib_port_immutable *immutable);
enum rdma_link_layer hinic_ib_get_link_layer(struct ib_device *ibdev, u32 port);
int hinic_ib_query_pkey(struct ib_device *ibdev, u32 port, u16 index, u16 *pkey);
int hinic_ib_add_gid(const struct ib_gid_attr *attr, void **context);
int hinic_ib_del_gid(const struct ib_gid_attr *attr, void **context);

/* hinic_ib_user.c */
int hinic_ib_udata_in(struct ib_udata *udata, void *req, size_t len);
int hinic_ib_udata_out(struct ib_udata *udata, void *resp, size_t len);
u32 hinic_ib_udata_uar(struct ib_udata *udata);
int hinic_ib_alloc_ucontext(struct ib_ucontext *ibuc, struct ib_udata *udata);
void hinic_ib_dealloc_ucontext(struct ib_ucontext *ibuc);
void hinic_ib_disassociate_ucontext(struct ib_ucontext *ibuc);
int hinic_ib_mmap(struct ib_ucontext *ibuc, struct vm_area_struct *vma);
void hinic_ib_mmap_free(struct rdma_user_mmap_entry *entry);
int hinic_ib_alloc_pd(struct ib_pd *ibpd, struct ib_udata *udata);
int hinic_ib_dealloc_pd(struct ib_pd *ibpd, struct ib_udata *udata);

/* hinic_ib_ah.c */
void hinic_ib_av_fill(struct hinic_av *av, const struct rdma_ah_attr *attr);
void hinic_ib_av_read(const struct hinic_av *av, struct rdma_ah_attr *attr);
int hinic_ib_create_ah(struct ib_ah *ibah, struct rdma_ah_init_attr *init, struct ib_udata *udata);
int hinic_ib_query_ah(struct ib_ah *ibah, struct rdma_ah_attr *attr);
int hinic_ib_destroy_ah(struct ib_ah *ibah, u32 flags);

/* hinic_ib_cq.c */
int hinic_ib_create_cq(struct ib_cq *ibcq, const struct ib_cq_init_attr *attr,
		       struct uverbs_attr_bundle *attrs);
int hinic_ib_destroy_cq(struct ib_cq *ibcq, struct ib_udata *udata);
int hinic_ib_resize_cq(struct ib_cq *ibcq, int entries, struct ib_udata *udata);
int hinic_ib_modify_cq(struct ib_cq *ibcq, u16 count, u16 period);

/* hinic_ib_poll.c */
int hinic_ib_poll_cq(struct ib_cq *ibcq, int n, struct ib_wc *wc);
int hinic_ib_req_notify_cq(struct ib_cq *ibcq, enum ib_cq_notify_flags flags);
void hinic_ib_cq_clean(struct hinic_ib_cq *cq, struct hinic_ib_qp *qp);

/* hinic_ib_qp.c */
int hinic_ib_create_qp(struct ib_qp *ibqp, struct ib_qp_init_attr *init, struct ib_udata *udata);
int hinic_ib_destroy_qp(struct ib_qp *ibqp, struct ib_udata *udata);
void hinic_ib_qp_forget(struct hinic_ib_qp *qp);

/* hinic_ib_attr.c */
int hinic_ib_modify_qp(struct ib_qp *ibqp, struct ib_qp_attr *attr, int mask,
		       struct ib_udata *udata);
int hinic_ib_query_qp(struct ib_qp *ibqp, struct ib_qp_attr *attr, int mask,
		      struct ib_qp_init_attr *init);
int hinic_ib_attach_mcast(struct ib_qp *ibqp, union ib_gid *gid, u16 lid);
int hinic_ib_detach_mcast(struct ib_qp *ibqp, union ib_gid *gid, u16 lid);

/* hinic_ib_send.c */
int hinic_ib_post_send(struct ib_qp *ibqp, const struct ib_send_wr *wr,
		       const struct ib_send_wr **bad);

/* hinic_ib_recv.c */
int hinic_ib_post_recv(struct ib_qp *ibqp, const struct ib_recv_wr *wr,
		       const struct ib_recv_wr **bad);
int hinic_ib_post_srq_recv(struct ib_srq *ibsrq, const struct ib_recv_wr *wr,
			   const struct ib_recv_wr **bad);

/* hinic_ib_srq.c */
int hinic_ib_create_srq(struct ib_srq *ibsrq, struct ib_srq_init_attr *init,
			struct ib_udata *udata);
int hinic_ib_modify_srq(struct ib_srq *ibsrq, struct ib_srq_attr *attr, enum ib_srq_attr_mask mask,
			struct ib_udata *udata);
int hinic_ib_query_srq(struct ib_srq *ibsrq, struct ib_srq_attr *attr);
int hinic_ib_destroy_srq(struct ib_srq *ibsrq, struct ib_udata *udata);
u64 hinic_ib_srq_take(struct hinic_ib_srq *srq, u16 slot);

/* hinic_ib_mr.c */
u32 hinic_ib_access(int access);
struct ib_mr *hinic_ib_get_dma_mr(struct ib_pd *ibpd, int access);
struct ib_mr *hinic_ib_reg_user_mr(struct ib_pd *ibpd, u64 start, u64 len, u64 iova, int access,
				   struct ib_udata *udata);
struct ib_mr *hinic_ib_reg_user_mr_dmabuf(struct ib_pd *ibpd, u64 offset, u64 len, u64 iova, int fd,
					  int access, struct uverbs_attr_bundle *attrs);
struct ib_mr *hinic_ib_rereg_user_mr(struct ib_mr *ibmr, int flags, u64 start, u64 len, u64 iova,
				     int access, struct ib_pd *ibpd, struct ib_udata *udata);
int hinic_ib_dereg_mr(struct ib_mr *ibmr, struct ib_udata *udata);

/* hinic_ib_frwr.c */
struct ib_mr *hinic_ib_alloc_mr(struct ib_pd *ibpd, enum ib_mr_type type, u32 max_pages);
int hinic_ib_map_mr_sg(struct ib_mr *ibmr, struct scatterlist *sg, int n, unsigned int *offset);
int hinic_ib_alloc_mw(struct ib_mw *ibmw, struct ib_udata *udata);
int hinic_ib_dealloc_mw(struct ib_mw *ibmw);

/* hinic_ib_mad.c */
int hinic_ib_process_mad(struct ib_device *ibdev, int flags, u32 port, const struct ib_wc *wc,
			 const struct ib_grh *grh, const struct ib_mad *in, struct ib_mad *out,
			 size_t *out_len, u16 *out_pkey_index);

/* hinic_ib_stats.c */
struct rdma_hw_stats *hinic_ib_alloc_hw_port_stats(struct ib_device *ibdev, u32 port);
int hinic_ib_get_hw_stats(struct ib_device *ibdev, struct rdma_hw_stats *stats, u32 port,
			  int index);

/* hinic_ib_restrack.c */
int hinic_ib_fill_res_cq(struct sk_buff *msg, struct ib_cq *ibcq);
int hinic_ib_fill_res_qp(struct sk_buff *msg, struct ib_qp *ibqp);
int hinic_ib_fill_res_mr(struct sk_buff *msg, struct ib_mr *ibmr);
int hinic_ib_fill_res_srq(struct sk_buff *msg, struct ib_srq *ibsrq);

#endif
