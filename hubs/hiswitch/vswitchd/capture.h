/* SPDX-License-Identifier: MIT */
/* Capture files: pcapng with virtual time, one interface per port. */
#ifndef VDC_HUBS_HISWITCH_VSWITCHD_CAPTURE_H
#define VDC_HUBS_HISWITCH_VSWITCHD_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "vdc/hiswitch.h"
#include "vdc/msg.h"

struct capture_file;

struct captures {
    const char *dir;  /* of relative paths, NULL = working directory */
    const char *name; /* of the switch */
    struct capture_file *of_port[VDC_HISWITCH_PORTS_MAX];
    uint32_t iface[VDC_HISWITCH_PORTS_MAX];
    struct capture_file *files;
};

void captures_init(struct captures *c, const char *dir, const char *name);
/* Frames of the port go to path from now on; ports with the same path share the file. Empty path:
 * NAME-pN.pcapng. Returns 0, -EBUSY (the port has a file) or -errno. */
int captures_start(struct captures *c, uint32_t port, const char *path);
/* The port's frames end here; a file without ports is closed. -ENOENT, or -errno of writing. */
int captures_stop(struct captures *c, uint32_t port);
/* A capture note. A port that was never started (it captures since t = 0) gets the default file.
 * -errno. */
int captures_put(struct captures *c, const struct vdc_msg *m, const void *frame);
/* Closes everything; -errno of the first file that could not be completed. */
int captures_close(struct captures *c);

#endif
