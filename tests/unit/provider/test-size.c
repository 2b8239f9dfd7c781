/* SPDX-License-Identifier: MIT */
/* Sizes of the provider's queues: smallest, largest, refused. */
#include "size.h"

#include <errno.h>

#include "tap.h"

static void cq_sizes(void)
{
    static const struct {
        uint32_t n_cqe, max_cqe, n, usable, lag;
    } want[] = {
        { 1, 65535, 1, 1, 1 },
        { 2, 65535, 2, 2, 1 },
        { 3, 65535, 4, 4, 1 },
        { 4, 65535, 8, 7, 2 },
        { 16, 65535, 32, 25, 8 },
        { 100, 65535, 256, 193, 64 },
        { 192, 65535, 256, 193, 64 },
        { 193, 65535, 512, 385, 128 },
        { 256, 65535, 512, 385, 128 },
        { 49152, 65535, 65536, 49153, 16384 },
        { 65535, 65535, 65536, 65535, 2 },
        { 65536, 65536, 65536, 65536, 1 },
        { 256, 256, 256, 256, 1 }, /* a device that can do no more */
        { 200, 256, 256, 200, 57 },
        { 190, 200, 256, 193, 64 },
    };

    for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
        struct hinic_cq_size s = { 0 };

        CHECK_EQ(hinic_cq_size(want[i].n_cqe, want[i].max_cqe, &s), 0);
        CHECK_EQ(s.n, want[i].n);
        CHECK_EQ(s.usable, want[i].usable);
        CHECK_EQ(s.lag, want[i].lag);
    }
}

/* What the device has not been told, at most lag - 1 entries, plus what may be outstanding always
 * fits. */
static void cq_never_overruns(void)
{
    for (uint32_t n = 1; n <= 65536; n = n < 600 ? n + 1 : n * 3 / 2) {
        struct hinic_cq_size s;

        CHECK_EQ(hinic_cq_size(n, 65536, &s), 0);
        CHECK(s.n && (s.n & (s.n - 1)) == 0);
        CHECK(s.usable >= n);
        CHECK(s.lag >= 1 && s.usable + s.lag - 1 <= s.n);
        CHECK(s.lag <= (s.n / 4 ? s.n / 4 : 1));
    }
}

static void cq_refused(void)
{
    struct hinic_cq_size s;

    CHECK_EQ(hinic_cq_size(0, 65535, &s), EINVAL);
    CHECK_EQ(hinic_cq_size(65536, 65535, &s), EINVAL);
    CHECK_EQ(hinic_cq_size(UINT32_MAX, 65535, &s), EINVAL);
    CHECK_EQ(hinic_cq_size(1, 65537, &s), EINVAL); /* not a HiNIC */
}

static void sq_sizes(void)
{
    static const struct {
        int is_ud;
        uint32_t max_wr, max_sge, max_inline, n_bb, wqe_bb;
    } want[] = {
        { 0, 0, 0, 0, 16, 1 },          { 0, 1, 1, 0, 16, 1 },          { 0, 17, 2, 0, 32, 1 },
        { 0, 16, 3, 0, 32, 2 },         { 0, 128, 1, 32, 128, 1 },      { 0, 128, 1, 33, 256, 2 },
        { 1, 16, 0, 0, 16, 1 },         { 1, 16, 1, 0, 32, 2 },         { 1, 10, 4, 0, 32, 2 },
        { 1, 4096, 16, 256, 32768, 5 }, { 0, 4096, 16, 256, 32768, 5 }, { 1, 1, 1, 448, 16, 8 },
    };

    for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
        struct hinic_sq_size s = { 0 };

        CHECK_EQ(
            hinic_sq_size(want[i].is_ud, want[i].max_wr, want[i].max_sge, want[i].max_inline, &s),
            0);
        CHECK_EQ(s.n_bb, want[i].n_bb);
        CHECK_EQ(s.wqe_bb, want[i].wqe_bb);
    }
}

static void sq_refused(void)
{
    struct hinic_sq_size s;

    CHECK_EQ(hinic_sq_size(0, 32769, 1, 0, &s), EINVAL);
    CHECK_EQ(hinic_sq_size(0, UINT32_MAX, 16, 256, &s), EINVAL);
    CHECK_EQ(hinic_sq_size(0, 1, 17, 0, &s), EINVAL);
    CHECK_EQ(hinic_sq_size(1, 1, 1, 449, &s), EINVAL);
    CHECK_EQ(hinic_sq_size(0, 1, 1, UINT32_MAX, &s), EINVAL);
}

static void rq_sizes(void)
{
    static const struct {
        uint32_t max_wr, max_sge, n, log_stride;
    } want[] = {
        { 0, 4, 0, 0 }, { 1, 0, 1, 4 }, { 1, 1, 1, 4 },
        { 5, 2, 8, 5 }, { 5, 3, 8, 6 }, { 32768, 16, 32768, 8 },
    };
    struct hinic_rq_size s;

    for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
        CHECK_EQ(hinic_rq_size(want[i].max_wr, want[i].max_sge, &s), 0);
        CHECK_EQ(s.n, want[i].n);
        CHECK_EQ(s.log_stride, want[i].log_stride);
    }
    CHECK_EQ(hinic_rq_size(32769, 1, &s), EINVAL);
    CHECK_EQ(hinic_rq_size(UINT32_MAX, 1, &s), EINVAL);
    CHECK_EQ(hinic_rq_size(1, 17, &s), EINVAL);
}

/* One entry more than asked for, one element more than the list. */
static void srq_sizes(void)
{
    static const struct {
        uint32_t max_wr, max_sge, n, log_stride;
    } want[] = {
        { 1, 0, 2, 5 }, { 1, 1, 2, 5 }, { 7, 3, 8, 6 }, { 8, 4, 16, 7 }, { 32767, 16, 32768, 9 },
    };
    struct hinic_rq_size s;

    for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
        CHECK_EQ(hinic_srq_size(want[i].max_wr, want[i].max_sge, &s), 0);
        CHECK_EQ(s.n, want[i].n);
        CHECK_EQ(s.log_stride, want[i].log_stride);
    }
    CHECK_EQ(hinic_srq_size(0, 1, &s), EINVAL);
    CHECK_EQ(hinic_srq_size(32768, 1, &s), EINVAL);
    CHECK_EQ(hinic_srq_size(UINT32_MAX, 1, &s), EINVAL);
    CHECK_EQ(hinic_srq_size(1, 17, &s), EINVAL);
}

static const struct tap_case cases[] = {
    { "sizes of completion rings", cq_sizes },
    { "a completion ring never overruns because of what is not told", cq_never_overruns },
    { "completion rings that are refused", cq_refused },
    { "sizes of send queues", sq_sizes },
    { "send queues that are refused", sq_refused },
    { "sizes of receive queues", rq_sizes },
    { "sizes of shared receive queues", srq_sizes },
};

TAP_MAIN(cases)
