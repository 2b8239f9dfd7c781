/* SPDX-License-Identifier: MIT */
/* Supervision: how fast virtual time goes, and verdicts on members that do not move. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "run.h"

#define GUEST_STALL_US                                                                             \
    10000000u /* wall time a guest may use without progress before the run is failed */

void guest_last_line(const struct vdc_rundir *d, const char *node, char *s, size_t size)
{
    char path[VDC_RUNDIR_PATH_MAX];
    char tail[8192];
    s[0] = '\0';
    FILE *f = fopen(vdc_rundir_file(d, path, "nodes/%s/console.log", node), "re");
    if (!f) {
        return;
    }
    if (fseek(f, 1 - (long)sizeof(tail), SEEK_END) < 0) {
        rewind(f);
    }
    size_t n = fread(tail, 1, sizeof(tail) - 1, f);
    fclose(f);
    tail[n] = '\0';
    while (n > 0 && isspace((unsigned char)tail[n - 1])) {
        n--;
    }
    /* A panic is followed by a call trace and more: the line that says why is worth more than the
     * last one. */
    const char *panic = strstr(tail, "Kernel panic");
    size_t start = panic ? (size_t)(panic - tail) : n;
    if (panic) {
        n = start + strcspn(panic, "\r\n");
    }
    while (start > 0 && tail[start - 1] != '\n') {
        start--;
    }
    size_t out = 0;
    for (size_t i = start; i < n && out + 1 < size; i++) {
        unsigned char c = (unsigned char)tail[i];
        if (c >= 0x20 && c < 0x7f) {
            s[out++] = (char)c;
        }
    }
    s[out] = '\0';
}

/* State letter of a thread (tid 0: of the process, all threads) and the CPU time it has used, in
 * clock ticks; false if it is gone. */
static bool thread_state(uint32_t pid, uint32_t tid, char *state, uint64_t *cpu)
{
    char path[64];
    char line[1024];
    if (tid == 0) {
        snprintf(path, sizeof(path), "/proc/%" PRIu32 "/stat", pid);
    } else {
        snprintf(path, sizeof(path), "/proc/%" PRIu32 "/task/%" PRIu32 "/stat", pid, tid);
    }
    FILE *f = fopen(path, "re");
    if (!f) {
        return false;
    }
    size_t n = fread(line, 1, sizeof(line) - 1, f);
    fclose(f);
    line[n] = '\0';
    const char *rest = strrchr(line, ')'); /* the name may contain anything */
    uint64_t user, system;
    if (!rest ||
        sscanf(rest + 1, " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64, state,
               &user, &system) != 3) {
        return false;
    }
    *cpu = user + system;
    return true;
}

static void judge(struct run *r, const struct vdc_seg_holder *h, uint64_t now_us)
{
    char vt[32], wait[64];
    uint64_t for_us = now_us - r->stall_since_us;
    uint64_t limit_us = r->resolved->limits.stall / 1000000;
    struct vdc_seg_task_stat task;
    const char *name = run_component(r, h->who);

    progress_time(h->vt == VTIME_NEVER ? 0 : h->vt, vt);
    snprintf(wait, sizeof(wait), "%" PRIu64 ".%" PRIu64 " s at vt=%s", for_us / 1000000,
             for_us % 1000000 / 100000, vt);
    if (h->hold == VDC_HOLD_PROTOCOL) {
        run_fail(r, h->who, "everybody waits and nobody completes the window, %s", wait);
        return;
    }
    if (h->hold == VDC_HOLD_HUB) {
        run_fail(r, h->who, "the switch has not finished its part of the window for %s", wait);
        return;
    }
    char state = '?';
    uint64_t cpu = 0;
    if (vdc_seg_task_stat(r->seg, h->who, &task) < 0 ||
        !thread_state(task.pid, task.tid, &state, &cpu)) {
        return; /* it has just ended: the child's own event says more */
    }
    if (state == 'T' || state == 't') {
        run_fail(r, h->who, "stopped by a signal for %s", wait);
        return;
    }
    uint64_t grace_us = limit_us > GUEST_STALL_US ? limit_us : GUEST_STALL_US;
    bool has_run = cpu != r->stall_cpu;
    if (for_us >= grace_us && (has_run || state == 'D')) {
        run_fail(r, h->who, "no progress for %s, %s", wait,
                 state == 'D' ? "waiting for the host's disk" : "though it uses the CPU");
        return;
    }
    if (now_us - r->stall_warned_us >= GUEST_STALL_US && !r->opts->is_terminal &&
        r->opts->progress) {
        r->stall_warned_us = now_us;
        fprintf(r->opts->progress, "vdc: warning: %s has not moved for %s: %s\n", name, wait,
                has_run ? "it uses the CPU" : "the host is overloaded");
    }
}

static void watch_stall(struct run *r, uint64_t now_us)
{
    struct vdc_seg_holder h;
    vdc_seg_holder(r->seg, &h);
    uint64_t limit_us = r->resolved->limits.stall / 1000000;
    if (h.hold == VDC_HOLD_NOBODY || h.since_ns / 1000 < limit_us / 2) {
        r->stall_who = VDC_SEG_WHO_NONE;
        return;
    }
    if (h.who != r->stall_who) {
        /* CPU time is compared with that of the moment the suspicion began. */
        struct vdc_seg_task_stat task;
        char state;
        r->stall_who = h.who;
        r->stall_since_us = now_us - h.since_ns / 1000;
        r->stall_cpu = 0;
        if (vdc_seg_task_stat(r->seg, h.who, &task) == 0) {
            (void)thread_state(task.pid, task.tid, &state,
                               &r->stall_cpu); /* stays 0 if it is gone */
        }
        return;
    }
    if (h.since_ns / 1000 >= limit_us) {
        judge(r, &h, now_us);
    }
}

/* How far virtual time has come anywhere: a guest alone has one window, and moves inside it. */
static vtime_t progress_of(const struct run *r, const struct vdc_seg_stat *st)
{
    struct vdc_seg_task_stat t;
    vtime_t vt = st->a == VTIME_NEVER ? 0 : st->a;
    for (uint32_t i = 0; vdc_seg_task_stat(r->seg, i, &t) == 0; i++) {
        vt = vtime_max(vt, t.vt_live);
    }
    return vt;
}

/*
 * A member that is busy all the time and still does not let virtual time go on: its heartbeat looks
 * healthy. Counted in CPU time, so that a host which is merely overloaded never fails a run.
 */
static void watch_stuck(struct run *r, const struct vdc_seg_stat *st, uint64_t now_us)
{
    uint64_t limit_us = r->resolved->limits.stall / 1000000;
    uint64_t grace_us = limit_us > GUEST_STALL_US ? limit_us : GUEST_STALL_US;
    uint64_t cpu = 0;
    vtime_t vt = progress_of(r, st);
    if (r->stuck_us != 0 && vt == r->stuck_vt && now_us - r->stuck_us < grace_us) {
        return;
    }
    for (uint32_t i = 0; i < r->n_started; i++) {
        uint64_t used = 0;
        char state;
        if (r->guests[i].pid > 0 && thread_state((uint32_t)r->guests[i].pid, 0, &state, &used)) {
            cpu += used;
        }
    }
    if (r->stuck_us == 0 || vt != r->stuck_vt) {
        r->stuck_us = now_us;
        r->stuck_vt = vt;
        r->stuck_cpu = cpu;
        return;
    }
    uint64_t used_us = (cpu - r->stuck_cpu) * (1000000 / (uint64_t)sysconf(_SC_CLK_TCK));
    if (used_us >= grace_us / 2) {
        struct vdc_seg_holder h;
        char text[32];
        vdc_seg_holder(r->seg, &h);
        uint32_t who = h.hold == VDC_HOLD_NOBODY ? VDC_SEG_WHO_NONE : h.who;
        run_fail(r, who,
                 "virtual time stands still at vt=%s for %" PRIu64 " s, though the CPU is used",
                 progress_time(vt, text), (now_us - r->stuck_us) / 1000000);
    }
}

void watch_sample(struct run *r, uint64_t now_us)
{
    struct vdc_seg_stat st;
    if (now_us - r->sample_us < 200000) {
        return;
    }
    r->sample_us = now_us;
    vdc_seg_stat(r->seg, &st);
    if (r->phase == PHASE_RUN) {
        vtime_t vt = st.a == VTIME_NEVER ? st.end_t : st.a;
        /* Over at least a second, so that the figure can be read. */
        if (now_us - r->seen_us >= 1000000) {
            uint64_t ms = (now_us - r->seen_us) / 1000;
            r->speed_ps = r->seen_us && vt > r->seen_vt ? (vt - r->seen_vt) / ms * 1000 : 0;
            r->windows_per_s = r->seen_us ? (st.windows - r->seen_windows) * 1000 / ms : 0;
            r->seen_us = now_us;
            r->seen_vt = vt;
            r->seen_windows = st.windows;
        }
        watch_stall(r, now_us);
        watch_stuck(r, &st, now_us);
    }
}
