/* SPDX-License-Identifier: MIT */
/* Virtual time and message headers: saturation, rounding, space, order, port ids. */
#include "vdc/msg.h"
#include "vdc/vtime.h"

#include "tap.h"

static void arithmetic(void)
{
    CHECK_EQ(vtime_add(1, 2), 3);
    CHECK_EQ(vtime_add(VTIME_NEVER, 0), VTIME_NEVER);
    CHECK_EQ(vtime_add(VTIME_NEVER - 1, 5), VTIME_NEVER);
    CHECK_EQ(vtime_add(5, VTIME_NEVER), VTIME_NEVER);
    CHECK_EQ(vtime_ns_ceil(1000), 1);
    CHECK_EQ(vtime_ns_ceil(1001), 2);
    CHECK_EQ(vtime_ns_floor(1999), 1);
    CHECK_EQ(vtime_from_ns(vtime_ns_ceil(VTIME_NEVER)), VTIME_NEVER);
    CHECK_EQ(vtime_from_ns(7), 7000);
    CHECK_EQ(vtime_min(1, 2), 1);
    CHECK_EQ(vtime_max(1, 2), 2);
}

static void messages(void)
{
    const struct vdc_msg a = { .t = 5, .port = 3, .seq = 9 };
    struct vdc_msg b = a;

    CHECK_EQ(vdc_msg_space(0), 64);
    CHECK_EQ(vdc_msg_space(1), 128);
    CHECK_EQ(vdc_msg_space(64), 128);
    CHECK_EQ(vdc_msg_space(VDC_MSG_PAYLOAD_MAX), 65536);
    b.seq = 10;
    CHECK(vdc_msg_cmp(&a, &b) < 0 && vdc_msg_cmp(&b, &a) > 0);
    b.seq = 0;
    b.port = 4;
    CHECK(vdc_msg_cmp(&a, &b) < 0);
    b.port = 0;
    b.t = 6;
    CHECK(vdc_msg_cmp(&a, &b) < 0);
    CHECK_EQ(vdc_port_id(VDC_PORT_SWITCH, 0x1234, 0x56), 0x02123456);
}

static const struct tap_case cases[] = {
    { "arithmetic", arithmetic },
    { "messages", messages },
};

TAP_MAIN(cases)
