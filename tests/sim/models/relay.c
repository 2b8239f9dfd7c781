/* SPDX-License-Identifier: MIT */
/* Test hub: a frame waits for the forwarding time, then goes onto the links of its ports. */
#include "relay.h"

#include <assert.h>
#include <string.h>

#include "talker.h"
#include "vdc/evq.h"

#define FRAME_MAX 512u

struct waiting {
    uint32_t in_port;
    uint32_t len; /* 0: free */
    uint8_t frame[FRAME_MAX];
};

struct relay {
    struct relay_cfg cfg;
    struct relay_stat stat;
    struct vdc_link_tx tx[RELAY_PORT_MAX];
    uint64_t seq[RELAY_PORT_MAX];
    uint64_t n_flood;
};

/* Behind the struct: event queue, then the waiting frames. */
static struct vdc_evq *queue(struct relay *s)
{
    return (struct vdc_evq *)(void *)(s + 1);
}

static struct waiting *frames(struct relay *s)
{
    return (struct waiting *)(void *)((uint8_t *)queue(s) + vdc_evq_size(s->cfg.queue_max + 8));
}

static size_t relay_size(const void *cfg)
{
    const struct relay_cfg *c = cfg;

    if (c->n_port > RELAY_PORT_MAX || c->queue_max == 0) {
        return 0;
    }
    return sizeof(struct relay) + vdc_evq_size(c->queue_max + 8) +
           (c->queue_max + 8) * sizeof(struct waiting);
}

static int relay_init(void *state, const void *cfg)
{
    struct relay *s = state;

    memset(s, 0, relay_size(cfg));
    s->cfg = *(const struct relay_cfg *)cfg;
    vdc_evq_init(queue(s), s->cfg.queue_max + 8);
    return 0;
}

static vtime_t relay_next(const void *state)
{
    return vdc_evq_next((const struct vdc_evq *)(const void *)((const struct relay *)state + 1));
}

static void send(struct relay *s, uint32_t port, vtime_t now, const struct waiting *w,
                 const struct vdc_model_io *io)
{
    const struct vdc_link_sent sent = vdc_link_send(&s->tx[port], &s->cfg.link[port], now, w->len);
    struct vdc_msg m = { .t = sent.arrive,
                         .seq = s->seq[port]++,
                         .port = vdc_port_id(VDC_PORT_SWITCH, s->cfg.index, port),
                         .type = VDC_MSG_ETH,
                         .len = w->len,
                         .depart = now };

    if (s->cfg.bug == RELAY_BUG_SKIP && m.seq == 5) {
        m.seq = s->seq[port]++;
    }
    if (s->cfg.bug == RELAY_BUG_EARLY && m.seq == 5) {
        m.t = now + vdc_link_min_ps(&s->cfg.link[port]) - 1;
    }
    if (s->cfg.bug == RELAY_BUG_SWAP && m.seq == 5) {
        m.t += s->cfg.link[port].latency_ps;
    }
    s->stat.n_out++;
    io->emit(io->ctx, port, &m, w->frame);
}

static void forward(struct relay *s, vtime_t now, struct waiting *w, const struct vdc_model_io *io)
{
    struct talk k;
    uint32_t out;

    memcpy(&k, w->frame, sizeof(k));
    out = k.dst == TALKER_ALL ? s->cfg.flood & ~(1u << w->in_port) : 0;
    if (k.dst < RELAY_PEER_MAX && s->cfg.route[k.dst] != RELAY_NO_PORT &&
        s->cfg.route[k.dst] != w->in_port) {
        out = 1u << s->cfg.route[k.dst];
    }
    if (out == 0) {
        s->stat.n_drop_route += s->cfg.bug == RELAY_BUG_COUNT ? 2 : 1;
    }
    for (uint32_t p = 0, n = 0; p < s->cfg.n_port; p++) {
        if (out >> p & 1) {
            s->stat.n_copy += n > 0;
            if (n++ == 1 && s->cfg.bug == RELAY_BUG_LOSE && s->n_flood++ == 1) {
                continue;
            }
            send(s, p, now, w, io);
        }
    }
    w->len = 0;
    s->stat.n_queued--;
}

static void receive(struct relay *s, uint32_t port, const struct vdc_msg *m)
{
    const uint32_t limit = s->cfg.queue_max + (s->cfg.bug == RELAY_BUG_BOUND ? 8 : 0);
    uint32_t slot = 0;

    s->stat.n_in++;
    if (m->len < sizeof(struct talk) || m->len > FRAME_MAX) {
        s->stat.n_drop_short++;
        return;
    }
    if (s->stat.n_queued == limit) {
        s->stat.n_drop_queue++;
        return;
    }
    while (frames(s)[slot].len > 0) {
        slot++;
    }
    frames(s)[slot].in_port = port;
    frames(s)[slot].len = m->len;
    memcpy(frames(s)[slot].frame, vdc_msg_payload(m), m->len);
    if (++s->stat.n_queued > s->stat.queue_high) {
        s->stat.queue_high = s->stat.n_queued;
    }
    (void)vdc_evq_add(queue(s), m->t + s->cfg.fwd_ps, 0, 0, 0, slot);
}

/* Port with the head that is to be handled next, RELAY_NO_PORT if none is before `to`. */
static uint32_t first_port(const struct relay *s, vtime_t to, const struct vdc_model_io *io)
{
    uint32_t best = RELAY_NO_PORT;
    vtime_t t = to;

    for (uint32_t p = 0; p < s->cfg.n_port; p++) {
        const struct vdc_msg *m = io->peek(io->ctx, p);

        if (m && (m->t < t || (s->cfg.bug == RELAY_BUG_TIE && m->t == t && m->t < to))) {
            t = m->t;
            best = p;
            if (s->cfg.bug == RELAY_BUG_ARRIVAL) {
                break;
            }
        }
    }
    return best;
}

static void relay_run(void *state, vtime_t to, const struct vdc_model_io *io)
{
    struct relay *s = state;

    for (;;) {
        const uint32_t port = first_port(s, to, io);
        const struct vdc_msg *m = port == RELAY_NO_PORT ? NULL : io->peek(io->ctx, port);
        const vtime_t own = vdc_evq_next(queue(s));
        struct vdc_ev e;

        if (m && m->t <= own) { /* at one instant: frames in, then forwarding */
            receive(s, port, m);
            io->pop(io->ctx, port);
        } else if (own < to && vdc_evq_pop(queue(s), own, &e)) {
            forward(s, e.t, &frames(s)[e.arg], io);
        } else {
            break;
        }
    }
}

static struct vdc_digest relay_digest(const void *state)
{
    const struct relay *s = state;

    return vdc_digest_bytes(state, relay_size(&s->cfg));
}

const struct relay_stat *relay_stat(const void *state)
{
    return &((const struct relay *)state)->stat;
}

const struct vdc_model_ops relay_ops = { .name = "relay",
                                         .size = relay_size,
                                         .init = relay_init,
                                         .next = relay_next,
                                         .run = relay_run,
                                         .digest = relay_digest };
