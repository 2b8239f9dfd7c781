/* SPDX-License-Identifier: MIT */
/* Resolving: ids, ports and addresses, levels of keys, and resolve(resolved) = resolved. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vdc/msg.h"
#include "vdc/resolved.h"

static int bad;

#define CHECK(x)                                                                                   \
    do {                                                                                           \
        if (!(x)) {                                                                                \
            printf("%s:%d: %s\n", __FILE__, __LINE__, #x);                                         \
            bad++;                                                                                 \
        }                                                                                          \
    } while (0)

static struct vdc_resolved *resolve(const char *text, const char *const *sets, size_t n_sets)
{
    struct vdc_diag diag;
    vdc_diag_init(&diag, "test.yaml");
    struct vdc_exp *e = vdc_exp_parse(text, strlen(text), sets, n_sets, &diag);
    struct vdc_resolved *r = e ? vdc_resolve(e, &diag) : NULL;
    if (!r) {
        vdc_diag_print(&diag, stdout);
    }
    vdc_exp_free(e);
    vdc_diag_free(&diag);
    return r;
}

static char *written(const struct vdc_resolved *r, bool has_origins)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    assert(f);
    CHECK(vdc_resolved_write(r, has_origins, f) == 0);
    fclose(f);
    return text;
}

static const char star[] = "vdc: 1\n"
                           "name: t\n"
                           "seed: 9\n"
                           "time: {stop: 10ms, digest_every: off}\n"
                           "fabric:\n"
                           "  template: {kind: star, ports: 8}\n"
                           "  defaults: {latency: 1us, rate: 10Gbps}\n"
                           "  switch: {fwd_latency: 100ns}\n"
                           "  links:\n"
                           "    - {between: [sw0, 'node[0-1]'], latency: 2us, a_to_b: {loss: 1%}}\n"
                           "    - {between: [node1, 'sw0:p1'], b_to_a: {latency: 3us}}\n"
                           "nodes:\n"
                           "  count: 3\n"
                           "  defaults: {memory: 1GiB, nic: {t_db: 1us}}\n"
                           "  overrides:\n"
                           "    - {match: 'node[1-2]', image: other, nic: {t_db: 2us, t_tx: 5ns}}\n"
                           "    - {match: node2, memory: 512MiB, nic: {t_db: 3us}}\n"
                           "workload:\n"
                           "  - {node: node1, run: \"a \\\"b\\\" \\\\ $x\\n\\tend\", at: 1us}\n"
                           "  - {node: 'node*', run: second, expect: {exit: 3}}\n"
                           "  - {node: node0, run: third, expect: {exit: any}}\n"
                           "faults:\n"
                           "  - {at: 2ms, link: 'sw0:p2', kind: flap, for: 1us}\n"
                           "  - {at: 1ms, link: 'node[1-2]', kind: flap, for: 100us}\n"
                           "collect: {pcap: ['sw0:p2', node0], snaplen: 128}\n"
                           "limits: {stall: 2s}\n";

static void check_star(const struct vdc_resolved *r)
{
    CHECK(strcmp(r->name, "t") == 0 && r->seed == 9 && !r->is_interactive);
    CHECK(r->time.stop == UINT64_C(10000000000) && r->time.digest_every == 0);
    CHECK(r->time.shift == 2 && r->time.mode == VDC_TIME_EXACT);
    CHECK(r->n_switches == 1 && r->switches[0].keys.ports == 8);
    CHECK(r->switches[0].keys.fwd_latency == 100000);
    CHECK(r->n_nodes == 3 && r->n_links == 3);
    const struct vdc_node *n = r->nodes;
    CHECK(strcmp(n[0].name, "node0") == 0 && strcmp(n[0].mac, "02:48:43:00:00:01") == 0);
    CHECK(strcmp(n[2].mac, "02:48:43:00:00:21") == 0 && strcmp(n[2].address, "10.0.0.3") == 0);
    CHECK(n[2].port_id == vdc_port_id(VDC_PORT_NIC, 2, 0));
    CHECK(n[0].keys.memory == UINT64_C(1) << 30 && n[2].keys.memory == UINT64_C(512) << 20);
    CHECK(n[0].nic.t_db == 1000000 && n[1].nic.t_db == 2000000 && n[2].nic.t_db == 3000000);
    CHECK(n[2].nic.t_tx == 5000 && n[0].nic.t_tx == 100000);
    CHECK(strcmp(n[0].image, "base") == 0 && strcmp(n[1].image, "other") == 0);

    const struct vdc_link *l = r->links;
    CHECK(l[1].end[1].is_switch && l[1].end[1].port == 1 && !l[1].end[0].is_switch);
    CHECK(l[1].end[1].port_id == vdc_port_id(VDC_PORT_SWITCH, 0, 1));
    CHECK(l[1].end[0].port_id == n[1].port_id);
    /* The first entry has the switch as a: a_to_b is from the switch. */
    CHECK(l[0].dir[VDC_DIR_DOWN].loss == 42949673 && l[0].dir[VDC_DIR_UP].loss == 0);
    CHECK(l[0].dir[VDC_DIR_UP].latency == 2000000 && l[0].dir[VDC_DIR_DOWN].latency == 2000000);
    /* The second one has the node as a: b_to_a is from the switch, and a later entry wins. */
    CHECK(l[1].dir[VDC_DIR_UP].latency == 2000000 && l[1].dir[VDC_DIR_DOWN].latency == 3000000);
    CHECK(l[1].dir[VDC_DIR_DOWN].loss == 42949673);
    CHECK(l[2].dir[VDC_DIR_UP].latency == 1000000);
    CHECK(l[2].dir[VDC_DIR_UP].rate == UINT64_C(10000000000));

    CHECK(r->n_workloads == 5);
    const struct vdc_workload *w = r->workloads;
    CHECK(w[0].node == 0 && w[0].k == 0 && strcmp(w[0].run, "second") == 0);
    CHECK(w[0].expect == VDC_EXPECT_CODE && w[0].expect_code == 3);
    CHECK(w[1].node == 0 && w[1].k == 1 && w[1].expect == VDC_EXPECT_ANY);
    CHECK(w[2].node == 1 && w[2].k == 0 && w[2].at_ps == 1000000);
    CHECK(strcmp(w[2].run, "a \"b\" \\ $x\n\tend") == 0 && w[2].expect == VDC_EXPECT_CLEAN);
    CHECK(r->n_flaps == 3);
    CHECK(r->flaps[0].link == 1 && r->flaps[0].down_ps == UINT64_C(1000000000));
    CHECK(r->flaps[1].link == 2 && r->flaps[1].up_ps == UINT64_C(1100000000));
    CHECK(r->flaps[2].link == 2 && r->flaps[2].up_ps == UINT64_C(2001000000));
    CHECK(r->n_captures == 2 && r->captures[0] == 0 && r->captures[1] == 2 && r->snaplen == 128);
    CHECK(r->limits.stall == UINT64_C(2000000000000));
}

static void test_star(void)
{
    struct vdc_resolved *r = resolve(star, NULL, 0);
    if (!r) {
        bad++;
        return;
    }
    check_star(r);
    char *first = written(r, false);
    struct vdc_resolved *again = resolve(first, NULL, 0);
    CHECK(again);
    if (again) {
        check_star(again);
        char *second = written(again, false);
        CHECK(strcmp(first, second) == 0);
        free(second);
    }
    char *shown = written(r, true);
    CHECK(strstr(shown, "latency: 3us  # line 11\n"));
    CHECK(strstr(shown, "stop: 10ms  # line 4\n"));
    CHECK(strstr(shown, "shift: 2\n"));
    free(shown);
    free(first);
    vdc_resolved_free(again);
    vdc_resolved_free(r);
}

static void test_sets(void)
{
    const char *const sets[] = { "time.stop=20ms", "nodes.defaults.vcpus=2", "limits.boot=9s",
                                 "workload[1].run=new", "collect.snaplen=99" };
    struct vdc_resolved *r = resolve(star, sets, 5);
    CHECK(r);
    if (r) {
        CHECK(r->time.stop == UINT64_C(20000000000) && r->nodes[0].keys.vcpus == 2);
        CHECK(r->limits.boot == UINT64_C(9000000000000) && r->snaplen == 99);
        CHECK(strcmp(r->workloads[0].run, "new") == 0);
        CHECK(r->time_line[0] == VDC_ORIGIN_SET);
        char *shown = written(r, true);
        CHECK(strstr(shown, "stop: 20ms  # --set\n"));
        free(shown);
    }
    vdc_resolved_free(r);
}

/* Another order of keys and entries that mean the same gives the same experiment. */
static void test_order(void)
{
    static const char a[] = "vdc: 1\nname: t\ntime: {stop: 1ms}\n"
                            "fabric:\n  switches: [{name: top, ports: 4, aging: 1s}]\n"
                            "  links: [{between: [node0, top]}, {between: [node1, top]}]\n"
                            "nodes: {count: 2}\n";
    static const char b[] =
        "nodes: {count: 2}\nname: t\n"
        "fabric:\n  links: [{between: ['top:p1', node1]}, {between: [node0, top]}]\n"
        "  switches: [{aging: 1s, name: top, ports: 4}]\n"
        "time: {stop: 1000us}\nvdc: 1\n";
    struct vdc_resolved *x = resolve(a, NULL, 0);
    struct vdc_resolved *y = resolve(b, NULL, 0);
    CHECK(x && y);
    if (x && y) {
        char *s = written(x, false);
        char *t = written(y, false);
        CHECK(strcmp(s, t) == 0);
        free(s);
        free(t);
    }
    vdc_resolved_free(x);
    vdc_resolved_free(y);
}

static void test_lookahead(void)
{
    /* 100 Gb/s, 500 ns, 300 ns forwarding: 506.72 + 300 + 506.72 ns. */
    static const char text[] = "vdc: 1\nname: t\ntime: {stop: 1ms}\n"
                               "fabric: {template: {kind: star}}\nnodes: {count: 2}\n";
    struct vdc_resolved *r = resolve(text, NULL, 0);
    CHECK(r && vdc_resolved_lookahead(r) == 1313440);
    vdc_resolved_free(r);
}

/* Three switches in a row, named against their order in the file. */
static void test_switches(void)
{
    static const char text[] =
        "vdc: 1\nname: t\ntime: {stop: 1ms}\n"
        "fabric:\n"
        "  switches: [{name: sw10, ports: 4}, {name: sw2, ports: 3, fwd_latency: 1us},\n"
        "             {name: sw1, ports: 2}]\n"
        "  links:\n"
        "    - {between: [node0, 'sw1:p1']}\n"
        "    - {between: [sw2, sw1], latency: 10us, a_to_b: {latency: 20us}}\n"
        "    - {between: ['sw10:p3', sw2], burst_enter: 1%, burst_leave: 50%}\n"
        "    - {between: [sw10, node1]}\n"
        "nodes: {count: 2}\n"
        "collect: {pcap: ['sw2:p1']}\n";
    struct vdc_resolved *r = resolve(text, NULL, 0);
    CHECK(r);
    if (!r) {
        return;
    }
    const struct vdc_link *l = r->links;
    CHECK(r->n_switches == 3 && strcmp(r->switches[0].name, "sw1") == 0);
    CHECK(strcmp(r->switches[2].name, "sw10") == 0 && r->switches[2].id == 2);
    CHECK(r->n_links == 4 && !l[1].end[0].is_switch && l[1].end[1].idx == 2);
    /* sw1:p0 - sw2:p0, given from the other side: sw2 to sw1 takes 20 us. */
    CHECK(l[2].end[0].idx == 0 && l[2].end[0].port == 0 && l[2].end[1].idx == 1);
    CHECK(l[2].dir[VDC_DIR_UP].latency == 10000000 && l[2].dir[VDC_DIR_DOWN].latency == 20000000);
    CHECK(l[3].end[0].idx == 1 && l[3].end[0].port == 1 && l[3].end[1].port == 3);
    CHECK(l[3].end[1].port_id == vdc_port_id(VDC_PORT_SWITCH, 2, 3));
    CHECK(l[3].dir[VDC_DIR_UP].burst_leave == UINT64_C(1) << 31);
    CHECK(r->n_captures == 1 && r->captures[0] == 3);
    /* node0 to node1: links of 0.5, 10, 0.5, 0.5 us, four serialisations, three switches. */
    CHECK(vdc_resolved_lookahead(r) == 11500000 + 4 * 6720 + 300000 + 1000000 + 300000);
    char *first = written(r, false);
    struct vdc_resolved *again = resolve(first, NULL, 0);
    CHECK(again);
    if (again) {
        char *second = written(again, false);
        CHECK(strcmp(first, second) == 0);
        free(second);
    }
    free(first);
    vdc_resolved_free(again);
    vdc_resolved_free(r);
}

int main(void)
{
    test_switches();
    test_star();
    test_sets();
    test_order();
    test_lookahead();
    printf("%s: resolve, %d bad\n", bad ? "not ok" : "ok", bad);
    return bad != 0;
}
