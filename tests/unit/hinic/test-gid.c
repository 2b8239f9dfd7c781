/* SPDX-License-Identifier: MIT */
/* GID table, address vectors, multicast groups. */
#include "pair.h"
#include "state.h"
#include "tap.h"

static struct pair *pair;
static struct pair_end *e;

static void open_end(void)
{
    pair = pair_new(NULL, 1);
    e = &pair->end[0];
}

static uint32_t set(const struct hinic_inl_gid *g)
{
    return pair_cmd(e, HINIC_AQ_SET_GID, 1, g, sizeof(*g), NULL, 0, NULL, 0);
}

static uint32_t del(uint32_t index)
{
    const struct hinic_inl_gid g = { .index = (uint16_t)index };

    return pair_cmd(e, HINIC_AQ_DEL_GID, 1, &g, sizeof(g), NULL, 0, NULL, 0);
}

static const struct hinic_inl_gid good = { .index = 5,
                                           .type = HINIC_GID_ROCE_V2,
                                           .vlan = 0xffff,
                                           .mac = { 2, 3, 4, 5, 6, 7 },
                                           .gid = { 0xfe, 0x80, [15] = 9 } };

static void table(void)
{
    struct hinic_inl_gid g = good;
    uint8_t gid[16];

    open_end();
    CHECK_EQ(set(&good), HINIC_AQ_OK);
    CHECK_EQ(vdc_hinic_gid_find(e->o->h, 1, good.gid, RDMA_VLAN_NONE), 5);
    CHECK_EQ(vdc_hinic_gid_find(e->o->h, 1, good.gid, 7), -1);
    CHECK_EQ(vdc_hinic_gid_find(e->o->h, 2, good.gid, RDMA_VLAN_NONE), -1);
    g.index = 6;
    g.vlan = 7;
    CHECK_EQ(set(&g), HINIC_AQ_OK); /* the same on a VLAN */
    CHECK_EQ(vdc_hinic_gid_find(e->o->h, 1, good.gid, 7), 6);
    memcpy(gid, good.gid, sizeof(gid));
    gid[15]++;
    CHECK_EQ(vdc_hinic_gid_find(e->o->h, 1, gid, RDMA_VLAN_NONE), -1);
    g = good;
    g.index = 64;
    CHECK_EQ(set(&g), HINIC_AQ_LIMIT);
    g = good;
    g.type = HINIC_GID_ROCE_V1;
    CHECK_EQ(set(&g), HINIC_AQ_BAD_PARAM);
    g = good;
    g.vlan = 4096;
    CHECK_EQ(set(&g), HINIC_AQ_BAD_PARAM);
    g = good;
    memset(g.gid, 0, sizeof(g.gid));
    CHECK_EQ(set(&g), HINIC_AQ_BAD_PARAM);
    CHECK_EQ(del(5), HINIC_AQ_OK);
    CHECK_EQ(del(5), HINIC_AQ_BAD_STATE);
    CHECK_EQ(del(64), HINIC_AQ_LIMIT);
    CHECK_EQ(vdc_hinic_gid_find(e->o->h, 1, good.gid, RDMA_VLAN_NONE), -1);
    CHECK_EQ(vdc_hinic_pkey(e->o->h, 0), 0xffff);
    CHECK_EQ(vdc_hinic_pkey(e->o->h, 1), 0);
    pair_free(pair);
}

static void vectors(void)
{
    struct hinic_inl_gid g = good;
    struct hinic_av a;
    struct av av;

    open_end();
    g.vlan = 12;
    CHECK_EQ(set(&g), HINIC_AQ_OK);
    a = pair_av(e, &pair->end[1], 0);
    CHECK(vdc_hinic_av_resolve(e->o->h, &a, &av));
    CHECK_EQ(av.is_v4, 1);
    CHECK_EQ(av.has_vlan, 0);
    CHECK(memcmp(av.smac, e->mac, 6) == 0);
    CHECK(memcmp(av.sgid, e->gid[0], 16) == 0);
    CHECK(memcmp(av.dmac, pair->end[1].mac, 6) == 0);
    a = pair_av(e, &pair->end[1], 1);
    a.sgid_idx = 5;
    a.flow = 0xffffffff;
    CHECK(vdc_hinic_av_resolve(e->o->h, &a, &av));
    CHECK_EQ(av.is_v4, 0);
    CHECK_EQ(av.vlan, 12); /* of the source */
    CHECK_EQ(av.flow, 0xfffff);
    a.flags |= HINIC_AV_VLAN;
    a.vlan = 13;
    CHECK(vdc_hinic_av_resolve(e->o->h, &a, &av));
    CHECK_EQ(av.vlan, 13);
    a.sl = 8;
    CHECK(!vdc_hinic_av_resolve(e->o->h, &a, &av));
    a.sl = 0;
    a.sgid_idx = 0; /* IPv4 to IPv6 */
    CHECK(!vdc_hinic_av_resolve(e->o->h, &a, &av));
    pair_free(pair);
}

static uint32_t mc(uint32_t op, uint32_t qpn, uint32_t group)
{
    const struct hinic_inl_mc m = {
        .qpn = qpn, .mgid = { 0xff, 0x0e, [14] = (uint8_t)(group >> 8), [15] = (uint8_t)group }
    };

    return pair_cmd(e, op, 1, &m, sizeof(m), NULL, 0, NULL, 0);
}

static uint32_t members(uint32_t group, uint32_t *qpn)
{
    const uint8_t mgid[16] = { 0xff, 0x0e, [14] = (uint8_t)(group >> 8), [15] = (uint8_t)group };

    return vdc_hinic_mc_members(e->o->h, mgid, qpn, RDMA_MC_QPS);
}

static void groups(void)
{
    const struct pair_qp_cfg ud = { .type = HINIC_QPT_UD };
    const struct pair_qp_cfg rc = { .type = HINIC_QPT_RC };
    struct vdc_hinic_cfg cfg = vdc_hinic_cfg_default();
    struct pair_qp q[RDMA_MC_QPS + 1];
    struct pair_qp no;
    uint32_t qpn[RDMA_MC_QPS];

    cfg.n_mc = 2;
    pair = pair_new(&cfg, 1);
    e = &pair->end[0];
    no = pair_qp(e, &rc);
    for (uint32_t i = 0; i <= RDMA_MC_QPS; i++) {
        q[i] = pair_qp(e, &ud);
    }
    CHECK_EQ(mc(HINIC_AQ_ATTACH_MC, no.qpn, 1), HINIC_AQ_BAD_PARAM);
    CHECK_EQ(mc(HINIC_AQ_ATTACH_MC, q[0].qpn + 1000, 1), HINIC_AQ_BAD_PARAM);
    for (uint32_t i = RDMA_MC_QPS; i-- > 0;) {
        CHECK_EQ(mc(HINIC_AQ_ATTACH_MC, q[i].qpn, 1), HINIC_AQ_OK);
        CHECK_EQ(mc(HINIC_AQ_ATTACH_MC, q[i].qpn, 1), HINIC_AQ_OK); /* is in it */
    }
    CHECK_EQ(mc(HINIC_AQ_ATTACH_MC, q[RDMA_MC_QPS].qpn, 1), HINIC_AQ_NO_RES);
    CHECK_EQ(members(1, qpn), RDMA_MC_QPS);
    for (uint32_t i = 1; i < RDMA_MC_QPS; i++) {
        CHECK(qpn[i - 1] < qpn[i]);
    }
    CHECK_EQ(mc(HINIC_AQ_ATTACH_MC, q[0].qpn, 2), HINIC_AQ_OK);
    CHECK_EQ(mc(HINIC_AQ_ATTACH_MC, q[0].qpn, 3), HINIC_AQ_NO_RES); /* two groups */
    CHECK_EQ(mc(HINIC_AQ_DETACH_MC, q[1].qpn, 2), HINIC_AQ_BAD_PARAM);
    CHECK_EQ(mc(HINIC_AQ_DETACH_MC, q[1].qpn, 1), HINIC_AQ_OK);
    CHECK_EQ(members(1, qpn), RDMA_MC_QPS - 1);
    CHECK_EQ(pair_qp_destroy(&q[0]), HINIC_AQ_OK); /* leaves both, the second is empty then */
    CHECK_EQ(members(1, qpn), RDMA_MC_QPS - 2);
    CHECK_EQ(members(2, qpn), 0);
    CHECK_EQ(mc(HINIC_AQ_ATTACH_MC, q[2].qpn, 3), HINIC_AQ_OK);
    pair_free(pair);
}

static const struct tap_case cases[] = {
    { "GID table", table },
    { "address vectors", vectors },
    { "multicast groups", groups },
};

TAP_MAIN(cases)
