/* SPDX-License-Identifier: MIT */
/* Work requests that end inside of the device: fast registration, invalidation, windows, in order
 * with the traffic that uses the keys. */
#include "reqrig.h"
#include "requester.h"
#include "tap.h"

#define PAGES 4u
#define IOVA  UINT64_C(0x7700000200)
#define LEN   (PAGES * 4096u - 0x200u)
#define RW    (HINIC_ACCESS_LOCAL_WRITE | HINIC_ACCESS_REMOTE_WRITE | HINIC_ACCESS_REMOTE_READ)

/* Two more queue pairs, of the kernel. */
struct kernel {
    struct reqrig *r;
    struct pair_qp a, b;
    uint64_t page, list;
    uint32_t key;
};

static uint32_t alloc_key(struct pair_end *e, uint32_t op, uint32_t n)
{
    const struct hinic_inl_alloc_key k = { .pdn = e->pdn, .n = n };

    CHECK_EQ(pair_cmd(e, op, 0, &k, sizeof(k), NULL, 0, NULL, 0), HINIC_AQ_OK);
    return e->o->out[0];
}

static struct kernel open_kernel(void)
{
    const struct pair_qp_cfg qc = { .type = HINIC_QPT_RC, .flags = HINIC_QP_KERNEL };
    const struct pair_conn conn = { .path_mtu = 1024, .timeout = 6 };
    struct kernel k = { .r = reqrig_new(NULL, HINIC_QPT_RC, NULL) };
    struct pair_end *e = &k.r->p->end[0];
    uint64_t page[PAGES];

    k.a = pair_qp(e, &qc);
    k.b = pair_qp(&k.r->p->end[1], &qc);
    pair_connect(&k.a, &k.b, &conn);
    k.page = host_alloc(e->o, PAGES * 4096, 4096);
    k.list = host_alloc(e->o, 4096, 4096);
    for (uint32_t i = 0; i < PAGES; i++) {
        page[i] = k.page + (PAGES - 1 - i) * UINT64_C(4096);
    }
    memcpy(host_ptr(e->o, k.list, sizeof(page)), page, sizeof(page));
    k.key = alloc_key(e, HINIC_AQ_ALLOC_MR, PAGES) | 0x5a;
    return k;
}

static struct pair_wr reg_mr(const struct kernel *k)
{
    return (struct pair_wr){ .op = HINIC_WQE_REG_MR,
                             .reg = { .key = k->key,
                                      .access = RW,
                                      .iova = IOVA,
                                      .len = LEN,
                                      .log_pgsz = 12,
                                      .n_pages = PAGES,
                                      .page_list_pa = k->list } };
}

/* Byte i of the fast registered region. */
static uint8_t *at(const struct kernel *k, uint32_t i)
{
    const uint32_t off = 0x200 + i;

    return host_ptr(k->r->p->end[0].o,
                    k->page + (PAGES - 1 - off / 4096) * UINT64_C(4096) + off % 4096, 1);
}

static void fast_registration(void)
{
    struct kernel k = open_kernel();
    struct pair_wr wr = reg_mr(&k);
    uint8_t b[LEN];
    struct hinic_cqe c;

    /* One doorbell: register, and use it at once. */
    (void)pair_post(&k.a, &wr);
    for (uint32_t i = 0; i < LEN; i++) {
        *at(&k, i) = (uint8_t)(i * 7 + i / 256);
    }
    wr = reqrig_wr(k.r, HINIC_WQE_WRITE, LEN);
    wr.sge[0] = (struct hinic_sge){ .addr = IOVA, .len = LEN, .lkey = k.key };
    (void)pair_post(&k.a, &wr);
    /* The key goes away behind it, although the link loses packets. */
    k.r->p->dir[0].fault.drop_from = (uint32_t)k.r->p->dir[0].n_sent + 3;
    k.r->p->dir[0].fault.drop_n = 20;
    wr = (struct pair_wr){ .op = HINIC_WQE_LOCAL_INV, .flags = HINIC_WQE_F_SIGNALED, .imm = k.key };
    (void)pair_post(&k.a, &wr);
    pair_ring(&k.a);
    c = reqrig_cqe(k.r, 0);
    CHECK_EQ(c.status, HINIC_WC_SUCCESS);
    CHECK_EQ(reqrig_opcode(&c), HINIC_WQE_WRITE);
    c = reqrig_cqe(k.r, 0);
    CHECK_EQ(c.status, HINIC_WC_SUCCESS);
    CHECK_EQ(reqrig_opcode(&c), HINIC_WQE_LOCAL_INV);
    CHECK(pair_counter(k.r->p, 0, HINIC_CNT_RETX_BYTES) > 0);
    pair_mr_read(&k.r->p->end[1], &k.r->peer, 0, b, LEN);
    for (uint32_t i = 0; i < LEN; i++) {
        if (b[i] != (uint8_t)(i * 7 + i / 256)) {
            CHECK_EQ(i, LEN); /* first wrong byte */
            break;
        }
    }

    /* Again, for the peer. */
    wr = reg_mr(&k);
    wr.flags = HINIC_WQE_F_SIGNALED;
    (void)pair_send(&k.a, &wr);
    CHECK_EQ(reqrig_cqe(k.r, 0).status, HINIC_WC_SUCCESS);
    wr = reqrig_wr(k.r, HINIC_WQE_WRITE, LEN);
    wr.sge[0] = pair_sge(&k.r->peer, 0x10000, LEN);
    wr.raddr = IOVA;
    wr.rkey = k.key;
    pair_mr_write(&k.r->p->end[1], &k.r->peer, 0x10000 + LEN - 1, "x", 1);
    (void)pair_send(&k.b, &wr);
    CHECK_EQ(reqrig_cqe(k.r, 1).status, HINIC_WC_SUCCESS);
    CHECK_EQ(*at(&k, LEN - 1), 'x');
    reqrig_free(k.r);
}

static void refused(void)
{
    for (uint32_t n = 0; n < 6; n++) {
        struct kernel k = open_kernel();
        struct pair_wr wr = reg_mr(&k);
        struct hinic_cqe c;

        switch (n) {
        case 0:
            wr.reg.n_pages = PAGES + 1;
            break;
        case 1:
            wr.reg.len = LEN + 1;
            break;
        case 2:
            wr.reg.log_pgsz = 63;
            break;
        case 3:
            wr.reg.key = k.r->local.key;
            break;
        case 4:
            wr.reg.iova = UINT64_MAX - 100;
            break;
        default: /* in use */
            (void)pair_post(&k.a, &wr);
            break;
        }
        (void)pair_send(&k.a, &wr);
        c = reqrig_cqe(k.r, 0);
        CHECK_EQ(c.status, HINIC_WC_LOC_QP_OP_ERR);
        CHECK_EQ(c.vendor_err, REQ_WHY_LOCAL);
        CHECK_EQ(pair_qp_state(&k.a), HINIC_QPS_ERR);
        reqrig_free(k.r);
    }
}

/* Type 2 window: bound by a user, used by the peer, taken away by its SEND_INV. */
static void window(void)
{
    struct reqrig *r = reqrig_new(NULL, HINIC_QPT_RC, NULL);
    struct pair_end *e0 = &r->p->end[0];
    const struct pair_mr m = pair_mr(e0, 8192, RW | HINIC_ACCESS_MW_BIND, PAIR_MR_SHUFFLED);
    const uint32_t key = alloc_key(e0, HINIC_AQ_ALLOC_MW, 2) | 0x33;
    const struct hinic_sge in = pair_sge(&r->local, 0, 64);
    struct pair_wr wr = { .op = HINIC_WQE_BIND_MW,
                          .flags = HINIC_WQE_F_SIGNALED,
                          .reg = { .key = key,
                                   .access = HINIC_ACCESS_REMOTE_WRITE,
                                   .iova = m.va + 100,
                                   .len = 5000,
                                   .n_pages = m.key } };
    struct hinic_cqe c;
    uint8_t b[8];

    (void)pair_send(&r->a, &wr);
    CHECK_EQ(reqrig_cqe(r, 0).status, HINIC_WC_SUCCESS);

    wr = reqrig_wr(r, HINIC_WQE_WRITE, 5000);
    wr.sge[0] = pair_sge(&r->peer, 0, 5000);
    wr.raddr = m.va + 100;
    wr.rkey = key;
    pair_mr_write(&r->p->end[1], &r->peer, 4992, "in there", 8);
    (void)pair_send(&r->b, &wr);
    CHECK_EQ(reqrig_cqe(r, 1).status, HINIC_WC_SUCCESS);
    pair_mr_read(e0, &m, 100 + 4992, b, 8);
    CHECK(memcmp(b, "in there", 8) == 0);

    (void)pair_recv(&r->a, &in, 1);
    wr.op = HINIC_WQE_SEND_INV;
    wr.sge[0].len = 10;
    wr.length = 0;
    wr.imm = key;
    (void)pair_send(&r->b, &wr);
    c = reqrig_cqe(r, 0);
    CHECK_EQ(c.status, HINIC_WC_SUCCESS);
    CHECK(c.flags & HINIC_CQE_INVALIDATED);
    CHECK_EQ(c.imm, key);
    CHECK_EQ(reqrig_cqe(r, 1).status, HINIC_WC_SUCCESS);

    wr.op = HINIC_WQE_WRITE;
    (void)pair_send(&r->b, &wr);
    CHECK_EQ(reqrig_cqe(r, 1).status, HINIC_WC_REM_ACCESS_ERR);
    reqrig_free(r);
}

int main(void)
{
    static const struct tap_case cases[] = {
        { "REG_MR, use and LOCAL_INV in one doorbell, with loss", fast_registration },
        { "REG_MR refused", refused },
        { "type 2 window and SEND_INV", window },
    };

    return tap_run(cases, (int)(sizeof(cases) / sizeof(cases[0])));
}
