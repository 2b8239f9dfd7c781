/* SPDX-License-Identifier: MIT */
/* Patterns of names and their natural order: tables of cases. */
#include <stdbool.h>
#include <stdio.h>

#include "vdc/pattern.h"

static const struct {
    const char *pattern, *name;
    bool is_match;
} matches[] = {
    { "node0", "node0", true },
    { "node0", "node1", false },
    { "node0", "node01", false },
    { "node1", "node10", false },
    { "node*", "node12", true },
    { "*", "a", true },
    { "*", "sw0", true },
    { "n*0", "node10", true },
    { "n*0", "node11", false },
    { "n**e*", "node1", true },
    { "*1*1", "node1x1", true },
    { "*1*1", "node1x2", false },
    { "node?", "node7", true },
    { "node?", "node", false },
    { "node?", "node12", false },
    { "node[0-6]", "node0", true },
    { "node[0-6]", "node6", true },
    { "node[0-6]", "node7", false },
    { "node[0-6]", "node06", false },
    { "node[0-6]", "node", false },
    { "node[8-12]", "node10", true },
    { "node[8-12]", "node1", false },
    { "node[8-12]", "node13", false },
    { "node[1,3,5-7]", "node3", true },
    { "node[1,3,5-7]", "node6", true },
    { "node[1,3,5-7]", "node4", false },
    { "r[0-1]-n[0-3]", "r1-n2", true },
    { "r[0-1]-n[0-3]", "r2-n2", false },
    { "*[2-3]", "node3", true },
    { "*[2-3]", "node13", true }, /* the star takes the 1 */
    { "n*[10-12]x", "nabc11x", true },
};

static const struct {
    const char *pattern;
    bool is_valid;
} valid[] = {
    { "node0", true },       { "node[0-6]", true },
    { "node[0]", true },     { "leaf*", true },
    { "", false },           { "node[", false },
    { "node[]", false },     { "node[0-", false },
    { "node[6-0]", false },  { "node[a-b]", false },
    { "Node", false },       { "node 0", false },
    { "node[01-2]", false }, { "node[0-2", false },
    { "node]", false },      { "[0-2]", true },
    { "node[0-2,]", false }, { "a/b", false },
    { "n[1-2][3]", true },   { "node[12345678901]", false },
};

static const struct {
    const char *a, *b;
    int sign;
} orders[] = {
    { "node2", "node10", -1 }, { "node10", "node9", 1 }, { "node1", "node1", 0 },
    { "a", "b", -1 },          { "a", "aa", -1 },        { "node1a", "node1b", -1 },
    { "node01", "node1", 1 },  { "n0", "n00", -1 },      { "n100000000000000000000", "n99", 1 },
    { "leaf0", "node0", -1 },
};

static const struct {
    const char *name;
    bool is_valid;
} names[] = {
    { "a", true },
    { "node-1_x", true },
    { "", false },
    { "1a", false },
    { "Abc", false },
    { "a b", false },
    { "a.b", false },
    { "abcdefghijklmnopqrstuvwxyz01234", true },
    { "abcdefghijklmnopqrstuvwxyz012345", false },
};

static int sign(int x)
{
    return (x > 0) - (x < 0);
}

int main(void)
{
    int bad = 0;
    for (size_t i = 0; i < sizeof(matches) / sizeof(matches[0]); i++) {
        if (!vdc_pattern_is_valid(matches[i].pattern) ||
            vdc_pattern_match(matches[i].pattern, matches[i].name) != matches[i].is_match) {
            printf("%s on %s: expected %d\n", matches[i].pattern, matches[i].name,
                   matches[i].is_match);
            bad++;
        }
    }
    for (size_t i = 0; i < sizeof(valid) / sizeof(valid[0]); i++) {
        if (vdc_pattern_is_valid(valid[i].pattern) != valid[i].is_valid) {
            printf("pattern '%s': expected valid %d\n", valid[i].pattern, valid[i].is_valid);
            bad++;
        }
    }
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        int ab = sign(vdc_name_cmp(orders[i].a, orders[i].b));
        int ba = sign(vdc_name_cmp(orders[i].b, orders[i].a));
        if (ab != orders[i].sign || ba != -orders[i].sign) {
            printf("%s <> %s: %d %d, expected %d\n", orders[i].a, orders[i].b, ab, ba,
                   orders[i].sign);
            bad++;
        }
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (vdc_name_is_valid(names[i].name) != names[i].is_valid) {
            printf("name '%s': expected valid %d\n", names[i].name, names[i].is_valid);
            bad++;
        }
    }
    printf("%s: patterns, %d bad\n", bad ? "not ok" : "ok", bad);
    return bad != 0;
}
