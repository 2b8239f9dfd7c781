/* SPDX-License-Identifier: MIT */
/* Fuzz target: RoCE frames and work requests against connected queue pairs; headers mostly right,
 * so that the input reaches the engines. */
#include "hinic.h"

#include <stdlib.h>
#include <string.h>

#include "wire.h"

#define N_QP      5u /* RC, RC to ourselves, UC, UD, GSI */
#define LOG_SQ    5u
#define LOG_RQ    4u
#define LOG_CQ    6u
#define RQ_STRIDE 6u
#define MR_BASE   (FZ_BASE + 0x20000u)
#define MR_SIZE   0x10000u
#define IOVA      UINT64_C(0x100000000)
#define QKEY      0x1234u
#define PSN       0x100u

static const uint8_t own_mac[6] = { 2, 0x48, 0x43, 0, 0, 1 };
static const uint8_t peer_mac[6] = { 2, 0x48, 0x43, 0, 0, 0x11 };
static const uint8_t own_gid[16] = { [10] = 0xff, [11] = 0xff, [12] = 10, [15] = 1 };
static const uint8_t peer_gid[16] = { [10] = 0xff, [11] = 0xff, [12] = 10, [15] = 2 };
static const uint8_t group[16] = { [10] = 0xff, [11] = 0xff, [12] = 239, [15] = 1 };

struct target {
    struct fz f;
    uint16_t aq_pi;
    uint32_t pdn, cqn, key;
    uint64_t next; /* bus address of the next ring */
    uint32_t qpn[N_QP];
    uint64_t sq[N_QP], rq[N_QP];
    uint16_t sq_pi[N_QP], rq_pi[N_QP];
    uint32_t psn[N_QP];
};

static uint64_t take(struct target *t, uint64_t n)
{
    const uint64_t at = t->next;

    t->next += (n + 4095) & ~UINT64_C(4095);
    if (t->next > MR_BASE) {
        abort();
    }
    return at;
}

/* A command that must succeed; returns out[0]. */
static uint32_t command(struct target *t, uint32_t op, uint32_t port, const void *inl,
                        uint32_t inl_len, const void *in, uint32_t in_len)
{
    struct hinic_aq_sqe s = { .opcode = (uint8_t)op,
                              .flags = in_len ? HINIC_AQ_F_IN : 0,
                              .port = (uint8_t)port,
                              .in_pa = in_len ? FZ_MBOX : 0 };
    struct hinic_aq_cqe c;

    if (inl_len) {
        memcpy(s.inl, inl, inl_len);
    }
    if (in_len) {
        fz_store(&t->f, FZ_MBOX, in, in_len);
    }
    fz_store(&t->f, FZ_SQ + (uint64_t)(t->aq_pi & 15) * sizeof(s), &s, sizeof(s));
    fz_write(&t->f, 0, HINIC_R_AQ_DB, 4, (uint16_t)(t->aq_pi + 1));
    fz_run(&t->f, 10 * VTIME_PS_PER_US);
    memcpy(&c, t->f.side[0].mem + (FZ_CQ - FZ_BASE) + (t->aq_pi & 15) * sizeof(c), sizeof(c));
    t->aq_pi++;
    fz_write(&t->f, 0, HINIC_R_AQ_CQ_CI, 4, t->aq_pi);
    if (c.status != HINIC_AQ_OK) {
        abort();
    }
    return c.out[0];
}

static struct hinic_pbl pbl(uint64_t at, uint64_t bytes)
{
    struct hinic_pbl p = { .log_pgsz = 12, .n = (uint32_t)((bytes + 4095) / 4096) };

    if (p.n > 4) {
        p.log_pgsz = 16;
        p.n = (uint32_t)((bytes + 65535) / 65536);
    }
    for (uint32_t i = 0; i < p.n; i++) {
        p.root[i] = at + ((uint64_t)i << p.log_pgsz);
    }
    return p;
}

static const uint8_t types[N_QP] = { HINIC_QPT_RC, HINIC_QPT_RC, HINIC_QPT_UC, HINIC_QPT_UD,
                                     HINIC_QPT_GSI };

static void make_qp(struct target *t, uint32_t i)
{
    struct hinic_mb_create_qp m = { .type = types[i],
                                    .port = 1,
                                    .pdn = t->pdn,
                                    .scqn = t->cqn,
                                    .rcqn = t->cqn,
                                    .log_sq_bb = LOG_SQ,
                                    .log_rq = LOG_RQ,
                                    .log_rq_stride = RQ_STRIDE,
                                    .max_send_sge = 4,
                                    .max_recv_sge = 4,
                                    .max_inline = 64 };

    m.flags = types[i] == HINIC_QPT_GSI ? HINIC_QP_KERNEL : 0;
    t->sq[i] = take(t, 64u << LOG_SQ);
    t->rq[i] = take(t, 1u << (LOG_RQ + RQ_STRIDE));
    m.sq = pbl(t->sq[i], 64u << LOG_SQ);
    m.rq = pbl(t->rq[i], 1u << (LOG_RQ + RQ_STRIDE));
    t->qpn[i] = command(t, HINIC_AQ_CREATE_QP, 0, NULL, 0, &m, sizeof(m));
    t->psn[i] = PSN;
}

static struct hinic_av av(bool is_loop)
{
    struct hinic_av a = { .port = 1, .flags = HINIC_AV_GRH, .hop = 64, .vlan = 0xffff };

    memcpy(a.dgid, is_loop ? own_gid : peer_gid, 16);
    memcpy(a.dmac, is_loop ? own_mac : peer_mac, 6);
    return a;
}

static void connect(struct target *t, uint32_t i)
{
    const struct hinic_inl_obj o = { .id = t->qpn[i] };
    const bool is_rc = types[i] == HINIC_QPT_RC;
    const bool is_dgram = types[i] == HINIC_QPT_UD || types[i] == HINIC_QPT_GSI;
    struct hinic_mb_modify_qp m = { .mask = HINIC_QPA_STATE | HINIC_QPA_PKEY,
                                    .state = HINIC_QPS_INIT,
                                    .port = 1 };

    m.mask |= types[i] == HINIC_QPT_GSI ? 0 : HINIC_QPA_PORT;
    m.mask |= is_dgram ? HINIC_QPA_QKEY : HINIC_QPA_ACCESS;
    m.qkey = is_dgram ? QKEY : 0;
    m.access = is_dgram ? 0 : 0xf;
    (void)command(t, HINIC_AQ_MODIFY_QP, 0, &o, sizeof(o), &m, sizeof(m));
    m = (struct hinic_mb_modify_qp){ .mask = HINIC_QPA_STATE, .state = HINIC_QPS_RTR };
    if (!is_dgram) {
        m.mask |= HINIC_QPA_AV | HINIC_QPA_PATH_MTU | HINIC_QPA_DEST_QPN | HINIC_QPA_RQ_PSN;
        m.path_mtu = 1; /* 256: many packets from little input */
        m.dest_qpn = i == 1 ? t->qpn[1] : 0x77;
        m.rq_psn = PSN;
        m.av = av(i == 1);
    }
    if (is_rc) {
        m.mask |= HINIC_QPA_DEST_RD_ATOM | HINIC_QPA_MIN_RNR;
        m.max_dest_rd_atomic = 4;
        m.min_rnr_timer = 1;
    }
    (void)command(t, HINIC_AQ_MODIFY_QP, 0, &o, sizeof(o), &m, sizeof(m));
    m = (struct hinic_mb_modify_qp){ .mask = HINIC_QPA_STATE | HINIC_QPA_SQ_PSN,
                                     .state = HINIC_QPS_RTS,
                                     .sq_psn = PSN };
    if (is_rc) {
        m.mask |= HINIC_QPA_TIMEOUT | HINIC_QPA_RETRY_CNT | HINIC_QPA_RNR_RETRY |
                  HINIC_QPA_RD_ATOMIC;
        m.timeout = 1;
        m.retry_cnt = 1;
        m.rnr_retry = 1;
        m.max_rd_atomic = 4;
    }
    (void)command(t, HINIC_AQ_MODIFY_QP, 0, &o, sizeof(o), &m, sizeof(m));
}

static void open_target(struct target *t, const uint8_t *data, size_t n)
{
    struct vdc_hinic_cfg cfg = vdc_hinic_cfg_default();
    struct hinic_inl_gid g = { .type = HINIC_GID_ROCE_V2, .vlan = 0xffff };
    struct hinic_mb_create_eq eq = { .log_depth = 6, .vector = 1 };
    struct hinic_mb_create_cq cq = { .log_cqe = LOG_CQ, .flags = HINIC_CQ_IGNORE_OVERRUN };
    struct hinic_mb_reg_mr mr = { .access = 0xf, .iova = IOVA, .len = MR_SIZE, .key8 = 0x5a };
    struct hinic_inl_mc mc = { 0 };
    uint64_t at;

    cfg.n_qpairs = 1;
    cfg.n_vectors = 8;
    cfg.n_eq = 2;
    cfg.rx_mem_bytes = VDC_HINIC_RX_MEM_MIN;
    cfg.n_qp = 8;
    cfg.n_cq = cfg.n_srq = cfg.n_mr = cfg.n_mw = cfg.n_pd = cfg.n_gid = cfg.n_mc = 4;
    *t = (struct target){ .next = FZ_FREE };
    fz_open(&t->f, data, n, &cfg);
    fz_enable(&t->f);
    fz_ready(&t->f);
    memcpy(g.gid, own_gid, 16);
    memcpy(g.mac, own_mac, 6);
    (void)command(t, HINIC_AQ_SET_GID, 1, &g, sizeof(g), NULL, 0);
    t->pdn = command(t, HINIC_AQ_ALLOC_PD, 0, NULL, 0, NULL, 0);
    at = take(t, 16u << 6);
    eq.pbl = pbl(at, 16u << 6);
    cq.eqn = (uint8_t)command(t, HINIC_AQ_CREATE_EQ, 0, NULL, 0, &eq, sizeof(eq));
    at = take(t, 64u << LOG_CQ);
    cq.pbl = pbl(at, 64u << LOG_CQ);
    t->cqn = command(t, HINIC_AQ_CREATE_CQ, 0, NULL, 0, &cq, sizeof(cq));
    mr.pdn = t->pdn;
    mr.pbl = pbl(MR_BASE, MR_SIZE);
    t->key = command(t, HINIC_AQ_REG_MR, 0, NULL, 0, &mr, sizeof(mr));
    for (uint32_t i = 0; i < N_QP; i++) {
        make_qp(t, i);
        connect(t, i);
    }
    mc.qpn = t->qpn[3];
    memcpy(mc.mgid, group, 16);
    (void)command(t, HINIC_AQ_ATTACH_MC, 1, &mc, sizeof(mc), NULL, 0);
}

/* An opcode of the QP's type more often than not. */
static uint8_t opcode(struct target *t, uint32_t i)
{
    const uint32_t k = fz_u8(&t->f);

    if (k >= 240) {
        return (uint8_t)fz_u8(&t->f);
    }
    switch (types[i]) {
    case HINIC_QPT_RC:
        return WIRE_OP(WIRE_RC, k % 0x1e);
    case HINIC_QPT_UC:
        return WIRE_OP(WIRE_UC, k % 12);
    default:
        return k & 1 ? WIRE_UD_SEND_ONLY : WIRE_UD_SEND_ONLY_IMM;
    }
}

static void frame(struct target *t)
{
    struct fz *f = &t->f;
    const uint32_t what = fz_u8(f);
    const uint32_t i = what % N_QP;
    uint8_t b[WIRE_HDR_MAX + 4096 + 8];
    struct wire_hdr w = { .opcode = opcode(t, i),
                          .hop = 64,
                          .ip_frag = WIRE_DF,
                          .pkey = 0xffff,
                          .dqpn = t->qpn[i],
                          .rkey = t->key,
                          .qkey = QKEY,
                          .sqpn = 0x77 };
    const uint32_t flags = fz_u8(f);
    const int32_t step = (int8_t)fz_u8(f);
    uint32_t len;

    memcpy(w.sgid, i == 1 ? own_gid : peer_gid, 16);
    memcpy(w.dgid, what & 0x80 && i == 3 ? group : own_gid, 16);
    memcpy(w.smac, peer_mac, 6);
    memcpy(w.dmac, what & 0x80 && i == 3 ? (const uint8_t[6]){ 1, 0, 0x5e, 0, 0, 1 } : own_mac, 6);
    w.dqpn = what & 0x80 && i == 3 ? WIRE_QPN_MC : w.dqpn;
    if (vdc_wire_flags(w.opcode) == 0) {
        w.opcode = WIRE_SEND_ONLY;
    }
    w.psn = vdc_psn_add(t->psn[i], (uint32_t)(flags & 1 ? step : 0));
    if (!(vdc_wire_flags(w.opcode) & WIRE_F_RESPONSE) && !(flags & 1)) {
        t->psn[i] = vdc_psn_add(t->psn[i], 1);
    }
    w.is_ack_req = flags >> 1 & 1;
    w.is_solicited = flags >> 2 & 1;
    w.va = IOVA + (flags & 8 ? fz_u64(f) : fz_u16(f));
    w.rkey ^= flags & 16 ? fz_u8(f) : 0;
    w.dma_len = fz_u16(f) >> (flags & 32 ? 0 : 6);
    w.syndrome = (uint8_t)fz_u8(f);
    w.msn = fz_u8(f);
    w.swap_add = w.compare = w.va;
    w.ieth = t->key;
    w.feth = fz_u8(f);
    if (vdc_wire_flags(w.opcode) & WIRE_F_PAYLOAD) {
        const bool is_only = (vdc_wire_flags(w.opcode) & (WIRE_F_FIRST | WIRE_F_LAST)) ==
                             (WIRE_F_FIRST | WIRE_F_LAST);

        w.pay_len = flags & 64 ? 256 : fz_u16(f) % 4097;
        w.dma_len = is_only && !(flags & 1) ? w.pay_len : w.dma_len;
    }
    len = vdc_wire_build(&w, b, sizeof(b));
    memset(b + len, 0x5c, w.pay_len);
    vdc_wire_finish(&w, b, false);
    len = vdc_wire_frame_len(&w);
    if (flags & 128) { /* damage, with the ICRC as it was */
        const uint32_t at = fz_u16(f) % len;

        b[at] ^= (uint8_t)fz_u8(f);
    }
    fz_frame(f, fz_u16(f), VDC_MSG_ETH, 0, b, len);
}

/* A frame that says nothing about itself. */
static void raw_frame(struct target *t)
{
    uint8_t b[256] = { 0 };
    const uint32_t len = 40 + fz_u8(&t->f) % 200;

    memcpy(b, own_mac, 6);
    b[12] = 8;
    b[14] = 0x45;
    b[17] = (uint8_t)(len - 14);
    b[23] = 17;
    memcpy(b + 30, own_gid + 12, 4);
    b[36] = 0x12;
    b[37] = 0xb7;
    b[39] = (uint8_t)(len - 34);
    fz_bytes(&t->f, b + 40, len - 40);
    for (uint32_t n = fz_u8(&t->f) % 4; n > 0; n--) {
        b[fz_u8(&t->f) % len] = (uint8_t)fz_u8(&t->f);
    }
    fz_frame(&t->f, fz_u16(&t->f), VDC_MSG_ETH, 0, b, len);
}

static struct hinic_sge sge(struct target *t)
{
    const uint32_t k = fz_u16(&t->f);
    const uint32_t len = fz_u16(&t->f) >> (k & 7);

    return (struct hinic_sge){ .addr = IOVA + k, .len = len, .lkey = k % 31 == 30 ? k : t->key };
}

static void receive(struct target *t, uint32_t i)
{
    struct hinic_sge s[4] = { sge(t), { .lkey = HINIC_SGE_END_LKEY } };
    const uint64_t slot = t->rq_pi[i]++ & ((1u << LOG_RQ) - 1);

    fz_store(&t->f, t->rq[i] + (slot << RQ_STRIDE), s, sizeof(s));
    fz_write(&t->f, HINIC_BAR_DB, HINIC_DB_RQ, 8, HINIC_DB_VAL(t->qpn[i], t->rq_pi[i]));
}

static void send(struct target *t, uint32_t i)
{
    uint8_t b[4 * HINIC_BB_SIZE] = { 0 };
    const uint32_t op = fz_u8(&t->f);
    const uint32_t more = fz_u8(&t->f);
    struct hinic_wqe_ctrl c = { .opcode = (uint8_t)(op % 15),
                                .flags = (uint8_t)(op & 0xf0),
                                .num_sge = 1 };
    uint32_t at = sizeof(c);

    if (i >= 3) {
        const struct hinic_wqe_ud ud = { .dqpn = more & 1 ? t->qpn[3] : 0x99,
                                         .qkey = QKEY,
                                         .av = av((more & 1) != 0) };

        memcpy(b + at, &ud, sizeof(ud));
        at += sizeof(ud);
    }
    if (c.opcode >= HINIC_WQE_WRITE && c.opcode <= HINIC_WQE_FADD) {
        const struct hinic_wqe_atomic r = { .raddr = IOVA + (fz_u16(&t->f) & ~7u), .rkey = t->key };

        memcpy(b + at, &r, sizeof(r));
        at += c.opcode >= HINIC_WQE_CAS ? 32 : 16;
    }
    if (more & 2) { /* anything */
        fz_bytes(&t->f, b + at, 48);
        c.num_sge = (uint8_t)(more >> 5);
        c.length = fz_u16(&t->f);
    } else {
        const struct hinic_sge s = sge(t);

        memcpy(b + at, &s, sizeof(s));
        c.length = s.len;
        if (c.flags & HINIC_WQE_F_INLINE) {
            c.num_sge = 0;
            c.length &= 63;
        }
    }
    c.flags |= (uint8_t)(more & 4 ? more >> 4 : (at + 16 + 63) / 64);
    c.own = (uint8_t)((t->sq_pi[i] >> LOG_SQ & 1) ^ (more & 8 ? fz_u8(&t->f) & 1 : 0) ? 0 : 0x80);
    memcpy(b, &c, sizeof(c));
    for (uint32_t k = 0; k < (c.flags & 15u) && k < 4; k++) {
        const uint64_t slot = (t->sq_pi[i] + k) & ((1u << LOG_SQ) - 1);

        fz_store(&t->f, t->sq[i] + slot * HINIC_BB_SIZE, b + (size_t)k * HINIC_BB_SIZE,
                 HINIC_BB_SIZE);
    }
    t->sq_pi[i] = (uint16_t)(t->sq_pi[i] + (c.flags & 15));
    fz_write(&t->f, HINIC_BAR_DB, HINIC_DB_SQ, 8, HINIC_DB_VAL(t->qpn[i], t->sq_pi[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct target t;

    open_target(&t, data, n);
    t.f.has_reset = true; /* loopback counts no frames */
    while (t.f.left > 0) {
        const uint32_t op = fz_u8(&t.f);
        const uint32_t i = (op >> 3) % N_QP;

        switch (op & 7) {
        case 0:
        case 1:
        case 2:
            frame(&t);
            break;
        case 3:
            send(&t, i);
            break;
        case 4:
            receive(&t, i);
            break;
        case 5:
            fz_run(&t.f, (uint64_t)fz_u16(&t.f) * 997);
            break;
        case 6:
            raw_frame(&t);
            break;
        default:
            if (op < 0x40) { /* the QP goes away, and is made again */
                const struct hinic_inl_obj o = { .id = t.qpn[i] };

                (void)command(&t, HINIC_AQ_DESTROY_QP, 0, &o, sizeof(o), NULL, 0);
                t.next = t.sq[i];
                t.sq_pi[i] = t.rq_pi[i] = 0;
                make_qp(&t, i);
                connect(&t, i);
            } else {
                fz_run(&t.f, (uint64_t)fz_u8(&t.f) * VTIME_PS_PER_US);
            }
            break;
        }
    }
    fz_close(&t.f);
    return 0;
}
