/* SPDX-License-Identifier: MIT */
/* MAD_IFC: the performance agent of the port, which answers from the counters of the device. */
#include "state.h"

#include <string.h>

#define RESULT_SUCCESS 1u
#define RESULT_REPLY   2u

#define CLASS_PERF      0x04u
#define METHOD_GET      0x01u
#define METHOD_SET      0x02u
#define METHOD_RESPONSE 0x81u
#define STATUS_ATTR     0x000cu /* method or attribute not supported */
#define STATUS_MODIFIER 0x001cu

#define ATTR_CLASS_PORT_INFO 0x0001u
#define ATTR_COUNTERS        0x0012u
#define ATTR_COUNTERS_EXT    0x001du

#define OFF_CLASS  1u /* in a datagram */
#define OFF_METHOD 3u
#define OFF_STATUS 4u
#define OFF_ATTR   16u
#define OFF_DATA   64u

#define CAP_EXT_WIDTH 0x0200u
#define RESP_TIME     18u
#define PORT_ALL      0xffu

/* Values an agent reports, in the order of struct rdma.pma_base. */
static const enum hinic_counter sources[PMA_N] = {
    [PMA_TX_BYTES] = HINIC_CNT_TX_BYTES,       [PMA_RX_BYTES] = HINIC_CNT_RX_BYTES,
    [PMA_TX_PACKETS] = HINIC_CNT_TX_FRAMES,    [PMA_RX_PACKETS] = HINIC_CNT_RX_FRAMES,
    [PMA_TX_DISCARDS] = HINIC_CNT_TX_DISCARDS, [PMA_RX_ERRORS] = HINIC_CNT_RX_FCS,
};

static uint64_t value(const struct vdc_hinic *h, enum pma_value v)
{
    const uint64_t now = h->dev.cnt[sources[v]];
    const uint64_t base = h->dev.rdma.pma_base[v];

    return now >= base ? now - base : now; /* CLEAR_STATS may have been between */
}

static void put_be64(uint8_t *p, uint64_t v)
{
    vdc_hinic_put_be32(p, (uint32_t)(v >> 32));
    vdc_hinic_put_be32(p + 4, (uint32_t)v);
}

static uint32_t clamp(uint64_t v, uint32_t max)
{
    return v < max ? (uint32_t)v : max;
}

static void class_port_info(uint8_t *d)
{
    d[0] = 1; /* base and class version */
    d[1] = 1;
    vdc_hinic_put_be16(d + 2, CAP_EXT_WIDTH);
    vdc_hinic_put_be32(d + 4, RESP_TIME);
}

/* These stay at their largest value; data are counted in words of 4 bytes. */
static void counters(const struct vdc_hinic *h, uint8_t *d)
{
    vdc_hinic_put_be16(d + 8, clamp(value(h, PMA_RX_ERRORS), UINT16_MAX));
    vdc_hinic_put_be16(d + 14, clamp(value(h, PMA_TX_DISCARDS), UINT16_MAX));
    vdc_hinic_put_be32(d + 24, clamp(value(h, PMA_TX_BYTES) / 4, UINT32_MAX));
    vdc_hinic_put_be32(d + 28, clamp(value(h, PMA_RX_BYTES) / 4, UINT32_MAX));
    vdc_hinic_put_be32(d + 32, clamp(value(h, PMA_TX_PACKETS), UINT32_MAX));
    vdc_hinic_put_be32(d + 36, clamp(value(h, PMA_RX_PACKETS), UINT32_MAX));
}

static void counters_ext(const struct vdc_hinic *h, uint8_t *d)
{
    put_be64(d + 8, value(h, PMA_TX_BYTES) / 4);
    put_be64(d + 16, value(h, PMA_RX_BYTES) / 4);
    put_be64(d + 24, value(h, PMA_TX_PACKETS));
    put_be64(d + 32, value(h, PMA_RX_PACKETS));
    put_be64(d + 40, value(h, PMA_TX_PACKETS)); /* unicast: groups are not told apart */
    put_be64(d + 48, value(h, PMA_RX_PACKETS));
}

static void restart(struct vdc_hinic *h)
{
    for (uint32_t i = 0; i < PMA_N; i++) {
        h->dev.rdma.pma_base[i] = h->dev.cnt[sources[i]];
    }
}

/* Fills the data of the reply; returns its status. */
static uint32_t answer(struct vdc_hinic *h, uint32_t attr, bool is_set, uint8_t *d)
{
    const uint8_t port = d[1];

    if (attr == ATTR_CLASS_PORT_INFO && !is_set) {
        memset(d, 0, 192);
        class_port_info(d);
        return 0;
    }
    if (attr != ATTR_COUNTERS && attr != ATTR_COUNTERS_EXT) {
        return STATUS_ATTR;
    }
    if (port != 1 && port != PORT_ALL) {
        return STATUS_MODIFIER;
    }
    if (is_set) {
        restart(h);
    }
    memset(d + 4, 0, 188);
    if (attr == ATTR_COUNTERS) {
        counters(h, d);
    } else {
        counters_ext(h, d);
    }
    return 0;
}

enum hinic_aq_status vdc_hinic_cmd_mad(struct vdc_hinic *h, vtime_t now)
{
    struct hinic_mb_mad m;
    uint8_t *mad = m.mad;

    (void)now;
    memcpy(&m, h->mbox_in, sizeof(m));
    if (m.port != 1 || m.rsv0 != 0) {
        return HINIC_AQ_BAD_PARAM;
    }
    m.port = RESULT_SUCCESS; /* byte 0 of the reply */
    if (mad[OFF_CLASS] == CLASS_PERF &&
        (mad[OFF_METHOD] == METHOD_GET || mad[OFF_METHOD] == METHOD_SET)) {
        const bool is_set = mad[OFF_METHOD] == METHOD_SET;
        const uint32_t status = answer(h, vdc_hinic_be16(mad + OFF_ATTR), is_set, mad + OFF_DATA);

        mad[OFF_METHOD] = METHOD_RESPONSE;
        vdc_hinic_put_be16(mad + OFF_STATUS, status);
        m.port = RESULT_SUCCESS | RESULT_REPLY;
    }
    memcpy(h->mbox_out, &m, sizeof(m));
    return HINIC_AQ_OK;
}
