/* SPDX-License-Identifier: MIT */
/* Toeplitz verification suite, multicast hash, filters. */
#include "state.h"
#include "tap.h"

static const uint8_t suite_key[HINIC_RSS_KEY_LEN] = {
    0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
    0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
    0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

/* The published verification suite: source, destination, ports, hash with and without ports. */
struct vec4 {
    uint8_t dst[4], src[4];
    uint16_t dport, sport;
    uint32_t ip, tcp;
};

static const struct vec4 suite4[] = {
    { { 161, 142, 100, 80 }, { 66, 9, 149, 187 }, 1766, 2794, 0x323e8fc2, 0x51ccc178 },
    { { 65, 69, 140, 83 }, { 199, 92, 111, 2 }, 4739, 14230, 0xd718262a, 0xc626b0ea },
    { { 12, 22, 207, 184 }, { 24, 19, 198, 95 }, 38024, 12898, 0xd2d0a5de, 0x5c2b394a },
    { { 209, 142, 163, 6 }, { 38, 27, 205, 30 }, 2217, 48228, 0x82989176, 0xafc7327f },
    { { 202, 188, 127, 2 }, { 153, 39, 163, 191 }, 1303, 44251, 0x5d1809c5, 0x10e828a2 },
};

struct vec6 {
    uint16_t src[8], dst[8];
    uint16_t dport, sport;
    uint32_t ip, tcp;
};

static const struct vec6 suite6[] = {
    { { 0x3ffe, 0x2501, 0x0200, 0x1fff, 0, 0, 0, 7 },
      { 0x3ffe, 0x2501, 0x0200, 3, 0, 0, 0, 1 },
      1766,
      2794,
      0x2cc18cd5,
      0x40207d3d },
    { { 0x3ffe, 0x0501, 8, 0, 0x0260, 0x97ff, 0xfe40, 0xefab },
      { 0xff02, 0, 0, 0, 0, 0, 0, 1 },
      4739,
      14230,
      0x0f0c461c,
      0xdde51bbf },
    { { 0x3ffe, 0x1900, 0x4545, 3, 0x0200, 0xf8ff, 0xfe21, 0x67cf },
      { 0xfe80, 0, 0, 0, 0x0200, 0xf8ff, 0xfe21, 0x67cf },
      38024,
      44251,
      0x4b61e985,
      0x02d1feef },
};

static void fill(uint8_t *f, bool is_v6, bool is_tcp, uint16_t sport, uint16_t dport)
{
    uint8_t *l4 = f + (is_v6 ? 54 : 34);

    vdc_hinic_put_be16(f + 12, is_v6 ? 0x86dd : 0x0800);
    if (is_v6) {
        f[14] = 0x60;
        f[18] = 0;
        f[19] = 20;
        f[20] = is_tcp ? 6 : 17;
    } else {
        f[14] = 0x45;
        f[17] = 40;
        f[23] = is_tcp ? 6 : 17;
    }
    vdc_hinic_put_be16(l4, sport);
    vdc_hinic_put_be16(l4 + 2, dport);
    l4[12] = 0x50;
}

/* For each frame: hash and type with ports enabled, with only addresses enabled, and with nothing.
 */
static void check(const uint8_t *f, bool is_v6, bool is_tcp, uint32_t ip, uint32_t ports)
{
    struct filter flt = { .rss_types = HINIC_RSS_ALL };
    const uint32_t len = is_v6 ? 74 : 54;
    const uint32_t shift = is_v6 ? 3 : 0;
    struct hinic_parse p;
    uint32_t hash;

    memcpy(flt.rss_key, suite_key, sizeof(suite_key));
    vdc_hinic_parse(&p, f, len, len, false);
    CHECK_EQ(vdc_hinic_rss(&flt, f, &p, &hash),
             (is_tcp ? HINIC_RSS_T_V4_TCP : HINIC_RSS_T_V4_UDP) + shift);
    CHECK_EQ(hash, ports);
    flt.rss_types = HINIC_RSS_V4 | HINIC_RSS_V6;
    CHECK_EQ(vdc_hinic_rss(&flt, f, &p, &hash), HINIC_RSS_T_V4 + shift);
    CHECK_EQ(hash, ip);
    flt.rss_types = is_v6 ? HINIC_RSS_V4 | HINIC_RSS_V4_TCP : HINIC_RSS_V6 | HINIC_RSS_V6_TCP;
    CHECK_EQ(vdc_hinic_rss(&flt, f, &p, &hash), HINIC_RSS_T_NONE);
    CHECK_EQ(hash, 0);
}

static void toeplitz4(void)
{
    for (size_t i = 0; i < sizeof(suite4) / sizeof(suite4[0]); i++) {
        for (uint32_t tcp = 0; tcp < 2; tcp++) {
            uint8_t f[60] = { 0 };

            fill(f, false, tcp, suite4[i].sport, suite4[i].dport);
            if (!tcp) {
                vdc_hinic_put_be16(f + 38, 20);
            }
            memcpy(f + 26, suite4[i].src, 4);
            memcpy(f + 30, suite4[i].dst, 4);
            check(f, false, tcp, suite4[i].ip, suite4[i].tcp);
        }
    }
}

static void toeplitz6(void)
{
    for (size_t i = 0; i < sizeof(suite6) / sizeof(suite6[0]); i++) {
        uint8_t f[80] = { 0 };

        fill(f, true, true, suite6[i].sport, suite6[i].dport);
        for (uint32_t k = 0; k < 8; k++) {
            vdc_hinic_put_be16(f + 22 + 2 * k, suite6[i].src[k]);
            vdc_hinic_put_be16(f + 38 + 2 * k, suite6[i].dst[k]);
        }
        check(f, true, true, suite6[i].ip, suite6[i].tcp);
    }
}

/* Reference: reflected CRC-32 of the six bytes, bits reversed, top six. */
static uint32_t ref_hash(const uint8_t *mac)
{
    uint32_t c = UINT32_MAX;
    uint32_t r = 0;

    for (uint32_t i = 0; i < 6; i++) {
        c ^= mac[i];
        for (uint32_t b = 0; b < 8; b++) {
            c = c >> 1 ^ (c & 1 ? 0xedb88320u : 0);
        }
    }
    for (uint32_t b = 0; b < 32; b++) {
        r |= (c >> b & 1) << (31 - b);
    }
    return r >> 26;
}

static void multicast_hash(void)
{
    uint8_t mac[6] = { 0x01, 0x00, 0x5e, 0, 0, 0 };
    uint64_t seen = 0;

    for (uint32_t i = 0; i < 4096; i++) {
        struct filter f = { 0 };

        mac[4] = (uint8_t)(i >> 8);
        mac[5] = (uint8_t)i;
        CHECK_EQ(vdc_hinic_ether_hash(mac), ref_hash(mac));
        seen |= UINT64_C(1) << ref_hash(mac);
        CHECK(!vdc_hinic_rx_mac_ok(&f, mac));
        f.hash = UINT64_C(1) << ref_hash(mac);
        CHECK(vdc_hinic_rx_mac_ok(&f, mac));
        f.hash = ~f.hash;
        CHECK(!vdc_hinic_rx_mac_ok(&f, mac));
    }
    CHECK_EQ(seen, UINT64_MAX);
}

static void vlan(void)
{
    struct filter f = { .mode = HINIC_RX_MODE_VLAN_FILTER };

    for (uint32_t vid = 1; vid < 4096; vid++) {
        CHECK(!vdc_hinic_rx_vlan_ok(&f, vid | 0xe000));
        f.vlan[vid / 64] |= UINT64_C(1) << vid % 64;
        CHECK(vdc_hinic_rx_vlan_ok(&f, vid | 0xe000));
        CHECK(vid == 4095 || !vdc_hinic_rx_vlan_ok(&f, vid + 1));
    }
    CHECK(vdc_hinic_rx_vlan_ok(&f, 0));
}

static const struct tap_case cases[] = {
    { "Toeplitz verification suite, IPv4", toeplitz4 },
    { "Toeplitz verification suite, IPv6", toeplitz6 },
    { "multicast hash", multicast_hash },
    { "VLAN table", vlan },
};

TAP_MAIN(cases)
