/* SPDX-License-Identifier: MIT */
/* The hand-made peer: builds frames, catches those of the device. */
#include "inject.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GAP 1000u /* ps between packets */

static void tap(void *ctx, uint32_t from, const struct vdc_msg *m, const uint8_t *bytes)
{
    struct inj *i = ctx;
    struct inj_resp *r = &i->resp[i->n_resp];

    if (from != 1 || vdc_wire_parse(bytes, m->len, &r->w) != WIRE_OK) {
        return;
    }
    assert(i->n_resp < INJ_ACK_MAX);
    assert(vdc_wire_icrc_ok(&r->w, bytes, false));
    r->depart = i->p->now;
    memcpy(r->pay, bytes + r->w.hdr_len, r->w.pay_len);
    i->n_resp++;
}

struct inj *inj_new(const struct inj_cfg *cfg)
{
    const struct inj_cfg none = { 0 };
    struct inj *i = calloc(1, sizeof(*i));
    struct vdc_hinic_cfg nic;
    struct pair_qp_cfg qc;
    struct pair_conn conn;

    assert(i);
    cfg = cfg ? cfg : &none;
    i->resp = calloc(INJ_ACK_MAX, sizeof(*i->resp));
    assert(i->resp);
    nic = cfg->nic ? *cfg->nic : vdc_hinic_cfg_default();
    nic.n_qp = 64; /* small: a device is made for every case */
    nic.n_cq = nic.n_srq = nic.n_pd = nic.n_mw = 16;
    nic.n_mr = 256;
    i->p = pair_new(&nic, 7);
    i->e = &i->p->end[1];
    qc = cfg->qp;
    qc.type = cfg->type ? cfg->type : HINIC_QPT_RC;
    if (cfg->srq_log) {
        i->srq = pair_srq(i->e, cfg->srq_log, 4, cfg->srq_limit);
        qc.srq = &i->srq;
    }
    i->q = pair_qp(i->e, &qc);
    qc.srq = NULL;
    i->peer = pair_qp(&i->p->end[0], &qc);
    conn = cfg->conn;
    conn.psn[0] = (conn.psn[0] ? conn.psn[0] : INJ_PSN + 1);
    if (qc.type == HINIC_QPT_UD || qc.type == HINIC_QPT_GSI) {
        pair_ud_start(&i->q, PAIR_QKEY, 0);
    } else {
        pair_connect(&i->peer, &i->q, &conn);
    }
    i->mr = pair_mr(i->e, INJ_MR_LEN,
                    HINIC_ACCESS_LOCAL_WRITE | HINIC_ACCESS_REMOTE_WRITE |
                        HINIC_ACCESS_REMOTE_READ | HINIC_ACCESS_REMOTE_ATOMIC |
                        HINIC_ACCESS_FLUSH_GLOBAL | HINIC_ACCESS_FLUSH_PERSISTENT,
                    PAIR_MR_SHUFFLED);
    i->buf = pair_mr(i->e, INJ_MR_LEN, HINIC_ACCESS_LOCAL_WRITE, PAIR_MR_SHUFFLED);
    pair_idle(i->p);
    i->p->dir[1].fault.is_cut = true;
    i->p->tap = tap;
    i->p->tap_ctx = i;
    return i;
}

void inj_free(struct inj *i)
{
    pair_free(i->p);
    free(i->resp);
    free(i);
}

struct wire_hdr inj_hdr(const struct inj *i, uint32_t base_opcode, uint32_t psn_off)
{
    const struct pair_end *from = &i->p->end[0];
    struct wire_hdr w = { .opcode = (uint8_t)base_opcode,
                          .psn = vdc_psn_add(INJ_PSN, psn_off),
                          .pkey = 0xffff,
                          .dqpn = i->q.qpn,
                          .hop = 64,
                          .ip_frag = WIRE_DF,
                          .sport = 0xc123 };

    if (i->q.type == HINIC_QPT_UC) {
        w.opcode = WIRE_OP(WIRE_UC, base_opcode);
    }
    memcpy(w.sgid, from->gid[0], 16);
    memcpy(w.dgid, i->e->gid[0], 16);
    memcpy(w.smac, from->mac, 6);
    memcpy(w.dmac, i->e->mac, 6);
    return w;
}

vtime_t inj_put_at(struct inj *i, vtime_t t, const struct wire_hdr *w, const void *payload)
{
    uint8_t frame[WIRE_HDR_MAX + WIRE_PAYLOAD_MAX + 64];
    const uint32_t hdr = vdc_wire_build(w, frame, WIRE_HDR_MAX);
    struct vdc_msg m = { .type = VDC_MSG_ETH, .t = t - i->e->o->epoch };

    assert(hdr > 0 && t >= i->t);
    if (w->pay_len > 0) {
        memcpy(frame + hdr, payload, w->pay_len);
    }
    vdc_wire_finish(w, frame, false);
    m.len = vdc_wire_frame_len(w);
    m.seq = i->p->dir[0].seq++;
    while (vdc_hinic_rx(i->e->o->h, &m, frame) != 0) {
        pair_run(i->p, i->t); /* input memory is full: let some arrive */
    }
    i->e->promise = 0; /* it was made without this */
    i->t = t;
    return t;
}

vtime_t inj_put(struct inj *i, const struct wire_hdr *w, const void *payload)
{
    return inj_put_at(i, vtime_max(i->p->now, i->t) + GAP, w, payload);
}

uint8_t inj_byte(uint32_t psn_off, uint32_t k)
{
    return (uint8_t)(psn_off * 37 + k * 5 + (k >> 8) + 1);
}

static void put_pattern(struct inj *i, struct wire_hdr *w, uint32_t psn_off, uint32_t n,
                        uint32_t flags)
{
    uint8_t b[WIRE_PAYLOAD_MAX];

    for (uint32_t k = 0; k < n; k++) {
        b[k] = inj_byte(psn_off, k);
    }
    w->pay_len = n;
    w->is_ack_req = flags & INJ_A ? 1 : 0;
    w->is_solicited = flags & INJ_SE ? 1 : 0;
    (void)inj_put(i, w, b);
}

void inj_send(struct inj *i, uint32_t base_opcode, uint32_t psn_off, uint32_t n, uint32_t flags)
{
    struct wire_hdr w = inj_hdr(i, base_opcode, psn_off);

    w.imm = 0xa1b2c3d4;
    put_pattern(i, &w, psn_off, n, flags);
}

void inj_write(struct inj *i, uint32_t base_opcode, uint32_t psn_off, uint32_t n, uint64_t va_off,
               uint32_t len, uint32_t flags)
{
    struct wire_hdr w = inj_hdr(i, base_opcode, psn_off);

    w.va = i->mr.va + va_off;
    w.rkey = i->mr.key;
    w.dma_len = len;
    w.imm = 0xa1b2c3d4;
    put_pattern(i, &w, psn_off, n, flags);
}

void inj_read(struct inj *i, uint32_t psn_off, uint64_t va_off, uint32_t len)
{
    struct wire_hdr w = inj_hdr(i, WIRE_READ_REQ, psn_off);

    w.va = i->mr.va + va_off;
    w.rkey = i->mr.key;
    w.dma_len = len;
    w.is_ack_req = 1;
    (void)inj_put(i, &w, NULL);
}

void inj_atomic(struct inj *i, uint32_t opcode, uint32_t psn_off, uint64_t va_off, uint64_t swap,
                uint64_t compare)
{
    struct wire_hdr w = inj_hdr(i, opcode, psn_off);

    w.va = i->mr.va + va_off;
    w.rkey = i->mr.key;
    w.swap_add = swap;
    w.compare = compare;
    w.is_ack_req = 1;
    (void)inj_put(i, &w, NULL);
}

void inj_recv(struct inj *i, uint64_t off, uint32_t n)
{
    const struct hinic_sge g = pair_sge(&i->buf, off, n);

    if (i->srq.ring) {
        pair_srq_post(i->e, &i->srq, &g, 1);
        pair_srq_ring(i->e, &i->srq);
    } else {
        (void)pair_recv(&i->q, &g, 1);
    }
    pair_idle(i->p);
}

const struct inj_resp *inj_next(struct inj *i)
{
    pair_idle(i->p);
    return i->n_seen < i->n_resp ? &i->resp[i->n_seen++] : NULL;
}

bool inj_is(struct inj *i, uint32_t opcode, uint32_t psn_off, uint32_t syndrome, uint32_t msn)
{
    const struct inj_resp *r = inj_next(i);
    const uint32_t psn = vdc_psn_add(INJ_PSN, psn_off);

    if (!r) {
        printf("# no packet, expected opcode %#x\n", opcode);
        return false;
    }
    if (r->w.opcode != opcode || r->w.psn != psn || r->w.syndrome != syndrome || r->w.msn != msn ||
        r->w.dqpn != i->peer.qpn) {
        printf("# packet: opcode %#x psn +%u syndrome %#x msn %u; expected %#x +%u %#x %u\n",
               r->w.opcode, (r->w.psn - INJ_PSN) & WIRE_PSN_MASK, r->w.syndrome, r->w.msn, opcode,
               psn_off, syndrome, msn);
        return false;
    }
    return true;
}

bool inj_is_silent(struct inj *i)
{
    const struct inj_resp *r = inj_next(i);

    if (r) {
        printf("# unexpected packet: opcode %#x psn +%u syndrome %#x msn %u\n", r->w.opcode,
               (r->w.psn - INJ_PSN) & WIRE_PSN_MASK, r->w.syndrome, r->w.msn);
    }
    return r == NULL;
}

bool inj_cqe(struct inj *i, struct hinic_cqe *c)
{
    pair_idle(i->p);
    return pair_poll(i->e, &i->e->cq, c);
}

uint64_t inj_count(const struct inj *i, enum hinic_counter c)
{
    return pair_counter(i->p, 1, c);
}

uint32_t inj_event(struct inj *i)
{
    struct hinic_eqe e;

    pair_idle(i->p);
    return pair_aeqe(i->e, &e) ? e.type : 255;
}

static bool is_pattern(struct inj *i, const struct pair_mr *m, uint64_t off, uint32_t psn_off,
                       uint32_t n)
{
    uint8_t b[WIRE_PAYLOAD_MAX];

    pair_idle(i->p);
    pair_mr_read(i->e, m, off, b, n);
    for (uint32_t k = 0; k < n; k++) {
        if (b[k] != inj_byte(psn_off, k)) {
            printf("# byte %u at offset %lu is %u, expected %u\n", k, (unsigned long)off, b[k],
                   inj_byte(psn_off, k));
            return false;
        }
    }
    return true;
}

bool inj_mr_is(struct inj *i, uint64_t off, uint32_t psn_off, uint32_t n)
{
    return is_pattern(i, &i->mr, off, psn_off, n);
}

bool inj_buf_is(struct inj *i, uint64_t off, uint32_t psn_off, uint32_t n)
{
    return is_pattern(i, &i->buf, off, psn_off, n);
}
