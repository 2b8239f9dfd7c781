/* SPDX-License-Identifier: MIT */
/* An endpoint of the small experiment, as a pack or as a guest that keeps whole ns. */
#include "endpoint.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "vdc/rng.h"

#define TX_QUEUE 256u

struct state {
    uint64_t n_rx, n_tx, n_drawn, n_dropped;
    vtime_t busy; /* own link */
    struct vdc_digest rx;
};

struct tx {
    vtime_t depart;
    uint64_t user;
    uint32_t len, zero;
};

struct endpoint {
    const struct world *w;
    struct vdc_task *t;
    uint32_t index;
    bool is_guest, has_exited;
    uint64_t key;
    vtime_t now, send_at;
    struct state s;
    uint64_t head, tail;
    struct tx tx[TX_QUEUE]; /* decided, departs later; FIFO in time */
    struct vdc_digest prev, stream;
    uint64_t k;
};

static vtime_t whole_ns(vtime_t t)
{
    return vtime_from_ns(vtime_ns_ceil(t));
}

/* --- digest points --- */

static void put_points(struct endpoint *e, vtime_t t)
{
    const uint64_t every = e->w->digest_every;

    while (every > 0 && e->k * every <= t) {
        struct vdc_digest_point p = { .k = e->k, .t = e->k * every, .stream = e->stream };
        const uint64_t queued = e->tail - e->head;

        p.state = vdc_digest_bytes(&e->s, sizeof(e->s));
        vdc_digest_fold(&p.state, &queued, sizeof(queued));
        vdc_digest_chain(&e->prev, &p);
        (void)vdc_task_digest_put(e->t, &p); /* the run failed: arrive will say so */
        e->k++;
    }
}

/* --- traffic --- */

static void plan_next(struct endpoint *e)
{
    const struct world *w = e->w;

    if (w->gap_ns == 0 || (w->n_sender > 0 && e->index >= w->n_sender) ||
        (w->sends_max > 0 && e->s.n_drawn >= w->sends_max)) {
        e->send_at = VTIME_NEVER;
        return;
    }
    e->send_at = vtime_add(e->send_at,
                           vtime_from_ns(1 + vdc_rand_below(e->key, e->s.n_drawn, 2 * w->gap_ns)));
    e->send_at += e->is_guest ? 0 : vdc_rand_below(e->key, e->s.n_drawn, 999);
}

static void queue_tx(struct endpoint *e, vtime_t depart, uint64_t user, uint32_t len)
{
    if (e->w->n_hub == 0) {
        return;
    }
    if (e->tail - e->head == TX_QUEUE) {
        e->s.n_dropped++;
        return;
    }
    if (e->head != e->tail && e->tx[(e->tail - 1) % TX_QUEUE].depart > depart) {
        depart = e->tx[(e->tail - 1) % TX_QUEUE].depart;
    }
    e->tx[e->tail++ % TX_QUEUE] = (struct tx){ .depart = depart, .user = user, .len = len };
}

static void transmit(struct endpoint *e, const struct tx *x)
{
    uint8_t payload[64];
    struct vdc_msg m = { .type = VDC_MSG_ETH,
                         .len = x->len,
                         .depart = x->depart,
                         .user = x->user,
                         .seq = e->s.n_tx,
                         .port = vdc_task_port_id(e->t, 0) };

    memset(payload, (int)(x->user & 0xff), sizeof(payload));
    e->s.busy = vtime_max(e->s.busy, x->depart) + (uint64_t)x->len * WORLD_PS_PER_BYTE;
    m.t = e->s.busy + WORLD_LAT_PS;
    e->s.n_tx++;
    vdc_digest_msg(&e->stream, &m, payload);
    if (e->w->fault == WORLD_KILL_SEND && e->index == e->w->victim && x->depart >= e->w->fault_t) {
        (void)kill(getpid(), SIGKILL);
    }
    (void)vdc_task_send(e->t, 0, &m, payload); /* the limit is read again by the caller */
}

static void receive(struct endpoint *e, const struct vdc_msg *m, vtime_t at)
{
    const uint32_t from = (uint32_t)(m->user >> 8 & 0xff);
    const bool is_reply = m->user >> 16 & 1;

    assert(m->dst == vdc_task_port_id(e->t, 0));
    assert((m->user & 0xff) == e->index);
    e->s.n_rx++;
    vdc_digest_msg(&e->s.rx, m, vdc_msg_payload(m));
    vdc_digest_fold(&e->s.rx, &at, sizeof(at));
    if (!is_reply && e->w->reply > 0 && vdc_rand_below(e->key ^ 1, e->s.n_rx, e->w->reply) == 0) {
        queue_tx(e, at + WORLD_REACT_PS, (uint64_t)1 << 16 | (uint64_t)e->index << 8 | from, 24);
    }
}

static void decide(struct endpoint *e)
{
    const uint64_t r = vdc_rand(e->key ^ 2, e->s.n_drawn);
    const uint32_t n = e->w->n;
    const uint32_t dst = n > 1 ? (uint32_t)((e->index + 1 + r % (n - 1)) % n) : e->index;
    const vtime_t at = e->send_at;

    e->s.n_drawn++;
    queue_tx(e, at + WORLD_TX_PS, (uint64_t)e->index << 8 | dst, 24 + (uint32_t)(r >> 32) % 40);
    plan_next(e);
}

/* --- time --- */

static vtime_t visible(const struct endpoint *e, const struct vdc_msg *m)
{
    return m ? (e->is_guest ? whole_ns(m->t) : m->t) : VTIME_NEVER;
}

static vtime_t own_next(const struct endpoint *e)
{
    return vtime_min(e->send_at,
                     e->head == e->tail ? VTIME_NEVER : e->tx[e->head % TX_QUEUE].depart);
}

static void misbehave(struct endpoint *e, vtime_t t)
{
    const struct world *w = e->w;

    if (e->index != w->victim || t < w->fault_t) {
        return;
    }
    switch (w->fault) {
    case WORLD_KILL:
        (void)kill(getpid(), SIGKILL);
        break;
    case WORLD_STOP:
    case WORLD_STOP_SHORT:
        if (e->now < w->fault_t) {
            (void)kill(getpid(), SIGSTOP);
        }
        break;
    case WORLD_ENDLESS:
        for (;;) {
            (void)pause();
        }
    case WORLD_BROKEN_PROMISE: {
        struct vdc_msg m = {
            .type = VDC_MSG_ETH, .seq = e->s.n_tx, .port = vdc_task_port_id(e->t, 0), .t = t
        };

        (void)vdc_task_send(e->t, 0, &m, NULL);
        break;
    }
    default:
        break;
    }
}

/* Everything below the limit, in order of time: messages, own decisions, departures. */
static void work(struct endpoint *e)
{
    for (;;) {
        const struct vdc_msg *m = e->w->n_hub ? vdc_task_peek(e->t, 0) : NULL;
        const vtime_t tm = visible(e, m);
        const vtime_t ev = vtime_min(tm, own_next(e));
        vtime_t limit = vdc_task_limit(e->t);

        limit = e->is_guest && limit != VTIME_NEVER ? limit - limit % VTIME_PS_PER_NS : limit;
        if (ev >= limit) {
            if (e->is_guest && limit != VTIME_NEVER) {
                e->now = vtime_max(e->now, limit); /* a vCPU runs, or warps, up to its limit */
            }
            put_points(e, e->now);
            return;
        }
        assert(ev >= e->now);
        put_points(e, ev);
        misbehave(e, ev);
        e->now = ev;
        if (tm == ev) {
            receive(e, m, tm);
            vdc_task_pop(e->t, 0);
        } else if (e->head != e->tail && e->tx[e->head % TX_QUEUE].depart == ev) {
            const struct tx x = e->tx[e->head++ % TX_QUEUE];

            transmit(e, &x);
        } else {
            decide(e);
            if (e->s.n_drawn == e->w->sends_max && e->index + e->w->n_workload >= e->w->n) {
                e->has_exited = true;
                (void)vdc_task_exited(e->t, ev, (int32_t)e->index);
            }
        }
    }
}

/* Work must not cross a digest point after its first event. */
static void check_limit(const struct endpoint *e, vtime_t limit)
{
    const uint64_t every = e->w->digest_every;
    const vtime_t in = visible(e, e->w->n_hub ? vdc_task_peek(e->t, 0) : NULL);
    const vtime_t first = vtime_max(
        e->now, e->is_guest && !e->w->is_idle_guest ? e->now : vtime_min(in, own_next(e)));

    assert(every == 0 || first == VTIME_NEVER || limit <= first - first % every + every);
}

static int arrive(struct endpoint *e)
{
    int rc;

    struct vdc_task_arrival a = { .now = e->now, .events = e->s.n_rx };
    const bool is_runnable = e->is_guest && !e->w->is_idle_guest;
    const vtime_t queued = e->head == e->tail ? VTIME_NEVER : e->tx[e->head % TX_QUEUE].depart;
    vtime_t limit;

    a.next = is_runnable ? e->now : vtime_max(own_next(e), e->now);
    a.why = a.next == VTIME_NEVER ? VDC_WHY_IDLE : VDC_WHY_LIMIT;
    a.send = e->w->n_hub == 0
                 ? VTIME_NEVER
                 : vtime_min(queued, vtime_add(is_runnable ? e->now : e->send_at, WORLD_TX_PS));
    if (e->index == e->w->victim && e->now >= e->w->fault_t) {
        a.now += e->w->fault == WORLD_LATE ? VTIME_PS_PER_S : 0;
        a.now -= e->w->fault == WORLD_BACKWARD ? e->now / 2 : 0;
        a.next = vtime_max(a.next, a.now);
        a.send = vtime_max(a.send, a.next);
    }
    rc = vdc_task_arrive(e->t, &a, &limit);
    if (rc == 0) {
        check_limit(e, limit);
    }
    return rc;
}

_Noreturn void endpoint_main(const struct world *w, uint32_t index, const char *path,
                             const struct vdc_model_ops *const *ops, uint32_t n_ops)
{
    static struct endpoint e;
    int rc;

    e = (struct endpoint){ .w = w, .index = index, .is_guest = index < w->n_guest, .k = 1 };
    e.key = vdc_key(w->seed, VDC_RNG_SIM, index, 0);
    rc = vdc_task_attach(path, index, ops, n_ops, w->poll, &e.t);
    if (rc < 0) {
        (void)fprintf(stderr, "endpoint %u: attach: %s\n", index, strerror(-rc));
        _exit(3);
    }
    plan_next(&e);
    rc = vdc_task_park(e.t);
    while (rc == 0) {
        rc = arrive(&e);
        if (rc == 0) {
            work(&e);
        }
    }
    if (rc == -ESHUTDOWN) {
        put_points(&e, vdc_task_end_t(e.t));
    }
    vdc_task_detach(e.t);
    _exit(0);
}
