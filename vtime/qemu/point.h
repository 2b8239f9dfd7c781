/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Digest points of a guest: what it sent, its devices, its console. */
#ifndef VDC_VTIME_QEMU_POINT_H
#define VDC_VTIME_QEMU_POINT_H

#include "vdc/msg.h"
#include "vdc/task.h"
#include "vdc/vtime.h"

typedef struct VdcPoint VdcPoint;

/*
 * A point every @every_ps. @console: path of the file the serial port writes
 * to, NULL to leave the console out.
 */
VdcPoint *vdc_point_new(uint64_t every_ps, const char *console, Error **errp);
/* Experiment time of the next point. */
vtime_t vdc_point_next(const VdcPoint *p);
/* A message was sent. */
void vdc_point_sent(VdcPoint *p, const struct vdc_msg *m, const void *payload);
/*
 * Runs the devices to the next point and hands it over. The vCPUs are at the
 * first instruction boundary not before it. vCPU thread, BQL held; dropped
 * while the supervisor has no room.
 */
void vdc_point_emit(VdcPoint *p, struct vdc_task *task);
/* Emits what is left, a last point at @end_t included. */
void vdc_point_end(VdcPoint *p, struct vdc_task *task, vtime_t end_t);

#endif
