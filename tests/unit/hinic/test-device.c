/* SPDX-License-Identifier: MIT */
/* Life of the device: reset at any instant, disable, READY, identity of what survives. */
#include "host.h"
#include "tap.h"

static void busy(struct host *o, struct host_queue *tx, struct host_queue *rx)
{
    struct host_pkt p;

    host_start(o);
    CHECK_EQ(host_queue(o, tx, 0, false, 8, 1), HINIC_AQ_OK);
    CHECK_EQ(host_queue(o, rx, 0, true, 8, 1), HINIC_AQ_OK);
    host_ip(&p, false, true, 1000, -1);
    for (uint32_t i = 0; i < 100; i++) {
        host_tx(o, tx, HOST_BASE, 1000, HINIC_TXD_EOP | HINIC_TXD_INT);
        host_rx(o, rx, HOST_BASE + 65536 + i * 2048, 2048, i);
    }
    host_ring(o, tx);
    host_ring(o, rx);
    host_arm(o, tx);
    host_arm(o, rx);
    for (uint32_t i = 0; i < 50; i++) {
        host_frame_in(o, o->now + 1000000 + i * 100000, p.b, p.len);
    }
}

/* After a reset at any instant nothing more happens, and the device can be set up again. */
static void reset_any_time(void)
{
    for (uint32_t step = 0; step < 80; step++) {
        struct host *o = host_new(NULL);
        struct host_queue tx;
        struct host_queue rx;
        uint64_t n_access;
        uint32_t n_frame;

        busy(o, &tx, &rx);
        host_run(o, o->now + step * 97000);
        if (step % 3 == 0) {
            host_write(o, HINIC_R_DEV_CTRL, 4, HINIC_DEV_CTRL_RESET);
        } else {
            vdc_hinic_reset(o->h, o->now,
                            step % 3 == 1 ? VDC_HINIC_RESET_FLR : VDC_HINIC_RESET_COLD);
        }
        n_access = o->n_dma_read + o->n_dma_write + o->n_msi[0] + o->n_msi[1];
        n_frame = o->n_frame;
        CHECK_EQ(host_read(o, HINIC_R_DEV_STATUS, 4), HINIC_DEV_STATUS_RESET_DONE);
        CHECK_EQ(host_read(o, HINIC_R_DEV_CTRL, 4), 0);
        CHECK_EQ(host_read(o, HINIC_R_AQ_SQ_BASE, 8), 0);
        CHECK_EQ(host_read(o, HINIC_R_PORT(0), 4) & 1, 1); /* the link stays */
        host_idle(o); /* frames that were on the way arrive and are dropped */
        CHECK_EQ(o->n_dma_read + o->n_dma_write + o->n_msi[0] + o->n_msi[1], n_access);
        CHECK_EQ(o->n_frame, n_frame);
        CHECK(step % 3 != 0 || host_counter(o, HINIC_CNT_TX_FRAMES) == n_frame);
        host_enable(o);
        o->n_frame_kept = 0;
        CHECK_EQ(host_queue(o, &tx, 0, false, 8, 1), HINIC_AQ_OK);
        host_tx(o, &tx, HOST_BASE, 333, HINIC_TXD_EOP);
        host_ring(o, &tx);
        host_idle(o);
        CHECK_EQ(o->n_frame_kept, 1);
        CHECK_EQ(o->frame[0].m.len, 333);
        CHECK_EQ(o->frame[0].m.seq,
                 n_frame + 1); /* behind the hello: numbers of a port never start again */
        host_free(o);
    }
}

/* The wire stays busy over a reset: the next frame does not overlap the last. */
static void wire_over_reset(void)
{
    struct vdc_hinic_cfg cfg = vdc_hinic_cfg_default();
    struct host *o;
    struct host_queue tx;
    vtime_t end;

    cfg.link.rate_bps = 10000000; /* 1000 bytes take 819 us */
    o = host_new(&cfg);
    host_start(o);
    CHECK_EQ(host_queue(o, &tx, 0, false, 8, 1), HINIC_AQ_OK);
    host_tx(o, &tx, HOST_BASE, 1000, HINIC_TXD_EOP);
    host_ring(o, &tx);
    host_run(o, o->now + 10000000);
    CHECK_EQ(o->n_frame, 1);
    end = o->frame[0].m.depart + UINT64_C(1024) * 8 * 100000;
    host_enable(o);
    CHECK_EQ(host_queue(o, &tx, 0, false, 8, 1), HINIC_AQ_OK);
    host_tx(o, &tx, HOST_BASE, 60, HINIC_TXD_EOP);
    host_ring(o, &tx);
    host_idle(o);
    CHECK_EQ(o->n_frame, 2);
    CHECK_EQ(o->frame[1].m.depart, end);
    host_free(o);
}

static void disable(void)
{
    struct host *o = host_new(NULL);
    struct host_queue tx;
    struct host_queue rx;
    uint64_t sq;

    busy(o, &tx, &rx);
    host_run(o, o->now + 1000000);
    sq = o->sq;
    host_write(o, HINIC_R_DEV_CTRL, 4, 0);
    host_idle(o);
    CHECK_EQ(host_read(o, HINIC_R_AQ_SQ_BASE, 8), sq);
    CHECK_EQ(host_counter(o, HINIC_CNT_RX_NO_QUEUE), 50);
    memset(host_ptr(o, o->cq, 256), 0, 256);
    memset(host_ptr(o, o->aeq, 1024), 0, 1024);
    o->sq_pi = o->cq_ci = 0;
    host_write(o, HINIC_R_DEV_CTRL, 4, HINIC_DEV_CTRL_ENABLE);
    CHECK_EQ(host_queue(o, &tx, 0, false, 8, 1), HINIC_AQ_OK); /* the old one is gone */
    host_free(o);
}

static void counters_and_filters(void)
{
    struct host *o = host_new(NULL);
    const struct hinic_inl_mac mac = { .mac = { 2, 1, 1, 1, 1, 1 } };
    struct host_queue rx;
    struct host_pkt p;
    struct hinic_eth_cpl c;

    host_start(o);
    host_write(o, HINIC_R_MAGIC, 4, 0);
    CHECK_EQ(host_cmd(o, HINIC_AQ_SET_MAC, 1, &mac, sizeof(mac), NULL, 0, NULL, 0), HINIC_AQ_OK);
    CHECK_EQ(host_rx_mode(o, HINIC_RX_MODE_VLAN_FILTER, 0), HINIC_AQ_OK);
    host_enable(o); /* resets */
    CHECK_EQ(host_counter(o, HINIC_CNT_GUEST_ERRORS), 1);
    CHECK_EQ(host_queue(o, &rx, 0, true, 8, 1), HINIC_AQ_OK);
    host_rx(o, &rx, HOST_BASE, 2048, 0);
    host_ring(o, &rx);
    host_ip(&p, false, true, 10, 55); /* to the permanent address, any VLAN */
    host_frame_in(o, o->now + 2000000, p.b, p.len);
    host_idle(o);
    CHECK(host_cpl(o, &rx, &c));
    vdc_hinic_reset(o->h, o->now, VDC_HINIC_RESET_FLR);
    CHECK_EQ(host_counter(o, HINIC_CNT_GUEST_ERRORS), 0);
    CHECK_EQ(host_read(o, HINIC_R_LAST_GUEST_ERR, 4), 0);
    host_free(o);
}

static void ready(void)
{
    struct host *o = host_new(NULL);
    struct hinic_eqe e;

    CHECK(!vdc_hinic_link_is_up(o->h));
    host_enable(o);
    host_run(o, 123456789);
    host_ready(o);
    CHECK(vdc_hinic_link_is_up(o->h));
    host_idle(o);
    CHECK_EQ(o->n_hello, 1);
    CHECK(host_aeqe(o, &e));
    CHECK_EQ(e.type, HINIC_EQE_PORT_CHANGE);
    CHECK_EQ(e.port, 1);
    CHECK_EQ(e.data, 1);
    CHECK_EQ(o->n_msi[0], 1);
    host_free(o);
}

static const struct tap_case cases[] = {
    { "reset at any instant", reset_any_time },
    { "the wire stays busy over a reset", wire_over_reset },
    { "disable keeps the ring registers", disable },
    { "counters and filters over resets", counters_and_filters },
    { "READY brings the link up", ready },
};

TAP_MAIN(cases)
