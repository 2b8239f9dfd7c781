/* SPDX-License-Identifier: MIT */
/* Core of hicain-vswitchd: a control server between JSON clients and a hub's command and note
 * rings. */
#ifndef VDC_HUBS_HISWITCH_VSWITCHD_H
#define VDC_HUBS_HISWITCH_VSWITCHD_H

#include <stdbool.h>
#include <stdint.h>

#include <systemd/sd-event.h>

#include "vdc/hiswitchcmd.h"
#include "vdc/msg.h"

#define VSWD_CLIENTS_MAX 16u
#define VSWD_LINE_MAX    (64u << 10) /* bytes of a request, newline included */

/* The hub as the core sees it. The daemon's is the shared segment, a test's is the model itself. */
struct vswd_hub {
    void *ctx;
    /* Queues a command, copied. 0, -ENOSPC (try again later) or -ESHUTDOWN (the run is over). */
    int (*send)(void *ctx, const struct vdc_msg *m, const void *payload);
    /* Notes in order; borrowed until pop. NULL = none now. */
    const struct vdc_msg *(*peek)(void *ctx);
    void (*pop)(void *ctx);
};

struct vswd_cfg {
    const struct vswd_hub *hub; /* borrowed until vswd_free */
    sd_event *loop;             /* borrowed until vswd_free */
    const char *name;           /* of the switch: part of the names of captures from t = 0 */
    const char *journal;        /* file that changing commands are appended to */
    const char
        *capture_dir;   /* relative capture and sink files lie here; NULL = the working directory */
    const char *replay; /* file of timed commands to queue at once, NULL = none */
    const char
        *telemetry; /* file for events and for samples of the configured sampler, NULL = none */
    /*
     * Host perturbation: called at fixed places, before and after the daemon does something that
     * somebody could see; sleeps a random time in about one of `odds` calls. NULL = never. What it
     * does must not change a result.
     */
    void (*pause)(void *ctx, uint32_t odds);
    void *pause_ctx;
};

#define VSWD_PAUSE_NOTE 100u /* odds at places that are passed once per note */
#define VSWD_PAUSE_STEP 4u   /* odds at all others */

struct vswd;

/*
 * Queues the commands of the replay file. Returns 0, or -errno with the reason printed on stderr (a
 * bad line with its number).
 */
int vswd_new(const struct vswd_cfg *cfg, struct vswd **out);
/* Starts to take clients on a UNIX socket; an old socket file is replaced. -errno, reason printed.
 */
int vswd_listen(struct vswd *d, const char *path);
/* Handles every note that is there, sends what waited for room. Returns 0, or -errno: a file could
 * not be written, or a replayed command failed (reason printed): the run must not go on as if. */
int vswd_drain(struct vswd *d);
/* The run is over: open requests fail, files are complete on return. -errno as vswd_drain. */
int vswd_finish(struct vswd *d);
/* NULL is allowed. */
void vswd_free(struct vswd *d);

#endif
