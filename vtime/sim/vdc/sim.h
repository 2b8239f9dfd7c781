/* SPDX-License-Identifier: MIT */
/* In-process simulator: n models joined by wires, run by two engines that must agree in every bit.
 */
#ifndef VDC_VTIME_SIM_SIM_H
#define VDC_VTIME_SIM_SIM_H

#include <stddef.h>
#include <stdint.h>

#include "vdc/digest.h"
#include "vdc/fault.h"
#include "vdc/model.h"
#include "vdc/sync.h"
#include "vdc/trace.h"

#define VDC_SIM_TASK_MAX  VDC_SYNC_TASK_MAX
#define VDC_SIM_HUB_MAX   VDC_SYNC_HUB_MAX /* hubs and wires between two vtasks together */
#define VDC_SIM_PORT_MAX  65u              /* per component, the command port included */
#define VDC_SIM_WIRE_MAX  256u
#define VDC_SIM_FAULT_MAX 64u

/* A component: a model as a vtask (endpoint) or as a hub. All pointers are borrowed until the last
 * call. */
struct vdc_sim_comp {
    const char *name;
    const struct vdc_model_ops *ops;
    const void *cfg;
    uint32_t is_hub;
    uint32_t n_port;      /* ports 0..n_port-1 of the model, the command port included */
    uint64_t react_ps;    /* vtask: least time from an arrival to a departure it causes */
    uint64_t fwd_ps;      /* hub: the same */
    uint32_t can_hairpin; /* hub: may answer out of the port a message came in by */
    uint32_t zero;
};

/* Joins port[0] of comp[0] and port[1] of comp[1]. */
struct vdc_sim_wire {
    uint32_t comp[2];
    uint32_t port[2];
    uint64_t min_ps[2]; /* [0]: end 0 to end 1: least time from departure to arrival
                           (vdc_link_min_ps), > 0 */
};

struct vdc_sim_cfg {
    uint32_t n_comp, n_wire, n_fault;
    const struct vdc_sim_comp *comp;
    const struct vdc_sim_wire *wire;
    const struct vdc_fault *fault;
    uint64_t seed;  /* of the faults' draws */
    uint64_t every; /* ps between digest points, 0 = none */
    enum vdc_sync_mode mode;
    uint32_t n_slot;       /* messages in flight, all ports together */
    uint64_t quantum_ps;   /* quantized mode */
    uint64_t bound_ps;     /* relaxed mode: skew bound */
    uint32_t slot_payload; /* bytes of the longest payload */
    uint32_t n_trace;      /* records kept; later ones are only counted */
    /* May be NULL. Order of calls is fixed within a component only. */
    void (*note)(void *ctx, uint32_t comp, const struct vdc_msg *m, const void *payload);
    void (*point)(void *ctx, uint32_t comp, const struct vdc_digest_point *p);
    void *ctx;
};

/* How the windowed engine cuts time; must not change any result. */
enum vdc_sim_cut_kind {
    VDC_SIM_CUT_FULL,   /* every vtask to its horizon */
    VDC_SIM_CUT_PART,   /* windows of lookahead / div */
    VDC_SIM_CUT_RANDOM, /* random ends, a random part of the selected vtasks */
    VDC_SIM_CUT_ONE     /* one instant of one vtask per window */
};

struct vdc_sim_cut {
    enum vdc_sim_cut_kind kind;
    uint32_t div; /* PART */
    uint64_t
        seed; /* of the order of vtasks within a window and of RANDOM; 0: order of components */
};

enum vdc_sim_err {
    VDC_SIM_OK = 0,
    VDC_SIM_ERR_CFG =
        -1, /* limits, indices, a port used twice, a model that refuses its configuration */
    VDC_SIM_ERR_SYNC = -2, /* vdc_sync_init refused the paths; see vdc_sim_sync_err */
    VDC_SIM_ERR_POOL =
        -3, /* more messages in flight than n_slot, or a payload above slot_payload */
    VDC_SIM_ERR_LATE = -4,  /* a message for a component that has already passed its time */
    VDC_SIM_ERR_PORT = -5,  /* a model used a port that is not joined to anything */
    VDC_SIM_ERR_STUCK = -6, /* nobody may run and the run is not over */
    VDC_SIM_ERR_EARLY = -7  /* a vtask sent before the promise it had given */
};

struct vdc_sim_stat {
    uint64_t n_window;
    uint64_t n_grant;   /* vtasks run, all windows together */
    uint64_t n_hub_run; /* hub phases that did something */
    uint64_t n_late;    /* relaxed mode */
    uint64_t late_ps;   /* sum */
    vtime_t err_t;      /* of the message that broke a rule */
    uint32_t err_comp;
    uint32_t zero;
};

/* Messages of one direction of one wire. sent + copied = lost + queued + taken. */
struct vdc_sim_count {
    uint64_t sent, copied, lost, flipped, queued, taken;
};

/* What a checker sees: every message as it is sent, before faults. */
struct vdc_sim_watch {
    void *ctx;
    void (*send)(void *ctx, uint32_t comp, uint32_t port, const struct vdc_msg *m,
                 const void *payload);
    void (*take)(void *ctx, uint32_t comp, uint32_t port, const struct vdc_msg *m,
                 const void *payload);
};

struct vdc_sim; /* belongs to the caller; must stay at its address */

/* Bytes for this configuration (models' states included), 0 if vdc_sim_init would refuse it as
 * ERR_CFG. */
size_t vdc_sim_size(const struct vdc_sim_cfg *cfg);
/* mem: vdc_sim_size() bytes, 64-aligned. cfg is copied; what it points to is borrowed until the
 * last call. Initialises the models. Returns enum vdc_sim_err. */
int vdc_sim_init(void *mem, const struct vdc_sim_cfg *cfg);
/* Borrowed until the last call. */
void vdc_sim_watch(struct vdc_sim *s, const struct vdc_sim_watch *w);

/* Puts a message into an input that is not joined to a wire (the command port); t >= the time that
 * was run to. Messages of one port in order of time. Returns enum vdc_sim_err. */
int vdc_sim_inject(struct vdc_sim *s, uint32_t comp, uint32_t port, vtime_t t, uint16_t type,
                   const void *payload, uint32_t len);

/* Runs every event before stop. May be called again with a later stop; both engines may follow each
 * other. An error is final. Returns enum vdc_sim_err. */
int vdc_sim_run_sequential(struct vdc_sim *s, vtime_t stop);
int vdc_sim_run_windowed(struct vdc_sim *s, const struct vdc_sim_cut *cut, vtime_t stop);

/* Ends all chains and returns the run digest: hash of the last links in order of components. */
struct vdc_digest vdc_sim_end(struct vdc_sim *s);

const struct vdc_sim_stat *vdc_sim_stat(const struct vdc_sim *s);
struct vdc_sim_count vdc_sim_count(const struct vdc_sim *s, uint32_t wire, uint32_t direction);
void *vdc_sim_state(struct vdc_sim *s, uint32_t comp);
/* Time that a component has been run to. */
vtime_t vdc_sim_now(const struct vdc_sim *s, uint32_t comp);
/* Sorted records; *n of them, of *total that happened. */
const struct vdc_trace_rec *vdc_sim_trace(struct vdc_sim *s, size_t *n, uint64_t *total);
uint64_t vdc_sim_lookahead(const struct vdc_sim *s);
int vdc_sim_sync_err(const struct vdc_sim *s);

#endif
