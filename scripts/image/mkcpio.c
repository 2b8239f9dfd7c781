/* SPDX-License-Identifier: MIT */
/* Writes a newc cpio archive of the NUL-separated names on stdin; nothing of the building host gets
 * into it. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static uint64_t written;

static void die(const char *what, const char *name)
{
    fprintf(stderr, "mkcpio: %s %s: %s\n", what, name, strerror(errno));
    exit(1);
}

static void put(const void *data, size_t len)
{
    if (fwrite(data, 1, len, stdout) != len) {
        die("cannot write", "archive");
    }
    written += len;
}

static void pad(void)
{
    static const char zero[4];

    put(zero, (size_t)(-written & 3));
}

/* Owner is root, the time is the epoch of the build, a directory has 2 links and every other file
 * 1: these are the fields that differ between hosts and file systems. */
static void header(const char *name, uint32_t ino, uint32_t mode, uint32_t mtime, uint64_t size)
{
    char buf[111];
    size_t name_len = strlen(name) + 1;

    if (size > UINT32_MAX || name_len > 4096) {
        errno = EFBIG;
        die("cannot store", name);
    }
    snprintf(buf, sizeof(buf), "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", ino,
             mode, 0U, 0U, S_ISDIR(mode) ? 2U : 1U, mtime, (uint32_t)size, 0U, 0U, 0U, 0U,
             (uint32_t)name_len, 0U);
    put(buf, 110);
    put(name, name_len);
    pad();
}

static void file_data(const char *name, uint64_t size)
{
    static char buf[65536];
    int fd = open(name, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        die("cannot open", name);
    }
    while (size > 0) {
        ssize_t n = read(fd, buf, sizeof(buf));

        if (n <= 0 || (uint64_t)n > size) {
            die("cannot read", name);
        }
        put(buf, (size_t)n);
        size -= (uint64_t)n;
    }
    close(fd);
    pad();
}

static void entry(const char *name, uint32_t ino, uint32_t mtime)
{
    const char *stored = strncmp(name, "./", 2) == 0 ? name + 2 : name;
    char target[4096];
    struct stat st;
    ssize_t n;

    if (lstat(name, &st) < 0) {
        die("cannot stat", name);
    }
    switch (st.st_mode & S_IFMT) {
    case S_IFREG:
        header(stored, ino, st.st_mode, mtime, (uint64_t)st.st_size);
        file_data(name, (uint64_t)st.st_size);
        break;
    case S_IFDIR:
        header(stored, ino, st.st_mode, mtime, 0);
        break;
    case S_IFLNK:
        n = readlink(name, target, sizeof(target));
        if (n < 0) {
            die("cannot read link", name);
        }
        header(stored, ino, S_IFLNK | 0777, mtime, (uint64_t)n);
        put(target, (size_t)n);
        pad();
        break;
    default:
        errno = EINVAL;
        die("neither file, directory nor link:", name);
    }
}

int main(int argc, char **argv)
{
    char *name = NULL;
    size_t room = 0;
    uint32_t ino = 1;
    uint32_t mtime;

    if (argc != 2) {
        fprintf(stderr, "usage: mkcpio EPOCH < names\n");
        return 2;
    }
    mtime = (uint32_t)strtoul(argv[1], NULL, 10);
    while (getdelim(&name, &room, '\0', stdin) > 0) {
        entry(name, ino++, mtime);
    }
    free(name);
    header("TRAILER!!!", 0, 0, 0, 0);
    if (fflush(stdout) != 0) {
        die("cannot write", "archive");
    }
    return 0;
}
