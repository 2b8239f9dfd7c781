/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The gate as devices see it: experiment time, start, input, departures. */
#ifndef VDC_VTIME_QEMU_GATE_H
#define VDC_VTIME_QEMU_GATE_H

#include "qemu/queue.h"
#include "vdc/digest.h"
#include "vdc/msg.h"
#include "vdc/vtime.h"

/*
 * One per QEMU. Before the start the guest runs freely; the agent's READY stops
 * the vCPU, and when every vtask has arrived there the experiment starts at
 * vtime 0. Without the vdc-vtime device READY itself is the start.
 *
 * Every function and every callback: vCPU thread, BQL held.
 */
typedef struct VdcGateClient VdcGateClient;

typedef struct VdcGateClientOps {
    /* Vtime 0 is now. */
    void (*start)(VdcGateClient *c);
    /* The head of the client's input is due in the coming window. */
    void (*input)(VdcGateClient *c);
    /* Handle everything with experiment time < @to; its input is there. */
    void (*run)(VdcGateClient *c, vtime_t to);
    /*
     * Earliest departure of a message not sent yet, experiment time, if the
     * vCPU may touch the device from @vcpu_now on (VTIME_NEVER: never). Also
     * called without the BQL, but always in the vCPU thread.
     */
    vtime_t (*promise)(VdcGateClient *c, vtime_t vcpu_now);
    /* Fold the state into *d. Called after run(T_k) at each digest point. */
    void (*digest)(VdcGateClient *c, struct vdc_digest *d);
    /* A control command for this guest; payload belongs to the caller. */
    void (*command)(VdcGateClient *c, const void *payload, uint32_t len);
} VdcGateClientOps;

struct VdcGateClient {
    const VdcGateClientOps *ops; /* each may be NULL */
    uint32_t port_id;            /* 0: no port of the segment */
    int port;                    /* of the task, set by the gate; -1: none */
    QSIMPLEQ_ENTRY(VdcGateClient) entry;
};

/* The client is borrowed for ever: devices of ours cannot be unplugged. */
void vdc_gate_add_client(VdcGateClient *c);

/* Has the experiment started? */
bool vdc_gate_started(void);
/* Virtual ns of vtime 0; 0 before the start. */
int64_t vdc_gate_epoch_ns(void);
/* Experiment time, ns; 0 before the start. */
uint64_t vdc_gate_now_ns(void);
/*
 * QEMU_CLOCK_VIRTUAL at which the instruction now executing began, ns. An MMIO
 * access has this time: it is never past the granted horizon, which the end of
 * the instruction may be by less than one instruction.
 */
int64_t vdc_gate_insn_clock_ns(void);

/* The guest is ready: the vCPU stops behind this instruction. Once. */
void vdc_gate_ready(void);
/* The run ends failed; @text is recorded with the current vtime. */
void vdc_gate_fail(const char *text);
/* All workloads of this guest have ended. */
void vdc_gate_done(uint32_t status);
/* Output of the guest, covered by its text digest. */
void vdc_gate_text(const void *bytes, size_t len);

/* First message of the client's input, or NULL. Borrowed until pop. */
const struct vdc_msg *vdc_gate_peek(VdcGateClient *c);
void vdc_gate_pop(VdcGateClient *c);
/* A message of the control plane that the client found in its input. */
void vdc_gate_command(const void *payload, uint32_t len);
/* Sends out of the client's port; header and payload are copied. */
void vdc_gate_send(VdcGateClient *c, const struct vdc_msg *m,
                   const void *payload);

/*
 * The segment behind the gate, implemented by the vdc-vtime device. start() and
 * the clients' callbacks are called by it.
 */
typedef struct VdcGateWindows {
    void (*ready)(void);
    void (*fail)(const char *text);
    void (*done)(uint32_t status);
    const struct vdc_msg *(*peek)(VdcGateClient *c);
    void (*pop)(VdcGateClient *c);
    void (*send)(VdcGateClient *c, const struct vdc_msg *m,
                 const void *payload);
} VdcGateWindows;

typedef QSIMPLEQ_HEAD(, VdcGateClient) VdcGateClients;

void vdc_gate_set_windows(const VdcGateWindows *w);
void vdc_gate_start(void);
VdcGateClients *vdc_gate_clients(void);
/* Takes the digest of the text since the last call. */
struct vdc_digest vdc_gate_take_text(void);

#endif
