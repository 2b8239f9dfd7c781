/* SPDX-License-Identifier: MIT */
/* One run, one directory: creation, names, files that appear whole, artefacts by digest. */
#include "vdc/rundir.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

char *vdc_rundir_file(const struct vdc_rundir *d, char *buf, const char *format, ...)
{
    int n = snprintf(buf, VDC_RUNDIR_PATH_MAX, "%s/", d->path);
    assert(n > 0 && n < VDC_RUNDIR_PATH_MAX);
    va_list ap;
    va_start(ap, format);
    int m = vsnprintf(buf + n, (size_t)(VDC_RUNDIR_PATH_MAX - n), format, ap);
    va_end(ap);
    assert(m >= 0 && m < VDC_RUNDIR_PATH_MAX - n);
    return buf;
}

static int make_parents(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        int rc = mkdir(path, 0755);
        *slash = '/';
        if (rc < 0 && errno != EEXIST) {
            return -errno;
        }
    }
    return 0;
}

int vdc_rundir_mkdir(const struct vdc_rundir *d, const char *relative)
{
    char path[VDC_RUNDIR_PATH_MAX];
    vdc_rundir_file(d, path, "%s", relative);
    int rc = make_parents(path);
    if (rc == 0 && mkdir(path, 0755) < 0 && errno != EEXIST) {
        rc = -errno;
    }
    return rc;
}

static int make_parts(struct vdc_rundir *d)
{
    static const char *const parts[] = { "nodes", "hosts/local", "artefacts", "pcap", "series" };
    const char *slash = strrchr(d->path, '/');
    snprintf(d->id, sizeof(d->id), "%.127s", slash ? slash + 1 : d->path);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        int rc = vdc_rundir_mkdir(d, parts[i]);
        if (rc < 0) {
            return rc;
        }
    }
    return 0;
}

/* Absolute path of `runs`, made if it is not there; room for a name behind it is left. */
static int real_runs(const char *runs, char path[VDC_RUNDIR_PATH_MAX])
{
    char copy[VDC_RUNDIR_PATH_MAX];
    if (snprintf(copy, sizeof(copy), "%s/", runs) >= (int)sizeof(copy)) {
        return -ENAMETOOLONG;
    }
    int rc = make_parents(copy);
    if (rc < 0) {
        return rc;
    }
    char *real = realpath(runs, NULL);
    if (!real) {
        return -errno;
    }
    rc = snprintf(path, VDC_RUNDIR_PATH_MAX, "%s", real) < VDC_RUNDIR_PATH_MAX - 320
             ? 0
             : -ENAMETOOLONG;
    free(real);
    return rc;
}

static void point_latest(const char *runs, const char *id)
{
    char link[VDC_RUNDIR_PATH_MAX + 16];
    char part[VDC_RUNDIR_PATH_MAX + 32];
    snprintf(link, sizeof(link), "%s/latest", runs);
    snprintf(part, sizeof(part), "%s/.latest-%d", runs, (int)getpid());
    /* A convenience: a run is complete without it. */
    if (symlink(id, part) == 0 && rename(part, link) < 0) {
        (void)unlink(part); /* the link would only be litter */
    }
}

int vdc_rundir_create(struct vdc_rundir *d, const char *runs, const char *name, const char *digest)
{
    char base[VDC_RUNDIR_PATH_MAX];
    char stamp[32];
    struct tm tm;
    time_t now = time(NULL);
    int rc = real_runs(runs, base);
    if (rc < 0) {
        return rc;
    }
    gmtime_r(&now, &tm);
    strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H%M%S", &tm);
    /* Two runs of one second get different names by a counter. */
    for (int i = 0; i < 1000; i++) {
        char more[8] = "";
        if (i > 0) {
            snprintf(more, sizeof(more), ".%d", i);
        }
        snprintf(d->path, sizeof(d->path), "%.800s/%s-%.32s-%.6s%s", base, stamp, name, digest,
                 more);
        if (mkdir(d->path, 0755) == 0) {
            rc = make_parts(d);
            if (rc == 0) {
                point_latest(base, d->id);
            }
            return rc;
        }
        if (errno != EEXIST) {
            return -errno;
        }
    }
    return -EEXIST;
}

int vdc_rundir_create_inside(struct vdc_rundir *d, const char *run, const char *prefix)
{
    for (int i = 1; i < 10000; i++) {
        if (snprintf(d->path, sizeof(d->path), "%s/%s-%d", run, prefix, i) >=
            VDC_RUNDIR_PATH_MAX - 256) {
            return -ENAMETOOLONG;
        }
        if (mkdir(d->path, 0755) == 0) {
            return make_parts(d);
        }
        if (errno != EEXIST) {
            return -errno;
        }
    }
    return -EEXIST;
}

int vdc_rundir_open(struct vdc_rundir *d, const char *runs, const char *run)
{
    char below[VDC_RUNDIR_PATH_MAX];
    struct stat st;
    const char *path = run;
    if (stat(run, &st) < 0) {
        if (snprintf(below, sizeof(below), "%s/%s", runs, run) >= (int)sizeof(below)) {
            return -ENAMETOOLONG;
        }
        path = below;
        if (stat(path, &st) < 0) {
            return -errno;
        }
    }
    if (!S_ISDIR(st.st_mode)) {
        return -ENOTDIR;
    }
    char *real = realpath(path, NULL);
    if (!real) {
        return -errno;
    }
    int n = snprintf(d->path, sizeof(d->path), "%s", real);
    free(real);
    if (n >= VDC_RUNDIR_PATH_MAX - 256) {
        return -ENAMETOOLONG;
    }
    const char *slash = strrchr(d->path, '/');
    snprintf(d->id, sizeof(d->id), "%.127s", slash + 1);
    return 0;
}

int vdc_rundir_write(const struct vdc_rundir *d, const char *relative, const void *data, size_t len)
{
    char path[VDC_RUNDIR_PATH_MAX];
    char part[VDC_RUNDIR_PATH_MAX];
    vdc_rundir_file(d, path, "%s", relative);
    vdc_rundir_file(d, part, "%s.part", relative);
    FILE *f = fopen(part, "we");
    if (!f) {
        return -errno;
    }
    bool ok = fwrite(data, 1, len, f) == len;
    ok = fflush(f) == 0 && ok;
    int error = errno;
    ok = fclose(f) == 0 && ok;
    if (ok && rename(part, path) == 0) {
        return 0;
    }
    error = ok ? errno : error;
    (void)unlink(part); /* half a file is worse than none; there may be none */
    return error ? -error : -EIO;
}

int vdc_file_read(const char *path, size_t max, char **data, size_t *len)
{
    FILE *f = fopen(path, "re");
    if (!f) {
        return -errno;
    }
    char *buf = NULL;
    size_t n = 0;
    size_t room = 0;
    int rc = 0;
    for (;;) {
        if (room - n < 2) {
            room = room ? 2 * room : 4096;
            char *more = realloc(buf, room);
            if (!more) {
                rc = -ENOMEM;
                break;
            }
            buf = more;
        }
        size_t got = fread(buf + n, 1, room - n - 1, f);
        if (got == 0) {
            rc = ferror(f) ? -EIO : 0;
            break;
        }
        n += got;
        if (n > max) {
            rc = -EFBIG;
            break;
        }
    }
    fclose(f);
    if (rc < 0) {
        free(buf);
        return rc;
    }
    buf[n] = '\0';
    *data = buf;
    *len = n;
    return 0;
}

static int copy_file(const char *from, const char *to, mode_t mode)
{
    char buf[65536];
    int in = open(from, O_RDONLY | O_CLOEXEC);
    if (in < 0) {
        return -errno;
    }
    int rc = 0;
    int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (out < 0) {
        rc = -errno;
        goto close_in;
    }
    for (;;) {
        ssize_t n = read(in, buf, sizeof(buf));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            rc = n < 0 ? -errno : 0;
            break;
        }
        for (ssize_t done = 0; done < n;) {
            ssize_t m = write(out, buf + done, (size_t)(n - done));
            if (m < 0 && errno != EINTR) {
                rc = -errno;
                break;
            }
            done += m > 0 ? m : 0;
        }
        if (rc < 0) {
            break;
        }
    }
    if (close(out) < 0 && rc == 0) {
        rc = -errno;
    }
close_in:
    (void)close(in); /* read only */
    return rc;
}

int vdc_rundir_freeze(const struct vdc_rundir *d, const char *source, const char *sha256,
                      bool is_copy)
{
    char path[VDC_RUNDIR_PATH_MAX];
    char part[VDC_RUNDIR_PATH_MAX];
    struct stat st;
    vdc_rundir_file(d, path, "artefacts/%s", sha256);
    if (access(path, F_OK) == 0) {
        return 0;
    }
    /* The name must stay with the bytes: a link to a link would follow the target's next version.
     */
    char *real = realpath(source, NULL);
    if (!real || stat(real, &st) < 0) {
        free(real);
        return -errno;
    }
    int rc = is_copy ? -1 : linkat(AT_FDCWD, real, AT_FDCWD, path, 0);
    if (rc < 0) {
        vdc_rundir_file(d, part, "artefacts/%s.part", sha256);
        rc = copy_file(real, part, st.st_mode & 0777);
        if (rc == 0 && rename(part, path) < 0) {
            rc = -errno;
        }
        if (rc < 0) {
            (void)unlink(part); /* may not be there */
        }
    }
    free(real);
    return rc;
}
