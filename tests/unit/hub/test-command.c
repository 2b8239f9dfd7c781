/* SPDX-License-Identifier: MIT */
/* Commands of the control port: effect, refusal without effect, time, order, limits. */
#include "rig.h"

#include "tap.h"

#define US VTIME_PS_PER_US

static struct vdc_hiswitch_cfg cfg;

static struct rig *fresh(void)
{
    struct rig *r;

    vdc_hiswitch_cfg_default(&cfg, 2, 4, 1);
    cfg.is_checked = 1;
    r = rig_new(&cfg);
    rig_hello(r, 506720);
    rig_run(r, US);
    return r;
}

#define CMD(...) (&(struct vdc_hiswitch_cmd){ __VA_ARGS__ })

static void refusals(void)
{
    static const struct {
        struct vdc_hiswitch_cmd cmd;
        uint32_t status, subject;
    } rows[] = {
        { { .op = 0 }, VDC_HISWITCH_ENOCMD, VDC_HISWITCH_S_CMD },
        { { .op = VDC_HISWITCH_N_OP }, VDC_HISWITCH_ENOCMD, VDC_HISWITCH_S_CMD },
        { { .op = VDC_HISWITCH_OP_PORT_SHOW, .port = 4 },
          VDC_HISWITCH_ERANGE,
          VDC_HISWITCH_S_PORT },
        { { .op = VDC_HISWITCH_OP_PORT_SET, .port = VDC_HISWITCH_ALL },
          VDC_HISWITCH_ERANGE,
          VDC_HISWITCH_S_PORT },
        { { .op = VDC_HISWITCH_OP_PORT_SET, .fields = VDC_HISWITCH_F_PVID, .u.port.pvid = 4095 },
          VDC_HISWITCH_ERANGE,
          VDC_HISWITCH_S_PVID },
        { { .op = VDC_HISWITCH_OP_PORT_SET,
            .fields = VDC_HISWITCH_F_MODE,
            .u.port.mode = VDC_LINK_IB },
          VDC_HISWITCH_EARG,
          VDC_HISWITCH_S_MODE },
        { { .op = VDC_HISWITCH_OP_FDB_ADD, .u.fdb = { 0, { 2 } } },
          VDC_HISWITCH_ERANGE,
          VDC_HISWITCH_S_VID },
        { { .op = VDC_HISWITCH_OP_FDB_ADD, .u.fdb = { 1, { 1 } } },
          VDC_HISWITCH_EARG,
          VDC_HISWITCH_S_MAC },
        { { .op = VDC_HISWITCH_OP_FDB_DEL, .u.fdb = { 1, { 2 } } },
          VDC_HISWITCH_ENOENT,
          VDC_HISWITCH_S_MAC },
        { { .op = VDC_HISWITCH_OP_VLAN_SET, .u.vlan = { .vid = 5, .tagged = 16 } },
          VDC_HISWITCH_ERANGE,
          VDC_HISWITCH_S_PORTS },
        { { .op = VDC_HISWITCH_OP_VLAN_SET, .u.vlan = { .vid = 5, .tagged = 1, .untagged = 1 } },
          VDC_HISWITCH_EARG,
          VDC_HISWITCH_S_TAGGED },
        { { .op = VDC_HISWITCH_OP_VLAN_DEL, .u.vlan = { .vid = 5 } },
          VDC_HISWITCH_ENOENT,
          VDC_HISWITCH_S_VID },
        { { .op = VDC_HISWITCH_OP_MDB_ADD, .u.mdb = { .vid = 1, .mac = { 2 } } },
          VDC_HISWITCH_EARG,
          VDC_HISWITCH_S_MAC },
        { { .op = VDC_HISWITCH_OP_QOS_SET, .fields = VDC_HISWITCH_F_TC, .u.qos.prio_tc = { 8 } },
          VDC_HISWITCH_ERANGE,
          VDC_HISWITCH_S_TC },
        { { .op = VDC_HISWITCH_OP_QOS_SET,
            .fields = VDC_HISWITCH_F_TSA,
            .u.qos = { .tsa = { 1 }, .weight = { 50 } } },
          VDC_HISWITCH_ERANGE,
          VDC_HISWITCH_S_WEIGHT },
        { { .op = VDC_HISWITCH_OP_SAMPLE_SET, .u.sample = { .every_ps = 1 } },
          VDC_HISWITCH_ERANGE,
          VDC_HISWITCH_S_INTERVAL },
        { { .op = VDC_HISWITCH_OP_SAMPLE_SET, .u.sample = { .sampler = 4 } },
          VDC_HISWITCH_ERANGE,
          VDC_HISWITCH_S_SAMPLER },
        { { .op = VDC_HISWITCH_OP_FAULT_SET,
            .fields = VDC_HISWITCH_F_FLAP,
            .u.fault.flap = { 5, 6 } },
          VDC_HISWITCH_ERANGE,
          VDC_HISWITCH_S_FLAP },
        { { .op = VDC_HISWITCH_OP_FAULT_SET,
            .fields = VDC_HISWITCH_F_LOSS,
            .u.fault.loss_p32 = 1ull << 33 },
          VDC_HISWITCH_ERANGE,
          VDC_HISWITCH_S_LOSS },
    };
    struct rig *r = fresh();
    const struct vdc_digest before = rig_digest(r);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CHECK_EQ(rig_cmd(r, r->now, &rows[i].cmd), rows[i].status);
        CHECK_EQ(r->reply.subject, rows[i].subject);
        CHECK_EQ(r->reply.bytes, 0);
    }
    CHECK_EQ(rig_digest(r).lo, before.lo); /* none of them did anything */
    rig_raw(r, 4, r->now, VDC_MSG_CMD, 0, 0, "short", 5);
    rig_run(r, r->now + 1);
    CHECK_EQ(r->reply.status, VDC_HISWITCH_ENOCMD);
    rig_free(r);
}

/* Effective time = max(arrival, at, time reached); the reply carries it. */
static void times(void)
{
    struct rig *r = fresh();

    rig_cmd_put(r, 0, CMD(.op = VDC_HISWITCH_OP_FDB_FLUSH), 1); /* late */
    rig_run(r, 2 * US);
    CHECK_EQ(r->t_reply, US);
    rig_cmd_put(r, 3 * US, CMD(.op = VDC_HISWITCH_OP_FDB_FLUSH, .at = 5 * US), 2);
    rig_cmd_put(r, 3 * US, CMD(.op = VDC_HISWITCH_OP_FDB_FLUSH, .at = 4 * US), 3);
    rig_cmd_put(r, 3 * US, CMD(.op = VDC_HISWITCH_OP_FDB_FLUSH, .at = 5 * US), 4);
    rig_cmd_put(r, 3 * US, CMD(.op = VDC_HISWITCH_OP_FDB_FLUSH, .at = 2 * US), 5);
    rig_run(r, 3 * US + 1);
    CHECK_EQ(r->user_reply, 5);
    CHECK_EQ(r->t_reply, 3 * US);
    CHECK_EQ(vdc_hiswitch_ops.next(r->state), 4 * US);
    rig_run(r, 4 * US + 1);
    CHECK_EQ(r->user_reply, 3);
    rig_run(r, 5 * US + 1);
    CHECK_EQ(r->user_reply, 4); /* after 2: the same time, in order of arrival */
    CHECK_EQ(r->t_reply, 5 * US);
    rig_free(r);
}

/* Commands that wait are input, not state. */
static void waiting(void)
{
    struct rig *r = fresh();
    const struct vdc_digest before = rig_digest(r);

    for (uint32_t i = 0; i < VDC_HISWITCH_PENDING_MAX; i++) {
        rig_cmd_put(r, 2 * US, CMD(.op = VDC_HISWITCH_OP_FDB_FLUSH, .at = (9000 - i % 1000) * US),
                    i);
    }
    rig_run(r, 2 * US + 1);
    CHECK_EQ(r->reply.op, 0);
    rig_cmd_put(r, 2 * US + 1, CMD(.op = VDC_HISWITCH_OP_FDB_FLUSH, .at = 9 * US), 7777);
    rig_run(r, 2 * US + 2);
    CHECK_EQ(r->user_reply, 7777);
    CHECK_EQ(r->reply.status, VDC_HISWITCH_EFULL);
    CHECK_EQ(rig_digest(r).lo, before.lo);
    rig_run(r, 8500 * US);
    CHECK_EQ(r->t_reply, 8499 * US);
    rig_run(r, 10000 * US);
    CHECK_EQ(r->t_reply, 9000 * US);
    CHECK_EQ(vdc_hiswitch_ops.next(r->state), VTIME_NEVER);
    /* The places can be used again, in any order. */
    for (uint32_t i = 0; i < 3000; i++) {
        rig_cmd_put(r, r->now, CMD(.op = VDC_HISWITCH_OP_FDB_FLUSH, .at = r->now + 10), 10000 + i);
        rig_run(r, r->now + 5);
    }
    rig_run(r, r->now + 20);
    CHECK_EQ(r->user_reply, 12999);
    rig_free(r);
}

static void shows(void)
{
    struct rig *r = fresh();
    struct vdc_hiswitch_port_info info;
    struct vdc_hiswitch_hello hello;
    struct vdc_hiswitch_queues q;

    CHECK_EQ(rig_cmd(r, r->now, CMD(.op = VDC_HISWITCH_OP_HELLO)), VDC_HISWITCH_OK);
    memcpy(&hello, r->data, sizeof(hello));
    CHECK_EQ(hello.n_ports, 4);
    CHECK_EQ(hello.index, 2);
    CHECK_EQ(rig_cmd(r, r->now, CMD(.op = VDC_HISWITCH_OP_PORT_SHOW, .port = VDC_HISWITCH_ALL)),
             VDC_HISWITCH_OK);
    CHECK_EQ(r->reply.n, 4);
    memcpy(&info, r->data + 3 * sizeof(info), sizeof(info));
    CHECK_EQ(info.port, 3);
    CHECK_EQ(info.is_up, 1);
    CHECK_EQ(info.since, 506723);
    CHECK_EQ(info.peer_rate_bps, 100000000000);
    CHECK_EQ(info.peer_mode, VDC_LINK_ETH);
    rig_send(r, 0, r->now, &(struct rig_eth){ .dst = RIG_BROADCAST, .src = 1, .len = 1000 });
    rig_run(r, r->now + 1);
    (void)rig_cmd(r, r->now, CMD(.op = VDC_HISWITCH_OP_QUEUES_SHOW, .port = 2));
    memcpy(&q, r->data, sizeof(q));
    CHECK_EQ(q.bytes[0], 1000);
    CHECK_EQ(q.frames[0], 1);
    CHECK_EQ(q.shared_used, 1000);
    (void)rig_cmd(r, r->now, CMD(.op = VDC_HISWITCH_OP_QUEUES_SHOW, .port = 0));
    memcpy(&q, r->data, sizeof(q));
    CHECK_EQ(q.ingress_bytes, 1000);
    (void)rig_cmd(r, r->now, CMD(.op = VDC_HISWITCH_OP_COUNTERS_CLEAR, .port = 0));
    CHECK_EQ(rig_counters(r, 0).rx_frames, 0);
    rig_free(r);
}

/* Flaps, loss and corruption by command; clear goes back to the configuration. */
static void faults(void)
{
    struct rig *r = fresh();
    struct vdc_hiswitch_port_info info;

    CHECK_EQ(rig_cmd(r, 2 * US,
                     CMD(.op = VDC_HISWITCH_OP_FAULT_SET, .port = 1,
                         .fields = VDC_HISWITCH_F_FLAP | VDC_HISWITCH_F_LOSS,
                         .u.fault = { .loss_p32 = 1ull << 32, .flap = { 4 * US, 6 * US } })),
             VDC_HISWITCH_OK);
    rig_clear(r);
    rig_run(r, 7 * US);
    CHECK_STR(rig_text(r), "[4506720] p1 > link up=0 mode=2 depart=4000000\n"
                           "[6506720] p1 > link up=1 mode=2 depart=6000000\n");
    rig_send(r, 0, 8 * US, &(struct rig_eth){ .dst = RIG_BROADCAST, .src = 1 });
    rig_run(r, 10 * US);
    CHECK_EQ(rig_counters(r, 1).drop[VDC_HUB_DROP_LINK_LOST], 1);
    CHECK_EQ(rig_counters(r, 1).link_down_events, 1);
    CHECK_EQ(rig_cmd(r, 11 * US,
                     CMD(.op = VDC_HISWITCH_OP_FAULT_SET, .port = 1, .fields = VDC_HISWITCH_F_FLAP,
                         .u.fault.flap = { 12 * US, 20 * US })),
             VDC_HISWITCH_OK);
    rig_run(r, 13 * US);
    CHECK_EQ(rig_cmd(r, 13 * US, CMD(.op = VDC_HISWITCH_OP_FAULT_CLEAR, .port = 1)),
             VDC_HISWITCH_OK);
    (void)rig_cmd(r, 14 * US, CMD(.op = VDC_HISWITCH_OP_PORT_SHOW, .port = 1));
    memcpy(&info, r->data, sizeof(info));
    CHECK_EQ(info.is_up, 1);
    CHECK_EQ(info.since, 13 * US);
    CHECK_EQ(info.loss_p32, 0);
    CHECK(rig_is_conserved(r));
    rig_free(r);
}

static const struct tap_case cases[] = {
    { "refused commands change nothing", refusals },
    { "when a command takes effect", times },
    { "commands that wait", waiting },
    { "what is shown", shows },
    { "faults by command", faults },
};

TAP_MAIN(cases)
