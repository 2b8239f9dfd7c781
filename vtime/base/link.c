/* SPDX-License-Identifier: MIT */
/* Link arithmetic: start, end and arrival of one frame, and its fate, in exact integers. */
#include "vdc/link.h"

#include <assert.h>

#include "vdc/rng.h"

#define OVERHEAD_MAX  256u
#define MIN_FRAME_MAX 1518u
#define PS_BITS       (UINT64_C(8) * VTIME_PS_PER_S) /* bit * ps/s of one byte */

_Static_assert((VDC_LINK_LEN_MAX + OVERHEAD_MAX) < (UINT64_MAX - VDC_LINK_RATE_MAX) / PS_BITS,
               "numerator of the serialisation time fits 64 bits");

static uint64_t wire_num(const struct vdc_link_cfg *cfg, uint32_t len)
{
    const uint32_t padded = len > cfg->min_frame ? len : cfg->min_frame;

    assert(padded <= VDC_LINK_LEN_MAX);
    assert(cfg->wire_overhead <= OVERHEAD_MAX);
    return (uint64_t)(padded + cfg->wire_overhead) * PS_BITS;
}

/* Floor to the transmit quantum, at least one quantum. */
static uint64_t quantize(uint64_t tx, uint64_t q)
{
    return tx < q ? q : tx / q * q;
}

/* Stream of one kind of event of this direction: keys of different kinds never meet. */
static uint64_t draw(const struct vdc_link_cfg *cfg, enum vdc_rng_domain domain, uint64_t n)
{
    return vdc_rand(vdc_key(cfg->key, domain, 0, 0), n);
}

struct vdc_link_sent vdc_link_send(struct vdc_link_tx *tx, const struct vdc_link_cfg *cfg,
                                   vtime_t now, uint32_t len)
{
    struct vdc_link_sent s = { .start = vtime_max(now, tx->busy_until), .fate = VDC_LINK_OK };
    const uint64_t n = tx->n_frame;
    uint64_t num;
    uint64_t dur;
    vtime_t arrive;

    assert(cfg->rate_bps >= VDC_LINK_RATE_MIN);
    assert(cfg->rate_bps <= VDC_LINK_RATE_MAX);
    if (tx->rem >= cfg->rate_bps) { /* the rate was lowered since the last frame */
        tx->rem = 0;
    }
    num = wire_num(cfg, len) + tx->rem;
    dur = num / cfg->rate_bps;
    tx->rem = num % cfg->rate_bps;
    if (cfg->tx_quantum_ps > 1) {
        dur = quantize(dur, cfg->tx_quantum_ps);
        tx->rem = 0;
    }
    s.end = vtime_add(s.start, dur);
    arrive = vtime_add(s.end, cfg->latency_ps);
    if (cfg->jitter_ps > 0) {
        /* [0, jitter] inclusive; a range of all 2^64 values cannot occur, latencies end far below.
         */
        assert(cfg->jitter_ps < UINT64_MAX);
        arrive = vtime_add(arrive, vdc_rand_below(vdc_key(cfg->key, VDC_RNG_LINK_JITTER, 0, 0), n,
                                                  cfg->jitter_ps + 1));
    }
    s.arrive = vtime_max(arrive, vtime_add(tx->arrive_last, 1)); /* a link is a FIFO */
    if (cfg->loss_p32 > 0 && draw(cfg, VDC_RNG_LINK_LOSS, n) >> 32 < cfg->loss_p32) {
        s.fate = VDC_LINK_LOST;
    } else if (cfg->corrupt_p32 > 0 &&
               draw(cfg, VDC_RNG_LINK_CORRUPT, n) >> 32 < cfg->corrupt_p32) {
        s.fate = VDC_LINK_CORRUPT;
    }
    tx->busy_until = s.end;
    tx->arrive_last = s.arrive;
    tx->n_frame = n + 1; /* used or not: a changed probability never shifts a stream */
    return s;
}

uint64_t vdc_link_min_ps(const struct vdc_link_cfg *cfg)
{
    uint64_t dur = wire_num(cfg, 0) / cfg->rate_bps;

    if (cfg->tx_quantum_ps > 1) {
        dur = quantize(dur, cfg->tx_quantum_ps);
    }
    return vtime_add(dur, cfg->latency_ps);
}
