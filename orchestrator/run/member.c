/* SPDX-License-Identifier: MIT */
/* The members of a run as processes: their start, and what their end means. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run.h"

static void describe_end(const siginfo_t *si, char *s, size_t size)
{
    if (si->si_code == CLD_EXITED) {
        snprintf(s, size, "ended with exit code %d", si->si_status);
    } else {
        snprintf(s, size, "killed by signal %d (%s)", si->si_status, strsignal(si->si_status));
    }
}

static bool is_daemon(const struct child *c)
{
    return c->who >= VDC_SEG_WHO_HUB;
}

/* Last line of what a child wrote to its log, for the message. */
static void last_log_line(const struct run *r, const struct child *c, char *s, size_t size)
{
    char path[VDC_RUNDIR_PATH_MAX];
    char line[512];
    s[0] = '\0';
    if (is_daemon(c)) {
        vdc_rundir_file(r->dir, path, "hosts/local/hicain-vswitchd-%s.err", c->name);
    } else {
        vdc_rundir_file(r->dir, path, "hosts/local/qemu-%s.err", c->name);
    }
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof(line), f)) {
        line[strcspn(line, "\n")] = '\0';
        if (*line) {
            snprintf(s, size, "%.159s", line);
        }
    }
    if (f) {
        fclose(f);
    }
}

/*
 * Level-triggered: a pidfd may be readable a moment before its process can be waited for, and
 * sd_event's own child source, which looks once, then never hears of it again.
 */
static int on_pidfd(sd_event_source *source, int fd, uint32_t revents, void *ctx)
{
    struct child *c = ctx;
    struct run *r = c->run;
    siginfo_t si = { 0 };
    char end[128], line[160];
    (void)revents;
    if (waitid(P_PIDFD, (id_t)fd, &si, WEXITED | WNOHANG) < 0) {
        return -errno;
    }
    if (si.si_pid == 0) {
        return 0;
    }
    c->pid = -1;
    c->status = si.si_code == CLD_EXITED ? si.si_status : 128 + si.si_status;
    int rc = sd_event_source_set_enabled(source, SD_EVENT_OFF);
    enum vdc_seg_state state = vdc_seg_state(r->seg);
    if (state == VDC_SEG_FAILED || (state == VDC_SEG_DONE && c->status == 0)) {
        return rc;
    }
    describe_end(&si, end, sizeof(end));
    last_log_line(r, c, line, sizeof(line));
    run_fail(r, c->who, "%s %s%s%s", is_daemon(c) ? "hicain-vswitchd" : "QEMU", end,
             *line ? ": " : "", line);
    return rc;
}

static int watch_pid(struct run *r, struct child *c)
{
    int fd = pidfd_open(c->pid, 0);
    if (fd < 0) {
        return -errno;
    }
    int rc = sd_event_add_io(r->event, &c->source, fd, EPOLLIN, on_pidfd, c);
    if (rc < 0) {
        close(fd);
        return rc;
    }
    return sd_event_source_set_io_fd_own(c->source, 1);
}

bool member_start(struct run *r, struct child *c, int (*start)(struct run *, uint32_t),
                  uint32_t index)
{
    c->run = r;
    c->name = run_component(r, c->who);
    c->start_us = run_now_us(r);
    int rc = start(r, index);
    if (rc == 0) {
        rc = watch_pid(r, c);
    }
    if (rc < 0) {
        child_signal(c, SIGKILL);
        run_fail(r, c->who, "%s cannot be started: %s", c->name, strerror(-rc));
        return false;
    }
    return true;
}

bool members_have_left(const struct run *r)
{
    for (uint32_t i = 0; i < r->n_started; i++) {
        if (r->guests[i].pid > 0) {
            return false;
        }
    }
    for (uint32_t i = 0; i < r->n_daemons; i++) {
        if (r->daemons[i].pid > 0) {
            return false;
        }
    }
    return true;
}

void members_signal(struct run *r, int signal)
{
    for (uint32_t i = 0; i < r->n_started; i++) {
        child_signal(&r->guests[i], signal);
    }
    for (uint32_t i = 0; i < r->n_daemons; i++) {
        child_signal(&r->daemons[i], signal);
    }
}
