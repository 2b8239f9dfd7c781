/* SPDX-License-Identifier: MIT */
/* Checks every RoCE frame of a capture: headers, ICRC, order of sequence numbers per queue pair. */
#ifndef VDC_DEVICES_HINIC_CHECK_ROCECHECK_H
#define VDC_DEVICES_HINIC_CHECK_ROCECHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VDC_ROCECHECK_FLOWS 1024u

/* Packets of one kind from an address to a QP. */
struct vdc_roceflow {
    uint8_t sgid[16];
    uint32_t dqpn;
    bool is_response;
    uint32_t first, newest; /* PSN */
    uint32_t jump_max;      /* a READ request may be followed by a PSN this much later */
    uint64_t n;
    uint64_t n_repeat; /* not newer than one before: sent again, or coalesced ACKs */
    uint64_t n_gap;    /* requests newer than the next */
};

struct vdc_rocecheck {
    uint64_t n_frame, n_roce;
    uint64_t n_cut; /* RoCE frames of which the capture has a part only: not checked */
    uint64_t n_bad_icrc;
    uint64_t n_bad_header; /* lengths, opcode or version */
    uint64_t n_opcode[256];
    uint64_t first_bad; /* number of the first bad frame, from 1; 0: none */
    uint32_t n_flow;
    uint32_t has_more; /* flows that did not fit the table */
    struct vdc_roceflow flow[VDC_ROCECHECK_FLOWS];
};

void vdc_rocecheck_init(struct vdc_rocecheck *r);
/* A frame of wire_len bytes of which the first len are at data. */
void vdc_rocecheck_frame(struct vdc_rocecheck *r, const uint8_t *data, uint32_t len,
                         uint32_t wire_len);
bool vdc_rocecheck_is_good(const struct vdc_rocecheck *r);

#endif
