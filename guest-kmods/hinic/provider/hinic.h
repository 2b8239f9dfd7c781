/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Objects of the provider, how they are reached from those of libibverbs, and their verbs. */
#ifndef VDC_GUEST_KMODS_HINIC_PROVIDER_HINIC_H
#define VDC_GUEST_KMODS_HINIC_PROVIDER_HINIC_H

#include <infiniband/driver.h>
#include <pthread.h>
#include <stdatomic.h>
#include <util/mmio.h>
#include <util/udma_barrier.h>

#include "cqring.h"
#include "hinic_hw.h"
#include "rq.h"
#include "sq.h"

/*
 * Order of locks: CQs (of one QP: the lower address first), then SRQ. The locks of SQ and RQ are
 * taken alone. A lock is left out where the caller promised a single thread (thread domain,
 * IBV_CREATE_CQ_ATTR_SINGLE_THREADED).
 */
struct hinic_lock {
	pthread_spinlock_t spin;
	bool used;
};

static inline void hinic_lock_init(struct hinic_lock *lock, bool used)
{
	pthread_spin_init(&lock->spin, PTHREAD_PROCESS_PRIVATE);
	lock->used = used;
}

static inline void hinic_lock(struct hinic_lock *lock)
{
	if (lock->used)
		pthread_spin_lock(&lock->spin);
}

static inline void hinic_unlock(struct hinic_lock *lock)
{
	if (lock->used)
		pthread_spin_unlock(&lock->spin);
}

#define HINIC_QP_TABLE_SHIFT 12
#define HINIC_QP_TABLE_SIZE  (1u << HINIC_QP_TABLE_SHIFT)

struct hinic_context {
	struct verbs_context vctx;
	uint8_t *uar;	      /* doorbell page, write only */
	const uint8_t *clock; /* virtual time, read only */
	uint64_t caps;	      /* HINIC_CAP_* */
	uint32_t max_inline;
	uint32_t max_cqe;
	pthread_mutex_t qp_mutex; /* protects changes of qp[] */
	_Atomic(struct hinic_qp *)
		*_Atomic qp[HINIC_QP_TABLE_SIZE]; /* by high and low half of qpn */
};

struct hinic_td {
	struct ibv_td td;
	atomic_int refs; /* 1 + parent domains */
};

/* A parent domain has @real set to the domain it extends. */
struct hinic_pd {
	struct ibv_pd pd;
	atomic_int refs; /* 1 + parent domains, or 1 + objects with memory of this domain */
	struct hinic_pd *real;
	struct hinic_td *td;
	void *(*alloc)(struct ibv_pd *pd, void *pd_context, size_t size, size_t alignment,
		       uint64_t resource_type);
	void (*free)(struct ibv_pd *pd, void *pd_context, void *ptr, uint64_t resource_type);
	void *pd_context;
};

enum hinic_buf_kind {
	HINIC_BUF_CQ = 1,
	HINIC_BUF_SRQ,
	HINIC_BUF_SQ,
	HINIC_BUF_RQ
};

/* Memory the device reads or writes: zeroed, whole pages. */
struct hinic_buf {
	void *addr;
	size_t len;
	uint64_t kind;		/* enum hinic_buf_kind, resource type of a caller's allocator */
	struct hinic_pd *owner; /* parent domain whose allocator made it, else NULL */
};

struct hinic_ah {
	struct ibv_ah ah;
	struct hinic_av av;
};

struct hinic_cq {
	struct verbs_cq vcq;
	struct hinic_lock lock; /* protects everything but arm_sn */
	struct hinic_cq_ring ring;
	struct hinic_buf buf;
	struct hinic_pd *pd; /* parent domain, or NULL */
	uint32_t cqn;
	uint32_t lag;		     /* entries consumed before the device is told */
	uint32_t told;		     /* ci the device knows */
	atomic_uint arm_sn;	     /* 1 + events seen */
	const struct hinic_cqe *cqe; /* between start_poll and end_poll */
	struct hinic_qp *last_qp;    /* of the entry before: saves look-ups */
};

struct hinic_srq {
	struct verbs_srq vsrq;
	struct hinic_lock lock; /* protects ring */
	struct hinic_srq_ring ring;
	struct hinic_buf buf;
	struct hinic_pd *pd;
};

struct hinic_qp {
	struct verbs_qp vqp;
	struct hinic_lock sq_lock; /* protects sq but ci, and wr */
	struct hinic_lock rq_lock; /* protects rq but ci */
	struct hinic_sq sq;
	struct hinic_rq rq;
	struct hinic_srq *srq; /* or NULL */
	struct hinic_buf sq_buf;
	struct hinic_buf rq_buf;
	struct hinic_pd *pd;
	bool sig_all;
	/* Between wr_start and wr_complete. */
	struct hinic_wqe wr;
	uint32_t wr_from; /* pi at wr_start */
	int wr_err;
	bool wr_needs_ud;
};

static inline struct hinic_context *to_hctx(struct ibv_context *ibctx)
{
	return container_of(ibctx, struct hinic_context, vctx.context);
}

static inline struct hinic_pd *to_hpd(struct ibv_pd *ibpd)
{
	return container_of(ibpd, struct hinic_pd, pd);
}

static inline struct hinic_ah *to_hah(struct ibv_ah *ibah)
{
	return container_of(ibah, struct hinic_ah, ah);
}

static inline struct hinic_cq *to_hcq(struct ibv_cq *ibcq)
{
	return container_of(ibcq, struct hinic_cq, vcq.cq);
}

static inline struct hinic_cq *to_hcq_ex(struct ibv_cq_ex *ibcq)
{
	return container_of(ibcq, struct hinic_cq, vcq.cq_ex);
}

static inline struct hinic_srq *to_hsrq(struct ibv_srq *ibsrq)
{
	return container_of(ibsrq, struct hinic_srq, vsrq.srq);
}

static inline struct hinic_qp *to_hqp(struct ibv_qp *ibqp)
{
	return container_of(ibqp, struct hinic_qp, vqp.qp);
}

static inline struct hinic_qp *to_hqp_ex(struct ibv_qp_ex *ibqp)
{
	return container_of(ibqp, struct hinic_qp, vqp.qp_ex);
}

/* One 64-bit store, after everything the device may read because of it. */
static inline void hinic_doorbell(struct ibv_context *ibctx, uint32_t off, uint64_t val)
{
	udma_to_device_barrier();
	mmio_write64(to_hctx(ibctx)->uar + off, val);
}

/* Producer indices have 16 bits, consumer indices of CQs 24. */
static inline uint64_t hinic_db_pi(uint32_t obj, uint32_t pi)
{
	return HINIC_DB_VAL(obj, pi & 0xffff);
}

static inline uint64_t hinic_db_ci(uint32_t cqn, uint32_t ci)
{
	return HINIC_DB_VAL(cqn, ci & 0xffffff);
}

/* A single thread uses the objects of a parent domain with a thread domain. @pd may be NULL. */
static inline bool hinic_pd_locked(const struct hinic_pd *pd)
{
	return !(pd && pd->td);
}

/* release.c: false, with a message on stderr, if the library is of another release. */
bool hinic_release_matches(void);

/* domain.c */
struct ibv_pd *hinic_alloc_pd(struct ibv_context *ibctx);
int hinic_dealloc_pd(struct ibv_pd *ibpd);
struct ibv_td *hinic_alloc_td(struct ibv_context *ibctx, struct ibv_td_init_attr *attr);
int hinic_dealloc_td(struct ibv_td *ibtd);
struct ibv_pd *hinic_alloc_parent_domain(struct ibv_context *ibctx,
					 struct ibv_parent_domain_init_attr *attr);
/* The parent domain, held, or NULL for an ordinary domain. */
struct hinic_pd *hinic_parent_get(struct ibv_pd *ibpd);
void hinic_parent_put(struct hinic_pd *pd);
/* 0 or a positive errno. @pd is NULL or a parent domain that outlives the memory. */
int hinic_buf_alloc(struct hinic_buf *buf, struct hinic_pd *pd, enum hinic_buf_kind kind,
		    size_t len);
void hinic_buf_free(struct hinic_buf *buf);

/* query.c */
int hinic_query_device_ex(struct ibv_context *ibctx, const struct ibv_query_device_ex_input *input,
			  struct ibv_device_attr_ex *attr, size_t attr_size);
int hinic_query_port(struct ibv_context *ibctx, uint8_t port, struct ibv_port_attr *attr);
int hinic_query_rt_values(struct ibv_context *ibctx, struct ibv_values_ex *values);

/* mr.c */
struct ibv_mr *hinic_reg_mr(struct ibv_pd *ibpd, void *addr, size_t len, uint64_t hca_va,
			    int access);
struct ibv_mr *hinic_reg_dmabuf_mr(struct ibv_pd *ibpd, uint64_t offset, size_t len, uint64_t iova,
				   int fd, int access);
int hinic_rereg_mr(struct verbs_mr *vmr, int flags, struct ibv_pd *ibpd, void *addr, size_t len,
		   int access);
int hinic_dereg_mr(struct verbs_mr *vmr);
struct ibv_mw *hinic_alloc_mw(struct ibv_pd *ibpd, enum ibv_mw_type type);
int hinic_dealloc_mw(struct ibv_mw *mw);

/* ah.c */
struct ibv_ah *hinic_create_ah(struct ibv_pd *ibpd, struct ibv_ah_attr *attr);
int hinic_destroy_ah(struct ibv_ah *ibah);

/* cq.c */
struct ibv_cq *hinic_create_cq(struct ibv_context *ibctx, int n_cqe,
			       struct ibv_comp_channel *channel, int comp_vector);
struct ibv_cq_ex *hinic_create_cq_ex(struct ibv_context *ibctx, struct ibv_cq_init_attr_ex *attr);
int hinic_resize_cq(struct ibv_cq *ibcq, int n_cqe);
int hinic_modify_cq(struct ibv_cq *ibcq, struct ibv_modify_cq_attr *attr);
int hinic_destroy_cq(struct ibv_cq *ibcq);
int hinic_req_notify_cq(struct ibv_cq *ibcq, int solicited_only);
void hinic_cq_event(struct ibv_cq *ibcq);
/* Removes all completions of the QP from its CQs; with @forget also its look-up. */
void hinic_cq_forget_qp(struct hinic_qp *qp, bool forget);

/* poll.c */
int hinic_poll_cq(struct ibv_cq *ibcq, int n_max, struct ibv_wc *wc);
/* Tells the device how far the CQ has been read, if it is time to. The caller holds the lock. */
void hinic_cq_tell(struct hinic_cq *cq);
/* Sets the functions of an extended CQ. */
void hinic_cq_ex_init(struct ibv_cq_ex *cq, uint64_t wc_flags);

/* srq.c */
struct ibv_srq *hinic_create_srq(struct ibv_pd *ibpd, struct ibv_srq_init_attr *attr);
struct ibv_srq *hinic_create_srq_ex(struct ibv_context *ibctx, struct ibv_srq_init_attr_ex *attr);
int hinic_modify_srq(struct ibv_srq *ibsrq, struct ibv_srq_attr *attr, int mask);
int hinic_query_srq(struct ibv_srq *ibsrq, struct ibv_srq_attr *attr);
int hinic_get_srq_num(struct ibv_srq *ibsrq, uint32_t *srq_num);
int hinic_destroy_srq(struct ibv_srq *ibsrq);
int hinic_post_srq_recv(struct ibv_srq *ibsrq, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad);

/* qp.c */
struct ibv_qp *hinic_create_qp(struct ibv_pd *ibpd, struct ibv_qp_init_attr *attr);
struct ibv_qp *hinic_create_qp_ex(struct ibv_context *ibctx, struct ibv_qp_init_attr_ex *attr);
int hinic_modify_qp(struct ibv_qp *ibqp, struct ibv_qp_attr *attr, int mask);
int hinic_query_qp(struct ibv_qp *ibqp, struct ibv_qp_attr *attr, int mask,
		   struct ibv_qp_init_attr *init_attr);
int hinic_destroy_qp(struct ibv_qp *ibqp);

/* qptable.c */
int hinic_qp_store(struct hinic_context *ctx, struct hinic_qp *qp);
void hinic_qp_remove(struct hinic_context *ctx, struct hinic_qp *qp);
struct hinic_qp *hinic_qp_find(struct hinic_context *ctx, uint32_t qpn);
void hinic_qp_table_free(struct hinic_context *ctx);

/* post.c */
int hinic_post_send(struct ibv_qp *ibqp, struct ibv_send_wr *wr, struct ibv_send_wr **bad);
int hinic_post_recv(struct ibv_qp *ibqp, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad);
int hinic_bind_mw(struct ibv_qp *ibqp, struct ibv_mw *mw, struct ibv_mw_bind *bind);
/* May requests be posted to the send queue in this state? */
bool hinic_qp_can_send(const struct hinic_qp *qp);
/* Adds the binding of a window to the request being built, if this QP may bind it so. */
int hinic_put_bind(struct hinic_qp *qp, const struct ibv_mw *mw, uint32_t rkey,
		   const struct ibv_mw_bind_info *info);
/* Hands everything from @from to pi to the device. */
void hinic_sq_ring(struct hinic_qp *qp, uint32_t from);

/* wr.c */
/* Sets the functions of an extended QP. EOPNOTSUPP: an operation this QP or device cannot do. */
int hinic_qp_ex_init(struct hinic_qp *qp, uint64_t caps, uint64_t ops);

#endif
