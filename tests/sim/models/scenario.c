/* SPDX-License-Identifier: MIT */
/* Scenarios: a tree of relays with talkers at it, or two talkers on one wire. */
#include "scenario.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vdc/rng.h"

struct stream {
    uint64_t key;
    uint64_t n;
};

static uint64_t draw(struct stream *s, uint64_t bound)
{
    return vdc_rand_below(s->key, s->n++, bound);
}

static struct vdc_link_cfg draw_link(struct stream *s, uint64_t key)
{
    static const uint64_t rate[] = { UINT64_C(10000000000), UINT64_C(25000000000),
                                     UINT64_C(100000000000), UINT64_C(100000000000),
                                     UINT64_C(333333333333) };

    return (struct vdc_link_cfg){ .rate_bps = rate[draw(s, 5)],
                                  .latency_ps = draw(s, 3) ? 500000 : 1 + draw(s, 1000000),
                                  .tx_quantum_ps = draw(s, 4) ? 1 : 1000,
                                  .wire_overhead = VDC_LINK_ETH_OVERHEAD,
                                  .min_frame = VDC_LINK_ETH_MIN_FRAME,
                                  .mtu = 4200,
                                  .key = key,
                                  .jitter_ps = draw(s, 4) ? 0 : draw(s, 300000) };
}

static void join(struct scenario *sc, uint32_t a, uint32_t a_port,
                 const struct vdc_link_cfg *a_link, uint32_t b, uint32_t b_port,
                 const struct vdc_link_cfg *b_link)
{
    sc->wire[sc->cfg.n_wire++] = (struct vdc_sim_wire){ .comp = { a, b },
                                                        .port = { a_port, b_port },
                                                        .min_ps = { vdc_link_min_ps(a_link),
                                                                    vdc_link_min_ps(b_link) } };
}

static void draw_talkers(struct scenario *sc, struct stream *s)
{
    const uint64_t gap = 500000 + draw(s, 3000000);
    const uint32_t n_send = 4 + (uint32_t)draw(s, 8);
    const uint64_t grid = draw(s, 2) ? 1 : 400000;

    for (uint32_t i = 0; i < sc->n_task; i++) {
        struct talker_cfg *t = &sc->talker[i];

        *t = (struct talker_cfg){ .key = vdc_key(sc->args.seed, VDC_RNG_FLOWGEN, i, 0),
                                  .index = i,
                                  .n_peer = sc->n_task,
                                  .n_send = draw(s, 5) ? n_send : 0,
                                  .bug = i == 0 ? sc->args.talker_bug : TALKER_OK,
                                  .gap_ps = gap,
                                  .react_ps = draw(s, 2) ? 300000 : 1 + draw(s, 400000),
                                  .grid_ps = grid,
                                  .len_max = (uint32_t)sizeof(struct talk) + (uint32_t)draw(s, 300),
                                  .all_of_16 = (uint32_t)draw(s, 6),
                                  .link = draw_link(s, vdc_key(sc->args.seed, VDC_RNG_SIM, i, 2)) };
        if (i == 0 && sc->args.talker_bug) {
            t->n_send = 11;
        }
        (void)snprintf(sc->name[i], sizeof(sc->name[i]), "t%u", i);
        sc->comp[i] = (struct vdc_sim_comp){
            .name = sc->name[i], .ops = &talker_ops, .cfg = t, .n_port = 1, .react_ps = t->react_ps
        };
        if (sc->args.send_max > 0 && t->n_send > sc->args.send_max) {
            t->n_send = sc->args.send_max;
        }
    }
    /* Everything is sent by 2 gaps per request, and answered within the slack, jitter faults
     * included. */
    sc->stop = 2 * (gap + grid) * 12 + 60000000;
}

/* Relay h of a tree: parent[h] < h. Ports: talkers in order, then neighbours. */
static void draw_relays(struct scenario *sc, struct stream *s)
{
    uint32_t home[SCENARIO_TASKS];
    uint32_t parent[SCENARIO_HUBS];
    uint32_t to_peer[SCENARIO_HUBS][SCENARIO_HUBS]; /* port of relay a towards its neighbour b */

    for (uint32_t h = 0; h < sc->n_hub; h++) {
        struct relay_cfg *r = &sc->relay[h];

        memset(r, 0, sizeof(*r));
        memset(r->route, (int)RELAY_NO_PORT, sizeof(r->route));
        r->index = h;
        r->bug = h == 0 ? sc->args.relay_bug : RELAY_OK;
        r->fwd_ps = draw(s, 3) ? 300000 : draw(s, 500000);
        r->queue_max = draw(s, 3) ? 32 : 1 + (uint32_t)draw(s, 4);
        parent[h] = h > 0 ? (uint32_t)draw(s, h) : 0;
    }
    for (uint32_t i = 0; i < sc->n_task; i++) {
        struct relay_cfg *r;
        uint32_t p;

        home[i] = (uint32_t)draw(s, sc->n_hub);
        r = &sc->relay[home[i]];
        p = r->n_port++;
        r->link[p] = draw_link(s, vdc_key(sc->args.seed, VDC_RNG_SIM, i, 3));
        r->route[i] = (uint8_t)p;
        join(sc, i, 0, &sc->talker[i].link, sc->n_task + home[i], p, &r->link[p]);
    }
    for (uint32_t h = 1; h < sc->n_hub; h++) {
        struct relay_cfg *a = &sc->relay[h];
        struct relay_cfg *b = &sc->relay[parent[h]];

        to_peer[h][parent[h]] = a->n_port++;
        to_peer[parent[h]][h] = b->n_port++;
        a->link[a->n_port - 1] = draw_link(s, vdc_key(sc->args.seed, VDC_RNG_SIM, h, 4));
        b->link[b->n_port - 1] = draw_link(s, vdc_key(sc->args.seed, VDC_RNG_SIM, h, 5));
        join(sc, sc->n_task + h, a->n_port - 1, &a->link[a->n_port - 1], sc->n_task + parent[h],
             b->n_port - 1, &b->link[b->n_port - 1]);
    }
    /* From the home of every talker outwards: the neighbours' routes point to where they were
     * reached from. */
    for (uint32_t i = 0; i < sc->n_task; i++) {
        for (uint32_t round = 1; round < sc->n_hub; round++) {
            for (uint32_t h = 1; h < sc->n_hub; h++) {
                const uint32_t q = parent[h];

                if (sc->relay[h].route[i] != RELAY_NO_PORT &&
                    sc->relay[q].route[i] == RELAY_NO_PORT) {
                    sc->relay[q].route[i] = (uint8_t)to_peer[q][h];
                } else if (sc->relay[q].route[i] != RELAY_NO_PORT &&
                           sc->relay[h].route[i] == RELAY_NO_PORT) {
                    sc->relay[h].route[i] = (uint8_t)to_peer[h][q];
                }
            }
        }
    }
    for (uint32_t h = 0; h < sc->n_hub; h++) {
        struct relay_cfg *r = &sc->relay[h];
        const uint32_t c = sc->n_task + h;

        r->flood = (1u << r->n_port) - 1;
        if (draw(s, 4) == 0) {
            r->route[draw(s, sc->n_task)] = (uint8_t)RELAY_NO_PORT; /* a hole in the table */
        }
        (void)snprintf(sc->name[c], sizeof(sc->name[c]), "r%u", h);
        sc->comp[c] = (struct vdc_sim_comp){ .name = sc->name[c],
                                             .ops = &relay_ops,
                                             .cfg = r,
                                             .is_hub = 1,
                                             .n_port = r->n_port,
                                             .fwd_ps = r->fwd_ps + (h == 0 ? sc->args.lie_ps : 0) };
    }
}

void scenario_draw(struct scenario *sc, const struct scenario_args *args)
{
    struct stream s = { .key = vdc_key(args->seed, VDC_RNG_SIM, 0, 0) };

    memset(sc, 0, sizeof(*sc));
    sc->args = *args;
    sc->n_hub = (uint32_t)draw(&s, SCENARIO_HUBS + 1);
    if ((args->relay_bug || args->lie_ps) && sc->n_hub == 0) {
        sc->n_hub = 1;
    }
    sc->n_task = sc->n_hub == 0 ? 2 : 2 + (uint32_t)draw(&s, SCENARIO_TASKS - 1);
    if (args->task_max >= 2 && sc->n_task > args->task_max) {
        sc->n_task = args->task_max;
    }
    draw_talkers(sc, &s);
    if (sc->n_hub > 0) {
        draw_relays(sc, &s);
    } else {
        join(sc, 0, 0, &sc->talker[0].link, 1, 0, &sc->talker[1].link);
    }
    if (args->faults) {
        sc->cfg.n_fault = vdc_fault_draw(
            args->seed, args->faults, sc->cfg.n_wire, sc->stop / 2, sc->fault,
            args->n_fault_max < SCENARIO_FAULTS ? args->n_fault_max : SCENARIO_FAULTS);
    }
    sc->cfg.n_comp = sc->n_task + sc->n_hub;
    sc->cfg.comp = sc->comp;
    sc->cfg.wire = sc->wire;
    sc->cfg.fault = sc->fault;
    sc->cfg.seed = args->seed;
    sc->cfg.every = 10 * VTIME_PS_PER_US;
    sc->cfg.mode = args->bound_ps     ? VDC_SYNC_RELAXED
                   : args->quantum_ps ? VDC_SYNC_QUANTIZED
                                      : VDC_SYNC_EXACT;
    sc->cfg.quantum_ps = args->quantum_ps;
    sc->cfg.bound_ps = args->bound_ps;
    sc->cfg.n_slot = 1024;
    sc->cfg.slot_payload = 512;
    sc->cfg.n_trace = SCENARIO_TRACE;
}

void scenario_run(const struct scenario *sc, const struct vdc_sim_cut *cut, uint32_t parts,
                  struct result *r)
{
    static struct vdc_sim *sim; /* memory of the largest run so far: thousands of runs share it */
    static size_t room;
    const size_t size = vdc_sim_size(&sc->cfg);
    const struct vdc_trace_rec *rec;

    memset(r, 0, offsetof(struct result, rec));
    if (size > room) {
        free(sim);
        room = size;
        sim = aligned_alloc(64, size);
    }
    if (size == 0 || !sim) {
        r->err = VDC_SIM_ERR_CFG;
        return;
    }
    memset((void *)sim, 0xa5, size); /* nobody may count on zeroes */
    r->err = vdc_sim_init(sim, &sc->cfg);
    if (r->err == VDC_SIM_OK) {
        check_init(&r->check, &sc->cfg, sim);
        for (uint32_t i = 1; i <= parts && r->err == VDC_SIM_OK; i++) {
            const vtime_t stop = i == parts ? sc->stop : sc->stop / parts * i;

            r->err = cut ? vdc_sim_run_windowed(sim, cut, stop) : vdc_sim_run_sequential(sim, stop);
        }
        r->stat = *vdc_sim_stat(sim);
        if (r->err == VDC_SIM_OK) {
            check_end(&r->check, sim);
            r->digest = vdc_sim_end(sim);
        }
        rec = vdc_sim_trace(sim, &r->n_rec, &r->n_trace);
        memcpy(r->rec, rec, r->n_rec * sizeof(*rec));
    }
}

static const char *name_of(const struct scenario *sc, const struct vdc_trace_rec *rec)
{
    return sc->comp[rec->comp].name;
}

const char *scenario_diff(const struct scenario *sc, const struct result *a, const struct result *b)
{
    static char text[600];
    char line[2][200];

    if (a->err != b->err) {
        (void)snprintf(text, sizeof(text), "errors %d and %d", a->err, b->err);
        return text;
    }
    for (size_t i = 0; i < a->n_rec && i < b->n_rec; i++) {
        if (memcmp(&a->rec[i], &b->rec[i], sizeof(a->rec[i])) != 0) {
            (void)vdc_trace_text(&a->rec[i], name_of(sc, &a->rec[i]), line[0], sizeof(line[0]));
            (void)vdc_trace_text(&b->rec[i], name_of(sc, &b->rec[i]), line[1], sizeof(line[1]));
            (void)snprintf(text, sizeof(text),
                           "record %zu:\n#   %s (its number %" PRIu64
                           ")\n#   %s (its number %" PRIu64 ")",
                           i, line[0], a->rec[i].n, line[1], b->rec[i].n);
            return text;
        }
    }
    if (a->n_trace != b->n_trace) {
        (void)snprintf(text, sizeof(text), "%" PRIu64 " and %" PRIu64 " records", a->n_trace,
                       b->n_trace);
        return text;
    }
    if (a->digest.lo != b->digest.lo || a->digest.hi != b->digest.hi) {
        vdc_digest_hex(a->digest, line[0]);
        vdc_digest_hex(b->digest, line[1]);
        (void)snprintf(text, sizeof(text), "digests %s and %s, equal traces", line[0], line[1]);
        return text;
    }
    return NULL;
}

void scenario_print(const struct scenario *sc, const char *program, const char *cut)
{
    const struct scenario_args *a = &sc->args;

    printf("# repeat with: %s --seed=%" PRIu64
           " --talker-bug=%u --relay-bug=%u --faults=%u --n-fault=%u "
           "--tasks=%u --sends=%u --quantum=%" PRIu64 " --cut=%s --trace\n",
           program, a->seed, a->talker_bug, a->relay_bug, a->faults, a->n_fault_max, a->task_max,
           a->send_max, a->quantum_ps, cut);
    printf("# %u talkers, %u relays, stop %" PRIu64 " ps, %u faults\n", sc->n_task, sc->n_hub,
           sc->stop, sc->cfg.n_fault);
    for (uint32_t i = 0; i < sc->cfg.n_fault; i++) {
        char line[200];

        (void)vdc_fault_text(&sc->fault[i], line, sizeof(line));
        printf("#   %s\n", line);
    }
}

void scenario_print_trace(const struct scenario *sc, const struct result *r)
{
    for (size_t i = 0; i < r->n_rec; i++) {
        char line[200];

        (void)vdc_trace_text(&r->rec[i], name_of(sc, &r->rec[i]), line, sizeof(line));
        puts(line);
    }
}
