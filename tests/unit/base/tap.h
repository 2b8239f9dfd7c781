/* SPDX-License-Identifier: MIT */
/* Test output as TAP: a table of named cases, checks that print what was expected and what was
 * found. */
#ifndef VDC_TESTS_UNIT_BASE_TAP_H
#define VDC_TESTS_UNIT_BASE_TAP_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct tap_case {
    const char *name;
    void (*fn)(void);
};

static int tap_failed; /* checks that failed in the running case */

#define TAP_PRINT_MAX 20 /* failures printed per case */

#define CHECK(cond)                                                                                \
    do {                                                                                           \
        if (!(cond) && tap_failed++ < TAP_PRINT_MAX) {                                             \
            printf("# %s:%d: not true: %s\n", __FILE__, __LINE__, #cond);                          \
        }                                                                                          \
    } while (0)

#define CHECK_EQ(got, want)                                                                        \
    do {                                                                                           \
        const uint64_t tap_got = (uint64_t)(got);                                                  \
        const uint64_t tap_want = (uint64_t)(want);                                                \
        if (tap_got != tap_want && tap_failed++ < TAP_PRINT_MAX) {                                 \
            printf("# %s:%d: %s is %" PRIu64 ", expected %" PRIu64 "\n", __FILE__, __LINE__, #got, \
                   tap_got, tap_want);                                                             \
        }                                                                                          \
    } while (0)

#define CHECK_STR(got, want)                                                                       \
    do {                                                                                           \
        if (strcmp((got), (want)) != 0 && tap_failed++ < TAP_PRINT_MAX) {                          \
            printf("# %s:%d: %s is \"%s\", expected \"%s\"\n", __FILE__, __LINE__, #got, (got),    \
                   (want));                                                                        \
        }                                                                                          \
    } while (0)

/* Runs all cases; returns the exit status. */
static inline int tap_run(const struct tap_case *c, int n)
{
    int bad = 0;

    printf("1..%d\n", n);
    for (int i = 0; i < n; i++) {
        tap_failed = 0;
        c[i].fn();
        printf("%s %d - %s\n", tap_failed ? "not ok" : "ok", i + 1, c[i].name);
        bad += tap_failed != 0;
    }
    fflush(stdout);
    return bad != 0;
}

#define TAP_MAIN(cases)                                                                            \
    int main(void)                                                                                 \
    {                                                                                              \
        return tap_run(cases, (int)(sizeof(cases) / sizeof(cases[0])));                            \
    }

#endif
