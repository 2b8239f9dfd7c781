/* SPDX-License-Identifier: MIT */
/* Configuration of the HiNIC model: defaults, ranges, and the layout of the state they lead to. */
#include "state.h"

#include <string.h>

#include "rnet.h"

#define T_MIN VTIME_PS_PER_NS
#define T_MAX (100 * VTIME_PS_PER_US)

struct vdc_hinic_cfg vdc_hinic_cfg_default(void)
{
    return (struct vdc_hinic_cfg){
        .n_nodes = 1,
        .port_id = vdc_port_id(VDC_PORT_NIC, 0, 0),
        .spec_ver = HINIC_SPEC_VER,
        .caps_mask = UINT64_MAX,
        .n_qpairs = 4,
        .n_vectors = 16,
        .n_uar = 1024,
        .n_eq = 16,
        .pcie_gbps = 256,
        .mtu = 4200,
        .rx_mem_bytes = 1u << 20,
        .n_qp = 1024,
        .n_cq = 2048,
        .n_srq = 256,
        .n_mr = 16384,
        .n_mw = 4096,
        .n_pd = 1024,
        .n_gid = 64,
        .n_mc = 256,
        .timing = { .t_db = 300000,
                    .t_pcie_up = 250000,
                    .t_pcie_dn = 250000,
                    .t_tx = 100000,
                    .t_rx = 150000,
                    .t_pkt = 20000,
                    .t_ack = 50000,
                    .t_msi = 250000,
                    .t_aq = 2000000 },
        .link = { .rate_bps = UINT64_C(100000000000),
                  .latency_ps = 500000,
                  .tx_quantum_ps = 1,
                  .wire_overhead = VDC_LINK_ETH_OVERHEAD,
                  .min_frame = VDC_LINK_ETH_MIN_FRAME,
                  .mtu = 4200 },
    };
}

struct range {
    const char *name;
    uint64_t value, min, max;
};

const char *vdc_hinic_cfg_check(const struct vdc_hinic_cfg *cfg)
{
    const struct vdc_hinic_timing *t = &cfg->timing;
    const struct range ranges[] = {
        { "n_nodes", cfg->n_nodes, 1, VDC_HINIC_NODES_MAX },
        { "node", cfg->node, 0, cfg->n_nodes > 0 ? cfg->n_nodes - 1 : 0 },
        { "n_qpairs", cfg->n_qpairs, 1, HINIC_QPAIRS_MAX },
        { "n_vectors", cfg->n_vectors, 2, HINIC_VECTORS_MAX },
        { "n_uar", cfg->n_uar, 1, VDC_HINIC_UAR_MAX },
        { "n_eq", cfg->n_eq, 1, VDC_HINIC_EQ_MAX },
        { "pcie_gbps", cfg->pcie_gbps, 1, VDC_HINIC_PCIE_GBPS_MAX },
        { "mtu", cfg->mtu, HINIC_MTU_MIN, HINIC_MTU_MAX },
        { "rx_mem_bytes", cfg->rx_mem_bytes, VDC_HINIC_RX_MEM_MIN, VDC_HINIC_RX_MEM_MAX },
        { "n_qp", cfg->n_qp, 2 * RDMA_QP_SPECIAL, VDC_HINIC_QP_MAX },
        { "n_cq", cfg->n_cq, 1, VDC_HINIC_CQ_MAX },
        { "n_srq", cfg->n_srq, 1, VDC_HINIC_SRQ_MAX },
        { "n_mr", cfg->n_mr, 1, VDC_HINIC_KEY_MAX },
        { "n_mw", cfg->n_mw, 1, VDC_HINIC_KEY_MAX },
        { "n_pd", cfg->n_pd, 1, VDC_HINIC_PD_MAX },
        { "n_gid", cfg->n_gid, 1, VDC_HINIC_GID_MAX },
        { "n_mc", cfg->n_mc, 1, VDC_HINIC_MC_MAX },
        { "t_db", t->t_db, T_MIN, T_MAX },
        { "t_pcie_up", t->t_pcie_up, T_MIN, T_MAX },
        { "t_pcie_dn", t->t_pcie_dn, T_MIN, T_MAX },
        { "t_tx", t->t_tx, T_MIN, T_MAX },
        { "t_rx", t->t_rx, T_MIN, T_MAX },
        { "t_pkt", t->t_pkt, T_MIN, T_MAX },
        { "t_ack", t->t_ack, T_MIN, T_MAX },
        { "t_msi", t->t_msi, T_MIN, T_MAX },
        { "t_aq", t->t_aq, T_MIN, T_MAX },
        { "link.rate_bps", cfg->link.rate_bps, VDC_LINK_RATE_MIN, VDC_LINK_RATE_MAX },
        { "link.latency_ps", cfg->link.latency_ps, 0, 10 * VTIME_PS_PER_S },
        { "link.tx_quantum_ps", cfg->link.tx_quantum_ps, 1, VTIME_PS_PER_US },
        { "link.wire_overhead", cfg->link.wire_overhead, 0, 256 },
        { "link.min_frame", cfg->link.min_frame, 0, 1518 },
        { "link.mtu", cfg->link.mtu, 256, 65535 },
        { "link.loss_p32", cfg->link.loss_p32, 0, UINT64_C(1) << 32 },
        { "link.corrupt_p32", cfg->link.corrupt_p32, 0, UINT64_C(1) << 32 },
        { "link.jitter_ps", cfg->link.jitter_ps, 0, 10 * VTIME_PS_PER_S },
    };

    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        if (ranges[i].value < ranges[i].min || ranges[i].value > ranges[i].max) {
            return ranges[i].name;
        }
    }
    return NULL;
}

/* Takes n bytes behind the layout so far, 64-aligned. */
static uint64_t take(struct layout *l, uint64_t n)
{
    const uint64_t at = (l->size + 63) & ~UINT64_C(63);

    l->size = at + n;
    return at;
}

/* Numbers of objects; all 0 without RDMA. */
static void count_objects(const struct vdc_hinic_cfg *cfg, struct layout *l)
{
    if (vdc_hinic_has_rdma(cfg)) {
        l->n_qp = cfg->n_qp;
        l->n_cq = cfg->n_cq;
        l->n_srq = cfg->n_srq;
        l->n_mr = 1 + cfg->n_mr; /* index 0 is the local DMA key */
        l->n_key = l->n_mr + cfg->n_mw;
        l->n_pd = 1 + cfg->n_pd; /* number 0 is none */
        l->n_gid = cfg->n_gid;
        l->n_mc = cfg->n_mc;
        l->n_pkt = vdc_hinic_rpkt_total(cfg);
        while (1u << l->log_qp < l->n_qp) {
            l->log_qp++;
        }
    }
}

static void layout_rdma(const struct vdc_hinic_cfg *cfg, struct layout *l)
{
    const uint32_t n_obj = l->n_qp + l->n_cq + l->n_srq + l->n_key;
    const uint32_t n_slot = l->n_qp + l->n_srq;

    if (!vdc_hinic_has_rdma(cfg)) {
        return;
    }
    l->qp = take(l, l->n_qp * sizeof(struct qp));
    l->cq = take(l, l->n_cq * sizeof(struct cq));
    l->srq = take(l, l->n_srq * sizeof(struct srq));
    l->key = take(l, l->n_key * sizeof(struct mr));
    l->pd = take(l, l->n_pd * sizeof(uint32_t));
    l->uar = take(l, cfg->n_uar);
    l->gid = take(l, l->n_gid * sizeof(struct gid));
    l->mcast = take(l, l->n_mc * sizeof(struct mcast));
    l->memslot = take(l, n_slot * sizeof(struct memslot));
    l->memreq = take(l, MEM_N * sizeof(struct memreq));
    l->memfifo = take(l, FIFO_N * sizeof(uint16_t));
    l->memcqe = take(l, MEM_CQE_N * sizeof(struct memcqe));
    l->memwait = take(l, n_slot * 2 * sizeof(uint32_t));
    l->leaf = take(l, MEM_LEAVES * sizeof(struct leaf));
    l->leafmem = take(l, (uint64_t)MEM_LEAVES * HINIC_PAGE_SIZE);
    l->changed = take(l, n_obj * sizeof(uint32_t));
    l->is_changed = take(l, n_obj);
    l->obj_sum = take(l, n_obj * sizeof(struct vdc_digest));
    l->rnet = take(l, sizeof(struct rnet));
    l->src = take(l, (1 + 2 * (uint64_t)l->n_qp) * sizeof(struct sched_src));
    l->pkt = take(l, l->n_pkt * sizeof(struct rpkt));
    l->pktmem = take(l, (uint64_t)l->n_pkt * RPKT_STRIDE);
}

static void layout(const struct vdc_hinic_cfg *cfg, struct layout *l)
{
    uint32_t n_src;

    memset(l, 0, sizeof(*l));
    count_objects(cfg, l);
    n_src = vdc_hinic_ev_layout(cfg, l);
    l->n_frm = cfg->rx_mem_bytes / RX_CELL;
    l->rxmem_bytes = (cfg->rx_mem_bytes + RX_GAP_BYTES) & ~(RX_CELL - 1);
    l->size = sizeof(struct vdc_hinic);
    l->ev_node = take(l, (uint64_t)n_src * EV_NODE_SIZE);
    l->ev_place = take(l, n_src * sizeof(uint32_t));
    l->ev_t = take(l, n_src * sizeof(vtime_t));
    l->rd = take(l, RD_RING * sizeof(struct rd_op));
    l->wr = take(l, WR_RING * sizeof(struct wr_op));
    l->notify = take(l, l->n_notify * sizeof(struct notify));
    l->eq = take(l, (1 + cfg->n_eq) * sizeof(struct eq));
    l->desc = take(l, (uint64_t)2 * HINIC_QPAIRS_MAX * DESC_CACHE * sizeof(struct hinic_tx_desc));
    l->txpkt = take(l, cfg->n_qpairs * TXPKT_PER_Q * sizeof(struct txpkt));
    l->ready = take(l, cfg->n_qpairs * TXPKT_PER_Q * sizeof(struct txready));
    l->txpage = take(l, (uint64_t)cfg->n_qpairs * TXPAGE_PER_Q * TXPAGE_SIZE);
    l->frm = take(l, l->n_frm * sizeof(struct frm));
    l->rxmem = take(l, l->rxmem_bytes);
    l->inmsg = take(l, IN_MSGS * sizeof(struct inmsg));
    l->inmem = take(l, IN_BYTES);
    layout_rdma(cfg, l);
    l->size = (l->size + 63) & ~UINT64_C(63);
}

size_t vdc_hinic_size(const struct vdc_hinic_cfg *cfg)
{
    struct layout l;

    if (vdc_hinic_cfg_check(cfg)) {
        return 0;
    }
    layout(cfg, &l);
    return l.size;
}

int vdc_hinic_init(void *mem, const struct vdc_hinic_cfg *cfg)
{
    struct vdc_hinic *h = mem;

    if (vdc_hinic_cfg_check(cfg)) {
        return -22;
    }
    assert(((uintptr_t)mem & 63) == 0);
    memset(mem, 0, vdc_hinic_size(cfg));
    h->cfg = *cfg;
    if (h->cfg.spec_ver == 0) {
        h->cfg.spec_ver = HINIC_SPEC_VER;
    }
    layout(cfg, &h->lay);
    vdc_hinic_ev_init(h);
    h->dev.port.link = cfg->link;
    vdc_hinic_reset(h, 0, VDC_HINIC_RESET_COLD);
    h->dev.reset_done = 0;
    return 0;
}
