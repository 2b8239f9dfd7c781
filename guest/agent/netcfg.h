/* SPDX-License-Identifier: MIT */
/* Names and addresses of a node: a function of its index alone (docs/specs/agent.md section 6). */
#ifndef VDC_GUEST_AGENT_NETCFG_H
#define VDC_GUEST_AGENT_NETCFG_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VDC_NETCFG_NODES_MAX 10000u
#define VDC_NETCFG_PORTS_MAX 16u

struct vdc_netcfg {
    uint32_t node;
    uint32_t n_nodes;
    bool is_arp_static;
    uint32_t n_ports;
    char netdev[VDC_NETCFG_PORTS_MAX][IF_NAMESIZE]; /* of HiNIC functions, in PCI order */
    uint32_t port[VDC_NETCFG_PORTS_MAX];            /* 0-based, from the MAC */
    int events; /* netlink socket: readable when a link changed */
};

/* Host name, /etc/hosts, loopback, every HiNIC netdev up with address and neighbours. The caller
 * fills node, n_nodes and is_arp_static first. Returns 0, or -1 with one line in @err. */
int vdc_netcfg_apply(struct vdc_netcfg *cfg, char *err, size_t err_size);

/* Drains the event socket. True when every HiNIC netdev has a carrier (or there is none). */
bool vdc_netcfg_has_carrier(const struct vdc_netcfg *cfg);

#endif
