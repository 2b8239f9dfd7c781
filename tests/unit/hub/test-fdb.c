/* SPDX-License-Identifier: MIT */
/* Forwarding table: learning, moves, collisions, aging, static entries, against a list. */
#include <stdlib.h>

#include "state.h"
#include "tap.h"
#include "vdc/rng.h"

#define US VTIME_PS_PER_US

static struct vdc_hs *sw;

static void fresh(uint64_t aging)
{
    free(sw);
    sw = calloc(1, sizeof(*sw));
    if (!sw) {
        exit(99);
    }
    sw->n_ports = 8;
    sw->aging_ps = aging;
}

/* Keys of one bucket. */
static uint64_t colliding(uint32_t n)
{
    const uint32_t want = vdc_hs_fdb_bucket(vdc_hs_key(1, 2));
    uint64_t mac = 2;

    for (;;) {
        if (vdc_hs_fdb_bucket(vdc_hs_key(1, mac)) == want) {
            if (n == 0) {
                return vdc_hs_key(1, mac);
            }
            n--;
        }
        mac += 256;
    }
}

static void learn_and_move(void)
{
    const uint64_t k = vdc_hs_key(5, 0x020000000002);
    uint64_t history;

    fresh(0);
    CHECK_EQ(vdc_hs_fdb_find(sw, k, 0), VDC_HS_NO_PORT);
    CHECK_EQ(vdc_hs_fdb_learn(sw, k, 3, 0), VDC_HS_LEARNED);
    history = sw->history;
    CHECK_EQ(vdc_hs_fdb_learn(sw, k, 3, 1), VDC_HS_SAME);
    CHECK_EQ(sw->history, history);
    CHECK_EQ(vdc_hs_fdb_learn(sw, k, 4, 2), VDC_HS_MOVED);
    CHECK(sw->history != history);
    CHECK_EQ(vdc_hs_fdb_find(sw, k, 1000 * VTIME_PS_PER_S), 4); /* aging 0 = never */
    CHECK_EQ(vdc_hs_fdb_find(sw, vdc_hs_key(6, 0x020000000002), 3), VDC_HS_NO_PORT);
}

static void collisions(void)
{
    fresh(0);
    for (uint32_t i = 0; i < 4; i++) {
        CHECK_EQ(vdc_hs_fdb_learn(sw, colliding(i), i, 10 + i), VDC_HS_LEARNED);
    }
    CHECK_EQ(vdc_hs_fdb_learn(sw, colliding(0), 0, 20),
             VDC_HS_SAME); /* refreshed: 1 is the oldest now */
    CHECK_EQ(vdc_hs_fdb_learn(sw, colliding(4), 5, 21), VDC_HS_LEARNED);
    CHECK_EQ(vdc_hs_fdb_find(sw, colliding(1), 21), VDC_HS_NO_PORT);
    CHECK_EQ(vdc_hs_fdb_find(sw, colliding(0), 21), 0);
    CHECK_EQ(vdc_hs_fdb_find(sw, colliding(4), 21), 5);
    /* Static entries push learned ones out and stay. */
    for (uint32_t i = 10; i < 14; i++) {
        CHECK(vdc_hs_fdb_add_static(sw, colliding(i), 7, 30));
    }
    CHECK(!vdc_hs_fdb_add_static(sw, colliding(14), 7, 30));
    CHECK_EQ(vdc_hs_fdb_learn(sw, colliding(0), 0, 31), VDC_HS_FULL);
    CHECK_EQ(vdc_hs_fdb_learn(sw, colliding(10), 0, 31), VDC_HS_SAME); /* static wins */
    CHECK_EQ(vdc_hs_fdb_find(sw, colliding(10), 31), 7);
}

static void aging(void)
{
    const uint64_t k = vdc_hs_key(1, 6);

    fresh(10 * US);
    (void)vdc_hs_fdb_learn(sw, k, 1, 5 * US);
    CHECK_EQ(vdc_hs_fdb_find(sw, k, 15 * US - 1), 1);
    CHECK_EQ(vdc_hs_fdb_find(sw, k, 15 * US), VDC_HS_NO_PORT);
    CHECK(!vdc_hs_fdb_del(sw, k, 15 * US));
    /* An aged way is free, before any that lives. */
    fresh(10 * US);
    (void)vdc_hs_fdb_learn(sw, colliding(2), 2, 1);
    (void)vdc_hs_fdb_learn(sw, colliding(0), 0, 9 * US);
    (void)vdc_hs_fdb_learn(sw, colliding(1), 1, 9 * US);
    (void)vdc_hs_fdb_learn(sw, colliding(3), 3, 9 * US);
    (void)vdc_hs_fdb_learn(sw, colliding(5), 6, 12 * US);
    CHECK_EQ(vdc_hs_fdb_find(sw, colliding(0), 12 * US), 0);
    CHECK_EQ(vdc_hs_fdb_find(sw, colliding(5), 12 * US), 6);
    (void)vdc_hs_fdb_add_static(sw, vdc_hs_key(1, 8), 3, 0);
    CHECK_EQ(vdc_hs_fdb_find(sw, vdc_hs_key(1, 8), 1000000 * US), 3);
}

static uint32_t count(void)
{
    struct vdc_hiswitch_fdb_row rows[37];
    uint32_t cursor = 0;
    uint32_t n = 0;

    do {
        n += vdc_hs_fdb_rows(sw, &cursor, 0, rows, 37);
    } while (cursor != 0);
    return n;
}

static void flush(void)
{
    fresh(0);
    for (uint32_t i = 0; i < 800; i++) {
        (void)vdc_hs_fdb_learn(sw, vdc_hs_key(1 + i % 2, 2 + 256 * i), i % 8, 0);
    }
    (void)vdc_hs_fdb_add_static(sw, vdc_hs_key(1, 1000002), 3, 0);
    CHECK_EQ(count(), 801);
    vdc_hs_fdb_flush(sw, 3, 0, false);
    CHECK_EQ(count(), 701);
    vdc_hs_fdb_flush(sw, VDC_HS_NO_PORT, 1, false);
    CHECK_EQ(count(), 301);
    vdc_hs_fdb_flush(sw, 3, 1, true);
    CHECK_EQ(count(), 300);
    vdc_hs_fdb_flush(sw, VDC_HS_NO_PORT, 0, true);
    CHECK_EQ(count(), 0);
}

/* 12,000 addresses: most fit 4-way buckets, none is ever found at a wrong port. */
static void many(void)
{
    uint32_t found = 0;

    fresh(0);
    for (uint32_t i = 0; i < 12000; i++) {
        (void)vdc_hs_fdb_learn(sw, vdc_hs_key(1, 2 + 256 * (uint64_t)i), i % 8, i);
    }
    for (uint32_t i = 0; i < 12000; i++) {
        const uint32_t p = vdc_hs_fdb_find(sw, vdc_hs_key(1, 2 + 256 * (uint64_t)i), 12000);

        CHECK(p == VDC_HS_NO_PORT || p == i % 8);
        found += p != VDC_HS_NO_PORT;
    }
    CHECK(found > 11000);
}

static const struct tap_case cases[] = {
    { "learning and moving", learn_and_move },
    { "full buckets", collisions },
    { "aging in virtual time", aging },
    { "flush and listing", flush },
    { "many addresses", many },
};

TAP_MAIN(cases)
