/* SPDX-License-Identifier: MIT */
/* Kernel modules of the guest: modprobe does the loading, the kernel log has the reason of a
 * refusal. */
#include "kmod.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bar.h"

#define NAMES_MAX 64
#define TEXT_MAX  1024

/* Reads @fd to its end and keeps the beginning as one line. */
static void read_line(int fd, char *text, size_t size)
{
    char buf[256];
    size_t used = 0;
    ssize_t n;

    while ((n = read(fd, buf, sizeof(buf))) > 0 || (n < 0 && errno == EINTR)) {
        for (ssize_t i = 0; i < n && used + 1 < size; i++) {
            text[used++] = buf[i] == '\n' ? ' ' : buf[i];
        }
    }
    while (used > 0 && text[used - 1] == ' ') {
        used--;
    }
    text[used] = '\0';
}

int vdc_kmod_load(const char *names, char *err, size_t err_size)
{
    char copy[TEXT_MAX];
    char *argv[NAMES_MAX + 3] = { "modprobe", "-a" };
    char message[TEXT_MAX];
    size_t n = 2;
    char *save = NULL;
    int pipe_fd[2];
    int status = 0;
    pid_t pid;

    (void)snprintf(copy, sizeof(copy), "%s", names);
    for (char *name = strtok_r(copy, " \n", &save); name != NULL;
         name = strtok_r(NULL, " \n", &save)) {
        if (n < NAMES_MAX + 2) {
            argv[n++] = name;
        }
    }
    if (n == 2) {
        return 0;
    }
    if (pipe2(pipe_fd, O_CLOEXEC) < 0) {
        (void)snprintf(err, err_size, "modprobe: no pipe: %s", strerror(errno));
        return -1;
    }
    pid = fork();
    if (pid == 0) {
        (void)dup2(pipe_fd[1], STDERR_FILENO);
        execv("/usr/sbin/modprobe", argv);
        _exit(127);
    }
    close(pipe_fd[1]);
    read_line(pipe_fd[0], message, sizeof(message));
    close(pipe_fd[0]);
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
        (void)snprintf(err, err_size, "%s",
                       message[0] != '\0' ? message : "modprobe cannot be run");
        return -1;
    }
    return 0;
}

/* The last record of the kernel log at level error or worse that names the driver. 1 if there is
 * one. */
static int last_error(const char *driver, char *err, size_t err_size)
{
    char record[TEXT_MAX];
    int found = 0;
    ssize_t n;
    int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0) {
        return 0;
    }
    while ((n = read(fd, record, sizeof(record) - 1)) > 0 || (n < 0 && errno == EPIPE)) {
        char *text;

        if (n < 0) {
            continue; /* a record was overwritten while we read */
        }
        record[n] = '\0';
        text = strchr(record, ';');
        if (text == NULL || (strtoul(record, NULL, 10) & 7) > 3 || strstr(text, driver) == NULL) {
            continue;
        }
        text[strcspn(text, "\n")] = '\0';
        (void)snprintf(err, err_size, "%s", text + 1);
        found = 1;
    }
    close(fd);
    return found;
}

int vdc_kmod_check_hinic(char *err, size_t err_size)
{
    char names[VDC_PCI_FUNCTIONS_MAX][VDC_PCI_NAME_BYTES];
    int n = vdc_pci_find(VDC_AGENT_PCI_VENDOR, VDC_HINIC_PCI_DEVICE, names);

    for (int i = 0; i < n; i++) {
        char path[128];

        (void)snprintf(path, sizeof(path), "/sys/bus/pci/devices/%.31s/driver", names[i]);
        if (access(path, F_OK) == 0) {
            continue;
        }
        if (!last_error("hicain_net", err, err_size)) {
            (void)snprintf(err, err_size, "HiNIC %s has no driver; is hicain_net in the image?",
                           names[i]);
        }
        return -1;
    }
    return n < 0 ? 0 : n;
}
