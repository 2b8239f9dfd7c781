/* SPDX-License-Identifier: MIT */
/* Fuzz target: registers, doorbells and admin commands of both halves, with hostile rings,
 * mailboxes and work requests. */
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

/* ---- RDMA: commands that are mostly right, and doorbells of what they have made ---- */

#define KEPT 8u

struct made {
    uint32_t qpn[KEPT], key[KEPT];
    uint32_t n_qp, n_key;
    uint8_t type[KEPT]; /* of the queue pairs */
};

/* Page list of a queue; the pages overlap with everything else. */
static struct hinic_pbl page_list(struct fz *f, uint64_t bytes)
{
    const uint32_t how = fz_u8(f);
    struct hinic_pbl p = { .log_pgsz = (uint8_t)(12 + (how & 3)) };

    p.n = (uint32_t)((bytes + (UINT64_C(1) << p.log_pgsz) - 1) >> p.log_pgsz);
    p.levels = p.n > 4 || (how & 4) ? (uint8_t)(1 + (how >> 3) % 3) : 0;
    for (uint32_t i = 0; i < 4; i++) {
        p.root[i] = FZ_BASE +
                    ((uint64_t)(fz_u8(f) & 63) * 4096 & ~((UINT64_C(1) << p.log_pgsz) - 1));
    }
    return p;
}

/* Submits, runs, and returns out[0] of the reply. */
static uint32_t submit(struct fz *f, uint16_t *pi, struct hinic_aq_sqe *s, void *mbox, size_t n)
{
    const uint32_t slot = *pi & 15;
    struct hinic_aq_cqe c;

    if (n > 0) {
        const uint32_t wrong = fz_u8(f);

        if (wrong >= 224) { /* one byte is anything */
            ((uint8_t *)mbox)[fz_u8(f) % n] = (uint8_t)fz_u8(f);
        }
        fz_store(f, FZ_MBOX, mbox, n);
        s->flags = HINIC_AQ_F_IN;
        s->in_pa = FZ_MBOX;
    }
    fz_store(f, FZ_SQ + (uint64_t)slot * sizeof(*s), s, sizeof(*s));
    fz_write(f, 0, HINIC_R_AQ_DB, 4, ++*pi);
    fz_run(f, 6 * VTIME_PS_PER_US);
    memcpy(&c, f->side[0].mem + (FZ_CQ - FZ_BASE) + (size_t)slot * sizeof(c), sizeof(c));
    fz_write(f, 0, HINIC_R_AQ_CQ_CI, 4, *pi);
    return c.status == HINIC_AQ_OK ? c.out[0] : UINT32_MAX;
}

static void put32(uint8_t *p, uint32_t v)
{
    memcpy(p, &v, sizeof(v));
}

static uint32_t any_qpn(struct fz *f, const struct made *m)
{
    const uint32_t k = fz_u8(f);

    return k < 240 ? m->qpn[k % KEPT] : k;
}

static uint32_t any_key(struct fz *f, const struct made *m)
{
    const uint32_t k = fz_u8(f);

    return k < 240 ? m->key[k % KEPT] : k << 4;
}

static void create(struct fz *f, uint16_t *pi, struct made *made)
{
    struct hinic_aq_sqe s = { 0 };
    const uint32_t what = fz_u8(f);
    union {
        struct hinic_mb_create_cq cq;
        struct hinic_mb_create_srq srq;
        struct hinic_mb_create_qp qp;
        struct hinic_mb_reg_mr mr;
        struct hinic_mb_create_eq eq;
    } m;
    uint32_t out;

    memset(&m, 0, sizeof(m));
    switch (what % 5) {
    case 0:
        s.opcode = HINIC_AQ_CREATE_CQ;
        m.cq = (struct hinic_mb_create_cq){
            .log_cqe = (uint8_t)(fz_u8(f) % 9), .flags = (what >> 4) & 3, .eqn = 1, .uar = what >> 7
        };
        m.cq.pbl = page_list(f, UINT64_C(64) << m.cq.log_cqe);
        (void)submit(f, pi, &s, &m.cq, sizeof(m.cq));
        break;
    case 1:
        s.opcode = HINIC_AQ_CREATE_SRQ;
        m.srq = (struct hinic_mb_create_srq){ .log_wqe = (uint8_t)(fz_u8(f) % 8),
                                              .log_stride = 6,
                                              .max_sge = 2,
                                              .pdn = 1,
                                              .uar = what >> 7,
                                              .limit = (what >> 4) & 3 };
        m.srq.pbl = page_list(f, UINT64_C(64) << m.srq.log_wqe);
        (void)submit(f, pi, &s, &m.srq, sizeof(m.srq));
        break;
    case 2: {
        static const uint8_t types[] = { HINIC_QPT_RC, HINIC_QPT_UC, HINIC_QPT_UD, HINIC_QPT_GSI };
        const uint32_t sizes = fz_u8(f);

        s.opcode = HINIC_AQ_CREATE_QP;
        m.qp = (struct hinic_mb_create_qp){ .type = types[(what >> 4) & 3],
                                            .flags = (uint8_t)(sizes >> 5 & 7),
                                            .port = 1,
                                            .pdn = 1,
                                            .scqn = fz_u8(f) & 1,
                                            .rcqn = what >> 6 & 1,
                                            .uar = what >> 7,
                                            .log_sq_bb = sizes & 7,
                                            .max_send_sge = 4,
                                            .max_inline = 64 };
        m.qp.sq = page_list(f, UINT64_C(64) << m.qp.log_sq_bb);
        if (!(m.qp.flags & HINIC_QP_SRQ)) {
            m.qp.log_rq = (sizes >> 3) & 7;
            m.qp.log_rq_stride = 6;
            m.qp.max_recv_sge = 4;
            m.qp.rq = page_list(f, UINT64_C(64) << m.qp.log_rq);
        }
        out = submit(f, pi, &s, &m.qp, sizeof(m.qp));
        if (out != UINT32_MAX) {
            made->type[made->n_qp % KEPT] = m.qp.type;
            made->qpn[made->n_qp++ % KEPT] = out;
        }
        break;
    }
    case 3:
        s.opcode = what & 16 ? HINIC_AQ_REREG_MR : HINIC_AQ_REG_MR;
        m.mr = (struct hinic_mb_reg_mr){ .pdn = 1,
                                         .access = (what & 32 ? 0x1f : 1),
                                         .iova = fz_u16(f),
                                         .len = 1 + fz_u16(f) * 16u,
                                         .key8 = (uint8_t)fz_u8(f),
                                         .flags = (uint8_t)(what >> 7) };
        if (what & 16) {
            m.mr.key = any_key(f, made);
        }
        m.mr.pbl = page_list(f, (m.mr.iova & 4095) + m.mr.len);
        m.mr.pbl.n = (uint32_t)(((m.mr.iova & ((UINT64_C(1) << m.mr.pbl.log_pgsz) - 1)) + m.mr.len +
                                 (UINT64_C(1) << m.mr.pbl.log_pgsz) - 1) >>
                                m.mr.pbl.log_pgsz);
        out = submit(f, pi, &s, &m.mr, sizeof(m.mr));
        if (out != UINT32_MAX) {
            made->key[made->n_key++ % KEPT] = out;
        }
        break;
    default:
        s.opcode = HINIC_AQ_CREATE_EQ;
        m.eq = (struct hinic_mb_create_eq){ .log_depth = 8, .vector = 1 };
        m.eq.pbl = page_list(f, 4096);
        (void)submit(f, pi, &s, &m.eq, sizeof(m.eq));
        break;
    }
}

/* Commands with an inline part only. */
static void small_command(struct fz *f, uint16_t *pi, struct made *made)
{
    static const uint8_t ops[] = {
        HINIC_AQ_ALLOC_UAR,   HINIC_AQ_FREE_UAR,  HINIC_AQ_ALLOC_PD,   HINIC_AQ_FREE_PD,
        HINIC_AQ_DESTROY_CQ,  HINIC_AQ_MODIFY_CQ, HINIC_AQ_MODIFY_SRQ, HINIC_AQ_QUERY_SRQ,
        HINIC_AQ_DESTROY_SRQ, HINIC_AQ_QUERY_QP,  HINIC_AQ_DESTROY_QP, HINIC_AQ_DUMP_QP,
        HINIC_AQ_DEREG_MR,    HINIC_AQ_ALLOC_MR,  HINIC_AQ_ALLOC_MW,   HINIC_AQ_DEALLOC_MW,
        HINIC_AQ_SET_GID,     HINIC_AQ_DEL_GID,   HINIC_AQ_ATTACH_MC,  HINIC_AQ_DETACH_MC,
    };
    struct hinic_aq_sqe s = { .opcode = ops[fz_u8(f) % sizeof(ops)] };
    uint32_t out;

    switch (s.opcode) {
    case HINIC_AQ_ALLOC_UAR:
    case HINIC_AQ_ALLOC_PD:
        break;
    case HINIC_AQ_QUERY_QP:
    case HINIC_AQ_DUMP_QP:
        s.out_pa = FZ_FREE;
        put32(s.inl, any_qpn(f, made));
        break;
    case HINIC_AQ_DESTROY_QP:
        put32(s.inl, any_qpn(f, made));
        break;
    case HINIC_AQ_DEREG_MR:
    case HINIC_AQ_DEALLOC_MW:
        put32(s.inl, any_key(f, made));
        break;
    case HINIC_AQ_MODIFY_CQ:
        put32(s.inl, fz_u8(f) & 1);
        put32(s.inl + 4, fz_u8(f));
        put32(s.inl + 8, fz_u8(f));
        break;
    case HINIC_AQ_ALLOC_MR:
    case HINIC_AQ_ALLOC_MW:
        put32(s.inl, 1);
        put32(s.inl + 4, fz_u8(f) & 15);
        break;
    case HINIC_AQ_SET_GID: {
        struct hinic_inl_gid g = { .index = fz_u8(f) & 3,
                                   .type = HINIC_GID_ROCE_V2,
                                   .vlan = 0xffff,
                                   .mac = { 2, 0x48, 0x43, 0, 0, 1 },
                                   .gid = { [10] = 0xff, [11] = 0xff, [12] = 10, [15] = 1 } };

        g.gid[15] = (uint8_t)(1 + g.index);
        memcpy(s.inl, &g, sizeof(g));
        s.port = 1;
        break;
    }
    case HINIC_AQ_DEL_GID:
        s.inl[0] = fz_u8(f) & 3;
        s.port = 1;
        break;
    case HINIC_AQ_ATTACH_MC:
    case HINIC_AQ_DETACH_MC:
        put32(s.inl, any_qpn(f, made));
        s.inl[8] = 0xff;
        s.inl[23] = fz_u8(f) & 3;
        s.port = 1;
        break;
    default:
        put32(s.inl, fz_u8(f) & 7);
        put32(s.inl + 4, s.opcode == HINIC_AQ_MODIFY_SRQ ? fz_u8(f) : 0);
        break;
    }
    out = submit(f, pi, &s, NULL, 0);
    if (out != UINT32_MAX && (s.opcode == HINIC_AQ_ALLOC_MR || s.opcode == HINIC_AQ_ALLOC_MW)) {
        made->key[made->n_key++ % KEPT] = out;
    }
}

/* A step of a queue pair towards RTS, or anywhere; it is connected to a queue pair of this device.
 */
static void modify(struct fz *f, uint16_t *pi, const struct made *made)
{
    const uint32_t how = fz_u8(f);
    const uint32_t k = how % KEPT;
    const bool is_ud = made->type[k] == HINIC_QPT_UD || made->type[k] == HINIC_QPT_GSI;
    struct hinic_aq_sqe s = { .opcode = HINIC_AQ_MODIFY_QP };
    struct hinic_mb_modify_qp m = { .state = (uint8_t)((how >> 3) % 7),
                                    .path_mtu = (uint8_t)(1 + (how >> 6)),
                                    .port = 1,
                                    .qkey = 5,
                                    .rq_psn = 9,
                                    .sq_psn = 9,
                                    .dest_qpn = any_qpn(f, made),
                                    .access = 0xf,
                                    .timeout = 1,
                                    .retry_cnt = 2,
                                    .rnr_retry = 1,
                                    .min_rnr_timer = 1,
                                    .max_rd_atomic = 4,
                                    .max_dest_rd_atomic = 4 };

    m.av = (struct hinic_av){ .port = 1, .flags = HINIC_AV_GRH, .hop = 3, .vlan = 0xffff };
    memcpy(m.av.dmac, (const uint8_t[6]){ 2, 0x48, 0x43, 0, 0, 1 }, 6);
    m.av.dgid[10] = m.av.dgid[11] = 0xff;
    m.av.dgid[12] = 10;
    m.av.dgid[15] = 1;
    m.mask = HINIC_QPA_STATE;
    if (m.state == HINIC_QPS_INIT) {
        m.mask |= HINIC_QPA_PKEY | HINIC_QPA_PORT | (is_ud ? HINIC_QPA_QKEY : HINIC_QPA_ACCESS);
    } else if (m.state == HINIC_QPS_RTR && !is_ud) {
        m.mask |= HINIC_QPA_AV | HINIC_QPA_PATH_MTU | HINIC_QPA_DEST_QPN | HINIC_QPA_RQ_PSN |
                  (made->type[k] == HINIC_QPT_RC ? HINIC_QPA_DEST_RD_ATOM | HINIC_QPA_MIN_RNR : 0);
    } else if (m.state == HINIC_QPS_RTS) {
        m.mask |= HINIC_QPA_SQ_PSN |
                  (made->type[k] == HINIC_QPT_RC ? HINIC_QPA_TIMEOUT | HINIC_QPA_RETRY_CNT |
                                                       HINIC_QPA_RNR_RETRY | HINIC_QPA_RD_ATOMIC
                                                 : 0);
    }
    put32(s.inl, made->qpn[k]);
    (void)submit(f, pi, &s, &m, sizeof(m));
}

static void rdma_doorbell(struct fz *f, const struct made *made)
{
    const uint32_t how = fz_u8(f);
    const uint32_t off = (how % 5) * 8;
    const uint64_t page = (uint64_t)(how >> 7) * HINIC_UAR_SIZE;
    const uint32_t obj = off <= HINIC_DB_RQ ? any_qpn(f, made) : fz_u8(f) & 1;

    fz_write(f, HINIC_BAR_DB, page + off, 8,
             HINIC_DB_VAL(obj, fz_u8(f)) | (uint64_t)(how >> 5) << 57);
}

static void rdma(struct fz *f, uint32_t op, uint16_t *pi, struct made *made)
{
    switch (op & 7) {
    case 0:
    case 1:
        create(f, pi, made);
        break;
    case 2:
        small_command(f, pi, made);
        break;
    case 3:
    case 4:
        modify(f, pi, made);
        break;
    case 5:
    case 6:
        rdma_doorbell(f, made);
        fz_run(f, VTIME_PS_PER_US);
        break;
    default: { /* a work request, at the start of a page */
        uint8_t wqe[128] = { 0 };

        fz_bytes(f, wqe, 64);
        if (fz_u8(f) & 1) { /* keys of regions that exist */
            put32(wqe + 16 + 12, any_key(f, made));
            put32(wqe + 16 + 8, any_key(f, made));
        }
        fz_store(f, FZ_BASE + (uint64_t)(fz_u8(f) & 63) * 4096 + (uint64_t)(fz_u8(f) & 7) * 64, wqe,
                 64);
        break;
    }
    }
}

#define RDMA_OP 192u /* operations from here on */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct vdc_hinic_cfg cfg = vdc_hinic_cfg_default();
    struct fz f;
    struct made made = { 0 };
    uint16_t pi = 0;
    uint16_t ci = 0;

    cfg.n_qpairs = 2;
    cfg.n_vectors = 8;
    cfg.n_eq = 3;
    cfg.rx_mem_bytes = VDC_HINIC_RX_MEM_MIN;
    cfg.n_uar = 4;
    cfg.n_qp = 8;
    cfg.n_cq = cfg.n_srq = cfg.n_mr = cfg.n_mw = cfg.n_pd = cfg.n_gid = cfg.n_mc = 4;
    fz_open(&f, data, n, &cfg);
    fz_enable(&f);
    f.has_reset = true; /* registers may reset, commands may clear the counters */
    while (f.left > 0) {
        const uint32_t op = fz_u8(&f);
        uint8_t bytes[64] = { 0 };

        if (op >= RDMA_OP) {
            rdma(&f, op, &pi, &made);
            ci = pi;
            continue;
        }
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
