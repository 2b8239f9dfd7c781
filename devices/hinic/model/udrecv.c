/* SPDX-License-Identifier: MIT */
/* Receive of UD and GSI: one packet, 40 bytes of addresses and its payload, into one receive WQE.
 */
#include "state.h"

#include "rdma.h"

enum rsp_begun vdc_hinic_rsp_begin_ud(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt)
{
    struct rpkt *p = vdc_hinic_rpkt(h, pkt);
    struct rsp *r = &qp->rsp;
    const uint32_t n = WIRE_GRH + p->w.pay_len;

    if (p->w.qkey != qp->qkey) {
        h->dev.rdma.qkey_violations++;
        vdc_hinic_rpkt_free(h, now, pkt);
        return RSP_DROPPED;
    }
    switch (vdc_hinic_rq_take(h, now, qp)) {
    case RQ_EMPTY:
        vdc_hinic_count(h, HINIC_CNT_OUT_OF_BUFFER, 1);
        vdc_hinic_rpkt_free(h, now, pkt);
        return RSP_DROPPED;
    case RQ_WAIT:
        return RSP_BLOCKED;
    case RQ_BROKEN:
        vdc_hinic_rpkt_free(h, now, pkt);
        vdc_hinic_rsp_fail(h, now, qp, 0, RSP_NAK_OP, 0);
        return RSP_DROPPED;
    case RQ_TAKEN:
        break;
    }
    if (n > r->wqe.len) {
        vdc_hinic_count(h, HINIC_CNT_RESP_LOCAL_LENGTH_ERROR, 1);
        vdc_hinic_rpkt_free(h, now, pkt);
        vdc_hinic_rsp_fail(h, now, qp, 0, RSP_NAK_INV_REQ, HINIC_WC_LOC_LEN_ERR);
        return RSP_DROPPED;
    }
    if (!vdc_hinic_rsp_scatter(h, now, qp, pkt, vdc_hinic_rpkt_payload(h, pkt) - WIRE_GRH, n, 0)) {
        return RSP_BLOCKED;
    }
    p->user[RSP_U_WQE] = r->wqe.idx + 1u;
    p->user[RSP_U_LEN] = n;
    p->user[RSP_U_FLAGS] = RSP_F_MSG_END;
    r->is_wqe = 0;
    vdc_hinic_rsp_issue(h, now, qp, pkt, false);
    return RSP_BEGUN;
}
