/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The vdc-vtime device: this guest as a vtask of the experiment's segment. */
#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "qemu/main-loop.h"
#include "qemu/module.h"
#include "qemu/timer.h"
#include "qapi/error.h"
#include "hw/core/cpu.h"
#include "hw/qdev-properties.h"
#include "migration/vmstate.h"
#include "system/cpu-timers.h"
#include "system/cpus.h"
#include "system/runstate.h"
#include "system/system.h"
#include "vdc-build-id.h"
#include "vdc/hiswitch.h"
#include "vdc/rng.h"
#include "vdc/task.h"
#include "gate.h"
#include "point.h"

#define TYPE_VDC_VTIME "vdc-vtime"
OBJECT_DECLARE_SIMPLE_TYPE(VdcVtime, VDC_VTIME)

#define VTIME_QUANTUM_MIN_NS   1000
#define VTIME_QUANTUM_MAX_NS   10000000
#define VTIME_PERTURB_SLEEP_US 2000

struct VdcVtime {
    DeviceState parent_obj;

    char *seg_path;
    uint32_t task_index;
    uint32_t quantum_ns;
    char *poll;
    uint64_t perturb;
    char *console_path;

    struct vdc_task *task; /* NULL after the end */
    VdcPoint *point;
    int64_t point_ns; /* virtual clock of the next digest point */
    bool is_parking;  /* READY was written, the vCPU is on its way */
    bool has_input;   /* a message of this window waits in a ring */
    bool has_exited;  /* the workloads are done */
    uint64_t n_arrive;
    uint64_t n_draw; /* of the perturbation */
    Notifier machine_done;
    Notifier shutdown;
};

/* One gate per QEMU. The callbacks of the devices have no place for it. */
static VdcVtime *vtime;

/* All hubs that a segment may contain, in the order of vdc/seg.h's tables. */
static const struct vdc_model_ops *const vtime_hub_ops[] = {
    &vdc_hiswitch_ops,
};

static vtime_t vtime_of_clock(int64_t clock_ns)
{
    return vtime_from_ns(clock_ns - vdc_gate_epoch_ns());
}

static int64_t vtime_to_clock(vtime_t t)
{
    uint64_t ns = vtime_ns_floor(t);
    int64_t epoch = vdc_gate_epoch_ns();

    return ns > (uint64_t)(INT64_MAX - epoch) ? INT64_MAX : epoch + ns;
}

/* --- the end ------------------------------------------------------------- */

static void vtime_leave(VdcVtime *s, int exit_code)
{
    vdc_task_detach(s->task);
    s->task = NULL;
    s->point_ns = INT64_MAX;
    qemu_system_shutdown_request_with_code(SHUTDOWN_CAUSE_HOST_QMP_QUIT,
                                           exit_code);
}

/* The run has ended: rc is what the segment said. */
static void vtime_end(VdcVtime *s, int rc)
{
    if (rc == -ESHUTDOWN && s->point) {
        vdc_point_end(s->point, s->task, vdc_task_end_t(s->task));
    }
    vtime_leave(s, rc == -ESHUTDOWN ? 0 : 1);
}

/* --- one window ---------------------------------------------------------- */

static vtime_t vtime_promise(vtime_t vcpu_now)
{
    VdcGateClient *c;
    vtime_t send = VTIME_NEVER;

    QSIMPLEQ_FOREACH(c, vdc_gate_clients(), entry) {
        if (c->port >= 0 && c->ops->promise) {
            send = vtime_min(send, c->ops->promise(c, vcpu_now));
        }
    }
    return send;
}

/*
 * Host perturbation: other cuts of virtual time and other wall time. Both must
 * change nothing.
 */
static vtime_t vtime_perturb(VdcVtime *s, vtime_t next, vtime_t limit)
{
    uint64_t key = vdc_key(s->perturb, VDC_RNG_PERTURB, s->task_index, 0);
    uint64_t draw = vdc_rand(key, s->n_draw++);
    uint64_t room = limit > next ? (limit - next) / VTIME_PS_PER_NS : 0;

    if (draw % 100 == 0) {
        g_usleep(draw / 100 % VTIME_PERTURB_SLEEP_US);
    }
    if (draw & 1 && room > 1) {
        limit = next + (1 + (draw >> 8) % room) * VTIME_PS_PER_NS;
    }
    return limit;
}

static void vtime_set_limit(VdcVtime *s, vtime_t limit)
{
    icount_gate.limit = vtime_to_clock(limit);
    icount_gate.exact = icount_gate.limit >= s->point_ns;
}

/*
 * Ends the window at clock @now and starts the next one. The vCPU may run again
 * at @next. Touches nothing but the segment: the BQL need not be held. Returns
 * 0 or how the run ended.
 */
static int vtime_window(VdcVtime *s, int64_t now, vtime_t next,
                        enum vdc_task_why why)
{
    vtime_t old_limit = vdc_task_limit(s->task), limit;
    vtime_t send = vtime_promise(next);
    struct vdc_task_arrival a = {
        /* The last instruction may end a little past the limit. */
        .now = vtime_min(vtime_of_clock(now), old_limit),
        /* A timer is armed at whole ns, its event may be 999 ps earlier. */
        .next = vtime_min(next, send),
        .send = send,
        .why = why,
        .events = ++s->n_arrive,
    };
    int rc = vdc_task_arrive(s->task, &a, &limit);

    if (rc < 0) {
        return rc;
    }
    if (s->perturb) {
        limit = vtime_perturb(s, next, limit);
    }
    vtime_set_limit(s, limit);
    s->has_input = vdc_task_in_next(s->task) < limit;
    return 0;
}

static vtime_t vtime_next_wakeup(int64_t now)
{
    int64_t deadline;

    if (!all_cpu_threads_idle()) {
        return vtime_of_clock(now);
    }
    deadline = qemu_clock_deadline_ns_all(QEMU_CLOCK_VIRTUAL,
                                          ~QEMU_TIMER_ATTR_EXTERNAL);
    return deadline < 0 ? VTIME_NEVER : vtime_of_clock(now + deadline);
}

/* --- the gate in the vCPU loop ------------------------------------------- */

static bool vtime_park(VdcVtime *s)
{
    int rc;

    s->is_parking = false;
    bql_unlock();
    rc = vdc_task_park(s->task);
    bql_lock();
    if (rc < 0) {
        vtime_end(s, rc);
        return false;
    }
    if (s->point) {
        s->point_ns = vtime_to_clock(vdc_point_next(s->point));
    }
    vdc_gate_start();
    return true;
}

static void vtime_emit_points(VdcVtime *s, int64_t now)
{
    while (now >= s->point_ns) {
        vdc_point_emit(s->point, s->task);
        s->point_ns = vtime_to_clock(vdc_point_next(s->point));
        /* A window may be long: that of a guest alone ends with the run. */
        vdc_task_live(s->task, vtime_of_clock(now));
    }
    icount_gate.exact = icount_gate.limit >= s->point_ns;
}

static void vtime_dispatch_input(VdcVtime *s)
{
    VdcGateClient *c;

    s->has_input = false;
    QSIMPLEQ_FOREACH(c, vdc_gate_clients(), entry) {
        if (c->port >= 0 && c->ops->input) {
            c->ops->input(c);
        }
    }
}

/*
 * The timers of events below the limit that are due at this very instruction
 * boundary would run behind the gate: too late, the arrival says "done". An
 * event later than the clock keeps its instruction boundary, one at or behind
 * the limit its window.
 */
static void vtime_run_due(VdcVtime *s, int64_t now)
{
    vtime_t to = vtime_min(vdc_task_limit(s->task), vtime_of_clock(now) + 1);
    VdcGateClient *c;

    QSIMPLEQ_FOREACH(c, vdc_gate_clients(), entry) {
        if (c->port >= 0 && c->ops->run) {
            c->ops->run(c, to);
        }
    }
}

/*
 * Paused, or switched off: the vCPUs count as idle then, but may go on at this
 * very instant. Nothing can be said about the next event.
 */
static bool vtime_is_stopped(void)
{
    CPUState *cpu;

    CPU_FOREACH(cpu) {
        if (cpu_is_stopped(cpu)) {
            return true;
        }
    }
    return false;
}

static bool vtime_enter(void *opaque)
{
    VdcVtime *s = opaque;
    int64_t now;
    vtime_t next;
    int rc;

    if (s->is_parking && !vtime_park(s)) {
        return false;
    }
    if (!s->task) {
        /* Over: the main loop will stop this thread. */
        bql_unlock();
        g_usleep(1000);
        bql_lock();
        return false;
    }
    now = icount_get();
    for (;;) {
        if (vtime_is_stopped()) {
            return false;
        }
        if (now >= s->point_ns) {
            vtime_emit_points(s, now);
        }
        if (now < icount_gate.limit) {
            break;
        }
        vtime_run_due(s, now);
        next = vtime_next_wakeup(now);
        bql_unlock();
        rc = vtime_window(s, now, next,
                          next > vtime_of_clock(now) ? VDC_WHY_IDLE :
                                                       VDC_WHY_LIMIT);
        bql_lock();
        if (rc < 0) {
            vtime_end(s, rc);
            return false;
        }
    }
    if (s->has_input) {
        vtime_dispatch_input(s);
    }
    return true;
}

static void vtime_advance(void *opaque, int64_t now)
{
    VdcVtime *s = opaque;

    /* The last instruction may have ended at a digest point behind the limit. */
    if (now >= s->point_ns) {
        return;
    }
    /*
     * A few instructions before the limit: EARLY asks for the next window now.
     * The slow way takes care of an end, of input and of its timers.
     */
    if (!s->task ||
        vtime_window(s, now, vtime_of_clock(now), VDC_WHY_EARLY) < 0 ||
        s->has_input) {
        cpu_exit(current_cpu);
    }
}

/* --- what the devices call ----------------------------------------------- */

static void vtime_lower_limit(VdcVtime *s, int64_t limit)
{
    if (limit < icount_gate.limit) {
        icount_gate.limit = limit;
        icount_gate.exact = icount_gate.limit >= s->point_ns;
        if (current_cpu) {
            cpu_exit(current_cpu);
        }
    }
}

static void vtime_ready(void)
{
    vtime->is_parking = true;
    vtime_lower_limit(vtime, vdc_gate_epoch_ns());
}

static void vtime_fail(const char *text)
{
    VdcVtime *s = vtime;

    if (!s->task) {
        return;
    }
    vdc_task_fail(s->task, 1, vtime_from_ns(vdc_gate_now_ns()), text);
    if (!vdc_gate_started()) {
        vtime_leave(s, 1);
        return;
    }
    vtime_lower_limit(s, qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL));
}

static void vtime_done(uint32_t status)
{
    VdcVtime *s = vtime;
    vtime_t limit;

    if (!s->task || s->has_exited || !vdc_gate_started()) {
        return;
    }
    s->has_exited = true;
    limit = vdc_task_exited(s->task, vtime_of_clock(vdc_gate_insn_clock_ns()),
                            status);
    vtime_lower_limit(s, vtime_to_clock(limit));
}

static const struct vdc_msg *vtime_peek(VdcGateClient *c)
{
    return vtime->task ? vdc_task_peek(vtime->task, c->port) : NULL;
}

static void vtime_pop(VdcGateClient *c)
{
    vdc_task_pop(vtime->task, c->port);
}

static void vtime_send(VdcGateClient *c, const struct vdc_msg *m,
                       const void *payload)
{
    VdcVtime *s = vtime;
    vtime_t limit;

    if (!s->task) {
        return;
    }
    limit = vdc_task_send(s->task, c->port, m, payload);
    if (s->point) {
        vdc_point_sent(s->point, m, payload);
    }
    vtime_lower_limit(s, vtime_to_clock(limit));
}

static const VdcGateWindows vtime_windows = {
    .ready = vtime_ready,
    .fail = vtime_fail,
    .done = vtime_done,
    .peek = vtime_peek,
    .pop = vtime_pop,
    .send = vtime_send,
};

/* --- the guest or the process ends --------------------------------------- */

/* The guest is off, others go on: nothing is sent, input is lost. */
static void vtime_sit_out(VdcVtime *s)
{
    vtime_t now = vtime_of_clock(qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL));
    vtime_t limit = vdc_task_limit(s->task);
    uint32_t n_ports = vdc_task_n_ports(s->task);
    struct vdc_task_arrival a = {
        .now = vtime_min(now, limit),
        .next = VTIME_NEVER,
        .send = VTIME_NEVER,
        .why = VDC_WHY_EXIT,
    };
    int rc;

    do {
        bql_unlock();
        rc = vdc_task_arrive(s->task, &a, &limit);
        bql_lock();
        for (uint32_t p = 0; p < n_ports; p++) {
            const struct vdc_msg *m;

            while ((m = vdc_task_peek(s->task, p)) && m->t < limit) {
                vdc_task_pop(s->task, p);
            }
        }
        a.now = vtime_max(a.now, limit);
        while (rc == 0 && s->point && vdc_point_next(s->point) <= limit) {
            vdc_point_emit(s->point, s->task);
        }
    } while (rc == 0);
    vtime_end(s, rc);
}

static void vtime_shutdown(Notifier *n, void *data)
{
    VdcVtime *s = container_of(n, VdcVtime, shutdown);
    ShutdownCause cause = *(ShutdownCause *)data;
    const char *why = NULL;

    if (!s->task) {
        return;
    }
    if (!shutdown_caused_by_guest(cause)) {
        /* The vCPU thread may be waiting in the segment: this wakes it. */
        vdc_task_fail(s->task, 1, vtime_from_ns(vdc_gate_now_ns()),
                      "QEMU was told to end");
        return;
    }
    pause_all_vcpus();
    if (!s->task) {
        return;
    }
    if (!vdc_gate_started()) {
        why = "the guest ended before it was ready";
    } else if (cause != SHUTDOWN_CAUSE_GUEST_SHUTDOWN) {
        why = "the guest was reset (kernel panic or reboot)";
    } else if (!s->has_exited) {
        why = "the guest was switched off before its workloads had ended";
    }
    if (why) {
        vdc_task_fail(s->task, 1, vtime_from_ns(vdc_gate_now_ns()), why);
        vtime_leave(s, 1);
    } else {
        vtime_sit_out(s);
    }
}

/* --- set-up -------------------------------------------------------------- */

static bool vtime_attach_ports(VdcVtime *s, Error **errp)
{
    uint32_t n_ports = vdc_task_n_ports(s->task);
    uint32_t n_attached = 0;
    VdcGateClient *c;

    QSIMPLEQ_FOREACH(c, vdc_gate_clients(), entry) {
        if (c->port_id == 0) {
            continue;
        }
        for (uint32_t p = 0; p < n_ports; p++) {
            if (vdc_task_port_id(s->task, p) == c->port_id) {
                c->port = p;
                n_attached++;
            }
        }
        if (c->port < 0) {
            error_setg(errp,
                       "vdc-vtime: task %u has no port 0x%x in "
                       "the segment",
                       s->task_index, c->port_id);
            return false;
        }
    }
    if (n_attached != n_ports) {
        error_setg(errp,
                   "vdc-vtime: task %u has %u ports, %u devices "
                   "use one (property port-id)",
                   s->task_index, n_ports, n_attached);
        return false;
    }
    return true;
}

static void vtime_machine_done(Notifier *n, void *data)
{
    VdcVtime *s = container_of(n, VdcVtime, machine_done);
    Error *err = NULL;

    if (!vtime_attach_ports(s, &err)) {
        vdc_task_fail(s->task, 1, 0, error_get_pretty(err));
        error_report_err(err);
        exit(1);
    }
}

static int vtime_parse_poll(const char *poll)
{
    static const struct {
        const char *name;
        enum vdc_task_poll value;
    } table[] = {
        { "auto", VDC_POLL_AUTO },
        { "spin", VDC_POLL_SPIN },
        { "yield", VDC_POLL_YIELD },
        { "futex", VDC_POLL_FUTEX },
    };

    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        if (!poll || strcmp(poll, table[i].name) == 0) {
            return table[i].value;
        }
    }
    return -1;
}

static bool vtime_check(VdcVtime *s, Error **errp)
{
    if (vtime) {
        error_setg(errp, "vdc-vtime: there can be only one");
    } else if (icount_enabled() != ICOUNT_PRECISE) {
        error_setg(errp, "vdc-vtime needs -accel tcg,thread=single "
                         "-icount shift=0..10,align=off,sleep=off");
    } else if (!s->seg_path) {
        error_setg(errp, "vdc-vtime: property seg is missing");
    } else if (s->task_index >= VDC_SEG_TASK_MAX) {
        error_setg(errp, "vdc-vtime: task=%u, allowed: 0..%u", s->task_index,
                   VDC_SEG_TASK_MAX - 1);
    } else if (s->quantum_ns < VTIME_QUANTUM_MIN_NS ||
               s->quantum_ns > VTIME_QUANTUM_MAX_NS) {
        error_setg(errp, "vdc-vtime: rr-quantum=%u, allowed: %u..%u",
                   s->quantum_ns, VTIME_QUANTUM_MIN_NS, VTIME_QUANTUM_MAX_NS);
    } else if (vtime_parse_poll(s->poll) < 0) {
        error_setg(errp,
                   "vdc-vtime: poll=%s, allowed: auto, spin, yield, "
                   "futex",
                   s->poll);
    } else {
        return true;
    }
    return false;
}

static void vtime_realize(DeviceState *dev, Error **errp)
{
    VdcVtime *s = VDC_VTIME(dev);
    int rc;

    if (!vtime_check(s, errp)) {
        return;
    }
    rc = vdc_task_attach(s->seg_path, s->task_index, vtime_hub_ops,
                         ARRAY_SIZE(vtime_hub_ops), vtime_parse_poll(s->poll),
                         &s->task);
    if (rc < 0) {
        error_setg_errno(errp, -rc, "vdc-vtime: cannot be task %u of %s",
                         s->task_index, s->seg_path);
        return;
    }
    s->point_ns = INT64_MAX;
    if (vdc_task_digest_every(s->task)) {
        s->point = vdc_point_new(vdc_task_digest_every(s->task),
                                 s->console_path, errp);
        if (!s->point) {
            vdc_task_detach(s->task);
            s->task = NULL;
            return;
        }
    }
    vtime = s;
    s->machine_done.notify = vtime_machine_done;
    qemu_add_machine_init_done_notifier(&s->machine_done);
    s->shutdown.notify = vtime_shutdown;
    qemu_register_shutdown_notifier(&s->shutdown);
    vdc_gate_set_windows(&vtime_windows);
    icount_gate.quantum = s->quantum_ns;
    icount_gate.opaque = s;
    icount_gate.advance = vtime_advance;
    icount_gate.enter = vtime_enter;
}

static char *vtime_get_build_id(Object *obj, Error **errp)
{
    return g_strdup(VDC_BUILD_ID);
}

static const Property vtime_properties[] = {
    DEFINE_PROP_STRING("seg", VdcVtime, seg_path),
    DEFINE_PROP_UINT32("task", VdcVtime, task_index, VDC_SEG_TASK_MAX),
    DEFINE_PROP_UINT32("rr-quantum", VdcVtime, quantum_ns, 20000),
    DEFINE_PROP_STRING("poll", VdcVtime, poll),
    DEFINE_PROP_UINT64("perturb", VdcVtime, perturb, 0),
    DEFINE_PROP_STRING("console", VdcVtime, console_path),
};

static const VMStateDescription vtime_vmstate = {
    .name = TYPE_VDC_VTIME,
    .unmigratable = 1,
};

static void vtime_class_init(ObjectClass *oc, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(oc);

    dc->realize = vtime_realize;
    dc->desc = "gate on virtual time, vtask of a virtual datacenter";
    dc->vmsd = &vtime_vmstate;
    dc->user_creatable = true;
    dc->hotpluggable = false;
    device_class_set_props(dc, vtime_properties);
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);
    object_class_property_add_str(oc, "build-id", vtime_get_build_id, NULL);
    object_class_property_set_description(oc, "build-id", VDC_BUILD_ID);
}

static const TypeInfo vtime_info = {
    .name = TYPE_VDC_VTIME,
    .parent = TYPE_DEVICE,
    .instance_size = sizeof(VdcVtime),
    .class_init = vtime_class_init,
};

static void vtime_register_types(void)
{
    type_register_static(&vtime_info);
}

type_init(vtime_register_types)
