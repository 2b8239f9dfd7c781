/* SPDX-License-Identifier: MIT */
/* A HiSwitch on the bench: input queues that a test fills, a text trace of what comes out, one run
 * digest. */
#ifndef VDC_TESTS_UNIT_HUB_RIG_H
#define VDC_TESTS_UNIT_HUB_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "vdc/hiswitch.h"
#include "vdc/hiswitchcmd.h"

#define RIG_PORTS (VDC_HISWITCH_PORTS_MAX + 1)
#define RIG_NS    VTIME_PS_PER_NS

struct rig_queue {
    struct vdc_msg **m; /* header and payload, sorted by (t, seq) */
    uint32_t n, head, cap;
};

struct rig {
    struct vdc_hiswitch_cfg cfg;
    void *state;
    struct vdc_model_io io;
    struct rig_queue in[RIG_PORTS];
    uint64_t seq[RIG_PORTS];
    bool with_notes; /* events and samples in the trace; replies and captures are kept apart */
    bool is_quiet;   /* no trace text, digest only */
    void (*on_note)(void *ctx, const struct vdc_msg *m,
                    const void *payload); /* sees every note, may be NULL */
    void *note_ctx;
    void (*on_frame)(void *ctx, uint32_t port, const struct vdc_msg *m,
                     const uint8_t *frame); /* every frame out */
    void *frame_ctx;
    char *text;
    size_t len, cap;
    uint64_t n_out[RIG_PORTS], bytes_out[RIG_PORTS]; /* frames that came out */
    uint64_t n_in[RIG_PORTS], bytes_in[RIG_PORTS];   /* frames that the switch took */
    uint64_t next_seq_out[RIG_PORTS];
    vtime_t last_t_out[RIG_PORTS];
    uint64_t n_note, n_capture, capture_bytes;
    uint64_t user_reply; /* of the last reply */
    vtime_t t_reply;
    struct vdc_hiswitch_reply reply;
    uint8_t data[VDC_HISWITCH_PAGE_BYTES];
    struct vdc_digest stream;
    vtime_t now;
};

/* Names of addresses: 02:00:00:00:00:NN for 1..254; these are special. */
#define RIG_BROADCAST   0xffffu
#define RIG_GROUP(n)    (0x1000u | (n)) /* 01:00:5e:00:00:NN */
#define RIG_RESERVED(n) (0x2000u | (n)) /* 01:80:c2:00:00:NN */

struct rig_eth {
    uint32_t dst, src; /* names */
    uint32_t len;      /* bytes with the tag; 0 = 60 */
    uint32_t wire_len; /* != 0: header-only frame of that size */
    uint32_t vid;      /* tag if tagged */
    uint32_t pcp;
    bool is_tagged;
    uint32_t dscp; /* != 0: an IPv4 header */
    uint32_t fill; /* seed of the payload */
};

/* Takes a copy of cfg; exits the process when the model refuses it. */
struct rig *rig_new(const struct vdc_hiswitch_cfg *cfg);
void rig_free(struct rig *r);
/* Hello of the peers of all ports (mode eth), arriving at t + port index. */
void rig_hello(struct rig *r, vtime_t t);
void rig_link(struct rig *r, uint32_t port, vtime_t t, bool is_up, enum vdc_link_mode mode);
/* Queues a frame that arrives at t; in any order. Returns its sequence number. */
void rig_send(struct rig *r, uint32_t port, vtime_t t, const struct rig_eth *f);
void rig_raw(struct rig *r, uint32_t port, vtime_t t, uint16_t type, uint16_t flags,
             uint32_t wire_len, const void *payload, uint32_t len);
/* Takes ownership of a message made by rig_make. */
struct vdc_msg *rig_make(struct rig *r, uint32_t port, vtime_t t, const struct rig_eth *f);
void rig_put(struct rig *r, uint32_t port, struct vdc_msg *m);
/* Runs to `to`. */
void rig_run(struct rig *r, vtime_t to);
/* Queues a command that arrives at t, runs to just behind it, returns its status; reply and data
 * are in r. */
uint32_t rig_cmd(struct rig *r, vtime_t t, const struct vdc_hiswitch_cmd *cmd);
void rig_cmd_put(struct rig *r, vtime_t t, const struct vdc_hiswitch_cmd *cmd, uint64_t user);
struct vdc_digest rig_digest(const struct rig *r);
/* Counters of a port, through the control port's own command at r->now. */
struct vdc_hub_cnt rig_counters(struct rig *r, uint32_t port);
/* What went in must be out, dropped or queued, told from outside; returns false and prints what is
 * missing. */
bool rig_is_conserved(struct rig *r);
/* Adds a line of the test's own to the trace. */
void rig_print(struct rig *r, const char *line);
const char *rig_text(const struct rig *r);
void rig_clear(struct rig *r);

#endif
