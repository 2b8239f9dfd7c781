/* SPDX-License-Identifier: MIT */
/* Clients on a UNIX socket: lines in, lines out, never a wait. */
#ifndef VDC_HUBS_HISWITCH_VSWITCHD_CLIENT_H
#define VDC_HUBS_HISWITCH_VSWITCHD_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>
#include <systemd/sd-event.h>

#define CLIENT_NONE 0u

struct clients;

struct clients_ops {
    void *ctx;
    /* One line without its newline; belongs to the caller. */
    void (*line)(void *ctx, uint32_t client, const char *line, size_t n);
    /* The client is gone; its number is never used again. */
    void (*gone)(void *ctx, uint32_t client);
};

/* Listens on path (a stale socket file is replaced). ops: copied. -errno. */
int clients_new(sd_event *loop, const char *path, uint32_t max, size_t line_max,
                const struct clients_ops *ops, struct clients **out);
/* Sends what is still queued, as far as the sockets take it, and closes. NULL is allowed. */
void clients_free(struct clients *cs);
/* Queues one object as a line; the object is released. A client that is gone is no error. */
void clients_send(struct clients *cs, uint32_t client, json_t *object);
/* Is there room for lossy output? A slow reader has none. */
bool clients_has_room(const struct clients *cs, uint32_t client);

#endif
