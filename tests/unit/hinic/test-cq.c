/* SPDX-License-Identifier: MIT */
/* Completion queues: order and phase, one event per arm, moderation, overrun, resize, lists. */
#include "pair.h"
#include "state.h"
#include "tap.h"

static struct pair *pair;

static struct pair_end *open_end(void)
{
    pair = pair_new(NULL, 1);
    return &pair->end[0];
}

/* Completion number k, as an engine posts it. */
static void post(struct pair_end *e, const struct pair_cq *q, uint32_t k, bool is_event)
{
    const struct hinic_cqe c = { .qpn_op = 5, .sw_idx = k };

    vdc_hinic_cq_post(e->o->h, pair->now, q->cqn, &c, is_event);
}

static void check_next(struct pair_end *e, struct pair_cq *q, uint32_t k)
{
    struct hinic_cqe c = { 0 };

    CHECK(pair_poll(e, q, &c));
    CHECK_EQ(c.sw_idx, k);
}

static uint32_t events(struct pair_end *e, uint32_t cqn)
{
    struct hinic_eqe q;
    uint32_t n = 0;

    while (pair_eqe(e, &q)) {
        CHECK_EQ(q.type, HINIC_EQE_COMPLETION);
        CHECK_EQ(q.id, cqn);
        n++;
    }
    return n;
}

static void order(void)
{
    struct pair_end *e = open_end();
    struct pair_cq q = pair_cq(e, 3, 0);
    struct hinic_cqe c;

    for (uint32_t k = 0; k < 50; k += 5) {
        for (uint32_t i = 0; i < 5; i++) {
            post(e, &q, k + i, false);
        }
        CHECK(!pair_poll(e, &q, &c)); /* not visible at once */
        pair_idle(pair);
        for (uint32_t i = 0; i < 5; i++) {
            check_next(e, &q, k + i);
        }
        CHECK(!pair_poll(e, &q, &c));
        host_db(e->o, (uint64_t)e->uar * HINIC_UAR_SIZE + HINIC_DB_CQ_CI,
                q.cqn | (uint64_t)q.ci << 32);
        pair_idle(pair);
    }
    CHECK_EQ(vdc_hinic_cq_room(e->o->h), MEM_CQE_N);
    pair_free(pair);
}

/* One entry and the event behind it: visible together with or after the entry. */
static void arming(void)
{
    struct pair_end *e = open_end();
    struct pair_cq q = pair_cq(e, 4, 0);

    post(e, &q, 0, false);
    pair_idle(pair);
    CHECK_EQ(events(e, q.cqn), 0); /* not armed */
    pair_cq_arm(e, &q, false);     /* an entry that is not consumed is an event at once */
    pair_idle(pair);
    CHECK_EQ(events(e, q.cqn), 1);
    check_next(e, &q, 0);
    post(e, &q, 1, true);
    pair_idle(pair);
    CHECK_EQ(events(e, q.cqn), 0); /* one event per arm */
    check_next(e, &q, 1);
    pair_cq_arm(e, &q, true);
    pair_idle(pair);
    post(e, &q, 2, false);
    pair_idle(pair);
    CHECK_EQ(events(e, q.cqn), 0); /* waits for solicited */
    post(e, &q, 3, true);
    post(e, &q, 4, true);
    pair_idle(pair);
    CHECK_EQ(events(e, q.cqn), 1);
    for (uint32_t k = 2; k < 5; k++) {
        check_next(e, &q, k);
    }
    q.arm_sn--; /* the number of the last event again: a stale arm */
    pair_cq_arm(e, &q, false);
    pair_idle(pair);
    post(e, &q, 5, true);
    pair_idle(pair);
    CHECK_EQ(events(e, q.cqn), 0);
    pair_cq_arm(e, &q, false);
    pair_idle(pair);
    CHECK_EQ(events(e, q.cqn), 1);
    pair_free(pair);
}

/* Armed before they are read, as event loops do: what the last event told is not told again. */
static void told(void)
{
    struct pair_end *e = open_end();
    struct pair_cq q = pair_cq(e, 4, 0);

    pair_cq_arm(e, &q, false);
    post(e, &q, 0, false);
    pair_idle(pair);
    CHECK_EQ(events(e, q.cqn), 1);
    pair_cq_arm(e, &q, false); /* entry 0 is not consumed, but told */
    pair_idle(pair);
    CHECK_EQ(events(e, q.cqn), 0);
    post(e, &q, 1, false);
    pair_idle(pair);
    CHECK_EQ(events(e, q.cqn), 1);
    post(e, &q, 2, false);
    pair_idle(pair);
    check_next(e, &q, 0);
    pair_cq_arm(e, &q, false); /* entry 2 came after that event */
    pair_idle(pair);
    CHECK_EQ(events(e, q.cqn), 1);
    for (uint32_t k = 1; k < 3; k++) {
        check_next(e, &q, k);
    }
    pair_cq_arm(e, &q, false);
    pair_idle(pair);
    CHECK_EQ(events(e, q.cqn), 0);
    pair_free(pair);
}

static uint32_t modify(struct pair_end *e, uint32_t cqn, uint32_t count, uint32_t usec)
{
    const struct hinic_inl_modify_cq m = { .cqn = cqn, .count = count, .usec = usec };

    return pair_cmd(e, HINIC_AQ_MODIFY_CQ, 0, &m, sizeof(m), NULL, 0, NULL, 0);
}

static void moderation(void)
{
    struct pair_end *e = open_end();
    struct pair_cq q = pair_cq(e, 6, 0);
    const vtime_t pcie = e->o->cfg.timing.t_pcie_up;
    vtime_t t;

    CHECK_EQ(modify(e, q.cqn, 3, 0), HINIC_AQ_BAD_PARAM); /* a count without an end */
    CHECK_EQ(modify(e, q.cqn + 1, 3, 10), HINIC_AQ_BAD_PARAM);
    CHECK_EQ(modify(e, q.cqn, 3, 10), HINIC_AQ_OK);
    pair_cq_arm(e, &q, false);
    pair_idle(pair);
    post(e, &q, 0, false);
    post(e, &q, 1, false);
    pair_run(pair, pair->now + 9 * VTIME_PS_PER_US);
    CHECK_EQ(events(e, q.cqn), 0);
    post(e, &q, 2, false); /* the third: before the time is over */
    pair_run(pair, pair->now + 2 * pcie);
    CHECK_EQ(events(e, q.cqn), 1);
    pair_idle(pair);
    for (uint32_t k = 0; k < 3; k++) {
        check_next(e, &q, k);
    }
    pair_cq_arm(e, &q, false);
    pair_idle(pair);
    t = pair->now;
    post(e, &q, 3, false);
    pair_run(pair, t + 10 * VTIME_PS_PER_US + pcie - 1);
    CHECK_EQ(events(e, q.cqn), 0);
    pair_run(pair, t + 10 * VTIME_PS_PER_US + pcie + VTIME_PS_PER_NS);
    CHECK_EQ(events(e, q.cqn), 1);
    pair_free(pair);
}

/* The queue dies, its queue pairs go to ERR; a queue that ignores it goes on. */
static void overrun(void)
{
    struct pair_end *e = open_end();
    struct pair_cq q = pair_cq(e, 2, 0);
    struct pair_cq free_q = pair_cq(e, 2, HINIC_CQ_IGNORE_OVERRUN);
    const struct pair_qp_cfg qc = { .type = HINIC_QPT_UD, .rcq = &q };
    const struct pair_qp_cfg other = { .type = HINIC_QPT_UD };
    struct pair_qp qp = pair_qp(e, &qc);
    struct pair_qp bystander = pair_qp(e, &other);
    struct hinic_eqe a;
    uint32_t seen = 0;

    pair_ud_start(&qp, PAIR_QKEY, 0);
    pair_ud_start(&bystander, PAIR_QKEY, 0);
    for (uint32_t k = 0; k < 4; k++) {
        post(e, &q, k, false);
    }
    pair_idle(pair);
    CHECK(!pair_aeqe(e, &a));
    CHECK_EQ(pair_qp_state(&qp), HINIC_QPS_RTS);
    post(e, &q, 4, false);
    pair_idle(pair);
    while (pair_aeqe(e, &a)) {
        if (a.type == HINIC_EQE_CQ_ERR) {
            CHECK_EQ(a.id, q.cqn);
            seen |= 1;
        }
        if (a.type == HINIC_EQE_QP_FATAL) {
            CHECK_EQ(a.id, qp.qpn);
            seen |= 2;
        }
    }
    CHECK_EQ(seen, 3);
    CHECK_EQ(pair_qp_state(&qp), HINIC_QPS_ERR);
    CHECK_EQ(pair_qp_state(&bystander), HINIC_QPS_RTS);
    for (uint32_t k = 0; k < 4; k++) {
        check_next(e, &q, k); /* what was there stays */
    }
    for (uint32_t k = 0; k < 9; k++) {
        post(e, &free_q, k, false);
    }
    pair_idle(pair);
    CHECK(!pair_aeqe(e, &a));
    pair_free(pair);
}

static uint32_t resize(struct pair_end *e, uint32_t cqn, uint32_t log_cqe, uint64_t *ring)
{
    struct hinic_mb_create_cq m = { .log_cqe = (uint8_t)log_cqe, .cookie = cqn };

    *ring = host_alloc(e->o, UINT64_C(64) << log_cqe, 65536);
    m.pbl = host_pbl(*ring, 16, 1);
    return pair_cmd(e, HINIC_AQ_RESIZE_CQ, 0, NULL, 0, &m, sizeof(m), NULL, 0);
}

/* Indices go on in the new ring; the reply says where. */
static void resizing(void)
{
    struct pair_end *e = open_end();
    struct pair_cq q = pair_cq(e, 2, 0);
    uint64_t ring;

    for (uint32_t k = 0; k < 3; k++) {
        post(e, &q, k, false);
    }
    pair_idle(pair);
    CHECK_EQ(resize(e, q.cqn, 1, &ring), HINIC_AQ_LIMIT); /* three are not consumed */
    CHECK_EQ(resize(e, q.cqn + 1, 4, &ring), HINIC_AQ_BAD_PARAM);
    CHECK_EQ(resize(e, q.cqn, 4, &ring), HINIC_AQ_OK);
    CHECK_EQ(e->o->out[0], 3);
    for (uint32_t k = 0; k < 3; k++) {
        check_next(e, &q, k); /* in the old ring */
    }
    q.ring = ring;
    q.log_cqe = 4;
    for (uint32_t k = 3; k < 19; k++) {
        post(e, &q, k, false);
        pair_idle(pair);
        check_next(e, &q, k);
    }
    pair_free(pair);
}

static uint32_t create(struct pair_end *e, struct hinic_mb_create_cq m)
{
    return pair_cmd(e, HINIC_AQ_CREATE_CQ, 0, NULL, 0, &m, sizeof(m), NULL, 0);
}

static uint32_t destroy(struct pair_end *e, uint32_t op, uint32_t id)
{
    const struct hinic_inl_obj o = { .id = id };

    return pair_cmd(e, op, 0, &o, sizeof(o), NULL, 0, NULL, 0);
}

static void commands(void)
{
    struct pair_end *e = open_end();
    const struct hinic_mb_create_cq good = { .log_cqe = 4,
                                             .eqn = (uint8_t)e->eqn,
                                             .uar = e->uar,
                                             .pbl = host_pbl(host_alloc(e->o, 4096, 4096), 12, 1) };
    struct hinic_mb_create_cq m = good;
    struct pair_cq q = pair_cq(e, 4, 0);
    const struct pair_qp_cfg qc = { .type = HINIC_QPT_RC, .scq = &q };
    struct pair_qp qp = pair_qp(e, &qc);

    CHECK_EQ(create(e, good), HINIC_AQ_OK);
    CHECK_EQ(destroy(e, HINIC_AQ_DESTROY_CQ, e->o->out[0]), HINIC_AQ_OK);
    m.log_cqe = 17;
    CHECK_EQ(create(e, m), HINIC_AQ_LIMIT);
    m = good;
    m.flags = 4;
    CHECK_EQ(create(e, m), HINIC_AQ_BAD_PARAM);
    m = good;
    m.eqn = 0;
    CHECK_EQ(create(e, m), HINIC_AQ_BAD_PARAM);
    m = good;
    m.uar = e->uar + 1;
    CHECK_EQ(create(e, m), HINIC_AQ_BAD_PARAM);
    m = good;
    m.pbl.n = 2;
    CHECK_EQ(create(e, m), HINIC_AQ_BAD_PARAM);
    m = good;
    m.pbl.root[0] += 8;
    CHECK_EQ(create(e, m), HINIC_AQ_BAD_PARAM);
    CHECK_EQ(destroy(e, HINIC_AQ_DESTROY_CQ, q.cqn), HINIC_AQ_BUSY);
    CHECK_EQ(destroy(e, HINIC_AQ_DESTROY_EQ, e->eqn), HINIC_AQ_BUSY);
    CHECK_EQ(pair_qp_destroy(&qp), HINIC_AQ_OK);
    CHECK_EQ(destroy(e, HINIC_AQ_DESTROY_CQ, q.cqn), HINIC_AQ_OK);
    CHECK_EQ(destroy(e, HINIC_AQ_DESTROY_CQ, q.cqn), HINIC_AQ_BAD_PARAM);
    pair_free(pair);
}

/* A ring of pages in reverse order behind a table: the first entry waits for the table, the others
 * stay behind it. */
static void listed(void)
{
    struct pair_end *e = open_end();
    const uint32_t log = 10;
    const uint32_t pages = (64u << log) / 4096;
    const uint64_t ring = host_alloc(e->o, UINT64_C(64) << log, 4096);
    uint64_t table = host_alloc(e->o, 4096, 4096);
    struct hinic_mb_create_cq m = {
        .log_cqe = 10,
        .eqn = (uint8_t)e->eqn,
        .uar = e->uar,
        .pbl = { .log_pgsz = 12, .levels = 1, .n = pages, .root = { table } }
    };
    struct pair_cq q = { .log_cqe = log };
    struct hinic_cqe c;

    for (uint32_t i = 0; i < pages; i++) {
        const uint64_t at = ring + (uint64_t)(pages - 1 - i) * 4096;

        memcpy(host_ptr(e->o, table + 8 * i, 8), &at, 8);
    }
    CHECK_EQ(create(e, m), HINIC_AQ_OK);
    q.cqn = e->o->out[0];
    for (uint32_t k = 0; k < 300; k++) {
        post(e, &q, k, false);
    }
    CHECK_EQ(vdc_hinic_cq_room(e->o->h), MEM_CQE_N - 300); /* until the table is there */
    pair_idle(pair);
    for (uint32_t k = 0; k < 300; k++) {
        memcpy(&c, host_ptr(e->o, ring + (uint64_t)(pages - 1 - k / 64) * 4096 + k % 64 * 64, 64),
               sizeof(c));
        CHECK_EQ(c.sw_idx, k);
        CHECK_EQ(c.own, 1);
    }
    /* A table that cannot be read ends the queue. */
    e->o->hole_from = table;
    e->o->hole_to = table + 4096;
    CHECK_EQ(create(e, m), HINIC_AQ_OK);
    q.cqn = e->o->out[0];
    post(e, &q, 0, false);
    pair_idle(pair);
    CHECK(vdc_hinic_cq_slot(e->o->h, q.cqn)->is_dead);
    CHECK_EQ(resize(e, q.cqn, 4, &table), HINIC_AQ_BAD_STATE);
    pair_free(pair);
}

static const struct tap_case cases[] = {
    { "order and phase", order },
    { "one event per arm", arming },
    { "an entry is told once", told },
    { "moderation", moderation },
    { "overrun", overrun },
    { "resize", resizing },
    { "commands", commands },
    { "ring behind a table", listed },
};

TAP_MAIN(cases)
