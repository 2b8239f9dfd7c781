/* SPDX-License-Identifier: MIT */
/* Record tracing: the interval asked for, the same records for every cut, and the last records of a
 * component. */
#include <stdio.h>
#include <string.h>

#include "vary.h"

int main(void)
{
    struct world w = { .n = 4,
                       .n_hub = 1,
                       .seed = 5,
                       .gap_ns = 1000,
                       .reply = 2,
                       .stop = 2 * VTIME_PS_PER_MS,
                       .digest_every = 10 * VTIME_PS_PER_US,
                       .trace_from = 50 * VTIME_PS_PER_US,
                       .trace_to = 150 * VTIME_PS_PER_US };
    struct world_result part, cut, all, none;
    char detail[128];

    part = run(&w);
    check(is_done(&part) && part.n_trace > 300 && part.n_trace_bad == 0,
          "an interval is traced in order", part.failure.text);
    w.cut_seed = 1;
    w.perturb = 1;
    cut = run(&w);
    check(is_done(&cut) && cut.n_trace == part.n_trace &&
              memcmp(&cut.trace, &part.trace, sizeof(part.trace)) == 0,
          "random cuts: the same records", "other records");
    w.cut_seed = 0;
    w.perturb = 0;
    w.trace_from = 0;
    w.trace_to = VTIME_NEVER;
    all = run(&w);
    (void)snprintf(detail, sizeof(detail), "%llu records, %llu received",
                   (unsigned long long)all.n_trace, (unsigned long long)all.rx);
    (void)printf("# %s\n", detail);
    check(is_done(&all) && all.n_trace >= 2 * all.rx && all.n_trace > 8192,
          "everything: each message where it was sent and where it was forwarded, more than a ring "
          "holds",
          detail);
    w.trace_to = 0;
    none = run(&w);
    check(is_done(&none) && none.n_trace == 0, "nothing is traced when nobody asks",
          none.failure.text);
    check(memcmp(&none.digest, &all.digest, sizeof(all.digest)) == 0,
          "tracing does not change the digest", "other digest");
    check(none.n_last > 0 && none.n_last <= VDC_SEG_LAST_RECORDS &&
              none.last_seq + 1 >= none.n_last,
          "the last records are remembered", "none");
    return finish();
}
