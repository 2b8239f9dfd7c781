/* SPDX-License-Identifier: MIT */
/* Checkers: what must hold for every model, every fault and every cut. */
#include "check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "relay.h"
#include "talker.h"

const char *check_name(enum check_rule rule)
{
    static const char *const name[CHECK_RULES] = { "order",        "causality", "once",
                                                   "conservation", "bounds",    "liveness" };

    return name[rule];
}

__attribute__((format(printf, 3, 4))) static void bad(struct check *c, enum check_rule rule,
                                                      const char *fmt, ...)
{
    c->n_bad[rule]++;
    if (c->first[0] == '\0') {
        int n = snprintf(c->first, sizeof(c->first), "%s: ", check_name(rule));
        va_list ap;

        va_start(ap, fmt);
        (void)vsnprintf(c->first + n, sizeof(c->first) - (size_t)n, fmt, ap); /* cut text is fine */
        va_end(ap);
    }
}

/* Minimum latency of the wire behind a port. */
static uint64_t wire_min(const struct vdc_sim_cfg *cfg, uint32_t comp, uint32_t port)
{
    for (uint32_t w = 0; w < cfg->n_wire; w++) {
        for (uint32_t e = 0; e < 2; e++) {
            if (cfg->wire[w].comp[e] == comp && cfg->wire[w].port[e] == port) {
                return cfg->wire[w].min_ps[e];
            }
        }
    }
    return 0;
}

static void on_send(void *ctx, uint32_t comp, uint32_t port, const struct vdc_msg *m,
                    const void *payload)
{
    struct check *c = ctx;
    struct check_port *p = &c->port[comp][port];
    const char *name = c->cfg->comp[comp].name;
    struct talk k;

    if (m->seq != p->n_send) {
        bad(c, CHECK_ORDER, "%s port %u sent seq %" PRIu64 " after %" PRIu64, name, port, m->seq,
            p->n_send);
        p->n_send = m->seq;
    }
    if (p->n_send > 0 && m->t <= p->t) {
        bad(c, CHECK_ORDER, "%s port %u: arrival %" PRIu64 " after %" PRIu64, name, port, m->t,
            p->t);
    }
    if (m->t < m->depart + wire_min(c->cfg, comp, port)) {
        bad(c, CHECK_CAUSALITY,
            "%s port %u: departs %" PRIu64 " arrives %" PRIu64 ", wire takes %" PRIu64, name, port,
            m->depart, m->t, wire_min(c->cfg, comp, port));
    }
    if (m->depart < p->depart) {
        bad(c, CHECK_CAUSALITY, "%s port %u departs at %" PRIu64 " after %" PRIu64, name, port,
            m->depart, p->depart);
    }
    if (c->cfg->comp[comp].ops == &talker_ops && m->len >= sizeof(k)) {
        memcpy(&k, payload, sizeof(k));
        if ((k.id & UINT32_MAX) != p->n_id++) {
            bad(c, CHECK_ONCE, "%s sent number %" PRIu64 " instead of %" PRIu64, name,
                k.id & UINT32_MAX, p->n_id - 1);
        }
    }
    p->n_send++;
    p->t = m->t;
    p->depart = m->depart;
}

static void on_take(void *ctx, uint32_t comp, uint32_t port, const struct vdc_msg *m,
                    const void *payload)
{
    struct check *c = ctx;

    (void)payload;
    if (!c->cfg->comp[comp].is_hub || m->type != VDC_MSG_ETH) {
        return;
    }
    if (c->hub[comp].has &&
        (m->t < c->hub[comp].t || (m->t == c->hub[comp].t && port < c->hub[comp].port))) {
        bad(c, CHECK_ORDER, "%s took (%" PRIu64 ", %u) after (%" PRIu64 ", %u)",
            c->cfg->comp[comp].name, m->t, port, c->hub[comp].t, c->hub[comp].port);
    }
    c->hub[comp].has = 1;
    c->hub[comp].t = m->t;
    c->hub[comp].port = port;
    c->hub[comp].n_take++;
}

void check_init(struct check *c, const struct vdc_sim_cfg *cfg, struct vdc_sim *sim)
{
    memset(c, 0, sizeof(*c));
    c->cfg = cfg;
    c->is_faulty = cfg->n_fault > 0;
    vdc_sim_watch(sim, &(struct vdc_sim_watch){ c, on_send, on_take });
}

static void end_wires(struct check *c, struct vdc_sim *sim)
{
    for (uint32_t d = 0; d < 2 * c->cfg->n_wire; d++) {
        const struct vdc_sim_count n = vdc_sim_count(sim, d / 2, d % 2);

        if (n.sent + n.copied != n.lost + n.queued + n.taken) {
            bad(c, CHECK_CONSERVATION,
                "wire %u.%u: sent %" PRIu64 " + copied %" PRIu64 ", lost %" PRIu64
                " + queued %" PRIu64 " + taken %" PRIu64,
                d / 2, d % 2, n.sent, n.copied, n.lost, n.queued, n.taken);
        }
    }
}

static void end_relay(struct check *c, struct vdc_sim *sim, uint32_t comp, uint64_t *n_drop)
{
    const struct relay_stat *s = relay_stat(vdc_sim_state(sim, comp));
    const struct relay_cfg *cfg = c->cfg->comp[comp].cfg;
    const uint64_t drop = s->n_drop_queue + s->n_drop_route + s->n_drop_short;
    uint64_t sent = 0;

    for (uint32_t d = 0; d < 2 * c->cfg->n_wire; d++) {
        if (c->cfg->wire[d / 2].comp[d % 2] == comp) {
            sent += vdc_sim_count(sim, d / 2, d % 2).sent;
        }
    }
    *n_drop += drop;
    if (s->n_in != c->hub[comp].n_take || s->n_out != sent) {
        bad(c, CHECK_CONSERVATION,
            "%s counts %" PRIu64 " in, %" PRIu64 " out; its wires %" PRIu64 ", %" PRIu64,
            c->cfg->comp[comp].name, s->n_in, s->n_out, c->hub[comp].n_take, sent);
    }
    if (s->n_in + s->n_copy != s->n_out + drop + s->n_queued) {
        bad(c, CHECK_CONSERVATION,
            "%s: in %" PRIu64 " + copies %" PRIu64 ", out %" PRIu64 " + dropped %" PRIu64
            " + queued %" PRIu64,
            c->cfg->comp[comp].name, s->n_in, s->n_copy, s->n_out, drop, s->n_queued);
    }
    if (s->queue_high > cfg->queue_max) {
        bad(c, CHECK_BOUNDS, "%s queued %" PRIu64 " of %u", c->cfg->comp[comp].name, s->queue_high,
            cfg->queue_max);
    }
}

void check_end(struct check *c, struct vdc_sim *sim)
{
    uint64_t n_drop = 0;
    uint64_t asked = 0;
    uint64_t answers = 0;
    uint64_t got = 0;

    end_wires(c, sim);
    for (uint32_t i = 0; i < c->cfg->n_comp; i++) {
        if (c->cfg->comp[i].ops == &relay_ops) {
            end_relay(c, sim, i, &n_drop);
        }
    }
    for (uint32_t i = 0; i < c->cfg->n_comp; i++) {
        if (c->cfg->comp[i].ops == &talker_ops) {
            const struct talker_cfg *cfg = c->cfg->comp[i].cfg;
            const struct talker_stat *s = talker_stat(vdc_sim_state(sim, i));

            asked += s->n_got_request;
            answers += s->n_reply;
            got += s->n_got_reply;
            if (s->n_request != cfg->n_send) {
                bad(c, CHECK_LIVENESS, "%s sent %" PRIu64 " of %u requests", c->cfg->comp[i].name,
                    s->n_request, cfg->n_send);
            }
            if (s->n_bad > 0 && !c->is_faulty) {
                bad(c, CHECK_LIVENESS, "%s got %" PRIu64 " bad frames", c->cfg->comp[i].name,
                    s->n_bad);
            }
        }
    }
    if (!c->is_faulty && (asked != answers || (n_drop == 0 && got != answers))) {
        bad(c, CHECK_LIVENESS,
            "%" PRIu64 " requests arrived, %" PRIu64 " answers sent, %" PRIu64 " arrived", asked,
            answers, got);
    }
}

uint64_t check_total(const struct check *c)
{
    uint64_t n = 0;

    for (int r = 0; r < CHECK_RULES; r++) {
        n += c->n_bad[r];
    }
    return n;
}
