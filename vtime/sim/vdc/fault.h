/* SPDX-License-Identifier: MIT */
/* Faults as data: what goes wrong on which wire, and when; a schedule is listed or drawn from a
 * seed. */
#ifndef VDC_VTIME_SIM_FAULT_H
#define VDC_VTIME_SIM_FAULT_H

#include <stddef.h>
#include <stdint.h>

#include "vdc/vtime.h"

enum vdc_fault_kind {
    VDC_FAULT_LOSS = 1,    /* arg: until, p32 */
    VDC_FAULT_BURST = 2,   /* arg: until, p32 good to bad, p32 bad to good, p32 loss when bad */
    VDC_FAULT_CORRUPT = 3, /* arg: until, p32: one payload bit flips */
    VDC_FAULT_JITTER = 4,  /* arg: until, max ps: uniform extra delay, order kept */
    VDC_FAULT_FLAP = 5,    /* arg: until: both directions carry nothing; what is in flight is lost.
                              Nobody is told */
    VDC_FAULT_DUP = 6,     /* arg: until, p32: a second copy, 1 ps later. Test profile only */
    VDC_FAULT_REORDER =
        7 /* arg: until, p32, max ps: delayed past its followers. Test profile only */
};
#define VDC_FAULT_KINDS 8u

/* What links really do; DUP and REORDER break the FIFO promise of a port and need models made for
 * it. */
#define VDC_FAULT_PROFILE_LINK                                                                     \
    (1u << VDC_FAULT_LOSS | 1u << VDC_FAULT_BURST | 1u << VDC_FAULT_CORRUPT |                      \
     1u << VDC_FAULT_JITTER | 1u << VDC_FAULT_FLAP)
#define VDC_FAULT_PROFILE_TEST                                                                     \
    (VDC_FAULT_PROFILE_LINK | 1u << VDC_FAULT_DUP | 1u << VDC_FAULT_REORDER)

/* Acts on messages that depart in [t, until). */
struct vdc_fault {
    vtime_t t;
    uint16_t kind;   /* enum vdc_fault_kind */
    uint16_t flags;  /* 0 */
    uint32_t target; /* wire * 2 + direction (0: from end 0 to end 1) */
    uint64_t arg[4];
};
_Static_assert(sizeof(struct vdc_fault) == 48, "vdc_fault layout");

/* Draws up to max faults of the kinds in the mask over wires 0..n_wire-1 and times in [0, stop),
 * ascending in t. Returns how many; the number is drawn too and may be 0. */
uint32_t vdc_fault_draw(uint64_t seed, uint32_t kinds, uint32_t n_wire, vtime_t stop,
                        struct vdc_fault *out, uint32_t max);

/* One line "t=.. loss wire=.. dir=.. until=.. .." without newline into s, cut to cap; returns its
 * length. */
size_t vdc_fault_text(const struct vdc_fault *f, char *s, size_t cap);

#endif
