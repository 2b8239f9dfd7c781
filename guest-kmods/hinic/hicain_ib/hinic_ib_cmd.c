// SPDX-License-Identifier: GPL-2.0
/* Forms of the admin commands. All may sleep; errors are those of hinic_rdma_exec(). */
#include "hinic_ib.h"

/**
 * hinic_ib_cmd_object() - a command with an input mailbox that names an object
 * @hdev: device
 * @opcode: CREATE_*, RESIZE_CQ, REG_MR, REREG_MR
 * @in: mailbox
 * @in_len: its bytes
 * @id: receives the number or key, or NULL
 *
 * Return: 0 or a negative errno.
 */
int hinic_ib_cmd_object(struct hinic_ib_dev *hdev, u8 opcode, const void *in, size_t in_len,
			u32 *id)
{
	struct hinic_rdma_cmd cmd = { .opcode = opcode, .in = in, .in_len = in_len };
	int err;

	err = hinic_rdma_exec(hdev->rdma, &cmd);
	if (!err && id)
		*id = cmd.reply[0];
	return err;
}

/**
 * hinic_ib_cmd_inline() - a command without mailboxes
 * @hdev: device
 * @opcode: which
 * @port: 0 for commands without a port
 * @inl: inline part
 * @len: its bytes
 * @id: receives the first word of the answer, or NULL
 *
 * Return: 0 or a negative errno.
 */
int hinic_ib_cmd_inline(struct hinic_ib_dev *hdev, u8 opcode, u8 port, const void *inl, size_t len,
			u32 *id)
{
	struct hinic_rdma_cmd cmd = { .opcode = opcode, .port = port, .inl = inl, .inl_len = len };
	int err;

	err = hinic_rdma_exec(hdev->rdma, &cmd);
	if (!err && id)
		*id = cmd.reply[0];
	return err;
}

/**
 * hinic_ib_cmd_id() - a command about one object and nothing else
 * @hdev: device
 * @opcode: DESTROY_*, FREE_*, DEREG_MR, DEALLOC_MW
 * @id: number or key
 *
 * Return: 0 or a negative errno. After any but -EBUSY the device makes no access to the object's
 * memory: it has agreed, never knew the object, or is reset.
 */
int hinic_ib_cmd_id(struct hinic_ib_dev *hdev, u8 opcode, u32 id)
{
	struct hinic_inl_obj inl = { .id = cpu_to_le32(id) };

	return hinic_ib_cmd_inline(hdev, opcode, 0, &inl, sizeof(inl), NULL);
}

/**
 * hinic_ib_cmd_query() - a command that fills an output mailbox
 * @hdev: device
 * @opcode: QUERY_QP with an @id; QUERY_PORT, GET_STATS with a @port
 * @port: 0 for commands without a port
 * @id: object, not used with a port
 * @out: receives the first @out_len bytes
 * @out_len: bytes
 *
 * Return: 0 or a negative errno.
 */
int hinic_ib_cmd_query(struct hinic_ib_dev *hdev, u8 opcode, u8 port, u32 id, void *out,
		       size_t out_len)
{
	struct hinic_inl_obj inl = { .id = cpu_to_le32(id) };
	struct hinic_rdma_cmd cmd = {
		.opcode = opcode, .port = port, .out = out, .out_len = out_len
	};

	if (!port) {
		cmd.inl = &inl;
		cmd.inl_len = sizeof(inl);
	}
	return hinic_rdma_exec(hdev->rdma, &cmd);
}

/**
 * hinic_ib_cmd_modify_qp() - MODIFY_QP
 * @hdev: device
 * @qpn: QP
 * @in: mask and attributes
 *
 * Return: 0 or a negative errno.
 */
int hinic_ib_cmd_modify_qp(struct hinic_ib_dev *hdev, u32 qpn, const struct hinic_mb_modify_qp *in)
{
	struct hinic_inl_obj inl = { .id = cpu_to_le32(qpn) };
	struct hinic_rdma_cmd cmd = {
		.opcode = HINIC_AQ_MODIFY_QP,
		.inl = &inl,
		.inl_len = sizeof(inl),
		.in = in,
		.in_len = sizeof(*in),
	};

	return hinic_rdma_exec(hdev->rdma, &cmd);
}

/**
 * hinic_ib_cmd_mad() - MAD_IFC: have the device's agents process a management datagram
 * @hdev: device
 * @in: datagram and where it came from
 * @out: answer
 *
 * Return: 0 or a negative errno; -EOPNOTSUPP if the device has no agents.
 */
int hinic_ib_cmd_mad(struct hinic_ib_dev *hdev, const struct hinic_mb_mad *in,
		     struct hinic_mb_mad *out)
{
	struct hinic_rdma_cmd cmd = {
		.opcode = HINIC_AQ_MAD_IFC,
		.in = in,
		.in_len = sizeof(*in),
		.out = out,
		.out_len = sizeof(*out),
	};

	return hinic_rdma_exec(hdev->rdma, &cmd);
}
