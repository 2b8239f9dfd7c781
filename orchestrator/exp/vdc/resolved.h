/* SPDX-License-Identifier: MIT */
/* A resolved experiment: every default decided, names turned into ids, ports, addresses. */
#ifndef VDC_ORCHESTRATOR_EXP_RESOLVED_H
#define VDC_ORCHESTRATOR_EXP_RESOLVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "vdc/exp.h"
#include "vdc/keys.h"
#include "vdc/pattern.h"

#define VDC_NODES_MAX     64u /* tasks of one host */
#define VDC_SWITCHES_MAX  32u
#define VDC_LINKS_MAX     (VDC_NODES_MAX + VDC_SWITCHES_MAX - 1) /* without loops */
#define VDC_WORKLOADS_MAX 64u                                    /* per node: the agent's limit */
#define VDC_SCRIPT_MAX    131000u /* bytes of one workload: the agent's limit */
#define VDC_FLAPS_MAX     8u      /* per link: the switch model's limit */

enum vdc_time_mode { VDC_TIME_EXACT, VDC_TIME_QUANTIZED };

struct vdc_node {
    char name[VDC_NAME_MAX + 1];
    char image[VDC_NAME_MAX + 1];
    char mac[18];
    char address[16];
    uint32_t id;
    uint32_t port_id;
    struct vdc_node_keys keys;
    struct vdc_nic_keys nic;
    uint32_t key_line[VDC_N_NODE_KEYS]; /* origin of each value: line of the file or VDC_ORIGIN_* */
    uint32_t nic_line[VDC_N_NIC_KEYS];
    uint32_t image_line;
};

struct vdc_switch {
    char name[VDC_NAME_MAX + 1];
    uint32_t id;
    struct vdc_switch_keys keys;
    uint32_t key_line[VDC_N_SWITCH_KEYS];
};

struct vdc_link_end {
    bool is_switch;
    uint32_t idx;  /* of the node or switch */
    uint32_t port; /* of a node: NIC port 0 */
    uint32_t port_id;
};

enum { VDC_DIR_UP, VDC_DIR_DOWN }; /* end[0] to end[1], and back */

struct vdc_link {
    /* Of a node's link the node comes first; of a link between switches the one with the lower
     * index. */
    struct vdc_link_end end[2];
    struct vdc_link_keys dir[2];
    uint32_t key_line[2][VDC_N_LINK_KEYS];
};

enum vdc_expect {
    VDC_EXPECT_CLEAN, /* if it has ended, its exit code is 0 */
    VDC_EXPECT_ANY,   /* nothing */
    VDC_EXPECT_CODE   /* it has ended with this exit code */
};

struct vdc_workload {
    uint32_t node;
    uint32_t k; /* number within the node, in the order of the file */
    uint64_t at_ps;
    char *run;
    enum vdc_expect expect;
    uint32_t expect_code;
};

/* The link is down in [down, up): what is on it is lost, both ends see it go and come. */
struct vdc_link_flap {
    uint32_t link; /* index */
    uint64_t down_ps, up_ps;
};

struct vdc_artefact {
    char name[64]; /* "qemu", "base/kernel" */
    char kind[16]; /* qemu firmware kernel initrd vswitchd */
    char sha256[65];
    uint64_t size;
};

struct vdc_resolved {
    char name[VDC_NAME_MAX + 1];
    uint64_t seed;
    bool is_interactive;
    struct vdc_time_keys time;
    uint32_t time_line[VDC_N_TIME_KEYS];
    struct vdc_limit_keys limits;
    uint32_t limit_line[VDC_N_LIMIT_KEYS];
    uint64_t snaplen;

    struct vdc_node *nodes; /* by id */
    size_t n_nodes;
    struct vdc_switch *switches; /* by id */
    size_t n_switches;
    struct vdc_link *links; /* one per node, by node; then those between switches, by end[0] */
    size_t n_links;
    struct vdc_workload *workloads; /* by node, then k */
    size_t n_workloads;
    struct vdc_link_flap *flaps; /* by link, then time; those of one link do not touch */
    size_t n_flaps;
    uint32_t *captures; /* indexes of links, ascending */
    size_t n_captures;
    struct vdc_artefact *artefacts; /* frozen ones; empty unless the file names them */
    size_t n_artefacts;
};

/* Resolves and checks. Messages go to diag. Returns what belongs to the caller, or NULL if diag has
 * an error. */
struct vdc_resolved *vdc_resolve(const struct vdc_exp *e, struct vdc_diag *diag);

/* Accepts NULL. */
void vdc_resolved_free(struct vdc_resolved *r);

/*
 * Writes the resolved experiment as an experiment file: the same bytes for the same experiment, and
 * reading it gives the same experiment again. has_origins adds a comment with the origin of each
 * value that is not a default. Returns 0 or -EIO.
 */
int vdc_resolved_write(const struct vdc_resolved *r, bool has_origins, FILE *to);

/* Name of the node or switch at this end. */
const char *vdc_link_end_name(const struct vdc_resolved *r, const struct vdc_link_end *e);

/* Shortest guest-to-guest path in ps (queues empty), the lookahead of the exact mode; UINT64_MAX
 * with one guest. */
uint64_t vdc_resolved_lookahead(const struct vdc_resolved *r);

#endif
