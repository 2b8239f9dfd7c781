/* SPDX-License-Identifier: MIT */
/* Trace records: sorted in place by a heap sort (keys are unique, so stability is no question),
 * printed as text. */
#include "vdc/trace.h"

#include <assert.h>
#include <stdbool.h>

#include "text.h"

static bool before(const struct vdc_trace_rec *a, const struct vdc_trace_rec *b)
{
    if (a->vt != b->vt) {
        return a->vt < b->vt;
    }
    if (a->comp != b->comp) {
        return a->comp < b->comp;
    }
    if (a->verb != b->verb) {
        return a->verb < b->verb;
    }
    return a->n < b->n;
}

static void sift_down(struct vdc_trace_rec *r, size_t pos, size_t n)
{
    const struct vdc_trace_rec v = r[pos];

    for (;;) {
        size_t child = 2 * pos + 1;

        if (child >= n) {
            break;
        }
        if (child + 1 < n && before(&r[child], &r[child + 1])) {
            child++;
        }
        if (!before(&v, &r[child])) {
            break;
        }
        r[pos] = r[child];
        pos = child;
    }
    r[pos] = v;
}

void vdc_trace_sort(struct vdc_trace_rec *r, size_t n)
{
    for (size_t i = n / 2; i > 0; i--) {
        sift_down(r, i - 1, n);
    }
    for (size_t end = n; end > 1; end--) {
        const struct vdc_trace_rec v = r[0];

        r[0] = r[end - 1];
        r[end - 1] = v;
        sift_down(r, 0, end - 1);
    }
}

size_t vdc_trace_text(const struct vdc_trace_rec *r, const char *name, char *s, size_t cap)
{
    static const char *const verb[] = { "recv", "send", "lose", "flip", "copy" };
    struct text t = { s, cap, 0 };

    assert(r->verb < sizeof(verb) / sizeof(verb[0]));
    assert(cap > 0);
    s[0] = '\0';
    text_char(&t, '[');
    text_dec(&t, r->vt, 12);
    text_str(&t, "] ");
    text_str(&t, name);
    text_str(&t, " > ");
    text_str(&t, verb[r->verb]);
    text_field(&t, "port", r->port);
    text_field(&t, "t", r->t);
    text_field(&t, "seq", r->seq);
    text_field(&t, "type", r->type);
    text_field(&t, "len", r->len);
    text_str(&t, " crc=");
    text_hex32(&t, r->crc);
    return t.len;
}
