/* SPDX-License-Identifier: MIT */
/* Page lists of rings: read once when the ring is created, at most RING_PAGES_MAX pages. */
#include "state.h"

#include <string.h>

#define LOG_PAGE_MIN 12u
#define LOG_PAGE_MAX 30u
#define LEVELS_MAX   3u
#define LOG_ENTRY    4u /* all rings here have 16-byte entries */

uint64_t vdc_hinic_ring_addr(const struct ring *r, uint32_t slot)
{
    const uint64_t off = (uint64_t)slot << LOG_ENTRY;

    assert(slot < 1u << r->log_depth);
    assert(off >> r->log_pgsz < RING_PAGES_MAX);
    return r->page[off >> r->log_pgsz] + (off & ((UINT64_C(1) << r->log_pgsz) - 1));
}

static bool pages_aligned(const struct walk *w)
{
    uint64_t low = 0;

    for (uint32_t i = 0; i < w->n; i++) {
        low |= w->page[i];
    }
    return (low & ((UINT64_C(1) << w->log_pgsz) - 1)) == 0;
}

bool vdc_hinic_walk_start(struct walk *w, const struct hinic_pbl *pbl, uint32_t log_depth)
{
    const uint64_t bytes = UINT64_C(1) << (log_depth + LOG_ENTRY);
    uint64_t need;

    memset(w, 0, sizeof(*w));
    if (pbl->log_pgsz < LOG_PAGE_MIN || pbl->log_pgsz > LOG_PAGE_MAX || pbl->levels > LEVELS_MAX ||
        pbl->rsv != 0) {
        return false;
    }
    need = (bytes + (UINT64_C(1) << pbl->log_pgsz) - 1) >> pbl->log_pgsz;
    if (pbl->n != need || need > RING_PAGES_MAX) {
        return false;
    }
    w->log_pgsz = pbl->log_pgsz;
    w->n = (uint32_t)need;
    w->levels = pbl->levels;
    if (pbl->levels > 0) {
        w->root = pbl->root[0];
        return (w->root & (HINIC_PAGE_SIZE - 1)) == 0;
    }
    if (need > sizeof(pbl->root) / sizeof(pbl->root[0])) {
        return false;
    }
    for (uint32_t i = 0; i < w->n; i++) {
        w->page[i] = pbl->root[i];
    }
    return pages_aligned(w);
}

void vdc_hinic_walk_read(struct vdc_hinic *h, vtime_t now, const struct walk *w)
{
    const uint32_t n = w->levels > 1 ? 1 : w->n;
    const struct rd_op op = { .kind = RD_AQ_PBL,
                              .addr = w->root,
                              .dst = offsetof(struct vdc_hinic, pbl),
                              .len = n * (uint32_t)sizeof(uint64_t) };

    assert(w->levels > 0);
    vdc_hinic_dma_read(h, now, &op);
}

bool vdc_hinic_walk_step(struct vdc_hinic *h, struct walk *w)
{
    assert(w->levels > 0);
    w->levels--;
    if (w->levels > 0) {
        w->root = h->pbl[0];
        return (w->root & (HINIC_PAGE_SIZE - 1)) == 0;
    }
    memcpy(w->page, h->pbl, w->n * sizeof(uint64_t));
    return pages_aligned(w);
}

void vdc_hinic_walk_ring(const struct walk *w, uint32_t log_depth, struct ring *r)
{
    assert(w->levels == 0);
    memset(r, 0, sizeof(*r));
    memcpy(r->page, w->page, sizeof(r->page));
    r->log_pgsz = w->log_pgsz;
    r->log_depth = log_depth;
}
