/* SPDX-License-Identifier: MIT */
/* vdc run FILE: runs an experiment on this host into a new run directory. */
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "execute.h"

struct arguments {
    struct cli_words words;
    struct cli_sets sets;
    const char *windows;
    const char *until;
    const char *replay;
    uint64_t perturb;
    bool is_copy;
};

enum { OPT_WINDOWS = 0x100, OPT_PERTURB, OPT_UNTIL, OPT_FREEZE, OPT_REPLAY };

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case 's':
        cli_sets_add(state, &a->sets, arg);
        return 0;
    case OPT_WINDOWS:
        a->windows = arg;
        return 0;
    case OPT_UNTIL:
        a->until = arg;
        return 0;
    case OPT_REPLAY:
        a->replay = arg;
        return 0;
    case OPT_FREEZE:
        a->is_copy = true;
        return 0;
    case OPT_PERTURB:
        cli_number(state, "--perturb", arg, &a->perturb);
        return 0;
    default:
        return cli_words_parse(key, arg, state);
    }
}

static const struct argp_option options[] = {
    { "set", 's', "PATH=VALUE", 0, "Replace or add a value of the file", 0 },
    { "until", OPT_UNTIL, "T", 0, "Stop earlier than the file says", 0 },
    { "windows", OPT_WINDOWS, "W", 0,
      "Cut windows at most W long: a time, L/7 (L: shortest path) or random:SEED; never changes "
      "results",
      0 },
    { "perturb", OPT_PERTURB, "SEED", 0, "Disturb the host side; never changes results", 0 },
    { "replay", OPT_REPLAY, "FILE", 0, "Commands to the switches at their times, as in control.log",
      0 },
    { "freeze", OPT_FREEZE, NULL, 0, "Copy artefacts into the run instead of linking them", 0 },
    { 0 },
};

/* A resolved file lies beside its artefacts. */
static const char *frozen_beside(const char *file, char path[VDC_RUNDIR_PATH_MAX])
{
    char copy[VDC_RUNDIR_PATH_MAX];
    char probe[VDC_RUNDIR_PATH_MAX + 16];
    snprintf(copy, sizeof(copy), "%.1000s", file);
    snprintf(path, VDC_RUNDIR_PATH_MAX, "%s", dirname(copy));
    snprintf(probe, sizeof(probe), "%s/artefacts", path);
    return access(probe, X_OK) == 0 ? path : NULL;
}

/* The path may lead through runs/latest, which soon points elsewhere. */
static const char *real_file(const char *file, char path[PATH_MAX])
{
    return realpath(file, path) ? path : file;
}

static bool is_directory(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int verb_run(struct cli *cli, int argc, char **argv)
{
    static const struct cli_usage usage = { .options = options,
                                            .parser = parse,
                                            .args = "FILE",
                                            .doc = "Runs an experiment; exit code 0 done, 1 "
                                                   "failed, 2 refused, 4 expectations not met, 130 "
                                                   "interrupted." };
    struct arguments a = { .words = { .cli = cli, .expected = "one FILE", .min = 1, .max = 1 } };
    struct execution x;
    char beside[VDC_RUNDIR_PATH_MAX];
    char real[PATH_MAX] = "";
    char journal[PATH_MAX];
    char line[256];
    cli_parse(&usage, argc, argv, &a.words);
    const char *file = a.words.word[0];

    struct vdc_run_opts opts = {
        .progress = cli->is_quiet ? NULL : stderr,
        .is_terminal = isatty(2),
        .perturb = a.perturb,
    };
    int code = execution_load(&x, cli, file, a.sets.list, a.sets.n,
                              frozen_beside(real_file(file, real), beside));
    if (code != EXIT_OK) {
        goto out;
    }
    if (a.windows && !execution_windows(x.resolved, a.windows, &opts)) {
        code = cli_error(cli, EXIT_CONFIG,
                         "--windows %s: expected a time such as 500ns, L/7 or random:SEED",
                         a.windows);
        goto out;
    }
    if (a.until && (vdc_unit_parse(VDC_UNIT_DURATION, NULL, a.until, &opts.until) != VDC_UNIT_OK ||
                    opts.until < VTIME_PS_PER_US || opts.until % VTIME_PS_PER_NS != 0)) {
        code = cli_error(cli, EXIT_CONFIG, "--until %s: expected a time, allowed 1us and more",
                         a.until);
        goto out;
    }
    if (a.replay && !realpath(a.replay, journal)) {
        code = cli_error(cli, EXIT_CONFIG, "--replay %s: %s", a.replay, strerror(errno));
        goto out;
    }
    if (a.replay &&
        (access(journal, R_OK) < 0 || is_directory(journal) != (x.resolved->n_switches > 1))) {
        code = cli_error(cli, EXIT_CONFIG, "--replay %s: expected a %s", a.replay,
                         x.resolved->n_switches > 1 ? "directory with control-SWITCH.log files"
                                                    : "file such as control.log");
        goto out;
    }
    opts.replay = a.replay ? journal : NULL;
    int rc = vdc_rundir_create(&x.dir, cli->runs, x.resolved->name, x.digest);
    if (rc < 0) {
        code = cli_error(cli, EXIT_FAILED, "no run directory can be made in %s: %s", cli->runs,
                         strerror(-rc));
        goto out;
    }
    code = execution_freeze(&x, cli, real, a.is_copy);
    if (code == EXIT_OK) {
        code = execution_run(&x, cli, &opts);
    }
    if (code != EXIT_OK) {
        goto out;
    }
    code = execution_code(&x);
    if (cli->is_json) {
        cli_print_json(vdc_outcome_report(x.resolved, &x.dir, &x.result, &x.outcome));
        goto out;
    }
    execution_tell(&x);
    for (size_t i = 0; i < x.outcome.n; i++) {
        const struct vdc_workload *w = &x.resolved->workloads[i];
        if (x.outcome.ends[i].is_met || x.result.status != VDC_RUN_DONE) {
            continue;
        }
        if (x.outcome.ends[i].has_ended) {
            fprintf(stderr, "vdc: %s workload %u ended with %u, not as expected\n",
                    x.resolved->nodes[w->node].name, w->k, x.outcome.ends[i].code);
        } else {
            fprintf(stderr, "vdc: %s workload %u was still running at the end\n",
                    x.resolved->nodes[w->node].name, w->k);
        }
    }
    if (!cli->is_quiet) {
        printf("run %s\n", x.dir.path);
    }
    printf("%s\n", vdc_run_summary(x.resolved, &x.result, line));
out:
    execution_free(&x);
    return code;
}
