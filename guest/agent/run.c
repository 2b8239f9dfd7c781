/* SPDX-License-Identifier: MIT */
/* The event loop of PID 1: starts workloads, forwards their output, reaps; sleeps without a timeout
 * otherwise. */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STREAMS_MAX      (2u * VDC_JOB_WORKLOADS_MAX)
#define CHUNK_BYTES      65536u
#define CARRIER_LIMIT_NS 1000000000ull /* a port without a cable must not hold the job for ever */
#define LIVE_POLL_NS     1000000ull

/* What an epoll event is about; streams are numbered from EV_STREAM. */
enum { EV_CHILD, EV_LINK, EV_START, EV_LIVE, EV_STREAM };

struct stream {
    bool is_used;
    bool has_shell; /* the shell of this stream has not been reaped */
    int fd;         /* read end of its output, -1 at the end */
    pid_t pid;
    uint32_t id; /* workload K, or VDC_AGENT_LIVE | ID */
};

struct loop {
    const struct vdc_bar *bar;
    const struct vdc_job *job;
    const char *text;
    const struct vdc_netcfg *net;
    int epoll, child_fd, start_fd, live_fd;
    sigset_t old_mask;
    bool is_open; /* the carrier is there, or was waited for long enough */
    uint64_t carrier_limit_ns;
    uint32_t n_left; /* workloads whose end has not been reported */
    uint32_t status; /* of the failed workload with the smallest K */
    uint32_t status_id;
    uint32_t cmd_seq;
    bool is_started[VDC_JOB_WORKLOADS_MAX];
    struct stream stream[STREAMS_MAX];
    char chunk[CHUNK_BYTES];
    char live_text[VDC_AGENT_JOB_MAX];
};

static uint64_t vtime_ns(const struct loop *l)
{
    return vdc_bar_read64(l->bar, VDC_AGENT_R_VTIME_NS);
}

static int watch(const struct loop *l, int fd, uint32_t what)
{
    struct epoll_event ev = { .events = EPOLLIN, .data.u32 = what };

    return epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &ev);
}

/* Arms the start timer for the virtual time @at_ns. The guest's clock may run some parts per
 * million beside it, so whoever wakes up reads VTIME_NS again. */
static void arm(const struct loop *l, uint64_t at_ns)
{
    uint64_t now = vtime_ns(l);
    uint64_t wait = at_ns > now ? at_ns - now : 1;
    struct itimerspec t = { .it_value = { .tv_sec = (time_t)(wait / 1000000000ull),
                                          .tv_nsec = (long)(wait % 1000000000ull) } };

    (void)timerfd_settime(l->start_fd, 0, &t, NULL);
}

static void set_number(const char *name, uint32_t value)
{
    char text[16];

    (void)snprintf(text, sizeof(text), "%u", value);
    (void)setenv(name, text, 1);
}

/* The child's side: own session, nothing on stdin, both outputs into the pipe. */
static void become_shell(const struct loop *l, uint32_t id, char *script, int out)
{
    char *argv[] = { "sh", "-c", script, NULL };
    int null = open("/dev/null", O_RDONLY);

    (void)setsid();
    (void)sigprocmask(SIG_SETMASK, &l->old_mask, NULL);
    (void)dup2(null, STDIN_FILENO);
    (void)dup2(out, STDOUT_FILENO);
    (void)dup2(out, STDERR_FILENO);
    close(null);
    (void)chdir("/root");
    set_number("VDC_NODE", l->net->node);
    set_number("VDC_NODES", l->net->n_nodes);
    set_number("VDC_WORKLOAD", id);
    execv("/bin/sh", argv);
    _exit(127);
}

static void report_end(struct loop *l, uint32_t id, uint32_t status)
{
    vdc_bar_write32(l->bar, VDC_AGENT_R_WORKLOAD_EXIT, id << 16 | status);
    if (id & VDC_AGENT_LIVE) {
        return;
    }
    if (status != 0 && (l->status == 0 || id < l->status_id)) {
        l->status = status;
        l->status_id = id;
    }
    if (--l->n_left == 0) {
        vdc_bar_write32(l->bar, VDC_AGENT_R_EXIT, l->status);
    }
}

/* A script that cannot be started ends at once with status 127, and says why in its own output. */
static void refuse(struct loop *l, uint32_t id, const char *why)
{
    vdc_bar_output(l->bar, id, why, strlen(why));
    report_end(l, id, 127);
}

static void start_script(struct loop *l, const struct vdc_workload *w, const char *text,
                         uint32_t id)
{
    struct stream *s = NULL;
    int pipe_fd[2];
    char *script;
    uint32_t i;

    for (i = 0; i < STREAMS_MAX && s == NULL; i++) {
        s = l->stream[i].is_used ? NULL : &l->stream[i];
    }
    script = strndup(text + w->script_off, w->script_len);
    if (s == NULL || script == NULL || pipe2(pipe_fd, O_CLOEXEC) < 0) {
        free(script);
        refuse(l, id,
               s == NULL ? "vdc-agent: more than 128 scripts at once\n"
                         : "vdc-agent: out of memory\n");
        return;
    }
    (void)fcntl(pipe_fd[0], F_SETFL, O_NONBLOCK);
    s->pid = fork();
    if (s->pid == 0) {
        become_shell(l, id, script, pipe_fd[1]);
    }
    free(script);
    close(pipe_fd[1]);
    if (s->pid < 0 || watch(l, pipe_fd[0], EV_STREAM + (uint32_t)(s - l->stream)) < 0) {
        close(pipe_fd[0]);
        refuse(l, id, "vdc-agent: cannot start a process\n");
        return;
    }
    s->is_used = true;
    s->has_shell = true;
    s->fd = pipe_fd[0];
    s->id = id;
}

/* Forwards what the pipe holds. A stream is free when its shell is gone and nobody holds the pipe
 * any more. */
static void forward(struct loop *l, struct stream *s)
{
    ssize_t n;

    if (s->fd < 0) {
        return;
    }
    while ((n = read(s->fd, l->chunk, sizeof(l->chunk))) > 0) {
        vdc_bar_output(l->bar, s->id, l->chunk, (size_t)n);
    }
    if (n == 0) {
        close(s->fd); /* also leaves the epoll set */
        s->fd = -1;
        s->is_used = s->has_shell;
    }
}

static void reap(struct loop *l)
{
    struct signalfd_siginfo info;
    int status;
    pid_t pid;

    while (read(l->child_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        /* one signal may stand for several children */
    }
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (uint32_t i = 0; i < STREAMS_MAX; i++) {
            struct stream *s = &l->stream[i];

            if (s->is_used && s->has_shell && s->pid == pid) {
                forward(l, s);
                s->has_shell = false;
                s->is_used = s->fd >= 0;
                report_end(l, s->id,
                           WIFEXITED(status) ? (uint32_t)WEXITSTATUS(status)
                                             : 128u + (uint32_t)WTERMSIG(status));
                break;
            }
        }
    }
}

/* Starts every workload that is due, in order of time and text, and arms the timer for the next
 * one. */
static void start_due(struct loop *l)
{
    for (;;) {
        const struct vdc_workload *next = NULL;

        for (uint32_t i = 0; i < l->job->n_workloads; i++) {
            const struct vdc_workload *w = &l->job->workload[i];

            if (!l->is_started[i] && (next == NULL || w->at_ns < next->at_ns)) {
                next = w;
            }
        }
        if (next == NULL) {
            return;
        }
        if (next->at_ns > vtime_ns(l)) {
            arm(l, next->at_ns);
            return;
        }
        l->is_started[next - l->job->workload] = true;
        start_script(l, next, l->text, next->id);
    }
}

static void look_at_link(struct loop *l)
{
    bool has_carrier = vdc_netcfg_has_carrier(l->net);

    if (l->is_open) {
        return;
    }
    if (!has_carrier) {
        if (vtime_ns(l) < l->carrier_limit_ns) {
            arm(l, l->carrier_limit_ns);
            return;
        }
        printf("vdc-agent: no carrier within 1 s, starting the workloads anyway\n");
    }
    l->is_open = true;
    start_due(l);
}

/* A new command text. It is copied before CMD_ACK allows the host to put the next one. */
static void look_for_commands(struct loop *l)
{
    uint32_t seq = vdc_bar_read32(l->bar, VDC_AGENT_R_CMD_SEQ);
    uint32_t len = vdc_bar_read32(l->bar, VDC_AGENT_R_JOB_LEN);
    struct vdc_job live;
    char err[160];

    if (seq == l->cmd_seq) {
        return;
    }
    l->cmd_seq = seq;
    if (len > sizeof(l->live_text)) {
        len = sizeof(l->live_text);
    }
    vdc_bar_text(l->bar, l->live_text, len);
    vdc_bar_write32(l->bar, VDC_AGENT_R_CMD_ACK, seq);
    if (vdc_job_parse(&live, l->live_text, len, true, err, sizeof(err)) < 0) {
        printf("vdc-agent: command text %u refused: %s\n", seq, err);
        return;
    }
    for (uint32_t i = 0; i < live.n_workloads; i++) {
        start_script(l, &live.workload[i], l->live_text, VDC_AGENT_LIVE | live.workload[i].id);
    }
}

static int open_all(struct loop *l)
{
    struct itimerspec poll = { .it_value = { .tv_nsec = (long)LIVE_POLL_NS },
                               .it_interval = { .tv_nsec = LIVE_POLL_NS } };
    sigset_t child;

    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    (void)sigprocmask(SIG_BLOCK, &child, &l->old_mask);
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    l->child_fd = signalfd(-1, &child, SFD_NONBLOCK | SFD_CLOEXEC);
    l->start_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    l->live_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (watch(l, l->child_fd, EV_CHILD) < 0 || watch(l, l->start_fd, EV_START) < 0 ||
        watch(l, l->live_fd, EV_LIVE) < 0 || watch(l, l->net->events, EV_LINK) < 0) {
        return -errno;
    }
    if (l->job->is_interactive && timerfd_settime(l->live_fd, 0, &poll, NULL) < 0) {
        return -errno;
    }
    return 0;
}

static void dispatch(struct loop *l, uint32_t what)
{
    uint64_t expirations;

    switch (what) {
    case EV_CHILD:
        reap(l);
        break;
    case EV_LINK:
        look_at_link(l);
        break;
    case EV_START:
        (void)read(l->start_fd, &expirations, sizeof(expirations));
        if (l->is_open) {
            start_due(l);
        } else {
            look_at_link(l);
        }
        break;
    case EV_LIVE:
        (void)read(l->live_fd, &expirations, sizeof(expirations));
        look_for_commands(l);
        break;
    default:
        forward(l, &l->stream[what - EV_STREAM]);
        break;
    }
}

void vdc_run(const struct vdc_bar *bar, const struct vdc_job *job, const char *text,
             const struct vdc_netcfg *net, char *err, size_t err_size)
{
    static struct loop loop; /* 640 KiB: not on the stack */
    struct loop *l = &loop;
    int status;

    l->bar = bar;
    l->job = job;
    l->text = text;
    l->net = net;
    l->n_left = job->n_workloads;
    l->carrier_limit_ns = vtime_ns(l) + CARRIER_LIMIT_NS;
    status = open_all(l);
    if (status < 0) {
        (void)snprintf(err, err_size, "event loop: %s", strerror(-status));
        return;
    }
    if (l->n_left == 0) {
        vdc_bar_write32(bar, VDC_AGENT_R_EXIT, 0);
    }
    look_at_link(l);
    for (;;) {
        struct epoll_event ev[16];
        int n = epoll_wait(l->epoll, ev, 16, -1);

        for (int i = 0; i < n; i++) {
            dispatch(l, ev[i].data.u32);
        }
    }
}
