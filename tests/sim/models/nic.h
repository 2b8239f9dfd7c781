/* SPDX-License-Identifier: MIT */
/* A node for simulations: the HiNIC model, a driver that polls its rings, and traffic, as one
 * model. */
#ifndef VDC_TESTS_SIM_MODELS_NIC_H
#define VDC_TESTS_SIM_MODELS_NIC_H

#include "host.h"
#include "vdc/model.h"

#define NIC_PEERS 8u

enum nic_role {
    NIC_ECHO, /* answers every ping, keeps what else comes */
    NIC_PING, /* one ping at a time */
    NIC_BULK  /* as much as the rings take */
};

struct nic_cfg {
    struct host *host; /* set up by nic_boot(), not ready yet */
    uint32_t index;
    uint32_t role; /* enum nic_role */
    uint32_t peer; /* that it sends to */
    uint32_t n_send;
    uint32_t len;      /* bytes of a frame */
    uint32_t n_window; /* BULK: frames that are not completed */
    vtime_t start;
    uint64_t irq_ps; /* interrupt to the driver's first look */
    uint8_t mac[NIC_PEERS][6];
};

struct nic_stat {
    uint64_t n_sent, n_done;         /* frames given to the device, completed by it */
    uint64_t n_ping, n_pong, n_bulk; /* received */
    uint64_t n_bad;                  /* wrong bytes, wrong address, an error completion */
    uint64_t n_gap;                  /* numbers of a sender that did not come one after the other */
    uint64_t rtt_min, rtt_max;
};

extern const struct vdc_model_ops nic_ops;

/* A device with rings and buffers in place, at its local time 0 or later, before READY. */
struct host *nic_boot(const struct vdc_hinic_cfg *cfg);
/* MAC address of a device as six octets. */
void nic_mac(struct host *o, uint8_t mac[6]);
const struct nic_stat *nic_stat(const void *state);

#endif
