/* SPDX-License-Identifier: MIT */
/* A driver for HiNIC that is just enough for tests: admin queue, one queue pair, interrupts that
 * land in memory. */
#ifndef VDC_TESTS_QTEST_NICDRV_H
#define VDC_TESTS_QTEST_NICDRV_H

#include <stdint.h>

#include "hinic_hw.h"
#include "qtest.h"

/* Guest-physical places, inside the 64 MiB of the machine. */
enum nic_mem {
    NIC_MEM_AQ_SQ = 0x1000000,
    NIC_MEM_AQ_CQ = 0x1001000,
    NIC_MEM_AEQ = 0x1002000,
    NIC_MEM_IN = 0x1003000,
    NIC_MEM_OUT = 0x1004000,
    NIC_MEM_IRQ = 0x1005000, /* u32 per vector: 1 after its interrupt */
    NIC_MEM_TX = 0x1006000,
    NIC_MEM_TX_CPL = 0x1007000,
    NIC_MEM_RX = 0x1008000,
    NIC_MEM_RX_CPL = 0x1009000,
    NIC_MEM_DATA = 0x1010000
};

#define NIC_AQ_LOG  4u
#define NIC_ETH_LOG 4u

struct nic {
    struct vdc_qtest *q;
    struct vdc_qpci pci;
    uint64_t regs, db;
    uint16_t aq_pi; /* of the next command */
};

/* Starts QEMU with one NIC (its -device argument), resets it and points every MSI-X vector at
 * NIC_MEM_IRQ. */
void nic_start(struct nic *n, const char *build_qemu, const char *device);
/* Sets up and enables the admin queue. */
void nic_enable(struct nic *n);
/* Runs one command and returns enum hinic_aq_status; sqe.cmd_id is set here. 5 us of virtual time.
 */
int nic_command(struct nic *n, struct hinic_aq_sqe sqe);
/* Command with len bytes of input mailbox. */
int nic_command_in(struct nic *n, uint8_t opcode, uint8_t port, const void *in, uint32_t len);
/* Creates TX and RX queue 0 of depth 2^NIC_ETH_LOG, vectors 1 and 2, one descriptor page each. */
void nic_create_queues(struct nic *n);

uint32_t nic_readl(struct nic *n, uint32_t reg);
uint64_t nic_readq(struct nic *n, uint32_t reg);
void nic_writel(struct nic *n, uint32_t reg, uint32_t v);
void nic_writeq(struct nic *n, uint32_t reg, uint64_t v);
void nic_doorbell(struct nic *n, uint32_t off, uint64_t v);
/* Whether the vector has interrupted since the last call. */
int nic_take_irq(struct nic *n, uint32_t vector);

#endif
