/* SPDX-License-Identifier: MIT */
/* A kernel and a device for the provider in one process: commands that answer, pages of memory. */
#ifndef VDC_TESTS_UNIT_PROVIDER_VERBS_FAKE_H
#define VDC_TESTS_UNIT_PROVIDER_VERBS_FAKE_H

#include "hinic.h"

struct fake {
    const struct verbs_device_ops *driver; /* registered by the provider */
    struct verbs_context_ops ops;
    uint64_t *uar; /* the doorbell page: last value of each doorbell, 0 none */
    uint64_t *clock;
    uint32_t next_id;
    int fail_at;        /* the n-th command from now fails with ENOSPC; 0 none */
    uint64_t buf, buf2; /* of the last create or resize */
    uint32_t len, len2;
    int n_live; /* objects created and not destroyed */
};

extern struct fake fake;

struct verbs_context *fake_open(void);
void fake_close(struct verbs_context *ctx);

/* Takes the last value of a doorbell off the page. */
uint64_t fake_doorbell(uint32_t off);

#endif
