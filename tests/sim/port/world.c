/* SPDX-License-Identifier: MIT */
/* Supervisor of the small experiment: starts the processes, drains the rings, watches, collects. */
#include "world.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "endpoint.h"
#include "testhub.h"
#include "vdc/hubctl.h"

#define DEADLINE_MS 30000u

static const struct vdc_model_ops *const ops[] = { &testhub_ops };

struct run {
    const struct world *w;
    struct world_result *out;
    struct vdc_seg *seg;
    char path[32];
    pid_t pid[WORLD_MAX + 1]; /* endpoints, then the hub daemon */
    bool is_reaped[WORLD_MAX + 1];
    struct vdc_hubctl *ctl;
    uint64_t next_k[WORLD_MAX + 2];
    struct vdc_digest link[WORLD_MAX + 2];
    struct vdc_digest trace[WORLD_MAX + 2];
    uint64_t trace_depart[WORLD_MAX + 2];
    uint32_t n_live;
};

static uint64_t now_ms(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void nap(void)
{
    const struct timespec ts = { .tv_nsec = 500000 };

    (void)nanosleep(&ts, NULL);
}

static int create(struct run *r)
{
    const struct world *w = r->w;
    struct vdc_seg_task_cfg task[WORLD_MAX];
    struct vdc_seg_port_cfg port[WORLD_MAX];
    struct vdc_seg_hub_cfg hub[2];
    struct vdc_seg_link_cfg link = { .hub = { 0, 1 },
                                     .port = { TESTHUB_PORTS - 1, TESTHUB_PORTS - 1 },
                                     .id = { vdc_port_id(VDC_PORT_SWITCH, 0, TESTHUB_PORTS - 1),
                                             vdc_port_id(VDC_PORT_SWITCH, 1, TESTHUB_PORTS - 1) },
                                     .link_ps = { WORLD_LAT_PS, WORLD_LAT_PS } };
    struct testhub_cfg blob[2] = { { 0 }, { 0 } };
    static const char *const name[] = { "e0", "e1", "e2", "e3", "e4", "e5", "e6", "e7",
                                        "e8", "e9", "ea", "eb", "ec", "ed", "ee", "ef" };
    static const char *const hub_name[] = { "hub0", "hub1" };
    char err[VDC_SEG_TEXT_MAX];
    struct vdc_seg_cfg cfg = { .seed = w->seed,
                               .mode = w->quantum ? VDC_SEG_QUANTIZED : VDC_SEG_EXACT,
                               .runner = w->runner,
                               .quantum = w->quantum,
                               .stop = w->stop,
                               .digest_every = w->digest_every,
                               .n_task = w->n,
                               .n_port = w->n_hub ? w->n : 0,
                               .n_hub = w->n_hub,
                               .n_link = w->n_hub == 2,
                               .task = task,
                               .port = port,
                               .hub = hub,
                               .link = &link,
                               .perturb = w->perturb,
                               .cut_ps = w->cut_ps,
                               .cut_seed = w->cut_seed,
                               .trace_from = w->trace_from,
                               .trace_to = w->trace_to };
    int rc;

    for (uint32_t i = 0; i < w->n; i++) {
        const uint32_t h = w->n_hub == 2 ? i % 2 : 0;

        task[i] = (struct vdc_seg_task_cfg){ .name = name[i],
                                             .kind = i < w->n_guest ? VDC_SEG_GUEST : VDC_SEG_PACK,
                                             .is_workload = i + w->n_workload >= w->n,
                                             .react_ps = WORLD_REACT_PS };
        port[i] = (struct vdc_seg_port_cfg){ .task = i,
                                             .hub = h,
                                             .hub_port = i,
                                             .id_up = vdc_port_id(VDC_PORT_TEST, i, 0),
                                             .id_down = vdc_port_id(VDC_PORT_SWITCH, h, i),
                                             .out_ps = WORLD_LAT_PS + WORLD_SER_PS,
                                             .in_ps = WORLD_FWD_PS + WORLD_LAT_PS + WORLD_SER_PS };
        for (uint32_t k = 0; k < 2; k++) {
            blob[k].route[i] = (uint8_t)(w->n_hub == 2 && h != k ? TESTHUB_PORTS - 1 : i);
        }
    }
    for (uint32_t k = 0; k < w->n_hub; k++) {
        blob[k].n_port = TESTHUB_PORTS;
        blob[k].fwd_ps = WORLD_FWD_PS;
        blob[k].ps_per_byte = WORLD_PS_PER_BYTE;
        blob[k].lat_ps = WORLD_LAT_PS;
        for (uint32_t p = 0; p < TESTHUB_PORTS; p++) {
            blob[k].trap_t = w->fault == WORLD_KILL_PHASE || w->fault == WORLD_STOP_PHASE
                                 ? w->fault_t
                                 : VTIME_NEVER;
            blob[k].trap_signal = w->fault == WORLD_KILL_PHASE ? SIGKILL : SIGSTOP;
            blob[k].port_id[p] = vdc_port_id(VDC_PORT_SWITCH, k, p);
        }
        hub[k] = (struct vdc_seg_hub_cfg){ .name = hub_name[k],
                                           .ops = 0,
                                           .n_port = TESTHUB_PORTS,
                                           .blob = &blob[k],
                                           .blob_len = sizeof(blob[k]),
                                           .can_hairpin = w->n == 1,
                                           .fwd_ps = WORLD_FWD_PS,
                                           .note_bytes = VDC_SEG_RING_MIN };
    }
    rc = vdc_seg_create(NULL, &cfg, ops, 1, &r->seg, err);
    if (rc < 0) {
        (void)fprintf(stderr, "vdc_seg_create: %s %s\n", strerror(-rc), err);
        return -1;
    }
    (void)snprintf(r->path, sizeof(r->path), "/proc/self/fd/%d", vdc_seg_fd(r->seg));
    return 0;
}

static void daemon_main(const struct run *r)
{
    struct vdc_hubctl *c;
    int rc = vdc_hubctl_attach(r->path, 0, ops, 1, &c);

    while (rc == 0 && (rc = vdc_hubctl_serve(c, 1000)) == -EAGAIN) {
        rc = 0;
    }
    _exit(0);
}

static int start(struct run *r)
{
    const struct world *w = r->w;
    const uint32_t n = w->n + (w->runner == VDC_SEG_BY_DAEMON);

    for (uint32_t k = 0; k < n; k++) {
        const uint32_t i = w->is_reversed ? n - 1 - k : k;

        r->pid[i] = fork();
        if (r->pid[i] < 0) {
            return -1;
        }
        if (r->pid[i] == 0) {
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (i == w->n) {
                daemon_main(r);
            }
            endpoint_main(w, i, r->path, w->runner == VDC_SEG_BY_DAEMON ? NULL : ops, 1);
        }
    }
    return 0;
}

static void drain_trace(struct run *r, uint32_t i, uint32_t who)
{
    struct vdc_seg_record rec;

    while (vdc_seg_trace_next(r->seg, who, &rec) == 0) {
        r->out->n_trace++;
        r->out->n_trace_bad += rec.depart < r->w->trace_from || rec.depart >= r->w->trace_to ||
                               rec.depart < r->trace_depart[i] ||
                               (rec.payload.lo == 0 && rec.payload.hi == 0);
        r->trace_depart[i] = rec.depart;
        vdc_digest_fold(&r->trace[i], &rec, sizeof(rec));
    }
}

/* Folds what has come in; commutative over components because each has its own chain. */
static void drain(struct run *r)
{
    struct vdc_digest_point p;

    for (uint32_t i = 0; i < r->w->n + r->w->n_hub; i++) {
        const uint32_t who = i < r->w->n ? i : VDC_SEG_WHO_HUB + i - r->w->n;

        while (vdc_seg_digest_next(r->seg, who, &p) == 0) {
            if (p.k != r->next_k[i] + 1) {
                (void)fprintf(stderr, "component %u: point %llu after %llu\n", i,
                              (unsigned long long)p.k, (unsigned long long)r->next_k[i]);
                abort();
            }
            r->next_k[i] = p.k;
            r->link[i] = p.link;
            r->out->n_points++;
        }
        drain_trace(r, i, who);
    }
    while (r->ctl && vdc_hubctl_peek(r->ctl)) {
        if (r->out->n_note < 4) {
            r->out->cmd_t[r->out->n_note] = vdc_hubctl_peek(r->ctl)->t;
        }
        r->out->n_note++;
        vdc_hubctl_pop(r->ctl);
    }
}

static int send_command(struct run *r, vtime_t t, uint64_t extra_ps)
{
    const struct vdc_msg m = { .t = t, .len = sizeof(extra_ps), .user = extra_ps };

    return vdc_hubctl_send(r->ctl, &m, &extra_ps);
}

/* What vdcd does with pidfds: a child that ended before the run did is a failure. */
static void reap(struct run *r, bool is_over)
{
    for (uint32_t i = 0; i <= r->w->n; i++) {
        int st;

        if (r->pid[i] > 0 && !r->is_reaped[i] && waitpid(r->pid[i], &st, WNOHANG) == r->pid[i]) {
            r->is_reaped[i] = true;
            if (!is_over && (WIFSIGNALED(st) || WEXITSTATUS(st) != 0)) {
                char text[64];
                struct vdc_seg_task_stat s = { .name = "hub daemon" };

                (void)vdc_seg_task_stat(r->seg, i, &s);
                (void)snprintf(text, sizeof(text), "%s died: signal %d", s.name,
                               WIFSIGNALED(st) ? WTERMSIG(st) : 0);
                (void)vdc_seg_fail(r->seg, i, -ECHILD, s.now, text);
            }
        }
    }
}

/* No progress of whoever holds the others up for stall_ms: named and failed. */
static void watch(struct run *r)
{
    struct vdc_seg_holder h;
    const uint64_t limit_ms = r->w->stall_ms ? r->w->stall_ms : 1000;

    vdc_seg_holder(r->seg, &h);
    if (h.hold != VDC_HOLD_NOBODY && h.since_ns > limit_ms * 1000000) {
        uint32_t chain[WORLD_MAX];
        const uint32_t n = vdc_seg_blame(r->seg, 0, chain, WORLD_MAX);
        char text[64];

        r->out->blame = n > 0 ? chain[n - 1] : UINT32_MAX;
        (void)snprintf(text, sizeof(text), "no progress: hold %d, who %#x", (int)h.hold, h.who);
        (void)vdc_seg_fail(r->seg, h.who, -ETIMEDOUT, h.vt, text);
    }
}

static int wait_parked(struct run *r, uint64_t deadline)
{
    int rc;

    while ((rc = vdc_seg_start(r->seg)) == -EAGAIN && now_ms() < deadline) {
        reap(r, false);
        if (vdc_seg_state(r->seg) == VDC_SEG_FAILED) {
            return 0;
        }
        nap();
    }
    return rc;
}

static void end_short_stop(const struct run *r, uint64_t *stopped_ms)
{
    const pid_t pid = r->pid[r->w->victim];
    siginfo_t si = { 0 };

    if (*stopped_ms == 0 && waitid(P_PID, (id_t)pid, &si, WSTOPPED | WNOHANG | WNOWAIT) == 0 &&
        si.si_pid != 0) {
        *stopped_ms = now_ms();
    }
    if (*stopped_ms != 0 && now_ms() - *stopped_ms > 150) {
        (void)kill(pid, SIGCONT);
    }
}

/* Who was stopped or never returns cannot leave by itself: the one that the failure names. */
static void kill_stuck(const struct run *r)
{
    struct vdc_seg_failure f;
    const enum world_fault kind = r->w->fault;

    if ((kind == WORLD_STOP || kind == WORLD_STOP_PHASE || kind == WORLD_STOP_ANYWHERE ||
         kind == WORLD_ENDLESS) &&
        vdc_seg_failure(r->seg, &f) == 0 && f.who < r->w->n && !r->is_reaped[f.who]) {
        (void)kill(r->pid[f.who], SIGKILL);
    }
}

static int supervise(struct run *r)
{
    const uint64_t t0 = now_ms();
    uint64_t stopped_ms = 0;

    for (uint32_t i = 0; i < r->w->n_cmd; i++) {
        if (send_command(r, r->w->cmd_t[i], 500 * (i + 1)) < 0) {
            return -1;
        }
    }
    if (wait_parked(r, t0 + DEADLINE_MS) < 0) {
        (void)fprintf(stderr, "tasks do not park\n");
        return -1;
    }
    for (;;) {
        const enum vdc_seg_state s = vdc_seg_state(r->seg);
        const bool is_over = s == VDC_SEG_DONE || s == VDC_SEG_FAILED;
        uint32_t left = 0;

        reap(r, is_over);
        drain(r);
        if (!is_over) {
            watch(r);
        }
        if (r->n_live < r->w->live_cmds && send_command(r, 0, 500 * (r->n_live + 1)) == 0) {
            r->n_live++;
        }
        for (uint32_t i = 0; i <= r->w->n; i++) {
            left += r->pid[i] > 0 && !r->is_reaped[i];
        }
        if (r->w->fault == WORLD_STOP_ANYWHERE && stopped_ms == 0 &&
            now_ms() - t0 >= r->w->fault_ms) {
            stopped_ms = now_ms();
            (void)kill(r->pid[r->w->victim], SIGSTOP);
        }
        if (r->w->fault == WORLD_STOP_SHORT) {
            end_short_stop(r, &stopped_ms);
        }
        if (is_over && left > 0) {
            kill_stuck(r);
        }
        if (r->w->stop_after_ms != 0 && now_ms() - t0 > r->w->stop_after_ms) {
            vdc_seg_stop_at(r->seg, 0);
        }
        if (is_over && left == 0) {
            r->out->all_gone = true;
            return 0;
        }
        if (now_ms() - t0 > DEADLINE_MS) {
            return 0;
        }
        nap();
    }
}

static void collect(struct run *r)
{
    static struct vdc_seg_record last[VDC_SEG_LAST_RECORDS];
    struct world_result *out = r->out;

    drain(r);
    out->n_last = vdc_seg_last_records(r->seg, 0, last, VDC_SEG_LAST_RECORDS);
    out->last_seq = out->n_last ? last[out->n_last - 1].seq : 0;
    vdc_seg_stat(r->seg, &out->stat);
    (void)vdc_seg_failure(r->seg, &out->failure);
    out->end_t = out->stat.end_t;
    for (uint32_t i = 0; i < r->w->n; i++) {
        struct vdc_seg_task_stat s;

        (void)vdc_seg_task_stat(r->seg, i, &s);
        out->rx += s.events;
        out->moved += s.moved;
    }
    for (uint32_t i = 0; i < r->w->n + r->w->n_hub; i++) {
        vdc_digest_fold(&out->digest, &r->next_k[i], sizeof(r->next_k[i]));
        vdc_digest_fold(&out->digest, &r->link[i], sizeof(r->link[i]));
        vdc_digest_fold(&out->trace, &r->trace[i], sizeof(r->trace[i]));
    }
    vdc_digest_fold(&out->digest, &out->end_t, sizeof(out->end_t));
}

int world_run(const struct world *w, struct world_result *out)
{
    struct run r = { .w = w, .out = out };
    const uint64_t t0 = now_ms();
    int rc;

    memset(out, 0, sizeof(*out));
    if (create(&r) < 0) {
        return -1;
    }
    rc = w->n_hub ? vdc_hubctl_attach(r.path, 0, ops, 1, &r.ctl) : 0;
    rc = rc < 0 ? rc : start(&r);
    rc = rc < 0 ? rc : supervise(&r);
    for (uint32_t i = 0; i <= w->n; i++) {
        if (r.pid[i] > 0 && !r.is_reaped[i]) {
            (void)kill(r.pid[i], SIGKILL);
            (void)waitpid(r.pid[i], NULL, 0);
        }
    }
    collect(&r);
    out->wall_ms = (uint32_t)(now_ms() - t0);
    vdc_hubctl_detach(r.ctl);
    vdc_seg_close(r.seg);
    return rc < 0 ? -1 : 0;
}
