/* SPDX-License-Identifier: MIT */
/* Payload store of a hub: cells of a few sizes in 64 KiB chunks, allocated and freed in O(1), flat
 * memory. */
#ifndef VDC_HUBS_CORE_ARENA_H
#define VDC_HUBS_CORE_ARENA_H

#include <stddef.h>
#include <stdint.h>

#define VDC_ARENA_UNIT     64u         /* bytes; cells are named by their offset in units */
#define VDC_ARENA_CHUNK    (64u << 10) /* bytes */
#define VDC_ARENA_CELL_MAX 9280u       /* bytes of the largest cell */
#define VDC_ARENA_NONE     UINT32_MAX

/*
 * A chunk holds cells of one size while any of them is used. Cells are at most 2.0 times what they
 * were asked for (97 bytes and more; below that 128), so an arena of 2 1/16 times the bytes in it
 * is full only if long-lived small cells pin chunks.
 */
struct vdc_arena; /* flat bytes, no pointers */

/* Bytes for payload_max bytes of payload, bookkeeping included. */
size_t vdc_arena_size(uint64_t payload_max);
/* mem: vdc_arena_size() bytes, 64-aligned, belongs to the caller; cells are not touched. */
void vdc_arena_init(void *mem, uint64_t payload_max);
/* A cell of at least n bytes (1..VDC_ARENA_CELL_MAX), 64-aligned, content undefined; VDC_ARENA_NONE
 * when full. */
uint32_t vdc_arena_alloc(struct vdc_arena *a, uint32_t n);
/* The cell must be in use (asserted as far as the chunk tells). */
void vdc_arena_free(struct vdc_arena *a, uint32_t cell);
uint32_t vdc_arena_used(const struct vdc_arena *a); /* cells */

/* Offset of the cells from the arena's start: cell address = (char *)arena + this + cell *
 * VDC_ARENA_UNIT. */
size_t vdc_arena_cells(const struct vdc_arena *a);

#endif
