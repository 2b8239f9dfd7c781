/* SPDX-License-Identifier: MIT */
/* Processes that die, stop or break the rules: named within the limit, everybody else leaves. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "vary.h"

static const struct world base = { .n = 4,
                                   .n_hub = 1,
                                   .seed = 3,
                                   .gap_ns = 3000,
                                   .reply = 3,
                                   .stop = 400 * VTIME_PS_PER_US,
                                   .digest_every = 10 * VTIME_PS_PER_US,
                                   .victim = 2,
                                   .stall_ms = 200,
                                   .fault_t = 150 * VTIME_PS_PER_US };

struct fault_case {
    const char *name;
    enum world_fault fault;
    enum vdc_seg_runner runner;
    uint32_t n_guest;
    const char *text; /* part of the failure's text */
    bool is_victim_named;
};

static const struct fault_case cases[] = {
    { "killed inside its window", WORLD_KILL, VDC_SEG_BY_COMPLETER, 0, "e2 died: signal 9", true },
    { "killed while it sends", WORLD_KILL_SEND, VDC_SEG_BY_COMPLETER, 0, "e2 died: signal 9",
      true },
    { "guest killed", WORLD_KILL, VDC_SEG_BY_COMPLETER, 4, "e2 died: signal 9", true },
    { "completer killed in the hub phase", WORLD_KILL_PHASE, VDC_SEG_BY_COMPLETER, 0,
      "died: signal 9", false },
    { "hub daemon killed in the hub phase", WORLD_KILL_PHASE, VDC_SEG_BY_DAEMON, 0,
      "hub daemon died: signal 9", false },
    { "stopped inside its window", WORLD_STOP, VDC_SEG_BY_COMPLETER, 0,
      "no progress: hold 1, who 0x2", true },
    { "completer stopped in the hub phase", WORLD_STOP_PHASE, VDC_SEG_BY_COMPLETER, 0,
      "no progress: hold 3", false },
    { "never returns from its window", WORLD_ENDLESS, VDC_SEG_BY_COMPLETER, 0,
      "no progress: hold 1, who 0x2", true },
    { "goes beyond its grant", WORLD_LATE, VDC_SEG_BY_COMPLETER, 0, "e2: ", true },
    { "goes back in time", WORLD_BACKWARD, VDC_SEG_BY_COMPLETER, 0, "e2: arrival with now", true },
    { "sends before its promise", WORLD_BROKEN_PROMISE, VDC_SEG_BY_COMPLETER, 0,
      "departs before the promise", true },
};

static void test_fault(const struct fault_case *c)
{
    struct world w = base;
    struct world_result r;
    char detail[400];

    w.fault = c->fault;
    w.runner = c->runner;
    w.n_guest = c->n_guest;
    r = run(&w);
    (void)snprintf(detail, sizeof(detail),
                   "state %d, who %#x, code %d, vt %" PRIu64 ", text '%s', %s, %u ms",
                   (int)r.stat.state, r.failure.who, r.failure.code, r.failure.vt, r.failure.text,
                   r.all_gone ? "all gone" : "somebody stayed", r.wall_ms);
    (void)printf("# %s: %s\n", c->name, detail);
    check(r.stat.state == VDC_SEG_FAILED && r.all_gone && strstr(r.failure.text, c->text) &&
              (!c->is_victim_named || r.failure.who == w.victim) &&
              (c->fault != WORLD_STOP || r.blame == w.victim),
          c->name, detail);
}

/* A signal hits a process anywhere: in its window, while it waits or completes. It is always named.
 */
static void test_stop_anywhere(void)
{
    struct world w = base;

    w.stop = VTIME_NEVER;
    w.fault = WORLD_STOP_ANYWHERE;
    w.victim = 1;
    for (uint32_t i = 0; i < 8; i++) {
        struct world_result r;
        char detail[400];

        w.fault_ms = 10 + 3 * i;
        w.poll = i % 2 ? VDC_POLL_FUTEX : VDC_POLL_AUTO;
        r = run(&w);
        (void)snprintf(detail, sizeof(detail), "state %d, who %#x, blame %#x, text '%s', %u ms",
                       (int)r.stat.state, r.failure.who, r.blame, r.failure.text, r.wall_ms);
        (void)printf("# %s\n", detail);
        check(r.stat.state == VDC_SEG_FAILED && r.all_gone && r.failure.who == w.victim &&
                  !strstr(r.failure.text, "hold 4"),
              "stopped wherever it is", detail);
    }
}

int main(void)
{
    const struct world_result good = run(&(struct world){ .n = base.n,
                                                          .n_hub = base.n_hub,
                                                          .seed = base.seed,
                                                          .gap_ns = base.gap_ns,
                                                          .reply = base.reply,
                                                          .stop = base.stop,
                                                          .digest_every = base.digest_every });
    struct world w = base;

    check(is_done(&good), "undisturbed", good.failure.text);
    for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        test_fault(&cases[i]);
    }
    test_stop_anywhere();
    w.fault = WORLD_STOP_SHORT;
    w.stall_ms = 5000;
    expect_same(&good, &w, "a short stop changes nothing");
    return finish();
}
