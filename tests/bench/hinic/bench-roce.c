/* SPDX-License-Identifier: MIT */
/* Speed of RDMA in two NIC models back to back, in data packets per CPU second, both sides
 * together. Prints JSON lines; never gates. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pair.h"

#define CPU_NS UINT64_C(400000000) /* per case */
#define DEPTH  16u                 /* messages outstanding */
#define REGION (1u << 20)

static uint64_t cpu_ns(void)
{
    struct timespec t;

    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) != 0) {
        abort();
    }
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Bus memory without checks: what a shell does when its page cache hits. */
static int dma_read(void *ctx, uint64_t addr, void *buf, uint32_t len)
{
    memcpy(buf, ((struct host *)ctx)->mem + (addr - HOST_BASE), len);
    return 0;
}

static int dma_write(void *ctx, uint64_t addr, const void *buf, uint32_t len)
{
    memcpy(((struct host *)ctx)->mem + (addr - HOST_BASE), buf, len);
    return 0;
}

struct work {
    const char *what;
    uint32_t op, len, mtu, n_qp;
};

static void fail(const char *what, uint32_t status)
{
    fprintf(stderr, "%s: status %u\n", what, status);
    exit(1);
}

static void post(struct pair_qp *q, const struct work *w, const struct pair_mr *m)
{
    const struct pair_wr wr = { .op = w->op,
                                .flags = HINIC_WQE_F_SIGNALED,
                                .n_sge = 1,
                                .sge = { pair_sge(&m[0], (uint64_t)(q[0].n_send % 8) * w->len,
                                                  w->len) },
                                .raddr = m[1].va + (uint64_t)(q[0].n_send % 8) * w->len,
                                .rkey = m[1].key };

    if (w->op == HINIC_WQE_SEND) {
        const struct hinic_sge to = pair_sge(&m[1], (uint64_t)(q[1].n_recv % 8) * w->len, w->len);

        (void)pair_recv(&q[1], &to, 1);
    }
    (void)pair_send(&q[0], &wr);
}

static void run(const struct work *w)
{
    struct pair *p = pair_new(NULL, 1);
    const struct pair_qp_cfg cfg = { .type = HINIC_QPT_RC };
    const struct pair_conn conn = { .path_mtu = w->mtu };
    const uint32_t data_dir = w->op == HINIC_WQE_READ ? 1 : 0;
    const uint32_t access = HINIC_ACCESS_LOCAL_WRITE | HINIC_ACCESS_REMOTE_WRITE |
                            HINIC_ACCESS_REMOTE_READ;
    struct pair_qp q[64][2];
    struct pair_mr m[2];
    struct hinic_cqe c;
    uint64_t n_msg = 0;
    uint64_t t0, ns, n_packet;
    vtime_t v0;

    for (uint32_t i = 0; i < 2; i++) {
        m[i] = pair_mr(&p->end[i], REGION, access, PAIR_MR_FLAT);
        p->end[i].o->env.dma_read = dma_read;
        p->end[i].o->env.dma_write = dma_write;
    }
    for (uint32_t k = 0; k < w->n_qp; k++) {
        for (uint32_t i = 0; i < 2; i++) {
            q[k][i] = pair_qp(&p->end[i], &cfg);
        }
        pair_connect(&q[k][0], &q[k][1], &conn);
    }
    t0 = cpu_ns();
    v0 = p->now;
    for (uint32_t k = 0; k < w->n_qp; k++) {
        for (uint32_t i = 0; i < DEPTH / (w->n_qp > 4 ? 4 : w->n_qp); i++) {
            post(q[k], w, m);
        }
    }
    while (cpu_ns() - t0 < CPU_NS) {
        for (uint32_t i = 0; i < 64 && pair_step(p); i++) {
        }
        while (pair_poll(&p->end[0], &p->end[0].cq, &c)) {
            uint32_t k = 0;

            if (c.status != HINIC_WC_SUCCESS) {
                fail(w->what, c.status);
            }
            while (q[k][0].qpn != (c.qpn_op & 0xffffff)) {
                k++;
            }
            n_msg++;
            post(q[k], w, m);
        }
        while (pair_poll(&p->end[1], &p->end[1].cq, &c)) {
            if (c.status != HINIC_WC_SUCCESS) {
                fail(w->what, c.status);
            }
        }
    }
    ns = cpu_ns() - t0;
    n_packet = n_msg * ((w->len + w->mtu - 1) / w->mtu);
    printf("{\"bench\": \"roce\", \"what\": \"%s\", \"bytes\": %u, \"mtu\": %u, \"qps\": %u, "
           "\"packets\": %" PRIu64 ", \"packets_per_cpu_s\": %" PRIu64
           ", \"ns_per_packet\": %" PRIu64 ", \"gbps\": %.1f, \"frames_back\": %" PRIu64 "}\n",
           w->what, w->len, w->mtu, w->n_qp, n_packet, n_packet * 1000000000 / ns, ns / n_packet,
           (double)(n_msg * w->len) * 8000.0 / (double)(p->now - v0), p->dir[1 - data_dir].n_sent);
    pair_free(p);
}

int main(void)
{
    static const struct work works[] = {
        { "rc send 64 KiB", HINIC_WQE_SEND, 65536, 4096, 1 },
        { "rc write 64 KiB", HINIC_WQE_WRITE, 65536, 4096, 1 },
        { "rc read 64 KiB", HINIC_WQE_READ, 65536, 4096, 1 },
        { "rc send 4 KiB", HINIC_WQE_SEND, 4096, 4096, 1 },
        { "rc write 4 KiB", HINIC_WQE_WRITE, 4096, 4096, 1 },
        { "rc write 4 KiB", HINIC_WQE_WRITE, 4096, 4096, 32 },
        { "rc write 1 KiB mtu", HINIC_WQE_WRITE, 65536, 1024, 1 },
        { "rc write 64 B", HINIC_WQE_WRITE, 64, 4096, 1 },
    };

    for (size_t i = 0; i < sizeof(works) / sizeof(works[0]); i++) {
        run(&works[i]);
    }
    return 0;
}
