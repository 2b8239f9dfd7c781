/* SPDX-License-Identifier: MIT */
/* vdc config show FILE: the resolved experiment with the origin of each value. */
#include <string.h>

#include "cli.h"
#include "vdc/resolved.h"

#define SETS_MAX 64

struct arguments {
    struct cli *cli;
    const char *file;
    const char *sets[SETS_MAX];
    size_t n_sets;
    bool is_show;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = a->cli;
        return 0;
    case 's':
        if (a->n_sets == SETS_MAX) {
            argp_error(state, "more than %d --set", SETS_MAX);
        }
        a->sets[a->n_sets++] = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (!a->is_show && strcmp(arg, "show") == 0) {
            a->is_show = true;
        } else if (a->is_show && !a->file) {
            a->file = arg;
        } else {
            argp_error(state, "'show FILE' expected, found %s", arg);
        }
        return 0;
    case ARGP_KEY_END:
        if (!a->file) {
            argp_error(state, "'show FILE' expected");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int verb_config(struct cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "set", 's', "PATH=VALUE", 0, "Replace or add a value", 0 }, { 0 }
    };
    const struct argp_child children[] = { { &cli_argp, 0, NULL, 0 }, { 0 } };
    const struct argp argp = { .options = options,
                               .parser = parse,
                               .args_doc = "show FILE",
                               .doc = "Prints the resolved experiment. Values that are not "
                                      "defaults carry the line they come from.",
                               .children = children };
    struct arguments a = { .cli = cli };
    argp_parse(&argp, argc, argv, 0, NULL, &a);

    struct vdc_diag diag;
    vdc_diag_init(&diag, a.file);
    struct vdc_exp *e = vdc_exp_load(a.file, a.sets, a.n_sets, &diag);
    struct vdc_resolved *r = e ? vdc_resolve(e, &diag) : NULL;
    int code = EXIT_OK;
    if (!r) {
        code = cli_diag(cli, EXIT_CONFIG, &diag);
    } else if (vdc_resolved_write(r, true, stdout) < 0) {
        code = cli_error(cli, EXIT_FAILED, "standard output cannot be written");
    }
    vdc_resolved_free(r);
    vdc_exp_free(e);
    vdc_diag_free(&diag);
    return code;
}
