/* SPDX-License-Identifier: MIT */
/* Receive queues of the provider: lists and their end, full rings, the free list of an SRQ. */
#include "rq.h"

#include <errno.h>
#include <stdlib.h>

#include "tap.h"
#include "vdc/rng.h"

#define N 8u

static void fill(struct hinic_sge *list, uint32_t n, uint32_t tag)
{
    for (uint32_t i = 0; i < n; i++) {
        hinic_sge_put(list + i, 0x1000u * tag + i, 10 + i, tag);
    }
}

static void list_ends(void)
{
    uint8_t ring[N * 64];
    uint64_t wr_id[N];
    struct hinic_rq rq = { .ring = ring, .wr_id = wr_id, .n = N, .log_stride = 6, .max_sge = 3 };
    struct hinic_sge *list = NULL;

    for (uint32_t n_sge = 0; n_sge <= 3; n_sge++) {
        memset(ring, 0xee, sizeof(ring));
        CHECK_EQ(hinic_rq_begin(&rq, n_sge, &list), 0);
        CHECK(list == (struct hinic_sge *)(ring + 64u * n_sge));
        fill(list, n_sge, 7);
        hinic_rq_finish(&rq, list, n_sge, 40 + n_sge);
        for (uint32_t i = 0; i < n_sge; i++) {
            CHECK_EQ(le64toh(list[i].addr), 0x7000 + i);
            CHECK_EQ(le32toh(list[i].len), 10 + i);
            CHECK_EQ(le32toh(list[i].lkey), 7);
        }
        CHECK_EQ(le32toh(list[n_sge].lkey), HINIC_SGE_END_LKEY);
        CHECK_EQ(list[n_sge].len, 0);
    }
    CHECK_EQ(hinic_rq_begin(&rq, 4, &list), EINVAL);
    CHECK_EQ(hinic_rq_begin(&rq, UINT32_MAX, &list), EINVAL);

    /* A list as long as the entry has no end mark: that would be the next entry. */
    rq.log_stride = 4;
    rq.max_sge = 1;
    rq.pi = 0;
    memset(ring, 0xee, sizeof(ring));
    CHECK_EQ(hinic_rq_begin(&rq, 1, &list), 0);
    fill(list, 1, 3);
    hinic_rq_finish(&rq, list, 1, 0);
    CHECK_EQ(ring[16], 0xee);
}

static void fills_and_wraps(void)
{
    uint8_t ring[N * 16];
    uint64_t wr_id[N], id = 0;
    struct hinic_rq rq = { .ring = ring,
                           .wr_id = wr_id,
                           .n = N,
                           .log_stride = 4,
                           .max_sge = 1,
                           .pi = UINT32_MAX - 3,
                           .ci = UINT32_MAX - 3 };
    struct hinic_sge *list = NULL;

    for (uint64_t round = 0; round < 5; round++) {
        const uint32_t from = rq.pi;

        for (uint32_t i = 0; i < N; i++) {
            CHECK_EQ(hinic_rq_begin(&rq, 1, &list), 0);
            fill(list, 1, i);
            hinic_rq_finish(&rq, list, 1, round * 100 + i);
        }
        CHECK_EQ(hinic_rq_begin(&rq, 1, &list), ENOMEM);
        for (uint32_t i = 0; i < N; i++) {
            /* The device counts mod 2^16. */
            CHECK_EQ(hinic_rq_complete(&rq, (from + i) & 0xffff, &id), 0);
            CHECK_EQ(id, round * 100 + i);
            CHECK_EQ(rq.pi - rq.ci, N - 1 - i);
        }
    }
    rq.n = 0;
    CHECK_EQ(hinic_rq_complete(&rq, 0, &id), EIO);
    CHECK_EQ(hinic_rq_begin(&rq, 0, &list), ENOMEM); /* a QP without receive queue */
}

static void srq_refused(void)
{
    _Alignas(16) uint8_t ring[N * 32] = { 0 };
    uint64_t wr_id[N], id;
    struct hinic_srq_ring srq = {
        .ring = ring, .wr_id = wr_id, .n = N, .log_stride = 5, .max_sge = 1
    };
    struct hinic_sge *list = NULL;

    hinic_srq_link(&srq);
    CHECK_EQ(hinic_srq_begin(&srq, 2, &list), EINVAL);
    for (uint32_t i = 0; i < N - 1; i++) {
        CHECK_EQ(hinic_srq_begin(&srq, 0, &list), 0);
        hinic_srq_finish(&srq, list, 0, i);
        CHECK_EQ(le32toh(list[0].lkey), HINIC_SGE_END_LKEY);
    }
    CHECK_EQ(hinic_srq_begin(&srq, 0, &list), ENOMEM); /* one stays free */
    CHECK_EQ(hinic_srq_complete(&srq, N, &id), EIO);
    CHECK_EQ(hinic_srq_complete(&srq, 3, &id), 0);
    CHECK_EQ(id, 3);
    CHECK_EQ(hinic_srq_begin(&srq, 0, &list), 0);
}

/*
 * A device that takes entries along the links, from 0, and completes them in any order. Requests
 * come out in the order they went in, and the links it follows are never changed under it.
 */
static void srq_against_device(void)
{
    _Alignas(16) uint8_t ring[N * 64] = { 0 };
    uint64_t wr_id[N], next_id = 0, next_taken = 0, id;
    struct hinic_srq_ring srq = {
        .ring = ring, .wr_id = wr_id, .n = N, .log_stride = 6, .max_sge = 3
    };
    uint32_t dev = 0, n_dev = 0, held[N], n_held = 0;
    uint64_t held_id[N];
    struct hinic_sge *list = NULL;

    hinic_srq_link(&srq);
    for (uint32_t step = 0; step < 50000; step++) {
        const uint64_t x = vdc_rand(3, step);

        if (x % 3 == 0) {
            if (hinic_srq_begin(&srq, 1, &list) == 0) {
                fill(list, 1, (uint32_t)next_id);
                hinic_srq_finish(&srq, list, 1, next_id++);
            } else {
                CHECK_EQ(srq.pi - n_dev + n_held, N - 1);
            }
        } else if (x % 3 == 1 && n_dev != srq.pi) {
            const uint8_t *entry = ring + (size_t)dev * 64;
            struct hinic_srq_hdr hdr;
            struct hinic_sge sge;

            memcpy(&hdr, entry, sizeof(hdr));
            memcpy(&sge, entry + sizeof(hdr), sizeof(sge));
            CHECK_EQ(le32toh(sge.lkey), (uint32_t)next_taken);
            held[n_held] = dev;
            held_id[n_held++] = next_taken++;
            dev = le16toh(hdr.next_idx);
            n_dev++;
        } else if (n_held) {
            const uint32_t i = (uint32_t)(x >> 32) % n_held;

            CHECK_EQ(hinic_srq_complete(&srq, held[i], &id), 0);
            CHECK_EQ(id, held_id[i]);
            held[i] = held[--n_held];
            held_id[i] = held_id[n_held];
        }
    }
    CHECK(next_taken > 10000);
}

static const struct tap_case cases[] = {
    { "short lists end with a mark, full ones do not", list_ends },
    { "a full ring, indices over 2^32", fills_and_wraps },
    { "a full shared queue, entries that are not there", srq_refused },
    { "a shared queue against a device", srq_against_device },
};

TAP_MAIN(cases)
