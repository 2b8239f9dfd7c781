/* SPDX-License-Identifier: MIT */
/* Live promises: what a word says, and whose word makes the horizon. */
#include "live.h"

#include <stdio.h>
#include <stdlib.h>

static uint32_t n_test, n_failed;

static void check(bool ok, const char *name)
{
    n_test++;
    n_failed += !ok;
    (void)printf("%s %u - %s\n", ok ? "ok" : "not ok", n_test, name);
}

/* Two tasks at one hub, a third at another without a link between the hubs. */
static struct vdc_sync *make_sync(void)
{
    static const struct vdc_sync_task task[3] = { { .react_ps = 7 },
                                                  { .react_ps = 7 },
                                                  { .react_ps = 7 } };
    static const struct vdc_sync_hub hub[2] = { { .fwd_ps = 100 }, { .group = 1, .fwd_ps = 100 } };
    static const struct vdc_sync_port port[3] = {
        { .task = 0, .hub = 0, .out_ps = 1000, .in_ps = 2000 },
        { .task = 1, .hub = 0, .out_ps = 3000, .in_ps = 4000 },
        { .task = 2, .hub = 1, .out_ps = 1000, .in_ps = 2000 },
    };
    const struct vdc_sync_cfg cfg = { .mode = VDC_SYNC_EXACT,
                                      .n_task = 3,
                                      .n_port = 3,
                                      .n_hub = 2,
                                      .task = task,
                                      .port = port,
                                      .hub = hub };
    struct vdc_sync *s = malloc(vdc_sync_size());

    if (!s || vdc_sync_init(s, &cfg) != VDC_SYNC_OK) {
        (void)printf("Bail out! configuration\n");
        exit(1);
    }
    return s;
}

int main(void)
{
    static struct seg_task task[3];
    static struct seg_hdr hdr = { .n_task = 3 };
    struct vdc_sync *sync = make_sync();
    const struct vdc_seg seg = { .hdr = &hdr, .task = task, .sync = sync };
    static struct live l;
    bool moves = true;

    live_init(&l, &seg, 0);
    check(l.n == 1 && l.peer[0].task == &task[1], "only who can send a message is heard");
    check(l.min_path_ps == 3000 + 2000, "shortest path");
    live_store(&task[1], 10001, true);
    check(live_horizon(&l, &moves) == 10000 + 5000 && moves,
          "promise in even ps + path, on its way");
    live_stop(&task[1]);
    check(live_horizon(&l, &moves) == 10000 + 5000 && !moves, "the same after it has stopped");
    live_store(&task[1], VTIME_NEVER, false);
    check(live_horizon(&l, &moves) == VTIME_NEVER && !moves, "who never sends does not bound");
    live_init(&l, &seg, 2);
    check(l.n == 0 && live_horizon(&l, &moves) == VTIME_NEVER && !moves, "nobody can reach it");
    free(sync);
    (void)printf("1..%u\n", n_test);
    return n_failed != 0;
}
