/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Digest points of a guest: what it sent, its devices, its console. */
#include "qemu/osdep.h"
#include "qemu/main-loop.h"
#include "qapi/error.h"
#include "system/cpu-timers.h"
#include "gate.h"
#include "point.h"

struct VdcPoint {
    uint64_t every_ps;
    uint64_t k;     /* of the next point, from 1 */
    vtime_t last_t; /* of the last point */
    int console_fd; /* -1: none */
    off_t console_off;
    int64_t insns; /* executed before the last point */
    struct vdc_digest prev;
    struct vdc_digest stream;
};

VdcPoint *vdc_point_new(uint64_t every_ps, const char *console, Error **errp)
{
    VdcPoint *p;
    int fd = -1;

    if (console) {
        fd = qemu_open(console, O_RDONLY, errp);
        if (fd < 0) {
            return NULL;
        }
    }
    p = g_new0(VdcPoint, 1);
    p->every_ps = every_ps;
    p->k = 1;
    p->console_fd = fd;
    p->insns = -1;
    return p;
}

vtime_t vdc_point_next(const VdcPoint *p)
{
    return p->k * p->every_ps;
}

void vdc_point_sent(VdcPoint *p, const struct vdc_msg *m, const void *payload)
{
    vdc_digest_msg(&p->stream, m, payload);
}

/*
 * The serial port writes in the vCPU thread: the file is complete, and the same
 * as at the last point if no instruction has been executed since.
 */
static void point_read_console(VdcPoint *p)
{
    int64_t insns = icount_get_raw();
    char buf[4096];
    ssize_t n;

    if (p->console_fd < 0 || insns == p->insns) {
        return;
    }
    p->insns = insns;
    while ((n = pread(p->console_fd, buf, sizeof(buf), p->console_off)) > 0) {
        vdc_gate_text(buf, n);
        p->console_off += n;
    }
}

static void point_fold_state(struct vdc_digest *d)
{
    uint64_t icount = cpu_to_le64(icount_get_raw());
    VdcGateClient *c;

    vdc_digest_fold(d, &icount, sizeof(icount));
    QSIMPLEQ_FOREACH(c, vdc_gate_clients(), entry) {
        if (c->ops->digest) {
            c->ops->digest(c, d);
        }
    }
}

static void point_put(VdcPoint *p, struct vdc_task *task, vtime_t t)
{
    struct vdc_digest_point pt = { .k = p->k, .t = t };
    VdcGateClient *c;

    QSIMPLEQ_FOREACH(c, vdc_gate_clients(), entry) {
        if (c->ops->run) {
            c->ops->run(c, t);
        }
    }
    point_read_console(p);
    point_fold_state(&pt.state);
    pt.stream = p->stream;
    pt.text = vdc_gate_take_text();
    vdc_digest_chain(&p->prev, &pt);
    p->k++;
    p->last_t = t;
    bql_unlock();
    /* A failure of the run shows at the next arrival. */
    (void)vdc_task_digest_put(task, &pt);
    bql_lock();
}

void vdc_point_emit(VdcPoint *p, struct vdc_task *task)
{
    point_put(p, task, vdc_point_next(p));
}

void vdc_point_end(VdcPoint *p, struct vdc_task *task, vtime_t end_t)
{
    while (vdc_point_next(p) <= end_t) {
        vdc_point_emit(p, task);
    }
    if (p->last_t != end_t) {
        point_put(p, task, end_t);
    }
}
