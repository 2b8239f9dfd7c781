// SPDX-License-Identifier: GPL-2.0
/* The admin queue: a ring of commands, a ring of answers and the callers that sleep in between. */
#include <linux/dma-mapping.h>

#include "hinic_net.h"

static const int hinic_net_aq_errno[] = {
	[HINIC_AQ_OK] = 0,
	[HINIC_AQ_BAD_OP] = -EOPNOTSUPP,
	[HINIC_AQ_BAD_PARAM] = -EINVAL,
	[HINIC_AQ_NO_RES] = -ENOMEM,
	[HINIC_AQ_BAD_STATE] = -EINVAL,
	[HINIC_AQ_BUSY] = -EBUSY,
	[HINIC_AQ_LIMIT] = -EINVAL,
	[HINIC_AQ_PERM] = -EPERM,
};

/**
 * hinic_net_aq_alloc() - allocate both rings
 * @hn: device
 *
 * Process context, once per device.
 *
 * Return: 0 or -ENOMEM.
 */
int hinic_net_aq_alloc(struct hinic_net *hn)
{
	struct hinic_net_adminq *aq = &hn->aq;
	unsigned int i;

	spin_lock_init(&aq->lock);
	sema_init(&aq->credits, HINIC_NET_AQ_DEPTH);
	for (i = 0; i < HINIC_NET_AQ_DEPTH; i++)
		init_completion(&aq->slot[i].done);

	/* Whole pages: the device wants 4 KiB alignment. */
	aq->sq = dma_alloc_coherent(&hn->pdev->dev, HINIC_PAGE_SIZE, &aq->sq_dma, GFP_KERNEL);
	if (!aq->sq)
		return -ENOMEM;
	aq->cq = dma_alloc_coherent(&hn->pdev->dev, HINIC_PAGE_SIZE, &aq->cq_dma, GFP_KERNEL);
	if (!aq->cq) {
		dma_free_coherent(&hn->pdev->dev, HINIC_PAGE_SIZE, aq->sq, aq->sq_dma);
		return -ENOMEM;
	}
	return 0;
}

/**
 * hinic_net_aq_free() - free both rings
 * @hn: device, reset, with no command pending
 */
void hinic_net_aq_free(struct hinic_net *hn)
{
	struct hinic_net_adminq *aq = &hn->aq;

	dma_free_coherent(&hn->pdev->dev, HINIC_PAGE_SIZE, aq->cq, aq->cq_dma);
	dma_free_coherent(&hn->pdev->dev, HINIC_PAGE_SIZE, aq->sq, aq->sq_dma);
}

/**
 * hinic_net_aq_reset() - empty the rings and write their place into the registers
 * @hn: device, reset and not enabled, with the interrupt of vector 0 quiet
 */
void hinic_net_aq_reset(struct hinic_net *hn)
{
	struct hinic_net_adminq *aq = &hn->aq;

	memset(aq->sq, 0, HINIC_PAGE_SIZE);
	memset(aq->cq, 0, HINIC_PAGE_SIZE);
	aq->pi = 0;
	aq->ci = 0;
	hinic_net_wr64(hn, HINIC_R_AQ_SQ_BASE, aq->sq_dma);
	hinic_net_wr64(hn, HINIC_R_AQ_CQ_BASE, aq->cq_dma);
	hinic_net_wr(hn, HINIC_R_AQ_DEPTH, HINIC_NET_AQ_LOG);
}

/**
 * hinic_net_aq_open() - accept commands
 * @hn: device, enabled
 */
void hinic_net_aq_open(struct hinic_net *hn)
{
	spin_lock_irq(&hn->aq.lock);
	hn->aq.is_up = true;
	spin_unlock_irq(&hn->aq.lock);
}

/**
 * hinic_net_aq_abort() - refuse new commands and end the pending ones with -EIO
 * @hn: device
 *
 * Any context. The caller resets the device before a pending caller frees its mailboxes, or knows
 * that it has stopped.
 */
void hinic_net_aq_abort(struct hinic_net *hn)
{
	struct hinic_net_adminq *aq = &hn->aq;
	unsigned long flags;
	unsigned int i;

	spin_lock_irqsave(&aq->lock, flags);
	aq->is_up = false;
	for (i = 0; i < HINIC_NET_AQ_DEPTH; i++) {
		struct hinic_net_cmd_slot *slot = &aq->slot[i];

		if (slot->is_pending) {
			slot->is_pending = false;
			slot->err = -EIO;
			complete(&slot->done);
		}
	}
	spin_unlock_irqrestore(&aq->lock, flags);
}

/**
 * hinic_net_aq_poll() - take the answers out of the ring and wake their callers
 * @hn: device
 *
 * Hard interrupt of vector 0.
 */
void hinic_net_aq_poll(struct hinic_net *hn)
{
	struct hinic_net_adminq *aq = &hn->aq;
	unsigned int n = 0;

	spin_lock(&aq->lock);
	while (aq->is_up && n < HINIC_NET_AQ_DEPTH) {
		struct hinic_aq_cqe *cqe = &aq->cq[aq->ci & (HINIC_NET_AQ_DEPTH - 1)];
		struct hinic_net_cmd_slot *slot;
		u16 cmd_id;

		if ((READ_ONCE(cqe->own) & 1) != (((aq->ci >> HINIC_NET_AQ_LOG) & 1) ^ 1))
			break;
		/*
		 * Pairs with the device, which writes the phase together with or after the answer.
		 */
		dma_rmb();
		aq->ci++;
		n++;
		cmd_id = le16_to_cpu(cqe->cmd_id);
		slot = &aq->slot[cmd_id & (HINIC_NET_AQ_DEPTH - 1)];
		if (!slot->is_pending || slot->cmd_id != cmd_id)
			continue; /* nobody waits for it */
		slot->is_pending = false;
		slot->err = 0;
		slot->status = cqe->status;
		memcpy(slot->out, cqe->out, sizeof(slot->out));
		complete(&slot->done);
	}
	if (n)
		hinic_net_wr(hn, HINIC_R_AQ_CQ_CI, aq->ci);
	spin_unlock(&aq->lock);
}

/* Puts a command into the ring. Returns its slot, or NULL when the device takes none. */
static struct hinic_net_cmd_slot *
hinic_net_aq_submit(struct hinic_net_adminq *aq, struct hinic_net *hn, struct hinic_aq_sqe *sqe)
{
	struct hinic_net_cmd_slot *slot = NULL;
	unsigned int i;

	spin_lock_irq(&aq->lock);
	if (!aq->is_up)
		goto out;
	for (i = 0; i < HINIC_NET_AQ_DEPTH; i++) {
		/*
		 * A generation of 0 in slot 0 would match a zeroed answer: generations start at 1.
		 */
		if (!aq->slot[i].cmd_id) {
			slot = &aq->slot[i];
			break;
		}
	}
	if (WARN_ON_ONCE(!slot)) /* a credit is a free slot */
		goto out;
	if (++aq->generation == 0)
		aq->generation = 1;
	slot->cmd_id = (u16)(i | aq->generation << 8);
	slot->is_pending = true;
	reinit_completion(&slot->done);
	sqe->cmd_id = cpu_to_le16(slot->cmd_id);
	aq->sq[aq->pi & (HINIC_NET_AQ_DEPTH - 1)] = *sqe;
	aq->pi++;
	/* writel() orders the entry before the doorbell; the device fetches the entry after it. */
	hinic_net_wr(hn, HINIC_R_AQ_DB, aq->pi);
out:
	spin_unlock_irq(&aq->lock);
	return slot;
}

/* Carries out one command. *status is the device's answer, HINIC_AQ_OK without one. */
static int hinic_net_aq_run(struct hinic_net *hn, struct hinic_aq_sqe *sqe, __le32 *out, u8 *status)
{
	struct hinic_net_adminq *aq = &hn->aq;
	struct hinic_net_cmd_slot *slot;
	int err = -EIO;

	*status = HINIC_AQ_OK;
	down(&aq->credits);
	slot = hinic_net_aq_submit(aq, hn, sqe);
	if (!slot)
		goto out;
	if (!wait_for_completion_timeout(&slot->done, HINIC_NET_CMD_TIMEOUT)) {
		bool is_late;

		spin_lock_irq(&aq->lock);
		is_late = slot->is_pending;
		slot->is_pending = false;
		spin_unlock_irq(&aq->lock);
		if (is_late) {
			dev_err(&hn->pdev->dev,
				"no answer to command 0x%02x, status 0x%x: resetting\n",
				sqe->opcode, hinic_net_rd(hn, HINIC_R_DEV_STATUS));
			hinic_net_device_reset(hn);
			hinic_net_request_recovery(hn);
			err = -ETIMEDOUT;
			goto out_slot;
		}
	}
	err = slot->err;
	if (err)
		goto out_slot;
	*status = slot->status;
	err = slot->status < ARRAY_SIZE(hinic_net_aq_errno) ? hinic_net_aq_errno[slot->status]
							    : -EIO;
	if (!err && out)
		memcpy(out, slot->out, sizeof(slot->out));
out_slot:
	spin_lock_irq(&aq->lock);
	slot->cmd_id = 0; /* the slot is free */
	spin_unlock_irq(&aq->lock);
out:
	up(&aq->credits);
	return err;
}

/**
 * hinic_net_aq_exec() - carry out one command
 * @hn: device
 * @sqe: the command without its cmd_id, which is filled in; belongs to the caller
 * @out: the three answer words, or NULL
 *
 * May sleep, up to 5 s of guest time. If the answer does not come, the device is reset on the spot
 * (so that it makes no further access to the caller's mailboxes) and recovery is requested.
 *
 * Return: 0, the errno of the device's status, -EIO if the device is down or went down, or
 * -ETIMEDOUT.
 */
int hinic_net_aq_exec(struct hinic_net *hn, struct hinic_aq_sqe *sqe, __le32 *out)
{
	u8 status;
	int err;

	err = hinic_net_aq_run(hn, sqe, out, &status);
	if (status != HINIC_AQ_OK)
		dev_warn(&hn->pdev->dev, "command 0x%02x refused with status %u\n", sqe->opcode,
			 status);
	return err;
}

/**
 * hinic_net_aq_try() - as hinic_net_aq_exec(), for commands that a user may cause to be refused
 * @hn: device
 * @sqe: the command without its cmd_id
 * @out: the three answer words, or NULL
 *
 * Return: as hinic_net_aq_exec().
 */
int hinic_net_aq_try(struct hinic_net *hn, struct hinic_aq_sqe *sqe, __le32 *out)
{
	u8 status;
	int err;

	err = hinic_net_aq_run(hn, sqe, out, &status);
	if (status != HINIC_AQ_OK)
		dev_dbg(&hn->pdev->dev, "command 0x%02x refused with status %u\n", sqe->opcode,
			status);
	return err;
}
