/* SPDX-License-Identifier: MIT */
/* Resolving the fabric: switches, from the template or spelled out, the links of the nodes to them
 * and those between them. */
#include <stdlib.h>
#include <string.h>

#include "end.h"
#include "vdc/msg.h"

/* The link at a port of a component, NULL if it is free. */
static struct vdc_link *link_at(struct vdc_resolved *out, bool is_switch, uint32_t idx,
                                uint32_t port)
{
    for (size_t i = 0; i < out->n_links; i++) {
        for (int side = 0; side < 2; side++) {
            const struct vdc_link_end *e = &out->links[i].end[side];
            if (e->is_switch == is_switch && e->idx == idx && e->port == port) {
                return &out->links[i];
            }
        }
    }
    return NULL;
}

static struct vdc_link_end node_end(const struct vdc_resolved *out, uint32_t node)
{
    return (struct vdc_link_end){ .idx = node, .port_id = out->nodes[node].port_id };
}

static struct vdc_link_end switch_end(uint32_t idx, uint32_t port)
{
    return (struct vdc_link_end){ .is_switch = true,
                                  .idx = idx,
                                  .port = port,
                                  .port_id = vdc_port_id(VDC_PORT_SWITCH, idx, port) };
}

static void add_link(struct vdc_resolved *out, struct vdc_link_end a, struct vdc_link_end b)
{
    out->links[out->n_links++] = (struct vdc_link){ .end = { a, b } };
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

/* Indexes of the file's switches in natural order of their names, which is the order of ids. */
static bool order_switches(struct resolver *r, unsigned order[VDC_SWITCHES_MAX])
{
    const struct vdc_text_fabric *f = r->text->fabric;
    char path[PATH_MAX_LEN];
    bool ok = true;
    for (unsigned i = 0; i < f->switches_count; i++) {
        const char *name = f->switches[i].name;
        unsigned at = i;
        snprintf(path, sizeof(path), "fabric.switches[%u].name", i);
        if (!vdc_name_is_valid(name) || strncmp(name, "node", 4) == 0) {
            resolve_error(r, path,
                          "'%.64s' is not a name, allowed [a-z][a-z0-9_-]{0,30} that does not "
                          "start with node",
                          name);
            ok = false;
        }
        while (at > 0 && vdc_name_cmp(f->switches[order[at - 1]].name, name) > 0) {
            order[at] = order[at - 1];
            at--;
        }
        if (at > 0 && strcmp(f->switches[order[at - 1]].name, name) == 0) {
            resolve_error(r, path, "'%.64s' is the name of another switch", name);
            ok = false;
        }
        order[at] = i;
    }
    return ok;
}

static bool explicit_switches(struct resolver *r)
{
    const struct vdc_text_fabric *f = r->text->fabric;
    unsigned order[VDC_SWITCHES_MAX];
    if (f->switches_count == 0 || f->switches_count > VDC_SWITCHES_MAX) {
        resolve_error(r, "fabric.switches", "%u switches, allowed 1..%u", f->switches_count,
                      VDC_SWITCHES_MAX);
        return false;
    }
    if (!order_switches(r, order)) {
        return false;
    }
    size_t n_errors = r->diag->n_errors;
    r->out->switches = resolve_alloc(f->switches_count, sizeof(*r->out->switches));
    r->out->n_switches = f->switches_count;
    for (unsigned id = 0; id < f->switches_count; id++) {
        const struct vdc_text_switch *t = &f->switches[order[id]];
        struct vdc_switch *s = &r->out->switches[id];
        char path[PATH_MAX_LEN];
        char text[16];
        snprintf(path, sizeof(path), "fabric.switches[%u]", order[id]);
        struct level levels[] = { { &t->keys, path }, { f->switch_defaults, "fabric.switch" } };
        memcpy(s->name, t->name, strlen(t->name) + 1);
        s->id = id;
        resolve_keys(r, vdc_switch_keyset, VDC_N_SWITCH_KEYS, levels, 2, &s->keys, s->key_line);
        snprintf(text, sizeof(text), "%u", id);
        if (t->id && strcmp(t->id, text) != 0) {
            snprintf(path, sizeof(path), "fabric.switches[%u].id", order[id]);
            resolve_error(r, path, "%.16s, but %s has %s", t->id, s->name, text);
        }
    }
    return r->diag->n_errors == n_errors;
}

/* --- links -------------------------------------------------------------------------------------
 */

/* The port of a switch that `e` means: the one it names, else the lowest free one. False after
 * reporting that it is not there or taken; `whom` is what it was wanted for. */
static bool take_port(struct resolver *r, uint32_t sw, const struct end *e, const char *whom,
                      const char *path, uint32_t *port)
{
    struct vdc_resolved *out = r->out;
    const struct vdc_switch *s = &out->switches[sw];
    *port = e->has_port ? e->port : 0;
    while (!e->has_port && *port < s->keys.ports && link_at(out, true, sw, *port)) {
        (*port)++;
    }
    if (*port >= s->keys.ports) {
        if (e->has_port) {
            resolve_error(r, path, "%s has no port p%u, allowed p0..p%u", s->name, *port,
                          (unsigned)s->keys.ports - 1);
        } else {
            resolve_error(r, path, "no port of %s is left for %s: it has %llu", s->name, whom,
                          (unsigned long long)s->keys.ports);
        }
        return false;
    }
    const struct vdc_link *l = link_at(out, true, sw, *port);
    if (l) {
        const bool is_first = l->end[0].is_switch && l->end[0].idx == sw && l->end[0].port == *port;
        resolve_error(r, path, "%s:p%u has a link already, to %s", s->name, *port,
                      vdc_link_end_name(out, &l->end[is_first]));
    }
    return !l;
}

static void link_node(struct resolver *r, uint32_t node, uint32_t sw, const struct end *at_switch,
                      const char *path)
{
    struct vdc_resolved *out = r->out;
    uint32_t port;
    if (link_at(out, false, node, 0)) {
        resolve_error(r, path, "%s has a link already, allowed one per node",
                      out->nodes[node].name);
    } else if (take_port(r, sw, at_switch, out->nodes[node].name, path, &port)) {
        add_link(out, node_end(out, node), switch_end(sw, port));
    }
}

/* The switch that stands for all that are joined so far. */
static uint32_t root_of(const uint32_t *up, uint32_t sw)
{
    while (up[sw] != sw) {
        sw = up[sw];
    }
    return sw;
}

static void link_switches(struct resolver *r, uint32_t a, uint32_t b, const struct end *at_a,
                          const struct end *at_b, uint32_t *up, const char *path)
{
    struct vdc_resolved *out = r->out;
    uint32_t port_a, port_b;
    if (root_of(up, a) == root_of(up, b)) {
        resolve_error(r, path,
                      "%s and %s are joined already: frames would run in circles, allowed a tree",
                      out->switches[a].name, out->switches[b].name);
        return;
    }
    if (take_port(r, a, at_a, out->switches[b].name, path, &port_a) &&
        take_port(r, b, at_b, out->switches[a].name, path, &port_b)) {
        up[root_of(up, b)] = root_of(up, a);
        add_link(out, switch_end(a, port_a), switch_end(b, port_b));
    }
}

static bool is_node(const struct end *e, const struct vdc_node *n)
{
    return vdc_pattern_match(e->pattern, n->name) && (!e->has_port || e->port == 0);
}

static bool is_switch(const struct end *e, const struct vdc_switch *s)
{
    return vdc_pattern_match(e->pattern, s->name);
}

/* Makes the links of one entry of `links:` when the switches are spelled out. */
static void make_links(struct resolver *r, const struct end ends[2], uint32_t *up, const char *path)
{
    struct vdc_resolved *out = r->out;
    size_t n_made = 0;
    for (uint32_t node = 0; node < out->n_nodes; node++) {
        for (uint32_t sw = 0; sw < out->n_switches; sw++) {
            for (int side = 0; side < 2; side++) {
                if (is_node(&ends[side], &out->nodes[node]) &&
                    is_switch(&ends[1 - side], &out->switches[sw])) {
                    link_node(r, node, sw, &ends[1 - side], path);
                    n_made++;
                }
            }
        }
    }
    for (uint32_t a = 0; a < out->n_switches; a++) {
        for (uint32_t b = a + 1; b < out->n_switches; b++) {
            for (int side = 0; side < 2; side++) {
                if (is_switch(&ends[side], &out->switches[a]) &&
                    is_switch(&ends[1 - side], &out->switches[b])) {
                    link_switches(r, a, b, &ends[side], &ends[1 - side], up, path);
                    n_made++;
                    break; /* `[sw*, sw*]` means each pair once */
                }
            }
        }
    }
    if (n_made == 0) {
        resolve_error(r, path,
                      "joins nothing; allowed: a node (node0..node%zu) and a switch, or two "
                      "switches",
                      out->n_nodes - 1);
    }
}

/* Does the entry speak about this link? *side is the end of the entry that is end[0] of the link.
 */
static bool is_about(const struct resolver *r, const struct end ends[2], const struct vdc_link *l,
                     int *side)
{
    for (*side = 0; *side < 2; (*side)++) {
        if (end_names(&ends[*side], r->out, &l->end[0]) &&
            end_names(&ends[1 - *side], r->out, &l->end[1])) {
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
                              vdc_link_end_name(r->out, &l->end[0]));
                return;
            }
            const struct vdc_text_link *t = &f->links[i];
            /* a is end[0]: up is a to b. */
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
    const struct vdc_link_end *x = &((const struct vdc_link *)a)->end[0];
    const struct vdc_link_end *y = &((const struct vdc_link *)b)->end[0];
    if (x->is_switch != y->is_switch) {
        return x->is_switch ? 1 : -1;
    }
    if (x->idx != y->idx) {
        return x->idx < y->idx ? -1 : 1;
    }
    return (x->port > y->port) - (x->port < y->port);
}

/* Every node has a link, and every switch that has one a way to all others. */
static void check_joined(struct resolver *r, const uint32_t *up)
{
    struct vdc_resolved *out = r->out;
    for (uint32_t node = 0; node < out->n_nodes; node++) {
        const struct vdc_link *l = link_at(out, false, node, 0);
        const struct vdc_link *first = link_at(out, false, 0, 0);
        if (!l) {
            resolve_error(r, "fabric.links", "%s has no link", out->nodes[node].name);
        } else if (first && root_of(up, l->end[1].idx) != root_of(up, first->end[1].idx)) {
            resolve_error(r, "fabric.links", "no way leads from node0 to %s",
                          out->nodes[node].name);
        }
    }
}

static void resolve_links(struct resolver *r)
{
    const struct vdc_text_fabric *f = r->text->fabric;
    struct vdc_resolved *out = r->out;
    struct end(*ends)[2] = resolve_alloc(f->links_count, sizeof(*ends));
    bool *is_good = resolve_alloc(f->links_count, sizeof(*is_good));
    char path[PATH_MAX_LEN];

    uint32_t up[VDC_SWITCHES_MAX]; /* of a switch: itself, or one it is joined with */

    out->links = resolve_alloc(VDC_LINKS_MAX, sizeof(*out->links));
    for (uint32_t sw = 0; sw < VDC_SWITCHES_MAX; sw++) {
        up[sw] = sw;
    }
    for (uint32_t node = 0; f->template && node < out->n_nodes; node++) {
        add_link(out, node_end(out, node), switch_end(0, node));
    }
    for (unsigned i = 0; i < f->links_count; i++) {
        is_good[i] = true;
        for (int side = 0; side < 2; side++) {
            snprintf(path, sizeof(path), "fabric.links[%u].between[%d]", i, side);
            is_good[i] &= end_read(r, f->links[i].between[side], path, &ends[i][side]);
        }
        snprintf(path, sizeof(path), "fabric.links[%u].between", i);
        if (is_good[i] && !f->template) {
            make_links(r, ends[i], up, path);
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
    if (r->diag->n_errors == 0) {
        check_joined(r, up);
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
    if (ok) {
        resolve_links(r);
    }
}
