/* SPDX-License-Identifier: MIT */
/* Table of the admin commands of RDMA. */
#include "state.h"

#define INL(type) .inl_len = sizeof(struct type)
#define IN(type)  .in_len = sizeof(struct type)
#define OBJ       INL(hinic_inl_obj)

static const struct cmd cmds[] = {
    { .op = HINIC_AQ_ALLOC_UAR, .exec = vdc_hinic_cmd_alloc_uar },
    { .op = HINIC_AQ_FREE_UAR, OBJ, .exec = vdc_hinic_cmd_free_uar },
    { .op = HINIC_AQ_ALLOC_PD, .exec = vdc_hinic_cmd_alloc_pd },
    { .op = HINIC_AQ_FREE_PD, OBJ, .exec = vdc_hinic_cmd_free_pd },
    { .op = HINIC_AQ_CREATE_CQ, IN(hinic_mb_create_cq), .exec = vdc_hinic_cmd_create_cq },
    { .op = HINIC_AQ_DESTROY_CQ, OBJ, .exec = vdc_hinic_cmd_destroy_cq },
    { .op = HINIC_AQ_RESIZE_CQ, IN(hinic_mb_create_cq), .exec = vdc_hinic_cmd_resize_cq },
    { .op = HINIC_AQ_MODIFY_CQ, INL(hinic_inl_modify_cq), .exec = vdc_hinic_cmd_modify_cq },
    { .op = HINIC_AQ_CREATE_SRQ, IN(hinic_mb_create_srq), .exec = vdc_hinic_cmd_create_srq },
    { .op = HINIC_AQ_MODIFY_SRQ, INL(hinic_inl_modify_srq), .exec = vdc_hinic_cmd_modify_srq },
    { .op = HINIC_AQ_QUERY_SRQ, OBJ, .exec = vdc_hinic_cmd_query_srq },
    { .op = HINIC_AQ_DESTROY_SRQ, OBJ, .exec = vdc_hinic_cmd_destroy_srq },
    { .op = HINIC_AQ_CREATE_QP, IN(hinic_mb_create_qp), .exec = vdc_hinic_cmd_create_qp },
    { .op = HINIC_AQ_MODIFY_QP, OBJ, IN(hinic_mb_modify_qp), .exec = vdc_hinic_cmd_modify_qp },
    { .op = HINIC_AQ_QUERY_QP,
      OBJ,
      .out_len = sizeof(struct hinic_mb_modify_qp),
      .exec = vdc_hinic_cmd_query_qp },
    { .op = HINIC_AQ_DESTROY_QP, OBJ, .exec = vdc_hinic_cmd_destroy_qp },
    { .op = HINIC_AQ_DUMP_QP,
      OBJ,
      .out_len = sizeof(struct hinic_mb_dump_qp),
      .exec = vdc_hinic_cmd_dump_qp },
    { .op = HINIC_AQ_REG_MR, IN(hinic_mb_reg_mr), .exec = vdc_hinic_cmd_reg_mr },
    { .op = HINIC_AQ_DEREG_MR, OBJ, .exec = vdc_hinic_cmd_dereg_mr },
    { .op = HINIC_AQ_REREG_MR, IN(hinic_mb_reg_mr), .exec = vdc_hinic_cmd_rereg_mr },
    { .op = HINIC_AQ_ALLOC_MR, INL(hinic_inl_alloc_key), .exec = vdc_hinic_cmd_alloc_mr },
    { .op = HINIC_AQ_ALLOC_MW, INL(hinic_inl_alloc_key), .exec = vdc_hinic_cmd_alloc_mw },
    { .op = HINIC_AQ_DEALLOC_MW, OBJ, .exec = vdc_hinic_cmd_dealloc_mw },
    { .op = HINIC_AQ_SET_GID, .has_port = 1, INL(hinic_inl_gid), .exec = vdc_hinic_cmd_set_gid },
    { .op = HINIC_AQ_DEL_GID, .has_port = 1, INL(hinic_inl_gid), .exec = vdc_hinic_cmd_del_gid },
    { .op = HINIC_AQ_ATTACH_MC, .has_port = 1, INL(hinic_inl_mc), .exec = vdc_hinic_cmd_attach_mc },
    { .op = HINIC_AQ_DETACH_MC, .has_port = 1, INL(hinic_inl_mc), .exec = vdc_hinic_cmd_detach_mc },
    { .op = HINIC_AQ_MAD_IFC,
      IN(hinic_mb_mad),
      .out_len = sizeof(struct hinic_mb_mad),
      .exec = vdc_hinic_cmd_mad },
};

const struct cmd *vdc_hinic_rcmd_find(uint8_t op)
{
    for (size_t i = 0; i < sizeof(cmds) / sizeof(cmds[0]); i++) {
        if (cmds[i].op == op) {
            return &cmds[i];
        }
    }
    return NULL;
}
