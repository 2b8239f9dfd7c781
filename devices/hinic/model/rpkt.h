/* SPDX-License-Identifier: MIT */
/* RDMA packets inside the device: buffers, the transmit scheduler, the receive dispatch. */
#ifndef VDC_DEVICES_HINIC_MODEL_RPKT_H
#define VDC_DEVICES_HINIC_MODEL_RPKT_H

#include <stdbool.h>
#include <stdint.h>

#include "vdc/digest.h"
#include "vdc/vtime.h"
#include "wire.h"

struct qp;
struct vdc_hinic;
struct vdc_hinic_cfg;
struct vdc_hinic_env;

/* ---- rpkt.c: packet buffers ---- */

#define RPKT_NONE   0u /* no packet; buffer 0 is never used */
/* Memory of a buffer: headers end and the payload begins at WIRE_HDR_MAX, pad and ICRC follow. */
#define RPKT_STRIDE (WIRE_HDR_MAX + WIRE_PAYLOAD_MAX + 64u)

/* A class never takes the buffers of another: of n, a quarter, a quarter and a half. */
enum rpkt_class { RPKT_TX_DATA, RPKT_TX_CTL, RPKT_RX, RPKT_CLASSES };

enum rpkt_state {
    RPKT_FREE,
    RPKT_HELD,  /* by who allocated it or was given it */
    RPKT_FETCH, /* in turn order, its payload is on its way */
    RPKT_READY, /* in turn order or control queue, may leave at t */
    RPKT_LOOP   /* arrives at t without having been on the link */
};

struct rpkt {
    struct wire_hdr w;    /* to build, or as parsed */
    vtime_t t;            /* received: arrival of the last bit */
    uint32_t qpn;         /* own QP: source, or destination */
    uint32_t next;        /* packet of the same queue */
    uint32_t user[4];     /* of the requester or responder that holds or built it */
    uint16_t pkey_index;  /* received: entry that matched */
    uint8_t cls;          /* enum rpkt_class */
    uint8_t state;        /* enum rpkt_state */
    uint8_t is_responder; /* source */
    uint8_t is_dead;      /* dropped at its turn */
    uint8_t is_multicast; /* received */
    uint8_t zero;
};
_Static_assert(sizeof(struct rpkt) == 192, "rpkt has no holes");

/* Buffers of a device that has RDMA: 32 per queue pair within these limits. */
#define RPKT_N_MIN 128u
#define RPKT_N     1024u

struct rpool {
    uint32_t n_used[RPKT_CLASSES];
    uint32_t free;       /* list through next */
    uint32_t fresh;      /* buffers used since reset */
    uint32_t rx_waits;   /* the receive engine waits for a buffer */
    uint32_t loop_waits; /* transmit waits for one */
    uint32_t zero;
};

/* RPKT_NONE if the class is exhausted. The packet is zeroed but for cls and state. */
uint32_t vdc_hinic_rpkt_alloc(struct vdc_hinic *h, enum rpkt_class cls);
void vdc_hinic_rpkt_free(struct vdc_hinic *h, vtime_t now, uint32_t i);
/* Buffers of a device with RDMA, the unused first one included. */
uint32_t vdc_hinic_rpkt_total(const struct vdc_hinic_cfg *cfg);

/* Packets and scheduler: their state after a reset (QPs are gone then too), their digest. A device
 * without RDMA has none. */
void vdc_hinic_rnet_init(struct vdc_hinic *h);
void vdc_hinic_rnet_digest(const struct vdc_hinic *h, struct vdc_digest *d);

/* ---- sched.c: transmit ---- */

/* Two per slot of a QP: requester, responder (READ responses). */
struct sched_src {
    uint32_t next, prev; /* in the round robin: numbers of sources, 0 = none */
    uint32_t is_armed;
    uint32_t n_out; /* packets in turn order */
    uint32_t qpn;
    uint32_t zero;
};
_Static_assert(sizeof(struct sched_src) == 24, "sched_src has no holes");

/* Sources are numbered 1 + 2 * slot + is_responder. */
struct sched {
    uint32_t src_head, src_tail; /* round robin */
    uint32_t out_head, out_tail; /* packets in turn order */
    uint32_t ctl_head, ctl_tail;
    uint32_t loop_head, loop_tail;
    uint32_t n_out;
    uint32_t out_bytes;   /* of frames in turn order, on the wire */
    uint32_t is_eth_next; /* of data frames, the Ethernet queues are next */
    uint32_t zero;
    vtime_t gate;    /* no data packet leaves before */
    vtime_t free_at; /* engine */
};

/* Answer of vdc_hinic_req_build() and vdc_hinic_rsp_build(), which get an allocated packet (class
 * TX_DATA, qpn and is_responder set) and fill its w; the scheduler frees it unless it was built. */
enum sched_built {
    SCHED_IDLE,    /* nothing to send: disarmed until the next vdc_hinic_sched_arm() */
    SCHED_BUILT,   /* complete, payload in place (if any) */
    SCHED_FETCHING /* w is complete, vdc_hinic_sched_ready() or _abort() follows */
};

/* The source has something to send. May be called at any time, also when armed. */
void vdc_hinic_sched_arm(struct vdc_hinic *h, vtime_t now, uint32_t qpn, bool is_responder);
/* Payload has arrived, or never will: the packet leaves in its turn, or is dropped in it. Both also
 * for a packet that vdc_hinic_sched_drop() has dropped meanwhile: every fetch ends with one of
 * them, since its buffer is not used again before. */
void vdc_hinic_sched_ready(struct vdc_hinic *h, vtime_t now, uint32_t pkt);
void vdc_hinic_sched_abort(struct vdc_hinic *h, vtime_t now, uint32_t pkt);
/* Takes a complete packet (class TX_CTL, payload at most in place already): leaves t_ack + t_tx
 * later, before data. */
void vdc_hinic_sched_control(struct vdc_hinic *h, vtime_t now, uint32_t pkt);
/* Drops what the source has in turn order and has not been sent (error, go-back). It stays armed.
 */
void vdc_hinic_sched_drop(struct vdc_hinic *h, vtime_t now, uint32_t qpn, bool is_responder);
/* The QP goes away: both sources disarmed, their packets dropped. */
void vdc_hinic_sched_close(struct vdc_hinic *h, vtime_t now, uint32_t qpn);
/*
 * When a data packet has left (its first bit, also of a loopback), the scheduler calls
 * vdc_hinic_req_sent() or vdc_hinic_rsp_sent() (h, now, qpn, pkt) of its source, then frees it.
 */

/* EV_SCHED: a turn of the engine. EV_LOOP: a loopback packet arrives. */
void vdc_hinic_sched_run(struct vdc_hinic *h, vtime_t now);
void vdc_hinic_loop_run(struct vdc_hinic *h, vtime_t now);

/* For the Ethernet transmit, which shares the link: earliest time at which a packet could leave,
 * VTIME_NEVER if none is ready. */
vtime_t vdc_hinic_sched_time(const struct vdc_hinic *h);
/* A transmission: sends a packet and returns true, or leaves it to the Ethernet queues. */
bool vdc_hinic_sched_transmit(struct vdc_hinic *h, vtime_t now, bool has_eth,
                              const struct vdc_hinic_env *env);
/* Of ethtx.c: something may leave now or soon; sees to it that it does. */
void vdc_hinic_tx_start(struct vdc_hinic *h, vtime_t now);

/* ---- rrx.c: receive ---- */

enum rrx_verdict {
    RRX_NOT_OURS, /* the frame is for the netdev */
    RRX_DONE,     /* taken or dropped, counted */
    RRX_WAIT      /* no buffer; vdc_hinic_rx_kick() follows when one has come free */
};

/* A frame from the link with its last bit at t_arrival, t_rx later. */
enum rrx_verdict vdc_hinic_rrx_frame(struct vdc_hinic *h, vtime_t now, vtime_t t_arrival,
                                     const uint8_t *frame, uint32_t len);
/*
 * Each packet that passes (ICRC, tver, opcode, QP type and state, P_Key, addresses of RC and UC) is
 * given to vdc_hinic_req_packet() (responses) or vdc_hinic_rsp_packet() (all others), with the
 * buffer. A multicast packet is given once per attached QP, in QPN order, each with its own buffer.
 */
bool vdc_hinic_rrx_packet(struct vdc_hinic *h, vtime_t now, uint32_t pkt); /* false: dropped */

#endif
