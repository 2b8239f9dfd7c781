/* SPDX-License-Identifier: MIT */
/* hicain-rocecheck FILE...: checks the RoCE frames of captures; exit 1 if one is bad, 2 if a file
 * cannot be read. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"
#include "rocecheck.h"

#define LINK_ETHERNET 1u

/* Whole file in memory, NULL with errno set. The caller frees it. */
static uint8_t *load(const char *name, size_t *len)
{
    FILE *f = fopen(name, "rb");
    uint8_t *b = NULL;
    size_t room = 0;
    size_t n = 0;

    if (!f) {
        return NULL;
    }
    for (;;) {
        size_t got;

        if (n == room) {
            uint8_t *grown = realloc(b, room = room ? 2 * room : 1u << 20);

            if (!grown) {
                free(b);
                (void)fclose(f); /* only read */
                return NULL;
            }
            b = grown;
        }
        got = fread(b + n, 1, room - n, f);
        n += got;
        if (got == 0) {
            break;
        }
    }
    if (ferror(f)) {
        free(b);
        b = NULL;
        errno = EIO;
    }
    (void)fclose(f);
    *len = n;
    return b;
}

static void print_flow(const struct vdc_roceflow *f)
{
    printf("  ");
    if (f->sgid[10] == 0xff && f->sgid[11] == 0xff && f->sgid[0] == 0) {
        printf("%u.%u.%u.%u", f->sgid[12], f->sgid[13], f->sgid[14], f->sgid[15]);
    } else {
        for (int i = 0; i < 16; i += 2) {
            printf("%s%x", i ? ":" : "", f->sgid[i] << 8 | f->sgid[i + 1]);
        }
    }
    printf(" > qpn 0x%06x %s: %" PRIu64 " packets, psn 0x%06x..0x%06x, %" PRIu64
           " repeated, %" PRIu64 " gaps\n",
           f->dqpn, f->is_response ? "responses" : "requests", f->n, f->first, f->newest,
           f->n_repeat, f->n_gap);
}

static void report(const char *name, const struct vdc_rocecheck *r)
{
    printf("%s: frames=%" PRIu64 " roce=%" PRIu64 " bad_icrc=%" PRIu64 " bad_header=%" PRIu64
           " cut=%" PRIu64 "\n",
           name, r->n_frame, r->n_roce, r->n_bad_icrc, r->n_bad_header, r->n_cut);
    if (r->first_bad) {
        printf("  first bad frame: %" PRIu64 "\n", r->first_bad);
    }
    for (uint32_t i = 0; i < r->n_flow; i++) {
        print_flow(&r->flow[i]);
    }
    if (r->has_more) {
        printf("  more than %u flows: the others are not listed\n", VDC_ROCECHECK_FLOWS);
    }
}

/* Exit status for one file. */
static int check(const char *name)
{
    static struct vdc_rocecheck r;
    struct vdc_capture c;
    struct vdc_capture_frame f;
    size_t len;
    uint8_t *b = load(name, &len);

    if (!b) {
        fprintf(stderr, "%s: %s\n", name, strerror(errno));
        return 2;
    }
    vdc_rocecheck_init(&r);
    if (vdc_capture_open(&c, b, len)) {
        while (vdc_capture_next(&c, &f)) {
            if (c.link_type == LINK_ETHERNET) {
                vdc_rocecheck_frame(&r, f.data, f.len, f.wire_len);
            }
        }
        report(name, &r);
    }
    free(b);
    if (c.error) {
        fprintf(stderr, "%s: %s\n", name, c.error);
        return 2;
    }
    return vdc_rocecheck_is_good(&r) ? 0 : 1;
}

int main(int argc, char **argv)
{
    int rc = 0;

    if (argc < 2) {
        fprintf(stderr, "usage: hicain-rocecheck FILE...   (pcap or pcapng)\n");
        return 2;
    }
    for (int i = 1; i < argc; i++) {
        const int one = check(argv[i]);

        rc = one > rc ? one : rc;
    }
    return rc;
}
