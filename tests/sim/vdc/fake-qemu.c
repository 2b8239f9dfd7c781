/* SPDX-License-Identifier: MIT */
/* A stand-in for QEMU: takes its command line, attaches to the segment, and plays scripted traffic
 * in virtual time. */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vdc/hiswitch.h"
#include "vdc/link.h"
#include "vdc/task.h"

/*
 * Scripts (`run:` of a workload; words separated by spaces):
 *   beacon N GAP_NS      N broadcast frames; every other node answers each; exit 0
 *   exit C               exit code C at once
 *   forever              never ends
 *   die, stop, spin      SIGKILL or SIGSTOP to itself, or an endless loop
 *   panic                a kernel panic on the console, then the guest is gone
 *   unstable             one frame whose content depends on the process id
 *   anything else        is echoed to its output; exit 0
 * and before the guest is ready:
 *   boot-fail TEXT, boot-die, boot-hang
 */

#define WORK_MAX  32
#define QUEUE_MAX 256
#define LIVE      0x8000u          /* stream numbers of live commands */
#define TX_PS     UINT64_C(100000) /* least time from a decision to a departure */
#define REACT_PS  UINT64_C(400000) /* from a frame to its answer */
#define FRAME_LEN 64u

struct work {
    uint32_t k;
    vtime_t next; /* of its next step, VTIME_NEVER when it has ended */
    char script[256];
    uint64_t n_left, gap_ps;
    bool is_started;
};

struct frame {
    vtime_t depart;
    uint8_t bytes[FRAME_LEN];
};

static struct {
    const char *seg, *job, *out, *console;
    uint32_t task, node;
    struct vdc_link_cfg link;
    struct vdc_link_tx tx;
    struct work work[WORK_MAX];
    size_t n_work, n_job, n_ended;
    int32_t status; /* of the first workload that failed */
    struct frame queue[QUEUE_MAX];
    uint32_t head, tail;
    struct vdc_task *t;
    vtime_t now;
    uint64_t seq, k;
    unsigned n_cmd;
    struct {
        uint64_t n_rx, n_tx, n_answered, n_step;
    } state; /* covered by the digest */
    struct vdc_digest stream, text, previous;
    FILE *events;
} g;

/* --- command line -------------------------------------------------------------------------------
 */

/* The value of a property in "driver,key=value,...", or NULL. Copied. */
static char *property(const char *text, const char *key)
{
    size_t len = strlen(key);
    for (const char *p = strchr(text, ','); p; p = strchr(p, ',')) {
        p++;
        if (strncmp(p, key, len) == 0 && p[len] == '=') {
            return strndup(p + len + 1, strcspn(p + len + 1, ","));
        }
    }
    return NULL;
}

static uint64_t number(const char *text, const char *key, uint64_t def)
{
    char *value = property(text, key);
    uint64_t n = value ? strtoull(value, NULL, 0) : def;
    free(value);
    return n;
}

static void read_arguments(int argc, char **argv)
{
    for (int i = 1; i + 1 < argc; i++) {
        if (strcmp(argv[i], "-device") != 0) {
            continue;
        }
        const char *d = argv[i + 1];
        if (strncmp(d, "vdc-vtime,", 10) == 0) {
            g.seg = property(d, "seg");
            g.task = (uint32_t)number(d, "task", 0);
            g.console = property(d, "console");
        } else if (strncmp(d, "vdc-agent,", 10) == 0) {
            g.job = property(d, "job");
            g.out = property(d, "out");
        } else if (strncmp(d, "hinic,", 6) == 0) {
            g.node = (uint32_t)number(d, "node", 0);
            g.link.rate_bps = number(d, "rate-bps", 0);
            g.link.latency_ps = number(d, "latency-ps", 0);
            g.link.tx_quantum_ps = number(d, "tx-quantum-ps", 1);
            g.link.wire_overhead = (uint32_t)number(d, "wire-overhead", 24);
            g.link.min_frame = (uint32_t)number(d, "min-frame", 60);
            g.link.mtu = (uint32_t)number(d, "mtu", 4200);
        }
    }
    if (!g.seg || !g.job || !g.out || !g.console || g.link.rate_bps == 0) {
        fputs("fake-qemu: vdc-vtime, vdc-agent and hinic are needed\n", stderr);
        exit(1);
    }
}

static void read_job(void)
{
    char line[512];
    FILE *f = fopen(g.job, "re");
    if (!f || !fgets(line, sizeof(line), f) || strcmp(line, "vdc-job 1\n") != 0) {
        fprintf(stderr, "fake-qemu: %s is not a job\n", g.job);
        exit(1);
    }
    while (fgets(line, sizeof(line), f)) {
        uint64_t at;
        size_t len;
        struct work w = { 0 };
        if (sscanf(line, "workload %" SCNu32 " at %" SCNu64 " len %zu", &w.k, &at, &len) != 3) {
            continue;
        }
        assert(len < sizeof(w.script) && g.n_work < WORK_MAX);
        size_t n = fread(w.script, 1, len, f);
        assert(n == len);
        w.next = vtime_max(vtime_from_ns(at), 2 * VTIME_PS_PER_US); /* the link is up by then */
        g.work[g.n_work++] = w;
    }
    g.n_job = g.n_work;
    fclose(f);
}

/* --- output -------------------------------------------------------------------------------------
 */

static void append(const char *path, const char *text)
{
    FILE *f = fopen(path, "ae");
    if (!f || fputs(text, f) < 0 || fclose(f) != 0) {
        fprintf(stderr, "fake-qemu: %s: %s\n", path, strerror(errno));
        exit(1);
    }
}

static void event(const char *text)
{
    fprintf(g.events, "%" PRIu64 " %s\n", g.now / VTIME_PS_PER_NS, text);
    fflush(g.events);
}

static void console(const char *text)
{
    append(g.console, text);
    vdc_digest_fold(&g.text, text, strlen(text));
}

static void output(const struct work *w, const char *text)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/workload-%" PRIu32 ".out", g.out, w->k);
    append(path, text);
    vdc_digest_fold(&g.text, text, strlen(text));
}

static void put_points(vtime_t until)
{
    uint64_t every = vdc_task_digest_every(g.t);
    while (every != 0 && g.k * every <= until) {
        struct vdc_digest_point p = {
            .k = g.k, .t = g.k * every, .stream = g.stream, .text = g.text
        };
        p.state = vdc_digest_bytes(&g.state, sizeof(g.state));
        vdc_digest_chain(&g.previous, &p);
        if (vdc_task_digest_put(g.t, &p) < 0) {
            return; /* the run failed: arrive will say so */
        }
        g.k++;
    }
}

/* --- traffic ------------------------------------------------------------------------------------
 */

static void set_mac(uint8_t *at, uint32_t node)
{
    uint32_t serial = node * 16 + 1;
    const uint8_t mac[6] = {
        0x02, 0x48, 0x43, (uint8_t)(serial >> 16), (uint8_t)(serial >> 8), (uint8_t)serial
    };
    memcpy(at, mac, 6);
}

static void queue_frame(vtime_t depart, const uint8_t *to, uint8_t kind, uint64_t content)
{
    assert(g.tail - g.head < QUEUE_MAX);
    struct frame *f = &g.queue[g.tail % QUEUE_MAX];
    memset(f, 0, sizeof(*f));
    if (g.tail != g.head) {
        depart = vtime_max(depart, g.queue[(g.tail - 1) % QUEUE_MAX].depart);
    }
    g.tail++;
    f->depart = depart;
    if (to) {
        memcpy(f->bytes, to, 6);
    } else {
        memset(f->bytes, 0xff, 6);
    }
    set_mac(f->bytes + 6, g.node);
    f->bytes[12] = 0x88;
    f->bytes[13] = 0xb5;
    f->bytes[14] = kind;
    memcpy(f->bytes + 16, &content, sizeof(content));
}

static void send_message(uint16_t type, vtime_t depart, vtime_t arrive, const void *payload,
                         uint32_t len)
{
    struct vdc_msg m = { .t = arrive,
                         .seq = g.seq++,
                         .port = vdc_task_port_id(g.t, 0),
                         .type = type,
                         .len = len,
                         .depart = depart,
                         .wire_len = len };
    vdc_digest_msg(&g.stream, &m, payload);
    (void)vdc_task_send(g.t, 0, &m, payload); /* the limit is read again by the caller */
}

static void transmit(void)
{
    const struct frame *f = &g.queue[g.head++ % QUEUE_MAX];
    struct vdc_link_sent s = vdc_link_send(&g.tx, &g.link, f->depart, FRAME_LEN);
    g.state.n_tx++;
    send_message(VDC_MSG_ETH, f->depart, s.arrive, f->bytes, FRAME_LEN);
}

static void hello(void)
{
    struct vdc_msg_link up = { .is_up = 1,
                               .mtu = g.link.mtu,
                               .rate_bps = g.link.rate_bps,
                               .latency_ps = g.link.latency_ps,
                               .mode = VDC_LINK_ETH };
    vtime_t arrive = vdc_link_min_ps(&g.link);
    g.tx.arrive_last = arrive;
    send_message(VDC_MSG_LINK, 0, arrive, &up, sizeof(up));
}

/* "exec ID len BYTES", LF, script, LF: one more piece of work, at once. */
static void live_command(const struct vdc_msg *m)
{
    char text[256];
    uint32_t id;
    size_t len;
    int head;
    assert(m->len < sizeof(text) && g.n_work < WORK_MAX);
    memcpy(text, vdc_msg_payload(m), m->len);
    text[m->len] = '\0';
    if (sscanf(text, "exec %" SCNu32 " len %zu%n", &id, &len, &head) != 2) {
        vdc_task_fail(g.t, -EPROTO, g.now, "a live command that is none");
        return;
    }
    struct work *w = &g.work[g.n_work++];
    *w = (struct work){ .k = LIVE | id, .next = g.now };
    memcpy(w->script, text + head + 1, len);
    snprintf(text, sizeof(text), "cmd %u %u", ++g.n_cmd, m->len);
    event(text);
}

static void receive(const struct vdc_msg *m)
{
    const uint8_t *bytes = vdc_msg_payload(m);
    g.state.n_rx++;
    if (m->type == VDC_MSG_CMD) {
        live_command(m);
        return;
    }
    if (m->type == VDC_MSG_ETH && bytes[14] == 'b') {
        g.state.n_answered++;
        queue_frame(vtime_add(g.now, REACT_PS), bytes + 6, 'a', g.state.n_answered);
    }
}

/* --- scripts ------------------------------------------------------------------------------------
 */

static void end_work(struct work *w, int32_t code)
{
    char text[64];
    snprintf(text, sizeof(text), "exit %" PRIu32 " %" PRId32, w->k, code);
    event(text);
    w->next = VTIME_NEVER;
    if (w->k >= LIVE) {
        return; /* live commands do not count */
    }
    g.status = g.status ? g.status : code;
    if (++g.n_ended == g.n_job) {
        snprintf(text, sizeof(text), "done %" PRId32, g.status);
        event(text);
        (void)vdc_task_exited(g.t, g.now, g.status);
    }
}

static void step_work(struct work *w)
{
    char text[128];
    uint64_t gap_ns;
    int code;
    g.state.n_step++;
    if (!w->is_started) {
        w->is_started = true;
        if (sscanf(w->script, "beacon %" SCNu64 " %" SCNu64, &w->n_left, &gap_ns) == 2) {
            w->gap_ps = vtime_from_ns(gap_ns);
        }
    }
    if (w->n_left > 0) {
        queue_frame(vtime_add(g.now, TX_PS), NULL, 'b', w->n_left);
        snprintf(text, sizeof(text), "beacon %" PRIu64 " at %" PRIu64 ", answers %" PRIu64 "\n",
                 w->n_left, g.now / VTIME_PS_PER_NS, g.state.n_rx);
        output(w, text);
        w->n_left--;
        w->next = vtime_add(g.now, w->gap_ps);
        return;
    }
    if (w->gap_ps > 0) {
        end_work(w, 0); /* the last beacon is out */
    } else if (sscanf(w->script, "exit %d", &code) == 1) {
        end_work(w, code);
    } else if (strcmp(w->script, "forever") == 0) {
        w->next = vtime_add(g.now, VTIME_PS_PER_MS);
    } else if (strcmp(w->script, "die") == 0) {
        (void)kill(getpid(), SIGKILL);
    } else if (strcmp(w->script, "stop") == 0) {
        (void)kill(getpid(), SIGSTOP);
        end_work(w, 0);
    } else if (strcmp(w->script, "spin") == 0) {
        for (volatile uint64_t i = 0;; i++) {
        }
    } else if (strcmp(w->script, "panic") == 0) {
        console("[    1.000000] Kernel panic - not syncing: stand-in\n");
        vdc_task_fail(g.t, -EIO, g.now, "the guest was reset (panic)");
        exit(0);
    } else if (strcmp(w->script, "unstable") == 0) {
        queue_frame(vtime_add(g.now, TX_PS), NULL, 'u', (uint64_t)getpid());
        end_work(w, 0);
    } else {
        output(w, w->script);
        output(w, "\n");
        end_work(w, 0);
    }
}

static struct work *next_work(void)
{
    struct work *first = NULL;
    for (size_t i = 0; i < g.n_work; i++) {
        if (g.work[i].next != VTIME_NEVER && (!first || g.work[i].next < first->next)) {
            first = &g.work[i];
        }
    }
    return first;
}

/* Before the ready point. */
static void boot(void)
{
    console("stand-in guest booting\n");
    for (size_t i = 0; i < g.n_work; i++) {
        const char *s = g.work[i].script;
        if (strncmp(s, "boot-fail ", 10) == 0) {
            console(s + 10);
            console("\n");
            vdc_task_fail(g.t, -EIO, 0, s + 10);
            exit(1);
        } else if (strcmp(s, "boot-die") == 0) {
            fputs("fake-qemu: cannot go on\n", stderr);
            exit(3);
        } else if (strcmp(s, "boot-hang") == 0) {
            for (;;) {
                pause();
            }
        }
    }
}

/* --- time ---------------------------------------------------------------------------------------
 */

static vtime_t own_next(void)
{
    const struct work *w = next_work();
    vtime_t t = w ? w->next : VTIME_NEVER;
    return g.head == g.tail ? t : vtime_min(t, g.queue[g.head % QUEUE_MAX].depart);
}

static vtime_t visible(const struct vdc_msg *m)
{
    return m ? vtime_from_ns(vtime_ns_ceil(m->t)) : VTIME_NEVER;
}

static void work_below_limit(void)
{
    for (;;) {
        const struct vdc_msg *m = vdc_task_peek(g.t, 0);
        vtime_t tm = visible(m);
        vtime_t ev = vtime_min(tm, own_next());
        vtime_t limit = vdc_task_limit(g.t);
        limit = limit == VTIME_NEVER ? limit : limit - limit % VTIME_PS_PER_NS;
        if (ev >= limit) {
            put_points(g.now);
            return;
        }
        put_points(ev);
        g.now = ev;
        if (tm == ev) {
            receive(m);
            vdc_task_pop(g.t, 0);
        } else if (g.head != g.tail && g.queue[g.head % QUEUE_MAX].depart == ev) {
            transmit();
        } else {
            step_work(next_work());
        }
    }
}

static int arrive(void)
{
    const struct work *w = next_work();
    vtime_t limit;
    vtime_t send = vtime_add(w ? w->next : VTIME_NEVER, TX_PS);
    if (g.head != g.tail) {
        send = vtime_min(send, g.queue[g.head % QUEUE_MAX].depart);
    }
    struct vdc_task_arrival a = { .now = g.now,
                                  .next = vtime_max(own_next(), g.now),
                                  .send = send,
                                  .events = g.state.n_rx + g.state.n_step };
    a.why = a.next == VTIME_NEVER ? VDC_WHY_IDLE : VDC_WHY_LIMIT;
    return vdc_task_arrive(g.t, &a, &limit);
}

int main(int argc, char **argv)
{
    static const struct vdc_model_ops *const ops[] = { &vdc_hiswitch_ops };
    char path[512];
    read_arguments(argc, argv);
    read_job();
    snprintf(path, sizeof(path), "%s/events.log", g.out);
    g.events = fopen(path, "we");
    int rc = vdc_task_attach(g.seg, g.task, ops, 1, VDC_POLL_AUTO, &g.t);
    if (rc < 0 || !g.events) {
        fprintf(stderr, "fake-qemu: task %" PRIu32 ": %s\n", g.task,
                strerror(rc < 0 ? -rc : errno));
        return 1;
    }
    boot();
    event("ready 1");
    g.k = 1;
    rc = vdc_task_park(g.t);
    if (rc == 0) {
        event("start");
        hello();
    }
    if (rc == 0 && g.n_work == 0) {
        event("done 0");
    }
    while (rc == 0) {
        rc = arrive();
        if (rc == 0) {
            work_below_limit();
        }
    }
    if (rc == -ESHUTDOWN) {
        put_points(vdc_task_end_t(g.t));
    }
    vdc_task_detach(g.t);
    return rc == -ESHUTDOWN ? 0 : 1;
}
