/* SPDX-License-Identifier: MIT */
/* Doorbell pages and protection domains: a page takes the objects of a dead process with it. */
#include "pair.h"
#include "state.h"
#include "tap.h"

static uint32_t by_id(struct pair_end *e, uint32_t op, uint32_t id)
{
    const struct hinic_inl_obj o = { .id = id };

    return pair_cmd(e, op, 0, &o, sizeof(o), NULL, 0, NULL, 0);
}

static uint32_t alloc(struct pair_end *e, uint32_t op)
{
    return pair_cmd(e, op, 0, NULL, 0, NULL, 0, NULL, 0);
}

/* The process dies in the middle of a transfer: nothing of it is left, what others have stays. */
static void dead_process(void)
{
    struct pair *p = pair_new(NULL, 1);
    struct pair_end *e = &p->end[0];
    struct vdc_hinic *h = e->o->h;
    const uint32_t uar = e->uar;
    const struct pair_qp_cfg rc = { .type = HINIC_QPT_RC };
    struct pair_qp other = pair_qp(e, &rc);
    struct pair_cq cq;
    struct pair_srq srq;
    struct pair_qp a;
    struct pair_qp b;
    struct pair_mr m = pair_mr(e, 1 << 20, 0xf, PAIR_MR_SHUFFLED);
    struct pair_mr peer = pair_mr(&p->end[1], 1 << 20, 0xf, PAIR_MR_SHUFFLED);
    uint32_t gone;

    CHECK_EQ(alloc(e, HINIC_AQ_ALLOC_UAR), HINIC_AQ_OK);
    e->uar = gone = e->o->out[0];
    CHECK(gone != 0 && gone != uar);
    cq = pair_cq(e, 6, 0);
    srq = pair_srq(e, 4, 1, 0);
    {
        const struct pair_qp_cfg c = { .type = HINIC_QPT_RC, .scq = &cq, .rcq = &cq, .srq = &srq };

        a = pair_qp(e, &c);
    }
    b = pair_qp(&p->end[1], &rc);
    pair_connect(&a, &b, NULL);
    {
        const struct pair_wr w = { .op = HINIC_WQE_WRITE,
                                   .flags = HINIC_WQE_F_SIGNALED,
                                   .n_sge = 1,
                                   .sge = { pair_sge(&m, 0, 1 << 20) },
                                   .rkey = peer.key,
                                   .raddr = peer.va };

        (void)pair_send(&a, &w);
    }
    pair_run(p, p->now + 5 * VTIME_PS_PER_US);
    CHECK(h->dev.dma.mem_rd > 0);
    CHECK_EQ(h->dev.rdma.n_send, 1);
    CHECK_EQ(by_id(e, HINIC_AQ_FREE_UAR, gone), HINIC_AQ_OK);
    CHECK_EQ(h->dev.rdma.n_used[OBJ_QP], 1);
    CHECK_EQ(h->dev.rdma.n_used[OBJ_SRQ], 0);
    CHECK_EQ(h->dev.rdma.n_used[OBJ_CQ], 1);
    CHECK_EQ(h->dev.rdma.n_send, 0);
    pair_idle(p);
    CHECK_EQ(h->dev.rdma.mem.n_free, MEM_N);
    e->uar = uar;
    CHECK_EQ(pair_qp_state(&other), HINIC_QPS_RESET);
    CHECK_EQ(by_id(e, HINIC_AQ_FREE_UAR, gone), HINIC_AQ_BAD_PARAM);
    CHECK_EQ(by_id(e, HINIC_AQ_FREE_UAR, 0), HINIC_AQ_BAD_PARAM); /* the kernel's */
    CHECK_EQ(alloc(e, HINIC_AQ_ALLOC_UAR), HINIC_AQ_OK);
    CHECK_EQ(e->o->out[0], gone);
    pair_free(p);
}

/* A doorbell counts on the page of its object only. */
static void pages(void)
{
    struct pair *p = pair_new(NULL, 1);
    struct pair_end *e = &p->end[0];
    const struct pair_qp_cfg rc = { .type = HINIC_QPT_RC };
    struct pair_qp q = pair_qp(e, &rc);
    const struct hinic_mb_modify_qp init = { .mask = HINIC_QPA_STATE | HINIC_QPA_PKEY |
                                                     HINIC_QPA_PORT | HINIC_QPA_ACCESS,
                                             .state = HINIC_QPS_INIT,
                                             .port = 1 };
    const uint64_t own = (uint64_t)e->uar * HINIC_UAR_SIZE;
    const uint64_t v = HINIC_DB_VAL(q.qpn, 3);
    uint32_t n = 0;

#define GERR(k, code)                                                                              \
    do {                                                                                           \
        pair_run(p, p->now + VTIME_PS_PER_US);                                                     \
        n += k;                                                                                    \
        CHECK_EQ(e->o->n_gerr, n);                                                                 \
        CHECK(k == 0 || e->o->last_gerr == code);                                                  \
    } while (0)
    host_db(e->o, own + HINIC_DB_RQ, v); /* in RESET */
    GERR(1, HINIC_GERR_DB_OBJECT);
    CHECK_EQ(pair_qp_modify(&q, &init), HINIC_AQ_OK);
    host_db(e->o, HINIC_DB_RQ, v);
    GERR(1, HINIC_GERR_DB_OBJECT);
    host_db(e->o, own + HINIC_DB_RQ, v + 1);
    GERR(1, HINIC_GERR_DB_OBJECT);
    host_db(e->o, own + HINIC_UAR_SIZE + HINIC_DB_RQ, v); /* a page nobody has */
    GERR(1, HINIC_GERR_DB);
    host_db(e->o, own + HINIC_DB_RQ, v);
    GERR(0, 0);
    CHECK_EQ(vdc_hinic_qp_peek(e->o->h, q.qpn)->rq_pi, 3);
    host_db(e->o, own + HINIC_DB_RQ, HINIC_DB_VAL(q.qpn, 2)); /* back */
    GERR(1, HINIC_GERR_DB_INDEX);
    host_db(e->o, own + HINIC_DB_RQ, HINIC_DB_VAL(q.qpn, 65)); /* more than the ring */
    GERR(1, HINIC_GERR_DB_INDEX);
    host_db(e->o, own + HINIC_DB_RQ, HINIC_DB_VAL(q.qpn, 64));
    GERR(0, 0);
    host_db(e->o, own + HINIC_DB_CQ_CI, HINIC_DB_VAL(e->cq.cqn, 1)); /* nothing was posted */
    GERR(1, HINIC_GERR_DB_INDEX);
    host_db(e->o, own + HINIC_DB_SRQ, HINIC_DB_VAL(0, 1));
    GERR(1, HINIC_GERR_DB_OBJECT);
    host_db(e->o, own + HINIC_DB_EQ, 1); /* of the kernel's page */
    GERR(1, HINIC_GERR_DB);
    pair_free(p);
}

static void domains(void)
{
    struct vdc_hinic_cfg cfg = vdc_hinic_cfg_default();
    struct pair *p;
    struct pair_end *e;
    struct pair_mr m;

    cfg.n_pd = 3;
    p = pair_new(&cfg, 1);
    e = &p->end[0];
    m = pair_mr(e, 4096, 0, PAIR_MR_FLAT);
    CHECK_EQ(by_id(e, HINIC_AQ_FREE_PD, e->pdn), HINIC_AQ_BUSY);
    CHECK_EQ(by_id(e, HINIC_AQ_FREE_PD, 0), HINIC_AQ_BAD_PARAM);
    CHECK_EQ(by_id(e, HINIC_AQ_FREE_PD, 99), HINIC_AQ_BAD_PARAM);
    CHECK_EQ(alloc(e, HINIC_AQ_ALLOC_PD), HINIC_AQ_OK);
    CHECK_EQ(alloc(e, HINIC_AQ_ALLOC_PD), HINIC_AQ_OK);
    CHECK_EQ(alloc(e, HINIC_AQ_ALLOC_PD), HINIC_AQ_NO_RES);
    CHECK_EQ(by_id(e, HINIC_AQ_FREE_PD, e->o->out[0] + 2), HINIC_AQ_OK);
    pair_mr_dereg(e, &m);
    CHECK_EQ(by_id(e, HINIC_AQ_FREE_PD, e->pdn), HINIC_AQ_OK);
    CHECK_EQ(by_id(e, HINIC_AQ_FREE_PD, e->pdn), HINIC_AQ_BAD_PARAM);
    pair_free(p);
}

static const struct tap_case cases[] = {
    { "a process dies", dead_process },
    { "doorbells on their page", pages },
    { "protection domains", domains },
};

TAP_MAIN(cases)
