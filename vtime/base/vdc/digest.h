/* SPDX-License-Identifier: MIT */
/* Digest chain: XXH3-128, the run's artefact that two runs are compared by (design: determinism,
 * section 4). */
#ifndef VDC_VTIME_BASE_DIGEST_H
#define VDC_VTIME_BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "vdc/msg.h"

struct vdc_digest {
    uint64_t lo, hi;
};
_Static_assert(sizeof(struct vdc_digest) == 16, "vdc_digest layout");

/* XXH3-128 of n bytes, seed 0. */
struct vdc_digest vdc_digest_bytes(const void *p, size_t n);

/* *d = H(*d || n bytes): the running form used for streams and text. A zeroed digest is the start.
 */
void vdc_digest_fold(struct vdc_digest *d, const void *p, size_t n);

/* Folds one message, in its canonical bytes: t u64, port u32, seq u64, type u16, len u32, payload.
 */
void vdc_digest_msg(struct vdc_digest *d, const struct vdc_msg *m, const void *payload);

/* One digest point of one component; also the record that hash.log's lines are printed from. */
struct vdc_digest_point {
    uint64_t k; /* point number: T_k = k * digest_every */
    uint64_t t; /* T_k, ps */
    struct vdc_digest stream, state, text, link;
};
_Static_assert(sizeof(struct vdc_digest_point) == 80, "vdc_digest_point layout");

/* Sets p->link = H(*prev || k || t || stream || state || text) and *prev = p->link. */
void vdc_digest_chain(struct vdc_digest *prev, struct vdc_digest_point *p);

/* 32 lower-case hex digits and NUL into s[33]; most significant first. */
void vdc_digest_hex(struct vdc_digest d, char s[33]);

#endif
