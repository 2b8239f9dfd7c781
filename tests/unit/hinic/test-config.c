/* SPDX-License-Identifier: MIT */
/* Configuration: every field has a range, and the first that is out of it is named. */
#include "host.h"
#include "state.h"
#include "tap.h"

#include <stdlib.h>

struct field {
    const char *name;
    size_t off, size;
    uint64_t min, max;
};

#define FIELD(f, lo, hi)                                                                           \
    { #f, offsetof(struct vdc_hinic_cfg, f), sizeof(((struct vdc_hinic_cfg *)0)->f), lo, hi }
#define TIME(f) { #f, offsetof(struct vdc_hinic_cfg, timing.f), 8, 1000, 100 * VTIME_PS_PER_US }

static const struct field fields[] = {
    FIELD(node, 0, 0),
    FIELD(n_nodes, 1, 65536),
    FIELD(n_qpairs, 1, 16),
    FIELD(n_vectors, 2, 64),
    FIELD(n_uar, 1, 16384),
    FIELD(n_eq, 1, 64),
    FIELD(pcie_gbps, 1, 2048),
    FIELD(mtu, 68, 9000),
    FIELD(rx_mem_bytes, 65536, 64 << 20),
    FIELD(link.rate_bps, 1000000, UINT64_C(1600000000000)),
    FIELD(link.wire_overhead, 0, 256),
    FIELD(link.mtu, 256, 65535),
    TIME(t_db),
    TIME(t_pcie_up),
    TIME(t_pcie_dn),
    TIME(t_tx),
    TIME(t_rx),
    TIME(t_pkt),
    TIME(t_ack),
    TIME(t_msi),
    TIME(t_aq),
};

static const char *with(const struct field *f, uint64_t v)
{
    struct vdc_hinic_cfg c = vdc_hinic_cfg_default();

    memcpy((uint8_t *)&c + f->off, &v, f->size);
    return vdc_hinic_cfg_check(&c);
}

static void ranges(void)
{
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        const struct field *f = &fields[i];

        CHECK(with(f, f->min) == NULL);
        CHECK(with(f, f->max) == NULL);
        CHECK(with(f, f->max + 1) != NULL);
        CHECK_STR(with(f, f->max + 1) ? with(f, f->max + 1) : "", f->name);
        if (f->min > 0) {
            CHECK_STR(with(f, f->min - 1) ? with(f, f->min - 1) : "", f->name);
        }
    }
}

static void refused(void)
{
    struct vdc_hinic_cfg c = vdc_hinic_cfg_default();
    uint8_t mem[64];

    c.n_qpairs = 17;
    CHECK_EQ(vdc_hinic_size(&c), 0);
    CHECK_EQ(vdc_hinic_init(mem, &c), (uint64_t)-22);
}

/* Extremes work: the smallest and the largest device start and answer. */
static void extremes(void)
{
    for (int i = 0; i < 2; i++) {
        struct vdc_hinic_cfg c = vdc_hinic_cfg_default();
        struct hinic_mb_query_dev q;
        struct host_queue k;
        struct host *o;

        c.n_qpairs = i ? 16 : 1;
        c.n_vectors = i ? 64 : 2;
        c.n_eq = i ? 64 : 1;
        c.n_uar = i ? 16384 : 1;
        c.rx_mem_bytes = i ? 8 << 20 : 64 << 10;
        o = host_new(&c);
        host_start(o);
        CHECK_EQ(host_cmd(o, HINIC_AQ_QUERY_DEV, 0, NULL, 0, NULL, 0, &q, sizeof(q)), HINIC_AQ_OK);
        CHECK_EQ(q.eth_qpairs, c.n_qpairs);
        CHECK_EQ(q.n_eq, c.n_eq);
        CHECK_EQ(host_queue(o, &k, c.n_qpairs - 1, false, 12, c.n_vectors - 1), HINIC_AQ_OK);
        host_tx(o, &k, HOST_BASE, 60, HINIC_TXD_EOP | HINIC_TXD_INT);
        host_ring(o, &k);
        host_arm(o, &k);
        host_idle(o);
        CHECK_EQ(o->n_frame, 1);
        CHECK_EQ(o->n_msi[c.n_vectors - 1], 1);
        host_free(o);
    }
}

/* The whole state is the block: a copy goes on exactly as the original does. */
static void snapshot(void)
{
    struct host *o = host_new(NULL);
    const size_t n = vdc_hinic_size(&o->cfg);
    struct vdc_hinic *original = o->h;
    struct vdc_hinic *copy = aligned_alloc(64, n);
    struct host_queue k;
    struct vdc_digest d[2];
    struct vdc_msg last[2];
    vtime_t now;

    host_start(o);
    CHECK_EQ(host_queue(o, &k, 0, false, 8, 1), HINIC_AQ_OK);
    for (uint32_t i = 0; i < 50; i++) {
        host_tx(o, &k, HOST_BASE, 60 + 40 * i, HINIC_TXD_EOP);
    }
    host_ring(o, &k);
    host_run(o, o->now + 2000000);
    CHECK(o->n_frame > 0 && o->n_frame < 50);
    memcpy(copy, o->h, n);
    now = o->now;
    for (int i = 0; i < 2; i++) {
        const uint32_t n_frame = o->n_frame;

        o->now = now;
        o->h = i ? copy : original;
        host_idle(o);
        d[i] = vdc_hinic_digest(o->h);
        last[i] = o->frame[49].m;
        CHECK_EQ(o->n_frame, 50);
        o->n_frame = n_frame;
        o->n_frame_kept = n_frame;
    }
    CHECK_EQ(d[0].lo, d[1].lo);
    CHECK_EQ(last[0].t, last[1].t);
    o->h = original;
    free(copy);
    host_free(o);
}

static const struct tap_case cases[] = {
    { "each field has its range", ranges },
    { "out of range is refused", refused },
    { "smallest and largest device", extremes },
    { "a copy of the block is a snapshot", snapshot },
};

TAP_MAIN(cases)
