/* SPDX-License-Identifier: MIT */
/* The files a run executes: where they are, what their digests are, and their frozen copies. */
#include "vdc/artefacts.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <libgen.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vdc/sha256.h"

const char *vdc_source_root(void)
{
    const char *root = getenv("VDC_SOURCE");
    return root && *root ? root : VDC_SOURCE_ROOT;
}

int vdc_program_output(const char *const *argv, char *out, size_t size)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) < 0) {
        return -errno;
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fds[1], 1);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    pid_t pid;
    int rc = posix_spawn(&pid, argv[0], &actions, NULL, (char *const *)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    (void)close(fds[1]); /* our copy of the writing end */
    size_t len = 0;
    while (rc == 0) {
        char more[512];
        bool has_room = len + 1 < size;
        ssize_t n = has_room ? read(fds[0], out + len, size - len - 1)
                             : read(fds[0], more, sizeof(more));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            break;
        }
        len += has_room ? (size_t)n : 0;
    }
    (void)close(fds[0]);
    out[len] = '\0';
    if (rc != 0) {
        return -rc;
    }
    int status;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

const struct vdc_artefact_file *vdc_artefacts_get(const struct vdc_artefacts *a, const char *name)
{
    for (size_t i = 0; i < a->n; i++) {
        if (strcmp(a->files[i].what.name, name) == 0) {
            return &a->files[i];
        }
    }
    return NULL;
}

struct finder {
    const struct vdc_resolved *resolved;
    const char *frozen;
    struct vdc_artefacts *out;
    struct vdc_diag *diag;
    int rc;
};

static void missing(struct finder *f, const char *format, const char *a, const char *b)
{
    char text[VDC_RUNDIR_PATH_MAX + 256];
    snprintf(text, sizeof(text), format, a, b);
    vdc_diag_add(f->diag, VDC_DIAG_ERROR, 0, 0, "%s", text);
    f->rc = f->rc ? f->rc : -ENOENT;
}

static const struct vdc_artefact *pinned(const struct vdc_resolved *r, const char *name)
{
    for (size_t i = 0; i < r->n_artefacts; i++) {
        if (strcmp(r->artefacts[i].name, name) == 0) {
            return &r->artefacts[i];
        }
    }
    return NULL;
}

/* Adds a file; path may be NULL when it was not found outside the frozen ones. */
static void add(struct finder *f, const char *name, const char *kind, const char *path)
{
    char frozen[VDC_RUNDIR_PATH_MAX];
    const struct vdc_artefact *pin = pinned(f->resolved, name);
    if (vdc_artefacts_get(f->out, name)) {
        return;
    }
    if (pin && f->frozen &&
        snprintf(frozen, sizeof(frozen), "%s/artefacts/%s", f->frozen, pin->sha256) <
            (int)sizeof(frozen) &&
        access(frozen, R_OK) == 0) {
        path = frozen;
    }
    if (!path) {
        return;
    }
    if (f->out->n == VDC_ARTEFACTS_MAX) {
        missing(f, "more than 32 artefacts, at %s%s", name, "");
        return;
    }
    struct vdc_artefact_file *file = &f->out->files[f->out->n];
    snprintf(file->what.name, sizeof(file->what.name), "%s", name);
    snprintf(file->what.kind, sizeof(file->what.kind), "%s", kind);
    if (snprintf(file->path, sizeof(file->path), "%s", path) >= (int)sizeof(file->path)) {
        missing(f, "%s: the path is too long: %s", name, path);
        return;
    }
    int rc = vdc_sha256_file(path, file->what.sha256, &file->what.size);
    if (rc < 0) {
        char why[VDC_RUNDIR_PATH_MAX + 64];
        snprintf(why, sizeof(why), "%s: %s", path, strerror(-rc));
        missing(f, "%s cannot be read: %s", name, why);
        return;
    }
    f->out->n++;
    if (pin && strcmp(pin->sha256, file->what.sha256) != 0) {
        vdc_diag_add(f->diag, VDC_DIAG_ERROR, 0, 0,
                     "%s: the experiment names sha256 %.16s..., but %s is %.16s...", name,
                     pin->sha256, path, file->what.sha256);
        f->rc = -ESTALE;
    }
}

/* Firmware files that a guest of ours loads. */
static const char *const firmware[] = { "bios-256k.bin", "kvmvapic.bin", "linuxboot_dma.bin",
                                        "pvh.bin" };

static void add_firmware(struct finder *f, const char *dir)
{
    char path[VDC_RUNDIR_PATH_MAX];
    char name[64];
    for (size_t i = 0; i < sizeof(firmware) / sizeof(firmware[0]); i++) {
        bool is_there = dir &&
                        snprintf(path, sizeof(path), "%s/%s", dir, firmware[i]) <
                            (int)sizeof(path) &&
                        access(path, R_OK) == 0;
        snprintf(name, sizeof(name), "firmware/%s", firmware[i]);
        add(f, name, "firmware", is_there ? path : NULL);
    }
}

static void find_qemu(struct finder *f)
{
    const char *given = getenv("VDC_QEMU");
    if (pinned(f->resolved, "qemu") && f->frozen) {
        add(f, "qemu", "qemu", NULL);
        add_firmware(f, NULL);
        if (vdc_artefacts_get(f->out, "qemu")) {
            return;
        }
    }
    if (given && *given) {
        char dirs[VDC_RUNDIR_PATH_MAX];
        const char *list = getenv("VDC_QEMU_FIRMWARE");
        if (access(given, X_OK) < 0) {
            missing(f, "QEMU: VDC_QEMU=%s cannot be executed%s", given, "");
            return;
        }
        add(f, "qemu", "qemu", given);
        snprintf(dirs, sizeof(dirs), "%s", list ? list : "");
        for (char *dir = strtok(dirs, ":"); dir; dir = strtok(NULL, ":")) {
            add_firmware(f, dir);
        }
        return;
    }
    char script[VDC_RUNDIR_PATH_MAX];
    char text[4 * VDC_RUNDIR_PATH_MAX];
    snprintf(script, sizeof(script), "%s/scripts/build-qemu", vdc_source_root());
    const char *const argv[] = { script, "--print", NULL };
    if (vdc_program_output(argv, text, sizeof(text)) != 0) {
        missing(f, "QEMU is not built for this checkout: run %s%s", script, "");
        return;
    }
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        if (strncmp(line, "qemu=", 5) == 0) {
            add(f, "qemu", "qemu", line + 5);
        } else if (strncmp(line, "firmware=", 9) == 0) {
            add_firmware(f, line + 9);
        } else if (strncmp(line, "build_id=", 9) == 0) {
            snprintf(f->out->qemu_build_id, sizeof(f->out->qemu_build_id), "%s", line + 9);
        }
    }
}

static void find_vswitchd(struct finder *f)
{
    char self[VDC_RUNDIR_PATH_MAX];
    char path[VDC_RUNDIR_PATH_MAX + 32];
    const char *given = getenv("VDC_VSWITCHD");
    if (!given || !*given) {
        ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
        self[n > 0 ? n : 0] = '\0';
        snprintf(path, sizeof(path), "%s/hicain-vswitchd", dirname(self));
        given = path;
    }
    add(f, "hicain-vswitchd", "vswitchd", access(given, X_OK) == 0 ? given : NULL);
    if (!vdc_artefacts_get(f->out, "hicain-vswitchd")) {
        missing(f, "the switch daemon is missing: %s cannot be executed%s", given, "");
    }
}

/* Files of an image directory, as names of artefacts; the first file that is there counts. The
 * unpacked kernel boots a third faster (12.6 s to 8.3 s for two guests on two cores). */
static const struct {
    const char *files[2], *suffix, *kind;
} image_files[] = {
    { { "manifest.json", NULL }, "manifest", "manifest" },
    { { "vmlinux", "vmlinuz" }, "kernel", "kernel" },
    { { "initrd.img", NULL }, "initrd", "initrd" },
};

/* The path of the first of the files that is there; of the last one if none is. */
static void image_path(const char *dir, const char *const files[2], char *path, size_t size)
{
    for (int i = 0; i < 2 && files[i]; i++) {
        snprintf(path, size, "%s/%s", dir, files[i]);
        if (access(path, R_OK) == 0) {
            return;
        }
    }
}

static void find_image(struct finder *f, const char *image)
{
    char name[64];
    char script[VDC_RUNDIR_PATH_MAX];
    char dir[VDC_RUNDIR_PATH_MAX] = "";
    char path[VDC_RUNDIR_PATH_MAX + 32];
    const size_t n_files = sizeof(image_files) / sizeof(image_files[0]);
    const char *given = getenv("VDC_IMAGE");
    size_t n_found = 0;

    for (size_t i = 0; i < n_files; i++) {
        snprintf(name, sizeof(name), "%s/%s", image, image_files[i].suffix);
        if (f->frozen) {
            add(f, name, image_files[i].kind, NULL);
        }
        n_found += vdc_artefacts_get(f->out, name) != NULL;
    }
    if (n_found == n_files) {
        return;
    }
    snprintf(script, sizeof(script), "%s/scripts/image/build", vdc_source_root());
    if (given && *given) {
        snprintf(dir, sizeof(dir), "%s", given);
    } else {
        const char *const argv[] = { script, "--print", image, NULL };
        if (vdc_program_output(argv, dir, sizeof(dir)) != 0) {
            missing(f, "image '%s' is not built for this checkout: run vdc image build %s", image,
                    image);
            return;
        }
        dir[strcspn(dir, "\n")] = '\0';
    }
    for (size_t i = 0; i < n_files; i++) {
        snprintf(name, sizeof(name), "%s/%s", image, image_files[i].suffix);
        image_path(dir, image_files[i].files, path, sizeof(path));
        if (access(path, R_OK) < 0) {
            missing(f, "image '%s' has no %s", image, path);
            return;
        }
        add(f, name, image_files[i].kind, path);
    }
}

static int compare_files(const void *a, const void *b)
{
    return vdc_name_cmp(((const struct vdc_artefact_file *)a)->what.name,
                        ((const struct vdc_artefact_file *)b)->what.name);
}

int vdc_artefacts_find(const struct vdc_resolved *r, const char *frozen, struct vdc_artefacts *out,
                       struct vdc_diag *diag)
{
    struct finder f = { r, frozen, out, diag, 0 };
    memset(out, 0, sizeof(*out));
    find_qemu(&f);
    find_vswitchd(&f);
    for (size_t i = 0; i < r->n_nodes; i++) {
        bool is_known = false;
        for (size_t k = 0; k < i && !is_known; k++) {
            is_known = strcmp(r->nodes[k].image, r->nodes[i].image) == 0;
        }
        if (!is_known) {
            find_image(&f, r->nodes[i].image);
        }
    }
    for (size_t i = 0; i < r->n_artefacts; i++) {
        if (!vdc_artefacts_get(out, r->artefacts[i].name) && f.rc == 0) {
            missing(&f, "artefact %s of the experiment was not found%s", r->artefacts[i].name, "");
        }
    }
    qsort(out->files, out->n, sizeof(out->files[0]), compare_files);
    return f.rc;
}

int vdc_artefacts_pin(const struct vdc_artefacts *a, struct vdc_resolved *r)
{
    struct vdc_artefact *list = calloc(a->n, sizeof(*list));
    if (!list) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < a->n; i++) {
        list[i] = a->files[i].what;
    }
    free(r->artefacts);
    r->artefacts = list;
    r->n_artefacts = a->n;
    return 0;
}

int vdc_artefacts_freeze(struct vdc_artefacts *a, const struct vdc_rundir *d, bool is_copy)
{
    for (size_t i = 0; i < a->n; i++) {
        struct vdc_artefact_file *file = &a->files[i];
        int rc = vdc_rundir_freeze(d, file->path, file->what.sha256, is_copy);
        if (rc < 0) {
            return rc;
        }
        vdc_rundir_file(d, file->path, "artefacts/%s", file->what.sha256);
    }
    return 0;
}
