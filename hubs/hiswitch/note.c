/* SPDX-License-Identifier: MIT */
/* Notes: what people and tools get to see. Nothing here feeds back into forwarding or the digest.
 */
#include "state.h"

void vdc_hs_note(const struct vdc_hs_env *e, uint32_t port_id, uint16_t type, uint64_t user,
                 uint32_t wire_len, const void *payload, uint32_t len)
{
    const struct vdc_msg m = { .t = e->now,
                               .seq = e->sw->note_seq,
                               .port = port_id,
                               .dst = e->sw->index,
                               .type = type,
                               .len = len,
                               .depart = e->now,
                               .wire_len = wire_len,
                               .user = user };

    e->sw->note_seq++;
    if (e->io->note) {
        e->io->note(e->io->ctx, &m, payload);
    }
}

void vdc_hs_note_event(const struct vdc_hs_env *e, uint32_t kind, uint32_t p, uint64_t a,
                       uint64_t b)
{
    const struct vdc_hiswitch_event ev = { .kind = kind, .port = p, .a = a, .b = b };

    vdc_hs_note(e, e->sw->port[p].id, VDC_MSG_EVENT, 0, 0, &ev, (uint32_t)sizeof(ev));
}

void vdc_hs_note_frame(const struct vdc_hs_env *e, uint32_t p, uint64_t user, const void *frame,
                       uint32_t len, uint32_t size)
{
    const uint32_t snap = e->sw->tap[p].snaplen;

    vdc_hs_note(e, e->sw->port[p].id, VDC_MSG_CAPTURE, user, size, frame,
                snap > 0 && snap < len ? snap : len);
}

void vdc_hs_sample_arm(struct vdc_hs *sw)
{
    const uint32_t leaf = sw->n_ports + VDC_HS_LEAF_SAMPLE;
    vtime_t t = VTIME_NEVER;

    for (uint32_t i = 0; i < VDC_HISWITCH_SAMPLERS; i++) {
        if (sw->sampler[i].every_ps > 0) {
            t = vtime_min(t, sw->sampler[i].next_t);
        }
    }
    vdc_evtree_set(&sw->own, leaf, t, VDC_HUB_CLASS_SAMPLE << 8 | leaf);
}

static void sample_port(const struct vdc_hs_env *e, uint32_t sampler, uint32_t p)
{
    const struct vdc_hub_port *hp = &e->hub->port[p];
    struct vdc_hiswitch_sample s = { .port = p,
                                     .sampler = sampler,
                                     .tx_bytes = hp->cnt.tx_bytes,
                                     .rx_bytes = hp->cnt.rx_bytes,
                                     .shared_used = e->hub->shared_used };

    for (uint32_t tc = 0; tc < VDC_HUB_TCS; tc++) {
        s.q[tc] = hp->q[tc].bytes;
    }
    for (uint32_t d = 0; d < VDC_HUB_N_DROP; d++) {
        s.drops += hp->cnt.drop[d];
    }
    vdc_hs_note(e, e->sw->port[p].id, VDC_MSG_SAMPLE, 0, 0, &s, (uint32_t)sizeof(s));
}

void vdc_hs_sample(const struct vdc_hs_env *e)
{
    for (uint32_t i = 0; i < VDC_HISWITCH_SAMPLERS; i++) {
        struct vdc_hs_sampler *s = &e->sw->sampler[i];

        if (s->every_ps == 0 || s->next_t != e->now) {
            continue;
        }
        for (uint32_t p = 0; p < e->sw->n_ports; p++) {
            if (s->ports >> p & 1) {
                sample_port(e, i, p);
            }
        }
        s->next_t = vtime_add(s->next_t, s->every_ps);
    }
    vdc_hs_sample_arm(e->sw);
}
