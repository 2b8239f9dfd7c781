/* SPDX-License-Identifier: MIT */
/* What the engines owe besides equal results: late counts in relaxed mode, the grid in quantized
 * mode, few windows. */
#include <stdlib.h>

#include "../../unit/base/tap.h"
#include "scenario.h"
#include "vdc/rng.h"

static struct scenario sc;
static struct result a;
static struct result b;

struct late {
    uint64_t n;
    uint64_t n_take;
};

static void count_late(void *ctx, uint32_t comp, uint32_t port, const struct vdc_msg *m,
                       const void *payload)
{
    struct late *l = ctx;

    (void)comp;
    (void)port;
    (void)payload;
    l->n += (m->flags & VDC_MSG_LATE) != 0;
    l->n_take++;
}

static struct vdc_sim *make(const struct vdc_sim_cfg *cfg)
{
    struct vdc_sim *sim = aligned_alloc(64, vdc_sim_size(cfg));

    if (!sim) {
        abort();
    }
    CHECK_EQ(vdc_sim_init(sim, cfg), VDC_SIM_OK);
    return sim;
}

/* Every late message is flagged and counted, whatever the cut; with a bound below the lookahead
 * none is late. */
static void relaxed_counts_late(void)
{
    uint64_t n_late = 0;

    for (uint64_t seed = 0; seed < 50; seed++) {
        const struct vdc_sim_cut cut = { VDC_SIM_CUT_RANDOM, 0, seed + 1 };
        struct vdc_sim *sim;
        struct late l = { 0 };

        scenario_draw(
            &sc, &(struct scenario_args){ .seed = seed, .bound_ps = seed % 2 ? 10000000 : 1000 });
        sim = make(&sc.cfg);
        vdc_sim_watch(sim, &(struct vdc_sim_watch){ &l, NULL, count_late });
        CHECK_EQ(vdc_sim_run_windowed(sim, &cut, sc.stop), VDC_SIM_OK);
        CHECK_EQ(vdc_sim_stat(sim)->n_late, l.n);
        CHECK(vdc_sim_stat(sim)->late_ps >= l.n);
        CHECK(seed % 2 == 1 || l.n == 0 || vdc_sim_lookahead(sim) <= 1000);
        n_late += l.n;
        free(sim);
    }
    CHECK(n_late > 0); /* or this test proves nothing */
}

/* What every vtask must see: arrivals by the rule, written down here on its own. */
struct grid {
    uint64_t quantum;
    vtime_t want[SCENARIO_TASKS][4096];
    uint32_t n_want[SCENARIO_TASKS];
    uint32_t n_seen[SCENARIO_TASKS];
    uint32_t n_moved;
};

static void grid_send(void *ctx, uint32_t comp, uint32_t port, const struct vdc_msg *m,
                      const void *payload)
{
    struct grid *g = ctx;

    (void)payload;
    for (uint32_t w = 0; w < 2 * sc.cfg.n_wire; w++) {
        const struct vdc_sim_wire *x = &sc.wire[w / 2];

        if (x->comp[w % 2] == comp && x->port[w % 2] == port &&
            !sc.comp[x->comp[!(w % 2)]].is_hub) {
            const uint32_t to = x->comp[!(w % 2)];
            const vtime_t end = (m->depart / g->quantum + 1) * g->quantum;

            g->want[to][g->n_want[to]++ % 4096] = m->t > end ? m->t : end;
            g->n_moved += m->t < end;
        }
    }
}

static void grid_take(void *ctx, uint32_t comp, uint32_t port, const struct vdc_msg *m,
                      const void *payload)
{
    struct grid *g = ctx;

    (void)port;
    (void)payload;
    if (!sc.comp[comp].is_hub) {
        CHECK_EQ(m->t, g->want[comp][g->n_seen[comp]++ % 4096]);
    }
}

/* A message is seen at its arrival or at the end of the quantum it left in, whichever is later. */
static void quantized_grid(void)
{
    static struct grid g;

    for (uint64_t seed = 0; seed < 50; seed++) {
        const struct vdc_sim_cut cut = { VDC_SIM_CUT_PART, 7, seed + 1 };
        struct vdc_sim *sim;

        memset(&g, 0, sizeof(g));
        g.quantum = 1000 + seed * 100000;
        scenario_draw(&sc, &(struct scenario_args){ .seed = seed, .quantum_ps = g.quantum });
        sim = make(&sc.cfg);
        vdc_sim_watch(sim, &(struct vdc_sim_watch){ &g, grid_send, grid_take });
        CHECK_EQ(vdc_sim_run_windowed(sim, &cut, sc.stop), VDC_SIM_OK);
        CHECK(seed < 40 || g.n_moved > 0);
        for (uint32_t i = 0; i < sc.n_task; i++) {
            CHECK_EQ(g.n_seen[i], g.n_want[i]);
        }
        free(sim);
    }
}

/* One busy vtask among idle ones runs until it sends: windows go with departures, not with time. */
static void few_windows(void)
{
    const struct vdc_sim_cut full = { VDC_SIM_CUT_FULL, 0, 0 };
    uint64_t windows = 0;
    uint64_t sends = 0;

    for (uint64_t seed = 0; seed < 50; seed++) {
        scenario_draw(&sc, &(struct scenario_args){ .seed = seed });
        for (uint32_t i = 1; i < sc.n_task; i++) {
            sc.talker[i].n_send = 0;
        }
        sc.talker[0].n_send = 8;
        sc.talker[0].gap_ps = 1000 * VTIME_PS_PER_US; /* idle for about a thousand lookaheads */
        sc.stop = 20000 * VTIME_PS_PER_US;
        sc.cfg.every = 0;
        scenario_run(&sc, &full, 1, &a);
        CHECK_EQ(a.err, 0);
        windows += a.stat.n_window;
        sends += a.check.port[0][0].n_send;
        CHECK(a.stat.n_window <= 12 * a.n_trace);
    }
    CHECK(sends > 0);
    CHECK(windows < 12 * sends); /* a lock step at 1.3 us would need 15,000 per run */
}

/* Another component, or a fault that never acts, moves no other component's stream. */
static void streams_are_independent(void)
{
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct vdc_fault f = { .t = UINT64_C(1) << 60,
                               .kind = VDC_FAULT_LOSS,
                               .arg = { UINT64_C(1) << 61, UINT64_C(1) << 32 } };

        scenario_draw(&sc, &(struct scenario_args){ .seed = seed });
        scenario_run(&sc, NULL, 1, &a);
        sc.cfg.n_fault = 1;
        sc.cfg.fault = &f;
        scenario_run(&sc, NULL, 1, &b);
        CHECK(scenario_diff(&sc, &a, &b) == NULL);
    }
}

/* Both engines may take turns, and a copy of the memory is not needed to go on from a stop. */
static void engines_take_turns(void)
{
    for (uint64_t seed = 0; seed < 50; seed++) {
        const struct vdc_sim_cut cut = { VDC_SIM_CUT_RANDOM, 0, seed + 1 };
        struct vdc_sim *one;
        struct vdc_sim *two;
        struct vdc_digest d;
        struct vdc_digest e;

        scenario_draw(&sc, &(struct scenario_args){ .seed = seed });
        one = make(&sc.cfg);
        two = make(&sc.cfg);
        CHECK_EQ(vdc_sim_run_sequential(one, sc.stop), VDC_SIM_OK);
        for (vtime_t t = 0; t < sc.stop; t += sc.stop / 8 + 1) {
            CHECK_EQ(vdc_sim_run_windowed(two, &cut, t), VDC_SIM_OK);
            CHECK_EQ(vdc_sim_run_sequential(two, t + sc.stop / 16), VDC_SIM_OK);
        }
        CHECK_EQ(vdc_sim_run_windowed(
                     two, &cut, sc.stop > vdc_sim_now(two, 0) ? sc.stop : vdc_sim_now(two, 0)),
                 VDC_SIM_OK);
        CHECK_EQ(vdc_sim_run_sequential(one, vdc_sim_now(two, 0)), VDC_SIM_OK);
        d = vdc_sim_end(one);
        e = vdc_sim_end(two);
        CHECK_EQ(d.lo, e.lo);
        CHECK_EQ(d.hi, e.hi);
        free(one);
        free(two);
    }
}

/* State is bytes: a copy taken at any moment, put back, goes on to the same end under another cut.
 */
static void snapshots(void)
{
    for (uint64_t seed = 0; seed < 50; seed++) {
        const struct vdc_sim_cut cut = { VDC_SIM_CUT_RANDOM, 0, seed + 1 };
        const struct vdc_sim_cut other = { VDC_SIM_CUT_PART, 7, seed + 2 };
        struct vdc_sim *sim;
        struct vdc_digest d;
        struct vdc_digest e;
        uint8_t *copy;
        size_t size;

        scenario_draw(&sc, &(struct scenario_args){ .seed = seed });
        size = vdc_sim_size(&sc.cfg);
        sim = make(&sc.cfg);
        copy = malloc(size);
        if (!copy) {
            abort();
        }
        CHECK_EQ(vdc_sim_run_windowed(sim, &cut, vdc_rand_below(seed, 1, sc.stop / 2)), VDC_SIM_OK);
        memcpy(copy, (void *)sim, size);
        CHECK_EQ(vdc_sim_run_windowed(sim, &cut, sc.stop), VDC_SIM_OK);
        d = vdc_sim_end(sim);
        memcpy((void *)sim, copy, size);
        CHECK_EQ(vdc_sim_run_windowed(sim, &other, sc.stop), VDC_SIM_OK);
        e = vdc_sim_end(sim);
        CHECK_EQ(d.lo, e.lo);
        CHECK_EQ(d.hi, e.hi);
        free(copy);
        free(sim);
    }
}

static const struct tap_case cases[] = {
    { "relaxed: late messages are counted", relaxed_counts_late },
    { "quantized: the grid", quantized_grid },
    { "one busy, others idle: few windows", few_windows },
    { "streams are independent", streams_are_independent },
    { "engines take turns", engines_take_turns },
    { "snapshots", snapshots },
};

TAP_MAIN(cases)
