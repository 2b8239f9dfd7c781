/* SPDX-License-Identifier: MIT */
/* Frame headers as rows: what is read from which bytes, and every truncation of them. */
#include <stdlib.h>

#include "state.h"
#include "tap.h"

#define ADDRS "\x02\x00\x00\x00\x00\x09\x02\x00\x00\x00\x00\x01"

static const struct {
    const char *name;
    const char *bytes;
    uint32_t len;
    enum vdc_hub_drop why;
    uint16_t ethertype, tci;
    int dscp; /* -1 = none */
} rows[] = {
    { "plain", ADDRS "\x88\xb5", 14, VDC_HUB_N_DROP, 0x88b5, 0, -1 },
    { "short", ADDRS "\x88", 13, VDC_HUB_DROP_RUNT, 0, 0, -1 },
    { "empty", "", 0, VDC_HUB_DROP_RUNT, 0, 0, -1 },
    { "tag", ADDRS "\x81\x00\xa0\x05\x88\xb5", 18, VDC_HUB_N_DROP, 0x88b5, 0xa005, -1 },
    { "half a tag", ADDRS "\x81\x00\xa0\x05\x88", 17, VDC_HUB_DROP_PARSE, 0, 0, -1 },
    { "vid 4095", ADDRS "\x81\x00\x0f\xff\x88\xb5", 18, VDC_HUB_DROP_PARSE, 0, 0, -1 },
    { "vid 4094", ADDRS "\x81\x00\x0f\xfe\x88\xb5", 18, VDC_HUB_N_DROP, 0x88b5, 0x0ffe, -1 },
    { "service tag is a type", ADDRS "\x88\xa8\x00\x05\x81\x00", 18, VDC_HUB_N_DROP, 0x88a8, 0,
      -1 },
    { "group source", "\x02\x00\x00\x00\x00\x09\x03\x00\x00\x00\x00\x01\x88\xb5", 14,
      VDC_HUB_DROP_PARSE, 0, 0, -1 },
    { "zero source", "\x02\x00\x00\x00\x00\x09\x00\x00\x00\x00\x00\x00\x88\xb5", 14,
      VDC_HUB_DROP_PARSE, 0, 0, -1 },
    { "ipv4", ADDRS "\x08\x00\x45\xb8", 16, VDC_HUB_N_DROP, 0x0800, 0, 46 },
    { "ipv4 cut", ADDRS "\x08\x00\x45", 15, VDC_HUB_N_DROP, 0x0800, 0, -1 },
    { "ipv6", ADDRS "\x86\xdd\x6b\x80", 16, VDC_HUB_N_DROP, 0x86dd, 0, 46 },
    { "tagged ipv4", ADDRS "\x81\x00\x60\x02\x08\x00\x45\x20", 20, VDC_HUB_N_DROP, 0x0800, 0x6002,
      8 },
};

static void headers(void)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct vdc_hs_parsed h;
        /* A block of exactly these bytes: reading beyond them shows under a sanitizer. */
        uint8_t *p = malloc(rows[i].len + 1);

        if (!p) {
            exit(99);
        }
        memcpy(p, rows[i].bytes, rows[i].len);
        CHECK_EQ(vdc_hs_parse(p, rows[i].len, &h), rows[i].why);
        if (rows[i].why == VDC_HUB_N_DROP) {
            CHECK_EQ(h.ethertype, rows[i].ethertype);
            CHECK_EQ(h.tci, rows[i].tci);
            CHECK_EQ(h.has_dscp ? h.dscp : -1, rows[i].dscp);
            CHECK_EQ(h.dst, UINT64_C(0x090000000002));
            CHECK_EQ(h.src, UINT64_C(0x010000000002));
        }
        free(p);
    }
}

static void priorities(void)
{
    struct vdc_hiswitch_qos q = { .trust = VDC_HISWITCH_TRUST_PCP, .prio = 2 };
    struct vdc_hs_parsed h = {
        .is_tagged = true, .tci = 5 << 13 | 7, .has_dscp = true, .dscp = 46
    };

    q.pcp_prio[5] = 4;
    q.dscp_prio[46] = 6;
    CHECK_EQ(vdc_hs_classify(&q, &h), 4);
    q.trust = VDC_HISWITCH_TRUST_DSCP;
    CHECK_EQ(vdc_hs_classify(&q, &h), 6);
    q.trust = VDC_HISWITCH_TRUST_PORT;
    CHECK_EQ(vdc_hs_classify(&q, &h), 2);
    h.is_tagged = h.has_dscp = false;
    q.trust = VDC_HISWITCH_TRUST_PCP;
    CHECK_EQ(vdc_hs_classify(&q, &h), 2);
    q.trust = VDC_HISWITCH_TRUST_DSCP;
    CHECK_EQ(vdc_hs_classify(&q, &h), 2);
}

static const struct tap_case cases[] = {
    { "headers and truncations", headers },
    { "priority by trust", priorities },
};

TAP_MAIN(cases)
