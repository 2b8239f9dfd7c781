/* SPDX-License-Identifier: MIT */
/* Speed of the NIC model alone, in frames per CPU second. Prints JSON lines; never gates. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host.h"

#define CPU_NS UINT64_C(400000000) /* per case */
#define BATCH  128u

static uint64_t cpu_ns(void)
{
    struct timespec t;

    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) != 0) {
        abort();
    }
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static uint64_t n_frame;

/* Bus memory without checks: what a shell does when its page cache hits. */
static int dma_read(void *ctx, uint64_t addr, void *buf, uint32_t len)
{
    memcpy(buf, (const uint8_t *)ctx + (addr - HOST_BASE), len);
    return 0;
}

static int dma_write(void *ctx, uint64_t addr, const void *buf, uint32_t len)
{
    memcpy((uint8_t *)ctx + (addr - HOST_BASE), buf, len);
    return 0;
}

static void msi(void *ctx, uint32_t vector)
{
    (void)ctx;
    (void)vector;
}

static void frame(void *ctx, const struct vdc_msg *m, const void *bytes)
{
    static uint8_t ring[1 << 16];

    (void)ctx;
    memcpy(ring, bytes, m->len);
    n_frame++;
}

static struct host *start(struct host_queue *k, bool is_rx)
{
    struct vdc_hinic_cfg cfg = vdc_hinic_cfg_default();
    struct host *o;

    cfg.mtu = 9000;
    cfg.link.mtu = 9000;
    o = host_new(&cfg);
    host_start(o);
    if (host_queue_moderated(o, k, 0, is_rx, 8, 1, 32, 20000) != HINIC_AQ_OK ||
        host_offload(o, HINIC_OFFLOAD_ALL) != HINIC_AQ_OK) {
        abort();
    }
    host_idle(o);
    o->env = (struct vdc_hinic_env){
        .ctx = o->mem, .dma_read = dma_read, .dma_write = dma_write, .msi = msi, .frame = frame
    };
    return o;
}

static void report(const char *what, uint32_t len, uint64_t frames, uint64_t ns)
{
    printf("{\"bench\": \"hinic\", \"what\": \"%s\", \"bytes\": %u, \"frames\": %" PRIu64
           ", \"frames_per_cpu_s\": %" PRIu64 ", \"ns_per_frame\": %" PRIu64 "}\n",
           what, len, frames, frames * 1000000000 / ns, ns / frames);
}

static void drain(struct host *o, struct host_queue *k)
{
    struct hinic_eth_cpl c;

    while (host_cpl(o, k, &c)) {
        if (c.flags & HINIC_CPL_ERR) {
            abort();
        }
    }
    host_arm(o, k);
}

static void send(const char *what, uint32_t payload, uint32_t flags, uint32_t mss)
{
    struct host_queue k;
    struct host *o = start(&k, false);
    const uint64_t buf = host_alloc(o, 1 << 17, 4096);
    struct host_pkt p;
    uint64_t t0;

    host_ip(&p, false, true, payload, -1);
    memcpy(host_ptr(o, buf, p.len), p.b, p.len);
    n_frame = 0;
    t0 = cpu_ns();
    while (cpu_ns() - t0 < CPU_NS) {
        for (uint32_t i = 0; i < (mss ? 4 : BATCH); i++) {
            uint32_t pos = 0;

            while (pos < p.len) { /* a skb's fragments: at most 32 KiB each */
                const uint32_t n = p.len - pos < 32768 ? p.len - pos : 32768;
                const uint32_t end = pos + n == p.len ? HINIC_TXD_EOP | HINIC_TXD_INT : 0;

                host_tx_desc(o, &k,
                             (struct hinic_tx_desc){ .addr = buf + pos,
                                                     .len = (uint16_t)n,
                                                     .flags = (uint16_t)(flags | end),
                                                     .mss = (uint16_t)mss });
                pos += n;
            }
        }
        host_ring(o, &k);
        host_idle(o);
        drain(o, &k);
    }
    report(what, p.len, n_frame, cpu_ns() - t0);
    host_free(o);
}

static void receive(const char *what, uint32_t payload)
{
    struct host_queue k;
    struct host *o = start(&k, true);
    const uint64_t buf = host_alloc(o, 256 * 10240, 4096);
    struct host_pkt p;
    uint64_t frames;
    uint64_t t0;

    host_ip(&p, false, true, payload, -1);
    t0 = cpu_ns();
    while (cpu_ns() - t0 < CPU_NS) {
        while ((uint16_t)(k.pi - k.ci) < 200) {
            host_rx(o, &k, buf + (k.pi & 255u) * 10240, 9216, 0);
        }
        host_ring(o, &k);
        host_idle(o);
        for (uint32_t i = 0; i < 20; i++) {
            host_frame_in(o, o->now + 1000000 + i * 800000, p.b, p.len);
        }
        host_idle(o);
        drain(o, &k);
    }
    frames = host_counter(o, HINIC_CNT_RX_FRAMES);
    report(what, p.len, frames, cpu_ns() - t0);
    host_free(o);
}

static void digest(void)
{
    struct host_queue k;
    struct host *o = start(&k, false);
    uint64_t n = 0;
    const uint64_t t0 = cpu_ns();
    uint64_t sum = 0;

    for (; cpu_ns() - t0 < CPU_NS / 4; n++) {
        sum += vdc_hinic_digest(o->h).lo;
    }
    printf("{\"bench\": \"hinic\", \"what\": \"digest\", \"n\": %" PRIu64 ", \"ns\": %" PRIu64
           ", \"x\": %u}\n",
           n, (cpu_ns() - t0) / n, (unsigned)(sum & 1));
    host_free(o);
}

int main(void)
{
    send("tx", 10, 0, 0);
    send("tx", 1446, 0, 0);
    send("tx", 4060, 0, 0);
    send("tx checksum", 1446, HINIC_TXD_IP_CSUM | HINIC_TXD_L4_CSUM, 0);
    send("tx checksum", 4060, HINIC_TXD_IP_CSUM | HINIC_TXD_L4_CSUM, 0);
    send("tx TSO", 65000, HINIC_TXD_TSO, 1448);
    receive("rx checksum", 10);
    receive("rx checksum", 1446);
    receive("rx checksum", 4060);
    digest();
    return 0;
}
