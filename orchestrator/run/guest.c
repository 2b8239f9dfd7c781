/* SPDX-License-Identifier: MIT */
/* Command lines of the children: one QEMU per guest and the switch daemon. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "job.h"
#include "run.h"
#include "vdc/rng.h"

int guest_prepare(struct run *r, uint32_t node)
{
    char path[64];
    char *text;
    size_t len;
    snprintf(path, sizeof(path), "nodes/%s", r->resolved->nodes[node].name);
    int rc = vdc_rundir_mkdir(r->dir, path);
    if (rc == 0) {
        rc = job_text(r->resolved, node, &text, &len);
    }
    if (rc == 0) {
        snprintf(path, sizeof(path), "nodes/%s/job.txt", r->resolved->nodes[node].name);
        rc = vdc_rundir_write(r->dir, path, text, len);
        free(text);
    }
    return rc;
}

/* Kernel command line of an image, from its manifest. */
static void image_cmdline(const struct run *r, const char *image, char *s, size_t size)
{
    char name[64];
    snprintf(s, size, "console=ttyS0 panic=-1 loglevel=4");
    snprintf(name, sizeof(name), "%s/manifest", image);
    const struct vdc_artefact_file *f = vdc_artefacts_get(r->artefacts, name);
    json_t *manifest = f ? json_load_file(f->path, 0, NULL) : NULL;
    const char *given = json_string_value(json_object_get(manifest, "cmdline"));
    if (given) {
        snprintf(s, size, "%s", given);
    }
    json_decref(manifest);
}

static const char *image_file(const struct run *r, const char *image, const char *suffix)
{
    char name[64];
    snprintf(name, sizeof(name), "%s/%s", image, suffix);
    const struct vdc_artefact_file *f = vdc_artefacts_get(r->artefacts, name);
    return f ? f->what.sha256 : "";
}

static void add_machine(const struct run *r, const struct vdc_node *n, struct arguments *a)
{
    char cmdline[1024];
    arguments_add(a, "-machine");
    arguments_add(a, "q35,hpet=off,vmport=off,smbus=off,sata=off,i8042=off,usb=off");
    static const char *const fixed[] = { "-nodefaults", "-no-user-config", "-display",
                                         "none",        "-monitor",        "none",
                                         "-no-reboot",  "-accel",          "tcg,thread=single",
                                         "-icount" };
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
        arguments_add(a, "%s", fixed[i]);
    }
    arguments_add(a, "shift=%" PRIu64 ",align=off,sleep=off", r->resolved->time.shift);
    arguments_add(a, "-cpu");
    arguments_add(a, "qemu64,+rdrand,+rdseed,+x2apic");
    arguments_add(a, "-smp");
    arguments_add(a, "%" PRIu64, n->keys.vcpus);
    arguments_add(a, "-m");
    arguments_add(a, "%" PRIu64, n->keys.memory >> 20);
    arguments_add(a, "-rtc");
    arguments_add(a, "base=2030-01-01T00:00:00,clock=vm");
    arguments_add(a, "-seed");
    arguments_add(a, "%" PRIu64, vdc_rand(vdc_key(r->resolved->seed, VDC_RNG_GUEST, n->id, 0), 0));
    arguments_add(a, "-chardev");
    arguments_add(a, "file,id=c0,path=nodes/%s/console.log", n->name);
    arguments_add(a, "-serial");
    arguments_add(a, "chardev:c0");
    arguments_add(a, "-kernel");
    arguments_add(a, "artefacts/%s", image_file(r, n->image, "kernel"));
    arguments_add(a, "-initrd");
    arguments_add(a, "artefacts/%s", image_file(r, n->image, "initrd"));
    image_cmdline(r, n->image, cmdline, sizeof(cmdline));
    arguments_add(a, "-append");
    arguments_add(a, "%s", cmdline);
}

static void add_devices(const struct run *r, const struct vdc_node *n, struct arguments *a)
{
    const struct vdc_link_keys *up = &r->resolved->links[n->id].dir[VDC_DIR_UP];
    const struct vdc_nic_keys *k = &n->nic;
    size_t n_nodes = r->resolved->n_nodes;
    arguments_add(a, "-device");
    /* A seed of its own for each guest; 0 means none. */
    uint64_t perturb = r->opts->perturb ? r->opts->perturb * VDC_NODES_MAX + n->id : 0;
    arguments_add(a,
                  "vdc-vtime,seg=/dev/fd/%d,task=%" PRIu32
                  ",console=nodes/%s/console.log,perturb=%" PRIu64,
                  SEG_FD, n->id, n->name, perturb);
    arguments_add(a, "-device");
    arguments_add(a, "vdc-agent,node=%" PRIu32 ",nnodes=%zu,job=nodes/%s/job.txt,out=nodes/%s",
                  n->id, n_nodes, n->name, n->name);
    arguments_add(a, "-device");
    arguments_add(
        a,
        "hinic,node=%" PRIu32 ",nnodes=%zu,port-id=%" PRIu32 ",seed=%" PRIu64 ",queues=%" PRIu64
        ",rate-bps=%" PRIu64 ",latency-ps=%" PRIu64 ",mtu=%" PRIu64 ",wire-overhead=%" PRIu64
        ",min-frame=%" PRIu64 ",tx-quantum-ps=%" PRIu64 ",loss-p32=%" PRIu64 ",corrupt-p32=%" PRIu64
        ",jitter-ps=%" PRIu64 ",pcie-gbps=%" PRIu64 ",t-db-ps=%" PRIu64 ",t-pcie-up-ps=%" PRIu64
        ",t-pcie-dn-ps=%" PRIu64 ",t-tx-ps=%" PRIu64 ",t-rx-ps=%" PRIu64 ",t-pkt-ps=%" PRIu64
        ",t-ack-ps=%" PRIu64 ",t-msi-ps=%" PRIu64 ",t-aq-ps=%" PRIu64,
        n->id, n_nodes, n->port_id, r->resolved->seed, k->queues, up->rate, up->latency, up->mtu,
        up->wire_overhead, up->min_frame, up->tx_quantum, up->loss, up->corrupt, up->jitter,
        k->pcie_gbps, k->t_db, k->t_pcie_up, k->t_pcie_dn, k->t_tx, k->t_rx, k->t_pkt, k->t_ack,
        k->t_msi, k->t_aq);
    arguments_add(a, "-L");
    arguments_add(a, "hosts/local/firmware");
}

/* A directory in which QEMU finds its firmware under the usual names. */
static int link_firmware(struct run *r)
{
    int rc = vdc_rundir_mkdir(r->dir, "hosts/local/firmware");
    for (size_t i = 0; rc == 0 && i < r->artefacts->n; i++) {
        const struct vdc_artefact *what = &r->artefacts->files[i].what;
        char target[128];
        char path[VDC_RUNDIR_PATH_MAX];
        if (strcmp(what->kind, "firmware") != 0) {
            continue;
        }
        snprintf(target, sizeof(target), "../../../artefacts/%s", what->sha256);
        vdc_rundir_file(r->dir, path, "hosts/local/%s", what->name);
        if (symlink(target, path) < 0 && errno != EEXIST) {
            rc = -errno;
        }
    }
    return rc;
}

int guest_start(struct run *r, uint32_t node)
{
    const struct vdc_node *n = &r->resolved->nodes[node];
    const struct vdc_artefact_file *qemu = vdc_artefacts_get(r->artefacts, "qemu");
    struct arguments a = { .n = 0 };
    char log[64];
    int rc = node == 0 ? link_firmware(r) : 0;
    if (rc < 0) {
        return rc;
    }
    arguments_add(&a, "qemu-system-x86_64");
    add_machine(r, n, &a);
    add_devices(r, n, &a);
    snprintf(log, sizeof(log), "qemu-%s.err", n->name);
    /* Results do not depend on it; guests that share a core would only get in each other's way. */
    bool is_pinned = r->resolved->n_nodes <= r->n_cores;
    rc = child_start(&r->guests[node], qemu->path, &a, log, is_pinned ? r->core[node] : -1);
    arguments_free(&a);
    return rc;
}

char *vdc_run_journal(const struct vdc_resolved *r, size_t hub, char name[VDC_RUN_JOURNAL_MAX])
{
    if (r->n_switches == 1) {
        snprintf(name, VDC_RUN_JOURNAL_MAX, "control.log");
    } else {
        snprintf(name, VDC_RUN_JOURNAL_MAX, "control-%s.log", r->switches[hub].name);
    }
    return name;
}

/* What this switch replays: of several switches, some may have nothing. */
static void add_replay(const struct run *r, const char *journal, struct arguments *a)
{
    char path[PATH_MAX];
    if (!r->opts->replay) {
        return;
    }
    snprintf(path, sizeof(path), "%s", r->opts->replay);
    if (r->resolved->n_switches > 1) {
        snprintf(path, sizeof(path), "%s/%s", r->opts->replay, journal);
        if (access(path, F_OK) < 0) {
            return;
        }
    }
    arguments_add(a, "--replay");
    arguments_add(a, "%s", path);
}

int daemon_start(struct run *r, uint32_t hub)
{
    const struct vdc_artefact_file *f = vdc_artefacts_get(r->artefacts, "hicain-vswitchd");
    const char *name = r->resolved->switches[hub].name;
    char journal[VDC_RUN_JOURNAL_MAX];
    char log[64];
    struct arguments a = { .n = 0 };
    vdc_run_journal(r->resolved, hub, journal);
    arguments_add(&a, "hicain-vswitchd");
    arguments_add(&a, "--seg");
    arguments_add(&a, "/dev/fd/%d", SEG_FD);
    arguments_add(&a, "--hub");
    arguments_add(&a, "%" PRIu32, hub);
    arguments_add(&a, "--control");
    arguments_add(&a, "hosts/local/%s.sock", name);
    arguments_add(&a, "--journal");
    arguments_add(&a, "%s", journal);
    arguments_add(&a, "--telemetry");
    arguments_add(&a, "../series/%s.jsonl", name); /* below the capture directory */
    arguments_add(&a, "--capture-dir");
    arguments_add(&a, "pcap");
    add_replay(r, journal, &a);
    if (r->opts->perturb) {
        arguments_add(&a, "--perturb");
        arguments_add(&a, "%" PRIu64, r->opts->perturb);
    }
    snprintf(log, sizeof(log), "hicain-vswitchd-%s.err", name);
    int rc = child_start(&r->daemons[hub], f->path, &a, log, -1);
    arguments_free(&a);
    return rc;
}
