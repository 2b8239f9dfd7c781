/* SPDX-License-Identifier: MIT */
/* Conservation: everything that came in is out, dropped or queued, recomputed from the queues
 * themselves. */
#include "vdc/hub.h"

struct sums {
    uint64_t frames, bytes;
};

static struct sums check_queue(struct vdc_hub *h, uint32_t port, uint32_t tc)
{
    const struct vdc_hub_port *p = &h->port[port];
    const struct vdc_hub_queue *q = &p->q[tc];
    struct sums s = { 0, 0 };
    vtime_t t = 0;
    uint32_t last = VDC_HUB_NONE;

    for (uint32_t i = q->head; i != VDC_HUB_NONE; i = vdc_hub_slot(h, i)->next) {
        const struct vdc_hub_slot *slot = vdc_hub_slot(h, i);
        const struct vdc_frame *f = vdc_hub_frame(h, slot->frame);

        assert(slot->t_ready >= t);
        assert(f->refs > 0);
        assert(s.frames > 0 || q->head_size == f->size);
        t = slot->t_ready;
        s.frames++;
        s.bytes += f->size;
        assert(s.frames <= q->frames);
        last = i;
    }
    assert(s.frames == q->frames);
    assert(s.bytes == q->bytes);
    assert(last == q->tail);
    assert(q->bytes <= p->queue_limit);
    assert((p->backlog >> tc & 1) == (q->frames > 0));
    return s;
}

void vdc_hub_check(struct vdc_hub *h)
{
    const struct vdc_hub_books *b = &h->books;
    struct sums all = { 0, 0 };
    uint64_t stored = 0;
    uint32_t n_free = 0;

    for (uint32_t i = 0; i < h->n_ports; i++) {
        for (uint32_t tc = 0; tc < VDC_HUB_TCS; tc++) {
            const struct sums s = check_queue(h, i, tc);

            all.frames += s.frames;
            all.bytes += s.bytes;
        }
        stored += h->port[i].ingress_bytes;
    }
    assert(stored == h->shared_used);
    assert(h->shared_used <= h->buffer);
    assert(all.frames == b->queued_frames);
    assert(all.bytes == b->queued_bytes);
    assert(b->in_frames + b->copy_frames == b->out_frames + b->drop_frames + b->queued_frames);
    assert(b->in_bytes + b->copy_bytes == b->out_bytes + b->drop_bytes + b->queued_bytes);
    for (uint32_t i = h->slot_free; i != VDC_HUB_NONE; i = vdc_hub_slot(h, i)->next) {
        n_free++;
        assert(n_free <= h->slot_fresh);
    }
    assert(n_free + all.frames == h->slot_fresh);
    assert(vdc_arena_used(vdc_hub_arena(h)) <= all.frames);
}
