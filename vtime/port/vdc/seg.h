/* SPDX-License-Identifier: MIT */
/* The shared segment of one host: created by the supervisor, mapped by every vtask process (spec:
 * docs/specs/segment.md). */
#ifndef VDC_VTIME_PORT_SEG_H
#define VDC_VTIME_PORT_SEG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vdc/digest.h"
#include "vdc/model.h"
#include "vdc/msg.h"
#include "vdc/vtime.h"

#define VDC_SEG_TASK_MAX 64u
#define VDC_SEG_HUB_MAX  64u
#define VDC_SEG_PORT_MAX 512u
#define VDC_SEG_LINK_MAX 512u
#define VDC_SEG_NAME_MAX 32u          /* with the NUL */
#define VDC_SEG_TEXT_MAX 256u         /* with the NUL */
#define VDC_SEG_RING_MIN (256u << 10) /* >= 4 x the largest message */
#define VDC_SEG_RING_MAX (16u << 20)
#define VDC_SEG_STOP_MAX (100 * UINT64_C(86400) * VTIME_PS_PER_S)

enum vdc_seg_state {
    VDC_SEG_INIT = 0,
    VDC_SEG_BOOT,  /* tasks attach, guests boot unsynchronised */
    VDC_SEG_READY, /* every task is parked; set by vdc_seg_start on its way to RUN */
    VDC_SEG_RUN,
    VDC_SEG_DRAIN, /* the end is decided, the last window completes */
    VDC_SEG_DONE,
    VDC_SEG_FAILED
};

/* Why the run reached DONE. */
enum vdc_seg_end {
    VDC_SEG_END_NONE = 0,
    VDC_SEG_END_STOP, /* virtual time reached `stop` of the configuration */
    VDC_SEG_END_EXIT, /* every workload task has exited */
    VDC_SEG_END_IDLE, /* nothing will ever happen again */
    VDC_SEG_END_CMD   /* vdc_seg_stop_at */
};

enum vdc_seg_mode { VDC_SEG_EXACT = 0, VDC_SEG_QUANTIZED = 1 };

enum vdc_seg_task_kind { VDC_SEG_GUEST = 0, VDC_SEG_PACK = 1 };

enum vdc_seg_runner {
    VDC_SEG_BY_COMPLETER = 0, /* whoever completes a window steps the hubs; it needs their ops */
    VDC_SEG_BY_DAEMON = 1     /* one process serves all hub phases: vdc_hubctl_serve */
};

struct vdc_seg_task_cfg {
    const char *name; /* < VDC_SEG_NAME_MAX bytes, unique among tasks and hubs: component name in
                         hash.log */
    enum vdc_seg_task_kind kind;
    bool is_workload;  /* the run ends when all of these have called vdc_task_exited */
    uint64_t react_ps; /* least time from the arrival of a message to a departure it causes, > 0 */
};

/* Port of a task, joined to port `hub_port` of a hub. Tasks address their ports 0, 1, .. in the
 * order of the list. */
struct vdc_seg_port_cfg {
    uint32_t task, hub, hub_port;
    uint32_t id_up;   /* port id of the task's end (NIC): vdc_msg.port of what it sends */
    uint32_t id_down; /* port id of the hub's end (switch) */
    uint64_t out_ps;  /* departure to arrival at the hub, least */
    uint64_t in_ps;   /* arrival at the hub to arrival at the task, least; > fwd_ps of the hub */
    uint32_t
        ring_bytes; /* per direction, power of two in VDC_SEG_RING_MIN..MAX; 0 = VDC_SEG_RING_MIN */
};

struct vdc_seg_hub_cfg {
    const char *name;
    uint32_t ops;      /* index into the ops table that every process passes */
    uint32_t n_port;   /* ports of the model, without the command port that follows them */
    const void *blob;  /* configuration for ops->size and ops->init; copied, no pointers in it */
    uint32_t blob_len; /* bytes, <= 16 MiB */
    bool
        can_hairpin; /* may send out of the port a message came in by (pause, credit, reflection) */
    uint64_t fwd_ps; /* least time from an arrival to a departure it causes */
    uint32_t cmd_bytes;  /* command ring, power of two >= VDC_SEG_RING_MIN; 0 = VDC_SEG_RING_MIN */
    uint32_t note_bytes; /* note ring; 0 = none: io.note is NULL and nobody need drain it */
};

/* Both directions of a link between two hubs of this segment. */
struct vdc_seg_link_cfg {
    uint32_t hub[2], port[2];
    uint32_t id[2];      /* port ids of the two ends */
    uint64_t link_ps[2]; /* [i]: departure from hub[i] to arrival at the other, least, > 0 */
    uint32_t ring_bytes; /* as for ports */
};

/* Everything fixed at start. Times in ps. All pointers belong to the caller and are not kept. */
struct vdc_seg_cfg {
    uint8_t run_id[16];
    uint64_t seed;
    enum vdc_seg_mode mode;
    enum vdc_seg_runner runner;
    uint64_t quantum; /* quantized mode: 1 ns..1 ms, whole ns */
    vtime_t stop;     /* events with t < stop happen; VTIME_NEVER: until idle or exit; whole ns */
    uint64_t digest_every; /* whole ns, 0 = no digest points */
    uint64_t exit_slack; /* >= any (send - max(now, next)) of workload tasks that may matter; whole
                            ns; 0 = 10 us */
    uint32_t n_task, n_port, n_hub, n_link;
    const struct vdc_seg_task_cfg *task;
    const struct vdc_seg_port_cfg *port;
    const struct vdc_seg_hub_cfg *hub;
    const struct vdc_seg_link_cfg *link;
    vtime_t trace_from,
        trace_to;      /* record every message with depart in [from, to); from >= to: none */
    uint64_t perturb;  /* != 0: seed of host perturbation; never changes results */
    uint64_t cut_ps;   /* != 0: no window is longer than this */
    uint64_t cut_seed; /* != 0: every grant is cut at random */
};

struct vdc_seg; /* one process's mapping */

/*
 * Creates and maps the segment; state BOOT. path: file to create, mode 0600 (-EEXIST if it is
 * there), or NULL for a memfd (vdc_seg_fd). ops[n_ops]: borrowed until close, the same table in
 * every process of the run; used here to size and initialise the hubs. Returns 0, -EINVAL with a
 * reason in err (VDC_SEG_TEXT_MAX bytes), or -errno.
 */
int vdc_seg_create(const char *path, const struct vdc_seg_cfg *cfg,
                   const struct vdc_model_ops *const *ops, uint32_t n_ops, struct vdc_seg **out,
                   char *err);

/* Maps an existing one. -EPROTO: not a segment or another ABI. ops may be NULL for a reader. */
int vdc_seg_open(const char *path, const struct vdc_model_ops *const *ops, uint32_t n_ops,
                 struct vdc_seg **out);

/* NULL is allowed. The file stays. */
void vdc_seg_close(struct vdc_seg *seg);

/* Descriptor of the segment, close-on-exec; belongs to seg. */
int vdc_seg_fd(const struct vdc_seg *seg);

/* --- life of the run; any process, any thread --- */

enum vdc_seg_state vdc_seg_state(const struct vdc_seg *seg);

/* Waits until the state differs from `seen` or timeout_ms passed; returns the state. */
enum vdc_seg_state vdc_seg_wait(const struct vdc_seg *seg, enum vdc_seg_state seen,
                                uint32_t timeout_ms);

#define VDC_SEG_WHO_NONE UINT32_MAX
#define VDC_SEG_WHO_HUB  0x10000u /* + hub index; below: task index */

/* Ends the run FAILED. The first caller wins (true), its text is copied; everybody is woken.
 * Async-signal-safe. */
bool vdc_seg_fail(struct vdc_seg *seg, uint32_t who, int32_t code, vtime_t vt, const char *text);

struct vdc_seg_failure {
    uint32_t who;
    int32_t code;
    vtime_t vt;
    char text[VDC_SEG_TEXT_MAX];
};
/* -EAGAIN: not failed (or the text is not complete yet). */
int vdc_seg_failure(const struct vdc_seg *seg, struct vdc_seg_failure *out);

/* Supervisor: vtime 0 begins for everybody. -EAGAIN: not all tasks are parked; -EALREADY: started
 * or ended. */
int vdc_seg_start(struct vdc_seg *seg);

/*
 * Ends the run at t, or at the first digest point (instant, without digests) not before t that
 * nobody has passed. Taken at the end of a window. The run is then labelled interactive: where it
 * ends depends on when this was called, unless t lies far enough ahead; the effective stop is in
 * vdc_seg_stat.stop.
 */
void vdc_seg_stop_at(struct vdc_seg *seg, vtime_t t);

/* --- what the supervisor reads; snapshots that may be torn between tasks, never within a word ---
 */

enum vdc_seg_task_state {
    VDC_TASK_EMPTY = 0, /* nobody attached yet */
    VDC_TASK_BOOT,
    VDC_TASK_PARKED,
    VDC_TASK_RUNNING,    /* inside its window */
    VDC_TASK_WAITING,    /* arrived, waits for a grant */
    VDC_TASK_COMPLETING, /* arrived last, completes the window */
    VDC_TASK_ENDED,      /* saw DONE or FAILED */
    VDC_TASK_GONE        /* detached */
};

enum vdc_task_why {
    VDC_WHY_LIMIT = 0,
    VDC_WHY_IDLE,
    VDC_WHY_ECHO,
    VDC_WHY_EARLY, /* before its limit: no work fits below it any more */
    VDC_WHY_RING,
    VDC_WHY_CMD,
    VDC_WHY_EXIT
};

/* Last message sent or received: t, depart, seq, port, dst, type, len; all zero if none. */
struct vdc_seg_last {
    uint64_t t, depart, seq;
    uint32_t port, dst, len;
    uint16_t type, zero;
};

struct vdc_seg_task_stat {
    char name[VDC_SEG_NAME_MAX];
    enum vdc_seg_task_kind kind;
    enum vdc_seg_task_state state;
    enum vdc_task_why why;
    uint32_t cause; /* who gave `grant`: vdc_sync_cause_kind and _index of vdc/sync.h */
    vtime_t now, next, send, grant;
    vtime_t vt_live;   /* as of the last vdc_task_live or arrival */
    uint64_t progress; /* changes whenever the task does something */
    uint64_t windows, events;
    uint64_t moved; /* grants moved by others' live promises, without a window */
    uint64_t wait_ns,
        wall_ns; /* wall time waited; monotonic wall clock of the last change of state */
    uint32_t pid, tid;
    bool has_exited; /* its workload is done */
    uint8_t zero[3];
    int32_t exit_status;
    vtime_t exit_t;
    struct vdc_seg_last sent, received;
};

struct vdc_seg_hub_stat {
    char name[VDC_SEG_NAME_MAX];
    vtime_t now;   /* everything before has been done */
    uint64_t runs; /* calls of the model */
    uint64_t n_in, n_out, n_note;
    struct vdc_seg_last sent;
};

enum vdc_seg_phase { VDC_PHASE_NONE = 0, VDC_PHASE_HUB, VDC_PHASE_GRANT, VDC_PHASE_WAKE };

struct vdc_seg_stat {
    enum vdc_seg_state state;
    enum vdc_seg_end end;
    uint32_t n_task, n_hub, n_parked, n_workload, n_exited;
    uint32_t pending;   /* tasks that the current window still waits for */
    uint32_t completer; /* task index, VDC_SEG_WHO_HUB for the hub daemon, VDC_SEG_WHO_NONE */
    enum vdc_seg_phase phase;
    uint64_t phase_wall_ns; /* monotonic wall clock at the start of the phase */
    vtime_t a, b;           /* smallest now, largest grant */
    vtime_t stop;           /* effective; VTIME_NEVER if none yet */
    vtime_t end_t;          /* where virtual time ended; valid in DONE */
    uint64_t windows, grants, hub_runs,
        hub_skipped; /* hub_skipped: windows in which no hub code ran */
    uint64_t wakes,
        skipped_ps; /* futex wake calls; virtual time jumped over while everybody was idle */
    uint64_t late;  /* must be 0 */
    uint64_t quantized_n, quantized_max_ps, quantized_sum_ps; /* latency added by quantized mode */
};

void vdc_seg_stat(const struct vdc_seg *seg, struct vdc_seg_stat *out);
/* -ENOENT: no such task or hub. */
int vdc_seg_task_stat(const struct vdc_seg *seg, uint32_t task, struct vdc_seg_task_stat *out);
int vdc_seg_hub_stat(const struct vdc_seg *seg, uint32_t hub, struct vdc_seg_hub_stat *out);

/* Wall time that task i has waited for (kind, index) packed as a cause, ns. -ENOENT after the last
 * entry. */
struct vdc_seg_wait_entry {
    uint32_t task, cause;
    uint64_t wall_ns;
};
int vdc_seg_wait_profile(const struct vdc_seg *seg, uint32_t n, struct vdc_seg_wait_entry *out);

/* Who holds the run up at this instant; the caller turns it into a verdict with /proc and the wall
 * time. */
enum vdc_seg_hold {
    VDC_HOLD_NOBODY = 0,
    VDC_HOLD_TASK,
    VDC_HOLD_COMPLETER,
    VDC_HOLD_HUB,
    VDC_HOLD_PROTOCOL
};
struct vdc_seg_holder {
    /* TASK: inside its window, or has not taken a grant; COMPLETER, HUB: finishes the window;
     * PROTOCOL: everybody waits and nobody completes. */
    enum vdc_seg_hold hold;
    uint32_t who; /* the task that has not moved for longest; HUB: the one that steps the hubs, or
                     VDC_SEG_WHO_HUB for the hub daemon */
    uint64_t since_ns; /* wall time since it last moved */
    vtime_t vt;
};
void vdc_seg_holder(const struct vdc_seg *seg, struct vdc_seg_holder *out);

/*
 * Root of "task i waits for": follows causes until someone who is not waiting, or else to the
 * holder of the window. Returns the number of entries in chain (<= n): chain[0] = i, tasks, and
 * perhaps VDC_SEG_WHO_HUB + hub at the end.
 */
uint32_t vdc_seg_blame(const struct vdc_seg *seg, uint32_t task, uint32_t *chain, uint32_t n);

/* --- rings that the supervisor drains; one draining thread; comp: task index or VDC_SEG_WHO_HUB +
 * hub --- */

/* Next digest point of a component. -EAGAIN: none now; -ENOENT: no such component. */
int vdc_seg_digest_next(struct vdc_seg *seg, uint32_t comp, struct vdc_digest_point *out);

/* A message as traced or remembered: what a component sent. */
struct vdc_seg_record {
    uint64_t t, depart, seq;
    uint32_t port, dst;
    uint16_t type, flags;
    uint32_t len;
    uint64_t user;
    struct vdc_digest payload; /* of the payload; zero in the rings of the last records */
};
_Static_assert(sizeof(struct vdc_seg_record) == 64, "vdc_seg_record is one cache line");

int vdc_seg_trace_next(struct vdc_seg *seg, uint32_t comp, struct vdc_seg_record *out);

#define VDC_SEG_LAST_RECORDS 4096u
/* The last records of a component, oldest first, for failure dumps. Returns their number, <= n. */
uint32_t vdc_seg_last_records(const struct vdc_seg *seg, uint32_t comp, struct vdc_seg_record *out,
                              uint32_t n);

#endif
