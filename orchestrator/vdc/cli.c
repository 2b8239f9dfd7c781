/* SPDX-License-Identifier: MIT */
/* What all verbs share: global options, exit codes, and how errors are told. */
#include "cli.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>

#include "vdc/units.h"

enum { OPT_DIR = 0x1000, OPT_JSON };

static error_t parse_global(int key, char *arg, struct argp_state *state)
{
    struct cli *cli = state->input;
    switch (key) {
    case OPT_DIR:
        cli->runs = arg;
        return 0;
    case OPT_JSON:
        cli->is_json = true;
        return 0;
    case 'q':
        cli->is_quiet = true;
        return 0;
    case 'v':
        cli->verbosity++;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option global_options[] = {
    { "dir", OPT_DIR, "RUNS", 0, "Directory of run directories (default: runs)", 100 },
    { "json", OPT_JSON, NULL, 0, "Print one JSON object", 100 },
    { "quiet", 'q', NULL, 0, "No progress, no remarks", 100 },
    { "verbose", 'v', NULL, 0, "More remarks", 100 },
    { 0 },
};

const struct argp cli_argp = { .options = global_options, .parser = parse_global };

error_t cli_words_parse(int key, char *arg, struct argp_state *state)
{
    struct cli_words *w = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = w->cli;
        return 0;
    case ARGP_KEY_ARG:
        if (w->n == w->max) {
            argp_error(state, "%s expected, found another: %s", w->expected, arg);
        }
        w->word[w->n++] = arg;
        return 0;
    case ARGP_KEY_END:
        if (w->n < w->min) {
            argp_error(state, "%s expected", w->expected);
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

void cli_parse(const struct cli_usage *u, int argc, char **argv, struct cli_words *w)
{
    const struct argp_child children[] = { { &cli_argp, 0, NULL, 0 }, { 0 } };
    const struct argp argp = { .options = u->options,
                               .parser = u->parser ? u->parser : cli_words_parse,
                               .args_doc = u->args,
                               .doc = u->doc,
                               .children = children };
    assert(w->max <= CLI_WORDS_MAX);
    argp_parse(&argp, argc, argv, 0, NULL, w);
}

void cli_sets_add(struct argp_state *state, struct cli_sets *sets, const char *arg)
{
    if (sets->n == CLI_SETS_MAX) {
        argp_error(state, "more than %d --set", CLI_SETS_MAX);
    }
    sets->list[sets->n++] = arg;
}

void cli_number(struct argp_state *state, const char *option, const char *arg, uint64_t *out)
{
    if (vdc_unit_parse(VDC_UNIT_INTEGER, NULL, arg, out) != VDC_UNIT_OK) {
        argp_error(state, "%s: a number expected, found %s", option, arg);
    }
}

void cli_print_json(json_t *j)
{
    if (!j) {
        fputs("vdc: out of memory\n", stderr);
        exit(EXIT_FAILED);
    }
    json_dumpf(j, stdout, JSON_SORT_KEYS | JSON_INDENT(2));
    putchar('\n');
    json_decref(j);
}

int cli_error(const struct cli *cli, enum vdc_exit code, const char *format, ...)
{
    char text[2048];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof(text), format, ap);
    va_end(ap);
    if (cli->is_json) {
        cli_print_json(json_pack("{s:s}", "error", text));
    } else {
        fprintf(stderr, "vdc: %s\n", text);
    }
    return (int)code;
}

int cli_diag(const struct cli *cli, enum vdc_exit code, struct vdc_diag *diag)
{
    if (!cli->is_json) {
        vdc_diag_print(diag, stderr);
        return (int)code;
    }
    json_t *list = json_array();
    vdc_diag_sort(diag);
    for (size_t i = 0; i < diag->n; i++) {
        const struct vdc_diag_entry *e = &diag->entries[i];
        json_array_append_new(
            list, json_pack("{s:s, s:i, s:i, s:s, s:s}", "file", diag->file, "line", (int)e->line,
                            "column", (int)e->column, "level",
                            e->level == VDC_DIAG_WARNING ? "warning" : "error", "text", e->text));
    }
    cli_print_json(
        json_pack("{s:s, s:o}", "error", "the experiment file is not accepted", "messages", list));
    return (int)code;
}
