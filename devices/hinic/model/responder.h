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
#define RQ_STRIDE_MIN   16u
#define RSP_OPS         16u /* READs, atomics and flushes being answered, and atomics remembered */
#define RSP_ACK_PACKETS 64u /* packets without an ACK at most */
#define RSP_NONE        UINT32_MAX

_Static_assert(RQ_CACHE_BYTES / RQ_STRIDE_MIN == RQ_SLOT_MAX, "a slot per smallest WQE");

/*
 * Receive queue as the device sees it; one in struct rsp for a QP without SRQ, one in struct srq.
 * WQE i lies in cache slot i % (RQ_CACHE_BYTES / stride). All zero when created: head_idx 0 is the
 * first WQE of an SRQ's list.
 */
struct rq {
    uint16_t ci;       /* next to be taken, free-running */
    uint16_t fetched;  /* behind the last WQE in the cache */
    uint16_t n_fetch;  /* WQEs on their way */
    uint16_t head_idx; /* SRQ: index of WQE `fetched`, followed through next_idx */
    uint16_t is_bad;   /* list is broken or memory failed: nothing can be taken any more */
    uint16_t zero;
    uint32_t wait_first, wait_last;      /* SRQ: slot + 1 of QPs waiting for a WQE, 0 = none */
    uint16_t idx[RQ_SLOT_MAX];           /* SRQ: index of the WQE in each slot */
    _Alignas(8) uint8_t wqe[RQ_CACHE_BYTES];
};

/* The receive WQE that a message is scattered into. */
struct rsp_wqe {
    uint64_t len; /* of all SGEs */
    uint32_t n_sge;
    uint16_t idx;
    uint16_t is_taken;
    struct hinic_sge sge[HINIC_SGE_MAX];
};

enum rsp_op_kind { RSP_READ, RSP_ATOMIC, RSP_EMPTY /* FLUSH, ATOMIC_WRITE: empty READ response */ };

/* A request answered by more than an ACK. */
struct rsp_op {
    uint64_t va;        /* READ: of the next response; ATOMIC: of the operand */
    uint64_t result;    /* ATOMIC: former value */
    uint32_t key;
    uint32_t len;       /* READ: bytes to be asked for yet */
    uint32_t psn;       /* of the next response packet */
    uint32_t first_psn; /* of the request */
    uint32_t end_psn;   /* behind the last response packet */
    uint32_t msn;
    uint32_t after;     /* READ, EMPTY: may start when rsp.n_done has reached it */
    uint8_t kind;       /* enum rsp_op_kind */
    uint8_t is_dup;
    uint8_t is_ready; /* ATOMIC: result is there */
    uint8_t is_started; /* READ: first response has been built */
};
_Static_assert(sizeof(struct rsp_op) == 48, "rsp_op layout");

struct rsp_atomic {
    uint64_t result;
    uint32_t psn;
    uint32_t is_valid;
};

enum rsp_msg { RSP_MSG_NONE, RSP_MSG_SEND, RSP_MSG_WRITE, RSP_MSG_DROP /* UC: rest is ignored */ };

/* Part of struct qp; all zero in RESET. */
struct rsp {
    uint32_t epsn; /* expected */
    uint32_t msn;  /* of requests accepted */
    uint32_t done_psn; /* last PSN executed: what an ACK names */
    uint32_t done_msn;
    uint32_t n_issued, n_done; /* free-running: writes and atomics given to memory, and done */
    uint32_t n_atomic;         /* of them, atomics in flight */
    uint32_t n_unacked;        /* packets executed since the last ACK */
    uint32_t n_fetching;       /* READ response packets that memory is asked for */
    uint32_t wait_first, wait_last; /* packets not begun yet, RSP_NONE-free: index + 1, 0 = none */
    uint32_t exec_first, exec_last; /* packets being placed, in order, index + 1 */
    uint32_t room_next; /* QPs waiting for the memory engine: slot + 1, 0 = none */
    uint32_t srq_next;  /* QPs waiting for a WQE of the same SRQ: slot + 1 */
    uint32_t nak_psn, nak_msn;
    uint8_t nak;        /* syndrome to be sent when all before is answered, 0 = none */
    uint8_t nak_status; /* of the receive WQE in progress, 0: flushed with the others */
    uint8_t nak_event;  /* AEQ type */
    uint8_t is_nak_sent; /* sequence or RNR: newer packets are dropped until epsn comes */
    uint8_t is_ack_due;
    uint8_t is_dead;     /* a fatal NAK is on its way: nothing more is accepted */
    uint8_t msg;         /* enum rsp_msg in progress */
    uint8_t is_est;      /* communication established has been reported */
    uint8_t is_wait_room, is_wait_srq, is_flushing, is_last_wqe; /* the event is owed */
    uint8_t op_head, n_op, at_next, zero;
    /* message in progress */
    uint64_t write_va;
    uint32_t write_key, write_left;
    uint32_t msg_len; /* bytes so far */
    uint32_t zero1;
    struct rsp_wqe wqe;
    struct rsp_op op[RSP_OPS]; /* oldest at op_head */
    struct rsp_atomic atomic[RSP_OPS];
    struct rq rq;
};

/* Part of struct srq. */
struct srq_rsp {
    struct rq rq;
};

struct qp;
struct srq;

/* ---- responder.c ---- */

/* A request, or any packet of a UD, GSI or UC QP. The packet is the responder's from here on. */
void vdc_hinic_rsp_packet(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt);
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
/* The send queue is flushed (declared in requester.h too). */
void vdc_hinic_rsp_sq_flushed(struct vdc_hinic *h, vtime_t now, struct qp *qp);
void vdc_hinic_rsp_close(struct vdc_hinic *h, vtime_t now, struct qp *qp);

/* ---- rspread.c ---- */

/* The scheduler: builds the next READ response into pkt; its first bit has left. FLUSH and
 * ATOMIC_WRITE are answered by READ response only without payload. */
enum sched_built vdc_hinic_rsp_build(struct vdc_hinic *h, vtime_t now, uint32_t qpn, uint32_t pkt);
void vdc_hinic_rsp_sent(struct vdc_hinic *h, vtime_t now, uint32_t qpn, uint32_t pkt);

/* ---- rq.c ---- */

void vdc_hinic_rsp_doorbell(struct vdc_hinic *h, vtime_t now, struct qp *qp);
void vdc_hinic_srq_doorbell(struct vdc_hinic *h, vtime_t now, struct srq *srq);
void vdc_hinic_srq_mem_done(struct vdc_hinic *h, vtime_t now, uint32_t srqn, uint32_t tag,
                            uint32_t status);
void vdc_hinic_srq_mem_room(struct vdc_hinic *h, vtime_t now, uint32_t srqn);
void vdc_hinic_srq_close(struct vdc_hinic *h, vtime_t now, struct srq *srq);

#endif
