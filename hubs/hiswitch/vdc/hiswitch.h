/* SPDX-License-Identifier: MIT */
/* HiSwitch, the Ethernet switch model: its configuration and its model operations. */
#ifndef VDC_HUBS_HISWITCH_HISWITCH_H
#define VDC_HUBS_HISWITCH_HISWITCH_H

#include <stddef.h>
#include <stdint.h>

#include "vdc/burst.h"
#include "vdc/link.h"
#include "vdc/model.h"
#include "vdc/msg.h"

#define VDC_HISWITCH_PORTS_MAX   64u
#define VDC_HISWITCH_VLANS_MAX   128u /* rows in the configuration; the table itself has all 4094 */
#define VDC_HISWITCH_MDB_MAX     256u
#define VDC_HISWITCH_STATIC_MAX  2048u /* static addresses in the configuration */
#define VDC_HISWITCH_FDB_ENTRIES 16384u
#define VDC_HISWITCH_FLAPS_MAX   8u
#define VDC_HISWITCH_MTU_MIN     256u
#define VDC_HISWITCH_MTU_MAX     9216u
#define VDC_HISWITCH_BUFFER_MIN  (UINT64_C(64) << 10)
#define VDC_HISWITCH_BUFFER_MAX  (UINT64_C(256) << 20)

/* enum vdc_hiswitch_port_flags */
enum vdc_hiswitch_port_flags {
    VDC_HISWITCH_PORT_CONNECTED = 1u << 0, /* a cable is plugged in: hello at t = 0 */
    VDC_HISWITCH_PORT_UP = 1u << 1,        /* administrative state at t = 0 */
    VDC_HISWITCH_PORT_LEARN = 1u << 2,     /* source addresses are learned */
    VDC_HISWITCH_PORT_VLAN_FILTER =
        1u << 3, /* frames of VLANs that the port is no member of are dropped on entry */
    VDC_HISWITCH_PORT_CAPTURE_RX = 1u << 4, /* capture notes from t = 0 */
    VDC_HISWITCH_PORT_CAPTURE_TX = 1u << 5,
    /* The peer does not know the flap schedule: it is told by LINK messages, one latency later.
     * Clear it when both ends have the schedule in their configuration and act by themselves. */
    VDC_HISWITCH_PORT_FLAP_TELL = 1u << 6,
    /* Corruption flips one payload bit and the frame passes the FCS; without it the receiver sees a
       bad FCS. */
    VDC_HISWITCH_PORT_CORRUPT_PAYLOAD = 1u << 7
};

enum vdc_hiswitch_trust { /* where a frame's priority comes from */
                          VDC_HISWITCH_TRUST_PCP,
                          VDC_HISWITCH_TRUST_DSCP,
                          VDC_HISWITCH_TRUST_PORT
};

enum vdc_hiswitch_tsa { VDC_HISWITCH_TSA_STRICT, VDC_HISWITCH_TSA_ETS };

/* Classification and scheduling of one port. */
struct vdc_hiswitch_qos {
    uint8_t trust; /* enum vdc_hiswitch_trust */
    uint8_t prio;  /* 0..7: of frames without the trusted field */
    uint8_t zero[6];
    uint8_t pcp_prio[8];
    uint8_t dscp_prio[64];
    uint8_t prio_tc[8];       /* priority to egress queue of this port */
    uint8_t tsa[8];           /* per TC: enum vdc_hiswitch_tsa */
    uint8_t weight[8];        /* percent; ETS TCs only, they must sum to 100 when there is one */
    uint32_t maxrate_kbps[8]; /* per TC, 0 = none */
};
_Static_assert(sizeof(struct vdc_hiswitch_qos) == 136, "vdc_hiswitch_qos layout");

/* The link is down in [down, up). */
struct vdc_hiswitch_flap {
    vtime_t down, up;
};

struct vdc_hiswitch_port_cfg {
    uint32_t id;   /* port id, vdc_port_id(VDC_PORT_SWITCH, switch index, port) */
    uint32_t peer; /* port id of the other end, 0 = none: the destination of what leaves */
    uint32_t
        mode; /* enum vdc_link_mode; IB is refused: this version has the Ethernet pipeline only */
    uint32_t flags;             /* enum vdc_hiswitch_port_flags */
    struct vdc_link_cfg link;   /* egress direction; mtu limits both directions */
    struct vdc_burst_cfg burst; /* burst loss of the egress direction, beside that of the link;
                                   p_gb_p32 0 = none */
    struct vdc_hiswitch_qos qos;
    uint64_t queue_limit; /* bytes per (port, TC), 0 = the whole buffer */
    uint16_t pvid;        /* 1..4094: VLAN of untagged and priority-tagged frames */
    uint16_t zero0;
    uint32_t n_flap;
    struct vdc_hiswitch_flap flap[VDC_HISWITCH_FLAPS_MAX]; /* ascending, not overlapping */
    uint64_t flap_period; /* 0 = none, else down in [first + k * period, + down_for) as well; not
                             together with flap[] */
    uint64_t flap_down_for;
    uint64_t flap_first;
    uint32_t capture_snaplen; /* bytes of a frame in a capture note, 0 = all */
    uint32_t zero1;
};

/* Bit n of a mask is port n. */
struct vdc_hiswitch_vlan_cfg {
    uint64_t tagged, untagged; /* disjoint */
    uint16_t vid;              /* 1..4094 */
    uint16_t zero[3];
};

struct vdc_hiswitch_mdb_cfg {
    uint64_t ports;
    uint16_t vid;
    uint8_t mac[6]; /* a group address, not broadcast, not reserved */
};

struct vdc_hiswitch_static_cfg {
    uint16_t vid;
    uint8_t mac[6];
    uint32_t port;
    uint32_t zero;
};

/* Flat and fixed: may lie in shared memory. Copied by init, belongs to the caller. Times in ps. */
struct vdc_hiswitch_cfg {
    char name[32];
    uint32_t index; /* of the component: port ids are made from it */
    uint32_t n_ports;
    uint64_t seed;   /* run seed */
    uint64_t buffer; /* bytes, shared by all ports */
    uint64_t
        fwd_latency_ps; /* ingress (last bit) to earliest egress start, default 300 ns, 0 allowed */
    uint64_t aging_ps;  /* of learned addresses, default 300 s, 0 = never */
    uint64_t sample_ps; /* telemetry interval, 0 = none, else >= 100 ns */
    uint64_t sample_ports; /* mask */
    uint32_t n_vlan;       /* VLAN 1 with every port untagged exists unless it is given here */
    uint32_t n_mdb;
    uint32_t n_static;
    uint32_t is_checked; /* not 0: every run() ends with a full conservation check (tests) */
    struct vdc_hiswitch_port_cfg port[VDC_HISWITCH_PORTS_MAX];
    struct vdc_hiswitch_vlan_cfg vlan[VDC_HISWITCH_VLANS_MAX];
    struct vdc_hiswitch_mdb_cfg mdb[VDC_HISWITCH_MDB_MAX];
    struct vdc_hiswitch_static_cfg addr[VDC_HISWITCH_STATIC_MAX];
};

/* Zeroes *cfg and sets every default: n_ports ports of 100 Gb/s, 500 ns, mtu 4200, mode auto,
 * connected, up, learning, VLAN 1; port ids and the keys of the link streams are made from seed and
 * index. Set the peers yourself. */
void vdc_hiswitch_cfg_default(struct vdc_hiswitch_cfg *cfg, uint32_t index, uint32_t n_ports,
                              uint64_t seed);

/* Returns 0, or -1 with the first violation as text in err: "port[3].pvid: 5000, allowed 1..4094".
 * size >= 96. */
int vdc_hiswitch_cfg_check(const struct vdc_hiswitch_cfg *cfg, char *err, size_t size);

/* Arrival of a frame at any port to the earliest arrival at the peer of `port`, queues empty, in
 * ps. */
uint64_t vdc_hiswitch_in_ps(const struct vdc_hiswitch_cfg *cfg, uint32_t port);

/*
 * The configuration is a struct vdc_hiswitch_cfg that passed the check (size() returns 0
 * otherwise). Ports 0..n_ports-1 take and give VDC_MSG_ETH and VDC_MSG_LINK; port n_ports takes
 * VDC_MSG_CMD, see vdc/hiswitchcmd.h. Notes carry the switch's index in `dst` of their message and
 * their own running seq.
 */
extern const struct vdc_model_ops vdc_hiswitch_ops;

#endif
