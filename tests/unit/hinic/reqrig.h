/* SPDX-License-Identifier: MIT */
/* What the tests of the requester share: two connected queue pairs, a log of frames, closed forms
 * of times. */
#ifndef VDC_TESTS_UNIT_HINIC_REQRIG_H
#define VDC_TESTS_UNIT_HINIC_REQRIG_H

#include "pair.h"
#include "wire.h"

#define REQRIG_BYTES (1u << 20)
#define REQRIG_LOG   16384u

struct reqrig_frame {
    uint32_t from;
    uint32_t len;
    vtime_t t; /* arrival */
    struct wire_hdr w;
};

struct reqrig {
    struct pair *p;
    struct pair_qp a, b;        /* of ends 0 and 1, connected */
    struct pair_mr local, peer; /* all access */
    uint32_t n_log;
    struct reqrig_frame log[REQRIG_LOG];
};

/* cfg, conn may be NULL. type: enum hinic_qp_type. */
struct reqrig *reqrig_new(const struct vdc_hinic_cfg *cfg, uint32_t type,
                          const struct pair_conn *conn);
void reqrig_free(struct reqrig *r);

/* A work request between the start of both regions, signaled. */
struct pair_wr reqrig_wr(const struct reqrig *r, uint32_t op, uint32_t len);
/* Runs until the next completion of an end; asserts that there is one. */
struct hinic_cqe reqrig_cqe(struct reqrig *r, uint32_t end);
uint32_t reqrig_opcode(const struct hinic_cqe *c);
/* Frames with this opcode that end `from` has put on the link; *first: index in the log. */
uint32_t reqrig_count(const struct reqrig *r, uint32_t from, uint8_t opcode, uint32_t *first);
/* Frame number n with this opcode. */
const struct reqrig_frame *reqrig_find(const struct reqrig *r, uint32_t from, uint8_t opcode,
                                       uint32_t n);

/* Closed forms, ps: a read of n bytes over the idle bus, a posted write, a frame on the wire. */
uint64_t reqrig_read_ps(const struct vdc_hinic_cfg *c, uint32_t n);
uint64_t reqrig_write_ps(const struct vdc_hinic_cfg *c, uint32_t n);
uint64_t reqrig_wire_ps(const struct vdc_hinic_cfg *c, uint32_t frame_len);

#endif
