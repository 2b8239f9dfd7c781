/* SPDX-License-Identifier: MIT */
/* Reading members of a JSON object with exact errors. */
#include "args.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define P32_ONE 4294967296.0

void args_open(struct args *a, json_t *object, struct request_error *err)
{
    *a = (struct args){ .o = json_copy(object), .err = err };
    if (!a->o) {
        a->is_bad = true;
        (void)request_fail(err, "EFULL", "", "out of memory");
    }
}

bool args_close(struct args *a)
{
    const char *key;
    json_t *v;

    if (!a->is_bad) {
        json_object_foreach(a->o, key, v)
        {
            (void)request_fail(a->err, "EARG", key, "unknown key '%.40s'", key);
            a->is_bad = true;
            break;
        }
    }
    json_decref(a->o);
    a->o = NULL;
    return !a->is_bad;
}

/* Takes a member out: a new reference, or NULL. */
static json_t *take(struct args *a, const char *key, bool is_needed)
{
    json_t *v;

    if (a->is_bad) {
        return NULL;
    }
    v = json_incref(json_object_get(a->o, key));
    if (v) {
        (void)json_object_del(a->o, key);
    } else if (is_needed) {
        a->is_bad = true;
        (void)request_fail(a->err, "EARG", key, "'%s' is missing", key);
    }
    return v;
}

static bool bad_type(struct args *a, const char *key, const char *want)
{
    a->is_bad = true;
    return request_fail(a->err, "EARG", key, "'%s' must be %s", key, want);
}

static bool in_range(struct args *a, const char *key, const json_t *v, uint64_t lo, uint64_t hi,
                     uint64_t *out)
{
    const json_int_t i = json_integer_value(v);

    if (!json_is_integer(v)) {
        return bad_type(a, key, "an integer");
    }
    if (i < 0 || (uint64_t)i < lo || (uint64_t)i > hi) {
        a->is_bad = true;
        a->err->has_allowed = true;
        a->err->allowed[0] = lo;
        a->err->allowed[1] = hi;
        return request_fail(a->err, "ERANGE", key, "'%s' is %" JSON_INTEGER_FORMAT, key, i);
    }
    *out = (uint64_t)i;
    return true;
}

bool args_u64(struct args *a, const char *key, bool is_needed, uint64_t lo, uint64_t hi,
              uint64_t *out)
{
    json_t *v = take(a, key, is_needed);
    const bool is_ok = v && in_range(a, key, v, lo, hi, out);

    json_decref(v);
    return is_ok;
}

bool args_bool(struct args *a, const char *key, bool is_needed, bool *out)
{
    json_t *v = take(a, key, is_needed);
    const bool is_ok = v && (json_is_boolean(v) || bad_type(a, key, "true or false"));

    if (is_ok) {
        *out = json_is_true(v);
    }
    json_decref(v);
    return is_ok;
}

bool args_text(struct args *a, const char *key, bool is_needed, char *out, size_t size)
{
    json_t *v = take(a, key, is_needed);
    bool is_ok = v && (json_is_string(v) || bad_type(a, key, "a string"));

    if (is_ok && (json_string_length(v) == 0 || json_string_length(v) >= size)) {
        a->is_bad = true;
        is_ok = request_fail(a->err, "ERANGE", key, "'%s' has %zu bytes, allowed 1..%zu", key,
                             json_string_length(v), size - 1);
    }
    if (is_ok) {
        memcpy(out, json_string_value(v), json_string_length(v) + 1);
    }
    json_decref(v);
    return is_ok;
}

static bool word_of(struct args *a, const char *key, const json_t *v, const char *const *names,
                    uint32_t n, uint32_t *out)
{
    char list[128] = "";
    size_t len = 0;

    for (uint32_t i = 0; i < n; i++) {
        if (json_is_string(v) && strcmp(json_string_value(v), names[i]) == 0) {
            *out = i;
            return true;
        }
        len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", i ? ", " : "", names[i]);
        assert(len < sizeof(list));
    }
    a->is_bad = true;
    return request_fail(a->err, "EARG", key, "'%s' must be one of: %s", key, list);
}

bool args_word(struct args *a, const char *key, bool is_needed, const char *const *names,
               uint32_t n, uint32_t *out)
{
    json_t *v = take(a, key, is_needed);
    const bool is_ok = v && word_of(a, key, v, names, n, out);

    json_decref(v);
    return is_ok;
}

bool args_time(struct args *a, const char *key, bool is_needed, uint64_t lo, uint64_t hi,
               uint64_t *ps)
{
    json_t *v = take(a, key, is_needed);
    bool is_ok = v &&
                 ((json_is_string(v) && request_time(json_string_value(v), ps)) ||
                  bad_type(a, key, "a time with its unit, such as \"10us\" (ps, ns, us, ms, s)"));

    if (is_ok && (*ps < lo || *ps > hi)) {
        a->is_bad = true;
        a->err->has_allowed = true;
        a->err->allowed[0] = lo;
        a->err->allowed[1] = hi;
        is_ok = request_fail(a->err, "ERANGE", key, "'%s' is %s", key, json_string_value(v));
    }
    json_decref(v);
    return is_ok;
}

bool args_mac(struct args *a, const char *key, uint8_t mac[6])
{
    json_t *v = take(a, key, true);
    bool is_ok = false;
    unsigned int b[6];
    int end = 0;

    if (v && json_is_string(v) && json_string_length(v) == 17 &&
        sscanf(json_string_value(v), "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2], &b[3], &b[4],
               &b[5], &end) == 6 &&
        end == 17) {
        for (int i = 0; i < 6; i++) {
            mac[i] = (uint8_t)b[i];
        }
        is_ok = true;
    } else if (v) {
        (void)bad_type(a, key, "an address such as \"02:00:00:00:00:01\"");
    }
    json_decref(v);
    return is_ok;
}

/* An array whose length is lo..hi, or NULL. */
static json_t *take_array(struct args *a, const char *key, bool is_needed, size_t lo, size_t hi)
{
    json_t *v = take(a, key, is_needed);
    char want[48];

    if (v && (!json_is_array(v) || json_array_size(v) < lo || json_array_size(v) > hi)) {
        (void)snprintf(want, sizeof(want), "an array of %zu..%zu members", lo, hi);
        (void)bad_type(a, key, want);
        json_decref(v);
        return NULL;
    }
    return v;
}

bool args_ports(struct args *a, const char *key, bool is_needed, uint64_t *mask)
{
    json_t *v = take_array(a, key, is_needed, 0, VDC_HISWITCH_PORTS_MAX);
    uint64_t p = 0;
    bool is_ok = v != NULL;

    if (v) {
        *mask = 0;
    }
    for (size_t i = 0; is_ok && i < json_array_size(v); i++) {
        is_ok = in_range(a, key, json_array_get(v, i), 0, VDC_HISWITCH_PORTS_MAX - 1, &p);
        *mask |= is_ok ? UINT64_C(1) << p : 0;
    }
    json_decref(v);
    return is_ok;
}

bool args_bytes(struct args *a, const char *key, uint32_t n, uint64_t lo, uint64_t hi, uint8_t *out)
{
    json_t *v = take_array(a, key, false, n, n);
    bool is_ok = v != NULL;
    uint64_t x = 0;

    assert(hi <= UINT8_MAX);
    for (uint32_t i = 0; is_ok && i < n; i++) {
        is_ok = in_range(a, key, json_array_get(v, i), lo, hi, &x);
        out[i] = (uint8_t)x;
    }
    json_decref(v);
    return is_ok;
}

bool args_u32s(struct args *a, const char *key, uint32_t n, uint64_t lo, uint64_t hi, uint32_t *out)
{
    json_t *v = take_array(a, key, false, n, n);
    bool is_ok = v != NULL;
    uint64_t x = 0;

    assert(hi <= UINT32_MAX);
    for (uint32_t i = 0; is_ok && i < n; i++) {
        is_ok = in_range(a, key, json_array_get(v, i), lo, hi, &x);
        out[i] = (uint32_t)x;
    }
    json_decref(v);
    return is_ok;
}

bool args_word_mask(struct args *a, const char *key, const char *const *names, uint32_t n_name,
                    uint32_t *mask)
{
    json_t *v = take_array(a, key, false, 1, n_name);
    bool is_ok = v != NULL;
    uint32_t x = 0;

    for (size_t i = 0; is_ok && i < json_array_size(v); i++) {
        is_ok = word_of(a, key, json_array_get(v, i), names, n_name, &x);
        *mask |= is_ok ? 1u << x : 0;
    }
    json_decref(v);
    return is_ok;
}

bool args_words(struct args *a, const char *key, uint32_t n, const char *const *names,
                uint32_t n_name, uint8_t *out)
{
    json_t *v = take_array(a, key, false, n, n);
    bool is_ok = v != NULL;
    uint32_t x = 0;

    for (uint32_t i = 0; is_ok && i < n; i++) {
        is_ok = word_of(a, key, json_array_get(v, i), names, n_name, &x);
        out[i] = (uint8_t)x;
    }
    json_decref(v);
    return is_ok;
}

bool args_p32(struct args *a, const char *key, uint64_t *p32)
{
    json_t *v = take(a, key, false);
    const double p = json_number_value(v);
    bool is_ok = v && (json_is_number(v) || bad_type(a, key, "a number"));

    if (is_ok && !(p >= 0.0 && p <= 1.0)) {
        a->is_bad = true;
        a->err->has_allowed = true;
        a->err->allowed[1] = 1;
        is_ok = request_fail(a->err, "ERANGE", key, "'%s' is a probability", key);
    }
    if (is_ok) {
        *p32 = (uint64_t)(p * P32_ONE); /* scaling by a power of two is exact */
    }
    json_decref(v);
    return is_ok;
}
