// SPDX-License-Identifier: GPL-2.0
/* What a process has: private data of commands, doorbell page, clock page, protection domains. */
#include <linux/slab.h>
#include <rdma/uverbs_ioctl.h>

#include "hinic_ib.h"

/**
 * hinic_ib_udata_in() - take the private part of a request
 * @udata: of the command
 * @req: filled in
 * @len: bytes of @req
 *
 * A longer part of a newer provider is taken if the bytes not known here are 0.
 *
 * Return: 0, -EINVAL or -EFAULT.
 */
int hinic_ib_udata_in(struct ib_udata *udata, void *req, size_t len)
{
	if (udata->inlen < len)
		return -EINVAL;
	if (udata->inlen > len && !ib_is_udata_cleared(udata, len, udata->inlen - len))
		return -EINVAL;
	return ib_copy_from_udata(req, udata, len);
}

/**
 * hinic_ib_udata_out() - give the private part of an answer
 * @udata: of the command
 * @resp: answer
 * @len: bytes of @resp
 *
 * Return: 0, -EINVAL if the provider has no room for it, or -EFAULT.
 */
int hinic_ib_udata_out(struct ib_udata *udata, void *resp, size_t len)
{
	if (udata->outlen < len)
		return -EINVAL;
	return ib_copy_to_udata(udata, resp, len);
}

/**
 * hinic_ib_udata_uar() - doorbell page of the calling process
 * @udata: of the command, NULL for the kernel
 *
 * Return: its number, 0 for the kernel.
 */
u32 hinic_ib_udata_uar(struct ib_udata *udata)
{
	struct hinic_ib_ucontext *uc = rdma_udata_to_drv_context(udata, struct hinic_ib_ucontext,
								 ibuc);

	return uc ? uc->uar : 0;
}

static struct hinic_ib_mmap *hinic_ib_mmap_add(struct ib_ucontext *ibuc, phys_addr_t addr,
					       bool is_clock, u64 *offset)
{
	struct hinic_ib_mmap *map = kzalloc(sizeof(*map), GFP_KERNEL);
	int err;

	if (!map)
		return ERR_PTR(-ENOMEM);
	map->addr = addr;
	map->is_clock = is_clock;
	/* Offset 0 is never given out: a provider that forgets to look gets an error. */
	err = rdma_user_mmap_entry_insert_range(ibuc, &map->entry, PAGE_SIZE, 1, U32_MAX);
	if (err) {
		kfree(map);
		return ERR_PTR(err);
	}
	*offset = rdma_user_mmap_get_offset(&map->entry);
	return map;
}

/* alloc_ucontext: a doorbell page of its own, and the clock page. */
int hinic_ib_alloc_ucontext(struct ib_ucontext *ibuc, struct ib_udata *udata)
{
	struct hinic_ib_dev *hdev = hinic_ib_dev_of(ibuc->device);
	struct hinic_ib_ucontext *uc = hinic_ib_ucontext_of(ibuc);
	struct hinic_ib_alloc_ucontext_resp resp = {};
	int err;

	err = hinic_ib_cmd_inline(hdev, HINIC_AQ_ALLOC_UAR, 0, NULL, 0, &uc->uar);
	if (err)
		return err;
	uc->uar_map = hinic_ib_mmap_add(ibuc, hdev->rdma->uar_base + (u64)uc->uar * HINIC_UAR_SIZE,
					false, &resp.uar_mmap_off);
	if (IS_ERR(uc->uar_map)) {
		err = PTR_ERR(uc->uar_map);
		goto err_uar;
	}
	uc->clock_map = hinic_ib_mmap_add(ibuc, hdev->rdma->clock_page, true, &resp.clock_mmap_off);
	if (IS_ERR(uc->clock_map)) {
		err = PTR_ERR(uc->clock_map);
		goto err_uar_map;
	}
	resp.uar_index = uc->uar;
	resp.max_inline = le16_to_cpu(hdev->limits->max_inline);
	resp.caps = hdev->rdma->caps;
	err = hinic_ib_udata_out(udata, &resp, sizeof(resp));
	if (err)
		goto err_clock_map;
	return 0;

err_clock_map:
	rdma_user_mmap_entry_remove(&uc->clock_map->entry);
err_uar_map:
	rdma_user_mmap_entry_remove(&uc->uar_map->entry);
err_uar:
	hinic_ib_cmd_id(hdev, HINIC_AQ_FREE_UAR, uc->uar);
	return err;
}

/* dealloc_ucontext: the core has destroyed every object of the process. */
void hinic_ib_dealloc_ucontext(struct ib_ucontext *ibuc)
{
	struct hinic_ib_ucontext *uc = hinic_ib_ucontext_of(ibuc);

	rdma_user_mmap_entry_remove(&uc->clock_map->entry);
	rdma_user_mmap_entry_remove(&uc->uar_map->entry);
	hinic_ib_cmd_id(hinic_ib_dev_of(ibuc->device), HINIC_AQ_FREE_UAR, uc->uar);
}

/* Its presence lets the device go while processes have it open; the core unmaps their pages. */
void hinic_ib_disassociate_ucontext(struct ib_ucontext *ibuc)
{
}

/* mmap of the command's file */
int hinic_ib_mmap(struct ib_ucontext *ibuc, struct vm_area_struct *vma)
{
	struct rdma_user_mmap_entry *entry = rdma_user_mmap_entry_get(ibuc, vma);
	struct hinic_ib_mmap *map;
	int err;

	if (!entry)
		return -EINVAL;
	map = container_of(entry, struct hinic_ib_mmap, entry);
	if (map->is_clock) {
		err = -EPERM;
		if (vma->vm_flags & (VM_WRITE | VM_EXEC))
			goto out;
		vm_flags_clear(vma, VM_MAYWRITE);
	}
	err = rdma_user_mmap_io(ibuc, vma, PHYS_PFN(map->addr), PAGE_SIZE,
				pgprot_noncached(vma->vm_page_prot), entry);
out:
	rdma_user_mmap_entry_put(entry);
	return err;
}

/* The last mapping is gone. */
void hinic_ib_mmap_free(struct rdma_user_mmap_entry *entry)
{
	kfree(container_of(entry, struct hinic_ib_mmap, entry));
}

/* alloc_pd */
int hinic_ib_alloc_pd(struct ib_pd *ibpd, struct ib_udata *udata)
{
	return hinic_ib_cmd_inline(hinic_ib_dev_of(ibpd->device), HINIC_AQ_ALLOC_PD, 0, NULL, 0,
				   &hinic_ib_pd_of(ibpd)->pdn);
}

/* dealloc_pd: never fails, the core counts the users. */
int hinic_ib_dealloc_pd(struct ib_pd *ibpd, struct ib_udata *udata)
{
	hinic_ib_cmd_id(hinic_ib_dev_of(ibpd->device), HINIC_AQ_FREE_PD, hinic_ib_pd_of(ibpd)->pdn);
	return 0;
}
