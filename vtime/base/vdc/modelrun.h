/* SPDX-License-Identifier: MIT */
/* The one driver of models: runs a model to a time and splits the run at its digest points. */
#ifndef VDC_VTIME_BASE_MODELRUN_H
#define VDC_VTIME_BASE_MODELRUN_H

#include <stddef.h>
#include <stdint.h>

#include "vdc/digest.h"
#include "vdc/model.h"
#include "vdc/vtime.h"

struct vdc_model_run_cfg {
    const struct vdc_model_ops *ops; /* borrowed until the last call */
    void *state;                     /* initialised; belongs to the caller */
    const struct vdc_model_io *io;   /* borrowed until the last call; its ctx is handed through */
    uint64_t every;                  /* ps between digest points, 0 = no digest */
    /* Called once per point, in order, between two calls of run(). May be NULL. */
    void (*point)(void *ctx, const struct vdc_digest_point *p);
    void *point_ctx;
};

/* Fields are for reading; the driver is part of a shell, not of a model's state. */
struct vdc_model_run {
    struct vdc_model_run_cfg cfg;
    struct vdc_model_io io;   /* what the model sees */
    uint64_t k;               /* number of the next point, from 1 */
    vtime_t now;              /* everything before it has been done */
    uint64_t n_pop;           /* messages taken from ports */
    uint64_t n_emit;          /* messages sent */
    uint64_t is_changed;      /* state may differ from `state_digest` */
    struct vdc_digest prev;   /* link of the last point */
    struct vdc_digest stream; /* of all messages sent so far */
    struct vdc_digest text;   /* of the text since the last point */
    struct vdc_digest state_digest;
};

/* The struct must stay at its address until the last call. Single thread, as all calls here. */
void vdc_model_run_init(struct vdc_model_run *r, const struct vdc_model_run_cfg *cfg);

/*
 * Runs the model to `to` (>= now; all input before `to` must be there). Emits every point with T_k
 * <= to, after the events before T_k and before any at T_k. With digests on, `to` must not be
 * VTIME_NEVER.
 */
void vdc_model_run_to(struct vdc_model_run *r, vtime_t to);

/* Folds n bytes of text (console, workload output) that appeared at the current time. */
void vdc_model_run_text(struct vdc_model_run *r, const void *p, size_t n);

/* Ends the chain at `now`: a last point there, unless one was just emitted. The run digest is made
 * from `prev`. */
void vdc_model_run_end(struct vdc_model_run *r);

#endif
