/* SPDX-License-Identifier: MIT */
/* Loss as the requester sees it: instants of timeouts and RNR retries to the ps, counters, the end
 * of patience. The peer is made by hand. */
#include "inject.h"
#include "reqrig.h"
#include "requester.h"
#include "tap.h"

#define Q_PSN (PAIR_PSN + 0x100u) /* of the queue pair under test */
#define LEN   100u

static struct pair_mr local; /* one page list entry: nothing but the data is read */

static struct inj *open_rig(const struct pair_conn *conn)
{
    const struct inj_cfg cfg = { .conn = *conn };
    struct inj *i = inj_new(&cfg);

    local = pair_mr(i->e, 8192, 0, PAIR_MR_FLAT);
    return i;
}

static void post_write(struct inj *i, uint32_t len)
{
    struct pair_wr wr = { .op = HINIC_WQE_WRITE, .flags = HINIC_WQE_F_SIGNALED, .n_sge = 1 };

    wr.sge[0] = pair_sge(&local, 0, len);
    (void)pair_send(&i->q, &wr);
}

static void respond_at(struct inj *i, vtime_t t, uint32_t psn, uint32_t syndrome)
{
    struct wire_hdr w = inj_hdr(i, WIRE_ACK, 0);

    w.psn = psn;
    w.syndrome = (uint8_t)syndrome;
    (void)inj_put_at(i, t, &w, NULL);
}

/* From the decision to send one small packet until its first bit. */
static uint64_t resend_ps(const struct inj *i)
{
    const struct vdc_hinic_cfg *c = &i->e->o->cfg;

    return reqrig_read_ps(c, HINIC_BB_SIZE) + reqrig_read_ps(c, LEN) + c->timing.t_tx;
}

static const struct inj_resp *next_sent(struct inj *i)
{
    while (i->n_seen == i->n_resp && pair_step(i->p)) {
    }
    return i->n_seen == i->n_resp ? NULL : &i->resp[i->n_seen++];
}

static void timeouts(void)
{
    static const uint32_t code[] = { 1, 4, 8, 14 };

    for (uint32_t k = 0; k < 4; k++) {
        const struct pair_conn conn = { .timeout = code[k], .retry_cnt = 3 };
        struct inj *i = open_rig(&conn);
        const vtime_t t0 = i->p->now;
        const uint64_t rto = UINT64_C(4096000) << code[k];
        const struct inj_resp *f;
        struct hinic_cqe c;
        vtime_t t;

        post_write(i, LEN);
        f = next_sent(i);
        CHECK(f != NULL);
        t = t0 + i->e->o->cfg.timing.t_db + resend_ps(i);
        CHECK_EQ(f->depart, t);
        for (uint32_t n = 0; n < 3; n++) {
            f = next_sent(i);
            CHECK(f != NULL);
            if (!f) {
                break;
            }
            t += rto + resend_ps(i);
            CHECK_EQ(f->depart, t);
            CHECK_EQ(f->w.psn, Q_PSN);
            CHECK_EQ(f->w.opcode, WIRE_WRITE_ONLY);
        }
        CHECK(next_sent(i) == NULL);
        CHECK(pair_poll(i->e, &i->e->cq, &c));
        CHECK_EQ(c.status, HINIC_WC_RETRY_EXC_ERR);
        CHECK_EQ(c.vendor_err, REQ_WHY_RETRY);
        CHECK_EQ(c.timestamp, (t + rto - i->e->o->epoch) / VTIME_PS_PER_NS);
        CHECK_EQ(inj_count(i, HINIC_CNT_LOCAL_ACK_TIMEOUT_ERR), 4);
        CHECK_EQ(inj_count(i, HINIC_CNT_REQ_TRANSPORT_RETRIES_EXCEEDED), 1);
        CHECK_EQ(inj_count(i, HINIC_CNT_REQ_CQE_ERROR), 1);
        CHECK_EQ(inj_count(i, HINIC_CNT_RETX_BYTES), 3 * LEN);
        CHECK_EQ(pair_qp_state(&i->q), HINIC_QPS_ERR);
        inj_free(i);
    }
}

static void no_timeout(void)
{
    const struct pair_conn conn = { .timeout = 32 };
    struct inj *i = open_rig(&conn);
    struct hinic_cqe c;

    post_write(i, LEN);
    CHECK(next_sent(i) != NULL);
    CHECK(next_sent(i) == NULL); /* nothing is left to happen */
    CHECK(!pair_poll(i->e, &i->e->cq, &c));
    inj_free(i);
}

/* An ACK in the middle restarts the timer, gives the retries back, and only the rest is sent again.
 */
static void progress(void)
{
    const struct pair_conn conn = { .timeout = 4, .retry_cnt = 1, .path_mtu = 256 };
    struct inj *i = open_rig(&conn);
    const struct vdc_hinic_cfg *cfg = &i->e->o->cfg;
    const uint64_t rto = UINT64_C(4096000) << 4;
    struct hinic_cqe c;
    vtime_t t;

    post_write(i, 3 * 256);
    for (uint32_t n = 0; n < 3; n++) {
        const struct inj_resp *f = next_sent(i);

        CHECK_EQ(f->w.psn, Q_PSN + n);
        CHECK_EQ(f->w.is_ack_req, n == 2);
        t = f->depart;
    }
    for (uint32_t n = 0; n < 2; n++) { /* each time one more is acknowledged */
        const vtime_t ta = i->p->now + 7 * VTIME_PS_PER_US + 123;
        const struct inj_resp *f;

        respond_at(i, ta, Q_PSN + n, INJ_ACK);
        f = next_sent(i);
        CHECK(f != NULL);
        CHECK_EQ(f->w.psn, Q_PSN + n + 1);
        CHECK_EQ(f->w.opcode, n == 0 ? WIRE_WRITE_MIDDLE : WIRE_WRITE_LAST);
        t = ta + cfg->timing.t_rx + rto + reqrig_read_ps(cfg, HINIC_BB_SIZE) +
            reqrig_read_ps(cfg, 256) + cfg->timing.t_tx;
        CHECK_EQ(f->depart, t);
        if (n == 0) {
            CHECK_EQ(next_sent(i)->w.psn, Q_PSN + 2);
        }
    }
    respond_at(i, i->p->now + VTIME_PS_PER_US, Q_PSN + 2, INJ_ACK);
    pair_idle(i->p);
    CHECK(pair_poll(i->e, &i->e->cq, &c));
    CHECK_EQ(c.status, HINIC_WC_SUCCESS);
    CHECK_EQ(inj_count(i, HINIC_CNT_LOCAL_ACK_TIMEOUT_ERR), 2);
    inj_free(i);
}

static void rnr_table(void)
{
    /* ms * 100, as the InfiniBand specification lists them */
    static const uint32_t table[32] = { 65536, 1,    2,    3,     4,     6,     8,     12,
                                        16,    24,   32,   48,    64,    96,    128,   192,
                                        256,   384,  512,  768,   1024,  1536,  2048,  3072,
                                        4096,  6144, 8192, 12288, 16384, 24576, 32768, 49152 };
    const struct pair_conn conn = { .rnr_retry = 7, .timeout = 1 };
    struct inj *i = open_rig(&conn);
    const struct vdc_hinic_timing *t = &i->e->o->cfg.timing;
    struct hinic_cqe c;

    post_write(i, LEN);
    CHECK(next_sent(i) != NULL);
    for (uint32_t code = 0; code < 32; code++) {
        const vtime_t ta = i->p->now + VTIME_PS_PER_US;
        const struct inj_resp *f;

        CHECK_EQ(vdc_hinic_rnr_ps(code), table[code] * (10 * VTIME_PS_PER_US));
        respond_at(i, ta, Q_PSN, 0x20 + code);
        f = next_sent(i);
        CHECK(f != NULL);
        if (!f) {
            break;
        }
        CHECK_EQ(f->depart, ta + t->t_rx + table[code] * (10 * VTIME_PS_PER_US) + resend_ps(i));
        CHECK_EQ(f->w.psn, Q_PSN);
    }
    respond_at(i, i->p->now + VTIME_PS_PER_US, Q_PSN, INJ_ACK);
    pair_idle(i->p);
    CHECK(pair_poll(i->e, &i->e->cq, &c));
    CHECK_EQ(c.status, HINIC_WC_SUCCESS);
    CHECK_EQ(inj_count(i, HINIC_CNT_RNR_NAK_RETRY_ERR), 32);
    CHECK_EQ(inj_count(i, HINIC_CNT_LOCAL_ACK_TIMEOUT_ERR), 0); /* off while it waits */
    inj_free(i);
}

static void rnr_limit(void)
{
    const struct pair_conn conn = { .rnr_retry = 2 };
    struct inj *i = open_rig(&conn);
    struct hinic_cqe c;

    post_write(i, LEN);
    post_write(i, LEN);
    for (uint32_t n = 0; n < 3; n++) {
        CHECK(next_sent(i) != NULL);
        CHECK(next_sent(i) != NULL);
        CHECK(!pair_poll(i->e, &i->e->cq, &c));
        respond_at(i, i->p->now + VTIME_PS_PER_US, Q_PSN, INJ_RNR);
        /* Stale repetitions of it while it waits change nothing. */
        respond_at(i, i->p->now + VTIME_PS_PER_US + 1, Q_PSN, n < 2 ? INJ_RNR : INJ_ACK);
    }
    pair_idle(i->p);
    CHECK(pair_poll(i->e, &i->e->cq, &c));
    CHECK_EQ(c.status, HINIC_WC_RNR_RETRY_EXC_ERR);
    CHECK(pair_poll(i->e, &i->e->cq, &c));
    CHECK_EQ(c.status, HINIC_WC_WR_FLUSH_ERR);
    CHECK(!pair_poll(i->e, &i->e->cq, &c));
    CHECK_EQ(inj_count(i, HINIC_CNT_REQ_RNR_RETRIES_EXCEEDED), 1);
    CHECK_EQ(inj_count(i, HINIC_CNT_RNR_NAK_RETRY_ERR), 3);
    CHECK_EQ(inj_count(i, HINIC_CNT_REQ_CQE_FLUSH_ERROR), 1);
    inj_free(i);
}

/* A sequence NAK is a retry too; progress gives the retries back. */
static void nak_limit(void)
{
    const struct pair_conn conn = { .retry_cnt = 2, .timeout = 20 };
    struct inj *i = open_rig(&conn);
    struct hinic_cqe c;

    for (uint32_t round = 0; round < 2; round++) {
        post_write(i, LEN);
        for (uint32_t n = 0; n < 2; n++) {
            CHECK_EQ(next_sent(i)->w.psn, Q_PSN + round);
            respond_at(i, i->p->now + VTIME_PS_PER_US, Q_PSN + round, INJ_SEQ);
        }
        CHECK_EQ(next_sent(i)->w.psn, Q_PSN + round);
        if (round == 0) {
            respond_at(i, i->p->now + VTIME_PS_PER_US, Q_PSN, INJ_ACK);
        } else {
            respond_at(i, i->p->now + VTIME_PS_PER_US, Q_PSN + 1, INJ_SEQ);
        }
        while (!pair_poll(i->e, &i->e->cq, &c) && pair_step(i->p)) {
        }
        CHECK_EQ(c.status, round == 0 ? HINIC_WC_SUCCESS : HINIC_WC_RETRY_EXC_ERR);
    }
    CHECK_EQ(inj_count(i, HINIC_CNT_PACKET_SEQ_ERR), 5);
    CHECK_EQ(inj_count(i, HINIC_CNT_LOCAL_ACK_TIMEOUT_ERR), 0);
    inj_free(i);
}

int main(void)
{
    static const struct tap_case cases[] = {
        { "timeouts: instants, retries, error", timeouts },
        { "timeout 0 is none", no_timeout },
        { "progress restarts timer and retries", progress },
        { "RNR: all 32 delays", rnr_table },
        { "RNR: retries", rnr_limit },
        { "sequence NAK: retries", nak_limit },
    };

    return tap_run(cases, (int)(sizeof(cases) / sizeof(cases[0])));
}
