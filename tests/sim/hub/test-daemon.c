/* SPDX-License-Identifier: MIT */
/* hicain-vswitchd beside a running segment: live commands, journal, capture, end of the run. usage:
 * test-daemon PROGRAM */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"
#include "vdc/hiswitch.h"
#include "vdc/seg.h"
#include "vdc/task.h"

#define US       VTIME_PS_PER_US
#define STEP     (10 * US)
#define TRIES    3000 /* of 10 ms */
#define TEXT_MAX 65536

static const struct vdc_model_ops *const ops[] = { &vdc_hiswitch_ops };
static struct vdc_hiswitch_cfg hub;
static char dir[] = "/tmp/vdc-daemon-XXXXXX";
static const char *program;

static char *in_dir(const char *name)
{
    static char path[8][128];
    static unsigned int n;
    char *p = path[n++ % 8];

    (void)snprintf(p, sizeof(path[0]), "%s/%s", dir, name);
    return p;
}

/* A pack with both ends of the switch: hello, then a frame every 10 us from port 0 to port 1 for
 * ever. */
struct talker {
    pthread_t thread;
    struct vdc_task *task;
    uint64_t n_received;
    int rc;
};

static void put(struct vdc_task *t, uint32_t port, uint64_t *seq, uint16_t type, vtime_t now,
                const void *p, uint32_t n)
{
    const struct vdc_msg m = { .t = now + 506720,
                               .seq = (*seq)++,
                               .port = vdc_task_port_id(t, port),
                               .type = type,
                               .len = n,
                               .depart = now,
                               .wire_len = n };

    (void)vdc_task_send(t, port, &m, p);
}

static void *talk(void *arg)
{
    struct talker *x = arg;
    struct vdc_task *t = x->task;
    uint64_t seq[2] = { 0 };
    uint8_t frame[60] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5 };
    struct vdc_task_arrival a = { 0 };
    vtime_t next = STEP;
    vtime_t limit = 0;

    x->rc = vdc_task_park(t);
    for (uint32_t p = 0; x->rc == 0 && p < 2; p++) {
        const struct vdc_msg_link l = {
            .is_up = 1, .mtu = 1500, .rate_bps = 100000000000, .latency_ps = 500000
        };

        put(t, p, &seq[p], VDC_MSG_LINK, 0, &l, sizeof(l));
    }
    while (x->rc == 0) {
        const vtime_t in = vdc_task_in_next(t);

        a.next = vtime_min(next, in);
        a.send = next; /* nothing leaves but the next frame */
        x->rc = vdc_task_arrive(t, &a, &limit);
        while (x->rc == 0) {
            const vtime_t due = vdc_task_in_next(t);

            if (due <= next && due < limit) {
                for (uint32_t p = 0; p < 2; p++) {
                    const struct vdc_msg *m = vdc_task_peek(t, p);

                    if (m && m->t == due) {
                        x->n_received += m->type == VDC_MSG_ETH;
                        vdc_task_pop(t, p);
                    }
                }
            } else if (next < limit) {
                put(t, 0, &seq[0], VDC_MSG_ETH, next, frame, sizeof(frame));
                next += STEP;
            } else {
                break;
            }
            limit = vtime_min(limit, vdc_task_limit(t));
        }
        a.now = limit;
    }
    return NULL;
}

static struct vdc_seg *create(const char *path)
{
    struct vdc_seg_task_cfg task = { .name = "pack", .kind = VDC_SEG_PACK, .react_ps = 1000 };
    struct vdc_seg_port_cfg port[2];
    struct vdc_seg_hub_cfg h = { .name = "sw0",
                                 .n_port = 2,
                                 .blob = &hub,
                                 .blob_len = sizeof(hub),
                                 .fwd_ps = 300000,
                                 .note_bytes = VDC_SEG_RING_MIN };
    struct vdc_seg_cfg cfg = { .seed = 1,
                               .stop = VTIME_NEVER,
                               .n_task = 1,
                               .n_port = 2,
                               .n_hub = 1,
                               .task = &task,
                               .port = port,
                               .hub = &h };
    struct vdc_seg *seg = NULL;
    char err[VDC_SEG_TEXT_MAX] = "";

    vdc_hiswitch_cfg_default(&hub, 0, 2, 1);
    hub.port[1].flags |= VDC_HISWITCH_PORT_CAPTURE_TX;
    for (uint32_t p = 0; p < 2; p++) {
        port[p] = (struct vdc_seg_port_cfg){ .hub_port = p,
                                             .id_up = vdc_port_id(VDC_PORT_TEST, 0, p),
                                             .id_down = hub.port[p].id,
                                             .out_ps = 506720,
                                             .in_ps = vdc_hiswitch_in_ps(&hub, p) };
    }
    if (vdc_seg_create(path, &cfg, ops, 1, &seg, err) < 0) {
        printf("Bail out! %s\n", err);
        exit(99);
    }
    return seg;
}

static pid_t spawn(const char *seg, const char *replay, const char *perturb)
{
    const pid_t pid = fork();

    if (pid == 0) {
        const char *argv[] = { program,
                               "--seg",
                               seg,
                               "--hub",
                               "0",
                               "--control",
                               in_dir("control"),
                               "--journal",
                               in_dir("control.log"),
                               "--capture-dir",
                               dir,
                               "--perturb",
                               perturb,
                               replay ? "--replay" : NULL,
                               replay,
                               NULL };

        execv(program, (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    assert(pid > 0);
    return pid;
}

static int connect_to(const char *path)
{
    struct sockaddr_un sa = { .sun_family = AF_UNIX };
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert(fd >= 0);
    memcpy(sa.sun_path, path, strlen(path) + 1);
    for (int i = 0; i < TRIES; i++) {
        if (connect(fd, (const struct sockaddr *)&sa, sizeof(sa)) == 0) {
            return fd;
        }
        (void)usleep(10000);
    }
    printf("Bail out! no control socket\n");
    exit(99);
}

static const char *ask(int fd, const char *line)
{
    static char text[TEXT_MAX];
    size_t n = 0;

    if (write(fd, line, strlen(line)) != (ssize_t)strlen(line)) {
        return "";
    }
    while (n < sizeof(text) - 1 && !memchr(text, '\n', n)) {
        const ssize_t k = read(fd, text + n, sizeof(text) - 1 - n);

        if (k <= 0) {
            break;
        }
        n += (size_t)k;
    }
    text[n] = '\0';
    return text;
}

static size_t file_text(const char *path, char *to, size_t size)
{
    FILE *f = fopen(path, "r");
    size_t n = 0;

    to[0] = '\0';
    if (f) {
        n = fread(to, 1, size - 1, f);
        to[n] = '\0';
        (void)fclose(f);
    }
    return n;
}

static int exit_status(pid_t pid)
{
    int status = -1;

    assert(waitpid(pid, &status, 0) == pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* One run of the segment; `during` plays the people. Returns the daemon's exit status. */
static int run(const char *replay, const char *perturb, void (*during)(int fd), struct talker *x,
               vtime_t stop_at)
{
    const char *path = in_dir("seg");
    struct vdc_seg *seg;
    pid_t pid;
    int fd;

    (void)unlink(path);
    seg = create(path);
    pid = spawn(path, replay, perturb);
    fd = connect_to(in_dir("control")); /* it is there: replayed commands are queued */
    assert(vdc_task_attach(path, 0, ops, 1, VDC_POLL_AUTO, &x->task) == 0);
    assert(pthread_create(&x->thread, NULL, talk, x) == 0);
    while (vdc_seg_start(seg) == -EAGAIN) {
        (void)usleep(1000);
    }
    if (during) {
        during(fd);
    }
    vdc_seg_stop_at(seg, stop_at);
    (void)pthread_join(x->thread, NULL);
    CHECK_EQ(-x->rc, ESHUTDOWN);
    vdc_task_detach(x->task);
    (void)close(fd);
    vdc_seg_close(seg);
    return exit_status(pid);
}

static void talk_live(int fd)
{
    CHECK(strstr(ask(fd, "{\"id\":1,\"cmd\":\"hello\"}\n"),
                 "\"name\":\"switch\",\"switch\":0,\"ports\":2"));
    CHECK(strstr(ask(fd, "{\"id\":2,\"cmd\":\"port.set\",\"port\":1,\"state\":\"down\"}\n"),
                 "\"ok\":true"));
    CHECK(strstr(ask(fd, "{\"id\":3,\"cmd\":\"port.show\",\"port\":1}\n"), "\"reason\":\"admin\""));
    CHECK(strstr(ask(fd, "{\"id\":4,\"cmd\":\"port.set\",\"port\":1,\"state\":\"up\"}\n"),
                 "\"ok\":true"));
    CHECK(strstr(ask(fd, "{\"id\":5,\"cmd\":\"port.set\",\"port\":9,\"state\":\"up\"}\n"),
                 "\"allowed\":[0,1]"));
    /* Wait until frames flow again. */
    for (int i = 0; i < 100; i++) {
        (void)ask(fd, "{\"id\":6,\"cmd\":\"queues.show\"}\n");
    }
}

static void live(void)
{
    static char text[TEXT_MAX];
    struct talker x = { 0 };

    CHECK_EQ(run(NULL, "0", talk_live, &x, 0), 0);
    CHECK(x.n_received > 0);
    (void)file_text(in_dir("control.log"), text, sizeof(text));
    CHECK(strstr(text,
                 "\"cmd\":{\"cmd\":\"port.set\",\"port\":1,\"state\":\"down\"},\"live\":true}\n") !=
          NULL);
    CHECK(strstr(text, "\"state\":\"up\"},\"live\":true}\n") != NULL);
    CHECK_EQ(access(in_dir("control"), F_OK), -1); /* the socket is gone */
    CHECK(file_text(in_dir("sw0-p1.pcapng"), text, sizeof(text)) > 1000);
}

/* A while after the last command of a journal: how far apart they are depends on the host. */
static vtime_t behind(const char *path)
{
    static char text[TEXT_MAX];
    const char *last = NULL;

    (void)file_text(path, text, sizeof(text));
    for (const char *p = text; (p = strstr(p, "\"vt\":")) != NULL; p++) {
        last = p;
    }
    return (last ? strtoull(last + 5, NULL, 10) : 0) + VTIME_PS_PER_S / 10;
}

/* The journal of the run before, and a stop far enough behind it: replays are the same run, however
 * late the daemon is with whatever it does. */
static void again(void)
{
    static const char *const perturb[] = { "0", "0", "1", "2" };
    static char first[TEXT_MAX], other[TEXT_MAX];
    static char log[2][TEXT_MAX];
    size_t n[2];
    vtime_t stop;

    assert(rename(in_dir("control.log"), in_dir("replay.log")) == 0);
    stop = behind(in_dir("replay.log"));
    for (int i = 0; i < (int)(sizeof(perturb) / sizeof(perturb[0])); i++) {
        struct talker x = { 0 };
        const int to = i > 0;

        CHECK_EQ(run(in_dir("replay.log"), perturb[i], NULL, &x, stop), 0);
        (void)file_text(in_dir("control.log"), log[to], sizeof(log[0]));
        n[to] = file_text(in_dir("sw0-p1.pcapng"), to ? other : first, TEXT_MAX);
        CHECK_STR(log[to], log[0]);
        CHECK(n[to] == n[0] && memcmp(first, to ? other : first, n[0]) == 0);
    }
    CHECK(strstr(log[0], "\"state\":\"down\"}}\n") != NULL);
    CHECK(n[0] > 1000);
}

/* Without the capture: frames come faster than a daemon that sleeps can write them, and answers
 * come behind them. */
static void talk_late(int fd)
{
    CHECK(strstr(ask(fd, "{\"id\":1,\"cmd\":\"capture.stop\",\"port\":1}\n"), "\"ok\":true"));
    CHECK(strstr(ask(fd, "{\"id\":2,\"cmd\":\"port.set\",\"port\":1,\"state\":\"down\"}\n"),
                 "\"ok\":true"));
    CHECK(strstr(ask(fd, "{\"id\":3,\"cmd\":\"port.show\",\"port\":1}\n"), "\"reason\":\"admin\""));
    CHECK(strstr(ask(fd, "{\"id\":4,\"cmd\":\"port.set\",\"port\":1,\"state\":\"up\"}\n"),
                 "\"ok\":true"));
}

/* Live commands while the daemon is late: the journal still says what happened. */
static void late_and_live(void)
{
    static char text[TEXT_MAX];
    struct talker x = { 0 };

    CHECK_EQ(run(NULL, "3", talk_late, &x, 0), 0);
    (void)file_text(in_dir("control.log"), text, sizeof(text));
    CHECK(strstr(text, "\"state\":\"up\"},\"live\":true}\n") != NULL);
}

/* SIGTERM completes the files and ends the daemon; the run goes on without it. */
static void terminated(void)
{
    const char *path = in_dir("seg");
    struct vdc_seg *seg;
    pid_t pid;
    int fd;

    (void)unlink(path);
    seg = create(path);
    pid = spawn(path, NULL, "0");
    fd = connect_to(in_dir("control"));
    CHECK_EQ(kill(pid, SIGTERM), 0);
    CHECK_EQ(exit_status(pid), 0);
    CHECK_EQ(vdc_seg_state(seg), VDC_SEG_BOOT);
    (void)close(fd);
    vdc_seg_close(seg);
}

static void bad_usage(void)
{
    CHECK_EQ(exit_status(spawn("/nowhere", NULL, "0")), 1);
}

static const struct tap_case cases[] = {
    { "live commands, journal, capture, end of the run", live },
    { "replays are the same run, perturbed or not", again },
    { "live commands to a perturbed daemon", late_and_live },
    { "SIGTERM", terminated },
    { "no segment", bad_usage },
};

int main(int argc, char **argv)
{
    char cmd[64];
    int rc;

    if (argc != 2 || !mkdtemp(dir)) {
        (void)fprintf(stderr, "usage: %s PROGRAM\n", argv[0]);
        return 2;
    }
    program = argv[1];
    rc = tap_run(cases, (int)(sizeof(cases) / sizeof(cases[0])));
    (void)snprintf(cmd, sizeof(cmd), "rm -r %s", dir);
    return system(cmd) == 0 ? rc : 99;
}
