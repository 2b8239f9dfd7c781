/* SPDX-License-Identifier: MIT */
/* placeholder */
#include "cli.h"
int verb_shell(struct cli *cli, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return cli_error(cli, EXIT_CONFIG, "x");
}
