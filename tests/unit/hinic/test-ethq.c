/* SPDX-License-Identifier: MIT */
/* Descriptor fetch: batches, their limits, over every wrap; completion order. */
#include "host.h"
#include "state.h"
#include "tap.h"

/* Reads of a descriptor ring, as the host saw them. */
struct seen {
    struct host *o;
    struct vdc_hinic_env real;
    uint64_t ring;
    uint32_t n, n_desc, largest;
};

static int dma_read(void *ctx, uint64_t addr, void *buf, uint32_t len)
{
    struct seen *s = ctx;

    if (addr >= s->ring && addr < s->ring + 65536) {
        CHECK_EQ(addr / 4096, (addr + len - 1) / 4096); /* never over a page */
        CHECK_EQ(len % 16, 0);
        s->n++;
        s->n_desc += len / 16;
        s->largest = len / 16 > s->largest ? len / 16 : s->largest;
    }
    return s->real.dma_read(s->real.ctx, addr, buf, len);
}

static int dma_write(void *ctx, uint64_t addr, const void *buf, uint32_t len)
{
    struct seen *s = ctx;

    return s->real.dma_write(s->real.ctx, addr, buf, len);
}

static void msi(void *ctx, uint32_t vector)
{
    struct seen *s = ctx;

    s->real.msi(s->real.ctx, vector);
}

static void frame(void *ctx, const struct vdc_msg *m, const void *bytes)
{
    struct seen *s = ctx;

    s->real.frame(s->real.ctx, m, bytes);
}

/* Posts in lumps of `lump`; every descriptor is fetched once, in batches of at most 32. */
static void batches(void)
{
    for (uint32_t lump = 1; lump <= 1024; lump = lump * 3 + 1) {
        struct host *o = host_new(NULL);
        struct seen s = { .o = o, .real = o->env };
        struct host_queue tx;
        struct hinic_eth_cpl c;
        uint32_t sent = 0;
        uint32_t n = 0;

        host_start(o);
        CHECK_EQ(host_queue(o, &tx, 0, false, 10, 1), HINIC_AQ_OK);
        s.ring = tx.desc;
        o->env = (struct vdc_hinic_env){
            .ctx = &s, .dma_read = dma_read, .dma_write = dma_write, .msi = msi, .frame = frame
        };
        while (sent < 3000) {
            for (uint32_t i = 0; i < lump; i++) {
                host_tx(o, &tx, HOST_BASE, 60 + (sent & 511), HINIC_TXD_EOP);
                sent++;
            }
            host_ring(o, &tx);
            host_ci(o, &tx);
            host_idle(o);
            while (host_cpl(o, &tx, &c)) {
                CHECK_EQ(c.id, n & 1023);
                CHECK_EQ(c.len, 60 + (n & 511));
                n++;
            }
        }
        CHECK_EQ(n, sent);
        CHECK_EQ(s.n_desc, sent);
        CHECK_EQ(s.largest, lump < 32 ? lump : 32);
        host_free(o);
    }
}

/* The free-running index wraps at 2^16 with the phase of the completions right. */
static void wrap(void)
{
    struct host *o = host_new(NULL);
    struct host_queue rx;
    struct hinic_eth_cpl c;
    struct host_pkt p;
    uint32_t n = 0;

    host_start(o);
    CHECK_EQ(host_queue(o, &rx, 0, true, 12, 1), HINIC_AQ_OK);
    host_ip(&p, false, true, 10, -1);
    for (uint32_t round = 0; round < 18; round++) {
        while ((uint16_t)(rx.pi - rx.ci) < 4096) {
            host_rx(o, &rx, HOST_BASE, 2048, rx.pi);
        }
        host_ring(o, &rx);
        host_ci(o, &rx);
        host_idle(o);
        for (uint32_t i = 0; i < 4096; i++) {
            host_frame_in(o, o->now + 1000000 + i * 100000, p.b, p.len);
        }
        host_idle(o);
        while (host_cpl(o, &rx, &c)) {
            CHECK_EQ(c.id, n & 65535);
            n++;
        }
    }
    CHECK_EQ(n, 18 * 4096);
    CHECK_EQ(host_counter(o, HINIC_CNT_RX_DISCARDS), 0);
    host_free(o);
}

static const struct tap_case cases[] = {
    { "batches", batches },
    { "wrap of the index", wrap },
};

TAP_MAIN(cases)
