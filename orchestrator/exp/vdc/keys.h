/* SPDX-License-Identifier: MIT */
/* Every key of the experiment file that holds a value with a unit: one table each for spelling,
 * range and default. */
#ifndef VDC_ORCHESTRATOR_EXP_KEYS_H
#define VDC_ORCHESTRATOR_EXP_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "vdc/diag.h"
#include "vdc/units.h"

#define VDC_KEY_REQUIRED UINT64_MAX                    /* in place of a default */
#define VDC_KEY_DAYS100  UINT64_C(8640000000000000000) /* ps */

/* X(key, unit, least, most, default, choices) */
#define VDC_TIME_KEYS(X)                                                                           \
    X(stop, DURATION, UINT64_C(1000000), VDC_KEY_DAYS100, VDC_KEY_REQUIRED, NULL)                  \
    X(mode, CHOICE, 0, 1, 0, "exact|quantized")                                                    \
    X(quantum, DURATION_OR_OFF, UINT64_C(1000), UINT64_C(1000000000), 0, NULL)                     \
    X(shift, INTEGER, 0, 10, 2, NULL)                                                              \
    X(digest_every, DURATION_OR_OFF, UINT64_C(1000000), UINT64_C(10000000000),                     \
      UINT64_C(100000000), NULL)

#define VDC_LINK_KEYS(X)                                                                           \
    X(rate, RATE, UINT64_C(1000000), UINT64_C(1600000000000), UINT64_C(100000000000), NULL)        \
    X(latency, DURATION, 1, UINT64_C(1000000000000), UINT64_C(500000), NULL)                       \
    X(tx_quantum, DURATION, 1, UINT64_C(1000000), 1, NULL)                                         \
    X(wire_overhead, SIZE, 0, 256, 24, NULL)                                                       \
    X(min_frame, SIZE, 0, 1518, 60, NULL)                                                          \
    X(mtu, INTEGER, 256, 9000, 4200, NULL)                                                         \
    X(loss, RATIO, 0, UINT64_C(1) << 32, 0, NULL)                                                  \
    X(corrupt, RATIO, 0, UINT64_C(1) << 32, 0, NULL)                                               \
    X(jitter, DURATION, 0, UINT64_C(1000000000), 0, NULL)                                          \
    X(burst_enter, RATIO, 0, UINT64_C(1) << 32, 0, NULL)                                           \
    X(burst_leave, RATIO, 0, UINT64_C(1) << 32, 0, NULL)                                           \
    X(burst_loss, RATIO, 0, UINT64_C(1) << 32, UINT64_C(1) << 32, NULL)

#define VDC_SWITCH_KEYS(X)                                                                         \
    X(ports, INTEGER, 1, 64, VDC_KEY_REQUIRED, NULL)                                               \
    X(fwd_latency, DURATION, 0, UINT64_C(1000000000), UINT64_C(300000), NULL)                      \
    X(buffer, SIZE, UINT64_C(65536), UINT64_C(64) << 20, UINT64_C(32) << 20, NULL)                 \
    X(aging, DURATION, 0, UINT64_C(1000000000000000000), UINT64_C(300000000000000), NULL)

#define VDC_NIC_KEYS(X)                                                                            \
    X(mode, CHOICE, 0, 0, 0, "eth")                                                                \
    X(queues, INTEGER, 1, 16, 4, NULL)                                                             \
    X(t_db, DURATION, UINT64_C(1000), UINT64_C(100000000), UINT64_C(300000), NULL)                 \
    X(t_pcie_up, DURATION, UINT64_C(1000), UINT64_C(100000000), UINT64_C(250000), NULL)            \
    X(t_pcie_dn, DURATION, UINT64_C(1000), UINT64_C(100000000), UINT64_C(250000), NULL)            \
    X(pcie_gbps, INTEGER, 1, 2048, 256, NULL)                                                      \
    X(t_tx, DURATION, UINT64_C(1000), UINT64_C(100000000), UINT64_C(100000), NULL)                 \
    X(t_rx, DURATION, UINT64_C(1000), UINT64_C(100000000), UINT64_C(150000), NULL)                 \
    X(t_pkt, DURATION, UINT64_C(1000), UINT64_C(100000000), UINT64_C(20000), NULL)                 \
    X(t_ack, DURATION, UINT64_C(1000), UINT64_C(100000000), UINT64_C(50000), NULL)                 \
    X(t_msi, DURATION, UINT64_C(1000), UINT64_C(100000000), UINT64_C(250000), NULL)                \
    X(t_aq, DURATION, UINT64_C(1000), UINT64_C(100000000), UINT64_C(2000000), NULL)

#define VDC_NODE_KEYS(X)                                                                           \
    X(kind, CHOICE, 0, 0, 0, "guest")                                                              \
    X(vcpus, INTEGER, 1, 8, 1, NULL)                                                               \
    X(memory, SIZE, UINT64_C(256) << 20, UINT64_C(64) << 30, UINT64_C(768) << 20, NULL)            \
    X(arp, CHOICE, 0, 1, 0, "static|dynamic")

#define VDC_LIMIT_KEYS(X)                                                                          \
    X(wall, DURATION, UINT64_C(1000000000000), VDC_KEY_DAYS100, UINT64_C(7200000000000000), NULL)  \
    X(boot, DURATION, UINT64_C(1000000000000), UINT64_C(3600000000000000),                         \
      UINT64_C(300000000000000), NULL)                                                             \
    X(stall, DURATION, UINT64_C(200000000000), UINT64_C(3600000000000000),                         \
      UINT64_C(1000000000000), NULL)

/* As the file spells them (NULL: not given), and as resolved values in base units. */
#define VDC_KEY_TEXT(key, unit, least, most, def, choices)  char *key;
#define VDC_KEY_VALUE(key, unit, least, most, def, choices) uint64_t key;
#define VDC_KEY_COUNT(key, unit, least, most, def, choices) +1

#define VDC_KEYSET(noun, NOUN)                                                                     \
    struct vdc_##noun##_text {                                                                     \
        VDC_##NOUN##_KEYS(VDC_KEY_TEXT)                                                            \
    };                                                                                             \
    struct vdc_##noun##_keys {                                                                     \
        VDC_##NOUN##_KEYS(VDC_KEY_VALUE)                                                           \
    };                                                                                             \
    enum { VDC_N_##NOUN##_KEYS = 0 VDC_##NOUN##_KEYS(VDC_KEY_COUNT) };                             \
    extern const struct vdc_key vdc_##noun##_keyset[VDC_N_##NOUN##_KEYS]

struct vdc_key {
    const char *name;
    const char *choices; /* VDC_UNIT_CHOICE: the words */
    uint64_t least, most;
    uint64_t def; /* or VDC_KEY_REQUIRED */
    enum vdc_unit unit;
};

VDC_KEYSET(time, TIME);
VDC_KEYSET(link, LINK);
VDC_KEYSET(switch, SWITCH);
VDC_KEYSET(nic, NIC);
VDC_KEYSET(node, NODE);
VDC_KEYSET(limit, LIMIT);

#define VDC_KEYS_MAX 16

/* Where a value came from: line of the file, or one of these. */
#define VDC_ORIGIN_DEFAULT 0u
#define VDC_ORIGIN_SET     UINT32_MAX

/* Writes "1ps..1s" or "eth, ib" into s. */
void vdc_key_range(const struct vdc_key *key, char *s, size_t n);

#endif
