/* SPDX-License-Identifier: MIT */
/* Mapping of the segment and the life of the run: states, failure, start, stop. */
#include "vdc/seg.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "futex.h"
#include "mapping.h"

#define SPOOL_POLL_NS UINT64_C(50000)

int seg_map(int fd, size_t len, const struct vdc_model_ops *const *ops, uint32_t n_ops,
            struct vdc_seg **out)
{
    struct vdc_seg *seg = calloc(1, sizeof(*seg));
    void *base;

    *out = NULL;
    if (!seg) {
        return -ENOMEM;
    }
    base = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (base == MAP_FAILED) {
        const int rc = -errno;

        free(seg);
        return rc;
    }
    seg->base = base;
    seg->len = len;
    seg->fd = fd;
    seg->ops = ops;
    seg->n_ops = ops ? n_ops : 0;
    seg->hdr = base;
    *out = seg;
    return 0;
}

void seg_bind(struct vdc_seg *seg)
{
    const struct seg_hdr *h = seg->hdr;

    seg->ctl = (struct seg_ctl *)seg_at(seg, h->off_ctl);
    seg->sync = (const struct vdc_sync *)seg_at(seg, h->off_sync);
    seg->task = (struct seg_task *)seg_at(seg, h->off_task);
    seg->port = (struct seg_port *)seg_at(seg, h->off_port);
    seg->link = (struct seg_link *)seg_at(seg, h->off_link);
    seg->hub = (struct seg_hub *)seg_at(seg, h->off_hub);
    seg->comp = (struct seg_comp *)seg_at(seg, h->off_comp);
    seg->wait = (_Atomic uint64_t *)seg_at(seg, h->off_wait);
}

int vdc_seg_open(const char *path, const struct vdc_model_ops *const *ops, uint32_t n_ops,
                 struct vdc_seg **out)
{
    struct stat st;
    int rc;
    const int fd = open(path, O_RDWR | O_CLOEXEC);

    *out = NULL;
    if (fd < 0) {
        return -errno;
    }
    if (fstat(fd, &st) < 0) {
        rc = -errno;
        goto out_fd;
    }
    if (st.st_size < (off_t)SEG_HDR_BYTES) {
        rc = -EPROTO;
        goto out_fd;
    }
    rc = seg_map(fd, (size_t)st.st_size, ops, n_ops, out);
    if (rc < 0) {
        goto out_fd;
    }
    if (seg_state(*out) == VDC_SEG_INIT || memcmp((*out)->hdr->magic, SEG_MAGIC, 8) != 0 ||
        (*out)->hdr->abi != SEG_ABI || (*out)->hdr->bytes != (*out)->len) {
        vdc_seg_close(*out);
        *out = NULL;
        return -EPROTO;
    }
    seg_bind(*out);
    return 0;

out_fd:
    (void)close(fd);
    return rc;
}

void vdc_seg_close(struct vdc_seg *seg)
{
    if (!seg) {
        return;
    }
    (void)munmap(seg->base, seg->len);
    (void)close(seg->fd);
    free(seg);
}

int vdc_seg_fd(const struct vdc_seg *seg)
{
    return seg->fd;
}

enum vdc_seg_state vdc_seg_state(const struct vdc_seg *seg)
{
    return seg_state(seg);
}

enum vdc_seg_state vdc_seg_wait(const struct vdc_seg *seg, enum vdc_seg_state seen,
                                uint32_t timeout_ms)
{
    if (seg_state(seg) == seen) {
        futex_wait(&seg->hdr->state, (uint32_t)seen, (uint64_t)timeout_ms * 1000000);
    }
    return seg_state(seg);
}

uint32_t seg_comp_index(const struct vdc_seg *seg, uint32_t who)
{
    if (who < seg->hdr->n_task) {
        return who;
    }
    if (who >= VDC_SEG_WHO_HUB && who - VDC_SEG_WHO_HUB < seg->hdr->n_hub) {
        return seg->hdr->n_task + who - VDC_SEG_WHO_HUB;
    }
    return UINT32_MAX;
}

void seg_wake_all(struct vdc_seg *seg)
{
    atomic_fetch_add(&seg->ctl->gen, 1);
    futex_wake(&seg->ctl->gen);
    futex_wake(&seg->hdr->state);
    atomic_fetch_add(&seg->ctl->hub_go, 1);
    futex_wake(&seg->ctl->hub_go);
    for (uint32_t i = 0; i < seg->hdr->n_hub; i++) {
        atomic_fetch_add(&seg->hub[i].note_sig, 1);
        futex_wake(&seg->hub[i].note_sig);
    }
}

void seg_enter(struct vdc_seg *seg, enum vdc_seg_state state)
{
    uint32_t old = atomic_load(&seg->hdr->state);

    /* FAILED is final: whoever finishes a window late must not undo it. */
    while (old != VDC_SEG_FAILED &&
           !atomic_compare_exchange_weak(&seg->hdr->state, &old, (uint32_t)state)) {
    }
    seg_wake_all(seg);
}

bool vdc_seg_fail(struct vdc_seg *seg, uint32_t who, int32_t code, vtime_t vt, const char *text)
{
    struct seg_hdr *h = seg->hdr;
    uint32_t expected = 0;
    size_t n = strlen(text);

    if (seg_state(seg) == VDC_SEG_DONE ||
        !atomic_compare_exchange_strong(&h->fail_claim, &expected, 1)) {
        return false;
    }
    n = n < sizeof(h->fail_text) ? n : sizeof(h->fail_text) - 1;
    memcpy(h->fail_text, text, n);
    h->fail_text[n] = '\0';
    h->fail_who = who;
    h->fail_code = code;
    h->fail_vt = vt;
    atomic_store_explicit(&h->fail_ready, 1, memory_order_release);
    seg_enter(seg, VDC_SEG_FAILED);
    return true;
}

void seg_failf(struct vdc_seg *seg, uint32_t who, int32_t code, vtime_t vt, const char *fmt, ...)
{
    char text[VDC_SEG_TEXT_MAX];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap); /* a longer text is cut */
    va_end(ap);
    (void)vdc_seg_fail(seg, who, code, vt, text); /* false: another failure came first */
}

int vdc_seg_failure(const struct vdc_seg *seg, struct vdc_seg_failure *out)
{
    const struct seg_hdr *h = seg->hdr;

    if (!atomic_load_explicit(&h->fail_ready, memory_order_acquire)) {
        return -EAGAIN;
    }
    *out = (struct vdc_seg_failure){ .who = h->fail_who, .code = h->fail_code, .vt = h->fail_vt };
    memcpy(out->text, h->fail_text, sizeof(out->text));
    return 0;
}

int vdc_seg_start(struct vdc_seg *seg)
{
    const uint32_t n = seg->hdr->n_task;
    struct seg_ctl *ctl = seg->ctl;

    if (seg_state(seg) != VDC_SEG_BOOT) {
        return -EALREADY;
    }
    for (uint32_t i = 0; i < n; i++) {
        if (atomic_load_explicit(&seg->task[i].state, memory_order_acquire) != VDC_TASK_PARKED) {
            return -EAGAIN;
        }
    }
    /* The first window is [0, 0): everybody does what happens at vtime 0 and arrives; the last one
     * solves. */
    ctl->sel = n == 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1;
    atomic_store(&ctl->nsel, n);
    atomic_store(&ctl->pending, n);
    seg_enter(seg, VDC_SEG_READY);
    seg_enter(seg, VDC_SEG_RUN);
    return seg_state(seg) == VDC_SEG_FAILED ? -EALREADY : 0;
}

void vdc_seg_stop_at(struct vdc_seg *seg, vtime_t t)
{
    uint64_t old = atomic_load(&seg->ctl->stop_req);

    while (t < old && !atomic_compare_exchange_weak(&seg->ctl->stop_req, &old, t)) {
    }
    atomic_store(&seg->ctl->attn, 1);
}

bool seg_spool_put(struct vdc_seg *seg, uint64_t off, const void *rec)
{
    struct spool *s = (struct spool *)seg_at(seg, off);

    while (!spool_put(s, rec)) {
        if (seg_state(seg) == VDC_SEG_FAILED) {
            return false;
        }
        wall_sleep_ns(SPOOL_POLL_NS);
    }
    return true;
}

void seg_record(struct vdc_seg *seg, uint32_t comp, const struct vdc_msg *m, uint32_t dst,
                const void *payload)
{
    struct seg_comp *c = &seg->comp[comp];
    const uint64_t n = atomic_load_explicit(&c->n_last, memory_order_relaxed);
    struct vdc_seg_record *last = (struct vdc_seg_record *)seg_at(seg, c->off_last);
    struct vdc_seg_record r = { .t = m->t,
                                .depart = m->depart,
                                .seq = m->seq,
                                .port = m->port,
                                .dst = dst,
                                .type = m->type,
                                .flags = m->flags,
                                .len = m->len,
                                .user = m->user };

    last[n % VDC_SEG_LAST_RECORDS] = r;
    atomic_store_explicit(&c->n_last, n + 1, memory_order_release);
    if (c->off_trace && m->depart >= seg->hdr->trace_from && m->depart < seg->hdr->trace_to) {
        r.payload = vdc_digest_bytes(payload, m->len);
        (void)seg_spool_put(seg, c->off_trace, &r); /* false: the run failed, its trace ends here */
    }
}

int vdc_seg_digest_next(struct vdc_seg *seg, uint32_t comp, struct vdc_digest_point *out)
{
    const uint32_t c = seg_comp_index(seg, comp);

    if (c == UINT32_MAX) {
        return -ENOENT;
    }
    return seg->comp[c].off_digest &&
                   spool_get((struct spool *)seg_at(seg, seg->comp[c].off_digest), out)
               ? 0
               : -EAGAIN;
}

int vdc_seg_trace_next(struct vdc_seg *seg, uint32_t comp, struct vdc_seg_record *out)
{
    const uint32_t c = seg_comp_index(seg, comp);

    if (c == UINT32_MAX) {
        return -ENOENT;
    }
    return seg->comp[c].off_trace &&
                   spool_get((struct spool *)seg_at(seg, seg->comp[c].off_trace), out)
               ? 0
               : -EAGAIN;
}

uint32_t vdc_seg_last_records(const struct vdc_seg *seg, uint32_t comp, struct vdc_seg_record *out,
                              uint32_t n)
{
    const uint32_t c = seg_comp_index(seg, comp);
    uint64_t total;
    const struct vdc_seg_record *last;

    if (c == UINT32_MAX) {
        return 0;
    }
    total = atomic_load_explicit(&seg->comp[c].n_last, memory_order_acquire);
    last = (const struct vdc_seg_record *)seg_at(seg, seg->comp[c].off_last);
    n = n < VDC_SEG_LAST_RECORDS ? n : VDC_SEG_LAST_RECORDS;
    n = total < n ? (uint32_t)total : n;
    for (uint32_t i = 0; i < n; i++) {
        out[i] = last[(total - n + i) % VDC_SEG_LAST_RECORDS];
    }
    return n;
}
