/* SPDX-License-Identifier: MIT */
/* Values with units as the experiment file spells them: exact integers, never floating point. */
#include "vdc/units.h"

#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct unit_name {
    const char *name;
    uint64_t factor;
};

static const struct unit_name durations[] = { { "ps", 1 },
                                              { "ns", UINT64_C(1000) },
                                              { "us", UINT64_C(1000000) },
                                              { "ms", UINT64_C(1000000000) },
                                              { "s", UINT64_C(1000000000000) },
                                              { "min", UINT64_C(60000000000000) },
                                              { "h", UINT64_C(3600000000000000) },
                                              { NULL, 0 } };
static const struct unit_name rates[] = { { "bps", 1 },
                                          { "Kbps", UINT64_C(1000) },
                                          { "Mbps", UINT64_C(1000000) },
                                          { "Gbps", UINT64_C(1000000000) },
                                          { "Tbps", UINT64_C(1000000000000) },
                                          { NULL, 0 } };
static const struct unit_name sizes[] = { { "B", 1 },
                                          { "KB", UINT64_C(1000) },
                                          { "MB", UINT64_C(1000000) },
                                          { "GB", UINT64_C(1000000000) },
                                          { "KiB", UINT64_C(1) << 10 },
                                          { "MiB", UINT64_C(1) << 20 },
                                          { "GiB", UINT64_C(1) << 30 },
                                          { NULL, 0 } };

static const struct unit_name *units_of(enum vdc_unit unit)
{
    switch (unit) {
    case VDC_UNIT_DURATION:
    case VDC_UNIT_DURATION_OR_OFF:
        return durations;
    case VDC_UNIT_RATE:
        return rates;
    case VDC_UNIT_SIZE:
        return sizes;
    default:
        return NULL;
    }
}

/* A decimal number: whole part and fraction digits / 10^n_fraction, trailing zeros of the fraction
 * cut. */
struct decimal {
    uint64_t whole;
    uint64_t fraction;
    unsigned n_fraction;
    const char *end; /* first character behind it */
};

#define FRACTION_MAX                                                                               \
    18u /* digits, so that 10^n and fraction fit 64 bits with a factor 2 to spare */

static enum vdc_unit_error read_decimal(const char *s, bool has_fraction, struct decimal *d)
{
    memset(d, 0, sizeof(*d));
    if (*s == '\0') {
        return VDC_UNIT_EMPTY;
    }
    if (*s < '0' || *s > '9') {
        return VDC_UNIT_NOT_A_NUMBER;
    }
    for (; *s >= '0' && *s <= '9'; s++) {
        uint64_t digit = (uint64_t)(*s - '0');
        if (d->whole > (UINT64_MAX - digit) / 10) {
            return VDC_UNIT_OVERFLOW;
        }
        d->whole = 10 * d->whole + digit;
    }
    if (*s == '.' && has_fraction) {
        s++;
        if (*s < '0' || *s > '9') {
            return VDC_UNIT_NOT_A_NUMBER;
        }
        unsigned n_zero = 0;
        for (; *s >= '0' && *s <= '9'; s++) {
            if (*s == '0') {
                n_zero++;
                continue;
            }
            if (d->n_fraction + n_zero + 1 > FRACTION_MAX) {
                return VDC_UNIT_INEXACT;
            }
            for (; n_zero > 0; n_zero--) {
                d->fraction *= 10;
                d->n_fraction++;
            }
            d->fraction = 10 * d->fraction + (uint64_t)(*s - '0');
            d->n_fraction++;
        }
    }
    d->end = s;
    return VDC_UNIT_OK;
}

static uint64_t power10(unsigned n)
{
    uint64_t p = 1;
    while (n-- > 0) {
        p *= 10;
    }
    return p;
}

static uint64_t gcd(uint64_t a, uint64_t b)
{
    while (b != 0) {
        uint64_t r = a % b;
        a = b;
        b = r;
    }
    return a;
}

static enum vdc_unit_error scale(const struct decimal *d, uint64_t factor, uint64_t *out)
{
    if (d->whole > UINT64_MAX / factor) {
        return VDC_UNIT_OVERFLOW;
    }
    uint64_t whole = d->whole * factor;
    uint64_t part = 0;
    if (d->fraction != 0) {
        uint64_t ten = power10(d->n_fraction);
        uint64_t g = gcd(factor, ten);
        if (d->fraction % (ten / g) != 0) {
            return VDC_UNIT_INEXACT;
        }
        part = d->fraction / (ten / g) * (factor / g);
    }
    if (whole > UINT64_MAX - part) {
        return VDC_UNIT_OVERFLOW;
    }
    *out = whole + part;
    return VDC_UNIT_OK;
}

/* 2^32 * (whole + fraction) / divisor, divisor 1 or 100, rounded to nearest. */
static enum vdc_unit_error ratio(const struct decimal *d, bool is_percent, uint64_t *out)
{
    uint64_t whole = d->whole;
    uint64_t fraction = d->fraction;
    unsigned n = d->n_fraction;
    if (is_percent) {
        if (n + 2 > FRACTION_MAX) {
            return VDC_UNIT_INEXACT;
        }
        fraction += whole % 100 * power10(n);
        n += 2;
        whole /= 100;
    }
    if (whole >= UINT64_C(1) << 31) {
        return VDC_UNIT_OVERFLOW;
    }
    uint64_t one = power10(n);
    uint64_t bits = 0;
    for (int i = 0; i < 32; i++) {
        fraction *= 2;
        bits = bits << 1 | (fraction >= one);
        fraction = fraction >= one ? fraction - one : fraction;
    }
    bits += 2 * fraction >= one; /* the 33rd bit */
    *out = (whole << 32) + bits;
    return VDC_UNIT_OK;
}

static enum vdc_unit_error choice(const char *choices, const char *text, uint64_t *out)
{
    assert(choices);
    size_t len = strlen(text);
    uint64_t i = 0;
    for (const char *c = choices; len > 0; i++) {
        size_t n = strcspn(c, "|");
        if (n == len && memcmp(c, text, len) == 0) {
            *out = i;
            return VDC_UNIT_OK;
        }
        if (c[n] == '\0') {
            break;
        }
        c += n + 1;
    }
    return VDC_UNIT_NOT_A_CHOICE;
}

enum vdc_unit_error vdc_unit_parse(enum vdc_unit unit, const char *choices, const char *text,
                                   uint64_t *out)
{
    assert(text && out);
    if (unit == VDC_UNIT_CHOICE) {
        return choice(choices, text, out);
    }
    if (unit == VDC_UNIT_BOOL) {
        return choice("false|true", text, out);
    }
    if (unit == VDC_UNIT_DURATION_OR_OFF && strcmp(text, "off") == 0) {
        *out = 0;
        return VDC_UNIT_OK;
    }
    struct decimal d;
    enum vdc_unit_error e = read_decimal(text, unit != VDC_UNIT_INTEGER, &d);
    if (e != VDC_UNIT_OK) {
        return e;
    }
    if (unit == VDC_UNIT_INTEGER) {
        if (*d.end != '\0') {
            return VDC_UNIT_NOT_A_NUMBER;
        }
        *out = d.whole;
        return VDC_UNIT_OK;
    }
    if (unit == VDC_UNIT_RATIO) {
        bool is_percent = strcmp(d.end, "%") == 0;
        if (*d.end != '\0' && !is_percent) {
            return VDC_UNIT_UNKNOWN;
        }
        return ratio(&d, is_percent, out);
    }
    if (*d.end == '\0') {
        /* Zero is zero in every unit, but a file that never says units in one place is misread in
         * another. */
        return VDC_UNIT_MISSING;
    }
    for (const struct unit_name *u = units_of(unit); u->name; u++) {
        if (strcmp(u->name, d.end) == 0) {
            return scale(&d, u->factor, out);
        }
    }
    return VDC_UNIT_UNKNOWN;
}

static void format_ratio(uint64_t p32, char s[VDC_UNIT_TEXT])
{
    /* 12 digits: an error below 2^32 * 10^-12 / 2 = 0.002 steps, so reading back gives the same
     * value. */
    const uint64_t ten = UINT64_C(1000000000000);
    uint64_t digits = 0;
    uint64_t f = p32 & UINT32_MAX;
    for (int i = 0; i < 12; i++) {
        f *= 10;
        digits = 10 * digits + (f >> 32);
        f &= UINT32_MAX;
    }
    digits += f >> 31; /* round to nearest */
    uint64_t whole = p32 >> 32;
    if (digits == ten) {
        digits = 0;
        whole++;
    }
    int n = snprintf(s, VDC_UNIT_TEXT, "%" PRIu64 ".%012" PRIu64, whole, digits);
    while (s[n - 1] == '0') {
        s[--n] = '\0';
    }
    if (s[n - 1] == '.') {
        s[n - 1] = '\0';
    }
}

char *vdc_unit_format(enum vdc_unit unit, const char *choices, uint64_t value,
                      char s[VDC_UNIT_TEXT])
{
    if (unit == VDC_UNIT_CHOICE) {
        const char *c = choices;
        for (uint64_t i = 0; i < value; i++) {
            c += strcspn(c, "|");
            assert(*c == '|');
            c++;
        }
        snprintf(s, VDC_UNIT_TEXT, "%.*s", (int)strcspn(c, "|"), c);
        return s;
    }
    if (unit == VDC_UNIT_BOOL) {
        return strcpy(s, value ? "true" : "false");
    }
    if (unit == VDC_UNIT_INTEGER) {
        snprintf(s, VDC_UNIT_TEXT, "%" PRIu64, value);
        return s;
    }
    if (unit == VDC_UNIT_RATIO) {
        format_ratio(value, s);
        return s;
    }
    if (unit == VDC_UNIT_DURATION_OR_OFF && value == 0) {
        return strcpy(s, "off");
    }
    const struct unit_name *best = units_of(unit);
    uint64_t best_factor = best->factor;
    for (const struct unit_name *u = best; u->name && value != 0; u++) {
        if (value % u->factor == 0 && u->factor > best_factor) {
            best = u;
            best_factor = u->factor;
        }
    }
    snprintf(s, VDC_UNIT_TEXT, "%" PRIu64 "%s", value / best->factor, best->name);
    return s;
}

const char *vdc_unit_explain(enum vdc_unit unit, enum vdc_unit_error error)
{
    static const char *const missing[] = {
        [VDC_UNIT_DURATION] = "has no unit (ps ns us ms s min h)",
        [VDC_UNIT_DURATION_OR_OFF] = "has no unit (ps ns us ms s min h)",
        [VDC_UNIT_RATE] = "has no unit (bps Kbps Mbps Gbps Tbps)",
        [VDC_UNIT_SIZE] = "has no unit (B KB MB GB KiB MiB GiB)",
    };
    static const char *const unknown[] = {
        [VDC_UNIT_DURATION] = "has an unknown unit (known: ps ns us ms s min h)",
        [VDC_UNIT_DURATION_OR_OFF] = "has an unknown unit (known: ps ns us ms s min h)",
        [VDC_UNIT_RATE] = "has an unknown unit (known: bps Kbps Mbps Gbps Tbps)",
        [VDC_UNIT_SIZE] = "has an unknown unit (known: B KB MB GB KiB MiB GiB)",
        [VDC_UNIT_RATIO] = "is neither a percentage nor a plain number",
    };
    switch (error) {
    case VDC_UNIT_OK:
        break;
    case VDC_UNIT_EMPTY:
        return "is empty";
    case VDC_UNIT_NOT_A_NUMBER:
        return "is not a number";
    case VDC_UNIT_MISSING:
        return unit < sizeof(missing) / sizeof(missing[0]) ? missing[unit] : "has no unit";
    case VDC_UNIT_UNKNOWN:
        return unit < sizeof(unknown) / sizeof(unknown[0]) ? unknown[unit] : "has an unknown unit";
    case VDC_UNIT_INEXACT:
        return unit == VDC_UNIT_RATIO ? "has too many digits"
                                      : "is not a whole number of the smallest unit";
    case VDC_UNIT_OVERFLOW:
        return "is too large";
    case VDC_UNIT_NOT_A_CHOICE:
        return "is not one of the known words";
    }
    return "is fine";
}
