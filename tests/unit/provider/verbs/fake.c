/* SPDX-License-Identifier: MIT */
/* The functions of libibverbs that the provider calls, answered without a kernel. */
#include "fake.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "abi.h"

#define PAGE 4096

struct fake fake;

static struct ibv_device device;
static int page_fd = -1;

static int answer(void)
{
    if (fake.fail_at && --fake.fail_at == 0) {
        return ENOSPC;
    }
    return 0;
}

/* The command's result, and one object more or less if it worked. */
static int count(int n)
{
    const int ret = answer();

    if (!ret) {
        fake.n_live += n;
    }
    return ret;
}

struct verbs_context *fake_open(void)
{
    if (page_fd < 0) {
        page_fd = memfd_create("pages", 0);
        if (page_fd < 0 || ftruncate(page_fd, 3 * PAGE) != 0) {
            abort();
        }
        fake.uar = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, page_fd, PAGE);
        fake.clock = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, page_fd, 2 * PAGE);
    }
    return fake.driver->alloc_context(&device, page_fd, NULL);
}

void fake_close(struct verbs_context *ctx)
{
    fake.ops.free_context(&ctx->context);
}

uint64_t fake_doorbell(uint32_t off)
{
    const uint64_t v = fake.uar[off / 8];

    fake.uar[off / 8] = 0;
    return v;
}

void verbs_register_driver(const struct verbs_device_ops *ops)
{
    fake.driver = ops;
}

void *_verbs_init_and_alloc_context(struct ibv_device *dev, int cmd_fd, size_t size,
                                    struct verbs_context *offset, uint32_t driver_id)
{
    char *mem = calloc(1, size);
    struct verbs_context *ctx = (struct verbs_context *)(mem + (uintptr_t)offset);

    (void)driver_id;
    ctx->context.device = dev;
    ctx->context.cmd_fd = cmd_fd;
    fake.n_live++;
    return mem;
}

void verbs_uninit_context(struct verbs_context *ctx)
{
    (void)ctx;
    fake.n_live--;
}

void verbs_set_ops(struct verbs_context *ctx, const struct verbs_context_ops *ops)
{
    (void)ctx;
    fake.ops = *ops;
}

int ibv_cmd_get_context(struct verbs_context *ctx, struct ibv_get_context *cmd, size_t cmd_size,
                        struct ib_uverbs_get_context_resp *resp, size_t resp_size)
{
    struct hinic_cmd_alloc_context_resp *r = container_of(resp, struct hinic_cmd_alloc_context_resp,
                                                          ibv_resp);

    (void)ctx, (void)cmd, (void)cmd_size, (void)resp_size;
    r->uar_mmap_off = PAGE;
    r->clock_mmap_off = 2 * PAGE;
    r->max_inline = 256;
    r->caps = ~0ULL;
    return answer();
}

int ibv_cmd_query_device_any(struct ibv_context *ctx, const struct ibv_query_device_ex_input *in,
                             struct ibv_device_attr_ex *attr, size_t size,
                             struct ib_uverbs_ex_query_device_resp *resp, size_t *resp_size)
{
    (void)ctx, (void)in, (void)size, (void)resp_size;
    memset(resp, 0, sizeof(*resp));
    resp->base.fw_ver = 0x0001000200000003;
    attr->orig_attr.max_cqe = 65535;
    return answer();
}

int ibv_cmd_alloc_pd(struct ibv_context *ctx, struct ibv_pd *pd, struct ibv_alloc_pd *cmd,
                     size_t cmd_size, struct ib_uverbs_alloc_pd_resp *resp, size_t resp_size)
{
    (void)cmd, (void)cmd_size, (void)resp, (void)resp_size;
    pd->context = ctx;
    pd->handle = ++fake.next_id;
    return count(1);
}

int ibv_cmd_create_cq_ex(struct ibv_context *ctx, const struct ibv_cq_init_attr_ex *attr,
                         struct verbs_cq *cq, struct ibv_create_cq_ex *cmd, size_t cmd_size,
                         struct ib_uverbs_ex_create_cq_resp *resp, size_t resp_size,
                         uint32_t cmd_flags)
{
    struct hinic_cmd_create_cq *c = container_of(cmd, struct hinic_cmd_create_cq, ibv_cmd);

    (void)attr, (void)cmd_size, (void)resp_size, (void)cmd_flags;
    cq->cq.context = ctx;
    fake.buf = c->buf;
    fake.len = c->buf_len;
    container_of(resp, struct hinic_cmd_create_cq_resp, ibv_resp)->cqn = ++fake.next_id;
    return count(1);
}

int ibv_cmd_resize_cq(struct ibv_cq *cq, int cqe, struct ibv_resize_cq *cmd, size_t cmd_size,
                      struct ib_uverbs_resize_cq_resp *resp, size_t resp_size)
{
    struct hinic_cmd_resize_cq *c = container_of(cmd, struct hinic_cmd_resize_cq, ibv_cmd);

    (void)cq, (void)cqe, (void)cmd_size, (void)resp, (void)resp_size;
    fake.buf = c->buf;
    fake.len = c->buf_len;
    return answer();
}

int ibv_cmd_create_srq(struct ibv_pd *pd, struct ibv_srq *srq, struct ibv_srq_init_attr *attr,
                       struct ibv_create_srq *cmd, size_t cmd_size,
                       struct ib_uverbs_create_srq_resp *resp, size_t resp_size)
{
    struct hinic_cmd_create_srq *c = container_of(cmd, struct hinic_cmd_create_srq, ibv_cmd);

    (void)attr, (void)cmd_size, (void)resp_size;
    srq->context = pd->context;
    fake.buf = c->buf;
    fake.len = c->buf_len;
    container_of(resp, struct hinic_cmd_create_srq_resp, ibv_resp)->srqn = ++fake.next_id;
    return count(1);
}

int ibv_cmd_create_qp_ex(struct ibv_context *ctx, struct verbs_qp *qp,
                         struct ibv_qp_init_attr_ex *attr, struct ibv_create_qp *cmd,
                         size_t cmd_size, struct ib_uverbs_create_qp_resp *resp, size_t resp_size)
{
    struct hinic_cmd_create_qp *c = container_of(cmd, struct hinic_cmd_create_qp, ibv_cmd);

    (void)cmd_size, (void)resp, (void)resp_size;
    if (attr->comp_mask & ~(IBV_QP_INIT_ATTR_PD | IBV_QP_INIT_ATTR_SEND_OPS_FLAGS)) {
        return EINVAL; /* as the real one */
    }
    qp->qp.context = ctx;
    qp->qp.pd = attr->pd;
    qp->qp.send_cq = attr->send_cq;
    qp->qp.recv_cq = attr->recv_cq;
    qp->qp.srq = attr->srq;
    qp->qp.qp_type = attr->qp_type;
    qp->qp.state = IBV_QPS_RESET;
    qp->qp.qp_num = 0x1000 * ++fake.next_id;
    qp->comp_mask = 0;
    fake.buf = c->sq_buf;
    fake.len = c->sq_len;
    fake.buf2 = c->rq_buf;
    fake.len2 = c->rq_len;
    return count(1);
}

int ibv_cmd_query_qp(struct ibv_qp *qp, struct ibv_qp_attr *attr, int mask,
                     struct ibv_qp_init_attr *init, struct ibv_query_qp *cmd, size_t cmd_size)
{
    (void)qp, (void)mask, (void)init, (void)cmd, (void)cmd_size;
    attr->qp_state = IBV_QPS_ERR;
    return answer();
}

int ibv_cmd_create_ah(struct ibv_pd *pd, struct ibv_ah *ah, struct ibv_ah_attr *attr,
                      struct ib_uverbs_create_ah_resp *resp, size_t resp_size)
{
    struct hinic_cmd_create_ah_resp *r = container_of(resp, struct hinic_cmd_create_ah_resp,
                                                      ibv_resp);

    (void)pd, (void)ah, (void)attr, (void)resp_size;
    memcpy(r->dmac, "\x02\x48\x43\0\0\x11", 6);
    r->vlan = 5;
    return count(1);
}

int ibv_cmd_reg_mr(struct ibv_pd *pd, void *addr, size_t len, uint64_t hca_va, int access,
                   struct verbs_mr *mr, struct ibv_reg_mr *cmd, size_t cmd_size,
                   struct ib_uverbs_reg_mr_resp *resp, size_t resp_size)
{
    (void)addr, (void)len, (void)hca_va, (void)access, (void)cmd, (void)cmd_size, (void)resp;
    (void)resp_size;
    mr->ibv_mr.pd = pd;
    mr->ibv_mr.lkey = mr->ibv_mr.rkey = ++fake.next_id << 8;
    return count(1);
}

int ibv_cmd_alloc_mw(struct ibv_pd *pd, enum ibv_mw_type type, struct ibv_mw *mw,
                     struct ibv_alloc_mw *cmd, size_t cmd_size,
                     struct ib_uverbs_alloc_mw_resp *resp, size_t resp_size)
{
    (void)cmd, (void)cmd_size, (void)resp, (void)resp_size;
    mw->pd = pd;
    mw->type = type;
    mw->rkey = ++fake.next_id << 8;
    return count(1);
}

int ibv_cmd_modify_qp(struct ibv_qp *qp, struct ibv_qp_attr *attr, int mask,
                      struct ibv_modify_qp *cmd, size_t cmd_size)
{
    (void)qp, (void)attr, (void)mask, (void)cmd, (void)cmd_size;
    return answer();
}

int ibv_cmd_modify_qp_ex(struct ibv_qp *qp, struct ibv_qp_attr *attr, int mask,
                         struct ibv_modify_qp_ex *cmd, size_t cmd_size,
                         struct ib_uverbs_ex_modify_qp_resp *resp, size_t resp_size)
{
    (void)qp, (void)attr, (void)mask, (void)cmd, (void)cmd_size, (void)resp, (void)resp_size;
    return answer();
}

/* Commands nothing is asked of but a result. */
#define DESTROY(name, type)                                                                        \
    int ibv_cmd_##name(type *obj)                                                                  \
    {                                                                                              \
        (void)obj;                                                                                 \
        return count(-1);                                                                          \
    }
DESTROY(dealloc_pd, struct ibv_pd)
DESTROY(destroy_cq, struct ibv_cq)
DESTROY(destroy_srq, struct ibv_srq)
DESTROY(destroy_qp, struct ibv_qp)
DESTROY(destroy_ah, struct ibv_ah)
DESTROY(dereg_mr, struct verbs_mr)
DESTROY(dealloc_mw, struct ibv_mw)

int ibv_cmd_query_port(struct ibv_context *ctx, uint8_t port, struct ibv_port_attr *attr,
                       struct ibv_query_port *cmd, size_t cmd_size)
{
    (void)ctx, (void)port, (void)attr, (void)cmd, (void)cmd_size;
    return answer();
}

int ibv_cmd_modify_cq(struct ibv_cq *cq, struct ibv_modify_cq_attr *attr, struct ibv_modify_cq *cmd,
                      size_t cmd_size)
{
    (void)cq, (void)attr, (void)cmd, (void)cmd_size;
    return answer();
}

int ibv_cmd_modify_srq(struct ibv_srq *srq, struct ibv_srq_attr *attr, int mask,
                       struct ibv_modify_srq *cmd, size_t cmd_size)
{
    (void)srq, (void)attr, (void)mask, (void)cmd, (void)cmd_size;
    return answer();
}

int ibv_cmd_query_srq(struct ibv_srq *srq, struct ibv_srq_attr *attr, struct ibv_query_srq *cmd,
                      size_t cmd_size)
{
    (void)srq, (void)attr, (void)cmd, (void)cmd_size;
    return answer();
}

int ibv_cmd_reg_dmabuf_mr(struct ibv_pd *pd, uint64_t offset, size_t len, uint64_t iova, int fd,
                          int access, struct verbs_mr *mr, struct ibv_command_buffer *driver)
{
    (void)offset, (void)len, (void)iova, (void)fd, (void)access, (void)driver;
    mr->ibv_mr.pd = pd;
    return count(1);
}

int ibv_cmd_rereg_mr(struct verbs_mr *mr, uint32_t flags, void *addr, size_t len, uint64_t hca_va,
                     int access, struct ibv_pd *pd, struct ibv_rereg_mr *cmd, size_t cmd_size,
                     struct ib_uverbs_rereg_mr_resp *resp, size_t resp_size)
{
    (void)mr, (void)flags, (void)addr, (void)len, (void)hca_va, (void)access, (void)pd, (void)cmd;
    (void)cmd_size, (void)resp, (void)resp_size;
    return answer();
}

int ibv_cmd_attach_mcast(struct ibv_qp *qp, const union ibv_gid *gid, uint16_t lid)
{
    (void)qp, (void)gid, (void)lid;
    return answer();
}

int ibv_cmd_detach_mcast(struct ibv_qp *qp, const union ibv_gid *gid, uint16_t lid)
{
    (void)qp, (void)gid, (void)lid;
    return answer();
}

int ibv_dontfork_range(void *base, size_t size)
{
    (void)base, (void)size;
    return answer();
}

int ibv_dofork_range(void *base, size_t size)
{
    (void)base, (void)size;
    return 0;
}
