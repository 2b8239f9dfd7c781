/* SPDX-License-Identifier: MIT */
/* Capture files of a switch: blocks by the pure formatter, files by stdio. */
#include "capture.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vdc/hiswitchcmd.h"
#include "vdc/pcapng.h"

#define PATH_BYTES    4096
#define COMMENT_BYTES 96

struct capture_file {
    struct capture_file *next;
    FILE *f;
    uint32_t n_iface;
    uint32_t n_ports; /* that write to it */
    uint8_t block[VDC_MSG_PAYLOAD_MAX + VDC_PCAPNG_OVERHEAD + COMMENT_BYTES];
    char path[PATH_BYTES];
};

void captures_init(struct captures *c, const char *dir, const char *name)
{
    *c = (struct captures){ .dir = dir, .name = name };
}

static int put_block(struct capture_file *cf, size_t n)
{
    return n > 0 && fwrite(cf->block, 1, n, cf->f) == n ? 0 : -EIO;
}

static int file_open(struct captures *c, const char *path, struct capture_file **out)
{
    struct capture_file *cf = calloc(1, sizeof(*cf));
    int rc;

    if (!cf) {
        return -ENOMEM;
    }
    memcpy(cf->path, path, strlen(path) + 1);
    cf->f = fopen(path, "we");
    rc = cf->f ? put_block(cf, vdc_pcapng_section(cf->block, sizeof(cf->block), "hicain-vswitchd"))
               : -errno;
    if (rc < 0) {
        if (cf->f) {
            (void)fclose(cf->f);
        }
        free(cf);
        return rc;
    }
    cf->next = c->files;
    c->files = cf;
    *out = cf;
    return 0;
}

int captures_start(struct captures *c, uint32_t port, const char *path)
{
    char full[PATH_BYTES];
    char name[64];
    struct capture_file *cf;
    const char *dir = c->dir ? c->dir : ".";
    int rc = 0;
    int n;

    if (port >= VDC_HISWITCH_PORTS_MAX) {
        return -EINVAL;
    }
    if (c->of_port[port]) {
        return -EBUSY;
    }
    (void)snprintf(name, sizeof(name), "%s-p%" PRIu32 ".pcapng", c->name, port);
    if (!path || path[0] == '\0') {
        path = name;
    }
    n = path[0] == '/' ? snprintf(full, sizeof(full), "%s", path)
                       : snprintf(full, sizeof(full), "%s/%s", dir, path);
    if (n < 0 || (size_t)n >= sizeof(full)) {
        return -ENAMETOOLONG;
    }
    for (cf = c->files; cf && strcmp(cf->path, full) != 0; cf = cf->next) {
    }
    if (!cf) {
        rc = file_open(c, full, &cf);
    }
    if (rc < 0) {
        return rc;
    }
    (void)snprintf(name, sizeof(name), "%s.p%" PRIu32, c->name, port);
    rc = put_block(
        cf, vdc_pcapng_interface(cf->block, sizeof(cf->block), VDC_PCAPNG_ETHERNET, 0, name));
    if (rc == 0) {
        c->iface[port] = cf->n_iface++;
        c->of_port[port] = cf;
        cf->n_ports++;
    }
    return rc;
}

static int file_close(struct captures *c, struct capture_file *cf)
{
    struct capture_file **at = &c->files;
    int rc;

    while (*at != cf) {
        at = &(*at)->next;
    }
    *at = cf->next;
    rc = ferror(cf->f) ? -EIO : 0;
    if (fclose(cf->f) != 0 && rc == 0) {
        rc = -errno;
    }
    free(cf);
    return rc;
}

int captures_stop(struct captures *c, uint32_t port)
{
    struct capture_file *cf;

    if (port >= VDC_HISWITCH_PORTS_MAX || !c->of_port[port]) {
        return -ENOENT;
    }
    cf = c->of_port[port];
    c->of_port[port] = NULL;
    cf->n_ports--;
    return cf->n_ports == 0 ? file_close(c, cf) : 0;
}

int captures_put(struct captures *c, const struct vdc_msg *m, const void *frame)
{
    const uint32_t port = (uint32_t)(m->user >> 40 & 255);
    const uint32_t dir = (uint32_t)(m->user >> 32 & 255);
    char comment[COMMENT_BYTES];
    struct capture_file *cf;
    int rc = 0;

    if (port >= VDC_HISWITCH_PORTS_MAX) {
        return -EPROTO;
    }
    if (!c->of_port[port]) {
        rc = captures_start(c, port, NULL);
    }
    if (rc < 0) {
        return rc;
    }
    cf = c->of_port[port];
    (void)snprintf(comment, sizeof(comment), "t_ps=%" PRIu64 " dir=%s q=%" PRIu64 " prio=%" PRIu64,
                   m->t, dir == VDC_HISWITCH_DIR_TX ? "tx" : "rx", m->user & UINT32_MAX,
                   m->user >> 48 & 255);
    return put_block(cf, vdc_pcapng_put_packet(cf->block, sizeof(cf->block),
                                               &(struct vdc_pcapng_packet){ .iface = c->iface[port],
                                                                            .cap_len = m->len,
                                                                            .wire_len = m->wire_len,
                                                                            .t = m->t,
                                                                            .data = frame,
                                                                            .comment = comment }));
}

int captures_close(struct captures *c)
{
    int rc = 0;

    memset(c->of_port, 0, sizeof(c->of_port));
    while (c->files) {
        const int one = file_close(c, c->files);

        rc = rc < 0 ? rc : one;
    }
    return rc;
}
