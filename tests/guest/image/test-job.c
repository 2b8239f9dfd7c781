/* SPDX-License-Identifier: MIT */
/* The job text parser: accepted texts, refused texts with their line, scripts that look like lines.
 */
#include "job.h"

#include <stdio.h>
#include <string.h>

static struct vdc_job job;
static char err[160];
static unsigned int n_tests, n_failed;

static void check(const char *name, bool ok)
{
    n_tests++;
    n_failed += !ok;
    printf("%sok %u - %s%s%s\n", ok ? "" : "not ", n_tests, name, ok ? "" : " # ", ok ? "" : err);
}

static int parse(const char *text, bool is_live)
{
    err[0] = '\0';
    return vdc_job_parse(&job, text, strlen(text), is_live, err, sizeof(err));
}

static bool script_is(const char *text, uint32_t i, const char *want)
{
    const struct vdc_workload *w = &job.workload[i];

    return w->script_len == strlen(want) && memcmp(text + w->script_off, want, w->script_len) == 0;
}

static void accepted(void)
{
    static const char full[] =
        "vdc-job 1\narp dynamic\ninteractive 1\nmodules veth dummy\nmodules 8021q\n"
        "workload 7 at 5000000 len 9\necho a\nb\n\nworkload 0 at 0 len 0\n\n"
        "workload 32767 at 9223372036854775807 len 20\nworkload 1 at 0 len \n";
    static const char live[] = "exec 1 len 2\nls\nexec 2 len 7\nexec 1 \n";

    check("a job of one line", parse("vdc-job 1\n", false) == 0 && job.n_workloads == 0);
    check("defaults", job.is_arp_static && !job.is_interactive && job.modules[0] == '\0');
    check("a job with everything", parse(full, false) == 0 && job.n_workloads == 3);
    check("options", !job.is_arp_static && job.is_interactive &&
                         strcmp(job.modules, "veth dummy 8021q ") == 0);
    check("a script over two lines", job.workload[0].id == 7 && job.workload[0].at_ns == 5000000 &&
                                         script_is(full, 0, "echo a\nb\n"));
    check("an empty script", job.workload[1].id == 0 && script_is(full, 1, ""));
    check("a script that looks like a line",
          job.workload[2].at_ns == INT64_MAX && script_is(full, 2, "workload 1 at 0 len "));
    check("live commands", parse(live, true) == 0 && job.n_workloads == 2 &&
                               script_is(live, 0, "ls") && script_is(live, 1, "exec 1 "));
    check("an empty live text", parse("", true) == 0 && job.n_workloads == 0);
}

static const struct {
    const char *name;
    const char *text;
    bool is_live;
    const char *want; /* beginning of the message */
} refusals[] = {
    { "nothing", "", false, "job line 1: the first line" },
    { "another version", "vdc-job 2\n", false, "job line 1: the first line" },
    { "no line feed", "vdc-job 1", false, "job line 1: no line feed" },
    { "an unknown line", "vdc-job 1\nfoo 1\n", false, "job line 2: unknown line" },
    { "an empty line", "vdc-job 1\n\n", false, "job line 2: empty line" },
    { "a bad option value", "vdc-job 1\narp maybe\n", false, "job line 2: expected: arp" },
    { "a bad flag", "vdc-job 1\ninteractive yes\n", false, "job line 2: expected: interactive" },
    { "a module that is an option", "vdc-job 1\nmodules -r\n", false,
      "job line 2: bad module name" },
    { "a script beyond the text", "vdc-job 1\nworkload 0 at 0 len 3\nls\n", false,
      "job line 2: script is longer" },
    { "a script that ends elsewhere", "vdc-job 1\nworkload 0 at 0 len 1\nls\n", false,
      "job line 2: script is not" },
    { "a script too long for exec", "vdc-job 1\nworkload 0 at 0 len 131001\nls\n", false,
      "job line 2: script is longer" },
    { "a length that overflows", "vdc-job 1\nworkload 0 at 0 len 99999999999999999999\nls\n", false,
      "job line 2: length" },
    { "a negative start", "vdc-job 1\nworkload 0 at -1 len 2\nls\n", false, "job line 2: start" },
    { "a start beyond 2^63-1", "vdc-job 1\nworkload 0 at 9223372036854775808 len 2\nls\n", false,
      "job line 2: start" },
    { "a number beyond 32767", "vdc-job 1\nworkload 32768 at 0 len 2\nls\n", false,
      "job line 2: script number" },
    { "a number used twice", "vdc-job 1\nworkload 1 at 0 len 2\nls\nworkload 1 at 0 len 2\nls\n",
      false, "job line 4: script number is used twice" },
    { "a missing word", "vdc-job 1\nworkload 1 at 0 2\nls\n", false,
      "job line 2: expected: workload" },
    { "the line behind a long script", "vdc-job 1\nworkload 1 at 0 len 5\na\nb\nc\nbad\n", false,
      "job line 6: unknown line" },
    { "a workload in a live text", "workload 0 at 0 len 2\nls\n", true,
      "job line 1: expected: exec" },
    { "an exec in a job", "vdc-job 1\nexec 0 len 2\nls\n", false, "job line 2: unknown line" },
};

static void refused(void)
{
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        int status = parse(refusals[i].text, refusals[i].is_live);

        check(refusals[i].name,
              status < 0 && strncmp(err, refusals[i].want, strlen(refusals[i].want)) == 0);
    }
}

static void limits(void)
{
    char text[64 * VDC_JOB_WORKLOADS_MAX + 128] = "vdc-job 1\n";
    size_t len = strlen(text);

    for (unsigned int k = 0; k <= VDC_JOB_WORKLOADS_MAX; k++) {
        if (k == VDC_JOB_WORKLOADS_MAX) {
            check("64 workloads", parse(text, false) == 0 && job.n_workloads == 64);
        }
        len += (size_t)snprintf(text + len, sizeof(text) - len, "workload %u at 0 len 2\nls\n", k);
    }
    check("65 workloads", parse(text, false) < 0 && strstr(err, "more than 64") != NULL);

    len = (size_t)snprintf(text, sizeof(text), "vdc-job 1\n");
    for (unsigned int k = 0; k < 20; k++) {
        len += (size_t)snprintf(text + len, sizeof(text) - len,
                                "modules abcdefghijklmnopqrstuvwxyz\n");
    }
    check("module names beyond 510 bytes", parse(text, false) < 0 && strstr(err, "510") != NULL);
    check("a NUL byte in a script",
          vdc_job_parse(&job, "exec 0 len 2\na\0\n", 16, true, err, sizeof(err)) < 0 &&
              strstr(err, "NUL") != NULL);
}

int main(void)
{
    accepted();
    refused();
    limits();
    printf("1..%u\n", n_tests);
    return n_failed == 0 ? 0 : 1;
}
