/* SPDX-License-Identifier: MIT */
/* Counters of one hub port: drop reasons, frames and bytes, all u64 and never wrapped in practice.
 */
#ifndef VDC_HUBS_CORE_HUBCNT_H
#define VDC_HUBS_CORE_HUBCNT_H

#include <stdint.h>

#define VDC_HUB_TCS   8u /* traffic classes (queues) per port */
#define VDC_HUB_PRIOS 8u /* priorities */

/*
 * Why a frame ended here. Reasons of the way in count at the ingress port, of the way out at the
 * egress port: in   fcs runt giant port_down mode parse vlan_in reserved no_route same_port buf
 * link_lost (the link was down while the frame was on it) out  giant port_down vlan_out egress
 * (queue limit) link_lost (drawn by the link's loss stream)
 */
#define VDC_HUB_DROPS(X)                                                                           \
    X(FCS, fcs)                                                                                    \
    X(RUNT, runt)                                                                                  \
    X(GIANT, giant)                                                                                \
    X(PORT_DOWN, port_down)                                                                        \
    X(MODE, mode)                                                                                  \
    X(PARSE, parse)                                                                                \
    X(VLAN_IN, vlan_in)                                                                            \
    X(VLAN_OUT, vlan_out)                                                                          \
    X(RESERVED, reserved)                                                                          \
    X(NO_ROUTE, no_route)                                                                          \
    X(SAME_PORT, same_port)                                                                        \
    X(BUF, buf)                                                                                    \
    X(EGRESS, egress)                                                                              \
    X(LINK_LOST, link_lost)

enum vdc_hub_drop {
#define VDC_HUB_DROP_ENUM(id, name) VDC_HUB_DROP_##id,
    VDC_HUB_DROPS(VDC_HUB_DROP_ENUM)
#undef VDC_HUB_DROP_ENUM
        VDC_HUB_N_DROP
};

/* Bytes are frame bytes as on the link, without FCS and overhead. rx counts what arrived, tx what
 * the link took. */
struct vdc_hub_cnt {
    uint64_t rx_frames, rx_bytes;
    uint64_t tx_frames, tx_bytes;
    uint64_t rx_prio_frames[VDC_HUB_PRIOS], rx_prio_bytes[VDC_HUB_PRIOS];
    uint64_t tx_prio_frames[VDC_HUB_PRIOS], tx_prio_bytes[VDC_HUB_PRIOS];
    uint64_t q_max[VDC_HUB_TCS]; /* bytes; most that was queued since the last clear */
    uint64_t drop[VDC_HUB_N_DROP];
    uint64_t
        flood; /* frames of this ingress port sent to more than one port or to an unknown address */
    uint64_t fdb_full;         /* addresses not learned: the bucket holds static entries only */
    uint64_t tx_corrupt;       /* frames sent that the link's corruption stream hit */
    uint64_t link_down_events; /* up to down */
};
_Static_assert(sizeof(struct vdc_hub_cnt) == 8 * (4 + 4 * 8 + 8 + 14 + 4),
               "vdc_hub_cnt has no padding");

#endif
