/* SPDX-License-Identifier: MIT */
/* Values with units as the experiment file spells them: exact integers, never floating point. */
#ifndef VDC_ORCHESTRATOR_EXP_UNITS_H
#define VDC_ORCHESTRATOR_EXP_UNITS_H

#include <stddef.h>
#include <stdint.h>

enum vdc_unit {
    VDC_UNIT_DURATION,        /* ps ns us ms s min h -> ps */
    VDC_UNIT_DURATION_OR_OFF, /* as above; `off` -> 0 */
    VDC_UNIT_RATE,            /* bps .. Tbps, powers of ten -> bit/s */
    VDC_UNIT_SIZE,            /* B, KB.. (10^3), KiB.. (2^10) -> bytes */
    VDC_UNIT_RATIO,           /* 20% or 0.2 -> p * 2^32, rounded to nearest */
    VDC_UNIT_INTEGER,         /* decimal */
    VDC_UNIT_BOOL,            /* true, false -> 1, 0 */
    VDC_UNIT_CHOICE           /* one of the words of a list "a|b|c" -> its index */
};

enum vdc_unit_error {
    VDC_UNIT_OK = 0,
    VDC_UNIT_EMPTY,
    VDC_UNIT_NOT_A_NUMBER,
    VDC_UNIT_MISSING,  /* a number without a unit */
    VDC_UNIT_UNKNOWN,  /* not a unit of this kind */
    VDC_UNIT_INEXACT,  /* not a whole number of the base unit */
    VDC_UNIT_OVERFLOW, /* above 2^64 - 1 base units */
    VDC_UNIT_NOT_A_CHOICE
};

/* Reads a whole string. choices is used by VDC_UNIT_CHOICE only. *out is set on VDC_UNIT_OK only.
 */
enum vdc_unit_error vdc_unit_parse(enum vdc_unit unit, const char *choices, const char *text,
                                   uint64_t *out);

#define VDC_UNIT_TEXT                                                                              \
    48 /* room for every formatted value that is not a choice; choices: <= 31 letters */

/* Writes the shortest exact spelling that vdc_unit_parse reads back to the same value. Returns s.
 */
char *vdc_unit_format(enum vdc_unit unit, const char *choices, uint64_t value,
                      char s[VDC_UNIT_TEXT]);

/* What is wrong, as the middle of a sentence: "has no unit (ps ns us ms s min h)". */
const char *vdc_unit_explain(enum vdc_unit unit, enum vdc_unit_error error);

#endif
