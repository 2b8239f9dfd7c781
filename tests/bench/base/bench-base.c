/* SPDX-License-Identifier: MIT */
/* Cost of the parts every model stands on, in ns of CPU per operation. Prints JSON lines; never
 * gates. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "vdc/crc32.h"
#include "vdc/digest.h"
#include "vdc/evq.h"
#include "vdc/hist.h"
#include "vdc/link.h"
#include "vdc/rng.h"
#include "vdc/sync.h"

static uint64_t cpu_ns(void)
{
    struct timespec t;

    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) != 0) {
        abort();
    }
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static uint64_t sink; /* keeps results alive */

static void report(const char *what, uint64_t n, uint64_t start)
{
    const uint64_t ps = (cpu_ns() - start) * 1000 / n;

    printf("{\"bench\": \"base\", \"what\": \"%s\", \"n\": %" PRIu64 ", \"ns\": %" PRIu64
           ".%03" PRIu64 "}\n",
           what, n, ps / 1000, ps % 1000);
}

static void bench_solve(uint32_t n_task, uint32_t n_hub)
{
    static struct vdc_sync_task task[VDC_SYNC_TASK_MAX];
    static struct vdc_sync_port port[VDC_SYNC_TASK_MAX];
    static struct vdc_sync_hub hub[VDC_SYNC_HUB_MAX];
    static struct vdc_sync_link link[2 * VDC_SYNC_HUB_MAX];
    static struct vdc_sync_in in[VDC_SYNC_TASK_MAX];
    static struct vdc_sync_out out[VDC_SYNC_TASK_MAX];
    static vtime_t hub_next[VDC_SYNC_HUB_MAX];
    struct vdc_sync_cfg cfg = { .n_task = n_task,
                                .n_port = n_task,
                                .n_hub = n_hub,
                                .task = task,
                                .port = port,
                                .hub = hub,
                                .link = link };
    struct vdc_sync *s = malloc(vdc_sync_size());
    const uint64_t n = 2000000 / n_hub;
    uint64_t start;
    char what[64];

    for (uint32_t i = 0; i < n_task; i++) {
        port[i] = (struct vdc_sync_port){ i, i % n_hub, 506720, 806720 };
        in[i] = (struct vdc_sync_in){ 0, 1000 + i, 900000 + i, VTIME_NEVER };
    }
    for (uint32_t h = 0; h < n_hub; h++) {
        hub[h] = (struct vdc_sync_hub){ .fwd_ps = 300000 };
        hub_next[h] = VTIME_NEVER;
        if (h > 0) {
            link[cfg.n_link++] = (struct vdc_sync_link){ h, h - 1, 506720 };
            link[cfg.n_link++] = (struct vdc_sync_link){ h - 1, h, 506720 };
        }
    }
    if (!s || vdc_sync_init(s, &cfg) != VDC_SYNC_OK) {
        abort();
    }
    start = cpu_ns();
    for (uint64_t i = 0; i < n; i++) {
        in[i % n_task].send = 900000 + (i & 1023);
        sink += vdc_sync_solve(s, in, hub_next, NULL, out);
    }
    (void)snprintf(what, sizeof(what), "solve, %u vtasks, %u hubs", n_task, n_hub);
    report(what, n, start);
    free(s);
}

static void bench_evq(uint32_t depth)
{
    struct vdc_evq *q = malloc(vdc_evq_size(depth + 1));
    const uint64_t n = 2000000;
    uint64_t start;
    char what[64];

    if (!q) {
        abort();
    }
    vdc_evq_init(q, depth + 1);
    for (uint32_t i = 0; i < depth; i++) {
        (void)vdc_evq_add(q, vdc_rand_below(1, i, 1000000), 0, 0, i, 0);
    }
    start = cpu_ns();
    for (uint64_t i = 0; i < n; i++) {
        struct vdc_ev e;

        sink += vdc_evq_pop(q, VTIME_NEVER, &e);
        (void)vdc_evq_add(q, e.t + 1 + (i * 7919 & 0xfffff), 0, 0, e.id, 0);
    }
    (void)snprintf(what, sizeof(what), "evq pop + add, %u queued", depth);
    report(what, n, start);
    free(q);
}

static void bench_small(void)
{
    const struct vdc_link_cfg cfg = { .rate_bps = UINT64_C(100000000000),
                                      .latency_ps = 500000,
                                      .tx_quantum_ps = 1,
                                      .wire_overhead = 24,
                                      .min_frame = 60,
                                      .mtu = 4200,
                                      .key = 1 };
    static struct vdc_hist hist;
    static uint8_t buf[4096];
    struct vdc_link_tx tx = { 0 };
    struct vdc_digest d = { 0 };
    struct vdc_msg m = { .len = 64, .type = VDC_MSG_ETH };
    const uint64_t n = 4000000;
    uint64_t start = cpu_ns();

    for (uint64_t i = 0; i < n; i++) {
        sink += vdc_link_send(&tx, &cfg, i, 1000).arrive;
    }
    report("link_send", n, start);
    start = cpu_ns();
    for (uint64_t i = 0; i < n; i++) {
        sink += vdc_rand(7, i);
    }
    report("rand", n, start);
    start = cpu_ns();
    for (uint64_t i = 0; i < n; i++) {
        vdc_hist_add(&hist, i);
    }
    report("hist_add", n, start);
    start = cpu_ns();
    for (uint64_t i = 0; i < n / 4; i++) {
        m.t = i;
        vdc_digest_msg(&d, &m, buf);
    }
    report("digest_msg, 64 B", n / 4, start);
    m.len = 1500;
    start = cpu_ns();
    for (uint64_t i = 0; i < n / 16; i++) {
        m.t = i;
        vdc_digest_msg(&d, &m, buf);
    }
    report("digest_msg, 1500 B", n / 16, start);
    start = cpu_ns();
    for (uint64_t i = 0; i < n / 64; i++) {
        sink += vdc_crc32((uint32_t)i, buf, 4096);
    }
    report("crc32, 4096 B", n / 64, start);
    sink += d.lo + hist.n;
}

int main(void)
{
    bench_solve(8, 1);
    bench_solve(64, 1);
    bench_solve(64, 4);
    bench_solve(64, 64);
    bench_evq(16);
    bench_evq(1024);
    bench_evq(65536);
    bench_small();
    fprintf(stderr, "checksum %" PRIu64 "\n", sink);
    return 0;
}
