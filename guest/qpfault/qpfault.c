/* SPDX-License-Identifier: MIT */
/* Provokes the errors of reliable connections between two queue pairs of one device and uses the
 * pair again after each. usage: vdc-qpfault DEVICE GID_INDEX; prints one line per case, exit 1 if a
 * completion is not the expected one. */
#include <infiniband/verbs.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEN       3000     /* bytes of a message: three packets */
#define POLLS_MAX 50000000 /* empty polls until a completion is given up */

static struct ibv_context *ctx;
static struct ibv_pd *pd;
static struct ibv_mr *mr;
static struct ibv_cq *cq[2];
static struct ibv_qp *qp[2];
static union ibv_gid gid;
static uint8_t gid_index;
static unsigned char data[2][LEN]; /* [0] is sent, [1] received into */
static int bad;

static void need(bool is_true, const char *what)
{
    if (!is_true) {
        perror(what);
        exit(2);
    }
}

static void modify(int i, struct ibv_qp_attr *a, int mask)
{
    need(ibv_modify_qp(qp[i], a, mask) == 0, "ibv_modify_qp");
}

static void reset(int i)
{
    modify(i, &(struct ibv_qp_attr){ .qp_state = IBV_QPS_RESET }, IBV_QP_STATE);
}

static void init(int i)
{
    modify(i,
           &(struct ibv_qp_attr){ .qp_state = IBV_QPS_INIT,
                                  .port_num = 1,
                                  .qp_access_flags = IBV_ACCESS_REMOTE_WRITE |
                                                     IBV_ACCESS_REMOTE_READ },
           IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT | IBV_QP_ACCESS_FLAGS);
}

/* Connects one end to the other: time-out 4.096 us * 2^8 = 1 ms, two retries, one after "receiver
 * not ready". */
static void ready(int i)
{
    struct ibv_qp_attr a = {
        .qp_state = IBV_QPS_RTR,
        .path_mtu = IBV_MTU_1024,
        .dest_qp_num = qp[!i]->qp_num,
        .rq_psn = 0xfffffe, /* numbers wrap within the first message */
        .sq_psn = 0xfffffe,
        .max_dest_rd_atomic = 1,
        .max_rd_atomic = 1,
        .min_rnr_timer = 12, /* 0.64 ms */
        .timeout = 8,
        .retry_cnt = 2,
        .rnr_retry = 1,
        .ah_attr = { .is_global = 1,
                     .port_num = 1,
                     .grh = { .dgid = gid, .sgid_index = gid_index, .hop_limit = 1 } },
    };

    modify(i, &a,
           IBV_QP_STATE | IBV_QP_AV | IBV_QP_PATH_MTU | IBV_QP_DEST_QPN | IBV_QP_RQ_PSN |
               IBV_QP_MAX_DEST_RD_ATOMIC | IBV_QP_MIN_RNR_TIMER);
    a.qp_state = IBV_QPS_RTS;
    modify(i, &a,
           IBV_QP_STATE | IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY | IBV_QP_SQ_PSN |
               IBV_QP_MAX_QP_RD_ATOMIC);
}

static void connect_both(void)
{
    for (int i = 0; i < 2; i++) {
        reset(i);
        init(i);
        ready(i);
    }
}

static void post_send(uint64_t id, enum ibv_wr_opcode opcode, uint32_t rkey)
{
    struct ibv_sge sge = { .addr = (uintptr_t)data[0], .length = LEN, .lkey = mr->lkey };
    struct ibv_send_wr wr = { .wr_id = id,
                              .sg_list = &sge,
                              .num_sge = 1,
                              .opcode = opcode,
                              .send_flags = IBV_SEND_SIGNALED };
    struct ibv_send_wr *rest;

    wr.wr.rdma.remote_addr = (uintptr_t)data[1];
    wr.wr.rdma.rkey = rkey;
    need(ibv_post_send(qp[0], &wr, &rest) == 0, "ibv_post_send");
}

static void post_recv(uint32_t len)
{
    struct ibv_sge sge = { .addr = (uintptr_t)data[1], .length = len, .lkey = mr->lkey };
    struct ibv_recv_wr wr = { .wr_id = 100, .sg_list = &sge, .num_sge = 1 };
    struct ibv_recv_wr *rest;

    need(ibv_post_recv(qp[1], &wr, &rest) == 0, "ibv_post_recv");
}

static void expect(const char *name, int end, uint64_t id, enum ibv_wc_status want)
{
    struct ibv_wc wc;
    int n = 0;

    for (long i = 0; i < POLLS_MAX && n == 0; i++) {
        n = ibv_poll_cq(cq[end], 1, &wc);
    }
    if (n != 1 || wc.wr_id != id || wc.status != want) {
        printf("not ok %s: %s of %llu, expected %s of %llu\n", name,
               n == 1 ? ibv_wc_status_str(wc.status) : "nothing",
               n == 1 ? (unsigned long long)wc.wr_id : 0ull, ibv_wc_status_str(want),
               (unsigned long long)id);
        bad = 1;
        return;
    }
    printf("ok %s: %s of %llu\n", name, ibv_wc_status_str(want), (unsigned long long)id);
}

/* The failed pair carries data again. */
static void again(const char *name)
{
    static unsigned char seed;

    connect_both();
    seed++;
    for (int i = 0; i < LEN; i++) {
        data[0][i] = (unsigned char)(i * 7 + seed);
    }
    memset(data[1], 0, LEN);
    post_recv(LEN);
    post_send(50, IBV_WR_SEND, 0);
    expect(name, 0, 50, IBV_WC_SUCCESS);
    expect(name, 1, 100, IBV_WC_SUCCESS);
    if (memcmp(data[0], data[1], LEN) != 0) {
        printf("not ok %s: wrong data\n", name);
        bad = 1;
    }
}

static void open_device(const char *name)
{
    struct ibv_device **list = ibv_get_device_list(NULL);

    for (int i = 0; list && list[i]; i++) {
        if (strcmp(ibv_get_device_name(list[i]), name) == 0) {
            ctx = ibv_open_device(list[i]);
        }
    }
    need(ctx != NULL, name);
    need(ibv_query_gid(ctx, 1, gid_index, &gid) == 0, "ibv_query_gid");
    need((pd = ibv_alloc_pd(ctx)) != NULL, "ibv_alloc_pd");
    mr = ibv_reg_mr(pd, data, sizeof(data), IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE);
    need(mr != NULL, "ibv_reg_mr");
    for (int i = 0; i < 2; i++) {
        need((cq[i] = ibv_create_cq(ctx, 16, NULL, NULL, 0)) != NULL, "ibv_create_cq");
        struct ibv_qp_init_attr a = {
            .send_cq = cq[i],
            .recv_cq = cq[i],
            .qp_type = IBV_QPT_RC,
            .cap = { .max_send_wr = 8, .max_recv_wr = 8, .max_send_sge = 1, .max_recv_sge = 1 },
        };
        need((qp[i] = ibv_create_qp(pd, &a)) != NULL, "ibv_create_qp");
    }
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fputs("usage: vdc-qpfault DEVICE GID_INDEX\n", stderr);
        return 2;
    }
    gid_index = (uint8_t)atoi(argv[2]);
    open_device(argv[1]);

    again("first");

    connect_both(); /* and no receive */
    post_send(1, IBV_WR_SEND, 0);
    post_send(2, IBV_WR_SEND, 0);
    expect("receiver not ready", 0, 1, IBV_WC_RNR_RETRY_EXC_ERR);
    expect("receiver not ready", 0, 2, IBV_WC_WR_FLUSH_ERR);
    again("receiver not ready");

    connect_both();
    reset(1); /* answers nothing */
    post_send(3, IBV_WR_SEND, 0);
    post_send(4, IBV_WR_SEND, 0);
    expect("nobody answers", 0, 3, IBV_WC_RETRY_EXC_ERR);
    expect("nobody answers", 0, 4, IBV_WC_WR_FLUSH_ERR);
    again("nobody answers");

    connect_both();
    post_recv(LEN);
    post_send(5, IBV_WR_RDMA_WRITE, mr->rkey ^ 0x100);
    expect("wrong key", 0, 5, IBV_WC_REM_ACCESS_ERR);
    expect("wrong key", 1, 100, IBV_WC_WR_FLUSH_ERR);
    again("wrong key");

    connect_both();
    post_send(6, IBV_WR_RDMA_READ, mr->rkey); /* the region allows no reads */
    expect("no right to read", 0, 6, IBV_WC_REM_ACCESS_ERR);
    again("no right to read");

    connect_both();
    post_recv(LEN - 1);
    post_send(7, IBV_WR_SEND, 0);
    expect("receive too short", 0, 7, IBV_WC_REM_INV_REQ_ERR);
    expect("receive too short", 1, 100, IBV_WC_LOC_LEN_ERR);
    again("receive too short");

    for (int i = 0; i < 2; i++) {
        need(ibv_destroy_qp(qp[i]) == 0 && ibv_destroy_cq(cq[i]) == 0, "destroy");
    }
    need(ibv_dereg_mr(mr) == 0 && ibv_dealloc_pd(pd) == 0 && ibv_close_device(ctx) == 0, "close");
    return bad;
}
