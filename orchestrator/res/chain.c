/* SPDX-License-Identifier: MIT */
/* Comparison of two digest chains: the first point that differs, and whose fault it may be. */
#include <string.h>

#include "vdc/hashlog.h"

static bool are_equal(const struct vdc_digest *a, const struct vdc_digest *b)
{
    return a->lo == b->lo && a->hi == b->hi;
}

static bool have_same_components(const struct vdc_hashlog_data *a, const struct vdc_hashlog_data *b)
{
    if (a->n_names != b->n_names) {
        return false;
    }
    for (size_t i = 0; i < a->n_names; i++) {
        if (strcmp(a->names[i], b->names[i]) != 0) {
            return false;
        }
    }
    return true;
}

static void blame(const struct vdc_hashlog_line *a, const struct vdc_hashlog_line *b, size_t n,
                  bool (*are_neighbours)(void *, size_t, size_t), void *ctx,
                  struct vdc_chain_diff *out)
{
    for (size_t i = 0; i < n; i++) {
        out->what[i] = (uint8_t)((are_equal(&a[i].stream, &b[i].stream) ? 0u : VDC_CHAIN_STREAM) |
                                 (are_equal(&a[i].state, &b[i].state) ? 0u : VDC_CHAIN_STATE) |
                                 (are_equal(&a[i].text, &b[i].text) ? 0u : VDC_CHAIN_TEXT));
    }
    for (size_t i = 0; i < n; i++) {
        bool do_inputs_agree = true;
        for (size_t j = 0; j < n; j++) {
            if (j != i && (!are_neighbours || are_neighbours(ctx, i, j)) &&
                (out->what[j] & VDC_CHAIN_STREAM)) {
                do_inputs_agree = false;
            }
        }
        out->is_suspect[i] = out->what[i] != 0 && do_inputs_agree;
        out->n_suspects += out->is_suspect[i];
    }
}

void vdc_chain_compare(const struct vdc_hashlog_data *a, const struct vdc_hashlog_data *b,
                       bool (*are_neighbours)(void *ctx, size_t i, size_t j), void *ctx,
                       struct vdc_chain_diff *out)
{
    memset(out, 0, sizeof(*out));
    size_t n = a->n_names;
    size_t n_lines = a->n_lines < b->n_lines ? a->n_lines : b->n_lines;
    if (n_lines == 0 || !have_same_components(a, b)) {
        out->verdict = a->n_lines == b->n_lines && n_lines == 0 ? VDC_CHAIN_EQUAL : VDC_CHAIN_OTHER;
        if (n_lines == 0 && a->n_lines != b->n_lines) {
            out->verdict = VDC_CHAIN_PREFIX;
        }
        return;
    }
    for (size_t point = 0; point < n_lines; point += n) {
        const struct vdc_hashlog_line *x = &a->lines[point];
        const struct vdc_hashlog_line *y = &b->lines[point];
        for (size_t i = 0; i < n; i++) {
            if (x[i].k != y[i].k || x[i].t != y[i].t || x[i].component != i ||
                y[i].component != i) {
                out->verdict = VDC_CHAIN_OTHER;
                return;
            }
        }
        for (size_t i = 0; i < n; i++) {
            if (!are_equal(&x[i].link, &y[i].link)) {
                out->verdict = VDC_CHAIN_DIVERGED;
                out->k = x[i].k;
                out->t = x[i].t;
                out->t_from = point > 0 ? a->lines[point - 1].t : 0;
                blame(x, y, n, are_neighbours, ctx, out);
                return;
            }
        }
        out->n_equal++;
    }
    out->verdict = a->n_lines == b->n_lines ? VDC_CHAIN_EQUAL : VDC_CHAIN_PREFIX;
}
