/* SPDX-License-Identifier: MIT */
/* The hub daemon: commands in, notes out, hub phases on request. */
#include "vdc/hubctl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "futex.h"
#include "window.h"

#define WAIT_SLICE_NS UINT64_C(200000000)

struct vdc_hubctl {
    struct vdc_seg *seg;
    struct seg_hub *rec;
    struct completer *completer; /* made by the first serve */
    struct ring_tx cmd;
    struct ring_rx note; /* r NULL: the hub has no notes */
};

int vdc_hubctl_attach(const char *path, uint32_t hub, const struct vdc_model_ops *const *ops,
                      uint32_t n_ops, struct vdc_hubctl **out)
{
    struct vdc_hubctl *c = calloc(1, sizeof(*c));
    int rc;

    *out = NULL;
    if (!c) {
        return -ENOMEM;
    }
    rc = vdc_seg_open(path, ops, n_ops, &c->seg);
    if (rc < 0) {
        goto out_free;
    }
    if (hub >= c->seg->hdr->n_hub) {
        rc = -EINVAL;
        goto out_seg;
    }
    c->rec = &c->seg->hub[hub];
    c->cmd.r = (struct ring *)seg_at(c->seg, c->rec->off_cmd);
    ring_tx_load(&c->cmd);
    if (c->rec->off_note) {
        c->note.r = (struct ring *)seg_at(c->seg, c->rec->off_note);
        ring_rx_load(&c->note);
    }
    *out = c;
    return 0;

out_seg:
    vdc_seg_close(c->seg);
out_free:
    free(c);
    return rc;
}

void vdc_hubctl_detach(struct vdc_hubctl *c)
{
    if (!c) {
        return;
    }
    completer_free(c->completer);
    vdc_seg_close(c->seg);
    free(c);
}

struct vdc_seg *vdc_hubctl_seg(struct vdc_hubctl *c)
{
    return c->seg;
}

int vdc_hubctl_send(struct vdc_hubctl *c, const struct vdc_msg *m, const void *payload)
{
    const enum vdc_seg_state s = seg_state(c->seg);
    struct vdc_msg *slot;

    if (s == VDC_SEG_DRAIN || s == VDC_SEG_DONE || s == VDC_SEG_FAILED) {
        return -ESHUTDOWN;
    }
    if (m->len > VDC_MSG_PAYLOAD_MAX) {
        return -EMSGSIZE;
    }
    slot = ring_reserve(&c->cmd, m->len);
    if (!slot) {
        return -ENOSPC;
    }
    *slot = *m;
    slot->type = VDC_MSG_CMD;
    if (m->len > 0) {
        memcpy(slot + 1, payload, m->len);
    }
    ring_commit(&c->cmd, slot);
    atomic_store(&c->seg->ctl->attn, 1);
    return 0;
}

const struct vdc_msg *vdc_hubctl_peek(struct vdc_hubctl *c)
{
    return c->note.r ? ring_peek(&c->note) : NULL;
}

void vdc_hubctl_pop(struct vdc_hubctl *c)
{
    ring_pop(&c->note);
}

enum vdc_seg_state vdc_hubctl_wait(struct vdc_hubctl *c, uint32_t timeout_ms)
{
    const uint32_t sig = atomic_load(&c->rec->note_sig);
    const enum vdc_seg_state s = seg_state(c->seg);

    if (!vdc_hubctl_peek(c) && s <= VDC_SEG_RUN) {
        atomic_store(&c->rec->note_sleep, 1);
        futex_wait(&c->rec->note_sig, sig, (uint64_t)timeout_ms * 1000000);
        atomic_store(&c->rec->note_sleep, 0);
    }
    return seg_state(c->seg);
}

/* A request may be a new one or the wake-up at the end of the run. */
static bool is_asked(const struct vdc_hubctl *c)
{
    return seg_state(c->seg) == VDC_SEG_RUN &&
           atomic_load_explicit(&c->seg->ctl->completer, memory_order_acquire) == VDC_SEG_WHO_HUB;
}

int vdc_hubctl_serve(struct vdc_hubctl *c, uint32_t timeout_ms)
{
    struct seg_ctl *ctl = c->seg->ctl;
    const uint64_t until = wall_ns() + (uint64_t)timeout_ms * 1000000;
    uint32_t seen;

    if (!c->completer) {
        const int rc = completer_new(c->seg, VDC_SEG_WHO_HUB, true, &c->completer);

        if (rc < 0) {
            return rc;
        }
    }
    for (;;) {
        seen = atomic_load(&ctl->hub_go);
        if (seg_state(c->seg) == VDC_SEG_DONE) {
            return 0;
        }
        if (seg_state(c->seg) == VDC_SEG_FAILED) {
            return -ECANCELED;
        }
        if (is_asked(c)) {
            window_complete(c->completer);
            continue;
        }
        if (wall_ns() >= until) {
            return -EAGAIN;
        }
        atomic_store(&ctl->hub_sleep, 1);
        futex_wait(&ctl->hub_go, seen, WAIT_SLICE_NS);
        atomic_store(&ctl->hub_sleep, 0);
    }
}
