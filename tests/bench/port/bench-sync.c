/* SPDX-License-Identifier: MIT */
/* Cost of a window of vtime/port beside null messages on the same machine; JSON lines. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "load.h"

#define HOGS 2u

static void print(const char *bench, const struct load *l, uint32_t hogs,
                  const struct load_result *r)
{
    const double w = r->windows > 0 ? r->windows : 1;

    (void)printf("{\"bench\":\"%s\",\"procs\":%u,\"frames\":%u,\"hogs\":%u,\"pinned\":%s,"
                 "\"windows\":%.1f,\"wall_us\":%.2f,"
                 "\"cpu_us\":%.2f,\"rx\":%llu,\"hub_runs\":%.3f,\"wakes\":%.3f}\n",
                 bench, l->n + 1, l->frames, hogs, l->is_pinned ? "true" : "false", r->windows,
                 r->wall_us / w, r->cpu_us / w, (unsigned long long)r->rx, r->hub_runs / w,
                 r->wakes / w);
    (void)fflush(stdout);
}

static void print_ratio(const struct load *l, uint32_t hogs, const char *base,
                        const struct load_result *a, const struct load_result *b)
{
    (void)printf("{\"bench\":\"ratio\",\"procs\":%u,\"frames\":%u,\"hogs\":%u,\"base\":\"%s\","
                 "\"cpu\":%.3f,\"wall\":%.3f}\n",
                 l->n + 1, l->frames, hogs, base, a->cpu_us / a->windows / (b->cpu_us / b->windows),
                 a->wall_us / a->windows / (b->wall_us / b->windows));
}

static void compare(uint32_t n, uint32_t frames, uint64_t windows, uint32_t hogs, bool with_spin)
{
    struct load l = { .n = n, .frames = frames, .windows = windows, .wall_ms = 4000 };
    struct load_result ours, yields, spins;

    if (load_windows(&l, &ours) < 0) {
        exit(1);
    }
    print("windows", &l, hogs, &ours);
    l.is_yielding = true;
    l.wall_ms = 1000;
    if (load_nullmsg(&l, &yields) < 0) {
        exit(1);
    }
    print("nullmsg-yield", &l, hogs, &yields);
    print_ratio(&l, hogs, "nullmsg-yield", &ours, &yields);
    if (with_spin) {
        l.is_yielding = false;
        if (load_nullmsg(&l, &spins) < 0) {
            exit(1);
        }
        print("nullmsg-spin", &l, hogs, &spins);
        print_ratio(&l, hogs, "nullmsg-spin", &ours, &spins);
    }
}

static void one(const char *name, struct load l)
{
    struct load_result r;

    if (load_windows(&l, &r) < 0) {
        exit(1);
    }
    print(name, &l, 0, &r);
}

static pid_t start_hog(void)
{
    const pid_t pid = fork();

    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (volatile uint64_t i = 0;; i++) {
        }
    }
    return pid;
}

static int usage(void)
{
    (void)fprintf(stderr, "usage: bench-sync [-w WINDOWS] [-q]\n"
                          "  -w  windows per measurement, 100..10000000 (default 20000)\n"
                          "  -q  quick: no hogs, no spinning baseline\n");
    return 2;
}

int main(int argc, char **argv)
{
    static const uint32_t sizes[] = { 2, 4, 8 };
    uint64_t windows = 20000;
    bool is_quick = false;
    pid_t hog[HOGS];
    int o;

    while ((o = getopt(argc, argv, "w:q")) > 0) {
        if (o == 'w') {
            windows = strtoull(optarg, NULL, 10);
        } else if (o == 'q') {
            is_quick = true;
        } else {
            return usage();
        }
    }
    if (windows < 100 || windows > 10000000) {
        return usage();
    }
    for (uint32_t i = 0; i < 3; i++) {
        for (uint32_t frames = 0; frames <= 2; frames++) {
            compare(sizes[i], frames, windows, 0, !is_quick && frames == 1);
        }
        one("windows-daemon", (struct load){ .n = sizes[i],
                                             .frames = 1,
                                             .windows = windows,
                                             .wall_ms = 4000,
                                             .by_daemon = true });
    }
    for (uint32_t frames = 0; frames <= 1; frames++) {
        one("windows", (struct load){ .n = 2,
                                      .frames = frames,
                                      .windows = 10 * windows,
                                      .wall_ms = 4000,
                                      .is_pinned = true });
    }
    if (is_quick) {
        return 0;
    }
    for (uint32_t i = 0; i < HOGS; i++) {
        hog[i] = start_hog();
    }
    for (uint32_t i = 0; i < 3; i++) {
        compare(sizes[i], 1, windows, HOGS, false);
    }
    for (uint32_t i = 0; i < HOGS; i++) {
        (void)kill(hog[i], SIGKILL);
        (void)waitpid(hog[i], NULL, 0);
    }
    return 0;
}
