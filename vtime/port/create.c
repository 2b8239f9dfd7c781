/* SPDX-License-Identifier: MIT */
/* Creation of the segment: checks the configuration, lays the parts out, initialises hubs, paths
 * and rings. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mapping.h"

#define BLOB_MAX           (16u << 20)
#define EXIT_SLACK_DEFAULT (10 * VTIME_PS_PER_US)
#define PS_PER_BYTE_MIN                                                                            \
    10u /* 800 Gb/s: the fastest link that is expected to fill a ring by itself */

struct plan {
    const struct vdc_seg_cfg *cfg;
    const struct vdc_model_ops *const *ops;
    uint32_t n_ops;
    char *err;
    uint32_t ring_min; /* smallest ring of messages */
    struct vdc_sync_task task[VDC_SEG_TASK_MAX];
    struct vdc_sync_port port[VDC_SEG_PORT_MAX];
    struct vdc_sync_hub hub[VDC_SEG_HUB_MAX];
    struct vdc_sync_link link[2 * VDC_SEG_LINK_MAX];
};

#define REFUSE(p, ...) (snprintf((p)->err, VDC_SEG_TEXT_MAX, __VA_ARGS__), -EINVAL)

static int check_name(struct plan *p, const char *what, uint32_t i, const char *name)
{
    if (!name || name[0] == '\0' || strlen(name) >= VDC_SEG_NAME_MAX) {
        return REFUSE(p, "%s %u: name of 1..%u bytes expected", what, i, VDC_SEG_NAME_MAX - 1);
    }
    return 0;
}

static int check_ring(struct plan *p, const char *what, uint32_t i, uint32_t bytes)
{
    const uint32_t b = bytes ? bytes : VDC_SEG_RING_MIN;

    if (b < VDC_SEG_RING_MIN || b > VDC_SEG_RING_MAX || (b & (b - 1)) != 0) {
        return REFUSE(p, "%s %u: ring of %u bytes; a power of two in %u..%u expected", what, i,
                      bytes, VDC_SEG_RING_MIN, VDC_SEG_RING_MAX);
    }
    p->ring_min = b < p->ring_min ? b : p->ring_min;
    return 0;
}

static int check_run(struct plan *p)
{
    const struct vdc_seg_cfg *c = p->cfg;
    const uint64_t ns = VTIME_PS_PER_NS;

    if (c->n_task < 1 || c->n_task > VDC_SEG_TASK_MAX || c->n_hub > VDC_SEG_HUB_MAX ||
        c->n_port > VDC_SEG_PORT_MAX || c->n_link > VDC_SEG_LINK_MAX) {
        return REFUSE(p,
                      "%u tasks, %u hubs, %u ports, %u links; at most %u, %u, %u, %u, and one task",
                      c->n_task, c->n_hub, c->n_port, c->n_link, VDC_SEG_TASK_MAX, VDC_SEG_HUB_MAX,
                      VDC_SEG_PORT_MAX, VDC_SEG_LINK_MAX);
    }
    if (c->stop != VTIME_NEVER &&
        (c->stop == 0 || c->stop > VDC_SEG_STOP_MAX || c->stop % ns != 0)) {
        return REFUSE(p, "stop of %llu ps; whole ns up to 100 days expected",
                      (unsigned long long)c->stop);
    }
    if (c->digest_every % ns != 0 || c->exit_slack % ns != 0 || c->quantum % ns != 0) {
        return REFUSE(p, "digest_every, exit_slack and quantum must be whole ns");
    }
    if (c->mode != VDC_SEG_EXACT && c->mode != VDC_SEG_QUANTIZED) {
        return REFUSE(p, "mode %d; exact (0) or quantized (1) expected", (int)c->mode);
    }
    return 0;
}

static int check_tasks(struct plan *p)
{
    int rc;

    for (uint32_t i = 0; i < p->cfg->n_task; i++) {
        const struct vdc_seg_task_cfg *t = &p->cfg->task[i];

        rc = check_name(p, "task", i, t->name);
        if (rc < 0) {
            return rc;
        }
        if (t->react_ps == 0) {
            return REFUSE(p, "task %s: react_ps must be > 0", t->name);
        }
        for (uint32_t j = 0; j < i; j++) {
            if (strcmp(t->name, p->cfg->task[j].name) == 0) {
                return REFUSE(p, "task %u: name %s is taken", i, t->name);
            }
        }
        p->task[i].flags = t->kind == VDC_SEG_GUEST ? VDC_SYNC_TASK_NS : 0;
        p->task[i].react_ps = t->react_ps;
    }
    return 0;
}

static int check_hubs(struct plan *p)
{
    int rc;

    for (uint32_t i = 0; i < p->cfg->n_hub; i++) {
        const struct vdc_seg_hub_cfg *h = &p->cfg->hub[i];

        rc = check_name(p, "hub", i, h->name);
        rc = rc < 0 ? rc : check_ring(p, "hub", i, h->cmd_bytes);
        rc = rc < 0 ? rc : check_ring(p, "hub", i, h->note_bytes);
        if (rc < 0) {
            return rc;
        }
        if (h->ops >= p->n_ops || !p->ops[h->ops]) {
            return REFUSE(p, "hub %s: model %u; this program has %u", h->name, h->ops, p->n_ops);
        }
        if (h->n_port == 0 || h->n_port > VDC_SEG_PORT_MAX || h->blob_len > BLOB_MAX) {
            return REFUSE(p, "hub %s: %u ports, %u bytes of configuration; at most %u and %u",
                          h->name, h->n_port, h->blob_len, VDC_SEG_PORT_MAX, BLOB_MAX);
        }
        if (p->ops[h->ops]->size(h->blob) == 0) {
            return REFUSE(p, "hub %s: model %s refuses the configuration", h->name,
                          p->ops[h->ops]->name);
        }
        p->hub[i].can_hairpin = h->can_hairpin;
        p->hub[i].fwd_ps = h->fwd_ps;
    }
    return 0;
}

static int check_ports(struct plan *p)
{
    int rc;

    for (uint32_t i = 0; i < p->cfg->n_port; i++) {
        const struct vdc_seg_port_cfg *q = &p->cfg->port[i];

        if (q->task >= p->cfg->n_task || q->hub >= p->cfg->n_hub ||
            q->hub_port >= p->cfg->hub[q->hub].n_port) {
            return REFUSE(p, "port %u: task %u, hub %u, hub port %u: not there", i, q->task, q->hub,
                          q->hub_port);
        }
        for (uint32_t j = 0; j < i; j++) {
            if (p->cfg->port[j].hub == q->hub && p->cfg->port[j].hub_port == q->hub_port) {
                return REFUSE(p, "port %u: port %u of hub %s is taken", i, q->hub_port,
                              p->cfg->hub[q->hub].name);
            }
        }
        rc = check_ring(p, "port", i, q->ring_bytes);
        if (rc < 0) {
            return rc;
        }
        p->port[i] = (struct vdc_sync_port){
            .task = q->task, .hub = q->hub, .out_ps = q->out_ps, .in_ps = q->in_ps
        };
    }
    for (uint32_t i = 0; i < p->cfg->n_link; i++) {
        const struct vdc_seg_link_cfg *l = &p->cfg->link[i];

        for (uint32_t e = 0; e < 2; e++) {
            if (l->hub[e] >= p->cfg->n_hub || l->port[e] >= p->cfg->hub[l->hub[e]].n_port ||
                l->link_ps[e] == 0) {
                return REFUSE(p, "link %u: end %u: no such hub or port, or no latency", i, e);
            }
            p->link[2 * i + e] = (struct vdc_sync_link){ .from = l->hub[e],
                                                         .to = l->hub[1 - e],
                                                         .link_ps = l->link_ps[e] };
        }
        rc = check_ring(p, "link", i, l->ring_bytes);
        if (rc < 0) {
            return rc;
        }
    }
    return 0;
}

static int make_sync(struct plan *p, void *mem)
{
    static const char *const why[] = { "",
                                       "too many parts",
                                       "a part that does not exist",
                                       "a path without latency",
                                       "a path to a guest shorter than 2 ns",
                                       "quantum out of 1 ns..1 ms" };
    const struct vdc_sync_cfg c = {
        .mode = p->cfg->mode == VDC_SEG_EXACT ? VDC_SYNC_EXACT : VDC_SYNC_QUANTIZED,
        .n_task = p->cfg->n_task,
        .n_port = p->cfg->n_port,
        .n_hub = p->cfg->n_hub,
        .n_link = 2 * p->cfg->n_link,
        .quantum_ps = p->cfg->quantum,
        .task = p->task,
        .port = p->port,
        .hub = p->hub,
        .link = p->link,
    };
    const int rc = vdc_sync_init(mem, &c);

    if (rc != VDC_SYNC_OK) {
        return REFUSE(p, "%s", rc >= -5 && rc < 0 ? why[-rc] : "paths refused");
    }
    return 0;
}

/* --- layout: the first pass counts, the second writes --- */

struct cursor {
    uint8_t *base; /* NULL: count only */
    uint64_t at;
};

static uint64_t take(struct cursor *c, uint64_t bytes)
{
    const uint64_t off = c->at;

    c->at = (c->at + bytes + 63) & ~UINT64_C(63);
    return off;
}

/* What lies at off; NULL while counting. */
static void *part(const struct cursor *c, uint64_t off)
{
    return c->base ? c->base + off : NULL;
}

static uint64_t take_ring(struct cursor *c, uint32_t bytes, uint32_t port)
{
    const uint32_t b = bytes ? bytes : VDC_SEG_RING_MIN;
    const uint64_t off = take(c, ring_space(b));

    if (c->base) {
        ring_init(part(c, off), b, port);
    }
    return off;
}

static uint64_t take_spool(struct cursor *c, uint32_t n, uint32_t size)
{
    const uint64_t off = take(c, spool_space(n, size));

    if (c->base) {
        spool_init(part(c, off), n, size);
    }
    return off;
}

static void lay_tasks(struct plan *p, struct cursor *c, const struct vdc_sync *sync)
{
    const uint64_t off = take(c, p->cfg->n_task * sizeof(struct seg_task));
    struct seg_task *t = part(c, off);

    if (!c->base) {
        return;
    }
    for (uint32_t i = 0; i < p->cfg->n_task; i++) {
        t[i].kind = (uint32_t)p->cfg->task[i].kind;
        t[i].is_workload = p->cfg->task[i].is_workload;
        t[i].react_ps = p->cfg->task[i].react_ps;
        t[i].echo_ps = vdc_sync_echo(sync, i);
        t[i].exit_t = VTIME_NEVER;
        t[i].first_up = VTIME_NEVER;
        memcpy(t[i].name, p->cfg->task[i].name, strlen(p->cfg->task[i].name));
        for (uint32_t q = 0; q < p->cfg->n_port; q++) {
            t[i].n_port += p->cfg->port[q].task == i;
        }
    }
    for (uint32_t i = 1; i < p->cfg->n_task; i++) {
        t[i].first_port = t[i - 1].first_port + t[i - 1].n_port;
    }
}

/* Port records are grouped by task; map[q] is where port q of the configuration went. */
static void lay_ports(struct plan *p, struct cursor *c, uint32_t *map)
{
    const uint64_t off = take(c, p->cfg->n_port * sizeof(struct seg_port));
    struct seg_port *rec = part(c, off);
    uint32_t n = 0;

    for (uint32_t i = 0; i < p->cfg->n_task; i++) {
        for (uint32_t q = 0; q < p->cfg->n_port; q++) {
            const struct vdc_seg_port_cfg *f = &p->cfg->port[q];

            if (f->task == i) {
                const uint64_t up = take_ring(c, f->ring_bytes, f->id_up);
                const uint64_t down = take_ring(c, f->ring_bytes, f->id_down);

                if (c->base) {
                    rec[n] = (struct seg_port){ .task = i,
                                                .hub = f->hub,
                                                .hub_port = f->hub_port,
                                                .id_up = f->id_up,
                                                .id_down = f->id_down,
                                                .out_ps = f->out_ps,
                                                .in_ps = f->in_ps,
                                                .off_up = up,
                                                .off_down = down };
                }
                map[q] = n++;
            }
        }
    }
}

static void lay_links(struct plan *p, struct cursor *c)
{
    const uint64_t off = take(c, p->cfg->n_link * sizeof(struct seg_link));
    struct seg_link *rec = part(c, off);

    for (uint32_t i = 0; i < p->cfg->n_link; i++) {
        const struct vdc_seg_link_cfg *l = &p->cfg->link[i];

        for (uint32_t e = 0; e < 2; e++) {
            const uint64_t r = take_ring(c, l->ring_bytes, l->id[e]);

            if (c->base) {
                rec[i].hub[e] = l->hub[e];
                rec[i].port[e] = l->port[e];
                rec[i].id[e] = l->id[e];
                rec[i].link_ps[e] = l->link_ps[e];
                rec[i].off_ring[e] = r;
            }
        }
    }
}

static void lay_map(const struct plan *p, uint32_t hub, const uint32_t *port_map, uint32_t *m)
{
    for (uint32_t k = 0; k < p->cfg->hub[hub].n_port; k++) {
        m[k] = SEG_MAP_NONE;
    }
    for (uint32_t q = 0; q < p->cfg->n_port; q++) {
        if (p->cfg->port[q].hub == hub) {
            m[p->cfg->port[q].hub_port] = port_map[q];
        }
    }
    for (uint32_t i = 0; i < p->cfg->n_link; i++) {
        for (uint32_t e = 0; e < 2; e++) {
            if (p->cfg->link[i].hub[e] == hub) {
                m[p->cfg->link[i].port[e]] = SEG_MAP_LINK | (2 * i + e);
            }
        }
    }
}

static int lay_hubs(struct plan *p, struct cursor *c, const uint32_t *port_map)
{
    const uint64_t off = take(c, p->cfg->n_hub * sizeof(struct seg_hub));
    struct seg_hub *rec = part(c, off);

    for (uint32_t i = 0; i < p->cfg->n_hub; i++) {
        const struct vdc_seg_hub_cfg *h = &p->cfg->hub[i];
        const struct vdc_model_ops *ops = p->ops[h->ops];
        const size_t size = ops->size(h->blob);
        const uint64_t blob = take(c, h->blob_len ? h->blob_len : 1);
        const uint64_t state = take(c, size);
        const uint64_t map = take(c, h->n_port * sizeof(uint32_t));
        const uint64_t cmd = take_ring(c, h->cmd_bytes, UINT32_MAX);
        const uint64_t note = h->note_bytes ? take_ring(c, h->note_bytes, UINT32_MAX) : 0;

        if (!c->base) {
            continue;
        }
        if (h->blob_len > 0) {
            memcpy(c->base + blob, h->blob, h->blob_len);
        }
        lay_map(p, i, port_map, (uint32_t *)(void *)(c->base + map));
        rec[i].ops = h->ops;
        rec[i].n_port = h->n_port;
        rec[i].blob_len = h->blob_len;
        rec[i].off_blob = blob;
        rec[i].off_state = state;
        rec[i].state_len = size;
        rec[i].off_map = map;
        rec[i].off_cmd = cmd;
        rec[i].off_note = note;
        rec[i].fwd_ps = h->fwd_ps;
        rec[i].in_next = VTIME_NEVER;
        rec[i].run.k = 1;
        rec[i].run.is_changed = 1;
        memcpy(rec[i].name, h->name, strlen(h->name));
        if (ops->init(c->base + state, c->base + blob) != 0) {
            return REFUSE(p, "hub %s: model %s does not start", h->name, ops->name);
        }
        rec[i].own_next = ops->next(c->base + state);
    }
    return 0;
}

static void lay_comps(struct plan *p, struct cursor *c)
{
    const uint32_t n = p->cfg->n_task + p->cfg->n_hub;
    const uint64_t off = take(c, n * sizeof(struct seg_comp));
    struct seg_comp *rec = part(c, off);
    const bool is_traced = p->cfg->trace_from < p->cfg->trace_to;

    for (uint32_t i = 0; i < n; i++) {
        const uint64_t digest = p->cfg->digest_every ? take_spool(c, SEG_DIGEST_SPOOL,
                                                                  sizeof(struct vdc_digest_point))
                                                     : 0;
        const uint64_t trace = is_traced
                                   ? take_spool(c, SEG_TRACE_SPOOL, sizeof(struct vdc_seg_record))
                                   : 0;
        const uint64_t last = take(c, VDC_SEG_LAST_RECORDS * sizeof(struct vdc_seg_record));

        if (c->base) {
            rec[i].off_digest = digest;
            rec[i].off_trace = trace;
            rec[i].off_last = last;
        }
    }
}

/* Longest time by which anybody can be ahead of a workload's last act: section 7 of
 * docs/specs/segment.md. */
static uint64_t exit_bound(const struct plan *p, const struct vdc_sync *sync, uint32_t *is_split)
{
    uint64_t path = 0;

    for (uint32_t j = 0; j < p->cfg->n_task; j++) {
        for (uint32_t i = 0; i < p->cfg->n_task; i++) {
            const uint64_t d = i == j ? vdc_sync_echo(sync, i) : vdc_sync_path(sync, j, i);

            if (d != VTIME_NEVER && d > path) {
                path = d;
            }
            *is_split |= i != j && d == VTIME_NEVER;
        }
        path = p->cfg->task[j].react_ps > path ? p->cfg->task[j].react_ps : path;
    }
    path = vtime_add(path, p->cfg->mode == VDC_SEG_QUANTIZED ? p->cfg->quantum : 0);
    return vtime_add(path, p->cfg->exit_slack ? p->cfg->exit_slack : EXIT_SLACK_DEFAULT);
}

static void fill_header(struct plan *p, struct seg_hdr *h, const struct vdc_sync *sync)
{
    const struct vdc_seg_cfg *c = p->cfg;

    memcpy(h->magic, SEG_MAGIC, sizeof(h->magic));
    h->abi = SEG_ABI;
    h->hdr_bytes = SEG_HDR_BYTES;
    memcpy(h->run_id, c->run_id, sizeof(h->run_id));
    h->seed = c->seed;
    h->n_host = 1;
    h->n_ctl = 1;
    h->n_task = c->n_task;
    h->n_port = c->n_port;
    h->n_hub = c->n_hub;
    h->n_link = c->n_link;
    h->mode = (uint32_t)c->mode;
    h->runner = (uint32_t)c->runner;
    for (uint32_t i = 0; i < c->n_task; i++) {
        h->n_workload += c->task[i].is_workload;
    }
    h->quantum = c->quantum;
    h->stop = c->stop;
    h->digest_every = c->digest_every;
    h->exit_slack = c->exit_slack ? c->exit_slack : EXIT_SLACK_DEFAULT;
    h->exit_bound = exit_bound(p, sync, &h->is_split);
    h->chunk_ps = (uint64_t)p->ring_min / 2 * PS_PER_BYTE_MIN;
    h->trace_from = c->trace_from;
    h->trace_to = c->trace_to;
    h->perturb = c->perturb;
    h->cut_ps = c->cut_ps;
    h->cut_seed = c->cut_seed;
}

/* Both passes. base NULL: only the size is found. */
static int lay(struct plan *p, uint8_t *base, uint64_t *bytes)
{
    struct cursor c = { .base = base, .at = SEG_HDR_BYTES };
    struct seg_hdr scratch = { 0 };
    struct seg_hdr *h = base ? (struct seg_hdr *)(void *)base : &scratch;
    uint32_t port_map[VDC_SEG_PORT_MAX] = { 0 };
    struct vdc_sync *sync = NULL;
    int rc;

    h->off_ctl = take(&c, sizeof(struct seg_ctl));
    h->off_sync = take(&c, vdc_sync_size());
    if (base) {
        struct seg_ctl *ctl = (struct seg_ctl *)(void *)(base + h->off_ctl);

        sync = (struct vdc_sync *)(void *)(base + h->off_sync);
        rc = make_sync(p, sync);
        if (rc < 0) {
            return rc;
        }
        fill_header(p, h, sync);
        atomic_store_explicit(&ctl->completer, VDC_SEG_WHO_NONE, memory_order_relaxed);
        ctl->stop = p->cfg->stop;
        ctl->stop_why = VDC_SEG_END_STOP;
        atomic_store_explicit(&ctl->stop_req, VTIME_NEVER, memory_order_relaxed);
        atomic_store_explicit(&ctl->attn, 1, memory_order_relaxed);
    }
    h->off_task = c.at;
    lay_tasks(p, &c, sync);
    h->off_port = c.at;
    lay_ports(p, &c, port_map);
    h->off_link = c.at;
    lay_links(p, &c);
    h->off_hub = c.at;
    rc = lay_hubs(p, &c, port_map);
    if (rc < 0) {
        return rc;
    }
    h->off_comp = c.at;
    lay_comps(p, &c);
    h->off_wait = take(&c, (uint64_t)p->cfg->n_task * (p->cfg->n_task + p->cfg->n_hub + 1) *
                               sizeof(uint64_t));
    h->bytes = c.at;
    *bytes = c.at;
    return 0;
}

static int open_new(const char *path)
{
    int fd = path ? open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)
                  : memfd_create("vdc-seg", MFD_CLOEXEC);

    return fd < 0 ? -errno : fd;
}

int vdc_seg_create(const char *path, const struct vdc_seg_cfg *cfg,
                   const struct vdc_model_ops *const *ops, uint32_t n_ops, struct vdc_seg **out,
                   char *err)
{
    struct plan *p = calloc(1, sizeof(*p));
    uint64_t bytes = 0;
    int fd;
    int rc;

    if (!p) {
        return -ENOMEM;
    }
    err[0] = '\0';
    p->cfg = cfg;
    p->ops = ops;
    p->n_ops = n_ops;
    p->err = err;
    p->ring_min = VDC_SEG_RING_MAX;
    rc = check_run(p);
    rc = rc < 0 ? rc : check_tasks(p);
    rc = rc < 0 ? rc : check_hubs(p);
    rc = rc < 0 ? rc : check_ports(p);
    rc = rc < 0 ? rc : lay(p, NULL, &bytes);
    if (rc < 0) {
        goto out_plan;
    }
    fd = open_new(path);
    if (fd < 0) {
        rc = fd;
        goto out_plan;
    }
    if (ftruncate(fd, (off_t)bytes) < 0) {
        rc = -errno;
        goto out_file;
    }
    rc = seg_map(fd, bytes, ops, n_ops, out);
    if (rc < 0) {
        goto out_file;
    }
    rc = lay(p, (*out)->base, &bytes);
    if (rc < 0) {
        goto out_map;
    }
    seg_bind(*out);
    atomic_store_explicit(&(*out)->hdr->state, VDC_SEG_BOOT, memory_order_release);
    free(p);
    return 0;

out_map:
    vdc_seg_close(*out); /* closes fd */
    *out = NULL;
    fd = -1;
out_file:
    if (fd >= 0) {
        (void)close(fd);
    }
    if (path) {
        (void)unlink(path);
    }
out_plan:
    free(p);
    return rc;
}
