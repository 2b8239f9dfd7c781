/* SPDX-License-Identifier: MIT */
/* Work requests that end inside of the device: invalidate, fast registration, window, nothing. */
#include "state.h"

#include "rdma.h"

bool vdc_hinic_req_is_local(uint32_t op)
{
    return op == HINIC_WQE_NOP || op == HINIC_WQE_LOCAL_INV || op == HINIC_WQE_BIND_MW ||
           op == HINIC_WQE_REG_MR;
}

uint8_t vdc_hinic_req_local(struct vdc_hinic *h, struct qp *qp, const struct sq_wqe *w)
{
    switch (w->ctrl.opcode) {
    case HINIC_WQE_LOCAL_INV:
        return vdc_hinic_mr_local_inv(h, qp, w->ctrl.imm);
    case HINIC_WQE_BIND_MW:
        return vdc_hinic_mr_bind(h, qp, &w->reg);
    case HINIC_WQE_REG_MR:
        return vdc_hinic_mr_fast_reg(h, qp, &w->reg);
    default:
        assert(w->ctrl.opcode == HINIC_WQE_NOP);
        return HINIC_WC_SUCCESS;
    }
}
