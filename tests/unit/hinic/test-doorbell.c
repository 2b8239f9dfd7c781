/* SPDX-License-Identifier: MIT */
/* Doorbells: what is ignored and counted, and that nothing happens before t_db. */
#include "host.h"
#include "tap.h"

struct bad {
    const char *name;
    uint64_t off, value;
    uint32_t size;
    uint32_t code;
};

static const struct bad bads[] = {
    { "4 bytes", HINIC_DB_ETH_TX, 0, 4, HINIC_GERR_DB },
    { "unaligned", HINIC_DB_ETH_TX + 4, 0, 8, HINIC_GERR_DB },
    { "unknown", HINIC_DB_END, 0, 8, HINIC_GERR_DB },
    { "inline push", 0x800, 0, 8, HINIC_GERR_DB },
    { "other page", HINIC_UAR_SIZE + HINIC_DB_ETH_TX, 0, 8, HINIC_GERR_DB },
    { "beyond the BAR", UINT64_C(1024) * HINIC_UAR_SIZE, 0, 8, HINIC_GERR_DB },
    { "no such queue", HINIC_DB_ETH_TX, 1, 8, HINIC_GERR_DB_OBJECT },
    { "queue out of range", HINIC_DB_ETH_RX, 255, 8, HINIC_GERR_DB_OBJECT },
    { "completion of no queue", HINIC_DB_ETH_CPL, 0x102, 8, HINIC_GERR_DB_OBJECT },
    { "no such EQ", HINIC_DB_EQ, 1, 8, HINIC_GERR_DB_OBJECT },
    { "AEQ is not rung here", HINIC_DB_EQ, 0, 8, HINIC_GERR_DB_OBJECT },
    { "TX index jump", HINIC_DB_ETH_TX, HINIC_DB_VAL(0, 17), 8, HINIC_GERR_DB_INDEX },
    { "TX index back", HINIC_DB_ETH_TX, HINIC_DB_VAL(0, 65535), 8, HINIC_GERR_DB_INDEX },
    { "RX index jump", HINIC_DB_ETH_RX, HINIC_DB_VAL(0, 17), 8, HINIC_GERR_DB_INDEX },
    { "completion index ahead", HINIC_DB_ETH_CPL, HINIC_DB_VAL(0, 1), 8, HINIC_GERR_DB_INDEX },
};

static void ignored(void)
{
    struct host *o = host_new(NULL);
    struct host_queue tx;
    struct host_queue rx;
    uint32_t n = 0;

    host_db(o, HINIC_DB_ETH_TX, 0); /* not enabled */
    CHECK_EQ(host_read(o, HINIC_R_GUEST_ERR_COUNT, 4), ++n);
    host_start(o);
    CHECK_EQ(host_queue(o, &tx, 0, false, 4, 1), HINIC_AQ_OK);
    CHECK_EQ(host_queue(o, &rx, 0, true, 4, 1), HINIC_AQ_OK);
    host_idle(o);
    for (size_t i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
        vdc_hinic_mmio_write(o->h, o->now, HINIC_BAR_DB, bads[i].off, bads[i].size, bads[i].value);
        host_idle(o);
        CHECK_EQ(host_read(o, HINIC_R_GUEST_ERR_COUNT, 4), ++n);
        CHECK_EQ(host_read(o, HINIC_R_LAST_GUEST_ERR, 4), bads[i].code);
        if (tap_failed) {
            printf("# case: %s\n", bads[i].name);
        }
    }
    CHECK_EQ(o->n_frame, 0);
    CHECK_EQ(vdc_hinic_mmio_read(o->h, o->now, HINIC_BAR_DB, 0, 8), 0);
    host_free(o);
}

/* Doorbells in one interval of t_db are one: the first sets the time, the last the index. */
static void coalesced(void)
{
    struct host *o = host_new(NULL);
    struct host_queue tx;
    uint64_t n;
    vtime_t t0;

    host_start(o);
    CHECK_EQ(host_queue(o, &tx, 0, false, 4, 1), HINIC_AQ_OK);
    host_idle(o);
    n = o->n_dma_read;
    t0 = o->now;
    for (uint32_t i = 0; i < 8; i++) {
        host_tx(o, &tx, HOST_BASE, 60, HINIC_TXD_EOP);
        host_ring(o, &tx);
        CHECK_EQ(vdc_hinic_next(o->h), t0 + o->cfg.timing.t_db);
        host_run(o, o->now + 1000);
    }
    host_run(o, t0 + o->cfg.timing.t_db + o->cfg.timing.t_pcie_up - 1);
    CHECK_EQ(o->n_dma_read, n);
    host_run(o, o->now + 1);
    CHECK_EQ(o->n_dma_read, n + 1); /* one fetch of eight descriptors */
    host_idle(o);
    CHECK_EQ(o->n_frame, 8);
    host_free(o);
}

static const struct tap_case cases[] = {
    { "bad doorbells are ignored and counted", ignored },
    { "doorbells are gathered for t_db", coalesced },
};

TAP_MAIN(cases)
