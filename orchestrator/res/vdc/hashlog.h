/* SPDX-License-Identifier: MIT */
/* hash.log: the digest chain of a run, one line per point and component; and the comparison of two
 * of them. */
#ifndef VDC_ORCHESTRATOR_RES_HASHLOG_H
#define VDC_ORCHESTRATOR_RES_HASHLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vdc/digest.h"

#define VDC_HASHLOG_COMPONENTS_MAX 128u
#define VDC_HASHLOG_NAME_MAX       32u /* with the NUL */

/* --- writing ------------------------------------------------------------------------------------
 */

struct vdc_hashlog;

/* names: n components; lines of one point are written in natural order of the names. 0 or -errno.
 */
int vdc_hashlog_create(struct vdc_hashlog **out, const char *path, const char *const *names,
                       size_t n);

/*
 * Takes the next point of a component (points of one component come in order, those of different
 * components in any). A point is written once every component has given it. 0 or -errno of a write.
 */
int vdc_hashlog_put(struct vdc_hashlog *h, size_t component, const struct vdc_digest_point *p);

/* Run digest so far: hash of the links of the last complete point; zero before the first. */
struct vdc_digest vdc_hashlog_digest(const struct vdc_hashlog *h);

/* Time of the last complete point and their number. */
uint64_t vdc_hashlog_end(const struct vdc_hashlog *h, uint64_t *n_points);

/* Flushes and closes; points that are not complete are dropped. NULL is allowed. 0 or -errno. */
int vdc_hashlog_close(struct vdc_hashlog *h);

/* --- reading ------------------------------------------------------------------------------------
 */

struct vdc_hashlog_line {
    uint64_t k, t;
    uint32_t component; /* index into the log's names */
    struct vdc_digest stream, state, text, link;
};

struct vdc_hashlog_data {
    char names[VDC_HASHLOG_COMPONENTS_MAX][VDC_HASHLOG_NAME_MAX];
    size_t n_names;
    struct vdc_hashlog_line *lines; /* by k, then component */
    size_t n_lines;
};

/* Lines that are not complete at the end of the file are dropped. 0, -EBADMSG (line in *bad_line)
 * or -errno. */
int vdc_hashlog_read(const char *path, struct vdc_hashlog_data *out, size_t *bad_line);
void vdc_hashlog_free(struct vdc_hashlog_data *d);

/* --- comparing ----------------------------------------------------------------------------------
 */

enum vdc_chain_verdict {
    VDC_CHAIN_EQUAL,
    VDC_CHAIN_PREFIX,   /* equal as far as the shorter one goes */
    VDC_CHAIN_DIVERGED, /* see the other fields */
    VDC_CHAIN_OTHER     /* different components or times of points: not the same experiment */
};

#define VDC_CHAIN_STREAM 1u
#define VDC_CHAIN_STATE  2u
#define VDC_CHAIN_TEXT   4u

struct vdc_chain_diff {
    enum vdc_chain_verdict verdict;
    uint64_t k, t;    /* first point that differs */
    uint64_t t_from;  /* the point before: the interval in which the runs parted is [t_from, t) */
    uint64_t n_equal; /* points that are equal */
    uint8_t what[VDC_HASHLOG_COMPONENTS_MAX]; /* per component of a: VDC_CHAIN_* that differ at k */
    bool is_suspect[VDC_HASHLOG_COMPONENTS_MAX]; /* differs although the streams of its neighbours
                                                    agree */
    size_t n_suspects;
};

/*
 * are_neighbours(ctx, i, j): may component j of a send to component i? NULL: everybody to
 * everybody.
 */
void vdc_chain_compare(const struct vdc_hashlog_data *a, const struct vdc_hashlog_data *b,
                       bool (*are_neighbours)(void *ctx, size_t i, size_t j), void *ctx,
                       struct vdc_chain_diff *out);

#endif
