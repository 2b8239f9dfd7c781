/* SPDX-License-Identifier: MIT */
/* Fuzz target: descriptors, doorbells and frames of two queue pairs with every offload on. */
#include "hinic.h"

#include <string.h>

#define RINGS                                                                                      \
    (FZ_BASE + 0x10000u) /* queue i: descriptors at + i * 0x1000, completions at + 0x8000 */
#define DATA (FZ_BASE + 0x20000u)

static void command(struct fz *f, uint16_t *pi, uint32_t op, const void *inl, size_t inl_len,
                    const void *in, size_t in_len)
{
    struct hinic_aq_sqe s = {
        .opcode = (uint8_t)op, .flags = in_len > 0, .port = 1, .in_pa = in_len ? FZ_MBOX : 0
    };

    if (inl_len) {
        memcpy(s.inl, inl, inl_len);
    }
    if (in_len) {
        fz_store(f, FZ_MBOX, in, in_len);
    }
    fz_store(f, FZ_SQ + (uint64_t)(*pi & 15) * sizeof(s), &s, sizeof(s));
    fz_write(f, 0, HINIC_R_AQ_DB, 4, ++*pi);
    fz_run(f, 10 * VTIME_PS_PER_US);
    fz_write(f, 0, HINIC_R_AQ_CQ_CI, 4, *pi);
}

/* Queue i: 0, 1 transmit, 2, 3 receive. */
static void create(struct fz *f, uint16_t *pi, uint32_t i, uint32_t ns)
{
    static const uint8_t zero[4096];
    struct hinic_mb_create_q m = {
        .log_depth = 5, .vector = (uint8_t)(1 + i), .queue = i & 1, .ns = ns
    };

    m.desc = (struct hinic_pbl){ .log_pgsz = 12, .n = 1, .root = { RINGS + i * 0x1000 } };
    m.cpl = (struct hinic_pbl){ .log_pgsz = 12, .n = 1, .root = { RINGS + 0x8000 + i * 0x1000 } };
    fz_store(f, m.cpl.root[0], zero, sizeof(zero));
    command(f, pi, i & 2 ? HINIC_AQ_CREATE_RXQ : HINIC_AQ_CREATE_TXQ, NULL, 0, &m, sizeof(m));
}

static void destroy(struct fz *f, uint16_t *pi, uint32_t i)
{
    const struct hinic_inl_destroy_q m = { .queue = i & 1, .is_rx = i >> 1 & 1 };

    command(f, pi, HINIC_AQ_DESTROY_Q, &m, sizeof(m), NULL, 0);
}

static void set_up(struct fz *f, uint16_t *pi)
{
    const struct hinic_inl_offload off = { .flags = HINIC_OFFLOAD_ALL };
    const struct hinic_inl_rx_mode mode = { .flags = HINIC_RX_MODE_PROMISC };
    struct hinic_mb_rss rss = { .types = HINIC_RSS_ALL };

    for (uint32_t i = 0; i < HINIC_RSS_TABLE_LEN; i++) {
        rss.key[i % HINIC_RSS_KEY_LEN] = (uint8_t)(i * 13);
        rss.table[i] = i & 1;
    }
    fz_enable(f);
    fz_ready(f);
    command(f, pi, HINIC_AQ_SET_OFFLOAD, &off, sizeof(off), NULL, 0);
    command(f, pi, HINIC_AQ_SET_RX_MODE, &mode, sizeof(mode), NULL, 0);
    command(f, pi, HINIC_AQ_SET_RSS, NULL, 0, &rss, sizeof(rss));
    for (uint32_t i = 0; i < 4; i++) {
        create(f, pi, i, i * 500);
    }
}

/* Start of a frame by template, then bytes of the input over it. */
static uint32_t template(struct fz *f, uint8_t *b, uint32_t max)
{
    static const uint8_t v4[] = { 2, 0x48, 0x43, 0, 0, 1, 2,  0x48, 0x43, 0, 0,    2,
                                  8, 0,    0x45, 0, 0, 0, 0,  1,    0x40, 0, 64,   6,
                                  0, 0,    10,   0, 0, 1, 10, 0,    0,    2, 0,    80,
                                  0, 81,   0,    0, 0, 1, 0,  0,    0,    2, 0x50, 0x18 };
    static const uint8_t v6[] = { 2, 0x48, 0x43, 0,    0, 1, 2, 0x48, 0x43, 0, 0,
                                  2, 0x86, 0xdd, 0x60, 0, 0, 0, 0,    20,   6, 64 };
    const uint32_t how = fz_u8(f);
    uint32_t len = 14 + fz_u16(f) % (max - 14);
    uint32_t at = fz_u8(f) % 80;
    const uint32_t n = how >> 4;

    memset(b, (int)how, max);
    memcpy(b, how & 1 ? v6 : v4, how & 1 ? sizeof(v6) : sizeof(v4));
    if (how & 2) {
        memmove(b + 16, b + 12, 60);
        b[12] = 0x81;
        b[13] = 0;
    }
    if (!(how & 1)) { /* a total length that fits, unless the input says otherwise */
        const uint32_t off = how & 2 ? 18 : 14;

        b[off + 2] = (uint8_t)((len - off) >> 8);
        b[off + 3] = (uint8_t)(len - off);
    }
    at = at + n > max ? 0 : at;
    fz_bytes(f, b + at, n);
    return len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct vdc_hinic_cfg cfg = vdc_hinic_cfg_default();
    static uint8_t bytes[10000];
    struct fz f;
    uint16_t aq = 0;
    uint16_t pi[4] = { 0 };
    uint16_t ci[4] = { 0 };

    cfg.n_qpairs = 2;
    cfg.n_vectors = 8;
    cfg.n_eq = 3;
    cfg.mtu = 9000;
    cfg.link.mtu = 9000;
    cfg.rx_mem_bytes = VDC_HINIC_RX_MEM_MIN;
    cfg.pcie_gbps = n > 0 && data[0] & 1 ? 4 : 256;
    fz_open(&f, data, n, &cfg);
    set_up(&f, &aq);
    while (f.left > 0) {
        const uint32_t op = fz_u8(&f);
        const uint32_t q = op >> 6;
        struct hinic_tx_desc d = { 0 };
        struct vdc_msg_link l = { 0 };
        uint32_t len;

        switch (op % 15) {
        case 0: /* a descriptor as the input has it */
            fz_bytes(&f, &d, sizeof(d));
            fz_store(&f, RINGS + q * 0x1000 + (pi[q]++ & 31) * sizeof(d), &d, sizeof(d));
            break;
        case 1:
        case 2: /* a descriptor of good form */
            d.addr = DATA + fz_u16(&f);
            d.len = (uint16_t)(q & 2 ? 64 + fz_u8(&f) * 16 : 14 + fz_u16(&f));
            d.flags = (uint16_t)(q & 2 ? fz_u8(&f) : fz_u8(&f) & HINIC_TXD_ALL);
            d.mss = (uint16_t)(q & 2 ? 0 : 64 + fz_u16(&f) % 9000);
            fz_store(&f, RINGS + q * 0x1000 + (pi[q]++ & 31) * sizeof(d), &d, sizeof(d));
            break;
        case 3:
        case 4:
            fz_write(&f, HINIC_BAR_DB, q & 2 ? HINIC_DB_ETH_RX : HINIC_DB_ETH_TX, 8,
                     HINIC_DB_VAL(q & 1, pi[q]));
            break;
        case 5:
            ci[q] = (uint16_t)(ci[q] + fz_u8(&f) % 33);
            fz_write(&f, HINIC_BAR_DB, HINIC_DB_ETH_CPL, 8,
                     HINIC_DB_VAL(q & 1, ci[q]) | (q & 2 ? HINIC_DB_CPL_RX : 0) |
                         (op & 32 ? HINIC_DB_ARM : 0));
            break;
        case 6:
            fz_write(&f, HINIC_BAR_DB, (uint64_t)(fz_u8(&f) & 15) * 8, 8, fz_u64(&f));
            break;
        case 7:
            fz_run(&f, (uint64_t)fz_u16(&f) * 100);
            break;
        case 8:
        case 9: /* a frame from the link */
            len = template(&f, bytes, sizeof(bytes));
            fz_frame(&f, (uint64_t)fz_u16(&f) * 10, VDC_MSG_ETH, op & 16 ? 0 : fz_u8(&f) & 1, bytes,
                     len);
            break;
        case 10: /* a frame in memory */
            len = template(&f, bytes, sizeof(bytes));
            fz_store(&f, DATA + fz_u16(&f), bytes, len);
            break;
        case 11:
            destroy(&f, &aq, q);
            pi[q] = ci[q] = 0;
            create(&f, &aq, q, op & 16 ? 0 : 3000);
            break;
        case 12:
            l.is_up = op >> 6 & 1;
            l.mtu = fz_u16(&f);
            l.rate_bps = fz_u64(&f) % (2 * VDC_LINK_RATE_MAX);
            fz_frame(&f, fz_u16(&f), VDC_MSG_LINK, 0, &l, sizeof(l));
            break;
        case 13: /* a reset in the middle of everything, and a new start */
            f.has_reset = true;
            if (op & 64) {
                fz_write(&f, 0, HINIC_R_DEV_CTRL, 4, HINIC_DEV_CTRL_RESET);
            } else {
                fz_reset(&f, op & 128 ? VDC_HINIC_RESET_FLR : VDC_HINIC_RESET_COLD);
            }
            aq = 0;
            memset(pi, 0, sizeof(pi));
            memset(ci, 0, sizeof(ci));
            set_up(&f, &aq);
            break;
        default:
            fz_write(&f, 0, HINIC_R_DEV_CTRL, 4,
                     HINIC_DEV_CTRL_ENABLE | (op & 64 ? HINIC_DEV_CTRL_INT_MASK : 0));
            break;
        }
    }
    fz_close(&f);
    return 0;
}
