/* SPDX-License-Identifier: MIT */
/* Paths and horizons against a brute-force oracle: Bellman-Ford on the graph of arrivals and
 * departures. */
#include <stdlib.h>

#include "tap.h"
#include "vdc/rng.h"
#include "vdc/sync.h"

#define N_TOPOLOGY 100000u
#define HUBS       5u
#define TASKS      6u
#define PORTS      9u
#define LINKS      12u
#define EXTS       2u

struct world {
    struct vdc_sync_task task[TASKS];
    struct vdc_sync_port port[PORTS];
    struct vdc_sync_hub hub[HUBS];
    struct vdc_sync_link link[LINKS];
    struct vdc_sync_ext ext[EXTS];
    struct vdc_sync_scope scope[2];
    struct vdc_sync_cfg cfg;
    struct vdc_sync_in in[TASKS];
    vtime_t hub_next[HUBS];
    vtime_t host[EXTS];
};

/* Nodes of the oracle's graph. A frame that has not been turned round yet may not leave by the port
 * it came in. */
#define NODE_HUB(h, turned) ((turned) * HUBS + (h))
#define NODE_ARR(i)         (2 * HUBS + (i))
#define NODE_DEP(i)         (2 * HUBS + TASKS + (i))
#define NODE_WAIT(h)        (2 * HUBS + 2 * TASKS + (h))
#define NODES               (3 * HUBS + 2 * TASKS)
#define EDGES_MAX           256u

struct edge {
    uint32_t from, to;
    uint64_t ps;
};

struct graph {
    uint32_t n;
    struct edge e[EDGES_MAX];
};

static void put(struct graph *g, uint32_t from, uint32_t to, uint64_t ps)
{
    if (g->n == EDGES_MAX) {
        abort();
    }
    g->e[g->n++] = (struct edge){ from, to, ps };
}

static void relax(const struct graph *g, uint64_t dist[NODES])
{
    int changed = 1;

    while (changed) {
        changed = 0;
        for (uint32_t k = 0; k < g->n; k++) {
            const uint64_t d = vtime_add(dist[g->e[k].from], g->e[k].ps);

            if (d < dist[g->e[k].to]) {
                dist[g->e[k].to] = d;
                changed = 1;
            }
        }
    }
}

/* own, own_port: vtask whose echo is asked for, and the port it sends by; TASKS for plain paths. */
static void make_graph(const struct world *w, struct graph *g, uint32_t own, uint32_t own_port)
{
    g->n = 0;
    for (uint32_t f = 0; f < 2; f++) {
        for (uint32_t k = 0; k < w->cfg.n_link; k++) {
            const struct vdc_sync_link *l = &w->link[k];

            put(g, NODE_HUB(l->from, f), NODE_HUB(l->to, f), w->hub[l->from].fwd_ps + l->link_ps);
        }
        for (uint32_t p = 0; p < w->cfg.n_port; p++) {
            const struct vdc_sync_port *q = &w->port[p];

            if (q->task != own || p != own_port || f == 1) {
                put(g, NODE_HUB(q->hub, f), NODE_ARR(q->task), q->in_ps);
            }
        }
    }
    for (uint32_t h = 0; h < w->cfg.n_hub; h++) {
        if (w->hub[h].can_hairpin) {
            put(g, NODE_HUB(h, 0), NODE_HUB(h, 1), 0);
        }
    }
    for (uint32_t k = 0; k < w->cfg.n_link; k++) {
        put(g, NODE_WAIT(w->link[k].from), NODE_HUB(w->link[k].to, 1), w->link[k].link_ps);
    }
    for (uint32_t p = 0; p < w->cfg.n_port; p++) {
        const struct vdc_sync_port *q = &w->port[p];

        put(g, NODE_WAIT(q->hub), NODE_ARR(q->task), q->in_ps - w->hub[q->hub].fwd_ps);
        if (q->task != own) {
            put(g, NODE_DEP(q->task), NODE_HUB(q->hub, 1), q->out_ps);
        }
    }
    for (uint32_t i = 0; i < w->cfg.n_task; i++) {
        if (i != own) {
            put(g, NODE_ARR(i), NODE_DEP(i), w->task[i].react_ps);
        }
    }
}

/* Small numbers, so that ties and equal sums are frequent. */
static uint64_t draw(uint64_t seed, uint64_t *n, uint64_t bound)
{
    return vdc_rand_below(seed, (*n)++, bound);
}

static void make_world(struct world *w, uint64_t seed)
{
    uint64_t n = 0;
    struct vdc_sync_cfg *c = &w->cfg;

    memset(w, 0, sizeof(*w));
    c->n_task = 1 + (uint32_t)draw(seed, &n, TASKS);
    c->n_hub = 1 + (uint32_t)draw(seed, &n, HUBS);
    c->n_port = (uint32_t)draw(seed, &n, PORTS + 1);
    c->n_link = (uint32_t)draw(seed, &n, LINKS + 1);
    c->n_ext = (uint32_t)draw(seed, &n, EXTS + 1);
    c->n_host = EXTS;
    c->n_scope = (uint32_t)draw(seed, &n, 3);
    c->task = w->task;
    c->port = w->port;
    c->hub = w->hub;
    c->link = w->link;
    c->ext = w->ext;
    c->scope = w->scope;
    for (uint32_t i = 0; i < c->n_task; i++) {
        w->task[i].react_ps = draw(seed, &n, 20);
        w->in[i].now = draw(seed, &n, 50);
        w->in[i].next = draw(seed, &n, 8) ? w->in[i].now + draw(seed, &n, 30) : VTIME_NEVER;
        w->in[i].send = vtime_add(w->in[i].next,
                                  draw(seed, &n, 8) ? draw(seed, &n, 20) : VTIME_NEVER);
        w->in[i].cap = draw(seed, &n, 8) ? VTIME_NEVER : draw(seed, &n, 200);
    }
    for (uint32_t h = 0; h < c->n_hub; h++) {
        w->hub[h] = (struct vdc_sync_hub){ .group = 0,
                                           .can_hairpin = draw(seed, &n, 6) == 0,
                                           .fwd_ps = draw(seed, &n, 10) };
        w->hub_next[h] = draw(seed, &n, 3) ? VTIME_NEVER : draw(seed, &n, 100);
    }
    for (uint32_t p = 0; p < c->n_port; p++) {
        const uint32_t h = (uint32_t)draw(seed, &n, c->n_hub);

        w->port[p] = (struct vdc_sync_port){ .task = (uint32_t)draw(seed, &n, c->n_task),
                                             .hub = h,
                                             .out_ps = draw(seed, &n, 20),
                                             .in_ps = w->hub[h].fwd_ps + 1 + draw(seed, &n, 20) };
    }
    for (uint32_t k = 0; k < c->n_link; k++) {
        w->link[k] = (struct vdc_sync_link){ (uint32_t)draw(seed, &n, c->n_hub),
                                             (uint32_t)draw(seed, &n, c->n_hub),
                                             1 + draw(seed, &n, 20) };
    }
    for (uint32_t e = 0; e < c->n_ext; e++) {
        w->ext[e] = (struct vdc_sync_ext){ (uint32_t)draw(seed, &n, EXTS),
                                           (uint32_t)draw(seed, &n, c->n_hub) };
        w->host[e] = draw(seed, &n, 100);
    }
    for (uint32_t k = 0; k < c->n_scope; k++) {
        w->scope[k] = (struct vdc_sync_scope){ .members = draw(seed, &n, UINT64_C(1) << c->n_task),
                                               .bound_ps = draw(seed, &n, 3)
                                                               ? 1 + draw(seed, &n, 60)
                                                               : 0 };
    }
}

static void oracle_paths(const struct world *w, uint64_t path[TASKS][TASKS])
{
    struct graph g;

    make_graph(w, &g, TASKS, PORTS);
    for (uint32_t j = 0; j < w->cfg.n_task; j++) {
        uint64_t dist[NODES];

        memset(dist, 0xff, sizeof(dist));
        dist[NODE_DEP(j)] = 0;
        relax(&g, dist);
        for (uint32_t i = 0; i < w->cfg.n_task; i++) {
            path[j][i] = dist[NODE_ARR(i)];
        }
    }
}

static uint64_t oracle_echo(const struct world *w, uint32_t i)
{
    uint64_t best = VTIME_NEVER;

    for (uint32_t p = 0; p < w->cfg.n_port; p++) {
        struct graph g;
        uint64_t dist[NODES];

        if (w->port[p].task != i) {
            continue;
        }
        make_graph(w, &g, i, p);
        memset(dist, 0xff, sizeof(dist));
        dist[NODE_HUB(w->port[p].hub, 0)] = w->port[p].out_ps;
        relax(&g, dist);
        best = vtime_min(best, dist[NODE_ARR(i)]);
    }
    return best;
}

/* Least time from an act of any hub to an arrival at a hub that a vtask's answer causes. */
static uint64_t oracle_reflex(const struct world *w)
{
    struct graph g;
    uint64_t dist[NODES];
    uint64_t best = VTIME_NEVER;

    make_graph(w, &g, TASKS, PORTS);
    memset(dist, 0xff, sizeof(dist));
    for (uint32_t h = 0; h < w->cfg.n_hub; h++) {
        dist[NODE_WAIT(h)] = 0;
    }
    /* Without the links, so that only deliveries start and only departures arrive. */
    for (uint32_t k = 0; k < g.n; k++) {
        if (g.e[k].from >= NODE_WAIT(0) && g.e[k].to < NODE_ARR(0)) {
            g.e[k].ps = VTIME_NEVER;
        }
    }
    relax(&g, dist);
    for (uint32_t h = 0; h < w->cfg.n_hub; h++) {
        best = vtime_min(best, dist[NODE_HUB(h, 1)]);
    }
    return best;
}

struct bound {
    vtime_t t;
    uint32_t cause;
};

static void oracle_horizon(const struct world *w, uint64_t path[TASKS][TASKS], uint32_t i,
                           struct bound *list, uint32_t *n_list)
{
    struct graph g;
    uint32_t n = 0;

    make_graph(w, &g, TASKS, PORTS);
    for (uint32_t j = 0; j < w->cfg.n_task; j++) {
        if (j != i) {
            list[n++] = (struct bound){ vtime_add(w->in[j].send, path[j][i]),
                                        (uint32_t)VDC_SYNC_BY_TASK << 24 | j };
        }
    }
    for (uint32_t h = 0; h < w->cfg.n_hub; h++) {
        uint64_t dist[NODES];

        memset(dist, 0xff, sizeof(dist));
        dist[NODE_WAIT(h)] = w->hub_next[h];
        relax(&g, dist);
        list[n++] = (struct bound){ dist[NODE_ARR(i)], (uint32_t)VDC_SYNC_BY_HUB << 24 | h };
    }
    for (uint32_t e = 0; e < w->cfg.n_ext; e++) {
        uint64_t dist[NODES];

        memset(dist, 0xff, sizeof(dist));
        dist[NODE_HUB(w->ext[e].hub, 1)] = w->host[w->ext[e].host];
        relax(&g, dist);
        list[n++] = (struct bound){ dist[NODE_ARR(i)],
                                    (uint32_t)VDC_SYNC_BY_HOST << 24 | w->ext[e].host };
    }
    for (uint32_t k = 0; k < w->cfg.n_scope; k++) {
        for (uint32_t j = 0; j < w->cfg.n_task; j++) {
            const uint64_t both = UINT64_C(1) << i | UINT64_C(1) << j;

            if (j != i && w->scope[k].bound_ps > 0 && (w->scope[k].members & both) == both) {
                list[n++] = (struct bound){ vtime_add(w->in[j].next, w->scope[k].bound_ps),
                                            (uint32_t)VDC_SYNC_BY_SKEW << 24 | j };
            }
        }
    }
    list[n++] = (struct bound){ w->in[i].cap, (uint32_t)VDC_SYNC_BY_CAP << 24 | i };
    *n_list = n;
}

static void check_world(const struct world *w, const struct vdc_sync *s, uint64_t seed)
{
    uint64_t path[TASKS][TASKS];
    struct vdc_sync_out out[TASKS];
    uint32_t n_selected = 0;
    const int failed = tap_failed;

    oracle_paths(w, path);
    CHECK_EQ(vdc_sync_H(s, 0,
                        (const struct vdc_sync_in[TASKS]){ { .send = VTIME_NEVER },
                                                           { .send = VTIME_NEVER },
                                                           { .send = VTIME_NEVER },
                                                           { .send = VTIME_NEVER },
                                                           { .send = VTIME_NEVER },
                                                           { .send = VTIME_NEVER } },
                        (const vtime_t[EXTS]){ VTIME_NEVER, VTIME_NEVER }, 5),
             vtime_add(oracle_reflex(w), 5));
    n_selected = vdc_sync_solve(s, w->in, w->hub_next, w->host, out);
    for (uint32_t i = 0; i < w->cfg.n_task; i++) {
        struct bound list[64];
        uint32_t n;
        vtime_t h = VTIME_NEVER;
        vtime_t reach = VTIME_NEVER;
        int is_named = 0;

        for (uint32_t j = 0; j < w->cfg.n_task; j++) {
            if (j != i) {
                CHECK_EQ(vdc_sync_path(s, j, i), path[j][i]);
            }
        }
        CHECK_EQ(vdc_sync_echo(s, i), oracle_echo(w, i));
        oracle_horizon(w, path, i, list, &n);
        for (uint32_t k = 0; k < n; k++) {
            h = vtime_min(h, list[k].t);
            if (list[k].cause >> 24 != VDC_SYNC_BY_TASK) {
                reach = vtime_min(reach, list[k].t);
            }
        }
        for (uint32_t k = 0; k < n; k++) {
            is_named |= list[k].t == h && list[k].cause == out[i].cause;
        }
        CHECK_EQ(out[i].h, h);
        CHECK_EQ(out[i].reach, w->cfg.n_ext > 0 ? h : reach);
        CHECK(is_named || (h == VTIME_NEVER && out[i].cause == 0));
        CHECK_EQ(out[i].selected, w->in[i].next < h);
        n_selected -= out[i].selected;
    }
    CHECK_EQ(n_selected, 0);
    if (tap_failed != failed) {
        printf("# seed %u\n", (unsigned)seed);
    }
}

static void random_topologies(void)
{
    struct vdc_sync *s = malloc(vdc_sync_size());
    static struct world w;

    for (uint64_t seed = 0; seed < N_TOPOLOGY && tap_failed == 0; seed++) {
        make_world(&w, seed);
        CHECK_EQ(vdc_sync_init(s, &w.cfg), VDC_SYNC_OK);
        check_world(&w, s, seed);
    }
    free(s);
}

/* Nobody is stuck: unless a cap, a waiting frame or another host holds it, the vtask with the
 * smallest next is selected. */
static void progress(void)
{
    struct vdc_sync *s = malloc(vdc_sync_size());
    static struct world w;

    for (uint64_t seed = 0; seed < 20000; seed++) {
        struct vdc_sync_out out[TASKS];
        vtime_t next = VTIME_NEVER;

        make_world(&w, seed);
        w.cfg.n_ext = 0;
        CHECK_EQ(vdc_sync_init(s, &w.cfg), VDC_SYNC_OK);
        for (uint32_t i = 0; i < w.cfg.n_task; i++) {
            next = vtime_min(next, w.in[i].next);
            w.in[i].cap = VTIME_NEVER;
        }
        for (uint32_t h = 0; h < w.cfg.n_hub; h++) {
            w.hub_next[h] = vtime_max(w.hub_next[h], next); /* the hub phase has been there */
        }
        (void)vdc_sync_solve(s, w.in, w.hub_next, NULL, out);
        for (uint32_t i = 0; i < w.cfg.n_task; i++) {
            CHECK(w.in[i].next != next || next == VTIME_NEVER || out[i].selected);
        }
    }
    free(s);
}

/* All limits at once: 64 vtasks on 64 hubs in a ring, 32 hosts, 16 scopes. */
static void largest(void)
{
    static struct vdc_sync_task task[64];
    static struct vdc_sync_port port[480];
    static struct vdc_sync_hub hub[64];
    static struct vdc_sync_link link[128];
    static struct vdc_sync_ext ext[32];
    static struct vdc_sync_scope scope[16];
    static struct vdc_sync_in in[64];
    static struct vdc_sync_out out[64];
    static vtime_t hub_next[64];
    static vtime_t host[32];
    struct vdc_sync_cfg cfg = { .n_task = 64,
                                .n_port = 480,
                                .n_hub = 64,
                                .n_link = 128,
                                .n_ext = 32,
                                .n_host = 32,
                                .n_scope = 16,
                                .task = task,
                                .port = port,
                                .hub = hub,
                                .link = link,
                                .ext = ext,
                                .scope = scope };
    struct vdc_sync *s = malloc(vdc_sync_size());

    for (uint32_t i = 0; i < 64; i++) {
        task[i].react_ps = 1000000;
        hub[i] = (struct vdc_sync_hub){ .fwd_ps = 1 };
        hub_next[i] = VTIME_NEVER;
        in[i] = (struct vdc_sync_in){ 0, 100, 100, VTIME_NEVER };
        link[2 * i] = (struct vdc_sync_link){ i, (i + 1) % 64, 9 };
        link[2 * i + 1] = (struct vdc_sync_link){ (i + 1) % 64, i, 9 };
    }
    for (uint32_t p = 0; p < 480; p++) {
        port[p] = (struct vdc_sync_port){ p % 64, p % 64, 5, 6 };
    }
    for (uint32_t e = 0; e < 32; e++) {
        ext[e] = (struct vdc_sync_ext){ e, e };
        host[e] = 1000;
    }
    for (uint32_t k = 0; k < 16; k++) {
        scope[k] = (struct vdc_sync_scope){ UINT64_MAX, 1000 + k };
    }
    CHECK_EQ(vdc_sync_init(s, &cfg), VDC_SYNC_OK);
    CHECK_EQ(vdc_sync_path(s, 0, 32), 5 + 32 * 10 + 6);
    CHECK_EQ(vdc_sync_path(s, 0, 63), 5 + 10 + 6);
    CHECK_EQ(vdc_sync_solve(s, in, hub_next, host, out), 64);
    CHECK_EQ(out[7].h, 100 + 21);
    cfg.n_port = 481;
    CHECK_EQ(vdc_sync_init(s, &cfg), VDC_SYNC_ERR_LIMIT);
    free(s);
}

static const struct tap_case cases[] = {
    { "100,000 random topologies", random_topologies },
    { "progress", progress },
    { "largest control block", largest },
};

TAP_MAIN(cases)
