/* SPDX-License-Identifier: MIT */
/* Replays a corpus through a fuzz target without a fuzzer. usage: replay DIRECTORY|FILE... */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define INPUT_MAX (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int replay_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    uint8_t *buf = malloc(INPUT_MAX);
    size_t n;

    if (!f || !buf) {
        fprintf(stderr, "%s: cannot be read\n", path);
        free(buf);
        if (f) {
            fclose(f);
        }
        return -1;
    }
    n = fread(buf, 1, INPUT_MAX, f);
    fclose(f);
    printf("# %s, %zu bytes\n", path, n); /* before the run: names the input that ends it */
    fflush(stdout);
    LLVMFuzzerTestOneInput(buf, n);
    free(buf);
    return 1;
}

/* Returns the number of inputs, or -1. */
static int replay(const char *path)
{
    struct dirent **list;
    struct stat st;
    int n;
    int done = 0;

    if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode)) {
        return replay_file(path);
    }
    n = scandir(path, &list, NULL, alphasort);
    if (n < 0) {
        fprintf(stderr, "%s: no such corpus\n", path);
        return -1;
    }
    for (int i = 0; i < n; i++) {
        char name[4096];

        if (list[i]->d_name[0] != '.') {
            snprintf(name, sizeof(name), "%s/%s", path, list[i]->d_name);
            done = done < 0 || replay_file(name) < 0 ? -1 : done + 1;
        }
        free(list[i]);
    }
    free(list);
    return done;
}

int main(int argc, char **argv)
{
    int total = 0;

    for (int i = 1; i < argc; i++) {
        const int n = replay(argv[i]);

        if (n < 0) {
            return 1;
        }
        total += n;
    }
    LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    printf("%s - %d inputs replayed\n", total > 0 ? "ok" : "not ok", total);
    return total > 0 ? 0 : 1;
}
