/* SPDX-License-Identifier: MIT */
/* Message ring: wrap, filler, full, every size, and two threads with random sizes. */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ring.h"

#define BYTES 4096u

static _Alignas(64) uint8_t mem[sizeof(struct ring) + (1u << 18)];
static uint32_t n_test, n_failed;

static void check(bool ok, const char *name)
{
    n_test++;
    n_failed += !ok;
    (void)printf("%s %u - %s\n", ok ? "ok" : "not ok", n_test, name);
}

static struct ring *fresh(uint32_t bytes, struct ring_tx *tx, struct ring_rx *rx)
{
    struct ring *r = (struct ring *)(void *)mem;

    ring_init(r, bytes, 7);
    memset(r + 1, 0xa5, bytes); /* junk in unused slots must not matter */
    *tx = (struct ring_tx){ .r = r };
    *rx = (struct ring_rx){ .r = r };
    ring_tx_load(tx);
    ring_rx_load(rx);
    return r;
}

static uint8_t byte_of(uint64_t seq, uint32_t i)
{
    return (uint8_t)(seq * 31 + i);
}

static bool put(struct ring_tx *tx, uint64_t seq, uint32_t len)
{
    struct vdc_msg *m = ring_reserve(tx, len);

    if (!m) {
        return false;
    }
    *m = (struct vdc_msg){ .seq = seq, .type = VDC_MSG_ETH, .len = len };
    for (uint32_t i = 0; i < len; i++) {
        ((uint8_t *)(m + 1))[i] = byte_of(seq, i);
    }
    ring_commit(tx, m);
    return true;
}

static bool is_good(const struct vdc_msg *m, uint64_t seq)
{
    const uint8_t *p = vdc_msg_payload(m);

    if (m->seq != seq) {
        return false;
    }
    for (uint32_t i = 0; i < m->len; i++) {
        if (p[i] != byte_of(seq, i)) {
            return false;
        }
    }
    return true;
}

static void test_one(void)
{
    struct ring_tx tx;
    struct ring_rx rx;
    const struct ring *r = fresh(BYTES, &tx, &rx);

    check(ring_peek(&rx) == NULL, "a new ring is empty");
    check(put(&tx, 0, 100), "it takes a message");
    check(ring_peek(&rx) && is_good(ring_peek(&rx), 0), "which comes out whole");
    ring_pop(&rx);
    check(ring_peek(&rx) == NULL, "once");
    check(atomic_load(&r->tail) == 192 && atomic_load(&r->head) == 192,
          "space is rounded up to 64");
}

static void test_uncommitted(void)
{
    struct ring_tx tx;
    struct ring_rx rx;

    (void)fresh(BYTES, &tx, &rx);
    (void)ring_reserve(&tx, 100);
    check(ring_peek(&rx) == NULL, "half a message is not there");
}

static void test_full(void)
{
    struct ring_tx tx;
    struct ring_rx rx;
    uint64_t n = 0;
    bool was_high = false;

    (void)fresh(BYTES, &tx, &rx);
    while (put(&tx, n, 64)) {
        n++;
        was_high |= ring_is_high(&tx) && n <= BYTES / 128 * 3 / 4;
    }
    check(n == BYTES / 128, "it takes exactly its size");
    check(!was_high && ring_is_high(&tx), "it is high above 75 % only");
    check(is_good(ring_peek(&rx), 0), "the oldest is untouched by a refused one");
    ring_pop(&rx);
    check(put(&tx, n, 64), "room comes back");
    check(!put(&tx, n, 64), "as much as was taken");
}

static void test_wrap(void)
{
    struct ring_tx tx;
    struct ring_rx rx;
    bool ok = true;

    /* 4096 - k * 64 bytes in front, then a message that does not fit the rest. */
    for (uint32_t k = 1; k < 20; k++) {
        const struct ring *r = fresh(BYTES, &tx, &rx);

        ok &= put(&tx, 0, BYTES - 64 * k - 64);
        ok &= is_good(ring_peek(&rx), 0);
        ring_pop(&rx);
        ok &= put(&tx, 1, 64 * k); /* 64 more than the rest */
        ok &= atomic_load(&r->tail) == BYTES + 64 * k + 64;
        ok &= is_good(ring_peek(&rx), 1);
        ok &= (const uint8_t *)ring_peek(&rx) == (const uint8_t *)(r + 1);
        ring_pop(&rx);
        ok &= ring_peek(&rx) == NULL;
    }
    check(ok, "a message that does not fit the end starts at the front");
}

static void test_filler_needs_room(void)
{
    struct ring_tx tx;
    struct ring_rx rx;

    (void)fresh(BYTES, &tx, &rx);
    check(put(&tx, 0, 2048 - 64) && put(&tx, 1, 1024 - 64), "three quarters taken");
    check(is_good(ring_peek(&rx), 0), "the first is there");
    ring_pop(&rx);
    check(!put(&tx, 2, 2048 - 64 + 64), "filler and message must both fit");
    check(put(&tx, 2, 2048 - 64), "and may fill it to the last byte");
    check(is_good(ring_peek(&rx), 1), "order is kept");
    ring_pop(&rx);
    check(is_good(ring_peek(&rx), 2), "across the filler");
}

static void test_sizes(void)
{
    struct ring_tx tx;
    struct ring_rx rx;
    uint64_t in = 0, out = 0;
    bool ok = true;

    (void)fresh(BYTES, &tx, &rx);
    for (uint32_t len = 0; len <= BYTES / 4; len++) {
        while (!put(&tx, in, len)) {
            ok &= ring_peek(&rx) && is_good(ring_peek(&rx), out++);
            ring_pop(&rx);
        }
        in++;
    }
    for (; ring_peek(&rx); out++) {
        ok &= is_good(ring_peek(&rx), out);
        ring_pop(&rx);
    }
    check(ok && in == out, "every size from 0 to a quarter of the ring");
}

static void test_largest(void)
{
    struct ring_tx tx;
    struct ring_rx rx;
    bool ok = true;

    (void)fresh(1u << 18, &tx, &rx);
    for (uint64_t i = 0; i < 50; i++) {
        ok &= put(&tx, i, VDC_MSG_PAYLOAD_MAX) && is_good(ring_peek(&rx), i);
        ring_pop(&rx);
    }
    check(ok, "the largest message passes through the smallest ring of a segment");
}

#define N_THREAD 50000u

struct side {
    struct ring *r;
    uint64_t n_bad;
};

static uint32_t draw(uint64_t i)
{
    return (uint32_t)((i * 2654435761u >> 7) % 300);
}

static void *produce(void *arg)
{
    struct ring_tx tx = { .r = ((struct side *)arg)->r };

    ring_tx_load(&tx);
    for (uint64_t i = 0; i < N_THREAD;) {
        if (put(&tx, i, draw(i))) {
            i++;
        } else {
            (void)sched_yield();
        }
    }
    return NULL;
}

static void *consume(void *arg)
{
    struct side *s = arg;
    struct ring_rx rx = { .r = s->r };

    ring_rx_load(&rx);
    for (uint64_t i = 0; i < N_THREAD;) {
        const struct vdc_msg *m = ring_peek(&rx);

        if (m) {
            s->n_bad += !is_good(m, i) || m->len != draw(i);
            ring_pop(&rx);
            i++;
        } else {
            (void)sched_yield();
        }
    }
    return NULL;
}

static void test_threads(void)
{
    struct ring_tx tx;
    struct ring_rx rx;
    struct side s = { .r = fresh(BYTES, &tx, &rx) };
    pthread_t a, b;

    if (pthread_create(&a, NULL, produce, &s) != 0 || pthread_create(&b, NULL, consume, &s) != 0) {
        abort();
    }
    (void)pthread_join(a, NULL);
    (void)pthread_join(b, NULL);
    check(s.n_bad == 0, "two threads, random sizes: every message whole and in order");
}

int main(void)
{
    test_one();
    test_uncommitted();
    test_full();
    test_wrap();
    test_filler_needs_room();
    test_sizes();
    test_largest();
    test_threads();
    (void)printf("1..%u\n", n_test);
    return n_failed != 0;
}
