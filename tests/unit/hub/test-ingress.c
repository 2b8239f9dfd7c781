/* SPDX-License-Identifier: MIT */
/* Way in: every reason to drop a frame, each counted once, at the right port, and nowhere else. */
#include "rig.h"
#include "tap.h"

#define US VTIME_PS_PER_US

static struct vdc_hiswitch_cfg cfg;

/* Ports 0..3; address 9 is static at port 3, 8 at port 2, which is down, 7 at port 0 itself. */
static struct rig *fresh(void)
{
    struct rig *r;

    vdc_hiswitch_cfg_default(&cfg, 0, 4, 1);
    cfg.is_checked = 1;
    cfg.n_static = 3;
    cfg.addr[0] = (struct vdc_hiswitch_static_cfg){ .vid = 1,
                                                    .mac = { 2, 0, 0, 0, 0, 9 },
                                                    .port = 3 };
    cfg.addr[1] = (struct vdc_hiswitch_static_cfg){ .vid = 1,
                                                    .mac = { 2, 0, 0, 0, 0, 8 },
                                                    .port = 2 };
    cfg.addr[2] = (struct vdc_hiswitch_static_cfg){ .vid = 1,
                                                    .mac = { 2, 0, 0, 0, 0, 7 },
                                                    .port = 0 };
    cfg.n_vlan = 1;
    cfg.vlan[0] = (struct vdc_hiswitch_vlan_cfg){ .vid = 5, .tagged = 3 };
    cfg.port[1].flags |= VDC_HISWITCH_PORT_VLAN_FILTER;
    cfg.port[3].link.mtu = 1000;
    r = rig_new(&cfg);
    for (uint32_t p = 0; p < 4; p++) {
        if (p != 2) {
            rig_link(r, p, 600000, true, VDC_LINK_ETH);
        }
    }
    rig_run(r, US);
    return r;
}

struct row {
    const char *name;
    uint32_t in;
    struct rig_eth f;
    uint16_t type, flags; /* type 0 = a frame of f */
    uint32_t port;        /* that counts */
    enum vdc_hub_drop why;
};

static const struct row rows[] = {
    { "fcs", 0, { .dst = 9, .src = 1 }, VDC_MSG_ETH, VDC_MSG_BAD_FCS, 0, VDC_HUB_DROP_FCS },
    { "another fabric", 0, { .dst = 9, .src = 1 }, VDC_MSG_IB, 0, 0, VDC_HUB_DROP_MODE },
    { "port down", 2, { .dst = 9, .src = 1 }, 0, 0, 2, VDC_HUB_DROP_PORT_DOWN },
    { "group sender", 0, { .dst = 9, .src = RIG_BROADCAST }, 0, 0, 0, VDC_HUB_DROP_PARSE },
    { "giant in", 0, { .dst = 9, .src = 1, .len = 4215 }, 0, 0, 0, VDC_HUB_DROP_GIANT },
    { "giant of headers",
      0,
      { .dst = 9, .src = 1, .wire_len = 5000 },
      0,
      0,
      0,
      VDC_HUB_DROP_GIANT },
    { "giant out", 0, { .dst = 9, .src = 1, .len = 1015 }, 0, 0, 3, VDC_HUB_DROP_GIANT },
    { "reserved", 0, { .dst = RIG_RESERVED(1), .src = 1 }, 0, 0, 0, VDC_HUB_DROP_RESERVED },
    { "reserved, last", 0, { .dst = RIG_RESERVED(15), .src = 1 }, 0, 0, 0, VDC_HUB_DROP_RESERVED },
    { "vid 4095",
      0,
      { .dst = 9, .src = 1, .is_tagged = true, .vid = 4095 },
      0,
      0,
      0,
      VDC_HUB_DROP_PARSE },
    { "filter",
      1,
      { .dst = 9, .src = 1, .is_tagged = true, .vid = 6 },
      0,
      0,
      1,
      VDC_HUB_DROP_VLAN_IN },
    { "empty vlan",
      0,
      { .dst = 9, .src = 1, .is_tagged = true, .vid = 6 },
      0,
      0,
      0,
      VDC_HUB_DROP_NO_ROUTE },
    { "way back", 0, { .dst = 7, .src = 1 }, 0, 0, 0, VDC_HUB_DROP_SAME_PORT },
    { "port down out", 0, { .dst = 8, .src = 1 }, 0, 0, 2, VDC_HUB_DROP_PORT_DOWN },
};

static void reasons(void)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *w = &rows[i];
        struct rig *r = fresh();
        struct vdc_msg *m = rig_make(r, w->in, 2 * US, &w->f);
        uint64_t n = 0;

        m->type = w->type ? w->type : m->type;
        m->flags |= w->flags;
        rig_put(r, w->in, m);
        rig_run(r, 10 * US);
        for (uint32_t p = 0; p < 4; p++) {
            const struct vdc_hub_cnt c = rig_counters(r, p);

            for (uint32_t d = 0; d < VDC_HUB_N_DROP; d++) {
                n += c.drop[d];
            }
            CHECK_EQ(c.tx_frames, 0);
            CHECK_EQ(c.rx_frames, p == w->in);
        }
        if (n != 1 || rig_counters(r, w->port).drop[w->why] != 1) {
            printf("# %s\n", w->name);
        }
        CHECK_EQ(n, 1);
        CHECK_EQ(rig_counters(r, w->port).drop[w->why], 1);
        CHECK(rig_is_conserved(r));
        rig_free(r);
    }
}

/* A known address outside the VLAN: dropped on the way out; the limit of size is to the byte. */
static void edges(void)
{
    struct rig *r = fresh();

    CHECK_EQ(rig_cmd(r, r->now,
                     &(struct vdc_hiswitch_cmd){ .op = VDC_HISWITCH_OP_FDB_ADD,
                                                 .port = 3,
                                                 .u.fdb = { 5, { 2, 0, 0, 0, 0, 9 } } }),
             VDC_HISWITCH_OK);
    rig_send(r, 0, 2 * US, &(struct rig_eth){ .dst = 9, .src = 1, .is_tagged = true, .vid = 5 });
    rig_send(r, 0, 3 * US, &(struct rig_eth){ .dst = 9, .src = 1, .len = 1014 });
    rig_send(r, 0, 4 * US,
             &(struct rig_eth){ .dst = 9, .src = 1, .len = 1018, .is_tagged = true, .vid = 1 });
    rig_send(r, 0, 5 * US,
             &(struct rig_eth){ .dst = 9, .src = 1, .len = 1019, .is_tagged = true, .vid = 1 });
    rig_send(r, 0, 6 * US,
             &(struct rig_eth){ .dst = RIG_RESERVED(16), .src = 1 }); /* an ordinary group */
    rig_run(r, 10 * US);
    CHECK_EQ(rig_counters(r, 3).drop[VDC_HUB_DROP_VLAN_OUT], 1);
    CHECK_EQ(rig_counters(r, 3).drop[VDC_HUB_DROP_GIANT], 1);
    CHECK_EQ(r->n_out[3], 3);
    CHECK_EQ(r->n_out[1], 1);
    CHECK_EQ(rig_counters(r, 0).flood, 1);
    CHECK(rig_is_conserved(r));
    rig_free(r);
}

/* Static addresses win over what senders claim; learning can be off. */
static void learning(void)
{
    struct rig *r = fresh();

    rig_send(r, 1, 2 * US, &(struct rig_eth){ .dst = 7, .src = 9 }); /* claims to be 9 */
    rig_send(r, 0, 3 * US, &(struct rig_eth){ .dst = 9, .src = 1 });
    rig_run(r, 5 * US);
    CHECK_EQ(r->n_out[3], 1);
    CHECK_EQ(r->n_out[1], 0);
    CHECK_EQ(rig_cmd(r, 6 * US,
                     &(struct vdc_hiswitch_cmd){ .op = VDC_HISWITCH_OP_FDB_SET,
                                                 .fields = VDC_HISWITCH_F_LEARN }),
             VDC_HISWITCH_OK);
    rig_send(r, 1, 7 * US, &(struct rig_eth){ .dst = 7, .src = 3 });
    rig_send(r, 0, 8 * US, &(struct rig_eth){ .dst = 3, .src = 1 }); /* not learned: flood */
    rig_run(r, 20 * US);
    CHECK_EQ(r->n_out[1], 1);
    CHECK_EQ(r->n_out[3], 2);
    rig_free(r);
}

static const struct tap_case cases[] = {
    { "every reason, once", reasons },
    { "edges of VLAN, size and reserved addresses", edges },
    { "who is where", learning },
};

TAP_MAIN(cases)
