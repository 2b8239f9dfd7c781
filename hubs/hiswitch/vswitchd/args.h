/* SPDX-License-Identifier: MIT */
/* Members of a JSON object, each read once with its type and range; what nobody read is an error.
 */
#ifndef VDC_HUBS_HISWITCH_VSWITCHD_ARGS_H
#define VDC_HUBS_HISWITCH_VSWITCHD_ARGS_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "request.h"

struct args {
    json_t *o; /* a shallow copy; members are taken out as they are read */
    struct request_error *err;
    bool is_bad;
};

void args_open(struct args *a, json_t *object, struct request_error *err);
/* Unknown members are errors. Returns false if anything was wrong. */
bool args_close(struct args *a);

/* Each returns true if the member was there and sound; a missing one is an error when is_needed. */
bool args_u64(struct args *a, const char *key, bool is_needed, uint64_t lo, uint64_t hi,
              uint64_t *out);
bool args_bool(struct args *a, const char *key, bool is_needed, bool *out);
bool args_text(struct args *a, const char *key, bool is_needed, char *out, size_t size);
/* Index in names[n]. */
bool args_word(struct args *a, const char *key, bool is_needed, const char *const *names,
               uint32_t n, uint32_t *out);
/* "10us", range in ps. */
bool args_time(struct args *a, const char *key, bool is_needed, uint64_t lo, uint64_t hi,
               uint64_t *ps);
/* "02:00:00:00:00:01" */
bool args_mac(struct args *a, const char *key, uint8_t mac[6]);
/* Array of port numbers to a mask. */
bool args_ports(struct args *a, const char *key, bool is_needed, uint64_t *mask);
/* Array of exactly n integers. */
bool args_bytes(struct args *a, const char *key, uint32_t n, uint64_t lo, uint64_t hi,
                uint8_t *out);
bool args_u32s(struct args *a, const char *key, uint32_t n, uint64_t lo, uint64_t hi,
               uint32_t *out);
/* Array of names, each an index of names[n_name], as a mask or, with exactly n entries, as bytes.
 */
bool args_word_mask(struct args *a, const char *key, const char *const *names, uint32_t n_name,
                    uint32_t *mask);
bool args_words(struct args *a, const char *key, uint32_t n, const char *const *names,
                uint32_t n_name, uint8_t *out);
/* Probability 0..1 as p * 2^32. */
bool args_p32(struct args *a, const char *key, uint64_t *p32);

#endif
