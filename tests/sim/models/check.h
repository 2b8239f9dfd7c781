/* SPDX-License-Identifier: MIT */
/* Checkers beside every simulation: separate from the models, each proven by a seeded bug
 * (test-mutants.c). */
#ifndef VDC_TESTS_SIM_MODELS_CHECK_H
#define VDC_TESTS_SIM_MODELS_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "vdc/sim.h"

enum check_rule {
    CHECK_ORDER, /* sequence without gaps; arrivals of a port ascending; a hub takes by (t, port,
                    seq) */
    CHECK_CAUSALITY, /* arrival >= departure + minimum of the wire; departures of a port ascending
                      */
    CHECK_ONCE,      /* no frame number is sent twice by one port */
    CHECK_CONSERVATION, /* wires and hubs lose nothing that they do not count */
    CHECK_BOUNDS,       /* queues within their limits */
    CHECK_LIVENESS,     /* every request was sent, and answered where nothing was lost */
    CHECK_RULES
};

#define CHECK_TEXT_MAX 200u

struct check_port {
    uint64_t n_send;
    vtime_t t;
    vtime_t depart;
    uint64_t n_id;
};

struct check {
    const struct vdc_sim_cfg *cfg;
    bool is_faulty; /* messages may be lost, doubled, out of order */
    uint64_t n_bad[CHECK_RULES];
    char first[CHECK_TEXT_MAX]; /* the first violation, "" if none */
    struct check_port port[128][16];
    struct {
        vtime_t t;
        uint32_t port;
        uint32_t has;
        uint64_t n_take;
    } hub[128];
};

const char *check_name(enum check_rule rule);
/* Watches the simulation; borrowed until the last call. */
void check_init(struct check *c, const struct vdc_sim_cfg *cfg, struct vdc_sim *sim);
/* The rules that can be judged at the end only. Components are talkers and relays. */
void check_end(struct check *c, struct vdc_sim *sim);
uint64_t check_total(const struct check *c);

#endif
