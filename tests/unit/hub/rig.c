/* SPDX-License-Identifier: MIT */
/* Test bench of a HiSwitch: queues in, trace out. */
#include "rig.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *xrealloc(void *p, size_t n)
{
    void *q = realloc(p, n);

    if (!q) {
        perror("realloc");
        exit(99);
    }
    return q;
}

__attribute__((format(printf, 2, 3))) static void print(struct rig *r, const char *fmt, ...)
{
    va_list ap;
    int n;

    if (r->is_quiet) {
        return;
    }
    if (r->cap - r->len < 512) {
        r->cap = r->cap * 2 + 4096;
        r->text = xrealloc(r->text, r->cap);
    }
    va_start(ap, fmt);
    n = vsnprintf(r->text + r->len, r->cap - r->len, fmt, ap);
    va_end(ap);
    assert(n >= 0 && (size_t)n < r->cap - r->len);
    r->len += (size_t)n;
}

static const struct vdc_msg *rig_peek(void *ctx, uint32_t port)
{
    const struct rig *r = ctx;
    const struct rig_queue *q = &r->in[port];

    return q->head < q->n ? q->m[q->head] : NULL;
}

static void rig_pop(void *ctx, uint32_t port)
{
    struct rig *r = ctx;
    struct rig_queue *q = &r->in[port];
    struct vdc_msg *m;

    assert(q->head < q->n);
    m = q->m[q->head];
    if (m->type != VDC_MSG_LINK && m->type != VDC_MSG_CMD) {
        r->n_in[port]++;
        r->bytes_in[port] += m->flags & VDC_MSG_HDR_ONLY ? m->wire_len : m->len;
    }
    free(m);
    q->head++;
}

static void print_mac(struct rig *r, const uint8_t *mac)
{
    for (int i = 0; i < 6; i++) {
        print(r, "%02x", mac[i]);
    }
}

static void rig_emit(void *ctx, uint32_t port, const struct vdc_msg *m, const void *payload)
{
    struct rig *r = ctx;
    const uint8_t *p = payload;

    /* Promises of every sender. */
    assert(port < r->cfg.n_ports);
    assert(m->port == r->cfg.port[port].id);
    assert(m->seq == r->next_seq_out[port]);
    assert(m->t > r->last_t_out[port]);
    assert(m->depart >= r->now);
    assert(m->t >= m->depart + vdc_link_min_ps(&r->cfg.port[port].link));
    r->next_seq_out[port]++;
    r->last_t_out[port] = m->t;
    vdc_digest_msg(&r->stream, m, payload);
    if (m->type == VDC_MSG_LINK) {
        struct vdc_msg_link l;

        memcpy(&l, payload, sizeof(l));
        print(r, "[%" PRIu64 "] p%u > link up=%u mode=%u depart=%" PRIu64 "\n", m->t, port, l.is_up,
              l.mode, m->depart);
        return;
    }
    if (m->type == VDC_MSG_CMD) {
        print(r, "[%" PRIu64 "] p%u > cmd %.*s depart=%" PRIu64 "\n", m->t, port, (int)m->len,
              (const char *)payload, m->depart);
        return;
    }
    assert(m->type == VDC_MSG_ETH);
    if (r->on_frame) {
        r->on_frame(r->frame_ctx, port, m, p);
    }
    r->n_out[port]++;
    r->bytes_out[port] += m->wire_len;
    print(r, "[%" PRIu64 "] p%u > eth ", m->t, port);
    print_mac(r, p);
    print(r, " ");
    print_mac(r, p + 6);
    if (p[12] == 0x81 && p[13] == 0) {
        print(r, " vid=%u pcp=%u", (unsigned int)((p[14] & 15) << 8 | p[15]),
              (unsigned int)p[14] >> 5);
    }
    print(r, " len=%u%s depart=%" PRIu64 "%s\n", m->wire_len,
          m->flags & VDC_MSG_HDR_ONLY ? "h" : "", m->depart,
          m->flags & VDC_MSG_BAD_FCS ? " bad-fcs" : "");
}

static void print_event(struct rig *r, const struct vdc_msg *m, const void *payload)
{
    struct vdc_hiswitch_event ev;

    memcpy(&ev, payload, sizeof(ev));
    print(r, "[%" PRIu64 "] p%u . %s a=%" PRIu64 " b=%" PRIu64 "\n", m->t, ev.port,
          ev.kind == VDC_HISWITCH_EV_LINK ? "link" : "fault", ev.a, ev.b);
}

static void print_sample(struct rig *r, const struct vdc_msg *m, const void *payload)
{
    struct vdc_hiswitch_sample s;

    memcpy(&s, payload, sizeof(s));
    print(r,
          "[%" PRIu64 "] p%u . sample q0=%" PRIu64 " q7=%" PRIu64 " tx=%" PRIu64 " rx=%" PRIu64
          " shared=%" PRIu64 " drops=%" PRIu64 "\n",
          m->t, s.port, s.q[0], s.q[7], s.tx_bytes, s.rx_bytes, s.shared_used, s.drops);
}

static void rig_note(void *ctx, const struct vdc_msg *m, const void *payload)
{
    struct rig *r = ctx;

    assert(m->seq == r->n_note);
    r->n_note++;
    if (r->on_note) {
        r->on_note(r->note_ctx, m, payload);
    }
    switch (m->type) {
    case VDC_MSG_CMD:
        assert(m->len >= sizeof(r->reply));
        memcpy(&r->reply, payload, sizeof(r->reply));
        assert(m->len == sizeof(r->reply) + r->reply.bytes);
        memcpy(r->data, (const char *)payload + sizeof(r->reply), r->reply.bytes);
        r->user_reply = m->user;
        r->t_reply = m->t;
        break;
    case VDC_MSG_CAPTURE:
        r->n_capture++;
        r->capture_bytes += m->wire_len;
        if (r->with_notes) {
            print(r, "[%" PRIu64 "] p%" PRIu64 " . capture %s len=%u of %u q=%" PRIu64 "\n", m->t,
                  m->user >> 40 & 255,
                  (m->user >> 32 & 255) == VDC_HISWITCH_DIR_RX   ? "rx"
                  : (m->user >> 32 & 255) == VDC_HISWITCH_DIR_TX ? "tx"
                                                                 : "lldp",
                  m->len, m->wire_len, m->user & UINT32_MAX);
        }
        break;
    case VDC_MSG_EVENT:
        if (r->with_notes) {
            print_event(r, m, payload);
        }
        break;
    case VDC_MSG_SAMPLE:
        if (r->with_notes) {
            print_sample(r, m, payload);
        }
        break;
    default:
        assert(0 && "a note of another type");
    }
}

struct rig *rig_new(const struct vdc_hiswitch_cfg *cfg)
{
    struct rig *r = xrealloc(NULL, sizeof(*r));
    const size_t n = vdc_hiswitch_ops.size(cfg);

    memset(r, 0, sizeof(*r));
    r->cfg = *cfg;
    if (n == 0) {
        char err[128];

        (void)vdc_hiswitch_cfg_check(cfg, err, sizeof(err));
        printf("Bail out! configuration refused: %s\n", err);
        exit(99);
    }
    r->state = aligned_alloc(64, (n + 63) & ~(size_t)63);
    if (!r->state || vdc_hiswitch_ops.init(r->state, cfg) != 0) {
        printf("Bail out! no switch\n");
        exit(99);
    }
    r->io = (struct vdc_model_io){
        .ctx = r, .peek = rig_peek, .pop = rig_pop, .emit = rig_emit, .note = rig_note
    };
    r->cap = 4096;
    r->text = xrealloc(NULL, r->cap);
    r->text[0] = '\0';
    return r;
}

void rig_free(struct rig *r)
{
    for (uint32_t p = 0; p < RIG_PORTS; p++) {
        struct rig_queue *q = &r->in[p];

        for (uint32_t i = q->head; i < q->n; i++) {
            free(q->m[i]);
        }
        free(q->m);
    }
    free(r->text);
    free(r->state);
    free(r);
}

void rig_put(struct rig *r, uint32_t port, struct vdc_msg *m)
{
    struct rig_queue *q = &r->in[port];
    uint32_t i;

    if (q->n == q->cap) {
        q->cap = q->cap * 2 + 16;
        q->m = xrealloc(q->m, q->cap * sizeof(struct vdc_msg *));
    }
    for (i = q->n; i > q->head &&
                   (q->m[i - 1]->t > m->t || (q->m[i - 1]->t == m->t && q->m[i - 1]->seq > m->seq));
         i--) {
        q->m[i] = q->m[i - 1];
    }
    q->m[i] = m;
    q->n++;
}

static struct vdc_msg *make(struct rig *r, uint32_t port, vtime_t t, uint16_t type, uint32_t len)
{
    struct vdc_msg *m = xrealloc(NULL, sizeof(*m) + len);
    const uint64_t flight = port < r->cfg.n_ports ? vdc_link_min_ps(&r->cfg.port[port].link) : 0;

    *m = (struct vdc_msg){ .t = t,
                           .seq = r->seq[port]++,
                           .port = vdc_port_id(VDC_PORT_TEST, 0, port),
                           .type = type,
                           .len = len,
                           .wire_len = len,
                           .depart = t > flight ? t - flight : 0 };
    return m;
}

void rig_raw(struct rig *r, uint32_t port, vtime_t t, uint16_t type, uint16_t flags,
             uint32_t wire_len, const void *payload, uint32_t len)
{
    struct vdc_msg *m = make(r, port, t, type, len);

    m->flags = flags;
    if (wire_len > 0) {
        m->wire_len = wire_len;
    }
    if (len > 0) {
        memcpy(m + 1, payload, len);
    }
    rig_put(r, port, m);
}

void rig_link(struct rig *r, uint32_t port, vtime_t t, bool is_up, enum vdc_link_mode mode)
{
    const struct vdc_msg_link l = { .is_up = is_up,
                                    .mtu = r->cfg.port[port].link.mtu,
                                    .rate_bps = r->cfg.port[port].link.rate_bps,
                                    .latency_ps = r->cfg.port[port].link.latency_ps,
                                    .mode = mode };

    rig_raw(r, port, t, VDC_MSG_LINK, 0, 0, &l, sizeof(l));
}

void rig_hello(struct rig *r, vtime_t t)
{
    for (uint32_t p = 0; p < r->cfg.n_ports; p++) {
        rig_link(r, p, t + p, true, VDC_LINK_ETH);
    }
}

static void put_mac(uint8_t *p, uint32_t name)
{
    if (name == RIG_BROADCAST) {
        memset(p, 0xff, 6);
    } else if (name & 0x1000u) {
        memcpy(p, (const uint8_t[]){ 1, 0, 0x5e, 0, 0, (uint8_t)name }, 6);
    } else if (name & 0x2000u) {
        memcpy(p, (const uint8_t[]){ 1, 0x80, 0xc2, 0, 0, (uint8_t)name }, 6);
    } else {
        memcpy(p, (const uint8_t[]){ 2, 0, 0, 0, (uint8_t)(name >> 8), (uint8_t)name }, 6);
    }
}

struct vdc_msg *rig_make(struct rig *r, uint32_t port, vtime_t t, const struct rig_eth *f)
{
    const uint32_t len = f->len > 0 ? f->len : 60;
    struct vdc_msg *m = make(r, port, t, VDC_MSG_ETH, len);
    uint8_t *p = (uint8_t *)(m + 1);
    uint32_t at = 12;

    assert(len >= 18);
    for (uint32_t i = 0; i < len; i++) {
        p[i] = (uint8_t)(i * 7 + f->fill);
    }
    put_mac(p, f->dst);
    put_mac(p + 6, f->src);
    if (f->is_tagged) {
        memcpy(p + at,
               (const uint8_t[]){ 0x81, 0, (uint8_t)(f->pcp << 5 | f->vid >> 8), (uint8_t)f->vid },
               4);
        at += 4;
    }
    p[at] = 0x88;
    p[at + 1] = 0xb5; /* local experimental */
    if (f->dscp > 0) {
        p[at] = 8;
        p[at + 1] = 0;
        p[at + 2] = 0x45;
        p[at + 3] = (uint8_t)(f->dscp << 2);
    }
    if (f->wire_len > 0) {
        m->flags = VDC_MSG_HDR_ONLY;
        m->wire_len = f->wire_len;
    }
    return m;
}

void rig_send(struct rig *r, uint32_t port, vtime_t t, const struct rig_eth *f)
{
    rig_put(r, port, rig_make(r, port, t, f));
}

void rig_run(struct rig *r, vtime_t to)
{
    vdc_hiswitch_ops.run(r->state, to, &r->io);
    assert(vdc_hiswitch_ops.next(r->state) >= to);
    r->now = to;
}

void rig_cmd_put(struct rig *r, vtime_t t, const struct vdc_hiswitch_cmd *cmd, uint64_t user)
{
    struct vdc_msg *m = make(r, r->cfg.n_ports, t, VDC_MSG_CMD, sizeof(*cmd));

    m->user = user;
    memcpy(m + 1, cmd, sizeof(*cmd));
    rig_put(r, r->cfg.n_ports, m);
}

uint32_t rig_cmd(struct rig *r, vtime_t t, const struct vdc_hiswitch_cmd *cmd)
{
    static uint64_t user;

    user++;
    if (t < r->now) {
        t = r->now;
    }
    rig_cmd_put(r, t, cmd, user);
    rig_run(r, t + 1);
    assert(r->user_reply == user);
    return r->reply.status;
}

struct vdc_digest rig_digest(const struct rig *r)
{
    struct vdc_digest d = vdc_hiswitch_ops.digest(r->state);

    vdc_digest_fold(&d, &r->stream, sizeof(r->stream));
    return d;
}

struct vdc_hub_cnt rig_counters(struct rig *r, uint32_t port)
{
    struct vdc_hub_cnt c;

    (void)rig_cmd(
        r, r->now,
        &(struct vdc_hiswitch_cmd){ .op = VDC_HISWITCH_OP_COUNTERS_SHOW, .port = (uint16_t)port });
    memcpy(&c, r->data, sizeof(c));
    return c;
}

/* Needs counters that were never cleared. Copies of a flood beyond the first are the only frames
 * made here, and only the switch knows how many it meant to make: bounded here by what the ports
 * can have got, and counted exactly for traffic without floods. */
bool rig_is_conserved(struct rig *r)
{
    uint64_t in = 0, out = 0, drop = 0, queued = 0, flood = 0;

    for (uint32_t p = 0; p < r->cfg.n_ports; p++) {
        const struct vdc_hub_cnt c = rig_counters(r, p);
        struct vdc_hiswitch_queues q;

        (void)rig_cmd(
            r, r->now,
            &(struct vdc_hiswitch_cmd){ .op = VDC_HISWITCH_OP_QUEUES_SHOW, .port = (uint16_t)p });
        memcpy(&q, r->data, sizeof(q));
        if (c.rx_frames != r->n_in[p] || c.rx_bytes != r->bytes_in[p] ||
            c.tx_frames != r->n_out[p] || c.tx_bytes != r->bytes_out[p]) {
            printf("# port %u: counters say %" PRIu64 " in %" PRIu64 " out, the cables saw %" PRIu64
                   " and %" PRIu64 "\n",
                   p, c.rx_frames, c.tx_frames, r->n_in[p], r->n_out[p]);
            return false;
        }
        in += r->n_in[p];
        out += r->n_out[p];
        flood += c.flood;
        for (uint32_t d = 0; d < VDC_HUB_N_DROP; d++) {
            drop += c.drop[d];
        }
        for (uint32_t tc = 0; tc < VDC_HUB_TCS; tc++) {
            queued += q.frames[tc];
        }
    }
    if (out + drop + queued < in || out + drop + queued > in + flood * (r->cfg.n_ports - 2) ||
        (flood == 0 && out + drop + queued != in)) {
        printf("# in %" PRIu64 ", out %" PRIu64 ", dropped %" PRIu64 ", queued %" PRIu64
               ", flooded %" PRIu64 "\n",
               in, out, drop, queued, flood);
        return false;
    }
    return true;
}

void rig_print(struct rig *r, const char *line)
{
    print(r, "%s\n", line);
}

const char *rig_text(const struct rig *r)
{
    return r->text;
}

void rig_clear(struct rig *r)
{
    r->len = 0;
    r->text[0] = '\0';
}
