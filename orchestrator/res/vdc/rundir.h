/* SPDX-License-Identifier: MIT */
/* One run, one directory: creation, names, files that appear whole, artefacts by digest. */
#ifndef VDC_ORCHESTRATOR_RES_RUNDIR_H
#define VDC_ORCHESTRATOR_RES_RUNDIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define VDC_RUNDIR_PATH_MAX 1024

struct vdc_rundir {
    char path[VDC_RUNDIR_PATH_MAX]; /* absolute */
    char id[128];                   /* last part of the path */
};

/*
 * Makes RUNS/<UTC time>-<name>-<6 hex digits of digest>/ with its sub-directories and lets
 * RUNS/latest point to it. digest: hex text. Returns 0 or -errno.
 */
int vdc_rundir_create(struct vdc_rundir *d, const char *runs, const char *name, const char *digest);

/* Makes a directory for a re-run inside a run: PATH/verify-<n>/, n the first free number. */
int vdc_rundir_create_inside(struct vdc_rundir *d, const char *run, const char *prefix);

/* An existing run: a directory, or a name below `runs` ("latest"). -ENOENT, -ENOTDIR. */
int vdc_rundir_open(struct vdc_rundir *d, const char *runs, const char *run);

/* "PATH/a/b" into buf (VDC_RUNDIR_PATH_MAX bytes); returns buf. The text must fit (asserted). */
char *vdc_rundir_file(const struct vdc_rundir *d, char *buf, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Makes a directory below the run and the ones above it. 0 or -errno. */
int vdc_rundir_mkdir(const struct vdc_rundir *d, const char *relative);

/* Writes a file that is there whole or not at all (*.part, rename). 0 or -errno. */
int vdc_rundir_write(const struct vdc_rundir *d, const char *relative, const void *data,
                     size_t len);

/* Reads a whole file; *data has a NUL behind it and belongs to the caller. -EFBIG above max. */
int vdc_file_read(const char *path, size_t max, char **data, size_t *len);

/* Puts a file into PATH/artefacts/<sha256>: hard link, or a copy if that cannot be or is_copy. */
int vdc_rundir_freeze(const struct vdc_rundir *d, const char *source, const char *sha256,
                      bool is_copy);

#endif
