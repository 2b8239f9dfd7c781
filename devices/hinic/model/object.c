/* SPDX-License-Identifier: MIT */
/* Tables of RDMA objects: free entries, and the sum of digests kept up to date by a list of
 * changes. */
#include "state.h"

#include <string.h>

struct table {
    uint64_t off;
    uint32_t n;
    uint32_t size;
    uint32_t base; /* of the numbers over all tables */
};

static struct table table_of(const struct vdc_hinic *h, enum obj_kind kind)
{
    const struct layout *l = &h->lay;

    switch (kind) {
    case OBJ_QP:
        return (struct table){ l->qp, l->n_qp, sizeof(struct qp), 0 };
    case OBJ_CQ:
        return (struct table){ l->cq, l->n_cq, sizeof(struct cq), l->n_qp };
    case OBJ_SRQ:
        return (struct table){ l->srq, l->n_srq, sizeof(struct srq), l->n_qp + l->n_cq };
    default:
        assert(kind == OBJ_KEY);
        return (struct table){ l->key, l->n_key, sizeof(struct mr), l->n_qp + l->n_cq + l->n_srq };
    }
}

static uint8_t *entry(struct vdc_hinic *h, const struct table *t, uint32_t i)
{
    assert(i < t->n);
    return (uint8_t *)vdc_hinic_at(h, t->off) + (uint64_t)i * t->size;
}

uint32_t vdc_hinic_object_find(struct vdc_hinic *h, enum obj_kind kind, uint32_t lo, uint32_t hi,
                               uint32_t *next)
{
    const struct table t = table_of(h, kind);
    uint32_t id;

    for (uint32_t k = lo; k < hi; k++) {
        const uint32_t i = *next < lo || *next >= hi ? lo : *next;

        *next = i + 1;
        memcpy(&id, entry(h, &t, i), sizeof(id));
        if (id == 0) {
            return i;
        }
    }
    return UINT32_MAX;
}

_Static_assert(offsetof(struct qp, id) == 0 && offsetof(struct cq, id) == 0 &&
                   offsetof(struct srq, id) == 0 && offsetof(struct mr, id) == 0,
               "id comes first");

/* ---- digest ---- */

static uint32_t *list(struct vdc_hinic *h)
{
    return vdc_hinic_at(h, h->lay.changed);
}

void vdc_hinic_object_mark(struct vdc_hinic *h, enum obj_kind kind, uint32_t i)
{
    const uint32_t no = table_of(h, kind).base + i;
    uint8_t *is_changed = (uint8_t *)h + h->lay.is_changed;

    if (!is_changed[no]) {
        is_changed[no] = 1;
        list(h)[h->changed.n++] = no;
    }
}

void vdc_hinic_object_mark_at(struct vdc_hinic *h, uint64_t off)
{
    for (enum obj_kind k = OBJ_QP; k <= OBJ_KEY; k++) {
        const struct table t = table_of(h, k);

        if (off >= t.off && off < t.off + (uint64_t)t.n * t.size) {
            vdc_hinic_object_mark(h, k, (uint32_t)((off - t.off) / t.size));
            return;
        }
    }
    assert(0);
}

/* Digest of one object, 0 if the entry is free. Its kind and index are in its id. */
static struct vdc_digest digest_of(const struct vdc_hinic *h, uint32_t no)
{
    struct vdc_digest d = { 0 };
    enum obj_kind kind = OBJ_KEY;
    struct table t;
    const uint8_t *p;
    uint32_t id;

    for (enum obj_kind k = OBJ_QP; k < OBJ_KEY; k++) {
        t = table_of(h, k);
        if (no < t.base + t.n) {
            kind = k;
            break;
        }
    }
    t = table_of(h, kind);
    p = (const uint8_t *)h + t.off + (uint64_t)(no - t.base) * t.size;
    memcpy(&id, p, sizeof(id));
    if (id == 0) {
        return d;
    }
    if (kind == OBJ_QP) {
        const struct qp *qp = (const void *)p;

        d = vdc_digest_bytes(qp, offsetof(struct qp, req));
        vdc_hinic_req_digest(&qp->req, &d);
        vdc_digest_fold(&d, &qp->rsp, sizeof(qp->rsp));
        return d;
    }
    return vdc_digest_bytes(p, t.size);
}

static void add(struct vdc_digest *sum, struct vdc_digest d, uint64_t sign)
{
    sum->lo += sign * d.lo;
    sum->hi += sign * d.hi;
}

void vdc_hinic_object_settle(struct vdc_hinic *h)
{
    struct vdc_digest *obj_sum = (struct vdc_digest *)(void *)((uint8_t *)h + h->lay.obj_sum);
    uint8_t *is_changed = (uint8_t *)h + h->lay.is_changed;

    for (uint32_t i = 0; i < h->changed.n; i++) {
        const uint32_t no = list(h)[i];
        const struct vdc_digest d = digest_of(h, no);

        add(&h->changed.sum, obj_sum[no], UINT64_MAX);
        add(&h->changed.sum, d, 1);
        obj_sum[no] = d;
        is_changed[no] = 0;
    }
    h->changed.n = 0;
}

void vdc_hinic_object_digest(const struct vdc_hinic *h, struct vdc_digest *d)
{
    const struct vdc_digest *obj_sum = (const struct vdc_digest *)(const void *)((const uint8_t *)
                                                                                     h +
                                                                                 h->lay.obj_sum);
    const uint32_t *no = (const uint32_t *)(const void *)((const uint8_t *)h + h->lay.changed);
    struct vdc_digest sum = h->changed.sum;

    for (uint32_t i = 0; i < h->changed.n; i++) {
        add(&sum, obj_sum[no[i]], UINT64_MAX);
        add(&sum, digest_of(h, no[i]), 1);
    }
    vdc_digest_fold(d, &sum, sizeof(sum));
}

void vdc_hinic_object_reset(struct vdc_hinic *h)
{
    const bool has_any = h->changed.n > 0 || h->changed.sum.lo != 0 || h->changed.sum.hi != 0;

    if (h->lay.n_qp == 0) {
        return;
    }
    for (enum obj_kind k = OBJ_QP; has_any && k <= OBJ_KEY; k++) {
        const struct table t = table_of(h, k);
        uint8_t *p = vdc_hinic_at(h, t.off);

        for (uint32_t i = 0; i < t.n; i++, p += t.size) {
            uint32_t id;

            memcpy(&id, p, sizeof(id));
            if (id != 0) {
                memset(p, 0, t.size);
            }
            memset((uint8_t *)h + h->lay.obj_sum + (t.base + i) * sizeof(struct vdc_digest), 0,
                   sizeof(struct vdc_digest));
            *((uint8_t *)h + h->lay.is_changed + t.base + i) = 0;
        }
    }
    memset(&h->changed, 0, sizeof(h->changed));
    memset(&h->dev.rdma, 0, sizeof(h->dev.rdma));
    memset(vdc_hinic_at(h, h->lay.pd), 0, h->lay.n_pd * sizeof(uint32_t));
    memset(vdc_hinic_at(h, h->lay.uar), 0, h->cfg.n_uar);
    memset(vdc_hinic_at(h, h->lay.gid), 0, h->lay.n_gid * sizeof(struct gid));
    memset(vdc_hinic_at(h, h->lay.mcast), 0, h->lay.n_mc * sizeof(struct mcast));
    vdc_hinic_mem_init(h);
    vdc_hinic_rnet_init(h);
}
