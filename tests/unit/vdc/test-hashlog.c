/* SPDX-License-Identifier: MIT */
/* hash.log: order of lines, committed prefix, reading back; chain.c: verdicts and suspects. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vdc/hashlog.h"

static int bad;

#define CHECK(x)                                                                                   \
    do {                                                                                           \
        if (!(x)) {                                                                                \
            printf("%s:%d: %s\n", __FILE__, __LINE__, #x);                                         \
            bad++;                                                                                 \
        }                                                                                          \
    } while (0)

static char dir[] = "/tmp/vdc-hashlog-XXXXXX";
static const char *const names[] = { "node10", "node2", "sw0" };

/* What a component says at a point; `odd` is where it says something else. */
struct odd {
    size_t component;
    uint64_t k;
    unsigned what; /* VDC_CHAIN_* */
};

static struct vdc_digest_point point(size_t component, uint64_t k, const struct odd *odd,
                                     size_t n_odd, struct vdc_digest *previous)
{
    struct vdc_digest_point p = { .k = k, .t = k * 1000 };
    p.stream = (struct vdc_digest){ component + 1, k };
    p.state = (struct vdc_digest){ component + 100, k };
    p.text = (struct vdc_digest){ component + 200, k };
    for (size_t i = 0; i < n_odd; i++) {
        if (odd[i].component == component && odd[i].k <= k) {
            p.stream.lo += odd[i].what & VDC_CHAIN_STREAM ? 1000 : 0;
            p.state.lo += odd[i].what & VDC_CHAIN_STATE ? 1000 : 0;
            p.text.lo += odd[i].what & VDC_CHAIN_TEXT ? 1000 : 0;
        }
    }
    vdc_digest_chain(previous, &p);
    return p;
}

/* Writes a log of n points; the components give their points in different orders. */
static struct vdc_digest write_log(const char *name, uint64_t n, const struct odd *odd,
                                   size_t n_odd, bool is_late)
{
    char path[128];
    struct vdc_hashlog *h = NULL;
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    CHECK(vdc_hashlog_create(&h, path, names, 3) == 0);
    struct vdc_digest previous[3] = { { 0, 0 } };
    for (size_t c = 0; is_late && c < 3; c++) {
        for (uint64_t k = 1; k <= n; k++) {
            struct vdc_digest_point p = point(c, k, odd, n_odd, &previous[c]);
            CHECK(vdc_hashlog_put(h, c, &p) == 0);
        }
    }
    for (uint64_t k = 1; !is_late && k <= n; k++) {
        for (size_t c = 3; c-- > 0;) {
            struct vdc_digest_point p = point(c, k, odd, n_odd, &previous[c]);
            CHECK(vdc_hashlog_put(h, c, &p) == 0);
        }
    }
    /* A point that one component never gives is not committed. */
    struct vdc_digest_point p = point(0, n + 1, odd, n_odd, &previous[0]);
    CHECK(vdc_hashlog_put(h, 0, &p) == 0);
    uint64_t n_points;
    CHECK(vdc_hashlog_end(h, &n_points) == n * 1000 && n_points == n);
    struct vdc_digest digest = vdc_hashlog_digest(h);
    CHECK(vdc_hashlog_close(h) == 0);
    return digest;
}

static void read_log(const char *name, struct vdc_hashlog_data *d)
{
    char path[128];
    size_t line;
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    CHECK(vdc_hashlog_read(path, d, &line) == 0);
}

static void test_order(void)
{
    struct vdc_hashlog_data d;
    struct vdc_digest a = write_log("a", 5, NULL, 0, false);
    struct vdc_digest b = write_log("b", 5, NULL, 0, true);
    CHECK(a.lo == b.lo && a.hi == b.hi && (a.lo | a.hi) != 0);
    read_log("a", &d);
    CHECK(d.n_lines == 15 && d.n_names == 3);
    CHECK(strcmp(d.names[0], "node2") == 0 && strcmp(d.names[1], "node10") == 0);
    CHECK(d.lines[3].k == 2 && d.lines[3].t == 2000 && d.lines[3].component == 0);
    CHECK(d.lines[3].stream.lo == 2 && d.lines[3].stream.hi == 2);
    vdc_hashlog_free(&d);
}

static void compare(const struct odd *odd, size_t n_odd, uint64_t n, struct vdc_chain_diff *out)
{
    struct vdc_hashlog_data a, b;
    write_log("x", 5, NULL, 0, false);
    write_log("y", n, odd, n_odd, false);
    read_log("x", &a);
    read_log("y", &b);
    vdc_chain_compare(&a, &b, NULL, NULL, out);
    vdc_hashlog_free(&a);
    vdc_hashlog_free(&b);
}

static void test_verdicts(void)
{
    struct vdc_chain_diff d;
    compare(NULL, 0, 5, &d);
    CHECK(d.verdict == VDC_CHAIN_EQUAL && d.n_equal == 5);
    compare(NULL, 0, 3, &d);
    CHECK(d.verdict == VDC_CHAIN_PREFIX && d.n_equal == 3);

    /* node2 (component 1 as written, 0 in the log) has another state at point 3; it then sends
     * other messages. */
    const struct odd state[] = { { 1, 3, VDC_CHAIN_STATE }, { 1, 4, VDC_CHAIN_STREAM } };
    compare(state, 2, 5, &d);
    CHECK(d.verdict == VDC_CHAIN_DIVERGED && d.k == 3 && d.t == 3000 && d.t_from == 2000);
    CHECK(d.n_equal == 2 && d.what[0] == VDC_CHAIN_STATE && d.what[1] == 0 && d.what[2] == 0);
    CHECK(d.is_suspect[0] && d.n_suspects == 1);

    /* One sends something else: it is the suspect, not the one whose state follows. */
    const struct odd stream[] = { { 2, 2, VDC_CHAIN_STREAM }, { 0, 2, VDC_CHAIN_STATE } };
    compare(stream, 2, 5, &d);
    CHECK(d.k == 2 && d.is_suspect[2] && !d.is_suspect[1] && d.n_suspects == 1);

    const struct odd text[] = { { 0, 5, VDC_CHAIN_TEXT } };
    compare(text, 1, 5, &d);
    CHECK(d.k == 5 && d.what[1] == VDC_CHAIN_TEXT && d.is_suspect[1]);
}

static void test_damage(void)
{
    char path[128];
    struct vdc_hashlog_data d;
    size_t line;
    snprintf(path, sizeof(path), "%s/c", dir);
    write_log("c", 2, NULL, 0, false);
    FILE *f = fopen(path, "a");
    CHECK(f);
    fputs("3 3000 node2 00", f); /* vdc was killed while it wrote */
    fclose(f);
    CHECK(vdc_hashlog_read(path, &d, &line) == 0 && d.n_lines == 6);
    vdc_hashlog_free(&d);
    f = fopen(path, "a");
    CHECK(f);
    fputs("\n", f);
    fclose(f);
    CHECK(vdc_hashlog_read(path, &d, &line) < 0 && line == 7);
}

int main(void)
{
    CHECK(mkdtemp(dir));
    test_order();
    test_verdicts();
    test_damage();
    static const char *const files[] = { "a", "b", "c", "x", "y" };
    for (size_t i = 0; i < 5; i++) {
        char path[128];
        snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
        (void)unlink(path);
    }
    (void)rmdir(dir);
    printf("%s: hashlog and chain, %d bad\n", bad ? "not ok" : "ok", bad);
    return bad != 0;
}
