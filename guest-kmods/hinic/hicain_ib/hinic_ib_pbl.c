// SPDX-License-Identifier: GPL-2.0
/* Page lists, and the memory of queues they describe. */
#include <linux/dma-mapping.h>
#include <linux/log2.h>
#include <linux/slab.h>
#if __has_include(<rdma/iter.h>)
#include <rdma/iter.h>
#endif

#include "hinic_ib.h"

#define ENTRIES (HINIC_PAGE_SIZE / sizeof(__le64)) /* of one table */

/**
 * hinic_ib_pbl_free() - free the tables of a page list
 * @hdev: device, which makes no access to them any more
 * @pbl: page list, may be empty
 */
void hinic_ib_pbl_free(struct hinic_ib_dev *hdev, struct hinic_ib_pbl *pbl)
{
	u32 i;

	for (i = 0; i < pbl->n_tables; i++)
		dma_free_coherent(&hdev->rdma->pdev->dev, HINIC_PAGE_SIZE, pbl->table[i].entry,
				  pbl->table[i].dma);
	kvfree(pbl->table);
	memset(pbl, 0, sizeof(*pbl));
}

/* Makes room for n pages of 2^log_pgsz bytes: the tables exist and upper ones name lower ones. */
static int hinic_ib_pbl_alloc(struct hinic_ib_dev *hdev, struct hinic_ib_pbl *pbl, u32 n,
			      u8 log_pgsz)
{
	u32 level_n = n, n_tables = 0, below, i;
	u8 levels = 0;

	memset(pbl, 0, sizeof(*pbl));
	pbl->hw.log_pgsz = log_pgsz;
	pbl->hw.n = cpu_to_le32(n);
	if (n <= ARRAY_SIZE(pbl->hw.root))
		return 0;
	do {
		level_n = DIV_ROUND_UP(level_n, ENTRIES);
		n_tables += level_n;
		levels++;
	} while (level_n > 1);
	if (levels > 3)
		return -EINVAL;

	pbl->table = kvcalloc(n_tables, sizeof(*pbl->table), GFP_KERNEL);
	if (!pbl->table)
		return -ENOMEM;
	for (i = 0; i < n_tables; i++) {
		pbl->table[i].entry = dma_alloc_coherent(&hdev->rdma->pdev->dev, HINIC_PAGE_SIZE,
							 &pbl->table[i].dma, GFP_KERNEL);
		if (!pbl->table[i].entry) {
			hinic_ib_pbl_free(hdev, pbl);
			return -ENOMEM;
		}
		pbl->n_tables++;
	}
	/* Leaves come first, then the tables that name them, and so on; the root comes last. */
	below = 0;
	i = DIV_ROUND_UP(n, ENTRIES);
	for (level_n = i; level_n > 1; level_n = DIV_ROUND_UP(level_n, ENTRIES)) {
		u32 k;

		for (k = 0; k < level_n; k++)
			pbl->table[i + k / ENTRIES].entry[k % ENTRIES] = cpu_to_le64(
				pbl->table[below + k].dma);
		below = i;
		i += DIV_ROUND_UP(level_n, ENTRIES);
	}
	pbl->hw.levels = levels;
	pbl->hw.root[0] = cpu_to_le64(pbl->table[n_tables - 1].dma);
	return 0;
}

static void hinic_ib_pbl_set(struct hinic_ib_pbl *pbl, u32 i, u64 addr)
{
	if (pbl->table)
		pbl->table[i / ENTRIES].entry[i % ENTRIES] = cpu_to_le64(addr);
	else
		pbl->hw.root[i] = cpu_to_le64(addr);
}

/**
 * hinic_ib_pbl_umem() - page list of mapped user memory
 * @hdev: device
 * @pbl: filled in
 * @umem: memory, with the iova that ib_umem_find_best_pgsz() has given it
 * @pgsz: what that function returned
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int hinic_ib_pbl_umem(struct hinic_ib_dev *hdev, struct hinic_ib_pbl *pbl, struct ib_umem *umem,
		      unsigned long pgsz)
{
	size_t n = ib_umem_num_dma_blocks(umem, pgsz);
	struct ib_block_iter iter;
	u32 i = 0;
	int err;

	if (n > U32_MAX)
		return -EINVAL;
	err = hinic_ib_pbl_alloc(hdev, pbl, (u32)n, (u8)ilog2(pgsz));
	if (err)
		return err;
	rdma_umem_for_each_dma_block(umem, &iter, pgsz)
		hinic_ib_pbl_set(pbl, i++, rdma_block_iter_dma_address(&iter));
	return 0;
}

/**
 * hinic_ib_pbl_identity() - page list of all memory, bus address = offset
 * @hdev: device
 * @pbl: filled in
 * @len_bytes: receives how far it reaches
 *
 * Return: 0 or -ENOMEM.
 */
int hinic_ib_pbl_identity(struct hinic_ib_dev *hdev, struct hinic_ib_pbl *pbl, u64 *len_bytes)
{
	u32 i;
	int err;

	err = hinic_ib_pbl_alloc(hdev, pbl, ENTRIES, ilog2(SZ_1G));
	if (err)
		return err;
	for (i = 0; i < ENTRIES; i++)
		hinic_ib_pbl_set(pbl, i, (u64)i * SZ_1G);
	*len_bytes = (u64)ENTRIES * SZ_1G;
	return 0;
}

/**
 * hinic_ib_mem_alloc() - zeroed memory for a queue of the kernel
 * @hdev: device
 * @mem: filled in
 * @len: bytes
 *
 * Return: 0 or -ENOMEM.
 */
int hinic_ib_mem_alloc(struct hinic_ib_dev *hdev, struct hinic_ib_mem *mem, size_t len)
{
	memset(mem, 0, sizeof(*mem));
	/* Coherent memory is aligned to its size rounded up to a power of two: it is one page. */
	mem->len_bytes = max_t(size_t, roundup_pow_of_two(len), HINIC_PAGE_SIZE);
	mem->va = dma_alloc_coherent(&hdev->rdma->pdev->dev, mem->len_bytes, &mem->dma, GFP_KERNEL);
	if (!mem->va)
		return -ENOMEM;
	mem->pbl.hw.log_pgsz = (u8)ilog2(mem->len_bytes);
	mem->pbl.hw.n = cpu_to_le32(1);
	mem->pbl.hw.root[0] = cpu_to_le64(mem->dma);
	return 0;
}

/**
 * hinic_ib_mem_get() - pin and map the memory a process gives for a queue
 * @hdev: device
 * @mem: filled in
 * @addr: its address in the calling process, on a page boundary
 * @len: bytes
 *
 * Return: 0 or a negative errno.
 */
int hinic_ib_mem_get(struct hinic_ib_dev *hdev, struct hinic_ib_mem *mem, u64 addr, u32 len)
{
	unsigned long pgsz;
	int err;

	memset(mem, 0, sizeof(*mem));
	if (!len || !PAGE_ALIGNED(addr))
		return -EINVAL;
	mem->umem = ib_umem_get(&hdev->ibdev, addr, len, IB_ACCESS_LOCAL_WRITE);
	if (IS_ERR(mem->umem)) {
		err = PTR_ERR(mem->umem);
		mem->umem = NULL;
		return err;
	}
	/* With iova 0 every page, also the first, is used from its beginning. */
	pgsz = ib_umem_find_best_pgsz(mem->umem, le64_to_cpu(hdev->limits->page_caps), 0);
	err = pgsz ? hinic_ib_pbl_umem(hdev, &mem->pbl, mem->umem, pgsz) : -EINVAL;
	if (err) {
		ib_umem_release(mem->umem);
		mem->umem = NULL;
	}
	mem->len_bytes = len;
	return err;
}

/**
 * hinic_ib_mem_free() - free or unpin a queue's memory
 * @hdev: device, which makes no access to it any more
 * @mem: memory, may be empty
 */
void hinic_ib_mem_free(struct hinic_ib_dev *hdev, struct hinic_ib_mem *mem)
{
	if (mem->umem) {
		hinic_ib_pbl_free(hdev, &mem->pbl);
		ib_umem_release(mem->umem);
	} else if (mem->va) {
		dma_free_coherent(&hdev->rdma->pdev->dev, mem->len_bytes, mem->va, mem->dma);
	}
	memset(mem, 0, sizeof(*mem));
}
