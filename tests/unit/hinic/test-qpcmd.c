/* SPDX-License-Identifier: MIT */
/* Commands of queue pairs: creation, every transition with its attributes, query, dump, destroy. */
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

static struct hinic_mb_create_qp good_qp(uint32_t type)
{
    return (struct hinic_mb_create_qp){ .type = (uint8_t)type,
                                        .port = 1,
                                        .pdn = e->pdn,
                                        .scqn = e->cq.cqn,
                                        .rcqn = e->cq.cqn,
                                        .uar = e->uar,
                                        .log_sq_bb = 6,
                                        .log_rq = 6,
                                        .log_rq_stride = 6,
                                        .max_send_sge = 4,
                                        .max_recv_sge = 4,
                                        .sq = host_pbl(host_alloc(e->o, 4096, 4096), 12, 1),
                                        .rq = host_pbl(host_alloc(e->o, 4096, 4096), 12, 1) };
}

static uint32_t create(const struct hinic_mb_create_qp *m)
{
    return pair_cmd(e, HINIC_AQ_CREATE_QP, 0, NULL, 0, m, sizeof(*m), NULL, 0);
}

static void creation(void)
{
    struct hinic_mb_create_qp m;
    uint32_t first;

    open_end();
    m = good_qp(HINIC_QPT_RC);
    CHECK_EQ(create(&m), HINIC_AQ_OK);
    first = e->o->out[0];
    CHECK(first >= 2 && first <= 0xffffff);
    CHECK_EQ(create(&m), HINIC_AQ_OK);
    CHECK(e->o->out[0] != first);
#define REFUSED(field, value, status)                                                              \
    do {                                                                                           \
        m = good_qp(HINIC_QPT_RC);                                                                 \
        m.field = value;                                                                           \
        CHECK_EQ(create(&m), status);                                                              \
    } while (0)
    REFUSED(type, HINIC_QPT_SMI, HINIC_AQ_BAD_PARAM);
    REFUSED(type, HINIC_QPT_RAW_ETH, HINIC_AQ_BAD_PARAM);
    REFUSED(flags, 8, HINIC_AQ_BAD_PARAM);
    REFUSED(port, 2, HINIC_AQ_BAD_PARAM);
    REFUSED(rsv, 1, HINIC_AQ_BAD_PARAM);
    REFUSED(pdn, e->pdn + 1, HINIC_AQ_BAD_PARAM);
    REFUSED(scqn, e->cq.cqn + 1, HINIC_AQ_BAD_PARAM);
    REFUSED(rcqn, UINT32_MAX, HINIC_AQ_BAD_PARAM);
    REFUSED(srqn, 1, HINIC_AQ_BAD_PARAM);
    REFUSED(uar, e->uar + 1, HINIC_AQ_BAD_PARAM);
    REFUSED(log_sq_bb, 16, HINIC_AQ_LIMIT);
    REFUSED(log_sq_bb, 7, HINIC_AQ_BAD_PARAM); /* two pages */
    REFUSED(log_rq, 13, HINIC_AQ_LIMIT);
    REFUSED(log_rq_stride, 3, HINIC_AQ_LIMIT);
    REFUSED(log_rq_stride, 40, HINIC_AQ_LIMIT);
    REFUSED(max_recv_sge, 5, HINIC_AQ_LIMIT);
    REFUSED(max_send_sge, 17, HINIC_AQ_LIMIT);
    REFUSED(max_inline, 257, HINIC_AQ_LIMIT);
    REFUSED(sq.root[0], 64, HINIC_AQ_BAD_PARAM);
    REFUSED(rq.log_pgsz, 11, HINIC_AQ_BAD_PARAM);
    m = good_qp(HINIC_QPT_GSI);
    CHECK_EQ(create(&m), HINIC_AQ_OK);
    CHECK_EQ(e->o->out[0], 1);
    CHECK_EQ(create(&m), HINIC_AQ_BUSY);
    m = good_qp(HINIC_QPT_RC); /* without a receive queue */
    memset(&m.rq, 0, sizeof(m.rq));
    m.log_rq = m.log_rq_stride = 0;
    m.max_recv_sge = 0;
    CHECK_EQ(create(&m), HINIC_AQ_OK);
    pair_free(pair);
}

/* The same run gives the same numbers; another node other ones; a number does not come back soon.
 */
static void numbers(void)
{
    const struct pair_qp_cfg c = { .type = HINIC_QPT_RC };
    uint32_t qpn[2][2];

    for (uint32_t k = 0; k < 2; k++) {
        open_end();
        for (uint32_t i = 0; i < 2; i++) {
            struct pair_qp q = pair_qp(&pair->end[i], &c);

            qpn[k][i] = q.qpn;
        }
        pair_free(pair);
    }
    CHECK_EQ(qpn[0][0], qpn[1][0]);
    CHECK_EQ(qpn[0][1], qpn[1][1]);
    CHECK(qpn[0][0] != qpn[0][1]);
    {
        struct vdc_hinic_cfg cfg = vdc_hinic_cfg_default();
        uint32_t last = 0;

        cfg.n_qp = 4; /* two of them ordinary */
        pair = pair_new(&cfg, 1);
        e = &pair->end[0];
        for (uint32_t k = 0; k < 10; k++) {
            struct pair_qp q = pair_qp(e, &c);

            CHECK(q.qpn != last);
            CHECK(vdc_hinic_qp_peek(e->o->h, last) == NULL);
            last = q.qpn;
            CHECK_EQ(pair_qp_destroy(&q), HINIC_AQ_OK);
            CHECK_EQ(pair_qp_destroy(&q), HINIC_AQ_BAD_PARAM);
        }
        {
            const struct hinic_mb_create_qp m = good_qp(HINIC_QPT_RC);

            CHECK_EQ(create(&m), HINIC_AQ_OK);
            CHECK_EQ(create(&m), HINIC_AQ_OK);
            CHECK_EQ(create(&m), HINIC_AQ_NO_RES);
        }
        pair_free(pair);
    }
}

/* A MODIFY_QP with everything in range. */
static struct hinic_mb_modify_qp full(uint32_t mask, uint32_t state)
{
    return (struct hinic_mb_modify_qp){ .mask = mask,
                                        .state = (uint8_t)state,
                                        .path_mtu = 3,
                                        .port = 1,
                                        .qkey = 7,
                                        .rq_psn = 0x123456,
                                        .sq_psn = 0x654321,
                                        .dest_qpn = 99,
                                        .access = HINIC_ACCESS_REMOTE_READ,
                                        .timeout = 14,
                                        .retry_cnt = 6,
                                        .rnr_retry = 5,
                                        .min_rnr_timer = 12,
                                        .max_rd_atomic = 4,
                                        .max_dest_rd_atomic = 3,
                                        .av = pair_av(e, &pair->end[1], 0) };
}

#define S        HINIC_QPA_STATE
#define INIT_C   (S | HINIC_QPA_PKEY | HINIC_QPA_PORT | HINIC_QPA_ACCESS)
#define INIT_UD  (S | HINIC_QPA_PKEY | HINIC_QPA_PORT | HINIC_QPA_QKEY)
#define INIT_GSI (S | HINIC_QPA_PKEY | HINIC_QPA_QKEY)
#define RTR_UC   (S | HINIC_QPA_AV | HINIC_QPA_PATH_MTU | HINIC_QPA_DEST_QPN | HINIC_QPA_RQ_PSN)
#define RTR_RC   (RTR_UC | HINIC_QPA_DEST_RD_ATOM | HINIC_QPA_MIN_RNR)
#define RTS_UC   (S | HINIC_QPA_SQ_PSN)
#define RTS_RC                                                                                     \
    (RTS_UC | HINIC_QPA_TIMEOUT | HINIC_QPA_RETRY_CNT | HINIC_QPA_RNR_RETRY | HINIC_QPA_RD_ATOMIC)

/* Every attribute that must be there is missed, and nothing changes without it. */
static void transitions(void)
{
    static const struct {
        uint32_t type;
        uint32_t mask[3];
    } rows[] = { { HINIC_QPT_RC, { INIT_C, RTR_RC, RTS_RC } },
                 { HINIC_QPT_UC, { INIT_C, RTR_UC, RTS_UC } },
                 { HINIC_QPT_UD, { INIT_UD, S, RTS_UC } },
                 { HINIC_QPT_GSI, { INIT_GSI, S, RTS_UC } } };

    open_end();
    for (uint32_t r = 0; r < 4; r++) {
        const struct pair_qp_cfg c = { .type = rows[r].type, .flags = HINIC_QP_KERNEL };
        struct pair_qp q = pair_qp(e, &c);

        for (uint32_t s = 0; s < 3; s++) {
            const uint32_t to = HINIC_QPS_INIT + s;
            struct hinic_mb_modify_qp m;

            CHECK_EQ(pair_qp_state(&q), to - 1);
            for (uint32_t b = 1; b < 32; b++) {
                m = full(rows[r].mask[s] & ~(1u << b), to);
                if (m.mask != rows[r].mask[s]) {
                    CHECK_EQ(pair_qp_modify(&q, &m), HINIC_AQ_BAD_PARAM);
                }
            }
            m = full(rows[r].mask[s] | 1u << 18, to); /* path migration: never */
            CHECK_EQ(pair_qp_modify(&q, &m), HINIC_AQ_BAD_PARAM);
            for (uint32_t wrong = 0; wrong < 8; wrong++) {
                const bool is_legal = wrong == to || wrong == HINIC_QPS_RESET ||
                                      wrong == HINIC_QPS_ERR ||
                                      (wrong == to - 1 && wrong == HINIC_QPS_INIT) ||
                                      (wrong == to - 1 && wrong == HINIC_QPS_RTS);

                m = full(S, wrong);
                if (!is_legal) {
                    CHECK_EQ(pair_qp_modify(&q, &m),
                             wrong == 7 ? HINIC_AQ_BAD_PARAM : HINIC_AQ_BAD_STATE);
                }
            }
            m = full(rows[r].mask[s], to);
            CHECK_EQ(pair_qp_modify(&q, &m), HINIC_AQ_OK);
        }
        CHECK_EQ(pair_qp_state(&q), HINIC_QPS_RTS);
        CHECK_EQ(e->o->h->dev.rdma.n_send, 1);
        CHECK_EQ(pair_qp_to(&q, HINIC_QPS_RTS), HINIC_AQ_OK);
        CHECK_EQ(pair_qp_to(&q, HINIC_QPS_SQD), HINIC_AQ_OK);
        CHECK_EQ(pair_qp_to(&q, HINIC_QPS_SQD), HINIC_AQ_OK);
        CHECK_EQ(pair_qp_to(&q, HINIC_QPS_SQE), HINIC_AQ_BAD_STATE);
        CHECK_EQ(pair_qp_to(&q, HINIC_QPS_RTS), HINIC_AQ_OK);
        vdc_hinic_qp_sq_error(e->o->h, pair->now, q.qpn);
        CHECK_EQ(pair_qp_state(&q), HINIC_QPS_SQE);
        CHECK_EQ(e->o->h->dev.rdma.n_send, 0);
        CHECK_EQ(pair_qp_to(&q, HINIC_QPS_RTS),
                 q.type == HINIC_QPT_RC ? HINIC_AQ_BAD_STATE : HINIC_AQ_OK);
        CHECK_EQ(pair_qp_to(&q, HINIC_QPS_ERR), HINIC_AQ_OK);
        CHECK_EQ(pair_qp_to(&q, HINIC_QPS_RTS), HINIC_AQ_BAD_STATE);
        CHECK_EQ(pair_qp_to(&q, HINIC_QPS_ERR), HINIC_AQ_OK);
        CHECK_EQ(pair_qp_to(&q, HINIC_QPS_RESET), HINIC_AQ_OK);
        CHECK_EQ(pair_qp_destroy(&q), HINIC_AQ_OK);
        CHECK_EQ(e->o->h->dev.rdma.n_send, 0);
    }
    pair_free(pair);
}

/* Values out of range are refused whole. */
static void values(void)
{
    const struct pair_qp_cfg c = { .type = HINIC_QPT_RC };
    struct pair_qp q;
    struct hinic_mb_modify_qp m;

    open_end();
    q = pair_qp(e, &c);
#define WRONG(mask, to, field, value)                                                              \
    do {                                                                                           \
        m = full(mask, to);                                                                        \
        m.field = value;                                                                           \
        CHECK_EQ(pair_qp_modify(&q, &m), HINIC_AQ_BAD_PARAM);                                      \
    } while (0)
    WRONG(INIT_C, HINIC_QPS_INIT, port, 2);
    WRONG(INIT_C, HINIC_QPS_INIT, pkey_index, 1);
    WRONG(INIT_C, HINIC_QPS_INIT, access, 1u << 6);
    m = full(INIT_C | HINIC_QPA_CUR_STATE, HINIC_QPS_INIT);
    m.cur_state = HINIC_QPS_RTR;
    CHECK_EQ(pair_qp_modify(&q, &m), HINIC_AQ_BAD_STATE);
    m = full(INIT_C, HINIC_QPS_INIT);
    CHECK_EQ(pair_qp_modify(&q, &m), HINIC_AQ_OK);
    WRONG(RTR_RC, HINIC_QPS_RTR, path_mtu, 0);
    WRONG(RTR_RC, HINIC_QPS_RTR, path_mtu, 6);
    WRONG(RTR_RC, HINIC_QPS_RTR, rq_psn, 0x1000000);
    WRONG(RTR_RC, HINIC_QPS_RTR, dest_qpn, 0x1000000);
    WRONG(RTR_RC, HINIC_QPS_RTR, min_rnr_timer, 32);
    WRONG(RTR_RC, HINIC_QPS_RTR, max_dest_rd_atomic, 17);
    WRONG(RTR_RC, HINIC_QPS_RTR, av.port, 2);
    WRONG(RTR_RC, HINIC_QPS_RTR, av.sgid_idx, 60);
    WRONG(RTR_RC, HINIC_QPS_RTR, av.flags, 0);
    WRONG(RTR_RC, HINIC_QPS_RTR, av.dgid[0], 0xfe); /* families differ */
    CHECK_EQ(pair_qp_state(&q), HINIC_QPS_INIT);
    m = full(RTR_RC, HINIC_QPS_RTR);
    CHECK_EQ(pair_qp_modify(&q, &m), HINIC_AQ_OK);
    WRONG(RTS_RC, HINIC_QPS_RTS, timeout, 32);
    WRONG(RTS_RC, HINIC_QPS_RTS, retry_cnt, 8);
    WRONG(RTS_RC, HINIC_QPS_RTS, rnr_retry, 8);
    WRONG(RTS_RC, HINIC_QPS_RTS, max_rd_atomic, 17);
    WRONG(RTS_RC, HINIC_QPS_RTS, sq_psn, 0x1000000);
    pair_free(pair);
}

static void queries(void)
{
    const struct pair_qp_cfg c = { .type = HINIC_QPT_RC };
    struct pair_qp q;
    struct hinic_mb_modify_qp m;
    struct hinic_mb_dump_qp d;
    struct hinic_inl_obj o;

    open_end();
    q = pair_qp(e, &c);
    o.id = q.qpn;
    m = full(INIT_C, HINIC_QPS_INIT);
    CHECK_EQ(pair_qp_modify(&q, &m), HINIC_AQ_OK);
    m = full(RTR_RC, HINIC_QPS_RTR);
    CHECK_EQ(pair_qp_modify(&q, &m), HINIC_AQ_OK);
    m = full(RTS_RC, HINIC_QPS_RTS);
    CHECK_EQ(pair_qp_modify(&q, &m), HINIC_AQ_OK);
    CHECK_EQ(pair_cmd(e, HINIC_AQ_QUERY_QP, 0, &o, sizeof(o), NULL, 0, &m, sizeof(m)), HINIC_AQ_OK);
    CHECK_EQ(m.state, HINIC_QPS_RTS);
    CHECK_EQ(m.path_mtu, 3);
    CHECK_EQ(m.rq_psn, 0x123456);
    CHECK_EQ(m.sq_psn, 0x654321);
    CHECK_EQ(m.dest_qpn, 99);
    CHECK_EQ(m.access, HINIC_ACCESS_REMOTE_READ);
    CHECK_EQ(m.timeout, 14);
    CHECK_EQ(m.retry_cnt, 6);
    CHECK_EQ(m.rnr_retry, 5);
    CHECK_EQ(m.min_rnr_timer, 12);
    CHECK_EQ(m.max_rd_atomic, 4);
    CHECK_EQ(m.max_dest_rd_atomic, 3);
    CHECK_EQ(m.av.hop, pair_av(e, &pair->end[1], 0).hop);
    CHECK_EQ(pair_cmd(e, HINIC_AQ_DUMP_QP, 0, &o, sizeof(o), NULL, 0, &d, sizeof(d)), HINIC_AQ_OK);
    CHECK_EQ(d.qpn, q.qpn);
    CHECK_EQ(d.type_flags, HINIC_QPT_RC | HINIC_QPS_RTS << 16);
    CHECK_EQ(d.epsn, 0x123456);
    CHECK_EQ(d.sq_pi, 0);
    CHECK_EQ(d.timeout_ns, 0);
    CHECK(memcmp(&d.attr, &m, sizeof(m)) == 0);
    CHECK_EQ(pair_qp_to(&q, HINIC_QPS_RESET), HINIC_AQ_OK);
    CHECK_EQ(pair_cmd(e, HINIC_AQ_QUERY_QP, 0, &o, sizeof(o), NULL, 0, &m, sizeof(m)), HINIC_AQ_OK);
    CHECK_EQ(m.state, HINIC_QPS_RESET);
    CHECK_EQ(m.dest_qpn, 0); /* RESET forgets */
    CHECK_EQ(m.path_mtu, 0);
    o.id = 2;
    CHECK_EQ(pair_cmd(e, HINIC_AQ_QUERY_QP, 0, &o, sizeof(o), NULL, 0, &m, sizeof(m)),
             HINIC_AQ_BAD_PARAM);
    CHECK_EQ(pair_cmd(e, HINIC_AQ_DUMP_QP, 0, &o, sizeof(o), NULL, 0, &d, sizeof(d)),
             HINIC_AQ_BAD_PARAM);
    pair_free(pair);
}

static const struct tap_case cases[] = {
    { "creation", creation },   { "numbers", numbers }, { "transitions", transitions },
    { "value ranges", values }, { "query", queries },
};

TAP_MAIN(cases)
