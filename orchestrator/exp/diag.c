/* SPDX-License-Identifier: MIT */
/* Configuration errors: collected with file, line and column, printed together. */
#include "vdc/diag.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void vdc_diag_init(struct vdc_diag *d, const char *file)
{
    memset(d, 0, sizeof(*d));
    d->file = file;
}

void vdc_diag_free(struct vdc_diag *d)
{
    for (size_t i = 0; i < d->n; i++) {
        free(d->entries[i].text);
    }
    free(d->entries);
    d->entries = NULL;
    d->n = d->room = d->n_errors = 0;
}

static int is_known(const struct vdc_diag *d, uint32_t line, uint32_t column, const char *text)
{
    for (size_t i = 0; i < d->n; i++) {
        const struct vdc_diag_entry *e = &d->entries[i];
        if (e->line == line && e->column == column && strcmp(e->text, text) == 0) {
            return 1;
        }
    }
    return 0;
}

void vdc_diag_add(struct vdc_diag *d, enum vdc_diag_level level, uint32_t line, uint32_t column,
                  const char *format, ...)
{
    char *text = NULL;
    va_list ap;
    va_start(ap, format);
    int len = vasprintf(&text, format, ap);
    va_end(ap);
    /* Without memory for a message there is nothing to report it with. */
    if (len < 0) {
        abort();
    }
    if (is_known(d, line, column, text)) {
        free(text);
        return;
    }
    if (d->n == d->room) {
        d->room = d->room > 0 ? 2 * d->room : 8;
        d->entries = realloc(d->entries, d->room * sizeof(*d->entries));
        if (!d->entries) {
            abort();
        }
    }
    d->entries[d->n++] = (struct vdc_diag_entry){ text, line, column, level };
    d->n_errors += level == VDC_DIAG_ERROR;
}

void vdc_diag_sort(struct vdc_diag *d)
{
    /* Insertion sort: few entries, and messages of one place keep their order. */
    for (size_t i = 1; i < d->n; i++) {
        struct vdc_diag_entry e = d->entries[i];
        size_t j = i;
        while (j > 0 &&
               (d->entries[j - 1].line > e.line ||
                (d->entries[j - 1].line == e.line && d->entries[j - 1].column > e.column))) {
            d->entries[j] = d->entries[j - 1];
            j--;
        }
        d->entries[j] = e;
    }
}

void vdc_diag_print(struct vdc_diag *d, FILE *to)
{
    vdc_diag_sort(d);
    for (size_t i = 0; i < d->n; i++) {
        const struct vdc_diag_entry *e = &d->entries[i];
        const char *prefix = e->level == VDC_DIAG_WARNING ? "warning: " : "";
        if (e->line > 0) {
            fprintf(to, "%s:%u:%u: %s%s\n", d->file, e->line, e->column, prefix, e->text);
        } else {
            fprintf(to, "%s: %s%s\n", d->file, prefix, e->text);
        }
    }
}
