/* SPDX-License-Identifier: MIT */
/* Group table: (VLAN, group address) to ports, a sorted array. */
#include "state.h"

#include <string.h>

/* First row whose key is not less. */
static uint32_t lower(const struct vdc_hs *sw, uint64_t key)
{
    uint32_t lo = 0;
    uint32_t hi = sw->n_mdb;

    while (lo < hi) {
        const uint32_t mid = (lo + hi) / 2;

        if (sw->mdb[mid].key < key) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo;
}

static bool is_at(const struct vdc_hs *sw, uint32_t i, uint64_t key)
{
    return i < sw->n_mdb && sw->mdb[i].key == key;
}

bool vdc_hs_mdb_find(const struct vdc_hs *sw, uint64_t key, uint64_t *ports)
{
    const uint32_t i = lower(sw, key);

    if (!is_at(sw, i, key)) {
        return false;
    }
    *ports = sw->mdb[i].ports;
    return true;
}

bool vdc_hs_mdb_set(struct vdc_hs *sw, uint64_t key, uint64_t ports)
{
    const uint32_t i = lower(sw, key);

    if (!is_at(sw, i, key)) {
        if (sw->n_mdb == VDC_HISWITCH_MDB_MAX) {
            return false;
        }
        memmove(&sw->mdb[i + 1], &sw->mdb[i], (sw->n_mdb - i) * sizeof(sw->mdb[0]));
        sw->n_mdb++;
    }
    sw->mdb[i] = (struct vdc_hs_mdb_row){ .key = key, .ports = ports };
    vdc_hs_fold(sw, key);
    vdc_hs_fold(sw, ports);
    return true;
}

bool vdc_hs_mdb_del(struct vdc_hs *sw, uint64_t key)
{
    const uint32_t i = lower(sw, key);

    if (!is_at(sw, i, key)) {
        return false;
    }
    sw->n_mdb--;
    memmove(&sw->mdb[i], &sw->mdb[i + 1], (sw->n_mdb - i) * sizeof(sw->mdb[0]));
    vdc_hs_fold(sw, ~key);
    return true;
}
