/* SPDX-License-Identifier: MIT */
/* Refusals: every kind of bad experiment file gives its message with line and column, and nothing
 * else. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vdc/resolved.h"

/* A good file in four pieces; a case replaces pieces. Line numbers: head 1-3, fabric 4, nodes 5,
 * tail 6. */
static const char head[] = "vdc: 1\nname: t\ntime: {stop: 1ms}\n";
static const char fabric[] = "fabric: {template: {kind: star, ports: 4}}\n";
static const char nodes[] = "nodes: {count: 2}\n";
static const char tail[] = "workload: [{node: node0, run: x}]\n";

static const struct {
    const char *name;
    const char *head, *fabric, *nodes, *tail; /* NULL: the good piece */
    const char *expected;                     /* all messages */
} cases[] = {
    { "good", NULL, NULL, NULL, NULL, "" },
    { "unknown key", NULL, "fabric: {template: {kind: star, ports: 4}, defaults: {latncy: 1us}}\n",
      NULL, NULL,
      "t:4:55: fabric.defaults: unknown key 'latncy', allowed: rate latency tx_quantum "
      "wire_overhead "
      "min_frame mtu loss corrupt jitter burst_enter burst_leave burst_loss\n" },
    { "key of a later stage", NULL, NULL, NULL, "hilink: {switch: single}\n",
      "t:6:1: unknown key 'hilink', allowed: vdc name seed interactive time fabric nodes workload "
      "faults collect limits artefacts\n" },
    { "two errors at once", NULL,
      "fabric: {template: {kind: star, ports: 4}, defaults: {latency: 5}}\n",
      "nodes: {count: zwei}\n", NULL,
      "t:5:16: nodes.count: 'zwei' is not a number, allowed 1..64\n" },
    { "bad unit", NULL, "fabric: {template: {kind: star}, defaults: {latency: 5usec}}\n", NULL,
      NULL,
      "t:4:54: fabric.defaults.latency: '5usec' has an unknown unit (known: ps ns us ms s min h), "
      "allowed 1ps..1s\n" },
    { "no unit", NULL, "fabric: {template: {kind: star}, defaults: {rate: 100}}\n", NULL, NULL,
      "t:4:51: fabric.defaults.rate: '100' has no unit (bps Kbps Mbps Gbps Tbps), allowed "
      "1Mbps..1600Gbps\n" },
    { "zero latency", NULL, "fabric: {template: {kind: star}, defaults: {latency: 0ns}}\n", NULL,
      NULL, "t:4:54: fabric.defaults.latency: 0ns is out of range, allowed 1ps..1s\n" },
    { "zero latency in one direction", NULL,
      "fabric: {template: {kind: star}, links: [{between: [node1, sw0], b_to_a: {latency: "
      "0ps}}]}\n",
      NULL, NULL,
      "t:4:84: fabric.links[0].b_to_a.latency: 0ps is out of range, allowed 1ps..1s\n" },
    { "more guests than ports", NULL, NULL, "nodes: {count: 5}\n", NULL,
      "t:4:40: fabric.template.ports: 4 ports for 5 nodes, allowed 5..64\n" },
    { "more guests than ports, spelled out", NULL,
      "fabric: {switches: [{name: s, ports: 1}], links: [{between: ['node*', s]}]}\n", NULL, NULL,
      "t:4:61: fabric.links[0].between: no port of s is left for node1: it has 1\n" },
    { "too many ports", NULL, "fabric: {template: {kind: star, ports: 65}}\n", NULL, NULL,
      "t:4:40: fabric.template.ports: 65 is out of range, allowed 1..64\n" },
    { "unknown template", NULL, "fabric: {template: {kind: leaf_spine}}\n", NULL, NULL,
      "t:4:27: fabric.template.kind: 'leaf_spine' is not one of the known words, allowed star\n" },
    { "switches that are not joined", NULL,
      "fabric: {switches: [{name: a, ports: 2}, {name: b, ports: 2}], links: [{between: [node0, "
      "a]}, "
      "{between: [node1, b]}]}\n",
      NULL, NULL, "t:4:71: fabric.links: no way leads from node0 to node1\n" },
    { "a circle of switches", NULL,
      "fabric: {switches: [{name: a, ports: 4}, {name: b, ports: 4}], links: [{between: ['node*', "
      "a]}, "
      "{between: [a, b]}, {between: ['a:p3', 'b:p3']}]}\n",
      NULL, NULL,
      "t:4:126: fabric.links[2].between: a and b are joined already: frames would run in circles, "
      "allowed a tree\n" },
    { "one name for two switches", NULL,
      "fabric: {switches: [{name: a, ports: 4}, {name: a, ports: 4}]}\n", NULL, NULL,
      "t:4:49: fabric.switches[1].name: 'a' is the name of another switch\n" },
    { "template and switches", NULL,
      "fabric: {template: {kind: star}, switches: [{name: a, ports: 2}]}\n", NULL, NULL,
      "t:4:9: fabric: expected either 'template' or 'switches'\n" },
    { "node without a link", NULL,
      "fabric: {switches: [{name: s, ports: 4}], links: [{between: [node0, s]}]}\n", NULL, NULL,
      "t:4:50: fabric.links: node1 has no link\n" },
    { "port used twice", NULL,
      "fabric: {switches: [{name: s, ports: 4}], links: [{between: ['node*', 's:p1']}]}\n", NULL,
      NULL, "t:4:61: fabric.links[0].between: s:p1 has a link already, to node0\n" },
    { "port that is not there", NULL,
      "fabric: {switches: [{name: s, ports: 4}], links: [{between: ['node*', 's:p4']}]}\n", NULL,
      NULL, "t:4:61: fabric.links[0].between: s has no port p4, allowed p0..p3\n" },
    { "link override without a match", NULL,
      "fabric: {template: {kind: star}, links: [{between: [leaf0, node0], rate: 1Gbps}]}\n", NULL,
      NULL, "t:4:52: fabric.links[0].between: [leaf0, node0] matches no link\n" },
    { "burst loss towards the switch", NULL,
      "fabric: {template: {kind: star}, links: [{between: [node0, sw0], a_to_b: {burst_enter: 1%, "
      "burst_leave: 1%}}]}\n",
      NULL, NULL,
      "t:4:41: fabric.links: burst_enter of node0's link towards the switch: the NIC has no burst "
      "loss, give it to the direction from the switch\n" },
    { "a burst without an end", NULL,
      "fabric: {template: {kind: star}, links: [{between: [node0, sw0], b_to_a: {burst_enter: "
      "1%}}]}\n",
      NULL, NULL,
      "t:4:41: fabric.links: burst_enter of sw0:p0 without burst_leave: the first burst would "
      "never "
      "end\n" },
    { "flap of nothing", NULL, NULL,
      "nodes: {count: 2}\nfaults: [{at: 1us, link: node7, kind: flap, for: 1us}]\n", NULL,
      "t:6:26: faults[0].link: 'node7' matches no link\n" },
    { "flaps that touch", NULL, NULL,
      "nodes: {count: 2}\nfaults: [{at: 1us, link: node0, kind: flap, for: 1us}, {at: 2us, link: "
      "'sw0:p0', kind: flap, for: 1us}]\n",
      NULL, "t:6:9: faults: two flaps of sw0:p0 overlap or touch\n" },
    { "flap after the end", NULL, NULL,
      "nodes: {count: 2}\nfaults: [{at: 1s, link: node0, kind: flap, for: 1us}]\n", NULL,
      "t:6:15: faults[0].at: 1s is not before time.stop (1ms)\n" },
    { "fault of a later stage", NULL, NULL,
      "nodes: {count: 2}\nfaults: [{at: 1us, link: node0, kind: hang, for: 1us}]\n", NULL,
      "t:6:39: faults[0].kind: 'hang' is not one of the known words, allowed flap\n" },
    { "missing stop", "vdc: 1\nname: t\ntime: {shift: 1}\n", NULL, NULL, NULL,
      "t:3:7: time: key 'stop' is missing\n" },
    { "missing section", "vdc: 1\nname: t\n", NULL, NULL, NULL, "t:1:1: key 'time' is missing\n" },
    { "stop too late", "vdc: 1\nname: t\ntime: {stop: 2401h}\n", NULL, NULL, NULL,
      "t:3:14: time.stop: 2401h is out of range, allowed 1us..2400h\n" },
    { "stop within a ns", "vdc: 1\nname: t\ntime: {stop: 1000001ps}\n", NULL, NULL, NULL,
      "t:3:14: time.stop: is not a whole number of ns, as guests count\n" },
    { "mode of a later stage", "vdc: 1\nname: t\ntime: {stop: 1ms, mode: kvm}\n", NULL, NULL, NULL,
      "t:3:25: time.mode: 'kvm' is not one of the known words, allowed exact quantized\n" },
    { "quantum missing", "vdc: 1\nname: t\ntime: {stop: 1ms, mode: quantized}\n", NULL, NULL, NULL,
      "t:3:7: time: mode quantized needs 'quantum', allowed 1ns..1ms\n" },
    { "quantum in exact", "vdc: 1\nname: t\ntime: {stop: 1ms, quantum: 5us}\n", NULL, NULL, NULL,
      "t:3:28: time.quantum: has no meaning in mode exact, leave it out\n" },
    { "quantum too small", "vdc: 1\nname: t\ntime: {stop: 1ms, mode: quantized, quantum: 1us}\n",
      NULL, NULL, NULL,
      "t:3:45: time.quantum: is below the shortest path (1313440ps): mode exact is as fast\n" },
    { "format version", "vdc: 2\nname: t\ntime: {stop: 1ms}\n", NULL, NULL, NULL,
      "t:1:6: vdc: format version '2', allowed 1\n" },
    { "name", "vdc: 1\nname: T x\ntime: {stop: 1ms}\n", NULL, NULL, NULL,
      "t:2:7: name: 'T x' is not a name, allowed [a-z][a-z0-9_-]{0,30}\n" },
    { "no nodes", NULL, NULL, "nodes: {count: 0}\n", NULL,
      "t:5:16: nodes.count: 0 is out of range, allowed 1..64\n" },
    { "override without a match", NULL, NULL, "nodes: {count: 2, overrides: [{match: node2}]}\n",
      NULL, "t:5:39: nodes.overrides[0].match: 'node2' matches no node, allowed node0..node1\n" },
    { "bad pattern", NULL, NULL, "nodes: {count: 2, overrides: [{match: 'node[2-1]'}]}\n", NULL,
      "t:5:39: nodes.overrides[0].match: 'node[2-1]' is not a pattern such as node3, node[0-6] or "
      "node*\n" },
    { "memory", NULL, NULL, "nodes: {count: 1, defaults: {memory: 128MiB}}\n", NULL,
      "t:5:38: nodes.defaults.memory: 128MiB is out of range, allowed 256MiB..64GiB\n" },
    { "kind of a later stage", NULL, NULL, "nodes: {count: 1, defaults: {kind: endpoint}}\n", NULL,
      "t:5:36: nodes.defaults.kind: 'endpoint' is not one of the known words, allowed guest\n" },
    { "gpu", NULL, NULL, "nodes: {count: 1, defaults: {gpu: {preset: lab}}}\n", NULL,
      "t:5:30: nodes.defaults: unknown key 'gpu', allowed: kind vcpus memory arp image nic\n" },
    { "identity", NULL, NULL,
      "nodes: {count: 2, overrides: [{match: node1, mac: '02:48:43:00:00:12'}]}\n", NULL,
      "t:5:51: nodes.overrides[0].mac: 02:48:43:00:00:12, but node1 has 02:48:43:00:00:11\n" },
    { "workload on nobody", NULL, NULL, NULL, "workload: [{node: sw0, run: x}]\n",
      "t:6:19: workload[0].node: 'sw0' matches no node, allowed node0..node1\n" },
    { "workload too late", NULL, NULL, NULL, "workload: [{node: node0, run: x, at: 1ms}]\n",
      "t:6:38: workload[0].at: 1ms is not before time.stop (1ms)\n" },
    { "workload within a ns", NULL, NULL, NULL, "workload: [{node: node0, run: x, at: 1ps}]\n",
      "t:6:38: workload[0].at: 1ps is not a whole number of ns, as guests count\n" },
    { "empty workload", NULL, NULL, NULL, "workload: [{node: node0, run: ''}]\n",
      "t:6:31: workload[0].run: 0 bytes, allowed 1..131000\n" },
    { "workload without run", NULL, NULL, NULL, "workload: [{node: node0}]\n",
      "t:6:12: workload[0]: key 'run' is missing\n" },
    { "exit code", NULL, NULL, NULL, "workload: [{node: node0, run: x, expect: {exit: 256}}]\n",
      "t:6:49: workload[0].expect.exit: '256' is not an exit code, allowed 0..255, clean or "
      "any\n" },
    { "pcap of nothing", NULL, NULL, NULL, "collect: {pcap: [sw1]}\n",
      "t:6:18: collect.pcap[0]: 'sw1' matches no link\n" },
    { "list for a word", NULL, NULL, "nodes: {count: [1]}\n", NULL,
      "t:5:16: nodes.count: expected one value\n" },
    { "word for a list", NULL, NULL, NULL, "workload: none\n",
      "t:6:11: workload: expected a list\n" },
    { "word for a mapping", NULL, NULL, NULL, "limits: none\n",
      "t:6:9: limits: expected a mapping with keys: wall boot stall\n" },
    { "between of three", NULL, "fabric: {template: {kind: star}, links: [{between: [a, b, c]}]}\n",
      NULL, NULL, "t:4:52: fabric.links[0].between: 3 entries, allowed 2..2\n" },
    { "key twice", NULL, NULL, "nodes: {count: 1, count: 2}\n", NULL,
      "t:5:19: nodes: key 'count' is here twice, first on line 5\n" },
    { "not YAML", NULL, NULL, "nodes: {count: 1\n", NULL,
      "t:6:9: not YAML: did not find expected ',' or '}' while parsing a flow mapping\n" },
    { "two documents", NULL, NULL, NULL, "---\nvdc: 1\n",
      "t:7:1: a second document, expected one experiment per file\n" },
    { "artefact", NULL, NULL, NULL, "artefacts: [{name: q, kind: qemu, sha256: abc, size: 1B}]\n",
      "t:6:43: artefacts[0].sha256: 'abc' is not 64 lower-case hex digits\n" },
};

static char *messages(const char *text, const char *const *sets, size_t n_sets)
{
    struct vdc_diag diag;
    char *out = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&out, &len);
    if (!f) {
        abort();
    }
    vdc_diag_init(&diag, "t");
    struct vdc_exp *e = vdc_exp_parse(text, strlen(text), sets, n_sets, &diag);
    struct vdc_resolved *r = e ? vdc_resolve(e, &diag) : NULL;
    vdc_diag_print(&diag, f);
    if (!r != (diag.n_errors > 0)) {
        fputs("result and messages disagree\n", f);
    }
    vdc_resolved_free(r);
    vdc_exp_free(e);
    vdc_diag_free(&diag);
    fclose(f);
    return out;
}

static const struct {
    const char *set, *expected;
} sets[] = {
    { "time.stop", "t: --set time.stop: expected path=value\n" },
    { "=x", "t: --set =x: expected path=value\n" },
    { "nodes.overrides[0].memory=1GiB",
      "t: --set nodes.overrides[0].memory=1GiB: no such place in the file\n" },
    { "time.stop.x=1", "t: --set time.stop.x=1: no such place in the file\n" },
    { "time..stop=1",
      "t: --set time..stop=1: expected keys and indexes such as nodes.overrides[0].memory\n" },
    { "time.stop=5", "t: time.stop: '5' has no unit (ps ns us ms s min h), allowed 1us..2400h\n" },
    { "time.stopp=5ms",
      "t: time: unknown key 'stopp', allowed: stop mode quantum shift digest_every\n" },
};

int main(void)
{
    char text[4096];
    int bad = 0;
    size_t n = sizeof(cases) / sizeof(cases[0]);
    for (size_t i = 0; i < n; i++) {
        snprintf(text, sizeof(text), "%s%s%s%s", cases[i].head ? cases[i].head : head,
                 cases[i].fabric ? cases[i].fabric : fabric,
                 cases[i].nodes ? cases[i].nodes : nodes, cases[i].tail ? cases[i].tail : tail);
        char *found = messages(text, NULL, 0);
        /* Warnings are not this test's business. */
        if (strcmp(found, cases[i].expected) != 0 && !(i > 0 && strstr(found, "warning: "))) {
            printf("%s:\n  found    %s  expected %s\n", cases[i].name, found, cases[i].expected);
            bad++;
        } else if (strstr(found, "warning: ")) {
            size_t len = strlen(cases[i].expected);
            if (len > 0 && !strstr(found, cases[i].expected)) {
                printf("%s:\n  found    %s  expected %s\n", cases[i].name, found,
                       cases[i].expected);
                bad++;
            }
        }
        free(found);
    }
    snprintf(text, sizeof(text), "%s%s%s%s", head, fabric, nodes, tail);
    for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
        char *found = messages(text, &sets[i].set, 1);
        if (strcmp(found, sets[i].expected) != 0) {
            printf("--set %s:\n  found    %s  expected %s\n", sets[i].set, found, sets[i].expected);
            bad++;
        }
        free(found);
    }
    printf("%s: %zu refusals, %d bad\n", bad ? "not ok" : "ok", n, bad);
    return bad != 0;
}
