/* SPDX-License-Identifier: MIT */
/* DMA rings: times of reads and writes under load, order, independence of the directions. */
#include "host.h"
#include "state.h"
#include "tap.h"

#include <stdlib.h>

/* Reads of 1000 bytes issued together: memory at t_pcie_up, completions one bus time apart. */
static void reads(void)
{
    struct host *o = host_new(NULL);
    const vtime_t bus = 1000 * 8000 / 256;

    host_enable(o);
    host_idle(o);
    o->trace = calloc(1, HOST_TRACE);
    for (uint32_t i = 0; i < 3; i++) {
        const struct rd_op op = {
            .kind = RD_DESC, .addr = HOST_BASE + i, .dst = o->h->lay.desc, .len = 1000
        };

        vdc_hinic_dma_read(o->h, o->now, &op);
    }
    CHECK_EQ(vdc_hinic_rd_room(o->h), RD_N - 3);
    for (uint32_t i = 0; i < 4; i++) {
        const vtime_t want = i == 0   ? o->now + 250000
                             : i == 1 ? o->now + bus + 250000
                                      : o->now + bus;

        CHECK_EQ(vdc_hinic_next(o->h), want);
        host_run(o, vdc_hinic_next(o->h));
        CHECK_EQ(vdc_hinic_rd_room(o->h), RD_N - 3 + i);
    }
    CHECK_EQ(vdc_hinic_next(o->h), VTIME_NEVER);
    CHECK_EQ(o->n_dma_read, 3);
    host_free(o);
}

/* Writes: visible in order, each after its own time on the bus and t_pcie_up. */
static void writes(void)
{
    struct host *o = host_new(NULL);
    static const uint32_t lens[] = { 64, 1, 16, 33, 64 };
    vtime_t t;

    host_enable(o);
    host_idle(o);
    t = o->now;
    for (uint32_t i = 0; i < 5; i++) {
        struct wr_op op = { .kind = WR_AQ_MBOX, .addr = HOST_BASE + i * 64, .len = lens[i] };

        memset(op.inl, (int)(i + 1), sizeof(op.inl));
        CHECK(vdc_hinic_dma_write(o->h, o->now, &op));
    }
    for (uint32_t i = 0; i < 5; i++) {
        t += ((uint64_t)lens[i] * 8000 + 255) / 256;
        CHECK_EQ(vdc_hinic_next(o->h), t + 250000);
        host_run(o, t + 250000);
        CHECK_EQ(*(uint8_t *)host_ptr(o, HOST_BASE + i * 64, 1), i + 1);
        CHECK_EQ(vdc_hinic_wr_room(o->h), WR_N - 4 + i);
    }
    host_free(o);
}

/* Reads do not wait for writes, nor writes for reads; a read at the time of a write sees it. */
static void both(void)
{
    struct host *o = host_new(NULL);
    struct wr_op w = { .kind = WR_AQ_MBOX, .addr = HOST_BASE, .len = 64 };
    const struct rd_op r = { .kind = RD_DESC, .addr = HOST_BASE, .dst = 0, .len = 16 };
    struct rd_op op = r;
    vtime_t t0;

    host_enable(o);
    host_idle(o);
    op.dst = o->h->lay.desc;
    t0 = o->now;
    memset(w.inl, 0x77, sizeof(w.inl));
    CHECK(vdc_hinic_dma_write(o->h, t0, &w)); /* visible at t0 + 2000 + 250000 */
    vdc_hinic_dma_read(o->h, t0, &op);        /* too early */
    vdc_hinic_dma_read(o->h, t0 + 2000, &op); /* at the same instant */
    host_run(o, t0 + 250000);
    CHECK_EQ(*(uint8_t *)vdc_hinic_at(o->h, op.dst), 0);
    host_run(o, t0 + 252000);
    CHECK_EQ(*(uint8_t *)vdc_hinic_at(o->h, op.dst), 0x77);
    host_free(o);
}

/* A full ring of writes is an internal error, not an overflow. */
static void full(void)
{
    struct host *o = host_new(NULL);
    const struct wr_op w = { .kind = WR_AQ_MBOX, .addr = HOST_BASE, .len = 64 };

    host_enable(o);
    host_idle(o);
    for (uint32_t i = 0; i < WR_N; i++) {
        CHECK(vdc_hinic_dma_write(o->h, o->now, &w));
    }
    CHECK(!vdc_hinic_dma_write(o->h, o->now, &w));
    host_idle(o);
    CHECK_EQ(HINIC_DEV_STATUS_CODE(host_read(o, HINIC_R_DEV_STATUS, 4)), HINIC_FATAL_INTERNAL);
    host_free(o);
}

static const struct tap_case cases[] = {
    { "reads", reads },
    { "writes", writes },
    { "both directions", both },
    { "full ring of writes", full },
};

TAP_MAIN(cases)
