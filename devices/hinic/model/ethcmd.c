/* SPDX-License-Identifier: MIT */
/* Admin commands of the Ethernet part: queues, filters, RSS, offloads, moderation. */
#include "state.h"

#include <string.h>

#define VID_N 4096u

static uint32_t queue_index(uint32_t n, bool is_rx)
{
    return n + (is_rx ? HINIC_QPAIRS_MAX : 0);
}

enum hinic_aq_status vdc_hinic_cmd_create_q_prepare(struct vdc_hinic *h)
{
    struct aq *aq = &h->dev.aq;
    struct hinic_mb_create_q m;

    memcpy(&m, h->mbox_in, sizeof(m));
    if (m.rsv != 0 || !vdc_hinic_moderation_ok(m.count, m.ns)) {
        return HINIC_AQ_BAD_PARAM;
    }
    if (m.log_depth < HINIC_ETHQ_LOG_MIN || m.log_depth > HINIC_ETHQ_LOG_MAX ||
        m.vector >= h->cfg.n_vectors || m.queue >= h->cfg.n_qpairs) {
        return HINIC_AQ_LIMIT;
    }
    if (h->dev.ethq[queue_index(m.queue, aq->sqe.opcode == HINIC_AQ_CREATE_RXQ)].is_used) {
        return HINIC_AQ_BUSY;
    }
    if (!vdc_hinic_walk_start(&aq->walk[0], &m.desc, m.log_depth) ||
        !vdc_hinic_walk_start(&aq->walk[1], &m.cpl, m.log_depth)) {
        return HINIC_AQ_BAD_PARAM;
    }
    return HINIC_AQ_OK;
}

enum hinic_aq_status vdc_hinic_cmd_create_q(struct vdc_hinic *h, vtime_t now)
{
    struct aq *aq = &h->dev.aq;
    const bool is_rx = aq->sqe.opcode == HINIC_AQ_CREATE_RXQ;
    struct hinic_mb_create_q m;
    struct ring desc;
    struct ring cpl;

    (void)now;
    memcpy(&m, h->mbox_in, sizeof(m));
    vdc_hinic_walk_ring(&aq->walk[0], m.log_depth, &desc);
    vdc_hinic_walk_ring(&aq->walk[1], m.log_depth, &cpl);
    vdc_hinic_ethq_open(h, queue_index(m.queue, is_rx), &desc, &cpl, m.vector, m.count, m.ns);
    return HINIC_AQ_OK;
}

enum hinic_aq_status vdc_hinic_cmd_destroy_q(struct vdc_hinic *h, vtime_t now)
{
    struct hinic_inl_destroy_q m;
    uint32_t q;

    memcpy(&m, h->dev.aq.sqe.inl, sizeof(m));
    if (m.rsv != 0 || m.is_rx > 1) {
        return HINIC_AQ_BAD_PARAM;
    }
    if (m.queue >= h->cfg.n_qpairs) {
        return HINIC_AQ_LIMIT;
    }
    q = queue_index(m.queue, m.is_rx != 0);
    if (!h->dev.ethq[q].is_used) {
        return HINIC_AQ_BAD_STATE;
    }
    /* Reads and writes already issued touch memory before the reply does: both rings keep their
     * order. */
    vdc_hinic_ethq_close(h, q);
    vdc_hinic_rx_kick(h, now); /* the frame the engine held for it is dropped */
    return HINIC_AQ_OK;
}

enum hinic_aq_status vdc_hinic_cmd_rx_mode(struct vdc_hinic *h, vtime_t now)
{
    struct hinic_inl_rx_mode m;

    (void)now;
    memcpy(&m, h->dev.aq.sqe.inl, sizeof(m));
    if (m.rsv != 0 || (m.flags & ~HINIC_RX_MODE_ALL)) {
        return HINIC_AQ_BAD_PARAM;
    }
    h->dev.filter.mode = m.flags;
    h->dev.filter.hash = m.hash;
    return HINIC_AQ_OK;
}

enum hinic_aq_status vdc_hinic_cmd_mac(struct vdc_hinic *h, vtime_t now)
{
    static const uint8_t zero[6];
    struct hinic_inl_mac m;

    (void)now;
    memcpy(&m, h->dev.aq.sqe.inl, sizeof(m));
    if (m.rsv != 0 || (m.mac[0] & 1) || memcmp(m.mac, zero, sizeof(zero)) == 0) {
        return HINIC_AQ_BAD_PARAM;
    }
    memcpy(h->dev.filter.mac, m.mac, sizeof(m.mac));
    return HINIC_AQ_OK;
}

enum hinic_aq_status vdc_hinic_cmd_vlan(struct vdc_hinic *h, vtime_t now)
{
    struct hinic_inl_vlan m;
    uint64_t bit;

    (void)now;
    memcpy(&m, h->dev.aq.sqe.inl, sizeof(m));
    if (m.rsv != 0 || m.add > 1 || m.vid >= VID_N) {
        return HINIC_AQ_BAD_PARAM;
    }
    bit = UINT64_C(1) << (m.vid & 63);
    if (m.add) {
        h->dev.filter.vlan[m.vid / 64] |= bit;
    } else {
        h->dev.filter.vlan[m.vid / 64] &= ~bit;
    }
    return HINIC_AQ_OK;
}

enum hinic_aq_status vdc_hinic_cmd_rss(struct vdc_hinic *h, vtime_t now)
{
    struct filter *f = &h->dev.filter;
    struct hinic_mb_rss m;

    (void)now;
    memcpy(&m, h->mbox_in, sizeof(m));
    if (m.rsv != 0 || (m.types & ~HINIC_RSS_ALL)) {
        return HINIC_AQ_BAD_PARAM;
    }
    for (uint32_t i = 0; i < HINIC_RSS_TABLE_LEN; i++) {
        if (m.table[i] >= h->cfg.n_qpairs) {
            return HINIC_AQ_LIMIT;
        }
    }
    memcpy(f->rss_key, m.key, sizeof(f->rss_key));
    memcpy(f->rss_table, m.table, sizeof(f->rss_table));
    f->rss_types = m.types;
    return HINIC_AQ_OK;
}

enum hinic_aq_status vdc_hinic_cmd_offload(struct vdc_hinic *h, vtime_t now)
{
    struct hinic_inl_offload m;

    (void)now;
    memcpy(&m, h->dev.aq.sqe.inl, sizeof(m));
    if (m.flags & ~HINIC_OFFLOAD_ALL) {
        return HINIC_AQ_BAD_PARAM;
    }
    h->dev.filter.offload = m.flags;
    return HINIC_AQ_OK;
}

enum hinic_aq_status vdc_hinic_cmd_moderation(struct vdc_hinic *h, vtime_t now)
{
    struct hinic_inl_moderation m;
    struct notify *n;
    uint32_t q;

    (void)now;
    memcpy(&m, h->dev.aq.sqe.inl, sizeof(m));
    if (m.rsv != 0 || m.is_rx > 1 || !vdc_hinic_moderation_ok(m.count, m.ns)) {
        return HINIC_AQ_BAD_PARAM;
    }
    if (m.queue >= h->cfg.n_qpairs) {
        return HINIC_AQ_LIMIT;
    }
    q = queue_index(m.queue, m.is_rx != 0);
    if (!h->dev.ethq[q].is_used) {
        return HINIC_AQ_BAD_STATE;
    }
    /* A timer that runs keeps its end; the new values count from the next event. */
    n = vdc_hinic_notify(h, vdc_hinic_ethq_notify(h, q));
    n->count = m.count;
    n->ns = m.ns;
    return HINIC_AQ_OK;
}
