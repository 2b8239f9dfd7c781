/* SPDX-License-Identifier: MIT */
/* Tests of two devices back to back: every kind of transfer from end to end, with and without
 * faults on the link, the same twice. */
#include "pair.h"
#include "tap.h"
#include "wire.h"

#define KIB 1024u
#define ALL                                                                                        \
    (HINIC_ACCESS_LOCAL_WRITE | HINIC_ACCESS_REMOTE_WRITE | HINIC_ACCESS_REMOTE_READ |             \
     HINIC_ACCESS_REMOTE_ATOMIC)
#define LIMIT (p->now + VTIME_PS_PER_S)

/* Two connected QPs and memory at both ends. */
struct two {
    struct pair *p;
    struct pair_qp q[2];
    struct pair_mr m[2];
};

static struct two two_new(uint32_t type, const struct pair_conn *conn, enum pair_mr_kind kind,
                          uint64_t seed)
{
    struct two t = { .p = pair_new(NULL, seed) };
    const struct pair_qp_cfg cfg = { .type = type };

    for (uint32_t i = 0; i < 2; i++) {
        t.m[i] = pair_mr(&t.p->end[i], 256 * KIB, ALL, kind);
        t.q[i] = pair_qp(&t.p->end[i], &cfg);
    }
    if (type == HINIC_QPT_UD || type == HINIC_QPT_GSI) {
        pair_ud_start(&t.q[0], PAIR_QKEY, 1);
        pair_ud_start(&t.q[1], PAIR_QKEY, 1);
    } else {
        pair_connect(&t.q[0], &t.q[1], conn);
    }
    return t;
}

static void expect(struct two *t, uint32_t end, uint32_t op, uint32_t flags, uint32_t len)
{
    struct pair *p = t->p;
    struct hinic_cqe c;
    const bool is_there = pair_wait(&p->end[end], &p->end[end].cq, &c, LIMIT);

    CHECK(is_there);
    if (!is_there) {
        return;
    }
    CHECK_EQ(c.status, HINIC_WC_SUCCESS);
    CHECK_EQ(c.qpn_op & 0xffffff, t->q[end].qpn);
    CHECK_EQ(c.flags & HINIC_CQE_RECV, flags & HINIC_CQE_RECV);
    if (flags & HINIC_CQE_RECV) {
        CHECK_EQ(c.byte_len, len);
    } else {
        CHECK_EQ(c.qpn_op >> 24, op);
    }
    CHECK_EQ((c.flags & HINIC_CQE_IMM) != 0, (flags & HINIC_CQE_IMM) != 0);
}

/* One SEND of n bytes from end 0 to end 1. */
static void send_one(struct two *t, uint32_t n, uint32_t seed)
{
    const struct hinic_sge to = pair_sge(&t->m[1], 128 * KIB, n);
    const struct pair_wr wr = { .op = HINIC_WQE_SEND,
                                .flags = HINIC_WQE_F_SIGNALED,
                                .n_sge = n ? 1 : 0,
                                .sge = { pair_sge(&t->m[0], 5, n) } };

    pair_mr_fill(&t->p->end[0], &t->m[0], 5, n, seed);
    (void)pair_recv(&t->q[1], &to, 1);
    (void)pair_send(&t->q[0], &wr);
    expect(t, 1, 0, HINIC_CQE_RECV, n);
    expect(t, 0, HINIC_WQE_SEND, 0, n);
    CHECK_EQ(pair_mr_check(&t->p->end[1], &t->m[1], 128 * KIB, n, seed, 5), n);
}

static void rdma_one(struct two *t, uint32_t op, uint32_t n, uint32_t seed)
{
    const bool is_read = op == HINIC_WQE_READ;
    struct pair_end *from = &t->p->end[is_read ? 1 : 0];
    const struct pair_wr wr = { .op = op,
                                .flags = HINIC_WQE_F_SIGNALED,
                                .n_sge = 1,
                                .sge = { pair_sge(&t->m[0], 3, n) },
                                .raddr = t->m[1].va + 7,
                                .rkey = t->m[1].key,
                                .imm = 0x44332211 };

    pair_mr_fill(from, &t->m[is_read ? 1 : 0], is_read ? 7 : 3, n, seed);
    if (op == HINIC_WQE_WRITE_IMM) {
        (void)pair_recv(&t->q[1], NULL, 0);
    }
    (void)pair_send(&t->q[0], &wr);
    if (op == HINIC_WQE_WRITE_IMM) {
        expect(t, 1, 0, HINIC_CQE_RECV | HINIC_CQE_IMM, n);
    }
    expect(t, 0, op, 0, n);
    if (is_read) {
        CHECK_EQ(pair_mr_check(&t->p->end[0], &t->m[0], 3, n, seed, 7), n);
    } else {
        CHECK_EQ(pair_mr_check(&t->p->end[1], &t->m[1], 7, n, seed, 3), n);
    }
}

static void atomic_one(struct two *t)
{
    const uint64_t before = 1000;
    uint64_t old = 0;
    uint64_t now = 0;
    const struct pair_wr wr = { .op = HINIC_WQE_FADD,
                                .flags = HINIC_WQE_F_SIGNALED,
                                .n_sge = 1,
                                .sge = { pair_sge(&t->m[0], 64, 8) },
                                .raddr = t->m[1].va + 1024,
                                .rkey = t->m[1].key,
                                .swap_add = 5 };

    pair_mr_write(&t->p->end[1], &t->m[1], 1024, &before, 8);
    (void)pair_send(&t->q[0], &wr);
    expect(t, 0, HINIC_WQE_FADD, 0, 8);
    pair_mr_read(&t->p->end[0], &t->m[0], 64, &old, 8);
    pair_mr_read(&t->p->end[1], &t->m[1], 1024, &now, 8);
    CHECK_EQ(old, 1000);
    CHECK_EQ(now, 1005);
}

static const uint32_t sizes[] = { 0, 1, 3, 255, 256, 4095, 4096, 4097, 8192, 20001, 65536 };

static void all_rc(struct two *t)
{
    for (uint32_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        send_one(t, sizes[i], i);
        rdma_one(t, HINIC_WQE_WRITE, sizes[i], 100 + i);
        rdma_one(t, HINIC_WQE_READ, sizes[i], 200 + i);
        rdma_one(t, HINIC_WQE_WRITE_IMM, sizes[i], 300 + i);
    }
    atomic_one(t);
}

static void test_rc(void)
{
    for (uint32_t mtu = 256; mtu <= 4096; mtu *= 4) {
        for (uint32_t gid = 0; gid < 2; gid++) {
            const struct pair_conn conn = { .gid = gid, .path_mtu = mtu };
            struct two t = two_new(HINIC_QPT_RC, &conn, gid ? PAIR_MR_SHUFFLED : PAIR_MR_FLAT, 1);

            all_rc(&t);
            CHECK_EQ(pair_counter(t.p, 0, HINIC_CNT_LOCAL_ACK_TIMEOUT_ERR), 0);
            CHECK_EQ(pair_counter(t.p, 1, HINIC_CNT_DUPLICATE_REQUEST), 0);
            CHECK_EQ(pair_counter(t.p, 1, HINIC_CNT_RX_DISCARDS), 0);
            CHECK_EQ(pair_counter(t.p, 0, HINIC_CNT_RX_DISCARDS), 0);
            pair_idle(t.p);
            pair_free(t.p);
        }
    }
}

static void test_rc_loopback(void)
{
    struct two t = { .p = pair_new(NULL, 3) };
    const struct pair_qp_cfg cfg = { .type = HINIC_QPT_RC };
    struct pair_cq other = pair_cq(&t.p->end[0], 6, 0);
    struct pair_qp_cfg second = cfg;
    struct pair *p = t.p;
    struct hinic_cqe c;
    uint64_t frames;

    second.scq = second.rcq = &other;
    t.m[0] = pair_mr(&p->end[0], 64 * KIB, ALL, PAIR_MR_FLAT);
    t.q[0] = pair_qp(&p->end[0], &cfg);
    t.q[1] = pair_qp(&p->end[0], &second);
    pair_connect(&t.q[0], &t.q[1], NULL);
    frames = p->dir[0].n_sent;
    {
        const struct hinic_sge to = pair_sge(&t.m[0], 32 * KIB, 10000);
        const struct pair_wr wr = { .op = HINIC_WQE_SEND,
                                    .flags = HINIC_WQE_F_SIGNALED,
                                    .n_sge = 1,
                                    .sge = { pair_sge(&t.m[0], 0, 10000) } };

        pair_mr_fill(&p->end[0], &t.m[0], 0, 10000, 5);
        (void)pair_recv(&t.q[1], &to, 1);
        (void)pair_send(&t.q[0], &wr);
    }
    CHECK(pair_wait(&p->end[0], &other, &c, LIMIT) && c.status == 0 && c.byte_len == 10000);
    expect(&t, 0, HINIC_WQE_SEND, 0, 0);
    CHECK_EQ(pair_mr_check(&p->end[0], &t.m[0], 32 * KIB, 10000, 5, 0), 10000);
    CHECK_EQ(p->dir[0].n_sent, frames); /* nothing on the link */
    pair_free(p);
}

static void test_uc(void)
{
    struct two t = two_new(HINIC_QPT_UC, NULL, PAIR_MR_SHUFFLED, 1);

    for (uint32_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        send_one(&t, sizes[i], i);
    }
    rdma_one(&t, HINIC_WQE_WRITE_IMM, 9999, 3);
    pair_free(t.p);
}

static void test_ud(void)
{
    for (uint32_t gid = 0; gid < 2; gid++) {
        struct two t = two_new(HINIC_QPT_UD, NULL, PAIR_MR_FLAT, 1);

        for (uint32_t n = 0; n <= 4096; n += 1024) {
            const struct hinic_sge to = pair_sge(&t.m[1], 16 * KIB, n + 40);
            const struct pair_wr wr = { .op = HINIC_WQE_SEND_IMM,
                                        .flags = HINIC_WQE_F_SIGNALED,
                                        .n_sge = 1,
                                        .sge = { pair_sge(&t.m[0], 0, n) },
                                        .imm = 7,
                                        .dqpn = t.q[1].qpn,
                                        .qkey = PAIR_QKEY,
                                        .av = pair_av(&t.p->end[0], &t.p->end[1], gid) };
            uint8_t grh[40];

            pair_mr_fill(&t.p->end[0], &t.m[0], 0, n, n);
            (void)pair_recv(&t.q[1], &to, 1);
            (void)pair_send(&t.q[0], &wr);
            expect(&t, 1, 0, HINIC_CQE_RECV | HINIC_CQE_IMM, n + 40);
            expect(&t, 0, HINIC_WQE_SEND_IMM, 0, 0);
            CHECK_EQ(pair_mr_check(&t.p->end[1], &t.m[1], 16 * KIB + 40, n, n, 0), n);
            pair_mr_read(&t.p->end[1], &t.m[1], 16 * KIB, grh, 40);
            CHECK(memcmp(grh + 24 + (gid ? 0 : 12), t.p->end[1].gid[gid] + (gid ? 0 : 12),
                         gid ? 16 : 4) == 0); /* destination */
        }
        pair_free(t.p);
    }
}

/* ---- faults ---- */

static struct vdc_digest faulty(uint64_t seed, struct pair_fault f)
{
    const struct pair_conn conn = { .path_mtu = 1024, .timeout = 5 };
    struct two t = two_new(HINIC_QPT_RC, &conn, PAIR_MR_FLAT, seed);
    struct vdc_digest d;

    t.p->dir[0].fault = t.p->dir[1].fault = f;
    for (uint32_t i = 0; i < 6; i++) {
        all_rc(&t);
    }
    pair_idle(t.p);
    d = pair_digest(t.p);
    CHECK((t.p->dir[0].n_lost > 0) == (f.loss_p32 > 0));
    CHECK((t.p->dir[0].n_dup > 0) == (f.dup_p32 > 0));
    CHECK((t.p->dir[0].n_reordered > 0) == (f.reorder_p32 > 0));
    CHECK_EQ(pair_counter(t.p, 1, HINIC_CNT_RX_ICRC_ENCAPSULATED) +
                 pair_counter(t.p, 0, HINIC_CNT_RX_ICRC_ENCAPSULATED),
             t.p->dir[0].n_corrupt + t.p->dir[1].n_corrupt);
    pair_free(t.p);
    return d;
}

#define PERCENT (UINT64_C(1) << 32) / 100

static void test_loss(void)
{
    (void)faulty(1, (struct pair_fault){ .loss_p32 = 2 * PERCENT });
}

static void test_duplicates(void)
{
    (void)faulty(2, (struct pair_fault){ .dup_p32 = 5 * PERCENT, .reorder_ps = 3000000 });
}

static void test_reorder(void)
{
    (void)faulty(3, (struct pair_fault){ .reorder_p32 = 2 * PERCENT, .reorder_ps = 3000000 });
}

static void test_corrupt(void)
{
    (void)faulty(4, (struct pair_fault){ .corrupt_p32 = 2 * PERCENT });
}

static void test_same_twice(void)
{
    const struct pair_fault f = {
        .loss_p32 = PERCENT, .dup_p32 = PERCENT, .reorder_p32 = PERCENT, .reorder_ps = 2000000
    };
    const struct vdc_digest a = faulty(7, f);
    const struct vdc_digest b = faulty(7, f);
    const struct vdc_digest c = faulty(8, f);

    CHECK(a.lo == b.lo && a.hi == b.hi);
    CHECK(a.lo != c.lo || a.hi != c.hi);
}

/* The link goes away for longer than a few timeouts, and comes back. */
static void test_flap(void)
{
    const struct pair_conn conn = { .timeout = 8 };
    struct two t = two_new(HINIC_QPT_RC, &conn, PAIR_MR_FLAT, 1);
    const struct pair_wr wr = { .op = HINIC_WQE_WRITE,
                                .flags = HINIC_WQE_F_SIGNALED,
                                .n_sge = 1,
                                .sge = { pair_sge(&t.m[0], 0, 100000) },
                                .raddr = t.m[1].va,
                                .rkey = t.m[1].key };

    pair_mr_fill(&t.p->end[0], &t.m[0], 0, 100000, 1);
    (void)pair_send(&t.q[0], &wr);
    pair_run(t.p, t.p->now + 4 * VTIME_PS_PER_US);
    pair_link(t.p, false);
    pair_run(t.p, t.p->now + 3 * VTIME_PS_PER_MS);
    pair_link(t.p, true);
    expect(&t, 0, HINIC_WQE_WRITE, 0, 0);
    CHECK_EQ(pair_mr_check(&t.p->end[1], &t.m[1], 0, 100000, 1, 0), 100000);
    CHECK(pair_counter(t.p, 0, HINIC_CNT_LOCAL_ACK_TIMEOUT_ERR) >= 1);
    pair_free(t.p);
}

/* A RoCE frame from end 0 to an address of end 1, given to it now; its bytes. */
static uint32_t give_roce(struct pair *p, const uint8_t dgid[16], uint32_t qpn, uint8_t *b)
{
    struct pair_end *e = &p->end[1];
    struct wire_hdr w = { .opcode = WIRE_UD_SEND_ONLY,
                          .hop = 64,
                          .ip_frag = WIRE_DF,
                          .pkey = 0xffff,
                          .dqpn = qpn,
                          .qkey = PAIR_QKEY };
    uint32_t len;

    memcpy(w.dmac, e->mac, 6);
    memcpy(w.smac, p->end[0].mac, 6);
    memcpy(w.sgid, p->end[0].gid[0], 16);
    memcpy(w.dgid, dgid, 16);
    (void)vdc_wire_build(&w, b, 256);
    vdc_wire_finish(&w, b, false);
    len = vdc_wire_frame_len(&w);
    host_frame_in(e->o, p->now + 1000, b, len);
    pair_idle(p);
    return len;
}

/* RoCE to a GID is the engine's, to any other address the netdev's: a software stack may listen
 * there. */
static void test_steering(void)
{
    struct pair *p = pair_new(NULL, 1);
    struct pair_end *e = &p->end[1];
    const uint8_t other[16] = { [10] = 0xff, [11] = 0xff, [12] = 10, [15] = 77 };
    const struct hinic_inl_gid none = { .index = 0 };
    struct hinic_mb_create_q m = { .log_depth = 6, .vector = 2 };
    struct host_queue k = { .log_depth = 6, .is_rx = true };
    struct hinic_eth_cpl c;
    uint8_t b[256];
    uint64_t buf;
    uint32_t len;

    k.desc = host_alloc(e->o, 1024, 4096);
    k.cpl = host_alloc(e->o, 1024, 4096);
    m.desc = host_pbl(k.desc, 12, 1);
    m.cpl = host_pbl(k.cpl, 12, 1);
    CHECK_EQ(pair_cmd(e, HINIC_AQ_CREATE_RXQ, 1, NULL, 0, &m, sizeof(m), NULL, 0), 0);
    buf = host_alloc(e->o, 4096, 4096);
    for (uint32_t i = 0; i < 4; i++) {
        host_rx(e->o, &k, buf, 2048, i);
    }
    host_ring(e->o, &k);
    pair_idle(p);
    len = give_roce(p, other, 2, b);
    CHECK(host_cpl(e->o, &k, &c));
    CHECK_EQ(c.len, len);
    CHECK(memcmp(host_ptr(e->o, buf, len), b, len) == 0);
    (void)give_roce(p, e->gid[0], 0x9999, b); /* no such QP */
    CHECK(!host_cpl(e->o, &k, &c));
    CHECK_EQ(pair_counter(p, 1, HINIC_CNT_RX_DISCARDS), 1);
    CHECK_EQ(pair_cmd(e, HINIC_AQ_DEL_GID, 1, &none, sizeof(none), NULL, 0, NULL, 0), 0);
    (void)give_roce(p, e->gid[0], 0x9999, b); /* an address like any other again */
    CHECK(host_cpl(e->o, &k, &c));
    pair_free(p);
}

/* Both kinds of traffic at once share the link: each gets frames through, none is lost. */
static void test_with_ethernet(void)
{
    struct two t = two_new(HINIC_QPT_RC, NULL, PAIR_MR_FLAT, 1);
    struct pair_end *e = &t.p->end[0];
    struct hinic_mb_create_q m = { .log_depth = 7, .vector = 2 };
    struct host_queue k = { .log_depth = 7 };
    const struct pair_wr wr = { .op = HINIC_WQE_WRITE,
                                .flags = HINIC_WQE_F_SIGNALED,
                                .n_sge = 1,
                                .sge = { pair_sge(&t.m[0], 0, 200000) },
                                .raddr = t.m[1].va,
                                .rkey = t.m[1].key };
    const uint64_t before = t.p->dir[0].n_sent;
    struct host_pkt pkt;
    struct hinic_eth_cpl c;
    uint32_t n = 0;
    uint64_t buf;

    k.desc = host_alloc(e->o, 2048, 4096);
    k.cpl = host_alloc(e->o, 2048, 4096);
    m.desc = host_pbl(k.desc, 12, 1);
    m.cpl = host_pbl(k.cpl, 12, 1);
    CHECK_EQ(pair_cmd(e, HINIC_AQ_CREATE_TXQ, 1, NULL, 0, &m, sizeof(m), NULL, 0), 0);
    host_ip(&pkt, false, true, 1000, -1);
    buf = host_alloc(e->o, 4096, 4096);
    memcpy(host_ptr(e->o, buf, pkt.len), pkt.b, pkt.len);
    pair_mr_fill(e, &t.m[0], 0, 200000, 9);
    (void)pair_send(&t.q[0], &wr);
    for (uint32_t i = 0; i < 100; i++) {
        host_tx(e->o, &k, buf, pkt.len, HINIC_TXD_EOP | HINIC_TXD_INT);
    }
    host_ring(e->o, &k);
    expect(&t, 0, HINIC_WQE_WRITE, 0, 0);
    while (host_cpl(e->o, &k, &c)) {
        n++;
    }
    CHECK(n >= 40); /* about one for each of the 49 packets */
    pair_idle(t.p);
    while (host_cpl(e->o, &k, &c)) {
        n++;
    }
    CHECK_EQ(n, 100);
    CHECK_EQ(t.p->dir[0].n_sent - before, 149);
    CHECK_EQ(pair_mr_check(&t.p->end[1], &t.m[1], 0, 200000, 9, 0), 200000);
    CHECK_EQ(pair_counter(t.p, 0, HINIC_CNT_LOCAL_ACK_TIMEOUT_ERR), 0);
    pair_free(t.p);
}

static const struct tap_case cases[] = {
    { "RC", test_rc },
    { "RC loopback", test_rc_loopback },
    { "UC", test_uc },
    { "UD", test_ud },
    { "RC with loss", test_loss },
    { "RC with duplicates", test_duplicates },
    { "RC with reordering", test_reorder },
    { "RC with damage", test_corrupt },
    { "the same twice", test_same_twice },
    { "link flap", test_flap },
    { "steering", test_steering },
    { "with Ethernet", test_with_ethernet },
};
TAP_MAIN(cases)
