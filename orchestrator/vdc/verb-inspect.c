/* SPDX-License-Identifier: MIT */
/* vdc inspect RUN: what became of a run, from its directory alone. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "vdc/hashlog.h"
#include "vdc/outcome.h"

/* How far the digest chain goes. */
static json_t *chain_of(const struct vdc_rundir *d)
{
    char path[VDC_RUNDIR_PATH_MAX];
    struct vdc_hashlog_data log;
    size_t bad_line;
    if (vdc_hashlog_read(vdc_rundir_file(d, path, "hash.log"), &log, &bad_line) < 0) {
        return json_null();
    }
    size_t n = log.n_names ? log.n_lines / log.n_names : 0;
    uint64_t t = log.n_lines ? log.lines[log.n_lines - 1].t : 0;
    json_t *j = json_pack("{s:I, s:I}", "points", (json_int_t)n, "last_ps", (json_int_t)t);
    vdc_hashlog_free(&log);
    return j;
}

static const char *text_of(const json_t *j, const char *key)
{
    const char *s = json_string_value(json_object_get(j, key));
    return s ? s : "?";
}

static int64_t number_of(const json_t *j, const char *key)
{
    return json_integer_value(json_object_get(j, key));
}

static void print_ms(const char *what, int64_t ps)
{
    printf("%s%" PRId64 ".%06" PRId64 " ms", what, ps / 1000000000, ps % 1000000000 / 1000);
}

static void print_workloads(const json_t *result)
{
    size_t i;
    json_t *w;
    json_array_foreach(json_object_get(result, "workloads"), i, w)
    {
        const json_t *code = json_object_get(w, "exit");
        printf("  %s workload %" PRId64 ": ", text_of(w, "node"), number_of(w, "k"));
        if (json_is_integer(code)) {
            printf("exit %" PRId64, (int64_t)json_integer_value(code));
            print_ms(" at ", number_of(w, "end_ns") * 1000);
        } else {
            fputs("running at the end", stdout);
        }
        printf("%s  %.60s\n", json_is_true(json_object_get(w, "met")) ? "" : "  NOT EXPECTED",
               text_of(w, "run"));
    }
}

static void print_finished(const struct vdc_rundir *d, const json_t *manifest, const json_t *result,
                           const json_t *chain)
{
    const json_t *reason = json_object_get(manifest, "reason");
    printf("%s\n", d->path);
    printf("%s: %s", text_of(manifest, "name"), text_of(manifest, "status"));
    print_ms(" at vt ", number_of(manifest, "vt_end"));
    printf(" (%s), wall %.1f s\n", text_of(manifest, "end"),
           json_number_value(json_object_get(json_object_get(manifest, "wall"), "seconds")));
    if (json_is_object(reason)) {
        printf("  reason: %s", text_of(reason, "component"));
        print_ms(" at vt ", number_of(reason, "vt_ps"));
        printf(": %s\n", text_of(reason, "text"));
        if (*text_of(reason, "console")) {
            printf("  console: %s\n", text_of(reason, "console"));
        }
    }
    print_workloads(result);
    printf("  digest points %" PRId64 ", windows %" PRId64 ", late %" PRId64 ", faults %" PRId64
           "\n",
           number_of(chain, "points"), number_of(manifest, "windows"), number_of(manifest, "late"),
           number_of(manifest, "faults"));
    printf("digest %s", text_of(manifest, "digest"));
    size_t i;
    json_t *label;
    json_array_foreach(json_object_get(manifest, "labels"), i, label)
    {
        printf("  %s", json_string_value(label));
    }
    putchar('\n');
}

int verb_inspect(struct cli *cli, int argc, char **argv)
{
    static const struct cli_usage usage = {
        .args = "[RUN]", .doc = "Tells what became of a run (default: the latest)."
    };
    struct cli_words w = { .cli = cli, .expected = "one RUN", .max = 1 };
    struct vdc_rundir d;
    char path[VDC_RUNDIR_PATH_MAX];
    cli_parse(&usage, argc, argv, &w);
    const char *run = w.n > 0 ? w.word[0] : "latest";
    int rc = vdc_rundir_open(&d, cli->runs, run);
    if (rc < 0) {
        return cli_error(cli, EXIT_CONFIG, "no run '%s' in %s: %s", run, cli->runs, strerror(-rc));
    }
    json_t *manifest = json_load_file(vdc_rundir_file(&d, path, "manifest.json"), 0, NULL);
    json_t *result = json_load_file(vdc_rundir_file(&d, path, "result.json"), 0, NULL);
    json_t *chain = chain_of(&d);
    if (cli->is_json) {
        cli_print_json(json_pack("{s:s, s:o?, s:o?, s:o}", "run", d.path, "manifest", manifest,
                                 "result", result, "chain", chain));
        return EXIT_OK;
    }
    if (manifest) {
        print_finished(&d, manifest, result, chain);
    } else {
        printf("%s\nnot finished: it is running, or vdc was killed\n", d.path);
        if (json_is_object(chain)) {
            printf("  digest points %" PRId64, number_of(chain, "points"));
            print_ms(", up to vt ", number_of(chain, "last_ps"));
            putchar('\n');
        }
    }
    json_decref(manifest);
    json_decref(result);
    json_decref(chain);
    return EXIT_OK;
}
