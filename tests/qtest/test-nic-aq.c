/* SPDX-License-Identifier: MIT */
/* HiNIC in QEMU: admin commands, what they refuse, DMA that fails. */
#include <string.h>

#include "nicdrv.h"
#include "tap.h"

static struct nic nic;

static void test_query(void)
{
    struct hinic_aq_sqe sqe = { .opcode = HINIC_AQ_QUERY_DEV, .out_pa = NIC_MEM_OUT };
    struct hinic_mb_query_dev dev;

    nic_take_irq(&nic, 0);
    CHECK_EQ(nic_command(&nic, sqe), HINIC_AQ_OK);
    CHECK(nic_take_irq(&nic, 0));
    vdc_qtest_memread(nic.q, NIC_MEM_OUT, &dev, sizeof(dev));
    CHECK_EQ(dev.eth_qpairs, 4);
    CHECK_EQ(dev.caps, nic_readq(&nic, HINIC_R_CAPS));
    CHECK_EQ(dev.node_guid, nic_readq(&nic, HINIC_R_NODE_GUID));
}

static void test_refused(void)
{
    static const struct {
        const char *what;
        struct hinic_aq_sqe sqe;
        int status;
    } rows[] = {
        { "unknown opcode", { .opcode = 0xff }, HINIC_AQ_BAD_OP },
        { "reserved field",
          { .opcode = HINIC_AQ_QUERY_DEV, .rsv = 1, .out_pa = NIC_MEM_OUT },
          HINIC_AQ_BAD_PARAM },
        { "virtual function",
          { .opcode = HINIC_AQ_QUERY_DEV, .vf = 1, .out_pa = NIC_MEM_OUT },
          HINIC_AQ_BAD_PARAM },
        { "unaligned mailbox",
          { .opcode = HINIC_AQ_QUERY_DEV, .out_pa = NIC_MEM_OUT + 8 },
          HINIC_AQ_BAD_PARAM },
        { "port that does not exist",
          { .opcode = HINIC_AQ_QUERY_PORT, .port = 2, .out_pa = NIC_MEM_OUT },
          HINIC_AQ_BAD_PARAM },
        { "multicast address",
          { .opcode = HINIC_AQ_SET_MAC, .port = 1, .inl = { 1, 2, 3, 4, 5, 6 } },
          HINIC_AQ_BAD_PARAM },
        { "queue that does not exist",
          { .opcode = HINIC_AQ_DESTROY_Q, .port = 1 },
          HINIC_AQ_BAD_STATE },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int status = nic_command(&nic, rows[i].sqe);

        if (status != rows[i].status) {
            printf("# %s\n", rows[i].what);
        }
        CHECK_EQ(status, rows[i].status);
    }
    CHECK_EQ(nic_readl(&nic, HINIC_R_DEV_STATUS) & HINIC_DEV_STATUS_FATAL, 0);
}

static void test_mtu(void)
{
    struct hinic_mb_set_port mb = { .mask = HINIC_SET_PORT_MTU, .mtu = 1500 };
    struct hinic_aq_sqe query = { .opcode = HINIC_AQ_QUERY_PORT, .port = 1, .out_pa = NIC_MEM_OUT };
    struct hinic_mb_query_port port;

    CHECK_EQ(nic_command_in(&nic, HINIC_AQ_SET_PORT, 1, &mb, sizeof(mb)), HINIC_AQ_OK);
    CHECK_EQ(nic_command(&nic, query), HINIC_AQ_OK);
    vdc_qtest_memread(nic.q, NIC_MEM_OUT, &port, sizeof(port));
    CHECK_EQ(port.mtu, 1500);
    CHECK_EQ(port.mbps, 100000);
    mb.mtu = HINIC_MTU_MAX + 1;
    CHECK_EQ(nic_command_in(&nic, HINIC_AQ_SET_PORT, 1, &mb, sizeof(mb)), HINIC_AQ_LIMIT);
}

static void test_ring_wraps(void)
{
    struct hinic_aq_sqe sqe = { .opcode = HINIC_AQ_QUERY_DEV, .out_pa = NIC_MEM_OUT };

    for (unsigned i = 0; i < 40; i++) {
        CHECK_EQ(nic_command(&nic, sqe), HINIC_AQ_OK);
    }
}

/* Nothing but a status bit, and a reset cures it. */
static void check_fatal(uint64_t sq_base, const char *what)
{
    nic_writel(&nic, HINIC_R_DEV_CTRL, HINIC_DEV_CTRL_RESET);
    nic_enable(&nic);
    nic_writel(&nic, HINIC_R_DEV_CTRL, 0);
    nic_writeq(&nic, HINIC_R_AQ_SQ_BASE, sq_base);
    nic_writel(&nic, HINIC_R_DEV_CTRL, HINIC_DEV_CTRL_ENABLE);
    nic_writel(&nic, HINIC_R_AQ_DB, 1);
    vdc_qtest_step(nic.q, 20000);
    if (!(nic_readl(&nic, HINIC_R_DEV_STATUS) & HINIC_DEV_STATUS_FATAL)) {
        printf("# %s\n", what);
    }
    CHECK(nic_readl(&nic, HINIC_R_DEV_STATUS) & HINIC_DEV_STATUS_FATAL);
    CHECK_EQ(HINIC_DEV_STATUS_CODE(nic_readl(&nic, HINIC_R_DEV_STATUS)), HINIC_FATAL_AQ);
    nic_writel(&nic, HINIC_R_DEV_CTRL, HINIC_DEV_CTRL_RESET);
    CHECK_EQ(nic_readl(&nic, HINIC_R_DEV_STATUS) & HINIC_DEV_STATUS_FATAL, 0);
    nic_enable(&nic);
    test_query();
}

static void test_failed_dma(void)
{
    check_fatal(UINT64_C(0x80000000), "a hole in the memory map");
    check_fatal(nic.pci.bar[HINIC_BAR_REGS], "the device's own registers");
    check_fatal(nic.pci.bar[HINIC_BAR_DB], "the device's own doorbells");
}

static void test_bus_master_off(void)
{
    uint32_t command = vdc_qpci_config_readl(&nic.pci, 4) & 0xffffu;

    nic_writel(&nic, HINIC_R_DEV_CTRL, HINIC_DEV_CTRL_RESET);
    nic_enable(&nic);
    vdc_qpci_config_writel(&nic.pci, 4, command & ~4u);
    nic_writel(&nic, HINIC_R_AQ_DB, 1);
    vdc_qtest_step(nic.q, 20000);
    CHECK(nic_readl(&nic, HINIC_R_DEV_STATUS) & HINIC_DEV_STATUS_FATAL);
    vdc_qpci_config_writel(&nic.pci, 4, command);
    nic_writel(&nic, HINIC_R_DEV_CTRL, HINIC_DEV_CTRL_RESET);
    nic_enable(&nic);
    test_query();
}

int main(int argc, char **argv)
{
    static const struct tap_case cases[] = {
        { "QUERY_DEV, interrupt", test_query },
        { "refused commands", test_refused },
        { "SET_PORT, QUERY_PORT", test_mtu },
        { "the rings wrap", test_ring_wraps },
        { "DMA to nowhere and to itself", test_failed_dma },
        { "DMA without bus mastering", test_bus_master_off },
    };
    int rc;

    if (argc != 2) {
        fprintf(stderr, "usage: %s PATH-OF-build-qemu\n", argv[0]);
        return 2;
    }
    nic_start(&nic, argv[1], "hinic");
    nic_enable(&nic);
    rc = tap_run(cases, (int)(sizeof(cases) / sizeof(cases[0])));
    return vdc_qtest_stop(nic.q) != 0 ? 1 : rc;
}
