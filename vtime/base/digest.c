/* SPDX-License-Identifier: MIT */
/* Digest chain over XXH3-128; the library's code is inlined here and calls nothing but memcpy and
 * memset. */
#include "vdc/digest.h"

#include <assert.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define FOLD_COPY_MAX                                                                              \
    512u /* up to here one hash over a copy is cheaper than the streaming form; same result */
#define MSG_CANON_BYTES 26u /* t 8, port 4, seq 8, type 2, len 4 */

static struct vdc_digest from_xxh(XXH128_hash_t h)
{
    return (struct vdc_digest){ .lo = h.low64, .hi = h.high64 };
}

static uint8_t *put_le(uint8_t *p, uint64_t v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        p[i] = (uint8_t)(v >> 8 * i);
    }
    return p + n;
}

/* H(*d || head || body); a part may be empty. */
static void fold2(struct vdc_digest *d, const uint8_t *head, size_t n_head, const void *body,
                  size_t n_body)
{
    uint8_t buf[16 + MSG_CANON_BYTES + FOLD_COPY_MAX];
    uint8_t *p = put_le(put_le(buf, d->lo, 8), d->hi, 8);

    assert(n_head <= MSG_CANON_BYTES);
    if (n_head > 0) {
        memcpy(p, head, n_head);
        p += n_head;
    }
    if (n_body <= FOLD_COPY_MAX) {
        if (n_body > 0) {
            memcpy(p, body, n_body);
        }
        *d = from_xxh(XXH3_128bits(buf, (size_t)(p - buf) + n_body));
    } else {
        XXH3_state_t s;

        (void)XXH3_128bits_reset(&s); /* these fail on a NULL state only */
        (void)XXH3_128bits_update(&s, buf, (size_t)(p - buf));
        (void)XXH3_128bits_update(&s, body, n_body);
        *d = from_xxh(XXH3_128bits_digest(&s));
    }
}

struct vdc_digest vdc_digest_bytes(const void *p, size_t n)
{
    assert(p || n == 0);
    return from_xxh(XXH3_128bits(p, n));
}

void vdc_digest_fold(struct vdc_digest *d, const void *p, size_t n)
{
    assert(p || n == 0);
    fold2(d, NULL, 0, p, n);
}

void vdc_digest_msg(struct vdc_digest *d, const struct vdc_msg *m, const void *payload)
{
    uint8_t head[MSG_CANON_BYTES];
    uint8_t *p = head;

    assert(m->len <= VDC_MSG_PAYLOAD_MAX || (m->flags & VDC_MSG_POOL));
    assert(payload || m->len == 0);
    p = put_le(p, m->t, 8);
    p = put_le(p, m->port, 4);
    p = put_le(p, m->seq, 8);
    p = put_le(p, m->type, 2);
    p = put_le(p, (m->flags & VDC_MSG_HDR_ONLY) ? m->wire_len : m->len, 4);
    fold2(d, head, (size_t)(p - head), payload, m->len);
}

void vdc_digest_chain(struct vdc_digest *prev, struct vdc_digest_point *pt)
{
    uint8_t buf[16 + 8 + 8 + 3 * 16];
    uint8_t *p = put_le(put_le(buf, prev->lo, 8), prev->hi, 8);

    p = put_le(put_le(p, pt->k, 8), pt->t, 8);
    p = put_le(put_le(p, pt->stream.lo, 8), pt->stream.hi, 8);
    p = put_le(put_le(p, pt->state.lo, 8), pt->state.hi, 8);
    p = put_le(put_le(p, pt->text.lo, 8), pt->text.hi, 8);
    assert((size_t)(p - buf) == sizeof(buf));
    pt->link = from_xxh(XXH3_128bits(buf, sizeof(buf)));
    *prev = pt->link;
}

void vdc_digest_hex(struct vdc_digest d, char s[33])
{
    static const char digit[] = "0123456789abcdef";

    for (unsigned int i = 0; i < 16; i++) {
        s[i] = digit[d.hi >> (60 - 4 * i) & 15];
        s[16 + i] = digit[d.lo >> (60 - 4 * i) & 15];
    }
    s[32] = '\0';
}
