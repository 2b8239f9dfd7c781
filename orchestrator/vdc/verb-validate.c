/* SPDX-License-Identifier: MIT */
/* vdc validate FILE: checks an experiment file without running anything. */
#include <string.h>

#include "cli.h"
#include "vdc/resolved.h"

struct arguments {
    struct cli *cli;
    const char *file;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = a->cli;
        return 0;
    case ARGP_KEY_ARG:
        if (a->file) {
            argp_error(state, "one FILE expected, found another: %s", arg);
        }
        a->file = arg;
        return 0;
    case ARGP_KEY_END:
        if (!a->file) {
            argp_error(state, "FILE expected");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int verb_validate(struct cli *cli, int argc, char **argv)
{
    const struct argp_child children[] = { { &cli_argp, 0, NULL, 0 }, { 0 } };
    const struct argp argp = { .parser = parse,
                               .args_doc = "FILE",
                               .doc = "Checks an experiment file.",
                               .children = children };
    struct arguments a = { .cli = cli };
    argp_parse(&argp, argc, argv, 0, NULL, &a);

    struct vdc_diag diag;
    vdc_diag_init(&diag, a.file);
    struct vdc_exp *e = vdc_exp_load(a.file, NULL, 0, &diag);
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
            printf("%s: ok: %s, %zu nodes, %zu workloads, %s\n", a.file, r->name, r->n_nodes,
                   r->n_workloads, vdc_unit_format(VDC_UNIT_DURATION, NULL, r->time.stop, stop));
        }
    }
    vdc_resolved_free(r);
    vdc_exp_free(e);
    vdc_diag_free(&diag);
    return code;
}
