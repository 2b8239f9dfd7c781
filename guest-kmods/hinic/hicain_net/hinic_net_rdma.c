// SPDX-License-Identifier: GPL-2.0
/* The auxiliary device of the RDMA driver and the services behind it. */
#include <linux/dma-mapping.h>
#include <linux/idr.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "hinic_net.h"
#include "hinic_rdma.h"

static DEFINE_IDA(hinic_net_rdma_ids);

static void hinic_net_rdma_release(struct device *dev)
{
	struct hinic_rdma *rdma = hinic_rdma_of(to_auxiliary_dev(dev));

	ida_free(&hinic_net_rdma_ids, rdma->adev.id);
	kfree(rdma);
}

/**
 * hinic_net_rdma_add() - offer the device to the RDMA driver
 * @hn: device, live, with its netdev registered
 *
 * Does nothing if the device has no RDMA, or has been offered already. May sleep; not under RTNL:
 * the RDMA driver probes here and takes it. An error is logged; the netdev works without.
 */
void hinic_net_rdma_add(struct hinic_net *hn)
{
	struct hinic_rdma *rdma;
	int err = -ENOMEM;

	if (!(hn->caps & (HINIC_CAP_ROCEV2 | HINIC_CAP_IB)) || !hn->n_eqs)
		return;
	mutex_lock(&hn->rdma_mutex);
	if (hn->rdma)
		goto out;
	rdma = kzalloc(sizeof(*rdma), GFP_KERNEL);
	if (!rdma)
		goto err_log;
	rdma->hn = hn;
	rdma->pdev = hn->pdev;
	rdma->netdev = hn->netdev;
	rdma->regs = hn->regs;
	rdma->db = hn->db;
	rdma->uar_base = pci_resource_start(hn->pdev, HINIC_BAR_DB);
	rdma->clock_page = pci_resource_start(hn->pdev, HINIC_BAR_REGS) + HINIC_R_CLOCK_PAGE;
	rdma->caps = hn->caps;
	rdma->n_vectors = hn->n_eqs;
	rdma->limits = hn->limits;

	err = ida_alloc(&hinic_net_rdma_ids, GFP_KERNEL);
	if (err < 0)
		goto err_free;
	rdma->adev.id = (u32)err;
	rdma->adev.name = HINIC_RDMA_DEV_NAME;
	rdma->adev.dev.parent = &hn->pdev->dev;
	rdma->adev.dev.release = hinic_net_rdma_release;
	err = auxiliary_device_init(&rdma->adev);
	if (err)
		goto err_id;
	hn->rdma = rdma;
	err = auxiliary_device_add(&rdma->adev);
	if (err)
		goto err_uninit;
out:
	mutex_unlock(&hn->rdma_mutex);
	return;

err_uninit:
	hn->rdma = NULL;
	auxiliary_device_uninit(&rdma->adev); /* frees it through release */
	goto err_log;
err_id:
	ida_free(&hinic_net_rdma_ids, rdma->adev.id);
err_free:
	kfree(rdma);
err_log:
	mutex_unlock(&hn->rdma_mutex);
	netdev_err(hn->netdev, "no RDMA device (%d)\n", err);
}

/**
 * hinic_net_rdma_remove() - take the device from the RDMA driver
 * @hn: device
 * @is_down: the device has failed or will be reset, so the users shall hear of it
 *
 * Ends every use of the device by RDMA. May sleep; not under RTNL. Does nothing if it has not been
 * offered.
 */
void hinic_net_rdma_remove(struct hinic_net *hn, bool is_down)
{
	struct hinic_rdma_client *client;

	mutex_lock(&hn->rdma_mutex);
	if (hn->rdma) {
		/*
		 * Detach happens in remove(), which may run by itself: hold it off by the device's
		 * lock.
		 */
		device_lock(&hn->rdma->adev.dev);
		client = hn->rdma_client;
		if (is_down && client)
			client->down(client);
		device_unlock(&hn->rdma->adev.dev);
		auxiliary_device_delete(&hn->rdma->adev);
		auxiliary_device_uninit(&hn->rdma->adev);
		hn->rdma = NULL;
	}
	mutex_unlock(&hn->rdma_mutex);
}

/**
 * hinic_net_rdma_event() - pass an event on
 * @hn: device
 * @eqe: event
 *
 * Hard interrupt of vector 0.
 */
void hinic_net_rdma_event(struct hinic_net *hn, const struct hinic_eqe *eqe)
{
	spin_lock(&hn->rdma_lock);
	if (hn->rdma_client)
		hn->rdma_client->event(hn->rdma_client, eqe);
	spin_unlock(&hn->rdma_lock);
}

/**
 * hinic_rdma_attach() - start to receive calls
 * @rdma: device
 * @client: its functions; stays until hinic_rdma_detach()
 */
void hinic_rdma_attach(struct hinic_rdma *rdma, struct hinic_rdma_client *client)
{
	struct hinic_net *hn = rdma->hn;

	spin_lock_irq(&hn->rdma_lock);
	hn->rdma_client = client;
	spin_unlock_irq(&hn->rdma_lock);
}
EXPORT_SYMBOL_GPL(hinic_rdma_attach);

/**
 * hinic_rdma_detach() - receive no call any more
 * @rdma: device
 *
 * No event call is in progress when this returns. To be called from probe() and remove() only.
 */
void hinic_rdma_detach(struct hinic_rdma *rdma)
{
	hinic_rdma_attach(rdma, NULL);
}
EXPORT_SYMBOL_GPL(hinic_rdma_detach);

/**
 * hinic_rdma_vector() - number of a completion vector, as CREATE_EQ wants it
 * @i: below n_vectors
 *
 * Return: the vector.
 */
unsigned int hinic_rdma_vector(unsigned int i)
{
	return 1 + i; /* vector 0 is the admin queue's */
}
EXPORT_SYMBOL_GPL(hinic_rdma_vector);

/**
 * hinic_rdma_irq() - interrupt of a completion vector
 * @rdma: device
 * @i: below n_vectors
 *
 * Return: the number for request_irq().
 */
int hinic_rdma_irq(struct hinic_rdma *rdma, unsigned int i)
{
	return pci_irq_vector(rdma->pdev, hinic_rdma_vector(i));
}
EXPORT_SYMBOL_GPL(hinic_rdma_irq);

/**
 * hinic_rdma_exec() - carry out one admin command
 * @rdma: device
 * @cmd: the command; belongs to the caller
 *
 * May sleep, up to 5 s of guest time. When it returns, the device makes no access to anything the
 * command has given to it in vain, whatever the result: it has answered, or it has been reset.
 *
 * Return: 0, the errno of the device's status, -EIO if the device is down or went down, -ETIMEDOUT
 * or -ENOMEM.
 */
int hinic_rdma_exec(struct hinic_rdma *rdma, struct hinic_rdma_cmd *cmd)
{
	struct hinic_aq_sqe sqe = { .opcode = cmd->opcode, .port = cmd->port };
	struct device *dev = &rdma->pdev->dev;
	void *in = NULL, *out = NULL;
	dma_addr_t in_dma, out_dma;
	__le32 reply[3];
	int err = -ENOMEM;
	unsigned int i;

	if (WARN_ON_ONCE(cmd->inl_len > sizeof(sqe.inl) || cmd->in_len > HINIC_PAGE_SIZE ||
			 cmd->out_len > HINIC_PAGE_SIZE))
		return -EINVAL;
	if (cmd->inl_len)
		memcpy(sqe.inl, cmd->inl, cmd->inl_len);
	/* Coherent memory of a page is aligned to a page. */
	if (cmd->in) {
		in = dma_alloc_coherent(dev, HINIC_PAGE_SIZE, &in_dma, GFP_KERNEL);
		if (!in)
			return -ENOMEM;
		memcpy(in, cmd->in, cmd->in_len);
		sqe.flags = HINIC_AQ_F_IN;
		sqe.in_pa = cpu_to_le64(in_dma);
	}
	if (cmd->out) {
		out = dma_alloc_coherent(dev, HINIC_PAGE_SIZE, &out_dma, GFP_KERNEL);
		if (!out)
			goto free_in;
		sqe.out_pa = cpu_to_le64(out_dma);
	}
	err = hinic_net_aq_try(rdma->hn, &sqe, reply);
	if (!err) {
		if (out)
			memcpy(cmd->out, out, cmd->out_len);
		for (i = 0; i < ARRAY_SIZE(reply); i++)
			cmd->reply[i] = le32_to_cpu(reply[i]);
	}
	if (out)
		dma_free_coherent(dev, HINIC_PAGE_SIZE, out, out_dma);
free_in:
	if (in)
		dma_free_coherent(dev, HINIC_PAGE_SIZE, in, in_dma);
	return err;
}
EXPORT_SYMBOL_GPL(hinic_rdma_exec);
