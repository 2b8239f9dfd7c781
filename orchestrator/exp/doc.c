/* SPDX-License-Identifier: MIT */
/* A YAML document with places: paths to nodes, changed values, and its check against the schema. */
#include "doc.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static yaml_node_t *node_at(const struct doc *d, int id)
{
    /* libyaml wants a document it may change; looking up does not. */
    return yaml_document_get_node((yaml_document_t *)&d->yaml, id);
}

static bool is_text(const yaml_node_t *n, const char *text, size_t len)
{
    return n && n->type == YAML_SCALAR_NODE && n->data.scalar.length == len &&
           memcmp(n->data.scalar.value, text, len) == 0;
}

static yaml_node_pair_t *find_pair(const struct doc *d, const yaml_node_t *n, const char *key,
                                   size_t len)
{
    assert(n->type == YAML_MAPPING_NODE);
    for (yaml_node_pair_t *p = n->data.mapping.pairs.start; p < n->data.mapping.pairs.top; p++) {
        if (is_text(node_at(d, p->key), key, len)) {
            return p;
        }
    }
    return NULL;
}

bool doc_parse(struct doc *d, const char *data, size_t len, struct vdc_diag *diag)
{
    memset(d, 0, sizeof(*d));
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) {
        vdc_diag_add(diag, VDC_DIAG_ERROR, 0, 0, "out of memory");
        return false;
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)data, len);
    yaml_document_t more;
    bool ok = yaml_parser_load(&parser, &d->yaml);
    d->is_loaded = ok;
    if (!ok) {
        const yaml_mark_t *m = &parser.problem_mark;
        vdc_diag_add(diag, VDC_DIAG_ERROR, (uint32_t)m->line + 1, (uint32_t)m->column + 1,
                     "not YAML: %s%s%s", parser.problem ? parser.problem : "unreadable",
                     parser.context ? " " : "", parser.context ? parser.context : "");
    } else if (!yaml_document_get_root_node(&d->yaml)) {
        vdc_diag_add(diag, VDC_DIAG_ERROR, 1, 1, "the file is empty, expected an experiment");
        ok = false;
    } else if (yaml_parser_load(&parser, &more)) {
        yaml_node_t *root = yaml_document_get_root_node(&more);
        if (root) {
            vdc_diag_add(diag, VDC_DIAG_ERROR, (uint32_t)root->start_mark.line + 1,
                         (uint32_t)root->start_mark.column + 1,
                         "a second document, expected one experiment per file");
            ok = false;
        }
        yaml_document_delete(&more);
    } else {
        vdc_diag_add(diag, VDC_DIAG_ERROR, (uint32_t)parser.problem_mark.line + 1,
                     (uint32_t)parser.problem_mark.column + 1, "not YAML: %s", parser.problem);
        ok = false;
    }
    yaml_parser_delete(&parser);
    return ok;
}

void doc_free(struct doc *d)
{
    if (d->is_loaded) {
        yaml_document_delete(&d->yaml);
    }
    free(d->set_nodes);
    memset(d, 0, sizeof(*d));
}

/* One step of a path: a key, or an index of a list. */
struct step {
    const char *key;
    size_t len;
    size_t index;
    bool is_index;
};

/* Reads the next step; NULL at the end or if the path makes no sense (*is_bad). */
static const char *next_step(const char *path, struct step *s, bool *is_bad)
{
    *is_bad = false;
    if (*path == '\0') {
        return NULL;
    }
    memset(s, 0, sizeof(*s));
    if (*path == '[') {
        char *end;
        errno = 0;
        unsigned long i = strtoul(path + 1, &end, 10);
        *is_bad = path[1] < '0' || path[1] > '9' || *end != ']' || errno != 0;
        if (*is_bad) {
            return NULL;
        }
        s->is_index = true;
        s->index = i;
        path = end + 1;
    } else {
        s->key = path;
        s->len = strcspn(path, ".[");
        *is_bad = s->len == 0;
        if (*is_bad) {
            return NULL;
        }
        path += s->len;
    }
    if (*path == '.') {
        path++;
    }
    return path;
}

/* The place that holds the id of the child, or NULL. */
static int *child_slot(const struct doc *d, const yaml_node_t *n, const struct step *s)
{
    if (s->is_index && n->type == YAML_SEQUENCE_NODE) {
        size_t count = (size_t)(n->data.sequence.items.top - n->data.sequence.items.start);
        return s->index < count ? &n->data.sequence.items.start[s->index] : NULL;
    }
    if (!s->is_index && n->type == YAML_MAPPING_NODE) {
        yaml_node_pair_t *p = find_pair(d, n, s->key, s->len);
        return p ? &p->value : NULL;
    }
    return NULL;
}

static bool is_set_node(const struct doc *d, int id)
{
    for (size_t i = 0; i < d->n_set_nodes; i++) {
        if (d->set_nodes[i] == id) {
            return true;
        }
    }
    return false;
}

struct vdc_mark doc_mark(const struct doc *d, const char *path)
{
    int id = 1; /* the root */
    struct step s;
    bool is_bad;
    const yaml_node_t *n = node_at(d, id);
    while (n && (path = next_step(path, &s, &is_bad)) != NULL) {
        int *slot = child_slot(d, n, &s);
        if (!slot) {
            break;
        }
        id = *slot;
        n = node_at(d, id);
    }
    if (!n || is_set_node(d, id)) {
        return (struct vdc_mark){ 0, 0 };
    }
    return (struct vdc_mark){ (uint32_t)n->start_mark.line + 1,
                              (uint32_t)n->start_mark.column + 1 };
}

static bool remember_set(struct doc *d, int id)
{
    int *more = realloc(d->set_nodes, (d->n_set_nodes + 1) * sizeof(*more));
    if (!more) {
        return false;
    }
    d->set_nodes = more;
    d->set_nodes[d->n_set_nodes++] = id;
    return true;
}

bool doc_set(struct doc *d, const char *assignment, struct vdc_diag *diag)
{
    const char *equal = strchr(assignment, '=');
    char *path = equal ? strndup(assignment, (size_t)(equal - assignment)) : NULL;
    bool ok = false;
    const char *why = "expected path=value";
    if (!path || *path == '\0') {
        goto out;
    }
    int id = 1;
    struct step s;
    bool is_bad;
    const char *rest = next_step(path, &s, &is_bad);
    why = "out of memory";
    while (rest) {
        struct step next;
        const char *after = next_step(rest, &next, &is_bad);
        bool is_last = after == NULL && !is_bad;
        const yaml_node_t *n = node_at(d, id);
        int *slot = child_slot(d, n, &s);
        /* A key on the way that is missing becomes a mapping; list entries cannot be invented. */
        if (!slot && (s.is_index || n->type != YAML_MAPPING_NODE)) {
            why = "no such place in the file";
            goto out;
        }
        int child = slot ? *slot : 0;
        if (is_last) {
            child = yaml_document_add_scalar(&d->yaml, NULL, (const yaml_char_t *)equal + 1,
                                             (int)strlen(equal + 1), YAML_ANY_SCALAR_STYLE);
        } else if (!slot) {
            child = yaml_document_add_mapping(&d->yaml, NULL, YAML_ANY_MAPPING_STYLE);
        }
        if (child == 0) {
            goto out;
        }
        if (!slot) {
            int key = yaml_document_add_scalar(&d->yaml, NULL, (const yaml_char_t *)s.key,
                                               (int)s.len, YAML_PLAIN_SCALAR_STYLE);
            if (key == 0 || !yaml_document_append_mapping_pair(&d->yaml, id, key, child) ||
                !remember_set(d, key) || !remember_set(d, child)) {
                goto out;
            }
        } else if (is_last) {
            /* Adding a node may have moved the table that the slot of a list or mapping hangs on,
             * not the slot. */
            *slot = child;
            if (!remember_set(d, child)) {
                goto out;
            }
        }
        id = child;
        s = next;
        rest = after;
        ok = is_last;
    }
    if (is_bad) {
        why = "expected keys and indexes such as nodes.overrides[0].memory";
        ok = false;
    }
out:
    if (!ok) {
        vdc_diag_add(diag, VDC_DIAG_ERROR, 0, 0, "--set %s: %s", assignment, why);
    }
    free(path);
    return ok;
}

struct sink {
    char *data;
    size_t len, room;
};

static int sink_write(void *ctx, unsigned char *buffer, size_t size)
{
    struct sink *s = ctx;
    if (s->len + size > s->room) {
        size_t room = 2 * (s->len + size);
        char *more = realloc(s->data, room);
        if (!more) {
            return 0;
        }
        s->data = more;
        s->room = room;
    }
    memcpy(s->data + s->len, buffer, size);
    s->len += size;
    return 1;
}

bool doc_dump(struct doc *d, char **data, size_t *len)
{
    yaml_emitter_t emitter;
    if (!yaml_emitter_initialize(&emitter)) {
        return false;
    }
    struct sink s = { NULL, 0, 0 };
    yaml_emitter_set_output(&emitter, sink_write, &s);
    yaml_emitter_set_unicode(&emitter, 1);
    bool ok = yaml_emitter_open(&emitter);
    if (ok) {
        ok = yaml_emitter_dump(&emitter, &d->yaml) && yaml_emitter_close(&emitter);
        d->is_loaded = false;
    }
    yaml_emitter_delete(&emitter);
    if (!ok) {
        free(s.data);
        return false;
    }
    *data = s.data;
    *len = s.len;
    return true;
}

/* --- shape -------------------------------------------------------------------------------------
 */

#define DEPTH_MAX 16 /* deeper than the schema: an alias that contains itself ends here */

static void complain(struct doc *d, struct vdc_diag *diag, const yaml_node_t *n, int id,
                     const char *path, const char *what)
{
    bool is_set = is_set_node(d, id);
    vdc_diag_add(diag, VDC_DIAG_ERROR, is_set ? 0 : (uint32_t)n->start_mark.line + 1,
                 is_set ? 0 : (uint32_t)n->start_mark.column + 1, "%s%s%s", path, *path ? ": " : "",
                 what);
}

static const cyaml_schema_field_t *find_field(const cyaml_schema_field_t *fields,
                                              const yaml_node_t *key)
{
    for (const cyaml_schema_field_t *f = fields; f->key; f++) {
        if (is_text(key, f->key, strlen(f->key))) {
            return f;
        }
    }
    return NULL;
}

static void list_keys(const cyaml_schema_field_t *fields, char *s, size_t n)
{
    size_t used = 0;
    s[0] = '\0';
    for (const cyaml_schema_field_t *f = fields; f->key && used < n; f++) {
        used += (size_t)snprintf(s + used, n - used, "%s%s", used > 0 ? " " : "", f->key);
    }
}

static void check_node(struct doc *d, int id, const cyaml_schema_value_t *schema, const char *path,
                       int depth, struct vdc_diag *diag);

static void check_mapping(struct doc *d, int id, const cyaml_schema_value_t *schema,
                          const char *path, int depth, struct vdc_diag *diag)
{
    const yaml_node_t *n = node_at(d, id);
    const yaml_node_pair_t *start = n->data.mapping.pairs.start;
    const yaml_node_pair_t *top = n->data.mapping.pairs.top;
    char text[1024];
    for (const yaml_node_pair_t *p = start; p < top; p++) {
        const yaml_node_t *key = node_at(d, p->key);
        if (key->type != YAML_SCALAR_NODE) {
            complain(d, diag, key, p->key, path, "a key must be a word");
            continue;
        }
        const char *name = (const char *)key->data.scalar.value;
        const cyaml_schema_field_t *f = find_field(schema->mapping.fields, key);
        if (!f) {
            char known[768];
            list_keys(schema->mapping.fields, known, sizeof(known));
            snprintf(text, sizeof(text), "unknown key '%.64s', allowed: %s", name, known);
            complain(d, diag, key, p->key, path, text);
            continue;
        }
        const yaml_node_pair_t *first = find_pair(d, n, f->key, strlen(f->key));
        if (first != p) {
            snprintf(text, sizeof(text), "key '%s' is here twice, first on line %zu", f->key,
                     node_at(d, first->key)->start_mark.line + 1);
            complain(d, diag, key, p->key, path, text);
            continue;
        }
        char below[256];
        snprintf(below, sizeof(below), "%s%s%s", path, *path ? "." : "", f->key);
        check_node(d, p->value, &f->value, below, depth + 1, diag);
    }
    for (const cyaml_schema_field_t *f = schema->mapping.fields; f->key; f++) {
        if (!(f->value.flags & CYAML_FLAG_OPTIONAL) && !find_pair(d, n, f->key, strlen(f->key))) {
            snprintf(text, sizeof(text), "key '%s' is missing", f->key);
            complain(d, diag, n, id, path, text);
        }
    }
}

static void check_sequence(struct doc *d, int id, const cyaml_schema_value_t *schema,
                           const char *path, int depth, struct vdc_diag *diag)
{
    const yaml_node_t *n = node_at(d, id);
    size_t count = (size_t)(n->data.sequence.items.top - n->data.sequence.items.start);
    if (count < schema->sequence.min || count > schema->sequence.max) {
        char text[96];
        snprintf(text, sizeof(text), "%zu entries, allowed %u..%u", count, schema->sequence.min,
                 schema->sequence.max);
        complain(d, diag, n, id, path, text);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        char below[256];
        snprintf(below, sizeof(below), "%s[%zu]", path, i);
        check_node(d, n->data.sequence.items.start[i], schema->sequence.entry, below, depth + 1,
                   diag);
    }
}

static void check_node(struct doc *d, int id, const cyaml_schema_value_t *schema, const char *path,
                       int depth, struct vdc_diag *diag)
{
    const yaml_node_t *n = node_at(d, id);
    if (depth > DEPTH_MAX) {
        complain(d, diag, n, id, path, "nested too deep");
        return;
    }
    switch (schema->type) {
    case CYAML_MAPPING:
        if (n->type != YAML_MAPPING_NODE) {
            char known[768];
            char text[800];
            list_keys(schema->mapping.fields, known, sizeof(known));
            snprintf(text, sizeof(text), "expected a mapping with keys: %s", known);
            complain(d, diag, n, id, path, text);
            return;
        }
        check_mapping(d, id, schema, path, depth, diag);
        return;
    case CYAML_SEQUENCE:
        if (n->type != YAML_SEQUENCE_NODE) {
            complain(d, diag, n, id, path, "expected a list");
            return;
        }
        check_sequence(d, id, schema, path, depth, diag);
        return;
    default:
        assert(schema->type == CYAML_STRING);
        if (n->type != YAML_SCALAR_NODE) {
            complain(d, diag, n, id, path, "expected one value");
        } else if (strlen((const char *)n->data.scalar.value) != n->data.scalar.length) {
            complain(d, diag, n, id, path, "a NUL character is not allowed");
        } else if (n->data.scalar.length > schema->string.max) {
            complain(d, diag, n, id, path, "the text is too long");
        }
    }
}

void doc_check(struct doc *d, const cyaml_schema_value_t *schema, struct vdc_diag *diag)
{
    check_node(d, 1, schema, "", 0, diag);
}
