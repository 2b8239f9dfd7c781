/* SPDX-License-Identifier: MIT */
/* Comparison of two run directories: digest chains, traced records, output files. */
#include "compare.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "vdc/vtime.h"

static int read_chain(const struct cli *cli, const struct vdc_rundir *d,
                      struct vdc_hashlog_data *out)
{
    char path[VDC_RUNDIR_PATH_MAX];
    size_t bad_line;
    int rc = vdc_hashlog_read(vdc_rundir_file(d, path, "hash.log"), out, &bad_line);
    if (rc == -EBADMSG) {
        return cli_error(cli, EXIT_INPUTS, "%s: line %zu is not a digest point", path, bad_line);
    }
    if (rc < 0) {
        return cli_error(cli, EXIT_INPUTS, "%s cannot be read: %s", path, strerror(-rc));
    }
    return EXIT_OK;
}

/* Neighbours are joined by a link. */
static bool are_neighbours(void *ctx, size_t i, size_t j)
{
    const struct comparison *c = ctx;
    const struct vdc_resolved *r = c->resolved;
    for (size_t k = 0; k < r->n_links; k++) {
        const char *x = vdc_link_end_name(r, &r->links[k].end[0]);
        const char *y = vdc_link_end_name(r, &r->links[k].end[1]);
        if ((strcmp(c->a.names[i], x) == 0 && strcmp(c->a.names[j], y) == 0) ||
            (strcmp(c->a.names[i], y) == 0 && strcmp(c->a.names[j], x) == 0)) {
            return true;
        }
    }
    return false;
}

int comparison_make(struct comparison *c, const struct cli *cli, const struct vdc_resolved *r,
                    const struct vdc_rundir *a, const struct vdc_rundir *b)
{
    memset(c, 0, sizeof(*c));
    c->resolved = r;
    int code = read_chain(cli, a, &c->a);
    if (code == EXIT_OK) {
        code = read_chain(cli, b, &c->b);
    }
    if (code == EXIT_OK) {
        vdc_chain_compare(&c->a, &c->b, are_neighbours, c, &c->diff);
    }
    return code;
}

void comparison_free(struct comparison *c)
{
    vdc_hashlog_free(&c->a);
    vdc_hashlog_free(&c->b);
}

/* --- records ------------------------------------------------------------------------------------
 */

static bool next_line(FILE *f, char line[256])
{
    if (!f || !fgets(line, 256, f)) {
        strcpy(line, "(none)");
        return false;
    }
    line[strcspn(line, "\n")] = '\0';
    return true;
}

static uint64_t departure(const char *line)
{
    uint64_t t = VTIME_NEVER;
    (void)sscanf(line, "depart=%" SCNu64, &t); /* stays VTIME_NEVER for "(none)" */
    return t;
}

static void component_records(const char *name, const struct vdc_rundir *a,
                              const struct vdc_rundir *b, struct record_diff *out)
{
    char path[VDC_RUNDIR_PATH_MAX];
    char x[256], y[256];
    FILE *f = fopen(vdc_rundir_file(a, path, "trace/%s", name), "re");
    FILE *g = fopen(vdc_rundir_file(b, path, "trace/%s", name), "re");
    for (uint64_t number = 0;; number++) {
        bool has_x = next_line(f, x);
        bool has_y = next_line(g, y);
        if (!has_x && !has_y) {
            break;
        }
        if (strcmp(x, y) == 0) {
            continue;
        }
        uint64_t depart = vtime_min(departure(x), departure(y));
        if (!out->is_found || depart < out->depart) {
            out->is_found = true;
            snprintf(out->component, sizeof(out->component), "%s", name);
            out->number = number;
            out->depart = depart;
            memcpy(out->a, x, sizeof(out->a));
            memcpy(out->b, y, sizeof(out->b));
        }
        break;
    }
    if (f) {
        fclose(f);
    }
    if (g) {
        fclose(g);
    }
}

void comparison_records(const struct comparison *c, const struct vdc_rundir *a,
                        const struct vdc_rundir *b, struct record_diff *out)
{
    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < c->a.n_names; i++) {
        component_records(c->a.names[i], a, b, out);
    }
}

/* --- files --------------------------------------------------------------------------------------
 */

/* The line around an offset, as far as it can be shown. */
static void show_line(const char *data, size_t len, size_t at, char s[96])
{
    size_t start = at < len ? at : len;
    size_t n = 0;
    while (start > 0 && data[start - 1] != '\n' && at - start < 60) {
        start--;
    }
    for (size_t i = start; i < len && data[i] != '\n' && n < 95; i++) {
        s[n++] = data[i] >= 0x20 && data[i] < 0x7f ? data[i] : '?';
    }
    s[n] = '\0';
    if (start >= len) {
        strcpy(s, "(end of file)");
    }
}

static bool file_differs(const struct vdc_rundir *a, const struct vdc_rundir *b, const char *name,
                         struct file_diff *out)
{
    char path[VDC_RUNDIR_PATH_MAX];
    char *x = NULL;
    char *y = NULL;
    size_t n_x = 0;
    size_t n_y = 0;
    int rc_x = vdc_file_read(vdc_rundir_file(a, path, "%s", name), SIZE_MAX / 4, &x, &n_x);
    int rc_y = vdc_file_read(vdc_rundir_file(b, path, "%s", name), SIZE_MAX / 4, &y, &n_y);
    bool differs = rc_x != rc_y || n_x != n_y || (n_x > 0 && memcmp(x, y, n_x) != 0);
    if (differs) {
        size_t at = 0;
        while (at < n_x && at < n_y && x[at] == y[at]) {
            at++;
        }
        snprintf(out->name, sizeof(out->name), "%s", name);
        out->offset = at;
        show_line(x ? x : "", n_x, at, out->a);
        show_line(y ? y : "", n_y, at, out->b);
    }
    free(x);
    free(y);
    return differs;
}

bool comparison_files(const struct vdc_resolved *r, const struct vdc_rundir *a,
                      const struct vdc_rundir *b, struct file_diff *out)
{
    char name[128];
    static const char *const fixed[] = { "console.log", "events.log" };
    for (size_t i = 0; i < r->n_nodes; i++) {
        for (size_t k = 0; k < 2; k++) {
            snprintf(name, sizeof(name), "nodes/%s/%s", r->nodes[i].name, fixed[k]);
            if (file_differs(a, b, name, out)) {
                return true;
            }
        }
    }
    for (size_t i = 0; i < r->n_workloads; i++) {
        snprintf(name, sizeof(name), "nodes/%s/workload-%" PRIu32 ".out",
                 r->nodes[r->workloads[i].node].name, r->workloads[i].k);
        if (file_differs(a, b, name, out)) {
            return true;
        }
    }
    for (size_t i = 0; i < 2 * r->n_captures; i++) {
        const struct vdc_link_end *e = &r->links[r->captures[i / 2]].end[i % 2];
        snprintf(name, sizeof(name), "pcap/%s-p%" PRIu32 ".pcapng", vdc_link_end_name(r, e),
                 e->port);
        if (e->is_switch && file_differs(a, b, name, out)) {
            return true;
        }
    }
    return false;
}

/* --- reports ------------------------------------------------------------------------------------
 */

static void list_what(uint8_t what, char s[32])
{
    snprintf(s, 32, "%s%s%s", what & VDC_CHAIN_STREAM ? " stream" : "",
             what & VDC_CHAIN_STATE ? " state" : "", what & VDC_CHAIN_TEXT ? " text" : "");
}

void comparison_print(const struct comparison *c, const char *first, FILE *to)
{
    const struct vdc_chain_diff *d = &c->diff;
    char what[32];
    const char *why = "first to send something different";
    for (size_t i = 0; i < c->a.n_names && d->n_suspects > 0; i++) {
        if (d->is_suspect[i]) {
            first = c->a.names[i];
            why = "its inputs agree";
            break;
        }
    }
    fprintf(to,
            "DIVERGED at vt=%" PRIu64 ".%06" PRIu64 " ms, point %" PRIu64 ", component %s (%s)\n",
            d->t / VTIME_PS_PER_MS, d->t % VTIME_PS_PER_MS / VTIME_PS_PER_NS, d->k,
            first ? first : "unknown", first ? why : "all differ in what they received");
    fprintf(to,
            "  window of virtual time [%" PRIu64 ", %" PRIu64 ") ns, %" PRIu64
            " points before it are equal\n",
            d->t_from / VTIME_PS_PER_NS, d->t / VTIME_PS_PER_NS, d->n_equal);
    for (size_t i = 0; i < c->a.n_names; i++) {
        if (d->what[i]) {
            list_what(d->what[i], what);
            fprintf(to, "  %s differs in:%s%s\n", c->a.names[i], what,
                    d->is_suspect[i] ? "  <- suspect" : "");
        }
    }
}

json_t *comparison_json(const struct comparison *c)
{
    static const char *const verdicts[] = { "equal", "prefix", "diverged", "other" };
    const struct vdc_chain_diff *d = &c->diff;
    json_t *list = json_array();
    for (size_t i = 0; i < c->a.n_names; i++) {
        if (d->what[i]) {
            json_array_append_new(
                list,
                json_pack("{s:s, s:b, s:b, s:b, s:b}", "name", c->a.names[i], "stream",
                          d->what[i] & VDC_CHAIN_STREAM, "state", d->what[i] & VDC_CHAIN_STATE,
                          "text", d->what[i] & VDC_CHAIN_TEXT, "suspect", (int)d->is_suspect[i]));
        }
    }
    json_t *j = json_pack("{s:s, s:I, s:o}", "verdict", verdicts[d->verdict], "points_equal",
                          (json_int_t)d->n_equal, "components", list);
    if (d->verdict == VDC_CHAIN_DIVERGED) {
        json_object_set_new(j, "point", json_integer((json_int_t)d->k));
        json_object_set_new(j, "vt_ps", json_integer((json_int_t)d->t));
        json_object_set_new(j, "window_from_ps", json_integer((json_int_t)d->t_from));
    }
    return j;
}
