/* SPDX-License-Identifier: MIT */
/* vdc shell NODE: commands to a node of a live run, through its agent; each one is journalled with
 * its virtual time. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "hub.h"
#include "vdc/resolved.h"

#define TEXT_MAX                                                                                   \
    160u /* bytes of one live command with its header (vswitch-control.md, port.tell) */
#define SCRIPT_MAX 140u    /* what is left for the script */
#define LIVE       0x8000u /* streams of live commands (agent.md, section 4) */
#define POLL_US    50000u
#define EVENTS_MAX (64u << 20)

struct arguments {
    struct cli_words words; /* the node; what follows it is the command */
    const char *run;
    char command[4096];
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    size_t len = strlen(a->command);
    if (key == 'r') {
        a->run = arg;
        return 0;
    }
    if (key != ARGP_KEY_ARG || a->words.n == 0) {
        return cli_words_parse(key, arg, state);
    }
    if (len + strlen(arg) + 2 > sizeof(a->command)) {
        argp_error(state, "the command is too long");
    }
    snprintf(a->command + len, sizeof(a->command) - len, "%s%s", len ? " " : "", arg);
    return 0;
}

/* A node of a live run and the way to it. */
struct target {
    const struct cli *cli;
    struct vdc_rundir run;
    char node[VDC_NAME_MAX + 1];
    char hub[VDC_NAME_MAX + 1];
    uint32_t port;
};

static int find_target(struct target *t, const struct arguments *a)
{
    char path[VDC_RUNDIR_PATH_MAX];
    struct vdc_diag diag;
    int rc = vdc_rundir_open(&t->run, t->cli->runs, a->run);
    if (rc < 0) {
        return cli_error(t->cli, EXIT_CONFIG, "no run '%s' in %s: %s", a->run, t->cli->runs,
                         strerror(-rc));
    }
    vdc_diag_init(&diag, vdc_rundir_file(&t->run, path, "resolved.yaml"));
    struct vdc_exp *e = vdc_exp_load(path, NULL, 0, &diag);
    struct vdc_resolved *r = e ? vdc_resolve(e, &diag) : NULL;
    int code = EXIT_OK;
    const struct vdc_link *link = NULL;
    for (size_t i = 0; r && i < r->n_links; i++) {
        if (strcmp(vdc_link_end_name(r, &r->links[i].end[0]), a->words.word[0]) == 0 &&
            !r->links[i].end[0].is_switch) {
            link = &r->links[i];
        }
    }
    if (!r) {
        code = cli_diag(t->cli, EXIT_CONFIG, &diag);
    } else if (!link) {
        code = cli_error(t->cli, EXIT_CONFIG, "no node '%s', allowed node0..node%zu",
                         a->words.word[0], r->n_nodes - 1);
    } else if (!r->is_interactive) {
        code = cli_error(t->cli, EXIT_CONFIG,
                         "the agents of this run do not look for commands: start it with "
                         "interactive: true");
    } else if (access(vdc_rundir_file(&t->run, path, "manifest.json"), F_OK) == 0) {
        code = cli_error(t->cli, EXIT_CONFIG, "the run is over: %s", t->run.path);
    } else {
        snprintf(t->node, sizeof(t->node), "%s", a->words.word[0]);
        snprintf(t->hub, sizeof(t->hub), "%s", vdc_link_end_name(r, &link->end[1]));
        t->port = link->end[1].port;
    }
    vdc_resolved_free(r);
    vdc_exp_free(e);
    vdc_diag_free(&diag);
    return code;
}

/* The events of the node so far; belongs to the caller, NULL if there are none. */
static char *read_events(const struct target *t)
{
    char path[VDC_RUNDIR_PATH_MAX];
    char *text = NULL;
    size_t len;
    if (vdc_file_read(vdc_rundir_file(&t->run, path, "nodes/%s/events.log", t->node), EVENTS_MAX,
                      &text, &len) < 0) {
        return NULL;
    }
    return text;
}

/* A number no live command of this node has had: how many there have been. */
static uint32_t next_id(const struct target *t)
{
    uint32_t n = 0;
    char *events = read_events(t);
    for (const char *p = events; p && (p = strstr(p, " cmd ")) != NULL; p++) {
        n++;
    }
    free(events);
    return n % LIVE;
}

static bool has_ended(const struct target *t, uint32_t stream, int *status)
{
    char mark[32];
    char *events = read_events(t);
    snprintf(mark, sizeof(mark), " exit %" PRIu32 " ", stream);
    const char *at = events ? strstr(events, mark) : NULL;
    bool has = at && strchr(at, '\n');
    if (has) {
        *status = (int)strtol(at + strlen(mark), NULL, 10);
    }
    free(events);
    return has;
}

/* Prints what the stream has got since the last call. */
static void print_output(const struct target *t, uint32_t stream, size_t *seen)
{
    char path[VDC_RUNDIR_PATH_MAX];
    char *text;
    size_t len;
    vdc_rundir_file(&t->run, path, "nodes/%s/workload-%" PRIu32 ".out", t->node, stream);
    if (vdc_file_read(path, EVENTS_MAX, &text, &len) < 0) {
        return; /* no output yet */
    }
    if (len > *seen) {
        fwrite(text + *seen, 1, len - *seen, stdout);
        fflush(stdout);
        *seen = len;
    }
    free(text);
}

/* Hands the command over. EXIT_OK when the switch has it on its way. */
static int send_command(const struct target *t, const char *text)
{
    static char reply[HUB_REPLY_MAX + 1];
    char *line = NULL;
    int fd = -1;
    json_t *request = json_pack("{s:i, s:s, s:i, s:s}", "id", 1, "cmd", "port.tell", "port",
                                (int)t->port, "text", text);
    char *compact = request ? json_dumps(request, JSON_COMPACT) : NULL;
    json_decref(request);
    if (!compact || asprintf(&line, "%s\n", compact) < 0) {
        free(compact);
        return cli_error(t->cli, EXIT_CONFIG, "the command is not UTF-8");
    }
    free(compact);
    int rc = hub_connect(&t->run, t->hub, &fd);
    if (rc == 0) {
        rc = hub_exchange(fd, line, reply);
        (void)close(fd); /* nothing more is expected */
    }
    free(line);
    if (rc < 0) {
        return cli_error(t->cli, EXIT_FAILED, "the run does not answer: %s", strerror(-rc));
    }
    json_t *answer = json_loads(reply, 0, NULL);
    int code = EXIT_OK;
    if (!json_is_true(json_object_get(answer, "ok"))) {
        const char *why = json_string_value(json_object_get(answer, "msg"));
        code = cli_error(t->cli, EXIT_FAILED, "%s", why ? why : reply);
    }
    json_decref(answer);
    return code;
}

/* Runs one command to its end; *status is its exit code. */
static int run_command(const struct target *t, const char *script, int *status)
{
    char text[TEXT_MAX + 1];
    char path[VDC_RUNDIR_PATH_MAX];
    size_t len = strlen(script);
    size_t seen = 0;
    if (len > SCRIPT_MAX) {
        return cli_error(t->cli, EXIT_CONFIG, "the command has %zu bytes, allowed 1..%u", len,
                         SCRIPT_MAX);
    }
    uint32_t id = next_id(t);
    snprintf(text, sizeof(text), "exec %" PRIu32 " len %zu\n%s\n", id, len, script);
    int code = send_command(t, text);
    while (code == EXIT_OK) {
        bool is_over = has_ended(t, LIVE | id, status);
        print_output(t, LIVE | id, &seen);
        if (is_over) {
            break;
        }
        if (access(vdc_rundir_file(&t->run, path, "manifest.json"), F_OK) == 0) {
            code = cli_error(t->cli, EXIT_FAILED, "the run ended before the command did");
        }
        usleep(POLL_US);
    }
    return code;
}

/* Reads commands until the end of input. The exit code is that of the last one. */
static int run_lines(const struct target *t)
{
    char *line = NULL;
    size_t room = 0;
    int status = 0;
    bool is_terminal = isatty(0);
    for (;;) {
        if (is_terminal) {
            fprintf(stderr, "%s# ", t->node);
        }
        ssize_t n = getline(&line, &room, stdin);
        if (n < 0) {
            break;
        }
        line[strcspn(line, "\n")] = '\0';
        if (strcmp(line, "exit") == 0) {
            break;
        }
        if (*line && run_command(t, line, &status) == EXIT_FAILED) {
            status = EXIT_FAILED;
            break;
        }
    }
    free(line);
    return status;
}

int verb_shell(struct cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "run", 'r', "RUN", 0, "The run (default: the latest)", 0 }, { 0 }
    };
    static const struct cli_usage usage = {
        .options = options,
        .parser = parse,
        .args = "NODE [-- COMMAND...]",
        .doc = "Runs commands on a node of a live run whose experiment says interactive: true. "
               "Each runs "
               "in a shell of its own, is journalled with its virtual time, and labels the run "
               "interactive. Without COMMAND: one command per line of input."
    };
    struct arguments a = { .words = { .cli = cli, .expected = "NODE", .min = 1, .max = 1 },
                           .run = "latest" };
    struct target t = { .cli = cli };
    int status = 0;
    cli_parse(&usage, argc, argv, &a.words);
    int code = find_target(&t, &a);
    if (code == EXIT_OK && *a.command) {
        code = run_command(&t, a.command, &status);
        return code == EXIT_OK ? status : code;
    }
    return code == EXIT_OK ? run_lines(&t) : code;
}
