/* SPDX-License-Identifier: MIT */
/* An experiment file as written: texts in the shape of the schema, and the place of each in the
 * file. */
#ifndef VDC_ORCHESTRATOR_EXP_EXP_H
#define VDC_ORCHESTRATOR_EXP_EXP_H

#include <stddef.h>
#include <stdint.h>

#include "vdc/diag.h"
#include "vdc/keys.h"

/* All pointers may be NULL: the key is not in the file. */
struct vdc_text_template {
    char *kind, *ports;
};

struct vdc_text_switch {
    char *name, *id;
    struct vdc_switch_text keys;
};

struct vdc_text_link {
    char **between;
    unsigned between_count;
    struct vdc_link_text keys; /* both directions */
    struct vdc_link_text *a_to_b, *b_to_a;
};

struct vdc_text_fabric {
    struct vdc_text_template *template;
    struct vdc_link_text *defaults;
    struct vdc_switch_text *switch_defaults;
    struct vdc_text_switch *switches;
    unsigned switches_count;
    struct vdc_text_link *links;
    unsigned links_count;
};

struct vdc_text_node {
    char *match; /* overrides only */
    struct vdc_node_text keys;
    char *image;
    struct vdc_nic_text *nic;
    char *id, *mac, *address; /* written by resolve: must be what they would be anyway */
};

struct vdc_text_nodes {
    char *count;
    struct vdc_text_node *defaults;
    struct vdc_text_node *overrides;
    unsigned overrides_count;
};

struct vdc_text_expect {
    char *exit;
};

struct vdc_text_workload {
    char *node, *run, *at;
    struct vdc_text_expect *expect;
};

struct vdc_text_collect {
    char **pcap;
    unsigned pcap_count;
    char *snaplen;
};

struct vdc_text_fault {
    char *at, *link, *kind, *duration; /* `for` */
};

struct vdc_text_artefact {
    char *name, *kind, *sha256, *size;
};

struct vdc_text {
    char *vdc, *name, *seed, *interactive;
    struct vdc_time_text *time;
    struct vdc_text_fabric *fabric;
    struct vdc_text_nodes *nodes;
    struct vdc_text_workload *workload;
    unsigned workload_count;
    struct vdc_text_fault *faults;
    unsigned faults_count;
    struct vdc_text_collect *collect;
    struct vdc_limit_text *limits;
    struct vdc_text_artefact *artefacts;
    unsigned artefacts_count;
};

struct vdc_exp; /* a loaded file */

/*
 * Reads a file, applies `sets` ("path=value", n of them, may be NULL), and checks its shape:
 * unknown keys, keys that are missing, a list where a word belongs. Messages go to diag, whose file
 * name the caller has set. Returns the file, which belongs to the caller, or NULL if diag has an
 * error.
 */
struct vdc_exp *vdc_exp_load(const char *path, const char *const *sets, size_t n_sets,
                             struct vdc_diag *diag);

/* The same from memory; `data` is copied. */
struct vdc_exp *vdc_exp_parse(const char *data, size_t len, const char *const *sets, size_t n_sets,
                              struct vdc_diag *diag);

/* Accepts NULL. */
void vdc_exp_free(struct vdc_exp *e);

const struct vdc_text *vdc_exp_text(const struct vdc_exp *e);

struct vdc_mark {
    uint32_t line, column; /* 1-based; 0: the value does not come from the file */
};

/* Place of the value at a path such as "fabric.links[2].a_to_b.rate", or of the nearest enclosing
 * one that exists. */
struct vdc_mark vdc_exp_mark(const struct vdc_exp *e, const char *path);

#endif
