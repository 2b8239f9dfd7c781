/* SPDX-License-Identifier: MIT */
/* RoCEv2 on the wire: opcodes, headers, their parser and builder, sequence numbers, ICRC. */
#ifndef VDC_DEVICES_HINIC_MODEL_WIRE_H
#define VDC_DEVICES_HINIC_MODEL_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#define WIRE_UDP_PORT    4791u
#define WIRE_PSN_MASK    0xffffffu
#define WIRE_QPN_MASK    0xffffffu
#define WIRE_QPN_MC      0xffffffu /* destination of multicast */
#define WIRE_PAYLOAD_MAX 4096u
#define WIRE_HDR_MAX     128u /* room for every header, 64-aligned; the largest has 106 bytes */
#define WIRE_ICRC        4u
#define WIRE_GRH         40u /* bytes in front of the payload of a received UD packet */
#define WIRE_CNP_PAD     16u /* zero bytes of a CNP */
#define WIRE_AETH_NAK    0x60u

/* Bits 7:5 of an opcode. */
enum wire_type { WIRE_RC = 0, WIRE_UC = 1, WIRE_UD = 3 };

/* Whole opcodes of RC; SEND and WRITE exist for UC too (WIRE_OP()). */
enum wire_opcode {
    WIRE_SEND_FIRST = 0x00,
    WIRE_SEND_MIDDLE = 0x01,
    WIRE_SEND_LAST = 0x02,
    WIRE_SEND_LAST_IMM = 0x03,
    WIRE_SEND_ONLY = 0x04,
    WIRE_SEND_ONLY_IMM = 0x05,
    WIRE_WRITE_FIRST = 0x06,
    WIRE_WRITE_MIDDLE = 0x07,
    WIRE_WRITE_LAST = 0x08,
    WIRE_WRITE_LAST_IMM = 0x09,
    WIRE_WRITE_ONLY = 0x0a,
    WIRE_WRITE_ONLY_IMM = 0x0b,
    WIRE_READ_REQ = 0x0c,
    WIRE_READ_RESP_FIRST = 0x0d,
    WIRE_READ_RESP_MIDDLE = 0x0e,
    WIRE_READ_RESP_LAST = 0x0f,
    WIRE_READ_RESP_ONLY = 0x10,
    WIRE_ACK = 0x11,
    WIRE_ATOMIC_ACK = 0x12,
    WIRE_CAS = 0x13,
    WIRE_FADD = 0x14,
    WIRE_SEND_LAST_INV = 0x16,
    WIRE_SEND_ONLY_INV = 0x17,
    WIRE_FLUSH = 0x1c,
    WIRE_ATOMIC_WRITE = 0x1d,
    WIRE_UD_SEND_ONLY = 0x64,
    WIRE_UD_SEND_ONLY_IMM = 0x65,
    WIRE_CNP = 0x81,
};

#define WIRE_OP(type, op) ((uint8_t)((type) << 5 | (op)))
#define WIRE_TYPE(opcode) ((uint32_t)(opcode) >> 5)
#define WIRE_BASE(opcode) ((uint32_t)(opcode) & 0x1fu)

/* What an opcode carries and means. */
enum wire_flag {
    WIRE_F_KNOWN = 1u << 0,
    WIRE_F_RETH = 1u << 1,
    WIRE_F_ATOMICETH = 1u << 2,
    WIRE_F_AETH = 1u << 3,
    WIRE_F_ATOMICACK = 1u << 4,
    WIRE_F_DETH = 1u << 5,
    WIRE_F_IMM = 1u << 6,
    WIRE_F_IETH = 1u << 7,
    WIRE_F_FETH = 1u << 8,
    WIRE_F_PAYLOAD = 1u << 9,   /* may have one; without it the payload must be empty */
    WIRE_F_FIRST = 1u << 10,    /* first or only packet of a message */
    WIRE_F_LAST = 1u << 11,     /* last or only packet of a message */
    WIRE_F_RESPONSE = 1u << 12, /* for the requester; all others are for the responder */
    WIRE_F_SEND = 1u << 13,
    WIRE_F_WRITE = 1u << 14,
    WIRE_F_RECV = 1u << 15, /* consumes a receive WQE: SEND, WRITE with immediate */
};

/* Flags of an opcode, 0 if there is no such opcode. */
uint32_t vdc_wire_flags(uint8_t opcode);

/*
 * The headers of one packet, in host order; fields of a header that the opcode does not have are 0.
 * Addresses are GIDs: IPv4 a.b.c.d is ::ffff:a.b.c.d. vdc_wire_build() needs every field up to
 * pay_len; the parser fills all of them.
 */
struct wire_hdr {
    uint64_t va;       /* RETH, AtomicETH */
    uint64_t swap_add; /* AtomicETH; AtomicAckETH: the original value */
    uint64_t compare;
    uint8_t sgid[16], dgid[16];
    uint8_t smac[6], dmac[6];
    uint16_t tci;
    uint8_t is_tagged; /* one tag 0x8100 */
    uint8_t is_v6;
    uint8_t tclass; /* traffic class, IPv4 TOS */
    uint8_t hop;
    uint16_t ip_id; /* IPv4: 0 in what we send */
    uint32_t flow;  /* IPv6 */
    uint16_t sport;
    uint16_t udp_csum; /* 0 in what we send */
    uint16_t ip_frag;  /* IPv4 flags and offset; WIRE_DF in what we send */
    uint8_t opcode;
    uint8_t is_solicited;
    uint8_t is_migrated;
    uint8_t tver;
    uint8_t ecn; /* FECN 7, BECN 6, reserved 5:0 of the BTH */
    uint8_t is_ack_req;
    uint8_t ack_rsv; /* reserved bits 6:0 beside A */
    uint8_t syndrome;
    uint16_t pkey;
    uint32_t dqpn;
    uint32_t psn;
    uint32_t rkey; /* RETH, AtomicETH */
    uint32_t dma_len;
    uint32_t msn;
    uint32_t qkey;
    uint32_t sqpn;
    uint32_t imm;     /* bytes in wire order, as in a WQE and CQE: copied, never swapped */
    uint32_t ieth;    /* rkey to invalidate */
    uint32_t feth;    /* type 3:0, level 7:4 */
    uint32_t pay_len; /* without pad */
    uint32_t icrc;    /* parser: as found */
    uint32_t hdr_len; /* parser: offset of the payload in the frame */
    uint32_t zero;
};
_Static_assert(sizeof(struct wire_hdr) == 152, "wire_hdr has no holes");

#define WIRE_DF 0x4000u

/* How a CRC is computed: a table, carry-less multiplication, the same four words at a time. */
enum vdc_crc_way { VDC_CRC_TABLE, VDC_CRC_CLMUL, VDC_CRC_WIDE };

enum wire_verdict {
    WIRE_OK,
    WIRE_NOT_ROCE,   /* not UDP to port 4791 in a whole IPv4 or IPv6 packet without options */
    WIRE_BAD_LEN,    /* lengths disagree, or too short for its headers */
    WIRE_BAD_OPCODE, /* headers up to the BTH are filled in */
    WIRE_BAD_TVER,
};

/* Parses an Ethernet frame of len bytes (without FCS). The ICRC is not checked. */
enum wire_verdict vdc_wire_parse(const uint8_t *frame, uint32_t len, struct wire_hdr *w);
/* Bytes of all headers that vdc_wire_build() makes for w. */
uint32_t vdc_wire_hdr_len(const struct wire_hdr *w);
/* Pad bytes behind the payload. */
static inline uint32_t vdc_wire_pad(uint32_t pay_len)
{
    return (4 - (pay_len & 3)) & 3;
}
/* Bytes of the whole frame: headers, payload, pad, ICRC. */
uint32_t vdc_wire_frame_len(const struct wire_hdr *w);
/* Writes the headers to buf (cap bytes), lengths and IPv4 header checksum included. Returns their
 * length, 0 if they do not fit. */
uint32_t vdc_wire_build(const struct wire_hdr *w, uint8_t *buf, uint32_t cap);
/* Completes a frame whose headers and payload are in place: pad and ICRC behind the payload. */
void vdc_wire_finish(const struct wire_hdr *w, uint8_t *frame, enum vdc_crc_way way);
/* True if the ICRC of a parsed frame is right. */
bool vdc_wire_icrc_ok(const struct wire_hdr *w, const uint8_t *frame, enum vdc_crc_way way);

/* The 40 bytes in front of the payload of a received UD packet: the IPv6 header, or 20 zero bytes
 * and the IPv4 header. */
void vdc_wire_grh(const struct wire_hdr *w, const uint8_t *frame, uint8_t grh[WIRE_GRH]);

/* UDP source port of a flow label; of a pair of QPNs if that is 0. */
uint16_t vdc_wire_sport(uint32_t flow, uint32_t lqpn, uint32_t rqpn);

static inline bool vdc_wire_is_v4(const uint8_t gid[16])
{
    uint32_t any = 0;

    for (uint32_t i = 0; i < 10; i++) {
        any |= gid[i];
    }
    return any == 0 && gid[10] == 0xff && gid[11] == 0xff;
}

/* ---- sequence numbers, 24 bits ---- */

static inline uint32_t vdc_psn_add(uint32_t psn, uint32_t n)
{
    return (psn + n) & WIRE_PSN_MASK;
}

/* a - b as a signed distance in [-2^23, 2^23). */
static inline int32_t vdc_psn_diff(uint32_t a, uint32_t b)
{
    const uint32_t d = (a - b) & WIRE_PSN_MASK;

    return d & 0x800000u ? (int32_t)d - 0x1000000 : (int32_t)d;
}

/* ---- icrc.c ---- */

/* CRC-32 (IEEE 802.3, reflected) of n bytes behind those with the value crc; start with 0. All ways
 * give the same result. */
uint32_t vdc_crc_update(uint32_t crc, const uint8_t *p, uint32_t n, enum vdc_crc_way way);
/* The fastest way of this processor. Costs traps in a virtual machine: ask once. */
enum vdc_crc_way vdc_crc_best(void);
/* ICRC of a packet: l3 is its IP header, n the bytes up to the ICRC (at least the BTH). */
uint32_t vdc_icrc(const uint8_t *l3, uint32_t n, bool is_v6, enum vdc_crc_way way);

#endif
