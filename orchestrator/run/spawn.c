/* SPDX-License-Identifier: MIT */
/* Starting and signalling of children: own process groups that end with us. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "run.h"

void arguments_add(struct arguments *a, const char *format, ...)
{
    char *text = NULL;
    va_list ap;
    va_start(ap, format);
    int n = vasprintf(&text, format, ap);
    va_end(ap);
    assert(a->n + 1 < sizeof(a->list) / sizeof(a->list[0]));
    if (n < 0) {
        abort();
    }
    a->list[a->n++] = text;
    a->list[a->n] = NULL;
}

void arguments_free(struct arguments *a)
{
    for (size_t i = 0; i < a->n; i++) {
        free((void *)(uintptr_t)a->list[i]);
    }
    a->n = 0;
}

/* In the child, between fork and exec: only what is safe there. Never returns. */
static void become(struct run *r, pid_t parent, const char *program, const struct arguments *a,
                   int log, int core)
{
    static const char *const environment[] = { "LC_ALL=C", "TZ=UTC",
                                               "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
    sigset_t none;
    sigemptyset(&none);
    struct rlimit no_core = { 0, 0 };
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    bool ok = setpgid(0, 0) == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent &&
              chdir(r->dir->path) == 0 && null >= 0 && dup2(null, 0) == 0 && dup2(log, 1) == 1 &&
              dup2(log, 2) == 2 && setrlimit(RLIMIT_CORE, &no_core) == 0;
    int seg = vdc_seg_fd(r->seg);
    if (seg == SEG_FD) {
        ok = ok && fcntl(SEG_FD, F_SETFD, 0) == 0;
    } else {
        ok = ok && dup2(seg, SEG_FD) == SEG_FD;
    }
    if (core >= 0) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET((size_t)core, &set);
        (void)sched_setaffinity(0, sizeof(set), &set); /* placement is a help, not a promise */
    }
    if (ok) {
        sigprocmask(SIG_SETMASK, &none, NULL);
        execve(program, (char *const *)a->list, (char *const *)environment);
    }
    static const char text[] = "vdc: the program could not be executed\n";
    ssize_t n = write(2, text, sizeof(text) - 1);
    _exit(n > 0 ? 127 : 126);
}

int child_start(struct child *c, const char *program, const struct arguments *a, const char *log,
                int core)
{
    char path[VDC_RUNDIR_PATH_MAX];
    struct run *r = c->run;
    vdc_rundir_file(r->dir, path, "hosts/local/%s", log);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0) {
        return -errno;
    }
    pid_t parent = getpid();
    pid_t pid = fork();
    int rc = pid < 0 ? -errno : 0;
    if (pid == 0) {
        become(r, parent, program, a, fd, core);
    }
    (void)close(fd); /* the child has it */
    if (rc == 0) {
        c->pid = pid;
        (void)setpgid(pid, pid); /* the child does the same: whoever is first */
    }
    return rc;
}

void child_signal(const struct child *c, int signal)
{
    if (c->pid > 0) {
        (void)kill(-c->pid, signal); /* it may just have ended */
    }
}
