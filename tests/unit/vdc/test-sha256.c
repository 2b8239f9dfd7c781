/* SPDX-License-Identifier: MIT */
/* SHA-256: vectors of FIPS 180-4 and lengths around the block size against one-shot hashing. */
#include <stdio.h>
#include <string.h>

#include "vdc/sha256.h"

static int check(const char *what, const char *found, const char *expected)
{
    if (strcmp(found, expected) == 0) {
        return 0;
    }
    printf("%s: %s, expected %s\n", what, found, expected);
    return 1;
}

static void hash(const void *data, size_t len, size_t piece, char hex[65])
{
    struct vdc_sha256 s;
    const char *p = data;
    vdc_sha256_init(&s);
    while (len > 0) {
        size_t n = piece < len ? piece : len;
        vdc_sha256_add(&s, p, n);
        p += n;
        len -= n;
    }
    vdc_sha256_hex(&s, hex);
}

int main(void)
{
    static char million[1000000];
    char hex[65], one[65];
    int bad = 0;
    hash("", 0, 1, hex);
    bad += check("empty", hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    hash("abc", 3, 3, hex);
    bad += check("abc", hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, 56, hex);
    bad += check("448 bits", hex,
                 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    memset(million, 'a', sizeof(million));
    hash(million, sizeof(million), 4096, hex);
    bad += check("million", hex,
                 "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    for (size_t len = 0; len < 200; len++) {
        hash(million, len, 200, one);
        for (size_t piece = 1; piece < 70; piece += 7) {
            hash(million, len, piece, hex);
            bad += check("pieces", hex, one);
        }
    }
    printf("%s: sha256, %d bad\n", bad ? "not ok" : "ok", bad);
    return bad != 0;
}
