/* SPDX-License-Identifier: MIT */
/* What all verbs share: global options, exit codes, and how errors are told. */
#ifndef VDC_ORCHESTRATOR_VDC_CLI_H
#define VDC_ORCHESTRATOR_VDC_CLI_H

#include <argp.h>
#include <jansson.h>
#include <stdbool.h>

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

/* Options every verb takes; as last entry of a verb's argp children. input: struct cli. */
extern const struct argp cli_argp;

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
