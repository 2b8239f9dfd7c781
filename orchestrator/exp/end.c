/* SPDX-License-Identifier: MIT */
/* Ends of links: how a file names them, and which links a name means. */
#include "end.h"

#include <string.h>

bool end_read(struct resolver *r, const char *text, const char *path, struct end *e)
{
    memset(e, 0, sizeof(*e));
    const char *colon = strchr(text, ':');
    size_t len = colon ? (size_t)(colon - text) : strlen(text);
    bool ok = len > 0 && len < sizeof(e->pattern);
    if (ok) {
        memcpy(e->pattern, text, len);
        ok = vdc_pattern_is_valid(e->pattern);
    }
    if (ok && colon) {
        uint64_t port;
        ok = colon[1] == 'p' &&
             vdc_unit_parse(VDC_UNIT_INTEGER, NULL, colon + 2, &port) == VDC_UNIT_OK && port < 256;
        e->has_port = ok;
        e->port = ok ? (uint32_t)port : 0;
    }
    if (!ok) {
        resolve_error(r, path, "'%.64s' is not a component or port such as node3, sw0:p1 or node*",
                      text);
    }
    return ok;
}

bool end_names(const struct end *e, const struct vdc_resolved *out, const struct vdc_link_end *l)
{
    return vdc_pattern_match(e->pattern, vdc_link_end_name(out, l)) &&
           (!e->has_port || e->port == l->port);
}

bool end_names_link(const struct end *e, const struct vdc_resolved *out, const struct vdc_link *l)
{
    return end_names(e, out, &l->end[0]) || end_names(e, out, &l->end[1]);
}

const char *vdc_link_end_name(const struct vdc_resolved *r, const struct vdc_link_end *e)
{
    return e->is_switch ? r->switches[e->idx].name : r->nodes[e->idx].name;
}
