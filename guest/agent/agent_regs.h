/* SPDX-License-Identifier: MIT */
/* The agent device as the guest sees it: PCI function 1af4:10f2, registers, buffers
 * (docs/specs/agent.md). */
#ifndef VDC_GUEST_AGENT_AGENT_REGS_H
#define VDC_GUEST_AGENT_AGENT_REGS_H

#define VDC_AGENT_PCI_VENDOR 0x1af4
#define VDC_AGENT_PCI_DEVICE 0x10f2
#define VDC_HINIC_PCI_DEVICE 0x10f0

#define VDC_AGENT_MAGIC 0x41434456u
#define VDC_AGENT_VER   1u

/* BAR0. "64" = one 8-byte access; all others 4 bytes. */
#define VDC_AGENT_R_MAGIC         0x00 /* RO */
#define VDC_AGENT_R_VER           0x04 /* RO */
#define VDC_AGENT_R_NODE_ID       0x08 /* RO */
#define VDC_AGENT_R_NNODES        0x0c /* RO */
#define VDC_AGENT_R_VTIME_NS      0x10 /* RO 64, ns since the start of the experiment, 0 before */
#define VDC_AGENT_R_ICOUNT        0x18 /* RO 64 */
#define VDC_AGENT_R_READY         0x20 /* WO protocol version; stops the vCPU until vtime 0 */
#define VDC_AGENT_R_MARK          0x28 /* WO 64 id for the event log */
#define VDC_AGENT_R_EXIT          0x30 /* WO status of the node */
#define VDC_AGENT_R_CMD_SEQ       0x34 /* RO number of command texts so far */
#define VDC_AGENT_R_JOB_LEN       0x38 /* RO bytes of text at BAR2 + 0 */
#define VDC_AGENT_R_OUT_LEN       0x3c /* WO bytes in the output buffer */
#define VDC_AGENT_R_OUT_KICK      0x40 /* WO stream; the buffer is free when it returns */
#define VDC_AGENT_R_TEST          0x44 /* RO ~ of the low half of the last MARK */
#define VDC_AGENT_R_FAIL          0x48 /* WO bytes of text in the output buffer */
#define VDC_AGENT_R_WORKLOAD_EXIT 0x4c /* WO k << 16 | status */
#define VDC_AGENT_R_CMD_ACK       0x50 /* WO CMD_SEQ whose text has been copied */
#define VDC_AGENT_BAR0_BYTES      4096u

/* BAR2. */
#define VDC_AGENT_JOB_OFF    0u
#define VDC_AGENT_JOB_MAX    524288u
#define VDC_AGENT_OUT_OFF    524288u
#define VDC_AGENT_OUT_MAX    524288u
#define VDC_AGENT_BAR2_BYTES 1048576u

/* Streams of live commands are their id with this bit. */
#define VDC_AGENT_LIVE 0x8000u

#endif
