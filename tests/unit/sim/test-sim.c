/* SPDX-License-Identifier: MIT */
/* Simulator: what it refuses, what it counts, what it does to a message that meets a fault. */
#include "vdc/sim.h"

#include <stdlib.h>

#include "tap.h"

/* A model with two ports that sends one numbered frame per 1000 ps out of port 0 and keeps what
 * comes in; port 1 is the command port. */
struct dot_cfg {
    uint64_t n_send;
    uint64_t delay_ps; /* departure to arrival */
    uint32_t len;
    uint32_t port; /* it sends out of */
};

#define DOT_MAX 256u

struct dot {
    struct dot_cfg cfg;
    uint64_t n_sent;
    uint64_t n_got;
    uint64_t n_cmd;
    uint64_t got_t[DOT_MAX];
    uint64_t got_seq[DOT_MAX];
    uint8_t got_byte[DOT_MAX];
};

static size_t dot_size(const void *cfg)
{
    return ((const struct dot_cfg *)cfg)->len <= 64 ? sizeof(struct dot) : 0;
}

static int dot_init(void *state, const void *cfg)
{
    memset(state, 0, sizeof(struct dot));
    ((struct dot *)state)->cfg = *(const struct dot_cfg *)cfg;
    return 0;
}

static vtime_t dot_next(const void *state)
{
    const struct dot *s = state;

    return s->n_sent < s->cfg.n_send ? (s->n_sent + 1) * 1000 : VTIME_NEVER;
}

static void dot_run(void *state, vtime_t to, const struct vdc_model_io *io)
{
    struct dot *s = state;
    static const uint8_t zeros[64];

    for (uint32_t p = 0; p < 2; p++) {
        const struct vdc_msg *m;

        while ((m = io->peek(io->ctx, p)) != NULL && m->t < to) {
            if (p == 0 && s->n_got < DOT_MAX) {
                const uint8_t *b = vdc_msg_payload(m);

                s->got_t[s->n_got] = m->t;
                s->got_seq[s->n_got] = m->seq;
                for (uint32_t i = 0; i < m->len; i++) {
                    s->got_byte[s->n_got] |= b[i];
                }
                s->n_got++;
            }
            s->n_cmd += p;
            io->pop(io->ctx, p);
        }
    }
    while (dot_next(s) < to) {
        const vtime_t now = dot_next(s);
        const struct vdc_msg m = { .t = now + s->cfg.delay_ps,
                                   .seq = s->n_sent,
                                   .type = VDC_MSG_ETH,
                                   .len = s->cfg.len,
                                   .depart = now };

        s->n_sent++;
        io->emit(io->ctx, s->cfg.port, &m, zeros);
    }
}

static struct vdc_digest dot_digest(const void *state)
{
    return vdc_digest_bytes(state, sizeof(struct dot));
}

static const struct vdc_model_ops dot_ops = { "dot",    dot_size, dot_init,
                                              dot_next, dot_run,  dot_digest };

struct world {
    struct dot_cfg dot[2];
    struct vdc_sim_comp comp[2];
    struct vdc_sim_wire wire;
    struct vdc_fault fault;
    struct vdc_sim_cfg cfg;
};

/* a sends n frames to b over a wire of 5000 ps. */
static void make(struct world *w, uint64_t n)
{
    memset(w, 0, sizeof(*w));
    w->dot[0] = (struct dot_cfg){ .n_send = n, .delay_ps = 5000, .len = 8 };
    w->dot[1] = (struct dot_cfg){ .delay_ps = 5000, .len = 8 };
    for (uint32_t i = 0; i < 2; i++) {
        w->comp[i] = (struct vdc_sim_comp){
            .name = i ? "b" : "a", .ops = &dot_ops, .cfg = &w->dot[i], .n_port = 2
        };
    }
    w->wire = (struct vdc_sim_wire){ .comp = { 0, 1 }, .min_ps = { 5000, 5000 } };
    w->cfg = (struct vdc_sim_cfg){ .n_comp = 2,
                                   .n_wire = 1,
                                   .comp = w->comp,
                                   .wire = &w->wire,
                                   .fault = &w->fault,
                                   .seed = 1,
                                   .every = 10000,
                                   .n_slot = 64,
                                   .slot_payload = 64 };
}

static struct vdc_sim *start(struct world *w, int want)
{
    const size_t size = vdc_sim_size(&w->cfg);
    struct vdc_sim *s = aligned_alloc(64, size ? size : 64);

    if (!s) {
        abort();
    }
    CHECK_EQ(vdc_sim_init(s, &w->cfg), want);
    CHECK_EQ(size == 0, want == VDC_SIM_ERR_CFG && size == 0);
    return s;
}

static const struct vdc_sim_cut full = { VDC_SIM_CUT_FULL, 0, 0 };

/* Runs both engines to 200 ns with one fault; returns the receiver's state of the first in *got. */
static struct vdc_sim_count with_fault(struct vdc_fault f, struct dot *got)
{
    struct world w;
    struct vdc_sim *a;
    struct vdc_sim *b;
    struct vdc_sim_count n;

    make(&w, 100);
    w.fault = f;
    w.cfg.n_fault = 1;
    a = start(&w, VDC_SIM_OK);
    b = start(&w, VDC_SIM_OK);
    CHECK_EQ(vdc_sim_run_sequential(a, 200000), VDC_SIM_OK);
    CHECK_EQ(vdc_sim_run_windowed(b, &full, 200000), VDC_SIM_OK);
    CHECK_EQ(vdc_sim_end(a).lo, vdc_sim_end(b).lo);
    n = vdc_sim_count(a, 0, 0);
    *got = *(struct dot *)vdc_sim_state(a, 1);
    CHECK_EQ(n.sent, 100);
    CHECK_EQ(n.sent + n.copied, n.lost + n.taken);
    CHECK_EQ(n.taken, got->n_got);
    CHECK_EQ(vdc_sim_count(a, 0, 1).sent, 0);
    free(a);
    free(b);
    return n;
}

static void no_fault(void)
{
    struct dot got;
    const struct vdc_sim_count n = with_fault(
        (struct vdc_fault){ .kind = VDC_FAULT_LOSS, .arg = { 200000, 0 } }, &got);

    CHECK_EQ(n.taken, 100);
    for (uint64_t i = 0; i < 100; i++) {
        CHECK_EQ(got.got_t[i], (i + 1) * 1000 + 5000);
        CHECK_EQ(got.got_seq[i], i);
        CHECK_EQ(got.got_byte[i], 0);
    }
}

static void loss_in_its_time(void)
{
    struct dot got;
    struct vdc_sim_count n = with_fault(
        (struct vdc_fault){ 10000, VDC_FAULT_LOSS, 0, 0, { 20000, UINT64_C(1) << 32 } }, &got);

    CHECK_EQ(n.lost, 10); /* departures 10,000 .. 19,000 */
    CHECK_EQ(got.got_seq[8], 8);
    CHECK_EQ(got.got_seq[9], 19);
    n = with_fault((struct vdc_fault){ 10000, VDC_FAULT_LOSS, 0, 1, { 20000, UINT64_C(1) << 32 } },
                   &got);
    CHECK_EQ(n.lost, 0); /* the other direction */
    n = with_fault((struct vdc_fault){ 0, VDC_FAULT_LOSS, 0, 0, { 200000, UINT64_C(1) << 31 } },
                   &got);
    CHECK(n.lost > 30 && n.lost < 70);
    n = with_fault(
        (struct vdc_fault){ 0,
                            VDC_FAULT_BURST,
                            0,
                            0,
                            { 200000, UINT64_C(1) << 29, UINT64_C(1) << 30, UINT64_C(1) << 32 } },
        &got);
    CHECK(n.lost > 10 && n.lost < 60);
}

static void corruption_flips_one_bit(void)
{
    struct dot got;
    const struct vdc_sim_count n = with_fault(
        (struct vdc_fault){ 0, VDC_FAULT_CORRUPT, 0, 0, { 50500, UINT64_C(1) << 32 } }, &got);

    CHECK_EQ(n.flipped, 50);
    for (uint64_t i = 0; i < 100; i++) {
        const uint8_t b = got.got_byte[i];

        CHECK(i < 50 ? b != 0 && (b & (b - 1)) == 0 : b == 0);
    }
}

static void jitter_keeps_order(void)
{
    struct dot got;
    uint64_t moved = 0;

    (void)with_fault((struct vdc_fault){ 0, VDC_FAULT_JITTER, 0, 0, { 200000, 3000 } }, &got);
    for (uint64_t i = 0; i < 100; i++) {
        CHECK_EQ(got.got_seq[i], i);
        CHECK(got.got_t[i] >= (i + 1) * 1000 + 5000 && got.got_t[i] <= (i + 1) * 1000 + 8000);
        CHECK(i == 0 || got.got_t[i] >= got.got_t[i - 1]);
        moved += got.got_t[i] != (i + 1) * 1000 + 5000;
    }
    CHECK(moved > 50);
}

static void reorder_and_copies(void)
{
    struct dot got;
    uint64_t swaps = 0;
    struct vdc_sim_count n = with_fault(
        (struct vdc_fault){ 0, VDC_FAULT_REORDER, 0, 0, { 200000, UINT64_C(1) << 30, 5000 } },
        &got);

    for (uint64_t i = 1; i < 100; i++) {
        CHECK(got.got_t[i] >= got.got_t[i - 1]);
        swaps += got.got_seq[i] < got.got_seq[i - 1];
    }
    CHECK(swaps > 5);
    CHECK_EQ(n.taken, 100);
    n = with_fault((struct vdc_fault){ 0, VDC_FAULT_DUP, 0, 0, { 50500, UINT64_C(1) << 32 } },
                   &got);
    CHECK_EQ(n.copied, 50);
    CHECK_EQ(got.got_seq[1], 0);
    CHECK_EQ(got.got_t[1], 6001);
}

static void flap_takes_what_is_in_flight(void)
{
    struct dot got;
    const struct vdc_sim_count n = with_fault(
        (struct vdc_fault){ 20500, VDC_FAULT_FLAP, 0, 1, { 30500 } }, &got);

    /* Arrivals from 21,000 (left at 16,000) to departures up to 30,000. */
    CHECK_EQ(n.lost, 15);
    CHECK_EQ(got.got_seq[14], 14);
    CHECK_EQ(got.got_seq[15], 30);
}

static void refused(void)
{
    struct world w;

    make(&w, 1);
    w.dot[0].len = 65;
    free(start(&w, VDC_SIM_ERR_CFG));
    make(&w, 1);
    w.wire.port[1] = 2;
    free(start(&w, VDC_SIM_ERR_CFG));
    make(&w, 1);
    w.wire.comp[1] = 2;
    free(start(&w, VDC_SIM_ERR_CFG));
    make(&w, 1);
    w.wire.min_ps[0] = 1;
    free(start(&w, VDC_SIM_ERR_CFG));
    make(&w, 1);
    w.wire.comp[1] = 0; /* a port joined to itself */
    free(start(&w, VDC_SIM_ERR_CFG));
    make(&w, 1);
    w.fault.target = 2;
    w.cfg.n_fault = 1;
    free(start(&w, VDC_SIM_ERR_CFG));
    make(&w, 1);
    w.cfg.mode = VDC_SYNC_QUANTIZED;
    free(start(&w, VDC_SIM_ERR_SYNC));
}

static void breaches(void)
{
    struct world w;
    struct vdc_sim *s;

    make(&w, 100);
    w.cfg.n_slot = 3; /* five are in flight */
    s = start(&w, VDC_SIM_OK);
    CHECK_EQ(vdc_sim_run_sequential(s, 200000), VDC_SIM_ERR_POOL);
    CHECK_EQ(vdc_sim_run_sequential(s, 300000), VDC_SIM_ERR_POOL); /* final */
    free(s);
    make(&w, 100);
    w.dot[0].port = 1;
    s = start(&w, VDC_SIM_OK);
    CHECK_EQ(vdc_sim_run_sequential(s, 200000), VDC_SIM_ERR_PORT);
    CHECK_EQ(vdc_sim_stat(s)->err_t, 1000);
    free(s);
    make(&w, 100);
    w.dot[0].delay_ps = 2000; /* the wire says 5000 */
    w.dot[1].n_send = 3;
    s = start(&w, VDC_SIM_OK);
    CHECK_EQ(vdc_sim_run_windowed(s, &(struct vdc_sim_cut){ VDC_SIM_CUT_FULL, 0, 1 }, 200000),
             VDC_SIM_ERR_LATE);
    CHECK_EQ(vdc_sim_stat(s)->err_comp, 1);
    free(s);
}

static void commands(void)
{
    struct world w;
    struct vdc_sim *s;

    make(&w, 10);
    w.dot[1].n_send = 5;
    s = start(&w, VDC_SIM_OK);
    CHECK_EQ(vdc_sim_inject(s, 1, 1, 2500, VDC_MSG_CMD, "x", 1), VDC_SIM_OK);
    CHECK_EQ(vdc_sim_inject(s, 1, 0, 2500, VDC_MSG_CMD, "x", 1), VDC_SIM_ERR_PORT);
    CHECK_EQ(vdc_sim_run_windowed(s, &full, 2500), VDC_SIM_OK);
    CHECK_EQ(((struct dot *)vdc_sim_state(s, 1))->n_cmd, 0);
    CHECK_EQ(vdc_sim_now(s, 1), 2500);
    CHECK_EQ(vdc_sim_run_windowed(s, &full, 2501), VDC_SIM_OK);
    CHECK_EQ(((struct dot *)vdc_sim_state(s, 1))->n_cmd, 1);
    CHECK_EQ(vdc_sim_lookahead(s), 5000);
    CHECK_EQ(vdc_sim_sync_err(s), 0);
    free(s);
}

static const struct tap_case cases[] = {
    { "without a fault", no_fault },
    { "loss and bursts", loss_in_its_time },
    { "corruption flips one bit", corruption_flips_one_bit },
    { "jitter keeps order", jitter_keeps_order },
    { "reorder and copies", reorder_and_copies },
    { "flap takes what is in flight", flap_takes_what_is_in_flight },
    { "refused configurations", refused },
    { "breaches of rules are named", breaches },
    { "commands", commands },
};

TAP_MAIN(cases)
