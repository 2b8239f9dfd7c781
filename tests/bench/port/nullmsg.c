/* SPDX-License-Identifier: MIT */
/* The baseline: pairwise null messages. Each link has two shared rings; each process sends a time
 * stamp at least once per link latency and polls its inputs until they allow the next event. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "load.h"

#define SLOTS      256u
#define SLOT_BYTES 2048u
#define NEVER      UINT64_MAX

struct slot {
    uint64_t t;
    uint32_t len, dst;
    _Atomic uint32_t is_full;
    uint32_t is_null;
    uint8_t bytes[SLOT_BYTES - 24];
};
_Static_assert(sizeof(struct slot) == SLOT_BYTES, "slot");

struct queue {
    _Alignas(64) struct slot slot[SLOTS];
};

struct shared {
    struct queue up[LOAD_MAX], down[LOAD_MAX];
    uint64_t cpu_ns[LOAD_MAX + 1], rx[LOAD_MAX];
    _Atomic uint64_t now[LOAD_MAX];
    _Atomic uint32_t stop, ready, go;
};

struct proc {
    const struct load *l;
    struct shared *s;
};

static bool is_stopped(const struct proc *p)
{
    return atomic_load_explicit(&p->s->stop, memory_order_relaxed) != 0;
}

static void idle(const struct proc *p)
{
    if (p->l->is_yielding) {
        (void)sched_yield();
    } else {
#if defined(__x86_64__)
        __builtin_ia32_pause();
#endif
    }
}

static void put(const struct proc *p, struct queue *q, uint64_t *w, const struct slot *head,
                const void *bytes)
{
    struct slot *s = &q->slot[(*w)++ % SLOTS];

    while (atomic_load_explicit(&s->is_full, memory_order_acquire) && !is_stopped(p)) {
        idle(p);
    }
    s->t = head->t;
    s->len = head->len;
    s->dst = head->dst;
    s->is_null = head->is_null;
    if (head->len > 0) {
        memcpy(s->bytes, bytes, head->len);
    }
    atomic_store_explicit(&s->is_full, 1, memory_order_release);
}

static struct slot *peek(struct queue *q, uint64_t r)
{
    struct slot *s = &q->slot[r % SLOTS];

    return atomic_load_explicit(&s->is_full, memory_order_acquire) ? s : NULL;
}

static void drop(struct slot *s)
{
    atomic_store_explicit(&s->is_full, 0, memory_order_release);
}

static void begin(const struct proc *p)
{
    atomic_fetch_add(&p->s->ready, 1);
    while (!atomic_load(&p->s->go)) {
        (void)usleep(100);
    }
}

static void endpoint(const struct proc *p, uint32_t me)
{
    static const uint8_t payload[LOAD_BYTES];
    static struct slot frame;
    struct queue *in = &p->s->down[me];
    struct queue *out = &p->s->up[me];
    const uint64_t end = p->l->windows * LOAD_WINDOW_PS;
    const uint64_t period = p->l->frames ? LOAD_WINDOW_PS / p->l->frames : 0;
    uint64_t w = 0, r = 0, now = 0, last = 0, k = 0;
    uint64_t null_at = 0;
    uint64_t frame_at = p->l->frames ? (uint64_t)(me * 7 + 1) * 1000 : NEVER;
    uint64_t sum = 0;

    while (now < end && !is_stopped(p)) {
        struct slot *s = peek(in, r);
        const uint64_t ev = null_at < frame_at ? null_at : frame_at;

        if (s && s->t <= ev) {
            now = last = s->t;
            p->s->rx[me] += !s->is_null;
            sum += s->len ? s->bytes[0] : 0;
            drop(s);
            r++;
        } else if (ev > (s ? s->t : last) &&
                   ev >= LOAD_LINK_PS) { /* nothing can arrive before one latency */
            idle(p);
        } else {
            now = ev;
            frame.t = now + LOAD_LINK_PS;
            frame.is_null = null_at < frame_at;
            frame.len = frame.is_null ? 0 : LOAD_BYTES;
            frame.dst = (uint32_t)((me + 1 + k % (p->l->n - 1)) % p->l->n);
            put(p, out, &w, &frame, payload);
            if (frame.is_null) {
                null_at += LOAD_LINK_PS;
            } else {
                frame_at += period;
                k++;
            }
            atomic_store_explicit(&p->s->now[me], now, memory_order_relaxed);
        }
    }
    atomic_store_explicit(&p->s->now[me], sum == NEVER ? 0 : now, memory_order_relaxed);
}

static void serve(const struct proc *p)
{
    static struct slot head;
    uint64_t w[LOAD_MAX] = { 0 }, r[LOAD_MAX] = { 0 }, last[LOAD_MAX] = { 0 };
    uint64_t null_at = 0;

    while (!is_stopped(p)) {
        uint64_t bound = NEVER, first = NEVER;
        struct slot *s = NULL;
        uint32_t from = 0;

        for (uint32_t i = 0; i < p->l->n; i++) {
            struct slot *x = peek(&p->s->up[i], r[i]);
            const uint64_t t = x ? x->t : last[i];

            bound = t < bound ? t : bound;
            if (x && x->t < first) {
                first = x->t;
                s = x;
                from = i;
            }
        }
        if (s && first <= bound && first <= null_at) {
            last[from] = first;
            r[from]++;
            if (!s->is_null) {
                head = (struct slot){ .t = first + LOAD_LINK_PS, .len = s->len };
                put(p, &p->s->down[s->dst], &w[s->dst], &head, s->bytes);
            }
            drop(s);
        } else if (null_at <= bound || null_at < LOAD_LINK_PS) {
            for (uint32_t i = 0; i < p->l->n; i++) {
                head = (struct slot){ .t = null_at + LOAD_LINK_PS, .is_null = 1 };
                put(p, &p->s->down[i], &w[i], &head, NULL);
            }
            null_at += LOAD_LINK_PS;
        } else {
            idle(p);
        }
    }
}

static _Noreturn void child(const struct load *l, struct shared *s, uint32_t i)
{
    const struct proc p = { l, s };
    uint64_t cpu;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (l->is_pinned) {
        load_pin(i);
    }
    begin(&p);
    cpu = load_cpu_ns();
    if (i == l->n) {
        serve(&p);
    } else {
        endpoint(&p, i);
    }
    s->cpu_ns[i] = load_cpu_ns() - cpu;
    _exit(0);
}

/* Ends when all endpoints are through, or after wall_ms. */
static void watch(const struct load *l, struct shared *s, const pid_t *pid)
{
    const uint64_t t0 = load_wall_ns();
    uint32_t left = l->n;

    while (left > 0 && load_wall_ns() - t0 < l->wall_ms * 1000000) {
        (void)usleep(2000);
        left = 0;
        for (uint32_t i = 0; i < l->n; i++) {
            left += atomic_load_explicit(&s->now[i], memory_order_relaxed) <
                    l->windows * LOAD_WINDOW_PS;
        }
    }
    atomic_store(&s->stop, 1);
    for (uint32_t i = 0; i <= l->n; i++) {
        (void)waitpid(pid[i], NULL, 0);
    }
}

int load_nullmsg(const struct load *l, struct load_result *out)
{
    struct shared *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                            -1, 0);
    pid_t pid[LOAD_MAX + 1];
    uint64_t first = NEVER;
    uint64_t t0;

    *out = (struct load_result){ 0 };
    if (s == MAP_FAILED) {
        return -errno;
    }
    for (uint32_t i = 0; i <= l->n; i++) {
        pid[i] = fork();
        if (pid[i] == 0) {
            child(l, s, i);
        }
    }
    while (atomic_load(&s->ready) <= l->n) {
        (void)usleep(100);
    }
    t0 = load_wall_ns();
    atomic_store(&s->go, 1);
    watch(l, s, pid);
    out->wall_us = (double)(load_wall_ns() - t0) / 1e3;
    for (uint32_t i = 0; i <= l->n; i++) {
        out->cpu_us += (double)s->cpu_ns[i] / 1e3;
    }
    for (uint32_t i = 0; i < l->n; i++) {
        const uint64_t now = atomic_load(&s->now[i]);

        out->rx += s->rx[i];
        first = now < first ? now : first;
    }
    out->windows = (double)first / (double)LOAD_WINDOW_PS;
    (void)munmap(s, sizeof(*s));
    return 0;
}
