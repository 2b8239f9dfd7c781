/* SPDX-License-Identifier: MIT */
/* Access to the agent device: finds its PCI function, maps its BARs, reads and writes registers. */
#ifndef VDC_GUEST_AGENT_BAR_H
#define VDC_GUEST_AGENT_BAR_H

#include <stddef.h>
#include <stdint.h>

#include "agent_regs.h"

struct vdc_bar {
    volatile uint8_t *regs; /* BAR0 */
    volatile uint8_t *mem;  /* BAR2 */
};

#define VDC_PCI_NAME_BYTES    32u
#define VDC_PCI_FUNCTIONS_MAX 16u

/* Names ("0000:00:03.0") of all PCI functions with this vendor and device, sorted. Returns their
 * number, at most VDC_PCI_FUNCTIONS_MAX, or negative errno. */
int vdc_pci_find(uint16_t vendor, uint16_t device, char names[][VDC_PCI_NAME_BYTES]);

/* Maps the agent device. Returns 0, -ENODEV if there is none, -EPROTO if its MAGIC or VER is not
 * ours, else errno. */
int vdc_bar_open(struct vdc_bar *bar);

uint32_t vdc_bar_read32(const struct vdc_bar *bar, uint32_t off);
uint64_t vdc_bar_read64(const struct vdc_bar *bar, uint32_t off);
void vdc_bar_write32(const struct vdc_bar *bar, uint32_t off, uint32_t value);
void vdc_bar_write64(const struct vdc_bar *bar, uint32_t off, uint64_t value);

/* Copies @len bytes of the text at BAR2 + 0 to @to. */
void vdc_bar_text(const struct vdc_bar *bar, char *to, size_t len);

/* Puts @len bytes (at most VDC_AGENT_OUT_MAX) into the output buffer and kicks them to @stream. */
void vdc_bar_output(const struct vdc_bar *bar, uint32_t stream, const char *data, size_t len);

/* Reports that the guest cannot be set up. @text is one line. */
void vdc_bar_fail(const struct vdc_bar *bar, const char *text);

#endif
