/* SPDX-License-Identifier: MIT */
/* World of the HiNIC fuzz targets. */
#include "hinic.h"

#include <stdlib.h>
#include <string.h>

#define EVENTS_MAX 2000000u /* to the end of all work */

/* Not assert(): a broken invariant must end the fuzzer in every build. */
#define MUST(cond)                                                                                 \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static bool is_hole(uint64_t addr, uint32_t len)
{
    return addr < FZ_BASE || addr - FZ_BASE > FZ_SIZE || FZ_SIZE - (addr - FZ_BASE) < len;
}

static void record(struct fz_side *s, uint32_t what, uint64_t a, uint64_t b)
{
    const uint64_t r[4] = { vdc_hinic_now(s->h), what, a, b };

    vdc_digest_fold(&s->out, r, sizeof(r));
}

static int dma_read(void *ctx, uint64_t addr, void *buf, uint32_t len)
{
    struct fz_side *s = ctx;

    MUST(len > 0 && len <= 4096);
    record(s, 1, addr, len);
    if (is_hole(addr, len)) {
        return -1;
    }
    memcpy(buf, s->mem + (addr - FZ_BASE), len);
    return 0;
}

static int dma_write(void *ctx, uint64_t addr, const void *buf, uint32_t len)
{
    struct fz_side *s = ctx;

    MUST(len > 0 && len <= 4096);
    record(s, 2, addr, len);
    vdc_digest_fold(&s->out, buf, len);
    if (is_hole(addr, len)) {
        return -1;
    }
    memcpy(s->mem + (addr - FZ_BASE), buf, len);
    return 0;
}

static void msi(void *ctx, uint32_t vector)
{
    struct fz_side *s = ctx;

    MUST(vector < 8);
    record(s, 3, vector, 0);
}

static void frame(void *ctx, const struct vdc_msg *m, const void *bytes)
{
    struct fz_side *s = ctx;

    MUST(m->type == VDC_MSG_ETH || (m->type == VDC_MSG_LINK && s->n_hello++ == 0));
    MUST(m->seq == s->n_frame++);
    MUST(m->type == VDC_MSG_LINK || (m->len >= 60 && m->len <= 9018));
    MUST(m->depart >= s->promise); /* no frame leaves before what was promised */
    MUST(m->t > m->depart && (s->n_frame == 1 || m->t > s->t_frame));
    s->t_frame = m->t;
    vdc_digest_msg(&s->out, m, bytes);
}

static void guest_err(void *ctx, uint32_t code, uint64_t arg)
{
    (void)ctx; /* reported when run() returns: the instant depends on the cut */
    (void)arg;
    MUST(code != HINIC_GERR_NONE);
}

/* Taken once and used again: thousands of inputs per second. */
static void *memory(size_t i, size_t n)
{
    static void *block[4];
    static size_t size[4];

    if (size[i] < n) {
        free(block[i]);
        block[i] = aligned_alloc(64, (n + 63) & ~(size_t)63);
        size[i] = n;
        MUST(block[i]);
    }
    return block[i];
}

void fz_open(struct fz *f, const uint8_t *data, size_t n, const struct vdc_hinic_cfg *cfg)
{
    *f = (struct fz){ .data = data, .left = n, .now = 1000000 };
    for (size_t i = 0; i < 2; i++) {
        struct fz_side *s = &f->side[i];

        s->h = memory(2 * i, vdc_hinic_size(cfg));
        s->mem = memory(2 * i + 1, FZ_SIZE);
        memset(s->mem, 0, FZ_SIZE);
        MUST(vdc_hinic_init(s->h, cfg) == 0);
        s->is_cut = i == 1;
    }
}

uint32_t fz_u8(struct fz *f)
{
    uint8_t v = 0;

    fz_bytes(f, &v, 1);
    return v;
}

uint32_t fz_u16(struct fz *f)
{
    uint8_t v[2] = { 0 };

    fz_bytes(f, v, 2);
    return v[0] | (uint32_t)v[1] << 8;
}

uint64_t fz_u64(struct fz *f)
{
    uint64_t v = 0;

    fz_bytes(f, &v, sizeof(v));
    return v;
}

void fz_bytes(struct fz *f, void *p, size_t n)
{
    const size_t k = n < f->left ? n : f->left;

    if (k > 0) {
        memcpy(p, f->data, k);
        f->data += k;
        f->left -= k;
    }
}

void fz_store(struct fz *f, uint64_t addr, const void *p, size_t n)
{
    if (addr < FZ_BASE || addr >= FZ_BASE + FZ_SIZE) {
        return;
    }
    if (n > FZ_BASE + FZ_SIZE - addr) {
        n = (size_t)(FZ_BASE + FZ_SIZE - addr);
    }
    for (int i = 0; i < 2; i++) {
        memcpy(f->side[i].mem + (addr - FZ_BASE), p, n);
    }
}

static void run_side(struct fz_side *s, vtime_t to)
{
    const struct vdc_hinic_env env = { .ctx = s,
                                       .dma_read = dma_read,
                                       .dma_write = dma_write,
                                       .msi = msi,
                                       .frame = frame,
                                       .guest_err = guest_err };

    while (s->is_cut && vdc_hinic_next(s->h) < to) {
        vdc_hinic_run(s->h, vdc_hinic_next(s->h), &env);
    }
    vdc_hinic_run(s->h, to, &env);
    MUST(vdc_hinic_next(s->h) > to);
}

/* The vCPU is at `now` and may ring from there on: what is promised holds for all that follows. */
static void promise(struct fz *f)
{
    for (int i = 0; f->is_ready && i < 2; i++) {
        const vtime_t p = vdc_hinic_promise(f->side[i].h, f->now);

        MUST(p >= f->now);
        f->side[i].promise = p - f->epoch;
    }
}

void fz_run(struct fz *f, uint64_t ps)
{
    f->now += ps;
    for (int i = 0; i < 2; i++) {
        run_side(&f->side[i], f->now);
    }
    promise(f);
}

/* Both have run to now: an access sees the same state. */
static void settle(struct fz *f)
{
    fz_run(f, 0);
}

void fz_write(struct fz *f, uint32_t bar, uint64_t off, uint32_t size, uint64_t v)
{
    settle(f);
    for (int i = 0; i < 2; i++) {
        vdc_hinic_mmio_write(f->side[i].h, f->now, bar, off, size, v);
    }
}

void fz_read(struct fz *f, uint32_t bar, uint64_t off, uint32_t size)
{
    uint64_t a;

    settle(f);
    a = vdc_hinic_mmio_read(f->side[0].h, f->now, bar, off, size);
    MUST(a == vdc_hinic_mmio_read(f->side[1].h, f->now, bar, off, size));
    MUST(size == 8 || a <= UINT32_MAX);
}

void fz_ready(struct fz *f)
{
    settle(f);
    for (int i = 0; !f->is_ready && i < 2; i++) {
        vdc_hinic_ready(f->side[i].h, f->now, f->now);
    }
    if (!f->is_ready) {
        f->epoch = f->now;
    }
    f->is_ready = true;
}

void fz_reset(struct fz *f, enum vdc_hinic_reset_kind kind)
{
    settle(f);
    f->has_reset = true;
    for (int i = 0; i < 2; i++) {
        vdc_hinic_reset(f->side[i].h, f->now, kind);
    }
}

void fz_frame(struct fz *f, uint64_t delay_ps, uint16_t type, uint16_t flags, const void *p,
              uint32_t len)
{
    const vtime_t t = f->now + delay_ps > f->t_rx ? f->now + delay_ps : f->t_rx + 1;
    const struct vdc_msg m = {
        .t = t - f->epoch, .seq = f->seq, .type = type, .flags = flags, .len = len
    };
    int rc[2];

    if (!f->is_ready) {
        return;
    }
    for (int i = 0; i < 2; i++) {
        rc[i] = vdc_hinic_rx(f->side[i].h, &m, p);
    }
    MUST((rc[0] == -22) == (rc[1] == -22));
    if (rc[0] == -22) {
        return;
    }
    if (rc[0] != 0 || rc[1] != 0) { /* the cut side may have room where the other has not */
        for (int i = 0; i < 2; i++) {
            if (rc[i] != 0) {
                run_side(&f->side[i], f->t_rx > f->now ? f->t_rx : f->now);
                MUST(vdc_hinic_rx(f->side[i].h, &m, p) == 0);
            }
        }
        f->now = f->t_rx > f->now ? f->t_rx : f->now;
    }
    f->seq++;
    f->t_rx = t;
    f->n_rx += type == VDC_MSG_ETH;
    promise(f); /* the last one did not know of this; RDMA answers */
}

void fz_enable(struct fz *f)
{
    fz_write(f, 0, HINIC_R_AQ_SQ_BASE, 8, FZ_SQ);
    fz_write(f, 0, HINIC_R_AQ_CQ_BASE, 8, FZ_CQ);
    fz_write(f, 0, HINIC_R_AEQ_BASE, 8, FZ_AEQ);
    fz_write(f, 0, HINIC_R_AQ_DEPTH, 4, 4);
    fz_write(f, 0, HINIC_R_AEQ_DEPTH, 4, 4);
    fz_write(f, 0, HINIC_R_DEV_CTRL, 4, HINIC_DEV_CTRL_ENABLE);
}

static bool same(struct vdc_digest a, struct vdc_digest b)
{
    return a.lo == b.lo && a.hi == b.hi;
}

void fz_close(struct fz *f)
{
    const struct vdc_hinic *h = f->side[0].h;
    struct fz_side *a = &f->side[0];
    struct fz_side *b = &f->side[1];
    uint32_t n = 0;

    while (vdc_hinic_next(h) != VTIME_NEVER) {
        const vtime_t t = vdc_hinic_next(h);

        MUST(n++ < EVENTS_MAX); /* work ends */
        fz_run(f, t > f->now ? t - f->now : 0);
    }
    settle(f);
    MUST(vdc_hinic_next(b->h) == VTIME_NEVER);
    MUST(same(a->out, b->out));
    MUST(same(vdc_hinic_digest(a->h), vdc_hinic_digest(b->h)));
    MUST(memcmp(a->mem, b->mem, FZ_SIZE) == 0);
    if (!f->has_reset) { /* every frame was delivered or dropped for a reason */
        MUST(f->n_rx == vdc_hinic_counter(h, HINIC_CNT_RX_FRAMES) +
                            vdc_hinic_counter(h, HINIC_CNT_RX_DISCARDS) +
                            vdc_hinic_counter(h, HINIC_CNT_RX_FILTERED));
        MUST(a->n_frame - a->n_hello + vdc_hinic_counter(h, HINIC_CNT_TX_LINK_LOST) ==
             vdc_hinic_counter(h, HINIC_CNT_TX_FRAMES));
    }
}
