/* SPDX-License-Identifier: MIT */
/* Trace of a simulation: records that do not depend on the engine, sorted by (vt, component, n),
 * printed as text. */
#ifndef VDC_VTIME_SIM_TRACE_H
#define VDC_VTIME_SIM_TRACE_H

#include <stddef.h>
#include <stdint.h>

#include "vdc/vtime.h"

enum vdc_trace_verb {
    VDC_TRACE_RECV = 0, /* the component took a message from its port; vt = its time */
    VDC_TRACE_SEND = 1, /* the component sent; vt = departure */
    VDC_TRACE_LOSE = 2, /* a fault took a message of this component; vt = departure */
    VDC_TRACE_FLIP = 3, /* a fault flipped a bit of it */
    VDC_TRACE_COPY = 4  /* a fault made a second copy */
};

struct vdc_trace_rec {
    vtime_t vt;
    uint64_t n; /* of this component and verb, from 0 */
    uint64_t t; /* arrival */
    uint64_t seq;
    uint32_t comp;
    uint32_t port;
    uint16_t verb; /* enum vdc_trace_verb */
    uint16_t type; /* enum vdc_msg_type */
    uint32_t len;
    uint32_t crc; /* CRC-32 of the payload */
    uint32_t zero;
};
_Static_assert(sizeof(struct vdc_trace_rec) == 56, "vdc_trace_rec layout");

/* Sorts by (vt, comp, verb, n); keys are unique. */
void vdc_trace_sort(struct vdc_trace_rec *r, size_t n);

/* One line "[vt] name > send port=.. t=.. seq=.. type=.. len=.. crc=.." without newline into s, cut
 * to cap; returns its length. */
size_t vdc_trace_text(const struct vdc_trace_rec *r, const char *name, char *s, size_t cap);

#endif
