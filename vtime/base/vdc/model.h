/* SPDX-License-Identifier: MIT */
/* The model interface: a pure state machine with n ports that a shell feeds and carries out. */
#ifndef VDC_VTIME_BASE_MODEL_H
#define VDC_VTIME_BASE_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "vdc/digest.h"
#include "vdc/msg.h"
#include "vdc/vtime.h"

/*
 * What a model may do to the world while it runs. All calls happen inside run(), in the caller's
 * thread. Input of one port is a FIFO in (t, seq) order; the model takes the heads it is due to
 * handle.
 */
struct vdc_model_io {
    void *ctx;
    /* Head of a port's input, or NULL. Its time may be >= the `to` of run(): leave it there then.
     * Borrowed until pop of that port. Header and payload (vdc_msg_payload) are contiguous and
     * read-only. */
    const struct vdc_msg *(*peek)(void *ctx, uint32_t port);
    void (*pop)(void *ctx, uint32_t port);
    /* Sends a message out of a port; header and payload are copied. The model sets everything but
     * dst: t (arrival at the peer), depart (the event's time), seq (its own counter of that port),
     * port (its id). */
    void (*emit)(void *ctx, uint32_t port, const struct vdc_msg *m, const void *payload);
    /* A record for people and tools (captures, telemetry, replies to commands); type says which.
     * Never fed back into the model. May be NULL. */
    void (*note)(void *ctx, const struct vdc_msg *m, const void *payload);
};

/*
 * state: size(cfg) bytes, zeroed by init, 64-aligned, no pointers; belongs to the caller; snapshot
 * = memcpy. Ports are 0..n-1; a model that takes control commands has them as the port after its
 * last one.
 */
struct vdc_model_ops {
    const char *name;
    size_t (*size)(const void *cfg); /* 0 if the configuration is out of its limits */
    int (*init)(void *state, const void *cfg);
    /* Earliest own event (timers, queued work), VTIME_NEVER if none. Inputs are not counted. */
    vtime_t (*next)(const void *state);
    /* Handles every input and own event with time < to, in (t, class, port, seq) order. Afterwards
     * no own event is earlier than `to`. Results never depend on how time was cut into calls. */
    void (*run)(void *state, vtime_t to, const struct vdc_model_io *io);
    /* Digest of the state; every event before the time of the last run() has been handled, none
     * after. */
    struct vdc_digest (*digest)(const void *state);
};

#endif
