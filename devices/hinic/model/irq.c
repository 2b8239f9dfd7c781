/* SPDX-License-Identifier: MIT */
/* Interrupts: arming and moderation of rings in virtual time, one queued MSI per vector. */
#include "state.h"

void vdc_hinic_msi(struct vdc_hinic *h, vtime_t now, uint32_t vector)
{
    assert(vector < h->cfg.n_vectors);
    /* What led to this one is visible already, so an MSI on its way announces it too. */
    if (!vdc_hinic_ev_is_armed(h, EV_MSI, vector)) {
        vdc_hinic_ev_arm(h, EV_MSI, vector, vtime_add(now, h->cfg.timing.t_msi));
    }
}

void vdc_hinic_msi_fire(struct vdc_hinic *h, uint32_t vector, const struct vdc_hinic_env *env)
{
    if (h->dev.is_int_masked) {
        h->dev.msi_held |= UINT64_C(1) << vector;
    } else {
        env->msi(env->ctx, vector);
    }
}

void vdc_hinic_msi_unmask(struct vdc_hinic *h, vtime_t now)
{
    const uint64_t held = h->dev.msi_held;

    h->dev.msi_held = 0;
    for (uint32_t v = 0; v < h->cfg.n_vectors; v++) {
        if (held >> v & 1) {
            vdc_hinic_msi(h, now, v);
        }
    }
}

bool vdc_hinic_moderation_ok(uint32_t count, uint32_t ns)
{
    return count <= 1 || ns > 0;
}

void vdc_hinic_notify_open(struct vdc_hinic *h, uint32_t i, uint32_t mask, uint32_t vector,
                           uint32_t count, uint32_t ns)
{
    struct notify *n = vdc_hinic_notify(h, i);

    assert(vector < h->cfg.n_vectors);
    assert(!n->is_used);
    *n = (struct notify){
        .mask = mask, .count = count, .ns = ns, .is_used = 1, .vector = (uint8_t)vector
    };
}

void vdc_hinic_notify_close(struct vdc_hinic *h, uint32_t i)
{
    vdc_hinic_ev_cancel(h, EV_MODERATION, i);
    vdc_hinic_ev_cancel(h, EV_DB_NOTIFY, i);
    *vdc_hinic_notify(h, i) = (struct notify){ 0 };
}

/* Visible entries from ci to the last event; 0 if the driver has consumed that already. */
static uint32_t pending(const struct notify *n)
{
    const uint32_t d = (n->ev_pi - n->ci) & n->mask;

    return d > n->mask / 2 ? 0 : d;
}

static void fire(struct vdc_hinic *h, vtime_t now, uint32_t i)
{
    struct notify *n = vdc_hinic_notify(h, i);

    n->is_armed = 0;
    vdc_hinic_ev_cancel(h, EV_MODERATION, i);
    vdc_hinic_msi(h, now, n->vector);
}

static void evaluate(struct vdc_hinic *h, vtime_t now, uint32_t i)
{
    const struct notify *n = vdc_hinic_notify(h, i);
    const uint32_t n_pending = n->is_armed ? pending(n) : 0;

    if (n_pending == 0) {
        return;
    }
    if ((n->count == 0 && n->ns == 0) || (n->count > 0 && n_pending >= n->count)) {
        fire(h, now, i);
    } else if (!vdc_hinic_ev_is_armed(h, EV_MODERATION, i)) {
        vdc_hinic_ev_arm(h, EV_MODERATION, i, vtime_add(now, vtime_from_ns(n->ns)));
    }
}

void vdc_hinic_notify_event(struct vdc_hinic *h, vtime_t now, uint32_t i, uint32_t pi)
{
    struct notify *n = vdc_hinic_notify(h, i);

    n->ev_pi = pi & n->mask;
    evaluate(h, now, i);
}

void vdc_hinic_notify_db(struct vdc_hinic *h, vtime_t now, uint32_t i, uint32_t ci, bool is_arm)
{
    struct notify *n = vdc_hinic_notify(h, i);

    n->db_ci = ci & n->mask;
    n->db_arm |= is_arm;
    if (!vdc_hinic_ev_is_armed(h, EV_DB_NOTIFY, i)) {
        vdc_hinic_ev_arm(h, EV_DB_NOTIFY, i, vtime_add(now, h->cfg.timing.t_db));
    }
}

/* Entries issued so far on the ring, visible or not: no ci may pass them. */
static uint32_t issued(struct vdc_hinic *h, uint32_t i)
{
    return i <= h->cfg.n_eq ? vdc_hinic_eq(h, i)->pi : h->dev.ethq[i - 1 - h->cfg.n_eq].cpl_pi;
}

void vdc_hinic_notify_armed(struct vdc_hinic *h, vtime_t now, uint32_t i)
{
    struct notify *n = vdc_hinic_notify(h, i);
    const bool is_arm = n->db_arm != 0;

    assert(n->is_used);
    n->db_arm = 0;
    if (((n->db_ci - n->ci) & n->mask) > ((issued(h, i) - n->ci) & n->mask)) {
        vdc_hinic_guest_err(h, HINIC_GERR_DB_INDEX, n->db_ci);
        return;
    }
    n->ci = n->db_ci;
    if (is_arm) {
        n->is_armed = 1;
        evaluate(h, now, i);
    }
    vdc_hinic_tx_kick(h, now); /* completion slots have come free */
}

void vdc_hinic_notify_timer(struct vdc_hinic *h, vtime_t now, uint32_t i)
{
    const struct notify *n = vdc_hinic_notify(h, i);

    if (n->is_armed && pending(n) > 0) {
        fire(h, now, i);
    }
}
