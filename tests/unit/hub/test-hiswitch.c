/* SPDX-License-Identifier: MIT */
/* HiSwitch as a model: hello, exact times, what a run may and may not depend on. */
#include "rig.h"

#include "tap.h"

static struct vdc_hiswitch_cfg cfg;

static struct rig *fresh(uint32_t n_ports)
{
    struct rig *r;

    vdc_hiswitch_cfg_default(&cfg, 3, n_ports, 42);
    cfg.is_checked = 1;
    r = rig_new(&cfg);
    rig_hello(r, 506720);
    return r;
}

static void hello(void)
{
    struct rig *r = fresh(2);

    CHECK_EQ(vdc_hiswitch_ops.next(r->state), 0);
    rig_run(r, 1000000);
    CHECK_STR(rig_text(r), "[506720] p0 > link up=1 mode=2 depart=0\n"
                           "[506720] p1 > link up=1 mode=2 depart=0\n");
    CHECK_EQ(vdc_hiswitch_ops.next(r->state), VTIME_NEVER);
    rig_free(r);
}

/* 100 Gb/s, 60 + 24 bytes = 6720 ps; 300 ns forwarding; 500 ns latency. */
static void exact_times(void)
{
    struct rig *r = fresh(2);

    rig_run(r, 600000);
    rig_clear(r);
    rig_send(r, 0, 1000000, &(struct rig_eth){ .dst = 2, .src = 1 });
    rig_run(r, 1000001);
    CHECK_EQ(vdc_hiswitch_ops.next(r->state), 1300000);
    rig_send(r, 1, 3000000, &(struct rig_eth){ .dst = 1, .src = 2, .len = 1514 });
    rig_send(r, 1, 3000001, &(struct rig_eth){ .dst = 1, .src = 2, .len = 64 });
    rig_run(r, 10000000);
    CHECK_STR(rig_text(r), "[1806720] p1 > eth 020000000002 020000000001 len=60 depart=1300000\n"
                           "[3923040] p0 > eth 020000000001 020000000002 len=1514 depart=3300000\n"
                           "[3930080] p0 > eth 020000000001 020000000002 len=64 depart=3423040\n");
    CHECK_EQ(vdc_hiswitch_in_ps(&cfg, 0), 300000 + 6720 + 500000);
    CHECK(rig_is_conserved(r));
    rig_free(r);
}

/* Commands and captures must leave no trace in the digest unless they change something. */
static void digest_sees_state_only(void)
{
    struct rig *a = fresh(4);
    struct rig *b = fresh(4);

    for (int i = 0; i < 2; i++) {
        struct rig *r = i ? b : a;

        rig_run(r, 600000);
        if (i) {
            CHECK_EQ(rig_cmd(r, 700000,
                             &(struct vdc_hiswitch_cmd){ .op = VDC_HISWITCH_OP_CAPTURE_SET,
                                                         .port = 0,
                                                         .u.capture = { .is_rx = 1, .is_tx = 1 } }),
                     VDC_HISWITCH_OK);
            CHECK_EQ(rig_cmd(r, 700000,
                             &(struct vdc_hiswitch_cmd){
                                 .op = VDC_HISWITCH_OP_SAMPLE_SET,
                                 .u.sample = { .every_ps = 100000, .ports = 15, .sampler = 1 } }),
                     VDC_HISWITCH_OK);
        }
        rig_send(r, 0, 1000000, &(struct rig_eth){ .dst = 2, .src = 1 });
        rig_run(r, 10000000);
    }
    CHECK_EQ(a->n_capture, 0);
    CHECK_EQ(b->n_capture, 1);
    CHECK_EQ(rig_digest(a).lo, rig_digest(b).lo);
    CHECK_EQ(rig_digest(a).hi, rig_digest(b).hi);
    (void)rig_cmd(b, b->now, &(struct vdc_hiswitch_cmd){ .op = VDC_HISWITCH_OP_FDB_FLUSH });
    CHECK(rig_digest(a).lo != rig_digest(b).lo);
    rig_free(a);
    rig_free(b);
}

/* A snapshot is a copy of the bytes. */
static void snapshot(void)
{
    struct rig *a = fresh(4);
    struct rig *b = fresh(4);
    const size_t n = vdc_hiswitch_ops.size(&cfg);

    for (uint32_t i = 0; i < 200; i++) {
        rig_send(a, i % 4, 1000000 + i * 5000,
                 &(struct rig_eth){ .dst = 1 + (i + 1) % 4, .src = 1 + i % 4, .fill = i });
    }
    rig_run(b, 1000000);
    rig_run(a, 1600000);
    memcpy(b->state, a->state, n);
    b->stream = a->stream;
    memcpy(b->next_seq_out, a->next_seq_out, sizeof(b->next_seq_out));
    memcpy(b->last_t_out, a->last_t_out, sizeof(b->last_t_out));
    b->n_note = a->n_note;
    for (uint32_t i = 0; i < 200; i++) {
        if (1000000 + i * 5000 >= 1600000) {
            struct vdc_msg *m = rig_make(
                b, i % 4, 1000000 + i * 5000,
                &(struct rig_eth){ .dst = 1 + (i + 1) % 4, .src = 1 + i % 4, .fill = i });

            rig_put(b, i % 4, m);
        }
    }
    rig_run(a, 20000000);
    rig_run(b, 20000000);
    CHECK_EQ(rig_digest(a).lo, rig_digest(b).lo);
    rig_free(a);
    rig_free(b);
}

/* One instant: links, then frames by port, then decisions, then commands, whatever the order of
 * arrival. */
static void one_instant(void)
{
    struct rig *r = fresh(4);

    rig_run(r, 600000);
    rig_send(r, 3, 700000, &(struct rig_eth){ .dst = RIG_BROADCAST, .src = 9 });
    rig_run(r, 2000000);
    rig_clear(r);
    rig_send(r, 2, 3000000, &(struct rig_eth){ .dst = 9, .src = 2 });
    rig_send(r, 0, 3000000, &(struct rig_eth){ .dst = 9, .src = 1 });
    rig_send(r, 1, 3000000, &(struct rig_eth){ .dst = 9, .src = 3 });
    rig_run(r, 4000000);
    CHECK_STR(rig_text(r), "[3806720] p3 > eth 020000000009 020000000001 len=60 depart=3300000\n"
                           "[3813440] p3 > eth 020000000009 020000000003 len=60 depart=3306720\n"
                           "[3820160] p3 > eth 020000000009 020000000002 len=60 depart=3313440\n");
    /* A frame of the same instant still meets the port up; the command comes after it. */
    rig_cmd_put(r, 5000000,
                &(struct vdc_hiswitch_cmd){
                    .op = VDC_HISWITCH_OP_PORT_SET, .port = 2, .fields = VDC_HISWITCH_F_STATE },
                1);
    rig_send(r, 2, 5000000, &(struct rig_eth){ .dst = 9, .src = 2 });
    /* A link that goes down at that instant is down for the frame of another port. */
    rig_link(r, 1, 5000000, false, VDC_LINK_ETH);
    rig_send(r, 0, 5000000, &(struct rig_eth){ .dst = 3, .src = 1 });
    rig_run(r, 5000001);
    CHECK_EQ(rig_counters(r, 2).drop[VDC_HUB_DROP_PORT_DOWN], 0);
    CHECK_EQ(rig_counters(r, 0).flood, 1); /* address 3 went with its link */
    rig_free(r);
}

/* A decision at the instant of an arrival sees the new frame: it may be of a higher class. */
static void decision_after_arrival(void)
{
    struct rig *r;

    vdc_hiswitch_cfg_default(&cfg, 3, 3, 42);
    cfg.fwd_latency_ps = 0;
    r = rig_new(&cfg);
    rig_hello(r, 506720);
    rig_send(r, 2, 700000, &(struct rig_eth){ .dst = RIG_BROADCAST, .src = 9 });
    rig_run(r, 2000000);
    rig_clear(r);
    rig_send(r, 0, 3000000,
             &(struct rig_eth){ .dst = 9, .src = 1, .len = 64, .is_tagged = true, .pcp = 1 });
    rig_send(r, 1, 3000000,
             &(struct rig_eth){ .dst = 9, .src = 2, .len = 64, .is_tagged = true, .pcp = 6 });
    rig_run(r, 4000000);
    CHECK_STR(rig_text(r), "[3506720] p2 > eth 020000000009 020000000002 len=60 depart=3000000\n"
                           "[3513440] p2 > eth 020000000009 020000000001 len=60 depart=3006720\n");
    rig_free(r);
}

/* What is due later stays where it is. */
static void later_is_later(void)
{
    struct rig *r = fresh(2);

    rig_run(r, 600000);
    rig_clear(r);
    rig_send(r, 0, 1000000, &(struct rig_eth){ .dst = 2, .src = 1 });
    rig_send(r, 1, 1000001, &(struct rig_eth){ .dst = 1, .src = 2 });
    rig_run(r, 1000000);
    CHECK_EQ(r->n_in[0] + r->n_in[1], 0);
    rig_run(r, 1000001);
    CHECK_EQ(r->n_in[0], 1);
    CHECK_EQ(r->n_in[1], 0);
    CHECK_STR(rig_text(r), "");
    rig_run(r, 1300001);
    CHECK_EQ(r->n_out[1], 1);
    CHECK_EQ(r->n_out[0], 0);
    rig_free(r);
}

static const struct tap_case cases[] = {
    { "hello of both ends at t = 0", hello },
    { "forwarding, serialisation and latency are exact", exact_times },
    { "order within one instant", one_instant },
    { "decisions come after arrivals", decision_after_arrival },
    { "nothing is handled before its time", later_is_later },
    { "observation leaves no trace in the digest", digest_sees_state_only },
    { "a snapshot resumes", snapshot },
};

TAP_MAIN(cases)
