/* SPDX-License-Identifier: MIT */
/* vdc, the command line of the virtual datacenter: finds the verb and lets it work. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "vdc/version.h"

static const struct verb verbs[] = {
    { "config", "show FILE: the resolved experiment and where each value comes from", verb_config },
    { "ctl", "HUB JSON: one control command to a switch of a live run", verb_ctl },
    { "diff", "RUN1 RUN2: compare the digest chains of two stored runs", verb_diff },
    { "doctor", "what this machine has and lacks", verb_doctor },
    { "image", "build NAME | ls | prune: guest images", verb_image },
    { "inspect", "RUN: what became of a run, or how far it is", verb_inspect },
    { "run", "FILE: run an experiment", verb_run },
    { "shell", "NODE: a shell on a node of a live run", verb_shell },
    { "validate", "FILE: check an experiment file", verb_validate },
    { "verify", "RUN: run again from the frozen inputs and compare", verb_verify },
};
#define N_VERBS (sizeof(verbs) / sizeof(verbs[0]))

static void print_verbs(FILE *to)
{
    fputs("usage: vdc [--dir RUNS] [--json] [-q] VERB ...\n\n", to);
    for (size_t i = 0; i < N_VERBS; i++) {
        fprintf(to, "  %-9s %s\n", verbs[i].name, verbs[i].summary);
    }
    fputs("\nvdc VERB --help says more about a verb.\n", to);
}

struct front {
    struct cli *cli;
    int n_used; /* arguments before the verb */
};

static error_t parse_front(int key, char *arg, struct argp_state *state)
{
    struct front *f = state->input;
    (void)arg;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = f->cli;
        return 0;
    case '?':
        print_verbs(stdout);
        exit(EXIT_OK);
    case 'V':
        printf("vdc %s\n", VDC_VERSION);
        exit(EXIT_OK);
    case ARGP_KEY_ARG:
        f->n_used = state->next - 1;
        state->next = state->argc; /* the rest is the verb's */
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int main(int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "help", '?', NULL, 0, "List the verbs", 0 },
        { "version", 'V', NULL, 0, "Print the version", 0 },
        { 0 },
    };
    const struct argp_child children[] = { { &cli_argp, 0, NULL, 0 }, { 0 } };
    const struct argp argp = { .options = options, .parser = parse_front, .children = children };
    struct cli cli = { .runs = getenv("VDC_RUNS") };
    struct front front = { .cli = &cli, .n_used = 0 };
    if (!cli.runs || !*cli.runs) {
        cli.runs = "runs";
    }
    argp_err_exit_status = EXIT_CONFIG;
    argp_parse(&argp, argc, argv, ARGP_IN_ORDER | ARGP_NO_HELP, NULL, &front);
    if (front.n_used == 0) {
        print_verbs(stderr);
        return EXIT_CONFIG;
    }
    const char *name = argv[front.n_used];
    for (size_t i = 0; i < N_VERBS; i++) {
        if (strcmp(name, verbs[i].name) == 0) {
            char title[64];
            snprintf(title, sizeof(title), "vdc %s", name);
            argv[front.n_used] = title;
            return verbs[i].run(&cli, argc - front.n_used, argv + front.n_used);
        }
    }
    return cli_error(&cli, EXIT_CONFIG, "no verb '%s'; vdc --help lists them", name);
}
