/* SPDX-License-Identifier: MIT */
/* Names and addresses of a node, set through rtnetlink: no program is started for it, so boot stays
 * short. */
#include "netcfg.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bar.h"

#define MAC_OUI "\x02\x48\x43" /* followed by 24 bits of node * 16 + port + 1 */

struct request {
    struct nlmsghdr head;
    union {
        struct ifinfomsg link;
        struct ifaddrmsg addr;
        struct ndmsg neigh;
    } body;
    char attributes[64];
};

static uint32_t address(uint32_t node, uint32_t port)
{
    return htonl((10u << 24) | (port << 16) | ((node / 250u) << 8) | (node % 250u + 1u));
}

static void start(struct request *r, uint16_t type, uint16_t flags, size_t body_bytes)
{
    memset(r, 0, sizeof(*r));
    r->head.nlmsg_type = type;
    r->head.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
    r->head.nlmsg_len = (uint32_t)NLMSG_LENGTH(body_bytes);
}

static void attribute(struct request *r, uint16_t type, const void *data, size_t len)
{
    struct rtattr *a = (struct rtattr *)(void *)((char *)r + NLMSG_ALIGN(r->head.nlmsg_len));

    a->rta_type = type;
    a->rta_len = (uint16_t)RTA_LENGTH(len);
    memcpy(RTA_DATA(a), data, len);
    r->head.nlmsg_len = (uint32_t)(NLMSG_ALIGN(r->head.nlmsg_len) + RTA_LENGTH(len));
}

/* One request, one acknowledgement. Returns 0 or negative errno. */
static int transact(int fd, const struct request *r)
{
    struct {
        struct nlmsghdr head;
        struct nlmsgerr error;
    } reply;

    if (send(fd, r, r->head.nlmsg_len, 0) < 0) {
        return -errno;
    }
    if (recv(fd, &reply, sizeof(reply), 0) < (ssize_t)sizeof(reply) ||
        reply.head.nlmsg_type != NLMSG_ERROR) {
        return -EPROTO;
    }
    return reply.error.error;
}

static int set_up(int fd, uint32_t index)
{
    struct request r;

    start(&r, RTM_NEWLINK, 0, sizeof(r.body.link));
    r.body.link.ifi_family = AF_UNSPEC;
    r.body.link.ifi_index = (int)index;
    r.body.link.ifi_flags = IFF_UP;
    r.body.link.ifi_change = IFF_UP;
    return transact(fd, &r);
}

static int add_address(int fd, uint32_t index, uint32_t addr)
{
    uint32_t broadcast = addr | htonl(0xffff);
    struct request r;

    start(&r, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, sizeof(r.body.addr));
    r.body.addr.ifa_family = AF_INET;
    r.body.addr.ifa_prefixlen = 16;
    r.body.addr.ifa_index = index;
    attribute(&r, IFA_LOCAL, &addr, sizeof(addr));
    attribute(&r, IFA_ADDRESS, &addr, sizeof(addr));
    attribute(&r, IFA_BROADCAST, &broadcast, sizeof(broadcast));
    return transact(fd, &r);
}

static int add_neighbour(int fd, uint32_t index, uint32_t node, uint32_t port)
{
    uint32_t addr = address(node, port);
    uint32_t id = node * 16u + port + 1u;
    uint8_t mac[6] = { 0, 0, 0, (uint8_t)(id >> 16), (uint8_t)(id >> 8), (uint8_t)id };
    struct request r;

    memcpy(mac, MAC_OUI, 3);
    start(&r, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, sizeof(r.body.neigh));
    r.body.neigh.ndm_family = AF_INET;
    r.body.neigh.ndm_ifindex = (int)index;
    r.body.neigh.ndm_state = NUD_PERMANENT;
    attribute(&r, NDA_DST, &addr, sizeof(addr));
    attribute(&r, NDA_LLADDR, mac, sizeof(mac));
    return transact(fd, &r);
}

static int read_attribute(const char *netdev, const char *name, char *text, size_t size)
{
    char path[128];
    ssize_t n;
    int fd;

    (void)snprintf(path, sizeof(path), "/sys/class/net/%s/%s", netdev, name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return -errno;
    }
    n = read(fd, text, size - 1);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    return n > 0 ? 0 : -EIO;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* The netdevs below one PCI function; their port is in the low four bits of the MAC. */
static void find_netdevs(struct vdc_netcfg *cfg, const char *pci_name)
{
    char path[128];
    uint32_t first = cfg->n_ports;
    struct dirent *e;
    DIR *dir;

    (void)snprintf(path, sizeof(path), "/sys/bus/pci/devices/%.31s/net", pci_name);
    dir = opendir(path);
    if (dir == NULL) {
        return;
    }
    while ((e = readdir(dir)) != NULL && cfg->n_ports < VDC_NETCFG_PORTS_MAX) {
        if (e->d_name[0] != '.' && strlen(e->d_name) < IF_NAMESIZE) {
            (void)snprintf(cfg->netdev[cfg->n_ports++], IF_NAMESIZE, "%.15s", e->d_name);
        }
    }
    closedir(dir);
    qsort(cfg->netdev[first], cfg->n_ports - first, IF_NAMESIZE, by_name);
    for (uint32_t i = first; i < cfg->n_ports; i++) {
        char mac[32] = "";
        uint32_t low = 0;

        if (read_attribute(cfg->netdev[i], "address", mac, sizeof(mac)) == 0 && strlen(mac) >= 17) {
            low = (uint32_t)strtoul(mac + 15, NULL, 16) & 15u;
        }
        cfg->port[i] = low > 0 ? low - 1 : i;
    }
}

static int write_names(const struct vdc_netcfg *cfg)
{
    char name[16];
    FILE *f = fopen("/etc/hosts", "we");

    if (f == NULL) {
        return -errno;
    }
    fprintf(f, "127.0.0.1 localhost\n");
    for (uint32_t node = 0; node < cfg->n_nodes; node++) {
        char text[INET_ADDRSTRLEN];
        struct in_addr a = { .s_addr = address(node, 0) };

        fprintf(f, "%s node%u\n", inet_ntop(AF_INET, &a, text, sizeof(text)), node);
    }
    if (fclose(f) != 0) {
        return -EIO;
    }
    (void)snprintf(name, sizeof(name), "node%u", cfg->node);
    return sethostname(name, strlen(name)) < 0 ? -errno : 0;
}

static int configure_port(const struct vdc_netcfg *cfg, int fd, uint32_t i)
{
    uint32_t index = if_nametoindex(cfg->netdev[i]);
    int status = add_address(fd, index, address(cfg->node, cfg->port[i]));

    if (status == 0) {
        status = set_up(fd, index);
    }
    for (uint32_t node = 0; status == 0 && cfg->is_arp_static && node < cfg->n_nodes; node++) {
        if (node != cfg->node) {
            status = add_neighbour(fd, index, node, cfg->port[i]);
        }
    }
    return status;
}

static int open_events(void)
{
    struct sockaddr_nl local = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

    if (fd >= 0 && bind(fd, (struct sockaddr *)&local, sizeof(local)) < 0) {
        close(fd);
        return -errno;
    }
    return fd < 0 ? -errno : fd;
}

int vdc_netcfg_apply(struct vdc_netcfg *cfg, char *err, size_t err_size)
{
    char names[VDC_PCI_FUNCTIONS_MAX][VDC_PCI_NAME_BYTES];
    int n = vdc_pci_find(VDC_AGENT_PCI_VENDOR, VDC_HINIC_PCI_DEVICE, names);
    const char *what = "/etc/hosts";
    int status;
    int fd;

    cfg->n_ports = 0;
    for (int i = 0; i < n; i++) {
        find_netdevs(cfg, names[i]);
    }
    status = write_names(cfg);
    cfg->events = open_events();
    fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (status == 0 && (cfg->events < 0 || fd < 0)) {
        what = "netlink";
        status = -errno;
    }
    if (status == 0) {
        what = "lo";
        status = set_up(fd, if_nametoindex("lo"));
    }
    for (uint32_t i = 0; status == 0 && i < cfg->n_ports; i++) {
        what = cfg->netdev[i];
        status = configure_port(cfg, fd, i);
    }
    if (fd >= 0) {
        close(fd);
    }
    if (status < 0) {
        (void)snprintf(err, err_size, "cannot configure %s: %s", what, strerror(-status));
        return -1;
    }
    return 0;
}

bool vdc_netcfg_has_carrier(const struct vdc_netcfg *cfg)
{
    char text[8192];

    while (recv(cfg->events, text, sizeof(text), 0) > 0 || errno == ENOBUFS) {
        /* the state is read from sysfs below; the message only said that something changed */
    }
    for (uint32_t i = 0; i < cfg->n_ports; i++) {
        if (read_attribute(cfg->netdev[i], "carrier", text, sizeof(text)) < 0 || text[0] != '1') {
            return false;
        }
    }
    return true;
}
