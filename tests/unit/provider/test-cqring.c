/* SPDX-License-Identifier: MIT */
/* Completion ring of the provider: phases, removal of a QP's entries, a new ring, against lists. */
#include "cqring.h"

#include <stdlib.h>

#include "tap.h"
#include "vdc/rng.h"

#define MAX 64u

/* The device's side, and what it has written and nobody has read. */
struct dev {
    struct hinic_cq_ring ring; /* where it writes; ci unused */
    uint32_t pi;
    uint32_t n;
    struct {
        uint32_t qpn, seq;
    } want[MAX];
    uint32_t next_seq;
};

static struct hinic_cqe *new_ring(uint32_t log_n)
{
    struct hinic_cqe *cqe = calloc((size_t)1 << log_n, sizeof(*cqe));

    if (!cqe) {
        abort();
    }
    return cqe;
}

static void dev_write(struct dev *d, uint32_t qpn)
{
    const uint32_t log = d->ring.log_n;
    struct hinic_cqe *cqe = d->ring.cqe + (d->pi & ((1u << log) - 1));

    cqe->qpn_op = htole32(qpn | (uint32_t)HINIC_WQE_SEND << 24);
    cqe->sw_idx = htole32(d->next_seq);
    cqe->own = (uint8_t)((d->pi >> log & 1) ^ 1);
    d->pi++;
    d->want[d->n].qpn = qpn;
    d->want[d->n++].seq = d->next_seq++;
}

static void read_one(struct hinic_cq_ring *ring, struct dev *d)
{
    const struct hinic_cqe *cqe = hinic_cq_peek(ring);

    if (d->n == 0) {
        CHECK(cqe == NULL);
        return;
    }
    CHECK(cqe != NULL);
    if (!cqe) {
        return;
    }
    CHECK_EQ(hinic_cqe_qpn(cqe), d->want[0].qpn);
    CHECK_EQ(le32toh(cqe->sw_idx), d->want[0].seq);
    CHECK_EQ(hinic_cqe_op(cqe), HINIC_WQE_SEND);
    ring->ci++;
    d->n--;
    memmove(d->want, d->want + 1, d->n * sizeof(d->want[0]));
}

static void count_drop(void *arg, const struct hinic_cqe *cqe)
{
    (void)cqe;
    ++*(uint32_t *)arg;
}

/* All ring sizes down to one entry, several passes, indices over 2^24 and 2^32. */
static void phases(void)
{
    static const uint32_t starts[] = { 0, (1u << 24) - 8, UINT32_MAX - 7 };

    for (uint32_t log_n = 0; log_n <= 3; log_n++) {
        for (uint32_t s = 0; s < 3; s++) {
            struct hinic_cq_ring ring = { new_ring(log_n), log_n, 0 };
            struct dev d = { .ring = ring };

            /* A ring in use for long: entries carry the phase of the pass before. */
            d.pi = ring.ci = starts[s] & ~((2u << log_n) - 1);
            for (uint32_t i = 0; i < 64; i++) {
                const uint32_t n = 1 + i % (1u << log_n);

                CHECK(hinic_cq_peek(&ring) == NULL);
                for (uint32_t k = 0; k < n; k++) {
                    dev_write(&d, 5);
                }
                CHECK_EQ(hinic_cq_unread(&ring), n);
                for (uint32_t k = 0; k < n; k++) {
                    read_one(&ring, &d);
                }
            }
            free(ring.cqe);
        }
    }
}

/* A full ring of one QP goes, a full ring of others stays. */
static void clean_all_or_nothing(void)
{
    struct hinic_cq_ring ring = { new_ring(3), 3, 0 };
    struct dev d = { .ring = ring };
    uint32_t n_drop = 0;

    for (uint32_t i = 0; i < 8; i++) {
        dev_write(&d, 9);
    }
    CHECK_EQ(hinic_cq_clean(&ring, 8, count_drop, &n_drop), 0);
    CHECK_EQ(n_drop, 0);
    CHECK_EQ(ring.ci, 0);
    CHECK_EQ(hinic_cq_clean(&ring, 9, count_drop, &n_drop), 8);
    CHECK_EQ(n_drop, 8);
    CHECK_EQ(ring.ci, 8);
    CHECK(hinic_cq_peek(&ring) == NULL);
    free(ring.cqe);
}

/* Writes, reads, QPs that go and rings that grow and shrink in random order, against the list. */
static void against_list(void)
{
    uint32_t log_n = 3, n_clean = 0, n_resize = 0;
    struct hinic_cq_ring ring = { new_ring(log_n), log_n, 0 };
    struct dev d = { .ring = ring };

    for (uint32_t step = 0; step < 60000; step++) {
        const uint64_t x = vdc_rand(4, step);
        const uint32_t what = (uint32_t)(x % 16);

        if (what < 8) {
            if (d.pi - ring.ci < 1u << log_n) {
                dev_write(&d, (uint32_t)(x >> 32) % 3);
            }
        } else if (what < 14) {
            read_one(&ring, &d);
        } else if (what == 14) {
            const uint32_t qpn = (uint32_t)(x >> 32) % 3;
            uint32_t n_drop = 0, n_keep = 0;

            for (uint32_t i = 0; i < d.n; i++) {
                if (d.want[i].qpn != qpn) {
                    d.want[n_keep++] = d.want[i];
                }
            }
            CHECK_EQ(hinic_cq_clean(&ring, qpn, count_drop, &n_drop), d.n - n_keep);
            CHECK_EQ(n_drop, d.n - n_keep);
            n_clean += n_drop;
            d.n = n_keep;
        } else {
            struct hinic_cq_ring to = { NULL, (uint32_t)(x >> 32) % 7, 0 };

            CHECK_EQ(hinic_cq_unread(&ring), d.n);
            if (d.n > 1u << to.log_n) {
                continue;
            }
            to.cqe = new_ring(to.log_n);
            hinic_cq_take_over(&ring, &to);
            CHECK_EQ(hinic_cq_unread(&to), 0);
            /* The device changes over first and may write before the copy. */
            d.ring = to;
            if (x >> 48 & 1 && d.n < 1u << to.log_n) {
                const uint32_t n_old = d.n;

                dev_write(&d, 2);
                hinic_cq_copy(&ring, &to);
                CHECK_EQ(hinic_cq_unread(&to), n_old + 1);
            } else {
                hinic_cq_copy(&ring, &to);
            }
            free(ring.cqe);
            ring = to;
            log_n = to.log_n;
            n_resize++;
        }
        CHECK_EQ(hinic_cq_unread(&ring), d.n);
    }
    CHECK(n_clean > 1000);
    CHECK(n_resize > 1000);
    free(ring.cqe);
}

static const struct tap_case cases[] = {
    { "an entry is there when its phase is right", phases },
    { "removing all entries, removing none", clean_all_or_nothing },
    { "random use against a list", against_list },
};

TAP_MAIN(cases)
