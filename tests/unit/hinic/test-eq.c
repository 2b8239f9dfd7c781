/* SPDX-License-Identifier: MIT */
/* Event queues: order and phase, arm rule, overrun, failing memory. */
#include "host.h"
#include "state.h"
#include "tap.h"

static uint32_t create(struct host *o, uint64_t *ring, uint32_t vector, uint32_t count, uint32_t ns)
{
    struct hinic_mb_create_eq m = {
        .log_depth = 4, .vector = (uint8_t)vector, .count = count, .ns = ns
    };

    *ring = host_alloc(o, 4096, 4096);
    m.pbl = host_pbl(*ring, 12, 1);
    return host_cmd(o, HINIC_AQ_CREATE_EQ, 0, NULL, 0, &m, sizeof(m), NULL, 0);
}

static void post(struct host *o, uint32_t eqn, uint32_t id)
{
    vdc_hinic_eq_post(o->h, o->now, eqn,
                      (struct hinic_eqe){ .type = HINIC_EQE_COMPLETION, .id = id });
}

static void ring(void)
{
    struct host *o = host_new(NULL);
    uint64_t at;
    uint32_t ci = 0;

    host_start(o);
    CHECK_EQ(create(o, &at, 7, 0, 0), HINIC_AQ_OK);
    CHECK_EQ(o->out[0], 1);
    host_db(o, HINIC_DB_EQ, HINIC_DB_VAL(1, 0) | HINIC_DB_ARM);
    host_idle(o);
    for (uint32_t i = 0; i < 100; i++) {
        const struct hinic_eqe *e = host_ptr(o, at + (i & 15) * 16, 16);

        post(o, 1, 1000 + i);
        CHECK_EQ(vdc_hinic_next(o->h), o->now + 500 + o->cfg.timing.t_pcie_up);
        host_idle(o);
        CHECK_EQ(e->id, 1000 + i);
        CHECK_EQ(e->own & 1, (i >> 4 & 1) ^ 1);
        CHECK_EQ(o->n_msi[7], i / 10 + 1);
        if (i % 10 == 9) {
            ci = i + 1;
            host_db(o, HINIC_DB_EQ, HINIC_DB_VAL(1, ci) | HINIC_DB_ARM);
            host_idle(o);
        }
    }
    host_free(o);
}

static void moderated(void)
{
    struct host *o = host_new(NULL);
    uint64_t at;
    vtime_t t0;

    host_start(o);
    CHECK_EQ(create(o, &at, 7, 3, 9000), HINIC_AQ_OK);
    host_db(o, HINIC_DB_EQ, HINIC_DB_VAL(1, 0) | HINIC_DB_ARM);
    host_idle(o);
    t0 = o->now;
    post(o, 1, 1);
    host_idle(o);
    CHECK_EQ(o->t_msi[7], t0 + 500 + o->cfg.timing.t_pcie_up + 9000000 + o->cfg.timing.t_msi);
    host_db(o, HINIC_DB_EQ, HINIC_DB_VAL(1, 1) | HINIC_DB_ARM);
    host_idle(o);
    t0 = o->now;
    for (uint32_t i = 0; i < 3; i++) {
        post(o, 1, i);
    }
    host_idle(o);
    CHECK_EQ(o->t_msi[7], t0 + 1500 + o->cfg.timing.t_pcie_up + o->cfg.timing.t_msi);
    CHECK_EQ(o->n_msi[7], 2);
    host_free(o);
}

static void numbers(void)
{
    struct vdc_hinic_cfg cfg = vdc_hinic_cfg_default();
    struct host *o;
    struct hinic_inl_obj id = { 0 };
    uint64_t at;

    cfg.n_eq = 3;
    o = host_new(&cfg);
    host_start(o);
    for (uint32_t i = 1; i <= 3; i++) {
        CHECK_EQ(create(o, &at, 1, 0, 0), HINIC_AQ_OK);
        CHECK_EQ(o->out[0], i);
    }
    CHECK_EQ(create(o, &at, 1, 0, 0), HINIC_AQ_NO_RES);
    CHECK_EQ(host_cmd(o, HINIC_AQ_DESTROY_EQ, 0, &id, sizeof(id), NULL, 0, NULL, 0),
             HINIC_AQ_BAD_PARAM);
    id.id = 4;
    CHECK_EQ(host_cmd(o, HINIC_AQ_DESTROY_EQ, 0, &id, sizeof(id), NULL, 0, NULL, 0),
             HINIC_AQ_BAD_PARAM);
    id.id = 2;
    CHECK_EQ(host_cmd(o, HINIC_AQ_DESTROY_EQ, 0, &id, sizeof(id), NULL, 0, NULL, 0), HINIC_AQ_OK);
    CHECK_EQ(host_cmd(o, HINIC_AQ_DESTROY_EQ, 0, &id, sizeof(id), NULL, 0, NULL, 0),
             HINIC_AQ_BAD_PARAM);
    CHECK_EQ(create(o, &at, 1, 2, 0),
             HINIC_AQ_BAD_PARAM); /* a burst's rest would never be announced */
    CHECK_EQ(create(o, &at, 16, 0, 0), HINIC_AQ_LIMIT);
    CHECK_EQ(create(o, &at, 1, 0, 0), HINIC_AQ_OK);
    CHECK_EQ(o->out[0], 2);
    host_free(o);
}

static void overrun(void)
{
    struct host *o = host_new(NULL);
    struct hinic_eqe e;
    uint64_t at;

    host_start(o);
    CHECK_EQ(create(o, &at, 7, 0, 0), HINIC_AQ_OK);
    for (uint32_t i = 0; i < 17; i++) {
        post(o, 1, i);
    }
    host_idle(o);
    CHECK_EQ(HINIC_DEV_STATUS_CODE(host_read(o, HINIC_R_DEV_STATUS, 4)), HINIC_FATAL_OVERRUN);
    CHECK(host_aeqe(o, &e));
    CHECK_EQ(e.type, HINIC_EQE_DEVICE_FATAL);
    CHECK_EQ(e.data, HINIC_FATAL_OVERRUN);
    host_free(o);
}

static void failing_memory(void)
{
    struct host *o = host_new(NULL);
    struct hinic_eqe e;
    uint64_t at;

    host_start(o);
    CHECK_EQ(create(o, &at, 7, 0, 0), HINIC_AQ_OK);
    o->hole_from = at;
    o->hole_to = at + 16;
    post(o, 1, 0);
    host_idle(o);
    CHECK_EQ(HINIC_DEV_STATUS_CODE(host_read(o, HINIC_R_DEV_STATUS, 4)), HINIC_FATAL_EQ);
    CHECK(host_aeqe(o, &e) && e.data == HINIC_FATAL_EQ);
    host_free(o);
    o = host_new(NULL);
    host_start(o);
    o->hole_from = o->aeq;
    o->hole_to = o->aeq + 4096;
    host_link_in(o, o->now + 1000, false);
    host_idle(o);
    CHECK_EQ(HINIC_DEV_STATUS_CODE(host_read(o, HINIC_R_DEV_STATUS, 4)), HINIC_FATAL_AEQ);
    host_free(o);
}

/* The AEQ itself: its overrun is fatal too, and cannot be announced. */
static void aeq_overrun(void)
{
    struct host *o = host_new(NULL);

    o->log_aeq = 4;
    host_start(o);
    for (uint32_t i = 0; i < 40; i++) {
        host_link_in(o, o->now + 1000000, i & 1);
        host_idle(o);
    }
    CHECK_EQ(HINIC_DEV_STATUS_CODE(host_read(o, HINIC_R_DEV_STATUS, 4)), HINIC_FATAL_OVERRUN);
    host_free(o);
}

static const struct tap_case cases[] = {
    { "entries, phase and one interrupt per arm", ring },
    { "moderation", moderated },
    { "numbers and their reuse", numbers },
    { "overrun is fatal", overrun },
    { "failing memory is fatal", failing_memory },
    { "overrun of the AEQ", aeq_overrun },
};

TAP_MAIN(cases)
