/* SPDX-License-Identifier: MIT */
/* Digest of objects: the same however long the list of changes was; nothing left after a reset. */
#include "pair.h"
#include "state.h"
#include "tap.h"

static struct vdc_digest digest(const struct vdc_hinic *h)
{
    struct vdc_digest d = { 0 };

    vdc_hinic_object_digest(h, &d);
    return d;
}

static bool same(struct vdc_digest a, struct vdc_digest b)
{
    return a.lo == b.lo && a.hi == b.hi;
}

/* Making the list longer than it may be moves everything into the sum. */
static void settle(struct vdc_hinic *h)
{
    for (uint32_t i = 0; i < 100; i++) {
        vdc_hinic_object_mark(h, OBJ_CQ, i);
    }
    vdc_hinic_object_settle(h);
    CHECK_EQ(h->changed.n, 0);
}

static void sums(void)
{
    struct pair *p = pair_new(NULL, 1);
    struct pair_end *e = &p->end[0];
    struct vdc_hinic *h = e->o->h;
    const struct pair_qp_cfg rc = { .type = HINIC_QPT_RC };
    struct vdc_digest before;
    struct vdc_digest with;
    struct pair_qp q;
    struct pair_mr m;

    settle(h);
    before = digest(h);
    m = pair_mr(e, 4096, 0, PAIR_MR_FLAT);
    q = pair_qp(e, &rc);
    with = digest(h);
    CHECK(!same(before, with));
    settle(h);
    CHECK(same(with, digest(h)));
    vdc_hinic_qp(h, q.qpn)->sq_psn ^= 1;
    CHECK(!same(with, digest(h)));
    settle(h);
    CHECK(!same(with, digest(h)));
    vdc_hinic_qp(h, q.qpn)->sq_psn ^= 1;
    CHECK(same(with, digest(h)));
    vdc_hinic_mr(h, m.key >> 8)->gen ^= 1;
    CHECK(!same(with, digest(h)));
    vdc_hinic_mr(h, m.key >> 8)->gen ^= 1;
    CHECK_EQ(pair_qp_destroy(&q), HINIC_AQ_OK);
    pair_mr_dereg(e, &m);
    {
        struct vdc_digest after = digest(h); /* the CQ was used and is as before */

        CHECK(same(before, after));
        settle(h);
        CHECK(same(before, digest(h)));
    }
    pair_free(p);
}

static void reset(void)
{
    struct pair *p = pair_new(NULL, 1);
    struct vdc_hinic *h = p->end[0].o->h;
    const struct pair_qp_cfg rc = { .type = HINIC_QPT_RC };
    const struct vdc_digest zero = { 0 };
    struct vdc_digest none = { 0 };
    struct pair_qp q = pair_qp(&p->end[0], &rc);

    settle(h);
    vdc_hinic_qp(h, q.qpn)->sq_psn++;
    vdc_hinic_reset(h, p->now, VDC_HINIC_RESET_FLR);
    vdc_digest_fold(&none, &zero, sizeof(zero));
    CHECK(same(digest(h), none));
    CHECK_EQ(h->changed.n, 0);
    CHECK(vdc_hinic_qp_peek(h, q.qpn) == NULL);
    CHECK(vdc_hinic_cq(h, p->end[0].cq.cqn) == NULL);
    CHECK_EQ(h->dev.rdma.n_used[OBJ_QP] + h->dev.rdma.n_used[OBJ_CQ] + h->dev.rdma.n_used[OBJ_PD] +
                 h->dev.rdma.n_used[OBJ_KEY],
             0);
    pair_free(p);
}

/* A device whose capabilities do not have RDMA has no state and no command for it. */
static void without(void)
{
    struct vdc_hinic_cfg cfg = vdc_hinic_cfg_default();
    struct host *o;
    struct hinic_mb_query_dev q;

    CHECK(vdc_hinic_size(&cfg) > 10u << 20);
    cfg.caps_mask = HINIC_CAP_ETH;
    CHECK(vdc_hinic_size(&cfg) < 3u << 20);
    o = host_new(&cfg);
    host_start(o);
    CHECK_EQ(host_cmd(o, HINIC_AQ_ALLOC_PD, 0, NULL, 0, NULL, 0, NULL, 0), HINIC_AQ_BAD_OP);
    CHECK_EQ(host_cmd(o, HINIC_AQ_QUERY_DEV, 0, NULL, 0, NULL, 0, &q, sizeof(q)), HINIC_AQ_OK);
    CHECK_EQ(q.caps, HINIC_CAP_ETH);
    CHECK_EQ(q.max_qp, 0);
    CHECK_EQ(q.max_mr, 0);
    host_db(o, HINIC_DB_SQ, 2);
    host_idle(o);
    CHECK_EQ(o->last_gerr, HINIC_GERR_DB);
    host_free(o);
}

static const struct tap_case cases[] = {
    { "sum and list", sums },
    { "reset", reset },
    { "a device without RDMA", without },
};

TAP_MAIN(cases)
