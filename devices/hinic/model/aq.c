/* SPDX-License-Identifier: MIT */
/* Admin queue: one command at a time: SQE, mailbox, page lists, t_aq, execution, reply. */
#include "state.h"

#include <string.h>

static bool is_zero(const uint8_t *p, size_t n)
{
    uint8_t any = 0;

    for (size_t i = 0; i < n; i++) {
        any |= p[i];
    }
    return any == 0;
}

/* Form of the command, before anything of it is done. */
static enum hinic_aq_status check(const struct vdc_hinic *h, const struct hinic_aq_sqe *s,
                                  const struct cmd *c)
{
    const bool has_in = (s->flags & HINIC_AQ_F_IN) != 0;

    if (!c || (h->lay.n_qp == 0 && vdc_hinic_rcmd_find(s->opcode))) {
        return HINIC_AQ_BAD_OP;
    }
    if ((s->flags & ~HINIC_AQ_F_IN) || s->vf != 0 || s->rsv != 0 || s->port != c->has_port) {
        return HINIC_AQ_BAD_PARAM;
    }
    if (has_in != (c->in_len > 0) || (!has_in && s->in_pa != 0) ||
        (c->out_len == 0 && s->out_pa != 0)) {
        return HINIC_AQ_BAD_PARAM;
    }
    if ((s->in_pa | s->out_pa) & (HINIC_PAGE_SIZE - 1)) {
        return HINIC_AQ_BAD_PARAM;
    }
    if (!is_zero(s->inl + c->inl_len, HINIC_AQ_INLINE_LEN - c->inl_len)) {
        return HINIC_AQ_BAD_PARAM;
    }
    return HINIC_AQ_OK;
}

static void fetch(struct vdc_hinic *h, vtime_t now)
{
    struct aq *aq = &h->dev.aq;
    const uint32_t slot = aq->sq_ci & ((1u << aq->log_depth) - 1);
    const struct rd_op op = { .kind = RD_AQ_SQE,
                              .addr = aq->sq_base + (uint64_t)slot * sizeof(struct hinic_aq_sqe),
                              .dst = offsetof(struct vdc_hinic, dev.aq.sqe),
                              .len = sizeof(struct hinic_aq_sqe) };

    aq->step = AQ_FETCH;
    aq->sq_ci++;
    vdc_hinic_dma_read(h, now, &op);
}

void vdc_hinic_aq_next(struct vdc_hinic *h, vtime_t now)
{
    const struct aq *aq = &h->dev.aq;
    const bool has_room = (uint16_t)(aq->cq_pi - aq->cq_ci) < 1u << aq->log_depth;

    if (vdc_hinic_is_alive(h) && aq->step == AQ_IDLE && aq->sq_ci != aq->sq_pi && has_room) {
        fetch(h, now);
    }
}

/* Everything the command needs is here, or it has failed: it now takes its time. */
static void schedule(struct vdc_hinic *h, vtime_t now, enum hinic_aq_status status)
{
    h->dev.aq.step = AQ_EXEC;
    h->dev.aq.status = (uint8_t)status;
    vdc_hinic_ev_arm(h, EV_AQ, 0, vtime_add(now, h->cfg.timing.t_aq));
}

/* Reads the tables of page lists until both are resolved. */
static void walk(struct vdc_hinic *h, vtime_t now)
{
    struct aq *aq = &h->dev.aq;

    while (aq->walk_i < 2 && aq->walk[aq->walk_i].levels == 0) {
        aq->walk_i++;
    }
    if (aq->walk_i == 2) {
        schedule(h, now, HINIC_AQ_OK);
        return;
    }
    aq->step = AQ_WALK;
    vdc_hinic_walk_read(h, now, &aq->walk[aq->walk_i]);
}

static void prepare(struct vdc_hinic *h, vtime_t now)
{
    struct aq *aq = &h->dev.aq;
    const struct cmd *c = vdc_hinic_cmd_find(aq->sqe.opcode);
    enum hinic_aq_status s = HINIC_AQ_OK;

    memset(aq->walk, 0, sizeof(aq->walk));
    aq->walk_i = 0;
    if (c->prepare) {
        s = c->prepare(h);
    }
    if (s == HINIC_AQ_OK) {
        walk(h, now);
    } else {
        schedule(h, now, s);
    }
}

static void sqe_arrived(struct vdc_hinic *h, vtime_t now)
{
    struct aq *aq = &h->dev.aq;
    const struct cmd *c = vdc_hinic_cmd_find(aq->sqe.opcode);
    const enum hinic_aq_status s = check(h, &aq->sqe, c);

    if (s != HINIC_AQ_OK) {
        schedule(h, now, s);
    } else if (c->in_len > 0) {
        const struct rd_op op = { .kind = RD_AQ_MBOX,
                                  .addr = aq->sqe.in_pa,
                                  .dst = offsetof(struct vdc_hinic, mbox_in),
                                  .len = c->in_len };

        aq->step = AQ_MAILBOX;
        vdc_hinic_dma_read(h, now, &op);
    } else {
        prepare(h, now);
    }
}

void vdc_hinic_aq_arrived(struct vdc_hinic *h, vtime_t now, const struct rd_op *op)
{
    struct aq *aq = &h->dev.aq;

    if (op->is_failed) {
        vdc_hinic_fatal(h, HINIC_FATAL_AQ);
        return;
    }
    switch ((enum rd_kind)op->kind) {
    case RD_AQ_SQE:
        assert(aq->step == AQ_FETCH);
        sqe_arrived(h, now);
        break;
    case RD_AQ_MBOX:
        assert(aq->step == AQ_MAILBOX);
        prepare(h, now);
        break;
    default:
        assert(aq->step == AQ_WALK);
        if (vdc_hinic_walk_step(h, &aq->walk[aq->walk_i])) {
            walk(h, now);
        } else {
            schedule(h, now, HINIC_AQ_BAD_PARAM);
        }
        break;
    }
}

static void reply(struct vdc_hinic *h, vtime_t now, enum hinic_aq_status status)
{
    struct aq *aq = &h->dev.aq;
    const uint32_t depth = 1u << aq->log_depth;
    struct hinic_aq_cqe c = { .cmd_id = aq->sqe.cmd_id,
                              .status = (uint8_t)status,
                              .own = (uint8_t)((aq->cq_pi >> aq->log_depth & 1) ^ 1),
                              .out = { aq->out[0], aq->out[1], aq->out[2] } };
    struct wr_op op = { .kind = WR_AQ_CQE,
                        .addr = aq->cq_base + (uint64_t)(aq->cq_pi & (depth - 1)) * sizeof(c),
                        .len = sizeof(c) };

    if (status == HINIC_AQ_OK && aq->out_len > 0) {
        const struct wr_op mb = { .kind = WR_AQ_MBOX,
                                  .addr = aq->sqe.out_pa,
                                  .src = offsetof(struct vdc_hinic, mbox_out),
                                  .len = aq->out_len };

        if (!vdc_hinic_dma_write(h, now, &mb)) {
            return;
        }
    }
    memcpy(op.inl, &c, sizeof(c));
    aq->cq_pi++;
    aq->step = AQ_REPLY;
    (void)vdc_hinic_dma_write(h, now, &op); /* without room the device is fatal */
}

void vdc_hinic_aq_exec(struct vdc_hinic *h, vtime_t now)
{
    struct aq *aq = &h->dev.aq;
    const struct cmd *c = vdc_hinic_cmd_find(aq->sqe.opcode);
    enum hinic_aq_status s = (enum hinic_aq_status)aq->status;

    assert(aq->step == AQ_EXEC);
    memset(aq->out, 0, sizeof(aq->out));
    aq->out_len = 0;
    if (s == HINIC_AQ_OK) {
        aq->out_len = c->out_len;
        memset(h->mbox_out, 0, c->out_len);
        s = c->exec(h, now);
    }
    if (s == AQ_AGAIN) {
        schedule(h, now, HINIC_AQ_OK);
        return;
    }
    if (s != HINIC_AQ_OK) {
        vdc_hinic_count(h, HINIC_CNT_AQ_ERRORS, 1);
        vdc_hinic_guest_err(h, HINIC_GERR_AQ_CMD, aq->sqe.opcode | (uint64_t)s << 8);
    }
    reply(h, now, s);
}

void vdc_hinic_aq_replied(struct vdc_hinic *h, vtime_t now, bool is_failed)
{
    if (is_failed) {
        vdc_hinic_fatal(h, HINIC_FATAL_AQ);
        return;
    }
    h->dev.aq.step = AQ_IDLE;
    vdc_hinic_msi(h, now, 0);
    vdc_hinic_aq_next(h, now);
}
