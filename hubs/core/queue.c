/* SPDX-License-Identifier: MIT */
/* Frames on their way through a hub: admission, FIFO queues of copies, reference counts, books. */
#include "vdc/hub.h"

void vdc_hub_arrive(struct vdc_hub *h, uint32_t in_port, uint32_t size)
{
    struct vdc_hub_cnt *c = &h->port[in_port].cnt;

    assert(in_port < h->n_ports);
    c->rx_frames++;
    c->rx_bytes += size;
    h->books.in_frames++;
    h->books.in_bytes += size;
}

void vdc_hub_drop(struct vdc_hub *h, uint32_t port, enum vdc_hub_drop why, uint32_t size)
{
    assert(port < h->n_ports);
    assert(why < VDC_HUB_N_DROP);
    h->port[port].cnt.drop[why]++;
    h->books.drop_frames++;
    h->books.drop_bytes += size;
}

uint32_t vdc_hub_store(struct vdc_hub *h, uint32_t in_port, uint32_t prio, uint32_t len,
                       uint32_t size)
{
    uint32_t cell;
    struct vdc_frame *f;

    assert(len <= VDC_FRAME_LEN_MAX);
    assert(prio < VDC_HUB_PRIOS);
    if (size > h->buffer - h->shared_used) {
        return VDC_HUB_NONE;
    }
    cell = vdc_arena_alloc(vdc_hub_arena(h), (uint32_t)sizeof(*f) + len);
    if (cell == VDC_ARENA_NONE) {
        return VDC_HUB_NONE;
    }
    f = vdc_hub_frame(h, cell);
    *f = (struct vdc_frame){
        .len = len, .size = size, .in_port = (uint8_t)in_port, .prio = (uint8_t)prio
    };
    h->shared_used += size;
    h->port[in_port].ingress_bytes += size;
    return cell;
}

static void release(struct vdc_hub *h, uint32_t frame)
{
    const struct vdc_frame *f = vdc_hub_frame(h, frame);
    struct vdc_hub_port *in = &h->port[f->in_port];

    assert(h->shared_used >= f->size);
    assert(in->ingress_bytes >= f->size);
    h->shared_used -= f->size;
    in->ingress_bytes -= f->size;
    vdc_arena_free(vdc_hub_arena(h), frame);
}

static uint32_t slot_take(struct vdc_hub *h)
{
    const uint32_t i = h->slot_free;

    if (i != VDC_HUB_NONE) {
        h->slot_free = vdc_hub_slot(h, i)->next;
        return i;
    }
    return h->slot_fresh < h->n_slots ? h->slot_fresh++ : VDC_HUB_NONE;
}

void vdc_hub_enqueue(struct vdc_hub *h, uint32_t port, uint32_t tc, uint32_t frame, vtime_t t_ready)
{
    struct vdc_hub_port *p = &h->port[port];
    struct vdc_hub_queue *q = &p->q[tc];
    struct vdc_frame *f = vdc_hub_frame(h, frame);
    uint32_t i;

    assert(port < h->n_ports);
    assert(tc < VDC_HUB_TCS);
    if (q->bytes + f->size > p->queue_limit) {
        vdc_hub_drop(h, port, VDC_HUB_DROP_EGRESS, f->size);
        return;
    }
    i = slot_take(h);
    if (i == VDC_HUB_NONE) {
        vdc_hub_drop(h, port, VDC_HUB_DROP_BUF, f->size);
        return;
    }
    *vdc_hub_slot(h, i) = (struct vdc_hub_slot){
        .t_ready = t_ready, .next = VDC_HUB_NONE, .frame = frame, .size = f->size
    };
    if (q->head == VDC_HUB_NONE) {
        q->head = i;
        q->head_size = f->size;
        q->head_ok = vtime_max(t_ready, q->next_ok);
        p->backlog |= 1u << tc;
    } else {
        struct vdc_hub_slot *last = vdc_hub_slot(h, q->tail);

        assert(t_ready >= last->t_ready);
        last->next = i;
    }
    q->tail = i;
    q->frames++;
    q->bytes += f->size;
    if (q->bytes > p->cnt.q_max[tc]) {
        p->cnt.q_max[tc] = q->bytes;
    }
    f->refs++;
    h->books.queued_frames++;
    h->books.queued_bytes += f->size;
}

void vdc_hub_settle(struct vdc_hub *h, uint32_t frame, uint32_t n_copies)
{
    const struct vdc_frame *f = vdc_hub_frame(h, frame);

    assert(n_copies > 0);
    assert(f->refs <= n_copies);
    h->books.copy_frames += n_copies - 1;
    h->books.copy_bytes += (uint64_t)(n_copies - 1) * f->size;
    if (f->refs == 0) {
        release(h, frame);
    }
}

void vdc_hub_put(struct vdc_hub *h, uint32_t frame)
{
    struct vdc_frame *f = vdc_hub_frame(h, frame);

    assert(f->refs > 0);
    f->refs--;
    if (f->refs == 0) {
        release(h, frame);
    }
}

/* Unlinks the head of a queue that is not empty. */
static uint32_t take_head(struct vdc_hub *h, struct vdc_hub_port *p, uint32_t tc)
{
    struct vdc_hub_queue *q = &p->q[tc];
    const uint32_t i = q->head;
    struct vdc_hub_slot *s;

    assert(i != VDC_HUB_NONE);
    s = vdc_hub_slot(h, i);
    h->books.queued_frames--;
    h->books.queued_bytes -= q->head_size;
    q->frames--;
    q->bytes -= q->head_size;
    q->head = s->next;
    s->next = h->slot_free;
    h->slot_free = i;
    if (q->head == VDC_HUB_NONE) {
        assert(q->frames == 0);
        q->tail = VDC_HUB_NONE;
        q->head_size = 0;
        p->backlog &= ~(1u << tc);
        p->deficit[tc] = 0;
    } else {
        const struct vdc_hub_slot *n = vdc_hub_slot(h, q->head);
        q->head_size = n->size;
        q->head_ok = vtime_max(n->t_ready, q->next_ok);
    }
    return s->frame;
}

uint32_t vdc_hub_dequeue(struct vdc_hub *h, uint32_t port, uint32_t tc, vtime_t now)
{
    struct vdc_hub_port *p = &h->port[port];
    struct vdc_hub_queue *q = &p->q[tc];

    assert(q->head_ok <= now);
    if (p->maxrate_kbps[tc] > 0) { /* bits * 10^9 ps per ms / (bits per ms) */
        const uint64_t bits = (uint64_t)q->head_size * 8;

        q->next_ok = vtime_add(now, bits * VTIME_PS_PER_MS / p->maxrate_kbps[tc]);
    }
    return take_head(h, p, tc);
}

void vdc_hub_flush(struct vdc_hub *h, uint32_t port, enum vdc_hub_drop why)
{
    struct vdc_hub_port *p = &h->port[port];

    for (uint32_t tc = 0; tc < VDC_HUB_TCS; tc++) {
        while (p->q[tc].frames > 0) {
            vdc_hub_drop(h, port, why, p->q[tc].head_size);
            vdc_hub_put(h, take_head(h, p, tc));
        }
    }
}

void vdc_hub_sent(struct vdc_hub *h, uint32_t port, uint32_t frame, uint32_t wire)
{
    const struct vdc_frame *f = vdc_hub_frame(h, frame);
    struct vdc_hub_cnt *c = &h->port[port].cnt;

    c->tx_frames++;
    c->tx_bytes += wire;
    c->tx_prio_frames[f->prio]++;
    c->tx_prio_bytes[f->prio] += wire;
    h->books.out_frames++;
    h->books.out_bytes += f->size;
}
