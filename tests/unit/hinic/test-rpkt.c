/* SPDX-License-Identifier: MIT */
/* Tests of packet buffers: classes, reuse, places in memory, digest. */
#include "rig.h"
#include "tap.h"

#define QUARTER (RPKT_N / 4)

static void test_classes(void)
{
    struct rig *r = rig_new();
    static uint32_t got[RPKT_N];
    uint32_t n = 0;

    for (uint32_t i = 0; i < QUARTER; i++) {
        got[n++] = vdc_hinic_rpkt_alloc(r->h, RPKT_TX_DATA);
        CHECK(got[n - 1] != RPKT_NONE);
    }
    CHECK_EQ(vdc_hinic_rpkt_alloc(r->h, RPKT_TX_DATA), RPKT_NONE);
    for (uint32_t i = 0; i < QUARTER; i++) {
        got[n++] = vdc_hinic_rpkt_alloc(r->h, RPKT_TX_CTL); /* the others have theirs */
        CHECK(got[n - 1] != RPKT_NONE);
    }
    CHECK_EQ(vdc_hinic_rpkt_alloc(r->h, RPKT_TX_CTL), RPKT_NONE);
    for (uint32_t i = 0; i < 2 * QUARTER - 1; i++) {
        got[n++] = vdc_hinic_rpkt_alloc(r->h, RPKT_RX);
        CHECK(got[n - 1] != RPKT_NONE);
    }
    CHECK_EQ(vdc_hinic_rpkt_alloc(r->h, RPKT_RX), RPKT_NONE);
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t k = i + 1; k < n; k++) {
            CHECK(got[i] != got[k]);
        }
    }
    vdc_hinic_rpkt_free(r->h, 0, got[0]); /* of TX data: gives nothing to the others */
    CHECK_EQ(vdc_hinic_rpkt_alloc(r->h, RPKT_RX), RPKT_NONE);
    CHECK(vdc_hinic_rpkt_alloc(r->h, RPKT_TX_DATA) != RPKT_NONE);
    rig_free(r);
}

static void test_memory(void)
{
    struct rig *r = rig_new();
    uint64_t before = 0;

    for (uint32_t i = 1; i < RPKT_N; i++) {
        const uint64_t at = vdc_hinic_rpkt_payload(r->h, i);

        CHECK_EQ(at % 64, 0);
        CHECK(at >= before + WIRE_PAYLOAD_MAX + 8 + WIRE_HDR_MAX); /* pad, ICRC, headers */
        CHECK(at + WIRE_PAYLOAD_MAX + 8 <= r->h->lay.size);
        before = at;
    }
    CHECK(vdc_hinic_rpkt_payload(r->h, 1) - WIRE_HDR_MAX >=
          r->h->lay.pkt + RPKT_N * sizeof(struct rpkt));
    rig_free(r);
}

static void test_reuse(void)
{
    struct rig *r = rig_new();
    const uint32_t a = vdc_hinic_rpkt_alloc(r->h, RPKT_RX);
    const uint32_t b = vdc_hinic_rpkt_alloc(r->h, RPKT_RX);

    vdc_hinic_rpkt(r->h, a)->user[1] = 7;
    vdc_hinic_rpkt(r->h, a)->w.psn = 7;
    vdc_hinic_rpkt_free(r->h, 0, a);
    vdc_hinic_rpkt_free(r->h, 0, b);
    CHECK_EQ(vdc_hinic_rpkt_alloc(r->h, RPKT_TX_CTL), b);
    CHECK_EQ(vdc_hinic_rpkt_alloc(r->h, RPKT_TX_CTL), a);
    CHECK_EQ(vdc_hinic_rpkt(r->h, a)->user[1], 0);
    CHECK_EQ(vdc_hinic_rpkt(r->h, a)->w.psn, 0);
    CHECK_EQ(vdc_hinic_rpkt(r->h, a)->cls, RPKT_TX_CTL);
    CHECK_EQ(vdc_hinic_rnet_peek(r->h)->pool.fresh, 2);
    rig_free(r);
}

static struct vdc_digest digest(const struct rig *r)
{
    struct vdc_digest d = { 0 };

    vdc_hinic_rnet_digest(r->h, &d);
    return d;
}

static bool is_same(struct vdc_digest a, struct vdc_digest b)
{
    return a.lo == b.lo && a.hi == b.hi;
}

static void test_digest(void)
{
    struct rig *r = rig_new();
    const struct vdc_digest none = { 0 };
    struct vdc_digest d;
    uint32_t i;

    CHECK(is_same(digest(r), none)); /* never used: no work */
    i = vdc_hinic_rpkt_alloc(r->h, RPKT_RX);
    d = digest(r);
    CHECK(!is_same(d, none));
    vdc_hinic_rpkt(r->h, i)->w.psn++;
    CHECK(!is_same(d, digest(r)));
    vdc_hinic_rpkt(r->h, i)->w.psn--;
    CHECK(is_same(d, digest(r)));
    vdc_hinic_rnet(r->h)->crc_way ^= 1; /* the host's matter */
    CHECK(is_same(d, digest(r)));
    rig_give(r, 0, false, 1, 5);
    CHECK(!is_same(d, digest(r)));
    vdc_hinic_rnet_init(r->h);
    CHECK(is_same(digest(r), none));
    rig_free(r);
}

/* A device without RDMA has no block. */
static void test_without_rdma(void)
{
    struct rig *r = rig_new();
    const struct vdc_digest none = { 0 };
    const struct wire_hdr w = rig_hdr(r, 0, WIRE_SEND_ONLY, 1);

    r->h->lay.rnet = 0;
    vdc_hinic_rnet_init(r->h);
    CHECK(is_same(digest(r), none));
    CHECK_EQ(vdc_hinic_sched_time(r->h), VTIME_NEVER);
    CHECK(!vdc_hinic_sched_transmit(r->h, 0, false, NULL));
    CHECK_EQ(rig_rx(r, &w), RRX_NOT_OURS);
    rig_free(r);
}

static const struct tap_case cases[] = {
    { "classes", test_classes },
    { "memory", test_memory },
    { "reuse", test_reuse },
    { "digest", test_digest },
    { "without RDMA", test_without_rdma },
};
TAP_MAIN(cases)
