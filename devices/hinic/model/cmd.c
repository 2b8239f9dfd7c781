/* SPDX-License-Identifier: MIT */
/* Table of admin commands, and those about the device, its port, event queues and counters. */
#include "state.h"

#include <string.h>

#define CAP_PAGE_SIZES UINT64_C(0x7ffff000) /* 4 KiB .. 1 GiB */
#define MTU_4096       5u                   /* enum ib_mtu */
#define IB_WIDTH_4X    2u

static enum hinic_aq_status query_dev(struct vdc_hinic *h, vtime_t now)
{
    const struct layout *l = &h->lay;
    const bool has_rdma = l->n_qp > 0;
    const struct hinic_mb_query_dev q = {
        .max_qp = has_rdma ? l->n_qp - RDMA_QP_SPECIAL : 0,
        .max_cq = l->n_cq,
        .max_mr = has_rdma ? l->n_mr - 1 : 0,
        .max_mw = l->n_key - l->n_mr,
        .max_pd = has_rdma ? l->n_pd - 1 : 0,
        .max_srq = l->n_srq,
        .max_qp_wr = has_rdma ? RDMA_WR_MAX : 0,
        .max_cqe = has_rdma ? (1u << RDMA_LOG_CQE_MAX) - 1 : 0,
        .max_srq_wr = has_rdma ? 1u << RDMA_LOG_RQ_MAX : 0,
        .max_sge = has_rdma ? HINIC_SGE_MAX : 0,
        .max_inline = has_rdma ? RDMA_INLINE_MAX : 0,
        .max_rd_atom = has_rdma ? RDMA_RD_ATOMIC : 0,
        .max_init_rd_atom = has_rdma ? RDMA_RD_ATOMIC : 0,
        .max_pkeys = has_rdma ? RDMA_PKEYS : 0,
        .max_gids = (uint16_t)l->n_gid,
        .max_mc_groups = (uint16_t)l->n_mc,
        .max_mc_qps = has_rdma ? RDMA_MC_QPS : 0,
        .max_msg = has_rdma ? RDMA_MSG_MAX : 0,
        .n_uar = h->cfg.n_uar,
        .page_caps = CAP_PAGE_SIZES,
        .node_guid = vdc_hinic_node_guid(h),
        .system_guid = vdc_hinic_node_guid(h),
        .caps = vdc_hinic_caps(h),
        .eth_qpairs = (uint16_t)h->cfg.n_qpairs,
        .ethq_log_min = HINIC_ETHQ_LOG_MIN,
        .ethq_log_max = HINIC_ETHQ_LOG_MAX,
        .tx_desc_per_pkt = HINIC_TX_DESC_PER_PKT,
        .rx_buf_per_frame = HINIC_RX_BUF_PER_FRAME,
        .tso_len_max = HINIC_TSO_LEN_MAX,
        .n_eq = (uint16_t)h->cfg.n_eq,
        .n_counters = HINIC_CNT_N,
    };

    (void)now;
    memcpy(h->mbox_out, &q, sizeof(q));
    return HINIC_AQ_OK;
}

static enum hinic_aq_status query_port(struct vdc_hinic *h, vtime_t now)
{
    const struct port *p = &h->dev.port;
    const struct hinic_mb_query_port q = {
        .state = p->is_up ? HINIC_PORT_ACTIVE : HINIC_PORT_DOWN,
        .phys = p->is_up ? HINIC_PHYS_LINK_UP : HINIC_PHYS_POLLING,
        .max_mtu = MTU_4096,
        .active_mtu = (uint8_t)vdc_hinic_active_mtu(h),
        .width = IB_WIDTH_4X,
        .mbps = (uint32_t)(p->link.rate_bps / 1000000),
        .pkey_violations = (uint32_t)h->dev.cnt[HINIC_CNT_PKEY_VIOLATIONS],
        .qkey_violations = h->dev.rdma.qkey_violations,
        .vl_num = 1,
        .mtu = p->mtu,
        .mtu_max = p->link.mtu,
    };

    (void)now;
    memcpy(h->mbox_out, &q, sizeof(q));
    return HINIC_AQ_OK;
}

static enum hinic_aq_status set_port(struct vdc_hinic *h, vtime_t now)
{
    struct hinic_mb_set_port m;

    (void)now;
    memcpy(&m, h->mbox_in, sizeof(m));
    if (m.mask & ~HINIC_SET_PORT_MTU || m.set != 0 || m.clear != 0) {
        return HINIC_AQ_BAD_PARAM; /* capability bits belong to InfiniBand ports */
    }
    if (m.mask & HINIC_SET_PORT_MTU) {
        if (m.mtu < HINIC_MTU_MIN || m.mtu > HINIC_MTU_MAX) {
            return HINIC_AQ_LIMIT;
        }
        h->dev.port.mtu = m.mtu;
    } else if (m.mtu != 0) {
        return HINIC_AQ_BAD_PARAM;
    }
    return HINIC_AQ_OK;
}

static enum hinic_aq_status create_eq_prepare(struct vdc_hinic *h)
{
    struct hinic_mb_create_eq m;

    memcpy(&m, h->mbox_in, sizeof(m));
    if (m.rsv != 0 || m.rsv1 != 0 || !vdc_hinic_moderation_ok(m.count, m.ns)) {
        return HINIC_AQ_BAD_PARAM;
    }
    if (m.log_depth < HINIC_EQ_LOG_MIN || m.log_depth > HINIC_EQ_LOG_MAX ||
        m.vector >= h->cfg.n_vectors) {
        return HINIC_AQ_LIMIT;
    }
    return vdc_hinic_walk_start(&h->dev.aq.walk[0], &m.pbl, m.log_depth) ? HINIC_AQ_OK
                                                                         : HINIC_AQ_BAD_PARAM;
}

static enum hinic_aq_status create_eq(struct vdc_hinic *h, vtime_t now)
{
    struct hinic_mb_create_eq m;
    struct ring r;

    (void)now;
    memcpy(&m, h->mbox_in, sizeof(m));
    for (uint32_t i = 1; i <= h->cfg.n_eq; i++) {
        if (!vdc_hinic_eq(h, i)->is_used) {
            vdc_hinic_walk_ring(&h->dev.aq.walk[0], m.log_depth, &r);
            vdc_hinic_eq_open(h, i, &r, m.vector, m.count, m.ns);
            h->dev.aq.out[0] = i;
            return HINIC_AQ_OK;
        }
    }
    return HINIC_AQ_NO_RES;
}

static enum hinic_aq_status destroy_eq(struct vdc_hinic *h, vtime_t now)
{
    struct hinic_inl_obj m;

    (void)now;
    memcpy(&m, h->dev.aq.sqe.inl, sizeof(m));
    if (m.id == 0 || m.id > h->cfg.n_eq || !vdc_hinic_eq(h, m.id)->is_used) {
        return HINIC_AQ_BAD_PARAM;
    }
    if (vdc_hinic_cq_uses_eq(h, m.id)) {
        return HINIC_AQ_BUSY;
    }
    vdc_hinic_eq_close(h, m.id);
    return HINIC_AQ_OK;
}

static enum hinic_aq_status get_stats(struct vdc_hinic *h, vtime_t now)
{
    h->dev.cnt[HINIC_CNT_VTIME_NS] = vdc_hinic_ns(h, now);
    memcpy(h->mbox_out, h->dev.cnt, sizeof(h->dev.cnt));
    h->dev.cnt[HINIC_CNT_VTIME_NS] = 0;
    return HINIC_AQ_OK;
}

static enum hinic_aq_status clear_stats(struct vdc_hinic *h, vtime_t now)
{
    (void)now;
    memset(h->dev.cnt, 0, sizeof(h->dev.cnt));
    return HINIC_AQ_OK;
}

_Static_assert(HINIC_CNT_N * 8 <= HINIC_PAGE_SIZE, "counters fit a mailbox");

static const struct cmd cmds[] = {
    { .op = HINIC_AQ_QUERY_DEV, .out_len = sizeof(struct hinic_mb_query_dev), .exec = query_dev },
    { .op = HINIC_AQ_QUERY_PORT,
      .has_port = 1,
      .out_len = sizeof(struct hinic_mb_query_port),
      .exec = query_port },
    { .op = HINIC_AQ_SET_PORT,
      .has_port = 1,
      .in_len = sizeof(struct hinic_mb_set_port),
      .exec = set_port },
    { .op = HINIC_AQ_CREATE_EQ,
      .in_len = sizeof(struct hinic_mb_create_eq),
      .prepare = create_eq_prepare,
      .exec = create_eq },
    { .op = HINIC_AQ_DESTROY_EQ, .inl_len = sizeof(struct hinic_inl_obj), .exec = destroy_eq },
    { .op = HINIC_AQ_CREATE_TXQ,
      .has_port = 1,
      .in_len = sizeof(struct hinic_mb_create_q),
      .prepare = vdc_hinic_cmd_create_q_prepare,
      .exec = vdc_hinic_cmd_create_q },
    { .op = HINIC_AQ_CREATE_RXQ,
      .has_port = 1,
      .in_len = sizeof(struct hinic_mb_create_q),
      .prepare = vdc_hinic_cmd_create_q_prepare,
      .exec = vdc_hinic_cmd_create_q },
    { .op = HINIC_AQ_DESTROY_Q,
      .has_port = 1,
      .inl_len = sizeof(struct hinic_inl_destroy_q),
      .exec = vdc_hinic_cmd_destroy_q },
    { .op = HINIC_AQ_SET_RX_MODE,
      .has_port = 1,
      .inl_len = sizeof(struct hinic_inl_rx_mode),
      .exec = vdc_hinic_cmd_rx_mode },
    { .op = HINIC_AQ_SET_MAC,
      .has_port = 1,
      .inl_len = sizeof(struct hinic_inl_mac),
      .exec = vdc_hinic_cmd_mac },
    { .op = HINIC_AQ_SET_VLAN,
      .has_port = 1,
      .inl_len = sizeof(struct hinic_inl_vlan),
      .exec = vdc_hinic_cmd_vlan },
    { .op = HINIC_AQ_SET_RSS,
      .has_port = 1,
      .in_len = sizeof(struct hinic_mb_rss),
      .exec = vdc_hinic_cmd_rss },
    { .op = HINIC_AQ_SET_OFFLOAD,
      .has_port = 1,
      .inl_len = sizeof(struct hinic_inl_offload),
      .exec = vdc_hinic_cmd_offload },
    { .op = HINIC_AQ_SET_MODERATION,
      .has_port = 1,
      .inl_len = sizeof(struct hinic_inl_moderation),
      .exec = vdc_hinic_cmd_moderation },
    { .op = HINIC_AQ_GET_STATS, .has_port = 1, .out_len = HINIC_CNT_N * 8, .exec = get_stats },
    { .op = HINIC_AQ_CLEAR_STATS, .has_port = 1, .exec = clear_stats },
};

const struct cmd *vdc_hinic_cmd_find(uint8_t op)
{
    for (size_t i = 0; i < sizeof(cmds) / sizeof(cmds[0]); i++) {
        if (cmds[i].op == op) {
            return &cmds[i];
        }
    }
    return vdc_hinic_rcmd_find(op);
}
