/* SPDX-License-Identifier: MIT */
/* Arena: cells never overlap, nothing leaks, waste is bounded. */
#include <stdlib.h>

#include "tap.h"
#include "vdc/arena.h"
#include "vdc/rng.h"

#define PAYLOAD (1u << 20)
#define CELLS   20000u

static struct vdc_arena *fresh(uint64_t payload)
{
    const size_t n = vdc_arena_size(payload);
    void *mem = aligned_alloc(4096, (n + 4095) & ~(size_t)4095);

    if (!mem) {
        exit(99);
    }
    memset(mem, 0xa5, n); /* untouched memory is not read */
    vdc_arena_init(mem, payload);
    return mem;
}

static uint8_t *at(struct vdc_arena *a, uint32_t cell)
{
    return (uint8_t *)a + vdc_arena_cells(a) + (size_t)cell * VDC_ARENA_UNIT;
}

/* Every cell is filled with its number; a cell that another one ran over shows. */
static void random_use(void)
{
    struct vdc_arena *a = fresh(PAYLOAD);
    const size_t end = vdc_arena_size(PAYLOAD);
    static struct {
        uint32_t cell, len;
    } live[CELLS];
    uint32_t n = 0;
    uint64_t draw = 0;
    uint64_t bytes = 0;

    for (uint32_t step = 0; step < 200000; step++) {
        const uint32_t len = 1 + (uint32_t)vdc_rand_below(3, draw++,
                                                          step % 7 == 0 ? VDC_ARENA_CELL_MAX : 300);

        if (vdc_rand_below(3, draw++, 2) == 0 && bytes + len <= PAYLOAD && n < CELLS) {
            const uint32_t c = vdc_arena_alloc(a, len);

            if (c == VDC_ARENA_NONE) { /* only possible with long-lived small cells */
                continue;
            }
            CHECK(vdc_arena_cells(a) + (size_t)c * VDC_ARENA_UNIT + len <= end);
            memset(at(a, c), (int)(c % 251), len);
            live[n].cell = c;
            live[n].len = len;
            n++;
            bytes += len;
        } else if (n > 0) {
            const uint32_t i = (uint32_t)vdc_rand_below(3, draw++, n);
            const uint32_t last = live[i].len - 1;

            CHECK_EQ(at(a, live[i].cell)[0], live[i].cell % 251);
            CHECK_EQ(at(a, live[i].cell)[last], live[i].cell % 251);
            CHECK_EQ(at(a, live[i].cell)[last / 2], live[i].cell % 251);
            vdc_arena_free(a, live[i].cell);
            bytes -= live[i].len;
            live[i] = live[--n];
        }
        CHECK_EQ(vdc_arena_used(a), n);
    }
    while (n > 0) {
        vdc_arena_free(a, live[--n].cell);
    }
    CHECK_EQ(vdc_arena_used(a), 0);
    free(a);
}

/* Fresh, an arena holds the payload it was made for in cells of any one size from 97 bytes up. */
static void one_size(void)
{
    for (uint32_t len = 97; len <= VDC_ARENA_CELL_MAX; len += 61) {
        struct vdc_arena *a = fresh(PAYLOAD);

        for (uint32_t i = 0; i < PAYLOAD / len; i++) {
            if (vdc_arena_alloc(a, len) == VDC_ARENA_NONE) {
                printf("# len %u: %u cells of %u\n", len, i, PAYLOAD / len);
                CHECK(0);
                break;
            }
        }
        free(a);
    }
}

static void full(void)
{
    struct vdc_arena *a = fresh(65536);
    uint32_t n = 0;
    uint32_t first = vdc_arena_alloc(a, 9000);

    while (vdc_arena_alloc(a, 9000) != VDC_ARENA_NONE) {
        n++;
    }
    CHECK(n > 2 * 65536 / 9280);
    CHECK_EQ(vdc_arena_alloc(a, 9000), VDC_ARENA_NONE);
    vdc_arena_free(a, first);
    CHECK_EQ(vdc_arena_alloc(a, 9000),
             first); /* last out, first in: the same memory stays in the cache */
    free(a);
}

static const struct tap_case cases[] = {
    { "random allocation and release", random_use },
    { "the promised payload fits, whatever its size", one_size },
    { "full, and room again", full },
};

TAP_MAIN(cases)
