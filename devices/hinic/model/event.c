/* SPDX-License-Identifier: MIT */
/* Event sources: each (kind, index) has at most one event queued, ordered by (t, class, kind,
 * index). */
#include "state.h"

#include <string.h>

#include "vdc/rng.h"

static const uint8_t class_of[EV_KINDS] = {
    [EV_FRAME] = CLS_FRAME,     [EV_RD_CPL] = CLS_DMA_CPL, [EV_WR_MEM] = CLS_TIMER,
    [EV_RD_MEM] = CLS_TIMER,    [EV_MEM] = CLS_TIMER,      [EV_AQ] = CLS_TIMER,
    [EV_RX_PROC] = CLS_TIMER,   [EV_LOOP] = CLS_TIMER,     [EV_TX_READY] = CLS_TIMER,
    [EV_REQ_TIMER] = CLS_TIMER, [EV_REQ_WORK] = CLS_TIMER, [EV_RSP_TIMER] = CLS_TIMER,
    [EV_RSP_WORK] = CLS_TIMER,  [EV_CQ_TIMER] = CLS_TIMER, [EV_MODERATION] = CLS_TIMER,
    [EV_MSI] = CLS_TIMER,       [EV_CQ_ERR] = CLS_TIMER,   [EV_DB_AQ] = CLS_ARMED,
    [EV_DB_NOTIFY] = CLS_ARMED, [EV_DB_QUEUE] = CLS_ARMED, [EV_DB_CQ] = CLS_ARMED,
    [EV_DB_SRQ] = CLS_ARMED,    [EV_DB_RQ] = CLS_ARMED,    [EV_DB_SQ] = CLS_ARMED,
    [EV_SCHED] = CLS_ARMED,     [EV_HELLO] = CLS_TRANSMIT, [EV_TRANSMIT] = CLS_TRANSMIT,
};

#define ARITY      4u
#define SOURCE_MAX (1u << 24)

/* An armed source in a heap. Key order: t, then class, kind, index; the source itself only finds
 * back. */
struct ev_node {
    vtime_t t;
    uint64_t key; /* class << 56 | kind << 48 | index << 24 | source */
};
_Static_assert(sizeof(struct ev_node) == EV_NODE_SIZE, "ev_node layout");

static uint32_t source_of(const struct ev_node *n)
{
    return (uint32_t)n->key & (SOURCE_MAX - 1);
}

static uint32_t index_of(const struct ev_node *n)
{
    return (uint32_t)(n->key >> 24) & (SOURCE_MAX - 1);
}

static uint32_t kind_of(const struct ev_node *n)
{
    return (uint32_t)(n->key >> 48) & 0xff;
}

static struct ev_node *nodes(struct vdc_hinic *h)
{
    return vdc_hinic_at(h, h->lay.ev_node);
}

/* Place of a source in the heap, while it is armed. */
static uint32_t *places(struct vdc_hinic *h)
{
    return vdc_hinic_at(h, h->lay.ev_place);
}

static vtime_t *times(struct vdc_hinic *h)
{
    return vdc_hinic_at(h, h->lay.ev_t);
}

/* ---- heap ---- */

static bool before(const struct ev_node *a, const struct ev_node *b)
{
    return a->t != b->t ? a->t < b->t : a->key < b->key;
}

static void sift_up(struct ev_node *v, uint32_t *place, uint32_t pos, struct ev_node n)
{
    while (pos > 0 && before(&n, &v[(pos - 1) / ARITY])) {
        const uint32_t up = (pos - 1) / ARITY;

        v[pos] = v[up];
        place[source_of(&v[pos])] = pos;
        pos = up;
    }
    v[pos] = n;
    place[source_of(&n)] = pos;
}

static void sift_down(struct ev_node *v, uint32_t *place, uint32_t len, uint32_t pos,
                      struct ev_node n)
{
    for (;;) {
        const uint32_t first = pos * ARITY + 1;
        uint32_t least = first;

        for (uint32_t c = first + 1; c < first + ARITY && c < len; c++) {
            if (before(&v[c], &v[least])) {
                least = c;
            }
        }
        if (first >= len || !before(&v[least], &n)) {
            break;
        }
        v[pos] = v[least];
        place[source_of(&v[pos])] = pos;
        pos = least;
    }
    v[pos] = n;
    place[source_of(&n)] = pos;
}

/* Takes the node at pos out; state has no stale bytes. */
static void drop(struct vdc_hinic *h, uint32_t pos)
{
    struct ev_node *v = nodes(h);
    const uint32_t len = --h->n_ev;
    const struct ev_node moved = v[len];

    times(h)[source_of(&v[pos])] = VTIME_NEVER;
    v[len] = (struct ev_node){ 0 };
    if (pos == len) {
        return;
    }
    if (pos > 0 && before(&moved, &v[(pos - 1) / ARITY])) {
        sift_up(v, places(h), pos, moved);
    } else {
        sift_down(v, places(h), len, pos, moved);
    }
}

/* ---- sources ---- */

uint32_t vdc_hinic_ev_layout(const struct vdc_hinic_cfg *cfg, struct layout *l)
{
    const uint32_t n_notify = 1 + cfg->n_eq + 2 * HINIC_QPAIRS_MAX;
    uint32_t n = 0;

    for (uint32_t k = 0; k < EV_KINDS; k++) {
        l->ev_base[k] = n;
        switch (k) {
        case EV_MODERATION:
        case EV_DB_NOTIFY:
            n += n_notify;
            break;
        case EV_MSI:
            n += cfg->n_vectors;
            break;
        case EV_DB_QUEUE:
            n += 2 * HINIC_QPAIRS_MAX;
            break;
        case EV_REQ_TIMER:
        case EV_REQ_WORK:
        case EV_RSP_TIMER:
        case EV_RSP_WORK:
        case EV_DB_RQ:
        case EV_DB_SQ:
            n += l->n_qp;
            break;
        case EV_CQ_TIMER:
        case EV_DB_CQ:
            n += l->n_cq;
            break;
        case EV_DB_SRQ:
            n += l->n_srq;
            break;
        default:
            n += 1;
            break;
        }
    }
    assert(n < SOURCE_MAX);
    l->ev_base[EV_KINDS] = n;
    l->n_notify = n_notify;
    return n;
}

void vdc_hinic_ev_init(struct vdc_hinic *h)
{
    const uint32_t n = h->lay.ev_base[EV_KINDS];

    memset(nodes(h), 0, h->n_ev * sizeof(struct ev_node));
    h->n_ev = 0;
    for (uint32_t s = 0; s < n; s++) {
        times(h)[s] = VTIME_NEVER;
    }
}

void vdc_hinic_ev_arm(struct vdc_hinic *h, enum ev_kind kind, uint32_t i, vtime_t t)
{
    const uint32_t s = vdc_hinic_ev_source(h, kind, i);
    const struct ev_node n = {
        .t = t, .key = (uint64_t)class_of[kind] << 56 | (uint64_t)kind << 48 | (uint64_t)i << 24 | s
    };

    assert(times(h)[s] == VTIME_NEVER);
    if (t == VTIME_NEVER) {
        return; /* beyond the end of time */
    }
    times(h)[s] = t;
    sift_up(nodes(h), places(h), h->n_ev++, n);
}

void vdc_hinic_ev_cancel(struct vdc_hinic *h, enum ev_kind kind, uint32_t i)
{
    const uint32_t s = vdc_hinic_ev_source(h, kind, i);

    if (times(h)[s] != VTIME_NEVER) {
        drop(h, places(h)[s]);
    }
}

bool vdc_hinic_ev_pop(struct vdc_hinic *h, vtime_t until, struct vdc_ev *out)
{
    const struct ev_node n = *nodes(h);

    if (h->n_ev == 0 || n.t > until) {
        return false;
    }
    *out = (struct vdc_ev){
        .t = n.t, .cls = class_of[kind_of(&n)], .kind = (uint16_t)kind_of(&n), .arg = index_of(&n)
    };
    drop(h, 0);
    return true;
}

vtime_t vdc_hinic_next(const struct vdc_hinic *h)
{
    const struct ev_node *v = (const void *)((const uint8_t *)h + h->lay.ev_node);

    return h->n_ev > 0 ? v->t : VTIME_NEVER;
}

void vdc_hinic_ev_digest(const struct vdc_hinic *h, struct vdc_digest *d)
{
    const struct ev_node *v = (const void *)((const uint8_t *)h + h->lay.ev_node);
    struct vdc_digest sum = { 0 };

    for (uint32_t i = 0; i < h->n_ev; i++) {
        const uint32_t kind = kind_of(&v[i]);
        const uint32_t id = kind << 16 | index_of(&v[i]);

        if (kind != EV_FRAME) { /* the arrival of input is not state */
            sum.lo += vdc_rand(v[i].t, id);
            sum.hi += vdc_rand(~v[i].t, id);
        }
    }
    vdc_digest_fold(d, &sum, sizeof(sum));
}
