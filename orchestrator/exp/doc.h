/* SPDX-License-Identifier: MIT */
/* A YAML document with places: paths to nodes, changed values, and its check against the schema. */
#ifndef VDC_ORCHESTRATOR_EXP_DOC_H
#define VDC_ORCHESTRATOR_EXP_DOC_H

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

#include "schema.h"
#include "vdc/diag.h"
#include "vdc/exp.h"

struct doc {
    yaml_document_t yaml;
    bool is_loaded;
    int *set_nodes; /* nodes that --set made: they have no place */
    size_t n_set_nodes;
};

/* Parses the one document of a text. Returns false with a message in diag. */
bool doc_parse(struct doc *d, const char *data, size_t len, struct vdc_diag *diag);
void doc_free(struct doc *d);

/* Applies "path=value": replaces a value or adds a key. Returns false with a message in diag. */
bool doc_set(struct doc *d, const char *assignment, struct vdc_diag *diag);

/* Writes the document as YAML; *data belongs to the caller (free). The document is used up. */
bool doc_dump(struct doc *d, char **data, size_t *len);

struct vdc_mark doc_mark(const struct doc *d, const char *path);

/* Reports every key that the schema does not know, every missing one and every value of the wrong
 * shape. */
void doc_check(struct doc *d, const cyaml_schema_value_t *schema, struct vdc_diag *diag);

#endif
