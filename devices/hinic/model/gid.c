/* SPDX-License-Identifier: MIT */
/* Addresses of the port: GID table, P_Keys, multicast groups, and what an address vector becomes.
 */
#include "state.h"

#include <string.h>

#define PORT     1u
#define VID_MASK 0xfffu

static struct gid *gid_at(struct vdc_hinic *h, uint32_t i)
{
    assert(i < h->lay.n_gid);
    return (struct gid *)vdc_hinic_at(h, h->lay.gid) + i;
}

static struct mcast *mcast_at(struct vdc_hinic *h, uint32_t i)
{
    assert(i < h->lay.n_mc);
    return (struct mcast *)vdc_hinic_at(h, h->lay.mcast) + i;
}

const struct gid *vdc_hinic_gid(const struct vdc_hinic *h, uint32_t index)
{
    const struct gid *g = (const struct gid *)(const void *)((const uint8_t *)h + h->lay.gid);

    return index < h->lay.n_gid && g[index].is_used ? &g[index] : NULL;
}

int vdc_hinic_gid_find(const struct vdc_hinic *h, uint32_t port, const uint8_t gid[16],
                       uint32_t vlan)
{
    if (port != PORT || h->dev.rdma.n_gid == 0) {
        return -1;
    }
    for (uint32_t i = 0; i < h->lay.n_gid; i++) {
        const struct gid *g = vdc_hinic_gid(h, i);

        if (g && g->vlan == vlan && memcmp(g->gid, gid, sizeof(g->gid)) == 0) {
            return (int)i;
        }
    }
    return -1;
}

uint16_t vdc_hinic_pkey(const struct vdc_hinic *h, uint32_t index)
{
    (void)h;
    return index == 0 ? RDMA_PKEY_DEFAULT : 0; /* Ethernet: one entry */
}

static bool is_v4(const uint8_t gid[16])
{
    static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };

    return memcmp(gid, prefix, sizeof(prefix)) == 0;
}

bool vdc_hinic_av_resolve(const struct vdc_hinic *h, const struct hinic_av *a, struct av *out)
{
    const struct gid *g = vdc_hinic_gid(h, a->sgid_idx);

    memset(out, 0, sizeof(*out));
    if (!g || a->port != PORT || !(a->flags & HINIC_AV_GRH) || a->sl > 7 ||
        is_v4(g->gid) != is_v4(a->dgid)) {
        return false;
    }
    out->port = a->port;
    out->sl = a->sl;
    out->tclass = a->tclass;
    out->hop = a->hop;
    out->sgid_idx = a->sgid_idx;
    out->is_v4 = is_v4(g->gid);
    out->flow = a->flow & 0xfffff;
    out->vlan = g->vlan;
    if (a->flags & HINIC_AV_VLAN) {
        out->vlan = a->vlan & VID_MASK;
    }
    out->has_vlan = out->vlan != RDMA_VLAN_NONE;
    memcpy(out->smac, g->mac, sizeof(out->smac));
    memcpy(out->dmac, a->dmac, sizeof(out->dmac));
    memcpy(out->sgid, g->gid, sizeof(out->sgid));
    memcpy(out->dgid, a->dgid, sizeof(out->dgid));
    return true;
}

/* ---- commands ---- */

enum hinic_aq_status vdc_hinic_cmd_set_gid(struct vdc_hinic *h, vtime_t now)
{
    static const uint8_t zero[16];
    struct hinic_inl_gid m;
    struct gid *g;

    (void)now;
    memcpy(&m, h->dev.aq.sqe.inl, sizeof(m));
    if (m.rsv0 != 0 || m.rsv1 != 0 || m.type != HINIC_GID_ROCE_V2 ||
        (m.vlan > VID_MASK && m.vlan != RDMA_VLAN_NONE) || memcmp(m.gid, zero, sizeof(zero)) == 0) {
        return HINIC_AQ_BAD_PARAM;
    }
    if (m.index >= h->lay.n_gid) {
        return HINIC_AQ_LIMIT;
    }
    g = gid_at(h, m.index);
    h->dev.rdma.n_gid += !g->is_used;
    *g = (struct gid){ .is_used = 1, .type = m.type, .vlan = m.vlan };
    memcpy(g->mac, m.mac, sizeof(g->mac));
    memcpy(g->gid, m.gid, sizeof(g->gid));
    return HINIC_AQ_OK;
}

enum hinic_aq_status vdc_hinic_cmd_del_gid(struct vdc_hinic *h, vtime_t now)
{
    struct hinic_inl_gid m;

    (void)now;
    memcpy(&m, h->dev.aq.sqe.inl, sizeof(m));
    if (m.index >= h->lay.n_gid) {
        return HINIC_AQ_LIMIT;
    }
    if (!gid_at(h, m.index)->is_used) {
        return HINIC_AQ_BAD_STATE;
    }
    memset(gid_at(h, m.index), 0, sizeof(struct gid));
    h->dev.rdma.n_gid--;
    return HINIC_AQ_OK;
}

/* ---- multicast ---- */

static struct mcast *find_group(struct vdc_hinic *h, const uint8_t mgid[16])
{
    for (uint32_t i = 0; i < h->lay.n_mc; i++) {
        struct mcast *g = mcast_at(h, i);

        if (g->n > 0 && memcmp(g->mgid, mgid, sizeof(g->mgid)) == 0) {
            return g;
        }
    }
    return NULL;
}

static struct mcast *free_group(struct vdc_hinic *h)
{
    for (uint32_t i = 0; i < h->lay.n_mc; i++) {
        if (mcast_at(h, i)->n == 0) {
            return mcast_at(h, i);
        }
    }
    return NULL;
}

uint32_t vdc_hinic_mc_members(const struct vdc_hinic *h, const uint8_t mgid[16], uint32_t *qpn,
                              uint32_t max)
{
    const struct mcast *g = (const struct mcast *)(const void *)((const uint8_t *)h + h->lay.mcast);

    if (h->dev.rdma.n_mc == 0) {
        return 0;
    }
    for (uint32_t i = 0; i < h->lay.n_mc; i++) {
        if (g[i].n > 0 && memcmp(g[i].mgid, mgid, sizeof(g[i].mgid)) == 0) {
            memcpy(qpn, g[i].qpn, (g[i].n < max ? g[i].n : max) * sizeof(qpn[0]));
            return g[i].n;
        }
    }
    return 0;
}

/* Takes a QP out of a group; false if it was not in it. */
static bool leave(struct vdc_hinic *h, struct mcast *g, uint32_t qpn)
{
    for (uint32_t i = 0; i < g->n; i++) {
        if (g->qpn[i] == qpn) {
            memmove(&g->qpn[i], &g->qpn[i + 1], (g->n - i - 1) * sizeof(qpn));
            g->qpn[--g->n] = 0;
            if (g->n == 0) {
                memset(g, 0, sizeof(*g));
                h->dev.rdma.n_mc--;
            }
            return true;
        }
    }
    return false;
}

void vdc_hinic_mc_forget(struct vdc_hinic *h, uint32_t qpn)
{
    for (uint32_t i = 0; i < h->lay.n_mc && h->dev.rdma.n_mc > 0; i++) {
        (void)leave(h, mcast_at(h, i), qpn);
    }
}

/* The group and QP of ATTACH_MC and DETACH_MC; false if they are not right. */
static bool read_mc(struct vdc_hinic *h, struct hinic_inl_mc *m)
{
    const struct qp *qp;

    memcpy(m, h->dev.aq.sqe.inl, sizeof(*m));
    qp = vdc_hinic_qp_peek(h, m->qpn);
    return m->rsv == 0 && m->mlid == 0 && (m->mgid[0] == 0xff || is_v4(m->mgid)) && qp &&
           qp->type == HINIC_QPT_UD;
}

enum hinic_aq_status vdc_hinic_cmd_attach_mc(struct vdc_hinic *h, vtime_t now)
{
    struct hinic_inl_mc m;
    struct mcast *g;
    uint32_t i;

    (void)now;
    if (!read_mc(h, &m)) {
        return HINIC_AQ_BAD_PARAM;
    }
    g = find_group(h, m.mgid);
    if (!g) {
        g = free_group(h);
        if (!g) {
            return HINIC_AQ_NO_RES;
        }
        memcpy(g->mgid, m.mgid, sizeof(g->mgid));
        h->dev.rdma.n_mc++;
    }
    for (i = 0; i < g->n && g->qpn[i] < m.qpn; i++) {
    }
    if (i < g->n && g->qpn[i] == m.qpn) {
        return HINIC_AQ_OK; /* is attached */
    }
    if (g->n == RDMA_MC_QPS) {
        return HINIC_AQ_NO_RES;
    }
    memmove(&g->qpn[i + 1], &g->qpn[i], (g->n - i) * sizeof(m.qpn));
    g->qpn[i] = m.qpn;
    g->n++;
    return HINIC_AQ_OK;
}

enum hinic_aq_status vdc_hinic_cmd_detach_mc(struct vdc_hinic *h, vtime_t now)
{
    struct hinic_inl_mc m;
    struct mcast *g;

    (void)now;
    if (!read_mc(h, &m)) {
        return HINIC_AQ_BAD_PARAM;
    }
    g = find_group(h, m.mgid);
    return g && leave(h, g, m.qpn) ? HINIC_AQ_OK : HINIC_AQ_BAD_PARAM;
}

void vdc_hinic_gid_digest(const struct vdc_hinic *h, struct vdc_digest *d)
{
    const uint8_t *s = (const uint8_t *)h;

    if (h->dev.rdma.n_gid > 0) {
        vdc_digest_fold(d, s + h->lay.gid, h->lay.n_gid * sizeof(struct gid));
    }
    if (h->dev.rdma.n_mc > 0) {
        vdc_digest_fold(d, s + h->lay.mcast, h->lay.n_mc * sizeof(struct mcast));
    }
    if (h->dev.rdma.n_used[OBJ_PD] > 0) {
        vdc_digest_fold(d, s + h->lay.pd, h->lay.n_pd * sizeof(uint32_t));
        vdc_digest_fold(d, s + h->lay.uar, h->cfg.n_uar);
    }
}
