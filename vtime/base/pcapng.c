/* SPDX-License-Identifier: MIT */
/* pcapng blocks: section header, interface description, enhanced packet; little endian, as its
 * magic says. */
#include "vdc/pcapng.h"

#include <assert.h>
#include <string.h>

#define BLOCK_SECTION    0x0A0D0D0Au
#define BLOCK_INTERFACE  1u
#define BLOCK_PACKET     6u
#define BYTE_ORDER_MAGIC 0x1A2B3C4Du
#define OPT_END          0u
#define OPT_COMMENT      1u
#define OPT_IF_NAME      2u
#define OPT_SHB_USERAPPL 4u
#define OPT_IF_TSRESOL   9u
#define TSRESOL_NS       9u /* 10^-9 */

/* Length of a text, cut at the limit: models' code has no strlen. */
static uint32_t text_len(const char *s)
{
    uint32_t n = 0;

    while (s && n < VDC_PCAPNG_TEXT_MAX && s[n] != '\0') {
        n++;
    }
    return n;
}

static uint32_t pad4(uint32_t n)
{
    return (n + 3) & ~3u;
}

static uint8_t *put16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
    return p + 2;
}

static uint8_t *put32(uint8_t *p, uint32_t v)
{
    return put16(put16(p, v & 0xffff), v >> 16);
}

static uint8_t *put_padded(uint8_t *p, const void *data, uint32_t n)
{
    if (n > 0) {
        memcpy(p, data, n);
    }
    memset(p + n, 0, pad4(n) - n);
    return p + pad4(n);
}

static uint8_t *put_option(uint8_t *p, uint32_t code, const void *data, uint32_t n)
{
    return put_padded(put16(put16(p, code), n), data, n);
}

static size_t end_block(uint8_t *start, uint8_t *p, uint32_t total)
{
    p = put32(p, total);
    assert(p == start + total);
    return total;
}

size_t vdc_pcapng_section(void *buf, size_t cap, const char *application)
{
    const uint32_t n = text_len(application);
    const uint32_t options = n > 0 ? 4 + pad4(n) + 4 : 0;
    const uint32_t total = 28 + options;
    uint8_t *p = buf;

    if (cap < total) {
        return 0;
    }
    p = put32(put32(p, BLOCK_SECTION), total);
    p = put32(p, BYTE_ORDER_MAGIC);
    p = put16(put16(p, 1), 0);                   /* version 1.0 */
    p = put32(put32(p, UINT32_MAX), UINT32_MAX); /* section length: not given */
    if (n > 0) {
        p = put32(put_option(p, OPT_SHB_USERAPPL, application, n), OPT_END);
    }
    return end_block(buf, p, total);
}

size_t vdc_pcapng_interface(void *buf, size_t cap, uint16_t link_type, uint32_t snap_len,
                            const char *name)
{
    const uint8_t resolution = TSRESOL_NS;
    const uint32_t n = text_len(name);
    const uint32_t total = 20 + 4 + pad4(n) + 4 + 4 + 4;
    uint8_t *p = buf;

    if (cap < total) {
        return 0;
    }
    p = put32(put32(p, BLOCK_INTERFACE), total);
    p = put32(put16(put16(p, link_type), 0), snap_len);
    p = put_option(p, OPT_IF_NAME, name, n);
    p = put_option(p, OPT_IF_TSRESOL, &resolution, 1);
    p = put32(p, OPT_END);
    return end_block(buf, p, total);
}

size_t vdc_pcapng_put_packet(void *buf, size_t cap, const struct vdc_pcapng_packet *pkt)
{
    const uint32_t n = text_len(pkt->comment);
    const uint32_t options = n > 0 ? 4 + pad4(n) + 4 : 0;
    const uint32_t total = 32 + pad4(pkt->cap_len) + options;
    const uint64_t ns = vtime_ns_floor(pkt->t);
    uint8_t *p = buf;

    assert(pkt->cap_len <= pkt->wire_len);
    assert(pkt->cap_len < UINT32_C(1) << 30);
    if (cap < total) {
        return 0;
    }
    p = put32(put32(p, BLOCK_PACKET), total);
    p = put32(p, pkt->iface);
    p = put32(put32(p, (uint32_t)(ns >> 32)), (uint32_t)ns);
    p = put32(put32(p, pkt->cap_len), pkt->wire_len);
    p = put_padded(p, pkt->data, pkt->cap_len);
    if (n > 0) {
        p = put32(put_option(p, OPT_COMMENT, pkt->comment, n), OPT_END);
    }
    return end_block(buf, p, total);
}
