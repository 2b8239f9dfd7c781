/* SPDX-License-Identifier: MIT */
/* The guest's /init: mounts, loads drivers, configures the node, reports ready, runs the job
 * (docs/specs/agent.md). */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bar.h"
#include "job.h"
#include "kmod.h"
#include "netcfg.h"
#include "run.h"

#define ERR_BYTES  256u
#define STANDALONE "/etc/vdc/standalone"

static char job_text[VDC_AGENT_JOB_MAX];

static const struct {
    const char *type;
    const char *dir;
    const char *options;
} mounts[] = {
    { "proc", "/proc", NULL },
    { "sysfs", "/sys", NULL },
    { "devtmpfs", "/dev", NULL },
    { "devpts", "/dev/pts", "ptmxmode=0666" },
    { "tmpfs", "/dev/shm", NULL },
    { "tmpfs", "/run", NULL },
    { "debugfs", "/sys/kernel/debug", NULL },
};

static void mount_all(void)
{
    for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
        (void)mkdir(mounts[i].dir,
                    0755); /* exists, or is made by the mount before it, or the mount says so */
        if (mount(mounts[i].type, mounts[i].dir, mounts[i].type, 0, mounts[i].options) < 0) {
            printf("vdc-agent: cannot mount %s: %s\n", mounts[i].dir, strerror(errno));
        }
    }
}

/* Reads and parses the job; reads the list of modules the image wants. */
static int read_job(const struct vdc_bar *bar, struct vdc_job *job, char *err)
{
    uint32_t len = vdc_bar_read32(bar, VDC_AGENT_R_JOB_LEN);

    if (len > sizeof(job_text)) {
        (void)snprintf(err, ERR_BYTES, "job text has %u bytes, at most %u", len, VDC_AGENT_JOB_MAX);
        return -1;
    }
    vdc_bar_text(bar, job_text, len);
    return vdc_job_parse(job, job_text, len, false, err, ERR_BYTES);
}

static int load_modules(const struct vdc_job *job, char *err)
{
    char names[VDC_JOB_MODULES_MAX + 512];
    size_t used = 0;
    ssize_t n = 0;
    int fd = open("/etc/vdc/modules", O_RDONLY | O_CLOEXEC);

    if (fd >= 0) {
        n = read(fd, names, 510);
        close(fd);
        used = n > 0 ? (size_t)n : 0;
    }
    (void)snprintf(names + used, sizeof(names) - used, " %s", job->modules);
    return vdc_kmod_load(names, err, ERR_BYTES);
}

/* Everything between the mounts and READY. */
static int set_up(const struct vdc_job *job, struct vdc_netcfg *net, char *err)
{
    if (load_modules(job, err) < 0 || vdc_kmod_check_hinic(err, ERR_BYTES) < 0) {
        return -1;
    }
    return vdc_netcfg_apply(net, err, ERR_BYTES);
}

static void run_child(char *const argv[])
{
    pid_t pid = fork();

    if (pid == 0) {
        execv(argv[0], argv);
        _exit(127);
    }
    while (pid > 0 && waitpid(-1, NULL, 0) != pid) {
        /* orphans of the child end here too */
    }
}

static _Noreturn void power_off(void)
{
    fflush(NULL);
    sync();
    (void)reboot(RB_POWER_OFF);
    for (;;) {
        pause();
    }
}

/* A boot without the agent device: what the image tests use. The node index comes from nowhere: it
 * is 0. */
static _Noreturn void stand_alone(void)
{
    static char *const script[] = { "/bin/sh", STANDALONE, NULL };
    struct vdc_netcfg net = { .n_nodes = 2, .is_arp_static = true };
    struct vdc_job job = { 0 };
    char err[ERR_BYTES] = "";
    struct utsname u;

    (void)uname(&u);
    printf("vdc-agent: no agent device, stand-alone boot of %s\n", u.release);
    if (set_up(&job, &net, err) < 0) {
        printf("vdc-agent: %s\n", err);
    }
    printf("vdc-agent: %u HiNIC netdevs\n", net.n_ports);
    fflush(stdout);
    if (access(STANDALONE, F_OK) == 0) {
        run_child(script);
    }
    power_off();
}

static _Noreturn void boot(void)
{
    static struct vdc_job job;
    struct vdc_netcfg net = { 0 };
    struct vdc_bar bar;
    char err[ERR_BYTES] = "";
    int status;

    setvbuf(stdout, NULL, _IOLBF, 0);
    (void)setenv("PATH", "/usr/sbin:/usr/bin", 1);
    (void)setenv("HOME", "/root", 1);
    (void)unsetenv("TERM"); /* the kernel's default says nothing about who reads the output */
    mount_all();
    status = vdc_bar_open(&bar);
    if (status == -ENODEV) {
        stand_alone();
    }
    if (status < 0) {
        printf("vdc-agent: the agent device cannot be used: %s\n", strerror(-status));
        power_off();
    }
    net.node = vdc_bar_read32(&bar, VDC_AGENT_R_NODE_ID);
    net.n_nodes = vdc_bar_read32(&bar, VDC_AGENT_R_NNODES);
    if (net.n_nodes > VDC_NETCFG_NODES_MAX || net.node >= net.n_nodes) {
        (void)snprintf(err, sizeof(err), "node %u of %u: expected node < nodes <= %u", net.node,
                       net.n_nodes, VDC_NETCFG_NODES_MAX);
        status = -1;
    }
    if (status == 0) {
        status = read_job(&bar, &job, err);
    }
    if (status == 0) {
        net.is_arp_static = job.is_arp_static;
        status = set_up(&job, &net, err);
    }
    if (status == 0) {
        vdc_bar_write32(&bar, VDC_AGENT_R_READY, VDC_AGENT_VER); /* returns at vtime 0 */
        vdc_run(&bar, &job, job_text, &net, err, sizeof(err));
    }
    printf("vdc-agent: %s\n", err);
    vdc_bar_fail(&bar, err);
    for (;;) {
        pause();
    }
}

static int with_device(struct vdc_bar *bar)
{
    int status = vdc_bar_open(bar);

    if (status < 0) {
        fprintf(stderr, "no agent device: %s\n", strerror(-status));
    }
    return status;
}

static int mark(int argc, char **argv)
{
    struct vdc_bar bar;
    char *end = NULL;
    unsigned long long id;

    errno = 0;
    id = argc == 2 ? strtoull(argv[1], &end, 0) : 0;
    if (argc != 2 || end == argv[1] || *end != '\0' || errno != 0) {
        fprintf(stderr, "usage: vdc-mark N    N: 0..2^64-1\n");
        return 2;
    }
    if (with_device(&bar) < 0) {
        return 1;
    }
    vdc_bar_write64(&bar, VDC_AGENT_R_MARK, id);
    return 0;
}

static int vtime(void)
{
    struct vdc_bar bar;

    if (with_device(&bar) < 0) {
        return 1;
    }
    printf("%" PRIu64 "\n", vdc_bar_read64(&bar, VDC_AGENT_R_VTIME_NS));
    return 0;
}

int main(int argc, char **argv)
{
    const char *name = argc > 0 ? strrchr(argv[0], '/') : NULL;

    name = name != NULL ? name + 1 : argc > 0 ? argv[0] : "";
    if (strcmp(name, "vdc-mark") == 0) {
        return mark(argc, argv);
    }
    if (strcmp(name, "vdc-vtime") == 0) {
        return vtime();
    }
    if (getpid() != 1) {
        fprintf(stderr, "%s is /init of a guest; commands: vdc-mark N, vdc-vtime\n", name);
        return 2;
    }
    boot();
}
