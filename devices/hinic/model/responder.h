/* SPDX-License-Identifier: MIT */
/* Responder of a QP: receive WQEs, requests in progress, responses owed; and what it offers. */
#ifndef VDC_DEVICES_HINIC_MODEL_RESPONDER_H
#define VDC_DEVICES_HINIC_MODEL_RESPONDER_H

#include <stdbool.h>
#include <stdint.h>

#include "hinic_hw.h"
#include "rpkt.h"
#include "vdc/hinic.h"

#define RQ_CACHE_BYTES  512u /* receive WQEs kept per queue; also the largest stride */
#define RQ_SLOT_MAX     32u  /* WQEs of 16 bytes in it */
#define RQ_LOG_STRIDE   4u   /* smallest stride, log2 */
#define RSP_OPS         16u  /* READs, atomics and flushes being answered, and atomics remembered */
#define RSP_ACK_PACKETS 64u  /* packets without an ACK at most */
#define RSP_FLUSH_BATCH 16u  /* receive WQEs flushed at once, each costs t_pkt */
#define RSP_MSG_LEN_MAX (UINT32_C(1) << 31)

_Static_assert(RQ_CACHE_BYTES >> RQ_LOG_STRIDE == RQ_SLOT_MAX, "a slot per smallest WQE");

/*
 * Receive queue as the device sees it; one in struct rsp for a QP without SRQ, one in struct srq.
 * WQE i lies in cache slot i % (RQ_CACHE_BYTES / stride). All zero when created: the list of an SRQ
 * begins with WQE 0.
 */
struct rq {
    uint16_t ci;       /* next to be taken, free-running */
    uint16_t fetched;  /* behind the last WQE in the cache */
    uint16_t n_fetch;  /* WQEs on their way */
    uint16_t head_idx; /* SRQ: index of WQE `fetched`, followed through next_idx */
    uint16_t is_bad;   /* list is broken or memory failed: nothing can be taken any more */
    uint16_t zero;
    uint32_t wait_first, wait_last; /* SRQ: slot + 1 of QPs waiting for a WQE, 0 = none */
    uint16_t idx[RQ_SLOT_MAX];      /* SRQ: index of the WQE in each slot */
    uint32_t zero1;
    uint8_t wqe[RQ_CACHE_BYTES];
};
_Static_assert(sizeof(struct rq) == 600, "rq has no holes");

/* The receive WQE that a message is scattered into. */
struct rsp_wqe {
    uint64_t len; /* of all SGEs */
    uint32_t pdn;
    uint16_t n_sge;
    uint16_t idx;
    struct hinic_sge sge[HINIC_SGE_MAX];
};
_Static_assert(sizeof(struct rsp_wqe) == 272, "rsp_wqe has no holes");

enum rsp_op_kind { RSP_READ, RSP_ATOMIC, RSP_EMPTY /* FLUSH, ATOMIC_WRITE: empty READ response */ };

/* A request answered by more than an ACK. */
struct rsp_op {
    uint64_t va;     /* READ: of the next response */
    uint64_t result; /* ATOMIC: former value */
    uint32_t key;
    uint32_t len;       /* READ: bytes to be asked for yet */
    uint32_t psn;       /* of the next response packet */
    uint32_t first_psn; /* of the request */
    uint32_t end_psn;   /* behind the last response packet */
    uint32_t msn;
    uint32_t after; /* without payload: answered when rsp.n_done has reached it */
    uint8_t kind;   /* enum rsp_op_kind */
    uint8_t is_dup;
    uint8_t is_ready;   /* ATOMIC: result is there */
    uint8_t is_started; /* READ: first response has been built */
};
_Static_assert(sizeof(struct rsp_op) == 48, "rsp_op has no holes");

struct rsp_atomic {
    uint64_t result;
    uint32_t psn;
    uint32_t is_valid;
};

enum rsp_msg { RSP_MSG_NONE, RSP_MSG_SEND, RSP_MSG_WRITE, RSP_MSG_DROP /* UC: rest is ignored */ };

/*
 * Part of struct qp; all zero in RESET.
 *
 * A packet is begun in order, or waits: for a receive WQE, for room in the memory engine. Begun, it
 * is placed in memory and retired when it is visible there, again in order: then it can be
 * acknowledged and its message completed. READs and atomics become ops, answered in order. A NAK or
 * ACK goes out behind them.
 */
struct rsp {
    uint32_t epsn;     /* expected */
    uint32_t msn;      /* of requests accepted */
    uint32_t done_psn; /* newest executed: what an ACK names */
    uint32_t done_msn;
    uint32_t n_issued, n_done;      /* free-running: packets begun, and retired */
    uint32_t n_unacked;             /* packets retired since the last ACK */
    uint32_t n_out;                 /* READ responses built and not on the link yet */
    uint32_t wait_first, wait_last; /* packets not begun yet */
    uint32_t exec_first, exec_last; /* packets being placed */
    uint32_t srq_next, srq_prev;    /* QPs waiting for a WQE of the same SRQ: slot + 1 */
    uint32_t nak_psn;
    uint32_t dead_idx; /* 1 + index of the WQE completed with the error that killed */
    uint64_t write_va; /* of the next packet */
    uint32_t write_key, write_left;
    uint32_t msg_len;    /* bytes so far */
    uint8_t nak;         /* syndrome to be sent when all before is answered, 0 = none */
    uint8_t nak_status;  /* of the receive WQE in progress, 0: flushed with the others */
    uint8_t nak_event;   /* AEQ type */
    uint8_t is_nak_sent; /* sequence or RNR: newer packets are dropped until epsn comes */
    uint8_t is_ack_due;
    uint8_t is_dead;  /* a fatal NAK is on its way: nothing more is accepted */
    uint8_t is_cut;   /* and memory is the reason: what is being placed comes to nothing */
    uint8_t msg;      /* enum rsp_msg in progress */
    uint8_t n_atomic; /* in flight to memory */
    uint8_t is_wait_srq;
    uint8_t is_wqe;                           /* wqe is taken */
    uint8_t is_last_wqe;                      /* the event was reported */
    uint8_t op_head, n_op, n_op_new, at_next; /* n_op_new: without the duplicates */
    uint8_t is_est;                           /* communication established has been reported */
    uint8_t zero[3];
    struct rsp_wqe wqe;
    struct rsp_op op[RSP_OPS]; /* ring, oldest at op_head */
    struct rsp_atomic atomic[RSP_OPS];
    struct rq rq;
};
_Static_assert(sizeof(struct rsp) == 104 + 272 + 48 * 16 + 16 * 16 + 600, "rsp has no holes");

/* Part of struct srq. */
struct srq_rsp {
    struct rq rq;
};

struct qp;
struct srq;

/* ---- responder.c ---- */

/* A request, or any packet of a UD, GSI or UC QP. The packet is the responder's from here on. */
void vdc_hinic_rsp_packet(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt);

/* ---- rspstate.c ---- */

/* status: enum mem_status. */
void vdc_hinic_rsp_mem_done(struct vdc_hinic *h, vtime_t now, uint32_t slot, uint32_t tag,
                            uint32_t status);
void vdc_hinic_rsp_mem_room(struct vdc_hinic *h, vtime_t now, uint32_t slot);
/* EV_RSP_TIMER: no packet buffer was free for a response. EV_RSP_WORK: flush goes on. */
void vdc_hinic_rsp_timer(struct vdc_hinic *h, vtime_t now, struct qp *qp);
void vdc_hinic_rsp_work(struct vdc_hinic *h, vtime_t now, struct qp *qp);
/* ERR: drops all that waits; the receive queue is flushed behind the send queue. */
void vdc_hinic_rsp_transition(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint8_t from,
                              uint8_t to);
/* In ERR: completes what has been posted, when the send queue is flushed and all before is done.
 * The requester calls it when the first has become so. */
void vdc_hinic_rsp_flush(struct vdc_hinic *h, vtime_t now, struct qp *qp);
void vdc_hinic_rsp_close(struct vdc_hinic *h, vtime_t now, struct qp *qp);
void vdc_hinic_rsp_doorbell(struct vdc_hinic *h, vtime_t now, struct qp *qp); /* rq_pi has moved */

/* ---- rspread.c ---- */

/* The scheduler: builds the next READ response into pkt; its first bit has left. FLUSH and
 * ATOMIC_WRITE are answered by READ response only without payload. */
enum sched_built vdc_hinic_rsp_build(struct vdc_hinic *h, vtime_t now, uint32_t qpn, uint32_t pkt);
void vdc_hinic_rsp_sent(struct vdc_hinic *h, vtime_t now, uint32_t qpn, uint32_t pkt);

/* ---- rq.c ---- */

void vdc_hinic_srq_doorbell(struct vdc_hinic *h, vtime_t now, struct srq *srq);
void vdc_hinic_srq_mem_done(struct vdc_hinic *h, vtime_t now, uint32_t srqn, uint32_t tag,
                            uint32_t status);
void vdc_hinic_srq_mem_room(struct vdc_hinic *h, vtime_t now, uint32_t srqn);
void vdc_hinic_srq_close(struct vdc_hinic *h, vtime_t now, struct srq *srq);

/* ---- among these files ---- */

/* What memory did, in bits 31:28 of a tag; below: a packet. */
#define RSP_TAG_PLACE    (0u << 28) /* received packet */
#define RSP_TAG_ATOMIC   (1u << 28) /* received packet */
#define RSP_TAG_READ     (2u << 28) /* response packet */
#define RSP_TAG_RQ       (3u << 28) /* receive WQEs */
#define RSP_TAG(tag)     ((tag) & (15u << 28))
#define RSP_TAG_PKT(tag) ((tag) & ~(15u << 28))

/* struct rpkt.user of a received packet. */
enum rsp_user {
    RSP_U_MSN,
    RSP_U_WQE,  /* 1 + index of the WQE it fills */
    RSP_U_LEN,  /* byte_len of the completion */
    RSP_U_FLAGS /* RSP_F_*; ATOMIC: position of its op */
};
#define RSP_F_PLACED  (1u << 0)
#define RSP_F_FAULT   (1u << 1) /* the bus refused */
#define RSP_F_PROT    (1u << 2) /* the key does not allow it */
#define RSP_F_MSG_END (1u << 3) /* completes its WQE */

/* Syndromes of the AETH. */
enum rsp_syndrome {
    RSP_ACK = 0x1f,     /* no end-to-end credits */
    RSP_NAK_RNR = 0x20, /* | timer code */
    RSP_NAK_SEQ = 0x60,
    RSP_NAK_INV_REQ = 0x61,
    RSP_NAK_ACCESS = 0x62,
    RSP_NAK_OP = 0x63
};

enum rsp_begun {
    RSP_BEGUN,   /* executed: the packet is on its way or consumed */
    RSP_DROPPED, /* consumed without effect */
    RSP_BLOCKED  /* to be tried again: vdc_hinic_rsp_run() follows */
};
enum rq_take { RQ_TAKEN, RQ_EMPTY, RQ_WAIT, RQ_BROKEN };

/* Takes the next receive WQE into rsp.wqe unless there is one; RQ_WAIT: vdc_hinic_rsp_run()
 * follows. */
enum rq_take vdc_hinic_rq_take(struct vdc_hinic *h, vtime_t now, struct qp *qp);
void vdc_hinic_rq_fetch(struct vdc_hinic *h, vtime_t now, struct qp *qp); /* if useful */
void vdc_hinic_rq_arrived(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t status);
void vdc_hinic_rq_unwait(struct vdc_hinic *h, struct qp *qp); /* leaves the list of the SRQ */

/* Begins the packets that wait, as far as possible. */
void vdc_hinic_rsp_run(struct vdc_hinic *h, vtime_t now, struct qp *qp);
/* Gives n bytes of the packet to memory, from buf on, at `skip` of the WQE in progress. False if
 * there is no room. */
bool vdc_hinic_rsp_scatter(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt,
                           uint64_t buf, uint32_t n, uint32_t skip);
/* The same, at an address under a remote key. */
bool vdc_hinic_rsp_place(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt, uint64_t va,
                         uint32_t key, uint32_t n);
/* Puts a begun packet into the order of retirement. */
void vdc_hinic_rsp_issue(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt,
                         bool is_placed);
/* Retires what has been placed. */
void vdc_hinic_rsp_retire(struct vdc_hinic *h, vtime_t now, struct qp *qp);
/* A request that ends the QP: NAK (RC), status for the WQE in progress, AEQ event. They come when
 * all before is answered; of two the older request counts. */
void vdc_hinic_rsp_fail(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t psn,
                        uint8_t syndrome, uint8_t status);
enum rsp_begun vdc_hinic_rsp_begin_ud(struct vdc_hinic *h, vtime_t now, struct qp *qp,
                                      uint32_t pkt);
enum rsp_begun vdc_hinic_rsp_begin_read(struct vdc_hinic *h, vtime_t now, struct qp *qp,
                                        uint32_t pkt);
enum rsp_begun vdc_hinic_rsp_begin_atomic(struct vdc_hinic *h, vtime_t now, struct qp *qp,
                                          uint32_t pkt);
enum rsp_begun vdc_hinic_rsp_begin_flush(struct vdc_hinic *h, vtime_t now, struct qp *qp,
                                         uint32_t pkt);
/* ATOMIC_WRITE */
enum rsp_begun vdc_hinic_rsp_begin_put(struct vdc_hinic *h, vtime_t now, struct qp *qp,
                                       uint32_t pkt);
/* An old request: answered again from what is remembered. The packet stays the caller's. */
void vdc_hinic_rsp_again_read(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt);
void vdc_hinic_rsp_again_atomic(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt);
void vdc_hinic_rsp_again_empty(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt);
void vdc_hinic_rsp_atomic_done(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt,
                               uint32_t status);
void vdc_hinic_rsp_read_done(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt,
                             uint32_t status);

/* An op at the end of the ring, zeroed; NULL if the ring is full. */
struct rsp_op *vdc_hinic_rsp_op_add(struct rsp *r, enum rsp_op_kind kind, uint32_t psn,
                                    uint32_t n_psn, bool is_dup);
void vdc_hinic_rsp_op_pop(struct rsp *r);
/* Forgets the first op that is not older than psn, and all that came after it. */
void vdc_hinic_rsp_op_cut(struct rsp *r, uint32_t psn);
/* Sends what is owed, as far as its turn has come. */
void vdc_hinic_rsp_respond(struct vdc_hinic *h, vtime_t now, struct qp *qp);
/* Headers of a packet to the peer of a connected QP. */
void vdc_hinic_rsp_header(const struct vdc_hinic *h, const struct qp *qp, struct wire_hdr *w);
/* Completion of the receive WQE of a packet, or of WQE idx without one (pkt RPKT_NONE). */
void vdc_hinic_rsp_complete(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt,
                            uint32_t idx, uint8_t status);

#endif
