/* SPDX-License-Identifier: MIT */
/* A small store-and-forward switch as a model. */
#include "testhub.h"

#include <assert.h>
#include <signal.h>
#include <string.h>

#define QUEUE 4096u

struct held {
    vtime_t t; /* instant of forwarding */
    struct vdc_msg m;
    uint8_t payload[TESTHUB_PAYLOAD];
};

struct hub {
    struct testhub_cfg cfg;
    uint64_t is_trapped;
    uint64_t extra_ps, n_cmd, n_dropped;
    uint64_t busy[TESTHUB_PORTS], seq[TESTHUB_PORTS];
    uint64_t head, tail; /* of held */
    struct held held[QUEUE];
};

static size_t hub_size(const void *cfg)
{
    const struct testhub_cfg *c = cfg;

    return c->n_port >= 1 && c->n_port <= TESTHUB_PORTS ? sizeof(struct hub) : 0;
}

static int hub_init(void *state, const void *cfg)
{
    struct hub *h = state;

    memset(h, 0, sizeof(*h));
    h->cfg = *(const struct testhub_cfg *)cfg;
    return 0;
}

static vtime_t hub_next(const void *state)
{
    const struct hub *h = state;

    return h->head == h->tail ? VTIME_NEVER : h->held[h->head % QUEUE].t;
}

static void forward(struct hub *h, const struct vdc_model_io *io, const struct vdc_msg *in,
                    const void *payload, vtime_t at, uint64_t wait_ps)
{
    const uint32_t port = h->cfg.route[in->user & 0xff];
    struct vdc_msg m = *in;
    vtime_t start;

    assert(port < h->cfg.n_port);
    start = vtime_max(at + wait_ps, h->busy[port]);
    h->busy[port] = start + in->len * h->cfg.ps_per_byte;
    m.t = h->busy[port] + h->cfg.lat_ps;
    m.depart = at;
    m.seq = h->seq[port]++;
    m.port = h->cfg.port_id[port];
    io->emit(io->ctx, port, &m, payload);
}

static void command(struct hub *h, const struct vdc_model_io *io, const struct vdc_msg *m)
{
    assert(m->len == sizeof(h->extra_ps));
    memcpy(&h->extra_ps, vdc_msg_payload(m), sizeof(h->extra_ps));
    h->n_cmd++;
    if (io->note) {
        io->note(io->ctx, m, vdc_msg_payload(m));
    }
}

static void take(struct hub *h, const struct vdc_model_io *io, const struct vdc_msg *m)
{
    if (m->type == VDC_MSG_CMD) {
        command(h, io, m);
    } else if (h->cfg.is_direct) {
        forward(h, io, m, vdc_msg_payload(m), m->t, h->cfg.fwd_ps + h->extra_ps);
    } else {
        struct held *x = &h->held[h->tail % QUEUE];
        const vtime_t last = h->head == h->tail ? 0 : h->held[(h->tail - 1) % QUEUE].t;

        assert(m->len <= TESTHUB_PAYLOAD);
        if (h->tail - h->head == QUEUE) {
            h->n_dropped++;
            return;
        }
        memset(x, 0, sizeof(*x)); /* the state is hashed */
        x->t = vtime_max(last, m->t + h->cfg.fwd_ps + h->extra_ps);
        x->m = *m;
        memcpy(x->payload, vdc_msg_payload(m), m->len);
        h->tail++;
    }
}

/* k-way merge of the heads of all ports and the queue of held frames; at one instant, held frames
 * first. */
static void hub_run(void *state, vtime_t to, const struct vdc_model_io *io)
{
    struct hub *h = state;
    const struct vdc_msg *head[TESTHUB_PORTS + 1];
    const uint32_t n = h->cfg.n_port + 1;

    for (uint32_t p = 0; p < n; p++) {
        head[p] = io->peek(io->ctx, p);
    }
    for (;;) {
        vtime_t t = hub_next(h);
        uint32_t best = UINT32_MAX;

        for (uint32_t p = 0; p < n; p++) {
            if (head[p] && head[p]->t < t) {
                t = head[p]->t;
                best = p;
            }
        }
        if (t >= to) {
            return;
        }
        if (t >= h->cfg.trap_t && !h->is_trapped) {
            h->is_trapped = 1;
            (void)raise(h->cfg.trap_signal);
        }
        if (best == UINT32_MAX) {
            const struct held *x = &h->held[h->head % QUEUE];

            forward(h, io, &x->m, x->payload, x->t, 0);
            h->head++;
        } else {
            take(h, io, head[best]);
            io->pop(io->ctx, best);
            head[best] = io->peek(io->ctx, best);
        }
    }
}

static struct vdc_digest hub_digest(const void *state)
{
    const struct hub *h = state;
    struct vdc_digest d = vdc_digest_bytes(&h->extra_ps, offsetof(struct hub, head) -
                                                             offsetof(struct hub, extra_ps));

    for (uint64_t i = h->head; i < h->tail; i++) {
        vdc_digest_fold(&d, &h->held[i % QUEUE], sizeof(h->held[0]));
    }
    return d;
}

const struct vdc_model_ops testhub_ops = {
    .name = "testhub",
    .size = hub_size,
    .init = hub_init,
    .next = hub_next,
    .run = hub_run,
    .digest = hub_digest,
};
