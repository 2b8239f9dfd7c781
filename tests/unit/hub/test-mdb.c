/* SPDX-License-Identifier: MIT */
/* Group table: sorted, bounded, exact. */
#include <stdlib.h>

#include "state.h"
#include "tap.h"
#include "vdc/rng.h"

static void table(void)
{
    struct vdc_hs *sw = calloc(1, sizeof(*sw));
    uint64_t ports = 0;

    if (!sw) {
        exit(99);
    }
    CHECK(!vdc_hs_mdb_find(sw, 5, &ports));
    for (uint64_t i = 0; i < VDC_HISWITCH_MDB_MAX; i++) {
        CHECK(vdc_hs_mdb_set(sw, 1 + vdc_rand(1, i) % 1000003 * 2, i));
    }
    CHECK_EQ(sw->n_mdb, VDC_HISWITCH_MDB_MAX);
    for (uint32_t i = 1; i < sw->n_mdb; i++) {
        CHECK(sw->mdb[i - 1].key < sw->mdb[i].key);
    }
    CHECK(!vdc_hs_mdb_set(sw, 2, 1)); /* full */
    for (uint64_t i = 0; i < VDC_HISWITCH_MDB_MAX; i++) {
        CHECK(vdc_hs_mdb_find(sw, 1 + vdc_rand(1, i) % 1000003 * 2, &ports));
        CHECK_EQ(ports, i);
        CHECK(vdc_hs_mdb_set(sw, 1 + vdc_rand(1, i) % 1000003 * 2, i + 1)); /* replaced */
    }
    CHECK(!vdc_hs_mdb_del(sw, 2));
    for (uint64_t i = 0; i < VDC_HISWITCH_MDB_MAX; i++) {
        CHECK(vdc_hs_mdb_del(sw, 1 + vdc_rand(1, i) % 1000003 * 2));
        CHECK(!vdc_hs_mdb_find(sw, 1 + vdc_rand(1, i) % 1000003 * 2, &ports));
    }
    CHECK_EQ(sw->n_mdb, 0);
    free(sw);
}

static const struct tap_case cases[] = {
    { "set, find, replace, delete, full", table },
};

TAP_MAIN(cases)
