/* SPDX-License-Identifier: MIT */
/* Packets, scheduler and receive dispatch alone: sources, the link, and whoever gets packets are
 * played and recorded here. */
#ifndef VDC_TESTS_UNIT_HINIC_RIG_H
#define VDC_TESTS_UNIT_HINIC_RIG_H

#include "rnet.h"

#define RIG_QPS    6u /* numbers RIG_QPN(0) .. */
#define RIG_LOG    4096u
#define RIG_NS     VTIME_PS_PER_NS
#define RIG_QPN(i) (0x100 + (i))

enum rig_what { RIG_LINK, RIG_SENT, RIG_REQ, RIG_RSP, RIG_RX_KICK, RIG_ETH };

struct rig_entry {
    vtime_t t;
    enum rig_what what;
    uint32_t qpn, psn, opcode;
    uint32_t pkt; /* REQ, RSP: belongs to the test */
    uint32_t pay_len;
    bool is_responder;
};

/* What a source answers: n packets of pay_len bytes, built at once or fetched. */
struct rig_src {
    uint32_t n_left;
    uint32_t pay_len;
    uint32_t psn;
    bool is_fetching, is_loop, is_multicast;
};

struct rig {
    struct vdc_hinic *h;
    struct qp qp[RIG_QPS];
    struct rig_src src[RIG_QPS][2];
    vtime_t *ev; /* by kind, in the state block */
    vtime_t now;
    vtime_t wire_ps; /* time of a frame on the link */
    bool has_eth;    /* an Ethernet queue always has a frame */
    uint32_t n_fetch;
    uint32_t fetch[1024]; /* packets being fetched, in order */
    uint32_t n_mc;
    uint32_t mc[8]; /* members of the one group */
    uint32_t n_log;
    struct rig_entry log[RIG_LOG];
    uint8_t frame[4400]; /* last one on the link */
    uint32_t frame_len;
};

extern const uint8_t rig_mac[6], rig_peer_mac[6];
extern const uint8_t rig_gid[16], rig_peer_gid[16], rig_group[16];

struct rig *rig_new(void); /* one at a time */
void rig_free(struct rig *r);
/* Runs what is due until and including t. */
void rig_run(struct rig *r, vtime_t t);
/* The source has n packets more, and says so. */
void rig_give(struct rig *r, uint32_t qp, bool is_responder, uint32_t n, uint32_t pay_len);
/* Headers of a packet from the peer to QP qp, of its type. */
struct wire_hdr rig_hdr(const struct rig *r, uint32_t qp, uint8_t opcode, uint32_t psn);
/* A frame of it with pay_len bytes (i * 7); arrives now - t_rx. */
enum rrx_verdict rig_rx(struct rig *r, const struct wire_hdr *w);
uint32_t rig_build(const struct wire_hdr *w, uint8_t *frame); /* length */
/* Entries of a kind. */
uint32_t rig_count(const struct rig *r, enum rig_what what);
const struct rig_entry *rig_nth(const struct rig *r, enum rig_what what, uint32_t n);

#endif
