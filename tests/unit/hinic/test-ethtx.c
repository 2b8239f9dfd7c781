/* SPDX-License-Identifier: MIT */
/* Transmit: times to the ps, order, several descriptors, errors of every kind, fairness. */
#include "host.h"
#include "tap.h"

struct rig {
    struct host *o;
    struct host_queue tx[4];
    uint64_t buf;
};

static struct rig rig_new(const struct vdc_hinic_cfg *cfg, uint32_t n, uint32_t offload)
{
    struct rig r = { .o = host_new(cfg) };

    host_start(r.o);
    for (uint32_t q = 0; q < n; q++) {
        CHECK_EQ(host_queue(r.o, &r.tx[q], q, false, 8, 1 + q), HINIC_AQ_OK);
    }
    CHECK_EQ(host_offload(r.o, offload), HINIC_AQ_OK);
    r.buf = host_alloc(r.o, 1 << 20, 4096);
    host_idle(r.o);
    return r;
}

static uint64_t put(struct rig *r, const struct host_pkt *p, uint64_t at)
{
    memcpy(host_ptr(r->o, r->buf + at, p->len), p->b, p->len);
    return r->buf + at;
}

static uint64_t bus(const struct vdc_hinic_cfg *c, uint32_t len)
{
    return ((uint64_t)len * 8000 + c->pcie_gbps - 1) / c->pcie_gbps;
}

/* Doorbell to arrival of one frame, from the configuration alone. */
static uint64_t closed_form(const struct vdc_hinic_cfg *c, uint32_t len)
{
    const struct vdc_hinic_timing *t = &c->timing;
    const uint32_t wire = (len < c->link.min_frame ? c->link.min_frame : len) +
                          c->link.wire_overhead;

    return t->t_db + 2 * (t->t_pcie_up + t->t_pcie_dn) + bus(c, 16) + bus(c, len) + t->t_tx +
           wire * UINT64_C(8000000000000) / c->link.rate_bps + c->link.latency_ps;
}

static uint64_t measure(const struct vdc_hinic_cfg *cfg, uint32_t len)
{
    struct rig r = rig_new(cfg, 1, 0);
    const vtime_t t0 = r.o->now;
    uint64_t took;

    host_tx(r.o, &r.tx[0], r.buf, len, HINIC_TXD_EOP);
    host_ring(r.o, &r.tx[0]);
    host_idle(r.o);
    CHECK_EQ(r.o->n_frame, 1);
    took = r.o->frame[0].m.t + r.o->epoch - t0;
    host_free(r.o);
    return took;
}

static void timing(void)
{
    const struct vdc_hinic_cfg base = vdc_hinic_cfg_default();

    for (uint32_t len = 14; len <= 4214; len += 300) {
        CHECK_EQ(measure(&base, len), closed_form(&base, len));
    }
    for (uint32_t i = 0; i < 7; i++) {
        struct vdc_hinic_cfg c = base;
        uint64_t *const field[] = { &c.timing.t_db, &c.timing.t_pcie_up, &c.timing.t_pcie_dn,
                                    &c.timing.t_tx, &c.link.latency_ps,  &c.timing.t_rx,
                                    &c.timing.t_aq };
        const uint64_t factor[] = { 1, 2, 2, 1, 1, 0, 0 };

        *field[i] += 12345000;
        CHECK_EQ(measure(&c, 1000), closed_form(&base, 1000) + factor[i] * 12345000);
    }
    {
        struct vdc_hinic_cfg c = base;

        c.pcie_gbps = 3;
        c.link.rate_bps = UINT64_C(7000000000);
        CHECK_EQ(measure(&c, 777), closed_form(&c, 777));
    }
}

static void bytes_and_completion(void)
{
    struct rig r = rig_new(NULL, 1, 0);
    struct host_pkt p;
    struct hinic_eth_cpl c;

    host_ip(&p, false, true, 100, -1);
    host_tx(r.o, &r.tx[0], put(&r, &p, 100), p.len, HINIC_TXD_EOP | HINIC_TXD_INT);
    host_tx(r.o, &r.tx[0], put(&r, &p, 5000), 14, HINIC_TXD_EOP);
    host_ring(r.o, &r.tx[0]);
    host_arm(r.o, &r.tx[0]);
    host_idle(r.o);
    CHECK_EQ(r.o->n_frame, 2);
    CHECK_EQ(r.o->frame[0].m.len, p.len);
    CHECK(memcmp(r.o->frame[0].bytes, p.b, p.len) == 0);
    CHECK_EQ(r.o->frame[1].m.len, 60); /* padded with zeroes */
    CHECK(memcmp(r.o->frame[1].bytes, p.b, 14) == 0);
    CHECK_EQ(r.o->frame[1].bytes[14], 0);
    CHECK_EQ(r.o->frame[1].bytes[59], 0);
    CHECK_EQ(r.o->frame[1].m.depart - r.o->frame[0].m.depart, 20000); /* the engine, not the wire */
    CHECK(host_cpl(r.o, &r.tx[0], &c));
    CHECK_EQ(c.len, p.len);
    CHECK_EQ(c.id, 0);
    CHECK_EQ(c.flags, HINIC_CPL_EOP | HINIC_CPL_PHASE);
    CHECK_EQ(c.timestamp, (uint32_t)(r.o->frame[0].m.depart / 1000));
    CHECK(host_cpl(r.o, &r.tx[0], &c));
    CHECK_EQ(c.id, 1);
    CHECK(!host_cpl(r.o, &r.tx[0], &c));
    CHECK_EQ(r.o->n_msi[1], 1);
    host_free(r.o);
}

/* A packet cut into descriptors at every place is the same frame. */
static void many_descriptors(void)
{
    struct rig r = rig_new(NULL, 1, 0);
    struct host_pkt p;
    uint32_t n = 0;

    host_ip(&p, true, false, 3000, -1);
    for (uint32_t cut = 1; cut < p.len; cut += 97) {
        host_tx(r.o, &r.tx[0], put(&r, &p, 4090), cut, 0);
        host_tx(r.o, &r.tx[0], put(&r, &p, 4090) + cut, p.len - cut, HINIC_TXD_EOP);
        n++;
    }
    for (uint32_t i = 0; i < HINIC_TX_DESC_PER_PKT; i++) {
        host_tx(r.o, &r.tx[0], put(&r, &p, 4090) + i * 3,
                i + 1 < HINIC_TX_DESC_PER_PKT ? 3 : p.len - i * 3,
                i + 1 < HINIC_TX_DESC_PER_PKT ? 0 : HINIC_TXD_EOP);
    }
    host_ring(r.o, &r.tx[0]);
    host_idle(r.o);
    CHECK_EQ(r.o->n_frame, n + 1);
    for (uint32_t i = 0; i < r.o->n_frame_kept; i++) {
        CHECK_EQ(r.o->frame[i].m.len, p.len);
        CHECK(memcmp(r.o->frame[i].bytes, p.b, p.len) == 0);
    }
    host_free(r.o);
}

/* Thousands of packets over the wrap of every index: in order, gaps of exactly the wire time. */
static void long_run(void)
{
    struct rig r = rig_new(NULL, 1, 0);
    struct hinic_eth_cpl c;
    uint32_t sent = 0;
    uint32_t seen = 0;

    for (uint32_t i = 0; i < 256; i++) {
        memset(host_ptr(r.o, r.buf + i * 2048, 2048), (int)i, 2048);
    }
    while (seen < 70000) {
        while (sent - seen < 256 && sent < 70000) {
            host_tx(r.o, &r.tx[0], r.buf + (sent & 255) * 2048, 200, HINIC_TXD_EOP);
            sent++;
        }
        host_ring(r.o, &r.tx[0]);
        host_ci(r.o, &r.tx[0]);
        host_idle(r.o);
        while (host_cpl(r.o, &r.tx[0], &c)) {
            CHECK_EQ(c.id, seen & 255);
            seen++;
        }
    }
    CHECK_EQ(r.o->n_frame, 70000);
    for (uint32_t i = 0; i < r.o->n_frame_kept; i++) {
        CHECK_EQ(r.o->frame[i].bytes[13], i & 255);
        if (i % 256 !=
            0) { /* within one burst the link never idles: 224 bytes at 80 ps, engine 20 ns */
            CHECK_EQ(r.o->frame[i].m.depart - r.o->frame[i - 1].m.depart, 20000);
        }
    }
    CHECK_EQ(host_counter(r.o, HINIC_CNT_TX_FRAMES), 70000);
    CHECK_EQ(host_counter(r.o, HINIC_CNT_TX_BYTES), 70000 * 200);
    CHECK_EQ(host_counter(r.o, HINIC_CNT_GUEST_ERRORS), 0);
    host_free(r.o);
}

/* Big frames back to back fill a 100 Gb/s link although each needs two round trips. */
static void line_rate(void)
{
    struct rig r = rig_new(NULL, 1, 0);

    for (uint32_t i = 0; i < 200; i++) {
        host_tx(r.o, &r.tx[0], r.buf, 4114, HINIC_TXD_EOP);
    }
    host_ring(r.o, &r.tx[0]);
    host_idle(r.o);
    CHECK_EQ(r.o->n_frame, 200);
    CHECK_EQ(r.o->frame[199].m.depart - r.o->frame[20].m.depart, 179 * UINT64_C(4138) * 80);
    host_free(r.o);
}

static void round_robin(void)
{
    struct rig r = rig_new(NULL, 4, 0);

    for (uint32_t q = 0; q < 4; q++) {
        uint8_t *b = host_ptr(r.o, r.buf + q * 4096, 4096);

        memset(b, (int)q, 4096);
        for (uint32_t i = 0; i < 200; i++) {
            host_tx(r.o, &r.tx[q], r.buf + q * 4096, 1500, HINIC_TXD_EOP);
        }
    }
    for (uint32_t q = 0; q < 4; q++) {
        host_ring(r.o, &r.tx[q]);
    }
    host_idle(r.o);
    CHECK_EQ(r.o->n_frame, 800);
    for (uint32_t i = 100; i < 700; i++) { /* once all have data */
        CHECK_EQ(r.o->frame[i].bytes[20], (r.o->frame[i - 1].bytes[20] + 1) % 4);
    }
    host_free(r.o);
}

/* ---- errors ---- */

struct bad {
    const char *name;
    uint32_t len, flags, mss;
    enum hinic_ethq_err err;
};

static const struct bad bads[] = {
    { "reserved flag", 100, HINIC_TXD_EOP | 0x40, 0, HINIC_ETHQ_BAD_FLAGS },
    { "reserved top flag", 100, HINIC_TXD_EOP | 0x8000, 0, HINIC_ETHQ_BAD_FLAGS },
    { "IP checksum off", 100, HINIC_TXD_EOP | HINIC_TXD_IP_CSUM, 0, HINIC_ETHQ_BAD_FLAGS },
    { "L4 checksum off", 100, HINIC_TXD_EOP | HINIC_TXD_L4_CSUM, 0, HINIC_ETHQ_BAD_FLAGS },
    { "VLAN off", 100, HINIC_TXD_EOP | HINIC_TXD_VLAN, 0, HINIC_ETHQ_BAD_FLAGS },
    { "zero length", 0, HINIC_TXD_EOP, 0, HINIC_ETHQ_BAD_LEN },
    { "too short", 13, HINIC_TXD_EOP, 0, HINIC_ETHQ_BAD_LEN },
    { "too long", 9023, HINIC_TXD_EOP, 0, HINIC_ETHQ_BAD_LEN },
    { "mss too small", 100, HINIC_TXD_EOP | HINIC_TXD_TSO, 63, HINIC_ETHQ_BAD_MSS },
    { "mss too large", 100, HINIC_TXD_EOP | HINIC_TXD_TSO, 9001, HINIC_ETHQ_BAD_MSS },
    { "TSO of no TCP", 100, HINIC_TXD_EOP | HINIC_TXD_TSO, 1000, HINIC_ETHQ_BAD_HDR },
    { "payload in a hole", 200, HINIC_TXD_EOP, 0, HINIC_ETHQ_DMA },
};

/* Good packets before the bad one go out and complete; nothing behind it does; the other queue is
 * not touched. */
static void bad_descriptors(void)
{
    for (size_t i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
        struct rig r = rig_new(NULL, 2, HINIC_OFFLOAD_TSO);
        const struct bad *b = &bads[i];
        struct hinic_eth_cpl c;
        struct hinic_eqe e;

        host_tx(r.o, &r.tx[0], r.buf, 300, HINIC_TXD_EOP);
        host_tx(r.o, &r.tx[0], r.buf, 301, HINIC_TXD_EOP);
        host_tx_desc(
            r.o, &r.tx[0],
            (struct hinic_tx_desc){ .addr = b->err == HINIC_ETHQ_DMA ? UINT64_C(1) << 60 : r.buf,
                                    .len = (uint16_t)b->len,
                                    .flags = (uint16_t)b->flags,
                                    .mss = (uint16_t)b->mss });
        host_tx(r.o, &r.tx[0], r.buf, 302, HINIC_TXD_EOP);
        host_tx(r.o, &r.tx[1], r.buf, 400, HINIC_TXD_EOP);
        host_ring(r.o, &r.tx[0]);
        host_ring(r.o, &r.tx[1]);
        host_arm(r.o, &r.tx[0]);
        host_idle(r.o);
        CHECK_EQ(r.o->n_frame, 3);
        CHECK(host_cpl(r.o, &r.tx[0], &c) && c.len == 300);
        CHECK(host_cpl(r.o, &r.tx[0], &c) && c.len == 301);
        CHECK(host_cpl(r.o, &r.tx[0], &c));
        CHECK_EQ(c.flags, HINIC_CPL_ERR | HINIC_CPL_EOP | HINIC_CPL_PHASE);
        CHECK_EQ(c.hash, b->err);
        CHECK_EQ(c.id, 2);
        CHECK(!host_cpl(r.o, &r.tx[0], &c));
        CHECK_EQ(r.o->n_msi[1], 1);
        CHECK(host_aeqe(r.o, &e));
        CHECK_EQ(e.type, HINIC_EQE_ETHQ_ERR);
        CHECK_EQ(e.id, 0);
        CHECK_EQ(e.data, b->err);
        CHECK_EQ(host_counter(r.o, HINIC_CNT_TX_QUEUE_ERR), 1);
        /* Stopped until it is made anew. */
        host_tx(r.o, &r.tx[0], r.buf, 303, HINIC_TXD_EOP);
        host_ring(r.o, &r.tx[0]);
        host_idle(r.o);
        CHECK_EQ(r.o->n_frame, 3);
        CHECK_EQ(host_destroy(r.o, &r.tx[0]), HINIC_AQ_OK);
        CHECK_EQ(host_queue(r.o, &r.tx[0], 0, false, 8, 1), HINIC_AQ_OK);
        host_tx(r.o, &r.tx[0], r.buf, 304, HINIC_TXD_EOP);
        host_ring(r.o, &r.tx[0]);
        host_idle(r.o);
        CHECK_EQ(r.o->n_frame, 4);
        CHECK(host_cpl(r.o, &r.tx[0], &c) && c.len == 304);
        if (tap_failed) {
            printf("# case: %s\n", b->name);
        }
        host_free(r.o);
    }
}

static void no_end(void)
{
    struct rig r = rig_new(NULL, 1, 0);
    struct hinic_eth_cpl c;

    for (uint32_t i = 0; i < HINIC_TX_DESC_PER_PKT; i++) {
        host_tx(r.o, &r.tx[0], r.buf, 20, 0);
    }
    host_ring(r.o, &r.tx[0]);
    host_idle(r.o);
    CHECK(!host_cpl(r.o, &r.tx[0], &c)); /* one more could end it */
    host_tx(r.o, &r.tx[0], r.buf, 20, HINIC_TXD_EOP);
    host_ring(r.o, &r.tx[0]);
    host_idle(r.o);
    CHECK(host_cpl(r.o, &r.tx[0], &c));
    CHECK_EQ(c.hash, HINIC_ETHQ_TOO_MANY_DESC);
    CHECK_EQ(r.o->n_frame, 0);
    host_free(r.o);
}

static void ring_in_hole(void)
{
    struct rig r = rig_new(NULL, 1, 0);
    struct hinic_eth_cpl c;

    host_tx(r.o, &r.tx[0], r.buf, 100, HINIC_TXD_EOP);
    host_ring(r.o, &r.tx[0]);
    host_idle(r.o);
    r.o->hole_from = r.tx[0].desc;
    r.o->hole_to = r.tx[0].desc + 4096;
    host_tx(r.o, &r.tx[0], r.buf, 100, HINIC_TXD_EOP);
    host_ring(r.o, &r.tx[0]);
    host_idle(r.o);
    CHECK(host_cpl(r.o, &r.tx[0], &c) && !(c.flags & HINIC_CPL_ERR));
    CHECK(host_cpl(r.o, &r.tx[0], &c));
    CHECK_EQ(c.hash, HINIC_ETHQ_DMA);
    CHECK_EQ(c.id, 1);
    host_free(r.o);
}

static void completion_in_hole(void)
{
    struct rig r = rig_new(NULL, 1, 0);
    struct hinic_eqe e;

    r.o->hole_from = r.tx[0].cpl;
    r.o->hole_to = r.tx[0].cpl + 4096;
    host_tx(r.o, &r.tx[0], r.buf, 100, HINIC_TXD_EOP);
    host_ring(r.o, &r.tx[0]);
    host_idle(r.o);
    CHECK(host_aeqe(r.o, &e));
    CHECK_EQ(e.type, HINIC_EQE_ETHQ_ERR);
    CHECK_EQ(e.data, HINIC_ETHQ_DMA);
    CHECK_EQ(host_read(r.o, HINIC_R_DEV_STATUS, 4) & HINIC_DEV_STATUS_FATAL, 0);
    host_free(r.o);
}

/* A full completion ring holds the queue; the consumer index lets it go on, without loss. */
static void full_completions(void)
{
    struct rig r = rig_new(NULL, 0, 0);
    struct hinic_eth_cpl c;
    uint32_t n = 0;

    CHECK_EQ(host_queue(r.o, &r.tx[0], 0, false, 4, 1), HINIC_AQ_OK);
    for (uint32_t i = 0; i < 16; i++) {
        host_tx(r.o, &r.tx[0], r.buf, 100 + i, HINIC_TXD_EOP);
    }
    host_ring(r.o, &r.tx[0]);
    host_idle(r.o);
    for (uint32_t i = 0; i < 16; i++) { /* all 16 are complete, none consumed */
        host_tx(r.o, &r.tx[0], r.buf, 200 + i, HINIC_TXD_EOP);
    }
    host_ring(r.o, &r.tx[0]);
    host_idle(r.o);
    CHECK_EQ(r.o->n_frame, 16);
    while (host_cpl(r.o, &r.tx[0], &c)) {
        CHECK_EQ(c.len, 100 + n);
        n++;
    }
    CHECK_EQ(n, 16);
    host_ci(r.o, &r.tx[0]);
    host_idle(r.o);
    CHECK_EQ(r.o->n_frame, 32);
    while (host_cpl(r.o, &r.tx[0], &c)) {
        CHECK_EQ(c.len, 200 + n - 16);
        n++;
    }
    CHECK_EQ(n, 32);
    host_free(r.o);
}

static void link_down_and_giant(void)
{
    struct vdc_hinic_cfg cfg = vdc_hinic_cfg_default();
    struct host_queue k;
    struct host *o = host_new(&cfg);
    struct hinic_eth_cpl c;
    uint64_t buf;

    host_enable(o);
    CHECK_EQ(host_queue(o, &k, 0, false, 4, 1), HINIC_AQ_OK);
    buf = host_alloc(o, 16384, 4096);
    host_tx(o, &k, buf, 100, HINIC_TXD_EOP); /* before READY */
    host_ring(o, &k);
    host_idle(o);
    CHECK(host_cpl(o, &k, &c) && !(c.flags & HINIC_CPL_ERR));
    CHECK_EQ(o->n_frame, 0);
    CHECK_EQ(host_counter(o, HINIC_CNT_TX_LINK_DOWN), 1);
    host_ready(o);
    host_tx(o, &k, buf, 4200 + 15, HINIC_TXD_EOP);
    host_tx(o, &k, buf, 4200 + 14, HINIC_TXD_EOP);
    host_ring(o, &k);
    host_idle(o);
    CHECK_EQ(o->n_frame, 1);
    CHECK_EQ(host_counter(o, HINIC_CNT_TX_GIANT), 1);
    CHECK_EQ(host_counter(o, HINIC_CNT_TX_DISCARDS), 2);
    host_free(o);
}

/* Destroy while data are in flight: no access afterwards, and the number can be used again at once.
 */
static void destroy_in_flight(void)
{
    for (uint32_t step = 0; step < 4000; step += 100) {
        struct rig r = rig_new(NULL, 2, 0);
        uint64_t n_access;

        for (uint32_t i = 0; i < 100; i++) {
            host_tx(r.o, &r.tx[0], r.buf, 4000, HINIC_TXD_EOP);
            host_tx(r.o, &r.tx[1], r.buf, 1000, HINIC_TXD_EOP);
        }
        host_ring(r.o, &r.tx[0]);
        host_ring(r.o, &r.tx[1]);
        host_run(r.o, r.o->now + step * 1000);
        CHECK_EQ(host_destroy(r.o, &r.tx[0]), HINIC_AQ_OK);
        CHECK_EQ(host_destroy(r.o, &r.tx[1]), HINIC_AQ_OK);
        n_access = r.o->n_dma_read + r.o->n_dma_write;
        host_idle(r.o);
        CHECK_EQ(r.o->n_dma_read + r.o->n_dma_write, n_access);
        CHECK_EQ(host_queue(r.o, &r.tx[0], 0, false, 8, 1), HINIC_AQ_OK);
        r.o->n_frame_kept = 0;
        host_tx(r.o, &r.tx[0], r.buf, 444, HINIC_TXD_EOP);
        host_ring(r.o, &r.tx[0]);
        host_idle(r.o);
        CHECK_EQ(r.o->n_frame_kept, 1);
        CHECK_EQ(r.o->frame[0].m.len, 444);
        host_free(r.o);
    }
}

/* Doorbells in any order within one instant give the same frames at the same times. */
static void doorbell_order(void)
{
    vtime_t depart[4][40];

    for (uint32_t perm = 0; perm < 4; perm++) {
        struct rig r = rig_new(NULL, 4, 0);

        for (uint32_t q = 0; q < 4; q++) {
            for (uint32_t i = 0; i < 10; i++) {
                host_tx(r.o, &r.tx[q], r.buf, 100 + q * 100 + i, HINIC_TXD_EOP);
            }
        }
        for (uint32_t i = 0; i < 4; i++) {
            host_ring(r.o, &r.tx[i ^ perm]);
        }
        host_idle(r.o);
        CHECK_EQ(r.o->n_frame, 40);
        for (uint32_t i = 0; i < 40; i++) {
            depart[perm][i] = r.o->frame[i].m.depart * 10000 + r.o->frame[i].m.len;
            CHECK_EQ(depart[perm][i], depart[0][i]);
        }
        host_free(r.o);
    }
}

static const struct tap_case cases[] = {
    { "doorbell to arrival is the sum of the configured terms", timing },
    { "bytes, padding and completion", bytes_and_completion },
    { "a packet of several descriptors is one frame", many_descriptors },
    { "70000 packets in order at the rate of the engine", long_run },
    { "big frames reach line rate", line_rate },
    { "queues take turns", round_robin },
    { "every bad descriptor stops its queue alone", bad_descriptors },
    { "a packet without end", no_end },
    { "descriptor ring in a hole", ring_in_hole },
    { "completion ring in a hole", completion_in_hole },
    { "a full completion ring holds the queue", full_completions },
    { "link down and giant frames are dropped, not stuck", link_down_and_giant },
    { "destroy with work in flight", destroy_in_flight },
    { "order of doorbells does not matter", doorbell_order },
};

TAP_MAIN(cases)
