/* SPDX-License-Identifier: MIT */
/* One run on this host: boot, start, supervision, end. */
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "run.h"
#include "vdc/sync.h"

#define TICK_US     20000u    /* draining of the rings */
#define LEAVE_US    2000000u  /* for children to leave after a failure, then they are killed */
#define DRAIN_US    30000000u /* for children to leave after a good end */
#define SECOND_US   10000000u /* a second Ctrl-C within this kills */
#define PAUSE_US    20000u    /* longest sleep of the perturbation, in one of PAUSE_ODDS steps */
#define PAUSE_ODDS  4u
#define PERTURB_WHO UINT64_C(0x400) /* its stream, behind those of the other processes */

const char *run_component(const struct run *r, uint32_t who)
{
    if (who == VDC_SEG_WHO_NONE) {
        return "vdc";
    }
    if (who < r->resolved->n_nodes) {
        return r->resolved->nodes[who].name;
    }
    /* Without an index (the hub daemon): the first. */
    const uint32_t hub = who >= VDC_SEG_WHO_HUB ? who - VDC_SEG_WHO_HUB : 0;
    return r->resolved->switches[hub < r->resolved->n_switches ? hub : 0].name;
}

static void describe_last(const struct run *r, uint32_t who, char *s, size_t size)
{
    struct vdc_seg_task_stat t;
    struct vdc_seg_hub_stat h;
    const struct vdc_seg_last *last = NULL;
    const struct vdc_seg_last *received = NULL;
    int n = 0;
    s[0] = '\0';
    if (who < r->resolved->n_nodes && vdc_seg_task_stat(r->seg, who, &t) == 0) {
        last = &t.sent;
        received = &t.received;
    } else if (who >= VDC_SEG_WHO_HUB && vdc_seg_hub_stat(r->seg, who - VDC_SEG_WHO_HUB, &h) == 0) {
        last = &h.sent;
    }
    if (last && last->port != 0) {
        n = snprintf(s, size, "sent t=%" PRIu64 "ps seq=%" PRIu64 " len=%" PRIu32, last->t,
                     last->seq, last->len);
    }
    if (received && received->port != 0 && n >= 0 && (size_t)n < size) {
        snprintf(s + n, size - (size_t)n, "%sreceived t=%" PRIu64 "ps seq=%" PRIu64, n ? ", " : "",
                 received->t, received->seq);
    }
}

static void fill_reason(struct run *r, uint32_t who, vtime_t vt, const char *text)
{
    struct vdc_run_reason *reason = &r->result->reason;
    snprintf(reason->component, sizeof(reason->component), "%s", run_component(r, who));
    reason->vt = vt;
    snprintf(reason->text, sizeof(reason->text), "%s", text);
    describe_last(r, who, reason->last_frame, sizeof(reason->last_frame));
    if (who < r->resolved->n_nodes) {
        guest_last_line(r->dir, reason->component, reason->console, sizeof(reason->console));
    }
}

static vtime_t time_of(const struct run *r, uint32_t who)
{
    struct vdc_seg_task_stat t;
    struct vdc_seg_stat st;
    if (who < r->resolved->n_nodes && vdc_seg_task_stat(r->seg, who, &t) == 0) {
        return t.vt_live > t.now ? t.vt_live : t.now;
    }
    vdc_seg_stat(r->seg, &st);
    return st.a == VTIME_NEVER ? 0 : st.a;
}

void run_fail(struct run *r, uint32_t who, const char *format, ...)
{
    char text[VDC_SEG_TEXT_MAX];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof(text), format, ap);
    va_end(ap);
    vtime_t vt = time_of(r, who);
    /* The first failure wins in the segment; one that comes after DONE is ours to keep. */
    if (vdc_seg_fail(r->seg, who, -ECANCELED, vt, text)) {
        return;
    }
    if (vdc_seg_state(r->seg) == VDC_SEG_DONE && !r->is_given_up) {
        r->is_given_up = true;
        fill_reason(r, who, vt, text);
    }
}

uint64_t run_now_us(const struct run *r)
{
    uint64_t t = 0;
    (void)sd_event_now(r->event, CLOCK_MONOTONIC, &t); /* falls back to the clock */
    return t;
}

/* --- phases -------------------------------------------------------------------------------------
 */

/* Host perturbation: the supervisor is late. */
static void unrest(struct run *r)
{
    if (perturb_hits(&r->perturb, PAUSE_ODDS)) {
        (void)usleep((useconds_t)perturb_below(&r->perturb, PAUSE_US)); /* shorter is fine */
    }
}

/* The first switch daemon that has not queued yet what it replays, NULL if all have: their sockets
 * appear then. */
static const struct child *unready_daemon(const struct run *r)
{
    char path[VDC_RUNDIR_PATH_MAX];
    for (uint32_t i = 0; i < r->n_daemons; i++) {
        vdc_rundir_file(r->dir, path, "hosts/local/%s.sock", r->daemons[i].name);
        if (access(path, F_OK) < 0) {
            return &r->daemons[i];
        }
    }
    return NULL;
}

static void step_boot(struct run *r, uint64_t now)
{
    uint32_t n_booting = 0;
    for (uint32_t i = 0; i < r->n_started; i++) {
        struct vdc_seg_task_stat t;
        if (vdc_seg_task_stat(r->seg, i, &t) < 0 || t.state > VDC_TASK_BOOT) {
            continue;
        }
        n_booting++;
        if (now - r->guests[i].start_us > r->resolved->limits.boot / 1000000) {
            char line[256];
            guest_last_line(r->dir, r->guests[i].name, line, sizeof(line));
            run_fail(r, i, "not ready after %" PRIu64 " s (limits.boot), console: %s",
                     r->resolved->limits.boot / VTIME_PS_PER_S, *line ? line : "(empty)");
            return;
        }
    }
    while (n_booting < r->n_cores && r->n_started < r->resolved->n_nodes) {
        struct child *c = &r->guests[r->n_started];
        c->who = r->n_started;
        if (!member_start(r, c, guest_start, r->n_started)) {
            return;
        }
        r->n_started++;
        n_booting++;
    }
    struct vdc_seg_stat st;
    vdc_seg_stat(r->seg, &st);
    if (st.n_parked != r->resolved->n_nodes) {
        return;
    }
    const struct child *d = unready_daemon(r);
    if (d) {
        if (now - d->start_us > r->resolved->limits.boot / 1000000) {
            run_fail(r, d->who, "hicain-vswitchd not ready after %" PRIu64 " s (limits.boot)",
                     r->resolved->limits.boot / VTIME_PS_PER_S);
        }
        return;
    }
    unrest(r);
    if (vdc_seg_start(r->seg) == 0) {
        r->phase = PHASE_RUN;
        r->run_us = now;
        r->result->boot_wall_ms = (now - r->begin_us) / 1000;
        r->seen_us = now;
    }
}

static void step_ending(struct run *r, uint64_t now)
{
    if (members_have_left(r)) {
        while (drain_rings(r)) {
        }
        (void)sd_event_exit(r->event, 0);
        return;
    }
    bool is_done = vdc_seg_state(r->seg) == VDC_SEG_DONE;
    if (now - r->ending_us > (is_done ? DRAIN_US : LEAVE_US)) {
        if (is_done) {
            run_fail(r, VDC_SEG_WHO_NONE, "not all children left within %u s", DRAIN_US / 1000000);
        }
        members_signal(r, SIGKILL);
    }
}

static void step(struct run *r)
{
    uint64_t now = run_now_us(r);
    unrest(r);
    drain_rings(r);
    unrest(r);
    if (r->phase == PHASE_BOOT) {
        step_boot(r, now);
    }
    watch_sample(r, now);
    if (r->phase == PHASE_RUN && now - r->run_us > r->resolved->limits.wall / 1000000) {
        run_fail(r, VDC_SEG_WHO_NONE, "limits.wall: the run took more than %" PRIu64 " s",
                 r->resolved->limits.wall / VTIME_PS_PER_S);
    }
    if (r->phase == PHASE_RUN && r->is_interrupted && now - r->first_signal_us > SECOND_US) {
        vdc_seg_fail(r->seg, VDC_SEG_WHO_NONE, -EINTR, time_of(r, VDC_SEG_WHO_NONE),
                     "interrupted by a signal, and the window did not end");
    }
    enum vdc_seg_state state = vdc_seg_state(r->seg);
    if (r->phase != PHASE_ENDING && (state == VDC_SEG_DONE || state == VDC_SEG_FAILED)) {
        r->phase = PHASE_ENDING;
        r->ending_us = now;
        /* A guest that has not parked yet does not look at the segment. */
        if (state == VDC_SEG_FAILED) {
            members_signal(r, SIGTERM);
        }
    }
    if (r->phase == PHASE_ENDING) {
        step_ending(r, now);
    }
    progress_line(r, now, false);
}

static int on_tick(sd_event_source *source, uint64_t usec, void *ctx)
{
    struct run *r = ctx;
    (void)usec;
    step(r);
    /* Children that leave are waited for closely: a short run should not last ticks. */
    uint64_t period = r->phase == PHASE_ENDING ? TICK_US / 10 : TICK_US;
    int rc = sd_event_source_set_time(source, run_now_us(r) + period);
    return rc < 0 ? rc : sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *si, void *ctx)
{
    struct run *r = ctx;
    uint64_t now = run_now_us(r);
    (void)source;
    (void)si;
    if (r->is_interrupted && now - r->first_signal_us < SECOND_US) {
        vdc_seg_fail(r->seg, VDC_SEG_WHO_NONE, -EINTR, 0, "killed by a second signal");
        members_signal(r, SIGKILL);
        return 0;
    }
    r->is_interrupted = true;
    r->first_signal_us = now;
    if (r->phase == PHASE_BOOT) {
        vdc_seg_fail(r->seg, VDC_SEG_WHO_NONE, -EINTR, 0, "interrupted while guests were booting");
    } else {
        vdc_seg_stop_at(r->seg, 0);
    }
    return 0;
}

/* --- beginning and end --------------------------------------------------------------------------
 */

static void find_cores(struct run *r)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof(set), &set) < 0) {
        CPU_SET(0, &set);
    }
    for (size_t i = 0; i < CPU_SETSIZE && r->n_cores < VDC_NODES_MAX; i++) {
        if (CPU_ISSET(i, &set)) {
            r->core[r->n_cores++] = (int)i;
        }
    }
    if (r->n_cores == 0) {
        r->n_cores = 1;
        r->core[0] = -1;
    }
}

static int make_segment(struct run *r, const char *digest)
{
    char err[VDC_SEG_TEXT_MAX] = "";
    r->segcfg = calloc(1, sizeof(*r->segcfg));
    if (!r->segcfg) {
        return -ENOMEM;
    }
    segcfg_make(r->segcfg, r->resolved, digest);
    struct vdc_seg_cfg *cfg = &r->segcfg->cfg;
    cfg->perturb = r->opts->perturb;
    cfg->cut_ps = r->opts->cut_ps;
    cfg->cut_seed = r->opts->cut_seed;
    cfg->trace_from = r->opts->trace_from;
    cfg->trace_to = r->opts->trace_to;
    if (r->opts->until != 0 && r->opts->until < cfg->stop) {
        cfg->stop = r->opts->until;
    }
    for (size_t i = 0; i < r->resolved->n_switches; i++) {
        if (vdc_hiswitch_cfg_check(&r->segcfg->hiswitch[i], err, sizeof(err)) < 0) {
            fprintf(stderr, "vdc: %s: %s\n", r->resolved->switches[i].name, err);
            return -EINVAL;
        }
    }
    int rc = vdc_seg_create(NULL, cfg, segcfg_ops, SEGCFG_N_OPS, &r->seg, err);
    if (rc < 0) {
        fprintf(stderr, "vdc: the shared segment cannot be made: %s\n", *err ? err : strerror(-rc));
    }
    return rc;
}

/* Did somebody change the run while it went on? The journals say so. */
static bool has_live_commands(const struct run *r)
{
    bool has = false;
    for (uint32_t i = 0; i < r->resolved->n_switches && !has; i++) {
        char path[VDC_RUNDIR_PATH_MAX];
        char name[VDC_RUN_JOURNAL_MAX];
        char *text = NULL;
        size_t len = 0;
        vdc_rundir_file(r->dir, path, "%s", vdc_run_journal(r->resolved, i, name));
        has = vdc_file_read(path, SIZE_MAX / 4, &text, &len) == 0 &&
              strstr(text, "\"live\":true") != NULL;
        free(text);
    }
    return has;
}

static void take_stat(struct run *r)
{
    struct vdc_run_result *out = r->result;
    struct vdc_seg_stat st;
    struct vdc_seg_failure f;
    struct vdc_seg_hub_stat hub;
    struct vdc_seg_task_stat task;
    static const char *const ends[] = { "", "stop", "exit", "idle", "command" };
    vdc_seg_stat(r->seg, &st);
    out->windows = st.windows;
    out->hub_runs = st.hub_runs;
    out->hub_skipped = st.hub_skipped;
    out->skipped_ps = st.skipped_ps;
    for (uint32_t i = 0; vdc_seg_task_stat(r->seg, i, &task) == 0; i++) {
        out->moves += task.moved;
    }
    out->late = st.late;
    out->is_interactive = has_live_commands(r);
    out->end = st.end <= VDC_SEG_END_CMD ? ends[st.end] : "";
    for (uint32_t i = 0; vdc_seg_hub_stat(r->seg, i, &hub) == 0; i++) {
        out->hub_in[i] = hub.n_in;
        out->hub_out[i] = hub.n_out;
    }
    if (st.state == VDC_SEG_DONE) {
        out->vt_end = st.end_t;
        out->status = r->is_interrupted && st.end == VDC_SEG_END_CMD ? VDC_RUN_INTERRUPTED
                      : r->is_given_up                               ? VDC_RUN_FAILED
                                                                     : VDC_RUN_DONE;
        if (out->status == VDC_RUN_INTERRUPTED) {
            fill_reason(r, VDC_SEG_WHO_NONE, st.end_t, "interrupted by a signal");
        }
        return;
    }
    out->vt_end = st.a == VTIME_NEVER ? 0 : st.a;
    out->status = r->is_interrupted ? VDC_RUN_INTERRUPTED : VDC_RUN_FAILED;
    if (vdc_seg_failure(r->seg, &f) == 0) {
        fill_reason(r, f.who, f.vt, f.text);
    } else {
        fill_reason(r, VDC_SEG_WHO_NONE, 0, "ended without a reason");
    }
}

static int add_sources(struct run *r)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int rc = sd_event_new(&r->event);
    if (rc >= 0) {
        rc = sd_event_add_signal(r->event, NULL, SIGINT, on_signal, r);
    }
    if (rc >= 0) {
        rc = sd_event_add_signal(r->event, NULL, SIGTERM, on_signal, r);
    }
    if (rc >= 0) {
        rc = sd_event_add_time(r->event, NULL, CLOCK_MONOTONIC, 0, 1000, on_tick, r);
    }
    return rc < 0 ? rc : 0;
}

int vdc_run_local(const struct vdc_resolved *r, const struct vdc_artefacts *a,
                  const struct vdc_rundir *d, const char *digest, const struct vdc_run_opts *opts,
                  struct vdc_run_result *out)
{
    struct run *run = calloc(1, sizeof(*run));
    if (!run) {
        return -ENOMEM;
    }
    memset(out, 0, sizeof(*out));
    run->resolved = r;
    run->artefacts = a;
    run->dir = d;
    run->opts = opts;
    run->result = out;
    run->stall_who = VDC_SEG_WHO_NONE;
    perturb_init(&run->perturb, opts->perturb, PERTURB_WHO);
    out->end = "";
    time_t wall = time(NULL);
    struct tm tm;
    strftime(out->started, sizeof(out->started), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&wall, &tm));
    find_cores(run);

    int rc = make_segment(run, digest);
    for (uint32_t i = 0; rc == 0 && i < r->n_nodes; i++) {
        rc = guest_prepare(run, i);
    }
    if (rc == 0) {
        rc = drain_open(run);
    }
    if (rc == 0) {
        rc = add_sources(run);
    }
    if (rc == 0) {
        run->begin_us = run_now_us(run);
        while (run->n_daemons < r->n_switches) {
            struct child *c = &run->daemons[run->n_daemons];
            c->who = VDC_SEG_WHO_HUB + run->n_daemons;
            run->n_daemons++;
            if (!member_start(run, c, daemon_start, run->n_daemons - 1)) {
                break; /* the failure is in the segment */
            }
        }
        rc = sd_event_loop(run->event);
        rc = rc < 0 ? rc : 0;
        progress_line(run, run_now_us(run), true);
        out->wall_ms = (run_now_us(run) - run->begin_us) / 1000;
        struct rusage usage;
        if (getrusage(RUSAGE_CHILDREN, &usage) == 0) {
            out->cpu_ms = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
                          (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
        }
        drain_close(run);
        take_stat(run);
    }
    members_signal(run, SIGKILL);
    for (uint32_t i = 0; i < run->n_started; i++) {
        sd_event_source_unref(run->guests[i].source);
    }
    for (uint32_t i = 0; i < run->n_daemons; i++) {
        sd_event_source_unref(run->daemons[i].source);
    }
    sd_event_unref(run->event);
    vdc_seg_close(run->seg);
    free(run->segcfg);
    free(run);
    return rc;
}
