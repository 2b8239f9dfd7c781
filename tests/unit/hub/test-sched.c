/* SPDX-License-Identifier: MIT */
/* Scheduler: strict order, fairness of deficit round robin for any weights and sizes. */
#include <stdlib.h>

#include "tap.h"
#include "vdc/hub.h"
#include "vdc/rng.h"

#define MAX_FRAME 1518u

/* A port whose queues are full of frames whose sizes are drawn when they become the head. */
struct port {
    struct vdc_hub_port p;
    uint64_t sent[VDC_HUB_TCS];
    uint64_t draw;
};

static void new_head(struct port *x, uint32_t tc)
{
    struct vdc_hub_queue *q = &x->p.q[tc];

    q->frames = 1000;
    q->head_ok = 0;
    q->head_size = 60 + (uint32_t)vdc_rand_below(tc + 1, x->draw++, MAX_FRAME - 59);
}

static void setup(struct port *x, const uint8_t weight[8], uint32_t backlog)
{
    memset(x, 0, sizeof(*x));
    vdc_hub_weights(&x->p, weight, MAX_FRAME);
    x->p.backlog = backlog;
    for (uint32_t tc = 0; tc < VDC_HUB_TCS; tc++) {
        new_head(x, tc);
    }
}

static uint32_t send(struct port *x, vtime_t now)
{
    const uint32_t tc = vdc_hub_pick(&x->p, now);

    if (tc != VDC_HUB_NONE) {
        x->sent[tc] += x->p.q[tc].head_size;
        new_head(x, tc);
    }
    return tc;
}

/* Over any number of decisions, bytes per weight differ by at most one turn and one frame. */
static void fairness(void)
{
    for (uint64_t seed = 0; seed < 300; seed++) {
        uint8_t weight[8] = { 0 };
        uint32_t n = 2 + (uint32_t)vdc_rand_below(seed, 1, 7);
        uint32_t left = 100;
        struct port x;

        for (uint32_t tc = 0; tc < n; tc++) {
            const uint32_t most = left - (n - 1 - tc);

            weight[tc] = (uint8_t)(tc == n - 1 ? left : 1 + vdc_rand_below(seed, 2 + tc, most));
            left -= weight[tc];
        }
        setup(&x, weight, (1u << n) - 1);
        for (uint32_t i = 0; i < 4000; i++) {
            CHECK(send(&x, 0) < n);
        }
        for (uint32_t a = 0; a < n; a++) {
            for (uint32_t b = 0; b < n; b++) {
                /* Turns differ by one; each TC may owe or own a frame. In units of bytes per
                 * percent. */
                const uint64_t turn = x.p.quantum[a] / weight[a];
                const uint64_t one = x.sent[a] / weight[a];
                const uint64_t two = x.sent[b] / weight[b];
                const uint64_t slack = turn + MAX_FRAME / weight[a] + MAX_FRAME / weight[b] + 2;

                CHECK(one <= two + slack);
            }
        }
    }
}

static void strict(void)
{
    static const uint8_t weight[8] = { 60, 40, 0, 0, 0, 0, 0, 0 };
    struct port x;

    setup(&x, weight, 0x8f);
    CHECK_EQ(x.p.strict, 0xfc);
    for (int i = 0; i < 20; i++) {
        CHECK_EQ(send(&x, 0), 7);
    }
    x.p.backlog = 0x0f;
    CHECK_EQ(send(&x, 0), 3);
    x.p.q[3].head_ok = 10; /* not ready: no reason to wait for it */
    CHECK_EQ(send(&x, 9), 2);
    x.p.q[2].head_ok = 10;
    CHECK(send(&x, 9) < 2);
    CHECK_EQ(send(&x, 10), 3);
}

/* Work is conserved: who is alone has everything, and saves nothing for later. */
static void idle_classes(void)
{
    static const uint8_t weight[8] = { 98, 1, 1, 0, 0, 0, 0, 0 };
    struct port x;

    setup(&x, weight, 2);
    for (int i = 0; i < 50; i++) {
        CHECK_EQ(send(&x, 0), 1);
    }
    x.p.backlog = 0;
    CHECK_EQ(vdc_hub_pick(&x.p, 0), VDC_HUB_NONE);
    CHECK_EQ(vdc_hub_ready(&x.p), VTIME_NEVER);
}

/* A class that is not ready loses its turn and keeps what it has; the others never wait. */
static void turns_are_lost(void)
{
    static const uint8_t weight[8] = { 50, 50, 0, 0, 0, 0, 0, 0 };
    struct port x;

    setup(&x, weight, 3);
    x.p.q[0].head_ok = 100;
    for (int i = 0; i < 10; i++) {
        CHECK_EQ(send(&x, 50), 1);
    }
    CHECK_EQ(vdc_hub_ready(&x.p), 0);
    x.p.backlog = 1;
    CHECK_EQ(vdc_hub_ready(&x.p), 100);
    CHECK_EQ(send(&x, 50), VDC_HUB_NONE);
    CHECK_EQ(send(&x, 100), 0);
}

static const struct tap_case cases[] = {
    { "bytes follow the weights", fairness },
    { "strict classes first, ready ones only", strict },
    { "nothing waits for an empty class", idle_classes },
    { "a class that is not ready loses its turn", turns_are_lost },
};

TAP_MAIN(cases)
