/* SPDX-License-Identifier: MIT */
/* Fuzz target: lines of the control plane, parsed, run by a switch and answered; and frames given
 * to its ports. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "render.h"
#include "request.h"
#include "rig.h"

#define N_PORTS 4u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct rig *fresh(void)
{
    static struct vdc_hiswitch_cfg cfg;
    struct rig *r;

    vdc_hiswitch_cfg_default(&cfg, 1, N_PORTS, 7);
    cfg.buffer = VDC_HISWITCH_BUFFER_MIN;
    cfg.is_checked = 1;
    r = rig_new(&cfg);
    r->is_quiet = true;
    rig_hello(r, 1);
    rig_run(r, 100);
    return r;
}

/* Whatever is answered is one line of JSON. */
static void check_line(json_t *o)
{
    char *s = json_dumps(o, JSON_COMPACT);

    assert(s);
    assert(!strchr(s, '\n'));
    free(s);
    json_decref(o);
}

static void command(struct rig *r, const char *line, size_t n)
{
    struct request req;
    struct request_error err;

    if (!request_parse(&req, line, n, &err)) {
        assert(err.err);
        check_line(render_fail(&req, &err));
        request_clear(&req);
        return;
    }
    req.cmd.at = 0;
    if (rig_cmd(r, r->now, &req.cmd) == VDC_HISWITCH_OK) {
        check_line(
            render_ok(req.id, r->now, render_result(&req, r->data, r->reply.bytes, r->reply.n)));
    } else {
        render_error(&r->reply, &err);
        assert(err.err);
        check_line(render_fail(&req, &err));
    }
    request_clear(&req);
}

/* First byte: port and flags; the rest is the frame. The switch counts it, whatever it is. */
static void frame(struct rig *r, const uint8_t *p, size_t n)
{
    const uint32_t port = p[0] % N_PORTS;
    const uint16_t flags = p[0] & 4 ? VDC_MSG_HDR_ONLY : 0;

    rig_raw(r, port, r->now, p[0] & 8 ? VDC_MSG_LINK : VDC_MSG_ETH, flags, p[0] & 16 ? 3000 : 0,
            p + 1, (uint32_t)(n - 1));
    rig_run(r, r->now + 1000000);
}

/* Lines; one that starts with '#' is a frame. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct rig *r = fresh();
    size_t at = 0;

    while (at < n) {
        const uint8_t *end = memchr(data + at, '\n', n - at);
        const size_t len = end ? (size_t)(end - data) - at : n - at;

        if (len > 1 && data[at] == '#' && len < 10000) {
            frame(r, data + at + 1, len - 1);
        } else if (len > 0) {
            command(r, (const char *)data + at, len);
        }
        at += len + 1;
    }
    rig_run(r, r->now + VTIME_PS_PER_MS);
    rig_free(r);
    return 0;
}
