// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// Protection, thread and parent domains, and the queue memory a parent domain may provide.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "hinic.h"

#define PAGE 4096

struct ibv_pd *hinic_alloc_pd(struct ibv_context *ibctx)
{
	struct ib_uverbs_alloc_pd_resp resp;
	struct ibv_alloc_pd cmd;
	struct hinic_pd *pd;

	pd = calloc(1, sizeof(*pd));
	if (!pd)
		return NULL;
	if (ibv_cmd_alloc_pd(ibctx, &pd->pd, &cmd, sizeof(cmd), &resp, sizeof(resp))) {
		free(pd);
		return NULL;
	}
	atomic_init(&pd->refs, 1);
	return &pd->pd;
}

int hinic_dealloc_pd(struct ibv_pd *ibpd)
{
	struct hinic_pd *pd = to_hpd(ibpd);
	int ret;

	if (atomic_load(&pd->refs) > 1)
		return EBUSY;
	if (pd->real) {
		atomic_fetch_sub(&pd->real->refs, 1);
		if (pd->td)
			atomic_fetch_sub(&pd->td->refs, 1);
	} else {
		ret = ibv_cmd_dealloc_pd(ibpd);
		if (ret)
			return ret;
	}
	free(pd);
	return 0;
}

struct ibv_td *hinic_alloc_td(struct ibv_context *ibctx, struct ibv_td_init_attr *attr)
{
	struct hinic_td *td;

	if (attr->comp_mask) {
		errno = EINVAL;
		return NULL;
	}
	td = calloc(1, sizeof(*td));
	if (!td)
		return NULL;
	td->td.context = ibctx;
	atomic_init(&td->refs, 1);
	return &td->td;
}

int hinic_dealloc_td(struct ibv_td *ibtd)
{
	struct hinic_td *td = container_of(ibtd, struct hinic_td, td);

	if (atomic_load(&td->refs) > 1)
		return EBUSY;
	free(td);
	return 0;
}

struct ibv_pd *hinic_alloc_parent_domain(struct ibv_context *ibctx,
					 struct ibv_parent_domain_init_attr *attr)
{
	struct hinic_pd *pd;

	(void)ibctx; /* that of attr->pd */
	if (ibv_check_alloc_parent_domain(attr))
		return NULL;
	if (!check_comp_mask(attr->comp_mask, IBV_PARENT_DOMAIN_INIT_ATTR_ALLOCATORS |
						      IBV_PARENT_DOMAIN_INIT_ATTR_PD_CONTEXT) ||
	    ((attr->comp_mask & IBV_PARENT_DOMAIN_INIT_ATTR_ALLOCATORS) &&
	     (!attr->alloc || !attr->free))) {
		errno = EINVAL;
		return NULL;
	}
	pd = calloc(1, sizeof(*pd));
	if (!pd)
		return NULL;

	pd->real = to_hpd(attr->pd);
	if (pd->real->real)
		pd->real = pd->real->real;
	atomic_fetch_add(&pd->real->refs, 1);
	if (attr->td) {
		pd->td = container_of(attr->td, struct hinic_td, td);
		atomic_fetch_add(&pd->td->refs, 1);
	}
	if (attr->comp_mask & IBV_PARENT_DOMAIN_INIT_ATTR_ALLOCATORS) {
		pd->alloc = attr->alloc;
		pd->free = attr->free;
	}
	if (attr->comp_mask & IBV_PARENT_DOMAIN_INIT_ATTR_PD_CONTEXT)
		pd->pd_context = attr->pd_context;
	ibv_initialize_parent_domain(&pd->pd, &pd->real->pd);
	atomic_init(&pd->refs, 1);
	return &pd->pd;
}

struct hinic_pd *hinic_parent_get(struct ibv_pd *ibpd)
{
	struct hinic_pd *pd = ibpd ? to_hpd(ibpd) : NULL;

	if (!pd || !pd->real)
		return NULL;
	atomic_fetch_add(&pd->refs, 1);
	return pd;
}

void hinic_parent_put(struct hinic_pd *pd)
{
	if (pd)
		atomic_fetch_sub(&pd->refs, 1);
}

int hinic_buf_alloc(struct hinic_buf *buf, struct hinic_pd *pd, enum hinic_buf_kind kind,
		    size_t len)
{
	void *addr;
	int ret;

	memset(buf, 0, sizeof(*buf));
	buf->kind = kind;
	buf->len = (len + PAGE - 1) & ~(size_t)(PAGE - 1);

	if (pd && pd->alloc) {
		addr = pd->alloc(&pd->pd, pd->pd_context, buf->len, PAGE, kind);
		if (!addr)
			return ENOMEM;
		if (addr != IBV_ALLOCATOR_USE_DEFAULT) {
			memset(addr, 0, buf->len);
			buf->addr = addr;
			buf->owner = pd;
			return 0;
		}
	}

	addr = mmap(NULL, buf->len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (addr == MAP_FAILED)
		return errno;
	ret = ibv_dontfork_range(addr, buf->len);
	if (ret) {
		munmap(addr, buf->len);
		return ret;
	}
	buf->addr = addr;
	return 0;
}

void hinic_buf_free(struct hinic_buf *buf)
{
	if (!buf->addr)
		return;
	if (buf->owner) {
		buf->owner->free(&buf->owner->pd, buf->owner->pd_context, buf->addr, buf->kind);
	} else {
		ibv_dofork_range(buf->addr, buf->len);
		munmap(buf->addr, buf->len);
	}
	buf->addr = NULL;
}
