/* SPDX-License-Identifier: MIT */
/* Reader of captures in memory: pcap (both byte orders) and pcapng (little endian). */
#ifndef VDC_DEVICES_HINIC_CHECK_CAPTURE_H
#define VDC_DEVICES_HINIC_CHECK_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vdc_capture {
    const uint8_t *data; /* borrowed */
    size_t len;
    size_t at;
    uint32_t link_type; /* pcap: of the file; pcapng: of the last interface read */
    bool is_ng, is_swapped;
    const char *error; /* why the file ended before its end, NULL if it did not */
};

struct vdc_capture_frame {
    const uint8_t *data;
    uint32_t len;      /* bytes present */
    uint32_t wire_len; /* of the frame */
    uint32_t iface;    /* pcapng */
};

/* False if this is no capture; error says why. */
bool vdc_capture_open(struct vdc_capture *c, const void *data, size_t len);
/* Next frame; false at the end, or at damage (error is set then). */
bool vdc_capture_next(struct vdc_capture *c, struct vdc_capture_frame *f);

#endif
