/* SPDX-License-Identifier: MIT */
/* Interrupts: arm rules, moderation by count and time, masking, merging. */
#include "host.h"
#include "tap.h"

struct rig {
    struct host *o;
    struct host_queue rx;
    struct host_pkt p;
};

static struct rig rig_new(uint32_t count, uint32_t ns)
{
    struct rig r = { .o = host_new(NULL) };
    const uint64_t buf = host_alloc(r.o, 512 * 2048, 4096);

    host_start(r.o);
    CHECK_EQ(host_queue_moderated(r.o, &r.rx, 0, true, 8, 3, count, ns), HINIC_AQ_OK);
    for (uint32_t i = 0; i < 256; i++) {
        host_rx(r.o, &r.rx, buf + i * 2048, 2048, i);
    }
    host_ring(r.o, &r.rx);
    host_idle(r.o);
    host_ip(&r.p, false, true, 100, -1);
    return r;
}

/* n frames, gap apart, the first after one microsecond; returns the arrival of the first. */
static vtime_t frames(struct rig *r, uint32_t n, uint64_t gap)
{
    const vtime_t t = r->o->now + 1000000;

    for (uint32_t i = 0; i < n; i++) {
        host_frame_in(r->o, t + i * gap, r->p.b, r->p.len);
    }
    return t;
}

static uint32_t consume(struct rig *r)
{
    struct hinic_eth_cpl c;
    uint32_t n = 0;

    while (host_cpl(r->o, &r->rx, &c)) {
        n++;
    }
    return n;
}

/* Last bit to completion in memory. */
static uint64_t to_memory(const struct host *o, uint32_t len)
{
    return o->cfg.timing.t_rx + ((uint64_t)len * 8000 + 255) / 256 + 500 + o->cfg.timing.t_pcie_up;
}

static void arm_once(void)
{
    struct rig r = rig_new(0, 0);

    (void)frames(&r, 3, 1000000);
    host_idle(r.o);
    CHECK_EQ(r.o->n_msi[3], 0); /* never armed */
    host_arm(r.o, &r.rx);
    host_idle(r.o);
    CHECK_EQ(r.o->n_msi[3], 1); /* completions were there: at once */
    CHECK_EQ(r.o->t_msi[3], r.o->now);
    (void)frames(&r, 3, 1000000);
    host_idle(r.o);
    CHECK_EQ(r.o->n_msi[3], 1); /* one per arm */
    CHECK_EQ(consume(&r), 6);
    host_arm(r.o, &r.rx);
    host_idle(r.o);
    CHECK_EQ(r.o->n_msi[3], 1); /* nothing new */
    (void)frames(&r, 1, 0);
    host_idle(r.o);
    CHECK_EQ(r.o->n_msi[3], 2);
    host_free(r.o);
}

/* The race of every driver: a completion lands between its last poll and its arm. */
static void race(void)
{
    for (uint64_t step = 0; step < 1500; step += 25) {
        struct rig r = rig_new(0, 0);

        (void)frames(&r, 1, 0);
        host_run(r.o, r.o->now + step * 1000);
        (void)consume(&r);
        host_arm(r.o, &r.rx);
        host_idle(r.o);
        CHECK_EQ(r.o->n_msi[3],
                 r.rx.ci == 0); /* consumed before the arm: no interrupt; else exactly one */
        host_free(r.o);
    }
}

static void by_count(void)
{
    struct rig r = rig_new(4, 100000);
    vtime_t t;

    host_arm(r.o, &r.rx);
    host_idle(r.o);
    t = frames(&r, 6, 1000000);
    host_idle(r.o);
    CHECK_EQ(r.o->n_msi[3], 1);
    CHECK_EQ(r.o->t_msi[3], t + 3 * 1000000 + to_memory(r.o, r.p.len) + r.o->cfg.timing.t_msi);
    host_free(r.o);
}

static void by_time(void)
{
    struct rig r = rig_new(100, 7000);
    vtime_t t;

    host_arm(r.o, &r.rx);
    host_idle(r.o);
    t = frames(&r, 6, 1000000);
    host_idle(r.o);
    CHECK_EQ(r.o->n_msi[3], 1);
    CHECK_EQ(r.o->t_msi[3], t + to_memory(r.o, r.p.len) + 7000000 + r.o->cfg.timing.t_msi);
    /* An arm that finds completions counts its time from there. */
    host_arm(r.o, &r.rx);
    t = r.o->now;
    host_idle(r.o);
    CHECK_EQ(r.o->n_msi[3], 2);
    CHECK_EQ(r.o->t_msi[3], t + r.o->cfg.timing.t_db + 7000000 + r.o->cfg.timing.t_msi);
    host_free(r.o);
}

static void changed(void)
{
    struct rig r = rig_new(0, 0);
    struct hinic_inl_moderation m = { .queue = 0, .is_rx = 1, .count = 2, .ns = 50000 };

    CHECK_EQ(host_cmd(r.o, HINIC_AQ_SET_MODERATION, 1, &m, sizeof(m), NULL, 0, NULL, 0),
             HINIC_AQ_OK);
    host_arm(r.o, &r.rx);
    (void)frames(&r, 1, 0);
    host_run(r.o, r.o->now + 20000000);
    CHECK_EQ(r.o->n_msi[3], 0);
    (void)frames(&r, 1, 0);
    host_run(r.o, r.o->now + 10000000);
    CHECK_EQ(r.o->n_msi[3], 1);
    host_free(r.o);
}

static void masked(void)
{
    struct rig r = rig_new(0, 0);
    uint32_t n_admin;

    host_write(r.o, HINIC_R_DEV_CTRL, 4, HINIC_DEV_CTRL_ENABLE | HINIC_DEV_CTRL_INT_MASK);
    n_admin = r.o->n_msi[0];
    host_link_in(r.o, r.o->now + 1000, false); /* vector 0 is held too */
    host_link_in(r.o, r.o->now + 2000, true);
    host_idle(r.o);
    for (uint32_t i = 0; i < 3; i++) {
        host_arm(r.o, &r.rx);
        (void)frames(&r, 1, 0);
        host_idle(r.o);
    }
    CHECK_EQ(r.o->n_msi[3], 0);
    CHECK_EQ(r.o->n_msi[0], n_admin);
    host_write(r.o, HINIC_R_DEV_CTRL, 4, HINIC_DEV_CTRL_ENABLE);
    CHECK_EQ(vdc_hinic_next(r.o->h), r.o->now + r.o->cfg.timing.t_msi);
    host_idle(r.o);
    CHECK_EQ(r.o->n_msi[3], 1);
    CHECK_EQ(r.o->n_msi[0], n_admin + 1);
    host_free(r.o);
}

/* Two queues on one vector: completions close together raise it once, and each is visible by then.
 */
static void shared_vector(void)
{
    struct rig r = rig_new(0, 0);
    struct host_queue tx;

    CHECK_EQ(host_queue(r.o, &tx, 0, false, 4, 3), HINIC_AQ_OK);
    host_arm(r.o, &r.rx);
    host_arm(r.o, &tx);
    for (uint32_t i = 0; i < 4; i++) {
        host_tx(r.o, &tx, HOST_BASE, 60, HINIC_TXD_EOP | (i == 2 ? HINIC_TXD_INT : 0));
    }
    host_ring(r.o, &tx);
    host_idle(r.o);
    CHECK_EQ(r.o->n_msi[3], 1); /* by the third of four completions */
    host_free(r.o);
}

/* TX completions without INT are no events, not even for an arm that comes later. */
static void silent(void)
{
    struct rig r = rig_new(0, 0);
    struct host_queue tx;
    struct hinic_eth_cpl c;

    CHECK_EQ(host_queue(r.o, &tx, 0, false, 4, 5), HINIC_AQ_OK);
    host_arm(r.o, &tx);
    for (uint32_t i = 0; i < 3; i++) {
        host_tx(r.o, &tx, HOST_BASE, 60, HINIC_TXD_EOP);
    }
    host_ring(r.o, &tx);
    host_idle(r.o);
    host_arm(r.o, &tx);
    host_idle(r.o);
    CHECK_EQ(r.o->n_msi[5], 0);
    host_tx(r.o, &tx, HOST_BASE, 60, HINIC_TXD_EOP | HINIC_TXD_INT);
    host_ring(r.o, &tx);
    host_idle(r.o);
    CHECK_EQ(r.o->n_msi[5], 1);
    while (host_cpl(r.o, &tx, &c)) {
    }
    CHECK_EQ(tx.ci, 4);
    host_arm(r.o, &tx); /* ci is past the last event */
    host_idle(r.o);
    CHECK_EQ(r.o->n_msi[5], 1);
    host_free(r.o);
}

static const struct tap_case cases[] = {
    { "one interrupt per arm", arm_once },
    { "no completion is lost between poll and arm", race },
    { "moderation by count", by_count },
    { "moderation by time", by_time },
    { "moderation is changed by command", changed },
    { "masked interrupts are held and raised once", masked },
    { "queues share a vector", shared_vector },
    { "silent completions", silent },
};

TAP_MAIN(cases)
