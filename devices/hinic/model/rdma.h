/* SPDX-License-Identifier: MIT */
/* Objects of RDMA: queue pairs, completion queues, keys, page lists; what the engines offer each
 * other. */
#ifndef VDC_DEVICES_HINIC_MODEL_RDMA_H
#define VDC_DEVICES_HINIC_MODEL_RDMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hinic_hw.h"
#include "requester.h"
#include "responder.h"
#include "rpkt.h"
#include "vdc/vtime.h"

struct vdc_hinic;
struct vdc_hinic_cfg;
struct vdc_hinic_env;
struct vdc_digest;

/* ---- limits ---- */

#define RDMA_QP_SPECIAL   2u    /* slots 0 and 1 belong to QP 0 and QP 1 */
#define RDMA_WR_MAX       4096u /* work requests of a queue */
#define RDMA_LOG_BB_MAX   15u   /* basic blocks of a send queue, log2 */
#define RDMA_LOG_RQ_MAX   12u   /* WQEs of a receive queue or SRQ, log2 */
#define RDMA_LOG_CQE_MAX  16u
#define RDMA_INLINE_MAX   256u
#define RDMA_RD_ATOMIC    16u
#define RDMA_MSG_MAX      (UINT32_C(1) << 31)
#define RDMA_PKEYS        32u
#define RDMA_MC_QPS       16u /* QPs of a multicast group */
#define RDMA_PKEY_DEFAULT 0xffffu
#define RDMA_VLAN_NONE    0xffffu
#define MEM_N             1024u /* requests of the memory engine */
#define MEM_CQE_N         4096u /* completions between cq_post() and the bus */
#define MEM_SGE           HINIC_SGE_MAX
#define MEM_LEN_MAX       4160u /* bytes of one request: a packet, or a GRH and a packet */
#define MEM_OPS_MAX       512u  /* DMA operations in flight per direction */
#define MEM_LEAVES        256u  /* leaf pages of page lists kept */
#define MEM_NONE          UINT16_MAX

_Static_assert(RDMA_RD_ATOMIC <= UINT8_MAX, "attributes are bytes");

/* ---- page lists in guest memory ---- */

#define PBLQ_FLAT                                                                                  \
    4u /* `levels`: the leaves follow each other from root[0] on (fast registration) */

/* A queue or region whose pages a list in guest memory names: up to three levels; the last leaf
 * used is kept. */
struct pblq {
    uint64_t root[4];
    uint64_t len;   /* bytes from `first` on */
    uint64_t first; /* offset of byte 0 in the first page */
    uint32_t n_page;
    uint8_t log_pgsz;
    uint8_t levels;   /* 0: root[] are the pages */
    uint16_t leaf;    /* slot of the leaf kept + 1, 0 none */
    uint32_t leaf_no; /* its number */
    uint32_t fill;    /* 1 + number of the leaf being fetched, 0 none */
    uint32_t bad;     /* 1 + number of a leaf that could not be read, 0 none */
    uint32_t zero;
};
_Static_assert(sizeof(struct pblq) == 72, "pblq layout");

/* ---- objects: `id` = kind << 24 | index, 0 if the entry is free ---- */

enum obj_kind { OBJ_NONE, OBJ_QP, OBJ_CQ, OBJ_SRQ, OBJ_KEY, OBJ_PD, OBJ_KINDS };

/* Address vector with everything resolved that a packet needs. */
struct av {
    uint8_t port, sl, tclass, hop;
    uint8_t sgid_idx, is_v4, has_vlan, zero;
    uint32_t flow;
    uint16_t vlan; /* VID, RDMA_VLAN_NONE without a tag */
    uint8_t smac[6], dmac[6];
    uint8_t zero1[6];
    uint8_t sgid[16], dgid[16]; /* IPv4: ::ffff:a.b.c.d */
};
_Static_assert(sizeof(struct av) == 64, "av layout");

struct qp {
    uint32_t id;
    uint32_t qpn;
    uint32_t gen;  /* of this slot: changes with create, RESET and destroy */
    uint16_t slot; /* the `obj` of memory requests and the index of events */
    uint8_t type;  /* enum hinic_qp_type */
    uint8_t state; /* enum hinic_qp_state */
    uint8_t flags; /* HINIC_QP_* */
    uint8_t is_sqd_notify;
    uint8_t is_drained; /* SQD: every started work request has ended */
    uint8_t port;
    uint32_t pdn, scqn, rcqn, srqn, uar, cookie;
    /* queues: counts are of 64-byte blocks (SQ) and WQEs (RQ), mod 2^16 */
    uint8_t log_sq_bb, log_rq, log_rq_stride, zero0;
    uint16_t sq_pi, rq_pi;       /* of the last doorbell that took effect */
    uint16_t db_sq_pi, db_rq_pi; /* of the doorbell on its way */
    uint16_t max_send_sge, max_recv_sge, max_inline;
    /* attributes of MODIFY_QP */
    uint16_t pkey_index;
    uint32_t qkey, dest_qpn, sq_psn, rq_psn, access; /* PSNs: start values */
    uint32_t path_mtu;                               /* bytes */
    uint32_t rate_limit_kbps;
    uint8_t zero1, timeout, retry_cnt, rnr_retry, min_rnr_timer, max_rd_atomic, max_dest_rd_atomic,
        cc_algo;
    struct hinic_av av_hw; /* as given */
    struct av av;          /* of connected QPs, from RTR on */
    uint32_t zero2;
    struct pblq sq, rq;
    struct req req;
    struct rsp rsp;
};
_Static_assert(offsetof(struct qp, sq) == 208, "qp has no holes");

struct cq {
    uint32_t id;
    uint32_t cqn;
    uint32_t gen;
    uint32_t uar, cookie;
    uint32_t pi, ci;      /* 24 bits */
    uint32_t out;         /* CQEs before are on the bus */
    uint32_t ev_pi;       /* of them, behind the last solicited or error CQE */
    uint32_t told;        /* CQEs before were there at the last event */
    uint32_t db_ci;       /* of the doorbell on its way */
    uint32_t n_ref;       /* queue pairs and SRQs that use it */
    uint32_t n_pending;   /* CQEs posted and not on the bus yet */
    uint32_t count, usec; /* moderation */
    uint8_t eqn, flags, log_cqe;
    uint8_t is_armed, is_solicited; /* waiting for any CQE / for those only */
    uint8_t arm_sn, last_sn;        /* last_sn: of the last event, 0xff none */
    uint8_t db_arm;                 /* b0 arm, b1 solicited, 3:2 arm_sn */
    uint8_t is_dead;                /* overrun or bus error */
    uint8_t zero[3];
    struct pblq ring;
};
_Static_assert(sizeof(struct cq) == 72 + sizeof(struct pblq), "cq has no holes");

struct srq {
    uint32_t id;
    uint32_t srqn;
    uint32_t gen;
    uint32_t pdn, uar, cookie;
    uint32_t limit; /* 0: no event wanted */
    uint32_t n_ref;
    uint16_t pi, db_pi; /* WQEs posted, mod 2^16: in effect, and of the doorbell on its way */
    uint16_t max_sge;
    uint8_t log_wqe, log_stride;
    uint32_t is_dead;
    uint32_t zero;
    struct pblq ring;
    struct srq_rsp rsp; /* of the responder */
};
_Static_assert(offsetof(struct srq, ring) == 48, "srq has no holes");

enum key_kind { KEY_MR = 1, KEY_FRWR, KEY_MW1, KEY_MW2 };

/* A memory region or window; its key is index << 8 | key8. */
struct mr {
    uint32_t id;
    uint32_t gen; /* of this entry: changes whenever what it names changes */
    uint8_t kind; /* enum key_kind */
    uint8_t is_valid;
    uint8_t key8;
    uint8_t flags; /* HINIC_MR_* */
    uint32_t pdn, access;
    uint32_t max_pages; /* FRWR */
    uint32_t qpn;       /* type 2 window: of the QP it is bound to */
    uint32_t parent;    /* window: index of the MR */
    uint32_t parent_gen;
    uint32_t n_mw;    /* MR: windows bound to it */
    uint64_t va, len; /* range of valid addresses */
    uint64_t base;    /* window: of its first byte, from that of the MR */
    struct pblq pages;
};
_Static_assert(sizeof(struct mr) == 64 + sizeof(struct pblq), "mr has no holes");

struct gid {
    uint8_t is_used, type; /* enum hinic_gid_type */
    uint16_t vlan;         /* RDMA_VLAN_NONE without */
    uint8_t mac[6];
    uint8_t zero[6];
    uint8_t gid[16];
};
_Static_assert(sizeof(struct gid) == 32, "gid layout");

struct mcast {
    uint8_t mgid[16];
    uint32_t n;
    uint32_t zero;
    uint32_t qpn[RDMA_MC_QPS]; /* ascending */
};

/* Objects by index; NULL if there is none. The non-const ones mark the object as changed. */
struct qp *vdc_hinic_qp(struct vdc_hinic *h, uint32_t qpn);
struct qp *vdc_hinic_qp_at(struct vdc_hinic *h, uint32_t slot); /* asserts that it is used */
const struct qp *vdc_hinic_qp_peek(const struct vdc_hinic *h, uint32_t qpn);
struct cq *vdc_hinic_cq(struct vdc_hinic *h, uint32_t cqn);
struct srq *vdc_hinic_srq(struct vdc_hinic *h, uint32_t srqn);
struct mr *vdc_hinic_mr(struct vdc_hinic *h, uint32_t index);

/* ---- cq.c ---- */

/* Places for completions that are sure to be there: a flush posts at most that many at a time.
 * Ordinary completions need not ask. */
uint32_t vdc_hinic_cq_room(const struct vdc_hinic *h);
/* Becomes visible after every write submitted before. own is filled in; timestamp by the caller. */
void vdc_hinic_cq_post(struct vdc_hinic *h, vtime_t now, uint32_t cqn, const struct hinic_cqe *c,
                       bool is_solicited_or_error);

/* ---- mr.c ---- */

enum mr_verdict { MR_OK, MR_BAD_KEY, MR_BAD_PD, MR_ACCESS, MR_BOUNDS };

/* access: HINIC_ACCESS_* that must all be granted; 0 = local read. len 0 is right always. */
enum mr_verdict vdc_hinic_mr_check(struct vdc_hinic *h, uint32_t key, uint32_t pdn, uint32_t qpn,
                                   uint64_t va, uint64_t len, uint32_t access);
/* Work requests about keys; they return enum hinic_wc_status. */
uint8_t vdc_hinic_mr_local_inv(struct vdc_hinic *h, const struct qp *qp, uint32_t key);
uint8_t vdc_hinic_mr_remote_inv(struct vdc_hinic *h, const struct qp *qp, uint32_t key);
uint8_t vdc_hinic_mr_fast_reg(struct vdc_hinic *h, const struct qp *qp,
                              const struct hinic_wqe_reg *w);
uint8_t vdc_hinic_mr_bind(struct vdc_hinic *h, const struct qp *qp, const struct hinic_wqe_reg *w);

/* ---- mem.c: the only way to guest memory; asynchronous ---- */

enum mem_client { MEM_REQ, MEM_RSP, MEM_SRQ }; /* obj: slot of the QP; SRQ number */
enum mem_status {
    MEM_OK,
    MEM_PROT,  /* key, PD, access or bounds */
    MEM_FAULT, /* the bus refused */
    MEM_STALE  /* the QP was reset or destroyed: free what the tag names, touch nothing else */
};
enum mem_atomic { MEM_CAS, MEM_FADD };

struct mem_sge {
    uint64_t va;
    uint32_t len;
    uint32_t key; /* 0: va is a bus address (kernel QPs) */
};

struct mem_req {
    uint8_t client; /* enum mem_client */
    uint8_t is_write;
    uint16_t obj;  /* slot of the QP, number of the SRQ */
    uint32_t tag;  /* of the caller */
    uint64_t buf;  /* bytes, as offset in the state block; stays the caller's until mem_done() */
    uint32_t skip; /* bytes of the list before the first one wanted */
    uint32_t len;  /* 1..MEM_LEN_MAX */
    uint32_t pdn, qpn;
    uint32_t access; /* HINIC_ACCESS_*, 0 = local read */
    uint32_t n_sge;
    struct mem_sge sge[MEM_SGE];
};

/*
 * Keys are checked now, and again when the bus is used. False if there is no room: the client is
 * called once through ..._mem_room(obj) when there is. Else mem_done() of the client is called
 * exactly once, never from inside of this call - unless the device is reset.
 *   - Reads are done when the bytes are in buf, writes when they are visible in guest memory.
 *   - Reads of one (client, obj) are done in the order of submission; so are its writes.
 *   - Writes and completions touch memory in the order of submission, over all objects.
 *   - A read sees every write of the same (client, obj) that was submitted before it.
 *   - MEM_STALE: the QP was reset or destroyed after the submission; the slot may be another QP's
 * by now. Until then buf must not be used for anything else.
 */
bool vdc_hinic_mem_submit(struct vdc_hinic *h, vtime_t now, const struct mem_req *r);
/* Bytes of a queue: WQE fetch. len <= 4096 and off + len inside of the queue. */
bool vdc_hinic_qmem_read(struct vdc_hinic *h, vtime_t now, const struct pblq *q, uint64_t off,
                         uint32_t len, uint64_t buf, enum mem_client client, uint16_t obj,
                         uint32_t tag);
/* Read-modify-write of 8 aligned bytes (r->len 8, one SGE) at one instant; the old value is in buf
 * when it is done. Ordered as a read. */
bool vdc_hinic_mem_atomic(struct vdc_hinic *h, vtime_t now, const struct mem_req *r,
                          enum mem_atomic op, uint64_t swap_add, uint64_t compare);
/* Address of an offset if it needs no fetch. */
bool vdc_hinic_pblq_addr(struct vdc_hinic *h, const struct pblq *q, uint64_t off, uint64_t *addr);

/* ---- qp.c ---- */

/* To ERR; aeq is an HINIC_EQE_* type to report, 0 none. Flushes through the transitions below. Not
 * an error if the QP is in ERR already. */
void vdc_hinic_qp_error(struct vdc_hinic *h, vtime_t now, uint32_t qpn, uint8_t aeq);
/* UC, UD: a work request of the send queue has failed: to SQE (in SQD too). */
void vdc_hinic_qp_sq_error(struct vdc_hinic *h, vtime_t now, uint32_t qpn);
/* Asynchronous event about a QP. */
void vdc_hinic_qp_event(struct vdc_hinic *h, vtime_t now, uint32_t qpn, uint8_t aeq);
/* SQD: every started work request has ended. Called by the requester, at any time after the
 * transition to SQD, once. */
void vdc_hinic_qp_drained(struct vdc_hinic *h, vtime_t now, uint32_t qpn);
/* SRQ: fewer than `limit` WQEs remain. The limit is off afterwards. */
void vdc_hinic_srq_limit(struct vdc_hinic *h, vtime_t now, uint32_t srqn);

/* ---- gid.c ---- */

/* Index of an entry, -1 if there is none. vlan: RDMA_VLAN_NONE for frames without a tag. */
int vdc_hinic_gid_find(const struct vdc_hinic *h, uint32_t port, const uint8_t gid[16],
                       uint32_t vlan);
const struct gid *vdc_hinic_gid(const struct vdc_hinic *h, uint32_t index); /* NULL: unused */
uint16_t vdc_hinic_pkey(const struct vdc_hinic *h, uint32_t index);
/* False if the source GID does not exist or the port is wrong. */
bool vdc_hinic_av_resolve(const struct vdc_hinic *h, const struct hinic_av *a, struct av *out);
/* Members of a group in ascending order; returns how many (at most max are stored). */
uint32_t vdc_hinic_mc_members(const struct vdc_hinic *h, const uint8_t mgid[16], uint32_t *qpn,
                              uint32_t max);

/*
 * ---- what this side calls of the others ----
 *
 * requester.h, responder.h; qp is marked as changed before:
 *   req_transition(h, now, qp, uint8_t from, uint8_t to): qp->state is `to` already. RESET: zero
 *     all; ERR: flush, send queue first; SQD: drain, then vdc_hinic_qp_drained(); SQE: flush; RTS:
 *     start if the doorbell is ahead. The requester is called before the responder.
 *   req_close(h, now, qp): the QP is destroyed or reset after this call.
 *   req_doorbell(h, now, qp): sq_pi has moved
 *   req_timer(h, now, qp), req_work(h, now, qp): EV_REQ_TIMER, EV_REQ_WORK of the slot, for any use
 *   req_mem_done(h, now, uint32_t slot, uint32_t tag, uint32_t status)
 *   req_mem_room(h, now, uint32_t slot)
 * The same with rsp. SRQ: srq_doorbell, srq_mem_done, srq_mem_room, srq_close.
 * Receive queue: the first index that is not taken is rsp.rq.ci; send queue: not completed,
 * req.bb_done.
 */

#endif
