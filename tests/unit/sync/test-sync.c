/* SPDX-License-Identifier: MIT */
/* Horizons: the worked examples of the design, modes, scopes, saturation, promises. */
#include "vdc/sync.h"

#include <stdlib.h>

#include "tap.h"
#include "vdc/link.h"

#define NS(x)  ((uint64_t)(x) * 1000)
#define OUT    UINT64_C(506720) /* 84 B at 100 Gb/s + 500 ns */
#define FWD    NS(300)
#define IN     (FWD + OUT) /* 806.72 ns */
#define D      (OUT + IN)  /* 1313.44 ns */
#define REACT  NS(300)
#define T_SEND NS(900) /* idle NIC: earliest departure after now */

/* n guests on one switch, all links alike. */
struct net {
    struct vdc_sync_task task[8];
    struct vdc_sync_port port[8];
    struct vdc_sync_hub hub;
    struct vdc_sync_scope scope[4];
    struct vdc_sync_cfg cfg;
};

static struct vdc_sync *star(struct net *n, uint32_t n_task, enum vdc_sync_mode mode)
{
    struct vdc_sync *s = malloc(vdc_sync_size());

    memset(n, 0, sizeof(*n));
    n->hub.fwd_ps = FWD;
    for (uint32_t i = 0; i < n_task; i++) {
        n->task[i] = (struct vdc_sync_task){ .flags = VDC_SYNC_TASK_NS, .react_ps = REACT };
        n->port[i] = (struct vdc_sync_port){ i, 0, OUT, IN };
    }
    n->cfg = (struct vdc_sync_cfg){ .mode = mode,
                                    .n_task = n_task,
                                    .n_port = n_task,
                                    .n_hub = 1,
                                    .task = n->task,
                                    .port = n->port,
                                    .hub = &n->hub,
                                    .scope = n->scope };
    if (!s) {
        abort();
    }
    return s;
}

/* A runnable guest with an idle NIC. */
static struct vdc_sync_in runnable(vtime_t now)
{
    return (struct vdc_sync_in){ now, now, now + T_SEND, VTIME_NEVER };
}

/* A halted guest with a timer. */
static struct vdc_sync_in halted(vtime_t now, vtime_t timer)
{
    return (struct vdc_sync_in){ now, timer, vtime_add(timer, T_SEND), VTIME_NEVER };
}

static void by(const struct vdc_sync_out *o, enum vdc_sync_cause_kind kind, uint32_t index)
{
    CHECK_EQ(vdc_sync_cause_kind(o->cause), kind);
    CHECK_EQ(vdc_sync_cause_index(o->cause), index);
}

static void example_1_lock_step(void)
{
    struct net n;
    struct vdc_sync *s = star(&n, 2, VDC_SYNC_EXACT);
    struct vdc_sync_in in[2] = { runnable(NS(10000)), runnable(NS(10000)) };
    const vtime_t hub_next = VTIME_NEVER;
    struct vdc_sync_out out[2];

    CHECK_EQ(vdc_sync_init(s, &n.cfg), VDC_SYNC_OK);
    CHECK_EQ(vdc_sync_path(s, 0, 1), 1313440);
    CHECK_EQ(vdc_sync_solve(s, in, &hub_next, NULL, out), 2);
    CHECK_EQ(out[0].h, 12213440);
    CHECK_EQ(out[1].h, 12213440);
    by(&out[0], VDC_SYNC_BY_TASK, 1);
    by(&out[1], VDC_SYNC_BY_TASK, 0);
    in[0] = in[1] = runnable(NS(vtime_ns_floor(out[0].h)));
    CHECK_EQ(in[0].now, NS(12213));
    CHECK_EQ(vdc_sync_solve(s, in, &hub_next, NULL, out), 2);
    CHECK_EQ(out[0].h, 14426440);
    free(s);
}

static void example_2_packet_due(void)
{
    struct net n;
    struct vdc_sync *s = star(&n, 2, VDC_SYNC_EXACT);
    struct vdc_sync_in in[2] = { runnable(NS(12213)), runnable(NS(12213)) };
    const vtime_t hub_next = VTIME_NEVER;
    struct vdc_sync_out out[2];

    CHECK_EQ(vdc_sync_init(s, &n.cfg), VDC_SYNC_OK);
    in[0].send = NS(12350); /* 12,250 + t_tx */
    CHECK_EQ(vdc_sync_solve(s, in, &hub_next, NULL, out), 2);
    CHECK_EQ(out[1].h, 13663440);
    CHECK_EQ(out[0].h, 14426440); /* unchanged */
    free(s);
}

static void example_3_one_busy(void)
{
    struct net n;
    struct vdc_sync *s = star(&n, 2, VDC_SYNC_EXACT);
    struct vdc_sync_in in[2] = { runnable(NS(20000)), halted(NS(20000), NS(4000000)) };
    vtime_t hub_next = VTIME_NEVER;
    struct vdc_sync_out out[2];
    vtime_t limit;
    vtime_t due;

    CHECK_EQ(vdc_sync_init(s, &n.cfg), VDC_SYNC_OK);
    CHECK_EQ(vdc_sync_solve(s, in, &hub_next, NULL, out), 1);
    CHECK_EQ(out[0].h, 4002213440);
    CHECK_EQ(out[1].h, 22213440);
    CHECK_EQ(out[0].selected, 1);
    CHECK_EQ(out[1].selected, 0);

    /* 3a: in that window A's NIC sends at 33,000. */
    CHECK_EQ(vdc_sync_echo(s, 0), 2 * D + REACT);
    limit = vtime_min(out[0].h, NS(33000) + vdc_sync_echo(s, 0));
    CHECK_EQ(limit, 35926880);
    in[0] = runnable(NS(vtime_ns_floor(limit)));
    hub_next = NS(33000) + OUT; /* the frame in A's ring */
    CHECK(vdc_sync_H(s, 0, in, NULL, hub_next) > hub_next);
    due = NS(33000) + D;
    CHECK_EQ(due, 34313440);
    in[1].next = vtime_min(in[1].next, due);
    in[1].send = vtime_min(in[1].send, due + REACT);
    hub_next = VTIME_NEVER;
    CHECK_EQ(in[1].send, 34613440);
    CHECK_EQ(vdc_sync_solve(s, in, &hub_next, NULL, out), 1);
    CHECK_EQ(out[1].h, NS(35926) + T_SEND + D);
    CHECK_EQ(out[1].h, 38139440);
    CHECK_EQ(out[1].selected, 1);
    CHECK_EQ(out[0].h, 35926880);
    CHECK_EQ(out[0].selected, 0); /* in whole ns it is there already: B answers first */
    free(s);
}

static void example_4_waiting_frame(void)
{
    struct net n;
    struct vdc_sync *s = star(&n, 2, VDC_SYNC_EXACT);
    struct vdc_sync_in in[2] = { halted(NS(38000), VTIME_NEVER), halted(NS(38000), VTIME_NEVER) };
    const vtime_t hub_next = NS(40000);
    struct vdc_sync_out out[2];

    CHECK_EQ(vdc_sync_init(s, &n.cfg), VDC_SYNC_OK);
    in[0].next = NS(38000);
    in[0].send = NS(39000) - OUT; /* H = 39,000 */
    CHECK_EQ(vdc_sync_H(s, 0, in, NULL, hub_next), NS(39000));
    (void)vdc_sync_solve(s, in, &hub_next, NULL, out);
    CHECK_EQ(out[1].h, vtime_min(NS(40000) + OUT, NS(39000) + IN));
    CHECK(out[1].h <= NS(40000) + 6720 + NS(500));
    in[0].send = NS(60000);
    (void)vdc_sync_solve(s, in, &hub_next, NULL, out);
    CHECK_EQ(out[1].h, NS(40000) + 6720 + NS(500));
    by(&out[1], VDC_SYNC_BY_HUB, 0);
    free(s);
}

static void example_5_scopes(void)
{
    struct net n;
    struct vdc_sync *s = star(&n, 3, VDC_SYNC_EXACT);
    struct vdc_sync_in in[3] = { runnable(NS(55000)), halted(NS(55000), NS(90000)),
                                 runnable(NS(50000)) };
    const vtime_t hub_next = VTIME_NEVER;
    struct vdc_sync_out out[3];

    n.cfg.n_port = 2; /* C has no message path */
    n.cfg.n_scope = 2;
    n.scope[0] = (struct vdc_sync_scope){ 3, 0 };
    n.scope[1] = (struct vdc_sync_scope){ 7, NS(10000) };
    CHECK_EQ(vdc_sync_init(s, &n.cfg), VDC_SYNC_OK);
    CHECK_EQ(vdc_sync_path(s, 2, 0), VTIME_NEVER);
    CHECK_EQ(vdc_sync_echo(s, 2), VTIME_NEVER);
    (void)vdc_sync_solve(s, in, &hub_next, NULL, out);
    CHECK_EQ(out[0].h, NS(60000)); /* the message bound would be 90,900 + D */
    by(&out[0], VDC_SYNC_BY_SKEW, 2);
    CHECK_EQ(out[2].h, NS(65000)); /* 55,000 of A */
    by(&out[2], VDC_SYNC_BY_SKEW, 0);
    in[1] = runnable(NS(55000));
    (void)vdc_sync_solve(s, in, &hub_next, NULL, out);
    CHECK_EQ(out[0].h, NS(55900) + D); /* every scope must allow it */
    free(s);
}

static void example_6_quiescent(void)
{
    struct net n;
    struct vdc_sync *s = star(&n, 2, VDC_SYNC_EXACT);
    struct vdc_sync_in in[2] = { halted(5, VTIME_NEVER), halted(5, VTIME_NEVER) };
    vtime_t hub_next = VTIME_NEVER;
    struct vdc_sync_out out[2];

    CHECK_EQ(vdc_sync_init(s, &n.cfg), VDC_SYNC_OK);
    CHECK_EQ(vdc_sync_solve(s, in, &hub_next, NULL, out), 0);
    CHECK(vdc_sync_is_quiescent(s, in, &hub_next, NULL));
    by(&out[0], VDC_SYNC_BY_NONE, 0);
    hub_next = 7;
    CHECK(!vdc_sync_is_quiescent(s, in, &hub_next, NULL));
    free(s);
}

static void saturation(void)
{
    struct net n;
    struct vdc_sync *s = star(&n, 2, VDC_SYNC_EXACT);
    const vtime_t late = VTIME_NEVER - 10;
    struct vdc_sync_in in[2] = { { late, late, late, VTIME_NEVER },
                                 { late, late, late, VTIME_NEVER } };
    const vtime_t hub_next = late;
    struct vdc_sync_out out[2];

    n.task[0].flags = n.task[1].flags = 0;
    CHECK_EQ(vdc_sync_init(s, &n.cfg), VDC_SYNC_OK);
    CHECK_EQ(vdc_sync_solve(s, in, &hub_next, NULL, out), 2);
    CHECK_EQ(out[0].h, VTIME_NEVER);
    CHECK_EQ(vdc_sync_H(s, 0, in, NULL, late), VTIME_NEVER);
    CHECK_EQ(vdc_sync_promise(s, 0, 5, in, &hub_next, NULL), VTIME_NEVER - 5);
    n.port[0].out_ps = VTIME_NEVER - 3;
    n.port[1].in_ps = VTIME_NEVER - 3;
    CHECK_EQ(vdc_sync_init(s, &n.cfg), VDC_SYNC_OK);
    CHECK_EQ(vdc_sync_path(s, 0, 1), VTIME_NEVER);
    free(s);
}

static void one_vtask(void)
{
    struct net n;
    struct vdc_sync *s = star(&n, 1, VDC_SYNC_EXACT);
    struct vdc_sync_in in = runnable(NS(10));
    vtime_t hub_next = VTIME_NEVER;
    struct vdc_sync_out out;

    n.cfg.n_scope = 1;
    n.scope[0] = (struct vdc_sync_scope){ 1, NS(100) };
    CHECK_EQ(vdc_sync_init(s, &n.cfg), VDC_SYNC_OK);
    CHECK_EQ(vdc_sync_solve(s, &in, &hub_next, NULL, &out), 1);
    CHECK_EQ(out.h, VTIME_NEVER); /* nobody bounds it, not even its own scope */
    CHECK_EQ(vdc_sync_echo(s, 0), VTIME_NEVER);
    in.cap = NS(5000);
    hub_next = NS(4000);
    (void)vdc_sync_solve(s, &in, &hub_next, NULL, &out);
    CHECK_EQ(out.h, NS(4000) + OUT);
    hub_next = NS(5000);
    (void)vdc_sync_solve(s, &in, &hub_next, NULL, &out);
    CHECK_EQ(out.h, NS(5000));
    by(&out, VDC_SYNC_BY_CAP, 0);
    free(s);
}

static void hairpin_and_own_ports(void)
{
    struct net n;
    struct vdc_sync *s = star(&n, 2, VDC_SYNC_EXACT);

    n.hub.can_hairpin = 1;
    CHECK_EQ(vdc_sync_init(s, &n.cfg), VDC_SYNC_OK);
    CHECK_EQ(vdc_sync_echo(s, 0), OUT + IN);
    /* Two ports of one vtask on one hub: the frame comes back at the other one, hairpin or not. */
    n.hub.can_hairpin = 0;
    n.cfg.n_port = 3;
    n.port[2] = (struct vdc_sync_port){ 0, 0, NS(1000), NS(1000) };
    CHECK_EQ(vdc_sync_init(s, &n.cfg), VDC_SYNC_OK);
    CHECK_EQ(vdc_sync_echo(s, 0), OUT + NS(1000));
    CHECK_EQ(vdc_sync_echo(s, 1), 2 * D + REACT);
    free(s);
}

/* Two hubs and a cut link to another host. */
static void promises(void)
{
    const struct vdc_sync_task task[2] = { { .react_ps = REACT }, { .react_ps = REACT } };
    const struct vdc_sync_port port[2] = { { 0, 0, OUT, IN }, { 1, 1, OUT, IN } };
    const struct vdc_sync_hub hub[2] = { { .fwd_ps = FWD }, { .fwd_ps = FWD } };
    const struct vdc_sync_link link[2] = { { 0, 1, NS(1000) }, { 1, 0, NS(1000) } };
    const struct vdc_sync_ext ext_port = { 0, 1 };
    const struct vdc_sync_cfg cfg = { .n_task = 2,
                                      .n_port = 2,
                                      .n_hub = 2,
                                      .n_link = 2,
                                      .n_ext = 1,
                                      .n_host = 1,
                                      .task = task,
                                      .port = port,
                                      .hub = hub,
                                      .link = link,
                                      .ext = &ext_port };
    struct vdc_sync *s = malloc(vdc_sync_size());
    struct vdc_sync_in in[2] = { { 0, 0, NS(100), VTIME_NEVER },
                                 { 0, NS(9000), NS(9000), VTIME_NEVER } };
    vtime_t hub_next[2] = { VTIME_NEVER, VTIME_NEVER };
    vtime_t ext = NS(50);
    struct vdc_sync_out out[2];

    CHECK_EQ(vdc_sync_init(s, &cfg), VDC_SYNC_OK);
    CHECK_EQ(vdc_sync_path(s, 0, 1), OUT + FWD + NS(1000) + IN);
    (void)vdc_sync_solve(s, in, hub_next, &ext, out);
    CHECK_EQ(out[1].h, NS(50) + IN);
    by(&out[1], VDC_SYNC_BY_HOST, 0);
    CHECK_EQ(out[0].h, NS(50) + FWD + NS(1000) + IN);
    CHECK_EQ(vdc_sync_H(s, 0, in, &ext, NS(60)), NS(50));
    /* The promise to the neighbour: A's frame over both hubs, unless the other host reflects first.
     */
    CHECK_EQ(vdc_sync_promise(s, 1, NS(5000), in, hub_next, &ext), NS(50) + FWD + NS(5000));
    ext = VTIME_NEVER;
    CHECK_EQ(vdc_sync_promise(s, 1, NS(5000), in, hub_next, &ext),
             NS(100) + OUT + FWD + NS(1000) + FWD + NS(5000));
    hub_next[0] = NS(200); /* waits for the link between the hubs */
    CHECK_EQ(vdc_sync_promise(s, 1, NS(5000), in, hub_next, &ext),
             NS(200) + NS(1000) + FWD + NS(5000));
    hub_next[1] = NS(300); /* waits for the cut link itself */
    CHECK_EQ(vdc_sync_promise(s, 1, NS(5000), in, hub_next, &ext), NS(300) + NS(5000));
    in[0].next = in[1].next = hub_next[0] = hub_next[1] = VTIME_NEVER;
    in[0].send = in[1].send = VTIME_NEVER;
    CHECK(vdc_sync_is_quiescent(s, in, hub_next, &ext));
    ext = 1;
    CHECK(!vdc_sync_is_quiescent(s, in, hub_next, &ext));
    free(s);
}

/* An answer to a delivery limits the hub phase, even when every vtask sleeps for ever. */
static void reflex(void)
{
    struct net n;
    struct vdc_sync *s = star(&n, 2, VDC_SYNC_EXACT);
    const struct vdc_sync_in in[2] = { halted(0, VTIME_NEVER), halted(0, VTIME_NEVER) };

    CHECK_EQ(vdc_sync_init(s, &n.cfg), VDC_SYNC_OK);
    CHECK_EQ(vdc_sync_H(s, 0, in, NULL, NS(100)), NS(100) + (IN - FWD) + REACT + OUT);
    CHECK_EQ(vdc_sync_H(s, 0, in, NULL, VTIME_NEVER), VTIME_NEVER);
    free(s);
}

static void quantized(void)
{
    struct net n;
    struct vdc_sync *s = star(&n, 2, VDC_SYNC_QUANTIZED);
    struct vdc_sync_in in[2] = { runnable(NS(2500)), halted(NS(2000), NS(7100)) };
    vtime_t hub_next = VTIME_NEVER;
    struct vdc_sync_out out[2];

    n.cfg.quantum_ps = NS(2000);
    CHECK_EQ(vdc_sync_init(s, &n.cfg), VDC_SYNC_OK);
    CHECK_EQ(vdc_sync_echo(s, 0), VTIME_NEVER);
    CHECK_EQ(vdc_sync_solve(s, in, &hub_next, NULL, out), 1);
    CHECK_EQ(out[0].h, NS(4000));
    CHECK_EQ(out[1].h, NS(4000));
    by(&out[1], VDC_SYNC_BY_GRID, 0);
    in[0] = halted(NS(4000), NS(9000));
    (void)vdc_sync_solve(s, in, &hub_next, NULL, out);
    CHECK_EQ(out[0].h, NS(8000)); /* empty quanta are skipped */
    hub_next = NS(5900);
    (void)vdc_sync_solve(s, in, &hub_next, NULL, out);
    CHECK_EQ(out[0].h, NS(6000)); /* that frame may depart in [4000, 6000) */
    /* A next that is no whole ns: the guest acts at the ns behind it, which may be in the next
     * quantum. */
    hub_next = VTIME_NEVER;
    in[1].next = NS(4000) - 1;
    in[1].now = NS(3000);
    CHECK_EQ(vdc_sync_solve(s, in, &hub_next, NULL, out), 1);
    CHECK_EQ(out[1].h, NS(6000));

    CHECK_EQ(vdc_sync_visible(s, NS(2100), NS(1999)), NS(2100));
    CHECK_EQ(vdc_sync_visible(s, NS(1900), NS(1000)), NS(2000));
    CHECK_EQ(vdc_sync_visible(s, NS(2100), NS(2000)), NS(4000));
    CHECK_EQ(vdc_sync_visible(s, VTIME_NEVER, 5), VTIME_NEVER);
    n.cfg.quantum_ps = 999;
    CHECK_EQ(vdc_sync_init(s, &n.cfg), VDC_SYNC_ERR_MODE);
    n.cfg.quantum_ps = 1500; /* guests keep whole ns */
    CHECK_EQ(vdc_sync_init(s, &n.cfg), VDC_SYNC_ERR_MODE);
    n.cfg.quantum_ps = VTIME_PS_PER_MS + 1000;
    CHECK_EQ(vdc_sync_init(s, &n.cfg), VDC_SYNC_ERR_MODE);
    free(s);
}

static void relaxed(void)
{
    struct net n;
    struct vdc_sync *s = star(&n, 3, VDC_SYNC_RELAXED);
    const struct vdc_sync_in in[3] = { runnable(NS(2500)), halted(NS(2000), NS(7100)),
                                       runnable(NS(2600)) };
    const vtime_t hub_next = NS(100);
    struct vdc_sync_out out[3];

    n.cfg.n_scope = 1;
    n.scope[0] = (struct vdc_sync_scope){ 3, NS(5000) };
    CHECK_EQ(vdc_sync_init(s, &n.cfg), VDC_SYNC_ERR_MODE); /* C is in no bounded scope */
    n.scope[0].members = 7;
    CHECK_EQ(vdc_sync_init(s, &n.cfg), VDC_SYNC_OK);
    CHECK_EQ(vdc_sync_solve(s, in, &hub_next, NULL, out), 3);
    CHECK_EQ(out[0].h, NS(7600)); /* messages are not waited for */
    CHECK_EQ(out[1].h, NS(7500));
    CHECK_EQ(vdc_sync_visible(s, 5, 4), 5);
    CHECK_EQ(vdc_sync_lookahead(s), D);
    free(s);
}

static void refused(void)
{
    struct net n;
    struct vdc_sync *s = star(&n, 2, VDC_SYNC_EXACT);
    struct vdc_sync_link link = { 0, 1, 5 };

    n.cfg.n_task = 65;
    CHECK_EQ(vdc_sync_init(s, &n.cfg), VDC_SYNC_ERR_LIMIT);
    n.cfg.n_task = 1;
    CHECK_EQ(vdc_sync_init(s, &n.cfg), VDC_SYNC_ERR_INDEX); /* port of task 1 */
    n.cfg.n_task = 2;
    n.cfg.n_link = 1;
    n.cfg.link = &link;
    CHECK_EQ(vdc_sync_init(s, &n.cfg), VDC_SYNC_ERR_INDEX);
    link = (struct vdc_sync_link){ 0, 0, 0 };
    CHECK_EQ(vdc_sync_init(s, &n.cfg), VDC_SYNC_ERR_ZERO);
    n.cfg.n_link = 0;
    n.port[1].in_ps = FWD;
    CHECK_EQ(vdc_sync_init(s, &n.cfg), VDC_SYNC_ERR_ZERO); /* a zero-latency link */
    n.port[1].in_ps = FWD + 1999;
    CHECK_EQ(vdc_sync_init(s, &n.cfg), VDC_SYNC_ERR_NS);
    n.port[1].in_ps = IN;
    n.cfg.n_scope = 1;
    n.scope[0] = (struct vdc_sync_scope){ 4, NS(5) };
    CHECK_EQ(vdc_sync_init(s, &n.cfg), VDC_SYNC_ERR_INDEX);
    n.scope[0] = (struct vdc_sync_scope){ 3, 1999 };
    CHECK_EQ(vdc_sync_init(s, &n.cfg), VDC_SYNC_ERR_NS);
    n.scope[0].bound_ps = 2000;
    CHECK_EQ(vdc_sync_init(s, &n.cfg), VDC_SYNC_OK);
    CHECK_EQ(vdc_sync_lookahead(s), 2000);
    n.hub.group = 64;
    CHECK_EQ(vdc_sync_init(s, &n.cfg), VDC_SYNC_ERR_INDEX);
    free(s);
}

static const struct tap_case cases[] = {
    { "example 1: lock step", example_1_lock_step },
    { "example 2: packet due", example_2_packet_due },
    { "example 3: one busy, echo, answer", example_3_one_busy },
    { "example 4: frame waiting in the hub", example_4_waiting_frame },
    { "example 5: scopes", example_5_scopes },
    { "example 6: quiescent", example_6_quiescent },
    { "saturation", saturation },
    { "one vtask", one_vtask },
    { "hairpin, two ports on one hub", hairpin_and_own_ports },
    { "promises between hosts", promises },
    { "reflex limits the hub phase", reflex },
    { "quantized", quantized },
    { "relaxed", relaxed },
    { "refused configurations", refused },
};

TAP_MAIN(cases)
