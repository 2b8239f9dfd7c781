/* SPDX-License-Identifier: MIT */
/* Requests of clients become commands, notes become replies, records and captures; the journal
 * comes first. */
#include "vswitchd.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"
#include "client.h"
#include "journal.h"
#include "render.h"
#include "sink.h"

#define PENDING_PER_CLIENT_MAX 256u
#define ROWS_MAX               (1u << 20) /* bytes of all pages of one answer */

/* A request on its way. */
struct pending {
    struct pending *next;
    uint64_t user;
    uint32_t client; /* CLIENT_NONE: a replayed or an internal one */
    bool is_replay;
    bool is_sent;
    bool is_internal; /* nobody asked: no journal, no answer */
    struct request req;
    uint8_t *rows; /* of the pages so far */
    size_t n_bytes;
    uint32_t n_rows;
};

struct vswd {
    struct vswd_cfg cfg;
    struct clients *clients;
    struct journal journal;
    struct captures captures;
    struct sinks sinks;
    struct pending *first,
        **last; /* in order of arrival: the hub answers timed ones in order of time */
    uint64_t last_user;
    bool is_over;
    int rc; /* first error that ends the daemon */
};

static void perturb(const struct vswd *d, uint32_t odds)
{
    if (d->cfg.pause) {
        d->cfg.pause(d->cfg.pause_ctx, odds);
    }
}

static void set_rc(struct vswd *d, int rc, const char *what)
{
    if (rc < 0 && d->rc == 0) {
        d->rc = rc;
        (void)fprintf(stderr, "hicain-vswitchd: %s: %s\n", what, strerror(-rc));
    }
}

static void pending_free(struct pending *p)
{
    request_clear(&p->req);
    free(p->rows);
    free(p);
}

static void pending_unlink(struct vswd *d, struct pending *p)
{
    struct pending **at = &d->first;

    while (*at != p) {
        at = &(*at)->next;
    }
    *at = p->next;
    if (!p->next) {
        d->last = at;
    }
}

static void answer(struct vswd *d, const struct pending *p, json_t *o)
{
    if (p->client == CLIENT_NONE) {
        json_decref(o);
    } else {
        perturb(d, VSWD_PAUSE_STEP);
        clients_send(d->clients, p->client, o);
    }
}

/* Ends a request with an error. */
static void refuse(struct vswd *d, struct pending *p, const struct request_error *err)
{
    if (p->is_replay) {
        (void)fprintf(stderr, "hicain-vswitchd: replayed '%s' failed: %s %s: %s\n",
                      p->req.verb->name, err->err, err->field, err->msg);
        d->rc = d->rc < 0 ? d->rc : -EINVAL;
    }
    answer(d, p, render_fail(&p->req, err));
    pending_unlink(d, p);
    pending_free(p);
}

/* Hands over what is not yet with the hub, in order. */
static void pump(struct vswd *d)
{
    struct pending *next;

    for (struct pending *p = d->first; p; p = next) {
        const struct vdc_msg m = { .type = VDC_MSG_CMD,
                                   .len = sizeof(p->req.cmd),
                                   .user = p->user };
        struct request_error err = { 0 };
        int rc;

        next = p->next;
        if (p->is_sent) {
            continue;
        }
        perturb(d, VSWD_PAUSE_STEP);
        rc = d->cfg.hub->send(d->cfg.hub->ctx, &m, &p->req.cmd);
        if (rc == -ENOSPC) {
            return;
        }
        if (rc < 0) {
            (void)request_fail(&err, "EBUSY", "", "the run is over");
            refuse(d, p, &err);
            continue;
        }
        p->is_sent = true;
    }
}

static struct pending *pending_new(struct vswd *d, const struct request *req, uint32_t client)
{
    struct pending *p = calloc(1, sizeof(*p));

    if (!p) {
        return NULL;
    }
    p->req = *req;
    p->client = client;
    p->user = ++d->last_user;
    *d->last = p;
    d->last = &p->next;
    return p;
}

static uint32_t pending_of(const struct vswd *d, uint32_t client)
{
    uint32_t n = 0;

    for (const struct pending *p = d->first; p; p = p->next) {
        n += p->client == client;
    }
    return n;
}

static bool is_sub(const struct request *r)
{
    return r->verb->op == VDC_HISWITCH_OP_SAMPLE_SET && r->cmd.u.sample.every_ps > 0;
}

static bool is_capture_start(const struct request *r)
{
    return r->verb->op == VDC_HISWITCH_OP_CAPTURE_SET &&
           (r->cmd.u.capture.is_rx || r->cmd.u.capture.is_tx);
}

/* What the shell itself must be able to do before the hub is asked. Reserves a subscription. */
static bool prepare(struct vswd *d, struct request *r, uint32_t client, struct request_error *err)
{
    if (is_sub(r)) {
        uint32_t sub = r->cmd.u.sample.sampler;
        int rc;

        if (sub == 0) {
            sub = sinks_free_sub(&d->sinks);
        }
        if (sub == 0) {
            return request_fail(err, "EFULL", "sub", "all subscriptions are taken");
        }
        rc = sinks_open(&d->sinks, sub, client, r->path, r->fields);
        if (rc < 0) {
            return request_fail(err, rc == -EBUSY ? "EBUSY" : "EPERM",
                                rc == -EBUSY ? "sub" : "sink", "%s", strerror(-rc));
        }
        r->cmd.u.sample.sampler = sub;
        (void)json_object_set_new(r->args, "sub", json_integer(sub));
    } else if (is_capture_start(r) && r->cmd.port < VDC_HISWITCH_PORTS_MAX &&
               d->captures.of_port[r->cmd.port]) {
        return request_fail(err, "EBUSY", "port", "this port is being captured");
    }
    return true;
}

static void on_line(void *ctx, uint32_t client, const char *line, size_t n)
{
    struct vswd *d = ctx;
    struct request req;
    struct request_error err;
    bool is_ok = request_parse(&req, line, n, &err);

    perturb(d, VSWD_PAUSE_STEP);
    if (is_ok && d->is_over) {
        is_ok = request_fail(&err, "EBUSY", "", "the run is over");
    }
    if (is_ok && pending_of(d, client) >= PENDING_PER_CLIENT_MAX) {
        is_ok = request_fail(&err, "EBUSY", "", "%u requests of this client are not answered yet",
                             PENDING_PER_CLIENT_MAX);
    }
    is_ok = is_ok && prepare(d, &req, client, &err);
    if (is_ok && !pending_new(d, &req, client)) {
        is_ok = request_fail(&err, "EFULL", "", "out of memory");
    }
    if (is_ok) {
        pump(d);
        return;
    }
    clients_send(d->clients, client, render_fail(&req, &err));
    request_clear(&req);
}

/* A command of our own: the hub stops to observe what nobody reads. */
static void stop_observing(struct vswd *d, const struct vdc_hiswitch_cmd *cmd)
{
    static const struct verb verb = { "stop", VDC_HISWITCH_OP_SAMPLE_SET, REQUEST_LOCAL, 0 };
    const struct request req = { .verb = &verb, .cmd = *cmd };
    struct pending *p = d->is_over ? NULL : pending_new(d, &req, CLIENT_NONE);

    if (p) {
        p->is_internal = true;
        pump(d);
    }
}

static void on_gone(void *ctx, uint32_t client)
{
    struct vswd *d = ctx;
    uint32_t sub;

    for (struct pending *p = d->first; p; p = p->next) {
        if (p->client == client) {
            p->client = CLIENT_NONE; /* it still takes effect and is journalled */
        }
    }
    while ((sub = sinks_of(&d->sinks, client)) != 0) {
        (void)sinks_close(&d->sinks, sub); /* a socket: nothing to lose */
        stop_observing(d, &(struct vdc_hiswitch_cmd){ .op = VDC_HISWITCH_OP_SAMPLE_SET,
                                                      .u.sample.sampler = sub });
    }
}

/* The shell's part of a command that has just taken effect. */
static bool carry_out(struct vswd *d, const struct pending *p, struct request_error *err)
{
    const struct request *r = &p->req;
    int rc = 0;

    if (is_capture_start(r)) {
        rc = captures_start(&d->captures, r->cmd.port, r->path);
    } else if (is_sub(r)) {
        /* A live one was opened when it was asked for; a replayed one of a socket has nobody to
         * read it. */
        rc = p->is_replay
                 ? sinks_open(&d->sinks, r->cmd.u.sample.sampler, CLIENT_NONE, r->path, r->fields)
                 : 0;
        sinks_start(&d->sinks, r->cmd.u.sample.sampler);
    } else if (r->verb->op == VDC_HISWITCH_OP_CAPTURE_SET) {
        rc = captures_stop(&d->captures, r->cmd.port);
        rc = rc == -ENOENT ? 0 : rc; /* no frame came: no file was made */
    } else if (r->verb->op == VDC_HISWITCH_OP_SAMPLE_SET) {
        rc = sinks_close(&d->sinks, r->cmd.u.sample.sampler);
    }
    if (rc == 0) {
        return true;
    }
    if (is_capture_start(r)) {
        stop_observing(d, &(struct vdc_hiswitch_cmd){ .op = VDC_HISWITCH_OP_CAPTURE_SET,
                                                      .port = r->cmd.port });
    }
    if (r->verb->op == VDC_HISWITCH_OP_SAMPLE_SET && rc == -ENOENT) {
        return request_fail(err, "ENOENT", "sub", "no such sub");
    }
    return request_fail(err, "EPERM", is_sub(r) ? "sink" : "path", "%s", strerror(-rc));
}

static json_t *result_of(const struct pending *p)
{
    json_t *o = render_result(&p->req, p->rows, p->n_bytes, p->n_rows);

    if (o && is_sub(&p->req)) {
        (void)json_object_set_new(o, "sub", json_integer(p->req.cmd.u.sample.sampler));
    }
    return o;
}

/* Keeps the rows of a page; true if there are more pages, which are asked for. */
static bool add_page(struct vswd *d, struct pending *p, const struct vdc_hiswitch_reply *reply,
                     const void *rows)
{
    uint8_t *q;

    if (reply->bytes > 0) {
        q = realloc(p->rows, p->n_bytes + reply->bytes);
        if (!q) {
            set_rc(d, -ENOMEM, "reply");
            return false;
        }
        p->rows = q;
        memcpy(p->rows + p->n_bytes, rows, reply->bytes);
        p->n_bytes += reply->bytes;
        p->n_rows += reply->n;
    }
    if (reply->cursor == 0 || p->n_bytes > ROWS_MAX) {
        return false;
    }
    p->req.cmd.cursor = reply->cursor;
    p->is_sent = false;
    pump(d);
    return true;
}

static void on_reply(struct vswd *d, const struct vdc_msg *m, const void *payload)
{
    struct vdc_hiswitch_reply reply;
    struct request_error err = { 0 };
    struct pending *p = d->first;

    while (p && p->user != m->user) {
        p = p->next;
    }
    if (!p || m->len < sizeof(reply)) {
        return;
    }
    memcpy(&reply, payload, sizeof(reply));
    if (reply.bytes != m->len - sizeof(reply)) {
        set_rc(d, -EPROTO, "reply");
        return;
    }
    if (reply.status != VDC_HISWITCH_OK) {
        if (is_sub(&p->req) && !p->is_replay) {
            (void)sinks_close(&d->sinks, p->req.cmd.u.sample.sampler); /* it was reserved */
        }
        render_error(&reply, &err);
        refuse(d, p, &err);
        return;
    }
    if (add_page(d, p, &reply, (const char *)payload + sizeof(reply))) {
        return;
    }
    if (!p->is_internal && p->req.verb->kind != REQUEST_SHOW) {
        perturb(d, VSWD_PAUSE_STEP);
        set_rc(d, journal_append(&d->journal, m->t, p->req.args, !p->is_replay), d->cfg.journal);
        perturb(d, VSWD_PAUSE_STEP);
        if (p->req.verb->kind == REQUEST_LOCAL && !carry_out(d, p, &err)) {
            refuse(d, p, &err);
            return;
        }
    }
    answer(d, p, render_ok(p->req.id, m->t, result_of(p)));
    pending_unlink(d, p);
    pending_free(p);
}

static void on_note(struct vswd *d, const struct vdc_msg *m)
{
    const void *payload = vdc_msg_payload(m);

    switch (m->type) {
    case VDC_MSG_CMD:
        on_reply(d, m, payload);
        return;
    case VDC_MSG_CAPTURE:
        if ((m->user >> 32 & 255) == VDC_HISWITCH_DIR_LLDP) {
            set_rc(d, sinks_put(&d->sinks, d->clients, m, payload), "telemetry");
        } else {
            set_rc(d, captures_put(&d->captures, m, payload), "capture");
        }
        return;
    case VDC_MSG_SAMPLE:
    case VDC_MSG_EVENT:
        set_rc(d, sinks_put(&d->sinks, d->clients, m, payload), "telemetry");
        return;
    default:
        set_rc(d, -EPROTO, "note of an unknown type");
        return;
    }
}

int vswd_drain(struct vswd *d)
{
    const struct vdc_msg *m;

    while ((m = d->cfg.hub->peek(d->cfg.hub->ctx)) != NULL) {
        perturb(d, VSWD_PAUSE_NOTE); /* it stays in the ring that long */
        on_note(d, m);
        d->cfg.hub->pop(d->cfg.hub->ctx);
        perturb(d, VSWD_PAUSE_NOTE);
    }
    pump(d);
    return d->rc;
}

static bool replay_one(void *ctx, vtime_t vt, json_t *args, char *why, size_t size)
{
    struct vswd *d = ctx;
    struct request req;
    struct request_error err;
    struct pending *p = NULL;
    bool is_ok = request_read(&req, args, true, &err);

    if (is_ok && is_sub(&req) && req.cmd.u.sample.sampler == 0) {
        is_ok = request_fail(&err, "EARG", "sub",
                             "a list of commands numbers its subscriptions, allowed 1..3");
    }
    if (is_ok && d->last_user >= VDC_HISWITCH_PENDING_MAX) {
        is_ok = request_fail(&err, "EFULL", "", "too many commands, allowed %u",
                             VDC_HISWITCH_PENDING_MAX);
    }
    if (is_ok) {
        req.cmd.at = vt;
        p = pending_new(d, &req, CLIENT_NONE);
        is_ok = p || request_fail(&err, "EFULL", "", "out of memory");
    }
    if (!is_ok) {
        (void)snprintf(why, size, "%s %s: %s", err.err, err.field, err.msg);
        request_clear(&req);
        return false;
    }
    p->is_replay = true;
    return true;
}

int vswd_new(const struct vswd_cfg *cfg, struct vswd **out)
{
    struct vswd *d = calloc(1, sizeof(*d));
    int rc;

    *out = NULL;
    if (!d) {
        return -ENOMEM;
    }
    d->cfg = *cfg;
    d->last = &d->first;
    d->journal.fd = -1;
    captures_init(&d->captures, cfg->capture_dir, cfg->name);
    sinks_init(&d->sinks, cfg->capture_dir, cfg->name);
    rc = cfg->replay ? journal_replay(cfg->replay, replay_one, d) : 0;
    if (rc < 0) {
        goto out_free;
    }
    rc = journal_open(&d->journal, cfg->journal);
    if (rc < 0) {
        (void)fprintf(stderr, "hicain-vswitchd: %s: %s\n", cfg->journal, strerror(-rc));
        goto out_free;
    }
    rc = cfg->telemetry ? sinks_open(&d->sinks, 0, CLIENT_NONE, cfg->telemetry, 0) : 0;
    if (rc < 0) {
        (void)fprintf(stderr, "hicain-vswitchd: %s: %s\n", cfg->telemetry, strerror(-rc));
        goto out_free;
    }
    sinks_start(&d->sinks, 0);
    perturb(d, VSWD_PAUSE_STEP);
    pump(d);
    for (const struct pending *p = d->first; p; p = p->next) {
        if (!p->is_sent) {
            (void)fprintf(stderr,
                          "hicain-vswitchd: %s: the commands do not fit the hub's command ring\n",
                          cfg->replay);
            rc = -ENOSPC;
            goto out_free;
        }
    }
    *out = d;
    return 0;

out_free:
    vswd_free(d);
    return rc;
}

int vswd_listen(struct vswd *d, const char *path)
{
    const struct clients_ops ops = { .ctx = d, .line = on_line, .gone = on_gone };
    int rc;

    perturb(d, VSWD_PAUSE_STEP); /* a supervisor may be waiting for the socket */
    rc = clients_new(d->cfg.loop, path, VSWD_CLIENTS_MAX, VSWD_LINE_MAX, &ops, &d->clients);

    if (rc < 0) {
        (void)fprintf(stderr, "hicain-vswitchd: %s: %s\n", path, strerror(-rc));
    }
    return rc;
}

int vswd_finish(struct vswd *d)
{
    struct request_error err = { 0 };

    perturb(d, VSWD_PAUSE_STEP);
    (void)vswd_drain(d);
    d->is_over = true;
    (void)request_fail(&err, "EBUSY", "", "the run is over");
    while (d->first) {
        d->first->is_replay = false; /* its time lies behind the end: no failure */
        refuse(d, d->first, &err);
    }
    clients_free(d->clients);
    d->clients = NULL;
    perturb(d, VSWD_PAUSE_STEP);
    set_rc(d, captures_close(&d->captures), "capture");
    set_rc(d, sinks_close_all(&d->sinks), "telemetry");
    journal_close(&d->journal);
    return d->rc;
}

void vswd_free(struct vswd *d)
{
    if (!d) {
        return;
    }
    d->is_over = true;
    clients_free(d->clients);
    d->clients = NULL;
    (void)captures_close(&d->captures);
    (void)sinks_close_all(&d->sinks);
    journal_close(&d->journal);
    while (d->first) {
        struct pending *p = d->first;

        d->first = p->next;
        pending_free(p);
    }
    free(d);
}
