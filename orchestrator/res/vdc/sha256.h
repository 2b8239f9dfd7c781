/* SPDX-License-Identifier: MIT */
/* SHA-256 (FIPS 180-4), for the identity of artefacts. */
#ifndef VDC_ORCHESTRATOR_RES_SHA256_H
#define VDC_ORCHESTRATOR_RES_SHA256_H

#include <stddef.h>
#include <stdint.h>

struct vdc_sha256 {
    uint32_t h[8];
    uint64_t n_bytes;
    uint8_t block[64];
};

void vdc_sha256_init(struct vdc_sha256 *s);
void vdc_sha256_add(struct vdc_sha256 *s, const void *data, size_t len);
/* 64 lower-case hex digits and NUL. */
void vdc_sha256_hex(struct vdc_sha256 *s, char hex[65]);

/* Of a whole file; its size in *bytes. Returns 0 or -errno. */
int vdc_sha256_file(const char *path, char hex[65], uint64_t *bytes);

#endif
