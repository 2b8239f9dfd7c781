/* SPDX-License-Identifier: MIT */
/* Telemetry subscriptions: samples and events to a file, without loss, or to a client, as far as it
 * keeps up. */
#ifndef VDC_HUBS_HISWITCH_VSWITCHD_SINK_H
#define VDC_HUBS_HISWITCH_VSWITCHD_SINK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "client.h"
#include "vdc/hiswitchcmd.h"
#include "vdc/msg.h"

struct sink {
    bool is_used; /* taken; nothing is put before it is on */
    bool is_on;
    FILE *f;         /* NULL: the client's socket, or nobody */
    uint32_t client; /* CLIENT_NONE: nobody (a replayed subscription of a socket) */
    uint32_t fields; /* enum sample_field bits, 0 = all */
    uint64_t n_skipped;
};

/* One per sampler of the model; 0 is the configured one. */
struct sinks {
    const char *name; /* of the switch */
    const char *dir;
    struct sink s[VDC_HISWITCH_SAMPLERS];
};

void sinks_init(struct sinks *k, const char *dir, const char *name);
/* path NULL or empty: to the client. -EBUSY or -errno. */
int sinks_open(struct sinks *k, uint32_t sub, uint32_t client, const char *path, uint32_t fields);
/* The subscription has taken effect. */
void sinks_start(struct sinks *k, uint32_t sub);
/* A free one from 1 on, 0 = none. */
uint32_t sinks_free_sub(const struct sinks *k);
/* -ENOENT, or -errno of writing. */
int sinks_close(struct sinks *k, uint32_t sub);
/* Sub of a client that is gone, 0 = none (any more). */
uint32_t sinks_of(const struct sinks *k, uint32_t client);
/* A note of type SAMPLE or EVENT, or a captured LLDP frame. cs may be NULL. -errno of writing. */
int sinks_put(struct sinks *k, struct clients *cs, const struct vdc_msg *m, const void *payload);
int sinks_close_all(struct sinks *k);

#endif
