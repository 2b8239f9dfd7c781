/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* HiNIC hardware interface, spec version 1.0: registers, doorbells, queues, descriptors. */
#ifndef VDC_DEVICES_HINIC_HW_HINIC_HW_H
#define VDC_DEVICES_HINIC_HW_HINIC_HW_H

/*
 * The same file in the device model, the QEMU shell, the kernel modules and the verbs provider.
 * Little endian unless the type says __be. Bit layouts stand beside the fields. Register guide:
 * docs/specs/hinic.md.
 */
#include <linux/types.h>

#define HINIC_ASSERT_SIZE(type, n) _Static_assert(sizeof(type) == (n), "size of " #type)
#define HINIC_ASSERT_OFF(type, field, n)                                                           \
	_Static_assert(__builtin_offsetof(type, field) == (n), "offset of " #type "." #field)

/* ---- PCI ---- */

#define HINIC_PCI_VENDOR    0x1af4
#define HINIC_PCI_DEVICE    0x10f0
#define HINIC_PCI_DEVICE_VF 0x10f8
#define HINIC_PCI_REVISION  0x01 /* major spec version */
#define HINIC_PCI_CLASS_ETH 0x020000
#define HINIC_PCI_CLASS_IB  0x020700

#define HINIC_BAR_REGS    0
#define HINIC_BAR_DB      2
#define HINIC_BAR_MSIX    4
#define HINIC_BAR0_SIZE   0x10000
#define HINIC_UAR_SIZE    0x1000 /* one doorbell page of BAR2 */
#define HINIC_VECTORS_MAX 64

#define HINIC_SPEC_MAJOR 1
#define HINIC_SPEC_MINOR 0
#define HINIC_SPEC_VER   ((HINIC_SPEC_MAJOR << 16) | HINIC_SPEC_MINOR)

#define HINIC_VENDOR_OUI 0x024843 /* MAC = OUI : (node * 16 + port) */

/* ---- limits fixed by the interface ---- */

#define HINIC_PORTS_MAX        4
#define HINIC_PAGE_SIZE        4096 /* mailboxes, page-list pages, admin rings */
#define HINIC_QPAIRS_MAX       16
#define HINIC_ETHQ_LOG_MIN     4
#define HINIC_ETHQ_LOG_MAX     12
#define HINIC_TX_DESC_PER_PKT  20
#define HINIC_RX_BUF_PER_FRAME 16
#define HINIC_RX_BUF_MIN       64    /* bytes; a shorter RX buffer is a bad descriptor */
#define HINIC_FRAME_MIN        14    /* bytes, without FCS */
#define HINIC_FRAME_MAX        9022  /* bytes: MTU 9000 + header 14 + two VLAN tags */
#define HINIC_TSO_LEN_MAX      65554 /* 64 KiB + header 14 + VLAN 4 */
#define HINIC_MTU_MIN          68
#define HINIC_MTU_MAX          9000
#define HINIC_MSS_MIN          64
#define HINIC_MSS_MAX          9000
#define HINIC_RSS_KEY_LEN      40
#define HINIC_RSS_TABLE_LEN    128

/* ---- BAR0 registers ---- */

#define HINIC_R_MAGIC    0x000 /* RO HINIC_MAGIC */
#define HINIC_R_SPEC_VER 0x004 /* RO major 31:16, minor 15:0 */
#define HINIC_R_FW_VER   0x008 /* RO64 */
#define HINIC_R_CAPS     0x010 /* RO64 HINIC_CAP_* */

#define HINIC_MAGIC 0x434e4948

#define HINIC_CAP_ETH          (1ULL << 0)
#define HINIC_CAP_ROCEV2       (1ULL << 1)
#define HINIC_CAP_IB           (1ULL << 2)
#define HINIC_CAP_RC           (1ULL << 3)
#define HINIC_CAP_UC           (1ULL << 4)
#define HINIC_CAP_UD           (1ULL << 5)
#define HINIC_CAP_SRQ          (1ULL << 6)
#define HINIC_CAP_ATOMIC       (1ULL << 7)
#define HINIC_CAP_MW           (1ULL << 8)
#define HINIC_CAP_FRWR         (1ULL << 9)
#define HINIC_CAP_TS_CQE       (1ULL << 10)
#define HINIC_CAP_CC_PROG      (1ULL << 11)
#define HINIC_CAP_INT          (1ULL << 12)
#define HINIC_CAP_PFC          (1ULL << 13)
#define HINIC_CAP_SRIOV        (1ULL << 14)
#define HINIC_CAP_DMABUF       (1ULL << 15)
#define HINIC_CAP_RAW_ETH      (1ULL << 16)
#define HINIC_CAP_FLUSH        (1ULL << 17)
#define HINIC_CAP_ATOMIC_WRITE (1ULL << 18)

#define HINIC_R_DEV_CTRL        0x018     /* RW */
#define HINIC_DEV_CTRL_RESET    (1u << 0) /* self-clearing */
#define HINIC_DEV_CTRL_ENABLE   (1u << 1)
#define HINIC_DEV_CTRL_INT_MASK (1u << 2) /* holds back every vector; raised when cleared */

#define HINIC_R_DEV_STATUS          0x01c /* RO */
#define HINIC_DEV_STATUS_RESET_DONE (1u << 0)
#define HINIC_DEV_STATUS_READY      (1u << 1)
#define HINIC_DEV_STATUS_FATAL      (1u << 2)
#define HINIC_DEV_STATUS_CODE(v)    (((v) >> 8) & 0xffu) /* enum hinic_fatal */
#define HINIC_DEV_STATUS_CODE_SHIFT 8

enum hinic_fatal {
	HINIC_FATAL_NONE = 0,
	HINIC_FATAL_AQ = 1,      /* DMA error on an admin ring or mailbox */
	HINIC_FATAL_EQ = 2,      /* DMA error on an EQ ring */
	HINIC_FATAL_AEQ = 3,     /* DMA error on the AEQ ring */
	HINIC_FATAL_OVERRUN = 4, /* EQ or AEQ full */
	HINIC_FATAL_INTERNAL = 5,
};

#define HINIC_R_AQ_SQ_BASE 0x020 /* RW64, 4 KiB aligned; rings only while disabled */
#define HINIC_R_AQ_CQ_BASE 0x028 /* RW64, 4 KiB aligned */
#define HINIC_R_AQ_DEPTH   0x030 /* RW, log2 entries of both rings, 1..8 */
#define HINIC_R_AQ_DB      0x034 /* WO, producer index mod 2^16 */
#define HINIC_R_AQ_CQ_CI   0x038 /* WO, consumer index mod 2^16 */
#define HINIC_R_AEQ_BASE   0x040 /* RW64, 4 KiB aligned */
#define HINIC_R_AEQ_DEPTH  0x048 /* RW, log2 entries, 4..12 */
#define HINIC_R_AEQ_CI     0x04c /* WO, consumer index 23:0, b31 arm */
#define HINIC_AEQ_CI_ARM   (1u << 31)
#define HINIC_AQ_LOG_MIN   1
#define HINIC_AQ_LOG_MAX   8
#define HINIC_EQ_LOG_MIN   4
#define HINIC_EQ_LOG_MAX   12

#define HINIC_R_NODE_GUID          0x060 /* RO64, host order: first octet in bits 63:56 */
#define HINIC_R_MAC                0x068 /* RO64, host order: first octet in bits 47:40 */
#define HINIC_R_LIMITS             0x070 /* RO */
#define HINIC_LIMITS_PORTS(v)      ((v) & 0xffu)
#define HINIC_LIMITS_UARS(v)       (((v) >> 8) & 0xffffu)
#define HINIC_LIMITS_VECTORS(v)    (((v) >> 24) & 0xffu)
#define HINIC_R_ETH_LIMITS         0x074 /* RO */
#define HINIC_ETH_LIMITS_QPAIRS(v) ((v) & 0xffu)
#define HINIC_ETH_LIMITS_EQS(v)    (((v) >> 8) & 0xffu)

/* Port registers; p is 0-based here (port numbers in commands and events are 1-based). */
#define HINIC_R_PORT(p)            (0x080u + 0x40u * (p))
#define HINIC_PORT_STATUS          0x00 /* RO */
#define HINIC_PORT_STATUS_UP       (1u << 0)
#define HINIC_PORT_STATUS_IB       (1u << 1)
#define HINIC_PORT_STATUS_PHYS(v)  (((v) >> 8) & 0xfu)
#define HINIC_PORT_STATUS_STATE(v) (((v) >> 12) & 0xfu)
#define HINIC_PORT_MBPS            0x04 /* RO */
#define HINIC_PORT_WIDTH           0x08 /* RO, IB link width code */
#define HINIC_PORT_MTU             0x0c /* RO, largest L3 bytes the link carries */
#define HINIC_PORT_LID             0x10 /* RO, LID 15:0, SM LID 31:16 */
#define HINIC_PORT_CABLE_DELAY     0x14 /* RO, ns */

enum hinic_port_state { HINIC_PORT_DOWN = 1, HINIC_PORT_INIT, HINIC_PORT_ARMED, HINIC_PORT_ACTIVE };
enum hinic_phys_state { HINIC_PHYS_POLLING = 2, HINIC_PHYS_DISABLED = 3, HINIC_PHYS_LINK_UP = 5 };

#define HINIC_R_VCLOCK_NS       0x200 /* RO64; a 4-byte read of the low half latches the high half */
#define HINIC_R_CLOCK_HZ        0x208 /* RO 10^9 */
#define HINIC_R_VCLOCK_EPOCH    0x20c /* RO, counts READY */
#define HINIC_R_SCRATCH         0x210 /* RW */
#define HINIC_R_GUEST_ERR_COUNT 0x214 /* RO */
#define HINIC_R_LAST_GUEST_ERR  0x218 /* RO enum hinic_guest_err */
#define HINIC_R_NODE_ID         0x21c /* RO */
#define HINIC_R_TEST            0x220 /* RW, reads the complement of what was written: self-check */

#define HINIC_R_CC(p)       (0x400u + 0x100u * (p))  /* RO mirror of SET_CC */
#define HINIC_R_QOS(p)      (0x800u + 0x200u * (p))  /* RO mirror of SET_QOS */
#define HINIC_R_COUNTERS(p) (0x1000u + 0x400u * (p)) /* RO u64[128], HINIC_CNT_* */
#define HINIC_R_COUNTERS_N  128
#define HINIC_R_CLOCK_PAGE  0x2000 /* RO, +0 VCLOCK_NS; the only user-mappable page of BAR0 */

/* Reasons counted in GUEST_ERR_COUNT and shown in LAST_GUEST_ERR. */
enum hinic_guest_err {
	HINIC_GERR_NONE = 0,
	HINIC_GERR_ACCESS = 1,    /* size or alignment of an MMIO access */
	HINIC_GERR_REG = 2,       /* write to an unknown or read-only register */
	HINIC_GERR_LOCKED = 3,    /* write to a set-up register while enabled */
	HINIC_GERR_ENABLE = 4,    /* enable refused: bad depth or alignment of a ring */
	HINIC_GERR_AQ_DB = 5,     /* index jump of AQ_DB or AQ_CQ_CI, or not enabled */
	HINIC_GERR_DB = 6,        /* unknown doorbell, wrong page or size */
	HINIC_GERR_DB_OBJECT = 7, /* object does not exist or belongs to another page */
	HINIC_GERR_DB_INDEX = 8,  /* producer or consumer index outside of the ring */
	HINIC_GERR_TX_DESC = 9,   /* arg: queue | enum hinic_ethq_err << 16 */
	HINIC_GERR_RX_DESC = 10,  /* arg: queue | enum hinic_ethq_err << 16 */
	HINIC_GERR_AQ_CMD = 11,   /* arg: opcode | status << 8 */
	HINIC_GERR_DMA = 12,      /* arg: bus address that failed */
	HINIC_GERR_WQE = 13,      /* arg: QP number */
};

/* ---- doorbells: 8-byte writes to BAR2, one page per UAR, page 0 is the kernel's ---- */

#define HINIC_DB_SQ      0x00 /* qpn 23:0, pi 47:32 in 64-byte blocks mod 2^16 */
#define HINIC_DB_RQ      0x08 /* qpn 23:0, pi 47:32 */
#define HINIC_DB_SRQ     0x10 /* srqn 23:0, pi 47:32 */
#define HINIC_DB_CQ_ARM  0x18 /* cqn 23:0, ci 55:32, b56 solicited only, arm_sn 58:57 */
#define HINIC_DB_CQ_CI   0x20 /* cqn 23:0, ci 55:32 */
#define HINIC_DB_EQ      0x28 /* page 0: eqn 7:0, ci 55:32, b63 arm */
#define HINIC_DB_ETH_TX  0x30 /* page 0: queue 7:0, pi 47:32 */
#define HINIC_DB_ETH_RX  0x38 /* page 0: queue 7:0, pi 47:32 */
#define HINIC_DB_ETH_CPL 0x40 /* page 0: queue 7:0, b8 1 = RX ring, ci 47:32, b63 arm */
#define HINIC_DB_END     0x48

#define HINIC_DB_ARM           (1ULL << 63)
#define HINIC_DB_CQ_SOLICITED  (1ULL << 56)
#define HINIC_DB_CPL_RX        (1ULL << 8)
#define HINIC_DB_VAL(obj, idx) ((__u64)(obj) | ((__u64)(idx) << 32))

/* ---- page lists and address vectors, used inside mailboxes ---- */

struct hinic_pbl {
	__u8 log_pgsz; /* 12..30 */
	__u8 levels;   /* 0: root[] are the pages; 1..3: root[0] -> 4 KiB page of 512 __le64 */
	__le16 rsv;
	__le32 n; /* pages */
	__le64 root[4];
};
HINIC_ASSERT_SIZE(struct hinic_pbl, 40);

struct hinic_av {
	__u8 port;
	__u8 sl;
	__u8 flags; /* HINIC_AV_* */
	__u8 path_bits;
	__le16 dlid;
	__u8 sgid_idx;
	__u8 hop;
	__u8 tclass;
	__u8 rate;
	__le16 rsv;
	__le32 flow;
	__u8 dgid[16];
	__u8 dmac[6];
	__le16 vlan;
};
HINIC_ASSERT_SIZE(struct hinic_av, 40);
HINIC_ASSERT_OFF(struct hinic_av, dgid, 16);
#define HINIC_AV_GRH  (1u << 0)
#define HINIC_AV_VLAN (1u << 1)

/* ---- admin queue ---- */

enum hinic_aq_op {
	HINIC_AQ_QUERY_DEV = 0x01,
	HINIC_AQ_QUERY_PORT = 0x02,
	HINIC_AQ_SET_PORT = 0x03,
	HINIC_AQ_ALLOC_UAR = 0x04,
	HINIC_AQ_FREE_UAR = 0x05,
	HINIC_AQ_ALLOC_PD = 0x06,
	HINIC_AQ_FREE_PD = 0x07,
	HINIC_AQ_CREATE_EQ = 0x10,
	HINIC_AQ_DESTROY_EQ = 0x11,
	HINIC_AQ_CREATE_CQ = 0x12,
	HINIC_AQ_DESTROY_CQ = 0x13,
	HINIC_AQ_RESIZE_CQ = 0x14,
	HINIC_AQ_MODIFY_CQ = 0x15,
	HINIC_AQ_CREATE_SRQ = 0x18,
	HINIC_AQ_MODIFY_SRQ = 0x19,
	HINIC_AQ_QUERY_SRQ = 0x1a,
	HINIC_AQ_DESTROY_SRQ = 0x1b,
	HINIC_AQ_CREATE_QP = 0x20,
	HINIC_AQ_MODIFY_QP = 0x21,
	HINIC_AQ_QUERY_QP = 0x22,
	HINIC_AQ_DESTROY_QP = 0x23,
	HINIC_AQ_REG_MR = 0x28,
	HINIC_AQ_DEREG_MR = 0x29,
	HINIC_AQ_REREG_MR = 0x2a,
	HINIC_AQ_ALLOC_MR = 0x2b,
	HINIC_AQ_ALLOC_MW = 0x2c,
	HINIC_AQ_DEALLOC_MW = 0x2d,
	HINIC_AQ_SET_GID = 0x30,
	HINIC_AQ_DEL_GID = 0x31,
	HINIC_AQ_ATTACH_MC = 0x32,
	HINIC_AQ_DETACH_MC = 0x33,
	HINIC_AQ_MAD_IFC = 0x38,
	HINIC_AQ_CREATE_TXQ = 0x40,
	HINIC_AQ_CREATE_RXQ = 0x41,
	HINIC_AQ_DESTROY_Q = 0x42,
	HINIC_AQ_SET_RX_MODE = 0x43,
	HINIC_AQ_SET_MAC = 0x44,
	HINIC_AQ_SET_VLAN = 0x45,
	HINIC_AQ_SET_RSS = 0x46,
	HINIC_AQ_SET_OFFLOAD = 0x47,
	HINIC_AQ_SET_MODERATION = 0x48,
	HINIC_AQ_SET_QOS = 0x50,
	HINIC_AQ_GET_QOS = 0x51,
	HINIC_AQ_SET_CC = 0x52,
	HINIC_AQ_GET_CC = 0x53,
	HINIC_AQ_GET_STATS = 0x58,
	HINIC_AQ_CLEAR_STATS = 0x59,
	HINIC_AQ_DUMP_QP = 0x5a,
	HINIC_AQ_VF_CFG = 0x60,
};

enum hinic_aq_status {
	HINIC_AQ_OK = 0,
	HINIC_AQ_BAD_OP = 1,    /* EOPNOTSUPP */
	HINIC_AQ_BAD_PARAM = 2, /* EINVAL */
	HINIC_AQ_NO_RES = 3,    /* ENOMEM */
	HINIC_AQ_BAD_STATE = 4, /* EINVAL */
	HINIC_AQ_BUSY = 5,      /* EBUSY */
	HINIC_AQ_LIMIT = 6,     /* EINVAL */
	HINIC_AQ_PERM = 7,      /* EPERM */
};

#define HINIC_AQ_F_IN       (1u << 0) /* in_pa points to an input mailbox */
#define HINIC_AQ_INLINE_LEN 40

struct hinic_aq_sqe {
	__u8 opcode; /* enum hinic_aq_op */
	__u8 flags;  /* HINIC_AQ_F_* */
	__le16 cmd_id;
	__u8 vf;   /* 0 */
	__u8 port; /* 1-based; 0 for commands without a port */
	__le16 rsv;
	__le64 in_pa;  /* 4 KiB aligned mailbox, 0 without HINIC_AQ_F_IN */
	__le64 out_pa; /* 4 KiB aligned mailbox, 0 for commands without one */
	__u8 inl[HINIC_AQ_INLINE_LEN];
};
HINIC_ASSERT_SIZE(struct hinic_aq_sqe, 64);
HINIC_ASSERT_OFF(struct hinic_aq_sqe, inl, 24);

struct hinic_aq_cqe {
	__le16 cmd_id;
	__u8 status; /* enum hinic_aq_status */
	__u8 own;    /* b0 phase: 1 in the first pass of the ring, then toggles */
	__le32 out[3];
};
HINIC_ASSERT_SIZE(struct hinic_aq_cqe, 16);

/* Inline parts (struct hinic_aq_sqe.inl). Bytes behind them are reserved and must be 0. */

struct hinic_inl_obj { /* DESTROY_*, QUERY_*, DEREG_MR, DEALLOC_MW, FREE_*, DUMP_QP */
	__le32 id;     /* object number or key */
};

struct hinic_inl_destroy_q { /* DESTROY_Q */
	__le16 queue;
	__u8 is_rx;
	__u8 rsv;
};
HINIC_ASSERT_SIZE(struct hinic_inl_destroy_q, 4);

struct hinic_inl_rx_mode { /* SET_RX_MODE */
	__le32 flags;      /* HINIC_RX_MODE_* */
	__le32 rsv;
	__le64 hash; /* bit = ether_crc(6, mac) >> 26 */
};
HINIC_ASSERT_SIZE(struct hinic_inl_rx_mode, 16);
#define HINIC_RX_MODE_PROMISC     (1u << 0)
#define HINIC_RX_MODE_ALLMULTI    (1u << 1)
#define HINIC_RX_MODE_VLAN_FILTER (1u << 2) /* tagged frames only of SET_VLAN, and VID 0 */
#define HINIC_RX_MODE_ALL         0x7u

struct hinic_inl_mac { /* SET_MAC */
	__u8 mac[6];
	__le16 rsv;
};
HINIC_ASSERT_SIZE(struct hinic_inl_mac, 8);

struct hinic_inl_vlan { /* SET_VLAN */
	__le16 vid;     /* 0..4095 */
	__u8 add;       /* 1 add, 0 remove */
	__u8 rsv;
};
HINIC_ASSERT_SIZE(struct hinic_inl_vlan, 4);

struct hinic_inl_offload { /* SET_OFFLOAD */
	__le32 flags;      /* HINIC_OFFLOAD_* */
};
#define HINIC_OFFLOAD_RX_CSUM     (1u << 0)
#define HINIC_OFFLOAD_TX_CSUM     (1u << 1)
#define HINIC_OFFLOAD_TSO         (1u << 2)
#define HINIC_OFFLOAD_VLAN_STRIP  (1u << 3)
#define HINIC_OFFLOAD_VLAN_INSERT (1u << 4)
#define HINIC_OFFLOAD_ALL         0x1fu

struct hinic_inl_moderation { /* SET_MODERATION */
	__le16 queue;
	__u8 is_rx;
	__u8 rsv;
	__le32 count; /* 0, 0: interrupt at once */
	__le32 ns;
};
HINIC_ASSERT_SIZE(struct hinic_inl_moderation, 12);

struct hinic_inl_gid { /* SET_GID, DEL_GID (index only) */
	__le16 index;
	__u8 type; /* enum hinic_gid_type */
	__u8 rsv0;
	__le16 vlan; /* 0xffff none */
	__u8 mac[6];
	__le32 rsv1;
	__u8 gid[16];
};
HINIC_ASSERT_SIZE(struct hinic_inl_gid, 32);
HINIC_ASSERT_OFF(struct hinic_inl_gid, gid, 16);
enum hinic_gid_type { HINIC_GID_IB = 0, HINIC_GID_ROCE_V1 = 1, HINIC_GID_ROCE_V2 = 2 };

struct hinic_inl_mc { /* ATTACH_MC, DETACH_MC */
	__le32 qpn;
	__le16 mlid;
	__le16 rsv;
	__u8 mgid[16];
};
HINIC_ASSERT_SIZE(struct hinic_inl_mc, 24);

struct hinic_inl_alloc_key { /* ALLOC_MR, ALLOC_MW */
	__le32 pdn;
	__le32 n; /* MR: max_pages, MW: type 1 or 2 */
};

struct hinic_inl_modify_cq { /* MODIFY_CQ */
	__le32 cqn;
	__le32 count;
	__le32 usec;
};

/* MODIFY_SRQ; QUERY_SRQ answers limit, WQEs posted and not taken, size in out[] */
struct hinic_inl_modify_srq {
	__le32 srqn;
	__le32 limit;
};

/* Input mailboxes. Bytes behind the struct are not read by the device. */

struct hinic_mb_create_eq {
	__u8 log_depth; /* HINIC_EQ_LOG_* */
	__u8 vector;
	__le16 rsv;
	__le32 count; /* moderation */
	__le32 ns;
	__le32 rsv1;
	struct hinic_pbl pbl;
};
HINIC_ASSERT_SIZE(struct hinic_mb_create_eq, 56);
HINIC_ASSERT_OFF(struct hinic_mb_create_eq, pbl, 16);

struct hinic_mb_create_q { /* CREATE_TXQ, CREATE_RXQ */
	__u8 log_depth;    /* HINIC_ETHQ_LOG_*; both rings */
	__u8 vector;
	__le16 queue;
	__le32 rsv;
	struct hinic_pbl desc;
	struct hinic_pbl cpl;
	__le32 count; /* moderation, as SET_MODERATION */
	__le32 ns;
};
HINIC_ASSERT_SIZE(struct hinic_mb_create_q, 96);
HINIC_ASSERT_OFF(struct hinic_mb_create_q, desc, 8);
HINIC_ASSERT_OFF(struct hinic_mb_create_q, cpl, 48);

struct hinic_mb_rss { /* SET_RSS */
	__u8 key[HINIC_RSS_KEY_LEN];
	__u8 table[HINIC_RSS_TABLE_LEN];
	__le32 types; /* HINIC_RSS_* */
	__le32 rsv;
};
HINIC_ASSERT_SIZE(struct hinic_mb_rss, 176);
HINIC_ASSERT_OFF(struct hinic_mb_rss, types, 168);
#define HINIC_RSS_V4     (1u << 0)
#define HINIC_RSS_V4_TCP (1u << 1)
#define HINIC_RSS_V4_UDP (1u << 2)
#define HINIC_RSS_V6     (1u << 3)
#define HINIC_RSS_V6_TCP (1u << 4)
#define HINIC_RSS_V6_UDP (1u << 5)
#define HINIC_RSS_ALL    0x3fu

struct hinic_mb_set_port {
	__le32 mask; /* HINIC_SET_PORT_* */
	__le32 set;  /* capability bits */
	__le32 clear;
	__le32 mtu; /* L3 bytes, HINIC_MTU_* */
};
HINIC_ASSERT_SIZE(struct hinic_mb_set_port, 16);
#define HINIC_SET_PORT_CAP (1u << 0)
#define HINIC_SET_PORT_MTU (1u << 1)

struct hinic_mb_create_cq { /* CREATE_CQ, RESIZE_CQ (log_cqe, pbl and cookie = cqn) */
	__u8 log_cqe;       /* 0..16 */
	__u8 flags;         /* HINIC_CQ_* */
	__u8 eqn;
	__u8 rsv;
	__le32 uar;
	__le32 cookie;
	__le32 rsv1;
	struct hinic_pbl pbl;
};
HINIC_ASSERT_SIZE(struct hinic_mb_create_cq, 56);
HINIC_ASSERT_OFF(struct hinic_mb_create_cq, pbl, 16);
#define HINIC_CQ_TIMESTAMP      (1u << 0)
#define HINIC_CQ_IGNORE_OVERRUN (1u << 1)

struct hinic_mb_create_srq {
	__u8 log_wqe;
	__u8 log_stride;
	__le16 max_sge;
	__le32 pdn;
	__le32 uar;
	__le32 limit;
	struct hinic_pbl pbl;
	__le32 cookie;
	__le32 rsv;
};
HINIC_ASSERT_SIZE(struct hinic_mb_create_srq, 64);
HINIC_ASSERT_OFF(struct hinic_mb_create_srq, cookie, 56);

enum hinic_qp_type {
	HINIC_QPT_SMI = 0,
	HINIC_QPT_GSI = 1,
	HINIC_QPT_RC = 2,
	HINIC_QPT_UC = 3,
	HINIC_QPT_UD = 4,
	HINIC_QPT_RAW_ETH = 8,
};

enum hinic_qp_state { /* = enum ib_qp_state */
	              HINIC_QPS_RESET = 0,
	              HINIC_QPS_INIT = 1,
	              HINIC_QPS_RTR = 2,
	              HINIC_QPS_RTS = 3,
	              HINIC_QPS_SQD = 4,
	              HINIC_QPS_SQE = 5,
	              HINIC_QPS_ERR = 6,
};

/* struct hinic_mb_modify_qp.mask = enum ib_qp_attr_mask */
#define HINIC_QPA_STATE        (1u << 0)
#define HINIC_QPA_CUR_STATE    (1u << 1)
#define HINIC_QPA_SQD_NOTIFY   (1u << 2)
#define HINIC_QPA_ACCESS       (1u << 3)
#define HINIC_QPA_PKEY         (1u << 4)
#define HINIC_QPA_PORT         (1u << 5)
#define HINIC_QPA_QKEY         (1u << 6)
#define HINIC_QPA_AV           (1u << 7)
#define HINIC_QPA_PATH_MTU     (1u << 8)
#define HINIC_QPA_TIMEOUT      (1u << 9)
#define HINIC_QPA_RETRY_CNT    (1u << 10)
#define HINIC_QPA_RNR_RETRY    (1u << 11)
#define HINIC_QPA_RQ_PSN       (1u << 12)
#define HINIC_QPA_RD_ATOMIC    (1u << 13)
#define HINIC_QPA_MIN_RNR      (1u << 15)
#define HINIC_QPA_SQ_PSN       (1u << 16)
#define HINIC_QPA_DEST_RD_ATOM (1u << 17)
#define HINIC_QPA_DEST_QPN     (1u << 20)
#define HINIC_QPA_RATE_LIMIT   (1u << 25)

/* Access of memory regions, windows and QPs = enum ib_access_flags */
#define HINIC_ACCESS_LOCAL_WRITE      (1u << 0)
#define HINIC_ACCESS_REMOTE_WRITE     (1u << 1)
#define HINIC_ACCESS_REMOTE_READ      (1u << 2)
#define HINIC_ACCESS_REMOTE_ATOMIC    (1u << 3)
#define HINIC_ACCESS_MW_BIND          (1u << 4)
#define HINIC_ACCESS_ZERO_BASED       (1u << 5)
#define HINIC_ACCESS_FLUSH_GLOBAL     (1u << 8)
#define HINIC_ACCESS_FLUSH_PERSISTENT (1u << 9)
#define HINIC_ACCESS_RELAXED          (1u << 20)
#define HINIC_ACCESS_ALL              0x10033fu

struct hinic_mb_create_qp {
	__u8 type;  /* enum hinic_qp_type */
	__u8 flags; /* HINIC_QP_* */
	__u8 port;
	__u8 rsv;
	__le32 pdn;
	__le32 scqn;
	__le32 rcqn;
	__le32 srqn;
	__le32 uar;
	__le32 cookie;
	__u8 log_sq_bb;
	__u8 log_rq;
	__u8 log_rq_stride;
	__u8 rsv1;
	__le16 max_send_sge;
	__le16 max_recv_sge;
	__le16 max_inline;
	__le16 rsv2;
	struct hinic_pbl sq;
	struct hinic_pbl rq;
};
HINIC_ASSERT_SIZE(struct hinic_mb_create_qp, 120);
HINIC_ASSERT_OFF(struct hinic_mb_create_qp, log_sq_bb, 28);
HINIC_ASSERT_OFF(struct hinic_mb_create_qp, sq, 40);
#define HINIC_QP_SIG_ALL (1u << 0)
#define HINIC_QP_SRQ     (1u << 1)
#define HINIC_QP_KERNEL  (1u << 2)

struct hinic_mb_modify_qp { /* MODIFY_QP with the number in hinic_inl_obj; also the output of
	                       QUERY_QP */
	__le32 mask;        /* = enum ib_qp_attr_mask */
	__u8 state;
	__u8 cur_state;
	__u8 path_mtu; /* enum ib_mtu */
	__u8 port;
	__le32 qkey;
	__le32 rq_psn;
	__le32 sq_psn;
	__le32 dest_qpn;
	__le32 access;
	__le16 pkey_index;
	__u8 timeout;
	__u8 retry_cnt;
	__u8 rnr_retry;
	__u8 min_rnr_timer;
	__u8 max_rd_atomic;
	__u8 max_dest_rd_atomic;
	__u8 sqd_notify;
	__u8 cc_algo;
	__le16 rsv;
	__le32 rate_limit_kbps;
	__le32 rsv1;
	struct hinic_av av;
};
HINIC_ASSERT_SIZE(struct hinic_mb_modify_qp, 88);
HINIC_ASSERT_OFF(struct hinic_mb_modify_qp, pkey_index, 28);
HINIC_ASSERT_OFF(struct hinic_mb_modify_qp, rate_limit_kbps, 40);
HINIC_ASSERT_OFF(struct hinic_mb_modify_qp, av, 48);

/* Output of DUMP_QP: for tests and debugging. */
struct hinic_mb_dump_qp {
	struct hinic_mb_modify_qp attr;
	__le32 qpn;
	__le32 type_flags; /* type 7:0, flags 15:8, state 23:16 */
	__le32 pdn;
	__le32 scqn;
	__le32 rcqn;
	__le32 srqn;
	__le32 uar;
	__le32 cookie;
	__le16 sq_pi; /* 64-byte blocks */
	__le16 sq_ci;
	__le16 rq_pi; /* WQEs */
	__le16 rq_ci;
	__le32 psn_next; /* requester: of the next new message */
	__le32 psn_una;  /* oldest not acknowledged */
	__le32 n_rd;     /* READs and atomics outstanding */
	__le32 n_pkt;    /* packets in flight */
	__le32 n_bytes;
	__le32 epsn; /* responder */
	__le32 msn;
	__le32 rsv;
	__le64 timeout_ns; /* virtual time at which the response timer ends, 0 off */
};
HINIC_ASSERT_SIZE(struct hinic_mb_dump_qp, 168);
HINIC_ASSERT_OFF(struct hinic_mb_dump_qp, qpn, 88);
HINIC_ASSERT_OFF(struct hinic_mb_dump_qp, psn_next, 128);

struct hinic_mb_reg_mr {
	__le32 pdn;
	__le32 access; /* = enum ib_access_flags */
	__le64 iova;
	__le64 len;
	__u8 key8;
	__u8 flags; /* HINIC_MR_* */
	__le16 rsv;
	__le32 key; /* REREG_MR: the key, else 0 */
	struct hinic_pbl pbl;
};
HINIC_ASSERT_SIZE(struct hinic_mb_reg_mr, 72);
HINIC_ASSERT_OFF(struct hinic_mb_reg_mr, pbl, 32);
#define HINIC_MR_ZERO_BASED (1u << 0)
#define HINIC_MR_PEER       (1u << 1)

struct hinic_mb_mad { /* MAD_IFC; output: byte 0 result, MAD at 128 */
	__u8 port;
	__u8 flags; /* b0 ignore M_Key */
	__le16 rsv0;
	__le16 slid;
	__le16 pkey_index;
	__le32 src_qp;
	__u8 sl;
	__u8 rsv1[51];
	__u8 grh[40];
	__u8 rsv2[24];
	__u8 mad[256];
};
HINIC_ASSERT_SIZE(struct hinic_mb_mad, 384);
HINIC_ASSERT_OFF(struct hinic_mb_mad, pkey_index, 6);
HINIC_ASSERT_OFF(struct hinic_mb_mad, sl, 12);
HINIC_ASSERT_OFF(struct hinic_mb_mad, grh, 64);
HINIC_ASSERT_OFF(struct hinic_mb_mad, mad, 128);

struct hinic_mb_qos {       /* SET_QOS, GET_QOS, register mirror */
	__u8 dscp2prio[32]; /* entry i in bits 4*(i&1) of byte i/2 */
	__u8 prio2tc[4];
	__le32 trust;      /* 3:0 enum hinic_trust, default prio 7:4 */
	__le32 pfc;        /* enable 7:0, quanta 31:16 */
	__le32 link_pause; /* b0 rx, b1 tx */
	__u8 tsa[4];       /* 0 strict, 2 ETS */
	__le32 rsv0;
	__u8 ets_bw[8];    /* percent */
	__le64 maxrate[8]; /* kbit/s, 0 none */
	__u8 prio2buf[4];
	__le32 rsv1;
	__le32 buf_size[8]; /* bytes */
	__le32 xoff[8];
	__le32 xon[8];
	__le32 cable_delay; /* bit times */
	__le32 rsv2;
	__u8 prio2dscp[8]; /* 0xff off */
	__u8 apptrust[8];
};
HINIC_ASSERT_OFF(struct hinic_mb_qos, prio2tc, 0x020);
HINIC_ASSERT_OFF(struct hinic_mb_qos, tsa, 0x030);
HINIC_ASSERT_OFF(struct hinic_mb_qos, ets_bw, 0x038);
HINIC_ASSERT_OFF(struct hinic_mb_qos, maxrate, 0x040);
HINIC_ASSERT_OFF(struct hinic_mb_qos, prio2buf, 0x080);
HINIC_ASSERT_OFF(struct hinic_mb_qos, buf_size, 0x088);
HINIC_ASSERT_OFF(struct hinic_mb_qos, xoff, 0x0a8);
HINIC_ASSERT_OFF(struct hinic_mb_qos, xon, 0x0c8);
HINIC_ASSERT_OFF(struct hinic_mb_qos, cable_delay, 0x0e8);
HINIC_ASSERT_OFF(struct hinic_mb_qos, prio2dscp, 0x0f0);
HINIC_ASSERT_OFF(struct hinic_mb_qos, apptrust, 0x0f8);
HINIC_ASSERT_SIZE(struct hinic_mb_qos, 0x100);
enum hinic_trust { HINIC_TRUST_PORT = 0, HINIC_TRUST_PCP = 1, HINIC_TRUST_DSCP = 2 };

struct hinic_mb_cc {   /* SET_CC, GET_CC, register mirror (first 27 parameters) */
	__le32 algo;   /* default of new QPs */
	__le32 enable; /* NP 7:0, RP 15:8 */
	__le32 cnp;    /* dscp 5:0, prio 10:8 */
	__le32 cnp_interval_ns;
	__le64 rmin_bps;
	__le64 rmax_bps;
	__le32 param_algo;
	__le32 rsv;
	__le64 param[32];
};
HINIC_ASSERT_OFF(struct hinic_mb_cc, param, 0x28);
HINIC_ASSERT_SIZE(struct hinic_mb_cc, 0x128);

/* Output mailboxes. The device writes these bytes only. */

struct hinic_mb_query_dev {
	__le32 max_qp;
	__le32 max_cq;
	__le32 max_mr;
	__le32 max_mw;
	__le32 max_pd;
	__le32 max_srq;
	__le32 max_qp_wr;
	__le32 max_cqe;
	__le32 max_srq_wr;
	__le16 max_sge;
	__le16 max_inline;
	__le16 max_rd_atom;
	__le16 max_init_rd_atom;
	__le16 max_pkeys;
	__le16 max_gids;
	__le16 max_mc_groups;
	__le16 max_mc_qps;
	__le32 n_uar;
	__le64 page_caps; /* bit n: page size 2^n */
	__le64 node_guid;
	__le64 system_guid;
	__le64 caps; /* HINIC_CAP_* */
	__le64 max_msg;
	__le16 eth_qpairs;
	__u8 ethq_log_min;
	__u8 ethq_log_max;
	__le16 tx_desc_per_pkt;
	__le16 rx_buf_per_frame;
	__le32 tso_len_max;
	__le16 n_eq; /* completion EQs that CREATE_EQ may make */
	__le16 n_counters;
};
HINIC_ASSERT_SIZE(struct hinic_mb_query_dev, 112);
HINIC_ASSERT_OFF(struct hinic_mb_query_dev, max_sge, 36);
HINIC_ASSERT_OFF(struct hinic_mb_query_dev, n_uar, 52);
HINIC_ASSERT_OFF(struct hinic_mb_query_dev, caps, 80);
HINIC_ASSERT_OFF(struct hinic_mb_query_dev, eth_qpairs, 96);

struct hinic_mb_query_port {
	__u8 state;      /* enum hinic_port_state */
	__u8 phys;       /* enum hinic_phys_state */
	__u8 max_mtu;    /* enum ib_mtu */
	__u8 active_mtu; /* enum ib_mtu */
	__le16 lid;
	__le16 sm_lid;
	__u8 lmc;
	__u8 sm_sl;
	__u8 width;
	__u8 speed;
	__le32 cap_mask;
	__le32 pkey_violations;
	__le32 qkey_violations;
	__le64 subnet_prefix;
	__le32 mbps;
	__le32 vl_num;
	__le32 mtu;     /* L3 bytes set by SET_PORT */
	__le32 mtu_max; /* L3 bytes the link carries */
};
HINIC_ASSERT_SIZE(struct hinic_mb_query_port, 48);
HINIC_ASSERT_OFF(struct hinic_mb_query_port, cap_mask, 12);
HINIC_ASSERT_OFF(struct hinic_mb_query_port, qkey_violations, 20);
HINIC_ASSERT_OFF(struct hinic_mb_query_port, subnet_prefix, 24);

/* ---- event queues ---- */

enum hinic_eqe_type {
	HINIC_EQE_COMPLETION = 0,
	HINIC_EQE_PORT_CHANGE = 1, /* port, data: 1 up, 0 down */
	HINIC_EQE_QP_FATAL = 2,
	HINIC_EQE_QP_ACCESS = 3,
	HINIC_EQE_SQ_DRAINED = 4,
	HINIC_EQE_COMM_EST = 5,
	HINIC_EQE_CQ_ERR = 6,
	HINIC_EQE_SRQ_LIMIT = 7,
	HINIC_EQE_LAST_WQE = 8,
	HINIC_EQE_LID_CHANGE = 9,
	HINIC_EQE_PKEY_CHANGE = 10,
	HINIC_EQE_GID_CHANGE = 11,
	HINIC_EQE_SM_CHANGE = 12,
	HINIC_EQE_CLIENT_REREGISTER = 13,
	HINIC_EQE_VF_MESSAGE = 14,
	HINIC_EQE_DEVICE_FATAL = 15, /* data: enum hinic_fatal */
	HINIC_EQE_QP_REQ_ERR = 16,
	HINIC_EQE_ETHQ_ERR = 17, /* id: queue | is_rx << 8, data: enum hinic_ethq_err */
};

struct hinic_eqe {
	__u8 type; /* enum hinic_eqe_type */
	__u8 port; /* 1-based, 0 none */
	__le16 rsv0;
	__le32 id; /* qpn, cqn, srqn, queue */
	__le32 data;
	__u8 rsv1[3];
	__u8 own; /* b0 phase: 1 in the first pass of the ring, then toggles */
};
HINIC_ASSERT_SIZE(struct hinic_eqe, 16);
HINIC_ASSERT_OFF(struct hinic_eqe, own, 15);

/* ---- Ethernet rings ---- */

struct hinic_tx_desc {
	__le64 addr;
	__le16 len; /* 1..65535 */
	__le16
	    flags; /* HINIC_TXD_*; all but EOP and INT are taken from a packet's first descriptor */
	__le16 mss;
	__le16 vlan; /* TCI */
};
HINIC_ASSERT_SIZE(struct hinic_tx_desc, 16);
HINIC_ASSERT_OFF(struct hinic_tx_desc, flags, 10);
#define HINIC_TXD_EOP     (1u << 0)
#define HINIC_TXD_INT     (1u << 1) /* the completion of this packet is an event */
#define HINIC_TXD_IP_CSUM (1u << 2)
#define HINIC_TXD_L4_CSUM (1u << 3)
#define HINIC_TXD_TSO     (1u << 4)
#define HINIC_TXD_VLAN    (1u << 5)
#define HINIC_TXD_ALL     0x3fu

struct hinic_rx_desc {
	__le64 addr;
	__le16 len; /* HINIC_RX_BUF_MIN..65535 */
	__le16 id;  /* echoed in the completion */
	__le32 rsv;
};
HINIC_ASSERT_SIZE(struct hinic_rx_desc, 16);

struct hinic_eth_cpl {
	__le16 len;   /* RX: bytes in this buffer; TX: bytes of the packet, low 16 bits */
	__le16 id;    /* RX: id of the descriptor; TX: ring slot of the packet's last descriptor */
	__le16 flags; /* HINIC_CPL_* */
	__le16 vlan;  /* RX: stripped TCI */
	__le32 hash;  /* RX: RSS hash; with HINIC_CPL_ERR: enum hinic_ethq_err */
	__le32 timestamp; /* virtual ns, low half */
};
HINIC_ASSERT_SIZE(struct hinic_eth_cpl, 16);
HINIC_ASSERT_OFF(struct hinic_eth_cpl, hash, 8);
#define HINIC_CPL_EOP        (1u << 0)
#define HINIC_CPL_IP_OK      (1u << 1)
#define HINIC_CPL_L4_OK      (1u << 2)
#define HINIC_CPL_VLAN       (1u << 3)
#define HINIC_CPL_RSS_SHIFT  4 /* 7:4 enum hinic_rss_type */
#define HINIC_CPL_RSS(flags) (((flags) >> HINIC_CPL_RSS_SHIFT) & 0xfu)
#define HINIC_CPL_ERR        (1u << 14) /* the queue has stopped */
#define HINIC_CPL_PHASE      (1u << 15) /* 1 in the first pass of the ring, then toggles */

enum hinic_rss_type {
	HINIC_RSS_T_NONE = 0,
	HINIC_RSS_T_V4 = 1,
	HINIC_RSS_T_V4_TCP = 2,
	HINIC_RSS_T_V4_UDP = 3,
	HINIC_RSS_T_V6 = 4,
	HINIC_RSS_T_V6_TCP = 5,
	HINIC_RSS_T_V6_UDP = 6,
};

enum hinic_ethq_err {
	HINIC_ETHQ_OK = 0,
	HINIC_ETHQ_BAD_FLAGS =
	    1, /* reserved bits, or an offload that SET_OFFLOAD has not switched on */
	HINIC_ETHQ_BAD_LEN = 2, /* zero, too short, or over HINIC_FRAME_MAX / HINIC_TSO_LEN_MAX */
	HINIC_ETHQ_TOO_MANY_DESC = 3, /* no EOP within HINIC_TX_DESC_PER_PKT */
	HINIC_ETHQ_BAD_MSS = 4,
	HINIC_ETHQ_BAD_HDR = 5, /* TSO of something that is not TCP over IPv4 or IPv6 */
	HINIC_ETHQ_DMA = 6,     /* ring, buffer or payload could not be accessed */
};

/* ---- completion queues ---- */

enum hinic_wc_status { /* = enum ib_wc_status */
	               HINIC_WC_SUCCESS = 0,
	               HINIC_WC_LOC_LEN_ERR = 1,
	               HINIC_WC_LOC_QP_OP_ERR = 2,
	               HINIC_WC_LOC_EEC_OP_ERR = 3,
	               HINIC_WC_LOC_PROT_ERR = 4,
	               HINIC_WC_WR_FLUSH_ERR = 5,
	               HINIC_WC_MW_BIND_ERR = 6,
	               HINIC_WC_BAD_RESP_ERR = 7,
	               HINIC_WC_LOC_ACCESS_ERR = 8,
	               HINIC_WC_REM_INV_REQ_ERR = 9,
	               HINIC_WC_REM_ACCESS_ERR = 10,
	               HINIC_WC_REM_OP_ERR = 11,
	               HINIC_WC_RETRY_EXC_ERR = 12,
	               HINIC_WC_RNR_RETRY_EXC_ERR = 13,
	               HINIC_WC_FATAL_ERR = 19,
	               HINIC_WC_GENERAL_ERR = 21,
};

struct hinic_cqe {
	__le32 qpn_op; /* qpn 23:0, opcode 31:24 (enum hinic_wqe_op) */
	__u8 status;   /* = enum ib_wc_status */
	__u8 flags;    /* HINIC_CQE_* */
	__le16 wqe_idx;
	__le32 byte_len;
	__be32 imm; /* or invalidated rkey, host order */
	__le32 cookie;
	__le32 src_qp_sl; /* src_qp 23:0, sl 31:24 */
	__le16 slid;
	__le16 pkey_index;
	__u8 path_bits;
	__u8 net_hdr_type;
	__le16 vlan;
	__u8 smac[6];
	__le16 rsv0;
	__le32 vendor_err; /* transport reason */
	__le32 sw_idx;
	__le64 timestamp; /* virtual ns */
	__u8 rsv1[7];
	__u8 own; /* b0 phase */
};
HINIC_ASSERT_SIZE(struct hinic_cqe, 64);
HINIC_ASSERT_OFF(struct hinic_cqe, imm, 12);
HINIC_ASSERT_OFF(struct hinic_cqe, slid, 24);
HINIC_ASSERT_OFF(struct hinic_cqe, smac, 32);
HINIC_ASSERT_OFF(struct hinic_cqe, vendor_err, 40);
HINIC_ASSERT_OFF(struct hinic_cqe, timestamp, 48);
HINIC_ASSERT_OFF(struct hinic_cqe, own, 63);
#define HINIC_CQE_RECV        (1u << 0)
#define HINIC_CQE_IMM         (1u << 1)
#define HINIC_CQE_INVALIDATED (1u << 2)
#define HINIC_CQE_GRH         (1u << 3)
#define HINIC_CQE_VLAN        (1u << 4)
#define HINIC_CQE_SOLICITED   (1u << 5)

/* ---- work requests: rings of 64-byte basic blocks, 1..8 per WQE ---- */

#define HINIC_BB_SIZE      64
#define HINIC_WQE_BB_MAX   8
#define HINIC_SGE_MAX      16
#define HINIC_SGE_END_LKEY 0x100 /* ends a short list in a receive WQE, len 0 */

enum hinic_wqe_op {
	HINIC_WQE_NOP = 0,
	HINIC_WQE_SEND = 1,
	HINIC_WQE_SEND_IMM = 2,
	HINIC_WQE_SEND_INV = 3,
	HINIC_WQE_WRITE = 4,
	HINIC_WQE_WRITE_IMM = 5,
	HINIC_WQE_READ = 6,
	HINIC_WQE_CAS = 7,
	HINIC_WQE_FADD = 8,
	HINIC_WQE_LOCAL_INV = 9,
	HINIC_WQE_BIND_MW = 10,
	HINIC_WQE_REG_MR = 11,
	HINIC_WQE_ATOMIC_WRITE = 12,
	HINIC_WQE_FLUSH = 13,
};

struct hinic_wqe_ctrl {
	__u8 opcode;
	__u8 flags; /* n_bb 3:0, HINIC_WQE_F_* */
	__u8 num_sge;
	__u8 own;   /* b7 phase, toggles each ring wrap, 1 in the first pass */
	__be32 imm; /* or invalidated rkey, host order */
	__le32 length;
	__le32 sw_idx; /* echoed in the CQE */
};
HINIC_ASSERT_SIZE(struct hinic_wqe_ctrl, 16);
#define HINIC_WQE_F_SIGNALED  (1u << 4)
#define HINIC_WQE_F_SOLICITED (1u << 5)
#define HINIC_WQE_F_FENCE     (1u << 6)
#define HINIC_WQE_F_INLINE    (1u << 7)
#define HINIC_WQE_OWN_PHASE   (1u << 7)

struct hinic_wqe_rdma {
	__le64 raddr;
	__le32 rkey;
	__le32 rsv;
};
HINIC_ASSERT_SIZE(struct hinic_wqe_rdma, 16);

struct hinic_wqe_atomic {
	__le64 raddr;
	__le32 rkey;
	__le32 rsv;
	__le64 swap_add;
	__le64 compare;
};
HINIC_ASSERT_SIZE(struct hinic_wqe_atomic, 32);

struct hinic_wqe_ud {
	__le32 dqpn;
	__le32 qkey;
	struct hinic_av av;
};
HINIC_ASSERT_SIZE(struct hinic_wqe_ud, 48);

struct hinic_wqe_reg { /* REG_MR; BIND_MW uses key, access, iova, len and the MR's key in n_pages */
	__le32 key;
	__le32 access;
	__le64 iova;
	__le64 len;
	__u8 log_pgsz;
	__u8 rsv0[3];
	__le32 n_pages;
	__le64 page_list_pa;
	__le64 rsv1;
};
HINIC_ASSERT_SIZE(struct hinic_wqe_reg, 48);

struct hinic_wqe_flush { /* length in ctrl */
	__le64 raddr;
	__le32 rkey;
	__le32 type_level; /* type 3:0, level 7:4 */
};
HINIC_ASSERT_SIZE(struct hinic_wqe_flush, 16);

struct hinic_sge {
	__le64 addr;
	__le32 len;
	__le32 lkey;
};
HINIC_ASSERT_SIZE(struct hinic_sge, 16);

struct hinic_srq_hdr { /* in front of the SGEs of an SRQ WQE: linked free list */
	__le16 next_idx;
	__u8 rsv[14];
};
HINIC_ASSERT_SIZE(struct hinic_srq_hdr, 16);

/* ---- counters: order of GET_STATS and of the register window (its first HINIC_R_COUNTERS_N) ----
 */

enum hinic_counter {
	HINIC_CNT_RX_WRITE_REQUESTS = 0,
	HINIC_CNT_RX_READ_REQUESTS,
	HINIC_CNT_RX_ATOMIC_REQUESTS,
	HINIC_CNT_OUT_OF_BUFFER,
	HINIC_CNT_OUT_OF_SEQUENCE,
	HINIC_CNT_DUPLICATE_REQUEST,
	HINIC_CNT_RNR_NAK_RETRY_ERR,
	HINIC_CNT_PACKET_SEQ_ERR,
	HINIC_CNT_IMPLIED_NAK_SEQ_ERR,
	HINIC_CNT_LOCAL_ACK_TIMEOUT_ERR,
	HINIC_CNT_RESP_LOCAL_LENGTH_ERROR = 10,
	HINIC_CNT_RESP_CQE_ERROR,
	HINIC_CNT_REQ_CQE_ERROR,
	HINIC_CNT_REQ_REMOTE_INVALID_REQUEST,
	HINIC_CNT_REQ_REMOTE_ACCESS_ERRORS,
	HINIC_CNT_RESP_REMOTE_ACCESS_ERRORS,
	HINIC_CNT_RESP_CQE_FLUSH_ERROR,
	HINIC_CNT_REQ_CQE_FLUSH_ERROR,
	HINIC_CNT_REQ_TRANSPORT_RETRIES_EXCEEDED,
	HINIC_CNT_REQ_RNR_RETRIES_EXCEEDED,
	HINIC_CNT_ROCE_ADP_RETRANS = 20,
	HINIC_CNT_ROCE_ADP_RETRANS_TO,
	HINIC_CNT_ROCE_SLOW_RESTART,
	HINIC_CNT_ROCE_SLOW_RESTART_CNPS,
	HINIC_CNT_ROCE_SLOW_RESTART_TRANS,
	HINIC_CNT_NP_CNP_SENT,
	HINIC_CNT_NP_ECN_MARKED_ROCE_PACKETS,
	HINIC_CNT_RP_CNP_HANDLED,
	HINIC_CNT_RP_CNP_IGNORED,
	HINIC_CNT_RX_ICRC_ENCAPSULATED,
	HINIC_CNT_TX_PAUSE_PRIO0 = 30, /* 8 */
	HINIC_CNT_RX_PAUSE_PRIO0 = 38, /* 8 */
	HINIC_CNT_RETX_BYTES = 46,
	HINIC_CNT_VTIME_NS,
	HINIC_CNT_CC_BAD_OUT,
	HINIC_CNT_INT_OVERFLOW,
	HINIC_CNT_GUEST_ERRORS,
	HINIC_CNT_PKEY_VIOLATIONS,
	HINIC_CNT_TX_FRAMES = 52, /* frames put on the link */
	HINIC_CNT_TX_BYTES,       /* without FCS */
	HINIC_CNT_RX_FRAMES,      /* frames delivered into buffers */
	HINIC_CNT_RX_BYTES,
	HINIC_CNT_RX_DISCARDS,  /* every dropped frame; the reasons follow */
	HINIC_CNT_TX_DISCARDS,  /* packets or segments not put on the link; the reasons follow */
	HINIC_CNT_RX_FIFO = 58, /* receive memory full */
	HINIC_CNT_RX_NO_BUFFER, /* no or too few RX descriptors */
	HINIC_CNT_RX_NO_CPL,    /* completion ring full */
	HINIC_CNT_RX_NO_QUEUE,  /* queue not created, stopped or device disabled */
	HINIC_CNT_RX_FILTERED,  /* not for this MAC or VLAN; not part of RX_DISCARDS */
	HINIC_CNT_RX_LENGTH,    /* runt, giant, header-only */
	HINIC_CNT_RX_CSUM_ERR,  /* delivered with a bad IP or L4 checksum */
	HINIC_CNT_RX_MULTICAST,
	HINIC_CNT_RX_BROADCAST,
	HINIC_CNT_TX_GIANT, /* over the MTU of the port or link */
	HINIC_CNT_TX_LINK_DOWN,
	HINIC_CNT_TX_LINK_LOST,   /* the link model lost or corrupted the frame */
	HINIC_CNT_TX_TSO_PACKETS, /* in host memory; segments count as frames */
	HINIC_CNT_TX_QUEUE_ERR,   /* descriptor and payload errors */
	HINIC_CNT_RX_QUEUE_ERR,
	HINIC_CNT_RX_FCS,    /* damaged on the link */
	HINIC_CNT_AQ_ERRORS, /* commands that ended with a status other than OK */
	HINIC_CNT_PRIO = 75, /* HINIC_CNT_PRIO_N counters of priority 0, then of priority 1, ... */
	HINIC_CNT_TX_PAUSE_STORM_WARNING = 75 + 8 * 13,
	HINIC_CNT_TX_PAUSE_STORM_ERROR,
	HINIC_CNT_RX_PAUSE_CTRL_PHY,
	HINIC_CNT_TX_PAUSE_CTRL_PHY,
	HINIC_CNT_N,
};
_Static_assert(HINIC_CNT_ROCE_ADP_RETRANS == HINIC_CNT_REQ_RNR_RETRIES_EXCEEDED + 1,
               "counter order");
_Static_assert(HINIC_CNT_TX_PAUSE_PRIO0 == HINIC_CNT_RX_ICRC_ENCAPSULATED + 1, "counter order");
_Static_assert(HINIC_CNT_TX_FRAMES == HINIC_CNT_PKEY_VIOLATIONS + 1, "counter order");
_Static_assert(HINIC_CNT_PRIO == HINIC_CNT_AQ_ERRORS + 1, "counter order");

enum hinic_prio_counter {
	HINIC_PRIO_RX_BYTES = 0,
	HINIC_PRIO_RX_PACKETS,
	HINIC_PRIO_TX_BYTES,
	HINIC_PRIO_TX_PACKETS,
	HINIC_PRIO_RX_DISCARDS,
	HINIC_PRIO_RX_BUF_DISCARD,
	HINIC_PRIO_RX_CONG_DISCARD,
	HINIC_PRIO_RX_MARKED,
	HINIC_PRIO_RX_PAUSE,
	HINIC_PRIO_TX_PAUSE,
	HINIC_PRIO_RX_PAUSE_DURATION, /* us */
	HINIC_PRIO_TX_PAUSE_DURATION, /* us */
	HINIC_PRIO_RX_PAUSE_TRANSITION,
	HINIC_CNT_PRIO_N,
};
_Static_assert(HINIC_CNT_PRIO_N == 13, "counters per priority");
#define HINIC_CNT_OF_PRIO(prio, c) (HINIC_CNT_PRIO + (prio) * HINIC_CNT_PRIO_N + (c))

#endif
