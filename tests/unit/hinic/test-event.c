/* SPDX-License-Identifier: MIT */
/* Event sources: order of classes and indices at one instant, cancel, no double arming. */
#include "host.h"
#include "state.h"
#include "tap.h"

static void order(void)
{
    struct host *o = host_new(NULL);
    struct vdc_ev ev;
    /* Armed in reverse; they must come out by class, then kind, then index. */
    static const struct {
        enum ev_kind kind;
        uint32_t i;
    } want[] = { { EV_RD_CPL, 0 },     { EV_FRAME, 0 },   { EV_WR_MEM, 0 }, { EV_RD_MEM, 0 },
                 { EV_MODERATION, 1 }, { EV_MSI, 2 },     { EV_MSI, 9 },    { EV_DB_QUEUE, 0 },
                 { EV_DB_QUEUE, 31 },  { EV_TRANSMIT, 0 } };
    const int n = sizeof(want) / sizeof(want[0]);

    for (int i = n - 1; i >= 0; i--) {
        vdc_hinic_ev_arm(o->h, want[i].kind, want[i].i, 5000);
        CHECK_EQ(vdc_hinic_ev_time(o->h, want[i].kind, want[i].i), 5000);
    }
    vdc_hinic_ev_arm(o->h, EV_AQ, 0, 4999);
    CHECK_EQ(vdc_hinic_next(o->h), 4999);
    CHECK(!vdc_hinic_ev_pop(o->h, 4998, &ev));
    CHECK(vdc_hinic_ev_pop(o->h, 5000, &ev) && ev.kind == EV_AQ);
    for (int i = 0; i < n; i++) {
        CHECK(vdc_hinic_ev_pop(o->h, 5000, &ev));
        CHECK_EQ(ev.kind, want[i].kind);
        CHECK_EQ(ev.arg, want[i].i);
        CHECK(!vdc_hinic_ev_is_armed(o->h, want[i].kind, want[i].i));
    }
    CHECK_EQ(vdc_hinic_next(o->h), VTIME_NEVER);
    host_free(o);
}

static void cancel(void)
{
    struct host *o = host_new(NULL);

    vdc_hinic_ev_arm(o->h, EV_AQ, 0, 10);
    vdc_hinic_ev_arm(o->h, EV_MSI, 1, 20);
    vdc_hinic_ev_cancel(o->h, EV_AQ, 0);
    vdc_hinic_ev_cancel(o->h, EV_AQ, 0); /* not armed: nothing */
    CHECK_EQ(vdc_hinic_next(o->h), 20);
    vdc_hinic_ev_arm(o->h, EV_AQ, 0, 30);
    vdc_hinic_ev_arm(o->h, EV_TRANSMIT, 0, VTIME_NEVER); /* beyond the end of time: never */
    CHECK(!vdc_hinic_ev_is_armed(o->h, EV_TRANSMIT, 0));
    vdc_hinic_ev_cancel(o->h, EV_MSI, 1);
    CHECK_EQ(vdc_hinic_next(o->h), 30);
    host_free(o);
}

/* Every source can be armed at once: the queue is large enough for the largest device. */
static void capacity(void)
{
    struct vdc_hinic_cfg c = vdc_hinic_cfg_default();
    struct host *o;
    struct vdc_ev ev;
    uint32_t n = 0;

    c.n_eq = 64;
    c.n_vectors = 64;
    o = host_new(&c);
    for (uint32_t k = 0; k < EV_KINDS; k++) {
        for (uint32_t i = 0; i < o->h->lay.ev_base[k + 1] - o->h->lay.ev_base[k]; i++) {
            vdc_hinic_ev_arm(o->h, (enum ev_kind)k, i, 100000 - n);
            n++;
        }
    }
    for (; n > 0; n--) {
        CHECK(vdc_hinic_ev_pop(o->h, 100000, &ev));
        CHECK_EQ(ev.t, 100001 - n);
    }
    host_free(o);
}

static const struct tap_case cases[] = {
    { "order at one instant", order },
    { "cancel", cancel },
    { "every source at once", capacity },
};

TAP_MAIN(cases)
