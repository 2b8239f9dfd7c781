/* SPDX-License-Identifier: MIT */
/* How a run ends, and commands: stop, idle, exit of the workloads, request; journal replay. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "vary.h"

static const struct world base = { .n = 4,
                                   .n_hub = 1,
                                   .seed = 7,
                                   .gap_ns = 3000,
                                   .reply = 3,
                                   .stop = 200 * VTIME_PS_PER_US,
                                   .digest_every = 10 * VTIME_PS_PER_US };

static void check_reason(const struct world_result *r, enum vdc_seg_end end, const char *name)
{
    char detail[64];

    (void)snprintf(detail, sizeof(detail), "reason %d at %" PRIu64, (int)r->stat.end, r->end_t);
    check(is_done(r) && r->stat.end == end, name, detail);
}

static void test_idle(void)
{
    struct world w = base;
    struct world_result r;

    w.stop = VTIME_NEVER;
    w.sends_max = 20;
    r = vary("quiescence", &w, 2);
    check_reason(&r, VDC_SEG_END_IDLE, "quiescence: the reason is idle");
    check(r.end_t > 0 && r.end_t < VTIME_PS_PER_MS && r.end_t % w.digest_every == 0,
          "quiescence: ends with the digest interval of the last event", "end");
    w.stop = VTIME_PS_PER_S;
    expect_same(&r, &w, "quiescence: a stop that is never reached does not matter");
    w.n_guest = 2;
    w.is_idle_guest = true;
    r = vary("quiescence with sleeping guests", &w, 2);
    check_reason(&r, VDC_SEG_END_IDLE, "sleeping guests: the reason is idle");
    w.n_hub = 0;
    w.n_guest = 4;
    r = vary("quiescence of guests without a hub", &w, 2);
    check_reason(&r, VDC_SEG_END_IDLE, "guests without a hub: the reason is idle");
    check(r.end_t % w.digest_every == 0, "guests without a hub: end at a digest point", "end");
}

static void test_exit(void)
{
    struct world w = base;
    struct world_result r;

    w.stop = VTIME_NEVER;
    w.n_workload = 2;
    w.sends_max = 15;
    w.n_guest = 1;
    r = vary("exit of the workloads", &w, 3);
    check_reason(&r, VDC_SEG_END_EXIT, "exit: the reason is exit");
    check(r.end_t % w.digest_every == 0, "exit: ends at a digest point", "end");

    w.n_hub = 0;
    r = vary("exit without any path", &w, 2);
    check_reason(&r, VDC_SEG_END_EXIT, "exit without any path: the reason is exit");

    w = base;
    w.stop = VTIME_NEVER;
    w.n = 1;
    w.n_guest = 1;
    w.n_workload = 1;
    w.sends_max = 15;
    r = vary("exit of a guest alone", &w, 0);
    check_reason(&r, VDC_SEG_END_EXIT, "a guest alone: the reason is exit");
}

static void test_commands(void)
{
    struct world w = base;
    struct world_result plain = run(&w);
    struct world_result r, again;
    char detail[160];

    w.n_cmd = 3;
    w.cmd_t[0] = 20 * VTIME_PS_PER_US;
    w.cmd_t[1] = 20 * VTIME_PS_PER_US;
    w.cmd_t[2] = 77777777;
    r = vary("commands of a journal", &w, 3);
    check(r.n_note == 3 && r.cmd_t[0] == w.cmd_t[0] && r.cmd_t[1] == w.cmd_t[1] &&
              r.cmd_t[2] == w.cmd_t[2],
          "commands take effect at their times", "other times");
    check(memcmp(&r.digest, &plain.digest, sizeof(r.digest)) != 0, "commands change the result",
          "equal");

    w = base;
    w.stop = 20 * VTIME_PS_PER_MS;
    w.live_cmds = 4;
    r = run(&w);
    check(is_done(&r) && r.n_note == 4, "live commands are answered", r.failure.text);
    w.live_cmds = 0;
    w.n_cmd = 4;
    memcpy(w.cmd_t, r.cmd_t, sizeof(w.cmd_t));
    again = run(&w);
    (void)snprintf(detail, sizeof(detail), "effective %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64,
                   r.cmd_t[0], r.cmd_t[1], r.cmd_t[2], r.cmd_t[3]);
    (void)printf("# %s\n", detail);
    check(is_done(&again) && memcmp(&again.digest, &r.digest, sizeof(r.digest)) == 0,
          "a replay of the effective times equals the live run", detail);
}

static void test_stop_request(void)
{
    struct world w = base;
    struct world_result r;

    w.stop = VTIME_NEVER;
    w.stop_after_ms = 30;
    r = run(&w);
    check_reason(&r, VDC_SEG_END_CMD, "a stop request ends an endless run");
    check(r.end_t % w.digest_every == 0, "at a digest point", "end");
    w.stop_after_ms = 0;
    w.stop = r.end_t;
    expect_same(&r, &w, "the same stop in the configuration gives the same digest");
}

int main(void)
{
    test_idle();
    test_exit();
    test_commands();
    test_stop_request();
    return finish();
}
