/* SPDX-License-Identifier: MIT */
/* Send queue of the provider: each kind of request byte by byte, wrapping, phases, completion. */
#include "sq.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>

#include "tap.h"
#include "vdc/rng.h"

#define N_BB 16u

struct rig {
    struct hinic_sq sq;
    struct hinic_wqe w;
    struct hinic_sq_slot slot[N_BB];
    uint8_t ring[N_BB * HINIC_BB_SIZE];
};

static struct rig *make(uint32_t start)
{
    struct rig *r = calloc(1, sizeof(*r));

    if (!r) {
        abort();
    }
    memset(r->ring, 0xee, sizeof(r->ring));
    r->sq.ring = r->ring;
    r->sq.slot = r->slot;
    r->sq.n_bb = N_BB;
    r->sq.pi = start;
    atomic_init(&r->sq.ci, start);
    r->sq.max_sge = HINIC_SGE_MAX;
    r->sq.max_inline = 256;
    return r;
}

/* The request at block `bb` as the device sees it: its blocks in one piece. */
static const uint8_t *look(const struct rig *r, uint32_t bb, uint8_t *raw)
{
    for (uint32_t i = 0; i < HINIC_WQE_BB_MAX; i++) {
        memcpy(raw + (size_t)i * HINIC_BB_SIZE, r->ring + (size_t)((bb + i) % N_BB) * HINIC_BB_SIZE,
               HINIC_BB_SIZE);
    }
    return raw;
}

static struct hinic_wqe_ctrl ctrl_of(const uint8_t *raw)
{
    struct hinic_wqe_ctrl c;

    memcpy(&c, raw, sizeof(c));
    return c;
}

static uint64_t rd64(const uint8_t *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof(v));
    return le64toh(v);
}

static uint32_t rd32(const uint8_t *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof(v));
    return le32toh(v);
}

static void write_request(void)
{
    struct rig *r = make(0);
    uint8_t raw[HINIC_WQE_BB_MAX * HINIC_BB_SIZE];
    const uint8_t *b;

    CHECK_EQ(hinic_wqe_begin(&r->sq, &r->w, HINIC_WQE_WRITE_IMM,
                             HINIC_WQE_F_SIGNALED | HINIC_WQE_F_FENCE, 77),
             0);
    hinic_wqe_rdma(&r->w, 0x1122334455667788, 0xaabbccdd);
    hinic_wqe_imm(&r->w, htobe32(0x01020304));
    CHECK_EQ(hinic_wqe_sge(&r->sq, &r->w, 0x1000, 100, 5), 0);
    CHECK_EQ(hinic_wqe_sge(&r->sq, &r->w, 0x2000, 28, 6), 0);
    hinic_wqe_finish(&r->sq, &r->w);
    hinic_sq_publish(&r->sq, 0);

    b = look(r, 0, raw);
    CHECK_EQ(b[0], HINIC_WQE_WRITE_IMM);
    CHECK_EQ(b[1], 1u | HINIC_WQE_F_SIGNALED | HINIC_WQE_F_FENCE);
    CHECK_EQ(b[2], 2);
    CHECK_EQ(b[3], HINIC_WQE_OWN_PHASE);
    CHECK(memcmp(b + 4, "\1\2\3\4", 4) == 0); /* as it travels */
    CHECK_EQ(rd32(b + 8), 128);
    CHECK_EQ(rd32(b + 12), 0);
    CHECK_EQ(rd64(b + 16), 0x1122334455667788);
    CHECK_EQ(rd32(b + 24), 0xaabbccdd);
    CHECK_EQ(rd32(b + 28), 0);
    CHECK_EQ(rd64(b + 32), 0x1000);
    CHECK_EQ(rd32(b + 40), 100);
    CHECK_EQ(rd32(b + 44), 5);
    CHECK_EQ(rd64(b + 48), 0x2000);
    CHECK_EQ(r->sq.pi, 1);
    free(r);
}

static void fixed_parts(void)
{
    struct rig *r = make(0);
    struct hinic_av av = { .port = 1, .dlid = htole16(7), .dmac = { 2, 0x48, 0x43, 0, 0, 1 } };
    uint8_t raw[HINIC_WQE_BB_MAX * HINIC_BB_SIZE];
    const uint8_t *b;

    hinic_wqe_begin(&r->sq, &r->w, HINIC_WQE_CAS, 0, 1);
    hinic_wqe_atomic(&r->w, 0x4000, 9, 0x5555, 0x6666);
    CHECK_EQ(hinic_wqe_sge(&r->sq, &r->w, 0x8000, 8, 3), 0);
    hinic_wqe_finish(&r->sq, &r->w);
    b = look(r, 0, raw);
    CHECK_EQ(b[1] & 0xf, 1); /* with its data one block exactly */
    CHECK_EQ(rd64(b + 16), 0x4000);
    CHECK_EQ(rd32(b + 24), 9);
    CHECK_EQ(rd64(b + 32), 0x5555);
    CHECK_EQ(rd64(b + 40), 0x6666);
    CHECK_EQ(rd64(b + 48), 0x8000);

    hinic_wqe_begin(&r->sq, &r->w, HINIC_WQE_BIND_MW, 0, 2);
    hinic_wqe_bind(&r->w, 0x1201, 6, 0x9000, 4096, 0x3400);
    hinic_wqe_finish(&r->sq, &r->w);
    b = look(r, 1, raw);
    CHECK_EQ(b[1] & 0xf, 1);
    CHECK_EQ(b[2], 0);
    CHECK_EQ(rd32(b + 8), 0);
    CHECK_EQ(rd32(b + 16), 0x1201);
    CHECK_EQ(rd32(b + 20), 6);
    CHECK_EQ(rd64(b + 24), 0x9000);
    CHECK_EQ(rd64(b + 32), 4096);
    CHECK_EQ(rd32(b + 44), 0x3400); /* n_pages */
    CHECK_EQ(rd64(b + 48), 0);

    hinic_wqe_begin(&r->sq, &r->w, HINIC_WQE_FLUSH, 0, 3);
    hinic_wqe_flush(&r->w, 0xa000, 11, 300, 2, 1);
    hinic_wqe_finish(&r->sq, &r->w);
    b = look(r, 2, raw);
    CHECK_EQ(rd32(b + 8), 300);
    CHECK_EQ(rd64(b + 16), 0xa000);
    CHECK_EQ(rd32(b + 24), 11);
    CHECK_EQ(rd32(b + 28), 2u | 1u << 4);

    hinic_wqe_begin(&r->sq, &r->w, HINIC_WQE_SEND_INV, HINIC_WQE_F_SOLICITED, 4);
    hinic_wqe_inv(&r->w, 0xcafe01);
    hinic_wqe_finish(&r->sq, &r->w);
    b = look(r, 3, raw);
    CHECK_EQ(rd32(b + 4), 0xcafe01);
    CHECK_EQ(b[1], 1u | HINIC_WQE_F_SOLICITED);

    /* The address may come after the data. */
    hinic_wqe_begin(&r->sq, &r->w, HINIC_WQE_SEND, 0, 5);
    hinic_wqe_ud_reserve(&r->w);
    CHECK_EQ(hinic_wqe_sge(&r->sq, &r->w, 0xb000, 10, 3), 0);
    hinic_wqe_ud(&r->w, 0x123456, 0x80010000, &av);
    hinic_wqe_finish(&r->sq, &r->w);
    b = look(r, 4, raw);
    CHECK_EQ(b[1] & 0xf, 2);
    CHECK_EQ(rd32(b + 16), 0x123456);
    CHECK_EQ(rd32(b + 20), 0x80010000);
    CHECK(memcmp(b + 24, &av, sizeof(av)) == 0);
    CHECK_EQ(rd64(b + 64), 0xb000);
    free(r);
}

/* Data that begin before the end of the ring go on at its start, and nothing else is touched. */
static void wraps(void)
{
    uint8_t data[200], raw[HINIC_WQE_BB_MAX * HINIC_BB_SIZE];

    for (uint32_t i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t)(i + 1);
    }
    for (uint32_t start = N_BB - 4; start < N_BB; start++) {
        struct rig *r = make(start);
        const uint8_t *b;

        hinic_wqe_begin(&r->sq, &r->w, HINIC_WQE_WRITE, HINIC_WQE_F_INLINE, 1);
        hinic_wqe_rdma(&r->w, 1, 2);
        /* Three pieces, one of nothing, as from a list of buffers. */
        CHECK_EQ(hinic_wqe_inline(&r->sq, &r->w, data, 33), 0);
        CHECK_EQ(hinic_wqe_inline(&r->sq, &r->w, data, 0), 0);
        CHECK_EQ(hinic_wqe_inline(&r->sq, &r->w, data + 33, 167), 0);
        hinic_wqe_finish(&r->sq, &r->w);
        b = look(r, start, raw);
        CHECK_EQ(b[1], 4u | HINIC_WQE_F_INLINE);
        CHECK_EQ(b[2], 0);
        CHECK_EQ(rd32(b + 8), 200);
        CHECK_EQ(rd32(b + 12), start);
        CHECK(memcmp(b + 32, data, sizeof(data)) == 0);
        CHECK_EQ(b[32 + 200], 0xee);
        CHECK_EQ(r->ring[(start + 4) % N_BB * HINIC_BB_SIZE], 0xee);
        CHECK_EQ(r->ring[(start + N_BB - 1) % N_BB * HINIC_BB_SIZE], 0xee);
        free(r);

        r = make(start);
        hinic_wqe_begin(&r->sq, &r->w, HINIC_WQE_READ, 0, 1);
        hinic_wqe_rdma(&r->w, 1, 2);
        for (uint32_t i = 0; i < HINIC_SGE_MAX; i++) {
            CHECK_EQ(hinic_wqe_sge(&r->sq, &r->w, 0x100 * i, i, 1000 + i), 0);
        }
        hinic_wqe_finish(&r->sq, &r->w);
        b = look(r, start, raw);
        CHECK_EQ(b[1], 5);
        CHECK_EQ(b[2], HINIC_SGE_MAX);
        for (uint32_t i = 0; i < HINIC_SGE_MAX; i++) {
            CHECK_EQ(rd64(b + 32 + 16 * i), 0x100 * i);
            CHECK_EQ(rd32(b + 44 + 16 * i), 1000 + i);
        }
        free(r);
    }
}

static void refused(void)
{
    struct rig *r = make(0);
    uint8_t data[300] = { 0 };

    r->sq.max_sge = 2;
    r->sq.max_inline = 64;
    hinic_wqe_begin(&r->sq, &r->w, HINIC_WQE_SEND, 0, 1);
    CHECK_EQ(hinic_wqe_sge(&r->sq, &r->w, 1, 1, 1), 0);
    CHECK_EQ(hinic_wqe_sge(&r->sq, &r->w, 1, 1, 1), 0);
    CHECK_EQ(hinic_wqe_sge(&r->sq, &r->w, 1, 1, 1), EINVAL);
    CHECK_EQ(hinic_wqe_inline(&r->sq, &r->w, data, 1), EINVAL); /* not an inline request */

    hinic_wqe_begin(&r->sq, &r->w, HINIC_WQE_SEND, HINIC_WQE_F_INLINE, 1);
    CHECK_EQ(hinic_wqe_inline(&r->sq, &r->w, data, 65), EINVAL);
    CHECK_EQ(hinic_wqe_inline(&r->sq, &r->w, data, (size_t)1 << 32), EINVAL);
    CHECK_EQ(hinic_wqe_inline(&r->sq, &r->w, data, 64), 0);
    CHECK_EQ(hinic_wqe_inline(&r->sq, &r->w, data, 1), EINVAL);
    CHECK_EQ(hinic_wqe_sge(&r->sq, &r->w, 1, 1, 1), EINVAL);

    /* A full ring, and one too full for this request. Nothing is written. */
    for (uint32_t i = 0; i < N_BB - 1; i++) {
        CHECK_EQ(hinic_wqe_begin(&r->sq, &r->w, HINIC_WQE_NOP, 0, i), 0);
        hinic_wqe_finish(&r->sq, &r->w);
    }
    CHECK_EQ(hinic_wqe_begin(&r->sq, &r->w, HINIC_WQE_SEND, HINIC_WQE_F_INLINE, 9), 0);
    CHECK_EQ(hinic_wqe_inline(&r->sq, &r->w, data, 49), ENOMEM);
    CHECK_EQ(hinic_wqe_inline(&r->sq, &r->w, data, 48), 0);
    CHECK_EQ(hinic_wqe_begin(&r->sq, &r->w, HINIC_WQE_SEND, 0, 9), 0);
    hinic_wqe_ud_reserve(&r->w);
    CHECK_EQ(hinic_wqe_sge(&r->sq, &r->w, 1, 1, 1), ENOMEM);
    CHECK_EQ(r->sq.pi, N_BB - 1);
    hinic_wqe_begin(&r->sq, &r->w, HINIC_WQE_NOP, 0, 9);
    hinic_wqe_finish(&r->sq, &r->w);
    CHECK_EQ(hinic_wqe_begin(&r->sq, &r->w, HINIC_WQE_NOP, 0, 9), ENOMEM);
    CHECK(r->w.ctrl == NULL);
    free(r);
}

/* A completion gives back everything before it; one nothing was posted for is refused. */
static void skips_unsignaled(void)
{
    struct rig *r = make(14); /* across the end */
    uint8_t data[100] = { 0 };
    uint64_t id = 0;

    for (uint64_t i = 0; i < 3; i++) {
        hinic_wqe_begin(&r->sq, &r->w, HINIC_WQE_SEND, HINIC_WQE_F_INLINE, 100 + i);
        CHECK_EQ(hinic_wqe_inline(&r->sq, &r->w, data, sizeof(data)), 0);
        hinic_wqe_finish(&r->sq, &r->w);
    }
    CHECK_EQ(r->sq.pi, 20); /* 14, 0 and 2 begin a request */
    CHECK_EQ(hinic_sq_room(&r->sq), N_BB - 6);
    CHECK_EQ(hinic_sq_complete(&r->sq, 1, &id), EIO);
    CHECK_EQ(hinic_sq_complete(&r->sq, N_BB, &id), EIO);
    CHECK_EQ(hinic_sq_complete(&r->sq, 0, &id), 0);
    CHECK_EQ(id, 101);
    CHECK_EQ(hinic_sq_room(&r->sq), N_BB - 2);
    CHECK_EQ(hinic_sq_complete(&r->sq, 2, &id), 0);
    CHECK_EQ(id, 102);
    CHECK_EQ(hinic_sq_room(&r->sq), N_BB);
    free(r);
}

/* A full ring of one request, and indices that pass 2^32. */
static void whole_ring(void)
{
    struct rig *r = make(UINT32_MAX - N_BB + 1);
    uint64_t id = 0;

    for (uint32_t pass = 0; pass < 4; pass++) {
        const uint32_t from = r->sq.pi;

        for (uint32_t i = 0; i < N_BB; i++) {
            CHECK_EQ(hinic_wqe_begin(&r->sq, &r->w, HINIC_WQE_NOP, 0, i), 0);
            hinic_wqe_finish(&r->sq, &r->w);
        }
        hinic_sq_publish(&r->sq, from);
        for (uint32_t i = 0; i < N_BB; i++) {
            CHECK_EQ(r->ring[(size_t)i * HINIC_BB_SIZE + 3] & HINIC_WQE_OWN_PHASE,
                     pass % 2 ? HINIC_WQE_OWN_PHASE : 0);
        }
        CHECK_EQ(hinic_sq_room(&r->sq), 0);
        CHECK_EQ(hinic_sq_complete(&r->sq, N_BB - 1, &id), 0);
        CHECK_EQ(id, N_BB - 1);
        CHECK_EQ(hinic_sq_room(&r->sq), N_BB);
    }
    free(r);
}

/*
 * A device that reads what is published, checks the owner bit of each request by its own count of
 * blocks and completes the signaled ones, against the list of what was posted. Some batches are
 * given up before they are published.
 */
static void against_device(void)
{
    struct rig *r = make(0);
    uint32_t dev = 0, n_done = 0, n_posted = 0, want[N_BB * 4], head = 0, tail = 0;
    uint8_t data[256] = { 0 };

    for (uint32_t step = 0; step < 20000; step++) {
        const uint32_t from = r->sq.pi, n = 1 + (uint32_t)(vdc_rand(1, step) % 4);
        const uint32_t tail_from = tail;

        for (uint32_t i = 0; i < n; i++) {
            const uint64_t x = vdc_rand(2, step * 8u + i);
            const uint32_t len = (uint32_t)(x % 257);
            const uint8_t signal = x >> 32 & 1 ? HINIC_WQE_F_SIGNALED : 0;

            if (hinic_wqe_begin(&r->sq, &r->w, HINIC_WQE_SEND,
                                (uint8_t)(HINIC_WQE_F_INLINE | signal), n_posted) ||
                hinic_wqe_inline(&r->sq, &r->w, data, len)) {
                break;
            }
            hinic_wqe_finish(&r->sq, &r->w);
            want[tail++ % (N_BB * 4)] = n_posted++;
        }
        if (step % 5 == 4) {
            r->sq.pi = from;
            tail = tail_from;
        }
        hinic_sq_publish(&r->sq, from);

        while (dev != r->sq.pi) {
            uint8_t raw[HINIC_WQE_BB_MAX * HINIC_BB_SIZE];
            const struct hinic_wqe_ctrl c = ctrl_of(look(r, dev, raw));
            uint64_t id = 0;

            CHECK_EQ(c.own & HINIC_WQE_OWN_PHASE, dev / N_BB % 2 ? 0 : HINIC_WQE_OWN_PHASE);
            CHECK_EQ(le32toh(c.sw_idx), dev % N_BB);
            CHECK_EQ(c.flags & 0xf, (16 + le32toh(c.length) + 63) / 64);
            if (c.flags & HINIC_WQE_F_SIGNALED) {
                CHECK_EQ(hinic_sq_complete(&r->sq, le32toh(c.sw_idx), &id), 0);
                CHECK_EQ(id, want[head % (N_BB * 4)]);
                n_done++;
            }
            head++;
            dev += c.flags & 0xfu;
        }
        /* Unsignaled requests alone must not fill the ring for good. */
        if (hinic_sq_room(&r->sq) < 5) {
            atomic_store(&r->sq.ci, r->sq.pi);
        }
        CHECK_EQ(head, tail);
    }
    CHECK(n_done > 10000);
    free(r);
}

static const struct tap_case cases[] = {
    { "an RDMA write, field by field", write_request },
    { "fixed parts of the other requests", fixed_parts },
    { "data wrap at the end of the ring", wraps },
    { "too much data, a full ring", refused },
    { "a completion gives back the unsignaled requests before it", skips_unsignaled },
    { "a ring filled to the last block, over 2^32", whole_ring },
    { "random batches against a device", against_device },
};

TAP_MAIN(cases)
