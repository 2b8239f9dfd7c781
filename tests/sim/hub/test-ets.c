/* SPDX-License-Identifier: MIT */
/* Shares of a congested 100 Gb/s port over 10 ms: three senders at line rate, frames of 256 and
 * 4096 B mixed. */
#include "rig.h"
#include "tap.h"
#include "vdc/rng.h"

#define SPAN    (10 * VTIME_PS_PER_MS)
#define SENDERS 3u
#define BATCH   (20 * VTIME_PS_PER_US)

struct load {
    uint64_t bytes[SENDERS + 1]; /* out of port 3, by sender */
    uint32_t pcp[SENDERS];       /* priority of each sender, 8 = silent */
};

static void count(void *ctx, uint32_t port, const struct vdc_msg *m, const uint8_t *frame)
{
    struct load *l = ctx;

    if (port == SENDERS && frame[11] < SENDERS) {
        l->bytes[frame[11]] += m->wire_len;
        l->bytes[SENDERS] += m->wire_len;
    }
}

/* Weights of TC 0..2; TC 7 is strict. */
static void play(struct load *l, const uint8_t weight[3])
{
    static struct vdc_hiswitch_cfg cfg;
    struct rig *r;
    vtime_t next[SENDERS];
    uint64_t draw = 0;

    vdc_hiswitch_cfg_default(&cfg, 0, SENDERS + 1, 1);
    for (int tc = 0; tc < 3; tc++) {
        cfg.port[SENDERS].qos.weight[tc] = weight[tc];
        cfg.port[SENDERS].qos.tsa[tc] = weight[tc] > 0 ? VDC_HISWITCH_TSA_ETS
                                                       : VDC_HISWITCH_TSA_STRICT;
    }
    cfg.port[SENDERS].queue_limit = 1 << 20;
    r = rig_new(&cfg);
    r->is_quiet = true;
    rig_hello(r, 1000);
    rig_send(r, SENDERS, 10000, &(struct rig_eth){ .dst = RIG_BROADCAST, .src = 9 });
    rig_run(r, VTIME_PS_PER_US);
    r->on_frame = count;
    r->frame_ctx = l;
    memset(l->bytes, 0, sizeof(l->bytes));
    for (uint32_t s = 0; s < SENDERS; s++) {
        next[s] = VTIME_PS_PER_US + s;
    }
    for (vtime_t t = VTIME_PS_PER_US; t < SPAN; t += BATCH) {
        for (uint32_t s = 0; s < SENDERS; s++) {
            while (l->pcp[s] < 8 && next[s] < t + BATCH) {
                const uint32_t size = vdc_rand_below(s, draw++, 2) ? 256 : 4096;

                /* Header-only: the share is a matter of sizes. */
                rig_send(r, s, next[s],
                         &(struct rig_eth){ .dst = 9,
                                            .src = s,
                                            .len = 64,
                                            .wire_len = size,
                                            .is_tagged = true,
                                            .pcp = l->pcp[s] });
                next[s] += (size + 24) * 80;
            }
        }
        rig_run(r, t + BATCH);
    }
    rig_free(r);
}

/* Within one percent of the whole. */
static void share(const struct load *l, uint32_t s, uint32_t percent)
{
    const uint64_t part = l->bytes[s] * 10000 / l->bytes[SENDERS];

    CHECK(part + 100 >= percent * 100);
    CHECK(part <= percent * 100 + 100);
}

static void two(void)
{
    struct load l = { .pcp = { 0, 1, 8 } };

    play(&l, (const uint8_t[]){ 70, 30, 0 });
    share(&l, 0, 70);
    share(&l, 1, 30);
}

static void three(void)
{
    struct load l = { .pcp = { 0, 1, 2 } };

    play(&l, (const uint8_t[]){ 50, 30, 20 });
    share(&l, 0, 50);
    share(&l, 1, 30);
    share(&l, 2, 20);
    /* At full rate: 100 Gb/s less overhead. */
    CHECK(l.bytes[SENDERS] > UINT64_C(122000000));
}

/* One idle: the others share its part by weight. */
static void one_idle(void)
{
    struct load l = { .pcp = { 0, 8, 2 } };

    play(&l, (const uint8_t[]){ 60, 20, 20 });
    share(&l, 0, 75);
    share(&l, 2, 25);
    CHECK(l.bytes[SENDERS] > UINT64_C(122000000));
}

static void strict_starves(void)
{
    struct load l = { .pcp = { 0, 1, 7 } };

    play(&l, (const uint8_t[]){ 70, 30, 0 });
    share(&l, 2, 100);
}

static const struct tap_case cases[] = {
    { "70/30", two },
    { "50/30/20", three },
    { "an idle class", one_idle },
    { "a backlogged strict class", strict_starves },
};

TAP_MAIN(cases)
