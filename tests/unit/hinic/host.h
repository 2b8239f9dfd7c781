/* SPDX-License-Identifier: MIT */
/* A host in memory for one HiNIC model: bus memory, event loop, and what a driver would do, step by
 * step. */
#ifndef VDC_TESTS_UNIT_HINIC_HOST_H
#define VDC_TESTS_UNIT_HINIC_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hinic_hw.h"
#include "vdc/hinic.h"

#define HOST_BASE        0x100000u  /* bus address of the first byte */
#define HOST_SIZE        (8u << 20) /* bytes of bus memory; all else is a hole */
#define HOST_FRAMES      4096u      /* frames kept; more are only counted */
#define HOST_FRAME_BYTES (16u << 20)
#define HOST_TRACE       (256u << 10)
#define HOST_VECTORS     64u

struct host_frame {
    struct vdc_msg m;
    const uint8_t *bytes;
};

/* A ring pair of an Ethernet queue as a driver keeps it. */
struct host_queue {
    uint64_t desc, cpl;
    uint32_t q, log_depth;
    bool is_rx;
    uint16_t pi, ci;
};

struct host {
    struct vdc_hinic *h;
    struct vdc_hinic_cfg cfg;
    struct vdc_hinic_env env;
    uint8_t *mem;
    vtime_t now;
    vtime_t epoch; /* local time of READY, 0 before */
    uint64_t next_alloc;
    uint64_t hole_from, hole_to; /* DMA inside fails */
    uint64_t n_dma_read, n_dma_write;
    uint32_t n_msi[HOST_VECTORS];
    vtime_t t_msi[HOST_VECTORS];
    uint32_t n_frame, n_frame_kept, n_hello;
    struct host_frame frame[HOST_FRAMES];
    uint8_t *frame_mem;
    size_t frame_used;
    uint32_t n_gerr, last_gerr;
    uint64_t last_gerr_arg;
    char *trace; /* text, if wanted */
    size_t trace_len;
    uint64_t rx_seq;
    vtime_t t_rx;
    /* rings of the admin and the asynchronous event queue */
    uint64_t sq, cq, aeq, mb_in, mb_out;
    uint16_t sq_pi, cq_ci;
    uint32_t aeq_ci;
    uint32_t out[3];
    uint32_t log_aq, log_aeq;
    vtime_t t_cqe; /* when the last command's CQE was seen by the loop */
    void *owner;   /* of callbacks that replace those of the host */
};

struct host *host_new(const struct vdc_hinic_cfg *cfg); /* NULL: default configuration */
void host_free(struct host *o);

/* Zeroed bus memory; never given back. */
uint64_t host_alloc(struct host *o, uint64_t bytes, uint64_t align);
void *host_ptr(struct host *o, uint64_t addr, uint64_t len);

uint64_t host_read(struct host *o, uint64_t off, uint32_t size);
void host_write(struct host *o, uint64_t off, uint32_t size, uint64_t v);
void host_db(struct host *o, uint64_t off, uint64_t v);
/* Runs every event with time <= t, and moves to t. */
void host_run(struct host *o, vtime_t t);
void host_idle(struct host *o); /* until nothing is left to do */

/* Reset, rings, enable, READY at the current time; AEQ armed. */
void host_start(struct host *o);
void host_enable(struct host *o);
void host_ready(struct host *o); /* the experiment starts now */

/* One admin command from submission to completion; mailbox input and output are copied. Returns the
 * status, or 255 if no CQE came. */
uint32_t host_cmd(struct host *o, uint32_t op, uint32_t port, const void *inl, uint32_t inl_len,
                  const void *in, uint32_t in_len, void *out, uint32_t out_len);
/* The same with every byte of the SQE given. */
uint32_t host_sqe(struct host *o, const struct hinic_aq_sqe *s);

/* Next event of the AEQ; false if there is none. */
bool host_aeqe(struct host *o, struct hinic_eqe *e);

struct hinic_pbl host_pbl(uint64_t addr, uint32_t log_pgsz, uint32_t n);
/* Creates a queue with rings in consecutive memory; returns the status. */
uint32_t host_queue(struct host *o, struct host_queue *k, uint32_t q, bool is_rx,
                    uint32_t log_depth, uint32_t vector);
uint32_t host_queue_moderated(struct host *o, struct host_queue *k, uint32_t q, bool is_rx,
                              uint32_t log_depth, uint32_t vector, uint32_t count, uint32_t ns);
uint32_t host_destroy(struct host *o, const struct host_queue *k);
uint32_t host_offload(struct host *o, uint32_t flags);
uint32_t host_rx_mode(struct host *o, uint32_t flags, uint64_t hash);
void host_tx(struct host *o, struct host_queue *k, uint64_t addr, uint32_t len, uint32_t flags);
void host_tx_desc(struct host *o, struct host_queue *k, struct hinic_tx_desc d);
void host_rx(struct host *o, struct host_queue *k, uint64_t addr, uint32_t len, uint32_t id);
void host_ring(struct host *o, const struct host_queue *k); /* doorbell with pi */
void host_arm(struct host *o, const struct host_queue *k);  /* completion ci, armed */
void host_ci(struct host *o, const struct host_queue *k);   /* completion ci only */
/* Next completion; false if there is none. */
bool host_cpl(struct host *o, struct host_queue *k, struct hinic_eth_cpl *c);

/* A frame whose last bit arrives at local time t. */
void host_frame_in(struct host *o, vtime_t t, const void *bytes, uint32_t len);
void host_link_in(struct host *o, vtime_t t, bool is_up);
uint64_t host_counter(struct host *o, uint32_t c);

/* ---- frames ---- */

struct host_pkt {
    uint8_t b[65600];
    uint32_t len;
};

/* Ethernet header to the device of node 0 from a peer. */
void host_eth(struct host_pkt *p, uint32_t type);
/* TCP or UDP packet over IPv4 or IPv6 with n payload bytes (i * 7), all checksums right. Tag: VLAN
 * TCI or -1. */
void host_ip(struct host_pkt *p, bool is_v6, bool is_tcp, uint32_t n, int32_t tag);
/* Independent reference: checks lengths and checksums of an IP frame, byte by byte. 0 or a line
 * number. */
int host_check_ip(const uint8_t *b, uint32_t len);
uint16_t host_ref_sum(const uint8_t *b, uint32_t n, uint32_t start);

#endif
