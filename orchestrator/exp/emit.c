/* SPDX-License-Identifier: MIT */
/* Writing a resolved experiment as an experiment file in which nothing is left to defaults. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "vdc/resolved.h"

struct writer {
    FILE *to;
    bool has_origins;
};

static void write_origin(const struct writer *w, uint32_t line)
{
    if (w->has_origins && line == VDC_ORIGIN_SET) {
        fputs("  # --set", w->to);
    } else if (w->has_origins && line != VDC_ORIGIN_DEFAULT) {
        fprintf(w->to, "  # line %" PRIu32, line);
    }
}

static void write_keys(const struct writer *w, const char *indent, const struct vdc_key *keyset,
                       size_t n, const void *values, const uint32_t *lines)
{
    char text[VDC_UNIT_TEXT];
    for (size_t i = 0; i < n; i++) {
        uint64_t v = ((const uint64_t *)values)[i];
        if (keyset[i].unit == VDC_UNIT_DURATION_OR_OFF && v == 0 && keyset[i].def == 0) {
            continue; /* absent: the key has no meaning then */
        }
        fprintf(w->to, "%s%s: %s", indent, keyset[i].name,
                vdc_unit_format(keyset[i].unit, keyset[i].choices, v, text));
        write_origin(w, lines[i]);
        fputc('\n', w->to);
    }
}

static void write_quoted(const struct writer *w, const char *s)
{
    fputc('"', w->to);
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\') {
            fprintf(w->to, "\\%c", c);
        } else if (c == '\n') {
            fputs("\\n", w->to);
        } else if (c == '\t') {
            fputs("\\t", w->to);
        } else if (c < 0x20 || c == 0x7f) {
            fprintf(w->to, "\\x%02x", c);
        } else {
            fputc(c, w->to);
        }
    }
    fputc('"', w->to);
}

static void write_fabric(const struct writer *w, const struct vdc_resolved *r)
{
    fputs("fabric:\n  switches:\n", w->to);
    for (size_t i = 0; i < r->n_switches; i++) {
        const struct vdc_switch *s = &r->switches[i];
        fprintf(w->to, "    - name: %s\n      id: %" PRIu32 "\n", s->name, s->id);
        write_keys(w, "      ", vdc_switch_keyset, VDC_N_SWITCH_KEYS, &s->keys, s->key_line);
    }
    fputs("  links:\n", w->to);
    for (size_t i = 0; i < r->n_links; i++) {
        const struct vdc_link *l = &r->links[i];
        fprintf(w->to, "    - between: [%s:p%" PRIu32 ", %s:p%" PRIu32 "]\n",
                vdc_link_end_name(r, &l->end[0]), l->end[0].port, vdc_link_end_name(r, &l->end[1]),
                l->end[1].port);
        for (int dir = 0; dir < 2; dir++) {
            fputs(dir == VDC_DIR_UP ? "      a_to_b:\n" : "      b_to_a:\n", w->to);
            write_keys(w, "        ", vdc_link_keyset, VDC_N_LINK_KEYS, &l->dir[dir],
                       l->key_line[dir]);
        }
    }
}

static void write_nodes(const struct writer *w, const struct vdc_resolved *r)
{
    fprintf(w->to, "nodes:\n  count: %zu\n  overrides:\n", r->n_nodes);
    for (size_t i = 0; i < r->n_nodes; i++) {
        const struct vdc_node *n = &r->nodes[i];
        fprintf(w->to,
                "    - match: %s\n      id: %" PRIu32 "\n      mac: \"%s\"\n"
                "      address: %s\n      image: %s",
                n->name, n->id, n->mac, n->address, n->image);
        write_origin(w, n->image_line);
        fputc('\n', w->to);
        write_keys(w, "      ", vdc_node_keyset, VDC_N_NODE_KEYS, &n->keys, n->key_line);
        fputs("      nic:\n", w->to);
        write_keys(w, "        ", vdc_nic_keyset, VDC_N_NIC_KEYS, &n->nic, n->nic_line);
    }
}

static void write_workload(const struct writer *w, const struct vdc_resolved *r)
{
    char text[VDC_UNIT_TEXT];
    if (r->n_workloads == 0) {
        return;
    }
    fputs("workload:\n", w->to);
    for (size_t i = 0; i < r->n_workloads; i++) {
        const struct vdc_workload *job = &r->workloads[i];
        fprintf(w->to, "  - node: %s\n    at: %s\n    expect: {exit: ", r->nodes[job->node].name,
                vdc_unit_format(VDC_UNIT_DURATION, NULL, job->at_ps, text));
        if (job->expect == VDC_EXPECT_CODE) {
            fprintf(w->to, "%" PRIu32 "}\n", job->expect_code);
        } else {
            fputs(job->expect == VDC_EXPECT_ANY ? "any}\n" : "clean}\n", w->to);
        }
        fputs("    run: ", w->to);
        write_quoted(w, job->run);
        fputc('\n', w->to);
    }
}

static void write_faults(const struct writer *w, const struct vdc_resolved *r)
{
    char at[VDC_UNIT_TEXT];
    char duration[VDC_UNIT_TEXT];
    if (r->n_flaps > 0) {
        fputs("faults:\n", w->to);
    }
    for (size_t i = 0; i < r->n_flaps; i++) {
        const struct vdc_link_flap *f = &r->flaps[i];
        const struct vdc_link_end *e = &r->links[f->link].end[1];
        fprintf(w->to, "  - {at: %s, link: \"%s:p%" PRIu32 "\", kind: flap, for: %s}\n",
                vdc_unit_format(VDC_UNIT_DURATION, NULL, f->down_ps, at), vdc_link_end_name(r, e),
                e->port, vdc_unit_format(VDC_UNIT_DURATION, NULL, f->up_ps - f->down_ps, duration));
    }
}

static void write_collect(const struct writer *w, const struct vdc_resolved *r)
{
    fprintf(w->to, "collect:\n  snaplen: %" PRIu64 "\n  pcap: [", r->snaplen);
    for (size_t i = 0; i < r->n_captures; i++) {
        const struct vdc_link_end *e = &r->links[r->captures[i]].end[1];
        fprintf(w->to, "%s%s:p%" PRIu32, i > 0 ? ", " : "", vdc_link_end_name(r, e), e->port);
    }
    fputs("]\n", w->to);
}

int vdc_resolved_write(const struct vdc_resolved *r, bool has_origins, FILE *to)
{
    const struct writer w = { to, has_origins };
    fprintf(to, "vdc: 1\nname: %s\nseed: %" PRIu64 "\ninteractive: %s\ntime:\n", r->name, r->seed,
            r->is_interactive ? "true" : "false");
    write_keys(&w, "  ", vdc_time_keyset, VDC_N_TIME_KEYS, &r->time, r->time_line);
    write_fabric(&w, r);
    write_nodes(&w, r);
    write_workload(&w, r);
    write_faults(&w, r);
    write_collect(&w, r);
    fputs("limits:\n", to);
    write_keys(&w, "  ", vdc_limit_keyset, VDC_N_LIMIT_KEYS, &r->limits, r->limit_line);
    if (r->n_artefacts > 0) {
        fputs("artefacts:\n", to);
    }
    for (size_t i = 0; i < r->n_artefacts; i++) {
        const struct vdc_artefact *a = &r->artefacts[i];
        fprintf(to, "  - {name: %s, kind: %s, sha256: \"%s\", size: %" PRIu64 "B}\n", a->name,
                a->kind, a->sha256, a->size);
    }
    return ferror(to) ? -EIO : 0;
}
