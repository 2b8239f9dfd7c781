/* SPDX-License-Identifier: MIT */
/* Event queue: a 4-ary heap of keys; handles name slots, slots know their place in the heap. */
#include "vdc/evq.h"

#include <assert.h>
#include <string.h>

#define ARITY        4u
#define CAPACITY_MAX (UINT32_C(1) << 28)

/* Key order: t, then cls and id (packed), then seq. */
struct node {
    vtime_t t;
    uint64_t obj; /* cls << 32 | id */
    uint64_t seq;
    uint32_t slot;
    uint32_t kind;
};
_Static_assert(sizeof(struct node) == 32, "evq node layout");

struct slot {
    uint64_t arg;
    uint32_t pos;  /* index in the heap, VDC_EVQ_NONE if free */
    uint32_t next; /* next free slot, when free */
};
_Static_assert(sizeof(struct slot) == 16, "evq slot layout");

/* Behind it: node[capacity], slot[capacity]. */
struct vdc_evq {
    uint64_t seq;
    uint32_t capacity;
    uint32_t len;
    uint32_t free; /* first free slot, VDC_EVQ_NONE if none */
    uint32_t zero[3];
};
_Static_assert(sizeof(struct vdc_evq) == 32, "evq layout");

static struct node *nodes(struct vdc_evq *q)
{
    return (struct node *)(q + 1);
}

static struct slot *slots(struct vdc_evq *q)
{
    return (struct slot *)(nodes(q) + q->capacity);
}

static bool before(const struct node *a, const struct node *b)
{
    if (a->t != b->t) {
        return a->t < b->t;
    }
    if (a->obj != b->obj) {
        return a->obj < b->obj;
    }
    assert(a->seq != b->seq);
    return a->seq < b->seq;
}

static void place(struct vdc_evq *q, uint32_t pos, const struct node *n)
{
    nodes(q)[pos] = *n;
    slots(q)[n->slot].pos = pos;
}

static void sift_up(struct vdc_evq *q, uint32_t pos, const struct node *n)
{
    while (pos > 0) {
        const uint32_t up = (pos - 1) / ARITY;

        if (!before(n, &nodes(q)[up])) {
            break;
        }
        place(q, pos, &nodes(q)[up]);
        pos = up;
    }
    place(q, pos, n);
}

static void sift_down(struct vdc_evq *q, uint32_t pos, const struct node *n)
{
    const struct node *v = nodes(q);

    for (;;) {
        const uint32_t first = pos * ARITY + 1;
        uint32_t least = first;

        if (first >= q->len) {
            break;
        }
        for (uint32_t c = first + 1; c < first + ARITY && c < q->len; c++) {
            if (before(&v[c], &v[least])) {
                least = c;
            }
        }
        if (!before(&v[least], n)) {
            break;
        }
        place(q, pos, &v[least]);
        pos = least;
    }
    place(q, pos, n);
}

/* Takes the node at pos out of the heap and frees its slot. Freed memory is zeroed: state has no
 * stale bytes. */
static void drop(struct vdc_evq *q, uint32_t pos)
{
    const uint32_t slot = nodes(q)[pos].slot;
    const uint32_t last = --q->len;
    const struct node moved = nodes(q)[last];

    memset(&nodes(q)[last], 0, sizeof(struct node));
    if (pos != last) {
        if (pos > 0 && before(&moved, &nodes(q)[(pos - 1) / ARITY])) {
            sift_up(q, pos, &moved);
        } else {
            sift_down(q, pos, &moved);
        }
    }
    slots(q)[slot] = (struct slot){ .pos = VDC_EVQ_NONE, .next = q->free };
    q->free = slot;
}

size_t vdc_evq_size(uint32_t capacity)
{
    assert(capacity > 0);
    assert(capacity <= CAPACITY_MAX);
    return sizeof(struct vdc_evq) + (size_t)capacity * (sizeof(struct node) + sizeof(struct slot));
}

void vdc_evq_init(void *mem, uint32_t capacity)
{
    struct vdc_evq *q = mem;

    assert(((uintptr_t)mem & 7) == 0);
    memset(mem, 0, vdc_evq_size(capacity));
    q->capacity = capacity;
    for (uint32_t i = 0; i < capacity; i++) {
        slots(q)[i].pos = VDC_EVQ_NONE;
        slots(q)[i].next = i + 1 < capacity ? i + 1 : VDC_EVQ_NONE;
    }
}

uint32_t vdc_evq_add(struct vdc_evq *q, vtime_t t, uint16_t cls, uint16_t kind, uint32_t id,
                     uint64_t arg)
{
    const uint32_t slot = q->free;
    struct node n = { .t = t, .obj = (uint64_t)cls << 32 | id, .slot = slot, .kind = kind };

    assert(t != VTIME_NEVER);
    if (slot == VDC_EVQ_NONE) {
        assert(q->len == q->capacity);
        return VDC_EVQ_NONE;
    }
    n.seq = q->seq++;
    q->free = slots(q)[slot].next;
    slots(q)[slot] = (struct slot){ .arg = arg };
    sift_up(q, q->len++, &n);
    return slot;
}

void vdc_evq_cancel(struct vdc_evq *q, uint32_t handle)
{
    assert(handle < q->capacity);
    assert(slots(q)[handle].pos < q->len);
    drop(q, slots(q)[handle].pos);
}

vtime_t vdc_evq_next(const struct vdc_evq *q)
{
    return q->len > 0 ? ((const struct node *)(q + 1))->t : VTIME_NEVER;
}

bool vdc_evq_pop(struct vdc_evq *q, vtime_t until, struct vdc_ev *out)
{
    const struct node *n = nodes(q);

    if (q->len == 0 || n->t > until) {
        return false;
    }
    *out = (struct vdc_ev){ .t = n->t,
                            .seq = n->seq,
                            .id = (uint32_t)n->obj,
                            .cls = (uint16_t)(n->obj >> 32),
                            .kind = (uint16_t)n->kind,
                            .arg = slots(q)[n->slot].arg };
    drop(q, 0);
    return true;
}

uint32_t vdc_evq_len(const struct vdc_evq *q)
{
    return q->len;
}

struct vdc_ev vdc_evq_at(const struct vdc_evq *q, uint32_t i)
{
    const struct node *n = (const struct node *)(q + 1) + i;
    const struct slot *s = (const struct slot *)((const struct node *)(q + 1) + q->capacity);

    assert(i < q->len);
    return (struct vdc_ev){ .t = n->t,
                            .seq = n->seq,
                            .id = (uint32_t)n->obj,
                            .cls = (uint16_t)(n->obj >> 32),
                            .kind = (uint16_t)n->kind,
                            .arg = s[n->slot].arg };
}
