/* SPDX-License-Identifier: MIT */
/* The requester: everything that starts from the send queue of a QP. */
#ifndef VDC_DEVICES_HINIC_MODEL_REQUESTER_H
#define VDC_DEVICES_HINIC_MODEL_REQUESTER_H

#include <stdbool.h>
#include <stdint.h>

#include "hinic_hw.h"
#include "rpkt.h"
#include "vdc/digest.h"
#include "vdc/vtime.h"

struct qp;
struct vdc_hinic;

#define REQ_BB_CACHE   32u /* basic blocks of the send queue kept per QP */
#define REQ_BB_BATCH   16u /* fetched at once */
#define REQ_MSG_N      64u /* messages of a QP between first packet and completion */
#define REQ_RD_N       16u /* READ, ATOMIC, FLUSH and ATOMIC_WRITE outstanding per QP */
#define REQ_WQE_TURN   64u /* WQEs without a packet handled in one turn */
#define REQ_FLUSH_TURN 64u /* completions of a flush at once; as many t_pkt later it goes on */
#define REQ_ACK_EVERY  32u /* AckReq at least on every n-th packet */
#define REQ_WIN_PKTS   64u /* in flight until congestion control sets the window */
#define REQ_WIN_BYTES  (256u << 10)
#define REQ_PSN_MAX    (1u << 23)          /* in flight */
#define REQ_LEN_MAX    (UINT32_C(1) << 31) /* bytes of a message */
#define REQ_RTO_UNIT   UINT64_C(4096000)   /* 4.096 us, in ps */

_Static_assert(REQ_BB_CACHE >= REQ_BB_BATCH + HINIC_WQE_BB_MAX, "a WQE fits beside a fetch");

/* vendor_err in a CQE of the requester: what ended the WQE, beside its status. */
enum req_reason {
    REQ_WHY_NONE,
    REQ_WHY_OWN,    /* own bit does not match the pass of the ring */
    REQ_WHY_SIZE,   /* n_bb, segments or SGEs do not fit */
    REQ_WHY_OPCODE, /* unknown, or not for this type of QP */
    REQ_WHY_LENGTH,
    REQ_WHY_CHANGED, /* the WQE was another one when it was sent first */
    REQ_WHY_QUEUE,   /* the send queue could not be read */
    REQ_WHY_SGE,     /* key, bounds or access of a local buffer, or its memory */
    REQ_WHY_LOCAL,   /* local operation refused */
    REQ_WHY_AV,      /* address vector */
    REQ_WHY_RETRY,
    REQ_WHY_RNR,
    REQ_WHY_NAK,  /* syndrome in bits 15:8 */
    REQ_WHY_RESP, /* bad response: opcode in bits 15:8 */
    REQ_WHY_FLUSH,
};

/* A WQE from its start until its completion. */
struct req_msg {
    vtime_t t_done;   /* last ACK */
    uint32_t psn;     /* of its first packet */
    uint32_t n_psn;   /* 0: local operation, or a WQE that has failed before its first packet */
    uint32_t length;  /* bytes */
    uint32_t sw_idx;  /* echoed in the CQE */
    uint32_t why;     /* vendor_err */
    uint32_t n_write; /* scatters of responses in flight */
    uint16_t bb;      /* index of its first block, mod 2^16 */
    uint8_t n_bb;
    uint8_t rd;     /* entry of req.rd, if it takes one */
    uint8_t opcode; /* enum hinic_wqe_op */
    uint8_t flags;  /* HINIC_WQE_F_* */
    uint8_t status; /* enum hinic_wc_status */
    uint8_t is_done;
};
_Static_assert(sizeof(struct req_msg) == 40, "req_msg has no holes");

/* Where the response of a READ or ATOMIC goes. */
struct req_rd {
    uint32_t n_sge;
    uint32_t zero;
    struct hinic_sge sge[HINIC_SGE_MAX];
};
_Static_assert(sizeof(struct req_rd) == 264, "req_rd has no holes");

/*
 * Part of struct qp; all zero in RESET. Message indices are free-running, those of blocks mod 2^16.
 *   completed | m_una .. done, CQE waits | m_ack .. sent | m_cur .. to be sent again | m_end
 * Everything before psn_una is acknowledged; [psn_una, psn_cur) is in flight; [psn_cur, psn_hi) was
 * sent before a go-back; [.., psn_next) belongs to messages that have started.
 */
struct req {
    uint32_t m_una, m_ack, m_cur, m_end;
    uint32_t psn_una, psn_cur, psn_hi, psn_next;
    uint32_t psn_sent;  /* behind the newest packet that has left since the last go-back */
    uint32_t psn_rec;   /* with is_rec: go-back to here is in progress */
    uint32_t n_rd;      /* READs, ATOMICs ... outstanding */
    uint32_t i_rd;      /* free-running, of rd: next to be used */
    uint32_t n_pkt;     /* request packets in flight */
    uint32_t n_bytes;   /* their payload */
    uint32_t n_unasked; /* packets built since the last AckReq */
    uint32_t fetch_seq; /* WQE fetches with another number are stale */
    uint32_t hold_first, hold_last; /* responses waiting for the memory engine, index + 1 */
    vtime_t t_rto;                  /* response timer, 0 = off */
    vtime_t t_rnr;
    /* Blocks of the send queue: completed before bb_done, cached [bb_head, bb_have), on their way
     * [bb_have, bb_want). */
    uint16_t bb_done, bb_head, bb_have, bb_want;
    uint16_t bb_flush;   /* with is_flushing: WQEs before are flushed */
    uint8_t is_flushing; /* in ERR, SQE, and until it is done after SQE */
    uint8_t is_stopped;  /* the newest message has failed: nothing behind it is started */
    uint8_t is_draining; /* SQD, event still to come */
    uint8_t is_rnr;      /* waits until t_rnr */
    uint8_t is_rec;
    uint8_t is_lost; /* the send queue cannot be read or makes no sense: nothing to be flushed */
    uint8_t retry_left, rnr_left;
    uint8_t zero[6];
    struct req_msg msg[REQ_MSG_N];
    struct req_rd rd[REQ_RD_N];
    uint8_t bb[REQ_BB_CACHE][HINIC_BB_SIZE];
};

/* qp.c, doorbell.c: see rdma.h */
void vdc_hinic_req_doorbell(struct vdc_hinic *h, vtime_t now, struct qp *qp);
void vdc_hinic_req_transition(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint8_t from,
                              uint8_t to);
void vdc_hinic_req_close(struct vdc_hinic *h, vtime_t now, struct qp *qp);
void vdc_hinic_req_timer(struct vdc_hinic *h, vtime_t now, struct qp *qp);
void vdc_hinic_req_work(struct vdc_hinic *h, vtime_t now, struct qp *qp);
/* True when no WQE is left to be flushed: in ERR the receive queue follows the send queue, by
 * vdc_hinic_rsp_flush(). */
bool vdc_hinic_req_is_flushed(const struct qp *qp);
void vdc_hinic_req_digest(const struct req *r, struct vdc_digest *d);

/* mem.c; status: enum mem_status */
void vdc_hinic_req_mem_done(struct vdc_hinic *h, vtime_t now, uint32_t slot, uint32_t tag,
                            uint32_t status);
void vdc_hinic_req_mem_room(struct vdc_hinic *h, vtime_t now, uint32_t slot);

/* sched.c, rrx.c: see rpkt.h */
enum sched_built vdc_hinic_req_build(struct vdc_hinic *h, vtime_t now, uint32_t qpn, uint32_t pkt);
void vdc_hinic_req_sent(struct vdc_hinic *h, vtime_t now, uint32_t qpn, uint32_t pkt);
/* A response (ACK, READ response, ATOMIC_ACK); the packet is the requester's from here on. */
void vdc_hinic_req_packet(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt);

/*
 * ---- between the stages of the requester ----
 */

/* A WQE, checked as far as that is possible without its queue pair's state. */
struct sq_wqe {
    struct hinic_wqe_ctrl ctrl;
    uint64_t raddr, swap_add, compare;
    uint32_t rkey;
    uint32_t feth;
    struct hinic_wqe_ud ud;
    struct hinic_wqe_reg reg;
    struct hinic_sge sge[HINIC_SGE_MAX];
    uint32_t n_sge;
    uint32_t inl; /* offset of inline data in raw, 0 = none */
    uint32_t n_bb;
    uint8_t status; /* enum hinic_wc_status if it is bad */
    uint8_t why;
    uint8_t is_lost; /* the next WQE cannot be found */
    uint8_t raw[HINIC_WQE_BB_MAX * HINIC_BB_SIZE];
};

enum sq_look { SQ_NONE, SQ_GOOD, SQ_BAD };

/* sq.c: the WQE at bb_head; SQ_NONE if not all of it is here. */
enum sq_look vdc_hinic_sq_look(const struct qp *qp, struct sq_wqe *w);
/* Its first block is here: what a flush needs. False if it is not. */
bool vdc_hinic_sq_glance(const struct qp *qp, struct hinic_wqe_ctrl *c, uint32_t *n_bb);
/* Starts reading blocks if it is useful and possible. */
void vdc_hinic_sq_fetch(struct vdc_hinic *h, vtime_t now, struct qp *qp);
/* Moves bb_head; blocks in the cache stay there unless they are to be read again. */
void vdc_hinic_sq_seek(struct req *r, uint16_t bb, bool is_again);

enum req_tag { REQ_TAG_WQE, REQ_TAG_SEND, REQ_TAG_RESP }; /* bits 31:28 of the tag */
#define REQ_TAG(kind, v) ((uint32_t)(kind) << 28 | (v))
#define REQ_TAG_MASK     0xfffffffu

/* True if PSN a is behind b by at most the largest message. */
static inline bool vdc_hinic_req_is_behind(uint32_t a, uint32_t b)
{
    const uint32_t d = (a - b) & WIRE_PSN_MASK;

    return d > 0 && d <= REQ_PSN_MAX;
}

static inline struct req_msg *vdc_hinic_req_msg(struct req *r, uint32_t i)
{
    return &r->msg[i % REQ_MSG_N];
}

/* True if the operation holds an entry of req.rd until it is answered. */
static inline bool vdc_hinic_req_is_rd(uint32_t op)
{
    return op == HINIC_WQE_READ || op == HINIC_WQE_CAS || op == HINIC_WQE_FADD ||
           op == HINIC_WQE_FLUSH || op == HINIC_WQE_ATOMIC_WRITE;
}

/* requester.c */
bool vdc_hinic_req_is_datagram(const struct qp *qp); /* UD, GSI, SMI */
uint32_t vdc_hinic_req_mtu(const struct vdc_hinic *h, const struct qp *qp);
/* The window has room for len bytes more; an empty one has it always. */
bool vdc_hinic_req_has_window(const struct vdc_hinic *h, const struct qp *qp, uint32_t len);
/* The send cursor leaves the message m_cur. */
void vdc_hinic_req_pass(struct req *r);

/* reqpkt.c: the next packet of the message m_cur, whose WQE is w. */
enum sched_built vdc_hinic_req_packet_build(struct vdc_hinic *h, vtime_t now, struct qp *qp,
                                            const struct sq_wqe *w, uint32_t pkt);

/* requester.c: has the scheduler, or the fetch of WQEs, go on if there is something to do. */
void vdc_hinic_req_kick(struct vdc_hinic *h, vtime_t now, struct qp *qp);

/* reqdone.c: posts the completions that are due; a failed WQE at the head goes on in req_work(). */
void vdc_hinic_req_complete(struct vdc_hinic *h, vtime_t now, struct qp *qp);
/* Message idx fails; those behind it have not started. */
void vdc_hinic_req_fail(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t idx,
                        uint8_t status, uint32_t why);
void vdc_hinic_req_defer(struct vdc_hinic *h, vtime_t now, const struct qp *qp); /* req_work() */

/* reqack.c: everything before psn is done. */
enum req_acked {
    REQ_ACKED,      /* psn_una == psn */
    REQ_ACKED_READ, /* a READ or ATOMIC before it has not been answered */
    REQ_ACKED_STOP  /* ... has failed */
};
enum req_acked vdc_hinic_req_ack(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t psn);
/* m_ack never rests on a message that has no packets and is not in error. */
void vdc_hinic_req_skip_local(struct req *r);
/* Processes responses that wait for the memory engine. */
void vdc_hinic_req_resume(struct vdc_hinic *h, vtime_t now, struct qp *qp);
void vdc_hinic_req_drop_held(struct vdc_hinic *h, vtime_t now, struct qp *qp);
/* A scatter of a response has ended. */
void vdc_hinic_req_scattered(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt,
                             uint32_t status);

/* reqtimer.c */
void vdc_hinic_req_go_back(struct vdc_hinic *h, vtime_t now, struct qp *qp);
/* Goes back to psn_una if a retry is left; else the WQE there fails. */
void vdc_hinic_req_retry(struct vdc_hinic *h, vtime_t now, struct qp *qp);
void vdc_hinic_req_rnr(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t code);
/* The response timer starts again, or stops if nothing is in flight. */
void vdc_hinic_req_rto(struct vdc_hinic *h, vtime_t now, struct qp *qp);
void vdc_hinic_req_retries_reset(struct qp *qp);

/* reqlocal.c: LOCAL_INV, REG_MR, BIND_MW, NOP; enum hinic_wc_status. */
bool vdc_hinic_req_is_local(uint32_t op);
uint8_t vdc_hinic_req_local(struct vdc_hinic *h, struct qp *qp, const struct sq_wqe *w);

/* udsend.c: address and datagram headers of a UD packet; false if the address is bad. */
bool vdc_hinic_ud_address(struct vdc_hinic *h, const struct qp *qp, const struct sq_wqe *w,
                          struct wire_hdr *out);
/* Largest payload of a datagram. */
uint32_t vdc_hinic_ud_mtu(const struct vdc_hinic *h);

/* Packets that may be in flight; *bytes: their payload. */
uint32_t vdc_hinic_req_window(const struct vdc_hinic *h, const struct qp *qp, uint32_t *bytes);
/* Delay of an RNR NAK with this timer code, ps. */
vtime_t vdc_hinic_rnr_ps(uint32_t code);

#endif
