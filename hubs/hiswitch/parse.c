/* SPDX-License-Identifier: MIT */
/* Ethernet header of a received frame, and its priority. */
#include "state.h"

#define TYPE_VLAN 0x8100u
#define TYPE_IPV4 0x0800u
#define TYPE_IPV6 0x86ddu
#define HDR_BYTES 14u
#define TAG_BYTES 4u
#define VID_MAX   4094u

static uint16_t get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static void parse_dscp(const uint8_t *ip, uint32_t len, struct vdc_hs_parsed *out)
{
    if (len < 2) {
        return;
    }
    if (out->ethertype == TYPE_IPV4) {
        out->dscp = ip[1] >> 2;
        out->has_dscp = true;
    } else if (out->ethertype == TYPE_IPV6) {
        out->dscp = (uint8_t)((ip[0] & 15) << 2 | ip[1] >> 6);
        out->has_dscp = true;
    }
}

enum vdc_hub_drop vdc_hs_parse(const uint8_t *frame, uint32_t len, struct vdc_hs_parsed *out)
{
    if (len < HDR_BYTES) {
        return VDC_HUB_DROP_RUNT;
    }
    out->dst = vdc_hs_mac(frame);
    out->src = vdc_hs_mac(frame + 6);
    out->ethertype = get16(frame + 12);
    out->l2_len = HDR_BYTES;
    out->tci = 0;
    out->is_tagged = false;
    out->has_dscp = false;
    out->dscp = 0;
    if (out->ethertype == TYPE_VLAN) {
        if (len < HDR_BYTES + TAG_BYTES) {
            return VDC_HUB_DROP_PARSE;
        }
        out->tci = get16(frame + 14);
        out->ethertype = get16(frame + 16);
        out->l2_len = HDR_BYTES + TAG_BYTES;
        out->is_tagged = true;
        if ((out->tci & 0xfff) > VID_MAX) {
            return VDC_HUB_DROP_PARSE;
        }
    }
    if ((out->src & 1) || out->src == 0) { /* a group or nobody cannot be a sender */
        return VDC_HUB_DROP_PARSE;
    }
    parse_dscp(frame + out->l2_len, len - out->l2_len, out);
    return VDC_HUB_N_DROP;
}

uint32_t vdc_hs_classify(const struct vdc_hiswitch_qos *qos, const struct vdc_hs_parsed *h)
{
    if (qos->trust == VDC_HISWITCH_TRUST_PCP && h->is_tagged) {
        return qos->pcp_prio[h->tci >> 13];
    }
    if (qos->trust == VDC_HISWITCH_TRUST_DSCP && h->has_dscp) {
        return qos->dscp_prio[h->dscp];
    }
    return qos->prio;
}
