/* SPDX-License-Identifier: MIT */
/* The completer: what one process keeps to finish a window, hub phase and grant included. */
#ifndef VDC_VTIME_PORT_WINDOW_H
#define VDC_VTIME_PORT_WINDOW_H

#include "mapping.h"
#include "perturb.h"
#include "vdc/modelrun.h"
#include "vdc/sync.h"

struct completer;

struct hub_port {
    struct ring_rx rx; /* r NULL: nothing is connected */
    struct ring_tx tx;
    uint64_t tx_epoch; /* phase in which tx was loaded */
    uint32_t map;
    uint32_t zero;
};

/* A hub as this process steps it: its state stays in the segment. */
struct hub_step {
    struct completer *c;
    struct seg_hub *rec;
    const struct vdc_model_ops *ops;
    uint32_t index, zero;
    struct vdc_model_run run;
    struct vdc_model_io io;
    struct ring_tx note;
    struct hub_port *port; /* n_port, then the command port */
};

struct completer {
    struct vdc_seg *seg;
    uint32_t me;       /* task index, or VDC_SEG_WHO_HUB for the daemon */
    bool can_step;     /* may run hub phases */
    bool is_crowded;   /* a down ring is more than half full */
    bool is_cut_short; /* the hub phase stopped for that reason */
    bool has_notes;
    uint64_t epoch;       /* number of the hub phase in this process */
    uint64_t n_step;      /* calls of the hub group */
    uint64_t touched;     /* tasks that got a message in this phase */
    uint64_t min_link_ps; /* shortest link between hubs */
    struct perturb perturb;
    struct perturb cut;
    struct hub_step *hub;
    struct vdc_sync_in in[VDC_SEG_TASK_MAX];
    struct vdc_sync_out out[VDC_SEG_TASK_MAX];
    vtime_t hub_next[VDC_SEG_HUB_MAX];
};

/* Returns 0, -EINVAL (ops missing or not those of the segment), -ENOMEM. seg is borrowed until
 * completer_free. */
int completer_new(struct vdc_seg *seg, uint32_t me, bool can_step, struct completer **out);
void completer_free(struct completer *c);

/*
 * Finishes the window whose last task has arrived: hub phase, solve, grant. The caller is the only
 * one inside. Afterwards another task may already run or complete; the caller looks at its own
 * ticket. Failures are in the state of the segment.
 */
void window_complete(struct completer *c);

/* --- hub phase (hubphase.c) --- */

/* Connects a hub's model to its rings; h is otherwise complete. */
void hub_bind_io(struct hub_step *h);
/* Earliest thing any hub has to do. */
vtime_t hub_first(const struct completer *c);
/* Everything before the returned instant may be done by the hubs now. */
vtime_t hub_horizon(const struct completer *c, vtime_t first);
/* Steps the hubs to their horizon and writes the receivers' next and send. is_forced: even into
 * crowded rings. */
void hub_phase(struct completer *c, bool is_forced);
/* Runs all hubs to the end of time and closes their digest chains. */
void hub_finish(struct completer *c, vtime_t end_t);
/* Gives times to commands that have come in since the last call. */
void hub_stamp_commands(struct completer *c);

/* End of the digest interval that holds t; t itself without digest points. */
static inline vtime_t interval_end(uint64_t every, vtime_t t)
{
    return every == 0 || t == VTIME_NEVER ? t : vtime_add(t - t % every, every);
}

#endif
