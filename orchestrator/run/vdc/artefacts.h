/* SPDX-License-Identifier: MIT */
/* The files a run executes: where they are, what their digests are, and their frozen copies. */
#ifndef VDC_ORCHESTRATOR_RUN_ARTEFACTS_H
#define VDC_ORCHESTRATOR_RUN_ARTEFACTS_H

#include "vdc/diag.h"
#include "vdc/resolved.h"
#include "vdc/rundir.h"

#define VDC_ARTEFACTS_MAX 32u

struct vdc_artefact_file {
    struct vdc_artefact what; /* kind: qemu firmware vswitchd kernel initrd manifest */
    char path[VDC_RUNDIR_PATH_MAX];
};

struct vdc_artefacts {
    struct vdc_artefact_file files[VDC_ARTEFACTS_MAX]; /* by name, natural order */
    size_t n;
    char qemu_build_id[160]; /* empty if QEMU is given by the environment */
};

/*
 * Finds QEMU, its firmware, the switch daemon and the images of the nodes, and computes their
 * digests. QEMU:   $VDC_QEMU (firmware directories in $VDC_QEMU_FIRMWARE, colon-separated), else
 * scripts/build-qemu --print daemon: $VDC_VSWITCHD, else hicain-vswitchd beside this program image:
 * $VDC_IMAGE (a directory with manifest.json), else scripts/image/build --print NAME Files whose
 * digest the resolved experiment names come from frozen/artefacts/<sha256> if they are there
 * (frozen may be NULL). What is missing goes to diag. Returns 0, or -ENOENT after a message, or
 * -ESTALE (with messages) if a file differs from the digest that the experiment names.
 */
int vdc_artefacts_find(const struct vdc_resolved *r, const char *frozen, struct vdc_artefacts *out,
                       struct vdc_diag *diag);

/* Names the files and their digests in the resolved experiment. 0 or -ENOMEM. */
int vdc_artefacts_pin(const struct vdc_artefacts *a, struct vdc_resolved *r);

/* Links or copies (is_copy) all files into the run and lets `path` point there. 0 or -errno. */
int vdc_artefacts_freeze(struct vdc_artefacts *a, const struct vdc_rundir *d, bool is_copy);

/* The file of a name ("qemu", "base/kernel"), NULL if there is none. */
const struct vdc_artefact_file *vdc_artefacts_get(const struct vdc_artefacts *a, const char *name);

/* First line of output of a program, or all of it; stdin and stderr are /dev/null. Exit code, or
 * -errno. */
int vdc_program_output(const char *const *argv, char *out, size_t size);

/* Root of the source tree this program was built from ($VDC_SOURCE overrides). */
const char *vdc_source_root(void);

#endif
