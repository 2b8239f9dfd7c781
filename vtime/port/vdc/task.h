/* SPDX-License-Identifier: MIT */
/* A vtask's side of the segment: windows, ports, digest points, exit (design: vtime, sections 2-5).
 */
#ifndef VDC_VTIME_PORT_TASK_H
#define VDC_VTIME_PORT_TASK_H

#include <stdbool.h>
#include <stdint.h>

#include "vdc/digest.h"
#include "vdc/model.h"
#include "vdc/msg.h"
#include "vdc/seg.h"
#include "vdc/vtime.h"

/*
 * Life of a vtask (all calls from one thread, except vdc_task_live and vdc_task_fail):
 *
 *   attach -> boot alone -> park -> [vtime 0: send what leaves at 0] -> loop { arrive -> work below
 * the limit } -> detach
 *
 * Work: every own event and every message with time < limit, in (t, port, seq) order; before the
 * first event with t >= T_k one digest point k, if the segment has digest points.
 */
struct vdc_task;

/* How to wait. AUTO is the rule of docs/specs/segment.md; it changes wall time only. */
enum vdc_task_poll { VDC_POLL_AUTO = 0, VDC_POLL_SPIN, VDC_POLL_YIELD, VDC_POLL_FUTEX };

/*
 * Maps the segment and takes its task record `index`. ops: borrowed until detach; may be NULL if
 * the segment's runner is the daemon. Returns 0, -EINVAL (no such task, or ops missing), -EBUSY
 * (taken), -EPROTO, or -errno.
 */
int vdc_task_attach(const char *path, uint32_t index, const struct vdc_model_ops *const *ops,
                    uint32_t n_ops, enum vdc_task_poll poll, struct vdc_task **out);

/* NULL is allowed. Leaves the run; a run that is still on is failed with "detached". */
void vdc_task_detach(struct vdc_task *t);

/* The mapping, for vdc_seg_* readers; belongs to t. */
struct vdc_seg *vdc_task_seg(struct vdc_task *t);

uint32_t vdc_task_n_ports(const struct vdc_task *t);
/* Port id of the task's end of its port. */
uint32_t vdc_task_port_id(const struct vdc_task *t, uint32_t port);
uint64_t vdc_task_seed(const struct vdc_task *t);         /* of the run */
uint64_t vdc_task_digest_every(const struct vdc_task *t); /* ps, 0 = no digest points */

/* Records PARKED and waits for the start. Returns 0 at vtime 0, or -ECANCELED (FAILED). */
int vdc_task_park(struct vdc_task *t);

struct vdc_task_arrival {
    vtime_t now;  /* everything before has been done; never goes back */
    vtime_t next; /* earliest own event or message to handle: now if a vCPU is runnable, VTIME_NEVER
                     if none. Exact: something happens at it. Messages still in rings are counted by
                     the callee. */
    vtime_t send; /* promise: no message not yet sent departs earlier; >= next */
    enum vdc_task_why why;
    uint64_t events; /* total handled so far, for people */
};

/*
 * End of the task's window: publishes, completes the window if it is the last (hub phase included),
 * else waits. *limit: work below it; it is already cut at the first digest point after max(now,
 * next), so work never crosses a digest point after its first event (a vCPU's instruction count is
 * defined there). Such a cut costs no window: arrive at it returns at once. Guests use the whole ns
 * below *limit; *limit is then at least 1 ns after next. Returns 0; -ESHUTDOWN: the run is DONE:
 * emit the digest points up to vdc_task_end_t and detach; -ECANCELED: FAILED, detach. *limit is
 * then the instant where time ended. *t and limit belong to the caller.
 */
int vdc_task_arrive(struct vdc_task *t, const struct vdc_task_arrival *a, vtime_t *limit);

/*
 * Sends a message: the caller has set t (arrival at the hub), depart, seq (its own counter of the
 * port, from 0), port (vdc_task_port_id), type, flags, len; dst is set here. Header and payload are
 * copied. In one port (t, seq) must not go back, depart must not be before the promise or t before
 * depart + out_ps of the port: violations fail the run and abort. Returns the caller's new limit:
 * the old one or less: depart + the shortest echo, or the depart itself when the ring is above 75 %
 * (arrive at once). It may thus be at or before the caller's now.
 */
vtime_t vdc_task_send(struct vdc_task *t, uint32_t port, const struct vdc_msg *m,
                      const void *payload);

/* Head of a port's input, NULL if empty; its time may be >= the limit: leave it there then.
 * Read-only, borrowed until pop. */
const struct vdc_msg *vdc_task_peek(struct vdc_task *t, uint32_t port);
/* Takes the head, which must be there. */
void vdc_task_pop(struct vdc_task *t, uint32_t port);
/* Earliest time at the heads of all ports, VTIME_NEVER if all are empty. */
vtime_t vdc_task_in_next(struct vdc_task *t);

/* Own limit as it stands (grant, digest cut, echo). */
vtime_t vdc_task_limit(const struct vdc_task *t);

/*
 * Hands a digest point to the supervisor, in order of k. Waits (wall time only) while its ring is
 * full. Returns 0, or -ECANCELED when the run FAILED meanwhile.
 */
int vdc_task_digest_put(struct vdc_task *t, const struct vdc_digest_point *p);

/*
 * The task's workload is done at vtime `at` (inside its window). The task goes on (it may serve
 * others) but not beyond the returned limit. When the last workload task has exited, stop becomes
 * the first digest point not before (last exit + exit_slack + longest path): nobody has passed it
 * (docs/specs/segment.md, section 7; asserted).
 */
vtime_t vdc_task_exited(struct vdc_task *t, vtime_t at, int32_t status);

/* Where time ended; valid after -ESHUTDOWN. */
vtime_t vdc_task_end_t(const struct vdc_task *t);

/* Heartbeat inside long windows: position and "something was done". Any thread. */
void vdc_task_live(struct vdc_task *t, vtime_t now);

/* Fails the run in this task's name. Any thread, async-signal-safe. */
void vdc_task_fail(struct vdc_task *t, int32_t code, vtime_t vt, const char *text);

#endif
