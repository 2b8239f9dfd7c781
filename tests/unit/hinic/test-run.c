/* SPDX-License-Identifier: MIT */
/* Results do not depend on how time is cut, when messages are handed over, or the order of equal
 * doorbells; promises. */
#include "host.h"
#include "tap.h"
#include "vdc/rng.h"

#include <stdlib.h>

#define STEPS 60u
#define SLOT  VTIME_PS_PER_US /* the script acts at whole microseconds */

/* How a run is cut. */
struct cut {
    bool is_each_event; /* one run() per event */
    uint64_t seed;      /* != 0: random cuts */
    uint32_t ahead;     /* frames handed over this many slots early */
    uint32_t order;     /* permutation of the doorbells of a slot */
};

struct result {
    char *trace;
    struct vdc_digest digest[STEPS];
};

static void advance(struct host *o, vtime_t to, const struct cut *c, uint64_t *n)
{
    while (c->is_each_event && vdc_hinic_next(o->h) < to) {
        host_run(o, vdc_hinic_next(o->h));
    }
    while (c->seed != 0 && o->now + 1 < to) {
        const vtime_t t = o->now + 1 + vdc_rand_below(c->seed, (*n)++, 400000);

        if (t >= to) {
            break;
        }
        host_run(o, t);
    }
    host_run(o, to);
}

static struct result run(uint64_t scenario, const struct cut *c)
{
    struct result r = { .trace = NULL };
    struct host *o = host_new(NULL);
    struct host_queue tx[2];
    struct host_queue rx[2];
    struct host_pkt p;
    const uint64_t buf = host_alloc(o, 1 << 20, 4096);
    struct hinic_mb_rss rss = { .types = HINIC_RSS_ALL };
    uint64_t n = 0;
    vtime_t t0;
    uint32_t given = 0;

    host_start(o);
    for (uint32_t i = 0; i < HINIC_RSS_TABLE_LEN; i++) {
        rss.key[i % HINIC_RSS_KEY_LEN] = (uint8_t)(i * 91 + 3);
        rss.table[i] = i & 1;
    }
    CHECK_EQ(host_cmd(o, HINIC_AQ_SET_RSS, 1, NULL, 0, &rss, sizeof(rss), NULL, 0), HINIC_AQ_OK);
    CHECK_EQ(host_offload(o, HINIC_OFFLOAD_ALL), HINIC_AQ_OK);
    for (uint32_t q = 0; q < 2; q++) {
        CHECK_EQ(host_queue_moderated(o, &tx[q], q, false, 6, 1 + q, q * 3, q * 2000), HINIC_AQ_OK);
        CHECK_EQ(host_queue_moderated(o, &rx[q], q, true, 6, 1 + q, q * 2, q * 3000), HINIC_AQ_OK);
    }
    host_idle(o);
    o->trace = malloc(HOST_TRACE);
    o->trace[0] = 0;
    t0 = (o->now / SLOT + 2) * SLOT;
    for (uint32_t s = 0; s < STEPS; s++) {
        const vtime_t t = t0 + s * SLOT;
        uint64_t k = scenario * 100000 + s * 100;
        struct hinic_eth_cpl cpl;

        /* Frames of this slot and, if wanted, of later ones. */
        for (; given <= s + c->ahead && given < STEPS; given++) {
            for (uint32_t i = 0; i < 3; i++) {
                const uint64_t g = scenario * 7000 + given * 10 + i;

                host_ip(&p, g & 1, g & 2, 100 + (uint32_t)vdc_rand_below(5, g, 1300), -1);
                p.b[36] = (uint8_t)vdc_rand(6, g);
                host_frame_in(
                    o, t0 + given * SLOT + 100000 + i * 300000 + vdc_rand_below(7, g, 250000), p.b,
                    p.len);
            }
        }
        advance(o, t, c, &n);
        for (uint32_t q = 0; q < 2; q++) { /* a driver's poll */
            while (host_cpl(o, &rx[q], &cpl)) {
            }
            while (host_cpl(o, &tx[q], &cpl)) {
            }
            while ((uint16_t)(rx[q].pi - rx[q].ci) < 40) {
                host_rx(o, &rx[q], buf + 65536 + q * 262144 + (rx[q].pi & 63u) * 2048, 2048,
                        rx[q].pi);
            }
            for (uint32_t i = 0;
                 i < vdc_rand_below(8, k++, 4) && (uint16_t)(tx[q].pi - tx[q].ci) < 30; i++) {
                const struct hinic_tx_desc d = {
                    .addr = buf,
                    .len = (uint16_t)(200 + vdc_rand_below(9, k, 5000)),
                    .flags = (uint16_t)(HINIC_TXD_EOP | HINIC_TXD_INT | HINIC_TXD_TSO),
                    .mss = 1448,
                };

                host_ip(&p, false, true, 6000, -1);
                memcpy(host_ptr(o, buf, p.len), p.b, p.len);
                host_tx_desc(o, &tx[q], d);
            }
        }
        for (uint32_t i = 0; i < 8; i++) {
            const uint32_t what = i ^ c->order;
            const struct host_queue *which = what & 1 ? &rx[what >> 1 & 1] : &tx[what >> 1 & 1];

            if (what & 4) {
                host_arm(o, which);
            } else {
                host_ring(o, which);
            }
        }
        r.digest[s] = vdc_hinic_digest(o->h);
    }
    advance(o, o->now + 100 * SLOT, c, &n);
    r.trace = o->trace;
    o->trace = NULL;
    host_free(o);
    return r;
}

static void compare(uint64_t scenario, const struct cut *c, const struct result *want)
{
    struct result got = run(scenario, c);

    CHECK(strcmp(got.trace, want->trace) == 0);
    for (uint32_t s = 0; s < STEPS; s++) {
        CHECK_EQ(got.digest[s].lo, want->digest[s].lo);
        CHECK_EQ(got.digest[s].hi, want->digest[s].hi);
    }
    if (tap_failed) {
        printf("# scenario=%u each=%d seed=%u ahead=%u order=%u\n", (unsigned)scenario,
               c->is_each_event, (unsigned)c->seed, c->ahead, c->order);
    }
    free(got.trace);
}

static void partition(void)
{
    for (uint64_t scenario = 0; scenario < 5; scenario++) {
        const struct cut whole = { 0 };
        const struct cut each = { .is_each_event = true };
        struct result want = run(scenario, &whole);

        CHECK(strlen(want.trace) > 10000);
        compare(scenario, &each, &want);
        for (uint64_t seed = 1; seed <= 20; seed++) {
            const struct cut c = { .seed = seed };

            compare(scenario, &c, &want);
        }
        free(want.trace);
    }
}

static void shuffle(void)
{
    for (uint64_t scenario = 10; scenario < 14; scenario++) {
        const struct cut whole = { 0 };
        struct result want = run(scenario, &whole);

        for (uint32_t order = 1; order < 8; order++) {
            const struct cut c = { .order = order, .ahead = order % 4, .seed = order };

            compare(scenario, &c, &want);
        }
        free(want.trace);
    }
}

/* The checks above would see a frame that is one byte longer or one ps later. */
static void sensitive(void)
{
    const struct cut whole = { 0 };
    struct result a = run(0, &whole);
    struct result b = run(1, &whole);

    CHECK(strcmp(a.trace, b.trace) != 0);
    CHECK(a.digest[STEPS - 1].lo != b.digest[STEPS - 1].lo);
    free(a.trace);
    free(b.trace);
}

/* No frame leaves before what was promised, and the promise of an idle device is exactly the least
 * doorbell-to-wire time. */
static void promise(void)
{
    struct host *o = host_new(NULL);
    const struct vdc_hinic_timing *t = &o->cfg.timing;
    struct host_queue tx;
    vtime_t latest = 0;
    uint32_t seen;

    CHECK_EQ(vdc_hinic_promise(o->h, 0), VTIME_NEVER);
    host_start(o);
    CHECK_EQ(host_queue(o, &tx, 0, false, 8, 1), HINIC_AQ_OK);
    host_idle(o);
    CHECK_EQ(vdc_hinic_promise(o->h, VTIME_NEVER), VTIME_NEVER);
    CHECK_EQ(vdc_hinic_promise(o->h, o->now),
             o->now + t->t_db + 2 * (t->t_pcie_up + t->t_pcie_dn) + t->t_tx);
    seen = o->n_frame_kept;
    for (uint32_t i = 0; i < 300; i++) {
        if (i % 3 == 0 && i < 250) {
            host_tx(o, &tx, HOST_BASE, 60 + i, HINIC_TXD_EOP);
            host_ring(o, &tx);
            host_ci(o, &tx);
        }
        latest = vdc_hinic_promise(o->h, o->now);
        CHECK(latest > o->now);
        host_run(o, o->now + 37123);
        for (; seen < o->n_frame_kept; seen++) {
            CHECK(o->frame[seen].m.depart + o->epoch >= latest);
        }
    }
    CHECK_EQ(o->n_frame, 84);
    host_free(o);
}

/* A queue that waits for a free completion is the shortest way from a register to the wire: the
 * promise covers it. */
static void promise_unblocked(void)
{
    struct host *o = host_new(NULL);
    struct host_queue tx;
    struct hinic_eth_cpl c;
    vtime_t latest;

    host_start(o);
    CHECK_EQ(host_queue(o, &tx, 0, false, 4, 1), HINIC_AQ_OK);
    for (uint32_t i = 0; i < 32; i++) {
        host_tx(o, &tx, HOST_BASE, 60, HINIC_TXD_EOP);
        if (i % 16 == 15) {
            host_ring(o, &tx);
            host_idle(o);
        }
    }
    CHECK_EQ(o->n_frame, 16);
    CHECK_EQ(vdc_hinic_promise(o->h, VTIME_NEVER), VTIME_NEVER); /* it waits for the driver alone */
    while (host_cpl(o, &tx, &c)) {
    }
    latest = vdc_hinic_promise(o->h, o->now);
    host_ci(o, &tx);
    host_idle(o);
    CHECK_EQ(o->n_frame, 32);
    CHECK_EQ(o->frame[16].m.depart + o->epoch, latest);
    CHECK(o->frame[17].m.depart > o->frame[16].m.depart);
    host_free(o);
}

static const struct tap_case cases[] = {
    { "time cut in any way", partition },
    { "doorbells in any order, messages handed over early", shuffle },
    { "different scenarios differ", sensitive },
    { "promises hold", promise },
    { "promise of a queue that waits for a completion", promise_unblocked },
};

TAP_MAIN(cases)
