/* SPDX-License-Identifier: MIT */
/* A driver for HiNIC that is just enough for tests. */
#include "nicdrv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PCI_CAP_ID_MSIX 0x11
#define MSIX_ENABLE     0x80000000u
#define COMMAND_NS      20000u

static void die(const char *what)
{
    fprintf(stderr, "nicdrv: %s\n", what);
    exit(1);
}

uint32_t nic_readl(struct nic *n, uint32_t reg)
{
    return vdc_qtest_readl(n->q, n->regs + reg);
}

uint64_t nic_readq(struct nic *n, uint32_t reg)
{
    return vdc_qtest_readq(n->q, n->regs + reg);
}

void nic_writel(struct nic *n, uint32_t reg, uint32_t v)
{
    vdc_qtest_writel(n->q, n->regs + reg, v);
}

void nic_writeq(struct nic *n, uint32_t reg, uint64_t v)
{
    vdc_qtest_writeq(n->q, n->regs + reg, v);
}

void nic_doorbell(struct nic *n, uint32_t off, uint64_t v)
{
    vdc_qtest_writeq(n->q, n->db + off, v);
}

/* An MSI is a 4-byte write: pointed at memory, it can be read there. */
static void point_vectors(struct nic *n)
{
    uint32_t cap = vdc_qpci_capability(&n->pci, PCI_CAP_ID_MSIX);
    uint32_t vectors;

    if (cap == 0) {
        die("no MSI-X capability");
    }
    vectors = (vdc_qpci_config_readl(&n->pci, cap) >> 16 & 0x7ffu) + 1;
    for (uint32_t i = 0; i < vectors; i++) {
        uint64_t entry = n->pci.bar[HINIC_BAR_MSIX] + 16 * i;

        vdc_qtest_writel(n->q, entry, NIC_MEM_IRQ + 4 * i);
        vdc_qtest_writel(n->q, entry + 4, 0);
        vdc_qtest_writel(n->q, entry + 8, 1);
        vdc_qtest_writel(n->q, entry + 12, 0);
    }
    vdc_qpci_config_writel(&n->pci, cap, vdc_qpci_config_readl(&n->pci, cap) | MSIX_ENABLE);
}

void nic_start(struct nic *n, const char *build_qemu, const char *device)
{
    const char *const devices[] = { device, NULL };

    memset(n, 0, sizeof(*n));
    n->q = vdc_qtest_start(build_qemu, devices);
    if (vdc_qpci_open(&n->pci, n->q, HINIC_PCI_VENDOR, HINIC_PCI_DEVICE) < 0) {
        die("the function is not on the bus");
    }
    n->regs = n->pci.bar[HINIC_BAR_REGS];
    n->db = n->pci.bar[HINIC_BAR_DB];
    point_vectors(n);
    nic_writel(n, HINIC_R_DEV_CTRL, HINIC_DEV_CTRL_RESET);
}

static void clear(struct nic *n, uint64_t addr)
{
    static const uint8_t zero[HINIC_PAGE_SIZE];

    vdc_qtest_memwrite(n->q, addr, zero, sizeof(zero));
}

void nic_enable(struct nic *n)
{
    clear(n, NIC_MEM_AQ_SQ);
    clear(n, NIC_MEM_AQ_CQ);
    clear(n, NIC_MEM_AEQ);
    clear(n, NIC_MEM_IRQ);
    n->aq_pi = 0;
    nic_writeq(n, HINIC_R_AQ_SQ_BASE, NIC_MEM_AQ_SQ);
    nic_writeq(n, HINIC_R_AQ_CQ_BASE, NIC_MEM_AQ_CQ);
    nic_writeq(n, HINIC_R_AEQ_BASE, NIC_MEM_AEQ);
    nic_writel(n, HINIC_R_AQ_DEPTH, NIC_AQ_LOG);
    nic_writel(n, HINIC_R_AEQ_DEPTH, HINIC_EQ_LOG_MIN);
    nic_writel(n, HINIC_R_DEV_CTRL, HINIC_DEV_CTRL_ENABLE);
    nic_writel(n, HINIC_R_AEQ_CI, HINIC_AEQ_CI_ARM);
}

int nic_command(struct nic *n, struct hinic_aq_sqe sqe)
{
    const uint32_t slot = n->aq_pi & ((1u << NIC_AQ_LOG) - 1);
    const uint8_t phase = (uint8_t)((n->aq_pi >> NIC_AQ_LOG & 1u) ^ 1u);
    struct hinic_aq_cqe cqe;

    sqe.cmd_id = (uint16_t)(0x4000u + n->aq_pi);
    vdc_qtest_memwrite(n->q, NIC_MEM_AQ_SQ + slot * sizeof(sqe), &sqe, sizeof(sqe));
    nic_writel(n, HINIC_R_AQ_DB, (uint16_t)(n->aq_pi + 1));
    vdc_qtest_step(n->q, COMMAND_NS);
    vdc_qtest_memread(n->q, NIC_MEM_AQ_CQ + slot * sizeof(cqe), &cqe, sizeof(cqe));
    if ((cqe.own & 1u) != phase || cqe.cmd_id != sqe.cmd_id) {
        die("a command was not answered");
    }
    n->aq_pi++;
    nic_writel(n, HINIC_R_AQ_CQ_CI, n->aq_pi);
    return cqe.status;
}

int nic_command_in(struct nic *n, uint8_t opcode, uint8_t port, const void *in, uint32_t len)
{
    struct hinic_aq_sqe sqe = {
        .opcode = opcode, .flags = HINIC_AQ_F_IN, .port = port, .in_pa = NIC_MEM_IN
    };

    clear(n, NIC_MEM_IN);
    vdc_qtest_memwrite(n->q, NIC_MEM_IN, in, len);
    return nic_command(n, sqe);
}

static void create_queue(struct nic *n, uint8_t opcode, uint8_t vector, uint64_t ring, uint64_t cpl)
{
    struct hinic_mb_create_q mb = { .log_depth = NIC_ETH_LOG,
                                    .vector = vector,
                                    .desc = { .log_pgsz = 12, .n = 1, .root = { ring } },
                                    .cpl = { .log_pgsz = 12, .n = 1, .root = { cpl } } };

    clear(n, ring);
    clear(n, cpl);
    if (nic_command_in(n, opcode, 1, &mb, sizeof(mb)) != HINIC_AQ_OK) {
        die("a queue was not created");
    }
}

void nic_create_queues(struct nic *n)
{
    create_queue(n, HINIC_AQ_CREATE_RXQ, 2, NIC_MEM_RX, NIC_MEM_RX_CPL);
    create_queue(n, HINIC_AQ_CREATE_TXQ, 1, NIC_MEM_TX, NIC_MEM_TX_CPL);
}

int nic_take_irq(struct nic *n, uint32_t vector)
{
    const uint64_t addr = NIC_MEM_IRQ + 4 * vector;
    int got = vdc_qtest_readl(n->q, addr) != 0;

    vdc_qtest_writel(n->q, addr, 0);
    return got;
}
