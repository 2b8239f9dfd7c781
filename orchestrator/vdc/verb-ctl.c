/* SPDX-License-Identifier: MIT */
/* vdc ctl HUB JSON: hands one control command to the switch daemon of a live run and prints its
 * reply. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "hub.h"

struct arguments {
    struct cli_words words;
    const char *run;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    if (key == 'r') {
        a->run = arg;
        return 0;
    }
    return cli_words_parse(key, arg, state);
}

int verb_ctl(struct cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "run", 'r', "RUN", 0, "The run (default: the latest)", 0 }, { 0 }
    };
    static const struct cli_usage usage = {
        .options = options,
        .parser = parse,
        .args = "HUB JSON",
        .doc = "Sends a control command to a switch of a live run, for example: vdc ctl sw0 "
               "'{\"cmd\":\"hello\"}'"
    };
    struct arguments a = { .words = { .cli = cli, .expected = "HUB and JSON", .min = 2, .max = 2 },
                           .run = "latest" };
    struct vdc_rundir d;
    static char reply[HUB_REPLY_MAX + 1];
    json_error_t error;
    int fd = -1;
    cli_parse(&usage, argc, argv, &a.words);

    json_t *request = json_loads(a.words.word[1], JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(request)) {
        json_decref(request);
        return cli_error(cli, EXIT_CONFIG, "the command is not a JSON object: %s", error.text);
    }
    if (!json_object_get(request, "id")) {
        json_object_set_new(request, "id", json_integer(1));
    }
    char *text = json_dumps(request, JSON_COMPACT);
    json_decref(request);
    char *line = NULL;
    if (!text || asprintf(&line, "%s\n", text) < 0) {
        free(text);
        return cli_error(cli, EXIT_FAILED, "out of memory");
    }
    free(text);
    int rc = vdc_rundir_open(&d, cli->runs, a.run);
    if (rc == 0) {
        rc = hub_connect(&d, a.words.word[0], &fd);
    }
    if (rc == 0) {
        rc = hub_exchange(fd, line, reply);
        (void)close(fd); /* nothing more is expected */
    }
    free(line);
    if (rc < 0) {
        return cli_error(cli, EXIT_FAILED, "%s of run '%s' does not answer: %s", a.words.word[0],
                         a.run, strerror(-rc));
    }
    puts(reply);
    json_t *answer = json_loads(reply, 0, NULL);
    bool ok = json_is_true(json_object_get(answer, "ok"));
    json_decref(answer);
    return ok ? EXIT_OK : EXIT_FAILED;
}
