/* SPDX-License-Identifier: MIT */
/* What a HiSwitch says, as JSON: integers stay integers, times in ps. */
#include "render.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "row.h"

static const char *const status_names[] = { "",       "ENOCMD", "EARG",  "ERANGE",
                                            "ENOENT", "EBUSY",  "EFULL", NULL };
static const char *const subject_names[] = {
    "",         "cmd",    "port",  "at",      "mode", "pvid",   "vid",     "mac",
    "ports",    "tagged", "trust", "prio",    "tc",   "tsa",    "weights", "aging",
    "interval", "sub",    "loss",  "corrupt", "flap", "cursor", "text",    NULL,
};

static void set(json_t *o, const char *key, uint64_t v)
{
    (void)json_object_set_new(o, key, json_integer((json_int_t)v));
}

static void set_text(json_t *o, const char *key, const char *v)
{
    (void)json_object_set_new(o, key, json_string(v));
}

static json_t *array_u64(const uint64_t *v, uint32_t n)
{
    json_t *a = json_array();

    for (uint32_t i = 0; i < n; i++) {
        (void)json_array_append_new(a, json_integer((json_int_t)v[i]));
    }
    return a;
}

json_t *render_result(const struct request *r, const void *rows, size_t bytes, uint32_t n)
{
    json_t *o;
    json_t *list;
    const struct row_form *f = row_form_of(r->verb->op);

    if (!f) {
        return json_object();
    }
    assert(bytes == (size_t)n * f->size);
    if (!f->is_list) {
        return n == 1 ? row_object(f, rows) : json_object();
    }
    list = json_array();
    for (uint32_t i = 0; i < n; i++) {
        json_t *row = row_object(f, (const char *)rows + (size_t)i * f->size);

        if (strcmp(f->key, "ports") == 0 && !json_object_get(row, "port")) {
            set(row, "port", r->has_port ? r->cmd.port : i);
        }
        (void)json_array_append_new(list, row);
    }
    o = json_object();
    (void)json_object_set_new(o, f->key, list);
    return o;
}

void render_error(const struct vdc_hiswitch_reply *reply, struct request_error *err)
{
    const char *field = row_name(subject_names, reply->subject);

    memset(err, 0, sizeof(*err));
    if (reply->status == VDC_HISWITCH_ERANGE) {
        err->has_allowed = true;
        memcpy(err->allowed, reply->allowed, sizeof(err->allowed));
    }
    switch (reply->status) {
    case VDC_HISWITCH_ENOENT:
        (void)request_fail(err, "ENOENT", field, "no such %s", field);
        break;
    case VDC_HISWITCH_EFULL:
        (void)request_fail(err, "EFULL", field, "no room for another %s", field);
        break;
    case VDC_HISWITCH_ERANGE:
        (void)request_fail(err, "ERANGE", field, "'%s' is out of range", field);
        break;
    default:
        (void)request_fail(err, row_name(status_names, reply->status), field,
                           "'%s' is not allowed here", field);
        break;
    }
}

json_t *render_ok(int64_t id, vtime_t vt, json_t *result)
{
    json_t *o = json_object();

    (void)json_object_set_new(o, "id", json_integer(id));
    (void)json_object_set_new(o, "ok", json_true());
    set(o, "vt", vt);
    (void)json_object_set_new(o, "result", result);
    return o;
}

json_t *render_fail(const struct request *r, const struct request_error *err)
{
    json_t *o = json_object();

    (void)json_object_set_new(o, "id", r->has_id ? json_integer(r->id) : json_null());
    (void)json_object_set_new(o, "ok", json_false());
    set_text(o, "err", err->err);
    set_text(o, "field", err->field);
    set_text(o, "msg", err->msg);
    if (err->has_allowed) {
        (void)json_object_set_new(o, "allowed", array_u64(err->allowed, 2));
    }
    return o;
}

json_t *render_sample(const char *name, const struct vdc_msg *m,
                      const struct vdc_hiswitch_sample *s, uint32_t fields)
{
    json_t *o = json_object();
    const uint32_t want = fields ? fields : UINT32_MAX;

    set(o, "t", m->t);
    set_text(o, "sw", name);
    set(o, "port", s->port);
    if (want & SAMPLE_Q) {
        (void)json_object_set_new(o, "q", array_u64(s->q, 8));
    }
    if (want & SAMPLE_TX) {
        set(o, "tx", s->tx_bytes);
    }
    if (want & SAMPLE_RX) {
        set(o, "rx", s->rx_bytes);
    }
    if (want & SAMPLE_SHARED) {
        set(o, "shared", s->shared_used);
    }
    if (want & SAMPLE_DROP) {
        set(o, "drop", s->drops);
    }
    return o;
}

json_t *render_event(const char *name, const struct vdc_msg *m, const struct vdc_hiswitch_event *ev)
{
    json_t *o = json_object();

    set(o, "t", m->t);
    set_text(o, "sw", name);
    set(o, "port", ev->port);
    if (ev->kind == VDC_HISWITCH_EV_LINK) {
        set_text(o, "ev", "link");
        set_text(o, "link", ev->a ? "up" : "down");
        set_text(o, "reason", row_name(row_reason_names, ev->b));
    } else {
        set_text(o, "ev", "fault");
        set_text(o, "kind", ev->a == 1 ? "lost" : "corrupt");
        set(o, "frame", ev->b);
    }
    return o;
}
