/* SPDX-License-Identifier: MIT */
/* Checks across the parts of an experiment, once each value is good by itself. */
#include "resolve.h"
#include "vdc/link.h"

static uint64_t link_min_ps(const struct vdc_link_keys *k)
{
    struct vdc_link_cfg cfg = {
        .rate_bps = k->rate,
        .latency_ps = k->latency,
        .tx_quantum_ps = k->tx_quantum,
        .wire_overhead = (uint32_t)k->wire_overhead,
        .min_frame = (uint32_t)k->min_frame,
        .mtu = (uint32_t)k->mtu,
    };
    return vdc_link_min_ps(&cfg);
}

uint64_t vdc_resolved_lookahead(const struct vdc_resolved *r)
{
    uint64_t least = UINT64_MAX;
    for (size_t i = 0; i < r->n_links; i++) {
        for (size_t j = 0; j < r->n_links; j++) {
            if (i == j) {
                continue;
            }
            uint64_t path = link_min_ps(&r->links[i].dir[VDC_DIR_UP]) +
                            r->switches[0].keys.fwd_latency +
                            link_min_ps(&r->links[j].dir[VDC_DIR_DOWN]);
            least = path < least ? path : least;
        }
    }
    return least;
}

static void check_time(struct resolver *r)
{
    const struct vdc_resolved *out = r->out;
    uint64_t lookahead = vdc_resolved_lookahead(out);
    char text[VDC_UNIT_TEXT];
    if (out->time.mode == VDC_TIME_QUANTIZED && out->time.quantum == 0) {
        resolve_error(r, "time", "mode quantized needs 'quantum', allowed 1ns..1ms");
    }
    if (out->time.mode == VDC_TIME_EXACT && out->time.quantum != 0) {
        resolve_error(r, "time.quantum", "has no meaning in mode exact, leave it out");
    }
    if (out->time.mode == VDC_TIME_QUANTIZED && out->time.quantum != 0 &&
        out->time.quantum < lookahead && lookahead != UINT64_MAX) {
        resolve_error(r, "time.quantum", "is below the shortest path (%s): mode exact is as fast",
                      vdc_unit_format(VDC_UNIT_DURATION, NULL, lookahead, text));
    }
    const struct {
        const char *path;
        uint64_t ps;
    } whole[] = {
        { "time.stop", out->time.stop },
        { "time.quantum", out->time.quantum },
        { "time.digest_every", out->time.digest_every },
    };
    for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
        if (whole[i].ps % 1000 != 0) {
            resolve_error(r, whole[i].path, "is not a whole number of ns, as guests count");
        }
    }
    if (lookahead < 2000) {
        resolve_error(r, "fabric",
                      "the shortest path between two guests is %s, allowed 2ns and more: raise "
                      "latency or fwd_latency",
                      vdc_unit_format(VDC_UNIT_DURATION, NULL, lookahead, text));
    }
}

static void check_links(struct resolver *r)
{
    const struct vdc_resolved *out = r->out;
    for (size_t i = 0; i < out->n_links; i++) {
        const struct vdc_link *l = &out->links[i];
        const char *node = out->nodes[l->node].name;
        const struct vdc_link_keys *up = &l->dir[VDC_DIR_UP];
        const struct vdc_link_keys *down = &l->dir[VDC_DIR_DOWN];
        if (up->mtu != down->mtu) {
            resolve_error(r, "fabric.links",
                          "mtu of %s's link is %u to the switch and %u back, "
                          "allowed one value",
                          node, (unsigned)up->mtu, (unsigned)down->mtu);
        }
        if (up->loss != 0 || up->corrupt != 0 || up->jitter != 0) {
            resolve_error(r, "fabric.links",
                          "loss, corrupt and jitter of %s's link towards the switch: the NIC has "
                          "none, give them to the direction from the switch",
                          node);
        }
        if (up->mtu != out->links[0].dir[VDC_DIR_UP].mtu) {
            resolve_warning(r, "fabric", "links have different mtu: larger frames are dropped");
        }
    }
}

void resolve_check(struct resolver *r)
{
    check_time(r);
    check_links(r);
    for (size_t i = 0; i < r->out->n_nodes; i++) {
        if (r->out->nodes[i].keys.vcpus > 1) {
            resolve_warning(r, "nodes",
                            "more than one vCPU adds no compute: virtual time counts "
                            "the instructions of all of them");
        }
    }
    if (r->out->n_workloads == 0) {
        resolve_warning(r, "workload", "no node has anything to run");
    }
}
