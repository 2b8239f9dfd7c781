/* SPDX-License-Identifier: MIT */
/* What memory has done for the requester: WQEs, payload, answers in their place; digest. */
#include "state.h"

#include "rdma.h"

/* The payload of a packet is there, or cannot be had. */
static void payload_done(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t pkt,
                         uint32_t status)
{
    const uint32_t idx = vdc_hinic_rpkt(h, pkt)->user[0];
    struct req *r = &qp->req;
    const bool is_wanted = idx - r->m_una < r->m_end - r->m_una && !r->is_flushing &&
                           vdc_hinic_req_msg(r, idx)->status == HINIC_WC_SUCCESS;

    if (status == MEM_OK && is_wanted) {
        vdc_hinic_sched_ready(h, now, pkt);
        return;
    }
    if (status != MEM_OK && is_wanted) {
        vdc_hinic_req_fail(h, now, qp, idx, HINIC_WC_LOC_PROT_ERR, REQ_WHY_SGE);
        vdc_hinic_req_complete(h, now, qp);
    }
    vdc_hinic_sched_abort(h, now, pkt);
}

static void blocks_done(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t seq,
                        uint32_t status)
{
    struct req *r = &qp->req;

    if ((r->fetch_seq & REQ_TAG_MASK) != seq) {
        return; /* moved elsewhere since */
    }
    if (status == MEM_OK) {
        r->bb_have = r->bb_want;
    } else {
        r->bb_want = r->bb_have;
        r->is_lost = 1;
    }
    if (r->is_flushing) {
        vdc_hinic_req_defer(h, now, qp);
    } else {
        vdc_hinic_req_kick(h, now, qp);
    }
}

void vdc_hinic_req_mem_done(struct vdc_hinic *h, vtime_t now, uint32_t slot, uint32_t tag,
                            uint32_t status)
{
    const uint32_t v = tag & REQ_TAG_MASK;
    struct qp *qp = status == MEM_STALE ? NULL : vdc_hinic_qp_at(h, slot);

    switch ((enum req_tag)(tag >> 28)) {
    case REQ_TAG_WQE:
        if (qp) {
            blocks_done(h, now, qp, v, status);
        }
        break;
    case REQ_TAG_SEND:
        if (qp) {
            payload_done(h, now, qp, v, status);
        } else {
            vdc_hinic_sched_abort(h, now, v);
        }
        break;
    case REQ_TAG_RESP:
        if (qp) {
            vdc_hinic_req_scattered(h, now, qp, v, status);
        } else {
            vdc_hinic_rpkt_free(h, now, v);
        }
        break;
    }
}

void vdc_hinic_req_mem_room(struct vdc_hinic *h, vtime_t now, uint32_t slot)
{
    struct qp *qp = vdc_hinic_qp_at(h, slot);

    if (qp->req.is_flushing) {
        vdc_hinic_req_defer(h, now, qp);
        return;
    }
    vdc_hinic_req_resume(h, now, qp);
    vdc_hinic_sq_fetch(h, now, qp);
    vdc_hinic_req_kick(h, now, qp);
}

void vdc_hinic_req_digest(const struct req *r, struct vdc_digest *d)
{
    vdc_digest_fold(d, r, offsetof(struct req, msg));
    for (uint32_t i = r->m_una; i != r->m_end; i++) {
        vdc_digest_fold(d, &r->msg[i % REQ_MSG_N], sizeof(r->msg[0]));
    }
    for (uint32_t i = r->i_rd - r->n_rd; i != r->i_rd; i++) {
        vdc_digest_fold(d, &r->rd[i % REQ_RD_N], sizeof(r->rd[0]));
    }
    for (uint16_t i = r->bb_head; i != r->bb_have; i++) {
        vdc_digest_fold(d, r->bb[i % REQ_BB_CACHE], HINIC_BB_SIZE);
    }
}
