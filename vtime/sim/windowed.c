/* SPDX-License-Identifier: MIT */
/* The windowed engine: horizons of vtime/sync, every cut and every order of vtasks that a run may
 * meet. */
#include <assert.h>

#include "simstate.h"
#include "vdc/rng.h"

static uint64_t draw(struct vdc_sim *s, const struct vdc_sim_cut *cut, uint64_t bound)
{
    return vdc_rand_below(vdc_key(cut->seed, VDC_RNG_PERTURB, 0, 0), s->n_perturb++, bound);
}

static vtime_t refresh_hubs(struct vdc_sim *s)
{
    vtime_t first = VTIME_NEVER;

    for (uint32_t h = 0; h < s->n_real_hub; h++) {
        s->hub_next[h] = vdc_sim_next_t(s, &s->comp[s->hub_comp[h]]);
        first = vtime_min(first, s->hub_next[h]);
    }
    return first;
}

static void refresh_tasks(struct vdc_sim *s, vtime_t stop)
{
    for (uint32_t i = 0; i < s->n_task; i++) {
        struct sim_comp *c = &s->comp[s->task_comp[i]];
        const vtime_t own = s->cfg.comp[c->id].ops->next(c->state);
        const vtime_t head = vdc_sim_head_t(s, c);

        s->in[i].now = c->run.now;
        s->in[i].next = vtime_min(own, head);
        s->in[i].send = vtime_min(own, vtime_add(head, s->cfg.comp[c->id].react_ps));
        s->in[i].cap = stop;
    }
}

/* All hubs to H, in slices of the shortest link between two of them: what one sends arrives after
 * the slice. */
static void run_hubs(struct vdc_sim *s, vtime_t H)
{
    for (;;) {
        const vtime_t first = refresh_hubs(s);
        const vtime_t to = vtime_min(H, vtime_add(first, s->hub_link_ps));

        if (first >= H || s->err != VDC_SIM_OK) {
            break;
        }
        for (uint32_t h = 0; h < s->n_real_hub; h++) {
            if (s->hub_next[h] < to) {
                vdc_model_run_to(&s->comp[s->hub_comp[h]].run, to);
            }
        }
    }
}

/* Returns true if a hub did something. Random cuts leave part of the work for later: always legal.
 */
static bool hub_phase(struct vdc_sim *s, const struct vdc_sim_cut *cut, vtime_t stop)
{
    bool did = false;

    while (s->n_real_hub > 0 && s->err == VDC_SIM_OK) {
        const vtime_t first = refresh_hubs(s);
        vtime_t H;

        refresh_tasks(s, stop);
        H = vtime_min(vdc_sync_H(s->sync, 0, s->in, NULL, first), stop);
        if (first >= H) {
            break;
        }
        if (cut->kind == VDC_SIM_CUT_RANDOM) {
            H = first + 1 + draw(s, cut, H - first);
        }
        run_hubs(s, H);
        did = true;
        s->stat.n_hub_run++;
        if (cut->kind == VDC_SIM_CUT_RANDOM && draw(s, cut, 4) == 0) {
            break;
        }
    }
    return did;
}

/* Runs a vtask to `to`, but never so far that its own echo could have come back. */
static void run_task(struct vdc_sim *s, uint32_t i, vtime_t to)
{
    struct sim_comp *c = &s->comp[s->task_comp[i]];
    const uint64_t echo = vdc_sync_echo(s->sync, i);
    vtime_t limit = to;

    c->has_sent = 0;
    c->promise = s->in[i].send;
    s->stat.n_grant++;
    while (s->err == VDC_SIM_OK) {
        const vtime_t next = vdc_sim_next_t(s, c);

        if (next >= limit) {
            break;
        }
        vdc_model_run_to(&c->run, vtime_min(limit, vtime_add(next, echo)));
        if (c->has_sent) {
            limit = vtime_min(limit, vtime_add(c->first_send, echo));
        }
    }
    if (s->err == VDC_SIM_OK && c->run.now < limit) {
        vdc_model_run_to(&c->run, limit);
    }
}

static vtime_t cut_at(struct vdc_sim *s, const struct vdc_sim_cut *cut, uint32_t i,
                      uint64_t lookahead)
{
    const vtime_t from = s->in[i].next;
    const vtime_t h = s->out[i].h;
    uint64_t part;

    switch (cut->kind) {
    case VDC_SIM_CUT_PART:
        part = lookahead == VTIME_NEVER ? VTIME_NEVER : lookahead / (cut->div ? cut->div : 1);
        return vtime_min(h, vtime_add(from, part ? part : 1));
    case VDC_SIM_CUT_RANDOM:
        return from + 1 + draw(s, cut, h - from);
    case VDC_SIM_CUT_ONE:
        return from + 1;
    default:
        return h;
    }
}

static void run_window(struct vdc_sim *s, const struct vdc_sim_cut *cut, uint64_t lookahead)
{
    uint32_t list[VDC_SIM_TASK_MAX];
    uint32_t n = 0;

    for (uint32_t i = 0; i < s->n_task; i++) {
        if (s->out[i].selected) {
            list[n++] = i;
        }
    }
    assert(n > 0);
    if (cut->seed) {
        for (uint32_t k = n; k > 1; k--) {
            const uint32_t j = (uint32_t)draw(s, cut, k);
            const uint32_t x = list[k - 1];

            list[k - 1] = list[j];
            list[j] = x;
        }
    }
    if (cut->kind == VDC_SIM_CUT_RANDOM) {
        n = 1 + (uint32_t)draw(s, cut, n);
    } else if (cut->kind == VDC_SIM_CUT_ONE) {
        n = 1;
    }
    for (uint32_t k = 0; k < n; k++) {
        run_task(s, list[k], cut_at(s, cut, list[k], lookahead));
    }
    s->stat.n_window++;
}

int vdc_sim_run_windowed(struct vdc_sim *s, const struct vdc_sim_cut *cut, vtime_t stop)
{
    const uint64_t lookahead = vdc_sync_lookahead(s->sync);

    assert(stop < VTIME_NEVER);
    assert(cut->seed || cut->kind != VDC_SIM_CUT_RANDOM);
    s->is_checked = s->cfg.mode != VDC_SYNC_RELAXED;
    while (s->err == VDC_SIM_OK) {
        const bool did = hub_phase(s, cut, stop);
        vtime_t next;

        next = refresh_hubs(s);
        refresh_tasks(s, stop);
        for (uint32_t i = 0; i < s->n_task; i++) {
            next = vtime_min(next, s->in[i].next);
        }
        if (s->err != VDC_SIM_OK || next >= stop) {
            break;
        }
        if (vdc_sync_solve(s->sync, s->in, s->hub_next, NULL, s->out) > 0) {
            run_window(s, cut, lookahead);
        } else if (!did) {
            vdc_sim_fail(s, VDC_SIM_ERR_STUCK, 0, next);
        }
    }
    vdc_sim_finish(s, stop);
    return s->err;
}
