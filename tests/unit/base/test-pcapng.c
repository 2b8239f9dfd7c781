/* SPDX-License-Identifier: MIT */
/* pcapng blocks: bytes of each block, room, and (with an argument) a file for a reader to check. */
#include "vdc/pcapng.h"

#include <stdlib.h>

#include "tap.h"

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static const uint8_t frame[61] = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x88, 0xb5
};

static void section(void)
{
    uint8_t b[128];
    const size_t n = vdc_pcapng_section(b, sizeof(b), "vdc");

    CHECK_EQ(n, 28 + 4 + 4 + 4);
    CHECK_EQ(get32(b), 0x0A0D0D0A);
    CHECK_EQ(get32(b + 4), n);
    CHECK_EQ(get32(b + 8), 0x1A2B3C4D);
    CHECK_EQ(get32(b + 12), 1); /* 1.0 */
    CHECK_EQ(get32(b + 16), UINT32_MAX);
    CHECK(memcmp(b + 24, "\4\0\3\0vdc\0\0\0\0\0", 12) == 0);
    CHECK_EQ(get32(b + n - 4), n);
    CHECK_EQ(vdc_pcapng_section(b, sizeof(b), NULL), 28);
}

static void interface(void)
{
    uint8_t b[128];
    const size_t n = vdc_pcapng_interface(b, sizeof(b), VDC_PCAPNG_ETHERNET, 65535, "leaf0/3");

    CHECK_EQ(n, 20 + 12 + 8 + 4);
    CHECK_EQ(get32(b), 1);
    CHECK_EQ(get32(b + 8), 1);
    CHECK_EQ(get32(b + 12), 65535);
    CHECK(memcmp(b + 16, "\2\0\7\0leaf0/3\0\11\0\1\0\11\0\0\0\0\0\0\0", 24) == 0);
    CHECK_EQ(get32(b + n - 4), n);
}

static void packet(void)
{
    uint8_t b[256];
    const struct vdc_pcapng_packet p = { .iface = 2,
                                         .cap_len = sizeof(frame),
                                         .wire_len = 1514,
                                         .t = UINT64_C(0x123456789) * 1000 + 999,
                                         .data = frame,
                                         .comment = "q=7" };
    const size_t n = vdc_pcapng_put_packet(b, sizeof(b), &p);

    CHECK_EQ(n, 32 + 64 + 8 + 4);
    CHECK(n <= sizeof(frame) + 3 + VDC_PCAPNG_OVERHEAD);
    CHECK_EQ(get32(b), 6);
    CHECK_EQ(get32(b + 8), 2);
    CHECK_EQ(get32(b + 12), 1);
    CHECK_EQ(get32(b + 16), 0x23456789);
    CHECK_EQ(get32(b + 20), sizeof(frame));
    CHECK_EQ(get32(b + 24), 1514);
    CHECK(memcmp(b + 28, frame, sizeof(frame)) == 0);
    CHECK(memcmp(b + 28 + 61, "\0\0\0\1\0\3\0q=7\0\0\0\0\0", 15) == 0);
    CHECK_EQ(get32(b + n - 4), n);
}

static void room(void)
{
    uint8_t b[256];
    const struct vdc_pcapng_packet p = { .cap_len = 60, .wire_len = 60, .data = frame };
    char *text = malloc(10001);

    CHECK_EQ(vdc_pcapng_put_packet(b, 91, &p), 0);
    CHECK_EQ(vdc_pcapng_put_packet(b, 92, &p), 92);
    CHECK_EQ(vdc_pcapng_section(b, 27, NULL), 0);
    CHECK_EQ(vdc_pcapng_interface(b, 31, 1, 0, NULL), 0);
    CHECK_EQ(vdc_pcapng_interface(b, 36, 1, 0, NULL), 36);
    if (text) {
        uint8_t *big = malloc(8192);

        memset(text, 'x', 10000);
        text[10000] = '\0';
        CHECK_EQ(big ? vdc_pcapng_section(big, 8192, text) : 4132,
                 28 + 4 + VDC_PCAPNG_TEXT_MAX + 4);
        free(big);
    }
    free(text);
}

/* A file with two interfaces and three packets, in order of time. */
static int write_file(const char *path)
{
    uint8_t b[256];
    FILE *f = fopen(path, "wb");
    struct vdc_pcapng_packet p = {
        .cap_len = 60, .wire_len = 60, .data = frame, .comment = "t_ps=1204350112 q=16384 ecn=1"
    };

    if (!f) {
        perror(path);
        return 1;
    }
    fwrite(b, 1, vdc_pcapng_section(b, sizeof(b), "vdc"), f);
    fwrite(b, 1, vdc_pcapng_interface(b, sizeof(b), VDC_PCAPNG_ETHERNET, 65535, "leaf0/0"), f);
    fwrite(b, 1, vdc_pcapng_interface(b, sizeof(b), VDC_PCAPNG_INFINIBAND, 65535, "leaf0/1"), f);
    for (uint32_t i = 0; i < 3; i++) {
        p.t = UINT64_C(1204350112) + i * 1000;
        p.iface = i == 2;
        fwrite(b, 1, vdc_pcapng_put_packet(b, sizeof(b), &p), f);
    }
    return fclose(f) != 0;
}

static const struct tap_case cases[] = {
    { "section header", section },
    { "interface description", interface },
    { "enhanced packet", packet },
    { "room and limits", room },
};

int main(int argc, char **argv)
{
    if (argc > 1) {
        return write_file(argv[1]);
    }
    return tap_run(cases, (int)(sizeof(cases) / sizeof(cases[0])));
}
