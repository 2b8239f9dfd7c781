// SPDX-License-Identifier: GPL-2.0
/* Asynchronous events: taken in the interrupt, given out in order by a work. */
#include "hinic_ib.h"

static void hinic_ib_qp_event(struct hinic_ib_dev *hdev, u32 qpn, enum ib_event_type type)
{
	struct hinic_ib_qp *qp = xa_load(&hdev->qps, qpn);
	struct ib_event ev = { .device = &hdev->ibdev, .event = type };

	if (!qp || !qp->ibqp.event_handler)
		return;
	ev.element.qp = &qp->ibqp;
	qp->ibqp.event_handler(&ev, qp->ibqp.qp_context);
}

static void hinic_ib_cq_event(struct hinic_ib_dev *hdev, u32 cqn)
{
	struct hinic_ib_cq *cq = xa_load(&hdev->cqs, cqn);
	struct ib_event ev = { .device = &hdev->ibdev, .event = IB_EVENT_CQ_ERR };

	if (!cq)
		return;
	ibdev_err(&hdev->ibdev, "CQ %u failed: overrun or bus error\n", cqn);
	if (!cq->ibcq.event_handler)
		return;
	ev.element.cq = &cq->ibcq;
	cq->ibcq.event_handler(&ev, cq->ibcq.cq_context);
}

static void hinic_ib_srq_event(struct hinic_ib_dev *hdev, u32 srqn)
{
	struct hinic_ib_srq *srq = xa_load(&hdev->srqs, srqn);
	struct ib_event ev = { .device = &hdev->ibdev, .event = IB_EVENT_SRQ_LIMIT_REACHED };

	if (!srq || !srq->ibsrq.event_handler)
		return;
	ev.element.srq = &srq->ibsrq;
	srq->ibsrq.event_handler(&ev, srq->ibsrq.srq_context);
}

static void hinic_ib_port_event(struct hinic_ib_dev *hdev, enum ib_event_type type)
{
	struct ib_event ev = { .device = &hdev->ibdev,
			       .event = type,
			       .element.port_num = HINIC_IB_PORT };

	ib_dispatch_event(&ev);
}

static void hinic_ib_fatal(struct hinic_ib_dev *hdev)
{
	if (xchg(&hdev->is_down, true))
		return;
	ibdev_err(&hdev->ibdev, "device failed: all its objects are lost\n");
	hinic_ib_port_event(hdev, IB_EVENT_DEVICE_FATAL);
}

static void hinic_ib_event_one(struct hinic_ib_dev *hdev, const struct hinic_eqe *eqe)
{
	u32 id = le32_to_cpu(eqe->id);

	switch (eqe->type) {
	case HINIC_EQE_PORT_CHANGE:
		hinic_ib_port_event(hdev, le32_to_cpu(eqe->data) ? IB_EVENT_PORT_ACTIVE
								 : IB_EVENT_PORT_ERR);
		break;
	case HINIC_EQE_QP_FATAL:
		hinic_ib_qp_event(hdev, id, IB_EVENT_QP_FATAL);
		break;
	case HINIC_EQE_QP_ACCESS:
		hinic_ib_qp_event(hdev, id, IB_EVENT_QP_ACCESS_ERR);
		break;
	case HINIC_EQE_QP_REQ_ERR:
		hinic_ib_qp_event(hdev, id, IB_EVENT_QP_REQ_ERR);
		break;
	case HINIC_EQE_SQ_DRAINED:
		hinic_ib_qp_event(hdev, id, IB_EVENT_SQ_DRAINED);
		break;
	case HINIC_EQE_COMM_EST:
		hinic_ib_qp_event(hdev, id, IB_EVENT_COMM_EST);
		break;
	case HINIC_EQE_LAST_WQE:
		hinic_ib_qp_event(hdev, id, IB_EVENT_QP_LAST_WQE_REACHED);
		break;
	case HINIC_EQE_CQ_ERR:
		hinic_ib_cq_event(hdev, id);
		break;
	case HINIC_EQE_SRQ_LIMIT:
		hinic_ib_srq_event(hdev, id);
		break;
	case HINIC_EQE_LID_CHANGE:
		hinic_ib_port_event(hdev, IB_EVENT_LID_CHANGE);
		break;
	case HINIC_EQE_PKEY_CHANGE:
		hinic_ib_port_event(hdev, IB_EVENT_PKEY_CHANGE);
		break;
	case HINIC_EQE_GID_CHANGE:
		hinic_ib_port_event(hdev, IB_EVENT_GID_CHANGE);
		break;
	case HINIC_EQE_SM_CHANGE:
		hinic_ib_port_event(hdev, IB_EVENT_SM_CHANGE);
		break;
	case HINIC_EQE_CLIENT_REREGISTER:
		hinic_ib_port_event(hdev, IB_EVENT_CLIENT_REREGISTER);
		break;
	case HINIC_EQE_DEVICE_FATAL:
		hinic_ib_fatal(hdev);
		break;
	default: /* Ethernet queues, virtual functions */
		break;
	}
}

/* The handlers of QPs may sleep. An object found here is not freed before this work is flushed. */
static void hinic_ib_event_work(struct work_struct *work)
{
	struct hinic_ib_dev *hdev = container_of(work, struct hinic_ib_dev, event_work);
	unsigned long lost = xchg(&hdev->events_lost, 0);
	struct hinic_eqe eqe;

	while (kfifo_get(&hdev->events, &eqe))
		hinic_ib_event_one(hdev, &eqe);
	if (lost)
		ibdev_err(&hdev->ibdev, "%lu events lost: more than %u at once\n", lost,
			  HINIC_IB_EVENTS);
}

/* Hard interrupt; calls do not overlap. */
static void hinic_ib_client_event(struct hinic_rdma_client *client, const struct hinic_eqe *eqe)
{
	struct hinic_ib_dev *hdev = container_of(client, struct hinic_ib_dev, client);

	if (!kfifo_put(&hdev->events, *eqe))
		WRITE_ONCE(hdev->events_lost, hdev->events_lost + 1);
	queue_work(system_unbound_wq, &hdev->event_work);
}

static void hinic_ib_client_down(struct hinic_rdma_client *client)
{
	struct hinic_ib_dev *hdev = container_of(client, struct hinic_ib_dev, client);

	hinic_ib_events_flush(hdev);
	hinic_ib_fatal(hdev);
}

/**
 * hinic_ib_events_init() - make ready for events
 * @hdev: device
 */
void hinic_ib_events_init(struct hinic_ib_dev *hdev)
{
	INIT_KFIFO(hdev->events);
	INIT_WORK(&hdev->event_work, hinic_ib_event_work);
	hdev->client.event = hinic_ib_client_event;
	hdev->client.down = hinic_ib_client_down;
}

/**
 * hinic_ib_events_flush() - wait until the events taken so far have been given out
 * @hdev: device
 *
 * An object that cannot be found by its number any more is not in use by events afterwards. May
 * sleep.
 */
void hinic_ib_events_flush(struct hinic_ib_dev *hdev)
{
	flush_work(&hdev->event_work);
}
