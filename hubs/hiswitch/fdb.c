/* SPDX-License-Identifier: MIT */
/* Forwarding table: (VLAN, address) to port, 4-way buckets, aged in virtual time when looked at. */
#include "state.h"

uint32_t vdc_hs_fdb_bucket(uint64_t key)
{
    return (uint32_t)(key * UINT64_C(0x9E3779B97F4A7C15) >> 52);
}
_Static_assert(VDC_HS_BUCKETS == 1u << 12, "a bucket number has 12 bits");

static struct vdc_hs_bucket *bucket(struct vdc_hs *sw, uint64_t key)
{
    return &sw->fdb[vdc_hs_fdb_bucket(key)];
}

static uint32_t way_of(const struct vdc_hs_bucket *b, uint64_t key)
{
    uint32_t w = 0;

    while (w < VDC_HS_WAYS && b->key[w] != key) {
        w++;
    }
    return w;
}

static bool is_live(const struct vdc_hs *sw, const struct vdc_hs_bucket *b, uint32_t w, vtime_t now)
{
    return b->key[w] != 0 &&
           (b->is_static[w] || sw->aging_ps == 0 || now - b->seen[w] < sw->aging_ps);
}

/* First empty or aged way, else the oldest learned one, else VDC_HS_WAYS. */
static uint32_t victim(const struct vdc_hs *sw, const struct vdc_hs_bucket *b, vtime_t now)
{
    uint32_t old = VDC_HS_WAYS;

    for (uint32_t w = 0; w < VDC_HS_WAYS; w++) {
        if (!is_live(sw, b, w, now)) {
            return w;
        }
        if (!b->is_static[w] && (old == VDC_HS_WAYS || b->seen[w] < b->seen[old])) {
            old = w;
        }
    }
    return old;
}

static void way_set(struct vdc_hs *sw, struct vdc_hs_bucket *b, uint32_t w, uint64_t key,
                    uint32_t port, bool is_static, vtime_t now)
{
    assert(port < sw->n_ports);
    b->key[w] = key;
    b->seen[w] = now;
    b->port[w] = (uint8_t)port;
    b->is_static[w] = is_static;
    vdc_hs_fold(sw, key);
    vdc_hs_fold(sw, port | (uint64_t)is_static << 32);
}

enum vdc_hs_learned vdc_hs_fdb_learn(struct vdc_hs *sw, uint64_t key, uint32_t port, vtime_t now)
{
    struct vdc_hs_bucket *b = bucket(sw, key);
    uint32_t w = way_of(b, key);

    assert(key >> 48 != 0);
    if (w < VDC_HS_WAYS) {
        enum vdc_hs_learned r = VDC_HS_SAME;

        if (b->is_static[w]) {
            return VDC_HS_SAME;
        }
        if (b->port[w] != port) {
            way_set(sw, b, w, key, port, false, now);
            r = VDC_HS_MOVED;
        }
        b->seen[w] = now;
        return r;
    }
    w = victim(sw, b, now);
    if (w == VDC_HS_WAYS) {
        return VDC_HS_FULL;
    }
    way_set(sw, b, w, key, port, false, now);
    return VDC_HS_LEARNED;
}

uint32_t vdc_hs_fdb_find(const struct vdc_hs *sw, uint64_t key, vtime_t now)
{
    const struct vdc_hs_bucket *b = &sw->fdb[vdc_hs_fdb_bucket(key)];
    const uint32_t w = way_of(b, key);

    return w < VDC_HS_WAYS && is_live(sw, b, w, now) ? b->port[w] : VDC_HS_NO_PORT;
}

bool vdc_hs_fdb_add_static(struct vdc_hs *sw, uint64_t key, uint32_t port, vtime_t now)
{
    struct vdc_hs_bucket *b = bucket(sw, key);
    uint32_t w = way_of(b, key);

    if (w == VDC_HS_WAYS) {
        w = victim(sw, b, now);
    }
    if (w == VDC_HS_WAYS) {
        return false;
    }
    way_set(sw, b, w, key, port, true, now);
    return true;
}

static void way_clear(struct vdc_hs *sw, struct vdc_hs_bucket *b, uint32_t w)
{
    vdc_hs_fold(sw, ~b->key[w]);
    b->key[w] = 0;
    b->seen[w] = 0;
    b->port[w] = 0;
    b->is_static[w] = 0;
}

bool vdc_hs_fdb_del(struct vdc_hs *sw, uint64_t key, vtime_t now)
{
    struct vdc_hs_bucket *b = bucket(sw, key);
    const uint32_t w = way_of(b, key);

    if (w == VDC_HS_WAYS || !is_live(sw, b, w, now)) {
        return false;
    }
    way_clear(sw, b, w);
    return true;
}

void vdc_hs_fdb_flush(struct vdc_hs *sw, uint32_t port, uint32_t vid, bool with_static)
{
    for (uint32_t i = 0; i < VDC_HS_BUCKETS; i++) {
        struct vdc_hs_bucket *b = &sw->fdb[i];

        for (uint32_t w = 0; w < VDC_HS_WAYS; w++) {
            if (b->key[w] != 0 && (port == VDC_HS_NO_PORT || b->port[w] == port) &&
                (vid == 0 || b->key[w] >> 48 == vid) && (with_static || !b->is_static[w])) {
                way_clear(sw, b, w);
            }
        }
    }
}

void vdc_hs_key_split(uint64_t key, uint16_t *vid, uint8_t mac[6])
{
    *vid = (uint16_t)(key >> 48);
    for (uint32_t i = 0; i < 6; i++) {
        mac[i] = (uint8_t)(key >> 8 * i);
    }
}

uint32_t vdc_hs_fdb_rows(const struct vdc_hs *sw, uint32_t *cursor, vtime_t now,
                         struct vdc_hiswitch_fdb_row *rows, uint32_t n_max)
{
    uint32_t n = 0;

    for (uint32_t i = *cursor; i < VDC_HISWITCH_FDB_ENTRIES; i++) {
        const struct vdc_hs_bucket *b = &sw->fdb[i / VDC_HS_WAYS];
        const uint32_t w = i % VDC_HS_WAYS;

        if (!is_live(sw, b, w, now)) {
            continue;
        }
        if (n == n_max) {
            *cursor = i;
            return n;
        }
        rows[n] = (struct vdc_hiswitch_fdb_row){ .port = b->port[w],
                                                 .is_static = b->is_static[w],
                                                 .seen = b->seen[w] };
        vdc_hs_key_split(b->key[w], &rows[n].vid, rows[n].mac);
        n++;
    }
    *cursor = 0;
    return n;
}
