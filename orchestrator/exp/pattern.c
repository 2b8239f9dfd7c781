/* SPDX-License-Identifier: MIT */
/* Names of components: patterns that select them and the order they are numbered in. */
#include "vdc/pattern.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_name_char(char c)
{
    return is_letter(c) || is_digit(c) || c == '_' || c == '-';
}

bool vdc_name_is_valid(const char *name)
{
    size_t len = strlen(name);
    if (len == 0 || len > VDC_NAME_MAX || !is_letter(name[0])) {
        return false;
    }
    for (size_t i = 1; i < len; i++) {
        if (!is_name_char(name[i])) {
            return false;
        }
    }
    return true;
}

#define NUMBER_DIGITS_MAX 9

/* Reads up to NUMBER_DIGITS_MAX digits without leading zeros; NULL if there is no such number. */
static const char *read_number(const char *s, uint32_t *value)
{
    *value = 0;
    if (!is_digit(*s)) {
        return NULL;
    }
    if (*s == '0') {
        return is_digit(s[1]) ? NULL : s + 1;
    }
    for (int n = 0; is_digit(*s); s++, n++) {
        if (n == NUMBER_DIGITS_MAX) {
            return NULL;
        }
        *value = 10 * *value + (uint32_t)(*s - '0');
    }
    return s;
}

/* Reads "lo-hi" or "n" of a range list. */
static const char *read_range(const char *s, uint32_t *lo, uint32_t *hi)
{
    s = read_number(s, lo);
    *hi = *lo;
    if (s && *s == '-') {
        s = read_number(s + 1, hi);
    }
    return s;
}

bool vdc_pattern_is_valid(const char *pattern)
{
    const char *p = pattern;
    if (*p == '\0') {
        return false;
    }
    while (*p != '\0') {
        if (*p == '[') {
            do {
                uint32_t lo, hi;
                p = read_range(p + 1, &lo, &hi);
                if (!p || lo > hi) {
                    return false;
                }
            } while (*p == ',');
            if (*p != ']') {
                return false;
            }
        } else if (*p != '*' && *p != '?' && !is_name_char(*p)) {
            return false;
        }
        p++;
    }
    return true;
}

/* Matches one element that is not `*`. Moves both on success. */
static bool match_one(const char **pattern, const char **name)
{
    const char *p = *pattern;
    if (*p == '[') {
        uint32_t number;
        const char *end = read_number(*name, &number);
        bool is_in = false;
        do {
            uint32_t lo, hi;
            p = read_range(p + 1, &lo, &hi);
            assert(p);
            is_in = is_in || (end && number >= lo && number <= hi);
        } while (*p == ',');
        if (!is_in) {
            return false;
        }
        *pattern = p + 1;
        *name = end;
        return true;
    }
    if (**name == '\0' || (*p != '?' && *p != **name)) {
        return false;
    }
    (*pattern)++;
    (*name)++;
    return true;
}

bool vdc_pattern_match(const char *pattern, const char *name)
{
    /* The last `*` and the place in the name up to which it has been stretched. */
    const char *star = NULL;
    const char *stretched = NULL;
    for (;;) {
        if (*pattern == '*') {
            star = ++pattern;
            stretched = name;
        } else if (*pattern == '\0' && *name == '\0') {
            return true;
        } else if (*pattern == '\0' || !match_one(&pattern, &name)) {
            if (!star || *stretched == '\0') {
                return false;
            }
            pattern = star;
            name = ++stretched;
        }
    }
}

int vdc_name_cmp(const char *a, const char *b)
{
    while (*a != '\0' && *b != '\0') {
        if (is_digit(*a) && is_digit(*b)) {
            size_t n_a = strspn(a, "0123456789");
            size_t n_b = strspn(b, "0123456789");
            size_t zero_a = strspn(a, "0");
            size_t zero_b = strspn(b, "0");
            zero_a = zero_a == n_a ? n_a - 1 : zero_a;
            zero_b = zero_b == n_b ? n_b - 1 : zero_b;
            if (n_a - zero_a != n_b - zero_b) {
                return n_a - zero_a < n_b - zero_b ? -1 : 1;
            }
            int c = memcmp(a + zero_a, b + zero_b, n_a - zero_a);
            if (c != 0) {
                return c;
            }
            if (n_a != n_b) {
                return n_a < n_b ? -1 : 1;
            }
            a += n_a;
            b += n_b;
            continue;
        }
        if (*a != *b) {
            return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
        }
        a++;
        b++;
    }
    return (*a != '\0') - (*b != '\0');
}
