/* SPDX-License-Identifier: MIT */
/* The step function: takes events in order and hands each to its stage; the promise of the next
 * departure. */
#include "state.h"

static void dispatch(struct vdc_hinic *h, const struct vdc_ev *ev, const struct vdc_hinic_env *env)
{
    const vtime_t now = ev->t;
    const uint32_t i = (uint32_t)ev->arg;

    switch ((enum ev_kind)ev->kind) {
    case EV_FRAME:
        vdc_hinic_port_arrival(h, now);
        break;
    case EV_RD_CPL:
        vdc_hinic_rd_cpl(h, now);
        break;
    case EV_WR_MEM:
        vdc_hinic_wr_mem(h, now, env);
        break;
    case EV_RD_MEM:
        vdc_hinic_rd_mem(h, now, env);
        break;
    case EV_MEM:
        vdc_hinic_mem_ended(h, now);
        break;
    case EV_AQ:
        vdc_hinic_aq_exec(h, now);
        break;
    case EV_RX_PROC:
        vdc_hinic_rx_proc(h, now);
        break;
    case EV_LOOP:
        vdc_hinic_loop_run(h, now);
        break;
    case EV_TX_READY:
        vdc_hinic_tx_ready(h, now);
        break;
    case EV_REQ_TIMER:
        vdc_hinic_req_timer(h, now, vdc_hinic_qp_at(h, i));
        break;
    case EV_REQ_WORK:
        vdc_hinic_req_work(h, now, vdc_hinic_qp_at(h, i));
        break;
    case EV_RSP_TIMER:
        vdc_hinic_rsp_timer(h, now, vdc_hinic_qp_at(h, i));
        break;
    case EV_RSP_WORK:
        vdc_hinic_rsp_work(h, now, vdc_hinic_qp_at(h, i));
        break;
    case EV_CQ_TIMER:
        vdc_hinic_cq_timer(h, now, i);
        break;
    case EV_MODERATION:
        vdc_hinic_notify_timer(h, now, i);
        break;
    case EV_MSI:
        vdc_hinic_msi_fire(h, i, env);
        break;
    case EV_CQ_ERR:
        vdc_hinic_cq_errors(h, now);
        break;
    case EV_DB_AQ:
        vdc_hinic_aq_next(h, now);
        break;
    case EV_DB_NOTIFY:
        vdc_hinic_notify_armed(h, now, i);
        break;
    case EV_DB_QUEUE:
        vdc_hinic_ethq_fetch(h, now, i);
        break;
    case EV_DB_CQ:
        vdc_hinic_cq_doorbell(h, now, i);
        break;
    case EV_DB_SRQ:
        vdc_hinic_srq_armed(h, now, i);
        break;
    case EV_DB_RQ:
        vdc_hinic_qp_doorbell(h, now, i, true);
        break;
    case EV_DB_SQ:
        vdc_hinic_qp_doorbell(h, now, i, false);
        break;
    case EV_SCHED:
        vdc_hinic_sched_run(h, now);
        break;
    case EV_HELLO:
        vdc_hinic_port_hello(h, now, env);
        break;
    case EV_TRANSMIT:
        vdc_hinic_transmit(h, now, env);
        break;
    case EV_KINDS:
        assert(0);
        break;
    }
}

void vdc_hinic_run(struct vdc_hinic *h, vtime_t now, const struct vdc_hinic_env *env)
{
    struct vdc_ev ev;

    assert(now >= h->now);
    if (vdc_hinic_next(h) > now && h->n_gerr == 0) {
        h->now = now;
        return;
    }
    while (vdc_hinic_ev_pop(h, now, &ev)) {
        h->now = ev.t;
        dispatch(h, &ev, env);
        if (h->dev.fatal && !h->dev.is_halted) {
            vdc_hinic_halt(h, ev.t);
        }
        if (h->changed.n > CHANGED_MAX) {
            vdc_hinic_object_settle(h);
        }
    }
    h->now = now;
    for (uint32_t i = 0; i < h->n_gerr; i++) {
        if (env->guest_err) {
            env->guest_err(env->ctx, h->gerr[i].code, h->gerr[i].arg);
        }
    }
    h->n_gerr = 0;
}

vtime_t vdc_hinic_now(const struct vdc_hinic *h)
{
    return h->now;
}

vtime_t vdc_hinic_promise(const struct vdc_hinic *h, vtime_t vcpu_now)
{
    const struct vdc_hinic_timing *t = &h->cfg.timing;
    const vtime_t trip = t->t_pcie_up + t->t_pcie_dn;
    /* A doorbell of Ethernet leads to two round trips over the bus, for the descriptor and for the
     * data; a work request may carry its data. A queue pair that cannot send yet needs an admin
     * command first: one that is on its way is an event of our own, one to come has a doorbell, two
     * round trips and t_aq before it, which is more than this. */
    const vtime_t doorbell = vtime_add(
        vcpu_now, t->t_db + (h->dev.rdma.n_send > 0 ? trip : 2 * trip) + t->t_tx);
    vtime_t own;

    if (!h->dev.is_ready) {
        return VTIME_NEVER; /* the link is down until then */
    }
    /* A transmission follows its packet's last DMA by t_tx, unless it is one of the two events that
     * end that wait; the hello waits for nothing. */
    own = vtime_add(vdc_hinic_next(h), t->t_tx);
    own = vtime_min(own, vdc_hinic_ev_time(h, EV_TX_READY, 0));
    own = vtime_min(own, vdc_hinic_ev_time(h, EV_TRANSMIT, 0));
    own = vtime_min(own, vdc_hinic_ev_time(h, EV_HELLO, 0));
    return vtime_min(doorbell, own);
}
