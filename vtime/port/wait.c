/* SPDX-License-Identifier: MIT */
/* The waiting rule: spin while every runner has a core, else yield, else sleep on the generation
 * word. */
#include "wait.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "futex.h"

#define SPIN_NS       20000u
#define SPIN_SAMPLE   64u   /* spins judged together */
#define SPIN_OFF      4096u /* waits without spinning after a bad sample */
#define YIELD_CALLS   128u  /* a bound in case the clock stands still; the time below is the rule */
#define YIELD_NS      30000u
#define SLOW_NS       200000u /* a yield that long ran somebody else's time slice */
#define SLOW_WINDOWS  8u      /* or one longer than so many windows */
#define YIELD_OFF_MIN 256u
#define YIELD_OFF_MAX 32768u
#define SLEEP_NS      UINT64_C(200000000)

/* cpu.max of the process's own cgroup (v2): "quota period" or "max period". 0: no limit known. */
static uint32_t cgroup_cpus(void)
{
    char path[512] = "/sys/fs/cgroup";
    char line[256];
    unsigned long long quota, period;
    uint32_t n = 0;
    FILE *f = fopen("/proc/self/cgroup", "re");

    if (!f) {
        return 0;
    }
    while (fgets(line, sizeof(line), f)) {
        if (strncmp(line, "0::", 3) == 0) {
            line[strcspn(line, "\n")] = '\0';
            (void)snprintf(path, sizeof(path), "/sys/fs/cgroup%s/cpu.max", line + 3);
        }
    }
    (void)fclose(f);
    f = fopen(path, "re");
    if (f) {
        if (fscanf(f, "%llu %llu", &quota, &period) == 2 && period > 0) {
            n = quota < period ? 1 : (uint32_t)(quota / period);
        }
        (void)fclose(f);
    }
    return n;
}

uint32_t waiter_usable_cpus(void)
{
    const uint32_t limit = cgroup_cpus();
    uint32_t n = 1;
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof(set), &set) == 0) {
        n = (uint32_t)CPU_COUNT(&set);
    }
    n = limit > 0 && limit < n ? limit : n;
    return n > 0 ? n : 1;
}

uint32_t waiter_pinned_cpu(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof(set), &set) < 0 || CPU_COUNT(&set) != 1) {
        return 0;
    }
    for (uint32_t i = 0; i < CPU_SETSIZE; i++) {
        if (CPU_ISSET(i, &set)) {
            return i + 1;
        }
    }
    return 0;
}

void waiter_init(struct waiter *w, struct vdc_seg *seg, uint32_t me, enum vdc_task_poll poll,
                 struct perturb *perturb)
{
    *w = (struct waiter){ .seg = seg,
                          .me = me,
                          .poll = poll,
                          .n_cpu = waiter_usable_cpus(),
                          .yield_back = YIELD_OFF_MIN,
                          .perturb = perturb };
}

void waiter_learn_pins(struct waiter *w)
{
    const struct vdc_seg *seg = w->seg;

    w->is_pinned_apart = true;
    for (uint32_t i = 0; i < seg->hdr->n_task; i++) {
        const uint32_t cpu = seg->task[i].pinned_cpu;

        w->is_pinned_apart &= cpu != 0;
        for (uint32_t j = 0; j < i; j++) {
            w->is_pinned_apart &= seg->task[j].pinned_cpu != cpu;
        }
    }
    /* Each is pinned to one core, so the mask of one says nothing about how many run at once. */
    w->n_cpu = w->is_pinned_apart ? seg->hdr->n_task : w->n_cpu;
}

static bool has_moved(const struct waiter *w, uint32_t gen)
{
    return atomic_load_explicit(&w->seg->ctl->gen, memory_order_acquire) != gen;
}

bool waiter_may_poll(const struct waiter *w)
{
    return w->poll == VDC_POLL_SPIN ||
           (w->poll == VDC_POLL_AUTO && w->is_pinned_apart &&
            atomic_load_explicit(&w->seg->ctl->nsel, memory_order_relaxed) <= w->n_cpu);
}

static bool may_spin(struct waiter *w)
{
    if (!waiter_may_poll(w)) {
        return false;
    }
    if (w->poll == VDC_POLL_AUTO && w->spin_off > 0) {
        w->spin_off--;
        return false;
    }
    return true;
}

static bool spin(struct waiter *w, uint32_t gen, uint64_t now)
{
    bool hit = false;

    do {
        for (uint32_t k = 0; k < 64 && !hit; k++) {
            hit = has_moved(w, gen);
            cpu_relax();
        }
    } while (!hit && wall_ns() - now < SPIN_NS);
    w->spin_n++;
    w->spin_hit += hit;
    if (w->spin_n == SPIN_SAMPLE) {
        w->spin_off = w->spin_hit < SPIN_SAMPLE / 2 ? SPIN_OFF : 0;
        w->spin_n = 0;
        w->spin_hit = 0;
    }
    return hit;
}

static bool may_yield(struct waiter *w)
{
    if (w->poll == VDC_POLL_FUTEX) {
        return false;
    }
    if (w->poll == VDC_POLL_AUTO && w->yield_off > 0) {
        w->yield_off--;
        return false;
    }
    return true;
}

/* Twice a yield that gave the core to a foreign task: sleeping is cheaper for a while. */
static void judge_yields(struct waiter *w, bool is_slow)
{
    if (!is_slow) {
        w->yield_back -= w->yield_back > YIELD_OFF_MIN;
        return;
    }
    w->slow_n++;
    if (w->slow_n == 2) {
        w->slow_n = 0;
        w->yield_off = w->yield_back;
        w->yield_back = w->yield_back < YIELD_OFF_MAX ? w->yield_back * 2 : YIELD_OFF_MAX;
    }
}

static bool yield(struct waiter *w, uint32_t gen, uint64_t start)
{
    const uint64_t by_window = SLOW_WINDOWS * w->window_ns;
    const uint64_t slow_ns = by_window > SLOW_NS ? by_window : SLOW_NS;
    uint64_t before = start;
    bool is_slow = false;

    for (uint32_t k = 0; k < YIELD_CALLS && !has_moved(w, gen); k++) {
        uint64_t after;

        (void)sched_yield();
        after = wall_ns();
        is_slow = after - before > slow_ns;
        if (is_slow || after - start > YIELD_NS) {
            break;
        }
        before = after;
    }
    judge_yields(w, is_slow);
    return has_moved(w, gen);
}

/* No lost wake-up: if the completer's load of sleepers misses the bit, the kernel's compare of gen
 * fails. */
static void sleep_on(struct waiter *w, uint32_t gen)
{
    struct seg_ctl *ctl = w->seg->ctl;
    const uint64_t bit = UINT64_C(1) << w->me;

    atomic_fetch_or(&ctl->sleepers, bit);
    futex_wait_bits(&ctl->gen, gen, UINT32_C(1) << (w->me & 31), SLEEP_NS);
    atomic_fetch_and(&ctl->sleepers, ~bit);
}

static int outcome(const struct waiter *w)
{
    switch (seg_state(w->seg)) {
    case VDC_SEG_DONE:
        return -ESHUTDOWN;
    case VDC_SEG_FAILED:
        return -ECANCELED;
    default:
        return 0;
    }
}

/* One poll or sleep. */
static void wait_once(struct waiter *w, uint32_t gen, uint64_t now)
{
    enum vdc_task_poll drawn = w->poll;

    if (w->perturb->is_on) {
        perturb_pause(w->perturb);
        w->poll = (enum vdc_task_poll)perturb_below(w->perturb, 4);
    }
    if (!(may_spin(w) && spin(w, gen, now)) && !(may_yield(w) && yield(w, gen, now))) {
        sleep_on(w, gen);
    }
    w->poll = drawn;
}

static void account(struct waiter *w, uint64_t start, uint64_t now)
{
    struct vdc_seg *seg = w->seg;
    struct seg_task *t = &seg->task[w->me];
    const uint32_t n = seg->hdr->n_task + seg->hdr->n_hub + 1;
    const uint32_t index = vdc_sync_cause_index(t->cause);
    uint32_t slot = n - 1;

    if (vdc_sync_cause_kind(t->cause) == VDC_SYNC_BY_TASK) {
        slot = index;
    } else if (vdc_sync_cause_kind(t->cause) == VDC_SYNC_BY_HUB) {
        slot = seg->hdr->n_task + index;
    }
    if (slot < n) {
        _Atomic uint64_t *sum = &seg->wait[w->me * n + slot];

        atomic_store_explicit(sum, atomic_load_explicit(sum, memory_order_relaxed) + now - start,
                              memory_order_relaxed);
    }
    t->wait_ns += now - start;
    atomic_store_explicit(&t->wall_ns, now, memory_order_relaxed);
    if (w->last_wake_ns != 0) {
        w->window_ns += (now - w->last_wake_ns) / 16 - w->window_ns / 16;
    }
    w->last_wake_ns = now;
}

int waiter_wait(struct waiter *w, uint32_t have, uint64_t start_ns)
{
    const struct seg_task *t = &w->seg->task[w->me];
    uint64_t now = start_ns;
    int rc = 0;

    for (;;) {
        const uint32_t gen = atomic_load(&w->seg->ctl->gen);

        if (atomic_load_explicit(&t->ticket, memory_order_acquire) != have) {
            break;
        }
        rc = outcome(w);
        if (rc < 0) {
            break;
        }
        wait_once(w, gen, now);
        now = wall_ns();
    }
    if (now != start_ns) {
        account(w, start_ns, now);
    }
    return rc;
}
