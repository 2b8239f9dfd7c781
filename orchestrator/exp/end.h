/* SPDX-License-Identifier: MIT */
/* Ends of links: how a file names them, and which links a name means. */
#ifndef VDC_ORCHESTRATOR_EXP_END_H
#define VDC_ORCHESTRATOR_EXP_END_H

#include "resolve.h"

/* A pattern of components and, behind `:p`, a port. */
struct end {
    char pattern[64];
    bool has_port;
    uint32_t port;
};

/* Reads "node3", "sw0:p1" or "node*"; false after reporting at path. */
bool end_read(struct resolver *r, const char *text, const char *path, struct end *e);

bool end_names(const struct end *e, const struct vdc_resolved *out, const struct vdc_link_end *l);
/* Does it name either end? */
bool end_names_link(const struct end *e, const struct vdc_resolved *out, const struct vdc_link *l);

#endif
