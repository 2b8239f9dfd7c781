/* SPDX-License-Identifier: MIT */
/* Receive: times, buffer chains, filters, checksums, VLAN, drops, errors, order. */
#include "host.h"
#include "tap.h"

struct rig {
    struct host *o;
    struct host_queue rx[4];
    uint64_t buf;
};

static struct rig rig_new(const struct vdc_hinic_cfg *cfg, uint32_t n, uint32_t offload)
{
    struct rig r = { .o = host_new(cfg) };

    host_start(r.o);
    for (uint32_t q = 0; q < n; q++) {
        CHECK_EQ(host_queue(r.o, &r.rx[q], q, true, 8, 1 + q), HINIC_AQ_OK);
    }
    CHECK_EQ(host_offload(r.o, offload), HINIC_AQ_OK);
    r.buf = host_alloc(r.o, 2 << 20, 4096);
    host_idle(r.o);
    return r;
}

static void post(struct rig *r, uint32_t q, uint32_t n, uint32_t size)
{
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t id = r->rx[q].pi & 255u;

        host_rx(r->o, &r->rx[q], r->buf + (q << 19) + (uint64_t)id * 2048, size, id);
    }
    host_ring(r->o, &r->rx[q]);
    host_idle(r->o);
}

static uint64_t bus(const struct vdc_hinic_cfg *c, uint32_t len)
{
    return ((uint64_t)len * 8000 + c->pcie_gbps - 1) / c->pcie_gbps;
}

static void timing(void)
{
    struct rig r = rig_new(NULL, 1, 0);
    const struct vdc_hinic_timing *t = &r.o->cfg.timing;
    struct hinic_eth_cpl c;
    struct host_pkt p;
    vtime_t at;
    vtime_t cpl;

    host_ip(&p, false, true, 1000, -1);
    post(&r, 0, 4, 2048);
    host_arm(r.o, &r.rx[0]);
    host_idle(r.o);
    at = r.o->now + 5000;
    cpl = at + t->t_rx + bus(&r.o->cfg, p.len) + bus(&r.o->cfg, 16) + t->t_pcie_up;
    host_frame_in(r.o, at, p.b, p.len);
    host_run(r.o, cpl - 1);
    CHECK(!host_cpl(r.o, &r.rx[0], &c));
    CHECK(memcmp(host_ptr(r.o, r.buf, p.len), p.b, p.len) == 0); /* data before completion */
    host_run(r.o, cpl);
    CHECK(host_cpl(r.o, &r.rx[0], &c));
    CHECK_EQ(c.len, p.len);
    CHECK_EQ(c.id, 0);
    CHECK_EQ(c.flags, HINIC_CPL_EOP | HINIC_CPL_PHASE);
    CHECK_EQ(c.timestamp, (uint32_t)((at - r.o->epoch) / 1000));
    CHECK_EQ(r.o->n_msi[1], 0);
    host_idle(r.o);
    CHECK_EQ(r.o->n_msi[1], 1);
    CHECK_EQ(r.o->t_msi[1], cpl + t->t_msi);
    host_free(r.o);
}

/* A jumbo frame over buffers of every size: same bytes, one completion per buffer. */
static void chains(void)
{
    struct vdc_hinic_cfg cfg = vdc_hinic_cfg_default();

    cfg.mtu = 9000;
    for (uint32_t size = 577; size <= 12000; size += 641) {
        struct rig r = rig_new(&cfg, 0, 0);
        const uint32_t n = (9014 + size - 1) / size;
        struct host_pkt p;
        uint32_t pos = 0;

        CHECK_EQ(host_queue(r.o, &r.rx[0], 0, true, 8, 1), HINIC_AQ_OK);
        host_ip(&p, false, true, 9000 - 40, -1);
        for (uint32_t i = 0; i < 3 * n; i++) {
            host_rx(r.o, &r.rx[0], r.buf + i * 12288, size, 1000 + i);
        }
        host_ring(r.o, &r.rx[0]);
        host_idle(r.o);
        for (uint32_t k = 0; k < 3; k++) {
            host_frame_in(r.o, r.o->now + 1000000, p.b, p.len);
            host_idle(r.o);
            pos = 0;
            for (uint32_t i = 0; i < n; i++) {
                struct hinic_eth_cpl c;

                CHECK(host_cpl(r.o, &r.rx[0], &c));
                CHECK_EQ(c.id, 1000 + k * n + i);
                CHECK_EQ((c.flags & HINIC_CPL_EOP) != 0, i + 1 == n);
                CHECK(memcmp(host_ptr(r.o, r.buf + (k * n + i) * 12288, c.len), p.b + pos, c.len) ==
                      0);
                pos += c.len;
            }
            CHECK_EQ(pos, p.len);
        }
        host_free(r.o);
    }
}

static uint32_t deliver(struct rig *r, const struct host_pkt *p, struct hinic_eth_cpl *c)
{
    uint32_t n = 0;

    host_frame_in(r->o, r->o->now + 1000000, p->b, p->len);
    host_idle(r->o);
    while (host_cpl(r->o, &r->rx[0], c)) {
        n++;
    }
    return n;
}

static void filters(void)
{
    struct rig r = rig_new(NULL, 1, 0);
    const struct hinic_inl_mac mac = { .mac = { 2, 9, 9, 9, 9, 9 } };
    struct hinic_inl_vlan vlan = { .vid = 100, .add = 1 };
    struct hinic_eth_cpl c;
    struct host_pkt p;

    post(&r, 0, 40, 2048);
    host_ip(&p, false, true, 10, -1);
    CHECK_EQ(deliver(&r, &p, &c), 1);
    p.b[5] ^= 2;
    CHECK_EQ(deliver(&r, &p, &c), 0); /* another station */
    CHECK_EQ(host_counter(r.o, HINIC_CNT_RX_FILTERED), 1);
    CHECK_EQ(host_counter(r.o, HINIC_CNT_RX_DISCARDS), 0);
    memset(p.b, 0xff, 6);
    CHECK_EQ(deliver(&r, &p, &c), 1);
    CHECK_EQ(host_counter(r.o, HINIC_CNT_RX_BROADCAST), 1);
    memcpy(p.b, "\x33\x33\x00\x00\x00\x01", 6);
    CHECK_EQ(deliver(&r, &p, &c), 0);
    CHECK_EQ(host_rx_mode(r.o, HINIC_RX_MODE_ALLMULTI, 0), HINIC_AQ_OK);
    CHECK_EQ(deliver(&r, &p, &c), 1);
    memcpy(p.b, "\x02\x77\x77\x77\x77\x77", 6);
    CHECK_EQ(deliver(&r, &p, &c), 0);
    CHECK_EQ(host_rx_mode(r.o, HINIC_RX_MODE_PROMISC, 0), HINIC_AQ_OK);
    CHECK_EQ(deliver(&r, &p, &c), 1);
    /* A new address replaces the old one. */
    CHECK_EQ(host_rx_mode(r.o, 0, 0), HINIC_AQ_OK);
    CHECK_EQ(host_cmd(r.o, HINIC_AQ_SET_MAC, 1, &mac, sizeof(mac), NULL, 0, NULL, 0), HINIC_AQ_OK);
    host_ip(&p, false, true, 10, -1);
    CHECK_EQ(deliver(&r, &p, &c), 0);
    memcpy(p.b, mac.mac, 6);
    CHECK_EQ(deliver(&r, &p, &c), 1);
    /* VLANs: all without the filter, then only 100, and priority tags. */
    host_ip(&p, false, true, 10, 0x6000 | 77);
    memcpy(p.b, mac.mac, 6);
    CHECK_EQ(deliver(&r, &p, &c), 1);
    CHECK_EQ(host_rx_mode(r.o, HINIC_RX_MODE_VLAN_FILTER, 0), HINIC_AQ_OK);
    CHECK_EQ(deliver(&r, &p, &c), 0);
    CHECK_EQ(host_cmd(r.o, HINIC_AQ_SET_VLAN, 1, &vlan, sizeof(vlan), NULL, 0, NULL, 0),
             HINIC_AQ_OK);
    host_ip(&p, false, true, 10, 0x6000 | 100);
    memcpy(p.b, mac.mac, 6);
    CHECK_EQ(deliver(&r, &p, &c), 1);
    vlan.add = 0;
    CHECK_EQ(host_cmd(r.o, HINIC_AQ_SET_VLAN, 1, &vlan, sizeof(vlan), NULL, 0, NULL, 0),
             HINIC_AQ_OK);
    CHECK_EQ(deliver(&r, &p, &c), 0);
    host_ip(&p, false, true, 10, 0xe000);
    memcpy(p.b, mac.mac, 6);
    CHECK_EQ(deliver(&r, &p, &c), 1);
    CHECK_EQ(host_counter(r.o, HINIC_CNT_OF_PRIO(7, HINIC_PRIO_RX_PACKETS)), 1);
    host_free(r.o);
}

static void vlan_strip(void)
{
    struct rig r = rig_new(NULL, 1, HINIC_OFFLOAD_VLAN_STRIP);
    struct hinic_eth_cpl c;
    struct host_pkt p;
    struct host_pkt plain;

    post(&r, 0, 4, 2048);
    host_ip(&p, false, false, 50, 0x2064);
    host_ip(&plain, false, false, 50, -1);
    CHECK_EQ(deliver(&r, &p, &c), 1);
    CHECK_EQ(c.len, plain.len);
    CHECK_EQ(c.vlan, 0x2064);
    CHECK(c.flags & HINIC_CPL_VLAN);
    CHECK(memcmp(host_ptr(r.o, r.buf, plain.len), plain.b, plain.len) == 0);
    CHECK_EQ(deliver(&r, &plain, &c), 1);
    CHECK(!(c.flags & HINIC_CPL_VLAN));
    host_free(r.o);
}

/* Right sums are confirmed; each flipped bit is noticed by the sum that covers it. */
static void checksums(void)
{
    struct rig r = rig_new(NULL, 1, HINIC_OFFLOAD_RX_CSUM);
    struct hinic_eth_cpl c;
    uint64_t n_bad = 0;

    post(&r, 0, 255, 2048);
    for (uint32_t kind = 0; kind < 8; kind++) {
        const bool is_v6 = kind & 1;
        struct host_pkt p;
        uint32_t l3;

        host_ip(&p, is_v6, kind & 2, 301, kind & 4 ? 5 : -1);
        l3 = kind & 4 ? 18 : 14;
        CHECK_EQ(deliver(&r, &p, &c), 1);
        CHECK_EQ(c.flags & (HINIC_CPL_IP_OK | HINIC_CPL_L4_OK), HINIC_CPL_IP_OK | HINIC_CPL_L4_OK);
        p.b[p.len - 1] ^= 1;
        CHECK_EQ(deliver(&r, &p, &c), 1);
        CHECK_EQ(c.flags & (HINIC_CPL_IP_OK | HINIC_CPL_L4_OK), HINIC_CPL_IP_OK);
        n_bad++;
        p.b[p.len - 1] ^= 1;
        p.b[l3 + 8] ^= 4; /* v4: TTL; v6: source address */
        CHECK_EQ(deliver(&r, &p, &c), 1);
        CHECK_EQ(c.flags & (HINIC_CPL_IP_OK | HINIC_CPL_L4_OK),
                 is_v6 ? HINIC_CPL_IP_OK : HINIC_CPL_L4_OK);
        n_bad++;
        p.b[l3 + 8] ^= 4;
        memset(p.b + p.len, 0xaa, 20); /* padding is not part of the packet */
        p.len += 20;
        CHECK_EQ(deliver(&r, &p, &c), 1);
        CHECK_EQ(c.flags & (HINIC_CPL_IP_OK | HINIC_CPL_L4_OK), HINIC_CPL_IP_OK | HINIC_CPL_L4_OK);
    }
    CHECK_EQ(host_counter(r.o, HINIC_CNT_RX_CSUM_ERR), n_bad);
    {
        struct host_pkt p;

        host_ip(&p, false, false, 64, -1); /* UDP without a checksum */
        p.b[14 + 20 + 6] = p.b[14 + 20 + 7] = 0;
        CHECK_EQ(deliver(&r, &p, &c), 1);
        CHECK(c.flags & HINIC_CPL_L4_OK);
        host_ip(&p, true, false, 64, -1);
        p.b[14 + 40 + 6] = p.b[14 + 40 + 7] = 0;
        CHECK_EQ(deliver(&r, &p, &c), 1);
        CHECK(!(c.flags & HINIC_CPL_L4_OK));
        host_eth(&p, 0x0806);
        p.len = 60;
        CHECK_EQ(deliver(&r, &p, &c), 1);
        CHECK_EQ(c.flags & (HINIC_CPL_IP_OK | HINIC_CPL_L4_OK), 0);
    }
    host_free(r.o);
}

static void rss_spread(void)
{
    struct rig r = rig_new(NULL, 4, 0);
    struct hinic_mb_rss m = { .types = HINIC_RSS_V4_TCP };
    uint32_t n[4] = { 0 };
    struct hinic_eth_cpl c;
    struct host_pkt p;

    for (uint32_t i = 0; i < HINIC_RSS_KEY_LEN; i++) {
        m.key[i] = (uint8_t)(i * 37 + 11);
    }
    for (uint32_t i = 0; i < HINIC_RSS_TABLE_LEN; i++) {
        m.table[i] = (uint8_t)(i % 4);
    }
    CHECK_EQ(host_cmd(r.o, HINIC_AQ_SET_RSS, 1, NULL, 0, &m, sizeof(m), NULL, 0), HINIC_AQ_OK);
    for (uint32_t q = 0; q < 4; q++) {
        post(&r, q, 255, 2048);
    }
    host_ip(&p, false, true, 20, -1);
    for (uint32_t i = 0; i < 400; i++) {
        p.b[35] = (uint8_t)i;
        p.b[34] = (uint8_t)(i >> 8);
        host_frame_in(r.o, r.o->now + 1000000, p.b, p.len);
        host_idle(r.o);
        for (uint32_t q = 0; q < 4; q++) {
            while (host_cpl(r.o, &r.rx[q], &c)) {
                CHECK_EQ(m.table[c.hash & 127], q);
                CHECK_EQ(HINIC_CPL_RSS(c.flags), HINIC_RSS_T_V4_TCP);
                n[q]++;
            }
        }
    }
    for (uint32_t q = 0; q < 4; q++) {
        CHECK(n[q] > 50 && n[q] < 150);
    }
    CHECK_EQ(n[0] + n[1] + n[2] + n[3], 400);
    host_free(r.o);
}

static void drops(void)
{
    struct rig r = rig_new(NULL, 0, 0);
    struct hinic_eth_cpl c;
    struct host_pkt p;

    host_ip(&p, false, true, 1000, -1);
    host_frame_in(r.o, r.o->now + 1000, p.b, p.len);
    host_idle(r.o);
    CHECK_EQ(host_counter(r.o, HINIC_CNT_RX_NO_QUEUE), 1);
    CHECK_EQ(host_queue(r.o, &r.rx[0], 0, true, 4, 1), HINIC_AQ_OK);
    CHECK_EQ(deliver(&r, &p, &c), 0);
    CHECK_EQ(host_counter(r.o, HINIC_CNT_RX_NO_BUFFER), 1);
    for (uint32_t i = 0; i < 16; i++) {
        host_rx(r.o, &r.rx[0], r.buf + i * 64, 64, i); /* 16 of 64 bytes are not enough */
    }
    host_ring(r.o, &r.rx[0]);
    host_idle(r.o);
    CHECK_EQ(deliver(&r, &p, &c), 0);
    CHECK_EQ(host_counter(r.o, HINIC_CNT_RX_NO_BUFFER), 2);
    p.len = 100; /* two buffers */
    CHECK_EQ(deliver(&r, &p, &c), 2);
    CHECK_EQ(host_counter(r.o, HINIC_CNT_RX_FRAMES), 1);
    /* The consumer index was never written: the completion ring fills although there are buffers.
     */
    for (uint32_t i = 0; i < 7; i++) {
        CHECK_EQ(deliver(&r, &p, &c), 2);
    }
    for (uint32_t i = 0; i < 16; i++) {
        host_rx(r.o, &r.rx[0], r.buf + i * 64, 64, i);
    }
    host_ring(r.o, &r.rx[0]);
    CHECK_EQ(deliver(&r, &p, &c), 0);
    CHECK_EQ(host_counter(r.o, HINIC_CNT_RX_NO_CPL), 1);
    host_ci(r.o, &r.rx[0]);
    host_idle(r.o);
    CHECK_EQ(deliver(&r, &p, &c), 2);
    /* Length: runt, over the MTU, over everything. */
    p.len = 13;
    CHECK_EQ(deliver(&r, &p, &c), 0);
    p.len = 4200 + 15;
    CHECK_EQ(deliver(&r, &p, &c), 0);
    p.len = 9023;
    CHECK_EQ(deliver(&r, &p, &c), 0);
    CHECK_EQ(host_counter(r.o, HINIC_CNT_RX_LENGTH), 3);
    CHECK_EQ(host_counter(r.o, HINIC_CNT_RX_DISCARDS), 7);
    host_free(r.o);
}

/* A bus slower than the link: receive memory fills, the excess is dropped, what was taken arrives
 * whole and in order. */
static void slow_bus(void)
{
    struct vdc_hinic_cfg cfg = vdc_hinic_cfg_default();
    struct rig r;
    struct hinic_eth_cpl c;
    struct host_pkt p;
    vtime_t t;
    uint64_t n = 0;
    int last = -1;

    cfg.pcie_gbps = 10;
    cfg.rx_mem_bytes = 64 << 10;
    r = rig_new(&cfg, 1, 0);
    post(&r, 0, 256, 2048);
    host_ip(&p, false, true, 1400, -1);
    t = r.o->now + 1000000;
    for (uint32_t i = 0; i < 200; i++) {
        p.b[60] = (uint8_t)i;
        host_frame_in(r.o, t, p.b, p.len);
        t += 120000; /* 100 Gb/s */
    }
    host_idle(r.o);
    while (host_cpl(r.o, &r.rx[0], &c)) {
        const uint8_t *b = host_ptr(r.o, r.buf + c.id * 2048, 2048);

        CHECK_EQ(c.len, p.len);
        CHECK(b[60] > last);
        last = b[60];
        n++;
    }
    CHECK(n > 45 && n < 100);
    CHECK_EQ(host_counter(r.o, HINIC_CNT_RX_FIFO), 200 - n);
    CHECK_EQ(host_counter(r.o, HINIC_CNT_RX_FRAMES), n);
    host_free(r.o);
}

/* Small frames on a very slow bus: the engine waits for free writes, nothing is lost. */
static void many_writes(void)
{
    struct vdc_hinic_cfg cfg = vdc_hinic_cfg_default();
    struct rig r;
    struct hinic_eth_cpl c;
    struct host_pkt p;
    uint32_t n = 0;

    cfg.pcie_gbps = 1;
    r = rig_new(&cfg, 0, 0);
    CHECK_EQ(host_queue(r.o, &r.rx[0], 0, true, 11, 1), HINIC_AQ_OK);
    for (uint32_t i = 0; i < 2000; i++) {
        host_rx(r.o, &r.rx[0], r.buf + (i & 511) * 2048, 2048, i);
    }
    host_ring(r.o, &r.rx[0]);
    host_idle(r.o);
    host_ip(&p, false, true, 10, -1);
    for (uint32_t i = 0; i < 1000;
         i++) { /* the last ones arrive when all descriptors they need are cached */
        host_frame_in(r.o, r.o->now + 1000000 + i * 10000, p.b, p.len);
    }
    host_idle(r.o);
    while (host_cpl(r.o, &r.rx[0], &c)) {
        CHECK_EQ(c.id, n);
        n++;
    }
    CHECK_EQ(n, 1000);
    CHECK_EQ(host_counter(r.o, HINIC_CNT_RX_DISCARDS), 0);
    host_free(r.o);
}

/* Descriptors that are still being fetched are waited for. */
static void late_descriptors(void)
{
    struct rig r = rig_new(NULL, 1, 0);
    struct hinic_eth_cpl c;
    struct host_pkt p;
    uint32_t n = 0;

    host_ip(&p, false, true, 10, -1);
    for (uint32_t i = 0; i < 200; i++) {
        host_rx(r.o, &r.rx[0], r.buf + i * 2048, 2048, i);
    }
    host_ring(r.o, &r.rx[0]);
    for (uint32_t i = 0; i < 200; i++) { /* 20 ns apart, the fetch takes 500 */
        host_frame_in(r.o, r.o->now + 300000 + i * 20000, p.b, p.len);
    }
    host_idle(r.o);
    while (host_cpl(r.o, &r.rx[0], &c)) {
        CHECK_EQ(c.id, n);
        n++;
    }
    CHECK_EQ(n, 200);
    CHECK_EQ(host_counter(r.o, HINIC_CNT_RX_DISCARDS), 0);
    host_free(r.o);
}

static void bad_descriptors(void)
{
    for (uint32_t kind = 0; kind < 4; kind++) {
        struct rig r = rig_new(NULL, 1, 0);
        struct hinic_eqe e;
        struct hinic_eth_cpl c;
        struct host_pkt p;
        const enum hinic_ethq_err want[] = { HINIC_ETHQ_BAD_FLAGS, HINIC_ETHQ_BAD_LEN,
                                             HINIC_ETHQ_DMA, HINIC_ETHQ_DMA };

        host_ip(&p, false, true, 10, -1);
        host_rx(r.o, &r.rx[0], kind == 2 ? 16 : r.buf, kind == 1 ? 63 : 2048, 1);
        host_rx(r.o, &r.rx[0], r.buf, 2048, 2);
        if (kind == 0) {
            ((struct hinic_rx_desc *)host_ptr(r.o, r.rx[0].desc, 16))->rsv = 1;
        }
        if (kind == 3) {
            r.o->hole_from = r.rx[0].desc;
            r.o->hole_to = r.rx[0].desc + 32;
        }
        host_ring(r.o, &r.rx[0]);
        host_idle(r.o);
        (void)deliver(&r, &p, &c);
        CHECK(host_aeqe(r.o, &e));
        CHECK_EQ(e.type, HINIC_EQE_ETHQ_ERR);
        CHECK_EQ(e.id, 1 << 8);
        CHECK_EQ(e.data, want[kind]);
        if (kind == 2) { /* the completion of a frame that did not arrive says so */
            CHECK(c.flags & HINIC_CPL_ERR);
            CHECK_EQ(c.hash, HINIC_ETHQ_DMA);
        }
        CHECK_EQ(deliver(&r, &p, &c), 0);
        CHECK_EQ(host_counter(r.o, HINIC_CNT_RX_QUEUE_ERR), 1);
        r.o->hole_to = 0;
        CHECK_EQ(host_destroy(r.o, &r.rx[0]), HINIC_AQ_OK);
        CHECK_EQ(host_queue(r.o, &r.rx[0], 0, true, 8, 1), HINIC_AQ_OK);
        post(&r, 0, 1, 2048);
        CHECK_EQ(deliver(&r, &p, &c), 1);
        CHECK_EQ(c.len, p.len);
        host_free(r.o);
    }
}

/* The engine holds a frame for a queue that is destroyed: it is dropped, the next one goes on. */
static void destroy_while_waiting(void)
{
    struct vdc_hinic_cfg cfg = vdc_hinic_cfg_default();
    struct host_pkt p;

    cfg.timing.t_pcie_dn = 50 * VTIME_PS_PER_US;
    for (uint32_t step = 0; step < 100; step += 7) {
        struct rig r = rig_new(&cfg, 1, 0);

        host_ip(&p, false, true, 10, -1);
        for (uint32_t i = 0; i < 20; i++) {
            host_rx(r.o, &r.rx[0], r.buf + i * 2048, 2048, i);
        }
        host_ring(r.o, &r.rx[0]);
        for (uint32_t i = 0; i < 5; i++) {
            host_frame_in(r.o, r.o->now + 1000000 + i * 1000000, p.b, p.len);
        }
        host_run(r.o, r.o->now + step * VTIME_PS_PER_US);
        CHECK_EQ(host_destroy(r.o, &r.rx[0]), HINIC_AQ_OK);
        host_idle(r.o);
        CHECK_EQ(host_counter(r.o, HINIC_CNT_RX_FRAMES) + host_counter(r.o, HINIC_CNT_RX_DISCARDS),
                 5);
        host_free(r.o);
    }
}

static const struct tap_case cases[] = {
    { "last bit to interrupt is the sum of the configured terms", timing },
    { "chains of buffers of every size", chains },
    { "MAC and VLAN filters", filters },
    { "VLAN strip", vlan_strip },
    { "checksums are validated", checksums },
    { "RSS spreads flows by the table", rss_spread },
    { "each drop has its reason", drops },
    { "a slow bus fills the receive memory", slow_bus },
    { "many small writes on a slow bus", many_writes },
    { "descriptors on their way are waited for", late_descriptors },
    { "bad descriptors stop the queue", bad_descriptors },
    { "destroy while the engine waits", destroy_while_waiting },
};

TAP_MAIN(cases)
