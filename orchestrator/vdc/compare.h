/* SPDX-License-Identifier: MIT */
/* Comparison of two run directories: digest chains, traced records, output files. */
#ifndef VDC_ORCHESTRATOR_VDC_COMPARE_H
#define VDC_ORCHESTRATOR_VDC_COMPARE_H

#include <jansson.h>

#include "cli.h"
#include "vdc/hashlog.h"
#include "vdc/resolved.h"
#include "vdc/rundir.h"

/* Two chains and what vdc_chain_compare found. */
struct comparison {
    struct vdc_hashlog_data a, b;
    struct vdc_chain_diff diff;
    const struct vdc_resolved *resolved; /* who is whose neighbour; belongs to the caller */
};

/* Reads both hash.log files and compares them. EXIT_OK, or an exit code after telling why not. */
int comparison_make(struct comparison *c, const struct cli *cli, const struct vdc_resolved *r,
                    const struct vdc_rundir *a, const struct vdc_rundir *b);
void comparison_free(struct comparison *c);

/* First message that differs between the traces of two runs. */
struct record_diff {
    bool is_found;
    char component[VDC_HASHLOG_NAME_MAX];
    uint64_t number;     /* of the record within the interval, from 0 */
    uint64_t depart;     /* ps */
    char a[256], b[256]; /* lines of the traces; "(none)" where one run has fewer */
};

/* Looks through trace/NAME of both runs; of several components the earliest departure counts. */
void comparison_records(const struct comparison *c, const struct vdc_rundir *a,
                        const struct vdc_rundir *b, struct record_diff *out);

/* First file of outputs (console, workloads, events, captures) that differs; false if none does. */
struct file_diff {
    char name[128];
    uint64_t offset;   /* of the first different byte */
    char a[96], b[96]; /* the lines there, printable characters */
};
bool comparison_files(const struct vdc_resolved *r, const struct vdc_rundir *a,
                      const struct vdc_rundir *b, struct file_diff *out);

/* "DIVERGED at vt=..., point k, component x (its inputs agree)" and the components, for people.
 * first: the component whose message is the first to differ, NULL if that is not known. */
void comparison_print(const struct comparison *c, const char *first, FILE *to);
json_t *comparison_json(const struct comparison *c);

#endif
