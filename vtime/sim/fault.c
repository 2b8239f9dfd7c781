/* SPDX-License-Identifier: MIT */
/* Fault schedules: drawn from a seed, printed so that a failure can be replayed from the list. */
#include "vdc/fault.h"

#include <assert.h>
#include <string.h>

#include "text.h"
#include "vdc/rng.h"

#define P32_ONE (UINT64_C(1) << 32)

/* One stream per schedule; every draw takes the next value. */
struct stream {
    uint64_t key;
    uint64_t n;
};

static uint64_t draw(struct stream *s, uint64_t bound)
{
    return vdc_rand_below(s->key, s->n++, bound);
}

static uint16_t draw_kind(struct stream *s, uint32_t kinds)
{
    uint32_t n = 0;
    uint32_t pick;

    for (uint32_t k = 1; k < VDC_FAULT_KINDS; k++) {
        n += kinds >> k & 1;
    }
    assert(n > 0);
    pick = (uint32_t)draw(s, n);
    for (uint32_t k = 1; k < VDC_FAULT_KINDS; k++) {
        if ((kinds >> k & 1) && pick-- == 0) {
            return (uint16_t)k;
        }
    }
    return 0;
}

static void draw_one(struct stream *s, uint32_t kinds, uint32_t n_wire, vtime_t stop,
                     struct vdc_fault *f)
{
    memset(f, 0, sizeof(*f));
    f->kind = draw_kind(s, kinds);
    f->target = (uint32_t)draw(s, 2 * (uint64_t)n_wire);
    f->t = draw(s, stop);
    f->arg[0] = f->t + 1 + draw(s, stop - f->t);
    switch (f->kind) {
    case VDC_FAULT_BURST:
        f->arg[1] = draw(s, P32_ONE / 8);
        f->arg[2] = P32_ONE / 16 + draw(s, P32_ONE / 2);
        f->arg[3] = P32_ONE / 2 + draw(s, P32_ONE / 2);
        break;
    case VDC_FAULT_JITTER:
        f->arg[1] = 1 + draw(s, stop / 16 + 1);
        break;
    case VDC_FAULT_REORDER:
        f->arg[1] = draw(s, P32_ONE / 4);
        f->arg[2] = 1 + draw(s, stop / 16 + 1);
        break;
    case VDC_FAULT_FLAP:
        break;
    default: /* one probability, mostly small, sometimes all */
        f->arg[1] = draw(s, 8) == 0 ? P32_ONE : draw(s, P32_ONE / 4);
        break;
    }
}

uint32_t vdc_fault_draw(uint64_t seed, uint32_t kinds, uint32_t n_wire, vtime_t stop,
                        struct vdc_fault *out, uint32_t max)
{
    struct stream s = { .key = vdc_key(seed, VDC_RNG_SIM, n_wire, 1) };
    const uint32_t n = (uint32_t)draw(&s, (uint64_t)max + 1);

    assert(n_wire > 0);
    assert(stop > 0 && stop < VTIME_NEVER / 4);
    for (uint32_t i = 0; i < n; i++) {
        struct vdc_fault f;
        uint32_t k = i;

        draw_one(&s, kinds, n_wire, stop, &f);
        while (k > 0 && out[k - 1].t > f.t) {
            out[k] = out[k - 1];
            k--;
        }
        out[k] = f;
    }
    return n;
}

size_t vdc_fault_text(const struct vdc_fault *f, char *s, size_t cap)
{
    static const char *const name[VDC_FAULT_KINDS] = { "none",   "loss", "burst", "corrupt",
                                                       "jitter", "flap", "dup",   "reorder" };
    static const char *const arg[VDC_FAULT_KINDS][3] = {
        [VDC_FAULT_LOSS] = { "p32" },    [VDC_FAULT_BURST] = { "gb_p32", "bg_p32", "bad_p32" },
        [VDC_FAULT_CORRUPT] = { "p32" }, [VDC_FAULT_JITTER] = { "max_ps" },
        [VDC_FAULT_DUP] = { "p32" },     [VDC_FAULT_REORDER] = { "p32", "max_ps" },
    };
    struct text t = { s, cap, 0 };

    assert(f->kind < VDC_FAULT_KINDS);
    assert(cap > 0);
    s[0] = '\0';
    text_str(&t, "t=");
    text_dec(&t, f->t, 0);
    text_char(&t, ' ');
    text_str(&t, name[f->kind]);
    text_field(&t, "wire", f->target / 2);
    text_field(&t, "dir", f->target % 2);
    text_field(&t, "until", f->arg[0]);
    for (uint32_t i = 0; i < 3 && arg[f->kind][i]; i++) {
        text_field(&t, arg[f->kind][i], f->arg[i + 1]);
    }
    return t.len;
}
