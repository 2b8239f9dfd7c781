/* SPDX-License-Identifier: MIT */
/* State digest: equal for equal histories, different after any step that matters. */
#include "host.h"
#include "tap.h"

#define STEPS 12

/* Plays the script; skips step `skip`, changes step `change`. */
static void play(struct vdc_digest d[STEPS], int skip, int change)
{
    struct host *o = host_new(NULL);
    struct host_queue tx;
    struct host_queue rx;
    struct host_pkt p;
    struct hinic_inl_vlan vlan = { .vid = 7, .add = 1 };

    host_start(o);
    CHECK_EQ(host_queue(o, &tx, 0, false, 8, 1), HINIC_AQ_OK);
    CHECK_EQ(host_queue(o, &rx, 0, true, 8, 1), HINIC_AQ_OK);
    host_ip(&p, false, true, 100, -1);
    for (int s = 0; s < STEPS; s++) {
        const uint32_t x = s == change;

        if (s != skip) {
            switch (s) {
            case 0:
                host_write(o, HINIC_R_SCRATCH, 4, 5 + x);
                break;
            case 1:
                CHECK_EQ(host_rx_mode(o, x, 0), HINIC_AQ_OK);
                break;
            case 2:
                vlan.vid = (uint16_t)(vlan.vid + x);
                CHECK_EQ(host_cmd(o, HINIC_AQ_SET_VLAN, 1, &vlan, sizeof(vlan), NULL, 0, NULL, 0),
                         HINIC_AQ_OK);
                break;
            case 3:
                host_rx(o, &rx, HOST_BASE + x, 2048, 1);
                host_ring(o, &rx);
                host_run(o, o->now + 2000000);
                break;
            case 4:
                host_frame_in(o, o->now + 1000000, p.b, p.len - x);
                host_run(o, o->now + 1000001);
                break;
            case 5:
                host_run(o, o->now + 150000 + x * 50000); /* the frame is in work */
                break;
            case 6:
                host_tx(o, &tx, HOST_BASE, 100 + x, HINIC_TXD_EOP);
                host_ring(o, &tx);
                break;
            case 7:
                host_run(o, o->now + 900000); /* descriptors are here */
                break;
            case 8:
                host_arm(o, &tx);
                break;
            case 9:
                host_idle(o);
                break;
            case 10:
                host_db(o, HINIC_DB_EQ, x); /* a guest error more */
                break;
            default:
                host_write(o, HINIC_R_MAGIC, 4, 0);
                break;
            }
        }
        d[s] = vdc_hinic_digest(o->h);
    }
    host_free(o);
}

static void repeat(void)
{
    struct vdc_digest a[STEPS];
    struct vdc_digest b[STEPS];

    play(a, -1, -1);
    play(b, -1, -1);
    for (int s = 0; s < STEPS; s++) {
        CHECK_EQ(a[s].lo, b[s].lo);
        CHECK_EQ(a[s].hi, b[s].hi);
        CHECK(s == 0 || a[s].lo != a[s - 1].lo);
    }
}

static void steps(void)
{
    struct vdc_digest a[STEPS];
    struct vdc_digest b[STEPS];

    play(a, -1, -1);
    for (int s = 0; s < STEPS; s++) {
        play(b, s, -1);
        CHECK(a[s].lo != b[s].lo);
        if (s <= 4) {
            play(b, -1, s);
            CHECK(a[s].lo != b[s].lo);
            if (tap_failed) {
                printf("# step %d\n", s);
            }
        }
    }
}

/* What a doorbell leaves behind when its time has come shows too: armed or not is the future of an
 * interrupt. */
static void armed(void)
{
    struct vdc_digest d[3];

    for (int i = 0; i < 3; i++) {
        struct host *o = host_new(NULL);
        struct host_queue tx;

        host_start(o);
        CHECK_EQ(host_queue(o, &tx, 0, false, 8, 1), HINIC_AQ_OK);
        if (i > 0) {
            host_arm(o, &tx);
        }
        host_idle(o);
        d[i] = vdc_hinic_digest(o->h);
        host_free(o);
    }
    CHECK(d[0].lo != d[1].lo);
    CHECK_EQ(d[1].lo, d[2].lo);
}

static const struct tap_case cases[] = {
    { "equal histories", repeat },
    { "every step shows", steps },
    { "an armed queue shows", armed },
};

TAP_MAIN(cases)
