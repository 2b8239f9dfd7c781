/* SPDX-License-Identifier: MIT */
/* Memory engine: pieces, tables, order of reads and writes, faults, stale requests, room. The test
 * takes the place of requester and responder (linked with --wrap). */
#include "pair.h"
#include "state.h"
#include "tap.h"

#define LOG_MAX 4096u

void __wrap_vdc_hinic_req_mem_done(struct vdc_hinic *h, vtime_t now, uint32_t slot, uint32_t tag,
                                   uint32_t status);
void __wrap_vdc_hinic_rsp_mem_done(struct vdc_hinic *h, vtime_t now, uint32_t slot, uint32_t tag,
                                   uint32_t status);
void __wrap_vdc_hinic_req_mem_room(struct vdc_hinic *h, vtime_t now, uint32_t slot);

struct entry {
    vtime_t t;
    uint32_t slot, tag, status;
    bool is_rsp;
};

static struct entry done[LOG_MAX];
static uint32_t n_done;
static uint32_t n_room;

static struct pair *pair;
static struct pair_end *e;
static struct vdc_hinic *h;
static struct pair_qp qp[3];
static uint32_t slot[3];
static uint64_t buf[4]; /* in the state block: payload of packet buffers */

static void log_done(vtime_t now, uint32_t s, uint32_t tag, uint32_t status, bool is_rsp)
{
    if (n_done < LOG_MAX) {
        done[n_done++] = (struct entry){ now, s, tag, status, is_rsp };
    }
}

void __wrap_vdc_hinic_req_mem_done(struct vdc_hinic *o, vtime_t now, uint32_t s, uint32_t tag,
                                   uint32_t status)
{
    CHECK(o == h);
    log_done(now, s, tag, status, false);
}

void __wrap_vdc_hinic_rsp_mem_done(struct vdc_hinic *o, vtime_t now, uint32_t s, uint32_t tag,
                                   uint32_t status)
{
    CHECK(o == h);
    log_done(now, s, tag, status, true);
}

void __wrap_vdc_hinic_req_mem_room(struct vdc_hinic *o, vtime_t now, uint32_t s)
{
    (void)now;
    CHECK(o == h);
    CHECK_EQ(s, slot[0]);
    n_room++;
}

static void open_end(void)
{
    const struct pair_qp_cfg c = { .type = HINIC_QPT_RC };

    pair = pair_new(NULL, 1);
    e = &pair->end[0];
    h = e->o->h;
    for (uint32_t i = 0; i < 3; i++) {
        qp[i] = pair_qp(e, &c);
        slot[i] = vdc_hinic_qp(h, qp[i].qpn)->slot;
    }
    for (uint32_t i = 0; i < 4; i++) {
        buf[i] = vdc_hinic_rpkt_payload(h, vdc_hinic_rpkt_alloc(h, RPKT_RX));
    }
    n_done = n_room = 0;
}

static uint8_t *at(uint32_t b)
{
    return vdc_hinic_at(h, buf[b]);
}

static struct mem_req request(uint32_t q, const struct pair_mr *m, uint64_t off, uint32_t len,
                              bool is_write)
{
    static uint32_t tag;

    return (struct mem_req){ .client = MEM_REQ,
                             .is_write = is_write,
                             .obj = (uint16_t)slot[q],
                             .tag = ++tag,
                             .buf = buf[0],
                             .len = len,
                             .pdn = e->pdn,
                             .qpn = qp[q].qpn,
                             .access = is_write ? HINIC_ACCESS_LOCAL_WRITE : 0,
                             .n_sge = 1,
                             .sge = { { .va = m->va + off, .len = len, .key = m->key } } };
}

/* One read over an idle bus: a trip and the time of its bytes, and another of the table if the last
 * leaf is not that one. */
static void pieces_and_tables(void)
{
    const struct vdc_hinic_timing *t;
    struct pair_mr m;
    struct mem_req r;
    uint64_t n;
    uint64_t trip;
    vtime_t t0;

    open_end();
    t = &e->o->cfg.timing;
    trip = t->t_pcie_up + t->t_pcie_dn;
    m = pair_mr(e, 64 << 10, HINIC_ACCESS_LOCAL_WRITE, PAIR_MR_SHUFFLED);
    pair_mr_fill(e, &m, 0, m.len, 3);
    for (uint32_t pass = 0; pass < 2; pass++) {
        const uint64_t table = pass == 0 ? trip + 16 * 8 * 8000 / 256 : 0;

        n = e->o->n_dma_read;
        t0 = pair->now;
        r = request(0, &m, 4090, 4096, false); /* 6 + 4090 bytes */
        CHECK(vdc_hinic_mem_submit(h, t0, &r));
        CHECK_EQ(n_done, pass); /* never from inside */
        pair_idle(pair);
        CHECK_EQ(n_done, pass + 1);
        CHECK_EQ(done[pass].tag, r.tag);
        CHECK_EQ(done[pass].slot, slot[0]);
        CHECK_EQ(done[pass].status, MEM_OK);
        CHECK_EQ(e->o->n_dma_read - n, pass == 0 ? 3 : 2);
        CHECK_EQ(done[pass].t,
                 t0 + table + trip + (6 * 8000 + 255) / 256 + (4090 * 8000 + 255) / 256);
        for (uint32_t i = 0; i < 4096; i++) {
            uint8_t b;

            pair_mr_read(e, &m, 4090 + i, &b, 1);
            CHECK(at(0)[i] == b);
        }
        pair_run(pair, pair->now + VTIME_PS_PER_US);
    }
    CHECK_EQ(MEM_N, h->dev.rdma.mem.n_free);
    pair_free(pair);
}

/* A list of SGEs with bytes to skip, in both directions. */
static void lists(void)
{
    struct pair_mr m;
    struct mem_req r;
    uint8_t b[64];

    open_end();
    m = pair_mr(e, 16 << 10, HINIC_ACCESS_LOCAL_WRITE, PAIR_MR_FLAT);
    for (uint32_t i = 0; i < 64; i++) {
        at(0)[i] = (uint8_t)(i + 1);
    }
    r = request(0, &m, 0, 30, true);
    r.n_sge = 4;
    r.sge[0] = (struct mem_sge){ m.va + 100, 10, m.key };
    r.sge[1] = (struct mem_sge){ m.va + 200, 0, 12345 }; /* no byte of it, no check */
    r.sge[2] = (struct mem_sge){ m.va + 300, 12, m.key };
    r.sge[3] = (struct mem_sge){ m.va + 400, 100, m.key };
    r.skip = 4;
    CHECK(vdc_hinic_mem_submit(h, pair->now, &r));
    pair_idle(pair);
    CHECK_EQ(n_done, 1);
    CHECK_EQ(done[0].status, MEM_OK);
    pair_mr_read(e, &m, 96, b, 16);
    CHECK_EQ(b[7], 0);
    CHECK_EQ(b[8], 1); /* byte 4 of the first piece */
    CHECK_EQ(b[13], 6);
    CHECK_EQ(b[14], 0);
    pair_mr_read(e, &m, 300, b, 13);
    CHECK_EQ(b[0], 7);
    CHECK_EQ(b[11], 18);
    CHECK_EQ(b[12], 0);
    pair_mr_read(e, &m, 400, b, 13);
    CHECK_EQ(b[0], 19);
    CHECK_EQ(b[11], 30);
    CHECK_EQ(b[12], 0);
    r.is_write = 0;
    r.access = 0;
    r.buf = buf[1];
    CHECK(vdc_hinic_mem_submit(h, pair->now, &r));
    pair_idle(pair);
    CHECK(memcmp(at(0), at(1), 30) == 0);
    r.len = 119; /* one more than there is */
    CHECK(vdc_hinic_mem_submit(h, pair->now, &r));
    pair_idle(pair);
    CHECK_EQ(done[2].status, MEM_PROT);
    pair_free(pair);
}

/* Writes and completions in the order of submission, a read behind the writes of its QP; reads of
 * other QPs pass one that waits for a table. */
static void order(void)
{
    struct pair_mr a;
    struct pair_mr b;
    struct mem_req r[5];

    open_end();
    a = pair_mr(e, 64 << 10, HINIC_ACCESS_LOCAL_WRITE, PAIR_MR_SHUFFLED);
    b = pair_mr(e, 4096, HINIC_ACCESS_LOCAL_WRITE, PAIR_MR_FLAT);
    at(0)[0] = 0x11;
    at(1)[0] = 0x22;
    r[0] = request(0, &a, 0, 1, true); /* waits for a table */
    r[1] = request(1, &b, 0, 1, true);
    r[1].buf = buf[1];
    r[2] = request(0, &a, 0, 1, false); /* sees the write */
    r[2].buf = buf[2];
    r[3] = request(1, &b, 100, 1, false);
    r[3].buf = buf[3];
    for (uint32_t i = 0; i < 4; i++) {
        CHECK(vdc_hinic_mem_submit(h, pair->now, &r[i]));
    }
    pair_idle(pair);
    CHECK_EQ(n_done, 4);
    CHECK_EQ(at(2)[0], 0x11);
    {
        uint32_t pos[4] = { 0 };

        for (uint32_t i = 0; i < 4; i++) {
            for (uint32_t k = 0; k < 4; k++) {
                pos[k] = done[i].tag == r[k].tag ? i : pos[k];
            }
            CHECK_EQ(done[i].status, MEM_OK);
        }
        CHECK(pos[0] < pos[1]); /* although the second could have gone */
        CHECK(pos[0] < pos[2]);
    }
    /* Reads alone: the second is done first, and those of one QP stay in order. */
    n_done = 0;
    {
        struct pair_mr c = pair_mr(e, 64 << 10, 0, PAIR_MR_SHUFFLED);

        r[0] = request(0, &c, 0, 64, false);
        r[1] = request(1, &b, 0, 64, false);
        r[2] = request(0, &b, 0, 64, false);
        for (uint32_t i = 0; i < 3; i++) {
            CHECK(vdc_hinic_mem_submit(h, pair->now, &r[i]));
        }
        pair_idle(pair);
    }
    CHECK_EQ(n_done, 3);
    CHECK_EQ(done[0].tag, r[1].tag);
    CHECK_EQ(done[1].tag, r[0].tag);
    CHECK_EQ(done[2].tag, r[2].tag);
    pair_free(pair);
}

/* Keys are looked at again when the bus is used; faults end one request. */
static void failures(void)
{
    struct pair_mr a;
    struct pair_mr b;
    struct mem_req r;

    open_end();
    a = pair_mr(e, 64 << 10, HINIC_ACCESS_LOCAL_WRITE, PAIR_MR_SHUFFLED);
    b = pair_mr(e, 4096, 0, PAIR_MR_FLAT);
    r = request(0, &b, 0, 1, true); /* may not be written */
    CHECK(vdc_hinic_mem_submit(h, pair->now, &r));
    r = request(0, &b, 4096, 1, false);
    CHECK(vdc_hinic_mem_submit(h, pair->now, &r));
    CHECK_EQ(n_done, 0);
    pair_idle(pair);
    CHECK_EQ(n_done, 2);
    CHECK_EQ(done[0].status, MEM_PROT);
    CHECK_EQ(done[1].status, MEM_PROT);
    /* The key goes while its table is being read. */
    n_done = 0;
    r = request(0, &a, 0, 64, false);
    CHECK(vdc_hinic_mem_submit(h, pair->now, &r));
    vdc_hinic_key_slot(h, a.key >> 8)->gen++;
    pair_idle(pair);
    CHECK_EQ(n_done, 1);
    CHECK_EQ(done[0].status, MEM_PROT);
    /* A hole in memory. */
    n_done = 0;
    e->o->hole_from = b.addr;
    e->o->hole_to = b.addr + 64;
    r = request(0, &b, 0, 128, false);
    CHECK(vdc_hinic_mem_submit(h, pair->now, &r));
    r = request(0, &b, 64, 64, false);
    CHECK(vdc_hinic_mem_submit(h, pair->now, &r));
    pair_idle(pair);
    CHECK_EQ(n_done, 2);
    CHECK_EQ(done[0].status, MEM_FAULT);
    CHECK_EQ(done[1].status, MEM_OK);
    pair_free(pair);
}

/* Every request ends once, also when its QP is gone; what has not asked the bus does not any more.
 */
static void stale(void)
{
    struct pair_mr a;
    struct mem_req r;
    uint64_t n;

    open_end();
    a = pair_mr(e, 64 << 10, HINIC_ACCESS_LOCAL_WRITE, PAIR_MR_SHUFFLED);
    r = request(0, &a, 0, 64, true);
    n = e->o->n_dma_write;
    for (uint32_t i = 0; i < 3; i++) {
        CHECK(vdc_hinic_mem_submit(h, pair->now, &r));
    }
    vdc_hinic_qp_destroy(h, pair->now, slot[0]);
    r = request(1, &a, 0, 64, true);
    CHECK(vdc_hinic_mem_submit(h, pair->now, &r));
    pair_idle(pair);
    CHECK_EQ(n_done, 4);
    for (uint32_t i = 0; i < 4; i++) {
        CHECK_EQ(done[i].status, done[i].slot == slot[0] ? MEM_STALE : MEM_OK);
    }
    CHECK_EQ(e->o->n_dma_write - n, 1);
    CHECK_EQ(h->dev.rdma.mem.n_free, MEM_N);
    pair_free(pair);
}

/* The requester leaves room to the responder; who found none is told once. */
static void room(void)
{
    struct pair_mr a;
    struct mem_req r;
    uint32_t n = 0;

    open_end();
    a = pair_mr(e, 64 << 10, HINIC_ACCESS_LOCAL_WRITE, PAIR_MR_SHUFFLED);
    r = request(0, &a, 0, 4096, false);
    while (vdc_hinic_mem_submit(h, pair->now, &r)) {
        n++;
    }
    CHECK(n > 0 && n < MEM_N);
    CHECK(!vdc_hinic_mem_submit(h, pair->now, &r));
    r.client = MEM_RSP;
    CHECK(vdc_hinic_mem_submit(h, pair->now, &r));
    CHECK(h->dev.dma.mem_rd <= MEM_OPS_MAX);
    pair_idle(pair);
    CHECK_EQ(n_done, n + 1);
    CHECK_EQ(n_room, 1);
    CHECK_EQ(h->dev.rdma.mem.n_free, MEM_N);
    pair_free(pair);
}

/* Read, compare, write at one instant. */
static void atomics(void)
{
    struct pair_mr m;
    struct mem_req r;
    uint64_t v = 100;

    open_end();
    m = pair_mr(e, 4096, HINIC_ACCESS_LOCAL_WRITE | HINIC_ACCESS_REMOTE_ATOMIC, PAIR_MR_FLAT);
    pair_mr_write(e, &m, 8, &v, 8);
    r = request(0, &m, 8, 8, false);
    r.access = HINIC_ACCESS_REMOTE_ATOMIC;
    CHECK(vdc_hinic_mem_atomic(h, pair->now, &r, MEM_FADD, 5, 0));
    CHECK(vdc_hinic_mem_atomic(h, pair->now, &r, MEM_CAS, 7, 104)); /* differs */
    r.buf = buf[1];
    CHECK(vdc_hinic_mem_atomic(h, pair->now, &r, MEM_CAS, 7, 105));
    r.buf = buf[2];
    r.sge[0].va += 4;
    CHECK(vdc_hinic_mem_atomic(h, pair->now, &r, MEM_CAS, 7, 105)); /* not aligned */
    pair_idle(pair);
    CHECK_EQ(n_done, 4);
    CHECK_EQ(done[2].status, MEM_OK);
    CHECK_EQ(done[3].status, MEM_PROT);
    memcpy(&v, at(0), 8);
    CHECK_EQ(v, 105); /* of the second; the first saw 100 */
    memcpy(&v, at(1), 8);
    CHECK_EQ(v, 105);
    pair_mr_read(e, &m, 8, &v, 8);
    CHECK_EQ(v, 7);
    pair_free(pair);
}

/* Three levels of tables: each is one read; the leaf stays, another one takes its place. */
static void levels(void)
{
    struct pair_mr a;
    struct mem_req r;
    struct hinic_mb_reg_mr m;
    uint64_t tab[4];
    uint64_t page;
    uint64_t n;

    open_end();
    for (uint32_t i = 0; i < 4; i++) {
        tab[i] = host_alloc(e->o, 4096, 4096);
    }
    page = host_alloc(e->o, 4096, 4096);
    /* Root entry 1, table entry 3, leaf entry 5: page number (1 * 512 + 3) * 512 + 5. */
    memcpy(host_ptr(e->o, tab[0] + 8, 8), &tab[1], 8);
    memcpy(host_ptr(e->o, tab[1] + 24, 8), &tab[2], 8);
    memcpy(host_ptr(e->o, tab[2] + 40, 8), &page, 8);
    m = (struct hinic_mb_reg_mr){
        .pdn = e->pdn,
        .iova = UINT64_C(1) << 40,
        .len = UINT64_C(2) << 30,
        .pbl = { .log_pgsz = 12, .levels = 3, .n = 1u << 19, .root = { tab[0] } }
    };
    CHECK_EQ(pair_cmd(e, HINIC_AQ_REG_MR, 0, NULL, 0, &m, sizeof(m), NULL, 0), HINIC_AQ_OK);
    a = (struct pair_mr){ .key = e->o->out[0], .va = m.iova };
    *(uint8_t *)host_ptr(e->o, page + 17, 1) = 0x77;
    for (uint32_t pass = 0; pass < 2; pass++) {
        n = e->o->n_dma_read;
        at(0)[0] = 0;
        r = request(0, &a, (UINT64_C(515) * 512 + 5) * 4096 + 17, 1, false);
        CHECK(vdc_hinic_mem_submit(h, pair->now, &r));
        pair_idle(pair);
        CHECK_EQ(done[pass].status, MEM_OK);
        CHECK_EQ(at(0)[0], 0x77);
        CHECK_EQ(e->o->n_dma_read - n, pass == 0 ? 4 : 1);
    }
    r = request(0, &a, (UINT64_C(515) * 512 + 6) * 4096, 1, false); /* entry 0: a hole */
    CHECK(vdc_hinic_mem_submit(h, pair->now, &r));
    r = request(0, &a, UINT64_C(513) * 512 * 4096, 1, false); /* its table is at 0: a hole */
    CHECK(vdc_hinic_mem_submit(h, pair->now, &r));
    page |= 8;
    memcpy(host_ptr(e->o, tab[1] + 8, 8), &page, 8);
    r = request(0, &a, UINT64_C(513) * 512 * 4096, 1, false); /* not aligned */
    CHECK(vdc_hinic_mem_submit(h, pair->now, &r));
    pair_idle(pair);
    CHECK_EQ(n_done, 5);
    CHECK_EQ(done[2].status, MEM_FAULT);
    CHECK(done[3].status != MEM_OK);
    CHECK(done[4].status != MEM_OK);
    pair_free(pair);
}

static const struct tap_case cases[] = {
    { "pieces and tables", pieces_and_tables },
    { "lists of SGEs", lists },
    { "order", order },
    { "protection and faults", failures },
    { "stale requests", stale },
    { "room", room },
    { "atomics", atomics },
    { "three levels", levels },
};

TAP_MAIN(cases)
