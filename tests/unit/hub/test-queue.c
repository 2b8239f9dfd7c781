/* SPDX-License-Identifier: MIT */
/* Frames and queues of the hub core: order, admission, reference counts, books. */
#include <stdlib.h>

#include "tap.h"
#include "vdc/hub.h"
#include "vdc/rng.h"

static const struct vdc_hub_cfg cfg = { .n_ports = 4, .buffer = 65536 };

static struct vdc_hub *fresh(void)
{
    const size_t n = vdc_hub_size(&cfg);
    void *mem = aligned_alloc(64, (n + 63) & ~(size_t)63);

    if (!mem) {
        exit(99);
    }
    memset(mem, 0x5a, n);
    vdc_hub_init(mem, &cfg);
    return mem;
}

static uint32_t arrive(struct vdc_hub *h, uint32_t port, uint32_t size)
{
    vdc_hub_arrive(h, port, size);
    return vdc_hub_store(h, port, 0, size < 60 ? size : 60, size);
}

static void leave(struct vdc_hub *h, uint32_t port, uint32_t tc, vtime_t now)
{
    const uint32_t f = vdc_hub_dequeue(h, port, tc, now);

    vdc_hub_sent(h, port, f, vdc_hub_frame(h, f)->size);
    vdc_hub_put(h, f);
}

static void fifo(void)
{
    struct vdc_hub *h = fresh();

    for (uint32_t i = 0; i < 5; i++) {
        const uint32_t f = arrive(h, 0, 100 + i);

        vdc_hub_enqueue(h, 1, 3, f, 1000 * i);
        vdc_hub_settle(h, f, 1);
    }
    vdc_hub_check(h);
    CHECK_EQ(h->port[1].backlog, 8);
    CHECK_EQ(h->port[1].q[3].bytes, 510);
    CHECK_EQ(h->port[1].cnt.q_max[3], 510);
    for (uint32_t i = 0; i < 5; i++) {
        CHECK_EQ(h->port[1].q[3].head_size, 100 + i);
        CHECK_EQ(h->port[1].q[3].head_ok, 1000 * i);
        leave(h, 1, 3, 1000 * i);
        vdc_hub_check(h);
    }
    CHECK_EQ(h->port[1].backlog, 0);
    CHECK_EQ(h->shared_used, 0);
    CHECK_EQ(h->books.out_bytes, 510);
    free(h);
}

/* One copy of the payload, charged once, freed with the last reader. */
static void flood(void)
{
    struct vdc_hub *h = fresh();
    const uint32_t f = arrive(h, 0, 1000);

    for (uint32_t p = 1; p < 4; p++) {
        vdc_hub_enqueue(h, p, 0, f, 0);
    }
    vdc_hub_settle(h, f, 3);
    vdc_hub_check(h);
    CHECK_EQ(h->shared_used, 1000);
    CHECK_EQ(h->port[0].ingress_bytes, 1000);
    CHECK_EQ(h->books.copy_frames, 2);
    CHECK_EQ(h->books.queued_bytes, 3000);
    for (uint32_t p = 1; p < 4; p++) {
        CHECK_EQ(h->shared_used, 1000);
        leave(h, p, 0, 0);
        vdc_hub_check(h);
    }
    CHECK_EQ(h->shared_used, 0);
    CHECK_EQ(vdc_arena_used(vdc_hub_arena(h)), 0);
    free(h);
}

static void limits(void)
{
    struct vdc_hub *h = fresh();
    uint32_t f = VDC_HUB_NONE;
    uint32_t n = 0;

    h->port[2].queue_limit = 2500;
    for (uint32_t i = 0; i < 3; i++) { /* two fit the queue */
        f = arrive(h, 0, 1000);
        vdc_hub_enqueue(h, 2, 0, f, 0);
        vdc_hub_settle(h, f, 1);
    }
    CHECK_EQ(h->port[2].cnt.drop[VDC_HUB_DROP_EGRESS], 1);
    CHECK_EQ(h->shared_used, 2000);
    vdc_hub_check(h);
    while ((f = arrive(h, 1, 1000)) != VDC_HUB_NONE) {
        vdc_hub_enqueue(h, 3, 0, f, 0);
        vdc_hub_settle(h, f, 1);
        n++;
    }
    CHECK_EQ(n, 63); /* 65,536 bytes */
    vdc_hub_drop(h, 1, VDC_HUB_DROP_BUF, 1000);
    vdc_hub_check(h);
    /* Frames of no size to speak of run out of slots instead: 1,024 of them, 65 are taken. */
    vdc_hub_flush(h, 3, VDC_HUB_DROP_LINK_LOST);
    CHECK_EQ(h->port[3].cnt.drop[VDC_HUB_DROP_LINK_LOST], 63);
    vdc_hub_check(h);
    for (n = 0; n < 1022; n++) {
        f = arrive(h, 1, 14);
        vdc_hub_enqueue(h, 3, 0, f, 0);
        vdc_hub_settle(h, f, 1);
    }
    CHECK_EQ(h->port[3].cnt.drop[VDC_HUB_DROP_BUF], 0);
    f = arrive(h, 1, 14);
    vdc_hub_enqueue(h, 3, 0, f, 0);
    vdc_hub_settle(h, f, 1);
    CHECK_EQ(h->port[3].cnt.drop[VDC_HUB_DROP_BUF], 1);
    vdc_hub_check(h);
    free(h);
}

/* 1 Gb/s: 1000 bytes every 8 us, whatever the link could do. */
static void maxrate(void)
{
    struct vdc_hub *h = fresh();

    h->port[0].maxrate_kbps[5] = 1000000;
    for (uint32_t i = 0; i < 3; i++) {
        const uint32_t f = arrive(h, 1, 1000);

        vdc_hub_enqueue(h, 0, 5, f, 100);
        vdc_hub_settle(h, f, 1);
    }
    CHECK_EQ(vdc_hub_ready(&h->port[0]), 100);
    leave(h, 0, 5, 200);
    CHECK_EQ(vdc_hub_ready(&h->port[0]), 200 + 8000000);
    CHECK_EQ(vdc_hub_pick(&h->port[0], 8000199), VDC_HUB_NONE);
    CHECK_EQ(vdc_hub_pick(&h->port[0], 8000200), 5);
    free(h);
}

static void random_traffic(void)
{
    struct vdc_hub *h = fresh();
    uint64_t draw = 0;

    for (uint32_t i = 0; i < 60000; i++) {
        const uint32_t port = (uint32_t)vdc_rand_below(9, draw++, 4);
        const uint32_t tc = (uint32_t)vdc_rand_below(9, draw++, 8);

        if (vdc_rand_below(9, draw++, 5) < 3) {
            const uint32_t size = 14 + (uint32_t)vdc_rand_below(9, draw++, 3000);
            const uint32_t n = 1 + (uint32_t)vdc_rand_below(9, draw++, 3);
            const uint32_t f = arrive(h, port, size);

            if (f == VDC_HUB_NONE) {
                vdc_hub_drop(h, port, VDC_HUB_DROP_BUF, size);
                continue;
            }
            for (uint32_t k = 0; k < n; k++) {
                vdc_hub_enqueue(h, (port + 1 + k) % 4, tc, f, i);
            }
            vdc_hub_settle(h, f, n);
        } else if (h->port[port].backlog >> tc & 1) {
            leave(h, port, tc, i);
        }
        if (i % 200 == 0) {
            vdc_hub_check(h);
        }
    }
    for (uint32_t p = 0; p < 4; p++) {
        vdc_hub_flush(h, p, VDC_HUB_DROP_LINK_LOST);
    }
    vdc_hub_check(h);
    CHECK_EQ(h->shared_used, 0);
    CHECK_EQ(h->books.queued_frames, 0);
    CHECK(h->books.out_frames > 5000);
    CHECK_EQ(vdc_arena_used(vdc_hub_arena(h)), 0);
    free(h);
}

static const struct tap_case cases[] = {
    { "a queue keeps order and sums", fifo },         { "a flood stores one payload", flood },
    { "queue, buffer and slots are limits", limits }, { "a rate limit delays the head", maxrate },
    { "random traffic balances", random_traffic },
};

TAP_MAIN(cases)
