/* SPDX-License-Identifier: MIT */
/* Receive: frames wait in receive memory, the engine steers them into posted buffers, one per
 * t_pkt. */
#include "state.h"

#include <string.h>

#include "vdc/csum.h"

#define TAG       4u
#define ETH_ADDRS 12u

enum verdict { DONE, DROPPED /* or taken by the RDMA engine */, WAIT };

/* What is known about a frame before its buffers are looked for. */
struct meta {
    const uint8_t *bytes;
    uint32_t len;
    uint32_t n_desc;
    struct hinic_eth_cpl cpl;
    bool is_stripped;
};

static struct frm *frm_at(struct vdc_hinic *h, uint64_t i)
{
    return (struct frm *)vdc_hinic_at(h, h->lay.frm) + i % h->lay.n_frm;
}

static uint32_t cells(uint32_t len)
{
    return (len + RX_CELL - 1) & ~(RX_CELL - 1);
}

static void drop(struct vdc_hinic *h, enum hinic_counter why)
{
    vdc_hinic_count(h, why, 1);
    if (why != HINIC_CNT_RX_FILTERED) {
        vdc_hinic_count(h, HINIC_CNT_RX_DISCARDS, 1);
    }
}

/* ---- receive memory ---- */

/* One piece of n bytes; the size of the memory guarantees that there is one. */
static uint32_t take_memory(struct vdc_hinic *h, uint32_t n)
{
    struct rx *rx = &h->dev.rx;
    uint32_t off = rx->tail;

    if (rx->i_free == rx->i_tail) {
        rx->head = off = 0;
    } else if (rx->tail >= rx->head && h->lay.rxmem_bytes - rx->tail < n) {
        off = 0;
    }
    assert(off + n <= h->lay.rxmem_bytes);
    assert(rx->i_free == rx->i_tail || off >= rx->head || off + n <= rx->head);
    rx->tail = off + n;
    return off;
}

static void release(struct vdc_hinic *h)
{
    struct rx *rx = &h->dev.rx;

    while (rx->i_free != rx->i_proc && frm_at(h, rx->i_free)->is_done) {
        struct frm *f = frm_at(h, rx->i_free++);

        rx->used_bytes -= cells(f->len);
        rx->head = f->off + cells(f->len);
        memset(f, 0, sizeof(*f));
    }
    if (rx->i_free == rx->i_tail) {
        assert(rx->used_bytes == 0);
        rx->head = rx->tail = 0;
    }
}

static void arm(struct vdc_hinic *h, vtime_t now)
{
    const struct rx *rx = &h->dev.rx;

    if (rx->i_proc != rx->i_tail && !rx->is_waiting && !vdc_hinic_ev_is_armed(h, EV_RX_PROC, 0)) {
        const vtime_t t = vtime_add(frm_at(h, rx->i_proc)->t, h->cfg.timing.t_rx);

        vdc_hinic_ev_arm(h, EV_RX_PROC, 0, vtime_max(vtime_max(t, rx->free_at), now));
    }
}

void vdc_hinic_rx_admit(struct vdc_hinic *h, vtime_t now, const uint8_t *bytes, uint32_t len)
{
    struct rx *rx = &h->dev.rx;

    if (len < HINIC_FRAME_MIN || len > HINIC_FRAME_MAX ||
        vdc_hinic_l3_len(bytes, len) > h->dev.port.mtu) {
        drop(h, HINIC_CNT_RX_LENGTH);
        return;
    }
    if (rx->used_bytes + cells(len) > h->cfg.rx_mem_bytes) {
        drop(h, HINIC_CNT_RX_FIFO);
        return;
    }
    {
        const struct frm f = { .t = now, .off = take_memory(h, cells(len)), .len = len };

        memcpy(vdc_hinic_at(h, h->lay.rxmem + f.off), bytes, len);
        rx->used_bytes += cells(len);
        *frm_at(h, rx->i_tail++) = f;
    }
    arm(h, now);
}

void vdc_hinic_rx_drop_all(struct vdc_hinic *h)
{
    struct rx *rx = &h->dev.rx;
    const vtime_t free_at = rx->free_at;
    const uint64_t n_waiting = rx->i_tail - rx->i_proc;

    vdc_hinic_count(h, HINIC_CNT_RX_NO_QUEUE, n_waiting);
    vdc_hinic_count(h, HINIC_CNT_RX_DISCARDS, n_waiting);
    memset(vdc_hinic_at(h, h->lay.frm), 0, h->lay.n_frm * sizeof(struct frm));
    memset(rx, 0, sizeof(*rx));
    rx->free_at = free_at;
}

void vdc_hinic_rx_kick(struct vdc_hinic *h, vtime_t now)
{
    if (h->dev.rx.is_waiting) {
        h->dev.rx.is_waiting = 0;
        arm(h, now);
    }
}

/* ---- one frame ---- */

static bool l4_is_right(const uint8_t *b, const struct hinic_parse *p)
{
    uint32_t len = p->l3_end - p->l4_off;

    if (p->l4 == HINIC_L4_UDP) {
        const uint32_t udp_len = vdc_hinic_be16(b + p->l4_off + 4);

        if (udp_len < 8 || udp_len > len) {
            return false;
        }
        if (vdc_hinic_be16(b + p->l4_off + 6) == 0) {
            return p->l3 == HINIC_L3_IPV4; /* "none" is legal there only */
        }
        len = udp_len;
    }
    return vdc_csum_fold(vdc_csum_add(vdc_hinic_sum_pseudo(b, p, len), b + p->l4_off, len)) == 0;
}

static uint16_t checksum_flags(const uint8_t *b, const struct hinic_parse *p)
{
    uint16_t flags = 0;

    if (p->l3 == HINIC_L3_IPV6 ||
        (p->l3 == HINIC_L3_IPV4 &&
         vdc_csum_fold(vdc_csum_add(0, b + p->l3_off, (b[p->l3_off] & 15u) * 4)) == 0)) {
        flags |= HINIC_CPL_IP_OK;
    }
    if (p->l4 != HINIC_L4_NONE && l4_is_right(b, p)) {
        flags |= HINIC_CPL_L4_OK;
    }
    return flags;
}

/* Fills the completion; returns the queue (as index in ethq[]). */
static uint32_t classify(struct vdc_hinic *h, const struct hinic_parse *p, const struct frm *f,
                         struct meta *m)
{
    const struct filter *flt = &h->dev.filter;
    uint32_t hash;
    const enum hinic_rss_type type = vdc_hinic_rss(flt, m->bytes, p, &hash);

    m->cpl.hash = hash;
    m->cpl.flags = (uint16_t)(type << HINIC_CPL_RSS_SHIFT);
    m->cpl.timestamp = (uint32_t)vdc_hinic_ns(h, f->t);
    if (flt->offload & HINIC_OFFLOAD_RX_CSUM) {
        m->cpl.flags |= checksum_flags(m->bytes, p);
    }
    if (p->is_tagged && (flt->offload & HINIC_OFFLOAD_VLAN_STRIP)) {
        m->is_stripped = true;
        m->len -= TAG;
        m->cpl.flags |= HINIC_CPL_VLAN;
        m->cpl.vlan = p->tci;
    }
    return HINIC_QPAIRS_MAX + flt->rss_table[hash & (HINIC_RSS_TABLE_LEN - 1)];
}

/* Finds the buffers of the frame among the posted ones. */
static enum verdict find_buffers(struct vdc_hinic *h, vtime_t now, uint32_t q, struct meta *m)
{
    struct ethq *e = &h->dev.ethq[q];
    const uint32_t n = vdc_hinic_ethq_cached(e);
    uint32_t bytes = 0;

    for (uint32_t i = 0; i < n && i < HINIC_RX_BUF_PER_FRAME; i++) {
        const struct hinic_rx_desc *d = vdc_hinic_ethq_desc(h, q, i);

        if (d->rsv != 0 || d->len < HINIC_RX_BUF_MIN) {
            vdc_hinic_ethq_fail(h, now, q, d->rsv != 0 ? HINIC_ETHQ_BAD_FLAGS : HINIC_ETHQ_BAD_LEN);
            drop(h, HINIC_CNT_RX_NO_QUEUE);
            return DROPPED;
        }
        bytes += d->len;
        if (bytes >= m->len) {
            m->n_desc = i + 1;
            return DONE;
        }
    }
    if (n < HINIC_RX_BUF_PER_FRAME && (e->fetched != e->pi || e->n_fetch > 0)) {
        vdc_hinic_ethq_fetch(h, now, q);
        return WAIT;
    }
    drop(h, HINIC_CNT_RX_NO_BUFFER);
    return DROPPED;
}

static void count_frame(struct vdc_hinic *h, const struct frm *f, const struct hinic_parse *p,
                        const uint8_t *b, uint16_t flags)
{
    const uint32_t prio = p->is_tagged ? p->tci >> 13 : 0u;
    const bool is_bad = (p->l3 == HINIC_L3_IPV4 && !(flags & HINIC_CPL_IP_OK)) ||
                        (p->l4 != HINIC_L4_NONE && !(flags & HINIC_CPL_L4_OK));

    vdc_hinic_count(h, HINIC_CNT_RX_FRAMES, 1);
    vdc_hinic_count(h, HINIC_CNT_RX_BYTES, f->len);
    vdc_hinic_count(h, HINIC_CNT_OF_PRIO(prio, HINIC_PRIO_RX_PACKETS), 1);
    vdc_hinic_count(h, HINIC_CNT_OF_PRIO(prio, HINIC_PRIO_RX_BYTES), f->len);
    if (b[0] == 0xff) {
        vdc_hinic_count(h, HINIC_CNT_RX_BROADCAST, 1);
    } else if (b[0] & 1) {
        vdc_hinic_count(h, HINIC_CNT_RX_MULTICAST, 1);
    }
    if (is_bad && (h->dev.filter.offload & HINIC_OFFLOAD_RX_CSUM)) {
        vdc_hinic_count(h, HINIC_CNT_RX_CSUM_ERR, 1);
    }
}

/* Writes the frame into its buffers, in pieces of at most a page. */
static void scatter(struct vdc_hinic *h, vtime_t now, uint32_t q, struct frm *f,
                    const struct meta *m)
{
    const struct ethq *e = &h->dev.ethq[q];
    uint64_t src = h->lay.rxmem + f->off;
    uint32_t left = m->len;

    if (m->is_stripped) {
        uint8_t *b = vdc_hinic_at(h, src);

        memmove(b + TAG, b, ETH_ADDRS);
        src += TAG;
    }
    for (uint32_t i = 0; i < m->n_desc; i++) {
        const struct hinic_rx_desc *d = vdc_hinic_ethq_desc(h, q, i);
        const uint32_t in_buf = left < d->len ? left : d->len;

        for (uint32_t at = 0; at < in_buf;) {
            const uint32_t n = in_buf - at < HINIC_PAGE_SIZE ? in_buf - at : HINIC_PAGE_SIZE;
            const struct wr_op op = { .kind = WR_RX_DATA,
                                      .obj = (uint16_t)q,
                                      .gen = e->gen,
                                      .tag = (uint32_t)(h->dev.rx.i_proc % h->lay.n_frm),
                                      .addr = d->addr + at,
                                      .src = src,
                                      .len = n };

            (void)vdc_hinic_dma_write(h, now, &op); /* WR_RX_ROOM was checked */
            f->refs++;
            at += n;
            src += n;
        }
        left -= in_buf;
    }
    assert(left == 0);
}

static void complete(struct vdc_hinic *h, vtime_t now, uint32_t q, const struct meta *m)
{
    struct ethq *e = &h->dev.ethq[q];
    uint32_t left = m->len;

    for (uint32_t i = 0; i < m->n_desc; i++) {
        const struct hinic_rx_desc *d = vdc_hinic_ethq_desc(h, q, i);
        const bool is_last = i + 1 == m->n_desc;
        struct hinic_eth_cpl c = m->cpl;

        c.len = (uint16_t)(left < d->len ? left : d->len);
        c.id = d->id;
        c.flags |= is_last ? HINIC_CPL_EOP : 0;
        left -= c.len;
        vdc_hinic_ethq_complete(h, now, q, c, is_last);
    }
    e->head = (uint16_t)(e->head + m->n_desc);
    e->done = e->head;
}

static bool is_roce(const uint8_t *b, const struct hinic_parse *p)
{
    return p->l4 == HINIC_L4_UDP && vdc_hinic_be16(b + p->l4_off + 2) == WIRE_UDP_PORT;
}

static enum verdict receive(struct vdc_hinic *h, vtime_t now, struct frm *f)
{
    struct meta m = { .bytes = vdc_hinic_at(h, h->lay.rxmem + f->off), .len = f->len };
    struct hinic_parse p;
    enum verdict v;
    uint32_t q;

    if (!vdc_hinic_is_alive(h)) {
        drop(h, HINIC_CNT_RX_NO_QUEUE);
        return DROPPED;
    }
    vdc_hinic_parse(&p, m.bytes, f->len, f->len, false);
    if (is_roce(m.bytes, &p)) {
        const enum rrx_verdict r = vdc_hinic_rrx_frame(h, now, f->t, m.bytes, f->len);

        if (r != RRX_NOT_OURS) {
            return r == RRX_WAIT ? WAIT : DROPPED;
        }
    }
    if (!vdc_hinic_rx_mac_ok(&h->dev.filter, m.bytes) ||
        (p.is_tagged && !vdc_hinic_rx_vlan_ok(&h->dev.filter, p.tci))) {
        drop(h, HINIC_CNT_RX_FILTERED);
        return DROPPED;
    }
    q = classify(h, &p, f, &m);
    if (!h->dev.ethq[q].is_used || h->dev.ethq[q].err) {
        drop(h, HINIC_CNT_RX_NO_QUEUE);
        return DROPPED;
    }
    v = find_buffers(h, now, q, &m);
    if (v != DONE) {
        return v;
    }
    if (vdc_hinic_ethq_cpl_room(h, q) < m.n_desc) {
        drop(h, HINIC_CNT_RX_NO_CPL);
        return DROPPED;
    }
    count_frame(h, f, &p, m.bytes, m.cpl.flags);
    scatter(h, now, q, f, &m);
    complete(h, now, q, &m);
    vdc_hinic_ethq_fetch(h, now, q);
    return DONE;
}

void vdc_hinic_rx_proc(struct vdc_hinic *h, vtime_t now)
{
    struct rx *rx = &h->dev.rx;
    struct frm *f = frm_at(h, rx->i_proc);
    enum verdict v = WAIT;

    assert(rx->i_proc != rx->i_tail);
    if (vdc_hinic_wr_room(h) >= WR_RX_ROOM) {
        v = receive(h, now, f);
    }
    if (v == WAIT) {
        rx->is_waiting = 1;
        return;
    }
    f->is_done = v == DROPPED;
    rx->i_proc++;
    rx->free_at = vtime_add(now, h->cfg.timing.t_pkt);
    release(h);
    arm(h, now);
}

void vdc_hinic_rx_written(struct vdc_hinic *h, vtime_t now, const struct wr_op *op, bool is_failed)
{
    struct frm *f = frm_at(h, op->tag);
    const struct ethq *e = &h->dev.ethq[op->obj];

    assert(f->refs > 0);
    if (--f->refs == 0) {
        f->is_done = 1;
        release(h);
    }
    if (is_failed && e->is_used && e->gen == op->gen && !e->err) {
        vdc_hinic_ethq_fail(h, now, op->obj, HINIC_ETHQ_DMA);
    }
}
