/* SPDX-License-Identifier: MIT */
/* One digest for every window cut, process order, waiting rule, runner and perturbation, with real
 * processes. */
#include <stdio.h>
#include <string.h>

#include "vary.h"

int main(void)
{
    const struct world packs = { .n = 4,
                                 .n_hub = 1,
                                 .seed = 1,
                                 .gap_ns = 3000,
                                 .reply = 3,
                                 .stop = 400 * VTIME_PS_PER_US,
                                 .digest_every = 10 * VTIME_PS_PER_US };
    struct world_result other;
    struct world w;

    const struct world_result base = vary("packs", &packs, 20);

    w = packs;
    w.n_guest = 2;
    vary("guests and packs", &w, 3);

    /* Long stretches without a message: live promises carry the tasks through them. */
    w = packs;
    w.n = 3;
    w.n_guest = 3;
    w.gap_ns = 60000;
    w.stop = 4 * VTIME_PS_PER_MS;
    (void)vary("busy guests, few messages", &w, 20);
    w.poll = VDC_POLL_SPIN; /* as if everybody had a core */
    other = vary("the same, spinning", &w, 20);
    check(other.moved > 0, "live promises move grants", "");
    w.cut_ps = 1313440;
    other = run(&w);
    check(other.moved == 0, "windows that are cut are cut", "");

    w = packs;
    w.n_guest = 4;
    w.is_idle_guest = true;
    w.n_hub = 2;
    vary("idle guests, two hubs", &w, 3);

    w = packs;
    w.quantum = 20 * VTIME_PS_PER_US;
    vary("quantized", &w, 3);

    /* More than a ring holds between two grants of the receivers, and more than the sender's. */
    w = packs;
    w.quantum = VTIME_PS_PER_MS;
    w.stop = 3 * VTIME_PS_PER_MS;
    w.gap_ns = 300;
    w.n_sender = 1;
    w.reply = 0;
    vary("full rings", &w, 2);
    w.n_sender = 0;
    other = run(&w);
    (void)printf("# %s\n", other.failure.text);
    check(other.stat.state == VDC_SEG_FAILED && other.all_gone &&
              strstr(other.failure.text, "a larger ring_bytes is needed"),
          "what does not fit ends the run and names the ring", other.failure.text);

    w = packs;
    w.seed = 2;
    other = run(&w);
    check(is_done(&other) && memcmp(&base.digest, &other.digest, sizeof(base.digest)) != 0,
          "another seed is another digest", other.failure.text);
    return finish();
}
