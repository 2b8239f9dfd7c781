/* SPDX-License-Identifier: MIT */
/* vdc doctor: what this machine has and lacks for running experiments, one line per check. */
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "cli.h"
#include "vdc/artefacts.h"
#include "wakeup.h"

enum level { OK, WARN, FAIL };

struct doctor {
    struct cli *cli;
    json_t *checks;
    int n_failed;
};

static void say(struct doctor *d, enum level level, const char *what, const char *fix,
                const char *format, ...) __attribute__((format(printf, 5, 6)));

static void say(struct doctor *d, enum level level, const char *what, const char *fix,
                const char *format, ...)
{
    static const char *const names[] = { "ok", "warn", "fail" };
    char found[512];
    va_list ap;
    va_start(ap, format);
    vsnprintf(found, sizeof(found), format, ap);
    va_end(ap);
    d->n_failed += level == FAIL;
    if (d->cli->is_json) {
        json_array_append_new(d->checks,
                              json_pack("{s:s, s:s, s:s, s:s}", "level", names[level], "what", what,
                                        "found", found, "fix", level == OK ? "" : fix));
    } else {
        printf("%-4s  %-18s %s%s%s\n", names[level], what, found, level == OK ? "" : "  -> ",
               level == OK ? "" : fix);
    }
}

/* First line "key=" of a text, cut at its end; NULL if there is none. */
static char *line_of(char *text, const char *key)
{
    size_t len = strlen(key);
    for (char *line = text; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, len) == 0) {
            line[strcspn(line, "\n")] = '\0';
            return line + len;
        }
    }
    return NULL;
}

static void check_qemu(struct doctor *d)
{
    char script[VDC_RUNDIR_PATH_MAX];
    char text[4096], copy[4096], help[8192];
    const char *given = getenv("VDC_QEMU");
    snprintf(script, sizeof(script), "%s/scripts/build-qemu", vdc_source_root());
    const char *const argv[] = { script, "--print", NULL };
    if (given && *given) {
        say(d, access(given, X_OK) == 0 ? WARN : FAIL, "QEMU", "unset VDC_QEMU", "VDC_QEMU=%s",
            given);
        return;
    }
    if (vdc_program_output(argv, text, sizeof(text)) != 0) {
        say(d, FAIL, "QEMU", "scripts/build-qemu", "not built for this checkout");
        return;
    }
    memcpy(copy, text, sizeof(copy));
    const char *build_id = line_of(copy, "build_id=");
    memcpy(help, text, sizeof(text));
    const char *qemu = line_of(text, "qemu=");
    say(d, OK, "QEMU", "", "%s", build_id ? build_id : "?");
    const char *const ask[] = { qemu ? qemu : "", "-device", "hinic,help", NULL };
    int rc = vdc_program_output(ask, help, sizeof(help));
    bool has_nic = rc == 0 && strstr(help, "port-id");
    say(d, has_nic ? OK : FAIL, "QEMU devices", "scripts/build-qemu", "%s",
        has_nic ? "hinic, vdc-vtime, vdc-agent" : "hinic is missing");
}

static void check_image(struct doctor *d)
{
    char script[VDC_RUNDIR_PATH_MAX];
    char text[VDC_RUNDIR_PATH_MAX];
    snprintf(script, sizeof(script), "%s/scripts/image/build", vdc_source_root());
    const char *const argv[] = { script, "--print", "base", NULL };
    if (vdc_program_output(argv, text, sizeof(text)) != 0) {
        say(d, FAIL, "image base", "vdc image build base", "not built for this checkout");
        return;
    }
    text[strcspn(text, "\n")] = '\0';
    say(d, OK, "image base", "", "%s", text);
}

static void check_daemon(struct doctor *d)
{
    char path[VDC_RUNDIR_PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 32);
    path[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(path, '/');
    strcpy(slash ? slash + 1 : path, "hicain-vswitchd");
    bool is_there = access(path, X_OK) == 0;
    say(d, is_there ? OK : FAIL, "switch daemon", "ninja -C build hicain-vswitchd", "%s", path);
}

static void check_cpu(struct doctor *d)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    int n = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
    say(d, n >= 2 ? OK : WARN, "cores", "guests take turns on one core", "%d usable of %ld", n,
        sysconf(_SC_NPROCESSORS_CONF));

    char text[64] = "";
    FILE *f = fopen("/sys/fs/cgroup/cpu.max", "re");
    if (f && fgets(text, sizeof(text), f)) {
        text[strcspn(text, "\n")] = '\0';
        bool is_limited = strncmp(text, "max", 3) != 0;
        say(d, is_limited ? WARN : OK, "cgroup cpu.max", "raise the quota: it stops guests in turn",
            "%s", text);
    }
    if (f) {
        fclose(f);
    }
    double load[3];
    if (getloadavg(load, 3) > 0) {
        say(d, load[0] > n ? WARN : OK, "load", "other work slows windows, not results", "%.1f",
            load[0]);
    }
}

static void check_wakeup(struct doctor *d)
{
    struct wakeup_cost cost;
    int rc = wakeup_measure(50, &cost);
    if (rc < 0) {
        say(d, WARN, "wake-up", "", "cannot be measured: %s", strerror(-rc));
        return;
    }
    say(d, cost.wake_ns > 20000 ? WARN : OK, "wake-up",
        "idle cores halt (a virtual machine): more guests than cores will be slow",
        "one sleep and wake-up across cores %.1f us, one sched_yield %.2f us",
        (double)cost.wake_ns / 1000, (double)cost.yield_ns / 1000);
}

static void check_memory(struct doctor *d)
{
    struct sysinfo si;
    struct rlimit files;
    if (sysinfo(&si) == 0) {
        uint64_t free_mib = (uint64_t)si.freeram * si.mem_unit >> 20;
        uint64_t total_mib = (uint64_t)si.totalram * si.mem_unit >> 20;
        say(d, total_mib < 2048 ? WARN : OK, "memory", "a guest needs 256 MiB and more",
            "%" PRIu64 " MiB, %" PRIu64 " free", total_mib, free_mib);
        say(d, OK, "swap", "", "%" PRIu64 " MiB", (uint64_t)si.totalswap * si.mem_unit >> 20);
    }
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        say(d, files.rlim_cur < 256 ? FAIL : OK, "open files", "ulimit -n 1024", "%llu",
            (unsigned long long)files.rlim_cur);
    }
    struct statvfs vfs;
    if (statvfs("/dev/shm", &vfs) == 0) {
        uint64_t mib = (uint64_t)vfs.f_bavail * vfs.f_frsize >> 20;
        say(d, mib < 64 ? WARN : OK, "shared memory", "mount a larger /dev/shm",
            "%" PRIu64 " MiB free", mib);
    }
    if (statvfs(".", &vfs) == 0) {
        uint64_t mib = (uint64_t)vfs.f_bavail * vfs.f_frsize >> 20;
        say(d, mib < 1024 ? WARN : OK, "disk", "results and images need space",
            "%" PRIu64 " MiB free here", mib);
    }
}

static void check_kvm(struct doctor *d)
{
    bool is_there = access("/dev/kvm", R_OK | W_OK) == 0;
    say(d, OK, "kvm", "", "%s; exact runs do not use it",
        is_there ? "/dev/kvm is there" : "no /dev/kvm");
}

static void check_tools(struct doctor *d)
{
    static const struct {
        const char *program, *package, *use;
    } tools[] = {
        { "/usr/bin/ninja", "ninja-build", "building" },
        { "/usr/bin/meson", "meson", "building" },
        { "/usr/bin/tshark", "tshark", "reading captures" },
    };
    for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++) {
        char fix[64];
        bool is_there = access(tools[i].program, X_OK) == 0;
        snprintf(fix, sizeof(fix), "apt-get install %s", tools[i].package);
        say(d, is_there ? OK : WARN, tools[i].package, fix, "%s (%s)",
            is_there ? "installed" : "missing", tools[i].use);
    }
}

int verb_doctor(struct cli *cli, int argc, char **argv)
{
    static const struct cli_usage usage = {
        .doc = "Tells what this machine has and lacks; exit code 1 if something needed is missing."
    };
    struct cli_words w = { .cli = cli, .expected = "no word" };
    cli_parse(&usage, argc, argv, &w);
    struct doctor d = { .cli = cli, .checks = json_array() };
    check_qemu(&d);
    check_image(&d);
    check_daemon(&d);
    check_cpu(&d);
    check_wakeup(&d);
    check_memory(&d);
    check_kvm(&d);
    check_tools(&d);
    if (cli->is_json) {
        cli_print_json(json_pack("{s:o, s:b}", "checks", d.checks, "ok", d.n_failed == 0));
    } else {
        json_decref(d.checks);
    }
    return d.n_failed == 0 ? EXIT_OK : EXIT_FAILED;
}
