/* SPDX-License-Identifier: MIT */
/* The control plane of hicain-vswitchd against a model instead of a segment: requests, replies,
 * journal, replay. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "rig.h"
#include "tap.h"
#include "vswitchd.h"

#define STEP      (1000 * RIG_NS)
#define REPLY_MAX (1u << 20)

static char dir[] = "/tmp/vdc-control-XXXXXX";

/* A note that waits for the core. */
struct note {
    struct note *next;
    struct vdc_msg m; /* payload behind it */
};

struct fake {
    struct rig *rig;
    struct note *first, **last;
    bool is_full, is_over;
    uint32_t n_pause[VSWD_PAUSE_NOTE + 1]; /* by odds */
    struct vswd *core;
    sd_event *loop;
    int fd; /* a client */
    char path[128], journal[128];
    char reply[REPLY_MAX];
};

static void fake_note(void *ctx, const struct vdc_msg *m, const void *payload)
{
    struct fake *f = ctx;
    struct note *n = malloc(sizeof(*n) + m->len);

    assert(n);
    n->next = NULL;
    n->m = *m;
    memcpy(&n->m + 1, payload, m->len);
    *f->last = n;
    f->last = &n->next;
}

static int fake_send(void *ctx, const struct vdc_msg *m, const void *payload)
{
    struct fake *f = ctx;
    struct vdc_hiswitch_cmd cmd;

    if (f->is_full || f->is_over) {
        return f->is_over ? -ESHUTDOWN : -ENOSPC;
    }
    assert(m->len == sizeof(cmd));
    memcpy(&cmd, payload, sizeof(cmd));
    rig_cmd_put(f->rig, f->rig->now, &cmd, m->user);
    return 0;
}

static const struct vdc_msg *fake_peek(void *ctx)
{
    struct fake *f = ctx;

    return f->first ? &f->first->m : NULL;
}

static void fake_pop(void *ctx)
{
    struct fake *f = ctx;
    struct note *n = f->first;

    f->first = n->next;
    if (!f->first) {
        f->last = &f->first;
    }
    free(n);
}

static void fake_pause(void *ctx, uint32_t odds)
{
    struct fake *f = ctx;

    assert(odds > 0 && odds <= VSWD_PAUSE_NOTE);
    f->n_pause[odds]++;
}

static int client_new(const struct fake *f)
{
    struct sockaddr_un sa = { .sun_family = AF_UNIX };
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    memcpy(sa.sun_path, f->path, strlen(f->path) + 1);
    assert(fd >= 0);
    if (connect(fd, (const struct sockaddr *)&sa, sizeof(sa)) < 0) {
        perror("connect");
        exit(99);
    }
    return fd;
}

static void turn(struct fake *f)
{
    for (int i = 0; i < 4; i++) {
        (void)sd_event_run(f->loop, 0);
    }
}

static struct fake *fake_new(const char *name, const char *replay, int want_rc)
{
    static const struct vswd_hub ops = { .send = fake_send, .peek = fake_peek, .pop = fake_pop };
    static struct vswd_hub hub;
    struct vdc_hiswitch_cfg *cfg = malloc(sizeof(*cfg));
    struct fake *f = calloc(1, sizeof(*f));
    int rc;

    assert(cfg && f);
    vdc_hiswitch_cfg_default(cfg, 1, 4, 7);
    cfg->is_checked = 1;
    f->rig = rig_new(cfg);
    free(cfg);
    rig_hello(f->rig, 506720);
    f->last = &f->first;
    f->rig->on_note = fake_note;
    f->rig->note_ctx = f;
    assert(sd_event_new(&f->loop) >= 0);
    (void)snprintf(f->path, sizeof(f->path), "%s/%s.sock", dir, name);
    (void)snprintf(f->journal, sizeof(f->journal), "%s/%s.log", dir, name);
    hub = ops;
    hub.ctx = f;
    rc = vswd_new(&(struct vswd_cfg){ .hub = &hub,
                                      .loop = f->loop,
                                      .name = "sw0",
                                      .journal = f->journal,
                                      .capture_dir = dir,
                                      .replay = replay,
                                      .pause = fake_pause,
                                      .pause_ctx = f },
                  &f->core);
    CHECK_EQ(rc, want_rc);
    if (rc == 0) {
        assert(vswd_listen(f->core, f->path) == 0);
        f->fd = client_new(f);
        turn(f);
    }
    return f;
}

static void fake_free(struct fake *f)
{
    vswd_free(f->core);
    while (f->first) {
        fake_pop(f);
    }
    if (f->fd > 0) {
        (void)close(f->fd);
    }
    sd_event_unref(f->loop);
    rig_free(f->rig);
    free(f);
}

/* Lines that are there now, joined. */
static const char *lines(struct fake *f, int fd)
{
    ssize_t n;
    size_t at = 0;

    turn(f);
    while ((n = recv(fd, f->reply + at, sizeof(f->reply) - 1 - at, MSG_DONTWAIT)) > 0) {
        at += (size_t)n;
        turn(f);
    }
    f->reply[at] = '\0';
    return f->reply;
}

static void tell(struct fake *f, int fd, const char *line)
{
    assert(send(fd, line, strlen(line), 0) == (ssize_t)strlen(line));
    assert(send(fd, "\n", 1, 0) == 1);
    turn(f);
}

static void advance(struct fake *f, vtime_t to)
{
    rig_run(f->rig, to);
    CHECK_EQ(vswd_drain(f->core), 0);
    turn(f);
}

/* The reply without its newline. Large answers take one step per page. */
static const char *ask(struct fake *f, const char *line)
{
    tell(f, f->fd, line);
    advance(f, f->rig->now + STEP);
    (void)lines(f, f->fd);
    f->reply[strcspn(f->reply, "\n")] = '\0';
    return f->reply;
}

/* The macro prints what it checks by asking again: ask once. */
static void expect(struct fake *f, const char *line, const char *want)
{
    const char *got = ask(f, line);

    CHECK_STR(got, want);
}

static const struct {
    const char *ask, *reply;
} script[] = {
    { "{\"id\":1,\"cmd\":\"hello\"}",
      "{\"id\":1,\"ok\":true,\"vt\":1000000,\"result\":{\"version\":\"0.1.0\",\"name\":\"switch\","
      "\"switch\":1,"
      "\"ports\":4,\"seed\":\"0x0000000000000007\",\"buffer\":33554432,\"fwd_latency\":300000,"
      "\"aging\":300000000000000}}" },
    { "{\"id\":2,\"cmd\":\"port.set\",\"port\":1,\"pvid\":9,\"filter\":true}",
      "{\"id\":2,\"ok\":true,\"vt\":2000000,\"result\":{}}" },
    { "{\"id\":3,\"cmd\":\"vlan.set\",\"vid\":9,\"tagged\":[0,3],\"untagged\":[1]}",
      "{\"id\":3,\"ok\":true,\"vt\":3000000,\"result\":{}}" },
    { "{\"id\":4,\"cmd\":\"vlan.show\"}",
      "{\"id\":4,\"ok\":true,\"vt\":4000000,\"result\":{\"vlans\":[{\"vid\":1,\"tagged\":[],"
      "\"untagged\":[0,1,2,3]},"
      "{\"vid\":9,\"tagged\":[0,3],\"untagged\":[1]}]}}" },
    { "{\"id\":5,\"cmd\":\"fdb.add\",\"vid\":9,\"mac\":\"02:00:00:00:00:07\",\"port\":3}",
      "{\"id\":5,\"ok\":true,\"vt\":5000000,\"result\":{}}" },
    { "{\"id\":6,\"cmd\":\"fdb.show\"}", "{\"id\":6,\"ok\":true,\"vt\":6000000,\"result\":{\"fdb\":"
                                         "[{\"vid\":9,\"mac\":\"02:00:00:00:00:07\",\"port\":3,"
                                         "\"static\":true,\"seen\":5000000}]}}" },
    { "{\"id\":7,\"cmd\":\"fdb.del\",\"vid\":9,\"mac\":\"02:00:00:00:00:08\"}",
      "{\"id\":7,\"ok\":false,\"err\":\"ENOENT\",\"field\":\"mac\",\"msg\":\"no such mac\"}" },
    { "{\"id\":8,\"cmd\":\"port.set\",\"port\":4,\"state\":\"up\"}",
      "{\"id\":8,\"ok\":false,\"err\":\"ERANGE\",\"field\":\"port\",\"msg\":\"'port' is out of "
      "range\","
      "\"allowed\":[0,3]}" },
    { "{\"id\":9,\"cmd\":\"port.set\",\"port\":1,\"pvid\":4095}",
      "{\"id\":9,\"ok\":false,\"err\":\"ERANGE\",\"field\":\"pvid\",\"msg\":\"'pvid' is "
      "4095\",\"allowed\":[1,4094]}" },
    { "{\"id\":10,\"cmd\":\"port.set\",\"port\":1,\"color\":2}",
      "{\"id\":10,\"ok\":false,\"err\":\"EARG\",\"field\":\"color\",\"msg\":\"unknown key "
      "'color'\"}" },
    { "{\"id\":11,\"cmd\":\"port.set\",\"port\":1,\"mode\":\"ib\"}",
      "{\"id\":11,\"ok\":false,\"err\":\"EARG\",\"field\":\"mode\",\"msg\":\"'mode' is not allowed "
      "here\"}" },
    { "{\"id\":12,\"cmd\":\"reboot\"}", "{\"id\":12,\"ok\":false,\"err\":\"ENOCMD\",\"field\":"
                                        "\"cmd\",\"msg\":\"no command 'reboot'\"}" },
    { "{\"cmd\":\"hello\"}",
      "{\"id\":null,\"ok\":false,\"err\":\"EARG\",\"field\":\"id\",\"msg\":\"'id' is missing\"}" },
    { "{\"id\":13,\"id\":14,\"cmd\":\"hello\"}",
      "{\"id\":null,\"ok\":false,\"err\":\"EPARSE\",\"field\":\"\","
      "\"msg\":\"column 13: duplicate object key near '\\\"id\\\"'\"}" },
    { "[1]", "{\"id\":null,\"ok\":false,\"err\":\"EPARSE\",\"field\":\"\",\"msg\":\"a request is "
             "one JSON object\"}" },
    { "{\"id\":15,\"cmd\":\"qos.set\",\"port\":0,\"tsa\":[\"ets\",\"ets\",\"strict\",\"strict\","
      "\"strict\",\"strict\","
      "\"strict\",\"strict\"],\"weights\":[70,20,0,0,0,0,0,0]}",
      "{\"id\":15,\"ok\":false,\"err\":\"ERANGE\",\"field\":\"weights\",\"msg\":\"'weights' is out "
      "of range\","
      "\"allowed\":[100,100]}" },
    { "{\"id\":16,\"cmd\":\"telemetry.sub\",\"interval\":\"50ns\"}",
      "{\"id\":16,\"ok\":false,\"err\":\"ERANGE\",\"field\":\"interval\",\"msg\":\"'interval' is "
      "50ns\","
      "\"allowed\":[100000,9223372036854775807]}" },
    { "{\"id\":17,\"cmd\":\"fault.set\",\"port\":0,\"loss\":1.5}",
      "{\"id\":17,\"ok\":false,\"err\":\"ERANGE\",\"field\":\"loss\",\"msg\":\"'loss' is a "
      "probability\","
      "\"allowed\":[0,1]}" },
    { "{\"id\":18,\"cmd\":\"mdb.add\",\"vid\":1,\"mac\":\"01:00:5e:00:00:05\",\"ports\":[0,2]}",
      "{\"id\":18,\"ok\":true,\"vt\":19000000,\"result\":{}}" },
    { "{\"id\":19,\"cmd\":\"mdb.show\"}", "{\"id\":19,\"ok\":true,\"vt\":20000000,\"result\":{"
                                          "\"mdb\":[{\"vid\":1,\"mac\":\"01:00:5e:00:00:05\","
                                          "\"ports\":[0,2]}]}}" },
    { "{\"id\":20,\"cmd\":\"fault.set\",\"port\":0,\"flap\":{\"down\":\"1ms\"}}",
      "{\"id\":20,\"ok\":false,\"err\":\"EARG\",\"field\":\"up\",\"msg\":\"'up' is missing\"}" },
};

static void requests(void)
{
    struct fake *f = fake_new("requests", NULL, 0);

    rig_run(f->rig, STEP);
    for (size_t i = 0; i < sizeof(script) / sizeof(script[0]); i++) {
        expect(f, script[i].ask, script[i].reply);
    }
    fake_free(f);
}

static size_t read_file(const char *path, char *to, size_t size)
{
    FILE *f = fopen(path, "r");
    size_t n;

    if (!f) {
        return 0;
    }
    n = fread(to, 1, size - 1, f);
    to[n] = '\0';
    (void)fclose(f);
    return n;
}

/* The same traffic for the live run and its replay. */
static void traffic(struct rig *r)
{
    for (uint32_t i = 0; i < 400; i++) {
        rig_send(r, i % 4, 1500000 + i * 61000,
                 &(struct rig_eth){
                     .dst = 1 + (i / 3) % 4, .src = 1 + i % 4, .len = 60 + i % 900, .fill = i });
    }
}

static void replay(void)
{
    static char text[4096], again[4096];
    struct fake *a = fake_new("live", NULL, 0);
    struct fake *b;
    char path[128];

    traffic(a->rig);
    rig_run(a->rig, 2 * STEP);
    (void)ask(a, "{\"id\":1,\"cmd\":\"fault.set\",\"port\":2,\"loss\":0.25,\"at\":\"9us\"}");
    (void)ask(a, "{\"id\":2,\"cmd\":\"port.set\",\"port\":1,\"state\":\"down\"}");
    (void)ask(a, "{\"id\":3,\"cmd\":\"vlan.del\",\"vid\":77}"); /* fails: not in the journal */
    (void)ask(a, "{\"id\":4,\"cmd\":\"port.show\"}");           /* changes nothing: neither */
    (void)ask(a, "{\"id\":5,\"cmd\":\"fdb.flush\"}");
    advance(a, 12 * STEP);
    (void)ask(a, "{\"id\":6,\"cmd\":\"port.set\",\"port\":1,\"state\":\"up\"}");
    advance(a, 40 * STEP);
    CHECK(read_file(a->journal, text, sizeof(text)) > 0);
    CHECK_STR(
        text,
        "{\"vt\":3000000,\"cmd\":{\"cmd\":\"port.set\",\"port\":1,\"state\":\"down\"},\"live\":"
        "true}\n"
        "{\"vt\":6000000,\"cmd\":{\"cmd\":\"fdb.flush\"},\"live\":true}\n"
        "{\"vt\":9000000,\"cmd\":{\"cmd\":\"fault.set\",\"port\":2,\"loss\":0.25},\"live\":true}\n"
        "{\"vt\":12000000,\"cmd\":{\"cmd\":\"port.set\",\"port\":1,\"state\":\"up\"},\"live\":true}"
        "\n");
    (void)snprintf(path, sizeof(path), "%s/replay.log", dir);
    CHECK_EQ(rename(a->journal, path), 0);

    b = fake_new("again", path, 0);
    traffic(b->rig);
    advance(b, 7 * STEP); /* another cut of time */
    advance(b, 40 * STEP);
    CHECK_EQ(rig_digest(a->rig).lo, rig_digest(b->rig).lo);
    CHECK_STR(rig_text(a->rig), rig_text(b->rig));
    /* The replay's own journal differs in the mark of live commands only. */
    CHECK(read_file(b->journal, again, sizeof(again)) > 0);
    for (char *p; (p = strstr(text, ",\"live\":true")) != NULL;) {
        memmove(p, p + 12, strlen(p + 12) + 1);
    }
    CHECK_STR(again, text);
    fake_free(a);
    fake_free(b);
}

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert(f);
    (void)fputs(text, f);
    (void)fclose(f);
}

static void bad_replay(void)
{
    static const char *const bad[] = {
        "{\"vt\":1,\"cmd\":{\"cmd\":\"hello\"}}\n{\"vt\":0,\"cmd\":{\"cmd\":\"hello\"}}\n", /* goes
                                                                                               back
                                                                                             */
        "{\"vt\":1}\n",
        "nothing\n",
        "{\"vt\":1,\"cmd\":{\"cmd\":\"port.set\",\"port\":99}}\n",
        "{\"vt\":1,\"cmd\":{\"cmd\":\"telemetry.sub\",\"interval\":\"1us\"}}\n", /* no number */
        "{\"vt\":1,\"x\":2,\"cmd\":{\"cmd\":\"hello\"}}\n",
    };
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/bad.log", dir);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct fake *f;

        write_file(path, bad[i]);
        f = fake_new("bad", path, -EINVAL);
        fake_free(f);
    }
}

/* A command that the run it comes from accepted fails now: this is not that run. */
static void replay_that_fails(void)
{
    char path[128];
    struct fake *f;

    (void)snprintf(path, sizeof(path), "%s/other.log", dir);
    write_file(path, "{\"vt\":5000000,\"cmd\":{\"cmd\":\"vlan.del\",\"vid\":77}}\n");
    f = fake_new("other", path, 0);
    rig_run(f->rig, 4 * STEP);
    CHECK_EQ(vswd_drain(f->core), 0);
    rig_run(f->rig, 6 * STEP);
    CHECK_EQ(vswd_drain(f->core), -EINVAL);
    fake_free(f);
}

static void paging(void)
{
    struct fake *f = fake_new("paging", NULL, 0);
    const char *s;
    size_t n = 0;

    for (uint32_t i = 0; i < 3000; i++) {
        rig_send(f->rig, 0, STEP + i * 7000,
                 &(struct rig_eth){ .dst = RIG_BROADCAST, .src = 1000 + i });
    }
    f->rig->is_quiet = true;
    rig_run(f->rig, 40 * STEP);
    tell(f, f->fd, "{\"id\":1,\"cmd\":\"fdb.show\"}");
    for (int i = 0; i < 4; i++) {
        advance(f, f->rig->now + STEP);
    }
    for (s = lines(f, f->fd); (s = strstr(s, "\"mac\"")) != NULL; s++) {
        n++;
    }
    CHECK_EQ(n, 3000);
    tell(f, f->fd, "{\"id\":2,\"cmd\":\"counters.show\"}");
    advance(f, f->rig->now + STEP);
    s = lines(f, f->fd);
    CHECK(strstr(s, "{\"rx_frames\":3000,") != NULL);
    CHECK(strstr(s, "\"flood\":3000,") != NULL);
    CHECK(strstr(s, "\"drop_same_port\":0") != NULL);
    CHECK(strstr(s, "\"port\":3}]}}") != NULL);
    fake_free(f);
}

static void telemetry(void)
{
    struct fake *f = fake_new("telemetry", NULL, 0);
    int other = client_new(f);
    char file[256], text[4096];

    turn(f);
    rig_run(f->rig, STEP);
    expect(f,
           "{\"id\":1,\"cmd\":\"telemetry.sub\",\"interval\":\"1us\",\"ports\":[0],"
           "\"fields\":[\"tx\"]}",
           "{\"id\":1,\"ok\":true,\"vt\":1000000,\"result\":{\"sub\":1}}");
    tell(f, other,
         "{\"id\":2,\"cmd\":\"telemetry.sub\",\"interval\":\"2us\",\"ports\":[1],\"sink\":\"s."
         "jsonl\"}");
    advance(f, 3 * STEP + 1);
    (void)lines(f, other);
    CHECK_STR(f->reply, "{\"id\":2,\"ok\":true,\"vt\":2000000,\"result\":{\"sub\":2}}\n");
    (void)lines(f, f->fd);
    CHECK_STR(f->reply, "{\"t\":2000000,\"sw\":\"sw0\",\"port\":0,\"tx\":0,\"sub\":1}\n"
                        "{\"t\":3000000,\"sw\":\"sw0\",\"port\":0,\"tx\":0,\"sub\":1}\n");
    (void)close(other); /* a file goes on without its client */
    turn(f);
    (void)ask(f, "{\"id\":3,\"cmd\":\"port.set\",\"port\":2,\"state\":\"down\"}");
    (void)ask(f, "{\"id\":4,\"cmd\":\"telemetry.unsub\",\"sub\":2}");
    (void)ask(f, "{\"id\":5,\"cmd\":\"telemetry.unsub\",\"sub\":1}");
    (void)ask(f, "{\"id\":6,\"cmd\":\"telemetry.unsub\",\"sub\":1}");
    CHECK(strstr(f->reply, "\"err\":\"ENOENT\",\"field\":\"sub\"") != NULL);
    CHECK_EQ(vswd_finish(f->core), 0);
    (void)snprintf(file, sizeof(file), "%s/s.jsonl", dir);
    (void)read_file(file, text, sizeof(text));
    CHECK_STR(text, "{\"t\":3000001,\"sw\":\"sw0\",\"port\":2,\"ev\":\"link\",\"link\":\"down\","
                    "\"reason\":\"admin\"}\n"
                    "{\"t\":4000000,\"sw\":\"sw0\",\"port\":1,\"q\":[0,0,0,0,0,0,0,0],\"tx\":0,"
                    "\"rx\":0,\"shared\":0,"
                    "\"drop\":0}\n");
    fake_free(f);
}

/* A client that does not read loses samples, knows how many, and costs the model nothing. */
static void slow_client(void)
{
    struct fake *f = fake_new("slow", NULL, 0);
    const char *s;

    rig_run(f->rig, STEP);
    (void)ask(f, "{\"id\":1,\"cmd\":\"telemetry.sub\",\"interval\":\"100ns\"}");
    advance(f, 4000 * STEP);
    s = lines(f, f->fd);
    CHECK(strstr(s, "\"skipped\"") == NULL);
    advance(f, 4001 * STEP);
    s = lines(f, f->fd);
    CHECK(strstr(s, "\"skipped\":") != NULL);
    fake_free(f);
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Blocks of a type in a pcapng file; 0 if the file is broken. */
static uint32_t blocks(const uint8_t *p, size_t n, uint32_t type)
{
    uint32_t found = 0;
    size_t at = 0;

    while (at + 12 <= n) {
        const uint32_t len = get32(p + at + 4);

        if (len < 12 || at + len > n || get32(p + at + len - 4) != len) {
            return 0;
        }
        found += get32(p + at) == type;
        at += len;
    }
    return at == n ? found : 0;
}

static void capture(void)
{
    static char file[65536];
    struct fake *f = fake_new("capture", NULL, 0);
    char path[160];
    size_t n;

    rig_run(f->rig, STEP);
    CHECK(strstr(ask(f, "{\"id\":1,\"cmd\":\"capture.start\",\"port\":0,\"path\":\"c.pcapng\"}"),
                 "\"ok\":true"));
    CHECK(strstr(
        ask(f,
            "{\"id\":2,\"cmd\":\"capture.start\",\"port\":1,\"dir\":\"tx\",\"path\":\"c.pcapng\"}"),
        "\"ok\":true"));
    CHECK(strstr(ask(f, "{\"id\":3,\"cmd\":\"capture.start\",\"port\":1}"), "EBUSY"));
    CHECK(strstr(ask(f, "{\"id\":4,\"cmd\":\"capture.start\",\"port\":2,\"path\":\"/nowhere/x\"}"),
                 "EPERM"));
    rig_send(f->rig, 0, 8 * STEP, &(struct rig_eth){ .dst = RIG_BROADCAST, .src = 1, .len = 61 });
    rig_send(f->rig, 1, 9 * STEP, &(struct rig_eth){ .dst = 1, .src = 2 });
    advance(f, 12 * STEP);
    CHECK(strstr(ask(f, "{\"id\":5,\"cmd\":\"capture.stop\",\"port\":0}"), "\"ok\":true"));
    rig_send(f->rig, 0, 20 * STEP, &(struct rig_eth){ .dst = 2, .src = 1 });
    advance(f, 30 * STEP);
    CHECK_EQ(vswd_finish(f->core), 0);
    (void)snprintf(path, sizeof(path), "%s/c.pcapng", dir);
    n = read_file(path, file, sizeof(file));
    CHECK_EQ(blocks((const uint8_t *)file, n, 0x0a0d0d0a), 1);
    CHECK_EQ(blocks((const uint8_t *)file, n, 1), 2);
    CHECK_EQ(blocks((const uint8_t *)file, n, 6),
             4); /* rx, flood copy, answer to port 0, tx to port 1 */
    fake_free(f);
}

static void clients(void)
{
    static char line[VSWD_LINE_MAX + 16];
    struct fake *f = fake_new("clients", NULL, 0);
    int fd[VSWD_CLIENTS_MAX];

    for (uint32_t i = 0; i < VSWD_CLIENTS_MAX; i++) { /* one is there already */
        fd[i] = client_new(f);
        turn(f);
    }
    CHECK(strstr(lines(f, fd[VSWD_CLIENTS_MAX - 1]), "too many clients") != NULL);
    for (uint32_t i = 0; i < VSWD_CLIENTS_MAX; i++) {
        (void)close(fd[i]);
    }
    turn(f);
    turn(f);
    turn(f);
    turn(f);
    memset(line, ' ', sizeof(line));
    for (size_t at = 0; at < VSWD_LINE_MAX;) {
        const ssize_t n = send(f->fd, line + at, VSWD_LINE_MAX - at, MSG_DONTWAIT);

        at += n > 0 ? (size_t)n : 0;
        turn(f);
    }
    CHECK(strstr(lines(f, f->fd), "a line is too long") != NULL);
    (void)close(f->fd);
    f->fd = client_new(f);
    turn(f);
    rig_run(f->rig, STEP);
    CHECK(strstr(ask(f, "{\"id\":1,\"cmd\":\"hello\"}"), "\"ok\":true") != NULL);

    f->is_full = true; /* commands wait for room in the ring */
    (void)ask(f, "{\"id\":2,\"cmd\":\"digest\"}");
    CHECK_STR(f->reply, "");
    f->is_full = false;
    CHECK_EQ(vswd_drain(f->core), 0);
    advance(f, f->rig->now + STEP);
    CHECK(strstr(lines(f, f->fd), "{\"id\":2,\"ok\":true,") != NULL);

    tell(f, f->fd, "{\"id\":3,\"cmd\":\"fdb.flush\",\"at\":\"5s\"}"); /* never comes */
    f->is_over = true;
    CHECK_EQ(vswd_finish(f->core), 0);
    CHECK_STR(
        lines(f, f->fd),
        "{\"id\":3,\"ok\":false,\"err\":\"EBUSY\",\"field\":\"\",\"msg\":\"the run is over\"}\n");
    fake_free(f);
}

/* A row of every kind that the script above does not show, as tools read it: members in order. */
static void rows(void)
{
    static const struct {
        const char *ask, *reply;
    } want[] = {
        { "{\"id\":5,\"cmd\":\"port.show\",\"port\":1}",
          "{\"id\":5,\"ok\":true,\"vt\":103000000,\"result\":{\"ports\":[{\"port\":1,\"id\":"
          "33554689,\"p"
          "eer\":0,\"state\":\"up\",\"link\":\"up\",\"reason\":\"none\",\"since\":506721,\"mode\":"
          "\"auto\",\""
          "peer_mode\":\"eth\",\"rate\":100000000000,\"latency\":500000,\"mtu\":4200,\"peer_rate\":"
          "1"
          "00000000000,\"peer_latency\":500000,\"peer_mtu\":4200,\"pvid\":1,\"filter\":false,\"lea"
          "rn\":true,\"capture_rx\":false,\"capture_tx\":false,\"loss\":0.25,\"corrupt\":0.0}]}}" },
        { "{\"id\":5,\"cmd\":\"mdb.show\"}", "{\"id\":5,\"ok\":true,\"vt\":104000000,\"result\":{"
                                             "\"mdb\":[{\"vid\":1,\"mac\":\"01:00:5e:00:"
                                             "00:07\",\"ports\":[0,2]}]}}" },
        { "{\"id\":5,\"cmd\":\"qos.show\",\"port\":1}",
          "{\"id\":5,\"ok\":true,\"vt\":105000000,\"result\":{\"ports\":[{\"trust\":\"dscp\","
          "\"prio\":0,\""
          "pcp_prio\":[0,1,2,3,4,5,6,7],\"dscp_prio\":[0,0,0,0,0,0,0,0,1,1,1,1,1,1,1,1,2,2,2"
          ",2,2,2,2,2,3,3,3,3,3,3,3,3,4,4,4,4,4,4,4,4,5,5,5,5,5,5,5,5,6,6,6,6,6,6,6,6,7,7"
          ",7,7,7,7,7,7],\"prio_tc\":[0,1,2,3,4,5,6,7],\"tsa\":[\"strict\",\"strict\",\"strict\","
          "\"s"
          "trict\",\"strict\",\"strict\",\"strict\",\"strict\"],\"weights\":[0,0,0,0,0,0,0,0],"
          "\"maxra"
          "te\":[0,5,0,0,0,0,0,9],\"port\":1}]}}" },
        { "{\"id\":5,\"cmd\":\"queues.show\",\"port\":0}",
          "{\"id\":5,\"ok\":true,\"vt\":106000000,\"result\":{\"ports\":[{\"port\":0,\"shared\":0,"
          "\"ingr"
          "ess\":0,\"busy_until\":3307720,\"bytes\":[0,0,0,0,0,0,0,0],\"frames\":[0,0,0,0,0,0,0,"
          "0]}]}}" },
        { "{\"id\":5,\"cmd\":\"counters.show\",\"port\":2}",
          "{\"id\":5,\"ok\":true,\"vt\":107000000,\"result\":{\"ports\":[{\"rx_frames\":0,\"rx_"
          "bytes\":"
          "0,\"tx_frames\":1,\"tx_bytes\":60,\"rx_prio0_frames\":0,\"rx_prio1_frames\":0,\"rx_prio"
          "2_frames\":0,\"rx_prio3_frames\":0,\"rx_prio4_frames\":0,\"rx_prio5_frames\":0,\"rx_pr"
          "io6_frames\":0,\"rx_prio7_frames\":0,\"rx_prio0_bytes\":0,\"rx_prio1_bytes\":0,\"rx_pr"
          "io2_bytes\":0,\"rx_prio3_bytes\":0,\"rx_prio4_bytes\":0,\"rx_prio5_bytes\":0,\"rx_prio"
          "6_bytes\":0,\"rx_prio7_bytes\":0,\"tx_prio0_frames\":1,\"tx_prio1_frames\":0,\"tx_prio"
          "2_frames\":0,\"tx_prio3_frames\":0,\"tx_prio4_frames\":0,\"tx_prio5_frames\":0,\"tx_pr"
          "io6_frames\":0,\"tx_prio7_frames\":0,\"tx_prio0_bytes\":60,\"tx_prio1_bytes\":0,\"tx_p"
          "rio2_bytes\":0,\"tx_prio3_bytes\":0,\"tx_prio4_bytes\":0,\"tx_prio5_bytes\":0,\"tx_pri"
          "o6_bytes\":0,\"tx_prio7_bytes\":0,\"q0_max\":60,\"q1_max\":0,\"q2_max\":0,\"q3_max\":0,"
          "\"q"
          "4_max\":0,\"q5_max\":0,\"q6_max\":0,\"q7_max\":0,\"drop_fcs\":0,\"drop_runt\":0,\"drop_"
          "gia"
          "nt\":0,\"drop_port_down\":0,\"drop_mode\":0,\"drop_parse\":0,\"drop_vlan_in\":0,\"drop_v"
          "lan_out\":0,\"drop_reserved\":0,\"drop_no_route\":0,\"drop_same_port\":0,\"drop_buf\":0"
          ",\"drop_egress\":0,\"drop_link_lost\":0,\"flood\":0,\"fdb_full\":0,\"tx_corrupt\":0,"
          "\"lin"
          "k_down_events\":0,\"port\":2}]}}" },
    };
    struct fake *f = fake_new("rows", NULL, 0);

    (void)ask(f, "{\"id\":1,\"cmd\":\"mdb.add\",\"vid\":1,\"mac\":\"01:00:5e:00:00:07\","
                 "\"ports\":[0,2]}");
    (void)ask(f, "{\"id\":1,\"cmd\":\"fault.set\",\"port\":1,\"loss\":0.25}");
    (void)ask(f, "{\"id\":1,\"cmd\":\"qos.set\",\"port\":1,\"trust\":\"dscp\","
                 "\"maxrate\":[0,5,0,0,0,0,0,9]}");
    rig_send(f->rig, 1, f->rig->now + 1000, &(struct rig_eth){ .dst = RIG_BROADCAST, .src = 1 });
    advance(f, f->rig->now + 100 * STEP);
    for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
        expect(f, want[i].ask, want[i].reply);
    }
    fake_free(f);
}

/* Everything the daemon does that somebody could see has a place where the perturbation may sleep.
 */
static void places_to_pause(void)
{
    struct fake *f = fake_new("pause", NULL, 0);
    uint32_t n_step = f->n_pause[VSWD_PAUSE_STEP];

    CHECK(n_step >= 2); /* replay, socket */
    CHECK_EQ(f->n_pause[VSWD_PAUSE_NOTE], 0);
    (void)ask(f, "{\"id\":1,\"cmd\":\"hello\"}");
    CHECK_EQ(f->n_pause[VSWD_PAUSE_STEP] - n_step, 3); /* request, hub, answer */
    CHECK(f->n_pause[VSWD_PAUSE_NOTE] >= 2);           /* around the reply */
    n_step = f->n_pause[VSWD_PAUSE_STEP];
    (void)ask(f, "{\"id\":2,\"cmd\":\"port.set\",\"port\":1,\"pvid\":9}");
    CHECK_EQ(f->n_pause[VSWD_PAUSE_STEP] - n_step, 5); /* and around the journal */
    n_step = f->n_pause[VSWD_PAUSE_STEP];
    CHECK_EQ(vswd_finish(f->core), 0);
    CHECK_EQ(f->n_pause[VSWD_PAUSE_STEP] - n_step, 2); /* last notes, files */
    fake_free(f);
}

static const struct tap_case cases[] = {
    { "requests and exact replies", requests },
    { "a journal repeats the run", replay },
    { "bad journals are refused", bad_replay },
    { "a replayed command that fails is an error", replay_that_fails },
    { "long answers come whole", paging },
    { "telemetry to socket and file", telemetry },
    { "a slow client loses samples only", slow_client },
    { "captures", capture },
    { "limits, full ring, end of the run", clients },
    { "places to pause", places_to_pause },
    { "rows of every kind", rows },
};

int main(void)
{
    int rc;
    char cmd[64];

    if (!mkdtemp(dir)) {
        perror("mkdtemp");
        return 99;
    }
    rc = tap_run(cases, (int)(sizeof(cases) / sizeof(cases[0])));
    (void)snprintf(cmd, sizeof(cmd), "rm -r %s", dir);
    return system(cmd) == 0 ? rc : 99;
}
