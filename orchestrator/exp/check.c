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

/* Shortest ways between switches: arrival at one to arrival at the other; 0 to itself. */
static void ways(const struct vdc_resolved *r, uint64_t way[VDC_SWITCHES_MAX][VDC_SWITCHES_MAX])
{
    for (size_t a = 0; a < r->n_switches; a++) {
        for (size_t b = 0; b < r->n_switches; b++) {
            way[a][b] = a == b ? 0 : VTIME_NEVER;
        }
    }
    for (size_t i = r->n_nodes; i < r->n_links; i++) {
        const struct vdc_link *l = &r->links[i];
        for (int dir = 0; dir < 2; dir++) {
            const uint32_t from = l->end[dir].idx;
            way[from][l->end[1 - dir].idx] = r->switches[from].keys.fwd_latency +
                                             link_min_ps(&l->dir[dir]);
        }
    }
    for (size_t k = 0; k < r->n_switches; k++) {
        for (size_t a = 0; a < r->n_switches; a++) {
            for (size_t b = 0; b < r->n_switches; b++) {
                way[a][b] = vtime_min(way[a][b], vtime_add(way[a][k], way[k][b]));
            }
        }
    }
}

uint64_t vdc_resolved_lookahead(const struct vdc_resolved *r)
{
    uint64_t way[VDC_SWITCHES_MAX][VDC_SWITCHES_MAX];
    uint64_t least = UINT64_MAX;
    ways(r, way);
    for (size_t i = 0; i < r->n_nodes; i++) {
        for (size_t j = 0; j < r->n_nodes; j++) {
            if (i == j) {
                continue;
            }
            const uint32_t from = r->links[i].end[1].idx;
            const uint32_t to = r->links[j].end[1].idx;
            uint64_t path = link_min_ps(&r->links[i].dir[VDC_DIR_UP]) +
                            r->switches[to].keys.fwd_latency +
                            link_min_ps(&r->links[j].dir[VDC_DIR_DOWN]);
            least = vtime_min(least, vtime_add(path, way[from][to]));
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

static void check_direction(struct resolver *r, const struct vdc_link *l, int dir)
{
    const struct vdc_link_keys *k = &l->dir[dir];
    const struct vdc_link_end *from = &l->end[dir];
    const char *name = vdc_link_end_name(r->out, from);
    if (k->burst_enter != 0 && !from->is_switch) {
        resolve_error(r, "fabric.links",
                      "burst_enter of %s's link towards the switch: the NIC has no burst loss, "
                      "give it to the direction from the switch",
                      name);
    }
    if (k->burst_enter != 0 && k->burst_leave == 0) {
        resolve_error(r, "fabric.links",
                      "burst_enter of %s:p%u without burst_leave: the first burst would never end",
                      name, (unsigned)from->port);
    }
}

static void check_links(struct resolver *r)
{
    const struct vdc_resolved *out = r->out;
    for (size_t i = 0; i < out->n_links; i++) {
        const struct vdc_link *l = &out->links[i];
        const struct vdc_link_keys *up = &l->dir[VDC_DIR_UP];
        const struct vdc_link_keys *down = &l->dir[VDC_DIR_DOWN];
        if (up->mtu != down->mtu) {
            resolve_error(r, "fabric.links",
                          "mtu of %s's link is %u to the switch and %u back, "
                          "allowed one value",
                          vdc_link_end_name(out, &l->end[0]), (unsigned)up->mtu,
                          (unsigned)down->mtu);
        }
        check_direction(r, l, VDC_DIR_UP);
        check_direction(r, l, VDC_DIR_DOWN);
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
