/* SPDX-License-Identifier: MIT */
/* Hub phase: the hubs of a host, stepped as one event-ordered group by whoever completes the
 * window. */
#include <errno.h>
#include <string.h>

#include "futex.h"
#include "window.h"

#define NOTE_POLL_NS   UINT64_C(50000)
#define STEPS_PER_SIGN 64u /* steps of the group between two signs of life */

static bool is_failed(const struct hub_step *h)
{
    return seg_state(h->c->seg) == VDC_SEG_FAILED;
}

/* --- what the model may do --- */

static const struct vdc_msg *io_peek(void *ctx, uint32_t port)
{
    struct hub_step *h = ctx;

    assert(port <= h->rec->n_port);
    if (port == h->rec->n_port && h->port[port].rx.head >= h->rec->cmd_seen) {
        return NULL; /* commands without a time are not there yet */
    }
    return h->port[port].rx.r ? ring_peek(&h->port[port].rx) : NULL;
}

static void io_pop(void *ctx, uint32_t port)
{
    struct hub_step *h = ctx;

    assert(port <= h->rec->n_port);
    h->rec->n_in++;
    ring_pop(&h->port[port].rx);
}

/* Slot in the ring behind a hub port, or NULL after failing the run. */
static struct vdc_msg *out_slot(struct hub_step *h, uint32_t port, const struct vdc_msg *m)
{
    struct hub_port *p = &h->port[port];
    struct vdc_msg *slot;

    if (p->tx_epoch != h->c->epoch) {
        ring_tx_load(&p->tx);
        p->tx_epoch = h->c->epoch;
    }
    slot = m->len <= VDC_MSG_PAYLOAD_MAX ? ring_reserve(&p->tx, m->len) : NULL;
    if (!slot) {
        seg_failf(h->c->seg, VDC_SEG_WHO_HUB + h->index, -ENOSPC, m->depart,
                  "hub %s port %u: ring of %u bytes is full; a larger ring_bytes is needed",
                  h->rec->name, port, p->tx.r->bytes);
        return NULL;
    }
    return slot;
}

static void fill_slot(struct hub_port *p, struct vdc_msg *slot, const struct vdc_msg *m, vtime_t t,
                      uint32_t dst, const void *payload)
{
    *slot = *m;
    slot->t = t;
    slot->dst = dst;
    if (m->len > 0) {
        memcpy(slot + 1, payload, m->len);
    }
    ring_commit(&p->tx, slot);
}

static void emit_task(struct hub_step *h, uint32_t port, const struct vdc_msg *m,
                      const void *payload)
{
    struct completer *c = h->c;
    struct seg_port *q = &c->seg->port[h->port[port].map];
    struct vdc_sync_in *in = &c->in[q->task];
    const vtime_t t = vdc_sync_visible(c->seg->sync, m->t, m->depart);
    struct vdc_msg *slot;

    if (t < in->now) {
        c->seg->ctl->late++;
        seg_failf(c->seg, VDC_SEG_WHO_HUB + h->index, -ETIME, m->depart,
                  "hub %s port %u seq %llu: late: due at %llu ps, %s is at %llu ps", h->rec->name,
                  port, (unsigned long long)m->seq, (unsigned long long)t,
                  c->seg->task[q->task].name, (unsigned long long)in->now);
        return;
    }
    if (q->n_down > 0 && (t < q->down_t || m->seq != q->down_seq + 1)) {
        seg_failf(c->seg, VDC_SEG_WHO_HUB + h->index, -EPROTO, m->depart,
                  "hub %s port %u: (t, seq) = (%llu, %llu) after (%llu, %llu)", h->rec->name, port,
                  (unsigned long long)t, (unsigned long long)m->seq, (unsigned long long)q->down_t,
                  (unsigned long long)q->down_seq);
        return;
    }
    slot = out_slot(h, port, m);
    if (!slot) {
        return;
    }
    fill_slot(&h->port[port], slot, m, t, q->id_up, payload);
    q->down_t = t;
    q->down_seq = m->seq;
    q->n_down++;
    in->next = vtime_min(in->next, t);
    in->send = vtime_min(in->send, vtime_add(t, c->seg->task[q->task].react_ps));
    c->touched |= UINT64_C(1) << q->task;
    if (t > m->t) {
        c->seg->ctl->quantized_n++;
        c->seg->ctl->quantized_sum_ps += t - m->t;
        c->seg->ctl->quantized_max_ps = t - m->t > c->seg->ctl->quantized_max_ps
                                            ? t - m->t
                                            : c->seg->ctl->quantized_max_ps;
    }
}

static void emit_link(struct hub_step *h, uint32_t port, const struct vdc_msg *m,
                      const void *payload)
{
    const uint32_t end = h->port[port].map & 1;
    const struct seg_link *l = &h->c->seg->link[(h->port[port].map & ~SEG_MAP_LINK) >> 1];
    struct seg_hub *peer = &h->c->seg->hub[l->hub[1 - end]];
    struct vdc_msg *slot;

    if (m->t < m->depart + l->link_ps[end]) {
        seg_failf(h->c->seg, VDC_SEG_WHO_HUB + h->index, -ETIME, m->depart,
                  "hub %s port %u: arrives at %llu ps, less than %llu ps after it left",
                  h->rec->name, port, (unsigned long long)m->t,
                  (unsigned long long)l->link_ps[end]);
        return;
    }
    slot = out_slot(h, port, m);
    if (slot) {
        fill_slot(&h->port[port], slot, m, m->t, l->id[1 - end], payload);
        peer->in_next = vtime_min(peer->in_next, m->t);
    }
}

static void io_emit(void *ctx, uint32_t port, const struct vdc_msg *m, const void *payload)
{
    struct hub_step *h = ctx;
    uint32_t dst = UINT32_MAX; /* nothing connected: the frame leaves into the void */

    assert(port < h->rec->n_port);
    if (is_failed(h)) {
        return;
    }
    h->rec->n_out++;
    if (h->port[port].map == SEG_MAP_NONE) {
        return;
    }
    if (h->port[port].map & SEG_MAP_LINK) {
        emit_link(h, port, m, payload);
    } else {
        dst = h->c->seg->port[h->port[port].map].id_up;
        emit_task(h, port, m, payload);
    }
    /* More than half full: let the receivers run before much more is made. */
    h->c->is_crowded |= h->port[port].tx.r && h->port[port].tx_epoch == h->c->epoch &&
                        h->port[port].tx.tail - h->port[port].tx.head >
                            h->port[port].tx.r->bytes / 2;
    seg_last_set(&h->rec->sent, m, dst);
    seg_record(h->c->seg, h->c->seg->hdr->n_task + h->index, m, dst, payload);
}

static void io_note(void *ctx, const struct vdc_msg *m, const void *payload)
{
    struct hub_step *h = ctx;
    struct vdc_msg *slot;

    assert(m->len <= VDC_MSG_PAYLOAD_MAX);
    h->rec->n_note++;
    for (;;) {
        slot = ring_reserve(&h->note, m->len);
        if (slot) {
            break;
        }
        if (is_failed(h)) {
            return;
        }
        atomic_fetch_add(&h->rec->note_sig, 1);
        futex_wake(&h->rec->note_sig);
        wall_sleep_ns(NOTE_POLL_NS); /* the daemon is behind: wall time only, nothing is lost */
    }
    *slot = *m;
    if (m->len > 0) {
        memcpy(slot + 1, payload, m->len);
    }
    ring_commit(&h->note, slot);
    h->c->has_notes = true;
}

static void put_point(void *ctx, const struct vdc_digest_point *p)
{
    struct hub_step *h = ctx;
    const struct seg_comp *comp = &h->c->seg->comp[h->c->seg->hdr->n_task + h->index];

    h->c->seg->ctl->phase_wall_ns = wall_ns(); /* a long phase is no stall */
    (void)seg_spool_put(h->c->seg, comp->off_digest,
                        p); /* false: the run failed, the chain ends here */
}

void hub_bind_io(struct hub_step *h)
{
    const struct vdc_seg *seg = h->c->seg;

    h->io = (struct vdc_model_io){ .ctx = h,
                                   .peek = io_peek,
                                   .pop = io_pop,
                                   .emit = io_emit,
                                   .note = h->note.r ? io_note : NULL };
    vdc_model_run_init(&h->run,
                       &(struct vdc_model_run_cfg){ .ops = h->ops,
                                                    .state = seg_at(seg, h->rec->off_state),
                                                    .io = &h->io,
                                                    .every = seg->hdr->digest_every,
                                                    .point = put_point,
                                                    .point_ctx = h });
}

/* --- the phase --- */

static void begin_hub(struct hub_step *h)
{
    const struct seg_hub_run *s = &h->rec->run;

    for (uint32_t p = 0; p <= h->rec->n_port; p++) {
        if (h->port[p].rx.r) {
            ring_rx_load(&h->port[p].rx);
        }
    }
    if (h->note.r) {
        ring_tx_load(&h->note);
    }
    h->run.k = s->k;
    h->run.now = s->now;
    h->run.n_pop = s->n_pop;
    h->run.n_emit = s->n_emit;
    h->run.is_changed = s->is_changed;
    h->run.prev = s->prev;
    h->run.stream = s->stream;
    h->run.text = s->text;
    h->run.state_digest = s->state_digest;
}

static void end_hub(struct hub_step *h)
{
    h->rec->run = (struct seg_hub_run){ .k = h->run.k,
                                        .now = h->run.now,
                                        .n_pop = h->run.n_pop,
                                        .n_emit = h->run.n_emit,
                                        .is_changed = h->run.is_changed,
                                        .prev = h->run.prev,
                                        .stream = h->run.stream,
                                        .text = h->run.text,
                                        .state_digest = h->run.state_digest };
}

static vtime_t input_next(struct hub_step *h)
{
    vtime_t t = VTIME_NEVER;

    for (uint32_t p = 0; p <= h->rec->n_port; p++) {
        const struct vdc_msg *m = io_peek(h, p);

        t = m ? vtime_min(t, m->t) : t;
    }
    return t;
}

static vtime_t work_next(const struct seg_hub *rec)
{
    return vtime_min(rec->own_next, rec->in_next);
}

/* Runs one hub to `to`; what it sends over links lowers its peers' in_next. */
static void step_hub(struct hub_step *h, vtime_t to)
{
    h->rec->last = interval_end(h->c->seg->hdr->digest_every, work_next(h->rec));
    vdc_model_run_to(&h->run, to);
    h->rec->runs++;
    h->rec->own_next = h->ops->next(h->run.cfg.state);
    h->rec->in_next = input_next(h);
    if (h->rec->in_next < to && !is_failed(h)) {
        seg_failf(h->c->seg, VDC_SEG_WHO_HUB + h->index, -EPROTO, to,
                  "hub %s: model %s left a message of %llu ps behind", h->rec->name, h->ops->name,
                  (unsigned long long)h->rec->in_next);
    }
}

vtime_t hub_first(const struct completer *c)
{
    vtime_t t = VTIME_NEVER;

    for (uint32_t i = 0; i < c->seg->hdr->n_hub; i++) {
        t = vtime_min(t, work_next(&c->seg->hub[i]));
    }
    return t;
}

vtime_t hub_horizon(const struct completer *c, vtime_t first)
{
    vtime_t h = vtime_min(vdc_sync_H(c->seg->sync, 0, c->in, NULL, first), c->seg->ctl->stop);

    if (c->seg->hdr->is_split && c->seg->ctl->n_exited < c->seg->hdr->n_workload) {
        vtime_t m = first;

        for (uint32_t i = 0; i < c->seg->hdr->n_task; i++) {
            m = vtime_min(m, c->in[i].next);
        }
        h = vtime_min(h, vtime_add(m, c->seg->hdr->exit_bound));
    }
    return h;
}

static void step_group(struct completer *c, vtime_t first, vtime_t horizon)
{
    const struct seg_hdr *hdr = c->seg->hdr;
    vtime_t to = vtime_min(horizon, vtime_add(first, hdr->chunk_ps));

    to = vtime_min(to, vtime_add(first, c->min_link_ps));
    if (hdr->digest_every > 0) {
        to = vtime_min(to, interval_end(hdr->digest_every, first));
    }
    assert(to > first);
    for (uint32_t i = 0; i < hdr->n_hub; i++) {
        if (work_next(c->hub[i].rec) < to) {
            step_hub(&c->hub[i], to);
        }
    }
    c->seg->ctl->hub_pos = to;
    if (++c->n_step % STEPS_PER_SIGN == 0) {
        c->seg->ctl->phase_wall_ns = wall_ns();
    }
}

static void write_receivers(struct completer *c)
{
    for (uint64_t left = c->touched; left != 0; left &= left - 1) {
        const uint32_t i = (uint32_t)__builtin_ctzll(left);
        struct seg_task *t = &c->seg->task[i];

        t->next = vtime_min(t->next, c->in[i].next);
        t->send = vtime_min(t->send, c->in[i].send);
    }
    c->touched = 0;
}

static void tell_daemons(struct completer *c)
{
    for (uint32_t i = 0; c->has_notes && i < c->seg->hdr->n_hub; i++) {
        struct seg_hub *rec = c->seg->hub + i;

        atomic_fetch_add(&rec->note_sig, 1);
        if (atomic_load(&rec->note_sleep)) {
            futex_wake(&rec->note_sig);
        }
    }
    c->has_notes = false;
}

void hub_phase(struct completer *c, bool is_forced)
{
    assert(c->can_step);
    assert(c->touched == 0);
    c->epoch++;
    c->is_crowded = false;
    c->is_cut_short = false;
    for (uint32_t i = 0; i < c->seg->hdr->n_hub; i++) {
        begin_hub(&c->hub[i]);
    }
    for (;;) {
        const vtime_t first = hub_first(c);
        const vtime_t horizon = first == VTIME_NEVER ? first : hub_horizon(c, first);

        if (first >= horizon || seg_state(c->seg) == VDC_SEG_FAILED) {
            break;
        }
        if (c->is_crowded && !is_forced) {
            c->is_cut_short = true;
            break;
        }
        step_group(c, first, horizon);
    }
    for (uint32_t i = 0; i < c->seg->hdr->n_hub; i++) {
        end_hub(&c->hub[i]);
    }
    write_receivers(c);
    tell_daemons(c);
}

void hub_finish(struct completer *c, vtime_t end_t)
{
    c->epoch++;
    for (uint32_t i = 0; i < c->seg->hdr->n_hub; i++) {
        struct hub_step *h = &c->hub[i];

        begin_hub(h);
        assert(h->run.now <= end_t);
        vdc_model_run_to(&h->run, end_t);
        vdc_model_run_end(&h->run);
        end_hub(h);
        h->rec->is_closed = 1;
    }
    tell_daemons(c);
}

/*
 * A command may not take effect before what the hubs have done, nor so early that its consequence
 * reaches a task in the past: horizons were computed without it.
 */
void hub_stamp_commands(struct completer *c)
{
    const struct vdc_seg *seg = c->seg;
    vtime_t floor = 0;

    for (uint32_t i = 0; i < seg->hdr->n_hub; i++) {
        floor = vtime_max(floor, seg->hub[i].run.now);
    }
    for (uint32_t q = 0; q < seg->hdr->n_port; q++) {
        const vtime_t now = c->in[seg->port[q].task].now;
        const uint64_t egress = seg->port[q].in_ps - seg->hub[seg->port[q].hub].fwd_ps;

        floor = vtime_max(floor, now > egress ? now - egress : 0);
    }
    for (uint32_t i = 0; i < seg->hdr->n_hub; i++) {
        struct seg_hub *rec = &seg->hub[i];
        struct ring_rx rx = { .r = (struct ring *)seg_at(seg, rec->off_cmd) };
        struct vdc_msg *m;

        rx.head = rec->cmd_seen;
        rx.tail = atomic_load_explicit(&rx.r->tail, memory_order_acquire);
        while ((m = ring_peek(&rx)) != NULL) {
            m->t = vtime_max(vtime_max(m->t, floor), rec->cmd_t);
            m->depart = m->t;
            m->seq = rec->n_cmd++;
            m->port = UINT32_MAX;
            m->dst = i;
            rec->cmd_t = m->t;
            rec->in_next = vtime_min(rec->in_next, m->t);
            rx.head += vdc_msg_space(m->len);
        }
        rec->cmd_seen = rx.head;
    }
}
