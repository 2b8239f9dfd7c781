/* SPDX-License-Identifier: MIT */
/* The loop of two models and the link between them. */
#include "pair.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "vdc/rng.h"

#define SLOT      9216u /* bytes of a frame */
#define FAULT_MIN 54u   /* a damaged bit lies behind the BTH of IPv4 */
#define LOG_EQ    8u

/* ---- link ---- */

static bool chance(struct pair *p, uint64_t p32)
{
    return p32 != 0 && (vdc_rand(p->seed, p->n_rand++) >> 32) < p32;
}

static struct pair_frame *at(struct pair_dir *d, uint32_t i)
{
    return &d->f[(d->first + i) % PAIR_FLIGHT];
}

static void insert(struct pair_dir *d, vtime_t t, const struct vdc_msg *m, const void *bytes,
                   uint32_t damaged_bit)
{
    struct pair_frame f = { .m = *m, .t = t, .seq = d->seq++ };
    uint32_t i = d->n++;

    assert(d->n <= PAIR_FLIGHT && m->len <= SLOT);
    f.slot = d->free[--d->n_free];
    memcpy(d->mem + (size_t)f.slot * SLOT, bytes, m->len);
    if (damaged_bit) {
        d->mem[(size_t)f.slot * SLOT + damaged_bit / 8] ^= (uint8_t)(1u << damaged_bit % 8);
    }
    for (; i > 0 && at(d, i - 1)->t > t; i--) {
        *at(d, i) = *at(d, i - 1);
    }
    *at(d, i) = f;
}

static void on_frame(void *ctx, const struct vdc_msg *m, const void *bytes)
{
    struct pair_end *e = ((struct host *)ctx)->owner;
    struct pair *p = e->p;
    struct pair_dir *d = &p->dir[e->index];
    const struct pair_fault *f = &d->fault;
    vtime_t t = m->t + e->o->epoch;
    uint32_t damaged = 0;

    if (m->type != VDC_MSG_ETH) {
        insert(d, t, m, bytes, 0);
        return;
    }
    assert(m->depart + e->o->epoch >= e->promise);
    if (p->tap) {
        p->tap(p->tap_ctx, e->index, m, bytes);
    }
    d->n_sent++;
    if (f->is_cut || d->n_sent - 1 - f->drop_from < f->drop_n || chance(p, f->loss_p32)) {
        d->n_lost++;
        return;
    }
    if (m->len > FAULT_MIN && chance(p, f->corrupt_p32)) {
        damaged = FAULT_MIN * 8 +
                  (uint32_t)vdc_rand_below(p->seed, p->n_rand++, (m->len - FAULT_MIN) * 8);
        d->n_corrupt++;
    }
    if (f->reorder_ps != 0 && chance(p, f->reorder_p32)) {
        t += 1 + vdc_rand_below(p->seed, p->n_rand++, f->reorder_ps);
        d->n_reordered++;
    }
    insert(d, t, m, bytes, damaged);
    if (chance(p, f->dup_p32)) {
        d->n_dup++;
        insert(d, t + 1 + vdc_rand_below(p->seed, p->n_rand++, 1 + f->reorder_ps), m, bytes,
               damaged);
    }
}

static void deliver(struct pair_dir *d, struct pair_end *to, vtime_t now)
{
    while (d->n > 0 && at(d, 0)->t <= now) {
        struct pair_frame f = *at(d, 0);

        f.m.t = f.t - to->o->epoch;
        f.m.seq = f.seq;
        assert(vdc_hinic_rx(to->o->h, &f.m, d->mem + (size_t)f.slot * SLOT) == 0);
        d->free[d->n_free++] = f.slot;
        d->first = (d->first + 1) % PAIR_FLIGHT;
        d->n--;
        to->promise = 0; /* it was made without this */
    }
}

/* ---- loop ---- */

static vtime_t next_time(struct pair *p)
{
    vtime_t t = VTIME_NEVER;

    for (uint32_t i = 0; i < 2; i++) {
        t = vtime_min(t, vdc_hinic_next(p->end[i].o->h));
        t = p->dir[i].n > 0 ? vtime_min(t, at(&p->dir[i], 0)->t) : t;
    }
    return t;
}

static void run_at(struct pair *p, vtime_t t)
{
    assert(t >= p->now);
    p->now = t;
    for (uint32_t i = 0; i < 2; i++) {
        struct pair_end *e = &p->end[i];

        deliver(&p->dir[1 - i], e, t);
        vdc_hinic_run(e->o->h, t, &e->o->env);
        e->o->now = t;
        e->promise = vtime_max(e->promise, vdc_hinic_promise(e->o->h, t));
    }
}

bool pair_step(struct pair *p)
{
    const vtime_t t = next_time(p);

    if (t == VTIME_NEVER || t > p->limit) {
        return false;
    }
    run_at(p, vtime_max(t, p->now));
    return true;
}

void pair_run(struct pair *p, vtime_t t)
{
    const vtime_t limit = p->limit;

    p->limit = t;
    while (pair_step(p)) {
    }
    p->limit = limit;
    if (t > p->now) {
        run_at(p, t);
    }
}

void pair_idle(struct pair *p)
{
    while (pair_step(p)) {
    }
}

void pair_link(struct pair *p, bool is_up)
{
    for (uint32_t i = 0; i < 2; i++) {
        const struct vdc_msg_link l = { .is_up = is_up,
                                        .mtu = p->end[i].o->cfg.link.mtu,
                                        .rate_bps = p->end[i].o->cfg.link.rate_bps };
        const struct vdc_msg m = { .type = VDC_MSG_LINK, .len = sizeof(l) };

        insert(&p->dir[i], p->now + 1, &m, &l, 0);
    }
}

uint32_t pair_cmd(struct pair_end *e, uint32_t op, uint32_t port, const void *inl, uint32_t inl_len,
                  const void *in, uint32_t in_len, void *out, uint32_t out_len)
{
    struct host *o = e->o;
    const uint32_t mask = (1u << o->log_aq) - 1;
    struct hinic_aq_sqe s = { .opcode = (uint8_t)op,
                              .flags = in_len ? HINIC_AQ_F_IN : 0,
                              .cmd_id = (uint16_t)(o->sq_pi * 3 + 1),
                              .port = (uint8_t)port,
                              .in_pa = in_len ? o->mb_in : 0,
                              .out_pa = out_len ? o->mb_out : 0 };
    const struct hinic_aq_cqe *c;

    if (inl_len) {
        memcpy(s.inl, inl, inl_len);
    }
    if (in_len) {
        memcpy(host_ptr(o, o->mb_in, in_len), in, in_len);
    }
    memcpy(host_ptr(o, o->sq + (uint64_t)(o->sq_pi & mask) * sizeof(s), sizeof(s)), &s, sizeof(s));
    o->sq_pi++;
    host_write(o, HINIC_R_AQ_DB, 4, o->sq_pi);
    c = host_ptr(o, o->cq + (uint64_t)(o->cq_ci & mask) * sizeof(*c), sizeof(*c));
    while ((c->own & 1) != ((o->cq_ci >> o->log_aq & 1) ^ 1)) {
        if (!pair_step(e->p)) {
            return 255;
        }
    }
    assert(c->cmd_id == s.cmd_id);
    o->cq_ci++;
    host_write(o, HINIC_R_AQ_CQ_CI, 4, o->cq_ci);
    memcpy(o->out, c->out, sizeof(o->out));
    if (out_len) {
        memcpy(out, host_ptr(o, o->mb_out, out_len), out_len);
    }
    return c->status;
}

uint64_t pair_counter(const struct pair *p, uint32_t end, enum hinic_counter c)
{
    return vdc_hinic_counter(p->end[end].o->h, c);
}

struct vdc_digest pair_digest(const struct pair *p)
{
    struct vdc_digest d = vdc_hinic_digest(p->end[0].o->h);
    const struct vdc_digest other = vdc_hinic_digest(p->end[1].o->h);

    vdc_digest_fold(&d, &other, sizeof(other));
    vdc_digest_fold(&d, &p->now, sizeof(p->now));
    for (uint32_t i = 0; i < 2; i++) {
        for (uint32_t k = 0; k < p->dir[i].n; k++) {
            const struct pair_frame *f = &p->dir[i].f[(p->dir[i].first + k) % PAIR_FLIGHT];

            vdc_digest_fold(&d, &f->t, sizeof(f->t));
            vdc_digest_fold(&d, p->dir[i].mem + (size_t)f->slot * SLOT, f->m.len);
        }
    }
    return d;
}

/* ---- start ---- */

static void open_end(struct pair_end *e)
{
    const uint32_t n = e->index + 1;
    struct hinic_mb_create_eq eq = { .log_depth = LOG_EQ, .vector = 1 };
    struct hinic_inl_gid g = { .index = 0, .type = HINIC_GID_ROCE_V2, .vlan = 0xffff };
    const uint64_t mac = host_read(e->o, HINIC_R_MAC, 8);

    for (uint32_t i = 0; i < 6; i++) {
        e->mac[i] = (uint8_t)(mac >> (40 - 8 * i));
    }
    memcpy(e->gid[0], (const uint8_t[16]){ [10] = 0xff, [11] = 0xff, [12] = 10, [15] = (uint8_t)n },
           16);
    memcpy(e->gid[1], (const uint8_t[16]){ 0xfd, [15] = (uint8_t)n }, 16);
    memcpy(g.mac, e->mac, 6);
    for (uint32_t i = 0; i < 2; i++) {
        g.index = (uint16_t)i;
        memcpy(g.gid, e->gid[i], 16);
        assert(pair_cmd(e, HINIC_AQ_SET_GID, 1, &g, sizeof(g), NULL, 0, NULL, 0) == 0);
    }
    assert(pair_cmd(e, HINIC_AQ_ALLOC_UAR, 0, NULL, 0, NULL, 0, NULL, 0) == 0);
    e->uar = e->o->out[0];
    assert(pair_cmd(e, HINIC_AQ_ALLOC_PD, 0, NULL, 0, NULL, 0, NULL, 0) == 0);
    e->pdn = e->o->out[0];
    e->log_eq = LOG_EQ;
    e->eq = host_alloc(e->o, sizeof(struct hinic_eqe) << LOG_EQ, 4096);
    eq.pbl = host_pbl(e->eq, 12, 1);
    assert(pair_cmd(e, HINIC_AQ_CREATE_EQ, 0, NULL, 0, &eq, sizeof(eq), NULL, 0) == 0);
    e->eqn = e->o->out[0];
    host_db(e->o, HINIC_DB_EQ, e->eqn | HINIC_DB_ARM);
    e->cq = pair_cq(e, 12, HINIC_CQ_TIMESTAMP);
}

struct pair *pair_new(const struct vdc_hinic_cfg *cfg, uint64_t seed)
{
    struct pair *p = calloc(1, sizeof(*p));
    struct hinic_eqe ev;

    assert(p);
    p->seed = vdc_key(seed, VDC_RNG_SIM, 0, 0);
    p->limit = VTIME_NEVER;
    for (uint32_t i = 0; i < 2; i++) {
        struct vdc_hinic_cfg c = cfg ? *cfg : vdc_hinic_cfg_default();
        struct pair_end *e = &p->end[i];
        struct pair_dir *d = &p->dir[i];

        c.node = i;
        c.n_nodes = 2;
        c.seed = seed;
        c.port_id = vdc_port_id(VDC_PORT_NIC, i, 0);
        *e = (struct pair_end){ .p = p, .o = host_new(&c), .index = i, .peer = 1 - i };
        e->o->owner = e;
        e->o->env.frame = on_frame;
        d->mem = malloc((size_t)PAIR_FLIGHT * SLOT);
        assert(d->mem);
        for (d->n_free = 0; d->n_free < PAIR_FLIGHT; d->n_free++) {
            d->free[d->n_free] = PAIR_FLIGHT - 1 - d->n_free;
        }
        host_enable(e->o);
    }
    pair_idle(p);
    for (uint32_t i = 0; i < 2; i++) {
        host_ready(p->end[i].o);
        p->end[i].promise = 0;
    }
    pair_idle(p);
    for (uint32_t i = 0; i < 2; i++) {
        open_end(&p->end[i]);
        while (host_aeqe(p->end[i].o, &ev)) {
        }
    }
    return p;
}

void pair_free(struct pair *p)
{
    for (uint32_t i = 0; i < 2; i++) {
        host_free(p->end[i].o);
        free(p->dir[i].mem);
    }
    free(p);
}
