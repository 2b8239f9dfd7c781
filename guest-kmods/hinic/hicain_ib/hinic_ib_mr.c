// SPDX-License-Identifier: GPL-2.0
/* Memory regions of processes, of device memory (dma-buf), and of all memory. */
#include <linux/dma-mapping.h>
#include <linux/slab.h>

#include "hinic_ib.h"

#define ACCESS_HW                                                                                  \
	(IB_ACCESS_LOCAL_WRITE | IB_ACCESS_REMOTE_WRITE | IB_ACCESS_REMOTE_READ |                  \
	 IB_ACCESS_REMOTE_ATOMIC | IB_ACCESS_MW_BIND | IB_ACCESS_FLUSH_GLOBAL |                    \
	 IB_ACCESS_FLUSH_PERSISTENT)
#define ACCESS_REMOTE (IB_ACCESS_REMOTE_WRITE | IB_ACCESS_REMOTE_READ | IB_ACCESS_REMOTE_ATOMIC)

/**
 * hinic_ib_access() - access rights as the device takes them
 * @access: IB_ACCESS_*; relaxed ordering and huge pages are no rights
 *
 * Return: HINIC_ACCESS_*.
 */
u32 hinic_ib_access(int access)
{
	return (u32)(access & ACCESS_HW);
}

static int hinic_ib_access_check(const struct hinic_ib_dev *hdev, int access)
{
	int flush = IB_ACCESS_FLUSH_GLOBAL | IB_ACCESS_FLUSH_PERSISTENT;

	if (access & (IB_ACCESS_ON_DEMAND | IB_ZERO_BASED))
		return -EOPNOTSUPP;
	if ((access & flush) && !hinic_ib_can(hdev, HINIC_CAP_FLUSH))
		return -EOPNOTSUPP;
	if ((access & IB_ACCESS_REMOTE_ATOMIC) && !hinic_ib_can(hdev, HINIC_CAP_ATOMIC))
		return -EOPNOTSUPP;
	return 0;
}

static u8 hinic_ib_key8(struct hinic_ib_dev *hdev)
{
	return (u8)atomic_inc_return(&hdev->next_key);
}

/* The region as it stands, for REG_MR and REREG_MR. */
static void hinic_ib_mr_fill(struct hinic_mb_reg_mr *in, const struct hinic_ib_mr *mr)
{
	memset(in, 0, sizeof(*in));
	in->pdn = cpu_to_le32(mr->pdn);
	in->access = cpu_to_le32(hinic_ib_access(mr->access));
	in->iova = cpu_to_le64(mr->iova);
	in->len = cpu_to_le64(mr->len_bytes);
	in->pbl = mr->pbl.hw;
	if (mr->umem && mr->umem->is_dmabuf)
		in->flags = HINIC_MR_PEER;
}

static int hinic_ib_mr_make(struct hinic_ib_dev *hdev, struct hinic_ib_mr *mr)
{
	struct hinic_mb_reg_mr in;
	u32 key;
	int err;

	hinic_ib_mr_fill(&in, mr);
	in.key8 = hinic_ib_key8(hdev);
	err = hinic_ib_cmd_object(hdev, HINIC_AQ_REG_MR, &in, sizeof(in), &key);
	if (err)
		return err;
	mr->ibmr.lkey = key;
	mr->ibmr.rkey = key;
	return 0;
}

static int hinic_ib_mr_pages(struct hinic_ib_dev *hdev, struct hinic_ib_pbl *pbl,
			     struct ib_umem *umem, u64 iova)
{
	unsigned long pgsz = ib_umem_find_best_pgsz(umem, le64_to_cpu(hdev->limits->page_caps),
						    iova);

	return pgsz ? hinic_ib_pbl_umem(hdev, pbl, umem, pgsz) : -EINVAL;
}

/* get_dma_mr: local rights need no region, remote ones get a region of all memory */
struct ib_mr *hinic_ib_get_dma_mr(struct ib_pd *ibpd, int access)
{
	struct hinic_ib_dev *hdev = hinic_ib_dev_of(ibpd->device);
	struct hinic_ib_mr *mr;
	int err;

	mr = kzalloc(sizeof(*mr), GFP_KERNEL);
	if (!mr)
		return ERR_PTR(-ENOMEM);
	if (!(access & ACCESS_REMOTE)) {
		mr->ibmr.lkey = hdev->ibdev.local_dma_lkey;
		return &mr->ibmr;
	}
	mr->pdn = hinic_ib_pd_of(ibpd)->pdn;
	mr->access = access;
	err = hinic_ib_pbl_identity(hdev, &mr->pbl, &mr->len_bytes);
	if (err)
		goto err_mr;
	err = hinic_ib_mr_make(hdev, mr);
	if (err)
		goto err_pbl;
	return &mr->ibmr;

err_pbl:
	hinic_ib_pbl_free(hdev, &mr->pbl);
err_mr:
	kfree(mr);
	return ERR_PTR(err);
}

/* Makes a region of mapped memory; takes umem over, also on failure. */
static struct ib_mr *hinic_ib_mr_of_umem(struct ib_pd *ibpd, struct ib_umem *umem, u64 len,
					 u64 iova, int access)
{
	struct hinic_ib_dev *hdev = hinic_ib_dev_of(ibpd->device);
	struct hinic_ib_mr *mr;
	int err = -ENOMEM;

	mr = kzalloc(sizeof(*mr), GFP_KERNEL);
	if (!mr)
		goto err_umem;
	mr->umem = umem;
	mr->pdn = hinic_ib_pd_of(ibpd)->pdn;
	mr->access = access;
	mr->iova = iova;
	mr->len_bytes = len;
	err = hinic_ib_mr_pages(hdev, &mr->pbl, umem, iova);
	if (err)
		goto err_mr;
	err = hinic_ib_mr_make(hdev, mr);
	if (err)
		goto err_pbl;
	return &mr->ibmr;

err_pbl:
	hinic_ib_pbl_free(hdev, &mr->pbl);
err_mr:
	kfree(mr);
err_umem:
	ib_umem_release(umem);
	return ERR_PTR(err);
}

/* reg_user_mr */
struct ib_mr *hinic_ib_reg_user_mr(struct ib_pd *ibpd, u64 start, u64 len, u64 iova, int access,
				   struct ib_udata *udata)
{
	struct ib_umem *umem;
	int err;

	err = hinic_ib_access_check(hinic_ib_dev_of(ibpd->device), access);
	if (err)
		return ERR_PTR(err);
	umem = ib_umem_get(ibpd->device, start, len, access);
	if (IS_ERR(umem))
		return ERR_CAST(umem);
	return hinic_ib_mr_of_umem(ibpd, umem, len, iova, access);
}

/* reg_user_mr_dmabuf: the exporter keeps the memory in place until the region is gone */
struct ib_mr *hinic_ib_reg_user_mr_dmabuf(struct ib_pd *ibpd, u64 offset, u64 len, u64 iova, int fd,
					  int access, struct uverbs_attr_bundle *attrs)
{
	struct hinic_ib_dev *hdev = hinic_ib_dev_of(ibpd->device);
	struct ib_umem_dmabuf *buf;
	int err;

	if (!hinic_ib_can(hdev, HINIC_CAP_DMABUF))
		return ERR_PTR(-EOPNOTSUPP);
	err = hinic_ib_access_check(hdev, access);
	if (err)
		return ERR_PTR(err);
	buf = ib_umem_dmabuf_get_pinned(ibpd->device, offset, len, fd, access);
	if (IS_ERR(buf))
		return ERR_CAST(buf);
	return hinic_ib_mr_of_umem(ibpd, &buf->umem, len, iova, access);
}

/* Other pages for a region. */
static int hinic_ib_mr_repin(struct hinic_ib_dev *hdev, struct hinic_ib_mr *next, u64 start)
{
	int err;

	next->umem = ib_umem_get(&hdev->ibdev, start, next->len_bytes, next->access);
	if (IS_ERR(next->umem))
		return PTR_ERR(next->umem);
	err = hinic_ib_mr_pages(hdev, &next->pbl, next->umem, next->iova);
	if (err)
		ib_umem_release(next->umem);
	return err;
}

/* rereg_user_mr: in place; after an error the region is as before */
struct ib_mr *hinic_ib_rereg_user_mr(struct ib_mr *ibmr, int flags, u64 start, u64 len, u64 iova,
				     int access, struct ib_pd *ibpd, struct ib_udata *udata)
{
	struct hinic_ib_dev *hdev = hinic_ib_dev_of(ibmr->device);
	struct hinic_ib_mr *mr = hinic_ib_mr_of(ibmr), next = *mr;
	bool has_new_pages = flags & IB_MR_REREG_TRANS;
	struct hinic_mb_reg_mr in;
	int err;

	if (flags & ~IB_MR_REREG_SUPPORTED)
		return ERR_PTR(-EOPNOTSUPP);
	if (!mr->umem || mr->umem->is_dmabuf)
		return ERR_PTR(-EOPNOTSUPP);
	if (flags & IB_MR_REREG_ACCESS) {
		err = hinic_ib_access_check(hdev, access);
		if (err)
			return ERR_PTR(err);
		next.access = access;
		/* Pages pinned for reading are pinned anew. */
		if (!has_new_pages && ib_access_writable(access) && !mr->umem->writable) {
			has_new_pages = true;
			start = mr->umem->address;
		}
	}
	if (flags & IB_MR_REREG_PD)
		next.pdn = hinic_ib_pd_of(ibpd)->pdn;
	if (flags & IB_MR_REREG_TRANS) {
		next.iova = iova;
		next.len_bytes = len;
	}
	if (has_new_pages) {
		err = hinic_ib_mr_repin(hdev, &next, start);
		if (err)
			return ERR_PTR(err);
	}
	hinic_ib_mr_fill(&in, &next);
	in.key = cpu_to_le32(ibmr->lkey);
	in.key8 = (u8)ibmr->lkey; /* the key stays */
	err = hinic_ib_cmd_object(hdev, HINIC_AQ_REREG_MR, &in, sizeof(in), NULL);
	if (has_new_pages) {
		struct hinic_ib_mr *old = err ? &next : mr;

		hinic_ib_pbl_free(hdev, &old->pbl);
		ib_umem_release(old->umem);
	}
	if (err)
		return ERR_PTR(err);
	mr->umem = next.umem;
	mr->pbl = next.pbl;
	mr->pdn = next.pdn;
	mr->access = next.access;
	mr->iova = next.iova;
	mr->len_bytes = next.len_bytes;
	return NULL;
}

/* dereg_mr: refused while memory windows are bound to it */
int hinic_ib_dereg_mr(struct ib_mr *ibmr, struct ib_udata *udata)
{
	struct hinic_ib_dev *hdev = hinic_ib_dev_of(ibmr->device);
	struct hinic_ib_mr *mr = hinic_ib_mr_of(ibmr);

	if (ibmr->lkey != hdev->ibdev.local_dma_lkey &&
	    hinic_ib_cmd_id(hdev, HINIC_AQ_DEREG_MR, ibmr->lkey) == -EBUSY)
		return -EBUSY;
	hinic_ib_pbl_free(hdev, &mr->pbl);
	if (mr->umem)
		ib_umem_release(mr->umem);
	if (mr->pages)
		dma_free_coherent(&hdev->rdma->pdev->dev, HINIC_PAGE_SIZE, mr->pages,
				  mr->pages_dma);
	kfree(mr);
	return 0;
}
