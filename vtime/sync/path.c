/* SPDX-License-Identifier: MIT */
/* Configuration of a control block: checks, shortest paths between hubs and vtasks, echoes. Once,
 * at start. */
#include <assert.h>
#include <string.h>

#include "state.h"

#define SKIP_NONE UINT32_MAX
#define NS_MIN    (2 * VTIME_PS_PER_NS) /* a shorter step could round to nothing */

static int check_limits(const struct vdc_sync_cfg *c)
{
    if (c->n_task > VDC_SYNC_TASK_MAX || c->n_hub > VDC_SYNC_HUB_MAX ||
        c->n_host > VDC_SYNC_HOST_MAX || c->n_scope > VDC_SYNC_SCOPE_MAX ||
        c->n_link > VDC_SYNC_LINK_MAX) {
        return VDC_SYNC_ERR_LIMIT;
    }
    if (c->n_port > VDC_SYNC_PORT_MAX || c->n_ext > VDC_SYNC_PORT_MAX ||
        c->n_port + c->n_ext > VDC_SYNC_PORT_MAX) {
        return VDC_SYNC_ERR_LIMIT;
    }
    return VDC_SYNC_OK;
}

static int check_fabric(const struct vdc_sync_cfg *c)
{
    for (uint32_t a = 0; a < c->n_hub; a++) {
        if (c->hub[a].group >= VDC_SYNC_HUB_MAX) {
            return VDC_SYNC_ERR_INDEX;
        }
    }
    for (uint32_t k = 0; k < c->n_link; k++) {
        const struct vdc_sync_link *l = &c->link[k];

        if (l->from >= c->n_hub || l->to >= c->n_hub ||
            c->hub[l->from].group != c->hub[l->to].group) {
            return VDC_SYNC_ERR_INDEX;
        }
        if (l->link_ps == 0) {
            return VDC_SYNC_ERR_ZERO;
        }
    }
    for (uint32_t e = 0; e < c->n_ext; e++) {
        if (c->ext[e].host >= c->n_host || c->ext[e].hub >= c->n_hub) {
            return VDC_SYNC_ERR_INDEX;
        }
    }
    for (uint32_t p = 0; p < c->n_port; p++) {
        const struct vdc_sync_port *q = &c->port[p];

        if (q->task >= c->n_task || q->hub >= c->n_hub) {
            return VDC_SYNC_ERR_INDEX;
        }
        if (q->in_ps <= c->hub[q->hub].fwd_ps) {
            return VDC_SYNC_ERR_ZERO;
        }
        if ((c->task[q->task].flags & VDC_SYNC_TASK_NS) &&
            q->in_ps - c->hub[q->hub].fwd_ps < NS_MIN) {
            return VDC_SYNC_ERR_NS;
        }
    }
    return VDC_SYNC_OK;
}

static int check_scopes(const struct vdc_sync_cfg *c)
{
    uint64_t bounded = 0;
    bool has_ns = false;

    for (uint32_t i = 0; i < c->n_task; i++) {
        has_ns = has_ns || (c->task[i].flags & VDC_SYNC_TASK_NS);
    }
    for (uint32_t k = 0; k < c->n_scope; k++) {
        const struct vdc_sync_scope *sc = &c->scope[k];

        if (c->n_task < 64 && sc->members >> c->n_task != 0) {
            return VDC_SYNC_ERR_INDEX;
        }
        if (sc->bound_ps > 0) {
            bounded |= sc->members;
            if (has_ns && sc->bound_ps < NS_MIN) {
                return VDC_SYNC_ERR_NS;
            }
        }
    }
    if (c->mode == VDC_SYNC_RELAXED) {
        const uint64_t all = c->n_task < 64 ? (UINT64_C(1) << c->n_task) - 1 : UINT64_MAX;

        return bounded == all ? VDC_SYNC_OK : VDC_SYNC_ERR_MODE;
    }
    if (c->mode == VDC_SYNC_QUANTIZED) {
        const bool is_ok = c->quantum_ps >= VTIME_PS_PER_NS &&
                           c->quantum_ps <= VDC_SYNC_QUANTUM_MAX &&
                           (!has_ns || c->quantum_ps % VTIME_PS_PER_NS == 0);

        return is_ok ? VDC_SYNC_OK : VDC_SYNC_ERR_MODE;
    }
    return c->mode == VDC_SYNC_EXACT ? VDC_SYNC_OK : VDC_SYNC_ERR_MODE;
}

static void edge(struct vdc_sync *s, uint32_t a, uint32_t b, uint64_t ps)
{
    s->dist[a][b] = vtime_min(s->dist[a][b], ps);
}

/* Links, and vtasks with ports on several hubs (they may pass something on after their react), then
 * Floyd-Warshall. skip: a vtask that passes nothing on, SKIP_NONE for none. */
static void make_dist(struct vdc_sync *s, const struct vdc_sync_cfg *c, uint32_t skip)
{
    for (uint32_t a = 0; a < s->n_hub; a++) {
        for (uint32_t b = 0; b < s->n_hub; b++) {
            s->dist[a][b] = a == b ? 0 : VTIME_NEVER;
        }
    }
    for (uint32_t k = 0; k < c->n_link; k++) {
        const struct vdc_sync_link *l = &c->link[k];

        edge(s, l->from, l->to, vtime_add(s->hub[l->from].fwd_ps, l->link_ps));
    }
    for (uint32_t p = 0; p < s->n_port; p++) {
        for (uint32_t q = 0; q < s->n_port; q++) {
            const struct sync_port *x = &s->port[p];
            const struct sync_port *y = &s->port[q];

            if (x->task == y->task && x->task != skip) {
                edge(s, x->hub, y->hub,
                     vtime_add(vtime_add(x->in_ps, s->task[x->task].react_ps), y->out_ps));
            }
        }
    }
    for (uint32_t m = 0; m < s->n_hub; m++) {
        for (uint32_t a = 0; a < s->n_hub; a++) {
            for (uint32_t b = 0; b < s->n_hub; b++) {
                edge(s, a, b, vtime_add(s->dist[a][m], s->dist[m][b]));
            }
        }
    }
}

static void make_paths(struct vdc_sync *s)
{
    memset(s->path, 0xff, sizeof(s->path)); /* VTIME_NEVER */
    for (uint32_t p = 0; p < s->n_port; p++) {
        for (uint32_t q = 0; q < s->n_port; q++) {
            const struct sync_port *x = &s->port[p];
            const struct sync_port *y = &s->port[q];
            const uint64_t d = vtime_add(vtime_add(x->out_ps, s->dist[x->hub][y->hub]), y->in_ps);

            if (x->task != y->task) {
                s->path[x->task][y->task] = vtime_min(s->path[x->task][y->task], d);
            }
        }
    }
}

/* Shortest way back to the vtask itself: over a peer that answers, between two of its own ports, or
 * by a hairpin. */
static uint64_t make_echo(const struct vdc_sync *s, uint32_t i)
{
    uint64_t e = VTIME_NEVER;

    for (uint32_t k = 0; k < s->n_task; k++) {
        if (k != i) {
            e = vtime_min(e,
                          vtime_add(vtime_add(s->path[i][k], s->task[k].react_ps), s->path[k][i]));
        }
    }
    for (uint32_t p = 0; p < s->n_port; p++) {
        const struct sync_port *x = &s->port[p];

        for (uint32_t q = 0; x->task == i && q < s->n_port; q++) {
            const struct sync_port *y = &s->port[q];
            const uint64_t ends = vtime_add(x->out_ps, y->in_ps);

            if (y->task != i) {
                continue;
            }
            if (p != q) {
                e = vtime_min(e, vtime_add(ends, s->dist[x->hub][y->hub]));
            }
            for (uint32_t a = 0; a < s->n_hub; a++) {
                if (s->hub[a].can_hairpin) {
                    e = vtime_min(
                        e, vtime_add(ends, vtime_add(s->dist[x->hub][a], s->dist[a][y->hub])));
                }
            }
        }
    }
    return e;
}

/* Least time from a hub's act to the arrival at the group of what a receiver does about it. */
static uint64_t make_reflex(const struct vdc_sync *s, uint32_t group)
{
    uint64_t r = VTIME_NEVER;

    for (uint32_t p = 0; p < s->n_port; p++) {
        const struct sync_port *x = &s->port[p];
        const uint64_t react = vtime_add(x->in_ps - s->hub[x->hub].fwd_ps,
                                         s->task[x->task].react_ps);

        for (uint32_t q = 0; q < s->n_port; q++) {
            const struct sync_port *y = &s->port[q];
            uint64_t d = vtime_add(react, y->out_ps);

            if (s->hub[y->hub].group != group) {
                continue;
            }
            if (x->task != y->task) {
                d = vtime_add(d, vtime_add(s->path[x->task][y->task], s->task[y->task].react_ps));
            }
            r = vtime_min(r, d);
        }
    }
    return r;
}

static bool has_lookahead(const struct vdc_sync *s)
{
    for (uint32_t j = 0; j < s->n_task; j++) {
        for (uint32_t i = 0; i < s->n_task; i++) {
            if (i != j && s->path[j][i] == 0) {
                return false;
            }
        }
    }
    return true;
}

size_t vdc_sync_size(void)
{
    return sizeof(struct vdc_sync);
}

int vdc_sync_init(void *mem, const struct vdc_sync_cfg *cfg)
{
    struct vdc_sync *s = mem;
    int err;

    assert(((uintptr_t)mem & 7) == 0);
    memset(s, 0, sizeof(*s));
    err = check_limits(cfg);
    err = err ? err : check_fabric(cfg);
    err = err ? err : check_scopes(cfg);
    if (err) {
        return err;
    }
    s->mode = cfg->mode;
    s->quantum_ps = cfg->quantum_ps;
    s->n_task = cfg->n_task;
    s->n_port = cfg->n_port;
    s->n_hub = cfg->n_hub;
    s->n_ext = cfg->n_ext;
    s->n_scope = cfg->n_scope;
    for (uint32_t i = 0; i < s->n_task; i++) {
        s->task[i] = cfg->task[i];
    }
    for (uint32_t a = 0; a < s->n_hub; a++) {
        s->hub[a] = cfg->hub[a];
    }
    for (uint32_t p = 0; p < s->n_port; p++) {
        const struct vdc_sync_port *q = &cfg->port[p];

        s->port[p] = (struct sync_port){ q->out_ps, q->in_ps, q->in_ps - s->hub[q->hub].fwd_ps,
                                         q->task, q->hub };
    }
    for (uint32_t e = 0; e < s->n_ext; e++) {
        s->ext[e] = cfg->ext[e];
    }
    for (uint32_t k = 0; k < s->n_scope; k++) {
        s->scope[k] = cfg->scope[k];
    }
    for (uint32_t i = 0; i < s->n_task; i++) {
        /* A vtask's own handing on is no echo. */
        make_dist(s, cfg, i);
        make_paths(s);
        s->echo_ps[i] = s->mode == VDC_SYNC_EXACT ? make_echo(s, i) : VTIME_NEVER;
    }
    make_dist(s, cfg, SKIP_NONE);
    make_paths(s);
    memset(s->reflex_ps, 0xff, sizeof(s->reflex_ps)); /* VTIME_NEVER */
    for (uint32_t a = 0; a < s->n_hub; a++) {
        s->reflex_ps[s->hub[a].group] = make_reflex(s, s->hub[a].group);
    }
    return has_lookahead(s) ? VDC_SYNC_OK : VDC_SYNC_ERR_ZERO;
}

uint64_t vdc_sync_path(const struct vdc_sync *s, uint32_t j, uint32_t i)
{
    assert(j < s->n_task);
    assert(i < s->n_task);
    assert(i != j);
    return s->path[j][i];
}

uint64_t vdc_sync_echo(const struct vdc_sync *s, uint32_t i)
{
    assert(i < s->n_task);
    return s->echo_ps[i];
}

uint64_t vdc_sync_lookahead(const struct vdc_sync *s)
{
    uint64_t d = VTIME_NEVER;

    for (uint32_t j = 0; j < s->n_task; j++) {
        for (uint32_t i = 0; i < s->n_task; i++) {
            if (i != j) {
                d = vtime_min(d, s->path[j][i]);
            }
        }
    }
    for (uint32_t k = 0; k < s->n_scope; k++) {
        if (s->scope[k].bound_ps > 0) {
            d = vtime_min(d, s->scope[k].bound_ps);
        }
    }
    return d;
}
