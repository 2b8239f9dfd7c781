/* SPDX-License-Identifier: MIT */
/* The conservation check must find books that do not balance: each case breaks one thing and must
 * die of it. */
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"
#include "vdc/hub.h"

static struct vdc_hub *hub;

static void fresh(void)
{
    const struct vdc_hub_cfg cfg = { .n_ports = 3, .buffer = 65536 };
    const size_t n = vdc_hub_size(&cfg);

    free(hub);
    hub = aligned_alloc(64, (n + 63) & ~(size_t)63);
    if (!hub) {
        exit(99);
    }
    vdc_hub_init(hub, &cfg);
    for (uint32_t i = 0; i < 4; i++) {
        uint32_t f;

        vdc_hub_arrive(hub, 0, 200);
        f = vdc_hub_store(hub, 0, 1, 60, 200);
        vdc_hub_enqueue(hub, 1, 2, f, i);
        vdc_hub_settle(hub, f, 1);
    }
    vdc_hub_check(hub);
}

static bool dies(void)
{
    int status = 0;
    const pid_t pid = fork();

    if (pid == 0) {
        (void)close(2); /* the assertion's text is expected */
        vdc_hub_check(hub);
        _exit(0);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
           WTERMSIG(status) == SIGABRT;
}

static void lost_frame(void)
{
    fresh();
    CHECK(!dies());
    hub->books.in_frames++;
    CHECK(dies());
}

static void double_drop(void)
{
    fresh();
    vdc_hub_drop(hub, 0, VDC_HUB_DROP_BUF, 200);
    CHECK(dies());
}

static void leaked_buffer(void)
{
    fresh();
    hub->shared_used += 200;
    CHECK(dies());
}

static void wrong_sum(void)
{
    fresh();
    hub->port[1].q[2].bytes -= 200;
    CHECK(dies());
}

static void wrong_backlog(void)
{
    fresh();
    hub->port[1].backlog = 0;
    CHECK(dies());
}

static void broken_list(void)
{
    fresh();
    vdc_hub_slot(hub, hub->port[1].q[2].head)->next = VDC_HUB_NONE;
    CHECK(dies());
}

static void leaked_slot(void)
{
    fresh();
    hub->slot_fresh++;
    CHECK(dies());
}

static const struct tap_case cases[] = {
    { "a frame that nobody has", lost_frame },
    { "a drop counted twice", double_drop },
    { "buffer that is not given back", leaked_buffer },
    { "a queue's sum", wrong_sum },
    { "the mask of queues", wrong_backlog },
    { "a list cut short", broken_list },
    { "a slot that is nowhere", leaked_slot },
};

TAP_MAIN(cases)
