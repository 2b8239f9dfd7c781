/* SPDX-License-Identifier: MIT */
/* Links: modes, who is told what and when, what waits and what is lost while a link is down. */
#include "rig.h"
#include "tap.h"

#define US VTIME_PS_PER_US

static struct vdc_hiswitch_cfg cfg;

static void setup(void)
{
    vdc_hiswitch_cfg_default(&cfg, 0, 3, 1);
    cfg.is_checked = 1;
}

static struct vdc_hiswitch_port_info info(struct rig *r, uint32_t port)
{
    struct vdc_hiswitch_port_info i;

    (void)rig_cmd(
        r, r->now,
        &(struct vdc_hiswitch_cmd){ .op = VDC_HISWITCH_OP_PORT_SHOW, .port = (uint16_t)port });
    memcpy(&i, r->data, sizeof(i));
    return i;
}

static void admin(struct rig *r, vtime_t t, uint32_t port, bool is_up)
{
    CHECK_EQ(rig_cmd(r, t,
                     &(struct vdc_hiswitch_cmd){ .op = VDC_HISWITCH_OP_PORT_SET,
                                                 .port = (uint16_t)port,
                                                 .fields = VDC_HISWITCH_F_STATE,
                                                 .u.port.is_up = is_up }),
             VDC_HISWITCH_OK);
}

static void modes(void)
{
    static const struct {
        enum vdc_link_mode own, peer;
        bool is_up;
    } rows[] = {
        { VDC_LINK_ETH, VDC_LINK_ETH, true },
        { VDC_LINK_ETH, VDC_LINK_AUTO, true },
        { VDC_LINK_AUTO, VDC_LINK_ETH, true },
        { VDC_LINK_AUTO, VDC_LINK_AUTO, true },
        { VDC_LINK_ETH, VDC_LINK_IB, false },
        { VDC_LINK_AUTO, VDC_LINK_IB, false },
        { VDC_LINK_AUTO, (enum vdc_link_mode)9, false },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rig *r;

        setup();
        cfg.port[0].mode = rows[i].own;
        r = rig_new(&cfg);
        rig_link(r, 0, 600000, true, rows[i].peer);
        rig_run(r, US);
        CHECK_EQ(info(r, 0).is_up, rows[i].is_up);
        CHECK_EQ(info(r, 0).reason,
                 rows[i].is_up ? VDC_HISWITCH_DOWN_NONE : VDC_HISWITCH_DOWN_MODE);
        CHECK_EQ(info(r, 1).reason, VDC_HISWITCH_DOWN_PEER);
        rig_free(r);
    }
}

static void not_plugged(void)
{
    struct rig *r;

    setup();
    cfg.port[0].flags &= ~(uint32_t)VDC_HISWITCH_PORT_CONNECTED;
    cfg.port[1].flags &= ~(uint32_t)VDC_HISWITCH_PORT_UP;
    r = rig_new(&cfg);
    rig_hello(r, 600000);
    rig_run(r, US);
    CHECK_STR(rig_text(r), "[506720] p1 > link up=0 mode=2 depart=0\n"
                           "[506720] p2 > link up=1 mode=2 depart=0\n");
    CHECK_EQ(info(r, 0).reason, VDC_HISWITCH_DOWN_UNCONNECTED);
    CHECK_EQ(info(r, 1).reason, VDC_HISWITCH_DOWN_ADMIN);
    rig_clear(r);
    admin(r, 2 * US, 0, false); /* nobody is there to be told */
    admin(r, 2 * US, 1, true);
    CHECK_STR(rig_text(r), "[2506721] p1 > link up=1 mode=2 depart=2000001\n");
    CHECK_EQ(info(r, 1).is_up, 1); /* the peer said up long ago */
    rig_free(r);
}

/* A LINK message never overtakes a frame: the one in transmission completes. */
static void told_in_order(void)
{
    struct rig *r;

    setup();
    cfg.port[1].link.rate_bps = 1000000000;
    r = rig_new(&cfg);
    rig_hello(r, 600000);
    rig_send(r, 0, 700000, &(struct rig_eth){ .dst = RIG_BROADCAST, .src = 1, .len = 1514 });
    rig_run(r, 2 * US); /* 12.3 us to serialise */
    rig_clear(r);
    admin(r, 2 * US, 1, false);
    CHECK_STR(rig_text(r), "[13804001] p1 > link up=0 mode=2 depart=2000000\n");
    rig_free(r);
}

/* What waits behind a port that is taken down leaves when it is up again. */
static void queue_is_kept(void)
{
    struct rig *r;

    setup();
    r = rig_new(&cfg);
    rig_hello(r, 600000);
    rig_send(r, 1, 800000, &(struct rig_eth){ .dst = RIG_BROADCAST, .src = 2 });
    rig_send(r, 0, 2 * US, &(struct rig_eth){ .dst = 2, .src = 1 });
    rig_run(r, 2 * US + 1); /* queued, not ready before 2.3 us */
    rig_clear(r);
    admin(r, 2 * US + 2, 1, false);
    admin(r, 5 * US, 1, true);
    rig_run(r, 10 * US);
    CHECK_STR(rig_text(r), "[2506722] p1 > link up=0 mode=2 depart=2000002\n"
                           "[5506720] p1 > link up=1 mode=2 depart=5000000\n"
                           "[5506721] p1 > eth 020000000002 020000000001 len=60 depart=5000000\n");
    CHECK_EQ(rig_counters(r, 1).link_down_events, 1);
    CHECK(rig_is_conserved(r));
    rig_free(r);
}

/* A word of the peer releases nothing: whatever waits when it goes down is lost. */
static void peer_empties(void)
{
    struct rig *r;

    setup();
    r = rig_new(&cfg);
    rig_hello(r, 600000);
    rig_send(r, 1, 800000, &(struct rig_eth){ .dst = RIG_BROADCAST, .src = 2 });
    rig_send(r, 0, 2 * US, &(struct rig_eth){ .dst = 2, .src = 1 });
    rig_link(r, 1, 2 * US + 1, false, VDC_LINK_ETH);
    rig_link(r, 1, 4 * US, true, VDC_LINK_ETH);
    rig_run(r, 2 * US);
    rig_clear(r);
    rig_run(r, 10 * US);
    CHECK_STR(rig_text(r), "");
    CHECK_EQ(rig_counters(r, 1).drop[VDC_HUB_DROP_LINK_LOST], 1);
    CHECK_EQ(info(r, 1).is_up, 1);
    CHECK(rig_is_conserved(r));
    rig_free(r);
}

/* Frames on the cable during a flap are lost, at any phase of it. */
static void in_flight(void)
{
    static const struct {
        vtime_t arrive;
        bool is_lost;
    } rows[] = {
        { 9999999, false },  /* arrived before */
        { 10000000, true },  /* at the instant the link goes: links come first */
        { 10300000, true },  /* while it is down */
        { 10500000, true },  /* it is up, but the frame left before 10 us */
        { 11006719, true },  /* left 1 ps before it was up again */
        { 11006720, false }, /* left when it was up */
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rig *r;

        setup();
        cfg.port[0].n_flap = 1;
        cfg.port[0].flap[0] = (struct vdc_hiswitch_flap){ .down = 10000000, .up = 10500000 };
        r = rig_new(&cfg);
        rig_hello(r, 600000);
        rig_send(r, 0, rows[i].arrive, &(struct rig_eth){ .dst = RIG_BROADCAST, .src = 1 });
        rig_run(r, 20 * US);
        CHECK_EQ(rig_counters(r, 0).drop[VDC_HUB_DROP_LINK_LOST], rows[i].is_lost);
        CHECK_EQ(r->n_out[1], !rows[i].is_lost);
        rig_free(r);
    }
}

static void periodic(void)
{
    struct rig *r;

    setup();
    cfg.port[0].flap_period = 10 * US;
    cfg.port[0].flap_down_for = US;
    cfg.port[0].flap_first = 3 * US;
    r = rig_new(&cfg);
    rig_hello(r, 600000);
    rig_run(r, 2 * US);
    rig_clear(r);
    rig_run(r, 30 * US);
    CHECK_STR(rig_text(r), "[3506720] p0 > link up=0 mode=2 depart=3000000\n"
                           "[4506720] p0 > link up=1 mode=2 depart=4000000\n"
                           "[13506720] p0 > link up=0 mode=2 depart=13000000\n"
                           "[14506720] p0 > link up=1 mode=2 depart=14000000\n"
                           "[23506720] p0 > link up=0 mode=2 depart=23000000\n"
                           "[24506720] p0 > link up=1 mode=2 depart=24000000\n");
    CHECK_EQ(rig_counters(r, 0).link_down_events, 3);
    rig_free(r);
}

/* A text for the device at the other end: behind the frames, while the link is up. */
static void texts(void)
{
    struct vdc_hiswitch_cmd tell = { .op = VDC_HISWITCH_OP_TELL,
                                     .port = 1,
                                     .u.tell = { .len = 5, .text = "hello" } };
    struct rig *r;
    struct vdc_digest before;

    setup();
    cfg.port[1].link.rate_bps = 1000000000;
    r = rig_new(&cfg);
    rig_hello(r, 600000);
    rig_run(r, 100000);
    rig_clear(r);
    CHECK_EQ(rig_cmd(r, 200000, &tell), VDC_HISWITCH_EBUSY); /* no link yet */
    rig_send(r, 0, 700000, &(struct rig_eth){ .dst = RIG_BROADCAST, .src = 1, .len = 1514 });
    rig_run(r, 2 * US);
    rig_clear(r);
    before = rig_digest(r);
    CHECK_EQ(rig_cmd(r, 2 * US, &tell), VDC_HISWITCH_OK);
    CHECK_STR(rig_text(r), "[13804001] p1 > cmd hello depart=2000000\n");
    CHECK(rig_digest(r).lo != before.lo);
    tell.u.tell.len = 0;
    CHECK_EQ(rig_cmd(r, 3 * US, &tell), VDC_HISWITCH_ERANGE);
    tell.u.tell.len = VDC_HISWITCH_TELL_MAX + 1;
    CHECK_EQ(rig_cmd(r, 3 * US, &tell), VDC_HISWITCH_ERANGE);
    CHECK_EQ(r->reply.subject, VDC_HISWITCH_S_TEXT);
    rig_free(r);
}

static const struct tap_case cases[] = {
    { "modes of both ends", modes },
    { "unconnected and administratively down", not_plugged },
    { "a LINK message stays behind the frames", told_in_order },
    { "a port taken down keeps its queue", queue_is_kept },
    { "a peer that goes down empties it", peer_empties },
    { "frames in flight during a flap", in_flight },
    { "periodic flaps", periodic },
    { "texts for the other end", texts },
};

TAP_MAIN(cases)
