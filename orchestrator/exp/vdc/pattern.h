/* SPDX-License-Identifier: MIT */
/* Names of components: patterns that select them and the order they are numbered in. */
#ifndef VDC_ORCHESTRATOR_EXP_PATTERN_H
#define VDC_ORCHESTRATOR_EXP_PATTERN_H

#include <stdbool.h>

#define VDC_NAME_MAX 31 /* letters, without the NUL */

/* [a-z][a-z0-9_-]{0,30} */
bool vdc_name_is_valid(const char *name);

/* A pattern is a name in which `*` stands for any letters, `?` for one, and `[0-6]` or `[0-2,5]`
 * for a decimal number in one of the ranges (without leading zeros). */
bool vdc_pattern_is_valid(const char *pattern);

/* The pattern must be valid. */
bool vdc_pattern_match(const char *pattern, const char *name);

/* Natural order: digits compare as numbers, so node2 comes before node10. <0, 0, >0 as strcmp. */
int vdc_name_cmp(const char *a, const char *b);

#endif
