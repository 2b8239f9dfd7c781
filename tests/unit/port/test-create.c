/* SPDX-License-Identifier: MIT */
/* Creation of the segment: what is refused and why, permissions, reopening, failure, layout. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mapping.h"
#include "testhub.h"
#include "vdc/hubctl.h"
#include "vdc/task.h"

static const struct vdc_model_ops *const ops[] = { &testhub_ops };
static uint32_t n_test, n_failed;

static void check(bool ok, const char *name, const char *detail)
{
    n_test++;
    n_failed += !ok;
    (void)printf("%s %u - %s%s%s\n", ok ? "ok" : "not ok", n_test, name, ok ? "" : ": ",
                 ok ? "" : detail);
}

struct parts {
    struct vdc_seg_task_cfg task[2];
    struct vdc_seg_port_cfg port[2];
    struct vdc_seg_hub_cfg hub;
    struct testhub_cfg blob;
    struct vdc_seg_cfg cfg;
};

static void fill(struct parts *p)
{
    *p = (struct parts){
        .task = { { .name = "a", .kind = VDC_SEG_GUEST, .react_ps = 1000 },
                  { .name = "b", .react_ps = 1000 } },
        .port = { { .task = 0,
                    .hub_port = 0,
                    .id_up = 1,
                    .id_down = 11,
                    .out_ps = 5000,
                    .in_ps = 6000 },
                  { .task = 1,
                    .hub_port = 1,
                    .id_up = 2,
                    .id_down = 12,
                    .out_ps = 5000,
                    .in_ps = 6000 } },
        .hub = { .name = "h", .n_port = 2, .blob_len = sizeof(struct testhub_cfg), .fwd_ps = 1000 },
        .blob = { .n_port = 2, .fwd_ps = 1000, .route = { 0, 1 }, .trap_t = VTIME_NEVER },
        .cfg = { .seed = 42,
                 .stop = VTIME_NEVER,
                 .digest_every = 1000000,
                 .n_task = 2,
                 .n_port = 2,
                 .n_hub = 1 },
    };
    p->hub.blob = &p->blob;
    p->cfg.task = p->task;
    p->cfg.port = p->port;
    p->cfg.hub = &p->hub;
}

typedef void change_fn(struct parts *p);

static void no_task(struct parts *p)
{
    p->cfg.n_task = 0;
}
static void many_tasks(struct parts *p)
{
    p->cfg.n_task = 65;
}
static void no_name(struct parts *p)
{
    p->task[1].name = "";
}
static void same_name(struct parts *p)
{
    p->task[1].name = "a";
}
static void long_name(struct parts *p)
{
    p->task[0].name = "a-name-that-is-far-too-long-for-it";
}
static void no_react(struct parts *p)
{
    p->task[0].react_ps = 0;
}
static void no_model(struct parts *p)
{
    p->hub.ops = 1;
}
static void bad_blob(struct parts *p)
{
    p->blob.n_port = 0;
}
static void bad_port(struct parts *p)
{
    p->port[1].hub_port = 2;
}
static void same_port(struct parts *p)
{
    p->port[1].hub_port = 0;
}
static void small_ring(struct parts *p)
{
    p->port[0].ring_bytes = 131072;
}
static void odd_ring(struct parts *p)
{
    p->port[0].ring_bytes = 300000;
}
static void no_latency(struct parts *p)
{
    p->port[0].out_ps = 0;
    p->port[1].in_ps = 0;
}
static void short_in(struct parts *p)
{
    p->port[0].in_ps = 900;
}
static void odd_digest(struct parts *p)
{
    p->cfg.digest_every = 1500;
}
static void long_stop(struct parts *p)
{
    p->cfg.stop = VDC_SEG_STOP_MAX + 1000;
}
static void no_quantum(struct parts *p)
{
    p->cfg.mode = VDC_SEG_QUANTIZED;
}
static void long_quantum(struct parts *p)
{
    p->cfg.mode = VDC_SEG_QUANTIZED;
    p->cfg.quantum = 2 * VTIME_PS_PER_MS;
}

static void test_refused(void)
{
    static const struct {
        const char *name;
        change_fn *change;
        const char *text;
    } cases[] = {
        { "no task", no_task, "one task" },
        { "65 tasks", many_tasks, "65 tasks" },
        { "no name", no_name, "task 1: name" },
        { "a name twice", same_name, "is taken" },
        { "a long name", long_name, "task 0: name" },
        { "no reaction time", no_react, "task a: react_ps" },
        { "a model that is not there", no_model, "hub h: model 1" },
        { "a configuration that the model refuses", bad_blob, "refuses the configuration" },
        { "a hub port that is not there", bad_port, "port 1" },
        { "a hub port twice", same_port, "is taken" },
        { "a small ring", small_ring, "131072" },
        { "a ring that is no power of two", odd_ring, "300000" },
        { "no latency", no_latency, "" },
        { "in_ps below fwd_ps", short_in, "" },
        { "digest_every not in whole ns", odd_digest, "whole ns" },
        { "stop beyond 100 days", long_stop, "100 days" },
        { "quantized without quantum", no_quantum, "quantum" },
        { "quantum above 1 ms", long_quantum, "quantum" },
    };
    char err[VDC_SEG_TEXT_MAX];
    struct vdc_seg *seg;
    struct parts p;

    for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int rc;

        fill(&p);
        cases[i].change(&p);
        rc = vdc_seg_create(NULL, &p.cfg, ops, 1, &seg, err);
        check(rc == -EINVAL && err[0] != '\0' && strstr(err, cases[i].text), cases[i].name, err);
        if (rc == 0) {
            vdc_seg_close(seg);
        }
    }
}

static void test_file(void)
{
    char dir[] = "/tmp/vdc-seg-XXXXXX";
    char path[64], err[VDC_SEG_TEXT_MAX];
    struct vdc_seg *seg, *again;
    struct stat st;
    struct parts p;
    int rc, fd;

    if (!mkdtemp(dir)) {
        abort();
    }
    (void)snprintf(path, sizeof(path), "%s/seg", dir);
    fill(&p);
    rc = vdc_seg_create(path, &p.cfg, ops, 1, &seg, err);
    check(rc == 0, "a file is created", err);
    check(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600, "mode 0600", "");
    check(vdc_seg_create(path, &p.cfg, ops, 1, &again, err) == -EEXIST, "not over an existing one",
          "");
    check(vdc_seg_open(path, NULL, 0, &again) == 0, "it opens", "");
    check(again->hdr->seed == 42 && vdc_seg_state(again) == VDC_SEG_BOOT, "with its content", "");
    again->hdr->abi = 99;
    vdc_seg_close(again);
    check(vdc_seg_open(path, NULL, 0, &again) == -EPROTO, "another ABI is refused", "");
    vdc_seg_close(seg);
    fd = open(path, O_RDWR | O_TRUNC);
    check(fd >= 0 && ftruncate(fd, 8192) == 0 && vdc_seg_open(path, NULL, 0, &again) == -EPROTO,
          "zeros are not a segment", "");
    (void)close(fd);
    (void)unlink(path);
    (void)rmdir(dir);
}

static void test_life(void)
{
    char path[64], err[VDC_SEG_TEXT_MAX];
    struct vdc_seg_failure f;
    struct vdc_seg_holder h;
    struct vdc_seg *seg;
    struct vdc_task *t, *t2;
    struct vdc_hubctl *c;
    struct parts p;

    fill(&p);
    if (vdc_seg_create(NULL, &p.cfg, ops, 1, &seg, err) < 0) {
        abort();
    }
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", vdc_seg_fd(seg));
    check(vdc_seg_start(seg) == -EAGAIN, "no start before all are parked", "");
    check(vdc_task_attach(path, 2, ops, 1, VDC_POLL_AUTO, &t) == -EINVAL, "no third task", "");
    check(vdc_task_attach(path, 0, NULL, 0, VDC_POLL_AUTO, &t) == -EINVAL,
          "a completer needs the models", "");
    check(vdc_task_attach(path, 0, ops, 1, VDC_POLL_AUTO, &t) == 0, "attach", "");
    check(vdc_task_attach(path, 0, ops, 1, VDC_POLL_AUTO, &t2) == -EBUSY, "not twice", "");
    check(vdc_task_n_ports(t) == 1 && vdc_task_port_id(t, 0) == 1 && vdc_task_seed(t) == 42,
          "what a task knows", "");
    check(vdc_hubctl_attach(path, 1, NULL, 0, &c) == -EINVAL, "no second hub", "");
    check(vdc_seg_failure(seg, &f) == -EAGAIN, "not failed", "");
    vdc_seg_holder(seg, &h);
    check(h.hold == VDC_HOLD_NOBODY, "nobody holds up what does not run", "");
    check(vdc_seg_fail(seg, 1, -EIO, 77, "first"), "the first failure wins", "");
    check(!vdc_seg_fail(seg, 0, -EPERM, 78, "second"), "the second does not", "");
    check(vdc_seg_failure(seg, &f) == 0 && f.who == 1 && f.code == -EIO && f.vt == 77 &&
              strcmp(f.text, "first") == 0,
          "its text is kept", f.text);
    check(vdc_task_park(t) == -ECANCELED, "parking in a failed run returns", "");
    check(vdc_seg_start(seg) == -EALREADY, "a failed run does not start", "");
    vdc_task_detach(t);
    vdc_task_detach(NULL);
    vdc_seg_close(seg);
    vdc_seg_close(NULL);
}

int main(void)
{
    test_refused();
    test_file();
    test_life();
    (void)printf("1..%u\n", n_test);
    return n_failed != 0;
}
