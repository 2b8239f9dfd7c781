/* SPDX-License-Identifier: MIT */
/* Where samples and events go. */
#include "sink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "render.h"

#define PATH_BYTES 4096

void sinks_init(struct sinks *k, const char *dir, const char *name)
{
    *k = (struct sinks){ .dir = dir, .name = name };
}

int sinks_open(struct sinks *k, uint32_t sub, uint32_t client, const char *path, uint32_t fields)
{
    struct sink *s = &k->s[sub];
    char full[PATH_BYTES];
    int n;

    if (s->is_used) {
        return -EBUSY;
    }
    *s = (struct sink){ .is_used = true, .client = client, .fields = fields };
    if (!path || path[0] == '\0') {
        return 0;
    }
    s->client = CLIENT_NONE;
    n = snprintf(full, sizeof(full), "%s%s%s", path[0] == '/' || !k->dir ? "" : k->dir,
                 path[0] == '/' || !k->dir ? "" : "/", path);
    s->f = n > 0 && (size_t)n < sizeof(full) ? fopen(full, "we") : NULL;
    if (!s->f) {
        s->is_used = false;
        return errno > 0 ? -errno : -EIO;
    }
    return 0;
}

void sinks_start(struct sinks *k, uint32_t sub)
{
    k->s[sub].is_on = k->s[sub].is_used;
}

uint32_t sinks_free_sub(const struct sinks *k)
{
    for (uint32_t i = 1; i < VDC_HISWITCH_SAMPLERS; i++) {
        if (!k->s[i].is_used) {
            return i;
        }
    }
    return 0;
}

int sinks_close(struct sinks *k, uint32_t sub)
{
    struct sink *s = &k->s[sub];
    int rc = 0;

    if (!s->is_used) {
        return -ENOENT;
    }
    if (s->f) {
        rc = ferror(s->f) ? -EIO : 0;
        if (fclose(s->f) != 0 && rc == 0) {
            rc = -errno;
        }
    }
    *s = (struct sink){ .is_used = false };
    return rc;
}

uint32_t sinks_of(const struct sinks *k, uint32_t client)
{
    for (uint32_t i = 1; client != CLIENT_NONE && i < VDC_HISWITCH_SAMPLERS; i++) {
        if (k->s[i].is_used && k->s[i].client == client) {
            return i;
        }
    }
    return 0;
}

static int put_file(struct sink *s, const json_t *o)
{
    return json_dumpf(o, s->f, JSON_COMPACT) == 0 && fputc('\n', s->f) != EOF ? 0 : -EIO;
}

/* o is released. */
static int put(struct sink *s, uint32_t sub, struct clients *cs, json_t *o)
{
    int rc = 0;

    if (s->f) {
        rc = put_file(s, o);
    } else if (s->client != CLIENT_NONE && !clients_has_room(cs, s->client)) {
        s->n_skipped++;
    } else if (s->client != CLIENT_NONE) {
        (void)json_object_set_new(o, "sub", json_integer(sub));
        if (s->n_skipped > 0) {
            (void)json_object_set_new(o, "skipped", json_integer((json_int_t)s->n_skipped));
            s->n_skipped = 0;
        }
        clients_send(cs, s->client, json_incref(o));
    }
    json_decref(o);
    return rc;
}

static json_t *lldp(const struct sinks *k, const struct vdc_msg *m, const void *payload)
{
    static const char digit[] = "0123456789abcdef";
    const uint8_t *p = payload;
    char *hex = malloc(2 * (size_t)m->len + 1);
    json_t *o;

    if (!hex) {
        return NULL;
    }
    for (uint32_t i = 0; i < m->len; i++) {
        hex[2 * i] = digit[p[i] >> 4];
        hex[2 * i + 1] = digit[p[i] & 15];
    }
    hex[2 * (size_t)m->len] = '\0';
    o = json_pack("{s:I,s:s,s:i,s:s,s:s}", "t", (json_int_t)m->t, "sw", k->name, "port",
                  (int)(m->user >> 40 & 255), "ev", "lldp", "frame", hex);
    free(hex);
    return o;
}

int sinks_put(struct sinks *k, struct clients *cs, const struct vdc_msg *m, const void *payload)
{
    struct vdc_hiswitch_sample s;
    struct vdc_hiswitch_event ev;
    int rc = 0;

    if (m->type == VDC_MSG_SAMPLE) {
        if (m->len != sizeof(s)) {
            return -EPROTO;
        }
        memcpy(&s, payload, sizeof(s));
        if (s.sampler >= VDC_HISWITCH_SAMPLERS || !k->s[s.sampler].is_on) {
            return 0; /* on its way when the subscription ended */
        }
        return put(&k->s[s.sampler], s.sampler, cs,
                   render_sample(k->name, m, &s, k->s[s.sampler].fields));
    }
    if (m->type == VDC_MSG_EVENT) {
        if (m->len != sizeof(ev)) {
            return -EPROTO;
        }
        memcpy(&ev, payload, sizeof(ev));
    }
    for (uint32_t i = 0; rc == 0 && i < VDC_HISWITCH_SAMPLERS; i++) {
        if (k->s[i].is_on) {
            rc = put(&k->s[i], i, cs,
                     m->type == VDC_MSG_EVENT ? render_event(k->name, m, &ev)
                                              : lldp(k, m, payload));
        }
    }
    return rc;
}

int sinks_close_all(struct sinks *k)
{
    int rc = 0;

    for (uint32_t i = 0; i < VDC_HISWITCH_SAMPLERS; i++) {
        const int one = k->s[i].is_used ? sinks_close(k, i) : 0;

        rc = rc < 0 ? rc : one;
    }
    return rc;
}
