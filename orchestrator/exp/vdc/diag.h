/* SPDX-License-Identifier: MIT */
/* Configuration errors: collected with file, line and column, printed together. */
#ifndef VDC_ORCHESTRATOR_EXP_DIAG_H
#define VDC_ORCHESTRATOR_EXP_DIAG_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum vdc_diag_level { VDC_DIAG_ERROR, VDC_DIAG_WARNING };

struct vdc_diag_entry {
    char *text;
    uint32_t line; /* 1-based; 0: not a place in the file (command line, environment) */
    uint32_t column;
    enum vdc_diag_level level;
};

struct vdc_diag {
    const char *file; /* shown before line and column; belongs to the caller */
    struct vdc_diag_entry *entries;
    size_t n, room;
    size_t n_errors;
};

void vdc_diag_init(struct vdc_diag *d, const char *file);
/* Accepts a zeroed struct. */
void vdc_diag_free(struct vdc_diag *d);

/* Adds one message; an equal message at the same place is kept once. */
void vdc_diag_add(struct vdc_diag *d, enum vdc_diag_level level, uint32_t line, uint32_t column,
                  const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Prints all messages in order of place: "file:line:col: text". */
void vdc_diag_print(struct vdc_diag *d, FILE *to);

/* Puts the messages into the order of their places. */
void vdc_diag_sort(struct vdc_diag *d);

#endif
