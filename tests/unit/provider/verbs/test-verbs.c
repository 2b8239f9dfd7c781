/* SPDX-License-Identifier: MIT */
/* Verbs of the provider from call to ring and doorbell, and from ring to completion. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"
#include "tap.h"

#define OP(name) fake.ops.name
#define N_CQE    16

/* One QP with its CQ; the device's view of their rings. */
struct rig {
    struct verbs_context *ctx;
    struct ibv_pd *pd;
    struct ibv_cq *cq;
    struct ibv_srq *srq;
    struct ibv_qp *qp;
    uint8_t *sq, *rq, *srq_ring;
    struct hinic_cqe *cqe;
    uint32_t n_cqe, pi; /* of the completion ring */
};

/* The provider registers when it is loaded; the library's release is not its business here. */
bool hinic_release_matches(void)
{
    return true;
}

static struct hinic_cqe *device_cqe(struct rig *r, uint8_t op, uint8_t flags, uint32_t idx)
{
    struct hinic_cqe *c = &r->cqe[r->pi % r->n_cqe];
    const uint8_t own = (uint8_t)(r->pi / r->n_cqe % 2 ^ 1);

    memset(c, 0, sizeof(*c) - 1);
    c->qpn_op = htole32(r->qp->qp_num | (uint32_t)op << 24);
    c->flags = flags;
    if (flags & HINIC_CQE_RECV) {
        c->wqe_idx = htole16((uint16_t)idx);
    } else {
        c->sw_idx = htole32(idx);
    }
    c->own = own;
    r->pi++;
    return c;
}

static int modify(struct rig *r, enum ibv_qp_state state)
{
    struct ibv_qp_attr attr = { .qp_state = state };

    return OP(modify_qp)(r->qp, &attr, IBV_QP_STATE);
}

static struct ibv_qp_init_attr_ex qp_attr(struct rig *r, enum ibv_qp_type type, uint64_t ops)
{
    return (struct ibv_qp_init_attr_ex){
        .send_cq = r->cq,
        .recv_cq = r->cq,
        .srq = r->srq,
        .cap = { .max_send_wr = 16,
                 .max_recv_wr = r->srq ? 0 : 8,
                 .max_send_sge = 2,
                 .max_recv_sge = r->srq ? 0 : 2,
                 .max_inline_data = 32 },
        .qp_type = type,
        .comp_mask = IBV_QP_INIT_ATTR_PD | (ops ? IBV_QP_INIT_ATTR_SEND_OPS_FLAGS : 0),
        .send_ops_flags = ops,
        .pd = r->pd,
    };
}

static void add_cq(struct rig *r, uint32_t flags)
{
    struct ibv_cq_init_attr_ex attr = {
        .cqe = N_CQE,
        .wc_flags = IBV_WC_STANDARD_FLAGS | IBV_WC_EX_WITH_COMPLETION_TIMESTAMP |
                    IBV_WC_EX_WITH_COMPLETION_TIMESTAMP_WALLCLOCK | IBV_WC_EX_WITH_CVLAN,
        .comp_mask = IBV_CQ_INIT_ATTR_MASK_FLAGS,
        .flags = flags,
    };

    r->cq = (struct ibv_cq *)OP(create_cq_ex)(&r->ctx->context, &attr);
    r->cqe = (struct hinic_cqe *)(uintptr_t)fake.buf;
    r->n_cqe = fake.len / 64;
    r->pi = 0;
}

static struct rig make(enum ibv_qp_type type, uint64_t ops, bool has_srq)
{
    struct rig r = { 0 };
    struct ibv_qp_init_attr_ex attr;

    memset(&fake.next_id, 0, sizeof(fake) - offsetof(struct fake, next_id));
    r.ctx = fake_open();
    memset(fake.uar, 0, 4096);
    r.pd = OP(alloc_pd)(&r.ctx->context);
    add_cq(&r, 0);
    if (has_srq) {
        struct ibv_srq_init_attr sattr = { .attr = { .max_wr = 3, .max_sge = 1 } };

        r.srq = OP(create_srq)(r.pd, &sattr);
        r.srq_ring = (uint8_t *)(uintptr_t)fake.buf;
        CHECK_EQ(fake.len, 4 * 32);
    }
    attr = qp_attr(&r, type, ops);
    r.qp = OP(create_qp_ex)(&r.ctx->context, &attr);
    CHECK(r.qp != NULL);
    r.sq = (uint8_t *)(uintptr_t)fake.buf;
    r.rq = (uint8_t *)(uintptr_t)fake.buf2;
    return r;
}

static void drop(struct rig *r)
{
    if (r->qp) {
        CHECK_EQ(OP(destroy_qp)(r->qp), 0);
    }
    if (r->srq) {
        CHECK_EQ(OP(destroy_srq)(r->srq), 0);
    }
    CHECK_EQ(OP(destroy_cq)(r->cq), 0);
    CHECK_EQ(OP(dealloc_pd)(r->pd), 0);
    fake_close(r->ctx);
    CHECK_EQ(fake.n_live, 0);
}

static void states(void)
{
    static const struct {
        enum ibv_qp_state state;
        int send, recv;
    } want[] = {
        { IBV_QPS_RESET, EINVAL, EINVAL },
        { IBV_QPS_INIT, EINVAL, 0 },
        { IBV_QPS_RTR, EINVAL, 0 },
        { IBV_QPS_RTS, 0, 0 },
        { IBV_QPS_SQD, 0, 0 },
        { IBV_QPS_SQE, 0, 0 },
        { IBV_QPS_ERR, 0, 0 },
    };
    struct rig r = make(IBV_QPT_RC, 0, false);
    struct ibv_recv_wr rwr = { .wr_id = 1 }, *rbad;
    struct ibv_send_wr swr = { .opcode = IBV_WR_SEND }, *sbad;
    struct ibv_qp_attr attr;

    for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
        CHECK_EQ(modify(&r, want[i].state), 0);
        sbad = NULL;
        rbad = NULL;
        CHECK_EQ(OP(post_send)(r.qp, &swr, &sbad), want[i].send);
        CHECK_EQ(OP(post_recv)(r.qp, &rwr, &rbad), want[i].recv);
        CHECK((sbad == &swr) == (want[i].send != 0));
        CHECK((rbad == &rwr) == (want[i].recv != 0));
    }
    /* A modify that fails changes nothing; a query shows what the device has done. */
    CHECK_EQ(modify(&r, IBV_QPS_RTS), 0);
    fake.fail_at = 1;
    CHECK_EQ(modify(&r, IBV_QPS_RESET), ENOSPC);
    CHECK_EQ(r.qp->state, IBV_QPS_RTS);
    CHECK_EQ(OP(query_qp)(r.qp, &attr, 0, NULL), 0);
    CHECK_EQ(r.qp->state, IBV_QPS_ERR);
    drop(&r);
}

/* Requests before a bad one are handed over with one doorbell, the others are not. */
static void bad_in_list(void)
{
    struct rig r = make(IBV_QPT_RC, 0, false);
    struct ibv_sge sge[3] = { { 0x1000, 10, 5 }, { 0x2000, 20, 6 }, { 0x3000, 30, 7 } };
    struct ibv_send_wr wr[4] = {
        { .wr_id = 1,
          .opcode = IBV_WR_RDMA_WRITE,
          .sg_list = sge,
          .num_sge = 2,
          .wr.rdma = { 0x9000, 77 } },
        { .wr_id = 2,
          .opcode = IBV_WR_SEND_WITH_IMM,
          .imm_data = htobe32(0x01020304),
          .sg_list = sge,
          .num_sge = 1,
          .send_flags = IBV_SEND_SIGNALED | IBV_SEND_SOLICITED },
        { .wr_id = 3, .opcode = IBV_WR_SEND, .sg_list = sge, .num_sge = 3 },
        { .wr_id = 4, .opcode = IBV_WR_SEND },
    };
    struct ibv_send_wr *bad = NULL;

    for (int i = 0; i < 3; i++) {
        wr[i].next = &wr[i + 1];
    }
    modify(&r, IBV_QPS_RTS);
    CHECK_EQ(OP(post_send)(r.qp, wr, &bad), EINVAL);
    CHECK(bad == &wr[2]);
    CHECK_EQ(fake_doorbell(HINIC_DB_SQ), r.qp->qp_num | 2ULL << 32);
    CHECK_EQ(r.sq[0], HINIC_WQE_WRITE);
    CHECK_EQ(r.sq[3], HINIC_WQE_OWN_PHASE);
    CHECK_EQ(r.sq[64], HINIC_WQE_SEND_IMM);
    CHECK_EQ(r.sq[65], 1 | HINIC_WQE_F_SIGNALED | HINIC_WQE_F_SOLICITED);
    CHECK_EQ(r.sq[67], HINIC_WQE_OWN_PHASE);
    CHECK(memcmp(r.sq + 68, "\1\2\3\4", 4) == 0);
    CHECK_EQ(r.sq[128 + 3], 0);

    wr[3].opcode = IBV_WR_FLUSH; /* no fields for it */
    CHECK_EQ(OP(post_send)(r.qp, &wr[3], &bad), EINVAL);
    wr[3].opcode = (enum ibv_wr_opcode)1000;
    CHECK_EQ(OP(post_send)(r.qp, &wr[3], &bad), EINVAL);
    wr[3].opcode = IBV_WR_RDMA_READ;
    wr[3].send_flags = IBV_SEND_INLINE;
    wr[3].sg_list = sge;
    wr[3].num_sge = 1;
    CHECK_EQ(OP(post_send)(r.qp, &wr[3], &bad), EINVAL);
    CHECK_EQ(fake_doorbell(HINIC_DB_SQ), 0);
    drop(&r);
}

/* Every field of a completion, in both ways of reading it. */
static void completions(void)
{
    struct rig r = make(IBV_QPT_RC, 0, false);
    struct ibv_cq_ex *ex = (struct ibv_cq_ex *)r.cq;
    struct ibv_recv_wr rwr[2] = { { .wr_id = 50, .next = &rwr[1] }, { .wr_id = 51 } }, *rbad;
    struct ibv_send_wr swr[2] = { { .wr_id = 60, .next = &swr[1], .opcode = IBV_WR_SEND },
                                  { .wr_id = 61, .opcode = IBV_WR_SEND } },
                       *sbad;
    struct ibv_poll_cq_attr pattr = { 0 };
    struct ibv_wc wc[4];
    struct hinic_cqe *c;

    modify(&r, IBV_QPS_RTS);
    CHECK_EQ(OP(poll_cq)(r.cq, 4, wc), 0);
    CHECK_EQ(ex->start_poll(ex, &pattr), ENOENT);
    CHECK_EQ(OP(post_recv)(r.qp, rwr, &rbad), 0);
    CHECK_EQ(fake_doorbell(HINIC_DB_RQ), r.qp->qp_num | 2ULL << 32);
    CHECK_EQ(OP(post_send)(r.qp, swr, &sbad), 0);

    c = device_cqe(&r, HINIC_WQE_WRITE_IMM, HINIC_CQE_RECV | HINIC_CQE_IMM | HINIC_CQE_GRH, 0);
    c->imm = htobe32(0xaabbccdd);
    c->byte_len = htole32(123);
    c->src_qp_sl = htole32(0x654321 | 3u << 24);
    c->slid = htole16(9);
    c->pkey_index = htole16(2);
    c->path_bits = 1;
    c->vlan = htole16(0x123);
    c->timestamp = htole64(1000000007);
    c = device_cqe(&r, HINIC_WQE_SEND, 0, 1); /* the first is unsignaled */
    c->status = IBV_WC_RNR_RETRY_EXC_ERR;
    c->vendor_err = htole32(11);
    CHECK_EQ(OP(poll_cq)(r.cq, 4, wc), 2);
    CHECK_EQ(wc[0].wr_id, 50);
    CHECK_EQ(wc[0].status, IBV_WC_SUCCESS);
    CHECK_EQ(wc[0].opcode, IBV_WC_RECV_RDMA_WITH_IMM);
    CHECK_EQ(wc[0].wc_flags, IBV_WC_WITH_IMM | IBV_WC_GRH);
    CHECK_EQ(be32toh(wc[0].imm_data), 0xaabbccdd);
    CHECK_EQ(wc[0].byte_len, 123);
    CHECK_EQ(wc[0].qp_num, r.qp->qp_num);
    CHECK_EQ(wc[0].src_qp, 0x654321);
    CHECK_EQ(wc[0].sl, 3);
    CHECK_EQ(wc[0].slid, 9);
    CHECK_EQ(wc[0].pkey_index, 2);
    CHECK_EQ(wc[0].dlid_path_bits, 1);
    CHECK_EQ(wc[1].wr_id, 61);
    CHECK_EQ(wc[1].status, IBV_WC_RNR_RETRY_EXC_ERR);
    CHECK_EQ(wc[1].vendor_err, 11);
    CHECK_EQ(wc[1].opcode, IBV_WC_SEND);

    c = device_cqe(&r, HINIC_WQE_SEND_INV, HINIC_CQE_RECV | HINIC_CQE_INVALIDATED, 1);
    c->imm = (__be32)htole32(0x4401);
    c->byte_len = htole32(7);
    c->src_qp_sl = htole32(0x123456 | 4u << 24);
    c->slid = htole16(8);
    c->path_bits = 2;
    c->vlan = htole16(0x321);
    c->timestamp = htole64(1000000009);
    pattr.comp_mask = 1;
    CHECK_EQ(ex->start_poll(ex, &pattr), EINVAL);
    pattr.comp_mask = 0;
    CHECK_EQ(ex->start_poll(ex, &pattr), 0);
    CHECK_EQ(ex->wr_id, 51);
    CHECK_EQ(ex->status, IBV_WC_SUCCESS);
    CHECK_EQ(ex->read_opcode(ex), IBV_WC_RECV);
    CHECK_EQ(ex->read_wc_flags(ex), IBV_WC_WITH_INV);
    CHECK_EQ(ex->read_imm_data(ex), 0x4401);
    CHECK_EQ(ex->read_byte_len(ex), 7);
    CHECK_EQ(ex->read_qp_num(ex), r.qp->qp_num);
    CHECK_EQ(ex->read_src_qp(ex), 0x123456);
    CHECK_EQ(ex->read_sl(ex), 4);
    CHECK_EQ(ex->read_slid(ex), 8);
    CHECK_EQ(ex->read_dlid_path_bits(ex), 2);
    CHECK_EQ(ex->read_cvlan(ex), 0x321);
    CHECK_EQ(ex->read_completion_ts(ex), 1000000009);
    CHECK_EQ(ex->read_completion_wallclock_ns(ex), 1000000009);
    CHECK_EQ(ex->read_vendor_err(ex), 0);
    CHECK_EQ(ex->next_poll(ex), ENOENT);
    ex->end_poll(ex);

    /* An entry nobody posted for is reported once and is gone. */
    device_cqe(&r, HINIC_WQE_SEND, 0, 9);
    CHECK(OP(poll_cq)(r.cq, 4, wc) < 0);
    CHECK_EQ(OP(poll_cq)(r.cq, 4, wc), 0);
    device_cqe(&r, HINIC_WQE_SEND, 0, 0)->qpn_op = htole32(0xffffff);
    CHECK(OP(poll_cq)(r.cq, 4, wc) < 0);
    CHECK_EQ(OP(poll_cq)(r.cq, 4, wc), 0);
    drop(&r);
}

/* The device is told every quarter of the ring, and an arm carries index and number of events. */
static void doorbells_of_cq(void)
{
    struct rig r = make(IBV_QPT_RC, 0, false);
    struct ibv_send_wr swr = { .opcode = IBV_WR_SEND }, *bad;
    const uint32_t lag = r.n_cqe / 4;
    uint64_t cqn;
    struct ibv_wc wc;

    modify(&r, IBV_QPS_RTS);
    CHECK_EQ(r.n_cqe, 32);
    CHECK_EQ(OP(req_notify_cq)(r.cq, 0), 0);
    cqn = fake_doorbell(HINIC_DB_CQ_ARM) & 0xffffff;
    for (uint32_t i = 1; i <= 100; i++) {
        CHECK_EQ(OP(post_send)(r.qp, &swr, &bad), 0);
        device_cqe(&r, HINIC_WQE_SEND, 0, (i - 1) % 16);
        CHECK_EQ(OP(poll_cq)(r.cq, 1, &wc), 1);
        CHECK_EQ(fake_doorbell(HINIC_DB_CQ_CI), i % lag ? 0 : cqn | (uint64_t)i << 32);
    }
    CHECK_EQ(OP(req_notify_cq)(r.cq, 0), 0);
    CHECK_EQ(fake_doorbell(HINIC_DB_CQ_ARM), cqn | 100ULL << 32 | 1ULL << 57);
    OP(cq_event)(r.cq);
    CHECK_EQ(OP(req_notify_cq)(r.cq, 1), 0);
    CHECK_EQ(fake_doorbell(HINIC_DB_CQ_ARM), cqn | 100ULL << 32 | 2ULL << 57 | 1ULL << 56);
    for (int i = 0; i < 3; i++) {
        OP(cq_event)(r.cq);
    }
    CHECK_EQ(OP(req_notify_cq)(r.cq, 0), 0);
    CHECK_EQ(fake_doorbell(HINIC_DB_CQ_ARM), cqn | 100ULL << 32 | 1ULL << 57);
    drop(&r);
}

/* Unread completions of the QP go with it, the index starts again, SRQ entries come back. */
static void reset_and_destroy(void)
{
    struct rig r = make(IBV_QPT_RC, 0, true);
    struct ibv_recv_wr rwr = { .wr_id = 1 }, *rbad;
    struct ibv_send_wr swr = { .opcode = IBV_WR_SEND }, *sbad;
    struct ibv_wc wc[4];

    modify(&r, IBV_QPS_RTS);
    CHECK_EQ(OP(post_recv)(r.qp, &rwr, &rbad), EINVAL); /* it has an SRQ */
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(OP(post_srq_recv)(r.srq, &rwr, &rbad), 0);
    }
    CHECK_EQ(fake_doorbell(HINIC_DB_SRQ) >> 32, 3);
    CHECK_EQ(OP(post_srq_recv)(r.srq, &rwr, &rbad), ENOMEM);
    CHECK(rbad == &rwr);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(OP(post_send)(r.qp, &swr, &sbad), 0);
    }
    device_cqe(&r, HINIC_WQE_SEND, HINIC_CQE_RECV, 1);
    device_cqe(&r, HINIC_WQE_SEND, 0, 1);
    device_cqe(&r, HINIC_WQE_SEND, HINIC_CQE_RECV, 0);
    modify(&r, IBV_QPS_RESET);
    CHECK_EQ(OP(poll_cq)(r.cq, 4, wc), 0);
    CHECK_EQ(OP(post_srq_recv)(r.srq, &rwr, &rbad), 0);
    CHECK_EQ(OP(post_srq_recv)(r.srq, &rwr, &rbad), 0);
    CHECK_EQ(OP(post_srq_recv)(r.srq, &rwr, &rbad), ENOMEM);
    fake_doorbell(HINIC_DB_SQ);
    modify(&r, IBV_QPS_RTS);
    CHECK_EQ(OP(post_send)(r.qp, &swr, &sbad), 0);
    CHECK_EQ(fake_doorbell(HINIC_DB_SQ), r.qp->qp_num | 1ULL << 32);
    CHECK_EQ(r.sq[3], HINIC_WQE_OWN_PHASE);

    device_cqe(&r, HINIC_WQE_SEND, 0, 0);
    CHECK_EQ(OP(destroy_qp)(r.qp), 0);
    r.qp = NULL;
    CHECK_EQ(OP(poll_cq)(r.cq, 4, wc), 0);
    drop(&r);
}

static void resize(void)
{
    struct rig r = make(IBV_QPT_RC, 0, false);
    struct ibv_send_wr swr = { .opcode = IBV_WR_SEND }, *bad;
    struct ibv_wc wc[64];
    uint64_t next_id = 0, next_done = 0;

    modify(&r, IBV_QPS_RTS);
    for (uint32_t round = 0; round < 40; round++) {
        static const int sizes[] = { 100, 3, 16, 1, 40, 7 };
        const uint32_t n_want = 1 + round % 5, n = n_want < r.n_cqe ? n_want : r.n_cqe;
        int ret;

        for (uint32_t i = 0; i < n; i++) {
            const uint32_t idx = (uint32_t)next_id % 16;

            swr.wr_id = next_id++;
            CHECK_EQ(OP(post_send)(r.qp, &swr, &bad), 0);
            device_cqe(&r, HINIC_WQE_SEND, 0, idx);
        }
        ret = OP(resize_cq)(r.cq, sizes[round % 6]);
        if (ret == 0) {
            CHECK(r.cq->cqe >= sizes[round % 6]);
            r.cqe = (struct hinic_cqe *)(uintptr_t)fake.buf;
            r.n_cqe = fake.len / 64;
        } else {
            CHECK_EQ(ret, EINVAL);
            CHECK((uint32_t)sizes[round % 6] < n);
        }
        CHECK_EQ(OP(poll_cq)(r.cq, 64, wc), (int)n);
        for (uint32_t i = 0; i < n; i++) {
            CHECK_EQ(wc[i].wr_id, next_done++);
        }
        CHECK_EQ(OP(poll_cq)(r.cq, 64, wc), 0);
    }
    fake.fail_at = 2; /* the command, after the memory */
    CHECK_EQ(OP(resize_cq)(r.cq, 100), ENOSPC);
    CHECK_EQ(OP(resize_cq)(r.cq, 0), EINVAL);
    CHECK_EQ(OP(resize_cq)(r.cq, 65536), EINVAL);
    drop(&r);
}

#define OPS_RC                                                                                     \
    (IBV_QP_EX_WITH_SEND | IBV_QP_EX_WITH_RDMA_WRITE | IBV_QP_EX_WITH_RDMA_READ |                  \
     IBV_QP_EX_WITH_ATOMIC_WRITE | IBV_QP_EX_WITH_FLUSH | IBV_QP_EX_WITH_LOCAL_INV |               \
     IBV_QP_EX_WITH_BIND_MW | IBV_QP_EX_WITH_ATOMIC_CMP_AND_SWP)

static void wr_calls(void)
{
    struct rig r = make(IBV_QPT_RC, OPS_RC, false);
    struct ibv_qp_ex *ex = &to_hqp(r.qp)->vqp.qp_ex;
    struct ibv_data_buf bufs[2] = { { "abcde", 5 }, { "fg", 2 } };
    struct ibv_sge sge[3] = { { 0x1000, 10, 5 }, { 0x2000, 20, 6 }, { 0x3000, 30, 7 } };
    uint64_t operand = 0x1122334455667788;

    CHECK(to_hqp(r.qp)->vqp.comp_mask & VERBS_QP_EX);
    ex->wr_start(ex);
    ex->wr_send(ex);
    CHECK_EQ(ex->wr_complete(ex), EINVAL); /* RESET */
    modify(&r, IBV_QPS_RTS);

    ex->wr_start(ex);
    ex->wr_id = 1;
    ex->wr_flags = IBV_SEND_SIGNALED | IBV_SEND_FENCE;
    ex->wr_rdma_write(ex, 77, 0x9000);
    ex->wr_set_inline_data_list(ex, 2, bufs);
    ex->wr_id = 2;
    ex->wr_flags = 0;
    ex->wr_rdma_read(ex, 78, 0xa000);
    ex->wr_set_sge_list(ex, 2, sge);
    ex->wr_atomic_write(ex, 79, 0xb000, &operand);
    ex->wr_flush(ex, 80, 0xc000, 4096, IBV_FLUSH_GLOBAL, IBV_FLUSH_MR);
    ex->wr_local_inv(ex, 81);
    ex->wr_atomic_cmp_swp(ex, 82, 0xd000, 5, 6);
    ex->wr_set_sge(ex, 9, 0xe000, 8);
    CHECK_EQ(r.sq[3], 0); /* not before complete */
    CHECK_EQ(fake_doorbell(HINIC_DB_SQ), 0);
    CHECK_EQ(ex->wr_complete(ex), 0);
    CHECK_EQ(fake_doorbell(HINIC_DB_SQ), r.qp->qp_num | 6ULL << 32);
    for (int i = 0; i < 6; i++) {
        static const uint8_t op[] = { HINIC_WQE_WRITE, HINIC_WQE_READ,      HINIC_WQE_ATOMIC_WRITE,
                                      HINIC_WQE_FLUSH, HINIC_WQE_LOCAL_INV, HINIC_WQE_CAS };

        CHECK_EQ(r.sq[64 * i], op[i]);
        CHECK_EQ(r.sq[64 * i + 3], HINIC_WQE_OWN_PHASE);
        CHECK_EQ(r.sq[64 * i + 12], i);
    }
    CHECK_EQ(r.sq[1], 1 | HINIC_WQE_F_SIGNALED | HINIC_WQE_F_FENCE | HINIC_WQE_F_INLINE);
    CHECK_EQ(r.sq[8], 7);
    CHECK(memcmp(r.sq + 32, "abcdefg", 7) == 0);
    CHECK_EQ(r.sq[64 + 2], 2);
    CHECK_EQ(r.sq[64 + 8], 30);
    CHECK_EQ(r.sq[128 + 1], 1 | HINIC_WQE_F_INLINE);
    CHECK_EQ(r.sq[128 + 8], 8);
    CHECK(memcmp(r.sq + 128 + 32, &operand, 8) == 0);
    CHECK_EQ(r.sq[256 + 4], 81);

    /* Given up: the next ones begin at the same place. */
    ex->wr_start(ex);
    ex->wr_send(ex);
    ex->wr_set_sge(ex, 1, 2, 3);
    ex->wr_send(ex);
    ex->wr_abort(ex);
    CHECK_EQ(to_hqp(r.qp)->sq.pi, 6);
    ex->wr_start(ex);
    ex->wr_send(ex);
    ex->wr_send(ex);
    ex->wr_set_sge_list(ex, 3, sge); /* two at most */
    ex->wr_send(ex);
    ex->wr_set_sge(ex, 1, 2, 3);
    CHECK_EQ(ex->wr_complete(ex), EINVAL);
    ex->wr_start(ex);
    ex->wr_rdma_read(ex, 1, 2);
    ex->wr_set_inline_data(ex, bufs[0].addr, 1);
    CHECK_EQ(ex->wr_complete(ex), EINVAL);
    ex->wr_start(ex);
    for (int i = 0; i < 100; i++) {
        ex->wr_send(ex);
    }
    CHECK_EQ(ex->wr_complete(ex), ENOMEM);
    CHECK_EQ(to_hqp(r.qp)->sq.pi, 6);
    CHECK_EQ(fake_doorbell(HINIC_DB_SQ), 0);
    ex->wr_start(ex);
    CHECK_EQ(ex->wr_complete(ex), 0); /* nothing at all */
    CHECK_EQ(fake_doorbell(HINIC_DB_SQ), 0);
    drop(&r);
}

static void datagrams(void)
{
    struct rig r = make(IBV_QPT_UD, IBV_QP_EX_WITH_SEND, false);
    struct ibv_qp_ex *ex = &to_hqp(r.qp)->vqp.qp_ex;
    struct ibv_ah_attr attr = { .is_global = 1,
                                .port_num = 1,
                                .sl = 3,
                                .grh = {
                                    .sgid_index = 4, .hop_limit = 64, .traffic_class = 0x68 } };
    struct ibv_ah *ah = OP(create_ah)(r.pd, &attr);
    struct ibv_sge sge = { 0x1000, 10, 5 };
    struct ibv_send_wr wr = { .opcode = IBV_WR_RDMA_WRITE, .sg_list = &sge, .num_sge = 1 }, *bad;
    struct hinic_wqe_ud ud;
    struct ibv_qp_init_attr_ex no = qp_attr(&r, IBV_QPT_UD, IBV_QP_EX_WITH_RDMA_READ);

    modify(&r, IBV_QPS_RTS);
    CHECK_EQ(OP(post_send)(r.qp, &wr, &bad), EINVAL);
    wr.opcode = IBV_WR_SEND;
    wr.wr.ud.ah = ah;
    wr.wr.ud.remote_qpn = 0x77;
    wr.wr.ud.remote_qkey = 0x11111111;
    CHECK_EQ(OP(post_send)(r.qp, &wr, &bad), 0);
    CHECK_EQ(fake_doorbell(HINIC_DB_SQ), r.qp->qp_num | 2ULL << 32);
    memcpy(&ud, r.sq + 16, sizeof(ud));
    CHECK_EQ(ud.dqpn, 0x77);
    CHECK_EQ(ud.qkey, 0x11111111);
    CHECK_EQ(ud.av.flags, HINIC_AV_GRH | HINIC_AV_VLAN);
    CHECK_EQ(ud.av.vlan, 5);
    CHECK_EQ(ud.av.dmac[5], 0x11);
    CHECK_EQ(ud.av.sgid_idx, 4);
    CHECK_EQ(ud.av.tclass, 0x68);
    CHECK_EQ(r.sq[64], 0x00);
    CHECK_EQ(r.sq[65], 0x10);

    ex->wr_start(ex);
    ex->wr_send(ex);
    ex->wr_set_sge(ex, 5, 0x1000, 10);
    CHECK_EQ(ex->wr_complete(ex), EINVAL); /* to whom? */
    ex->wr_start(ex);
    ex->wr_send(ex);
    ex->wr_set_sge(ex, 5, 0x1000, 10);
    ex->wr_set_ud_addr(ex, ah, 0x78, 1);
    CHECK_EQ(ex->wr_complete(ex), 0);
    CHECK_EQ(r.sq[128 + 16], 0x78);

    errno = 0;
    CHECK(OP(create_qp_ex)(&r.ctx->context, &no) == NULL);
    CHECK_EQ(errno, EOPNOTSUPP);
    CHECK_EQ(OP(destroy_ah)(ah), 0);
    drop(&r);
}

static void windows(void)
{
    struct rig r = make(IBV_QPT_RC, 0, false);
    struct ibv_mr *mr = OP(reg_mr)(r.pd, NULL, 4096, 0, IBV_ACCESS_MW_BIND);
    struct ibv_mw *mw = OP(alloc_mw)(r.pd, IBV_MW_TYPE_1);
    struct ibv_pd *other = OP(alloc_pd)(&r.ctx->context);
    struct ibv_mw_bind bind = { .bind_info = { mr, 0x1000, 64, IBV_ACCESS_REMOTE_READ } };
    const uint32_t key = mw->rkey;

    CHECK_EQ(OP(bind_mw)(r.qp, mw, &bind), EINVAL); /* RESET */
    CHECK_EQ(mw->rkey, key);
    modify(&r, IBV_QPS_RTS);
    CHECK_EQ(OP(bind_mw)(r.qp, mw, &bind), 0);
    CHECK_EQ(mw->rkey, key + 1);
    CHECK_EQ(r.sq[0], HINIC_WQE_BIND_MW);
    CHECK_EQ(r.sq[16], 1);
    /* A window has no local access, but callers may name it. */
    bind.bind_info.mw_access_flags = IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE;
    CHECK_EQ(OP(bind_mw)(r.qp, mw, &bind), 0);
    CHECK_EQ(mw->rkey, key + 2);
    CHECK_EQ(r.sq[64 + 20], IBV_ACCESS_REMOTE_WRITE);
    bind.bind_info.mw_access_flags = IBV_ACCESS_MW_BIND;
    CHECK_EQ(OP(bind_mw)(r.qp, mw, &bind), EINVAL);
    bind.bind_info.mw_access_flags = 0;
    mr->pd = other;
    CHECK_EQ(OP(bind_mw)(r.qp, mw, &bind), EPERM);
    mr->pd = r.pd;
    CHECK_EQ(mw->rkey, key + 2);
    CHECK_EQ(OP(dealloc_pd)(other), 0);
    CHECK_EQ(OP(dealloc_mw)(mw), 0);
    CHECK_EQ(OP(dereg_mr)(verbs_get_mr(mr)), 0);
    drop(&r);
}

static int n_alloc, n_free;
static bool is_default;

static void *own_alloc(struct ibv_pd *pd, void *arg, size_t size, size_t align, uint64_t type)
{
    void *p;

    (void)pd, (void)type;
    CHECK(arg == &n_alloc);
    n_alloc++;
    if (is_default) {
        return IBV_ALLOCATOR_USE_DEFAULT;
    }
    p = aligned_alloc(align, size);
    memset(p, 0xff, size);
    return p;
}

static void own_free(struct ibv_pd *pd, void *arg, void *p, uint64_t type)
{
    (void)pd, (void)arg, (void)type;
    n_free++;
    free(p);
}

static void parent_domains(void)
{
    struct rig r = make(IBV_QPT_RC, 0, false);
    struct ibv_pd *real = r.pd;
    struct ibv_td_init_attr tattr = { 0 };
    struct ibv_td *td = OP(alloc_td)(&r.ctx->context, &tattr);
    struct ibv_parent_domain_init_attr pattr = {
        .pd = real,
        .td = td,
        .alloc = own_alloc,
        .free = own_free,
        .pd_context = &n_alloc,
        .comp_mask = IBV_PARENT_DOMAIN_INIT_ATTR_ALLOCATORS |
                     IBV_PARENT_DOMAIN_INIT_ATTR_PD_CONTEXT,
    };
    struct ibv_pd *pd = OP(alloc_parent_domain)(&r.ctx->context, &pattr);
    struct ibv_cq_init_attr_ex cattr = { .cqe = 4,
                                         .wc_flags = IBV_WC_STANDARD_FLAGS,
                                         .comp_mask = IBV_CQ_INIT_ATTR_MASK_PD,
                                         .parent_domain = pd };
    struct ibv_qp_init_attr_ex attr;
    struct ibv_cq *cq;
    struct ibv_qp *qp;
    struct ibv_wc wc;

    CHECK_EQ(pd->handle, real->handle);
    for (int i = 0; i < 2; i++) {
        is_default = i;
        n_alloc = n_free = 0;
        cq = (struct ibv_cq *)OP(create_cq_ex)(&r.ctx->context, &cattr);
        CHECK(!to_hcq(cq)->lock.used);
        CHECK_EQ(OP(poll_cq)(cq, 1, &wc), 0); /* memory of the caller was not zero */
        r.pd = pd;
        attr = qp_attr(&r, IBV_QPT_RC, 0);
        qp = OP(create_qp_ex)(&r.ctx->context, &attr);
        r.pd = real;
        CHECK(!to_hqp(qp)->sq_lock.used && !to_hqp(qp)->rq_lock.used);
        CHECK_EQ(n_alloc, 3);
        CHECK_EQ(OP(dealloc_pd)(real), EBUSY);
        CHECK_EQ(OP(dealloc_pd)(pd), EBUSY);
        CHECK_EQ(OP(dealloc_td)(td), EBUSY);
        CHECK_EQ(OP(destroy_qp)(qp), 0);
        CHECK_EQ(OP(destroy_cq)(cq), 0);
        CHECK_EQ(n_free, is_default ? 0 : 3);
    }
    CHECK(to_hqp(r.qp)->sq_lock.used && to_hcq(r.cq)->lock.used);
    CHECK_EQ(OP(dealloc_pd)(pd), 0);
    CHECK_EQ(OP(dealloc_td)(td), 0);
    pattr.comp_mask = 1u << 30;
    CHECK(OP(alloc_parent_domain)(&r.ctx->context, &pattr) == NULL);
    CHECK_EQ(errno, EINVAL);
    cattr.parent_domain = real;
    CHECK(OP(create_cq_ex)(&r.ctx->context, &cattr) == NULL);
    CHECK_EQ(errno, EINVAL);
    drop(&r);
}

static void attributes(void)
{
    struct rig r = make(IBV_QPT_RC, 0, false);
    struct ibv_device_attr_ex attr;
    struct ibv_values_ex v = { .comp_mask = IBV_VALUES_MASK_RAW_CLOCK };
    struct ibv_cq_init_attr_ex cattr = { .cqe = 4, .wc_flags = IBV_WC_EX_WITH_TM_INFO };

    CHECK_EQ(OP(query_device_ex)(&r.ctx->context, NULL, &attr, sizeof(attr)), 0);
    CHECK_STR(attr.orig_attr.fw_ver, "1.2.3");
    *fake.clock = 123456789012;
    CHECK_EQ(OP(query_rt_values)(&r.ctx->context, &v), 0);
    CHECK_EQ(v.comp_mask, IBV_VALUES_MASK_RAW_CLOCK);
    CHECK_EQ(v.raw_clock.tv_sec, 0);
    CHECK_EQ(v.raw_clock.tv_nsec, 123456789012);
    CHECK(OP(create_cq_ex)(&r.ctx->context, &cattr) == NULL);
    CHECK_EQ(errno, EOPNOTSUPP);
    CHECK(OP(create_cq)(&r.ctx->context, 65536, NULL, 0) == NULL);
    CHECK_EQ(errno, EINVAL);
    drop(&r);
}

/* Flags may be given as long as none is set; receive entries are reported as they are. */
static void create_attributes(void)
{
    struct rig r = make(IBV_QPT_RC, 0, false);
    struct ibv_qp_init_attr_ex attr = qp_attr(&r, IBV_QPT_UC, 0);
    struct ibv_qp *qp;

    attr.comp_mask |= IBV_QP_INIT_ATTR_CREATE_FLAGS;
    attr.cap.max_recv_wr = 9;
    qp = OP(create_qp_ex)(&r.ctx->context, &attr);
    CHECK(qp != NULL);
    CHECK_EQ(attr.comp_mask, IBV_QP_INIT_ATTR_PD | IBV_QP_INIT_ATTR_CREATE_FLAGS);
    CHECK_EQ(attr.cap.max_recv_wr, 16);
    CHECK_EQ(OP(destroy_qp)(qp), 0);

    attr.create_flags = IBV_QP_CREATE_BLOCK_SELF_MCAST_LB;
    errno = 0;
    CHECK(OP(create_qp_ex)(&r.ctx->context, &attr) == NULL);
    CHECK_EQ(errno, EOPNOTSUPP);
    drop(&r);
}

/* Every command of creation fails once: errno is set and nothing is left behind. */
static void failures(void)
{
    struct rig r = make(IBV_QPT_RC, 0, false);
    struct ibv_srq_init_attr sattr = { .attr = { .max_wr = 3, .max_sge = 1 } };
    struct ibv_qp_init_attr_ex attr = qp_attr(&r, IBV_QPT_RC, OPS_RC);
    const int live = fake.n_live;

    for (int i = 1; i <= 3; i++) { /* two rings, the command */
        attr = qp_attr(&r, IBV_QPT_RC, OPS_RC);
        attr.cap.max_inline_data = 0;
        fake.fail_at = i;
        CHECK(OP(create_qp_ex)(&r.ctx->context, &attr) == NULL);
        CHECK_EQ(errno, ENOSPC);
        CHECK_EQ(attr.cap.max_inline_data, 0);
    }
    for (int i = 1; i <= 2; i++) {
        fake.fail_at = i;
        CHECK(OP(create_cq)(&r.ctx->context, 5, NULL, 0) == NULL);
        CHECK_EQ(errno, ENOSPC);
        fake.fail_at = i;
        CHECK(OP(create_srq)(r.pd, &sattr) == NULL);
        CHECK_EQ(errno, ENOSPC);
    }
    fake.fail_at = 1;
    CHECK(OP(alloc_pd)(&r.ctx->context) == NULL);
    fake.fail_at = 1;
    CHECK(OP(reg_mr)(r.pd, NULL, 1, 0, 0) == NULL);
    fake.fail_at = 1;
    CHECK(OP(alloc_mw)(r.pd, IBV_MW_TYPE_2) == NULL);
    CHECK_EQ(fake.n_live, live);
    for (int i = 1; i <= 2; i++) {
        fake.fail_at = i;
        CHECK(fake_open() == NULL);
        CHECK_EQ(fake.n_live, live);
    }
    /* One that cannot be destroyed stays whole. */
    fake.fail_at = 1;
    CHECK_EQ(OP(destroy_qp)(r.qp), ENOSPC);
    fake.fail_at = 1;
    CHECK_EQ(OP(destroy_cq)(r.cq), ENOSPC);
    drop(&r);
}

static const struct tap_case cases[] = {
    { "posting by state", states },
    { "a bad request in a list", bad_in_list },
    { "completions, field by field", completions },
    { "doorbells of a CQ", doorbells_of_cq },
    { "reset and destruction take completions along", reset_and_destroy },
    { "resizing with unread completions", resize },
    { "ibv_wr_* calls", wr_calls },
    { "datagrams", datagrams },
    { "memory windows", windows },
    { "parent domains", parent_domains },
    { "attributes", attributes },
    { "attributes of new queue pairs", create_attributes },
    { "failing commands", failures },
};

TAP_MAIN(cases)
