/* SPDX-License-Identifier: MIT */
/* A host in memory for one HiNIC model. */
#include "host.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void trace(struct host *o, const char *fmt, ...)
{
    va_list ap;

    if (!o->trace) {
        return;
    }
    va_start(ap, fmt);
    o->trace_len += (size_t)vsnprintf(o->trace + o->trace_len, HOST_TRACE - o->trace_len, fmt, ap);
    va_end(ap);
    assert(o->trace_len < HOST_TRACE);
}

static bool is_hole(const struct host *o, uint64_t addr, uint32_t len)
{
    return addr < HOST_BASE || addr + len > HOST_BASE + HOST_SIZE || addr + len < addr ||
           (addr < o->hole_to && addr + len > o->hole_from);
}

static int dma_read(void *ctx, uint64_t addr, void *buf, uint32_t len)
{
    struct host *o = ctx;

    assert(len > 0 && len <= 4096);
    o->n_dma_read++;
    trace(o, "[%" PRIu64 "] nic > read addr=%" PRIx64 " len=%u\n", vdc_hinic_now(o->h), addr, len);
    if (is_hole(o, addr, len)) {
        return -1;
    }
    memcpy(buf, o->mem + (addr - HOST_BASE), len);
    return 0;
}

static int dma_write(void *ctx, uint64_t addr, const void *buf, uint32_t len)
{
    struct host *o = ctx;

    assert(len > 0 && len <= 4096);
    o->n_dma_write++;
    trace(o, "[%" PRIu64 "] nic > write addr=%" PRIx64 " len=%u\n", vdc_hinic_now(o->h), addr, len);
    if (is_hole(o, addr, len)) {
        return -1;
    }
    memcpy(o->mem + (addr - HOST_BASE), buf, len);
    return 0;
}

static void msi(void *ctx, uint32_t vector)
{
    struct host *o = ctx;

    assert(vector < HOST_VECTORS);
    trace(o, "[%" PRIu64 "] nic > msi vector=%u\n", vdc_hinic_now(o->h), vector);
    o->n_msi[vector]++;
    o->t_msi[vector] = vdc_hinic_now(o->h);
}

static void frame(void *ctx, const struct vdc_msg *m, const void *bytes)
{
    struct host *o = ctx;

    if (m->type == VDC_MSG_LINK) {
        trace(o, "[%" PRIu64 "] nic > hello seq=%" PRIu64 " arrive=%" PRIu64 "\n",
              vdc_hinic_now(o->h), m->seq, m->t);
        assert(m->seq == 0); /* the first word on the link, and the only one */
        o->n_hello++;
        return;
    }
    trace(o,
          "[%" PRIu64 "] nic > frame seq=%" PRIu64 " len=%u depart=%" PRIu64 " arrive=%" PRIu64
          "\n",
          vdc_hinic_now(o->h), m->seq, m->len, m->depart, m->t);
    assert(m->seq == o->n_hello + o->n_frame); /* no gaps */
    o->n_frame++;
    if (o->n_frame_kept < HOST_FRAMES && o->frame_used + m->len <= HOST_FRAME_BYTES) {
        uint8_t *dst = o->frame_mem + o->frame_used;

        memcpy(dst, bytes, m->len);
        o->frame_used += m->len;
        o->frame[o->n_frame_kept++] = (struct host_frame){ .m = *m, .bytes = dst };
    }
}

static void guest_err(void *ctx, uint32_t code, uint64_t arg)
{
    struct host *o = ctx;

    o->n_gerr++;
    o->last_gerr = code;
    o->last_gerr_arg = arg;
}

struct host *host_new(const struct vdc_hinic_cfg *cfg)
{
    struct host *o = calloc(1, sizeof(*o));
    size_t n;

    assert(o);
    o->cfg = cfg ? *cfg : vdc_hinic_cfg_default();
    n = vdc_hinic_size(&o->cfg);
    assert(n > 0);
    o->h = aligned_alloc(64, n);
    o->mem = calloc(1, HOST_SIZE);
    o->frame_mem = malloc(HOST_FRAME_BYTES);
    assert(o->h && o->mem && o->frame_mem);
    memset(o->h, 0xa5, n);
    assert(vdc_hinic_init(o->h, &o->cfg) == 0);
    o->env = (struct vdc_hinic_env){ .ctx = o,
                                     .dma_read = dma_read,
                                     .dma_write = dma_write,
                                     .msi = msi,
                                     .frame = frame,
                                     .guest_err = guest_err };
    o->next_alloc = HOST_BASE;
    o->log_aq = 4;
    o->log_aeq = 6;
    return o;
}

void host_free(struct host *o)
{
    free(o->h);
    free(o->mem);
    free(o->frame_mem);
    free(o->trace);
    free(o);
}

uint64_t host_alloc(struct host *o, uint64_t bytes, uint64_t align)
{
    const uint64_t at = (o->next_alloc + align - 1) & ~(align - 1);

    o->next_alloc = at + bytes;
    assert(o->next_alloc <= HOST_BASE + HOST_SIZE);
    return at;
}

void *host_ptr(struct host *o, uint64_t addr, uint64_t len)
{
    assert(addr >= HOST_BASE && addr + len <= HOST_BASE + HOST_SIZE);
    return o->mem + (addr - HOST_BASE);
}

uint64_t host_read(struct host *o, uint64_t off, uint32_t size)
{
    return vdc_hinic_mmio_read(o->h, o->now, HINIC_BAR_REGS, off, size);
}

void host_write(struct host *o, uint64_t off, uint32_t size, uint64_t v)
{
    vdc_hinic_mmio_write(o->h, o->now, HINIC_BAR_REGS, off, size, v);
}

void host_db(struct host *o, uint64_t off, uint64_t v)
{
    vdc_hinic_mmio_write(o->h, o->now, HINIC_BAR_DB, off, 8, v);
}

void host_run(struct host *o, vtime_t t)
{
    assert(t >= o->now);
    vdc_hinic_run(o->h, t, &o->env);
    o->now = t;
    assert(vdc_hinic_next(o->h) > t);
}

void host_idle(struct host *o)
{
    while (vdc_hinic_next(o->h) != VTIME_NEVER) {
        host_run(o, vdc_hinic_next(o->h));
    }
    host_run(o, o->now); /* reports of register accesses */
}

void host_enable(struct host *o)
{
    o->sq = host_alloc(o, (uint64_t)sizeof(struct hinic_aq_sqe) << o->log_aq, 4096);
    o->cq = host_alloc(o, (uint64_t)sizeof(struct hinic_aq_cqe) << o->log_aq, 4096);
    o->aeq = host_alloc(o, (uint64_t)sizeof(struct hinic_eqe) << o->log_aeq, 4096);
    o->mb_in = host_alloc(o, 4096, 4096);
    o->mb_out = host_alloc(o, 4096, 4096);
    o->sq_pi = o->cq_ci = 0;
    o->aeq_ci = 0;
    host_write(o, HINIC_R_DEV_CTRL, 4, HINIC_DEV_CTRL_RESET);
    host_write(o, HINIC_R_AQ_SQ_BASE, 8, o->sq);
    host_write(o, HINIC_R_AQ_CQ_BASE, 8, o->cq);
    host_write(o, HINIC_R_AEQ_BASE, 8, o->aeq);
    host_write(o, HINIC_R_AQ_DEPTH, 4, o->log_aq);
    host_write(o, HINIC_R_AEQ_DEPTH, 4, o->log_aeq);
    host_write(o, HINIC_R_DEV_CTRL, 4, HINIC_DEV_CTRL_ENABLE);
    assert(host_read(o, HINIC_R_DEV_STATUS, 4) & HINIC_DEV_STATUS_READY);
    host_write(o, HINIC_R_AEQ_CI, 4, HINIC_AEQ_CI_ARM);
}

void host_ready(struct host *o)
{
    vdc_hinic_ready(o->h, o->now, o->now);
    o->epoch = o->now;
}

void host_start(struct host *o)
{
    struct hinic_eqe e;

    host_enable(o);
    host_idle(o);
    host_ready(o);
    host_idle(o);
    assert(host_aeqe(o, &e) && e.type == HINIC_EQE_PORT_CHANGE && e.data == 1);
    host_idle(o);
}

uint32_t host_sqe(struct host *o, const struct hinic_aq_sqe *s)
{
    const uint32_t mask = (1u << o->log_aq) - 1;
    const struct hinic_aq_cqe *c;

    memcpy(host_ptr(o, o->sq + (uint64_t)(o->sq_pi & mask) * sizeof(*s), sizeof(*s)), s,
           sizeof(*s));
    o->sq_pi++;
    host_write(o, HINIC_R_AQ_DB, 4, o->sq_pi);
    c = host_ptr(o, o->cq + (uint64_t)(o->cq_ci & mask) * sizeof(*c), sizeof(*c));
    while ((c->own & 1) != ((o->cq_ci >> o->log_aq & 1) ^ 1)) {
        if (vdc_hinic_next(o->h) == VTIME_NEVER) {
            return 255;
        }
        host_run(o, vdc_hinic_next(o->h));
    }
    o->t_cqe = o->now;
    assert(c->cmd_id == s->cmd_id);
    o->cq_ci++;
    host_write(o, HINIC_R_AQ_CQ_CI, 4, o->cq_ci);
    memcpy(o->out, c->out, sizeof(o->out));
    return c->status;
}

uint32_t host_cmd(struct host *o, uint32_t op, uint32_t port, const void *inl, uint32_t inl_len,
                  const void *in, uint32_t in_len, void *out, uint32_t out_len)
{
    struct hinic_aq_sqe s = { .opcode = (uint8_t)op,
                              .flags = in_len ? HINIC_AQ_F_IN : 0,
                              .cmd_id = (uint16_t)(o->sq_pi * 3 + 1),
                              .port = (uint8_t)port,
                              .in_pa = in_len ? o->mb_in : 0,
                              .out_pa = out_len ? o->mb_out : 0 };
    uint32_t status;

    if (inl_len) {
        memcpy(s.inl, inl, inl_len);
    }
    if (in_len) {
        memcpy(host_ptr(o, o->mb_in, in_len), in, in_len);
    }
    memset(host_ptr(o, o->mb_out, 4096), 0xee, 4096);
    status = host_sqe(o, &s);
    if (out_len) {
        memcpy(out, host_ptr(o, o->mb_out, out_len), out_len);
    }
    return status;
}

bool host_aeqe(struct host *o, struct hinic_eqe *e)
{
    const uint32_t mask = (1u << o->log_aeq) - 1;

    memcpy(e, host_ptr(o, o->aeq + (uint64_t)(o->aeq_ci & mask) * sizeof(*e), sizeof(*e)),
           sizeof(*e));
    if ((e->own & 1) != ((o->aeq_ci >> o->log_aeq & 1) ^ 1)) {
        return false;
    }
    o->aeq_ci++;
    host_write(o, HINIC_R_AEQ_CI, 4, o->aeq_ci | HINIC_AEQ_CI_ARM);
    return true;
}

struct hinic_pbl host_pbl(uint64_t addr, uint32_t log_pgsz, uint32_t n)
{
    struct hinic_pbl p = { .log_pgsz = (uint8_t)log_pgsz, .n = n };

    assert(n <= 4);
    for (uint32_t i = 0; i < n; i++) {
        p.root[i] = addr + ((uint64_t)i << log_pgsz);
    }
    return p;
}

uint32_t host_queue_moderated(struct host *o, struct host_queue *k, uint32_t q, bool is_rx,
                              uint32_t log_depth, uint32_t vector, uint32_t count, uint32_t ns)
{
    const uint64_t bytes = UINT64_C(16) << log_depth;
    struct hinic_mb_create_q m = { .log_depth = (uint8_t)log_depth,
                                   .vector = (uint8_t)vector,
                                   .queue = (uint16_t)q,
                                   .count = count,
                                   .ns = ns };

    *k = (struct host_queue){ .q = q, .log_depth = log_depth, .is_rx = is_rx };
    k->desc = host_alloc(o, bytes, 65536);
    k->cpl = host_alloc(o, bytes, 65536);
    m.desc = host_pbl(k->desc, 16, 1);
    m.cpl = host_pbl(k->cpl, 16, 1);
    return host_cmd(o, is_rx ? HINIC_AQ_CREATE_RXQ : HINIC_AQ_CREATE_TXQ, 1, NULL, 0, &m, sizeof(m),
                    NULL, 0);
}

uint32_t host_queue(struct host *o, struct host_queue *k, uint32_t q, bool is_rx,
                    uint32_t log_depth, uint32_t vector)
{
    return host_queue_moderated(o, k, q, is_rx, log_depth, vector, 0, 0);
}

uint32_t host_destroy(struct host *o, const struct host_queue *k)
{
    const struct hinic_inl_destroy_q m = { .queue = (uint16_t)k->q, .is_rx = k->is_rx };

    return host_cmd(o, HINIC_AQ_DESTROY_Q, 1, &m, sizeof(m), NULL, 0, NULL, 0);
}

uint32_t host_offload(struct host *o, uint32_t flags)
{
    const struct hinic_inl_offload m = { .flags = flags };

    return host_cmd(o, HINIC_AQ_SET_OFFLOAD, 1, &m, sizeof(m), NULL, 0, NULL, 0);
}

uint32_t host_rx_mode(struct host *o, uint32_t flags, uint64_t hash)
{
    const struct hinic_inl_rx_mode m = { .flags = flags, .hash = hash };

    return host_cmd(o, HINIC_AQ_SET_RX_MODE, 1, &m, sizeof(m), NULL, 0, NULL, 0);
}

static void *slot(struct host *o, const struct host_queue *k, uint64_t ring, uint16_t i)
{
    return host_ptr(o, ring + (uint64_t)(i & ((1u << k->log_depth) - 1)) * 16, 16);
}

void host_tx_desc(struct host *o, struct host_queue *k, struct hinic_tx_desc d)
{
    memcpy(slot(o, k, k->desc, k->pi++), &d, sizeof(d));
}

void host_tx(struct host *o, struct host_queue *k, uint64_t addr, uint32_t len, uint32_t flags)
{
    host_tx_desc(
        o, k,
        (struct hinic_tx_desc){ .addr = addr, .len = (uint16_t)len, .flags = (uint16_t)flags });
}

void host_rx(struct host *o, struct host_queue *k, uint64_t addr, uint32_t len, uint32_t id)
{
    const struct hinic_rx_desc d = { .addr = addr, .len = (uint16_t)len, .id = (uint16_t)id };

    memcpy(slot(o, k, k->desc, k->pi++), &d, sizeof(d));
}

void host_ring(struct host *o, const struct host_queue *k)
{
    host_db(o, k->is_rx ? HINIC_DB_ETH_RX : HINIC_DB_ETH_TX, HINIC_DB_VAL(k->q, k->pi));
}

void host_ci(struct host *o, const struct host_queue *k)
{
    host_db(o, HINIC_DB_ETH_CPL, HINIC_DB_VAL(k->q, k->ci) | (k->is_rx ? HINIC_DB_CPL_RX : 0));
}

void host_arm(struct host *o, const struct host_queue *k)
{
    host_db(o, HINIC_DB_ETH_CPL,
            HINIC_DB_VAL(k->q, k->ci) | (k->is_rx ? HINIC_DB_CPL_RX : 0) | HINIC_DB_ARM);
}

bool host_cpl(struct host *o, struct host_queue *k, struct hinic_eth_cpl *c)
{
    struct hinic_eth_cpl next;

    memcpy(&next, slot(o, k, k->cpl, k->ci), sizeof(next));
    if (next.flags >> 15 != ((k->ci >> k->log_depth & 1) ^ 1)) {
        return false;
    }
    *c = next;
    k->ci++;
    return true;
}

static void give(struct host *o, vtime_t t, uint16_t type, const void *bytes, uint32_t len)
{
    struct vdc_msg m = {
        .t = t - o->epoch, .seq = o->rx_seq++, .type = type, .len = len, .wire_len = len
    };
    int rc = vdc_hinic_rx(o->h, &m, bytes);

    if (rc == -11) {
        host_run(o, o->t_rx);
        rc = vdc_hinic_rx(o->h, &m, bytes);
    }
    assert(rc == 0);
    o->t_rx = t;
}

void host_frame_in(struct host *o, vtime_t t, const void *bytes, uint32_t len)
{
    give(o, t, VDC_MSG_ETH, bytes, len);
}

void host_link_in(struct host *o, vtime_t t, bool is_up)
{
    const struct vdc_msg_link l = { .is_up = is_up, .mtu = 4200, .rate_bps = o->cfg.link.rate_bps };

    give(o, t, VDC_MSG_LINK, &l, sizeof(l));
}

uint64_t host_counter(struct host *o, uint32_t c)
{
    return vdc_hinic_counter(o->h, c);
}

/* ---- frames ---- */

void host_eth(struct host_pkt *p, uint32_t type)
{
    static const uint8_t hdr[12] = { 0x02, 0x48, 0x43, 0, 0, 1, 0x02, 0x48, 0x43, 0, 0, 0x11 };

    memset(p, 0, sizeof(*p));
    memcpy(p->b, hdr, sizeof(hdr));
    p->b[12] = (uint8_t)(type >> 8);
    p->b[13] = (uint8_t)type;
    p->len = 14;
}

static void be16(uint8_t *b, uint32_t v)
{
    b[0] = (uint8_t)(v >> 8);
    b[1] = (uint8_t)v;
}

/* One's complement sum, bit by bit definition: words big endian, carry added at once. */
uint16_t host_ref_sum(const uint8_t *b, uint32_t n, uint32_t start)
{
    uint32_t s = start;

    for (uint32_t i = 0; i < n; i++) {
        s += i & 1 ? b[i] : (uint32_t)b[i] << 8;
        s = (s & 0xffff) + (s >> 16);
    }
    return (uint16_t)s;
}

static uint32_t pseudo(const uint8_t *ip, bool is_v6, bool is_tcp, uint32_t n)
{
    uint32_t s = (is_tcp ? 6u : 17u) + n;

    s = (s & 0xffff) + (s >> 16);
    return is_v6 ? host_ref_sum(ip + 8, 32, s) : host_ref_sum(ip + 12, 8, s);
}

void host_ip(struct host_pkt *p, bool is_v6, bool is_tcp, uint32_t n, int32_t tag)
{
    const uint32_t l4_len = (is_tcp ? 20u : 8u) + n;
    uint8_t *ip;
    uint8_t *l4;
    uint16_t sum;

    host_eth(p, tag >= 0 ? 0x8100 : is_v6 ? 0x86dd : 0x0800);
    if (tag >= 0) {
        be16(p->b + 14, (uint32_t)tag);
        be16(p->b + 16, is_v6 ? 0x86dd : 0x0800);
        p->len = 18;
    }
    ip = p->b + p->len;
    if (is_v6) {
        ip[0] = 0x60;
        be16(ip + 4, l4_len);
        ip[6] = is_tcp ? 6 : 17;
        ip[7] = 64;
        for (uint32_t i = 0; i < 32; i++) {
            ip[8 + i] = (uint8_t)(0x20 + i);
        }
        l4 = ip + 40;
    } else {
        ip[0] = 0x45;
        be16(ip + 2, 20 + l4_len);
        be16(ip + 4, 0x1234);
        ip[6] = 0x40;
        ip[8] = 64;
        ip[9] = is_tcp ? 6 : 17;
        memcpy(ip + 12, "\x0a\x00\x00\x01\x0a\x00\x00\x02", 8);
        be16(ip + 10, (uint16_t)~host_ref_sum(ip, 20, 0));
        l4 = ip + 20;
    }
    be16(l4, 0x1388);
    be16(l4 + 2, 0x0050);
    if (is_tcp) {
        l4[4] = 0x10; /* sequence number 0x10000000 */
        l4[12] = 0x50;
        l4[13] = 0x99; /* CWR, ACK, PSH, FIN */
    } else {
        be16(l4 + 4, l4_len);
    }
    for (uint32_t i = 0; i < n; i++) {
        l4[(is_tcp ? 20 : 8) + i] = (uint8_t)(i * 7);
    }
    sum = (uint16_t)~host_ref_sum(l4, l4_len, pseudo(ip, is_v6, is_tcp, l4_len));
    be16(l4 + (is_tcp ? 16 : 6), sum == 0 && !is_tcp ? 0xffff : sum);
    p->len = (uint32_t)(l4 - p->b) + l4_len;
}

int host_check_ip(const uint8_t *b, uint32_t len)
{
    uint32_t off = 12;
    uint32_t type = (uint32_t)b[off] << 8 | b[off + 1];
    uint32_t ip_len;
    uint32_t hdr;
    bool is_tcp;

    if (type == 0x8100) {
        off += 4;
        type = (uint32_t)b[off] << 8 | b[off + 1];
    }
    off += 2;
    if (type == 0x0800) {
        ip_len = (uint32_t)b[off + 2] << 8 | b[off + 3];
        hdr = (b[off] & 15u) * 4;
        is_tcp = b[off + 9] == 6;
        if (host_ref_sum(b + off, hdr, 0) != 0xffff) {
            return __LINE__;
        }
    } else if (type == 0x86dd) {
        ip_len = 40 + ((uint32_t)b[off + 4] << 8 | b[off + 5]);
        hdr = 40;
        is_tcp = b[off + 6] == 6;
    } else {
        return __LINE__;
    }
    if (off + ip_len > len || (off + ip_len < len && len > 60)) {
        return __LINE__;
    }
    if (host_ref_sum(b + off + hdr, ip_len - hdr,
                     pseudo(b + off, type == 0x86dd, is_tcp, ip_len - hdr)) != 0xffff) {
        return __LINE__;
    }
    return 0;
}
