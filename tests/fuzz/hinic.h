/* SPDX-License-Identifier: MIT */
/* World of the HiNIC fuzz targets: two models fed alike but cut differently in time, hostile
 * memory, invariants. */
#ifndef VDC_TESTS_FUZZ_HINIC_H
#define VDC_TESTS_FUZZ_HINIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hinic_hw.h"
#include "vdc/hinic.h"

#define FZ_BASE 0x10000u
#define FZ_SIZE (256u << 10)

/* One model with its memory and the digest of what it did to the world. */
struct fz_side {
    struct vdc_hinic *h;
    uint8_t *mem;
    struct vdc_digest out;
    vtime_t t_frame;  /* arrival of the last frame */
    vtime_t promise;  /* the latest promise given */
    uint64_t n_frame; /* the hello included */
    uint64_t n_hello;
    bool is_cut; /* runs in small steps */
};

struct fz {
    const uint8_t *data; /* input not used yet */
    size_t left;
    vtime_t now;
    vtime_t epoch;
    vtime_t t_rx;
    uint64_t seq;
    uint32_t n_rx; /* frames handed over */
    bool is_ready;
    bool has_reset; /* counters no longer cover the whole input */
    struct fz_side side[2];
};

void fz_open(struct fz *f, const uint8_t *data, size_t n, const struct vdc_hinic_cfg *cfg);
/* Runs to the end of all work and checks the invariants. */
void fz_close(struct fz *f);

uint32_t fz_u8(struct fz *f); /* 0 when the input is used up */
uint32_t fz_u16(struct fz *f);
uint64_t fz_u64(struct fz *f);
void fz_bytes(struct fz *f, void *p, size_t n);

void fz_store(struct fz *f, uint64_t addr, const void *p,
              size_t n); /* into both memories; cut at the end */
void fz_write(struct fz *f, uint32_t bar, uint64_t off, uint32_t size, uint64_t v);
void fz_read(struct fz *f, uint32_t bar, uint64_t off, uint32_t size);
void fz_run(struct fz *f, uint64_t ps);
void fz_ready(struct fz *f);
void fz_reset(struct fz *f, enum vdc_hinic_reset_kind kind);
void fz_frame(struct fz *f, uint64_t delay_ps, uint16_t type, uint16_t flags, const void *p,
              uint32_t len);

/* Device enabled: AQ of 2^4 at FZ_BASE, its CQ at + 0x1000, AEQ of 2^4 at + 0x2000. */
void fz_enable(struct fz *f);
#define FZ_SQ   (FZ_BASE)
#define FZ_CQ   (FZ_BASE + 0x1000u)
#define FZ_AEQ  (FZ_BASE + 0x2000u)
#define FZ_MBOX (FZ_BASE + 0x3000u)
#define FZ_FREE (FZ_BASE + 0x4000u)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#endif
