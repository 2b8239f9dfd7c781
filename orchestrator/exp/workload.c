/* SPDX-License-Identifier: MIT */
/* Resolving what the nodes run, and which artefacts are frozen. */
#include <stdlib.h>
#include <string.h>

#include "resolve.h"

static void resolve_expect(struct resolver *r, const struct vdc_text_workload *t, unsigned i,
                           struct vdc_workload *w)
{
    w->expect = VDC_EXPECT_CLEAN;
    if (!t->expect || !t->expect->exit || strcmp(t->expect->exit, "clean") == 0) {
        return;
    }
    if (strcmp(t->expect->exit, "any") == 0) {
        w->expect = VDC_EXPECT_ANY;
        return;
    }
    uint64_t code;
    if (vdc_unit_parse(VDC_UNIT_INTEGER, NULL, t->expect->exit, &code) != VDC_UNIT_OK ||
        code > 255) {
        char path[PATH_MAX_LEN];
        snprintf(path, sizeof(path), "workload[%u].expect.exit", i);
        resolve_error(r, path, "'%.32s' is not an exit code, allowed 0..255, clean or any",
                      t->expect->exit);
        return;
    }
    w->expect = VDC_EXPECT_CODE;
    w->expect_code = (uint32_t)code;
}

static int compare_workloads(const void *a, const void *b)
{
    const struct vdc_workload *x = a;
    const struct vdc_workload *y = b;
    if (x->node != y->node) {
        return x->node < y->node ? -1 : 1;
    }
    return (x->k > y->k) - (x->k < y->k);
}

static void add_workload(struct resolver *r, unsigned i, uint32_t node, uint64_t at_ps)
{
    const struct vdc_text_workload *t = &r->text->workload[i];
    struct vdc_workload *w = &r->out->workloads[r->out->n_workloads];
    uint32_t k = 0;
    for (size_t j = 0; j < r->out->n_workloads; j++) {
        k += r->out->workloads[j].node == node;
    }
    if (k == VDC_WORKLOADS_MAX) {
        char path[PATH_MAX_LEN];
        snprintf(path, sizeof(path), "workload[%u]", i);
        resolve_error(r, path, "more than %u workloads on %s", VDC_WORKLOADS_MAX,
                      r->out->nodes[node].name);
        return;
    }
    *w = (struct vdc_workload){ .node = node, .k = k, .at_ps = at_ps, .run = strdup(t->run) };
    if (!w->run) {
        abort();
    }
    resolve_expect(r, t, i, w);
    r->out->n_workloads++;
}

void resolve_workload(struct resolver *r)
{
    static const struct vdc_key at_key = { "at", NULL, 0, VDC_KEY_DAYS100, 0, VDC_UNIT_DURATION };
    const struct vdc_text *t = r->text;
    char path[PATH_MAX_LEN];
    r->out->workloads = resolve_alloc(t->workload_count * r->out->n_nodes,
                                      sizeof(*r->out->workloads));
    for (unsigned i = 0; i < t->workload_count; i++) {
        const struct vdc_text_workload *w = &t->workload[i];
        uint64_t at_ps;
        snprintf(path, sizeof(path), "workload[%u].at", i);
        bool ok = resolve_value(r, &at_key, w->at, path, &at_ps);
        if (ok && at_ps % 1000 != 0) {
            resolve_error(r, path, "%.32s is not a whole number of ns, as guests count", w->at);
        }
        if (ok && at_ps >= r->out->time.stop) {
            resolve_error(r, path, "%.32s is not before time.stop (%s)", w->at ? w->at : "0ns",
                          t->time->stop ? t->time->stop : "?");
        }
        snprintf(path, sizeof(path), "workload[%u].run", i);
        size_t len = strlen(w->run);
        if (len == 0 || len > VDC_SCRIPT_MAX) {
            resolve_error(r, path, "%zu bytes, allowed 1..%u", len, VDC_SCRIPT_MAX);
        }
        snprintf(path, sizeof(path), "workload[%u].node", i);
        if (!vdc_pattern_is_valid(w->node)) {
            resolve_error(r, path, "'%.64s' is not a pattern such as node3, node[0-6] or node*",
                          w->node);
            continue;
        }
        size_t n_before = r->out->n_workloads;
        for (uint32_t node = 0; node < r->out->n_nodes; node++) {
            if (vdc_pattern_match(w->node, r->out->nodes[node].name)) {
                add_workload(r, i, node, at_ps);
            }
        }
        if (r->out->n_workloads == n_before) {
            resolve_error(r, path, "'%.64s' matches no node, allowed node0..node%zu", w->node,
                          r->out->n_nodes - 1);
        }
    }
    qsort(r->out->workloads, r->out->n_workloads, sizeof(*r->out->workloads), compare_workloads);
}

static bool is_sha256(const char *s)
{
    return strlen(s) == 64 && strspn(s, "0123456789abcdef") == 64;
}

void resolve_artefacts(struct resolver *r)
{
    static const struct vdc_key size_key = { "size",           NULL,         0, UINT64_C(1) << 40,
                                             VDC_KEY_REQUIRED, VDC_UNIT_SIZE };
    const struct vdc_text *t = r->text;
    r->out->artefacts = resolve_alloc(t->artefacts_count, sizeof(*r->out->artefacts));
    for (unsigned i = 0; i < t->artefacts_count; i++) {
        const struct vdc_text_artefact *a = &t->artefacts[i];
        struct vdc_artefact *out = &r->out->artefacts[r->out->n_artefacts++];
        char path[PATH_MAX_LEN];
        snprintf(path, sizeof(path), "artefacts[%u].sha256", i);
        if (!is_sha256(a->sha256)) {
            resolve_error(r, path, "'%.70s' is not 64 lower-case hex digits", a->sha256);
            continue;
        }
        snprintf(path, sizeof(path), "artefacts[%u].name", i);
        if (strlen(a->name) >= sizeof(out->name) || strlen(a->kind) >= sizeof(out->kind) ||
            !*a->name || !*a->kind) {
            resolve_error(r, path, "name or kind is empty or too long");
            continue;
        }
        memcpy(out->name, a->name, strlen(a->name) + 1);
        memcpy(out->kind, a->kind, strlen(a->kind) + 1);
        memcpy(out->sha256, a->sha256, sizeof(out->sha256));
        snprintf(path, sizeof(path), "artefacts[%u].size", i);
        (void)resolve_value(r, &size_key, a->size, path, &out->size); /* reported */
    }
}
