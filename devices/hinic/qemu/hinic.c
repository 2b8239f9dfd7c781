/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HiNIC as a PCIe endpoint: carries out what the device model asks for. */
#include "qemu/osdep.h"
#include "qemu/log.h"
#include "qemu/memalign.h"
#include "qemu/module.h"
#include "qemu/range.h"
#include "qemu/timer.h"
#include "qemu/units.h"
#include "qapi/error.h"
#include "hw/pci/msix.h"
#include "hw/pci/pci_device.h"
#include "hw/pci/pcie.h"
#include "hw/qdev-properties.h"
#include "migration/vmstate.h"
#include "hinic_hw.h"
#include "vdc/hinic.h"
#include "vdc/rng.h"
#include "gate.h"

#define TYPE_HINIC "hinic"
OBJECT_DECLARE_SIMPLE_TYPE(HinicState, HINIC)

#define HINIC_PM_OFFSET       0x40
#define HINIC_PCIE_OFFSET     0xe0
#define HINIC_AER_OFFSET      0x100
#define HINIC_MSIX_BAR_SIZE   (8 * KiB)
#define HINIC_MSIX_PBA_OFFSET (4 * KiB)
#define HINIC_GUEST_ERR_BURST 10
#define HINIC_NOT_ARMED       -1
#define P32_ONE               (UINT64_C(1) << 32)

struct HinicState {
    PCIDevice parent_obj;

    struct vdc_hinic_cfg cfg;
    bool loopback;

    MemoryRegion regs;
    MemoryRegion doorbells;
    MemoryRegion msix_bar;
    QEMUTimer *timer;
    int64_t armed_ns; /* HINIC_NOT_ARMED: the timer is off */
    struct vdc_hinic *model;
    VdcGateClient gate;
    bool is_running; /* inside vdc_hinic_run() */
    bool is_flr;     /* the reset is a function-level reset */
    bool is_ready;   /* the model has its vtime 0 */
    bool has_digest; /* the model has not changed since @digest */
    struct vdc_digest digest;
    GQueue *looped; /* struct vdc_msg + payload, in order */
    uint64_t n_guest_err;
};

/* Local time of the model is QEMU_CLOCK_VIRTUAL. */
static vtime_t hinic_epoch(void)
{
    return vtime_from_ns(vdc_gate_epoch_ns());
}

static vtime_t hinic_insn_time(void)
{
    return vtime_from_ns(vdc_gate_insn_clock_ns());
}

/* --- what the model asks for --------------------------------------------- */

/* DMA to the device's own registers would enter the model twice. */
static bool hinic_is_own_bar(HinicState *s, uint64_t addr, uint32_t len)
{
    PCIDevice *pdev = PCI_DEVICE(s);

    for (int i = 0; i < PCI_NUM_REGIONS; i++) {
        pcibus_t bar = pdev->io_regions[i].addr;

        if (pdev->io_regions[i].size && bar != PCI_BAR_UNMAPPED &&
            ranges_overlap(bar, pdev->io_regions[i].size, addr, len)) {
            return true;
        }
    }
    return false;
}

static int hinic_dma_read(void *ctx, uint64_t addr, void *buf, uint32_t len)
{
    HinicState *s = ctx;

    if (hinic_is_own_bar(s, addr, len)) {
        return -EFAULT;
    }
    return pci_dma_read(PCI_DEVICE(s), addr, buf, len) == MEMTX_OK ? 0 : -EIO;
}

static int hinic_dma_write(void *ctx, uint64_t addr, const void *buf,
                           uint32_t len)
{
    HinicState *s = ctx;

    if (hinic_is_own_bar(s, addr, len)) {
        return -EFAULT;
    }
    return pci_dma_write(PCI_DEVICE(s), addr, buf, len) == MEMTX_OK ? 0 : -EIO;
}

static void hinic_msi(void *ctx, uint32_t vector)
{
    HinicState *s = ctx;

    if (vector < s->cfg.n_vectors) {
        msix_notify(PCI_DEVICE(s), vector);
    }
}

static void hinic_frame(void *ctx, const struct vdc_msg *m, const void *bytes)
{
    HinicState *s = ctx;
    uint8_t *copy;

    if (s->loopback) {
        copy = g_malloc(sizeof(*m) + m->len);
        memcpy(copy, m, sizeof(*m));
        memcpy(copy + sizeof(*m), bytes, m->len);
        g_queue_push_tail(s->looped, copy);
    } else if (s->gate.port >= 0) {
        vdc_gate_send(&s->gate, m, bytes);
    }
}

static void hinic_guest_err(void *ctx, uint32_t code, uint64_t arg)
{
    HinicState *s = ctx;
    uint64_t n = ++s->n_guest_err;

    if (n <= HINIC_GUEST_ERR_BURST || is_power_of_2(n)) {
        qemu_log_mask(LOG_GUEST_ERROR,
                      "hinic: guest error %" PRIu64 ": code %u arg 0x%" PRIx64
                      "\n",
                      n, code, arg);
    }
}

/* --- running the model --------------------------------------------------- */

/* For whatever may change the model. */
static struct vdc_hinic *hinic_change(HinicState *s)
{
    s->has_digest = false;
    return s->model;
}

static void hinic_model_run(HinicState *s, vtime_t now)
{
    const struct vdc_hinic_env env = {
        .ctx = s,
        .dma_read = hinic_dma_read,
        .dma_write = hinic_dma_write,
        .msi = hinic_msi,
        .frame = hinic_frame,
        .guest_err = hinic_guest_err,
    };

    assert(!s->is_running);
    s->is_running = true;
    vdc_hinic_run(hinic_change(s), now, &env);
    s->is_running = false;
}

static const struct vdc_msg *hinic_peek(HinicState *s)
{
    return s->loopback ? g_queue_peek_head(s->looped) : vdc_gate_peek(&s->gate);
}

static void hinic_pop(HinicState *s)
{
    if (s->loopback) {
        g_free(g_queue_pop_head(s->looped));
    } else {
        vdc_gate_pop(&s->gate);
    }
}

static vtime_t hinic_input_next(HinicState *s)
{
    const struct vdc_msg *m = hinic_peek(s);

    return m ? vtime_add(m->t, hinic_epoch()) : VTIME_NEVER;
}

/* Gives the model one message. False: it has to run to @given first. */
static bool hinic_give(HinicState *s, const struct vdc_msg *m)
{
    int rc;

    if (m->type == VDC_MSG_CMD) {
        vdc_gate_command(vdc_msg_payload(m), m->len);
        return true;
    }
    rc = vdc_hinic_rx(hinic_change(s), m, vdc_msg_payload(m));
    if (rc == -EAGAIN) {
        return false;
    }
    if (rc < 0) {
        vdc_gate_fail("the NIC's peer sent something that is no frame");
    }
    return true;
}

static void hinic_rearm(HinicState *s)
{
    vtime_t next = vtime_min(vdc_hinic_next(s->model), hinic_input_next(s));
    int64_t ns;

    if (next == VTIME_NEVER) {
        ns = HINIC_NOT_ARMED;
        timer_del(s->timer);
    } else {
        ns = vtime_ns_ceil(next);
        if (ns != s->armed_ns) {
            timer_mod_ns(s->timer, ns);
        }
    }
    s->armed_ns = ns;
}

/* Everything up to and including local time @now, in order. */
static void hinic_run(HinicState *s, vtime_t now)
{
    vtime_t given = 0;
    vtime_t t;

    for (;;) {
        while ((t = hinic_input_next(s)) <= now) {
            if (!hinic_give(s, hinic_peek(s))) {
                assert(given);
                hinic_model_run(s, given);
                continue;
            }
            given = t;
            hinic_pop(s);
        }
        hinic_model_run(s, now);
        /* A looped frame is in the future, but for a link without latency. */
        if (hinic_input_next(s) > now) {
            break;
        }
    }
    hinic_rearm(s);
}

static void hinic_timer(void *opaque)
{
    HinicState *s = opaque;

    s->armed_ns = HINIC_NOT_ARMED;
    hinic_run(s, vtime_from_ns(qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL)));
}

/* --- registers and doorbells --------------------------------------------- */

/*
 * Only the model's own events are caught up here. Messages are handled by the
 * timer, at the instruction boundary where virtual time reaches them: an access
 * may not see one earlier because the window happened to be longer.
 */
static vtime_t hinic_access_time(HinicState *s)
{
    vtime_t now = hinic_insn_time();

    if (vdc_hinic_next(s->model) <= now) {
        hinic_model_run(s, now);
    }
    return now;
}

static uint64_t hinic_read(HinicState *s, uint32_t bar, hwaddr addr,
                           unsigned size)
{
    vtime_t now = hinic_access_time(s);
    uint64_t value = vdc_hinic_mmio_read(hinic_change(s), now, bar, addr, size);

    hinic_rearm(s);
    return value;
}

static void hinic_write(HinicState *s, uint32_t bar, hwaddr addr,
                        uint64_t value, unsigned size)
{
    vtime_t now = hinic_access_time(s);

    vdc_hinic_mmio_write(hinic_change(s), now, bar, addr, size, value);
    hinic_rearm(s);
}

static uint64_t hinic_regs_read(void *opaque, hwaddr addr, unsigned size)
{
    return hinic_read(opaque, HINIC_BAR_REGS, addr, size);
}

static void hinic_regs_write(void *opaque, hwaddr addr, uint64_t value,
                             unsigned size)
{
    hinic_write(opaque, HINIC_BAR_REGS, addr, value, size);
}

static uint64_t hinic_db_read(void *opaque, hwaddr addr, unsigned size)
{
    return hinic_read(opaque, HINIC_BAR_DB, addr, size);
}

static void hinic_db_write(void *opaque, hwaddr addr, uint64_t value,
                           unsigned size)
{
    hinic_write(opaque, HINIC_BAR_DB, addr, value, size);
}

static const MemoryRegionOps hinic_regs_ops = {
    .read = hinic_regs_read,
    .write = hinic_regs_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
    .impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};

static const MemoryRegionOps hinic_db_ops = {
    .read = hinic_db_read,
    .write = hinic_db_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
    .impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};

/* --- virtual time -------------------------------------------------------- */

static void hinic_ready(HinicState *s)
{
    vtime_t epoch = hinic_epoch();

    s->is_ready = true;
    vdc_hinic_ready(hinic_change(s), epoch, epoch);
    hinic_run(s, epoch);
}

static void hinic_gate_start(VdcGateClient *c)
{
    HinicState *s = container_of(c, HinicState, gate);

    /* In loopback the link came up at reset: the agent starts later. */
    if (!s->is_ready) {
        hinic_ready(s);
    }
}

static void hinic_gate_input(VdcGateClient *c)
{
    hinic_rearm(container_of(c, HinicState, gate));
}

static void hinic_gate_run(VdcGateClient *c, vtime_t to)
{
    HinicState *s = container_of(c, HinicState, gate);
    vtime_t last = vtime_add(to, hinic_epoch()) - 1;

    if (vtime_min(vdc_hinic_next(s->model), hinic_input_next(s)) <= last) {
        hinic_run(s, last);
    }
}

static vtime_t hinic_gate_promise(VdcGateClient *c, vtime_t vcpu_now)
{
    HinicState *s = container_of(c, HinicState, gate);
    vtime_t epoch = hinic_epoch();
    vtime_t t = vdc_hinic_promise(s->model, vtime_add(vcpu_now, epoch));

    return t == VTIME_NEVER ? t : t - epoch;
}

static void hinic_gate_digest(VdcGateClient *c, struct vdc_digest *d)
{
    HinicState *s = container_of(c, HinicState, gate);
    uint64_t bytes[2];

    if (!s->has_digest) {
        s->digest = vdc_hinic_digest(s->model);
        s->has_digest = true;
    }
    bytes[0] = cpu_to_le64(s->digest.lo);
    bytes[1] = cpu_to_le64(s->digest.hi);
    vdc_digest_fold(d, bytes, sizeof(bytes));
}

static const VdcGateClientOps hinic_gate_ops = {
    .start = hinic_gate_start,
    .input = hinic_gate_input,
    .run = hinic_gate_run,
    .promise = hinic_gate_promise,
    .digest = hinic_gate_digest,
};

/* --- PCI ----------------------------------------------------------------- */

static void hinic_config_write(PCIDevice *pdev, uint32_t addr, uint32_t value,
                               int len)
{
    HinicState *s = HINIC(pdev);

    pci_default_write_config(pdev, addr, value, len);
    s->is_flr = true;
    pcie_cap_flr_write_config(pdev, addr, value, len);
    s->is_flr = false;
}

static void hinic_reset(DeviceState *dev)
{
    HinicState *s = HINIC(dev);
    vtime_t now = hinic_access_time(s);

    vdc_hinic_reset(hinic_change(s), now,
                    s->is_flr ? VDC_HINIC_RESET_FLR : VDC_HINIC_RESET_COLD);
    if (s->loopback && !s->is_ready) {
        hinic_ready(s);
    }
    hinic_rearm(s);
}

typedef struct HinicRange {
    const char *name;
    uint64_t value, min, max;
} HinicRange;

static bool hinic_check(HinicState *s, Error **errp)
{
    const struct vdc_hinic_cfg *c = &s->cfg;
    const struct vdc_hinic_timing *t = &c->timing;
    const uint64_t t_min = VTIME_PS_PER_NS, t_max = 100 * VTIME_PS_PER_US;
    const HinicRange ranges[] = {
        { "nnodes", c->n_nodes, 1, VDC_HINIC_NODES_MAX },
        { "node", c->node, 0, c->n_nodes ? c->n_nodes - 1 : 0 },
        { "rate-bps", c->link.rate_bps, VDC_LINK_RATE_MIN, VDC_LINK_RATE_MAX },
        { "latency-ps", c->link.latency_ps, 0, VTIME_PS_PER_S },
        { "mtu", c->mtu, HINIC_MTU_MIN, HINIC_MTU_MAX },
        { "wire-overhead", c->link.wire_overhead, 0, 256 },
        { "min-frame", c->link.min_frame, 0, 1518 },
        { "tx-quantum-ps", c->link.tx_quantum_ps, 1, VTIME_PS_PER_US },
        { "loss-p32", c->link.loss_p32, 0, P32_ONE },
        { "corrupt-p32", c->link.corrupt_p32, 0, P32_ONE },
        { "jitter-ps", c->link.jitter_ps, 0, VTIME_PS_PER_S },
        { "queues", c->n_qpairs, 1, HINIC_QPAIRS_MAX },
        { "uars", c->n_uar, 1, VDC_HINIC_UAR_MAX },
        { "vectors", c->n_vectors, 2, HINIC_VECTORS_MAX },
        { "pcie-gbps", c->pcie_gbps, 1, VDC_HINIC_PCIE_GBPS_MAX },
        { "t-db-ps", t->t_db, t_min, t_max },
        { "t-pcie-up-ps", t->t_pcie_up, t_min, t_max },
        { "t-pcie-dn-ps", t->t_pcie_dn, t_min, t_max },
        { "t-tx-ps", t->t_tx, t_min, t_max },
        { "t-rx-ps", t->t_rx, t_min, t_max },
        { "t-pkt-ps", t->t_pkt, t_min, t_max },
        { "t-ack-ps", t->t_ack, t_min, t_max },
        { "t-msi-ps", t->t_msi, t_min, t_max },
        { "t-aq-ps", t->t_aq, t_min, t_max },
    };

    for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
        const HinicRange *r = &ranges[i];

        if (r->value < r->min || r->value > r->max) {
            error_setg(errp,
                       "hinic: %s=%" PRIu64 ", allowed: %" PRIu64 "..%" PRIu64,
                       r->name, r->value, r->min, r->max);
            return false;
        }
    }
    if (!is_power_of_2(c->n_uar)) {
        error_setg(errp, "hinic: uars=%u, allowed: a power of two", c->n_uar);
        return false;
    }
    if (s->loopback && c->port_id) {
        error_setg(errp, "hinic: loopback=on excludes port-id");
        return false;
    }
    return true;
}

/* Fields of the configuration that are no properties keep the defaults. */
static void hinic_complete_cfg(HinicState *s)
{
    struct vdc_hinic_cfg c = vdc_hinic_cfg_default();
    const struct vdc_hinic_cfg *p = &s->cfg;

    c.node = p->node;
    c.n_nodes = p->n_nodes;
    c.port_id = p->port_id;
    c.seed = p->seed;
    c.spec_ver = p->spec_ver;
    c.n_qpairs = p->n_qpairs;
    c.n_vectors = p->n_vectors;
    c.n_uar = p->n_uar;
    c.pcie_gbps = p->pcie_gbps;
    c.mtu = p->mtu;
    c.timing = p->timing;
    c.link.rate_bps = p->link.rate_bps;
    c.link.latency_ps = p->link.latency_ps;
    c.link.tx_quantum_ps = p->link.tx_quantum_ps;
    c.link.wire_overhead = p->link.wire_overhead;
    c.link.min_frame = p->link.min_frame;
    c.link.mtu = p->mtu;
    c.link.loss_p32 = p->link.loss_p32;
    c.link.corrupt_p32 = p->link.corrupt_p32;
    c.link.jitter_ps = p->link.jitter_ps;
    /* The streams of this direction: one link has one port at each end. */
    c.link.key = vdc_key(c.seed, VDC_RNG_LINK_LOSS, c.port_id, 0);
    s->cfg = c;
}

static bool hinic_init_model(HinicState *s, Error **errp)
{
    const char *bad;
    size_t size;

    if (!hinic_check(s, errp)) {
        return false;
    }
    hinic_complete_cfg(s);
    bad = vdc_hinic_cfg_check(&s->cfg);
    if (bad) {
        error_setg(errp, "hinic: the model refuses %s", bad);
        return false;
    }
    size = vdc_hinic_size(&s->cfg);
    s->model = qemu_memalign(64, size);
    memset(s->model, 0, size);
    if (vdc_hinic_init(s->model, &s->cfg) < 0) {
        error_setg(errp, "hinic: the model refuses its configuration");
        return false;
    }
    return true;
}

static bool hinic_init_capabilities(PCIDevice *pdev, Error **errp)
{
    HinicState *s = HINIC(pdev);

    if (pcie_endpoint_cap_init(pdev, HINIC_PCIE_OFFSET) < 0) {
        error_setg(errp, "hinic: no room for the PCIe capability");
        return false;
    }
    pcie_cap_flr_init(pdev);
    if (pci_pm_init(pdev, HINIC_PM_OFFSET, errp) < 0) {
        return false;
    }
    if (pcie_aer_init(pdev, PCI_ERR_VER, HINIC_AER_OFFSET, PCI_ERR_SIZEOF,
                      errp) < 0) {
        return false;
    }
    memory_region_init(&s->msix_bar, OBJECT(s), "hinic-msix",
                       HINIC_MSIX_BAR_SIZE);
    pci_register_bar(pdev, HINIC_BAR_MSIX,
                     PCI_BASE_ADDRESS_SPACE_MEMORY |
                         PCI_BASE_ADDRESS_MEM_TYPE_64,
                     &s->msix_bar);
    if (msix_init(pdev, s->cfg.n_vectors, &s->msix_bar, HINIC_BAR_MSIX, 0,
                  &s->msix_bar, HINIC_BAR_MSIX, HINIC_MSIX_PBA_OFFSET, 0,
                  errp) < 0) {
        return false;
    }
    for (uint32_t i = 0; i < s->cfg.n_vectors; i++) {
        msix_vector_use(pdev, i);
    }
    return true;
}

static void hinic_realize(PCIDevice *pdev, Error **errp)
{
    HinicState *s = HINIC(pdev);

    if (!hinic_init_model(s, errp)) {
        return;
    }
    memory_region_init_io(&s->regs, OBJECT(s), &hinic_regs_ops, s, "hinic-regs",
                          HINIC_BAR0_SIZE);
    pci_register_bar(
        pdev, HINIC_BAR_REGS,
        PCI_BASE_ADDRESS_SPACE_MEMORY | PCI_BASE_ADDRESS_MEM_TYPE_64, &s->regs);
    memory_region_init_io(&s->doorbells, OBJECT(s), &hinic_db_ops, s,
                          "hinic-doorbells",
                          (uint64_t)s->cfg.n_uar * HINIC_UAR_SIZE);
    pci_register_bar(pdev, HINIC_BAR_DB,
                     PCI_BASE_ADDRESS_SPACE_MEMORY |
                         PCI_BASE_ADDRESS_MEM_TYPE_64 |
                         PCI_BASE_ADDRESS_MEM_PREFETCH,
                     &s->doorbells);
    if (!hinic_init_capabilities(pdev, errp)) {
        return;
    }
    s->looped = g_queue_new();
    s->armed_ns = HINIC_NOT_ARMED;
    s->timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, hinic_timer, s);
    s->gate.ops = &hinic_gate_ops;
    s->gate.port_id = s->cfg.port_id;
    vdc_gate_add_client(&s->gate);
}

static const Property hinic_properties[] = {
    DEFINE_PROP_UINT32("node", HinicState, cfg.node, 0),
    DEFINE_PROP_UINT32("nnodes", HinicState, cfg.n_nodes, 1),
    DEFINE_PROP_UINT32("port-id", HinicState, cfg.port_id, 0),
    DEFINE_PROP_UINT64("seed", HinicState, cfg.seed, 0),
    DEFINE_PROP_UINT32("spec-ver", HinicState, cfg.spec_ver, 0),
    DEFINE_PROP_UINT64("rate-bps", HinicState, cfg.link.rate_bps, 100000000000),
    DEFINE_PROP_UINT64("latency-ps", HinicState, cfg.link.latency_ps, 500000),
    DEFINE_PROP_UINT32("mtu", HinicState, cfg.mtu, 4200),
    DEFINE_PROP_UINT32("wire-overhead", HinicState, cfg.link.wire_overhead,
                       VDC_LINK_ETH_OVERHEAD),
    DEFINE_PROP_UINT32("min-frame", HinicState, cfg.link.min_frame,
                       VDC_LINK_ETH_MIN_FRAME),
    DEFINE_PROP_UINT64("tx-quantum-ps", HinicState, cfg.link.tx_quantum_ps, 1),
    DEFINE_PROP_UINT64("loss-p32", HinicState, cfg.link.loss_p32, 0),
    DEFINE_PROP_UINT64("corrupt-p32", HinicState, cfg.link.corrupt_p32, 0),
    DEFINE_PROP_UINT64("jitter-ps", HinicState, cfg.link.jitter_ps, 0),
    DEFINE_PROP_UINT32("queues", HinicState, cfg.n_qpairs, 4),
    DEFINE_PROP_UINT32("uars", HinicState, cfg.n_uar, 1024),
    DEFINE_PROP_UINT32("vectors", HinicState, cfg.n_vectors, HINIC_VECTORS_MAX),
    DEFINE_PROP_UINT32("pcie-gbps", HinicState, cfg.pcie_gbps, 256),
    DEFINE_PROP_UINT64("t-db-ps", HinicState, cfg.timing.t_db, 300000),
    DEFINE_PROP_UINT64("t-pcie-up-ps", HinicState, cfg.timing.t_pcie_up,
                       250000),
    DEFINE_PROP_UINT64("t-pcie-dn-ps", HinicState, cfg.timing.t_pcie_dn,
                       250000),
    DEFINE_PROP_UINT64("t-tx-ps", HinicState, cfg.timing.t_tx, 100000),
    DEFINE_PROP_UINT64("t-rx-ps", HinicState, cfg.timing.t_rx, 150000),
    DEFINE_PROP_UINT64("t-pkt-ps", HinicState, cfg.timing.t_pkt, 20000),
    DEFINE_PROP_UINT64("t-ack-ps", HinicState, cfg.timing.t_ack, 50000),
    DEFINE_PROP_UINT64("t-msi-ps", HinicState, cfg.timing.t_msi, 250000),
    DEFINE_PROP_UINT64("t-aq-ps", HinicState, cfg.timing.t_aq, 2000000),
    DEFINE_PROP_BOOL("loopback", HinicState, loopback, false),
};

static const VMStateDescription hinic_vmstate = {
    .name = TYPE_HINIC,
    .unmigratable = 1,
};

static void hinic_class_init(ObjectClass *oc, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(oc);
    PCIDeviceClass *k = PCI_DEVICE_CLASS(oc);

    k->realize = hinic_realize;
    k->config_write = hinic_config_write;
    k->vendor_id = HINIC_PCI_VENDOR;
    k->device_id = HINIC_PCI_DEVICE;
    k->revision = HINIC_PCI_REVISION;
    k->class_id = HINIC_PCI_CLASS_ETH >> 8;
    dc->desc = "RDMA network adapter of a virtual datacenter";
    dc->vmsd = &hinic_vmstate;
    dc->hotpluggable = false;
    device_class_set_legacy_reset(dc, hinic_reset);
    device_class_set_props(dc, hinic_properties);
    set_bit(DEVICE_CATEGORY_NETWORK, dc->categories);
}

static const TypeInfo hinic_info = {
    .name = TYPE_HINIC,
    .parent = TYPE_PCI_DEVICE,
    .instance_size = sizeof(HinicState),
    .class_init = hinic_class_init,
    .interfaces =
        (InterfaceInfo[]){
            { INTERFACE_PCIE_DEVICE },
            {},
        },
};

static void hinic_register_types(void)
{
    type_register_static(&hinic_info);
}

type_init(hinic_register_types)
