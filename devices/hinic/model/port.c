/* SPDX-License-Identifier: MIT */
/* The port: identity, link state, messages in, frames out. */
#include "state.h"

#include <string.h>

#define ETH_HDR    14u
#define TAG        4u
#define TPID       0x8100u
#define EAGAIN_NEG (-11)
#define EINVAL_NEG (-22)

static struct inmsg *in_at(struct vdc_hinic *h, uint32_t i)
{
    return (struct inmsg *)vdc_hinic_at(h, h->lay.inmsg) + i % IN_MSGS;
}

static uint32_t identity(const struct vdc_hinic *h, uint32_t port)
{
    return (h->cfg.node * 16 + port) & 0xffffff;
}

uint64_t vdc_hinic_mac(const struct vdc_hinic *h)
{
    return (uint64_t)HINIC_VENDOR_OUI << 24 | identity(h, 1);
}

uint64_t vdc_hinic_node_guid(const struct vdc_hinic *h)
{
    return UINT64_C(0x0248434149000000) | identity(h, 0);
}

uint32_t vdc_hinic_l3_len(const uint8_t *frame, uint32_t len)
{
    const bool is_tagged = len >= ETH_HDR + TAG && vdc_hinic_be16(frame + 12) == TPID;

    assert(len >= ETH_HDR);
    return len - ETH_HDR - (is_tagged ? TAG : 0);
}

int vdc_hinic_link_is_up(const struct vdc_hinic *h)
{
    return h->dev.port.is_up != 0;
}

void vdc_hinic_port_set(struct vdc_hinic *h, vtime_t now)
{
    struct port *p = &h->dev.port;
    const uint32_t is_up = h->dev.is_ready && !p->is_cut;
    const struct hinic_eqe e = { .type = HINIC_EQE_PORT_CHANGE, .port = 1, .data = is_up };

    if (is_up == p->is_up) {
        return;
    }
    p->is_up = is_up;
    if (vdc_hinic_is_alive(h)) {
        vdc_hinic_eq_post(h, now, 0, e);
    }
}

/* ---- in ---- */

void vdc_hinic_port_arm(struct vdc_hinic *h)
{
    if (h->in_first != h->in_next && !vdc_hinic_ev_is_armed(h, EV_FRAME, 0)) {
        vdc_hinic_ev_arm(h, EV_FRAME, 0, in_at(h, h->in_first)->t);
    }
}

/* One piece of n bytes of input memory into *off; false if there is none. */
static bool take_input(struct vdc_hinic *h, uint32_t n, uint32_t *off)
{
    if (h->in_first == h->in_next) {
        h->in_head = h->in_tail = 0;
    }
    *off = h->in_tail;
    if (h->in_tail >= h->in_head) {
        if (IN_BYTES - h->in_tail >= n) {
            return true;
        }
        *off = 0;
    }
    return h->in_head - *off > n;
}

int vdc_hinic_rx(struct vdc_hinic *h, const struct vdc_msg *m, const void *payload)
{
    const vtime_t t = vtime_add(m->t, h->dev.epoch);
    struct inmsg *in = in_at(h, h->in_next);
    uint32_t off;

    if ((m->type != VDC_MSG_ETH && m->type != VDC_MSG_LINK) || m->len > VDC_MSG_PAYLOAD_MAX ||
        (m->type == VDC_MSG_LINK && m->len != sizeof(struct vdc_msg_link))) {
        return EINVAL_NEG;
    }
    assert(t >= h->now);  /* else its instant has been handled without it */
    assert(t >= h->t_in); /* one link, one order */
    if (h->in_next - h->in_first == IN_MSGS || !take_input(h, m->len, &off)) {
        return EAGAIN_NEG;
    }
    *in = (struct inmsg){ .t = t, .off = off, .len = m->len, .type = m->type, .flags = m->flags };
    if (m->len > 0) {
        memcpy((uint8_t *)h + h->lay.inmem + off, payload, m->len);
    }
    h->in_tail = off + m->len;
    h->in_next++;
    h->t_in = t;
    vdc_hinic_port_arm(h);
    return 0;
}

static void link_arrived(struct vdc_hinic *h, vtime_t now, const struct vdc_msg_link *l)
{
    struct port *p = &h->dev.port;

    /* Its rate and MTU are those of the other direction: ours come from the configuration. */
    p->is_cut = l->is_up == 0;
    vdc_hinic_port_set(h, now);
}

void vdc_hinic_port_arrival(struct vdc_hinic *h, vtime_t now)
{
    const struct inmsg in = *in_at(h, h->in_first);
    const uint8_t *bytes = (const uint8_t *)h + h->lay.inmem + in.off;
    struct vdc_msg_link l;

    assert(in.t == now);
    if (in.type == VDC_MSG_LINK) {
        memcpy(&l, bytes, sizeof(l));
        link_arrived(h, now, &l);
    } else if (!h->dev.port.is_up) {
        vdc_hinic_count(h, HINIC_CNT_RX_DISCARDS,
                        1); /* what flies when the link goes down is lost */
    } else if (in.flags & VDC_MSG_BAD_FCS) {
        vdc_hinic_count(h, HINIC_CNT_RX_DISCARDS, 1);
        vdc_hinic_count(h, HINIC_CNT_RX_FCS, 1);
    } else if (in.flags & VDC_MSG_HDR_ONLY) {
        vdc_hinic_count(h, HINIC_CNT_RX_DISCARDS, 1);
        vdc_hinic_count(h, HINIC_CNT_RX_LENGTH, 1);
    } else {
        vdc_hinic_rx_admit(h, now, bytes, in.len);
    }
    h->in_head = in.off + in.len;
    h->in_first++;
    vdc_hinic_port_arm(h);
}

/* ---- out ---- */

static void lose(struct vdc_hinic *h, enum hinic_counter why)
{
    vdc_hinic_count(h, why, 1);
    vdc_hinic_count(h, HINIC_CNT_TX_DISCARDS, 1);
}

void vdc_hinic_port_hello(struct vdc_hinic *h, vtime_t now, const struct vdc_hinic_env *env)
{
    struct port *p = &h->dev.port;
    const struct vdc_link_cfg *l = &h->cfg.link;
    const struct vdc_msg_link body = { .is_up = 1,
                                       .mtu = l->mtu,
                                       .rate_bps = l->rate_bps,
                                       .latency_ps = l->latency_ps,
                                       .mode = VDC_LINK_ETH };
    const vtime_t arrive = vtime_add(now, vdc_link_min_ps(l));
    const struct vdc_msg m = { .t = arrive - h->dev.epoch,
                               .seq = p->seq++,
                               .port = h->cfg.port_id,
                               .type = VDC_MSG_LINK,
                               .len = sizeof(body),
                               .depart = now - h->dev.epoch,
                               .wire_len = sizeof(body) };

    assert(arrive > p->tx.arrive_last); /* nothing was sent before the start */
    p->tx.arrive_last = arrive;
    if (env->frame) {
        env->frame(env->ctx, &m, &body);
    }
}

/* True if the link takes a frame of this length now. */
static bool may_leave(struct vdc_hinic *h, const uint8_t *bytes, uint32_t len)
{
    const struct port *p = &h->dev.port;
    const uint32_t l3 = vdc_hinic_l3_len(bytes, len);

    if (!p->is_up) {
        lose(h, HINIC_CNT_TX_LINK_DOWN);
        return false;
    }
    if (l3 > p->link.mtu || l3 > p->mtu) {
        lose(h, HINIC_CNT_TX_GIANT);
        return false;
    }
    return true;
}

void vdc_hinic_port_send(struct vdc_hinic *h, vtime_t now, const uint8_t *bytes, uint32_t len,
                         const struct vdc_hinic_env *env)
{
    struct port *p = &h->dev.port;
    const bool is_tagged = vdc_hinic_be16(bytes + 12) == TPID;
    const uint32_t prio = is_tagged ? (uint32_t)bytes[14] >> 5 : 0u;
    struct vdc_link_sent s;
    struct vdc_msg m;

    h->dev.tx.free_at = vtime_add(now, h->cfg.timing.t_pkt);
    if (!may_leave(h, bytes, len)) {
        return;
    }
    s = vdc_link_send(&p->tx, &p->link, now, len);
    assert(s.start ==
           now); /* the promise counts on it: no frame is committed before its first bit */
    h->dev.tx.free_at = vtime_max(h->dev.tx.free_at, s.end);
    vdc_hinic_count(h, HINIC_CNT_TX_FRAMES, 1);
    vdc_hinic_count(h, HINIC_CNT_TX_BYTES, len);
    vdc_hinic_count(h, HINIC_CNT_OF_PRIO(prio, HINIC_PRIO_TX_PACKETS), 1);
    vdc_hinic_count(h, HINIC_CNT_OF_PRIO(prio, HINIC_PRIO_TX_BYTES), len);
    if (s.fate != VDC_LINK_OK) {
        vdc_hinic_count(h, HINIC_CNT_TX_LINK_LOST,
                        1); /* a corrupt frame dies of its FCS at the peer */
        return;
    }
    m = (struct vdc_msg){ .t = s.arrive - h->dev.epoch,
                          .seq = p->seq++,
                          .port = h->cfg.port_id,
                          .type = VDC_MSG_ETH,
                          .len = len,
                          .depart = s.start - h->dev.epoch,
                          .wire_len = len };
    if (env->frame) {
        env->frame(env->ctx, &m, bytes);
    }
}
