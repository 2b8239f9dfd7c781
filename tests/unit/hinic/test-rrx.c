/* SPDX-License-Identifier: MIT */
/* Tests of the receive dispatch: whose frames, which packets are good, who gets them, what is
 * counted. */
#include "rig.h"
#include "tap.h"

static uint64_t count(const struct rig *r, enum hinic_counter c)
{
    return r->h->dev.cnt[c];
}

static uint32_t n_used(const struct rig *r)
{
    return vdc_hinic_rnet_peek(r->h)->pool.n_used[RPKT_RX];
}

/* Given to nobody, with one more discard. */
static void check_dropped(struct rig *r, const struct wire_hdr *w)
{
    const uint64_t discards = count(r, HINIC_CNT_RX_DISCARDS);
    const uint32_t n = r->n_log;

    CHECK_EQ(rig_rx(r, w), RRX_DONE);
    CHECK_EQ(r->n_log, n);
    CHECK_EQ(count(r, HINIC_CNT_RX_DISCARDS), discards + 1);
    CHECK_EQ(n_used(r), 0);
}

static void check_taken(struct rig *r, const struct wire_hdr *w, enum rig_what what)
{
    const uint32_t n = r->n_log;

    CHECK_EQ(rig_rx(r, w), RRX_DONE);
    CHECK_EQ(r->n_log, n + 1);
    if (r->n_log == n + 1) {
        CHECK_EQ(r->log[n].what, what);
        CHECK_EQ(r->log[n].psn, w->psn);
        vdc_hinic_rpkt_free(r->h, r->now, r->log[n].pkt);
    }
    CHECK_EQ(n_used(r), 0);
}

static void test_dispatch(void)
{
    static const struct {
        uint32_t qp;
        uint8_t opcode;
        enum rig_what what;
    } good[] = {
        { 0, WIRE_SEND_ONLY, RIG_RSP },
        { 0, WIRE_READ_REQ, RIG_RSP },
        { 0, WIRE_CAS, RIG_RSP },
        { 0, WIRE_ACK, RIG_REQ },
        { 0, WIRE_READ_RESP_ONLY, RIG_REQ },
        { 0, WIRE_READ_RESP_MIDDLE, RIG_REQ },
        { 0, WIRE_ATOMIC_ACK, RIG_REQ },
        { 2, WIRE_OP(WIRE_UC, WIRE_WRITE_ONLY), RIG_RSP },
        { 3, WIRE_UD_SEND_ONLY, RIG_RSP },
        { 5, WIRE_UD_SEND_ONLY_IMM, RIG_RSP },
    };
    static const struct {
        uint32_t qp;
        uint8_t opcode;
    } bad[] = {
        { 0, WIRE_UD_SEND_ONLY }, { 0, WIRE_OP(WIRE_UC, WIRE_SEND_ONLY) },
        { 2, WIRE_SEND_ONLY },    { 2, WIRE_ACK },
        { 3, WIRE_SEND_ONLY },    { 5, WIRE_SEND_ONLY },
    };
    struct rig *r = rig_new();

    for (uint32_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        const struct wire_hdr w = rig_hdr(r, good[i].qp, good[i].opcode, 100 + i);

        check_taken(r, &w, good[i].what);
    }
    for (uint32_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const struct wire_hdr w = rig_hdr(r, bad[i].qp, bad[i].opcode, 100 + i);

        check_dropped(r, &w);
    }
    CHECK_EQ(count(r, HINIC_CNT_RX_FRAMES), 10); /* those that somebody got */
    rig_free(r);
}

static void test_content(void)
{
    struct rig *r = rig_new();
    struct wire_hdr w = rig_hdr(r, 0, WIRE_WRITE_ONLY, 5);
    const uint8_t *b;
    const struct rpkt *k;

    w.pay_len = 4095;
    w.va = 0x123456789a;
    w.rkey = 0xabc;
    w.dma_len = 4095;
    r->now = 1234;
    CHECK_EQ(rig_rx(r, &w), RRX_DONE);
    k = vdc_hinic_rpkt(r->h, r->log[0].pkt);
    b = vdc_hinic_at(r->h, vdc_hinic_rpkt_payload(r->h, r->log[0].pkt));
    CHECK_EQ(k->w.va, 0x123456789a);
    CHECK_EQ(k->w.rkey, 0xabc);
    CHECK_EQ(k->w.pay_len, 4095);
    CHECK_EQ(k->t, 1234);
    CHECK_EQ(k->qpn, RIG_QPN(0));
    for (uint32_t i = 0; i < 4095; i++) {
        CHECK_EQ(b[i], (uint8_t)(i * 7));
    }
    rig_free(r);
}

static void test_icrc(void)
{
    struct rig *r = rig_new();
    struct wire_hdr w = rig_hdr(r, 0, WIRE_SEND_ONLY, 5);
    uint8_t b[512];
    uint32_t len;

    w.pay_len = 100;
    len = rig_build(&w, b);
    b[120] ^= 1;
    CHECK_EQ(vdc_hinic_rrx_frame(r->h, 0, 0, b, len), RRX_DONE);
    CHECK_EQ(count(r, HINIC_CNT_RX_ICRC_ENCAPSULATED), 1);
    CHECK_EQ(count(r, HINIC_CNT_RX_DISCARDS), 1);
    CHECK_EQ(r->n_log, 0);
    CHECK_EQ(n_used(r), 0);
    b[120] ^= 1;
    b[15] = 3; /* a congestion mark on the way does not matter */
    CHECK_EQ(vdc_hinic_rrx_frame(r->h, 0, 0, b, len), RRX_DONE);
    CHECK_EQ(r->n_log, 1);
    CHECK_EQ(count(r, HINIC_CNT_NP_ECN_MARKED_ROCE_PACKETS), 1);
    rig_free(r);
}

static void test_headers(void)
{
    struct rig *r = rig_new();
    struct wire_hdr w = rig_hdr(r, 0, WIRE_SEND_ONLY, 5);
    uint8_t b[512];
    uint32_t len;

    w.tver = 1;
    check_dropped(r, &w);
    w.tver = 0;
    w.pay_len = 8;
    len = rig_build(&w, b);
    b[42] = 0x15; /* no such opcode */
    CHECK_EQ(vdc_hinic_rrx_frame(r->h, 0, 0, b, len), RRX_DONE);
    b[42] = WIRE_ACK; /* too long */
    CHECK_EQ(vdc_hinic_rrx_frame(r->h, 0, 0, b, len), RRX_DONE);
    CHECK_EQ(count(r, HINIC_CNT_RX_DISCARDS), 3);
    CHECK_EQ(r->n_log, 0);
    rig_free(r);
}

static void test_not_ours(void)
{
    struct rig *r = rig_new();
    struct wire_hdr w = rig_hdr(r, 0, WIRE_SEND_ONLY, 5);

    w.dgid[15] = 99;
    CHECK_EQ(rig_rx(r, &w), RRX_NOT_OURS);
    w = rig_hdr(r, 0, WIRE_SEND_ONLY, 5);
    w.dmac[5] = 99;
    CHECK_EQ(rig_rx(r, &w), RRX_NOT_OURS);
    w = rig_hdr(r, 0, WIRE_SEND_ONLY, 5);
    w.is_tagged = 1;
    w.tci = 7; /* no GID of that VLAN */
    CHECK_EQ(rig_rx(r, &w), RRX_NOT_OURS);
    w.tci = 0xa000; /* priority alone */
    check_taken(r, &w, RIG_RSP);
    CHECK_EQ(count(r, HINIC_CNT_OF_PRIO(5, HINIC_PRIO_RX_PACKETS)), 1);
    memcpy(w.dgid, rig_group, 16); /* nobody has joined */
    memcpy(w.dmac, (const uint8_t[6]){ 1, 0, 0x5e, 0, 0, 9 }, 6);
    CHECK_EQ(rig_rx(r, &w), RRX_NOT_OURS);
    CHECK_EQ(count(r, HINIC_CNT_RX_DISCARDS), 0);
    rig_free(r);
}

static void test_states(void)
{
    static const struct {
        uint32_t state;
        bool requests, responses;
    } cases[] = {
        { HINIC_QPS_RESET, false, false }, { HINIC_QPS_INIT, false, false },
        { HINIC_QPS_RTR, true, false },    { HINIC_QPS_RTS, true, true },
        { HINIC_QPS_SQD, true, true },     { HINIC_QPS_SQE, true, false },
        { HINIC_QPS_ERR, false, false },
    };
    struct rig *r = rig_new();
    const struct wire_hdr req = rig_hdr(r, 0, WIRE_SEND_ONLY, 5);
    const struct wire_hdr ack = rig_hdr(r, 0, WIRE_ACK, 5);

    for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        r->qp[0].state = (uint8_t)cases[i].state;
        if (cases[i].requests) {
            check_taken(r, &req, RIG_RSP);
        } else {
            check_dropped(r, &req);
        }
        if (cases[i].responses) {
            check_taken(r, &ack, RIG_REQ);
        } else {
            check_dropped(r, &ack);
        }
    }
    rig_free(r);
}

static void test_peer(void)
{
    struct rig *r = rig_new();
    struct wire_hdr w = rig_hdr(r, 0, WIRE_SEND_ONLY, 5);

    w.sgid[15] = 77; /* not the one it is connected with */
    check_dropped(r, &w);
    w = rig_hdr(r, 3, WIRE_UD_SEND_ONLY, 5);
    w.sgid[15] = 77;
    check_taken(r, &w, RIG_RSP);
    w.dqpn = 0x3333;
    check_dropped(r, &w);
    w.dqpn = 0;
    check_dropped(r, &w);
    rig_free(r);
}

static void test_pkey(void)
{
    struct rig *r = rig_new();
    struct wire_hdr w = rig_hdr(r, 0, WIRE_SEND_ONLY, 5);

    w.pkey = 0x7fff; /* limited to full */
    check_taken(r, &w, RIG_RSP);
    w.pkey = 0x9234;
    check_dropped(r, &w);
    CHECK_EQ(count(r, HINIC_CNT_PKEY_VIOLATIONS), 1);
    r->qp[0].pkey_index = 1; /* limited here */
    check_taken(r, &w, RIG_RSP);
    w.pkey = 0x1234;
    check_dropped(r, &w);
    r->qp[0].pkey_index = 9; /* empty entry */
    w.pkey = 0;
    check_dropped(r, &w);
    CHECK_EQ(count(r, HINIC_CNT_PKEY_VIOLATIONS), 3);
    /* General services: any entry, and the completion tells which. */
    w = rig_hdr(r, 5, WIRE_UD_SEND_ONLY, 5);
    w.pkey = 0x1234;
    CHECK_EQ(rig_rx(r, &w), RRX_DONE);
    CHECK_EQ(vdc_hinic_rpkt(r->h, r->log[r->n_log - 1].pkt)->pkey_index, 2);
    rig_free(r);
}

static void test_grh(void)
{
    struct rig *r = rig_new();
    struct wire_hdr w = rig_hdr(r, 3, WIRE_UD_SEND_ONLY, 5);
    uint8_t b[512];
    const uint8_t *p;
    uint32_t len;

    w.pay_len = 50;
    len = rig_build(&w, b);
    CHECK_EQ(vdc_hinic_rrx_frame(r->h, 0, 0, b, len), RRX_DONE);
    p = vdc_hinic_at(r->h, vdc_hinic_rpkt_payload(r->h, r->log[0].pkt) - WIRE_GRH);
    for (uint32_t i = 0; i < 20; i++) {
        CHECK_EQ(p[i], 0);
    }
    CHECK(memcmp(p + 20, b + 14, 20) == 0);
    CHECK(memcmp(p + 40, b + 14 + 20 + 8 + 12 + 8, 50) == 0);
    rig_free(r);
}

static void test_multicast(void)
{
    struct rig *r = rig_new();
    struct wire_hdr w = rig_hdr(r, 3, WIRE_UD_SEND_ONLY, 5);

    w.dqpn = WIRE_QPN_MC;
    w.pay_len = 60;
    memcpy(w.dgid, rig_group, 16);
    memcpy(w.dmac, (const uint8_t[6]){ 1, 0, 0x5e, 0, 0, 9 }, 6);
    r->n_mc = 3;
    r->mc[0] = RIG_QPN(0); /* not a datagram QP */
    r->mc[1] = RIG_QPN(3);
    r->mc[2] = RIG_QPN(4);
    CHECK_EQ(rig_rx(r, &w), RRX_DONE);
    CHECK_EQ(r->n_log, 2);
    CHECK_EQ(r->log[0].qpn, RIG_QPN(3));
    CHECK_EQ(r->log[1].qpn, RIG_QPN(4));
    CHECK(r->log[0].pkt != r->log[1].pkt);
    CHECK_EQ(n_used(r), 2); /* the original is free again */
    CHECK(memcmp(vdc_hinic_at(r->h, vdc_hinic_rpkt_payload(r->h, r->log[0].pkt) - WIRE_GRH),
                 vdc_hinic_at(r->h, vdc_hinic_rpkt_payload(r->h, r->log[1].pkt) - WIRE_GRH),
                 WIRE_GRH + 60) == 0);
    w.dmac[0] = 2; /* a unicast MAC */
    CHECK_EQ(rig_rx(r, &w), RRX_NOT_OURS);
    rig_free(r);
}

static void test_cnp(void)
{
    struct rig *r = rig_new();
    struct wire_hdr w = rig_hdr(r, 0, WIRE_CNP, 0);

    w.pay_len = WIRE_CNP_PAD;
    w.ecn = 0x40;
    CHECK_EQ(rig_rx(r, &w), RRX_DONE);
    CHECK_EQ(count(r, HINIC_CNT_RP_CNP_IGNORED), 1);
    CHECK_EQ(count(r, HINIC_CNT_RX_DISCARDS), 0);
    CHECK_EQ(r->n_log, 0);
    CHECK_EQ(n_used(r), 0);
    rig_free(r);
}

/* No buffer: the frame stays where it is, is not counted twice, and the engine is woken. */
static void test_waits(void)
{
    struct rig *r = rig_new();
    const struct wire_hdr w = rig_hdr(r, 0, WIRE_SEND_ONLY, 5);
    uint32_t n = 0;

    while (rig_rx(r, &w) == RRX_DONE && n < 2 * RPKT_N) {
        n++;
    }
    CHECK_EQ(n, RPKT_N / 2 - 1);
    CHECK_EQ(count(r, HINIC_CNT_RX_FRAMES), n);
    CHECK_EQ(rig_count(r, RIG_RX_KICK), 0);
    vdc_hinic_rpkt_free(r->h, r->now, r->log[0].pkt);
    CHECK_EQ(rig_count(r, RIG_RX_KICK), 1);
    CHECK_EQ(rig_rx(r, &w), RRX_DONE);
    vdc_hinic_rpkt_free(r->h, r->now, r->log[1].pkt);
    CHECK_EQ(rig_count(r, RIG_RX_KICK), 1); /* nobody waits */
    CHECK_EQ(count(r, HINIC_CNT_RX_FRAMES), n + 1);
    CHECK_EQ(count(r, HINIC_CNT_RX_DISCARDS), 0);
    rig_free(r);
}

static const struct tap_case cases[] = {
    { "dispatch", test_dispatch }, { "content", test_content },
    { "ICRC", test_icrc },         { "headers", test_headers },
    { "not ours", test_not_ours }, { "states", test_states },
    { "peer", test_peer },         { "P_Key", test_pkey },
    { "GRH", test_grh },           { "multicast", test_multicast },
    { "CNP", test_cnp },           { "waits for a buffer", test_waits },
};
TAP_MAIN(cases)
