/* SPDX-License-Identifier: MIT */
/* Receive of UD and GSI: addresses in front of the payload, every field of the completion, drops,
 * groups. */
#include "inject.h"
#include "tap.h"

#define SQPN 0x4321u

static struct inj *new_ud(uint32_t type)
{
    const struct inj_cfg c = { .type = type,
                               .qp = { .flags = type == HINIC_QPT_GSI ? HINIC_QP_KERNEL : 0 } };

    return inj_new(&c);
}

static struct wire_hdr ud_hdr(const struct inj *i, uint32_t opcode)
{
    struct wire_hdr w = inj_hdr(i, opcode, 0);

    w.qkey = PAIR_QKEY;
    w.sqpn = SQPN;
    w.imm = 0x01020304;
    return w;
}

static void put(struct inj *i, struct wire_hdr *w, uint32_t n)
{
    uint8_t b[WIRE_PAYLOAD_MAX];

    for (uint32_t k = 0; k < n; k++) {
        b[k] = inj_byte(0, k);
    }
    w->pay_len = n;
    (void)inj_put(i, w, b);
}

static void ipv4(void)
{
    struct inj *i = new_ud(HINIC_QPT_UD);
    struct wire_hdr w = ud_hdr(i, WIRE_UD_SEND_ONLY_IMM);
    struct hinic_cqe c;
    uint8_t grh[40];

    w.tclass = 0x28;
    w.is_solicited = 1;
    w.psn = 77; /* means nothing */
    inj_recv(i, 0, 200);
    put(i, &w, 123);
    CHECK(inj_cqe(i, &c));
    CHECK_EQ(c.status, HINIC_WC_SUCCESS);
    CHECK_EQ(c.qpn_op, i->q.qpn | (uint32_t)HINIC_WQE_SEND_IMM << 24);
    CHECK_EQ(c.flags, HINIC_CQE_RECV | HINIC_CQE_IMM | HINIC_CQE_GRH | HINIC_CQE_SOLICITED);
    CHECK_EQ(c.byte_len, 163);
    CHECK_EQ(c.imm, 0x01020304);
    CHECK_EQ(c.src_qp_sl, SQPN);
    CHECK_EQ(c.pkey_index, 0);
    CHECK_EQ(c.slid, 0);
    CHECK_EQ(c.net_hdr_type, 2);
    CHECK_EQ(c.vlan, 0);
    CHECK(memcmp(c.smac, i->p->end[0].mac, 6) == 0);
    CHECK_EQ(c.timestamp, (i->t - i->e->o->epoch) / 1000);
    CHECK(inj_buf_is(i, 40, 0, 123));
    pair_mr_read(i->e, &i->buf, 0, grh, 40);
    for (uint32_t k = 0; k < 20; k++) {
        CHECK_EQ(grh[k], 0);
    }
    CHECK_EQ(grh[20], 0x45);
    CHECK_EQ(grh[21], 0x28);
    CHECK_EQ(grh[28], 64);
    CHECK_EQ(grh[29], 17);
    CHECK(memcmp(grh + 32, i->p->end[0].gid[0] + 12, 4) == 0);
    CHECK(memcmp(grh + 36, i->e->gid[0] + 12, 4) == 0);
    CHECK(inj_is_silent(i));
    inj_free(i);
}

static void ipv6(void)
{
    struct inj *i = new_ud(HINIC_QPT_UD);
    struct wire_hdr w = ud_hdr(i, WIRE_UD_SEND_ONLY);
    const struct hinic_sge g[3] = { pair_sge(&i->buf, 4090, 10), pair_sge(&i->buf, 8192, 35),
                                    pair_sge(&i->buf, 20001, 4096) };
    struct hinic_cqe c;
    uint8_t b[40];

    w.is_v6 = 1;
    w.ip_frag = 0;
    w.flow = 0x12345;
    memcpy(w.sgid, i->p->end[0].gid[1], 16);
    memcpy(w.dgid, i->e->gid[1], 16);
    (void)pair_recv(&i->q, g, 3); /* the addresses are cut by buffers and pages */
    pair_idle(i->p);
    put(i, &w, 4096);
    CHECK(inj_cqe(i, &c));
    CHECK_EQ(c.byte_len, 4136);
    CHECK_EQ(c.net_hdr_type, 3);
    CHECK_EQ(c.qpn_op >> 24, HINIC_WQE_SEND);
    pair_mr_read(i->e, &i->buf, 4090, b, 10);
    pair_mr_read(i->e, &i->buf, 8192, b + 10, 30);
    CHECK_EQ(b[0] >> 4, 6);
    CHECK_EQ(b[3], 0x45);
    CHECK_EQ(b[7], 64);
    CHECK(memcmp(b + 8, i->p->end[0].gid[1], 16) == 0);
    CHECK(memcmp(b + 24, i->e->gid[1], 16) == 0);
    pair_mr_read(i->e, &i->buf, 8222, b, 5);
    CHECK_EQ(b[4], inj_byte(0, 4));
    pair_mr_read(i->e, &i->buf, 20001 + 4090, b, 1);
    CHECK_EQ(b[0], inj_byte(0, 4095));
    inj_free(i);
}

static void vlan(void)
{
    struct inj *i = new_ud(HINIC_QPT_UD);
    struct wire_hdr w = ud_hdr(i, WIRE_UD_SEND_ONLY);
    struct hinic_inl_gid g = { .index = 5, .type = HINIC_GID_ROCE_V2, .vlan = 7 };
    struct hinic_cqe c;

    memcpy(g.mac, i->e->mac, 6);
    memcpy(g.gid, i->e->gid[0], 16);
    CHECK_EQ(pair_cmd(i->e, HINIC_AQ_SET_GID, 1, &g, sizeof(g), NULL, 0, NULL, 0), HINIC_AQ_OK);
    inj_recv(i, 0, 200);
    w.is_tagged = 1;
    w.tci = 5u << 13 | 7;
    put(i, &w, 8);
    CHECK(inj_cqe(i, &c));
    CHECK_EQ(c.flags, HINIC_CQE_RECV | HINIC_CQE_GRH | HINIC_CQE_VLAN);
    CHECK_EQ(c.vlan, 7);
    CHECK_EQ(c.src_qp_sl, SQPN | 5u << 24);
    inj_free(i);
}

static void drops(void)
{
    struct inj *i = new_ud(HINIC_QPT_UD);
    struct wire_hdr w = ud_hdr(i, WIRE_UD_SEND_ONLY);
    struct hinic_mb_query_port port;
    struct hinic_cqe c;

    put(i, &w, 8); /* no WQE */
    CHECK(!inj_cqe(i, &c));
    CHECK_EQ(inj_count(i, HINIC_CNT_OUT_OF_BUFFER), 1);
    inj_recv(i, 0, 200);
    w.qkey++;
    put(i, &w, 8);
    CHECK(!inj_cqe(i, &c));
    CHECK_EQ(pair_cmd(i->e, HINIC_AQ_QUERY_PORT, 1, NULL, 0, NULL, 0, &port, sizeof(port)),
             HINIC_AQ_OK);
    CHECK_EQ(port.qkey_violations, 1);
    w.qkey--;
    w.pkey = 0x1234;
    put(i, &w, 8);
    CHECK(!inj_cqe(i, &c));
    CHECK_EQ(inj_count(i, HINIC_CNT_PKEY_VIOLATIONS), 1);
    w.pkey = 0x7fff; /* a limited member of the default partition */
    put(i, &w, 8);
    CHECK(inj_cqe(i, &c));
    CHECK_EQ(c.wqe_idx, 0);
    inj_free(i);
}

static void too_short(void)
{
    struct inj *i = new_ud(HINIC_QPT_UD);
    struct wire_hdr w = ud_hdr(i, WIRE_UD_SEND_ONLY);
    struct hinic_cqe c;

    inj_recv(i, 0, 100);
    put(i, &w, 60); /* with the addresses it just fits */
    CHECK(inj_cqe(i, &c));
    CHECK_EQ(c.status, HINIC_WC_SUCCESS);
    inj_recv(i, 0, 100);
    put(i, &w, 61);
    CHECK(inj_cqe(i, &c));
    CHECK_EQ(c.status, HINIC_WC_LOC_LEN_ERR);
    CHECK_EQ(pair_qp_state(&i->q), HINIC_QPS_ERR);
    inj_free(i);
}

static void local_fault(void)
{
    struct inj *i = new_ud(HINIC_QPT_UD);
    struct wire_hdr w = ud_hdr(i, WIRE_UD_SEND_ONLY);
    struct hinic_sge g = pair_sge(&i->buf, 0, 100);
    struct hinic_cqe c;

    g.lkey ^= 1;
    (void)pair_recv(&i->q, &g, 1);
    pair_idle(i->p);
    put(i, &w, 8);
    CHECK(inj_cqe(i, &c));
    CHECK_EQ(c.status, HINIC_WC_LOC_PROT_ERR);
    CHECK(inj_is_silent(i));
    CHECK_EQ(pair_qp_state(&i->q), HINIC_QPS_ERR);
    inj_free(i);
}

static void general_services(void)
{
    struct inj *i = new_ud(HINIC_QPT_GSI);
    struct wire_hdr w = ud_hdr(i, WIRE_UD_SEND_ONLY);
    struct hinic_cqe c;

    CHECK_EQ(i->q.qpn, 1);
    inj_recv(i, 0, 40 + 256);
    put(i, &w, 256);
    CHECK(inj_cqe(i, &c));
    CHECK_EQ(c.byte_len, 296);
    CHECK_EQ(c.qpn_op & 0xffffff, 1);
    inj_free(i);
}

/* Each member gets a copy, in the order of QP numbers; one that has no WQE loses its own only. */
static void group(void)
{
    struct inj *i = new_ud(HINIC_QPT_UD);
    const struct pair_qp own = i->q;
    const struct pair_qp_cfg qc = { .type = HINIC_QPT_UD };
    struct hinic_inl_mc mc = { .mgid = { 0xff, 0x0e, [15] = 9 } };
    struct wire_hdr w = ud_hdr(i, WIRE_UD_SEND_ONLY);
    struct pair_qp q[4];
    struct hinic_cqe c;
    const uint8_t mac[6] = { 0x33, 0x33, 0, 0, 0, 9 };
    uint32_t last = 0;

    for (uint32_t k = 0; k < 4; k++) {
        q[k] = pair_qp(i->e, &qc);
        pair_ud_start(&q[k], k == 2 ? PAIR_QKEY + 1 : PAIR_QKEY, 0);
    }
    for (uint32_t k = 4; k-- > 0;) { /* attached in another order */
        mc.qpn = q[k].qpn;
        CHECK_EQ(pair_cmd(i->e, HINIC_AQ_ATTACH_MC, 1, &mc, sizeof(mc), NULL, 0, NULL, 0),
                 HINIC_AQ_OK);
        if (k != 1) {
            i->q = q[k];
            inj_recv(i, k * 4096, 1024);
        }
    }
    i->q = own;
    inj_recv(i, 5 * 4096, 1024); /* not a member */
    w.is_v6 = 1;
    w.ip_frag = 0;
    w.dqpn = WIRE_QPN_MC;
    memcpy(w.sgid, i->p->end[0].gid[1], 16);
    memcpy(w.dgid, mc.mgid, 16);
    memcpy(w.dmac, mac, 6);
    put(i, &w, 500);
    for (uint32_t k = 0; k < 2; k++) {
        CHECK(inj_cqe(i, &c));
        CHECK_EQ(c.status, HINIC_WC_SUCCESS);
        CHECK_EQ(c.byte_len, 540);
        CHECK((c.qpn_op & 0xffffff) > last);
        last = c.qpn_op & 0xffffff;
    }
    CHECK(!inj_cqe(i, &c));
    CHECK(inj_buf_is(i, 40, 0, 500));
    CHECK(inj_buf_is(i, 3 * 4096 + 40, 0, 500));
    CHECK_EQ(inj_count(i, HINIC_CNT_OUT_OF_BUFFER), 1);
    inj_free(i);
}

static const struct tap_case cases[] = {
    { "IPv4: addresses, payload, every field", ipv4 },
    { "IPv6 over several buffers", ipv6 },
    { "a VLAN tag", vlan },
    { "drops", drops },
    { "a buffer that is too short", too_short },
    { "a key that is wrong", local_fault },
    { "general services", general_services },
    { "a group", group },
};
TAP_MAIN(cases)
