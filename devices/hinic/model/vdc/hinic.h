/* SPDX-License-Identifier: MIT */
/* The HiNIC device model: a pure state machine behind two BARs, bus memory, interrupts and one
 * link. */
#ifndef VDC_DEVICES_HINIC_MODEL_VDC_HINIC_H
#define VDC_DEVICES_HINIC_MODEL_VDC_HINIC_H

#include <stddef.h>
#include <stdint.h>

#include "vdc/digest.h"
#include "vdc/link.h"
#include "vdc/msg.h"
#include "vdc/vtime.h"

/*
 * How a shell uses it, in one thread:
 *   - `now` and every time here is the shell's local time in ps and never goes back. Messages carry
 *     local time - epoch; the epoch is the argument of vdc_hinic_ready(), 0 before.
 *   - Give the model every message with arrival <= now (vdc_hinic_rx), then call
 * vdc_hinic_run(now).
 *   - Call vdc_hinic_run(now) before an MMIO access if vdc_hinic_next() <= now, so that reads show
 * what has happened.
 *   - After any call, vdc_hinic_next() may have moved: set the one timer of the device to it.
 * MMIO calls record and arm only; memory, interrupts and frames appear in vdc_hinic_run() alone.
 */

/* Timing of the device, in ps; each 1 ns .. 100 us. */
struct vdc_hinic_timing {
    uint64_t t_db;      /* doorbell to start of the fetch */
    uint64_t t_pcie_up; /* DMA request to memory access */
    uint64_t t_pcie_dn; /* memory access to completion at the device */
    uint64_t t_tx;      /* last DMA byte to first bit out */
    uint64_t t_rx;      /* last bit in to first effect */
    uint64_t t_pkt;     /* occupancy of the engine per packet, each direction */
    uint64_t t_ack;     /* generation of a response */
    uint64_t t_msi;     /* completion visible to interrupt */
    uint64_t t_aq;      /* admin command */
};

#define VDC_HINIC_NODES_MAX     65536u
#define VDC_HINIC_PCIE_GBPS_MAX 2048u
#define VDC_HINIC_UAR_MAX       16384u
#define VDC_HINIC_EQ_MAX        64u
#define VDC_HINIC_QP_MAX        16384u
#define VDC_HINIC_CQ_MAX        32768u
#define VDC_HINIC_SRQ_MAX       16384u
#define VDC_HINIC_KEY_MAX       262144u /* of regions, and of windows */
#define VDC_HINIC_PD_MAX        16384u
#define VDC_HINIC_GID_MAX       256u
#define VDC_HINIC_MC_MAX        4096u
#define VDC_HINIC_RX_MEM_MIN    (64u << 10)
#define VDC_HINIC_RX_MEM_MAX    (64u << 20)

/* Start from vdc_hinic_cfg_default() and change what the experiment states. */
struct vdc_hinic_cfg {
    uint32_t node;         /* index of this node, < n_nodes */
    uint32_t n_nodes;      /* 1..VDC_HINIC_NODES_MAX */
    uint32_t port_id;      /* vdc_port_id() of the port: `port` of every message sent */
    uint32_t spec_ver;     /* 0 = HINIC_SPEC_VER; another value for tests of drivers */
    uint64_t seed;         /* of the run */
    uint64_t caps_mask;    /* capabilities the model may show, default all it has; without
                            * ROCEV2 the device has no RDMA and no state for it */
    uint32_t n_qpairs;     /* Ethernet queue pairs, 1..16 */
    uint32_t n_vectors;    /* 2..64; 0 is AEQ + admin */
    uint32_t n_uar;        /* doorbell pages, 1..VDC_HINIC_UAR_MAX */
    uint32_t n_eq;         /* completion EQs, 1..VDC_HINIC_EQ_MAX */
    uint32_t pcie_gbps;    /* 1..2048; serialises DMA payload, reads and writes separately */
    uint32_t mtu;          /* start value of the port's MTU, 68..9000 */
    uint32_t rx_mem_bytes; /* receive memory, default 1 MiB */
    uint32_t n_qp;         /* queue pairs, QP 0 and QP 1 included, 4..VDC_HINIC_QP_MAX */
    uint32_t n_cq;         /* 1..VDC_HINIC_CQ_MAX */
    uint32_t n_srq;        /* 1..VDC_HINIC_SRQ_MAX */
    uint32_t n_mr, n_mw;   /* memory regions and windows, 1..VDC_HINIC_KEY_MAX each */
    uint32_t n_pd;         /* 1..VDC_HINIC_PD_MAX */
    uint32_t n_gid;        /* of the port, 1..VDC_HINIC_GID_MAX */
    uint32_t n_mc;         /* multicast groups, 1..VDC_HINIC_MC_MAX */
    uint32_t zero;
    struct vdc_hinic_timing timing;
    struct vdc_link_cfg link; /* of the direction from this NIC */
};

enum vdc_hinic_reset_kind {
    VDC_HINIC_RESET_COLD, /* machine reset: counters too */
    VDC_HINIC_RESET_FLR,
    VDC_HINIC_RESET_SOFT /* DEV_CTRL.reset; the model calls it by itself */
};

/* What the model does to the world; all calls happen inside vdc_hinic_run(). frame and guest_err
 * may be NULL. */
struct vdc_hinic_env {
    void *ctx;
    /* Copies len bytes (<= 4096, any alignment) at a bus address. 0, or negative if the access
     * failed. */
    int (*dma_read)(void *ctx, uint64_t addr, void *buf, uint32_t len);
    int (*dma_write)(void *ctx, uint64_t addr, const void *buf, uint32_t len);
    void (*msi)(void *ctx, uint32_t vector);
    /* A frame enters the link. m is complete but for dst and user; bytes (m->len) belong to the
     * model until return. */
    void (*frame)(void *ctx, const struct vdc_msg *m, const void *bytes);
    /* For the shell's log (rate limited there): enum hinic_guest_err. The model has counted it.
     */
    void (*guest_err)(void *ctx, uint32_t code, uint64_t arg);
};

struct vdc_hinic; /* flat bytes, no pointers: snapshot = memcpy */

struct vdc_hinic_cfg vdc_hinic_cfg_default(void);
/* Name of the first field of the configuration that is out of its range, NULL if none is. */
const char *vdc_hinic_cfg_check(const struct vdc_hinic_cfg *cfg);

/* Bytes of state; 0 if the configuration is out of range. */
size_t vdc_hinic_size(const struct vdc_hinic_cfg *cfg);
/* mem: vdc_hinic_size() bytes, 64-aligned, belongs to the caller. 0, or -22 (EINVAL) if out of
 * range. */
int vdc_hinic_init(void *mem, const struct vdc_hinic_cfg *cfg);

/* An access to BAR0 (registers) or BAR2 (doorbells). size 1..8; accesses the device does not know
 * read 0. */
uint64_t vdc_hinic_mmio_read(struct vdc_hinic *h, vtime_t now, uint32_t bar, uint64_t off,
                             uint32_t size);
void vdc_hinic_mmio_write(struct vdc_hinic *h, vtime_t now, uint32_t bar, uint64_t off,
                          uint32_t size, uint64_t value);

/*
 * A message from the link: Ethernet frame or LINK. Copied; takes effect at m->t (+ epoch) inside
 * run(). Messages come in (t, seq) order, not before the time of the last run(). 0; -11 (EAGAIN) if
 * the input buffer is full: call vdc_hinic_run() up to the time of the messages already given, then
 * again; -22 (EINVAL) if this is not a frame or LINK message (the peer's error).
 */
int vdc_hinic_rx(struct vdc_hinic *h, const struct vdc_msg *m, const void *payload);

/* The experiment starts: vtime 0 is local time `epoch` = now. The link comes up. */
void vdc_hinic_ready(struct vdc_hinic *h, vtime_t now, vtime_t epoch);
void vdc_hinic_reset(struct vdc_hinic *h, vtime_t now, enum vdc_hinic_reset_kind kind);

/* Earliest own event, VTIME_NEVER if none. */
vtime_t vdc_hinic_next(const struct vdc_hinic *h);
/* Handles every event with time <= now in (t, class, id) order. env belongs to the caller. */
void vdc_hinic_run(struct vdc_hinic *h, vtime_t now, const struct vdc_hinic_env *env);

/*
 * Earliest local time at which a frame could start on the link if no further message arrives, and
 * the vCPU may ring a doorbell from vcpu_now on (VTIME_NEVER: it is halted without a deadline).
 * Arrival at the peer is at least vdc_link_min_ps() later.
 */
vtime_t vdc_hinic_promise(const struct vdc_hinic *h, vtime_t vcpu_now);

/* Time of the event being handled inside run(), else the time of the last run(). */
vtime_t vdc_hinic_now(const struct vdc_hinic *h);
/* True from READY on while the link is up. */
int vdc_hinic_link_is_up(const struct vdc_hinic *h);
/* Value of a counter (enum hinic_counter), 0 if there is no such counter. */
uint64_t vdc_hinic_counter(const struct vdc_hinic *h, uint32_t index);

/* Digest of all that the future depends on. Cheap: compact state, and running digests of the large
 * tables. */
struct vdc_digest vdc_hinic_digest(const struct vdc_hinic *h);

#endif
