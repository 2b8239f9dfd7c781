/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Experiment time of this guest, and the devices that live by it. */
#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "qemu/timer.h"
#include "hw/core/cpu.h"
#include "system/cpu-timers.h"
#include "system/runstate.h"
#include "gate.h"

typedef struct Gate {
    const VdcGateWindows *windows; /* NULL without a vdc-vtime device */
    VdcGateClients clients;
    bool is_ready;
    bool has_started;
    int64_t epoch_ns;
    struct vdc_digest text;
} Gate;

static Gate gate = {
    .clients = QSIMPLEQ_HEAD_INITIALIZER(gate.clients),
};

void vdc_gate_set_windows(const VdcGateWindows *w)
{
    assert(!gate.windows);
    gate.windows = w;
}

void vdc_gate_add_client(VdcGateClient *c)
{
    assert(c->ops && !gate.is_ready);
    c->port = -1;
    QSIMPLEQ_INSERT_TAIL(&gate.clients, c, entry);
}

VdcGateClients *vdc_gate_clients(void)
{
    return &gate.clients;
}

bool vdc_gate_started(void)
{
    return gate.has_started;
}

int64_t vdc_gate_epoch_ns(void)
{
    return gate.epoch_ns;
}

uint64_t vdc_gate_now_ns(void)
{
    return gate.has_started ?
               qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) - gate.epoch_ns :
               0;
}

int64_t vdc_gate_insn_clock_ns(void)
{
    int64_t now = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);

    if (icount_enabled() && current_cpu && current_cpu->running) {
        now -= icount_to_ns(1);
    }
    return MAX(now, gate.epoch_ns);
}

void vdc_gate_start(void)
{
    VdcGateClient *c;

    assert(gate.is_ready && !gate.has_started);
    gate.has_started = true;
    QSIMPLEQ_FOREACH(c, &gate.clients, entry) {
        if (c->ops->start) {
            c->ops->start(c);
        }
    }
}

void vdc_gate_ready(void)
{
    if (gate.is_ready) {
        return;
    }
    gate.is_ready = true;
    gate.epoch_ns = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
    if (gate.windows) {
        gate.windows->ready();
    } else {
        vdc_gate_start();
    }
}

void vdc_gate_fail(const char *text)
{
    error_report("vdc: vtime %" PRIu64 " ns: %s", vdc_gate_now_ns(), text);
    if (gate.windows) {
        gate.windows->fail(text);
    } else {
        qemu_system_shutdown_request_with_code(SHUTDOWN_CAUSE_HOST_ERROR, 1);
    }
}

void vdc_gate_done(uint32_t status)
{
    if (gate.windows) {
        gate.windows->done(status);
    }
}

void vdc_gate_text(const void *bytes, size_t len)
{
    vdc_digest_fold(&gate.text, bytes, len);
}

struct vdc_digest vdc_gate_take_text(void)
{
    struct vdc_digest d = gate.text;

    memset(&gate.text, 0, sizeof(gate.text));
    return d;
}

const struct vdc_msg *vdc_gate_peek(VdcGateClient *c)
{
    return c->port >= 0 ? gate.windows->peek(c) : NULL;
}

void vdc_gate_pop(VdcGateClient *c)
{
    assert(c->port >= 0);
    gate.windows->pop(c);
}

void vdc_gate_command(const void *payload, uint32_t len)
{
    VdcGateClient *c;

    QSIMPLEQ_FOREACH(c, &gate.clients, entry) {
        if (c->ops->command) {
            c->ops->command(c, payload, len);
        }
    }
}

void vdc_gate_send(VdcGateClient *c, const struct vdc_msg *m,
                   const void *payload)
{
    assert(c->port >= 0 && gate.has_started);
    gate.windows->send(c, m, payload);
}
