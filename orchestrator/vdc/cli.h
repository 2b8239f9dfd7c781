/* SPDX-License-Identifier: MIT */
/* What all verbs share: global options, exit codes, and how errors are told. */
#ifndef VDC_ORCHESTRATOR_VDC_CLI_H
#define VDC_ORCHESTRATOR_VDC_CLI_H

#include <argp.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "vdc/diag.h"

enum vdc_exit {
    EXIT_OK = 0,
    EXIT_FAILED = 1,       /* run failed, or digests differ */
    EXIT_CONFIG = 2,       /* usage or configuration */
    EXIT_INPUTS = 3,       /* inputs differ (verify, diff) */
    EXIT_EXPECTATIONS = 4, /* completed, expectations not met */
    EXIT_INTERRUPTED = 130
};

struct cli {
    bool is_json;
    bool is_quiet;
    int verbosity;
    const char *runs; /* directory of run directories */
};

/* Options every verb takes; a child of a verb's argp. input: struct cli. */
extern const struct argp cli_argp;

#define CLI_WORDS_MAX 2
#define CLI_SETS_MAX  64

/* What a verb is called with besides its own options; the first member of its arguments. */
struct cli_words {
    struct cli *cli;
    const char *expected; /* "FILE", "RUN1 RUN2": what a wrong number of words is told */
    int min, max;         /* <= CLI_WORDS_MAX */
    const char *word[CLI_WORDS_MAX];
    int n;
};

/* --set PATH=VALUE, as often as wanted. */
struct cli_sets {
    const char *list[CLI_SETS_MAX];
    size_t n;
};

struct cli_usage {
    const struct argp_option *options; /* NULL: none of its own */
    argp_parser_t parser; /* of these options; hands what it does not know to cli_words_parse */
    const char *args, *doc;
};

/* Parses the arguments of a verb; w is the first member of what its parser gets as input. Leaves
 * the process with EXIT_CONFIG on an error. */
void cli_parse(const struct cli_usage *u, int argc, char **argv, struct cli_words *w);
/* An argp parser: words, and the options of every verb. */
error_t cli_words_parse(int key, char *arg, struct argp_state *state);

void cli_sets_add(struct argp_state *state, struct cli_sets *sets, const char *arg);
/* A number given to an option. */
void cli_number(struct argp_state *state, const char *option, const char *arg, uint64_t *out);

/* A verb: argv[0] is "vdc VERB". Returns an exit code. */
struct verb {
    const char *name;
    const char *summary;
    int (*run)(struct cli *cli, int argc, char **argv);
};

int verb_config(struct cli *cli, int argc, char **argv);
int verb_ctl(struct cli *cli, int argc, char **argv);
int verb_diff(struct cli *cli, int argc, char **argv);
int verb_doctor(struct cli *cli, int argc, char **argv);
int verb_image(struct cli *cli, int argc, char **argv);
int verb_inspect(struct cli *cli, int argc, char **argv);
int verb_run(struct cli *cli, int argc, char **argv);
int verb_shell(struct cli *cli, int argc, char **argv);
int verb_validate(struct cli *cli, int argc, char **argv);
int verb_verify(struct cli *cli, int argc, char **argv);

/* Tells an error once: "vdc: text" on stderr, or {"error": text} on stdout with --json. Returns
 * code. */
int cli_error(const struct cli *cli, enum vdc_exit code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same for collected messages. */
int cli_diag(const struct cli *cli, enum vdc_exit code, struct vdc_diag *diag);

/* Prints an object and a newline on stdout, and releases it. */
void cli_print_json(json_t *j);

#endif
