/* SPDX-License-Identifier: MIT */
/* A small store-and-forward switch as a model: what the protocol tests and the bench use as their
 * hub. */
#ifndef VDC_TESTS_SIM_PORT_TESTHUB_H
#define VDC_TESTS_SIM_PORT_TESTHUB_H

#include <stdint.h>

#include "vdc/model.h"

#define TESTHUB_PORTS 16u
#define TESTHUB_DSTS  64u

/* Configuration blob. A message goes to destination (user & 0xff). */
struct testhub_cfg {
    uint32_t n_port;
    uint32_t is_direct; /* forward at the arrival; else wait fwd_ps first, with payloads <=
                           TESTHUB_PAYLOAD */
    uint64_t fwd_ps;
    uint64_t ps_per_byte;
    uint64_t lat_ps; /* of every egress link */
    vtime_t
        trap_t; /* first event at or after it: the process that steps the model gets the signal */
    int32_t trap_signal;
    uint32_t zero;
    uint32_t port_id[TESTHUB_PORTS]; /* ids of its own ports */
    uint8_t route[TESTHUB_DSTS];     /* output port of a destination */
};

#define TESTHUB_PAYLOAD 64u

/* Command payload: u64 of ps that every later forwarding takes longer. The reply repeats it, with
 * the effective time. */

extern const struct vdc_model_ops testhub_ops;

#endif
