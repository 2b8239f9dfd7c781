/* SPDX-License-Identifier: MIT */
/* BAR0: register reads answer from state at once, writes record and arm. */
#include "state.h"

#include <string.h>

#define FW_VER   UINT64_C(0x0001000000000000) /* 1.0.0 */
#define WIDTH_4X 2u
#define NS_HZ    1000000000u

#define CAPS_RDMA                                                                                  \
    (HINIC_CAP_ROCEV2 | HINIC_CAP_RC | HINIC_CAP_UC | HINIC_CAP_UD | HINIC_CAP_SRQ |               \
     HINIC_CAP_ATOMIC | HINIC_CAP_MW | HINIC_CAP_FRWR | HINIC_CAP_TS_CQE | HINIC_CAP_DMABUF |      \
     HINIC_CAP_FLUSH | HINIC_CAP_ATOMIC_WRITE)

uint64_t vdc_hinic_caps(const struct vdc_hinic *h)
{
    return (HINIC_CAP_ETH | (h->lay.n_qp > 0 ? CAPS_RDMA : 0)) & h->cfg.caps_mask;
}

static uint32_t status(const struct vdc_hinic *h)
{
    uint32_t v = h->dev.reset_done ? HINIC_DEV_STATUS_RESET_DONE : 0;

    if (h->dev.is_enabled && !h->dev.fatal) {
        v |= HINIC_DEV_STATUS_READY;
    }
    if (h->dev.fatal) {
        v |= HINIC_DEV_STATUS_FATAL | (uint32_t)h->dev.fatal << HINIC_DEV_STATUS_CODE_SHIFT;
    }
    return v;
}

static uint32_t port_reg(const struct vdc_hinic *h, uint32_t off)
{
    const struct port *p = &h->dev.port;
    const uint32_t phys = p->is_up ? HINIC_PHYS_LINK_UP : HINIC_PHYS_POLLING;
    const uint32_t state = p->is_up ? HINIC_PORT_ACTIVE : HINIC_PORT_DOWN;

    switch (off) {
    case HINIC_PORT_STATUS:
        return (p->is_up ? HINIC_PORT_STATUS_UP : 0) | phys << 8 | state << 12;
    case HINIC_PORT_MBPS:
        return (uint32_t)(p->link.rate_bps / 1000000);
    case HINIC_PORT_WIDTH:
        return WIDTH_4X;
    case HINIC_PORT_MTU:
        return p->link.mtu;
    case HINIC_PORT_CABLE_DELAY:
        return (uint32_t)(p->link.latency_ps / VTIME_PS_PER_NS);
    default:
        return 0;
    }
}

static uint32_t clock_low(struct vdc_hinic *h, vtime_t now)
{
    const uint64_t ns = vdc_hinic_ns(h, now);

    h->dev.vclock_hi = (uint32_t)(ns >> 32);
    return (uint32_t)ns;
}

static uint32_t half(uint64_t v, uint32_t off)
{
    return (uint32_t)(off & 4 ? v >> 32 : v);
}

static uint32_t counter_reg(struct vdc_hinic *h, vtime_t now, uint32_t off)
{
    const uint32_t i = off / 8;

    if (i == HINIC_CNT_VTIME_NS) {
        return half(vdc_hinic_ns(h, now), off);
    }
    return half(h->dev.cnt[i], off);
}

uint32_t vdc_hinic_reg_read(struct vdc_hinic *h, vtime_t now, uint32_t off)
{
    const struct dev *d = &h->dev;

    _Static_assert(HINIC_R_COUNTERS_N <= HINIC_CNT_N,
                   "the register window shows counters that exist");
    if (off >= HINIC_R_COUNTERS(0) && off < HINIC_R_COUNTERS(0) + HINIC_R_COUNTERS_N * 8) {
        return counter_reg(h, now, off - HINIC_R_COUNTERS(0));
    }
    if (off >= HINIC_R_PORT(0) && off < HINIC_R_PORT(1)) {
        return port_reg(h, off - HINIC_R_PORT(0));
    }
    switch (off) {
    case HINIC_R_MAGIC:
        return HINIC_MAGIC;
    case HINIC_R_SPEC_VER:
        return h->cfg.spec_ver;
    case HINIC_R_FW_VER:
    case HINIC_R_FW_VER + 4:
        return half(FW_VER, off);
    case HINIC_R_CAPS:
    case HINIC_R_CAPS + 4:
        return half(vdc_hinic_caps(h), off);
    case HINIC_R_DEV_CTRL:
        return (d->is_enabled ? HINIC_DEV_CTRL_ENABLE : 0) |
               (d->is_int_masked ? HINIC_DEV_CTRL_INT_MASK : 0);
    case HINIC_R_DEV_STATUS:
        return status(h);
    case HINIC_R_AQ_SQ_BASE:
    case HINIC_R_AQ_SQ_BASE + 4:
        return half(d->aq.sq_base, off);
    case HINIC_R_AQ_CQ_BASE:
    case HINIC_R_AQ_CQ_BASE + 4:
        return half(d->aq.cq_base, off);
    case HINIC_R_AQ_DEPTH:
        return d->aq.log_depth;
    case HINIC_R_AEQ_BASE:
    case HINIC_R_AEQ_BASE + 4:
        return half(d->aq.aeq_base, off);
    case HINIC_R_AEQ_DEPTH:
        return d->aq.aeq_log_depth;
    case HINIC_R_NODE_GUID:
    case HINIC_R_NODE_GUID + 4:
        return half(vdc_hinic_node_guid(h), off);
    case HINIC_R_MAC:
    case HINIC_R_MAC + 4:
        return half(vdc_hinic_mac(h), off);
    case HINIC_R_LIMITS:
        return 1u | h->cfg.n_uar << 8 | h->cfg.n_vectors << 24;
    case HINIC_R_ETH_LIMITS:
        return h->cfg.n_qpairs | h->cfg.n_eq << 8;
    case HINIC_R_VCLOCK_NS:
    case HINIC_R_CLOCK_PAGE:
        return clock_low(h, now);
    case HINIC_R_VCLOCK_NS + 4:
    case HINIC_R_CLOCK_PAGE + 4:
        return d->vclock_hi;
    case HINIC_R_CLOCK_HZ:
        return NS_HZ;
    case HINIC_R_VCLOCK_EPOCH:
        return d->vclock_epoch;
    case HINIC_R_SCRATCH:
        return d->scratch;
    case HINIC_R_TEST:
        return ~d->test;
    case HINIC_R_GUEST_ERR_COUNT:
        return (uint32_t)d->cnt[HINIC_CNT_GUEST_ERRORS];
    case HINIC_R_LAST_GUEST_ERR:
        return d->last_gerr;
    case HINIC_R_NODE_ID:
        return h->cfg.node;
    default:
        return 0;
    }
}

static bool is_page_aligned(uint64_t v)
{
    return (v & (HINIC_PAGE_SIZE - 1)) == 0;
}

static void enable(struct vdc_hinic *h)
{
    const struct aq *aq = &h->dev.aq;
    struct ring aeq = { .log_pgsz = 30, .log_depth = aq->aeq_log_depth };

    if (aq->log_depth < HINIC_AQ_LOG_MIN || aq->log_depth > HINIC_AQ_LOG_MAX ||
        aq->aeq_log_depth < HINIC_EQ_LOG_MIN || aq->aeq_log_depth > HINIC_EQ_LOG_MAX ||
        !is_page_aligned(aq->sq_base | aq->cq_base | aq->aeq_base)) {
        vdc_hinic_guest_err(h, HINIC_GERR_ENABLE,
                            (uint64_t)aq->aeq_log_depth << 32 | aq->log_depth);
        return;
    }
    h->dev.is_enabled = 1;
    aeq.page[0] = aq->aeq_base;
    vdc_hinic_eq_open(h, 0, &aeq, 0, 0, 0);
}

static void write_ctrl(struct vdc_hinic *h, vtime_t now, uint32_t v)
{
    const bool want = (v & HINIC_DEV_CTRL_ENABLE) != 0;
    const bool was_masked = h->dev.is_int_masked != 0;

    if (v & HINIC_DEV_CTRL_RESET) {
        vdc_hinic_reset(h, now, VDC_HINIC_RESET_SOFT);
        return;
    }
    h->dev.is_int_masked = (v & HINIC_DEV_CTRL_INT_MASK) != 0;
    if (was_masked && !h->dev.is_int_masked) {
        vdc_hinic_msi_unmask(h, now);
    }
    if (want && !h->dev.is_enabled && !h->dev.fatal) {
        enable(h);
    } else if (!want && h->dev.is_enabled) {
        vdc_hinic_stop(h);
    }
}

/* Ring registers are locked while the rings are in use. */
static void set_up(struct vdc_hinic *h, uint32_t off, uint32_t v)
{
    struct aq *aq = &h->dev.aq;
    uint64_t *base = NULL;

    if (h->dev.is_enabled) {
        vdc_hinic_guest_err(h, HINIC_GERR_LOCKED, off);
        return;
    }
    switch (off & ~4u) {
    case HINIC_R_AQ_SQ_BASE:
        base = &aq->sq_base;
        break;
    case HINIC_R_AQ_CQ_BASE:
        base = &aq->cq_base;
        break;
    case HINIC_R_AEQ_BASE:
        base = &aq->aeq_base;
        break;
    case HINIC_R_AQ_DEPTH:
        aq->log_depth = v;
        return;
    default:
        aq->aeq_log_depth = v;
        return;
    }
    *base = off & 4 ? (*base & UINT32_MAX) | (uint64_t)v << 32
                    : (*base & ~(uint64_t)UINT32_MAX) | v;
}

/* Distance check of a free-running 16-bit index: at most depth entries ahead of base, never behind
 * cur. */
static bool index_ok(uint16_t v, uint16_t cur, uint16_t base, uint32_t depth)
{
    const uint16_t ahead = (uint16_t)(v - base);

    return ahead <= depth && ahead >= (uint16_t)(cur - base);
}

static void aq_doorbell(struct vdc_hinic *h, vtime_t now, uint32_t off, uint32_t v)
{
    struct aq *aq = &h->dev.aq;
    bool ok = vdc_hinic_is_alive(h) && v <= UINT16_MAX;

    if (ok && off == HINIC_R_AQ_DB) {
        ok = index_ok((uint16_t)v, aq->sq_pi, aq->sq_ci, 1u << aq->log_depth);
        aq->sq_pi = ok ? (uint16_t)v : aq->sq_pi;
    } else if (ok) {
        ok = (uint16_t)(v - aq->cq_ci) <= (uint16_t)(aq->cq_pi - aq->cq_ci);
        aq->cq_ci = ok ? (uint16_t)v : aq->cq_ci;
    }
    if (!ok) {
        vdc_hinic_guest_err(h, HINIC_GERR_AQ_DB, v);
    } else if (!vdc_hinic_ev_is_armed(h, EV_DB_AQ, 0)) {
        vdc_hinic_ev_arm(h, EV_DB_AQ, 0, vtime_add(now, h->cfg.timing.t_db));
    }
}

static void reg_write(struct vdc_hinic *h, vtime_t now, uint32_t off, uint32_t v)
{
    switch (off) {
    case HINIC_R_DEV_CTRL:
        write_ctrl(h, now, v);
        break;
    case HINIC_R_AQ_SQ_BASE:
    case HINIC_R_AQ_SQ_BASE + 4:
    case HINIC_R_AQ_CQ_BASE:
    case HINIC_R_AQ_CQ_BASE + 4:
    case HINIC_R_AEQ_BASE:
    case HINIC_R_AEQ_BASE + 4:
    case HINIC_R_AQ_DEPTH:
    case HINIC_R_AEQ_DEPTH:
        set_up(h, off, v);
        break;
    case HINIC_R_AQ_DB:
    case HINIC_R_AQ_CQ_CI:
        aq_doorbell(h, now, off, v);
        break;
    case HINIC_R_AEQ_CI:
        if (vdc_hinic_is_alive(h)) {
            vdc_hinic_notify_db(h, now, 0, v, (v & HINIC_AEQ_CI_ARM) != 0);
        } else {
            vdc_hinic_guest_err(h, HINIC_GERR_DB_OBJECT, v);
        }
        break;
    case HINIC_R_SCRATCH:
        h->dev.scratch = v;
        break;
    case HINIC_R_TEST:
        h->dev.test = v;
        break;
    default:
        vdc_hinic_guest_err(h, HINIC_GERR_REG, off);
        break;
    }
}

uint64_t vdc_hinic_mmio_read(struct vdc_hinic *h, vtime_t now, uint32_t bar, uint64_t off,
                             uint32_t size)
{
    uint64_t lo;

    if (bar != HINIC_BAR_REGS || (size != 4 && size != 8) || off % size != 0 ||
        off >= HINIC_BAR0_SIZE) {
        return 0;
    }
    if (now < h->dev.epoch) {
        now = h->dev.epoch;
    }
    lo = vdc_hinic_reg_read(h, now, (uint32_t)off);
    return size == 4 ? lo : lo | (uint64_t)vdc_hinic_reg_read(h, now, (uint32_t)off + 4) << 32;
}

void vdc_hinic_mmio_write(struct vdc_hinic *h, vtime_t now, uint32_t bar, uint64_t off,
                          uint32_t size, uint64_t value)
{
    assert(now >= h->now);
    if (bar == HINIC_BAR_DB && size == 8 && off % 8 == 0) {
        vdc_hinic_doorbell(h, now, off, value);
        return;
    }
    if (bar != HINIC_BAR_REGS || (size != 4 && size != 8) || off % size != 0 ||
        off >= HINIC_BAR0_SIZE) {
        vdc_hinic_guest_err(h, bar == HINIC_BAR_DB ? HINIC_GERR_DB : HINIC_GERR_ACCESS, off);
        return;
    }
    reg_write(h, now, (uint32_t)off, (uint32_t)value);
    if (size == 8) {
        reg_write(h, now, (uint32_t)off + 4, (uint32_t)(value >> 32));
    }
}
