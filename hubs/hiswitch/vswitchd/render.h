/* SPDX-License-Identifier: MIT */
/* From replies, samples and events to JSON lines. */
#ifndef VDC_HUBS_HISWITCH_VSWITCHD_RENDER_H
#define VDC_HUBS_HISWITCH_VSWITCHD_RENDER_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "request.h"
#include "vdc/hiswitchcmd.h"
#include "vdc/msg.h"

/* Result of a request from the rows of all its pages: a new object, NULL when out of memory. */
json_t *render_result(const struct request *r, const void *rows, size_t bytes, uint32_t n);
/* Error of the model in the control plane's terms. */
void render_error(const struct vdc_hiswitch_reply *reply, struct request_error *err);

/* The envelope. result is stolen. */
json_t *render_ok(int64_t id, vtime_t vt, json_t *result);
json_t *render_fail(const struct request *r, const struct request_error *err);

/* One telemetry record; fields: enum sample_field bits, 0 = all. */
json_t *render_sample(const char *name, const struct vdc_msg *m,
                      const struct vdc_hiswitch_sample *s, uint32_t fields);
json_t *render_event(const char *name, const struct vdc_msg *m,
                     const struct vdc_hiswitch_event *ev);

#endif
