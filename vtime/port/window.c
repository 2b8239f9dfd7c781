/* SPDX-License-Identifier: MIT */
/* The completer: gathers what the tasks published, has the hubs stepped, solves, and grants in the
 * one safe order. */
#include "window.h"

#include <errno.h>
#include <stdlib.h>

#include "futex.h"
#include "live.h"

#define CUT_SPAN  (10 * VTIME_PS_PER_US) /* random cuts of an unbounded grant */
#define CUT_ODDS  4u
/* Live promises move a grant so far at most: hubs and the supervisor are served meanwhile. */
#define MOVE_SPAN VTIME_PS_PER_MS

static bool is_ns(const struct completer *c, uint32_t i)
{
    return c->seg->task[i].kind == VDC_SEG_GUEST;
}

/* Earliest instant at which task i can act: guests act at whole ns. */
static vtime_t act_t(const struct completer *c, uint32_t i)
{
    return is_ns(c, i) ? vtime_from_ns(vtime_ns_ceil(c->in[i].next)) : c->in[i].next;
}

static void set_phase(struct completer *c, enum vdc_seg_phase phase)
{
    c->seg->ctl->phase = (uint32_t)phase;
    c->seg->ctl->phase_wall_ns = wall_ns();
}

/* First instant not before t at which the run may end. */
static vtime_t end_point(const struct completer *c, vtime_t t)
{
    const uint64_t grid = c->seg->hdr->digest_every ? c->seg->hdr->digest_every : VTIME_PS_PER_NS;

    return t % grid == 0 ? t : interval_end(grid, t);
}

static void lower_stop(struct completer *c, vtime_t t, enum vdc_seg_end why)
{
    struct seg_ctl *ctl = c->seg->ctl;

    for (uint32_t i = 0; i < c->seg->hdr->n_task; i++) {
        assert(c->in[i].now <= t);
    }
    for (uint32_t i = 0; i < c->seg->hdr->n_hub; i++) {
        assert(c->seg->hub[i].run.now <= t);
    }
    if (t < ctl->stop) {
        ctl->stop = t;
        ctl->stop_why = (uint32_t)why;
    }
}

/* When the last workload has exited the end is known: a function of exit times and configuration
 * only. */
static void count_exits(struct completer *c)
{
    const struct seg_hdr *hdr = c->seg->hdr;
    uint32_t n = 0;
    vtime_t last = 0;

    for (uint32_t i = 0; i < hdr->n_task; i++) {
        const struct seg_task *t = &c->seg->task[i];

        if (t->is_workload && t->has_exited) {
            n++;
            last = vtime_max(last, t->exit_t);
        }
    }
    if (n > c->seg->ctl->n_exited) {
        c->seg->ctl->n_exited = n;
        if (n == hdr->n_workload) {
            lower_stop(c, end_point(c, vtime_add(last, hdr->exit_bound)), VDC_SEG_END_EXIT);
        }
    }
}

static void take_stop_request(struct completer *c)
{
    vtime_t t = atomic_exchange(&c->seg->ctl->stop_req, VTIME_NEVER);

    if (t == VTIME_NEVER) {
        return;
    }
    for (uint32_t i = 0; i < c->seg->hdr->n_task; i++) {
        t = vtime_max(t, c->in[i].now);
    }
    for (uint32_t i = 0; i < c->seg->hdr->n_hub; i++) {
        t = vtime_max(t, c->seg->hub[i].run.now);
    }
    lower_stop(c, end_point(c, t), VDC_SEG_END_CMD);
}

static void gather(struct completer *c)
{
    const struct seg_hdr *hdr = c->seg->hdr;
    struct seg_ctl *ctl = c->seg->ctl;

    for (uint32_t i = 0; i < hdr->n_task; i++) {
        const struct seg_task *t = &c->seg->task[i];

        c->in[i] = (struct vdc_sync_in){ .now = t->now, .next = t->next, .send = t->send };
        c->in[i].send = seg_send_bound(hdr, t, t->now, t->next, t->send);
        if (ctl->sel >> i & 1) {
            for (uint64_t left = t->sent_hubs; left != 0; left &= left - 1) {
                struct seg_hub *h = &c->seg->hub[__builtin_ctzll(left)];

                h->in_next = vtime_min(h->in_next, t->first_up);
            }
        }
    }
    if (hdr->n_workload > ctl->n_exited) {
        count_exits(c);
    }
    if (atomic_load_explicit(&ctl->attn, memory_order_acquire)) {
        atomic_store(&ctl->attn, 0);
        hub_stamp_commands(c);
        take_stop_request(c);
    }
}

/* Tasks without a message path between them: nobody may be further ahead of a workload than its end
 * would allow. */
static void bound_split(struct completer *c)
{
    const uint32_t n = c->seg->hdr->n_task;
    vtime_t m1 = VTIME_NEVER;
    vtime_t m2 = VTIME_NEVER;
    uint32_t owner = UINT32_MAX;

    for (uint32_t i = 0; i < n; i++) {
        if (c->in[i].next < m1) {
            m2 = m1;
            m1 = c->in[i].next;
            owner = i;
        } else {
            m2 = vtime_min(m2, c->in[i].next);
        }
    }
    for (uint32_t k = 0; k < c->seg->hdr->n_hub; k++) {
        m1 = vtime_min(m1, c->hub_next[k]);
        m2 = vtime_min(m2, c->hub_next[k]);
    }
    for (uint32_t i = 0; i < n; i++) {
        c->in[i].cap = vtime_min(c->in[i].cap,
                                 vtime_add(i == owner ? m2 : m1, c->seg->hdr->exit_bound));
    }
}

static uint32_t solve(struct completer *c)
{
    const uint32_t n_hub = c->seg->hdr->n_hub;

    for (uint32_t i = 0; i < n_hub; i++) {
        c->hub_next[i] = vtime_min(c->seg->hub[i].own_next, c->seg->hub[i].in_next);
    }
    for (uint32_t i = 0; i < c->seg->hdr->n_task; i++) {
        c->in[i].cap = c->seg->ctl->stop;
    }
    if (c->seg->hdr->is_split && c->seg->ctl->n_exited < c->seg->hdr->n_workload) {
        bound_split(c);
    }
    return vdc_sync_solve(c->seg->sync, c->in, c->hub_next, NULL, c->out);
}

/* Shorter windows on purpose: they must not change a result. h stays above the task's next event.
 */
static vtime_t cut_grant(struct completer *c, uint32_t i, vtime_t h, vtime_t first)
{
    const uint64_t unit = is_ns(c, i) ? VTIME_PS_PER_NS : 1;
    const vtime_t from = act_t(c, i);
    const uint64_t cut_ps = c->seg->hdr->cut_ps;
    uint64_t span;

    if (cut_ps != 0) {
        h = vtime_min(h, vtime_max(vtime_add(first, cut_ps), vtime_add(from, unit)));
    }
    if ((c->cut.is_on || perturb_hits(&c->perturb, CUT_ODDS)) && h > from) {
        span = vtime_min(h - from, CUT_SPAN) / unit;
        if (span > 0) {
            h = from + unit * (1 + perturb_below(c->cut.is_on ? &c->cut : &c->perturb, span));
        }
    }
    return h;
}

static bool is_cut(const struct completer *c)
{
    return c->seg->hdr->cut_ps != 0 || c->cut.is_on;
}

static void write_grants(struct completer *c, vtime_t first)
{
    struct seg_ctl *ctl = c->seg->ctl;
    vtime_t a = VTIME_NEVER;
    vtime_t now_max = 0;

    for (uint32_t i = 0; i < c->seg->hdr->n_task; i++) {
        struct seg_task *t = &c->seg->task[i];

        a = vtime_min(a, c->in[i].now);
        now_max = vtime_max(now_max, c->in[i].now);
        if (c->out[i].selected) {
            t->grant = cut_grant(c, i, c->out[i].h, first);
            t->reach = is_cut(c) || t->grant < c->out[i].h
                           ? t->grant
                           : vtime_max(t->grant,
                                       vtime_min(c->out[i].reach, vtime_add(first, MOVE_SPAN)));
            t->grant_from = c->in[i].now;
            t->cause = c->out[i].cause;
            ctl->b = vtime_max(ctl->b, t->grant);
        } else if (t->cause != c->out[i].cause) {
            t->cause = c->out[i].cause;
        }
        live_store(t, c->in[i].send, c->out[i].selected);
    }
    ctl->a = a;
    ctl->skipped_ps += first > now_max ? first - now_max : 0;
}

/* The order of the stores is the protocol: docs/specs/segment.md, section 4. */
static void grant(struct completer *c, uint32_t n, vtime_t first)
{
    struct vdc_seg *seg = c->seg;
    struct seg_ctl *ctl = seg->ctl;
    uint64_t sel = 0;
    uint64_t asleep;

    write_grants(c, first);
    for (uint32_t i = 0; i < seg->hdr->n_task; i++) {
        sel |= (uint64_t)c->out[i].selected << i;
    }
    ctl->windows++;
    ctl->grants += n;
    ctl->sel = sel;
    ctl->phase = VDC_PHASE_NONE;
    atomic_store_explicit(&ctl->completer, VDC_SEG_WHO_NONE, memory_order_relaxed);
    atomic_store_explicit(&ctl->nsel, n, memory_order_relaxed);
    atomic_store_explicit(&ctl->pending, n, memory_order_relaxed);
    perturb_pause(&c->perturb);
    for (uint64_t left = sel; left != 0; left &= left - 1) {
        struct seg_task *t = &seg->task[__builtin_ctzll(left)];

        atomic_store_explicit(&t->ticket,
                              atomic_load_explicit(&t->ticket, memory_order_relaxed) + 1,
                              memory_order_release);
    }
    /* From here on the next completer may be at work: local copies only. */
    atomic_fetch_add(&ctl->gen, 1);
    asleep = atomic_load(&ctl->sleepers) & sel;
    if (perturb_hits(&c->perturb, 16)) {
        asleep = UINT64_MAX; /* spurious wake-ups */
    }
    if (asleep != 0) {
        atomic_fetch_add_explicit(&ctl->wakes, 1, memory_order_relaxed);
        futex_wake_bits(&ctl->gen, (uint32_t)asleep | (uint32_t)(asleep >> 32));
    }
}

static void delegate(struct completer *c)
{
    struct seg_ctl *ctl = c->seg->ctl;

    atomic_store_explicit(&ctl->completer, VDC_SEG_WHO_HUB, memory_order_release);
    atomic_fetch_add(&ctl->hub_go, 1);
    if (atomic_load(&ctl->hub_sleep)) {
        futex_wake(&ctl->hub_go);
    }
}

static void end_run(struct completer *c, vtime_t first)
{
    struct seg_ctl *ctl = c->seg->ctl;
    vtime_t end_t = ctl->stop;
    enum vdc_seg_end why = (enum vdc_seg_end)ctl->stop_why;

    if (first == VTIME_NEVER) {
        why = VDC_SEG_END_IDLE;
        end_t = 0;
        for (uint32_t i = 0; i < c->seg->hdr->n_task; i++) {
            end_t = vtime_max(end_t, c->seg->task[i].last);
        }
        for (uint32_t i = 0; i < c->seg->hdr->n_hub; i++) {
            end_t = vtime_max(end_t, c->seg->hub[i].last);
            end_t = c->seg->hdr->digest_every ? end_t : vtime_max(end_t, c->seg->hub[i].run.now);
        }
        end_t = vtime_min(end_t, ctl->stop);
    }
    seg_enter(c->seg, VDC_SEG_DRAIN);
    set_phase(c, VDC_PHASE_HUB);
    if (c->seg->hdr->n_hub > 0) {
        hub_finish(c, end_t);
    }
    ctl->end = (uint32_t)why;
    ctl->end_t = end_t;
    ctl->phase = VDC_PHASE_NONE;
    atomic_store_explicit(&ctl->completer, VDC_SEG_WHO_NONE, memory_order_relaxed);
    seg_enter(c->seg, VDC_SEG_DONE);
}

/* Nobody may run: that is the end, or a defect. */
static void finish(struct completer *c)
{
    vtime_t first = hub_first(c);

    for (uint32_t i = 0; i < c->seg->hdr->n_task; i++) {
        first = vtime_min(first, act_t(c, i));
    }
    if (first != VTIME_NEVER && first < c->seg->ctl->stop) {
        seg_failf(c->seg, VDC_SEG_WHO_NONE, -EDEADLK, first,
                  "nobody may run, next event at %llu ps, stop at %llu ps",
                  (unsigned long long)first, (unsigned long long)c->seg->ctl->stop);
    } else if (!c->can_step && c->seg->hdr->n_hub > 0) {
        delegate(c);
    } else {
        end_run(c, first);
    }
}

void window_complete(struct completer *c)
{
    struct seg_ctl *ctl = c->seg->ctl;
    bool is_forced = false;
    uint32_t n;

    assert(atomic_load_explicit(&ctl->pending, memory_order_relaxed) == 0);
    atomic_store_explicit(&ctl->completer, c->me, memory_order_relaxed);
    gather(c);
    do {
        vtime_t first = hub_first(c);

        c->is_cut_short = false;
        if (first != VTIME_NEVER && first < hub_horizon(c, first)) {
            if (!c->can_step) {
                delegate(c);
                return;
            }
            set_phase(c, VDC_PHASE_HUB);
            hub_phase(c, is_forced);
            ctl->hub_runs++;
        } else {
            ctl->hub_skipped++;
        }
        if (seg_state(c->seg) == VDC_SEG_FAILED) {
            return;
        }
        n = solve(c);
        if (n > 0) {
            first = VTIME_NEVER;
            for (uint32_t i = 0; i < c->seg->hdr->n_task; i++) {
                first = vtime_min(first, act_t(c, i));
            }
            grant(c, n, first);
            return;
        }
        is_forced = true;
    } while (c->is_cut_short);
    finish(c);
}

/* --- the process's side of the hubs --- */

static int bind_hub(struct completer *c, uint32_t i)
{
    const struct vdc_seg *seg = c->seg;
    struct hub_step *h = &c->hub[i];
    struct seg_hub *rec = &seg->hub[i];
    const uint32_t *map = (const uint32_t *)seg_at(seg, rec->off_map);

    if (rec->ops >= seg->n_ops || !seg->ops[rec->ops] ||
        seg->ops[rec->ops]->size(seg_at(seg, rec->off_blob)) != rec->state_len) {
        return -EINVAL;
    }
    h->c = c;
    h->rec = rec;
    h->ops = seg->ops[rec->ops];
    h->index = i;
    h->port = calloc(rec->n_port + 1, sizeof(*h->port));
    if (!h->port) {
        return -ENOMEM;
    }
    for (uint32_t p = 0; p < rec->n_port; p++) {
        struct hub_port *hp = &h->port[p];

        hp->map = map[p];
        if (map[p] == SEG_MAP_NONE) {
            continue;
        }
        if (map[p] & SEG_MAP_LINK) {
            const uint32_t end = map[p] & 1;
            const struct seg_link *l = &seg->link[(map[p] & ~SEG_MAP_LINK) >> 1];

            hp->tx.r = (struct ring *)seg_at(seg, l->off_ring[end]);
            hp->rx.r = (struct ring *)seg_at(seg, l->off_ring[1 - end]);
            c->min_link_ps = vtime_min(c->min_link_ps, vtime_min(l->link_ps[0], l->link_ps[1]));
        } else {
            hp->tx.r = (struct ring *)seg_at(seg, seg->port[map[p]].off_down);
            hp->rx.r = (struct ring *)seg_at(seg, seg->port[map[p]].off_up);
        }
    }
    h->port[rec->n_port].map = SEG_MAP_NONE;
    h->port[rec->n_port].rx.r = (struct ring *)seg_at(seg, rec->off_cmd);
    h->note.r = rec->off_note ? (struct ring *)seg_at(seg, rec->off_note) : NULL;
    hub_bind_io(h);
    return 0;
}

int completer_new(struct vdc_seg *seg, uint32_t me, bool can_step, struct completer **out)
{
    struct completer *c = calloc(1, sizeof(*c));
    int rc = 0;

    *out = NULL;
    if (!c) {
        return -ENOMEM;
    }
    c->seg = seg;
    c->me = me;
    c->can_step = can_step;
    c->min_link_ps = VTIME_NEVER;
    perturb_init(&c->perturb, seg->hdr->perturb, UINT64_C(0x100) + me);
    perturb_init(&c->cut, seg->hdr->cut_seed, UINT64_C(0x200) + me);
    if (can_step && seg->hdr->n_hub > 0) {
        c->hub = calloc(seg->hdr->n_hub, sizeof(*c->hub));
        rc = c->hub ? 0 : -ENOMEM;
        for (uint32_t i = 0; rc == 0 && i < seg->hdr->n_hub; i++) {
            rc = bind_hub(c, i);
        }
    }
    if (rc < 0) {
        completer_free(c);
        return rc;
    }
    *out = c;
    return 0;
}

void completer_free(struct completer *c)
{
    if (!c) {
        return;
    }
    for (uint32_t i = 0; c->hub && i < c->seg->hdr->n_hub; i++) {
        free(c->hub[i].port);
    }
    free(c->hub);
    free(c);
}
