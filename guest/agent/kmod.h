/* SPDX-License-Identifier: MIT */
/* Kernel modules of the guest: loads them and finds out why a driver refused its device. */
#ifndef VDC_GUEST_AGENT_KMOD_H
#define VDC_GUEST_AGENT_KMOD_H

#include <stddef.h>

/* Loads the modules named in @names (blank separated) with modprobe. Returns 0, or -1 with one line
 * in @err. */
int vdc_kmod_load(const char *names, char *err, size_t err_size);

/* Checks that every HiNIC function has a driver. Returns their number, or -1 with one line in @err:
 * the driver's own last error message where it wrote one. */
int vdc_kmod_check_hinic(char *err, size_t err_size);

#endif
