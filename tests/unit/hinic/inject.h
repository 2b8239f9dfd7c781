/* SPDX-License-Identifier: MIT */
/* A peer made by hand for one queue pair: sends any RoCE packet, keeps what comes back. */
#ifndef VDC_TESTS_UNIT_HINIC_INJECT_H
#define VDC_TESTS_UNIT_HINIC_INJECT_H

#include "pair.h"
#include "wire.h"

#define INJ_ACK_MAX 2048u
#define INJ_PSN     0x000100u /* of the first packet */
#define INJ_MR_LEN  (1u << 20)
#define INJ_ACK     0x1fu /* syndromes */
#define INJ_RNR     0x21u /* with min_rnr_timer 1 */
#define INJ_SEQ     0x60u
#define INJ_INV     0x61u
#define INJ_ACCESS  0x62u
#define INJ_OP      0x63u

struct inj_resp {
    struct wire_hdr w;
    vtime_t depart; /* local time */
    uint8_t pay[WIRE_PAYLOAD_MAX];
};

struct inj_cfg {
    const struct vdc_hinic_cfg *nic;
    uint32_t type; /* enum hinic_qp_type, 0: RC */
    struct pair_conn conn;
    struct pair_qp_cfg qp;       /* but for the type */
    uint32_t srq_log, srq_limit; /* srq_log != 0: with an SRQ of 4 SGEs */
};

/* End 1 of the pair is under test. Nothing that it sends arrives; end 0 has a name only. */
struct inj {
    struct pair *p;
    struct pair_end *e;
    struct pair_qp peer, q;
    struct pair_srq srq;
    struct pair_mr mr;  /* INJ_MR_LEN, all rights */
    struct pair_mr buf; /* receive buffers, local write */
    vtime_t t;          /* arrival of the last packet */
    uint32_t n_resp, n_seen;
    struct inj_resp *resp;
};

struct inj *inj_new(const struct inj_cfg *cfg);
void inj_free(struct inj *i);

/* Headers to the QP with opcode (of its type) and PSN offset; the caller changes what it wants. */
struct wire_hdr inj_hdr(const struct inj *i, uint32_t base_opcode, uint32_t psn_off);
/* Arrives at local time t (not before the last one), or 1 ns after now and the last one. */
vtime_t inj_put_at(struct inj *i, vtime_t t, const struct wire_hdr *w, const void *payload);
vtime_t inj_put(struct inj *i, const struct wire_hdr *w, const void *payload);

/* SEND with n bytes of a pattern; flags: INJ_A, INJ_SE. */
#define INJ_A  1u
#define INJ_SE 2u
void inj_send(struct inj *i, uint32_t base_opcode, uint32_t psn_off, uint32_t n, uint32_t flags);
/* WRITE: of a packet that begins a message, va offset and length of all of it. */
void inj_write(struct inj *i, uint32_t base_opcode, uint32_t psn_off, uint32_t n, uint64_t va_off,
               uint32_t len, uint32_t flags);
void inj_read(struct inj *i, uint32_t psn_off, uint64_t va_off, uint32_t len);
void inj_atomic(struct inj *i, uint32_t opcode, uint32_t psn_off, uint64_t va_off, uint64_t swap,
                uint64_t compare);
/* Byte k of the pattern of the packet with this PSN offset. */
uint8_t inj_byte(uint32_t psn_off, uint32_t k);

/* Receive WQE of n bytes at `off` of buf. */
void inj_recv(struct inj *i, uint64_t off, uint32_t n);

/* Next packet sent by the QP; NULL if there is none. */
const struct inj_resp *inj_next(struct inj *i);
/* True if the next packet is such an ACK, NAK or response, and takes it. Prints what differs. */
bool inj_is(struct inj *i, uint32_t opcode, uint32_t psn_off, uint32_t syndrome, uint32_t msn);
bool inj_is_silent(struct inj *i);
/* Next completion; false if there is none. */
bool inj_cqe(struct inj *i, struct hinic_cqe *c);
uint64_t inj_count(const struct inj *i, enum hinic_counter c);
/* Type of the next asynchronous event, 255 if there is none. */
uint32_t inj_event(struct inj *i);
bool inj_mr_is(struct inj *i, uint64_t off, uint32_t psn_off, uint32_t n);  /* pattern in mr */
bool inj_buf_is(struct inj *i, uint64_t off, uint32_t psn_off, uint32_t n); /* in buf */

#endif
