/* SPDX-License-Identifier: MIT */
/* Golden traces of a HiSwitch: one text file per story. usage: test-trace DIR [--write] */
#include <assert.h>
#include <stdlib.h>

#include "rig.h"
#include "tap.h"

#define NS RIG_NS

static struct vdc_hiswitch_cfg cfg;

/* 10 Gb/s, 100 ns, forwarding 300 ns: 60 B take 67.2 ns. */
static void base(uint32_t n_ports)
{
    vdc_hiswitch_cfg_default(&cfg, 1, n_ports, 9);
    cfg.is_checked = 1;
    for (uint32_t p = 0; p < n_ports; p++) {
        cfg.port[p].link.rate_bps = 10000000000;
        cfg.port[p].link.latency_ps = 100 * NS;
        cfg.port[p].link.mtu = 1500;
    }
}

/* All links up, nothing printed so far. */
static struct rig *start(void)
{
    struct rig *r = rig_new(&cfg);

    r->with_notes = true;
    rig_hello(r, 200 * NS);
    rig_run(r, 1000 * NS);
    rig_clear(r);
    return r;
}

static void frame(struct rig *r, uint32_t port, uint64_t ns, uint32_t dst, uint32_t src)
{
    rig_send(r, port, ns * NS, &(struct rig_eth){ .dst = dst, .src = src });
}

static struct rig *learn_and_forward(void)
{
    struct rig *r;

    base(4);
    r = start();
    frame(r, 0, 2000, 2, 1);             /* unknown: everywhere */
    frame(r, 1, 3000, 1, 2);             /* known: port 0 */
    frame(r, 0, 4000, 2, 1);             /* known now */
    frame(r, 2, 5000, RIG_BROADCAST, 3); /* everywhere but port 2 */
    frame(r, 3, 6000, 1, 2);             /* address 2 moved to port 3 */
    frame(r, 0, 7000, 2, 1);             /* port 3 */
    frame(r, 0, 8000, 1, 5);             /* destination on the same port: dropped */
    frame(r, 0, 9000, RIG_RESERVED(0), 1);
    frame(r, 0, 9500, RIG_RESERVED(14), 1); /* LLDP: a copy for the control plane */
    frame(r, 0, 9600, 1, RIG_BROADCAST);    /* nobody can be the sender */
    rig_run(r, 20000 * NS);
    return r;
}

/* Ports 0, 1 access VLAN 10 and 20; port 2 trunk; port 3 both untagged, filter on. */
static struct rig *vlans(void)
{
    struct rig *r;

    base(4);
    cfg.port[0].pvid = 10;
    cfg.port[1].pvid = 20;
    cfg.port[3].pvid = 10;
    cfg.port[3].flags |= VDC_HISWITCH_PORT_VLAN_FILTER;
    cfg.n_vlan = 3;
    cfg.vlan[2] = (struct vdc_hiswitch_vlan_cfg){ .untagged = 7, .vid = 1 };
    cfg.vlan[0] = (struct vdc_hiswitch_vlan_cfg){ .untagged = 1 | 8, .tagged = 4, .vid = 10 };
    cfg.vlan[1] = (struct vdc_hiswitch_vlan_cfg){ .untagged = 2 | 8, .tagged = 4, .vid = 20 };
    r = start();
    frame(r, 0, 2000, RIG_BROADCAST, 1); /* untagged to 3, tagged 10 to 2 */
    frame(r, 1, 3000, RIG_BROADCAST, 2); /* untagged to 3, tagged 20 to 2 */
    rig_send(
        r, 2, 4000 * NS,
        &(struct rig_eth){ .dst = 1, .src = 3, .len = 64, .is_tagged = true, .vid = 10, .pcp = 5 });
    rig_send(r, 2, 5000 * NS, /* known in VLAN 10 only: floods VLAN 20 */
             &(struct rig_eth){ .dst = 1, .src = 3, .len = 64, .is_tagged = true, .vid = 20 });
    rig_send(r, 0,
             6000 * NS, /* a priority tag takes the port's VLAN; the way out keeps the priority */
             &(struct rig_eth){ .dst = 3, .src = 1, .len = 64, .is_tagged = true, .pcp = 6 });
    rig_send(r, 3, 7000 * NS, /* not a member of VLAN 1: filtered */
             &(struct rig_eth){ .dst = 3, .src = 4, .len = 64, .is_tagged = true, .vid = 1 });
    rig_send(r, 0, 8000 * NS, /* no filter here, but nobody in VLAN 30 */
             &(struct rig_eth){ .dst = 3, .src = 4, .len = 64, .is_tagged = true, .vid = 30 });
    rig_send(r, 0, 9000 * NS, /* reserved VLAN id */
             &(struct rig_eth){ .dst = 3, .src = 4, .len = 64, .is_tagged = true, .vid = 4095 });
    rig_run(r, 20000 * NS);
    return r;
}

static struct rig *drops(void)
{
    struct rig *r;

    base(3);
    cfg.buffer = VDC_HISWITCH_BUFFER_MIN;
    cfg.port[1].queue_limit = 3100;
    cfg.port[2].link.mtu = 1000;
    r = start();
    frame(r, 1, 2000, RIG_BROADCAST, 2);
    frame(r, 2, 2000, RIG_BROADCAST, 3);
    for (uint32_t i = 0; i < 5; i++) { /* the queue takes two */
        rig_send(r, 0, (3000 + i) * NS, &(struct rig_eth){ .dst = 2, .src = 1, .len = 1500 });
    }
    rig_send(r, 0, 20000 * NS,
             &(struct rig_eth){ .dst = 3, .src = 1, .len = 1200 }); /* giant for port 2 */
    rig_send(r, 0, 21000 * NS,
             &(struct rig_eth){ .dst = 2, .src = 1, .len = 1515 }); /* giant on entry */
    rig_raw(r, 0, 22000 * NS, VDC_MSG_ETH, 0, 0, "short", 5);       /* runt */
    rig_raw(r, 0, 23000 * NS, VDC_MSG_IB, 0, 0, "infiniband", 10);  /* mode */
    rig_raw(r, 0, 24000 * NS, VDC_MSG_ETH, VDC_MSG_BAD_FCS, 0, "damaged on the way", 18);
    for (uint32_t i = 0; i < 60; i++) { /* 60 x 1500 B for a port of its own: the buffer is full */
        rig_send(r, 1, (30000 + i) * NS, &(struct rig_eth){ .dst = 1, .src = 2, .len = 1500 });
    }
    rig_run(r, 30200 * NS);
    rig_clear(r); /* the story of the buffer is told by its counters */
    for (uint32_t p = 0; p < 3; p++) {
        const struct vdc_hub_cnt c = rig_counters(r, p);
        char line[256];
        size_t n = (size_t)snprintf(line, sizeof(line), "port %u: rx %u tx %u", p,
                                    (unsigned int)c.rx_frames, (unsigned int)c.tx_frames);

        for (uint32_t d = 0; d < VDC_HUB_N_DROP; d++) {
            static const char *const names[] = {
#define DROP_NAME(id, name) #name,
                VDC_HUB_DROPS(DROP_NAME)
#undef DROP_NAME
            };

            if (c.drop[d] > 0) {
                n += (size_t)snprintf(line + n, sizeof(line) - n, " %s %u", names[d],
                                      (unsigned int)c.drop[d]);
            }
        }
        rig_print(r, line);
    }
    return r;
}

static struct rig *aging(void)
{
    struct rig *r;

    base(3);
    cfg.aging_ps = 10000 * NS;
    r = start();
    frame(r, 1, 2000, RIG_BROADCAST, 2);
    frame(r, 0, 3000, 2, 1);  /* known */
    frame(r, 0, 11999, 2, 1); /* still known */
    frame(r, 0, 12000, 2, 1); /* 10 us later: forgotten */
    frame(r, 1, 13000, 1, 2); /* 1 was refreshed by its own frames */
    frame(r, 1, 22001, 1, 2);
    frame(r, 1, 22002, 1, 2); /* at 22 us it is not */
    rig_run(r, 40000 * NS);
    return r;
}

/* Three ports send to one: strict 7, then 50/30/20 among 0, 1 and 2. */
static struct rig *priority(void)
{
    static const uint8_t weight[8] = { 50, 30, 20, 0, 0, 0, 0, 0 };
    struct rig *r;

    base(4);
    for (int tc = 0; tc < 8; tc++) {
        cfg.port[3].qos.weight[tc] = weight[tc];
        cfg.port[3].qos.tsa[tc] = weight[tc] > 0 ? VDC_HISWITCH_TSA_ETS : VDC_HISWITCH_TSA_STRICT;
    }
    r = start();
    frame(r, 3, 2000, RIG_BROADCAST, 9);
    rig_run(r, 3000 * NS);
    rig_clear(r);
    for (uint32_t i = 0; i < 10; i++) {
        for (uint32_t p = 0; p < 3; p++) {
            rig_send(r, p, (3000 + i) * NS,
                     &(struct rig_eth){
                         .dst = 9, .src = 10 + p, .len = 1500, .is_tagged = true, .pcp = p });
        }
    }
    for (uint32_t i = 0; i < 3; i++) {
        rig_send(r, 0, (8000 + 5000 * i) * NS,
                 &(struct rig_eth){ .dst = 9, .src = 17, .len = 100, .is_tagged = true, .pcp = 7 });
    }
    rig_run(r, 100000 * NS);
    return r;
}

static struct rig *links(void)
{
    struct rig *r;

    base(3);
    cfg.port[1].flags &= ~(uint32_t)VDC_HISWITCH_PORT_FLAP_TELL;
    cfg.port[1].n_flap = 1;
    cfg.port[1].flap[0] = (struct vdc_hiswitch_flap){ .down = 5000 * NS, .up = 6000 * NS };
    r = rig_new(&cfg);
    r->with_notes = true;
    frame(r, 0, 150, RIG_BROADCAST, 1); /* before any hello */
    rig_link(r, 0, 200 * NS, true, VDC_LINK_ETH);
    rig_link(r, 1, 201 * NS, true, VDC_LINK_AUTO);
    rig_link(r, 2, 202 * NS, true, VDC_LINK_IB); /* stays down: mode */
    rig_run(r, 1000 * NS);
    frame(r, 1, 2000, RIG_BROADCAST, 2);
    frame(r, 0, 4650, 2,
          1); /* leaves at 4950, before the flap: the peer, who knows, will drop it */
    frame(r, 0, 4700, 2, 1); /* waits for 5017 and finds the link down: it stays in the queue */
    frame(r, 0, 5500, 2, 1); /* dropped: port_down (its address was forgotten: no way) */
    frame(r, 1, 5900, 1, 2); /* on the link while it was down: lost */
    frame(r, 1, 6100, 1, 2); /* sent at 5933: lost as well */
    frame(r, 1, 6200, 1, 2); /* sent after it */
    rig_run(r, 8000 * NS);
    (void)rig_cmd(r, 8000 * NS,
                  &(struct vdc_hiswitch_cmd){
                      .op = VDC_HISWITCH_OP_PORT_SET, .port = 0, .fields = VDC_HISWITCH_F_STATE });
    frame(r, 1, 8500, 1, 2);
    rig_run(r, 9000 * NS);
    (void)rig_cmd(r, 9000 * NS,
                  &(struct vdc_hiswitch_cmd){ .op = VDC_HISWITCH_OP_PORT_SET,
                                              .port = 0,
                                              .fields = VDC_HISWITCH_F_STATE,
                                              .u.port.is_up = 1 });
    rig_link(r, 1, 10000 * NS, false, VDC_LINK_AUTO); /* the peer goes down and comes back */
    frame(r, 0, 10500, RIG_BROADCAST, 1);
    rig_link(r, 1, 11000 * NS, true, VDC_LINK_AUTO);
    frame(r, 0, 11500, RIG_BROADCAST, 1);
    rig_run(r, 20000 * NS);
    return r;
}

static struct rig *faults(void)
{
    struct rig *r;

    base(2);
    cfg.port[1].link.loss_p32 = UINT64_C(1) << 30;    /* one in four */
    cfg.port[1].link.corrupt_p32 = UINT64_C(1) << 30; /* of the others */
    cfg.port[0].link.corrupt_p32 = UINT64_C(1) << 31;
    cfg.port[0].flags |= VDC_HISWITCH_PORT_CORRUPT_PAYLOAD;
    cfg.port[0].link.jitter_ps = 40 * NS;
    r = start();
    for (uint32_t i = 0; i < 12; i++) {
        frame(r, 0, 2000 + 200 * i, RIG_BROADCAST, 1);
        frame(r, 1, 2001 + 200 * i, RIG_BROADCAST, 2);
    }
    rig_run(r, 20000 * NS);
    return r;
}

static struct rig *watching(void)
{
    struct rig *r;

    base(2);
    cfg.sample_ps = 1000 * NS;
    cfg.sample_ports = 2;
    cfg.port[0].flags |= VDC_HISWITCH_PORT_CAPTURE_RX | VDC_HISWITCH_PORT_CAPTURE_TX;
    cfg.port[0].capture_snaplen = 80;
    r = start();
    for (uint32_t i = 0; i < 4; i++) {
        rig_send(r, 0, (2000 + i) * NS, &(struct rig_eth){ .dst = 2, .src = 1, .len = 1000 });
    }
    rig_send(r, 1, 3500 * NS, &(struct rig_eth){ .dst = 1, .src = 2, .len = 60, .wire_len = 1400 });
    rig_run(r, 6000 * NS);
    return r;
}

static const struct {
    const char *name;
    struct rig *(*play)(void);
} stories[] = {
    { "learn-and-forward", learn_and_forward },
    { "vlans", vlans },
    { "drops", drops },
    { "aging", aging },
    { "priority", priority },
    { "links", links },
    { "faults", faults },
    { "watching", watching },
};

static char *read_all(const char *path)
{
    static char text[1 << 16];
    FILE *f = fopen(path, "r");
    size_t n;

    if (!f) {
        return NULL;
    }
    n = fread(text, 1, sizeof(text) - 1, f);
    text[n] = '\0';
    (void)fclose(f);
    return text;
}

static bool write_all(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    return f && fputs(text, f) >= 0 && fclose(f) == 0;
}

/* Prints the first line that differs. */
static void show_difference(const char *want, const char *got)
{
    unsigned int line = 1;

    while (*want && *want == *got) {
        line += *want == '\n';
        want++;
        got++;
    }
    printf("# line %u: expected ..%.*s\n# line %u: found    ..%.*s\n", line,
           (int)strcspn(want, "\n"), want, line, (int)strcspn(got, "\n"), got);
}

int main(int argc, char **argv)
{
    const size_t n = sizeof(stories) / sizeof(stories[0]);
    int bad = 0;

    if (argc < 2) {
        (void)fprintf(stderr, "usage: %s DIR [--write]\n", argv[0]);
        return 2;
    }
    printf("1..%zu\n", n);
    for (size_t i = 0; i < n; i++) {
        struct rig *r = stories[i].play();
        char path[512];
        const char *want;
        bool is_ok;

        (void)snprintf(path, sizeof(path), "%s/%s.txt", argv[1], stories[i].name);
        if (argc > 2 && strcmp(argv[2], "--write") == 0) {
            is_ok = write_all(path, rig_text(r));
        } else {
            want = read_all(path);
            is_ok = want && strcmp(want, rig_text(r)) == 0;
            if (!is_ok) {
                show_difference(want ? want : "(no such file)", rig_text(r));
            }
        }
        printf("%s %zu - %s\n", is_ok ? "ok" : "not ok", i + 1, stories[i].name);
        bad += !is_ok;
        rig_free(r);
    }
    return bad != 0;
}
