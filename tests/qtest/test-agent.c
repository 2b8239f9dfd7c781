/* SPDX-License-Identifier: MIT */
/* The agent device in QEMU: identity, job text, output files, event log, refused writes. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "qtest.h"
#include "tap.h"

#define AGENT_RAM_OUT 0x80000u

static struct vdc_qtest *q;
static struct vdc_qpci pci;
static char dir[] = "/tmp/vdc-agent-XXXXXX";
static const char job[] = "vdc-job 1\nworkload 0 at 0 len 4\ntrue\n";

static uint32_t reg(uint32_t off)
{
    return vdc_qtest_readl(q, pci.bar[0] + off);
}

static void set(uint32_t off, uint32_t v)
{
    vdc_qtest_writel(q, pci.bar[0] + off, v);
}

static void path_of(char *path, size_t size, const char *name)
{
    snprintf(path, size, "%s/%s", dir, name);
}

static void read_file(const char *name, char *text, size_t size)
{
    char path[200];
    size_t n = 0;
    FILE *f;

    path_of(path, sizeof(path), name);
    f = fopen(path, "r");
    if (f) {
        n = fread(text, 1, size - 1, f);
        (void)fclose(f);
    }
    text[n] = '\0';
}

static void test_identity(void)
{
    char text[sizeof(job)] = "";

    CHECK_EQ(reg(0x00), 0x41434456);
    CHECK_EQ(reg(0x04), 1);
    CHECK_EQ(reg(0x08), 3);
    CHECK_EQ(reg(0x0c), 8);
    CHECK_EQ(reg(0x34), 0);
    CHECK_EQ(reg(0x38), sizeof(job) - 1);
    vdc_qtest_memread(q, pci.bar[2], text, sizeof(job) - 1);
    CHECK_STR(text, job);
    CHECK_EQ(vdc_qtest_readq(q, pci.bar[0] + 0x10), 0); /* not started */
}

static void test_mark(void)
{
    vdc_qtest_writeq(q, pci.bar[0] + 0x28, UINT64_C(0x1122334455667788));
    CHECK_EQ(reg(0x44), ~UINT32_C(0x55667788));
}

/* Without vdc-vtime READY is the start. */
static void test_start(void)
{
    vdc_qtest_step(q, 1000);
    set(0x20, 2); /* wrong version */
    vdc_qtest_step(q, 1000);
    CHECK_EQ(vdc_qtest_readq(q, pci.bar[0] + 0x10), 0);
    set(0x20, 1);
    vdc_qtest_step(q, 500);
    CHECK_EQ(vdc_qtest_readq(q, pci.bar[0] + 0x10), 500);
}

static void kick(uint32_t stream, const char *text)
{
    vdc_qtest_memwrite(q, pci.bar[2] + AGENT_RAM_OUT, text, strlen(text));
    set(0x3c, (uint32_t)strlen(text));
    set(0x40, stream);
}

static void test_output(void)
{
    char text[100];

    kick(0, "one\n");
    kick(32769, "live\n");
    kick(0, "two\n");
    set(0x3c, 0x80001); /* longer than the buffer: ignored */
    set(0x40, 65536);   /* no such stream */
    set(0x4c, 0 << 16 | 7);
    set(0x30, 7);
    read_file("workload-0.out", text, sizeof(text));
    CHECK_STR(text, "one\ntwo\n");
    read_file("workload-32769.out", text, sizeof(text));
    CHECK_STR(text, "live\n");
}

static void test_events(void)
{
    char text[400];

    read_file("events.log", text, sizeof(text));
    CHECK_STR(
        text,
        "0 mark 0x1122334455667788\n0 ready 1\n0 start\n500 out 0 4\n500 out 32769 5\n500 out 0 4\n"
        "500 exit 0 7\n500 done 7\n");
}

int main(int argc, char **argv)
{
    static const struct tap_case cases[] = {
        { "identity and job text", test_identity },
        { "MARK and TEST", test_mark },
        { "READY", test_start },
        { "output of workloads", test_output },
        { "event log", test_events },
    };
    static const char *const files[] = { "events.log", "workload-0.out", "workload-32769.out",
                                         "job" };
    char device[600], path[200];
    const char *const devices[] = { device, NULL };
    FILE *f;
    int rc;

    if (argc != 2 || !mkdtemp(dir)) {
        fprintf(stderr, "usage: %s PATH-OF-build-qemu\n", argv[0]);
        return 2;
    }
    path_of(path, sizeof(path), "job");
    f = fopen(path, "w");
    if (!f || fputs(job, f) < 0 || fclose(f) != 0) {
        perror(path);
        return 1;
    }
    snprintf(device, sizeof(device), "vdc-agent,node=3,nnodes=8,job=%s,out=%s", path, dir);
    q = vdc_qtest_start(argv[1], devices);
    CHECK_EQ(vdc_qpci_open(&pci, q, 0x1af4, 0x10f2), 0);
    rc = tap_run(cases, (int)(sizeof(cases) / sizeof(cases[0])));
    if (vdc_qtest_stop(q) != 0) {
        rc = 1;
    }
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        path_of(path, sizeof(path), files[i]);
        (void)unlink(path);
    }
    (void)rmdir(dir);
    return rc;
}
