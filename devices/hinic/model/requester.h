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
#define REQ_ACK_EVERY  32u /* AckReq at least on every n-th packet */
#define REQ_WIN_PKTS   64u /* in flight until congestion control sets the window */
#define REQ_WIN_BYTES  (256u << 10)
#define REQ_PSN_WINDOW (1u << 23)
#define REQ_MSG_MAX    (UINT32_C(1) << 31) /* bytes of a message */
#define REQ_NONE       UINT32_MAX
#define REQ_GSI_QKEY   0x80010000u

_Static_assert(REQ_BB_CACHE >= REQ_BB_BATCH + HINIC_WQE_BB_MAX, "a WQE fits beside a fetch");

/* vendor_err in a CQE of the requester: what ended the WQE, beside its status. */
enum req_reason {
    REQ_WHY_NONE,
    REQ_WHY_OWN,    /* own bit does not match the pass of the ring */
    REQ_WHY_SIZE,   /* n_bb, segments or SGEs do not fit */
    REQ_WHY_OPCODE, /* unknown, or not for this type of QP */
    REQ_WHY_LENGTH,
    REQ_WHY_SGE,   /* key, bounds or access of a local buffer, or its memory */
    REQ_WHY_LOCAL, /* local operation refused */
    REQ_WHY_AV,    /* address vector */
    REQ_WHY_RETRY,
    REQ_WHY_RNR,
    REQ_WHY_NAK,  /* syndrome in bits 15:8 */
    REQ_WHY_RESP, /* bad response: opcode in bits 15:8 */
    REQ_WHY_FLUSH,
};

/* A WQE from its start until its completion. */
struct req_msg {
    uint64_t t_done;  /* last ACK */
    uint32_t psn;     /* of its first packet */
    uint32_t n_psn;   /* 0: local operation */
    uint32_t n_pkt;   /* request packets: READ 1 */
    uint32_t length;  /* bytes */
    uint32_t sw_idx;  /* echoed in the CQE */
    uint32_t why;     /* vendor_err */
    uint16_t bb;      /* index of its first block, mod 2^16 */
    uint16_t n_write; /* scatters of responses in flight */
    uint8_t n_bb;
    uint8_t opcode; /* enum hinic_wqe_op */
    uint8_t flags;  /* HINIC_WQE_F_* */
    uint8_t status; /* enum ib_wc_status */
    uint8_t rd;     /* entry in req.rd, of those that take one */
    uint8_t is_done;
    uint8_t is_local; /* asynchronous local operation in progress */
    uint8_t zero;
};
_Static_assert(sizeof(struct req_msg) == 48, "req_msg has no holes");

/* Where the response of a READ or ATOMIC goes. */
struct req_rd {
    uint32_t n_sge;
    uint32_t n_resp; /* response packets received */
    struct hinic_sge sge[HINIC_SGE_MAX];
};
_Static_assert(sizeof(struct req_rd) == 264, "req_rd has no holes");

/* Part of struct qp; all zero at RESET. Message and block indices are free-running. */
struct req {
    /* messages: [m_una, m_end), next to send m_cur */
    uint32_t m_una, m_cur, m_end;
    uint32_t cur_pkt;  /* packets of m_cur built */
    uint32_t psn_next; /* of the next new message */
    uint32_t psn_una;  /* oldest not acknowledged */
    uint32_t psn_hi;   /* behind the newest packet ever built */
    uint32_t n_rd;     /* READs, ATOMICs ... outstanding */
    uint32_t n_pkt;    /* packets in flight */
    uint32_t n_bytes;  /* payload in flight */
    uint32_t n_unasked; /* packets since the last AckReq */
    uint32_t fetch_seq; /* fetches with another number are stale */
    uint32_t n_fetch;   /* payload and WQE fetches, scatters under way */
    uint32_t flush_left; /* receive side is told when it comes to 0 */
    /* blocks of the send queue: cached [bb_head, bb_have), on their way [bb_have, bb_want) */
    uint16_t bb_done; /* behind the last completed WQE */
    uint16_t bb_head;
    uint16_t bb_have;
    uint16_t bb_want;
    uint8_t is_init;     /* sq_psn is taken over */
    uint8_t is_stopped;  /* a WQE has failed, nothing more is sent */
    uint8_t is_flushing; /* ERR or SQE */
    uint8_t is_draining; /* SQD, event still to come */
    uint8_t is_rnr;      /* waits until t_rnr */
    uint8_t is_waiting;  /* in the list of QPs that wait for the memory engine */
    uint8_t retry_left;
    uint8_t rnr_left;
    uint32_t wait_next; /* slot of the next QP in that list + 1 */
    uint32_t zero;
    vtime_t t_rto; /* response timer, VTIME_NEVER or 0 = off */
    vtime_t t_rnr;
    struct req_msg msg[REQ_MSG_N];
    struct req_rd rd[REQ_RD_N];
    uint8_t bb[REQ_BB_CACHE][HINIC_BB_SIZE];
};

/* Part of struct dev; all zero at reset. */
struct req_dev {
    uint32_t wait_head, wait_tail; /* QPs waiting for the memory engine: slot + 1, 0 = none */
};

/*
 * Called by the others. obj is the slot of the QP (vdc_hinic_qp_slot()).
 *
 * Memory engine: every accepted request ends in exactly one vdc_hinic_req_mem_done(), also when its
 * QP has been destroyed meanwhile: buffers of packets are freed there.
 */
void vdc_hinic_req_doorbell(struct vdc_hinic *h, vtime_t now, struct qp *qp);
void vdc_hinic_req_transition(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint8_t from,
                              uint8_t to);
void vdc_hinic_req_close(struct vdc_hinic *h, vtime_t now, struct qp *qp);
void vdc_hinic_req_timer(struct vdc_hinic *h, vtime_t now, uint32_t slot); /* EV_REQ_TIMER */
void vdc_hinic_req_mem_done(struct vdc_hinic *h, vtime_t now, uint32_t obj, uint32_t tag,
                            uint32_t status);
void vdc_hinic_req_mem_room(struct vdc_hinic *h, vtime_t now);
/* A local operation that needed memory (REG_MR with a page list) has ended with a WC status. */
void vdc_hinic_req_local_done(struct vdc_hinic *h, vtime_t now, uint32_t obj, uint32_t tag,
                              uint8_t status);

/* The scheduler: builds the next packet into pkt; its first bit has left. */
enum sched_built vdc_hinic_req_build(struct vdc_hinic *h, vtime_t now, uint32_t qpn, uint32_t pkt);
void vdc_hinic_req_sent(struct vdc_hinic *h, vtime_t now, uint32_t qpn, uint32_t pkt);
/* A response packet (ACK, READ response, ATOMIC_ACK) for the QP; pkt belongs to the callee. */
void vdc_hinic_req_packet(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt);

/* True when no WQE is left to be flushed: in ERR the receive queue follows the send queue. */
bool vdc_hinic_req_is_flushed(const struct vdc_hinic *h, const struct qp *qp);
/* Called by the requester when that has become so in ERR. The responder offers it. */
void vdc_hinic_rsp_sq_flushed(struct vdc_hinic *h, vtime_t now, struct qp *qp);

void vdc_hinic_req_digest(const struct req *r, struct vdc_digest *d);
/* Packets that may be in flight; bytes in *bytes. */
uint32_t vdc_hinic_req_window(const struct vdc_hinic *h, const struct qp *qp, uint32_t *bytes);
/* Delay of an RNR NAK with this timer code, ps. */
vtime_t vdc_hinic_rnr_ps(uint32_t code);

#endif
