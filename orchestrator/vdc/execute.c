/* SPDX-License-Identifier: MIT */
/* From an experiment file to a finished run directory: the steps that run and verify share. */
#include "execute.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vdc/sha256.h"

static int write_text(struct execution *x, const struct cli *cli)
{
    free(x->resolved_text);
    x->resolved_text = NULL;
    FILE *f = open_memstream(&x->resolved_text, &x->resolved_len);
    int rc = f ? vdc_resolved_write(x->resolved, false, f) : -ENOMEM;
    if (f && fclose(f) != 0) {
        rc = -ENOMEM;
    }
    if (rc < 0) {
        return cli_error(cli, EXIT_FAILED, "the resolved file cannot be made: %s", strerror(-rc));
    }
    struct vdc_sha256 s;
    vdc_sha256_init(&s);
    vdc_sha256_add(&s, x->resolved_text, x->resolved_len);
    vdc_sha256_hex(&s, x->digest);
    return EXIT_OK;
}

int execution_load(struct execution *x, const struct cli *cli, const char *file,
                   const char *const *sets, size_t n_sets, const char *frozen)
{
    struct vdc_diag diag;
    int code = EXIT_CONFIG;
    memset(x, 0, sizeof(*x));
    vdc_diag_init(&diag, file);
    struct vdc_exp *e = vdc_exp_load(file, sets, n_sets, &diag);
    x->resolved = e ? vdc_resolve(e, &diag) : NULL;
    vdc_exp_free(e);
    if (!x->resolved) {
        code = cli_diag(cli, EXIT_CONFIG, &diag);
        goto out;
    }
    x->artefacts = calloc(1, sizeof(*x->artefacts));
    int rc = x->artefacts ? vdc_artefacts_find(x->resolved, frozen, x->artefacts, &diag) : -ENOMEM;
    if (rc < 0 || diag.n_errors > 0) {
        code = cli_diag(cli, rc == -ESTALE ? EXIT_INPUTS : EXIT_CONFIG, &diag);
        goto out;
    }
    if (!cli->is_quiet && !cli->is_json) {
        vdc_diag_print(&diag, stderr); /* warnings */
    }
    rc = vdc_artefacts_pin(x->artefacts, x->resolved);
    if (rc < 0) {
        code = cli_error(cli, EXIT_FAILED, "%s", strerror(-rc));
        goto out;
    }
    code = write_text(x, cli);
out:
    vdc_diag_free(&diag);
    return code;
}

int execution_freeze(struct execution *x, const struct cli *cli, const char *source, bool is_copy)
{
    char *text = NULL;
    size_t len = 0;
    int rc = vdc_artefacts_freeze(x->artefacts, &x->dir, is_copy);
    if (rc == 0) {
        rc = vdc_rundir_write(&x->dir, "resolved.yaml", x->resolved_text, x->resolved_len);
    }
    if (rc == 0 && source) {
        rc = vdc_file_read(source, SIZE_MAX / 2, &text, &len);
    }
    if (rc == 0 && source) {
        rc = vdc_rundir_write(&x->dir, "experiment.yaml", text, len);
    }
    free(text);
    if (rc < 0) {
        return cli_error(cli, EXIT_FAILED, "%s cannot be written: %s", x->dir.path, strerror(-rc));
    }
    return EXIT_OK;
}

int execution_run(struct execution *x, const struct cli *cli, const struct vdc_run_opts *opts)
{
    int rc = vdc_run_local(x->resolved, x->artefacts, &x->dir, x->digest, opts, &x->result);
    if (rc < 0) {
        return cli_error(cli, EXIT_FAILED, "the run could not begin: %s", strerror(-rc));
    }
    rc = vdc_outcome_collect(x->resolved, &x->dir, &x->outcome);
    if (rc == 0) {
        rc = vdc_outcome_write(x->resolved, x->artefacts, &x->dir, x->digest, &x->result,
                               &x->outcome);
    }
    if (rc < 0) {
        return cli_error(cli, EXIT_FAILED, "results cannot be written to %s: %s", x->dir.path,
                         strerror(-rc));
    }
    return EXIT_OK;
}

void execution_tell(const struct execution *x)
{
    const struct vdc_run_reason *why = &x->result.reason;
    if (x->result.status == VDC_RUN_DONE) {
        return;
    }
    fprintf(stderr, "vdc: %s: %s at vt %llu.%06llu ms: %s\n", vdc_run_status_name(x->result.status),
            why->component, (unsigned long long)(why->vt / VTIME_PS_PER_MS),
            (unsigned long long)(why->vt % VTIME_PS_PER_MS / VTIME_PS_PER_NS), why->text);
    if (*why->last_frame) {
        fprintf(stderr, "  last frames: %s\n", why->last_frame);
    }
    if (*why->console) {
        fprintf(stderr, "  console: %s\n", why->console);
    }
    fprintf(stderr, "  results up to then: %s\n", x->dir.path);
}

int execution_code(const struct execution *x)
{
    switch (x->result.status) {
    case VDC_RUN_DONE:
        return x->outcome.is_met ? EXIT_OK : EXIT_EXPECTATIONS;
    case VDC_RUN_INTERRUPTED:
        return EXIT_INTERRUPTED;
    case VDC_RUN_FAILED:
        break;
    }
    return EXIT_FAILED;
}

void execution_free(struct execution *x)
{
    vdc_resolved_free(x->resolved);
    free(x->artefacts);
    free(x->resolved_text);
    vdc_outcome_free(&x->outcome);
    memset(x, 0, sizeof(*x));
}

bool execution_windows(const struct vdc_resolved *r, const char *text, struct vdc_run_opts *opts)
{
    uint64_t lookahead = vdc_resolved_lookahead(r);
    uint64_t n;
    if (lookahead == UINT64_MAX) {
        lookahead = VTIME_PS_PER_US; /* one guest: any window would do */
    }
    if (strncmp(text, "random:", 7) == 0) {
        opts->cut_ps = 0;
        return vdc_unit_parse(VDC_UNIT_INTEGER, NULL, text + 7, &opts->cut_seed) == VDC_UNIT_OK &&
               opts->cut_seed != 0;
    }
    if (strcmp(text, "L") == 0) {
        opts->cut_ps = lookahead;
        return true;
    }
    if (strncmp(text, "L/", 2) == 0) {
        if (vdc_unit_parse(VDC_UNIT_INTEGER, NULL, text + 2, &n) != VDC_UNIT_OK || n == 0) {
            return false;
        }
        opts->cut_ps = lookahead / n;
        return opts->cut_ps > 0;
    }
    return vdc_unit_parse(VDC_UNIT_DURATION, NULL, text, &opts->cut_ps) == VDC_UNIT_OK &&
           opts->cut_ps > 0;
}
