/* SPDX-License-Identifier: MIT */
/* The progress line: virtual time, speed, windows, and who holds the run up. */
#include <inttypes.h>
#include <string.h>

#include "run.h"

static const struct {
    const char *name;
    uint64_t ps;
} scales[] = {
    { "s", VTIME_PS_PER_S },
    { "ms", VTIME_PS_PER_MS },
    { "us", VTIME_PS_PER_US },
    { "ns", VTIME_PS_PER_NS },
};
#define N_SCALES (sizeof(scales) / sizeof(scales[0]))

/* At most three digits behind the point, zeros at the end cut. */
static char *in_scale(vtime_t t, uint64_t ps, char s[32])
{
    int n = snprintf(s, 32, "%" PRIu64 ".%03" PRIu64, t / ps, t % ps / (ps / 1000));
    while (s[n - 1] == '0') {
        s[--n] = '\0';
    }
    if (s[n - 1] == '.') {
        s[n - 1] = '\0';
    }
    return s;
}

static size_t scale_of(vtime_t t)
{
    size_t i = 0;
    while (i + 1 < N_SCALES && t < scales[i].ps) {
        i++;
    }
    return i;
}

char *progress_time(vtime_t t, char s[32])
{
    size_t i = scale_of(t);
    in_scale(t, scales[i].ps, s);
    size_t n = strlen(s);
    snprintf(s + n, 32 - n, " %s", scales[i].name);
    return s;
}

static char *in_thousands(uint64_t n, char s[32])
{
    if (n < 1000) {
        snprintf(s, 32, "%" PRIu64, n);
    } else if (n < 1000000) {
        snprintf(s, 32, "%" PRIu64 ".%" PRIu64 "k", n / 1000, n % 1000 / 100);
    } else {
        snprintf(s, 32, "%" PRIu64 ".%" PRIu64 "M", n / 1000000, n % 1000000 / 100000);
    }
    return s;
}

static const char *holder_name(const struct run *r, const char **why)
{
    struct vdc_seg_holder h;
    vdc_seg_holder(r->seg, &h);
    *why = "cpu";
    switch (h.hold) {
    case VDC_HOLD_NOBODY:
        return NULL;
    case VDC_HOLD_COMPLETER:
        *why = "completing";
        break;
    case VDC_HOLD_HUB:
        *why = "hub";
        break;
    case VDC_HOLD_PROTOCOL:
        *why = "waiting";
        break;
    case VDC_HOLD_TASK:
        break;
    }
    return run_component(r, h.who);
}

static void boot_line(const struct run *r, uint64_t now_us, const struct vdc_seg_stat *st, char *s,
                      size_t size)
{
    snprintf(s, size, "boot %" PRIu32 "/%zu parked, %" PRIu32 " started  %" PRIu64 " s",
             st->n_parked, r->resolved->n_nodes, r->n_started, (now_us - r->begin_us) / 1000000);
}

static void run_line(const struct run *r, const struct vdc_seg_stat *st, char *s, size_t size)
{
    char now[32], stop[32], speed[32], windows[32];
    vtime_t vt = st->a == VTIME_NEVER ? st->end_t : st->a;
    vtime_t end = st->stop != VTIME_NEVER && st->stop != 0 ? st->stop : r->resolved->time.stop;
    size_t scale = scale_of(end);
    uint64_t percent = end ? vt / (end / 100 + 1) : 0;
    uint64_t skip = vt ? st->skipped_ps / (vt / 100 + 1) : 0;
    int n = snprintf(s, size, "vt %s/%s %s  %" PRIu64 "%%  %s/s  %s win/s  skip %" PRIu64 "%%",
                     in_scale(vt, scales[scale].ps, now), in_scale(end, scales[scale].ps, stop),
                     scales[scale].name, percent, progress_time(r->speed_ps, speed),
                     in_thousands(r->windows_per_s, windows), skip);
    const char *why;
    const char *name = holder_name(r, &why);
    if (name && n > 0 && (size_t)n < size) {
        n += snprintf(s + n, size - (size_t)n, "  slowest %s (%s)", name, why);
    }
    if (r->speed_ps > 0 && n > 0 && (size_t)n < size && end > vt) {
        uint64_t eta = (end - vt) / r->speed_ps;
        if (eta < 360000) {
            snprintf(s + n, size - (size_t)n, "  eta %" PRIu64 "m%02" PRIu64 "s", eta / 60,
                     eta % 60);
        }
    }
}

void progress_line(struct run *r, uint64_t now_us, bool is_last)
{
    FILE *to = r->opts->progress;
    uint64_t every_us = r->opts->is_terminal ? 200000 : 10000000;
    if (!to) {
        return;
    }
    if (is_last) {
        if (r->opts->is_terminal && r->line_us != 0) {
            fputs("\r\033[K", to);
            fflush(to);
        }
        return;
    }
    if (r->line_us != 0 && now_us - r->line_us < every_us) {
        return;
    }
    bool is_first = r->line_us == 0;
    r->line_us = now_us;
    if (is_first && !r->opts->is_terminal) {
        return; /* a run of a few seconds prints none */
    }
    char line[256] = "ending";
    struct vdc_seg_stat st;
    vdc_seg_stat(r->seg, &st);
    if (r->phase == PHASE_BOOT) {
        boot_line(r, now_us, &st, line, sizeof(line));
    } else if (r->phase == PHASE_RUN) {
        run_line(r, &st, line, sizeof(line));
    }
    const char *label = r->opts->label;
    fprintf(to, r->opts->is_terminal ? "\r%s%s%s\033[K" : "%s%s%s\n", label ? label : "",
            label ? ": " : "", line);
    fflush(to);
}
