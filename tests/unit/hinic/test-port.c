/* SPDX-License-Identifier: MIT */
/* Port: LINK messages, frames on a link that is down, hostile messages, loss, input buffer. */
#include "host.h"
#include "tap.h"

static void link_events(void)
{
    struct host *o = host_new(NULL);
    struct host_queue tx;
    struct host_queue rx;
    struct hinic_eqe e;
    struct host_pkt p;

    host_start(o);
    CHECK_EQ(host_queue(o, &tx, 0, false, 4, 1), HINIC_AQ_OK);
    CHECK_EQ(host_queue(o, &rx, 0, true, 4, 1), HINIC_AQ_OK);
    host_rx(o, &rx, HOST_BASE, 2048, 1);
    host_ring(o, &rx);
    host_idle(o);
    host_link_in(o, o->now + 5000, false);
    host_link_in(o, o->now + 6000, false); /* no change, no event */
    host_ip(&p, false, true, 10, -1);
    host_frame_in(o, o->now + 7000, p.b, p.len); /* was in flight: lost */
    host_idle(o);
    CHECK(host_aeqe(o, &e));
    CHECK_EQ(e.type, HINIC_EQE_PORT_CHANGE);
    CHECK_EQ(e.data, 0);
    CHECK(!host_aeqe(o, &e));
    CHECK(!vdc_hinic_link_is_up(o->h));
    CHECK_EQ(host_read(o, HINIC_R_PORT(0), 4) & 1, 0);
    CHECK_EQ(host_counter(o, HINIC_CNT_RX_DISCARDS), 1);
    host_tx(o, &tx, HOST_BASE, 100, HINIC_TXD_EOP);
    host_ring(o, &tx);
    host_idle(o);
    CHECK_EQ(o->n_frame, 0);
    CHECK_EQ(host_counter(o, HINIC_CNT_TX_LINK_DOWN), 1);
    host_link_in(o, o->now + 5000, true);
    host_idle(o);
    CHECK(host_aeqe(o, &e));
    CHECK_EQ(e.data, 1);
    host_tx(o, &tx, HOST_BASE, 100, HINIC_TXD_EOP);
    host_ring(o, &tx);
    host_frame_in(o, o->now + 7000, p.b, p.len);
    host_idle(o);
    CHECK_EQ(o->n_frame, 1);
    CHECK_EQ(host_counter(o, HINIC_CNT_RX_FRAMES), 1);
    host_free(o);
}

/* A LINK message speaks of the peer's direction: rate and MTU of ours stay what the configuration
 * says. */
static void link_rate(void)
{
    struct host *o = host_new(NULL);
    struct host_queue tx;
    struct vdc_msg m = { .type = VDC_MSG_LINK, .len = sizeof(struct vdc_msg_link) };
    struct vdc_msg_link l = { .is_up = 1, .rate_bps = 1000000000, .mtu = 1500 };

    host_start(o);
    CHECK_EQ(host_queue(o, &tx, 0, false, 4, 1), HINIC_AQ_OK);
    m.t = o->now - o->epoch;
    CHECK_EQ(vdc_hinic_rx(o->h, &m, &l), 0);
    host_idle(o);
    CHECK_EQ(host_read(o, HINIC_R_PORT(0) + HINIC_PORT_MBPS, 4), 100000);
    CHECK_EQ(host_read(o, HINIC_R_PORT(0) + HINIC_PORT_MTU, 4), 4200);
    host_tx(o, &tx, HOST_BASE, 1000, HINIC_TXD_EOP);
    host_tx(o, &tx, HOST_BASE, 1515, HINIC_TXD_EOP);
    host_ring(o, &tx);
    host_idle(o);
    CHECK_EQ(o->n_frame, 2);
    CHECK_EQ(o->frame[0].m.t - o->frame[0].m.depart, 1024 * 80 + 500000);
    CHECK_EQ(host_counter(o, HINIC_CNT_TX_GIANT), 0);
    host_free(o);
}

/* A frame that was damaged on the link is counted and goes nowhere. */
static void damaged(void)
{
    struct host *o = host_new(NULL);
    uint8_t bytes[60] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
    struct vdc_msg m = { .type = VDC_MSG_ETH, .flags = VDC_MSG_BAD_FCS, .len = sizeof(bytes) };

    host_start(o);
    m.t = o->now - o->epoch;
    CHECK_EQ(vdc_hinic_rx(o->h, &m, bytes), 0);
    host_idle(o);
    CHECK_EQ(host_counter(o, HINIC_CNT_RX_FCS), 1);
    CHECK_EQ(host_counter(o, HINIC_CNT_RX_DISCARDS), 1);
    CHECK_EQ(host_counter(o, HINIC_CNT_RX_NO_QUEUE), 0);
    host_free(o);
}

static void hostile(void)
{
    struct host *o = host_new(NULL);
    static uint8_t bytes[70000];
    struct vdc_msg m = { .type = VDC_MSG_HILINK, .len = 100 };

    host_start(o);
    m.t = o->now - o->epoch;
    CHECK_EQ(vdc_hinic_rx(o->h, &m, bytes), (uint64_t)-22);
    m.type = VDC_MSG_LINK;
    CHECK_EQ(vdc_hinic_rx(o->h, &m, bytes), (uint64_t)-22);
    m.type = VDC_MSG_ETH;
    m.len = 65473;
    CHECK_EQ(vdc_hinic_rx(o->h, &m, bytes), (uint64_t)-22);
    m.len = 0;
    CHECK_EQ(vdc_hinic_rx(o->h, &m, NULL), 0);
    m.len = 65472;
    CHECK_EQ(vdc_hinic_rx(o->h, &m, bytes), 0);
    m.len = 60;
    m.flags = VDC_MSG_HDR_ONLY;
    CHECK_EQ(vdc_hinic_rx(o->h, &m, bytes), 0);
    host_idle(o);
    CHECK_EQ(host_counter(o, HINIC_CNT_RX_LENGTH), 3);
    host_free(o);
}

/* Messages may be handed over long before their time, until the buffer is full. */
static void input_buffer(void)
{
    struct host *o = host_new(NULL);
    struct vdc_msg m = { .type = VDC_MSG_ETH, .len = 4000 };
    static uint8_t bytes[4000];
    uint32_t n = 0;
    vtime_t t;

    host_start(o);
    t = o->now - o->epoch;
    for (uint32_t round = 0; round < 20; round++) {
        int rc;

        do {
            m.t = ++t;
            rc = vdc_hinic_rx(o->h, &m, bytes);
            n += rc == 0;
        } while (rc == 0);
        CHECK_EQ(rc, (uint64_t)-11);
        host_run(o, o->epoch + t);
    }
    CHECK(n > 20 * 60 && n < 20 * 70); /* 256 KiB */
    /* A ps apart, before the engine takes the first: receive memory holds 1 MiB of them. */
    CHECK_EQ(host_counter(o, HINIC_CNT_RX_FIFO), n - 256);
    host_idle(o);
    CHECK_EQ(host_counter(o, HINIC_CNT_RX_FILTERED), 256);
    CHECK_EQ(host_counter(o, HINIC_CNT_RX_DISCARDS), n - 256);
    for (m.len = 20, n = 0;; n++) {
        m.t = ++t + 20 * VTIME_PS_PER_US;
        if (vdc_hinic_rx(o->h, &m, bytes) != 0) {
            break;
        }
    }
    CHECK_EQ(n, 1024); /* messages */
    host_idle(o);
    host_free(o);
}

/* Loss by the link model: counted, the numbers of the messages have no gap, completions come. */
static void loss(void)
{
    struct vdc_hinic_cfg c = vdc_hinic_cfg_default();
    struct host *o;
    struct host_queue tx;
    struct hinic_eth_cpl cpl;
    uint64_t lost;
    uint32_t n = 0;

    c.link.loss_p32 = UINT64_C(1) << 30;    /* 25 % */
    c.link.corrupt_p32 = UINT64_C(1) << 30; /* of the rest */
    c.link.key = 99;
    o = host_new(&c);
    host_start(o);
    CHECK_EQ(host_queue(o, &tx, 0, false, 10, 1), HINIC_AQ_OK);
    for (uint32_t i = 0; i < 1000; i++) {
        host_tx(o, &tx, HOST_BASE, 100, HINIC_TXD_EOP);
    }
    host_ring(o, &tx);
    host_idle(o);
    while (host_cpl(o, &tx, &cpl)) {
        n++;
    }
    lost = host_counter(o, HINIC_CNT_TX_LINK_LOST);
    CHECK_EQ(n, 1000);
    CHECK_EQ(host_counter(o, HINIC_CNT_TX_FRAMES), 1000);
    CHECK_EQ(o->n_frame + lost, 1000);
    CHECK(lost > 380 && lost < 500); /* expected 437.5 */
    host_free(o);
}

static const struct tap_case cases[] = {
    { "link down and up", link_events }, { "rate and MTU of a LINK message", link_rate },
    { "damaged frame", damaged },        { "hostile messages", hostile },
    { "input buffer", input_buffer },    { "loss", loss },
};

TAP_MAIN(cases)
