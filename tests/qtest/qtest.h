/* SPDX-License-Identifier: MIT */
/* Client of QEMU's qtest protocol: the test is the CPU, memory and ports are reached by text, time
 * by clock_step. */
#ifndef VDC_TESTS_QTEST_QTEST_H
#define VDC_TESTS_QTEST_QTEST_H

#include <stddef.h>
#include <stdint.h>

struct vdc_qtest;

/*
 * Starts the project's QEMU with the given -device arguments (NULL-terminated list) on a q35
 * machine with 64 MiB. build_qemu is scripts/build-qemu, asked for the binary. Exits with 77 and a
 * reason if it has not been built. Every failure of the protocol ends the program with a message: a
 * test has nothing to recover.
 */
struct vdc_qtest *vdc_qtest_start(const char *build_qemu, const char *const *devices);
/* Ends QEMU and frees q. Returns QEMU's exit status, 128 + signal if it died. */
int vdc_qtest_stop(struct vdc_qtest *q);

uint32_t vdc_qtest_readl(struct vdc_qtest *q, uint64_t addr);
uint64_t vdc_qtest_readq(struct vdc_qtest *q, uint64_t addr);
void vdc_qtest_writel(struct vdc_qtest *q, uint64_t addr, uint32_t v);
void vdc_qtest_writeq(struct vdc_qtest *q, uint64_t addr, uint64_t v);
void vdc_qtest_memread(struct vdc_qtest *q, uint64_t addr, void *p, size_t n);
void vdc_qtest_memwrite(struct vdc_qtest *q, uint64_t addr, const void *p, size_t n);
/* Lets ns of virtual time pass; returns the new time in ns. */
uint64_t vdc_qtest_step(struct vdc_qtest *q, uint64_t ns);

/* A function on bus 0, found by its ids. */
struct vdc_qpci {
    struct vdc_qtest *q;
    uint32_t devfn;
    uint64_t bar[6]; /* bus address, 0 if the BAR does not exist */
    uint64_t bar_bytes[6];
};

/* Returns 0, or -1 if there is no such function. Places its BARs above 0xc0000000 and enables
 * memory and bus mastering. */
int vdc_qpci_open(struct vdc_qpci *p, struct vdc_qtest *q, uint16_t vendor, uint16_t device);
uint32_t vdc_qpci_config_readl(struct vdc_qpci *p, uint32_t off);
void vdc_qpci_config_writel(struct vdc_qpci *p, uint32_t off, uint32_t v);
/* Offset of a capability (legacy list), 0 if the function does not have it. */
uint32_t vdc_qpci_capability(struct vdc_qpci *p, uint8_t id);

#endif
