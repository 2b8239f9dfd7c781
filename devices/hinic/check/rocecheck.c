/* SPDX-License-Identifier: MIT */
/* Check of RoCE frames, one after the other. */
#include "rocecheck.h"

#include <string.h>

#include "wire.h"

#define PMTU_MIN 256u

void vdc_rocecheck_init(struct vdc_rocecheck *r)
{
    memset(r, 0, sizeof(*r));
}

bool vdc_rocecheck_is_good(const struct vdc_rocecheck *r)
{
    return r->n_bad_icrc == 0 && r->n_bad_header == 0;
}

static struct vdc_roceflow *find_flow(struct vdc_rocecheck *r, const struct wire_hdr *w,
                                      bool is_response)
{
    struct vdc_roceflow *f;

    for (uint32_t i = 0; i < r->n_flow; i++) {
        f = &r->flow[i];
        if (f->dqpn == w->dqpn && f->is_response == is_response &&
            memcmp(f->sgid, w->sgid, sizeof(f->sgid)) == 0) {
            return f;
        }
    }
    if (r->n_flow == VDC_ROCECHECK_FLOWS) {
        r->has_more = 1;
        return NULL;
    }
    f = &r->flow[r->n_flow++];
    *f = (struct vdc_roceflow){ .dqpn = w->dqpn,
                                .is_response = is_response,
                                .first = w->psn,
                                .newest = vdc_psn_add(w->psn, WIRE_PSN_MASK) };
    memcpy(f->sgid, w->sgid, sizeof(f->sgid));
    return f;
}

static void follow(struct vdc_rocecheck *r, const struct wire_hdr *w)
{
    const bool is_response = (vdc_wire_flags(w->opcode) & WIRE_F_RESPONSE) != 0;
    struct vdc_roceflow *f = find_flow(r, w, is_response);
    int32_t step;

    if (!f) {
        return;
    }
    step = vdc_psn_diff(w->psn, f->newest);
    f->n++;
    if (step <= 0) {
        f->n_repeat++;
        return;
    }
    if (!is_response && (uint32_t)step > 1 + f->jump_max) {
        f->n_gap++;
    }
    f->newest = w->psn;
    f->jump_max = w->opcode == WIRE_READ_REQ ? w->dma_len / PMTU_MIN : 0;
}

/* The headers alone tell that a cut frame is RoCE. */
static bool is_roce_header(const uint8_t *data, uint32_t len)
{
    uint32_t at = 14;
    uint32_t ip;

    if (len >= 18 && data[12] == 0x81 && data[13] == 0) {
        at += 4;
    }
    if (len < at + 48) {
        return false;
    }
    ip = data[at] >> 4 == 4 ? (data[at] & 15u) * 4 : 40;
    return (data[at] >> 4 == 4 ? data[at + 9] : data[at + 6]) == 17 && len >= at + ip + 4 &&
           (uint32_t)(data[at + ip + 2] << 8 | data[at + ip + 3]) == WIRE_UDP_PORT;
}

void vdc_rocecheck_frame(struct vdc_rocecheck *r, const uint8_t *data, uint32_t len,
                         uint32_t wire_len)
{
    struct wire_hdr w;
    enum wire_verdict v;
    bool is_bad = false;

    r->n_frame++;
    if (len < wire_len) {
        r->n_cut += is_roce_header(data, len);
        return;
    }
    v = vdc_wire_parse(data, len, &w);
    if (v == WIRE_NOT_ROCE) {
        return;
    }
    r->n_roce++;
    if (v != WIRE_OK) {
        r->n_bad_header++;
        is_bad = true;
    } else if (!vdc_wire_icrc_ok(&w, data, false)) {
        r->n_bad_icrc++;
        is_bad = true;
    } else {
        r->n_opcode[w.opcode]++;
        follow(r, &w);
    }
    if (is_bad && r->first_bad == 0) {
        r->first_bad = r->n_frame;
    }
}
