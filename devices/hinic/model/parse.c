/* SPDX-License-Identifier: MIT */
/* Header parser: Ethernet, one VLAN tag, IPv4 or IPv6 with extension headers, TCP or UDP. */
#include "parse.h"

#include <string.h>

#include "vdc/csum.h"

#define ETH_HDR        14u
#define TPID           0x8100u
#define TYPE_IPV4      0x0800u
#define TYPE_IPV6      0x86ddu
#define PROTO_HOPOPTS  0u
#define PROTO_TCP      6u
#define PROTO_UDP      17u
#define PROTO_FRAGMENT 44u
#define PROTO_DSTOPTS  60u
#define EXT_MAX        8u /* extension headers looked at */

static void parse_l4(struct hinic_parse *p, const uint8_t *f, uint32_t n, uint32_t proto,
                     uint32_t off)
{
    uint32_t hdr = 8;

    if (proto == PROTO_TCP) {
        if (off + 20 > n) {
            return;
        }
        hdr = (uint32_t)(f[off + 12] >> 4) * 4;
        if (hdr < 20) {
            return;
        }
    } else if (proto != PROTO_UDP) {
        return;
    }
    if (off + hdr > n || off + hdr > p->l3_end) {
        return;
    }
    p->l4 = proto == PROTO_TCP ? HINIC_L4_TCP : HINIC_L4_UDP;
    p->l4_off = (uint16_t)off;
    p->payload_off = (uint16_t)(off + hdr);
}

static void parse_ipv4(struct hinic_parse *p, const uint8_t *f, uint32_t n, uint32_t len,
                       bool is_tso)
{
    const uint32_t off = p->l3_off;
    uint32_t hdr;
    uint32_t total;

    if (off + 20 > n || f[off] >> 4 != 4) {
        return;
    }
    hdr = (f[off] & 15u) * 4;
    total = is_tso ? len - off : vdc_hinic_be16(f + off + 2);
    if (hdr < 20 || off + hdr > n || total < hdr || off + total > len) {
        return;
    }
    p->l3 = HINIC_L3_IPV4;
    p->l3_end = off + total;
    if (vdc_hinic_be16(f + off + 6) & 0x3fff) { /* more fragments, or an offset */
        p->is_fragment = 1;
        return;
    }
    parse_l4(p, f, n, f[off + 9], off + hdr);
}

static void parse_ipv6(struct hinic_parse *p, const uint8_t *f, uint32_t n, uint32_t len,
                       bool is_tso)
{
    uint32_t off = p->l3_off;
    uint32_t total;
    uint32_t proto;

    if (off + 40 > n || f[off] >> 4 != 6) {
        return;
    }
    total = is_tso ? len - off : 40u + vdc_hinic_be16(f + off + 4);
    if (off + total > len) {
        return;
    }
    p->l3 = HINIC_L3_IPV6;
    p->l3_end = off + total;
    proto = f[off + 6];
    off += 40;
    for (uint32_t i = 0; i < EXT_MAX; i++) {
        uint32_t hdr;

        if (proto == PROTO_FRAGMENT) {
            p->is_fragment = 1;
            return;
        }
        if (proto != PROTO_HOPOPTS && proto != PROTO_DSTOPTS) {
            break; /* a routing header changes the pseudo header: left alone, as any unknown one */
        }
        if (off + 8 > n) {
            return;
        }
        hdr = (f[off + 1] + 1u) * 8;
        if (off + hdr > n || off + hdr > p->l3_end) {
            return;
        }
        proto = f[off];
        off += hdr;
    }
    parse_l4(p, f, n, proto, off);
}

void vdc_hinic_parse(struct hinic_parse *p, const uint8_t *f, uint32_t n, uint32_t len, bool is_tso)
{
    uint32_t off = ETH_HDR;
    uint32_t type;

    memset(p, 0, sizeof(*p));
    if (n < ETH_HDR) {
        return;
    }
    type = vdc_hinic_be16(f + 12);
    if (type == TPID && n >= ETH_HDR + 4) {
        p->is_tagged = 1;
        p->tci = vdc_hinic_be16(f + 14);
        type = vdc_hinic_be16(f + 16);
        off += 4;
    }
    p->l3_off = (uint16_t)off;
    if (type == TYPE_IPV4) {
        parse_ipv4(p, f, n, len, is_tso);
    } else if (type == TYPE_IPV6) {
        parse_ipv6(p, f, n, len, is_tso);
    }
}

uint64_t vdc_hinic_sum_pseudo(const uint8_t *f, const struct hinic_parse *p, uint32_t l4_len)
{
    const uint8_t proto = p->l4 == HINIC_L4_TCP ? PROTO_TCP : PROTO_UDP;
    const uint8_t *l3 = f + p->l3_off;

    if (p->l3 == HINIC_L3_IPV4) {
        return vdc_csum_pseudo4(l3 + 12, l3 + 16, proto, (uint16_t)l4_len);
    }
    return vdc_csum_pseudo6(l3 + 8, l3 + 24, proto, l4_len);
}
