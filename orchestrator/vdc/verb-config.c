/* SPDX-License-Identifier: MIT */
/* vdc config show FILE: the resolved experiment with the origin of each value. */
#include <string.h>

#include "cli.h"
#include "vdc/resolved.h"

struct arguments {
    struct cli_words words;
    struct cli_sets sets;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case 's':
        cli_sets_add(state, &a->sets, arg);
        return 0;
    case ARGP_KEY_ARG:
        if (a->words.n == 0 && strcmp(arg, "show") != 0) {
            argp_error(state, "'show FILE' expected, found %s", arg);
        }
        return cli_words_parse(key, arg, state);
    default:
        return cli_words_parse(key, arg, state);
    }
}

int verb_config(struct cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "set", 's', "PATH=VALUE", 0, "Replace or add a value", 0 }, { 0 }
    };
    static const struct cli_usage usage = {
        .options = options,
        .parser = parse,
        .args = "show FILE",
        .doc =
            "Prints the resolved experiment. Values that are not defaults carry the line they come "
            "from."
    };
    struct arguments a = { .words = { .cli = cli, .expected = "'show FILE'", .min = 2, .max = 2 } };
    cli_parse(&usage, argc, argv, &a.words);
    const char *file = a.words.word[1];

    struct vdc_diag diag;
    vdc_diag_init(&diag, file);
    struct vdc_exp *e = vdc_exp_load(file, a.sets.list, a.sets.n, &diag);
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
