/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The agent device: identity, ready point, job and output of a guest. */
#include "qemu/osdep.h"
#include "qemu/log.h"
#include "qemu/bitmap.h"
#include "qemu/module.h"
#include "qemu/units.h"
#include "qapi/error.h"
#include "hw/pci/pci_device.h"
#include "hw/qdev-properties.h"
#include "migration/vmstate.h"
#include "system/cpu-timers.h"
#include "gate.h"

#define TYPE_VDC_AGENT "vdc-agent"
OBJECT_DECLARE_SIMPLE_TYPE(VdcAgent, VDC_AGENT)

#define AGENT_DEVICE_ID 0x10f2
#define AGENT_MAGIC     0x41434456u
#define AGENT_VERSION   1u
#define AGENT_REGS_SIZE 4096
#define AGENT_RAM_SIZE  (1 * MiB)
#define AGENT_JOB_MAX   (512 * KiB)
#define AGENT_OUT_MAX   (AGENT_RAM_SIZE - AGENT_JOB_MAX)
#define AGENT_FAIL_MAX  200
#define AGENT_STREAMS   65536

enum {
    R_MAGIC = 0x00,
    R_VER = 0x04,
    R_NODE_ID = 0x08,
    R_NNODES = 0x0c,
    R_VTIME_NS = 0x10,
    R_ICOUNT = 0x18,
    R_READY = 0x20,
    R_MARK = 0x28,
    R_EXIT = 0x30,
    R_CMD_SEQ = 0x34,
    R_JOB_LEN = 0x38,
    R_OUT_LEN = 0x3c,
    R_OUT_KICK = 0x40,
    R_TEST = 0x44,
    R_FAIL = 0x48,
    R_WORKLOAD_EXIT = 0x4c,
    R_CMD_ACK = 0x50,
};

struct VdcAgent {
    PCIDevice parent_obj;

    uint32_t node;
    uint32_t nnodes;
    char *job_path;
    char *out_dir;

    MemoryRegion regs;
    MemoryRegion ram;
    VdcGateClient gate;
    uint32_t job_len;
    uint32_t cmd_seq;
    uint32_t cmd_ack;
    uint32_t out_len;
    uint64_t last_mark;
    GQueue *commands; /* GBytes that wait for CMD_ACK */

    FILE *events;
    FILE *stream_file; /* the stream written last */
    uint32_t stream;
    unsigned long *stream_seen; /* bit per stream: file exists, append to it */
};

static uint8_t *agent_ram(VdcAgent *s)
{
    return memory_region_get_ram_ptr(&s->ram);
}

static void G_GNUC_PRINTF(2, 3) agent_event(VdcAgent *s, const char *fmt, ...)
{
    va_list ap;

    if (!s->events) {
        return;
    }
    fprintf(s->events, "%" PRIu64 " ", vdc_gate_now_ns());
    va_start(ap, fmt);
    vfprintf(s->events, fmt, ap);
    va_end(ap);
    fputc('\n', s->events);
    if (fflush(s->events) != 0) {
        vdc_gate_fail("cannot write events.log");
    }
}

static void agent_guest_error(VdcAgent *s, const char *what, uint64_t value)
{
    qemu_log_mask(LOG_GUEST_ERROR, "vdc-agent: %s 0x%" PRIx64 "\n", what,
                  value);
}

/* Hostile guests may use every stream number: one file is open at a time. */
static FILE *agent_stream_open(VdcAgent *s, uint32_t stream)
{
    g_autofree char *path = NULL;

    if (s->stream_file && s->stream == stream) {
        return s->stream_file;
    }
    if (s->stream_file) {
        fclose(s->stream_file);
    }
    path = g_strdup_printf("%s/workload-%u.out", s->out_dir, stream);
    s->stream_file = fopen(path, test_bit(stream, s->stream_seen) ? "a" : "w");
    s->stream = stream;
    set_bit(stream, s->stream_seen);
    return s->stream_file;
}

static void agent_output(VdcAgent *s, uint64_t stream)
{
    const uint8_t *bytes = agent_ram(s) + AGENT_JOB_MAX;
    FILE *f;

    if (stream >= AGENT_STREAMS) {
        agent_guest_error(s, "output stream", stream);
        return;
    }
    vdc_gate_text(bytes, s->out_len);
    if (s->out_dir) {
        f = agent_stream_open(s, stream);
        if (!f || fwrite(bytes, 1, s->out_len, f) != s->out_len ||
            fflush(f) != 0) {
            vdc_gate_fail("cannot write the output of a workload");
        }
    }
    agent_event(s, "out %" PRIu64 " %u", stream, s->out_len);
}

static void agent_fail(VdcAgent *s, uint64_t len)
{
    const char *bytes = (const char *)agent_ram(s) + AGENT_JOB_MAX;
    char text[AGENT_FAIL_MAX + 1];
    size_t n = MIN(len, AGENT_FAIL_MAX);

    for (size_t i = 0; i < n; i++) {
        text[i] = g_ascii_isprint(bytes[i]) ? bytes[i] : '?';
    }
    text[n] = '\0';
    agent_event(s, "fail %s", text);
    vdc_gate_fail(text);
}

/* Puts the next command text where the agent looks for it. */
static void agent_put_command(VdcAgent *s)
{
    g_autoptr(GBytes) text = NULL;
    gsize len;
    const void *bytes;

    if (s->cmd_ack != s->cmd_seq || g_queue_is_empty(s->commands)) {
        return;
    }
    text = g_queue_pop_head(s->commands);
    bytes = g_bytes_get_data(text, &len);
    memcpy(agent_ram(s), bytes, len);
    s->job_len = len;
    s->cmd_seq++;
    agent_event(s, "cmd %u %zu", s->cmd_seq, (size_t)len);
}

static void agent_gate_start(VdcGateClient *c)
{
    agent_event(container_of(c, VdcAgent, gate), "start");
}

static void agent_gate_command(VdcGateClient *c, const void *payload,
                               uint32_t len)
{
    VdcAgent *s = container_of(c, VdcAgent, gate);

    if (len > AGENT_JOB_MAX) {
        vdc_gate_fail("a live command is longer than 512 KiB");
        return;
    }
    g_queue_push_tail(s->commands, g_bytes_new(payload, len));
    agent_put_command(s);
}

static const VdcGateClientOps agent_gate_ops = {
    .start = agent_gate_start,
    .command = agent_gate_command,
};

static uint64_t agent_read(void *opaque, hwaddr addr, unsigned size)
{
    VdcAgent *s = opaque;

    if (size == 8) {
        switch (addr) {
        case R_VTIME_NS:
            return vdc_gate_now_ns();
        case R_ICOUNT:
            return icount_enabled() ? icount_get_raw() : 0;
        default:
            return 0;
        }
    }
    switch (addr) {
    case R_MAGIC:
        return AGENT_MAGIC;
    case R_VER:
        return AGENT_VERSION;
    case R_NODE_ID:
        return s->node;
    case R_NNODES:
        return s->nnodes;
    case R_CMD_SEQ:
        return s->cmd_seq;
    case R_JOB_LEN:
        return s->job_len;
    case R_TEST:
        return (uint32_t)~s->last_mark;
    default:
        return 0;
    }
}

static void agent_write(void *opaque, hwaddr addr, uint64_t value,
                        unsigned size)
{
    VdcAgent *s = opaque;

    if (size != (addr == R_MARK ? 8 : 4)) {
        agent_guest_error(s, "write of a wrong size at", addr);
        return;
    }
    switch (addr) {
    case R_READY:
        if (vdc_gate_started() || value != AGENT_VERSION) {
            agent_guest_error(s, "READY refused, version", value);
            break;
        }
        agent_event(s, "ready %" PRIu64, value);
        vdc_gate_ready();
        break;
    case R_MARK:
        s->last_mark = value;
        agent_event(s, "mark 0x%" PRIx64, value);
        break;
    case R_EXIT:
        agent_event(s, "done %" PRIu64, value);
        vdc_gate_done(value);
        break;
    case R_OUT_LEN:
        if (value > AGENT_OUT_MAX) {
            agent_guest_error(s, "OUT_LEN", value);
            break;
        }
        s->out_len = value;
        break;
    case R_OUT_KICK:
        agent_output(s, value);
        break;
    case R_FAIL:
        agent_fail(s, value);
        break;
    case R_WORKLOAD_EXIT:
        agent_event(s, "exit %" PRIu64 " %" PRIu64, value >> 16,
                    value & 0xffff);
        break;
    case R_CMD_ACK:
        s->cmd_ack = value;
        agent_put_command(s);
        break;
    default:
        agent_guest_error(s, "write to offset", addr);
        break;
    }
}

static const MemoryRegionOps agent_regs_ops = {
    .read = agent_read,
    .write = agent_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 4, .max_access_size = 8 },
    .impl = { .min_access_size = 4, .max_access_size = 8 },
};

static bool agent_load_job(VdcAgent *s, Error **errp)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) err = NULL;
    gsize len;

    if (!s->job_path) {
        return true;
    }
    if (!g_file_get_contents(s->job_path, &text, &len, &err)) {
        error_setg(errp, "vdc-agent: job: %s", err->message);
        return false;
    }
    if (len > AGENT_JOB_MAX) {
        error_setg(errp, "vdc-agent: job %s has %zu bytes, at most %zu",
                   s->job_path, (size_t)len, (size_t)AGENT_JOB_MAX);
        return false;
    }
    memcpy(agent_ram(s), text, len);
    s->job_len = len;
    return true;
}

static bool agent_open_events(VdcAgent *s, Error **errp)
{
    g_autofree char *path = NULL;

    if (!s->out_dir) {
        return true;
    }
    path = g_strdup_printf("%s/events.log", s->out_dir);
    s->events = fopen(path, "w");
    if (!s->events) {
        error_setg_errno(errp, errno, "vdc-agent: out: cannot create %s", path);
        return false;
    }
    return true;
}

static void agent_realize(PCIDevice *pdev, Error **errp)
{
    VdcAgent *s = VDC_AGENT(pdev);

    if (s->nnodes < 1 || s->nnodes > 65536 || s->node >= s->nnodes) {
        error_setg(errp,
                   "vdc-agent: node=%u nnodes=%u, allowed: "
                   "node < nnodes <= 65536",
                   s->node, s->nnodes);
        return;
    }
    if (!memory_region_init_ram(&s->ram, OBJECT(s), "vdc-agent-ram",
                                AGENT_RAM_SIZE, errp)) {
        return;
    }
    if (!agent_load_job(s, errp) || !agent_open_events(s, errp)) {
        return;
    }
    memory_region_init_io(&s->regs, OBJECT(s), &agent_regs_ops, s,
                          "vdc-agent-regs", AGENT_REGS_SIZE);
    pci_register_bar(pdev, 0, PCI_BASE_ADDRESS_SPACE_MEMORY, &s->regs);
    pci_register_bar(pdev, 2, PCI_BASE_ADDRESS_SPACE_MEMORY, &s->ram);
    s->commands = g_queue_new();
    s->stream_seen = bitmap_new(AGENT_STREAMS);
    s->gate.ops = &agent_gate_ops;
    vdc_gate_add_client(&s->gate);
}

static const Property agent_properties[] = {
    DEFINE_PROP_UINT32("node", VdcAgent, node, 0),
    DEFINE_PROP_UINT32("nnodes", VdcAgent, nnodes, 1),
    DEFINE_PROP_STRING("job", VdcAgent, job_path),
    DEFINE_PROP_STRING("out", VdcAgent, out_dir),
};

static const VMStateDescription agent_vmstate = {
    .name = TYPE_VDC_AGENT,
    .unmigratable = 1,
};

static void agent_class_init(ObjectClass *oc, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(oc);
    PCIDeviceClass *k = PCI_DEVICE_CLASS(oc);

    k->realize = agent_realize;
    k->vendor_id = PCI_VENDOR_ID_REDHAT_QUMRANET;
    k->device_id = AGENT_DEVICE_ID;
    k->class_id = PCI_CLASS_SYSTEM_OTHER;
    dc->desc = "guest agent of a virtual datacenter";
    dc->vmsd = &agent_vmstate;
    dc->hotpluggable = false;
    device_class_set_props(dc, agent_properties);
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);
}

static const TypeInfo agent_info = {
    .name = TYPE_VDC_AGENT,
    .parent = TYPE_PCI_DEVICE,
    .instance_size = sizeof(VdcAgent),
    .class_init = agent_class_init,
    .interfaces =
        (InterfaceInfo[]){
            { INTERFACE_CONVENTIONAL_PCI_DEVICE },
            {},
        },
};

static void agent_register_types(void)
{
    type_register_static(&agent_info);
}

type_init(agent_register_types)
