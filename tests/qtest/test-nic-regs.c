/* SPDX-License-Identifier: MIT */
/* HiNIC in QEMU: PCI identity and capabilities, register map, reset, refused accesses and
 * properties. */
#include <stdlib.h>

#include "nicdrv.h"
#include "tap.h"

#define PCI_CAP_ID_PM   0x01
#define PCI_CAP_ID_EXP  0x10
#define PCI_CAP_ID_MSIX 0x11
#define PCI_DEVCAP_FLR  (1u << 28)
#define PCI_DEVCTL_FLR  (1u << 15)

static const char *build_qemu;
static struct nic nic;

static void test_identity(void)
{
    CHECK_EQ(vdc_qpci_config_readl(&nic.pci, 0x08), HINIC_PCI_CLASS_ETH << 8 | HINIC_PCI_REVISION);
    CHECK_EQ(nic.pci.bar_bytes[HINIC_BAR_REGS], HINIC_BAR0_SIZE);
    CHECK_EQ(nic.pci.bar_bytes[HINIC_BAR_DB], 16 * HINIC_UAR_SIZE);
    CHECK(nic.pci.bar_bytes[HINIC_BAR_MSIX] != 0);
    CHECK(vdc_qpci_config_readl(&nic.pci, 0x18) & 8u); /* BAR2 is prefetchable */
    CHECK(vdc_qpci_capability(&nic.pci, PCI_CAP_ID_PM) != 0);
    CHECK(vdc_qpci_capability(&nic.pci, PCI_CAP_ID_MSIX) != 0);
    CHECK(vdc_qpci_capability(&nic.pci, PCI_CAP_ID_EXP) != 0);
    CHECK(vdc_qpci_config_readl(&nic.pci, vdc_qpci_capability(&nic.pci, PCI_CAP_ID_EXP) + 4) &
          PCI_DEVCAP_FLR);
}

static void test_map(void)
{
    CHECK_EQ(nic_readl(&nic, HINIC_R_MAGIC), HINIC_MAGIC);
    CHECK_EQ(nic_readl(&nic, HINIC_R_SPEC_VER), HINIC_SPEC_VER);
    CHECK_EQ(nic_readl(&nic, HINIC_R_NODE_ID), 5);
    CHECK_EQ(nic_readl(&nic, HINIC_R_CLOCK_HZ), 1000000000);
    CHECK_EQ(HINIC_LIMITS_UARS(nic_readl(&nic, HINIC_R_LIMITS)), 16);
    CHECK_EQ(HINIC_LIMITS_VECTORS(nic_readl(&nic, HINIC_R_LIMITS)), 8);
    CHECK_EQ(HINIC_ETH_LIMITS_QPAIRS(nic_readl(&nic, HINIC_R_ETH_LIMITS)), 2);
    CHECK_EQ(nic_readq(&nic, HINIC_R_MAC) >> 24, HINIC_VENDOR_OUI);
    CHECK_EQ(nic_readq(&nic, HINIC_R_MAC) >> 4 & 0xfffffu, 5);
    nic_writel(&nic, HINIC_R_TEST, 0x12345678);
    CHECK_EQ(nic_readl(&nic, HINIC_R_TEST), ~UINT32_C(0x12345678));
    nic_writel(&nic, HINIC_R_SCRATCH, 0xfeedbeef);
    CHECK_EQ(nic_readl(&nic, HINIC_R_SCRATCH), 0xfeedbeef);
}

static void test_clock(void)
{
    uint64_t t0 = nic_readq(&nic, HINIC_R_VCLOCK_NS);

    vdc_qtest_step(nic.q, 12345);
    CHECK_EQ(nic_readq(&nic, HINIC_R_VCLOCK_NS) - t0, 12345);
    CHECK_EQ(nic_readq(&nic, HINIC_R_CLOCK_PAGE), nic_readq(&nic, HINIC_R_VCLOCK_NS));
}

static void test_refused_access(void)
{
    uint32_t errors = nic_readl(&nic, HINIC_R_GUEST_ERR_COUNT);

    nic_writel(&nic, HINIC_R_MAGIC, 1);
    CHECK_EQ(nic_readl(&nic, HINIC_R_MAGIC), HINIC_MAGIC);
    CHECK_EQ(nic_readl(&nic, HINIC_R_LAST_GUEST_ERR), HINIC_GERR_REG);
    nic_writel(&nic, 0xfff0, 1);
    nic_doorbell(&nic, 0xff8, 1); /* unknown doorbell */
    CHECK_EQ(nic_readl(&nic, 0xfff0), 0);
    CHECK_EQ(nic_readl(&nic, HINIC_R_GUEST_ERR_COUNT) - errors, 3);
    nic_doorbell(&nic, HINIC_DB_ETH_TX, HINIC_DB_VAL(0, 1)); /* no such queue */
    vdc_qtest_step(nic.q, 1000);
    CHECK_EQ(nic_readl(&nic, HINIC_R_GUEST_ERR_COUNT) - errors, 4);
}

static void test_enable_checks(void)
{
    nic_writel(&nic, HINIC_R_DEV_CTRL, HINIC_DEV_CTRL_RESET);
    CHECK(nic_readl(&nic, HINIC_R_DEV_STATUS) & HINIC_DEV_STATUS_RESET_DONE);
    CHECK_EQ(nic_readl(&nic, HINIC_R_DEV_CTRL) & HINIC_DEV_CTRL_RESET, 0);
    nic_writel(&nic, HINIC_R_AQ_DEPTH, HINIC_AQ_LOG_MAX + 1);
    nic_writel(&nic, HINIC_R_DEV_CTRL, HINIC_DEV_CTRL_ENABLE);
    CHECK_EQ(nic_readl(&nic, HINIC_R_DEV_STATUS) & HINIC_DEV_STATUS_READY, 0);
    nic_enable(&nic);
    CHECK(nic_readl(&nic, HINIC_R_DEV_STATUS) & HINIC_DEV_STATUS_READY);
    nic_writeq(&nic, HINIC_R_AQ_SQ_BASE, 0x5000); /* locked while enabled */
    CHECK_EQ(nic_readl(&nic, HINIC_R_LAST_GUEST_ERR), HINIC_GERR_LOCKED);
    CHECK_EQ(nic_readq(&nic, HINIC_R_AQ_SQ_BASE), NIC_MEM_AQ_SQ);
}

static void test_flr(void)
{
    uint32_t exp = vdc_qpci_capability(&nic.pci, PCI_CAP_ID_EXP);
    uint64_t mac = nic_readq(&nic, HINIC_R_MAC);

    nic_enable(&nic);
    vdc_qpci_config_writel(&nic.pci, exp + 8,
                           vdc_qpci_config_readl(&nic.pci, exp + 8) | PCI_DEVCTL_FLR);
    /* The function lost its set-up: place and enable it again. */
    CHECK_EQ(vdc_qpci_config_readl(&nic.pci, 4) & 7u, 0);
    CHECK_EQ(vdc_qpci_open(&nic.pci, nic.q, HINIC_PCI_VENDOR, HINIC_PCI_DEVICE), 0);
    nic.regs = nic.pci.bar[HINIC_BAR_REGS];
    nic.db = nic.pci.bar[HINIC_BAR_DB];
    CHECK_EQ(nic_readl(&nic, HINIC_R_MAGIC), HINIC_MAGIC);
    CHECK_EQ(nic_readl(&nic, HINIC_R_DEV_STATUS) & HINIC_DEV_STATUS_READY, 0);
    CHECK_EQ(nic_readq(&nic, HINIC_R_AQ_SQ_BASE), 0);
    CHECK_EQ(nic_readq(&nic, HINIC_R_MAC), mac);
}

int main(int argc, char **argv)
{
    static const struct tap_case cases[] = {
        { "PCI identity, BARs and capabilities", test_identity },
        { "register map", test_map },
        { "virtual clock", test_clock },
        { "unknown registers and doorbells are ignored and counted", test_refused_access },
        { "reset; enable checks its rings", test_enable_checks },
        { "function-level reset", test_flr },
    };
    int rc;

    if (argc != 2) {
        fprintf(stderr, "usage: %s PATH-OF-build-qemu\n", argv[0]);
        return 2;
    }
    build_qemu = argv[1];
    nic_start(&nic, build_qemu, "hinic,node=5,nnodes=9,uars=16,vectors=8,queues=2");
    rc = tap_run(cases, (int)(sizeof(cases) / sizeof(cases[0])));
    return vdc_qtest_stop(nic.q) != 0 ? 1 : rc;
}
