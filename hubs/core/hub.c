/* SPDX-License-Identifier: MIT */
/* Layout of a hub's memory: the struct, then the slot table, then the arena. */
#include "vdc/hub.h"

#include <string.h>

static uint32_t slots_for(const struct vdc_hub_cfg *cfg)
{
    const uint64_t n = cfg->buffer / VDC_ARENA_UNIT;

    return n < VDC_HUB_SLOTS_MAX ? (uint32_t)n : VDC_HUB_SLOTS_MAX;
}

static size_t align(size_t n)
{
    return (n + 63) & ~(size_t)63;
}

static size_t arena_at(const struct vdc_hub_cfg *cfg)
{
    return align(sizeof(struct vdc_hub)) +
           align((size_t)slots_for(cfg) * sizeof(struct vdc_hub_slot));
}

/* Payload bytes that the arena must hold: the buffer in full, and 128-byte cells for as many slots.
 */
size_t vdc_hub_size(const struct vdc_hub_cfg *cfg)
{
    return arena_at(cfg) + vdc_arena_size(cfg->buffer);
}

void vdc_hub_init(void *mem, const struct vdc_hub_cfg *cfg)
{
    struct vdc_hub *h = mem;

    assert(cfg->n_ports > 0);
    assert(cfg->n_ports <= VDC_HUB_PORTS_MAX);
    /* Slots and cells are written before they are read: memory that a run never needs is never
     * touched. */
    memset(h, 0, sizeof(*h));
    h->n_ports = cfg->n_ports;
    h->n_slots = slots_for(cfg);
    h->slot_free = VDC_HUB_NONE;
    h->buffer = cfg->buffer;
    h->off_slots = align(sizeof(*h));
    h->off_arena = arena_at(cfg);
    vdc_arena_init((char *)mem + h->off_arena, cfg->buffer);
    h->off_cells = h->off_arena + vdc_arena_cells(vdc_hub_arena(h));
    for (uint32_t i = 0; i < cfg->n_ports; i++) {
        struct vdc_hub_port *p = &h->port[i];

        p->queue_limit = cfg->buffer;
        p->strict = (1u << VDC_HUB_TCS) - 1;
        for (uint32_t tc = 0; tc < VDC_HUB_TCS; tc++) {
            p->q[tc].head = VDC_HUB_NONE;
            p->q[tc].tail = VDC_HUB_NONE;
        }
    }
}
