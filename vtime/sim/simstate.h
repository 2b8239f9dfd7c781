/* SPDX-License-Identifier: MIT */
/* What the simulator keeps: components, ports, wires, the pool of messages in flight. */
#ifndef VDC_VTIME_SIM_SIMSTATE_H
#define VDC_VTIME_SIM_SIMSTATE_H

#include <stdbool.h>

#include "vdc/burst.h"
#include "vdc/modelrun.h"
#include "vdc/sim.h"

#define SLOT_NONE    UINT32_MAX
#define WIRE_NONE    UINT32_MAX
#define SIM_COMP_MAX (VDC_SIM_TASK_MAX + VDC_SIM_HUB_MAX)

/* Input queue of one port: messages in (t, seq) order, linked both ways. */
struct sim_port {
    uint32_t head;
    uint32_t tail;
    uint32_t wire;
    uint32_t end; /* which end of the wire */
    uint64_t n_inject;
};

struct sim_link {
    uint32_t next;
    uint32_t prev;
};

/* One direction of a wire. */
struct sim_dir {
    struct vdc_sim_count count;
    vtime_t last_t; /* arrival of the last message that kept its order */
};

struct sim_comp {
    struct vdc_sim *sim;
    struct vdc_model_run run;
    struct vdc_model_io io;
    void *state;
    uint32_t id;
    uint32_t sync_id;   /* vtask or hub number */
    uint32_t port_base; /* first of its ports in sim->port */
    uint32_t has_sent;  /* since the vtask was last granted */
    vtime_t first_send; /* departure of the first message since then */
    vtime_t promise;    /* given for this window */
    uint64_t n_verb[5];
};

struct vdc_sim {
    struct vdc_sim_cfg cfg;
    struct vdc_sim_watch watch;
    struct vdc_sim_stat stat;
    int err;
    int sync_err;
    uint32_t n_task;
    uint32_t n_hub; /* real ones first, then one without delay per wire between vtasks */
    uint32_t n_real_hub;
    uint32_t free_slot;
    uint32_t is_checked; /* promises are kept: windowed, and no message comes late */
    uint64_t n_trace;    /* all records, kept or not */
    uint64_t n_perturb;  /* draws of the cut */
    uint64_t slot_stride;
    uint64_t hub_link_ps; /* shortest link between two hubs, VTIME_NEVER without one */
    struct vdc_sync *sync;
    struct sim_comp *comp;
    struct sim_port *port;
    struct sim_dir *dir; /* [2 * wire + direction] */
    struct vdc_burst *burst;
    struct sim_link *link; /* per slot */
    uint8_t *slot;
    struct vdc_trace_rec *trace;
    uint32_t task_comp[VDC_SIM_TASK_MAX];
    uint32_t hub_comp[VDC_SIM_HUB_MAX];
    struct vdc_sync_in in[VDC_SIM_TASK_MAX];
    struct vdc_sync_out out[VDC_SIM_TASK_MAX];
    vtime_t hub_next[VDC_SIM_HUB_MAX];
};

/* sim.c */
void vdc_sim_fail(struct vdc_sim *s, enum vdc_sim_err err, uint32_t comp, vtime_t t);
/* Earliest input of a component, VTIME_NEVER if none. */
vtime_t vdc_sim_head_t(const struct vdc_sim *s, const struct sim_comp *c);
/* Earliest own event or input. */
vtime_t vdc_sim_next_t(const struct vdc_sim *s, const struct sim_comp *c);
/* Runs the points of all components up to stop, where nothing is left to do before it. */
void vdc_sim_finish(struct vdc_sim *s, vtime_t stop);

/* wire.c: what a model's run() calls. */
const struct vdc_msg *vdc_sim_peek(void *ctx, uint32_t port);
void vdc_sim_pop(void *ctx, uint32_t port);
void vdc_sim_emit(void *ctx, uint32_t port, const struct vdc_msg *m, const void *payload);
struct vdc_msg *vdc_sim_slot(const struct vdc_sim *s, uint32_t slot);
/* Copies a message into an input; returns its slot, SLOT_NONE if the pool is full. */
uint32_t vdc_sim_enqueue(struct vdc_sim *s, struct sim_comp *to, uint32_t port,
                         const struct vdc_msg *m, const void *payload, vtime_t t);

#endif
