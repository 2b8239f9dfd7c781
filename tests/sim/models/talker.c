/* SPDX-License-Identifier: MIT */
/* Test endpoint: one event queue for requests and answers, one link out. */
#include "talker.h"

#include <assert.h>
#include <string.h>

#include "vdc/rng.h"

#define FRAME_MAX 512u

enum { EV_REPLY = 1, EV_REQUEST = 2 };

struct talker {
    struct talker_cfg cfg;
    struct talker_stat stat;
    struct vdc_link_tx tx;
    uint64_t seq;
    uint64_t n_frame; /* numbers given to frames */
    uint64_t n_draw;
    uint64_t heard; /* running hash of what came in, in order */
    uint64_t peeked;
    struct talk
        work[TALKER_WORK_MAX]; /* requests that wait for their answer, by number modulo the size */
    uint64_t n_work;
};

static struct vdc_evq *queue(struct talker *s)
{
    return (struct vdc_evq *)(void *)(s + 1);
}

static uint64_t draw(struct talker *s, uint64_t bound)
{
    return vdc_rand_below(s->cfg.key, s->n_draw++, bound);
}

static size_t talker_size(const void *cfg)
{
    const struct talker_cfg *c = cfg;

    return c->len_max <= FRAME_MAX ? sizeof(struct talker) + vdc_evq_size(TALKER_WORK_MAX + 1) : 0;
}

static void plan_request(struct talker *s, vtime_t now)
{
    vtime_t t = now + 1 + draw(s, 2 * s->cfg.gap_ps);

    t = (t + s->cfg.grid_ps - 1) / s->cfg.grid_ps * s->cfg.grid_ps;
    (void)vdc_evq_add(queue(s), t, EV_REQUEST, EV_REQUEST, 0, 0);
}

static int talker_init(void *state, const void *cfg)
{
    struct talker *s = state;

    memset(s, 0, sizeof(*s));
    s->cfg = *(const struct talker_cfg *)cfg;
    vdc_evq_init(queue(s), TALKER_WORK_MAX + 1);
    if (s->cfg.n_send > 0) {
        plan_request(s, 0);
    }
    return 0;
}

static vtime_t talker_next(const void *state)
{
    return vdc_evq_next((const struct vdc_evq *)(const void *)((const struct talker *)state + 1));
}

static void send(struct talker *s, vtime_t now, struct talk *k, uint32_t len,
                 const struct vdc_model_io *io)
{
    uint8_t frame[FRAME_MAX] = { 0 };
    const struct vdc_link_sent sent = vdc_link_send(&s->tx, &s->cfg.link, now, len);
    const struct vdc_msg m = { .t = sent.arrive,
                               .seq = s->seq++,
                               .port = vdc_port_id(VDC_PORT_TEST, s->cfg.index, 0),
                               .type = VDC_MSG_ETH,
                               .len = len,
                               .depart = now };

    k->src = s->cfg.index;
    k->id = (uint64_t)s->cfg.index << 32 | s->n_frame++;
    memcpy(frame, k, sizeof(*k));
    for (uint32_t i = sizeof(*k); i < len; i++) {
        frame[i] = (uint8_t)(k->id + i);
    }
    if (s->cfg.bug == TALKER_BUG_TWICE && s->n_frame == 4) {
        s->n_frame--;
    }
    io->emit(io->ctx, 0, &m, frame);
}

static void request(struct talker *s, vtime_t now, const struct vdc_model_io *io)
{
    struct talk k = { .dst = TALKER_ALL };
    const uint32_t room = s->cfg.len_max - (uint32_t)sizeof(k) + 1;

    if (s->cfg.n_peer > 1 && draw(s, 16) >= s->cfg.all_of_16) {
        k.dst = (uint32_t)((s->cfg.index + 1 + draw(s, s->cfg.n_peer - 1)) % s->cfg.n_peer);
    }
    send(s, now, &k, (uint32_t)sizeof(k) + (uint32_t)draw(s, room), io);
    if (++s->stat.n_request < s->cfg.n_send) {
        plan_request(s, now);
    }
}

static void receive(struct talker *s, const struct vdc_msg *m)
{
    struct talk k;

    s->heard = vdc_rand(s->heard ^ m->t, m->seq);
    if (m->type != VDC_MSG_ETH || m->len < sizeof(k)) {
        s->stat.n_bad++;
        return;
    }
    memcpy(&k, vdc_msg_payload(m), sizeof(k));
    s->heard = vdc_rand(s->heard ^ k.id, m->len);
    if (k.is_reply) {
        s->stat.n_got_reply++;
        return;
    }
    s->stat.n_got_request++;
    if (s->cfg.bug == TALKER_BUG_DEAF && s->stat.n_got_request == 3) {
        return;
    }
    if (vdc_evq_len(queue(s)) <= TALKER_WORK_MAX - 1) {
        const uint64_t slot = s->n_work++ % TALKER_WORK_MAX;
        const uint64_t react = s->cfg.bug == TALKER_BUG_HASTY ? s->cfg.react_ps / 2
                                                              : s->cfg.react_ps + draw(s, 5000);

        s->work[slot] = k;
        (void)vdc_evq_add(queue(s), m->t + react, EV_REPLY, EV_REPLY, 0, slot);
    }
}

static void talker_run(void *state, vtime_t to, const struct vdc_model_io *io)
{
    struct talker *s = state;

    for (;;) {
        const vtime_t own = vdc_evq_next(queue(s));
        const struct vdc_msg *m = io->peek(io->ctx, 0);
        struct vdc_ev e;

        if (s->cfg.bug == TALKER_BUG_PEEK && m && m->t >= to) {
            s->peeked += m->t;
        }
        if (m && m->t < to && m->t <= own) { /* at one instant: frames in, then own events */
            receive(s, m);
            io->pop(io->ctx, 0);
        } else if (own < to && vdc_evq_pop(queue(s), own, &e)) {
            if (e.kind == EV_REQUEST) {
                request(s, e.t, io);
            } else {
                struct talk k = { .dst = s->work[e.arg].src,
                                  .is_reply = 1,
                                  .re = s->work[e.arg].id };

                s->stat.n_reply++;
                send(s, e.t, &k, sizeof(k), io);
            }
        } else {
            break;
        }
    }
    if (s->cfg.bug == TALKER_BUG_WINDOW) {
        s->peeked++;
    }
}

static struct vdc_digest talker_digest(const void *state)
{
    return vdc_digest_bytes(state, sizeof(struct talker) + vdc_evq_size(TALKER_WORK_MAX + 1));
}

const struct talker_stat *talker_stat(const void *state)
{
    return &((const struct talker *)state)->stat;
}

const struct vdc_model_ops talker_ops = { .name = "talker",
                                          .size = talker_size,
                                          .init = talker_init,
                                          .next = talker_next,
                                          .run = talker_run,
                                          .digest = talker_digest };
