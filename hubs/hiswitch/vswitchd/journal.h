/* SPDX-License-Identifier: MIT */
/* The control journal: one line per changing command, {"vt":ps,"cmd":{..}}, in order of effect. */
#ifndef VDC_HUBS_HISWITCH_VSWITCHD_JOURNAL_H
#define VDC_HUBS_HISWITCH_VSWITCHD_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "vdc/vtime.h"

struct journal {
    int fd;
};

/* Creates or empties the file. -errno. */
int journal_open(struct journal *j, const char *path);
/* Appends one line; it is in the file when this returns. args belongs to the caller; is_live: it
 * came from a client while the run went on, so the run is interactive. -errno. */
int journal_append(struct journal *j, vtime_t vt, json_t *args, bool is_live);
void journal_close(struct journal *j);

/* args: borrowed (take a reference to keep it). False: the reason is in why. */
typedef bool journal_each(void *ctx, vtime_t vt, json_t *args, char *why, size_t size);

/*
 * Reads a journal, or a list of commands in its form, and gives each command to `each` in order.
 * vt must not go back. Returns 0, or -errno with path, line and reason printed on stderr.
 */
int journal_replay(const char *path, journal_each *each, void *ctx);

#endif
