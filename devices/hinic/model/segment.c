/* SPDX-License-Identifier: MIT */
/* Frames of a packet: checksums, VLAN insertion, TCP segmentation. */
#include "state.h"

#include <string.h>

#include "vdc/csum.h"

#define ETH_ADDRS 12u
#define TAG       4u
#define TPID      0x8100u
#define FIN_PSH   0x09u
#define CWR       0x80u

static const uint8_t *first_page(struct vdc_hinic *h, const struct txpkt *p)
{
    return vdc_hinic_at(h, h->lay.txpage + (uint64_t)p->page[0] * TXPAGE_SIZE);
}

/* Copies n bytes from byte off of the packet. */
static void copy(struct vdc_hinic *h, const struct txpkt *p, uint32_t off, uint8_t *dst, uint32_t n)
{
    assert(off + n <= p->len);
    while (n > 0) {
        const uint32_t in = off % TXPAGE_SIZE;
        const uint32_t part = n < TXPAGE_SIZE - in ? n : TXPAGE_SIZE - in;
        const uint64_t page = p->page[off / TXPAGE_SIZE];

        memcpy(dst, (const uint8_t *)vdc_hinic_at(h, h->lay.txpage + page * TXPAGE_SIZE) + in,
               part);
        dst += part;
        off += part;
        n -= part;
    }
}

enum hinic_ethq_err vdc_hinic_segment_start(struct vdc_hinic *h, struct txpkt *p)
{
    const bool is_tso = (p->flags & HINIC_TXD_TSO) != 0;
    uint32_t payload;

    vdc_hinic_parse(&p->parse, first_page(h, p), p->len < TXPAGE_SIZE ? p->len : TXPAGE_SIZE,
                    p->len, is_tso);
    p->n_seg = 1;
    p->hdr_len = p->len;
    if (!is_tso) {
        return HINIC_ETHQ_OK;
    }
    if (p->parse.l4 != HINIC_L4_TCP || p->parse.payload_off > TSO_HDR_MAX) {
        return HINIC_ETHQ_BAD_HDR;
    }
    p->hdr_len = p->parse.payload_off;
    payload = p->len - p->hdr_len;
    if (payload > p->mss) {
        p->n_seg = (uint16_t)((payload + p->mss - 1) / p->mss);
    }
    vdc_hinic_count(h, HINIC_CNT_TX_TSO_PACKETS, 1);
    return HINIC_ETHQ_OK;
}

/* Offsets of a parse in a frame that has grown by a tag. */
static struct hinic_parse shifted(struct hinic_parse k, uint32_t by)
{
    k.l3_off = (uint16_t)(k.l3_off + by);
    k.l4_off = (uint16_t)(k.l4_off + by);
    k.payload_off = (uint16_t)(k.payload_off + by);
    k.l3_end += by;
    return k;
}

/* Fields of one TCP segment: seg of n_seg, its payload starts at byte pos of the packet's payload.
 */
static void fix_tcp(uint8_t *f, const struct hinic_parse *k, const struct txpkt *p, uint32_t pos)
{
    uint8_t *l3 = f + k->l3_off;
    uint8_t *l4 = f + k->l4_off;

    if (k->l3 == HINIC_L3_IPV4) {
        vdc_hinic_put_be16(l3 + 2, k->l3_end - k->l3_off);
        vdc_hinic_put_be16(l3 + 4, (uint32_t)vdc_hinic_be16(l3 + 4) + p->seg);
    } else {
        vdc_hinic_put_be16(l3 + 4, k->l3_end - k->l3_off - 40);
    }
    vdc_hinic_put_be32(l4 + 4, vdc_hinic_be32(l4 + 4) + pos);
    if (p->seg + 1 < p->n_seg) {
        l4[13] &= (uint8_t)~FIN_PSH;
    }
    if (p->seg > 0) {
        l4[13] &= (uint8_t)~CWR;
    }
}

static void fix_sums(uint8_t *f, const struct hinic_parse *k, bool do_ip, bool do_l4)
{
    if (do_ip && k->l3 == HINIC_L3_IPV4) {
        uint8_t *ip = f + k->l3_off;

        vdc_hinic_put_be16(ip + 10, 0);
        vdc_hinic_put_be16(ip + 10, vdc_csum_fold(vdc_csum_add(0, ip, (ip[0] & 15u) * 4)));
    }
    if (do_l4 && k->payload_off != 0 && k->l4 != HINIC_L4_NONE) {
        const uint32_t len = k->l3_end - k->l4_off;
        uint8_t *field = f + k->l4_off + (k->l4 == HINIC_L4_TCP ? 16 : 6);
        uint16_t sum;

        vdc_hinic_put_be16(field, 0);
        sum = vdc_csum_fold(vdc_csum_add(vdc_hinic_sum_pseudo(f, k, len), f + k->l4_off, len));
        if (sum == 0 && k->l4 == HINIC_L4_UDP) {
            sum = UINT16_MAX; /* zero means "none" */
        }
        vdc_hinic_put_be16(field, sum);
    }
}

uint32_t vdc_hinic_segment_build(struct vdc_hinic *h, const struct txpkt *p)
{
    const bool is_tso = (p->flags & HINIC_TXD_TSO) != 0;
    const uint32_t tag = p->flags & HINIC_TXD_VLAN ? TAG : 0;
    const uint32_t pos = (uint32_t)p->seg * p->mss * is_tso;
    const uint32_t left = p->len - p->hdr_len - pos;
    const uint32_t n = left < p->mss ? left : p->mss;
    const uint32_t body = is_tso ? n : 0;
    uint32_t len = p->hdr_len + body + tag;
    struct hinic_parse k = shifted(p->parse, tag);
    uint8_t *f = h->frame;

    assert(p->seg < p->n_seg);
    assert(len <= sizeof(h->frame));
    copy(h, p, 0, f, ETH_ADDRS);
    if (tag) {
        vdc_hinic_put_be16(f + ETH_ADDRS, TPID);
        vdc_hinic_put_be16(f + ETH_ADDRS + 2, p->vlan);
    }
    copy(h, p, ETH_ADDRS, f + ETH_ADDRS + tag, p->hdr_len - ETH_ADDRS);
    if (is_tso) {
        copy(h, p, p->hdr_len + pos, f + p->hdr_len + tag, body);
        k.l3_end = len;
        fix_tcp(f, &k, p, pos);
    }
    fix_sums(f, &k, is_tso || (p->flags & HINIC_TXD_IP_CSUM),
             is_tso || (p->flags & HINIC_TXD_L4_CSUM));
    if (len < VDC_LINK_ETH_MIN_FRAME) {
        memset(f + len, 0, VDC_LINK_ETH_MIN_FRAME - len);
        len = VDC_LINK_ETH_MIN_FRAME;
    }
    return len;
}
