/* SPDX-License-Identifier: MIT */
/* Headers of RoCEv2 packets: the table of opcodes, parser and builder. */
#include "wire.h"

#include <assert.h>
#include <string.h>

#include "parse.h"
#include "vdc/csum.h"

#define ETH_HDR   14u
#define TAG       4u
#define TPID      0x8100u
#define TYPE_IPV4 0x0800u
#define TYPE_IPV6 0x86ddu
#define IPV4_HDR  20u
#define IPV6_HDR  40u
#define UDP_HDR   8u
#define BTH       12u
#define PROTO_UDP 17u

/* ---- opcodes ---- */

#define SEND  (WIRE_F_KNOWN | WIRE_F_SEND | WIRE_F_PAYLOAD)
#define WRITE (WIRE_F_KNOWN | WIRE_F_WRITE | WIRE_F_PAYLOAD)
#define RESP  (WIRE_F_KNOWN | WIRE_F_RESPONSE)
#define ONLY  (WIRE_F_FIRST | WIRE_F_LAST)

/* Indexed by bits 4:0. */
static const uint32_t rc_flags[32] = {
    [WIRE_SEND_FIRST] = SEND | WIRE_F_FIRST,
    [WIRE_SEND_MIDDLE] = SEND,
    [WIRE_SEND_LAST] = SEND | WIRE_F_LAST | WIRE_F_RECV,
    [WIRE_SEND_LAST_IMM] = SEND | WIRE_F_LAST | WIRE_F_RECV | WIRE_F_IMM,
    [WIRE_SEND_ONLY] = SEND | ONLY | WIRE_F_RECV,
    [WIRE_SEND_ONLY_IMM] = SEND | ONLY | WIRE_F_RECV | WIRE_F_IMM,
    [WIRE_WRITE_FIRST] = WRITE | WIRE_F_FIRST | WIRE_F_RETH,
    [WIRE_WRITE_MIDDLE] = WRITE,
    [WIRE_WRITE_LAST] = WRITE | WIRE_F_LAST,
    [WIRE_WRITE_LAST_IMM] = WRITE | WIRE_F_LAST | WIRE_F_RECV | WIRE_F_IMM,
    [WIRE_WRITE_ONLY] = WRITE | ONLY | WIRE_F_RETH,
    [WIRE_WRITE_ONLY_IMM] = WRITE | ONLY | WIRE_F_RECV | WIRE_F_RETH | WIRE_F_IMM,
    [WIRE_READ_REQ] = WIRE_F_KNOWN | ONLY | WIRE_F_RETH,
    [WIRE_READ_RESP_FIRST] = RESP | WIRE_F_FIRST | WIRE_F_AETH | WIRE_F_PAYLOAD,
    [WIRE_READ_RESP_MIDDLE] = RESP | WIRE_F_PAYLOAD,
    [WIRE_READ_RESP_LAST] = RESP | WIRE_F_LAST | WIRE_F_AETH | WIRE_F_PAYLOAD,
    [WIRE_READ_RESP_ONLY] = RESP | ONLY | WIRE_F_AETH | WIRE_F_PAYLOAD,
    [WIRE_ACK] = RESP | ONLY | WIRE_F_AETH,
    [WIRE_ATOMIC_ACK] = RESP | ONLY | WIRE_F_AETH | WIRE_F_ATOMICACK,
    [WIRE_CAS] = WIRE_F_KNOWN | ONLY | WIRE_F_ATOMICETH,
    [WIRE_FADD] = WIRE_F_KNOWN | ONLY | WIRE_F_ATOMICETH,
    [WIRE_SEND_LAST_INV] = SEND | WIRE_F_LAST | WIRE_F_RECV | WIRE_F_IETH,
    [WIRE_SEND_ONLY_INV] = SEND | ONLY | WIRE_F_RECV | WIRE_F_IETH,
    [WIRE_FLUSH] = WIRE_F_KNOWN | ONLY | WIRE_F_FETH | WIRE_F_RETH,
    [WIRE_ATOMIC_WRITE] = WIRE_F_KNOWN | ONLY | WIRE_F_RETH | WIRE_F_PAYLOAD,
};

uint32_t vdc_wire_flags(uint8_t opcode)
{
    const uint32_t base = WIRE_BASE(opcode);

    switch (WIRE_TYPE(opcode)) {
    case WIRE_RC:
        return rc_flags[base];
    case WIRE_UC:
        return base <= WIRE_WRITE_ONLY_IMM ? rc_flags[base] : 0;
    case WIRE_UD:
        return base == WIRE_SEND_ONLY || base == WIRE_SEND_ONLY_IMM ? rc_flags[base] | WIRE_F_DETH
                                                                    : 0;
    default:
        return opcode == WIRE_CNP ? WIRE_F_KNOWN | WIRE_F_PAYLOAD : 0;
    }
}

/* Bytes of the headers behind the BTH. */
static uint32_t ext_len(uint32_t flags)
{
    return (flags & WIRE_F_RETH ? 16u : 0u) + (flags & WIRE_F_ATOMICETH ? 28u : 0u) +
           (flags & WIRE_F_AETH ? 4u : 0u) + (flags & WIRE_F_ATOMICACK ? 8u : 0u) +
           (flags & WIRE_F_DETH ? 8u : 0u) + (flags & WIRE_F_IMM ? 4u : 0u) +
           (flags & WIRE_F_IETH ? 4u : 0u) + (flags & WIRE_F_FETH ? 4u : 0u);
}

/* ---- bytes ---- */

static uint32_t get24(const uint8_t *p)
{
    return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

static void put24(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 16);
    vdc_hinic_put_be16(p + 1, v);
}

static uint64_t get64(const uint8_t *p)
{
    return (uint64_t)vdc_hinic_be32(p) << 32 | vdc_hinic_be32(p + 4);
}

static void put64(uint8_t *p, uint64_t v)
{
    vdc_hinic_put_be32(p, (uint32_t)(v >> 32));
    vdc_hinic_put_be32(p + 4, (uint32_t)v);
}

static uint32_t get_le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void put_le32(uint8_t *p, uint32_t v)
{
    for (uint32_t i = 0; i < 4; i++) {
        p[i] = (uint8_t)(v >> 8 * i);
    }
}

/* ---- parser ---- */

static void gid_of_v4(uint8_t gid[16], const uint8_t *addr)
{
    memset(gid, 0, 10);
    gid[10] = gid[11] = 0xff;
    memcpy(gid + 12, addr, 4);
}

/* Fills the IP fields; returns the bytes of the IP header and sets the bytes behind it, or 0 if
 * this is not a whole UDP packet of n bytes at most. */
static uint32_t parse_ip(const uint8_t *p, uint32_t n, struct wire_hdr *w, uint32_t *left)
{
    uint32_t len;

    if (!w->is_v6) {
        if (n < IPV4_HDR || p[0] != 0x45 || p[9] != PROTO_UDP ||
            (vdc_hinic_be16(p + 6) & 0x3fff) != 0) { /* options, or a fragment */
            return 0;
        }
        len = vdc_hinic_be16(p + 2);
        if (len < IPV4_HDR || len > n) {
            return 0;
        }
        w->tclass = p[1];
        w->ip_id = vdc_hinic_be16(p + 4);
        w->ip_frag = vdc_hinic_be16(p + 6);
        w->hop = p[8];
        gid_of_v4(w->sgid, p + 12);
        gid_of_v4(w->dgid, p + 16);
        *left = len - IPV4_HDR;
        return IPV4_HDR;
    }
    if (n < IPV6_HDR || p[0] >> 4 != 6 || p[6] != PROTO_UDP) {
        return 0;
    }
    len = vdc_hinic_be16(p + 4);
    if (len > n - IPV6_HDR) {
        return 0;
    }
    w->tclass = (uint8_t)(vdc_hinic_be16(p) >> 4);
    w->flow = vdc_hinic_be32(p) & 0xfffff;
    w->hop = p[7];
    memcpy(w->sgid, p + 8, 16);
    memcpy(w->dgid, p + 24, 16);
    *left = len;
    return IPV6_HDR;
}

static void parse_bth(const uint8_t *p, struct wire_hdr *w)
{
    w->opcode = p[0];
    w->is_solicited = p[1] >> 7;
    w->is_migrated = p[1] >> 6 & 1;
    w->tver = p[1] & 15;
    w->pkey = vdc_hinic_be16(p + 2);
    w->ecn = p[4];
    w->dqpn = get24(p + 5);
    w->is_ack_req = p[8] >> 7;
    w->ack_rsv = p[8] & 0x7f;
    w->psn = get24(p + 9);
}

static const uint8_t *parse_ext(const uint8_t *p, uint32_t flags, struct wire_hdr *w)
{
    if (flags & WIRE_F_DETH) {
        w->qkey = vdc_hinic_be32(p);
        w->sqpn = get24(p + 5);
        p += 8;
    }
    if (flags & WIRE_F_FETH) {
        w->feth = vdc_hinic_be32(p);
        p += 4;
    }
    if (flags & (WIRE_F_RETH | WIRE_F_ATOMICETH)) {
        w->va = get64(p);
        w->rkey = vdc_hinic_be32(p + 8);
        p += 12;
    }
    if (flags & WIRE_F_RETH) {
        w->dma_len = vdc_hinic_be32(p);
        p += 4;
    }
    if (flags & WIRE_F_ATOMICETH) {
        w->swap_add = get64(p);
        w->compare = get64(p + 8);
        p += 16;
    }
    if (flags & WIRE_F_AETH) {
        w->syndrome = p[0];
        w->msn = get24(p + 1);
        p += 4;
    }
    if (flags & WIRE_F_ATOMICACK) {
        w->swap_add = get64(p);
        p += 8;
    }
    if (flags & WIRE_F_IMM) {
        memcpy(&w->imm, p, 4);
        p += 4;
    }
    if (flags & WIRE_F_IETH) {
        w->ieth = vdc_hinic_be32(p);
        p += 4;
    }
    return p;
}

static uint32_t parse_eth(const uint8_t *frame, uint32_t len, struct wire_hdr *w)
{
    uint32_t at = ETH_HDR;
    uint32_t type;

    if (len < ETH_HDR + TAG) {
        return 0;
    }
    type = vdc_hinic_be16(frame + 12);
    memcpy(w->dmac, frame, 6);
    memcpy(w->smac, frame + 6, 6);
    if (type == TPID) {
        w->is_tagged = 1;
        w->tci = vdc_hinic_be16(frame + 14);
        type = vdc_hinic_be16(frame + 16);
        at += TAG;
    }
    w->is_v6 = type == TYPE_IPV6;
    return type == TYPE_IPV4 || type == TYPE_IPV6 ? at : 0;
}

enum wire_verdict vdc_wire_parse(const uint8_t *frame, uint32_t len, struct wire_hdr *w)
{
    uint32_t at, n, left, flags, pad;

    memset(w, 0, sizeof(*w));
    at = parse_eth(frame, len, w);
    if (at == 0) {
        return WIRE_NOT_ROCE;
    }
    n = parse_ip(frame + at, len - at, w, &left);
    at += n;
    if (n == 0 || left < UDP_HDR || vdc_hinic_be16(frame + at + 2) != WIRE_UDP_PORT) {
        return WIRE_NOT_ROCE;
    }
    if (vdc_hinic_be16(frame + at + 4) != left || left < UDP_HDR + BTH + WIRE_ICRC) {
        return WIRE_BAD_LEN;
    }
    w->sport = vdc_hinic_be16(frame + at);
    w->udp_csum = vdc_hinic_be16(frame + at + 6);
    w->icrc = get_le32(frame + at + left - WIRE_ICRC);
    left -= UDP_HDR + BTH + WIRE_ICRC;
    at += UDP_HDR;
    parse_bth(frame + at, w);
    at += BTH;
    pad = frame[at - BTH + 1] >> 4 & 3u;
    if (w->tver != 0) {
        return WIRE_BAD_TVER;
    }
    flags = vdc_wire_flags(w->opcode);
    if (flags == 0) {
        return WIRE_BAD_OPCODE;
    }
    if (left < ext_len(flags) + pad || (left & 3) != 0) {
        return WIRE_BAD_LEN;
    }
    (void)parse_ext(frame + at, flags, w);
    w->hdr_len = at + ext_len(flags);
    w->pay_len = left - ext_len(flags) - pad;
    if (w->pay_len > WIRE_PAYLOAD_MAX || (w->pay_len > 0 && !(flags & WIRE_F_PAYLOAD))) {
        return WIRE_BAD_LEN;
    }
    return WIRE_OK;
}

/* ---- builder ---- */

uint32_t vdc_wire_hdr_len(const struct wire_hdr *w)
{
    return ETH_HDR + (w->is_tagged ? TAG : 0u) + (w->is_v6 ? IPV6_HDR : IPV4_HDR) + UDP_HDR + BTH +
           ext_len(vdc_wire_flags(w->opcode));
}

uint32_t vdc_wire_frame_len(const struct wire_hdr *w)
{
    return vdc_wire_hdr_len(w) + w->pay_len + vdc_wire_pad(w->pay_len) + WIRE_ICRC;
}

static uint8_t *build_eth(const struct wire_hdr *w, uint8_t *p)
{
    memcpy(p, w->dmac, 6);
    memcpy(p + 6, w->smac, 6);
    p += 12;
    if (w->is_tagged) {
        vdc_hinic_put_be16(p, TPID);
        vdc_hinic_put_be16(p + 2, w->tci);
        p += TAG;
    }
    vdc_hinic_put_be16(p, w->is_v6 ? TYPE_IPV6 : TYPE_IPV4);
    return p + 2;
}

/* n: bytes behind the IP header. */
static uint8_t *build_ip(const struct wire_hdr *w, uint32_t n, uint8_t *p)
{
    if (w->is_v6) {
        vdc_hinic_put_be32(p, 6u << 28 | (uint32_t)w->tclass << 20 | (w->flow & 0xfffff));
        vdc_hinic_put_be16(p + 4, n);
        p[6] = PROTO_UDP;
        p[7] = w->hop;
        memcpy(p + 8, w->sgid, 16);
        memcpy(p + 24, w->dgid, 16);
        return p + IPV6_HDR;
    }
    p[0] = 0x45;
    p[1] = w->tclass;
    vdc_hinic_put_be16(p + 2, n + IPV4_HDR);
    vdc_hinic_put_be16(p + 4, w->ip_id);
    vdc_hinic_put_be16(p + 6, w->ip_frag);
    p[8] = w->hop;
    p[9] = PROTO_UDP;
    memset(p + 10, 0, 2);
    memcpy(p + 12, w->sgid + 12, 4);
    memcpy(p + 16, w->dgid + 12, 4);
    vdc_hinic_put_be16(p + 10, vdc_csum_fold(vdc_csum_add(0, p, IPV4_HDR)));
    return p + IPV4_HDR;
}

static uint8_t *build_bth(const struct wire_hdr *w, uint8_t *p)
{
    p[0] = w->opcode;
    p[1] = (uint8_t)((w->is_solicited ? 0x80u : 0u) | (w->is_migrated ? 0x40u : 0u) |
                     vdc_wire_pad(w->pay_len) << 4 | (w->tver & 15u));
    vdc_hinic_put_be16(p + 2, w->pkey);
    p[4] = w->ecn;
    put24(p + 5, w->dqpn);
    p[8] = (uint8_t)((w->is_ack_req ? 0x80u : 0u) | (w->ack_rsv & 0x7fu));
    put24(p + 9, w->psn);
    return p + BTH;
}

static uint8_t *build_ext(const struct wire_hdr *w, uint32_t flags, uint8_t *p)
{
    if (flags & WIRE_F_DETH) {
        vdc_hinic_put_be32(p, w->qkey);
        vdc_hinic_put_be32(p + 4, w->sqpn & WIRE_QPN_MASK);
        p += 8;
    }
    if (flags & WIRE_F_FETH) {
        vdc_hinic_put_be32(p, w->feth);
        p += 4;
    }
    if (flags & (WIRE_F_RETH | WIRE_F_ATOMICETH)) {
        put64(p, w->va);
        vdc_hinic_put_be32(p + 8, w->rkey);
        p += 12;
    }
    if (flags & WIRE_F_RETH) {
        vdc_hinic_put_be32(p, w->dma_len);
        p += 4;
    }
    if (flags & WIRE_F_ATOMICETH) {
        put64(p, w->swap_add);
        put64(p + 8, w->compare);
        p += 16;
    }
    if (flags & WIRE_F_AETH) {
        p[0] = w->syndrome;
        put24(p + 1, w->msn);
        p += 4;
    }
    if (flags & WIRE_F_ATOMICACK) {
        put64(p, w->swap_add);
        p += 8;
    }
    if (flags & WIRE_F_IMM) {
        memcpy(p, &w->imm, 4);
        p += 4;
    }
    if (flags & WIRE_F_IETH) {
        vdc_hinic_put_be32(p, w->ieth);
        p += 4;
    }
    return p;
}

uint32_t vdc_wire_build(const struct wire_hdr *w, uint8_t *buf, uint32_t cap)
{
    const uint32_t flags = vdc_wire_flags(w->opcode);
    const uint32_t len = vdc_wire_hdr_len(w);
    const uint32_t n_udp = UDP_HDR + BTH + ext_len(flags) + w->pay_len + vdc_wire_pad(w->pay_len) +
                           WIRE_ICRC;
    uint8_t *p;

    assert(w->pay_len <= WIRE_PAYLOAD_MAX);
    assert(flags != 0);
    if (len > cap) {
        return 0;
    }
    p = build_ip(w, n_udp, build_eth(w, buf));
    vdc_hinic_put_be16(p, w->sport);
    vdc_hinic_put_be16(p + 2, WIRE_UDP_PORT);
    vdc_hinic_put_be16(p + 4, n_udp);
    vdc_hinic_put_be16(p + 6, w->udp_csum);
    p = build_ext(w, flags, build_bth(w, p + UDP_HDR));
    assert(p == buf + len);
    return len;
}

/* ---- ICRC and GRH of a whole frame ---- */

static uint32_t l3_off(const struct wire_hdr *w)
{
    return ETH_HDR + (w->is_tagged ? TAG : 0u);
}

void vdc_wire_finish(const struct wire_hdr *w, uint8_t *frame, enum vdc_crc_way way)
{
    const uint32_t end = vdc_wire_frame_len(w) - WIRE_ICRC;
    const uint32_t pad = vdc_wire_pad(w->pay_len);

    memset(frame + end - pad, 0, pad);
    put_le32(frame + end, vdc_icrc(frame + l3_off(w), end - l3_off(w), w->is_v6, way));
}

bool vdc_wire_icrc_ok(const struct wire_hdr *w, const uint8_t *frame, enum vdc_crc_way way)
{
    const uint32_t end = w->hdr_len + w->pay_len + vdc_wire_pad(w->pay_len);

    return vdc_icrc(frame + l3_off(w), end - l3_off(w), w->is_v6, way) == w->icrc;
}

void vdc_wire_grh(const struct wire_hdr *w, const uint8_t *frame, uint8_t grh[WIRE_GRH])
{
    if (w->is_v6) {
        memcpy(grh, frame + l3_off(w), IPV6_HDR);
    } else {
        memset(grh, 0, WIRE_GRH - IPV4_HDR);
        memcpy(grh + WIRE_GRH - IPV4_HDR, frame + l3_off(w), IPV4_HDR);
    }
}

uint16_t vdc_wire_sport(uint32_t flow, uint32_t lqpn, uint32_t rqpn)
{
    uint32_t fl = flow & 0xfffff;

    if (fl == 0) {
        uint64_t v = (uint64_t)lqpn * rqpn;

        v ^= v >> 20;
        v ^= v >> 40;
        fl = (uint32_t)(v & 0xfffff);
    }
    return (uint16_t)(((fl & 0x3fff) ^ (fl & 0xfc000) >> 14) | 0xc000);
}
