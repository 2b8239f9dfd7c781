/* SPDX-License-Identifier: MIT */
/* What the parts of resolving share: the file, the result, and how errors and key sets are handled.
 */
#ifndef VDC_ORCHESTRATOR_EXP_RESOLVE_H
#define VDC_ORCHESTRATOR_EXP_RESOLVE_H

#include "vdc/resolved.h"

struct resolver {
    const struct vdc_exp *exp;
    const struct vdc_text *text;
    struct vdc_resolved *out;
    struct vdc_diag *diag;
};

#define PATH_MAX_LEN 160

/* Reports at the place of a path; the message starts with the path. */
void resolve_error(struct resolver *r, const char *path, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void resolve_warning(struct resolver *r, const char *path, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* One place that may give the values of a key set; texts is a struct of char pointers or NULL. */
struct level {
    const void *texts;
    const char *path;
};

/* Each key from the first level that has it, else its default. Values that do not parse count as
 * their least. */
void resolve_keys(struct resolver *r, const struct vdc_key *keyset, size_t n_keys,
                  const struct level *levels, size_t n_levels, void *values, uint32_t *lines);

/* One value by its text (NULL: the default). Returns false after reporting. */
bool resolve_value(struct resolver *r, const struct vdc_key *key, const char *text,
                   const char *path, uint64_t *value);

uint32_t resolve_origin(struct resolver *r, const char *path);

/* calloc that does not return without memory: nothing can be resolved then. */
void *resolve_alloc(size_t n, size_t size);

void resolve_nodes(struct resolver *r);
void resolve_fabric(struct resolver *r);
void resolve_workload(struct resolver *r);
void resolve_faults(struct resolver *r);
void resolve_collect(struct resolver *r);
void resolve_artefacts(struct resolver *r);

/* Cross checks of the finished experiment. */
void resolve_check(struct resolver *r);

#endif
