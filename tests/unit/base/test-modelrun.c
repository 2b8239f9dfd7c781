/* SPDX-License-Identifier: MIT */
/* Driver of models: points lie at the same events however the run is cut, and every digest covers
 * what it says. */
#include "vdc/modelrun.h"

#include "tap.h"
#include "vdc/rng.h"

/* A model with one port: ticks every 7 ps, sends a message every third tick, counts what it gets.
 */
struct toy {
    vtime_t tick;
    uint64_t n_tick;
    uint64_t n_sent;
    uint64_t got;
};

static vtime_t toy_next(const void *state)
{
    return ((const struct toy *)state)->tick;
}

static void toy_run(void *state, vtime_t to, const struct vdc_model_io *io)
{
    struct toy *s = state;

    for (;;) {
        const struct vdc_msg *m = io->peek(io->ctx, 0);

        if (m && m->t < to && m->t <= s->tick) {
            s->got = s->got * 31 + m->t + m->seq;
            io->pop(io->ctx, 0);
        } else if (s->tick < to) {
            if (++s->n_tick % 3 == 0) {
                const struct vdc_msg out = { .t = s->tick + 5,
                                             .seq = s->n_sent++,
                                             .port = 9,
                                             .type = VDC_MSG_ETH,
                                             .len = 3,
                                             .depart = s->tick };

                io->emit(io->ctx, 0, &out, "abc");
                if (io->note) {
                    io->note(io->ctx, &out, "abc");
                }
            }
            s->tick += 7;
        } else {
            return;
        }
    }
}

static struct vdc_digest toy_digest(const void *state)
{
    return vdc_digest_bytes(state, sizeof(struct toy));
}

static const struct vdc_model_ops toy_ops = {
    .name = "toy", .next = toy_next, .run = toy_run, .digest = toy_digest
};

#define N_IN       20u
#define POINTS_MAX 64u

struct world {
    struct vdc_msg in[N_IN];
    uint32_t head;
    uint32_t n_out;
    uint32_t n_note;
    uint32_t n_point;
    struct vdc_digest_point point[POINTS_MAX];
};

static const struct vdc_msg *world_peek(void *ctx, uint32_t port)
{
    struct world *w = ctx;

    CHECK_EQ(port, 0);
    return w->head < N_IN ? &w->in[w->head] : NULL;
}

static void world_pop(void *ctx, uint32_t port)
{
    (void)port;
    ((struct world *)ctx)->head++;
}

static void world_emit(void *ctx, uint32_t port, const struct vdc_msg *m, const void *payload)
{
    CHECK_EQ(port, 0);
    CHECK(memcmp(payload, "abc", m->len) == 0);
    ((struct world *)ctx)->n_out++;
}

static void world_note(void *ctx, const struct vdc_msg *m, const void *payload)
{
    (void)m;
    (void)payload;
    ((struct world *)ctx)->n_note++;
}

static void world_point(void *ctx, const struct vdc_digest_point *p)
{
    struct world *w = ctx;

    if (w->n_point < POINTS_MAX) {
        w->point[w->n_point] = *p;
    }
    w->n_point++;
}

/* Runs the toy to 1000 ps in steps of at most `cut` (0: random ones from the seed). */
static void run(struct world *w, uint64_t every, uint64_t cut, uint64_t seed)
{
    struct toy state = { .tick = 3 };
    const struct vdc_model_io io = { w, world_peek, world_pop, world_emit, world_note };
    const struct vdc_model_run_cfg cfg = { .ops = &toy_ops,
                                           .state = &state,
                                           .io = &io,
                                           .every = every,
                                           .point = world_point,
                                           .point_ctx = w };
    struct vdc_model_run r;
    vtime_t t = 0;

    memset(w, 0, sizeof(*w));
    for (uint32_t i = 0; i < N_IN; i++) {
        w->in[i] = (struct vdc_msg){ .t = (uint64_t)i * 50, .seq = i, .type = VDC_MSG_ETH };
    }
    vdc_model_run_init(&r, &cfg);
    for (uint64_t n = 0; t < 1000; n++) {
        t += cut ? cut : 1 + vdc_rand_below(seed, n, 200);
        t = t > 1000 ? 1000 : t;
        vdc_model_run_to(&r, t);
        vdc_model_run_to(&r, t); /* an empty window changes nothing */
    }
    vdc_model_run_end(&r);
    CHECK_EQ(w->n_out, r.n_emit);
    CHECK_EQ(w->n_note, r.n_emit);
    CHECK_EQ(w->head, r.n_pop);
    CHECK_EQ(w->head, N_IN);
}

static void cuts_do_not_matter(void)
{
    static struct world a;
    static struct world b;

    run(&a, 100, 1000, 0);
    CHECK_EQ(a.n_point, 10);
    for (uint64_t seed = 1; seed <= 200; seed++) {
        run(&b, 100, seed < 100 ? seed : 0, seed);
        CHECK(memcmp(&a, &b, sizeof(a)) == 0);
    }
    for (uint32_t i = 0; i < a.n_point; i++) {
        CHECK_EQ(a.point[i].k, i + 1);
        CHECK_EQ(a.point[i].t, (i + 1) * 100);
        CHECK(i == 0 || a.point[i].state.lo != a.point[i - 1].state.lo);
    }
}

/* A point holds exactly the events before it: a direct calculation of the state there says the
 * same. */
static void point_is_before_its_events(void)
{
    static struct world w;
    struct toy want = { .tick = 3 };
    uint32_t head = 0;

    run(&w, 101, 1000, 0); /* 101 = 3 + 14 * 7: a tick lies on the point and belongs behind it */
    while (want.tick < 101 || head * 50 < 101) {
        if (head * 50 < 101 && head * 50 <= want.tick) {
            want.got = want.got * 31 + (uint64_t)head * 50 + head;
            head++;
        } else {
            want.n_sent += ++want.n_tick % 3 == 0;
            want.tick += 7;
        }
    }
    CHECK_EQ(want.tick, 101);
    CHECK_EQ(w.point[0].state.lo, toy_digest(&want).lo);
    CHECK_EQ(w.n_point, 10); /* nine whole ones and the end at 1000 */
    CHECK_EQ(w.point[9].t, 1000);
}

static void text_and_off(void)
{
    struct world w;
    struct toy state = { .tick = VTIME_NEVER };
    const struct vdc_model_io io = { &w, world_peek, world_pop, world_emit, NULL };
    struct vdc_model_run_cfg cfg = { .ops = &toy_ops,
                                     .state = &state,
                                     .io = &io,
                                     .every = 10,
                                     .point = world_point,
                                     .point_ctx = &w };
    struct vdc_model_run r;
    struct vdc_digest text = { 0 };

    memset(&w, 0, sizeof(w));
    w.head = N_IN;
    vdc_model_run_init(&r, &cfg);
    CHECK(r.io.note == NULL);
    vdc_model_run_text(&r, "boot", 4);
    vdc_model_run_to(&r, 35);
    vdc_model_run_end(&r);
    vdc_digest_fold(&text, "boot", 4);
    CHECK_EQ(w.n_point, 4);
    CHECK_EQ(w.point[3].t, 35);
    CHECK_EQ(w.point[0].text.lo, text.lo);
    CHECK_EQ(w.point[1].text.lo, 0);
    cfg.every = 0;
    vdc_model_run_init(&r, &cfg);
    vdc_model_run_to(&r, VTIME_NEVER);
    vdc_model_run_end(&r);
    CHECK_EQ(w.n_point, 4);
    CHECK_EQ(r.prev.lo, 0);
}

static const struct tap_case cases[] = {
    { "cuts do not matter", cuts_do_not_matter },
    { "a point is before its events", point_is_before_its_events },
    { "text, no digest", text_and_off },
};

TAP_MAIN(cases)
