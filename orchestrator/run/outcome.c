/* SPDX-License-Identifier: MIT */
/* What became of a run: ends of the workloads, result.json, manifest.json, summary.txt. */
#include "vdc/outcome.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "run.h"
#include "vdc/version.h"

#define OUTPUT_MAX (1u << 20) /* bytes of a workload's output in a report */

const char *vdc_run_status_name(enum vdc_run_status status)
{
    switch (status) {
    case VDC_RUN_DONE:
        return "done";
    case VDC_RUN_FAILED:
        return "failed";
    case VDC_RUN_INTERRUPTED:
        return "interrupted";
    }
    return "unknown";
}

json_t *vdc_json_text(const char *s, size_t len)
{
    json_t *j = json_stringn(s, len);
    if (j) {
        return j;
    }
    char *copy = malloc(len + 1);
    if (!copy) {
        return NULL;
    }
    for (size_t i = 0; i < len; i++) {
        copy[i] = (unsigned char)s[i] < 0x80 ? s[i] : '?';
    }
    j = json_stringn(copy, len);
    free(copy);
    return j;
}

static bool is_as_expected(const struct vdc_workload *w, const struct vdc_workload_end *e)
{
    switch (w->expect) {
    case VDC_EXPECT_ANY:
        return true;
    case VDC_EXPECT_CLEAN:
        return !e->has_ended || e->code == 0;
    case VDC_EXPECT_CODE:
        return e->has_ended && e->code == w->expect_code;
    }
    return false;
}

static void read_events(const struct vdc_resolved *r, const struct vdc_rundir *d, uint32_t node,
                        struct vdc_outcome *out)
{
    char path[VDC_RUNDIR_PATH_MAX];
    char line[1024];
    FILE *f = fopen(vdc_rundir_file(d, path, "nodes/%s/events.log", r->nodes[node].name), "re");
    while (f && fgets(line, sizeof(line), f)) {
        uint64_t ns;
        uint32_t k, status;
        if (sscanf(line, "%" SCNu64 " exit %" SCNu32 " %" SCNu32, &ns, &k, &status) != 3) {
            continue;
        }
        for (size_t i = 0; i < r->n_workloads; i++) {
            if (r->workloads[i].node == node && r->workloads[i].k == k) {
                out->ends[i] = (struct vdc_workload_end){ true, status, ns, false };
            }
        }
    }
    if (f) {
        fclose(f);
    }
}

int vdc_outcome_collect(const struct vdc_resolved *r, const struct vdc_rundir *d,
                        struct vdc_outcome *out)
{
    memset(out, 0, sizeof(*out));
    out->ends = calloc(r->n_workloads + 1, sizeof(*out->ends));
    if (!out->ends) {
        return -ENOMEM;
    }
    out->n = r->n_workloads;
    out->is_met = true;
    for (uint32_t node = 0; node < r->n_nodes; node++) {
        read_events(r, d, node, out);
    }
    for (size_t i = 0; i < out->n; i++) {
        out->ends[i].is_met = is_as_expected(&r->workloads[i], &out->ends[i]);
        out->is_met = out->is_met && out->ends[i].is_met;
    }
    return 0;
}

void vdc_outcome_free(struct vdc_outcome *o)
{
    free(o->ends);
    memset(o, 0, sizeof(*o));
}

/* --- lines for people ---------------------------------------------------------------------------
 */

char *vdc_run_label(const struct vdc_resolved *r, const struct vdc_run_result *res, char s[128])
{
    char q[VDC_UNIT_TEXT];
    if (r->time.mode == VDC_TIME_QUANTIZED) {
        snprintf(s, 128, "quantized(Q=%s)",
                 vdc_unit_format(VDC_UNIT_DURATION, NULL, r->time.quantum, q));
    } else {
        snprintf(s, 128, "exact");
    }
    if (res->is_interactive) {
        strncat(s, " interactive", 127 - strlen(s));
    }
    if (r->time.digest_every == 0) {
        strncat(s, " digest off", 127 - strlen(s));
    }
    return s;
}

static void digest_text(const struct vdc_run_result *res, char s[33])
{
    if (res->has_digest) {
        vdc_digest_hex(res->digest, s);
    } else {
        strcpy(s, "none");
    }
}

/* 96210 as 96,210. */
static char *grouped(uint64_t n, char s[32])
{
    char digits[24];
    int len = snprintf(digits, sizeof(digits), "%" PRIu64, n);
    int out = 0;
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0) {
            s[out++] = ',';
        }
        s[out++] = digits[i];
    }
    s[out] = '\0';
    return s;
}

char *vdc_run_summary(const struct vdc_resolved *r, const struct vdc_run_result *res, char s[256])
{
    char digest[33], label[128], vt[32], windows[32];
    digest_text(res, digest);
    uint64_t skip = res->vt_end ? res->skipped_ps / (res->vt_end / 100 + 1) : 0;
    skip = skip > 100 ? 100 : skip; /* a failed run ends before the farthest member */
    snprintf(s, 256,
             "digest %s  %s  vt %s  wall %" PRIu64 ".%" PRIu64 " s  windows %s (skipped %" PRIu64
             " %%)  late %" PRIu64 " faults %" PRIu64,
             digest, vdc_run_label(r, res, label), progress_time(res->vt_end, vt),
             res->wall_ms / 1000, res->wall_ms % 1000 / 100, grouped(res->windows, windows), skip,
             res->late, res->faults);
    return s;
}

/* --- files --------------------------------------------------------------------------------------
 */

static json_t *labels_of(const struct vdc_resolved *r, const struct vdc_run_result *res)
{
    char q[VDC_UNIT_TEXT];
    char text[64];
    json_t *list = json_array();
    if (r->time.mode == VDC_TIME_QUANTIZED) {
        snprintf(text, sizeof(text), "quantized(Q=%s)",
                 vdc_unit_format(VDC_UNIT_DURATION, NULL, r->time.quantum, q));
        json_array_append_new(list, json_string(text));
    } else {
        json_array_append_new(list, json_string("exact"));
    }
    if (res->is_interactive) {
        json_array_append_new(list, json_string("interactive"));
    }
    if (r->time.digest_every == 0) {
        json_array_append_new(list, json_string("digest off"));
    }
    return list;
}

static json_t *reason_of(const struct vdc_run_result *res)
{
    const struct vdc_run_reason *why = &res->reason;
    if (res->status == VDC_RUN_DONE) {
        return json_null();
    }
    return json_pack("{s:s, s:s, s:I, s:s, s:o, s:o}", "component", why->component, "host", "local",
                     "vt_ps", (json_int_t)why->vt, "last_frame", why->last_frame, "text",
                     vdc_json_text(why->text, strlen(why->text)), "console",
                     vdc_json_text(why->console, strlen(why->console)));
}

static json_t *workload_of(const struct vdc_resolved *r, const struct vdc_outcome *o, size_t i)
{
    const struct vdc_workload *w = &r->workloads[i];
    const struct vdc_workload_end *e = &o->ends[i];
    json_t *j = json_pack("{s:s, s:i, s:I, s:o, s:b}", "node", r->nodes[w->node].name, "k",
                          (int)w->k, "at_ns", (json_int_t)(w->at_ps / 1000), "run",
                          vdc_json_text(w->run, strlen(w->run)), "met", (int)e->is_met);
    json_object_set_new(j, "exit", e->has_ended ? json_integer(e->code) : json_null());
    json_object_set_new(j, "end_ns",
                        e->has_ended ? json_integer((json_int_t)e->end_ns) : json_null());
    return j;
}

static int write_json(const struct vdc_rundir *d, const char *name, json_t *j)
{
    char *text = j ? json_dumps(j, JSON_INDENT(2) | JSON_SORT_KEYS) : NULL;
    json_decref(j);
    if (!text) {
        return -ENOMEM;
    }
    size_t len = strlen(text);
    text[len] = '\n'; /* in place of the NUL */
    int rc = vdc_rundir_write(d, name, text, len + 1);
    free(text);
    return rc;
}

static json_t *result_of(const struct vdc_resolved *r, const struct vdc_run_result *res,
                         const struct vdc_outcome *o)
{
    char digest[33];
    json_t *workloads = json_array();
    for (size_t i = 0; i < o->n; i++) {
        json_array_append_new(workloads, workload_of(r, o, i));
    }
    json_t *switches = json_array();
    for (size_t i = 0; i < r->n_switches; i++) {
        json_array_append_new(switches, json_pack("{s:s, s:I, s:I}", "name", r->switches[i].name,
                                                  "messages_in", (json_int_t)res->hub_in[i],
                                                  "messages_out", (json_int_t)res->hub_out[i]));
    }
    digest_text(res, digest);
    return json_pack("{s:s, s:o, s:s, s:s, s:I, s:I, s:b, s:o, s:o}", "digest", digest, "labels",
                     labels_of(r, res), "status", vdc_run_status_name(res->status), "end", res->end,
                     "vt_end_ps", (json_int_t)res->vt_end, "digest_points",
                     (json_int_t)res->n_points, "expectations_met", (int)o->is_met, "workloads",
                     workloads, "switches", switches);
}

static json_t *manifest_of(const struct vdc_resolved *r, const struct vdc_artefacts *a,
                           const struct vdc_rundir *d, const char *digest,
                           const struct vdc_run_result *res)
{
    char chain[33];
    json_t *artefacts = json_array();
    for (size_t i = 0; i < a->n; i++) {
        const struct vdc_artefact *w = &a->files[i].what;
        json_array_append_new(artefacts,
                              json_pack("{s:s, s:s, s:s, s:I}", "name", w->name, "kind", w->kind,
                                        "sha256", w->sha256, "size", (json_int_t)w->size));
    }
    digest_text(res, chain);
    json_t *inputs = json_pack("{s:s, s:I, s:o, s:s, s:s}", "resolved_sha256", digest, "seed",
                               (json_int_t)r->seed, "artefacts", artefacts, "qemu_build_id",
                               a->qemu_build_id, "engine", "native");
    json_t *wall = json_pack("{s:s, s:f, s:f, s:f}", "start", res->started, "seconds",
                             (double)res->wall_ms / 1000, "boot_seconds",
                             (double)res->boot_wall_ms / 1000, "cpu_seconds",
                             (double)res->cpu_ms / 1000);
    return json_pack(
        "{s:s, s:s, s:s, s:o, s:s, s:o, s:s, s:s, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}",
        "vdc", VDC_VERSION, "name", r->name, "id", d->id, "inputs", inputs, "digest", chain,
        "labels", labels_of(r, res), "status", vdc_run_status_name(res->status), "end", res->end,
        "reason", reason_of(res), "vt_end", (json_int_t)res->vt_end, "windows",
        (json_int_t)res->windows, "hub_runs", (json_int_t)res->hub_runs, "hub_skipped",
        (json_int_t)res->hub_skipped, "skipped_ps", (json_int_t)res->skipped_ps, "late",
        (json_int_t)res->late, "faults", (json_int_t)res->faults, "wall", wall);
}

/* No wall clock and no count of windows here: a replay gives the same text. */
static int write_summary(const struct vdc_resolved *r, const struct vdc_rundir *d,
                         const struct vdc_run_result *res, const struct vdc_outcome *o)
{
    char digest[33], label[128], vt[32];
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    if (!f) {
        return -ENOMEM;
    }
    digest_text(res, digest);
    fprintf(f, "%s: %s at vt %s\n", r->name, vdc_run_status_name(res->status),
            progress_time(res->vt_end, vt));
    if (res->status != VDC_RUN_DONE) {
        fprintf(f, "%s at vt %s: %s\n", res->reason.component, progress_time(res->reason.vt, vt),
                res->reason.text);
    }
    for (size_t i = 0; i < o->n; i++) {
        const struct vdc_workload *w = &r->workloads[i];
        const struct vdc_workload_end *e = &o->ends[i];
        fprintf(f, "%s workload %" PRIu32 ": ", r->nodes[w->node].name, w->k);
        if (e->has_ended) {
            fprintf(f, "exit %" PRIu32 " at %s%s\n", e->code,
                    progress_time(vtime_from_ns(e->end_ns), vt), e->is_met ? "" : "  NOT EXPECTED");
        } else {
            fprintf(f, "running at the end%s\n", e->is_met ? "" : "  NOT EXPECTED");
        }
    }
    fprintf(f, "digest %s  %s\n", digest, vdc_run_label(r, res, label));
    int rc = fclose(f) == 0 ? 0 : -ENOMEM;
    if (rc == 0) {
        rc = vdc_rundir_write(d, "summary.txt", text, len);
    }
    free(text);
    return rc;
}

static int write_codes(const struct vdc_resolved *r, const struct vdc_rundir *d,
                       const struct vdc_outcome *o)
{
    int rc = 0;
    for (size_t i = 0; i < o->n && rc == 0; i++) {
        char path[96];
        char text[16];
        const struct vdc_workload *w = &r->workloads[i];
        if (o->ends[i].has_ended) {
            snprintf(path, sizeof(path), "nodes/%s/workload-%" PRIu32 ".rc", r->nodes[w->node].name,
                     w->k);
            int n = snprintf(text, sizeof(text), "%" PRIu32 "\n", o->ends[i].code);
            rc = vdc_rundir_write(d, path, text, (size_t)n);
        }
    }
    return rc;
}

int vdc_outcome_write(const struct vdc_resolved *r, const struct vdc_artefacts *a,
                      const struct vdc_rundir *d, const char *digest,
                      const struct vdc_run_result *res, const struct vdc_outcome *o)
{
    int rc = write_codes(r, d, o);
    if (rc == 0) {
        rc = write_summary(r, d, res, o);
    }
    if (rc == 0) {
        rc = write_json(d, "result.json", result_of(r, res, o));
    }
    if (rc == 0) {
        rc = write_json(d, "manifest.json", manifest_of(r, a, d, digest, res));
    }
    return rc;
}

json_t *vdc_outcome_report(const struct vdc_resolved *r, const struct vdc_rundir *d,
                           const struct vdc_run_result *res, const struct vdc_outcome *o)
{
    char digest[33];
    json_t *workloads = json_array();
    for (size_t i = 0; i < o->n; i++) {
        char path[VDC_RUNDIR_PATH_MAX];
        char *output = NULL;
        size_t len = 0;
        json_t *w = workload_of(r, o, i);
        vdc_rundir_file(d, path, "nodes/%s/workload-%" PRIu32 ".out",
                        r->nodes[r->workloads[i].node].name, r->workloads[i].k);
        if (vdc_file_read(path, OUTPUT_MAX, &output, &len) == 0) {
            json_object_set_new(w, "output", vdc_json_text(output, len));
            free(output);
        } else {
            json_object_set_new(w, "output", json_string("")); /* none, or too long: see the file */
        }
        json_array_append_new(workloads, w);
    }
    digest_text(res, digest);
    return json_pack(
        "{s:s, s:s, s:o, s:s, s:s, s:o, s:I, s:f, s:f, s:I, s:I, s:I, s:I, s:I, s:b, s:o}", "run",
        d->path, "digest", digest, "labels", labels_of(r, res), "status",
        vdc_run_status_name(res->status), "end", res->end, "reason", reason_of(res), "virtual_ns",
        (json_int_t)(res->vt_end / 1000), "wall_s", (double)res->wall_ms / 1000, "boot_s",
        (double)res->boot_wall_ms / 1000, "windows", (json_int_t)res->windows, "moves",
        (json_int_t)res->moves, "skipped_ps", (json_int_t)res->skipped_ps, "late",
        (json_int_t)res->late, "faults", (json_int_t)res->faults, "expectations_met",
        (int)o->is_met, "workloads", workloads);
}
