/* SPDX-License-Identifier: MIT */
/* vdc image: builds guest images from their locks, lists what is in the cache, and clears it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"
#include "vdc/artefacts.h"

struct arguments {
    struct cli_words words;
    uint64_t keep;
    bool is_dry;
};

enum { OPT_KEEP = 0x100 };

#define KEEP_DEFAULT 2

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case OPT_KEEP:
        cli_number(state, "--keep", arg, &a->keep);
        return 0;
    case 'n':
        a->is_dry = true;
        return 0;
    default:
        return cli_words_parse(key, arg, state);
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

/* A name below the artefact cache. */
static void cache_path(char dir[VDC_RUNDIR_PATH_MAX], const char *name)
{
    const char *cache = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    if (cache && *cache) {
        snprintf(dir, VDC_RUNDIR_PATH_MAX, "%s/vdc/%s", cache, name);
    } else {
        snprintf(dir, VDC_RUNDIR_PATH_MAX, "%s/.cache/vdc/%s", home ? home : "", name);
    }
}

static int list(struct cli *cli)
{
    char dir[VDC_RUNDIR_PATH_MAX];
    char path[VDC_RUNDIR_PATH_MAX + 300];
    cache_path(dir, "images");
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

/* --- prune --------------------------------------------------------------------------------------
 */

#define IMAGES_MAX 1024

struct image {
    char key[64];
    char name[64]; /* of its manifest */
    time_t built;
    uint64_t bytes;
    bool is_kept;
};

struct images {
    char dir[VDC_RUNDIR_PATH_MAX];
    struct image list[IMAGES_MAX];
    size_t n;
};

/* Newest first, keys decide among equals. */
static int compare_images(const void *a, const void *b)
{
    const struct image *x = a;
    const struct image *y = b;
    if (x->built != y->built) {
        return x->built < y->built ? 1 : -1;
    }
    return strcmp(x->key, y->key);
}

/* What lies in the cache and has the manifest of an image; nothing else is ever touched. */
static void find_images(struct images *im)
{
    char path[VDC_RUNDIR_PATH_MAX + 600];
    struct dirent **entries = NULL;
    int n = scandir(im->dir, &entries, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        struct image *x = &im->list[im->n];
        struct stat st;
        snprintf(path, sizeof(path), "%s/%s/manifest.json", im->dir, entries[i]->d_name);
        json_t *manifest = im->n < IMAGES_MAX ? json_load_file(path, 0, NULL) : NULL;
        const char *name = json_string_value(json_object_get(manifest, "name"));
        if (name && strlen(entries[i]->d_name) < sizeof(x->key) && stat(path, &st) == 0) {
            *x = (struct image){ .built = st.st_mtime };
            snprintf(x->key, sizeof(x->key), "%.63s", entries[i]->d_name);
            snprintf(x->name, sizeof(x->name), "%.63s", name);
            im->n++;
        }
        json_decref(manifest);
        free(entries[i]);
    }
    free(entries);
    qsort(im->list, im->n, sizeof(im->list[0]), compare_images);
}

/* Key of the image that this checkout would use, from the script that builds it; false if it is not
 * built. */
static bool wanted_key(const char *name, char key[64])
{
    char script[VDC_RUNDIR_PATH_MAX];
    char line[VDC_RUNDIR_PATH_MAX] = "";
    int fds[2];
    int status = 0;
    snprintf(script, sizeof(script), "%s/scripts/image/build", vdc_source_root());
    if (pipe(fds) < 0) {
        return false;
    }
    pid_t pid = fork();
    if (pid == 0) {
        (void)dup2(fds[1], 1);
        (void)close(fds[0]);
        (void)close(fds[1]);
        execl(script, script, "--print", name, (char *)NULL);
        _exit(127);
    }
    (void)close(fds[1]);
    FILE *f = fdopen(fds[0], "r");
    if (f) {
        if (!fgets(line, sizeof(line), f)) {
            line[0] = '\0';
        }
        (void)fclose(f);
    } else {
        (void)close(fds[0]);
    }
    if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        return false;
    }
    line[strcspn(line, "\n")] = '\0';
    const char *slash = strrchr(line, '/');
    snprintf(key, 64, "%.63s", slash ? slash + 1 : line);
    return true;
}

/* Marks the images of this checkout's locks. Returns how many locks there are. */
static size_t keep_wanted(struct images *im)
{
    char dir[VDC_RUNDIR_PATH_MAX];
    struct dirent **entries = NULL;
    size_t n_locks = 0;
    snprintf(dir, sizeof(dir), "%s/images", vdc_source_root());
    int n = scandir(dir, &entries, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        char key[64];
        char *end = strstr(entries[i]->d_name, ".lock");
        if (end && end[5] == '\0' && end > entries[i]->d_name) {
            *end = '\0';
            n_locks++;
            const bool is_built = wanted_key(entries[i]->d_name, key);
            for (size_t k = 0; k < im->n; k++) {
                im->list[k].is_kept |= is_built && strcmp(im->list[k].key, key) == 0;
            }
        }
        free(entries[i]);
    }
    free(entries);
    return n_locks;
}

/* Images are directories of plain files. */
static int remove_image(const struct images *im, struct image *x, bool is_dry)
{
    char dir[VDC_RUNDIR_PATH_MAX + 80];
    char path[VDC_RUNDIR_PATH_MAX + 600];
    struct dirent **entries = NULL;
    int rc = 0;
    snprintf(dir, sizeof(dir), "%s/%s", im->dir, x->key);
    int n = scandir(dir, &entries, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        struct stat st;
        snprintf(path, sizeof(path), "%s/%s", dir, entries[i]->d_name);
        if (lstat(path, &st) == 0 && S_ISREG(st.st_mode)) {
            x->bytes += (uint64_t)st.st_size;
            rc = rc == 0 && !is_dry && unlink(path) < 0 ? -errno : rc;
        }
        free(entries[i]);
    }
    free(entries);
    return rc == 0 && !is_dry && rmdir(dir) < 0 ? -errno : rc;
}

static int prune(struct cli *cli, uint64_t keep, bool is_dry)
{
    char lock[VDC_RUNDIR_PATH_MAX];
    struct images *im = calloc(1, sizeof(*im));
    json_t *gone = json_array();
    uint64_t bytes = 0;
    int code = EXIT_OK;
    cache_path(lock, "images.flock");
    int fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (!im || fd < 0 || flock(fd, LOCK_EX) < 0) { /* no build may be at work */
        code = cli_error(cli, EXIT_FAILED, "%s: %s", lock, strerror(errno));
        goto out;
    }
    cache_path(im->dir, "images");
    find_images(im);
    if (keep_wanted(im) == 0) {
        code = cli_error(cli, EXIT_CONFIG,
                         "%s/images has no lock: this is not the project's source",
                         vdc_source_root());
        goto out;
    }
    for (size_t i = 0; i < im->n && code == EXIT_OK; i++) {
        struct image *x = &im->list[i];
        if (x->is_kept || keep > 0) {
            keep -= x->is_kept ? 0 : 1;
            continue;
        }
        int rc = remove_image(im, x, is_dry);
        if (rc < 0) {
            code = cli_error(cli, EXIT_FAILED, "%s/%s: %s", im->dir, x->key, strerror(-rc));
            break;
        }
        bytes += x->bytes;
        json_array_append_new(gone, json_pack("{s:s, s:s, s:I}", "key", x->key, "name", x->name,
                                              "bytes", (json_int_t)x->bytes));
        if (!cli->is_json) {
            printf("%s %s  %s\n", is_dry ? "would remove" : "removed", x->key, x->name);
        }
    }
    if (code == EXIT_OK && cli->is_json) {
        cli_print_json(json_pack("{s:b, s:O, s:I}", "dry", (int)is_dry, "removed", gone, "bytes",
                                 (json_int_t)bytes));
    } else if (code == EXIT_OK && !cli->is_quiet) {
        printf("%zu of %zu images, %" PRIu64 " MiB\n", json_array_size(gone), im->n, bytes >> 20);
    }
out:
    if (fd >= 0) {
        (void)close(fd); /* and the lock with it */
    }
    json_decref(gone);
    free(im);
    return code;
}

int verb_image(struct cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "keep", OPT_KEEP, "N", 0,
          "prune: images of other checkouts to keep, newest first (default 2)", 0 },
        { "dry-run", 'n', NULL, 0, "prune: only say what would go", 0 },
        { 0 },
    };
    static const struct cli_usage usage = {
        .options = options,
        .parser = parse,
        .args = "build [NAME]\nls\nprune",
        .doc =
            "Builds a guest image (default: base), lists the cache, or removes from it what this "
            "checkout does not use."
    };
    struct arguments a = {
        .words = { .cli = cli, .expected = "'build [NAME]', 'ls' or 'prune'", .min = 1, .max = 2 },
        .keep = KEEP_DEFAULT
    };
    cli_parse(&usage, argc, argv, &a.words);
    const char *what = a.words.word[0];
    if (strcmp(what, "build") == 0) {
        return build(cli, a.words.n == 2 ? a.words.word[1] : "base");
    }
    if (a.words.n == 1 && strcmp(what, "ls") == 0) {
        return list(cli);
    }
    if (a.words.n == 1 && strcmp(what, "prune") == 0) {
        return prune(cli, a.keep, a.is_dry);
    }
    return cli_error(cli, EXIT_CONFIG, "'build [NAME]', 'ls' or 'prune' expected, found %s", what);
}
