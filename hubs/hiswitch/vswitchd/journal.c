/* SPDX-License-Identifier: MIT */
/* Writing the control journal, and reading it for a replay. */
#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int journal_open(struct journal *j, const char *path)
{
    j->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
    return j->fd < 0 ? -errno : 0;
}

int journal_append(struct journal *j, vtime_t vt, json_t *args, bool is_live)
{
    json_t *o = json_pack("{s:I,s:O}", "vt", (json_int_t)vt, "cmd", args);
    char *s;
    size_t n;
    size_t at = 0;
    int rc = 0;

    if (o && is_live) {
        (void)json_object_set_new(o, "live", json_true());
    }
    s = o ? json_dumps(o, JSON_COMPACT) : NULL;
    json_decref(o);
    if (!s) {
        return -ENOMEM;
    }
    n = strlen(s);
    s[n++] = '\n'; /* in place of the NUL */
    while (at < n && rc == 0) {
        const ssize_t w = write(j->fd, s + at, n - at);

        if (w < 0 && errno != EINTR) {
            rc = -errno;
        }
        at += w > 0 ? (size_t)w : 0;
    }
    free(s);
    return rc;
}

void journal_close(struct journal *j)
{
    if (j->fd >= 0) {
        (void)close(j->fd); /* every write was checked */
        j->fd = -1;
    }
}

static bool is_entry(json_t *o, vtime_t *vt, json_t **args)
{
    json_int_t t = -1;
    int is_live = 0;

    *args = NULL;
    if (json_unpack_ex(o, NULL, JSON_STRICT, "{s:I,s:o,s?:b}", "vt", &t, "cmd", args, "live",
                       &is_live) < 0 ||
        t < 0) {
        return false;
    }
    *vt = (vtime_t)t;
    return true;
}

int journal_replay(const char *path, journal_each *each, void *ctx)
{
    FILE *f = fopen(path, "re");
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    unsigned int no = 0;
    vtime_t last = 0;
    int rc = 0;

    if (!f) {
        rc = -errno;
        (void)fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return rc;
    }
    while (rc == 0 && (n = getline(&line, &cap, f)) >= 0) {
        json_error_t err;
        json_t *o;
        json_t *args;
        vtime_t vt = 0;

        no++;
        if (n <= 1) {
            continue;
        }
        o = json_loadb(line, (size_t)n, JSON_REJECT_DUPLICATES, &err);
        if (!o || !is_entry(o, &vt, &args)) {
            (void)fprintf(stderr, "%s:%u: %s\n", path, no,
                          o ? "must be {\"vt\":ps,\"cmd\":{..}}, vt from 0" : err.text);
            rc = -EINVAL;
        } else if (vt < last) {
            (void)fprintf(stderr, "%s:%u: vt %llu goes back, allowed %llu..\n", path, no,
                          (unsigned long long)vt, (unsigned long long)last);
            rc = -EINVAL;
        } else {
            last = vt;
            char why[256] = "";

            if (!each(ctx, vt, args, why, sizeof(why))) {
                (void)fprintf(stderr, "%s:%u: %s\n", path, no, why);
                rc = -EINVAL;
            }
        }
        json_decref(o);
    }
    if (rc == 0 && ferror(f)) {
        rc = -EIO;
    }
    free(line);
    (void)fclose(f);
    return rc;
}
