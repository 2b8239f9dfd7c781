/* SPDX-License-Identifier: MIT */
/* HiSwitch's state: flat bytes, the hub core behind it; private to the model's sources. */
#ifndef VDC_HUBS_HISWITCH_STATE_H
#define VDC_HUBS_HISWITCH_STATE_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "vdc/evtree.h"
#include "vdc/hiswitch.h"
#include "vdc/hiswitchcmd.h"
#include "vdc/hub.h"
#include "vdc/model.h"

#define VDC_HS_VLANS      4096u
#define VDC_HS_WAYS       4u
#define VDC_HS_BUCKETS    (VDC_HISWITCH_FDB_ENTRIES / VDC_HS_WAYS)
#define VDC_HS_NO_PORT    UINT32_MAX
#define VDC_HS_MAC_MASK   ((UINT64_C(1) << 48) - 1)
#define VDC_HS_HEADER_MAX 18u /* addresses, tag, type */
#define VDC_HS_FRAME_MAX  (VDC_HISWITCH_MTU_MAX + VDC_HS_HEADER_MAX)

_Static_assert(VDC_HISWITCH_PORTS_MAX <= VDC_HUB_PORTS_MAX, "the core has a place for every port");
_Static_assert(VDC_HS_FRAME_MAX <= VDC_FRAME_LEN_MAX, "the largest frame fits a cell");

/* Sources of own events behind the ports. The command input has the place of port n_ports. */
enum vdc_hs_leaf {
    VDC_HS_LEAF_CMD = 0,
    VDC_HS_LEAF_PENDING = 1,
    VDC_HS_LEAF_SAMPLE = 2,
    VDC_HS_N_LEAF = 3
};

struct vdc_hs_port {
    struct vdc_link_cfg link;
    struct vdc_burst_cfg burst_cfg; /* p_gb_p32 0: no burst loss, the chain stands still */
    struct vdc_burst burst;
    uint64_t base_loss_p32, base_corrupt_p32; /* what fault.clear goes back to */
    uint64_t seq;                             /* of the next message sent */
    vtime_t egress_t; /* next decision of the scheduler, VTIME_NEVER = nothing to decide */
    vtime_t link_t;   /* next hello or flap transition */
    vtime_t t_cut;    /* a frame that departed before was on the link while it was down */
    vtime_t since;    /* last change of is_up */
    uint64_t peer_rate_bps, peer_latency_ps;
    uint32_t id, peer;
    uint32_t flags; /* enum vdc_hiswitch_port_flags, captures excepted */
    uint32_t mode, peer_mode, peer_mtu;
    uint32_t is_peer_up, is_up, reason;
    uint32_t is_hello_due, is_flap_down;
    uint32_t is_told_up;      /* what the last LINK message said */
    uint32_t is_payload_base; /* CORRUPT_PAYLOAD as configured */
    uint32_t n_flap, n_cmd_flap;
    uint32_t pvid;
    struct vdc_hiswitch_flap flap[VDC_HISWITCH_FLAPS_MAX];
    struct vdc_hiswitch_flap cmd_flap[VDC_HISWITCH_FLAPS_MAX];
    uint64_t flap_period, flap_down_for, flap_first;
    struct vdc_hiswitch_qos qos;
};

/* Observation: never part of the digest, never of influence. */
struct vdc_hs_tap {
    uint32_t is_rx, is_tx;
    uint32_t snaplen; /* 0 = all */
    uint32_t zero;
};

struct vdc_hs_sampler {
    uint64_t every_ps; /* 0 = off */
    uint64_t ports;
    vtime_t next_t;
};

struct vdc_hs_vlan {
    uint64_t tagged, untagged;
};

struct vdc_hs_mdb_row {
    uint64_t key; /* vid << 48 | address */
    uint64_t ports;
};

/* A key of 0 is an empty way: VLAN 0 has no entries. */
struct vdc_hs_bucket {
    uint64_t key[VDC_HS_WAYS];
    vtime_t seen[VDC_HS_WAYS];
    uint8_t port[VDC_HS_WAYS];
    uint8_t is_static[VDC_HS_WAYS];
};
_Static_assert(sizeof(struct vdc_hs_bucket) == 72, "vdc_hs_bucket layout");

/* Commands that wait for their time; `order` is sorted by (at, arrival), last first out. */
struct vdc_hs_pending {
    uint32_t n;
    uint32_t n_fresh;
    uint16_t order[VDC_HISWITCH_PENDING_MAX];
    uint16_t free[VDC_HISWITCH_PENDING_MAX];
    uint32_t n_free;
    uint32_t zero;
    uint64_t user[VDC_HISWITCH_PENDING_MAX];
    struct vdc_hiswitch_cmd cmd[VDC_HISWITCH_PENDING_MAX];
};

struct vdc_hs {
    char name[32];
    uint32_t index, n_ports;
    uint64_t seed;
    uint64_t fwd_latency_ps, aging_ps;
    vtime_t now; /* everything before it has been done */
    uint64_t
        history; /* folds every decision: what was received, learned, forwarded, dropped, set */
    uint64_t up_mask; /* links that are up */
    uint64_t note_seq;
    uint64_t off_hub;
    uint32_t n_mdb;
    uint32_t frame_max; /* bytes of the largest frame that any port lets in: what a scheduler's turn
                           must cover */
    uint32_t is_checked;
    uint32_t zero;
    struct vdc_evtree own; /* events of our own; inputs are merged in run() */
    struct vdc_hs_port port[VDC_HISWITCH_PORTS_MAX];
    struct vdc_hs_tap tap[VDC_HISWITCH_PORTS_MAX];
    struct vdc_hs_sampler sampler[VDC_HISWITCH_SAMPLERS];
    struct vdc_hs_vlan vlan[VDC_HS_VLANS];
    struct vdc_hs_mdb_row mdb[VDC_HISWITCH_MDB_MAX]; /* ascending keys */
    struct vdc_hs_bucket fdb[VDC_HS_BUCKETS];
    struct vdc_hs_pending pending;
};

/* What one event is handled with. */
struct vdc_hs_env {
    struct vdc_hs *sw;
    struct vdc_hub *hub;
    const struct vdc_model_io *io;
    vtime_t now;
};

static inline void vdc_hs_fold(struct vdc_hs *sw, uint64_t x)
{
    sw->history = (sw->history ^ x) * UINT64_C(0x9FB21C651E98DF25);
    sw->history ^= sw->history >> 29;
}

static inline uint64_t vdc_hs_bit(uint32_t port)
{
    return UINT64_C(1) << port;
}

static inline uint64_t vdc_hs_all_ports(uint32_t n_ports)
{
    return UINT64_MAX >> (64 - n_ports);
}

/* 48 bits as they lie in memory; bit 0 is the group bit. */
static inline uint64_t vdc_hs_mac(const uint8_t *p)
{
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
           (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40;
}

static inline uint64_t vdc_hs_key(uint32_t vid, uint64_t mac)
{
    return (uint64_t)vid << 48 | mac;
}

void vdc_hs_key_split(uint64_t key, uint16_t *vid, uint8_t mac[6]);

/* parse.c */
struct vdc_hs_parsed {
    uint64_t dst, src;
    uint32_t l2_len; /* bytes of addresses, tag and type */
    uint16_t ethertype;
    uint16_t tci;
    bool is_tagged;
    bool has_dscp;
    uint8_t dscp;
};
/* Returns VDC_HUB_N_DROP if the frame is well formed, else why not. Reads nothing beyond len. */
enum vdc_hub_drop vdc_hs_parse(const uint8_t *frame, uint32_t len, struct vdc_hs_parsed *out);
/* Priority 0..7 by the port's trust and maps. */
uint32_t vdc_hs_classify(const struct vdc_hiswitch_qos *qos, const struct vdc_hs_parsed *h);

/* fdb.c; key = vdc_hs_key(). */
uint32_t vdc_hs_fdb_bucket(uint64_t key);
enum vdc_hs_learned { VDC_HS_SAME, VDC_HS_LEARNED, VDC_HS_MOVED, VDC_HS_FULL };
enum vdc_hs_learned vdc_hs_fdb_learn(struct vdc_hs *sw, uint64_t key, uint32_t port, vtime_t now);
uint32_t vdc_hs_fdb_find(const struct vdc_hs *sw, uint64_t key, vtime_t now);
/* false if the bucket holds static entries only. */
bool vdc_hs_fdb_add_static(struct vdc_hs *sw, uint64_t key, uint32_t port, vtime_t now);
bool vdc_hs_fdb_del(struct vdc_hs *sw, uint64_t key, vtime_t now);
/* port VDC_HS_NO_PORT or vid 0 = any. */
void vdc_hs_fdb_flush(struct vdc_hs *sw, uint32_t port, uint32_t vid, bool with_static);
/* Rows from *cursor (an entry number) on; sets it to where to go on, 0 = complete. */
uint32_t vdc_hs_fdb_rows(const struct vdc_hs *sw, uint32_t *cursor, vtime_t now,
                         struct vdc_hiswitch_fdb_row *rows, uint32_t n_max);

/* mdb.c: forwarding of group addresses. */
bool vdc_hs_mdb_find(const struct vdc_hs *sw, uint64_t key, uint64_t *ports);
bool vdc_hs_mdb_set(struct vdc_hs *sw, uint64_t key, uint64_t ports); /* false = table full */
bool vdc_hs_mdb_del(struct vdc_hs *sw, uint64_t key);

/* port.c: links. */
void vdc_hs_port_init(struct vdc_hs *sw, struct vdc_hub *hub, const struct vdc_hiswitch_cfg *cfg,
                      uint32_t p);
void vdc_hs_port_arm(struct vdc_hs *sw, uint32_t p); /* after egress_t or link_t changed */
/* Hello and flap transitions due; also to be called when flaps or the mode were changed. */
void vdc_hs_port_timer(const struct vdc_hs_env *e, uint32_t p);
void vdc_hs_port_link(const struct vdc_hs_env *e, uint32_t p, const struct vdc_msg *m);
void vdc_hs_port_admin(const struct vdc_hs_env *e, uint32_t p, bool is_up);
/* A command for whoever is at the other end of the link, which must be up. */
void vdc_hs_port_tell(const struct vdc_hs_env *e, uint32_t p, const void *text, uint32_t len);

/* ingress.c, egress.c */
void vdc_hs_ingress(const struct vdc_hs_env *e, uint32_t p, const struct vdc_msg *m);
void vdc_hs_egress(const struct vdc_hs_env *e, uint32_t p);
/* After a frame was queued or the link came up: decides when the scheduler runs. */
void vdc_hs_egress_arm(const struct vdc_hs_env *e, uint32_t p, vtime_t head_ok);

/* note.c: notes */
void vdc_hs_note(const struct vdc_hs_env *e, uint32_t port_id, uint16_t type, uint64_t user,
                 uint32_t wire_len, const void *payload, uint32_t len);
void vdc_hs_note_event(const struct vdc_hs_env *e, uint32_t kind, uint32_t p, uint64_t a,
                       uint64_t b);
void vdc_hs_note_frame(const struct vdc_hs_env *e, uint32_t p, uint64_t user, const void *frame,
                       uint32_t len, uint32_t size);
void vdc_hs_sample(const struct vdc_hs_env *e);
void vdc_hs_sample_arm(struct vdc_hs *sw);

/* pending.c, command.c, show.c */
void vdc_hs_command(const struct vdc_hs_env *e, const struct vdc_msg *m);
void vdc_hs_pending_due(const struct vdc_hs_env *e);
bool vdc_hs_pending_add(struct vdc_hs *sw, const struct vdc_hiswitch_cmd *cmd, uint64_t user);
void vdc_hs_execute(const struct vdc_hs_env *e, const struct vdc_hiswitch_cmd *cmd, uint64_t user);

struct vdc_hs_reply {
    struct vdc_hiswitch_reply head;
    _Alignas(8) uint8_t data[VDC_HISWITCH_PAGE_BYTES];
};
_Static_assert(offsetof(struct vdc_hs_reply, data) == sizeof(struct vdc_hiswitch_reply),
               "the data follow the head");
/* Fills the data of a command that changes nothing; false if op is no such command. */
bool vdc_hs_show(const struct vdc_hs_env *e, const struct vdc_hiswitch_cmd *cmd,
                 struct vdc_hs_reply *r);
bool vdc_hs_fail(struct vdc_hs_reply *r, enum vdc_hiswitch_status status,
                 enum vdc_hiswitch_subject subject, uint64_t lo, uint64_t hi);
struct vdc_digest vdc_hs_digest(const void *state);

#endif
