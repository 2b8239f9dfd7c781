// SPDX-License-Identifier: GPL-2.0
/* Counters of the port, in hw_counters/ and `rdma statistic`. */
#include <linux/slab.h>

#include "hinic_ib.h"

/* Names where other drivers have the same counter are theirs, so that exporters know them. */
#define STAT(index, string)	       [HINIC_CNT_##index] = { .name = string }
#define STAT_PRIO(index, string, prio) [HINIC_CNT_##index + (prio)] = { .name = string #prio }
#define STAT_PRIOS(index, string)                                                                  \
	STAT_PRIO(index, string, 0), STAT_PRIO(index, string, 1), STAT_PRIO(index, string, 2),     \
		STAT_PRIO(index, string, 3), STAT_PRIO(index, string, 4),                          \
		STAT_PRIO(index, string, 5), STAT_PRIO(index, string, 6),                          \
		STAT_PRIO(index, string, 7)

static const struct rdma_stat_desc hinic_ib_stats[] = {
	STAT(RX_WRITE_REQUESTS, "rx_write_requests"),
	STAT(RX_READ_REQUESTS, "rx_read_requests"),
	STAT(RX_ATOMIC_REQUESTS, "rx_atomic_requests"),
	STAT(OUT_OF_BUFFER, "out_of_buffer"),
	STAT(OUT_OF_SEQUENCE, "out_of_sequence"),
	STAT(DUPLICATE_REQUEST, "duplicate_request"),
	STAT(RNR_NAK_RETRY_ERR, "rnr_nak_retry_err"),
	STAT(PACKET_SEQ_ERR, "packet_seq_err"),
	STAT(IMPLIED_NAK_SEQ_ERR, "implied_nak_seq_err"),
	STAT(LOCAL_ACK_TIMEOUT_ERR, "local_ack_timeout_err"),
	STAT(RESP_LOCAL_LENGTH_ERROR, "resp_local_length_error"),
	STAT(RESP_CQE_ERROR, "resp_cqe_error"),
	STAT(REQ_CQE_ERROR, "req_cqe_error"),
	STAT(REQ_REMOTE_INVALID_REQUEST, "req_remote_invalid_request"),
	STAT(REQ_REMOTE_ACCESS_ERRORS, "req_remote_access_errors"),
	STAT(RESP_REMOTE_ACCESS_ERRORS, "resp_remote_access_errors"),
	STAT(RESP_CQE_FLUSH_ERROR, "resp_cqe_flush_error"),
	STAT(REQ_CQE_FLUSH_ERROR, "req_cqe_flush_error"),
	STAT(REQ_TRANSPORT_RETRIES_EXCEEDED, "req_transport_retries_exceeded"),
	STAT(REQ_RNR_RETRIES_EXCEEDED, "req_rnr_retries_exceeded"),
	STAT(ROCE_ADP_RETRANS, "roce_adp_retrans"),
	STAT(ROCE_ADP_RETRANS_TO, "roce_adp_retrans_to"),
	STAT(ROCE_SLOW_RESTART, "roce_slow_restart"),
	STAT(ROCE_SLOW_RESTART_CNPS, "roce_slow_restart_cnps"),
	STAT(ROCE_SLOW_RESTART_TRANS, "roce_slow_restart_trans"),
	STAT(NP_CNP_SENT, "np_cnp_sent"),
	STAT(NP_ECN_MARKED_ROCE_PACKETS, "np_ecn_marked_roce_packets"),
	STAT(RP_CNP_HANDLED, "rp_cnp_handled"),
	STAT(RP_CNP_IGNORED, "rp_cnp_ignored"),
	STAT(RX_ICRC_ENCAPSULATED, "rx_icrc_encapsulated"),
	STAT_PRIOS(TX_PAUSE_PRIO0, "hinic_tx_pause_prio"),
	STAT_PRIOS(RX_PAUSE_PRIO0, "hinic_rx_pause_prio"),
	STAT(RETX_BYTES, "hinic_retx_bytes"),
	STAT(VTIME_NS, "hinic_vtime_ns"),
	STAT(CC_BAD_OUT, "cc_bad_out"),
	STAT(INT_OVERFLOW, "int_overflow"),
	STAT(GUEST_ERRORS, "hinic_guest_errors"),
	STAT(PKEY_VIOLATIONS, "hinic_pkey_violations"),
};

/* alloc_hw_port_stats: every reading is new, they are taken at one instant of virtual time */
struct rdma_hw_stats *hinic_ib_alloc_hw_port_stats(struct ib_device *ibdev, u32 port)
{
	BUILD_BUG_ON(ARRAY_SIZE(hinic_ib_stats) != HINIC_CNT_PKEY_VIOLATIONS + 1);
	return rdma_alloc_hw_stats_struct(hinic_ib_stats, ARRAY_SIZE(hinic_ib_stats), 0);
}

/* get_hw_stats */
int hinic_ib_get_hw_stats(struct ib_device *ibdev, struct rdma_hw_stats *stats, u32 port, int index)
{
	__le64 *value;
	int i, err;

	if (!port)
		return -EINVAL;
	value = kcalloc(ARRAY_SIZE(hinic_ib_stats), sizeof(*value), GFP_KERNEL);
	if (!value)
		return -ENOMEM;
	err = hinic_ib_cmd_query(hinic_ib_dev_of(ibdev), HINIC_AQ_GET_STATS, (u8)port, 0, value,
				 ARRAY_SIZE(hinic_ib_stats) * sizeof(*value));
	for (i = 0; !err && i < (int)ARRAY_SIZE(hinic_ib_stats); i++)
		stats->value[i] = le64_to_cpu(value[i]);
	kfree(value);
	return err ? err : (int)ARRAY_SIZE(hinic_ib_stats);
}
