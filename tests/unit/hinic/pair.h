/* SPDX-License-Identifier: MIT */
/* Two HiNIC models back to back in one virtual-time loop: a link with seeded faults, and for each
 * end what a verbs provider would do. */
#ifndef VDC_TESTS_UNIT_HINIC_PAIR_H
#define VDC_TESTS_UNIT_HINIC_PAIR_H

#include "host.h"

#define PAIR_FLIGHT 4096u /* frames in flight per direction */
#define PAIR_NEVER  VTIME_NEVER
#define PAIR_QKEY   0x11223344u
#define PAIR_PSN    0x10 /* default start PSN of end 0; of end 1 0x100 more */

/* Faults of one direction; probabilities * 2^32. A corrupt frame has a wrong bit behind its BTH,
 * not a bad FCS: the ICRC must find it. */
struct pair_fault {
    uint64_t loss_p32, dup_p32, corrupt_p32, reorder_p32;
    uint64_t reorder_ps; /* a reordered frame comes up to this much later */
    uint32_t drop_from,
        drop_n;  /* frames number drop_from .. + drop_n - 1 of the direction are lost */
    bool is_cut; /* flap: everything is lost */
};

struct pair_frame {
    struct vdc_msg m;
    vtime_t t; /* arrival */
    uint64_t seq;
    uint32_t slot;
    uint32_t zero;
};

struct pair_dir {
    struct pair_fault fault;
    uint64_t n_sent, n_lost, n_dup, n_corrupt, n_reordered; /* Ethernet frames */
    uint64_t seq;
    uint32_t n; /* in flight, in order of (t, seq) from `first` on */
    uint32_t first;
    struct pair_frame f[PAIR_FLIGHT];
    uint32_t n_free;
    uint32_t free[PAIR_FLIGHT];
    uint8_t *mem;
};

struct pair_mr {
    uint64_t addr; /* bus address of the memory, contiguous unless is_shuffled */
    uint64_t va;   /* iova */
    uint64_t len;
    uint32_t key;
    uint32_t access;
    bool is_shuffled; /* pages of 4 KiB lie in reverse order */
};

struct pair_cq {
    uint32_t cqn, log_cqe, ci;
    uint64_t ring;
    uint32_t arm_sn;
    uint32_t n_polled;
};

struct pair_srq {
    uint32_t srqn, log_wqe, log_stride, max_sge;
    uint64_t ring;
    uint16_t pi;
    uint16_t next_free;
};

struct pair_end {
    struct pair *p;
    struct host *o;
    uint32_t index, peer;
    uint32_t uar, pdn, eqn, mtt;
    uint8_t mac[6];
    uint8_t gid[2][16]; /* index 0 IPv4, 1 IPv6 */
    uint64_t eq;
    uint32_t log_eq, eq_ci;
    vtime_t promise;   /* no frame starts before, unless something arrives; asserted */
    struct pair_cq cq; /* default CQ of this end, 4096 entries */
};

struct pair {
    struct pair_end end[2];
    struct pair_dir dir[2]; /* from end i */
    vtime_t now;
    uint64_t seed;
    uint64_t n_rand;
    vtime_t limit; /* pair_step() goes no further; PAIR_NEVER */
    /* Sees every frame on the link, also a lost one, if set. */
    void (*tap)(void *ctx, uint32_t from, const struct vdc_msg *m, const uint8_t *bytes);
    void *tap_ctx;
};

/* ---- pair.c: the loop ---- */

/* cfg is of both ends (NULL: default); node, port and identity are filled in. Both are started,
 * READY, and have UAR, PD, EQ, a CQ and two GIDs. */
struct pair *pair_new(const struct vdc_hinic_cfg *cfg, uint64_t seed);
void pair_free(struct pair *p);
/* One instant: delivers what arrives, runs both ends. False if nothing is left to do. */
bool pair_step(struct pair *p);
void pair_run(struct pair *p, vtime_t t);   /* up to and including t */
void pair_idle(struct pair *p);             /* until nothing is left to do */
void pair_link(struct pair *p, bool is_up); /* flap with LINK messages to both */
/* An admin command; out[] of the CQE is in end->o->out. Returns the status, 255 if none came. */
uint32_t pair_cmd(struct pair_end *e, uint32_t op, uint32_t port, const void *inl, uint32_t inl_len,
                  const void *in, uint32_t in_len, void *out, uint32_t out_len);
uint64_t pair_counter(const struct pair *p, uint32_t end, enum hinic_counter c);
/* Digest of both devices and of what is in flight. */
struct vdc_digest pair_digest(const struct pair *p);

/* ---- pairverbs.c: objects ---- */

enum pair_mr_kind {
    PAIR_MR_FLAT,    /* one page list entry, or a few */
    PAIR_MR_SHUFFLED /* pages of 4 KiB in reverse order, one level of tables */
};

/* Memory and a region over it. Asserts success. */
struct pair_mr pair_mr(struct pair_end *e, uint64_t len, uint32_t access, enum pair_mr_kind kind);
void pair_mr_write(struct pair_end *e, const struct pair_mr *m, uint64_t off, const void *b,
                   uint64_t n);
void pair_mr_read(struct pair_end *e, const struct pair_mr *m, uint64_t off, void *b, uint64_t n);
/* A pattern that depends on seed and offset, and the check of it: first wrong offset, or n. */
void pair_mr_fill(struct pair_end *e, const struct pair_mr *m, uint64_t off, uint64_t n,
                  uint32_t seed);
uint64_t pair_mr_check(struct pair_end *e, const struct pair_mr *m, uint64_t off, uint64_t n,
                       uint32_t seed, uint64_t seed_off);
void pair_mr_dereg(struct pair_end *e, const struct pair_mr *m);

struct pair_cq pair_cq(struct pair_end *e, uint32_t log_cqe, uint32_t flags);
bool pair_poll(struct pair_end *e, struct pair_cq *q, struct hinic_cqe *c);
void pair_cq_arm(struct pair_end *e, struct pair_cq *q, bool is_solicited_only);
/* Steps until a CQE is there; false at the time limit, or when nothing is left to do. */
bool pair_wait(struct pair_end *e, struct pair_cq *q, struct hinic_cqe *c, vtime_t limit);
/* Next completion event of the EQ, or event of the AEQ. */
bool pair_eqe(struct pair_end *e, struct hinic_eqe *q);
bool pair_aeqe(struct pair_end *e, struct hinic_eqe *q);

struct pair_srq pair_srq(struct pair_end *e, uint32_t log_wqe, uint32_t max_sge, uint32_t limit);

struct pair_qp {
    struct pair_end *e;
    uint32_t qpn, type;
    uint32_t log_sq_bb, log_rq, log_rq_stride;
    uint64_t sq, rq;
    uint16_t sq_pi, rq_pi;   /* blocks, WQEs */
    uint32_t n_send, n_recv; /* posted; sw_idx of the next send */
    struct pair_cq *scq, *rcq;
    uint32_t dest_qpn;
};

struct pair_qp_cfg {
    uint32_t type;                       /* enum hinic_qp_type */
    uint32_t flags;                      /* HINIC_QP_* */
    uint32_t log_sq_bb;                  /* 0: 8 */
    uint32_t log_rq;                     /* 0: 6 */
    uint32_t max_send_sge, max_recv_sge; /* 0: 4 */
    struct pair_cq *scq, *rcq;           /* NULL: of the end */
    const struct pair_srq *srq;
};

struct pair_qp pair_qp(struct pair_end *e, const struct pair_qp_cfg *cfg);
uint32_t pair_qp_destroy(struct pair_qp *q);
uint32_t pair_qp_modify(struct pair_qp *q, const struct hinic_mb_modify_qp *m); /* status */
uint32_t pair_qp_state(struct pair_qp *q);                                      /* by QUERY_QP */
uint32_t pair_qp_to(struct pair_qp *q, uint32_t state); /* with STATE alone: ERR, RESET, SQD, RTS */

struct pair_conn {
    uint32_t gid;           /* 0 IPv4, 1 IPv6 */
    uint32_t path_mtu;      /* bytes; 0: 4096 */
    uint32_t timeout;       /* 0: 8 (1.048576 ms); 32: off */
    uint32_t retry_cnt;     /* 0: 7; 8: none */
    uint32_t rnr_retry;     /* 0: 7 (infinite); 8: none */
    uint32_t min_rnr_timer; /* code, 0: 1 (10 us) */
    uint32_t rd_atomic;     /* 0: 16 */
    uint32_t access;        /* of the QP; 0: all remote */
    uint32_t psn[2];        /* start PSN of each end + 1; 0: default */
    uint32_t tclass;
    bool is_rtr_only[2]; /* end stays in RTR */
};

/* RESET to RTS of RC and UC, also of two QPs of one end. conn may be NULL. Asserts success. */
void pair_connect(struct pair_qp *a, struct pair_qp *b, const struct pair_conn *conn);
void pair_ud_start(struct pair_qp *q, uint32_t qkey, uint32_t sq_psn); /* UD, GSI */
struct hinic_av pair_av(struct pair_end *from, struct pair_end *to, uint32_t gid);

/* ---- work requests ---- */

struct pair_wr {
    uint32_t op;    /* enum hinic_wqe_op */
    uint32_t flags; /* HINIC_WQE_F_*: INLINE takes the data from `data` */
    uint32_t n_sge;
    struct hinic_sge sge[HINIC_SGE_MAX];
    const void *data;
    uint32_t length; /* of the message; 0 with SGEs: their sum */
    uint32_t imm;    /* or rkey to invalidate */
    uint32_t rkey;
    uint64_t raddr;
    uint64_t swap_add, compare;
    uint32_t dqpn, qkey;
    struct hinic_av av;       /* UD, GSI */
    struct hinic_wqe_reg reg; /* REG_MR, BIND_MW */
    uint32_t flush;           /* type and level */
};

struct hinic_sge pair_sge(const struct pair_mr *m, uint64_t off, uint32_t len);
/* Builds the WQE in the ring; returns its sw_idx (counting from 0). The doorbell is rung by
 * pair_ring(). */
uint32_t pair_post(struct pair_qp *q, const struct pair_wr *wr);
void pair_ring(struct pair_qp *q);
uint32_t pair_send(struct pair_qp *q, const struct pair_wr *wr); /* post and ring */
uint32_t pair_post_recv(struct pair_qp *q, const struct hinic_sge *sge, uint32_t n);
void pair_ring_recv(struct pair_qp *q);
uint32_t pair_recv(struct pair_qp *q, const struct hinic_sge *sge, uint32_t n);
void pair_srq_post(struct pair_end *e, struct pair_srq *s, const struct hinic_sge *sge, uint32_t n);
void pair_srq_ring(struct pair_end *e, struct pair_srq *s);

#endif
