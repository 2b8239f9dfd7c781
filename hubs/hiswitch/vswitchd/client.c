/* SPDX-License-Identifier: MIT */
/* Line-based clients over sd-event: bounded input, output that waits in memory and a limit for what
 * may be skipped. */
#include "client.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define OUT_SOFT_MAX (256u << 10) /* lossy output stops here */
#define OUT_HARD_MAX (32u << 20)  /* a client that asks and never reads is cut off here */

struct client {
    struct clients *cs;
    uint32_t number; /* CLIENT_NONE: this place is free */
    int fd;
    sd_event_source *src;
    char *in; /* line_max bytes */
    size_t n_in;
    char *out;
    size_t n_out, cap_out;
    bool is_doomed; /* close when the output is gone, or at once if it cannot go */
};

struct clients {
    sd_event *loop;
    int fd;
    sd_event_source *src;
    struct clients_ops ops;
    uint32_t max, last_number;
    size_t line_max;
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
    struct client c[];
};

static struct client *find(const struct clients *cs, uint32_t number)
{
    for (uint32_t i = 0; number != CLIENT_NONE && i < cs->max; i++) {
        if (cs->c[i].number == number) {
            return (struct client *)&cs->c[i];
        }
    }
    return NULL;
}

static void drop(struct client *c)
{
    const uint32_t number = c->number;
    struct clients *cs = c->cs;

    c->src = sd_event_source_disable_unref(c->src);
    (void)close(c->fd); /* nothing is lost that a peer still reads */
    free(c->in);
    free(c->out);
    *c = (struct client){ .cs = cs, .fd = -1 };
    cs->ops.gone(cs->ops.ctx, number);
}

/* false: the connection is broken. */
static bool flush_out(struct client *c)
{
    size_t at = 0;

    while (at < c->n_out) {
        const ssize_t n = send(c->fd, c->out + at, c->n_out - at, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            break;
        }
        if (n < 0) {
            return false;
        }
        at += (size_t)n;
    }
    if (at > 0) {
        memmove(c->out, c->out + at, c->n_out - at);
        c->n_out -= at;
    }
    (void)sd_event_source_set_io_events(c->src, (c->is_doomed ? 0u : EPOLLIN) |
                                                    (c->n_out > 0 ? EPOLLOUT : 0u));
    return true;
}

static void put(struct client *c, const char *s, size_t n)
{
    if (c->n_out + n > c->cap_out) {
        const size_t cap = (c->n_out + n) * 2;
        char *p = realloc(c->out, cap);

        if (!p) {
            c->is_doomed = true;
            return;
        }
        c->out = p;
        c->cap_out = cap;
    }
    memcpy(c->out + c->n_out, s, n);
    c->n_out += n;
}

void clients_send(struct clients *cs, uint32_t client, json_t *object)
{
    struct client *c = cs ? find(cs, client) : NULL;
    char *s = c && object ? json_dumps(object, JSON_COMPACT) : NULL;

    json_decref(object);
    if (!s) {
        return;
    }
    put(c, s, strlen(s));
    put(c, "\n", 1);
    free(s);
    if (c->n_out > OUT_HARD_MAX) {
        c->is_doomed = true;
    }
    /* A broken connection is noticed by its event: nothing is torn down under the caller's feet. */
    (void)flush_out(c);
}

bool clients_has_room(const struct clients *cs, uint32_t client)
{
    const struct client *c = cs ? find(cs, client) : NULL;

    return c && c->n_out < OUT_SOFT_MAX;
}

static void split_lines(struct client *c)
{
    const uint32_t number = c->number;
    struct clients *cs = c->cs;
    size_t from = 0;
    char *end;

    while (c->number == number && !c->is_doomed &&
           (end = memchr(c->in + from, '\n', c->n_in - from)) != NULL) {
        const size_t n = (size_t)(end - c->in) - from;

        cs->ops.line(cs->ops.ctx, number, c->in + from, n);
        from += n + 1;
    }
    memmove(c->in, c->in + from, c->n_in - from);
    c->n_in -= from;
}

static int on_client(sd_event_source *src, int fd, uint32_t events, void *arg)
{
    struct client *c = arg;
    ssize_t n = -1;

    (void)src;
    if ((events & EPOLLOUT) && !flush_out(c)) {
        drop(c);
        return 0;
    }
    if ((events & EPOLLIN) && !c->is_doomed) {
        n = recv(fd, c->in + c->n_in, c->cs->line_max - c->n_in, MSG_DONTWAIT);
        if (n > 0) {
            c->n_in += (size_t)n;
            split_lines(c);
        }
        if (c->n_in == c->cs->line_max) {
            clients_send(c->cs, c->number,
                         json_pack("{s:n,s:b,s:s,s:s,s:s,s:[i,i]}", "id", "ok", 0, "err", "ERANGE",
                                   "field", "", "msg", "a line is too long", "allowed", 1,
                                   (int)c->cs->line_max));
            c->is_doomed = true;
            (void)flush_out(c);
        }
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
            drop(c);
            return 0;
        }
    }
    if ((events & (EPOLLHUP | EPOLLERR)) || (c->is_doomed && c->n_out == 0)) {
        drop(c);
    }
    return 0;
}

static int on_connect(sd_event_source *src, int fd, uint32_t events, void *arg)
{
    struct clients *cs = arg;
    const int conn = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    static const char full[] = "{\"id\":null,\"ok\":false,\"err\":\"EFULL\",\"field\":\"\",\"msg\":"
                               "\"too many clients\"}\n";

    (void)src;
    (void)events;
    if (conn < 0) {
        return 0; /* gone again */
    }
    for (uint32_t i = 0; i < cs->max; i++) {
        struct client *c = &cs->c[i];

        if (c->number != CLIENT_NONE) {
            continue;
        }
        c->in = malloc(cs->line_max);
        if (!c->in || sd_event_add_io(cs->loop, &c->src, conn, EPOLLIN, on_client, c) < 0) {
            free(c->in);
            c->in = NULL;
            (void)close(conn);
            return 0;
        }
        c->fd = conn;
        c->number = ++cs->last_number;
        return 0;
    }
    (void)send(conn, full, sizeof(full) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)close(conn);
    return 0;
}

int clients_new(sd_event *loop, const char *path, uint32_t max, size_t line_max,
                const struct clients_ops *ops, struct clients **out)
{
    struct sockaddr_un sa = { .sun_family = AF_UNIX };
    struct clients *cs;
    mode_t old;
    int rc;

    *out = NULL;
    if (strlen(path) >= sizeof(sa.sun_path)) {
        return -ENAMETOOLONG;
    }
    cs = calloc(1, sizeof(*cs) + max * sizeof(cs->c[0]));
    if (!cs) {
        return -ENOMEM;
    }
    memcpy(sa.sun_path, path, strlen(path) + 1);
    memcpy(cs->path, path, strlen(path) + 1);
    cs->loop = loop;
    cs->ops = *ops;
    cs->max = max;
    cs->line_max = line_max;
    for (uint32_t i = 0; i < max; i++) {
        cs->c[i] = (struct client){ .cs = cs, .fd = -1 };
    }
    cs->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (cs->fd < 0) {
        rc = -errno;
        goto out_free;
    }
    (void)unlink(path);
    old = umask(0177);
    rc = bind(cs->fd, (const struct sockaddr *)&sa, sizeof(sa)) < 0 || listen(cs->fd, 16) < 0
             ? -errno
             : 0;
    (void)umask(old);
    if (rc < 0) {
        goto out_fd;
    }
    rc = sd_event_add_io(loop, &cs->src, cs->fd, EPOLLIN, on_connect, cs);
    if (rc < 0) {
        goto out_path;
    }
    *out = cs;
    return 0;

out_path:
    (void)unlink(path);
out_fd:
    (void)close(cs->fd);
out_free:
    free(cs);
    return rc;
}

void clients_free(struct clients *cs)
{
    if (!cs) {
        return;
    }
    cs->src = sd_event_source_disable_unref(cs->src);
    for (uint32_t i = 0; i < cs->max; i++) {
        if (cs->c[i].number != CLIENT_NONE) {
            (void)flush_out(&cs->c[i]);
            drop(&cs->c[i]);
        }
    }
    (void)close(cs->fd);
    (void)unlink(cs->path);
    free(cs);
}
