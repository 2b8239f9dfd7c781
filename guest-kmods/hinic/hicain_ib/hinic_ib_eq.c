// SPDX-License-Identifier: GPL-2.0
/* Completion event queues: one per vector, each with its interrupt. */
#include <linux/cpumask.h>
#include <linux/dma-mapping.h>
#include <linux/interrupt.h>
#include <linux/slab.h>

#include "hinic_ib.h"

#define EQ_BYTES (HINIC_IB_EQ_DEPTH * sizeof(struct hinic_eqe))

static void hinic_ib_eq_arm(struct hinic_ib_eq *eq)
{
	hinic_ib_ring(eq->hdev, HINIC_DB_EQ,
		      HINIC_DB_VAL(eq->eqn, eq->ci & 0xffffff) | HINIC_DB_ARM);
}

static void hinic_ib_eq_completion(struct hinic_ib_dev *hdev, u32 cqn)
{
	struct hinic_ib_cq *cq = xa_load(&hdev->cqs, cqn);

	if (!cq)
		return; /* destroyed meanwhile */
	WRITE_ONCE(cq->arm_sn, cq->arm_sn + 1);
	if (cq->ibcq.comp_handler)
		cq->ibcq.comp_handler(&cq->ibcq, cq->ibcq.cq_context);
}

static irqreturn_t hinic_ib_eq_irq(int irq, void *data)
{
	struct hinic_ib_eq *eq = data;
	u32 first = eq->ci;

	while (eq->ci - first < HINIC_IB_EQ_DEPTH) {
		const struct hinic_eqe *eqe = &eq->ring[eq->ci & (HINIC_IB_EQ_DEPTH - 1)];

		if ((READ_ONCE(eqe->own) & 1) != (((eq->ci >> HINIC_IB_EQ_LOG) & 1) ^ 1))
			break;
		/*
		 * Pairs with the device, which writes the phase together with or after the event.
		 */
		dma_rmb();
		eq->ci++;
		if (eqe->type == HINIC_EQE_COMPLETION)
			hinic_ib_eq_completion(eq->hdev, le32_to_cpu(eqe->id));
	}
	/* One interrupt per arm: if nothing was read, the last arm still stands. */
	if (eq->ci != first)
		hinic_ib_eq_arm(eq);
	return IRQ_HANDLED;
}

static int hinic_ib_eq_start(struct hinic_ib_dev *hdev, struct hinic_ib_eq *eq, unsigned int i)
{
	struct hinic_mb_create_eq in = {
		.log_depth = HINIC_IB_EQ_LOG,
		.vector = (u8)hinic_rdma_vector(i),
		.pbl = { .log_pgsz = ilog2(EQ_BYTES), .n = cpu_to_le32(1) },
	};
	u32 eqn;
	int err;

	eq->hdev = hdev;
	/* Coherent memory is aligned to its size: the ring is one page for the device. */
	eq->ring = dma_alloc_coherent(&hdev->rdma->pdev->dev, EQ_BYTES, &eq->dma, GFP_KERNEL);
	if (!eq->ring)
		return -ENOMEM;
	in.pbl.root[0] = cpu_to_le64(eq->dma);
	err = hinic_ib_cmd_object(hdev, HINIC_AQ_CREATE_EQ, &in, sizeof(in), &eqn);
	if (err)
		goto err_free;
	eq->eqn = (u8)eqn;
	eq->irq = hinic_rdma_irq(hdev->rdma, i);
	snprintf(eq->name, sizeof(eq->name), "%s-%s-%u", HINIC_IB_NAME, pci_name(hdev->rdma->pdev),
		 i);
	err = request_irq(eq->irq, hinic_ib_eq_irq, 0, eq->name, eq);
	if (err)
		goto err_destroy;
	irq_set_affinity_and_hint(eq->irq, cpumask_of(cpumask_local_spread(i, NUMA_NO_NODE)));
	hinic_ib_eq_arm(eq);
	return 0;

err_destroy:
	hinic_ib_cmd_id(hdev, HINIC_AQ_DESTROY_EQ, eq->eqn);
err_free:
	dma_free_coherent(&hdev->rdma->pdev->dev, EQ_BYTES, eq->ring, eq->dma);
	return err;
}

static void hinic_ib_eq_stop(struct hinic_ib_eq *eq)
{
	struct hinic_ib_dev *hdev = eq->hdev;

	/* An error leaves a device that is reset: it has no event queue any more. */
	hinic_ib_cmd_id(hdev, HINIC_AQ_DESTROY_EQ, eq->eqn);
	irq_set_affinity_and_hint(eq->irq, NULL);
	free_irq(eq->irq, eq);
	dma_free_coherent(&hdev->rdma->pdev->dev, EQ_BYTES, eq->ring, eq->dma);
}

/**
 * hinic_ib_eqs_start() - make an event queue for each completion vector
 * @hdev: device
 *
 * Return: 0 or a negative errno, with nothing left behind.
 */
int hinic_ib_eqs_start(struct hinic_ib_dev *hdev)
{
	u16 n = min_t(u16, hdev->rdma->n_vectors, le16_to_cpu(hdev->limits->n_eq));
	int err = -ENODEV;

	if (!n)
		return -ENODEV;
	hdev->eq = kcalloc(n, sizeof(*hdev->eq), GFP_KERNEL);
	if (!hdev->eq)
		return -ENOMEM;
	for (hdev->n_eqs = 0; hdev->n_eqs < n; hdev->n_eqs++) {
		err = hinic_ib_eq_start(hdev, &hdev->eq[hdev->n_eqs], hdev->n_eqs);
		if (err) {
			hinic_ib_eqs_stop(hdev);
			return err;
		}
	}
	return 0;
}

/**
 * hinic_ib_eqs_stop() - destroy the event queues
 * @hdev: device with no completion queue
 */
void hinic_ib_eqs_stop(struct hinic_ib_dev *hdev)
{
	while (hdev->n_eqs)
		hinic_ib_eq_stop(&hdev->eq[--hdev->n_eqs]);
	kfree(hdev->eq);
	hdev->eq = NULL;
}
