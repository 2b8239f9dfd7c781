/* SPDX-License-Identifier: MIT */
/* vdc image: builds guest images from their locks and lists what is in the cache. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"
#include "vdc/artefacts.h"

struct arguments {
    struct cli *cli;
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
    case ARGP_KEY_ARG:
        if (a->n_words == 2) {
            argp_error(state, "'build NAME' or 'ls' expected, found %s", arg);
        }
        a->words[a->n_words++] = arg;
        return 0;
    case ARGP_KEY_END:
        if (a->n_words == 0 ||
            (strcmp(a->words[0], "ls") != 0 && strcmp(a->words[0], "build") != 0) ||
            (strcmp(a->words[0], "ls") == 0 && a->n_words != 1)) {
            argp_error(state, "'build [NAME]' or 'ls' expected");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The script prints the directory of the image on our standard output, its steps on standard error.
 */
static int build(struct cli *cli, const char *name)
{
    char script[VDC_RUNDIR_PATH_MAX];
    snprintf(script, sizeof(script), "%s/scripts/image/build", vdc_source_root());
    pid_t pid = fork();
    if (pid == 0) {
        execl(script, script, name, (char *)NULL);
        _exit(127);
    }
    int status = 0;
    if (pid < 0 || waitpid(pid, &status, 0) < 0) {
        return cli_error(cli, EXIT_FAILED, "%s cannot be started: %s", script, strerror(errno));
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) == 127) {
        return cli_error(cli, EXIT_FAILED, "%s did not run to its end", script);
    }
    return WEXITSTATUS(status) == 0 ? EXIT_OK : EXIT_FAILED;
}

static int list(struct cli *cli)
{
    char dir[VDC_RUNDIR_PATH_MAX];
    char path[VDC_RUNDIR_PATH_MAX + 300];
    const char *cache = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    if (cache && *cache) {
        snprintf(dir, sizeof(dir), "%s/vdc/images", cache);
    } else {
        snprintf(dir, sizeof(dir), "%s/.cache/vdc/images", home ? home : "");
    }
    struct dirent **entries = NULL;
    int n = scandir(dir, &entries, NULL, alphasort);
    json_t *images = json_array();
    for (int i = 0; i < n; i++) {
        snprintf(path, sizeof(path), "%s/%s/manifest.json", dir, entries[i]->d_name);
        json_t *manifest = json_load_file(path, 0, NULL);
        if (manifest) {
            json_t *j = json_pack("{s:s, s:O?, s:O?}", "key", entries[i]->d_name, "name",
                                  json_object_get(manifest, "name"), "kernel",
                                  json_object_get(manifest, "kernel"));
            json_array_append_new(images, j);
        }
        json_decref(manifest);
        free(entries[i]);
    }
    free(entries);
    if (cli->is_json) {
        cli_print_json(json_pack("{s:s, s:o}", "cache", dir, "images", images));
        return EXIT_OK;
    }
    size_t i;
    json_t *j;
    json_array_foreach(images, i, j)
    {
        const char *name = json_string_value(json_object_get(j, "name"));
        const char *kernel = json_string_value(json_object_get(j, "kernel"));
        printf("%-12s %s  %s\n", name ? name : "?", json_string_value(json_object_get(j, "key")),
               kernel ? kernel : "?");
    }
    json_decref(images);
    return EXIT_OK;
}

int verb_image(struct cli *cli, int argc, char **argv)
{
    const struct argp_child children[] = { { &cli_argp, 0, NULL, 0 }, { 0 } };
    const struct argp argp = { .parser = parse,
                               .args_doc = "build [NAME]\nls",
                               .doc = "Builds a guest image (default: base), or lists the cache.",
                               .children = children };
    struct arguments a = { .cli = cli };
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    if (strcmp(a.words[0], "ls") == 0) {
        return list(cli);
    }
    return build(cli, a.n_words == 2 ? a.words[1] : "base");
}
