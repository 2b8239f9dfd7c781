/* SPDX-License-Identifier: MIT */
/* vdc verify RUN: runs again from the frozen inputs, compares, and finds where two runs part. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compare.h"
#include "execute.h"

struct arguments {
    struct cli_words words;
    const char *windows;
    uint64_t perturb;
    uint64_t tries;
};

enum { OPT_WINDOWS = 0x100, OPT_PERTURB, OPT_TRIES };

#define EXIT_RERUN_FAILED EXIT_CONFIG /* 2: the run to compare with failed */

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case OPT_WINDOWS:
        a->windows = arg;
        return 0;
    case OPT_PERTURB:
        cli_number(state, "--perturb", arg, &a->perturb);
        return 0;
    case OPT_TRIES:
        cli_number(state, "--tries", arg, &a->tries);
        return 0;
    default:
        return cli_words_parse(key, arg, state);
    }
}

/* A verification in progress. */
struct verification {
    struct cli *cli;
    const struct arguments *arguments;
    struct vdc_rundir run; /* the original */
    char resolved_path[VDC_RUNDIR_PATH_MAX];
    char journal[VDC_RUNDIR_PATH_MAX];
    char status[32]; /* of the original */
    struct execution again;
    struct vdc_run_opts opts; /* of the second run */
    struct comparison comparison;
    struct record_diff record;
    struct file_diff file;
    bool has_file;
    uint64_t n_tries; /* re-runs it took to see it again; 0: not seen again */
};

/* What was told to the switches is told again. */
static void find_journals(struct verification *v)
{
    const struct vdc_resolved *r = v->again.resolved;
    for (size_t i = 0; i < r->n_switches; i++) {
        char name[VDC_RUN_JOURNAL_MAX];
        struct stat st;
        vdc_rundir_file(&v->run, v->journal, "%s", vdc_run_journal(r, i, name));
        if (stat(v->journal, &st) == 0 && st.st_size > 0) {
            v->opts.replay = r->n_switches == 1 ? v->journal : v->run.path;
        }
    }
}

static int open_run(struct verification *v)
{
    int rc = vdc_rundir_open(&v->run, v->cli->runs, v->arguments->words.word[0]);
    if (rc < 0) {
        return cli_error(v->cli, EXIT_CONFIG, "no run '%s': %s", v->arguments->words.word[0],
                         strerror(-rc));
    }
    char path[VDC_RUNDIR_PATH_MAX];
    json_t *manifest = json_load_file(vdc_rundir_file(&v->run, path, "manifest.json"), 0, NULL);
    const char *status = json_string_value(json_object_get(manifest, "status"));
    const char *digest = json_string_value(
        json_object_get(json_object_get(manifest, "inputs"), "resolved_sha256"));
    snprintf(v->status, sizeof(v->status), "%s", status ? status : "unfinished");
    vdc_rundir_file(&v->run, v->resolved_path, "resolved.yaml");
    int code = execution_load(&v->again, v->cli, v->resolved_path, NULL, 0, v->run.path);
    if (code == EXIT_CONFIG) {
        code = EXIT_INPUTS; /* the messages are out: the frozen inputs cannot be used */
    }
    if (code == EXIT_OK) {
        find_journals(v);
    }
    if (code == EXIT_OK && digest && strcmp(digest, v->again.digest) != 0) {
        code = cli_error(v->cli, EXIT_INPUTS,
                         "inputs differ: the run has %.16s..., resolving its frozen file gives "
                         "%.16s... (another version of vdc?)",
                         digest, v->again.digest);
    }
    if (code == EXIT_OK && v->again.resolved->time.digest_every == 0) {
        code = cli_error(v->cli, EXIT_INPUTS, "the run has no digests (digest_every: off)");
    }
    json_decref(manifest);
    return code;
}

/* A run that did not come to its end is compared as far as its chain goes: the second one stops
 * there, too. */
static void stop_where_first_did(struct verification *v)
{
    char path[VDC_RUNDIR_PATH_MAX];
    struct vdc_hashlog_data log;
    size_t bad_line;
    if (strcmp(v->status, "done") != 0 &&
        vdc_hashlog_read(vdc_rundir_file(&v->run, path, "hash.log"), &log, &bad_line) == 0) {
        v->opts.until = log.n_lines > 0 ? log.lines[log.n_lines - 1].t : VTIME_PS_PER_US;
        vdc_hashlog_free(&log);
    }
}

/* Runs the frozen inputs once more into RUN/<prefix>-n. x shares resolved and artefacts with
 * v->again. */
static int rerun(struct verification *v, struct execution *x, const char *prefix,
                 const struct vdc_run_opts *opts)
{
    int rc = vdc_rundir_create_inside(&x->dir, v->run.path, prefix);
    if (rc < 0) {
        return cli_error(v->cli, EXIT_FAILED, "%s: no directory can be made: %s", v->run.path,
                         strerror(-rc));
    }
    int code = execution_freeze(x, v->cli, NULL, false);
    if (code == EXIT_OK) {
        code = execution_run(x, v->cli, opts);
    }
    if (code == EXIT_OK && x->result.status == VDC_RUN_INTERRUPTED) {
        execution_tell(x);
        return EXIT_INTERRUPTED;
    }
    if (code == EXIT_OK && x->result.status == VDC_RUN_FAILED && strcmp(v->status, "failed") != 0) {
        execution_tell(x);
        return cli_error(v->cli, EXIT_RERUN_FAILED, "the second run failed, nothing to compare");
    }
    return code;
}

/* One more run of the interval in which the chains part, with records. The directory is kept in
 * x->dir. */
static int rerun_traced(struct verification *v, struct execution *x,
                        const struct vdc_run_opts *like, const char *prefix)
{
    const struct vdc_chain_diff *d = &v->comparison.diff;
    struct vdc_run_opts opts = *like;
    opts.trace_from = d->t_from;
    opts.trace_to = d->t;
    opts.until = vtime_add(d->t, v->again.resolved->time.digest_every);
    memset(x, 0, sizeof(*x));
    x->resolved = v->again.resolved;
    x->artefacts = v->again.artefacts;
    x->resolved_text = v->again.resolved_text;
    x->resolved_len = v->again.resolved_len;
    memcpy(x->digest, v->again.digest, sizeof(x->digest));
    int code = rerun(v, x, prefix, &opts);
    vdc_outcome_free(&x->outcome);
    return code;
}

/* Repeats both runs with records until they part again, and names the first record. */
static int find_record(struct verification *v)
{
    const struct vdc_run_opts plain = { .progress = v->opts.progress,
                                        .is_terminal = v->opts.is_terminal,
                                        .replay = v->opts.replay,
                                        .label = "tracing the first run" };
    struct execution a, b;
    for (uint64_t i = 1; i <= v->arguments->tries; i++) {
        struct vdc_run_opts varied = v->opts;
        struct comparison c;
        varied.label = "tracing the second run";
        if (i > 1 && varied.perturb == 0) {
            varied.perturb = i; /* an intermittent defect may need to be shaken */
        }
        int code = rerun_traced(v, &a, &plain, "trace-a");
        if (code == EXIT_OK) {
            code = rerun_traced(v, &b, &varied, "trace-b");
        }
        if (code == EXIT_OK) {
            code = comparison_make(&c, v->cli, v->comparison.resolved, &a.dir, &b.dir);
        }
        if (code != EXIT_OK) {
            return code;
        }
        bool is_again = c.diff.verdict == VDC_CHAIN_DIVERGED;
        if (is_again) {
            comparison_records(&c, &a.dir, &b.dir, &v->record);
            if (!v->has_file) {
                v->has_file = comparison_files(v->again.resolved, &a.dir, &b.dir, &v->file);
            }
            v->n_tries = i;
        }
        comparison_free(&c);
        if (is_again) {
            return EXIT_OK;
        }
    }
    return EXIT_OK;
}

static void print_varied(const struct verification *v, FILE *to)
{
    fprintf(to, "  runs differ in: window cut (as the horizons allow / %s), perturbation (off / ",
            v->arguments->windows ? v->arguments->windows : "the same");
    if (v->opts.perturb) {
        fprintf(to, "%" PRIu64 ")\n", v->opts.perturb);
    } else {
        fputs("off)\n", to);
    }
}

static int report_diverged(struct verification *v)
{
    int code = find_record(v);
    const struct record_diff *rec = &v->record;
    if (v->cli->is_json) {
        json_t *j = comparison_json(&v->comparison);
        json_object_set_new(j, "reproduced_after", json_integer((json_int_t)v->n_tries));
        json_object_set_new(
            j, "record",
            rec->is_found ? json_pack("{s:s, s:I, s:s, s:s}", "component", rec->component, "number",
                                      (json_int_t)rec->number, "a", rec->a, "b", rec->b)
                          : json_null());
        json_object_set_new(j, "file",
                            v->has_file ? json_pack("{s:s, s:I, s:s, s:s}", "name", v->file.name,
                                                    "offset", (json_int_t)v->file.offset, "a",
                                                    v->file.a, "b", v->file.b)
                                        : json_null());
        cli_print_json(j);
        return code == EXIT_OK ? EXIT_FAILED : code;
    }
    comparison_print(&v->comparison, rec->is_found ? rec->component : NULL, stdout);
    if (rec->is_found) {
        printf("  record %" PRIu64 " of %s in that window:\n    a: %s\n    b: %s\n", rec->number,
               rec->component, rec->a, rec->b);
    } else if (v->n_tries > 0) {
        puts("  record: all messages of that window agree");
    } else {
        printf("  record: not seen again in %" PRIu64 " tries: the defect is intermittent\n",
               v->arguments->tries);
    }
    if (v->has_file) {
        printf("  file %s differs at byte %" PRIu64 ":\n    a: %s\n    b: %s\n", v->file.name,
               v->file.offset, v->file.a, v->file.b);
    }
    print_varied(v, stdout);
    return code == EXIT_OK ? EXIT_FAILED : code;
}

static int report(struct verification *v)
{
    const struct vdc_chain_diff *d = &v->comparison.diff;
    char line[256];
    bool is_whole = strcmp(v->status, "done") == 0;
    bool is_equal = d->verdict == VDC_CHAIN_EQUAL || (d->verdict == VDC_CHAIN_PREFIX && !is_whole);
    if (d->verdict == VDC_CHAIN_DIVERGED) {
        return report_diverged(v);
    }
    if (!is_equal) {
        return cli_error(v->cli, EXIT_FAILED,
                         "the chains do not end alike: %zu and %zu lines, %" PRIu64
                         " points are equal",
                         v->comparison.a.n_lines, v->comparison.b.n_lines, d->n_equal);
    }
    if (is_whole && v->has_file) {
        return cli_error(v->cli, EXIT_FAILED,
                         "the chains are equal, but %s differs at byte %" PRIu64 ": '%s' / '%s'",
                         v->file.name, v->file.offset, v->file.a, v->file.b);
    }
    if (v->cli->is_json) {
        char digest[33];
        json_t *j = comparison_json(&v->comparison);
        vdc_digest_hex(v->again.result.digest, digest);
        json_object_set_new(j, "digest", json_string(digest));
        json_object_set_new(j, "run", json_string(v->run.path));
        json_object_set_new(j, "again", json_string(v->again.dir.path));
        json_object_set_new(j, "first_status", json_string(v->status));
        cli_print_json(j);
        return EXIT_OK;
    }
    printf("equal: %" PRIu64 " points%s\n", d->n_equal,
           is_whole ? "" : ", as far as the first run went");
    printf("%s\n", vdc_run_summary(v->again.resolved, &v->again.result, line));
    return EXIT_OK;
}

int verb_verify(struct cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "windows", OPT_WINDOWS, "W", 0, "Cut windows differently: 500ns, L/7 or random:SEED", 0 },
        { "perturb", OPT_PERTURB, "SEED", 0, "Disturb the host side", 0 },
        { "tries", OPT_TRIES, "N", 0, "Repetitions to find the first differing record (default 10)",
          0 },
        { 0 },
    };
    static const struct cli_usage usage = { .options = options,
                                            .parser = parse,
                                            .args = "RUN",
                                            .doc = "Runs again from the frozen inputs of RUN; exit "
                                                   "code 0 equal, 1 diverged, 2 run failed, "
                                                   "3 inputs differ." };
    struct arguments a = { .words = { .cli = cli,
                                      .expected = "one RUN (a directory, or a name such as latest)",
                                      .min = 1,
                                      .max = 1 },
                           .tries = 10 };
    cli_parse(&usage, argc, argv, &a.words);

    struct verification *v = calloc(1, sizeof(*v));
    if (!v) {
        return cli_error(cli, EXIT_FAILED, "out of memory");
    }
    v->cli = cli;
    v->arguments = &a;
    v->opts = (struct vdc_run_opts){ .progress = cli->is_quiet ? NULL : stderr,
                                     .is_terminal = isatty(2),
                                     .label = "verify",
                                     .perturb = a.perturb };
    int code = open_run(v);
    if (code == EXIT_OK && a.windows &&
        !execution_windows(v->again.resolved, a.windows, &v->opts)) {
        code = cli_error(cli, EXIT_CONFIG,
                         "--windows %s: expected a time such as 500ns, L/7 or random:SEED",
                         a.windows);
    }
    if (code == EXIT_OK) {
        stop_where_first_did(v);
        code = rerun(v, &v->again, "verify", &v->opts);
    }
    if (code == EXIT_OK) {
        code = comparison_make(&v->comparison, cli, v->again.resolved, &v->run, &v->again.dir);
    }
    if (code == EXIT_OK) {
        v->has_file = comparison_files(v->again.resolved, &v->run, &v->again.dir, &v->file);
        code = report(v);
    }
    comparison_free(&v->comparison);
    execution_free(&v->again);
    free(v);
    return code;
}
