/* SPDX-License-Identifier: MIT */
/* Access to the agent device through sysfs: no driver is bound to it, root maps its resource files.
 */
#include "bar.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PCI_DIR "/sys/bus/pci/devices"
#define FOUND                                                                                      \
    "/run/vdc-agent" /* link to the PCI function, made by PID 1: a mark must not search for it */

static bool has_id(const char *name, const char *attribute, uint16_t want)
{
    char path[128];
    char text[16] = "";
    ssize_t n;
    int fd;

    (void)snprintf(path, sizeof(path), PCI_DIR "/%.31s/%s", name, attribute);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    n = read(fd, text, sizeof(text) - 1);
    close(fd);
    return n > 0 && strtoul(text, NULL, 16) == want;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

int vdc_pci_find(uint16_t vendor, uint16_t device, char names[][VDC_PCI_NAME_BYTES])
{
    DIR *dir = opendir(PCI_DIR);
    struct dirent *e;
    size_t n = 0;

    if (dir == NULL) {
        return -errno;
    }
    while ((e = readdir(dir)) != NULL && n < VDC_PCI_FUNCTIONS_MAX) {
        if (e->d_name[0] != '.' && strlen(e->d_name) < VDC_PCI_NAME_BYTES &&
            has_id(e->d_name, "vendor", vendor) && has_id(e->d_name, "device", device)) {
            (void)snprintf(names[n++], VDC_PCI_NAME_BYTES, "%.31s", e->d_name);
        }
    }
    closedir(dir);
    qsort(names, n, VDC_PCI_NAME_BYTES, by_name);
    return (int)n;
}

static volatile uint8_t *map_bar(const char *resource, size_t len)
{
    char path[128];
    void *p;
    int fd;

    (void)snprintf(path, sizeof(path), FOUND "/%s", resource);
    fd = open(path, O_RDWR | O_SYNC | O_CLOEXEC);
    if (fd < 0) {
        return NULL;
    }
    p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return p == MAP_FAILED ? NULL : p;
}

static int enable(const char *name)
{
    char path[128];
    ssize_t n;
    int fd;

    (void)snprintf(path, sizeof(path), PCI_DIR "/%s/enable", name);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
        return -errno;
    }
    n = write(fd, "1", 1);
    close(fd);
    return n == 1 ? 0 : -EIO;
}

static int find_and_enable(void)
{
    char names[VDC_PCI_FUNCTIONS_MAX][VDC_PCI_NAME_BYTES];
    char path[128];
    int n = vdc_pci_find(VDC_AGENT_PCI_VENDOR, VDC_AGENT_PCI_DEVICE, names);

    if (n <= 0) {
        return n < 0 ? n : -ENODEV;
    }
    (void)snprintf(path, sizeof(path), PCI_DIR "/%s", names[0]);
    if (symlink(path, FOUND) < 0 && errno != EEXIST) {
        return -errno;
    }
    return enable(names[0]);
}

int vdc_bar_open(struct vdc_bar *bar)
{
    int status = access(FOUND, F_OK) == 0 ? 0 : find_and_enable();

    if (status < 0) {
        return status;
    }
    bar->regs = map_bar("resource0", VDC_AGENT_BAR0_BYTES);
    bar->mem = map_bar("resource2", VDC_AGENT_BAR2_BYTES);
    if (bar->regs == NULL || bar->mem == NULL) {
        return -ENXIO;
    }
    if (vdc_bar_read32(bar, VDC_AGENT_R_MAGIC) != VDC_AGENT_MAGIC ||
        vdc_bar_read32(bar, VDC_AGENT_R_VER) != VDC_AGENT_VER) {
        return -EPROTO;
    }
    return 0;
}

/* An aligned access of its own size: the cast removes no qualifier and the map is page aligned. */
uint32_t vdc_bar_read32(const struct vdc_bar *bar, uint32_t off)
{
    return *(const volatile uint32_t *)(const volatile void *)(bar->regs + off);
}

uint64_t vdc_bar_read64(const struct vdc_bar *bar, uint32_t off)
{
    return *(const volatile uint64_t *)(const volatile void *)(bar->regs + off);
}

void vdc_bar_write32(const struct vdc_bar *bar, uint32_t off, uint32_t value)
{
    *(volatile uint32_t *)(volatile void *)(bar->regs + off) = value;
}

void vdc_bar_write64(const struct vdc_bar *bar, uint32_t off, uint64_t value)
{
    *(volatile uint64_t *)(volatile void *)(bar->regs + off) = value;
}

void vdc_bar_text(const struct vdc_bar *bar, char *to, size_t len)
{
    memcpy(to, (const void *)(uintptr_t)(bar->mem + VDC_AGENT_JOB_OFF), len);
}

/* The buffer is plain memory of the device; the register write behind the copy is ordered after it
 * (x86 stores). */
static size_t put_buffer(const struct vdc_bar *bar, const char *data, size_t len)
{
    if (len > VDC_AGENT_OUT_MAX) {
        len = VDC_AGENT_OUT_MAX;
    }
    memcpy((void *)(uintptr_t)(bar->mem + VDC_AGENT_OUT_OFF), data, len);
    __asm__ volatile("" ::: "memory");
    return len;
}

void vdc_bar_output(const struct vdc_bar *bar, uint32_t stream, const char *data, size_t len)
{
    len = put_buffer(bar, data, len);
    vdc_bar_write32(bar, VDC_AGENT_R_OUT_LEN, (uint32_t)len);
    vdc_bar_write32(bar, VDC_AGENT_R_OUT_KICK, stream);
}

void vdc_bar_fail(const struct vdc_bar *bar, const char *text)
{
    vdc_bar_write32(bar, VDC_AGENT_R_FAIL, (uint32_t)put_buffer(bar, text, strlen(text)));
}
