/* SPDX-License-Identifier: MIT */
/* Bounded queue of records: order, full, empty, wrap. */
#include "spool.h"

#include <stdio.h>

static uint32_t n_test, n_failed;

static void check(bool ok, const char *name)
{
    n_test++;
    n_failed += !ok;
    (void)printf("%s %u - %s\n", ok ? "ok" : "not ok", n_test, name);
}

int main(void)
{
    static _Alignas(64) uint8_t mem[sizeof(struct spool) + 8 * 24];
    struct spool *s = (struct spool *)(void *)mem;
    uint64_t rec[3] = { 0 };
    uint64_t in = 0, out = 0;
    bool ok = true;

    check(spool_space(8, 24) == sizeof(mem), "space");
    spool_init(s, 8, sizeof(rec));
    check(!spool_get(s, rec), "a new one is empty");
    for (uint32_t round = 0; round < 100; round++) {
        for (uint32_t i = 0; i < round % 9; i++) {
            rec[0] = in;
            rec[2] = ~in;
            if (spool_put(s, rec)) {
                in++;
            } else {
                ok &= in - out == 8;
            }
        }
        for (uint32_t i = 0; i < round % 7 && spool_get(s, rec); i++) {
            ok &= rec[0] == out && rec[2] == ~out;
            out++;
        }
    }
    while (spool_get(s, rec)) {
        ok &= rec[0] == out && rec[2] == ~out;
        out++;
    }
    check(ok && in == out && in > 100, "order and content over many wraps");
    for (in = 0; spool_put(s, rec); in++) {
    }
    check(in == 8, "full after n records");
    (void)printf("1..%u\n", n_test);
    return n_failed != 0;
}
