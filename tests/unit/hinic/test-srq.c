/* SPDX-License-Identifier: MIT */
/* Commands of shared receive queues and the limit event. */
#include "pair.h"
#include "state.h"
#include "tap.h"

static uint32_t create(struct pair_end *e, const struct hinic_mb_create_srq *m)
{
    return pair_cmd(e, HINIC_AQ_CREATE_SRQ, 0, NULL, 0, m, sizeof(*m), NULL, 0);
}

static uint32_t by_id(struct pair_end *e, uint32_t op, uint32_t id)
{
    const struct hinic_inl_obj o = { .id = id };

    return pair_cmd(e, op, 0, &o, sizeof(o), NULL, 0, NULL, 0);
}

static uint32_t limit(struct pair_end *e, uint32_t srqn, uint32_t n)
{
    const struct hinic_inl_modify_srq m = { .srqn = srqn, .limit = n };

    return pair_cmd(e, HINIC_AQ_MODIFY_SRQ, 0, &m, sizeof(m), NULL, 0, NULL, 0);
}

static void commands(void)
{
    struct pair *p = pair_new(NULL, 1);
    struct pair_end *e = &p->end[0];
    const struct hinic_mb_create_srq good = { .log_wqe = 6,
                                              .log_stride = 6,
                                              .max_sge = 3,
                                              .pdn = e->pdn,
                                              .uar = e->uar,
                                              .pbl = host_pbl(host_alloc(e->o, 4096, 4096), 12,
                                                              1) };
    struct hinic_mb_create_srq m;
    struct pair_srq s;
    struct pair_qp q;

    CHECK_EQ(create(e, &good), HINIC_AQ_OK);
    CHECK_EQ(by_id(e, HINIC_AQ_DESTROY_SRQ, e->o->out[0]), HINIC_AQ_OK);
    CHECK_EQ(by_id(e, HINIC_AQ_DESTROY_SRQ, 0), HINIC_AQ_BAD_PARAM);
#define REFUSED(field, value, status)                                                              \
    do {                                                                                           \
        m = good;                                                                                  \
        m.field = value;                                                                           \
        CHECK_EQ(create(e, &m), status);                                                           \
    } while (0)
    REFUSED(log_wqe, 13, HINIC_AQ_LIMIT);
    REFUSED(log_wqe, 7, HINIC_AQ_BAD_PARAM);
    REFUSED(log_stride, 4, HINIC_AQ_LIMIT);
    REFUSED(log_stride, 10, HINIC_AQ_LIMIT);
    REFUSED(max_sge, 4, HINIC_AQ_LIMIT);
    REFUSED(limit, 65, HINIC_AQ_LIMIT);
    REFUSED(pdn, 0, HINIC_AQ_BAD_PARAM);
    REFUSED(uar, 999, HINIC_AQ_BAD_PARAM);
    REFUSED(rsv, 1, HINIC_AQ_BAD_PARAM);
    s = pair_srq(e, 4, 1, 0);
    {
        const struct pair_qp_cfg c = { .type = HINIC_QPT_RC, .srq = &s };

        q = pair_qp(e, &c);
    }
    CHECK_EQ(by_id(e, HINIC_AQ_DESTROY_SRQ, s.srqn), HINIC_AQ_BUSY);
    CHECK_EQ(pair_qp_destroy(&q), HINIC_AQ_OK);
    CHECK_EQ(by_id(e, HINIC_AQ_DESTROY_SRQ, s.srqn), HINIC_AQ_OK);
    pair_free(p);
}

/* A limit above what is posted is reported at once, and is off then. */
static void limits(void)
{
    struct pair *p = pair_new(NULL, 1);
    struct pair_end *e = &p->end[0];
    struct pair_srq s = pair_srq(e, 4, 1, 0);
    struct pair_mr m = pair_mr(e, 4096, HINIC_ACCESS_LOCAL_WRITE, PAIR_MR_FLAT);
    const struct hinic_sge sge = pair_sge(&m, 0, 64);
    struct hinic_eqe a;

    for (uint32_t i = 0; i < 5; i++) {
        pair_srq_post(e, &s, &sge, 1);
    }
    pair_srq_ring(e, &s);
    pair_idle(p);
    CHECK_EQ(limit(e, s.srqn, 17), HINIC_AQ_LIMIT);
    CHECK_EQ(limit(e, s.srqn, 5), HINIC_AQ_OK);
    pair_idle(p);
    CHECK(!pair_aeqe(e, &a));
    CHECK_EQ(by_id(e, HINIC_AQ_QUERY_SRQ, s.srqn), HINIC_AQ_OK);
    CHECK_EQ(e->o->out[0], 5);
    CHECK_EQ(e->o->out[1], 5);
    CHECK_EQ(e->o->out[2], 16);
    CHECK_EQ(limit(e, s.srqn, 6), HINIC_AQ_OK);
    pair_idle(p);
    CHECK(pair_aeqe(e, &a) && a.type == HINIC_EQE_SRQ_LIMIT && a.id == s.srqn);
    CHECK(!pair_aeqe(e, &a));
    CHECK_EQ(by_id(e, HINIC_AQ_QUERY_SRQ, s.srqn), HINIC_AQ_OK);
    CHECK_EQ(e->o->out[0], 0);
    CHECK_EQ(by_id(e, HINIC_AQ_QUERY_SRQ, s.srqn + 1), HINIC_AQ_BAD_PARAM);
    pair_free(p);
}

static const struct tap_case cases[] = { { "commands", commands }, { "limits", limits } };

TAP_MAIN(cases)
