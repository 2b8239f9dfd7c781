/* SPDX-License-Identifier: MIT */
/* Tests of the transmit scheduler: turns, order, times, control packets, bounds, dropping,
 * loopback. */
#include "rig.h"
#include "tap.h"

#define T_TX    (100 * RIG_NS)
#define T_RX    (150 * RIG_NS)
#define T_PKT   (20 * RIG_NS)
#define T_ACK   (50 * RIG_NS)
#define WIRE    (30 * RIG_NS)
#define FOREVER (1000 * VTIME_PS_PER_MS)

static const struct rpool *pool(const struct rig *r)
{
    return &vdc_hinic_rnet_peek(r->h)->pool;
}

static void check_all_free(const struct rig *r)
{
    for (uint32_t c = 0; c < RPKT_CLASSES; c++) {
        CHECK_EQ(pool(r)->n_used[c], 0);
    }
    CHECK_EQ(vdc_hinic_rnet_peek(r->h)->sched.n_out, 0);
    CHECK_EQ(vdc_hinic_rnet_peek(r->h)->sched.out_bytes, 0);
}

static void test_times(void)
{
    struct rig *r = rig_new();

    rig_run(r, 1000);
    rig_give(r, 0, false, 3, 100);
    rig_run(r, FOREVER);
    /* Turns at 0, 20 and 40 ns, each leaves t_tx later; the link takes 30 ns. */
    CHECK_EQ(rig_count(r, RIG_LINK), 3);
    for (uint32_t i = 0; i < 3; i++) {
        CHECK_EQ(rig_nth(r, RIG_LINK, i)->t, 1000 + T_TX + i * WIRE);
        CHECK_EQ(rig_nth(r, RIG_LINK, i)->psn, 0x1000 + i);
        CHECK_EQ(rig_nth(r, RIG_SENT, i)->t, 1000 + T_TX + i * WIRE);
        CHECK(!rig_nth(r, RIG_SENT, i)->is_responder);
    }
    check_all_free(r);
    CHECK(!vdc_hinic_ev_is_armed(r->h, EV_SCHED, 0)); /* nothing to do costs nothing */
    CHECK_EQ(vdc_hinic_sched_time(r->h), VTIME_NEVER);
    rig_free(r);
}

/* Ethernet knows no shorter frame; what is added is nothing. */
static void test_short_frame(void)
{
    struct rig *r = rig_new();

    rig_give(r, 0, false, 1, 0);
    rig_run(r, FOREVER);
    CHECK_EQ(r->frame_len, 60);
    CHECK_EQ(r->frame[58] | r->frame[59], 0);
    rig_give(r, 0, false, 1, 1);
    rig_run(r, 2 * FOREVER);
    CHECK_EQ(r->frame_len, 62);
    rig_free(r);
}

static void test_engine_rate(void)
{
    struct rig *r = rig_new();

    r->wire_ps = RIG_NS; /* the engine is the bottleneck */
    rig_give(r, 0, true, 5, 0);
    rig_run(r, FOREVER);
    for (uint32_t i = 0; i < 5; i++) {
        CHECK_EQ(rig_nth(r, RIG_LINK, i)->t, T_TX + i * T_PKT);
        CHECK(rig_nth(r, RIG_SENT, i)->is_responder);
    }
    rig_free(r);
}

static void test_round_robin(void)
{
    struct rig *r = rig_new();

    rig_give(r, 0, false, 3, 10);
    rig_give(r, 2, true, 4, 10);
    rig_give(r, 1, false, 2, 10);
    rig_run(r, FOREVER);
    {
        static const uint32_t want[] = { 0, 2, 1, 0, 2, 1, 0, 2, 2 };

        CHECK_EQ(rig_count(r, RIG_SENT), 9);
        for (uint32_t i = 0; i < 9; i++) {
            CHECK_EQ(rig_nth(r, RIG_SENT, i)->qpn, RIG_QPN(want[i]));
        }
    }
    check_all_free(r);
    rig_free(r);
}

static void test_fetch_keeps_order(void)
{
    struct rig *r = rig_new();

    r->src[0][0].is_fetching = true;
    rig_give(r, 0, false, 1, 64);
    rig_give(r, 1, false, 1, 64);
    rig_run(r, 500 * RIG_NS);
    CHECK_EQ(rig_count(r, RIG_LINK), 0); /* the second one waits for the first */
    CHECK_EQ(r->n_fetch, 1);
    vdc_hinic_sched_ready(r->h, r->now, r->fetch[0]);
    rig_run(r, FOREVER);
    CHECK_EQ(rig_nth(r, RIG_LINK, 0)->t, 500 * RIG_NS + T_TX);
    CHECK_EQ(rig_nth(r, RIG_LINK, 0)->psn, 0x1000);
    CHECK_EQ(rig_nth(r, RIG_LINK, 1)->t, 500 * RIG_NS + T_TX + WIRE);
    CHECK_EQ(rig_nth(r, RIG_LINK, 1)->psn, 0x2000);
    check_all_free(r);
    rig_free(r);
}

/* What was hidden behind a dropped packet leaves no earlier than a fresh one would. */
static void test_abort(void)
{
    struct rig *r = rig_new();

    r->src[0][0].is_fetching = true;
    rig_give(r, 0, false, 1, 64);
    rig_give(r, 1, false, 1, 64);
    rig_run(r, 500 * RIG_NS);
    vdc_hinic_sched_abort(r->h, r->now, r->fetch[0]);
    rig_run(r, FOREVER);
    CHECK_EQ(rig_count(r, RIG_LINK), 1);
    CHECK_EQ(rig_count(r, RIG_SENT), 1);
    CHECK_EQ(rig_nth(r, RIG_LINK, 0)->t, 500 * RIG_NS + T_TX);
    CHECK_EQ(rig_nth(r, RIG_LINK, 0)->psn, 0x2000);
    check_all_free(r);
    rig_free(r);
}

static uint32_t control(struct rig *r, uint32_t psn)
{
    const uint32_t i = vdc_hinic_rpkt_alloc(r->h, RPKT_TX_CTL);
    struct rpkt *k = vdc_hinic_rpkt(r->h, i);

    k->w = rig_hdr(r, 0, WIRE_ACK, psn);
    memcpy(k->w.sgid, rig_gid, 16);
    memcpy(k->w.dgid, rig_peer_gid, 16);
    memcpy(k->w.smac, rig_mac, 6);
    memcpy(k->w.dmac, rig_peer_mac, 6);
    vdc_hinic_sched_control(r->h, r->now, i);
    return i;
}

static void test_control_first(void)
{
    struct rig *r = rig_new();

    r->wire_ps = 1000 * RIG_NS;
    rig_give(r, 0, false, 2, 64);
    rig_run(r, 200 * RIG_NS); /* the first is on the link, the second is ready */
    (void)control(r, 77);
    (void)control(r, 78);
    rig_run(r, FOREVER);
    CHECK_EQ(rig_nth(r, RIG_LINK, 0)->opcode, WIRE_SEND_ONLY);
    CHECK_EQ(rig_nth(r, RIG_LINK, 1)->psn, 77);
    CHECK_EQ(rig_nth(r, RIG_LINK, 2)->psn, 78);
    CHECK_EQ(rig_nth(r, RIG_LINK, 3)->psn, 0x1001);
    CHECK_EQ(rig_count(r, RIG_SENT), 2); /* control has no source */
    check_all_free(r);
    rig_free(r);
}

static void test_control_time(void)
{
    struct rig *r = rig_new();

    (void)control(r, 5);
    CHECK_EQ(vdc_hinic_sched_time(r->h), T_ACK + T_TX);
    rig_run(r, FOREVER);
    CHECK_EQ(rig_nth(r, RIG_LINK, 0)->t, T_ACK + T_TX);
    rig_free(r);
}

/* Ethernet and RDMA frames alternate while both have some; neither waits for nothing. */
static void test_shares_with_ethernet(void)
{
    struct rig *r = rig_new();
    uint32_t n_eth = 0;

    r->has_eth = true;
    rig_give(r, 0, false, 10, 64);
    rig_run(r, 1500 * RIG_NS);
    for (uint32_t i = 0; i < r->n_log && rig_count(r, RIG_LINK) == 10; i++) {
        n_eth += r->log[i].what == RIG_ETH;
        if (r->log[i].what == RIG_LINK && r->log[i].psn > 0x1000) {
            CHECK_EQ(n_eth, 1); /* one between two of ours */
        }
        n_eth = r->log[i].what == RIG_LINK ? 0 : n_eth;
    }
    CHECK_EQ(rig_count(r, RIG_LINK), 10);
    CHECK(rig_count(r, RIG_ETH) > 30);
    rig_free(r);
}

/* No more is fetched than keeps the link busy for two round trips. */
static void test_bounded_fetch(void)
{
    struct rig *r = rig_new();
    const uint32_t frame = 14 + 20 + 8 + 12 + 4096 + 4 + 24;
    const uint32_t window = (uint32_t)((2 * 500 + 100) * 100 / 8) + 2 * RPKT_STRIDE;

    r->src[0][0].is_fetching = r->src[1][0].is_fetching = true;
    rig_give(r, 0, false, 1000, 4096);
    rig_run(r, 100000 * RIG_NS);
    CHECK_EQ(r->n_fetch, (window + frame - 1) / frame);
    vdc_hinic_sched_ready(r->h, r->now, r->fetch[0]);
    rig_run(r, 200000 * RIG_NS);
    CHECK_EQ(r->n_fetch, (window + frame - 1) / frame + 1); /* one left, one more */
    rig_free(r);

    r = rig_new(); /* small ones: by number */
    r->src[0][0].is_fetching = true;
    rig_give(r, 0, false, 1000, 0);
    rig_run(r, 100000 * RIG_NS);
    CHECK(r->n_fetch >= 100 && r->n_fetch <= 256);
    rig_free(r);
}

static void test_drop(void)
{
    struct rig *r = rig_new();

    r->src[0][0].is_fetching = r->src[1][0].is_fetching = true;
    rig_give(r, 0, false, 2, 64);
    rig_give(r, 1, false, 2, 64);
    rig_run(r, 300 * RIG_NS);
    CHECK_EQ(r->n_fetch, 4); /* 0 1 0 1 */
    vdc_hinic_sched_drop(r->h, r->now, RIG_QPN(0), false);
    vdc_hinic_sched_ready(r->h, r->now, r->fetch[0]);
    vdc_hinic_sched_abort(r->h, r->now, r->fetch[2]);
    vdc_hinic_sched_ready(r->h, r->now, r->fetch[1]);
    vdc_hinic_sched_ready(r->h, r->now, r->fetch[3]);
    rig_give(r, 0, false, 1, 64); /* it goes on */
    rig_run(r, 500 * RIG_NS);
    CHECK_EQ(rig_count(r, RIG_LINK), 2);
    CHECK_EQ(rig_nth(r, RIG_LINK, 0)->psn, 0x2000);
    CHECK_EQ(rig_nth(r, RIG_LINK, 1)->psn, 0x2001);
    CHECK_EQ(r->n_fetch, 5);
    vdc_hinic_sched_ready(r->h, r->now, r->fetch[4]);
    rig_run(r, FOREVER);
    CHECK_EQ(rig_nth(r, RIG_LINK, 2)->psn, 0x1002);
    check_all_free(r);
    rig_free(r);
}

/* A buffer that memory still writes into is not used again. */
static void test_close_during_fetch(void)
{
    struct rig *r = rig_new();

    r->src[0][0].is_fetching = true;
    rig_give(r, 0, false, 5, 64);
    rig_give(r, 0, true, 1, 64);
    rig_run(r, 30 * RIG_NS); /* two turns: one of each source */
    CHECK_EQ(r->n_fetch, 1);
    vdc_hinic_sched_close(r->h, r->now, RIG_QPN(0));
    CHECK_EQ(pool(r)->n_used[RPKT_TX_DATA], 2);
    rig_run(r, 5000 * RIG_NS);
    CHECK_EQ(rig_count(r, RIG_LINK), 0);
    CHECK_EQ(pool(r)->n_used[RPKT_TX_DATA], 2); /* the head waits, the other is behind it */
    r->qp[0].qpn = 0x999;                       /* gone */
    vdc_hinic_sched_abort(r->h, r->now, r->fetch[0]);
    check_all_free(r);
    rig_run(r, FOREVER);
    CHECK_EQ(r->n_log, 0);
    CHECK_EQ(vdc_hinic_rnet_peek(r->h)->sched.src_head, 0);
    rig_free(r);
}

static void test_unlink_middle(void)
{
    struct rig *r = rig_new();

    for (uint32_t i = 0; i < 4; i++) {
        rig_give(r, i, false, 1, 0);
    }
    vdc_hinic_sched_close(r->h, 0, RIG_QPN(1));
    vdc_hinic_sched_close(r->h, 0, RIG_QPN(3)); /* last */
    vdc_hinic_sched_close(r->h, 0, RIG_QPN(0)); /* first */
    rig_run(r, FOREVER);
    CHECK_EQ(rig_count(r, RIG_LINK), 1);
    CHECK_EQ(rig_nth(r, RIG_LINK, 0)->psn, 0x3000);
    rig_free(r);
}

/* ---- loopback ---- */

static void check_payload(struct rig *r, uint32_t pkt, uint32_t n)
{
    const uint8_t *b = vdc_hinic_at(r->h, vdc_hinic_rpkt_payload(r->h, pkt));
    uint32_t bad = 0;

    for (uint32_t i = 0; i < n; i++) {
        bad += b[i] != (uint8_t)(i * 7);
    }
    CHECK_EQ(bad, 0);
}

static void test_loopback(void)
{
    struct rig *r = rig_new();

    r->src[0][0].is_loop = true;
    memcpy(r->qp[1].av.dgid, rig_gid, 16); /* its peer is QP 0 of this port */
    rig_give(r, 0, false, 2, 1000);
    rig_run(r, FOREVER);
    CHECK_EQ(rig_count(r, RIG_LINK), 0);
    CHECK_EQ(rig_count(r, RIG_SENT), 2);
    CHECK_EQ(rig_count(r, RIG_RSP), 2);
    CHECK_EQ(rig_nth(r, RIG_RSP, 0)->t, T_TX + T_RX);
    CHECK_EQ(rig_nth(r, RIG_RSP, 1)->t, T_TX + T_RX + T_PKT);
    CHECK_EQ(rig_nth(r, RIG_RSP, 0)->qpn, RIG_QPN(1));
    CHECK_EQ(rig_nth(r, RIG_RSP, 1)->psn, 0x1001);
    CHECK_EQ(pool(r)->n_used[RPKT_RX], 2);
    CHECK_EQ(pool(r)->n_used[RPKT_TX_DATA], 0);
    for (uint32_t i = 0; i < 2; i++) {
        check_payload(r, rig_nth(r, RIG_RSP, i)->pkt, 1000);
        vdc_hinic_rpkt_free(r->h, r->now, rig_nth(r, RIG_RSP, i)->pkt);
    }
    check_all_free(r);
    rig_free(r);
}

/* The sender waits while nobody gives buffers back; nothing is lost. */
static void test_loopback_waits(void)
{
    struct rig *r = rig_new();
    uint32_t n = 0;

    r->src[0][0].is_loop = true;
    memcpy(r->qp[1].av.dgid, rig_gid, 16);
    rig_give(r, 0, false, 1000, 16);
    rig_run(r, 100 * VTIME_PS_PER_US);
    n = rig_count(r, RIG_RSP);
    CHECK(n >= 256 && n < RPKT_N / 2); /* some room is left to control packets */
    (void)control(r, 9);
    rig_run(r, 101 * VTIME_PS_PER_US);
    CHECK_EQ(rig_count(r, RIG_LINK), 1);
    for (uint32_t i = 0; i < rig_count(r, RIG_RSP); i++) {
        const vtime_t t = r->now;

        vdc_hinic_rpkt_free(r->h, r->now, rig_nth(r, RIG_RSP, i)->pkt);
        if (i == 0) {
            CHECK_EQ(vdc_hinic_sched_time(r->h), t + T_TX); /* as if it were fresh */
        }
        rig_run(r, t + VTIME_PS_PER_US);
    }
    CHECK_EQ(rig_count(r, RIG_RSP), 1000);
    check_all_free(r);
    rig_free(r);
}

/* A group gets its packet over the link, and its members here a copy of it. */
static void test_multicast(void)
{
    struct rig *r = rig_new();

    r->src[3][0].is_multicast = true;
    r->n_mc = 2;
    r->mc[0] = RIG_QPN(3);
    r->mc[1] = RIG_QPN(4);
    rig_give(r, 3, false, 1, 300);
    rig_run(r, FOREVER);
    CHECK_EQ(rig_count(r, RIG_LINK), 1);
    CHECK_EQ(rig_count(r, RIG_RSP), 2);
    for (uint32_t i = 0; i < 2; i++) {
        const struct rig_entry *e = rig_nth(r, RIG_RSP, i);

        CHECK_EQ(e->qpn, RIG_QPN(3 + i));
        CHECK_EQ(e->t, T_TX + T_RX);
        check_payload(r, e->pkt, 300);
        CHECK(vdc_hinic_rpkt(r->h, e->pkt)->is_multicast);
        vdc_hinic_rpkt_free(r->h, r->now, e->pkt);
    }
    check_all_free(r);
    r->n_mc = 0; /* nobody here: the link alone */
    rig_give(r, 3, false, 1, 300);
    rig_run(r, 2 * FOREVER);
    CHECK_EQ(rig_count(r, RIG_LINK), 2);
    CHECK_EQ(rig_count(r, RIG_RSP), 2);
    rig_free(r);
}

static const struct tap_case cases[] = {
    { "times of turns", test_times },
    { "short frame", test_short_frame },
    { "rate of the engine", test_engine_rate },
    { "round robin", test_round_robin },
    { "a fetch keeps the order", test_fetch_keeps_order },
    { "abort", test_abort },
    { "control first", test_control_first },
    { "time of control", test_control_time },
    { "shares with Ethernet", test_shares_with_ethernet },
    { "bounded fetch", test_bounded_fetch },
    { "drop", test_drop },
    { "close during a fetch", test_close_during_fetch },
    { "unlink in the middle", test_unlink_middle },
    { "loopback", test_loopback },
    { "loopback waits for room", test_loopback_waits },
    { "multicast", test_multicast },
};
TAP_MAIN(cases)
