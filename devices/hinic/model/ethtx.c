/* SPDX-License-Identifier: MIT */
/* Transmit: packets are formed from descriptors, fetched, made ready, and sent frame by frame,
 * round robin. */
#include "state.h"

#include <string.h>

static uint64_t page_off(const struct vdc_hinic *h, uint32_t page)
{
    return h->lay.txpage + (uint64_t)page * TXPAGE_SIZE;
}

/* ---- slots and pages ---- */

static uint16_t take_page(struct vdc_hinic *h, uint32_t q)
{
    struct txpool *pool = &h->dev.tx.pool[q];
    const uint32_t b = (uint32_t)__builtin_ctzll(~pool->page_used);

    assert(b < TXPAGE_PER_Q); /* the caller has counted */
    pool->page_used |= UINT64_C(1) << b;
    pool->n_page++;
    return (uint16_t)(q * TXPAGE_PER_Q + b);
}

static uint32_t take_packet(struct vdc_hinic *h, uint32_t q)
{
    struct txpool *pool = &h->dev.tx.pool[q];
    const uint32_t b = (uint32_t)__builtin_ctz(~pool->pkt_used);

    pool->pkt_used |= UINT32_C(1) << b;
    return q * TXPKT_PER_Q + b;
}

_Static_assert(TXPKT_PER_Q == 32, "one bit per packet");

static void free_packet(struct vdc_hinic *h, uint32_t i)
{
    struct txpkt *p = vdc_hinic_txpkt(h, i);
    struct txpool *pool = &h->dev.tx.pool[i / TXPKT_PER_Q];

    assert(p->is_used && p->n_left == 0);
    for (uint32_t k = 0; k < p->n_page; k++) {
        pool->page_used &= ~(UINT64_C(1) << p->page[k] % TXPAGE_PER_Q);
    }
    pool->n_page -= p->n_page;
    pool->pkt_used &= ~(UINT32_C(1) << i % TXPKT_PER_Q);
    memset(p, 0, sizeof(*p));
}

void vdc_hinic_tx_flush(struct vdc_hinic *h, uint32_t q)
{
    struct ethq *e = &h->dev.ethq[q];

    if (!e->is_used || vdc_hinic_ethq_is_rx(q)) {
        return;
    }
    while (e->pkt_first != NO_INDEX) {
        const uint32_t i = e->pkt_first;
        struct txpkt *p = vdc_hinic_txpkt(h, i);

        e->pkt_first = p->next;
        if (p->is_ready) {
            free_packet(h, i);
        } else {
            p->is_dead =
                1; /* freed when its reads are back and its turn in the ready list has come */
        }
    }
    e->pkt_last = NO_INDEX;
}

/* ---- forming packets ---- */

struct packet {
    uint32_t n_desc;
    uint32_t len;
    uint32_t n_read;
    enum hinic_ethq_err err;
};

static enum hinic_ethq_err check_first(const struct vdc_hinic *h, const struct hinic_tx_desc *d)
{
    const uint32_t on = h->dev.filter.offload;

    if ((d->flags & (HINIC_TXD_IP_CSUM | HINIC_TXD_L4_CSUM)) && !(on & HINIC_OFFLOAD_TX_CSUM)) {
        return HINIC_ETHQ_BAD_FLAGS;
    }
    if ((d->flags & HINIC_TXD_VLAN) && !(on & HINIC_OFFLOAD_VLAN_INSERT)) {
        return HINIC_ETHQ_BAD_FLAGS;
    }
    if (d->flags & HINIC_TXD_TSO) {
        if (!(on & HINIC_OFFLOAD_TSO)) {
            return HINIC_ETHQ_BAD_FLAGS;
        }
        if (d->mss < HINIC_MSS_MIN || d->mss > HINIC_MSS_MAX) {
            return HINIC_ETHQ_BAD_MSS;
        }
    }
    return HINIC_ETHQ_OK;
}

/* Looks for a whole packet among the cached descriptors. Returns false if more of them are needed.
 */
static bool form(struct vdc_hinic *h, uint32_t q, struct packet *k)
{
    const struct ethq *e = &h->dev.ethq[q];
    const uint32_t n = vdc_hinic_ethq_cached(e);
    bool is_tso = false;

    *k = (struct packet){ 0 };
    for (uint32_t i = 0; i < n; i++) {
        const struct hinic_tx_desc *d = vdc_hinic_ethq_desc(h, q, i);

        k->n_desc = i + 1;
        if (i == HINIC_TX_DESC_PER_PKT) {
            k->err = HINIC_ETHQ_TOO_MANY_DESC;
        } else if (d->flags & ~HINIC_TXD_ALL) {
            k->err = HINIC_ETHQ_BAD_FLAGS;
        } else if (d->len == 0) {
            k->err = HINIC_ETHQ_BAD_LEN;
        } else if (i == 0) {
            k->err = check_first(h, d);
            is_tso = (d->flags & HINIC_TXD_TSO) != 0;
        }
        if (k->err) {
            return true;
        }
        /* A read ends at a page of the staging memory. */
        k->n_read += (k->len % TXPAGE_SIZE + d->len + TXPAGE_SIZE - 1) / TXPAGE_SIZE;
        k->len += d->len;
        if (k->len > (is_tso ? HINIC_TSO_LEN_MAX : HINIC_FRAME_MAX)) {
            k->err = HINIC_ETHQ_BAD_LEN;
            return true;
        }
        if (d->flags & HINIC_TXD_EOP) {
            k->err = k->len < HINIC_FRAME_MIN ? HINIC_ETHQ_BAD_LEN : HINIC_ETHQ_OK;
            return true;
        }
    }
    return false;
}

static void read_packet(struct vdc_hinic *h, vtime_t now, uint32_t q, uint32_t i,
                        const struct packet *k)
{
    struct txpkt *p = vdc_hinic_txpkt(h, i);
    uint32_t pos = 0;

    for (uint32_t n = 0; n < k->n_desc; n++) {
        const struct hinic_tx_desc *d = vdc_hinic_ethq_desc(h, q, n);
        uint32_t at = 0;

        while (at < d->len) {
            const uint32_t room = TXPAGE_SIZE - pos % TXPAGE_SIZE;
            const uint32_t len = d->len - at < room ? d->len - at : room;
            const struct rd_op op = { .kind = RD_TX_DATA,
                                      .obj = (uint16_t)i,
                                      .addr = d->addr + at,
                                      .dst = page_off(h, p->page[pos / TXPAGE_SIZE]) +
                                             pos % TXPAGE_SIZE,
                                      .len = len };

            vdc_hinic_dma_read(h, now, &op);
            p->n_left++;
            at += len;
            pos += len;
        }
    }
    assert(p->n_left == k->n_read);
    assert(pos == p->len);
}

/* Ends the queue behind all that was sent before: one completion with the error, then the event. */
static void report(struct vdc_hinic *h, vtime_t now, uint32_t q, enum hinic_ethq_err err,
                   uint16_t idx)
{
    struct ethq *e = &h->dev.ethq[q];
    const struct hinic_eth_cpl c = { .id = (uint16_t)(idx & ((1u << e->desc.log_depth) - 1)),
                                     .flags = HINIC_CPL_EOP | HINIC_CPL_ERR,
                                     .hash = err,
                                     .timestamp = (uint32_t)vdc_hinic_ns(h, now) };

    if (vdc_hinic_ethq_cpl_room(h, q) > 0) {
        vdc_hinic_ethq_complete(h, now, q, c, true);
    }
    vdc_hinic_ethq_fail(h, now, q, err);
}

static bool load_one(struct vdc_hinic *h, vtime_t now, uint32_t q)
{
    const struct txpool *pool = &h->dev.tx.pool[q];
    struct ethq *e = &h->dev.ethq[q];
    struct packet k;
    struct txpkt *p;
    bool is_whole;
    uint32_t i;
    uint32_t n_page;

    if (!e->is_used || e->err) {
        return false;
    }
    is_whole = form(h, q, &k);
    if (is_whole && k.err) {
        e->err_pending = (uint8_t)k.err;
        e->err_idx = (uint16_t)(e->head + k.n_desc - 1);
        is_whole = false;
    }
    if (!is_whole) {
        if (e->err_pending && e->pkt_first == NO_INDEX) {
            report(h, now, q, (enum hinic_ethq_err)e->err_pending, e->err_idx);
        }
        vdc_hinic_ethq_fetch(h, now, q);
        return false;
    }
    n_page = (k.len + TXPAGE_SIZE - 1) / TXPAGE_SIZE;
    if (pool->pkt_used == UINT32_MAX || pool->n_page + n_page > TXPAGE_PER_Q ||
        vdc_hinic_rd_room(h) < k.n_read + RD_RESERVE) {
        return false;
    }
    i = take_packet(h, q);
    p = vdc_hinic_txpkt(h, i);
    {
        const struct hinic_tx_desc *first = vdc_hinic_ethq_desc(h, q, 0);
        const struct hinic_tx_desc *last = vdc_hinic_ethq_desc(h, q, k.n_desc - 1);

        *p = (struct txpkt){ .is_used = 1,
                             .q = (uint16_t)q,
                             .next = NO_INDEX,
                             .flags = (uint16_t)((first->flags & ~HINIC_TXD_INT) |
                                                 (last->flags & HINIC_TXD_INT)),
                             .mss = first->mss,
                             .vlan = first->vlan,
                             .last = (uint16_t)(e->head + k.n_desc - 1),
                             .len = k.len };
    }
    for (p->n_page = 0; p->n_page < n_page; p->n_page++) {
        p->page[p->n_page] = take_page(h, q);
    }
    read_packet(h, now, q, i, &k);
    e->head = (uint16_t)(e->head + k.n_desc);
    if (e->pkt_first == NO_INDEX) {
        e->pkt_first = (uint16_t)i;
    } else {
        vdc_hinic_txpkt(h, e->pkt_last)->next = (uint16_t)i;
    }
    e->pkt_last = (uint16_t)i;
    vdc_hinic_ethq_fetch(h, now, q);
    return true;
}

/* True if a look at any queue would change nothing. */
static bool has_no_work(const struct vdc_hinic *h)
{
    for (uint32_t q = 0; q < h->cfg.n_qpairs; q++) {
        const struct ethq *e = &h->dev.ethq[q];

        if (e->is_used && (e->head != e->pi || e->err_pending)) {
            return false;
        }
    }
    return true;
}

void vdc_hinic_tx_load(struct vdc_hinic *h, vtime_t now)
{
    const uint32_t n = h->cfg.n_qpairs;
    uint32_t idle = has_no_work(h) ? n : 0;

    while (idle < n) {
        const uint32_t q = h->dev.tx.rr_load;

        h->dev.tx.rr_load = (q + 1) % n;
        idle = load_one(h, now, q) ? 0 : idle + 1;
    }
}

/* ---- from data to ready ---- */

/* Entry i of the ready list; a packet is in it once, so it cannot overflow. */
static struct txready *ready_at(struct vdc_hinic *h, uint64_t i)
{
    return (struct txready *)vdc_hinic_at(h, h->lay.ready) + i % (h->cfg.n_qpairs * TXPKT_PER_Q);
}

void vdc_hinic_tx_data(struct vdc_hinic *h, vtime_t now, const struct rd_op *op)
{
    struct tx *tx = &h->dev.tx;
    struct txpkt *p = vdc_hinic_txpkt(h, op->obj);
    const vtime_t t = vtime_add(now, h->cfg.timing.t_tx);

    assert(p->is_used && p->n_left > 0);
    p->is_dma_failed |= op->is_failed != 0;
    if (--p->n_left > 0) {
        return;
    }
    *ready_at(h, tx->ready_tail) = (struct txready){ .t = t, .pkt = op->obj };
    if (tx->ready_head == tx->ready_tail++) {
        vdc_hinic_ev_arm(h, EV_TX_READY, 0, t);
    }
}

/* A queue may send if its first packet is ready and the completion has a place. */
static bool may_send(struct vdc_hinic *h, uint32_t q)
{
    const struct ethq *e = &h->dev.ethq[q];

    return e->is_used && !e->err && e->pkt_first != NO_INDEX &&
           vdc_hinic_txpkt(h, e->pkt_first)->is_ready && vdc_hinic_ethq_cpl_room(h, q) > 0;
}

/* The queue whose turn it is, or n_qpairs. */
static uint32_t pick(struct vdc_hinic *h)
{
    const uint32_t n = h->cfg.n_qpairs;

    for (uint32_t i = 0; i < n && vdc_hinic_wr_room(h) >= WR_TX_ROOM; i++) {
        const uint32_t q = (h->dev.tx.rr_send + i) % n;

        if (may_send(h, q)) {
            return q;
        }
    }
    return n;
}

/* The transmission happens at t, unless there is one before. */
static void arm(struct vdc_hinic *h, vtime_t t)
{
    t = vtime_max(t, h->dev.tx.free_at);
    if (vdc_hinic_ev_time(h, EV_TRANSMIT, 0) > t) {
        vdc_hinic_ev_cancel(h, EV_TRANSMIT, 0);
        vdc_hinic_ev_arm(h, EV_TRANSMIT, 0, t);
    }
}

/* An Ethernet queue sends at t, or when it was to already: then the event is armed. */
static void start(struct vdc_hinic *h, vtime_t t)
{
    struct tx *tx = &h->dev.tx;

    if (tx->eth_at == 0 && pick(h) < h->cfg.n_qpairs) {
        tx->eth_at = t;
        arm(h, t);
    }
}

void vdc_hinic_tx_start(struct vdc_hinic *h, vtime_t now)
{
    const vtime_t t = vdc_hinic_sched_time(h);

    if (t != VTIME_NEVER) {
        arm(h, vtime_max(t, now));
    }
}

void vdc_hinic_tx_kick(struct vdc_hinic *h, vtime_t now)
{
    const struct vdc_hinic_timing *t = &h->cfg.timing;

    /* An engine that stood still needs as long to start as one with nothing fetched: no doorbell
     * leads to a frame before the promise. */
    start(h, vtime_add(now, 2 * (t->t_pcie_up + t->t_pcie_dn) + t->t_tx));
}

void vdc_hinic_tx_ready(struct vdc_hinic *h, vtime_t now)
{
    struct tx *tx = &h->dev.tx;

    while (tx->ready_head != tx->ready_tail && ready_at(h, tx->ready_head)->t <= now) {
        const uint32_t i = (uint32_t)ready_at(h, tx->ready_head++)->pkt;

        if (vdc_hinic_txpkt(h, i)->is_dead) {
            free_packet(h, i);
        } else {
            vdc_hinic_txpkt(h, i)->is_ready = 1;
        }
    }
    if (tx->ready_head != tx->ready_tail) {
        vdc_hinic_ev_arm(h, EV_TX_READY, 0, ready_at(h, tx->ready_head)->t);
    }
    start(h, now);
    vdc_hinic_tx_load(h, now);
}

/* ---- sending ---- */

static void retire(struct vdc_hinic *h, vtime_t now, uint32_t q)
{
    struct ethq *e = &h->dev.ethq[q];
    const uint32_t i = e->pkt_first;
    const struct txpkt *p = vdc_hinic_txpkt(h, i);
    const struct hinic_eth_cpl c = { .len = (uint16_t)p->len,
                                     .id = (uint16_t)(p->last & ((1u << e->desc.log_depth) - 1)),
                                     .flags = HINIC_CPL_EOP,
                                     .timestamp = (uint32_t)vdc_hinic_ns(h, now) };

    vdc_hinic_ethq_complete(h, now, q, c, (p->flags & HINIC_TXD_INT) != 0);
    e->done = (uint16_t)(p->last + 1);
    e->pkt_first = p->next;
    if (e->pkt_first == NO_INDEX) {
        e->pkt_last = NO_INDEX;
    }
    free_packet(h, i);
}

static void send_frame(struct vdc_hinic *h, vtime_t now, uint32_t q,
                       const struct vdc_hinic_env *env)
{
    struct txpkt *p = vdc_hinic_txpkt(h, h->dev.ethq[q].pkt_first);
    enum hinic_ethq_err err = HINIC_ETHQ_OK;

    h->dev.tx.eth_at = 0;
    h->dev.tx.rr_send = (q + 1) % h->cfg.n_qpairs;
    if (p->is_dma_failed) {
        err = HINIC_ETHQ_DMA;
    } else if (p->n_seg == 0) {
        err = vdc_hinic_segment_start(h, p);
    }
    if (err) {
        h->dev.tx.free_at = vtime_add(now, h->cfg.timing.t_pkt);
        report(h, now, q, err, p->last);
    } else {
        const uint32_t len = vdc_hinic_segment_build(h, p);

        vdc_hinic_port_send(h, now, h->frame, len, env);
        if (++p->seg == p->n_seg) {
            retire(h, now, q);
        }
    }
}

void vdc_hinic_transmit(struct vdc_hinic *h, vtime_t now, const struct vdc_hinic_env *env)
{
    struct tx *tx = &h->dev.tx;
    const uint32_t n = h->cfg.n_qpairs;
    uint32_t q = n;

    if (tx->free_at > now) { /* what a packet caused while it left was armed before it had */
        arm(h, tx->free_at);
        return;
    }
    if (tx->eth_at != 0 && tx->eth_at <= now) {
        q = pick(h);
        tx->eth_at = q < n ? tx->eth_at : 0;
    }
    if (!vdc_hinic_sched_transmit(h, now, q < n, env) && q < n) {
        send_frame(h, now, q, env);
    }
    if (tx->eth_at != 0) { /* RDMA was first */
        arm(h, tx->eth_at);
    } else {
        start(h, now);
    }
    vdc_hinic_tx_start(h, now);
    vdc_hinic_tx_load(h, now);
}
