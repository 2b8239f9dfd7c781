/* SPDX-License-Identifier: MIT */
/* Layout of the segment, byte for byte: docs/specs/segment.md. Offsets are from the start of the
 * mapping. */
#ifndef VDC_VTIME_PORT_SEGMENT_H
#define VDC_VTIME_PORT_SEGMENT_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "ring.h"
#include "spool.h"
#include "vdc/digest.h"
#include "vdc/seg.h"

#define SEG_MAGIC        "VDCSEG1"
#define SEG_ABI          1u
/* Guests that sleep pass thousands of points between two looks of the supervisor. */
#define SEG_DIGEST_SPOOL 16384u
#define SEG_TRACE_SPOOL  4096u
#define SEG_MAP_NONE     UINT32_MAX
#define SEG_MAP_LINK     0x80000000u /* | link * 2 + end; else index of a port */

struct seg_hdr {
    char magic[8];
    uint32_t abi, hdr_bytes;
    uint64_t bytes;
    uint8_t run_id[16];
    uint64_t seed;
    uint32_t host, n_host, n_task, n_ctl, n_port, n_hub, n_link, mode, runner, n_workload;
    uint32_t is_split; /* some pair of tasks has no message path: section 7 of the specification */
    uint32_t zero0;
    uint64_t quantum, stop, digest_every;
    uint64_t exit_bound; /* exit_slack + longest path: see vdc_task_exited */
    uint64_t exit_slack;
    uint64_t
        chunk_ps; /* a hub runs at most this far in one call, so that no ring can fill within it */
    uint64_t trace_from, trace_to, perturb, cut_ps, cut_seed;
    uint64_t off_ctl, off_task, off_sync, off_port, off_link, off_hub, off_comp, off_wait;
    /* The only words here that change. */
    _Alignas(64) _Atomic uint32_t state; /* enum vdc_seg_state; futex */
    _Atomic uint32_t fail_claim, fail_ready;
    uint32_t fail_who;
    int32_t fail_code;
    uint32_t zero1;
    uint64_t fail_vt;
    uint64_t zero2[4];
    char fail_text[VDC_SEG_TEXT_MAX];
};
_Static_assert(sizeof(struct seg_hdr) <= 4096, "header fits a page");
#define SEG_HDR_BYTES 4096u

/* Control block: each group of fields on the cache line of its writers. */
struct seg_ctl {
    _Atomic uint32_t gen; /* the futex word of the vtasks; +1 per grant */
    _Atomic uint32_t nsel;
    _Atomic uint32_t attn; /* somebody wants a window to end soon: command, stop */
    uint32_t zero0;
    _Alignas(64) _Atomic uint32_t pending;  /* selected and not yet arrived */
    _Alignas(64) _Atomic uint64_t sleepers; /* bit = task */
    _Alignas(
        64) _Atomic uint32_t completer; /* who completes; WHO_HUB: a request to the hub daemon */
    uint32_t phase;                     /* enum vdc_seg_phase */
    uint64_t phase_wall_ns;
    uint64_t sel;  /* bit = task selected by the last grant */
    uint64_t stop; /* effective */
    uint64_t end_t;
    uint32_t end;      /* enum vdc_seg_end */
    uint32_t stop_why; /* enum vdc_seg_end that `stop` leads to */
    uint64_t hub_pos;  /* the hub phases have reached it */
    uint64_t zero1;
    _Alignas(64) uint64_t a;
    uint64_t b, windows, grants, hub_runs, hub_skipped;
    _Atomic uint64_t wakes; /* counted after the grant, when the next completer may be at work */
    uint64_t skipped_ps;
    _Alignas(64) uint64_t late;
    uint64_t quantized_n, quantized_max_ps, quantized_sum_ps;
    uint32_t n_exited, zero2;
    uint64_t zero3[3];
    _Alignas(64) _Atomic uint32_t hub_go; /* futex of the hub daemon */
    _Atomic uint32_t hub_sleep;
    _Alignas(64) _Atomic uint64_t stop_req; /* VTIME_NEVER: none */
    uint64_t zero4[7];
};
_Static_assert(sizeof(struct seg_ctl) == 512, "control block");

struct seg_task {
    /* 0: published by the task before it arrives, then the completer's until the next grant */
    uint64_t now, next, send;
    uint64_t last;      /* end of the digest interval of its last activity */
    uint64_t first_up;  /* earliest arrival among the messages sent in the window */
    uint64_t sent_hubs; /* bit = hub it sent to in the window */
    uint64_t exit_t;
    uint8_t why; /* enum vdc_task_why */
    uint8_t has_exited;
    uint16_t zero0;
    int32_t exit_status;
    /* 64: the completer's; the task's after it saw a new ticket */
    uint64_t grant, grant_from;
    uint64_t reach; /* others' live promises may move the grant so far */
    uint32_t cause;
    _Atomic uint32_t ticket;
    uint64_t zero1[4];
    /* 128: the task's, at any time; read by the supervisor */
    _Atomic uint64_t vt_live, wall_ns, progress;
    _Atomic uint32_t state;        /* enum vdc_seg_task_state */
    uint32_t pid, tid, pinned_cpu; /* cpu + 1, 0: not pinned to one */
    uint64_t windows, events;
    uint64_t wait_ns;
    /* 192: fixed at start */
    uint32_t kind, is_workload, n_port, first_port; /* ports of a task are contiguous */
    uint64_t react_ps, echo_ps;
    char name[VDC_SEG_NAME_MAX];
    /* 256: diagnosis */
    struct vdc_seg_last sent;
    uint64_t zero2[3];
    struct vdc_seg_last received; /* 320 */
    uint64_t zero3[3];
    /* 384: the task's while it runs, the completer's between arrival and grant; read by all */
    _Atomic uint64_t live; /* live.h */
    uint64_t n_moved;      /* grants moved by others' live promises */
    uint64_t zero4[14];
};
_Static_assert(offsetof(struct seg_task, grant) == 64, "task record");
_Static_assert(offsetof(struct seg_task, live) == 384, "task record");
_Static_assert(offsetof(struct seg_task, vt_live) == 128, "task record");
_Static_assert(offsetof(struct seg_task, kind) == 192, "task record");
_Static_assert(offsetof(struct seg_task, sent) == 256, "task record");
_Static_assert(sizeof(struct seg_task) == 512, "task record");

struct seg_port {
    uint32_t task, hub, hub_port, id_up, id_down, zero0;
    uint64_t out_ps, in_ps;
    uint64_t off_up, off_down; /* rings */
    uint64_t zero1;
    /* the completer's: order of what was put into the down ring */
    uint64_t down_t, down_seq, n_down;
    uint64_t zero2[5];
};
_Static_assert(sizeof(struct seg_port) == 128, "port record");

struct seg_link {
    uint32_t hub[2], port[2], id[2];
    uint64_t link_ps[2];
    uint64_t off_ring[2]; /* [i]: from hub[i] */
    uint64_t zero[1];
};
_Static_assert(sizeof(struct seg_link) == 64, "link record");

/* What vdc_model_run carries from one hub phase to the next, whichever process runs it. */
struct seg_hub_run {
    uint64_t k, now, n_pop, n_emit, is_changed;
    struct vdc_digest prev, stream, text, state_digest;
};

struct seg_hub {
    char name[VDC_SEG_NAME_MAX];
    uint32_t ops, n_port, blob_len, is_closed; /* is_closed: the last digest point is out */
    uint64_t off_blob, off_state, off_map, state_len;
    uint64_t off_cmd, off_note; /* rings; off_note 0: none */
    uint64_t fwd_ps;
    uint64_t n_cmd; /* commands stamped */
    /* the completer's */
    struct seg_hub_run run;
    uint64_t own_next; /* of the model */
    uint64_t in_next;  /* lower bound of the heads of all its inputs */
    uint64_t cmd_seen; /* ring counter: commands before it are stamped */
    uint64_t cmd_t;    /* time of the last stamped one */
    uint64_t last;     /* end of the digest interval of its last activity */
    uint64_t runs, n_in, n_out, n_note;
    struct vdc_seg_last sent;
    uint64_t zero1[3];
    _Alignas(64) _Atomic uint32_t note_sig; /* futex of the control daemon */
    _Atomic uint32_t note_sleep;
    uint64_t zero2[7];
};
_Static_assert(sizeof(struct seg_hub) % 64 == 0, "hub record");

/* Rings of one component: tasks first, then hubs. */
struct seg_comp {
    uint64_t off_digest, off_trace; /* spools, 0 if off */
    uint64_t off_last;              /* VDC_SEG_LAST_RECORDS records */
    _Atomic uint64_t n_last;        /* records ever written */
    uint64_t zero[4];
};
_Static_assert(sizeof(struct seg_comp) == 64, "component record");

#endif
