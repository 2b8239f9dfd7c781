/* SPDX-License-Identifier: MIT */
/* Fuzz target: registers, doorbells and admin commands with hostile rings and mailboxes. */
#include "hinic.h"

#include <string.h>

/* Ring addresses a command may want; any other comes from the input. */
static uint64_t address(struct fz *f)
{
    const uint32_t k = fz_u8(f);

    return k == 255 ? fz_u64(f) : FZ_BASE + (uint64_t)(k & 63) * 4096;
}

/* A command whose form is mostly right, so that the input reaches what is behind the first check.
 */
static void command(struct fz *f, uint16_t *pi)
{
    static const uint8_t ops[] = { 0x01, 0x02, 0x03, 0x10, 0x11, 0x40, 0x41, 0x42, 0x43, 0x44,
                                   0x45, 0x46, 0x47, 0x48, 0x58, 0x59, 0x00, 0x20, 0x60 };
    const uint32_t flags = fz_u8(f);
    struct hinic_aq_sqe s = { .opcode = ops[fz_u8(f) % sizeof(ops)] };
    uint8_t mbox[200] = { 0 };

    s.flags = flags & 1;
    s.port = (flags & 2) != 0;
    s.in_pa = flags & 1 ? FZ_MBOX : 0;
    s.out_pa = flags & 4 ? address(f) : 0;
    fz_bytes(f, s.inl, flags >> 4);
    if (flags & 1) {
        fz_bytes(f, mbox, fz_u8(f) % sizeof(mbox));
        if (flags & 8) { /* page lists that could be right */
            struct hinic_pbl p = { .log_pgsz = 16, .levels = (uint8_t)(fz_u8(f) & 3), .n = 1 };
            const size_t at = s.opcode == HINIC_AQ_CREATE_EQ ? 16 : 8;

            mbox[0] = (uint8_t)(4 + mbox[0] % 9);
            mbox[1] &= 7;
            mbox[2] = at == 8 ? mbox[2] & 1 : 0;
            memset(mbox + 3, 0, at - 3);
            memset(mbox + 88, 0, 8);
            p.root[0] = FZ_BASE + 0x10000u * (fz_u8(f) & 3);
            memcpy(mbox + at, &p, sizeof(p));
            p.root[0] = FZ_BASE + 0x10000u * (fz_u8(f) & 3);
            memcpy(mbox + 48, &p, s.opcode == HINIC_AQ_CREATE_EQ ? 0 : sizeof(p));
        }
        fz_store(f, FZ_MBOX, mbox, sizeof(mbox));
    }
    fz_store(f, FZ_SQ + (uint64_t)(*pi & 15) * sizeof(s), &s, sizeof(s));
    fz_write(f, 0, HINIC_R_AQ_DB, 4, ++*pi);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct vdc_hinic_cfg cfg = vdc_hinic_cfg_default();
    struct fz f;
    uint16_t pi = 0;
    uint16_t ci = 0;

    cfg.n_qpairs = 2;
    cfg.n_vectors = 8;
    cfg.n_eq = 3;
    cfg.rx_mem_bytes = VDC_HINIC_RX_MEM_MIN;
    fz_open(&f, data, n, &cfg);
    fz_enable(&f);
    f.has_reset = true; /* registers may reset, commands may clear the counters */
    while (f.left > 0) {
        const uint32_t op = fz_u8(&f);
        uint8_t bytes[64] = { 0 };

        switch (op % 12) {
        case 0:
        case 1:
        case 2:
            command(&f, &pi);
            fz_run(&f, 10 * VTIME_PS_PER_US);
            break;
        case 3:
            fz_write(&f, 0, HINIC_R_AQ_CQ_CI, 4, ++ci);
            break;
        case 4:
            fz_write(&f, 0, fz_u16(&f), op & 16 ? 8 : 4, fz_u64(&f));
            break;
        case 5:
            fz_read(&f, op >> 4 & 2, fz_u16(&f), op & 16 ? 8 : 4);
            break;
        case 6:
            fz_write(&f, HINIC_BAR_DB, (uint64_t)(fz_u8(&f) & 15) * 8, 8, fz_u64(&f));
            break;
        case 7:
            fz_bytes(&f, bytes, 1 + fz_u8(&f) % sizeof(bytes));
            fz_store(&f, address(&f) + fz_u8(&f) * 16, bytes, sizeof(bytes));
            break;
        case 8:
            fz_run(&f, (uint64_t)fz_u16(&f) * 997);
            break;
        case 9:
            fz_ready(&f);
            break;
        case 10:
            fz_bytes(&f, bytes, sizeof(bytes));
            fz_frame(&f, fz_u16(&f), VDC_MSG_ETH, 0, bytes, fz_u8(&f) % sizeof(bytes));
            break;
        default:
            if (op < 36) {
                fz_reset(&f, (enum vdc_hinic_reset_kind)(op / 12));
                pi = ci = 0;
                fz_enable(&f);
            } else if (op < 64) { /* a fresh start without a reset by the shell */
                fz_write(&f, 0, HINIC_R_DEV_CTRL, 4, HINIC_DEV_CTRL_RESET);
                pi = ci = 0;
                fz_enable(&f);
            } else {
                fz_write(&f, 0, HINIC_R_AQ_DB, 4, fz_u16(&f));
            }
            break;
        }
    }
    fz_close(&f);
    return 0;
}
