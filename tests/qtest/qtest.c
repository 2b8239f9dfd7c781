/* SPDX-License-Identifier: MIT */
/* Client of QEMU's qtest protocol over a socket pair. */
#include "qtest.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define SKIP      77
#define ARG_MAX_N 64
#define MEM_CHUNK 4096u

#define CONFIG_ADDR 0xcf8u
#define CONFIG_DATA 0xcfcu
#define MMIO_BASE   UINT64_C(0xc0000000)

struct vdc_qtest {
    FILE *in;
    FILE *out;
    pid_t pid;
    uint64_t mmio_next; /* next free bus address for BARs */
    char line[2 * MEM_CHUNK + 256];
};

static void die(const char *what, const char *detail)
{
    fprintf(stderr, "qtest: %s: %s\n", what, detail);
    exit(1);
}

#define PATH_BYTES 512

struct paths {
    char qemu[PATH_BYTES];
    char firmware[2][PATH_BYTES];
    unsigned n_firmware;
};

static void copy_path(char dst[PATH_BYTES], const char *src)
{
    if (strlen(src) >= PATH_BYTES) {
        die("path is too long", src);
    }
    memcpy(dst, src, strlen(src) + 1);
}

/* Reads the key=value lines of scripts/build-qemu --print. Returns false if nothing is ready. */
static int find_qemu(const char *build_qemu, struct paths *p)
{
    char cmd[600], line[600];
    FILE *f;

    memset(p, 0, sizeof(*p));
    snprintf(cmd, sizeof(cmd), "'%s' --print 2>/dev/null", build_qemu);
    f = popen(cmd, "r");
    if (!f) {
        return 0;
    }
    while (fgets(line, sizeof(line), f)) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "qemu=", 5) == 0) {
            copy_path(p->qemu, line + 5);
        } else if (strncmp(line, "firmware=", 9) == 0 && p->n_firmware < 2) {
            copy_path(p->firmware[p->n_firmware++], line + 9);
        }
    }
    return pclose(f) == 0 && p->qemu[0] != '\0';
}

static void exec_qemu(struct paths *p, const char *socket_path, const char *const *devices)
{
    char *argv[ARG_MAX_N];
    char qtest[200];
    unsigned n = 0;
    const char *const fixed[] = { p->qemu,
                                  "-machine",
                                  "q35,hpet=off,smbus=off,sata=off,i8042=off,usb=off",
                                  "-accel",
                                  "qtest",
                                  "-nodefaults",
                                  "-no-user-config",
                                  "-display",
                                  "none",
                                  "-m",
                                  "64",
                                  "-qtest",
                                  qtest,
                                  "-qtest-log",
                                  "none" };

    snprintf(qtest, sizeof(qtest), "unix:%s", socket_path);
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
        argv[n++] = (char *)fixed[i];
    }
    for (unsigned i = 0; i < p->n_firmware; i++) {
        argv[n++] = (char *)"-L";
        argv[n++] = p->firmware[i];
    }
    for (; *devices; devices++) {
        if (n > ARG_MAX_N - 3) {
            die("arguments", "too many devices");
        }
        argv[n++] = (char *)"-device";
        argv[n++] = (char *)*devices;
    }
    argv[n] = NULL;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execv(p->qemu, argv);
    die(p->qemu, strerror(errno));
}

struct vdc_qtest *vdc_qtest_start(const char *build_qemu, const char *const *devices)
{
    struct vdc_qtest *q = calloc(1, sizeof(*q));
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    char dir[] = "/tmp/vdc-qtest-XXXXXX";
    struct paths paths;
    int srv, fd;

    if (!find_qemu(build_qemu, &paths)) {
        printf("SKIP: QEMU has not been built: run scripts/build-qemu\n");
        exit(SKIP);
    }
    srv = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (!q || srv < 0 || !mkdtemp(dir)) {
        die("set-up", strerror(errno));
    }
    snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/sock", dir);
    if (bind(srv, (struct sockaddr *)&addr, sizeof(addr)) < 0 || listen(srv, 1) < 0) {
        die(addr.sun_path, strerror(errno));
    }
    fflush(NULL);
    q->pid = fork();
    if (q->pid < 0) {
        die("fork", strerror(errno));
    }
    if (q->pid == 0) {
        exec_qemu(&paths, addr.sun_path, devices);
    }
    fd = accept(srv, NULL, NULL);
    if (fd < 0) {
        die("accept", strerror(errno));
    }
    (void)close(srv);
    (void)unlink(addr.sun_path);
    (void)rmdir(dir);
    q->in = fdopen(fd, "r");
    q->out = fdopen(dup(fd), "w");
    if (!q->in || !q->out) {
        die("fdopen", strerror(errno));
    }
    q->mmio_next = MMIO_BASE;
    return q;
}

int vdc_qtest_stop(struct vdc_qtest *q)
{
    int status = 0;

    (void)fclose(q->out);
    (void)fclose(q->in);
    (void)kill(q->pid, SIGTERM);
    if (waitpid(q->pid, &status, 0) < 0) {
        die("waitpid", strerror(errno));
    }
    free(q);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Sends one command, returns what follows "OK" in the answer. */
static const char *command(struct vdc_qtest *q, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static const char *command(struct vdc_qtest *q, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vfprintf(q->out, fmt, ap);
    va_end(ap);
    fputc('\n', q->out);
    if (fflush(q->out) != 0) {
        die("QEMU has gone", fmt);
    }
    do {
        if (!fgets(q->line, sizeof(q->line), q->in)) {
            die("QEMU closed the connection after", fmt);
        }
    } while (strncmp(q->line, "IRQ ", 4) == 0);
    if (strncmp(q->line, "OK", 2) != 0) {
        die(fmt, q->line);
    }
    return q->line[2] == ' ' ? q->line + 3 : q->line + 2;
}

uint32_t vdc_qtest_readl(struct vdc_qtest *q, uint64_t addr)
{
    return (uint32_t)strtoull(command(q, "readl 0x%" PRIx64, addr), NULL, 0);
}

uint64_t vdc_qtest_readq(struct vdc_qtest *q, uint64_t addr)
{
    return strtoull(command(q, "readq 0x%" PRIx64, addr), NULL, 0);
}

void vdc_qtest_writel(struct vdc_qtest *q, uint64_t addr, uint32_t v)
{
    (void)command(q, "writel 0x%" PRIx64 " 0x%" PRIx32, addr, v);
}

void vdc_qtest_writeq(struct vdc_qtest *q, uint64_t addr, uint64_t v)
{
    (void)command(q, "writeq 0x%" PRIx64 " 0x%" PRIx64, addr, v);
}

static unsigned hex_digit(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a' + 10);
}

void vdc_qtest_memread(struct vdc_qtest *q, uint64_t addr, void *p, size_t n)
{
    uint8_t *dst = p;

    while (n > 0) {
        size_t len = n < MEM_CHUNK ? n : MEM_CHUNK;
        const char *hex = command(q, "read 0x%" PRIx64 " 0x%zx", addr, len);

        if (strncmp(hex, "0x", 2) != 0 || strspn(hex + 2, "0123456789abcdef") != 2 * len) {
            die("answer to read", hex);
        }
        for (size_t i = 0; i < len; i++) {
            dst[i] = (uint8_t)(hex_digit(hex[2 + 2 * i]) << 4 | hex_digit(hex[3 + 2 * i]));
        }
        dst += len;
        addr += len;
        n -= len;
    }
}

void vdc_qtest_memwrite(struct vdc_qtest *q, uint64_t addr, const void *p, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *src = p;
    char hex[2 * MEM_CHUNK + 1];

    while (n > 0) {
        size_t len = n < MEM_CHUNK ? n : MEM_CHUNK;

        for (size_t i = 0; i < len; i++) {
            hex[2 * i] = digits[src[i] >> 4];
            hex[2 * i + 1] = digits[src[i] & 15];
        }
        hex[2 * len] = '\0';
        (void)command(q, "write 0x%" PRIx64 " 0x%zx 0x%s", addr, len, hex);
        src += len;
        addr += len;
        n -= len;
    }
}

uint64_t vdc_qtest_step(struct vdc_qtest *q, uint64_t ns)
{
    return strtoull(command(q, "clock_step %" PRIu64, ns), NULL, 0);
}

static uint32_t config_addr(const struct vdc_qpci *p, uint32_t off)
{
    return UINT32_C(0x80000000) | p->devfn << 8 | (off & 0xfcu);
}

uint32_t vdc_qpci_config_readl(struct vdc_qpci *p, uint32_t off)
{
    (void)command(p->q, "outl 0x%x 0x%" PRIx32, CONFIG_ADDR, config_addr(p, off));
    return (uint32_t)strtoull(command(p->q, "inl 0x%x", CONFIG_DATA), NULL, 0);
}

void vdc_qpci_config_writel(struct vdc_qpci *p, uint32_t off, uint32_t v)
{
    (void)command(p->q, "outl 0x%x 0x%" PRIx32, CONFIG_ADDR, config_addr(p, off));
    (void)command(p->q, "outl 0x%x 0x%" PRIx32, CONFIG_DATA, v);
}

static void place_bar(struct vdc_qpci *p, unsigned i, int is_64)
{
    const uint32_t off = 0x10 + 4 * i;
    uint64_t mask;

    vdc_qpci_config_writel(p, off, UINT32_MAX);
    mask = vdc_qpci_config_readl(p, off) & ~UINT32_C(0xf);
    if (mask == 0) {
        return;
    }
    /* BARs are smaller than 4 GiB: the low half has the size. */
    p->bar_bytes[i] = (~mask + 1) & UINT32_MAX;
    p->q->mmio_next = (p->q->mmio_next + p->bar_bytes[i] - 1) & ~(p->bar_bytes[i] - 1);
    p->bar[i] = p->q->mmio_next;
    p->q->mmio_next += p->bar_bytes[i];
    vdc_qpci_config_writel(p, off, (uint32_t)p->bar[i]);
    if (is_64) {
        vdc_qpci_config_writel(p, off + 4, 0);
    }
}

int vdc_qpci_open(struct vdc_qpci *p, struct vdc_qtest *q, uint16_t vendor, uint16_t device)
{
    memset(p, 0, sizeof(*p));
    p->q = q;
    for (p->devfn = 0; p->devfn < 256; p->devfn++) {
        if (vdc_qpci_config_readl(p, 0) != ((uint32_t)device << 16 | vendor)) {
            continue;
        }
        for (unsigned i = 0; i < 6; i++) {
            int is_64 = (vdc_qpci_config_readl(p, 0x10 + 4 * i) & 6u) == 4u;

            place_bar(p, i, is_64);
            i += is_64 ? 1u : 0u;
        }
        vdc_qpci_config_writel(p, 4, 6); /* memory space, bus master */
        return 0;
    }
    return -1;
}

uint32_t vdc_qpci_capability(struct vdc_qpci *p, uint8_t id)
{
    uint32_t off = vdc_qpci_config_readl(p, 0x34) & 0xfcu;

    /* A broken list could be a loop: there is room for 48 capabilities. */
    for (unsigned i = 0; off != 0 && i < 48; i++) {
        uint32_t head = vdc_qpci_config_readl(p, off);

        if ((head & 0xffu) == id) {
            return off;
        }
        off = head >> 8 & 0xfcu;
    }
    return 0;
}
