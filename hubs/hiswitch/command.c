/* SPDX-License-Identifier: MIT */
/* Control commands: checked as a whole, then applied; every one is answered by a note at its
 * effective time. */
#include "state.h"

#include <string.h>

#define VID_MAX    4094u
#define P32_ONE    (UINT64_C(1) << 32)
#define SAMPLE_MIN (100 * VTIME_PS_PER_NS)

bool vdc_hs_fail(struct vdc_hs_reply *r, enum vdc_hiswitch_status status,
                 enum vdc_hiswitch_subject subject, uint64_t lo, uint64_t hi)
{
    r->head.status = (uint16_t)status;
    r->head.subject = (uint16_t)subject;
    r->head.allowed[0] = lo;
    r->head.allowed[1] = hi;
    return false;
}

static bool in_range(struct vdc_hs_reply *r, enum vdc_hiswitch_subject subject, uint64_t v,
                     uint64_t lo, uint64_t hi)
{
    return (v >= lo && v <= hi) || vdc_hs_fail(r, VDC_HISWITCH_ERANGE, subject, lo, hi);
}

static void set_learn(struct vdc_hs_port *port, bool is_learn)
{
    const uint32_t learn = VDC_HISWITCH_PORT_LEARN;

    port->flags = (port->flags & ~learn) | (is_learn ? learn : 0);
}

static bool port_set(const struct vdc_hs_env *e, const struct vdc_hiswitch_cmd *cmd,
                     struct vdc_hs_reply *r)
{
    struct vdc_hs_port *port = &e->sw->port[cmd->port];
    const uint32_t has = cmd->fields;
    const uint32_t filter = VDC_HISWITCH_PORT_VLAN_FILTER;

    if ((has & VDC_HISWITCH_F_MODE) && cmd->u.port.mode != VDC_LINK_ETH &&
        cmd->u.port.mode != VDC_LINK_AUTO) {
        return vdc_hs_fail(r, VDC_HISWITCH_EARG, VDC_HISWITCH_S_MODE, 0, 0);
    }
    if ((has & VDC_HISWITCH_F_PVID) &&
        !in_range(r, VDC_HISWITCH_S_PVID, cmd->u.port.pvid, 1, VID_MAX)) {
        return false;
    }
    if (has & VDC_HISWITCH_F_PVID) {
        port->pvid = cmd->u.port.pvid;
    }
    if (has & VDC_HISWITCH_F_FILTER) {
        port->flags = (port->flags & ~filter) | (cmd->u.port.is_filter ? filter : 0);
    }
    if (has & VDC_HISWITCH_F_LEARN) {
        set_learn(port, cmd->u.port.is_learn != 0);
    }
    if ((has & VDC_HISWITCH_F_MODE) && port->mode != cmd->u.port.mode) {
        port->mode = cmd->u.port.mode;
        port->is_hello_due = 1; /* the peer has to know */
        vdc_hs_port_timer(e, cmd->port);
    }
    if (has & VDC_HISWITCH_F_STATE) {
        vdc_hs_port_admin(e, cmd->port, cmd->u.port.is_up != 0);
    }
    return true;
}

static bool fdb_change(const struct vdc_hs_env *e, const struct vdc_hiswitch_cmd *cmd,
                       struct vdc_hs_reply *r)
{
    const uint64_t mac = vdc_hs_mac(cmd->u.fdb.mac);
    const uint64_t key = vdc_hs_key(cmd->u.fdb.vid, mac);

    if (!in_range(r, VDC_HISWITCH_S_VID, cmd->u.fdb.vid, 1, VID_MAX)) {
        return false;
    }
    if ((mac & 1) || mac == 0) {
        return vdc_hs_fail(r, VDC_HISWITCH_EARG, VDC_HISWITCH_S_MAC, 0, 0);
    }
    if (cmd->op == VDC_HISWITCH_OP_FDB_DEL) {
        return vdc_hs_fdb_del(e->sw, key, e->now) ||
               vdc_hs_fail(r, VDC_HISWITCH_ENOENT, VDC_HISWITCH_S_MAC, 0, 0);
    }
    return vdc_hs_fdb_add_static(e->sw, key, cmd->port, e->now) ||
           vdc_hs_fail(r, VDC_HISWITCH_EFULL, VDC_HISWITCH_S_MAC, 0, 0);
}

static bool fdb_flush(const struct vdc_hs_env *e, const struct vdc_hiswitch_cmd *cmd,
                      struct vdc_hs_reply *r)
{
    const bool has_port = (cmd->fields & VDC_HISWITCH_F_PORT) != 0;
    const bool has_vid = (cmd->fields & VDC_HISWITCH_F_VID) != 0;

    if (has_port && !in_range(r, VDC_HISWITCH_S_PORT, cmd->u.flush.port, 0, e->sw->n_ports - 1)) {
        return false;
    }
    if (has_vid && !in_range(r, VDC_HISWITCH_S_VID, cmd->u.flush.vid, 1, VID_MAX)) {
        return false;
    }
    vdc_hs_fdb_flush(e->sw, has_port ? cmd->u.flush.port : VDC_HS_NO_PORT,
                     has_vid ? cmd->u.flush.vid : 0, (cmd->fields & VDC_HISWITCH_F_STATIC) != 0);
    return true;
}

static void fdb_set(const struct vdc_hs_env *e, const struct vdc_hiswitch_cmd *cmd)
{
    if (cmd->fields & VDC_HISWITCH_F_AGING) {
        e->sw->aging_ps = cmd->u.fdbset.aging_ps;
    }
    if (cmd->fields & VDC_HISWITCH_F_LEARN) {
        for (uint32_t p = 0; p < e->sw->n_ports; p++) {
            set_learn(&e->sw->port[p], cmd->u.fdbset.is_learn != 0);
        }
    }
}

static bool vlan_change(const struct vdc_hs_env *e, const struct vdc_hiswitch_cmd *cmd,
                        struct vdc_hs_reply *r)
{
    const uint64_t all = vdc_hs_all_ports(e->sw->n_ports);
    const uint32_t vid = cmd->u.vlan.vid;
    struct vdc_hs_vlan *v;

    if (!in_range(r, VDC_HISWITCH_S_VID, vid, 1, VID_MAX)) {
        return false;
    }
    v = &e->sw->vlan[vid];
    if (cmd->op == VDC_HISWITCH_OP_VLAN_DEL) {
        if ((v->tagged | v->untagged) == 0) {
            return vdc_hs_fail(r, VDC_HISWITCH_ENOENT, VDC_HISWITCH_S_VID, 0, 0);
        }
        *v = (struct vdc_hs_vlan){ 0 };
        return true;
    }
    if ((cmd->u.vlan.tagged | cmd->u.vlan.untagged) & ~all) {
        return vdc_hs_fail(r, VDC_HISWITCH_ERANGE, VDC_HISWITCH_S_PORTS, 0, e->sw->n_ports - 1);
    }
    if (cmd->u.vlan.tagged & cmd->u.vlan.untagged) {
        return vdc_hs_fail(r, VDC_HISWITCH_EARG, VDC_HISWITCH_S_TAGGED, 0, 0);
    }
    *v = (struct vdc_hs_vlan){ .tagged = cmd->u.vlan.tagged, .untagged = cmd->u.vlan.untagged };
    return true;
}

static bool mdb_change(const struct vdc_hs_env *e, const struct vdc_hiswitch_cmd *cmd,
                       struct vdc_hs_reply *r)
{
    const uint64_t mac = vdc_hs_mac(cmd->u.mdb.mac);
    const uint64_t key = vdc_hs_key(cmd->u.mdb.vid, mac);

    if (!in_range(r, VDC_HISWITCH_S_VID, cmd->u.mdb.vid, 1, VID_MAX)) {
        return false;
    }
    if (!(mac & 1) || mac == VDC_HS_MAC_MASK) {
        return vdc_hs_fail(r, VDC_HISWITCH_EARG, VDC_HISWITCH_S_MAC, 0, 0);
    }
    if (cmd->op == VDC_HISWITCH_OP_MDB_DEL) {
        return vdc_hs_mdb_del(e->sw, key) ||
               vdc_hs_fail(r, VDC_HISWITCH_ENOENT, VDC_HISWITCH_S_MAC, 0, 0);
    }
    if (cmd->u.mdb.ports & ~vdc_hs_all_ports(e->sw->n_ports)) {
        return vdc_hs_fail(r, VDC_HISWITCH_ERANGE, VDC_HISWITCH_S_PORTS, 0, e->sw->n_ports - 1);
    }
    return vdc_hs_mdb_set(e->sw, key, cmd->u.mdb.ports) ||
           vdc_hs_fail(r, VDC_HISWITCH_EFULL, VDC_HISWITCH_S_MAC, 0, 0);
}

/* What the port would have, if it is sound. */
static bool qos_merge(const struct vdc_hiswitch_cmd *cmd, struct vdc_hiswitch_qos *q,
                      struct vdc_hs_reply *r)
{
    const struct vdc_hiswitch_qos *n = &cmd->u.qos;
    const uint32_t has = cmd->fields;
    uint32_t sum = 0;
    uint32_t n_ets = 0;

    q->trust = has & VDC_HISWITCH_F_TRUST ? n->trust : q->trust;
    q->prio = has & VDC_HISWITCH_F_PRIO ? n->prio : q->prio;
    if (has & VDC_HISWITCH_F_PCP) {
        memcpy(q->pcp_prio, n->pcp_prio, sizeof(q->pcp_prio));
    }
    if (has & VDC_HISWITCH_F_DSCP) {
        memcpy(q->dscp_prio, n->dscp_prio, sizeof(q->dscp_prio));
    }
    if (has & VDC_HISWITCH_F_TC) {
        memcpy(q->prio_tc, n->prio_tc, sizeof(q->prio_tc));
    }
    if (has & VDC_HISWITCH_F_TSA) {
        memcpy(q->tsa, n->tsa, sizeof(q->tsa));
        memcpy(q->weight, n->weight, sizeof(q->weight));
    }
    if (has & VDC_HISWITCH_F_MAXRATE) {
        memcpy(q->maxrate_kbps, n->maxrate_kbps, sizeof(q->maxrate_kbps));
    }
    if (!in_range(r, VDC_HISWITCH_S_TRUST, q->trust, 0, VDC_HISWITCH_TRUST_PORT) ||
        !in_range(r, VDC_HISWITCH_S_PRIO, q->prio, 0, 7)) {
        return false;
    }
    for (uint32_t i = 0; i < 64; i++) {
        if (!in_range(r, VDC_HISWITCH_S_PRIO, q->dscp_prio[i], 0, 7)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < 8; i++) {
        const bool is_ets = q->tsa[i] == VDC_HISWITCH_TSA_ETS;

        if (!in_range(r, VDC_HISWITCH_S_PRIO, q->pcp_prio[i], 0, 7) ||
            !in_range(r, VDC_HISWITCH_S_TC, q->prio_tc[i], 0, 7) ||
            !in_range(r, VDC_HISWITCH_S_TSA, q->tsa[i], 0, VDC_HISWITCH_TSA_ETS) ||
            !in_range(r, VDC_HISWITCH_S_WEIGHT, q->weight[i], is_ets ? 1 : 0, is_ets ? 100 : 0)) {
            return false;
        }
        n_ets += is_ets;
        sum += q->weight[i];
    }
    return n_ets == 0 || in_range(r, VDC_HISWITCH_S_WEIGHT, sum, 100, 100);
}

static bool qos_set(const struct vdc_hs_env *e, const struct vdc_hiswitch_cmd *cmd,
                    struct vdc_hs_reply *r)
{
    struct vdc_hiswitch_qos q = e->sw->port[cmd->port].qos;
    struct vdc_hub_port *hp = &e->hub->port[cmd->port];

    if (!qos_merge(cmd, &q, r)) {
        return false;
    }
    e->sw->port[cmd->port].qos = q;
    if (cmd->fields & VDC_HISWITCH_F_TSA) {
        vdc_hub_weights(hp, q.weight, e->sw->frame_max);
    }
    memcpy(hp->maxrate_kbps, q.maxrate_kbps, sizeof(hp->maxrate_kbps));
    return true;
}

static bool sample_set(const struct vdc_hs_env *e, const struct vdc_hiswitch_cmd *cmd,
                       struct vdc_hs_reply *r)
{
    if (!in_range(r, VDC_HISWITCH_S_SAMPLER, cmd->u.sample.sampler, 0, VDC_HISWITCH_SAMPLERS - 1)) {
        return false;
    }
    if (cmd->u.sample.every_ps > 0 &&
        !in_range(r, VDC_HISWITCH_S_INTERVAL, cmd->u.sample.every_ps, SAMPLE_MIN, VTIME_NEVER)) {
        return false;
    }
    e->sw->sampler[cmd->u.sample.sampler] = (struct vdc_hs_sampler){
        .every_ps = cmd->u.sample.every_ps,
        .ports = cmd->u.sample.ports,
        .next_t = vtime_add(e->now, cmd->u.sample.every_ps)
    };
    vdc_hs_sample_arm(e->sw);
    return true;
}

/* Forgets what is over. */
static void flaps_prune(struct vdc_hs_port *port, vtime_t now)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < port->n_cmd_flap; i++) {
        if (port->cmd_flap[i].up > now) {
            port->cmd_flap[n++] = port->cmd_flap[i];
        }
    }
    port->n_cmd_flap = n;
}

static bool fault_set(const struct vdc_hs_env *e, const struct vdc_hiswitch_cmd *cmd,
                      struct vdc_hs_reply *r)
{
    struct vdc_hs_port *port = &e->sw->port[cmd->port];
    const struct vdc_hiswitch_flap *f = &cmd->u.fault.flap;
    const uint32_t payload = VDC_HISWITCH_PORT_CORRUPT_PAYLOAD;
    const uint32_t has = cmd->fields;

    if ((has & VDC_HISWITCH_F_LOSS) &&
        !in_range(r, VDC_HISWITCH_S_LOSS, cmd->u.fault.loss_p32, 0, P32_ONE)) {
        return false;
    }
    if ((has & VDC_HISWITCH_F_CORRUPT) &&
        !in_range(r, VDC_HISWITCH_S_CORRUPT, cmd->u.fault.corrupt_p32, 0, P32_ONE)) {
        return false;
    }
    if (has & VDC_HISWITCH_F_FLAP) {
        flaps_prune(port, e->now);
        if (f->down <= e->now || f->up <= f->down) {
            return vdc_hs_fail(r, VDC_HISWITCH_ERANGE, VDC_HISWITCH_S_FLAP, e->now + 1,
                               VTIME_NEVER);
        }
        if (port->n_cmd_flap == VDC_HISWITCH_FLAPS_MAX) {
            return vdc_hs_fail(r, VDC_HISWITCH_EFULL, VDC_HISWITCH_S_FLAP, 0, 0);
        }
        port->cmd_flap[port->n_cmd_flap++] = *f;
        vdc_hs_port_timer(e, cmd->port);
    }
    if (has & VDC_HISWITCH_F_LOSS) {
        port->link.loss_p32 = cmd->u.fault.loss_p32;
    }
    if (has & VDC_HISWITCH_F_CORRUPT) {
        port->link.corrupt_p32 = cmd->u.fault.corrupt_p32;
        port->flags = (port->flags & ~payload) | (cmd->u.fault.is_payload ? payload : 0);
    }
    return true;
}

static void fault_clear(const struct vdc_hs_env *e, uint32_t p)
{
    struct vdc_hs_port *port = &e->sw->port[p];

    port->link.loss_p32 = port->base_loss_p32;
    port->link.corrupt_p32 = port->base_corrupt_p32;
    port->flags = (port->flags & ~(uint32_t)VDC_HISWITCH_PORT_CORRUPT_PAYLOAD) |
                  port->is_payload_base;
    port->n_cmd_flap = 0;
    vdc_hs_port_timer(e, p);
}

static void counters_clear(const struct vdc_hs_env *e, uint32_t port)
{
    for (uint32_t p = 0; p < e->sw->n_ports; p++) {
        if (port == VDC_HISWITCH_ALL || port == p) {
            memset(&e->hub->port[p].cnt, 0, sizeof(e->hub->port[p].cnt));
        }
    }
}

static bool tell_peer(const struct vdc_hs_env *e, const struct vdc_hiswitch_cmd *cmd,
                      struct vdc_hs_reply *r)
{
    if (!in_range(r, VDC_HISWITCH_S_TEXT, cmd->u.tell.len, 1, VDC_HISWITCH_TELL_MAX)) {
        return false;
    }
    if (!e->sw->port[cmd->port].is_up) {
        return vdc_hs_fail(r, VDC_HISWITCH_EBUSY, VDC_HISWITCH_S_PORT, 0, 0);
    }
    vdc_hs_port_tell(e, cmd->port, cmd->u.tell.text, cmd->u.tell.len);
    return true;
}

static bool change(const struct vdc_hs_env *e, const struct vdc_hiswitch_cmd *cmd,
                   struct vdc_hs_reply *r)
{
    switch (cmd->op) {
    case VDC_HISWITCH_OP_PORT_SET:
        return port_set(e, cmd, r);
    case VDC_HISWITCH_OP_FDB_ADD:
    case VDC_HISWITCH_OP_FDB_DEL:
        return fdb_change(e, cmd, r);
    case VDC_HISWITCH_OP_FDB_FLUSH:
        return fdb_flush(e, cmd, r);
    case VDC_HISWITCH_OP_FDB_SET:
        fdb_set(e, cmd);
        return true;
    case VDC_HISWITCH_OP_VLAN_SET:
    case VDC_HISWITCH_OP_VLAN_DEL:
        return vlan_change(e, cmd, r);
    case VDC_HISWITCH_OP_MDB_ADD:
    case VDC_HISWITCH_OP_MDB_DEL:
        return mdb_change(e, cmd, r);
    case VDC_HISWITCH_OP_QOS_SET:
        return qos_set(e, cmd, r);
    case VDC_HISWITCH_OP_COUNTERS_CLEAR:
        counters_clear(e, cmd->port);
        return true;
    case VDC_HISWITCH_OP_FAULT_SET:
        return fault_set(e, cmd, r);
    case VDC_HISWITCH_OP_FAULT_CLEAR:
        fault_clear(e, cmd->port);
        return true;
    case VDC_HISWITCH_OP_TELL:
        return tell_peer(e, cmd, r);
    default:
        return vdc_hs_fail(r, VDC_HISWITCH_ENOCMD, VDC_HISWITCH_S_CMD, 0, 0);
    }
}

/* Observation may be switched on and off without a trace in the digest. */
static bool observe(const struct vdc_hs_env *e, const struct vdc_hiswitch_cmd *cmd,
                    struct vdc_hs_reply *r, bool *is_done)
{
    *is_done = true;
    switch (cmd->op) {
    case VDC_HISWITCH_OP_SAMPLE_SET:
        return sample_set(e, cmd, r);
    case VDC_HISWITCH_OP_CAPTURE_SET:
        e->sw->tap[cmd->port] = (struct vdc_hs_tap){ .is_rx = cmd->u.capture.is_rx,
                                                     .is_tx = cmd->u.capture.is_tx,
                                                     .snaplen = cmd->u.capture.snaplen };
        return true;
    default:
        *is_done = false;
        return true;
    }
}

enum port_rule { PORT_ANY, PORT_ONE, PORT_OR_ALL };

static enum port_rule port_rule(uint32_t op)
{
    switch (op) {
    case VDC_HISWITCH_OP_PORT_SET:
    case VDC_HISWITCH_OP_FDB_ADD:
    case VDC_HISWITCH_OP_QOS_SET:
    case VDC_HISWITCH_OP_FAULT_SET:
    case VDC_HISWITCH_OP_FAULT_CLEAR:
    case VDC_HISWITCH_OP_CAPTURE_SET:
    case VDC_HISWITCH_OP_TELL:
        return PORT_ONE;
    case VDC_HISWITCH_OP_PORT_SHOW:
    case VDC_HISWITCH_OP_QOS_SHOW:
    case VDC_HISWITCH_OP_COUNTERS_SHOW:
    case VDC_HISWITCH_OP_COUNTERS_CLEAR:
    case VDC_HISWITCH_OP_QUEUES_SHOW:
        return PORT_OR_ALL;
    default:
        return PORT_ANY;
    }
}

static bool port_fits(const struct vdc_hs *sw, const struct vdc_hiswitch_cmd *cmd)
{
    const enum port_rule rule = port_rule(cmd->op);

    return rule == PORT_ANY || cmd->port < sw->n_ports ||
           (rule == PORT_OR_ALL && cmd->port == VDC_HISWITCH_ALL);
}

static void fold_command(const struct vdc_hs_env *e, const struct vdc_hiswitch_cmd *cmd)
{
    uint64_t w[sizeof(*cmd) / 8];

    memcpy(w, cmd, sizeof(w));
    w[1] =
        e->now; /* when it was sent and what it asked for do not matter, when it took effect does */
    for (uint32_t i = 0; i < sizeof(w) / sizeof(w[0]); i++) {
        vdc_hs_fold(e->sw, w[i]);
    }
}
_Static_assert(offsetof(struct vdc_hiswitch_cmd, at) == 8, "fold_command() replaces word 1");

static void reply(const struct vdc_hs_env *e, const struct vdc_hs_reply *r, uint64_t user)
{
    vdc_hs_note(e, vdc_port_id(VDC_PORT_SWITCH, e->sw->index, e->sw->n_ports), VDC_MSG_CMD, user, 0,
                r, (uint32_t)sizeof(r->head) + r->head.bytes);
}

void vdc_hs_execute(const struct vdc_hs_env *e, const struct vdc_hiswitch_cmd *cmd, uint64_t user)
{
    struct vdc_hs_reply r;
    bool is_done;

    memset(&r.head, 0, sizeof(r.head));
    r.head.op = cmd->op;
    r.head.port = cmd->port;
    if (!port_fits(e->sw, cmd)) {
        (void)vdc_hs_fail(&r, VDC_HISWITCH_ERANGE, VDC_HISWITCH_S_PORT, 0, e->sw->n_ports - 1);
    } else if (!vdc_hs_show(e, cmd, &r)) {
        (void)observe(e, cmd, &r, &is_done);
        if (!is_done && change(e, cmd, &r)) {
            fold_command(e, cmd);
        }
    }
    reply(e, &r, user);
}

void vdc_hs_command(const struct vdc_hs_env *e, const struct vdc_msg *m)
{
    struct vdc_hiswitch_cmd cmd;
    struct vdc_hs_reply r;

    memset(&r.head, 0, sizeof(r.head));
    if (m->type != VDC_MSG_CMD || m->len != sizeof(cmd)) {
        (void)vdc_hs_fail(&r, VDC_HISWITCH_ENOCMD, VDC_HISWITCH_S_CMD, 0, 0);
        reply(e, &r, m->user);
        return;
    }
    memcpy(&cmd, vdc_msg_payload(m), sizeof(cmd));
    if (cmd.at <= e->now) {
        vdc_hs_execute(e, &cmd, m->user);
    } else if (!vdc_hs_pending_add(e->sw, &cmd, m->user)) {
        r.head.op = cmd.op;
        r.head.port = cmd.port;
        (void)vdc_hs_fail(&r, VDC_HISWITCH_EFULL, VDC_HISWITCH_S_AT, 0, VDC_HISWITCH_PENDING_MAX);
        reply(e, &r, m->user);
    }
}
