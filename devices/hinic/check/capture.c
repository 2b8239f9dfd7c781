/* SPDX-License-Identifier: MIT */
/* Reader of captures: every length in the file is checked before it is used. */
#include "capture.h"

#include <string.h>

#define PCAP_US      0xa1b2c3d4u
#define PCAP_NS      0xa1b23c4du
#define PCAP_HDR     24u
#define PCAP_REC     16u
#define NG_SECTION   0x0a0d0d0au
#define NG_INTERFACE 1u
#define NG_SIMPLE    3u
#define NG_ENHANCED  6u
#define NG_ORDER     0x1a2b3c4du

static uint32_t swap32(uint32_t v)
{
    return v >> 24 | (v >> 8 & 0xff00) | (v << 8 & 0xff0000) | v << 24;
}

static uint32_t get32(const struct vdc_capture *c, size_t at)
{
    uint32_t v;

    memcpy(&v, c->data + at, sizeof(v));
    return c->is_swapped ? swap32(v) : v;
}

static bool fail(struct vdc_capture *c, const char *why)
{
    c->error = why;
    return false;
}

bool vdc_capture_open(struct vdc_capture *c, const void *data, size_t len)
{
    uint32_t magic;

    *c = (struct vdc_capture){ .data = data, .len = len };
    if (len < PCAP_HDR) {
        return fail(c, "too short for a capture");
    }
    magic = get32(c, 0);
    if (magic == NG_SECTION) {
        c->is_ng = true;
        c->is_swapped = get32(c, 8) == swap32(NG_ORDER);
        return c->is_swapped || get32(c, 8) == NG_ORDER || fail(c, "pcapng of unknown byte order");
    }
    c->is_swapped = magic == swap32(PCAP_US) || magic == swap32(PCAP_NS);
    if (!c->is_swapped && magic != PCAP_US && magic != PCAP_NS) {
        return fail(c, "neither pcap nor pcapng");
    }
    c->link_type = get32(c, 20) & 0xffff;
    c->at = PCAP_HDR;
    return true;
}

static bool next_pcap(struct vdc_capture *c, struct vdc_capture_frame *f)
{
    if (c->at == c->len) {
        return false;
    }
    if (c->len - c->at < PCAP_REC) {
        return fail(c, "cut off in a record header");
    }
    f->len = get32(c, c->at + 8);
    f->wire_len = get32(c, c->at + 12);
    f->iface = 0;
    if (f->len > c->len - c->at - PCAP_REC) {
        return fail(c, "cut off in a frame");
    }
    f->data = c->data + c->at + PCAP_REC;
    c->at += PCAP_REC + f->len;
    return true;
}

/* One block of n bytes at c->at; true if it holds a frame. */
static bool take_block(struct vdc_capture *c, uint32_t type, uint32_t n,
                       struct vdc_capture_frame *f)
{
    size_t head;

    switch (type) {
    case NG_INTERFACE:
        if (n >= 20) {
            c->link_type = get32(c, c->at + 8) & 0xffff;
        }
        return false;
    case NG_SIMPLE:
        head = 12;
        break;
    case NG_ENHANCED:
        head = 28;
        break;
    default:
        return false;
    }
    if (n < head + 4) {
        return fail(c, "block too short for its type");
    }
    f->iface = type == NG_ENHANCED ? get32(c, c->at + 8) : 0;
    f->wire_len = get32(c, c->at + head - 4);
    f->len = type == NG_ENHANCED ? get32(c, c->at + 20) : f->wire_len;
    if (f->len > n - head - 4) {
        if (type == NG_ENHANCED) {
            return fail(c, "frame longer than its block");
        }
        f->len = (uint32_t)(n - head - 4); /* simple blocks are cut at the snap length */
    }
    f->data = c->data + c->at + head;
    return true;
}

static bool next_ng(struct vdc_capture *c, struct vdc_capture_frame *f)
{
    while (c->at < c->len) {
        uint32_t type, n;
        bool is_frame;

        if (c->len - c->at < 12) {
            return fail(c, "cut off in a block header");
        }
        type = get32(c, c->at);
        n = get32(c, c->at + 4);
        if (n < 12 || (n & 3) != 0 || n > c->len - c->at) {
            return fail(c, "block of impossible length");
        }
        is_frame = take_block(c, type, n, f);
        if (c->error) {
            return false;
        }
        c->at += n;
        if (is_frame) {
            return true;
        }
    }
    return false;
}

bool vdc_capture_next(struct vdc_capture *c, struct vdc_capture_frame *f)
{
    if (c->error) {
        return false;
    }
    return c->is_ng ? next_ng(c, f) : next_pcap(c, f);
}
