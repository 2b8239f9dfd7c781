/* SPDX-License-Identifier: MIT */
/* Horizon arithmetic: two smallest promises per hub, so that everybody's horizon costs one pass
 * over the ports. */
#include "vdc/sync.h"

#include <assert.h>
#include <string.h>

#include "state.h"

/* The two smallest values with different owners: an owner's own value never bounds itself. */
struct two {
    vtime_t v1, v2;
    uint32_t o1, o2;
};

#define OWNER_NONE UINT32_MAX
#define OWNER_HOST VDC_SYNC_TASK_MAX /* owner of host h is OWNER_HOST + h */

static const struct two two_empty = { VTIME_NEVER, VTIME_NEVER, OWNER_NONE, OWNER_NONE };

/* Equal values: the smaller owner wins, so that the cause does not depend on the order of the
 * ports. */
static bool is_before(vtime_t v, uint32_t o, vtime_t v2, uint32_t o2)
{
    return v < v2 || (v == v2 && o < o2);
}

static void two_add(struct two *t, vtime_t v, uint32_t owner)
{
    if (v == VTIME_NEVER) {
        return;
    }
    if (owner == t->o1) {
        t->v1 = vtime_min(t->v1, v);
    } else if (is_before(v, owner, t->v1, t->o1)) {
        t->v2 = t->v1;
        t->o2 = t->o1;
        t->v1 = v;
        t->o1 = owner;
    } else if (is_before(v, owner, t->v2, t->o2)) {
        t->v2 = v;
        t->o2 = owner;
    }
}

static uint32_t cause_of(enum vdc_sync_cause_kind kind, uint32_t index)
{
    return (uint32_t)kind << 24 | index;
}

static uint32_t owner_cause(uint32_t owner)
{
    return owner >= OWNER_HOST ? cause_of(VDC_SYNC_BY_HOST, owner - OWNER_HOST)
                               : cause_of(VDC_SYNC_BY_TASK, owner);
}

static bool is_hub_cause(uint32_t cause)
{
    return vdc_sync_cause_kind(cause) == VDC_SYNC_BY_HUB;
}

/* By anything but the promise of a task. */
static void lower(struct vdc_sync_out *o, vtime_t h, uint32_t cause)
{
    o->reach = vtime_min(o->reach, h);
    if (h < o->h) {
        o->h = h;
        o->cause = cause;
    }
}

/* Earliest instant at which the vtask can act on its next event: guests act at whole ns. */
static vtime_t act_t(const struct vdc_sync *s, uint32_t i, vtime_t next)
{
    return (s->task[i].flags & VDC_SYNC_TASK_NS) ? vtime_from_ns(vtime_ns_ceil(next)) : next;
}

/* Earliest arrivals at every hub: from the ports of that hub, then over links and through vtasks.
 */
static void arrivals(const struct vdc_sync *s, const struct vdc_sync_in *in, const vtime_t *ext,
                     struct two arr[VDC_SYNC_HUB_MAX])
{
    struct two at[VDC_SYNC_HUB_MAX];

    for (uint32_t a = 0; a < s->n_hub; a++) {
        at[a] = two_empty;
    }
    for (uint32_t p = 0; p < s->n_port; p++) {
        const struct sync_port *q = &s->port[p];

        two_add(&at[q->hub], vtime_add(in[q->task].send, q->out_ps), q->task);
    }
    for (uint32_t e = 0; e < s->n_ext; e++) {
        two_add(&at[s->ext[e].hub], ext[s->ext[e].host], OWNER_HOST + s->ext[e].host);
    }
    for (uint32_t b = 0; b < s->n_hub; b++) {
        arr[b] = at[b];
        for (uint32_t a = 0; a < s->n_hub; a++) {
            const uint64_t g = s->dist[a][b];

            if (a != b && g != VTIME_NEVER && at[a].v1 != VTIME_NEVER) {
                two_add(&arr[b], vtime_add(at[a].v1, g), at[a].o1);
                two_add(&arr[b], vtime_add(at[a].v2, g), at[a].o2);
            }
        }
    }
}

/* Frames that wait in other hubs: earliest arrival at hub b, and the hub they wait in. */
static vtime_t waiting(const struct vdc_sync *s, const vtime_t *hub_next, uint32_t b, uint32_t *who)
{
    vtime_t w = VTIME_NEVER;

    for (uint32_t a = 0; a < s->n_hub; a++) {
        if (a != b && s->dist[a][b] != VTIME_NEVER && hub_next[a] != VTIME_NEVER) {
            /* the first hop needs no forwarding any more */
            const vtime_t t = vtime_add(hub_next[a], s->dist[a][b] - s->hub[a].fwd_ps);

            if (t < w) {
                w = t;
                *who = a;
            }
        }
    }
    return w;
}

static void solve_messages(const struct vdc_sync *s, const struct vdc_sync_in *in,
                           const vtime_t *hub_next, const vtime_t *ext, struct vdc_sync_out *out)
{
    struct two arr[VDC_SYNC_HUB_MAX];
    vtime_t wait_t[VDC_SYNC_HUB_MAX];
    uint32_t wait_hub[VDC_SYNC_HUB_MAX];

    arrivals(s, in, ext, arr);
    for (uint32_t b = 0; b < s->n_hub; b++) {
        wait_hub[b] = b;
        wait_t[b] = waiting(s, hub_next, b, &wait_hub[b]);
    }
    for (uint32_t p = 0; p < s->n_port; p++) {
        const struct sync_port *q = &s->port[p];
        const struct two *m = &arr[q->hub];
        const bool is_own = m->o1 == q->task;
        const vtime_t msg_t = vtime_add(is_own ? m->v2 : m->v1, q->in_ps);
        const vtime_t here_t = vtime_add(hub_next[q->hub], q->egress_ps);
        const vtime_t far_t = vtime_add(wait_t[q->hub], q->in_ps);
        const vtime_t hub_t = vtime_min(here_t, far_t);
        struct vdc_sync_out *o = &out[q->task];

        o->reach = vtime_min(o->reach, hub_t);
        if (msg_t <= hub_t) {
            if (msg_t < o->h || (msg_t == o->h && is_hub_cause(o->cause))) {
                o->h = msg_t;
                o->cause = owner_cause(is_own ? m->o2 : m->o1);
            }
        } else if (hub_t < o->h) {
            o->h = hub_t;
            o->cause = cause_of(VDC_SYNC_BY_HUB, here_t <= far_t ? q->hub : wait_hub[q->hub]);
        }
    }
}

/* Everybody to the end of the quantum in which the earliest unknown departure may lie. */
static void solve_grid(const struct vdc_sync *s, const struct vdc_sync_in *in,
                       const vtime_t *hub_next, const vtime_t *ext, struct vdc_sync_out *out)
{
    vtime_t m = VTIME_NEVER;
    uint32_t who = VDC_SYNC_CAUSE_ANY;
    vtime_t h;

    for (uint32_t i = 0; i < s->n_task; i++) {
        const vtime_t t = act_t(s, i, in[i].next);

        if (t < m) {
            m = t;
            who = i;
        }
    }
    for (uint32_t a = 0; a < s->n_hub; a++) {
        if (hub_next[a] < m) {
            m = hub_next[a];
            who = VDC_SYNC_CAUSE_ANY;
        }
    }
    for (uint32_t e = 0; e < s->n_ext; e++) {
        if (ext[s->ext[e].host] < m) {
            m = ext[s->ext[e].host];
            who = VDC_SYNC_CAUSE_ANY;
        }
    }
    h = m == VTIME_NEVER ? VTIME_NEVER : vtime_add(m - m % s->quantum_ps, s->quantum_ps);
    for (uint32_t i = 0; i < s->n_task; i++) {
        lower(&out[i], h, cause_of(VDC_SYNC_BY_GRID, who));
    }
}

static void solve_skew(const struct vdc_sync *s, const struct vdc_sync_in *in, const vtime_t *ext,
                       struct vdc_sync_out *out)
{
    for (uint32_t k = 0; k < s->n_scope; k++) {
        struct two m = two_empty;

        if (s->scope[k].bound_ps == 0) {
            continue;
        }
        for (uint32_t i = 0; i < s->n_task; i++) {
            if (s->scope[k].members >> i & 1) {
                two_add(&m, act_t(s, i, in[i].next), i);
            }
        }
        for (uint32_t i = 0; i < s->n_task; i++) {
            if (s->scope[k].members >> i & 1) {
                const bool is_own = m.o1 == i;

                lower(&out[i], vtime_add(is_own ? m.v2 : m.v1, s->scope[k].bound_ps),
                      cause_of(VDC_SYNC_BY_SKEW, is_own ? m.o2 : m.o1));
                for (uint32_t e = 0; s->mode == VDC_SYNC_RELAXED && e < s->n_ext; e++) {
                    lower(&out[i], vtime_add(ext[s->ext[e].host], s->scope[k].bound_ps),
                          cause_of(VDC_SYNC_BY_HOST, s->ext[e].host));
                }
            }
        }
    }
}

static bool has_work(const struct vdc_sync *s, uint32_t i, vtime_t next, vtime_t h)
{
    if (s->task[i].flags & VDC_SYNC_TASK_NS) {
        return vtime_ns_ceil(next) < vtime_ns_floor(h);
    }
    return next < h;
}

uint32_t vdc_sync_solve(const struct vdc_sync *s, const struct vdc_sync_in *in,
                        const vtime_t *hub_next, const vtime_t *ext, struct vdc_sync_out *out)
{
    uint32_t n_selected = 0;

    assert(ext || s->n_ext == 0);
    for (uint32_t i = 0; i < s->n_task; i++) {
        assert(in[i].next >= in[i].now);
        assert(in[i].send >= in[i].next);
        out[i] = (struct vdc_sync_out){ .h = VTIME_NEVER, .reach = VTIME_NEVER };
    }
    if (s->mode == VDC_SYNC_EXACT) {
        solve_messages(s, in, hub_next, ext, out);
    } else if (s->mode == VDC_SYNC_QUANTIZED) {
        solve_grid(s, in, hub_next, ext, out);
    }
    solve_skew(s, in, ext, out);
    for (uint32_t i = 0; i < s->n_task; i++) {
        lower(&out[i], in[i].cap, cause_of(VDC_SYNC_BY_CAP, i));
        if (s->n_ext > 0 || s->mode != VDC_SYNC_EXACT) {
            out[i].reach = out[i].h;
        }
        out[i].selected = has_work(s, i, in[i].next, out[i].h);
        n_selected += out[i].selected;
    }
    return n_selected;
}

vtime_t vdc_sync_H(const struct vdc_sync *s, uint32_t group, const struct vdc_sync_in *in,
                   const vtime_t *ext, vtime_t first)
{
    vtime_t h = vtime_add(first, s->reflex_ps[group]);

    assert(group < VDC_SYNC_HUB_MAX);
    assert(ext || s->n_ext == 0);
    for (uint32_t p = 0; p < s->n_port; p++) {
        const struct sync_port *q = &s->port[p];

        if (s->hub[q->hub].group == group) {
            h = vtime_min(h, vtime_add(in[q->task].send, q->out_ps));
        }
    }
    for (uint32_t e = 0; e < s->n_ext; e++) {
        if (s->hub[s->ext[e].hub].group == group) {
            h = vtime_min(h, ext[s->ext[e].host]);
        }
    }
    return h;
}

vtime_t vdc_sync_promise(const struct vdc_sync *s, uint32_t hub, uint64_t egress_ps,
                         const struct vdc_sync_in *in, const vtime_t *hub_next, const vtime_t *ext)
{
    struct two arr[VDC_SYNC_HUB_MAX];
    uint32_t who;
    vtime_t t;

    assert(hub < s->n_hub);
    assert(egress_ps > 0);
    arrivals(s, in, ext, arr);
    t = vtime_min(arr[hub].v1, waiting(s, hub_next, hub, &who));
    t = vtime_min(vtime_add(t, s->hub[hub].fwd_ps), hub_next[hub]);
    return vtime_add(t, egress_ps);
}

bool vdc_sync_is_quiescent(const struct vdc_sync *s, const struct vdc_sync_in *in,
                           const vtime_t *hub_next, const vtime_t *ext)
{
    vtime_t t = VTIME_NEVER;

    for (uint32_t i = 0; i < s->n_task; i++) {
        t = vtime_min(t, in[i].next);
    }
    for (uint32_t a = 0; a < s->n_hub; a++) {
        t = vtime_min(t, hub_next[a]);
    }
    for (uint32_t e = 0; e < s->n_ext; e++) {
        t = vtime_min(t, ext[s->ext[e].host]);
    }
    return t == VTIME_NEVER;
}

vtime_t vdc_sync_visible(const struct vdc_sync *s, vtime_t t, vtime_t depart)
{
    if (s->mode != VDC_SYNC_QUANTIZED || t == VTIME_NEVER) {
        return t;
    }
    return vtime_max(t, vtime_add(depart - depart % s->quantum_ps, s->quantum_ps));
}
