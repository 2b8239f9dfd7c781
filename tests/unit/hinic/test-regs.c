/* SPDX-License-Identifier: MIT */
/* Registers: identity, access rules, enable and disable, clock. */
#include "host.h"
#include "tap.h"

static void identity(void)
{
    struct vdc_hinic_cfg cfg = vdc_hinic_cfg_default();
    struct host *o;

    cfg.n_nodes = 500;
    cfg.node = 321;
    o = host_new(&cfg);
    CHECK_EQ(host_read(o, HINIC_R_MAGIC, 4), HINIC_MAGIC);
    CHECK_EQ(host_read(o, HINIC_R_SPEC_VER, 4), 0x10000);
    CHECK_EQ(host_read(o, HINIC_R_NODE_ID, 4), 321);
    CHECK_EQ(host_read(o, HINIC_R_MAC, 8), UINT64_C(0x024843001411)); /* 321 * 16 + 1 */
    CHECK_EQ(host_read(o, HINIC_R_NODE_GUID, 8), UINT64_C(0x0248434149001410));
    CHECK_EQ(HINIC_LIMITS_PORTS(host_read(o, HINIC_R_LIMITS, 4)), 1);
    CHECK_EQ(HINIC_LIMITS_UARS(host_read(o, HINIC_R_LIMITS, 4)), 1024);
    CHECK_EQ(HINIC_LIMITS_VECTORS(host_read(o, HINIC_R_LIMITS, 4)), 16);
    CHECK_EQ(HINIC_ETH_LIMITS_QPAIRS(host_read(o, HINIC_R_ETH_LIMITS, 4)), 4);
    CHECK_EQ(host_read(o, HINIC_R_CAPS, 8),
             HINIC_CAP_ETH | HINIC_CAP_ROCEV2 | HINIC_CAP_RC | HINIC_CAP_UC | HINIC_CAP_UD |
                 HINIC_CAP_SRQ | HINIC_CAP_ATOMIC | HINIC_CAP_MW | HINIC_CAP_FRWR |
                 HINIC_CAP_TS_CQE | HINIC_CAP_DMABUF | HINIC_CAP_FLUSH | HINIC_CAP_ATOMIC_WRITE);
    CHECK_EQ(host_read(o, HINIC_R_CLOCK_HZ, 4), 1000000000);
    host_free(o);
    cfg.spec_ver = 0x20003;
    cfg.caps_mask = 0;
    o = host_new(&cfg);
    CHECK_EQ(host_read(o, HINIC_R_SPEC_VER, 4), 0x20003);
    CHECK_EQ(host_read(o, HINIC_R_CAPS, 8), 0);
    host_free(o);
}

static void accesses(void)
{
    struct host *o = host_new(NULL);
    uint32_t n = 0;

    host_write(o, HINIC_R_TEST, 4, 0x12345678);
    CHECK_EQ(host_read(o, HINIC_R_TEST, 4), 0xedcba987);
    host_write(o, HINIC_R_SCRATCH, 4, 0xcafe);
    CHECK_EQ(host_read(o, HINIC_R_SCRATCH, 4), 0xcafe);
    CHECK_EQ(host_read(o, HINIC_R_MAGIC, 8), HINIC_MAGIC | UINT64_C(0x10000) << 32);
    CHECK_EQ(host_read(o, HINIC_R_MAGIC, 1), 0);
    CHECK_EQ(host_read(o, HINIC_R_MAGIC, 2), 0);
    CHECK_EQ(host_read(o, HINIC_R_MAGIC + 2, 4), 0);
    CHECK_EQ(host_read(o, HINIC_R_MAGIC + 4, 8), 0);
    CHECK_EQ(host_read(o, HINIC_BAR0_SIZE, 4), 0);
    CHECK_EQ(host_read(o, UINT64_MAX - 7, 8), 0);
    CHECK_EQ(host_counter(o, HINIC_CNT_GUEST_ERRORS), 0);
    host_write(o, HINIC_R_SCRATCH, 2, 1);
    n++;
    CHECK_EQ(host_read(o, HINIC_R_LAST_GUEST_ERR, 4), HINIC_GERR_ACCESS);
    host_write(o, HINIC_R_SCRATCH + 1, 4, 1);
    n++;
    host_write(o, HINIC_R_MAGIC, 4, 1);
    n++;
    CHECK_EQ(host_read(o, HINIC_R_LAST_GUEST_ERR, 4), HINIC_GERR_REG);
    host_write(o, 0x3000, 8, 1);
    n += 2;
    host_write(o, HINIC_BAR0_SIZE, 4, 1);
    n++;
    CHECK_EQ(host_read(o, HINIC_R_GUEST_ERR_COUNT, 4), n);
    CHECK_EQ(host_read(o, HINIC_R_SCRATCH, 4), 0xcafe);
    /* Every offset can be read and written without harm while disabled. */
    for (uint32_t off = 0; off < HINIC_BAR0_SIZE; off += 4) {
        if (off != HINIC_R_DEV_CTRL) {
            (void)host_read(o, off, 4);
            host_write(o, off, 4, UINT32_MAX);
        }
    }
    host_idle(o);
    host_free(o);
}

/* Each wrong set-up refuses the enable; a right one is then accepted, and locked. */
static void enable(void)
{
    static const struct {
        uint64_t off, v;
    } bad[] = { { HINIC_R_AQ_DEPTH, 0 },       { HINIC_R_AQ_DEPTH, 9 },
                { HINIC_R_AEQ_DEPTH, 3 },      { HINIC_R_AEQ_DEPTH, 13 },
                { HINIC_R_AQ_SQ_BASE, 64 },    { HINIC_R_AQ_CQ_BASE, 0x100800 },
                { HINIC_R_AEQ_BASE, 0x101001 } };
    struct host *o = host_new(NULL);

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        host_write(o, HINIC_R_AQ_SQ_BASE, 8, UINT64_C(0x1234567000));
        host_write(o, HINIC_R_AQ_CQ_BASE, 4, 0x200000);
        host_write(o, HINIC_R_AQ_CQ_BASE + 4, 4, 7);
        host_write(o, HINIC_R_AEQ_BASE, 8, 0x300000);
        host_write(o, HINIC_R_AQ_DEPTH, 4, 8);
        host_write(o, HINIC_R_AEQ_DEPTH, 4, 12);
        CHECK_EQ(host_read(o, HINIC_R_AQ_SQ_BASE, 8), UINT64_C(0x1234567000));
        CHECK_EQ(host_read(o, HINIC_R_AQ_CQ_BASE, 8), UINT64_C(0x700200000));
        host_write(o, bad[i].off, 4, bad[i].v);
        host_write(o, HINIC_R_DEV_CTRL, 4, HINIC_DEV_CTRL_ENABLE);
        CHECK_EQ(host_read(o, HINIC_R_DEV_CTRL, 4), 0);
        CHECK_EQ(host_read(o, HINIC_R_DEV_STATUS, 4), 0);
        CHECK_EQ(host_read(o, HINIC_R_LAST_GUEST_ERR, 4), HINIC_GERR_ENABLE);
    }
    host_enable(o);
    CHECK_EQ(host_read(o, HINIC_R_DEV_CTRL, 4), HINIC_DEV_CTRL_ENABLE);
    CHECK_EQ(host_read(o, HINIC_R_DEV_STATUS, 4),
             HINIC_DEV_STATUS_RESET_DONE | HINIC_DEV_STATUS_READY);
    host_write(o, HINIC_R_AQ_DEPTH, 4, 1);
    CHECK_EQ(host_read(o, HINIC_R_LAST_GUEST_ERR, 4), HINIC_GERR_LOCKED);
    CHECK_EQ(host_read(o, HINIC_R_AQ_DEPTH, 4), o->log_aq);
    host_write(o, HINIC_R_DEV_CTRL, 4, 0);
    CHECK_EQ(host_read(o, HINIC_R_DEV_STATUS, 4) & HINIC_DEV_STATUS_READY, 0);
    CHECK_EQ(host_read(o, HINIC_R_AQ_SQ_BASE, 8), o->sq);
    host_free(o);
}

static void clock(void)
{
    struct host *o = host_new(NULL);
    const vtime_t epoch = 5 * VTIME_PS_PER_S;

    host_run(o, epoch);
    CHECK_EQ(host_read(o, HINIC_R_VCLOCK_NS, 8), 5000000000);
    CHECK_EQ(host_read(o, HINIC_R_VCLOCK_EPOCH, 4), 0);
    host_ready(o);
    CHECK_EQ(host_read(o, HINIC_R_VCLOCK_NS, 8), 0);
    CHECK_EQ(host_read(o, HINIC_R_VCLOCK_EPOCH, 4), 1);
    host_run(o, epoch + UINT64_C(0x1ffffffff) * 1000 + 999);
    CHECK_EQ(host_read(o, HINIC_R_VCLOCK_NS, 8), UINT64_C(0x1ffffffff));
    CHECK_EQ(host_read(o, HINIC_R_VCLOCK_NS, 4), 0xffffffff);
    host_run(o, o->now + 1); /* the carry falls between the halves: the latch holds */
    CHECK_EQ(host_read(o, HINIC_R_VCLOCK_NS + 4, 4), 1);
    CHECK_EQ(host_read(o, HINIC_R_CLOCK_PAGE, 8), UINT64_C(0x200000000));
    CHECK_EQ(host_read(o, HINIC_R_COUNTERS(0) + 8 * HINIC_CNT_VTIME_NS, 8), UINT64_C(0x200000000));
    host_free(o);
}

static void port(void)
{
    struct host *o = host_new(NULL);

    CHECK_EQ(host_read(o, HINIC_R_PORT(0) + HINIC_PORT_STATUS, 4) & 1, 0);
    CHECK_EQ(HINIC_PORT_STATUS_STATE(host_read(o, HINIC_R_PORT(0), 4)), HINIC_PORT_DOWN);
    host_start(o);
    CHECK_EQ(host_read(o, HINIC_R_PORT(0) + HINIC_PORT_STATUS, 4) & 1, 1);
    CHECK_EQ(HINIC_PORT_STATUS_STATE(host_read(o, HINIC_R_PORT(0), 4)), HINIC_PORT_ACTIVE);
    CHECK_EQ(HINIC_PORT_STATUS_PHYS(host_read(o, HINIC_R_PORT(0), 4)), HINIC_PHYS_LINK_UP);
    CHECK_EQ(host_read(o, HINIC_R_PORT(0) + HINIC_PORT_MBPS, 4), 100000);
    CHECK_EQ(host_read(o, HINIC_R_PORT(0) + HINIC_PORT_MTU, 4), 4200);
    CHECK_EQ(host_read(o, HINIC_R_PORT(0) + HINIC_PORT_CABLE_DELAY, 4), 500);
    host_free(o);
}

static const struct tap_case cases[] = {
    { "identity and limits", identity },
    { "access rules", accesses },
    { "enable checks the rings and locks them", enable },
    { "clock, its latch and its epoch", clock },
    { "port registers", port },
};

TAP_MAIN(cases)
