/* SPDX-License-Identifier: MIT */
/* What must not matter to a HiSwitch: the order of arrival at the process, and how time is cut into
 * windows. */
#include <assert.h>
#include <stdlib.h>

#include "scene.h"
#include "tap.h"
#include "vdc/rng.h"

#define POINT_PS   (5 * VTIME_PS_PER_US)
#define POINTS_MAX 64u

struct result {
    struct vdc_digest point[POINTS_MAX];
    uint32_t n_point;
    uint64_t n_in, n_out;
    bool is_conserved;
};

/* Only what is due before `to`, and by chance some of what comes later, is in the queues; in random
 * order. */
static void feed(struct rig *r, const struct scene *s, bool *is_in, vtime_t to, uint64_t key,
                 uint64_t *draw)
{
    uint32_t *due = malloc(s->n * sizeof(*due));
    uint32_t n = 0;

    assert(due);
    for (uint32_t i = 0; i < s->n; i++) {
        if (!is_in[i] && (s->ev[i].m->t < to || (key && vdc_rand_below(key, (*draw)++, 8) == 0))) {
            due[n++] = i;
            is_in[i] = true;
        }
    }
    for (uint32_t i = 0; key && i + 1 < n; i++) {
        const uint32_t k = i + (uint32_t)vdc_rand_below(key, (*draw)++, n - i);
        const uint32_t x = due[i];

        due[i] = due[k];
        due[k] = x;
    }
    for (uint32_t i = 0; i < n; i++) {
        rig_put(r, s->ev[due[i]].port, scene_copy(s, due[i]));
    }
    free(due);
}

/* key 0: everything is there and time is cut at digest points only. win_ps: longest window. */
static void play(const struct scene *s, uint64_t key, uint64_t win_ps, struct result *out)
{
    struct rig *r = rig_new(&s->cfg);
    bool *is_in = calloc(s->n, sizeof(*is_in));
    uint64_t draw = 0;
    vtime_t t = 0;
    const uint32_t n_point = (uint32_t)(s->end / POINT_PS) + 1;

    assert(n_point <= POINTS_MAX);
    assert(is_in);
    memset(out, 0, sizeof(*out));
    r->is_quiet = true;
    if (!key) {
        feed(r, s, is_in, VTIME_NEVER, 0, &draw);
    }
    while (out->n_point < n_point) {
        const vtime_t point = (out->n_point + 1) * POINT_PS;

        t = key ? t + 1 + vdc_rand_below(key, draw++, win_ps) : point;
        if (t >= point) {
            t = point;
        }
        if (key) {
            feed(r, s, is_in, t, key, &draw);
        }
        rig_run(r, t);
        if (t == point) {
            out->point[out->n_point++] = rig_digest(r);
        }
    }
    for (uint32_t p = 0; p < s->cfg.n_ports; p++) {
        out->n_in += r->n_in[p];
        out->n_out += r->n_out[p];
    }
    out->is_conserved = rig_is_conserved(r);
    free(is_in);
    rig_free(r);
}

static bool same(const struct result *a, const struct result *b)
{
    return a->n_point == b->n_point && a->n_out == b->n_out &&
           memcmp(a->point, b->point, a->n_point * sizeof(a->point[0])) == 0;
}

/* One scene, 1000 orders of arrival. */
static void shuffles(void)
{
    struct scene *s = scene_new(11, 300);
    struct result want, got;

    play(s, 0, 0, &want);
    CHECK(want.n_out > 50);
    for (uint64_t k = 1; k <= 1000; k++) {
        play(s, k, 2 * POINT_PS, &got);
        CHECK(same(&want, &got));
    }
    scene_free(s);
}

/* Many scenes, each cut at random: from single picoseconds to several microseconds. */
static void cuts(void)
{
    static const uint64_t win[] = { 100, 7000, 71000, 506720, 2000000 };
    uint64_t n_in = 0, n_out = 0;

    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct scene *s = scene_new(seed, 600);
        struct result want, got;

        play(s, 0, 0, &want);
        CHECK(want.is_conserved);
        n_in += want.n_in;
        n_out += want.n_out;
        for (size_t i = seed % 6 == 0 ? 0 : 1; i < sizeof(win) / sizeof(win[0]); i++) {
            play(s, seed * 100 + i, win[i], &got);
            if (!same(&want, &got)) {
                printf("# seed=%llu window=%llu differs\n", (unsigned long long)seed,
                       (unsigned long long)win[i]);
            }
            CHECK(same(&want, &got));
            CHECK(got.is_conserved);
        }
        scene_free(s);
    }
    /* The scenes are worth something: frames get through, and not all of them. */
    printf("# %llu frames in, %llu out\n", (unsigned long long)n_in, (unsigned long long)n_out);
    CHECK(n_in > 20000);
    CHECK(n_out > n_in / 5);
}

/* A scene that differs in one payload byte, or in one picosecond, is another run. */
static void differences_show(void)
{
    struct scene *s = scene_new(5, 300);
    struct result a, b, c;
    uint32_t i = s->n - 1;

    play(s, 0, 0, &a);
    while (s->ev[i].m->type != VDC_MSG_ETH) {
        i--;
    }
    s->ev[i].m->t++;
    play(s, 0, 0, &b);
    CHECK(!same(&a, &b));
    s->ev[i].m->t--;
    play(s, 0, 0, &c);
    CHECK(same(&a, &c));
    scene_free(s);
}

static const struct tap_case cases[] = {
    { "1000 orders of arrival, one result", shuffles },
    { "any cut of time, one result", cuts },
    { "a picosecond is a difference", differences_show },
};

TAP_MAIN(cases)
