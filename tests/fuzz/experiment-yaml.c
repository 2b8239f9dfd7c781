/* SPDX-License-Identifier: MIT */
/* Fuzz target: experiment files; what is accepted must resolve to itself, what is refused must say
 * why. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vdc/resolved.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct vdc_resolved *resolve(const char *text, size_t n)
{
    struct vdc_diag diag;
    vdc_diag_init(&diag, "fuzz");
    struct vdc_exp *e = vdc_exp_parse(text, n, NULL, 0, &diag);
    struct vdc_resolved *r = e ? vdc_resolve(e, &diag) : NULL;
    assert(!r == (diag.n_errors > 0));
    vdc_diag_sort(&diag);
    vdc_exp_free(e);
    vdc_diag_free(&diag);
    return r;
}

static char *written(const struct vdc_resolved *r, size_t *len)
{
    char *text = NULL;
    FILE *f = open_memstream(&text, len);
    assert(f);
    int rc = vdc_resolved_write(r, false, f);
    assert(rc == 0);
    fclose(f);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct vdc_resolved *r = resolve((const char *)data, n);
    if (!r) {
        return 0;
    }
    size_t n_first, n_second;
    char *first = written(r, &n_first);
    struct vdc_resolved *again = resolve(first, n_first);
    assert(again);
    char *second = written(again, &n_second);
    assert(n_first == n_second && memcmp(first, second, n_first) == 0);
    (void)vdc_resolved_lookahead(again); /* must not fail on anything that was accepted */
    free(first);
    free(second);
    vdc_resolved_free(again);
    vdc_resolved_free(r);
    return 0;
}
