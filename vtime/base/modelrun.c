/* SPDX-License-Identifier: MIT */
/* The one driver of models: digest points are cut into the run here and nowhere else. */
#include "vdc/modelrun.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

static const struct vdc_msg *run_peek(void *ctx, uint32_t port)
{
    struct vdc_model_run *r = ctx;

    return r->cfg.io->peek(r->cfg.io->ctx, port);
}

static void run_pop(void *ctx, uint32_t port)
{
    struct vdc_model_run *r = ctx;

    r->n_pop++;
    r->cfg.io->pop(r->cfg.io->ctx, port);
}

static void run_emit(void *ctx, uint32_t port, const struct vdc_msg *m, const void *payload)
{
    struct vdc_model_run *r = ctx;

    assert(m->type != VDC_MSG_FILLER);
    assert(m->t >= m->depart);
    r->n_emit++;
    if (r->cfg.every > 0) {
        vdc_digest_msg(&r->stream, m, payload);
    }
    r->cfg.io->emit(r->cfg.io->ctx, port, m, payload);
}

static void run_note(void *ctx, const struct vdc_msg *m, const void *payload)
{
    struct vdc_model_run *r = ctx;

    r->cfg.io->note(r->cfg.io->ctx, m, payload);
}

/* Nothing due means that the bytes of the state stay as they are, which saves hashing them at idle
 * points. */
static void step(struct vdc_model_run *r, vtime_t to)
{
    const bool own = r->cfg.ops->next(r->cfg.state) < to;
    const uint64_t n_pop = r->n_pop;

    r->cfg.ops->run(r->cfg.state, to, &r->io);
    if (own || r->n_pop != n_pop) {
        r->is_changed = 1;
    }
    assert(r->cfg.ops->next(r->cfg.state) >= to);
    r->now = to;
}

static void point(struct vdc_model_run *r)
{
    struct vdc_digest_point p = { .k = r->k, .t = r->now, .stream = r->stream, .text = r->text };

    if (r->is_changed) {
        r->state_digest = r->cfg.ops->digest(r->cfg.state);
        r->is_changed = 0;
    }
    p.state = r->state_digest;
    vdc_digest_chain(&r->prev, &p);
    r->text = (struct vdc_digest){ 0 };
    r->k++;
    if (r->cfg.point) {
        r->cfg.point(r->cfg.point_ctx, &p);
    }
}

/* Time of point k, VTIME_NEVER beyond the end of time. */
static vtime_t point_t(const struct vdc_model_run *r)
{
    return r->k > VTIME_NEVER / r->cfg.every ? VTIME_NEVER : r->k * r->cfg.every;
}

void vdc_model_run_init(struct vdc_model_run *r, const struct vdc_model_run_cfg *cfg)
{
    assert(cfg->ops && cfg->state && cfg->io);
    memset(r, 0, sizeof(*r));
    r->cfg = *cfg;
    r->io.ctx = r;
    r->io.peek = run_peek;
    r->io.pop = run_pop;
    r->io.emit = run_emit;
    r->io.note = cfg->io->note ? run_note : NULL;
    r->k = 1;
    r->is_changed = 1;
}

void vdc_model_run_to(struct vdc_model_run *r, vtime_t to)
{
    assert(to >= r->now);
    if (r->cfg.every > 0) {
        assert(to != VTIME_NEVER);
        while (point_t(r) <= to) {
            step(r, point_t(r));
            point(r);
        }
    }
    if (to > r->now) {
        step(r, to);
    }
}

void vdc_model_run_text(struct vdc_model_run *r, const void *p, size_t n)
{
    if (r->cfg.every > 0 && n > 0) {
        vdc_digest_fold(&r->text, p, n);
    }
}

void vdc_model_run_end(struct vdc_model_run *r)
{
    if (r->cfg.every > 0 && r->now != (r->k - 1) * r->cfg.every) {
        point(r);
    }
}
