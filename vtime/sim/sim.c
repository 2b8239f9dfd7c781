/* SPDX-License-Identifier: MIT */
/* In-process simulator: memory, configuration, what both engines share. */
#include "vdc/sim.h"

#include <assert.h>
#include <string.h>

#include "simstate.h"

#define ALIGN 64u

static size_t up(size_t n)
{
    return (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

static int check_cfg(const struct vdc_sim_cfg *c)
{
    if (c->n_comp == 0 || c->n_comp > SIM_COMP_MAX || c->n_wire > VDC_SIM_WIRE_MAX ||
        c->n_fault > VDC_SIM_FAULT_MAX || c->n_slot == 0 || c->slot_payload > VDC_MSG_PAYLOAD_MAX) {
        return VDC_SIM_ERR_CFG;
    }
    for (uint32_t i = 0; i < c->n_comp; i++) {
        if (c->comp[i].n_port > VDC_SIM_PORT_MAX || c->comp[i].ops->size(c->comp[i].cfg) == 0) {
            return VDC_SIM_ERR_CFG;
        }
    }
    for (uint32_t w = 0; w < c->n_wire; w++) {
        for (uint32_t e = 0; e < 2; e++) {
            const struct vdc_sim_wire *x = &c->wire[w];

            if (x->comp[e] >= c->n_comp || x->port[e] >= c->comp[x->comp[e]].n_port ||
                x->min_ps[e] < 2) {
                return VDC_SIM_ERR_CFG;
            }
        }
    }
    for (uint32_t f = 0; f < c->n_fault; f++) {
        if (c->fault[f].target / 2 >= c->n_wire || c->fault[f].kind >= VDC_FAULT_KINDS) {
            return VDC_SIM_ERR_CFG;
        }
    }
    return VDC_SIM_OK;
}

static uint32_t count_ports(const struct vdc_sim_cfg *c)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < c->n_comp; i++) {
        n += c->comp[i].n_port;
    }
    return n;
}

/* Places every part behind the struct; base NULL only adds up. */
static size_t lay_out(struct vdc_sim *s, uint8_t *base, const struct vdc_sim_cfg *c)
{
    size_t at = up(sizeof(struct vdc_sim));
    const size_t stride = up(sizeof(struct vdc_msg) + c->slot_payload);
    size_t place[8];

    place[0] = at;
    at += up(vdc_sync_size());
    place[1] = at;
    at += up(c->n_comp * sizeof(struct sim_comp));
    place[2] = at;
    at += up(count_ports(c) * sizeof(struct sim_port));
    place[3] = at;
    at += up(2 * c->n_wire * sizeof(struct sim_dir));
    place[4] = at;
    at += up(c->n_fault * sizeof(struct vdc_burst));
    place[5] = at;
    at += up(c->n_slot * sizeof(struct sim_link));
    place[6] = at;
    at += c->n_slot * stride;
    place[7] = at;
    at += up(c->n_trace * sizeof(struct vdc_trace_rec));
    if (base) {
        s->slot_stride = stride;
        s->sync = (struct vdc_sync *)(void *)(base + place[0]);
        s->comp = (struct sim_comp *)(void *)(base + place[1]);
        s->port = (struct sim_port *)(void *)(base + place[2]);
        s->dir = (struct sim_dir *)(void *)(base + place[3]);
        s->burst = (struct vdc_burst *)(void *)(base + place[4]);
        s->link = (struct sim_link *)(void *)(base + place[5]);
        s->slot = base + place[6];
        s->trace = (struct vdc_trace_rec *)(void *)(base + place[7]);
    }
    for (uint32_t i = 0; i < c->n_comp; i++) {
        if (base) {
            s->comp[i].state = base + at;
        }
        at += up(c->comp[i].ops->size(c->comp[i].cfg));
    }
    return at;
}

static void sim_note(void *ctx, const struct vdc_msg *m, const void *payload)
{
    const struct sim_comp *c = ctx;

    c->sim->cfg.note(c->sim->cfg.ctx, c->id, m, payload);
}

static void sim_point(void *ctx, const struct vdc_digest_point *p)
{
    const struct sim_comp *c = ctx;

    c->sim->cfg.point(c->sim->cfg.ctx, c->id, p);
}

static int init_comps(struct vdc_sim *s)
{
    uint32_t port = 0;

    for (uint32_t i = 0; i < s->cfg.n_comp; i++) {
        const struct vdc_sim_comp *d = &s->cfg.comp[i];
        struct sim_comp *c = &s->comp[i];

        c->sim = s;
        c->id = i;
        c->port_base = port;
        for (uint32_t p = 0; p < d->n_port; p++) {
            s->port[port++] = (struct sim_port){ SLOT_NONE, SLOT_NONE, WIRE_NONE, 0, 0 };
        }
        c->io = (struct vdc_model_io){ c, vdc_sim_peek, vdc_sim_pop, vdc_sim_emit,
                                       s->cfg.note ? sim_note : NULL };
        if (d->is_hub ? s->n_hub == VDC_SIM_HUB_MAX : s->n_task == VDC_SIM_TASK_MAX) {
            return VDC_SIM_ERR_CFG;
        }
        if (d->is_hub) {
            s->hub_comp[s->n_hub] = i;
            c->sync_id = s->n_hub++;
        } else {
            s->task_comp[s->n_task] = i;
            c->sync_id = s->n_task++;
        }
        if (d->ops->init(c->state, d->cfg) != 0) {
            return VDC_SIM_ERR_CFG;
        }
        vdc_model_run_init(&c->run,
                           &(struct vdc_model_run_cfg){ .ops = d->ops,
                                                        .state = c->state,
                                                        .io = &c->io,
                                                        .every = s->cfg.every,
                                                        .point = s->cfg.point ? sim_point : NULL,
                                                        .point_ctx = c });
    }
    s->n_real_hub = s->n_hub;
    return VDC_SIM_OK;
}

static int join_wires(struct vdc_sim *s)
{
    for (uint32_t w = 0; w < s->cfg.n_wire; w++) {
        for (uint32_t e = 0; e < 2; e++) {
            const struct vdc_sim_wire *x = &s->cfg.wire[w];
            struct sim_port *q = &s->port[s->comp[x->comp[e]].port_base + x->port[e]];

            if (q->wire != WIRE_NONE) {
                return VDC_SIM_ERR_CFG;
            }
            q->wire = w;
            q->end = e;
        }
    }
    return VDC_SIM_OK;
}

/* The paths as vtime/sync wants them. A wire between two vtasks is a hub that delays the last ps of
 * its latency. */
static int init_sync(struct vdc_sim *s)
{
    struct vdc_sync_task task[VDC_SIM_TASK_MAX] = { { 0 } };
    struct vdc_sync_hub hub[VDC_SIM_HUB_MAX] = { { 0 } };
    struct vdc_sync_port port[2 * VDC_SIM_WIRE_MAX];
    struct vdc_sync_link link[2 * VDC_SIM_WIRE_MAX];
    const struct vdc_sync_scope all = {
        .members = s->n_task < 64 ? (UINT64_C(1) << s->n_task) - 1 : UINT64_MAX,
        .bound_ps = s->cfg.bound_ps,
    };
    struct vdc_sync_cfg c = { .mode = s->cfg.mode,
                              .n_task = s->n_task,
                              .n_scope = 1,
                              .quantum_ps = s->cfg.quantum_ps,
                              .task = task,
                              .port = port,
                              .hub = hub,
                              .link = link,
                              .scope = &all };

    for (uint32_t i = 0; i < s->n_task; i++) {
        task[i].react_ps = s->cfg.comp[s->task_comp[i]].react_ps;
    }
    for (uint32_t h = 0; h < s->n_hub; h++) {
        hub[h].fwd_ps = s->cfg.comp[s->hub_comp[h]].fwd_ps;
        hub[h].can_hairpin = s->cfg.comp[s->hub_comp[h]].can_hairpin;
    }
    s->hub_link_ps = VTIME_NEVER;
    for (uint32_t w = 0; w < s->cfg.n_wire; w++) {
        const struct vdc_sim_wire *x = &s->cfg.wire[w];
        const struct vdc_sim_comp *d[2] = { &s->cfg.comp[x->comp[0]], &s->cfg.comp[x->comp[1]] };

        if (!d[0]->is_hub && !d[1]->is_hub) {
            if (s->n_hub == VDC_SIM_HUB_MAX) {
                return VDC_SYNC_ERR_LIMIT;
            }
            for (uint32_t e = 0; e < 2; e++) {
                port[c.n_port++] = (struct vdc_sync_port){ s->comp[x->comp[e]].sync_id, s->n_hub,
                                                           x->min_ps[e] - 1, 1 };
            }
            s->hub_next[s->n_hub++] = VTIME_NEVER;
            continue;
        }
        for (uint32_t e = 0; e < 2; e++) {
            const uint32_t me = s->comp[x->comp[e]].sync_id;
            const uint32_t peer = s->comp[x->comp[!e]].sync_id;

            if (!d[e]->is_hub) {
                port[c.n_port++] = (struct vdc_sync_port){
                    me, peer, x->min_ps[e], vtime_add(x->min_ps[!e], hub[peer].fwd_ps)
                };
            } else if (d[!e]->is_hub) {
                link[c.n_link++] = (struct vdc_sync_link){ me, peer, x->min_ps[e] };
                s->hub_link_ps = vtime_min(s->hub_link_ps, x->min_ps[e]);
            }
        }
    }
    c.n_hub = s->n_hub;
    return vdc_sync_init(s->sync, &c);
}

size_t vdc_sim_size(const struct vdc_sim_cfg *cfg)
{
    return check_cfg(cfg) == VDC_SIM_OK ? lay_out(NULL, NULL, cfg) : 0;
}

int vdc_sim_init(void *mem, const struct vdc_sim_cfg *cfg)
{
    struct vdc_sim *s = mem;
    int err = check_cfg(cfg);

    assert(((uintptr_t)mem & (ALIGN - 1)) == 0);
    if (err != VDC_SIM_OK) {
        return err;
    }
    memset(mem, 0, lay_out(NULL, NULL, cfg));
    s->cfg = *cfg;
    (void)lay_out(s, mem, cfg);
    err = init_comps(s);
    err = err ? err : join_wires(s);
    if (err == VDC_SIM_OK) {
        s->sync_err = init_sync(s);
        err = s->sync_err ? VDC_SIM_ERR_SYNC : VDC_SIM_OK;
    }
    for (uint32_t i = 0; i < cfg->n_slot; i++) {
        s->link[i].next = i + 1 < cfg->n_slot ? i + 1 : SLOT_NONE;
    }
    s->err = err;
    return err;
}

void vdc_sim_watch(struct vdc_sim *s, const struct vdc_sim_watch *w)
{
    s->watch = *w;
}

int vdc_sim_inject(struct vdc_sim *s, uint32_t comp, uint32_t port, vtime_t t, uint16_t type,
                   const void *payload, uint32_t len)
{
    struct sim_comp *c = &s->comp[comp];
    struct vdc_msg m = { .t = t, .type = type, .len = len, .depart = t };

    assert(comp < s->cfg.n_comp);
    assert(port < s->cfg.comp[comp].n_port);
    if (s->port[c->port_base + port].wire != WIRE_NONE) {
        return VDC_SIM_ERR_PORT;
    }
    m.seq = s->port[c->port_base + port].n_inject++;
    (void)vdc_sim_enqueue(s, c, port, &m, payload, t); /* a full pool is in s->err */
    return s->err;
}

void vdc_sim_fail(struct vdc_sim *s, enum vdc_sim_err err, uint32_t comp, vtime_t t)
{
    if (s->err == VDC_SIM_OK) {
        s->err = err;
        s->stat.err_comp = comp;
        s->stat.err_t = t;
    }
}

vtime_t vdc_sim_head_t(const struct vdc_sim *s, const struct sim_comp *c)
{
    vtime_t t = VTIME_NEVER;

    for (uint32_t p = 0; p < s->cfg.comp[c->id].n_port; p++) {
        const uint32_t slot = s->port[c->port_base + p].head;

        if (slot != SLOT_NONE) {
            t = vtime_min(t, vdc_sim_slot(s, slot)->t);
        }
    }
    return t;
}

vtime_t vdc_sim_next_t(const struct vdc_sim *s, const struct sim_comp *c)
{
    return vtime_min(vdc_sim_head_t(s, c), s->cfg.comp[c->id].ops->next(c->state));
}

void vdc_sim_finish(struct vdc_sim *s, vtime_t stop)
{
    for (uint32_t i = 0; i < s->cfg.n_comp && s->err == VDC_SIM_OK; i++) {
        assert(vdc_sim_next_t(s, &s->comp[i]) >= stop);
        vdc_model_run_to(&s->comp[i].run, stop);
    }
}

struct vdc_digest vdc_sim_end(struct vdc_sim *s)
{
    struct vdc_digest d = { 0 };

    for (uint32_t i = 0; i < s->cfg.n_comp; i++) {
        vdc_model_run_end(&s->comp[i].run);
        vdc_digest_fold(&d, &s->comp[i].run.prev, sizeof(s->comp[i].run.prev));
    }
    return d;
}

const struct vdc_sim_stat *vdc_sim_stat(const struct vdc_sim *s)
{
    return &s->stat;
}

struct vdc_sim_count vdc_sim_count(const struct vdc_sim *s, uint32_t wire, uint32_t direction)
{
    assert(wire < s->cfg.n_wire);
    assert(direction < 2);
    return s->dir[2 * wire + direction].count;
}

void *vdc_sim_state(struct vdc_sim *s, uint32_t comp)
{
    assert(comp < s->cfg.n_comp);
    return s->comp[comp].state;
}

vtime_t vdc_sim_now(const struct vdc_sim *s, uint32_t comp)
{
    assert(comp < s->cfg.n_comp);
    return s->comp[comp].run.now;
}

const struct vdc_trace_rec *vdc_sim_trace(struct vdc_sim *s, size_t *n, uint64_t *total)
{
    *n = s->n_trace < s->cfg.n_trace ? s->n_trace : s->cfg.n_trace;
    *total = s->n_trace;
    vdc_trace_sort(s->trace, *n);
    return s->trace;
}

uint64_t vdc_sim_lookahead(const struct vdc_sim *s)
{
    return vdc_sync_lookahead(s->sync);
}

int vdc_sim_sync_err(const struct vdc_sim *s)
{
    return s->sync_err;
}
