#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds the whole provider against the locked rdma-core and runs it with a kernel of our own.
# usage: test-verbs.sh ROOT. Skipped unless an image build has left that source in the cache.
set -eu
root=$1
cc=${CC:-gcc}
sum=$(awk '$1 == "rdma-core" && $6 == "upstream" { print $4 }' "$root/images/verbs.lock" 2>/dev/null || :)
source=${XDG_CACHE_HOME:-$HOME/.cache}/vdc/debs/$sum
if [ -z "$sum" ] || [ ! -f "$source" ]; then
    echo "1..0 # SKIP no source of rdma-core in the cache; scripts/image/build verbs fetches it"
    exit 77
fi
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/rdma-core"
tar -xf "$source" -C "$tmp/rdma-core" --strip-components=1 --no-same-owner
provider=$root/guest-kmods/hinic/provider
make -s -C "$provider" RDMA_CORE="$tmp/rdma-core" O="$tmp" headers
# The check of the release is left out: there is no libibverbs here to be checked. Its macros take
# offsets by a null pointer.
objects=$(find "$provider" -name '*.c' ! -name release.c | sort)
here=$root/tests/unit/provider/verbs
# shellcheck disable=SC2086 -- a list of files
"$cc" -std=gnu11 -D_GNU_SOURCE -g -O1 -Wall -Wextra -Werror -Wno-unknown-warning-option \
    -Wno-gnu-variable-sized-type-not-at-end -fsanitize=address,undefined -fno-sanitize-recover \
    -fno-sanitize=null,object-size \
    -I"$here" -I"$provider" -I"$root/devices/hinic/hw" -I"$root/guest-kmods/hinic/uapi" \
    -I"$root/tests/unit/base" -isystem "$tmp/inc" -o "$tmp/test-verbs" \
    "$here/test-verbs.c" "$here/fake.c" $objects -lpthread
"$tmp/test-verbs"
