/* SPDX-License-Identifier: MIT */
/* Keys: order of the checks, registration, windows of both types, fast registration. */
#include "pair.h"
#include "state.h"
#include "tap.h"

#define RW                                                                                         \
    (HINIC_ACCESS_LOCAL_WRITE | HINIC_ACCESS_REMOTE_WRITE | HINIC_ACCESS_REMOTE_READ |             \
     HINIC_ACCESS_MW_BIND)

static struct pair *pair;
static struct pair_end *e;
static struct pair_qp qp;

static void open_end(void)
{
    const struct pair_qp_cfg c = { .type = HINIC_QPT_RC };

    pair = pair_new(NULL, 1);
    e = &pair->end[0];
    qp = pair_qp(e, &c);
}

static enum mr_verdict check(uint32_t key, uint64_t va, uint64_t len, uint32_t access)
{
    return vdc_hinic_mr_check(e->o->h, key, e->pdn, qp.qpn, va, len, access);
}

static uint32_t by_id(uint32_t op, uint32_t id)
{
    const struct hinic_inl_obj o = { .id = id };

    return pair_cmd(e, op, 0, &o, sizeof(o), NULL, 0, NULL, 0);
}

static uint32_t reg(const struct hinic_mb_reg_mr *m)
{
    return pair_cmd(e, m->key ? HINIC_AQ_REREG_MR : HINIC_AQ_REG_MR, 0, NULL, 0, m, sizeof(*m),
                    NULL, 0);
}

static uint32_t alloc_key(uint32_t op, uint32_t pdn, uint32_t n)
{
    const struct hinic_inl_alloc_key a = { .pdn = pdn, .n = n };

    return pair_cmd(e, op, 0, &a, sizeof(a), NULL, 0, NULL, 0);
}

static const struct qp *the_qp(void)
{
    return vdc_hinic_qp(e->o->h, qp.qpn);
}

/* Index, key bits, PD, state, access, bounds: each wrong thing is reported although those behind it
 * are wrong too. */
static void order(void)
{
    struct pair_mr m;
    uint32_t frwr;

    open_end();
    m = pair_mr(e, 8192, HINIC_ACCESS_REMOTE_READ, PAIR_MR_FLAT);
    CHECK_EQ(check(m.key, m.va, 8192, HINIC_ACCESS_REMOTE_READ), MR_OK);
    CHECK_EQ(check(m.key, m.va, 8192, 0), MR_OK); /* local read needs no right */
    CHECK_EQ(check(0, 5, 0, RW), MR_OK);          /* nothing is checked for nothing */
    CHECK_EQ(check(0xffffff00, m.va, 1, 0), MR_BAD_KEY);
    CHECK_EQ(check(m.key ^ 1, m.va - 1, 8193, RW), MR_BAD_KEY);
    CHECK_EQ(vdc_hinic_mr_check(e->o->h, m.key, e->pdn + 1, qp.qpn, m.va - 1, 1, RW), MR_BAD_PD);
    CHECK_EQ(check(m.key, m.va - 1, 1, HINIC_ACCESS_REMOTE_WRITE), MR_ACCESS);
    CHECK_EQ(check(m.key, m.va - 1, 1, 0), MR_BOUNDS);
    CHECK_EQ(check(m.key, m.va + 8191, 2, 0), MR_BOUNDS);
    CHECK_EQ(check(m.key, m.va + 8191, 1, 0), MR_OK);
    CHECK_EQ(check(m.key, m.va + 1, UINT64_MAX, 0), MR_BOUNDS);
    CHECK_EQ(check(m.key, UINT64_MAX, 2, 0), MR_BOUNDS);
    CHECK_EQ(alloc_key(HINIC_AQ_ALLOC_MR, e->pdn, 4), HINIC_AQ_OK);
    frwr = e->o->out[0];
    CHECK_EQ(check(frwr, 0, 1, RW), MR_BAD_KEY); /* not registered yet */
    /* Bus addresses are for queues of the kernel, and never for a peer. */
    CHECK_EQ(check(0, 0x1000, 16, 0), MR_BAD_KEY);
    vdc_hinic_qp(e->o->h, qp.qpn)->flags |= HINIC_QP_KERNEL;
    CHECK_EQ(check(0, 0x1000, 16, HINIC_ACCESS_LOCAL_WRITE), MR_OK);
    CHECK_EQ(check(0, UINT64_MAX, 2, 0), MR_BOUNDS);
    CHECK_EQ(check(0, 0x1000, 16, HINIC_ACCESS_REMOTE_READ), MR_BAD_KEY);
    CHECK_EQ(check(1, 0x1000, 16, 0), MR_BAD_KEY);
    pair_free(pair);
}

static void commands(void)
{
    struct hinic_mb_reg_mr good;
    struct hinic_mb_reg_mr m;
    uint32_t key;
    uint32_t again;

    open_end();
    good = (struct hinic_mb_reg_mr){ .pdn = e->pdn,
                                     .access = RW,
                                     .iova = 0x10000ffc,
                                     .len = 8,
                                     .key8 = 0x5a,
                                     .pbl = host_pbl(host_alloc(e->o, 8192, 4096), 12, 2) };
    CHECK_EQ(reg(&good), HINIC_AQ_OK);
    key = e->o->out[0];
    CHECK_EQ(key & 0xff, 0x5a);
    CHECK(key >> 8 != 0);
    CHECK_EQ(check(key, 0x10000ffc, 8, RW), MR_OK);
    m = good;
    m.pdn = e->pdn + 1;
    CHECK_EQ(reg(&m), HINIC_AQ_BAD_PARAM);
    m = good;
    m.access = HINIC_ACCESS_REMOTE_WRITE; /* without the right to write here */
    CHECK_EQ(reg(&m), HINIC_AQ_BAD_PARAM);
    m.access = 1u << 6;
    CHECK_EQ(reg(&m), HINIC_AQ_BAD_PARAM);
    m = good;
    m.pbl.n = 1; /* the range touches two pages */
    CHECK_EQ(reg(&m), HINIC_AQ_BAD_PARAM);
    m = good;
    m.len = 0;
    m.pbl.n = 0;
    CHECK_EQ(reg(&m), HINIC_AQ_BAD_PARAM);
    m = good;
    m.iova = UINT64_MAX - 3;
    CHECK_EQ(reg(&m), HINIC_AQ_BAD_PARAM);
    m = good;
    m.flags = 4;
    CHECK_EQ(reg(&m), HINIC_AQ_BAD_PARAM);
    m = good;
    m.pbl.levels = 4;
    CHECK_EQ(reg(&m), HINIC_AQ_BAD_PARAM);
    /* In place, with another range, key bits and rights. */
    m = good;
    m.key = key;
    m.key8 = 0x5b;
    m.iova = 0x2000;
    m.len = 8192;
    m.access = 0;
    CHECK_EQ(reg(&m), HINIC_AQ_OK);
    again = e->o->out[0];
    CHECK_EQ(again, (key & ~0xffu) | 0x5b);
    CHECK_EQ(check(key, 0x10000ffc, 8, 0), MR_BAD_KEY);
    CHECK_EQ(check(again, 0x2000, 8192, 0), MR_OK);
    CHECK_EQ(check(again, 0x2000, 1, HINIC_ACCESS_LOCAL_WRITE), MR_ACCESS);
    m.key = key;
    CHECK_EQ(reg(&m), HINIC_AQ_BAD_PARAM);
    CHECK_EQ(by_id(HINIC_AQ_FREE_PD, e->pdn), HINIC_AQ_BUSY);
    CHECK_EQ(by_id(HINIC_AQ_DEREG_MR, key + 0x100), HINIC_AQ_BAD_PARAM);
    CHECK_EQ(by_id(HINIC_AQ_DEALLOC_MW, again), HINIC_AQ_BAD_PARAM);
    CHECK_EQ(by_id(HINIC_AQ_DEREG_MR, key), HINIC_AQ_OK); /* the low byte does not count */
    CHECK_EQ(check(again, 0x2000, 1, 0), MR_BAD_KEY);
    /* Zero based: addresses count from 0, the first byte lies where iova says in its page. */
    m = good;
    m.flags = HINIC_MR_ZERO_BASED;
    CHECK_EQ(reg(&m), HINIC_AQ_OK);
    CHECK_EQ(check(e->o->out[0], 0, 8, 0), MR_OK);
    CHECK_EQ(check(e->o->out[0], 1, 8, 0), MR_BOUNDS);
    {
        uint64_t addr = 0;
        uint64_t room = 0;
        const struct mr *mr = vdc_hinic_key_slot(e->o->h, e->o->out[0] >> 8);

        CHECK_EQ(vdc_hinic_mr_find(e->o->h, pair->now, e->o->out[0], mr->gen, 3, &addr, &room),
                 PBLQ_OK);
        CHECK_EQ(addr, good.pbl.root[0] + 0xfff);
        CHECK_EQ(room, 1);
        CHECK_EQ(vdc_hinic_mr_find(e->o->h, pair->now, e->o->out[0], mr->gen + 1, 3, &addr, &room),
                 PBLQ_BAD);
    }
    pair_free(pair);
}

static void windows(void)
{
    struct vdc_hinic *h;
    struct pair_mr m;
    struct hinic_wqe_reg w;
    const struct pair_qp_cfg c = { .type = HINIC_QPT_RC };
    struct pair_qp other;
    uint32_t mw1;
    uint32_t mw2;

    open_end();
    h = e->o->h;
    other = pair_qp(e, &c);
    m = pair_mr(e, 8192, RW, PAIR_MR_FLAT);
    CHECK_EQ(alloc_key(HINIC_AQ_ALLOC_MW, e->pdn, 3), HINIC_AQ_BAD_PARAM);
    CHECK_EQ(alloc_key(HINIC_AQ_ALLOC_MW, e->pdn, 1), HINIC_AQ_OK);
    mw1 = e->o->out[0];
    CHECK_EQ(alloc_key(HINIC_AQ_ALLOC_MW, e->pdn, 2), HINIC_AQ_OK);
    mw2 = e->o->out[0];
    CHECK_EQ(check(mw1, m.va, 1, HINIC_ACCESS_REMOTE_READ), MR_BAD_KEY);
    w = (struct hinic_wqe_reg){ .key = mw1 + 1,
                                .access = HINIC_ACCESS_REMOTE_READ,
                                .iova = m.va + 100,
                                .len = 50,
                                .n_pages = m.key };
    CHECK_EQ(vdc_hinic_mr_bind(h, the_qp(), &w), HINIC_WC_SUCCESS);
    CHECK_EQ(check(mw1, m.va + 100, 1, HINIC_ACCESS_REMOTE_READ), MR_BAD_KEY); /* old bits */
    mw1++;
    CHECK_EQ(check(mw1, m.va + 100, 50, HINIC_ACCESS_REMOTE_READ), MR_OK);
    CHECK_EQ(check(mw1, m.va + 99, 1, HINIC_ACCESS_REMOTE_READ), MR_BOUNDS);
    CHECK_EQ(check(mw1, m.va + 100, 50, HINIC_ACCESS_REMOTE_WRITE), MR_ACCESS);
    CHECK_EQ(check(mw1, m.va + 100, 50, 0), MR_BAD_KEY); /* not for local use */
    CHECK_EQ(by_id(HINIC_AQ_DEREG_MR, m.key), HINIC_AQ_BUSY);
    CHECK_EQ(vdc_hinic_mr_local_inv(h, the_qp(), mw1), HINIC_WC_LOC_QP_OP_ERR); /* type 1 */
    /* Type 2: for one QP, once, invalidated here or by the peer. */
    w.key = mw2;
    w.access = HINIC_ACCESS_REMOTE_WRITE | HINIC_ACCESS_ZERO_BASED;
    CHECK_EQ(vdc_hinic_mr_bind(h, the_qp(), &w), HINIC_WC_SUCCESS);
    CHECK_EQ(vdc_hinic_mr_bind(h, the_qp(), &w), HINIC_WC_MW_BIND_ERR);
    CHECK_EQ(check(mw2, 0, 50, HINIC_ACCESS_REMOTE_WRITE), MR_OK);
    CHECK_EQ(vdc_hinic_mr_check(h, mw2, e->pdn, other.qpn, 0, 50, HINIC_ACCESS_REMOTE_WRITE),
             MR_BAD_KEY);
    CHECK_EQ(vdc_hinic_mr_remote_inv(h, vdc_hinic_qp(h, other.qpn), mw2), HINIC_WC_REM_ACCESS_ERR);
    CHECK_EQ(vdc_hinic_mr_remote_inv(h, the_qp(), mw2), HINIC_WC_SUCCESS);
    CHECK_EQ(vdc_hinic_mr_remote_inv(h, the_qp(), mw2), HINIC_WC_REM_ACCESS_ERR);
    CHECK_EQ(check(mw2, 0, 50, HINIC_ACCESS_REMOTE_WRITE), MR_BAD_KEY);
    /* What may not be bound. */
    w.iova = m.va + 8190;
    CHECK_EQ(vdc_hinic_mr_bind(h, the_qp(), &w), HINIC_WC_MW_BIND_ERR);
    w.iova = m.va;
    w.access = HINIC_ACCESS_LOCAL_WRITE;
    CHECK_EQ(vdc_hinic_mr_bind(h, the_qp(), &w), HINIC_WC_MW_BIND_ERR);
    w.access = HINIC_ACCESS_REMOTE_READ;
    w.n_pages = mw1;
    CHECK_EQ(vdc_hinic_mr_bind(h, the_qp(), &w), HINIC_WC_MW_BIND_ERR);
    w.n_pages = m.key;
    w.key = m.key;
    CHECK_EQ(vdc_hinic_mr_bind(h, the_qp(), &w), HINIC_WC_MW_BIND_ERR);
    /* Length 0 unbinds type 1; then the region may go. */
    w.key = mw1 + 1;
    w.len = 0;
    CHECK_EQ(vdc_hinic_mr_bind(h, the_qp(), &w), HINIC_WC_SUCCESS);
    CHECK_EQ(check(mw1 + 1, m.va + 100, 1, HINIC_ACCESS_REMOTE_READ), MR_BAD_KEY);
    CHECK_EQ(by_id(HINIC_AQ_DEALLOC_MW, mw1 + 1), HINIC_AQ_OK);
    CHECK_EQ(by_id(HINIC_AQ_DEALLOC_MW, mw2), HINIC_AQ_OK);
    CHECK_EQ(by_id(HINIC_AQ_DEREG_MR, m.key), HINIC_AQ_OK);
    pair_free(pair);
}

static void fast_registration(void)
{
    struct vdc_hinic *h;
    struct hinic_wqe_reg w;
    struct hinic_wqe_reg bad;
    uint32_t key;

    open_end();
    h = e->o->h;
    CHECK_EQ(alloc_key(HINIC_AQ_ALLOC_MR, e->pdn, 0), HINIC_AQ_LIMIT);
    CHECK_EQ(alloc_key(HINIC_AQ_ALLOC_MR, e->pdn + 1, 4), HINIC_AQ_BAD_PARAM);
    CHECK_EQ(alloc_key(HINIC_AQ_ALLOC_MR, e->pdn, 4), HINIC_AQ_OK);
    key = e->o->out[0];
    w = (struct hinic_wqe_reg){ .key = key + 7,
                                .access = RW,
                                .iova = 0x10100,
                                .len = 0x1f00,
                                .log_pgsz = 12,
                                .n_pages = 2,
                                .page_list_pa = host_alloc(e->o, 64, 8) };
    bad = w;
    bad.n_pages = 5;
    CHECK_EQ(vdc_hinic_mr_fast_reg(h, the_qp(), &bad), HINIC_WC_LOC_QP_OP_ERR);
    bad = w;
    bad.len++;
    CHECK_EQ(vdc_hinic_mr_fast_reg(h, the_qp(), &bad), HINIC_WC_LOC_QP_OP_ERR);
    bad = w;
    bad.log_pgsz = 11;
    CHECK_EQ(vdc_hinic_mr_fast_reg(h, the_qp(), &bad), HINIC_WC_LOC_QP_OP_ERR);
    bad = w;
    bad.page_list_pa += 4;
    CHECK_EQ(vdc_hinic_mr_fast_reg(h, the_qp(), &bad), HINIC_WC_LOC_QP_OP_ERR);
    CHECK_EQ(vdc_hinic_mr_fast_reg(h, the_qp(), &w), HINIC_WC_SUCCESS);
    CHECK_EQ(check(key + 7, 0x10100, 0x1f00, RW), MR_OK);
    CHECK_EQ(vdc_hinic_mr_fast_reg(h, the_qp(), &w), HINIC_WC_LOC_QP_OP_ERR); /* is valid */
    CHECK_EQ(vdc_hinic_mr_local_inv(h, the_qp(), key), HINIC_WC_LOC_QP_OP_ERR);
    CHECK_EQ(vdc_hinic_mr_local_inv(h, the_qp(), key + 7), HINIC_WC_SUCCESS);
    CHECK_EQ(check(key + 7, 0x10100, 1, RW), MR_BAD_KEY);
    CHECK_EQ(vdc_hinic_mr_fast_reg(h, the_qp(), &w), HINIC_WC_SUCCESS);
    CHECK_EQ(vdc_hinic_mr_remote_inv(h, the_qp(), key + 7), HINIC_WC_SUCCESS);
    CHECK_EQ(by_id(HINIC_AQ_DEREG_MR, key + 7), HINIC_AQ_OK);
    pair_free(pair);
}

/* The table is as large as promised, and an index that comes free is found again. */
static void table(void)
{
    struct vdc_hinic_cfg cfg = vdc_hinic_cfg_default();
    uint32_t keys[3];

    cfg.n_mr = 3;
    cfg.n_mw = 2;
    pair = pair_new(&cfg, 1);
    e = &pair->end[0];
    for (uint32_t i = 0; i < 3; i++) {
        CHECK_EQ(alloc_key(HINIC_AQ_ALLOC_MR, e->pdn, 4), HINIC_AQ_OK);
        keys[i] = e->o->out[0];
    }
    CHECK_EQ(alloc_key(HINIC_AQ_ALLOC_MR, e->pdn, 4), HINIC_AQ_NO_RES);
    CHECK_EQ(alloc_key(HINIC_AQ_ALLOC_MW, e->pdn, 1), HINIC_AQ_OK);
    CHECK_EQ(alloc_key(HINIC_AQ_ALLOC_MW, e->pdn, 1), HINIC_AQ_OK);
    CHECK_EQ(alloc_key(HINIC_AQ_ALLOC_MW, e->pdn, 1), HINIC_AQ_NO_RES);
    CHECK_EQ(by_id(HINIC_AQ_DEREG_MR, keys[1]), HINIC_AQ_OK);
    CHECK_EQ(alloc_key(HINIC_AQ_ALLOC_MR, e->pdn, 4), HINIC_AQ_OK);
    CHECK_EQ(e->o->out[0], keys[1]);
    pair_free(pair);
}

static const struct tap_case cases[] = {
    { "order of the checks", order },
    { "register, again, deregister", commands },
    { "windows", windows },
    { "fast registration", fast_registration },
    { "limits", table },
};

TAP_MAIN(cases)
