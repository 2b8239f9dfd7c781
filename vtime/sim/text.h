/* SPDX-License-Identifier: MIT */
/* Text into a fixed buffer: what does not fit is cut, the rest of the line is never wrong. */
#ifndef VDC_VTIME_SIM_TEXT_H
#define VDC_VTIME_SIM_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct text {
    char *s;
    size_t cap;
    size_t len;
};

static inline void text_char(struct text *t, char c)
{
    if (t->len + 1 < t->cap) {
        t->s[t->len++] = c;
        t->s[t->len] = '\0';
    }
}

static inline void text_str(struct text *t, const char *s)
{
    for (; *s != '\0'; s++) {
        text_char(t, *s);
    }
}

/* Right-aligned to width. */
static inline void text_dec(struct text *t, uint64_t v, unsigned int width)
{
    char digit[20];
    unsigned int n = 0;

    do {
        digit[n++] = (char)('0' + v % 10);
        v /= 10;
    } while (v > 0);
    for (; width > n; width--) {
        text_char(t, ' ');
    }
    while (n > 0) {
        text_char(t, digit[--n]);
    }
}

static inline void text_hex32(struct text *t, uint32_t v)
{
    for (unsigned int i = 0; i < 8; i++) {
        text_char(t, "0123456789abcdef"[v >> (28 - 4 * i) & 15]);
    }
}

static inline void text_field(struct text *t, const char *name, uint64_t v)
{
    text_char(t, ' ');
    text_str(t, name);
    text_char(t, '=');
    text_dec(t, v, 0);
}

#endif
