/* SPDX-License-Identifier: MIT */
/* Packet-hops per CPU second of the HiSwitch core alone: frames from a prepared list, output copied
 * once. */
#define _POSIX_C_SOURCE 200809L
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "vdc/hiswitch.h"

#define OUT_BYTES (1u << 20)
#define DIGESTS   1000u

/* Every port sends to another one that moves on with every frame: all links busy, queues short,
 * addresses known. */
struct bench {
    struct vdc_hiswitch_cfg cfg;
    void *state;
    uint32_t len;
    uint64_t gap_ps;
    struct {
        uint64_t n; /* frames taken */
        struct vdc_msg *m;
    } in[VDC_HISWITCH_PORTS_MAX];
    uint64_t n_max; /* frames per port */
    uint64_t n_out;
    uint32_t out_at;
    uint8_t out[OUT_BYTES + VDC_MSG_PAYLOAD_MAX + 64];
};

static void put_mac(uint8_t *p, uint32_t n)
{
    memcpy(p, (const uint8_t[]){ 2, 0, 0, 0, 0, (uint8_t)n }, 6);
}

static const struct vdc_msg *peek(void *ctx, uint32_t port)
{
    struct bench *b = ctx;

    return port < b->cfg.n_ports && b->in[port].n <= b->n_max ? b->in[port].m : NULL;
}

/* Makes the next message of a port in place: header and destination change, the payload stays. */
static void advance(struct bench *b, uint32_t port)
{
    struct vdc_msg *m = b->in[port].m;
    const uint64_t n = ++b->in[port].n;
    const uint32_t to = (port + 1 + (uint32_t)(n % (b->cfg.n_ports - 1))) % b->cfg.n_ports;

    m->type = VDC_MSG_ETH;
    m->len = b->len;
    m->wire_len = b->len;
    m->seq = n;
    m->t = VTIME_PS_PER_US + n * b->gap_ps + port;
    m->depart = m->t - 500000;
    put_mac((uint8_t *)(m + 1), to);
}

static void pop(void *ctx, uint32_t port)
{
    advance(ctx, port);
}

static void emit(void *ctx, uint32_t port, const struct vdc_msg *m, const void *payload)
{
    struct bench *b = ctx;
    uint8_t *to = b->out + b->out_at;

    (void)port;
    memcpy(to, m, sizeof(*m));
    memcpy(to + sizeof(*m), payload, m->len);
    b->out_at = (b->out_at + vdc_msg_space(m->len)) % OUT_BYTES / 64 * 64;
    b->n_out += m->type == VDC_MSG_ETH;
}

static uint64_t cpu_ns(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void hello(struct bench *b, uint32_t port)
{
    struct vdc_msg *m = b->in[port].m;
    const struct vdc_msg_link l = {
        .is_up = 1, .mtu = 4200, .rate_bps = b->cfg.port[port].link.rate_bps, .latency_ps = 500000
    };

    *m = (struct vdc_msg){ .t = 506720 + port,
                           .port = vdc_port_id(VDC_PORT_TEST, 0, port),
                           .type = VDC_MSG_LINK,
                           .len = sizeof(l) };
    memcpy(m + 1, &l, sizeof(l));
}

/* window_ps: length of one call of run(). */
static void measure(uint32_t n_ports, uint32_t len, uint64_t window_ps, uint64_t n_frames)
{
    static struct bench b;
    const struct vdc_model_io io = { .ctx = &b, .peek = peek, .pop = pop, .emit = emit };
    uint64_t t0;
    uint64_t ns;
    uint64_t sum = 0;
    vtime_t to = 0;
    size_t size;
    const size_t stride = vdc_msg_space(len) + 64;
    char *frames = calloc(n_ports, stride);

    assert(frames);
    memset(&b, 0, sizeof(b));
    vdc_hiswitch_cfg_default(&b.cfg, 0, n_ports, 1);
    b.len = len;
    b.n_max = n_frames / n_ports;
    b.gap_ps = (len + 24) * 80; /* 100 Gb/s line rate */
    size = vdc_hiswitch_ops.size(&b.cfg);
    b.state = aligned_alloc(64, (size + 63) & ~(size_t)63);
    if (!b.state || vdc_hiswitch_ops.init(b.state, &b.cfg) != 0) {
        (void)fprintf(stderr, "no switch\n");
        exit(1);
    }
    for (uint32_t p = 0; p < n_ports; p++) {
        /* Packed as in rings: page-aligned buffers would share the same few sets of the cache. */
        b.in[p].m = (struct vdc_msg *)(void *)(frames + p * stride);
        hello(&b, p);
        put_mac((uint8_t *)(b.in[p].m + 1) + 6, p);
    }
    /* hello, then one round that teaches the addresses */
    vdc_hiswitch_ops.run(b.state, VTIME_PS_PER_US, &io);
    for (uint32_t p = 0; p < n_ports; p++) {
        uint8_t *d = (uint8_t *)(b.in[p].m + 1);

        memset(d, 0x5a, b.len);
        put_mac(d, (p + 1) % n_ports);
        put_mac(d + 6, p);
        d[12] = 0x88;
        d[13] = 0xb5;
    }
    b.n_out = 0;
    t0 = cpu_ns();
    for (to = VTIME_PS_PER_US;
         vdc_hiswitch_ops.next(b.state) != VTIME_NEVER || b.in[0].n <= b.n_max;) {
        to += window_ps;
        vdc_hiswitch_ops.run(b.state, to, &io);
    }
    ns = cpu_ns() - t0;
    (void)printf("{\"bench\":\"hub\",\"ports\":%" PRIu32 ",\"len\":%" PRIu32
                 ",\"window_ns\":%" PRIu64 ",\"frames\":%" PRIu64 ",\"cpu_ns_per_hop\":%" PRIu64
                 ".%" PRIu64 ",\"mhops_per_cpu_s\":%" PRIu64 ".%02" PRIu64 "}\n",
                 n_ports, len, window_ps / 1000, b.n_out, ns / b.n_out, ns * 10 / b.n_out % 10,
                 b.n_out * 1000 / ns, b.n_out * 100000 / ns % 100);
    t0 = cpu_ns();
    for (uint32_t i = 0; i < DIGESTS; i++) {
        sum ^= vdc_hiswitch_ops.digest(b.state).lo + i;
    }
    (void)printf("{\"bench\":\"hub-digest\",\"ports\":%" PRIu32 ",\"cpu_ns\":%" PRIu64
                 ",\"sum\":\"%" PRIx64 "\"}\n",
                 n_ports, (cpu_ns() - t0) / DIGESTS, sum);
    free(frames);
    free(b.state);
}

/* bench-hub [FRAMES [PORTS LENGTH]] */
int main(int argc, char **argv)
{
    static const uint32_t ports[] = { 8, 64 };
    static const uint32_t lens[] = { 60, 1514 };
    const uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 4000000;

    if (argc > 3) {
        measure((uint32_t)strtoul(argv[2], NULL, 10), (uint32_t)strtoul(argv[3], NULL, 10),
                2 * VTIME_PS_PER_US, n);
        return 0;
    }
    for (size_t i = 0; i < 2; i++) {
        for (size_t k = 0; k < 2; k++) {
            measure(ports[i], lens[k], 2 * VTIME_PS_PER_US, n);
        }
    }
    return 0;
}
