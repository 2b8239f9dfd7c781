/* SPDX-License-Identifier: MIT */
/* Which frames this port takes, and for which queue: MAC and VLAN filters, Toeplitz hash. */
#include "state.h"

#include <string.h>

#define CRC_POLY_BE 0x04c11db7u

uint32_t vdc_hinic_ether_hash(const uint8_t mac[6])
{
    uint32_t crc = UINT32_MAX;

    for (uint32_t i = 0; i < 6; i++) {
        for (uint32_t b = 0; b < 8; b++) { /* bits on the wire: least significant first */
            const uint32_t top = crc >> 31 ^ (mac[i] >> b & 1u);

            crc = crc << 1 ^ (top ? CRC_POLY_BE : 0);
        }
    }
    return crc >> 26;
}

bool vdc_hinic_rx_mac_ok(const struct filter *f, const uint8_t *frame)
{
    static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

    if (f->mode & HINIC_RX_MODE_PROMISC) {
        return true;
    }
    if ((frame[0] & 1) == 0) {
        return memcmp(frame, f->mac, sizeof(f->mac)) == 0;
    }
    return (f->mode & HINIC_RX_MODE_ALLMULTI) || memcmp(frame, broadcast, sizeof(broadcast)) == 0 ||
           (f->hash >> vdc_hinic_ether_hash(frame) & 1);
}

bool vdc_hinic_rx_vlan_ok(const struct filter *f, uint32_t tci)
{
    const uint32_t vid = tci & 0xfff;

    if (!(f->mode & HINIC_RX_MODE_VLAN_FILTER) || (f->mode & HINIC_RX_MODE_PROMISC) || vid == 0) {
        return true;
    }
    return f->vlan[vid / 64] >> (vid & 63) & 1;
}

uint32_t vdc_hinic_toeplitz(const uint8_t key[HINIC_RSS_KEY_LEN], const uint8_t *data, uint32_t len)
{
    uint32_t window = vdc_hinic_be32(key);
    uint32_t hash = 0;

    assert(len + 4 <= HINIC_RSS_KEY_LEN);
    for (uint32_t i = 0; i < len; i++) {
        for (uint32_t b = 0; b < 8; b++) {
            if (data[i] & (0x80u >> b)) {
                hash ^= window;
            }
            window = window << 1 | (key[i + 4] >> (7 - b) & 1u);
        }
    }
    return hash;
}

/* Type to use of the three of one family, by what is enabled and what the packet has. */
static enum hinic_rss_type choose(uint32_t types, uint32_t shift, enum hinic_l4 l4)
{
    types >>= shift;
    if (l4 == HINIC_L4_TCP && (types & HINIC_RSS_V4_TCP)) {
        return HINIC_RSS_T_V4_TCP + shift;
    }
    if (l4 == HINIC_L4_UDP && (types & HINIC_RSS_V4_UDP)) {
        return HINIC_RSS_T_V4_UDP + shift;
    }
    return types & HINIC_RSS_V4 ? HINIC_RSS_T_V4 + shift : HINIC_RSS_T_NONE;
}

_Static_assert(HINIC_RSS_V6_TCP == HINIC_RSS_V4_TCP << 3, "both families have the same order");
_Static_assert(HINIC_RSS_T_V6_TCP == HINIC_RSS_T_V4_TCP + 3, "both families have the same order");

enum hinic_rss_type vdc_hinic_rss(const struct filter *f, const uint8_t *frame,
                                  const struct hinic_parse *p, uint32_t *hash)
{
    const bool is_v4 = p->l3 == HINIC_L3_IPV4;
    const uint32_t shift = is_v4 ? 0 : 3;
    const uint32_t n = is_v4 ? 8 : 32;
    uint8_t in[36];
    enum hinic_rss_type type;

    *hash = 0;
    if (p->l3 == HINIC_L3_NONE) {
        return HINIC_RSS_T_NONE;
    }
    type = choose(f->rss_types, shift, (enum hinic_l4)p->l4);
    if (type == HINIC_RSS_T_NONE) {
        return type;
    }
    memcpy(in, frame + p->l3_off + (is_v4 ? 12 : 8), n);
    if (type == HINIC_RSS_T_V4 + shift) {
        *hash = vdc_hinic_toeplitz(f->rss_key, in, n);
    } else {
        memcpy(in + n, frame + p->l4_off, 4);
        *hash = vdc_hinic_toeplitz(f->rss_key, in, n + 4);
    }
    return type;
}
