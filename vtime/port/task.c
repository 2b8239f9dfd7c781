/* SPDX-License-Identifier: MIT */
/* A vtask: attach and park, arrive and wait, send and receive, digest points, exit. */
#include "vdc/task.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "futex.h"
#include "live.h"
#include "wait.h"
#include "window.h"

#define PARK_NS    UINT64_C(200000000)
/* Polls of live promises before the task goes to the barrier: about 30 us, the slow moment of
 * another task. */
#define MOVE_POLLS 1024u
/* Pieces shorter than this cost more than the barrier. */
#define MOVE_MIN   (VTIME_PS_PER_NS * 250)
/* A piece is so much of the longest window that a task at the same place allows. */
#define STEP_MUL   2u
#define STEP_DIV   3u
/* Pieces of a window between two signs of life for the supervisor. */
#define LIVE_EVERY 64u

struct task_port {
    struct seg_port *rec;
    struct ring_tx tx;
    struct ring_rx rx;
    uint64_t t, n; /* of the messages sent: time of the last, count */
};

struct vdc_task {
    struct vdc_seg *seg;
    struct seg_task *rec;
    struct completer *completer;
    struct task_port *port;
    uint32_t index, ticket;
    vtime_t now;
    vtime_t start;   /* earliest activity below the limit */
    vtime_t grant;   /* of the window, as live promises have moved it */
    vtime_t reach;   /* they may move it so far; grant: not at all */
    vtime_t step;    /* a piece of the window is at most so long */
    vtime_t echo;    /* own departures bound the window */
    vtime_t exit_by; /* own exit bounds it */
    vtime_t limit;
    vtime_t promise; /* no departure is earlier */
    bool is_ring_high;
    bool is_bound; /* has sent or exited in this window: its promise waits for the completer */
    uint32_t n_piece;
    struct live live;
    struct waiter waiter;
    struct perturb perturb;
};

/* The task itself broke the rules: name it and stop here, before the damage spreads. */
#define VIOLATION(t, vt, ...)                                                                      \
    do {                                                                                           \
        seg_failf((t)->seg, (t)->index, -EPROTO, (vt), __VA_ARGS__);                               \
        abort();                                                                                   \
    } while (0)

static void set_state(struct vdc_task *t, enum vdc_seg_task_state state)
{
    atomic_store_explicit(&t->rec->state, (uint32_t)state, memory_order_release);
}

static int bind_ports(struct vdc_task *t)
{
    t->port = calloc(t->rec->n_port + 1, sizeof(*t->port));
    if (!t->port) {
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < t->rec->n_port; i++) {
        struct task_port *p = &t->port[i];

        p->rec = &t->seg->port[t->rec->first_port + i];
        p->tx.r = (struct ring *)seg_at(t->seg, p->rec->off_up);
        p->rx.r = (struct ring *)seg_at(t->seg, p->rec->off_down);
        ring_tx_load(&p->tx);
        ring_rx_load(&p->rx);
    }
    return 0;
}

static int take_record(struct vdc_task *t)
{
    uint32_t expected = VDC_TASK_EMPTY;

    if (!atomic_compare_exchange_strong(&t->rec->state, &expected, VDC_TASK_BOOT)) {
        return -EBUSY;
    }
    t->rec->pid = (uint32_t)getpid();
    t->rec->tid = (uint32_t)syscall(SYS_gettid);
    atomic_store_explicit(&t->rec->wall_ns, wall_ns(), memory_order_relaxed);
    return 0;
}

int vdc_task_attach(const char *path, uint32_t index, const struct vdc_model_ops *const *ops,
                    uint32_t n_ops, enum vdc_task_poll poll, struct vdc_task **out)
{
    struct vdc_task *t = calloc(1, sizeof(*t));
    int rc;

    *out = NULL;
    if (!t) {
        return -ENOMEM;
    }
    rc = vdc_seg_open(path, ops, n_ops, &t->seg);
    if (rc < 0) {
        goto out_task;
    }
    if (index >= t->seg->hdr->n_task) {
        rc = -EINVAL;
        goto out_seg;
    }
    t->index = index;
    t->rec = &t->seg->task[index];
    t->echo = VTIME_NEVER;
    t->exit_by = VTIME_NEVER;
    rc = completer_new(t->seg, index, t->seg->hdr->runner == VDC_SEG_BY_COMPLETER, &t->completer);
    if (rc < 0) {
        goto out_seg;
    }
    rc = bind_ports(t);
    if (rc < 0) {
        goto out_completer;
    }
    rc = take_record(t);
    if (rc < 0) {
        goto out_ports;
    }
    live_init(&t->live, t->seg, index);
    perturb_init(&t->perturb, t->seg->hdr->perturb, index);
    waiter_init(&t->waiter, t->seg, index, poll, &t->perturb);
    *out = t;
    return 0;

out_ports:
    free(t->port);
out_completer:
    completer_free(t->completer);
out_seg:
    vdc_seg_close(t->seg);
out_task:
    free(t);
    return rc;
}

void vdc_task_detach(struct vdc_task *t)
{
    if (!t) {
        return;
    }
    if (seg_state(t->seg) != VDC_SEG_DONE) {
        seg_failf(t->seg, t->index, -ESHUTDOWN, t->now, "%s left the run", t->rec->name);
    }
    set_state(t, VDC_TASK_GONE);
    free(t->port);
    completer_free(t->completer);
    vdc_seg_close(t->seg);
    free(t);
}

struct vdc_seg *vdc_task_seg(struct vdc_task *t)
{
    return t->seg;
}

uint32_t vdc_task_n_ports(const struct vdc_task *t)
{
    return t->rec->n_port;
}

uint32_t vdc_task_port_id(const struct vdc_task *t, uint32_t port)
{
    assert(port < t->rec->n_port);
    return t->port[port].rec->id_up;
}

uint64_t vdc_task_seed(const struct vdc_task *t)
{
    return t->seg->hdr->seed;
}

uint64_t vdc_task_digest_every(const struct vdc_task *t)
{
    return t->seg->hdr->digest_every;
}

int vdc_task_park(struct vdc_task *t)
{
    enum vdc_seg_state s;

    t->rec->tid = (uint32_t)syscall(SYS_gettid);
    t->rec->pinned_cpu = waiter_pinned_cpu();
    set_state(t, VDC_TASK_PARKED);
    for (;;) {
        s = seg_state(t->seg);
        if (s == VDC_SEG_FAILED || s == VDC_SEG_RUN) {
            break;
        }
        futex_wait(&t->seg->hdr->state, (uint32_t)s, PARK_NS);
    }
    if (s == VDC_SEG_FAILED) {
        set_state(t, VDC_TASK_ENDED);
        return -ECANCELED;
    }
    waiter_learn_pins(&t->waiter);
    atomic_store_explicit(&t->rec->wall_ns, wall_ns(), memory_order_relaxed);
    set_state(t, VDC_TASK_RUNNING);
    return 0;
}

/* Instant at which the task acts on an event at x: guests act at whole ns. */
static vtime_t act_t(const struct vdc_task *t, vtime_t x)
{
    return t->rec->kind == VDC_SEG_GUEST ? vtime_from_ns(vtime_ns_ceil(x)) : x;
}

static bool can_act(const struct vdc_task *t, vtime_t x, vtime_t limit)
{
    return t->rec->kind == VDC_SEG_GUEST ? vtime_ns_ceil(x) < vtime_ns_floor(limit) : x < limit;
}

static vtime_t window_end(const struct vdc_task *t)
{
    return vtime_min(vtime_min(t->grant, t->echo), t->exit_by);
}

/* Work never crosses a digest point after its first event. */
static vtime_t make_limit(struct vdc_task *t)
{
    const uint64_t every = t->seg->hdr->digest_every;
    const vtime_t window = window_end(t);

    t->limit = every == 0 || t->start == VTIME_NEVER
                   ? window
                   : vtime_min(window, interval_end(every, t->start));
    t->limit = vtime_min(t->limit, vtime_add(t->start, t->step));
    return t->limit;
}

static void publish(struct vdc_task *t, const struct vdc_task_arrival *a, vtime_t next,
                    vtime_t send, enum vdc_task_why why)
{
    struct seg_task *r = t->rec;

    r->now = a->now;
    r->next = next;
    r->send = send;
    r->why = (uint8_t)why;
    r->events = a->events;
    atomic_store_explicit(&r->vt_live, a->now, memory_order_relaxed);
    atomic_store_explicit(&r->progress,
                          atomic_load_explicit(&r->progress, memory_order_relaxed) + 1,
                          memory_order_relaxed);
}

/* The state of this task once it saw a new ticket. */
static void begin_window(struct vdc_task *t)
{
    struct seg_task *r = t->rec;

    t->ticket = atomic_load_explicit(&r->ticket, memory_order_acquire);
    t->grant = r->grant;
    t->reach = r->reach;
    t->step = VTIME_NEVER;
    t->is_bound = false;
    t->echo = VTIME_NEVER;
    t->exit_by = VTIME_NEVER;
    t->promise = r->send;
    t->start = act_t(t, vtime_max(r->now, r->next));
    t->is_ring_high = false;
    r->sent_hubs = 0;
    r->first_up = VTIME_NEVER;
    r->windows++;
    set_state(t, VDC_TASK_RUNNING);
}

/* Tells the others how far this task has come. */
static void tell(struct vdc_task *t, vtime_t now, vtime_t next, vtime_t send)
{
    if (!t->is_bound) {
        t->promise = send;
        live_store(t->rec, seg_send_bound(t->seg->hdr, t->rec, now, next, send), true);
    }
}

/* Its next promise is the completer's. */
static void stop_telling(struct vdc_task *t)
{
    t->is_bound = true;
    live_stop(t->rec);
}

/*
 * Moves the grant to where the others' live promises allow it, until it is at least `enough`.
 * False: only the barrier helps.
 */
static bool move_grant(struct vdc_task *t, vtime_t enough, uint32_t polls)
{
    bool moves = true;

    for (uint32_t k = 0; k <= polls && moves; k++) {
        const vtime_t h = vtime_min(live_horizon(&t->live, &moves), t->reach);

        if (h > t->grant) {
            t->grant = h;
            t->rec->n_moved++;
        }
        if (window_end(t) >= enough) {
            return true;
        }
        cpu_relax();
    }
    return false;
}

/*
 * Is there a further piece of this window? Where every task has a core, pieces are shorter than
 * what two tasks at the same place allow each other: each hears of the other's progress before it
 * has to stop. Nobody looks at the others, whose words lie in other cores' caches, before it needs
 * to.
 */
static bool may_go_on(struct vdc_task *t, vtime_t now, vtime_t next, vtime_t send, bool is_early)
{
    const vtime_t enough = vtime_add(next, MOVE_MIN);
    const bool has_core = waiter_may_poll(&t->waiter);
    const bool polls = has_core && next < vtime_add(t->grant, MOVE_MIN);
    const uint64_t step = vtime_add(send - next, t->live.min_path_ps) / STEP_DIV * STEP_MUL;
    bool may = false;

    t->step = VTIME_NEVER;
    if (has_core && t->reach != t->grant && !perturb_hits(&t->perturb, 4)) {
        perturb_pause(&t->perturb);
        tell(t, now, next, send);
        t->step = polls ? vtime_max(MOVE_MIN, step) : VTIME_NEVER;
        may = (polls && window_end(t) >= vtime_add(next, t->step)) ||
              move_grant(t, enough, polls && t->reach >= enough ? MOVE_POLLS : 0);
    }
    return may || (!is_early && can_act(t, next, window_end(t)));
}

static int finish_window(struct vdc_task *t)
{
    uint64_t arrived_ns;
    int rc;

    perturb_pause(&t->perturb);
    arrived_ns = wall_ns();
    atomic_store_explicit(&t->rec->wall_ns, arrived_ns, memory_order_relaxed);
    if (atomic_fetch_sub_explicit(&t->seg->ctl->pending, 1, memory_order_acq_rel) == 1) {
        set_state(t, VDC_TASK_COMPLETING);
        window_complete(t->completer);
    }
    set_state(t, VDC_TASK_WAITING);
    rc = waiter_wait(&t->waiter, t->ticket, arrived_ns);
    if (rc < 0) {
        set_state(t, VDC_TASK_ENDED);
        return rc;
    }
    perturb_pause(&t->perturb);
    begin_window(t);
    return 0;
}

static vtime_t end_time(const struct vdc_task *t, int rc)
{
    return rc == -ESHUTDOWN ? t->seg->ctl->end_t : t->now;
}

static void check_arrival(struct vdc_task *t, const struct vdc_task_arrival *a, vtime_t in_next)
{
    if (a->now < t->now || a->next < a->now || a->send < a->next) {
        VIOLATION(t, t->now, "%s: arrival with now %llu, next %llu, send %llu ps after now %llu",
                  t->rec->name, (unsigned long long)a->now, (unsigned long long)a->next,
                  (unsigned long long)a->send, (unsigned long long)t->now);
    }
    if (act_t(t, in_next) < a->now) {
        VIOLATION(t, a->now, "%s: went to %llu ps past a message of %llu ps", t->rec->name,
                  (unsigned long long)a->now, (unsigned long long)in_next);
    }
    if (a->now > t->grant) {
        t->seg->ctl->late++;
        VIOLATION(t, a->now, "%s: at %llu ps, beyond its grant of %llu ps", t->rec->name,
                  (unsigned long long)a->now, (unsigned long long)t->grant);
    }
}

void vdc_task_live(struct vdc_task *t, vtime_t now)
{
    atomic_store_explicit(&t->rec->vt_live, now, memory_order_relaxed);
    atomic_fetch_add_explicit(&t->rec->progress, 1, memory_order_relaxed);
    atomic_store_explicit(&t->rec->wall_ns, wall_ns(), memory_order_relaxed);
}

/* The next piece of the same window. */
static int go_on(struct vdc_task *t, vtime_t now, vtime_t next, vtime_t *limit)
{
    if (++t->n_piece % LIVE_EVERY == 0) {
        vdc_task_live(t, now); /* a long window is no stall */
    }
    t->start = act_t(t, vtime_max(now, next));
    *limit = make_limit(t);
    return 0;
}

int vdc_task_arrive(struct vdc_task *t, const struct vdc_task_arrival *a, vtime_t *limit)
{
    const struct seg_hdr *hdr = t->seg->hdr;
    const vtime_t in_next = vdc_task_in_next(t);
    /* A guest at a whole ns may be past the ps of a message that it sees at that ns. */
    const vtime_t next = vtime_max(vtime_min(a->next, in_next), a->now);
    const vtime_t send = vtime_max(vtime_min(a->send, vtime_add(in_next, t->rec->react_ps)), next);
    enum vdc_task_why why = a->why;
    int rc;

    check_arrival(t, a, in_next);
    if (can_act(t, t->start, t->limit)) {
        t->rec->last = hdr->digest_every ? interval_end(hdr->digest_every, t->start) : a->now;
    }
    t->now = a->now;
    if (t->is_ring_high) {
        why = VDC_WHY_RING;
    }
    if (why < VDC_WHY_RING && !atomic_load_explicit(&t->seg->ctl->attn, memory_order_relaxed) &&
        may_go_on(t, a->now, next, send, why == VDC_WHY_EARLY)) {
        return go_on(t, a->now, next, limit);
    }
    live_stop(t->rec);
    publish(t, a, next, send, why);
    rc = finish_window(t);
    *limit = rc < 0 ? end_time(t, rc) : make_limit(t);
    return rc;
}

static void check_message(struct vdc_task *t, const struct task_port *p, const struct vdc_msg *m)
{
    const char *what = NULL;

    if (m->port != p->rec->id_up || m->len > VDC_MSG_PAYLOAD_MAX || m->type == VDC_MSG_FILLER) {
        what = "port, type or length is wrong";
    } else if (m->seq != p->n || (p->n > 0 && m->t < p->t)) {
        what = "out of order";
    } else if (m->depart < t->promise || m->depart < t->now) {
        what = "departs before the promise";
    } else if (m->t < m->depart + p->rec->out_ps) {
        what = "arrives sooner than the link allows";
    }
    if (what) {
        VIOLATION(
            t, m->depart,
            "%s: message t %llu depart %llu port %#x seq %llu: %s (promise %llu, last t %llu)",
            t->rec->name, (unsigned long long)m->t, (unsigned long long)m->depart, m->port,
            (unsigned long long)m->seq, what, (unsigned long long)t->promise,
            (unsigned long long)p->t);
    }
}

vtime_t vdc_task_send(struct vdc_task *t, uint32_t port, const struct vdc_msg *m,
                      const void *payload)
{
    struct task_port *p = &t->port[port];
    struct vdc_msg *slot;

    assert(port < t->rec->n_port);
    check_message(t, p, m);
    slot = ring_reserve(&p->tx, m->len);
    if (!slot) {
        VIOLATION(t, m->depart,
                  "%s port %u: ring of %u bytes is full; a larger ring_bytes is needed",
                  t->rec->name, port, p->tx.r->bytes);
    }
    *slot = *m;
    slot->dst = p->rec->id_down;
    if (m->len > 0) {
        memcpy(slot + 1, payload, m->len);
    }
    ring_commit(&p->tx, slot);
    p->t = m->t;
    p->n++;
    t->rec->first_up = vtime_min(t->rec->first_up, m->t);
    t->rec->sent_hubs |= UINT64_C(1) << p->rec->hub;
    stop_telling(t);
    seg_last_set(&t->rec->sent, m, p->rec->id_down);
    seg_record(t->seg, t->index, m, p->rec->id_down, payload);
    t->echo = vtime_min(t->echo, vtime_add(m->depart, t->rec->echo_ps));
    make_limit(t);
    if (ring_is_high(&p->tx)) {
        t->is_ring_high = true;
        return vtime_min(t->limit, m->depart);
    }
    return t->limit;
}

const struct vdc_msg *vdc_task_peek(struct vdc_task *t, uint32_t port)
{
    assert(port < t->rec->n_port);
    return ring_peek(&t->port[port].rx);
}

void vdc_task_pop(struct vdc_task *t, uint32_t port)
{
    const struct vdc_msg *m = vdc_task_peek(t, port);

    assert(m);
    seg_last_set(&t->rec->received, m, m->dst);
    ring_pop(&t->port[port].rx);
}

vtime_t vdc_task_in_next(struct vdc_task *t)
{
    vtime_t next = VTIME_NEVER;

    for (uint32_t i = 0; i < t->rec->n_port; i++) {
        const struct vdc_msg *m = ring_peek(&t->port[i].rx);

        next = m ? vtime_min(next, m->t) : next;
    }
    return next;
}

vtime_t vdc_task_limit(const struct vdc_task *t)
{
    return t->limit;
}

int vdc_task_digest_put(struct vdc_task *t, const struct vdc_digest_point *p)
{
    assert(t->seg->comp[t->index].off_digest != 0);
    return seg_spool_put(t->seg, t->seg->comp[t->index].off_digest, p) ? 0 : -ECANCELED;
}

vtime_t vdc_task_exited(struct vdc_task *t, vtime_t at, int32_t status)
{
    assert(!t->rec->has_exited);
    if (!t->rec->is_workload) {
        return t->limit; /* the end of the run does not wait for it */
    }
    if (at < t->now) {
        VIOLATION(t, at, "%s: exit at %llu ps, the task is at %llu ps", t->rec->name,
                  (unsigned long long)at, (unsigned long long)t->now);
    }
    t->rec->exit_t = at;
    t->rec->exit_status = status;
    t->rec->has_exited = 1;
    stop_telling(t);
    t->exit_by = vtime_add(at, t->seg->hdr->exit_bound);
    return make_limit(t);
}

vtime_t vdc_task_end_t(const struct vdc_task *t)
{
    assert(seg_state(t->seg) == VDC_SEG_DONE);
    return t->seg->ctl->end_t;
}

void vdc_task_fail(struct vdc_task *t, int32_t code, vtime_t vt, const char *text)
{
    (void)vdc_seg_fail(t->seg, t->index, code, vt, text); /* false: another failure came first */
}
