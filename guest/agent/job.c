/* SPDX-License-Identifier: MIT */
/* The job text of a node: a line based format with counted scripts (docs/specs/agent.md section 4).
 */
#include "job.h"

#include <stdio.h>
#include <string.h>

#define WORDS_MAX 32u

struct word {
    const char *s;
    size_t len;
};

struct parser {
    const char *text;
    size_t len;
    size_t pos;
    uint32_t line; /* 1-based, of the line that is being read */
    struct word word[WORDS_MAX];
    uint32_t n_words;
    char *err;
    size_t err_size;
};

static int fail(struct parser *p, const char *what)
{
    (void)snprintf(p->err, p->err_size, "job line %u: %s", p->line, what);
    return -1;
}

static bool is_word(const struct word *w, const char *s)
{
    return w->len == strlen(s) && memcmp(w->s, s, w->len) == 0;
}

/* Decimal digits only; false on overflow of @max. */
static bool number(const struct word *w, uint64_t max, uint64_t *value)
{
    uint64_t v = 0;

    if (w->len == 0) {
        return false;
    }
    for (size_t i = 0; i < w->len; i++) {
        uint64_t digit = (uint64_t)(unsigned char)w->s[i] - '0';

        if (digit > 9 || v > (max - digit) / 10) {
            return false;
        }
        v = v * 10 + digit;
    }
    *value = v;
    return true;
}

/* Splits the next line into words. Returns 1, 0 at the end of the text, -1 on error. */
static int next_line(struct parser *p)
{
    const char *start = p->text + p->pos;
    const char *end;

    if (p->pos == p->len) {
        return 0;
    }
    p->line++;
    end = memchr(start, '\n', p->len - p->pos);
    if (end == NULL) {
        return fail(p, "no line feed at the end");
    }
    p->pos += (size_t)(end - start) + 1;
    p->n_words = 0;
    while (start < end) {
        const char *stop = memchr(start, ' ', (size_t)(end - start));

        if (stop == NULL) {
            stop = end;
        }
        if (p->n_words == WORDS_MAX) {
            return fail(p, "more than 32 words");
        }
        p->word[p->n_words].s = start;
        p->word[p->n_words].len = (size_t)(stop - start);
        p->n_words++;
        start = stop < end ? stop + 1 : end;
    }
    return 1;
}

/* Takes the @len_bytes of script behind the current line and the line feed that closes it. */
static int take_script(struct parser *p, struct vdc_workload *w, uint64_t len_bytes)
{
    if (len_bytes > VDC_JOB_SCRIPT_MAX) {
        return fail(p, "script is longer than 131000 bytes");
    }
    if (len_bytes >= p->len - p->pos) {
        return fail(p, "script is longer than the text");
    }
    if (p->text[p->pos + len_bytes] != '\n') {
        return fail(p, "script is not followed by a line feed");
    }
    if (memchr(p->text + p->pos, '\0', len_bytes) != NULL) {
        return fail(p, "script contains a NUL byte");
    }
    w->script_off = (uint32_t)p->pos;
    w->script_len = (uint32_t)len_bytes;
    for (size_t i = 0; i < len_bytes; i++) {
        p->line += p->text[p->pos + i] == '\n';
    }
    p->line++;
    p->pos += len_bytes + 1;
    return 0;
}

/* workload K at NS len BYTES, or exec ID len BYTES. */
static int add_workload(struct parser *p, struct vdc_job *job, bool is_live)
{
    struct vdc_workload *w = &job->workload[job->n_workloads];
    const struct word *len_word = &p->word[is_live ? 3 : 5];
    uint64_t id;
    uint64_t at = 0;
    uint64_t len_bytes;

    if (job->n_workloads == VDC_JOB_WORKLOADS_MAX) {
        return fail(p, "more than 64 scripts");
    }
    if (p->n_words != (is_live ? 4u : 6u) || !is_word(len_word - 1, "len") ||
        (!is_live && !is_word(&p->word[2], "at"))) {
        return fail(p, is_live ? "expected: exec ID len BYTES"
                               : "expected: workload K at NS len BYTES");
    }
    if (!number(&p->word[1], VDC_JOB_ID_MAX, &id)) {
        return fail(p, "script number is not 0..32767");
    }
    for (uint32_t i = 0; i < job->n_workloads; i++) {
        if (job->workload[i].id == id) {
            return fail(p, "script number is used twice");
        }
    }
    if (!is_live && !number(&p->word[3], INT64_MAX, &at)) {
        return fail(p, "start is not a time in ns, 0..2^63-1");
    }
    if (!number(len_word, SIZE_MAX, &len_bytes)) {
        return fail(p, "length is not a number");
    }
    w->id = (uint32_t)id;
    w->at_ns = at;
    if (take_script(p, w, len_bytes) < 0) {
        return -1;
    }
    job->n_workloads++;
    return 0;
}

static int add_modules(struct parser *p, struct vdc_job *job)
{
    size_t used = strlen(job->modules);

    for (uint32_t i = 1; i < p->n_words; i++) {
        const struct word *w = &p->word[i];

        if (w->len == 0 || w->s[0] == '-') {
            return fail(p, "bad module name");
        }
        if (used + w->len + 2 > sizeof(job->modules)) {
            return fail(p, "module names are longer than 510 bytes together");
        }
        memcpy(job->modules + used, w->s, w->len);
        used += w->len;
        job->modules[used++] = ' ';
        job->modules[used] = '\0';
    }
    return 0;
}

static int option(struct parser *p, struct vdc_job *job)
{
    const struct word *w = p->word;

    if (is_word(&w[0], "modules")) {
        return add_modules(p, job);
    }
    if (p->n_words == 2 && is_word(&w[0], "arp")) {
        if (is_word(&w[1], "static") || is_word(&w[1], "dynamic")) {
            job->is_arp_static = is_word(&w[1], "static");
            return 0;
        }
        return fail(p, "expected: arp static|dynamic");
    }
    if (p->n_words == 2 && is_word(&w[0], "interactive")) {
        if (is_word(&w[1], "0") || is_word(&w[1], "1")) {
            job->is_interactive = is_word(&w[1], "1");
            return 0;
        }
        return fail(p, "expected: interactive 0|1");
    }
    return fail(p, "unknown line");
}

int vdc_job_parse(struct vdc_job *job, const char *text, size_t len, bool is_live, char *err,
                  size_t err_size)
{
    struct parser p = { .text = text, .len = len, .err = err, .err_size = err_size };
    int more;

    memset(job, 0, sizeof(*job));
    job->is_arp_static = true;
    if (!is_live) {
        more = next_line(&p);
        if (more < 0) {
            return -1;
        }
        if (more == 0 || p.n_words != 2 || !is_word(&p.word[0], "vdc-job") ||
            !is_word(&p.word[1], "1")) {
            p.line = 1;
            return fail(&p, "the first line is not \"vdc-job 1\"");
        }
    }
    while ((more = next_line(&p)) > 0) {
        int status;

        if (p.n_words == 0) {
            return fail(&p, "empty line");
        }
        if (is_live ? is_word(&p.word[0], "exec") : is_word(&p.word[0], "workload")) {
            status = add_workload(&p, job, is_live);
        } else {
            status = is_live ? fail(&p, "expected: exec ID len BYTES") : option(&p, job);
        }
        if (status < 0) {
            return -1;
        }
    }
    return more;
}
