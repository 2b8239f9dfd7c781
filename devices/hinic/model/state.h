/* SPDX-License-Identifier: MIT */
/* State of the HiNIC model: one flat block, and the functions its stages offer each other. */
#ifndef VDC_DEVICES_HINIC_MODEL_STATE_H
#define VDC_DEVICES_HINIC_MODEL_STATE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hinic_hw.h"
#include "parse.h"
#include "rdma.h"
#include "vdc/evq.h"
#include "vdc/hinic.h"

/* ---- limits of the model ---- */

#define RD_N       1024u /* DMA reads in flight, without those of the memory engine of RDMA */
#define RD_RESERVE 64u   /* of them, kept for descriptors and commands */
#define WR_N       1024u /* DMA writes in flight, without those of the memory engine */
#define RD_RING    2048u
#define WR_RING    2048u
#define WR_RX_ROOM 256u /* free writes a received frame needs before it starts */
#define WR_TX_ROOM 128u /* free writes a transmission needs before it starts */
#define WR_INLINE  64u
#define DESC_CACHE 64u /* descriptors kept per queue */
#define DESC_BATCH 32u /* per fetch */
#define TXPKT_PER_Q                                                                                \
    32u /* packets of a queue being fetched or sent: no queue takes those of another */
#define TXPAGE_PER_Q   48u /* staging memory of a queue, 4 KiB pages */
#define TXPAGE_SIZE    4096u
#define TXPKT_PAGES    17u
#define RX_CELL        256u         /* granule of receive memory */
#define RX_GAP_BYTES   (32u << 10)  /* beyond the size, so that frames lie in one piece */
#define IN_BYTES       (256u << 10) /* input memory */
#define IN_MSGS        1024u
#define RING_PAGES_MAX 16u
#define GERR_N         16u
#define TSO_HDR_MAX    256u  /* headers of a TSO packet, bytes */
#define FRAME_BUF      9280u /* the largest segment that can be built */
#define NO_INDEX       UINT16_MAX

_Static_assert(RD_RING >= RD_N + MEM_OPS_MAX + MEM_LEAVES, "reads fit their ring");
_Static_assert(WR_RING >= WR_N + MEM_OPS_MAX, "writes fit their ring");
_Static_assert(FRAME_BUF >= HINIC_MSS_MAX + TSO_HDR_MAX + 4, "a segment fits before it is checked");
_Static_assert(FRAME_BUF >= HINIC_FRAME_MAX + 4, "a frame fits with its tag");
_Static_assert(TXPAGE_PER_Q >= 2 * TXPKT_PAGES && TXPAGE_PER_Q <= 64,
               "one is sent while one is fetched");
_Static_assert(TXPKT_PAGES *TXPAGE_SIZE >= HINIC_TSO_LEN_MAX, "a TSO packet fits its pages");
_Static_assert(RING_PAGES_MAX *HINIC_PAGE_SIZE >= 16u << HINIC_ETHQ_LOG_MAX, "ring pages");
_Static_assert(RING_PAGES_MAX *HINIC_PAGE_SIZE >= 16u << HINIC_EQ_LOG_MAX, "EQ pages");

/* ---- events ---- */

enum ev_class { CLS_DMA_CPL, CLS_FRAME, CLS_TIMER, CLS_ARMED, CLS_TRANSMIT };

/* Sources of events. Each (kind, index) has at most one event queued. Order inside a class = order
 * here. */
enum ev_kind {
    EV_FRAME, /* first: its time is input, not state */
    EV_RD_CPL,
    EV_WR_MEM, /* a read never passes a posted write */
    EV_RD_MEM,
    EV_MEM, /* memory requests that ended without the bus */
    EV_AQ,
    EV_RX_PROC,
    EV_LOOP, /* RDMA packets that stay inside */
    EV_TX_READY,
    EV_REQ_TIMER, /* slot of a QP */
    EV_REQ_WORK,
    EV_RSP_TIMER,
    EV_RSP_WORK,
    EV_CQ_TIMER,   /* CQ: moderation */
    EV_MODERATION, /* index of struct notify */
    EV_MSI,        /* vector */
    EV_CQ_ERR,     /* queue pairs of dead CQs and SRQs */
    EV_DB_AQ,
    EV_DB_NOTIFY, /* index of struct notify */
    EV_DB_QUEUE,  /* Ethernet queue */
    EV_DB_CQ,     /* CQ */
    EV_DB_SRQ,    /* SRQ */
    EV_DB_RQ,     /* slot of a QP */
    EV_DB_SQ,
    EV_SCHED,
    EV_HELLO,
    EV_TRANSMIT,
    EV_KINDS
};

/* ---- DMA ---- */

enum rd_kind {
    RD_AQ_SQE,
    RD_AQ_MBOX,
    RD_AQ_PBL,
    RD_DESC,
    RD_TX_DATA,
    RD_MEM,    /* obj: request of the memory engine */
    RD_ATOMIC, /* read-modify-write, same */
    RD_LEAF    /* obj: leaf of a page list */
};

struct rd_op {
    vtime_t t_mem;
    vtime_t t_cpl; /* set when memory was read */
    uint64_t addr;
    uint64_t dst; /* offset in the state block */
    uint32_t len;
    uint32_t tag; /* meaning per kind */
    uint16_t kind;
    uint16_t obj;
    uint32_t is_failed;
};
_Static_assert(sizeof(struct rd_op) == 48, "rd_op layout");

enum wr_kind {
    WR_RX_DATA,
    WR_ETH_CPL,
    WR_EQE,
    WR_AQ_MBOX,
    WR_AQ_CQE,
    WR_MEM, /* obj: request of the memory engine */
    WR_CQE  /* obj: CQ, gen: of it */
};

struct wr_op {
    vtime_t t;
    uint64_t addr;
    uint64_t src; /* offset in the state block, 0: inl */
    uint32_t len;
    uint32_t tag; /* meaning per kind */
    uint16_t kind;
    uint16_t obj;
    uint32_t gen; /* of the queue */
    uint8_t inl[WR_INLINE];
};
_Static_assert(sizeof(struct wr_op) == 104, "wr_op layout");

/* Free-running indices of the two rings; op i lies at i % N. */
struct dma {
    uint32_t rd_head; /* next to complete */
    uint32_t rd_mem;  /* next to touch memory */
    uint32_t rd_tail;
    uint32_t wr_head;
    uint32_t wr_tail;
    uint32_t mem_rd; /* of the memory engine, in flight */
    uint32_t mem_wr;
    uint32_t zero;
    vtime_t rd_busy; /* bus occupied until, per direction */
    vtime_t wr_busy;
};

/* ---- interrupts ---- */

/* Arming and moderation of one ring: index = eqn for EQs (0 = AEQ), then TX, then RX completion
 * rings. */
struct notify {
    uint32_t mask;  /* of indices: 24 bits for EQs, 16 for Ethernet */
    uint32_t ci;    /* driver has consumed everything before */
    uint32_t ev_pi; /* behind the last visible entry that is an event */
    uint32_t db_ci; /* of the doorbell on its way */
    uint32_t count, ns;
    uint8_t is_used, is_armed, db_arm, vector;
    uint32_t zero;
};
_Static_assert(sizeof(struct notify) == 32, "notify layout");

/* Ring in guest memory. */
struct ring {
    uint64_t page[RING_PAGES_MAX];
    uint32_t log_pgsz;
    uint32_t log_depth;
};

struct eq {
    uint32_t is_used;
    uint32_t pi;
    struct ring ring;
};

/* ---- Ethernet ---- */

/* TX queue q is ethq[q], RX queue q is ethq[HINIC_QPAIRS_MAX + q]. */
struct ethq {
    uint8_t is_used;
    uint8_t err;         /* enum hinic_ethq_err: stopped */
    uint8_t err_pending; /* TX: to be reported behind the packets in flight */
    uint8_t zero0;
    uint16_t gen; /* of creations: drops fetches of a former queue */
    uint16_t pi;
    uint16_t fetched; /* next descriptor to fetch */
    uint16_t n_fetch; /* in flight */
    uint16_t head;    /* next cached descriptor to use */
    uint16_t done;    /* descriptors before are completed */
    uint16_t cpl_pi;
    uint16_t pkt_first, pkt_last; /* TX: packets in order, NO_INDEX */
    uint16_t err_idx;             /* TX: descriptor that err_pending is about */
    struct ring desc, cpl;
};

struct txpkt {
    uint8_t is_used, is_ready, is_dead, is_dma_failed;
    uint16_t q, next;
    uint16_t flags, mss, vlan, last; /* last = index of the last descriptor */
    uint16_t n_left;                 /* reads in flight */
    uint16_t n_page;
    uint16_t seg;   /* next segment */
    uint16_t n_seg; /* 0: not parsed yet */
    uint16_t page[TXPKT_PAGES];
    uint32_t len;
    uint32_t hdr_len;
    struct hinic_parse parse;
};

/* Packets and pages of one queue in use, a bit each; the lowest free one is taken. */
struct txpool {
    uint64_t page_used;
    uint32_t pkt_used;
    uint32_t n_page;
};

/* A packet whose data are complete at t - t_tx. */
struct txready {
    vtime_t t;
    uint64_t pkt;
};

struct tx {
    uint32_t rr_load; /* queue to look at first */
    uint32_t rr_send;
    uint64_t ready_head, ready_tail; /* free-running */
    struct txpool pool[HINIC_QPAIRS_MAX];
    vtime_t eth_at;  /* an Ethernet queue may send from then on; 0: none waits */
    vtime_t free_at; /* engine and link; survives a reset */
};

/* A message that the shell has handed over and that is yet to arrive. Outside of the digest. */
struct inmsg {
    vtime_t t;
    uint32_t off; /* bytes in input memory */
    uint32_t len;
    uint16_t type; /* enum vdc_msg_type */
    uint16_t flags;
    uint32_t zero;
};
_Static_assert(sizeof(struct inmsg) == 24, "inmsg layout");

/* A frame in receive memory: [proc, tail) waits for the engine, [free, proc) for its writes. */
struct frm {
    vtime_t t; /* arrival */
    uint32_t off;
    uint32_t len;
    uint32_t refs; /* writes in flight */
    uint32_t is_done;
};
_Static_assert(sizeof(struct frm) == 24, "frm layout");

struct rx {
    uint32_t used_bytes; /* in cells */
    uint32_t is_waiting; /* engine holds the first frame for descriptors or writes */
    vtime_t free_at;
    uint64_t i_free, i_proc, i_tail; /* free-running */
    uint32_t head, tail;             /* bytes */
};

struct filter {
    uint64_t hash;
    uint32_t mode; /* HINIC_RX_MODE_* */
    uint32_t offload;
    uint32_t rss_types;
    uint8_t mac[6];
    uint16_t zero;
    uint8_t rss_key[HINIC_RSS_KEY_LEN];
    uint8_t rss_table[HINIC_RSS_TABLE_LEN];
    uint32_t zero1;
    uint64_t vlan[64]; /* bit per VID */
};
_Static_assert(sizeof(struct filter) == 712, "filter has no holes");

/* ---- admin queue ---- */

enum aq_step { AQ_IDLE, AQ_FETCH, AQ_MAILBOX, AQ_WALK, AQ_EXEC, AQ_REPLY };

/* Resolves one page list to the addresses of a ring. */
struct walk {
    uint64_t page[RING_PAGES_MAX];
    uint64_t root;
    uint32_t log_pgsz;
    uint32_t n;
    uint32_t levels; /* still to read, 0 = done */
    uint32_t zero;
};

struct aq {
    uint64_t sq_base, cq_base, aeq_base;
    uint32_t log_depth, aeq_log_depth;
    uint16_t sq_pi, sq_ci, cq_pi, cq_ci;
    uint16_t db_cq_ci;
    uint8_t step; /* enum aq_step */
    uint8_t status;
    uint32_t walk_i;
    uint32_t out[3];
    uint32_t out_len;
    struct walk walk[2];
    struct hinic_aq_sqe sqe;
};

/* ---- device ---- */

struct port {
    struct vdc_link_cfg link; /* with what LINK messages changed */
    struct vdc_link_tx tx;
    uint64_t seq;
    uint32_t is_up;
    uint32_t is_cut; /* a LINK message took it down */
    uint32_t mtu;
    uint32_t zero;
};

/* ---- RDMA ---- */

/* Requests of one (client, object, direction) in order. */
struct memq {
    uint16_t head, tail; /* MEM_NONE: empty */
    uint16_t n_unissued; /* that have not asked the bus for everything yet */
    uint16_t is_waiting; /* for room */
};

/* What outlives the object in a slot: QPs, then SRQs. */
struct memslot {
    uint32_t gen;
    uint32_t n_made;     /* QPs of this slot: part of the QPN */
    struct memq q[2][2]; /* [client == MEM_RSP][is_write] */
};

/* A request of the memory engine, from its submission until mem_done(). */
struct memreq {
    struct mem_req r;
    uint64_t swap_add, compare;
    uint64_t pblq; /* WQE fetch: offset of the page list in the state block; 0: by keys */
    uint32_t gen;  /* of the object's slot */
    uint32_t at;   /* bytes that the bus was asked for */
    uint32_t sge;  /* position in the list */
    uint32_t sge_at;
    uint16_t next;  /* of the same object and direction */
    uint16_t link;  /* reads that need the bus, ended requests, free requests */
    uint16_t n_dma; /* in flight */
    uint8_t is_atomic, op;
    uint8_t status; /* enum mem_status */
    uint8_t is_issued, is_done;
    uint8_t zero[5];
    uint32_t key_gen[MEM_SGE];
};
_Static_assert(sizeof(struct memreq) == 416, "memreq has no holes");
_Static_assert(sizeof(struct mem_req) == 40 + MEM_SGE * sizeof(struct mem_sge), "mem_req too");

/* A completion on its way to the bus. */
struct memcqe {
    struct hinic_cqe c;
    uint32_t cqn, gen;
    uint32_t pi; /* index in the CQ */
    uint32_t is_event;
};
_Static_assert(sizeof(struct memcqe) == 80, "memcqe layout");

/* A leaf page of a page list: kept, or being fetched. */
struct leaf {
    uint64_t owner; /* offset of the struct pblq, 0: free or no longer wanted */
    uint64_t next;  /* bus address of what is read next */
    uint32_t no;
    uint8_t is_fetching;
    uint8_t levels; /* tables above the leaf still to be read */
    uint8_t zero[2];
};
_Static_assert(sizeof(struct leaf) == 24, "leaf layout");

#define FIFO_N   8192u      /* writes and completions in order; power of two */
#define FIFO_CQE UINT16_MAX /* the next completion */

_Static_assert(FIFO_N >= MEM_N + MEM_CQE_N, "each has a place");

/* State of the memory engine. */
struct mem {
    uint16_t free; /* list of free requests */
    uint16_t n_free;
    uint16_t rd_first, rd_last;   /* reads that still need the bus */
    uint16_t end_first, end_last; /* requests that ended without the bus */
    uint16_t next_leaf;           /* to be looked at first for a new one */
    uint16_t zero;
    uint32_t wr_head, wr_tail;     /* writes and completions in order, free-running */
    uint32_t cqe_head, cqe_tail;   /* completions of them */
    uint32_t wait_head, wait_tail; /* objects waiting for room */
};

/* What the performance agent reports. */
enum pma_value {
    PMA_TX_BYTES,
    PMA_RX_BYTES,
    PMA_TX_PACKETS,
    PMA_RX_PACKETS,
    PMA_TX_DISCARDS,
    PMA_RX_ERRORS,
    PMA_N
};

struct rdma {
    struct mem mem;
    uint32_t n_used[OBJ_KINDS];
    uint32_t next[OBJ_KINDS]; /* where to look for a free entry */
    uint32_t next_mw;
    uint32_t n_send; /* QPs in RTS and SQD: a doorbell may lead to a packet */
    uint32_t n_gid, n_mc;
    uint32_t qkey_violations;
    uint32_t zero;
    uint64_t pma_base[PMA_N]; /* counters when the agent was told to clear them */
};

/* Part of the digest as bytes. */
struct dev {
    vtime_t epoch;
    uint32_t is_ready, vclock_epoch;
    uint32_t is_enabled, is_int_masked;
    uint32_t reset_done;
    uint16_t fatal; /* enum hinic_fatal */
    uint16_t is_halted;
    uint32_t scratch, test, vclock_hi, last_gerr;
    uint64_t msi_held; /* vectors kept back by INT_MASK */
    struct dma dma;
    struct aq aq;
    struct tx tx;
    struct rx rx;
    struct port port;
    struct filter filter;
    struct ethq ethq[2 * HINIC_QPAIRS_MAX];
    struct rdma rdma;
    uint64_t cnt[HINIC_CNT_N];
};

struct gerr {
    uint64_t arg;
    uint32_t code;
    uint32_t zero;
};

/* Offsets of the arrays behind the struct, bytes from its start. */
struct layout {
    uint64_t ev_node, ev_place, ev_t, rd, wr, notify, eq, desc, txpkt, ready, txpage, frm, rxmem,
        inmsg, inmem, qp, cq, srq, key, pd, uar, gid, mcast, memslot, memreq, memfifo, memcqe,
        memwait, leaf, leafmem, changed, is_changed, obj_sum, rnet, src, pkt, pktmem, size;
    uint32_t ev_base[EV_KINDS + 1]; /* first source of each kind */
    uint32_t n_notify;
    uint32_t n_frm;
    uint32_t rxmem_bytes;
    /* Objects of RDMA; all 0 in a device without it. */
    uint32_t n_qp, n_cq, n_srq, n_key, n_mr, n_pd, n_gid, n_mc; /* n_key: MRs, then windows */
    uint32_t log_qp; /* low bits of a QPN that are its slot */
    uint32_t n_pkt;  /* packet buffers, the unused first one included */
};

/* Objects of RDMA in the digest: a sum over their digests. Those that have changed since it was
 * made are in a list; entry i of obj_sum is what object i has in the sum. */
struct changed {
    struct vdc_digest sum;
    uint32_t n; /* in the list */
    uint32_t zero;
};

struct vdc_hinic {
    struct vdc_hinic_cfg cfg;
    struct layout lay;
    vtime_t now;                /* of the last run */
    vtime_t t_in;               /* arrival of the last message */
    uint32_t in_first, in_next; /* free-running: next to arrive, next to store */
    uint32_t in_head, in_tail;  /* bytes of input memory */
    uint32_t n_gerr;
    uint32_t n_ev; /* armed */
    struct gerr gerr[GERR_N];
    uint8_t mbox_in[HINIC_PAGE_SIZE];
    uint8_t mbox_out[HINIC_PAGE_SIZE];
    struct changed changed;
    uint64_t pbl[RING_PAGES_MAX];
    uint8_t frame[FRAME_BUF]; /* being sent; no state between events */
    struct dev dev;
};

static inline void *vdc_hinic_at(struct vdc_hinic *h, uint64_t off)
{
    assert(off < h->lay.size);
    return (uint8_t *)h + off;
}

static inline struct notify *vdc_hinic_notify(struct vdc_hinic *h, uint32_t i)
{
    assert(i < h->lay.n_notify);
    return (struct notify *)vdc_hinic_at(h, h->lay.notify) + i;
}

static inline struct eq *vdc_hinic_eq(struct vdc_hinic *h, uint32_t i)
{
    assert(i <= h->cfg.n_eq);
    return (struct eq *)vdc_hinic_at(h, h->lay.eq) + i;
}

/* Index of the struct notify of an Ethernet queue (0..31). */
static inline uint32_t vdc_hinic_ethq_notify(const struct vdc_hinic *h, uint32_t q)
{
    return 1 + h->cfg.n_eq + q;
}

/* Objects of RDMA by index, used or not. */
static inline struct qp *vdc_hinic_qp_slot(struct vdc_hinic *h, uint32_t i)
{
    assert(i < h->lay.n_qp);
    return (struct qp *)vdc_hinic_at(h, h->lay.qp) + i;
}

static inline struct cq *vdc_hinic_cq_slot(struct vdc_hinic *h, uint32_t i)
{
    assert(i < h->lay.n_cq);
    return (struct cq *)vdc_hinic_at(h, h->lay.cq) + i;
}

static inline struct srq *vdc_hinic_srq_slot(struct vdc_hinic *h, uint32_t i)
{
    assert(i < h->lay.n_srq);
    return (struct srq *)vdc_hinic_at(h, h->lay.srq) + i;
}

static inline struct mr *vdc_hinic_key_slot(struct vdc_hinic *h, uint32_t i)
{
    assert(i < h->lay.n_key);
    return (struct mr *)vdc_hinic_at(h, h->lay.key) + i;
}

/* A packet buffer, and the offset of its payload in the state block: 4096 bytes. UD receives: the
 * 40 bytes of the GRH lie in front of it, ready to be placed with it. */
static inline struct rpkt *vdc_hinic_rpkt(struct vdc_hinic *h, uint32_t i)
{
    assert(i != RPKT_NONE && i < h->lay.n_pkt);
    return (struct rpkt *)vdc_hinic_at(h, h->lay.pkt) + i;
}

static inline uint64_t vdc_hinic_rpkt_payload(const struct vdc_hinic *h, uint32_t i)
{
    assert(i != RPKT_NONE && i < h->lay.n_pkt);
    return h->lay.pktmem + (uint64_t)i * RPKT_STRIDE + WIRE_HDR_MAX;
}

static inline bool vdc_hinic_has_rdma(const struct vdc_hinic_cfg *cfg)
{
    return (cfg->caps_mask & HINIC_CAP_ROCEV2) != 0;
}

static inline struct txpkt *vdc_hinic_txpkt(struct vdc_hinic *h, uint32_t i)
{
    assert(i < h->cfg.n_qpairs * TXPKT_PER_Q);
    return (struct txpkt *)vdc_hinic_at(h, h->lay.txpkt) + i;
}

static inline void vdc_hinic_count(struct vdc_hinic *h, enum hinic_counter c, uint64_t n)
{
    h->dev.cnt[c] += n;
}

/* Virtual ns as the guest sees it. */
static inline uint64_t vdc_hinic_ns(const struct vdc_hinic *h, vtime_t now)
{
    return (now - h->dev.epoch) / VTIME_PS_PER_NS;
}

/* True while work may be done: enabled and not in the fatal state. */
static inline bool vdc_hinic_is_alive(const struct vdc_hinic *h)
{
    return h->dev.is_enabled != 0 && h->dev.fatal == HINIC_FATAL_NONE;
}

/* ---- event.c ---- */

#define EV_NODE_SIZE 16u /* bytes of an armed source */

void vdc_hinic_ev_arm(struct vdc_hinic *h, enum ev_kind kind, uint32_t i, vtime_t t);
void vdc_hinic_ev_cancel(struct vdc_hinic *h, enum ev_kind kind, uint32_t i); /* if armed */
static inline uint32_t vdc_hinic_ev_source(const struct vdc_hinic *h, enum ev_kind kind, uint32_t i)
{
    const uint32_t s = h->lay.ev_base[kind] + i;

    assert(s < h->lay.ev_base[kind + 1]);
    return s;
}

/* VTIME_NEVER if it is not armed. */
static inline vtime_t vdc_hinic_ev_time(const struct vdc_hinic *h, enum ev_kind kind, uint32_t i)
{
    const vtime_t *t = (const vtime_t *)(const void *)((const uint8_t *)h + h->lay.ev_t);

    return t[vdc_hinic_ev_source(h, kind, i)];
}

static inline bool vdc_hinic_ev_is_armed(const struct vdc_hinic *h, enum ev_kind kind, uint32_t i)
{
    return vdc_hinic_ev_time(h, kind, i) != VTIME_NEVER;
}

bool vdc_hinic_ev_pop(struct vdc_hinic *h, vtime_t until, struct vdc_ev *out);
uint32_t vdc_hinic_ev_layout(const struct vdc_hinic_cfg *cfg,
                             struct layout *l); /* number of sources */
void vdc_hinic_ev_init(struct vdc_hinic *h);
/* Folds the times of what is armed; costs as much as there is. */
void vdc_hinic_ev_digest(const struct vdc_hinic *h, struct vdc_digest *d);

/* ---- object.c ---- */

#define CHANGED_MAX 64u /* objects in the list between events */

/* A free entry in [lo, hi), from where the last one was found; UINT32_MAX if all are in use. */
uint32_t vdc_hinic_object_find(struct vdc_hinic *h, enum obj_kind kind, uint32_t lo, uint32_t hi,
                               uint32_t *next);
static inline uint32_t vdc_hinic_object_id(enum obj_kind kind, uint32_t i)
{
    return (uint32_t)kind << 24 | i;
}
/* Forgets every object and resets the engines. */
void vdc_hinic_object_reset(struct vdc_hinic *h);
/* The object has changed or is about to, in this event. */
void vdc_hinic_object_mark(struct vdc_hinic *h, enum obj_kind kind, uint32_t i);
void vdc_hinic_object_mark_at(struct vdc_hinic *h, uint64_t off); /* by an offset inside of it */
void vdc_hinic_object_settle(struct vdc_hinic *h);                /* empties the list of changes */
void vdc_hinic_object_digest(const struct vdc_hinic *h, struct vdc_digest *d);

/* ---- gid.c ---- */

void vdc_hinic_gid_digest(const struct vdc_hinic *h, struct vdc_digest *d);

/* ---- uar.c, pd.c ---- */

struct memslot *vdc_hinic_memslot(struct vdc_hinic *h, enum mem_client client, uint32_t obj);
bool vdc_hinic_uar_ok(const struct vdc_hinic *h, uint32_t uar); /* allocated; page 0 always */
bool vdc_hinic_pd_ok(const struct vdc_hinic *h, uint32_t pdn);
void vdc_hinic_pd_get(struct vdc_hinic *h, uint32_t pdn);
void vdc_hinic_pd_put(struct vdc_hinic *h, uint32_t pdn);

/* ---- cq.c, srq.c, qp.c ---- */

void vdc_hinic_cq_doorbell(struct vdc_hinic *h, vtime_t now, uint32_t cqn); /* takes effect */
void vdc_hinic_cq_timer(struct vdc_hinic *h, vtime_t now, uint32_t cqn);
/* The next completion has gone to the bus. */
void vdc_hinic_cq_issued(struct vdc_hinic *h, vtime_t now, const struct memcqe *m);
void vdc_hinic_cq_written(struct vdc_hinic *h, vtime_t now, const struct wr_op *op, bool is_failed);
void vdc_hinic_cq_fail(struct vdc_hinic *h, vtime_t now, uint32_t cqn);
void vdc_hinic_cq_errors(struct vdc_hinic *h, vtime_t now); /* EV_CQ_ERR */
bool vdc_hinic_cq_uses_eq(struct vdc_hinic *h, uint32_t eqn);
void vdc_hinic_cq_destroy(struct vdc_hinic *h, uint32_t cqn);
void vdc_hinic_srq_destroy(struct vdc_hinic *h, vtime_t now, uint32_t srqn);
/* A QP in RESET; NULL if there is no slot. What it names exists. */
struct qp *vdc_hinic_qp_make(struct vdc_hinic *h, vtime_t now, const struct hinic_mb_create_qp *m,
                             const struct pblq *sq, const struct pblq *rq);
void vdc_hinic_qp_destroy(struct vdc_hinic *h, vtime_t now, uint32_t slot);
void vdc_hinic_qp_doorbell(struct vdc_hinic *h, vtime_t now, uint32_t slot, bool is_rq);
void vdc_hinic_srq_armed(struct vdc_hinic *h, vtime_t now, uint32_t srqn);
/* To another state, with all that follows from it. */
void vdc_hinic_qp_move(struct vdc_hinic *h, vtime_t now, struct qp *qp, uint32_t to);
void vdc_hinic_mc_forget(struct vdc_hinic *h, uint32_t qpn);

/* ---- mem.c, pblq.c ---- */

enum pblq_answer { PBLQ_OK, PBLQ_WAIT, PBLQ_BAD };

void vdc_hinic_mem_init(struct vdc_hinic *h);
/* Requests of the object that are under way end as MEM_STALE. Returns the new generation. */
uint32_t vdc_hinic_mem_renew(struct vdc_hinic *h, vtime_t now, enum mem_client client,
                             uint16_t obj);
void vdc_hinic_mem_go(struct vdc_hinic *h, vtime_t now);
/* Goes on where it can. */
static inline void vdc_hinic_mem_kick(struct vdc_hinic *h, vtime_t now)
{
    const struct mem *m = &h->dev.rdma.mem;

    if (h->lay.n_qp > 0 && (m->wr_head != m->wr_tail || m->rd_first != MEM_NONE)) {
        vdc_hinic_mem_go(h, now);
    }
}
void vdc_hinic_mem_cqe(struct vdc_hinic *h, vtime_t now, const struct memcqe *m);
void vdc_hinic_mem_ended(struct vdc_hinic *h, vtime_t now); /* EV_MEM */
void vdc_hinic_mem_read_done(struct vdc_hinic *h, vtime_t now, const struct rd_op *op);
void vdc_hinic_mem_write_done(struct vdc_hinic *h, vtime_t now, const struct wr_op *op,
                              bool is_failed);
/* Where the page of a key lies; PBLQ_BAD: it is not what it was when it was checked. */
enum pblq_answer vdc_hinic_mr_find(struct vdc_hinic *h, vtime_t now, uint32_t key, uint32_t gen,
                                   uint64_t va, uint64_t *addr, uint64_t *room);
/* New value of an atomic operation that has read `old`; false if nothing is to be written. */
bool vdc_hinic_mem_modify(struct vdc_hinic *h, const struct rd_op *op, uint64_t old, uint64_t *val);
void vdc_hinic_mem_digest(const struct vdc_hinic *h, struct vdc_digest *d);

/* Checks a page list of `bytes` bytes, which start `first` bytes into the first page; false if it
 * is malformed. */
bool vdc_hinic_pblq_open(struct pblq *q, const struct hinic_pbl *pbl, uint64_t first,
                         uint64_t bytes);
void vdc_hinic_pblq_close(struct vdc_hinic *h, struct pblq *q);
/* Bus address of byte off, and bytes from there to the end of its page. PBLQ_WAIT: the leaf is
 * being fetched, vdc_hinic_mem_kick() follows. */
enum pblq_answer vdc_hinic_pblq_find(struct vdc_hinic *h, vtime_t now, struct pblq *q, uint64_t off,
                                     uint64_t *addr, uint64_t *room);
void vdc_hinic_pblq_arrived(struct vdc_hinic *h, vtime_t now, const struct rd_op *op);

/* ---- device.c ---- */

void vdc_hinic_guest_err(struct vdc_hinic *h, enum hinic_guest_err code, uint64_t arg);
/* The first code stays; run() halts the device before its next event. */
void vdc_hinic_fatal(struct vdc_hinic *h, enum hinic_fatal code);
void vdc_hinic_halt(struct vdc_hinic *h, vtime_t now);
/* Stops all work and destroys every object. Keeps ring registers, filters, counters, link, messages
 * to come. */
void vdc_hinic_stop(struct vdc_hinic *h);

/* ---- dma.c ---- */

/* Of all but the memory engine, which has its own share. */
uint32_t vdc_hinic_rd_room(const struct vdc_hinic *h);
uint32_t vdc_hinic_wr_room(const struct vdc_hinic *h);
/* The caller has made sure of room. op: kind, obj, tag, addr, len, dst are set. */
void vdc_hinic_dma_read(struct vdc_hinic *h, vtime_t now, const struct rd_op *op);
/* op: kind, obj, tag, addr, len and src or inl are set. Returns false (device fatal) if there is no
 * room. */
bool vdc_hinic_dma_write(struct vdc_hinic *h, vtime_t now, const struct wr_op *op);
void vdc_hinic_rd_mem(struct vdc_hinic *h, vtime_t now, const struct vdc_hinic_env *env);
void vdc_hinic_rd_cpl(struct vdc_hinic *h, vtime_t now);
void vdc_hinic_wr_mem(struct vdc_hinic *h, vtime_t now, const struct vdc_hinic_env *env);

/* ---- irq.c ---- */

void vdc_hinic_msi(struct vdc_hinic *h, vtime_t now, uint32_t vector); /* after t_msi */
void vdc_hinic_msi_fire(struct vdc_hinic *h, uint32_t vector, const struct vdc_hinic_env *env);
void vdc_hinic_msi_unmask(struct vdc_hinic *h, vtime_t now);
void vdc_hinic_notify_open(struct vdc_hinic *h, uint32_t i, uint32_t mask, uint32_t vector,
                           uint32_t count, uint32_t ns);
void vdc_hinic_notify_close(struct vdc_hinic *h, uint32_t i);
/* The entries before pi have become visible, the last one is an event. */
void vdc_hinic_notify_event(struct vdc_hinic *h, vtime_t now, uint32_t i, uint32_t pi);
void vdc_hinic_notify_db(struct vdc_hinic *h, vtime_t now, uint32_t i, uint32_t ci, bool is_arm);
void vdc_hinic_notify_timer(struct vdc_hinic *h, vtime_t now, uint32_t i);
void vdc_hinic_notify_armed(struct vdc_hinic *h, vtime_t now,
                            uint32_t i); /* doorbell takes effect */
/* count and ns may be given together, not a count without an end. */
bool vdc_hinic_moderation_ok(uint32_t count, uint32_t ns);

/* ---- pbl.c ---- */

uint64_t vdc_hinic_ring_addr(const struct ring *r, uint32_t slot); /* of a 16-byte entry */
/* Checks a page list for a ring of 16-byte entries; false if it is malformed. */
bool vdc_hinic_walk_start(struct walk *w, const struct hinic_pbl *pbl, uint32_t log_depth);
/* Issues the next read of a table. */
void vdc_hinic_walk_read(struct vdc_hinic *h, vtime_t now, const struct walk *w);
/* Takes the table that has arrived in h->pbl; false if an address is misaligned. */
bool vdc_hinic_walk_step(struct vdc_hinic *h, struct walk *w);
void vdc_hinic_walk_ring(const struct walk *w, uint32_t log_depth, struct ring *r);

/* ---- regs.c, doorbell.c ---- */

uint32_t vdc_hinic_reg_read(struct vdc_hinic *h, vtime_t now, uint32_t off);
void vdc_hinic_doorbell(struct vdc_hinic *h, vtime_t now, uint64_t off, uint64_t value);

/* ---- aq.c, cmd.c, ethcmd.c ---- */

void vdc_hinic_aq_arrived(struct vdc_hinic *h, vtime_t now, const struct rd_op *op);
void vdc_hinic_aq_exec(struct vdc_hinic *h, vtime_t now);
void vdc_hinic_aq_replied(struct vdc_hinic *h, vtime_t now, bool is_failed);
void vdc_hinic_aq_next(struct vdc_hinic *h, vtime_t now); /* starts the next command if it can */

/* One admin command; in is the mailbox or inline part, out the mailbox. All zero-checks are made
 * before. */
struct cmd {
    uint8_t op;
    uint8_t has_port;
    uint8_t inl_len; /* bytes of the inline part in use */
    uint8_t zero;
    uint16_t in_len; /* bytes of the input mailbox, 0 = none */
    uint16_t out_len;
    /* Runs when the mailbox is there: starts page-list walks. May be NULL. */
    enum hinic_aq_status (*prepare)(struct vdc_hinic *h);
    enum hinic_aq_status (*exec)(struct vdc_hinic *h, vtime_t now);
};
const struct cmd *vdc_hinic_cmd_find(uint8_t op);
const struct cmd *vdc_hinic_rcmd_find(uint8_t op); /* of RDMA */
enum hinic_aq_status vdc_hinic_cmd_alloc_uar(struct vdc_hinic *h, vtime_t now);
enum hinic_aq_status vdc_hinic_cmd_free_uar(struct vdc_hinic *h, vtime_t now);
enum hinic_aq_status vdc_hinic_cmd_alloc_pd(struct vdc_hinic *h, vtime_t now);
enum hinic_aq_status vdc_hinic_cmd_free_pd(struct vdc_hinic *h, vtime_t now);
enum hinic_aq_status vdc_hinic_cmd_create_cq(struct vdc_hinic *h, vtime_t now);
enum hinic_aq_status vdc_hinic_cmd_destroy_cq(struct vdc_hinic *h, vtime_t now);
enum hinic_aq_status vdc_hinic_cmd_resize_cq(struct vdc_hinic *h, vtime_t now);
enum hinic_aq_status vdc_hinic_cmd_modify_cq(struct vdc_hinic *h, vtime_t now);
enum hinic_aq_status vdc_hinic_cmd_create_srq(struct vdc_hinic *h, vtime_t now);
enum hinic_aq_status vdc_hinic_cmd_modify_srq(struct vdc_hinic *h, vtime_t now);
enum hinic_aq_status vdc_hinic_cmd_query_srq(struct vdc_hinic *h, vtime_t now);
enum hinic_aq_status vdc_hinic_cmd_destroy_srq(struct vdc_hinic *h, vtime_t now);
enum hinic_aq_status vdc_hinic_cmd_create_qp(struct vdc_hinic *h, vtime_t now);
enum hinic_aq_status vdc_hinic_cmd_modify_qp(struct vdc_hinic *h, vtime_t now);
enum hinic_aq_status vdc_hinic_cmd_query_qp(struct vdc_hinic *h, vtime_t now);
enum hinic_aq_status vdc_hinic_cmd_destroy_qp(struct vdc_hinic *h, vtime_t now);
enum hinic_aq_status vdc_hinic_cmd_dump_qp(struct vdc_hinic *h, vtime_t now);
enum hinic_aq_status vdc_hinic_cmd_reg_mr(struct vdc_hinic *h, vtime_t now);
enum hinic_aq_status vdc_hinic_cmd_dereg_mr(struct vdc_hinic *h, vtime_t now);
enum hinic_aq_status vdc_hinic_cmd_rereg_mr(struct vdc_hinic *h, vtime_t now);
enum hinic_aq_status vdc_hinic_cmd_alloc_mr(struct vdc_hinic *h, vtime_t now);
enum hinic_aq_status vdc_hinic_cmd_alloc_mw(struct vdc_hinic *h, vtime_t now);
enum hinic_aq_status vdc_hinic_cmd_dealloc_mw(struct vdc_hinic *h, vtime_t now);
enum hinic_aq_status vdc_hinic_cmd_set_gid(struct vdc_hinic *h, vtime_t now);
enum hinic_aq_status vdc_hinic_cmd_del_gid(struct vdc_hinic *h, vtime_t now);
enum hinic_aq_status vdc_hinic_cmd_attach_mc(struct vdc_hinic *h, vtime_t now);
enum hinic_aq_status vdc_hinic_cmd_detach_mc(struct vdc_hinic *h, vtime_t now);
enum hinic_aq_status vdc_hinic_cmd_mad(struct vdc_hinic *h, vtime_t now);
/* Largest path MTU (enum ib_mtu) that fits the port. */
uint32_t vdc_hinic_active_mtu(const struct vdc_hinic *h);
/* Object number of the inline part. */
uint32_t vdc_hinic_cmd_id(const struct vdc_hinic *h);
uint64_t vdc_hinic_caps(const struct vdc_hinic *h);
/* Beside a status: not yet, executed again after t_aq. */
#define AQ_AGAIN ((enum hinic_aq_status)0x80)

enum hinic_aq_status vdc_hinic_cmd_create_q_prepare(struct vdc_hinic *h);
enum hinic_aq_status vdc_hinic_cmd_create_q(struct vdc_hinic *h, vtime_t now);
enum hinic_aq_status vdc_hinic_cmd_destroy_q(struct vdc_hinic *h, vtime_t now);
enum hinic_aq_status vdc_hinic_cmd_rx_mode(struct vdc_hinic *h, vtime_t now);
enum hinic_aq_status vdc_hinic_cmd_mac(struct vdc_hinic *h, vtime_t now);
enum hinic_aq_status vdc_hinic_cmd_vlan(struct vdc_hinic *h, vtime_t now);
enum hinic_aq_status vdc_hinic_cmd_rss(struct vdc_hinic *h, vtime_t now);
enum hinic_aq_status vdc_hinic_cmd_offload(struct vdc_hinic *h, vtime_t now);
enum hinic_aq_status vdc_hinic_cmd_moderation(struct vdc_hinic *h, vtime_t now);

/* ---- eq.c ---- */

void vdc_hinic_eq_open(struct vdc_hinic *h, uint32_t eqn, const struct ring *r, uint32_t vector,
                       uint32_t count, uint32_t ns);
void vdc_hinic_eq_close(struct vdc_hinic *h, uint32_t eqn);
/* Posts one event; own is filled in. Overrun is fatal. */
void vdc_hinic_eq_post(struct vdc_hinic *h, vtime_t now, uint32_t eqn, struct hinic_eqe e);
void vdc_hinic_eq_written(struct vdc_hinic *h, vtime_t now, const struct wr_op *op, bool is_failed);

/* ---- ethq.c: what both directions share ---- */

static inline bool vdc_hinic_ethq_is_rx(uint32_t q)
{
    return q >= HINIC_QPAIRS_MAX;
}
void vdc_hinic_ethq_open(struct vdc_hinic *h, uint32_t q, const struct ring *desc,
                         const struct ring *cpl, uint32_t vector, uint32_t count, uint32_t ns);
void vdc_hinic_ethq_close(struct vdc_hinic *h, uint32_t q);
void vdc_hinic_ethq_fetch(struct vdc_hinic *h, vtime_t now,
                          uint32_t q); /* if useful and possible */
void vdc_hinic_ethq_arrived(struct vdc_hinic *h, vtime_t now, const struct rd_op *op);
uint32_t vdc_hinic_ethq_cached(const struct ethq *e);
/* Cached descriptor i behind the head. */
const void *vdc_hinic_ethq_desc(struct vdc_hinic *h, uint32_t q, uint32_t i);
uint32_t vdc_hinic_ethq_cpl_room(struct vdc_hinic *h, uint32_t q);
void vdc_hinic_ethq_complete(struct vdc_hinic *h, vtime_t now, uint32_t q, struct hinic_eth_cpl c,
                             bool is_event);
void vdc_hinic_ethq_written(struct vdc_hinic *h, vtime_t now, const struct wr_op *op,
                            bool is_failed);
/* Stops the queue: counters, AEQ event. */
void vdc_hinic_ethq_fail(struct vdc_hinic *h, vtime_t now, uint32_t q, enum hinic_ethq_err err);

/* ---- ethtx.c, segment.c ---- */

void vdc_hinic_tx_load(struct vdc_hinic *h,
                       vtime_t now); /* starts fetching every packet that can be */
void vdc_hinic_tx_data(struct vdc_hinic *h, vtime_t now, const struct rd_op *op);
void vdc_hinic_tx_ready(struct vdc_hinic *h, vtime_t now);
void vdc_hinic_tx_kick(struct vdc_hinic *h, vtime_t now);
void vdc_hinic_transmit(struct vdc_hinic *h, vtime_t now, const struct vdc_hinic_env *env);
void vdc_hinic_tx_flush(struct vdc_hinic *h, uint32_t q); /* forgets the packets of a queue */
/* Parses the packet and sets n_seg; an error if it cannot be sent as asked. */
enum hinic_ethq_err vdc_hinic_segment_start(struct vdc_hinic *h, struct txpkt *p);
/* Builds frame number p->seg into h->frame, returns its length. */
uint32_t vdc_hinic_segment_build(struct vdc_hinic *h, const struct txpkt *p);

/* ---- ethrx.c, steer.c ---- */

/* Takes a frame into receive memory, or drops it. */
void vdc_hinic_rx_admit(struct vdc_hinic *h, vtime_t now, const uint8_t *bytes, uint32_t len);
void vdc_hinic_rx_drop_all(struct vdc_hinic *h); /* forgets receive memory */
void vdc_hinic_rx_kick(struct vdc_hinic *h, vtime_t now);
void vdc_hinic_rx_proc(struct vdc_hinic *h, vtime_t now);
void vdc_hinic_rx_written(struct vdc_hinic *h, vtime_t now, const struct wr_op *op, bool is_failed);
bool vdc_hinic_rx_mac_ok(const struct filter *f, const uint8_t *frame);
bool vdc_hinic_rx_vlan_ok(const struct filter *f, uint32_t tci);
uint32_t vdc_hinic_ether_hash(const uint8_t mac[6]); /* 0..63 */
uint32_t vdc_hinic_toeplitz(const uint8_t key[HINIC_RSS_KEY_LEN], const uint8_t *data,
                            uint32_t len);
/* RSS type of a frame (enum hinic_rss_type) and its hash. */
enum hinic_rss_type vdc_hinic_rss(const struct filter *f, const uint8_t *frame,
                                  const struct hinic_parse *p, uint32_t *hash);

/* ---- port.c ---- */

uint64_t vdc_hinic_mac(const struct vdc_hinic *h);
uint64_t vdc_hinic_node_guid(const struct vdc_hinic *h);
void vdc_hinic_port_set(struct vdc_hinic *h, vtime_t now); /* recomputes up or down */
void vdc_hinic_port_arrival(struct vdc_hinic *h, vtime_t now);
void vdc_hinic_port_arm(struct vdc_hinic *h); /* event of the next message to arrive */
/* Tells the peer what this end of the link is: once, when the experiment starts. */
void vdc_hinic_port_hello(struct vdc_hinic *h, vtime_t now, const struct vdc_hinic_env *env);
void vdc_hinic_port_send(struct vdc_hinic *h, vtime_t now, const uint8_t *bytes, uint32_t len,
                         const struct vdc_hinic_env *env);
uint32_t vdc_hinic_l3_len(const uint8_t *frame, uint32_t len);

#endif
