// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// From the number in a completion to the QP. Reading takes no lock.
#include <errno.h>
#include <stdlib.h>

#include "hinic.h"

int hinic_qp_store(struct hinic_context *ctx, struct hinic_qp *qp)
{
	uint32_t qpn = qp->vqp.qp.qp_num & 0xffffff, hi = qpn >> HINIC_QP_TABLE_SHIFT;
	_Atomic(struct hinic_qp *) *low;
	int ret = 0;

	pthread_mutex_lock(&ctx->qp_mutex);
	low = atomic_load_explicit(&ctx->qp[hi], memory_order_relaxed);
	if (!low) {
		low = calloc(HINIC_QP_TABLE_SIZE, sizeof(*low));
		if (!low) {
			ret = ENOMEM;
			goto out;
		}
		/* Pollers may find the table at once; it stays until the context goes. */
		atomic_store_explicit(&ctx->qp[hi], low, memory_order_release);
	}
	atomic_store_explicit(&low[qpn & (HINIC_QP_TABLE_SIZE - 1)], qp, memory_order_release);
out:
	pthread_mutex_unlock(&ctx->qp_mutex);
	return ret;
}

void hinic_qp_remove(struct hinic_context *ctx, struct hinic_qp *qp)
{
	uint32_t qpn = qp->vqp.qp.qp_num & 0xffffff;
	_Atomic(struct hinic_qp *) *low;
	struct hinic_qp *own = qp;

	low = atomic_load_explicit(&ctx->qp[qpn >> HINIC_QP_TABLE_SHIFT], memory_order_acquire);
	/* The kernel may have given the number to a new QP already. */
	if (low)
		atomic_compare_exchange_strong(&low[qpn & (HINIC_QP_TABLE_SIZE - 1)], &own, NULL);
}

struct hinic_qp *hinic_qp_find(struct hinic_context *ctx, uint32_t qpn)
{
	_Atomic(struct hinic_qp *) *low;

	low = atomic_load_explicit(&ctx->qp[qpn >> HINIC_QP_TABLE_SHIFT], memory_order_acquire);
	return low ? atomic_load_explicit(&low[qpn & (HINIC_QP_TABLE_SIZE - 1)],
					  memory_order_acquire)
		   : NULL;
}

void hinic_qp_table_free(struct hinic_context *ctx)
{
	for (uint32_t i = 0; i < HINIC_QP_TABLE_SIZE; i++)
		free((void *)atomic_load_explicit(&ctx->qp[i], memory_order_relaxed));
}
