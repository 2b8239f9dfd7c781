/* SPDX-License-Identifier: MIT */
/* vdc ctl HUB JSON: hands one control command to the switch daemon of a live run and prints its
 * reply. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli.h"
#include "vdc/rundir.h"

#define REPLY_MAX (64u << 10) /* bytes, of the control protocol */

struct arguments {
    struct cli *cli;
    const char *run;
    const char *words[2];
    int n_words;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = a->cli;
        return 0;
    case 'r':
        a->run = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (a->n_words == 2) {
            argp_error(state, "HUB and JSON expected, found another: %s", arg);
        }
        a->words[a->n_words++] = arg;
        return 0;
    case ARGP_KEY_END:
        if (a->n_words != 2) {
            argp_error(state, "HUB and JSON expected");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Connects to hosts/local/NAME.sock of a run; the path may be longer than a socket address holds. 0
 * or -errno. */
static int connect_hub(const struct vdc_rundir *d, const char *name, int *out)
{
    char dir[VDC_RUNDIR_PATH_MAX];
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int parent = open(vdc_rundir_file(d, dir, "hosts/local"), O_PATH | O_CLOEXEC);
    if (parent < 0) {
        return -errno;
    }
    int rc = 0;
    int n = snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s.sock", parent,
                     name);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || n >= (int)sizeof(address.sun_path)) {
        rc = fd < 0 ? -errno : -ENAMETOOLONG;
    } else if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        rc = -errno;
    }
    (void)close(parent); /* only a way to the name */
    if (rc < 0 && fd >= 0) {
        (void)close(fd);
    }
    *out = fd;
    return rc;
}

/* Sends one line and reads one line. 0 or -errno. */
static int exchange(int fd, const char *line, char reply[REPLY_MAX + 1])
{
    size_t len = strlen(line);
    size_t n = 0;
    for (size_t done = 0; done < len;) {
        ssize_t m = send(fd, line + done, len - done, MSG_NOSIGNAL);
        if (m < 0 && errno != EINTR) {
            return -errno;
        }
        done += m > 0 ? (size_t)m : 0;
    }
    while (n < REPLY_MAX && !memchr(reply, '\n', n)) {
        ssize_t m = read(fd, reply + n, REPLY_MAX - n);
        if (m < 0 && errno == EINTR) {
            continue;
        }
        if (m <= 0) {
            return m < 0 ? -errno : -ECONNRESET;
        }
        n += (size_t)m;
    }
    reply[n] = '\0';
    reply[strcspn(reply, "\n")] = '\0';
    return 0;
}

int verb_ctl(struct cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "run", 'r', "RUN", 0, "The run (default: the latest)", 0 }, { 0 }
    };
    const struct argp_child children[] = { { &cli_argp, 0, NULL, 0 }, { 0 } };
    const struct argp argp = { .options = options,
                               .parser = parse,
                               .args_doc = "HUB JSON",
                               .doc = "Sends a control command to a switch of a live run, for "
                                      "example: vdc ctl sw0 '{\"cmd\":\"hello\"}'",
                               .children = children };
    struct arguments a = { .cli = cli, .run = "latest" };
    struct vdc_rundir d;
    static char reply[REPLY_MAX + 1];
    json_error_t error;
    int fd = -1;
    argp_parse(&argp, argc, argv, 0, NULL, &a);

    json_t *request = json_loads(a.words[1], JSON_REJECT_DUPLICATES, &error);
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
        rc = connect_hub(&d, a.words[0], &fd);
    }
    if (rc == 0) {
        rc = exchange(fd, line, reply);
        (void)close(fd); /* nothing more is expected */
    }
    free(line);
    if (rc < 0) {
        return cli_error(cli, EXIT_FAILED, "%s of run '%s' does not answer: %s", a.words[0], a.run,
                         strerror(-rc));
    }
    puts(reply);
    json_t *answer = json_loads(reply, 0, NULL);
    bool ok = json_is_true(json_object_get(answer, "ok"));
    json_decref(answer);
    return ok ? EXIT_OK : EXIT_FAILED;
}
