/* SPDX-License-Identifier: MIT */
/* Tables of the keys that hold values with units, made from the lists of the header. */
#include "vdc/keys.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define KEY_ENTRY(key, unit, least, most, def, choices)                                            \
    { #key, choices, least, most, def, VDC_UNIT_##unit },

#define KEYSET_TABLE(noun, NOUN)                                                                   \
    const struct vdc_key vdc_##noun##_keyset[VDC_N_##NOUN##_KEYS] = { VDC_##NOUN##_KEYS(           \
        KEY_ENTRY) };                                                                              \
    _Static_assert(VDC_N_##NOUN##_KEYS <= VDC_KEYS_MAX, #noun);                                    \
    _Static_assert(sizeof(struct vdc_##noun##_text) == VDC_N_##NOUN##_KEYS * sizeof(char *),       \
                   "an array of texts");                                                           \
    _Static_assert(sizeof(struct vdc_##noun##_keys) == VDC_N_##NOUN##_KEYS * sizeof(uint64_t),     \
                   "an array of values")

KEYSET_TABLE(time, TIME);
KEYSET_TABLE(link, LINK);
KEYSET_TABLE(switch, SWITCH);
KEYSET_TABLE(nic, NIC);
KEYSET_TABLE(node, NODE);
KEYSET_TABLE(limit, LIMIT);

void vdc_key_range(const struct vdc_key *key, char *s, size_t n)
{
    char low[VDC_UNIT_TEXT];
    char high[VDC_UNIT_TEXT];
    if (key->unit == VDC_UNIT_CHOICE) {
        snprintf(s, n, "%s", key->choices);
        for (char *c = strchr(s, '|'); c; c = strchr(c, '|')) {
            *c = ' ';
        }
    } else if (key->unit == VDC_UNIT_BOOL) {
        snprintf(s, n, "true false");
    } else {
        /* A range that starts at `off` starts at its least duration. */
        enum vdc_unit unit = key->unit == VDC_UNIT_DURATION_OR_OFF ? VDC_UNIT_DURATION : key->unit;
        snprintf(s, n, "%s..%s%s", vdc_unit_format(unit, NULL, key->least, low),
                 vdc_unit_format(unit, NULL, key->most, high),
                 key->unit == VDC_UNIT_DURATION_OR_OFF ? " or off" : "");
    }
}
