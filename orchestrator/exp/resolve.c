/* SPDX-License-Identifier: MIT */
/* Resolving an experiment: key sets from their levels, then each part in turn. */
#include "resolve.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static void report(struct resolver *r, enum vdc_diag_level level, const char *path,
                   const char *format, va_list ap)
{
    char text[512];
    vsnprintf(text, sizeof(text), format, ap);
    struct vdc_mark m = vdc_exp_mark(r->exp, path);
    vdc_diag_add(r->diag, level, m.line, m.column, "%s: %s", path, text);
}

void resolve_error(struct resolver *r, const char *path, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    report(r, VDC_DIAG_ERROR, path, format, ap);
    va_end(ap);
}

void resolve_warning(struct resolver *r, const char *path, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    report(r, VDC_DIAG_WARNING, path, format, ap);
    va_end(ap);
}

void *resolve_alloc(size_t n, size_t size)
{
    void *p = calloc(n > 0 ? n : 1, size);
    if (!p) {
        abort();
    }
    return p;
}

uint32_t resolve_origin(struct resolver *r, const char *path)
{
    struct vdc_mark m = vdc_exp_mark(r->exp, path);
    return m.line > 0 ? m.line : VDC_ORIGIN_SET;
}

bool resolve_value(struct resolver *r, const struct vdc_key *key, const char *text,
                   const char *path, uint64_t *value)
{
    char range[128];
    *value = key->most; /* for the checks that follow a bad value */
    if (!text) {
        if (key->def == VDC_KEY_REQUIRED) {
            resolve_error(r, path, "key '%s' is missing", key->name);
            return false;
        }
        *value = key->def;
        return true;
    }
    vdc_key_range(key, range, sizeof(range));
    uint64_t v;
    enum vdc_unit_error e = vdc_unit_parse(key->unit, key->choices, text, &v);
    if (e != VDC_UNIT_OK) {
        resolve_error(r, path, "'%.64s' %s, allowed %s", text, vdc_unit_explain(key->unit, e),
                      range);
        return false;
    }
    bool is_off = key->unit == VDC_UNIT_DURATION_OR_OFF && v == 0 && strcmp(text, "off") == 0;
    if (!is_off && (v < key->least || v > key->most)) {
        resolve_error(r, path, "%.64s is out of range, allowed %s", text, range);
        return false;
    }
    *value = v;
    return true;
}

void resolve_keys(struct resolver *r, const struct vdc_key *keyset, size_t n_keys,
                  const struct level *levels, size_t n_levels, void *values, uint32_t *lines)
{
    uint64_t *out = values;
    for (size_t i = 0; i < n_keys; i++) {
        const char *text = NULL;
        char path[PATH_MAX_LEN];
        snprintf(path, sizeof(path), "%s", levels[n_levels - 1].path);
        lines[i] = VDC_ORIGIN_DEFAULT;
        for (size_t k = 0; k < n_levels && !text; k++) {
            if (!levels[k].texts) {
                continue;
            }
            text = ((char *const *)levels[k].texts)[i];
            if (text) {
                const char *dot = *levels[k].path ? "." : "";
                snprintf(path, sizeof(path), "%s%s%s", levels[k].path, dot, keyset[i].name);
                lines[i] = resolve_origin(r, path);
            }
        }
        (void)resolve_value(r, &keyset[i], text, path,
                            &out[i]); /* reported; goes on to find more */
    }
}

static void resolve_top(struct resolver *r)
{
    const struct vdc_text *t = r->text;
    static const struct vdc_key seed = { "seed", NULL, 0, INT64_MAX, 1, VDC_UNIT_INTEGER };
    static const struct vdc_key interactive = { "interactive", NULL, 0, 1, 0, VDC_UNIT_BOOL };

    if (strcmp(t->vdc, "1") != 0) {
        resolve_error(r, "vdc", "format version '%.16s', allowed 1", t->vdc);
    }
    if (!vdc_name_is_valid(t->name)) {
        resolve_error(r, "name", "'%.64s' is not a name, allowed [a-z][a-z0-9_-]{0,30}", t->name);
    } else {
        memcpy(r->out->name, t->name, strlen(t->name) + 1);
    }
    uint64_t v = 0;
    (void)resolve_value(r, &seed, t->seed, "seed", &r->out->seed); /* reported */
    (void)resolve_value(r, &interactive, t->interactive, "interactive", &v);
    r->out->is_interactive = v != 0;

    struct level time = { t->time, "time" };
    resolve_keys(r, vdc_time_keyset, VDC_N_TIME_KEYS, &time, 1, &r->out->time, r->out->time_line);
    struct level limits = { t->limits, "limits" };
    resolve_keys(r, vdc_limit_keyset, VDC_N_LIMIT_KEYS, &limits, 1, &r->out->limits,
                 r->out->limit_line);
}

struct vdc_resolved *vdc_resolve(const struct vdc_exp *e, struct vdc_diag *diag)
{
    struct resolver r = {
        .exp = e,
        .text = vdc_exp_text(e),
        .out = resolve_alloc(1, sizeof(*r.out)),
        .diag = diag,
    };
    resolve_top(&r);
    resolve_nodes(&r);
    if (r.out->n_nodes > 0) {
        resolve_fabric(&r);
        resolve_workload(&r);
        resolve_faults(&r);
        resolve_collect(&r);
    }
    resolve_artefacts(&r);
    if (diag->n_errors == 0) {
        resolve_check(&r);
    }
    if (diag->n_errors > 0) {
        vdc_resolved_free(r.out);
        return NULL;
    }
    return r.out;
}

void vdc_resolved_free(struct vdc_resolved *r)
{
    if (!r) {
        return;
    }
    for (size_t i = 0; i < r->n_workloads; i++) {
        free(r->workloads[i].run);
    }
    free(r->nodes);
    free(r->switches);
    free(r->links);
    free(r->workloads);
    free(r->flaps);
    free(r->captures);
    free(r->artefacts);
    free(r);
}
