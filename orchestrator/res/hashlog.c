/* SPDX-License-Identifier: MIT */
/* Writing and reading of hash.log. */
#include "vdc/hashlog.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vdc/pattern.h"

/* Points of one component that wait for the others. */
struct queue {
    struct vdc_digest_point *points;
    size_t first, n, room;
};

struct vdc_hashlog {
    FILE *f;
    char (*names)[VDC_HASHLOG_NAME_MAX];
    size_t *order; /* components in natural order of their names */
    struct queue *queues;
    size_t n;
    struct vdc_digest digest;
    uint64_t end_t, n_points;
};

int vdc_hashlog_create(struct vdc_hashlog **out, const char *path, const char *const *names,
                       size_t n)
{
    assert(n > 0 && n <= VDC_HASHLOG_COMPONENTS_MAX);
    struct vdc_hashlog *h = calloc(1, sizeof(*h));
    int rc = -ENOMEM;
    if (!h) {
        return rc;
    }
    h->names = calloc(n, sizeof(*h->names));
    h->order = calloc(n, sizeof(*h->order));
    h->queues = calloc(n, sizeof(*h->queues));
    if (!h->names || !h->order || !h->queues) {
        goto fail;
    }
    h->n = n;
    for (size_t i = 0; i < n; i++) {
        snprintf(h->names[i], sizeof(h->names[i]), "%s", names[i]);
        size_t at = i;
        while (at > 0 && vdc_name_cmp(names[h->order[at - 1]], names[i]) > 0) {
            h->order[at] = h->order[at - 1];
            at--;
        }
        h->order[at] = i;
    }
    h->f = fopen(path, "we");
    if (!h->f) {
        rc = -errno;
        goto fail;
    }
    *out = h;
    return 0;
fail:
    (void)vdc_hashlog_close(h); /* nothing was written */
    return rc;
}

static bool push(struct queue *q, const struct vdc_digest_point *p)
{
    if (q->first + q->n == q->room && q->first > 0) {
        memmove(q->points, q->points + q->first, q->n * sizeof(*q->points));
        q->first = 0;
    }
    if (q->n == q->room) {
        size_t room = q->room ? 2 * q->room : 64;
        struct vdc_digest_point *more = realloc(q->points, room * sizeof(*more));
        if (!more) {
            return false;
        }
        q->points = more;
        q->room = room;
    }
    q->points[q->first + q->n++] = *p;
    return true;
}

static void write_line(FILE *f, const char *name, const struct vdc_digest_point *p)
{
    char stream[33], state[33], text[33], link[33];
    vdc_digest_hex(p->stream, stream);
    vdc_digest_hex(p->state, state);
    vdc_digest_hex(p->text, text);
    vdc_digest_hex(p->link, link);
    fprintf(f, "%" PRIu64 " %" PRIu64 " %s %s %s %s %s\n", p->k, p->t, name, stream, state, text,
            link);
}

static bool is_complete(const struct vdc_hashlog *h)
{
    for (size_t i = 0; i < h->n; i++) {
        if (h->queues[i].n == 0) {
            return false;
        }
    }
    return true;
}

int vdc_hashlog_put(struct vdc_hashlog *h, size_t component, const struct vdc_digest_point *p)
{
    assert(component < h->n);
    if (!push(&h->queues[component], p)) {
        return -ENOMEM;
    }
    while (is_complete(h)) {
        struct vdc_digest digest = { 0, 0 };
        uint64_t k = h->queues[0].points[h->queues[0].first].k;
        for (size_t i = 0; i < h->n; i++) {
            struct queue *q = &h->queues[h->order[i]];
            const struct vdc_digest_point *point = &q->points[q->first];
            assert(point->k == k); /* every component gives every point, in order */
            write_line(h->f, h->names[h->order[i]], point);
            vdc_digest_fold(&digest, &point->link, sizeof(point->link));
            h->end_t = point->t;
            q->first++;
            q->n--;
            if (q->n == 0) {
                q->first = 0;
            }
        }
        h->digest = digest;
        h->n_points++;
    }
    return ferror(h->f) ? -EIO : 0;
}

struct vdc_digest vdc_hashlog_digest(const struct vdc_hashlog *h)
{
    return h->digest;
}

uint64_t vdc_hashlog_end(const struct vdc_hashlog *h, uint64_t *n_points)
{
    *n_points = h->n_points;
    return h->end_t;
}

int vdc_hashlog_close(struct vdc_hashlog *h)
{
    int rc = 0;
    if (!h) {
        return 0;
    }
    if (h->f && fclose(h->f) != 0) {
        rc = -errno;
    }
    for (size_t i = 0; i < h->n; i++) {
        free(h->queues[i].points);
    }
    free(h->names);
    free(h->order);
    free(h->queues);
    free(h);
    return rc;
}

/* --- reading ------------------------------------------------------------------------------------
 */

static bool read_hex(const char *s, struct vdc_digest *d)
{
    char half[17];
    if (strlen(s) != 32 || strspn(s, "0123456789abcdef") != 32) {
        return false;
    }
    memcpy(half, s, 16);
    half[16] = '\0';
    d->hi = strtoull(half, NULL, 16);
    d->lo = strtoull(s + 16, NULL, 16);
    return true;
}

static bool component_of(struct vdc_hashlog_data *d, const char *name, uint32_t *index)
{
    for (size_t i = 0; i < d->n_names; i++) {
        if (strcmp(d->names[i], name) == 0) {
            *index = (uint32_t)i;
            return true;
        }
    }
    if (d->n_names == VDC_HASHLOG_COMPONENTS_MAX) {
        return false;
    }
    snprintf(d->names[d->n_names], sizeof(d->names[0]), "%s", name);
    *index = (uint32_t)d->n_names++;
    return true;
}

static bool read_line(struct vdc_hashlog_data *d, const char *line, struct vdc_hashlog_line *out)
{
    char name[VDC_HASHLOG_NAME_MAX];
    char hex[4][40];
    int end = -1;
    return sscanf(line, "%" SCNu64 " %" SCNu64 " %31s %39s %39s %39s %39s%n", &out->k, &out->t,
                  name, hex[0], hex[1], hex[2], hex[3], &end) == 7 &&
           end > 0 && line[end] == '\n' && read_hex(hex[0], &out->stream) &&
           read_hex(hex[1], &out->state) && read_hex(hex[2], &out->text) &&
           read_hex(hex[3], &out->link) && component_of(d, name, &out->component);
}

int vdc_hashlog_read(const char *path, struct vdc_hashlog_data *out, size_t *bad_line)
{
    char line[512];
    size_t room = 0;
    size_t n_read = 0;
    int rc = 0;
    memset(out, 0, sizeof(*out));
    *bad_line = 0;
    FILE *f = fopen(path, "re");
    if (!f) {
        return -errno;
    }
    while (fgets(line, sizeof(line), f)) {
        n_read++;
        if (!strchr(line, '\n') && feof(f)) {
            break;
        }
        if (out->n_lines == room) {
            room = room ? 2 * room : 1024;
            struct vdc_hashlog_line *more = realloc(out->lines, room * sizeof(*more));
            if (!more) {
                rc = -ENOMEM;
                break;
            }
            out->lines = more;
        }
        if (!read_line(out, line, &out->lines[out->n_lines])) {
            *bad_line = n_read;
            rc = -EBADMSG;
            break;
        }
        out->n_lines++;
    }
    fclose(f);
    /* A point without all its components is not committed. */
    if (rc == 0 && out->n_names > 0) {
        out->n_lines -= out->n_lines % out->n_names;
    }
    if (rc < 0) {
        vdc_hashlog_free(out);
    }
    return rc;
}

void vdc_hashlog_free(struct vdc_hashlog_data *d)
{
    free(d->lines);
    memset(d, 0, sizeof(*d));
}
