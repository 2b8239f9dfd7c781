/* SPDX-License-Identifier: MIT */
/* vdc diff RUN1 RUN2: compares what two stored runs have written. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"

/* Reads the frozen experiment of a run. */
static int load(const struct cli *cli, const char *name, struct vdc_rundir *d,
                struct vdc_resolved **r)
{
    char path[VDC_RUNDIR_PATH_MAX];
    struct vdc_diag diag;
    int rc = vdc_rundir_open(d, cli->runs, name);
    if (rc < 0) {
        return cli_error(cli, EXIT_CONFIG, "no run '%s': %s", name, strerror(-rc));
    }
    vdc_diag_init(&diag, vdc_rundir_file(d, path, "resolved.yaml"));
    struct vdc_exp *e = vdc_exp_load(path, NULL, 0, &diag);
    *r = e ? vdc_resolve(e, &diag) : NULL;
    int code = *r ? EXIT_OK : cli_diag(cli, EXIT_INPUTS, &diag);
    vdc_exp_free(e);
    vdc_diag_free(&diag);
    return code;
}

static int report(const struct cli *cli, const struct comparison *c, bool has_file,
                  const struct file_diff *file)
{
    bool is_equal = c->diff.verdict == VDC_CHAIN_EQUAL && !has_file;
    if (cli->is_json) {
        json_t *j = comparison_json(c);
        json_object_set_new(j, "file", has_file ? json_string(file->name) : json_null());
        cli_print_json(j);
        return is_equal ? EXIT_OK : EXIT_FAILED;
    }
    switch (c->diff.verdict) {
    case VDC_CHAIN_EQUAL:
        printf("equal: %" PRIu64 " points\n", c->diff.n_equal);
        break;
    case VDC_CHAIN_PREFIX:
        printf("one chain ends earlier: %" PRIu64 " points are equal\n", c->diff.n_equal);
        break;
    case VDC_CHAIN_DIVERGED:
        comparison_print(c, NULL, stdout);
        break;
    case VDC_CHAIN_OTHER:
        puts("the chains have other components or points: not the same experiment");
        break;
    }
    if (has_file) {
        printf("  file %s differs at byte %" PRIu64 ":\n    a: %s\n    b: %s\n", file->name,
               file->offset, file->a, file->b);
    }
    return is_equal ? EXIT_OK : EXIT_FAILED;
}

int verb_diff(struct cli *cli, int argc, char **argv)
{
    static const struct cli_usage usage = {
        .args = "RUN1 RUN2",
        .doc = "Compares two stored runs; exit code 0 equal, 1 diverged, 3 inputs differ."
    };
    struct cli_words w = { .cli = cli, .expected = "two runs", .min = 2, .max = 2 };
    cli_parse(&usage, argc, argv, &w);

    struct vdc_rundir dirs[2];
    struct vdc_resolved *resolved[2] = { NULL, NULL };
    struct comparison c = { 0 };
    struct file_diff file;
    int code = load(cli, w.word[0], &dirs[0], &resolved[0]);
    if (code == EXIT_OK) {
        code = load(cli, w.word[1], &dirs[1], &resolved[1]);
    }
    if (code == EXIT_OK) {
        char *texts[2] = { NULL, NULL };
        size_t lens[2] = { 0, 0 };
        char path[VDC_RUNDIR_PATH_MAX];
        for (int i = 0; i < 2; i++) {
            /* Both were read a moment ago; a file that has gone since counts as different. */
            (void)vdc_file_read(vdc_rundir_file(&dirs[i], path, "resolved.yaml"), SIZE_MAX / 4,
                                &texts[i], &lens[i]);
        }
        if (!texts[0] || !texts[1] || lens[0] != lens[1] ||
            memcmp(texts[0], texts[1], lens[0]) != 0) {
            code = cli_error(cli, EXIT_INPUTS,
                             "inputs differ: diff %s/resolved.yaml %s/resolved.yaml", dirs[0].path,
                             dirs[1].path);
        }
        free(texts[0]);
        free(texts[1]);
    }
    if (code == EXIT_OK) {
        code = comparison_make(&c, cli, resolved[0], &dirs[0], &dirs[1]);
    }
    if (code == EXIT_OK) {
        bool has_file = comparison_files(resolved[0], &dirs[0], &dirs[1], &file);
        code = report(cli, &c, has_file, &file);
    }
    comparison_free(&c);
    vdc_resolved_free(resolved[0]);
    vdc_resolved_free(resolved[1]);
    return code;
}
