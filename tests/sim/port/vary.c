/* SPDX-License-Identifier: MIT */
/* Checks that one experiment gives one digest however the host runs it; TAP. */
#include "vary.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static uint32_t n_test, n_failed;

void check(bool ok, const char *name, const char *detail)
{
    n_test++;
    n_failed += !ok;
    (void)printf("%s %u - %s%s%s\n", ok ? "ok" : "not ok", n_test, name, ok ? "" : ": ",
                 ok ? "" : detail);
    (void)fflush(stdout);
}

struct world_result run(const struct world *w)
{
    struct world_result r;

    if (world_run(w, &r) < 0) {
        (void)snprintf(r.failure.text, sizeof(r.failure.text), "harness");
    }
    return r;
}

bool is_done(const struct world_result *r)
{
    return r->stat.state == VDC_SEG_DONE && r->all_gone && r->stat.late == 0;
}

void expect_same(const struct world_result *base, const struct world *w, const char *name)
{
    const struct world_result r = run(w);
    char detail[400];
    char a[33], b[33];

    vdc_digest_hex(base->digest, a);
    vdc_digest_hex(r.digest, b);
    (void)snprintf(detail, sizeof(detail),
                   "%s %s, end %" PRIu64 " %" PRIu64 ", rx %" PRIu64 " %" PRIu64 ", state %d %s", a,
                   b, base->end_t, r.end_t, base->rx, r.rx, (int)r.stat.state, r.failure.text);
    check(is_done(&r) && memcmp(&r.digest, &base->digest, sizeof(r.digest)) == 0, name, detail);
}

struct world_result vary(const char *what, const struct world *base, uint32_t n_perturb)
{
    const struct world_result r = run(base);
    char name[96];
    struct world w;

    (void)printf("# %s: %" PRIu64 " windows, %" PRIu64 " hub runs, %" PRIu64 " received, %" PRIu64
                 " points, end %" PRIu64 " reason %d, %u ms\n",
                 what, r.stat.windows, r.stat.hub_runs, r.rx, r.n_points, r.end_t, (int)r.stat.end,
                 r.wall_ms);
    (void)snprintf(name, sizeof(name), "%s: runs to its end", what);
    check(is_done(&r), name, r.failure.text);

    static const uint64_t cut[] = { 1313440, 656720, 187634, 50000 };

    for (uint32_t i = 0; i < sizeof(cut) / sizeof(cut[0]); i++) {
        w = *base;
        w.cut_ps = cut[i];
        (void)snprintf(name, sizeof(name), "%s: windows of %" PRIu64 " ps", what, cut[i]);
        expect_same(&r, &w, name);
    }
    for (uint64_t s = 1; s <= 2; s++) {
        w = *base;
        w.cut_seed = s;
        (void)snprintf(name, sizeof(name), "%s: random cuts, seed %" PRIu64, what, s);
        expect_same(&r, &w, name);
    }
    for (uint32_t p = VDC_POLL_SPIN; p <= VDC_POLL_FUTEX; p++) {
        w = *base;
        w.poll = (enum vdc_task_poll)p;
        w.is_reversed = p == VDC_POLL_YIELD;
        (void)snprintf(name, sizeof(name), "%s: poll rule %u%s", what, p,
                       w.is_reversed ? ", reversed start" : "");
        expect_same(&r, &w, name);
    }
    if (base->n_hub > 0) {
        w = *base;
        w.runner = VDC_SEG_BY_DAEMON;
        expect_same(&r, &w, "hub phases by a daemon");
        w.perturb = 99;
        w.cut_seed = 3;
        expect_same(&r, &w, "hub phases by a daemon, perturbed");
    }
    for (uint64_t s = 1; s <= n_perturb; s++) {
        w = *base;
        w.perturb = s;
        (void)snprintf(name, sizeof(name), "%s: perturb %" PRIu64, what, s);
        expect_same(&r, &w, name);
    }
    return r;
}

int finish(void)
{
    (void)printf("1..%u\n", n_test);
    return n_failed != 0;
}
