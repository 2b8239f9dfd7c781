/* SPDX-License-Identifier: MIT */
/* Resolving the fabric: one switch, from the template or spelled out, and the links of the nodes to
 * it. */
#include <stdlib.h>
#include <string.h>

#include "resolve.h"
#include "vdc/msg.h"

/* One end of `between`: a pattern of components and, behind `:p`, a port. */
struct end {
    char pattern[64];
    bool has_port;
    uint32_t port;
};

static bool read_end(struct resolver *r, const char *text, const char *path, struct end *e)
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

static struct vdc_link *link_of_node(struct vdc_resolved *out, uint32_t node)
{
    for (size_t i = 0; i < out->n_links; i++) {
        if (out->links[i].node == node) {
            return &out->links[i];
        }
    }
    return NULL;
}

static struct vdc_link *link_of_port(struct vdc_resolved *out, uint32_t port)
{
    for (size_t i = 0; i < out->n_links; i++) {
        if (out->links[i].switch_port == port) {
            return &out->links[i];
        }
    }
    return NULL;
}

static void add_link(struct vdc_resolved *out, uint32_t node, uint32_t port)
{
    struct vdc_link *l = &out->links[out->n_links++];
    l->node = node;
    l->switch_idx = 0;
    l->switch_port = port;
    l->node_port_id = out->nodes[node].port_id;
    l->switch_port_id = vdc_port_id(VDC_PORT_SWITCH, 0, port);
}

static bool matches_node(const struct end *e, const struct vdc_node *n)
{
    return vdc_pattern_match(e->pattern, n->name) && (!e->has_port || e->port == 0);
}

static bool matches_switch(const struct end *e, const struct vdc_switch *s)
{
    return vdc_pattern_match(e->pattern, s->name);
}

/* --- switches ----------------------------------------------------------------------------------
 */

static bool template_switch(struct resolver *r)
{
    const struct vdc_text_fabric *f = r->text->fabric;
    static const struct vdc_key kind = { "kind", "star", 0, 0, VDC_KEY_REQUIRED, VDC_UNIT_CHOICE };
    uint64_t v;
    bool ok = resolve_value(r, &kind, f->template->kind, "fabric.template.kind", &v);
    if (f->switch_defaults && f->switch_defaults->ports) {
        resolve_error(r, "fabric.switch.ports", "give fabric.template.ports instead");
        ok = false;
    }
    char count[16];
    snprintf(count, sizeof(count), "%zu", r->out->n_nodes);
    struct vdc_switch_text ports = { .ports = f->template->ports ? f->template->ports : count };
    struct level levels[] = { { &ports, "fabric.template" },
                              { f->switch_defaults, "fabric.switch" } };
    struct vdc_switch *s = r->out->switches = resolve_alloc(1, sizeof(*s));
    r->out->n_switches = 1;
    strcpy(s->name, "sw0");
    size_t n_errors = r->diag->n_errors;
    resolve_keys(r, vdc_switch_keyset, VDC_N_SWITCH_KEYS, levels, 2, &s->keys, s->key_line);
    ok = ok && r->diag->n_errors == n_errors;
    if (!f->template->ports) {
        s->key_line[0] = VDC_ORIGIN_DEFAULT;
    }
    if (ok && s->keys.ports < r->out->n_nodes) {
        resolve_error(r, "fabric.template.ports", "%llu ports for %zu nodes, allowed %zu..64",
                      (unsigned long long)s->keys.ports, r->out->n_nodes, r->out->n_nodes);
        ok = false;
    }
    return ok;
}

static bool explicit_switches(struct resolver *r)
{
    const struct vdc_text_fabric *f = r->text->fabric;
    if (f->switches_count != 1) {
        resolve_error(r, "fabric.switches",
                      "%u switches, allowed 1: frames between switches are not carried yet",
                      f->switches_count);
        return false;
    }
    const struct vdc_text_switch *t = &f->switches[0];
    struct vdc_switch *s = r->out->switches = resolve_alloc(1, sizeof(*s));
    r->out->n_switches = 1;
    struct level levels[] = { { &t->keys, "fabric.switches[0]" },
                              { f->switch_defaults, "fabric.switch" } };
    if (!vdc_name_is_valid(t->name) || strncmp(t->name, "node", 4) == 0) {
        resolve_error(r, "fabric.switches[0].name",
                      "'%.64s' is not a name, allowed [a-z][a-z0-9_-]{0,30} that does not start "
                      "with node",
                      t->name);
        return false;
    }
    memcpy(s->name, t->name, strlen(t->name) + 1);
    if (t->id && strcmp(t->id, "0") != 0) {
        resolve_error(r, "fabric.switches[0].id", "%.16s, but %s has 0", t->id, s->name);
    }
    resolve_keys(r, vdc_switch_keyset, VDC_N_SWITCH_KEYS, levels, 2, &s->keys, s->key_line);
    return true;
}

/* --- links -------------------------------------------------------------------------------------
 */

/* Lowest port without a link; n_ports if there is none. */
static uint32_t free_port(struct vdc_resolved *out)
{
    uint32_t p = 0;
    while (p < out->switches[0].keys.ports && link_of_port(out, p)) {
        p++;
    }
    return p;
}

static void make_link(struct resolver *r, uint32_t node, const struct end *at_switch,
                      const char *path)
{
    struct vdc_resolved *out = r->out;
    const struct vdc_switch *s = &out->switches[0];
    if (link_of_node(out, node)) {
        resolve_error(r, path, "%s has a link already, allowed one per node",
                      out->nodes[node].name);
        return;
    }
    uint32_t port = at_switch->has_port ? at_switch->port : free_port(out);
    if (port >= s->keys.ports) {
        if (at_switch->has_port) {
            resolve_error(r, path, "%s has no port p%u, allowed p0..p%u", s->name, port,
                          (unsigned)s->keys.ports - 1);
        } else {
            resolve_error(r, path, "no port of %s is left for %s: %llu ports for %zu nodes",
                          s->name, out->nodes[node].name, (unsigned long long)s->keys.ports,
                          out->n_nodes);
        }
        return;
    }
    if (link_of_port(out, port)) {
        resolve_error(r, path, "%s:p%u has a link already, to %s", s->name, port,
                      out->nodes[link_of_port(out, port)->node].name);
        return;
    }
    add_link(out, node, port);
}

/* Makes the links of one entry of `links:` when the switches are spelled out. */
static void make_links(struct resolver *r, const struct end ends[2], const char *path)
{
    struct vdc_resolved *out = r->out;
    size_t n_made = 0;
    for (uint32_t node = 0; node < out->n_nodes; node++) {
        for (int side = 0; side < 2; side++) {
            if (matches_node(&ends[side], &out->nodes[node]) &&
                matches_switch(&ends[1 - side], &out->switches[0])) {
                make_link(r, node, &ends[1 - side], path);
                n_made++;
            }
        }
    }
    if (n_made == 0) {
        resolve_error(r, path,
                      "joins no node with %s; allowed: one end a node (node0..node%zu), "
                      "the other the switch",
                      out->switches[0].name, out->n_nodes - 1);
    }
}

/* Does the entry speak about this link? *side is the end that is the node. */
static bool is_about(const struct resolver *r, const struct end ends[2], const struct vdc_link *l,
                     int *side)
{
    for (*side = 0; *side < 2; (*side)++) {
        const struct end *at_switch = &ends[1 - *side];
        if (matches_node(&ends[*side], &r->out->nodes[l->node]) &&
            matches_switch(at_switch, &r->out->switches[0]) &&
            (!at_switch->has_port || at_switch->port == l->switch_port)) {
            return true;
        }
    }
    return false;
}

#define LINK_LEVELS_MAX                                                                            \
    9 /* four entries may speak about one link, each with a direction; then the defaults */

static void resolve_link_keys(struct resolver *r, struct vdc_link *l, const struct end (*ends)[2],
                              const bool *is_good)
{
    const struct vdc_text_fabric *f = r->text->fabric;
    for (int dir = 0; dir < 2; dir++) {
        struct level levels[LINK_LEVELS_MAX];
        char paths[LINK_LEVELS_MAX][48];
        size_t n = 0;
        for (unsigned i = f->links_count; i-- > 0;) {
            int side;
            if (!is_good[i] || !is_about(r, ends[i], l, &side)) {
                continue;
            }
            if (n + 3 > LINK_LEVELS_MAX) {
                resolve_error(r, "fabric.links", "more than 4 entries speak about the link of %s",
                              r->out->nodes[l->node].name);
                return;
            }
            const struct vdc_text_link *t = &f->links[i];
            /* a is the node: up is a to b. */
            bool is_ab = (dir == VDC_DIR_UP) == (side == 0);
            snprintf(paths[n], sizeof(paths[n]), "fabric.links[%u].%s", i,
                     is_ab ? "a_to_b" : "b_to_a");
            levels[n] = (struct level){ is_ab ? t->a_to_b : t->b_to_a, paths[n] };
            n++;
            snprintf(paths[n], sizeof(paths[n]), "fabric.links[%u]", i);
            levels[n] = (struct level){ &t->keys, paths[n] };
            n++;
        }
        levels[n++] = (struct level){ f->defaults, "fabric.defaults" };
        resolve_keys(r, vdc_link_keyset, VDC_N_LINK_KEYS, levels, n, &l->dir[dir],
                     l->key_line[dir]);
    }
}

static int compare_links(const void *a, const void *b)
{
    const struct vdc_link *x = a;
    const struct vdc_link *y = b;
    return (x->node > y->node) - (x->node < y->node);
}

static void resolve_links(struct resolver *r)
{
    const struct vdc_text_fabric *f = r->text->fabric;
    struct vdc_resolved *out = r->out;
    struct end(*ends)[2] = resolve_alloc(f->links_count, sizeof(*ends));
    bool *is_good = resolve_alloc(f->links_count, sizeof(*is_good));
    char path[PATH_MAX_LEN];

    out->links = resolve_alloc(out->n_nodes, sizeof(*out->links));
    for (uint32_t node = 0; f->template && node < out->n_nodes; node++) {
        add_link(out, node, node);
    }
    for (unsigned i = 0; i < f->links_count; i++) {
        is_good[i] = true;
        for (int side = 0; side < 2; side++) {
            snprintf(path, sizeof(path), "fabric.links[%u].between[%d]", i, side);
            is_good[i] &= read_end(r, f->links[i].between[side], path, &ends[i][side]);
        }
        snprintf(path, sizeof(path), "fabric.links[%u].between", i);
        if (is_good[i] && !f->template) {
            make_links(r, ends[i], path);
        }
        bool has_match = false;
        for (size_t k = 0; k < out->n_links && is_good[i] && f->template && !has_match; k++) {
            int side;
            has_match = is_about(r, ends[i], &out->links[k], &side);
        }
        if (is_good[i] && f->template && !has_match) {
            resolve_error(r, path, "[%.48s, %.48s] matches no link", f->links[i].between[0],
                          f->links[i].between[1]);
        }
    }
    qsort(out->links, out->n_links, sizeof(*out->links), compare_links);
    for (size_t i = 0; i < out->n_links; i++) {
        resolve_link_keys(r, &out->links[i], (const struct end(*)[2])ends, is_good);
    }
    for (uint32_t node = 0; node < out->n_nodes && r->diag->n_errors == 0; node++) {
        if (!link_of_node(out, node)) {
            resolve_error(r, "fabric.links", "%s has no link", out->nodes[node].name);
        }
    }
    free(ends);
    free(is_good);
}

void resolve_fabric(struct resolver *r)
{
    const struct vdc_text_fabric *f = r->text->fabric;
    bool ok;
    if (!f->template == !f->switches) {
        resolve_error(r, "fabric", "expected either 'template' or 'switches'");
        return;
    }
    if (f->template) {
        ok = template_switch(r);
    } else {
        ok = explicit_switches(r);
    }
    if (ok && r->out->switches[0].keys.ports > 0) {
        resolve_links(r);
    }
}
