/* SPDX-License-Identifier: MIT */
/* Talking to the switch daemon of a live run. */
#include "hub.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int hub_connect(const struct vdc_rundir *d, const char *name, int *out)
{
    char dir[VDC_RUNDIR_PATH_MAX];
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int parent = open(vdc_rundir_file(d, dir, "hosts/local"), O_PATH | O_CLOEXEC);
    if (parent < 0) {
        return -errno;
    }
    int rc = 0;
    int n = snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s.sock", parent,
                     name);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || n >= (int)sizeof(address.sun_path)) {
        rc = fd < 0 ? -errno : -ENAMETOOLONG;
    } else if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        rc = -errno;
    }
    (void)close(parent); /* only a way to the name */
    if (rc < 0 && fd >= 0) {
        (void)close(fd);
    }
    *out = fd;
    return rc;
}

int hub_exchange(int fd, const char *line, char reply[HUB_REPLY_MAX + 1])
{
    size_t len = strlen(line);
    size_t n = 0;
    for (size_t done = 0; done < len;) {
        ssize_t m = send(fd, line + done, len - done, MSG_NOSIGNAL);
        if (m < 0 && errno != EINTR) {
            return -errno;
        }
        done += m > 0 ? (size_t)m : 0;
    }
    while (n < HUB_REPLY_MAX && !memchr(reply, '\n', n)) {
        ssize_t m = read(fd, reply + n, HUB_REPLY_MAX - n);
        if (m < 0 && errno == EINTR) {
            continue;
        }
        if (m <= 0) {
            return m < 0 ? -errno : -ECONNRESET;
        }
        n += (size_t)m;
    }
    reply[n] = '\0';
    reply[strcspn(reply, "\n")] = '\0';
    return 0;
}
