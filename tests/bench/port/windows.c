/* SPDX-License-Identifier: MIT */
/* The bench load on vtime/port: endpoint processes that arrive window by window, the switch stepped
 * by completers. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "load.h"
#include "testhub.h"
#include "vdc/hubctl.h"
#include "vdc/seg.h"
#include "vdc/task.h"

static const struct vdc_model_ops *const ops[] = { &testhub_ops };

struct shared {
    uint64_t cpu_ns[LOAD_MAX + 1], rx[LOAD_MAX];
};

static int create(const struct load *l, struct vdc_seg **seg)
{
    static const char *const name[LOAD_MAX] = { "e0", "e1", "e2", "e3", "e4", "e5", "e6", "e7",
                                                "e8", "e9", "ea", "eb", "ec", "ed", "ee", "ef" };
    struct vdc_seg_task_cfg task[LOAD_MAX];
    struct vdc_seg_port_cfg port[LOAD_MAX];
    struct testhub_cfg blob = { .n_port = l->n,
                                .is_direct = 1,
                                .fwd_ps = 1,
                                .ps_per_byte = 80,
                                .lat_ps = LOAD_LINK_PS - 1,
                                .trap_t = VTIME_NEVER };
    const struct vdc_seg_hub_cfg hub = {
        .name = "switch", .n_port = l->n, .blob = &blob, .blob_len = sizeof(blob), .fwd_ps = 1
    };
    const struct vdc_seg_cfg cfg = { .stop = l->windows * LOAD_WINDOW_PS,
                                     .n_task = l->n,
                                     .n_port = l->n,
                                     .n_hub = 1,
                                     .task = task,
                                     .port = port,
                                     .hub = &hub,
                                     .runner = l->by_daemon ? VDC_SEG_BY_DAEMON
                                                            : VDC_SEG_BY_COMPLETER };
    char err[VDC_SEG_TEXT_MAX];
    int rc;

    for (uint32_t i = 0; i < l->n; i++) {
        task[i] = (struct vdc_seg_task_cfg){ .name = name[i], .kind = VDC_SEG_PACK, .react_ps = 1 };
        port[i] = (struct vdc_seg_port_cfg){ .task = i,
                                             .hub_port = i,
                                             .id_up = vdc_port_id(VDC_PORT_TEST, i, 0),
                                             .id_down = vdc_port_id(VDC_PORT_SWITCH, 0, i),
                                             .out_ps = LOAD_LINK_PS,
                                             .in_ps = LOAD_LINK_PS };
        blob.route[i] = (uint8_t)i;
        blob.port_id[i] = port[i].id_down;
    }
    rc = vdc_seg_create(NULL, &cfg, ops, 1, seg, err);
    if (rc < 0) {
        (void)fprintf(stderr, "segment: %s %s\n", strerror(-rc), err);
    }
    return rc;
}

/* Takes and sends everything below the limit; returns the position reached. */
static vtime_t work(const struct load *l, struct vdc_task *t, uint32_t me, vtime_t *send_at,
                    uint64_t *n_tx, uint64_t *n_rx, const void *payload)
{
    const uint64_t period = l->frames ? LOAD_WINDOW_PS / l->frames : 0;
    uint64_t sum = 0;

    for (;;) {
        const vtime_t limit = vdc_task_limit(t);
        const struct vdc_msg *m = vdc_task_peek(t, 0);
        const vtime_t tm = m ? m->t : VTIME_NEVER;

        if (vtime_min(tm, *send_at) >= limit) {
            return sum == UINT64_MAX ? 0 : limit;
        }
        if (tm <= *send_at) {
            sum += *(const uint8_t *)vdc_msg_payload(m);
            ++*n_rx;
            vdc_task_pop(t, 0);
        } else {
            const struct vdc_msg o = { .t = *send_at + LOAD_LINK_PS,
                                       .depart = *send_at,
                                       .seq = *n_tx,
                                       .port = vdc_task_port_id(t, 0),
                                       .type = VDC_MSG_ETH,
                                       .len = LOAD_BYTES,
                                       .user = (me + 1 + *n_tx % (l->n - 1)) % l->n };

            (void)vdc_task_send(t, 0, &o, payload); /* the limit is read again above */
            ++*n_tx;
            *send_at += period;
        }
    }
}

static _Noreturn void endpoint(const struct load *l, uint32_t me, const char *path,
                               struct shared *s)
{
    static uint8_t payload[LOAD_BYTES];
    vtime_t send_at = l->frames ? (vtime_t)(me * 7 + 1) * 1000 : VTIME_NEVER;
    uint64_t n_tx = 0;
    vtime_t now = 0;
    struct vdc_task *t;
    uint64_t cpu;
    int rc;

    if (l->is_pinned) {
        load_pin(me);
    }
    rc = vdc_task_attach(path, me, l->by_daemon ? NULL : ops, 1, VDC_POLL_AUTO, &t);
    if (rc < 0) {
        (void)fprintf(stderr, "attach: %s\n", strerror(-rc));
        _exit(1);
    }
    rc = vdc_task_park(t);
    cpu = load_cpu_ns();
    while (rc == 0) {
        const struct vdc_task_arrival a = { .now = now, .next = now, .send = now };
        vtime_t limit;

        rc = vdc_task_arrive(t, &a, &limit);
        if (rc == 0) {
            now = work(l, t, me, &send_at, &n_tx, &s->rx[me], payload);
        }
    }
    s->cpu_ns[me] = load_cpu_ns() - cpu;
    vdc_task_detach(t);
    _exit(0);
}

static _Noreturn void daemon_main(const struct load *l, const char *path, struct shared *s)
{
    struct vdc_hubctl *c;
    int rc = vdc_hubctl_attach(path, 0, ops, 1, &c);

    while (rc == 0 && vdc_hubctl_serve(c, 1000) == -EAGAIN) {
    }
    s->cpu_ns[l->n] = load_cpu_ns();
    _exit(0);
}

static void collect(const struct load *l, const struct vdc_seg *seg, const struct shared *s,
                    struct load_result *out)
{
    struct vdc_seg_stat st;

    vdc_seg_stat(seg, &st);
    out->windows = (double)st.end_t / (double)LOAD_WINDOW_PS; /* as for null messages */
    out->hub_runs = (double)st.hub_runs;
    out->wakes = (double)st.wakes;
    for (uint32_t i = 0; i <= l->n; i++) {
        out->cpu_us += (double)s->cpu_ns[i] / 1e3;
    }
    for (uint32_t i = 0; i < l->n; i++) {
        out->rx += s->rx[i];
    }
}

int load_windows(const struct load *l, struct load_result *out)
{
    struct shared *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                            -1, 0);
    struct vdc_seg *seg;
    pid_t pid[LOAD_MAX + 1];
    char path[32];
    uint64_t t0;
    enum vdc_seg_state state;
    int rc;

    *out = (struct load_result){ 0 };
    if (s == MAP_FAILED) {
        return -errno;
    }
    rc = create(l, &seg);
    if (rc < 0) {
        goto out_shared;
    }
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", vdc_seg_fd(seg));
    for (uint32_t i = 0; i < l->n + l->by_daemon; i++) {
        pid[i] = fork();
        if (pid[i] == 0) {
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (i == l->n) {
                daemon_main(l, path, s);
            }
            endpoint(l, i, path, s);
        }
    }
    while ((rc = vdc_seg_start(seg)) == -EAGAIN) {
        (void)usleep(1000);
    }
    t0 = load_wall_ns();
    do {
        state = vdc_seg_wait(seg, VDC_SEG_RUN, 100);
        if (load_wall_ns() - t0 > l->wall_ms * 1000000) {
            vdc_seg_stop_at(seg, 0);
        }
    } while (state != VDC_SEG_DONE && state != VDC_SEG_FAILED);
    out->wall_us = (double)(load_wall_ns() - t0) / 1e3;
    for (uint32_t i = 0; i < l->n + l->by_daemon; i++) {
        (void)waitpid(pid[i], NULL, 0);
    }
    collect(l, seg, s, out);
    rc = state == VDC_SEG_DONE ? 0 : -EIO;
    vdc_seg_close(seg);
out_shared:
    (void)munmap(s, sizeof(*s));
    return rc;
}
