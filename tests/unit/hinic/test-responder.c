/* SPDX-License-Identifier: MIT */
/* Responder of connected QPs: messages, sequence, duplicates, RNR, errors, states; UC. */
#include "inject.h"
#include "tap.h"

static uint64_t bus(const struct vdc_hinic_cfg *c, uint32_t len)
{
    return ((uint64_t)len * 8000 + c->pcie_gbps - 1) / c->pcie_gbps;
}

static struct inj *new_mtu(uint32_t mtu)
{
    const struct inj_cfg c = { .conn = { .path_mtu = mtu } };

    return inj_new(&c);
}

static void check_dead(struct inj *i, uint32_t event)
{
    CHECK_EQ(inj_event(i), event);
    CHECK_EQ(pair_qp_state(&i->q), HINIC_QPS_ERR);
    inj_write(i, WIRE_WRITE_ONLY, 0, 4, 0, 4, INJ_A);
    CHECK(inj_is_silent(i));
}

/* ---- messages ---- */

static void send_only(void)
{
    struct inj *i = inj_new(NULL);
    struct hinic_cqe c;

    inj_recv(i, 0, 4096);
    inj_send(i, WIRE_SEND_ONLY, 0, 1001, INJ_A | INJ_SE);
    CHECK(inj_is(i, WIRE_ACK, 0, INJ_ACK, 1));
    CHECK(inj_is_silent(i));
    CHECK(inj_buf_is(i, 0, 0, 1001));
    CHECK(inj_cqe(i, &c));
    CHECK_EQ(c.qpn_op, i->q.qpn | (uint32_t)HINIC_WQE_SEND << 24);
    CHECK_EQ(c.status, HINIC_WC_SUCCESS);
    CHECK_EQ(c.flags, HINIC_CQE_RECV | HINIC_CQE_SOLICITED);
    CHECK_EQ(c.byte_len, 1001);
    CHECK_EQ(c.wqe_idx, 0);
    CHECK_EQ(c.cookie, 0x90);
    CHECK_EQ(c.timestamp, (i->t - i->e->o->epoch) / VTIME_PS_PER_NS);
    CHECK(!inj_cqe(i, &c));
    inj_free(i);
}

static void send_in_packets(void)
{
    struct inj *i = new_mtu(1024);
    const struct hinic_sge g[3] = { pair_sge(&i->buf, 100, 1500), pair_sge(&i->buf, 9000, 0),
                                    pair_sge(&i->buf, 4000, 2000) };
    struct hinic_cqe c;

    (void)pair_recv(&i->q, g, 3);
    pair_idle(i->p);
    inj_send(i, WIRE_SEND_FIRST, 0, 1024, 0);
    inj_send(i, WIRE_SEND_MIDDLE, 1, 1024, INJ_A);
    CHECK(inj_is(i, WIRE_ACK, 1, INJ_ACK, 0));
    CHECK(!inj_cqe(i, &c));
    inj_send(i, WIRE_SEND_LAST_IMM, 2, 7, INJ_A);
    CHECK(inj_is(i, WIRE_ACK, 2, INJ_ACK, 1));
    CHECK(inj_buf_is(i, 100, 0, 1024));
    CHECK(inj_buf_is(i, 1124, 1, 476));
    CHECK(inj_buf_is(i, 4000 + 1024 - 476, 2, 7));
    CHECK(inj_cqe(i, &c));
    CHECK_EQ(c.byte_len, 2055);
    CHECK_EQ(c.flags, HINIC_CQE_RECV | HINIC_CQE_IMM);
    CHECK_EQ(c.imm, 0xa1b2c3d4);
    CHECK_EQ(c.qpn_op >> 24, HINIC_WQE_SEND_IMM);
    inj_free(i);
}

static void empty_messages(void)
{
    struct inj *i = inj_new(NULL);
    struct hinic_cqe c;

    inj_recv(i, 0, 64);
    inj_recv(i, 64, 64);
    inj_write(i, WIRE_WRITE_ONLY, 0, 3000, 0, 3000, 0); /* in memory still when the next comes */
    inj_send(i, WIRE_SEND_ONLY, 1, 0, 0);
    inj_write(i, WIRE_WRITE_ONLY_IMM, 2, 0, 1u << 30, 0, INJ_A); /* checks no key */
    CHECK(inj_is(i, WIRE_ACK, 2, INJ_ACK, 3));
    CHECK(inj_cqe(i, &c));
    CHECK_EQ(c.byte_len, 0);
    CHECK_EQ(c.wqe_idx, 0);
    CHECK(inj_cqe(i, &c));
    CHECK_EQ(c.wqe_idx, 1);
    CHECK_EQ(c.qpn_op >> 24, HINIC_WQE_WRITE_IMM);
    CHECK(inj_is_silent(i));
    inj_free(i);
}

static void write_in_packets(void)
{
    struct inj *i = new_mtu(512);
    struct hinic_cqe c;

    inj_recv(i, 0, 0);
    inj_write(i, WIRE_WRITE_FIRST, 0, 512, 4000, 1030, 0);
    inj_send(i, WIRE_WRITE_MIDDLE, 1, 512, 0);
    inj_send(i, WIRE_WRITE_LAST_IMM, 2, 6, INJ_A);
    CHECK(inj_is(i, WIRE_ACK, 2, INJ_ACK, 1));
    CHECK(inj_mr_is(i, 4000, 0, 512));
    CHECK(inj_mr_is(i, 4512, 1, 512));
    CHECK(inj_mr_is(i, 5024, 2, 6));
    CHECK(inj_cqe(i, &c));
    CHECK_EQ(c.byte_len, 1030);
    CHECK_EQ(c.flags, HINIC_CQE_RECV | HINIC_CQE_IMM);
    CHECK_EQ(inj_count(i, HINIC_CNT_RX_WRITE_REQUESTS), 1);
    inj_free(i);
}

/* Arrival, t_rx, placed over the bus, acknowledged; the completion lands behind the data. */
static void instants(void)
{
    struct inj *i = inj_new(NULL);
    const struct vdc_hinic_cfg *cfg = &i->e->o->cfg;
    const struct vdc_hinic_timing *t = &cfg->timing;
    struct hinic_cqe c;
    const struct inj_resp *r;
    uint8_t last;
    vtime_t placed;

    inj_recv(i, 0, 4096);
    inj_recv(i, 0, 4096);
    inj_send(i, WIRE_SEND_ONLY, 0, 1, INJ_A); /* the page list is known afterwards */
    CHECK(inj_is(i, WIRE_ACK, 0, INJ_ACK, 1));
    CHECK(inj_cqe(i, &c));
    inj_send(i, WIRE_SEND_ONLY, 1, 4096, INJ_A);
    placed = i->t + t->t_rx + bus(cfg, 4096) + t->t_pcie_up;
    pair_run(i->p, placed + bus(cfg, 64) + t->t_pcie_up - 1);
    CHECK(!pair_poll(i->e, &i->e->cq, &c));
    pair_mr_read(i->e, &i->buf, 4095, &last, 1);
    CHECK_EQ(last, inj_byte(1, 4095));
    pair_run(i->p, placed + bus(cfg, 64) + t->t_pcie_up);
    CHECK(pair_poll(i->e, &i->e->cq, &c));
    r = inj_next(i);
    CHECK(r != NULL);
    if (r) {
        CHECK_EQ(r->depart, placed + t->t_ack + t->t_tx);
    }
    inj_free(i);
}

static void invalidate(void)
{
    struct inj *i = inj_new(NULL);
    struct hinic_cqe c;
    struct wire_hdr w = inj_hdr(i, WIRE_SEND_ONLY_INV, 0);

    inj_recv(i, 0, 64);
    inj_recv(i, 64, 64);
    w.ieth = i->mr.key; /* a region that was not registered by a work request */
    w.is_ack_req = 1;
    (void)inj_put(i, &w, NULL);
    CHECK(inj_is(i, WIRE_ACK, 0, INJ_ACCESS, 0));
    CHECK(inj_cqe(i, &c));
    CHECK_EQ(c.status, HINIC_WC_REM_INV_REQ_ERR);
    CHECK_EQ(c.wqe_idx, 0);
    CHECK(inj_cqe(i, &c));
    CHECK_EQ(c.status, HINIC_WC_WR_FLUSH_ERR);
    CHECK_EQ(c.wqe_idx, 1);
    check_dead(i, HINIC_EQE_QP_ACCESS);
    inj_free(i);
}

/* ---- sequence ---- */

static void duplicates(void)
{
    struct inj *i = inj_new(NULL);
    struct hinic_cqe c;

    inj_recv(i, 0, 64);
    inj_recv(i, 64, 64);
    inj_send(i, WIRE_SEND_ONLY, 0, 10, INJ_A);
    inj_write(i, WIRE_WRITE_ONLY, 1, 10, 0, 10, INJ_A);
    pair_idle(i->p);
    CHECK(inj_is(i, WIRE_ACK, 0, INJ_ACK, 1));
    CHECK(inj_is(i, WIRE_ACK, 1, INJ_ACK, 2));
    inj_write(i, WIRE_WRITE_ONLY, 0, 10, 0, 10, 0); /* old PSN, other bytes */
    CHECK(inj_is(i, WIRE_ACK, 1, INJ_ACK, 2));
    inj_send(i, WIRE_SEND_ONLY, 1, 10, 0);
    CHECK(inj_is(i, WIRE_ACK, 1, INJ_ACK, 2));
    CHECK(inj_mr_is(i, 0, 1, 10));
    CHECK(inj_cqe(i, &c));
    CHECK(!inj_cqe(i, &c));
    CHECK_EQ(inj_count(i, HINIC_CNT_DUPLICATE_REQUEST), 2);
    inj_send(i, WIRE_SEND_ONLY, 0x800002, 10, INJ_A); /* half of the circle away: old */
    CHECK(inj_is(i, WIRE_ACK, 1, INJ_ACK, 2));
    inj_send(i, WIRE_SEND_ONLY, 2, 10, INJ_A);
    CHECK(inj_is(i, WIRE_ACK, 2, INJ_ACK, 3));
    CHECK(inj_cqe(i, &c));
    CHECK_EQ(c.wqe_idx, 1);
    inj_free(i);
}

static void gaps(void)
{
    struct inj *i = inj_new(NULL);

    inj_write(i, WIRE_WRITE_ONLY, 0, 4, 0, 4, INJ_A);
    CHECK(inj_is(i, WIRE_ACK, 0, INJ_ACK, 1));
    inj_write(i, WIRE_WRITE_ONLY, 2, 4, 0, 4, INJ_A);
    CHECK(inj_is(i, WIRE_ACK, 1, INJ_SEQ, 1));
    inj_write(i, WIRE_WRITE_ONLY, 3, 4, 0, 4, INJ_A);
    inj_write(i, WIRE_WRITE_ONLY, 0x7fffff, 4, 0, 4, INJ_A);
    CHECK(inj_is_silent(i)); /* once */
    CHECK(inj_mr_is(i, 0, 0, 4));
    inj_write(i, WIRE_WRITE_ONLY, 1, 4, 0, 4, INJ_A);
    CHECK(inj_is(i, WIRE_ACK, 1, INJ_ACK, 2));
    inj_write(i, WIRE_WRITE_ONLY, 3, 4, 0, 4, INJ_A);
    CHECK(inj_is(i, WIRE_ACK, 2, INJ_SEQ, 2)); /* again */
    CHECK_EQ(inj_count(i, HINIC_CNT_OUT_OF_SEQUENCE), 4);
    inj_free(i);
}

/* A NAK acknowledges all before it, so it waits for what is being placed. */
static void gap_behind_placing(void)
{
    struct inj *i = inj_new(NULL);
    const struct vdc_hinic_timing *t = &i->e->o->cfg.timing;
    const struct inj_resp *r;
    vtime_t first;

    inj_write(i, WIRE_WRITE_ONLY, 0, 4096, 0, 4096, 0); /* the page list is known afterwards */
    CHECK(inj_is_silent(i));
    inj_write(i, WIRE_WRITE_ONLY, 1, 4096, 0, 4096, 0);
    first = i->t;
    inj_write(i, WIRE_WRITE_ONLY, 3, 4, 0, 4, 0);
    r = inj_next(i);
    CHECK(r && r->w.syndrome == INJ_SEQ && r->w.msn == 2);
    CHECK_EQ(r ? r->depart : 0,
             first + t->t_rx + bus(&i->e->o->cfg, 4096) + t->t_pcie_up + t->t_ack + t->t_tx);
    /* What was missing comes before the NAK has left: none is sent. */
    inj_write(i, WIRE_WRITE_ONLY, 2, 4096, 0, 4096, 0);
    inj_write(i, WIRE_WRITE_ONLY, 4, 4, 0, 4, 0);
    inj_write(i, WIRE_WRITE_ONLY, 3, 4, 0, 4, INJ_A);
    CHECK(inj_is(i, WIRE_ACK, 3, INJ_ACK, 4));
    CHECK(inj_is_silent(i));
    inj_free(i);
}

static void psn_wrap(void)
{
    const struct inj_cfg c = { .conn = { .psn = { 0xfffffe + 1 }, .path_mtu = 256 } };
    struct inj *i = inj_new(&c);
    const uint32_t base = 0xfffffe - INJ_PSN;

    inj_write(i, WIRE_WRITE_FIRST, base, 256, 0, 800, 0);
    inj_send(i, WIRE_WRITE_MIDDLE, base + 1, 256, 0);
    inj_send(i, WIRE_WRITE_MIDDLE, base + 2, 256, INJ_A); /* PSN 0 */
    inj_send(i, WIRE_WRITE_LAST, base + 3, 32, INJ_A);
    CHECK(inj_is(i, WIRE_ACK, base + 2, INJ_ACK, 0));
    CHECK(inj_is(i, WIRE_ACK, base + 3, INJ_ACK, 1));
    inj_send(i, WIRE_WRITE_MIDDLE, base + 1, 256, INJ_A); /* old, across the wrap */
    CHECK(inj_is(i, WIRE_ACK, base + 3, INJ_ACK, 1));
    inj_send(i, WIRE_SEND_ONLY, base + 9, 1, INJ_A);
    CHECK(inj_is(i, WIRE_ACK, base + 4, INJ_SEQ, 1));
    inj_free(i);
}

static void acks_are_coalesced(void)
{
    struct inj *i = inj_new(NULL);

    for (uint32_t k = 0; k < 130; k++) {
        inj_write(i, WIRE_WRITE_ONLY, k, 8, 0, 8, 0);
    }
    CHECK(inj_is(i, WIRE_ACK, 63, INJ_ACK, 64));
    CHECK(inj_is(i, WIRE_ACK, 127, INJ_ACK, 128));
    CHECK(inj_is_silent(i));
    inj_free(i);
}

/* ---- receiver not ready ---- */

static void rnr(void)
{
    struct inj *i = inj_new(NULL);
    struct hinic_cqe c;

    inj_write(i, WIRE_WRITE_ONLY, 0, 4, 0, 4, INJ_A);
    CHECK(inj_is(i, WIRE_ACK, 0, INJ_ACK, 1));
    inj_send(i, WIRE_SEND_ONLY, 1, 100, INJ_A);
    CHECK(inj_is(i, WIRE_ACK, 1, INJ_RNR, 1));
    inj_send(i, WIRE_SEND_ONLY, 2, 100, INJ_A); /* dropped until PSN 1 comes again */
    CHECK(inj_is_silent(i));
    inj_write(i, WIRE_WRITE_ONLY, 0, 4, 0, 4, INJ_A); /* old ones are acknowledged meanwhile */
    CHECK(inj_is(i, WIRE_ACK, 0, INJ_ACK, 1));
    inj_send(i, WIRE_SEND_ONLY, 1, 100, INJ_A);
    CHECK(inj_is(i, WIRE_ACK, 1, INJ_RNR, 1)); /* again */
    CHECK_EQ(inj_count(i, HINIC_CNT_OUT_OF_BUFFER), 2);
    inj_recv(i, 0, 100);
    inj_recv(i, 100, 100);
    inj_send(i, WIRE_SEND_ONLY, 1, 100, INJ_A);
    CHECK(inj_is(i, WIRE_ACK, 1, INJ_ACK, 2));
    inj_send(i, WIRE_SEND_ONLY, 1, 100, INJ_A); /* a late copy does not take the next WQE */
    CHECK(inj_is(i, WIRE_ACK, 1, INJ_ACK, 2));
    CHECK(inj_cqe(i, &c));
    CHECK(!inj_cqe(i, &c));
    inj_send(i, WIRE_SEND_ONLY, 2, 100, INJ_A);
    CHECK(inj_is(i, WIRE_ACK, 2, INJ_ACK, 3));
    CHECK(inj_cqe(i, &c));
    CHECK_EQ(c.wqe_idx, 1);
    CHECK(inj_buf_is(i, 100, 2, 100));
    inj_free(i);
}

static void rnr_at_the_end_of_a_write(void)
{
    struct inj *i = new_mtu(256);

    inj_write(i, WIRE_WRITE_FIRST, 0, 256, 0, 300, 0);
    inj_send(i, WIRE_WRITE_LAST_IMM, 1, 44, INJ_A);
    CHECK(inj_is(i, WIRE_ACK, 1, INJ_RNR, 0));
    inj_recv(i, 0, 0);
    inj_send(i, WIRE_WRITE_LAST_IMM, 1, 44, INJ_A);
    CHECK(inj_is(i, WIRE_ACK, 1, INJ_ACK, 1));
    CHECK(inj_mr_is(i, 256, 1, 44));
    inj_free(i);
}

/* ---- requests that end the QP ---- */

static void order_errors(void)
{
    static const struct {
        uint8_t n, op[3]; /* the last one is wrong */
    } c[] = {
        { 1, { WIRE_SEND_MIDDLE } },
        { 1, { WIRE_SEND_LAST } },
        { 1, { WIRE_SEND_LAST_IMM } },
        { 1, { WIRE_SEND_LAST_INV } },
        { 1, { WIRE_WRITE_MIDDLE } },
        { 1, { WIRE_WRITE_LAST } },
        { 1, { WIRE_WRITE_LAST_IMM } },
        { 2, { WIRE_SEND_FIRST, WIRE_SEND_FIRST } },
        { 2, { WIRE_SEND_FIRST, WIRE_SEND_ONLY } },
        { 2, { WIRE_SEND_FIRST, WIRE_WRITE_MIDDLE } },
        { 2, { WIRE_SEND_FIRST, WIRE_WRITE_ONLY } },
        { 2, { WIRE_SEND_FIRST, WIRE_READ_REQ } },
        { 2, { WIRE_SEND_FIRST, WIRE_FADD } },
        { 2, { WIRE_SEND_FIRST, WIRE_FLUSH } },
        { 2, { WIRE_SEND_FIRST, WIRE_ATOMIC_WRITE } },
        { 2, { WIRE_WRITE_FIRST, WIRE_SEND_LAST } },
        { 2, { WIRE_WRITE_FIRST, WIRE_WRITE_FIRST } },
        { 2, { WIRE_WRITE_FIRST, WIRE_CAS } },
        { 3, { WIRE_WRITE_FIRST, WIRE_WRITE_MIDDLE, WIRE_SEND_MIDDLE } },
    };

    for (uint32_t k = 0; k < sizeof(c) / sizeof(c[0]); k++) {
        struct inj *i = new_mtu(256);

        inj_recv(i, 0, 4096);
        for (uint32_t n = 0; n < c[k].n; n++) {
            const uint32_t op = c[k].op[n];
            const bool is_bare = op == WIRE_READ_REQ || op == WIRE_CAS || op == WIRE_FADD ||
                                 op == WIRE_FLUSH;

            inj_write(i, op, n, is_bare ? 0 : op == WIRE_ATOMIC_WRITE ? 8 : 256, 0, 4096, 0);
        }
        CHECK(inj_is(i, WIRE_ACK, c[k].n - 1u, INJ_INV, 0));
        check_dead(i, HINIC_EQE_QP_REQ_ERR);
        inj_free(i);
    }
}

static void length_errors(void)
{
    static const struct {
        uint8_t op, is_second;
        uint16_t n, len;
    } c[] = {
        { WIRE_SEND_FIRST, 0, 255, 0 },
        { WIRE_SEND_FIRST, 0, 0, 0 },
        { WIRE_SEND_ONLY, 0, 257, 0 },
        { WIRE_SEND_MIDDLE, WIRE_SEND_FIRST + 1, 255, 0 },
        { WIRE_SEND_LAST, WIRE_SEND_FIRST + 1, 0, 0 },
        { WIRE_SEND_LAST, WIRE_SEND_FIRST + 1, 300, 0 },
        { WIRE_WRITE_ONLY, 0, 100, 101 },
        { WIRE_WRITE_ONLY, 0, 100, 99 },
        { WIRE_WRITE_ONLY, 0, 0, 1 },
        { WIRE_WRITE_ONLY, 0, 300, 300 },
        { WIRE_WRITE_FIRST, 0, 256, 256 },
        { WIRE_WRITE_FIRST, 0, 256, 0 },
        { WIRE_WRITE_FIRST, 0, 200, 400 },
        { WIRE_WRITE_MIDDLE, WIRE_WRITE_FIRST + 1, 256, 512 },
        { WIRE_WRITE_LAST, WIRE_WRITE_FIRST + 1, 100, 512 },
        { WIRE_WRITE_LAST, WIRE_WRITE_FIRST + 1, 256, 511 },
    };

    for (uint32_t k = 0; k < sizeof(c) / sizeof(c[0]); k++) {
        struct inj *i = new_mtu(256);
        uint32_t psn = 0;

        inj_recv(i, 0, 4096);
        if (c[k].is_second) {
            inj_write(i, c[k].is_second - 1u, psn++, 256, 0, c[k].len, 0);
        }
        inj_write(i, c[k].op, psn, c[k].n, 0, c[k].len, 0);
        if (!inj_is(i, WIRE_ACK, psn, INJ_INV, 0)) {
            printf("# length case %u\n", k);
            CHECK(0);
        }
        check_dead(i, HINIC_EQE_QP_REQ_ERR);
        inj_free(i);
    }
}

static void rights(void)
{
    for (uint32_t k = 0; k < 8; k++) {
        const struct inj_cfg cfg = { .conn = { .access = k == 0 ? HINIC_ACCESS_REMOTE_READ
                                                                : HINIC_ACCESS_REMOTE_WRITE } };
        struct inj *i = inj_new(k < 3 ? &cfg : NULL);
        struct wire_hdr w = inj_hdr(i, WIRE_WRITE_ONLY, 0);
        const uint8_t b[16] = { 0 };

        w.va = i->mr.va;
        w.rkey = i->mr.key;
        w.dma_len = w.pay_len = 16;
        switch (k) {
        case 0: /* the QP does not allow it */
            (void)inj_put(i, &w, b);
            break;
        case 1:
            inj_read(i, 0, 0, 16);
            break;
        case 2:
            inj_atomic(i, WIRE_FADD, 0, 0, 1, 0);
            break;
        case 3: /* no such key */
            w.rkey ^= 1;
            (void)inj_put(i, &w, b);
            break;
        case 4: /* out of bounds */
            w.va += INJ_MR_LEN - 15;
            (void)inj_put(i, &w, b);
            break;
        case 5:
            w.va -= 1;
            (void)inj_put(i, &w, b);
            break;
        case 6: /* around the end of all addresses */
            w.va = UINT64_MAX - 7;
            (void)inj_put(i, &w, b);
            break;
        default: /* no remote access */
            w.va = i->buf.va;
            w.rkey = i->buf.key;
            (void)inj_put(i, &w, b);
            break;
        }
        CHECK(inj_is(i, WIRE_ACK, 0, k < 3 ? INJ_INV : INJ_ACCESS, 0));
        CHECK_EQ(inj_count(i, HINIC_CNT_RESP_REMOTE_ACCESS_ERRORS), k < 3 ? 0 : 1);
        check_dead(i, k < 3 ? HINIC_EQE_QP_REQ_ERR : HINIC_EQE_QP_ACCESS);
        inj_free(i);
    }
}

static void buffer_too_short(void)
{
    struct inj *i = new_mtu(256);
    struct hinic_cqe c;

    inj_recv(i, 0, 300);
    inj_recv(i, 300, 300);
    inj_send(i, WIRE_SEND_FIRST, 0, 256, 0);
    inj_send(i, WIRE_SEND_MIDDLE, 1, 256, 0);
    inj_send(i, WIRE_SEND_LAST, 2, 256, INJ_A); /* after the refused one: nothing */
    CHECK(inj_is(i, WIRE_ACK, 1, INJ_INV, 0));
    CHECK(inj_is_silent(i));
    CHECK(inj_cqe(i, &c));
    CHECK_EQ(c.status, HINIC_WC_LOC_LEN_ERR);
    CHECK_EQ(c.wqe_idx, 0);
    CHECK(inj_cqe(i, &c));
    CHECK_EQ(c.status, HINIC_WC_WR_FLUSH_ERR);
    CHECK_EQ(c.wqe_idx, 1);
    CHECK(!inj_cqe(i, &c));
    CHECK_EQ(inj_count(i, HINIC_CNT_RESP_LOCAL_LENGTH_ERROR), 1);
    CHECK_EQ(inj_count(i, HINIC_CNT_RESP_CQE_ERROR), 2);
    CHECK_EQ(inj_count(i, HINIC_CNT_RESP_CQE_FLUSH_ERROR), 1);
    check_dead(i, HINIC_EQE_QP_REQ_ERR);
    inj_free(i);
}

static void local_faults(void)
{
    for (uint32_t k = 0; k < 3; k++) {
        struct inj *i = inj_new(NULL);
        struct hinic_sge g = pair_sge(&i->buf, 0, 64);
        struct hinic_cqe c;

        if (k == 0) {
            g.lkey ^= 1;
        } else {
            i->e->o->hole_from = i->buf.addr;
            i->e->o->hole_to = i->buf.addr + INJ_MR_LEN;
        }
        (void)pair_recv(&i->q, &g, 1);
        inj_recv(i, 4096, 64);
        pair_idle(i->p);
        if (k == 2) { /* the memory of a WRITE */
            i->e->o->hole_from = i->mr.addr;
            i->e->o->hole_to = i->mr.addr + INJ_MR_LEN;
            inj_write(i, WIRE_WRITE_ONLY, 0, 64, 0, 64, INJ_A);
        } else {
            inj_send(i, WIRE_SEND_ONLY, 0, 64, INJ_A);
        }
        inj_write(i, WIRE_WRITE_ONLY, 1, 64, 64, 64, INJ_A);
        CHECK(inj_is(i, WIRE_ACK, 0, INJ_OP, 0));
        CHECK(inj_is_silent(i));
        CHECK(inj_cqe(i, &c));
        CHECK_EQ(c.status, k == 2 ? HINIC_WC_WR_FLUSH_ERR : HINIC_WC_LOC_PROT_ERR);
        CHECK_EQ(c.wqe_idx, 0);
        CHECK(inj_cqe(i, &c));
        CHECK_EQ(c.status, HINIC_WC_WR_FLUSH_ERR);
        CHECK_EQ(c.wqe_idx, 1);
        CHECK(!inj_cqe(i, &c));
        check_dead(i, HINIC_EQE_QP_ACCESS);
        inj_free(i);
    }
}

/* A message is refused in its middle while the next WQEs are in use: each completes once. */
static void fault_in_a_message(void)
{
    struct inj *i = new_mtu(256);
    const struct hinic_sge g[2] = { pair_sge(&i->buf, 0, 256),
                                    { .addr = 1, .len = 900, .lkey = 7 } };
    struct hinic_cqe c;

    (void)pair_recv(&i->q, g, 2);
    inj_recv(i, 4096, 512);
    inj_recv(i, 8192, 512);
    inj_send(i, WIRE_SEND_FIRST, 0, 256, 0);
    inj_send(i, WIRE_SEND_MIDDLE, 1, 256, 0);
    inj_send(i, WIRE_SEND_LAST, 2, 256, 0);
    inj_send(i, WIRE_SEND_ONLY, 3, 256, 0);
    inj_send(i, WIRE_SEND_FIRST, 4, 256, INJ_A);
    CHECK(inj_is(i, WIRE_ACK, 1, INJ_OP, 0));
    CHECK(inj_is_silent(i));
    for (uint32_t k = 0; k < 3; k++) {
        CHECK(inj_cqe(i, &c));
        CHECK_EQ(c.wqe_idx, k);
        CHECK_EQ(c.status, k == 0 ? HINIC_WC_LOC_PROT_ERR : HINIC_WC_WR_FLUSH_ERR);
    }
    CHECK(!inj_cqe(i, &c));
    inj_free(i);
}

/* ---- UC ---- */

static struct inj *new_uc(void)
{
    const struct inj_cfg c = { .type = HINIC_QPT_UC, .conn = { .path_mtu = 256 } };

    return inj_new(&c);
}

static void uc_gap(void)
{
    struct inj *i = new_uc();
    struct hinic_cqe c;

    inj_recv(i, 0, 1024);
    inj_recv(i, 1024, 1024);
    inj_send(i, WIRE_SEND_FIRST, 0, 256, 0);
    inj_send(i, WIRE_SEND_LAST, 2, 256, 0); /* 1 is missing */
    CHECK(!inj_cqe(i, &c));
    inj_send(i, WIRE_SEND_MIDDLE, 3, 256, 0); /* of nothing */
    inj_send(i, WIRE_SEND_ONLY, 4, 33, 0);    /* the same WQE, from its start */
    CHECK(inj_cqe(i, &c));
    CHECK_EQ(c.wqe_idx, 0);
    CHECK_EQ(c.byte_len, 33);
    CHECK(inj_buf_is(i, 0, 4, 33));
    inj_send(i, WIRE_SEND_ONLY, 900, 44, 0); /* a new message resynchronises */
    CHECK(inj_cqe(i, &c));
    CHECK_EQ(c.wqe_idx, 1);
    CHECK_EQ(c.byte_len, 44);
    inj_send(i, WIRE_SEND_ONLY, 901, 44, 0); /* no WQE */
    CHECK(!inj_cqe(i, &c));
    CHECK_EQ(inj_count(i, HINIC_CNT_OUT_OF_BUFFER), 1);
    CHECK(inj_is_silent(i));
    CHECK_EQ(pair_qp_state(&i->q), HINIC_QPS_RTS);
    inj_free(i);
}

static void uc_write(void)
{
    struct inj *i = new_uc();

    inj_write(i, WIRE_WRITE_FIRST, 0, 256, 0, 512, INJ_A);
    inj_write(i, WIRE_WRITE_LAST, 1, 256, 0, 512, INJ_A);
    CHECK(inj_mr_is(i, 256, 1, 256));
    inj_write(i, WIRE_WRITE_ONLY, 2, 8, INJ_MR_LEN - 4, 8, 0); /* out of bounds: dropped */
    inj_write(i, WIRE_WRITE_FIRST, 3, 256, INJ_MR_LEN - 300, 512, 0);
    inj_write(i, WIRE_WRITE_LAST, 4, 256, 0, 512, 0);
    inj_write(i, WIRE_WRITE_ONLY, 5, 8, 0, 8, 0);
    CHECK(inj_mr_is(i, 0, 5, 8));
    CHECK(inj_is_silent(i));
    CHECK_EQ(pair_qp_state(&i->q), HINIC_QPS_RTS);
    inj_free(i);
}

static void uc_too_long(void)
{
    struct inj *i = new_uc();
    struct hinic_cqe c;

    inj_recv(i, 0, 300);
    inj_send(i, WIRE_SEND_FIRST, 0, 256, 0);
    inj_send(i, WIRE_SEND_LAST, 1, 256, 0);
    CHECK(inj_cqe(i, &c));
    CHECK_EQ(c.status, HINIC_WC_LOC_LEN_ERR);
    CHECK(inj_is_silent(i));
    CHECK_EQ(pair_qp_state(&i->q), HINIC_QPS_ERR);
    inj_free(i);
}

static const struct tap_case cases[] = {
    { "a SEND in one packet completes with every field", send_only },
    { "a SEND in packets fills the list of buffers", send_in_packets },
    { "messages without bytes keep their place", empty_messages },
    { "a WRITE in packets", write_in_packets },
    { "instants of placing, completion and ACK", instants },
    { "SEND with invalidate of what must not be invalidated", invalidate },
    { "duplicates are acknowledged without effect", duplicates },
    { "a gap is told once until it is filled", gaps },
    { "a NAK waits for what is being placed", gap_behind_placing },
    { "sequence numbers wrap", psn_wrap },
    { "an ACK after 64 packets", acks_are_coalesced },
    { "receiver not ready, then duplicates", rnr },
    { "receiver not ready at the last packet of a WRITE", rnr_at_the_end_of_a_write },
    { "opcodes out of order", order_errors },
    { "lengths that disagree", length_errors },
    { "rights of the QP and of the region", rights },
    { "a receive buffer that is too short", buffer_too_short },
    { "local faults", local_faults },
    { "a fault in the middle completes every WQE once", fault_in_a_message },
    { "UC: a gap drops the rest of a message", uc_gap },
    { "UC: WRITE errors are silent", uc_write },
    { "UC: a message too long", uc_too_long },
};
TAP_MAIN(cases)
