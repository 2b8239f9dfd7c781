/* SPDX-License-Identifier: MIT */
/* READ at the responder: segmentation, order with other requests, duplicates, limits, faults. */
#include "inject.h"
#include "tap.h"

static struct inj *new_mtu(uint32_t mtu, uint32_t rd_atomic)
{
    const struct inj_cfg c = { .conn = { .path_mtu = mtu, .rd_atomic = rd_atomic } };
    struct inj *i = inj_new(&c);

    pair_mr_fill(i->e, &i->mr, 0, INJ_MR_LEN, 9);
    return i;
}

static bool data_is(struct inj *i, const struct inj_resp *r, uint64_t off, uint32_t n)
{
    uint8_t b[WIRE_PAYLOAD_MAX];

    pair_mr_read(i->e, &i->mr, off, b, n);
    return r->w.pay_len == n && memcmp(b, r->pay, n) == 0;
}

/* All responses of one READ; true if they are right. */
static bool read_is(struct inj *i, uint32_t psn, uint64_t off, uint32_t len, uint32_t mtu,
                    uint32_t msn)
{
    const uint32_t n = len == 0 ? 1 : (len - 1) / mtu + 1;

    for (uint32_t k = 0; k < n; k++) {
        const uint32_t bytes = k + 1 < n ? mtu : len - k * mtu;
        const uint32_t op = n == 1       ? WIRE_READ_RESP_ONLY
                            : k == 0     ? WIRE_READ_RESP_FIRST
                            : k + 1 == n ? WIRE_READ_RESP_LAST
                                         : WIRE_READ_RESP_MIDDLE;
        const bool has_aeth = op != WIRE_READ_RESP_MIDDLE;

        if (!inj_is(i, op, psn + k, has_aeth ? INJ_ACK : 0, has_aeth ? msn : 0) ||
            !data_is(i, &i->resp[i->n_seen - 1], off + (uint64_t)k * mtu, bytes)) {
            printf("# response %u of %u\n", k, n);
            return false;
        }
    }
    return true;
}

static void sizes(void)
{
    static const uint32_t len[] = { 0, 1, 3, 255, 256, 257, 511, 512, 513, 4096, 10000 };
    struct inj *i = new_mtu(256, 0);
    uint32_t psn = 0;

    for (uint32_t k = 0; k < sizeof(len) / sizeof(len[0]); k++) {
        const uint32_t n = len[k] == 0 ? 1 : (len[k] - 1) / 256 + 1;

        inj_read(i, psn, 4000 + k, len[k]);
        CHECK(read_is(i, psn, 4000 + k, len[k], 256, k + 1));
        CHECK(inj_is_silent(i));
        psn += n;
    }
    inj_write(i, WIRE_WRITE_ONLY, psn, 4, 0, 4, INJ_A); /* PSNs were counted right */
    CHECK(inj_is(i, WIRE_ACK, psn, INJ_ACK, sizeof(len) / sizeof(len[0]) + 1));
    CHECK_EQ(inj_count(i, HINIC_CNT_RX_READ_REQUESTS), sizeof(len) / sizeof(len[0]));
    inj_free(i);
}

/* Several at once, in order; the ACK of a later WRITE comes behind all responses. */
static void several(void)
{
    struct inj *i = new_mtu(1024, 4);

    inj_read(i, 0, 0, 5000);
    inj_write(i, WIRE_WRITE_ONLY, 5, 64, 500000, 64, INJ_A);
    inj_read(i, 6, 8192, 100);
    inj_read(i, 7, 12288, 0);
    inj_write(i, WIRE_WRITE_ONLY, 8, 64, 500064, 64, INJ_A);
    CHECK(read_is(i, 0, 0, 5000, 1024, 1));
    CHECK(read_is(i, 6, 8192, 100, 1024, 3));
    CHECK(read_is(i, 7, 12288, 0, 1024, 4));
    CHECK(inj_is(i, WIRE_ACK, 8, INJ_ACK, 5));
    CHECK(inj_is_silent(i));
    inj_free(i);
}

static void sees_the_write_before(void)
{
    struct inj *i = new_mtu(4096, 0);
    const struct inj_resp *r;

    inj_write(i, WIRE_WRITE_ONLY, 0, 4096, 0, 4096, 0);
    inj_read(i, 1, 0, 4096);
    r = inj_next(i);
    CHECK(r && r->w.opcode == WIRE_READ_RESP_ONLY);
    for (uint32_t k = 0; r && k < 4096; k++) {
        CHECK_EQ(r->pay[k], inj_byte(0, k));
    }
    CHECK(inj_is_silent(i));
    inj_free(i);
}

static void too_many(void)
{
    struct inj *i = new_mtu(1024, 2);

    inj_read(i, 0, 0, 65536);
    inj_read(i, 64, 0, 65536);
    inj_read(i, 128, 0, 65536);
    CHECK(read_is(i, 0, 0, 65536, 1024, 1));
    CHECK(read_is(i, 64, 0, 65536, 1024, 2));
    CHECK(inj_is(i, WIRE_ACK, 128, INJ_INV, 2));
    CHECK(inj_is_silent(i));
    CHECK_EQ(inj_event(i), HINIC_EQE_QP_REQ_ERR);
    inj_free(i);
}

static void refused(void)
{
    static const struct {
        uint64_t off;
        uint32_t len, key, syndrome;
    } c[] = {
        { INJ_MR_LEN - 10, 11, 0, INJ_ACCESS },
        { 0, 64, 1, INJ_ACCESS },
        { 0, (1u << 31) + 1, 0, INJ_INV },
        { 0, UINT32_MAX, 0, INJ_INV },
    };

    for (uint32_t k = 0; k < sizeof(c) / sizeof(c[0]); k++) {
        struct inj *i = new_mtu(1024, 0);
        struct wire_hdr w = inj_hdr(i, WIRE_READ_REQ, 0);

        w.va = i->mr.va + c[k].off;
        w.dma_len = c[k].len;
        w.rkey = i->mr.key ^ c[k].key;
        (void)inj_put(i, &w, NULL);
        CHECK(inj_is(i, WIRE_ACK, 0, c[k].syndrome, 0));
        CHECK(inj_is_silent(i));
        CHECK_EQ(pair_qp_state(&i->q), HINIC_QPS_ERR);
        inj_free(i);
    }
}

static uint64_t bus(const struct vdc_hinic_cfg *c, uint32_t len)
{
    return ((uint64_t)len * 8000 + c->pcie_gbps - 1) / c->pcie_gbps;
}

/* Arrival, t_rx, fetched over the bus, t_tx; the next ones are built t_pkt apart and follow each
 * other on the link. */
static void instants(void)
{
    struct inj *i = new_mtu(4096, 0);
    const struct vdc_hinic_cfg *cfg = &i->e->o->cfg;
    const struct vdc_hinic_timing *t = &cfg->timing;
    vtime_t first;

    inj_read(i, 0, 0, 1); /* the page list is known afterwards */
    CHECK(read_is(i, 0, 0, 1, 4096, 1));
    inj_read(i, 1, 8192, 100);
    first = i->t + t->t_rx + t->t_pcie_up + bus(cfg, 100) + t->t_pcie_dn + t->t_tx;
    CHECK(read_is(i, 1, 8192, 100, 4096, 2));
    CHECK_EQ(i->resp[1].depart, first);
    inj_read(i, 2, 0, 5 * 4096);
    first = i->t + t->t_rx + t->t_pcie_up + bus(cfg, 4096) + t->t_pcie_dn + t->t_tx;
    CHECK(read_is(i, 2, 0, 5 * 4096, 4096, 3));
    CHECK_EQ(i->resp[2].depart, first);
    for (uint32_t k = 3; k < 7; k++) {
        const uint32_t bytes = vdc_wire_frame_len(&i->resp[k - 1].w) + cfg->link.wire_overhead;

        CHECK_EQ(i->resp[k].depart - i->resp[k - 1].depart,
                 (uint64_t)bytes * 8 * 1000000000000 / cfg->link.rate_bps);
    }
    pair_run(i->p, i->p->now + 1000000); /* the link is free again */
    inj_read(i, 7, 0, 0);                /* nothing to fetch */
    CHECK(read_is(i, 7, 0, 0, 4096, 4));
    CHECK_EQ(i->resp[7].depart, i->t + t->t_rx + t->t_tx);
    inj_free(i);
}

/* ---- duplicates ---- */

static void again(void)
{
    struct inj *i = new_mtu(256, 4);
    struct wire_hdr w;

    inj_read(i, 0, 0, 1000);
    CHECK(read_is(i, 0, 0, 1000, 256, 1));
    inj_write(i, WIRE_WRITE_ONLY, 4, 4, 0, 4, INJ_A); /* memory has changed since */
    CHECK(inj_is(i, WIRE_ACK, 4, INJ_ACK, 2));
    inj_read(i, 0, 0, 1000); /* whole */
    CHECK(read_is(i, 0, 0, 1000, 256, 2));
    inj_read(i, 2, 512, 488); /* from the middle on */
    CHECK(read_is(i, 2, 512, 488, 256, 2));
    inj_read(i, 1, 256, 256); /* less: what the packet says */
    CHECK(read_is(i, 1, 256, 256, 256, 2));
    inj_read(i, 3, 768, 513); /* more than was: would answer PSNs to come */
    CHECK(inj_is_silent(i));
    inj_read(i, 3, 768, UINT32_MAX);
    CHECK(inj_is_silent(i));
    w = inj_hdr(i, WIRE_READ_REQ, 0); /* a key that is gone: an old packet ends nothing */
    w.rkey = i->mr.key ^ 1;
    w.va = i->mr.va;
    w.dma_len = 256;
    (void)inj_put(i, &w, NULL);
    CHECK(inj_is_silent(i));
    CHECK_EQ(pair_qp_state(&i->q), HINIC_QPS_RTS);
    CHECK_EQ(inj_count(i, HINIC_CNT_DUPLICATE_REQUEST), 6);
    CHECK_EQ(inj_count(i, HINIC_CNT_RX_READ_REQUESTS), 1);
    inj_read(i, 5, 0, 16);
    CHECK(read_is(i, 5, 0, 16, 256, 3));
    inj_free(i);
}

/* The same request while it is being answered: goes back, and ends once. */
static void again_in_progress(void)
{
    struct inj *i = new_mtu(1024, 1);
    const uint32_t n = 64;
    uint32_t last = 0;
    uint32_t n_last = 0;
    const struct inj_resp *r;

    inj_read(i, 0, 0, n * 1024);
    while (i->n_resp < 20) {
        (void)pair_step(i->p);
    }
    inj_read(i, 10, 10 * 1024, (n - 10) * 1024);
    while ((r = inj_next(i)) != NULL) {
        const uint32_t off = (r->w.psn - INJ_PSN) & WIRE_PSN_MASK;

        CHECK(off <= last + 1 || off == 10);
        CHECK(data_is(i, r, (uint64_t)off * 1024, 1024));
        last = off;
        n_last += off == n - 1;
        if (i->n_seen > 20 && off == 10) {
            CHECK_EQ(r->w.opcode, WIRE_READ_RESP_FIRST);
        }
    }
    CHECK_EQ(n_last, 1);
    CHECK(i->n_seen > n);
    inj_write(i, WIRE_WRITE_ONLY, n, 4, 900000, 4, INJ_A);
    CHECK(inj_is(i, WIRE_ACK, n, INJ_ACK, 2));
    inj_free(i);
}

/* More copies than are remembered do no harm. */
static void flood_of_copies(void)
{
    struct inj *i = new_mtu(1024, 16);
    uint32_t n[16] = { 0 };
    const struct inj_resp *r;

    for (uint32_t k = 0; k < 16; k++) {
        inj_read(i, k, k * 1024u, 1000);
    }
    for (uint32_t k = 0; k < 64; k++) {
        inj_read(i, k % 16, k % 16 * 1024u, 1000);
    }
    while ((r = inj_next(i)) != NULL) {
        const uint32_t off = (r->w.psn - INJ_PSN) & WIRE_PSN_MASK;

        CHECK(off < 16 && data_is(i, r, off * 1024u, 1000));
        n[off & 15]++;
    }
    for (uint32_t k = 0; k < 16; k++) {
        CHECK(n[k] >= 1);
    }
    inj_write(i, WIRE_WRITE_ONLY, 16, 4, 900000, 4, INJ_A);
    CHECK(inj_is(i, WIRE_ACK, 16, INJ_ACK, 17));
    CHECK_EQ(pair_qp_state(&i->q), HINIC_QPS_RTS);
    inj_free(i);
}

/* ---- faults on the way ---- */

static void fault(void)
{
    for (uint32_t k = 0; k < 2; k++) {
        struct inj *i = new_mtu(4096, 4);
        struct pair_mr mr = pair_mr(i->e, 64 * 4096, HINIC_ACCESS_REMOTE_READ, PAIR_MR_FLAT);
        struct wire_hdr w = inj_hdr(i, WIRE_READ_REQ, 0);
        const struct inj_resp *r;
        uint32_t psn = 0;

        w.va = mr.va;
        w.rkey = mr.key;
        w.dma_len = 64 * 4096;
        if (k == 0) { /* memory goes missing behind 40 pages */
            i->e->o->hole_from = mr.addr + 40 * 4096;
            i->e->o->hole_to = mr.addr + 64 * 4096;
        }
        (void)inj_put(i, &w, NULL);
        inj_read(i, 64, 0, 100); /* not answered */
        while (i->n_resp < 20) {
            CHECK(pair_step(i->p));
        }
        if (k == 1) { /* the region goes away */
            pair_mr_dereg(i->e, &mr);
        }
        while ((r = inj_next(i)) != NULL && r->w.opcode != WIRE_ACK) {
            CHECK_EQ(r->w.psn, vdc_psn_add(INJ_PSN, psn));
            psn++;
        }
        CHECK(r && r->w.syndrome == (k == 0 ? INJ_OP : INJ_ACCESS));
        CHECK(r && r->w.psn == vdc_psn_add(INJ_PSN, psn));
        CHECK(k == 0 ? psn == 40 : psn >= 20 && psn < 64);
        CHECK(inj_is_silent(i));
        CHECK_EQ(inj_event(i), HINIC_EQE_QP_ACCESS);
        CHECK_EQ(pair_qp_state(&i->q), HINIC_QPS_ERR);
        inj_free(i);
    }
}

/* ERR while responses are fetched: they stop, nothing is left behind. */
static void error_in_progress(void)
{
    struct inj *i = new_mtu(1024, 4);
    uint32_t n;

    inj_read(i, 0, 0, 100 * 1024);
    while (i->n_resp < 10) {
        CHECK(pair_step(i->p));
    }
    CHECK_EQ(pair_qp_to(&i->q, HINIC_QPS_ERR), HINIC_AQ_OK);
    n = i->n_resp;
    pair_idle(i->p);
    CHECK(n < 100 && i->n_resp <= n + 1);
    CHECK_EQ(pair_qp_to(&i->q, HINIC_QPS_RESET), HINIC_AQ_OK);
    CHECK_EQ(pair_qp_destroy(&i->q), HINIC_AQ_OK);
    inj_free(i);
}

static const struct tap_case cases[] = {
    { "responses of every size", sizes },
    { "several READs and WRITEs are answered in order", several },
    { "a READ sees the WRITE before it", sees_the_write_before },
    { "more READs than agreed", too_many },
    { "READs that are refused", refused },
    { "instants of the responses", instants },
    { "an old READ is executed again as the packet says", again },
    { "a copy of a READ in progress goes back", again_in_progress },
    { "more copies than are remembered", flood_of_copies },
    { "a fault between responses", fault },
    { "ERR between responses", error_in_progress },
};
TAP_MAIN(cases)
