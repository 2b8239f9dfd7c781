/* SPDX-License-Identifier: MIT */
/* Frames of a packet: checksums, VLAN insertion and TSO against independent reference code. */
#include "host.h"
#include "tap.h"
#include "vdc/rng.h"

#define ALL (HINIC_OFFLOAD_TX_CSUM | HINIC_OFFLOAD_TSO | HINIC_OFFLOAD_VLAN_INSERT)

static struct host *o;
static struct host_queue tx;
static uint64_t buf;

static void open(uint32_t mtu)
{
    struct vdc_hinic_cfg cfg = vdc_hinic_cfg_default();

    cfg.mtu = mtu;
    cfg.link.mtu = mtu;
    o = host_new(&cfg);
    host_start(o);
    CHECK_EQ(host_queue(o, &tx, 0, false, 8, 1), HINIC_AQ_OK);
    CHECK_EQ(host_offload(o, ALL), HINIC_AQ_OK);
    buf = host_alloc(o, 1 << 20, 4096);
}

/* Sends one packet, cut into pieces of at most 4000 bytes at an odd address; frames are in
 * o->frame[]. */
static void send(const struct host_pkt *p, uint32_t flags, uint32_t mss, uint32_t vlan)
{
    const uint64_t at = buf + 4091;
    struct hinic_eth_cpl c;

    memcpy(host_ptr(o, at, p->len), p->b, p->len);
    o->n_frame_kept = 0;
    o->frame_used = 0;
    for (uint32_t pos = 0; pos < p->len; pos += 4000) {
        const uint32_t n = p->len - pos < 4000 ? p->len - pos : 4000;
        const struct hinic_tx_desc d = {
            .addr = at + pos,
            .len = (uint16_t)n,
            .flags = (uint16_t)((pos == 0 ? flags : 0) | (pos + n == p->len ? HINIC_TXD_EOP : 0)),
            .mss = (uint16_t)mss,
            .vlan = (uint16_t)vlan,
        };

        host_tx_desc(o, &tx, d);
    }
    host_ring(o, &tx);
    host_ci(o, &tx);
    host_idle(o);
    CHECK(host_cpl(o, &tx, &c));
    CHECK_EQ(c.flags & HINIC_CPL_ERR, 0);
    CHECK_EQ(c.len, p->len & 0xffff);
}

/* Checksum fields may hold anything before; afterwards the frame is what an exact host would have
 * sent. */
static void checksums(void)
{
    open(9000);
    for (uint32_t i = 0; i < 400; i++) {
        const bool is_v6 = i & 1;
        const bool is_tcp = i & 2;
        const int32_t tag = i & 4 ? 0x3005 : -1;
        const uint32_t n = (uint32_t)vdc_rand_below(1, i, i < 100 ? 30 : 8900);
        struct host_pkt want;
        struct host_pkt p;
        uint32_t l3 = tag >= 0 ? 18 : 14;
        uint32_t l4;

        host_ip(&want, is_v6, is_tcp, n, tag);
        l4 = l3 + (is_v6 ? 40 : 20);
        p = want;
        p.b[l4 + (is_tcp ? 16 : 6)] = (uint8_t)vdc_rand(2, i);
        p.b[l4 + (is_tcp ? 17 : 7)] = (uint8_t)vdc_rand(3, i);
        if (!is_v6) {
            p.b[l3 + 10] = (uint8_t)vdc_rand(4, i);
        }
        send(&p, HINIC_TXD_L4_CSUM | HINIC_TXD_IP_CSUM, 0, 0);
        CHECK_EQ(o->n_frame_kept, 1);
        CHECK_EQ(o->frame[0].m.len, want.len < 60 ? 60 : want.len);
        CHECK(memcmp(o->frame[0].bytes, want.b, want.len) == 0);
        CHECK_EQ(host_check_ip(o->frame[0].bytes, o->frame[0].m.len), 0);
        send(&p, 0, 0, 0); /* without the flags nothing is touched */
        CHECK(memcmp(o->frame[0].bytes, p.b, p.len) == 0);
    }
    host_free(o);
}

/* UDP whose sum is zero must be sent as ffff. */
static void udp_zero(void)
{
    struct host_pkt p;
    uint32_t n = 0;

    open(9000);
    for (uint32_t i = 0; i < 65536; i++) {
        uint16_t s;

        host_ip(&p, false, false, 2, -1);
        p.b[42] = (uint8_t)(i >> 8);
        p.b[43] = (uint8_t)i;
        p.b[40] = p.b[41] = 0;
        s = host_ref_sum(p.b + 34, 10, host_ref_sum(p.b + 26, 8, 17 + 10));
        if (s != 0xffff) {
            continue;
        }
        send(&p, HINIC_TXD_L4_CSUM, 0, 0);
        CHECK_EQ(o->frame[0].bytes[40], 0xff);
        CHECK_EQ(o->frame[0].bytes[41], 0xff);
        n++;
    }
    CHECK_EQ(n, 1);
    host_free(o);
}

/* What is no TCP or UDP, is a fragment, or lies about its length goes out unchanged. */
static void left_alone(void)
{
    struct host_pkt p;

    open(9000);
    for (uint32_t kind = 0; kind < 7; kind++) {
        host_ip(&p, kind == 4, true, 100, -1);
        switch (kind) {
        case 0:
            p.b[14 + 9] = 1; /* ICMP */
            break;
        case 1:
            p.b[14 + 6] = 0x20; /* more fragments */
            break;
        case 2:
            p.b[14 + 7] = 5; /* offset */
            break;
        case 3:
            p.b[14 + 3] = 0xff; /* longer than the frame */
            break;
        case 4:
            p.b[14 + 6] = 43; /* routing header */
            break;
        case 5:
            p.b[34 + 12] = 0x40; /* TCP header of 16 bytes */
            break;
        default:
            p.b[12] = 0x08; /* ARP */
            p.b[13] = 0x06;
            break;
        }
        send(&p, HINIC_TXD_L4_CSUM, 0, 0);
        CHECK(memcmp(o->frame[0].bytes, p.b, p.len) == 0);
    }
    host_free(o);
}

static void vlan_insert(void)
{
    struct host_pkt p;
    struct host_pkt want;

    open(9000);
    for (uint32_t i = 0; i < 4; i++) {
        host_ip(&p, i & 1, i & 2, 333, -1);
        host_ip(&want, i & 1, i & 2, 333, 0xabcd);
        send(&p, HINIC_TXD_VLAN | HINIC_TXD_L4_CSUM, 0, 0xabcd);
        CHECK_EQ(o->frame[0].m.len, want.len);
        CHECK(memcmp(o->frame[0].bytes, want.b, want.len) == 0);
    }
    host_free(o);
}

static uint32_t be16(const uint8_t *b)
{
    return (uint32_t)b[0] << 8 | b[1];
}

static uint32_t be32(const uint8_t *b)
{
    return be16(b) << 16 | be16(b + 2);
}

/* Reassembles the segments by their sequence numbers and compares with the packet. */
static void check_segments(const struct host_pkt *p, bool is_v6, uint32_t l3, uint32_t mss,
                           uint32_t tag)
{
    static uint8_t out[70000];
    const uint32_t l4 = l3 + (is_v6 ? 40 : 20);
    const uint32_t hdr = l4 + 20;
    const uint32_t payload = p->len - hdr;
    const uint32_t n = payload == 0 ? 1 : (payload + mss - 1) / mss;
    uint32_t got = 0;

    CHECK_EQ(o->n_frame_kept, n);
    for (uint32_t i = 0; i < o->n_frame_kept; i++) {
        const uint8_t *b = o->frame[i].bytes;
        const uint32_t k = l4 + tag; /* TCP header in the frame */
        const uint32_t ip_len = is_v6 ? 40 + be16(b + l3 + tag + 4) : be16(b + l3 + tag + 2);
        const uint32_t in = ip_len - (is_v6 ? 40u : 20u) - 20u;
        const uint32_t off = be32(b + k + 4) - 0x10000000u;
        const bool is_last = i + 1 == n;

        CHECK_EQ(host_check_ip(b, o->frame[i].m.len), 0);
        CHECK_EQ(off, i * mss);
        CHECK_EQ(in, is_last ? payload - i * mss : mss);
        CHECK_EQ(b[k + 13], 0x10 | (i == 0 ? 0x80 : 0) | (is_last ? 0x09 : 0));
        if (!is_v6) {
            CHECK_EQ(be16(b + l3 + tag + 4), 0x1234 + i);
        }
        if (off + in <= sizeof(out)) {
            memcpy(out + off, b + k + 20, in);
        }
        got += in;
    }
    CHECK_EQ(got, payload);
    CHECK(memcmp(out, p->b + hdr, payload) == 0);
}

static void tso(void)
{
    static const uint32_t msss[] = { 64, 536, 1448, 4128, 8940 };
    static const uint32_t lens[] = { 0, 1, 63, 64, 65, 1448, 1449, 2896, 20000, 65000 };
    struct host_pkt p;

    for (uint32_t v6 = 0; v6 < 2; v6++) {
        for (uint32_t m = 0; m < 5; m++) {
            for (uint32_t l = 0; l < 10; l++) {
                const bool is_tagged = (m + l) % 3 == 1;
                const bool is_inserted = (m + l) % 3 == 2;

                open(9000);
                host_ip(&p, v6, true, lens[l], is_tagged ? 7 : -1);
                p.b[(is_tagged ? 18 : 14) + (v6 ? 5 : 3)] =
                    0; /* the length in the template does not count */
                send(&p, HINIC_TXD_TSO | (is_inserted ? HINIC_TXD_VLAN : 0), msss[m], 9);
                check_segments(&p, v6, is_tagged ? 18 : 14, msss[m], is_inserted ? 4 : 0);
                CHECK_EQ(host_counter(o, HINIC_CNT_TX_TSO_PACKETS), 1);
                host_free(o);
            }
        }
    }
}

/* Segments over the MTU are dropped one by one; the packet still completes. */
static void tso_giant(void)
{
    struct host_pkt p;

    open(1500);
    host_ip(&p, false, true, 1461 * 3 + 100, -1);
    send(&p, HINIC_TXD_TSO, 1461, 0);
    CHECK_EQ(o->n_frame_kept, 1);
    CHECK_EQ(host_counter(o, HINIC_CNT_TX_GIANT), 3);
    send(&p, HINIC_TXD_TSO, 9000, 0);
    CHECK_EQ(o->n_frame_kept, 0);
    host_free(o);
}

/* The largest packet, with the longest headers that may be segmented. */
static void tso_limits(void)
{
    struct host_pkt p;

    open(9000);
    host_ip(&p, false, true, 65536 + 18 - 54, -1);
    CHECK_EQ(p.len, HINIC_TSO_LEN_MAX);
    send(&p, HINIC_TXD_TSO, 8946, 0);
    check_segments(&p, false, 14, 8946, 0);
    host_free(o);
}

static const struct tap_case cases[] = {
    { "checksums equal the reference for 400 packets", checksums },
    { "UDP sum zero is sent as ffff", udp_zero },
    { "what cannot be summed is left alone", left_alone },
    { "VLAN insertion", vlan_insert },
    { "TSO segments reassemble to the packet", tso },
    { "TSO over the MTU", tso_giant },
    { "TSO at its limit", tso_limits },
};

TAP_MAIN(cases)
