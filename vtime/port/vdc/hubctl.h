/* SPDX-License-Identifier: MIT */
/* The hub daemon's side of the segment: commands in, notes out, and hub phases where the daemon is
 * the runner. */
#ifndef VDC_VTIME_PORT_HUBCTL_H
#define VDC_VTIME_PORT_HUBCTL_H

#include <stdint.h>

#include "vdc/model.h"
#include "vdc/msg.h"
#include "vdc/seg.h"
#include "vdc/vtime.h"

/*
 * A hub's model lives in the segment and is stepped by whoever completes a window. Its daemon only
 * feeds commands and drains notes. Single control thread; vdc_hubctl_serve may run in a second
 * thread of the same process with a handle of its own.
 */
struct vdc_hubctl;

/* ops: as vdc_task_attach; needed for vdc_hubctl_serve only. -EINVAL: no such hub. */
int vdc_hubctl_attach(const char *path, uint32_t hub, const struct vdc_model_ops *const *ops,
                      uint32_t n_ops, struct vdc_hubctl **out);
/* NULL is allowed. */
void vdc_hubctl_detach(struct vdc_hubctl *c);
struct vdc_seg *vdc_hubctl_seg(struct vdc_hubctl *c);

/*
 * Queues a command: the hub sees it as a VDC_MSG_CMD message of port n_port at m->t. Set t (0: as
 * soon as possible), user (returned in the reply), len; header and payload are copied. A time that
 * virtual time has already passed, at the hub or at a task that the hub could reach, is raised to
 * the earliest that is still open, and so is one before the command ahead of it; the message that
 * the hub sees carries the effective time. Commands queued before vdc_seg_start keep their times:
 * that is how a journal is replayed. Returns 0, -ENOSPC (full: drain notes, try again), -EMSGSIZE
 * or -ESHUTDOWN (DONE or FAILED).
 */
int vdc_hubctl_send(struct vdc_hubctl *c, const struct vdc_msg *m, const void *payload);

/* Head of the note ring (what the model gave to io.note, in its order), NULL if empty. Borrowed
 * until pop. */
const struct vdc_msg *vdc_hubctl_peek(struct vdc_hubctl *c);
void vdc_hubctl_pop(struct vdc_hubctl *c);

/* Waits until there is a note, the state left RUN, or timeout_ms passed. Returns the state. */
enum vdc_seg_state vdc_hubctl_wait(struct vdc_hubctl *c, uint32_t timeout_ms);

/*
 * Runner of the hub phases when the segment's runner is VDC_SEG_BY_DAEMON: steps every hub of the
 * segment until DONE (0), FAILED (-ECANCELED) or timeout_ms passed (-EAGAIN: call again). One
 * thread in one process of the run.
 */
int vdc_hubctl_serve(struct vdc_hubctl *c, uint32_t timeout_ms);

#endif
