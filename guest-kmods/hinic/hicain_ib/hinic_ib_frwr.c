// SPDX-License-Identifier: GPL-2.0
/* Keys that work requests give a meaning: fast registration, memory windows. */
#include <linux/dma-mapping.h>
#include <linux/slab.h>

#include "hinic_ib.h"

/* alloc_mr */
struct ib_mr *hinic_ib_alloc_mr(struct ib_pd *ibpd, enum ib_mr_type type, u32 max_pages)
{
	struct hinic_ib_dev *hdev = hinic_ib_dev_of(ibpd->device);
	struct hinic_inl_alloc_key inl = {
		.pdn = cpu_to_le32(hinic_ib_pd_of(ibpd)->pdn),
		.n = cpu_to_le32(max_pages),
	};
	struct hinic_ib_mr *mr;
	u32 key;
	int err = -ENOMEM;

	if (type != IB_MR_TYPE_MEM_REG || !hinic_ib_can(hdev, HINIC_CAP_FRWR))
		return ERR_PTR(-EOPNOTSUPP);
	if (!max_pages || max_pages > HINIC_IB_FRWR_PAGES)
		return ERR_PTR(-EINVAL);
	mr = kzalloc(sizeof(*mr), GFP_KERNEL);
	if (!mr)
		return ERR_PTR(-ENOMEM);
	BUILD_BUG_ON(HINIC_IB_FRWR_PAGES * sizeof(*mr->pages) > HINIC_PAGE_SIZE);
	mr->pages = dma_alloc_coherent(&hdev->rdma->pdev->dev, HINIC_PAGE_SIZE, &mr->pages_dma,
				       GFP_KERNEL);
	if (!mr->pages)
		goto err_mr;
	err = hinic_ib_cmd_inline(hdev, HINIC_AQ_ALLOC_MR, 0, &inl, sizeof(inl), &key);
	if (err)
		goto err_pages;
	mr->max_pages = max_pages;
	mr->ibmr.lkey = key;
	mr->ibmr.rkey = key;
	return &mr->ibmr;

err_pages:
	dma_free_coherent(&hdev->rdma->pdev->dev, HINIC_PAGE_SIZE, mr->pages, mr->pages_dma);
err_mr:
	kfree(mr);
	return ERR_PTR(err);
}

static int hinic_ib_set_page(struct ib_mr *ibmr, u64 addr)
{
	struct hinic_ib_mr *mr = hinic_ib_mr_of(ibmr);

	if (mr->n_pages == mr->max_pages)
		return -ENOMEM;
	mr->pages[mr->n_pages++] = cpu_to_le64(addr);
	return 0;
}

/* map_mr_sg: the pages the next registration request will name */
int hinic_ib_map_mr_sg(struct ib_mr *ibmr, struct scatterlist *sg, int n, unsigned int *offset)
{
	hinic_ib_mr_of(ibmr)->n_pages = 0;
	return ib_sg_to_pages(ibmr, sg, n, offset, hinic_ib_set_page);
}

/* alloc_mw: the provider binds it with a request */
int hinic_ib_alloc_mw(struct ib_mw *ibmw, struct ib_udata *udata)
{
	struct hinic_ib_dev *hdev = hinic_ib_dev_of(ibmw->device);
	struct hinic_inl_alloc_key inl = {
		.pdn = cpu_to_le32(hinic_ib_pd_of(ibmw->pd)->pdn),
		.n = cpu_to_le32(ibmw->type == IB_MW_TYPE_1 ? 1 : 2),
	};

	if (!hinic_ib_can(hdev, HINIC_CAP_MW))
		return -EOPNOTSUPP;
	return hinic_ib_cmd_inline(hdev, HINIC_AQ_ALLOC_MW, 0, &inl, sizeof(inl), &ibmw->rkey);
}

/* dealloc_mw */
int hinic_ib_dealloc_mw(struct ib_mw *ibmw)
{
	hinic_ib_cmd_id(hinic_ib_dev_of(ibmw->device), HINIC_AQ_DEALLOC_MW, ibmw->rkey);
	return 0;
}
