/* SPDX-License-Identifier: MIT */
/* Emptying the rings of the segment: digest points into hash.log, traced messages into trace/NAME.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "run.h"

/* Component i of hash.log and of the traces: tasks first, then the switches. */
static uint32_t comp_of(const struct run *r, size_t i)
{
    const size_t n_nodes = r->resolved->n_nodes;
    return i < n_nodes ? (uint32_t)i : VDC_SEG_WHO_HUB + (uint32_t)(i - n_nodes);
}

static size_t n_components(const struct run *r)
{
    return r->resolved->n_nodes + r->resolved->n_switches;
}

int drain_open(struct run *r)
{
    const char *names[RUN_COMPONENTS_MAX];
    char path[VDC_RUNDIR_PATH_MAX];
    size_t n = n_components(r);
    for (size_t i = 0; i < n; i++) {
        names[i] = run_component(r, comp_of(r, i));
    }
    int rc = 0;
    if (r->resolved->time.digest_every != 0) {
        rc = vdc_hashlog_create(&r->hashlog, vdc_rundir_file(r->dir, path, "hash.log"), names, n);
    }
    if (rc < 0 || r->opts->trace_from >= r->opts->trace_to) {
        return rc;
    }
    rc = vdc_rundir_mkdir(r->dir, "trace");
    for (size_t i = 0; i < n && rc == 0; i++) {
        r->traces[i] = fopen(vdc_rundir_file(r->dir, path, "trace/%s", names[i]), "we");
        rc = r->traces[i] ? 0 : -errno;
    }
    return rc;
}

static bool drain_trace(struct run *r, size_t i)
{
    struct vdc_seg_record rec;
    bool has_moved = false;
    while (r->traces[i] && vdc_seg_trace_next(r->seg, comp_of(r, i), &rec) == 0) {
        char payload[33];
        vdc_digest_hex(rec.payload, payload);
        fprintf(r->traces[i],
                "depart=%" PRIu64 " t=%" PRIu64 " port=0x%08" PRIx32 " seq=%" PRIu64
                " dst=0x%08" PRIx32 " type=%u flags=%u len=%" PRIu32 " payload=%s\n",
                rec.depart, rec.t, rec.port, rec.seq, rec.dst, rec.type, rec.flags, rec.len,
                payload);
        has_moved = true;
    }
    return has_moved;
}

bool drain_rings(struct run *r)
{
    bool has_moved = false;
    for (size_t i = 0; i < n_components(r); i++) {
        struct vdc_digest_point p;
        while (vdc_seg_digest_next(r->seg, comp_of(r, i), &p) == 0) {
            has_moved = true;
            int rc = r->hashlog ? vdc_hashlog_put(r->hashlog, i, &p) : 0;
            if (rc < 0) {
                run_fail(r, comp_of(r, i), "hash.log cannot be written: %s", strerror(-rc));
                return false;
            }
        }
        has_moved |= drain_trace(r, i);
    }
    return has_moved;
}

void drain_close(struct run *r)
{
    if (r->hashlog) {
        r->result->digest = vdc_hashlog_digest(r->hashlog);
        (void)vdc_hashlog_end(r->hashlog, &r->result->n_points);
        r->result->has_digest = r->result->n_points > 0;
        int rc = vdc_hashlog_close(r->hashlog);
        r->hashlog = NULL;
        if (rc < 0) {
            run_fail(r, VDC_SEG_WHO_NONE, "hash.log cannot be written: %s", strerror(-rc));
        }
    }
    for (size_t i = 0; i < n_components(r); i++) {
        if (r->traces[i] && fclose(r->traces[i]) != 0) {
            run_fail(r, comp_of(r, i), "the trace cannot be written: %s", strerror(errno));
        }
        r->traces[i] = NULL;
    }
}
