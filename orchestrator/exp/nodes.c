/* SPDX-License-Identifier: MIT */
/* Resolving the nodes: names, defaults and overrides, identity. */
#include <string.h>

#include "resolve.h"
#include "vdc/msg.h"

static void identify(struct vdc_node *n, uint32_t id)
{
    n->id = id;
    n->port_id = vdc_port_id(VDC_PORT_NIC, id, 0);
    snprintf(n->name, sizeof(n->name), "node%u", id);
    uint32_t serial = id * 16 + 1; /* NIC port 0 */
    snprintf(n->mac, sizeof(n->mac), "02:48:43:%02x:%02x:%02x", serial >> 16 & 255,
             serial >> 8 & 255, serial & 255);
    snprintf(n->address, sizeof(n->address), "10.0.%u.%u", id / 250 & 255, id % 250 + 1);
}

/* Identity is derived; a file that states it must state the same. */
static void check_identity(struct resolver *r, const struct vdc_node *n,
                           const struct vdc_text_node *text, const char *path)
{
    char below[PATH_MAX_LEN];
    char id[16];
    snprintf(id, sizeof(id), "%u", n->id);
    const struct {
        const char *key, *given, *is;
    } facts[] = {
        { "id", text->id, id },
        { "mac", text->mac, n->mac },
        { "address", text->address, n->address },
    };
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        if (facts[i].given && strcmp(facts[i].given, facts[i].is) != 0) {
            snprintf(below, sizeof(below), "%s.%s", path, facts[i].key);
            resolve_error(r, below, "%.32s, but %s has %s", facts[i].given, n->name, facts[i].is);
        }
    }
}

#define OVERRIDES_MAX 256u

static void resolve_node(struct resolver *r, struct vdc_node *n)
{
    const struct vdc_text_nodes *nodes = r->text->nodes;
    struct level keys[OVERRIDES_MAX + 1];
    struct level nics[OVERRIDES_MAX + 1];
    char paths[OVERRIDES_MAX + 1][32];
    char nic_paths[OVERRIDES_MAX + 1][40];
    const char *image = NULL;
    char image_path[64] = "nodes";
    size_t n_levels = 0;

    /* The last override that matches wins, as the file is read from top to bottom. */
    for (unsigned i = nodes->overrides_count; i-- > 0;) {
        const struct vdc_text_node *o = &nodes->overrides[i];
        if (!vdc_pattern_is_valid(o->match) || !vdc_pattern_match(o->match, n->name)) {
            continue;
        }
        snprintf(paths[n_levels], sizeof(paths[0]), "nodes.overrides[%u]", i);
        snprintf(nic_paths[n_levels], sizeof(nic_paths[0]), "nodes.overrides[%u].nic", i);
        keys[n_levels] = (struct level){ &o->keys, paths[n_levels] };
        nics[n_levels] = (struct level){ o->nic, nic_paths[n_levels] };
        if (!image && o->image) {
            image = o->image;
            snprintf(image_path, sizeof(image_path), "%s.image", paths[n_levels]);
        }
        check_identity(r, n, o, paths[n_levels]);
        n_levels++;
    }
    const struct vdc_text_node *d = nodes->defaults;
    keys[n_levels] = (struct level){ d ? &d->keys : NULL, "nodes.defaults" };
    nics[n_levels] = (struct level){ d ? d->nic : NULL, "nodes.defaults.nic" };
    if (!image && d && d->image) {
        image = d->image;
        snprintf(image_path, sizeof(image_path), "nodes.defaults.image");
    }
    n_levels++;
    resolve_keys(r, vdc_node_keyset, VDC_N_NODE_KEYS, keys, n_levels, &n->keys, n->key_line);
    resolve_keys(r, vdc_nic_keyset, VDC_N_NIC_KEYS, nics, n_levels, &n->nic, n->nic_line);
    if (n->keys.memory % (UINT64_C(1) << 20) != 0) {
        resolve_error(r, keys[0].path, "memory is %llu bytes, allowed whole MiB",
                      (unsigned long long)n->keys.memory);
    }
    n->image_line = image ? resolve_origin(r, image_path) : VDC_ORIGIN_DEFAULT;
    image = image ? image : "base";
    if (!vdc_name_is_valid(image)) {
        resolve_error(r, image_path, "'%.64s' is not a name, allowed [a-z][a-z0-9_-]{0,30}", image);
        return;
    }
    memcpy(n->image, image, strlen(image) + 1);
}

void resolve_nodes(struct resolver *r)
{
    static const struct vdc_key count_key = {
        "count", NULL, 1, VDC_NODES_MAX, 1, VDC_UNIT_INTEGER
    };
    const struct vdc_text_nodes *nodes = r->text->nodes;
    uint64_t count;
    if (!resolve_value(r, &count_key, nodes->count, "nodes.count", &count)) {
        return;
    }
    if (nodes->overrides_count > OVERRIDES_MAX) {
        resolve_error(r, "nodes.overrides", "%u entries, allowed 0..%u", nodes->overrides_count,
                      OVERRIDES_MAX);
        return;
    }
    r->out->nodes = resolve_alloc(count, sizeof(*r->out->nodes));
    r->out->n_nodes = count;
    for (uint32_t id = 0; id < count; id++) {
        identify(&r->out->nodes[id], id);
        resolve_node(r, &r->out->nodes[id]);
    }
    for (unsigned i = 0; i < nodes->overrides_count; i++) {
        char path[64];
        snprintf(path, sizeof(path), "nodes.overrides[%u].match", i);
        const char *match = nodes->overrides[i].match;
        if (!vdc_pattern_is_valid(match)) {
            resolve_error(r, path, "'%.64s' is not a pattern such as node3, node[0-6] or node*",
                          match);
            continue;
        }
        bool has_match = false;
        for (size_t k = 0; k < count && !has_match; k++) {
            has_match = vdc_pattern_match(match, r->out->nodes[k].name);
        }
        if (!has_match) {
            resolve_error(r, path, "'%.64s' matches no node, allowed node0..node%u", match,
                          (unsigned)count - 1);
        }
    }
}
