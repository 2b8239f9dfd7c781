/* SPDX-License-Identifier: MIT */
/* A node for simulations: device events, the wire and the driver in one order of time. */
#include "nic.h"

#include <assert.h>
#include <string.h>

#include "vdc/rng.h"

#define LOG_DEPTH 8u
#define DEPTH     (1u << LOG_DEPTH)
#define BUF_BYTES 2048u
#define TX_VECTOR 1u
#define RX_VECTOR 2u
#define ETHERTYPE 0x88b5u /* IEEE 802 local experimental */

enum { KIND_PING = 1, KIND_PONG = 2, KIND_BULK = 3 };

/* Behind the Ethernet header. */
struct body {
    uint32_t kind;
    uint32_t src;
    uint64_t n; /* of this sender to this receiver and kind */
    uint64_t t; /* departure of the ping */
};

/* Everything before `cfg` is digested. */
struct nic {
    struct nic_stat stat;
    uint64_t next_n[NIC_PEERS][4]; /* by sender and kind */
    uint64_t sent_n[NIC_PEERS][4];
    uint64_t heard;
    vtime_t driver_t; /* next look of the driver */
    struct nic_cfg cfg;
    struct host_queue tx;
    struct host_queue rx;
    uint64_t tx_buf;
    uint64_t rx_buf;
    vtime_t epoch;
    const struct vdc_model_io *io; /* inside run() only */
};

/* Where nic_boot() put things: always the same, so that the model finds them again. */
struct boot {
    struct host_queue tx, rx;
    uint64_t tx_buf, rx_buf;
};

static void put_rx(struct host *o, struct host_queue *rx, uint64_t buf, uint32_t id)
{
    host_rx(o, rx, buf + (uint64_t)id * BUF_BYTES, BUF_BYTES, id);
}

struct host *nic_boot(const struct vdc_hinic_cfg *cfg)
{
    struct host *o = host_new(cfg);
    struct boot *b;

    host_enable(o);
    b = host_ptr(o, host_alloc(o, sizeof(*b), 64), sizeof(*b));
    assert(host_queue(o, &b->tx, 0, false, LOG_DEPTH, TX_VECTOR) == HINIC_AQ_OK);
    assert(host_queue(o, &b->rx, 0, true, LOG_DEPTH, RX_VECTOR) == HINIC_AQ_OK);
    b->tx_buf = host_alloc(o, (uint64_t)DEPTH * BUF_BYTES, 4096);
    b->rx_buf = host_alloc(o, (uint64_t)DEPTH * BUF_BYTES, 4096);
    for (uint32_t i = 0; i < DEPTH - 1; i++) {
        put_rx(o, &b->rx, b->rx_buf, i);
    }
    host_ring(o, &b->rx);
    host_arm(o, &b->rx);
    host_arm(o, &b->tx);
    host_idle(o);
    o->rx_seq = (uint64_t)((uint8_t *)b - o->mem); /* where the model finds it */
    return o;
}

void nic_mac(struct host *o, uint8_t mac[6])
{
    const uint64_t v = host_read(o, HINIC_R_MAC, 8);

    for (uint32_t i = 0; i < 6; i++) {
        mac[i] = (uint8_t)(v >> (40 - 8 * i));
    }
}

/* ---- the device's world ---- */

static struct nic *of_host(void *ctx)
{
    return ctx;
}

static bool is_memory(uint64_t addr, uint32_t len)
{
    return addr >= HOST_BASE && addr + len <= HOST_BASE + HOST_SIZE && addr + len >= addr;
}

static int dma_read(void *ctx, uint64_t addr, void *buf, uint32_t len)
{
    if (!is_memory(addr, len)) {
        return -1;
    }
    memcpy(buf, host_ptr(of_host(ctx)->cfg.host, addr, len), len);
    return 0;
}

static int dma_write(void *ctx, uint64_t addr, const void *buf, uint32_t len)
{
    if (!is_memory(addr, len)) {
        return -1;
    }
    memcpy(host_ptr(of_host(ctx)->cfg.host, addr, len), buf, len);
    return 0;
}

static void msi(void *ctx, uint32_t vector)
{
    struct nic *s = ctx;

    if (vector == TX_VECTOR || vector == RX_VECTOR) {
        s->driver_t = vtime_min(s->driver_t,
                                vdc_hinic_now(s->cfg.host->h) - s->epoch + s->cfg.irq_ps);
    }
}

static void frame(void *ctx, const struct vdc_msg *m, const void *bytes)
{
    struct nic *s = ctx;

    assert(s->io);
    s->io->emit(s->io->ctx, 0, m, bytes);
}

static void guest_err(void *ctx, uint32_t code, uint64_t arg)
{
    (void)code;
    (void)arg;
    of_host(ctx)->stat.n_bad++;
}

/* ---- the driver ---- */

static bool can_send(const struct nic *s)
{
    return (uint16_t)(s->tx.pi - s->tx.ci) < DEPTH - 1;
}

static void send(struct nic *s, uint32_t peer, uint32_t kind, uint64_t n, vtime_t t, uint32_t len)
{
    struct host *o = s->cfg.host;
    const uint64_t at = s->tx_buf + (uint64_t)(s->tx.pi % DEPTH) * BUF_BYTES;
    uint8_t *b = host_ptr(o, at, BUF_BYTES);
    const struct body body = { kind, s->cfg.index, n, t };

    memcpy(b, s->cfg.mac[peer], 6);
    memcpy(b + 6, s->cfg.mac[s->cfg.index], 6);
    b[12] = ETHERTYPE >> 8;
    b[13] = ETHERTYPE & 0xff;
    memcpy(b + 14, &body, sizeof(body));
    for (uint32_t i = 14 + sizeof(body); i < len; i++) {
        b[i] = (uint8_t)(n + i);
    }
    host_tx(o, &s->tx, at, len, HINIC_TXD_EOP | HINIC_TXD_INT);
    s->stat.n_sent++;
}

static void take(struct nic *s, vtime_t now, const uint8_t *b, uint32_t len)
{
    struct body body;

    s->heard = vdc_rand(s->heard ^ len, now);
    memcpy(&body, b + 14, sizeof(body));
    s->heard = vdc_rand(s->heard ^ body.n, body.src);
    if (len < 14 + sizeof(body) || memcmp(b, s->cfg.mac[s->cfg.index], 6) != 0 ||
        body.src >= NIC_PEERS || body.kind > KIND_BULK) {
        s->stat.n_bad++;
        return;
    }
    for (uint32_t i = 14 + sizeof(body); i < len; i++) {
        s->stat.n_bad += len > 60 && b[i] != (uint8_t)(body.n + i);
    }
    s->stat.n_gap += body.n != s->next_n[body.src][body.kind];
    s->next_n[body.src][body.kind] = body.n + 1;
    if (body.kind == KIND_PING) {
        s->stat.n_ping++;
        if (can_send(s)) {
            send(s, body.src, KIND_PONG, body.n, body.t, len);
        }
    } else if (body.kind == KIND_PONG) {
        const uint64_t rtt = now - body.t;

        s->stat.rtt_min = s->stat.n_pong == 0 || rtt < s->stat.rtt_min ? rtt : s->stat.rtt_min;
        s->stat.rtt_max = rtt > s->stat.rtt_max ? rtt : s->stat.rtt_max;
        s->stat.n_pong++;
    } else {
        s->stat.n_bulk++;
    }
}

static bool wants_to_send(const struct nic *s)
{
    const uint64_t *n = s->sent_n[s->cfg.peer];

    if (s->cfg.role == NIC_PING) {
        return n[KIND_PING] < s->cfg.n_send && n[KIND_PING] == s->stat.n_pong;
    }
    return s->cfg.role == NIC_BULK && n[KIND_BULK] < s->cfg.n_send &&
           (uint16_t)(s->tx.pi - s->tx.ci) < s->cfg.n_window && can_send(s);
}

/* One look of the driver: completions, new buffers, new frames, doorbells. */
static void look(struct nic *s, vtime_t now)
{
    struct host *o = s->cfg.host;
    const uint16_t tx_pi = s->tx.pi;
    struct hinic_eth_cpl c;

    s->driver_t = VTIME_NEVER;
    while (host_cpl(o, &s->tx, &c)) {
        s->stat.n_done++;
        s->stat.n_bad += (c.flags & HINIC_CPL_ERR) != 0;
    }
    while (host_cpl(o, &s->rx, &c)) {
        if (c.flags & HINIC_CPL_ERR) {
            s->stat.n_bad++;
        } else {
            take(s, now, host_ptr(o, s->rx_buf + (uint64_t)c.id * BUF_BYTES, BUF_BYTES), c.len);
        }
        put_rx(o, &s->rx, s->rx_buf, c.id);
    }
    while (wants_to_send(s)) {
        const uint32_t kind = s->cfg.role == NIC_PING ? KIND_PING : KIND_BULK;

        send(s, s->cfg.peer, kind, s->sent_n[s->cfg.peer][kind]++, now, s->cfg.len);
    }
    host_ring(o, &s->rx);
    if (s->tx.pi != tx_pi) {
        host_ring(o, &s->tx);
    }
    host_arm(o, &s->tx);
    host_arm(o, &s->rx);
}

/* ---- the model ---- */

static size_t nic_size(const void *cfg)
{
    const struct nic_cfg *c = cfg;

    return c->index < NIC_PEERS && c->len <= BUF_BYTES ? sizeof(struct nic) : 0;
}

static int nic_init(void *state, const void *cfg)
{
    struct nic *s = state;
    struct boot b;

    memset(s, 0, sizeof(*s));
    s->cfg = *(const struct nic_cfg *)cfg;
    memcpy(&b, s->cfg.host->mem + s->cfg.host->rx_seq, sizeof(b));
    s->tx = b.tx;
    s->rx = b.rx;
    s->tx_buf = b.tx_buf;
    s->rx_buf = b.rx_buf;
    s->epoch = s->cfg.host->now;
    s->driver_t = s->cfg.role == NIC_ECHO ? VTIME_NEVER : s->cfg.start;
    s->cfg.host->env = (struct vdc_hinic_env){ s, dma_read, dma_write, msi, frame, guest_err };
    vdc_hinic_ready(s->cfg.host->h, s->epoch, s->epoch);
    return 0;
}

static vtime_t device_next(const struct nic *s)
{
    const vtime_t t = vdc_hinic_next(s->cfg.host->h);

    return t == VTIME_NEVER ? t : vtime_max(t, s->epoch) - s->epoch;
}

static vtime_t nic_next(const void *state)
{
    const struct nic *s = state;

    return vtime_min(device_next(s), s->driver_t);
}

/* At one instant: the wire, the device, the driver. */
static void nic_run(void *state, vtime_t to, const struct vdc_model_io *io)
{
    struct nic *s = state;
    struct host *o = s->cfg.host;

    s->io = io;
    for (;;) {
        const struct vdc_msg *m = io->peek(io->ctx, 0);
        const vtime_t own = nic_next(s);

        if (m && m->t < to && m->t <= own) {
            assert(vdc_hinic_rx(o->h, m, vdc_msg_payload(m)) == 0);
            host_run(o, s->epoch + m->t);
            io->pop(io->ctx, 0);
        } else if (own < to) {
            if (device_next(s) == own) {
                host_run(o, s->epoch + own);
            }
            if (s->driver_t == own) {
                host_run(o, s->epoch + own);
                look(s, own);
            }
        } else {
            break;
        }
    }
    s->io = NULL;
}

static struct vdc_digest nic_digest(const void *state)
{
    const struct nic *s = state;
    struct vdc_digest d = vdc_hinic_digest(s->cfg.host->h);

    vdc_digest_fold(&d, state, offsetof(struct nic, cfg));
    return d;
}

const struct nic_stat *nic_stat(const void *state)
{
    return &((const struct nic *)state)->stat;
}

const struct vdc_model_ops nic_ops = { .name = "nic",
                                       .size = nic_size,
                                       .init = nic_init,
                                       .next = nic_next,
                                       .run = nic_run,
                                       .digest = nic_digest };
