/* SPDX-License-Identifier: MIT */
/* Answers of the responder: their headers, when there is no buffer for them, and which of two
 * errors counts. */
#include "inject.h"
#include "rnet.h"
#include "tap.h"

static void check_header(const struct inj *i, const struct inj_resp *r, uint32_t gid)
{
    const struct pair_end *to = &i->p->end[0];

    CHECK_EQ(r->w.dqpn, i->peer.qpn);
    CHECK_EQ(r->w.pkey, 0xffff);
    CHECK_EQ(r->w.hop, 64);
    CHECK_EQ(r->w.tclass, 0x2a);
    CHECK_EQ(r->w.is_v6, gid);
    CHECK_EQ(r->w.ip_frag, gid ? 0 : WIRE_DF);
    CHECK_EQ(r->w.tver, 0);
    CHECK_EQ(r->w.is_tagged, 0);
    CHECK_EQ(r->w.is_ack_req, 0);
    CHECK_EQ(r->w.sport, vdc_wire_sport(0, i->q.qpn, i->peer.qpn));
    CHECK(memcmp(r->w.dgid, to->gid[gid], 16) == 0);
    CHECK(memcmp(r->w.sgid, i->e->gid[gid], 16) == 0);
    CHECK(memcmp(r->w.dmac, to->mac, 6) == 0);
    CHECK(memcmp(r->w.smac, i->e->mac, 6) == 0);
}

static void headers(void)
{
    for (uint32_t gid = 0; gid < 2; gid++) {
        const struct inj_cfg cfg = { .conn = { .gid = gid, .tclass = 0x2a } };
        struct inj *i = inj_new(&cfg);
        struct wire_hdr w[3] = { inj_hdr(i, WIRE_WRITE_ONLY, 0), inj_hdr(i, WIRE_FADD, 1),
                                 inj_hdr(i, WIRE_READ_REQ, 2) };
        const struct inj_resp *r;

        for (uint32_t k = 0; k < 3; k++) {
            if (gid) {
                w[k].is_v6 = 1;
                w[k].ip_frag = 0;
                memcpy(w[k].sgid, i->p->end[0].gid[1], 16);
                memcpy(w[k].dgid, i->e->gid[1], 16);
            }
            w[k].is_ack_req = 1;
            w[k].va = i->mr.va;
            w[k].rkey = i->mr.key;
            w[k].dma_len = k == 2 ? 32 : 0;
            (void)inj_put(i, &w[k], NULL);
            r = inj_next(i);
            CHECK(r != NULL);
            if (r) {
                check_header(i, r, gid);
            }
        }
        inj_free(i);
    }
}

/* All buffers for control packets are taken: the answers come when some are free again. */
static void no_buffer(void)
{
    struct inj *i = inj_new(NULL);
    struct vdc_hinic *h = i->e->o->h;
    uint32_t held[RPKT_N];
    uint32_t n = 0;

    while ((held[n] = vdc_hinic_rpkt_alloc(h, RPKT_TX_CTL)) != RPKT_NONE) {
        n++;
    }
    CHECK(n > 0);
    inj_write(i, WIRE_WRITE_ONLY, 0, 4, 0, 4, INJ_A);
    inj_atomic(i, WIRE_FADD, 1, 8, 3, 0);
    inj_write(i, WIRE_WRITE_ONLY, 3, 4, 0, 4, INJ_A);
    pair_run(i->p, i->t + 50 * 1000 * VTIME_PS_PER_NS);
    CHECK_EQ(i->n_resp, 0);
    vdc_hinic_rpkt_free(h, i->p->now, held[--n]);
    CHECK(inj_is(i, WIRE_ATOMIC_ACK, 1, INJ_ACK, 2)); /* says all that the first ACK would */
    CHECK(inj_is(i, WIRE_ACK, 2, INJ_SEQ, 2));
    CHECK(inj_is_silent(i));
    while (n > 0) {
        vdc_hinic_rpkt_free(h, i->p->now, held[--n]);
    }
    inj_free(i);
}

/* What was accepted before the refused request completes as ever. */
static void accepted_before(void)
{
    struct inj *i = inj_new(NULL);
    struct hinic_cqe c;

    inj_recv(i, 0, 4096);
    inj_recv(i, 4096, 100);
    inj_recv(i, 8192, 100);
    inj_send(i, WIRE_SEND_ONLY, 0, 4096, 0);
    inj_send(i, WIRE_SEND_ONLY, 1, 101, 0);
    CHECK(inj_is(i, WIRE_ACK, 1, INJ_INV, 1));
    CHECK(inj_is_silent(i));
    CHECK(inj_cqe(i, &c));
    CHECK_EQ(c.status, HINIC_WC_SUCCESS);
    CHECK_EQ(c.wqe_idx, 0);
    CHECK(inj_buf_is(i, 0, 0, 4096));
    CHECK(inj_cqe(i, &c));
    CHECK_EQ(c.status, HINIC_WC_LOC_LEN_ERR);
    CHECK(inj_cqe(i, &c));
    CHECK_EQ(c.status, HINIC_WC_WR_FLUSH_ERR);
    inj_free(i);
}

/* Memory refuses a message that was accepted before another one was refused. */
static void older_counts(void)
{
    struct inj *i = inj_new(NULL);
    const struct hinic_sge g = { .addr = i->buf.va, .len = 4096, .lkey = i->buf.key ^ 1 };
    struct hinic_cqe c;

    (void)pair_recv(&i->q, &g, 1);
    inj_recv(i, 4096, 100);
    inj_recv(i, 8192, 100);
    inj_write(i, WIRE_WRITE_ONLY, 0, 4096, 0, 4096, 0);
    inj_send(i, WIRE_SEND_ONLY, 1, 64, 0);
    inj_send(i, WIRE_SEND_ONLY, 2, 101, 0);
    CHECK(inj_is(i, WIRE_ACK, 1, INJ_OP, 1));
    CHECK(inj_is_silent(i));
    for (uint32_t k = 0; k < 3; k++) {
        CHECK(inj_cqe(i, &c));
        CHECK_EQ(c.wqe_idx, k);
        CHECK_EQ(c.status, k == 0 ? HINIC_WC_LOC_PROT_ERR : HINIC_WC_WR_FLUSH_ERR);
    }
    CHECK(!inj_cqe(i, &c));
    CHECK_EQ(inj_event(i), HINIC_EQE_QP_ACCESS);
    inj_free(i);
}

static void older_read_counts(void)
{
    struct inj *i = inj_new(NULL);

    i->e->o->hole_from = i->mr.addr;
    i->e->o->hole_to = i->mr.addr + INJ_MR_LEN;
    inj_read(i, 0, 0, 40000);
    inj_send(i, WIRE_SEND_MIDDLE, 10, 4096, 0); /* of nothing */
    CHECK(inj_is(i, WIRE_ACK, 0, INJ_OP, 0));
    CHECK(inj_is_silent(i));
    CHECK_EQ(inj_event(i), HINIC_EQE_QP_ACCESS);
    inj_free(i);
}

/* An answer says all that an ACK would: none follows it. */
static void answer_acknowledges(void)
{
    struct inj *i = inj_new(NULL);

    inj_read(i, 0, 0, 16384);
    inj_write(i, WIRE_WRITE_ONLY, 4, 8, 0, 8, INJ_A);
    inj_read(i, 5, 0, 16);
    for (uint32_t k = 0; k < 4; k++) {
        const struct inj_resp *r = inj_next(i);

        CHECK(r && r->w.psn == vdc_psn_add(INJ_PSN, k));
    }
    CHECK(inj_is(i, WIRE_READ_RESP_ONLY, 5, INJ_ACK, 3));
    CHECK(inj_is_silent(i));
    inj_free(i);
}

static const struct tap_case cases[] = {
    { "headers of ACK, ATOMIC_ACK and READ response", headers },
    { "no buffer for an answer", no_buffer },
    { "what came before a refused request completes", accepted_before },
    { "the older of two refused messages counts", older_counts },
    { "a READ that fails counts before a later refusal", older_read_counts },
    { "no ACK behind an answer that says the same", answer_acknowledges },
};
TAP_MAIN(cases)
