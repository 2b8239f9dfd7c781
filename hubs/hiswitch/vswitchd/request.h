/* SPDX-License-Identifier: MIT */
/* One request of the control plane: JSON in, a hub command out, exact errors. */
#ifndef VDC_HUBS_HISWITCH_VSWITCHD_REQUEST_H
#define VDC_HUBS_HISWITCH_VSWITCHD_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "vdc/hiswitchcmd.h"

#define REQUEST_PATH_MAX 256u

enum request_kind {
    REQUEST_SHOW,   /* changes nothing: never in the journal */
    REQUEST_CHANGE, /* in the journal */
    REQUEST_LOCAL   /* changes what is observed: in the journal, with work for the shell as well */
};

struct verb {
    const char *name;
    uint16_t op;
    uint8_t kind; /* enum request_kind */
    uint8_t zero;
};

struct request_error {
    const char *err; /* EPARSE ENOCMD EARG ERANGE ENOENT EBUSY EFULL EPERM; NULL = none */
    char field[48];
    char msg[192];
    bool has_allowed;
    uint64_t allowed[2];
};

struct request {
    const struct verb *verb;
    int64_t id;
    bool has_id;
    struct vdc_hiswitch_cmd cmd;
    /* telemetry.sub, capture.start */
    char path[REQUEST_PATH_MAX]; /* empty = the socket, or the default file */
    uint32_t fields;             /* telemetry: enum sample_field bits, 0 = all */
    bool has_port;
    bool has_vid;
    json_t *args; /* the object as it came, without id and at: the journal's form; owned by the
                     request */
};

/* Which members of a sample record are wanted. */
enum sample_field {
    SAMPLE_Q = 1,
    SAMPLE_TX = 2,
    SAMPLE_RX = 4,
    SAMPLE_SHARED = 8,
    SAMPLE_DROP = 16
};

/* One line, without the newline. False: *err says why; id is set if there was one. request_clear()
 * in any case. */
bool request_parse(struct request *r, const char *line, size_t n, struct request_error *err);
/* The same from an object (copied); `at` is given from outside, as in a journal. */
bool request_read(struct request *r, json_t *object, bool is_journal, struct request_error *err);
void request_clear(struct request *r);

__attribute__((format(printf, 4, 5))) bool request_fail(struct request_error *e, const char *err,
                                                        const char *field, const char *fmt, ...);

/* "5ms" to ps; false if it is no time. */
bool request_time(const char *s, uint64_t *ps);

#endif
