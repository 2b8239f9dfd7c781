/* SPDX-License-Identifier: MIT */
/* hicain-vswitchd: control plane, telemetry and captures of one HiSwitch whose model lives in the
 * segment. */
#include <argp.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "perturb.h"
#include "vdc/hubctl.h"
#include "vdc/seg.h"
#include "vswitchd.h"

#define WAIT_MS     200u
#define DRAIN_US    1000u
#define PAUSE_US    5000u /* longest sleep of the perturbation */
/* Streams of the perturbation: two per hub, behind those of the segment's own processes. */
#define PERTURB_WHO UINT64_C(0x300)

struct options {
    const char *seg, *control, *journal, *capture_dir, *replay, *telemetry;
    long hub;
    uint64_t perturb;
};

static const struct argp_option option_table[] = {
    { "seg", 's', "PATH", 0, "shared segment of the run, may be /dev/fd/N", 0 },
    { "hub", 'h', "INDEX", 0, "index of the hub in the segment", 0 },
    { "control", 'c', "PATH", 0, "UNIX socket to serve", 0 },
    { "journal", 'j', "PATH", 0, "file that commands are appended to before they are acknowledged",
      0 },
    { "capture-dir", 'd', "DIR", 0, "where relative capture and sink files lie (default: .)", 0 },
    { "replay", 'r', "FILE", 0, "timed commands to queue before the run starts", 0 },
    { "telemetry", 't', "FILE", 0, "events, and samples of the configured sampler", 0 },
    { "perturb", 'p', "SEED", 0,
      "sleep at random wherever the daemon acts; never changes results (default: 0, off)", 0 },
    { 0 },
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct options *o = state->input;
    char *end;

    switch (key) {
    case 's':
        o->seg = arg;
        return 0;
    case 'h':
        errno = 0;
        o->hub = strtol(arg, &end, 10);
        if (errno != 0 || *end != '\0' || end == arg || o->hub < 0 ||
            o->hub >= (long)VDC_SEG_HUB_MAX) {
            argp_error(state, "--hub: %s, allowed 0..%u", arg, VDC_SEG_HUB_MAX - 1);
        }
        return 0;
    case 'c':
        o->control = arg;
        return 0;
    case 'j':
        o->journal = arg;
        return 0;
    case 'd':
        o->capture_dir = arg;
        return 0;
    case 'r':
        o->replay = arg;
        return 0;
    case 't':
        o->telemetry = arg;
        return 0;
    case 'p':
        errno = 0;
        o->perturb = strtoull(arg, &end, 10);
        if (errno != 0 || *end != '\0' || end == arg || *arg == '-') {
            argp_error(state, "--perturb: %s, allowed 0..2^64-1", arg);
        }
        return 0;
    case ARGP_KEY_END:
        if (!o->seg || !o->control || !o->journal || o->hub < 0) {
            argp_error(state, "--seg, --hub, --control and --journal are needed");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The perturbation of one thread. */
static void unrest(void *ctx, uint32_t odds)
{
    struct perturb *p = ctx;

    if (perturb_hits(p, odds)) {
        (void)usleep((useconds_t)perturb_below(p, PAUSE_US));
    }
}

/*
 * The segment wakes a futex, the loop waits for descriptors: a thread turns one into the other. The
 * note ring belongs to the thread while it waits and to the loop from the event to the
 * acknowledgement; commands go another way.
 */
struct waiter {
    struct vdc_hubctl *hub;
    int event_fd;
    sem_t is_drained;
    atomic_bool is_stopping;
    struct perturb perturb;
};

static void *wait_for_notes(void *arg)
{
    struct waiter *w = arg;
    const uint64_t one = 1;

    while (!atomic_load(&w->is_stopping)) {
        const enum vdc_seg_state s = vdc_hubctl_wait(w->hub, WAIT_MS);

        unrest(&w->perturb, VSWD_PAUSE_STEP);
        if (!vdc_hubctl_peek(w->hub)) {
            if (s == VDC_SEG_DRAIN) {
                (void)usleep(DRAIN_US); /* the last window completes: moments */
            }
            if (s < VDC_SEG_DONE) {
                continue;
            }
        }
        if (write(w->event_fd, &one, sizeof(one)) != (ssize_t)sizeof(one)) {
            break; /* cannot fail below 2^64 events */
        }
        while (sem_wait(&w->is_drained) < 0 && errno == EINTR) {
        }
        if (s >= VDC_SEG_DONE) {
            break;
        }
    }
    return NULL;
}

struct daemon {
    struct vswd *core;
    struct vdc_hubctl *hub;
    struct waiter waiter;
    struct perturb perturb; /* of the loop's thread */
};

static int on_notes(sd_event_source *src, int fd, uint32_t events, void *arg)
{
    struct daemon *d = arg;
    const enum vdc_seg_state s = vdc_seg_state(vdc_hubctl_seg(d->hub));
    uint64_t n;
    int rc;

    (void)events;
    if (read(fd, &n, sizeof(n)) != (ssize_t)sizeof(n)) {
        return 0;
    }
    rc = vswd_drain(d->core);
    (void)sem_post(&d->waiter.is_drained);
    if (rc < 0 || s >= VDC_SEG_DONE) {
        return sd_event_exit(sd_event_source_get_event(src), rc < 0 ? 1 : 0);
    }
    return 0;
}

static int hub_send(void *ctx, const struct vdc_msg *m, const void *payload)
{
    return vdc_hubctl_send(ctx, m, payload);
}

static const struct vdc_msg *hub_peek(void *ctx)
{
    return vdc_hubctl_peek(ctx);
}

static void hub_pop(void *ctx)
{
    vdc_hubctl_pop(ctx);
}

static int fail(const char *what, int rc)
{
    (void)fprintf(stderr, "hicain-vswitchd: %s: %s\n", what, strerror(-rc));
    return 1;
}

/* Runs until the segment is over or somebody ends the daemon. Returns its exit status. */
static int serve(struct daemon *d, sd_event *loop)
{
    pthread_t thread;
    int status;
    int rc;

    if (sem_init(&d->waiter.is_drained, 0, 0) < 0) {
        return fail("semaphore", -errno);
    }
    d->waiter.hub = d->hub;
    d->waiter.event_fd = eventfd(0, EFD_CLOEXEC);
    if (d->waiter.event_fd < 0) {
        return fail("eventfd", -errno);
    }
    rc = sd_event_add_io(loop, NULL, d->waiter.event_fd, EPOLLIN, on_notes, d);
    if (rc < 0) {
        return fail("event loop", rc);
    }
    rc = -pthread_create(&thread, NULL, wait_for_notes, &d->waiter);
    if (rc < 0) {
        return fail("thread", rc);
    }
    status = sd_event_loop(loop);
    atomic_store(&d->waiter.is_stopping, true);
    (void)sem_post(&d->waiter.is_drained);
    (void)pthread_join(thread, NULL);
    (void)close(d->waiter.event_fd);
    (void)sem_destroy(&d->waiter.is_drained);
    return status < 0 ? fail("event loop", status) : status;
}

static int block_signals(sd_event *loop)
{
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0) {
        return -errno;
    }
    /* Without a handler a signal ends the loop: files are completed as at the end of a run. */
    (void)sd_event_add_signal(loop, NULL, SIGTERM, NULL, NULL);
    return sd_event_add_signal(loop, NULL, SIGINT, NULL, NULL);
}

int main(int argc, char **argv)
{
    static const struct argp argp = {
        option_table, parse_option,
        NULL,         "Serves the control plane of a HiSwitch of a running experiment.",
        NULL,         NULL,
        NULL
    };
    struct options o = { .hub = -1 };
    struct daemon d = { 0 };
    struct vswd_hub hub = { .send = hub_send, .peek = hub_peek, .pop = hub_pop };
    struct vdc_seg_hub_stat stat;
    sd_event *loop = NULL;
    int status = 1;
    int rc;

    argp_parse(&argp, argc, argv, 0, NULL, &o);
    rc = sd_event_new(&loop);
    if (rc < 0) {
        return fail("event loop", rc);
    }
    rc = block_signals(loop);
    if (rc < 0) {
        status = fail("signals", rc);
        goto out_loop;
    }
    perturb_init(&d.perturb, o.perturb, PERTURB_WHO + 2 * (uint64_t)o.hub);
    perturb_init(&d.waiter.perturb, o.perturb, PERTURB_WHO + 2 * (uint64_t)o.hub + 1);
    unrest(&d.perturb, VSWD_PAUSE_STEP);
    rc = vdc_hubctl_attach(o.seg, (uint32_t)o.hub, NULL, 0, &d.hub);
    if (rc < 0 || vdc_seg_hub_stat(vdc_hubctl_seg(d.hub), (uint32_t)o.hub, &stat) < 0) {
        status = fail(o.seg, rc < 0 ? rc : -ENOENT);
        goto out_hub;
    }
    unrest(&d.perturb, VSWD_PAUSE_STEP);
    hub.ctx = d.hub;
    rc = vswd_new(&(struct vswd_cfg){ .hub = &hub,
                                      .loop = loop,
                                      .name = stat.name,
                                      .journal = o.journal,
                                      .capture_dir = o.capture_dir,
                                      .replay = o.replay,
                                      .telemetry = o.telemetry,
                                      .pause = o.perturb ? unrest : NULL,
                                      .pause_ctx = &d.perturb },
                  &d.core);
    if (rc < 0 || vswd_listen(d.core, o.control) < 0) { /* the reason is printed */
        goto out_core;
    }
    status = serve(&d, loop);
    if (vswd_finish(d.core) < 0) {
        status = 1;
    }

out_core:
    vswd_free(d.core);
out_hub:
    vdc_hubctl_detach(d.hub);
out_loop:
    sd_event_unref(loop);
    return status;
}
