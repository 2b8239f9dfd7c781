/* SPDX-License-Identifier: MIT */
/* CRC-32 of IEEE 802.3 (Ethernet FCS, RoCE ICRC), same values as zlib's crc32(). */
#ifndef VDC_VTIME_BASE_CRC32_H
#define VDC_VTIME_BASE_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* CRC of the bytes so far and n more; start with 0. */
uint32_t vdc_crc32(uint32_t crc, const void *p, size_t n);

#endif
