/* SPDX-License-Identifier: MIT */
/* Loading of an experiment file: places first, then its shape, then the typed texts. */
#include "vdc/exp.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doc.h"
#include "schema.h"

struct vdc_exp {
    struct doc doc;
    struct vdc_text *text;
};

#define FILE_MAX (16u << 20) /* bytes */

static void log_to_diag(cyaml_log_t level, void *ctx, const char *format, va_list args)
{
    /* The shape has been checked before; what is left (lengths, aliases) is rare and has no place.
     */
    if (level < CYAML_LOG_ERROR) {
        return;
    }
    char text[256];
    vsnprintf(text, sizeof(text), format, args);
    text[strcspn(text, "\n")] = '\0';
    vdc_diag_add(ctx, VDC_DIAG_ERROR, 0, 0, "%s", text);
}

static cyaml_config_t config(struct vdc_diag *diag)
{
    return (cyaml_config_t){
        .log_fn = log_to_diag,
        .log_ctx = diag,
        .mem_fn = cyaml_mem,
        .log_level = CYAML_LOG_ERROR,
        .flags = CYAML_CFG_DEFAULT,
    };
}

/* The text of the file with the assignments applied; *changed belongs to the caller. */
static bool change_text(const char *data, size_t len, const char *const *sets, size_t n_sets,
                        struct vdc_diag *diag, char **changed, size_t *changed_len)
{
    struct doc d;
    bool ok = doc_parse(&d, data, len, diag);
    for (size_t i = 0; ok && i < n_sets; i++) {
        ok = doc_set(&d, sets[i], diag);
    }
    if (ok && !doc_dump(&d, changed, changed_len)) {
        vdc_diag_add(diag, VDC_DIAG_ERROR, 0, 0, "out of memory");
        ok = false;
    }
    doc_free(&d);
    return ok;
}

struct vdc_exp *vdc_exp_parse(const char *data, size_t len, const char *const *sets, size_t n_sets,
                              struct vdc_diag *diag)
{
    struct vdc_exp *e = calloc(1, sizeof(*e));
    char *changed = NULL;
    size_t changed_len = 0;
    bool ok = false;
    if (!e) {
        vdc_diag_add(diag, VDC_DIAG_ERROR, 0, 0, "out of memory");
        return NULL;
    }
    if (!doc_parse(&e->doc, data, len, diag)) {
        goto out;
    }
    for (size_t i = 0; i < n_sets; i++) {
        if (!doc_set(&e->doc, sets[i], diag)) {
            goto out;
        }
    }
    doc_check(&e->doc, &vdc_exp_schema, diag);
    if (diag->n_errors > 0) {
        goto out;
    }
    if (n_sets > 0) {
        if (!change_text(data, len, sets, n_sets, diag, &changed, &changed_len)) {
            goto out;
        }
        data = changed;
        len = changed_len;
    }
    cyaml_config_t cfg = config(diag);
    cyaml_err_t err = cyaml_load_data((const uint8_t *)data, len, &cfg, &vdc_exp_schema,
                                      (cyaml_data_t **)&e->text, NULL);
    if (err != CYAML_OK && diag->n_errors == 0) {
        vdc_diag_add(diag, VDC_DIAG_ERROR, 0, 0, "%s", cyaml_strerror(err));
    }
    ok = err == CYAML_OK;
out:
    free(changed);
    if (!ok) {
        vdc_exp_free(e);
        return NULL;
    }
    return e;
}

struct vdc_exp *vdc_exp_load(const char *path, const char *const *sets, size_t n_sets,
                             struct vdc_diag *diag)
{
    FILE *f = fopen(path, "re");
    if (!f) {
        vdc_diag_add(diag, VDC_DIAG_ERROR, 0, 0, "cannot be opened: %s", strerror(errno));
        return NULL;
    }
    struct vdc_exp *e = NULL;
    char *data = NULL;
    size_t len = 0;
    size_t room = 0;
    for (;;) {
        if (room - len < 4096) {
            room = room > 0 ? 2 * room : 65536;
            char *more = room <= FILE_MAX ? realloc(data, room) : NULL;
            if (!more) {
                vdc_diag_add(diag, VDC_DIAG_ERROR, 0, 0, "larger than %u bytes", FILE_MAX / 2);
                goto out;
            }
            data = more;
        }
        size_t n = fread(data + len, 1, room - len, f);
        if (n == 0) {
            break;
        }
        len += n;
    }
    if (ferror(f)) {
        vdc_diag_add(diag, VDC_DIAG_ERROR, 0, 0, "cannot be read: %s", strerror(errno));
        goto out;
    }
    e = vdc_exp_parse(data, len, sets, n_sets, diag);
out:
    free(data);
    fclose(f);
    return e;
}

void vdc_exp_free(struct vdc_exp *e)
{
    if (!e) {
        return;
    }
    if (e->text) {
        cyaml_config_t cfg = {
            .mem_fn = cyaml_mem,
            .log_level = CYAML_LOG_ERROR,
            .flags = CYAML_CFG_DEFAULT,
        };
        cyaml_free(&cfg, &vdc_exp_schema, e->text, 0);
    }
    doc_free(&e->doc);
    free(e);
}

const struct vdc_text *vdc_exp_text(const struct vdc_exp *e)
{
    return e->text;
}

struct vdc_mark vdc_exp_mark(const struct vdc_exp *e, const char *path)
{
    return doc_mark(&e->doc, path);
}
