/* SPDX-License-Identifier: MIT */
/* The job text of a node: what the guest is to run and when. Pure parser, no I/O, no allocation. */
#ifndef VDC_GUEST_AGENT_JOB_H
#define VDC_GUEST_AGENT_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VDC_JOB_WORKLOADS_MAX 64u
#define VDC_JOB_SCRIPT_MAX    131000u /* one argument of execve() holds at most 131071 bytes */
#define VDC_JOB_ID_MAX        0x7fffu
#define VDC_JOB_MODULES_MAX   512u

struct vdc_workload {
    uint64_t at_ns;      /* virtual time of the start, ns; 0 for a live command */
    uint32_t id;         /* K of a workload, ID of a live command */
    uint32_t script_off; /* into the text, not terminated */
    uint32_t script_len; /* bytes */
};

struct vdc_job {
    bool is_arp_static;
    bool is_interactive;
    uint32_t n_workloads;
    struct vdc_workload workload[VDC_JOB_WORKLOADS_MAX]; /* in the order of the text */
    char modules[VDC_JOB_MODULES_MAX];                   /* names, blank separated */
};

/* Parses a job text, or with @is_live a live command text ("exec" lines only). @text is copied
 * nowhere: script offsets point into it. Returns 0, or -1 with one line about the first error in
 * @err. */
int vdc_job_parse(struct vdc_job *job, const char *text, size_t len, bool is_live, char *err,
                  size_t err_size);

#endif
