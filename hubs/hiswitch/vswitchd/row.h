/* SPDX-License-Identifier: MIT */
/* Rows of answers as JSON objects: each kind of row is a table of its members. */
#ifndef VDC_HUBS_HISWITCH_VSWITCHD_ROW_H
#define VDC_HUBS_HISWITCH_VSWITCHD_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

struct member;

/* What the answer to a command is made of. */
struct row_form {
    uint16_t op;   /* enum vdc_hiswitch_op */
    uint16_t size; /* of a row */
    bool is_list;  /* an array under `key`, else the one object itself */
    const char *key;
    const struct member *members;
    size_t n_members;
};

/* NULL: the answer has no rows. */
const struct row_form *row_form_of(uint16_t op);
/* A new object from one row of f->size bytes. */
json_t *row_object(const struct row_form *f, const void *row);

/* Entry i of a list that ends with NULL, "?" if it has none. */
const char *row_name(const char *const *names, uint64_t i);
extern const char *const row_reason_names[]; /* enum vdc_hiswitch_reason */

#endif
