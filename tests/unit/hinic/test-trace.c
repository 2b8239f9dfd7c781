/* SPDX-License-Identifier: MIT */
/* Golden traces of transmit and receive. usage: test-trace tx|rx [GOLDEN]; without a file the trace
 * is printed. */
#include "host.h"
#include "tap.h"

#include <stdlib.h>

static const char *golden;
static const char *kind;

static void put(struct host *o, const char *text)
{
    o->trace_len += (size_t)snprintf(o->trace + o->trace_len, HOST_TRACE - o->trace_len,
                                     "[%" PRIu64 "] host > %s\n", o->now, text);
}

static void settle(struct host *o)
{
    host_idle(o);
    host_run(o, (o->now / VTIME_PS_PER_US + 2) * VTIME_PS_PER_US);
}

static void completions(struct host *o, struct host_queue *k)
{
    struct hinic_eth_cpl c;

    while (host_cpl(o, k, &c)) {
        o->trace_len += (size_t)snprintf(
            o->trace + o->trace_len, HOST_TRACE - o->trace_len,
            "[%" PRIu64 "] host > %s completion len=%u id=%u flags=%04x vlan=%04x "
            "hash=%08x ts=%u\n",
            o->now, k->is_rx ? "rx" : "tx", c.len, c.id, c.flags, c.vlan, c.hash, c.timestamp);
    }
}

static struct host *start(struct host_queue *k, bool is_rx)
{
    struct host *o = host_new(NULL);

    host_start(o);
    CHECK_EQ(host_queue_moderated(o, k, 0, is_rx, 6, 1, 0, 0), HINIC_AQ_OK);
    CHECK_EQ(host_offload(o, HINIC_OFFLOAD_ALL), HINIC_AQ_OK);
    settle(o);
    o->trace = malloc(HOST_TRACE);
    CHECK(o->trace);
    return o;
}

static void tx(struct host *o, struct host_queue *k)
{
    const uint64_t buf = host_alloc(o, 1 << 17, 65536);
    struct host_pkt p;

    put(o, "one frame of 60 bytes with an interrupt");
    host_tx(o, k, buf, 60, HINIC_TXD_EOP | HINIC_TXD_INT);
    host_ring(o, k);
    host_arm(o, k);
    settle(o);
    completions(o, k);
    put(o, "five frames of 1000 bytes in one doorbell, the last with an interrupt");
    for (uint32_t i = 0; i < 5; i++) {
        host_tx(o, k, buf, 1000, HINIC_TXD_EOP | (i == 4 ? HINIC_TXD_INT : 0));
    }
    host_ring(o, k);
    host_arm(o, k);
    settle(o);
    completions(o, k);
    put(o, "TSO of 4000 bytes in three descriptors, mss 1448, VLAN 5 inserted");
    host_ip(&p, false, true, 4000, -1);
    memcpy(host_ptr(o, buf, p.len), p.b, p.len);
    host_tx_desc(o, k,
                 (struct hinic_tx_desc){ .addr = buf,
                                         .len = 54,
                                         .flags = HINIC_TXD_TSO | HINIC_TXD_VLAN,
                                         .mss = 1448,
                                         .vlan = 5 });
    host_tx(o, k, buf + 54, 2000, 0);
    host_tx(o, k, buf + 2054, 2000, HINIC_TXD_EOP | HINIC_TXD_INT);
    host_ring(o, k);
    settle(o);
    completions(o, k);
    put(o, "a good packet, then one with a reserved flag");
    host_tx(o, k, buf, 100, HINIC_TXD_EOP);
    host_tx(o, k, buf, 100, HINIC_TXD_EOP | 0x100);
    host_ring(o, k);
    settle(o);
    completions(o, k);
}

static void rx(struct host *o, struct host_queue *k)
{
    const uint64_t buf = host_alloc(o, 1 << 17, 65536);
    struct host_pkt p;

    put(o, "sixteen buffers of 1024 bytes are posted");
    for (uint32_t i = 0; i < 16; i++) {
        host_rx(o, k, buf + i * 1024, 1024, 100 + i);
    }
    host_ring(o, k);
    host_arm(o, k);
    settle(o);
    put(o, "one frame of 120 bytes, VLAN 0x2007");
    host_ip(&p, false, true, 62, 0x2007);
    host_frame_in(o, o->now + 1000, p.b, p.len);
    settle(o);
    completions(o, k);
    put(o, "three frames of 3054 bytes back to back, three buffers each, armed");
    host_ip(&p, false, true, 3000, -1);
    host_arm(o, k);
    for (uint32_t i = 0; i < 3; i++) {
        host_frame_in(o, o->now + 1000000 + i * 246240, p.b, p.len);
    }
    settle(o);
    completions(o, k);
    put(o, "one with a bad checksum, one for another station");
    p.b[100] ^= 1;
    host_frame_in(o, o->now + 1000, p.b, p.len);
    p.b[5] ^= 7;
    host_frame_in(o, o->now + 300000, p.b, p.len);
    settle(o);
    completions(o, k);
    put(o, "four frames, buffers for one");
    p.b[5] ^= 7;
    for (uint32_t i = 0; i < 4; i++) {
        host_frame_in(o, o->now + 1000 + i * 246240, p.b, p.len);
    }
    settle(o);
    completions(o, k);
}

static void compare(void)
{
    struct host_queue k;
    const bool is_rx = strcmp(kind, "rx") == 0;
    struct host *o = start(&k, is_rx);
    char *want = calloc(1, HOST_TRACE);
    FILE *f = golden ? fopen(golden, "r") : NULL;
    size_t n = 0;

    if (is_rx) {
        rx(o, &k);
    } else {
        tx(o, &k);
    }
    if (!golden) {
        fwrite(o->trace, 1, o->trace_len, stdout);
    } else {
        CHECK(f != NULL);
        if (f) {
            n = fread(want, 1, HOST_TRACE - 1, f);
            fclose(f);
        }
        CHECK_EQ(n, o->trace_len);
        for (size_t i = 0, line = 1; i < n && i < o->trace_len; i++) {
            if (want[i] != o->trace[i]) {
                printf("# %s differs first in line %zu\n", golden, line);
                CHECK(want[i] == o->trace[i]);
                break;
            }
            line += want[i] == '\n';
        }
    }
    free(want);
    host_free(o);
}

int main(int argc, char **argv)
{
    static const struct tap_case cases[] = { { "trace equals the golden one", compare } };

    if (argc < 2) {
        fprintf(stderr, "usage: test-trace tx|rx [GOLDEN]\n");
        return 2;
    }
    kind = argv[1];
    golden = argc > 2 ? argv[2] : NULL;
    if (!golden) {
        compare();
        return tap_failed != 0;
    }
    return tap_run(cases, 1);
}
