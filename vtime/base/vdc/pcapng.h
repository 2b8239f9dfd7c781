/* SPDX-License-Identifier: MIT */
/* pcapng blocks, formatted into the caller's buffer: captures with virtual time in ns, one
 * interface per port. */
#ifndef VDC_VTIME_BASE_PCAPNG_H
#define VDC_VTIME_BASE_PCAPNG_H

#include <stddef.h>
#include <stdint.h>

#include "vdc/vtime.h"

#define VDC_PCAPNG_ETHERNET   1u
#define VDC_PCAPNG_INFINIBAND 247u
#define VDC_PCAPNG_TEXT_MAX   4096u /* bytes of a name or comment; longer ones are cut */
/* Room that a block needs beside its data and text, padding included. */
#define VDC_PCAPNG_OVERHEAD   96u

struct vdc_pcapng_packet {
    uint32_t iface;      /* number of the interface block, from 0 */
    uint32_t cap_len;    /* bytes present in data */
    uint32_t wire_len;   /* bytes on the wire without FCS */
    vtime_t t;           /* ps; the file has floor(t / 1000) ns */
    const void *data;    /* belongs to the caller */
    const char *comment; /* NULL for none, e.g. "t_ps=.. q=.. ecn=.." */
};

/*
 * Each writes one whole block and returns its bytes, or 0 if cap is too small (then buf is
 * untouched). File: one section, then interfaces (numbered in order), then packets in order of
 * time.
 */
size_t vdc_pcapng_section(void *buf, size_t cap, const char *application);
size_t vdc_pcapng_interface(void *buf, size_t cap, uint16_t link_type, uint32_t snap_len,
                            const char *name);
size_t vdc_pcapng_put_packet(void *buf, size_t cap, const struct vdc_pcapng_packet *p);

#endif
