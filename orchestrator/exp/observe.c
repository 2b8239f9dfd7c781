/* SPDX-License-Identifier: MIT */
/* Resolving what happens to links and what is seen of them: faults and captures. */
#include <stdlib.h>

#include "end.h"

static int compare_flaps(const void *a, const void *b)
{
    const struct vdc_link_flap *x = a;
    const struct vdc_link_flap *y = b;
    if (x->link != y->link) {
        return x->link < y->link ? -1 : 1;
    }
    return (x->down_ps > y->down_ps) - (x->down_ps < y->down_ps);
}

/* Flaps of one link are few and lie apart, as the switch model wants them. */
static void check_flaps(struct resolver *r)
{
    const struct vdc_resolved *out = r->out;
    size_t n = 0; /* of this link so far */
    for (size_t i = 0; i < out->n_flaps; i++) {
        const struct vdc_link_flap *f = &out->flaps[i];
        const struct vdc_link_end *e = &out->links[f->link].end[1];
        const bool is_next = i > 0 && f[-1].link == f->link;
        n = is_next ? n + 1 : 1;
        if (is_next && f->down_ps <= f[-1].up_ps) {
            resolve_error(r, "faults", "two flaps of %s:p%u overlap or touch",
                          vdc_link_end_name(out, e), (unsigned)e->port);
        }
        if (n == VDC_FLAPS_MAX + 1) {
            resolve_error(r, "faults", "more than %u flaps of %s:p%u", VDC_FLAPS_MAX,
                          vdc_link_end_name(out, e), (unsigned)e->port);
        }
    }
}

void resolve_faults(struct resolver *r)
{
    static const struct vdc_key kind_key = { "kind", "flap", 0, 0, 0, VDC_UNIT_CHOICE };
    static const struct vdc_key time_key = { "at", NULL, 1, VDC_KEY_DAYS100, 1, VDC_UNIT_DURATION };
    const struct vdc_text *t = r->text;
    struct vdc_resolved *out = r->out;
    out->flaps = resolve_alloc(t->faults_count * out->n_links, sizeof(*out->flaps));
    for (unsigned i = 0; i < t->faults_count; i++) {
        const struct vdc_text_fault *f = &t->faults[i];
        char path[PATH_MAX_LEN];
        uint64_t at, duration, kind;
        struct end e;
        snprintf(path, sizeof(path), "faults[%u].kind", i);
        bool ok = resolve_value(r, &kind_key, f->kind, path, &kind);
        snprintf(path, sizeof(path), "faults[%u].at", i);
        ok &= resolve_value(r, &time_key, f->at, path, &at);
        if (ok && at >= out->time.stop) {
            resolve_error(r, path, "%.32s is not before time.stop (%s)", f->at,
                          t->time->stop ? t->time->stop : "?");
        }
        snprintf(path, sizeof(path), "faults[%u].for", i);
        ok &= resolve_value(r, &time_key, f->duration, path, &duration);
        snprintf(path, sizeof(path), "faults[%u].link", i);
        ok &= end_read(r, f->link, path, &e);
        size_t n_before = out->n_flaps;
        for (uint32_t k = 0; k < out->n_links && ok; k++) {
            if (end_names_link(&e, out, &out->links[k])) {
                out->flaps[out->n_flaps++] = (struct vdc_link_flap){ k, at, at + duration };
            }
        }
        if (ok && out->n_flaps == n_before && out->n_links > 0) {
            resolve_error(r, path, "'%.64s' matches no link", f->link);
        }
    }
    qsort(out->flaps, out->n_flaps, sizeof(*out->flaps), compare_flaps);
    check_flaps(r);
}

void resolve_collect(struct resolver *r)
{
    static const struct vdc_key snaplen = { "snaplen", NULL, 64, 65535, 65535, VDC_UNIT_INTEGER };
    const struct vdc_text_collect *c = r->text->collect;
    struct vdc_resolved *out = r->out;
    bool is_on[VDC_LINKS_MAX] = { false };
    (void)resolve_value(r, &snaplen, c ? c->snaplen : NULL, "collect.snaplen", &out->snaplen);
    out->captures = resolve_alloc(out->n_links, sizeof(*out->captures));
    for (unsigned i = 0; c && i < c->pcap_count; i++) {
        char path[PATH_MAX_LEN];
        struct end e;
        bool has_match = false;
        snprintf(path, sizeof(path), "collect.pcap[%u]", i);
        if (!end_read(r, c->pcap[i], path, &e)) {
            continue;
        }
        for (size_t k = 0; k < out->n_links; k++) {
            if (end_names_link(&e, out, &out->links[k])) {
                is_on[k] = has_match = true;
            }
        }
        if (!has_match && out->n_links > 0) {
            resolve_error(r, path, "'%.64s' matches no link", c->pcap[i]);
        }
    }
    for (uint32_t k = 0; k < out->n_links; k++) {
        if (is_on[k]) {
            out->captures[out->n_captures++] = k;
        }
    }
}
