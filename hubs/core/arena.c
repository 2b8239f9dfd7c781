/* SPDX-License-Identifier: MIT */
/* Chunked cells: a chunk belongs to one size while any of its cells is used, and goes back when it
 * is empty. */
#include "vdc/arena.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#define NONE            UINT32_MAX
#define UNITS_PER_CHUNK (VDC_ARENA_CHUNK / VDC_ARENA_UNIT)
#define N_CLASS         12u

/* Multiples of the unit. Neighbours differ by less than a factor of two, which bounds the waste. */
static const uint32_t class_bytes[N_CLASS] = {
    128, 192, 256, 384, 512, 768, 1088, 1600, 2240, 4288, 6400, VDC_ARENA_CELL_MAX,
};

struct chunk {
    uint32_t cls;
    uint32_t n_used;     /* cells in use */
    uint32_t n_fresh;    /* cells handed out at least once; those behind are untouched memory */
    uint32_t free;       /* first returned cell (units from the arena's cells), NONE */
    uint32_t prev, next; /* among the chunks of the class with room; next also links free chunks */
};
_Static_assert(sizeof(struct chunk) == 24, "chunk layout");

struct vdc_arena {
    uint32_t n_chunk;
    uint32_t n_touched;  /* chunks used at least once: the rest is untouched memory */
    uint32_t free_chunk; /* first empty chunk among the touched ones */
    uint32_t n_used;
    uint32_t room[N_CLASS]; /* first chunk of the class with room */
    uint64_t off_cells;
    uint64_t zero[7];
    struct chunk chunk[];
};
_Static_assert(offsetof(struct vdc_arena, chunk) == 128, "vdc_arena layout");

static uint32_t chunks_for(uint64_t payload_max)
{
    const uint64_t bytes = 2 * payload_max + payload_max / 16;

    return (uint32_t)(bytes / VDC_ARENA_CHUNK) + N_CLASS + 1;
}

static size_t head_bytes(uint32_t n_chunk)
{
    const size_t n = sizeof(struct vdc_arena) + (size_t)n_chunk * sizeof(struct chunk);

    return (n + 4095) & ~(size_t)4095;
}

size_t vdc_arena_size(uint64_t payload_max)
{
    const uint32_t n = chunks_for(payload_max);

    return head_bytes(n) + (size_t)n * VDC_ARENA_CHUNK;
}

void vdc_arena_init(void *mem, uint64_t payload_max)
{
    struct vdc_arena *a = mem;
    const uint32_t n = chunks_for(payload_max);

    assert(n < NONE / UNITS_PER_CHUNK);
    memset(a, 0, head_bytes(n));
    a->n_chunk = n;
    a->free_chunk = NONE;
    a->off_cells = head_bytes(n);
    for (uint32_t i = 0; i < N_CLASS; i++) {
        a->room[i] = NONE;
    }
}

size_t vdc_arena_cells(const struct vdc_arena *a)
{
    return a->off_cells;
}

uint32_t vdc_arena_used(const struct vdc_arena *a)
{
    return a->n_used;
}

static uint32_t *link_of(struct vdc_arena *a, uint32_t cell)
{
    return (uint32_t *)(void *)((char *)a + a->off_cells + (size_t)cell * VDC_ARENA_UNIT);
}

static uint32_t class_of(uint32_t n)
{
    uint32_t c = 0;

    while (class_bytes[c] < n) {
        c++;
    }
    return c;
}

static void room_add(struct vdc_arena *a, uint32_t i)
{
    struct chunk *k = &a->chunk[i];

    k->prev = NONE;
    k->next = a->room[k->cls];
    if (k->next != NONE) {
        a->chunk[k->next].prev = i;
    }
    a->room[k->cls] = i;
}

static void room_del(struct vdc_arena *a, uint32_t i)
{
    const struct chunk *k = &a->chunk[i];

    if (k->prev != NONE) {
        a->chunk[k->prev].next = k->next;
    } else {
        assert(a->room[k->cls] == i);
        a->room[k->cls] = k->next;
    }
    if (k->next != NONE) {
        a->chunk[k->next].prev = k->prev;
    }
}

static uint32_t chunk_take(struct vdc_arena *a, uint32_t cls)
{
    uint32_t i = a->free_chunk;

    if (i != NONE) {
        a->free_chunk = a->chunk[i].next;
    } else if (a->n_touched < a->n_chunk) {
        i = a->n_touched++;
    } else {
        return NONE;
    }
    a->chunk[i] = (struct chunk){ .cls = cls, .free = NONE };
    room_add(a, i);
    return i;
}

static bool is_full(const struct chunk *k)
{
    return k->free == NONE && (k->n_fresh + 1) * class_bytes[k->cls] > VDC_ARENA_CHUNK;
}

uint32_t vdc_arena_alloc(struct vdc_arena *a, uint32_t n)
{
    uint32_t cls;
    uint32_t i;
    uint32_t cell;
    struct chunk *k;

    assert(n > 0);
    assert(n <= VDC_ARENA_CELL_MAX);
    cls = class_of(n);
    i = a->room[cls];
    if (i == NONE) {
        i = chunk_take(a, cls);
        if (i == NONE) {
            return VDC_ARENA_NONE;
        }
    }
    k = &a->chunk[i];
    if (k->free != NONE) {
        cell = k->free;
        k->free = *link_of(a, cell);
    } else {
        cell = i * UNITS_PER_CHUNK + k->n_fresh * (class_bytes[cls] / VDC_ARENA_UNIT);
        k->n_fresh++;
    }
    k->n_used++;
    a->n_used++;
    if (is_full(k)) {
        room_del(a, i);
    }
    return cell;
}

void vdc_arena_free(struct vdc_arena *a, uint32_t cell)
{
    const uint32_t i = cell / UNITS_PER_CHUNK;
    struct chunk *k;
    bool was_full;

    assert(i < a->n_touched);
    k = &a->chunk[i];
    assert(k->n_used > 0);
    was_full = is_full(k);
    *link_of(a, cell) = k->free;
    k->free = cell;
    k->n_used--;
    a->n_used--;
    if (was_full) {
        room_add(a, i);
    }
    /* The last chunk of a size stays: otherwise one frame at a time would set up a chunk each. */
    if (k->n_used == 0 && (k->prev != NONE || k->next != NONE)) {
        room_del(a, i);
        k->next = a->free_chunk;
        a->free_chunk = i;
    }
}
