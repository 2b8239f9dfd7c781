/* SPDX-License-Identifier: MIT */
/* Memory regions and windows: keys, their checks, and the work requests that change them. */
#include "state.h"

#include <string.h>

#define KEY_INDEX(key) ((key) >> 8)
#define KEY8(key)      ((uint8_t)(key))
#define LOG_PAGE_MIN   12u
#define LOG_PAGE_MAX   30u
#define FRWR_PAGES_MAX (1u << 18)
#define REMOTE                                                                                     \
    (HINIC_ACCESS_REMOTE_WRITE | HINIC_ACCESS_REMOTE_READ | HINIC_ACCESS_REMOTE_ATOMIC |           \
     HINIC_ACCESS_FLUSH_GLOBAL | HINIC_ACCESS_FLUSH_PERSISTENT)
#define REMOTE_CHANGE (HINIC_ACCESS_REMOTE_WRITE | HINIC_ACCESS_REMOTE_ATOMIC)

static bool is_window(const struct mr *m)
{
    return m->kind == KEY_MW1 || m->kind == KEY_MW2;
}

struct mr *vdc_hinic_mr(struct vdc_hinic *h, uint32_t index)
{
    if (index == 0 || index >= h->lay.n_key || vdc_hinic_key_slot(h, index)->id == 0) {
        return NULL;
    }
    vdc_hinic_object_mark(h, OBJ_KEY, index);
    return vdc_hinic_key_slot(h, index);
}

/* Entry with this key, whatever its state; NULL if there is none. */
static const struct mr *look(struct vdc_hinic *h, uint32_t key)
{
    const uint32_t i = KEY_INDEX(key);
    const struct mr *m;

    if (i == 0 || i >= h->lay.n_key) {
        return NULL;
    }
    m = vdc_hinic_key_slot(h, i);
    return m->id != 0 && m->key8 == KEY8(key) ? m : NULL;
}

/* The region a window is bound to; NULL if it is not what it was then. */
static struct mr *parent_of(struct vdc_hinic *h, const struct mr *w)
{
    struct mr *m = vdc_hinic_key_slot(h, w->parent);

    return m->id != 0 && m->is_valid && m->gen == w->parent_gen ? m : NULL;
}

static bool has_range(const struct mr *m, uint64_t va, uint64_t len)
{
    return va >= m->va && len <= m->len && va - m->va <= m->len - len;
}

/* The key that names bus memory: queues of the kernel only, never from the wire. */
static enum mr_verdict check_local_dma(struct vdc_hinic *h, uint32_t qpn, uint64_t va, uint64_t len,
                                       uint32_t access)
{
    const struct qp *qp = vdc_hinic_qp_peek(h, qpn);

    if (!qp || !(qp->flags & HINIC_QP_KERNEL) || (access & REMOTE)) {
        return MR_BAD_KEY;
    }
    return len <= UINT64_MAX - va ? MR_OK : MR_BOUNDS;
}

enum mr_verdict vdc_hinic_mr_check(struct vdc_hinic *h, uint32_t key, uint32_t pdn, uint32_t qpn,
                                   uint64_t va, uint64_t len, uint32_t access)
{
    const struct mr *m;

    if (len == 0) {
        return MR_OK;
    }
    if (key == 0) {
        return check_local_dma(h, qpn, va, len, access);
    }
    m = look(h, key);
    if (!m || (is_window(m) && !(access & REMOTE))) {
        return MR_BAD_KEY;
    }
    if (m->pdn != pdn) {
        return MR_BAD_PD;
    }
    if (!m->is_valid || (is_window(m) && !parent_of(h, m)) ||
        (m->kind == KEY_MW2 && m->qpn != qpn)) {
        return MR_BAD_KEY;
    }
    if ((m->access & access) != access) {
        return MR_ACCESS;
    }
    return has_range(m, va, len) ? MR_OK : MR_BOUNDS;
}

enum pblq_answer vdc_hinic_mr_find(struct vdc_hinic *h, vtime_t now, uint32_t key, uint32_t gen,
                                   uint64_t va, uint64_t *addr, uint64_t *room)
{
    struct mr *m = vdc_hinic_key_slot(h, KEY_INDEX(key));
    uint64_t off;

    if (m->id == 0 || !m->is_valid || m->gen != gen) {
        return PBLQ_BAD;
    }
    off = va - m->va;
    if (is_window(m)) {
        off += m->base;
        m = parent_of(h, m);
        if (!m) {
            return PBLQ_BAD;
        }
    }
    return vdc_hinic_pblq_find(h, now, &m->pages, off, addr, room);
}

/* ---- what changes a key ---- */

static void invalidate(struct vdc_hinic *h, struct mr *m)
{
    if (is_window(m) && m->is_valid) {
        struct mr *p = parent_of(h, m);

        if (p) {
            vdc_hinic_object_mark(h, OBJ_KEY, m->parent);
            p->n_mw--;
        }
    }
    vdc_hinic_pblq_close(h, &m->pages);
    m->is_valid = 0;
    m->gen++;
    m->va = m->len = m->base = 0;
    m->access = 0;
    m->qpn = m->parent = m->parent_gen = 0;
}

static uint8_t invalidate_key(struct vdc_hinic *h, const struct qp *qp, uint32_t key,
                              uint8_t refused)
{
    const struct mr *m = look(h, key);

    if (!m || m->pdn != qp->pdn || (m->kind != KEY_FRWR && m->kind != KEY_MW2) || m->n_mw > 0 ||
        (m->kind == KEY_MW2 && m->is_valid && m->qpn != qp->qpn)) {
        return refused;
    }
    invalidate(h, vdc_hinic_mr(h, KEY_INDEX(key)));
    return HINIC_WC_SUCCESS;
}

uint8_t vdc_hinic_mr_local_inv(struct vdc_hinic *h, const struct qp *qp, uint32_t key)
{
    return invalidate_key(h, qp, key, HINIC_WC_LOC_QP_OP_ERR);
}

uint8_t vdc_hinic_mr_remote_inv(struct vdc_hinic *h, const struct qp *qp, uint32_t key)
{
    const struct mr *m = look(h, key);

    if (!m || !m->is_valid || !(m->access & REMOTE)) {
        return HINIC_WC_REM_ACCESS_ERR;
    }
    return invalidate_key(h, qp, key, HINIC_WC_REM_ACCESS_ERR);
}

/* Access that a region may have. */
static bool access_ok(uint32_t access)
{
    return (access & ~HINIC_ACCESS_ALL) == 0 &&
           (!(access & REMOTE_CHANGE) || (access & HINIC_ACCESS_LOCAL_WRITE));
}

uint8_t vdc_hinic_mr_fast_reg(struct vdc_hinic *h, const struct qp *qp,
                              const struct hinic_wqe_reg *w)
{
    struct mr *m = vdc_hinic_mr(h, KEY_INDEX(w->key));
    uint64_t page;
    uint64_t first;

    if (!m || m->kind != KEY_FRWR || m->pdn != qp->pdn || m->is_valid || !access_ok(w->access) ||
        w->log_pgsz < LOG_PAGE_MIN || w->log_pgsz > LOG_PAGE_MAX || w->n_pages == 0 ||
        w->n_pages > m->max_pages || (w->page_list_pa & 7) != 0) {
        return HINIC_WC_LOC_QP_OP_ERR;
    }
    page = UINT64_C(1) << w->log_pgsz;
    first = w->iova & (page - 1);
    if (w->len == 0 || w->len > w->n_pages * page - first || w->len > UINT64_MAX - w->iova) {
        return HINIC_WC_LOC_QP_OP_ERR;
    }
    m->is_valid = 1;
    m->gen++;
    m->key8 = KEY8(w->key);
    m->access = w->access;
    m->va = w->access & HINIC_ACCESS_ZERO_BASED ? 0 : w->iova;
    m->len = w->len;
    m->pages = (struct pblq){ .root = { w->page_list_pa },
                              .len = w->len,
                              .first = first,
                              .n_page = w->n_pages,
                              .log_pgsz = w->log_pgsz,
                              .levels = PBLQ_FLAT };
    return HINIC_WC_SUCCESS;
}

uint8_t vdc_hinic_mr_bind(struct vdc_hinic *h, const struct qp *qp, const struct hinic_wqe_reg *w)
{
    struct mr *mw = vdc_hinic_mr(h, KEY_INDEX(w->key));
    const struct mr *of = look(h, w->n_pages);

    if (!mw || !is_window(mw) || mw->pdn != qp->pdn ||
        (w->access & ~(REMOTE | HINIC_ACCESS_ZERO_BASED)) ||
        (mw->kind == KEY_MW2 && (mw->is_valid || w->len == 0 || qp->type == HINIC_QPT_UD))) {
        return HINIC_WC_MW_BIND_ERR;
    }
    if (w->len == 0) { /* type 1: unbinds */
        invalidate(h, mw);
        mw->key8 = KEY8(w->key);
        return HINIC_WC_SUCCESS;
    }
    if (!of || is_window(of) || !of->is_valid || of->pdn != qp->pdn ||
        !(of->access & HINIC_ACCESS_MW_BIND) || !has_range(of, w->iova, w->len) ||
        ((w->access & REMOTE_CHANGE) && !(of->access & HINIC_ACCESS_LOCAL_WRITE))) {
        return HINIC_WC_MW_BIND_ERR;
    }
    invalidate(h, mw);
    mw->is_valid = 1;
    mw->key8 = KEY8(w->key);
    mw->access = w->access & REMOTE;
    mw->base = w->iova - of->va;
    mw->va = w->access & HINIC_ACCESS_ZERO_BASED ? 0 : w->iova;
    mw->len = w->len;
    mw->qpn = mw->kind == KEY_MW2 ? qp->qpn : 0;
    mw->parent = KEY_INDEX(w->n_pages);
    mw->parent_gen = of->gen;
    vdc_hinic_mr(h, mw->parent)->n_mw++;
    return HINIC_WC_SUCCESS;
}

/* ---- commands ---- */

/* Takes a free entry of regions or windows; NULL if there is none. */
static struct mr *make(struct vdc_hinic *h, enum key_kind kind, uint32_t pdn)
{
    const bool is_mw = kind == KEY_MW1 || kind == KEY_MW2;
    const uint32_t i = is_mw ? vdc_hinic_object_find(h, OBJ_KEY, h->lay.n_mr, h->lay.n_key,
                                                     &h->dev.rdma.next_mw)
                             : vdc_hinic_object_find(h, OBJ_KEY, 1, h->lay.n_mr,
                                                     &h->dev.rdma.next[OBJ_KEY]);
    struct mr *m;

    if (i == UINT32_MAX) {
        return NULL;
    }
    vdc_hinic_object_mark(h, OBJ_KEY, i);
    m = vdc_hinic_key_slot(h, i);
    m->id = vdc_hinic_object_id(OBJ_KEY, i);
    m->gen++;
    m->kind = (uint8_t)kind;
    m->pdn = pdn;
    vdc_hinic_pd_get(h, pdn);
    h->dev.rdma.n_used[OBJ_KEY]++;
    h->dev.aq.out[0] = i << 8;
    return m;
}

static void unmake(struct vdc_hinic *h, struct mr *m)
{
    uint32_t gen;

    vdc_hinic_pd_put(h, m->pdn);
    invalidate(h, m);
    gen = m->gen;
    memset(m, 0, sizeof(*m));
    m->gen = gen; /* what is under way finds another generation */
    h->dev.rdma.n_used[OBJ_KEY]--;
}

/* Range and pages of a region into `to`; false if something is wrong. */
static bool read_region(const struct vdc_hinic *h, const struct hinic_mb_reg_mr *m, struct mr *to)
{
    const bool is_zero_based = (m->flags & HINIC_MR_ZERO_BASED) ||
                               (m->access & HINIC_ACCESS_ZERO_BASED);
    const uint64_t page_mask = (UINT64_C(1) << (m->pbl.log_pgsz & 63)) - 1;

    if (m->rsv != 0 || (m->flags & ~(HINIC_MR_ZERO_BASED | HINIC_MR_PEER)) ||
        !vdc_hinic_pd_ok(h, m->pdn) || !access_ok(m->access) || m->len == 0 ||
        m->len > UINT64_MAX - m->iova) {
        return false;
    }
    memset(to, 0, sizeof(*to));
    to->access = m->access;
    to->flags = m->flags;
    to->va = is_zero_based ? 0 : m->iova;
    to->len = m->len;
    to->key8 = m->key8;
    return vdc_hinic_pblq_open(&to->pages, &m->pbl, m->iova & page_mask, m->len);
}

static void apply(struct mr *m, const struct mr *from)
{
    m->is_valid = 1;
    m->key8 = from->key8;
    m->flags = from->flags;
    m->access = from->access;
    m->va = from->va;
    m->len = from->len;
    m->pages = from->pages;
}

enum hinic_aq_status vdc_hinic_cmd_reg_mr(struct vdc_hinic *h, vtime_t now)
{
    struct hinic_mb_reg_mr m;
    struct mr want;
    struct mr *mr;

    (void)now;
    memcpy(&m, h->mbox_in, sizeof(m));
    if (m.key != 0 || !read_region(h, &m, &want)) {
        return HINIC_AQ_BAD_PARAM;
    }
    mr = make(h, KEY_MR, m.pdn);
    if (!mr) {
        return HINIC_AQ_NO_RES;
    }
    apply(mr, &want);
    h->dev.aq.out[0] |= m.key8;
    return HINIC_AQ_OK;
}

enum hinic_aq_status vdc_hinic_cmd_rereg_mr(struct vdc_hinic *h, vtime_t now)
{
    struct hinic_mb_reg_mr m;
    struct mr want;
    struct mr *mr;

    (void)now;
    memcpy(&m, h->mbox_in, sizeof(m));
    if (!look(h, m.key) || look(h, m.key)->kind != KEY_MR || !read_region(h, &m, &want)) {
        return HINIC_AQ_BAD_PARAM;
    }
    mr = vdc_hinic_mr(h, KEY_INDEX(m.key));
    if (mr->n_mw > 0) {
        return HINIC_AQ_BUSY;
    }
    vdc_hinic_pd_put(h, mr->pdn);
    vdc_hinic_pd_get(h, m.pdn);
    invalidate(h, mr);
    mr->pdn = m.pdn;
    apply(mr, &want);
    h->dev.aq.out[0] = KEY_INDEX(m.key) << 8 | m.key8;
    return HINIC_AQ_OK;
}

static enum hinic_aq_status remove_key(struct vdc_hinic *h, bool is_mw)
{
    const uint32_t key = vdc_hinic_cmd_id(h);
    /* By its index: work requests change the low byte behind the back of who allocated the key. */
    const struct mr *m = vdc_hinic_mr(h, KEY_INDEX(key));

    if (!m || is_window(m) != is_mw) {
        return HINIC_AQ_BAD_PARAM;
    }
    if (m->n_mw > 0) {
        return HINIC_AQ_BUSY;
    }
    /* What is on the bus already touches memory before the reply does. */
    unmake(h, vdc_hinic_mr(h, KEY_INDEX(key)));
    return HINIC_AQ_OK;
}

enum hinic_aq_status vdc_hinic_cmd_dereg_mr(struct vdc_hinic *h, vtime_t now)
{
    (void)now;
    return remove_key(h, false);
}

enum hinic_aq_status vdc_hinic_cmd_dealloc_mw(struct vdc_hinic *h, vtime_t now)
{
    (void)now;
    return remove_key(h, true);
}

enum hinic_aq_status vdc_hinic_cmd_alloc_mr(struct vdc_hinic *h, vtime_t now)
{
    struct hinic_inl_alloc_key m;
    struct mr *mr;

    (void)now;
    memcpy(&m, h->dev.aq.sqe.inl, sizeof(m));
    if (!vdc_hinic_pd_ok(h, m.pdn)) {
        return HINIC_AQ_BAD_PARAM;
    }
    if (m.n == 0 || m.n > FRWR_PAGES_MAX) {
        return HINIC_AQ_LIMIT;
    }
    mr = make(h, KEY_FRWR, m.pdn);
    if (!mr) {
        return HINIC_AQ_NO_RES;
    }
    mr->max_pages = m.n;
    return HINIC_AQ_OK;
}

enum hinic_aq_status vdc_hinic_cmd_alloc_mw(struct vdc_hinic *h, vtime_t now)
{
    struct hinic_inl_alloc_key m;

    (void)now;
    memcpy(&m, h->dev.aq.sqe.inl, sizeof(m));
    if (!vdc_hinic_pd_ok(h, m.pdn) || (m.n != 1 && m.n != 2)) {
        return HINIC_AQ_BAD_PARAM;
    }
    return make(h, m.n == 1 ? KEY_MW1 : KEY_MW2, m.pdn) ? HINIC_AQ_OK : HINIC_AQ_NO_RES;
}
