/* SPDX-License-Identifier: MIT */
/* Two connected queue pairs, a log of frames, closed forms of times. */
#include "reqrig.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ACCESS_ALL                                                                                 \
    (HINIC_ACCESS_LOCAL_WRITE | HINIC_ACCESS_REMOTE_WRITE | HINIC_ACCESS_REMOTE_READ |             \
     HINIC_ACCESS_REMOTE_ATOMIC | HINIC_ACCESS_FLUSH_GLOBAL | HINIC_ACCESS_FLUSH_PERSISTENT)

static void tap(void *ctx, uint32_t from, const struct vdc_msg *m, const uint8_t *bytes)
{
    struct reqrig *r = ctx;
    struct reqrig_frame f = { .from = from, .len = m->len, .t = m->t + r->p->end[from].o->epoch };

    if (r->n_log < REQRIG_LOG && vdc_wire_parse(bytes, m->len, &f.w) == WIRE_OK) {
        r->log[r->n_log++] = f;
    }
}

struct reqrig *reqrig_new(const struct vdc_hinic_cfg *cfg, uint32_t type,
                          const struct pair_conn *conn)
{
    struct reqrig *r = calloc(1, sizeof(*r));
    const struct pair_qp_cfg qc = { .type = type, .max_send_sge = 16 };

    assert(r);
    r->p = pair_new(cfg, 1);
    r->a = pair_qp(&r->p->end[0], &qc);
    r->b = pair_qp(&r->p->end[1], &qc);
    if (type == HINIC_QPT_RC || type == HINIC_QPT_UC) {
        pair_connect(&r->a, &r->b, conn);
    } else {
        pair_ud_start(&r->a, PAIR_QKEY, PAIR_PSN);
        pair_ud_start(&r->b, PAIR_QKEY, PAIR_PSN);
    }
    r->local = pair_mr(&r->p->end[0], REQRIG_BYTES, ACCESS_ALL, PAIR_MR_FLAT);
    r->peer = pair_mr(&r->p->end[1], REQRIG_BYTES, ACCESS_ALL, PAIR_MR_FLAT);
    pair_idle(r->p);
    r->p->tap = tap;
    r->p->tap_ctx = r;
    return r;
}

void reqrig_free(struct reqrig *r)
{
    pair_free(r->p);
    free(r);
}

struct pair_wr reqrig_wr(const struct reqrig *r, uint32_t op, uint32_t len)
{
    struct pair_wr wr = { .op = op,
                          .flags = HINIC_WQE_F_SIGNALED,
                          .n_sge = 1,
                          .raddr = r->peer.va,
                          .rkey = r->peer.key,
                          .dqpn = r->b.qpn,
                          .qkey = PAIR_QKEY };

    wr.sge[0] = pair_sge(&r->local, 0, len);
    if (r->a.type == HINIC_QPT_UD || r->a.type == HINIC_QPT_GSI) {
        wr.av = pair_av(&r->p->end[0], &r->p->end[1], 0);
    }
    return wr;
}

struct hinic_cqe reqrig_cqe(struct reqrig *r, uint32_t end)
{
    struct hinic_cqe c = { 0 };

    if (!pair_wait(&r->p->end[end], &r->p->end[end].cq, &c, VTIME_NEVER)) {
        c.status = 0xff; /* none came */
    }
    return c;
}

uint32_t reqrig_opcode(const struct hinic_cqe *c)
{
    return c->qpn_op >> 24;
}

uint32_t reqrig_count(const struct reqrig *r, uint32_t from, uint8_t opcode, uint32_t *first)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < r->n_log; i++) {
        if (r->log[i].from == from && r->log[i].w.opcode == opcode) {
            if (n++ == 0 && first) {
                *first = i;
            }
        }
    }
    return n;
}

const struct reqrig_frame *reqrig_find(const struct reqrig *r, uint32_t from, uint8_t opcode,
                                       uint32_t n)
{
    static const struct reqrig_frame none;

    for (uint32_t i = 0; i < r->n_log; i++) {
        if (r->log[i].from == from && r->log[i].w.opcode == opcode && n-- == 0) {
            return &r->log[i];
        }
    }
    return &none;
}

static uint64_t bus_ps(const struct vdc_hinic_cfg *c, uint32_t n)
{
    return ((uint64_t)n * 8000 + c->pcie_gbps - 1) / c->pcie_gbps;
}

uint64_t reqrig_read_ps(const struct vdc_hinic_cfg *c, uint32_t n)
{
    return c->timing.t_pcie_up + bus_ps(c, n) + c->timing.t_pcie_dn;
}

uint64_t reqrig_write_ps(const struct vdc_hinic_cfg *c, uint32_t n)
{
    return bus_ps(c, n) + c->timing.t_pcie_up;
}

uint64_t reqrig_wire_ps(const struct vdc_hinic_cfg *c, uint32_t frame_len)
{
    const uint32_t n = (frame_len < c->link.min_frame ? c->link.min_frame : frame_len) +
                       c->link.wire_overhead;

    return n * UINT64_C(8000000000000) / c->link.rate_bps + c->link.latency_ps;
}
