/* SPDX-License-Identifier: MIT */
/* Page lists: all levels and page sizes lead to the same ring; malformed ones are refused. */
#include "host.h"
#include "state.h"
#include "tap.h"

/* Tables of `levels` above the pages of one ring of 2^log_depth entries; pages lie apart and
 * backwards. */
static struct hinic_pbl tables(struct host *o, uint32_t log_pgsz, uint32_t levels,
                               uint32_t log_depth, uint64_t *page)
{
    const uint32_t bytes = 16u << log_depth;
    const uint32_t n = bytes >> log_pgsz ? bytes >> log_pgsz : 1;
    struct hinic_pbl p = { .log_pgsz = (uint8_t)log_pgsz, .levels = (uint8_t)levels, .n = n };
    uint64_t root = 0;

    for (uint32_t i = 0; i < n; i++) {
        page[n - 1 - i] = host_alloc(o, UINT64_C(2) << log_pgsz, UINT64_C(1) << log_pgsz);
    }
    for (uint32_t l = 0; l < levels; l++) {
        const uint64_t table = host_alloc(o, 4096, 4096);

        if (l == 0) {
            memcpy(host_ptr(o, table, n * 8), page, n * 8);
        } else {
            memcpy(host_ptr(o, table, 8), &root, 8);
        }
        root = table;
    }
    p.root[0] = root;
    for (uint32_t i = 0; levels == 0 && i < n && i < 4; i++) {
        p.root[i] = page[i];
    }
    return p;
}

static uint32_t create(struct host *o, const struct hinic_pbl *desc, const struct hinic_pbl *cpl,
                       uint32_t log_depth)
{
    struct hinic_mb_create_q m = {
        .log_depth = (uint8_t)log_depth, .vector = 1, .desc = *desc, .cpl = *cpl
    };

    return host_cmd(o, HINIC_AQ_CREATE_TXQ, 1, NULL, 0, &m, sizeof(m), NULL, 0);
}

static void levels(void)
{
    for (uint32_t level = 0; level <= 3; level++) {
        for (uint32_t log_depth = 4; log_depth <= 12; log_depth += 2) {
            struct host *o = host_new(NULL);
            const uint32_t depth = 1u << log_depth;
            uint64_t page[16] = { 0 };
            uint64_t cpage[16] = { 0 };
            struct hinic_pbl desc;
            struct hinic_pbl cpl;
            struct hinic_eth_cpl c;

            if (level == 0 && log_depth == 12) { /* 16 pages do not fit inline */
                host_free(o);
                continue;
            }
            host_start(o);
            desc = tables(o, 12, level, log_depth, page);
            cpl = tables(o, level % 2 ? 12 : 16, level, log_depth, cpage);
            CHECK_EQ(create(o, &desc, &cpl, log_depth), HINIC_AQ_OK);
            for (uint32_t i = 0; i < depth; i++) {
                const struct hinic_tx_desc d = { .addr = HOST_BASE,
                                                 .len = (uint16_t)(60 + i % 1000),
                                                 .flags = HINIC_TXD_EOP };

                memcpy(host_ptr(o, page[i / 256] + i % 256 * 16, 16), &d, 16);
            }
            host_db(o, HINIC_DB_ETH_TX, HINIC_DB_VAL(0, depth));
            host_idle(o);
            CHECK_EQ(o->n_frame, depth);
            for (uint32_t i = 0; i < depth; i++) {
                const uint32_t per = level % 2 ? 256 : 4096;

                memcpy(&c, host_ptr(o, cpage[i / per] + i % per * 16, 16), 16);
                CHECK_EQ(c.id, i);
                CHECK_EQ(c.len, 60 + i % 1000);
            }
            host_free(o);
        }
    }
}

static void malformed(void)
{
    struct host *o = host_new(NULL);
    uint64_t page[16];
    struct hinic_pbl good;
    struct hinic_pbl p;

    host_start(o);
    good = tables(o, 12, 2, 10, page);
    for (uint32_t kind = 0; kind < 12; kind++) {
        p = good;
        switch (kind) {
        case 0:
            p.log_pgsz = 11;
            break;
        case 1:
            p.log_pgsz = 31;
            break;
        case 2:
            p.levels = 4;
            break;
        case 3:
            p.rsv = 1;
            break;
        case 4:
            p.n = 3;
            break;
        case 5:
            p.n = 5;
            break;
        case 6:
            p.n = 0;
            break;
        case 7:
            p.root[0] += 8;
            break;
        case 8:
            p.log_pgsz = 16; /* one page would do */
            break;
        case 9: /* a table that points to a misaligned one */
            *(uint64_t *)host_ptr(o, good.root[0], 8) += 1;
            break;
        case 10: /* a page that is misaligned */
            *(uint64_t *)host_ptr(o, good.root[0], 8) -= 1;
            p = tables(o, 12, 1, 10, page);
            *(uint64_t *)host_ptr(o, p.root[0] + 24, 8) += 16;
            break;
        default:
            p = tables(o, 12, 0, 10, page);
            p.root[1] += 512;
            break;
        }
        CHECK_EQ(create(o, &p, &good, 10), HINIC_AQ_BAD_PARAM);
        if (kind != 9) {
            CHECK_EQ(create(o, &good, &p, 10), HINIC_AQ_BAD_PARAM);
        }
        if (tap_failed) {
            printf("# kind %u\n", kind);
            break;
        }
    }
    CHECK_EQ(create(o, &good, &good, 10), HINIC_AQ_OK);
    host_free(o);
}

static void in_hole(void)
{
    struct host *o = host_new(NULL);
    uint64_t page[16];
    struct hinic_pbl p;

    host_start(o);
    p = tables(o, 12, 1, 10, page);
    p.root[0] = UINT64_C(1) << 50;
    CHECK_EQ(create(o, &p, &p, 10), 255);
    CHECK_EQ(HINIC_DEV_STATUS_CODE(host_read(o, HINIC_R_DEV_STATUS, 4)), HINIC_FATAL_AQ);
    host_free(o);
}

static const struct tap_case cases[] = {
    { "levels 0 to 3", levels },
    { "malformed lists", malformed },
    { "a table in a hole", in_hole },
};

TAP_MAIN(cases)
