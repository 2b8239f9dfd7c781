/* SPDX-License-Identifier: MIT */
/* Header parser of Ethernet frames, shared by transmit, receive and RSS. */
#ifndef VDC_DEVICES_HINIC_MODEL_PARSE_H
#define VDC_DEVICES_HINIC_MODEL_PARSE_H

#include <stdbool.h>
#include <stdint.h>

enum hinic_l3 { HINIC_L3_NONE, HINIC_L3_IPV4, HINIC_L3_IPV6 };
enum hinic_l4 { HINIC_L4_NONE, HINIC_L4_TCP, HINIC_L4_UDP };

/* All offsets are from the start of the frame and inside of it. */
struct hinic_parse {
    uint8_t l3;          /* enum hinic_l3 */
    uint8_t l4;          /* enum hinic_l4; none for fragments */
    uint8_t is_fragment; /* any part of a fragmented packet */
    uint8_t is_tagged;   /* one tag 0x8100 */
    uint16_t tci;
    uint16_t l3_off;
    uint16_t l4_off;      /* behind IP options or extension headers; 0 if not reached */
    uint16_t payload_off; /* behind the L4 header; 0 without one */
    uint32_t l3_end;      /* end of the IP packet: padding of the frame begins */
};

/*
 * Parses a frame of len bytes of which the first n are at f. Anything malformed or cut off stops
 * the parse at the last good header. With is_tso the length fields of IP are ignored: the packet
 * ends with the frame.
 */
void vdc_hinic_parse(struct hinic_parse *p, const uint8_t *f, uint32_t n, uint32_t len,
                     bool is_tso);

/* Sum of the pseudo header of the L4 part, which has l4_len bytes. */
uint64_t vdc_hinic_sum_pseudo(const uint8_t *f, const struct hinic_parse *p, uint32_t l4_len);

static inline uint16_t vdc_hinic_be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t vdc_hinic_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline void vdc_hinic_put_be16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static inline void vdc_hinic_put_be32(uint8_t *p, uint32_t v)
{
    vdc_hinic_put_be16(p, v >> 16);
    vdc_hinic_put_be16(p + 2, v);
}

#endif
