/* SPDX-License-Identifier: MIT */
/* Configuration of a HiSwitch: defaults are sound, every wrong value is named with what is allowed.
 */
#include "tap.h"
#include "vdc/hiswitch.h"

static struct vdc_hiswitch_cfg cfg;

static void defaults(void)
{
    char err[128] = "x";

    for (uint32_t n = 1; n <= 64; n++) {
        vdc_hiswitch_cfg_default(&cfg, n, n, 5);
        CHECK_EQ(vdc_hiswitch_cfg_check(&cfg, err, sizeof(err)), 0);
        CHECK_STR(err, "");
        CHECK(vdc_hiswitch_ops.size(&cfg) > 0);
    }
    CHECK(cfg.port[0].link.key != cfg.port[1].link.key);
    CHECK_EQ(vdc_hiswitch_in_ps(&cfg, 63), 300000 + 6720 + 500000);
}

static void refused(const char *want)
{
    char err[128];

    CHECK_EQ(vdc_hiswitch_cfg_check(&cfg, err, sizeof(err)), -1);
    CHECK_STR(err, want);
    CHECK_EQ(vdc_hiswitch_ops.size(&cfg), 0);
    vdc_hiswitch_cfg_default(&cfg, 0, 4, 5);
}

static void ranges(void)
{
    vdc_hiswitch_cfg_default(&cfg, 0, 4, 5);
    cfg.n_ports = 65;
    refused("n_ports: 65, allowed 1..64");
    cfg.name[0] = '\0';
    refused("name: 1..31 bytes and a NUL are needed");
    cfg.buffer = 1000;
    refused("buffer: 1000, allowed 65536..268435456");
    cfg.sample_ps = 99999;
    refused("sample_ps: 99999, allowed 100000..18446744073709551615");
    cfg.port[3].pvid = 0;
    refused("port[3].pvid: 0, allowed 1..4094");
    cfg.port[2].id = 7;
    refused("port[2].id: 7, allowed 33554434..33554434");
    cfg.port[1].mode = VDC_LINK_IB;
    refused("port[1].mode: allowed eth, auto: this version has no InfiniBand pipeline");
    cfg.port[1].link.latency_ps = 0;
    refused("port[1].link.latency_ps: 0, allowed 1..10000000000000");
    cfg.port[1].link.rate_bps = 1;
    refused("port[1].link.rate_bps: 1, allowed 1000000..1600000000000");
    cfg.port[1].link.mtu = 9217;
    refused("port[1].link.mtu: 9217, allowed 256..9216");
    cfg.port[0].link.loss_p32 = UINT64_C(0x100000001);
    refused("port[0].link.loss_p32: 4294967297, allowed 0..4294967296");
    cfg.port[0].link.loss_p32 = 0;
    cfg.port[0].burst.p_gb_p32 = 1;
    refused("port[0].burst.p_bg_p32: 0, allowed 1..4294967296");
}

static void rules(void)
{
    vdc_hiswitch_cfg_default(&cfg, 0, 4, 5);
    cfg.port[0].qos.tsa[0] = VDC_HISWITCH_TSA_ETS;
    cfg.port[0].qos.weight[0] = 99;
    refused("port[0].qos.weight (sum): 99, allowed 100..100");
    cfg.port[0].qos.weight[1] = 1;
    refused("port[0].qos.weight: a strict TC has no weight, allowed 0..0");
    cfg.port[0].n_flap = 2;
    cfg.port[0].flap[0] = (struct vdc_hiswitch_flap){ 10, 20 };
    cfg.port[0].flap[1] = (struct vdc_hiswitch_flap){ 20, 30 };
    refused("port[0].flap: intervals must ascend and not touch");
    cfg.port[0].flap_period = 100;
    cfg.port[0].flap_down_for = 100;
    refused("port[0].flap_down_for: 100, allowed 1..99");
    cfg.n_vlan = 1;
    cfg.vlan[0] = (struct vdc_hiswitch_vlan_cfg){ .vid = 9, .tagged = 3, .untagged = 2 };
    refused("vlan[0].tagged: a port is both tagged and untagged");
    cfg.n_vlan = 1;
    cfg.vlan[0] = (struct vdc_hiswitch_vlan_cfg){ .vid = 9, .tagged = 16 };
    refused("vlan[0].tagged: 16, allowed 0..0");
    cfg.n_mdb = 1;
    cfg.mdb[0] = (struct vdc_hiswitch_mdb_cfg){ .vid = 1, .mac = { 2 }, .ports = 1 };
    refused("mdb[0].mac: must be a group address and not broadcast");
    cfg.n_static = 2;
    cfg.addr[0] = cfg.addr[1] = (struct vdc_hiswitch_static_cfg){ .vid = 1,
                                                                  .mac = { 2 },
                                                                  .port = 1 };
    refused("addr[1].mac: given twice");
}

/* A text that does not fit is cut, never longer than its buffer. */
static void short_buffer(void)
{
    char err[16];

    vdc_hiswitch_cfg_default(&cfg, 0, 4, 5);
    cfg.port[3].pvid = 0;
    memset(err, 'z', sizeof(err));
    CHECK_EQ(vdc_hiswitch_cfg_check(&cfg, err, 10), -1);
    CHECK_STR(err, "port[3].p");
    CHECK_EQ(err[10], 'z');
}

static const struct tap_case cases[] = {
    { "defaults", defaults },
    { "ranges", ranges },
    { "rules between values", rules },
    { "texts are cut", short_buffer },
};

TAP_MAIN(cases)
