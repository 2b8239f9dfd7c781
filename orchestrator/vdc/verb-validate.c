/* SPDX-License-Identifier: MIT */
/* vdc validate FILE: checks an experiment file without running anything. */
#include <string.h>

#include "cli.h"
#include "vdc/resolved.h"

int verb_validate(struct cli *cli, int argc, char **argv)
{
    static const struct cli_usage usage = { .args = "FILE", .doc = "Checks an experiment file." };
    struct cli_words w = { .cli = cli, .expected = "one FILE", .min = 1, .max = 1 };
    cli_parse(&usage, argc, argv, &w);
    const char *file = w.word[0];

    struct vdc_diag diag;
    vdc_diag_init(&diag, file);
    struct vdc_exp *e = vdc_exp_load(file, NULL, 0, &diag);
    struct vdc_resolved *r = e ? vdc_resolve(e, &diag) : NULL;
    int code = r ? EXIT_OK : EXIT_CONFIG;
    if (!r) {
        code = cli_diag(cli, EXIT_CONFIG, &diag);
    } else if (cli->is_json) {
        cli_print_json(json_pack("{s:s, s:I, s:I, s:I}", "name", r->name, "nodes",
                                 (json_int_t)r->n_nodes, "workloads", (json_int_t)r->n_workloads,
                                 "warnings", (json_int_t)diag.n));
    } else {
        char stop[VDC_UNIT_TEXT];
        vdc_diag_print(&diag, stderr);
        if (!cli->is_quiet) {
            printf("%s: ok: %s, %zu nodes, %zu workloads, %s\n", file, r->name, r->n_nodes,
                   r->n_workloads, vdc_unit_format(VDC_UNIT_DURATION, NULL, r->time.stop, stop));
        }
    }
    vdc_resolved_free(r);
    vdc_exp_free(e);
    vdc_diag_free(&diag);
    return code;
}
