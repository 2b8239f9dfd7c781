/* SPDX-License-Identifier: MIT */
/* What the supervisor sees: snapshots of the records, who holds the run up, who waits for whom. */
#include <errno.h>
#include <string.h>

#include "futex.h"
#include "mapping.h"

/* Other processes write while we read: each word is read once, a record may be torn between words.
 */
static uint64_t look(const uint64_t *p)
{
    return *(const volatile uint64_t *)p;
}

static uint32_t look32(const uint32_t *p)
{
    return *(const volatile uint32_t *)p;
}

void vdc_seg_stat(const struct vdc_seg *seg, struct vdc_seg_stat *out)
{
    const struct seg_ctl *c = seg->ctl;

    *out = (struct vdc_seg_stat){
        .state = seg_state(seg),
        .end = (enum vdc_seg_end)look32(&c->end),
        .n_task = seg->hdr->n_task,
        .n_hub = seg->hdr->n_hub,
        .n_workload = seg->hdr->n_workload,
        .n_exited = look32(&c->n_exited),
        .pending = atomic_load_explicit(&c->pending, memory_order_relaxed),
        .completer = atomic_load_explicit(&c->completer, memory_order_relaxed),
        .phase = (enum vdc_seg_phase)look32(&c->phase),
        .phase_wall_ns = look(&c->phase_wall_ns),
        .a = look(&c->a),
        .b = look(&c->b),
        .stop = look(&c->stop),
        .end_t = look(&c->end_t),
        .windows = look(&c->windows),
        .grants = look(&c->grants),
        .hub_runs = look(&c->hub_runs),
        .hub_skipped = look(&c->hub_skipped),
        .wakes = atomic_load_explicit(&c->wakes, memory_order_relaxed),
        .skipped_ps = look(&c->skipped_ps),
        .late = look(&c->late),
        .quantized_n = look(&c->quantized_n),
        .quantized_max_ps = look(&c->quantized_max_ps),
        .quantized_sum_ps = look(&c->quantized_sum_ps),
    };
    for (uint32_t i = 0; i < seg->hdr->n_task; i++) {
        out->n_parked += atomic_load_explicit(&seg->task[i].state, memory_order_relaxed) ==
                         VDC_TASK_PARKED;
    }
}

int vdc_seg_task_stat(const struct vdc_seg *seg, uint32_t task, struct vdc_seg_task_stat *out)
{
    const struct seg_task *t;

    if (task >= seg->hdr->n_task) {
        return -ENOENT;
    }
    t = &seg->task[task];
    *out = (struct vdc_seg_task_stat){
        .kind = (enum vdc_seg_task_kind)t->kind,
        .state = (enum vdc_seg_task_state)atomic_load_explicit(&t->state, memory_order_acquire),
        .why = (enum vdc_task_why)t->why,
        .cause = look32(&t->cause),
        .now = look(&t->now),
        .next = look(&t->next),
        .send = look(&t->send),
        .grant = look(&t->grant),
        .vt_live = atomic_load_explicit(&t->vt_live, memory_order_relaxed),
        .progress = atomic_load_explicit(&t->progress, memory_order_relaxed),
        .windows = look(&t->windows),
        .moved = look(&t->n_moved),
        .events = look(&t->events),
        .wait_ns = look(&t->wait_ns),
        .wall_ns = atomic_load_explicit(&t->wall_ns, memory_order_relaxed),
        .pid = look32(&t->pid),
        .tid = look32(&t->tid),
        .has_exited = t->has_exited != 0,
        .exit_status = t->exit_status,
        .exit_t = look(&t->exit_t),
        .sent = t->sent,
        .received = t->received,
    };
    memcpy(out->name, t->name, sizeof(out->name));
    return 0;
}

int vdc_seg_hub_stat(const struct vdc_seg *seg, uint32_t hub, struct vdc_seg_hub_stat *out)
{
    const struct seg_hub *h;

    if (hub >= seg->hdr->n_hub) {
        return -ENOENT;
    }
    h = &seg->hub[hub];
    *out = (struct vdc_seg_hub_stat){ .now = look(&h->run.now),
                                      .runs = look(&h->runs),
                                      .n_in = look(&h->n_in),
                                      .n_out = look(&h->n_out),
                                      .n_note = look(&h->n_note),
                                      .sent = h->sent };
    memcpy(out->name, h->name, sizeof(out->name));
    return 0;
}

int vdc_seg_wait_profile(const struct vdc_seg *seg, uint32_t n, struct vdc_seg_wait_entry *out)
{
    const uint32_t n_task = seg->hdr->n_task;
    const uint32_t row = n_task + seg->hdr->n_hub + 1;
    const uint32_t col = n % row;

    if (n / row >= n_task) {
        return -ENOENT;
    }
    out->task = n / row;
    out->wall_ns = atomic_load_explicit(&seg->wait[n], memory_order_relaxed);
    if (col < n_task) {
        out->cause = (uint32_t)VDC_SYNC_BY_TASK << 24 | col;
    } else if (col < row - 1) {
        out->cause = (uint32_t)VDC_SYNC_BY_HUB << 24 | (col - n_task);
    } else {
        out->cause = (uint32_t)VDC_SYNC_BY_CAP << 24 | VDC_SYNC_CAUSE_ANY;
    }
    return 0;
}

/* Has a grant, or the start, that it has not taken yet: stopped or starved while it waited. */
static bool is_due(const struct seg_task *t, uint32_t state)
{
    return state == VDC_TASK_PARKED ||
           (state == VDC_TASK_WAITING &&
            (uint32_t)look(&t->windows) != atomic_load_explicit(&t->ticket, memory_order_relaxed));
}

/* The task that has been inside its window, or completing it, for longest. */
static uint64_t oldest_active(const struct vdc_seg *seg, uint64_t newest,
                              struct vdc_seg_holder *out)
{
    uint64_t oldest = UINT64_MAX;

    for (uint32_t i = 0; i < seg->hdr->n_task; i++) {
        const struct seg_task *t = &seg->task[i];
        const uint32_t state = atomic_load_explicit(&t->state, memory_order_acquire);
        const bool is_late = is_due(t, state);
        /* A grant not taken is as old as the arrival that completed the window. */
        const uint64_t wall = is_late ? newest
                                      : atomic_load_explicit(&t->wall_ns, memory_order_relaxed);

        if ((is_late || state == VDC_TASK_RUNNING || state == VDC_TASK_COMPLETING) &&
            wall < oldest) {
            oldest = wall;
            out->who = i;
            out->hold = state == VDC_TASK_COMPLETING ? VDC_HOLD_COMPLETER : VDC_HOLD_TASK;
            out->vt = atomic_load_explicit(&t->vt_live, memory_order_relaxed);
        }
    }
    return oldest;
}

void vdc_seg_holder(const struct vdc_seg *seg, struct vdc_seg_holder *out)
{
    const uint64_t now = wall_ns();
    const uint32_t completer = atomic_load_explicit(&seg->ctl->completer, memory_order_relaxed);
    uint64_t newest = 0;
    uint64_t oldest;

    *out = (struct vdc_seg_holder){ .hold = VDC_HOLD_NOBODY, .who = VDC_SEG_WHO_NONE };
    if (seg_state(seg) != VDC_SEG_RUN && seg_state(seg) != VDC_SEG_DRAIN) {
        return;
    }
    for (uint32_t i = 0; i < seg->hdr->n_task; i++) {
        const uint64_t wall = atomic_load_explicit(&seg->task[i].wall_ns, memory_order_relaxed);

        newest = wall > newest ? wall : newest;
    }
    oldest = oldest_active(seg, newest, out);
    if (out->hold != VDC_HOLD_TASK &&
        (look32(&seg->ctl->phase) == VDC_PHASE_HUB || completer == VDC_SEG_WHO_HUB)) {
        out->hold = VDC_HOLD_HUB;
        out->who = completer;
        out->vt = look(&seg->ctl->hub_pos);
        oldest = look(&seg->ctl->phase_wall_ns);
        oldest = oldest > newest ? oldest : newest;
    } else if (out->hold == VDC_HOLD_NOBODY) {
        out->hold = VDC_HOLD_PROTOCOL;
        oldest = newest;
    }
    out->since_ns = now > oldest ? now - oldest : 0;
}

/* Task that task i's horizon depends on, UINT32_MAX if it is none. */
static uint32_t cause_task(uint32_t cause)
{
    switch (vdc_sync_cause_kind(cause)) {
    case VDC_SYNC_BY_TASK:
    case VDC_SYNC_BY_SKEW:
    case VDC_SYNC_BY_GRID:
        return vdc_sync_cause_index(cause);
    default:
        return UINT32_MAX;
    }
}

uint32_t vdc_seg_blame(const struct vdc_seg *seg, uint32_t task, uint32_t *chain, uint32_t n)
{
    struct vdc_seg_holder h;
    uint64_t seen = 0;
    uint32_t k = 0;

    while (k < n && task < seg->hdr->n_task && !(seen >> task & 1)) {
        const struct seg_task *t = &seg->task[task];

        seen |= UINT64_C(1) << task;
        chain[k++] = task;
        if (atomic_load_explicit(&t->state, memory_order_acquire) != VDC_TASK_WAITING) {
            return k;
        }
        task = cause_task(look32(&t->cause));
    }
    /* All of them have arrived: they wait for the window, which somebody else holds open. */
    vdc_seg_holder(seg, &h);
    if (k < n && h.who != VDC_SEG_WHO_NONE) {
        chain[k++] = h.who;
    }
    return k;
}
