/* SPDX-License-Identifier: MIT */
/* Page lists that stay in guest memory: up to three levels; the last leaf of each is kept in a
 * pool. */
#include "state.h"

#include <string.h>

#define LOG_PAGE_MIN 12u
#define LOG_PAGE_MAX 30u
#define LEVELS_MAX   3u
#define PER_LEAF     512u
#define ENTRY        8u /* bytes of an address in a list */

static struct leaf *leaf_at(struct vdc_hinic *h, uint32_t i)
{
    assert(i < MEM_LEAVES);
    return (struct leaf *)vdc_hinic_at(h, h->lay.leaf) + i;
}

static uint64_t leaf_off(const struct vdc_hinic *h, uint32_t i)
{
    return h->lay.leafmem + (uint64_t)i * HINIC_PAGE_SIZE;
}

static struct pblq *owner_of(struct vdc_hinic *h, const struct leaf *l)
{
    return vdc_hinic_at(h, l->owner);
}

bool vdc_hinic_pblq_open(struct pblq *q, const struct hinic_pbl *pbl, uint64_t first,
                         uint64_t bytes)
{
    const uint64_t page = UINT64_C(1) << (pbl->log_pgsz & 63);
    uint64_t reach = 1;
    uint64_t low = 0;

    memset(q, 0, sizeof(*q));
    if (pbl->log_pgsz < LOG_PAGE_MIN || pbl->log_pgsz > LOG_PAGE_MAX || pbl->levels > LEVELS_MAX ||
        pbl->rsv != 0 || bytes > UINT64_MAX - 2 * page || first >= page) {
        return false;
    }
    if (pbl->n != (first + bytes + page - 1) >> pbl->log_pgsz) {
        return false;
    }
    if (pbl->levels == 0) {
        reach = sizeof(pbl->root) / sizeof(pbl->root[0]);
        for (uint32_t i = 0; i < pbl->n && i < reach; i++) {
            low |= pbl->root[i] & (page - 1);
        }
    } else {
        for (uint32_t i = 0; i < pbl->levels; i++) {
            reach *= PER_LEAF;
        }
        low = pbl->root[0] & (HINIC_PAGE_SIZE - 1);
    }
    if (pbl->n > reach || low != 0) {
        return false;
    }
    for (uint32_t i = 0; i < sizeof(pbl->root) / sizeof(pbl->root[0]); i++) {
        q->root[i] = pbl->root[i];
    }
    q->len = bytes;
    q->first = first;
    q->n_page = pbl->n;
    q->log_pgsz = pbl->log_pgsz;
    q->levels = pbl->levels;
    return true;
}

void vdc_hinic_pblq_close(struct vdc_hinic *h, struct pblq *q)
{
    if (q->leaf) {
        struct leaf *l = leaf_at(h, q->leaf - 1u);

        l->owner = 0;
        if (!l->is_fetching) {
            *l = (struct leaf){ 0 };
        }
    }
    memset(q, 0, sizeof(*q));
}

/* A place for a leaf: a free one, else the one after the last taken whose fetch is over. */
static uint32_t take_leaf(struct vdc_hinic *h)
{
    struct mem *m = &h->dev.rdma.mem;

    for (uint32_t k = 0; k < MEM_LEAVES; k++) {
        const uint32_t i = m->next_leaf;
        struct leaf *l = leaf_at(h, i);

        m->next_leaf = (uint16_t)((i + 1) % MEM_LEAVES);
        if (l->is_fetching) {
            continue;
        }
        if (l->owner) {
            vdc_hinic_object_mark_at(h, l->owner);
            owner_of(h, l)->leaf = 0;
        }
        *l = (struct leaf){ 0 };
        return i;
    }
    return UINT32_MAX;
}

/* Reads the next table, or the leaf itself. */
static void read_table(struct vdc_hinic *h, vtime_t now, uint32_t i, uint32_t n_page)
{
    const struct leaf *l = leaf_at(h, i);
    struct rd_op op = {
        .kind = RD_LEAF, .obj = (uint16_t)i, .addr = l->next, .len = ENTRY, .dst = leaf_off(h, i)
    };

    if (l->levels == 0) {
        const uint32_t n = n_page - l->no * PER_LEAF;

        op.len = (n < PER_LEAF ? n : PER_LEAF) * ENTRY;
    }
    vdc_hinic_dma_read(h, now, &op);
}

static void fetch(struct vdc_hinic *h, vtime_t now, struct pblq *q, uint32_t no)
{
    const uint64_t off = (uint64_t)((uint8_t *)q - (uint8_t *)h);
    const uint32_t i = q->leaf ? q->leaf - 1u : take_leaf(h);
    struct leaf *l;

    if (i == UINT32_MAX) {
        return; /* every leaf is being fetched: the next arrival comes back here */
    }
    l = leaf_at(h, i);
    *l = (struct leaf){ .owner = off, .no = no, .is_fetching = 1 };
    switch (q->levels) {
    case 1:
        l->next = q->root[0];
        break;
    case 2:
        l->levels = 1;
        l->next = q->root[0] + (uint64_t)no * ENTRY;
        break;
    case 3:
        l->levels = 2;
        l->next = q->root[0] + (uint64_t)(no / PER_LEAF) * ENTRY;
        break;
    default:
        assert(q->levels == PBLQ_FLAT);
        l->next = q->root[0] + (uint64_t)no * HINIC_PAGE_SIZE;
        break;
    }
    vdc_hinic_object_mark_at(h, off);
    q->leaf = (uint16_t)(i + 1);
    q->fill = no + 1;
    read_table(h, now, i, q->n_page);
}

/* Page number pn, if it needs no fetch. */
static bool page_at(struct vdc_hinic *h, const struct pblq *q, uint64_t pn, uint64_t *page)
{
    const uint32_t no = (uint32_t)(pn / PER_LEAF);
    const uint64_t *leaf;

    if (q->levels == 0) {
        *page = q->root[pn];
        return true;
    }
    if (q->leaf == 0 || q->fill != 0 || q->leaf_no != no) {
        return false;
    }
    leaf = vdc_hinic_at(h, leaf_off(h, q->leaf - 1u));
    *page = leaf[pn % PER_LEAF];
    return true;
}

enum pblq_answer vdc_hinic_pblq_find(struct vdc_hinic *h, vtime_t now, struct pblq *q, uint64_t off,
                                     uint64_t *addr, uint64_t *room)
{
    const uint64_t page_mask = (UINT64_C(1) << q->log_pgsz) - 1;
    const uint64_t pos = q->first + off;
    const uint64_t pn = pos >> q->log_pgsz;
    uint64_t page;

    if (off >= q->len || pn >= q->n_page) {
        return PBLQ_BAD;
    }
    if (!page_at(h, q, pn, &page)) {
        if (q->bad == pn / PER_LEAF + 1) {
            return PBLQ_BAD;
        }
        if (q->fill == 0) {
            fetch(h, now, q, (uint32_t)(pn / PER_LEAF));
        }
        return PBLQ_WAIT;
    }
    if (page & page_mask) {
        return PBLQ_BAD;
    }
    *addr = page + (pos & page_mask);
    *room = page_mask + 1 - (pos & page_mask);
    return PBLQ_OK;
}

bool vdc_hinic_pblq_addr(struct vdc_hinic *h, const struct pblq *q, uint64_t off, uint64_t *addr)
{
    const uint64_t page_mask = (UINT64_C(1) << q->log_pgsz) - 1;
    const uint64_t pos = q->first + off;
    uint64_t page;

    if (off >= q->len || pos >> q->log_pgsz >= q->n_page ||
        !page_at(h, q, pos >> q->log_pgsz, &page) || (page & page_mask)) {
        return false;
    }
    *addr = page + (pos & page_mask);
    return true;
}

static void settle(struct vdc_hinic *h, uint32_t i, bool is_bad)
{
    struct leaf *l = leaf_at(h, i);
    struct pblq *q = owner_of(h, l);

    vdc_hinic_object_mark_at(h, l->owner);
    q->fill = 0;
    q->leaf_no = l->no;
    if (is_bad) {
        q->bad = l->no + 1;
        q->leaf = 0;
        *l = (struct leaf){ 0 };
    } else {
        l->is_fetching = 0;
    }
}

void vdc_hinic_pblq_arrived(struct vdc_hinic *h, vtime_t now, const struct rd_op *op)
{
    struct leaf *l = leaf_at(h, op->obj);
    uint64_t next;

    assert(l->is_fetching);
    if (l->owner == 0) {
        *l = (struct leaf){ 0 };
        return;
    }
    if (op->is_failed || l->levels == 0) {
        settle(h, op->obj, op->is_failed != 0);
        return;
    }
    memcpy(&next, vdc_hinic_at(h, op->dst), sizeof(next));
    if (next & (HINIC_PAGE_SIZE - 1)) {
        settle(h, op->obj, true);
        return;
    }
    l->levels--;
    l->next = next + (l->levels > 0 ? (uint64_t)(l->no % PER_LEAF) * ENTRY : 0);
    read_table(h, now, op->obj, owner_of(h, l)->n_page);
}
