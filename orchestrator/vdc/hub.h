/* SPDX-License-Identifier: MIT */
/* Talking to the switch daemon of a live run. */
#ifndef VDC_ORCHESTRATOR_VDC_HUB_H
#define VDC_ORCHESTRATOR_VDC_HUB_H

#include "vdc/rundir.h"

#define HUB_REPLY_MAX (64u << 10) /* bytes, of the control protocol */

/* Connects to hosts/local/NAME.sock of a run; the path may be longer than a socket address holds. 0
 * or -errno. */
int hub_connect(const struct vdc_rundir *d, const char *name, int *out);

/* Sends one line (with its LF) and reads one line (without). 0 or -errno. */
int hub_exchange(int fd, const char *line, char reply[HUB_REPLY_MAX + 1]);

#endif
