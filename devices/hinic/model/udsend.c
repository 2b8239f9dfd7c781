/* SPDX-License-Identifier: MIT */
/* Datagrams: destination from the WQE, queue key, largest payload. */
#include "state.h"

#include <string.h>

#include "rdma.h"

#define OVERHEAD  96u /* what an MTU of the link loses to the headers of the largest packet */
#define QKEY_OWN  (UINT32_C(1) << 31) /* in a WQE: take the queue key of the QP */
#define PCP_SHIFT 13

uint32_t vdc_hinic_ud_mtu(const struct vdc_hinic *h)
{
    uint32_t mtu = WIRE_PAYLOAD_MAX;

    while (mtu > 256 && mtu + OVERHEAD > h->dev.port.mtu) {
        mtu /= 2;
    }
    return mtu;
}

bool vdc_hinic_ud_address(struct vdc_hinic *h, const struct qp *qp, const struct sq_wqe *w,
                          struct wire_hdr *out)
{
    struct av av;

    if (!vdc_hinic_av_resolve(h, &w->ud.av, &av)) {
        return false;
    }
    memcpy(out->sgid, av.sgid, sizeof(out->sgid));
    memcpy(out->dgid, av.dgid, sizeof(out->dgid));
    memcpy(out->smac, av.smac, sizeof(out->smac));
    memcpy(out->dmac, av.dmac, sizeof(out->dmac));
    out->is_tagged = av.has_vlan;
    out->tci = av.has_vlan ? (uint16_t)((uint32_t)(av.sl & 7) << PCP_SHIFT | (av.vlan & 0xfffu))
                           : 0;
    out->is_v6 = !av.is_v4;
    out->tclass = av.tclass;
    out->hop = av.hop;
    out->flow = av.flow;
    out->ip_frag = av.is_v4 ? WIRE_DF : 0;
    out->dqpn = w->ud.dqpn & WIRE_QPN_MASK;
    out->sqpn = qp->qpn;
    out->qkey = w->ud.qkey & QKEY_OWN ? qp->qkey : w->ud.qkey;
    out->sport = vdc_wire_sport(av.flow, qp->qpn, out->dqpn);
    out->pkey = vdc_hinic_pkey(h, qp->pkey_index);
    return true;
}
