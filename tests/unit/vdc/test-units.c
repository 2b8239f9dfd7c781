/* SPDX-License-Identifier: MIT */
/* Units: a table of spellings, and the round trip of every value through its shortest spelling. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "vdc/units.h"

#define P32 (UINT64_C(1) << 32)

static const struct row {
    enum vdc_unit unit;
    const char *text;
    enum vdc_unit_error error;
    uint64_t value;
} rows[] = {
    { VDC_UNIT_DURATION, "1ps", VDC_UNIT_OK, 1 },
    { VDC_UNIT_DURATION, "0ns", VDC_UNIT_OK, 0 },
    { VDC_UNIT_DURATION, "500ns", VDC_UNIT_OK, 500000 },
    { VDC_UNIT_DURATION, "1.5us", VDC_UNIT_OK, 1500000 },
    { VDC_UNIT_DURATION, "1.500us", VDC_UNIT_OK, 1500000 },
    { VDC_UNIT_DURATION, "0.001ns", VDC_UNIT_OK, 1 },
    { VDC_UNIT_DURATION, "0.0010ns", VDC_UNIT_OK, 1 },
    { VDC_UNIT_DURATION, "50ms", VDC_UNIT_OK, UINT64_C(50000000000) },
    { VDC_UNIT_DURATION, "2s", VDC_UNIT_OK, UINT64_C(2000000000000) },
    { VDC_UNIT_DURATION, "1min", VDC_UNIT_OK, UINT64_C(60000000000000) },
    { VDC_UNIT_DURATION, "0.1min", VDC_UNIT_OK, UINT64_C(6000000000000) },
    { VDC_UNIT_DURATION, "0.000000000000000125h", VDC_UNIT_INEXACT, 0 },
    { VDC_UNIT_DURATION, "0.00125h", VDC_UNIT_OK, UINT64_C(4500000000000) },
    { VDC_UNIT_DURATION, "2400h", VDC_UNIT_OK, UINT64_C(8640000000000000000) },
    { VDC_UNIT_DURATION, "5124h", VDC_UNIT_OK, UINT64_C(18446400000000000000) },
    { VDC_UNIT_DURATION, "5125h", VDC_UNIT_OVERFLOW, 0 },
    { VDC_UNIT_DURATION, "18446744073709551615ps", VDC_UNIT_OK, UINT64_MAX },
    { VDC_UNIT_DURATION, "18446744073709551616ps", VDC_UNIT_OVERFLOW, 0 },
    { VDC_UNIT_DURATION, "99999999999999999999ns", VDC_UNIT_OVERFLOW, 0 },
    { VDC_UNIT_DURATION, "0.5ps", VDC_UNIT_INEXACT, 0 },
    { VDC_UNIT_DURATION, "1.0001ns", VDC_UNIT_INEXACT, 0 },
    { VDC_UNIT_DURATION, "0.1234567890123456789s", VDC_UNIT_INEXACT, 0 },
    { VDC_UNIT_DURATION, "", VDC_UNIT_EMPTY, 0 },
    { VDC_UNIT_DURATION, "10", VDC_UNIT_MISSING, 0 },
    { VDC_UNIT_DURATION, "0", VDC_UNIT_MISSING, 0 },
    { VDC_UNIT_DURATION, "1.5", VDC_UNIT_MISSING, 0 },
    { VDC_UNIT_DURATION, "10 us", VDC_UNIT_UNKNOWN, 0 },
    { VDC_UNIT_DURATION, "10Us", VDC_UNIT_UNKNOWN, 0 },
    { VDC_UNIT_DURATION, "10usec", VDC_UNIT_UNKNOWN, 0 },
    { VDC_UNIT_DURATION, "10d", VDC_UNIT_UNKNOWN, 0 },
    { VDC_UNIT_DURATION, "us", VDC_UNIT_NOT_A_NUMBER, 0 },
    { VDC_UNIT_DURATION, "-1us", VDC_UNIT_NOT_A_NUMBER, 0 },
    { VDC_UNIT_DURATION, "+1us", VDC_UNIT_NOT_A_NUMBER, 0 },
    { VDC_UNIT_DURATION, ".5us", VDC_UNIT_NOT_A_NUMBER, 0 },
    { VDC_UNIT_DURATION, "1.us", VDC_UNIT_NOT_A_NUMBER, 0 },
    { VDC_UNIT_DURATION, "1e3us", VDC_UNIT_UNKNOWN, 0 },
    { VDC_UNIT_DURATION, " 1us", VDC_UNIT_NOT_A_NUMBER, 0 },
    { VDC_UNIT_DURATION, "off", VDC_UNIT_NOT_A_NUMBER, 0 },
    { VDC_UNIT_DURATION_OR_OFF, "off", VDC_UNIT_OK, 0 },
    { VDC_UNIT_DURATION_OR_OFF, "100us", VDC_UNIT_OK, UINT64_C(100000000) },
    { VDC_UNIT_DURATION_OR_OFF, "Off", VDC_UNIT_NOT_A_NUMBER, 0 },
    { VDC_UNIT_RATE, "100Gbps", VDC_UNIT_OK, UINT64_C(100000000000) },
    { VDC_UNIT_RATE, "1.6Tbps", VDC_UNIT_OK, UINT64_C(1600000000000) },
    { VDC_UNIT_RATE, "2.5Gbps", VDC_UNIT_OK, UINT64_C(2500000000) },
    { VDC_UNIT_RATE, "10Mbps", VDC_UNIT_OK, UINT64_C(10000000) },
    { VDC_UNIT_RATE, "9600bps", VDC_UNIT_OK, 9600 },
    { VDC_UNIT_RATE, "64Kbps", VDC_UNIT_OK, 64000 },
    { VDC_UNIT_RATE, "0.5bps", VDC_UNIT_INEXACT, 0 },
    { VDC_UNIT_RATE, "100G", VDC_UNIT_UNKNOWN, 0 },
    { VDC_UNIT_RATE, "100gbps", VDC_UNIT_UNKNOWN, 0 },
    { VDC_UNIT_RATE, "100", VDC_UNIT_MISSING, 0 },
    { VDC_UNIT_RATE, "20000000Tbps", VDC_UNIT_OVERFLOW, 0 },
    { VDC_UNIT_SIZE, "24B", VDC_UNIT_OK, 24 },
    { VDC_UNIT_SIZE, "1KB", VDC_UNIT_OK, 1000 },
    { VDC_UNIT_SIZE, "1KiB", VDC_UNIT_OK, 1024 },
    { VDC_UNIT_SIZE, "1.5KiB", VDC_UNIT_OK, 1536 },
    { VDC_UNIT_SIZE, "16MiB", VDC_UNIT_OK, UINT64_C(16) << 20 },
    { VDC_UNIT_SIZE, "1MB", VDC_UNIT_OK, 1000000 },
    { VDC_UNIT_SIZE, "64GiB", VDC_UNIT_OK, UINT64_C(64) << 30 },
    { VDC_UNIT_SIZE, "3GB", VDC_UNIT_OK, UINT64_C(3000000000) },
    { VDC_UNIT_SIZE, "0.3KiB", VDC_UNIT_INEXACT, 0 },
    { VDC_UNIT_SIZE, "768M", VDC_UNIT_UNKNOWN, 0 },
    { VDC_UNIT_SIZE, "768", VDC_UNIT_MISSING, 0 },
    { VDC_UNIT_RATIO, "0", VDC_UNIT_OK, 0 },
    { VDC_UNIT_RATIO, "1", VDC_UNIT_OK, P32 },
    { VDC_UNIT_RATIO, "100%", VDC_UNIT_OK, P32 },
    { VDC_UNIT_RATIO, "50%", VDC_UNIT_OK, P32 / 2 },
    { VDC_UNIT_RATIO, "0.5", VDC_UNIT_OK, P32 / 2 },
    { VDC_UNIT_RATIO, "20%", VDC_UNIT_OK, 858993459 },
    { VDC_UNIT_RATIO, "0.2", VDC_UNIT_OK, 858993459 },
    { VDC_UNIT_RATIO, "0.1%", VDC_UNIT_OK, 4294967 },
    { VDC_UNIT_RATIO, "0.001", VDC_UNIT_OK, 4294967 },
    { VDC_UNIT_RATIO, "0.0000000001", VDC_UNIT_OK, 0 },
    { VDC_UNIT_RATIO, "0.0000000002", VDC_UNIT_OK, 1 },
    { VDC_UNIT_RATIO, "250%", VDC_UNIT_OK, 5 * P32 / 2 },
    { VDC_UNIT_RATIO, "5x", VDC_UNIT_UNKNOWN, 0 },
    { VDC_UNIT_RATIO, "%", VDC_UNIT_NOT_A_NUMBER, 0 },
    { VDC_UNIT_RATIO, "99999999999", VDC_UNIT_OVERFLOW, 0 },
    { VDC_UNIT_INTEGER, "0", VDC_UNIT_OK, 0 },
    { VDC_UNIT_INTEGER, "007", VDC_UNIT_OK, 7 },
    { VDC_UNIT_INTEGER, "18446744073709551615", VDC_UNIT_OK, UINT64_MAX },
    { VDC_UNIT_INTEGER, "18446744073709551616", VDC_UNIT_OVERFLOW, 0 },
    { VDC_UNIT_INTEGER, "1.5", VDC_UNIT_NOT_A_NUMBER, 0 },
    { VDC_UNIT_INTEGER, "0x10", VDC_UNIT_NOT_A_NUMBER, 0 },
    { VDC_UNIT_INTEGER, "-1", VDC_UNIT_NOT_A_NUMBER, 0 },
    { VDC_UNIT_INTEGER, "", VDC_UNIT_EMPTY, 0 },
    { VDC_UNIT_INTEGER, "two", VDC_UNIT_NOT_A_NUMBER, 0 },
    { VDC_UNIT_BOOL, "true", VDC_UNIT_OK, 1 },
    { VDC_UNIT_BOOL, "false", VDC_UNIT_OK, 0 },
    { VDC_UNIT_BOOL, "yes", VDC_UNIT_NOT_A_CHOICE, 0 },
    { VDC_UNIT_BOOL, "", VDC_UNIT_NOT_A_CHOICE, 0 },
    { VDC_UNIT_CHOICE, "exact", VDC_UNIT_OK, 0 },
    { VDC_UNIT_CHOICE, "quantized", VDC_UNIT_OK, 1 },
    { VDC_UNIT_CHOICE, "quant", VDC_UNIT_NOT_A_CHOICE, 0 },
    { VDC_UNIT_CHOICE, "exact|quantized", VDC_UNIT_NOT_A_CHOICE, 0 },
    { VDC_UNIT_CHOICE, "kvm", VDC_UNIT_NOT_A_CHOICE, 0 },
    { VDC_UNIT_CHOICE, "", VDC_UNIT_NOT_A_CHOICE, 0 },
};

static const char choices[] = "exact|quantized";

static int round_trip(enum vdc_unit unit, uint64_t value)
{
    char text[VDC_UNIT_TEXT];
    uint64_t back = 0;
    vdc_unit_format(unit, choices, value, text);
    if (vdc_unit_parse(unit, choices, text, &back) != VDC_UNIT_OK || back != value) {
        printf("unit %d: %" PRIu64 " -> %s -> %" PRIu64 "\n", unit, value, text, back);
        return 1;
    }
    return 0;
}

int main(void)
{
    size_t n = sizeof(rows) / sizeof(rows[0]);
    int bad = 0;
    for (size_t i = 0; i < n; i++) {
        const struct row *r = &rows[i];
        uint64_t value = 12345;
        enum vdc_unit_error e = vdc_unit_parse(r->unit, choices, r->text, &value);
        if (e != r->error || (e == VDC_UNIT_OK ? value != r->value : value != 12345)) {
            printf("unit %d '%s': error %d value %" PRIu64 ", expected %d %" PRIu64 "\n", r->unit,
                   r->text, e, value, r->error, r->value);
            bad++;
        }
        if (e != VDC_UNIT_OK && strcmp(vdc_unit_explain(r->unit, e), "is fine") == 0) {
            printf("error %d has no explanation\n", e);
            bad++;
        }
        if (e == VDC_UNIT_OK) {
            bad += round_trip(r->unit, value);
        }
    }
    /* A fixed walk through 64 bits; ratios up to 2. */
    uint64_t x = 1;
    for (int i = 0; i < 20000; i++) {
        x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        uint64_t v = x >> (x >> 58);
        bad += round_trip(VDC_UNIT_DURATION, v);
        bad += round_trip(VDC_UNIT_RATE, v);
        bad += round_trip(VDC_UNIT_SIZE, v);
        bad += round_trip(VDC_UNIT_INTEGER, v);
        bad += round_trip(VDC_UNIT_RATIO, x >> 31);
    }
    printf("%s: %zu spellings, 100000 round trips, %d bad\n", bad ? "not ok" : "ok", n, bad);
    return bad != 0;
}
